"""Workbooks of the format before XLSX (.xls, BIFF8 in a compound file), opened only after a look through them.

The reader below us allots a dense rectangle from the first to the last cell of each sheet, so one cell in the last row
and column would take half a gigabyte. Therefore the compound file and the records of its workbook are walked first, in
bounds: every chain once, every record within the stream, every cell counted, each rectangle bounded. Macros, passwords,
several workbooks and whatever else is unusual are refused: saving as .xlsx in any spreadsheet program mends that.

Sources: [MS-CFB] 2.2-2.6 (header, FAT, directory), [MS-XLS] 2.1.4 and 2.4 (records).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from ..findings import Finding
from .workbook import MAX_CELLS, MAX_SHEETS, Sheet

MAX_OLD_BYTES: Final = 20_000_000
MAX_ALL_CELLS: Final = 2 * MAX_CELLS
"""Cells in the rectangles of all sheets together."""

_MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END, _FREE = 0xFFFFFFFE, 0xFFFFFFFF
_MINI: Final = 4096
"""Smaller streams lie in the mini stream."""
_BOF, _PASSWORD, _SHEET, _BIFF8 = 0x0809, 0x002F, 0x0085, 0x0600
_FORMULAS: Final = frozenset({0x0006, 0x0206, 0x0406})
_BOOLEAN_OR_ERROR: Final = 0x0205
_ONE: Final = _FORMULAS | {0x00FD, 0x0201, 0x0203, 0x0204, _BOOLEAN_OR_ERROR, 0x027E, 0x00D6}
"""Records of one cell: formula, shared text, blank, number, label, boolean or error, RK, rich text."""
_SEVERAL: Final = frozenset({0x00BD, 0x00BE})
"""Records of several cells of a row: numbers, blanks."""


class _Odd(Exception):
    """The file must not be opened; carries the code of the finding."""


def open_old_sheets(data: bytes) -> tuple[Sheet, ...] | Finding:
    """The visible and hidden worksheets of a workbook in its order, or the finding for which it is refused.

    Codes: XLS_TOO_LARGE, XLS_UNUSUAL (broken, under a password, with macros), XLS_TOO_MANY_CELLS.
    """
    if len(data) > MAX_OLD_BYTES:
        return Finding("XLS_TOO_LARGE", says={"limit": str(MAX_OLD_BYTES)})
    try:
        return _opened(data, _looked_through(_stream(data)))
    except _Odd as odd:
        says = {"limit": str(MAX_CELLS)} if str(odd) == "XLS_TOO_MANY_CELLS" else {}
        return Finding(str(odd), says=says)
    except (CalamineError, struct.error, IndexError):
        return Finding("XLS_UNUSUAL")
    except BaseException as fault:
        # The reader's own faults are no exceptions of ours: they have a base class of their own.
        if type(fault).__name__ != "PanicException":
            raise
        return Finding("XLS_UNUSUAL")


def _opened(data: bytes, odd: Sequence[Mapping[tuple[int, int], str]]) -> tuple[Sheet, ...]:
    """odd: of each sheet in the workbook's order."""
    book = CalamineWorkbook.from_object(io.BytesIO(data))
    if len(book.sheets_metadata) > MAX_SHEETS:
        raise _Odd("XLS_UNUSUAL")
    sheets = []
    if len(odd) != len(book.sheets_metadata):
        raise _Odd("XLS_UNUSUAL")  # which odd cells are which sheet's?
    for about, unknown in zip(book.sheets_metadata, odd, strict=True):
        if about.typ is SheetTypeEnum.WorkSheet:
            visible = about.visible is SheetVisibleEnum.Visible
            sheets.append(
                Sheet(
                    about.name,
                    visible,
                    unknown,
                    _sheet=book.get_sheet_by_name(about.name) if visible else None,
                )
            )
    return tuple(sheets)


# the compound file


@dataclass(frozen=True, slots=True)
class _File:
    """A compound file: its sectors are `size` bytes each, `fat` says which follows which."""

    data: bytes
    size: int
    fat: tuple[int, ...]
    most: int

    def chain(self, first: int) -> bytes:
        return _chain(self.data, first, self.fat, self.size, self.most)


