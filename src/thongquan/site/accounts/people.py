"""What an administrator does to accounts: each step an event in the account's own chain, marked as an operator's.

An administrator of the machine stands outside the declarations' rules, so what he does must show: who opened an
account, gave or ended a post, or handed out a code for a password, stands in the same record as every act of customs.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.db import transaction

from ...engine.findings import Finding
from ...engine.lifecycle.declaration import Role
from ...engine.lifecycle.machine import Capacity
from ..kit import clock
from ..record.acts import append, last
from .acts import TOKEN_LIFE, client, give_token, revoke_tokens
from .models import EVERY, Client, Posting, User
from .reads import told_rights

OPERATOR = "OPERATOR"
"""The role that events of this module carry: not one of the lifecycle's, so it may do no act of customs."""

SYSTEM_ROLES = frozenset({Role.SYSTEM.value})


class Codes(PasswordResetTokenGenerator):
    """One-time codes for a password: nothing is stored. A code ends when it is used, when the account signs in, and
    after PASSWORD_RESET_TIMEOUT seconds."""

    key_salt = "thongquan.site.accounts.people.Codes"


codes = Codes()


@dataclass(frozen=True, slots=True)
class Post:
    """The post that somebody is given. office, trader: "" where the role is for the other; "*" for every one.

    capacity, on_behalf, authority: how the holder signs, for whom, and the document that says so.
    """

    role: str
    first_day: date
    last_day: date | None = None
    office: str = ""
    trader: str = ""
    capacity: str = Capacity.OWN.value
    on_behalf: str = ""
    authority: str = ""


def find(username: str) -> User | None:
    return User.objects.filter(username=User.normalize_username(username)).first()


@transaction.atomic
def open_account(username: str, *, by: str, full_name: str = "") -> User | Finding:
    """A new account without a password. USER_EXISTS: the name is taken, for ever. USER_NAME_UNFIT: not one line of
    3 to 150 letters, digits and ``.-_@+``, in composed letters of one script."""
    name = User.normalize_username(username)
    if not _fit(name):
        return Finding("USER_NAME_UNFIT", says={"username": name[:150]})
    if User.objects.filter(username=name).exists():
        return Finding("USER_EXISTS", says={"username": name})
    user = User.objects.create_user(name, None, full_name=unicodedata.normalize("NFC", full_name.strip()))
    _told(user, "open_account", by, {})
    return user


def _fit(name: str, least: int = 3, most: int = 150) -> bool:
    """Plain Latin letters: a name that looks like another's must not be another's."""
    return least <= len(name) <= most and name.isascii() and all(c.isalnum() or c in ".-_@+" for c in name)


@transaction.atomic
def appoint(user: User, post: Post, *, by: str) -> Posting | Finding:
    """Give a post. POSTING_UNKNOWN_ROLE, POSTING_DAYS (ends before it starts), POSTING_NEEDS_OFFICE,
    POSTING_NEEDS_TRADER, POSTING_NEEDS_PRINCIPAL (signs for somebody not named), POSTING_EXISTS (the same, on a day of
    this one)."""
    User.objects.select_for_update().get(pk=user.pk)
    unfit = _unfit(post)
    if unfit:
        return unfit
    standing = Posting.objects.filter(user=user, role=post.role, office=post.office, trader=post.trader)
    for one in standing:
        before = one.last_day is not None and one.last_day < post.first_day
        after = post.last_day is not None and post.last_day < one.first_day
        if not before and not after:
            return Finding("POSTING_EXISTS", says={"posting": str(one.pk)})
    given = Posting.objects.create(
        user=user,
        role=post.role,
        office=post.office,
        trader=post.trader,
        capacity=post.capacity,
        on_behalf=post.on_behalf,
        authority=post.authority,
        first_day=post.first_day,
        last_day=post.last_day,
    )
    says = {
        "posting": given.pk,
        "role": post.role,
        "office": post.office,
        "trader": post.trader,
        "capacity": post.capacity,
        "authority": post.authority,
        "first_day": post.first_day.isoformat(),
        "last_day": post.last_day.isoformat() if post.last_day else "",
    }
    _told(user, "give_post", by, says)
    return given


def _unfit(post: Post) -> Finding | None:
    if post.role not in {role.value for role in Role} - SYSTEM_ROLES:
        known = ", ".join(sorted(role.value for role in Role if role.value not in SYSTEM_ROLES))
        return Finding("POSTING_UNKNOWN_ROLE", says={"role": post.role, "known": known})
    if post.last_day is not None and post.last_day < post.first_day:
        return Finding(
            "POSTING_DAYS", says={"first_day": str(post.first_day), "last_day": str(post.last_day)}
        )
    if post.role == Role.DECLARANT:
        return None if post.trader else Finding("POSTING_NEEDS_TRADER", says={"every": EVERY})
    if not post.office:
        return Finding("POSTING_NEEDS_OFFICE", says={"every": EVERY})
    if post.capacity not in {capacity.value for capacity in Capacity}:
        known = ", ".join(capacity.value for capacity in Capacity)
        return Finding("POSTING_UNKNOWN_CAPACITY", says={"capacity": post.capacity, "known": known})
    if post.capacity != Capacity.OWN and not post.on_behalf:
        return Finding("POSTING_NEEDS_PRINCIPAL")
    return None


