"""Accounts, entries and journals, and what follows from a list of journals.

A journal is sealed by being made: it has at least two entries, none of them zero, that add up to 0 in one currency.
It never changes; a correction is another journal. Debits are positive, credits negative: what the trader owes stands
at plus in DEBTOR, what the budget earned at minus in REVENUE.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from ..findings import Finding, in_order
from ..money import INT64_MAX

LARGEST_MINOR: Final = INT64_MAX // 1_000
"""The largest amount of one entry: a thousand such entries still add up inside 64 bits."""


class AccountKind(enum.StrEnum):
    """The chart of accounts. party and tax say whose and which; reference is said where one is meant."""

    DEBTOR = "DEBTOR"
    """What a payer (party) owes of a tax."""
    REVENUE = "REVENUE"
    """What the budget earned of a tax. reference: the budget line (chapter and sub-item), where the pack has one."""
    TREASURY = "TREASURY"
    """Money received. reference: the account at the Treasury or the bank."""
    DEPOSIT = "DEPOSIT"
    """Money that a payer left as security: his, not yet the budget's."""
    UNALLOCATED = "UNALLOCATED"
    """Money of a payer that settles nothing yet: offered for refund or for his next debt."""
    REFUND_PAYABLE = "REFUND_PAYABLE"
    """Decided to be given back and not yet paid out."""
    GUARANTEE_HELD = "GUARANTEE_HELD"
    """Beside the budget: the part of a guarantee (reference) that stands for a payer's debts."""
    GUARANTEE_GIVEN = "GUARANTEE_GIVEN"
    """Beside the budget: the counterpart of GUARANTEE_HELD."""


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """One account; the structured code is its key everywhere ("DEBTOR/VND/0100000001/VAT/")."""

    kind: AccountKind
    currency: str
    party: str = ""
    tax: str = ""
    reference: str = ""

    @property
    def code(self) -> str:
        """The five parts joined by "/"; a "/" or "%" inside a part is written %2F or %25."""
        return "/".join(
            _escaped(part) for part in (self.kind, self.currency, self.party, self.tax, self.reference)
        )

    @classmethod
    def of(cls, code: str) -> Account:
        """From its code. ValueError for a text that is not one."""
        parts = [_unescaped(part) for part in code.split("/")]
        if len(parts) != 5:
            raise ValueError(f"not an account: {code[:60]!r}")
        return cls(AccountKind(parts[0]), *parts[1:])


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a journal: debit positive, credit negative, never zero. ValueError beyond ±LARGEST_MINOR."""

    account: Account
    amount_minor: int

    def __post_init__(self) -> None:
        if not 0 < abs(self.amount_minor) <= LARGEST_MINOR:
            raise ValueError(f"an entry of {self.amount_minor} in {self.account.code}")


class JournalKind(enum.StrEnum):
    """Why a journal was posted. An error reversed, a liability changed and a refund are three different things."""

    ASSESSMENT = "ASSESSMENT"
    DIFFERENCE = "DIFFERENCE"
    """The liability changed: an amendment, a determined amount, a cancellation."""
    PAYMENT = "PAYMENT"
    DEPOSIT = "DEPOSIT"
    ALLOCATION = "ALLOCATION"
    """Money already here settles a debt, or a debt's credit becomes free money."""
    REFUND_DECISION = "REFUND_DECISION"
    REFUND_PAYMENT = "REFUND_PAYMENT"
    GUARANTEE_HOLD = "GUARANTEE_HOLD"
    GUARANTEE_RELEASE = "GUARANTEE_RELEASE"
    REVERSAL = "REVERSAL"
    """An error of ours is taken back, whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """Entries that belong together and cannot be had one by one.

    reference: unique in the book. effective_day: when it counts, which may be before it was recorded. subject: the
    declaration, where there is one. reverses: the reference of the journal that a REVERSAL takes back.
    facts: what the posting rests on, as text: decision, paying account, rate edition, receipt.
    ValueError for a journal that does not balance.
    """

    kind: JournalKind
    reference: str
    currency: str
    effective_day: date
    entries: tuple[Entry, ...]
    subject: str = ""
    reverses: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.entries) < 2:
            raise ValueError(f"journal {self.reference!r} has fewer than two entries")
        if sum(entry.amount_minor for entry in self.entries) != 0:
            raise ValueError(f"journal {self.reference!r} does not add up to 0")
        if any(entry.account.currency != self.currency for entry in self.entries) or not self.currency:
            raise ValueError(f"journal {self.reference!r} is not in one currency")
        if not self.reference or (self.reverses is not None) != (self.kind is JournalKind.REVERSAL):
            raise ValueError(f"journal {self.reference!r} ({self.kind}) reverses {self.reverses!r}")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an account stands: the number of its last entry, and its balance."""

    version: int = 0
    balance_minor: int = 0


