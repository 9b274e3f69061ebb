"""Small lakes of invented facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from thongquan.analytics import facts
from thongquan.analytics.lake import Edition, Lake
from thongquan.engine.dated import Period
from thongquan.engine.indicators.facts import TABLES, Kind

EXPORTED_AT = datetime(2020, 7, 1, 2, 0, tzinfo=UTC)
TWO_YEARS = Period(date(2019, 1, 1), date(2020, 12, 31))

_EMPTY: dict[Kind, Any] = {
    Kind.TEXT: "",
    Kind.COUNT: 0,
    Kind.MONEY: 0,
    Kind.MILLIONTHS: 0,
    Kind.DAY: date(2020, 1, 1),
    Kind.INSTANT: 0,
    Kind.FLAG: False,
}


def filled(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a fact table: what is said, and nothing known of the rest."""
    empty = {c.name: None if c.optional else _EMPTY[c.kind] for c in TABLES[table].columns}
    assert set(row) <= set(empty), set(row) - set(empty)
    return {**empty, **row}


def changes(rows: Mapping[str, list[dict[str, Any]]]) -> dict[str, dict[str, pl.DataFrame]]:
    return {
        table: facts.by_month(TABLES[table], facts.frame(TABLES[table], [filled(table, row) for row in some]))
        for table, some in rows.items()
    }


@pytest.fixture
def publish(tmp_path: Path) -> Callable[..., Edition]:
    """Publish rows by table into one lake; tables cover two years unless told otherwise."""

    def published(
        rows: Mapping[str, list[dict[str, Any]]], at: datetime = EXPORTED_AT, covers: Period = TWO_YEARS
    ) -> Edition:
        return Lake(tmp_path / "lake").publish(at, changes(rows), dict.fromkeys(rows, covers))

    return published
