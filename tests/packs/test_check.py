"""`pack-check` finds every kind of fault: each is planted in a copy of the sample country."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from thongquan import words
from thongquan.engine.findings import Finding, Severity
from thongquan.packs.check import Report, check, check_named, read_cases
from thongquan.packs.pack import Kind, Pack, load


class Country:
    """A copy of the sample country that a test may spoil."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def alter(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def add(self, file: str, row: str) -> None:
        with (self.folder / file).open("a", encoding="utf-8") as table:
            table.write(row + "\n")

    def report(self) -> Report:
        return check(type(load("sample")).read(self.folder))

    def found(self, code: str) -> list[Finding]:
        return [finding for finding in self.report().findings if finding.code == code]


@pytest.fixture
def country(tmp_path: Path) -> Country:
    folder = tmp_path / "sample"
    shutil.copytree(load("sample").folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return Country(folder)


def test_the_sample_country_passes_without_a_word():
    report = check_named("sample")
    assert report.findings == ()
    assert report.passed
    assert report.counts["cases"] == 15
    assert report.counts["measures"] == 28


def test_the_british_pack_passes_and_says_what_its_rates_rest_on():
    report = check_named("gb")
    assert report.passed
    (notice,) = [finding for finding in report.findings if finding.severity is Severity.NOTE]
    assert notice.code == "PACK_RATES_FROM_NOTICE"
    assert notice.says["act"] == "HMRC example"
    # taxes that the messages name and for which no rate is known, and the one that no line of theirs is charged
    unproven = {finding.says["tax"] for finding in report.findings if finding.code == "PACK_TAX_UNPROVEN"}
    assert unproven == {"311", "321", "324", "345", "411", "435", "639", "A40"}


def test_a_pack_that_does_not_exist_is_refused():
    with pytest.raises(LookupError):
        check_named("atlantis")


def test_what_cannot_be_read_is_reported_and_does_not_pass(country: Country):
    country.alter("data/measures.csv", "5 %", "5 apples")
    report = country.report()
    assert not report.passed
    assert [(f.code, f.at) for f in report.findings] == [("PACK_CELL_UNREADABLE", "measures.csv, line 2")]


PLANTED = [
    # code, place, facts, file, before, after
    (
        "PACK_ACT_UNKNOWN",
        "measures 09011100 DUT",
        {"act": "99/2023/L"},
        "data/measures.csv",
        "2/2023/L,annex 1,5 %",
        "99/2023/L,annex 1,5 %",
    ),
    ("PACK_ACT_UNKNOWN", "taxes DUT", {"act": "99/2023/L"}, "data/taxes.csv", "2/2023/L", "99/2023/L"),
    (
        "PACK_ACT_UNKNOWN",
        "deadlines reply",
        {"act": "99/L"},
        "data/deadlines.csv",
        "working_day,1/2023/L",
        "working_day,99/L",
    ),
    ("PACK_ACT_UNKNOWN", "laws lodge", {"act": "99/L"}, "data/laws.csv", "\nlodge,1/2023/L", "\nlodge,99/L"),
    (
        "PACK_OUTSIDE_ACT",
        "measures 09011100 DUT",
        {"act": "2/2023/L", "days": "2023-12-31 – …", "life": "2024-01-01 – …"},
        "data/measures.csv",
        "09011100,DUT,import,2024-01-01,,2/2023/L",
        "09011100,DUT,import,2023-12-31,,2/2023/L",
    ),
    (
        "PACK_OUTSIDE_ACT",
        "exchange_rates USD",
        {"act": "9/2024/B", "days": "2025-01-01 – 2027-01-01", "life": "2024-01-01 – 2026-12-31"},
        "data/exchange_rates.csv",
        "2026-12-31",
        "2027-01-01",
    ),
    (
        "PACK_ACT_DAYS",
        "acts 4/2024/D",
        {"issued": "2025-11-02", "in_force": "2025-01-01"},
        "data/acts.csv",
        "4/2024/D,law,2024-11-02",
        "4/2024/D,law,2025-11-02",
    ),
    (
        "PACK_OVERLAP",
        "measures 85171300 DUT import duty",
        {"first": "2024-01-01 – 2025-01-01", "second": "2025-01-01 – …"},
        "data/measures.csv",
        "85171300,DUT,import,2024-01-01,2024-12-31",
        "85171300,DUT,import,2024-01-01,2025-01-01",
    ),
    (
        "PACK_OVERLAP",
        "exchange_rates USD",
        {"first": "2024-01-01 – 2025-01-01", "second": "2025-01-01 – 2026-12-31"},
        "data/exchange_rates.csv",
        "2024-12-31",
        "2025-01-01",
    ),
    (
        "PACK_GAP",
        "measures 85171300 DUT",
        {"days": "2024-12-31 – 2024-12-31"},
        "data/measures.csv",
        "85171300,DUT,import,2024-01-01,2024-12-31",
        "85171300,DUT,import,2024-01-01,2024-12-30",
    ),
    (
        "PACK_BASE_UNKNOWN",
        "taxes VAT",
        {"base": "outland"},
        "data/taxes.csv",
        "customs_value inland",
        "customs_value outland",
    ),
    (
        "PACK_BASE_UNKNOWN",
        "codes/charges INL",
        {"base": "outland"},
        "data/codes/charges.csv",
        ",inland,",
        ",outland,",
    ),
    (
        "PACK_CHARGE_MISSING",
        "codes/charges",
        {"charge": "freight_charge"},
        "data/codes/charges.csv",
        "freight_charge,",
        "FREIGHT,",
    ),
    (
        "PACK_CODE_UNKNOWN",
        "measures 09011100 DUTY",
        {"list": "taxes", "value": "DUTY"},
        "data/measures.csv",
        "09011100,DUT,",
        "09011100,DUTY,",
    ),
    (
        "PACK_CODE_UNKNOWN",
        "measures 09011100 DUT",
        {"list": "taxes", "value": "DUT export"},
        "data/measures.csv",
        "09011100,DUT,import",
        "09011100,DUT,export",
    ),
    (
        "PACK_CODE_UNKNOWN",
        "measures 0999 VAT",
        {"list": "commodities", "value": "0999"},
        "data/measures.csv",
        "1006,VAT",
        "0999,VAT",
    ),
    (
        "PACK_CODE_UNKNOWN",
        "measures 09011100 DUT",
        {"list": "preferences", "value": "FTXZ"},
        "data/measures.csv",
        "FTXA",
        "FTXZ",
    ),
    (
        "PACK_CODE_UNKNOWN",
        "measures 09011100 DUT",
        {"list": "countries", "value": "XQ"},
        "data/measures.csv",
        "FTXA,XA",
        "FTXA,XQ",
    ),
    (
        "PACK_CODE_UNKNOWN",
        "measures 10063000 DUT",
        {"list": "quotas", "value": "Q9999"},
        "data/measures.csv",
        "Q1006",
        "Q9999",
    ),
    (
        "PACK_CODE_UNKNOWN",
        "measures 17011400 DUT",
        {"list": "exchange_rates", "value": "EUR"},
        "data/measures.csv",
        "120 XTS/DTN",
        "120 EUR/DTN",
    ),
    (
        "PACK_CODE_UNKNOWN",
        "channels TOBACCO",
        {"list": "commodities", "value": "2499"},
        "data/channels.csv",
        "2402",
        "2499",
    ),
    (
        "PACK_CODE_UNKNOWN",
        "channels ORIGIN-XB",
        {"list": "countries", "value": "XQ"},
        "data/channels.csv",
        ",XB,",
        ",XQ,",
    ),
    (
        "PACK_CODE_UNKNOWN",
        "channels SUSPENDED",
        {"list": "procedures", "value": "99"},
        "data/channels.csv",
        "5100",
        "9900",
    ),
    (
        "PACK_CODE_UNKNOWN",
        "channels LICENCE",
        {"list": "documents", "value": "L999"},
        "data/channels.csv",
        "L001",
        "L999",
    ),
    (
        "PACK_CODE_UNKNOWN",
        "channels NEWCOMER",
        {"list": "trader_classes", "value": "OLD"},
        "data/channels.csv",
        "NEW,",
        "OLD,",
    ),
    (
        "PACK_CODE_UNKNOWN",
        "channels TOBACCO",
        {"list": "channel_reasons", "value": "WHY"},
        "data/channels.csv",
        "SENSITIVE_GOODS",
        "WHY",
    ),
    (
        "PACK_CODE_UNKNOWN",
        "codes/charges INS",
        {"list": "incoterms", "value": "CIP"},
        "data/codes/charges.csv",
        "INS,2024-01-01,,2/2023/L,art. 8,+,value,CIF",
        "INS,2024-01-01,,2/2023/L,art. 8,+,value,CIP",
    ),
    (
        "PACK_CODE_UNKNOWN",
        "codes/additional_procedures R01",
        {"list": "taxes", "value": "TAX"},
        "data/codes/additional_procedures.csv",
        "DUT EXC VAT",
        "DUT EXC TAX",
    ),
    (
        "PACK_CODE_UNKNOWN",
        "codes/declaration_types IMA",
        {"list": "lifecycle", "value": "lodged"},
        "data/codes/declaration_types.csv",
        "9,lodge",
        "9,lodged",
    ),
    (
        "PACK_CODE_UNKNOWN",
        "forms TAX_LETTER",
        {"list": "lifecycle", "value": "TAX_LETTER"},
        "data/forms.csv",
        "TAX_NOTICE",
        "TAX_LETTER",
    ),
    (
        "PACK_CODE_UNKNOWN",
        "laws lodges",
        {"list": "lifecycle", "value": "lodges"},
        "data/laws.csv",
        "\nlodge,",
        "\nlodges,",
    ),
    (
        "PACK_CODE_UNKNOWN",
        "pack.toml",
        {"list": "offices", "value": "ZZ0009"},
        "pack.toml",
        'default_office = "ZZ0001"',
        'default_office = "ZZ0009"',
    ),
    ("PACK_WORD_MISSING", "taxes DUT", {"language": "vi"}, "data/taxes.csv", "Thuế nhập khẩu", ""),
    (
        "PACK_WORD_MISSING",
        "codes/procedures 40",
        {"language": "en"},
        "data/codes/procedures.csv",
        "Home use",
        "",
    ),
    ("PACK_WORD_MISSING", "forms TAX_NOTICE", {"language": "en"}, "data/forms.csv", "Tax notice", ""),
    ("PACK_WORD_MISSING", "acts 1/2023/L", {"language": "vi"}, "data/acts.csv", "Luật hải quan", ""),
    ("PACK_WORD_MISSING", "pack.toml", {"language": "vi"}, "pack.toml", 'vi = "Nước mẫu"', ""),
    (
        "PACK_CASE_DIFFERS",
        "cases/08-export-duty.json",
        {"item": "1", "tax": "EXP", "expected": "24692", "computed": "24691"},
        "cases/08-export-duty.json",
        '"24691"',
        '"24692"',
    ),
    (
        "PACK_CASE_DIFFERS",
        "cases/08-export-duty.json",
        {"item": "1", "tax": "EXP", "expected": "24691", "computed": "37037"},
        "data/measures.csv",
        "annex 2,2 %",
        "annex 2,3 %",
    ),
    (
        "PACK_CASE_DIFFERS",
        "cases/09-rate-not-given.json",
        {"item": "1", "tax": "DUT", "expected": "0", "computed": "?"},
        "cases/09-rate-not-given.json",
        '"payable": null',
        '"payable": "0"',
    ),
    (
        "PACK_CASE_DIFFERS",
        "cases/11-suspended.json",
        {"item": "", "tax": "suspended", "expected": "91001", "computed": "91000"},
        "cases/11-suspended.json",
        '"91000"',
        '"91001"',
    ),
    (
        "PACK_CASE_FINDINGS",
        "cases/09-rate-not-given.json",
        {"codes": "NO_SUCH_THING, RATE_NOT_GIVEN"},
        "cases/09-rate-not-given.json",
        '"RATE_NOT_GIVEN"',
        '"NO_SUCH_THING"',
    ),
]


@pytest.mark.parametrize(("code", "at", "says", "file", "old", "new"), PLANTED)
def test_a_planted_fault_is_found_with_its_place_and_facts(
    country: Country, code: str, at: str, says: dict[str, str], file: str, old: str, new: str
):
    country.alter(file, old, new)
    assert (at, says) in [(finding.at, dict(finding.says)) for finding in country.found(code)]
    assert not country.report().passed


def test_a_code_that_pauses_is_a_warning_and_passes(country: Country):
    country.alter("data/codes/countries.csv", "XA,2024-01-01,,", "XA,2024-01-01,2024-06-30,")
    country.add("data/codes/countries.csv", "XA,2024-08-01,,8/2024/L,annex 2,Nước XA,Country XA")
    (gap,) = country.found("PACK_GAP")
    assert (gap.at, gap.severity) == ("codes/countries XA", Severity.WARNING)
    assert gap.says == {"days": "2024-07-01 – 2024-07-31"}
    assert country.report().passed


def test_two_rows_of_a_code_that_share_a_day_do_not_pass(country: Country):
    country.add("data/codes/countries.csv", "XA,2025-01-01,,8/2024/L,annex 2,Nước XA,Country XA")
    (overlap,) = country.found("PACK_OVERLAP")
    assert overlap.at == "codes/countries XA"


@pytest.mark.parametrize(
    ("table", "row", "at"),
    [
        ("commodities", "09011100,,2025-01-01,,8/2024/L,annex 1,Cà phê,Coffee", "commodities 09011100"),
        (
            "channels",
            "TOBACCO,RED,SENSITIVE_GOODS,2402,,,,,0,2025-01-01,,7/2024/Q,art. 9",
            "channels TOBACCO",
        ),
        ("quotas", "Q1006,1,KGM,pro_rata,2025-06-01,2025-06-30,2/2023/L,annex 3", "quotas Q1006"),
    ],
)
def test_every_dated_table_is_looked_through_for_shared_days(country: Country, table: str, row: str, at: str):
    country.add(f"data/{table}.csv", row)
    assert [finding.at for finding in country.found("PACK_OVERLAP")] == [at]


def test_trade_defence_of_two_acts_may_stand_beside_each_other(country: Country):
    country.add(
        "data/measures.csv",
        "44012200,ADD,import,2024-06-01,2029-05-31,11/2024/D,art. 2,1 %,trade_defence,,XB,,,,yes",
    )
    assert country.found("PACK_OVERLAP") == []


def test_a_commodity_without_any_row_for_a_tax_that_is_always_due_is_a_gap(country: Country):
    country.add("data/commodities.csv", "39269097,,2024-01-01,,8/2024/L,annex 1,Đồ nhựa,Articles of plastics")
    (gap,) = country.found("PACK_GAP")
    assert (gap.at, gap.says, gap.severity) == (
        "measures 39269097 DUT",
        {"days": "2024-01-01 – …"},
        Severity.ERROR,
    )


def test_a_row_that_nobody_compared_with_its_act_is_listed_and_passes(country: Country):
    country.alter("data/measures.csv", "5 %,duty,,,,,,yes", "5 %,duty,,,,,,no")
    (finding,) = country.found("PACK_RATE_UNVERIFIED")
    assert (finding.at, finding.says, finding.severity) == (
        "measures 09011100 DUT",
        {"rate": "5 %"},
        Severity.NOTE,
    )
    assert country.report().passed


def test_a_country_without_cases_does_not_pass(country: Country):
    shutil.rmtree(country.folder / "cases")
    report = country.report()
    assert not report.passed
    assert [f.at for f in report.findings if f.code == "PACK_CASE_MISSING"] == ["cases"]
    assert {f.says["tax"] for f in report.findings if f.code == "PACK_TAX_UNPROVEN"} == {
        "DUT",
        "ADD",
        "EXC",
        "VAT",
        "EXP",
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda case: case.update(day="1 April"),
        lambda case: case.pop("expected"),
        lambda case: case["declaration"].update(unknown_field=1),
        lambda case: case["expected"][0].update(payable="1,5"),
        lambda case: case["expected"][0].update(payable="1E+5000000"),
    ],
)
def test_a_case_that_cannot_be_read_is_found(country: Country, change: Callable[[dict], None]):
    path = country.folder / "cases/08-export-duty.json"
    case = json.loads(path.read_text(encoding="utf-8"))
    change(case)
    path.write_text(json.dumps(case), encoding="utf-8")
    assert [finding.at for finding in country.found("PACK_CASE_UNREADABLE")] == ["cases/08-export-duty.json"]


