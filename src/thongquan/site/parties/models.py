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
