"""One line and a frame agree on a million lines, and both agree with fractions where arithmetic is hardest."""

from datetime import date
from fractions import Fraction
from itertools import product

import numpy as np
import polars as pl
import pytest

from thongquan.engine.assessment.exchange import ExchangeRates
from thongquan.engine.assessment.frame import assess_frame
from thongquan.engine.assessment.scalar import assess_line
from thongquan.engine.assessment.taxes import Charge, Line, Tax
from thongquan.engine.findings import LegalRef
from thongquan.engine.money import Carry, Rounding
from thongquan.engine.tariff.measures import ad_valorem

LAW = LegalRef("Invented tax law", "art. 1")
RATES = ExchangeRates("VND", 0).as_of(date(2020, 6, 1))


def order(rounding=Rounding.HALF_UP, carry=Carry.ROUNDED, step=1):
    """Duty on the value, excise on value and duty, VAT on all three."""
    return (
        Tax("D", ("customs_value",), LAW, rounding, carry, step),
        Tax("E", ("customs_value", "D"), LAW, rounding, carry, step),
        Tax("V", ("customs_value", "D", "E"), LAW, rounding, carry, step),
    )


def by_frame(bases, rates, taxes):
    """Per tax, the amounts of all rows as Python ints."""
    columns = {f"{tax.code}_rate_ppm": rates[:, i] for i, tax in enumerate(taxes)}
    assessed = assess_frame(pl.DataFrame({"customs_value_minor": bases, **columns}), taxes)
    return [assessed[f"{tax.code}_minor"].to_list() for tax in taxes]


def by_line(bases, rates, taxes):
    charge = {
        (tax.code, rate): Charge(tax.code, ad_valorem(rate), LAW)
        for i, tax in enumerate(taxes)
        for rate in np.unique(rates[:, i]).tolist()
    }
    codes = [tax.code for tax in taxes]
    found = [[], [], []]
    for base, row in zip(bases.tolist(), rates.tolist(), strict=True):
        charges = tuple([charge[pair] for pair in zip(codes, row, strict=True)])
        for column, amount in zip(
            found, assess_line(Line({"customs_value": base}, charges), taxes, RATES).amounts, strict=True
        ):
            column.append(amount.payable_minor)
    return found


def by_fractions(base, row, taxes):
    """Rounding and carry by the book: no integer division anywhere."""
    carried, amounts = Fraction(base), []
    for tax, rate in zip(taxes, row, strict=True):
        exact = carried * Fraction(rate, 1_000_000)
        steps = exact / tax.step_minor
        rounded = (
            (steps + Fraction(1, 2)).__floor__() if tax.rounding is Rounding.HALF_UP else steps.__floor__()
        )
        amounts.append(rounded * tax.step_minor)
        exact = Fraction((exact * 1_000_000).__floor__(), 1_000_000)
        carried += exact if tax.carry is Carry.EXACT else amounts[-1]
    return amounts


def test_a_million_random_lines_with_values_to_10_to_the_15():
    taxes = order()
    random = np.random.default_rng(20200601)
    rows = 1_000_000
    bases = np.exp(random.uniform(0, np.log(10**15), rows)).astype(np.int64)
    rates = np.stack(
        [
            random.integers(0, 1_500, rows) * 1_000,  # tariffs print tenths of a per cent
            random.choice([0, 0, 100_000, 350_000, 650_000, 1_500_000], rows),
            random.choice([0, 50_000, 80_000, 100_000], rows),
        ],
        axis=1,
    )
    frame = by_frame(bases, rates, taxes)
    assert frame == by_line(bases, rates, taxes)
    for index in range(0, rows, 100):
        expected = by_fractions(int(bases[index]), rates[index].tolist(), taxes)
        assert [column[index] for column in frame] == expected, (bases[index], rates[index])


BASES = sorted(
    {
        k * 10_000 + d
        for k in (0, 1, 2, 3, 7, 99, 12_345, 10**6, 10**11 - 1, 10**11)
        for d in (-1, 0, 1, 5_000)
    }
    | {2**53 + d for d in (-2, -1, 0, 1, 2)}
    | {2**63 - 1 - d for d in (0, 1, 2, 5_000, 10_000)}
    | {2**62 + d for d in (-1, 0, 1)}
    | {9_223_372_036_854 + d for d in (-1, 0, 1)}  # the largest value whose 100 % fits before rounding
)
BASES = [base for base in BASES if base >= 0]  # what is below zero: tests/properties/test_assessment.py
RATES_PPM = sorted(
    {
        rate * times for rate in (0, 1, 9_999, 10_000, 15_000) for times in (1, 2, 3, 10, 100)
    }  # 100: the same in bp
)

ORDERS = {
    "half up": order(),
    "truncated": order(Rounding.TRUNCATE),
    "half up, carried exactly": order(carry=Carry.EXACT),
    "truncated to thousands, carried exactly": order(Rounding.TRUNCATE, Carry.EXACT, 1_000),
    "half up to thousands": order(step=1_000),
}


@pytest.mark.parametrize("taxes", ORDERS.values(), ids=ORDERS.keys())
def test_adversarial_bases_and_rates(taxes):
    rows = [(base, *rates) for base in BASES for rates in product(RATES_PPM, RATES_PPM[::3], RATES_PPM[1::4])]
    table = np.array(rows, dtype=np.int64)
    bases, rates = table[:, 0], table[:, 1:]
    frame = by_frame(bases, rates, taxes)
    assert frame == by_line(bases, rates, taxes)
    for index, (base, *row) in enumerate(rows):
        if index % 7 == 0:
            assert [column[index] for column in frame] == by_fractions(base, row, taxes), (base, row)
