"""Cells of the workbooks that Vietnamese traders have, on their way to the house's own table.

A layout (goods_sheet.py, register.py) says which cell is which column of `engine.formats.columns`. What stands in the
cell is put as that table writes it: a plain decimal, an ISO day, a code. The house's reader does the rest, so a sheet
can declare nothing that any other file could not, and is refused for the same reasons; each finding names the cell of
the trader's own file.

Figures. A point and a comma are both decimal marks and marks of thousands in Vietnam. A figure that shows by itself
what its mark is ("1.234,50") counts; "1.234" is read as the other figures of the file show their mark, and refused
where they show none. A number cell is the number of at most 15 digits that the spreadsheet shows; a fraction of more
than six decimals is refused. Days are day/month/year, or a date cell.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from functools import cache, lru_cache
from typing import Final

import msgspec

from ...engine.codes import CodeList
from ...engine.declaration import Declaration, Kept
from ...engine.findings import Finding, Severity
from ...engine.formats import columns, tables
from ...engine.formats.columns import Kind
from ...engine.formats.figures import decimal_mark_shown, plain_decimal
from ...engine.formats.table_rows import ACTIVE
from ...engine.formats.workbook import Cell, Sheet, letters
from ...engine.money import BadNumber, decimal_text, scaled

FIGURES: Final = (Kind.FIGURE, Kind.COUNT)
TIMES: Final = (Kind.DAY, Kind.INSTANT)
MOST_FINDINGS: Final = 100
"""Findings on one declaration; one more says that there are others."""
MOST_SHOWN: Final = 40
TYPED_DIGITS: Final = 15


@dataclass(frozen=True, slots=True)
class At:
    """Where something stands in the trader's file. heading: what the file, or the form, calls it."""

    place: str
    heading: str
    row: int


@dataclass(frozen=True, slots=True)
class Told:
    """A value as the house's table writes it, and where it came from."""

    text: str
    at: At


type Values = dict[str, Told]
"""Column of the house's table → value."""


@dataclass(slots=True)
class Part:
    """One declaration of a file. kept: what no column carries, as it stood. findings: of its own cells."""

    place: str
    header: Values = field(default_factory=dict)
    lines: list[Values] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    _once: set[str] = field(default_factory=set)

    def keep_once(self, path: str, text: str) -> None:
        """Keep what several rows repeat, as the first of them says it."""
        if path not in self._once:
            self._once.add(path)
            self.kept.append(Kept(path=path, text=text))


@cache
def slot(name: str) -> columns.Slot | None:
    """The column of the house's table that one of our fields is, None for what is only kept or computed with."""
    return columns.slot_of(name)


