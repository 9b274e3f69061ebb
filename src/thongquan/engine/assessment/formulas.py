"""THE duty formulas. Operators only: + - * // % and comparisons; no value is ever asked by `if`.

One function object serves a Python int (one line, and the oracle), an int64 column, an object column of Python ints
(rows beyond int64) and an interval (bounds.py: the proof that a block of rows stays inside int64).

Amounts travel in two exact integers: minor units, and *millionths of the minor unit* for what is not rounded yet.
An exact amount that is no whole number of millionths (a specific rate through a rate of exchange, or a rate on a base
that is itself carried exactly) is cut to whole millionths towards zero. Rounding afterwards to the minor unit still
equals one rounding of the exact rational: a half of the minor unit is a whole number of millionths, so the cut never
carries a value to, or across, the point where the rule turns.

    duty = min(max(base, at_least), at_most)
    each of them: the sum of rate_ppm × tax base and of price × quantity over its terms
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..money import MILLIONTHS, Rounding, half_up, truncate


class Part(NamedTuple):
    """One sum of terms: the base, the floor or the ceiling of a duty. Every figure an int or a column.

    rate_ppm: the shares of the tax base, added up by their signs.
    specific: pairs of a price in millionths of the minor unit per unit of quantity, times `per`, sign included; and
    the quantity in millionths of that unit.
    per: common denominator of the rates of exchange in the prices, None when they need none.
    binds: of a floor or ceiling in a column, 1 on the rows where the law sets it and 0 elsewhere; None everywhere.
    """

    rate_ppm: Any
    specific: Sequence[tuple[Any, Any]] = ()
    per: Any = None
    binds: Any = None


class Parts(NamedTuple):
    """A duty ready to be computed; a floor or ceiling that does not bind is None."""

    base: Part
    at_least: Part | None = None
    at_most: Part | None = None


def positive(amount: Any) -> Any:
    """The amount, or nothing where it is below zero."""
    return amount * (amount > 0)


def part_millionths(base: Any, unit: int, part: Part) -> Any:
    """The exact sum of a part's terms in millionths of the minor unit, cut towards zero.

    base: the tax base in minor units (unit 1), or in millionths of them (unit 1,000,000) when it holds an exact carry.
    Whole units and the rest of each product go separate ways, so that 4,000 đồng × a million litres, both in
    millionths, stays far inside int64.
    """
    if unit == 1 and not part.specific:
        return base * part.rate_ppm
    rate_ppm, specific, per, _ = part
    whole = base // unit * rate_ppm
    rest = base % unit * rate_ppm
    if per is not None:
        whole = whole * per
        rest = rest * per
    for price, quantity in specific:
        whole = whole + quantity // MILLIONTHS * price
        rest = rest + quantity % MILLIONTHS * price
    whole = whole + rest // MILLIONTHS
    whole = whole + (whole < 0) * (rest % MILLIONTHS > 0)
    return whole if per is None else truncate(whole, per)


def exact_millionths(base: Any, unit: int, duty: Parts) -> Any:
    """min(max(base, at_least), at_most) in millionths of the minor unit; `base` and `unit` as part_millionths."""
    terms, at_least, at_most = duty
    exact = part_millionths(base, unit, terms)
    if at_least is not None:
        short = positive(part_millionths(base, unit, at_least) - exact)
        exact = exact + (short if at_least.binds is None else short * at_least.binds)
    if at_most is not None:
        over = positive(exact - part_millionths(base, unit, at_most))
        exact = exact - (over if at_most.binds is None else over * at_most.binds)
    return exact


def assessed_minor(exact: Any, rounding: Rounding, step_minor: int = 1, never_negative: bool = False) -> Any:
    """The one rounding: millionths to whole steps of minor units, by the tax's rule.

    never_negative: the caller has proved it of every row, which spares a column two passes.
    """
    step = MILLIONTHS * step_minor
    if rounding is Rounding.TRUNCATE:
        steps = exact // step if never_negative else truncate(exact, step)
    else:
        steps = (exact + step // 2) // step if never_negative else half_up(exact, step)
    return steps if step_minor == 1 else steps * step_minor


def owed_minor(assessed: Any, deduct: Any) -> Any:
    """What is owed after exemptions and reductions; never below zero."""
    return positive(assessed - deduct)


def payable_minor(owed: Any, credit: Any) -> Any:
    """What is to be paid after setting off what was paid before; never below zero."""
    return positive(owed - credit)


def carried_millionths(exact: Any, deduct: Any) -> Any:
    """What later bases take of a tax that is carried exactly."""
    return positive(exact - deduct * MILLIONTHS)


def exchanged_minor(amount_millionths: Any, own: Any, foreign: Any, decimals: int, rounding: Rounding) -> Any:
    """Money in minor units of the pack's currency, rounded once.

    amount_millionths: of the foreign currency's unit. own, foreign: the ratio of DayRates. decimals: of the pack's
    currency, at most six.
    """
    per = foreign * 10 ** (6 - decimals)
    return (
        half_up(amount_millionths * own, per)
        if rounding is Rounding.HALF_UP
        else truncate(amount_millionths * own, per)
    )
