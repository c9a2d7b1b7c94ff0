"""Rows and columns of everything that murmur writes as a table."""
