"""Give and end posts and keys. Neither is ever deleted: what was done with them stays explained."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from hashlib import sha256

from ...engine.lifecycle.declaration import Role
from .models import EVERY, Client, Posting, Token, User
from .reads import SYSTEM, told_rights

TOKEN_LIFE = timedelta(days=365)
"""The longest that a key lives; a shorter one is better."""


def account(username: str, *, password: str | None = None, full_name: str = "") -> User:
    """The account of a name, made when it is not there."""
    found = User.objects.filter(username=username).first()
    return found or User.objects.create_user(username, password, full_name=full_name)


def post(
    username: str,
    role: str,
    *,
    first_day: date,
    office: str = "",
    trader: str = "",
    last_day: date | None = None,
) -> Posting:
    """Give somebody a post; the same open post twice is one."""
    user = account(username)
    found = Posting.objects.filter(
        user=user, role=role, office=office, trader=trader, first_day=first_day, last_day=last_day
    ).first()
    return found or Posting.objects.create(
        user=user, role=Role(role), office=office, trader=trader, first_day=first_day, last_day=last_day
    )


def end_posting(posting: Posting, last_day: date) -> None:
    """End a post with a day (included); the next act after it is refused."""
    Posting.objects.filter(pk=posting.pk).update(last_day=last_day)


def system() -> User:
    """The account of the automatic processing; it has no password and cannot sign in."""
    return post(SYSTEM.user, Role.SYSTEM, first_day=date.min, office=EVERY).user


def client(username: str, name: str, *, sandbox: bool = False) -> Client:
    """The client of an account by its name, made when it is not there."""
    made, _ = Client.objects.get_or_create(user=account(username), name=name, defaults={"sandbox": sandbox})
    return made


def give_token(of: Client, *, scopes: Iterable[str], now: datetime, life: timedelta = TOKEN_LIFE) -> str:
    """A new key for a client: the text to hand over, which nobody can be shown again.

    scopes: acts and reads of the table of rights. ValueError for another one, for none, and for a longer life.
    """
    wanted = sorted(set(scopes))
    unknown = [scope for scope in wanted if scope not in {act for _, act in told_rights()}]
    if unknown or not wanted or not timedelta(0) < life <= TOKEN_LIFE:
        raise ValueError(f"no key for {', '.join(unknown) or 'nothing'} and {life.days} days")
    text = f"{'tqs' if of.sandbox else 'tq'}_{secrets.token_urlsafe(32)}"
    Token.objects.create(client=of, hash=hash_of(text), scopes=" ".join(wanted), expires_at=now + life)
    return text


def revoke_tokens(of: Client, now: datetime) -> int:
    """End every key of a client: the next request with one is refused. How many ended."""
    return Token.objects.filter(client=of, revoked_at__isnull=True).update(revoked_at=now)


def hash_of(token: str) -> str:
    """What is kept of a key."""
    return sha256(token.encode()).hexdigest()
