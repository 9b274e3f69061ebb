"""XLSX from outside: opened only after each entry was unpacked within bounds and each cell found where it says.

The reader below us allots a dense rectangle from the first to the last cell, copies a shared text into every cell
that names it, and gives an error value (#N/A) as an empty cell. Two kilobytes could so take all memory, or lose a
figure in silence. Therefore the package is looked through first: entries, sizes, overlaps and check sums as the
directory declares them; no document type; every cell with its place, once, in order; the rectangle, the texts and the
merged ranges bounded. Whatever is unusual is refused: any spreadsheet program writes a usual file when it saves.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final

import numpy as np
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from ..findings import Finding
from . import guard

MAX_BYTES: Final = 20_000_000
"""Bytes of the file."""
MAX_ENTRIES: Final = 1_000
MAX_UNPACKED_BYTES: Final = 120_000_000
"""Bytes of all entries, unpacked."""
MAX_RATIO: Final = 200
"""Unpacked to packed bytes of an entry beyond a megabyte; honest sheets reach about 50."""
MAX_CELLS: Final = 2_000_000
"""Cells in the rectangle that holds all filled cells of a sheet: 10,000 lines of 200 columns."""
MAX_TEXT_BYTES: Final = 100_000_000
"""Bytes of all cells' texts together, each shared text counted as often as it is used."""
MAX_MERGED: Final = 100_000
"""Merged ranges of a sheet."""
MAX_SHEETS: Final = 256

type Cell = str | float | bool | datetime | date | time | timedelta

_ROWS: Final = 1_048_576
_COLUMNS: Final = 16_384
_RATIO_FROM_BYTES: Final = 1_000_000
_LOCAL_HEADER: Final = struct.Struct("<4s5H3L2H")

