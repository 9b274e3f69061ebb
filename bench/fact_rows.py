"""Invented facts at size, the same in every run: two years of declarations, receipts and traders of 35 departments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from thongquan.analytics.facts import schema
from thongquan.engine.indicators.facts import DECLARATIONS, ENTRIES, TRADERS
from thongquan.engine.indicators.periods import month_end, months_of, span

DEPARTMENTS: Final = 35
OFFICES_EACH: Final = 6
TRADERS_IN_ALL: Final = 60_000
MONTHS: Final = [*months_of(span("2019").days), *months_of(span("2020").days)]

_DAY_US: Final = 86_400_000_000
_HOUR_US: Final = 3_600_000_000


def months(rows: int, seed: int = 2020) -> Iterator[tuple[str, pl.DataFrame, pl.DataFrame]]:
    """Each month with its declarations (`rows` over all) and their receipts."""
    each = rows // len(MONTHS)
    for number, month in enumerate(MONTHS):
        drawn = np.random.default_rng([seed, number])
        declarations = _declarations(month, number * each, each, drawn)
        yield month, declarations, _entries(declarations, drawn)


def traders() -> pl.DataFrame:
    drawn = np.random.default_rng(7)
    names = pl.Series([f"{number:010d}" for number in range(TRADERS_IN_ALL)])
    start = np.datetime64("2016-01-01")
    told = {
        "trader": names,
        "name": "Công ty giả định " + names,
        "province_inside": drawn.random(TRADERS_IN_ALL) < 0.4,
        "compliance": drawn.choice(["UT", "T", "TB", "C"], TRADERS_IN_ALL, p=[0.01, 0.3, 0.5, 0.19]),
        "first_day": start + drawn.integers(0, 1_500, TRADERS_IN_ALL),
    }
    return pl.DataFrame(told).cast(schema(TRADERS)).select(schema(TRADERS).keys())  # type: ignore[arg-type]


def _declarations(month: str, first_number: int, count: int, drawn: np.random.Generator) -> pl.DataFrame:
    year, number = map(int, month.split("-"))
    days = month_end(year, number).day
    day = np.sort(drawn.integers(0, days, count))
    first = np.datetime64(date(year, number, 1))
    office = drawn.integers(0, DEPARTMENTS * OFFICES_EACH, count)
    # A few traders declare often, most seldom.
    trader = (TRADERS_IN_ALL * drawn.random(count) ** 3).astype(np.int64)
    midnight = (first + day).astype("datetime64[us]").astype(np.int64)
    registered = midnight + drawn.integers(_HOUR_US, _DAY_US, count)
    channel = drawn.choice([1, 2, 3], count, p=[0.62, 0.33, 0.05])
    selected = registered + drawn.integers(1_000, 10_000_000, count)
    checked = selected + drawn.integers(10, 300, count) * 60_000_000
    inspected = checked + drawn.integers(1, 30, count) * _HOUR_US
    hours = np.exp(drawn.normal(1.5, 1.1, count))
    released = np.maximum(
        selected + (hours * _HOUR_US).astype(np.int64), np.where(channel == 3, inspected, checked)
    )
    cleared = released + drawn.integers(0, 5, count) * _HOUR_US
    value = np.exp(drawn.uniform(np.log(10**7), np.log(10**11), count)).astype(np.int64)
    never = drawn.random(count) < 0.01
    frame = pl.DataFrame(
        {
            "number": pl.Series(np.arange(first_number, first_number + count) + 10**11).cast(pl.String),
            "office": office,
            "department": office // OFFICES_EACH,
            "flow": drawn.integers(0, 2, count),
            "trader": trader,
            "legal_day": first + day,
            "registered_at": registered,
            "arrived_at": registered - drawn.integers(-5, 50, count) * _HOUR_US,
            "selected_at": selected,
            "channel": channel,
            "documents_checked_at": checked,
            "inspected_at": inspected,
            "found": drawn.random(count) < 0.05,
            "paid_at": selected + drawn.integers(1, 600, count) * 60_000_000,
            "released_at": released,
            "cleared_at": cleared,
            "passed_at": cleared + drawn.integers(1, 40, count) * _HOUR_US,
            "cancelled": never,
            "value_vnd_minor": value,
            "value_usd_cents": value // 232,
            "lines": drawn.integers(1, 20, count),
            "electronic": drawn.random(count) < 0.995,
            "simplified": drawn.random(count) < 0.1,
            "origin": drawn.integers(0, 6, count),
            "type": drawn.integers(0, 6, count),
        }
    )
    doubted, red = pl.col("channel") > 1, pl.col("channel") == 3
    told = frame.select(
        "number",
        office=_code(
            "office", [f"{n // OFFICES_EACH + 1:02d}{'ABCDEF'[n % 6]}" for n in range(office.max() + 1)]
        ),
        department=_code("department", [f"{n + 1:02d}" for n in range(DEPARTMENTS)]),
        flow=_code("flow", ["IMPORT", "EXPORT"]),
        type_code=_code("type", ["A11", "A12", "B11", "E21", "E62", "G51"]),
        trader=pl.col("trader").cast(pl.String).str.zfill(10),
        origin_main=_code("origin", ["CN", "KR", "JP", "VN", "US", ""]),
        legal_day=pl.col("legal_day").cast(pl.Date),
        registered_at="registered_at",
        arrived_at="arrived_at",
        selected_at="selected_at",
        channel="channel",
        documents_checked_at=pl.when(doubted).then("documents_checked_at"),
        inspected_at=pl.when(red).then("inspected_at"),
        inspection_found=pl.when(red).then("found"),
        paid_at="paid_at",
        released_at="released_at",
        cleared_at="cleared_at",
        passed_at="passed_at",
        cancelled_at=pl.when("cancelled").then("registered_at"),
        value_vnd_minor="value_vnd_minor",
        value_usd_cents="value_usd_cents",
        lines="lines",
        national_count=pl.lit(1, pl.Int64),
        electronic="electronic",
        simplified="simplified",
        state=pl.when("cancelled").then(pl.lit("CANCELLED")).otherwise(pl.lit("CLEARED")),
        version=pl.lit(1, pl.Int64),
        head=pl.col("number").hash(1).cast(pl.String),
    )
    return told.cast(schema(DECLARATIONS)).select(schema(DECLARATIONS).keys())  # type: ignore[arg-type]


def _code(column: str, codes: list[str]) -> pl.Expr:
    return pl.col(column).replace_strict(range(len(codes)), codes, return_dtype=pl.String)


def _entries(declarations: pl.DataFrame, drawn: np.random.Generator) -> pl.DataFrame:
    paying = declarations.filter((pl.col("flow") == "IMPORT") & pl.col("cancelled_at").is_null())
    count = paying.height
    given = {name: drawn.integers(0, high, count) for name, high in (("tax", 3), ("share", 25), ("by", 40))}
    told = paying.with_columns(**{name: pl.Series(drawn_) for name, drawn_ in given.items()}).select(
        entry="R" + pl.col("number"),
        journal="J" + pl.col("number"),
        subject="number",
        account=pl.lit("TREASURY"),
        tax=_code("tax", ["NK", "VAT", "TTDB"]),
        payer="trader",
        office="office",
        department="department",
        chapter=pl.lit("018"),
        sub_item=_code("tax", ["1901", "1702", "1753"]),
        treasury="department",
        budget_or_deposit=pl.lit("BUDGET"),
        method=pl.when(pl.col("by") > 0).then(pl.lit("ELECTRONIC")).otherwise(pl.lit("COUNTER")),
        posted_day="legal_day",
        recorded_at="paid_at",
        amount_minor=pl.col("value_vnd_minor") * pl.col("share") // 100 + 1,
        reverses=pl.lit(""),
    )
    return told.cast(schema(ENTRIES)).select(schema(ENTRIES).keys())  # type: ignore[arg-type]
