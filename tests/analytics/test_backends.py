"""Every engine gives the figures of the oracle: the definitions over Python rows, one by one."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import polars as pl
import pytest

from thongquan.analytics.backends import Backend, Polars
from thongquan.analytics.measure import Measure
from thongquan.engine.dated import Period
from thongquan.engine.indicators.catalogue import Netted, RevenueRule, Terms, catalogue
from thongquan.engine.indicators.enterprises import EnterpriseRule, classify
from thongquan.engine.indicators.expression import value as oracle
from thongquan.engine.indicators.indicator import (
    Amount,
    Count,
    Distinct,
    Enterprises,
    Indicator,
    Part,
    Ratio,
    Spread,
    Total,
    When,
    parts,
)
from thongquan.engine.indicators.periods import span, year_before
from thongquan.engine.indicators.value import spread_of
from thongquan.engine.ledger.journal import LARGEST_MINOR

from .conftest import filled

H1 = span("2020-H1").days
CATALOGUE = catalogue(
    Terms(RevenueRule(Netted.LISTED, refunded_taxes=("XK", "O'Duty")), authorised=("UT", "UT2"))
)
MEASURED = [code for code, one in CATALOGUE.items() if one.table]
EDGES = [
    date(2019, 1, 1),
    date(2019, 6, 30),
    date(2019, 7, 1),
    date(2019, 12, 31),
    date(2020, 1, 1),
    date(2020, 6, 30),
]
SIZES = [0, 1, -1, LARGEST_MINOR, -LARGEST_MINOR, 2**53 + 1, 10**15 + 7]


def adversarial(seed: int, count: int = 400) -> dict[str, list[dict[str, Any]]]:
    """Rows that engines like to differ on: nulls everywhere that they may be, quotes and Vietnamese in texts, sums far
    beyond 64 bits, figures beyond the doubles, ends before starts, equal durations, the edges of the periods."""
    draw = random.Random(seed)

    def day() -> date:
        return (
            draw.choice(EDGES) if draw.random() < 0.4 else date(2019, 1, 1) + timedelta(draw.randrange(700))
        )

    def at() -> int | None:
        return None if draw.random() < 0.25 else draw.choice([0, 10**15, draw.randrange(10**15, 10**15 + 40)])

    def flag() -> bool:
        return draw.random() < 0.5

    traders = [f"{n:010d}" for n in range(40)]
    declarations = [
        {
            "number": f"D{n:05d}",
            "office": draw.choice(["20BB", "20BC", "Chi cục 'A'", "", "ồ"]),
            "department": draw.choice(["20", "02"]),
            "flow": draw.choice(["IMPORT", "EXPORT"]),
            "type_code": "A11",
            "trader": draw.choice([*traders, "unknown"]),
            "legal_day": day(),
            **{
                name: at()
                for name in (
                    "registered_at",
                    "arrived_at",
                    "selected_at",
                    "documents_checked_at",
                    "inspected_at",
                )
            },
            **{name: at() for name in ("paid_at", "released_at", "cleared_at", "passed_at")},
            "cancelled_at": at() if draw.random() < 0.2 else None,
            "channel": draw.choice([None, 1, 2, 3]),
            "inspection_found": draw.choice([None, True, False]),
            "value_vnd_minor": draw.choice(SIZES),
            "value_usd_cents": abs(draw.choice(SIZES)),
            "national_count": draw.randrange(1, 200),
            "electronic": flag(),
        }
        for n in range(count)
    ]
    entries = [
        {
            "entry": f"E{n:05d}",
            "account": draw.choice(["TREASURY", "TREASURY", "DEBTOR", "REVENUE"]),
            "tax": draw.choice(["NK", "XK", "O'Duty", ""]),
            "office": draw.choice(["20BB", "20BC"]),
            "department": draw.choice(["20", "02"]),
            "budget_or_deposit": draw.choice(["BUDGET", "DEPOSIT", ""]),
            "method": draw.choice(["ELECTRONIC", "COUNTER", ""]),
            "posted_day": day(),
            "amount_minor": draw.choice([a for a in SIZES if a]),
            "reverses": draw.choice(["", "", "J1"]),
        }
        for n in range(count)
    ]
    debts = [
        {
            "movement": f"M{n:05d}",
            "office": draw.choice(["20BB", "20BC"]),
            "department": "20",
            "due_day": day(),
            "day": day(),
            "movement_kind": draw.choice(["CHARGED", "COLLECTED", "WRITTEN_OFF"]),
            "amount_minor": draw.choice(SIZES),
        }
        for n in range(count)
    ]
    refunds = [
        {
            "refund": f"R{n:05d}",
            "department": "20",
            "paid_day": day(),
            "in_time": flag(),
            "amount_minor": draw.choice(SIZES),
        }
        for n in range(50)
    ]
    register = [
        {
            "trader": trader,
            "compliance": draw.choice(["UT", "UT2", "C3", ""]),
            "province_inside": draw.choice([None, True, False]),
            "first_day": draw.choice([None, date(2017, 1, 1), date(2019, 12, 31), date(2020, 1, 1)]),
        }
        for trader in traders
    ]
    return {
        "declarations": declarations,
        "entries": entries,
        "debts": debts,
        "refunds": refunds,
        "traders": register,
    }


class Oracle:
    """The figures by the definitions' own evaluation, row by row."""

    def __init__(self, rows: dict[str, list[dict[str, Any]]], days: Period) -> None:
        self.days = days
        register = {row["trader"]: row for row in (filled("traders", r) for r in rows["traders"])}
        unknown = dict.fromkeys(filled("traders", {}), None)
        self.first_days = {trader: row["first_day"] for trader, row in register.items()}
        self.rows: dict[str, list[dict[str, Any]]] = {}
        for table, some in rows.items():
            whole = [filled(table, row) for row in some]
            for row in whole:
                beside = register.get(row.get("trader", row.get("payer", "")), unknown)
                row.update({f"traders.{name}": found for name, found in beside.items()})
            self.rows[table] = whole

    def holds(self, among: Any, row: dict[str, Any]) -> bool:
        given = {"first_day": self.days.first_day, "last_day": self.days.last_day}
        return oracle(among, row, given) is True

    def of_part(self, part: Part, indicator: Indicator, scope: dict[str, Any]) -> int:
        first, last = self.days.first_day, self.days.last_day
        assert last is not None
        chosen = []
        for row in self.rows[indicator.table]:
            day = row[indicator.counted_on]
            in_time = {When.WITHIN: first <= day <= last, When.BY_END: day <= last, When.BEFORE: day < first}
            if (
                in_time[part.when]
                and self.holds(part.among, row)
                and all(row[k] == v for k, v in scope.items())
            ):
                chosen.append(row)
        match part:
            case Count():
                return len(chosen)
            case Total(amount=amount, negated=negated):
                return sum(row[amount] or 0 for row in chosen) * (-1 if negated else 1)
            case Distinct(of=of):
                return len({row[of] for row in chosen})

    def amount(self, indicator: Indicator, scope: dict[str, Any], rule: EnterpriseRule) -> Any:
        match indicator.formula:
            case Amount(part):
                return self.of_part(part, indicator, scope)
            case Ratio(hits, of):
                whole = self.of_part(of, indicator, scope)
                return Fraction(self.of_part(hits, indicator, scope), whole) if whole else None
            case Spread(start, end, among):
                spent = []
                for row in self.rows[indicator.table]:
                    a, b = oracle(start, row, {}), oracle(end, row, {})
                    if None in (a, b) or any(row[k] != v for k, v in scope.items()):
                        continue
                    if self.days.holds(row[indicator.counted_on]) and self.holds(among, row):
                        spent.append(max(0, b - a))
                return spread_of(spent)
            case Enterprises(activity, of, among):
                seen = [
                    (row[of], row[indicator.counted_on])
                    for row in self.rows[indicator.table]
                    if self.holds(among, row) and all(row[k] == v for k, v in scope.items())
                ]
                found = classify(seen, self.first_days, self.days, year_before(self.days), rule)
                return sum(activity in kinds for kinds in found.values())


