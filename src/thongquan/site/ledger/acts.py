"""Post journals: inside the transaction of an act, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from ...engine.findings import Finding
from ...engine.ledger import journal as engine
from ..kit import faults
from ..kit.canonical import canonical
from ..record.acts import append_by_operator
from ..record.sealing import refusal
from .models import LARGEST_MINOR, Account, Entry, Journal


def book(journals: Iterable[engine.Journal], *, n: int, at: datetime) -> list[Journal]:
    """Post the journals of one act (event `n` of its subject) in their order, and seal each.

    The accounts of all are locked first, in the order of their ids: whoever else posts waits his turn, and two who
    post to the same accounts never wait for each other. IntegrityError when a bound of an account would be left.
    """
    listed = list(journals)
    if not listed:
        return []
    accounts = _locked({entry.account for journal in listed for entry in journal.entries})
    booked = [_booked(journal, accounts, n, at) for journal in listed]
    faults.reach("after_journal")
    return booked


def _locked(wanted: set[engine.Account]) -> dict[str, Account]:
    codes = {account.code: account for account in wanted}
    known = set(Account.objects.filter(code__in=codes).values_list("code", flat=True))
    # In one order, so that two acts that open the same accounts do not wait for each other.
    Account.objects.bulk_create(
        [
            Account(code=code, kind=one.kind, currency=one.currency, party=one.party, tax=one.tax)
            for code, one in sorted(codes.items())
            if code not in known
        ],
        ignore_conflicts=True,
    )
    rows = Account.objects.select_for_update().filter(code__in=codes).order_by("id")
    return {row.code: row for row in rows}


def _booked(journal: engine.Journal, accounts: dict[str, Account], n: int, at: datetime) -> Journal:
    row = Journal.objects.create(
        reference=journal.reference,
        kind=journal.kind,
        currency=journal.currency,
        subject=journal.subject,
        n=n,
        at=at,
        day=journal.effective_day,
        facts=canonical(dict(journal.facts)).decode(),
        reverses=Journal.objects.get(reference=journal.reverses) if journal.reverses else None,
    )
    standings = {
        entry.account: engine.Standing(
            accounts[entry.account.code].version, accounts[entry.account.code].balance_minor
        )
        for entry in journal.entries
    }
    posted = engine.post(journal, standings)
    Entry.objects.bulk_create(
        Entry(
            journal=row,
            account=accounts[one.entry.account.code],
            amount_minor=one.entry.amount_minor,
            account_version=one.account_version,
        )
        for one in posted
    )
    row.sealed = True
    row.save(update_fields=["sealed"])
    moved = {one.entry.account.code: one for one in posted}  # the last entry of each account
    for code, one in moved.items():
        accounts[code].version, accounts[code].balance_minor = one.account_version, one.balance_minor
    Account.objects.bulk_update([accounts[code] for code in moved], ["version", "balance_minor"])
    return row


def limit(account: engine.Account, *, floor_minor: int, ceiling_minor: int) -> None:
    """Set what the balance of an account may not leave. Recorded by nobody: `register_guarantee` is the act."""
    with transaction.atomic():
        row = _locked({account})[account.code]
        Account.objects.filter(pk=row.pk).update(floor_minor=floor_minor, ceiling_minor=ceiling_minor)


@transaction.atomic
def register_guarantee(
    *, trader: str, reference: str, currency: str, limit_minor: int, document: str, by: str
) -> Finding | None:
    """Say up to what amount a guarantee stands, by the document that says so; an event in the guarantee's own chain.

    From then on the database itself refuses to hold more. A new amount, higher or lower, is registered the same way.
    GUARANTEE_LIMIT_UNFIT: not from 0 to LARGEST_MINOR. GUARANTEE_NEEDS_DOCUMENT. GUARANTEE_HOLDS_MORE: more is held
    already than it would cover. ANCHOR_LAG: what cannot be made provable outside waits (`record.sealing`).
    """
    if not 0 <= limit_minor <= LARGEST_MINOR:
        return Finding("GUARANTEE_LIMIT_UNFIT", says={"limit_minor": str(limit_minor)})
    if not document.strip():
        return Finding("GUARANTEE_NEEDS_DOCUMENT")
    waits = refusal()
    if waits:
        return waits
    account = engine.Account(engine.AccountKind.GUARANTEE_HELD, currency, party=trader, reference=reference)
    row = _locked({account})[account.code]
    if row.balance_minor > limit_minor:
        says = {"reference": reference, "held_minor": str(row.balance_minor), "limit_minor": str(limit_minor)}
        return Finding("GUARANTEE_HOLDS_MORE", says=says)
    limit(account, floor_minor=0, ceiling_minor=limit_minor)
    append_by_operator(
        f"guarantee:{row.pk}", "register_guarantee", by,
        {
            "trader": trader, "reference": reference, "currency": currency, "limit_minor": limit_minor,
            "document": document.strip()[:200],
        },
    )  # fmt: skip
    return None
