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

from ..findings import Finding
from ..formats.workbook import letters, open_sheets
from .rate_text import collapsed

MAX_BYTES: Final = 128 * 2**20
"""Bytes of a CSV file that are read; a workbook has the narrower bounds of formats.workbook."""
MAX_ROWS: Final = 2_000_000

WITHOUT_VALUE: Final = "#ERROR"
"""What stands for a cell of a workbook that shows an error, or a formula that was never computed."""

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
        return f"sheet {self.sheet}!{letters(column + 1)}{self.lines[row]}"

    def headings(self, row: int) -> list[str]:
        """A row as headings: spaces collapsed, letter case without meaning."""
        return [heading(cell_text(cell)) for cell in self.rows[row]]


def read_tables(source: Path | bytes) -> list[Table] | Finding:
    """The tables of a file, in its own order; hidden sheets are left out.

    CSV: UTF-8, or UTF-16 with its mark; comma, semicolon or tab, whichever the first line has most of.
    Findings: TARIFF_FILE_TOO_LARGE, TARIFF_FILE_NOT_UTF8, TARIFF_FILE_UNREADABLE; of a workbook XLSX_….
    """
    size = source.stat().st_size if isinstance(source, Path) else len(source)
    if size > MAX_BYTES:
        return Finding("TARIFF_FILE_TOO_LARGE", says={"most": f"{MAX_BYTES // 2**20} MB"})
    octets = source.read_bytes() if isinstance(source, Path) else source
    return _workbook(octets) if octets[:4] == b"PK\x03\x04" else _comma_separated(octets)


def _workbook(octets: bytes) -> list[Table] | Finding:
    sheets = open_sheets(octets)
    if isinstance(sheets, Finding):
        return sheets
    percent = _uses_percent(octets)
    tables: list[Table] = []
    for sheet in sheets:
        if sheet.visible:
            numbered = [(number, list[object](cells)) for number, cells in sheet.rows()]
            rows, lines = [cells for _, cells in numbered], [number for number, _ in numbered]
            for row, column in sheet.odd:
                rows[row - lines[0]][column - 1] = WITHOUT_VALUE
            tables.append(Table(sheet.name, rows, lines, percent))
    return tables


def _uses_percent(octets: bytes) -> bool:
    """Whether any cell format in use shows numbers as per cent. The package has been looked through before."""
    with zipfile.ZipFile(io.BytesIO(octets)) as packed:
        names = [name for name in packed.namelist() if name.lower() == "xl/styles.xml"]
        styles = "".join(packed.read(name).decode("utf-8", "replace") for name in names)
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
