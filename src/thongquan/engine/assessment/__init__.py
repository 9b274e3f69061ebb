"""The duty formulas, once, for one line and for a frame, and the trace of every amount.

taxes: what is levied, in which order. formulas: THE formulas. exchange, valuation: from invoice to customs value.
scalar: one line, with its trace. frame: columns of lines. whole: a declaration's assessment, stored and compared.
"""
