"""The time-release study: stages add up, nobody is left out, times are exact."""

import random
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import polars as pl
import pytest

from thongquan.engine.dated import Period
from thongquan.engine.indicators.enterprises import EnterpriseRule, classify, of_counts
from thongquan.engine.indicators.facts import DECLARATIONS, Kind, instant, microseconds
from thongquan.engine.indicators.indicator import Activity
from thongquan.engine.indicators.periods import span, year_before
from thongquan.engine.indicators.time_release import STAGES, reduction, study
from thongquan.engine.indicators.value import nearest_rank, spread_of

SECOND = 1_000_000
HOUR = 3_600 * SECOND
START = datetime(2020, 5, 4, 1, 0, tzinfo=UTC)
WINDOW = Period(date(2020, 5, 4), date(2020, 5, 9))


def frame(*rows):
    """Declarations by the hours after START of their instants; text columns empty."""
    instants = [column.name for column in DECLARATIONS.columns if column.kind is Kind.INSTANT]
    made = []
    for number, row in enumerate(rows):
        made.append(
            {
                "number": str(number),
                "office": row.get("office", "A"),
                "legal_day": row.get("day", date(2020, 5, 4)),
            }
            | {
                name: microseconds(START + timedelta(hours=row[name])) if row.get(name) is not None else None
                for name in instants
            }
        )
    return pl.DataFrame(made, schema_overrides=dict.fromkeys(instants, pl.Int64))


