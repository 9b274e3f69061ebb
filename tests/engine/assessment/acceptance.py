"""What the formulas answer where others have answered: `python -m tests.engine.assessment.acceptance`.

Each set of cases is run through the engine's own Tax, Charge, Duty and assess_line. A case that does not agree is
listed with the reason; nothing is treated specially to make it agree.
"""

import csv
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from tests.conftest import shared_data_folder

from thongquan.engine.assessment.exchange import DayRates, ExchangeRate, ExchangeRates
from thongquan.engine.assessment.scalar import LineAssessment, assess_line
from thongquan.engine.assessment.taxes import CUSTOMS_VALUE, Charge, Line, Tax
from thongquan.engine.assessment.valuation import value_declaration
from thongquan.engine.dated import Period
from thongquan.engine.declaration import Amount, Declaration, GoodsItem
from thongquan.engine.findings import LegalRef
from thongquan.engine.money import Carry, Rounding, decimal_text, millionths_of, scaled
from thongquan.engine.tariff.measures import Duty, Term, ad_valorem

SOURCE = LegalRef("the case itself")
DAY = date(2020, 6, 1)
OPEN = Period(date(2000, 1, 1))


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A case that does not agree."""

    case: str
    computed: str
    given: str
    reason: str


@dataclass(slots=True)
class Report:
    name: str
    cases: int = 0
    exact: int = 0
    exceptions: list[Disagreement] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, case: str, computed: object, given: object, reason: Callable[[], str]) -> None:
        self.cases += 1
        if computed == given:
            self.exact += 1
        else:
            self.exceptions.append(Disagreement(case, str(computed), str(given), reason()))

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.exact} of {self.cases} exactly"]
        lines += [f"  {e.case}: computed {e.computed}, given {e.given}: {e.reason}" for e in self.exceptions]
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])


def day_rates(currency: str, decimals: int, *rates: ExchangeRate) -> DayRates:
    return ExchangeRates(currency, decimals, rates).as_of(DAY)


def percent(text: str) -> int:
    """A percentage as parts per million: "13.8" → 138_000."""
    return scaled(text, 4)


def unexplained() -> str:
    return "not explained"


# Notices of taxes of the British customs, rows of base × rate


def hmrc(data: Path) -> Report:
    """What the notice calls assessed is the amount after the deduction: our payable."""
    report = Report("hmrc_cds/assessed_distinct.csv, truncated to pence")
    rates = day_rates("GBP", 2)
    for row in _rows(data / "hmrc_cds/assessed_distinct.csv"):
        tax = Tax(row["tax"], (CUSTOMS_VALUE,), SOURCE, Rounding.TRUNCATE)
        charge = Charge(
            row["tax"], ad_valorem(percent(row["rate"])), SOURCE, deduct_minor=scaled(row["deduct"], 2)
        )
        line = assess_line(Line({CUSTOMS_VALUE: scaled(row["base"], 2)}, (charge,)), [tax], rates)
        report.add(
            f"{row['file']} item {row['item']} {row['tax']} ({row['base']} at {row['rate']} %)",
            decimal_text(line.payable_minor(row["tax"]) or 0, 2, 2),
            row["assessed"],
            lambda row=row: f"the notice: {row['rule']}" if "waived" in row["rule"] else unexplained(),
        )
    return report


# Tax lines of ASYCUDA declarations


def grenada(data: Path) -> Report:
    """Bases have up to three decimals, so the minor unit is a thousandth of a dollar, and the step ten of them."""
    report = Report("asycuda/grenada_tax_lines.csv, half up to cents")
    rates = day_rates("XCD", 3)
    furthest = 0
    for number, row in enumerate(_rows(data / "asycuda/grenada_tax_lines.csv"), 2):
        tax = Tax(row["tax"], (CUSTOMS_VALUE,), SOURCE, step_minor=10)
        charge = Charge(row["tax"], ad_valorem(percent(row["rate"])), SOURCE)
        line = assess_line(Line({CUSTOMS_VALUE: scaled(row["base"], 3)}, (charge,)), [tax], rates)
        given = scaled(row["amount"], 3)
        amount = line.amounts[0]
        assert amount.exact_millionths is not None
        assert amount.payable_minor is not None
        furthest = max(furthest, abs(amount.payable_minor - given))
        report.add(
            f"line {number}, {row['file']} item {row['item']} {row['tax']} ({row['base']} at {row['rate']} %)",
            decimal_text(amount.payable_minor, 3, 2),
            decimal_text(given, 3, 2),
            lambda e=amount.exact_millionths, g=given, r=row: _why_off(e, g, r["base"], percent(r["rate"])),
        )
    report.notes.append(f"furthest from the given amount: {decimal_text(furthest, 3, 2)}")
    return report


def _why_off(exact_millionths: int, given_mills: int, base: str, rate_ppm: int) -> str:
    """The two ways in which a computing in binary fractions, or on a printed base, leaves the exact result."""
    exact = decimal_text(exact_millionths, 9)
    if exact_millionths % 10_000_000 == 5_000_000 and given_mills * 10**6 < exact_millionths:
        return f"{exact} is an exact half; it was rounded down"
    cents = (scaled(base, 3) + 5) // 10
    if (cents * rate_ppm + 500_000) // 1_000_000 * 10 == given_mills:
        return f"{exact} is exact; it was computed on the base rounded to {decimal_text(cents, 2, 2)}"
    return unexplained()


# Duties that a calculator's own tests expect


def uk_duty(data: Path, carry: Carry = Carry.EXACT) -> Report:
    """Duties carried exactly into the base of VAT, as that calculator does."""
    report = Report(f"uk_duty/expected_duties.json, duties carried {carry.value}")
    for case in json.loads((data / "uk_duty/expected_duties.json").read_text(encoding="utf-8")):
        computed = UK_KINDS[case["kind"]](case["input"], carry)
        expected = {name: case["expected"][name] for name in computed}
        assert set(computed) == set(case["expected"]), case["id"]
        reason = unexplained if carry is Carry.EXACT else lambda: "expects duties carried exactly"
        report.add(case["id"], computed, expected, reason)
    return report


def _gbp(minor: int | None) -> str:
    assert minor is not None
    return decimal_text(minor, 2, 2)


def _duty(duty: Duty, base: str = "0", quantities: dict[str, int] | None = None, **how) -> LineAssessment:
    """One duty on a value in pounds. how: rounding, rates."""
    rates = how.pop("rates", day_rates("GBP", 2))
    line = Line({CUSTOMS_VALUE: scaled(base, 2)}, (Charge("duty", duty, SOURCE),), quantities or {})
    return assess_line(line, [Tax("duty", (CUSTOMS_VALUE,), SOURCE, **how)], rates)


def _per(amount: str, unit: str, currency: str = "GBP", sign: int = 1) -> Term:
    return Term(specific_millionths=millionths_of(amount), currency=currency, unit=unit, sign=sign)


def _times(*figures: str) -> int:
    """A product of plain decimals in millionths, exactly."""
    product = 1
    for figure in figures:
        product *= millionths_of(figure)
    whole, rest = divmod(product, 10 ** (6 * (len(figures) - 1)))
    assert not rest
    return whole


def _uk_ad_valorem(given: dict, carry: Carry) -> dict:
    line = _duty(ad_valorem(percent(given["rate_pct"])), given["customs_value"])
    return {"duty": _gbp(line.payable_minor("duty"))}


def _uk_specific(given: dict, carry: Carry) -> dict:
    quantity = {"DTN": _times(given["quantity_kg"], "0.01")}
    duty = Duty((_per(given["amount"], "DTN", given["currency"]),))
    if "fx_gbp_per_eur" not in given:
        return {"duty": _gbp(_duty(duty, quantities=quantity).payable_minor("duty"))}
    euro = ExchangeRate.per_unit("EUR", OPEN, millionths_of(given["fx_gbp_per_eur"]), SOURCE)
    line = _duty(duty, quantities=quantity, rates=day_rates("GBP", 2, euro))
    exact = line.amounts[0].exact_millionths
    assert exact is not None
    return {"duty": decimal_text(exact, 8, 2), "duty_rounded": _gbp(line.payable_minor("duty"))}


def _uk_alcohol(given: dict, carry: Carry) -> dict:
    quantity = {"ASVX": _times(given["abv_pct"], given["litres"], "0.01")}
    line = _duty(Duty((_per(given["amount"], "ASVX"),)), quantities=quantity, rounding=Rounding.TRUNCATE)
    return {"duty": _gbp(line.payable_minor("duty"))}


def _uk_rounding(given: dict, carry: Carry) -> dict:
    assert given["rule"] == "floor to 2 places"
    line = _duty(Duty((_per(given["value"], "ONE"),)), quantities={"ONE": 10**6}, rounding=Rounding.TRUNCATE)
    return {"duty": _gbp(line.payable_minor("duty"))}


def _uk_sucrose(given: dict, carry: Carry) -> dict:
    quantity = {"DTNZ": _times(given["quantity_kg"], "0.01", given["sucrose_pct"])}
    return {
        "duty": _gbp(_duty(Duty((_per(given["amount"], "DTNZ"),)), quantities=quantity).payable_minor("duty"))
    }


def _uk_relief(given: dict, carry: Carry) -> dict:
    """The relief is a duty in reverse: the rate per litre of pure alcohol and point of the small producer's scale."""
    alcohol = given.get("litres_pure_alcohol") or decimal_text(_times(given["abv_pct"], given["hectolitres"]))
    quantity = {"SPQ": _times(alcohol, given["spr"])}
    relief = _duty(Duty((_per(given["amount"], "SPQ"),)), quantities=quantity).payable_minor("duty")
    assert relief is not None
    # Deducted from an excise that is as large, nothing is left to pay.
    charge = Charge("excise", Duty((_per(given["amount"], "SPQ"),)), SOURCE, deduct_minor=relief)
    excise = Tax("excise", (CUSTOMS_VALUE,), SOURCE, Rounding.TRUNCATE)
    assert (
        assess_line(
            Line({CUSTOMS_VALUE: 0}, (charge,), quantity), [excise], day_rates("GBP", 2)
        ).total_minor()
        == 0
    )
    return {"relief": _gbp(relief)}


