"""The dense image answers what the view answers, for one line and for columns, from memory and from its file."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from thongquan.engine.dated import Period
from thongquan.engine.findings import LegalRef
from thongquan.engine.tariff.image import (
    CLAIM_MISSING,
    DISAGREE,
    IN_NUMBERS,
    NOT_FOR_ORIGIN,
    NOT_GIVEN,
    NOT_IN_FORCE,
    ImageDamaged,
    build,
    open_image,
)
from thongquan.engine.tariff.measures import Given, Measure, MeasureKind, Schedule, Share, ad_valorem
from thongquan.engine.tariff.nomenclature import Commodity, Nomenclature
from thongquan.engine.tariff.rate_text import parse_duty
from thongquan.engine.tariff.tariff import Edition, Tariff

IMPORT = Schedule.IMPORT
YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))
DAY = date(2026, 6, 1)
EPOCH = date(1970, 1, 1)


def rate(commodity, text, **more):
    given = more.pop("given", Given.RATE)
    return Measure(
        commodity,
        more.pop("tax", "import_duty"),
        more.pop("schedule", IMPORT),
        more.pop("period", YEAR),
        LegalRef(more.pop("act", "1/2026"), "art. 1"),
        given,
        parse_duty(text) if given is Given.RATE else None,
        text=text,
        **more,
    )


NEXT_YEAR = Period(date(2027, 1, 1))
TARIFF = Tariff(
    [
        Edition(
            "1/2026",
            YEAR,
            (
                rate("0101", "10 %"),
                rate("01012100", "5 %", period=Period(date(2026, 1, 1), date(2026, 5, 31))),
                rate("01012100", "15.4 USD/KGM + 3 %", period=Period(DAY)),
                rate("0101", "0 %", preference="ACFTA", excluded_origins=("ID", "MY")),
                rate("0101", "15 %", preference="CPTPP", excluded_origins=("MX",)),
                rate("0101", "18 %", preference="CPTPP", origins=("MX",)),
                rate("0101", "*", preference="EVFTA", given=Given.NO_PREFERENCE),
                rate("0101", "150", preference="ordinary", given=Given.DERIVED, derived=Share(1_500_000)),
                rate("0102", "85 %"),
                rate("0102", "40 %", kind=MeasureKind.QUOTA, quota_order_id="TRQ-0102"),
                rate("0102", "0 %", kind=MeasureKind.SUSPENSION, additional_code="ZOO"),
                rate("0103", "13.8 % MIN 13 EUR/DTN"),
                rate("0104", "7 %"),
                rate("0104", "8 %", verified=False),
                rate("0102", "20 %", tax="anti_dumping", kind=MeasureKind.TRADE_DEFENCE, act="AD1", origins=("CN",)),
                rate(
                    "010290", "4 %", tax="anti_dumping", kind=MeasureKind.TRADE_DEFENCE, act="AD2", additional_code="M1"
                ),
            ),
            Nomenclature(
                Commodity(code, YEAR)
                for code in ("0101", "01012100", "01012900", "0102", "010290", "0103", "0104", "0105")
            ),
        ),
        Edition(
            "9/2026",
            NEXT_YEAR,
            (rate("01", "1 %", period=NEXT_YEAR),),
            Nomenclature([Commodity("0101", NEXT_YEAR)]),
        ),
    ]
)  # fmt: skip
IMAGE = build(TARIFF)
GENERAL = IMAGE.slot("import_duty", IMPORT)


def slot(preference):
    return IMAGE.slot("import_duty", IMPORT, preference)


def duty(row):
    return IMAGE.duty(row)


def test_a_row_is_found_with_what_it_inherits():
    assert duty(IMAGE.row("01012900", GENERAL, DAY)) == ad_valorem(100_000)
    assert duty(IMAGE.row("01012100", GENERAL, date(2026, 5, 31))) == ad_valorem(50_000)
    assert duty(IMAGE.row("01012100", GENERAL, DAY)) == parse_duty("15.4 USD/KGM + 3 %")
    assert duty(IMAGE.row("0101", GENERAL, date(2027, 1, 1))) == ad_valorem(10_000)


def test_the_numbers_of_a_row_are_its_duty():
    row = IMAGE.row("01012100", GENERAL, DAY)
    at = {name: column[row] for name, column in IMAGE.columns.items()}
    assert (at["rate_ppm"], at["specific_millionths"], at["flags"]) == (30_000, 15_400_000, IN_NUMBERS)
    assert (IMAGE.currencies[at["currency"]], IMAGE.units[at["unit"]]) == ("USD", "KGM")


def test_a_duty_that_is_more_than_two_numbers_cannot_be_taken_for_one():
    row = IMAGE.row("0103", GENERAL, DAY)
    at = {name: column[row] for name, column in IMAGE.columns.items()}
    assert (at["rate_ppm"], at["specific_millionths"], at["flags"]) == (-1, -1, 0)
    assert duty(row) == parse_duty("13.8 % MIN 13 EUR/DTN")


def test_why_there_is_no_row_is_told_apart():
    assert IMAGE.row("0105", GENERAL, DAY) == NOT_GIVEN
    assert IMAGE.row("9999", GENERAL, DAY) == NOT_IN_FORCE
    assert IMAGE.row("01012900", GENERAL, date(2027, 1, 1)) == NOT_IN_FORCE
    assert IMAGE.row("01012900", GENERAL, date(2025, 12, 31)) == NOT_IN_FORCE
    assert IMAGE.row("01012900", slot("nothing"), DAY) == NOT_GIVEN
    assert IMAGE.row("01012900", slot("ACFTA"), DAY, "MY") == NOT_FOR_ORIGIN
    assert duty(IMAGE.row("01012900", slot("ACFTA"), DAY, "CN")) == ad_valorem(0)
    assert IMAGE.row("0104", GENERAL, DAY) == DISAGREE
    suspension = IMAGE.slot("import_duty", IMPORT, "", MeasureKind.SUSPENSION)
    assert IMAGE.row("0102", suspension, DAY) == CLAIM_MISSING


def test_the_general_rule_is_the_view_s():
    assert duty(IMAGE.choose("01012900", slot("EVFTA"), DAY)) == ad_valorem(100_000)
    assert duty(IMAGE.choose("01012900", slot("CPTPP"), DAY, "JP")) == ad_valorem(150_000)
    assert duty(IMAGE.choose("01012900", slot("CPTPP"), DAY, "MX")) == ad_valorem(180_000)
    assert duty(IMAGE.choose("0102", GENERAL, DAY)) == ad_valorem(850_000)
    assert duty(IMAGE.choose("0102", GENERAL, DAY, quota_order_id="TRQ-0102")) == ad_valorem(400_000)
    assert IMAGE.choose("0102", GENERAL, DAY, quota_order_id="TRQ-1") == CLAIM_MISSING
    assert duty(IMAGE.choose("0102", GENERAL, DAY, additional_codes=("A", "ZOO"))) == ad_valorem(0)
    derived = IMAGE.choose("01012900", slot("ordinary"), DAY)
    assert IMAGE.measure(derived).derived == Share(1_500_000)
    assert duty(derived) is None


def test_trade_defence_has_a_slot_for_each_act():
    one, two = IMAGE.trade_defence_slots(IMPORT)
    assert [IMAGE.slots[number].act for number in (one, two)] == ["AD1", "AD2"]
    assert duty(IMAGE.row("010290", one, DAY, "CN")) == ad_valorem(200_000)
    assert IMAGE.row("010290", one, DAY, "JP") == NOT_FOR_ORIGIN
    assert IMAGE.row("010290", two, DAY, "CN") == CLAIM_MISSING
    assert duty(IMAGE.row("010290", two, DAY, "CN", additional_codes=("M1",))) == ad_valorem(40_000)
    assert IMAGE.trade_defence_slots(Schedule.EXPORT) == ()


def test_a_measure_comes_back_whole():
    measures = [measure for edition in TARIFF.editions for measure in edition.measures]
    assert [IMAGE.measure(row) for row in range(len(measures))] == measures


def every_line():
    codes = ["0101", "01012100", "01012900", "0102", "010290", "0103", "0104", "0105", "9999"]
    preferences = ["", "ACFTA", "CPTPP", "EVFTA", "ordinary", "nothing"]
    days = [
        date(2025, 12, 31),
        date(2026, 1, 1),
        date(2026, 5, 31),
        DAY,
        date(2026, 12, 31),
        date(2027, 1, 1),
    ]
    claims = [("", ""), ("TRQ-0102", ""), ("", "ZOO"), ("other", "M1")]
    return [
        (code, preference, day, origin, quota, additional)
        for code in codes
        for preference in preferences
        for day in days
        for origin in ("", "CN", "MX", "MY", "JP")
        for quota, additional in claims
    ]


@pytest.mark.parametrize("from_file", [False, True])
def test_columns_answer_as_one_line_does(from_file, tmp_path):
    image = IMAGE
    if from_file:
        IMAGE.save(tmp_path / "tariff.image")
        image = open_image(tmp_path / "tariff.image", TARIFF.hash)
    lines = every_line()
    codes, preferences, days, origins, quotas, additional = (
        list(column) for column in zip(*lines, strict=True)
    )
    claims = (
        image.country_numbers(origins),
        image.claim_numbers(quotas),
        image.claim_numbers(pl.Series(additional)),
    )
    numbers = np.array([(day - EPOCH).days for day in days], np.int32)
    slots = image.slot_numbers("import_duty", IMPORT, preferences)
    chosen = image.choose_rows(image.positions(codes), slots, numbers, *claims)
    looked_up = image.lookup(image.positions(codes), slots, numbers, *claims)
    for line, row, plain in zip(lines, chosen.tolist(), looked_up.tolist(), strict=True):
        code, preference, day, origin, quota, extra = line
        extras = (extra,) if extra else ()
        assert row == image.choose(code, slot(preference), day, origin, quota, extras), line
        assert plain == image.row(code, slot(preference), day, origin, quota, extras), line


def test_the_image_answers_what_the_view_answers():
    for code, preference, day, origin, quota, extra in every_line():
        extras = (extra,) if extra else ()
        row = IMAGE.choose(code, slot(preference), day, origin, quota, extras)
        choice = TARIFF.as_of(day).choose(code, IMPORT, "import_duty", origin, preference, quota, extras)
        if row < 0:
            assert choice.measure is None, (code, preference, day, origin, quota, extra)
        elif IMAGE.measure(row).derived:
            assert choice.measure is None or choice.measure.preference == "ordinary"
        else:
            assert choice.measure == IMAGE.measure(row)


def test_what_is_not_whole_is_not_opened(tmp_path):
    path = tmp_path / "tariff.image"
    IMAGE.save(path)
    written = path.read_bytes()
    assert open_image(path).tariff_hash == TARIFF.hash
    with pytest.raises(ImageDamaged, match="another tariff"):
        open_image(path, "0" * 64)
    for octets in (
        b"",
        b"nonsense",
        written[:100],
        written[: len(written) // 2],
        _flipped(written, 60),
        _flipped(written, -200),
    ):
        path.write_bytes(octets)
        with pytest.raises(ImageDamaged):
            open_image(path)


def _flipped(octets, at):
    changed = bytearray(octets)
    changed[at] ^= 1
    return bytes(changed)


def test_saving_replaces_the_file_as_a_whole(tmp_path):
    path = tmp_path / "tariff.image"
    path.write_bytes(b"old")
    IMAGE.save(path)
    assert [file.name for file in tmp_path.iterdir()] == ["tariff.image"]
    mapped = open_image(path)
    IMAGE.save(path)  # while the old file is still mapped
    assert mapped.row("01012900", GENERAL, DAY) >= 0


def test_an_image_of_no_tariff_knows_nothing():
    empty = build(Tariff([]))
    assert empty.row("0101", empty.slot("import_duty", IMPORT), DAY) == NOT_IN_FORCE
    rows = empty.choose_rows(empty.positions(["0101"]), -1, (DAY + timedelta(days=1) - EPOCH).days)
    assert rows.tolist() == [NOT_IN_FORCE]


def test_a_suspension_is_found_where_the_duty_it_replaces_has_no_row():
    only = rate("0101", "0 %", kind=MeasureKind.SUSPENSION)
    tariff = Tariff([Edition("1/2026", YEAR, (only,), Nomenclature([Commodity("0101", YEAR)]))])
    image = build(tariff)
    assert duty_of(image, "0101") == ad_valorem(0)
    assert tariff.as_of(DAY).choose("0101", IMPORT, "import_duty").measure == only


def duty_of(image, code):
    return image.duty(image.choose(code, image.slot("import_duty", IMPORT), DAY))
