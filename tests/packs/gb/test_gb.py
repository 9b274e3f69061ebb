"""The British pack: territory, excise, payment; and its own fourteen stories."""

import csv
from datetime import date
from pathlib import Path

import pytest
from lxml import etree

from thongquan.engine.declaration import (
    AdditionalDocument,
    AdditionalInformation,
    Amount,
    Classification,
    Declaration,
    DutyTaxFee,
    GoodsItem,
    Origin,
    Party,
    Procedure,
    Quantity,
)
from thongquan.engine.findings import errors
from thongquan.engine.formats.amending import Amended, amend
from thongquan.engine.formats.wco import Kind as MessageKind
from thongquan.engine.formats.wco import read_dec
from thongquan.engine.money import decimal_text
from thongquan.engine.risk.channels import Channel
from thongquan.engine.risk.rules import select
from thongquan.packs.check import Case, read_cases
from thongquan.packs.pack import Kind, Terms, assess, due_by_terms, load, run_checks

GB = load("gb")
DAY = date(2026, 6, 1)
CASES, _ = read_cases(GB.folder / "cases")
EXAMPLES = GB.folder / "examples"


def item(
    code: str = "8510900000", *said: str, documents: tuple[str, ...] = (), **fields: object
) -> GoodsItem:
    given: dict[str, object] = {
        "sequence_numeric": 1,
        "classifications": (
            Classification(id=code[:8], identification_type_code="TSP"),
            Classification(id=code[8:], identification_type_code="TRC"),
        ),
        "origins": (Origin(country_code="US", type_code="1"),),
        "procedures": (Procedure(current_code="40", previous_code="00"),),
        "item_charge": Amount(millionths=100_000_000, currency="GBP"),
        "additional_informations": tuple(AdditionalInformation(statement_code=code) for code in said),
        "additional_documents": tuple(
            AdditionalDocument(category_code=code[:1], type_code=code[1:]) for code in documents
        ),
    }
    return GoodsItem(**(given | fields))


def declaration(goods: GoodsItem, type_code: str = "IMA", **fields: object) -> Declaration:
    return Declaration(function_code="9", type_code=type_code, goods_items=(goods,), **fields)


def taxes_of(goods: GoodsItem) -> list[str]:
    asked = declaration(goods)
    levies = GB.taxes_of(asked, goods, Kind("lodge", "import"), GB.tariff.as_of(DAY))
    return [levy.tax.code for levy in levies]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_case_comes_out_as_it_was_worked_by_hand(case: Case):
    day = date.fromisoformat(case.day)
    assessment = assess(GB, case.declaration, day)
    computed = [
        (
            place,
            amount.tax,
            None if amount.payable_minor is None else decimal_text(amount.payable_minor, 2, 2),
        )
        for place, line in enumerate(assessment.lines, start=1)
        for amount in line.amounts
    ]
    assert computed == [(sum_.item, sum_.tax, sum_.payable) for sum_ in case.expected]


# territory


@pytest.mark.parametrize(
    ("goods", "taxes"),
    [
        # into Great Britain: its own duty
        (item(), ["A00", "B00"]),
        (item("7202998030"), ["A00", "B00"]),
        # into Northern Ireland, at risk: the Union's duty where the tariff has one, else the United Kingdom's
        (item("7202998030", "NIIMP"), ["A50", "B00", "B05"]),
        (item("8510900000", "NIIMP"), ["A00", "B00"]),
        (item("1302201015", "NIIMP"), ["A50", "A70", "B00", "B05"]),
        # not at risk needs the authorisation, not only the word
        (item("7202998030", "NIIMP", "NIREM"), ["A50", "B00", "B05"]),
        (item("7202998030", "NIIMP", "NIREM", documents=("1UKI",)), ["A00", "B00"]),
        # a United Kingdom quota is for goods that are not at risk
        (item("0207129000", "NIIMP", "NIQUO"), ["A00", "B00"]),
        # from Great Britain: the Union's duty at risk, none otherwise
        (item("8703221000", "NIDOM"), ["A50", "B00", "B05"]),
        (item("8703221000", "NIDOM", "NIREM", documents=("1UKI",)), ["B00"]),
    ],
)
def test_the_territory_decides_whose_duty_is_due(goods: GoodsItem, taxes: list[str]):
    assert taxes_of(goods) == taxes


