"""Polars, DuckDB and Spark over the same files and the same definitions: the same figures, to the last đồng.

A backend answers four kinds of question with exact integers; what they mean is `measure`'s business. DuckDB and Spark
read one SQL text (`sql`), Polars builds the same question from the same expressions; a test holds all against the
engine's own oracle. DuckDB and Spark are loaded when they are asked for: a site without them still measures.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import polars as pl

from ..engine.dated import Period
from ..engine.indicators.expression import (
    All,
    Any_,
    Col,
    Compare,
    Const,
    Expression,
    First,
    Given,
    In,
    Not,
    Present,
    columns,
)
from ..engine.indicators.facts import TABLES
from ..engine.indicators.indicator import Count, Distinct, Enterprises, Part, Spread, Total, When, reads
from ..engine.indicators.value import SpreadOf, ranks_wanted
from . import sql
from .facts import schema
from .lake import Edition
from .sql import Ask

if TYPE_CHECKING:
    import duckdb

type Split = tuple[Any, ...]
"""The values of the split columns, in their order; () of the whole."""


class Backend(Protocol):
    """An engine that answers about one edition. Splits without rows are not in the answers."""

    name: str

    def aggregate(self, edition: Edition, parts: Sequence[Part], ask: Ask) -> dict[Split, tuple[int, ...]]:
        """Each part's exact integer, for each split."""
        ...

    def spread(self, edition: Edition, spread: Spread, ask: Ask) -> dict[Split, SpreadOf]:
        """The durations, for each split that has any."""
        ...

    def activities(
        self, edition: Edition, formula: Enterprises, ask: Ask, before: Period, seen_from: date
    ) -> dict[Split, dict[tuple[bool, bool, bool], int]]:
        """How many enterprises are (active now, active before, seen), for each split."""
        ...

    def enterprises(
        self, edition: Edition, formula: Enterprises, ask: Ask, before: Period, seen_from: date
    ) -> list[tuple[str, bool, bool, bool]]:
        """Each enterprise that was active now or before, with the same three flags, in order."""
        ...

    def rows(self, edition: Edition, part: Part, ask: Ask, limit: int = 0, offset: int = 0) -> pl.DataFrame:
        """The rows that a part counts, whole, in the order of day and key; limit 0 for all."""
        ...

    def spread_rows(
        self, edition: Edition, spread: Spread, ask: Ask, limit: int = 0, offset: int = 0
    ) -> pl.DataFrame:
        """The rows of a spread, in the order of day and key."""
        ...


def reach(ask: Ask, whens: Iterable[When]) -> Period | None:
    """The days whose files are opened: the period, or everything up to its end."""
    if all(when is When.WITHIN for when in whens):
        return ask.days
    return Period(date.min, ask.last)


def files_of(edition: Edition, ask: Ask, days: Period | None) -> list[Path]:
    """The files of those days; of all days up to an end, the months that the lake has."""
    held = edition.manifest.tables.get(ask.table)
    if held is None or days is None:
        return edition.files(ask.table)
    if days.first_day == date.min:
        if ask.last < held.first_day:
            return []
        days = Period(min(held.first_day, ask.last), ask.last)
    return edition.files(ask.table, days)


def needs_traders(ask: Ask, read: Iterable[str]) -> bool:
    """Whether a question asks for a column of the joined table."""
    asked = {*read, *ask.split, *columns(ask.scope)}
    return any(column.startswith("traders.") for column in asked)


# ── Polars ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def polars(of: Expression, given: Mapping[str, date]) -> pl.Expr:
    """An expression as Polars has it."""
    match of:
        case Col(name):
            return pl.col(name)
        case Const(value):
            return pl.lit(value)
        case Given(name):
            return pl.lit(given[name])
        case Compare(operator, left, right):
            return _compared(operator, polars(left, given), polars(right, given))
        case In(inner, values):
            return polars(inner, given).is_in(list(values))
        case Present(inner):
            return polars(inner, given).is_not_null()
        case Not(inner):
            return ~polars(inner, given)
        case All(parts):
            return pl.all_horizontal([polars(part, given) for part in parts]) if parts else pl.lit(True)
        case Any_(parts):
            return pl.any_horizontal([polars(part, given) for part in parts]) if parts else pl.lit(False)
        case First(parts):
            return pl.coalesce([polars(part, given) for part in parts])
        case _:
            raise TypeError(f"not an expression: {of!r}")


