"""Days of the law: included as printed, and the day before, on and after every edge."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thongquan.engine.dated import Period, as_of, day_of, gaps, overlaps

FIRST, LAST = date(2020, 1, 1), date(2020, 6, 30)


@dataclass(frozen=True)
class Row:
    name: str
    period: Period


def days(text):
    """ "3-5" as a period of January 2020, "3-" as one without end."""
    first, _, last = text.partition("-")
    return Period(date(2020, 1, int(first)), date(2020, 1, int(last)) if last else None)


def test_the_first_and_the_last_day_are_both_in():
    half = Period(FIRST, LAST)
    assert not half.holds(date(2019, 12, 31))
    assert half.holds(FIRST)
    assert half.holds(LAST)
    assert not half.holds(date(2020, 7, 1))


def test_until_is_the_day_after():
    assert Period(FIRST, LAST).until == date(2020, 7, 1)
    assert Period(FIRST).until is None
    assert Period(FIRST, date.max).until is None


def test_a_period_of_one_day_is_one_and_none_ends_before_it_starts():
    assert Period(FIRST, FIRST).holds(FIRST)
    with pytest.raises(ValueError, match="ends 2019-12-31 before it starts 2020-01-01"):
        Period(FIRST, date(2019, 12, 31))


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("1-5", "5-9", True),
        ("1-4", "5-9", False),
        ("1-", "5-9", True),
        ("6-", "1-5", False),
        ("1-", "9-", True),
    ],
)
def test_periods_overlap_when_they_share_a_day(one, other, shared):
    assert days(one).overlaps(days(other)) is shared
    assert days(other).overlaps(days(one)) is shared


@pytest.mark.parametrize(
    ("part", "whole", "inside"),
    [
        ("2-4", "1-5", True),
        ("1-5", "1-5", True),
        ("1-6", "1-5", False),
        ("1-", "1-5", False),
        ("2-", "1-", True),
        ("1-3", "2-", False),
    ],
)
def test_a_period_lies_within_another_with_all_its_days(part, whole, inside):
    assert days(part).within(days(whole)) is inside


def test_the_rows_of_a_day_keep_their_order():
    rows = [Row("b", days("1-5")), Row("a", days("5-9")), Row("c", days("6-"))]
    assert [row.name for row in as_of(rows, date(2020, 1, 5))] == ["b", "a"]
    assert [row.name for row in as_of(rows, date(2020, 1, 6))] == ["a", "c"]


def test_rows_of_one_key_that_share_a_day_are_found_each_pair_once():
    rows = [Row("x", days("5-9")), Row("x", days("1-5")), Row("y", days("1-9")), Row("x", days("9-"))]
    pairs = overlaps(rows, key=lambda row: row.name)
    assert [(one.period.first_day.day, other.period.first_day.day) for one, other in pairs] == [
        (1, 5),
        (5, 9),
    ]


def test_an_open_row_overlaps_all_that_follow():
    rows = [Row("x", days("1-")), Row("x", days("5-6")), Row("x", days("8-"))]
    assert len(overlaps(rows, key=lambda row: row.name)) == 2


@pytest.mark.parametrize(
    ("covered", "whole", "missing"),
    [
        ([], "1-9", ["1-9"]),
        (["1-9"], "1-9", []),
        (["3-5"], "1-9", ["1-2", "6-9"]),
        (["1-3", "4-9"], "1-9", []),
        (["1-3", "5-9"], "1-9", ["4-4"]),
        (["5-9", "1-6"], "1-9", []),
        (["1-3"], "1-", ["4-"]),
        (["1-"], "1-", []),
        (["12-15"], "1-9", ["1-9"]),
        (["1-9"], "3-5", []),
        (["10-"], "1-9", ["1-9"]),
        (["1-2", "20-"], "1-9", ["3-9"]),
    ],
)
def test_gaps_are_the_days_that_nothing_covers(covered, whole, missing):
    assert gaps([days(text) for text in covered], days(whole)) == [days(text) for text in missing]


january = st.integers(1, 31).map(lambda day: date(2020, 1, day))
periods = st.tuples(january, january).map(lambda pair: Period(min(pair), max(pair)))


@given(st.lists(periods), periods)
def test_each_day_is_covered_or_in_a_gap_and_never_both(covered, whole):
    missing = gaps(covered, whole)
    day = whole.first_day
    while whole.holds(day):
        is_covered = any(period.holds(day) for period in covered)
        assert sum(gap.holds(day) for gap in missing) == (0 if is_covered else 1)
        day += timedelta(days=1)


def test_a_day_is_read_only_in_one_form():
    assert day_of("2020-06-15") == date(2020, 6, 15)
    for text in ("15/06/2020", "2020-6-15", "20200615", "2020-W25-1", "2020-02-30", "", "2020-06-15T00"):
        with pytest.raises(ValueError):
            day_of(text)
