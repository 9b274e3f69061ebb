"""Exact amounts: minor units, parts per million, millionths, rounding by rule, and the bounds that make int64 safe.

Every amount that the State levies is an integer in the minor unit of the pack's currency (`_minor`). A rate is
parts per million (`_ppm`: 8 % is 80_000). Declared foreign amounts, quantities and specific rates are millionths
of their unit (`_millionths`), because invoices carry up to four decimals and tariffs up to six.

The functions that the duty formulas use are written with operators only, so that one function object serves a
Python int (any size), an int64 column and an object column of Python ints. They are exact as long as the values
stay within the bounds that `INT64_MAX` and `product_fits` prove; rows beyond are computed with Python ints.
Negative values are allowed everywhere: an amendment posts differences.
"""

from __future__ import annotations

import enum
import re
from typing import Any, Final

PPM: Final = 1_000_000
"""Parts per million in the whole: 100 %."""

MILLIONTHS: Final = 1_000_000
"""Millionths in one unit."""

INT64_MAX: Final = 2**63 - 1


class Rounding(enum.Enum):
    """How a law rounds an amount to the minor unit."""

    HALF_UP = "half_up"
    TRUNCATE = "truncate"


class Carry(enum.Enum):
    """What a later tax takes from an earlier one: the amount payable, or the amount before rounding."""

    ROUNDED = "rounded"
    EXACT = "exact"


def half_up(numerator: Any, denominator: Any) -> Any:
    """`numerator / denominator` to the nearest integer, halves away from zero; denominator > 0.

    int or column in, the same out. Safe in int64 while |numerator| + denominator ≤ INT64_MAX.
    Floor division rounds down, so half the denominator is added first; below zero a hair less than half, which sends
    an exact half away from zero there too.
    """
    return (numerator + (denominator - (numerator < 0)) // 2) // denominator


def truncate(numerator: Any, denominator: Any) -> Any:
    """`numerator / denominator` towards zero; denominator > 0. int or column in, the same out."""
    return (numerator + (denominator - 1) * (numerator < 0)) // denominator


def divide(numerator: Any, denominator: Any, rounding: Rounding) -> Any:
    """`numerator / denominator` by the rule `rounding`; denominator > 0."""
    return (
        half_up(numerator, denominator) if rounding is Rounding.HALF_UP else truncate(numerator, denominator)
    )


def share_ppm(amount: Any, rate_ppm: Any, rounding: Rounding = Rounding.HALF_UP) -> Any:
    """`amount × rate_ppm / 1,000,000`, rounded once, whole millions of the amount first.

    `value * rate` leaves 64 bits silently at a value of 10^13 and a rate of 100 %. Splitting the amount keeps every
    product below `share_ppm_fits`, and one rounding of the rest is one rounding of the whole.
    amount and rate: ints or int64 columns, either sign. Result in the amount's own unit.
    """
    sign = 1 - 2 * ((amount < 0) ^ (rate_ppm < 0))
    magnitude = amount * (1 - 2 * (amount < 0))
    rate = rate_ppm * (1 - 2 * (rate_ppm < 0))
    whole = magnitude // PPM
    rest = (magnitude - whole * PPM) * rate
    return sign * (whole * rate + divide(rest, PPM, rounding))


def product_fits(largest_a: int, largest_b: int) -> bool:
    """Whether |a| × |b| stays inside int64 for all |a| ≤ largest_a, |b| ≤ largest_b."""
    return abs(largest_a) * abs(largest_b) <= INT64_MAX


def share_ppm_fits(largest_amount: int, largest_rate_ppm: int) -> bool:
    """Whether `share_ppm` is exact in int64 for all |amount| and |rate| up to these.

    Largest intermediate values: whole × rate plus the rounded rest, and rest × rate with rest < 10^6.
    """
    amount, rate = abs(largest_amount), abs(largest_rate_ppm)
    return (amount // PPM) * rate + rate + 1 <= INT64_MAX and (PPM - 1) * rate + PPM <= INT64_MAX


_DECIMAL = re.compile(r"([+-]?)(\d{1,24})(?:\.(\d{1,24}))?", re.ASCII)


class BadNumber(ValueError):
    """A text that is not a plain decimal number. `code` is a finding code, `text` at most 40 characters of it."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text


def millionths_of(text: str) -> int:
    """A plain decimal text as millionths: "12.5" → 12_500_000. Never through Decimal or float.

    Refuses, as BadNumber, everything that is not digits with one point: exponents (`1E+5000000` would cost minutes),
    NaN, thousands marks, more than 24 digits (NUMBER_MALFORMED), and more than six decimals that are not zero
    (NUMBER_TOO_PRECISE): rounding a declared figure would be guessing.
    """
    return scaled(text, 6)


def minor_of(text: str, decimals: int) -> int:
    """A plain decimal text in minor units of a currency with `decimals` decimals: ("12.5", 2) → 1250."""
    return scaled(text, decimals)


def scaled(text: str, decimals: int) -> int:
    """A plain decimal text as an integer scaled by 10^decimals; errors as `millionths_of`."""
    matched = _DECIMAL.fullmatch(text.strip()) if len(text) <= 60 else None
    if matched is None:
        raise BadNumber("NUMBER_MALFORMED", text[:40])
    sign, whole, fraction = matched[1], matched[2], (matched[3] or "").rstrip("0")
    if len(fraction) > decimals:
        raise BadNumber("NUMBER_TOO_PRECISE", text[:40])
    value: int = int(whole) * 10**decimals + (int(fraction.ljust(decimals, "0")) if fraction else 0)
    return -value if sign == "-" else value


def decimal_text(value: int, decimals: int = 6, at_least: int = 0) -> str:
    """The shortest plain decimal of a scaled integer: (12_500_000) → "12.5"; `at_least` decimals are kept."""
    sign, magnitude = ("-", -value) if value < 0 else ("", value)
    whole, rest = divmod(magnitude, 10**decimals)
    fraction = f"{rest:0{decimals}d}".rstrip("0") if decimals else ""
    fraction = fraction.ljust(at_least, "0")
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


def apportion(total: int, weights: list[int]) -> list[int]:
    """Split `total` over `weights` (≥ 0) in whole units so that the parts add up to `total` exactly.

    Largest remainders get the units left over, earlier lines first among equals: the rule is the same whatever the
    order of computation. All weights zero: everything falls on the first line. Empty weights need total 0.
    """
    if not weights:
        if total:
            raise ValueError("an amount cannot be shared over no lines")
        return []
    if any(weight < 0 for weight in weights):
        raise ValueError("weights are not negative")
    sign, magnitude = (-1, -total) if total < 0 else (1, total)
    whole = sum(weights)
    if whole == 0:
        return [total] + [0] * (len(weights) - 1)
    parts = [magnitude * weight // whole for weight in weights]
    remainders = [magnitude * weight % whole for weight in weights]
    left = magnitude - sum(parts)
    for index in sorted(range(len(weights)), key=lambda i: (-remainders[i], i))[:left]:
        parts[index] += 1
    return [sign * part for part in parts]
