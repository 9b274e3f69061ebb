"""Editions of the tariff. An edition is what one act says for some days, kept whole under its hash."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from ..record.models import HASH_LENGTH


class TariffEdition(models.Model):
    """One import of a tariff. Append-only.

    pack: the country. schedule: "import" or "export". act: its official number. first_day, last_day: of the rows,
    both included. hash: of the edition's canonical rows, as the engine computes it. content: the rows, compressed.
    source: name and hash of the file that they were read from.
    """

    pack = models.CharField(max_length=16)
    name = models.CharField(max_length=64)
    schedule = models.CharField(max_length=8)
    act = models.CharField(max_length=120)
    first_day = models.DateField()
    last_day = models.DateField(null=True)
    hash = models.CharField(max_length=HASH_LENGTH, unique=True)
    content = models.BinaryField()
    measures = models.PositiveIntegerField()
    source = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_day__isnull=True) | models.Q(last_day__gte=models.F("first_day")),
                name="edition_ends_after_it_starts",
            )
        ]
        indexes = [models.Index(fields=["pack", "schedule", "first_day"], name="edition_by_day")]
