"""One line, a frame and the fractions of the oracle always agree, to the unit."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.assessment import oracle

from thongquan.engine.assessment.exchange import ExchangeRate, ExchangeRates
from thongquan.engine.assessment.frame import assess_batches, assess_frame, frame_of
from thongquan.engine.assessment.scalar import assess_line, assess_lines, totals
from thongquan.engine.assessment.taxes import Charge, Line, Tax
from thongquan.engine.assessment.valuation_frame import shares
from thongquan.engine.dated import Period
from thongquan.engine.findings import LegalRef
from thongquan.engine.money import Carry, Rounding, apportion
from thongquan.engine.tariff.measures import Duty, Term

LAW = LegalRef("Invented tax law", "art. 1")
DAY = Period(date(2020, 1, 1))
RATES = ExchangeRates(
    "VND",
    0,
    [
        ExchangeRate.per_unit("USD", DAY, 23_300_000_000, LAW),
        ExchangeRate.per_unit("JPY", DAY, 21_547_310_000, LAW, units=100),
        ExchangeRate.inverse("EUR", DAY, 38_123, LAW),
    ],
).as_of(date(2020, 6, 1))
CENTS = ExchangeRates("GBP", 2, [ExchangeRate.inverse("EUR", DAY, 1_166_300, LAW)]).as_of(date(2020, 6, 1))

UNITS = ("KGM", "DTN", "LTR")
CODES = ("D", "E", "S", "V")

rates_ppm = st.sampled_from([0, 1, 9_999, 10_000, 15_000, 999_900, 1_000_000, 1_500_000]) | st.integers(
    0, 4_000_000
)
edges = st.builds(
    lambda k, d: k * 10_000 + d, st.integers(0, 10**11), st.sampled_from([-1, 0, 1, 5_000, 4_999])
)
values = (
    edges
    | st.integers(0, 10**15)
    | st.sampled_from([2**53 - 2, 2**53 - 1, 2**53, 2**53 + 1, 2**53 + 2, 2**63 - 1, 2**63 - 2, 2**62])
)
quantities = st.integers(0, 10**13) | st.sampled_from([1, 999_999, 1_000_001])


@st.composite
def terms(draw, most=2):
    made = []
    for _ in range(draw(st.integers(1, most))):
        sign = draw(st.sampled_from([1, 1, 1, -1]))
        if draw(st.booleans()):
            made.append(Term(rate_ppm=draw(rates_ppm), sign=sign))
        else:
            currency = draw(st.sampled_from(["VND", "USD", "JPY", "EUR", "GBP"]))
            price = draw(st.integers(0, 10**10))
            made.append(
                Term(
                    specific_millionths=price, currency=currency, unit=draw(st.sampled_from(UNITS)), sign=sign
                )
            )
    return tuple(made)


@st.composite
def duties(draw):
    limit = st.just(()) | terms(1)
    return Duty(draw(terms()), draw(limit), draw(limit))


@st.composite
def orders(draw):
    made = []
    for position in range(draw(st.integers(1, 4))):
        before = [*CODES[:position], "customs_value", "adjustment"]
        base = draw(st.lists(st.sampled_from(before), min_size=1, max_size=4, unique=True))
        made.append(
            Tax(
                CODES[position],
                tuple(base),
                LAW,
                draw(st.sampled_from(Rounding)),
                draw(st.sampled_from(Carry)),
                draw(st.sampled_from([1, 1, 5, 1000])),
            )
        )
    return tuple(made)


@st.composite
def lines_of(draw, taxes, whole_quantities):
    charges = []
    for tax in taxes:
        for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2]))):
            charges.append(
                Charge(
                    tax.code,
                    draw(duties() | st.builds(lambda r: Duty((Term(rate_ppm=r),)), rates_ppm)),
                    LAW,
                    deduct_minor=draw(st.just(0) | st.integers(0, 10**9)),
                    credit_minor=draw(st.just(0) | st.integers(0, 10**9)),
                )
            )
    amount = quantities if whole_quantities else quantities | st.fractions(0, 10**9, max_denominator=1000)
    bases = {"customs_value": draw(values), "adjustment": draw(st.integers(-(10**6), 10**9))}
    known = draw(st.lists(st.sampled_from(["customs_value", "adjustment"]), unique=True, min_size=1))
    pending = draw(
        st.just(()) | st.just(()) | st.tuples(st.sampled_from([*[t.code for t in taxes], "adjustment"]))
    )
    return Line(
        bases if draw(st.booleans()) else {name: bases[name] for name in known},
        tuple(charges),
        draw(st.dictionaries(st.sampled_from(UNITS), amount)),
        pending,
    )


@st.composite
def cases(draw, whole_quantities=False):
    taxes = draw(orders())
    return taxes, draw(st.lists(lines_of(taxes, whole_quantities), min_size=1, max_size=5))


def answers(assessment):
    found = {}
    for amount in assessment.amounts:
        pair = None if amount.is_pending else (amount.assessed_minor, amount.payable_minor)
        found.setdefault(amount.tax, []).append(pair)
    return found


@given(cases(), st.sampled_from([RATES, CENTS]))
def test_a_line_equals_the_fractions_of_the_oracle(case, rates):
    taxes, lines = case
    for line in lines:
        assert answers(assess_line(line, taxes, rates)) == oracle.assess(line, taxes, rates)


@given(cases(), st.sampled_from([RATES, CENTS]))
def test_every_trace_can_be_done_again(case, rates):
    taxes, lines = case
    for line in lines:
        assessment = assess_line(line, taxes, rates)
        for amount, trace in zip(assessment.amounts, assessment.trace(), strict=True):
            if amount.is_pending:
                assert trace.payable_minor is None
                continue
            assert sum(part.millionths for part in trace.base) == trace.base_millionths
            sums = {}
            for term in trace.terms:
                sums[term.branch] = sums.get(term.branch, 0) + term.sign * Fraction(term.amount)
            assert sums[trace.branch] == Fraction(trace.exact)
            assert oracle.cut(Fraction(trace.exact)) * 10**6 == trace.exact_millionths
            rule = Rounding(trace.rounding)
            assert oracle.rounded(Fraction(trace.exact), rule, trace.step_minor) == trace.assessed_minor
            owed = max(trace.assessed_minor, 0) - trace.deduct_minor
            assert trace.payable_minor == owed - trace.credit_minor


@given(cases(whole_quantities=True), st.sampled_from([RATES, CENTS]))
def test_a_frame_equals_its_lines(case, rates):
    taxes, lines = case
    try:
        frame = frame_of(lines, taxes, rates)
    except OverflowError:
        return
    assessed = assess_frame(frame, taxes, detail=True)
    for row, one in zip(assessed.iter_rows(named=True), assess_lines(lines, taxes, rates), strict=True):
        for tax in taxes:
            assert row[f"{tax.code}_minor"] == one.payable_minor(tax.code), tax.code
            known = [amount for amount in one.amounts if amount.tax == tax.code and not amount.is_pending]
            if known and tax.code not in one.pending:
                assert row[f"{tax.code}_assessed_minor"] == sum(amount.assessed_minor for amount in known)
                assert row[f"{tax.code}_base_minor"] == known[0].base_minor


@given(cases(whole_quantities=True))
def test_a_stream_equals_the_whole_and_keeps_the_order_of_rows(case):
    taxes, lines = case
    try:
        frame = frame_of(lines, taxes, RATES)
    except OverflowError:
        return
    whole = assess_frame(frame, taxes)
    rows = [
        row
        for batch in assess_batches((frame[i : i + 1] for i in range(len(lines))), taxes)
        for row in batch.rows()
    ]
    assert rows == whole.rows()


@given(cases())
def test_totals_are_the_sums_of_lines(case):
    taxes, lines = case
    assessed = assess_lines(lines, taxes, RATES)
    for total in totals(assessed, taxes):
        amounts = [a for one in assessed for a in one.amounts if a.tax == total.tax]
        assert total.pending == sum(a.is_pending for a in amounts)
        assert total.payable_minor == sum(a.payable_minor or 0 for a in amounts)
        assert total.assessed_minor - total.deduct_minor - total.credit_minor <= total.payable_minor


@given(
    st.lists(
        st.tuples(
            st.integers(-(10**12), 10**12) | st.integers(-(2**62), 2**62),
            st.lists(
                st.integers(0, 5) | st.integers(0, 10**12) | st.integers(0, 2**62), min_size=1, max_size=25
            ),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_shares_of_many_groups_equal_the_shares_of_each(groups):
    np = pytest.importorskip("numpy")
    weights = [weight for _, group in groups for weight in group]
    starts = np.cumsum([0, *[len(group) for _, group in groups][:-1]])
    got = shares(np.array([total for total, _ in groups]), np.array(weights), starts).tolist()
    assert got == [part for total, group in groups for part in apportion(total, group)]
