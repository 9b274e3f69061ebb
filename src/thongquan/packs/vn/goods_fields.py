"""Which cells and headings of Vietnamese traders' workbooks are which fields of a declaration.

A name is a column of `engine.formats.columns`. One that begins with "=" has no column there: it is kept as it stood, or
another field is computed with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .cells import FIGURES, Grid, key, slot

if TYPE_CHECKING:
    from ..pack import Pack

LISTED: Final = "TSP"
"""List of the commodity code: the national tariff."""
ADDITIONAL: Final = "TRA"
NOT_PREFERENTIAL: Final = "1"
ORIGINAL: Final = "9"
KILOGRAM: Final = "KGM"
INSURANCE: Final = "INS"
WAYBILLS: Final[Mapping[str, str]] = {"1": "740"}
OTHER_WAYBILL: Final = "705"
"""Type of the transport document by the mode of transport: an air waybill, else a bill of lading."""
KEPT: Final = "ecus"


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a list, or a label of its header.

    name: column of the house's table; what begins with "=" has none and is kept, or computed with. headings: what
    traders call it, ours first. codes: the code list whose names are understood. lengths: digits that a number cell may
    hold of a code.
    """

    name: str
    headings: tuple[str, ...]
    codes: str = ""
    lengths: tuple[int, ...] = ()
    more: str = ""
    """An explanation in the blank workbook."""


LINE: Final[tuple[Field, ...]] = (
    Field("sequence_numeric", ("STT", "Số thứ tự", "STT hàng", "Dòng hàng", "Dòng")),
    Field("commodity_code", ("Mã HS", "Mã số hàng hóa", "HS code", "Mã số HS"), lengths=(8,),
          more="Tám chữ số theo biểu thuế."),
    Field("=own_code", ("Mã hàng", "Mã quản lý riêng", "Mã NPL/SP", "Mã hàng hóa", "Mã HQ"),
          more="Mã riêng của doanh nghiệp; được giữ nguyên, không dùng để tính."),
    Field("description", ("Tên hàng", "Mô tả hàng hóa", "Tên hàng hóa", "Tên hàng mô tả chi tiết", "Mô tả")),
    Field("origin_country_code", ("Xuất xứ", "Nước xuất xứ", "Mã nước xuất xứ", "Mã xuất xứ"), "countries",
          more="Mã nước hai chữ cái (CN) hoặc tên nước."),
    Field("tariff_quantity", ("Lượng", "Số lượng", "Lượng 1", "Số lượng 1", "Tổng số lượng"),
          more="Tối đa hai số thập phân."),
    Field("tariff_quantity_unit", ("ĐVT", "Đơn vị tính", "ĐVT 1", "Đơn vị tính 1"), "units"),
    Field("=quantity_2", ("Lượng 2", "Số lượng 2", "Tổng số lượng 2")),
    Field("=unit_2", ("ĐVT 2", "Đơn vị tính 2"), "units"),
    Field("=unit_price", ("Đơn giá", "Đơn giá hóa đơn", "Đơn giá NT", "Đơn giá nguyên tệ"),
          more="Chỉ dùng khi không ghi trị giá."),
    Field("item_charge", ("Trị giá", "Trị giá hóa đơn", "Trị giá NT", "Trị giá nguyên tệ", "Thành tiền"),
          more="Trị giá hóa đơn của dòng hàng."),
    Field("item_charge_currency", ("Đồng tiền", "Nguyên tệ", "Đơn vị tiền tệ", "Loại tiền", "Mã nguyên tệ"),
          "currencies"),
    Field("customs_value", ("Trị giá tính thuế", "TGTT")),
    Field("preference_code", ("Biểu thuế", "Mã biểu thuế", "Biểu thuế XNK", "Mã biểu thuế nhập khẩu"), "preferences",
          more="B05 cho ACFTA (C/O mẫu E)…; để trống nếu không xin ưu đãi."),
    Field("net_mass", ("Trọng lượng tịnh", "NW", "Net weight"), more="Tính bằng kg."),
    Field("gross_mass", ("Trọng lượng cả bì", "GW", "Gross weight"), more="Tính bằng kg."),
    Field("packaging_1_quantity", ("Số kiện", "Số lượng kiện")),
    Field("packaging_1_type_code", ("Loại kiện", "Mã loại kiện"), "packages"),
    Field("document_1_code", ("Mã chứng từ", "Mã chứng từ 1"), "documents", more="Ví dụ CO_E, PHYTO, LICENCE."),
    Field("document_1_id", ("Số chứng từ", "Số chứng từ 1")),
    Field("document_2_code", ("Mã chứng từ 2",), "documents"),
    Field("document_2_id", ("Số chứng từ 2",)),
    Field("classification_2_code", ("Mã bổ sung",), "additional_codes",
          more="USED (hàng đã qua sử dụng), mã nhà sản xuất của biện pháp phòng vệ…"),
)  # fmt: skip

