"""The declaration workbooks of Vietnamese traders: the ECUS form, and the list of goods with its header sheet.

The form is what ECUS prints of one declaration: named cells in rows 1-138, then a block of 53 rows for each line. No
real file was at hand; its cells are those that two programs that fill it agree on, so whatever a real one has elsewhere
is not read. The list is how traders fill goods: one heading row, one row a line, and label and value of the declaration
above it or on a sheet of its own; `blank_list` is such a workbook with explanations and code lists.

A form or a list is always one original declaration (function 9). Who declares is the importer, of an export the
exporter, where the file names nobody else: neither has a cell for it. Own codes of the trader and what customs printed
on the form have no field in a declaration and are kept as they stood, under `ecus/…`. Sums of taxes over all lines and
units prices follow from the lines and are not read; a list that gives no value gives it by quantity and unit price.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ...engine.declaration import Kept
from ...engine.findings import Finding, Severity
from ...engine.money import MILLIONTHS, decimal_text, millionths_of
from .cells import At, Grid, Part, Told, Values, coded, key
from .goods_fields import (
    ADDITIONAL,
    BLOCK_ROWS,
    COMPUTED,
    DUTY_AMOUNT,
    EXPORT_FORM,
    FIGURES_KEPT,
    FIRST_BLOCK,
    HEADER,
    IMPORT_FORM,
    INSURANCE,
    KEPT,
    KILOGRAM,
    LINE,
    LINE_FORM,
    LISTED,
    NOT_PREFERENTIAL,
    NOTES,
    ORIGINAL,
    OTHER_TAXES,
    OTHER_WAYBILL,
    REFERENCE_LABEL,
    TAX_NAMES,
    TITLE,
    WAYBILLS,
    Field,
    FormCell,
    Headed,
    by_heading,
    flow_of,
    is_figure,
    place,
)
from .rates import IMPORT_DUTY

if TYPE_CHECKING:
    from ..pack import Pack

# reading


def form_flow(grid: Grid) -> str:
    """Whether a sheet is the form, by its title: "import" or "export", "" for another sheet."""
    for row in range(1, 4):
        for cell in grid.rows.get(row, ()):
            matched = TITLE.search(key(cell)) if isinstance(cell, str) else None
            if matched is not None:
                return "import" if matched[1] == "nhap" else "export"
    return ""


def read_form(grid: Grid, flow: str, pack: Pack) -> Part:
    """The declaration of a form."""
    part = Part(f"sheet {grid.name}" if grid.name else "")
    cells = IMPORT_FORM if flow == "import" else EXPORT_FORM
    blocks = list(_blocks(grid))
    grid.learn_marks(_figure_places(cells, blocks))
    header = part.header
    _constants(header, grid.at(2, 6, ""))
    for spec in cells:
        _read_cell(grid, spec, 0, header, part.kept, KEPT, pack)
    reference = _reference(grid)
    if reference is not None:
        header["functional_reference_id"] = reference
    _complete(header, part, flow)
    for number, first in enumerate(blocks, 1):
        line: Values = {}
        for spec in LINE_FORM:
            _read_cell(grid, spec, first - 1, line, part.kept, f"{KEPT}/goods[{number}]", pack)
        _other_taxes(grid, first - 1, line)
        _complete_line(line, number, header, grid, pack, part, grid.at(first + 9, 3, "STT"))
        part.lines.append(line)
    _count(part, grid)
    part.findings += grid.findings
    return part


def _blocks(grid: Grid) -> Iterator[int]:
    """First rows of the blocks: from row 139, or where the first commodity code stands in column G below the header."""
    code_row, code_column = place("G11")
    first = FIRST_BLOCK
    if grid.cell(first + code_row - 1, code_column) == "":
        found = (
            row
            for row in sorted(grid.rows)
            if row > NOTES.start and _EIGHT.fullmatch(str(whole(grid.cell(row, code_column))))
        )
        first = next(found, first + code_row - 1) - code_row + 1
    last = max(grid.rows, default=0)
    while first <= last:
        if any(grid.cell(first + row, code_column) != "" for row in (code_row - 1, code_row)):
            yield first
        first += BLOCK_ROWS


_EIGHT: Final = re.compile(r"\d{8}", re.ASCII)


def whole(cell: object) -> object:
    """A number of the spreadsheet without its fraction, where it has none."""
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell


def _figure_places(cells: Iterable[FormCell], blocks: Iterable[int]) -> Iterator[tuple[int, int]]:
    for spec in cells:
        if is_figure(spec.names[0]):
            yield place(spec.cell)
    for first in blocks:
        for spec in LINE_FORM:
            if is_figure(spec.names[0]):
                row, column = place(spec.cell)
                yield first + row - 1, column


def _read_cell(
    grid: Grid, spec: FormCell, above: int, values: Values, kept: list[Kept], under: str, pack: Pack
) -> None:
    row, column = place(spec.cell)
    row += above
    if spec.pattern is None:
        told = _told(grid, row, column, spec.names[0], spec.label, spec.codes, spec.lengths, pack)
        if told is not None:
            _put(spec.names[0], told, values, kept, under)
        return
    said = grid.told(row, column, "description", spec.label)
    if said is None:
        return
    matched = spec.pattern.fullmatch(said.text)
    if matched is None:
        example = spec.shape.format(*("X" * len(spec.names)))
        grid.problem("CELL_NOT_AS_THE_FORM", said.at, value=said.text[:40], shape=example)
        return
    for name, text, usual in zip(spec.names, matched.groups(), spec.usual, strict=True):
        if text and not (usual and text == usual):
            _put(name, Told(text.strip(), said.at), values, kept, under)


def _told(
    grid: Grid, row: int, column: int, name: str, label: str, codes: str, lengths: Sequence[int], pack: Pack
) -> Told | None:
    """What stands in a cell, codes by their names too."""
    as_column = name
    if name.startswith("="):
        as_column = "tariff_quantity" if name in FIGURES_KEPT else "description"
        if name in ("=arrival_day", "=departure_day", "=amended_at"):
            as_column = "invoice_issue_time"
    told = grid.told(row, column, as_column, label, lengths)
    if told is None or not codes:
        return told
    text = _UNIT_WORDS.get(key(told.text), told.text) if codes == "units" else told.text
    return Told(coded(pack.code_lists.get(codes), text), told.at)


_UNIT_WORDS: Final[Mapping[str, str]] = {"kg": KILOGRAM, "m": "MTR", "m2": "MTK", "m3": "MTQ", "l": "LTR"}
"""How traders write units that the list names in full."""


def _put(name: str, told: Told, values: Values, kept: list[Kept], under: str) -> None:
    """A value where it belongs: a column, or kept as it stood."""
    if name in COMPUTED or not name.startswith("="):
        values[name] = told
    else:
        kept.append(Kept(path=f"{under}/{name[1:]}", text=told.text))


def _reference(grid: Grid) -> Told | None:
    """The trader's own number, right of its label on the second page."""
    wanted = key(REFERENCE_LABEL)
    for row in NOTES:
        for column, cell in enumerate(grid.rows.get(row, ()), 1):
            if isinstance(cell, str) and key(cell) == wanted:
                width = len(grid.rows[row])
                value = next(
                    (at for at in range(column + 1, width + 1) if grid.cell(row, at) != ""), column + 1
                )
                return grid.told(row, value, "functional_reference_id", REFERENCE_LABEL)
    return None


