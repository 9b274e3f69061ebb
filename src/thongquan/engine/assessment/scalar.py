"""One goods item: its taxes in levying order, and the trace of every amount, made when somebody asks for it."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm
from typing import Any

import msgspec

from ..findings import Finding, in_order
from ..money import MILLIONTHS, Carry, half_up
from ..tariff.measures import Duty, Term
from .exchange import DayRates
from .formulas import (
    Part,
    Parts,
    assessed_minor,
    carried_millionths,
    exact_millionths,
    owed_minor,
    payable_minor,
)
from .taxes import Charge, Line, Tax


class TaxAmount(msgspec.Struct, frozen=True, gc=False):
    """One charge of one line, computed. Amounts are None while the charge is pending: never zero.

    charge: None when the tax is due but its charge could not be chosen.
    base: the tax base in minor units (unit 1) or, with an exact carry in it, in millionths of them (unit 1,000,000).
    exact_millionths: before rounding, in millionths of the minor unit (formulas.py says how it is cut).
    assessed_minor: rounded by the tax's rule. payable_minor: less deduction and credit.
    """

    tax: str
    charge: Charge | None = None
    base: int | None = None
    unit: int = 1
    exact_millionths: int | None = None
    assessed_minor: int | None = None
    payable_minor: int | None = None

    @property
    def is_pending(self) -> bool:
        return self.payable_minor is None

    @property
    def base_minor(self) -> int | None:
        """The tax base as a notice prints it: half up where an exact carry left a fraction."""
        return None if self.base is None else int(half_up(self.base, self.unit))

    @property
    def deduct_minor(self) -> int | None:
        """What was really taken off: the charge's deduction, at most the assessed amount."""
        if self.assessed_minor is None or self.charge is None:
            return None
        return min(self.charge.deduct_minor, max(self.assessed_minor, 0))

    @property
    def credit_minor(self) -> int | None:
        """What was really set off: the charge's credit, at most what is owed."""
        if self.assessed_minor is None or self.charge is None:
            return None
        return min(self.charge.credit_minor, int(owed_minor(self.assessed_minor, self.charge.deduct_minor)))


class TaxTotal(msgspec.Struct, frozen=True, gc=False):
    """Sums of one tax over lines: integers of what is known, and how many amounts are still pending."""

    tax: str
    assessed_minor: int = 0
    deduct_minor: int = 0
    credit_minor: int = 0
    payable_minor: int = 0
    pending: int = 0


class LineAssessment(msgspec.Struct, frozen=True, gc=False):
    """The taxes of one line in levying order; a tax that is not due has no amount here.

    taxes: the order that was levied. findings: what is missing; empty when nothing is.
    """

    line: Line
    amounts: tuple[TaxAmount, ...]
    taxes: Sequence[Tax]
    rates: DayRates
    findings: tuple[Finding, ...] = ()

    @property
    def pending(self) -> tuple[str, ...]:
        """Codes of the taxes that cannot be computed yet, in levying order."""
        return tuple(dict.fromkeys(amount.tax for amount in self.amounts if amount.is_pending))

    def payable_minor(self, tax: str) -> int | None:
        """What is payable of one tax: 0 when it is not due, None while it is pending."""
        total = 0
        for amount in self.amounts:
            if amount.tax == tax:
                if amount.payable_minor is None:
                    return None
                total += amount.payable_minor
        return total

    def total_minor(self) -> int | None:
        """What is payable of all taxes together, None while one is pending."""
        parts = [amount.payable_minor for amount in self.amounts]
        return None if None in parts else sum(part for part in parts if part is not None)

    def trace(self) -> tuple[Trace, ...]:
        """How each amount came about, in the order of `amounts`."""
        return tuple(_trace(self, index) for index in range(len(self.amounts)))