def _stream(data: bytes) -> bytes:
    """The workbook's stream of a compound file."""
    file = _file(data)
    root, found = _END, []
    entries = file.chain(struct.unpack_from("<I", data, 48)[0])
    for at in range(0, len(entries) - 127, 128):
        length = struct.unpack_from("<H", entries, at + 64)[0]
        name = entries[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace").upper()
        first, size = struct.unpack_from("<II", entries, at + 116)
        kind = entries[at + 66]
        if kind == _ROOT:
            root = first
        elif kind == _STORAGE and name.startswith("_VBA_PROJECT"):
            raise _Odd("XLS_UNUSUAL")
        elif kind == _STREAM and name in ("WORKBOOK", "BOOK"):
            found.append((first, size))
    if len(found) != 1 or found[0][1] > len(data):
        raise _Odd("XLS_UNUSUAL")
    first, length = found[0]
    if length >= _MINI:
        return file.chain(first)[:length]
    small, blocks = file.chain(root), file.chain(struct.unpack_from("<I", data, 60)[0])
    mini = struct.unpack(f"<{len(blocks) // 4}I", blocks)
    return _chain(small, first, mini, 64, len(small) // 64 + 1, head=0)[:length]


_STORAGE, _STREAM, _ROOT = 1, 2, 5


def _file(data: bytes) -> _File:
    """The file with its allocation table, whose own sectors the header and further sectors name."""
    if not data.startswith(_MAGIC) or len(data) < 512:
        raise _Odd("XLS_UNUSUAL")
    shift, mini_shift = struct.unpack_from("<HH", data, 30)
    if shift not in (9, 12) or mini_shift != 6:
        raise _Odd("XLS_UNUSUAL")
    size = 1 << shift
    most = len(data) // size + 1
    places = list(struct.unpack_from("<109I", data, 76))
    (more,) = struct.unpack_from("<I", data, 68)
    seen: set[int] = set()
    while more not in (_END, _FREE):
        if more in seen:
            raise _Odd("XLS_UNUSUAL")
        seen.add(more)
        block = _sector(data, more, size)
        places += struct.unpack(f"<{size // 4 - 1}I", block[:-4])
        (more,) = struct.unpack("<I", block[-4:])
    named = list(dict.fromkeys(place for place in places if place not in (_END, _FREE)))
    if len(named) > most:
        raise _Odd("XLS_UNUSUAL")
    fat: list[int] = []
    for place in named:
        fat += struct.unpack(f"<{size // 4}I", _sector(data, place, size))
    return _File(data, size, tuple(fat), most)


def _sector(data: bytes, number: int, size: int, head: int | None = None) -> bytes:
    start = (size if head is None else head) + number * size
    block = data[start : start + size]
    if len(block) < size and (head is None or not block):
        # The last sector of a file may be cut short; calamine reads it so too.
        block = block.ljust(size, b"\0") if block else b""
    if not block:
        raise _Odd("XLS_UNUSUAL")
    return block


def _chain(
    data: bytes, first: int, fat: tuple[int, ...], size: int, most: int, head: int | None = None
) -> bytes:
    """The bytes of a chain of sectors, each at most once."""
    parts: list[bytes] = []
    number = first
    while number not in (_END, _FREE):
        if number >= len(fat) or len(parts) > most:
            raise _Odd("XLS_UNUSUAL")
        parts.append(_sector(data, number, size, head))
        number = fat[number]
    return b"".join(parts)


# the records


class _Cells:
    """The cells of one sheet: how far they reach, and those whose value cannot be known."""

    def __init__(self) -> None:
        self.bottom = self.right = -1
        self.odd: dict[tuple[int, int], str] = {}

    def take(self, kind: int, content: bytes) -> None:
        row, column = struct.unpack_from("<HH", content)
        last = struct.unpack_from("<H", content, len(content) - 2)[0] if kind in _SEVERAL else column
        self.bottom, self.right = max(self.bottom, row), max(self.right, column, last)
        boolean_error = kind == _BOOLEAN_OR_ERROR and len(content) >= 8 and content[7] == 1
        formula_error = (
            kind in _FORMULAS and len(content) >= 14 and content[6] == 2 and content[12:14] == b"\xff\xff"
        )
        if boolean_error or formula_error:
            # The reader would give an empty cell for it.
            self.odd[row + 1, column + 1] = "CELL_ERROR_VALUE"

    @property
    def size(self) -> int:
        return (self.bottom + 1) * (self.right + 1)


def _looked_through(stream: bytes) -> list[Mapping[tuple[int, int], str]]:
    """The odd cells of each sheet; refuses a workbook whose sheets would take more memory than they show."""
    named: list[int] = []
    sheets: dict[int, _Cells] = {}
    cells: _Cells | None = None
    for at, kind, content in _records(stream):
        if kind == _PASSWORD:
            raise _Odd("XLS_UNUSUAL")
        if kind == _BOF:
            if len(content) < 4 or struct.unpack_from("<H", content)[0] != _BIFF8:
                raise _Odd("XLS_UNUSUAL")
            cells = sheets[at] = _Cells()
        elif kind == _SHEET and len(content) >= 4:
            named += struct.unpack_from("<I", content)
        elif (kind in _ONE or kind in _SEVERAL) and len(content) >= 6:
            if cells is None:
                raise _Odd("XLS_UNUSUAL")
            cells.take(kind, content)
            if cells.size > MAX_CELLS:
                raise _Odd("XLS_TOO_MANY_CELLS")
    if sum(one.size for one in sheets.values()) > MAX_ALL_CELLS:
        raise _Odd("XLS_TOO_MANY_CELLS")
    if not named or len(set(named)) < len(named) or any(at not in sheets for at in named):
        raise _Odd("XLS_UNUSUAL")
    return [sheets[at].odd for at in named]


def _records(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Place, kind and content of each record."""
    at = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        if at + 4 + length > len(stream):
            raise _Odd("XLS_UNUSUAL")
        yield at, kind, stream[at + 4 : at + 4 + length]
        at += 4 + length
        if kind == 0 and length == 0:
            break  # padding behind the last record
