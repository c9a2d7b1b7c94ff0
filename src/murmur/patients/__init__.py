"""Several recordings of one person: sites and visits."""
