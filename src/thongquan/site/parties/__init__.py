"""Traders, as the register knows them."""