@dataclass(frozen=True, slots=True)
class Posted:
    """An entry in its account: account_version counts 1, 2, 3 … without a gap, balance_minor is after it."""

    entry: Entry
    account_version: int
    balance_minor: int


def post(journal: Journal, standings: Mapping[Account, Standing]) -> tuple[Posted, ...]:
    """Number a journal's entries in their accounts, in the journal's order; an account not named stands at zero."""
    now: dict[Account, Standing] = {}
    posted: list[Posted] = []
    for entry in journal.entries:
        before = now.get(entry.account) or standings.get(entry.account) or Standing()
        after = Standing(before.version + 1, before.balance_minor + entry.amount_minor)
        now[entry.account] = after
        posted.append(Posted(entry, after.version, after.balance_minor))
    return tuple(posted)


def standings(journals: Iterable[Journal]) -> dict[Account, Standing]:
    """Where every account stands after these journals, in their order."""
    book: dict[Account, Standing] = {}
    for journal in journals:
        for posted in post(journal, book):
            book[posted.entry.account] = Standing(posted.account_version, posted.balance_minor)
    return book


def balances(journals: Iterable[Journal], on: date | None = None) -> dict[Account, int]:
    """Balance of every account that was ever touched, in minor units; the order of the journals does not matter.

    on: only what counts on or before that day. What the book knew at an instant: pass the journals recorded by then.
    """
    book: dict[Account, int] = {}
    for journal in journals:
        if on is None or journal.effective_day <= on:
            for entry in journal.entries:
                book[entry.account] = book.get(entry.account, 0) + entry.amount_minor
    return book


def subledger(journals: Iterable[Journal]) -> dict[tuple[str, Account], int]:
    """Balances by subject and account: their sum over the subjects is `balances`, always."""
    book: dict[tuple[str, Account], int] = {}
    for journal in journals:
        for entry in journal.entries:
            key = journal.subject, entry.account
            book[key] = book.get(key, 0) + entry.amount_minor
    return book


def reverse(journal: Journal, *, reference: str, effective_day: date, reason: str) -> Journal:
    """The journal that takes another back whole, because posting it was an error.

    ValueError for the reversal of a reversal: what was right after all is posted anew, under its own reference.
    """
    if journal.kind is JournalKind.REVERSAL:
        raise ValueError(f"{journal.reference!r} is itself a reversal")
    return replace(
        journal,
        kind=JournalKind.REVERSAL,
        reference=reference,
        effective_day=effective_day,
        entries=tuple(Entry(entry.account, -entry.amount_minor) for entry in journal.entries),
        reverses=journal.reference,
        facts={**journal.facts, "reason": reason},
    )


def faults(journals: Sequence[Journal]) -> tuple[Finding, ...]:
    """What is wrong between journals of a book; each by itself balances by construction.

    JOURNAL_REFERENCE_USED, JOURNAL_REVERSED_TWICE, JOURNAL_REVERSES_UNKNOWN, JOURNAL_REVERSAL_DIFFERS.
    """
    found: list[Finding] = []
    known: dict[str, Journal] = {}
    reversed_by: dict[str, str] = {}
    for journal in journals:
        place = f"journal.{journal.reference}"
        if journal.reference in known:
            found.append(Finding("JOURNAL_REFERENCE_USED", at=place, says={"reference": journal.reference}))
        known.setdefault(journal.reference, journal)
        if journal.reverses is None:
            continue
        says = {"reference": journal.reference, "reverses": journal.reverses}
        target = known.get(journal.reverses)
        if target is None or target is journal:
            found.append(Finding("JOURNAL_REVERSES_UNKNOWN", at=place, says=says))
            continue
        if journal.reverses in reversed_by:
            found.append(
                Finding(
                    "JOURNAL_REVERSED_TWICE", at=place, says={**says, "first": reversed_by[journal.reverses]}
                )
            )
        reversed_by.setdefault(journal.reverses, journal.reference)
        if sorted((e.account, -e.amount_minor) for e in target.entries) != sorted(
            (e.account, e.amount_minor) for e in journal.entries
        ):
            found.append(Finding("JOURNAL_REVERSAL_DIFFERS", at=place, says=says))
    return in_order(found)


def _escaped(part: str) -> str:
    return part.replace("%", "%25").replace("/", "%2F")


def _unescaped(part: str) -> str:
    return part.replace("%2F", "/").replace("%25", "%")
