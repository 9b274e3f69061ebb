"""Figures of the office: what the record tells is exported to the lake that they are read from."""
