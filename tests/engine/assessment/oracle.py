"""The same law by other means: fractions, no integers scaled by anything. Slow, and written apart from the engine.

It shares two sentences with it: a tax is min(max(base, at_least), at_most) rounded once by its rule, and an exact
carry is cut to millionths of the minor unit.
"""

import math
from fractions import Fraction

from thongquan.engine.assessment.exchange import DayRates
from thongquan.engine.assessment.taxes import Line, Tax
from thongquan.engine.money import Carry, Rounding
from thongquan.engine.tariff.measures import Term


def rounded(amount: Fraction, rounding: Rounding, step: int) -> int:
    steps = abs(amount) / step
    whole = math.floor(steps + Fraction(1, 2)) if rounding is Rounding.HALF_UP else math.floor(steps)
    return (whole if amount >= 0 else -whole) * step


def cut(amount: Fraction) -> Fraction:
    return Fraction(math.trunc(amount * 10**6), 10**6)


def sum_of(terms: tuple[Term, ...], base: Fraction, line: Line, rates: DayRates) -> Fraction | None:
    total = Fraction(0)
    for term in terms:
        if not term.unit:
            total += term.sign * base * Fraction(term.rate_ppm, 10**6)
            continue
        ratio = rates.ratio(term.currency)
        if ratio is None or term.unit not in line.quantities:
            return None
        price = Fraction(term.specific_millionths, 10**6) * Fraction(*ratio) * 10**rates.decimals
        total += term.sign * price * Fraction(line.quantities[term.unit]) / 10**6
    return total


def assess(line: Line, taxes: tuple[Tax, ...], rates: DayRates) -> dict[str, list[tuple[int, int] | None]]:
    """Tax → (assessed, payable) of each of its charges, None while pending; taxes that are not due are left out."""
    carried: dict[str, Fraction | None] = {
        n: Fraction(a) for n, a in line.bases.items() if n not in line.pending
    }
    found: dict[str, list[tuple[int, int] | None]] = {}
    for tax in taxes:
        charges = [charge for charge in line.charges if charge.tax == tax.code]
        carried[tax.code] = None if tax.code in line.pending else Fraction(0)
        if tax.code in line.pending:
            found[tax.code] = [None] * max(len(charges), 1)
            continue
        parts = [carried.get(name) for name in tax.base]
        for charge in charges:
            answers = found.setdefault(tax.code, [])
            sums = None
            if None not in parts:
                base = sum((part for part in parts if part is not None), Fraction(0))
                sums = [
                    sum_of(terms, base, line, rates)
                    for terms in (charge.duty.base, charge.duty.at_least, charge.duty.at_most)
                ]
            if sums is None or None in sums:
                answers.append(None)
                carried[tax.code] = None
                continue
            exact = sums[0]
            if charge.duty.at_least:
                exact = max(exact, sums[1])
            if charge.duty.at_most:
                exact = min(exact, sums[2])
            assessed = rounded(exact, tax.rounding, tax.step_minor)
            owed = max(assessed - charge.deduct_minor, 0)
            answers.append((assessed, max(owed - charge.credit_minor, 0)))
            carry = Fraction(owed)
            if tax.carry is Carry.EXACT:
                carry = max(cut(exact) - charge.deduct_minor, Fraction(0))
            if carried[tax.code] is not None:
                carried[tax.code] += carry
    return found
