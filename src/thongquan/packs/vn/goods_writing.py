"""Declarations as the workbooks that Vietnamese traders have: the ECUS form, and the list with its header sheet."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import xlsxwriter  # type: ignore[import-untyped]

from ...engine.declaration import Declaration
from ...engine.findings import Finding, Severity
from ...engine.formats.columns import Kind
from ...engine.formats.table_rows import TYPED_DIGITS, digits_of
from ...engine.formats.workbook import letters
from .cells import FIGURES, flattened, slot
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
    MOST_BLOCKS,
    NOT_PREFERENTIAL,
    ORIGINAL,
    OTHER_TAXES,
    OTHER_WAYBILL,
    REFERENCE_COLUMN,
    REFERENCE_LABEL,
    REFERENCE_ROW,
    TAX_NAMES,
    TITLES,
    WAYBILLS,
    Field,
    FormCell,
    flow_of,
    is_figure,
    place,
)
from .rates import IMPORT_DUTY

if TYPE_CHECKING:
    from ..pack import Pack


def write_form(declaration: Declaration, flow: str) -> tuple[bytes, tuple[Finding, ...]]:
    """A declaration as the form, and what the form cannot carry, by place.

    flow: "import" or "export". `read_form` reads it back as it was, but for what is told. Labels stand in column B.
    """
    writer = _Writer(declaration)
    writer.net_mass_as_second()
    if writer.header.get("container_code") == "0":
        writer.kept.setdefault(f"{KEPT}/containers", "0")
    cells = IMPORT_FORM if flow == "import" else EXPORT_FORM
    out = io.BytesIO()
    book = new_book(out)
    sheet = book.add_worksheet("ToKhai")
    styles = {name: book.add_format(look) for name, look in LOOKS.items()}
    labels: dict[int, list[str]] = {}
    sheet.write_string(1, 5, TITLES[flow][bool(declaration.declaration_id)], styles["bold"])
    for spec in cells:
        _write_cell(sheet, spec, 0, writer.header, f"{KEPT}/", writer, styles)
        labels.setdefault(place(spec.cell)[0], []).append(spec.label)
    reference = writer.header.pop("functional_reference_id", "")
    if reference:
        sheet.write_string(REFERENCE_ROW - 1, REFERENCE_COLUMN - 1, REFERENCE_LABEL)
        sheet.write_string(REFERENCE_ROW - 1, REFERENCE_COLUMN + 8, reference, styles["text"])
    for number, line in enumerate(writer.lines[:MOST_BLOCKS], 1):
        above = FIRST_BLOCK - 1 + (number - 1) * BLOCK_ROWS
        sheet.write_string(above + 9, 2, f"<{number:02d}>")
        for spec in LINE_FORM:
            _write_cell(sheet, spec, above, line, f"{KEPT}/goods[{number}]/", writer, styles)
            labels.setdefault(above + place(spec.cell)[0], []).append(spec.label)
        _write_taxes(sheet, line, above, styles)
    for row, said in labels.items():
        sheet.write_string(row - 1, 1, ", ".join(said), styles["quiet"])
    book.close()
    return out.getvalue(), writer.left_out(flow, MOST_BLOCKS)


LOOKS: Final[Mapping[str, Mapping[str, object]]] = {
    "text": {"num_format": "@"},
    "bold": {"bold": True, "num_format": "@"},
    "quiet": {"font_color": "#666666"},
    "wrap": {"text_wrap": True, "valign": "top"},
}


def new_book(out: io.BytesIO) -> xlsxwriter.Workbook:
    """A workbook in which no text becomes a formula or a link; equal contents give equal bytes."""
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"created": datetime(2000, 1, 1)})  # noqa: DTZ001
    return book


class _Writer:
    """A declaration on its way into cells: what is left of it when all are written is not carried."""

    def __init__(self, declaration: Declaration) -> None:
        self.declaration = declaration
        self.header, self.lines, self.told = flattened(declaration)
        self.kept = {one.path: one.text for one in declaration.kept}
        for number, line in enumerate(self.lines, 1):
            self._second(line, f"{KEPT}/goods[{number}]/")

    def _second(self, line: dict[str, str], under: str) -> None:
        """The second quantity: the one that was kept, else the net mass."""
        if f"{under}quantity_2" in self.kept:
            line["=quantity_2"] = self.kept.pop(f"{under}quantity_2")
            line["=unit_2"] = self.kept.pop(f"{under}unit_2", "")

    def net_mass_as_second(self) -> None:
        """Where a layout has no net mass, it is the second quantity, in kilograms."""
        for line in self.lines:
            if "=quantity_2" not in line and "net_mass" in line and line.get("net_mass_unit") == KILOGRAM:
                line["=quantity_2"], line["=unit_2"] = line.pop("net_mass"), line.pop("net_mass_unit")

    def taken(self, name: str, values: dict[str, str], under: str) -> str:
        """The value of a field, which then is carried."""
        if name in COMPUTED or not name.startswith("="):
            return values.pop(name, "")
        return self.kept.pop(f"{under}{name[1:]}", "")

    def left_out(self, flow: str, most: int) -> tuple[Finding, ...]:
        """A warning for each value that no cell holds and reading would not give by itself."""
        found = list(self.told)
        reference = self.declaration.functional_reference_id[:40]
        means = self.declaration.border_transport_means
        trader = self.declaration.importer if flow == "import" else self.declaration.exporter
        containers = f"{KEPT}/containers" in {one.path for one in self.declaration.kept}
        expected = {
            "function_code": ORIGINAL,
            "goods_item_quantity": str(len(self.lines)),
            "header_previous_document_1_code": WAYBILLS.get(means.mode_code if means else "", OTHER_WAYBILL),
            "header_charge_1_code": INSURANCE,
            "total_gross_mass_unit": KILOGRAM,
            "declarant_id": trader.id if trader else "",
            "declarant_name": trader.name if trader else "",
            "container_code": "1" if containers else "0",
        }
        found += [
            _missing(name, reference) for name, text in self.header.items() if text != expected.get(name)
        ]
        for number, line in enumerate(self.lines, 1):
            if number > most:
                found.append(_missing(f"goods_items[{number}]", reference))
                continue
            given = {
                "sequence_numeric": str(number), "commodity_code_list": LISTED, "origin_type_code": NOT_PREFERENTIAL,
                "customs_value_currency": "VND", "net_mass_unit": KILOGRAM, "gross_mass_unit": KILOGRAM,
                "classification_2_list": ADDITIONAL, "packaging_1_sequence_numeric": "1",
            }  # fmt: skip
            at = f"goods_items[{number}]"
            found += [
                _missing(f"{at}.{name}", reference) for name, text in line.items() if text != given.get(name)
            ]
        return (*found, *(_missing(path, reference) for path in self.kept))


def _missing(at: str, reference: str) -> Finding:
    return Finding("FIELD_NOT_IN_SHEET", at, {"reference": reference}, severity=Severity.WARNING)


LONGEST: Final = 32_767
"""Characters of a cell."""


def _write_cell(
    sheet: Any,
    spec: FormCell,
    above: int,
    values: dict[str, str],
    under: str,
    writer: _Writer,
    looks: Mapping[str, Any],
) -> None:
    row, column = place(spec.cell)
    row, column = row + above - 1, column - 1
    if spec.pattern is None:
        text = writer.taken(spec.names[0], values, under)
        if text:
            put(sheet, row, column, spec.names[0], text, looks)
        return
    texts = [writer.taken(name, values, under) for name in spec.names]
    if not any(texts):
        return
    said = [text or usual for text, usual in zip(texts, spec.usual, strict=True)]
    written = spec.shape.format(*said).strip()
    matched = spec.pattern.fullmatch(written)
    if matched is not None and [text or "" for text in matched.groups()] == said:
        sheet.write_string(row, column, written, looks["text"])
        return
    # Reading would not give them back as they are.
    values.update({name: text for name, text in zip(spec.names, texts, strict=True) if text})


def put(sheet: Any, row: int, column: int, name: str, text: str, looks: Mapping[str, Any]) -> None:
    """A value into a cell (from 0): figures of at most fifteen digits as numbers, days as people write them."""
    column_of = slot(name)
    kind = column_of.column.kind if column_of is not None else Kind.TEXT
    if (kind in FIGURES or name in FIGURES_KEPT) and digits_of(text) <= TYPED_DIGITS:
        sheet.write_number(row, column, float(text))
        return
    if kind in (Kind.DAY, Kind.INSTANT):
        text = day_text(text)
    sheet.write_string(row, column, text[:LONGEST], looks["text"])


def day_text(text: str) -> str:
    """An ISO day or Vietnamese instant as day/month/year; any other instant as it is."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        return f"{at:%d/%m/%Y}" if len(text) == len("2020-01-01") else text
    return f"{at:%d/%m/%Y %H:%M:%S}" if at.utcoffset() == timedelta(hours=7) and not at.microsecond else text


