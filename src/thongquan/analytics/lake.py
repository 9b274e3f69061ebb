"""The lake: facts as Parquet files, by table and month, under a manifest that says what they are.

`<lake>/<table>/month=2020-06/part-<hash>.parquet`; a table that is kept whole stands under `whole/`. A file never
changes: other facts are another file, named by its own hash. Each publishing makes a new *edition*, a manifest that
lists exactly one file a month, so a reader of an edition reads the same bytes for ever, while a newer one is being
written. What no kept edition names, `tidy` removes.

The manifest says which days each table covers. A month inside them without rows is a fact (zero); a day outside them
is unknown.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

import msgspec
import polars as pl

from ..engine.dated import Period
from ..engine.indicators.facts import TABLES
from ..engine.indicators.periods import months_of
from .facts import proven

ROW_GROUP: Final = 64 * 1024
"""Rows are sorted by day, so a reader of one day opens one or two groups of a month."""

_MONTH: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)


class Part(msgspec.Struct, frozen=True):
    """One file. file: from the lake's folder. sha256: of its bytes. heads: what the exporter said of its rows' heads,
    "" where it said nothing."""

    file: str
    sha256: str
    rows: int
    heads: str = ""


class TableParts(msgspec.Struct, frozen=True):
    """A table: the days that it covers, both included, and its file of each month with rows ("" of a whole one)."""

    first_day: date
    last_day: date
    parts: dict[str, Part]


class Manifest(msgspec.Struct, frozen=True):
    """An edition. definitions: the version of the export's own definition of the fact columns."""

    edition: int
    exported_at: datetime
    definitions: str
    tables: dict[str, TableParts]


@dataclass(frozen=True, slots=True)
class Change:
    """All the rows of one table and month as they are now. heads: digest of the heads behind them (`heads_digest`)."""

    rows: pl.DataFrame
    heads: str = ""


class NoFacts(LookupError):
    """The lake has no such edition."""


class Edition:
    """One edition, open for reading."""

    def __init__(self, root: Path, manifest: Manifest) -> None:
        self.root = root
        self.manifest = manifest

    def covers(self, table: str, days: Period) -> bool:
        """Whether every day of a period is one that the table tells of."""
        held = self.manifest.tables.get(table)
        return held is not None and days.within(Period(held.first_day, held.last_day))

    def files(self, table: str, days: Period | None = None) -> list[Path]:
        """The files that hold a table's rows of these days (all of it for None), months in order. [] where a covered
        month has no rows."""
        held = self.manifest.tables.get(table)
        if held is None:
            return []
        wanted = None if days is None or not TABLES[table].day else set(months_of(days))
        return [
            self.root / part.file
            for month, part in sorted(held.parts.items())
            if wanted is None or month in wanted
        ]

    def fact_hash(self, tables: Iterable[str]) -> str:
        """Names the facts of these tables: SHA-256 over their files' hashes and the days covered."""
        told = hashlib.sha256()
        for table in sorted(set(tables)):
            held = self.manifest.tables.get(table)
            if held is None:
                continue
            told.update(f"{table} {held.first_day} {held.last_day}\n".encode())
            for month, part in sorted(held.parts.items()):
                told.update(f"{month} {part.sha256}\n".encode())
        return told.hexdigest()

    def verify(self) -> list[str]:
        """The files whose bytes are not those that the manifest names, or that are not there."""
        wrong = []
        for held in self.manifest.tables.values():
            for part in held.parts.values():
                file = self.root / part.file
                if not file.exists() or _sha256(file) != part.sha256:
                    wrong.append(part.file)
        return sorted(wrong)


def definitions() -> str:
    """The version of the fact columns themselves: a lake of others is not read as if it were of these."""
    return hashlib.sha256(
        repr([(t.name, t.key, t.day, t.columns) for t in TABLES.values()]).encode()
    ).hexdigest()[:16]


def heads_digest(heads: Iterable[tuple[str, str]]) -> str:
    """A digest of (key, head) pairs, whatever their order: an exporter compares it with the manifest's and leaves out
    the months that did not change without reading their rows."""
    told = hashlib.sha256()
    for key, head in sorted(heads):
        told.update(f"{len(key)} {key} {head}\n".encode())
    return told.hexdigest()


