"""Ask the books, and prove them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import msgspec
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce

from ...engine.findings import Finding, in_order
from ...engine.ledger import journal as engine
from ...engine.ledger.journal import AccountKind
from .models import LARGEST_MINOR, Account, Entry, Journal

SEALED = Q(journal__sealed=True)


def by_tax(subject: str, kind: AccountKind) -> dict[str, int]:
    """What the journals of a subject left on the accounts of a kind, by tax; taxes at 0 are left out."""
    rows = (
        Entry.objects.filter(SEALED, journal__subject=subject, account__kind=kind)
        .values("account__tax")
        .annotate(left_minor=Sum("amount_minor"))
        .order_by("account__tax")
    )
    return {row["account__tax"]: int(row["left_minor"]) for row in rows if row["left_minor"]}


def liability(subject: str) -> dict[str, int]:
    """What has been posted as due of a subject, by tax: what the budget earned on it."""
    return {tax: -minor for tax, minor in by_tax(subject, AccountKind.REVENUE).items()}


def owed(subject: str) -> dict[str, int]:
    """What is still owed of a subject, by tax; below zero where more was paid than is due."""
    return by_tax(subject, AccountKind.DEBTOR)


def free_money(subject: str) -> int:
    """Money of the payer that came with a subject and settles nothing yet."""
    return -sum(by_tax(subject, AccountKind.UNALLOCATED).values())


def was_assessed(subject: str) -> bool:
    """Whether a liability was ever posted of a subject; what changes it afterwards is a difference."""
    kinds = (engine.JournalKind.ASSESSMENT, engine.JournalKind.DIFFERENCE)
    return Journal.objects.filter(subject=subject, sealed=True, kind__in=kinds).exists()


def journals_of(subject: str) -> list[engine.Journal]:
    """The journals of a subject in their order, as the engine knows them."""
    rows = Journal.objects.filter(subject=subject, sealed=True).order_by("id").select_related("reverses")
    return [as_engine(row) for row in rows.prefetch_related("entries__account")]


def journal_of(reference: str) -> engine.Journal | None:
    row = Journal.objects.filter(reference=reference, sealed=True).select_related("reverses").first()
    return as_engine(row) if row else None


def as_engine(row: Journal) -> engine.Journal:
    entries = sorted(row.entries.all(), key=lambda entry: entry.pk)
    facts: Mapping[str, str] = msgspec.json.decode(row.facts)
    return engine.Journal(
        kind=engine.JournalKind(row.kind),
        reference=row.reference,
        currency=row.currency,
        effective_day=row.day,
        entries=tuple(engine.Entry(engine.Account.of(e.account.code), e.amount_minor) for e in entries),
        subject=row.subject,
        reverses=row.reverses.reference if row.reverses else None,
        facts=facts,
    )


def balance_on(account: engine.Account, day: date) -> int:
    """What counted on an account on or before a day, whenever it was recorded."""
    rows = Entry.objects.filter(SEALED, account__code=account.code, journal__day__lte=day)
    return int(rows.aggregate(total=Coalesce(Sum("amount_minor"), 0))["total"])


@dataclass(frozen=True, slots=True)
class Proofs:
    """The three proofs of the books. totals_minor: sum of all sealed entries by currency, 0 when nothing is wrong."""

    journals: int
    entries: int
    accounts: int
    totals_minor: Mapping[str, int]
    faults: tuple[Finding, ...]


def proofs(expected: Mapping[str, Mapping[AccountKind, int]] | None = None) -> Proofs:
    """(1) Entries add up to 0, whole and journal by journal. (2) Each account's balance and version are those of its
    entries. (3) The subledger: `expected` gives what each subject should have left on accounts of a kind.
    """
    faults: list[Finding] = []
    totals = {
        row["journal__currency"]: int(row["total"])
        for row in Entry.objects.filter(SEALED)
        .values("journal__currency")
        .annotate(total=Sum("amount_minor"))
    }
    for currency, total in totals.items():
        if total:
            faults.append(Finding("BOOK_NOT_BALANCED", at=currency, says={"total_minor": str(total)}))
    uneven = Journal.objects.annotate(count=Count("entries"), total=Coalesce(Sum("entries__amount_minor"), 0))
    for journal in uneven.filter(Q(sealed=False) | Q(count__lt=2) | ~Q(total=0)):
        faults.append(
            Finding("JOURNAL_NOT_WHOLE", at=journal.reference, says={"reference": journal.reference})
        )
    drifted = Account.objects.annotate(
        total=Coalesce(Sum("entries__amount_minor", filter=Q(entries__journal__sealed=True)), 0),
        count=Count("entries", filter=Q(entries__journal__sealed=True)),
    ).exclude(total=F("balance_minor"), count=F("version"))
    for account in drifted:
        faults.append(
            Finding(
                "ACCOUNT_DRIFTED",
                at=account.code,
                says={
                    "account": account.code,
                    "balance_minor": str(account.balance_minor),
                    "entries_minor": str(account.total),
                },
            )
        )
    if expected is not None:
        faults += _subledger(expected)
    return Proofs(
        Journal.objects.filter(sealed=True).count(),
        Entry.objects.filter(SEALED).count(),
        Account.objects.count(),
        totals,
        in_order(faults),
    )


def _subledger(expected: Mapping[str, Mapping[AccountKind, int]]) -> list[Finding]:
    found: dict[tuple[str, str], int] = {
        (row["journal__subject"], row["account__kind"]): int(row["total"])
        for row in Entry.objects.filter(SEALED)
        .values("journal__subject", "account__kind")
        .annotate(total=Sum("amount_minor"))
    }
    faults = []
    for subject, kinds in expected.items():
        for kind, minor in kinds.items():
            booked = found.get((subject, str(kind)), 0)
            if booked != minor:
                faults.append(
                    Finding(
                        "SUBLEDGER_DIFFERS",
                        at=f"{subject}.{kind}",
                        says={"subject": subject, "booked_minor": str(booked), "expected_minor": str(minor)},
                    )
                )
    return faults


def guarantee_left(party: str, reference: str, currency: str) -> int:
    """How much more a guarantee may stand for: its limit less what it holds; the book's bound where none is set."""
    account = Account.objects.filter(
        code=engine.Account(AccountKind.GUARANTEE_HELD, currency, party=party, reference=reference).code
    ).first()
    return account.ceiling_minor - account.balance_minor if account else LARGEST_MINOR


