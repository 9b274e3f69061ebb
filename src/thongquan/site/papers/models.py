"""Attachments, known by the hash of their content, and drafts."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from ..record.models import HASH_LENGTH


class Attachment(models.Model):
    """A paper or photograph of one declaration. Append-only; the content lies in the store under its SHA-256.

    identifier: generated, what addresses name it by. subject: the declaration's number. kind: of KINDS. name: as its
    sender called it, shown and never used as a file's name. media_type: found in the content. n: its event in the
    chain "papers:<subject>".
    """

    identifier = models.CharField(max_length=32, unique=True)
    subject = models.CharField(max_length=40, db_index=True)
    n = models.PositiveIntegerField()
    kind = models.CharField(max_length=32)
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=80)
    size = models.PositiveIntegerField()
    hash = models.CharField(max_length=HASH_LENGTH)
    by = models.CharField(max_length=150)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "hash", "kind"], name="attached_once"),
            models.CheckConstraint(condition=models.Q(size__gt=0), name="attachment_not_empty"),
        ]


class Draft(models.Model):
    """What somebody is about to declare: nobody else sees it, and nothing follows from it.

    key: names it in addresses, and is what the lodgement's own key is made of. content: JSON of `clearance.drafts`.
    """

    key = models.CharField(max_length=32, unique=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts")
    pack = models.CharField(max_length=16)
    title = models.CharField(max_length=200, blank=True)
    content = models.TextField()
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["owner", "-changed_at"], name="draft_by_owner")]