# Element names with or without a prefix. A cell must name its place first, as every known program writes it.
_PREFIX: Final = rb"(?:[^\s<>/!?:]+:)?"
_PLACE: Final = rb'r="([A-Z]{1,3}[1-9][0-9]{0,6})"'
_ANY_CELL: Final = re.compile(b"<" + _PREFIX + rb"c[\s/>]")
_FILLED_CELL: Final = re.compile(b"<" + _PREFIX + rb"c\s+" + _PLACE + rb"(?:[^<>]*[^/<>])?>")
_EMPTY_CELL: Final = re.compile(b"<" + _PREFIX + rb"c\s+" + _PLACE + rb"[^<>]*/>")
_ERROR_CELL: Final = re.compile(
    b"<" + _PREFIX + rb"c\s+" + _PLACE + rb"""[^<>]*\st\s*=\s*(?:"e"|'e')[^<>]*>"""
)
_FORMULA_WITHOUT_VALUE: Final = re.compile(
    b"<" + _PREFIX + rb"c\s+" + _PLACE + rb"[^<>]*>\s*"
    b"<" + _PREFIX + rb"f(?:\s[^<>]*)?(?:/>|>[^<]*</" + _PREFIX + rb"f\s*>)\s*</" + _PREFIX + rb"c\s*>"
)
_ODD_CELLS: Final = (
    ("CELL_ERROR_VALUE", _ERROR_CELL, (b'"e"', b"'e'")),
    ("CELL_WITHOUT_VALUE", _FORMULA_WITHOUT_VALUE, (b"<f", b":f")),
)
"""Codes, patterns, and what an entry must hold for the pattern to be worth a search."""
_SHARED_USE: Final = re.compile(rb"""\st\s*=\s*(?:"s"|'s')""")
_SHARED_CELL: Final = re.compile(rb'\st="s"[^<>]*>\s*<' + _PREFIX + rb"v>([0-9]{1,9})</")
_MERGED: Final = re.compile(b"<" + _PREFIX + rb"mergeCell[\s/>]")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One worksheet. odd: (row, column) from 1 → code of a cell whose value cannot be known (CELL_ERROR_VALUE,
    CELL_WITHOUT_VALUE). merged: ranges as ((first row, first column), (last row, last column)), from 1."""

    name: str
    visible: bool
    odd: Mapping[tuple[int, int], str] = field(default_factory=dict)
    merged: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = ()
    _sheet: CalamineSheet | None = None

    def rows(self) -> Iterator[tuple[int, list[Cell]]]:
        """Each row's number from 1 and its cells from column A, texts without the white space around them; an empty
        cell is ""."""
        if self._sheet is None or self._sheet.start is None:
            return
        before: list[Cell] = [""] * self._sheet.start[1]
        for number, cells in enumerate(self._sheet.iter_rows(), 1):
            yield (
                number,
                before + [cell.strip(guard.XML_SPACE) if isinstance(cell, str) else cell for cell in cells],
            )


def open_sheets(data: bytes) -> tuple[Sheet, ...] | Finding:
    """The worksheets of a workbook in its order, or the finding for which it is refused.

    Codes: XLSX_TOO_LARGE, XLSX_BROKEN, XLSX_UNUSUAL, XLSX_BOMB.
    """
    try:
        package = _looked_through(data)
        return _sheets(data, package)
    except _Refused as refused:
        return refused.finding
    except CalamineError:
        return Finding("XLSX_BROKEN", says={"part": "zip"})


def letters(column: int) -> str:
    """The letters of a column: 1 → "A", 28 → "AB"."""
    text = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


class _Refused(Exception):
    """The workbook must not be opened; carries the finding."""

    def __init__(self, code: str, part: str = "", limit: int | None = None) -> None:
        super().__init__(code)
        shown = "".join(letter if letter.isprintable() else "?" for letter in part[:60])
        says = {"part": shown or "zip"} | ({} if limit is None else {"limit": str(limit)})
        self.finding = Finding(code, says=says)


class _Package:
    """What was learnt while looking through. odd: entry → cells as in Sheet. parts: the two that name the sheets."""

    def __init__(self) -> None:
        self.odd: dict[str, dict[tuple[int, int], str]] = {}
        self.parts: dict[str, bytes] = {}
        self.shared_lengths = np.zeros(0, np.int64)
        self.text_bytes = 0


_WORKBOOK: Final = "xl/workbook.xml"
_RELATIONS: Final = "xl/_rels/workbook.xml.rels"
_SHARED: Final = "xl/sharedstrings.xml"


def _looked_through(data: bytes) -> _Package:
    if len(data) > MAX_BYTES:
        raise _Refused("XLSX_TOO_LARGE", limit=MAX_BYTES)
    entries = _entries(data)
    package = _Package()
    shared = [entry for entry in entries if entry.filename.lower() == _SHARED]
    for entry in shared:
        ends = np.fromiter(
            (found.end() for found in re.finditer(rb"</[^<>]*?si\s*>", _unpacked(data, entry))), np.int64
        )
        package.shared_lengths = np.diff(ends, prepend=0)
    for entry in entries:
        content = _unpacked(data, entry)
        if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"<!DOCTYPE" in content:
            raise _Refused("XLSX_UNUSUAL", entry.filename)
        if entry.filename in (_WORKBOOK, _RELATIONS):
            package.parts[entry.filename] = content
        _look_at_cells(entry.filename, content, package)
    return package


def _entries(data: bytes) -> list[zipfile.ZipInfo]:
    """The entries of the package, shown to be plain: one directory at the end, nothing twice, nothing overlapping."""
    if not data.startswith(b"PK\x03\x04") or data[-22:-18] != b"PK\x05\x06" or data.count(b"PK\x05\x06") != 1:
        raise _Refused("XLSX_BROKEN")
    if data.count(b"PK\x01\x02") > MAX_ENTRIES:
        raise _Refused("XLSX_BOMB", limit=MAX_ENTRIES)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, OverflowError):
        raise _Refused("XLSX_BROKEN") from None
    names = {entry.filename.lower() for entry in entries}
    if len(names) < len(entries):
        raise _Refused("XLSX_UNUSUAL")
    if not {"[content_types].xml", _WORKBOOK} <= names:
        raise _Refused("XLSX_BROKEN", _WORKBOOK)
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise _Refused("XLSX_BOMB", limit=MAX_UNPACKED_BYTES)
    for entry in entries:
        if entry.flag_bits & 0x1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _Refused("XLSX_UNUSUAL", entry.filename)
        if entry.file_size > max(_RATIO_FROM_BYTES, MAX_RATIO * entry.compress_size):
            raise _Refused("XLSX_BOMB", entry.filename, MAX_RATIO)
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < end:
            raise _Refused("XLSX_BOMB", entry.filename, MAX_UNPACKED_BYTES)
        end = _content_start(data, entry) + entry.compress_size
    return entries


def _content_start(data: bytes, entry: zipfile.ZipInfo) -> int:
    """Where the packed bytes of an entry begin, by its own header; that header must name the same file."""
    header = data[entry.header_offset : entry.header_offset + _LOCAL_HEADER.size]
    if len(header) < _LOCAL_HEADER.size or not header.startswith(b"PK\x03\x04"):
        raise _Refused("XLSX_BROKEN", entry.filename)
    *_, name_length, extra_length = _LOCAL_HEADER.unpack(header)
    name_start = entry.header_offset + _LOCAL_HEADER.size
    name = data[name_start : name_start + name_length]
    if name.decode("utf-8", "replace").lower() != entry.orig_filename.lower():
        raise _Refused("XLSX_UNUSUAL", entry.filename)
    return int(name_start + name_length + extra_length)


def _unpacked(data: bytes, entry: zipfile.ZipInfo) -> bytes:
    """An entry's bytes: exactly as many as the directory declares, with its check sum. Never more are made."""
    start = _content_start(data, entry)
    packed = data[start : start + entry.compress_size]
    if entry.compress_type == zipfile.ZIP_STORED:
        content = packed
    else:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            content = inflater.decompress(packed, entry.file_size + 1)
        except zlib.error:
            raise _Refused("XLSX_BROKEN", entry.filename) from None
        if len(content) > entry.file_size or inflater.unconsumed_tail:
            raise _Refused("XLSX_BOMB", entry.filename, entry.file_size)
        if not inflater.eof or inflater.unused_data:
            raise _Refused("XLSX_BROKEN", entry.filename)
    if len(content) != entry.file_size or zlib.crc32(content) != entry.CRC:
        raise _Refused("XLSX_BROKEN", entry.filename)
    return content


