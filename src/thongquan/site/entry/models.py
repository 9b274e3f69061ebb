"""What the door remembers: failed tries, the one live session of an officer, and a demonstration's own links."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Failure(models.Model):
    """A try to sign in that failed. key: a keyed hash of the account's name or of the address; no name is kept."""

    key = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["key", "at"], name="failure_by_key")]


class LiveSession(models.Model):
    """The session that counts of an account whose holder decides for customs; signing in elsewhere ends the one before.

    mark: what that session carries.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True)
    mark = models.CharField(max_length=64)


class DemoMark(models.Model):
    """Says that a demonstration made this database: only such a one knows links that sign somebody in."""

    made_at = models.DateTimeField(db_default=Now())


class DemoLink(models.Model):
    """A link that signs one person of the demonstration in, once. hash: SHA-256 of what the link carries."""

    hash = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    used_at = models.DateTimeField(null=True)
