"""Which of a trader's files are the country's own: ECUS forms, lists of goods, BCCT registers; by content alone.

A table with a column of the declarant's reference is the house's own, whoever sends it, and is left to it. Workbooks of
the old format (.xls) are opened here too, because traders' programs still write them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from ...engine.findings import Finding, Severity
from ...engine.formats import columns, tables
from ...engine.formats.guard import XML_SPACE
from ...engine.formats.old_workbook import open_old_sheets
from ...engine.formats.reading import FileKind, Reading, kind_of
from ...engine.formats.table_rows import ACTIVE
from ...engine.formats.workbook import Cell, open_sheets
from . import goods_sheet, register
from .cells import Grid, Part, made
from .goods_fields import HEADING_ROWS, Headed, headed

if TYPE_CHECKING:
    from ..pack import Pack

MOST_CSV: Final = 64_000_000
"""Bytes of a register as CSV: a year of a large company."""
_HEAD: Final = 65_536
_DELIMITERS: Final = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file of the country's own. readings: every declaration in its order, read as they are asked for. history: a
    number that a register gives, so that nobody need read it to know that it is not lodged; "" for what is new."""

    readings: Iterator[Reading]
    history: str = ""


def read_own(data: bytes, pack: Pack) -> OwnFile | None:
    """What a file of the country's own holds; None for any other file."""
    kind = kind_of(data[:_HEAD] if len(data) > _HEAD else data)
    if kind is FileKind.CSV:
        grids = _csv_grids(data)
    elif kind in (FileKind.XLSX, FileKind.OLD_EXCEL):
        grids = _grids(data, old=kind is FileKind.OLD_EXCEL)
    else:
        return None
    if isinstance(grids, Finding):
        return OwnFile(iter((Reading("", None, (grids,)),)))
    if not grids:
        return None
    return _own(grids, pack)


def _grids(data: bytes, *, old: bool) -> list[Grid] | Finding | None:
    sheets = open_old_sheets(data) if old else open_sheets(data)
    if isinstance(sheets, Finding):
        # What is wrong with a new workbook the house says in its own way.
        return sheets if old else None
    return [Grid(sheet.name, sheet.rows(), sheet) for sheet in sheets if sheet.visible]


def _own(grids: list[Grid], pack: Pack) -> OwnFile | None:
    """What sheets hold; None where none of them is the country's own."""
    if any(_is_house(grid) for grid in grids):
        return None
    registers = [headed(grid, register.BY_HEADING, register.NEEDED) for grid in grids]
    lists = [headed(grid, goods_sheet.LINE_BY_HEADING, goods_sheet.NEEDED) for grid in grids]
    if not any(registers) and not any(lists) and not any(map(goods_sheet.form_flow, grids)):
        return None
    history = (register.first_number(grid, at) for grid, at in zip(grids, registers, strict=True) if at)
    return OwnFile(_told(_parts(grids, registers, lists, pack), pack), next(history, ""))


def _parts(
    grids: list[Grid], registers: list[Headed | None], lists: list[Headed | None], pack: Pack
) -> Iterator[Part]:
    several = False
    for number, grid in enumerate(grids):
        flow = goods_sheet.form_flow(grid)
        if flow:
            yield goods_sheet.read_form(grid, flow, pack)
        elif (at := registers[number]) is not None:
            yield from register.read_register(grid, at, pack)
        elif (at := lists[number]) is not None:
            part = goods_sheet.read_list(grid, at, [*grids[:number], *grids[number + 1 :]], pack)
            if several:
                says = {"sheet": grid.name[:40]}
                part.findings.append(Finding("SEVERAL_GOODS_SHEETS", part.place, says))
            several = True
            yield part


def _told(parts: Iterator[Part], pack: Pack) -> Iterator[Reading]:
    """Each part as it was read; the only one of a file is the whole message."""
    found = made(parts, ZoneInfo(pack.zone))
    before = list(islice(found, 2))
    alone = len(before) == 1
    if not before:
        yield Reading("", None, (Finding("TABLE_WITHOUT_ROWS", says={"row": "1"}),))
    for one in chain(before, found):
        findings = one.findings
        if one.declaration is not None and one.declaration.declaration_id:
            says = {"number": one.declaration.declaration_id[:40]}
            findings = (*findings, Finding("DECLARATION_HAS_NUMBER", one.place, says, severity=Severity.NOTE))
        yield Reading(one.place, one.declaration, findings, is_message=alone)


def _is_house(grid: Grid) -> bool:
    """Whether the house's own heading row stands first in a sheet: it names the declarant's reference."""
    first = min(grid.rows, default=0)
    texts = [
        cell for cell in grid.rows.get(first, ())[: tables.MAX_COLUMNS] if isinstance(cell, str) and cell
    ]
    slots = [slot for text in texts if (slot := columns.slot_of(text)) is not None]
    # One known text alone is a label with its value.
    return len(slots) > 1 and any(slot.name == tables.REFERENCE for slot in slots)


def _csv_grids(data: bytes) -> list[Grid] | Finding | None:
    """The one table of a CSV file where it is a register; a list of goods has a header that CSV cannot hold."""
    head = data[:_HEAD].decode("utf-8-sig", "replace")
    for delimiter in _DELIMITERS:
        top = Grid("", _csv_top(head, delimiter))
        if headed(top, register.BY_HEADING, register.NEEDED) is None or _is_house(top):
            continue
        if len(data) > MOST_CSV:
            return Finding("REGISTER_TOO_LARGE", says={"limit": str(MOST_CSV)})
        try:
            return [Grid("", _csv_rows(data.decode("utf-8-sig"), delimiter))]
        except UnicodeDecodeError:
            return Finding("CSV_ENCODING", says={"encoding": "UTF-8", "row": "1"})
        except csv.Error:
            return Finding("CSV_QUOTES", says={"row": "1"})
    return None


def _csv_top(text: str, delimiter: str) -> Iterator[tuple[int, list[Cell]]]:
    """The rows among which a heading row is looked for; what is no CSV further down is found when all is read."""
    with suppress(csv.Error):
        yield from islice(_csv_rows(text, delimiter), HEADING_ROWS)


def _csv_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[Cell]]]:
    for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1):
        yield number, [_active(cell.strip(XML_SPACE)) for cell in cells]


def _active(cell: str) -> str:
    """A text without the apostrophe that keeps a spreadsheet from running it."""
    return cell[1:] if cell.startswith("'") and ACTIVE.match(cell) else cell
