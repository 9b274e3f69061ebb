"""Accounts, journals and entries. Debits are positive, credits negative, and every journal adds up to nothing.

What must never be false is kept by the database (`migrations/0002_guards`): a journal is sealed only with two or more
entries that add up to 0, nothing is added to a sealed one or taken from it, an account's balance moves only by what
sealed entries explain, and its versions have no gap.
"""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

LARGEST_MINOR = 10**17
"""No account of a national treasury reaches this; a figure beyond it is a fault, not money."""


def _in_bounds(field: str) -> models.Q:
    return models.Q(**{f"{field}__gte": -LARGEST_MINOR, f"{field}__lte": LARGEST_MINOR})


class Account(models.Model):
    """Money by what it is for. code: the engine's ("DEBTOR/VND/0100000001/VAT/"); kind, currency, party and tax repeat
    its parts. balance_minor: debits less credits.

    floor_minor, ceiling_minor: what the balance may not leave (a guarantee cannot be overdrawn). version: number of
    its last entry.
    """

    code = models.CharField(max_length=250, unique=True)
    kind = models.CharField(max_length=32)
    currency = models.CharField(max_length=3)
    party = models.CharField(max_length=64, blank=True)
    tax = models.CharField(max_length=32, blank=True)
    balance_minor = models.BigIntegerField(default=0)
    floor_minor = models.BigIntegerField(default=-LARGEST_MINOR)
    ceiling_minor = models.BigIntegerField(default=LARGEST_MINOR)
    version = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    balance_minor__gte=models.F("floor_minor"), balance_minor__lte=models.F("ceiling_minor")
                ),
                name="account_balance_in_bounds",
            ),
            models.CheckConstraint(
                condition=_in_bounds("floor_minor") & _in_bounds("ceiling_minor"),
                name="account_bounds_in_bounds",
            ),
        ]
        indexes = [models.Index(fields=["party", "kind"], name="account_by_party")]

    def __str__(self) -> str:
        return self.code


class Journal(models.Model):
    """One posting. reference: unique in the book. subject, n: the declaration and the event that caused it.

    kind: the engine's JournalKind. at: when it was posted; day: on which it counts. facts: canonical JSON of what it
    rests on. reverses: the journal that this one takes back; each is taken back once.
    """

    reference = models.CharField(max_length=160, unique=True)
    kind = models.CharField(max_length=32)
    currency = models.CharField(max_length=3)
    subject = models.CharField(max_length=64)
    n = models.PositiveIntegerField()
    at = models.DateTimeField()
    day = models.DateField()
    facts = models.TextField(default="{}")
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="reversed_by")
    sealed = models.BooleanField(default=False)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["subject", "n"], name="journal_by_subject")]


class Entry(models.Model):
    """One line of a journal: an amount on an account, never 0. account_version: its place in the account's history."""

    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="entries")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="entries")
    amount_minor = models.BigIntegerField()
    account_version = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "account_version"], name="entry_once_per_version"),
            models.CheckConstraint(
                condition=_in_bounds("amount_minor") & ~models.Q(amount_minor=0),
                name="entry_amount_in_bounds",
            ),
        ]