class Grid:
    """The filled rows of one sheet by their number, texts without the white space around them.

    findings: what is wrong with cells that were asked for.
    """

    def __init__(self, name: str, rows: Iterable[tuple[int, list[Cell]]], sheet: Sheet | None = None) -> None:
        self.name = name
        self.rows = {number: cells for number, cells in rows if any(cell != "" for cell in cells)}
        self.odd = sheet.odd if sheet is not None else {}
        self.merged = sheet.merged if sheet is not None else ()
        self.marks: set[str] = set()
        self.findings: list[Finding] = []

    def cell(self, row: int, column: int) -> Cell:
        """row and column from 1; "" where nothing stands."""
        cells = self.rows.get(row, ())
        return cells[column - 1] if 0 < column <= len(cells) else ""

    def at(self, row: int, column: int, heading: str) -> At:
        sheet = f"sheet {self.name}!" if self.name else ""
        return At(f"{sheet}{letters(column)}{row}", _printable(heading, 60), row)

    def problem(self, code: str, at: At, severity: Severity = Severity.ERROR, **says: str) -> None:
        if len(self.findings) < MOST_FINDINGS:
            facts = {**says, "heading": at.heading[:MOST_SHOWN], "row": str(at.row)}
            self.findings.append(Finding(code, at.place, facts, severity=severity))
        elif len(self.findings) == MOST_FINDINGS:
            self.findings.append(Finding("FINDINGS_CUT", at.place, {"limit": str(MOST_FINDINGS)}))

    def learn_marks(self, places: Iterable[tuple[int, int]]) -> None:
        """Learn the decimal mark of the file from those figures that show theirs."""
        for row, column in places:
            cell = self.cell(row, column)
            if isinstance(cell, str) and cell:
                self.marks |= decimal_mark_shown(cell)

    def told(
        self, row: int, column: int, name: str, heading: str, lengths: Sequence[int] = ()
    ) -> Told | None:
        """What stands in a cell, for a column of the house's table; None where it is empty or wrong.

        lengths: digits of a code that a number cell may hold without having lost a zero.
        """
        at = self.at(row, column, heading)
        if (row, column) in self.odd:
            self.problem(self.odd[row, column], at)
            return None
        cell = self.cell(row, column)
        column_of = slot(name)
        kind = column_of.column.kind if column_of is not None else Kind.TEXT
        if cell == "":
            return None
        if kind in FIGURES:
            text = self._figure(cell, at, whole=kind is Kind.COUNT)
        elif kind in TIMES:
            text = self._time(cell, at)
        else:
            text = self._text(cell, at, lengths)
        return Told(text, at) if text else None

    def _text(self, cell: Cell, at: At, lengths: Sequence[int]) -> str:
        if isinstance(cell, str):
            return cell
        if isinstance(cell, float) and not isinstance(cell, bool) and cell.is_integer() and cell >= 0:
            text = str(int(cell))
            if len(text) in lengths:
                return text
        self.problem("CELL_NOT_TEXT", at, value=shown(cell))
        return ""

    def _figure(self, cell: Cell, at: At, *, whole: bool) -> str:
        decimals = 0 if whole else 6
        code = "CELL_NOT_A_NUMBER"
        if isinstance(cell, str) or (isinstance(cell, int | float) and not isinstance(cell, bool)):
            try:
                text = self._plain(cell) if isinstance(cell, str) else _displayed(cell)
                return decimal_text(scaled(text, decimals), decimals)
            except BadNumber as bad:
                code = {
                    "NUMBER_AMBIGUOUS": "CELL_NUMBER_AMBIGUOUS",
                    "NUMBER_TOO_PRECISE": "CELL_NUMBER_NOT_WHOLE" if whole else "CELL_NUMBER_TOO_PRECISE",
                }.get(bad.code, code)
        self.problem(code, at, value=shown(cell))
        return ""

    def _plain(self, text: str) -> str:
        if not self.marks and _THOUSAND.fullmatch(text.strip()):
            raise BadNumber("NUMBER_AMBIGUOUS", text[:MOST_SHOWN])
        return plain_decimal(text, self.marks)

    def _time(self, cell: Cell, at: At) -> str:
        if isinstance(cell, datetime):
            return cell.isoformat(" ") if cell.time().isoformat() != "00:00:00" else str(cell.date())
        if isinstance(cell, date):
            return str(cell)
        matched = _DAY.fullmatch(cell) if isinstance(cell, str) else None
        try:
            if matched is not None:
                day, month, year, clock = matched.groups()
                said = datetime.fromisoformat(f"{year}-{int(month):02d}-{int(day):02d} {_clock(clock)}")
                return said.isoformat(" ") if clock else str(said.date())
            if isinstance(cell, str) and _ISO.match(cell):
                return cell
        except ValueError:
            pass
        self.problem("CELL_NOT_A_VIETNAMESE_DAY", at, value=shown(cell))
        return ""


_DAY: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:\s+(\d{1,2}:\d{2}(?::\d{2})?))?", re.ASCII)
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_THOUSAND: Final = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)


def _clock(clock: str | None) -> str:
    """A time of day with two digits for each part."""
    return ":".join(part.zfill(2) for part in (clock or "00:00").split(":"))


def _displayed(number: float) -> str:
    """A number as the spreadsheet shows it with all its digits, of which it has fifteen."""
    text = f"{number:.{TYPED_DIGITS}g}"
    if "e" in text or "n" in text:  # too large, too small, or none
        text = f"{number:.6f}" if abs(number) < 1e18 else text
    return text


def shown(cell: Cell) -> str:
    """At most forty characters of a cell, fit for a sentence."""
    return _printable(str(cell), MOST_SHOWN)


@lru_cache(maxsize=4096)
def _printable(text: str, most: int) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text[:most])


# headings and names


def key(text: str) -> str:
    """A heading or a name without case, diacritics, punctuation and what stands in brackets."""
    decomposed = unicodedata.normalize("NFD", _BRACKETS.sub(" ", text[:200]).casefold().replace("đ", "d"))
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(_WORD.findall(plain))


_BRACKETS: Final = re.compile(r"[(\[][^)\]]*[)\]]")
_WORD: Final = re.compile(r"[a-z]+|\d+")


def coded(listed: CodeList | None, text: str) -> str:
    """The code that a text is or names; the text itself where no code is so called, for the checks to refuse.

    Names are compared whole before parts between slashes ("Cái/Chiếc"); of two codes with one name the list's first.
    """
    if listed is None:
        return text
    by_name, codes = _names(listed)
    upper = text.upper()
    return upper if upper in codes else by_name.get(key(text), text)


