"""From numbers to signs."""
