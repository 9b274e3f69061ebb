"""Published sheets become editions; every cell that does not is named with its place."""

import io
from datetime import date, datetime

import pytest
import xlsxwriter

from thongquan.engine.findings import LegalRef, Severity
from thongquan.engine.tariff.measures import Given, MeasureKind, Schedule, ad_valorem
from thongquan.engine.tariff.rate_text import RateWords
from thongquan.engine.tariff.sheets import Layout, load_sheet
from thongquan.engine.tariff.tables import read_tables
from thongquan.engine.tariff.tariff import Tariff

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)

LAYOUT = Layout(
    name="invented",
    tax="import_duty",
    code=("Code", "HS code"),
    rates={"General": "", "Rate per {preference}": ""},
    words=RateWords(
        decimal_marks=".,",
        plain_is_percent=True,
        out_of_quota=frozenset({"NHN"}),
        origin_marks={"M": ("MX",)},
        kept_marks=frozenset({"GIC"}),
    ),
    code_lengths=(4, 6, 8),
    leaf_lengths=(8,),
    descriptions={"Name": "en", "Tên": "vi"},
    level=("Level",),
    units=("Unit",),
    preference_names={"AFCTA": "ACFTA"},
    quota_order_id="TRQ-{heading}",
)


def load(text, **more):
    return load_sheet(text.encode(), LAYOUT, "1/2026/ND", FIRST, LAST, **more)


def rates(loaded):
    return {(row.commodity, row.preference, row.quota_order_id): row for row in loaded.edition.measures}


def said(loaded, severity=None):
    return [(f.code, f.at) for f in loaded.findings if severity is None or f.severity is severity]


def workbook(rows, sheet="Tariff", number_format=None, before=()):
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    for name in before:
        book.add_worksheet(name)
    page = book.add_worksheet(sheet)
    style = book.add_format({"num_format": number_format}) if number_format else None
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            if isinstance(cell, datetime):
                page.write_datetime(number, column, cell, book.add_format({"num_format": "d/m"}))
            elif isinstance(cell, str):
                page.write_string(number, column, cell)
            elif cell is not None:
                page.write_number(number, column, cell, style)
    book.close()
    return file.getvalue()


SHEET = """A tariff for the test,,,,,,
,,,,,,
Level,Code,Name,Unit,General,Rate per ACFTA,Rate per EVFTA
0,0101,Live horses,,,,
1,,- Horses:,,,,
2,0101.21.00,- - Pure-bred,NAR KGM,0,*,
2,01012900,- - Other,NAR,"7,5","0 (-ID, MY)",2.5
0,0407,Eggs,,,,
1,04072100,- Of fowls,DZN,40 (NHN: 80),15; M: 18,5/10
"""


def test_blank_no_preference_and_zero_are_three_things():
    loaded = load(SHEET)
    found = rates(loaded)
    assert found["01012100", "", ""].duty == ad_valorem(0)
    assert found["01012100", "ACFTA", ""].given is Given.NO_PREFERENCE
    assert ("01012100", "EVFTA", "") not in found
    assert ("RATE_NOT_GIVEN", "line 6") in said(loaded)


def test_every_row_bears_the_act_and_the_days_of_the_import():
    loaded = load(SHEET)
    for row in loaded.edition.measures:
        assert (row.law, row.tax, row.schedule) == (LegalRef("1/2026/ND"), "import_duty", Schedule.IMPORT)
        assert (row.period.first_day, row.period.last_day, row.verified) == (FIRST, LAST, False)
    exported = load(SHEET, schedule=Schedule.EXPORT, verified=True)
    assert {(row.schedule, row.verified) for row in exported.edition.measures} == {(Schedule.EXPORT, True)}


def test_a_cell_may_hold_several_rates():
    found = load(SHEET).edition.measures
    eggs = [row for row in found if row.commodity == "04072100"]
    assert [(row.preference, row.kind, row.quota_order_id, row.duty.base[0].rate_ppm) for row in eggs] == [
        ("", MeasureKind.QUOTA, "TRQ-0407", 400_000),
        ("", MeasureKind.DUTY, "", 800_000),
        ("ACFTA", MeasureKind.DUTY, "", 150_000),
        ("ACFTA", MeasureKind.DUTY, "", 180_000),
    ]
    assert [(row.origins, row.excluded_origins) for row in eggs[2:]] == [((), ("MX",)), (("MX",), ())]


