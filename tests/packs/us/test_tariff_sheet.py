"""The American tariff loads whole: every line is a measure, or named with its text, or RATE_NOT_GIVEN."""

import csv
import time
from collections import Counter
from datetime import date

import pytest

from thongquan.engine.tariff.measures import Duty, Given, Term
from thongquan.engine.tariff.rate_text import RateReader
from thongquan.engine.tariff.sheets import load_sheet
from thongquan.engine.tariff.tariff import Tariff
from thongquan.packs.layouts import layout_for
from thongquan.packs.us.tariff_sheet import LAYOUT, RATE_WORDS

FIRST = date(2026, 1, 1)

# What the tariff says in words, or on a base that is not the value of the line: 19 texts of 31 lines.
IN_WORDS = {
    "See additional U.S. note 2",
    "See additional U.S. note 4",
    "See additional U.S. note 5",
    "6.5% on the entire set",
    "2.5% on the value of the lead content",
    "50 percent of the cost of such goods or repairs",
    "Free, under bond, as prescribed in U.S. note 1 to this subchapter",
    "Free, under bond, as prescribed in U.S. note 2 to this subchapter",
}
IN_WORDS_FROM = (
    "The rate ",
    "A duty ",
    "4.3% + 1.7¢/jewel + 0.2¢ for each other ",
    "6% + 2.3¢/jewel + 0.2¢ for each ",
)


def in_words(text):
    return text in IN_WORDS or text.startswith(IN_WORDS_FROM)


@pytest.fixture(scope="module")
def path(shared_data):
    file = shared_data / "us_hts" / "products_raw.csv"
    if not file.is_file():
        pytest.skip(f"no American tariff at {file}")
    return file


@pytest.fixture(scope="module")
def printed(path):
    """The rows of the file by the csv module alone."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def loaded(path):
    return load_sheet(path, LAYOUT, "HTS 2025", FIRST)


def test_the_file_is_recognised(path):
    assert layout_for(path) is LAYOUT


def test_every_line_is_accounted_for(printed, loaded):
    texts = [row["base_rate_raw"].replace("Â¢", "¢").strip() for row in printed]
    words = Counter(text for text in texts if in_words(text))
    assert (len(printed), len({row["base_rate_raw"] for row in printed})) == (19_768, 582)
    assert len(texts) - texts.count("") == 8_170
    assert loaded.counts["rows"] == 19_768
    assert loaded.counts["rate_texts"] == 8_170
    assert loaded.counts["RATE_NOT_GIVEN"] == texts.count("") == 11_598
    assert loaded.unread == dict(words)
    assert (len(words), words.total()) == (19, 31)
    assert loaded.counts["measures"] == 8_170 - words.total() == 8_139
    assert loaded.counts["RATE_IN_WORDS"] == 31
    assert {measure.given for measure in loaded.edition.measures} == {Given.RATE}


def test_the_lines_are_the_file_s(printed, loaded):
    rated = {m.commodity: m.text for m in loaded.edition.measures}
    for row in printed:
        text = row["base_rate_raw"].replace("Â¢", "¢").strip()
        assert rated.get(row["hts10"], "") == ("" if in_words(text) else text)


def test_mojibake_is_repaired_and_reported(printed, loaded):
    garbled = sum(not row[column].isascii() for row in printed for column in ("base_rate_raw", "description"))
    # One description was cut off in the middle of a garbled apostrophe: nothing can make it whole again.
    assert loaded.counts["TARIFF_TEXT_REPAIRED"] == garbled - 1 == 878
    assert loaded.edition.nomenclature.get("9802008042", FIRST).names["en"].endswith("[Compilerâ")
    assert not any("Â" in measure.text for measure in loaded.edition.measures)
    assert loaded.edition.nomenclature.get("0903000000", FIRST).names == {"en": "Maté"}


def test_the_fractions_beside_the_texts_agree(printed, loaded):
    """The file repeats the ad valorem rates as decimal fractions: another hand's reading of the same texts."""
    duties = {m.commodity: m.duty for m in loaded.edition.measures}
    compared = 0
    for row in printed:
        if row["base_rate"]:
            whole, _, decimals = row["base_rate"].partition(".")
            duty = duties[row["hts10"]]
            assert (duty.is_ad_valorem, duty.base[0].rate_ppm) == (
                True,
                int(whole + decimals.ljust(6, "0")),
            ), row
            compared += 1
    assert compared == 7_112


def test_it_loads_in_seconds(path):
    # processor time: what the work needs, whoever else is on the machine
    start = time.process_time()
    load_sheet(path, LAYOUT, "HTS 2025", FIRST)
    assert time.process_time() - start < 10


def test_typical_rates_are_read_to_the_millionth():
    reader = RateReader(RATE_WORDS)
    for text, terms in {
        "3.1Â¢/liter + 22.1Â¢/pf. liter on ethyl alcohol content": (
            Term(specific_millionths=31_000, currency="USD", unit="LTR"),
            Term(specific_millionths=221_000, currency="USD", unit="PFL"),
        ),
        "13.5Â¢/kg + 6.3% + 1.9Â¢/article": (
            Term(specific_millionths=135_000, currency="USD", unit="KGM"),
            Term(rate_ppm=63_000),
            Term(specific_millionths=19_000, currency="USD", unit="NAR"),
        ),
        "52.5Â¢/bbl": (Term(specific_millionths=525_000, currency="USD", unit="BLL"),),
        "9.1Â¢/kg on molybdenum content + 1.2%": (
            Term(specific_millionths=91_000, currency="USD", unit="CKG"),
            Term(rate_ppm=12_000),
        ),
    }.items():
        assert reader.read(text).parts[0].duty == Duty(terms)


def test_the_commission_s_own_export_is_read_too():
    text = (
        "HTS Number,Indent,Description,Unit of Quantity,General Rate of Duty,Special Rate of Duty,"
        "Column 2 Rate of Duty\n"
        "0101.30.00.00,1,Asses,,6.8%,Free (A+),15%\n"
        "0102.29.40,3,Other,,1¢/kg,Free (A+),5.5¢/kg\n"
        "0102.29.40.24,4,Male,,,,\n"
    )
    assert layout_for(text.encode()) is LAYOUT
    loaded = load_sheet(text.encode(), LAYOUT, "HTS 2025", FIRST)
    assert [(f.code, f.says) for f in loaded.findings] == [
        ("TARIFF_COLUMN_NOT_READ", {"heading": "Unit of Quantity"}),
        ("TARIFF_COLUMN_NOT_READ", {"heading": "Special Rate of Duty"}),
    ]
    view = Tariff([loaded.edition]).as_of(FIRST)
    rows = view.measures("0102294024")
    assert [(row.commodity, row.preference, row.text) for row in rows] == [
        ("01022940", "", "1¢/kg"),
        ("01022940", "column_2", "5.5¢/kg"),
    ]
