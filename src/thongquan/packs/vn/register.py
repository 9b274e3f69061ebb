"""The BCCT register: one row for each line of the declarations that a company has registered (báo cáo chi tiết).

Companies export it from VNACCS or ECUS, as XLSX or CSV; headings differ a little, their order more. Rows of one number
are one declaration, wherever they stand. It is history: what is read has its number and its day, and nothing of it is
lodged. A declaration of more than fifty lines is several numbers in VNACCS; ours has one, so its rows say which branch
they are of ("2/3") and count their lines anew in each, and are read as one declaration again.

The total tax of a line has no field of its own and is kept under `bcct/goods[n]/total_tax`, for `differences`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from ...engine.assessment.scalar import LineAssessment
from ...engine.assessment.taxes import CUSTOMS_VALUE
from ...engine.assessment.whole import Assessment
from ...engine.declaration import Declaration, Kept
from ...engine.findings import Finding, Severity
from ...engine.formats.columns import Kind
from ...engine.formats.table_rows import ACTIVE
from ...engine.money import MILLIONTHS, decimal_text, half_up, millionths_of
from .cells import FIGURES, Grid, Part, Told, Values, coded, flattened, slot
from .goods_fields import (
    KILOGRAM,
    LISTED,
    NOT_PREFERENTIAL,
    ORIGINAL,
    Field,
    Headed,
    by_heading,
    flow_of,
    is_figure,
)
from .goods_sheet import told_merged, whole
from .goods_writing import LOOKS, day_text, new_book, put
from .procedures import MOST_LINES, branch_count

if TYPE_CHECKING:
    from ..pack import Pack

KEPT: Final = "bcct"

COLUMNS: Final[tuple[Field, ...]] = (
    Field("declaration_id", ("Số tờ khai", "Số TK"), lengths=(12,)),
    Field("=branch", ("Số nhánh", "Nhánh", "Nhánh tờ khai")),
    Field("sequence_numeric", ("STT hàng", "Dòng", "Số dòng hàng")),
    Field("type_code", ("Mã loại hình", "Loại hình")),
    Field("=direction", ("Nhập/Xuất",)),
    Field("acceptance_time", ("Ngày đăng ký", "Ngày ĐK", "Ngày TK")),
    Field("declaration_office_id", ("Mã hải quan", "Cơ quan hải quan"), "offices"),
    Field("=own_code", ("Mã NPL/SP", "Mã HQ", "Mã hàng")),
    Field("description", ("Tên hàng",)),
    Field("commodity_code", ("Mã HS",), lengths=(8,)),
    Field("tariff_quantity", ("Tổng số lượng", "Số lượng", "Lượng")),
    Field("tariff_quantity_unit", ("Đơn vị tính", "ĐVT"), "units"),
    Field("=quantity_2", ("Tổng số lượng 2", "Lượng 2")),
    Field("=unit_2", ("ĐVT 2", "Đơn vị tính 2"), "units"),
    Field("=unit_price_taxable", ("Đơn giá tính thuế",)),
    Field("=unit_price", ("Đơn giá",)),
    Field("customs_value", ("Tổng trị giá", "Trị giá", "Trị giá tính thuế")),
    Field("item_charge", ("Trị giá NT", "Trị giá nguyên tệ")),
    Field("item_charge_currency", ("Đơn vị tiền tệ", "Nguyên tệ"), "currencies"),
    Field("=total_tax", ("Tổng tiền thuế",)),
    Field("preference_code", ("Mã biểu thuế", "Biểu thuế"), "preferences"),
    Field("=unloading_location", ("Địa điểm dỡ hàng",)),
    Field("origin_country_code", ("Xuất xứ", "Nước xuất xứ"), "countries"),
    Field("invoice_id", ("Số hóa đơn",)),
    Field("=trader_name", ("Tên doanh nghiệp",)),
    Field("=trader_id", ("Mã doanh nghiệp",), lengths=(10, 13)),
    Field("=partner", ("Tên đối tác",)),
    Field("incoterm", ("Điều kiện giá hóa đơn", "Điều kiện giá"), "incoterms"),
    Field("total_gross_mass", ("Trọng lượng",)),
    Field("total_gross_mass_unit", ("Mã ĐVT trọng lượng",), "units"),
    Field("total_package_quantity", ("Số lượng kiện", "Số kiện")),
    Field("=package_unit", ("Mã ĐVT kiện",)),
    Field("invoice_issue_time", ("Ngày hóa đơn",)),
    Field("=departure_day", ("Ngày khởi hành vận chuyển",)),
    Field("=destination_code", ("Mã địa điểm đích",)),
    Field("border_transport_mode_code", ("Mã hiệu PTVC",), "transport_modes", lengths=(1,)),
    Field("=exchange_rate", ("Tỷ giá thanh toán", "Tỷ giá")),
    Field("=contract_no", ("Số hợp đồng",)),
    Field("=contract_day", ("Ngày hợp đồng",)),
    Field("=marks", ("Ký hiệu và số hiệu bao bì",)),
)
"""The register's columns in the order in which we write them; headings as `bcct` parsers know them, ours first."""

