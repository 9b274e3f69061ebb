"""What may happen to a declaration, to whom it is open, and what is true afterwards."""
