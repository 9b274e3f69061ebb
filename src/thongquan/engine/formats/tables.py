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
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from itertools import groupby
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np
import xlsxwriter  # type: ignore[import-untyped]

from ..declaration import MAX_GOODS_ITEMS, Declaration, GoodsItem, Origin, Procedure, Record
from ..findings import Finding, Severity, errors
from ..money import BadNumber, decimal_text, scaled
from . import columns as column_list
from .columns import Column, Headings, Kind, Slot
from .guard import MAX_TEXT_CHARACTERS, XML_SPACE, plain, text_findings
from .json_lines import is_identifier
from .workbook import Cell, Sheet, letters, open_sheets

MAX_COLUMNS: Final = 2_000
MAX_RECORD_CHARACTERS: Final = 1_000_000
"""Characters in one row of a CSV file, line breaks inside quotes included."""
MAX_FINDINGS: Final = 100
"""Findings on one declaration."""
MAX_FILE_FINDINGS: Final = 1_000
"""Findings on one file; reading ends there."""

REFERENCE: Final = "functional_reference_id"

type Row = tuple[int, list[Cell]]
type Rows = Callable[[], Iterator[Row]]
"""The rows of a table from the first, each time it is called."""


class Examined(NamedTuple):
    """One declaration of a table. row: its first. place: that row in words. declaration: None where an error refuses
    it, or where there is only a note to give."""

    row: int
    place: str
    declaration: Declaration | None
    findings: tuple[Finding, ...]


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
        yield from _Table(rows, zone, comma=delimiter != ",").examined()
    except _Broken as broken:
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
    read = 0
    for sheet in sheets:
        if not sheet.visible or not _knows_a_heading(sheet):
            code = "SHEET_NOT_READ" if sheet.visible else "SHEET_HIDDEN"
            place = f"sheet {sheet.name}"
            note = Finding(code, place, {"sheet": sheet.name}, severity=Severity.NOTE)
            yield Examined(1, place, None, (note,))
            continue
        read += 1
        try:
            yield from _Table(sheet.rows, zone, comma=True, sheet=sheet).examined()
        except _Broken as broken:
            yield broken.examined()
    if not read:
        yield _Broken("TABLE_WITHOUT_HEADINGS", first="").examined()


class _Broken(Exception):
    """The file or sheet cannot be read further; row: where."""

    def __init__(self, code: str, at: str = "", row: int = 1, **says: str) -> None:
        super().__init__(code)
        self.row = row
        self.finding = Finding(code, at, {**says, "row": str(row)})

    def examined(self) -> Examined:
        return Examined(self.row, self.finding.at, None, (self.finding,))


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
                raise _Broken("CSV_ENCODING", encoding="UTF-32")
            return encoding
    if b"\0" in start:
        raise _Broken("CSV_ENCODING", encoding="UTF-16")
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
        raise _Broken("TABLE_WITHOUT_HEADINGS", "A1", first=first[:40])
    return best


def _csv_rows(stream: BinaryIO, encoding: str, delimiter: str) -> Iterator[Row]:
    """The rows of the file as a spreadsheet numbers them, cells without the white space around them."""
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding, newline="")
    lines = _Lines(text)
    number = 0
    try:
        for cells in csv.reader(lines, delimiter=delimiter, strict=True):
            number += 1
            lines.spent = 0
            yield number, [cell.strip(XML_SPACE) for cell in cells]
    except UnicodeDecodeError:
        raise _Broken("CSV_ENCODING", f"row {number + 1}", number + 1, encoding="UTF-8") from None
    except csv.Error:
        raise _Broken("CSV_QUOTES", f"row {number + 1}", number + 1) from None
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
            raise _Broken(
                "CSV_ROW_TOO_LONG",
                f"row {self._records}",
                self._records,
                limit=str(MAX_RECORD_CHARACTERS),
            )
        return line


# From rows to declarations.


