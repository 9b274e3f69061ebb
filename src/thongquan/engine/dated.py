"""Days of the law. Gazettes print the last day included; code compares with the day after. Only here do they meet."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Days from `first_day` to `last_day`, both included; last_day None means no end is known."""

    first_day: date
    last_day: date | None = None

    def __post_init__(self) -> None:
        if self.last_day is not None and self.last_day < self.first_day:
            raise ValueError(f"period ends {self.last_day} before it starts {self.first_day}")

    @property
    def until(self) -> date | None:
        """The first day after the period, None when open."""
        if self.last_day is None or self.last_day == date.max:
            return None
        return self.last_day + timedelta(days=1)

    def holds(self, day: date) -> bool:
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)

    def overlaps(self, other: Period) -> bool:
        return (self.last_day is None or other.first_day <= self.last_day) and (
            other.last_day is None or self.first_day <= other.last_day
        )

    def within(self, other: Period) -> bool:
        """Whether every day of this period is a day of `other`."""
        if self.first_day < other.first_day:
            return False
        return other.last_day is None or (self.last_day is not None and self.last_day <= other.last_day)


class Dated(Protocol):
    """A row of law: it knows its days."""

    @property
    def period(self) -> Period: ...


def as_of[Row: Dated](rows: Iterable[Row], day: date) -> list[Row]:
    """The rows in force on `day`, in their own order."""
    return [row for row in rows if row.period.holds(day)]


def overlaps[Row: Dated](rows: Iterable[Row], key: Callable[[Row], Hashable]) -> list[tuple[Row, Row]]:
    """Pairs of rows that share a key and a day, each pair once, ordered by their first days."""
    found: list[tuple[Row, Row]] = []
    groups: dict[Hashable, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    for group in groups.values():
        group.sort(key=lambda row: row.period.first_day)
        for index, row in enumerate(group):
            for later in group[index + 1 :]:
                if row.period.last_day is not None and later.period.first_day > row.period.last_day:
                    break
                found.append((row, later))
    return found


def gaps(periods: Sequence[Period], whole: Period) -> list[Period]:
    """The parts of `whole` that no period covers. An open whole is covered only by an open period."""
    missing: list[Period] = []
    cursor: date | None = whole.first_day
    for period in sorted(periods, key=lambda p: p.first_day):
        if cursor is None:
            return missing
        if period.first_day > cursor:
            last = period.first_day - timedelta(days=1)
            if whole.last_day is not None and last >= whole.last_day:
                break
            missing.append(Period(cursor, last))
        until = period.until
        if until is None:
            return missing
        cursor = max(cursor, until)
        if whole.last_day is not None and cursor > whole.last_day:
            return missing
    if cursor is not None and (whole.last_day is None or cursor <= whole.last_day):
        missing.append(Period(cursor, whole.last_day))
    return missing


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def day_of(text: str) -> date:
    """An ISO day, "2020-06-15". ValueError for anything else, weeks and other forms of ISO 8601 too: a day is never
    guessed."""
    if _DAY.fullmatch(text) is None:
        raise ValueError(f"not a day: {text[:20]!r}")
    return date.fromisoformat(text)
