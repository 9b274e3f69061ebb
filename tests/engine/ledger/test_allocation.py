"""Which debt a payment settles first: the order is data."""

from datetime import date

import pytest

from thongquan.engine.findings import Refusal
from thongquan.engine.ledger.allocation import Debt, allocate

OLD_LAW = ("OVERDUE_TAX", "INTEREST", "CURRENT_TAX")
NEW_LAW = ("OVERDUE_TAX", "CURRENT_TAX", "INTEREST")

DEBTS = (
    Debt("interest", "INTEREST", "INTEREST", date(2020, 5, 1), 30),
    Debt("current", "CURRENT_TAX", "VAT", date(2020, 7, 15), 100),
    Debt("overdue-b", "OVERDUE_TAX", "VAT", date(2020, 4, 1), 50),
    Debt("overdue-a", "OVERDUE_TAX", "IMPORT", date(2020, 3, 1), 40),
)


def test_a_payment_follows_the_order_then_the_due_day():
    # 125: overdue of March 40, of April 50, interest 30, and 5 of the 100 that are current
    done = allocate(125, DEBTS, OLD_LAW)
    assert list(done.settled.items()) == [
        ("overdue-a", 40),
        ("overdue-b", 50),
        ("interest", 30),
        ("current", 5),
    ]
    assert done.by_tax == {"IMPORT": 40, "VAT": 55, "INTEREST": 30}
    assert done.left_minor == 0


def test_another_law_settles_in_another_order():
    done = allocate(125, DEBTS, NEW_LAW)
    assert list(done.settled.items()) == [("overdue-a", 40), ("overdue-b", 50), ("current", 35)]


def test_what_is_over_is_left():
    # 40 + 50 + 30 + 100 = 220
    assert allocate(250, DEBTS, OLD_LAW).left_minor == 30
    assert allocate(7, [], OLD_LAW).left_minor == 7


def test_equal_debts_are_settled_by_their_id():
    twins = [Debt(name, "CURRENT_TAX", "VAT", date(2020, 7, 1), 10) for name in ("b", "a")]
    assert allocate(12, twins, OLD_LAW).settled == {"a": 10, "b": 2}


def test_a_rank_that_the_order_does_not_know_refuses_the_whole():
    done = allocate(125, DEBTS, ("OVERDUE_TAX", "CURRENT_TAX"))
    assert isinstance(done, Refusal)
    assert [(r.code, r.says) for r in done.reasons] == [
        ("DEBT_RANK_UNKNOWN", {"debt": "interest", "rank": "INTEREST"})
    ]


def test_payments_and_debts_are_above_zero():
    with pytest.raises(ValueError):
        allocate(0, DEBTS, OLD_LAW)
    with pytest.raises(ValueError):
        Debt("x", "CURRENT_TAX", "VAT", date(2020, 7, 1), 0)


def test_ranks_of_one_step_go_by_their_due_day_then_as_they_are_named():
    order = (("OVERDUE_TAX", "INTEREST"), "CURRENT_TAX")
    debts = (
        Debt("interest", "INTEREST", "INTEREST", date(2020, 3, 1), 30),
        Debt("older", "INTEREST", "INTEREST", date(2020, 2, 1), 10),
        Debt("overdue", "OVERDUE_TAX", "VAT", date(2020, 3, 1), 50),
        Debt("current", "CURRENT_TAX", "VAT", date(2020, 1, 1), 100),
    )
    # 10 of February, 50 and 30 of March, then 5 of what is current though its day is the earliest
    assert list(allocate(95, debts, order).settled.items()) == [
        ("older", 10),
        ("overdue", 50),
        ("interest", 30),
        ("current", 5),
    ]