def test_what_became_no_measure_is_counted_and_listed_by_its_text():
    loaded = load(SHEET)
    assert loaded.counts == {
        "rows": 6,
        "commodities": 5,
        "codes": 3,
        "rate_texts": 8,
        "measures": 9,
        "rate": 8,
        "no_preference": 1,
        "RATE_NOT_GIVEN": 1,
        "RATE_ALTERNATIVES": 1,
    }
    assert loaded.unread == {"5/10": 1}
    assert said(loaded, Severity.WARNING) == [("RATE_NOT_GIVEN", "line 6"), ("RATE_ALTERNATIVES", "line 9")]


def test_the_nomenclature_keeps_levels_units_and_lines_without_a_code():
    nomenclature = load(SHEET).edition.nomenclature
    bred = nomenclature.get("01012100", FIRST)
    assert bred.names == {"en": "Pure-bred"}
    assert bred.between == {"en": ("Horses:",)}
    assert (bred.level, bred.units) == (2, ("NAR", "KGM"))
    assert nomenclature.path("01012100", FIRST, "en") == ("Live horses", "Horses:", "Pure-bred")
    assert nomenclature.get("04072100", FIRST).between == {}
    assert len(nomenclature) == 5


def test_identical_rows_merge_and_rows_that_differ_are_named():
    loaded = load(
        "Code,General,Rate per ACFTA\n01012100,5,0\n01012100,5.0,0\n01012100,5,1\n01012100,5,0\n01012900,7,*\n"
    )
    assert said(loaded) == [
        ("COMMODITY_REPEATED", "line 3"),
        ("COMMODITY_ROWS_DIFFER", "line 4"),
        ("COMMODITY_ROWS_DIFFER", "line 5"),
    ]
    assert loaded.findings[1].says == {
        "code": "01012100",
        "preference": "ACFTA",
        "text": "1",
        "other_text": "0",
        "other_at": "line 2",
    }
    assert [(row.commodity, row.preference) for row in loaded.edition.measures] == [
        ("01012100", ""),
        ("01012900", ""),
        ("01012900", "ACFTA"),
    ]


def test_a_broken_code_is_a_finding_and_its_rates_are_not_taken():
    loaded = load("Code,General\n9849170\u00a0,0\n01012100\u00a0,5\n0101210a,5\n,7\n")
    assert said(loaded) == [
        ("COMMODITY_CODE_CLEANED", "line 2"),
        ("COMMODITY_MALFORMED", "line 2"),
        ("COMMODITY_CODE_CLEANED", "line 3"),
        ("COMMODITY_MALFORMED", "line 4"),
        ("RATE_WITHOUT_CODE", "line 5"),
    ]
    assert [row.commodity for row in loaded.edition.measures] == ["01012100"]


def test_columns_are_found_by_their_headings_in_any_order():
    plain = load("Code,General,Rate per ACFTA\n01012100,5,0\n")
    other = load("rate  per ACFTA;HS CODE; general ;Note\n0;01012100;5;x\n")
    assert other.edition.hash == plain.edition.hash
    assert said(other) == [("TARIFF_COLUMN_NOT_READ", "line 1")]
    assert load("Code\tGeneral\tRate per AFCTA\n01012100\t5\t0\n").edition.hash == plain.edition.hash


def test_two_columns_for_one_rate_are_not_chosen_between():
    loaded = load("Code,General,Rate per ACFTA,Rate per acfta\n01012100,5,0,1\n")
    assert [row.preference for row in loaded.edition.measures] == [""]
    assert said(loaded) == [("TARIFF_COLUMN_REPEATED", "line 1"), ("TARIFF_COLUMN_REPEATED", "line 1")]


def test_the_hash_does_not_depend_on_the_order_of_rows():
    one = load("Code,General\n01012100,5\n01012900,7\n").edition.hash
    assert load("Code,General\n01012900,7\n01012100,5\n").edition.hash == one
    assert load("Code,General\n01012900,7\n01012100,5.5\n").edition.hash != one


def test_a_workbook_is_read_as_people_see_it():
    octets = workbook(
        [
            [],
            [None, "Level", "Code", "General", "Rate per ACFTA"],
            [None, 0, "0101", "", ""],
            [None, 1, "01012100", 7.5, "0 (-ID, MY)"],
            [None, 1, 87021010, 5, "*"],
            [None, 1, 1012900, 5, "x / y"],
        ],
        before=("Cover",),
    )
    loaded = load_sheet(octets, LAYOUT, "1/2026/ND", FIRST, LAST)
    found = rates(loaded)
    assert found["01012100", "", ""].duty == ad_valorem(75_000)
    assert found["01012100", "ACFTA", ""].excluded_origins == ("ID", "MY")
    assert found["87021010", "", ""].duty == ad_valorem(50_000)
    # The spreadsheet dropped the zero of 01012900: which digit is missing is not for us to guess.
    assert said(loaded) == [("COMMODITY_MALFORMED", "sheet Tariff!C6")]


