"""From the rows of a table to declarations, whatever file the rows are from. `tables` says what the rules are."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from itertools import groupby
from typing import Any, Final, NamedTuple

import numpy as np

from ..declaration import MAX_GOODS_ITEMS, Declaration, GoodsItem, Origin, Procedure, Record
from ..findings import Finding, errors
from ..money import BadNumber, scaled
from . import columns as column_list
from .columns import Column, Kind, Slot
from .guard import MAX_TEXT_CHARACTERS, XML_SPACE, plain, text_findings
from .json_lines import is_identifier
from .workbook import Cell, Sheet, letters

MAX_COLUMNS: Final = 2_000
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


class Broken(Exception):
    """The file or sheet cannot be read further; row: where."""

    def __init__(self, code: str, at: str = "", row: int = 1, **says: str) -> None:
        super().__init__(code)
        self.row = row
        self.finding = Finding(code, at, {**says, "row": str(row)})

    def examined(self) -> Examined:
        return Examined(self.row, self.finding.at, None, (self.finding,))


class Table:
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
        self.unnamed: tuple[int, ...] = ()
        """Columns without a heading."""

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
            raise Broken("TABLE_WITHOUT_HEADINGS", self.place(0, 1), first="")
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
            raise Broken("TABLE_TOO_WIDE", self.place(MAX_COLUMNS), self.row, limit=str(MAX_COLUMNS))
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
        self.unnamed = tuple(index for index, heading in self.headings.items() if not heading)
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
            if number <= heading_row or (number not in odd and not any(cell != "" for cell in cells)):
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
            for index, code in odd.get(number, ()):
                self.problem(code, index)
            self._look_beyond_headings(cells)
            builder.add(cells)
        yield from builder.finished()

    def _look_beyond_headings(self, cells: list[Cell]) -> None:
        for index in (*self.unnamed, *range(len(self.headings), len(cells))):
            if cells[index] != "":
                self.problem("CELL_WITHOUT_HEADING", index)

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

    # Cells. Each gives the value, or None and a problem.

    def text(self, cell: Cell, index: int) -> str | None:
        if not isinstance(cell, str):
            self.problem("CELL_NOT_TEXT", index, value=_shown(cell))
            return None
        cell = cell.strip(XML_SPACE)
        if self.sheet is None and cell.startswith("'") and ACTIVE.match(cell):
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


TYPED_DIGITS: Final = 15
"""The most digits for which each decimal number has a binary fraction of its own."""


def _shortest(value: float) -> str:
    """The shortest plain decimal text of a binary number; with six decimals where that would need an exponent."""
    text = repr(float(value))
    return f"{value:.6f}" if "e" in text else text


def _typed(value: float, text: str) -> bool:
    """Whether a binary number is exactly its text, with at most six decimals and short enough to have been typed so."""
    text = text.rstrip("0")
    return float(text) == value and len(text.partition(".")[2]) <= 6 and digits_of(text) <= TYPED_DIGITS


def digits_of(text: str) -> int:
    """Digits of a plain number from the first that is not zero."""
    return len(text.lstrip("-0.").replace(".", ""))


class _Builder:
    """The declaration being read. cells: its first row, None before there is one; reference: as that row has it."""

    def __init__(self, table: Table) -> None:
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

    def add(self, path: tuple[tuple[str, int], ...], index: int, column: Column, table: Table) -> None:
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

    def values(self, cells: list[Cell], table: Table) -> dict[str, Any]:
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

    def record_of(self, cells: list[Cell], table: Table) -> Record | None:
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


def _readers(table: Table) -> dict[Kind, _Read]:
    return {
        Kind.TEXT: table.text,
        Kind.TEXTS: table.texts,
        Kind.FIGURE: table.figure,
        Kind.COUNT: table.count,
        Kind.INSTANT: table.instant,
        Kind.DAY: table.day,
    }


# Short ways to write procedures and the preferential origin.

ACTIVE: Final = re.compile("'*[=+\\-@\t\r\0]")
"""What a spreadsheet would run, or what looks like our mark before it."""

PREFERENTIAL: Final = "2"
"""Type code of a preferential origin."""


def _with_short(
    numbered: tuple[Record, ...], short: list[tuple[str, int]], cells: list[Cell], table: Table
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
