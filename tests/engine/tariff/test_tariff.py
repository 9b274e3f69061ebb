"""The view of a day, inheritance, and the general rule by which a rate is chosen."""

import random
from dataclasses import replace
from datetime import date

import pytest

from thongquan.engine.dated import Period
from thongquan.engine.findings import LegalRef, Severity
from thongquan.engine.tariff.measures import (
    FREE,
    Duty,
    Given,
    Measure,
    MeasureKind,
    Schedule,
    Share,
    Term,
    ad_valorem,
)
from thongquan.engine.tariff.nomenclature import Commodity, Nomenclature
from thongquan.engine.tariff.tariff import Edition, Tariff, share_of

ACT = "1/2026/ND"
YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))
DAY = date(2026, 6, 1)
IMPORT, EXPORT = Schedule.IMPORT, Schedule.EXPORT
CODES = ("0101", "010121", "01012100", "01012900", "0102", "01022100", "72081000")


def rate(commodity, duty=FREE, *, period=YEAR, act=ACT, at="", schedule=IMPORT, tax="import_duty", **more):
    given = more.pop("given", Given.RATE)
    return Measure(
        commodity,
        tax,
        schedule,
        period,
        LegalRef(act, at),
        given,
        duty if given is Given.RATE else None,
        **more,
    )


def edition(*measures, act=ACT, period=YEAR, codes=CODES):
    return Edition(act, period, measures, Nomenclature(Commodity(code, period) for code in codes))


def view(*measures, day=DAY, **more):
    return Tariff([edition(*measures, **more)]).as_of(day)


def choose(tariff, code="01012100", schedule=IMPORT, tax="import_duty", **claim):
    return tariff.choose(code, schedule, tax, **claim)


def codes_of(choice):
    return [finding.code for finding in choice.findings]


FIVE, TEN, TWENTY = ad_valorem(50_000), ad_valorem(100_000), ad_valorem(200_000)


# editions


def test_the_hash_does_not_depend_on_the_order_of_rows():
    rows = [
        rate("0101", TEN),
        rate("0102", FIVE, preference="ACFTA"),
        rate("0102", TEN, origins=("CN", "JP")),
    ]
    goods = [Commodity(code, YEAR, {"vi": f"Hàng {code}", "en": f"Goods {code}"}) for code in CODES]
    first = Edition(ACT, YEAR, tuple(rows), Nomenclature(goods)).hash
    for seed in range(5):
        random.Random(seed).shuffle(rows)
        random.Random(seed).shuffle(goods)
        assert Edition(ACT, YEAR, tuple(rows), Nomenclature(goods)).hash == first


@pytest.mark.parametrize(
    "change",
    [
        {"commodity": "0102"},
        {"duty": FIVE},
        {"preference": "ACFTA"},
        {"origins": ("CN",)},
        {"excluded_origins": ("CN",)},
        {"period": Period(date(2026, 1, 2))},
        {"law": LegalRef(ACT, "art. 2")},
        {"schedule": EXPORT},
        {"tax": "vat"},
        {"quota_order_id": "Q1"},
        {"additional_code": "C490"},
        {"kind": MeasureKind.SUSPENSION},
        {"verified": False},
    ],
)
def test_the_hash_tells_every_change_of_law(change):
    row = rate("0101", TEN)
    assert edition(row).hash != edition(replace(row, **change)).hash


def test_the_hash_does_not_depend_on_how_a_rate_was_printed():
    assert edition(rate("0101", TEN, text="10")).hash == edition(rate("0101", TEN, text="10 %")).hash


def test_an_edition_says_what_is_doubtful_in_it():
    late = Period(date(2026, 12, 1), date(2027, 1, 31))
    odd = edition(rate("0101", TEN), rate("0101", FIVE, period=late), rate("9999", TEN))
    assert [(finding.code, dict(finding.says)) for finding in odd.problems()] == [
        ("COMMODITY_UNKNOWN", {"code": "9999"}),
        ("MEASURE_OUTSIDE_EDITION", {"code": "0101", "first_day": "2026-12-01"}),
        (
            "RATES_OVERLAP",
            {"code": "0101", "tax": "import_duty", "preference": "general", "on": "2026-12-01"},
        ),
    ]
    assert edition(rate("0101", TEN), rate("", FIVE)).problems() == ()


# the day