def test_an_amount_that_the_case_does_not_name_is_found(country: Country):
    path = country.folder / "cases/13-inland-transport.json"
    case = json.loads(path.read_text(encoding="utf-8"))
    del case["expected"][0]
    path.write_text(json.dumps(case), encoding="utf-8")
    (finding,) = country.found("PACK_CASE_DIFFERS")
    assert finding.says == {"item": "1", "tax": "DUT", "expected": "–", "computed": "0"}


class Careless(type(load("sample"))):
    """A country whose numbers have a check character that checks nothing."""

    def number(self, office: str, year: int, sequence: int, kind: Kind | None = None) -> str:
        return f"{year}{sequence:08d}X"

    def is_number(self, text: str) -> bool:
        return len(text) == 13


def test_numbers_that_a_slip_of_the_pen_turns_into_others_are_found(country: Country):
    report = check(Careless.read(country.folder))
    weak = [finding for finding in report.findings if finding.code == "PACK_NUMBER_WEAK"]
    assert weak[0].says["number"] == "202600000001X"
    assert not report.passed


def test_every_sum_of_the_cases_has_its_arithmetic():
    for name in ("sample", "gb"):
        cases, unreadable = read_cases(load(name).folder / "cases")
        assert unreadable == []
        for file, case in cases.items():
            assert set(case.title) == {"vi", "en"}, file
            assert all(expected.by_hand for expected in case.expected), file


