"""From declarations to the rows of a table that `tables` reads back: CSV and XLSX."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from functools import cache
from typing import Any, BinaryIO, Final

import xlsxwriter  # type: ignore[import-untyped]

from ..declaration import Declaration, Procedure, Record
from ..findings import Finding, Severity
from ..money import decimal_text
from . import columns as column_list
from .columns import Headings, Kind, Slot
from .guard import XML_SPACE
from .table_rows import ACTIVE, REFERENCE, TYPED_DIGITS, digits_of

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
            if value and slot.column.kind in _NUMBERS and digits_of(value) <= TYPED_DIGITS:
                page.write_number(number, index, float(value))
            elif value:
                page.write_string(number, index, value, as_text)
    book.close()
    return writer.findings


_NUMBERS: Final = (Kind.FIGURE, Kind.COUNT)


def _inert(slot: Slot, text: str) -> str:
    return f"'{text}" if slot.column.kind not in _NUMBERS and ACTIVE.match(text) else text


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