def test_the_union_s_trade_defence_is_only_for_what_is_at_risk():
    # anti-dumping duty of 50.7 % on calcium silicon of one Chinese maker
    chinese = {
        "origins": (Origin(country_code="CN", type_code="1"),),
        "classifications": (
            Classification(id="72029980", identification_type_code="TSP"),
            Classification(id="30", identification_type_code="TRC"),
            Classification(id="C721", identification_type_code="TRA"),
        ),
    }
    at_risk = item("7202998030", "NIIMP", **chinese)
    at_home = item("7202998030", **chinese)
    kind, view = Kind("lodge", "import"), GB.tariff.as_of(DAY)
    due = GB.charges_for(declaration(at_risk), at_risk, "goods_items[1]", kind, view)
    assert [charge.tax for charge in due.charges] == ["A50", "B00", "B05", "A80"]
    due = GB.charges_for(declaration(at_home), at_home, "goods_items[1]", kind, view)
    assert "A80" not in [charge.tax for charge in due.charges]


def test_the_union_s_preference_goes_before_the_declared_one_for_its_own_duties():
    goods = item(
        "0403909900",
        additional_informations=(
            AdditionalInformation(statement_code="NIIMP"),
            AdditionalInformation(statement_code="EUPRF", statement_description="400"),
        ),
        duty_tax_fees=(DutyTaxFee(type_code="A50", duty_regime_code="300"),),
    )
    levies = {levy.tax.code: levy for levy in GB.levies}
    assert GB.preference_of(goods, levies["A50"], DAY) == "400"
    assert GB.preference_of(goods, levies["A00"], DAY) == "300"
    assert GB.preference_of(goods, levies["B00"], DAY) == ""


def test_no_preference_and_preference_100_are_the_general_rate():
    levies = {levy.tax.code: levy for levy in GB.levies}
    claimed = item(duty_tax_fees=(DutyTaxFee(duty_regime_code="100"),))
    assert GB.preference_of(claimed, levies["A00"], DAY) == GB.preference_of(item(), levies["A00"], DAY) == ""


# excise


@pytest.mark.parametrize(
    ("fields", "taxes"),
    [
        ({"duty_tax_fees": (DutyTaxFee(type_code="333"),)}, ["A00", "333", "B00"]),
        (
            {
                "classifications": (
                    Classification(id="2204109490", identification_type_code="TSP"),
                    Classification(id="X333", identification_type_code="GN"),
                )
            },
            ["A00", "333", "B00"],
        ),
        ({}, ["A00", "B00"]),
    ],
)
def test_excise_is_due_where_the_line_names_it(fields: dict[str, object], taxes: list[str]):
    assert taxes_of(item("2204109490", **fields)) == taxes


def test_no_excise_is_due_where_no_component_is_liable():
    assert taxes_of(item("2204109490", "COMNE", duty_tax_fees=(DutyTaxFee(type_code="333"),))) == [
        "A00",
        "B00",
    ]


def test_an_excise_without_a_known_rate_stays_open_and_so_does_the_tax_on_it():
    goods = item(duty_tax_fees=(DutyTaxFee(type_code="411"),))
    assessment = assess(GB, declaration(goods), DAY)
    assert assessment.pending == ("411", "B00")
    assert [finding.code for finding in assessment.findings] == ["RATE_NOT_GIVEN"]


