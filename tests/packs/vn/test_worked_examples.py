"""The worked examples that lie beside the repository: computed, published, aggregated, and of other rules.

Each computed example is assessed by the country's own taxes, bases and rounding, from its structured input alone: its
rates make an edition of the day, because several of them are of another year. What the pack's own rows yield stands
as cases beside the pack.
"""

import json
from dataclasses import replace
from datetime import date
from fractions import Fraction

import msgspec
import pytest

from thongquan.engine.assessment.exchange import ExchangeRate, ExchangeRates
from thongquan.engine.assessment.formulas import Part, Parts, assessed_minor, exact_millionths
from thongquan.engine.assessment.scalar import assess_line
from thongquan.engine.assessment.taxes import CUSTOMS_VALUE, Charge, Line, Tax
from thongquan.engine.dated import Period
from thongquan.engine.declaration import Declaration
from thongquan.engine.findings import LegalRef
from thongquan.engine.money import Rounding, apportion, millionths_of
from thongquan.engine.tariff.measures import FREE, Duty, Given, Measure, MeasureKind, Schedule, Term
from thongquan.engine.tariff.nomenclature import Commodity, Nomenclature
from thongquan.engine.tariff.tariff import Edition, Tariff
from thongquan.packs.check import Case
from thongquan.packs.pack import Pack, assess, load
from thongquan.packs.vn.rates import ORDINARY

VN = load("vn")
ACT = LegalRef("the example")
UNITS = {"t": "TNE", "l": "LTR", "m2": "MTK", "dozen": "DZN"}
SCHEDULES = {"E": "B05", "D": "B04", "AK": "B06", "EUR.1": "EVFTA"}
RATE_OF_FORM = {7: "32"}
"""The agreement's own rate, per cent, where the example applies the lower MFN rate (its title says both)."""
NUMBERS = [1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19, 20, 22, 23, 25, 26, 28, 29, 31, 32, 34, 35]


@pytest.fixture(scope="module")
def examples(shared_data):
    file = shared_data / "vn" / "worked_examples.json"
    if not file.is_file():
        pytest.skip(f"no worked examples at {file}")
    return json.loads(file.read_bytes())


