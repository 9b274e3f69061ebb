"""Who somebody is at a moment: read inside the transaction of each act, so that an ended post ends the right.

What they may do then is said by `engine.access.decide` alone; here its arguments are read and its answers logged.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import msgspec
from django.db import connection
from django.db.models import Exists, OuterRef

from ...engine.access import decide as access
from ...engine.access.decide import EVERY, Decision, Person, Post, Thing
from ...engine.findings import Finding
from ...engine.lifecycle.declaration import DECLARATION, Facts, Role
from ...engine.lifecycle.machine import Actor, Capacity, Machine
from ..kit.prepared import ask
from .models import Posting, Right, User

__all__ = [
    "EVERY", "NOW", "STANDING", "SYSTEM", "By", "Caller", "Decision", "Person", "Post", "Thing", "actor_of",
    "caller_of", "decided", "log_decision", "person_of", "posting_for", "rights", "scopes_of", "told_rights",
]  # fmt: skip

log = logging.getLogger("thongquan.access")


@dataclass(frozen=True, slots=True)
class By:
    """Who asks for an act, as far as the caller knows; what they may do is read under the lock.

    user: the username. role: which of several roles to act in, "" for the first that may. signature: evidence as it
    came (signed bytes, certificate chain, revocation proof, trusted time), kept with the event. scopes: of a machine's
    key, the acts that it is for; None for a person.
    """

    user: str
    role: str = ""
    signature: Mapping[str, str] | None = None
    scopes: frozenset[str] | None = None


SYSTEM = By("system", Role.SYSTEM)
"""The automatic processing that the law lets decide."""


def person_of(by: By) -> Person:
    """The person of an account with every post ever held; not active where there is no such account."""
    return _person(by, _posts_of(by.user))


def posting_for(
    by: By, act: str, days: tuple[date, ...], office: str, trader: str, state: str = ""
) -> Post | Finding:
    """The post in which somebody may do an act for a declaration of an office and a trader, or why there is none.

    days: it must hold on all of them: the legal day of the act, and the day on which it is really done. The lifecycle
    then judges the rest with the facts.
    """
    rows = _posts_of(by.user, act)
    given = {row[1]: {act} for row in rows if row[8]}
    decision = access.decide(_person(by, rows), act, Thing(office, trader, state), days, given)
    log_decision(by, act, decision)
    return decision.post or decision.reasons[0]


def decided(
    by: By,
    act: str,
    thing: Thing | None,
    days: Sequence[date],
    machine: Machine[Facts] = DECLARATION,
    *,
    person: Person | None = None,
    reference: str = "",
) -> Decision:
    """The decision about one act, logged with the reference of what it is about and nothing of its content."""
    asks = person or person_of(by)
    decision = access.decide(asks, act, thing, days, rights({post.role for post in asks.posts}), machine)
    log_decision(by, act, decision, reference)
    return decision


def rights(roles: Collection[str]) -> dict[str, set[str]]:
    """What these roles are given: role → acts."""
    given: dict[str, set[str]] = {role: set() for role in roles}
    for role, act in Right.objects.filter(role__in=roles).values_list("role", "act"):
        given[role].add(act)
    return given


@cache
def told_rights() -> frozenset[tuple[str, str]]:
    """The rights as roles.csv gives them to a new office: (role, act). What is absent is not given."""
    with (Path(__file__).parent / "roles.csv").open(encoding="utf-8", newline="") as file:
        return frozenset((row["role"], row["act"]) for row in csv.DictReader(file))


def actor_of(by: By, post: Post, trader: str) -> Actor:
    """The actor that the lifecycle judges and that the event records."""
    return access.actor(Person(by.user), post, trader)


@dataclass(frozen=True, slots=True)
class Caller:
    """A machine that came with a key that stands. client: its row's id. sandbox: it is for sandboxes only.

    at: the database's time, asked in the same breath. recalled: "" for one who was just looked up; else the hash of a
    key that stood a moment ago, and must be found to stand in the transaction of what is done with it (`STANDING`).
    """

    by: By
    client: int
    sandbox: bool
    at: datetime
    recalled: str = ""


def caller_of(token_hash: str) -> Caller | None:
    """The machine that a key belongs to; None for one that is unknown, expired or revoked, or whose client or account
    is not active. Asked at every request, here or with the act's own questions: what was ended is ended at the next."""
    row: Any = None
    if connection.vendor == "postgresql":
        for (found,) in ask(_CALLER["postgresql"], [token_hash]):
            row = msgspec.json.decode(found or b"")
    else:
        with connection.cursor() as cursor:
            cursor.execute(_CALLER["sqlite"], [token_hash])
            row = cursor.fetchone()
    if row is None:
        return None
    user, scopes, client, sandbox, at = row
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(at).replace(tzinfo=UTC)
    return Caller(By(user, scopes=scopes_of(scopes)), client, bool(sandbox), moment.astimezone(UTC))


_COLUMNS = "u.username, t.scopes, c.id, c.sandbox, {now}"
STANDING = """
SELECT {columns}
FROM accounts_token t JOIN accounts_client c ON c.id = t.client_id JOIN accounts_user u ON u.id = c.user_id
WHERE t.hash {these} AND t.revoked_at IS NULL AND t.expires_at > {now} AND c.is_active AND u.is_active
"""
"""The keys that stand, of t: tokens, c: clients, u: users."""
NOW = {"postgresql": "clock_timestamp()", "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')"}
"""On SQLite as Django writes instants there; a text compares as the instant does."""
_CALLER = {
    "postgresql": STANDING.format(
        columns=f"json_build_array({_COLUMNS.format(now=NOW['postgresql'])})",
        now=NOW["postgresql"],
        these="= %s",
    ),
    "sqlite": STANDING.format(columns=_COLUMNS.format(now=NOW["sqlite"]), now=NOW["sqlite"], these="= %s"),
}


@lru_cache(maxsize=4096)
def scopes_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


type _Row = tuple[int, str, str, str, date, date | None, str, str, bool, bool]


def _posts_of(user: str, act: str = "") -> list[_Row]:
    """One query: the posts of an account, whether the role of each is given the act, whether the account is active."""
    given = Exists(Right.objects.filter(role=OuterRef("role"), act=act))
    return list(
        Posting.objects.filter(user__username=user)
        .annotate(given=given)
        .values_list(
            "id", "role", "office", "trader", "first_day", "last_day", "capacity", "on_behalf", "given",
            "user__is_active",
        )
    )  # fmt: skip


def _person(by: By, rows: Sequence[_Row]) -> Person:
    # Without a post only the account itself can say whether it is there.
    active = rows[0][9] if rows else User.objects.filter(username=by.user, is_active=True).exists()
    posts = tuple(
        Post(role, office, trader, first, last, Capacity(capacity), on_behalf, key)
        for key, role, office, trader, first, last, capacity, on_behalf, *_ in rows
    )
    return Person(by.user, active, posts, by.role, by.scopes)


def log_decision(by: By, act: str, decision: Decision, reference: str = "") -> None:
    """Every decision about access is logged: who, which act, and by which rule; nothing of what was declared."""
    log.info(
        "%s %s %s: %s by %s", by.user, act, reference, decision.code, decision.rule,
        extra={"user": by.user, "act": act, "reference": reference, "allow": decision.allow, "code": decision.code,
               "rule": decision.rule},
    )  # fmt: skip