def _other_taxes(grid: Grid, above: int, line: Values) -> None:
    """Amounts that the form shows of the other taxes; they are held against the law's, and never used."""
    row, column = place(DUTY_AMOUNT)
    for number, first in enumerate((0, *OTHER_TAXES), 1):
        name = grid.cell(above + first, 8) if first else ""
        known = next((tax for word, tax in TAX_NAMES if isinstance(name, str) and word in key(name)), "")
        if first:
            row, column = first + 3, 9
        known = known if first else IMPORT_DUTY
        told = grid.told(above + row, column, f"tax_{number}_assessed", known) if known else None
        if told is not None:
            line[f"tax_{number}_type_code"] = Told(known, told.at)
            line[f"tax_{number}_assessed"] = told
            line[f"tax_{number}_assessed_currency"] = Told("VND", told.at)


def _constants(header: Values, at: At) -> None:
    header["function_code"] = Told(ORIGINAL, at)


def _complete(header: Values, part: Part, flow: str) -> None:
    """What a header says without a cell of its own."""
    if "total_gross_mass" in header:
        header.setdefault("total_gross_mass_unit", Told(KILOGRAM, header["total_gross_mass"].at))
    else:
        header.pop("total_gross_mass_unit", None)
    if "=insurance" in header:
        header["header_charge_1_amount"] = header.pop("=insurance")
    if "=insurance_currency" in header:
        header["header_charge_1_currency"] = header.pop("=insurance_currency")
    if "header_charge_1_amount" in header:
        header["header_charge_1_code"] = Told(INSURANCE, header["header_charge_1_amount"].at)
    else:
        header.pop("header_charge_1_currency", None)
    if "freight_charge" not in header:
        header.pop("freight_charge_currency", None)
    bill = header.get("header_previous_document_1_id")
    if bill is not None:
        mode = header.get("border_transport_mode_code")
        kind = WAYBILLS.get(mode.text if mode else "", OTHER_WAYBILL)
        header.setdefault("header_previous_document_1_code", Told(kind, bill.at))
    containers = next((one for one in part.kept if one.path == f"{KEPT}/containers"), None)
    if containers is not None and "container_code" not in header:
        none = not containers.text.strip("0")
        header["container_code"] = Told("0" if none else "1", At(part.place, "", 1))
        if none:
            part.kept.remove(containers)
    trader = "importer" if flow == "import" else "exporter"
    agent = any(one.path == f"{KEPT}/taxpayer" and one.text == "2" for one in part.kept)
    if "declarant_id" not in header and f"{trader}_id" in header and not agent:
        header["declarant_id"] = header[f"{trader}_id"]
        if f"{trader}_name" in header:
            header.setdefault("declarant_name", header[f"{trader}_name"])


