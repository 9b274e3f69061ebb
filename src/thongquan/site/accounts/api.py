"""Who a key is, over HTTP."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date, datetime
from typing import Final

import msgspec
from django.conf import settings
from django.http import HttpResponse

from ...engine.findings import Finding
from ..kit.http import answered
from ..kit.http_routes import Call, Route
from .acts import hash_of
from .reads import Caller, caller_of, person_of, rights


class PostView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A post of the account. last_day: included; none until it is ended."""

    role: str
    office: str = ""
    trader: str = ""
    first_day: date
    last_day: date | None = None


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Whose key it is, what it is for, and what its account may do with it at this moment."""

    user: str
    scopes: tuple[str, ...]
    posts: tuple[PostView, ...]
    acts: tuple[str, ...]
    sandbox: bool
    at: datetime


def authenticate(token: str) -> Caller | Finding | None:
    """The machine that a key belongs to; a finding where the key is for the other kind of installation."""
    named = hash_of(token)
    caller = caller_of(named)
    if caller is not None and caller.sandbox != settings.SANDBOX:
        return Finding("TOKEN_IS_SANDBOX") if caller.sandbox else Finding("TOKEN_IS_REAL")
    if caller is not None:
        if len(_recent) >= RECALLED:
            _recent.clear()
        _recent[named] = (replace(caller, recalled=named), time.monotonic() + RECALL_SECONDS)
    return caller


RECALLED: Final = 4_096
RECALL_SECONDS: Final = 60.0
_recent: dict[str, tuple[Caller, float]] = {}


def recall(token: str) -> Caller | None:
    """Whose key it was a moment ago, without asking: for a route that asks whether it still is (`Caller.recalled`)."""
    caller, until = _recent.get(hash_of(token), (None, 0.0))
    return caller if time.monotonic() < until else None


def me(call: Call) -> HttpResponse:
    person = person_of(call.by)
    held = [post for post in person.posts if post.holds_on([call.at.date()])]
    given = rights({post.role for post in held})
    scopes = call.by.scopes or frozenset()
    may = sorted(scopes & {act for acts in given.values() for act in acts})
    posts = tuple(
        PostView(
            role=post.role,
            office=post.office,
            trader=post.trader,
            first_day=post.first_day,
            last_day=post.last_day,
        )
        for post in held
    )
    return answered(
        Me(
            user=person.user, scopes=tuple(sorted(scopes)), posts=posts, acts=tuple(may), sandbox=settings.SANDBOX,
            at=call.at,
        )
    )  # fmt: skip


ROUTES: Final = (Route(method="GET", path="/me", name="me", view=me, answers={200: Me}),)