def _uk_compound(given: dict, carry: Carry) -> dict:
    """ "-" behind MAX belongs to the ceiling."""
    sums: dict[str, list[Term]] = {"%": [], "MIN": [], "MAX": []}
    into = "%"
    for part in given["components"]:
        into = part["op"] if part["op"] in sums else into
        sign = -1 if part["op"] == "-" else 1
        if "rate_pct" in part:
            sums[into].append(Term(rate_ppm=percent(part["rate_pct"]), sign=sign))
        else:
            sums[into].append(_per(part["amount"], "DTN", sign=sign))
    duty = Duty(tuple(sums["%"]), tuple(sums["MIN"]), tuple(sums["MAX"]))
    line = _duty(duty, given["customs_value"], {"DTN": millionths_of(given["quantity_100kg"])})
    return {"duty": _gbp(line.payable_minor("duty"))}


def _uk_full(given: dict, carry: Carry) -> dict:
    """Four duties side by side on the customs value, then VAT on the value and all of them."""
    dumping = given["anti_dumping"]
    duties = [
        ad_valorem(percent(given["rate_pct"])),
        *(ad_valorem(percent(rate)) for rate in given["additional_duty_pct"]),
        Duty((_per(dumping["amount"], "TNE"),)),
    ]
    taxes = [
        Tax("duty", (CUSTOMS_VALUE,), SOURCE, carry=carry),
        Tax("vat", (CUSTOMS_VALUE, "duty"), SOURCE),
    ]
    charges = [Charge("duty", duty, SOURCE) for duty in duties]
    charges.append(Charge("vat", ad_valorem(percent(given["vat_rate_pct"])), SOURCE))
    quantities = {"TNE": millionths_of(dumping["tonnes"])}
    line = assess_line(
        Line({CUSTOMS_VALUE: scaled(given["customs_value"], 2)}, tuple(charges), quantities),
        taxes,
        day_rates("GBP", 2),
    )
    return {
        "duty_lines": [_gbp(amount.payable_minor) for amount in line.amounts[:-1]],
        "vat_base": _gbp(line.amounts[-1].base_minor),
        "vat": _gbp(line.payable_minor("vat")),
        "total": _gbp(line.total_minor()),
    }