def test_the_strength_of_an_easement_stands_in_for_the_real_one():
    goods = item(
        "2204109490",
        tariff_quantity=Quantity(millionths=2_000_000_000),
        duty_tax_fees=tuple(
            DutyTaxFee(specific_tax_base=Quantity(millionths=figure, unit=unit))
            for unit, figure in (("ASV", 13_000_000), ("EAS", 12_500_000), ("LPA", 260_000_000))
        ),
    )
    view = GB.tariff.as_of(DAY)
    assert GB.quantities_of(goods, view) == {"LTR": 2_000_000_000, "ASV": 12_500_000}
    # 2,000 l at 12.5 % are 250 l of pure alcohol
    (quantities, found) = GB.counted(
        [GB.charge_of(row) for row in view.measures("2204109490", "333")], GB.quantities_of(goods, view), ""
    )
    assert (quantities, found) == ({"LPA": 250_000_000}, [])


def test_tobacco_is_the_net_mass_unless_stated_apart():
    view = GB.tariff.as_of(DAY)
    assert GB.quantities_of(item(net_mass=Quantity(millionths=7)), view)["KTC"] == 7
    apart = item(
        net_mass=Quantity(millionths=7),
        duty_tax_fees=(DutyTaxFee(specific_tax_base=Quantity(millionths=2, unit="KTC")),),
    )
    assert GB.quantities_of(apart, view)["KTC"] == 2


# kinds and payment


@pytest.mark.parametrize(
    ("type_code", "procedure", "kind"),
    [
        ("IMA", "40", Kind("lodge", "import")),
        ("IMD", "40", Kind("prelodge", "import", prelodged=True)),
        ("IMC", "40", Kind("lodge", "import", simplified=True)),
        ("IMF", "40", Kind("prelodge", "import", simplified=True, prelodged=True)),
        ("IMY", "40", Kind("lodge", "import", supplementary=True)),
        ("IMJ", "00", Kind("lodge", "import", untaxed=True)),
        ("EXA", "10", Kind("lodge", "export")),
        ("COA", "40", Kind("lodge", "import")),
        ("COD", "10", Kind("prelodge", "export", prelodged=True)),
    ],
)
def test_the_type_code_says_what_is_asked_and_trade_with_special_territories_looks_at_the_procedure(
    type_code: str, procedure: str, kind: Kind
):
    goods = item(procedures=(Procedure(current_code=procedure, previous_code="00"),))
    assert GB.kind_of(declaration(goods, type_code), DAY) == kind


def test_the_super_reduced_data_set_is_of_low_value():
    goods = item(procedures=(Procedure(current_code="40", previous_code="00"), Procedure(current_code="1H7")))
    kind = GB.kind_of(declaration(goods), DAY)
    assert kind is not None
    assert (kind.simplified, kind.low_value) == (True, True)


def test_value_added_tax_of_a_registered_importer_goes_on_his_return():
    goods = item(duty_tax_fees=(DutyTaxFee(type_code="A00", payment_method_code="R"),))
    registered = declaration(goods, domestic_duty_tax_parties=(Party(id="GB1", role_code="FR1"),))
    assert GB.payment_of(registered, goods, "B00", DAY).terms is Terms.POSTPONED
    assert GB.payment_of(registered, goods, "A00", DAY).terms is Terms.SECURED
    assert GB.payment_of(declaration(goods), goods, "B00", DAY).terms is Terms.NOW


def test_a_method_declared_for_the_tax_itself_is_not_postponed():
    goods = item(duty_tax_fees=(DutyTaxFee(type_code="B00", payment_method_code="E"),))
    registered = declaration(goods, domestic_duty_tax_parties=(Party(id="GB1", role_code="FR1"),))
    assert GB.payment_of(registered, goods, "B00", DAY).terms is Terms.DEFERRED


# the pack's own stories


