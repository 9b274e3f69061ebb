"""Targets set by several authorities for one indicator and year, and what is said of a result against them.

Each authority's targets have their own history: a later decision replaces an earlier one of the same authority, kind
and place, and never another authority's. A commitment ("phấn đấu 11.000") points at a target; it is not one more.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from ..findings import Finding, Severity
from .indicator import Direction
from .periods import months_left, months_passed, share_of_year


class TargetKind(enum.StrEnum):
    ASSIGNED = "ASSIGNED"
    """By the budget estimate or another act that binds (dự toán, chỉ tiêu pháp lệnh)."""
    STRIVING = "STRIVING"
    """Set to strive for (phấn đấu)."""
    OPERATING = "OPERATING"
    """Set to steer by (điều hành)."""
    ALLOCATED = "ALLOCATED"
    """Handed down to a branch by the department."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """value: in the indicator's own unit, minor units of money. place: the department or branch that it binds.
    first_day: from when this figure counts, the decision's day unless the decision says otherwise."""

    indicator: str
    year: int
    authority: str
    kind: TargetKind
    place: str
    value: int
    decision: str
    decided_on: date
    first_day: date


@dataclass(frozen=True, slots=True)
class Commitment:
    """A promise to reach, or to reach and exceed, a target. by: who promised; said_in: the document."""

    by: str
    said_in: str
    said_on: date
    target: Target
    and_exceed: bool = False


type Series = tuple[str, TargetKind, str]
"""Authority, kind, place: within it one target at a time is in force."""


def in_force(targets: Iterable[Target], indicator: str, year: int, on: date) -> dict[Series, Target]:
    """The targets in force on a day, of every authority, kind and place. Of two with the same first day the one decided
    later counts; decided the same day too, they contradict each other: ValueError names both decisions."""
    found: dict[Series, Target] = {}
    for target in targets:
        if (target.indicator, target.year) != (indicator, year) or target.first_day > on:
            continue
        series = (target.authority, target.kind, target.place)
        other = found.get(series)
        if other is None or _since(target) > _since(other):
            found[series] = target
        elif _since(target) == _since(other) and target.value != other.value:
            raise ValueError(f"two targets at once: {other.decision} and {target.decision}")
    return dict(sorted(found.items()))


def _since(target: Target) -> tuple[date, date]:
    return target.first_day, target.decided_on


def set_at_start(targets: Iterable[Target], indicator: str, year: int) -> dict[Series, Target]:
    """The first target of each series, "chỉ tiêu giao đầu năm": what later decisions changed is seen against it."""
    first: dict[Series, Target] = {}
    for target in sorted(targets, key=_since):
        if (target.indicator, target.year) == (indicator, year):
            first.setdefault((target.authority, target.kind, target.place), target)
    return first


class Judgement(enum.StrEnum):
    EXCEEDED = "EXCEEDED"
    MET = "MET"
    NOT_MET = "NOT_MET"
    MISSING = "MISSING"
    """Nothing was reported: neither met nor not met."""


def judge(actual: Fraction | int | None, target: Fraction | int, better: Direction) -> Judgement:
    """A result against a target, exactly: nothing is rounded first, so 99.96 % has not met 100 %.

    Of a direction LOWER the target is a ceiling: at or below it is met, and nobody says that a ceiling was exceeded.
    Nor can WHOLE and NONE_AT_ALL be. ValueError for an indicator that only informs.
    """
    if better is Direction.NEITHER:
        raise ValueError("an indicator that only informs is not judged")
    if actual is None:
        return Judgement.MISSING
    if actual == target:
        return Judgement.MET
    if better is Direction.HIGHER:
        return Judgement.EXCEEDED if actual > target else Judgement.NOT_MET
    if better is Direction.LOWER:
        return Judgement.MET if actual < target else Judgement.NOT_MET
    return Judgement.NOT_MET


def execution(actual: int, target: int) -> Fraction:
    """actual ÷ target. ZeroDivisionError for a target of 0: such a target is judged, not executed."""
    return Fraction(actual, target)


@dataclass(frozen=True, slots=True)
class Needed:
    """What is still missing to a target, and the pace: amounts a month as exact fractions.

    remaining: 0 once reached. a_month: None where no month is left and something remains. so_far: the pace up to now.
    """

    remaining: int
    a_month: Fraction | None
    so_far: Fraction


def needed(target: int, actual: int, as_of: date) -> Needed:
    """The pace that a yearly target still asks for after the day `as_of`, up to which `actual` counts."""
    remaining = max(0, target - actual)
    left = months_left(as_of)
    a_month = remaining / left if left else (Fraction(0) if not remaining else None)
    return Needed(remaining, a_month, actual / months_passed(as_of))


class Pace(enum.StrEnum):
    AHEAD = "AHEAD"
    ON_PATH = "ON_PATH"
    BEHIND = "BEHIND"
    MISSING = "MISSING"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a result stands on its way to the year's end. share: actual ÷ expected; None when missing. even: whether
    the expectation is only even progress, for want of a scenario (such a sentence says so)."""

    pace: Pace
    expected: Fraction | None
    share: Fraction | None
    even: bool


@dataclass(frozen=True, slots=True)
class ScenarioPath:
    """What an authority expects month by month. by_month: "2020-01" → the month's own part, not cumulated."""

    indicator: str
    authority: str
    place: str
    decision: str
    by_month: Mapping[str, int]

    def by_end_of(self, as_of: date) -> Fraction | None:
        """Expected from January up to a day, the running month by its days; None where a month has no figure."""
        expected = Fraction(0)
        passed = months_passed(as_of)
        for month in range(1, as_of.month + 1):
            planned = self.by_month.get(f"{as_of.year:04d}-{month:02d}")
            if planned is None:
                return None
            expected += planned * min(Fraction(1), passed - (month - 1))
        return expected


def progress(
    actual: int | None, as_of: date, path: ScenarioPath | None, target: int | None = None
) -> Progress:
    """A cumulated result against its scenario; where there is none, against even progress to the yearly `target`."""
    expected = path.by_end_of(as_of) if path is not None else None
    even = expected is None
    if even and target is not None:
        expected = target * share_of_year(as_of)
    if actual is None or expected is None:
        return Progress(Pace.MISSING, expected, None, even)
    pace = Pace.AHEAD if actual > expected else Pace.ON_PATH if actual == expected else Pace.BEHIND
    return Progress(pace, expected, Fraction(actual) / expected if expected else None, even)


def judge_progress(found: Progress) -> Judgement:
    """What a review held before the year's end says of an indicator: judged by its scenario, or by even progress."""
    return {
        Pace.AHEAD: Judgement.EXCEEDED,
        Pace.ON_PATH: Judgement.MET,
        Pace.BEHIND: Judgement.NOT_MET,
        Pace.MISSING: Judgement.MISSING,
    }[found.pace]


def check_allocation(whole: Target, allocated: Iterable[Target]) -> Finding | None:
    """What was handed down should reach what was assigned; more is usual, less is worth a word."""
    handed_down = sum(target.value for target in allocated)
    if handed_down >= whole.value:
        return None
    return Finding(
        "TARGET_NOT_HANDED_DOWN",
        at=whole.decision,
        says={"assigned": str(whole.value), "handed_down": str(handed_down)},
        severity=Severity.WARNING,
    )