def test_the_stages_of_one_declaration_add_up_to_its_whole_whichever_came_first():
    paid_first = {"arrived_at": 0, "registered_at": 1, "selected_at": 2, "paid_at": 3, "inspected_at": 5}
    found = study(
        frame({**paid_first, "released_at": 6, "cleared_at": 7, "passed_at": 9}),
        WINDOW,
        START + timedelta(days=20),
    )
    spent = {stage: spread.total // HOUR for stage, spread in found.by_stage.items() if spread.count}
    assert spent == {
        "REGISTRATION": 1,
        "SELECTION": 1,
        "PAYMENT": 1,
        "INSPECTION": 2,
        "RELEASE": 1,
        "CLEARANCE": 1,
        "PASSING": 2,
    }
    assert {body: spread.total // HOUR for body, spread in found.by_body.items()} == {
        "TRADER": 1,
        "CUSTOMS": 5,
        "BANK": 1,
        "PORT": 2,
    }
    assert sum(spread.total for spread in found.by_stage.values()) == 9 * HOUR
    assert (found.release.total, found.clearance.total) == (6 * HOUR, 6 * HOUR)


def test_of_a_declaration_lodged_ahead_the_wait_for_the_goods_is_a_stage_too():
    ahead = {"registered_at": 0, "selected_at": 1, "arrived_at": 5, "released_at": 6, "cleared_at": 7}
    found = study(frame(ahead), WINDOW, START + timedelta(days=20))
    assert found.by_stage["ARRIVAL"].total == 4 * HOUR
    assert sum(spread.total for spread in found.by_stage.values()) == 7 * HOUR
    assert found.by_body["PORT"].total == 4 * HOUR
    assert found.release.total == 1 * HOUR


@pytest.mark.parametrize("seed", range(20))
def test_the_stages_and_the_bodies_add_up_to_the_time_between_first_and_last(seed):
    draw = random.Random(seed)
    names = [stage.ends_with for stage in STAGES]
    rows = []
    for _ in range(50):
        known = {name: draw.randrange(0, 60) for name in names if draw.random() < 0.7}
        rows.append({"registered_at": 0, "cleared_at": draw.randrange(0, 60), **known})
    until = 50
    found = study(frame(*rows), WINDOW, START + timedelta(hours=until))
    whole = 0
    for row in rows:
        if row["cleared_at"] <= until:
            past = [row[name] for name in names if name in row and row[name] <= until]
            whole += max(past) - min(past)
    assert sum(spread.total for spread in found.by_stage.values()) == whole * HOUR
    assert sum(spread.total for spread in found.by_body.values()) == whole * HOUR


def test_what_is_still_open_when_the_study_closes_is_told():
    quick = {"registered_at": 0, "released_at": 1, "cleared_at": 2}
    slow = {"registered_at": 0, "released_at": 1, "cleared_at": 100}
    gone = {"registered_at": 0, "cancelled_at": 1}
    late = {**quick, "day": date(2020, 5, 10)}
    found = study(frame(quick, slow, gone, late), WINDOW, START + timedelta(hours=99), offices=("A", "B"))
    assert (found.registered, found.cleared, found.pending) == (2, 1, 1)
    assert found.release.count == 2
    assert found.without_sample == ("B",)


def test_a_window_without_a_declaration_has_no_mean_and_not_a_mean_of_zero():
    found = study(frame({"registered_at": 0, "day": date(2020, 6, 1)}), WINDOW, START)
    assert (found.registered, found.release.mean, found.release.median, found.release.percentile(90)) == (
        0,
        None,
        None,
        None,
    )


def test_goods_released_before_they_arrived_waited_for_nobody():
    found = study(
        frame({"registered_at": 0, "released_at": 1, "arrived_at": 5, "cleared_at": 6}),
        WINDOW,
        START + timedelta(days=9),
    )
    assert found.release.total == 0


def test_the_mean_release_time_of_may_2020():
    # 10:05:48 after 10:36:54, which is 31'06" less: 1,866 s of 38,214 s = 4.883 %
    now, before = 36_348 * SECOND, 38_214 * SECOND
    found = reduction(now, before)
    assert found is not None
    assert found.fell_by == (31 * 60 + 6) * SECOND
    assert found.share == Fraction(1_866, 38_214)
    assert reduction(None, before) is None


def test_the_median_of_an_even_number_lies_half_way_and_percentiles_are_observed_times():
    found = spread_of([4, 1, 2, 3])
    assert (found.mean, found.median) == (Fraction(5, 2), Fraction(5, 2))
    assert (found.percentile(25), found.percentile(75), found.percentile(90)) == (1, 3, 4)
    assert spread_of([7]).median == 7
    assert (nearest_rank(100, 7), nearest_rank(10, 1)) == (7, 1)


def test_instants_go_and_come_back():
    at = datetime(2020, 6, 30, 23, 59, 59, 999_999, tzinfo=UTC)
    assert instant(microseconds(at)) == at


NOW = span("2020-H1").days
BEFORE = year_before(NOW)


def test_kept_new_returned_and_lost_by_the_rule():
    activity = [
        ("kept", date(2019, 6, 30)),
        ("kept", date(2020, 1, 1)),
        ("lost", date(2019, 1, 1)),
        ("new", date(2020, 6, 30)),
        ("new by the lake", date(2020, 3, 1)),
        ("back", date(2019, 7, 1)),
        ("back", date(2020, 2, 1)),
        ("after", date(2020, 7, 1)),
    ]
    found = classify(
        activity, {"new by the lake": date(2018, 3, 5), "new": None}, NOW, BEFORE, EnterpriseRule()
    )
    assert {name: kinds[-1] for name, kinds in found.items()} == {
        "kept": Activity.ACTIVE_BEFORE,
        "lost": Activity.LOST,
        "new": Activity.NEW,
        "new by the lake": Activity.RETURNED,
        "back": Activity.RETURNED,
    }
    assert Activity.KEPT in found["kept"]


def test_who_was_not_seen_for_two_years_may_count_as_new_by_the_rule():
    activity = [("old", date(2020, 2, 1))]
    first_days = {"old": date(2017, 12, 31)}
    within = EnterpriseRule(new_after_months=24)
    assert within.seen_from(NOW) == date(2018, 1, 1)
    assert Activity.NEW in classify(activity, first_days, NOW, BEFORE, within)["old"]
    assert Activity.RETURNED in classify(activity, first_days, NOW, BEFORE, EnterpriseRule())["old"]
    assert Activity.RETURNED in classify(activity, {"old": date(2018, 1, 1)}, NOW, BEFORE, within)["old"]


def test_the_counts_of_every_combination_keep_the_identities():
    counts = {
        (now, before, seen): 1 + 2 * now + 4 * before + 8 * seen
        for now in (0, 1)
        for before in (0, 1)
        for seen in (0, 1)
    }
    found = of_counts({tuple(map(bool, key)): count for key, count in counts.items()})
    assert found.kept + found.new + found.returned == found.active == 3 + 7 + 11 + 15
    assert found.kept + found.lost == found.active_before == 5 + 7 + 13 + 15
