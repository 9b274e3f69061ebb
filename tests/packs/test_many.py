"""A million lines owe what each of them owes by itself: over the pack's own rows and over the whole workbook."""

import random
import time
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from thongquan.engine.declaration import Declaration
from thongquan.engine.tariff.image import build
from thongquan.engine.tariff.sheets import load_sheet
from thongquan.engine.tariff.tariff import Tariff
from thongquan.packs.many import KEY, assess_many, assess_one, distinct
from thongquan.packs.pack import load
from thongquan.packs.vn.rates import agreements
from thongquan.packs.vn.tariff_sheet import LAYOUT

VN = load("vn")
IMPORTED, EXPORTED = (Declaration(function_code="9", type_code=code) for code in ("A11", "B11"))
COUNTRIES = sorted({code.value for code in VN.code_lists["countries"]})
UNITS = ["KGM", "TNE", "LTR", "PCE", "GRM", "MTQ", ""]


def drawn(codes, day, count, seed, additional=(), quotas=()):
    """Lines of random codes, origins, claims, papers, quantities and values, the awkward ones often."""
    dice = random.Random(seed)
    claims = ["", "", "B01", "B03", "B14", "B99", *agreements(VN.code_lists["preferences"], day)]
    often = ["CN", "KR", "JP", "TH", "DE", "ET", ""]
    return pl.DataFrame(
        {
            "commodity_code": dice.choices(codes, k=count),
            "origin_country_code": dice.choices([*COUNTRIES, *often * 20], k=count),
            "preference_code": dice.choices(claims, k=count),
            "quota_order_id": dice.choices(["", "", "", *quotas], k=count),
            "additional_code": dice.choices(["", "", *additional], k=count),
            "shown": dice.choices([True, True, False], k=count),
            "customs_value_minor": [
                dice.choice([0, 1, 7, 10**6 + 3, dice.randrange(10**11)]) for _ in range(count)
            ],
            "quantity_millionths": dice.choices([None, 1, 333_333, 10**6, 12_345_678_901], k=count),
            "quantity_unit": dice.choices(UNITS, k=count),
        },
        schema_overrides={"quantity_millionths": pl.Int64},
    )


def equal(pack, lines, like, day, image=None):
    """Compare every tax of every line with the rule for one; how many amounts were known, and how many above 0."""
    many = assess_many(pack, image or build(pack.tariff), lines, like, day)
    taxes = [tax.code for tax in pack.taxes if tax.code not in pack.once]
    known = above = 0
    for row in many.iter_rows(named=True):
        one = assess_one(pack, row, like, day)
        for tax in taxes:
            amount = one.payable_minor(tax)
            assert row[f"{tax}_minor"] == amount, (tax, row)
            known += amount is not None
            above += bool(amount)
    assert many.columns[: len(lines.columns)] == lines.columns
    return known, above


@pytest.mark.parametrize("day", [date(2019, 1, 1), date(2020, 3, 16), date(2020, 7, 10), date(2020, 8, 1)])
def test_every_code_of_the_pack_owes_what_one_line_of_it_owes(day):
    codes = sorted({row.code for edition in VN.tariff.editions for row in edition.nomenclature})
    additional = [code.value for code in VN.code_lists["additional_codes"]]
    lines = drawn([*codes, "99999999", "87"], day, 4_000, 1, additional, ["TRQ-0407", "TRQ-1701"])
    known, above = equal(VN, lines, IMPORTED, day)
    assert known > 20_000
    assert above > 2_000


def test_taxes_of_fuel_and_trade_defence_are_among_them():
    day = date(2020, 6, 15)
    codes = [row.code for edition in VN.tariff.editions for row in edition.nomenclature]
    some = [code for code in codes if code[:2] in ("27", "72", "39")]
    lines = drawn(some, day, 3_000, 2, ["AD02-CN-1", "PLASTIC"])
    many = assess_many(VN, build(VN.tariff), lines, IMPORTED, day)
    assert (many["BVMT_minor"] > 0).sum() > 50
    assert (many["CBPG_minor"] > 0).sum() > 10
    equal(VN, lines, IMPORTED, day)


