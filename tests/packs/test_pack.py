"""What every country answers, asked of the two that are here."""

import re
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thongquan.engine.declaration import (
    Amount,
    Classification,
    Declaration,
    DutyTaxFee,
    GoodsItem,
    Origin,
    Party,
    PreviousDocument,
    Procedure,
    Quantity,
)
from thongquan.engine.findings import Finding, Severity
from thongquan.engine.money import Rounding
from thongquan.engine.risk.channels import Channel
from thongquan.engine.risk.rules import select
from thongquan.engine.tariff.units import UNITS
from thongquan.packs.pack import (
    RATE_FROM_NOTICE,
    Kind,
    Liability,
    Pack,
    Payment,
    Terms,
    assess,
    check_character,
    check_context,
    due_by_terms,
    load,
    names,
    run_checks,
)
from thongquan.packs.tables import UnusablePack

DAY = date(2025, 4, 1)
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@pytest.fixture(scope="module")
def sample() -> Pack:
    return load("sample")


@pytest.fixture(scope="module")
def gb() -> Pack:
    return load("gb")


def item(code: str = "84713000", price: int | None = 1_000, **fields: object) -> GoodsItem:
    """A line of home use from XB; price in whole coins."""
    given_fields: dict[str, object] = {
        "sequence_numeric": 1,
        "classifications": (Classification(id=code, identification_type_code="TSP"),),
        "origins": (Origin(country_code="XB", type_code="1"),),
        "procedures": (Procedure(current_code="40", previous_code="00"),),
        "item_charge": None if price is None else Amount(millionths=price * 1_000_000, currency="XTS"),
    }
    return GoodsItem(**(given_fields | fields))


def declaration(*items: GoodsItem, type_code: str = "IMA", **fields: object) -> Declaration:
    return Declaration(
        function_code="9", functional_reference_id="T-1", type_code=type_code, goods_items=items, **fields
    )


def codes(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings]


# finding and reading a country


def test_packs_are_found_by_their_folders():
    assert {"gb", "sample"} <= set(names())
    assert names() == sorted(names())


@pytest.mark.parametrize("name", ["", "..", "../sample", "sample/", "SAMPLE", "__pycache__", "pack"])
def test_a_name_that_is_no_pack_is_refused_with_the_names_there_are(name: str):
    with pytest.raises(LookupError, match=r"there are .*gb.*sample"):
        load(name)


