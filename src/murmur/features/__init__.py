"""What is measured of every heart cycle, and what the cycles of a recording say together."""
