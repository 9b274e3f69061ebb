"""Editions of the tariff. An edition is what one act says for some days, kept whole under its hash."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from ..record.models import HASH_LENGTH


class TariffEdition(models.Model):
    """One edition. Append-only.

    pack: the country. act: its official number. first_day, last_day: both included. hash: the engine's, over all that
    the rows say of law. spoken_of: "tax/annex/kind" of its measures, separated by spaces. content: the rows,
    compressed (`reads.packed`). source: the file that they were read from.
    """

    pack = models.CharField(max_length=16)
    name = models.CharField(max_length=160)
    act = models.CharField(max_length=120)
    first_day = models.DateField()
    last_day = models.DateField(null=True)
    hash = models.CharField(max_length=HASH_LENGTH)
    spoken_of = models.TextField()
    content = models.BinaryField()
    measures = models.PositiveIntegerField()
    commodities = models.PositiveIntegerField()
    source = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pack", "hash"], name="edition_once"),
            models.CheckConstraint(
                condition=models.Q(last_day__isnull=True) | models.Q(last_day__gte=models.F("first_day")),
                name="edition_ends_after_it_starts",
            ),
        ]
        indexes = [models.Index(fields=["pack", "first_day"], name="edition_by_day")]
