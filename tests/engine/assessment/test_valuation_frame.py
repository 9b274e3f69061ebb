"""Values of many consignments at once are the values of each."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thongquan.engine.assessment.exchange import ExchangeRate, ExchangeRates
from thongquan.engine.assessment.formulas import exchanged_minor
from thongquan.engine.assessment.taxes import CUSTOMS_VALUE
from thongquan.engine.assessment.valuation import FREIGHT_CHARGE, ChargeRule, ShareBy, value_declaration
from thongquan.engine.assessment.valuation_frame import shares, value_frame
from thongquan.engine.dated import Period
from thongquan.engine.declaration import Amount, ChargeDeduction, Declaration, GoodsItem, Quantity
from thongquan.engine.findings import LegalRef
from thongquan.engine.money import Rounding, apportion

LAW = LegalRef("12/2020/INV", "art. 2")
OPEN = Period(date(2020, 1, 1))
RATES = ExchangeRates(
    "GBP",
    2,
    [ExchangeRate.inverse("EUR", OPEN, 1_166_300, LAW), ExchangeRate.per_unit("USD", OPEN, 812_345, LAW)],
).as_of(date(2020, 6, 1))
RULES = {
    FREIGHT_CHARGE: ChargeRule(FREIGHT_CHARGE, 1, ShareBy.VALUE, LAW),
    "REBATE": ChargeRule("REBATE", -1, ShareBy.GROSS_MASS, LAW),
}


def frame(**columns):
    rows = len(next(iter(columns.values())))
    whole = {
        "consignment": [1] * rows,
        "item_charge_own": [1] * rows,
        "item_charge_foreign": [1] * rows,
    } | columns
    return pl.DataFrame({name: pl.Series(values, dtype=pl.Int64) for name, values in whole.items()})


def values(lines, charges, **more):
    return value_frame(lines, charges, **{"decimals": 0, **more})["customs_value_minor"].to_list()


def test_freight_is_shared_within_each_consignment():
    lines = frame(
        consignment=[1, 1, 2],
        item_charge_millionths=[10_000_000, 20_000_000, 5_000_000],
        freight_minor=[3, 3, 7],
    )
    # 10 + 1, 20 + 2; 5 + 7
    assert values(lines, {"freight": ""}) == [11, 22, 12]


def test_freight_may_be_shared_by_a_weight():
    lines = frame(
        item_charge_millionths=[10_000_000, 20_000_000],
        gross_mass_millionths=[5, 5],
        freight_minor=[3_000, 3_000],
    )
    assert values(lines, {"freight": "gross_mass_millionths"}) == [1_510, 1_520]


def test_an_unknown_price_pends_its_line_and_what_is_shared_by_value():
    columns = {
        "consignment": [1, 1, 2],
        "item_charge_millionths": [None, 20_000_000, 5_000_000],
        "freight_minor": [0] * 3,
    }
    assert values(frame(**columns), {}) == [None, 20, 5]
    assert values(frame(**columns), {"freight": ""}) == [None, None, 5]
    by_mass = frame(**columns, gross_mass_millionths=[1, 1, 1])
    assert values(by_mass, {"freight": "gross_mass_millionths"}) == [None, 20, 5]


def test_an_unknown_charge_or_weight_pends_the_consignment():
    assert values(
        frame(consignment=[1, 1, 2], item_charge_millionths=[10**6] * 3, freight_minor=[5, None, 0]),
        {"freight": ""},
    ) == [None, None, 1]
    assert values(
        frame(item_charge_millionths=[10**6] * 2, freight_minor=[5, 5], kg=[1, None]), {"freight": "kg"}
    ) == [None, None]


def test_an_unknown_rate_of_exchange_pends_the_line():
    assert values(frame(item_charge_millionths=[10**6] * 2, item_charge_own=[None, 3]), {}) == [None, 3]


def test_a_price_whose_product_leaves_64_bits_is_exact():
    # 9 × 10^18 millionths × 3 / 2 = 13.5 × 10^12
    lines = frame(
        item_charge_millionths=[9 * 10**18, 1_000_000], item_charge_own=[3, 1], item_charge_foreign=[2, 1]
    )
    assert values(lines, {}) == [13_500_000_000_000, 1]


def test_a_value_beyond_64_bits_is_refused():
    lines = frame(item_charge_millionths=[9 * 10**18], item_charge_own=[10**7])
    with pytest.raises(OverflowError):
        values(lines, {})
    lines = frame(item_charge_millionths=[9 * 10**18], item_charge_own=[10**6], freight_minor=[9 * 10**18])
    with pytest.raises(OverflowError):
        values(lines, {"freight": ""})


def test_lines_of_a_consignment_must_stand_together():
    with pytest.raises(ValueError, match="stand together"):
        values(frame(consignment=[2, 1, 2], item_charge_millionths=[1, 1, 1]), {})
    assert values(frame(consignment=[2, 1], item_charge_millionths=[10**6, 10**6]), {}) == [1, 1]


def test_no_lines_have_no_values():
    assert values(frame(item_charge_millionths=[], freight_minor=[]), {"freight": ""}) == []


def test_negative_weights_are_refused():
    with pytest.raises(ValueError, match="not negative"):
        shares(np.array([5]), np.array([1, -1]), np.array([0]))


@pytest.mark.parametrize("longest", [1, 2, 16, 17, 100])
@pytest.mark.parametrize("size", [2, 1_000, 10**9, 10**15, 10**18])
def test_shares_equal_apportion_in_groups_of_every_length(longest, size):
    random = np.random.default_rng(longest * 7 + size)
    counts = random.integers(1, longest + 1, 40)
    starts = np.cumsum(counts) - counts
    weights = random.integers(0, size, counts.sum())
    weights[random.random(len(weights)) < 0.4] = 7  # equal remainders: earlier rows come first
    totals = random.integers(-size, size, 40)
    got = shares(totals, weights, starts).tolist()
    expected = [
        part
        for start, number, total in zip(starts, counts, totals.tolist(), strict=True)
        for part in apportion(total, weights[start : start + number].tolist())
    ]
    assert got == expected


def test_consignments_longer_than_a_block_stay_whole():
    rows = 50_001
    lines = frame(item_charge_millionths=[1_000_000] * rows, freight_minor=[rows + 1] * rows)
    found = values(lines, {"freight": ""})
    assert found == [3] + [2] * (rows - 1)


amounts = st.integers(0, 10**13)
lines_of_one = st.lists(
    st.tuples(amounts, st.sampled_from(["EUR", "USD", "GBP"]), st.integers(0, 10**10)), min_size=1, max_size=8
)


@given(st.lists(st.tuples(lines_of_one, amounts, amounts), min_size=1, max_size=4), st.sampled_from(Rounding))
def test_a_frame_values_like_a_declaration(consignments, rounding):
    expected = []
    columns = {
        name: []
        for name in (
            "consignment",
            "item_charge_millionths",
            "item_charge_own",
            "item_charge_foreign",
            "kg",
            "freight_minor",
            "rebate_minor",
        )
    }
    for number, (lines, freight, rebate) in enumerate(consignments):
        declared = Declaration(
            goods_items=tuple(
                GoodsItem(
                    item_charge=Amount(millionths=value, currency=currency),
                    gross_mass=Quantity(millionths=mass, unit="KGM"),
                )
                for value, currency, mass in lines
            ),
            freight_charge=Amount(millionths=freight, currency="EUR"),
            charge_deductions=(
                ChargeDeduction(charges_type_code="REBATE", amount=Amount(millionths=rebate, currency="USD")),
            ),
        )
        valued = value_declaration(declared, RULES, RATES, rounding=rounding)
        expected += [line.bases.get(CUSTOMS_VALUE) for line in valued.lines]
        for value, currency, mass in lines:
            own, foreign = RATES.ratio(currency)
            columns["consignment"].append(number)
            columns["item_charge_millionths"].append(value)
            columns["item_charge_own"].append(own)
            columns["item_charge_foreign"].append(foreign)
            columns["kg"].append(mass)
            columns["freight_minor"].append(exchanged_minor(freight, *RATES.ratio("EUR"), 2, rounding))
            columns["rebate_minor"].append(-exchanged_minor(rebate, *RATES.ratio("USD"), 2, rounding))
    got = values(frame(**columns), {"freight": "", "rebate": "kg"}, decimals=2, rounding=rounding)
    # A value below zero is a finding of the declaration; the frame shows the figure.
    assert [None if value < 0 else value for value in got] == expected
