"""Wire formats: bytes in, declarations or findings with places out, and back again.

`guard` is the only door for XML and holds the rules on text that every format shares. `wco` reads and writes
WCO declarations, `responses` the answers to them, `amending` applies a change to a declaration. `asycuda` reads the
declarations of ASYCUDA World, `cusdec` those of UN/EDIFACT, whose syntax is `edifact`'s.
"""
