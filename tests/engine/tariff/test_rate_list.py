"""The house's own table of rates: any country can write one, and an edition comes back as it went."""

from datetime import date

import pytest

from thongquan.engine.dated import Period
from thongquan.engine.findings import LegalRef
from thongquan.engine.tariff.measures import Given, Measure, MeasureKind, Schedule, Share, ad_valorem
from thongquan.engine.tariff.nomenclature import Commodity, Nomenclature
from thongquan.engine.tariff.rate_list import RATE_LIST, rate_list_lines
from thongquan.engine.tariff.rate_text import parse_duty
from thongquan.engine.tariff.sheets import load_sheet
from thongquan.engine.tariff.tariff import Edition

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
YEAR = Period(FIRST, LAST)


def load(text, **more):
    return load_sheet(text.encode(), RATE_LIST, "1/2026", FIRST, LAST, **more)


def said(loaded):
    return [(finding.code, finding.at) for finding in loaded.findings]


def test_the_documented_columns_are_read():
    loaded = load(
        "commodity,tax,schedule,preference,origins,rate,unit,currency,first_day,last_day,act,at\n"
        "0101.21.00,import_duty,import,,,6.5,,,2026-02-01,2026-06-30,2/2026,art. 3\n"
        '01012900,import_duty,,ACFTA,CN except ID MY,"13.8 % MIN 13 EUR/DTN",,,,,,\n'
        "2710,bvmt,import,,,4000,LTR,VND,,,,\n"
        ",vat,,,,8 %,,,,,,\n"
        "0102,export_duty,export,,,*,,,,,,\n"
        "0103,import_duty,,ordinary,,150 % of general,,,,,,\n"
    )
    assert loaded.findings == ()
    one, two, three, four, five, six = loaded.edition.measures
    assert one == Measure(
        "01012100", "import_duty", Schedule.IMPORT, Period(date(2026, 2, 1), date(2026, 6, 30)),
        LegalRef("2/2026", "art. 3"), Given.RATE, ad_valorem(65_000), text="6.5", verified=False,
    )  # fmt: skip
    assert (two.origins, two.excluded_origins, two.preference) == (("CN",), ("ID", "MY"), "ACFTA")
    assert two.duty == parse_duty("13.8 % MIN 13 EUR/DTN")
    assert (two.period, two.law) == (YEAR, LegalRef("1/2026"))
    assert three.duty == parse_duty("4000 VND/LTR")
    assert (four.commodity, four.duty) == ("", ad_valorem(80_000))
    assert (five.given, five.schedule) == (Given.NO_PREFERENCE, Schedule.EXPORT)
    assert six.derived == Share(1_500_000, "")


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("0101,import_duty,5/10", "RATE_ALTERNATIVES"),
        ("0101,import_duty,about five", "RATE_UNREADABLE"),
        ("0101,import_duty,see the note to the chapter", "RATE_IN_WORDS"),
        ("0101,import_duty,0 (-ID)", "TARIFF_ROW_MALFORMED"),
        ("01-01,import_duty,5", "TARIFF_ROW_MALFORMED"),
        ("0101,,5", "TARIFF_ROW_MALFORMED"),
        ("0101,import_duty,", "RATE_NOT_GIVEN"),
    ],
)
def test_a_row_that_cannot_be_read_is_a_finding_and_no_rate(row, code):
    loaded = load(f"commodity,tax,rate\n{row}\n")
    assert said(loaded) == [(code, "line 2")]
    assert all(measure.given is Given.NOT_GIVEN for measure in loaded.edition.measures)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("first_day", "01/02/2026"),
        ("last_day", "2025-12-31"),
        ("schedule", "both"),
        ("kind", "toll"),
        ("origins", "China"),
        ("currency", "euro"),
        ("verified", "perhaps"),
    ],
)
def test_a_cell_that_is_out_of_form_is_named(column, cell):
    loaded = load(
        f"commodity,tax,rate,unit,{column}\n0101,import_duty,5,{'KGM' if column == 'currency' else ''},{cell}\n"
    )
    assert said(loaded) == [("TARIFF_ROW_MALFORMED", "line 2")]
    assert loaded.findings[0].says == {"column": column, "text": cell}
    assert loaded.edition.measures == ()


def test_equal_rows_merge_and_rows_that_differ_give_no_rate():
    loaded = load("commodity,tax,rate\n0101,import_duty,5\n0101,import_duty,5.0 %\n0101,import_duty,6\n")
    assert said(loaded) == [("COMMODITY_REPEATED", "line 3"), ("COMMODITY_ROWS_DIFFER", "line 4")]
    assert [measure.given for measure in loaded.edition.measures] == [Given.NOT_GIVEN]
    assert loaded.unread == {"5": 1, "6": 1}


def test_an_edition_comes_back_as_it_went():
    law = LegalRef("1/2026", "art. 1, “b”")
    rows = (
        Measure("0101", "import_duty", Schedule.IMPORT, YEAR, law, Given.RATE, ad_valorem(65_000), text="6,5"),
        Measure(
            "0101", "import_duty", Schedule.IMPORT, Period(FIRST), law, Given.RATE,
            parse_duty("- 3 % + 5 EUR/ASVX MAX 7 USD/KGM_DEGREE"), MeasureKind.QUOTA, "ACFTA", ("CN", "JP"), (),
            "TRQ-0101", "C490", verified=False,
        ),
        Measure(
            "0102", "import_duty", Schedule.EXPORT, YEAR, law, Given.NO_PREFERENCE, None, preference="EVFTA",
            excluded_origins=("ID", "MY"), text="*",
        ),
        Measure("0103", "import_duty", Schedule.IMPORT, YEAR, law, Given.NOT_GIVEN),
        Measure(
            "0104", "import_duty", Schedule.IMPORT, YEAR, law, Given.DERIVED, preference="ordinary",
            derived=Share(1_500_000, "ACFTA"),
        ),
        Measure("", "anti_dumping", Schedule.IMPORT, YEAR, law, Given.RATE, ad_valorem(1), MeasureKind.TRADE_DEFENCE),
    )  # fmt: skip
    goods = (
        Commodity("0101", YEAR, {"vi": "Ngựa, lừa", "en": "Horses"}, 0, ("NAR", "KGM")),
        Commodity("0102", Period(FIRST), {"vi": "Trâu bò"}, None, (), {"vi": ("Gia súc:", "Loại khác:")}),
    )
    edition = Edition("1/2026", YEAR, rows, Nomenclature(goods))
    text = "".join(rate_list_lines(edition))
    loaded = load(text)
    assert [finding.code for finding in loaded.findings] == ["RATE_NOT_GIVEN"]
    assert loaded.edition.measures == rows[:1] + tuple(
        row if row.text or row.given is Given.NOT_GIVEN else _with_text(row, loaded) for row in rows[1:]
    )
    assert tuple(loaded.edition.nomenclature) == goods
    assert loaded.edition.hash == edition.hash


def _with_text(row, loaded):
    """A row without a printed text comes back with the text of the table."""
    from dataclasses import replace

    found = next(
        m
        for m in loaded.edition.measures
        if (m.commodity, m.given, m.kind) == (row.commodity, row.given, row.kind)
    )
    return replace(row, text=found.text)