def originals() -> list[tuple[str, Declaration]]:
    """Each story's declaration as it stands at the end of its messages, without the broken one."""
    stories: list[tuple[str, Declaration]] = []
    for folder in sorted(EXAMPLES.iterdir()):
        current: Declaration | None = None
        for file in sorted(folder.glob("*.xml")) if folder.is_dir() else ():
            message = read_dec(file.read_bytes())
            if message.declaration is None:
                continue
            if message.kind is MessageKind.ORIGINAL and current is None:
                current = message.declaration
            elif message.kind is MessageKind.AMENDMENT and current is not None:
                amended = amend(current, message.declaration)
                assert isinstance(amended, Amended)
                current = amended.declaration
        if current is not None:
            stories.append((folder.name, current))
    return stories


STORIES = dict(originals())


def test_there_are_fourteen_stories_of_which_one_is_broken():
    assert len([folder for folder in EXAMPLES.iterdir() if folder.is_dir()]) == 14
    assert len(STORIES) == 13
    broken = read_dec((EXAMPLES / "11-broken/1-declaration.xml").read_bytes())
    assert [finding.code for finding in broken.findings] == ["XML_NOT_WELL_FORMED"]


@pytest.mark.parametrize("story", STORIES)
def test_the_taxes_of_a_story_are_those_worked_by_hand(story: str):
    with (EXAMPLES / "expected.csv").open(encoding="utf-8") as table:
        expected = [row for row in csv.DictReader(table) if row["story"] == story]
    assessment = assess(GB, STORIES[story], DAY)
    computed = [
        (
            str(place),
            amount.tax,
            "" if amount.payable_minor is None else decimal_text(amount.payable_minor, 2, 2),
        )
        for place, line in enumerate(assessment.lines, start=1)
        for amount in line.amounts
    ]
    assert computed == [(row["item"], row["tax"], row["payable"]) for row in expected]
    assert all(row["by_hand"] for row in expected)


@pytest.mark.parametrize("story", STORIES)
def test_the_checks_accept_every_story(story: str):
    assert errors(run_checks(GB, STORIES[story], DAY)) == ()


@pytest.mark.parametrize(
    ("story", "channel"),
    [
        ("01-import", Channel.GREEN),
        ("07-red-by-rule", Channel.RED),
        ("08-yellow-by-rule", Channel.YELLOW),
        ("09-northern-ireland", Channel.YELLOW),
        ("13-inward-processing", Channel.YELLOW),
    ],
)
def test_the_stories_show_all_three_channels(story: str, channel: Channel):
    facts = GB.risk_facts(STORIES[story])
    assert select(facts, GB.rules_of(DAY), 0, 0).channel is channel


@pytest.mark.parametrize(
    ("story", "terms"),
    [
        ("13-inward-processing", {Terms.SUSPENDED: 29_600}),
        ("14-postponed-vat", {Terms.DEFERRED: 1_001, Terms.POSTPONED: 10_210}),
    ],
)
def test_what_is_suspended_or_postponed_is_not_paid_now(story: str, terms: dict[Terms, int]):
    assert due_by_terms(GB, STORIES[story], assess(GB, STORIES[story], DAY), DAY) == terms


def test_the_duplicate_has_the_same_trader_and_reference_and_other_words():
    one, other = (
        read_dec(file.read_bytes()).declaration for file in sorted((EXAMPLES / "10-duplicate").glob("*.xml"))
    )
    assert one is not None
    assert other is not None
    assert GB.trader_of(one) == GB.trader_of(other)
    assert one.functional_reference_id == other.functional_reference_id
    assert one != other


def test_every_message_of_the_stories_is_valid_by_the_schema(shared_data: Path):
    schema = etree.XMLSchema(etree.parse(shared_data / "hmrc_cds/schemas/customs/wrapper_submit.xsd"))
    files = [file for file in sorted(EXAMPLES.rglob("*.xml")) if file.parent.name != "11-broken"]
    assert len(files) == 17
    for file in files:
        assert schema.validate(etree.parse(file)), (file.name, schema.error_log)
