"""Workbooks of the format before XLSX: opened within bounds, or refused with a reason."""

from __future__ import annotations

import pytest

from thongquan.engine.findings import Finding
from thongquan.engine.formats.old_workbook import open_old_sheets

from ...packs.vn.sheets import compound, old_workbook

ROWS: list[list[object]] = [["Mã HS", "Lượng"], ["61091010", 3]]


def test_cells_stand_where_the_sheet_shows_them():
    (sheet,) = open_old_sheets(old_workbook("Hàng", ROWS))
    assert sheet.name == "Hàng"
    assert list(sheet.rows()) == [(1, ["Mã HS", "Lượng"]), (2, ["61091010", 3.0])]


def test_a_formula_that_failed_is_named():
    (sheet,) = open_old_sheets(old_workbook("Hàng", ROWS, error=True))
    assert sheet.odd == {(1, 3): "CELL_ERROR_VALUE"}


def test_one_cell_far_away_takes_no_memory():
    found = open_old_sheets(old_workbook("Hàng", ROWS, last=(65_535, 255)))
    assert isinstance(found, Finding)
    assert found.code == "XLS_TOO_MANY_CELLS"


@pytest.mark.parametrize(
    "data",
    [
        b"\xd0\xcf\x11\xe0",
        old_workbook("Hàng", ROWS)[:3_000],
        compound({"Workbook": bytes(4096)}),
        compound({"EncryptedPackage": bytes(4096)}),
        compound({"Workbook": old_workbook("H", ROWS)[512:4608]}, storages=("_VBA_PROJECT_CUR",)),
    ],
    ids=["mark", "cut", "empty", "password", "macros"],
)
def test_what_is_broken_locked_or_carries_macros_is_refused(data):
    found = open_old_sheets(data)
    assert isinstance(found, Finding)
    assert found.code == "XLS_UNUSUAL"


def test_a_chain_that_bites_its_tail_ends():
    data = bytearray(old_workbook("Hàng", ROWS))
    # The table of sectors is the last one; its first entry, of the workbook's first sector, now names itself.
    data[-512:-508] = bytes(4)
    found = open_old_sheets(bytes(data))
    assert isinstance(found, Finding)
