"""Maintained daily facts: what a dashboard asks for again and again, added up once a day.

For each day and place (office, flow, channel; of money office and tax) one row holds every count and sum that the
catalogue's indicators are made of, by the indicators' own expressions. A figure of any period is then a sum of few
rows, and exact. Times keep their count and total, so that means are exact too, and a histogram that adds up over days
for the percentiles: those are told as a bracket, at most 1/32 wide, never as one false figure. Reviews ask the facts
themselves.

What is not maintained (distinct enterprises, stocks, splits by other columns) is passed on to `Measure`, and so is
everything while the rows are older than the edition: a stale figure is never shown.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from ..engine.dated import Period
from ..engine.indicators.expression import Expression, Given, children, columns
from ..engine.indicators.indicator import (
    Amount,
    Count,
    Distinct,
    Indicator,
    Part,
    Ratio,
    Spread,
    Total,
    When,
    parts,
)
from ..engine.indicators.value import Value, nearest_rank
from .backends import polars
from .lake import Edition
from .measure import Measure, Scope, counted_value, split_order

PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "declarations": ("department", "office", "flow", "channel"),
    "entries": ("department", "office", "tax"),
    "refunds": ("department", "office"),
    "debts": ("department", "office"),
}
"""What the daily rows of each table are kept by."""

TIMES_BY: Final = ("department", "channel")
"""What histograms are kept by: a bin for each office too would be as many rows as there are declarations."""

BINS_AN_OCTAVE: Final = 32
KINDS: Final = ("sums", "times", "days")
"""Files of a month: counts and sums; histograms; a digest of each day's facts, so that only other days are made."""

SECOND: Final = 1_000_000

type Ints = npt.NDArray[np.int64]


class Kept(msgspec.Struct, frozen=True):
    """What the rows of one month were made from."""

    source: str
    version: str


@dataclass(frozen=True, slots=True)
class Bracket:
    """A percentile lies in `from_us` ≤ time < `until_us`, microseconds."""

    from_us: int
    until_us: int


def bin_of(seconds: Ints) -> Ints:
    """The bin of each time in whole seconds ≥ 0: one a second below 64, then 32 to each doubling."""
    exponent = np.maximum(np.frexp(seconds.astype(np.float64))[1].astype(np.int64) - 6, 0)
    bins: Ints = exponent * BINS_AN_OCTAVE + (seconds >> exponent)
    return bins


def bin_bounds(number: int) -> tuple[int, int]:
    """The seconds of a bin: first, and the first after."""
    if number < 2 * BINS_AN_OCTAVE:
        return number, number + 1
    exponent, place = number // BINS_AN_OCTAVE - 1, number % BINS_AN_OCTAVE + BINS_AN_OCTAVE
    return place << exponent, (place + 1) << exponent