def _knows_a_heading(sheet: Sheet) -> bool:
    for _, cells in sheet.rows():
        if any(cell != "" for cell in cells):
            return any(
                isinstance(cell, str) and column_list.slot_of(cell) is not None
                for cell in cells[:MAX_COLUMNS]
            )
    return False


class _Table:
    """One table on its way to declarations. problems: findings on the rows of the declaration being read."""

    def __init__(
        self,
        rows: Rows,
        zone: tzinfo | None,
        *,
        comma: bool,
        sheet: Sheet | None = None,
    ) -> None:
        self.rows = rows
        self.zone = zone
        self.comma = comma
        self.sheet = sheet
        self.problems: list[Finding] = []
        self.row = 1
        self.headings: dict[int, str] = {}
        """Column from 0 → heading, as the file writes it."""
        self.slots: dict[int, Slot] = {}

    def place(self, index: int | None = None, row: int | None = None) -> str:
        """Where a cell is. index: column from 0, None for the whole row."""
        at = str(row or self.row)
        at = f"row {at}" if index is None else f"{letters(index + 1)}{at}"
        return at if self.sheet is None else f"sheet {self.sheet.name}!{at}"

    def problem(self, code: str, index: int | None = None, **says: str) -> None:
        if index is not None:
            says["heading"] = self.headings.get(index, "")[:40]
        says["row"] = str(self.row)
        self.report([Finding(code, self.place(index), says)])

    def report(self, findings: Iterable[Finding]) -> None:
        """Keep findings on the declaration being read; beyond MAX_FINDINGS one more says that there are others."""
        for finding in findings:
            if len(self.problems) < MAX_FINDINGS:
                self.problems.append(finding)
            elif len(self.problems) == MAX_FINDINGS:
                self.problems.append(Finding("FINDINGS_CUT", self.place(), {"limit": str(MAX_FINDINGS)}))

    def taken_problems(self) -> tuple[Finding, ...]:
        """The findings so far, which are then forgotten."""
        taken = tuple(self.problems)
        self.problems.clear()
        return taken

    def examined(self) -> Iterator[Examined]:
        """Every declaration, in order; findings on headings end the reading."""
        rows = self.rows()
        heading_row, cells = next(
            ((number, cells) for number, cells in rows if any(c != "" for c in cells)), (0, [])
        )
        if not heading_row:
            raise _Broken("TABLE_WITHOUT_HEADINGS", self.place(0, 1), first="")
        self.row = heading_row
        self._read_headings(cells)
        if self.problems:
            yield Examined(heading_row, self.place(), None, self.taken_problems())
            return
        reference = next(index for index, slot in self.slots.items() if slot.name == REFERENCE)
        scattered = self._scattered(reference, heading_row)
        found = 0
        for examined in self._declarations(reference, heading_row, scattered):
            found += len(examined.findings)
            yield examined
            if found >= MAX_FILE_FINDINGS:
                cut = Finding("FINDINGS_CUT", self.place(), {"limit": str(MAX_FILE_FINDINGS)})
                yield Examined(self.row, self.place(), None, (cut,))
                return

    def _read_headings(self, cells: list[Cell]) -> None:
        if len(cells) > MAX_COLUMNS:
            raise _Broken("TABLE_TOO_WIDE", self.place(MAX_COLUMNS), self.row, limit=str(MAX_COLUMNS))
        first_at: dict[tuple[bool, tuple[tuple[str, int], ...], str], int] = {}
        for index, cell in enumerate(cells):
            heading = cell.strip(XML_SPACE) if isinstance(cell, str) else str(cell)
            if not heading or heading.startswith("#"):
                self.headings[index] = heading
                continue
            self.headings[index] = "".join(c if c.isprintable() else " " for c in heading[:60])
            slot = column_list.slot_of(heading)
            if slot is None:
                self.problem("HEADING_UNKNOWN", index, nearest=column_list.nearest(heading))
                continue
            short = slot.name if slot.column.kind is Kind.SHORT else ""
            first = first_at.setdefault((slot.column.of_line, slot.path, short), index)
            if first != index:
                self.problem("HEADING_TWICE", index, first=self.place(first), name=slot.name)
            self.slots[index] = slot
        if not any(slot.name == REFERENCE for slot in self.slots.values()) and not self.problems:
            self.problem("TABLE_WITHOUT_REFERENCE", name=REFERENCE)

    def _scattered(self, reference: int, heading_row: int) -> frozenset[str]:
        """References that stand in two places of the table, other references between; reads all rows once."""
        starts = array("q", (hash(value) for value in self._runs(reference, heading_row)))
        hashes = np.sort(np.frombuffer(starts, np.int64)) if starts else np.zeros(0, np.int64)
        twice = frozenset(hashes[1:][hashes[1:] == hashes[:-1]].tolist())
        if not twice:
            return frozenset()
        seen: set[str] = set()
        again: set[str] = set()
        for value in self._runs(reference, heading_row):
            if hash(value) in twice:
                (again if value in seen else seen).add(value)
        return frozenset(again)

    def _runs(self, reference: int, heading_row: int) -> Iterator[str]:
        """The reference of each group of rows."""
        given = (
            str(cells[reference])
            for number, cells in self.rows()
            if number > heading_row and reference < len(cells) and cells[reference] != ""
        )
        for value, _ in groupby(given):
            yield value

    def _declarations(
        self, reference: int, heading_row: int, scattered: frozenset[str]
    ) -> Iterator[Examined]:
        width = len(self.headings)
        builder = _Builder(self)
        odd = self._odd_cells(heading_row)
        for number, cells in self.rows():
            if number <= heading_row or not any(cell != "" for cell in cells):
                continue
            if len(cells) < width:
                cells = cells + [""] * (width - len(cells))
            self.row = number
            value = cells[reference]
            if builder.cells is None or (value != "" and value != builder.reference):
                yield from builder.finished()
                builder.start(cells, value)
                if value == "":
                    self.problem("REFERENCE_MISSING", reference)
                elif str(value) in scattered:
                    self.problem("REFERENCE_SCATTERED", reference, value=str(value)[:40])
            if number in odd:
                for index, code in odd[number]:
                    self.problem(code, index)
            self._look_beyond_headings(cells)
            builder.add(cells)
        yield from builder.finished()

    def _odd_cells(self, heading_row: int) -> dict[int, list[tuple[int, str]]]:
        """Row → columns from 0 and codes of cells without a value to trust: errors, formulas, merged ranges.

        Merged cells keep their value in the first only. Down a column of the declaration that is our own rule for
        empty cells; anywhere else the others would be lost.
        """
        found: dict[int, list[tuple[int, str]]] = {}
        if self.sheet is None:
            return found
        for (row, column), code in self.sheet.odd.items():
            if row > heading_row and (column - 1 in self.slots):
                found.setdefault(row, []).append((column - 1, code))
        for (top, left), (bottom, right) in self.sheet.merged:
            for index in range(left - 1, min(right, len(self.headings))):
                slot = self.slots.get(index)
                harmless = slot is None or (not slot.column.of_line and left == right)
                if bottom > heading_row and not harmless:
                    found.setdefault(max(top, heading_row + 1), []).append((index, "CELL_MERGED"))
                    break
        return found

    def _look_beyond_headings(self, cells: list[Cell]) -> None:
        for index in range(len(cells)):
            if cells[index] != "" and not self.headings.get(index):
                self.problem("CELL_WITHOUT_HEADING", index)

    # Cells. Each gives the value, or None and a problem.

    def text(self, cell: Cell, index: int) -> str | None:
        if not isinstance(cell, str):
            self.problem("CELL_NOT_TEXT", index, value=_shown(cell))
            return None
        cell = cell.strip(XML_SPACE)
        if self.sheet is None and cell.startswith("'") and _ACTIVE.match(cell):
            cell = cell[1:]
        if not plain(cell) or len(cell) > MAX_TEXT_CHARACTERS:
            identifier = is_identifier(self.slots[index].column.field)
            self.report(
                text_findings(cell, self.place(index), identifier=identifier, longest=MAX_TEXT_CHARACTERS)
            )
        return cell

    def texts(self, cell: Cell, index: int) -> tuple[str, ...] | None:
        value = self.text(cell, index)
        return None if value is None else tuple(value.split())

    def figure(self, cell: Cell, index: int) -> int | None:
        return self._number(cell, index, 6)

    def count(self, cell: Cell, index: int) -> int | None:
        return self._number(cell, index, 0)

    def _number(self, cell: Cell, index: int, decimals: int) -> int | None:
        if isinstance(cell, str):
            text = cell.strip(XML_SPACE)
            code = _mark_fault(text, comma=self.comma)
            text = text.replace(",", ".")
        elif isinstance(cell, bool) or not isinstance(cell, int | float):
            text, code = _shown(cell), "CELL_NOT_A_NUMBER"
        else:
            text = _shortest(cell)
            code = "" if _typed(cell, text) else "CELL_NUMBER_COMPUTED"
        if not code:
            try:
                return scaled(text, decimals)
            except BadNumber as bad:
                too_precise = "CELL_NUMBER_TOO_PRECISE" if decimals else "CELL_NUMBER_NOT_WHOLE"
                code = too_precise if bad.code == "NUMBER_TOO_PRECISE" else "CELL_NOT_A_NUMBER"
        self.problem(code, index, value=_shown(cell))
        return None

    def instant(self, cell: Cell, index: int) -> datetime | None:
        value = self._time(cell, index)
        if value is None or value.tzinfo is not None:
            return value
        if self.zone is None:
            self.problem("CELL_TIME_WITHOUT_ZONE", index, value=_shown(cell))
            return None
        return value.replace(tzinfo=timezone(value.replace(tzinfo=self.zone).utcoffset() or timedelta(0)))

    def day(self, cell: Cell, index: int) -> datetime | None:
        value = self._time(cell, index)
        if value is not None and value.tzinfo is None and value.time() == time.min:
            return value
        return None if value is None else self.instant(cell, index)

    def _time(self, cell: Cell, index: int) -> datetime | None:
        if isinstance(cell, str):
            matched = _TIME.fullmatch(cell.strip(XML_SPACE))
            try:
                value = datetime.fromisoformat(matched[0].replace("Z", "+00:00")) if matched else None
            except ValueError:
                value = None
        elif isinstance(cell, datetime):
            value = cell
        else:
            value = datetime.combine(cell, time.min) if isinstance(cell, date) else None
        if value is None:
            self.problem("CELL_NOT_A_TIME", index, value=_shown(cell))
        return value