def _write_taxes(sheet: Any, line: dict[str, str], above: int, looks: Mapping[str, Any]) -> None:
    """Amounts that a declaration states of the other taxes, where the form has a block for them."""
    names = {tax: word for word, tax in reversed(TAX_NAMES)}
    duty_row, duty_column = place(DUTY_AMOUNT)
    for number, first in enumerate((0, *OTHER_TAXES), 1):
        keys = [f"tax_{number}_{part}" for part in ("type_code", "assessed", "assessed_currency")]
        tax, amount, currency = (line.get(name, "") for name in keys)
        if not amount or currency != "VND" or (tax not in names if first else tax != IMPORT_DUTY):
            continue
        if first:
            sheet.write_string(above + first - 1, 7, f"Thuế {names[tax]}", looks["text"])
            put(sheet, above + first + 2, 8, keys[1], amount, looks)
        else:
            put(sheet, above + duty_row - 1, duty_column - 1, keys[1], amount, looks)
        for name in keys:
            del line[name]


HEADER_SHEET: Final = "Tờ khai"
GOODS_SHEET: Final = "Hàng hóa"
CODES_SHEET: Final = "Danh mục"
BLANK_ROWS: Final = 500
"""Rows of the blank list in which a choice is offered."""


def write_list(declaration: Declaration, pack: Pack, day: date) -> tuple[bytes, tuple[Finding, ...]]:
    """A declaration as the list of goods with its header sheet, and what it cannot carry, by place.

    day: of the code lists that the workbook offers to choose from. `read_list` reads it back as it was, but for what is
    told.
    """
    writer = _Writer(declaration)
    header, reference = writer.header, declaration.functional_reference_id
    if header.get("header_charge_1_code") == INSURANCE:
        for name, part in (("=insurance", "amount"), ("=insurance_currency", "currency")):
            header[name] = header.pop(f"header_charge_1_{part}", "")
    out = io.BytesIO()
    book = new_book(out)
    looks = {name: book.add_format(look) for name, look in LOOKS.items()}
    labels, goods = book.add_worksheet(HEADER_SHEET), book.add_worksheet(GOODS_SHEET)
    ranges = _write_codes(book, looks, pack, day)
    labels.set_column(0, 1, 36, looks["text"])
    labels.set_column(2, 2, 70)
    for row, field in enumerate(HEADER):
        labels.write_string(row, 0, field.headings[0], looks["bold"])
        labels.write_string(row, 2, field.more, looks["quiet"])
        _offer(labels, row, row, 1, field, ranges)
        if text := writer.taken(field.name, header, f"{KEPT}/"):
            put(labels, row, 1, field.name, text, looks)
    for column, field in enumerate(LINE):
        figure = is_figure(field.name)
        goods.set_column(
            column, column, 40 if field.name == "description" else 15, None if figure else looks["text"]
        )
        goods.write_string(0, column, field.headings[0], looks["bold"])
        if field.more:
            goods.write_comment(0, column, field.more)
        _offer(goods, 1, BLANK_ROWS, column, field, ranges)
    for number, line in enumerate(writer.lines, 1):
        for column, field in enumerate(LINE):
            if text := writer.taken(field.name, line, f"{KEPT}/goods[{number}]/"):
                put(goods, number, column, field.name, text, looks)
    goods.freeze_panes(1, 0)
    book.close()
    flow = flow_of(declaration.type_code, pack)
    told = writer.left_out(flow or ("import" if declaration.importer else "export"), len(writer.lines))
    return out.getvalue(), told if reference or writer.lines else ()