# One loop on purpose: split into functions it takes a quarter longer, and every lodgement waits for it.
def assess_line(line: Line, taxes: Sequence[Tax], rates: DayRates) -> LineAssessment:  # noqa: C901
    """Every tax of one line, in the order the pack's law levies them.

    rates: of the day whose law applies; specific duties in another currency need them, and the currency's decimals.
    A quantity, rate of exchange or base amount that is missing is a finding, and pends its tax and every tax whose
    base holds that tax. ValueError: the line carries a charge for a tax that the order does not know.
    """
    charges = line.charges
    known = dict(line.bases)  # minor units
    unknown = line.pending
    for name in unknown:
        known.pop(name, None)
    finer: dict[str, int] = {}  # carried exactly: millionths of the minor unit
    amounts: list[TaxAmount] = []
    findings: list[Finding] = []
    levied = 0
    for tax in taxes:
        code = tax.code
        carried = 0
        is_exact = tax.carry is Carry.EXACT
        is_pending = code in unknown
        base: int | None = None
        unit = 1
        for charge in charges:
            if charge.tax != code:
                continue
            levied += 1
            if base is None and not is_pending:
                try:
                    base = 0
                    for name in tax.base:
                        base += known[name]
                except KeyError:  # carried exactly, pending or missing
                    base, unit = _finer_base(tax, known, finer, unknown, line, findings)
                    is_pending = base is None
            share = charge.duty.share_ppm
            duty = _parts(charge, line, rates, findings) if share is None else _ad_valorem(share)
            if base is None or duty is None:
                is_pending = True
                amounts.append(TaxAmount(code, charge, base, unit))
                continue
            exact = exact_millionths(base, unit, duty)
            is_negative = exact < 0
            assessed = owed = payable = assessed_minor(exact, tax.rounding, tax.step_minor, not is_negative)
            if is_negative or charge.deduct_minor or charge.credit_minor:
                owed = owed_minor(assessed, charge.deduct_minor)
                payable = payable_minor(owed, charge.credit_minor)
                exact_owed = carried_millionths(exact, charge.deduct_minor)
            else:
                exact_owed = exact
            carried += exact_owed if is_exact else owed
            amounts.append(TaxAmount(code, charge, base, unit, exact, assessed, payable))
        if is_pending:
            if not amounts or amounts[-1].tax != code:
                amounts.append(TaxAmount(code))
            unknown = (*unknown, code)
        else:
            (finer if is_exact else known)[code] = carried
    if levied != len(charges):
        _refuse_strangers(charges, taxes)
    return LineAssessment(line, tuple(amounts), taxes, rates, in_order(findings) if findings else ())


def assess_lines(lines: Iterable[Line], taxes: Sequence[Tax], rates: DayRates) -> list[LineAssessment]:
    """Each line by itself, in their order: taxes are levied and rounded per line."""
    return [assess_line(line, taxes, rates) for line in lines]


def totals(lines: Iterable[LineAssessment], taxes: Sequence[Tax]) -> tuple[TaxTotal, ...]:
    """Sums per tax in levying order, of the taxes that any line owes."""
    sums: dict[str, list[int]] = {}
    for line in lines:
        for amount in line.amounts:
            row = sums.setdefault(amount.tax, [0, 0, 0, 0, 0])
            if amount.payable_minor is None:
                row[4] += 1
            else:
                row[0] += amount.assessed_minor or 0
                row[1] += amount.deduct_minor or 0
                row[2] += amount.credit_minor or 0
                row[3] += amount.payable_minor
    return tuple(TaxTotal(tax.code, *sums[tax.code]) for tax in taxes if tax.code in sums)


def _refuse_strangers(charges: Sequence[Charge], taxes: Sequence[Tax]) -> None:
    strangers = sorted({charge.tax for charge in charges} - {tax.code for tax in taxes})
    raise ValueError(f"charges for taxes that are not in the order: {', '.join(strangers)}")


def _finer_base(
    tax: Tax,
    known: Mapping[str, int],
    finer: Mapping[str, int],
    unknown: tuple[str, ...],
    line: Line,
    findings: list[Finding],
) -> tuple[int | None, int]:
    """The tax base, in millionths of the minor unit, when not all of it is known in minor units; and its unit.
    None when a part of it is pending or missing."""
    total = 0
    is_pending = False
    for name in tax.base:
        if name in known:
            total += known[name] * MILLIONTHS
        elif name in finer:
            total += finer[name]
        else:
            is_pending = True
            if name not in unknown:
                says = {"tax": tax.code, "base": name}
                findings.append(Finding("BASE_AMOUNT_MISSING", at=line.at, says=says, law=tax.law))
    return None if is_pending else total, MILLIONTHS


@lru_cache(maxsize=4096)
def _ad_valorem(rate_ppm: int) -> Parts:
    return Parts(Part(rate_ppm))


def _parts(charge: Charge, line: Line, rates: DayRates, findings: list[Finding]) -> Parts | None:
    """A duty that is not only a share, as figures; None when a quantity or a rate of exchange is missing."""
    duty = charge.duty
    missing = _missing(charge, line, rates)
    if missing:
        findings.extend(missing)
        return None
    return Parts(
        part_of(duty.base, line.quantities, rates),
        part_of(duty.at_least, line.quantities, rates) if duty.at_least else None,
        part_of(duty.at_most, line.quantities, rates) if duty.at_most else None,
    )