def percent(text: str) -> Term:
    return Term(rate_ppm=millionths_of(text) // 100)


def edition(given: dict, preference: str, rate_of_form: str | None) -> Edition:
    """The rates of one example as rows of law. preference: under which the duty stands, "" the general one.

    Under an agreement the general rate is one point higher, so that only the right choice gives the example's sum;
    where the agreement's own rate is given, the example's duty is the general one.
    """
    day = date.fromisoformat(given["registered_on"])
    period = Period(day, day)
    unit = UNITS.get(given["unit"], "PCE")
    rows: list[Measure] = []

    def row(tax: str, *terms: Term, of: str = "", **more: object) -> None:
        schedule = Schedule.EXPORT if tax == "XK" else Schedule.IMPORT
        rows.append(
            Measure(given["code"], tax, schedule, period, ACT, Given.RATE, Duty(terms), preference=of, **more)
        )

    duty = [percent(given["duty_pct"])] if given["duty_pct"] else []
    if given["duty_specific_usd_per_unit"]:
        price = millionths_of(given["duty_specific_usd_per_unit"])
        duty.append(Term(specific_millionths=price, currency="USD", unit=unit))
    if rate_of_form:
        row("NK", *duty)
        row("NK", percent(rate_of_form), of=preference)
    else:
        row("XK" if given["direction"] == "export" else "NK", *duty, of=preference)
        if preference not in ("", ORDINARY):
            row("NK", Term(rate_ppm=duty[0].rate_ppm + 10_000))
    for name in ("remedy_pct", "remedy_vnd_per_unit"):
        if given[name]:
            price = Term(specific_millionths=millionths_of(given[name]), currency="VND", unit=unit)
            row("TV", percent(given[name]) if name == "remedy_pct" else price, kind=MeasureKind.TRADE_DEFENCE)
    if given["excise_pct"]:
        row("TTDB", percent(given["excise_pct"]))
    if given["environment_vnd_per_unit"]:
        price = millionths_of(given["environment_vnd_per_unit"])
        row("BVMT", Term(specific_millionths=price, currency="VND", unit=unit))
    if given["vat_status"] == "taxable":
        row("GTGT", percent(given["vat_pct"]))
    elif given["vat_status"] == "not subject":
        rows.append(Measure(given["code"], "GTGT", Schedule.IMPORT, period, ACT, Given.NOT_SUBJECT, FREE))
    codes = Nomenclature([Commodity(given["code"], period)])
    return Edition("the example", period, tuple(rows), codes)


def with_law(pack: Pack, law: Edition, given: dict) -> Pack:
    """The country with another tariff, and the example's rate of exchange."""
    period = Period(date(2000, 1, 1))
    rates = [ExchangeRate.per_unit("USD", period, millionths_of(given["fx_vnd_per_unit"]), ACT)]
    made = replace(
        pack, exchange=ExchangeRates("VND", 0, rates if given["currency"] == "USD" else []), quotas=()
    )
    vars(made)["tariff"] = Tariff([law])
    return made


def declaration(given: dict, origin: str, preference: str) -> Declaration:
    """The declaration of an example: one line, its price as a whole."""
    price = Fraction(given["quantity"]) * Fraction(given["unit_price"])
    line = {
        "classifications": [{"id": given["code"], "identification_type_code": "TSP"}],
        "tariff_quantity": {
            "millionths": millionths_of(given["quantity"]),
            "unit": UNITS.get(given["unit"], "PCE"),
        },
        "item_charge": {"millionths": int(price * 1_000_000), "currency": given["currency"]},
    }
    if origin:
        line["origins"] = [{"country_code": origin, "type_code": "1"}]
    if preference not in ("", ORDINARY):
        line["duty_tax_fees"] = [{"duty_regime_code": preference}]
        proof = given["proof_of_origin"].replace(".", "")
        line["additional_documents"] = [{"type_code": f"CO_{proof}"}]
    is_export = given["direction"] == "export"
    return msgspec.convert(
        {
            "function_code": "9",
            "type_code": "B11" if is_export else "A11",
            "trade_terms": {"condition_code": "FOB" if is_export else "CIF"},
            "goods_items": [line],
        },
        Declaration,
    )


@pytest.mark.parametrize("number", NUMBERS)
def test_the_computed_examples_come_out_to_the_dong(examples, number):
    (example,) = [one for one in examples["computed"] if one["n"] == number]
    given = example["input"]
    preference = SCHEDULES[given["proof_of_origin"]] if given["proof_of_origin"] else ""
    is_ordinary = "ordinary" in example["title"]
    # an example without an origin is of any that enjoys MFN treatment, or of the agreement that its form is for
    origin = given["origin"] or ("" if is_ordinary else "MY")
    law = edition(given, ORDINARY if is_ordinary else preference, RATE_OF_FORM.get(number))
    day = date.fromisoformat(given["registered_on"])
    assessed = assess(with_law(VN, law, given), declaration(given, origin, preference), day)
    assert assessed.valuation is not None
    assert assessed.valuation.totals[CUSTOMS_VALUE] == example["value"]
    line = assessed.lines[0]
    paid = {tax: line.payable_minor(tax) for tax in ("NK", "XK", "TV", "TTDB", "BVMT", "GTGT")}
    assert paid == {
        "NK": 0 if given["direction"] == "export" else example["import_or_export_duty"],
        "XK": example["import_or_export_duty"] if given["direction"] == "export" else 0,
        "TV": example["remedy"],
        "TTDB": example["ttdb"],
        "BVMT": example["bvmt"],
        "GTGT": example["vat"],
    }
    assert sum(paid.values()) == example["total"]


OWN = {
    1: "mfn-free", 4: "ordinary", 5: "form-e", 7: "mfn-below-preference", 8: "vat-not-subject", 10: "evfta",
    11: "beer", 13: "form-d", 14: "car-mfn", 17: "bus-16-used", 19: "petrol", 20: "diesel", 22: "export-anthracite",
    23: "export-clinker", 25: "ad02-china", 26: "sg06-2020-03-08", 28: "sugar-out-of-quota", 29: "eggs-out-of-quota",
    31: "vat-10", 32: "air-conditioner",
}  # fmt: skip
"""The examples that the pack's own rows yield on a day of 2020 → their case beside the pack."""


@pytest.mark.parametrize("number", OWN)
def test_the_packs_own_rows_yield_the_example(examples, number):
    (example,) = [one for one in examples["computed"] if one["n"] == number]
    (file,) = (VN.folder / "cases").glob(f"rates-*[0-9]-{OWN[number]}.json")
    case = msgspec.json.decode(file.read_bytes(), type=Case)
    sums = {expected.tax: int(expected.payable or 0) for expected in case.expected}
    assert sums.pop("LP") == 20_000
    assert sums.get("NK", 0) + sums.get("XK", 0) == example["import_or_export_duty"]
    assert sums.get("CBPG", 0) + sums.get("TV", 0) == example["remedy"]
    assert [sums.get(tax, 0) for tax in ("TTDB", "BVMT", "GTGT")] == [
        example["ttdb"],
        example["bvmt"],
        example["vat"],
    ]
    assert sum(sums.values()) == example["total"]


def test_there_are_no_other_computed_examples(examples):
    assert [one["n"] for one in examples["computed"]] == NUMBERS


# published


def test_a_bag_of_several_layers_pays_for_its_plastic(examples):
    # TT 152/2011/TT-BTC, example 8: 70 % of 100 kg × 40,000 VND/kg (the rate then) = 2,800,000
    duty = Duty((Term(specific_millionths=40_000_000_000, currency="VND", unit="KGM"),))
    charge = Charge("BVMT", duty, ACT)
    line = Line({CUSTOMS_VALUE: 0}, (charge,), {"KGM": millionths_of("70")})
    day = ExchangeRates("VND", 0).as_of(date(2018, 1, 1))
    amount = assess_line(line, VN.taxes, day).payable_minor("BVMT")
    assert amount == 2_800_000 == published(examples, "152/2011")


def test_the_excise_price_of_beer_is_taken_out_of_the_selling_price(examples):
    # TT 195/2015/TT-BTC, example 6: 21,000 / (1 + 55 %) = 13,548.38… → 13,548
    base = Fraction(21_000) / (1 + Fraction(55, 100))
    exact = int(base * 1_000_000)
    assert assessed_minor(exact, Rounding.HALF_UP, 1) == 13_548 == published(examples, "example 6")
    # and back: 55 % of that price, with it, is the selling price again
    assert 13_548 + int(exact_millionths(13_548, 1, Parts(Part(550_000)))) // 1_000_000 == 20_999


def test_the_excise_set_off_was_printed_with_its_fraction_cut_off(examples):
    # TT 195/2015/TT-BTC, example 11: (5,000,000 + 3,300,000) / 8,000 l × 95.06 % × 1,000 l = 986,247.5
    exact = Fraction(8_300_000, 8_000) * Fraction(9_506, 10_000) * 1_000
    assert exact == Fraction(1_972_495, 2)
    millionths = int(exact * 1_000_000)
    # The Ministry printed 986,247: a pack that rounds so says `truncate` for the tax, and nothing else changes.
    assert assessed_minor(millionths, Rounding.TRUNCATE, 1) == 986_247 == published(examples, "example 11")
    assert assessed_minor(millionths, Rounding.HALF_UP, 1) == 986_248
    tax = Tax("TTDB", (CUSTOMS_VALUE,), ACT, Rounding.TRUNCATE)
    # 95.06 % of 1,037,500, the excise on 1,000 of the 8,000 litres
    line = Line({CUSTOMS_VALUE: 1_037_500}, (Charge("TTDB", Duty((Term(rate_ppm=950_600),)), ACT),))
    day = ExchangeRates("VND", 0).as_of(date(2016, 1, 1))
    assert assess_line(line, (tax,), day).payable_minor("TTDB") == 986_247


def test_excise_paid_at_import_is_set_off_at_home(examples):
    # TT 195/2015/TT-BTC, example 12: 350 m due, 150 m paid at import: 200 m. 1,000 m × 35 % = 350 m
    charge = Charge("TTDB", Duty((Term(rate_ppm=350_000),)), ACT, credit_minor=150_000_000)
    line = Line({CUSTOMS_VALUE: 1_000_000_000}, (charge,))
    day = ExchangeRates("VND", 0).as_of(date(2016, 1, 1))
    amount = assess_line(line, VN.taxes, day).payable_minor("TTDB")
    assert amount == 200_000_000 == published(examples, "example 12")


def test_the_published_revenue_adds_up_within_its_printed_precision(examples):
    # 81.5 + 308 + 85.9 + 32 + 719.9 + 0.72 + 6.5 = 1,234.52 bn; printed as 1,235 bn, so within half a billion
    parts = [Fraction(part) for part in ("81.5", "308", "85.9", "32", "719.9", "0.72", "6.5")]
    assert sum(parts) == Fraction(str(published(examples, "Quang Ninh")))
    assert abs(sum(parts) - 1_235) < Fraction(1, 2)


def test_the_coal_of_cam_pha_pays_what_the_paper_says(examples):
    # 140 m USD × 23,000 = 3,220 bn; BVMT 1.5 Mt × 15,000 = 22.5 bn; VAT 10 % × 3,242.5 = 324.25 bn; 346.75 bn,
    # "more than 350 bn": within a hundredth of what was printed
    quantities = {"TNE": millionths_of("1500000")}
    environment = Duty((Term(specific_millionths=15_000_000_000, currency="VND", unit="TNE"),))
    charges = (
        Charge("BVMT", environment, ACT),
        Charge("GTGT", Duty((Term(rate_ppm=100_000),)), ACT),
    )
    line = Line({CUSTOMS_VALUE: 140_000_000 * 23_000}, charges, quantities)
    total = assess_line(line, VN.taxes, ExchangeRates("VND", 0).as_of(date(2021, 1, 1))).total_minor()
    assert total == 346_750_000_000
    assert abs(Fraction(total, 10**9) - 350) / 350 < Fraction(1, 100)
    assert "more than 350 bn" in str(published(examples, "Cam Pha"))


def published(examples: dict, source: str) -> object:
    (one,) = [row for row in examples["published"] if source in row["source"]]
    return one["result"]


# other rules


def test_late_interest_is_three_hundredths_of_a_per_cent_a_day(examples):
    # 0.03 % = 300 ppm a day: 500,000,000 × 300 / 1,000,000 = 150,000 a day; 45 days 6,750,000; 27 days 4,050,000
    daily = Duty((Term(rate_ppm=300),))
    tax = Tax("INTEREST", (CUSTOMS_VALUE,), ACT)
    day = ExchangeRates("VND", 0).as_of(date(2020, 1, 1))
    amounts = [
        assess_line(
            Line({CUSTOMS_VALUE: 500_000_000 * days}, (Charge("INTEREST", daily, ACT),)), (tax,), day
        ).total_minor()
        for days in (45, 27)
    ]
    assert amounts == [6_750_000, 4_050_000]
    assert amounts == [row["result"] for row in examples["other"][:2]]


def test_freight_is_shared_by_weight_or_by_value(examples):
    # 3,000 over 5 t and 5 t: 1,500 each: 11,500 and 21,500. Over 10,000 and 20,000: 1,000 and 2,000: 11,000, 22,000
    by_weight, by_value = apportion(3_000, [5, 5]), apportion(3_000, [10_000, 20_000])
    assert [10_000 + by_weight[0], 20_000 + by_weight[1]] == [11_500, 21_500]
    assert [10_000 + by_value[0], 20_000 + by_value[1]] == [11_000, 22_000]
    row = examples["other"][2]
    assert (row["formula"], row["result"]) == ("A 11,500; B 21,500 USD", "by value: A 11,000; B 22,000")


def test_a_value_is_built_up_to_the_first_gate(examples):
    # 50,000 + 4,000 + 300 + 2,500 - 600 = 56,200 by the pack's own charges; the terms of delivery hold none of the
    # additions (FOB), and the cost after the gate is within the price only under DDP, so it stands apart here
    base = {
        "function_code": "9",
        "type_code": "A11",
        "goods_items": [
            {
                "classifications": [{"id": "61091010", "identification_type_code": "TSP"}],
                "origins": [{"country_code": "US", "type_code": "1"}],
                "item_charge": {"millionths": 50_000_000_000, "currency": "VND"},
            }
        ],
        "trade_terms": {"condition_code": "FOB"},
        "charge_deductions": [
            {"charges_type_code": code, "amount": {"millionths": amount * 1_000_000, "currency": "VND"}}
            for code, amount in (("FRT", 4_000), ("INS", 300), ("E", 2_500))
        ],
    }
    valued = assess(VN, msgspec.convert(base, Declaration), date(2020, 3, 16)).valuation
    assert valued is not None
    assert valued.totals[CUSTOMS_VALUE] == 56_800
    price = {"millionths": 600_000_000, "currency": "VND"}
    delivered = {
        **base,
        "trade_terms": {"condition_code": "DDP"},
        "charge_deductions": [{"charges_type_code": "V", "amount": price}],
    }
    delivered["goods_items"][0]["item_charge"] = {"millionths": 56_800_000_000, "currency": "VND"}
    valued = assess(VN, msgspec.convert(delivered, Declaration), date(2020, 3, 16)).valuation
    assert valued is not None
    assert valued.totals[CUSTOMS_VALUE] == 56_200 == examples["other"][3]["result"]