HEADER: Final[tuple[Field, ...]] = (
    Field("functional_reference_id", ("Số tham chiếu", "Số tham chiếu của người khai", "Số quản lý nội bộ",
          "Số quản lý của nội bộ doanh nghiệp"), more="Số riêng của người khai cho tờ khai này; không dùng hai lần."),
    Field("declaration_id", ("Số tờ khai",), lengths=(12,), more="Để trống khi khai mới."),
    Field("type_code", ("Mã loại hình", "Loại hình"), "declaration_types", more="A11, A12, B11, E21…"),
    Field("declaration_office_id", ("Cơ quan hải quan", "Mã cơ quan hải quan", "Hải quan"), "offices",
          more="Mã bốn ký tự, ví dụ 20BB (Móng Cái)."),
    Field("declarant_id", ("Mã người khai", "Mã số người khai hải quan"), lengths=(10, 13),
          more="Để trống nếu chính người nhập khẩu (xuất khẩu) khai."),
    Field("declarant_name", ("Tên người khai",)),
    Field("agent_id", ("Mã đại lý hải quan", "Đại lý hải quan"), lengths=(10, 13)),
    Field("importer_id", ("Mã người nhập khẩu", "Mã số thuế người nhập khẩu", "Mã doanh nghiệp nhập khẩu"),
          lengths=(10, 13), more="Mã số thuế."),
    Field("importer_name", ("Tên người nhập khẩu", "Người nhập khẩu")),
    Field("importer_address_line", ("Địa chỉ người nhập khẩu",)),
    Field("importer_country_code", ("Nước người nhập khẩu", "Mã nước người nhập khẩu"), "countries"),
    Field("exporter_id", ("Mã người xuất khẩu", "Mã số thuế người xuất khẩu"), lengths=(10, 13)),
    Field("exporter_name", ("Tên người xuất khẩu", "Người xuất khẩu")),
    Field("exporter_address_line", ("Địa chỉ người xuất khẩu",)),
    Field("exporter_country_code", ("Nước người xuất khẩu", "Mã nước người xuất khẩu"), "countries"),
    Field("export_country_id", ("Nước xuất khẩu", "Mã nước xuất khẩu"), "countries", more="Nước gửi hàng."),
    Field("destination_country_code", ("Nước đến", "Nước nhập khẩu"), "countries"),
    Field("border_transport_mode_code", ("Phương thức vận chuyển", "Mã hiệu PTVC", "Phương thức vận tải"),
          "transport_modes", lengths=(1,), more="1 đường không, 2 và 3 đường biển, 4 đường bộ, 5 đường sắt."),
    Field("border_transport_id", ("Phương tiện vận chuyển", "Số hiệu phương tiện", "Biển số xe")),
    Field("border_transport_name", ("Tên phương tiện",)),
    Field("container_code", ("Hàng container",), lengths=(1,), more="1 nếu đóng trong container, 0 nếu không."),
    Field("header_previous_document_1_id", ("Số vận đơn", "Vận đơn")),
    Field("header_previous_document_1_code", ("Loại vận đơn",),
          more="705 vận đơn đường biển, 740 vận đơn hàng không; để trống thì theo phương thức."),
    Field("loading_location_id", ("Mã địa điểm xếp hàng",)),
    Field("loading_location_name", ("Địa điểm xếp hàng",)),
    Field("goods_location_id", ("Mã địa điểm lưu kho", "Địa điểm hàng hóa")),
    Field("goods_location_name", ("Địa điểm lưu kho",)),
    Field("incoterm", ("Điều kiện giao hàng", "Điều kiện giá", "Điều kiện giá hóa đơn"), "incoterms"),
    Field("incoterm_location_name", ("Địa điểm giao hàng",)),
    Field("invoice_id", ("Số hóa đơn",)),
    Field("invoice_issue_time", ("Ngày hóa đơn",), more="ngày/tháng/năm."),
    Field("invoice_amount", ("Tổng trị giá hóa đơn",)),
    Field("invoice_amount_currency", ("Đồng tiền hóa đơn", "Đồng tiền", "Nguyên tệ"), "currencies"),
    Field("freight_charge", ("Phí vận chuyển",)),
    Field("freight_charge_currency", ("Đồng tiền phí vận chuyển",), "currencies"),
    Field("=insurance", ("Phí bảo hiểm",)),
    Field("=insurance_currency", ("Đồng tiền phí bảo hiểm",), "currencies"),
    Field("total_gross_mass", ("Tổng trọng lượng", "Tổng trọng lượng cả bì"), more="Tính bằng kg."),
    Field("total_package_quantity", ("Tổng số kiện",)),
    Field("header_document_1_code", ("Mã giấy phép",), "documents"),
    Field("header_document_1_id", ("Số giấy phép",)),
)  # fmt: skip


