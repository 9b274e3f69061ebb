"""The Vietnamese workbook loads whole: every cell is a measure, or named with its place and text."""

import re
import time
from collections import Counter
from datetime import date

import pytest
import python_calamine

from thongquan.engine.findings import Severity
from thongquan.engine.tariff.image import build
from thongquan.engine.tariff.measures import Given, Schedule, ad_valorem
from thongquan.engine.tariff.sheets import load_sheet
from thongquan.engine.tariff.tariff import Tariff
from thongquan.packs.layouts import layout_for
from thongquan.packs.vn.tariff_sheet import LAYOUT

FIRST = date(2026, 1, 1)
RATES = range(4, 27)  # the 23 columns of rates: ordinary, MFN and 21 agreements
NUMBER = r"\d+(?:[.,]\d+)?"
COUNTRIES = r"[A-Z]{2}(?: ?, ?[A-Z]{2})*"
KINDS = {  # what a cell says, by patterns of its own, apart from the program's grammar → measures it gives
    "": (r"", 0),
    "*": (r"\*", 1),
    "number": (NUMBER, 1),
    "without": (rf"{NUMBER} ?\(-{COUNTRIES} ?\)(?:\(GIC\))?", 1),
    "mexico": (rf"{NUMBER}; M: {NUMBER}", 2),
    "quota": (rf"{NUMBER} \(NHN: {NUMBER}\)", 2),
    "share": (r"150% thuế MFN", 1),
    "alternatives": (r".*\d.*/.*|\*/.*", 0),
    "prose": (r"Theo hướng dẫn tại .*", 0),
    "Q": (r"Q", 0),
    "broken": (r"0\(-KH, MY, PH, \)", 0),
}


@pytest.fixture(scope="module")
def path(shared_data):
    file = shared_data / "vn" / "tariff" / "Tariff.xlsx"
    if not file.is_file():
        pytest.skip(f"no Vietnamese tariff at {file}")
    return file


@pytest.fixture(scope="module")
def printed(path):
    """The rows of the workbook by calamine alone, headings left out."""
    return python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()[1:]


@pytest.fixture(scope="module")
def loaded(path):
    return load_sheet(path, LAYOUT, "199/2025/NĐ-CP", FIRST)


def kind_of(text):
    fitting = [kind for kind, (pattern, _) in KINDS.items() if re.fullmatch(pattern, text.strip())]
    assert len(fitting) == 1, (text, fitting)
    return fitting[0]


def test_the_file_is_recognised(path):
    assert layout_for(path) is LAYOUT


def test_every_cell_is_accounted_for(printed, loaded):
    leaves = [row for row in printed if len(row[1]) == 8 and row[1].isdigit()]
    once = {row[1]: row for row in leaves}
    assert (len(printed), len(leaves), len(once)) == (17_646, 12_000, 11_871)
    kinds = Counter(kind_of(row[column]) for row in once.values() for column in RATES)
    assert kinds.total() == 11_871 * 23
    assert loaded.counts["rows"] == 17_646
    assert loaded.counts["codes"] == 11_871
    assert loaded.counts["RATE_NOT_GIVEN"] == kinds[""] == 9_597
    assert loaded.counts["no_preference"] == kinds["*"] == 18_412
    assert loaded.counts["derived"] == kinds["share"] == 264
    assert loaded.counts["RATE_ALTERNATIVES"] == kinds["alternatives"] == 768
    assert loaded.counts["RATE_IN_WORDS"] == kinds["prose"] == 264
    assert loaded.counts["RATE_MARK_UNKNOWN"] == kinds["Q"] == 17
    assert loaded.counts["RATE_UNREADABLE"] == kinds["broken"] == 1
    assert (
        loaded.counts["measures"] == sum(KINDS[kind][1] * count for kind, count in kinds.items()) == 263_374
    )
    assert sum(loaded.unread.values()) == 768 + 264 + 17 + 1
    assert loaded.counts["rate_texts"] == kinds.total() - kinds[""]