def test_a_row_speaks_only_on_its_days():
    to_may = Period(date(2026, 1, 1), date(2026, 5, 31))
    from_june = Period(date(2026, 6, 1), date(2026, 12, 31))
    tariff = Tariff([edition(rate("0101", TEN, period=to_may), rate("0101", FIVE, period=from_june))])
    assert choose(tariff.as_of(date(2026, 5, 31))).measure.duty == TEN
    assert choose(tariff.as_of(date(2026, 6, 1))).measure.duty == FIVE
    assert choose(tariff.as_of(date(2026, 12, 31))).measure.duty == FIVE
    assert codes_of(choose(tariff.as_of(date(2027, 1, 1)))) == ["COMMODITY_NOT_IN_FORCE"]
    assert codes_of(choose(tariff.as_of(date(2025, 12, 31)))) == ["COMMODITY_NOT_IN_FORCE"]


def test_an_edition_bounds_its_rows():
    short = Period(date(2026, 1, 1), date(2026, 3, 31))
    tariff = Tariff([edition(rate("0101", TEN, period=YEAR), period=short)])
    assert choose(tariff.as_of(date(2026, 3, 31))).measure.duty == TEN
    assert choose(tariff.as_of(date(2026, 4, 1))).measure is None


def test_two_editions_of_a_day_speak_together():
    vat = edition(rate("", ad_valorem(80_000), tax="vat", act="2/2026/QH"), act="2/2026/QH", codes=())
    tariff = Tariff([edition(rate("0101", TEN)), vat]).as_of(DAY)
    assert choose(tariff).measure.duty == TEN
    assert choose(tariff, tax="vat").measure.duty == ad_valorem(80_000)
    assert choose(tariff, tax="vat").measure.law == LegalRef("2/2026/QH")


# inheritance


def test_a_code_takes_the_rate_of_the_nearest_code_above():
    tariff = view(rate("", TWENTY), rate("0101", TEN), rate("010121", FIVE))
    assert choose(tariff, "01012100").measure.duty == FIVE
    assert choose(tariff, "01012900").measure.duty == TEN
    assert choose(tariff, "01022100").measure.duty == TWENTY


def test_each_preference_is_inherited_on_its_own():
    tariff = view(rate("0101", TEN), rate("0101", FIVE, preference="ACFTA"), rate("01012100", TWENTY))
    assert choose(tariff).measure.duty == TWENTY
    assert choose(tariff, preference="ACFTA").measure.duty == FIVE


def test_the_schedules_are_never_mixed():
    tariff = view(rate("0101", TEN), rate("0101", FIVE, schedule=EXPORT))
    assert choose(tariff).measure.duty == TEN
    assert choose(tariff, schedule=EXPORT).measure.duty == FIVE
    assert [row.duty for row in tariff.measures("01012100", "import_duty", EXPORT)] == [FIVE]


# the general rule


def test_blank_no_preference_and_zero_are_three_things():
    tariff = view(
        rate("0101", TEN),
        rate("0101", FREE, preference="ATIGA"),
        rate("0101", preference="ACFTA", given=Given.NO_PREFERENCE),
    )
    assert tariff.given("01012100", IMPORT, "import_duty", "ATIGA") is Given.RATE
    assert tariff.given("01012100", IMPORT, "import_duty", "ACFTA") is Given.NO_PREFERENCE
    assert tariff.given("01012100", IMPORT, "import_duty", "EVFTA") is Given.NOT_GIVEN
    free = choose(tariff, preference="ATIGA")
    assert (free.measure.duty, free.findings) == (FREE, ())
    denied = choose(tariff, preference="ACFTA")
    assert denied.measure.duty == TEN
    assert [(f.code, f.severity) for f in denied.findings] == [("NO_PREFERENCE_RATE", Severity.NOTE)]
    missing = choose(tariff, preference="EVFTA", at="goods_items[2]")
    assert missing.measure is None
    (finding,) = missing.findings
    assert (finding.code, finding.at) == ("RATE_NOT_GIVEN", "goods_items[2].commodity_code")
    assert finding.says == {"code": "01012100", "on": "2026-06-01", "preference": "EVFTA"}
    assert finding.severity is Severity.ERROR


def test_a_rate_that_is_not_given_is_never_zero():
    tariff = view(rate("0101", given=Given.NOT_GIVEN))
    assert choose(tariff).measure is None
    assert codes_of(choose(tariff)) == ["RATE_NOT_GIVEN"]
    assert codes_of(choose(view())) == ["RATE_NOT_GIVEN"]


def test_every_possible_rate_is_listed_whatever_was_claimed():
    tariff = view(
        rate("0101", TEN),
        rate("0101", FIVE, preference="ACFTA", excluded_origins=("ID",)),
        rate("0101", FREE, preference="EVFTA", origins=("DE", "FR")),
        rate("0101", preference="CPTPP", given=Given.NO_PREFERENCE),
    )
    assert [(row.preference, row.duty) for row in choose(tariff, origin="CN").possible] == [
        ("", TEN),
        ("ACFTA", FIVE),
    ]
    assert [row.preference for row in choose(tariff, origin="FR").possible] == ["", "ACFTA", "EVFTA"]
    assert [row.preference for row in choose(tariff, origin="ID").possible] == [""]
    assert [row.preference for row in choose(tariff, origin="ID", preference="ACFTA").possible] == [""]