BY_HEADING: Final = by_heading(COLUMNS)
NEEDED: Final = ("declaration_id", "commodity_code")
DIRECTIONS: Final[Mapping[str, str]] = {"import": "Nhập", "export": "Xuất"}
_FIGURES: Final = frozenset(
    {"=quantity_2", "=unit_price_taxable", "=unit_price", "=total_tax", "=exchange_rate"}
)
_DAYS: Final = frozenset({"=departure_day", "=contract_day"})
_DROPPED: Final = frozenset({"=unit_price_taxable", "=unit_price", "=direction", "=branch"})
"""What follows from the other columns."""
_SECOND: Final = ("=quantity_2", "=unit_2")
_OF_LINE: Final = ("=own_code", "=total_tax")
_PARTIES: Final = ("=trader_name", "=trader_id", "=partner")


# reading


def first_number(grid: Grid, at: Headed) -> str:
    """A number that the register gives, "" where it has no row with one."""
    column = next(column for column, field in at.columns.items() if field.name == "declaration_id")
    given = (str(whole(grid.cell(row, column))) for row in sorted(grid.rows) if row > at.row)
    return next(filter(None, given), "")[:40]


def read_register(grid: Grid, at: Headed, pack: Pack) -> list[Part]:
    """The declarations of a register, in the order in which their numbers first stand."""
    rows = [row for row in sorted(grid.rows) if row > at.row]
    column_of = {field.name: column for column, field in at.columns.items()}
    grid.learn_marks(
        (row, column)
        for row in rows
        for column, field in at.columns.items()
        if field.name in _FIGURES or is_figure(field.name)
    )
    told_merged(grid, at)
    parts: dict[str, Part] = {}
    first = grid.findings
    for row in rows:
        if all(grid.cell(row, column) == "" for column in at.columns):
            continue
        grid.findings = []
        number = grid.told(row, column_of["declaration_id"], "declaration_id", "Số tờ khai", (12,))
        if number is None:
            if not grid.findings and grid.cell(row, column_of["commodity_code"]) == "":
                continue  # sums below the register
            # A row of no declaration's: told with a declaration of its own, which is not read.
            number = Told(f"row {row}", grid.at(row, column_of["declaration_id"], "Số tờ khai"))
            if not grid.findings:
                grid.problem("REGISTER_NUMBER_MISSING", number.at)
        kept_as = pack.kept_number(number.text)
        part = parts.get(kept_as)
        if part is None:
            part = parts[kept_as] = Part(grid.at(row, 1, "").place)
            part.header["declaration_id"] = Told(kept_as, number.at)
            part.header["function_code"] = Told(ORIGINAL, number.at)
        _read_row(grid, row, at, part, pack)
        part.findings += grid.findings
    grid.findings = first
    for part in parts.values():
        _finish(part, pack)
    found = list(parts.values())
    if at.unread and found:
        said = {"headings": ", ".join(at.unread)[:200]}
        place = grid.at(at.row, 1, "").place
        found[0].findings.append(Finding("COLUMNS_NOT_READ", place, said, severity=Severity.NOTE))
    if found:
        found[0].findings += first
    return found