def _uk_stack(given: dict, carry: Carry) -> dict:
    names = ("duty", "excise", "vat")
    charges = tuple(Charge(name, Duty((_per(given[name], "ONE"),)), SOURCE) for name in names)
    taxes = [Tax(name, (CUSTOMS_VALUE,), SOURCE) for name in names]
    line = Line({CUSTOMS_VALUE: scaled(given["customs_value"], 2)}, charges, {"ONE": 10**6})
    return {"total": _gbp(assess_line(line, taxes, day_rates("GBP", 2)).total_minor())}


UK_KINDS: dict[str, Callable[[dict, Carry], dict]] = {
    "ad_valorem": _uk_ad_valorem,
    "ad_valorem_by_measure_type": _uk_ad_valorem,
    "alcohol_volume": _uk_alcohol,
    "compound_min_max": _uk_compound,
    "full_assessment": _uk_full,
    "rounding": _uk_rounding,
    "small_producer_relief": _uk_relief,
    "specific": _uk_specific,
    "stack": _uk_stack,
    "sucrose": _uk_sucrose,
}


# Vietnamese worked examples: arithmetic in the order of domain law, no tariff looked up

VN_TAXES = (
    Tax("duty", (CUSTOMS_VALUE,), SOURCE),
    Tax("remedy", (CUSTOMS_VALUE,), SOURCE),
    Tax("ttdb", (CUSTOMS_VALUE, "duty", "remedy"), SOURCE),
    Tax("bvmt", (CUSTOMS_VALUE,), SOURCE),
    Tax("vat", (CUSTOMS_VALUE, "duty", "remedy", "ttdb", "bvmt"), SOURCE),
)