def _look_at_cells(name: str, content: bytes, package: _Package) -> None:
    """Refuse cells that would cost more than they show; note those whose value cannot be known.

    Every entry is looked at, because the workbook may name any of them as a sheet.
    """
    cells = _number_of_cells(content)
    if not cells:
        return
    places = _FILLED_CELL.findall(content)
    if len(places) != cells and len(places) + len(_EMPTY_CELL.findall(content)) != cells:
        raise _Refused("XLSX_UNUSUAL", name)
    if content.count(b"mergeCell") > MAX_MERGED and len(_MERGED.findall(content)) > MAX_MERGED:
        raise _Refused("XLSX_BOMB", name, MAX_MERGED)
    if not places:
        return
    rows, columns = _numbers(places)
    if rows.max() > _ROWS or columns.max() > _COLUMNS or (np.diff(rows * _COLUMNS + columns) <= 0).any():
        raise _Refused("XLSX_UNUSUAL", name)
    if int(rows.max()) * int(columns.max()) > MAX_CELLS:
        raise _Refused("XLSX_BOMB", name, MAX_CELLS)
    _count_texts(name, content, package)
    odd = {}
    for code, pattern, signs in _ODD_CELLS:
        found = pattern.findall(content) if any(sign in content for sign in signs) else ()
        if found:
            at = _numbers(found)
            odd.update(dict.fromkeys(zip(at[0].tolist(), at[1].tolist(), strict=True), code))
    if odd:
        package.odd[name] = odd


