"""Sound in: one door, the formats behind it, names and limits."""
