"""A printed rate is read to its last character, or it is a finding."""

import pytest

from thongquan.engine.tariff.measures import Duty, Given, Share, Term, ad_valorem
from thongquan.engine.tariff.rate_text import (
    PLAIN_WORDS,
    Part,
    RateReader,
    RateWords,
    Unread,
    duty_text,
    parse_duty,
    repaired,
)

AMERICAN = RateReader(
    RateWords(
        thousands_mark=",",
        free=frozenset({"Free"}),
        no_preference=frozenset(),
        currencies={"$": ("USD", 1_000_000), "¢": ("USD", 10_000)},
        minus=("-", "less"),
        at_least=("but not less than",),
        units={
            "each": "NAR",
            "/kg": "KGM",
            "/kg on contents and container": "KGM_CONTAINER",
            "/t": "TNE",
            "/pr.": "NPR",
            "/gross": "GRO",
            "/line/gross": "GRL",
            "/1,000 pins": "MIL",
            "/liter": "LTR",
            "/kg for each degree under 100 degrees": "KGM_DEGREE",
        },
        mojibake=True,
    )
)
VIETNAMESE = RateReader(
    RateWords(
        decimal_marks=".,",
        plain_is_percent=True,
        shares={"thuế MFN": ""},
        out_of_quota=frozenset({"NHN"}),
        origin_marks={"M": ("MX",)},
        kept_marks=frozenset({"GIC"}),
    )
)
PLAIN = RateReader(PLAIN_WORDS)


def cents(millionths, unit, *more, currency="USD"):
    return Duty((Term(specific_millionths=millionths, currency=currency, unit=unit), *more))


def percent(ppm):
    return Term(rate_ppm=ppm)


@pytest.mark.parametrize(
    ("text", "duty"),
    [
        ("Free", ad_valorem(0)),
        ("6.5%", ad_valorem(65_000)),
        ("6.5% ", ad_valorem(65_000)),
        ("2.45%", ad_valorem(24_500)),
        # 0.3 cent = 3,000 millionths of a dollar
        ("0.3Â¢ each + 4.5%", cents(3_000, "NAR", percent(45_000))),
        ("54.8¢/kg + 16%", cents(548_000, "KGM", percent(160_000))),
        ("$1.035/kg +13.6%", cents(1_035_000, "KGM", percent(136_000))),
        ("$1.877/kg", cents(1_877_000, "KGM")),
        ("15.4¢/kg", cents(154_000, "KGM")),
        ("4.5¢/ liter", cents(45_000, "LTR")),
        ("5¢/kg on contents and container", cents(50_000, "KGM_CONTAINER")),
        ("9.7¢/gross + 1.3%", cents(97_000, "GRO", percent(13_000))),
        ("0.18¢/line/ gross + 2.5%", cents(1_800, "GRL", percent(25_000))),
        ("63¢/pr. + 26.2%", cents(630_000, "NPR", percent(262_000))),
        ("39.7¢/t", cents(397_000, "TNE")),
        ("10¢/1,000 pins + 3.5%", cents(100_000, "MIL", percent(35_000))),
        ("$1,234.5/kg", cents(1_234_500_000, "KGM")),
    ],
)
def test_american_rates_are_read(text, duty):
    reading = AMERICAN.read(text)
    assert reading.problem == ""
    assert reading.parts == (Part(Given.RATE, duty),)


def test_a_specific_rate_finer_than_millionths_is_kept_exactly_per_hundred_units():
    # 0.020668 cent = 206.68 millionths of a dollar per kg and degree: 20,668 per 100 kg and degree
    text = "1.4606¢/kg less 0.020668¢/kg for each degree under 100 degrees but not less than 0.943854¢/kg"
    (part,) = AMERICAN.read(text).parts
    assert part.duty == Duty(
        (
            Term(specific_millionths=14_606, currency="USD", unit="KGM"),
            Term(specific_millionths=20_668, currency="USD", unit="DTN_DEGREE", sign=-1),
        ),
        at_least=(Term(specific_millionths=943_854, currency="USD", unit="DTN"),),
    )