def _compared(operator: str, left: pl.Expr, right: pl.Expr) -> pl.Expr:
    match operator:
        case "=":
            return left == right
        case "<>":
            return left != right
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case _:
            return left >= right


def _within(when: When, ask: Ask) -> pl.Expr:
    day = pl.col(ask.counted_on)
    if when is When.WITHIN:
        return day.is_between(ask.days.first_day, ask.last)
    return day <= ask.last if when is When.BY_END else day < ask.days.first_day


def _counted(part: Part, ask: Ask) -> pl.Expr:
    among = polars(part.among, ask.given)
    return _within(part.when, ask) & among if part.among != All(()) else _within(part.when, ask)


def _aggregated(part: Part, ask: Ask) -> pl.Expr:
    counted = _counted(part, ask).fill_null(False)
    match part:
        case Count():
            return counted.cast(pl.Int64).sum()
        case Total(amount=amount):
            # An Int64 sum wraps in silence; this one cannot. Its sign is turned in `_signed`.
            chosen = pl.when(counted).then(pl.col(amount)).otherwise(0).fill_null(0)
            return chosen.cast(pl.Int128).sum()
        case Distinct(of=of):
            return pl.col(of).filter(counted).drop_nulls().n_unique().cast(pl.Int64)


class Polars:
    """Polars, out of the files, streaming."""

    name = "polars"

    def _scan(self, edition: Edition, ask: Ask, whens: Iterable[When], read: Iterable[str]) -> pl.LazyFrame:
        days = reach(ask, whens)
        files = files_of(edition, ask, days)
        table = TABLES[ask.table]
        frame = (
            pl.scan_parquet(files, hive_partitioning=False) if files else pl.LazyFrame(schema=schema(table))
        )
        if days is not None:
            if days.first_day > date.min:
                frame = frame.filter(pl.col(ask.counted_on) >= days.first_day)
            frame = frame.filter(pl.col(ask.counted_on) <= ask.last)
        if needs_traders(ask, read):
            # Only what is known of a trader is asked for; null where the register does not have him.
            traders = pl.scan_parquet(edition.files("traders"), hive_partitioning=False)
            own = "trader" if "trader" in table.by_name else "payer"
            frame = frame.join(
                traders.select(pl.all().name.prefix("traders.")),
                left_on=own,
                right_on="traders.trader",
                how="left",
                maintain_order="left",
            )
        if ask.scope != All(()):
            frame = frame.filter(polars(ask.scope, ask.given))
        return frame

    def aggregate(self, edition: Edition, parts: Sequence[Part], ask: Ask) -> dict[Split, tuple[int, ...]]:
        read = [column for part in parts for column in columns(part.among)]
        frame = self._scan(edition, ask, [part.when for part in parts], read)
        told = [_aggregated(part, ask).alias(f"p{n}") for n, part in enumerate(parts)]
        if not ask.split:
            (row,) = frame.select(told).collect(engine="streaming").rows()
            return {(): _signed(parts, row)}
        found = frame.group_by(ask.split).agg(told).collect(engine="streaming")
        width = len(ask.split)
        return {row[:width]: _signed(parts, row[width:]) for row in found.rows()}

    def _durations(self, edition: Edition, spread: Spread, ask: Ask) -> pl.LazyFrame:
        start, end = polars(spread.start, ask.given), polars(spread.end, ask.given)
        frame = self._scan(edition, ask, [When.WITHIN], reads(spread))
        return frame.filter(polars(spread.among, ask.given), start.is_not_null(), end.is_not_null())

    def spread(self, edition: Edition, spread: Spread, ask: Ask) -> dict[Split, SpreadOf]:
        start, end = polars(spread.start, ask.given), polars(spread.end, ask.given)
        duration = pl.max_horizontal(end - start, pl.lit(0, pl.Int64)).alias("d")
        frame = self._durations(edition, spread, ask).select(*ask.split, duration).collect(engine="streaming")
        if not ask.split:
            return {(): _spread(frame["d"])} if frame.height else {}
        groups = frame.partition_by(ask.split, as_dict=True)
        return {key: _spread(group["d"]) for key, group in groups.items()}

    def _flags(
        self, edition: Edition, formula: Enterprises, ask: Ask, before: Period, seen_from: date
    ) -> pl.LazyFrame:
        day = pl.col(ask.counted_on)
        frame = self._scan(edition, ask, [When.BY_END], columns(formula.among))
        each = (
            frame.filter(polars(formula.among, ask.given))
            .group_by(*ask.split, pl.col(formula.of).alias("enterprise"))
            .agg(
                (day >= ask.days.first_day).any().alias("now"),
                day.is_between(before.first_day, before.last_day).any().alias("before"),
                ((day >= seen_from) & (day < ask.days.first_day)).any().alias("seen"),
            )
        )
        if edition.files("traders"):
            traders = pl.scan_parquet(edition.files("traders"), hive_partitioning=False)
            known = (pl.col("first_day") >= seen_from) & (pl.col("first_day") < ask.days.first_day)
            first_days = traders.select(
                pl.col("trader").alias("enterprise"), known.fill_null(False).alias("known")
            )
            each = each.join(first_days, on="enterprise", how="left").with_columns(
                (pl.col("seen") | pl.col("known").fill_null(False)).alias("seen")
            )
        return each.filter(pl.col("now") | pl.col("before"))

    def activities(
        self, edition: Edition, formula: Enterprises, ask: Ask, before: Period, seen_from: date
    ) -> dict[Split, dict[tuple[bool, bool, bool], int]]:
        flags = self._flags(edition, formula, ask, before, seen_from)
        found = flags.group_by(*ask.split, "now", "before", "seen").agg(pl.len()).collect(engine="streaming")
        return _by_split(found.rows())

    def enterprises(
        self, edition: Edition, formula: Enterprises, ask: Ask, before: Period, seen_from: date
    ) -> list[tuple[str, bool, bool, bool]]:
        flags = self._flags(edition, formula, ask, before, seen_from)
        return flags.select("enterprise", "now", "before", "seen").sort("enterprise").collect().rows()

    def rows(self, edition: Edition, part: Part, ask: Ask, limit: int = 0, offset: int = 0) -> pl.DataFrame:
        frame = self._scan(edition, ask, [part.when], columns(part.among)).filter(_counted(part, ask))
        return _page(frame, ask, limit, offset)

    def spread_rows(
        self, edition: Edition, spread: Spread, ask: Ask, limit: int = 0, offset: int = 0
    ) -> pl.DataFrame:
        return _page(self._durations(edition, spread, ask), ask, limit, offset)


