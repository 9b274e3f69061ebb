"""What the law of a day says of a code: which rates apply, which is the lowest, and what a better one lacks."""

from datetime import date

import pytest

from thongquan.engine.dated import Period
from thongquan.engine.findings import LegalRef
from thongquan.engine.tariff.measures import Given, Measure, Schedule, ad_valorem
from thongquan.engine.tariff.nomenclature import Commodity, Nomenclature
from thongquan.engine.tariff.tariff import Edition, Tariff
from thongquan.packs.inquiry import EXPORT, Question, history_of, inquire, scheme_of
from thongquan.packs.pack import load
from thongquan.packs.what_if import with_tariff

VN, SAMPLE = load("vn"), load("sample")
DAY = date(2020, 6, 15)


def by_scheme(answer):
    return {(one.measure.preference, one.measure.additional_code): one for one in answer.rates}


def test_the_rate_that_owes_least_is_marked_and_a_better_one_says_what_it_lacks():
    # Apples of China, 500,000,000: MFN 10 % = 50,000,000; form E 0 %. VAT: not subject.
    answer = inquire(VN, Question("08081000", DAY, origin="CN", value_minor=500_000_000))
    rates = by_scheme(answer)
    general, with_e = rates["", ""].option, rates["B05", ""].option
    assert (general.is_lowest, general.is_lawful, general.total_minor) == (True, True, 50_000_000)
    assert (with_e.is_lawful, with_e.total_minor, with_e.saving_minor) == (False, 0, 50_000_000)
    assert [finding.code for finding in with_e.missing] == ["ORIGIN_PROOF_MISSING"]
    assert (rates["B03", ""].is_for_origin, rates["B04", ""].is_for_origin) == (False, False)
    assert answer.rates[0].option is with_e, "the least to pay stands first"


def test_with_the_certificate_the_better_rate_is_taken():
    answer = inquire(VN, Question("08081000", DAY, origin="CN", form="E", value_minor=500_000_000))
    assert (answer.best.preference, answer.best.total_minor) == ("B05", 0)
    assert [(trace.tax, trace.payable_minor) for trace in answer.traces] == [("NK", 0), ("GTGT", 0)]


def test_every_tax_of_the_line_stands_with_its_base_and_its_law():
    # A car of 372,800,000: 70 % = 260,960,000; 40 % of 633,760,000 = 253,504,000; 10 % of 887,264,000 = 88,726,400
    answer = inquire(VN, Question("87032361", DAY, origin="JP", value_minor=372_800_000))
    assert [(one.tax, one.base_millionths // 10**6, one.payable_minor) for one in answer.traces] == [
        ("NK", 372_800_000, 260_960_000),
        ("TTDB", 633_760_000, 253_504_000),
        ("GTGT", 887_264_000, 88_726_400),
    ]
    assert all(one.rate_law for one in answer.traces)
    assert not answer.is_verified


def test_goods_of_no_partner_pay_the_ordinary_rate_worked_out():
    # Ethiopia is no member: 150 % of 70 % = 105 %
    answer = inquire(VN, Question("87032361", DAY, origin="ET"))
    ordinary = by_scheme(answer)["B03", ""]
    assert ordinary.measured.duty.share_ppm == 1_050_000
    assert (ordinary.option.is_lowest, by_scheme(answer)["", ""].is_for_origin) == (True, False)


def test_a_rate_for_used_goods_is_the_answer_only_for_used_goods():
    new = by_scheme(inquire(VN, Question("87032361", DAY, origin="JP")))
    assert new["", "USED"].option is None
    used = inquire(VN, Question("87032361", DAY, origin="JP", additional_codes=("USED",)))
    assert used.traces[0].payable_minor is None, "no quantity: never zero"
    assert "DUTY_QUANTITY_MISSING" in {finding.code for finding in used.findings}


@pytest.mark.parametrize(
    ("form", "origin", "day", "scheme"),
    [
        ("VJ", "JP", DAY, ("B10", "CO_VJ")),
        ("co_e", "CN", DAY, ("B05", "CO_E")),
        ("EUR.1", "DE", date(2020, 9, 1), ("EVFTA", "CO_EUR1")),
        ("EUR.1", "GB", date(2021, 6, 1), ("UKVFTA", "CO_EUR1")),
        ("ZZ", "CN", DAY, ("", "")),
        ("", "CN", DAY, ("", "")),
    ],
)
def test_a_form_is_for_a_scheme_and_is_shown_by_a_document(form, origin, day, scheme):
    assert scheme_of(VN, form, origin, day) == scheme


def test_the_history_of_a_rate_has_its_days():
    runs = next(
        one.runs for one in history_of(VN.tariff, "08081000") if (one.tax, one.preference) == ("NK", "")
    )
    assert [(run.first_day, run.last_day, run.measure.duty.share_ppm) for run in runs] == [
        (date(2019, 1, 1), date(2020, 7, 9), 100_000),
        (date(2020, 7, 10), date(2020, 12, 31), 80_000),
    ]
    assert runs[1].measure.law.act == "57/2020/NĐ-CP"


def test_a_code_of_no_tariff_has_no_history_of_its_own():
    assert {run.measure.commodity for one in history_of(VN.tariff, "99999999") for run in one.runs} <= {""}


def test_permits_of_other_ministries_stand_with_their_act():
    (permit,) = inquire(VN, Question("08081000", DAY, origin="CN")).permits
    assert (permit.facts["documents"], permit.law.act) == ("PHYTO", "30/2014/TT-BNNPTNT")
    assert inquire(VN, Question("08081000", DAY, flow=EXPORT)).permits == ()


def test_exports_are_answered_by_their_own_annex():
    # Coal: an export duty of 10 % on 100,000,000
    answer = inquire(VN, Question("27011100", DAY, flow=EXPORT, quantity_millionths=10**6, unit="TNE"))
    assert [(trace.tax, trace.payable_minor) for trace in answer.traces] == [("XK", 10_000_000)]


def test_an_unknown_code_is_no_answer():
    answer = inquire(VN, Question("99999999", DAY, origin="CN"))
    assert not answer.is_known
    assert (answer.options, answer.assessment) == ((), None)


def test_any_country_answers():
    answer = inquire(SAMPLE, Question("09011100", date(2025, 6, 1), origin="XA"))
    assert answer.is_known
    assert answer.traces


def test_a_row_for_other_members_of_an_agreement_is_none_of_this_origin():
    # CPTPP prints a rate for Mexico beside that for all others.
    law = LegalRef("Workbook")
    days = Period(date(2026, 1, 1))
    rows = [
        Measure("87032361", "NK", Schedule.IMPORT, days, law, Given.RATE, ad_valorem(350_000), preference="CPTPP",
                origins=("MX",)),
        Measure("87032361", "NK", Schedule.IMPORT, days, law, Given.RATE, ad_valorem(280_000), preference="CPTPP",
                excluded_origins=("MX",)),
        Measure("87032361", "NK", Schedule.IMPORT, days, law, Given.RATE, ad_valorem(700_000)),
        Measure("", "GTGT", Schedule.IMPORT, days, law, Given.RATE, ad_valorem(100_000)),
    ]  # fmt: skip
    edition = Edition("Workbook", days, tuple(rows), Nomenclature([Commodity("87032361", days)]))
    pack = with_tariff(VN, Tariff([edition]))
    answer = inquire(pack, Question("87032361", date(2026, 6, 1), origin="JP", form="CPTPP"))
    shown = {one.measure.origins: one for one in answer.rates if one.measure.preference}
    assert (shown["MX",].option, shown["MX",].is_for_origin) == (None, False)
    assert shown[()].option.is_lowest