def test_mojibake_is_repaired_and_reported():
    reading = AMERICAN.read("15.4Â¢/kg")
    assert reading.text == "15.4¢/kg"
    assert reading.notes == (("TARIFF_TEXT_REPAIRED", {"was": "15.4Â¢/kg", "read": "15.4¢/kg"}),)
    assert repaired("FrogsÊ¼ legs, MatÃ©, 37.8ËšC, Î±-olefins") == "Frogsʼ legs, Maté, 37.8˚C, α-olefins"
    assert repaired("Quả Ă Â rời, 15 ¢") == "Quả Ă Â rời, 15 ¢"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Free, under bond, as prescribed in U.S. note 1", "RATE_IN_WORDS"),
        ("6.5% on the entire set", "RATE_IN_WORDS"),
        ("The rate applicable to the natural juice in heading 2009", "RATE_IN_WORDS"),
        ("5", "RATE_UNREADABLE"),  # a bare number is no rate in this tariff
        ("5¢/hogshead", "TARIFF_UNIT_UNKNOWN"),
        ("5¢/kgs", "TARIFF_UNIT_UNKNOWN"),
        ("5¢", "RATE_UNREADABLE"),
        ("5% +", "RATE_UNREADABLE"),
        ("5% 6%", "RATE_UNREADABLE"),
        ("5%;6%", "RATE_UNREADABLE"),
        ("1,23%", "RATE_UNREADABLE"),
        ("0.00001%", "RATE_TOO_PRECISE"),
        ("0.0000001¢ each", "RATE_TOO_PRECISE"),
        ("9999999999%", "RATE_UNREADABLE"),
        ("*", "RATE_MARK_UNKNOWN"),  # this tariff has no such mark
        ("x" * 2_000, "RATE_IN_WORDS"),
        ("5٪", "RATE_UNREADABLE"),
    ],
)
def test_what_is_not_wholly_understood_is_a_finding(text, problem):
    reading = AMERICAN.read(text)
    assert reading.parts == ()
    assert reading.problem == problem
    assert reading.says["text"] == text[:300]


def test_blank_no_preference_and_zero_are_three_things():
    for blank in ("", " ", "\n", "\u00a0"):
        assert VIETNAMESE.read(blank).parts == ()
        assert VIETNAMESE.read(blank).problem == ""
    assert VIETNAMESE.read("*").parts == (Part(Given.NO_PREFERENCE),)
    assert VIETNAMESE.read("0").parts == (Part(Given.RATE, ad_valorem(0)),)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("7,5", (Part(Given.RATE, ad_valorem(75_000)),)),
        ("7.5", (Part(Given.RATE, ad_valorem(75_000)),)),
        ("0 (-ID, MY)", (Part(Given.RATE, ad_valorem(0), excluded_origins=("ID", "MY")),)),
        ("0(-MY )", (Part(Given.RATE, ad_valorem(0), excluded_origins=("MY",)),)),
        ("30 (-MY,BN)", (Part(Given.RATE, ad_valorem(300_000), excluded_origins=("BN", "MY")),)),
        (
            "15; M: 18",
            (
                Part(Given.RATE, ad_valorem(150_000), excluded_origins=("MX",)),
                Part(Given.RATE, ad_valorem(180_000), origins=("MX",)),
            ),
        ),
        (
            "40 (NHN: 85)",
            (Part(Given.RATE, ad_valorem(400_000), in_quota=True), Part(Given.RATE, ad_valorem(850_000))),
        ),
        (
            "37.5 (NHN: 127.5)",
            (Part(Given.RATE, ad_valorem(375_000), in_quota=True), Part(Given.RATE, ad_valorem(1_275_000))),
        ),
        ("150% thuế MFN", (Part(Given.DERIVED, derived=Share(1_500_000, "")),)),
        ("0,125", (Part(Given.RATE, ad_valorem(1_250)),)),
    ],
)
def test_vietnamese_cells_are_read(text, parts):
    reading = VIETNAMESE.read(text)
    assert reading.problem == ""
    assert reading.parts == parts


