"""Exported rows → fact frames: every column with its type, in the order of `engine.indicators.facts`, and proven."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import polars as pl

from ..engine.findings import Finding, in_order
from ..engine.indicators.facts import Kind, Table, bounds

DTYPES: Final[Mapping[Kind, type[pl.DataType]]] = {
    Kind.TEXT: pl.String,
    Kind.COUNT: pl.Int64,
    Kind.MONEY: pl.Int64,
    Kind.MILLIONTHS: pl.Int64,
    Kind.DAY: pl.Date,
    Kind.INSTANT: pl.Int64,
    Kind.FLAG: pl.Boolean,
}


class BadFacts(ValueError):
    """Rows that are no facts. `findings` says each reason, with the table and column."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("; ".join(f"{found.code} {found.at}" for found in findings))
        self.findings = findings


def schema(table: Table) -> dict[str, pl.DataType]:
    """The types of a table's columns, in its order."""
    return {column.name: DTYPES[column.kind]() for column in table.columns}


def frame(table: Table, rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """A fact frame of exported rows, proven by `proven`. Instants come as microseconds."""
    return proven(table, pl.DataFrame(list(rows), schema=schema(table), orient="row"))


def proven(table: Table, given: pl.DataFrame) -> pl.DataFrame:
    """The same rows in the table's own order: columns as declared, rows by day and key, so that the same facts make
    the same file. BadFacts where a column is absent, of another type, empty where it may not be, out of its bounds, or
    where two rows have one key."""
    findings = [
        Finding("FACT_COLUMN_ABSENT", at=f"{table.name}.{column.name}", says={"column": column.name})
        for column in table.columns
        if column.name not in given.columns
    ]
    if findings:
        raise BadFacts(in_order(findings))
    chosen = given.select(column.name for column in table.columns)
    for column in table.columns:
        series = chosen[column.name]
        place = f"{table.name}.{column.name}"
        if series.dtype != DTYPES[column.kind]:
            says = {"column": column.name, "found": str(series.dtype), "wanted": str(DTYPES[column.kind]())}
            findings.append(Finding("FACT_COLUMN_TYPE", at=place, says=says))
            continue
        if not column.optional and series.null_count():
            says = {"column": column.name, "rows": str(series.null_count())}
            findings.append(Finding("FACT_MISSING", at=place, says=says))
        limits = bounds(column.kind)
        if limits is not None and series.len() > series.null_count():
            least, greatest = series.min(), series.max()
            if least < limits[0] or greatest > limits[1]:  # type: ignore[operator]
                says = {"column": column.name, "least": str(least), "greatest": str(greatest)}
                findings.append(Finding("FACT_OUT_OF_BOUNDS", at=place, says=says))
    if not findings and _repeats(chosen, table.key):
        findings.append(Finding("FACT_REPEATED", at=table.name, says={"key": ", ".join(table.key)}))
    if findings:
        raise BadFacts(in_order(findings))
    return chosen.sort([table.day, *table.key] if table.day else list(table.key))


def _repeats(rows: pl.DataFrame, key: tuple[str, ...]) -> bool:
    if len(key) == 1:  # three times as fast
        return rows[key[0]].n_unique() < rows.height
    return bool(rows.select(key).is_duplicated().any())


def by_month(table: Table, given: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """A table's rows by the month that they belong to, "2020-06"; of a table that is kept whole all under ""."""
    if not table.day:
        return {"": given}
    months = given.with_columns(pl.col(table.day).dt.strftime("%Y-%m").alias("month"))
    return {
        str(key[0]): part.drop("month")
        for key, part in sorted(months.partition_by("month", as_dict=True, maintain_order=True).items())
    }
