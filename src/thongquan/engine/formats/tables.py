"""CSV and XLSX: one declaration or thousands, one row for each goods item.

The first row that is not empty holds the headings; `columns.csv` says which there are. A column whose heading begins
with "#" is the writer's own note and is not read. Rows with the same declarant's reference, one below the other, are
one declaration; an empty reference goes on with the declaration above. Values of the declaration stand on its first
row; further down they are repeated or left empty. A row without any value of a line adds no line, and is allowed only
as the first of its declaration. White space around a cell's text is not part of it.

Figures. Nothing is rounded and no mark is guessed at. A plain number with a point is always read in comma-separated
files, which is what machines write: "1.234" is one and 234 thousandths there, and a comma in a figure is refused. In
files with ";" or tab, and in text cells of a workbook, people's habits meet: point and comma are both taken as the
decimal mark where they can be nothing else ("12,5", "1234,567", "0,125"), and "1,234" and "1.234" are refused as
ambiguous. Grouping marks are never read. A number cell of a workbook holds a binary fraction: it is accepted when at
most 15 digits with at most six decimals give exactly that fraction, which is the case for every figure that a person
typed; a computed 0.1 + 0.2 is refused. A number or date in a text column is refused, because a zero in front may be
lost already: codes are typed as text.

Times are ISO 8601. Instants without a zone are in the `zone` that the caller gives, a day alone is its first instant
there; where none is given, they are findings. The day of a document or invoice needs no zone.

Places are those a spreadsheet shows: "C14", "sheet Hàng!C14".
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from itertools import islice
from typing import BinaryIO, Final

from ..declaration import Declaration
from ..findings import Finding, Severity
from . import columns as column_list
from .guard import XML_SPACE
from .table_rows import (
    MAX_COLUMNS,
    MAX_FILE_FINDINGS,
    MAX_FINDINGS,
    REFERENCE,
    Broken,
    Examined,
    Row,
    Rows,
    Table,
)
from .table_writing import write_csv, write_xlsx
from .workbook import Cell, Sheet, open_sheets

__all__ = [
    "MAX_COLUMNS",
    "MAX_EMPTY_ROWS",
    "MAX_FILE_FINDINGS",
    "MAX_FINDINGS",
    "MAX_RECORD_CHARACTERS",
    "REFERENCE",
    "Cells",
    "Examined",
    "cells_of",
    "examine_csv",
    "examine_xlsx",
    "read_csv",
    "read_xlsx",
    "write_csv",
    "write_xlsx",
]

MAX_RECORD_CHARACTERS: Final = 1_000_000
"""Characters in one row of a CSV file, line breaks inside quotes included."""
MAX_EMPTY_ROWS: Final = 100_000
"""Rows of a CSV file without any value."""


def read_csv(
    stream: BinaryIO, zone: tzinfo | None = None
) -> Iterator[tuple[int, Declaration | tuple[Finding, ...]]]:
    """Each declaration's first row, and the declaration or what is wrong with it. As `examine_csv`."""
    return _plainly(examine_csv(stream, zone))


def read_xlsx(
    data: bytes, zone: tzinfo | None = None
) -> Iterator[tuple[int, Declaration | tuple[Finding, ...]]]:
    """Each declaration's first row, and the declaration or what is wrong with it. As `examine_xlsx`."""
    return _plainly(examine_xlsx(data, zone))


def _plainly(examined: Iterable[Examined]) -> Iterator[tuple[int, Declaration | tuple[Finding, ...]]]:
    for row, _, declaration, findings in examined:
        yield row, findings if declaration is None else declaration


def examine_csv(stream: BinaryIO, zone: tzinfo | None = None) -> Iterator[Examined]:
    """Each declaration of a CSV file with all findings, warnings too, in the order of the file.

    stream: seekable, from its beginning; it is read twice and stays open. The first time shows that the file is whole
    and that no reference stands in two places, so that nothing is given out from a file that ends in rubble. Memory:
    one declaration, and eight bytes for each.
    Encoding: UTF-8, or UTF-16 with its mark. Delimiter: the one of comma, semicolon and tab under which most headings
    are known.
    """
    try:
        encoding = _encoding(stream)
        delimiter = _delimiter(stream, encoding)
        rows: Rows = lambda: _csv_rows(stream, encoding, delimiter)  # noqa: E731
        empty = True
        for examined in Table(rows, zone, comma=delimiter != ",").examined():
            empty = False
            yield examined
        if empty:
            yield Broken("TABLE_WITHOUT_ROWS").examined()
    except Broken as broken:
        yield broken.examined()


def examine_xlsx(data: bytes, zone: tzinfo | None = None) -> Iterator[Examined]:
    """Each declaration of a workbook with all findings, warnings too, in the order of its sheets.

    A visible sheet is read when one of its headings is a column's; others (instructions, lists) and hidden ones give
    a note. Hidden rows and columns are read.
    """
    sheets = open_sheets(data)
    if isinstance(sheets, Finding):
        yield Examined(1, "", None, (sheets,))
        return
    empty, read = True, 0
    for sheet in sheets:
        if not sheet.visible or not _knows_a_heading(sheet):
            code = "SHEET_NOT_READ" if sheet.visible else "SHEET_HIDDEN"
            place = f"sheet {sheet.name}"
            note = Finding(code, place, {"sheet": sheet.name}, severity=Severity.NOTE)
            yield Examined(1, place, None, (note,))
            continue
        read += 1
        try:
            for examined in Table(sheet.rows, zone, comma=True, sheet=sheet).examined():
                empty = False
                yield examined
        except Broken as broken:
            empty = False
            yield broken.examined()
    if not read:
        yield Broken("TABLE_WITHOUT_HEADINGS", first="").examined()
    elif empty:
        yield Broken("TABLE_WITHOUT_ROWS").examined()