def vietnam(data: Path) -> Report:
    """Invoice value through the rate of exchange, five taxes in order: value, each tax, VAT base and total."""
    report = Report("vn/worked_examples.json (computed), half up to đồng")
    given = json.loads((data / "vn/worked_examples.json").read_text(encoding="utf-8"))
    for case in given["computed"]:
        facts = case["input"]
        rates = day_rates(
            "VND",
            0,
            *(
                ExchangeRate.per_unit(
                    facts["currency"], OPEN, millionths_of(facts["fx_vnd_per_unit"]), SOURCE
                )
                for currency in [facts["currency"]]
                if currency != "VND"
            ),
        )
        item = GoodsItem(
            item_charge=Amount(
                millionths=_times(facts["quantity"], facts["unit_price"]), currency=facts["currency"]
            )
        )
        valued = value_declaration(Declaration(goods_items=(item,)), {}, rates)
        assert not valued.findings
        unit = "unit"
        line = assess_line(
            valued.lines[0].line(_vn_charges(facts, unit), {unit: millionths_of(facts["quantity"])}),
            VN_TAXES,
            rates,
        )
        vat = [amount for amount in line.amounts if amount.tax == "vat"]
        computed = {
            "value": valued.totals[CUSTOMS_VALUE],
            "import_or_export_duty": line.payable_minor("duty"),
            "remedy": line.payable_minor("remedy"),
            "ttdb": line.payable_minor("ttdb"),
            "bvmt": line.payable_minor("bvmt"),
            "vat_base": vat[0].base_minor if vat else 0,
            "vat": line.payable_minor("vat"),
            "total": line.total_minor(),
        }
        report.add(
            f"{case['n']} {case['title']}", computed, {name: case[name] for name in computed}, unexplained
        )
    return report


def _vn_charges(facts: dict, unit: str) -> list[Charge]:
    """The rates that the case states; what it leaves empty is not due."""
    terms: dict[str, list[Term]] = defaultdict(list)
    for tax, name in (
        ("duty", "duty_pct"),
        ("remedy", "remedy_pct"),
        ("ttdb", "excise_pct"),
        ("vat", "vat_pct"),
    ):
        if facts[name] is not None:
            terms[tax].append(Term(rate_ppm=percent(facts[name])))
    for tax, name, currency in (
        ("duty", "duty_specific_usd_per_unit", "USD"),
        ("remedy", "remedy_vnd_per_unit", "VND"),
        ("bvmt", "environment_vnd_per_unit", "VND"),
    ):
        if facts[name] is not None:
            terms[tax].append(_per(facts[name], unit, currency))
    return [Charge(tax, Duty(tuple(of)), SOURCE) for tax, of in terms.items()]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def reports(data: Path) -> list[Report]:
    """Every set, in the order of the list in the docs."""
    return [hmrc(data), uk_duty(data), uk_duty(data, Carry.ROUNDED), grenada(data), vietnam(data)]


def main() -> int:
    data = shared_data_folder()
    if not data.is_dir():
        print(f"no real data at {data}; set THONGQUAN_SHARED_DATA to its folder")
        return 1
    for report in reports(data):
        print(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
