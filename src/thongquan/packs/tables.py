"""A country's tables: CSV files in which every row says from when, until when, and who said so.

Columns that a table may have beside its own: `first_day`, `last_day` (included; empty while it stands), `act` (its
official number, a row of acts.csv) and `at` (the place in it), and the names of a thing, one column a language.
Reading is strict and complete: every cell that cannot be read is a finding with its place, and only a folder without
findings becomes a pack.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NoReturn

from ..engine.dated import Period, day_of
from ..engine.findings import Finding, LegalRef, in_order

LANGUAGES: Final = ("vi", "en")
"""Columns that hold names."""

SOURCE: Final = ("first_day", "last_day", "act", "at")
"""Columns of every table of law."""

VERIFIED: Final = "verified"
"""Column of any table: "yes" where somebody read the row in the act's own text, "no" where nobody has."""

SETTINGS: Final = "pack.toml"


class UnusablePack(ValueError):
    """A folder that cannot be read as a pack, with every reason."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        super().__init__(
            "; ".join(f"{finding.at}: {finding.code} {dict(finding.says)}" for finding in findings)
        )


class _Unreadable(Exception):
    """A cell that does not say what its column asks for."""

    def __init__(self, column: str, value: str) -> None:
        self.column = column
        self.value = value
        super().__init__(column)


@dataclass(frozen=True, slots=True)
class Row:
    """One row. place: file and line as an editor shows them ("measures.csv, line 12")."""

    place: str
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        """The cell without blanks around it; "" where the table has no such column."""
        return self.cells.get(column, "")

    def asked(self, column: str) -> str:
        """A cell that must not be empty."""
        if not self.text(column):
            self._refuse(column)
        return self.text(column)

    def words(self, column: str) -> tuple[str, ...]:
        """A cell of several codes with blanks between them."""
        return tuple(self.text(column).split())

    def yes(self, column: str) -> bool:
        return self.one_of(column, {"yes": True, "no": False, "": False})

    def whole(self, column: str, default: int = 0) -> int:
        """A whole number, at most eighteen digits."""
        text = self.text(column)
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            self._refuse(column)
        return int(text)

    def one_of[Value](self, column: str, meanings: Mapping[str, Value]) -> Value:
        text = self.text(column)
        if text not in meanings:
            self._refuse(column)
        return meanings[text]

    def read[Value](self, column: str, reader: Callable[[str], Value]) -> Value:
        """A cell by a reader that raises ValueError for what it cannot read."""
        try:
            return reader(self.text(column))
        except ValueError:
            self._refuse(column)

    @property
    def period(self) -> Period:
        first = self.read("first_day", day_of)
        last = self.read("last_day", day_of) if self.text("last_day") else None
        try:
            return Period(first, last)
        except ValueError:
            self._refuse("last_day")

    @property
    def law(self) -> LegalRef:
        return LegalRef(self.asked("act"), self.text("at"))

    @property
    def names(self) -> dict[str, str]:
        """Language → name; a language without one is left out, which `pack-check` reports."""
        return {language: self.text(language) for language in LANGUAGES if self.text(language)}

    def day(self, column: str) -> date:
        return self.read(column, day_of)

    def _refuse(self, column: str) -> NoReturn:
        raise _Unreadable(column, self.text(column))


@dataclass(slots=True)
class Folder:
    """A pack's folder while it is read; `findings` gathers what could not be, `certainty` counts by table the rows
    that are verified and those that are not."""

    path: Path
    findings: list[Finding] = field(default_factory=list)
    certainty: dict[str, tuple[int, int]] = field(default_factory=dict)

    def settings(self) -> dict[str, Any]:
        """The values of pack.toml that no table holds; {} and a finding where it is missing or not TOML."""
        file = self.path / SETTINGS
        if not file.is_file():
            self.findings.append(Finding("PACK_FILE_MISSING", SETTINGS, {"file": SETTINGS}))
            return {}
        try:
            return tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            says = {"column": SETTINGS, "value": str(error)[:80]}
            self.findings.append(Finding("PACK_CELL_UNREADABLE", SETTINGS, says))
            return {}

    def tables(self, under: str) -> list[str]:
        """The tables in a folder below data, by name without .csv, sorted."""
        return sorted(file.stem for file in (self.path / "data" / under).glob("*.csv"))

    def rows[Made](
        self,
        table: str,
        columns: str,
        make: Callable[[Row], Made],
        *,
        more: bool = False,
        optional: str = "",
        needed: bool = False,
    ) -> list[Made]:
        """What `make` gives for each row of data/<table>.csv, in its order; [] where there is no such file.

        columns: the ones it must have, blanks between them; SOURCE, LANGUAGES, VERIFIED and the `optional` ones may be
        beside them, others only with `more`. needed: a missing file is a finding. A row that cannot be read is a
        finding and left out.
        """
        file = self.path / "data" / f"{table}.csv"
        if not file.is_file():
            if needed:
                self.findings.append(Finding("PACK_FILE_MISSING", f"{table}.csv", {"file": f"{table}.csv"}))
            return []
        made: list[Made] = []
        for row in self._read(file, table, tuple(columns.split()), more, tuple(optional.split())):
            try:
                made.append(make(row))
                if row.text(VERIFIED):
                    yes, no = self.certainty.get(table, (0, 0))
                    is_verified = row.yes(VERIFIED)
                    self.certainty[table] = yes + is_verified, no + (not is_verified)
            except _Unreadable as bad:
                says = {"column": bad.column, "value": bad.value[:80]}
                self.findings.append(Finding("PACK_CELL_UNREADABLE", row.place, says))
            except ValueError as error:
                says = {"column": table, "value": str(error)[:200]}
                self.findings.append(Finding("PACK_CELL_UNREADABLE", row.place, says))
        return made

    def keyed[Key, Made](
        self,
        table: str,
        columns: str,
        make: Callable[[Row], tuple[Key, Made]],
        *,
        needed: bool = False,
    ) -> dict[Key, Made]:
        """As `rows`, of a table in which no key stands twice; one that does is a finding."""

        def placed(row: Row) -> tuple[str, Key, Made]:
            return row.place, *make(row)

        made: dict[Key, Made] = {}
        for place, key, value in self.rows(table, columns, placed, needed=needed):
            if key in made:
                self.findings.append(
                    Finding("PACK_ROW_TWICE", place, {"file": f"{table}.csv", "key": str(key)})
                )
            made.setdefault(key, value)
        return made

    def _read(
        self, file: Path, table: str, needed: tuple[str, ...], more: bool, optional: tuple[str, ...]
    ) -> Iterator[Row]:
        name = f"{table}.csv"
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            self.findings.append(
                Finding("PACK_CELL_UNREADABLE", name, {"column": name, "value": "not UTF-8"})
            )
            return
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = next(reader, [])
        known = {*needed, *optional, *SOURCE, *LANGUAGES, VERIFIED}
        bad = [("PACK_COLUMN_MISSING", column) for column in needed if column not in header]
        bad += [("PACK_COLUMN_UNKNOWN", column) for column in header if not more and column not in known]
        bad += [("PACK_COLUMN_TWICE", column) for column in set(header) if header.count(column) > 1]
        if bad:
            self.findings += [Finding(code, name, {"file": name, "column": column}) for code, column in bad]
            return
        for cells in reader:
            place = f"{name}, line {reader.line_num}"
            if not any(cells):
                continue
            if len(cells) != len(header):
                says = {"column": name, "value": f"{len(cells)} / {len(header)}"}
                self.findings.append(Finding("PACK_CELL_UNREADABLE", place, says))
                continue
            yield Row(place, {column: cell.strip() for column, cell in zip(header, cells, strict=True)})

    def version(self) -> str:
        """SHA-256 over names and bytes of pack.toml and everything in data, in the order of the names."""
        whole = sha256()
        files = [file for file in (self.path / "data").rglob("*") if file.is_file()]
        for file in sorted(
            [*files, self.path / SETTINGS], key=lambda file: file.relative_to(self.path).as_posix()
        ):
            content = file.read_bytes() if file.is_file() else b""
            name = file.relative_to(self.path).as_posix().encode()
            whole.update(len(name).to_bytes(8, "big") + name + len(content).to_bytes(8, "big") + content)
        return whole.hexdigest()

    def close(self) -> None:
        """UnusablePack with every finding, if there are any."""
        if self.findings:
            raise UnusablePack(in_order(self.findings))
