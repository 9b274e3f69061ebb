"""A changed tariff replaces what it speaks of, and what it would have brought is counted line by line."""

from datetime import date, timedelta

import polars as pl
import pytest

from thongquan.engine.dated import Period
from thongquan.engine.declaration import Declaration
from thongquan.engine.findings import LegalRef
from thongquan.engine.tariff.measures import Given, Measure, Schedule, ad_valorem
from thongquan.engine.tariff.tariff import Edition
from thongquan.packs.inquiry import Question, declaration_of
from thongquan.packs.many import assess_one
from thongquan.packs.pack import load
from thongquan.packs.what_if import (
    Law,
    differences,
    overlaid,
    read_lines,
    replay_declarations,
    with_tariff,
)

VN = load("vn")
FROM, TO = date(2020, 3, 1), date(2020, 8, 31)


def row(commodity, rate_ppm, tax="NK", first=FROM, last=TO):
    return Measure(
        commodity,
        tax,
        Schedule.IMPORT,
        Period(first, last),
        LegalRef("what-if"),
        Given.RATE,
        ad_valorem(rate_ppm),
    )


def changed(*rows):
    return with_tariff(VN, overlaid(VN.tariff, Edition("what-if", Period(FROM, TO), rows)))


def rate(pack, code, day):
    measures = pack.tariff.as_of(day).measures(code, "NK", Schedule.IMPORT)
    (one,) = [row for row in measures if not row.preference and not row.additional_code]
    return one.duty.share_ppm, one.law.act


def test_a_row_replaces_the_rates_of_its_code_on_its_days_only():
    # Apples: 10 % until 9 July 2020, then 8 %.
    other = changed(row("08081000", 150_000))
    assert [rate(other, "08081000", day) for day in (FROM - timedelta(1), FROM, TO, TO + timedelta(1))] == [
        (100_000, "125/2017/NĐ-CP"),
        (150_000, "what-if"),
        (150_000, "what-if"),
        (80_000, "57/2020/NĐ-CP"),
    ]
    assert rate(VN, "08081000", FROM) == (100_000, "125/2017/NĐ-CP"), "the law itself is untouched"


def test_a_row_for_a_heading_replaces_what_stands_below_it():
    other = changed(row("0808", 0))
    assert rate(other, "08081000", FROM) == (0, "what-if")
    # Agreements and other taxes stand.
    rows = other.tariff.as_of(FROM).measures("08081000")
    assert {one.law.act for one in rows if one.preference == "B05" or one.tax == "GTGT"} == {
        one.law.act
        for one in VN.tariff.as_of(FROM).measures("08081000")
        if one.preference == "B05" or one.tax == "GTGT"
    }


def lines():
    """Four lines of apples of China without a certificate, and a used car, on four days."""
    days = [date(2020, 2, 28), date(2020, 3, 1), date(2020, 7, 10), date(2020, 9, 1), date(2020, 6, 15)]
    codes = ["08081000"] * 4 + ["87032361"]
    return pl.DataFrame(
        {
            "day": days,
            "type_code": ["A11"] * 5,
            "commodity_code": codes,
            "origin_country_code": ["CN"] * 4 + ["JP"],
            "preference_code": [""] * 5,
            "quota_order_id": [""] * 5,
            "additional_code": [""] * 4 + ["USED"],
            "shown": [False] * 5,
            "customs_value_minor": [1_000_000] * 5,
            "quantity_millionths": [10**6] * 5,
            "quantity_unit": ["KGM"] * 4 + ["PCE"],
        }
    )


def test_the_difference_is_told_by_tax_and_chapter(tmp_path):
    file = tmp_path / "lines.parquet"
    lines().write_parquet(file)
    other = changed(row("08081000", 150_000))
    before, after = (Law(pack).replay(read_lines(file, 2)) for pack in (VN, other))
    # Before: 100,000 + 100,000 + 80,000 + 80,000; after: 100,000 + 150,000 + 150,000 + 80,000
    fruit = {one.tax: one for one in differences(VN, before, after) if one.chapter == "08"}
    assert (fruit["NK"].before_minor, fruit["NK"].after_minor) == (360_000, 480_000)
    assert fruit["NK"].difference_minor == 120_000
    assert (before.lines, after.lines) == (5, 5)
    cars = [one for one in differences(VN, before, after) if one.chapter == "87"]
    assert all(one.difference_minor == 0 for one in cars)


def test_each_line_is_assessed_by_the_law_of_its_own_day():
    law = Law(VN)
    for row_ in law.assess(lines()).iter_rows(named=True):
        like = Declaration(function_code="9", type_code=row_["type_code"])
        one = assess_one(VN, row_, like, row_["day"])
        for tax in ("NK", "TTDB", "GTGT", "BVMT"):
            assert row_[f"{tax}_minor"] == one.payable_minor(tax), row_
    again = law.assess(lines())
    assert again.equals(law.assess(lines())), "what is remembered changes no answer"


def test_whole_declarations_are_replayed_with_all_they_owe():
    declaration = declaration_of(VN, Question("08081000", FROM, origin="CN", value_minor=1_000_000))
    before = replay_declarations(VN, [(declaration, FROM)])
    after = replay_declarations(changed(row("08", 200_000)), [(declaration, FROM)])
    told = {one.tax: (one.before_minor, one.after_minor) for one in differences(VN, before, after)}
    assert told == {"NK": (100_000, 200_000), "GTGT": (0, 0), "LP": (20_000, 20_000)}


def test_a_file_without_its_columns_is_refused(tmp_path):
    file = tmp_path / "lines.parquet"
    lines().drop("shown").write_parquet(file)
    with pytest.raises(ValueError, match="shown"):
        list(read_lines(file))
