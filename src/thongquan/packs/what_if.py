"""What a change of the tariff would have brought: the same lines assessed under it, tax by tax and chapter by chapter.

Nothing is estimated: every line is assessed again by the law of its own day, with the changed rows in the place of
those that they would replace. Pure; a year of lines comes in batches, one of which is in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import polars as pl

from ..engine.dated import Period
from ..engine.declaration import Declaration
from ..engine.tariff.image import TariffImage, build
from ..engine.tariff.measures import Duty, Measure
from ..engine.tariff.tariff import Edition, Tariff, slot_of
from .many import KEY, Assessor
from .pack import Pack, assess

BATCH: Final = 1_000_000
"""Lines in memory at once."""

DAY: Final = "day"
TYPE: Final = "type_code"
COLUMNS: Final = (DAY, TYPE, *KEY, "customs_value_minor", "quantity_millionths", "quantity_unit")
"""Columns of a file of lines: those of many.py, the legal day (Date) and the declaration type of each line."""

CHAPTER: Final = 2
"""Digits of a code that name its chapter."""

_EPOCH: Final = date(1970, 1, 1).toordinal()


# the changed law


def with_tariff(pack: Pack, tariff: Tariff) -> Pack:
    """The country with another tariff in the place of its own."""
    made = replace(pack)
    # Where the pack keeps what it has read of its own folder.
    made.__dict__["tariff"] = tariff
    return made


def overlaid(tariff: Tariff, edition: Edition) -> Tariff:
    """The tariff with the rows of an edition in the place of those that they replace, on the edition's days.

    A row replaces the rows of its place (tax, annex, scheme, kind, quota, additional code, origins) written for its
    code or for any code below it; before and after its days they stand. A row for a whole heading so changes all of
    the heading. Rows that replace nothing are added.
    """
    changed = [
        replace(row, period=period)
        for row in edition.measures
        if (period := _shared(row.period, edition.period)) is not None
    ]
    by_place: dict[object, list[Measure]] = {}
    for row in changed:
        by_place.setdefault(_place(row), []).append(row)
    editions = []
    for old in tariff.editions:
        rows: list[Measure] = []
        for row in old.measures:
            left = [row]
            for other in by_place.get(_place(row), ()):
                if row.commodity.startswith(other.commodity):
                    left = [part for one in left for part in _without(one, other.period)]
            rows += left
        editions.append(replace(old, measures=tuple(rows)))
    return Tariff([*editions, replace(edition, measures=tuple(changed))])


def _place(row: Measure) -> object:
    return slot_of(row), row.origins, row.excluded_origins, row.quota_order_id, row.additional_code


def _shared(one: Period, other: Period) -> Period | None:
    first = max(one.first_day, other.first_day)
    ends = [last for last in (one.last_day, other.last_day) if last is not None]
    last = min(ends) if ends else None
    return Period(first, last) if last is None or last >= first else None


def _without(row: Measure, days: Period) -> Iterator[Measure]:
    """The row on the days that are left when others are taken out."""
    if not row.period.overlaps(days):
        yield row
        return
    if row.period.first_day < days.first_day:
        before = date.fromordinal(days.first_day.toordinal() - 1)
        yield replace(row, period=Period(row.period.first_day, before))
    if days.until is not None and (row.period.last_day is None or row.period.last_day >= days.until):
        yield replace(row, period=Period(days.until, row.period.last_day))


# many lines


@dataclass
class Replayed:
    """Sums by tax and chapter under one law: (tax, chapter) → minor units, and how many amounts were pending."""

    lines: int = 0
    minor: dict[tuple[str, str], int] = field(default_factory=dict)
    pending: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, tax: str, chapter: str, minor: int, pending: int) -> None:
        place = tax, chapter
        self.minor[place] = self.minor.get(place, 0) + minor
        if pending:
            self.pending[place] = self.pending.get(place, 0) + pending

    def of_tax(self, tax: str) -> int:
        return sum(minor for (code, _), minor in self.minor.items() if code == tax)

    @property
    def total_minor(self) -> int:
        return sum(self.minor.values())


@dataclass(frozen=True)
class Law:
    """A country's law, ready for many lines: with the image of its tariff, made once."""

    pack: Pack
    _assessors: dict[tuple[str, int], Assessor] = field(default_factory=dict, repr=False)

    @cached_property
    def image(self) -> TariffImage:
        return build(self.pack.tariff)

    @cached_property
    def changes(self) -> np.ndarray[Any, np.dtype[np.int32]]:
        """The first days of periods in which nothing changes that decides a rate, as days since 1970-01-01."""
        days = {start.toordinal() for start in self.image.starts}
        for name in ("preferences", "mfn_partners", "declaration_types", "documents", "procedures"):
            for code in self.pack.code_lists.get(name, ()):
                days.add(code.period.first_day.toordinal())
                if code.period.until is not None:
                    days.add(code.period.until.toordinal())
        return np.array(sorted(day - _EPOCH for day in days), np.int32)

    @cached_property
    def exchanges(self) -> np.ndarray[Any, np.dtype[np.int32]]:
        """The first days of periods in which no law and no rate of exchange changes."""
        days = {row.period.first_day.toordinal() - _EPOCH for row in self.pack.exchange.rows}
        days |= {until.toordinal() - _EPOCH for row in self.pack.exchange.rows if (until := row.period.until)}
        return np.array(sorted({*days, *self.changes.tolist()}), np.int32)

    @cached_property
    def in_foreign_money(self) -> frozenset[tuple[str, str]]:
        """Beginnings of codes, with additional codes, that a row gives a price in another currency for."""
        rows = (row for edition in self.pack.tariff.editions for row in edition.measures)
        return frozenset(
            (row.commodity, row.additional_code) for row in rows if row.duty and self._is_foreign(row.duty)
        )

    def _is_foreign(self, duty: Duty) -> bool:
        terms = (*duty.base, *duty.at_least, *duty.at_most)
        return any(term.currency not in ("", self.pack.currency) for term in terms)

    def assess(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Lines with a column `T_minor` for each tax, each by the law of its own day; grouped by day and type, so in
        another order than they came."""
        if not lines.height:
            return lines
        days = lines[DAY].cast(pl.Date).to_physical().to_numpy()
        law = _begun(self.changes, days)
        foreign = self._are_foreign(lines)
        law_days = np.where(foreign, _begun(self.exchanges, days), law) if foreign.any() else law
        parts = [
            self._assessor(str(part[TYPE][0]), int(part["law_day"][0])).assess(part.drop("law_day"))
            for part in lines.with_columns(pl.Series("law_day", law_days)).partition_by("law_day", TYPE)
        ]
        return pl.concat(parts)

    def _assessor(self, type_code: str, day: int) -> Assessor:
        """Of a declaration type and a day (since 1970-01-01), with what it knows from batches before."""
        known = self._assessors.get((type_code, day))
        if known is None:
            like = Declaration(function_code="9", type_code=type_code)
            known = Assessor(self.pack, self.image, like, date.fromordinal(day + _EPOCH))
            self._assessors[type_code, day] = known
        return known

    def _are_foreign(self, lines: pl.DataFrame) -> np.ndarray[Any, np.dtype[np.bool_]]:
        found = np.zeros(lines.height, np.bool_)
        named = lines["commodity_code"].unique().cast(pl.String).to_list()
        additional = lines["additional_code"].unique().cast(pl.String).to_list()
        for code in {code for _, code in self.in_foreign_money if code in ("", *additional)}:
            begun = tuple(begin for begin, of in self.in_foreign_money if of == code)
            those = [one for one in named if one.startswith(begun)]
            if those:
                which = pl.col("commodity_code").cast(pl.String).is_in(those)
                if code:
                    which &= pl.col("additional_code").cast(pl.String) == code
                found |= lines.select(which).to_series().to_numpy()
        return found

    def replay(self, batches: Iterable[pl.DataFrame]) -> Replayed:
        """The sums of all batches."""
        done = Replayed()
        taxes = [tax.code for tax in self.pack.taxes if tax.code not in self.pack.once]
        for batch in batches:
            done.lines += batch.height
            assessed = self.assess(batch)
            for row in by_chapter(assessed, taxes).iter_rows(named=True):
                for tax in taxes:
                    if row[tax] or row[f"{tax}_pending"]:
                        done.add(tax, row["chapter"], row[tax], row[f"{tax}_pending"])
        return done


def by_chapter(assessed: pl.DataFrame, taxes: Iterable[str]) -> pl.DataFrame:
    """Sums of the taxes by chapter: chapter, T the sum in minor units (exact), T_pending how many are not known."""
    # A tax that nobody owes is not summed; the sums are of 128 bits, because a chapter's year may need them.
    columns = [f"{tax}_minor" for tax in taxes if f"{tax}_minor" in assessed.columns]
    amounts = [
        name
        for name in columns
        if assessed[name].null_count() or assessed[name].max() or assessed[name].min()
    ]
    zero = [
        pl.lit(0, pl.Int128).alias(name.removesuffix("_minor")) for name in columns if name not in amounts
    ]
    zero += [
        pl.lit(0).alias(f"{name.removesuffix('_minor')}_pending") for name in columns if name not in amounts
    ]
    chapter = pl.col("commodity_code").cast(pl.String).str.slice(0, CHAPTER).alias("chapter")
    # By code first: the text is then cut once a code and not once a line.
    codes = assessed.lazy().group_by("commodity_code").agg(
        *(pl.col(name).cast(pl.Int128).sum().alias(name.removesuffix("_minor")) for name in amounts),
        *(pl.col(name).null_count().alias(f"{name.removesuffix('_minor')}_pending") for name in amounts),
    )  # fmt: skip
    summed = codes.with_columns(chapter).drop("commodity_code").group_by("chapter").sum().sort("chapter")
    return summed.with_columns(zero).collect()


def read_lines(file: Path, rows: int = BATCH) -> Iterator[pl.DataFrame]:
    """Batches of a Parquet file of lines. ValueError: a column of COLUMNS is not there."""
    scanned = pl.scan_parquet(file)
    names = scanned.collect_schema().names()
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise ValueError(f"no column {', '.join(missing)}")
    first = 0
    while True:
        batch = scanned.slice(first, rows).collect()
        if not batch.height:
            return
        yield batch
        first += batch.height


# declarations


def replay_declarations(pack: Pack, dated: Iterable[tuple[Declaration, date]]) -> Replayed:
    """The sums of whole declarations, each by the law of its day, what is owed once a declaration among them."""
    done = Replayed()
    for declaration, day in dated:
        assessment = assess(pack, declaration, day)
        for item, line in zip(declaration.goods_items, assessment.lines, strict=True):
            done.lines += 1
            for tax in dict.fromkeys(amount.tax for amount in line.amounts):
                minor = line.payable_minor(tax)
                done.add(tax, item.commodity_code[:CHAPTER], minor or 0, int(minor is None))
    return done


def _begun(starts: np.ndarray[Any, np.dtype[np.int32]], days: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Of each day the first day of its period that is in question: a day on which the same law stands."""
    places = np.searchsorted(starts, days, side="right") - 1
    return np.where(places >= 0, starts[np.maximum(places, 0)], days) if len(starts) else days


# the difference


class Difference(msgspec.Struct, frozen=True):
    """What one tax brought in one chapter under both laws, in minor units; pending: amounts that are not known."""

    tax: str
    chapter: str
    before_minor: int
    after_minor: int
    pending_before: int = 0
    pending_after: int = 0

    @property
    def difference_minor(self) -> int:
        return self.after_minor - self.before_minor


def differences(pack: Pack, before: Replayed, after: Replayed) -> list[Difference]:
    """By tax in levying order and chapter; the same from both sides where nothing changed."""
    order = {tax.code: place for place, tax in enumerate(pack.taxes)}
    places = {*before.minor, *after.minor}
    return [
        Difference(
            *place,
            before.minor.get(place, 0),
            after.minor.get(place, 0),
            before.pending.get(place, 0),
            after.pending.get(place, 0),
        )
        for place in sorted(places, key=lambda one: (order.get(one[0], len(order)), one[1]))
    ]