def _shown(cell: Cell) -> str:
    """At most 40 characters of a cell, fit for a sentence."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(cell)[:40])


_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII
)
_ONE_MARK: Final = re.compile(r"[+-]?(\d+)([.,])(\d+)", re.ASCII)


def _mark_fault(text: str, *, comma: bool) -> str:
    """The code for which the mark in a figure is refused, "" when it can only be the decimal mark.

    comma: whether a comma may be one in this file.
    """
    if "," not in text and not (comma and "." in text):
        return ""
    if not comma:
        return "CELL_NUMBER_WITH_COMMA"
    matched = _ONE_MARK.fullmatch(text)
    if matched is None:
        return "CELL_NOT_A_NUMBER"
    grouped = len(matched[3]) == 3 and len(matched[1]) <= 3 and not matched[1].startswith("0")
    return "CELL_NUMBER_AMBIGUOUS" if grouped else ""


_TYPED_DIGITS: Final = 15
"""The most digits for which each decimal number has a binary fraction of its own."""


def _shortest(value: float) -> str:
    """The shortest plain decimal text of a binary number; with six decimals where that would need an exponent."""
    text = repr(float(value))
    return f"{value:.6f}" if "e" in text else text


def _typed(value: float, text: str) -> bool:
    """Whether a binary number is exactly its text, with at most six decimals and short enough to have been typed so."""
    text = text.rstrip("0")
    return float(text) == value and len(text.partition(".")[2]) <= 6 and _digits(text) <= _TYPED_DIGITS


def _digits(text: str) -> int:
    """Digits of a plain number from the first that is not zero."""
    return len(text.lstrip("-0.").replace(".", ""))


class _Builder:
    """The declaration being read. cells: its first row, None before there is one; reference: as that row has it."""

    def __init__(self, table: _Table) -> None:
        self.table = table
        self.header = _Node(Declaration)
        self.line = _Node(GoodsItem)
        self.header_indexes: list[int] = []
        self.line_indexes: list[int] = []
        for index, slot in table.slots.items():
            of_line = slot.column.of_line
            (self.line if of_line else self.header).add(slot.path, index, slot.column, table)
            (self.line_indexes if of_line else self.header_indexes).append(index)
        self.cells: list[Cell] | None = None
        self.reference: Cell = ""
        self.first_row = 0
        self.values: dict[str, Any] = {}
        self.items: list[GoodsItem] = []
        self.rows = 0

    def start(self, cells: list[Cell], reference: Cell) -> None:
        self.cells, self.reference, self.first_row = cells, reference, self.table.row
        self.values = self.header.values(cells, self.table)
        self.items, self.rows = [], 0

    def add(self, cells: list[Cell]) -> None:
        """One row of the declaration, the first too."""
        first = self.cells
        assert first is not None
        if cells is not first:
            for index in self.header_indexes:
                if cells[index] != first[index] and cells[index] != "":
                    shown, before = _shown(cells[index]), _shown(first[index])
                    says = {"value": shown, "first": before, "first_row": str(self.first_row)}
                    self.table.problem("HEADER_DIFFERS", index, **says)
        if not any(cells[index] != "" for index in self.line_indexes):
            if self.rows:
                self.table.problem("ROW_WITHOUT_LINE")
            self.rows += 1
            return
        self.rows += 1
        if len(self.items) < MAX_GOODS_ITEMS:
            item = self.line.record_of(cells, self.table)
            self.items.append(item if isinstance(item, GoodsItem) else GoodsItem())
        elif len(self.items) == MAX_GOODS_ITEMS:
            self.items.append(GoodsItem())
            limit = str(MAX_GOODS_ITEMS)
            self.table.problem("GOODS_ITEMS_TOO_MANY", count=f"> {limit}", limit=limit)

    def finished(self) -> Iterator[Examined]:
        """The declaration that was being read, if one was."""
        if self.cells is None:
            return
        findings = self.table.taken_problems()
        declaration = None
        if not errors(findings):
            declaration = Declaration(**self.values, goods_items=tuple(self.items))
        self.cells, self.items = None, []
        yield Examined(self.first_row, self.table.place(row=self.first_row), declaration, findings)


type _Read = Callable[[Cell, int], Any]


class _Node:
    """How the cells of a row become one record: its own fields, records in it, and lists of records."""

    def __init__(self, record: type[Record]) -> None:
        self.record = record
        self.leaves: list[tuple[str, int, _Read]] = []
        self.nodes: dict[str, _Node] = {}
        self.lists: dict[str, dict[int, _Node]] = {}
        self.short: dict[str, list[tuple[str, int]]] = {}

    def add(self, path: tuple[tuple[str, int], ...], index: int, column: Column, table: _Table) -> None:
        """Take in one column; path: from this record."""
        (field, place), *rest = path
        if column.kind is Kind.SHORT:
            self.lists.setdefault(field, {})
            self.short.setdefault(field, []).append((column.name, index))
        elif not rest:
            self.leaves.append((field, index, _readers(table)[column.kind]))
        else:
            below = column_list.element(column_list.field_types(self.record)[field])
            if place:
                node = self.lists.setdefault(field, {}).setdefault(place, _Node(below))
            else:
                node = self.nodes.setdefault(field, _Node(below))
            node.add(tuple(rest), index, column, table)

    def values(self, cells: list[Cell], table: _Table) -> dict[str, Any]:
        """Field → value, without what is empty."""
        found: dict[str, Any] = {}
        for field, index, read in self.leaves:
            cell = cells[index]
            if cell != "":
                value = read(cell, index)
                if value is not None:
                    found[field] = value
        for field, node in self.nodes.items():
            record = node.record_of(cells, table)
            if record is not None:
                found[field] = record
        for field, places in self.lists.items():
            records = [places[place].record_of(cells, table) for place in sorted(places)]
            given = tuple(record for record in records if record is not None)
            if field in self.short:
                given = _with_short(given, self.short[field], cells, table)
            if given:
                found[field] = given
        return found

    def record_of(self, cells: list[Cell], table: _Table) -> Record | None:
        """The record, None when its cells are empty or its figure is missing."""
        found = self.values(cells, table)
        if not found:
            return None
        if "millionths" in self.record.__struct_fields__ and "millionths" not in found:
            if all(field != "millionths" or cells[index] == "" for field, index, _ in self.leaves):
                index = next(index for _, index, _ in self.leaves if cells[index] != "")
                table.problem("CELL_FIGURE_MISSING", index, value=_shown(cells[index]))
            return None
        return self.record(**found)


def _readers(table: _Table) -> dict[Kind, _Read]:
    return {
        Kind.TEXT: table.text,
        Kind.TEXTS: table.texts,
        Kind.FIGURE: table.figure,
        Kind.COUNT: table.count,
        Kind.INSTANT: table.instant,
        Kind.DAY: table.day,
    }


# Short ways to write procedures and the preferential origin.

PREFERENTIAL: Final = "2"
"""Type code of a preferential origin."""


def _with_short(
    numbered: tuple[Record, ...], short: list[tuple[str, int]], cells: list[Cell], table: _Table
) -> tuple[Record, ...]:
    """The records of a list with those that its short columns add.

    A row says the same thing in one way only: a short column and the numbered ones may not both speak of it.
    """
    added: list[Record] = []
    for name, index in sorted(short, reverse=True):  # procedure_code before additional_procedure_codes
        if cells[index] == "":
            continue
        text = table.text(cells[index], index) or ""
        clash = bool(numbered)
        if name == "preferential_origin_country_code":
            added.append(Origin(country_code=text, type_code=PREFERENTIAL))
            clash = any(
                isinstance(origin, Origin) and origin.type_code == PREFERENTIAL for origin in numbered
            )
        elif name == "procedure_code":
            code = text.replace(" ", "")
            if text and len(code) != 4:
                table.problem("CELL_NOT_A_PROCEDURE", index, value=_shown(text))
            added.append(Procedure(current_code=code[:2], previous_code=code[2:]))
        else:
            added += [Procedure(current_code=code) for code in text.split()]
        if clash:
            table.problem("COLUMNS_CLASH", index)
    return (*numbered, *added)


def _short_cells(procedures: tuple[Procedure, ...]) -> dict[str, str] | None:
    """Procedures as the short columns say them, None when those would not give them back as they are."""
    main, others = procedures[:1], procedures[1:]
    cells: dict[str, str] = {}
    if main and main[0].previous_code:
        code = main[0].current_code + main[0].previous_code
        if len(main[0].current_code) != 2 or len(code) != 4 or len(code.split()) != 1:
            return None
        cells["procedure_code"] = code
    else:
        others = procedures
    if any(other.previous_code or len(other.current_code.split()) != 1 for other in others):
        return None
    if others:
        cells["additional_procedure_codes"] = " ".join(other.current_code for other in others)
    return cells


# From declarations to rows.

_ACTIVE: Final = re.compile("'*[=+\\-@\t\r\0]")
"""What a spreadsheet would run, or what looks like our mark before it."""

_EXCEL_TEXT_CHARACTERS: Final = 32_767
_EXCEL_ROWS: Final = 1_048_576

type _Written = dict[Slot, str]
"""Column → text of one row."""


def write_csv(
    declarations: Sequence[Declaration],
    out: BinaryIO,
    *,
    headings: Headings = "name",
    form: Sequence[Slot] = (),
) -> tuple[Finding, ...]:
    """Write declarations as UTF-8 with a mark, comma and CRLF; what the table cannot carry is answered, by place.

    form: columns to show even where they stay empty (`columns.template`). A text that a spreadsheet would run as a
    formula gets an apostrophe in front, which `read_csv` takes away again; figures are plain numbers and need none.
    Findings: EXPORT_REFERENCE_MISSING, EXPORT_REFERENCE_TWICE (that declaration is left out), FIELD_NOT_IN_TABLE (a
    warning: the rest of the declaration is written).
    """
    writer = _Writer(declarations, form)
    text = io.TextIOWrapper(out, "utf-8-sig", newline="")
    try:
        rows = csv.writer(text)
        rows.writerow([slot.heading(headings) for slot in writer.slots])
        for row in writer.rows():
            rows.writerow([_inert(slot, row.get(slot, "")) for slot in writer.slots])
    finally:
        text.detach()
    return writer.findings


def write_xlsx(
    declarations: Sequence[Declaration],
    out: BinaryIO,
    *,
    headings: Headings = "name",
    form: Sequence[Slot] = (),
    sheet: str = "declarations",
) -> tuple[Finding, ...]:
    """Write declarations as a workbook of one sheet; as `write_csv`, and equal declarations give equal bytes.

    Texts are text cells in text columns, so that a code typed below them keeps its zeros, and nothing is a formula.
    Figures of at most 15 digits are numbers, longer ones text. ValueError beyond the rows that a sheet has.
    """
    writer = _Writer(declarations, form, longest=_EXCEL_TEXT_CHARACTERS)
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    # The library would take the clock.
    book.set_properties({"created": datetime(2000, 1, 1)})  # noqa: DTZ001
    page = book.add_worksheet(sheet)
    as_text, bold = book.add_format({"num_format": "@"}), book.add_format({"bold": True, "num_format": "@"})
    for index, slot in enumerate(writer.slots):
        page.set_column(index, index, 18, None if slot.column.kind in _NUMBERS else as_text)
        page.write_string(0, index, slot.heading(headings), bold)
    page.freeze_panes(1, 0)
    for number, row in enumerate(writer.rows(), 1):
        if number >= _EXCEL_ROWS:
            raise ValueError(f"a sheet has {_EXCEL_ROWS} rows; write CSV")
        for index, slot in enumerate(writer.slots):
            value = row.get(slot, "")
            if value and slot.column.kind in _NUMBERS and _digits(value) <= _TYPED_DIGITS:
                page.write_number(number, index, float(value))
            elif value:
                page.write_string(number, index, value, as_text)
    book.close()
    return writer.findings


_NUMBERS: Final = (Kind.FIGURE, Kind.COUNT)


def _inert(slot: Slot, text: str) -> str:
    return f"'{text}" if slot.column.kind not in _NUMBERS and _ACTIVE.match(text) else text


class _Writer:
    """Declarations as rows. slots: the columns needed, in order. findings: what is not carried."""

    def __init__(
        self, declarations: Sequence[Declaration], form: Sequence[Slot], longest: int | None = None
    ) -> None:
        self.longest = longest
        self.left_out: list[Finding] = []
        self.slot_of: dict[tuple[bool, tuple[tuple[str, int], ...]], Slot | None] = {}
        self.declarations: list[Declaration] = []
        used: dict[Slot, None] = dict.fromkeys((_slot(REFERENCE), *form))
        references: set[str] = set()
        for number, declaration in enumerate(declarations, 1):
            reference = declaration.functional_reference_id
            if not reference or reference in references:
                code = "EXPORT_REFERENCE_TWICE" if reference else "EXPORT_REFERENCE_MISSING"
                self.left_out.append(Finding(code, f"declarations[{number}]", {"reference": reference[:40]}))
                continue
            references.add(reference)
            self.declarations.append(declaration)
            for row in self._rows_of(declaration, self.left_out):
                used.update(dict.fromkeys(row))
        self.slots = column_list.in_order(list(used))

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(self.left_out)

    def rows(self) -> Iterator[_Written]:
        for declaration in self.declarations:
            yield from self._rows_of(declaration, [])

    def _rows_of(self, declaration: Declaration, left_out: list[Finding]) -> Iterator[_Written]:
        """The rows of one declaration, the declaration's own values on each."""
        reference = declaration.functional_reference_id
        header: _Written = {}
        for path, value in _leaves(declaration, ()):
            self._write(False, path, value, header, left_out, reference)
        written = False
        for number, item in enumerate(declaration.goods_items, 1):
            line: _Written = {}
            short = _short_cells(item.procedures)
            for name, text in (short or {}).items():
                line[_slot(name)] = text
            for path, value in _leaves(item, ()):
                if path[0][0] != "procedures" or short is None:
                    self._write(True, path, value, line, left_out, reference, number)
            if line:
                written = True
                yield header | line
            else:
                left_out.append(_not_carried(f"goods_items[{number}]", reference))
        if not written:
            yield header

    def _write(
        self,
        of_line: bool,
        path: tuple[tuple[str, int], ...],
        value: Any,
        row: _Written,
        left_out: list[Finding],
        reference: str,
        number: int = 0,
    ) -> None:
        key = (of_line, path)
        if key not in self.slot_of:
            self.slot_of[key] = column_list.slot_at(of_line, path)
        slot = self.slot_of[key]
        text = None if slot is None or value is None else _cell_text(value, slot.column.kind)
        if slot is not None and text is not None and (self.longest is None or len(text) <= self.longest):
            row[slot] = text
            return
        at = ".".join(f"{field}[{place}]" if place else field for field, place in path)
        left_out.append(_not_carried(f"goods_items[{number}].{at}" if of_line else at, reference))


