"""Everything that murmur writes as a table: the columns, and files of them."""
