"""The rate of exchange that Vietnam's law takes: which published day serves which days of registration.

The rate is the transfer buying rate that the head office of Vietcombank publishes at the end of Thursday of the week
before, or of the working day before it where Thursday is a day off; it serves the declarations registered in the week
that follows, Monday to Sunday (08/2015/NĐ-CP art. 21(5) as amended by 59/2018/NĐ-CP; 38/2015/TT-BTC art. 35). The day
of registration decides, not the day of arrival. Pure: the working calendar and what was published come as arguments;
an officer's act enters a rate with `published_rate`.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from ...engine.assessment.exchange import ExchangeRate
from ...engine.dated import Period
from ...engine.findings import Finding, LegalRef
from ...engine.money import MILLIONTHS
from ...engine.timing.calendar import DayUnknownError, WorkingCalendar

THURSDAY: Final = 3
_WEEK: Final = timedelta(days=7)
_MOST_DAYS_OFF: Final = 28
"""Days off in a row at which a calendar is taken to be wrong, not merely long."""
_LAW: Final = LegalRef("59/2018/NĐ-CP", "đ.1 (đ.21 k.5 nghị định 08/2015/NĐ-CP)")


def rate_day(registered: date, calendar: WorkingCalendar) -> date:
    """The day whose closing rate serves a day of registration. DayUnknownError where the calendar does not reach it."""
    monday = registered - timedelta(days=registered.weekday())
    day = monday - _WEEK + timedelta(days=THURSDAY)
    for _ in range(_MOST_DAYS_OFF):
        if calendar.is_working(day):
            return day
        day -= timedelta(days=1)
    raise ValueError(
        f"calendar {calendar.edition}: no working day in {_MOST_DAYS_OFF} days before {registered}"
    )


def serves(published: date, calendar: WorkingCalendar) -> Period | None:
    """The days of registration that a closing rate serves: one week, more where the days off hold several Thursdays.

    None where the law takes no rate of that day. DayUnknownError where the calendar does not reach it.
    """
    monday = published - timedelta(days=published.weekday()) + _WEEK
    found = [
        first
        for first in (monday + _WEEK * weeks for weeks in range(_MOST_DAYS_OFF // 7))
        if rate_day(first, calendar) == published
    ]
    return Period(found[0], found[-1] + timedelta(days=6)) if found else None


def published_rate(
    currency: str,
    published: date,
    price_millionths: int,
    source: LegalRef,
    calendar: WorkingCalendar | None,
    units: int = 1,
) -> ExchangeRate | Finding:
    """The rate as the law uses it, of one that was published: its days are those that it serves.

    price_millionths: đồng for `units` of the currency, in millionths. source: who published it, and where.
    RATE_DAY_SERVES_NOTHING: not the Thursday of a week, nor the working day before one that is off; CALENDAR_ENDS: no
    decreed working days for it; RATE_NOT_POSITIVE.
    """
    says = {"currency": currency, "on": published.isoformat()}
    if price_millionths <= 0 or units <= 0 or price_millionths > 10**9 * MILLIONTHS:
        return Finding("RATE_NOT_POSITIVE", "price", says, _LAW)
    if calendar is None:
        return Finding("CALENDAR_ENDS", "published", {"edition": "?", "day": published.isoformat()}, _LAW)
    try:
        period = serves(published, calendar)
    except DayUnknownError as unknown:
        says = {"edition": unknown.edition, "day": unknown.day.isoformat()}
        return Finding("CALENDAR_ENDS", "published", says, _LAW)
    if period is None:
        return Finding("RATE_DAY_SERVES_NOTHING", "published", says, _LAW)
    return ExchangeRate.per_unit(currency, period, price_millionths, source, units)