def _not_carried(at: str, reference: str) -> Finding:
    return Finding("FIELD_NOT_IN_TABLE", at, {"reference": reference[:40]}, severity=Severity.WARNING)


@cache
def _slot(name: str) -> Slot:
    slot = column_list.slot_of(name)
    assert slot is not None
    return slot


def _leaves(
    record: Record, path: tuple[tuple[str, int], ...]
) -> Iterator[tuple[tuple[tuple[str, int], ...], Any]]:
    """Every value of a record with its path; None for a record without any, which no cell can show.

    The lines of a declaration are left to their own rows.
    """
    empty = True
    for field in record.__struct_fields__:
        value = getattr(record, field)
        if value is None or value == "" or value == () or (field == "goods_items" and not path):
            continue
        empty = False
        if isinstance(value, Record):
            yield from _leaves(value, (*path, (field, 0)))
        elif isinstance(value, tuple) and isinstance(value[0], Record):
            for place, inner in enumerate(value, 1):
                yield from _leaves(inner, (*path, (field, place)))
        else:
            yield (*path, (field, 0)), value
    if empty and path:
        yield path, None


def _cell_text(value: Any, kind: Kind) -> str | None:
    """A value as the text of a cell, None when reading would not give it back as it is."""
    if kind in _NUMBERS:
        decimals = 6 if kind is Kind.FIGURE else 0
        return decimal_text(value, decimals) if abs(value) < 10 ** (24 + decimals) else None
    if kind is Kind.TEXTS:
        return " ".join(value) if all(text.split() == [text] for text in value) else None
    if kind in (Kind.INSTANT, Kind.DAY):
        offset = value.utcoffset()
        if kind is Kind.DAY and offset is None and value.time() == time.min:
            return str(value.date())
        return None if offset is None or offset % timedelta(minutes=1) else value.isoformat()
    return value if value == value.strip(XML_SPACE) else None