@lru_cache(maxsize=64)
def _names(listed: CodeList) -> tuple[Mapping[str, str], frozenset[str]]:
    """Name without case and diacritics → code, and all codes of a list."""
    whole: dict[str, str] = {}
    parts: dict[str, str] = {}
    for code in listed:
        for name in code.names.values():
            whole.setdefault(key(name), code.value)
            for part in name.split("/"):
                parts.setdefault(key(part), code.value)
    return parts | whole, frozenset(code.value for code in listed)


# the house's table


@dataclass(frozen=True, slots=True)
class Made:
    """A declaration of a file, or why there is none."""

    place: str
    declaration: Declaration | None
    findings: tuple[Finding, ...]


def made(parts: Iterable[Part], zone: tzinfo) -> Iterator[Made]:
    """Each part as the house reads it, in order; its findings at the cells of the trader's file.

    A part without a declarant's reference keeps none: the checks say so at its field.
    """
    for part in parts:
        yield _one(part, zone)


def _one(part: Part, zone: tzinfo) -> Made:
    names = list(
        dict.fromkeys((tables.REFERENCE, *part.header, *(name for line in part.lines for name in line)))
    )
    rows = [{**line} for line in part.lines] or [{}]
    rows[0] = {**part.header, **rows[0]}
    reference = part.header.get(tables.REFERENCE)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(names)
    for row in rows:
        cells = [_cell(name, row.get(name)) for name in names]
        if reference is None:
            cells[0] = NAMELESS
        writer.writerow(cells)
    found = list(tables.examine_csv(io.BytesIO(text.getvalue().encode("utf-8", "replace")), zone))
    findings = [*part.findings, *(_placed(f, names, rows, part) for one in found for f in one.findings)]
    declaration = found[0].declaration if len(found) == 1 and not _refused(findings) else None
    if declaration is not None:
        declaration = msgspec.structs.replace(
            declaration,
            functional_reference_id=reference.text if reference else "",
            kept=tuple(part.kept),
        )
    return Made(part.place, declaration, tuple(findings))


NAMELESS: Final = "-"
"""Stands in the house's table for a reference that a file does not give."""


def _refused(findings: Iterable[Finding]) -> bool:
    return any(finding.severity is Severity.ERROR for finding in findings)


def _cell(name: str, told: Told | None) -> str:
    if told is None:
        return ""
    column = slot(name)
    if column is not None and column.column.kind not in FIGURES and ACTIVE.match(told.text):
        return f"'{told.text}"
    return told.text


_PLACE: Final = re.compile(r"([A-Z]{1,3})(\d+)")


def _placed(finding: Finding, names: Sequence[str], rows: Sequence[Values], part: Part) -> Finding:
    """A finding of the house's reader at the cell of the trader's own file."""
    matched = _PLACE.fullmatch(finding.at)
    at: At | None = None
    if matched is not None:
        column = _number(matched[1]) - 1
        row = int(matched[2]) - 2
        if 0 <= row < len(rows) and column < len(names):
            told = rows[row].get(names[column])
            at = told.at if told is not None else None
    if at is None:
        return replace(finding, at=part.place)
    says = dict(finding.says)
    if "heading" in says:
        says["heading"] = at.heading[:MOST_SHOWN]
    if "row" in says:
        says["row"] = str(at.row)
    return replace(finding, at=at.place, says=says)


def _number(text: str) -> int:
    number = 0
    for letter in text:
        number = number * 26 + ord(letter) - 64
    return number


def flattened(
    declaration: Declaration,
) -> tuple[dict[str, str], list[dict[str, str]], tuple[Finding, ...]]:
    """A declaration as columns of the house's table: of the header, of each line, and what that table cannot carry."""
    named = declaration.functional_reference_id or NAMELESS
    whole = msgspec.structs.replace(declaration, functional_reference_id=named, kept=())
    out = io.BytesIO()
    left_out = tables.write_csv([whole], out)
    rows = list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline="")))
    slots = [(name, columns.slot_of(name)) for name in rows[0]]
    header: dict[str, str] = {}
    lines: list[dict[str, str]] = []
    for number, row in enumerate(rows[1:]):
        line = {}
        for (name, column), cell in zip(slots, row, strict=True):
            if cell == "" or column is None:
                continue
            text = cell[1:] if column.column.kind not in FIGURES and ACTIVE.match(cell) else cell
            if column.column.of_line:
                line[name] = text
            elif not number:
                header[name] = text
        if line:
            lines.append(line)
    if not declaration.functional_reference_id:
        header.pop(tables.REFERENCE, None)
    return header, lines, left_out
