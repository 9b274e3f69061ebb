"""Files of rows and cells (CSV, XLSX) → tables that know where each cell stands. Nothing is interpreted here."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import python_calamine

from ..findings import Finding
from .rate_text import collapsed

MAX_BYTES: Final = 128 * 2**20
"""Bytes of a file that are read."""

MAX_UNPACKED: Final = 1024 * 2**20
"""Bytes that an XLSX may unpack to: a small file can unpack to more than a machine has."""

MAX_ROWS: Final = 2_000_000
HEADING_ROWS: Final = 40
"""Rows at the top of a sheet among which its headings are looked for."""

_PERCENT_BUILT_IN: Final = frozenset({"9", "10"})
_ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one sheet, or of one CSV file. sheet: its name, "" for CSV. lines: for each row the line of the
    file or the row of the sheet, counted from 1. percent_formats: whether number cells may be shown as per cent, so
    that 0.05 may stand for 5 %: the reader of cells is not told which."""

    sheet: str
    rows: list[list[object]]
    lines: list[int]
    percent_formats: bool = False

    def place(self, row: int, column: int | None = None) -> str:
        """Where a row or a cell stands, in the reader's own terms: "line 7", "sheet Tariff!G12"."""
        if not self.sheet:
            return f"line {self.lines[row]}"
        if column is None:
            return f"sheet {self.sheet}!{self.lines[row]}"
        return f"sheet {self.sheet}!{letters(column)}{self.lines[row]}"

    def headings(self, row: int) -> list[str]:
        """A row as headings: spaces collapsed, letter case without meaning."""
        return [heading(cell_text(cell)) for cell in self.rows[row]]


def read_tables(source: Path | bytes) -> list[Table] | Finding:
    """The tables of a file, in its own order; hidden sheets are left out.

    CSV: UTF-8, or UTF-16 with its mark; comma, semicolon or tab, whichever the first line has most of.
    Findings: TARIFF_FILE_TOO_LARGE, TARIFF_FILE_NOT_UTF8, TARIFF_FILE_UNREADABLE.
    """
    octets = source if isinstance(source, bytes) else None
    if isinstance(source, Path):
        if source.stat().st_size > MAX_BYTES:
            return Finding("TARIFF_FILE_TOO_LARGE", says={"most": f"{MAX_BYTES // 2**20} MB"})
        octets = source.read_bytes()
    assert octets is not None
    if len(octets) > MAX_BYTES:
        return Finding("TARIFF_FILE_TOO_LARGE", says={"most": f"{MAX_BYTES // 2**20} MB"})
    return _workbook(octets) if octets[:4] == b"PK\x03\x04" else _comma_separated(octets)


def _workbook(octets: bytes) -> list[Table] | Finding:
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > MAX_UNPACKED:
                return Finding("TARIFF_FILE_TOO_LARGE", says={"most": f"{MAX_UNPACKED // 2**20} MB"})
            percent = _uses_percent(packed)
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(octets))
        tables: list[Table] = []
        for sheet in book.sheets_metadata:
            if sheet.visible is not python_calamine.SheetVisibleEnum.Visible:
                continue
            if sheet.typ is not python_calamine.SheetTypeEnum.WorkSheet:
                continue
            # Empty rows and columns at the edge stay, so that the place of a cell is the place people see.
            rows: list[list[object]] = [
                list(row) for row in book.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
            ]
            if len(rows) > MAX_ROWS:
                return Finding("TARIFF_FILE_TOO_LARGE", says={"most": f"{MAX_ROWS:,} rows"})
            tables.append(Table(sheet.name, rows, list(range(1, len(rows) + 1)), percent))
    except (python_calamine.CalamineError, zipfile.BadZipFile, ValueError, OSError) as why:
        return Finding("TARIFF_FILE_UNREADABLE", says={"why": str(why)[:200]})
    return tables


def _uses_percent(packed: zipfile.ZipFile) -> bool:
    """Whether any cell format in use shows numbers as per cent."""
    try:
        styles = packed.read("xl/styles.xml").decode("utf-8", "replace")
    except KeyError:
        return False
    formats = set(_PERCENT_BUILT_IN)
    for number, shown in re.findall(r'<numFmt numFmtId="(\d+)" formatCode="([^"]*)"', styles):
        if "%" in shown:
            formats.add(number)
    used = re.search(r"<cellXfs.*?</cellXfs>", styles, re.DOTALL)
    return used is not None and not formats.isdisjoint(re.findall(r'numFmtId="(\d+)"', used[0]))


def _comma_separated(octets: bytes) -> list[Table] | Finding:
    try:
        coding = "utf-16" if octets[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        text = octets.decode(coding)
    except UnicodeDecodeError as why:
        return Finding("TARIFF_FILE_NOT_UTF8", says={"byte": str(why.start)})
    first = text[: text.find("\n")] if "\n" in text else text
    delimiter = max(",;\t", key=first.count)
    rows: list[list[object]] = []
    lines: list[int] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for row in reader:
            rows.append(list(row))
            lines.append(line)
            line = reader.line_num + 1
            if len(rows) > MAX_ROWS:
                return Finding("TARIFF_FILE_TOO_LARGE", says={"most": f"{MAX_ROWS:,} rows"})
    except csv.Error as why:
        return Finding("TARIFF_FILE_UNREADABLE", at=f"line {line}", says={"why": str(why)[:200]})
    return [Table("", rows, lines)]


def cell_text(cell: object) -> str:
    """A cell as text. A number as people see it in a spreadsheet, which shows 15 digits at the most."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else format(cell, ".15g")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def is_number(cell: object) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def heading(text: str) -> str:
    """A heading for comparison."""
    return collapsed(text.translate(_ZERO_WIDTH)).casefold()


def find_headings(tables: Iterable[Table], required: Iterable[frozenset[str]]) -> tuple[Table, int] | None:
    """The first table and row that has one heading of every required group; None when no table has them."""
    groups = list(required)
    for table in tables:
        for row in range(min(len(table.rows), HEADING_ROWS)):
            found = set(table.headings(row))
            if all(not group.isdisjoint(found) for group in groups):
                return table, row
    return None


def letters(column: int) -> str:
    """A column, counted from 0, as spreadsheets name it: 0 → A, 27 → AB."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
