"""Several authorities set targets for one year; what is said of a result is exact. Vectors of the 2020 reports."""

from datetime import date
from fractions import Fraction

import pytest

from thongquan.engine.indicators.indicator import Direction
from thongquan.engine.indicators.periods import Calendar, months_left, span, term, year_before
from thongquan.engine.indicators.targets import (
    Judgement,
    Pace,
    ScenarioPath,
    Target,
    TargetKind,
    check_allocation,
    execution,
    in_force,
    judge,
    judge_progress,
    needed,
    progress,
    set_at_start,
)

BILLION = 1_000_000_000
MID_YEAR = date(2020, 6, 30)


def target(
    authority, billions, *, decision="1", decided_on=date(2019, 12, 1), first_day=date(2020, 1, 1), place="20"
):
    return Target(
        indicator="REV",
        year=2020,
        authority=authority,
        kind=TargetKind.ASSIGNED,
        place=place,
        value=billions * BILLION,
        decision=decision,
        decided_on=decided_on,
        first_day=first_day,
    )


def test_targets_of_two_authorities_stand_side_by_side():
    found = in_force([target("MINISTRY", 9_500), target("PROVINCE", 11_000)], "REV", 2020, MID_YEAR)
    assert [(series[0], one.value // BILLION) for series, one in found.items()] == [
        ("MINISTRY", 9_500),
        ("PROVINCE", 11_000),
    ]


def test_a_later_decision_replaces_only_its_own_authority_and_only_from_its_day():
    first = target("PROVINCE", 10_000, decision="1")
    raised = target(
        "PROVINCE", 11_000, decision="2", decided_on=date(2020, 5, 20), first_day=date(2020, 6, 1)
    )
    other = target("MINISTRY", 9_500)
    series = ("PROVINCE", TargetKind.ASSIGNED, "20")
    before = in_force([raised, first, other], "REV", 2020, date(2020, 5, 31))
    after = in_force([raised, first, other], "REV", 2020, date(2020, 6, 1))
    assert (before[series], after[series]) == (first, raised)
    assert after["MINISTRY", TargetKind.ASSIGNED, "20"] is other
    assert set_at_start([raised, first], "REV", 2020)[series] is first


def test_two_decisions_of_one_day_that_disagree_are_refused():
    with pytest.raises(ValueError, match="two targets at once: 1 and 2"):
        in_force([target("PROVINCE", 10), target("PROVINCE", 11, decision="2")], "REV", 2020, MID_YEAR)


def test_execution_is_exact():
    assert execution(6_718, 9_500) == Fraction(6_718, 9_500)  # 70.7158 %


@pytest.mark.parametrize(
    ("actual", "aim", "better", "judged"),
    [
        (101, 100, Direction.HIGHER, Judgement.EXCEEDED),
        (100, 100, Direction.HIGHER, Judgement.MET),
        (99, 100, Direction.HIGHER, Judgement.NOT_MET),
        (None, 100, Direction.HIGHER, Judgement.MISSING),
        (29, 30, Direction.LOWER, Judgement.MET),
        (30, 30, Direction.LOWER, Judgement.MET),
        (31, 30, Direction.LOWER, Judgement.NOT_MET),
        (Fraction(9_996, 10_000), 1, Direction.WHOLE, Judgement.NOT_MET),
        (1, 1, Direction.WHOLE, Judgement.MET),
        (0, 0, Direction.NONE_AT_ALL, Judgement.MET),
        (1, 0, Direction.NONE_AT_ALL, Judgement.NOT_MET),
        (None, 0, Direction.NONE_AT_ALL, Judgement.MISSING),
    ],
)
def test_a_result_is_judged_without_rounding_and_a_missing_one_is_not_zero(actual, aim, better, judged):
    assert judge(actual, aim, better) is judged


def test_what_only_informs_is_not_judged():
    with pytest.raises(ValueError, match="only informs"):
        judge(1, 1, Direction.NEITHER)


def test_the_pace_that_the_province_asks_for():
    # 11,000 − 6,718 = 4,282; ÷ 6 months = 713.67; so far 6,718 ÷ 6 = 1,119.67
    found = needed(11_000, 6_718, MID_YEAR)
    assert found.remaining == 4_282
    assert found.a_month == Fraction(4_282, 6)
    assert found.so_far == Fraction(6_718, 6)


def test_nothing_is_needed_once_the_target_is_reached_and_nothing_helps_after_december():
    assert needed(9_500, 12_119, date(2020, 12, 29)).a_month == 0
    assert needed(9_500, 9_000, date(2020, 12, 31)).a_month is None


def test_a_running_month_counts_by_its_days():
    assert months_left(date(2020, 4, 15)) == 12 - Fraction(7, 2)
    assert months_left(MID_YEAR) == 6


def path(*months):
    return ScenarioPath(
        "REV", "DEPARTMENT", "20", "KB-1", {f"2021-{n:02d}": v for n, v in enumerate(months, 1)}
    )


def test_a_quarter_below_its_scenario_is_behind():
    # Hòn Gai, first quarter of 2021: 1,423 of 1,599 = 88.99 %, short 176
    found = progress(1_423, date(2021, 3, 31), path(533, 533, 533))
    assert (found.pace, found.share, found.even) == (Pace.BEHIND, Fraction(1_423, 1_599), False)


def test_reaching_the_scenario_is_on_path_and_one_more_is_ahead():
    assert progress(1_599, date(2021, 3, 31), path(533, 533, 533)).pace is Pace.ON_PATH
    assert progress(1_600, date(2021, 3, 31), path(533, 533, 533)).pace is Pace.AHEAD


def test_without_a_scenario_the_year_goes_evenly_and_says_so():
    # 2020 has 366 days, 182 of them by 30 June: 9,500 × 182 ÷ 366 = 4,724.04
    found = progress(6_718, MID_YEAR, None, 9_500)
    assert (found.pace, found.expected, found.even) == (Pace.AHEAD, Fraction(9_500 * 182, 366), True)


def test_within_the_year_a_result_is_judged_by_its_path():
    end = date(2021, 3, 31)
    judged = [
        judge_progress(progress(actual, end, path(533, 533, 533))) for actual in (1_600, 1_599, 1_423, None)
    ]
    assert judged == [Judgement.EXCEEDED, Judgement.MET, Judgement.NOT_MET, Judgement.MISSING]


def test_a_month_that_the_scenario_leaves_out_is_not_zero():
    assert path(533, 533).by_end_of(date(2021, 3, 31)) is None


def test_too_little_handed_down_is_worth_a_word_and_more_is_not():
    whole = target("MINISTRY", 9_500)
    less = check_allocation(
        whole, [target("DEPARTMENT", 4_000, place="20A"), target("DEPARTMENT", 5_000, place="20B")]
    )
    assert less is not None
    assert less.says == {"assigned": "9500000000000", "handed_down": "9000000000000"}
    assert check_allocation(whole, [target("DEPARTMENT", 10_000, place="20A")]) is None


@pytest.mark.parametrize(
    ("code", "calendar", "first", "last"),
    [
        ("2020-H1", Calendar.BUDGET, "2020-01-01", "2020-06-30"),
        ("2020-H1", Calendar.ADMINISTRATIVE, "2019-12-15", "2020-06-14"),
        ("2020", Calendar.ADMINISTRATIVE, "2019-12-15", "2020-12-14"),
        ("2020-Q2", Calendar.ADMINISTRATIVE, "2020-03-15", "2020-06-14"),
        ("2020-9M", Calendar.BUDGET, "2020-01-01", "2020-09-30"),
        ("2020-02", Calendar.BUDGET, "2020-02-01", "2020-02-29"),
        ("2020-H2", Calendar.BUDGET, "2020-07-01", "2020-12-31"),
    ],
)
def test_a_period_has_its_calendar(code, calendar, first, last):
    days = span(code, calendar).days
    assert (days.first_day.isoformat(), str(days.last_day)) == (first, last)


@pytest.mark.parametrize("code", ["2020-H3", "2020-13", "20", "2020-h1", "2020-2025", "2020-H1 "])
def test_a_code_that_names_no_period_is_refused(code):
    with pytest.raises(ValueError, match="not a period"):
        span(code)


def test_a_term_runs_from_congress_to_congress():
    found = term("2020-2025", date(2020, 7, 16), date(2025, 7, 20))
    assert (found.days.first_day, found.last_day) == (date(2020, 7, 17), date(2025, 7, 20))


def test_the_same_period_before_keeps_the_cut_off_and_the_end_of_february():
    assert year_before(span("2020-H1").days) == span("2019-H1").days
    assert year_before(span("2020-02").days) == span("2019-02").days
    assert year_before(span("2021-02").days) == span("2020-02").days
