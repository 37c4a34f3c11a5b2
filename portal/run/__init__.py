"""Everything that `bin/up` and `bin/test` start, watch and stop; nothing in here needs Django."""
