"""Proof, by the formulas themselves, that a block of rows stays inside int64.

An int64 column wraps silently: value × rate is wrong from 9.2 × 10^12 đồng at 100 % on, with no error. So before a
block of rows is computed in int64, the same formula functions run once on intervals: the smallest and largest figure
of each column. Every intermediate result is checked; if one could leave 64 bits, the block is not computed that way.
"""

from __future__ import annotations

from typing import Any

from ..money import INT64_MAX


class BeyondBounds(ArithmeticError):
    """Some row could leave the bounds."""


class Interval:
    """All values from `low` to `high`, with the arithmetic of the formulas. BeyondBounds: a result leaves int64."""

    __slots__ = ("high", "low")
    least = -INT64_MAX

    def __init__(self, low: int, high: int) -> None:
        if low < self.least or high > INT64_MAX:
            raise BeyondBounds
        self.low = low
        self.high = high

    def __add__(self, other: Any) -> Interval:
        low, high = _ends(other)
        return type(self)(self.low + low, self.high + high)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Interval:
        low, high = _ends(other)
        return type(self)(self.low - high, self.high - low)

    def __rsub__(self, other: Any) -> Interval:
        low, high = _ends(other)
        return type(self)(low - self.high, high - self.low)

    def __mul__(self, other: Any) -> Interval:
        if isinstance(other, Above) and other.compared is self:
            return type(self)(max(self.low, 0), max(self.high, 0))
        low, high = _ends(other)
        products = (self.low * low, self.low * high, self.high * low, self.high * high)
        return type(self)(min(products), max(products))

    __rmul__ = __mul__

    def __floordiv__(self, other: Any) -> Interval:
        low, high = _divisor(other)
        return type(self)(min(self.low // low, self.low // high), max(self.high // low, self.high // high))

    def __mod__(self, other: Any) -> Interval:
        _, high = _divisor(other)
        return type(self)(0, high - 1)

    def __lt__(self, other: Any) -> Interval:
        return type(self)(0, 1)

    def __gt__(self, other: Any) -> Interval:
        return Above(self) if isinstance(other, int) and other == 0 else type(self)(0, 1)


class Natural(Interval):
    """An interval that must not go below zero either, in any intermediate result: then unsigned columns do, and they
    divide faster."""

    __slots__ = ()
    least = 0


class Above(Interval):
    """The answer, 0 or 1 per row, to `compared > 0`: times `compared`, nothing below zero is left."""

    __slots__ = ("compared",)

    def __init__(self, compared: Interval) -> None:
        super().__init__(0, 1)
        self.compared = compared


def _ends(other: Any) -> tuple[int, int]:
    return (other.low, other.high) if isinstance(other, Interval) else (other, other)


def _divisor(other: Any) -> tuple[int, int]:
    low, high = _ends(other)
    if low <= 0:
        raise BeyondBounds  # no proof: what divides has to be above zero
    return low, high
