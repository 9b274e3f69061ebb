"""Which import duty a line may take, what each better rate lacks, and that arrays answer what rows answer."""

import shutil
from dataclasses import replace
from datetime import date

import msgspec
import pytest

from thongquan.engine.assessment.exchange import ExchangeRate, ExchangeRates
from thongquan.engine.dated import Period
from thongquan.engine.declaration import (
    AdditionalDocument,
    Amount,
    Classification,
    Consignment,
    Declaration,
    DutyTaxFee,
    GoodsItem,
    Location,
    Origin,
    Quantity,
    TradeTerms,
)
from thongquan.engine.findings import LegalRef, Severity
from thongquan.engine.money import MILLIONTHS
from thongquan.engine.tariff.image import build
from thongquan.engine.tariff.measures import Given, Schedule, ad_valorem
from thongquan.packs.check import check_named
from thongquan.packs.options import rate_options
from thongquan.packs.pack import NOT_SUBJECT, assess, load
from thongquan.packs.vn import rates

VN = load("vn")
DAY = date(2020, 3, 16)
TILES = "69072123"
USD = ExchangeRate.per_unit("USD", Period(date(2020, 1, 1)), 23_300_000_000, LegalRef("assumed"))
IN_DOLLARS = replace(VN, exchange=ExchangeRates("VND", 0, [USD]))


def line(
    code: str = TILES,
    value: int = 100_000_000,
    origin: str = "CN",
    claim: str = "",
    documents: tuple[str, ...] = (),
    additional: tuple[str, ...] = (),
    quota: str = "",
    currency: str = "VND",
    unit: str = "PCE",
) -> GoodsItem:
    """One line worth `value`, of one unit."""
    extra = tuple(Classification(id=code, identification_type_code="GN") for code in additional)
    fees = (DutyTaxFee(duty_regime_code=claim, quota_order_id=quota),) if claim or quota else ()
    return GoodsItem(
        classifications=(Classification(id=code, identification_type_code="TSP"), *extra),
        origins=(Origin(country_code=origin, type_code="1"),) if origin else (),
        item_charge=Amount(millionths=value * MILLIONTHS, currency=currency),
        tariff_quantity=Quantity(millionths=MILLIONTHS, unit=unit),
        duty_tax_fees=fees,
        additional_documents=tuple(AdditionalDocument(type_code=document) for document in documents),
    )


def imported(*lines: GoodsItem, **fields: object) -> Declaration:
    return Declaration(
        function_code="9",
        type_code="A11",
        goods_items=lines,
        trade_terms=TradeTerms(condition_code="CIF"),
        **fields,
    )


def duty_of(declaration: Declaration, day: date = DAY):
    """The import duty of the first line, and the codes of what was found."""
    assessed = assess(VN, declaration, day)
    (amount,) = [one for one in assessed.lines[0].amounts if one.tax == "NK"]
    return amount, {finding.code for finding in assessed.findings}


# conditions


def test_a_certificate_may_stand_with_the_whole_declaration():
    proof = (AdditionalDocument(type_code="CO_E"),)
    amount, found = duty_of(imported(line(claim="B05"), additional_documents=proof))
    assert (amount.payable_minor, amount.charge.preference, found) == (5_000_000, "B05", set())


def test_everything_that_is_missing_is_said_at_once():
    declared = imported(line(claim="B05", origin="JP"), export_country_id="US")
    amount, found = duty_of(declared)
    assert found == {"ORIGIN_NOT_IN_AGREEMENT", "ORIGIN_PROOF_MISSING", "TRANSPORT_NOT_DIRECT"}
    assert (amount.payable_minor, amount.charge.preference) == (45_000_000, "")
    findings = assess(VN, declared, DAY).findings
    assert {finding.severity for finding in findings} == {Severity.WARNING}
    assert [finding.at for finding in findings] == [
        "goods_items[1].additional_documents",
        "goods_items[1].export_country_id",
        "goods_items[1].origins",
    ]