@pytest.fixture(scope="module")
def spark_session() -> Iterator[Any]:
    pytest.importorskip("pyspark", reason="the extra spark is not installed")
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        pytest.skip("Spark needs Java")
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").appName("thongquan-tests")
    session = (
        builder.config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.driver.memory", "1g")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture(params=["polars", "duckdb", "spark"])
def backend(request: pytest.FixtureRequest) -> Backend:
    if request.param == "polars":
        return Polars()
    if request.param == "duckdb":
        pytest.importorskip("duckdb")
        from thongquan.analytics.backends import DuckDb

        return DuckDb()
    from thongquan.analytics.backends import Spark

    return Spark(request.getfixturevalue("spark_session"))


@pytest.mark.parametrize("months", [None, 24])
def test_every_engine_gives_every_figure_of_the_oracle(publish, backend, months):
    rows = adversarial(7)
    rule = EnterpriseRule(months)
    measure = Measure(publish(rows), CATALOGUE, backend, rule)
    expected = Oracle(rows, H1)
    found = measure.values(MEASURED, H1)
    for code in MEASURED:
        (figure,) = found[code]
        wanted = expected.amount(CATALOGUE[code], {}, rule)
        if isinstance(CATALOGUE[code].formula, Spread):
            assert figure.spread == wanted, code
            assert figure.amount == wanted.mean, code
        else:
            assert figure.amount == wanted, code
            assert isinstance(figure.amount, int | Fraction), code


def test_every_engine_splits_alike(publish, backend):
    rows = adversarial(11)
    measure = Measure(publish(rows), CATALOGUE, backend)
    expected = Oracle(rows, H1)
    split = [
        code
        for code in MEASURED
        if "office" in CATALOGUE[code].splits and CATALOGUE[code].table == "declarations"
    ]
    found = measure.values(split, H1, {"department": "20"}, ("office", "flow"))
    for code in split:
        assert len({figure.split for figure in found[code]}) == len(found[code])
        for figure in found[code]:
            scope = {"department": "20", "office": figure.split[0], "flow": figure.split[1]}
            wanted = expected.amount(CATALOGUE[code], scope, EnterpriseRule())
            assert (figure.spread if figure.spread else figure.amount) == wanted, (code, figure.split)
    assert [figure.split for figure in found["DECL"]] == sorted(figure.split for figure in found["DECL"])


def test_a_split_by_a_channel_that_is_not_known_yet_keeps_the_unknown(publish, backend):
    rows = adversarial(13)
    found = Measure(publish(rows), CATALOGUE, backend).values(["DECL"], H1, {}, ("channel",))["DECL"]
    assert [figure.split for figure in found] == [(None,), (1,), (2,), (3,)]
    whole = Measure(publish(rows), CATALOGUE, backend).value("DECL", H1)
    assert sum(figure.amount for figure in found) == whole.amount


def test_the_rows_behind_a_figure_are_the_rows_that_it_counted(publish, backend):
    rows = adversarial(17)
    measure = Measure(publish(rows), CATALOGUE, backend)
    reference = Measure(measure.edition, CATALOGUE)
    found = measure.values(MEASURED, H1)
    for code in MEASURED:
        behind = measure.drill(code, H1)
        (figure,) = found[code]
        formula = CATALOGUE[code].formula
        if isinstance(formula, Spread):
            assert behind.height == figure.spread.count
        elif isinstance(formula, Enterprises):
            assert behind.height == figure.amount
        elif not isinstance(parts(formula)[0], Distinct):
            column = measure.column_summed(code)
            counted = sum(behind[column].to_list()) if column else behind.height
            assert abs(counted) == abs(figure.hits if isinstance(formula, Ratio) else figure.amount), code
        assert behind.equals(reference.drill(code, H1)), code


def test_a_page_of_the_rows_is_a_piece_of_all_of_them(publish, backend):
    measure = Measure(publish(adversarial(19)), CATALOGUE, backend)
    whole = measure.drill("DECL", H1)
    pages = [measure.drill("DECL", H1, limit=30, offset=first) for first in range(0, whole.height, 30)]
    assert pl.concat(pages).equals(whole)


def test_a_covered_period_without_rows_is_zero_in_every_engine(publish, backend):
    rows = adversarial(23)
    for table in ("declarations", "entries", "debts", "refunds"):
        rows[table] = [
            row
            for row in rows[table]
            if all(v < date(2019, 1, 1) for v in row.values() if isinstance(v, date))
        ]
    edition = publish(rows)
    measure = Measure(edition, CATALOGUE, backend)
    assert measure.value("DECL", H1).amount == 0
    assert measure.value("REV", H1).amount == 0
    assert measure.value("ENT_NEW", H1).amount == 0
    share = measure.value("CH_G", H1)
    assert (share.amount, share.why_missing) == (None, "SHARE_OF_NOTHING")
    assert measure.value("CLR_MED", H1).why_missing == "NOTHING_MEASURED"
    assert measure.drill("DECL", H1).height == 0