def blank_list(pack: Pack, day: date) -> bytes:
    """The empty workbook that traders fill: explanations beside each label, code lists of the day to choose from."""
    return write_list(Declaration(), pack, day)[0]


def _write_codes(
    book: xlsxwriter.Workbook, looks: Mapping[str, Any], pack: Pack, day: date
) -> dict[str, str]:
    """The sheet of codes with their names; code list → its cells."""
    sheet = book.add_worksheet(CODES_SHEET)
    ranges: dict[str, str] = {}
    names = dict.fromkeys(field.codes for field in (*HEADER, *LINE) if field.codes)
    for number, name in enumerate(names):
        listed = pack.code_lists.get(name)
        codes = sorted(listed.as_of(day).items()) if listed is not None else []
        column = 2 * number
        sheet.set_column(column, column, 10, looks["text"])
        sheet.set_column(column + 1, column + 1, 36, looks["text"])
        sheet.write_string(0, column, f"#{name}", looks["bold"])
        for row, (value, code) in enumerate(codes, 1):
            sheet.write_string(row, column, value, looks["text"])
            sheet.write_string(row, column + 1, code.names.get("vi", "")[:250], looks["text"])
        if codes:
            at = letters(column + 1)
            ranges[name] = f"='{CODES_SHEET}'!${at}$2:${at}${len(codes) + 1}"
    return ranges


def _offer(sheet: Any, first: int, last: int, column: int, field: Field, ranges: Mapping[str, str]) -> None:
    """A choice of codes; a name of the list is understood as well, so another text is only asked about."""
    if field.codes in ranges:
        choice = {"validate": "list", "source": ranges[field.codes], "error_type": "warning"}
        sheet.data_validation(first, column, last, column, choice)
