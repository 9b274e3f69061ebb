"""Line by line with Decimal, as business software does it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby

type Line = tuple[int, Decimal, Decimal, Decimal, Decimal, Decimal, Decimal]
"""consignment, price, rate of exchange, freight of the consignment, and the rates of duty, excise and VAT."""

WHOLE = Decimal(1)
MILLION = Decimal(1_000_000)


def taxes(value: Decimal, duty_rate: Decimal, excise_rate: Decimal, vat_rate: Decimal) -> tuple[Decimal, ...]:
    """Duty on the value, excise on value and duty, VAT on all three; rates are shares of one."""
    duty = (value * duty_rate).quantize(WHOLE, ROUND_HALF_UP)
    excise = ((value + duty) * excise_rate).quantize(WHOLE, ROUND_HALF_UP)
    vat = ((value + duty + excise) * vat_rate).quantize(WHOLE, ROUND_HALF_UP)
    return duty, excise, vat


def whole(lines: list[Line]) -> Iterator[tuple[Decimal, ...]]:
    """(value, duty, excise, VAT) of each line: exchange, shares of the freight by largest remainders, three taxes."""
    for _, group in groupby(lines, key=lambda line: line[0]):
        consignment = list(group)
        prices = [(line[1] * line[2]).quantize(WHOLE, ROUND_HALF_UP) for line in consignment]
        for line, price, share in zip(consignment, prices, shares(consignment[0][3], prices), strict=True):
            value = price + share
            yield value, *taxes(value, line[4], line[5], line[6])


def shares(freight: Decimal, prices: list[Decimal]) -> list[Decimal]:
    total = sum(prices)
    parts = [freight * price // total for price in prices]
    remainders = [freight * price % total for price in prices]
    left = int(freight - sum(parts))
    for index in sorted(range(len(prices)), key=lambda i: (-remainders[i], i))[:left]:
        parts[index] += 1
    return parts
