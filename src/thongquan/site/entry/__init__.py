"""The door: who comes in, for how long, and the frame that every page stands in."""