def test_identical_rows_merge_and_broken_codes_are_named(printed, loaded):
    said = Counter(finding.code for finding in loaded.findings)
    coded = [row[1] for row in printed if row[1].isdigit()]
    assert said["COMMODITY_REPEATED"] == len(coded) - len(set(coded)) == 131
    assert said["COMMODITY_ROWS_DIFFER"] == 0
    assert [f.at for f in loaded.findings if f.code == "COMMODITY_MALFORMED"] == [
        "sheet Tariff!B17245",
        "sheet Tariff!B17247",
        "sheet Tariff!B17248",
        "sheet Tariff!B17258",
    ]
    assert said["COMMODITY_CODE_CLEANED"] == 4
    assert all(f.severity is not Severity.ERROR for f in loaded.findings)
    assert (
        sum(1 for row in printed for column in RATES if "(GIC)" in row[column])
        == said["RATE_MARK_KEPT"]
        == 51
    )


def test_single_cells_are_what_the_sheet_says(loaded):
    view = Tariff([loaded.edition]).as_of(FIRST)

    def rates(code, preference):
        rows = view.measures(code, "NK", Schedule.IMPORT)
        return [
            (row.duty and row.duty.base[0].rate_ppm, row.origins, row.excluded_origins, row.quota_order_id)
            for row in rows
            if row.preference == preference
        ]

    assert rates("01012900", "B03") == [(75_000, (), (), "")]
    assert rates("01012900", "VIFTA") == [(29_000, (), (), "")]
    assert rates("01022911", "B06") == [(0, (), ("KR",), "")]
    assert rates("02031100", "CPTPP") == [(27_000, (), ("MX",), ""), (54_000, ("MX",), (), "")]
    assert rates("04072100", "") == [(800_000, (), (), ""), (400_000, (), (), "TRQ-0407")]
    assert rates("01031000", "VN-EAEU") == [(None, (), (), "")]
    assert view.given("01031000", Schedule.IMPORT, "NK", "VN-EAEU") is Given.NO_PREFERENCE
    assert view.given("04072100", Schedule.IMPORT, "NK", "VN-EAEU") is Given.NOT_GIVEN
    assert rates("98041500", "RCEP-A") == []


def test_the_path_of_a_code_is_whole_in_both_languages(loaded):
    nomenclature = loaded.edition.nomenclature
    assert nomenclature.path("01022911", FIRST, "en") == (
        "Live bovine animals",
        "Cattle:",
        "Other:",
        "Male cattle:",
        "Oxen",
    )
    assert nomenclature.path("01012900", FIRST, "vi") == ("Ngựa, lừa, la sống", "Ngựa:", "Loại khác")


def test_the_ordinary_rate_of_used_cars_waits_for_its_base(loaded):
    choice = Tariff([loaded.edition]).as_of(FIRST).choose("87021010", Schedule.IMPORT, "NK", "DE", "B03")
    assert choice.measure is None
    assert [finding.code for finding in choice.findings] == ["RATE_BASE_MISSING"]


def test_it_loads_in_seconds(path):
    # processor time: what the work needs, whoever else is on the machine
    start = time.process_time()
    loaded = load_sheet(path, LAYOUT, "199/2025/NĐ-CP", FIRST)
    assert len(loaded.edition.hash) == 64
    assert time.process_time() - start < 10


def test_the_image_answers_what_the_view_answers(loaded):
    tariff = Tariff([loaded.edition])
    image, view = build(tariff), tariff.as_of(FIRST)
    preferences = sorted({slot.preference for slot in image.slots})
    assert len(preferences) == 23
    codes = [code for code in image.codes if len(code) == 8][::12]
    compared = 0
    for code in codes:
        for preference in preferences:
            slot = image.slot("NK", Schedule.IMPORT, preference)
            for origin in ("CN", "MX"):
                row = image.choose(code, slot, FIRST, origin)
                chosen = view.choose(code, Schedule.IMPORT, "NK", origin, preference).measure
                if row >= 0 and image.duty(row) is not None:
                    assert chosen == image.measure(row)
                    compared += 1
                else:
                    assert chosen is None or chosen.preference == "B03"
    assert compared > 40_000
    assert image.nbytes < 48_000_000
    assert image.duty(image.row("01012900", image.slot("NK", Schedule.IMPORT), FIRST)) == ad_valorem(50_000)