def _read_row(grid: Grid, row: int, at: Headed, part: Part, pack: Pack) -> None:
    """One line, and of the first line that says it what the declaration says."""
    line: Values = {}
    number = len(part.lines) + 1
    for name, told in _row_values(grid, row, at, pack).items():
        column_of = slot(name)
        if (column_of is not None and column_of.column.of_line) or name in _SECOND:
            line[name] = told
        elif column_of is not None or name in _PARTIES:
            part.header.setdefault(name, told)
        elif name not in _DROPPED:
            path = f"{KEPT}/goods[{number}]/{name[1:]}" if name in _OF_LINE else f"{KEPT}/{name[1:]}"
            part.keep_once(path, told.text)
    for name, more, text in (
        ("commodity_code", "commodity_code_list", LISTED),
        ("origin_country_code", "origin_type_code", NOT_PREFERENTIAL),
        ("customs_value", "customs_value_currency", pack.currency),
    ):
        if name in line:
            line[more] = Told(text, line[name].at)
    if "item_charge" not in line:
        line.pop("item_charge_currency", None)
    _second(line, part, number)
    # Lines are counted through all branches.
    line["sequence_numeric"] = Told(str(number), grid.at(row, 1, "STT hàng"))
    part.lines.append(line)


def _row_values(grid: Grid, row: int, at: Headed, pack: Pack) -> Values:
    """What the cells of a row say, codes by their names too."""
    values: Values = {}
    for column, field in at.columns.items():
        if field.name == "declaration_id":
            continue
        name = "tariff_quantity" if field.name in _FIGURES else field.name
        name = "invoice_issue_time" if field.name in _DAYS else name
        heading = str(grid.cell(at.row, column))
        told = grid.told(row, column, "description" if name.startswith("=") else name, heading, field.lengths)
        if told is not None:
            text = coded(pack.code_lists.get(field.codes), told.text) if field.codes else told.text
            values[field.name] = Told(text, told.at)
    return values


def _second(line: Values, part: Part, number: int) -> None:
    amount, unit = line.pop("=quantity_2", None), line.pop("=unit_2", None)
    if amount is None:
        return
    if unit is not None and unit.text == KILOGRAM:
        line["net_mass"], line["net_mass_unit"] = amount, unit
        return
    part.kept.append(Kept(path=f"{KEPT}/goods[{number}]/quantity_2", text=amount.text))
    if unit is not None:
        part.kept.append(Kept(path=f"{KEPT}/goods[{number}]/unit_2", text=unit.text))


def _finish(part: Part, pack: Pack) -> None:
    """Who is who: of an import the company is the importer, and its partner the exporter."""
    header = part.header
    type_code = header.get("type_code")
    flow = flow_of(type_code.text, pack) if type_code else ""
    if not flow:
        flow = "export" if header["declaration_id"].text.startswith("3") else "import"
    own, other = ("exporter", "importer") if flow == "export" else ("importer", "exporter")
    for name, columns_of in (
        ("=trader_id", (f"{own}_id", "declarant_id")),
        ("=trader_name", (f"{own}_name", "declarant_name")),
        ("=partner", (f"{other}_name",)),
    ):
        told = header.pop(name, None)
        for column in columns_of if told is not None else ():
            header[column] = told  # type: ignore[assignment]
    if "total_gross_mass" in header:
        header.setdefault("total_gross_mass_unit", Told(KILOGRAM, header["total_gross_mass"].at))
    else:
        header.pop("total_gross_mass_unit", None)
    header["goods_item_quantity"] = Told(str(len(part.lines)), header["declaration_id"].at)


# writing


