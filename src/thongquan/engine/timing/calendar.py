"""Working time as an office keeps it: decreed days and hours, passed in as data, never a holiday library."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from ..dated import Period
from ..findings import Finding

type Hours = tuple[tuple[int, int], ...]
"""Spans of a day in minutes after midnight, in order, end excluded: ((480, 720), (810, 1050)): 8–12 and 13:30–17:30."""

DAY_MINUTES = 24 * 60


class DayUnknownError(LookupError):
    """A day that the edition of a calendar does not speak of: whether it is worked cannot be guessed."""

    def __init__(self, edition: str, day: date) -> None:
        super().__init__(f"calendar {edition} does not know {day}")
        self.edition = edition
        self.day = day


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """The working hours of one office in one edition.

    period: the days that the edition decrees. week: the hours of each weekday, Monday first, seven of them, empty
    where it is not worked. exceptions: days with hours of their own, holidays (empty) and swapped days alike.
    ValueError for a week that is not seven days, and for hours that overlap, touch or leave the day.
    """

    edition: str
    zone: tzinfo
    period: Period
    week: tuple[Hours, ...]
    exceptions: Mapping[date, Hours]

    def __post_init__(self) -> None:
        if len(self.week) != 7:
            raise ValueError(f"calendar {self.edition} has {len(self.week)} weekdays")
        for hours in (*self.week, *self.exceptions.values()):
            edges = [edge for span in hours for edge in span]
            if edges != sorted(set(edges)) or (edges and not 0 <= edges[0] < edges[-1] <= DAY_MINUTES):
                raise ValueError(f"calendar {self.edition} has hours {hours}")

    def hours(self, day: date) -> Hours:
        """The hours of a day, empty where it is not worked. DayUnknownError outside the edition."""
        if not self.period.holds(day):
            raise DayUnknownError(self.edition, day)
        return self.exceptions[day] if day in self.exceptions else self.week[day.weekday()]

    def is_working(self, day: date) -> bool:
        return bool(self.hours(day))

    def day(self, instant: datetime) -> date:
        """The calendar day of an instant in the office's zone. ValueError without a zone."""
        if instant.tzinfo is None:
            raise ValueError("an instant without a zone has no day")
        return instant.astimezone(self.zone).date()

    def working_seconds(self, start: datetime, end: datetime) -> int:
        """Whole working seconds from start to end, end excluded; 0 when end is not later. Instants to the second."""
        start, end = whole_second(start), whole_second(end)
        total = 0
        for opens, closes in self._spans(self.day(start), self.day(end)):
            total += max(0, _seconds(max(start, opens), min(end, closes)))
        return total

    def after_working_seconds(self, start: datetime, seconds: int) -> datetime:
        """The instant (UTC) at which `seconds` working seconds have run since start; start itself for 0."""
        start = whole_second(start)
        if seconds <= 0:
            return start
        left = seconds
        for opens, closes in self._spans(self.day(start), None):
            begin = max(start, opens)
            here = _seconds(begin, closes)
            if here >= left:
                return begin + timedelta(seconds=left)
            left -= max(0, here)
        raise AssertionError("the days have no end; an unknown one raises")

    def after_working_days(self, day: date, count: int) -> date:
        """The count-th working day after `day`, which does not count itself; `day` for 0."""
        while count > 0:
            day += timedelta(days=1)
            count -= self.is_working(day)
        return day

    def next_working_day(self, day: date) -> date:
        """`day` if it is worked, else the first one after it that is."""
        while not self.is_working(day):
            day += timedelta(days=1)
        return day

    def end_of(self, day: date) -> datetime:
        """The instant (UTC) at which a calendar day is over in the office's zone."""
        return datetime.combine(day + timedelta(days=1), time(), self.zone).astimezone(UTC)

    def _spans(self, first: date, last: date | None) -> Iterator[tuple[datetime, datetime]]:
        day = first
        while last is None or day <= last:
            for opens, closes in self.hours(day):
                yield self._instant(day, opens), self._instant(day, closes)
            day += timedelta(days=1)

    def _instant(self, day: date, minutes: int) -> datetime:
        if minutes == DAY_MINUTES:
            return self.end_of(day)
        return datetime.combine(day, time(minutes // 60, minutes % 60), self.zone).astimezone(UTC)


class Unit(enum.StrEnum):
    """In what the law counts a time."""

    HOUR = "hour"
    WORKING_HOUR = "working_hour"
    DAY = "day"
    WORKING_DAY = "working_day"


def due(
    start: datetime, amount: int, unit: Unit, calendar: WorkingCalendar, *, rolls: bool = False
) -> datetime | Finding:
    """The instant (UTC) from which on it is too late: a legal time of `amount` units after an instant.

    Hours run from the instant. Days count from the day after it and last until the end of the last one.
    rolls: a last day that is not worked moves to the next worked day, where the law says so.
    CALENDAR_ENDS where the calendar's edition does not reach that far. ValueError for a negative amount.
    """
    if amount < 0:
        raise ValueError(f"a legal time of {amount}")
    try:
        if unit is Unit.HOUR:
            return whole_second(start) + timedelta(hours=amount)
        if unit is Unit.WORKING_HOUR:
            return calendar.after_working_seconds(start, amount * 3600)
        if unit is Unit.WORKING_DAY:
            return calendar.end_of(calendar.after_working_days(calendar.day(start), amount))
        last = calendar.day(start) + timedelta(days=amount)
        return calendar.end_of(calendar.next_working_day(last) if rolls else last)
    except DayUnknownError as unknown:
        return Finding("CALENDAR_ENDS", says={"edition": unknown.edition, "day": unknown.day.isoformat()})


def whole_second(instant: datetime) -> datetime:
    """An instant in UTC, its fraction of a second dropped, so that seconds of neighbouring spans add up."""
    if instant.tzinfo is None:
        raise ValueError("an instant without a zone cannot be measured")
    return instant.astimezone(UTC).replace(microsecond=0)


def _seconds(start: datetime, end: datetime) -> int:
    return (end - start) // timedelta(seconds=1)