class Lake:
    """A folder of editions. One process publishes at a time; any number read."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def edition(self, number: int | None = None) -> Edition:
        """An edition by its number; None for the newest. NoFacts where there is none."""
        file = self.root / ("manifest.json" if number is None else f"editions/{number:06d}.json")
        try:
            manifest = msgspec.json.decode(file.read_bytes(), type=Manifest)
        except FileNotFoundError:
            raise NoFacts(f"no edition {number or ''} in the lake") from None
        return Edition(self.root, manifest)

    def editions(self) -> list[int]:
        """The numbers of all editions kept, oldest first."""
        return sorted(int(file.stem) for file in (self.root / "editions").glob("*.json"))

    def publish(
        self,
        exported_at: datetime,
        changes: Mapping[str, Mapping[str, Change | pl.DataFrame]],
        covers: Mapping[str, Period],
    ) -> Edition:
        """Publish a new edition: the newest with these months in place of what it had.

        changes: table → month ("" of a whole table) → all its rows now; a frame without rows empties the month.
        covers: table → days covered from now on; a table not named keeps its days. ValueError for rows of another
        month or outside the days, BadFacts for rows that are no facts. An edition is there whole, or not at all.
        """
        if exported_at.tzinfo is None:
            raise ValueError("the instant of an export has a zone")
        try:
            before: Manifest | None = self.edition().manifest
        except NoFacts:
            before = None
        tables = dict(before.tables) if before is not None else {}
        for table in sorted({*changes, *covers}):
            tables[table] = self._table(table, changes.get(table, {}), covers.get(table), tables.get(table))
        manifest = Manifest(
            edition=(before.edition if before else 0) + 1,
            exported_at=exported_at,
            definitions=definitions(),
            tables=dict(sorted(tables.items())),
        )
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
        _put(self.root / "editions" / f"{manifest.edition:06d}.json", text)
        _put(self.root / "manifest.json", text)
        return Edition(self.root, manifest)

    def tidy(self, keep: Iterable[int]) -> list[str]:
        """Remove the editions not named (the newest stays) and every file that none of the rest needs; what went."""
        kept = {*keep, self.edition().manifest.edition}
        needed: set[str] = set()
        gone = []
        for number in self.editions():
            if number in kept:
                held = self.edition(number).manifest.tables.values()
                needed |= {part.file for table in held for part in table.parts.values()}
            else:
                (self.root / f"editions/{number:06d}.json").unlink()
                gone.append(f"editions/{number:06d}.json")
        for file in sorted(self.root.glob("*/*/part-*.parquet")):
            name = file.relative_to(self.root).as_posix()
            if name not in needed:
                file.unlink()
                gone.append(name)
        return gone

    def _table(
        self,
        name: str,
        changes: Mapping[str, Change | pl.DataFrame],
        days: Period | None,
        before: TableParts | None,
    ) -> TableParts:
        if days is None:
            if before is None:
                raise ValueError(f"{name} is new: say which days it covers")
            days = Period(before.first_day, before.last_day)
        if days.last_day is None:
            raise ValueError(f"{name} covers days without an end")
        table = TABLES[name]
        parts = dict(before.parts) if before is not None else {}
        for month, given in changes.items():
            change = given if isinstance(given, Change) else Change(given)
            if (month == "") != (not table.day) or (month and not _MONTH.fullmatch(month)):
                raise ValueError(f"{name} has no month {month!r}")
            if change.rows.is_empty() and table.day:
                parts.pop(month, None)
                continue
            rows = proven(table, change.rows)
            if table.day:
                held = rows[table.day]
                least, greatest = held[0], held[-1]  # sorted by day
                if not (least.strftime("%Y-%m") == greatest.strftime("%Y-%m") == month):
                    raise ValueError(f"{name} {month} holds rows of {least} to {greatest}")
            parts[month] = self._part(name, month, rows, change.heads)
        if table.day and not set(parts) <= set(months_of(days)):
            raise ValueError(f"{name} covers {days.first_day} to {days.last_day} and holds other months")
        return TableParts(days.first_day, days.last_day, parts)

    def _part(self, table: str, month: str, rows: pl.DataFrame, heads: str) -> Part:
        folder = self.root / table / (f"month={month}" if month else "whole")
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".draft-{os.getpid()}.parquet"
        rows.write_parquet(
            draft, compression="zstd", compression_level=1, row_group_size=ROW_GROUP, statistics=True
        )
        digest = _sha256(draft)
        file = folder / f"part-{digest[:24]}.parquet"
        with draft.open("rb+") as written:
            os.fsync(written.fileno())
        draft.replace(file)
        return Part(file.relative_to(self.root).as_posix(), digest, rows.height, heads)


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _put(file: Path, text: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, whole."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with draft.open("wb") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    draft.replace(file)
