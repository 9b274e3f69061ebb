"""Accounts, entries, journals, and what follows from a list of them."""

from dataclasses import replace
from datetime import date

import pytest

from thongquan import words
from thongquan.engine.ledger.journal import (
    LARGEST_MINOR,
    Account,
    AccountKind,
    Entry,
    Journal,
    JournalKind,
    Standing,
    balances,
    faults,
    post,
    reverse,
    standings,
    subledger,
)

OWES = Account(AccountKind.DEBTOR, "VND", party="0100000001", tax="VAT")
EARNS = Account(AccountKind.REVENUE, "VND", tax="VAT")
CASH = Account(AccountKind.TREASURY, "VND", reference="KB-1")


def journal(*entries, reference="J-1", day=date(2020, 6, 15), **more):
    pairs = tuple(Entry(account, amount) for account, amount in entries)
    return Journal(
        kind=more.pop("kind", JournalKind.ASSESSMENT),
        reference=reference,
        currency="VND",
        effective_day=day,
        entries=pairs,
        **more,
    )


def test_a_journal_adds_up_to_zero_or_does_not_exist():
    assert journal((OWES, 100), (EARNS, -100)).entries[0] == Entry(OWES, 100)
    with pytest.raises(ValueError, match="add up"):
        journal((OWES, 100), (EARNS, -99))


def test_a_journal_has_two_entries_at_least_and_none_of_them_is_zero():
    with pytest.raises(ValueError, match="fewer"):
        journal()
    with pytest.raises(ValueError, match="entry of 0"):
        journal((OWES, 0), (EARNS, 0))


def test_an_entry_stays_far_inside_64_bits():
    assert Entry(OWES, LARGEST_MINOR).amount_minor == 9_223_372_036_854_775  # (2^63 - 1) // 1,000
    for beyond in (LARGEST_MINOR + 1, -LARGEST_MINOR - 1):
        with pytest.raises(ValueError):
            Entry(OWES, beyond)


def test_a_journal_has_one_currency_and_a_reference():
    dollars = replace(EARNS, currency="USD")
    with pytest.raises(ValueError, match="currency"):
        journal((OWES, 100), (dollars, -100))
    with pytest.raises(ValueError, match="reverses"):
        journal((OWES, 100), (EARNS, -100), reference="")


def test_only_a_reversal_reverses_and_it_always_does():
    with pytest.raises(ValueError, match="reverses"):
        journal((OWES, 100), (EARNS, -100), reverses="J-0")
    with pytest.raises(ValueError, match="reverses"):
        journal((OWES, 100), (EARNS, -100), kind=JournalKind.REVERSAL)


def test_nothing_of_a_journal_can_be_changed():
    with pytest.raises(AttributeError):
        journal((OWES, 100), (EARNS, -100)).reference = "J-2"


def test_an_account_is_its_code_and_back():
    assert OWES.code == "DEBTOR/VND/0100000001/VAT/"
    odd = Account(AccountKind.GUARANTEE_HELD, "USD", party="A/B%2F", reference="BL 1/2020")
    assert odd.code == "GUARANTEE_HELD/USD/A%2FB%252F//BL 1%2F2020"
    for account in (OWES, EARNS, CASH, odd):
        assert Account.of(account.code) == account
    for wrong in ("", "DEBTOR/VND", "CASH/VND///", "DEBTOR/VND/a/b/c/d"):
        with pytest.raises(ValueError):
            Account.of(wrong)


def test_entries_are_numbered_in_their_account_and_carry_its_balance():
    first = journal((OWES, 100), (EARNS, -100))
    again = journal((OWES, 30), (OWES, -10), (EARNS, -20), reference="J-2")
    book = standings([first])
    assert book == {OWES: Standing(1, 100), EARNS: Standing(1, -100)}
    posted = post(again, book)
    assert [(p.entry.account, p.account_version, p.balance_minor) for p in posted] == [
        (OWES, 2, 130),
        (OWES, 3, 120),
        (EARNS, 2, -120),
    ]
    assert standings([first, again])[OWES] == Standing(3, 120)


def test_balances_count_by_the_effective_day():
    june = journal((OWES, 100), (EARNS, -100), day=date(2020, 6, 30))
    july = journal((CASH, 100), (OWES, -100), day=date(2020, 7, 1), reference="J-2", kind=JournalKind.PAYMENT)
    assert balances([july, june], on=date(2020, 6, 30)) == {OWES: 100, EARNS: -100}
    assert balances([july, june], on=date(2020, 7, 1)) == {OWES: 0, EARNS: -100, CASH: 100}
    assert balances([july, june], on=date(2020, 6, 29)) == {}


def test_the_subledger_tells_the_declarations_apart():
    one = journal((OWES, 100), (EARNS, -100), subject="TK-1")
    two = journal((OWES, 40), (EARNS, -40), subject="TK-2", reference="J-2")
    assert subledger([one, two]) == {
        ("TK-1", OWES): 100,
        ("TK-1", EARNS): -100,
        ("TK-2", OWES): 40,
        ("TK-2", EARNS): -40,
    }


def test_a_reversal_takes_back_the_whole_journal_and_says_why():
    wrong = journal((OWES, 100), (EARNS, -100), facts={"edition": "2020-1"}, subject="TK-1")
    back = reverse(wrong, reference="J-9", effective_day=date(2020, 6, 20), reason="posted to another trader")
    assert back.kind is JournalKind.REVERSAL
    assert back.reverses == "J-1"
    assert back.entries == (Entry(OWES, -100), Entry(EARNS, 100))
    assert (back.subject, back.facts) == ("TK-1", {"edition": "2020-1", "reason": "posted to another trader"})
    assert balances([wrong, back]) == {OWES: 0, EARNS: 0}
    with pytest.raises(ValueError, match="itself a reversal"):
        reverse(back, reference="J-10", effective_day=date(2020, 6, 21), reason="r")


def test_a_book_shows_what_is_wrong_between_its_journals():
    wrong = journal((OWES, 100), (EARNS, -100))
    back = reverse(wrong, reference="J-2", effective_day=date(2020, 6, 20), reason="r")
    assert faults([wrong, back]) == ()
    again = replace(back, reference="J-3")
    assert [(f.code, f.at) for f in faults([wrong, back, again])] == [
        ("JOURNAL_REVERSED_TWICE", "journal.J-3")
    ]
    assert [f.code for f in faults([wrong, wrong])] == ["JOURNAL_REFERENCE_USED"]
    assert [f.code for f in faults([back, wrong])] == ["JOURNAL_REVERSES_UNKNOWN"]
    part = replace(back, entries=(Entry(OWES, -60), Entry(EARNS, 60)))
    assert [f.code for f in faults([wrong, part])] == ["JOURNAL_REVERSAL_DIFFERS"]
    itself = replace(back, reverses="J-2")
    assert [f.code for f in faults([itself])] == ["JOURNAL_REVERSES_UNKNOWN"]


def test_every_kind_of_account_and_journal_has_its_words():
    assert set(words.identifiers("account")) == {str(kind) for kind in AccountKind}
    assert set(words.identifiers("journal")) == {str(kind) for kind in JournalKind}