@transaction.atomic
def end_posts(user: User, role: str, last_day: date, *, by: str) -> int | Finding:
    """End every open post of a role with a day, included; how many. POSTING_NONE: there is none that goes on."""
    User.objects.select_for_update().get(pk=user.pk)
    # A post that has not begun ends on its own first day: the database knows no post shorter than that.
    open_ones = [
        one
        for one in Posting.objects.filter(user=user, role=role)
        if one.last_day is None or one.last_day > last_day
    ]
    if not open_ones:
        return Finding("POSTING_NONE", says={"username": user.username, "role": role})
    for one in open_ones:
        ends = max(last_day, one.first_day)
        Posting.objects.filter(pk=one.pk).update(last_day=ends)
        _told(user, "end_post", by, {"posting": one.pk, "role": role, "last_day": ends.isoformat()})
    return len(open_ones)


@transaction.atomic
def set_active(user: User, active: bool, *, by: str) -> None:
    """Close an account, or open it again. It is never deleted; every session of a closed one ends at once."""
    User.objects.select_for_update().get(pk=user.pk)
    User.objects.filter(pk=user.pk).update(is_active=active)
    _told(user, "reopen_account" if active else "close_account", by, {})


# Machines


@transaction.atomic
def give_key(user: User, name: str, *, scopes: Iterable[str], life: timedelta, by: str) -> str | Finding:
    """A new key for a machine of an account, recorded without the key: the text to hand over, shown once.

    A sandbox gives keys for sandboxes, and no other installation does. TOKEN_SCOPE_UNKNOWN, TOKEN_DAYS,
    CLIENT_NAME_UNFIT; TOKEN_IS_SANDBOX and TOKEN_IS_REAL for a machine that was made for the other kind.
    """
    User.objects.select_for_update().get(pk=user.pk)
    wanted, known = sorted(set(scopes)), {act for _, act in told_rights()}
    unknown = [scope for scope in wanted if scope not in known]
    if unknown or not wanted:
        says = {"scope": ", ".join(unknown) or "…", "known": ", ".join(sorted(known))}
        return Finding("TOKEN_SCOPE_UNKNOWN", says=says)
    if not timedelta(0) < life <= TOKEN_LIFE:
        return Finding("TOKEN_DAYS", says={"days": str(life.days), "most": str(TOKEN_LIFE.days)})
    if not _fit(name, least=1, most=80):
        return Finding("CLIENT_NAME_UNFIT", says={"client": name[:80]})
    made = client(user.username, name, sandbox=settings.SANDBOX)
    if made.sandbox != settings.SANDBOX:
        return Finding("TOKEN_IS_SANDBOX" if made.sandbox else "TOKEN_IS_REAL")
    key = give_token(made, scopes=wanted, now=clock.now(), life=life)
    _told(user, "give_key", by, {"client": name, "scopes": " ".join(wanted), "days": life.days})
    return key


@transaction.atomic
def end_keys(username: str, name: str, *, by: str) -> int | Finding:
    """End every key of a machine: the next request with one is refused. How many ended; CLIENT_UNKNOWN."""
    found = Client.objects.filter(user__username=username, name=name).select_related("user").first()
    if found is None:
        return Finding("CLIENT_UNKNOWN", says={"username": username, "client": name})
    User.objects.select_for_update().get(pk=found.user_id)
    count = revoke_tokens(found, clock.now())
    _told(found.user, "end_keys", by, {"client": name, "ended": count})
    return count


# Passwords


def code_for(user: User, *, by: str) -> str:
    """A code with which this account's password is set once, recorded as handed out."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        _told(user, "give_password_code", by, {})
    return f"{user.pk}-{codes.make_token(user)}"


def user_of(code: str) -> User | None:
    """The account whose password a code may set now; None for one that is spent, late or none."""
    number, _, token = code.strip().partition("-")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    user = User.objects.filter(pk=int(number), is_active=True).first()
    return user if user is not None and codes.check_token(user, token) else None


def redeem(code: str, password: str) -> User | Finding:
    """Set a password with a code. PASSWORD_CODE_SPENT, PASSWORD_UNFIT. Every session of the account ends."""
    with transaction.atomic():
        found = user_of(code)
        if found is None:
            return Finding("PASSWORD_CODE_SPENT")
        user = User.objects.select_for_update().get(pk=found.pk)
        # Asked again under the lock: of two who come with the same code, one is first.
        if user_of(code) is None:
            return Finding("PASSWORD_CODE_SPENT")
        unfit = password_fault(password, user)
        if unfit:
            return unfit
        user.set_password(password)
        user.save(update_fields=["password"])
        _told(user, "set_password", user.username, {})
    return user


def password_fault(password: str, user: User | None = None) -> Finding | None:
    """Why a password is not taken, in the language that Django has chosen; None for one that is."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        return Finding("PASSWORD_UNFIT", says={"why": " ".join(error.messages)})
    return None


def _told(user: User, act: str, by: str, says: Mapping[str, Any]) -> None:
    """Append what was done to the chain of the account; the caller holds its row."""
    subject, now = f"account:{user.pk}", clock.now()
    append(
        subject=subject,
        after=last(subject),
        act=act,
        at=now,
        recorded_at=now,
        actor=by,
        role=OPERATOR,
        office="",
        facts={"says": {"username": user.username, **says}},
    )
