"""How fast the twin is: `make bench`."""