@dataclass(frozen=True, slots=True)
class Registered:
    """A declaration with what the register says of it. number: as papers print it. at: when it was registered; None
    where it is not. taxes_minor: of each line, all taxes but the fee; values_minor: of each line, the customs value;
    None or shorter where nothing is assessed."""

    declaration: Declaration
    number: str
    at: datetime | None
    taxes_minor: Sequence[int | None] = ()
    values_minor: Sequence[int | None] = ()


def registered(
    declaration: Declaration, number: str, at: datetime | None, assessment: Assessment | None, pack: Pack
) -> Registered:
    """A declaration with the sums of its assessment as the register shows them: the fee is none of a line's."""
    if assessment is None:
        return Registered(declaration, number, at)
    taxes = [_tax_of(line, pack) for line in assessment.lines]
    values = [line.line.bases.get(CUSTOMS_VALUE) for line in assessment.lines]
    return Registered(declaration, number, at, taxes, values)


def _tax_of(line: LineAssessment, pack: Pack) -> int | None:
    amounts = [one.payable_minor for one in line.amounts if one.tax not in pack.once]
    return None if None in amounts else sum(amount for amount in amounts if amount is not None)


def write_xlsx(rows: Iterable[Registered], pack: Pack) -> tuple[bytes, tuple[Finding, ...]]:
    """The register as a workbook: figures are numbers, codes text, nothing a formula. It carries what its columns name
    and no more; findings are of values that no table can hold."""
    out = io.BytesIO()
    book = new_book(out)
    looks = {name: book.add_format(look) for name, look in LOOKS.items()}
    sheet = book.add_worksheet("BCCT")
    for column, field in enumerate(COLUMNS):
        sheet.write_string(0, column, field.headings[0], looks["bold"])
        sheet.set_column(
            column,
            column,
            40 if field.name == "description" else 16,
            None if _figure(field) else looks["text"],
        )
    sheet.freeze_panes(1, 0)
    left_out: list[Finding] = []
    for number, values in enumerate(_all_rows(rows, pack, left_out), 1):
        for column, field in enumerate(COLUMNS):
            if text := values.get(field.name, ""):
                # The kept figures have no column of the house's table, and are figures here.
                put(sheet, number, column, "tariff_quantity" if _figure(field) else field.name, text, looks)
    book.close()
    return out.getvalue(), tuple(left_out)