@pytest.mark.parametrize(
    ("place", "direct"), [("CNSHA", True), ("SGSIN", True), ("HKHKG", False), ("USLAX", False)]
)
def test_the_place_of_loading_speaks_where_no_country_of_dispatch_does(place, direct):
    shipped = Consignment(loading_location=Location(id=place))
    amount, found = duty_of(imported(line(claim="B05", documents=("CO_E",)), consignment=shipped))
    assert (amount.charge.preference == "B05") is direct
    assert ("TRANSPORT_NOT_DIRECT" in found) is not direct


def test_the_preferential_origin_decides_on_the_agreement():
    item = line(claim="B05", documents=("CO_E",), origin="JP")
    both = msgspec.structs.replace(item, origins=(*item.origins, Origin(country_code="CN", type_code="2")))
    amount, found = duty_of(imported(both))
    assert (amount.charge.preference, found) == ("B05", set())


def test_members_join_on_their_day():
    preferences = VN.code_lists["preferences"]
    assert "PE" not in rates.agreements(preferences, date(2021, 9, 18))["CPTPP"].members
    assert "PE" in rates.agreements(preferences, date(2021, 9, 19))["CPTPP"].members
    assert "GB" in rates.agreements(preferences, date(2020, 12, 31))["EVFTA"].members
    assert "GB" not in rates.agreements(preferences, date(2021, 1, 1))["EVFTA"].members
    assert rates.agreements(preferences, date(2021, 1, 1))["UKVFTA"].members == {"GB"}
    assert "EVFTA" not in rates.agreements(preferences, date(2020, 7, 31))


def test_most_favoured_origins_are_dated():
    partners = VN.code_lists["mfn_partners"]
    assert {"US", "CN", "JP", "DE", "TW"} <= rates.most_favoured(partners, DAY)
    assert "ET" not in rates.most_favoured(partners, DAY)
    assert "TL" not in rates.most_favoured(partners, date(2024, 8, 29))
    assert "TL" in rates.most_favoured(partners, date(2024, 8, 30))


def test_every_schedule_has_a_document_that_proves_it():
    for day in (DAY, date(2020, 8, 1), date(2021, 1, 1), date(2026, 1, 1)):
        proving = rates.proofs(VN.code_lists["documents"], day)
        assert set(rates.agreements(VN.code_lists["preferences"], day)) <= set(proving)


def test_every_member_is_a_country_of_the_list():
    known = {code.value for code in VN.code_lists["countries"]}
    named = {
        country
        for name in ("preferences", "mfn_partners")
        for code in VN.code_lists[name]
        for country in code.facts["members"].split()
    }
    assert named - known == set()


# rounding


@pytest.mark.parametrize(("rounding", "duty", "vat"), [("half_up", 51, 28), ("truncate", 50, 27)])
def test_how_a_tax_is_rounded_is_one_cell_of_a_table(tmp_path, rounding, duty, vat):
    # dolls worth 505: 10 % is 50.5; VAT 5 % of 556 is 27.8, of 555 is 27.75
    folder = tmp_path / "vn"
    shutil.copytree(VN.folder, folder)
    table = folder / "data" / "taxes.csv"
    table.write_text(
        table.read_text(encoding="utf-8").replace(",half_up,", f",{rounding},"), encoding="utf-8"
    )
    country = type(VN).read(folder)
    assessed = assess(country, imported(line("95030021", 505, "US")), DAY)
    assert (assessed.payable_minor("NK"), assessed.payable_minor("GTGT")) == (duty, vat)


# used cars


@pytest.mark.parametrize(
    ("code", "duty", "by_hand"),
    [
        ("87032145", 233_000_000, "up to 1,000 cc: 10,000 USD × 23,300"),
        ("87032361", 379_790_000, "70 % of 209,700,000 = 146,790,000, and 233,000,000"),
        ("87032364", 458_544_000, "52 % of 209,700,000 = 109,044,000, and 15,000 USD × 23,300 = 349,500,000"),
    ],
)
def test_used_cars_pay_by_the_car_and_by_their_value(code, duty, by_hand):
    # 9,000 USD × 23,300 = 209,700,000
    item = line(code, 9_000, "JP", additional=("USED",), currency="USD")
    assert assess(IN_DOLLARS, imported(item), DAY).payable_minor("NK") == duty, by_hand