def test_an_origin_that_does_not_enjoy_the_rate_is_a_finding():
    tariff = view(rate("0101", TEN), rate("0101", FREE, preference="ACFTA", excluded_origins=("ID", "MY")))
    assert choose(tariff, preference="ACFTA", origin="CN").measure.duty == FREE
    refused = choose(tariff, preference="ACFTA", origin="MY")
    assert refused.measure is None
    assert codes_of(refused) == ["ORIGIN_NOT_ELIGIBLE"]
    assert [row.duty for row in refused.possible] == [TEN]


def test_one_origin_may_have_a_rate_of_its_own():
    tariff = view(
        rate("0101", ad_valorem(150_000), preference="CPTPP", excluded_origins=("MX",)),
        rate("0101", ad_valorem(180_000), preference="CPTPP", origins=("MX",)),
    )
    assert choose(tariff, preference="CPTPP", origin="JP").measure.duty == ad_valorem(150_000)
    assert choose(tariff, preference="CPTPP", origin="MX").measure.duty == ad_valorem(180_000)


def test_a_rate_for_named_origins_goes_before_the_rate_for_all():
    tariff = view(rate("0101", TEN), rate("0101", FIVE, origins=("CN",)))
    assert choose(tariff, origin="CN").measure.duty == FIVE
    assert choose(tariff, origin="JP").measure.duty == TEN


def test_the_quota_rate_is_taken_only_when_the_quota_is_claimed():
    tariff = view(
        rate("0101", ad_valorem(850_000)),
        rate("0101", ad_valorem(400_000), kind=MeasureKind.QUOTA, quota_order_id="TRQ-0101"),
    )
    assert choose(tariff).measure.duty == ad_valorem(850_000)
    assert choose(tariff, quota_order_id="TRQ-0101").measure.duty == ad_valorem(400_000)
    wrong = choose(tariff, quota_order_id="TRQ-1701")
    assert wrong.measure is None
    assert codes_of(wrong) == ["QUOTA_NOT_FOR_COMMODITY"]
    assert wrong.findings[0].says["quotas"] == "TRQ-0101"


def test_a_code_with_rates_only_inside_a_quota_asks_for_it():
    tariff = view(rate("0101", FIVE, kind=MeasureKind.QUOTA, quota_order_id="TRQ-0101"))
    assert codes_of(choose(tariff)) == ["QUOTA_NOT_CLAIMED"]


def test_a_suspension_goes_before_the_duty_when_its_condition_holds():
    tariff = view(
        rate("0101", TEN),
        rate("0101", FREE, kind=MeasureKind.SUSPENSION, additional_code="SHIP"),
    )
    assert choose(tariff).measure.duty == TEN
    assert choose(tariff, additional_codes=("SHIP",)).measure.duty == FREE


def test_a_rate_that_asks_for_a_code_says_which():
    tariff = view(rate("0101", TEN, additional_code="A1"), rate("0101", FIVE, additional_code="A2"))
    assert choose(tariff, additional_codes=("A2", "X")).measure.duty == FIVE
    missing = choose(tariff)
    assert codes_of(missing) == ["ADDITIONAL_CODE_MISSING"]
    assert missing.findings[0].says["codes"] == "A1, A2"


def test_two_rates_that_hold_alike_are_never_chosen_between():
    tariff = view(rate("0101", TEN), rate("0101", FIVE, at="art. 2"))
    refused = choose(tariff)
    assert refused.measure is None
    assert codes_of(refused) == ["RATES_DISAGREE"]
    assert refused.findings[0].says["rates"] == "10 %, 5 %"
    assert choose(view(rate("0101", TEN), rate("0101", TEN, at="art. 2"))).measure.duty == TEN


def test_a_share_of_the_general_rate_is_computed_exactly():
    # 150 % of 7.5 % = 11.25 %
    share = {"given": Given.DERIVED, "derived": Share(1_500_000), "preference": "ordinary"}
    tariff = view(rate("0101", ad_valorem(75_000)), rate("0101", **share))
    chosen = choose(tariff, preference="ordinary").measure
    assert (chosen.duty, chosen.given, chosen.preference) == (ad_valorem(112_500), Given.RATE, "ordinary")
    assert tariff.given("01012100", IMPORT, "import_duty", "ordinary") is Given.DERIVED
    without = choose(view(rate("0101", **share)), preference="ordinary")
    assert without.measure is None
    assert codes_of(without) == ["RATE_BASE_MISSING"]


