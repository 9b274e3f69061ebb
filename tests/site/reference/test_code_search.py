"""The whole tariff is searched without marks and by the beginnings of codes, and answers at once."""

from __future__ import annotations

from datetime import date
from time import process_time

import pytest

from thongquan.engine.tariff.sheets import load_sheet
from thongquan.packs.vn.tariff_sheet import LAYOUT
from thongquan.site.reference import code_page, pages
from thongquan.site.reference.acts import publish

DAY = date(2026, 1, 1)


@pytest.fixture
def workbook(db, shared_data) -> list[str]:
    file = shared_data / "vn" / "tariff" / "Tariff.xlsx"
    if not file.is_file():
        pytest.skip(f"no Vietnamese tariff at {file}")
    edition = load_sheet(file, LAYOUT, "199/2025/NĐ-CP", DAY).edition
    assert not [one for one in publish(edition, country="vn") if one.severity.name == "ERROR"]
    return [code for code in edition.nomenclature.codes if len(code) == 8]


def test_every_search_of_the_whole_tariff_takes_less_than_a_tenth_of_a_second(workbook):
    assert len(workbook) == 11_871
    pages.search("vn", "than", DAY, "vi")  # the index is made once for a tariff and a day
    for text in (
        "than da",
        "Than đá",
        "o to",
        "8703",
        "8703.23",
        "máy",
        "a",
        "thep khong gi can nguoi",
        "khong co gi nhu the",
    ):
        start = process_time()
        pages.search("vn", text, DAY, "vi")
        assert process_time() - start < 0.1, text


def test_coal_is_found_without_its_marks(workbook):
    found = pages.search("vn", "than da", DAY, "vi")
    assert any(one.code.startswith("2701") and "Than đá" in one.name for one in found)
    assert " than " in found[0].own, "whole words stand first"
    assert " da " in found[0].own
    assert {one.code for one in found} == {one.code for one in pages.search("vn", "THAN ĐÁ", DAY, "vi")}
    assert all(one.code.startswith("270112") for one in pages.search("vn", "2701.12", DAY, "vi"))


def test_the_workbook_is_not_searched_on_days_that_it_does_not_speak_of(workbook):
    in_2020 = {one.code for one in pages.search("vn", "87", date(2020, 6, 15), "vi")}
    assert "87032361" in in_2020
    assert len(in_2020) < 40


@pytest.mark.parametrize(
    ("text", "language", "millionths"),
    [
        ("1.500.000", "vi", 1_500_000 * 10**6),
        ("1,500,000", "en", 1_500_000 * 10**6),
        ("2,5", "vi", 2_500_000),
        ("2.5", "en", 2_500_000),
        (" 1 000 ", "vi", 1_000 * 10**6),
        ("", "vi", None),
        ("-1", "vi", None),
        ("nhiều", "vi", None),
        ("9" * 40, "vi", None),
        ("1e9", "vi", None),
    ],
)
def test_figures_are_read_as_the_language_writes_them(text, language, millionths, monkeypatch):
    monkeypatch.setattr(code_page.terms, "language", lambda: language)
    assert code_page.figure(text) == millionths