def write_csv(rows: Iterable[Registered], pack: Pack) -> tuple[bytes, tuple[Finding, ...]]:
    """The register as UTF-8 with a mark, comma and CRLF. A text that a spreadsheet would run gets an apostrophe in
    front, which reading takes away again."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([field.headings[0] for field in COLUMNS])
    left_out: list[Finding] = []
    for values in _all_rows(rows, pack, left_out):
        cells = []
        for field in COLUMNS:
            said = values.get(field.name, "")
            column_of = slot(field.name)
            if said and column_of is not None and column_of.column.kind in (Kind.DAY, Kind.INSTANT):
                said = day_text(said)
            cells.append(f"'{said}" if not _figure(field) and ACTIVE.match(said) else said)
        writer.writerow(cells)
    return b"\xef\xbb\xbf" + text.getvalue().encode(), tuple(left_out)


def _figure(field: Field) -> bool:
    column_of = slot(field.name)
    return field.name in _FIGURES or (column_of is not None and column_of.column.kind in FIGURES)


def _all_rows(rows: Iterable[Registered], pack: Pack, left_out: list[Finding]) -> Iterator[dict[str, str]]:
    for one in rows:
        yield from _rows_of(one, pack, left_out)


def _rows_of(one: Registered, pack: Pack, left_out: list[Finding]) -> Iterator[dict[str, str]]:
    declaration = one.declaration
    header, lines, told = flattened(declaration)
    left_out += told
    flow = flow_of(declaration.type_code, pack) or ("import" if declaration.importer else "export")
    trader, partner = (
        (declaration.exporter, declaration.importer)
        if flow == "export"
        else (declaration.importer, declaration.exporter)
    )
    kept = {field.path: field.text for field in declaration.kept}
    common = {field.name: header.pop(field.name, "") for field in COLUMNS if not field.name.startswith("=")}
    common |= {
        field.name: kept.pop(f"{KEPT}/{field.name[1:]}", "")
        for field in COLUMNS
        if field.name.startswith("=")
    }
    at = one.at.astimezone(ZoneInfo(pack.zone)).replace(microsecond=0) if one.at else None
    common |= {
        "declaration_id": one.number or declaration.declaration_id,
        "acceptance_time": at.isoformat() if at else common["acceptance_time"],
        "=direction": DIRECTIONS.get(flow, ""),
        "=trader_name": trader.name if trader else "",
        "=trader_id": trader.id if trader else "",
        "=partner": partner.name if partner else "",
    }
    count = branch_count(len(lines))
    for number, line in enumerate(lines, 1):
        row = common | {field.name: line.get(field.name, "") for field in COLUMNS if field.name in line}
        row["sequence_numeric"] = str((number - 1) % MOST_LINES + 1)
        if count > 1:
            row["=branch"] = f"{(number - 1) // MOST_LINES + 1}/{count}"
        under = f"{KEPT}/goods[{number}]/"
        for name in ("=own_code", "=total_tax", "=quantity_2", "=unit_2"):
            row[name] = kept.pop(f"{under}{name[1:]}", kept.pop(f"ecus/goods[{number}]/{name[1:]}", ""))
        if not row["=quantity_2"] and line.get("net_mass_unit") == KILOGRAM:
            row["=quantity_2"], row["=unit_2"] = line.get("net_mass", ""), KILOGRAM
        if number <= len(one.taxes_minor) and (tax := one.taxes_minor[number - 1]) is not None:
            row["=total_tax"] = _plain(tax, pack)
        if number <= len(one.values_minor) and (value := one.values_minor[number - 1]) is not None:
            row["customs_value"] = _plain(value, pack)
        row["=unit_price"] = _unit_price(row.get("item_charge", ""), row.get("tariff_quantity", ""))
        row["=unit_price_taxable"] = _unit_price(row.get("customs_value", ""), row.get("tariff_quantity", ""))
        yield row


def _plain(minor: int, pack: Pack) -> str:
    return decimal_text(minor, pack.decimals)


def _unit_price(value: str, quantity: str) -> str:
    """Value by quantity with six decimals, rounded half up; "" where one of them is missing or nothing."""
    if not value or not quantity or not millionths_of(quantity):
        return ""
    return decimal_text(half_up(millionths_of(value) * MILLIONTHS, millionths_of(quantity)))


# comparing


def differences(declaration: Declaration, assessment: Assessment, pack: Pack) -> tuple[Finding, ...]:
    """Where a register's value or tax of a line is not the one computed here: a warning for each, in the order of the
    lines. What is pending is not compared; a difference below one unit of the currency is rounding."""
    kept = {one.path: one.text for one in declaration.kept}
    unit = 10**pack.decimals
    found: list[Finding] = []
    for number, (item, line) in enumerate(zip(declaration.goods_items, assessment.lines, strict=False), 1):
        said: list[tuple[str, int, int | None]] = []
        total = kept.get(f"{KEPT}/goods[{number}]/total_tax")
        if total is not None:
            said.append(("REGISTER_TAX_DIFFERS", millionths_of(total), _tax_of(line, pack)))
        value = item.customs_value
        if value is not None and value.currency in ("", pack.currency):
            said.append(("REGISTER_VALUE_DIFFERS", value.millionths, line.line.bases.get(CUSTOMS_VALUE)))
        for code, theirs, ours in said:
            if ours is None or abs(theirs * unit - ours * MILLIONTHS) < MILLIONTHS * unit:
                continue
            says = {
                "registered": decimal_text(theirs),
                "computed": _plain(ours, pack),
                "currency": pack.currency,
            }
            found.append(Finding(code, f"goods_items[{number}]", says, severity=Severity.WARNING))
    return tuple(found)
