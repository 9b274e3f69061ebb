"""The posting rules, each with its sums by hand. Debit is plus, credit is minus."""

from datetime import date

import pytest

from thongquan.engine.ledger.journal import AccountKind, JournalKind, balances
from thongquan.engine.ledger.postings import (
    Head,
    allocation_postings,
    assess_postings,
    deposit_postings,
    deposit_use_postings,
    difference_postings,
    guarantee_hold_postings,
    guarantee_release_postings,
    payment_postings,
    refund_decision_postings,
    refund_payment_postings,
    surplus_postings,
)

DAY = date(2020, 6, 15)


def head(reference="J-1", **more):
    return Head(
        reference=reference, payer="0100000001", currency="VND", effective_day=DAY, subject="TK-1", **more
    )


def lines(journal):
    """What a journal says, short: (kind, tax or reference, amount)."""
    return [(e.account.kind, e.account.tax or e.account.reference, e.amount_minor) for e in journal.entries]


D, R, T, U, P = (
    AccountKind.DEBTOR,
    AccountKind.REVENUE,
    AccountKind.TREASURY,
    AccountKind.UNALLOCATED,
    AccountKind.REFUND_PAYABLE,
)


def test_an_assessment_is_owed_and_earned_tax_by_tax():
    journal = assess_postings(head(), {"VAT": 88, "IMPORT": 100, "EXCISE": 0})
    assert journal.kind is JournalKind.ASSESSMENT
    assert lines(journal) == [(D, "IMPORT", 100), (R, "IMPORT", -100), (D, "VAT", 88), (R, "VAT", -88)]
    assert journal.entries[0].account.party == "0100000001"
    assert (journal.subject, journal.effective_day) == ("TK-1", DAY)


def test_an_assessment_of_nothing_posts_nothing():
    assert assess_postings(head(), {"VAT": 0}) is None
    assert assess_postings(head(), {}) is None
    with pytest.raises(ValueError, match="below zero"):
        assess_postings(head(), {"VAT": -1})


def test_revenue_goes_to_the_budget_line_of_the_pack():
    journal = assess_postings(head(budget={"VAT": "1702"}), {"VAT": 88})
    assert journal.entries[1].account.reference == "1702"


def test_a_changed_liability_posts_only_the_difference():
    # import 100 -> 120: +20; VAT 88 -> 80: -8; excise new: +5; environment 3 -> nothing: -3
    journal = difference_postings(
        head(), {"IMPORT": 100, "VAT": 88, "ENVIRONMENT": 3}, {"IMPORT": 120, "VAT": 80, "EXCISE": 5}
    )
    assert journal.kind is JournalKind.DIFFERENCE
    assert lines(journal) == [
        (D, "ENVIRONMENT", -3),
        (R, "ENVIRONMENT", 3),
        (D, "EXCISE", 5),
        (R, "EXCISE", -5),
        (D, "IMPORT", 20),
        (R, "IMPORT", -20),
        (D, "VAT", -8),
        (R, "VAT", 8),
    ]
    assert difference_postings(head(), {"VAT": 8}, {"VAT": 8, "IMPORT": 0}) is None


def test_a_payment_settles_debts_and_the_rest_is_the_payers_own():
    # 200 received: 100 + 88 settled, 200 - 188 = 12 over
    journal = payment_postings(head(), 200, "KB-1", {"IMPORT": 100, "VAT": 88})
    assert lines(journal) == [(T, "KB-1", 200), (D, "IMPORT", -100), (D, "VAT", -88), (U, "", -12)]
    exact = payment_postings(head(), 188, "KB-1", {"IMPORT": 100, "VAT": 88})
    assert lines(exact) == [(T, "KB-1", 188), (D, "IMPORT", -100), (D, "VAT", -88)]
    ahead = payment_postings(head(), 50, "KB-1", {})
    assert lines(ahead) == [(T, "KB-1", 50), (U, "", -50)]
    with pytest.raises(ValueError, match="cannot settle"):
        payment_postings(head(), 10, "KB-1", {"VAT": 11})
    with pytest.raises(ValueError, match="above zero"):
        payment_postings(head(), 0, "KB-1", {})


def test_free_money_settles_a_debt():
    assert lines(allocation_postings(head(), {"VAT": 12})) == [(U, "", 12), (D, "VAT", -12)]
    with pytest.raises(ValueError, match="above zero"):
        allocation_postings(head(), {})


def test_a_fallen_liability_that_was_paid_becomes_free_money_and_then_a_refund():
    book = [
        assess_postings(head("1"), {"VAT": 100}),
        payment_postings(head("2"), 100, "KB-1", {"VAT": 100}),
        difference_postings(head("3"), {"VAT": 100}, {"VAT": 60}),
        surplus_postings(head("4"), {"VAT": 40}),
        refund_decision_postings(head("5"), 40, "15/QD-HT"),
        refund_payment_postings(head("6"), 40, "15/QD-HT", "KB-1"),
    ]
    assert [journal.kind for journal in book] == [
        JournalKind.ASSESSMENT,
        JournalKind.PAYMENT,
        JournalKind.DIFFERENCE,
        JournalKind.ALLOCATION,
        JournalKind.REFUND_DECISION,
        JournalKind.REFUND_PAYMENT,
    ]
    # the budget earned 60 and holds 60; nobody owes anything
    assert {account.kind: amount for account, amount in balances(book).items()} == {
        D: 0,
        R: -60,
        T: 60,
        U: 0,
        P: 0,
    }
    assert book[5].facts == {"decision": "15/QD-HT", "account": "KB-1"}
    assert surplus_postings(head(), {"VAT": 0}) is None


def test_a_refund_names_its_decision_and_the_account_that_pays():
    with pytest.raises(ValueError, match="decision"):
        refund_decision_postings(head(), 40, "")
    with pytest.raises(ValueError, match="treasury"):
        refund_payment_postings(head(), 40, "15/QD-HT", "")


def test_a_deposit_is_the_payers_until_it_is_used():
    left = deposit_postings(head("1"), 300, "KB-2")
    used = deposit_use_postings(head("2"), 300, {"VAT": 250})
    assert lines(left) == [(T, "KB-2", 300), (AccountKind.DEPOSIT, "", -300)]
    assert lines(used) == [(AccountKind.DEPOSIT, "", 300), (D, "VAT", -250), (U, "", -50)]


def test_a_guarantee_is_held_and_given_back_beside_the_budget_in_its_own_currency():
    dollars = Head(reference="1", payer="0100000001", currency="USD", effective_day=DAY)
    held = guarantee_hold_postings(dollars, "BL-1", 5_000, rate_edition="VCB-2020-24")
    assert held.facts == {"rate_edition": "VCB-2020-24"}
    assert lines(held) == [
        (AccountKind.GUARANTEE_HELD, "BL-1", 5_000),
        (AccountKind.GUARANTEE_GIVEN, "BL-1", -5_000),
    ]
    back = guarantee_release_postings(
        Head(reference="2", payer="0100000001", currency="USD", effective_day=DAY), "BL-1", 5_000
    )
    assert set(balances([held, back]).values()) == {0}
    assert held.currency == "USD"
    assert guarantee_hold_postings(dollars, "BL-1", 1).facts == {}
    with pytest.raises(ValueError, match="guarantee"):
        guarantee_hold_postings(dollars, "", 5_000)
