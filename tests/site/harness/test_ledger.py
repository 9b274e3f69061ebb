"""T7: the books in the database are the engine's books, at every past instant, in any order, under any crowd.

The engine's own properties stand in tests/properties; here every figure is asked of the database and compared with a
replay of the same journals by the engine.
"""

from __future__ import annotations

import dataclasses
import random
import threading
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connections, transaction
from django.db.models import Sum
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from thongquan.engine.ledger import postings
from thongquan.engine.ledger.journal import Account, Journal, balances, reverse, standings
from thongquan.site.ledger import acts
from thongquan.site.ledger import models as ledger
from thongquan.site.ledger import reads as books

from ..country import NOON

pytestmark = pytest.mark.harness

START = date(2026, 3, 1)
DAYS = st.integers(0, 9).map(lambda n: START + timedelta(days=n))
AMOUNTS = st.dictionaries(st.sampled_from(["DUTY", "VAT"]), st.integers(1, 10**9), min_size=1)


@st.composite
def posted(draw) -> list[list[Journal]]:
    """What acts posted, one list of journals for each: some reverse a journal from before, days go back and forth."""
    made: list[list[Journal]] = []
    reversible: list[Journal] = []
    for n in range(1, draw(st.integers(1, 8)) + 1):
        group: list[Journal] = []
        subject, payer = draw(st.sampled_from("ST")), draw(st.sampled_from("PQ"))
        for k in range(1, draw(st.integers(1, 3)) + 1):
            head = postings.Head(
                reference=f"{subject}/{n}/{k}", payer=payer, currency="KRN", effective_day=draw(DAYS),
                subject=subject,
            )  # fmt: skip
            kind = draw(st.sampled_from(["assess", "pay", "hold", "reverse"]))
            if kind == "reverse" and reversible:
                wrong = reversible.pop(draw(st.integers(0, len(reversible) - 1)))
                group.append(
                    reverse(wrong, reference=head.reference, effective_day=head.effective_day, reason="x")
                )
                continue
            amounts = draw(AMOUNTS)
            total = sum(amounts.values())
            if kind == "pay":
                journal = postings.payment_postings(head, total + draw(st.integers(0, 9)), "T", amounts)
            elif kind == "hold":
                journal = postings.guarantee_hold_postings(head, "G", total)
            else:
                journal = postings.assess_postings(head, amounts)
            assert journal is not None
            group.append(journal)
            reversible.append(journal)
        made.append(group)
    return made


def flat(groups: list[list[Journal]]) -> list[Journal]:
    return [journal for group in groups for journal in group]


def book(groups: list[list[Journal]]) -> None:
    for n, group in enumerate(groups, 1):
        acts.book(group, n=n, at=NOON + timedelta(minutes=n))


def stored_balances() -> dict[Account, int]:
    rows = ledger.Account.objects.values_list("code", "balance_minor")
    return {Account.of(code): minor for code, minor in rows}


def compare(groups: list[list[Journal]], instants: random.Random) -> None:
    """Post, and ask the database for everything that the engine can tell."""
    journals = flat(groups)
    book(groups)
    assert stored_balances() == balances(journals)
    expected = standings(journals)
    for row in ledger.Account.objects.all():
        entries = list(row.entries.order_by("account_version").values_list("account_version", "amount_minor"))
        assert [version for version, _ in entries] == list(range(1, len(entries) + 1)), row.code
        standing = expected[Account.of(row.code)]
        assert (row.version, row.balance_minor) == (standing.version, standing.balance_minor), row.code
    for _ in range(3):
        _a_past_instant(journals, instants)
    for subject in "ST":
        assert books.journals_of(subject) == [journal for journal in journals if journal.subject == subject]
    assert books.proofs().faults == ()


def _a_past_instant(journals: list[Journal], instants: random.Random) -> None:
    """What was known after some journals, and what of it counted by some day."""
    known = instants.randrange(len(journals) + 1)
    day = START + timedelta(days=instants.randrange(-1, 11))
    references = [journal.reference for journal in journals[:known]]
    rows = (
        ledger.Entry.objects.filter(journal__reference__in=references, journal__day__lte=day)
        .values_list("account__code")
        .annotate(Sum("amount_minor"))
        .order_by()
    )
    assert {Account.of(code): int(total) for code, total in rows} == balances(journals[:known], on=day)
    # Each account at the end of its known entries: the replay by its own version numbers.
    for account, standing in standings(journals[:known]).items():
        entries = ledger.Entry.objects.filter(
            account__code=account.code, account_version__lte=standing.version
        )
        assert sum(entries.values_list("amount_minor", flat=True)) == standing.balance_minor
    whole = balances(journals, on=day)
    for account in balances(journals):
        assert books.balance_on(account, day) == whole.get(account, 0), (account.code, day)


