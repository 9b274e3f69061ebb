"""The customs engine: pure rules over plain values. No clock, network, database, language or country."""