def test_every_finding_of_the_report_can_be_said_in_both_languages(country: Country):
    country.alter("data/taxes.csv", "Thuế nhập khẩu", "")
    country.alter("data/measures.csv", "annex 2,2 %", "annex 2,3 %")
    country.alter("data/measures.csv", "5 %,duty,,,,,,yes", "5 %,duty,,,,,,no")
    country.add("data/codes/countries.csv", "XA,2025-01-01,,77/L,annex 2,Nước XA,Country XA")
    for finding in (*country.report().findings, *check_named("gb").findings):
        for language in words.LANGUAGES:
            assert words.sentence(finding.code, finding.says, language)
            assert words.remedy(finding.code, finding.says, language)


def test_a_country_that_computes_otherwise_fails_its_own_cases(country: Country):
    pack: Pack = type(load("sample")).read(country.folder)
    taxes = tuple(
        replace(levy, tax=replace(levy.tax, base=("customs_value",))) if levy.tax.code == "VAT" else levy
        for levy in pack.levies
    )
    report = check(replace(pack, levies=taxes))
    differing = {finding.at for finding in report.findings if finding.code == "PACK_CASE_DIFFERS"}
    assert "cases/01-freight-and-insurance.json" in differing
    assert "cases/13-inland-transport.json" in differing
