"""What a figure is once computed: its exact value, whether it happened, is estimated or planned, or is missing."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from ..dated import Period
from .indicator import Direction, Unit


class Nature(enum.StrEnum):
    """A review held before its period ends tells estimates, and says so."""

    ACTUAL = "ACTUAL"
    ESTIMATED = "ESTIMATED"
    """Expected for a period that is not over (ước thực hiện), or told before it was counted."""
    PLANNED = "PLANNED"


@dataclass(frozen=True, slots=True)
class SpreadOf:
    """Durations of `count` rows, microseconds.

    total: their sum. ranked: the k-th smallest, for the ranks that `ranks_wanted` asks for. mean and median are exact
    fractions; a percentile is the nearest-rank one: the smallest duration that at least p % of the rows do not exceed.
    """

    count: int
    total: int
    ranked: Mapping[int, int]

    @property
    def mean(self) -> Fraction | None:
        return Fraction(self.total, self.count) if self.count else None

    @property
    def median(self) -> Fraction | None:
        """The middle one, or half way between the two middle ones."""
        if not self.count:
            return None
        return Fraction(self.ranked[(self.count + 1) // 2] + self.ranked[self.count // 2 + 1], 2)

    def percentile(self, percent: int) -> int | None:
        return self.ranked[nearest_rank(self.count, percent)] if self.count else None


PERCENTILES = (10, 25, 50, 75, 90, 95, 99)


def nearest_rank(count: int, percent: int) -> int:
    """⌈count × percent / 100⌉, at least 1."""
    return max(1, -(-count * percent // 100))


def ranks_wanted(count: int) -> list[int]:
    """The ranks that a spread of `count` rows is told by: median and PERCENTILES, in order."""
    if not count:
        return []
    return sorted(
        {(count + 1) // 2, count // 2 + 1, 1, count, *(nearest_rank(count, p) for p in PERCENTILES)}
    )


def spread_of(durations: Sequence[int]) -> SpreadOf:
    """The spread of durations at hand."""
    ordered = sorted(durations)
    return SpreadOf(len(ordered), sum(ordered), {k: ordered[k - 1] for k in ranks_wanted(len(ordered))})


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One figure.

    amount: the exact value in `unit`; of a spread its mean; None while missing. Missing is never zero: a period that
    no facts cover, a share of nothing and a comparison with nothing are missing, and `why_missing` is a code of words.
    hits, of: the two halves of a share. spread: of durations. split: the values of the split columns, in their order,
    () of the whole.
    """

    indicator: str
    unit: Unit
    better: Direction
    days: Period
    nature: Nature = Nature.ACTUAL
    amount: Fraction | int | None = None
    hits: int | None = None
    of: int | None = None
    spread: SpreadOf | None = None
    split: tuple[str | int | bool | date | None, ...] = ()
    why_missing: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What else the figure rests on: target, decision, table of peers, basis of the comparison."""

    @property
    def missing(self) -> bool:
        return self.amount is None
