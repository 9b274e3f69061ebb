"""The posting rules: what an act of money means in accounts. Pure: amounts and names in, one journal out.

Every rule takes the same `Head`. A rule that has nothing to post answers None; an impossible amount is our own fault
and rises as ValueError. Amounts are whole minor units, by tax code where several taxes are meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from .journal import Account, AccountKind, Entry, Journal, JournalKind

type Amounts = Mapping[str, int]
"""Minor units by tax code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What all journals of one act share.

    payer: the party whose debts and money these are. effective_day: of the decision, not of the law that judged it.
    budget: tax code → budget line, "" where the pack has none.
    """

    reference: str
    payer: str
    currency: str
    effective_day: date
    subject: str = ""
    budget: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)


def assess_postings(head: Head, amounts: Amounts) -> Journal | None:
    """A first assessment: the payer owes, the budget earns, tax by tax. No amount is negative."""
    _not_negative(amounts)
    return _liability(head, JournalKind.ASSESSMENT, amounts)


def difference_postings(head: Head, before: Amounts, after: Amounts) -> Journal | None:
    """The liability changed from `before` to `after`: only the difference is posted, on the day of this decision.

    A tax that falls leaves a credit in DEBTOR when it was paid already; `surplus_postings` makes it free money.
    """
    _not_negative(before)
    _not_negative(after)
    taxes = sorted(set(before) | set(after))
    return _liability(
        head, JournalKind.DIFFERENCE, {tax: after.get(tax, 0) - before.get(tax, 0) for tax in taxes}
    )


def payment_postings(head: Head, paid_minor: int, treasury: str, settles: Amounts) -> Journal:
    """Money received on an account of the Treasury: it settles debts by tax, what is over is the payer's own."""
    _positive(paid_minor)
    return _settlement(head, JournalKind.PAYMENT, _treasury(head, treasury), paid_minor, settles)


def deposit_postings(head: Head, paid_minor: int, treasury: str) -> Journal:
    """Money left as security."""
    _positive(paid_minor)
    entries = [
        Entry(_treasury(head, treasury), paid_minor),
        Entry(_own(head, AccountKind.DEPOSIT), -paid_minor),
    ]
    return _journal(head, JournalKind.DEPOSIT, entries)


def deposit_use_postings(head: Head, used_minor: int, settles: Amounts) -> Journal:
    """A deposit settles debts; what of it settles none becomes the payer's free money."""
    _positive(used_minor)
    return _settlement(head, JournalKind.ALLOCATION, _own(head, AccountKind.DEPOSIT), used_minor, settles)


def allocation_postings(head: Head, settles: Amounts) -> Journal:
    """Free money of the payer settles debts."""
    total = sum(settles.values())
    _positive(total)
    return _settlement(head, JournalKind.ALLOCATION, _own(head, AccountKind.UNALLOCATED), total, settles)


def surplus_postings(head: Head, credits_minor: Amounts) -> Journal | None:
    """Credits that a fallen liability left in DEBTOR become free money. credits_minor: positive, by tax."""
    _not_negative(credits_minor)
    entries = [
        Entry(_debtor(head, tax), credits_minor[tax]) for tax in sorted(credits_minor) if credits_minor[tax]
    ]
    if not entries:
        return None
    total = sum(entry.amount_minor for entry in entries)
    return _journal(
        head, JournalKind.ALLOCATION, [*entries, Entry(_own(head, AccountKind.UNALLOCATED), -total)]
    )


def refund_decision_postings(head: Head, refunded_minor: int, decision: str) -> Journal:
    """A refund is decided: free money becomes payable to the payer. The decision is named."""
    _positive(refunded_minor)
    _named(decision=decision)
    entries = [
        Entry(_own(head, AccountKind.UNALLOCATED), refunded_minor),
        Entry(_own(head, AccountKind.REFUND_PAYABLE), -refunded_minor),
    ]
    return _journal(head, JournalKind.REFUND_DECISION, entries, {"decision": decision})