def test_the_version_changes_with_any_byte_of_the_data(tmp_path: Path, sample: Pack):
    folder = tmp_path / "sample"
    shutil.copytree(sample.folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
    assert type(sample).read(folder).version == sample.version
    with (folder / "data/measures.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert type(sample).read(folder).version != sample.version


def test_cases_and_code_are_no_part_of_the_version(tmp_path: Path, sample: Pack):
    folder = tmp_path / "sample"
    shutil.copytree(sample.folder, folder, ignore=shutil.ignore_patterns("__pycache__", "cases", "*.py"))
    assert type(sample).read(folder).version == sample.version


def test_the_taxes_stand_in_levying_order(sample: Pack, gb: Pack):
    assert [tax.code for tax in sample.taxes] == ["DUT", "ADD", "EXC", "VAT", "EXP"]
    assert sample.taxes[3].base == ("customs_value", "inland", "DUT", "ADD", "EXC")
    assert [tax.code for tax in gb.taxes][-2:] == ["B00", "B05"]
    assert {tax.rounding for tax in gb.taxes} == {Rounding.TRUNCATE}


# days


def test_the_legal_day_begins_at_midnight_of_the_pack_s_zone(sample: Pack):
    # the zone is seven hours before UTC: 16:59:59.999999 is still the 31st there
    midnight = datetime(2025, 12, 31, 17, 0, tzinfo=UTC)
    assert sample.legal_day(midnight - timedelta(microseconds=1)) == date(2025, 12, 31)
    assert sample.legal_day(midnight) == date(2026, 1, 1)
    assert sample.legal_day(midnight + timedelta(microseconds=1)) == date(2026, 1, 1)


def test_british_summer_time_moves_the_legal_day(gb: Pack):
    assert gb.legal_day(datetime(2026, 7, 1, 23, 30, tzinfo=UTC)) == date(2026, 7, 2)
    assert gb.legal_day(datetime(2026, 1, 1, 23, 30, tzinfo=UTC)) == date(2026, 1, 1)


def test_an_instant_without_a_zone_has_no_legal_day(sample: Pack):
    with pytest.raises(ValueError, match="zone"):
        sample.legal_day(datetime(2026, 1, 1))


def test_the_calendar_of_a_day_is_the_edition_that_speaks_of_it(sample: Pack, gb: Pack):
    calendar = sample.calendar(DAY)
    assert calendar is not None
    # Tuesday 1 April 2025: 8:00-12:00 and 13:00-17:00; the 5th is a Saturday
    assert calendar.hours(DAY) == ((480, 720), (780, 1020))
    assert calendar.hours(date(2025, 4, 5)) == ()
    assert sample.calendar(date(2023, 12, 31)) is None
    assert gb.calendar(DAY) is None


# numbers


def test_a_customs_number_says_year_office_and_sequence(sample: Pack):
    number = sample.number("ZZ0002", 2026, 17)
    assert re.fullmatch(r"26ZZ00020000017[0-9A-Z]", number)
    assert sample.is_number(number)


def test_the_check_character_is_iso_7064_mod_37_36():
    # The standard's own example: A12425GABC1234002 is followed by M.
    assert check_character("A12425GABC1234002") == "M"


@given(
    sequence=st.integers(1, 9_999_999),
    year=st.integers(2000, 2099),
    place=st.integers(0, 15),
    wrong=st.sampled_from(ALPHABET),
)
def test_every_wrong_character_is_found(sequence: int, year: int, place: int, wrong: str):
    sample = load("sample")
    number = sample.number("ZZ0001", year, sequence)
    slip = number[:place] + wrong + number[place + 1 :]
    assert sample.is_number(slip) == (slip == number)


@given(sequence=st.integers(1, 9_999_999), place=st.integers(0, 14))
def test_every_two_neighbours_that_changed_places_are_found(sequence: int, place: int):
    sample = load("sample")
    number = sample.number("ZZ0001", 2026, sequence)
    slip = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert sample.is_number(slip) == (slip == number)


@pytest.mark.parametrize(
    ("office", "sequence"), [("ZZ0001", 0), ("ZZ0001", 10_000_000), ("ZZ00012", 1), ("ZZ00é1", 1)]
)
def test_a_number_is_not_made_of_what_does_not_fit(sample: Pack, office: str, sequence: int):
    with pytest.raises(ValueError, match="no customs number"):
        sample.number(office, 2026, sequence)


@pytest.mark.parametrize("text", ["", "26ZZ", "26zz00010000001r", "26XX00010000001R", "AAZZ00010000001R"])
def test_what_has_not_the_form_is_no_number(sample: Pack, text: str):
    assert not sample.is_number(text)


def test_numbers_of_one_office_never_repeat(sample: Pack):
    made = [sample.number("ZZ0001", 2026, sequence) for sequence in range(1, 2_000)]
    assert len(set(made)) == len(made)


# messages


@pytest.mark.parametrize(
    ("type_code", "function_code", "expected"),
    [
        ("IMA", "9", Kind("lodge", "import")),
        ("IMD", "9", Kind("prelodge", "import", prelodged=True)),
        ("IMS", "9", Kind("lodge", "import", simplified=True)),
        ("EXA", "9", Kind("lodge", "export")),
        ("COR", "13", Kind("amend")),
        ("INV", "13", Kind("request_cancel")),
        ("GPR", "13", Kind("arrive")),
        ("IMA", "13", None),
        ("COR", "9", None),
        ("???", "9", None),
        ("", "", None),
    ],
)
def test_the_codes_of_a_message_say_what_it_asks_for(
    sample: Pack, type_code: str, function_code: str, expected: Kind | None
):
    assert sample.kind_of(Declaration(function_code=function_code, type_code=type_code), DAY) == expected


def test_a_type_code_means_nothing_before_its_list_began(sample: Pack):
    assert sample.kind_of(declaration(item()), date(2023, 12, 31)) is None
    assert sample.kind_of(declaration(item()), date(2024, 1, 1)) == Kind("lodge", "import")


def test_low_value_goods_are_known_by_their_additional_procedure(sample: Pack):
    small = item(procedures=(Procedure(current_code="40", previous_code="00"), Procedure(current_code="R02")))
    assert sample.kind_of(declaration(small), DAY) == Kind("lodge", "import", simplified=True, low_value=True)


def test_the_natural_key_belongs_to_the_declarant(sample: Pack):
    assert sample.trader_of(declaration(declarant=Party(id="ZZ-1"), importer=Party(id="ZZ-2"))) == "ZZ-1"


def test_the_office_is_the_one_declared_else_the_default(sample: Pack):
    assert sample.office_of(declaration(declaration_office_id="ZZ0002", exit_office_id="ZZ0001")) == "ZZ0002"
    assert sample.office_of(declaration(exit_office_id="ZZ0002")) == "ZZ0002"
    assert sample.office_of(declaration()) == "ZZ0001"


def test_external_references_are_off_until_a_demonstration_turns_them_on(sample: Pack, gb: Pack):
    assert not sample.external_references
    assert not gb.external_references
    assert replace(gb, external_references=True).taxes == gb.taxes


def test_a_consignment_is_known_by_its_transport_document_and_consignee(sample: Pack):
    bill = PreviousDocument(category_code="N", type_code="705", id="BL 77/a")
    one = sample.consignment_of(declaration(item(), previous_documents=(bill,), importer=Party(id="ZZ-2")))
    other = sample.consignment_of(
        declaration(item(price=2), previous_documents=(bill,), importer=Party(id="zz 2"))
    )
    assert one == other == "T/BL77A/ZZ2"


def test_goods_without_a_transport_document_are_known_by_their_lines(sample: Pack):
    one = sample.consignment_of(declaration(item(), importer=Party(id="ZZ-2")))
    same = sample.consignment_of(declaration(item(), importer=Party(id="ZZ-2"), type_code="IMD"))
    other = sample.consignment_of(declaration(item(price=2), importer=Party(id="ZZ-2")))
    assert isinstance(one, str)
    assert one.startswith("O/")
    assert one == same != other


def test_nothing_at_all_identifies_no_consignment(sample: Pack):
    found = sample.consignment_of(declaration())
    assert isinstance(found, Finding)
    assert found.code == "CONSIGNMENT_NOT_IDENTIFIED"


# selection


@pytest.mark.parametrize(
    ("goods", "trader_class", "channel", "reasons"),
    [
        (item(origins=(Origin(country_code="XA"),)), "", Channel.GREEN, []),
        (item("24022000", origins=(Origin(country_code="XA"),)), "", Channel.RED, ["SENSITIVE_GOODS"]),
        (item(), "", Channel.YELLOW, ["ORIGIN_TO_CHECK"]),
        (item(origins=(Origin(country_code="XA"),)), "NEW", Channel.YELLOW, ["TRADER_TO_CHECK"]),
        (
            item(
                origins=(Origin(country_code="XA"),),
                procedures=(Procedure(current_code="51", previous_code="00"),),
            ),
            "",
            Channel.YELLOW,
            ["PROCEDURE_TO_CHECK"],
        ),
    ],
)
def test_the_criteria_of_the_day_give_the_channel(
    sample: Pack, goods: GoodsItem, trader_class: str, channel: Channel, reasons: list[str]
):
    facts = sample.risk_facts(declaration(goods), trader_class)
    selection = select(facts, sample.rules_of(DAY), 0, 0)
    assert selection.channel is channel
    assert [reason.code for reason in selection.reasons] == reasons


def test_no_criterion_holds_before_its_first_day(sample: Pack):
    assert sample.rules_of(date(2023, 12, 31)) == []
    assert len(sample.rules_of(date(2024, 1, 1))) == 5


# taxes


def test_a_rate_that_is_not_given_is_a_finding_and_never_zero(sample: Pack):
    assessment = assess(sample, declaration(item("97012100")), DAY)
    assert assessment.pending == ("DUT", "VAT")
    assert assessment.total_minor() is None
    assert codes(assessment.findings) == ["RATE_NOT_GIVEN"]


def test_an_unknown_commodity_is_not_in_force_where_the_nomenclature_is_complete(sample: Pack):
    assessment = assess(sample, declaration(item("99999999")), DAY)
    assert assessment.pending == ("DUT", "VAT")
    assert codes(assessment.findings) == ["COMMODITY_NOT_IN_FORCE"]


def test_an_unknown_commodity_is_a_rate_not_given_where_it_is_not(gb: Pack):
    goods = msgspec.structs.replace(
        item("3926909790"), item_charge=Amount(millionths=1_000_000, currency="GBP")
    )
    assessment = assess(gb, declaration(goods), DAY)
    assert assessment.pending == ("A00", "B00")
    assert codes(assessment.findings) == ["RATE_NOT_GIVEN"]


def test_what_is_levied_on_an_unknown_tax_is_unknown_too(sample: Pack):
    # The decision has only makers' rates; excise and value added tax rest on the duty that stays open.
    assessment = assess(sample, declaration(item("24022000")), DAY)
    assert assessment.pending == ("ADD", "EXC", "VAT")
    assert assessment.payable_minor("DUT") == 300


def test_a_type_that_is_not_known_owes_nothing_and_says_so(sample: Pack):
    assessment = assess(sample, declaration(item(), type_code="ZZZ"), DAY)
    assert assessment.lines[0].amounts == ()
    assert assessment.valuation is None
    (finding,) = assessment.findings
    assert finding.code == "TYPE_CODE_UNKNOWN"
    assert finding.says == {"code": "ZZZ", "function": "9", "on": "2025-04-01"}


def test_temporary_export_is_taxed_on_nothing(sample: Pack):
    goods = item("44012200", None, procedures=(Procedure(current_code="23", previous_code="00"),))
    assessment = assess(sample, declaration(goods, type_code="EXA"), DAY)
    assert assessment.total_minor() == 0
    assert assessment.findings == ()  # no value is needed where no tax rests on it


def test_a_simplified_line_without_a_value_waits_for_its_supplementary_declaration(sample: Pack):
    assessment = assess(sample, declaration(item("09011100", None), type_code="IMS"), DAY)
    (finding,) = assessment.findings
    assert (finding.code, finding.severity, finding.at) == ("ASSESSED_LATER", Severity.NOTE, "goods_items[1]")
    assert assessment.total_minor() == 0


def test_a_full_line_without_a_value_stays_open(sample: Pack):
    assessment = assess(sample, declaration(item("09011100", None)), DAY)
    assert codes(assessment.findings) == ["ITEM_CHARGE_MISSING"]
    assert assessment.pending == ("DUT", "VAT")


def test_a_relief_is_seen_and_what_follows_rests_on_what_is_left(sample: Pack):
    procedures = (Procedure(current_code="40", previous_code="00"), Procedure(current_code="R02"))
    (line,) = assess(sample, declaration(item("09011100", 1_000, procedures=procedures)), DAY).lines
    duty, vat = line.amounts
    # 5 % of 1,000 = 50, relieved; the base of the value added tax is 1,000, not 1,050
    assert (duty.assessed_minor, duty.deduct_minor, duty.payable_minor) == (50, 50, 0)
    assert (vat.base_minor, vat.payable_minor) == (1_000, 100)


def test_lines_without_a_relief_beside_one_with_it_are_untouched(sample: Pack):
    relieved = (Procedure(current_code="40", previous_code="00"), Procedure(current_code="R01"))
    lines = assess(
        sample,
        declaration(item("09011100", procedures=relieved), item("09011100", sequence_numeric=2)),
        DAY,
    ).lines
    assert [amount.payable_minor for amount in lines[0].amounts] == [0, 0]
    assert [amount.payable_minor for amount in lines[1].amounts] == [50, 105]


def test_the_assessment_names_the_edition_and_the_pack_that_made_it(sample: Pack):
    assessment = assess(sample, declaration(item()), DAY)
    assert assessment.pack == "sample"
    assert assessment.pack_version == sample.version
    assert assessment.edition == sample.tariff.hash
    assert assessment.day == "2025-04-01"
    assert (assessment.currency, assessment.decimals) == ("XTS", 0)


def test_a_rate_from_a_notice_says_so_on_the_charge(gb: Pack, sample: Pack):
    goods = item("8510900000", item_charge=Amount(millionths=100_000_000, currency="GBP"))
    (line,) = assess(gb, declaration(goods), DAY).lines
    # the duty is known from a notice only; value added tax has a law of its own
    assert [(a.tax, a.charge and a.charge.note) for a in line.amounts] == [
        ("A00", RATE_FROM_NOTICE),
        ("B00", ""),
    ]
    (own,) = assess(sample, declaration(item()), DAY).lines
    assert {amount.charge.note for amount in own.amounts if amount.charge} == {""}


def test_a_foreign_amount_without_a_rate_of_exchange_stays_open(sample: Pack):
    goods = item(item_charge=Amount(millionths=1_000_000, currency="USD"))
    assessment = assess(sample, declaration(goods), date(2027, 1, 1))
    assert "RATE_OF_EXCHANGE_MISSING" in codes(assessment.findings)
    assert assessment.total_minor() is None


def test_a_provisional_price_makes_the_whole_assessment_provisional(sample: Pack):
    assert assess(sample, declaration(item()), DAY, provisional=(1,)).is_provisional
    assert not assess(sample, declaration(item()), DAY).is_provisional


def test_the_same_question_has_the_same_answer_to_the_byte(sample: Pack):
    one, other = (
        assess(sample, declaration(item("22042100", tariff_quantity=Quantity(millionths=9))), DAY)
        for _ in "ab"
    )
    assert one.hash() == other.hash()


# quantities


def test_masses_count_as_kilograms_and_the_tariff_quantity_in_the_commodity_s_unit(sample: Pack):
    goods = item(
        "22030000",
        net_mass=Quantity(millionths=1),
        gross_mass=Quantity(millionths=2),
        tariff_quantity=Quantity(millionths=3),
        duty_tax_fees=(
            DutyTaxFee(specific_tax_base=Quantity(millionths=4, unit="TNE#I")),
            DutyTaxFee(specific_tax_base=Quantity(millionths=5, unit="XTS")),
        ),
    )
    view = sample.tariff.as_of(DAY)
    assert sample.quantities_of(goods, view) == {"KGM": 1, "KGMG": 2, "LTR": 3, "TNEI": 4}


def test_declared_units_go_before_what_the_commodity_would_have(sample: Pack):
    goods = item("22030000", tariff_quantity=Quantity(millionths=3, unit="HLT"))
    assert sample.quantities_of(goods, sample.tariff.as_of(DAY)) == {"HLT": 3}
    # 0.000003 hl are 0.0003 l: beer at 2 a litre and 6 a litre excise, exactly converted
    (line,) = assess(sample, declaration(goods), DAY).lines
    assert line.line.quantities == {"LTR": 300}


def test_units_of_the_pack_s_own_count_only_as_declared(gb: Pack):
    assert "KTC" not in UNITS
    assert {code.value for code in gb.code_lists["units"]} == {"KTC"}


def test_a_missing_quantity_leaves_a_specific_duty_open(sample: Pack):
    assessment = assess(sample, declaration(item("17011400")), DAY)
    assert "DUTY_QUANTITY_MISSING" in codes(assessment.findings)
    assert assessment.pending == ("DUT", "VAT")


# payment


def test_the_method_of_a_tax_goes_before_the_method_of_the_line(sample: Pack):
    goods = item(
        duty_tax_fees=(
            DutyTaxFee(payment_method_code="E"),
            DutyTaxFee(type_code="VAT", payment_method_code="G"),
        )
    )
    asked = declaration(goods)
    assert sample.payment_of(asked, goods, "VAT", DAY) == Payment("G", Terms.SECURED)
    assert sample.payment_of(asked, goods, "DUT", DAY) == Payment("E", Terms.DEFERRED)


def test_without_a_method_or_with_an_unknown_one_tax_is_paid_before_clearance(sample: Pack):
    assert sample.payment_of(declaration(item()), item(), "DUT", DAY) == Payment("", Terms.NOW)
    strange = item(duty_tax_fees=(DutyTaxFee(payment_method_code="?"),))
    assert sample.payment_of(declaration(strange), strange, "DUT", DAY) == Payment("?", Terms.NOW)


def test_a_suspending_procedure_suspends_whatever_method_is_declared(sample: Pack):
    goods = item(
        procedures=(Procedure(current_code="51", previous_code="00"),),
        duty_tax_fees=(DutyTaxFee(payment_method_code="A"),),
    )
    assert sample.liability_of(goods, DAY) is Liability.SUSPENDED
    assert sample.payment_of(declaration(goods), goods, "DUT", DAY).terms is Terms.SUSPENDED


def test_sums_by_terms_stay_open_while_an_amount_is(sample: Pack):
    paid = item("09011100", duty_tax_fees=(DutyTaxFee(payment_method_code="E"),))
    open_ = item("97012100", sequence_numeric=2)
    asked = declaration(paid, open_)
    # coffee: 5 % of 1,000 = 50, and 10 % of 1,050 = 105
    assert due_by_terms(sample, asked, assess(sample, asked, DAY), DAY) == {
        Terms.DEFERRED: 155,
        Terms.NOW: None,
    }


# checks


def test_checks_see_the_country_s_own_world(sample: Pack, gb: Pack):
    small = item(procedures=(Procedure(current_code="40", previous_code="00"), Procedure(current_code="R02")))
    context = check_context(sample, declaration(small), DAY)
    assert (context.on, context.flow, context.simplified) == (DAY, "import", True)
    assert context.simplified_limit == Amount(millionths=1_000_000_000, currency="XTS")
    assert context.decimals == {"USD": 2, "XTS": 0}
    assert context.tariff is not None
    assert context.tariff.knows("09011100")
    assert check_context(sample, declaration(item()), DAY).simplified_limit is None
    assert check_context(gb, declaration(item()), DAY).tariff is None  # it has not every code
    assert "countries" in check_context(gb, declaration(item()), DAY).partial


def test_an_unknown_type_is_an_error_of_the_checks(sample: Pack):
    found = run_checks(sample, declaration(item(), type_code="ZZZ"), DAY)
    assert "TYPE_CODE_UNKNOWN" in [finding.code for finding in found if finding.severity is Severity.ERROR]


# reading tables


@pytest.fixture
def country(tmp_path: Path, sample: Pack) -> Path:
    folder = tmp_path / "sample"
    shutil.copytree(sample.folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def alter(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def unusable(folder: Path) -> list[tuple[str, str, str]]:
    """Code, place and value of what cannot be read; the tariff is asked for too."""
    with pytest.raises(UnusablePack) as caught:
        assert load("sample").__class__.read(folder).tariff
    return [(f.code, f.at, f.says.get("column", f.says.get("key", ""))) for f in caught.value.findings]


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("data/acts.csv", "2023-11-20", "20 Nov", ("PACK_CELL_UNREADABLE", "acts.csv, line 2", "issued")),
        ("data/acts.csv", ",law,", ",lore,", ("PACK_CELL_UNREADABLE", "acts.csv, line 2", "kind")),
        ("data/acts.csv", "act,kind", "act,sort", ("PACK_COLUMN_MISSING", "acts.csv", "kind")),
        ("data/acts.csv", "2/2023/L,", "1/2023/L,", ("PACK_ROW_TWICE", "acts.csv, line 3", "1/2023/L")),
        ("data/taxes.csv", "half_up", "half_even", ("PACK_CELL_UNREADABLE", "taxes.csv, line 2", "rounding")),
        ("data/taxes.csv", "yes,yes,", "maybe,yes,", ("PACK_CELL_UNREADABLE", "taxes.csv, line 2", "always")),
        (
            "data/taxes.csv",
            "customs_value DUT ADD,",
            "customs_value VAT,",
            ("PACK_CELL_UNREADABLE", "taxes.csv", "base"),
        ),
        (
            "data/taxes.csv",
            "rounded,1,",
            "rounded,one,",
            ("PACK_CELL_UNREADABLE", "taxes.csv, line 2", "step"),
        ),
        (
            "data/measures.csv",
            "5 %",
            "5 per cent or so",
            ("PACK_CELL_UNREADABLE", "measures.csv, line 2", "measures"),
        ),
        (
            "data/measures.csv",
            "import",
            "imports",
            ("PACK_CELL_UNREADABLE", "measures.csv, line 2", "schedule"),
        ),
        (
            "data/measures.csv",
            "2024-01-01",
            "2024-02-30",
            ("PACK_CELL_UNREADABLE", "measures.csv, line 2", "first_day"),
        ),
        (
            "data/measures.csv",
            "2025-02-28",
            "2023-02-28",
            ("PACK_CELL_UNREADABLE", "measures.csv, line 11", "last_day"),
        ),
        (
            "data/measures.csv",
            "2/2023/L,annex 1",
            ",annex 1",
            ("PACK_CELL_UNREADABLE", "measures.csv, line 2", "act"),
        ),
        (
            "data/measures.csv",
            "quota,additional",
            "quota,quota",
            ("PACK_COLUMN_MISSING", "measures.csv", "additional_code"),
        ),
        (
            "data/exchange_rates.csv",
            "25.5",
            "1E+5000000",
            ("PACK_CELL_UNREADABLE", "exchange_rates.csv, line 2", "price"),
        ),
        (
            "data/exchange_rates.csv",
            "25.5",
            "0",
            ("PACK_CELL_UNREADABLE", "exchange_rates.csv, line 2", "exchange_rates"),
        ),
        (
            "data/exchange_rates.csv",
            "USD,1,25.5",
            "USD,1,25.5,7",
            ("PACK_CELL_UNREADABLE", "exchange_rates.csv, line 2", "exchange_rates.csv"),
        ),
        ("data/channels.csv", "RED", "CRIMSON", ("PACK_CELL_UNREADABLE", "channels.csv, line 2", "channel")),
        ("data/hours.csv", "08:00-12:00", "8-12", ("PACK_CELL_UNREADABLE", "hours.csv, line 2", "hours")),
        (
            "data/deadlines.csv",
            "working_day",
            "moon",
            ("PACK_CELL_UNREADABLE", "deadlines.csv, line 3", "unit"),
        ),
        (
            "data/codes/procedures.csv",
            ",due,",
            ",perhaps,",
            ("PACK_CELL_UNREADABLE", "codes/procedures.csv, line 2", "liability"),
        ),
        (
            "data/codes/charges.csv",
            ",+,",
            ",plus,",
            ("PACK_CELL_UNREADABLE", "codes/charges.csv, line 2", "sign"),
        ),
        (
            "data/codes/charges.csv",
            "gross_mass",
            "beauty",
            ("PACK_CELL_UNREADABLE", "codes/charges.csv, line 2", "share_by"),
        ),
        (
            "data/codes/limits.csv",
            "1000",
            "a lot",
            ("PACK_CELL_UNREADABLE", "codes/limits.csv, line 2", "amount"),
        ),
        (
            "data/codes/countries.csv",
            "value,",
            "code,",
            ("PACK_COLUMN_MISSING", "codes/countries.csv", "value"),
        ),
        (
            "pack.toml",
            'zone = "Etc/GMT-7"',
            'zone = "Atlantis"',
            ("PACK_CELL_UNREADABLE", "pack.toml", "pack.toml"),
        ),
        ("pack.toml", "decimals = 0", "", ("PACK_CELL_UNREADABLE", "pack.toml", "pack.toml")),
        (
            "pack.toml",
            'rate_unit = "percent"',
            'rate_unit = "per mille"',
            ("PACK_CELL_UNREADABLE", "pack.toml", "pack.toml"),
        ),
        ("pack.toml", "decimals = 0", "decimals = = 0", ("PACK_CELL_UNREADABLE", "pack.toml", "pack.toml")),
    ],
)
def test_every_cell_that_cannot_be_read_is_found_with_its_place(
    country: Path, file: str, old: str, new: str, expected: tuple[str, str, str]
):
    alter(country, file, old, new)
    assert expected in unusable(country)


def test_a_column_that_nobody_reads_is_found(country: Path):
    alter(country, "data/quotas.csv", "order_id,volume", "order_id,colour,volume")
    assert ("PACK_COLUMN_UNKNOWN", "quotas.csv", "colour") in unusable(country)


@pytest.mark.parametrize(
    "file", ["pack.toml", "data/acts.csv", "data/taxes.csv", "data/codes/declaration_types.csv"]
)
def test_a_file_that_must_be_there_is_missed(country: Path, file: str):
    (country / file).unlink()
    assert "PACK_FILE_MISSING" in [code for code, _, _ in unusable(country)]


def test_a_table_that_may_be_absent_is_not_missed(country: Path):
    for name in ("channels", "quotas", "forms", "laws", "deadlines", "hours", "exchange_rates"):
        (country / f"data/{name}.csv").unlink()
    assert type(load("sample")).read(country).channel_rules == ()


def test_a_table_in_another_encoding_is_found(country: Path):
    (country / "data/forms.csv").write_bytes(b"form,number,act,at,vi,en\nTAX_NOTICE,1,x,y,\xe9,z\n")
    assert ("PACK_CELL_UNREADABLE", "forms.csv", "forms.csv") in unusable(country)


def test_all_faults_are_told_at_once(country: Path):
    alter(country, "data/acts.csv", "2023-11-20", "yesterday")
    alter(country, "data/taxes.csv", "half_up", "half_even")
    alter(country, "data/channels.csv", "RED", "CRIMSON")
    assert len(unusable(country)) == 3


def test_a_notice_is_an_act_of_its_own_kind(gb: Pack):
    act = gb.acts["HMRC example"]
    assert act.kind.value == "notice"
    assert act.life.holds(date(2026, 5, 28))
