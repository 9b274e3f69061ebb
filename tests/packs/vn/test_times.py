"""Legal times on the Vietnamese working calendar: Tết, 30 April and 1 May, swapped days, gates that never rest."""

import importlib.util
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from thongquan.engine.timing.calendar import due
from thongquan.packs.pack import load

VN = load("vn")
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
CALENDAR = VN.calendar(date(2020, 1, 1))
assert CALENDAR is not None


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def ends(name: str, start: datetime, office: str = "") -> datetime:
    """When a legal time is over, in Vietnam."""
    deadline, calendar = VN.deadline(name, start.date()), VN.calendar(start.date(), office)
    assert deadline is not None
    assert calendar is not None
    end = due(start, deadline.amount, deadline.unit, calendar, rolls=deadline.rolls)
    assert isinstance(end, datetime)
    return end.astimezone(ZONE)


def test_tet_2020_is_seven_days_from_23_to_29_january():
    closed = [
        day
        for day in (date(2020, 1, 20) + timedelta(days=n) for n in range(14))
        if not CALENDAR.is_working(day)
    ]
    # 23 to 29 January, and the weekend of 1 and 2 February
    assert closed == [date(2020, 1, day) for day in range(23, 30)] + [date(2020, 2, 1), date(2020, 2, 2)]


def test_documents_that_come_before_tet_are_checked_after_it():
    # 22 January 16:30: half an hour until 17:00, the other hour and a half from 8:00 on 30 January
    assert ends("document_check", at("2020-01-22T16:30")) == at("2020-01-30T09:30")


def test_an_inspection_of_eight_working_hours_leaps_over_tet():
    # 22 January 15:00: two hours that day, four in the morning of the 30th, two from 13:00
    assert ends("inspection", at("2020-01-22T15:00")) == at("2020-01-30T15:00")


def test_five_working_days_after_a_request_of_21_january_end_on_4_february():
    # 22 January (1), 30 (2), 31 (3), 3 February (4), 4 February (5): over at the end of that day
    assert ends("reply", at("2020-01-21T10:00")) == at("2020-02-05T00:00")


def test_a_declaration_of_9_january_stands_until_tet_is_over():
    # 9 + 15 = 24 January, in Tết: the last day is 30 January
    assert ends("registered_valid", at("2020-01-09T10:00")) == at("2020-01-31T00:00")
    # 7 + 15 = 22 January, worked
    assert ends("registered_valid", at("2020-01-07T10:00")) == at("2020-01-23T00:00")


def test_30_april_and_1_may_2020_join_a_weekend():
    # Wednesday 29 April 16:00: one hour that day; 30 and 1 are off, 2 and 3 a weekend; 8:00 to 9:00 on 4 May
    assert ends("document_check", at("2020-04-29T16:00")) == at("2020-05-04T09:00")


def test_the_hung_kings_day_of_2020_is_2_april():
    assert not CALENDAR.is_working(date(2020, 4, 2))
    assert CALENDAR.is_working(date(2020, 4, 1))
    assert CALENDAR.is_working(date(2020, 4, 3))


@pytest.mark.parametrize(
    ("off", "worked"),
    [
        (date(2018, 12, 31), date(2019, 1, 5)),
        (date(2019, 4, 29), date(2019, 5, 4)),
        (date(2024, 4, 29), date(2024, 5, 4)),
        (date(2025, 5, 2), date(2025, 4, 26)),
        (date(2026, 8, 31), date(2026, 8, 22)),
    ],
)
def test_a_day_off_that_was_decreed_is_worked_on_its_saturday(off: date, worked: date):
    assert off.weekday() < 5
    assert not CALENDAR.is_working(off)
    assert worked.weekday() == 5
    assert CALENDAR.is_working(worked)


def test_national_day_has_two_days_off_since_2021():
    assert not CALENDAR.is_working(date(2020, 9, 2))
    assert CALENDAR.is_working(date(2020, 9, 1))
    assert CALENDAR.is_working(date(2020, 9, 3))
    assert not CALENDAR.is_working(date(2021, 9, 2))
    assert not CALENDAR.is_working(date(2021, 9, 3))


def test_the_calendar_is_decreed_from_2018_to_2027_and_says_nothing_beyond():
    assert VN.calendar(date(2017, 12, 31)) is None
    assert VN.calendar(date(2027, 12, 31)) is CALENDAR
    assert VN.calendar(date(2028, 1, 1)) is None


def test_a_land_gate_keeps_its_own_hours_and_opens_on_days_off():
    gate = VN.calendar(date(2020, 1, 25), "20BB")
    assert gate is not None
    assert gate.is_working(date(2020, 1, 25))
    assert not CALENDAR.is_working(date(2020, 1, 25))
    assert VN.calendar(date(2020, 1, 25), "20CF") is CALENDAR


@pytest.mark.skipif(
    importlib.util.find_spec("holidays") is None, reason="the library of holidays is not installed"
)
def test_days_off_are_those_of_the_library_and_what_was_decreed_beside_it():
    import holidays

    known = holidays.country_holidays("VN", years=range(2018, 2028))
    off = {day for day, hours in CALENDAR.exceptions.items() if not hours}
    assert off == set(known)


# windows


def test_an_amendment_is_free_until_the_channel_is_told():
    none = VN.amended_free_until(selected_on=None, asked_on=None, cleared_on=None)
    told = VN.amended_free_until(selected_on=date(2020, 6, 15), asked_on=None, cleared_on=None)
    assert none is None
    assert told == date(2020, 6, 14)


def test_an_amendment_that_customs_asks_for_has_five_working_days():
    # asked on Monday 27 April 2020: 28, 29 April, 4, 5, 6 May
    free = VN.amended_free_until(selected_on=date(2020, 4, 27), asked_on=date(2020, 4, 27), cleared_on=None)
    assert free == date(2020, 5, 6)


def test_an_amendment_after_clearance_has_sixty_days():
    # 31 December 2019 + 60 = 29 February 2020, a Saturday: 2 March
    free = VN.amended_free_until(selected_on=date(2019, 12, 30), asked_on=None, cleared_on=date(2019, 12, 31))
    assert free == date(2020, 3, 2)
    # 2 January + 60 = 2 March 2020
    again = VN.amended_free_until(selected_on=None, asked_on=None, cleared_on=date(2020, 1, 2))
    assert again == date(2020, 3, 2)


def test_a_request_to_cancel_is_decided_in_eight_working_hours():
    # four hours of Monday afternoon, four of Tuesday morning
    assert ends("cancellation", at("2020-06-15T13:00")) == at("2020-06-16T12:00")


def test_a_draft_lives_seven_days():
    assert VN.last_day_of("draft_valid", date(2020, 1, 20)) == date(2020, 1, 27)


def test_times_of_the_law_have_their_days():
    assert VN.deadline("reply", date(2018, 6, 4)) is None
    assert VN.deadline("reply", date(2018, 6, 5)) is not None
    assert ends("document_check", datetime(2020, 6, 15, 1, 0, tzinfo=UTC)) == at("2020-06-15T10:00")


def test_only_times_that_somebody_read_in_the_law_are_told_to_be_verified():
    yes, no = VN.certainty["deadlines"]
    assert (yes >= 8, no >= 17) == (True, True)