def test_a_used_car_without_a_rate_of_exchange_stays_open():
    unknown = replace(VN, exchange=ExchangeRates("VND", 0))
    assessed = assess(unknown, imported(line("87032361", 9_000, "JP", additional=("USED",))), DAY)
    assert "NK" in assessed.pending
    assert "RATE_OF_EXCHANGE_MISSING" in {finding.code for finding in assessed.findings}


def test_an_agreement_is_not_guessed_to_be_for_used_cars():
    item = line("87032361", 9_000, "TH", "B04", ("CO_D",), ("USED",), currency="USD")
    assessed = assess(IN_DOLLARS, imported(item), DAY)
    assert "NK" in assessed.pending
    assert [finding.code for finding in assessed.findings] == ["RATE_NOT_GIVEN"]


# what an amount rests on


def test_an_amount_that_rests_on_an_unverified_row_says_so():
    assessed = assess(VN, imported(line("22030091", origin="NL", unit="LTR")), DAY)
    verified = {amount.tax: amount.charge.verified for amount in assessed.lines[0].amounts}
    # the excise on beer was read in its law; the MFN rate, the VAT and the fee were not
    assert verified == {"NK": False, "TTDB": True, "GTGT": False, "LP": False}
    assert not assessed.is_verified


def test_a_share_of_an_unverified_rate_is_not_verified():
    amount, _ = duty_of(imported(line(origin="ET")))
    assert amount.charge.duty == ad_valorem(675_000)
    assert amount.charge.preference == "B03"
    assert not amount.charge.verified


def test_goods_that_are_not_subject_owe_nothing_by_their_law():
    assessed = assess(VN, imported(line("03036300", origin="NO", unit="KGM")), DAY)
    (vat,) = [amount for amount in assessed.lines[0].amounts if amount.tax == "GTGT"]
    assert (vat.payable_minor, vat.charge.note, vat.charge.law.act) == (0, NOT_SUBJECT, "13/2008/QH12")
    assert VN.tariff.as_of(DAY).given("03036300", Schedule.IMPORT, "GTGT") is Given.NOT_SUBJECT


# options


def test_form_e_would_save_forty_three_million(request):
    # 100,000,000: MFN 45 % = 45,000,000, VAT 10 % of 145,000,000 = 14,500,000: 59,500,000
    # form E 5 % = 5,000,000, VAT 10 % of 105,000,000 = 10,500,000: 15,500,000; 44,000,000 less
    best, now = rate_options(VN, imported(line()), 1, DAY)
    assert (best.preference, best.total_minor, best.saving_minor) == ("B05", 15_500_000, 44_000_000)
    assert best.amounts == {"NK": 5_000_000, "GTGT": 10_500_000}
    assert [finding.code for finding in best.missing] == ["ORIGIN_PROOF_MISSING"]
    assert best.missing[0].says["form"] == "E"
    assert (now.preference, now.total_minor, now.is_lowest, now.is_claimed) == ("", 59_500_000, True, True)
    assert not best.is_lowest
    assert not best.verified


def test_with_the_certificate_the_agreement_is_the_lowest_and_may_be_claimed():
    best, other = rate_options(VN, imported(line(documents=("CO_E",))), 1, DAY)
    assert (best.preference, best.missing, best.is_lowest, best.is_claimed) == ("B05", (), True, False)
    assert (other.preference, other.is_claimed, other.is_lowest, other.saving_minor) == ("", True, False, 0)


def test_a_claim_in_vain_pays_the_general_rate_and_is_not_what_it_claims():
    best, now = rate_options(VN, imported(line(claim="B05")), 1, DAY)
    assert (best.preference, best.is_claimed, best.saving_minor) == ("B05", False, 44_000_000)
    assert (now.preference, now.is_claimed) == ("", True)


def test_the_other_lines_do_not_matter_and_the_fee_is_no_part_of_a_line():
    options = rate_options(VN, imported(line("84295200", origin="JP"), line()), 2, DAY)
    assert [option.total_minor for option in options] == [15_500_000, 59_500_000]
    (machine,) = rate_options(VN, imported(line("84295200", origin="JP"), line()), 1, DAY)
    assert machine.amounts == {"NK": 0, "GTGT": 10_000_000}


