"""File formats of others, read and written as their owners define them."""
