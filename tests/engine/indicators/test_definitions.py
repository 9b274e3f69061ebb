"""An indicator is a value: what it may count, what names its wording, and what derived figures rest on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from thongquan.engine.indicators import derived
from thongquan.engine.indicators.catalogue import Netted, RevenueRule, Terms, catalogue, key_indicators
from thongquan.engine.indicators.comparison import Before
from thongquan.engine.indicators.expression import EVERY, Any_, First, Given, col, columns, value
from thongquan.engine.indicators.indicator import (
    Amount,
    Count,
    Derived,
    Direction,
    Total,
    Unit,
    definition_version,
)
from thongquan.engine.indicators.periods import span
from thongquan.engine.indicators.ranks import Basis, Peer, PeerTable, place_of
from thongquan.engine.indicators.targets import ScenarioPath, Target, TargetKind
from thongquan.engine.indicators.value import Nature, Value

H1 = span("2020-H1").days
MID_YEAR = date(2020, 6, 30)


def revenue(amount, why=""):
    return Value(
        indicator="REV",
        unit=Unit.MONEY_MINOR,
        better=Direction.HIGHER,
        days=H1,
        amount=amount,
        why_missing=why,
    )


PROVINCE = Target(
    indicator="REV",
    year=2020,
    authority="PROVINCE",
    kind=TargetKind.ASSIGNED,
    place="20",
    value=11_000,
    decision="NQ-1",
    decided_on=date(2019, 12, 7),
    first_day=date(2020, 1, 1),
)


@pytest.mark.parametrize(
    ("expression", "row", "found"),
    [
        (col("a").is_(1), {"a": None}, None),
        (~col("a").is_(1), {"a": None}, None),
        (col("a").is_(1) | col("b").is_(1), {"a": None, "b": 1}, True),
        (col("a").is_(1) | col("b").is_(1), {"a": None, "b": 2}, None),
        (col("a").is_(1) & col("b").is_(1), {"a": None, "b": 2}, False),
        (col("a").in_(1, 2), {"a": None}, None),
        (col("a").in_(1, 2), {"a": 2}, True),
        (col("a").present, {"a": None}, False),
        (First((col("a"), col("b"))), {"a": None, "b": 3}, 3),
        (EVERY, {}, True),
        (Any_(()), {}, False),
        (col("d") < Given("last_day"), {"d": date(2020, 6, 29)}, True),
    ],
)
def test_the_unknown_is_neither_true_nor_false(expression, row, found):
    assert (
        value(expression, row, {"last_day": MID_YEAR}) is found
        or value(expression, row, {"last_day": MID_YEAR}) == found
    )


def test_an_expression_knows_its_columns_and_joins_flat():
    joined = col("a").is_(1) & col("b").present & ~col("c").is_(2)
    assert columns(joined) == {"a", "b", "c"}
    assert len(joined.parts) == 3
    with pytest.raises(ValueError, match="membership of nothing"):
        col("a").in_()


def test_the_version_of_a_definition_follows_its_formula_and_not_its_card():
    found = catalogue()["DECL"]
    assert definition_version(found) == definition_version(catalogue()["DECL"])
    assert definition_version(replace(found, card=replace(found.card, owner="RISK"))) == definition_version(
        found
    )
    assert definition_version(replace(found, formula=Amount(Count()))) != definition_version(found)
    assert definition_version(replace(found, splits=())) == definition_version(found)


def test_another_rule_of_revenue_is_another_definition():
    gross = catalogue()["REV"]
    net = catalogue(Terms(RevenueRule(Netted.ALL)))["REV"]
    assert definition_version(gross) != definition_version(net)
    with pytest.raises(ValueError, match="refunded_taxes"):
        RevenueRule(Netted.LISTED)
    with pytest.raises(ValueError, match="refunded_taxes"):
        RevenueRule(Netted.ALL, refunded_taxes=("VAT",))


def test_an_indicator_that_reads_what_its_table_has_not_is_refused():
    found = catalogue()["DECL"]
    with pytest.raises(KeyError, match="nothing"):
        replace(found, formula=Amount(Total("nothing")))
    with pytest.raises(KeyError, match="nothing"):
        replace(found, splits=("nothing",))
    with pytest.raises(ValueError, match="no day that every row has"):
        replace(found, counted_on="registered_at")
    with pytest.raises(ValueError, match="no table of its own"):
        replace(found, formula=Derived("execution", ("REV",)))


def test_authorised_traders_are_counted_only_where_a_country_names_their_classes():
    assert "AEO_SHR" not in catalogue()
    assert "AEO_SHR" in catalogue(Terms(authorised=("A",)))
    assert "REV" in key_indicators(catalogue())
    assert "REV_NEED" not in key_indicators(catalogue())


def test_execution_rests_on_its_target():
    found = derived.execution(revenue(6_718), PROVINCE)
    assert (found.amount, found.hits, found.of) == (Fraction(6_718, 11_000), 6_718, 11_000)
    assert found.facts["authority"] == "PROVINCE"
    missing = derived.execution(revenue(None, "NOT_COVERED"), PROVINCE)
    assert (missing.amount, missing.why_missing) == (None, "NOT_COVERED")
    assert derived.execution(revenue(5), replace(PROVINCE, value=0)).why_missing == "TARGET_IS_ZERO"


def test_a_change_says_which_figure_of_then_it_took():
    found, comparison = derived.year_on_year(revenue(67_180), revenue(56_454), Before.FROZEN)
    assert (found.amount, found.facts["basis"]) == (Fraction(10_726, 56_454), "FROZEN")
    assert comparison.difference == 10_726
    lost, _ = derived.year_on_year(revenue(1), revenue(None, "NOT_COVERED"), Before.RESTATED)
    assert (lost.amount, lost.why_missing) == (None, "NOT_COVERED")


def test_need_scenario_place_and_reduction():
    assert derived.need(revenue(6_718), PROVINCE, MID_YEAR).amount == Fraction(4_282, 6)
    path = ScenarioPath("REV", "DEPARTMENT", "20", "KB-1", {f"2020-{n:02d}": 1_000 for n in range(1, 7)})
    assert derived.scenario(revenue(6_718), MID_YEAR, path).amount == Fraction(6_718, 6_000)
    table = PeerTable(
        indicator="REV_EXEC",
        basis=Basis.EXECUTION,
        as_of=MID_YEAR,
        source="annex",
        rows=(Peer("20", 7), Peer("02", 8, assumed=True)),
    )
    found = derived.place(revenue(1), place_of("20", table))
    assert (found.amount, found.of, found.facts["assumed"]) == (2, 2, "yes")
    assert derived.place(revenue(1), None).why_missing == "NO_TABLE_OF_PEERS"
    now, before = revenue(36_348), revenue(38_214)
    assert derived.shorter(now, before).amount == Fraction(1_866, 38_214)
    assert derived.kept_rate(revenue(198), revenue(0)).why_missing == "SHARE_OF_NOTHING"


def test_an_estimate_says_that_it_is_one_and_so_does_what_rests_on_it():
    expected = derived.estimated(revenue(6_000), 6_718, "đến 15/6, cộng nhịp thu")
    assert (expected.nature, expected.amount) == (Nature.ESTIMATED, 6_718)
    assert derived.execution(expected, PROVINCE).nature is Nature.ESTIMATED