def undone(work: Callable[[], None]) -> None:
    with transaction.atomic():
        work()
        transaction.set_rollback(True)


@pytest.mark.django_db
@settings(max_examples=60)
@given(posted(), st.integers(0, 2**32))
def test_the_stored_books_are_a_replay_at_every_past_instant(groups, instants):
    undone(lambda: compare(groups, random.Random(instants)))


@pytest.mark.django_db
@settings(max_examples=40)
@given(posted(), st.randoms(use_true_random=False))
def test_the_order_of_posting_changes_no_balance(groups, order):
    expected = balances(flat(groups))
    # A reversal comes after what it reverses; nothing else has an order.
    singles = [[journal] for journal in flat(groups)]
    order.shuffle(singles)
    first = [group for group in singles if group[0].reverses is None]
    then = [group for group in singles if group[0].reverses is not None]

    def post() -> None:
        book([*first, *then])
        assert stored_balances() == expected
        assert books.proofs().faults == ()

    undone(post)


def test_a_crowd_that_posts_to_the_same_accounts_leaves_what_one_alone_would(committed, seed):
    chance = random.Random(seed)
    journals: list[Journal] = []
    for n in range(96):
        subject = chance.choice("ST")
        head = postings.Head(
            reference=f"{subject}/{n}/1", payer="P", currency="KRN", effective_day=START, subject=subject
        )
        amounts = {tax: chance.randrange(1, 10**6) for tax in chance.sample(["DUTY", "VAT", "EXCISE"], 2)}
        if n % 2:
            journals.append(postings.payment_postings(head, sum(amounts.values()), "T", amounts))
        else:
            made = postings.assess_postings(head, amounts)
            assert made is not None
            journals.append(made)
    gate, failed = threading.Barrier(16), []

    def work(mine: list[Journal]) -> None:
        gate.wait()
        try:
            for n, journal in enumerate(mine, 1):
                with transaction.atomic():
                    acts.book([journal], n=n, at=NOON)
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(journals[n::16],)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert stored_balances() == balances(journals)
    for row in ledger.Account.objects.all():
        versions = row.entries.order_by("account_version").values_list("account_version", flat=True)
        assert list(versions) == list(range(1, row.version + 1))
    assert books.proofs().faults == ()


# Planted bugs.


def the_day_before(monkeypatch) -> None:
    """A balance on a day leaves that day out."""
    whole = books.balance_on
    monkeypatch.setattr(books, "balance_on", lambda account, day: whole(account, day - timedelta(days=1)))


def first_journal_only(monkeypatch) -> None:
    whole = acts.book
    monkeypatch.setattr(acts, "book", lambda journals, **said: whole(list(journals)[:1], **said))


def day_of_recording(monkeypatch) -> None:
    """A journal counts from the day on which it was recorded."""
    whole = acts._booked

    def booked(journal, accounts, n, at):
        return whole(dataclasses.replace(journal, effective_day=at.date()), accounts, n, at)

    monkeypatch.setattr(acts, "_booked", booked)


def reversed_again(monkeypatch) -> None:
    """What is reversed is posted as it was, not taken back."""
    whole = acts._booked

    def booked(journal, accounts, n, at):
        if journal.reverses:
            entries = tuple(dataclasses.replace(e, amount_minor=-e.amount_minor) for e in journal.entries)
            journal = dataclasses.replace(journal, entries=entries)
        return whole(journal, accounts, n, at)

    monkeypatch.setattr(acts, "_booked", booked)


def entries_sorted_by_amount(monkeypatch) -> None:
    whole = books.as_engine

    def sorted_ones(row):
        journal = whole(row)
        return dataclasses.replace(
            journal, entries=tuple(sorted(journal.entries, key=lambda e: e.amount_minor))
        )

    monkeypatch.setattr(books, "as_engine", sorted_ones)


BUGS = [the_day_before, first_journal_only, day_of_recording, reversed_again, entries_sorted_by_amount]


@pytest.mark.django_db
@pytest.mark.parametrize("plant", BUGS)
def test_a_planted_bug_is_caught(monkeypatch, plant):
    plant(monkeypatch)

    @settings(max_examples=200, phases=[Phase.generate], print_blob=False)
    @given(posted(), st.integers(0, 2**32))
    def compared(groups, instants):
        undone(lambda: compare(groups, random.Random(instants)))

    with pytest.raises(AssertionError):
        compared()