# the form


@dataclass(frozen=True, slots=True)
class FormCell:
    """One cell of the form. name: as in Field; several with a pattern, whose groups they are. pattern: of a cell that
    says several things; shape: how that is written; usual: values that stand for nothing said."""

    cell: str
    label: str
    names: tuple[str, ...]
    codes: str = ""
    lengths: tuple[int, ...] = ()
    pattern: re.Pattern[str] | None = None
    shape: str = ""
    usual: tuple[str, ...] = ()


def _one(cell: str, label: str, name: str, codes: str = "", *lengths: int) -> FormCell:
    return FormCell(cell, label, (name,), codes, lengths)


_TYPE: Final = re.compile(r"(\w{3})(?:\s+(\d))?(?:\s*\[\s*(\w?)\s*\])?")
_INVOICE: Final = re.compile(r"(?:([A-Z])\s+-\s+)?(.+)", re.DOTALL)
_PRICE: Final = re.compile(r"([A-Z])\s*-\s*([A-Z]{3})\s*-\s*([A-Z]{3})\b.*")
_COST: Final = re.compile(r"([A-Z])(?:\s*-\s*([A-Z]{3})?.*)?")


def _type_cell(cell: str) -> FormCell:
    names = ("type_code", "border_transport_mode_code", "=party_class")
    return FormCell(cell, "Mã loại hình", names, pattern=_TYPE, shape="{}  {} [ {} ]", usual=("", "", ""))


IMPORT_FORM: Final[tuple[FormCell, ...]] = (
    _one("E4", "Số tờ khai", "declaration_id", "", 12),
    _one("I6", "Mã phân loại kiểm tra", "=channel", "", 1),
    _type_cell("P6"),
    _one("AE6", "Mã phân loại hàng hóa", "=cargo_class"),
    _one("AE7", "Mã bộ phận xử lý tờ khai", "=team"),
    _one("L7", "Cơ quan hải quan", "declaration_office_id", "offices"),
    _one("G8", "Ngày đăng ký", "acceptance_time"),
    _one("R8", "Ngày thay đổi đăng ký", "=amended_at"),
    _one("H10", "Mã người nhập khẩu", "importer_id", "", 10, 13),
    _one("H11", "Tên người nhập khẩu", "importer_name"),
    _one("H13", "Mã bưu chính người nhập khẩu", "importer_postcode_id"),
    _one("H14", "Địa chỉ người nhập khẩu", "importer_address_line"),
    _one("H16", "Điện thoại người nhập khẩu", "=importer_phone", "", 9, 10, 11, 12),
    _one("H23", "Tên người xuất khẩu", "exporter_name"),
    _one("H25", "Địa chỉ người xuất khẩu", "exporter_address_line"),
    _one("U25", "Địa chỉ người xuất khẩu 2", "=exporter_address_2"),
    _one("H26", "Địa chỉ người xuất khẩu 3", "=exporter_address_3"),
    _one("U26", "Địa chỉ người xuất khẩu 4", "=exporter_address_4"),
    _one("H27", "Mã nước người xuất khẩu", "exporter_country_code", "countries"),
    _one("U30", "Mã địa điểm lưu kho", "goods_location_id"),
    _one("Z30", "Địa điểm lưu kho", "goods_location_name"),
    _one("D31", "Số vận đơn", "header_previous_document_1_id"),
    _one("U31", "Mã địa điểm dỡ hàng", "=unloading_code"),
    _one("Z31", "Địa điểm dỡ hàng", "=unloading_name"),
    _one("U32", "Mã địa điểm xếp hàng", "loading_location_id"),
    _one("Z32", "Địa điểm xếp hàng", "loading_location_name"),
    _one("T34", "Phương tiện vận chuyển", "border_transport_id", "", 4),
    _one("Z34", "Tên phương tiện vận chuyển", "border_transport_name"),
    _one("U35", "Ngày hàng đến", "=arrival_day"),
    _one("K36", "Số lượng kiện", "total_package_quantity"),
    _one("P36", "Đơn vị kiện", "=package_unit"),
    _one("K37", "Tổng trọng lượng hàng", "total_gross_mass"),
    _one("P37", "Đơn vị trọng lượng", "total_gross_mass_unit", "units"),
    _one("K38", "Số lượng container", "=containers", "", 1, 2, 3, 4),
    _one("Y40", "Mã văn bản pháp quy khác", "=other_law"),
    FormCell("J41", "Số hóa đơn", ("=invoice_form", "invoice_id"), pattern=_INVOICE, shape="{} - {}", usual=("A", "")),
    _one("J43", "Ngày hóa đơn", "invoice_issue_time"),
    _one("J44", "Phương thức thanh toán", "=payment_method"),
    FormCell("J45", "Phân loại giá, điều kiện giá, đồng tiền", ("=price_kind", "incoterm", "invoice_amount_currency"),
             pattern=_PRICE, shape="{} - {} - {} -", usual=("A", "", "")),
    _one("P45", "Tổng trị giá hóa đơn", "invoice_amount"),
    _one("D50", "Mã giấy phép", "header_document_1_code", "documents"),
    _one("F50", "Số giấy phép", "header_document_1_id"),
    _one("I52", "Mã phân loại khai trị giá", "=valuation_class", "", 1),
    FormCell("I55", "Phí vận chuyển: mã, đồng tiền", ("=freight_class", "freight_charge_currency"),
             pattern=_COST, shape="{} - {} -", usual=("A", "")),
    _one("L55", "Phí vận chuyển", "freight_charge"),
    FormCell("I56", "Phí bảo hiểm: mã, đồng tiền", ("=insurance_class", "header_charge_1_currency"),
             pattern=_COST, shape="{} - {} -", usual=("A", "")),
    _one("L56", "Phí bảo hiểm", "header_charge_1_amount"),
    _one("D64", "Chi tiết khai trị giá", "=valuation_details"),
    _one("X73", "Mã xác định thời hạn nộp thuế", "=tax_deadline"),
    _one("AF73", "Người nộp thuế", "=taxpayer", "", 1),
    _one("AF74", "Phân loại nộp thuế", "=payment_class"),
    _one("G85", "Phần ghi chú", "=notes"),
)  # fmt: skip

