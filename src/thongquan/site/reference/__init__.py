"""Editions of the tariff: loaded once, published under an act and days, never changed."""