def _signed(parts: Sequence[Part], figures: Sequence[int]) -> tuple[int, ...]:
    return tuple(
        -figure if isinstance(part, Total) and part.negated else figure
        for part, figure in zip(parts, figures, strict=True)
    )


def _page(frame: pl.LazyFrame, ask: Ask, limit: int, offset: int) -> pl.DataFrame:
    table = TABLES[ask.table]
    chosen = frame.select(column.name for column in table.columns).sort([ask.counted_on, *table.key])
    return (chosen.slice(offset, limit) if limit else chosen).collect(engine="streaming")


def _spread(durations: pl.Series) -> SpreadOf:
    """Of a column of durations: sorted once, read at the ranks."""
    ordered = np.sort(durations.to_numpy())
    total = int(durations.cast(pl.Int128).sum())
    return SpreadOf(len(ordered), total, {k: int(ordered[k - 1]) for k in ranks_wanted(len(ordered))})


def _by_split(rows: Iterable[tuple[Any, ...]]) -> dict[Split, dict[tuple[bool, bool, bool], int]]:
    found: dict[Split, dict[tuple[bool, bool, bool], int]] = {}
    for *split, now, before, seen, count in rows:
        found.setdefault(tuple(split), {})[now, before, seen] = int(count)
    return found


# ── One SQL text: DuckDB, Spark, and whoever speaks it ──────────────────────────────────────────────────────────────


