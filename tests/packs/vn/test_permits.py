"""The traders' workbook of specialised procedures, and the edition that it makes."""

from datetime import date, timedelta
from pathlib import Path

from thongquan.engine.codes import CodeList
from thongquan.engine.tariff.tables import Table, read_tables
from thongquan.packs.pack import load
from thongquan.packs.vn.permits import ReadPermits, read_permits, requirements
from thongquan.packs.vn.procedures import permits_by_prefix

VN = load("vn")
PHRASES = VN.code_lists["permit_phrases"]
FIRST = date(2026, 1, 1)
HEADINGS = ["Level", "HSCode", "Description_VN", "Description_EN", "Specialised procedures"]


def read(*rows: list[object], first: date = FIRST, last: date | None = None) -> ReadPermits:
    cells: list[list[object]] = [list(HEADINGS), *(list(row) for row in rows)]
    return read_permits([Table("S", cells, list(range(1, len(cells) + 1)))], PHRASES, "A/2025", first, last)


def test_requirements_stand_between_semicolons_outside_brackets():
    text = "Kiểm dịch thực vật (01/2024/TT-BNNPTNT M9); Hạn ngạch thuế quan (12/2018; sửa đổi)"
    assert requirements(text) == [
        "Kiểm dịch thực vật (01/2024/TT-BNNPTNT M9)",
        "Hạn ngạch thuế quan (12/2018; sửa đổi)",
    ]


def test_one_that_begins_behind_a_bracket_is_one_of_its_own():
    text = "Hóa chất phải khai báo (113/2017/NĐ-CP PL5)*Hóa chất cấm (113/2017/NĐ-CP PL3)"
    assert requirements(text) == [
        "Hóa chất phải khai báo (113/2017/NĐ-CP PL5)*",
        "Hóa chất cấm (113/2017/NĐ-CP PL3)",
    ]


def test_a_row_knows_its_document_its_authority_and_that_nobody_verified_it():
    edition = read(
        ["1.0", "0808.10.00", "Táo", "Apples", "Kiểm dịch thực vật (01/2024/TT-BNNPTNT M9)*"]
    ).edition
    assert edition is not None
    (row,) = edition.rows
    assert row.facts == {
        "prefix": "08081000",
        "flow": "import",
        "ministry": "Bộ Nông nghiệp và Phát triển nông thôn",
        "documents": "PHYTO",
        "additional_code": "",
        "some_goods": "yes",
        "listed": "yes",
        "verified": "no",
    }
    assert row.names["vi"] == "Kiểm dịch thực vật (01/2024/TT-BNNPTNT M9)"
    assert row.law.act == "A/2025"


def test_a_phrase_that_nobody_listed_asks_for_any_permit_and_is_noted():
    found = read(["1.0", "08081000", "", "", "Điều mới (1/2026/TT-BYT)"])
    assert found.edition is not None
    assert found.edition.rows[0].facts["documents"] == "PERMIT"
    assert found.edition.rows[0].facts["ministry"] == "Bộ Y tế"
    assert found.unknown == {"Điều mới (1/2026/TT-BYT)": 1}
    assert [finding.code for finding in found.findings] == ["PERMIT_PHRASES_UNKNOWN"]


def test_a_text_without_a_code_is_named_with_its_place():
    found = read(
        ["1.0", "abc", "", "", "Kiểm dịch thực vật (1)"], ["1.0", "0801", "", "", "Kiểm dịch thực vật (1)"]
    )
    assert [(finding.code, finding.at) for finding in found.findings] == [
        ("PERMIT_CODE_UNREADABLE", "sheet S!B2")
    ]


def test_other_tables_are_not_taken_for_it():
    found = read_permits([Table("", [["a", "b"], ["1", "2"]], [1, 2])], PHRASES, "A", FIRST)
    assert found.edition is None
    assert [finding.code for finding in found.findings] == ["PERMIT_SHEET_UNKNOWN"]


def test_an_edition_is_the_whole_list_on_its_days_and_no_others():
    edition = read(["1.0", "0801", "", "", "Kiểm dịch thực vật (1)"], last=date(2026, 12, 31)).edition
    assert edition is not None
    permits: CodeList = VN.code_lists["permits"].with_edition(edition)
    before, after = FIRST - timedelta(days=1), date(2027, 1, 1)
    assert set(permits_by_prefix(permits, FIRST, "import")) == {"0801"}
    assert set(permits_by_prefix(permits, date(2026, 12, 31), "import")) == {"0801"}
    for day in (before, after):
        assert len(permits.as_of(day)) == len(VN.code_lists["permits"].as_of(day)) > 100
    assert permits.overlapping() == []


def test_the_whole_workbook_loads(shared_data: Path):
    tables = read_tables(shared_data / "vn/tariff/Specialised_procedures.xlsx")
    assert isinstance(tables, list)
    found = read_permits(tables, PHRASES, "Bảng thủ tục chuyên ngành 2026", FIRST)
    assert found.edition is not None
    assert found.findings == ()
    assert len({row.facts["prefix"] for row in found.edition.rows}) > 7_900
    assert len({row.value for row in found.edition.rows}) == len(found.edition.rows)
    apples = {row.facts["documents"] for row in found.edition.rows if row.facts["prefix"] == "08081000"}
    assert "PHYTO" in apples
