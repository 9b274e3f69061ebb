"""People and systems that act, the posts they hold on which days, the acts that each role is given, and the keys
that machines come with."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Now

from ...engine.access.decide import EVERY
from ...engine.lifecycle.declaration import Role
from ...engine.lifecycle.machine import Capacity

__all__ = ["EVERY", "Client", "Posting", "Right", "Token", "User", "UserManager"]


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> User:
        """A new account; without a password it cannot sign in, and only acts for the system itself."""
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """An account: a person, or a system that sends messages. It never has a right of its own, only postings.

    username: what events record for ever, so it is never given to somebody else and the row is never deleted.
    """

    username = models.CharField(max_length=150, unique=True)
    full_name = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "username"
    objects = UserManager()

    def __str__(self) -> str:
        return self.username


class Posting(models.Model):
    """A post that somebody holds from a day to a day, both included; without a last day until it is ended.

    role: as in the lifecycle table. office: the customs office whose declarations it is for, EVERY for all.
    trader: of a declarant, the trader (registry id) that he may act for; EVERY for all. capacity, on_behalf: how the
    holder signs (KT., TL., TUQ.) and for whom. authority: the document that says so.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="postings")
    role = models.CharField(max_length=32, choices=[(role.value, role.value) for role in Role])
    office = models.CharField(max_length=32, blank=True)
    trader = models.CharField(max_length=64, blank=True)
    capacity = models.CharField(
        max_length=16, default=Capacity.OWN.value, choices=[(c.value, c.value) for c in Capacity]
    )
    on_behalf = models.CharField(max_length=200, blank=True)
    authority = models.CharField(max_length=200, blank=True)
    first_day = models.DateField()
    last_day = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_day__isnull=True) | models.Q(last_day__gte=models.F("first_day")),
                name="posting_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=models.Q(capacity=Capacity.OWN.value) | ~models.Q(on_behalf=""),
                name="posting_names_whom_it_signs_for",
            ),
        ]
        indexes = [models.Index(fields=["user", "role"], name="posting_by_user")]


class Right(models.Model):
    """A role may do an act. The lifecycle table says which roles could; a row that is absent means no."""

    role = models.CharField(max_length=32)
    act = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["role", "act"], name="right_once")]


class Client(models.Model):
    """A system that speaks to us for an account: a trader's, a broker's, a bank's. It has no right of its own.

    name: unique within the account. sandbox: it only ever speaks to an installation that is a sandbox, and a real one
    refuses it, so that what a broker tries never gets a real number.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="clients")
    name = models.CharField(max_length=80)
    sandbox = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="client_once")]

    def __str__(self) -> str:
        return f"{self.user_id}/{self.name}"


class Token(models.Model):
    """A key of a client, shown once and kept as its SHA-256 (32 random bytes need no salt). Never deleted.

    scopes: the acts that it is for, sorted, one space between. expires_at: excluded. revoked_at: null while it stands.
    """

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="tokens")
    hash = models.CharField(max_length=64, unique=True)
    scopes = models.TextField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(db_default=Now())
