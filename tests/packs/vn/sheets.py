"""Invented declarations and workbooks of Vietnamese traders, made by code; a trader's own file is in no test."""

from __future__ import annotations

import io
import struct
from datetime import datetime

import xlsxwriter

from thongquan.engine.declaration import (
    Address,
    Amount,
    ChargeDeduction,
    Classification,
    Consignment,
    Declaration,
    DutyTaxFee,
    GoodsItem,
    Invoice,
    Kept,
    Location,
    Origin,
    Party,
    PreviousDocument,
    Quantity,
    TradeTerms,
    TransportMeans,
)

MILLION = 1_000_000


def line(number: int, value: int = 10_000_000, **fields) -> GoodsItem:
    given = {
        "sequence_numeric": number,
        "description": "Áo phông nam bằng sợi bông, mới 100 %",
        "classifications": (Classification(id="61091010", identification_type_code="TSP"),),
        "origins": (Origin(country_code="CN", type_code="1"),),
        "tariff_quantity": Quantity(millionths=300 * MILLION, unit="PCE"),
        "net_mass": Quantity(millionths=90_500_000, unit="KGM"),
        "item_charge": Amount(millionths=value * MILLION, currency="VND"),
    }
    return GoodsItem(**(given | fields))


def shirts(*lines: GoodsItem, **fields) -> Declaration:
    """Two lines of shirts from China at the border: everything that both the form and the list have a cell for."""
    items = lines or (line(1, duty_tax_fees=(DutyTaxFee(duty_regime_code="B05"),)), line(2, 5_000_000))
    given = {
        "function_code": "9",
        "functional_reference_id": "TK-2020-001",
        "type_code": "A11",
        "goods_item_quantity": len(items),
        "declaration_office_id": "20BB",
        "declarant": Party(id="5700100001", name="Công ty Biển Xanh"),
        "importer": Party(id="5700100001", name="Công ty Biển Xanh", address=Address(line="Số 1, Móng Cái")),
        "exporter": Party(name="Dongxing Trading", address=Address(line="No 1 Beilun", country_code="CN")),
        "invoice": Invoice(id="HD-1", issue_time=datetime(2020, 6, 10)),
        "invoice_amount": Amount(millionths=15_000_000 * MILLION, currency="VND"),
        "trade_terms": TradeTerms(condition_code="DAP"),
        "border_transport_means": TransportMeans(mode_code="4", id="9999", name="桂P12345"),
        "consignment": Consignment(
            container_code="0",
            goods_location=Location(id="20BBC01", name="Bãi Km3+4"),
            loading_location=Location(id="CNDOX", name="Dongxing"),
        ),
        "previous_documents": (PreviousDocument(type_code="705", id="BL-1"),),
        "freight_charge": Amount(millionths=500_000 * MILLION, currency="VND"),
        "charge_deductions": (
            ChargeDeduction(
                charges_type_code="INS", amount=Amount(millionths=100_000 * MILLION, currency="VND")
            ),
        ),
        "total_gross_mass": Quantity(millionths=200_500_000, unit="KGM"),
        "total_package_quantity": 10,
        "goods_items": items,
        "kept": (Kept(path="ecus/goods[1]/own_code", text="AO-1"),),
    }
    return Declaration(**(given | fields))


def workbook(*sheets: tuple[str, list[list[object]]]) -> bytes:
    """Sheets of rows; texts are texts, figures numbers, days date cells."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    for name, rows in sheets:
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, datetime):
                    sheet.write_datetime(number, column, cell, day)
                elif isinstance(cell, str):
                    sheet.write_string(number, column, cell)
                elif cell is not None:
                    sheet.write_number(number, column, cell)
    book.close()
    return out.getvalue()


def old_workbook(
    name: str, rows: list[list[object]], *, last: tuple[int, int] | None = None, error: bool = False
) -> bytes:
    """A workbook of the old format: BIFF8 records in a compound file of 512-byte sectors.

    last: row and column, from 0, of one more cell. error: a cell that holds #N/A, after the last one of the first row.
    """
    cells = b""
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            if isinstance(value, str):
                text = value.encode("utf-16-le")
                cells += _record(0x0204, struct.pack("<HHHHB", row, column, 0, len(value), 1) + text)
            elif value is not None:
                cells += _record(0x0203, struct.pack("<HHHd", row, column, 0, float(value)))  # type: ignore[arg-type]
    if error:
        cells += _record(0x0205, struct.pack("<HHHBB", 0, len(rows[0]), 0, 42, 1))
    if last is not None:
        cells += _record(0x0203, struct.pack("<HHHd", *last, 0, 1.0))
    begin = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    title = name.encode("utf-16-le")
    length = len(begin) + 4 + 8 + len(title) + 4
    whole = (
        begin
        + _record(0x0085, struct.pack("<IBBBB", length, 0, 0, len(name), 1) + title)
        + _record(0x000A, b"")
    )
    whole += (
        _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0)) + cells + _record(0x000A, b"")
    )
    return compound({"Workbook": whole.ljust(4096, b"\0")})


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def compound(streams: dict[str, bytes], storages: tuple[str, ...] = ()) -> bytes:
    """A compound file with these streams, each of at least 4096 bytes."""
    sectors: list[bytes] = []
    fat: list[int] = []
    entries = [_entry("Root Entry", 5, 0xFFFFFFFE, 0, child=1 if streams else 0xFFFFFFFF)]
    for at, (name, content) in enumerate(streams.items(), 1):
        first = len(sectors)
        parts = [content[place : place + 512].ljust(512, b"\0") for place in range(0, len(content), 512)]
        sectors += parts
        fat += [*range(first + 1, first + len(parts)), 0xFFFFFFFE]
        more = at + 1 if at < len(streams) + len(storages) else 0xFFFFFFFF
        entries.append(_entry(name, 2, first, len(content), right=more))
    for at, name in enumerate(storages, len(streams) + 1):
        more = at + 1 if at < len(streams) + len(storages) else 0xFFFFFFFF
        entries.append(_entry(name, 1, 0, 0, right=more))
    entries += [_entry("", 0, 0, 0)] * (-len(entries) % 4)
    directory = len(sectors)
    pages = b"".join(entries)
    blocks = [pages[place : place + 512] for place in range(0, len(pages), 512)]
    sectors += blocks
    fat += [*range(directory + 1, directory + len(blocks)), 0xFFFFFFFE]
    table = len(sectors)
    count = -(-(len(fat) + 1) // 128)
    while -(-(len(fat) + count) // 128) > count:
        count += 1
    fat += [0xFFFFFFFD] * count
    fat += [0xFFFFFFFF] * (count * 128 - len(fat))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<IIIIIIIII", 0, count, directory, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    places = [*range(table, table + count)]
    head += struct.pack("<109I", *places, *[0xFFFFFFFF] * (109 - count))
    return head + b"".join(sectors) + struct.pack(f"<{len(fat)}I", *fat)


def _entry(
    name: str, kind: int, first: int, size: int, child: int = 0xFFFFFFFF, right: int = 0xFFFFFFFF
) -> bytes:
    text = name.encode("utf-16-le")
    length = len(text) + 2 if name else 0
    return (
        text.ljust(64, b"\0")
        + struct.pack("<HBBIII", length, kind, 1, 0xFFFFFFFF, right, child)
        + bytes(36)
        + struct.pack("<IQ", first, size)
    )
