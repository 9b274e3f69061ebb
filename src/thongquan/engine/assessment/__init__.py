"""The duty formulas, once, for one line and for a frame, and the trace of every amount."""
