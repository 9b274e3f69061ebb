"""Countries: each a pack of dated data and a small module. A pack imports the engine and no other pack."""
