"""Working time by decreed data, and legal times on it."""

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from thongquan import words
from thongquan.engine.dated import Period
from thongquan.engine.findings import Finding
from thongquan.engine.timing.calendar import DayUnknownError, Unit, WorkingCalendar, due

HANOI = timezone(timedelta(hours=7))
OFFICE = ((480, 720), (810, 1050))  # 8:00–12:00 and 13:30–17:30: eight hours
CALENDAR = WorkingCalendar(
    edition="20BB-2020",
    zone=HANOI,
    period=Period(date(2020, 1, 1), date(2020, 12, 31)),
    week=(OFFICE,) * 5 + ((), ()),
    exceptions={date(2020, 4, 30): (), date(2020, 5, 1): (), date(2020, 5, 9): OFFICE},
)


def at(day, hour, minute=0, second=0, month=6):
    """An instant by the office's clock; 15 June 2020 was a Monday."""
    return datetime(2020, month, day, hour, minute, second, tzinfo=HANOI)


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        (at(15, 9), at(15, 11), 2 * 3600),
        (at(15, 11), at(15, 14), 3600 + 1800),  # an hour before lunch, half an hour after it
        (at(15, 6), at(15, 20), 8 * 3600),
        (at(15, 17), at(16, 9), 1800 + 3600),
        (at(19, 16), at(22, 9), 5400 + 3600),  # Friday to Monday
        (at(20, 0), at(22, 0), 0),  # a weekend
        (at(15, 12), at(15, 13, 30), 0),
        (at(15, 11), at(15, 9), 0),
        (at(15, 11, 59, 59), at(15, 12, 0, 1), 1),
        (at(29, 17, month=4), at(4, 9, month=5), 1800 + 3600),  # over the holidays of 30 April and 1 May
        (at(9, 7, month=5), at(9, 9, month=5), 3600),  # a Saturday that was swapped in
    ],
)
def test_working_seconds_by_hand(start, end, seconds):
    assert CALENDAR.working_seconds(start, end) == seconds


def test_working_time_adds_up_wherever_it_is_cut():
    cuts = [at(15, 7) + timedelta(minutes=37 * n, microseconds=n * 13) for n in range(120)]
    whole = CALENDAR.working_seconds(cuts[0], cuts[-1])
    assert sum(CALENDAR.working_seconds(a, b) for a, b in pairwise(cuts)) == whole


def test_a_time_in_working_hours_ends_where_so_many_have_run():
    assert CALENDAR.after_working_seconds(at(15, 11), 2 * 3600) == at(15, 14, 30)
    assert CALENDAR.after_working_seconds(at(15, 11), 3600) == at(15, 12)
    assert CALENDAR.after_working_seconds(at(19, 17), 3600) == at(22, 8, 30)
    assert CALENDAR.after_working_seconds(at(20, 10), 1) == at(22, 8, 0, 1)
    assert CALENDAR.after_working_seconds(at(15, 6), 0) == at(15, 6)
    for seconds in (1, 3_600, 99_999, 400_000):
        end = CALENDAR.after_working_seconds(at(15, 11), seconds)
        assert CALENDAR.working_seconds(at(15, 11), end) == seconds


def test_working_days_do_not_count_the_first():
    assert CALENDAR.after_working_days(date(2020, 6, 15), 2) == date(2020, 6, 17)
    assert CALENDAR.after_working_days(date(2020, 6, 19), 1) == date(2020, 6, 22)
    assert CALENDAR.after_working_days(date(2020, 4, 29), 1) == date(2020, 5, 4)
    assert CALENDAR.after_working_days(date(2020, 5, 8), 1) == date(2020, 5, 9)
    assert CALENDAR.after_working_days(date(2020, 6, 20), 0) == date(2020, 6, 20)


@pytest.mark.parametrize(
    ("amount", "unit", "end"),
    [
        (
            2,
            Unit.WORKING_HOUR,
            at(22, 9, 30),
        ),  # Friday 17:00: half an hour, then an hour and a half on Monday
        (2, Unit.HOUR, at(19, 19)),
        (2, Unit.WORKING_DAY, at(24, 0)),  # Monday, Tuesday, to its end
        (1, Unit.DAY, at(21, 0)),  # to the end of Saturday
    ],
)
def test_a_legal_time_ends_at_an_instant(amount, unit, end):
    assert due(at(19, 17), amount, unit, CALENDAR) == end


def test_a_last_day_that_is_not_worked_moves_where_the_law_says_so():
    assert due(at(19, 17), 1, Unit.DAY, CALENDAR, rolls=True) == at(23, 0)  # Saturday → Monday
    assert due(at(18, 17), 1, Unit.DAY, CALENDAR, rolls=True) == at(20, 0)  # Friday stays
    # thirty days from 1 April end on 1 May, a holiday: Monday 4 May
    assert due(at(1, 10, month=4), 30, Unit.DAY, CALENDAR, rolls=True) == at(5, 0, month=5)


def test_days_are_the_days_of_the_office():
    # 15 June 23:30 UTC is 16 June in the office: one day lasts to the end of the 17th
    assert due(datetime(2020, 6, 15, 23, 30, tzinfo=UTC), 1, Unit.DAY, CALENDAR) == at(18, 0)


def test_a_calendar_that_does_not_reach_is_a_finding_not_a_guess():
    late = datetime(2020, 12, 31, 10, tzinfo=HANOI)
    assert due(late, 9, Unit.WORKING_HOUR, CALENDAR) == Finding(
        "CALENDAR_ENDS", says={"edition": "20BB-2020", "day": "2021-01-01"}
    )
    assert isinstance(due(late, 1, Unit.WORKING_DAY, CALENDAR), Finding)
    assert isinstance(due(late, 5, Unit.DAY, CALENDAR, rolls=True), Finding)
    with pytest.raises(DayUnknownError):
        CALENDAR.hours(date(2019, 12, 31))


def test_hours_around_the_clock_and_summer_time():
    gate = WorkingCalendar(
        edition="gate",
        zone=ZoneInfo("Europe/London"),
        period=Period(date(2020, 1, 1), date(2020, 12, 31)),
        week=(((0, 1440),),) * 7,
        exceptions={},
    )
    # 29 March 2020 had 23 hours in London, 25 October had 25
    for day, hours in ((date(2020, 3, 29), 23), (date(2020, 10, 25), 25), (date(2020, 6, 15), 24)):
        start, end = gate.end_of(day - timedelta(days=1)), gate.end_of(day)
        assert gate.working_seconds(start, end) == hours * 3600


@pytest.mark.parametrize(
    "hours", [((720, 480),), ((480, 720), (700, 900)), ((480, 720), (720, 900)), ((0, 1441),), ((-1, 5),)]
)
def test_impossible_hours_are_refused(hours):
    with pytest.raises(ValueError):
        WorkingCalendar("x", HANOI, Period(date(2020, 1, 1)), (hours,) * 7, {})
    with pytest.raises(ValueError):
        WorkingCalendar("x", HANOI, Period(date(2020, 1, 1)), ((),) * 7, {date(2020, 1, 1): hours})


def test_a_week_has_seven_days_and_a_legal_time_is_not_negative():
    with pytest.raises(ValueError):
        WorkingCalendar("x", HANOI, Period(date(2020, 1, 1)), (OFFICE,) * 6, {})
    with pytest.raises(ValueError):
        due(at(15, 9), -1, Unit.DAY, CALENDAR)
    with pytest.raises(ValueError):
        CALENDAR.day(datetime(2020, 6, 15))


def test_every_unit_has_its_words():
    assert set(words.identifiers("unit")) >= {str(unit) for unit in Unit}