EXPORT_FORM: Final[tuple[FormCell, ...]] = (
    _one("E4", "Số tờ khai", "declaration_id", "", 12),
    _one("F6", "Mã phân loại kiểm tra", "=channel", "", 1),
    _type_cell("L6"),
    _one("J7", "Cơ quan hải quan", "declaration_office_id", "offices"),
    _one("F8", "Ngày đăng ký", "acceptance_time"),
    _one("F13", "Mã người xuất khẩu", "exporter_id", "", 10, 13),
    _one("F14", "Tên người xuất khẩu", "exporter_name"),
    _one("H39", "Số quản lý hàng hóa", "=cargo_number"),
    _one("H40", "Số lượng kiện", "total_package_quantity"),
    _one("H41", "Tổng trọng lượng hàng", "total_gross_mass"),
    _one("I46", "Ngày hàng đi dự kiến", "=departure_day"),
    _one("K78", "Mã địa điểm lưu kho", "goods_location_id"),
)  # fmt: skip

BLOCK_ROWS: Final = 53
FIRST_BLOCK: Final = 139
MOST_BLOCKS: Final = 50
"""Lines of one printed declaration (38/2015/TT-BTC art. 18)."""
REFERENCE_LABEL: Final = "Số quản lý của nội bộ doanh nghiệp"
REFERENCE_ROW, REFERENCE_COLUMN = 87, 3
NOTES: Final = range(76, FIRST_BLOCK)
"""Rows of the second page, where the reference is found by its label."""