def _complete_line(
    line: Values, number: int, header: Values, grid: Grid, pack: Pack, part: Part, at: At
) -> None:
    """What a line says without a cell of its own, and its value where only a unit price is given."""
    line.setdefault("sequence_numeric", Told(str(number), at))
    for name, more, text in (
        ("commodity_code", "commodity_code_list", LISTED),
        ("origin_country_code", "origin_type_code", NOT_PREFERENTIAL),
        ("classification_2_code", "classification_2_list", ADDITIONAL),
        ("net_mass", "net_mass_unit", KILOGRAM),
        ("gross_mass", "gross_mass_unit", KILOGRAM),
        ("packaging_1_quantity", "packaging_1_sequence_numeric", "1"),
        ("customs_value", "customs_value_currency", pack.currency),
    ):
        if name in line:
            line.setdefault(more, Told(text, line[name].at))
    _second_quantity(line, number, part)
    _value(line, header, grid)


def _second_quantity(line: Values, number: int, part: Part) -> None:
    """The second quantity is the net mass where it is in kilograms and none is given; else it is kept."""
    amount, unit = line.pop("=quantity_2", None), line.pop("=unit_2", None)
    if amount is None:
        return
    if unit is not None and unit.text == KILOGRAM and "net_mass" not in line:
        line["net_mass"], line["net_mass_unit"] = amount, unit
        return
    under = f"{KEPT}/goods[{number}]"
    part.kept.append(Kept(path=f"{under}/quantity_2", text=amount.text))
    if unit is not None:
        part.kept.append(Kept(path=f"{under}/unit_2", text=unit.text))


def _value(line: Values, header: Values, grid: Grid) -> None:
    price, quantity = line.pop("=unit_price", None), line.get("tariff_quantity")
    if "item_charge" not in line and price is not None and quantity is not None:
        whole, rest = divmod(millionths_of(price.text) * millionths_of(quantity.text), MILLIONTHS)
        if rest:
            line.pop("item_charge_currency", None)
            grid.problem("GOODS_VALUE_MISSING", price.at, price=price.text[:40], quantity=quantity.text[:40])
            return
        line["item_charge"] = Told(decimal_text(whole), price.at)
    if "item_charge" not in line:
        line.pop("item_charge_currency", None)
    elif "item_charge_currency" not in line and "invoice_amount_currency" in header:
        line["item_charge_currency"] = Told(header["invoice_amount_currency"].text, line["item_charge"].at)


def _count(part: Part, grid: Grid) -> None:
    at = part.header["function_code"].at
    if part.lines:
        part.header["goods_item_quantity"] = Told(str(len(part.lines)), at)
    if "invoice_amount" not in part.header:
        # The currency of the invoice alone is no amount; the lines have it already.
        part.header.pop("invoice_amount_currency", None)


# reading the list

_SUMS: Final = re.compile(r"(?:tong|cong|total)\b")
_CURRENCY: Final = re.compile(r"\(\s*([A-Za-z]{3})\s*\)")

