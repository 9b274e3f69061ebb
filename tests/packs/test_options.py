"""The rates that a line could take, for countries whose schemes ask for nothing but the origin."""

from datetime import date

import msgspec
import pytest

from thongquan.engine.dated import Period
from thongquan.engine.tariff.measures import ad_valorem
from thongquan.packs.check import read_cases
from thongquan.packs.options import LateLaw, late_laws, rate_options
from thongquan.packs.pack import claiming, load

SAMPLE, BRITAIN = load("sample"), load("gb")


def of_case(pack, name):
    cases, unreadable = read_cases(pack.folder / "cases")
    assert unreadable == []
    return cases[name].declaration, date.fromisoformat(cases[name].day)


def test_the_sample_country_offers_its_agreement_beside_the_general_rate():
    declaration, day = of_case(SAMPLE, "06-preference.json")
    preferred, general = rate_options(SAMPLE, declaration, 1, day)
    # 4 % of 10,000 and 10 % of 10,400; 12 % of 10,000 and 10 % of 11,200
    assert (preferred.preference, preferred.amounts) == ("FTXA", {"DUT": 400, "VAT": 1_040})
    assert (general.preference, general.amounts) == ("", {"DUT": 1_200, "VAT": 1_120})
    assert (preferred.total_minor, preferred.is_lowest, preferred.is_claimed) == (1_440, True, True)
    assert (general.is_lowest, general.is_claimed, general.saving_minor) == (False, False, 0)
    assert preferred.duty == ad_valorem(40_000)
    assert (preferred.missing, general.missing) == ((), ())


def test_a_refused_preference_leaves_the_general_rate_alone():
    declaration, day = of_case(SAMPLE, "06-preference.json")
    (general,) = rate_options(SAMPLE, declaration, 2, day)
    assert (general.preference, general.amounts["DUT"], general.is_claimed) == ("", 0, True)


def test_goods_of_another_origin_have_the_general_rate_only():
    declaration, day = of_case(SAMPLE, "06-preference.json")
    item = declaration.goods_items[0]
    foreign = tuple(msgspec.structs.replace(origin, country_code="XB") for origin in item.origins)
    items = (msgspec.structs.replace(item, origins=foreign, duty_tax_fees=()), declaration.goods_items[1])
    other = msgspec.structs.replace(declaration, goods_items=items)
    assert [option.preference for option in rate_options(SAMPLE, other, 1, day)] == [""]


def test_another_claim_changes_one_line_and_nothing_else():
    declaration, _ = of_case(SAMPLE, "06-preference.json")
    without = claiming(declaration, 1, "")
    assert without.goods_items[0].preference_code == ""
    assert without.goods_items[1] == declaration.goods_items[1]
    again = claiming(without, 1, "FTXA", "Q1")
    assert (again.goods_items[0].preference_code, again.goods_items[0].quota_order_id) == ("FTXA", "Q1")


@pytest.mark.parametrize("number", [0, 3])
def test_a_line_that_is_not_there_has_no_rates(number):
    declaration, day = of_case(SAMPLE, "06-preference.json")
    with pytest.raises(IndexError):
        rate_options(SAMPLE, declaration, number, day)


def test_every_british_case_has_what_it_pays_among_its_options():
    cases, _ = read_cases(BRITAIN.folder / "cases")
    offered = 0
    for name, case in cases.items():
        options = rate_options(BRITAIN, case.declaration, 1, date.fromisoformat(case.day))
        if options:
            assert sum(option.is_claimed for option in options) <= 1, name
            offered += 1
    assert offered


def test_an_act_that_reaches_back_names_its_days_and_goods():
    # 5/2025/D of 15 March 2025 applies from 1 March, to clothing; 6/2024/T of 10 January 2024 from 1 January
    agreement, clothing = late_laws(SAMPLE)
    assert agreement.days == Period(date(2024, 1, 1), date(2024, 1, 9))
    assert clothing == LateLaw(
        "5/2025/D", Period(date(2025, 3, 1), date(2025, 3, 14)), ("DUT",), ("61091000",)
    )


def test_the_act_on_the_evfta_reaches_back_to_august():
    (late,) = late_laws(load("vn"))
    # issued and in force on 18 September 2020; Decree 57/2020 has no rate here for the days that it reaches back to
    assert (late.act, late.days) == ("111/2020/NĐ-CP", Period(date(2020, 8, 1), date(2020, 9, 17)))
    assert late.taxes == ("NK",)
    assert "22042111" in late.commodities
