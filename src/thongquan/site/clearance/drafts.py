"""A declaration before it is lodged: a table that a person fills, or that a file filled, with what is wrong in which
cell.

A draft is always a table, whatever the file was: one row for each goods item, columns of `engine.formats.columns`. It
is read by the same reader as every file, so a form can declare nothing that a file could not. Where a message holds
more than a table can show, it is lodged as it came for as long as nobody changes it here.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
import xlsxwriter  # type: ignore[import-untyped]

from ...engine.declaration import Declaration as Declared
from ...engine.findings import Finding, Severity, errors
from ...engine.formats import columns as column_list
from ...engine.formats import reading, tables
from ...engine.formats.columns import Kind, Slot
from ...engine.formats.reading import FileKind
from ...packs import files
from ...packs import pack as country
from ...packs.pack import Pack
from ..kit import terms
from ..kit.tags import said
from ..reference.reads import equipped
from . import messages

MOST_BYTES: Final = 10_000_000
MOST_ROWS: Final = 5_000
"""Rows of a draft; more come through the API or the command line."""
MOST_DECLARATIONS: Final = 500
MOST_NOTED: Final = 100
"""Warnings and notes of a file that a draft keeps."""

BLANK_HEADER: Final = (
    "functional_reference_id", "type_code", "declaration_office_id", "declarant_id", "importer_id",
    "importer_name", "exporter_name", "export_country_id", "border_transport_mode_code", "border_transport_id",
    "container_code", "header_previous_document_1_code", "header_previous_document_1_id", "incoterm",
    "incoterm_location_name", "invoice_id", "invoice_issue_time", "invoice_amount", "invoice_amount_currency",
    "freight_charge", "freight_charge_currency", "total_gross_mass", "total_gross_mass_unit",
    "total_package_quantity", "goods_location_id",
)  # fmt: skip
BLANK_LINE: Final = (
    "commodity_code", "description", "origin_country_code", "procedure_code", "gross_mass", "gross_mass_unit",
    "net_mass", "net_mass_unit", "tariff_quantity", "tariff_quantity_unit", "item_charge", "item_charge_currency",
    "preference_code", "packaging_1_type_code", "packaging_1_quantity", "document_1_code", "document_1_id",
)  # fmt: skip
"""What the blank form shows; any other column comes with a file, or with a finding that names it."""
FILLED: Final = ("function_code", "sequence_numeric", "goods_item_quantity")
"""What the blank form counts or knows by itself."""

CODE_LISTS: Final = (
    (r"type_code", "declaration_types"),
    (r"declaration_office_id|presentation_office_id|exit_office_id", "offices"),
    (r".*country_code|.*country_id", "countries"),
    (r".*currency", "currencies"),
    (r"incoterm", "incoterms"),
    (r".*_unit", "units"),
    (r".*transport_mode_code", "transport_modes"),
    (r"preference_code", "preferences"),
    (r"document_\d+_code", "documents"),
    (r"packaging_\d+_type_code", "packages"),
)
"""Which code list helps in which column."""


class Mended(msgspec.Struct, frozen=True, omit_defaults=True):
    """A finding of the first reading that the text of its cell no longer shows; it stands until the cell is changed."""

    row: int
    column: int
    code: str
    says: dict[str, str]
    text: str


class Noted(msgspec.Struct, frozen=True, omit_defaults=True):
    """A finding that refuses nothing."""

    code: str
    at: str
    says: dict[str, str]
    severity: Severity


class Draft(msgspec.Struct, omit_defaults=True):
    """columns: names of slots, or headings that nobody knows. rows: texts, as wide as columns. places: of each row, its
    place in the file that it came from. blank: filled in the form, from nothing. content: the message as it came, for
    one that is no table; it is lodged while the rows are `as_read`. lost: what a table cannot show of it. noted: what
    its reader warned of and noted. amends: the
    number of the declaration that it changes, from `version` and rows `as_read`, for a `reason`; "" for a new one.
    """

    columns: list[str]
    rows: list[list[str]]
    places: list[str] = []
    source: str = ""
    blank: bool = False
    first: list[Mended] = []
    content: bytes = b""
    as_read: list[list[str]] = []
    lost: list[str] = []
    noted: list[Noted] = []
    amends: str = ""
    version: int = 0
    reason: str = ""

    @property
    def title(self) -> str:
        """The references in it, else the file."""
        references = self.references()
        return ", ".join(references[:3]) + ("…" if len(references) > 3 else "") or self.source

    def references(self) -> list[str]:
        if tables.REFERENCE not in self.columns:
            return []
        place = self.columns.index(tables.REFERENCE)
        return list(dict.fromkeys(row[place] for row in self.rows if row[place]))

    @property
    def told(self) -> list[Finding]:
        """What its reader warned of and noted, warnings first."""
        found = [Finding(one.code, one.at, one.says, severity=one.severity) for one in self.noted]
        return sorted(found, key=lambda one: one.severity is not Severity.WARNING)

    @property
    def untouched(self) -> bool:
        return bool(self.content) and self.rows == self.as_read


def stored(draft: Draft) -> str:
    return msgspec.json.encode(draft).decode()


def restored(text: str) -> Draft:
    return msgspec.json.decode(text, type=Draft)


def blank(pack: Pack, trader: str = "") -> Draft:
    """An empty form with one line."""
    columns = [*BLANK_HEADER, *BLANK_LINE]
    row = [""] * len(columns)
    known = {
        "declarant_id": trader,
        "gross_mass_unit": "KGM",
        "net_mass_unit": "KGM",
        "total_gross_mass_unit": "KGM",
    }
    for name, value in known.items():
        row[columns.index(name)] = value
    return Draft(columns, [row], [""], blank=True)


def of_file(name: str, data: bytes, pack: Pack) -> Draft | tuple[Finding, ...]:
    """The draft of a file; what is wrong with a file of which no table can be made."""
    if len(data) > MOST_BYTES:
        return (Finding("UPLOAD_TOO_LARGE", says={"most": str(MOST_BYTES // 1_000_000)}),)
    kind = reading.kind_of(data)
    is_own = files.read_own(data, pack) is not None
    if not is_own and kind in (FileKind.CSV, FileKind.XLSX):
        return _of_table(name, data, kind is FileKind.XLSX, pack)
    readings = list(messages.readings_of(name, data, pack))
    numbered = _numbered(readings) if is_own else ()
    if numbered:
        return numbered
    declarations = [one.declaration for one in readings if one.declaration is not None]
    found = [_named(one.place, finding) for one in readings for finding in one.findings]
    failed = errors(found)
    if failed or not declarations:
        return tuple(failed or found)
    draft = of_declarations(declarations, name)
    draft.noted = [Noted(one.code, one.at, dict(one.says), one.severity) for one in found[:MOST_NOTED]]
    if readings[0].is_message:
        draft.content = data
        draft.as_read = [list(row) for row in draft.rows]
    return _bounded(draft)


def _numbered(readings: Sequence[reading.Reading]) -> tuple[Finding, ...]:
    """Why a declaration that was printed with its number is not lodged again."""
    found = [(one.place, one.declaration.declaration_id) for one in readings if one.declaration is not None]
    return tuple(
        Finding("DECLARATION_HAS_NUMBER", place, {"number": number[:40]}) for place, number in found if number
    )[:MOST_NOTED]


def _named(place: str, finding: Finding) -> Finding:
    """A finding with the document that it is about, where a file has several."""
    return replace(finding, at=f"{place}: {finding.at}" if finding.at else place) if place else finding


def of_declarations(declarations: Sequence[Declared], source: str) -> Draft:
    """Declarations as a table, with what it cannot show."""
    out = io.BytesIO()
    notes = tables.write_csv(declarations, out)
    heading, *rows = csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline=""))
    columns = list(heading)
    texts = [
        [_unmistakable(name, _active(cell)) for name, cell in zip(columns, row, strict=True)] for row in rows
    ]
    return Draft(
        columns, texts, [""] * len(texts), source,
        lost=[note.at for note in notes if note.severity is not Severity.ERROR],
    )  # fmt: skip


def _of_table(name: str, data: bytes, is_workbook: bool, pack: Pack) -> Draft | tuple[Finding, ...]:
    found = tables.cells_of(data, is_workbook, MOST_ROWS)
    if any(len(cells.rows) > MOST_ROWS for cells in found):
        return _TOO_MANY_ROWS
    readings = list(reading.read_file(name, data, ZoneInfo(pack.zone)))
    if len(found) != 1:
        several = (Finding("UPLOAD_SEVERAL_SHEETS"),) if len(found) > 1 else ()
        return several or tuple(finding for one in readings for finding in one.findings)
    cells = found[0]
    slots = [column_list.slot_of(heading) for heading in cells.headings]
    keep = [
        place
        for place, heading in enumerate(cells.headings)
        if not heading.startswith("#") and (heading or any(row[place] for _, row in cells.rows))
    ]
    columns = [(slot.name if (slot := slots[place]) else cells.headings[place]) for place in keep]
    rows, places, first = [], [], []
    at = {place: finding for one in readings for finding in errors(one.findings) if (place := finding.at)}
    for number, row in cells.rows:
        texts = []
        for new, place in enumerate(keep):
            is_typed = (number, place) in cells.typed
            text = row[place] if cells.comma and not is_typed else _unmistakable(columns[new], row[place])
            texts.append(text)
            finding = at.get(f"{f'sheet {cells.sheet}!' if cells.sheet else ''}{_letters(place)}{number}")
            if finding is not None and is_typed:
                first.append(Mended(len(rows), new, finding.code, dict(finding.says), text))
        rows.append(texts)
        places.append(f"{cells.sheet}!{number}" if cells.sheet else str(number))
    return _bounded(Draft(columns, rows, places, name, first=first))


def _bounded(draft: Draft) -> Draft | tuple[Finding, ...]:
    return _TOO_MANY_ROWS if len(draft.rows) > MOST_ROWS else draft


_TOO_MANY_ROWS: Final = (Finding("UPLOAD_TOO_MANY_ROWS", says={"most": str(MOST_ROWS)}),)
_PLAIN: Final = re.compile(r"-?\d+\.\d+", re.ASCII)


def _unmistakable(name: str, text: str) -> str:
    """A plain figure with a decimal comma, and never with exactly three decimals, which could be thousands."""
    slot = column_list.slot_of(name)
    if slot is None or slot.column.kind not in (Kind.FIGURE, Kind.COUNT) or not _PLAIN.fullmatch(text):
        return text
    whole, _, tail = text.partition(".")
    tail = tail.rstrip("0")
    return f"{whole},{tail}0" if len(tail) == 3 else f"{whole},{tail}" if tail else whole


def _active(cell: str) -> str:
    """A text without the apostrophe that the writer puts before what a spreadsheet would run."""
    return cell[1:] if len(cell) > 1 and cell[0] == "'" and cell[1] in "=+-@\t\r" else cell


def _letters(place: int) -> str:
    text = ""
    place += 1
    while place > 0:
        place, rest = divmod(place - 1, 26)
        text = chr(65 + rest) + text
    return text


def valid_until(changed_at: datetime, pack: Pack) -> date | None:
    """The last day of a draft, from when it was last changed; None where the law sets none."""
    return pack.last_day_of("draft_valid", pack.legal_day(changed_at))


# what is wrong in it


@dataclass(slots=True)
class Checked:
    """One declaration of a draft. first, last: its rows from 0, last included. cells: (row, column name) → findings of
    that cell; whole: findings of no cell. declaration: None where its cells cannot be read."""

    reference: str
    first: int
    last: int
    declaration: Declared | None
    cells: dict[tuple[int, str], list[Finding]] = field(default_factory=dict)
    whole: list[Finding] = field(default_factory=list)

    @property
    def errors(self) -> int:
        found = [finding for findings in self.cells.values() for finding in findings] + self.whole
        return len(errors(found))


def read(draft: Draft, pack: Pack) -> list[Checked]:
    """Read the draft as a file would be read, and check nothing."""
    return _read(_filled(draft), ZoneInfo(pack.zone))


def check(
    draft: Draft, pack: Pack, day: date, *, whole: Callable[[Declared], Declared] | None = None
) -> list[Checked]:
    """Read the draft as a file would be read, and check each declaration by the law of a day.

    whole: the declaration that a draft's own table stands for, where it shows only a part.
    """
    filled = _filled(draft)
    zone = ZoneInfo(pack.zone)
    found = _read(filled, zone)
    for one in found:
        for first in draft.first:
            if one.first <= first.row <= one.last and draft.rows[first.row][first.column] == first.text:
                finding = Finding(first.code, says=first.says)
                one.cells.setdefault((first.row, draft.columns[first.column]), []).append(finding)
                one.declaration = None
    # Cells that cannot be read hide what the checks would say of the others: those are asked as if such cells were
    # empty.
    readable = [one.declaration for one in found]
    if None in readable and all(one.cells for one in found if one.declaration is None):
        readable = _readable(filled, found, zone)
    for one, declaration in zip(found, readable, strict=True):
        unread = set(one.cells)
        for finding in (
            country.run_checks(equipped(pack), whole(declaration) if whole else declaration, day)
            if declaration is not None
            else ()
        ):
            _place_check(one, finding, filled, unread)
    return found


def _read(draft: Draft, zone: ZoneInfo) -> list[Checked]:
    starts = [start for start, _ in _spans(draft)]
    found: list[Checked] = []
    for examined in tables.examine_csv(io.BytesIO(_csv(draft)), zone):
        begin = max(0, examined.row - 2)
        number = max((i for i, start in enumerate(starts) if start <= begin), default=0)
        last = starts[number + 1] - 1 if number + 1 < len(starts) else len(draft.rows) - 1
        one = Checked(_reference(draft, begin), begin, last, examined.declaration)
        for finding in examined.findings:
            _place_cell(one, finding, draft)
        found.append(one)
    return found


def _readable(draft: Draft, found: Sequence[Checked], zone: ZoneInfo) -> list[Declared | None]:
    """The declarations without the cells that cannot be read; as many as there are."""
    rows = [list(row) for row in draft.rows]
    for one in found:
        for row, column in one.cells:
            if errors(one.cells[row, column]):
                for place in _together(draft, column):
                    rows[row][place] = ""
    again = _read(msgspec.structs.replace(draft, rows=rows), zone)
    if [one.first for one in again] != [one.first for one in found]:
        return [one.declaration for one in found]
    return [one.declaration for one in again]


def _filled(draft: Draft) -> Draft:
    """A form that was filled from nothing, with what it counts by itself."""
    if not draft.blank:
        return draft
    columns = [*draft.columns, *(name for name in FILLED if name not in draft.columns)]
    counts: dict[str, int] = {}
    numbers = []
    for start, end in _spans(draft):
        for line, row in enumerate(range(start, end + 1), 1):
            numbers.append(line)
            counts[str(row)] = end - start + 1
    known = {"function_code": lambda row: "9", "sequence_numeric": lambda row: str(numbers[row]),
             "goods_item_quantity": lambda row: str(counts[str(row)])}  # fmt: skip
    added = columns[len(draft.columns) :]
    rows = [
        [*_measured(draft.columns, cells), *(known[name](row) for name in added)]
        for row, cells in enumerate(draft.rows)
    ]
    return Draft(columns, rows, draft.places, draft.source, True)


def _measured(columns: Sequence[str], cells: Sequence[str]) -> list[str]:
    """A row without the units that the blank form offers where nobody wrote a figure beside them."""
    written = dict(zip(columns, cells, strict=True))
    return [
        "" if name.endswith("_unit") and not written.get(name.removesuffix("_unit"), text) else text
        for name, text in written.items()
    ]


def _csv(draft: Draft) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    # In the reader's own words, because what is wrong is told with them.
    slots = [column_list.slot_of(name) for name in draft.columns]
    writer.writerow([_label(slot) if slot else name for slot, name in zip(slots, draft.columns, strict=True)])
    for row in draft.rows:
        # A row of nothing would be passed over, and the rows below it move up.
        writer.writerow(row if any(row) else [" ", *row[1:]])
    return out.getvalue().encode()


def _spans(draft: Draft) -> list[tuple[int, int]]:
    """First and last row of each declaration: a new reference begins one, an empty one goes on."""
    if tables.REFERENCE not in draft.columns or not draft.rows:
        return [(0, len(draft.rows) - 1)]
    place = draft.columns.index(tables.REFERENCE)
    starts, current = [0], draft.rows[0][place]
    for row, cells in enumerate(draft.rows[1:], 1):
        if cells[place] and cells[place] != current:
            starts.append(row)
            current = cells[place]
    return [
        (s, (starts[i + 1] if i + 1 < len(starts) else len(draft.rows)) - 1) for i, s in enumerate(starts)
    ]


def _reference(draft: Draft, row: int) -> str:
    if tables.REFERENCE not in draft.columns or row >= len(draft.rows):
        return ""
    return draft.rows[row][draft.columns.index(tables.REFERENCE)]


_CELL: Final = re.compile(r"([A-Z]{1,3})(\d+)")
_ITEM: Final = re.compile(r"goods_items\[(\d+)\](?:\.(.*))?")


def _place_cell(one: Checked, finding: Finding, draft: Draft) -> None:
    """A finding of the reader, at the cell that it names."""
    matched = _CELL.fullmatch(finding.at)
    row = int(matched[2]) - 2 if matched else -1
    column = _number(matched[1]) - 1 if matched else -1
    if matched and 0 <= row < len(draft.rows) and column < len(draft.columns):
        place = (
            draft.places[row] if row < len(draft.places) and draft.places[row] else str(row - one.first + 1)
        )
        told = replace(finding, says={**finding.says, **({"row": place} if "row" in finding.says else {})})
        one.cells.setdefault((row, draft.columns[column]), []).append(told)
    else:
        one.whole.append(finding)


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _place_check(one: Checked, finding: Finding, draft: Draft, unread: Collection[tuple[int, str]]) -> None:
    """A finding of the checks, at the cell of the field that it names; that column is shown even when it is empty.

    unread: cells that were left out because nobody could read them; what is said of their absence is not said twice.
    """
    matched = _ITEM.fullmatch(finding.at)
    row = one.first + int(matched[1]) - 1 if matched else one.first
    slot = slot_for(matched is not None, (matched[2] or "") if matched else finding.at)
    if slot is not None and (row, slot.name) in unread:
        return
    if slot is None or row > one.last:
        one.whole.append(finding)
    else:
        one.cells.setdefault((row, slot.name), []).append(finding)


def slot_for(of_line: bool, at: str) -> Slot | None:
    """The column of a field as findings name it ("item_charge", "origins[1].country_code", "commodity_code")."""
    if not at:
        return None
    path = tuple((name, int(place or 0)) for name, place in re.findall(r"(\w+)(?:\[(\d+)\])?", at))
    exact = column_list.slot_at(of_line, path)
    if exact is not None:
        return exact
    named = column_list.slot_of(at) if "." not in at and "[" not in at else None
    if named is not None and named.column.of_line == of_line:
        return named
    for column in column_list.columns():
        if column.of_line != of_line or column.steps[0].field != path[0][0]:
            continue
        place = path[0][1] or 1
        return Slot(column, (place, 1)[: column.name.count("{")])
    return None


def _together(draft: Draft, column: str) -> list[int]:
    """The columns that are one thing with this one: a figure and its unit or currency."""
    slot = column_list.slot_of(column)
    alone = [draft.columns.index(column)]
    if slot is None or len(slot.path) < 2:
        return alone
    others = ((place, column_list.slot_of(name)) for place, name in enumerate(draft.columns))
    return alone + [
        place
        for place, other in others
        if other and other.column.of_line == slot.column.of_line and other.path[:-1] == slot.path[:-1]
    ]


# as a form


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of the form. name: what it is sent under. list: the code list that helps, "" none."""

    name: str
    column: str
    label: str
    value: str
    findings: tuple[Finding, ...]
    list: str = ""

    @property
    def id(self) -> str:
        return self.name.replace(".", "-")

    @property
    def wrong(self) -> bool:
        return bool(errors(self.findings))


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the form. place: in the file that it came from."""

    row: int
    number: int
    place: str
    cells: tuple[Cell, ...]

    @property
    def wrong(self) -> bool:
        return any(cell.wrong for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Form:
    """A declaration as fields. hidden: lines without a fault that are not shown because there are many."""

    checked: Checked
    header: tuple[Cell, ...]
    headings: tuple[str, ...]
    lines: tuple[Line, ...]
    hidden: int

    @property
    def few(self) -> bool:
        """Whether each line is shown as fields of its own: a table of a few lines would only scroll sideways."""
        return len(self.lines) + self.hidden <= FEW_LINES

    @property
    def summary(self) -> list[tuple[Cell, Line | None, Finding]]:
        """Every error with the field that it is about, in the order of the form."""
        found: list[tuple[Cell, Line | None, Finding]] = [
            (cell, None, finding) for cell in self.header for finding in errors(cell.findings)
        ]
        for line in self.lines:
            found += [(cell, line, finding) for cell in line.cells for finding in errors(cell.findings)]
        return found


SHOWN_LINES: Final = 50
FEW_LINES: Final = 5


def form_of(draft: Draft, checked: Checked) -> Form:
    """A declaration of a draft as fields, with the columns that its findings name."""
    wanted = [*draft.columns, *(column for _, column in checked.cells if column not in draft.columns)]
    if draft.blank:
        wanted = [name for name in wanted if name not in FILLED]
    slots = [(name, column_list.slot_of(name)) for name in dict.fromkeys(wanted)]
    header = [(name, slot) for name, slot in slots if slot is not None and not slot.column.of_line]
    lines = [(name, slot) for name, slot in slots if slot is not None and slot.column.of_line]
    rows = range(checked.first, checked.last + 1)
    wrong = {row for row, column in checked.cells if errors(checked.cells[row, column])}
    many = len(rows) > SHOWN_LINES
    shown = [row for row in rows if not many or row in wrong][:SHOWN_LINES] or list(rows)[:SHOWN_LINES]
    return Form(
        checked,
        tuple(_cell(draft, checked, checked.first, name, slot) for name, slot in header),
        tuple(_label(slot) for _, slot in lines),
        tuple(
            Line(
                row,
                row - checked.first + 1,
                draft.places[row] if row < len(draft.places) else "",
                tuple(_cell(draft, checked, row, name, slot) for name, slot in lines),
            )
            for row in shown
        ),
        len(rows) - len(shown),
    )


def _cell(draft: Draft, checked: Checked, row: int, name: str, slot: Slot) -> Cell:
    value = draft.rows[row][draft.columns.index(name)] if name in draft.columns else ""
    listed = next((of for pattern, of in CODE_LISTS if re.fullmatch(pattern, name)), "")
    return Cell(
        f"c.{row}.{name}", name, _label(slot), value, tuple(checked.cells.get((row, name), ())), listed
    )


def _label(slot: Slot) -> str:
    return slot.heading(terms.language())


def mended(draft: Draft, sent: Mapping[str, str]) -> Draft:
    """The draft with what a form sent; a value of the declaration is repeated on each of its rows, as files do."""
    columns = list(draft.columns)
    rows = [list(row) for row in draft.rows]
    spans = _spans(draft)
    for name, value in sent.items():
        matched = re.fullmatch(r"c\.(\d+)\.(\w+)", name)
        slot = column_list.slot_of(matched[2]) if matched else None
        if matched is None or slot is None or slot.name != matched[2] or int(matched[1]) >= len(rows):
            continue
        if matched[2] not in columns:
            if not value.strip():
                continue
            columns.append(matched[2])
            for row in rows:
                row.append("")
        place, row_number = columns.index(matched[2]), int(matched[1])
        start, end = next((s, e) for s, e in spans if s <= row_number <= e)
        told = range(start, end + 1) if not slot.column.of_line else (row_number,)
        for row_at in told:
            rows[row_at][place] = value.strip()
    return msgspec.structs.replace(draft, columns=columns, rows=rows)


def with_line(draft: Draft, after: int) -> Draft:
    """One more line below a row, with the values of the declaration and of no line."""
    row = [
        text if (slot := column_list.slot_of(name)) and not slot.column.of_line else ""
        for name, text in zip(draft.columns, draft.rows[after], strict=True)
    ]
    for name in ("gross_mass_unit", "net_mass_unit", "item_charge_currency"):
        if name in draft.columns:
            row[draft.columns.index(name)] = draft.rows[after][draft.columns.index(name)]
    rows, places = list(draft.rows), list(draft.places)
    rows.insert(after + 1, row)
    places.insert(after + 1, "")
    first = [msgspec.structs.replace(one, row=one.row + 1) if one.row > after else one for one in draft.first]
    return msgspec.structs.replace(draft, rows=rows, places=places, first=first)


def without_line(draft: Draft, row: int) -> Draft:
    """Without a line, unless it is the only one."""
    if len(draft.rows) < 2 or not 0 <= row < len(draft.rows):
        return draft
    rows = [cells for number, cells in enumerate(draft.rows) if number != row]
    places = [place for number, place in enumerate(draft.places) if number != row]
    first = [
        msgspec.structs.replace(one, row=one.row - (one.row > row)) for one in draft.first if one.row != row
    ]
    return msgspec.structs.replace(draft, rows=rows, places=places, first=first)


def without_column(draft: Draft, column: str) -> Draft:
    """Without a column; of one that nobody knows that is the only way to mend it here."""
    if column not in draft.columns:
        return draft
    place = draft.columns.index(column)
    first = [
        msgspec.structs.replace(one, column=one.column - (one.column > place))
        for one in draft.first
        if one.column != place
    ]
    columns = [name for name in draft.columns if name != column]
    rows = [[cell for at, cell in enumerate(row) if at != place] for row in draft.rows]
    return msgspec.structs.replace(draft, columns=columns, rows=rows, first=first)


def without(draft: Draft, done: Iterable[Checked]) -> Draft:
    """What is left when some of its declarations are lodged."""
    gone = {row for one in done for row in range(one.first, one.last + 1)}
    left = [row for row in range(len(draft.rows)) if row not in gone]
    new = {row: place for place, row in enumerate(left)}
    return msgspec.structs.replace(
        draft,
        rows=[draft.rows[row] for row in left],
        places=[draft.places[row] for row in left],
        first=[msgspec.structs.replace(one, row=new[one.row]) for one in draft.first if one.row in new],
    )


def declared(draft: Draft, one: Checked) -> bytes | Declared:
    """What is lodged: the message as it came while nobody changed it, else the declaration of the rows."""
    if draft.untouched:
        return draft.content
    assert one.declaration is not None
    return one.declaration


def sheet_with_errors(draft: Draft, checked: Sequence[Checked]) -> bytes:
    """The rows that are wrong as a workbook, with what is wrong in the column "#…", which is not read again."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet("declarations")
    text, wrong = (
        book.add_format({"num_format": "@"}),
        book.add_format({"num_format": "@", "bg_color": "#fbe6e3"}),
    )
    headings = [
        slot.heading(terms.language()) if (slot := column_list.slot_of(c)) else c for c in draft.columns
    ]
    page.write_row(0, 0, [*headings, f"#{said('column_error')}"], text)
    at = 0
    for one in checked:
        if not one.errors:
            continue
        for row in range(one.first, one.last + 1):
            at += 1
            told = []
            for place, name in enumerate(draft.columns):
                found = errors(one.cells.get((row, name), ()))
                page.write_string(at, place, draft.rows[row][place], wrong if found else text)
                if found:
                    says = " ".join(f"{terms.sentence(f)} {terms.remedy(f)}" for f in found)
                    page.write_comment(at, place, says)
                    told.append(f"{headings[place]}: {says}")
            beside = [
                f
                for (r, c), fs in one.cells.items()
                if r == row and c not in draft.columns
                for f in errors(fs)
            ]
            beside += errors(one.whole) if row == one.first else ()
            told += [f"{terms.sentence(finding)} {terms.remedy(finding)}" for finding in beside]
            page.write_string(at, len(draft.columns), "\n".join(told), text)
    page.freeze_panes(1, 0)
    page.autofit()
    book.close()
    return out.getvalue()
