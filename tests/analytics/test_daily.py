"""The maintained daily rows give the figures of the facts, or pass the question on."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from thongquan.analytics.daily import Daily, bin_bounds, bin_of
from thongquan.analytics.measure import Measure
from thongquan.engine.dated import Period
from thongquan.engine.indicators.catalogue import Terms, catalogue
from thongquan.engine.indicators.indicator import Spread
from thongquan.engine.indicators.periods import span
from thongquan.engine.ledger.journal import LARGEST_MINOR

from .conftest import EXPORTED_AT
from .test_backends import adversarial

H1 = span("2020-H1").days
CATALOGUE = catalogue(Terms(authorised=("UT",)))
MEASURED = [code for code, one in CATALOGUE.items() if one.table]


@pytest.fixture
def maintained(publish, tmp_path):
    rows = adversarial(31, 600)
    edition = publish(rows)
    daily = Daily(tmp_path / "daily", CATALOGUE)
    daily.refresh(edition)
    return rows, daily, Measure(edition, CATALOGUE)


class Refusing:
    """A backend that must not be asked."""

    name = "refusing"

    def __getattr__(self, name):
        raise AssertionError(f"asked the facts: {name}")


@pytest.mark.parametrize("days", [H1, span("2020-02").days, Period(date(2020, 3, 7), date(2020, 5, 2))])
@pytest.mark.parametrize(
    ("scope", "split"),
    [({}, ()), ({"department": "20"}, ()), ({"office": ["20BB", "ồ"]}, ("department",)), ({}, ("office",))],
)
def test_the_daily_rows_give_the_figures_of_the_facts(maintained, days, scope, split):
    _, daily, measure = maintained
    codes = [code for code in MEASURED if {*scope, *split} <= set(CATALOGUE[code].splits)]
    facts = measure.values(codes, days, scope, split)
    found = daily.values(measure, codes, days, scope, split)
    for code in codes:
        assert [one.amount for one in found[code]] == [one.amount for one in facts[code]], code
        assert [one.why_missing for one in found[code]] == [one.why_missing for one in facts[code]], code
        if not isinstance(CATALOGUE[code].formula, Spread):
            assert [one.split for one in found[code]] == [one.split for one in facts[code]], code


def test_what_a_dashboard_shows_never_opens_the_facts(maintained):
    _, daily, measure = maintained
    closed = Measure(measure.edition, CATALOGUE, Refusing())
    shown = [
        "REV",
        "EPAY",
        "DECL",
        "TURN",
        "EDECL",
        "CH_G",
        "CH_Y",
        "CH_R",
        "HIT",
        "CLR_MED",
        "REL_TRS",
        "REFUND",
    ]
    assert all(daily.values(closed, shown, H1)[code] for code in shown)
    with pytest.raises(AssertionError, match="asked the facts"):
        daily.values(closed, ["ENT_NEW"], H1)


def test_a_percentile_lies_in_its_bracket(maintained):
    _, daily, measure = maintained
    for code in ("CLR_MED", "REL_TRS"):
        spread = measure.value(code, H1).spread
        for percent in (10, 50, 90, 99):
            bracket = daily.bracket(measure, code, H1, percent)
            assert bracket.from_us <= spread.percentile(percent) < bracket.until_us
    assert daily.bracket(measure, "CLR_MED", H1, 50, {"office": "20BB"}) is None


def test_bins_touch_and_are_at_most_a_32nd_wide():
    seconds = np.array([0, 1, 63, 64, 65, 127, 128, 2**31, 2**32 - 1, 2**32, 2**33 + 1], dtype=np.int64)
    for second, number in zip(seconds.tolist(), bin_of(seconds).tolist(), strict=True):
        first, until = bin_bounds(number)
        assert first <= second < until
        assert until - first <= max(1, first // 32)
    assert [bin_bounds(n + 1)[0] - bin_bounds(n)[1] for n in range(800)] == [0] * 800


def test_only_the_month_that_changed_is_made_again_and_until_then_its_figures_come_from_the_facts(
    maintained, publish, tmp_path
):
    rows, daily, measure = maintained
    assert daily.refresh(measure.edition) == []
    changed = next(row for row in rows["declarations"] if row["legal_day"].strftime("%Y-%m") == "2020-03")
    changed |= {"registered_at": 1, "cancelled_at": None, "channel": 1, "department": "20"}
    extra = {**changed, "number": "new"}
    later = publish(
        {**rows, "declarations": [*rows["declarations"], extra]}, at=EXPORTED_AT + timedelta(days=1)
    )
    now = Measure(later, CATALOGUE)
    assert not daily.fresh(later, "declarations", H1)
    assert daily.values(now, ["DECL"], H1)["DECL"] == now.values(["DECL"], H1)["DECL"]
    assert daily.fresh(later, "declarations", span("2020-02").days)
    assert daily.refresh(later) == ["declarations 2020-03"]
    assert daily.fresh(later, "declarations", H1)
    shown = [code for code in MEASURED if not isinstance(CATALOGUE[code].formula, Spread)]
    assert daily.values(now, shown, H1) == now.values(shown, H1)
    assert daily.bracket(now, "CLR_MED", H1, 50) == daily_of(now, tmp_path).bracket(now, "CLR_MED", H1, 50)


def test_only_the_days_that_changed_are_added_up_again(maintained, publish, tmp_path, monkeypatch):
    rows, daily, _ = maintained
    changed = next(row for row in rows["entries"] if row["posted_day"].strftime("%Y-%m") == "2020-03")
    changed["amount_minor"] = 5
    later = publish(rows, at=EXPORTED_AT + timedelta(days=1))
    made = []
    whole = Daily._made

    def watched(self, table, given):
        made.append((table, given["posted_day"].unique().to_list()))
        return whole(self, table, given)

    monkeypatch.setattr(Daily, "_made", watched)
    assert daily.refresh(later) == ["entries 2020-03"]
    assert made == [("entries", [changed["posted_day"]])]
    now = Measure(later, CATALOGUE)
    assert daily.values(now, ["REV_NET", "EPAY"], H1, {}, ("office",)) == now.values(
        ["REV_NET", "EPAY"], H1, {}, ("office",)
    )


def daily_of(measure, place):
    """Daily rows made anew in another folder."""
    daily = Daily(place / "anew", CATALOGUE)
    daily.refresh(measure.edition)
    return daily


def test_another_catalogue_makes_other_rows(maintained, tmp_path):
    _, daily, measure = maintained
    other = Daily(tmp_path / "daily", {code: CATALOGUE[code] for code in ("DECL",)})
    assert other.version != daily.version
    assert not other.fresh(measure.edition, "declarations", H1)


def test_a_day_that_does_not_fit_64_bits_is_refused_and_does_not_wrap(publish, tmp_path):
    row = {"account": "TREASURY", "budget_or_deposit": "BUDGET", "posted_day": date(2020, 1, 1)}
    rows = [{**row, "entry": str(n), "amount_minor": LARGEST_MINOR} for n in range(1_001)]
    edition = publish({"entries": rows})
    assert Measure(edition, CATALOGUE).value("REV", H1).amount == 1_001 * LARGEST_MINOR
    with pytest.raises(Exception, match="conversion from `i128` to `i64` failed"):
        Daily(tmp_path / "daily", CATALOGUE).refresh(edition)
