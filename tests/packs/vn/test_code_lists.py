"""The lists of Vietnamese codes, and what is known of their days."""

import csv
from datetime import date
from pathlib import Path

import pytest

from thongquan.packs.pack import load

VN = load("vn")
DAY = date(2020, 6, 15)
BEFORE, AFTER = date(2025, 3, 14), date(2025, 3, 15)


def test_2020_has_35_departments_and_391_offices_each_of_one_of_them():
    departments = VN.code_lists["departments"].as_of(DAY)
    offices = VN.code_lists["offices"].as_of(DAY)
    assert (len(departments), len(offices)) == (35, 391)
    # 88, A1, A2 and A3 are units of the General Department, which is no department of a province
    assert {office.facts["department"] for office in offices.values()} - set(departments) == {
        "88",
        "A1",
        "A2",
        "A3",
    }


def test_quang_ninh_had_fifteen_codes_and_six_active_branches():
    offices = VN.code_lists["offices"].as_of(DAY)
    codes = sorted(code for code, office in offices.items() if office.facts["department"] == "20")
    branches = sorted(code for code in codes if offices[code].facts["branch"] == "yes")
    assert codes == [
        "20B1", "20B2", "20B3", "20BB", "20BC", "20BD", "20CD", "20CE", "20CF", "20CG", "20K1", "20K2", "20K3",
        "20K4", "20QK",
    ]  # fmt: skip
    assert branches == ["20BB", "20BC", "20BD", "20CE", "20CF", "20CG"]


def test_the_reorganisation_of_2025_moves_offices_under_regional_branches():
    offices, departments = VN.code_lists["offices"], VN.code_lists["departments"]
    before, after = offices.get("20BB", BEFORE), offices.get("20BB", AFTER)
    assert before is not None
    assert after is not None
    assert (before.facts["department"], after.facts["department"]) == ("20", "region:VIII")
    assert after.names["vi"] == "Hải quan cửa khẩu quốc tế Móng Cái"
    department = departments.get("20", BEFORE)
    assert department is not None
    assert department.facts["successor"] == "region:VIII"
    assert departments.get("20", AFTER) is None
    assert departments.get("region:VIII", AFTER) is not None


def test_every_department_that_names_a_successor_names_one_that_is_there():
    departments = VN.code_lists["departments"]
    for code in departments:
        successor = code.facts["successor"]
        assert not successor or departments.get(successor, AFTER) is not None


def test_a_list_that_lacks_codes_says_so():
    assert {"offices", "ports", "documents", "permits"} <= VN.partial_lists
    assert "declaration_types" not in VN.partial_lists


def test_vietnam_s_ports_are_all_there_and_quang_ninh_s_have_their_department():
    ports = VN.code_lists["ports"].as_of(DAY)
    ours = sorted(code for code, port in ports.items() if port.facts["department"] == "20")
    assert ours == ["VNCLN", "VNCPH", "VNCPX", "VNDCL", "VNHON", "VNKHG", "VNTCP", "VNVGA", "VNXDB"]


def test_the_ports_of_the_single_window_in_vietnam_are_all_carried_over(shared_data: Path):
    with (shared_data / "vn/codes/ports_vnsw.csv").open(encoding="utf-8", newline="") as file:
        listed = {row["code"] for row in csv.DictReader(file) if row["country"] == "VN"}
    assert listed <= set(VN.code_lists["ports"].as_of(DAY))


def test_the_offices_of_2020_are_all_carried_over(shared_data: Path):
    with (shared_data / "vn/codes/customs_offices_2020.csv").open(encoding="utf-8", newline="") as file:
        listed = {row["office_code"] for row in csv.DictReader(file)}
    assert listed == set(VN.code_lists["offices"].as_of(DAY))


def test_currencies_know_their_decimals():
    assert [VN.fact("currencies", code, "decimals", DAY) for code in ("VND", "USD", "JPY", "KRW", "KWD")] == [
        "0", "2", "0", "0", "3",
    ]  # fmt: skip


def test_countries_have_their_names_in_both_languages():
    code = VN.code_lists["countries"].get("CN", DAY)
    assert code is not None
    assert code.names == {"vi": "Trung Quốc", "en": "China"}


@pytest.mark.parametrize(
    ("document", "proves"),
    [("CO_E", "B05"), ("CO_D", "B04"), ("CO_AK", "B06"), ("CO_AJ", "B09"), ("CO_VJ", "B10")],
)
def test_a_certificate_of_origin_proves_its_schedule(document: str, proves: str):
    assert VN.fact("documents", document, "proves", DAY) == proves


def test_permits_name_documents_that_are_listed():
    documents = set(VN.code_lists["documents"].as_of(DAY))
    for permit in VN.code_lists["permits"]:
        assert set(permit.facts["documents"].split("/")) <= documents


def test_types_name_documents_that_are_listed():
    documents = set(VN.code_lists["documents"].as_of(DAY))
    for kind in VN.code_lists["declaration_types"]:
        for asked in kind.facts["documents"].split():
            assert set(asked.split("/")) <= documents


def test_priority_enterprises_have_the_conditions_of_decree_08_2015():
    conditions = VN.code_lists["priority_conditions"].as_of(DAY)
    assert {name: code.facts["amount"] for name, code in conditions.items()} == {
        "trade": "100000000", "exports": "40000000", "agriculture": "30000000", "agent": "20000", "compliance": "2",
    }  # fmt: skip


def test_nobody_is_told_that_a_list_was_read_in_the_law_when_it_was_not():
    assert VN.certainty["codes/offices"] == (0, len(VN.code_lists["offices"]))
    assert VN.certainty["codes/permits"] == (0, len(VN.code_lists["permits"]))
    assert VN.certainty["codes/trader_classes"] == (14, 0)
