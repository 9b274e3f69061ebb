"""The books refuse what is not double entry, and prove themselves."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from thongquan.engine.ledger import postings
from thongquan.engine.ledger.journal import Account as Named
from thongquan.engine.ledger.journal import AccountKind, reverse
from thongquan.site.ledger import reads as books
from thongquan.site.ledger.acts import book, limit
from thongquan.site.ledger.models import Account, Entry, Journal

from ..country import NOON

pytestmark = pytest.mark.django_db

DAY = date(2026, 3, 2)


def head(reference: str, subject: str = "S", payer: str = "P") -> postings.Head:
    return postings.Head(reference=reference, payer=payer, currency="VND", effective_day=DAY, subject=subject)


def assessed(reference: str = "S/1/1", amounts=None, subject: str = "S"):
    return postings.assess_postings(head(reference, subject), amounts or {"DUTY": 100, "VAT": 220})


def refused(statement: str) -> str:
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    return str(caught.value)


def test_a_posting_moves_the_balances_it_names():
    book([assessed()], n=1, at=NOON)
    book([postings.payment_postings(head("S/2/1"), 250, "T1", {"DUTY": 100, "VAT": 150})], n=2, at=NOON)
    balances = dict(Account.objects.values_list("code", "balance_minor"))
    assert balances == {
        "DEBTOR/VND/P/DUTY/": 0,  # 100 - 100
        "DEBTOR/VND/P/VAT/": 70,  # 220 - 150
        "REVENUE/VND//DUTY/": -100,
        "REVENUE/VND//VAT/": -220,
        "TREASURY/VND///T1": 250,
    }
    assert books.owed("S") == {"VAT": 70}
    assert books.liability("S") == {"DUTY": 100, "VAT": 220}
    assert books.proofs().faults == ()


def test_the_versions_of_an_account_have_no_gap():
    for number in range(1, 4):
        book([assessed(f"S/{number}/1")], n=number, at=NOON)
    entries = Entry.objects.filter(account__code="DEBTOR/VND/P/VAT/").order_by("id")
    assert [entry.account_version for entry in entries] == [1, 2, 3]
    assert Account.objects.get(code="DEBTOR/VND/P/VAT/").version == 3


def test_an_account_may_stand_twice_in_one_journal():
    two = postings.assess_postings(head("S/1/1"), {"DUTY": 5})
    back = reverse(two, reference="S/1/2", effective_day=DAY, reason="x")
    book([two, back], n=1, at=NOON)
    assert Account.objects.get(code="DEBTOR/VND/P/DUTY/").balance_minor == 0
    assert books.journals_of("S") == [two, back]


def test_a_journal_is_reversed_once():
    first = assessed()
    book([first], n=1, at=NOON)
    book([reverse(first, reference="S/2/1", effective_day=DAY, reason="x")], n=2, at=NOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        book([reverse(first, reference="S/3/1", effective_day=DAY, reason="x")], n=3, at=NOON)


def test_a_sealed_journal_takes_no_entry_and_loses_none():
    book([assessed()], n=1, at=NOON)
    journal, account = Journal.objects.get(), Account.objects.get(code="DEBTOR/VND/P/VAT/")
    with pytest.raises(IntegrityError, match="JOURNAL_SEALED"), transaction.atomic():
        Entry.objects.create(journal=journal, account=account, amount_minor=5, account_version=2)
    assert "APPEND_ONLY" in refused("DELETE FROM ledger_entry")
    assert "APPEND_ONLY" in refused("UPDATE ledger_entry SET amount_minor = amount_minor + 1")
    assert "APPEND_ONLY" in refused("DELETE FROM ledger_journal")
    for change in ("sealed = %s", "day = '2020-01-01'", "subject = 'T'", "facts = '[]'"):
        assert "JOURNAL_IS_FINAL" in refused(f"UPDATE ledger_journal SET {change.replace('%s', 'false')}")


def open_journal(*amounts: int) -> Journal:
    journal = Journal.objects.create(
        reference="R", kind="ASSESSMENT", currency="VND", subject="S", n=1, at=NOON, day=DAY
    )
    for number, amount in enumerate(amounts):
        account = Account.objects.create(code=f"A{number}", kind="DEBTOR", currency="VND")
        Entry.objects.create(journal=journal, account=account, amount_minor=amount, account_version=1)
    return journal


@pytest.mark.parametrize("amounts", [(), (5,), (5, -4), (5, -4, -2)])
def test_only_what_adds_up_to_nothing_is_sealed(amounts):
    journal = open_journal(*amounts)
    with pytest.raises(IntegrityError, match="JOURNAL_UNBALANCED"), transaction.atomic():
        Journal.objects.filter(pk=journal.pk).update(sealed=True)


def test_a_journal_is_not_born_sealed():
    with pytest.raises(IntegrityError, match="JOURNAL_BORN_SEALED"), transaction.atomic():
        Journal.objects.create(
            reference="R", kind="ASSESSMENT", currency="VND", subject="S", n=1, at=NOON, day=DAY, sealed=True
        )


def test_an_open_journal_counts_for_nothing_and_is_found():
    open_journal(5, -5)
    assert books.owed("S") == {}
    assert [fault.code for fault in books.proofs().faults] == ["JOURNAL_NOT_WHOLE"]


def test_a_balance_moves_only_by_what_sealed_entries_explain():
    book([assessed()], n=1, at=NOON)
    for change in (
        "balance_minor = balance_minor + 1",
        "version = version + 1, balance_minor = 7",
        "version = 0",
    ):
        assert "BALANCE_UNEXPLAINED" in refused(f"UPDATE ledger_account SET {change} WHERE tax = 'VAT'")
    with pytest.raises(IntegrityError, match="BALANCE_UNEXPLAINED"), transaction.atomic():
        Account.objects.create(code="X", kind="DEBTOR", currency="VND", balance_minor=5)
    open_journal(5, -5)
    with pytest.raises(IntegrityError, match="BALANCE_UNEXPLAINED"), transaction.atomic():
        Account.objects.filter(code="A0").update(balance_minor=5, version=1)
    assert "APPEND_ONLY" in refused("DELETE FROM ledger_account")


def test_a_place_in_an_account_is_not_skipped():
    journal = open_journal(5)
    account = Account.objects.get(code="A0")
    with pytest.raises(IntegrityError, match="ACCOUNT_VERSION_GAP"), transaction.atomic():
        Entry.objects.create(journal=journal, account=account, amount_minor=-5, account_version=3)


def test_an_account_does_not_leave_its_bounds():
    held = Named(AccountKind.GUARANTEE_HELD, "VND", party="P", reference="G")
    limit(held, floor_minor=0, ceiling_minor=500)
    book([postings.guarantee_hold_postings(head("S/1/1"), "G", 500)], n=1, at=NOON)
    assert books.guarantee_left("P", "G", "VND") == 0
    with pytest.raises(IntegrityError), transaction.atomic():
        book([postings.guarantee_hold_postings(head("S/2/1"), "G", 1)], n=2, at=NOON)
    assert Account.objects.get(code=held.code).balance_minor == 500


@pytest.mark.parametrize("amount", [0, 10**17 + 1, -(10**17) - 1])
def test_an_entry_has_both_bounds(amount):
    with pytest.raises(IntegrityError), transaction.atomic():
        open_journal(amount)


def test_a_drift_would_be_found():
    """A seal without its balances: what a fault of ours could leave, and what proof two is for."""
    journal = open_journal(5, -5)
    Journal.objects.filter(pk=journal.pk).update(sealed=True)
    assert [fault.code for fault in books.proofs().faults] == ["ACCOUNT_DRIFTED", "ACCOUNT_DRIFTED"]


def test_the_subledger_is_compared_with_what_the_declarations_say():
    book([assessed()], n=1, at=NOON)
    assert books.proofs({"S": {AccountKind.DEBTOR: 320, AccountKind.REVENUE: -320}}).faults == ()
    found = books.proofs({"S": {AccountKind.DEBTOR: 321}}).faults
    assert [(f.code, f.says["booked_minor"], f.says["expected_minor"]) for f in found] == [
        ("SUBLEDGER_DIFFERS", "320", "321")
    ]


def test_a_past_day_is_what_counted_then():
    book([assessed()], n=1, at=NOON)
    account = Named(AccountKind.DEBTOR, "VND", party="P", tax="VAT")
    assert books.balance_on(account, DAY) == 220
    assert books.balance_on(account, date(2026, 3, 1)) == 0


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A", "B", "C"]),
            st.dictionaries(st.sampled_from(["DUTY", "VAT", "EXCISE"]), st.integers(1, 10**12), min_size=1),
        ),
        max_size=6,
    )
)
def test_random_postings_keep_every_proof(postings_made):
    with transaction.atomic():
        for number, (subject, amounts) in enumerate(postings_made, 1):
            book([assessed(f"{subject}/{number}/1", amounts, subject)], n=number, at=NOON)
        expected: dict[str, dict[AccountKind, int]] = {}
        for subject, amounts in postings_made:
            sums = expected.setdefault(subject, {AccountKind.DEBTOR: 0})
            sums[AccountKind.DEBTOR] += sum(amounts.values())
        proofs = books.proofs(expected)
        assert proofs.faults == ()
        assert set(proofs.totals_minor.values()) <= {0}
        transaction.set_rollback(True)


def test_the_limit_of_a_guarantee_is_registered_with_its_document(db):
    from thongquan.site.ledger.acts import register_guarantee
    from thongquan.site.ledger.models import Account
    from thongquan.site.record.reads import events_of

    says = {"trader": "P", "reference": "BL-7", "currency": "VND", "by": "operator:an"}
    assert register_guarantee(**says, limit_minor=500, document="").code == "GUARANTEE_NEEDS_DOCUMENT"
    assert register_guarantee(**says, limit_minor=-1, document="BL-7/2026").code == "GUARANTEE_LIMIT_UNFIT"
    assert not Account.objects.exists()
    assert register_guarantee(**says, limit_minor=500, document="BL-7/2026") is None
    row = Account.objects.get(kind="GUARANTEE_HELD")
    assert (row.kind, row.floor_minor, row.ceiling_minor) == ("GUARANTEE_HELD", 0, 500)
    book([postings.guarantee_hold_postings(head("S/1/1"), "BL-7", 400)], n=1, at=NOON)
    assert register_guarantee(**says, limit_minor=399, document="BL-8/2026").code == "GUARANTEE_HOLDS_MORE"
    assert register_guarantee(**says, limit_minor=400, document="BL-8/2026") is None
    events = events_of(f"guarantee:{row.pk}")
    assert [(one.act, one.actor) for one in events] == [("register_guarantee", "operator:an")] * 2
    assert '"limit_minor":400' in events[1].body


def test_no_limit_is_changed_while_the_log_cannot_be_proven_outside(db, monkeypatch):
    from thongquan.engine.findings import Finding
    from thongquan.site.ledger import acts
    from thongquan.site.ledger.models import Account

    monkeypatch.setattr(acts, "refusal", lambda: Finding("ANCHOR_LAG", says={"minutes": "241"}))
    refused = acts.register_guarantee(
        trader="0100000001",
        reference="BL-7",
        currency="VND",
        limit_minor=500,
        document="BL-7",
        by="operator:an",
    )
    assert refused.code == "ANCHOR_LAG"
    assert not Account.objects.exists()
