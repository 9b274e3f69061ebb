"""Traders by their number in the register. A declaration's own text about them is what was declared, not what is."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Trader(models.Model):
    """A trader. name: from the register only, never from a form, so "" until the register has been asked.

    trader_class: compliance class as the pack names it, "" while none is given.
    """

    registry_id = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=300, blank=True)
    trader_class = models.CharField(max_length=32, blank=True)
    recorded_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.registry_id


class ExemptUse(models.Model):
    """That a person was exempt once more, or (negative) that it did not come to it.

    fact: which count of PersonFacts it belongs to (gifts_in_year). day: legal day on which it counts. declaration, n:
    whose event it was; "" and 0 for what an officer found to have been before this record began, by its document.
    """

    trader = models.ForeignKey(Trader, on_delete=models.PROTECT, related_name="exempt_uses")
    fact = models.CharField(max_length=32)
    day = models.DateField()
    declaration = models.CharField(max_length=64, blank=True)
    n = models.PositiveIntegerField(default=0)
    times = models.IntegerField()
    value_minor = models.BigIntegerField()
    document = models.CharField(max_length=200, blank=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["declaration", "n", "fact"],
                condition=~models.Q(declaration=""),
                name="exempt_use_once_per_event",
            ),
        ]
        indexes = [models.Index(fields=["trader", "fact", "day"], name="exempt_use_by_trader")]


class ExemptLine(models.Model):
    """One line of a trader's list of goods that come in free of duty, and how much of it is used.

    number: of the list and its line ("100000000123/2"). commodity: the code that it is for, or its beginning. unit: of
    the quantities, in millionths. version: number of its last movement. last_day: included, null while it stands.
    """

    number = models.CharField(max_length=64, unique=True)
    trader = models.ForeignKey(Trader, on_delete=models.PROTECT, related_name="exempt_lines")
    commodity = models.CharField(max_length=12)
    unit = models.CharField(max_length=8)
    granted_millionths = models.BigIntegerField()
    used_millionths = models.BigIntegerField(default=0)
    version = models.PositiveIntegerField(default=0)
    first_day = models.DateField()
    last_day = models.DateField(null=True)
    document = models.CharField(max_length=200)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    used_millionths__gte=0, used_millionths__lte=models.F("granted_millionths")
                ),
                name="exempt_line_never_overdrawn",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ExemptMovement(models.Model):
    """What a declaration took off a line, or gave back (negative). n: the event of the declaration that did it.

    version: its place in the line's history. used_after_millionths: the balance that it left.
    """

    line = models.ForeignKey(ExemptLine, on_delete=models.PROTECT, related_name="movements")
    declaration = models.CharField(max_length=64)
    n = models.PositiveIntegerField()
    millionths = models.BigIntegerField()
    version = models.PositiveIntegerField()
    used_after_millionths = models.BigIntegerField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line", "version"], name="exempt_movement_once_per_version"),
            models.UniqueConstraint(
                fields=["line", "declaration", "n"], name="exempt_movement_once_per_event"
            ),
            models.CheckConstraint(condition=~models.Q(millionths=0), name="exempt_movement_moves"),
        ]
        indexes = [models.Index(fields=["declaration"], name="exempt_by_declaration")]