@pytest.mark.parametrize(("type_code", "free"), [("E21", "GTGT_minor"), ("A12", ""), ("G11", "")])
def test_the_kind_of_declaration_decides_which_taxes_there_are(type_code, free):
    like, day = Declaration(function_code="9", type_code=type_code), date(2020, 6, 15)
    codes = [row.code for edition in VN.tariff.editions for row in edition.nomenclature]
    lines = drawn(codes, day, 1_000, 3)
    equal(VN, lines, like, day)
    if free:
        assert set(assess_many(VN, build(VN.tariff), lines, like, day)[free].to_list()) == {0}


def test_exports_take_their_own_annex():
    day = date(2020, 6, 15)
    codes = [row.code for edition in VN.tariff.editions for row in edition.nomenclature]
    lines = drawn([*codes, "99999999"], day, 2_000, 4)
    assert equal(VN, lines, EXPORTED, day)[1] > 50


@pytest.mark.parametrize("name", ["sample", "gb"])
def test_a_country_without_a_rule_for_many_is_answered_key_by_key(name):
    pack = load(name)
    day = date(2025, 6, 1)
    codes = sorted(
        {row.commodity for edition in pack.tariff.editions for row in edition.measures if row.commodity}
    )
    lines = drawn(codes[:40], day, 400, 5).with_columns(
        pl.lit("").alias("preference_code"),
        pl.lit(70_000).alias("inland_minor"),
        pl.lit(5).alias("vat_adjustment_minor"),
    )
    kinds = [code.value for code in pack.code_lists["declaration_types"] if code.facts["asks"] == "lodge"]
    equal(pack, lines, Declaration(function_code="9", type_code=kinds[0]), day)


def test_keys_are_distinct_and_come_back_in_order():
    lines = pl.DataFrame(
        {
            "commodity_code": ["2", "1", "2", "1"],
            "origin_country_code": ["CN", "", "CN", ""],
            "preference_code": ["", "B05", "", ""],
            "quota_order_id": [""] * 4,
            "additional_code": ["", "", "", "USED"],
            "shown": [True, False, True, False],
        }
    )
    keys, which = distinct(lines)
    assert keys.height == 3
    assert keys[which.tolist()].rows() == lines.select(KEY).rows()
    as_categories = lines.with_columns(pl.col(pl.String).cast(pl.Categorical))
    again, of = distinct(as_categories)
    assert again[of.tolist()].rows() == lines.select(KEY).rows()


def test_no_line_is_no_amount():
    empty = drawn(["08081000"], date(2020, 6, 15), 1, 6).clear()
    assert assess_many(VN, build(VN.tariff), empty, IMPORTED, date(2020, 6, 15)).height == 0


@pytest.fixture(scope="module")
def workbook(shared_data):
    """The country with the whole workbook as an edition of 2026, read in less than ten seconds of one processor."""
    file = shared_data / "vn" / "tariff" / "Tariff.xlsx"
    if not file.is_file():
        pytest.skip(f"no Vietnamese tariff at {file}")
    start = time.process_time()
    edition = load_sheet(file, LAYOUT, "199/2025/NĐ-CP", date(2026, 1, 1)).edition
    assert time.process_time() - start < 10
    pack = replace(VN)
    pack.__dict__["tariff"] = Tariff([*VN.tariff.editions, edition])
    return pack, build(pack.tariff), [code for code in edition.nomenclature.codes if len(code) == 8]


def test_fifty_thousand_lines_over_the_whole_workbook_owe_what_each_owes(workbook):
    pack, image, codes = workbook
    day = date(2026, 1, 1)
    lines = drawn(codes, day, 50_000, 7, ["USED"], ["TRQ-0407", "TRQ-1701"])
    known, above = equal(pack, lines, IMPORTED, day, image)
    assert known > 200_000
    assert above > 10_000


def test_the_workbook_speaks_of_its_own_days_only(workbook):
    pack, image, codes = workbook
    own = build(VN.tariff)
    for day in (date(2020, 6, 15), date(2025, 12, 31)):
        lines = drawn(codes, day, 300, 8)
        many = assess_many(pack, image, lines, IMPORTED, day)
        before = assess_many(VN, own, lines, IMPORTED, day)
        assert many.equals(before)
        assert not any(
            row.law.act == "199/2025/NĐ-CP" for code in codes for row in pack.tariff.as_of(day).measures(code)
        )
