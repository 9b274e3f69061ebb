"""Plain NumPy on whole columns, by somebody who knows it well and knows that these figures fit 64 bits.

No proof of bounds, no nulls, no pending amounts, no other rounding rule: what the engine does besides is its price.
"""

from __future__ import annotations

import numpy as np

from ..lines import Ints

MILLION = 1_000_000
HALF = 500_000


def taxes(value: Ints, duty_ppm: Ints, excise_ppm: Ints, vat_ppm: Ints) -> tuple[Ints, Ints, Ints]:
    """Duty on the value, excise on value and duty, VAT on all three."""
    duty = (value * duty_ppm + HALF) // MILLION
    base = value + duty
    excise = (base * excise_ppm + HALF) // MILLION
    vat = ((base + excise) * vat_ppm + HALF) // MILLION
    return duty, excise, vat


def whole(columns: dict[str, Ints], longest: int) -> tuple[Ints, Ints, Ints, Ints]:
    """Exchange, shares of the freight by largest remainders, three taxes. longest: lines of a consignment."""
    price = (columns["price"] * columns["exchange"] + HALF) // MILLION
    consignment = columns["consignment"]
    starts = np.flatnonzero(np.concatenate(([True], consignment[1:] != consignment[:-1])))
    counts = np.diff(starts, append=len(consignment))
    total = np.repeat(np.add.reduceat(price, starts), counts)
    product = columns["freight"] * price
    share = product // total
    remainder = product - share * total
    left = columns["freight"] - np.repeat(np.add.reduceat(share, starts), counts)
    rank = np.zeros(len(consignment), dtype=np.int64)
    for apart in range(1, longest):
        same = consignment[apart:] == consignment[:-apart]
        earlier = remainder[:-apart] >= remainder[apart:]
        rank[apart:] += same & earlier
        rank[:-apart] += same & ~earlier
    value = price + share + (rank < left)
    return value, *taxes(value, columns["duty"], columns["excise"], columns["vat"])