def guarantee_held(subject: str, reference: str) -> int:
    """What a guarantee stands for on one subject."""
    rows = Entry.objects.filter(SEALED, journal__subject=subject, account__kind=AccountKind.GUARANTEE_HELD)
    return sum(row.amount_minor for row in rows.select_related("account") if _names(row.account, reference))


def _names(account: Account, reference: str) -> bool:
    return engine.Account.of(account.code).reference == reference


@dataclass(frozen=True, slots=True)
class Guarantee:
    """A guarantee of a payer. limit_minor: None where no limit is set; held_minor: what it stands for now."""

    reference: str
    limit_minor: int | None
    held_minor: int

    @property
    def left_minor(self) -> int | None:
        return None if self.limit_minor is None else self.limit_minor - self.held_minor


def guarantees_of(party: str) -> list[Guarantee]:
    """The guarantees that stand, or once stood, for a payer, by reference."""
    rows = Account.objects.filter(kind=AccountKind.GUARANTEE_HELD, party=party).order_by("code")
    return [
        Guarantee(
            engine.Account.of(row.code).reference,
            None if row.ceiling_minor >= LARGEST_MINOR else row.ceiling_minor,
            row.balance_minor,
        )
        for row in rows
    ]


def payments(subject: str) -> list[tuple[date, int]]:
    """What settled the debts of a subject, by the day on which it counts: money and allocations, and what of them was
    taken back (below zero). The liability itself is not in it."""
    liable = (engine.JournalKind.ASSESSMENT, engine.JournalKind.DIFFERENCE)
    rows = (
        Entry.objects.filter(SEALED, journal__subject=subject, account__kind=AccountKind.DEBTOR)
        .exclude(journal__kind__in=liable)
        .values("journal__day")
        .annotate(total=Sum("amount_minor"))
        .order_by("journal__day")
    )
    return [(row["journal__day"], -int(row["total"])) for row in rows if row["total"]]


def was_guaranteed(subject: str) -> bool:
    """Whether a guarantee ever stood for a subject."""
    held = Journal.objects.filter(subject=subject, sealed=True, kind=engine.JournalKind.GUARANTEE_HOLD)
    return held.exists()