def test_numbers_that_may_be_shown_as_per_cent_are_not_read():
    rows = [["Code", "General"], ["01012100", 0.05], ["01012900", "5"]]
    loaded = load_sheet(workbook(rows, number_format="0%"), LAYOUT, "1/2026/ND", FIRST)
    assert said(loaded) == [("RATE_SCALE_UNCLEAR", "sheet Tariff!B2")]
    assert [(row.commodity, row.duty) for row in loaded.edition.measures] == [
        ("01012900", ad_valorem(50_000))
    ]
    plain = load_sheet(workbook(rows), LAYOUT, "1/2026/ND", FIRST)
    assert plain.edition.measures[0].duty == ad_valorem(500)  # 0.05 is what people see: 0.05 %


def test_a_rate_that_a_spreadsheet_turned_into_a_day_is_a_finding():
    octets = workbook([["Code", "General"], ["01012100", datetime(2026, 10, 5)]])
    loaded = load_sheet(octets, LAYOUT, "1/2026/ND", FIRST)
    assert said(loaded) == [("RATE_UNREADABLE", "sheet Tariff!B2")]
    assert loaded.edition.measures == ()


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"", "TARIFF_LAYOUT_MISMATCH"),
        (b"Something,Else\n1,2\n", "TARIFF_LAYOUT_MISMATCH"),
        ("Mã,Thuế\n".encode("cp1258", "replace") + b"\xff\xfa", "TARIFF_FILE_NOT_UTF8"),
        (b"PK\x03\x04 not a workbook", "XLSX_BROKEN"),
        (b'Code,General\n"0101' + b"x" * 200_000, "TARIFF_FILE_UNREADABLE"),
    ],
)
def test_a_file_that_cannot_be_read_gives_no_edition(octets, code):
    loaded = load_sheet(octets, LAYOUT, "1/2026/ND", FIRST)
    assert loaded.edition is None
    assert [finding.code for finding in loaded.findings] == [code]
    assert loaded.findings[0].severity is Severity.ERROR
    assert loaded.counts == {code: 1}


def test_utf_16_as_spreadsheets_save_it_is_read():
    text = "Code\tGeneral\n01012100\t5\n"
    assert load_sheet(text.encode("utf-16"), LAYOUT, "1/2026/ND", FIRST).counts["measures"] == 1


def test_places_count_lines_of_the_file_even_where_cells_hold_line_breaks():
    (table,) = read_tables(b'a,b\n"x\ny",1\nz,2\n')
    assert [table.place(row) for row in range(3)] == ["line 1", "line 2", "line 4"]


def test_a_blank_takes_the_rate_printed_above_and_is_missing_only_where_there_is_none():
    loaded = load("Code,General,Rate per ACFTA\n010121,5,\n01012100,,\n01012900,7,0\n")
    assert [(f.code, f.at, f.says) for f in loaded.findings] == [
        ("RATE_NOT_GIVEN", "line 3", {"code": "01012100", "preference": "ACFTA"})
    ]
    view = Tariff([loaded.edition]).as_of(FIRST)
    choice = view.choose("01012100", Schedule.IMPORT, "import_duty")
    assert (choice.measure.commodity, choice.measure.duty) == ("010121", ad_valorem(50_000))


def test_a_cell_that_shows_an_error_is_never_a_blank():
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    page = book.add_worksheet("Tariff")
    for number, row in enumerate([["Code", "General"], ["01012100"], ["01012900", "5"]]):
        page.write_row(number, 0, row)
    page.write_formula("B2", "=1/0", value="#DIV/0!")
    book.close()
    loaded = load_sheet(file.getvalue(), LAYOUT, "1/2026/ND", FIRST)
    assert said(loaded) == [("RATE_UNREADABLE", "sheet Tariff!B2")]
    assert loaded.unread == {"#ERROR": 1}


def test_tables_that_were_read_before_need_not_be_read_again():
    tables = read_tables(SHEET.encode())
    assert load_sheet(tables, LAYOUT, "1/2026/ND", FIRST, LAST).edition.hash == load(SHEET).edition.hash