def _missing(charge: Charge, line: Line, rates: DayRates) -> list[Finding]:
    duty = charge.duty
    findings = [
        Finding("DUTY_QUANTITY_MISSING", at=line.at, says={"tax": charge.tax, "unit": unit}, law=charge.law)
        for unit in duty.units
        if unit not in line.quantities
    ]
    terms = (*duty.base, *duty.at_least, *duty.at_most)
    for currency in dict.fromkeys(term.currency for term in terms if term.currency):
        if rates.ratio(currency) is None:
            says = {"currency": currency, "on": rates.day.isoformat()}
            findings.append(Finding("RATE_OF_EXCHANGE_MISSING", at=line.at, says=says, law=charge.law))
    return findings


def part_of(terms: Sequence[Term], quantities: Mapping[str, int | Fraction], rates: DayRates) -> Part:
    """Terms as figures for the formulas; every quantity and rate of exchange must be there (KeyError otherwise)."""
    minor = 10**rates.decimals
    prices: list[tuple[int, int, int]] = []  # price, quantity, what their product is divided by
    for term in terms:
        if term.unit:
            own, foreign = _ratio(term.currency, rates)
            quantity = quantities[term.unit]
            price = term.sign * term.specific_millionths * minor * own
            prices.append((price, quantity.numerator, foreign * quantity.denominator))
    per = lcm(*(divisor for _, _, divisor in prices))
    common = gcd(per, *(price * (per // divisor) for price, _, divisor in prices))
    specific = tuple((price * (per // divisor) // common, quantity) for price, quantity, divisor in prices)
    per //= common
    return Part(sum(term.sign * term.rate_ppm for term in terms), specific, None if per == 1 else per)


def _ratio(currency: str, rates: DayRates) -> tuple[int, int]:
    ratio = rates.ratio(currency)
    if ratio is None:
        raise KeyError(currency)
    return ratio


class Branch(enum.Enum):
    """Which sum of a duty became the amount."""

    BASE = "base"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


class BasePart(msgspec.Struct, frozen=True):
    """One amount in a tax base: a base amount of the line, or what a tax before carried into it."""

    name: str
    millionths: int
    """Of the minor unit."""


class TermTrace(msgspec.Struct, frozen=True, omit_defaults=True):
    """One term of a duty with its figures. amount: exact, in minor units, "5" or "1001/3"."""

    branch: str
    sign: int
    amount: str
    rate_ppm: int | None = None
    specific_millionths: int | None = None
    currency: str = ""
    unit: str = ""
    quantity_millionths: int | None = None
    quantity_per: int = 1
    """The quantity is quantity_millionths / quantity_per; 1 unless a conversion of units left a fraction."""
    own: int | None = None
    """With `foreign`: `foreign` units of the term's currency are worth `own` units of the pack's."""
    foreign: int | None = None
    exchange_law: str = ""


class Trace(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one amount came about, complete enough to be done again by hand.

    exact: the amount before rounding in minor units, as an exact fraction ("40", "6123/4"); cut: whether
    exact_millionths is shorter than it. branch: the sum that became the amount. tax_law: source of the base and the
    rounding. rate_law: source of the rate. note: a word key about that source. Unknown figures are None.
    """

    tax: str
    tax_law: str
    rounding: str
    carry: str
    step_minor: int
    base: tuple[BasePart, ...] = ()
    base_millionths: int | None = None
    terms: tuple[TermTrace, ...] = ()
    branch: str = ""
    exact: str = ""
    exact_millionths: int | None = None
    cut: bool = False
    assessed_minor: int | None = None
    deduct_minor: int | None = None
    credit_minor: int | None = None
    payable_minor: int | None = None
    rate_law: str = ""
    preference: str = ""
    quota_order_id: str = ""
    note: str = ""
    verified: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Plain values only, in the order above; what is empty is left out."""
        built: dict[str, Any] = msgspec.to_builtins(self)
        return built


def _trace(assessment: LineAssessment, index: int) -> Trace:
    amount = assessment.amounts[index]
    tax = next(tax for tax in assessment.taxes if tax.code == amount.tax)
    charge = amount.charge
    says: dict[str, Any] = {}
    if amount.base is not None:
        says["base"] = _base_parts(tax, assessment)
        says["base_millionths"] = amount.base * (MILLIONTHS // amount.unit)
    if charge is not None:
        says |= {
            "rate_law": str(charge.law),
            "preference": charge.preference,
            "quota_order_id": charge.quota_order_id,
            "note": charge.note,
            "verified": charge.verified,
        }
    if charge is not None and amount.base is not None and amount.exact_millionths is not None:
        terms, branch, exact = _explained(
            charge.duty, Fraction(amount.base, amount.unit), assessment.line.quantities, assessment.rates
        )
        says |= {
            "terms": terms,
            "branch": branch.value,
            "exact": str(exact),
            "exact_millionths": amount.exact_millionths,
            "cut": exact * MILLIONTHS != amount.exact_millionths,
            "assessed_minor": amount.assessed_minor,
            "deduct_minor": amount.deduct_minor,
            "credit_minor": amount.credit_minor,
            "payable_minor": amount.payable_minor,
        }
    return Trace(tax.code, str(tax.law), tax.rounding.value, tax.carry.value, tax.step_minor, **says)


def _base_parts(tax: Tax, assessment: LineAssessment) -> tuple[BasePart, ...]:
    """The parts of a base, in the order that the tax names them; a tax that is not due carries nothing."""
    carries = {other.code: other.carry for other in assessment.taxes}
    parts = []
    for name in tax.base:
        if name not in carries:
            parts.append(BasePart(name, assessment.line.bases[name] * MILLIONTHS))
            continue
        found = [amount for amount in assessment.amounts if amount.tax == name]
        if found:
            parts.append(BasePart(name, sum(_carried(amount, carries[name]) for amount in found)))
    return tuple(parts)


def _carried(amount: TaxAmount, carry: Carry) -> int:
    """What one amount carries into later bases, in millionths of the minor unit."""
    deduct = amount.charge.deduct_minor if amount.charge else 0
    if carry is Carry.EXACT:
        return int(carried_millionths(amount.exact_millionths, deduct))
    return int(owed_minor(amount.assessed_minor, deduct)) * MILLIONTHS


def _explained(
    duty: Duty, base: Fraction, quantities: Mapping[str, int | Fraction], rates: DayRates
) -> tuple[tuple[TermTrace, ...], Branch, Fraction]:
    """Each term's exact amount, which sum became the duty, and the exact duty: in minor units, by fractions."""
    terms: list[TermTrace] = []
    sums: dict[Branch, Fraction] = {}
    for branch, of in (
        (Branch.BASE, duty.base),
        (Branch.AT_LEAST, duty.at_least),
        (Branch.AT_MOST, duty.at_most),
    ):
        if not of:
            continue
        sums[branch] = Fraction(0)
        for term in of:
            shown, amount = _term(term, branch, base, quantities, rates)
            terms.append(shown)
            sums[branch] += term.sign * amount
    deciding, exact = Branch.BASE, sums[Branch.BASE]
    if Branch.AT_LEAST in sums and sums[Branch.AT_LEAST] > exact:
        deciding, exact = Branch.AT_LEAST, sums[Branch.AT_LEAST]
    if Branch.AT_MOST in sums and sums[Branch.AT_MOST] < exact:
        deciding, exact = Branch.AT_MOST, sums[Branch.AT_MOST]
    return tuple(terms), deciding, exact


def _term(
    term: Term, branch: Branch, base: Fraction, quantities: Mapping[str, int | Fraction], rates: DayRates
) -> tuple[TermTrace, Fraction]:
    if not term.unit:
        amount = base * term.rate_ppm / MILLIONTHS
        return TermTrace(branch.value, term.sign, str(amount), rate_ppm=term.rate_ppm), amount
    own, foreign = _ratio(term.currency, rates)
    quantity = quantities[term.unit]
    per_unit = Fraction(term.specific_millionths * own * 10**rates.decimals, MILLIONTHS * foreign)
    amount = per_unit * quantity / MILLIONTHS
    exchange = rates.rates.get(term.currency)
    shown = TermTrace(
        branch.value,
        term.sign,
        str(amount),
        specific_millionths=term.specific_millionths,
        currency=term.currency,
        unit=term.unit,
        quantity_millionths=quantity.numerator,
        quantity_per=quantity.denominator,
        own=own,
        foreign=foreign,
        exchange_law=str(exchange.law) if exchange and term.currency != rates.currency else "",
    )
    return shown, amount