LINE_FORM: Final[tuple[FormCell, ...]] = (
    _one("G11", "Mã số hàng hóa", "commodity_code", "", 8),
    _one("Q11", "Mã quản lý riêng", "=own_code"),
    _one("G12", "Mô tả hàng hóa", "description"),
    _one("V15", "Số lượng (1)", "tariff_quantity"),
    _one("AE15", "Đơn vị tính (1)", "tariff_quantity_unit", "units"),
    _one("V16", "Số lượng (2)", "=quantity_2"),
    _one("AE16", "Đơn vị tính (2)", "=unit_2", "units"),
    _one("I17", "Trị giá hóa đơn", "item_charge"),
    _one("AC17", "Đồng tiền của đơn giá", "item_charge_currency", "currencies"),
    _one("I19", "Trị giá tính thuế", "customs_value"),
    _one("X22", "Nước xuất xứ", "origin_country_code", "countries"),
    _one("AC22", "Mã biểu thuế", "preference_code", "preferences"),
    _one("E27", "Mã miễn, giảm, không chịu thuế", "=exemption"),
)
DUTY_AMOUNT: Final = "I22"
OTHER_TAXES: Final = (29, 34, 39, 44, 49)
"""First rows of the blocks of the other taxes: name in column H, amount in column I three rows below."""
TAX_NAMES: Final[tuple[tuple[str, str], ...]] = (
    ("gia tri gia tang", "GTGT"), ("gtgt", "GTGT"), ("tieu thu dac biet", "TTDB"), ("ttdb", "TTDB"),
    ("bao ve moi truong", "BVMT"), ("bvmt", "BVMT"), ("chong ban pha gia", "CBPG"), ("chong tro cap", "CTC"),
    ("tu ve", "TV"),
)  # fmt: skip
TITLE: Final = re.compile(r"to khai hang hoa (nhap|xuat) khau")
TITLES: Final[Mapping[str, tuple[str, str]]] = {
    "import": (
        "Bản xác nhận nội dung tờ khai hàng hóa nhập khẩu<In thử>",
        "Tờ khai hàng hóa nhập khẩu (thông báo kết quả phân luồng)",
    ),
    "export": (
        "Bản xác nhận nội dung tờ khai hàng hóa xuất khẩu<In thử>",
        "Tờ khai hàng hóa xuất khẩu (thông báo kết quả phân luồng)",
    ),
}
"""Titles of a declaration without and with a number."""


def place(cell: str) -> tuple[int, int]:
    """Row and column, from 1, of a cell's name."""
    matched = re.fullmatch(r"([A-Z]+)(\d+)", cell)
    assert matched is not None
    column = 0
    for letter in matched[1]:
        column = column * 26 + ord(letter) - 64
    return int(matched[2]), column


FIGURES_KEPT: Final = frozenset({"=quantity_2", "=unit_price", "=insurance"})


def is_figure(name: str) -> bool:
    column_of = slot(name)
    return name in FIGURES_KEPT or (column_of is not None and column_of.column.kind in FIGURES)


COMPUTED: Final = frozenset({"=quantity_2", "=unit_2", "=unit_price", "=insurance", "=insurance_currency"})


# headings

HEADING_ROWS: Final = 40
"""Rows among which the heading row of a list is looked for."""
FEWEST_HEADINGS: Final = 4


def by_heading(fields: Sequence[Field]) -> dict[str, tuple[Field, int]]:
    """Key of a heading → its field and the place of that name among the field's names."""
    found: dict[str, tuple[Field, int]] = {}
    for one in fields:
        for rank, heading in enumerate(one.headings):
            found.setdefault(key(heading), (one, rank))
    return found


@dataclass(frozen=True, slots=True)
class Headed:
    """A heading row. columns: column from 1 → its field. unread: headings that nobody knows, or the second of a
    field."""

    row: int
    columns: Mapping[int, Field]
    unread: tuple[str, ...]


def headed(grid: Grid, fields: Mapping[str, tuple[Field, int]], needed: Iterable[str]) -> Headed | None:
    """The first row with enough known headings, those needed among them; None where there is none."""
    for row in sorted(grid.rows)[:HEADING_ROWS]:
        best: dict[str, tuple[int, int]] = {}
        unread: list[str] = []
        for column, cell in enumerate(grid.rows[row], 1):
            if not isinstance(cell, str) or not cell or cell.startswith("#"):
                continue
            known = fields.get(key(cell))
            if known is None:
                unread.append(cell)
                continue
            field, rank = known
            if field.name in best:
                unread.append(
                    cell if best[field.name][0] <= rank else str(grid.cell(row, best[field.name][1]))
                )
            if field.name not in best or rank < best[field.name][0]:
                best[field.name] = (rank, column)
        if len(best) >= FEWEST_HEADINGS and all(name in best for name in needed):
            named = {field.name: field for field, _ in fields.values()}
            return Headed(row, {column: named[name] for name, (_, column) in best.items()}, tuple(unread))
    return None


def flow_of(type_code: str, pack: Pack) -> str:
    """The direction of a declaration type, on whatever day; "" for one that has none or is not known."""
    types = pack.code_lists["declaration_types"]
    return next((code.facts.get("flow", "") for code in types if code.value == type_code), "")