def test_a_mark_that_leaves_the_rate_as_it_is_is_kept_and_reported():
    reading = VIETNAMESE.read("0(-MM, PH)(GIC)")
    assert reading.parts == (Part(Given.RATE, ad_valorem(0), excluded_origins=("MM", "PH")),)
    assert [note for note, _ in reading.notes] == ["RATE_MARK_KEPT"]
    assert reading.text == "0(-MM, PH)(GIC)"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("5/10", "RATE_ALTERNATIVES"),
        ("0/0", "RATE_ALTERNATIVES"),
        ("*/0", "RATE_ALTERNATIVES"),
        ("7,5/10/7,5", "RATE_ALTERNATIVES"),
        ("0 (-KH)/5", "RATE_ALTERNATIVES"),
        ("0(-KH, MY)/0(-LA, KR)", "RATE_ALTERNATIVES"),
        ("0/1,8; M: 0/2,7", "RATE_ALTERNATIVES"),
        ("Q", "RATE_MARK_UNKNOWN"),
        ("5 (XYZ)", "RATE_MARK_UNKNOWN"),
        ("Theo hướng dẫn tại khoản 1.1 Chương 98", "RATE_IN_WORDS"),
        ("0(-KH, MY, PH, )", "RATE_UNREADABLE"),  # a country may have been lost
        ("0 (-ID, ID)", "RATE_UNREADABLE"),
        ("1,250", "RATE_NUMBER_AMBIGUOUS"),
        ("1.250", "RATE_NUMBER_AMBIGUOUS"),
        ("15; X: 18", "RATE_UNREADABLE"),
        ("15; M: 18; M: 19", "RATE_UNREADABLE"),
        ("-5", "RATE_UNREADABLE"),
        ("1e3", "RATE_UNREADABLE"),
    ],
)
def test_vietnamese_cells_that_say_no_single_rate_are_findings(text, problem):
    reading = VIETNAMESE.read(text)
    assert reading.parts == ()
    assert reading.problem == problem


def test_an_unknown_mark_is_named():
    assert VIETNAMESE.read("Q").says == {"text": "Q", "mark": "Q"}


def test_minimum_and_maximum_are_read_and_take_the_terms_behind_them():
    duty = parse_duty("13.8 % MIN 13.00 EUR/100 kg MAX 15 EUR/100 kg - 7 EUR/100 kg")
    per_dtn = {"currency": "EUR", "unit": "DTN"}
    assert duty == Duty(
        (Term(rate_ppm=138_000),),
        (Term(specific_millionths=13_000_000, **per_dtn),),
        (
            Term(specific_millionths=15_000_000, **per_dtn),
            Term(specific_millionths=7_000_000, sign=-1, **per_dtn),
        ),
    )
    assert duty_text(duty) == "13.8 % MIN 13 EUR/DTN MAX 15 EUR/DTN - 7 EUR/DTN"
    assert PLAIN.read("13.8 % max 15 EUR/DTN min 13 EUR/DTN").parts[0].duty == Duty(
        duty.base, duty.at_least, duty.at_most[:1]
    )


@pytest.mark.parametrize(
    "text",
    ["0 %", "6.5 %", "- 3 % + 5 EUR/KGM", "5 EUR/ASVX + 6.4 EUR/HLT", "0.000001 GBP/TNE", "0.0001 %"],
)
def test_the_house_notation_says_each_duty_in_one_way(text):
    assert duty_text(parse_duty(text)) == text


def test_the_house_notation_refuses_what_it_does_not_know():
    with pytest.raises(Unread):
        parse_duty("about 5 %")
    with pytest.raises(Unread):
        parse_duty("5 % MIN 3 % MIN 4 %")


def test_no_text_takes_long():
    import time

    start = time.process_time()
    for hostile in (
        "1" * 900,
        "1/" * 450,
        "0 (-" + "AA," * 300,
        "5;" * 400,
        " " * 900 + "x",
        "(" * 900,
        "1.1" * 300,
    ):
        for reader in (AMERICAN, VIETNAMESE, PLAIN):
            assert reader.read(hostile).parts == ()
    assert time.process_time() - start < 1