def refund_payment_postings(head: Head, refunded_minor: int, decision: str, treasury: str) -> Journal:
    """A decided refund is paid out of an account of the Treasury; decision and paying account are named."""
    _positive(refunded_minor)
    _named(decision=decision, treasury=treasury)
    entries = [
        Entry(_own(head, AccountKind.REFUND_PAYABLE), refunded_minor),
        Entry(_treasury(head, treasury), -refunded_minor),
    ]
    return _journal(head, JournalKind.REFUND_PAYMENT, entries, {"decision": decision, "account": treasury})


def guarantee_hold_postings(head: Head, guarantee: str, held_minor: int, rate_edition: str = "") -> Journal:
    """A part of a guarantee stands for debts. head.currency is the guarantee's own.

    rate_edition: the edition of exchange rates that turned the debt into the guarantee's currency; a new rate
    changes nothing by itself, revaluation is an act.
    """
    _positive(held_minor)
    return _journal(
        head,
        JournalKind.GUARANTEE_HOLD,
        _guarantee(head, guarantee, held_minor),
        {"rate_edition": rate_edition} if rate_edition else {},
    )


def guarantee_release_postings(head: Head, guarantee: str, released_minor: int) -> Journal:
    """A part of a guarantee is free again."""
    _positive(released_minor)
    return _journal(head, JournalKind.GUARANTEE_RELEASE, _guarantee(head, guarantee, -released_minor))


def _liability(head: Head, kind: JournalKind, amounts: Amounts) -> Journal | None:
    entries: list[Entry] = []
    for tax in sorted(amounts):
        if amounts[tax]:
            line = head.budget.get(tax, "")
            revenue = Account(AccountKind.REVENUE, head.currency, tax=tax, reference=line)
            entries += [Entry(_debtor(head, tax), amounts[tax]), Entry(revenue, -amounts[tax])]
    return _journal(head, kind, entries) if entries else None


def _settlement(head: Head, kind: JournalKind, source: Account, total: int, settles: Amounts) -> Journal:
    """`total` leaves `source` (a debit there), settles debts, and what is over becomes free money."""
    _not_negative(settles)
    over = total - sum(settles.values())
    if over < 0:
        raise ValueError(f"{total} cannot settle {sum(settles.values())}")
    entries = [Entry(source, total)]
    entries += [Entry(_debtor(head, tax), -settles[tax]) for tax in sorted(settles) if settles[tax]]
    if over:
        entries.append(Entry(_own(head, AccountKind.UNALLOCATED), -over))
    return _journal(head, kind, entries)


def _guarantee(head: Head, guarantee: str, amount_minor: int) -> list[Entry]:
    _named(guarantee=guarantee)
    held = Account(AccountKind.GUARANTEE_HELD, head.currency, party=head.payer, reference=guarantee)
    given = Account(AccountKind.GUARANTEE_GIVEN, head.currency, party=head.payer, reference=guarantee)
    return [Entry(held, amount_minor), Entry(given, -amount_minor)]


def _journal(
    head: Head, kind: JournalKind, entries: list[Entry], facts: Mapping[str, str] | None = None
) -> Journal:
    return Journal(
        kind=kind,
        reference=head.reference,
        currency=head.currency,
        effective_day=head.effective_day,
        entries=tuple(entries),
        subject=head.subject,
        facts={**head.facts, **(facts or {})},
    )


def _debtor(head: Head, tax: str) -> Account:
    return Account(AccountKind.DEBTOR, head.currency, party=head.payer, tax=tax)


def _own(head: Head, kind: AccountKind) -> Account:
    return Account(kind, head.currency, party=head.payer)


def _treasury(head: Head, reference: str) -> Account:
    return Account(AccountKind.TREASURY, head.currency, reference=reference)


def _positive(amount_minor: int) -> None:
    if amount_minor <= 0:
        raise ValueError(f"money that moves is above zero, not {amount_minor}")


def _not_negative(amounts: Amounts) -> None:
    if any(amount < 0 for amount in amounts.values()):
        raise ValueError(f"an amount is below zero: {dict(amounts)}")


def _named(**names: str) -> None:
    missing = [name for name, value in names.items() if not value]
    if missing:
        raise ValueError(f"a posting without its {', '.join(missing)}")
