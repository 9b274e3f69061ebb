"""How fast the assessment is, beside two ways of doing the same by hand: `make bench`, or `python -m bench`."""
