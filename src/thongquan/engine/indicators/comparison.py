"""A figure against the same period of the year before: by which it grew, and which figure of then was taken."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from fractions import Fraction


class Before(enum.StrEnum):
    """Which figure of the year before is compared with. The choice is recorded with the comparison."""

    FROZEN = "FROZEN"
    """As it was published then."""
    RESTATED = "RESTATED"
    """Computed again today, with all that the books have learnt since."""


class Way(enum.StrEnum):
    UP = "UP"
    DOWN = "DOWN"
    EQUAL = "EQUAL"
    MISSING = "MISSING"


@dataclass(frozen=True, slots=True)
class Comparison:
    """now, before: exact. difference: now − before. share: difference ÷ before; None where before is 0 or missing."""

    way: Way
    now: Fraction | int | None
    before: Fraction | int | None
    difference: Fraction | int | None
    share: Fraction | None
    basis: Before


def compare(now: Fraction | int | None, before: Fraction | int | None, basis: Before) -> Comparison:
    """Of two exact figures. A missing one makes the comparison missing: nothing grew from an unknown."""
    if now is None or before is None:
        return Comparison(Way.MISSING, now, before, None, None, basis)
    difference = now - before
    way = Way.UP if difference > 0 else Way.DOWN if difference < 0 else Way.EQUAL
    share = Fraction(difference) / (before if before > 0 else -before) if before else None
    return Comparison(way, now, before, difference, share, basis)