def _count_texts(name: str, content: bytes, package: _Package) -> None:
    """Bound the copies that the reader will make of shared texts."""
    uses = len(_SHARED_USE.findall(content))
    lengths = package.shared_lengths
    if not uses or not len(lengths):
        return
    longest = int(lengths.max())
    if package.text_bytes + uses * longest <= MAX_TEXT_BYTES:
        package.text_bytes += uses * longest
        return
    indexes = np.array(_SHARED_CELL.findall(content), dtype=np.int64)
    known = indexes[indexes < len(lengths)]
    package.text_bytes += int(lengths[known].sum()) + (uses - len(indexes)) * longest
    if package.text_bytes > MAX_TEXT_BYTES:
        raise _Refused("XLSX_BOMB", name, MAX_TEXT_BYTES)


def _number_of_cells(content: bytes) -> int:
    """How many elements are called "c", with any prefix. "<" cannot stand in text, so plain ones are only counted."""
    if b":c" in content:
        return len(_ANY_CELL.findall(content))
    return sum(content.count(b"<c" + after) for after in (b" ", b">", b"/", b"\t", b"\n", b"\r"))


def _numbers(places: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns, from 1, of places like b"AB12"."""
    characters = np.array(places, dtype="S10").view(np.uint8).reshape(len(places), 10)
    rows = np.zeros(len(places), np.int64)
    columns = np.zeros(len(places), np.int64)
    for position in range(10):
        character = characters[:, position].astype(np.int64)
        if position < 3:
            columns = np.where(character >= ord("A"), columns * 26 + character - ord("A") + 1, columns)
        digit = (character >= ord("0")) & (character <= ord("9"))
        rows = np.where(digit, rows * 10 + character - ord("0"), rows)
    return rows, columns


def _sheets(data: bytes, package: _Package) -> tuple[Sheet, ...]:
    book = CalamineWorkbook.from_object(io.BytesIO(data))
    if len(book.sheets_metadata) > MAX_SHEETS:
        raise _Refused("XLSX_BOMB", _WORKBOOK, MAX_SHEETS)
    entry_of = _entries_of_sheets(package) if package.odd else {}
    sheets = []
    for about in book.sheets_metadata:
        if about.typ is not SheetTypeEnum.WorkSheet:
            continue
        visible = about.visible is SheetVisibleEnum.Visible
        if not visible:
            sheets.append(Sheet(about.name, visible=False))
            continue
        sheet = book.get_sheet_by_name(about.name)
        merged = tuple(
            ((top + 1, left + 1), (bottom + 1, right + 1))
            for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
        )
        if package.odd and not entry_of.get(about.name):
            raise _Refused("XLSX_UNUSUAL", _RELATIONS)  # which odd cells are this sheet's?
        odd = package.odd.get(entry_of.get(about.name, ""), {})
        sheets.append(Sheet(about.name, True, odd, merged, sheet))
    return tuple(sheets)


def _entries_of_sheets(package: _Package) -> dict[str, str]:
    """Sheet name → entry. A workbook whose own parts cannot be read is refused: odd cells would be lost."""
    targets: dict[str, str] = {}
    for relation in _elements(package, _RELATIONS, "Relationship"):
        target = relation.get("Target", "")
        targets[relation.get("Id", "")] = (
            target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
        )
    found = {}
    for sheet in _elements(package, _WORKBOOK, "sheet"):
        identifier = next((value for key, value in sheet.items() if key.endswith("}id")), "")
        found[sheet.get("name", "")] = targets.get(identifier, "")
    return found


def _elements(package: _Package, part: str, name: str) -> Iterator[Mapping[str, str]]:
    root = guard.parse(package.parts.get(part, b""))
    if isinstance(root, Finding):
        raise _Refused("XLSX_UNUSUAL", part)
    waiting = [root]
    while waiting:
        element = waiting.pop()
        if element.name == name:
            yield element.attributes
        waiting.extend(element.children)