class Sql:
    """What engines that read SQL have in common: `run` a text over tables that `open` put in place."""

    name = "sql"
    dialect: sql.Dialect

    def run(self, text: str) -> list[tuple[Any, ...]]:
        raise NotImplementedError

    def open(self, edition: Edition, ask: Ask, days: Period | None, joins: bool) -> None:
        """Make the ask's table hold the rows of these days, and `traders` those of the register."""
        raise NotImplementedError

    def aggregate(self, edition: Edition, parts: Sequence[Part], ask: Ask) -> dict[Split, tuple[int, ...]]:
        joins = needs_traders(ask, (column for part in parts for column in columns(part.among)))
        self.open(edition, ask, reach(ask, [part.when for part in parts]), joins)
        width = len(ask.split)
        return {
            tuple(row[:width]): tuple(int(figure) for figure in row[width:])
            for row in self.run(sql.aggregate(parts, ask, self.dialect, joins))
        }

    def spread(self, edition: Edition, spread: Spread, ask: Ask) -> dict[Split, SpreadOf]:
        joins = needs_traders(ask, reads(spread))
        self.open(edition, ask, ask.days, joins)
        sums = {
            tuple(row[:-2]): (int(row[-2]), int(row[-1]))
            for row in self.run(sql.spread_sums(spread, ask, self.dialect, joins))
        }
        ranked = self.ranked({split: count for split, (count, _) in sums.items()}, spread, ask, joins)
        return {
            split: SpreadOf(count, total, {k: ranked[split, k] for k in ranks_wanted(count)})
            for split, (count, total) in sums.items()
        }

    def ranked(
        self, counts: Mapping[Split, int], spread: Spread, ask: Ask, joins: bool
    ) -> dict[tuple[Split, int], int]:
        """The durations at the ranks that each split's count asks for (and perhaps at others)."""
        ranks = sorted({k for count in counts.values() for k in ranks_wanted(count)})
        if not ranks:
            return {}
        text = sql.spread_ranks(spread, ask, ranks, joins)
        return {(tuple(row[:-2]), int(row[-2])): int(row[-1]) for row in self.run(text)}

    def _enterprises(self, edition: Edition, formula: Enterprises, ask: Ask) -> tuple[bool, bool]:
        joins = needs_traders(ask, columns(formula.among))
        known = bool(edition.files("traders"))
        self.open(edition, ask, reach(ask, [When.BY_END]), joins or known)
        return joins, known

    def activities(
        self, edition: Edition, formula: Enterprises, ask: Ask, before: Period, seen_from: date
    ) -> dict[Split, dict[tuple[bool, bool, bool], int]]:
        joins, known = self._enterprises(edition, formula, ask)
        return _by_split(self.run(sql.activities(formula, ask, before, seen_from, joins, known)))

    def enterprises(
        self, edition: Edition, formula: Enterprises, ask: Ask, before: Period, seen_from: date
    ) -> list[tuple[str, bool, bool, bool]]:
        joins, known = self._enterprises(edition, formula, ask)
        found = self.run(sql.enterprises(formula, ask, before, seen_from, joins, known))
        # Collations differ from engine to engine; code points do not.
        return sorted((str(e), bool(now), bool(before_), bool(seen)) for e, now, before_, seen in found)

    def rows(self, edition: Edition, part: Part, ask: Ask, limit: int = 0, offset: int = 0) -> pl.DataFrame:
        joins = needs_traders(ask, columns(part.among))
        self.open(edition, ask, reach(ask, [part.when]), joins)
        return self._rows(sql.part_condition(part, ask), ask, joins, limit, offset)

    def spread_rows(
        self, edition: Edition, spread: Spread, ask: Ask, limit: int = 0, offset: int = 0
    ) -> pl.DataFrame:
        joins = needs_traders(ask, reads(spread))
        self.open(edition, ask, ask.days, joins)
        among = spread.among & spread.start.present & spread.end.present
        return self._rows(sql.part_condition(Count(among), ask), ask, joins, limit, offset)

    def _rows(self, where: str, ask: Ask, joins: bool, limit: int, offset: int) -> pl.DataFrame:
        found = self.run(sql.rows_behind(ask.table, where, ask, joins, limit, offset))
        return pl.DataFrame(found, schema=schema(TABLES[ask.table]), orient="row")