def test_an_agreement_dearer_than_the_general_rate_is_no_option():
    # Korea: form AK 32 %, MFN 15 %
    options = rate_options(VN, imported(line("72139120", origin="KR", unit="TNE")), 1, DAY)
    assert [option.preference for option in options] == [""]


def test_a_preference_that_is_refused_is_no_option():
    options = rate_options(VN, imported(line("72091690", origin="AU", unit="TNE")), 1, DAY)
    assert [option.preference for option in options] == [""]


def test_goods_within_a_quota_lack_its_licence():
    # eggs: 80 % outside, 40 % inside; not subject to VAT
    inside, outside = rate_options(VN, imported(line("04072100", origin="US", unit="DZN")), 1, DAY)
    assert (inside.quota_order_id, inside.total_minor, inside.saving_minor) == (
        "TRQ-0407",
        40_000_000,
        40_000_000,
    )
    assert [finding.code for finding in inside.missing] == ["QUOTA_LICENCE_MISSING"]
    assert (outside.preference, outside.total_minor, outside.is_lowest) == ("B14", 80_000_000, True)


def test_a_late_act_names_the_days_it_reaches_back_to():
    wine = imported(line("22042111", origin="FR", documents=("CO_EUR1",), unit="LTR"))
    (before,) = rate_options(VN, wine, 1, date(2020, 7, 31))
    assert before.reached_back is None
    best, *_ = rate_options(VN, wine, 1, date(2020, 8, 15))
    assert best.preference == "EVFTA"
    # in force on 18 September, applied from 1 August
    assert best.reached_back == Period(date(2020, 8, 1), date(2020, 9, 17))
    best, *_ = rate_options(VN, wine, 1, date(2020, 9, 18))
    assert best.reached_back is None


def test_an_option_whose_rate_is_not_known_stands_last_without_a_sum():
    options = rate_options(VN, imported(line("10059099", origin="US", unit="KGM")), 1, date(2020, 7, 10))
    (option,) = options
    assert (option.duty, option.total_minor, option.amounts["NK"], option.is_lowest) == (
        None,
        None,
        None,
        False,
    )


def test_an_export_has_no_options_and_a_line_must_be_there():
    exported = msgspec.structs.replace(imported(line("27011100", unit="TNE")), type_code="B11")
    assert rate_options(VN, exported, 1, DAY) == ()
    with pytest.raises(IndexError):
        rate_options(VN, exported, 2, DAY)


# the whole


def test_the_pack_passes_and_only_countervailing_duty_is_unproven():
    report = check_named("vn")
    assert report.passed
    told = {finding.code for finding in report.findings if finding.severity is Severity.NOTE}
    assert told == {"PACK_RATE_UNVERIFIED", "PACK_RATES_UNVERIFIED"}
    # no countervailing duty was in force in 2019 and 2020
    warnings = [(f.code, f.at) for f in report.findings if f.severity is Severity.WARNING]
    assert warnings == [("PACK_TAX_UNPROVEN", "taxes CTC")]
    covered = {one.tax: one for one in report.coverage}
    assert covered["NK"].codes == covered["GTGT"].codes == 215
    assert covered["NK"].days == (Period(date(2019, 1, 1), date(2020, 12, 31)),)
    assert covered["TTDB"].verified == 41
    assert covered["CTC"].codes == 0


def test_arrays_answer_what_the_rows_answer_on_every_day_of_change():
    image = build(VN.tariff)
    codes = sorted({row.code for edition in VN.tariff.editions for row in edition.nomenclature})
    days = [day for day in image.starts if date(2019, 1, 1) <= day <= date(2020, 12, 31)]
    compared = 0
    for day in days:
        view = VN.tariff.as_of(day)
        for slot in {slot[:3] for slot in image.slots if slot.tax != "LP"}:
            tax, schedule, preference = slot
            number = image.slot(tax, schedule, preference)
            for code in codes:
                row = image.choose(code, number, day, "CN")
                chosen = view.choose(code, schedule, tax, "CN", preference).measure
                if row >= 0 and image.duty(row) is not None:
                    assert chosen == image.measure(row)
                    compared += 1
                else:
                    assert chosen is None or chosen.preference == "B03"
    assert compared > 15_000