def test_a_share_that_is_no_whole_figure_is_not_rounded():
    assert share_of(ad_valorem(75_000), 1_500_000) == ad_valorem(112_500)
    assert share_of(ad_valorem(1), 1_500_000) is None
    specific = Duty((Term(specific_millionths=4_000_000, currency="VND", unit="LTR"),))
    assert share_of(specific, 500_000) == Duty(
        (Term(specific_millionths=2_000_000, currency="VND", unit="LTR"),)
    )
    share = {"given": Given.DERIVED, "derived": Share(1_500_000), "preference": "ordinary"}
    inexact = choose(view(rate("0101", ad_valorem(1)), rate("0101", **share)), preference="ordinary")
    assert codes_of(inexact) == ["RATE_SHARE_NOT_EXACT"]


def test_candidates_are_the_rows_whose_conditions_hold_best_first():
    tariff = view(
        rate("0101", TEN),
        rate("0101", FIVE, preference="ACFTA"),
        rate("0101", FREE, kind=MeasureKind.QUOTA, quota_order_id="Q1", preference="ACFTA"),
        rate("0101", FREE, preference="EVFTA"),
        rate("0101", TWENTY, kind=MeasureKind.TRADE_DEFENCE),
    )
    rows = tariff.candidates("01012100", IMPORT, "import_duty", "CN", "ACFTA")
    assert [(row.preference, row.duty) for row in rows] == [("ACFTA", FIVE), ("", TEN)]
    rows = tariff.candidates("01012100", IMPORT, "import_duty", "CN", "ACFTA", "Q1")
    assert [(row.preference, row.duty) for row in rows] == [("ACFTA", FREE), ("ACFTA", FIVE), ("", TEN)]


# trade defence


def anti_dumping(duty, *, act="AD1", commodity="7208", **more):
    return rate(commodity, duty, act=act, tax="anti_dumping", kind=MeasureKind.TRADE_DEFENCE, **more)


def test_trade_defence_is_due_beside_the_duty():
    tariff = view(
        rate("7208", TEN),
        anti_dumping(TWENTY, origins=("CN",)),
        anti_dumping(FIVE, act="SG1", commodity="72"),
    )
    chinese = choose(tariff, "72081000", origin="CN")
    assert chinese.measure.duty == TEN
    assert [(row.law.act, row.duty) for row in chinese.defence] == [("AD1", TWENTY), ("SG1", FIVE)]
    assert [row.law.act for row in choose(tariff, "72081000", origin="JP").defence] == ["SG1"]


def test_a_duty_nearer_to_the_code_does_not_lift_trade_defence():
    tariff = view(anti_dumping(TWENTY), rate("72081000", FREE))
    assert [row.duty for row in choose(tariff, "72081000").defence] == [TWENTY]


def test_the_maker_s_rate_goes_before_the_rate_for_all_others():
    tariff = view(rate("7208", TEN), anti_dumping(TWENTY), anti_dumping(FIVE, additional_code="C490"))
    assert [row.duty for row in choose(tariff, "72081000", additional_codes=("C490",)).defence] == [FIVE]
    assert [row.duty for row in choose(tariff, "72081000").defence] == [TWENTY]


def test_an_unknown_maker_is_a_finding_where_only_makers_have_rates():
    tariff = view(rate("7208", TEN), anti_dumping(FIVE, additional_code="C490"))
    chosen = choose(tariff, "72081000")
    assert chosen.defence == ()
    assert codes_of(chosen) == ["ADDITIONAL_CODE_MISSING"]
    assert chosen.findings[0].law == LegalRef("AD1")


# the nomenclature of the day


def test_the_view_knows_the_codes_of_its_day():
    tariff = view(rate("0101", TEN))
    assert tariff.knows("01012100")
    assert not tariff.knows("01013000")
    assert tariff.is_declarable("01012100")
    assert not tariff.is_declarable("0101")
    assert [row.code for row in tariff.ancestors("01012100")] == ["010121", "0101"]
    assert tariff.commodity("0101").code == "0101"
    assert codes_of(choose(tariff, "01013000")) == ["COMMODITY_NOT_IN_FORCE"]


def test_views_of_one_day_are_one_object_and_answer_alike_after_much_use():
    tariff = Tariff([edition(rate("0101", TEN))])
    first = tariff.as_of(DAY)
    assert tariff.as_of(DAY) is first
    for offset in range(200):
        tariff.as_of(date.fromordinal(DAY.toordinal() + offset))
    assert choose(tariff.as_of(DAY)).measure.duty == TEN