class DuckDb(Sql):
    """DuckDB in memory over the files; never a database file of its own."""

    name = "duckdb"
    dialect = sql.DUCKDB

    def __init__(self, memory_limit: str = "768MB", threads: int | None = None) -> None:
        import duckdb

        self.connection: duckdb.DuckDBPyConnection = duckdb.connect()
        self.connection.execute(f"SET memory_limit = {sql.constant(memory_limit)}")
        # What does not fit is spilled there, and not into the folder that somebody happens to stand in.
        self.connection.execute(f"SET temp_directory = {sql.constant(tempfile.gettempdir())}")
        if threads is not None:
            self.connection.execute(f"SET threads = {threads:d}")
        self._opened: dict[str, tuple[str, ...]] = {}

    def run(self, text: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(text).fetchall()

    def open(self, edition: Edition, ask: Ask, days: Period | None, joins: bool) -> None:
        self._view(ask.table, files_of(edition, ask, days))
        if joins:
            self._view("traders", edition.files("traders"))

    def _view(self, table: str, files: Sequence[Path]) -> None:
        names = tuple(map(str, files))
        if self._opened.get(table) == names:
            return
        if names:
            listed = ", ".join(sql.constant(name) for name in names)
            source = f"read_parquet([{listed}], hive_partitioning = false)"
        else:
            told = ", ".join(
                f"NULL::{_DUCKDB_TYPES[str(dtype)]} AS {column}"
                for column, dtype in schema(TABLES[table]).items()
            )
            source = f"(SELECT {told} LIMIT 0)"
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {table} AS SELECT * FROM {source}")
        self._opened[table] = names

    def ranked(
        self, counts: Mapping[Split, int], spread: Spread, ask: Ask, joins: bool
    ) -> dict[tuple[Split, int], int]:
        """By selection in place of sorting. `quantile_disc(d, q)` is the ⌈n × q⌉-th smallest; q = (k − ½) / n makes
        that the k-th whatever the last bits of q are."""
        if ask.split or not counts:
            return super().ranked(counts, spread, ask, joins)
        count = counts[()]
        ranks = ranks_wanted(count)
        shares = ", ".join(f"{(2 * k - 1) / (2 * count):.17f}" for k in ranks)
        text = f"SELECT quantile_disc(d, [{shares}]) FROM ({sql.durations(spread, ask, joins)}) AS x"
        ((found,),) = self.run(text)
        return {((), k): int(d) for k, d in zip(ranks, found, strict=True)}


_DUCKDB_TYPES = {"String": "VARCHAR", "Int64": "BIGINT", "Date": "DATE", "Boolean": "BOOLEAN"}


class Spark(Sql):
    """Spark over the same files, answers through Arrow. Behind the extra `spark`; the session (a `SparkSession`, which
    those without the extra cannot name) is the caller's."""

    name = "spark"
    dialect = sql.SPARK

    def __init__(self, session: Any) -> None:
        self.session = session

    def run(self, text: str) -> list[tuple[Any, ...]]:
        table = self.session.sql(text).toArrow()
        return list(zip(*(column.to_pylist() for column in table.columns), strict=True))

    def open(self, edition: Edition, ask: Ask, days: Period | None, joins: bool) -> None:
        self._view(ask.table, files_of(edition, ask, days))
        if joins:
            self._view("traders", edition.files("traders"))

    def _view(self, table: str, files: Sequence[Path]) -> None:
        types = {"String": "STRING", "Int64": "BIGINT", "Date": "DATE", "Boolean": "BOOLEAN"}
        columns_of = schema(TABLES[table]).items()
        if files:
            told = ", ".join(f"{column} {types[str(dtype)]}" for column, dtype in columns_of)
            # Hadoop's own form of a path: percent signs would be taken for the file's name.
            frame = self.session.read.schema(told).parquet(*(f"file://{file.absolute()}" for file in files))
        else:
            told = ", ".join(f"CAST(NULL AS {types[str(dtype)]}) AS {column}" for column, dtype in columns_of)
            frame = self.session.sql(f"SELECT {told} WHERE FALSE")
        frame.createOrReplaceTempView(table)