LINE_BY_HEADING: Final = by_heading(LINE)
HEADER_BY_LABEL: Final = by_heading(HEADER)
NEEDED: Final = ("commodity_code", "description")
FEWEST_LABELS: Final = 3


def read_list(grid: Grid, at: Headed, others: Sequence[Grid], pack: Pack) -> Part:
    """The declaration of a list of goods. others: the workbook's other sheets, one of which may hold the header."""
    part = Part(f"sheet {grid.name}!row {at.row}" if grid.name else f"row {at.row}")
    rows = [row for row in sorted(grid.rows) if row > at.row and not _is_sum(grid, row, at)]
    grid.learn_marks(
        (row, column) for row in rows for column, field in at.columns.items() if is_figure(field.name)
    )
    _constants(part.header, grid.at(at.row, 1, ""))
    _read_labels(grid, (row for row in sorted(grid.rows) if row < at.row), part, pack)
    for other in others:
        if label_count(other) >= FEWEST_LABELS:
            other.marks |= grid.marks
            _read_labels(other, sorted(other.rows), part, pack)
            part.findings += other.findings
    type_code = part.header.get("type_code")
    flow = flow_of(type_code.text, pack) if type_code else ""
    _complete(part.header, part, flow or ("import" if "importer_id" in part.header else "export"))
    told_merged(grid, at)
    for number, row in enumerate(rows, 1):
        line: Values = {}
        for column, field in at.columns.items():
            heading = str(grid.cell(at.row, column))
            told = _told(grid, row, column, field.name, heading, field.codes, field.lengths, pack)
            if told is None:
                continue
            _put(field.name, told, line, part.kept, f"{KEPT}/goods[{number}]")
            printed = _CURRENCY.search(heading)
            if field.name in ("item_charge", "=unit_price") and printed is not None:
                line.setdefault("item_charge_currency", Told(printed[1].upper(), told.at))
        _complete_line(line, number, part.header, grid, pack, part, grid.at(row, 1, "STT"))
        part.lines.append(line)
    _count(part, grid)
    if at.unread:
        said = {"headings": ", ".join(at.unread)[:200]}
        part.findings.append(Finding("COLUMNS_NOT_READ", part.place, said, severity=Severity.NOTE))
    part.findings += grid.findings
    return part


def told_merged(grid: Grid, at: Headed) -> None:
    """Merged cells over several rows keep their value in the first only: the lines below would lose it."""
    for (top, left), (bottom, right) in grid.merged:
        if top > at.row and bottom > top:
            for column in range(left, right + 1):
                if column in at.columns:
                    grid.problem("CELL_MERGED", grid.at(top, column, str(grid.cell(at.row, column))))
                    break


def _is_sum(grid: Grid, row: int, at: Headed) -> bool:
    """Whether a row is the sums below a list, which says so where a line has its code, or shows nothing of a line."""
    code = next(column for column, field in at.columns.items() if field.name == "commodity_code")
    texts = [cell for cell in grid.rows[row] if isinstance(cell, str) and cell]
    sums = any(_SUMS.match(key(text)) for text in texts)
    there = grid.cell(row, code)
    if there == "" or (isinstance(there, str) and _SUMS.match(key(there))):
        return sums or all(grid.cell(row, column) == "" for column in at.columns)
    return False


def label_count(grid: Grid) -> int:
    """How many rows of a sheet begin with the label of a declaration's field."""
    return sum(_label(grid, row) is not None for row in sorted(grid.rows)[:200])


def _label(grid: Grid, row: int) -> tuple[Field, int] | None:
    """The field that a row begins with, and the column of its label."""
    for column, cell in enumerate(grid.rows[row], 1):
        if cell != "":
            known = HEADER_BY_LABEL.get(key(cell.rstrip(":*"))) if isinstance(cell, str) else None
            return (known[0], column) if known is not None else None
    return None


def _read_labels(grid: Grid, rows: Iterable[int], part: Part, pack: Pack) -> None:
    """Label and value side by side, one pair a row."""
    found = [(row, label) for row in rows if (label := _label(grid, row)) is not None]
    grid.learn_marks((row, column + 1) for row, (field, column) in found if is_figure(field.name))
    for row, (field, column) in found:
        told = _told(grid, row, column + 1, field.name, field.headings[0], field.codes, field.lengths, pack)
        if told is not None and field.name not in part.header:
            _put(field.name, told, part.header, part.kept, KEPT)