class Daily:
    """Daily rows in a folder of their own beside the lake, of one catalogue.

    One process refreshes at a time; any number read.
    """

    def __init__(self, root: Path, indicators: Mapping[str, Indicator]) -> None:
        self.root = root
        self.indicators = indicators
        self._parts: dict[str, dict[Part, str]] = {}
        self._spreads: dict[str, dict[Spread, str]] = {}
        self._days: dict[str, str] = {}
        for indicator in indicators.values():
            if indicator.table not in PLACES:
                continue
            self._days.setdefault(indicator.table, indicator.counted_on)
            if indicator.counted_on != self._days[indicator.table]:
                continue
            for part in parts(indicator.formula):
                if maintained(part):
                    self._parts.setdefault(indicator.table, {})[part] = _name(part)
            if isinstance(indicator.formula, Spread):
                self._spreads.setdefault(indicator.table, {})[indicator.formula] = _name(indicator.formula)
        told = repr((PLACES, TIMES_BY, BINS_AN_OCTAVE, self._days, self._parts, self._spreads))
        self.version = hashlib.sha256(told.encode()).hexdigest()[:16]
        self._loaded: dict[Path, pl.DataFrame] = {}

    # ── keeping ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def refresh(self, edition: Edition) -> list[str]:
        """Make the rows of every month whose facts are others than they were made from; which months those were, as
        "declarations 2020-06". A run that is cut off leaves a month stale, never wrong."""
        kept = self._kept()
        made = []
        for table in self._days:
            held = edition.manifest.tables.get(table)
            present = held.parts if held is not None else {}
            for month, part in sorted(present.items()):
                key = f"{table} {month}"
                if kept.get(key) == Kept(part.sha256, self.version):
                    continue
                self._make(table, month, part.sha256, edition.root / part.file, kept.get(key))
                made.append(key)
                kept[key] = Kept(part.sha256, self.version)
            for key in [key for key in kept if key.startswith(f"{table} ") and key.split()[1] not in present]:
                del kept[key]
                made.append(key)
        if made:
            _put(self.root / "kept.json", msgspec.json.encode(dict(sorted(kept.items()))))
            self._remove_what_is_not_kept(kept)
        return made

    def fresh(self, edition: Edition, table: str, days: Period) -> bool:
        """Whether the rows of these days were made from this edition's facts."""
        held = edition.manifest.tables.get(table)
        if held is None:
            return False
        kept = self._kept()
        files = set(edition.files(table, days))
        return all(
            kept.get(f"{table} {month}") == Kept(part.sha256, self.version)
            for month, part in held.parts.items()
            if edition.root / part.file in files
        )

    def _make(self, table: str, month: str, source: str, file: Path, before: Kept | None) -> None:
        """The rows of a month. Days whose facts are those of the rows kept before keep their rows."""
        day = self._days[table]
        wanted: set[str] = {day, *PLACES[table]}
        for part in self._parts.get(table, {}):
            wanted |= columns(part.among) | ({part.amount} if isinstance(part, Total) else set())
        for spread in self._spreads.get(table, {}):
            wanted |= columns(spread.start) | columns(spread.end) | columns(spread.among)
        rows = pl.read_parquet(file, columns=sorted(wanted), hive_partitioning=False)
        digests = _digests(rows, day)
        kinds = ("sums", "times") if self._spreads.get(table) else ("sums",)
        old: dict[str, pl.DataFrame] = {}
        if before is not None and before.version == self.version:
            paths = {kind: self._file(table, month, before.source, kind) for kind in (*kinds, "days")}
            if all(path.exists() for path in paths.values()):
                old = {kind: pl.read_parquet(path) for kind, path in paths.items()}
        if old:
            same = digests.join(old["days"], on=digests.columns, how="semi")[day].implode()
            rows = rows.filter(~pl.col(day).is_in(same))
            old = {kind: old[kind].filter(pl.col(day).is_in(same)) for kind in kinds}
        made = self._made(table, rows)
        for kind in kinds:
            whole = pl.concat([old[kind], made[kind]]) if old else made[kind]
            _write(self._file(table, month, source, kind), whole.sort(day))
        _write(self._file(table, month, source, "days"), digests)

    def _made(self, table: str, rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
        """Sums and histograms of fact rows."""
        day, places = self._days[table], PLACES[table]
        told = [_summed(part).alias(name) for part, name in self._parts.get(table, {}).items()]
        histograms = []
        for place, (spread, name) in enumerate(self._spreads.get(table, {}).items()):
            start, end = polars(spread.start, {}), polars(spread.end, {})
            counts = (polars(spread.among, {}) & start.is_not_null() & end.is_not_null()).fill_null(False)
            time = pl.max_horizontal(end - start, pl.lit(0, pl.Int64))
            rows = rows.with_columns(pl.when(counts).then(time).alias(name))
            told += [
                pl.col(name).count().cast(pl.Int64).alias(f"{name}_n"),
                pl.col(name).cast(pl.Int128).sum().cast(pl.Int64).alias(f"{name}_t"),
            ]
            timed = rows.filter(pl.col(name).is_not_null())
            bins = bin_of(timed[name].to_numpy() // SECOND)
            histograms.append(
                timed.select(day, *TIMES_BY)
                .with_columns(
                    pl.Series("bin", bins, pl.Int64).cast(pl.Int16),
                    pl.lit(place, pl.Int8).alias("time"),
                )
                .group_by("time", day, *TIMES_BY, "bin")
                .agg(pl.len().cast(pl.Int64).alias("n"))
            )
        made = {"sums": rows.group_by(day, *places).agg(told)}
        if histograms:
            made["times"] = pl.concat(histograms)
        return made

    def _file(self, table: str, month: str, source: str, kind: str) -> Path:
        return self.root / table / f"{month}-{source[:16]}-{self.version}.{kind}.parquet"

    def _kept(self) -> dict[str, Kept]:
        try:
            return msgspec.json.decode((self.root / "kept.json").read_bytes(), type=dict[str, Kept])
        except FileNotFoundError:
            return {}

    def _remove_what_is_not_kept(self, kept: Mapping[str, Kept]) -> None:
        needed = set()
        for key, one in kept.items():
            table, _, month = key.partition(" ")
            needed |= {self._file(table, month, one.source, kind) for kind in KINDS}
        for file in self.root.glob("*/*.parquet"):
            if file not in needed:
                self._loaded.pop(file, None)
                file.unlink()

    # ── answering ───────────────────────────────────────────────────────────────────────────────────────────────────

    def values(
        self,
        measure: Measure,
        codes: Iterable[str],
        days: Period,
        scope: Scope | None = None,
        split: tuple[str, ...] = (),
    ) -> dict[str, list[Value]]:
        """As `Measure.values` of the same edition and catalogue, from the daily rows wherever they hold the answer. A
        time has its exact mean, no `spread`, and brackets of its percentiles in `facts`."""
        found: dict[str, list[Value]] = {}
        rest: list[str] = []
        ordered = list(codes)
        by_table: dict[str, list[Indicator]] = {}
        for code in ordered:
            indicator = measure.measurable(code)
            if self._answers(measure, indicator, days, scope or {}, split):
                by_table.setdefault(indicator.table, []).append(indicator)
            else:
                rest.append(code)
        for table, group in by_table.items():
            try:
                found |= self._answered(measure.edition, table, group, days, scope or {}, split)
            except FileNotFoundError:  # a refresh replaced the rows between our looking and our reading
                rest += [indicator.code for indicator in group]
        if rest:
            found |= measure.values(rest, days, scope, split)
        return {code: found[code] for code in ordered}

    def bracket(
        self, measure: Measure, code: str, days: Period, percent: int, scope: Scope | None = None
    ) -> Bracket | None:
        """Where a percentile of a time lies; None where nothing was timed, or where the rows do not hold it (another
        scope than department and channel, stale rows): then ask `measure`."""
        indicator = measure.measurable(code)
        spread = indicator.formula
        if not isinstance(spread, Spread) or not set(scope or {}) <= set(TIMES_BY):
            return None
        if not self._answers(measure, indicator, days, scope or {}, ()):
            return None
        return _percentile(self._bins(measure.edition, indicator, spread, days, scope or {}), percent)

    def _answers(
        self, measure: Measure, indicator: Indicator, days: Period, scope: Scope, split: tuple[str, ...]
    ) -> bool:
        table, formula = indicator.table, indicator.formula
        if table not in self._days or indicator.counted_on != self._days[table]:
            return False
        if not {*scope, *split} <= set(PLACES[table]) or measure.why_missing(indicator, days, scope, split):
            return False
        if isinstance(formula, Spread):
            known = formula in self._spreads.get(table, {})
        else:
            known = isinstance(formula, Amount | Ratio) and set(parts(formula)) <= set(
                self._parts.get(table, {})
            )
        return known and self.fresh(measure.edition, table, days)

    def _answered(
        self,
        edition: Edition,
        table: str,
        group: list[Indicator],
        days: Period,
        scope: Scope,
        split: tuple[str, ...],
    ) -> dict[str, list[Value]]:
        names = self._parts.get(table, {})
        wanted: list[str] = []
        for indicator in group:
            formula = indicator.formula
            if isinstance(formula, Spread):
                name = self._spreads[table][formula]
                wanted += [f"{name}_n", f"{name}_t"]
            else:
                wanted += [names[part] for part in parts(formula)]
        wanted = list(dict.fromkeys(wanted))
        rows = self._rows(edition, table, days, scope, "sums", [*split, *wanted])
        summed = [pl.col(name).cast(pl.Int128).sum() for name in wanted]
        grouped = rows.group_by(split).agg(summed) if split else rows.select(summed)
        width = len(split)
        found: dict[str, list[Value]] = {indicator.code: [] for indicator in group}
        for row in sorted(grouped.rows(), key=lambda row: split_order(row[:width])):
            sums = dict(zip(wanted, row[width:], strict=True))
            for indicator in group:
                formula = indicator.formula
                if isinstance(formula, Spread):
                    found[indicator.code] += self._time(indicator, days, row[:width], sums, edition, scope)
                else:
                    figures = [sums[names[part]] for part in parts(formula)]
                    found[indicator.code].append(counted_value(indicator, days, row[:width], figures))
        return found

    def _time(
        self,
        indicator: Indicator,
        days: Period,
        key: tuple[object, ...],
        sums: Mapping[str, int],
        edition: Edition,
        scope: Scope,
    ) -> Iterator[Value]:
        spread = indicator.formula
        assert isinstance(spread, Spread)
        name = self._spreads[indicator.table][spread]
        count, total = sums[f"{name}_n"], sums[f"{name}_t"]
        if not count and key:
            return
        value = counted_value(indicator, days, key, [total])
        if not count:
            yield replace(value, amount=None, why_missing="NOTHING_MEASURED")
            return
        facts = {"count": str(count)}
        if not key and set(scope) <= set(TIMES_BY):
            bins = self._bins(edition, indicator, spread, days, scope)
            for percent in (50, 90):
                found = _percentile(bins, percent)
                if found is not None:
                    facts[f"p{percent}_from_us"] = str(found.from_us)
                    facts[f"p{percent}_until_us"] = str(found.until_us)
        yield replace(value, amount=Fraction(total, count), facts=facts)

    def _bins(
        self, edition: Edition, indicator: Indicator, spread: Spread, days: Period, scope: Scope
    ) -> pl.DataFrame:
        mine = pl.col("time") == list(self._spreads[indicator.table]).index(spread)
        rows = self._rows(edition, indicator.table, days, scope, "times", ["bin", "n"], mine)
        return rows.group_by("bin").agg(pl.col("n").sum()).sort("bin")

    def _rows(
        self,
        edition: Edition,
        table: str,
        days: Period,
        scope: Scope,
        kind: str,
        wanted: list[str],
        only: pl.Expr | None = None,
    ) -> pl.DataFrame:
        held = edition.manifest.tables[table]
        opened = set(edition.files(table, days))
        day = self._days[table]
        chosen = pl.col(day).is_between(days.first_day, days.last_day)
        for column, asked in scope.items():
            among = [asked] if isinstance(asked, str | int) else list(asked)
            chosen = (pl.col(column) == among[0] if len(among) == 1 else pl.col(column).is_in(among)) & chosen
        if only is not None:
            chosen = only & chosen
        some = [
            self._load(self._file(table, month, part.sha256, kind)).lazy().filter(chosen).select(wanted)
            for month, part in sorted(held.parts.items())
            if edition.root / part.file in opened
        ]
        if not some:
            return pl.DataFrame(schema=dict.fromkeys(wanted, pl.Int64))
        return pl.concat(some).collect()

    def _load(self, file: Path) -> pl.DataFrame:
        """A month's rows, kept in memory: a file of this name never changes."""
        known = self._loaded.get(file)
        if known is None:
            known = self._loaded[file] = pl.read_parquet(file, hive_partitioning=False)
        return known


def maintained(part: Part) -> bool:
    """Whether a part adds up over days: counts and sums of the days' own rows, by columns of the table itself."""
    if isinstance(part, Distinct) or part.when is not When.WITHIN:
        return False
    return not _asks_period(part.among) and not any("." in column for column in columns(part.among))


def _asks_period(of: Expression) -> bool:
    return isinstance(of, Given) or any(_asks_period(part) for part in children(of))


def _name(of: Part | Spread) -> str:
    return f"f{hashlib.sha256(repr(of).encode()).hexdigest()[:12]}"


def _summed(part: Part) -> pl.Expr:
    counted = polars(part.among, {}).fill_null(False)
    match part:
        case Count():
            return counted.cast(pl.Int64).sum() if columns(part.among) else pl.len().cast(pl.Int64)
        case Total(amount=amount, negated=negated):
            chosen = pl.when(counted).then(pl.col(amount)).otherwise(0).fill_null(0)
            # A day that does not fit 64 bits raises here; it does not wrap.
            total = chosen.cast(pl.Int128).sum().cast(pl.Int64)
            return -total if negated else total
        case Distinct():
            raise TypeError("a distinct count does not add up over days")


def _digests(rows: pl.DataFrame, day: str) -> pl.DataFrame:
    """128 bits of each day's facts, whatever the order of its rows: sums of two hashes of each row, which wrap."""
    hashed = rows.select(day, a=rows.hash_rows(1), b=rows.hash_rows(2))
    return (
        hashed.group_by(day)
        .agg(pl.col("a").sum(), pl.col("b").sum(), pl.len().cast(pl.Int64).alias("n"))
        .sort(day)
    )


def _percentile(bins: pl.DataFrame, percent: int) -> Bracket | None:
    count = int(bins["n"].sum())
    if not count:
        return None
    rank = nearest_rank(count, percent)
    upto = bins["n"].cum_sum().to_numpy()
    place = int(np.searchsorted(upto, rank))
    first, until = bin_bounds(int(bins["bin"][place]))
    return Bracket(first * SECOND, until * SECOND)


def _write(file: Path, rows: pl.DataFrame) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    rows.write_parquet(draft, compression="zstd", compression_level=1)
    draft.replace(file)


def _put(file: Path, text: bytes) -> None:
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_bytes(text)
    draft.replace(file)
