"""The periods that figures are of: budget months, quarters and halves, administrative ones, and terms.

Budget revenue runs from the first of January to the last of December. Periodic administrative reports close on the
14th (Decree 09/2019/ND-CP): their half-year runs from 15 December to 14 June. So a period says its calendar, and a
figure says its period: the same half-year is two.
"""

from __future__ import annotations

import calendar as months
import enum
import re
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from ..dated import Period


class Calendar(enum.StrEnum):
    BUDGET = "BUDGET"
    """Whole calendar months."""
    ADMINISTRATIVE = "ADMINISTRATIVE"
    """From the 15th of the month before to the 14th."""
    TERM = "TERM"
    """From the close of one congress to the close of the next: days that are recorded, not computed."""


@dataclass(frozen=True, slots=True)
class Span:
    """A period by its name. code: "2020", "2020-H1", "2020-Q3", "2020-9M" (its first nine months), "2020-05", or of a
    term "2020-2025"."""

    code: str
    calendar: Calendar
    days: Period

    @property
    def last_day(self) -> date:
        if self.days.last_day is None:
            raise ValueError(f"{self.code} has no end yet")
        return self.days.last_day


_CODE: Final = re.compile(r"(\d{4})(?:-(?:H([12])|Q([1-4])|(9M)|(0[1-9]|1[0-2])))?", re.ASCII)


def span(code: str, calendar: Calendar = Calendar.BUDGET) -> Span:
    """The period of a code by a calendar. ValueError for a code that names none, and for terms: `term` makes those."""
    matched = _CODE.fullmatch(code)
    if matched is None or calendar is Calendar.TERM:
        raise ValueError(f"not a period: {code[:20]!r}")
    year, half, quarter, nine, month = matched.groups()
    if half:
        first, count = 6 * int(half) - 5, 6
    elif quarter:
        first, count = 3 * int(quarter) - 2, 3
    elif nine:
        first, count = 1, 9
    elif month:
        first, count = int(month), 1
    else:
        first, count = 1, 12
    last = first + count - 1
    if calendar is Calendar.BUDGET:
        days = Period(date(int(year), first, 1), month_end(int(year), last))
    else:
        before = date(int(year), first, 1) - timedelta(days=1)
        days = Period(before.replace(day=15), date(int(year), last, 14))
    return Span(code, calendar, days)


def term(code: str, closed_on: date, next_closed_on: date | None = None) -> Span:
    """A term of office: from the day after one congress closed to the day that the next one closes, open until then."""
    if re.fullmatch(r"\d{4}-\d{4}", code, re.ASCII) is None:
        raise ValueError(f"not a term: {code[:20]!r}")
    return Span(code, Calendar.TERM, Period(closed_on + timedelta(days=1), next_closed_on))


def month_end(year: int, month: int) -> date:
    return date(year, month, months.monthrange(year, month)[1])


def year_before(days: Period) -> Period:
    """The same days of the year before, with the same cut-off. The last day of February stays the last of February;
    other days keep their number. ValueError for a period without an end."""
    if days.last_day is None:
        raise ValueError("an open period has no same period before")
    first, last = days.first_day, days.last_day
    if last == month_end(last.year, last.month):
        back = month_end(last.year - 1, last.month)
    else:
        back = last.replace(year=last.year - 1)
    first_back = date(first.year - 1, first.month, min(first.day, 28) if first.month == 2 else first.day)
    return Period(first_back, back)


def months_of(days: Period) -> list[str]:
    """The calendar months that a period touches, "2020-01" first."""
    if days.last_day is None:
        raise ValueError("an open period has no list of months")
    year, month = days.first_day.year, days.first_day.month
    found = []
    while (year, month) <= (days.last_day.year, days.last_day.month):
        found.append(f"{year:04d}-{month:02d}")
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found


def months_passed(as_of: date) -> Fraction:
    """Months of the budget year gone by the end of a day; the running month counts by its days (15 April: 3 ½)."""
    return as_of.month - 1 + Fraction(as_of.day, month_end(as_of.year, as_of.month).day)


def months_left(as_of: date) -> Fraction:
    """Months of the budget year still to come after a day: 6 after 30 June, 0 after 31 December."""
    return 12 - months_passed(as_of)


def share_of_year(as_of: date) -> Fraction:
    """The part of the budget year gone, by days: even progress, where nobody made a scenario."""
    start = date(as_of.year, 1, 1)
    return Fraction((as_of - start).days + 1, (date(as_of.year, 12, 31) - start).days + 1)
