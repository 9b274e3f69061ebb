"""What is exported is what the record and the books say. Each declaration: value 1,000.00, duty 100.00, VAT 220.00."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from django.db.models import Sum

from thongquan.analytics.lake import Lake
from thongquan.analytics.measure import Measure, NotMeasurable
from thongquan.engine.assessment.exchange import ExchangeRate, ExchangeRates
from thongquan.engine.dated import Period
from thongquan.engine.indicators.catalogue import catalogue
from thongquan.engine.indicators.indicator import Distinct, parts
from thongquan.engine.indicators.periods import span
from thongquan.site.clearance import journey
from thongquan.site.clearance.models import Declaration
from thongquan.site.dashboards import export as exporting
from thongquan.site.dashboards.export import export
from thongquan.site.dashboards.snapshot import one_moment
from thongquan.site.kit import clock
from thongquan.site.ledger.models import Entry
from thongquan.site.parties.models import Trader

from ..country import ALWAYS, LAW, SYSTEM, make_pack, original

pytestmark = pytest.mark.usefixtures("committed")

MARCH, APRIL = Period(date(2026, 3, 2), date(2026, 3, 31)), span("2026-04").days
YEAR = Period(date(2026, 3, 2), date(2026, 4, 30))


@pytest.fixture
def pack(monkeypatch):
    """The country of two taxes, in which a dollar costs 2.00."""
    made = make_pack()
    rate = ExchangeRate.per_unit("USD", ALWAYS, 2_000_000, LAW)
    values = {part.name: getattr(made, part.name) for part in fields(made)}
    country = type(made)(**{**values, "exchange": ExchangeRates("KRN", 2, [rate])})
    country.__dict__["tariff"] = made.tariff
    monkeypatch.setattr(exporting, "site_pack", lambda: country)
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 4, 30, 12, tzinfo=UTC))
    return country


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def selected(days, pack, reference: str, on: datetime, **declared) -> str:
    days.now = on
    number = journey.lodge(message=original(reference, **declared), **days.ask("ann", pack)).number
    for act in (journey.accept, journey.assess, journey.select):
        assert act(number=number, **days.ask(SYSTEM, pack)).done
    return number


def paid(days, pack, number: str, minor: int, reference: str, user: str = "bank", **more) -> None:
    done = journey.pay(
        number=number, paid_minor=minor, source="bank", reference=reference, treasury="T1",
        **more, **days.ask(user, pack),
    )  # fmt: skip
    assert done.done, done.codes


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 5, tzinfo=UTC)


@pytest.fixture
def lived(days, pack):
    """Two declarations of March, one of them red, and one of April. A and C are paid."""
    one = selected(days, pack, "A", at(3, 2))
    paid(days, pack, one, 32_000, "BT-1", chapter="551")
    assert journey.clear(number=one, **days.ask(SYSTEM, pack)).done
    two = selected(days, pack, "B", at(3, 10), commodity="99999999")
    three = selected(days, pack, "C", at(4, 1))
    paid(days, pack, three, 33_000, "BT-2", user="rita")
    return one, two, three


def rows(lake: Lake, table: str) -> pl.DataFrame:
    return pl.concat(pl.read_parquet(file) for file in lake.edition().files(table))


def test_revenue_is_the_sum_of_the_books_and_declarations_are_counted(lived, lake):
    done = export(lake.root)
    assert (done.edition, done.unvalued) == (1, 0)
    measure = Measure(lake.edition(), catalogue())
    books = Entry.objects.filter(account__kind="TREASURY").aggregate(total=Sum("amount_minor"))["total"]
    # 32,000 in March, 33,000 in April of which 1,000 settles nothing yet
    assert measure.value("REV", YEAR).amount == books == 65_000
    assert measure.value("REV", MARCH).amount == 32_000
    assert measure.value("DECL", YEAR).amount == 3
    assert [measure.value(code, YEAR).hits for code in ("CH_G", "CH_Y", "CH_R")] == [2, 0, 1]
    # three times 1,000.00 krona, and half as many dollars
    assert measure.value("TURN_BOOKS", YEAR).amount == 300_000
    assert measure.value("TURN", YEAR).amount == 150_000


def test_money_is_told_by_the_tax_that_it_settled(lived, lake):
    export(lake.root)
    entries = rows(lake, "entries").filter(pl.col("account") == "TREASURY")
    told = entries.select(
        "posted_day", "tax", "amount_minor", "method", "chapter", "budget_or_deposit", "payer"
    )
    assert sorted(told.rows(), key=lambda row: (row[0], row[1])) == [
        (date(2026, 3, 2), "DTY", 10_000, "ELECTRONIC", "551", "BUDGET", "TRADER-1"),
        (date(2026, 3, 2), "VAT", 22_000, "ELECTRONIC", "551", "BUDGET", "TRADER-1"),
        (date(2026, 4, 1), "", 1_000, "COUNTER", "", "BUDGET", "TRADER-1"),
        (date(2026, 4, 1), "DTY", 10_000, "COUNTER", "", "BUDGET", "TRADER-1"),
        (date(2026, 4, 1), "VAT", 22_000, "COUNTER", "", "BUDGET", "TRADER-1"),
    ]
    assert rows(lake, "entries")["amount_minor"].sum() == 0


def test_money_counts_on_the_day_that_the_treasury_recognises_it(days, pack, lake):
    number = selected(days, pack, "A", at(3, 31))
    paid(days, pack, number, 32_000, "BT-1", recognised_on=date(2026, 4, 1))
    export(lake.root)
    measure = Measure(lake.edition(), catalogue())
    assert measure.value("REV", APRIL).amount == 32_000
    assert measure.value("REV", Period(date(2026, 3, 31), date(2026, 3, 31))).amount == 0


def test_nothing_changed_writes_nothing_and_a_correction_only_its_months(lived, days, pack, lake):
    export(lake.root)
    first = {table: dict(held.parts) for table, held in lake.edition().manifest.tables.items()}
    assert export(lake.root).edition is None
    days.now = at(4, 20)
    paid(days, pack, lived[1], 10_000, "BT-3")
    done = export(lake.root)
    assert (done.edition, dict(done.months)) == (
        2, {"declarations": ("2026-03",), "lines": ("2026-03",), "entries": ("2026-04",)},
    )  # fmt: skip
    now = {table: dict(held.parts) for table, held in lake.edition().manifest.tables.items()}
    assert now["declarations"]["2026-04"] == first["declarations"]["2026-04"]
    assert now["entries"]["2026-03"] == first["entries"]["2026-03"]
    assert now["amounts"] == first["amounts"]
    assert lake.edition().verify() == lake.edition(1).verify() == []


def test_every_drill_down_adds_up_to_its_figure(lived, lake):
    export(lake.root)
    measure = Measure(lake.edition(), catalogue())
    followed = 0
    for code in measure.indicators:
        try:
            value = measure.value(code, YEAR)
        except NotMeasurable:
            continue
        if value.missing or value.spread is not None:
            continue
        behind, column = measure.drill(code, YEAR), measure.column_summed(code)
        part = next(iter(parts(measure.indicators[code].formula)), None)
        if isinstance(part, Distinct):
            told = behind[part.of].n_unique()
        else:
            told = abs(behind[column].sum()) if column else behind.height
        assert told == (value.amount if value.hits is None else value.hits), code
        followed += 1
    assert followed >= 15


def test_amounts_are_those_assessed_and_instants_those_of_the_acts(lived, lake):
    export(lake.root)
    amounts = rows(lake, "amounts").filter(pl.col("number") == lived[0])
    assert amounts.select("item", "tax", "assessed_minor", "payable_minor").rows() == [
        (1, "DTY", 10_000, 10_000),
        (1, "VAT", 22_000, 22_000),
    ]
    told = {row["number"]: row for row in rows(lake, "declarations").iter_rows(named=True)}
    one, two = told[lived[0]], told[lived[1]]
    assert one["registered_at"] < one["selected_at"] < one["paid_at"] < one["cleared_at"]
    assert (one["released_at"], one["channel"], two["channel"]) == (one["cleared_at"], 1, 3)
    assert (two["paid_at"], two["inspected_at"], two["inspection_found"]) == (None, None, None)
    assert one["head"] == Declaration.objects.get(number=lived[0]).head
    trader = rows(lake, "traders").row(0, named=True)
    assert (trader["trader"], trader["first_day"]) == ("TRADER-1", date(2026, 3, 2))


def test_a_value_without_its_rate_is_unknown_and_the_month_is_read_again(days, pack, lake, monkeypatch):
    selected(days, pack, "A", at(3, 2))
    bare = make_pack()
    monkeypatch.setattr(exporting, "site_pack", lambda: bare)
    assert export(lake.root).unvalued == 1
    assert rows(lake, "declarations")["value_usd_cents"].to_list() == [None]
    monkeypatch.setattr(exporting, "site_pack", lambda: pack)
    done = export(lake.root)
    assert (done.months["declarations"], done.unvalued) == (("2026-03",), 0)
    assert rows(lake, "declarations")["value_usd_cents"].to_list() == [50_000]


def test_days_before_the_record_are_missing_and_not_zero(lived, lake):
    export(lake.root)
    assert (
        Measure(lake.edition(), catalogue()).value("REV", span("2026-02").days).why_missing == "NOT_COVERED"
    )
    assert Measure(lake.edition(), catalogue()).value("REFUND", YEAR).why_missing == "NO_RECORDS"


def test_an_empty_record_is_exported_too(pack, lake):
    assert export(lake.root).edition == 1
    today = Period(date(2026, 4, 30), date(2026, 4, 30))
    assert Measure(lake.edition(), catalogue()).value("DECL", today).amount == 0


def test_nothing_is_written_inside_the_moment_that_is_read(pack):
    from django.db import DatabaseError

    with pytest.raises(DatabaseError), one_moment():
        Trader.objects.create(registry_id="TRADER-9")
    Trader.objects.create(registry_id="TRADER-9")