def _knows_a_heading(sheet: Sheet) -> bool:
    for _, cells in sheet.rows():
        if any(cell != "" for cell in cells):
            return any(
                isinstance(cell, str) and column_list.slot_of(cell) is not None
                for cell in cells[:MAX_COLUMNS]
            )
    return False


@dataclass(frozen=True, slots=True)
class Cells:
    """The filled cells of one table as text, for a form in which a person mends them.

    sheet: its name, "" of a CSV file. headings: as they stand; rows below them, each with its number in the file.
    comma: whether a comma may be a decimal mark in its texts. typed: places of numbers that stand in the file as
    numbers, which no text can say again: a code that lost its zeros looks like any other.
    """

    sheet: str
    headings: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    comma: bool
    typed: frozenset[tuple[int, int]] = frozenset()


def cells_of(data: bytes, is_workbook: bool, most: int) -> tuple[Cells, ...]:
    """The tables of a file that have a heading that we know; none of one that is refused as a whole, or that has more
    than MAX_COLUMNS columns: a form would be as wide in every row.

    most: rows below the headings that are wanted. One more than that is read, which shows that there are others.
    """
    if not is_workbook:
        try:
            stream = io.BytesIO(data)
            encoding = _encoding(stream)
            delimiter = _delimiter(stream, encoding)
            return _cells("", _csv_rows(stream, encoding, delimiter), most, delimiter != ",")
        except Broken:
            return ()
    sheets = open_sheets(data)
    if isinstance(sheets, Finding):
        return ()
    found: list[Cells] = []
    for sheet in sheets:
        if sheet.visible and _knows_a_heading(sheet):
            found += _cells(sheet.name, sheet.rows(), most, comma=True)
    return tuple(found)


def _cells(sheet: str, rows: Iterator[Row], most: int, comma: bool) -> tuple[Cells, ...]:
    filled_ones = ((number, cells) for number, cells in rows if any(cell != "" for cell in cells))
    filled = list(islice(filled_ones, most + 2))
    wide = max((len(cells) for _, cells in filled), default=0)
    if not filled or wide > MAX_COLUMNS:
        return ()
    headings = tuple(_text(cell) for cell in filled[0][1]) + ("",) * (wide - len(filled[0][1]))
    body = tuple(
        (number, tuple(_text(cell) for cell in cells) + ("",) * (wide - len(cells)))
        for number, cells in filled[1:]
    )
    typed = frozenset(
        (number, place)
        for number, cells in filled[1:]
        for place, cell in enumerate(cells)
        if not isinstance(cell, str)
    )
    return (Cells(sheet, headings, body, comma, typed),)


def _text(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float) and not isinstance(cell, bool):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 10**15 else repr(cell)
    return str(cell)


# CSV below its cells.

_MARKS: Final = (
    (codecs.BOM_UTF32_LE, ""),
    (codecs.BOM_UTF32_BE, ""),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
_DELIMITERS: Final = (",", ";", "\t")


def _encoding(stream: BinaryIO) -> str:
    stream.seek(0)
    start = stream.read(4)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            if not encoding:
                raise Broken("CSV_ENCODING", encoding="UTF-32")
            return encoding
    if b"\0" in start:
        raise Broken("CSV_ENCODING", encoding="UTF-16")
    return "utf-8"


def _delimiter(stream: BinaryIO, encoding: str) -> str:
    """The delimiter under which the heading row holds most known headings."""
    best, most, first = "", 0, ""
    for delimiter in _DELIMITERS:
        for _, cells in _csv_rows(stream, encoding, delimiter):
            if any(cells):
                known = sum(column_list.slot_of(str(cell)) is not None for cell in cells[:MAX_COLUMNS])
                first = first or str(next(cell for cell in cells if cell))
                if known > most:
                    best, most = delimiter, known
                break
    if not best:
        raise Broken("TABLE_WITHOUT_HEADINGS", "A1", first=first[:40])
    return best


def _csv_rows(stream: BinaryIO, encoding: str, delimiter: str) -> Iterator[Row]:
    """The rows of the file as a spreadsheet numbers them, cells without the white space around them."""
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding, newline="")
    lines = _Lines(text)
    number = empty = 0
    try:
        for cells in csv.reader(lines, delimiter=delimiter, strict=True):
            number += 1
            lines.spent = 0
            empty += not any(cells)
            if empty > MAX_EMPTY_ROWS:
                raise Broken("TABLE_TOO_EMPTY", f"row {number}", number, limit=str(MAX_EMPTY_ROWS))
            yield number, [cell.strip(XML_SPACE) for cell in cells]
    except UnicodeDecodeError:
        raise Broken("CSV_ENCODING", f"row {number + 1}", number + 1, encoding="UTF-8") from None
    except csv.Error:
        raise Broken("CSV_QUOTES", f"row {number + 1}", number + 1) from None
    finally:
        text.detach()


class _Lines:
    """Lines for the csv reader; refuses a record that does not end. spent: characters since the last record."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._records = 0
        self.spent = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._text.readline(MAX_RECORD_CHARACTERS + 1)
        if not line:
            raise StopIteration
        self._records += not self.spent
        self.spent += len(line)
        if self.spent > MAX_RECORD_CHARACTERS:
            raise Broken(
                "CSV_ROW_TOO_LONG",
                f"row {self._records}",
                self._records,
                limit=str(MAX_RECORD_CHARACTERS),
            )
        return line
