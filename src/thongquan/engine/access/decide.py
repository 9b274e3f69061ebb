"""The one place that says whether a person may do an act, or read something, and by which rule.

Everything arrives as an argument: the person with the posts held, the act, the declaration as far as it matters, the
days, and the table of rights. The rules, in the order in which they are asked; the first that says no decides:

    account    the account is active                                            ACCOUNT_NOT_ACTIVE
    scope      the key that the person came with is for this act                 SCOPE_LACKS_ACT
    posting    a post holds on every one of the days                             NO_POSTING
    right      a role of those posts is given the act; absent means no           ROLE_HAS_NO_RIGHT
    reach      the post is for this office, or for this trader                   NOT_YOUR_DECLARATION
    state      the lifecycle has the act from this state                         ACT_NOT_FROM_STATE
    row        the lifecycle's row names the role                                ROLE_LACKS_ACT
    persons    separation of duties and four eyes: the row's guards that look at who asks
    facts      every other guard of the row: what is still missing

`state` to `facts` are asked where the caller knows the facts; the lifecycle asks them again when the act is done.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from ..findings import Finding
from ..lifecycle.declaration import DECLARATION, Facts, Role
from ..lifecycle.machine import Actor, Capacity, Machine, opening

EVERY: Final = "*"
"""Every office, or every trader: said in so many words, because an empty field means none."""

READ: Final = "read"
"""The act of reading a declaration at all; `read_…` are its more guarded parts."""

PERSONS: Final = frozenset(
    {
        "OWN_DECLARATION",
        "INSPECTOR_MAY_NOT_RELEASE",
        "FOUR_EYES_NOT_PROPOSED",
        "FOUR_EYES_SAME_PERSON",
        "AUTOMATIC_ONLY_GREEN",
        "ON_BEHALF_MISSING",
    }
)
"""Reasons that lie in the person who asks and not in the declaration."""

ALLOWED: Final = "ALLOWED"


@dataclass(frozen=True, slots=True)
class Post:
    """A post held from a day to a day, both included; last_day None: until it is ended.

    role: of the lifecycle. office: whose declarations it is for. trader: of a declarant, whom he may act for; EVERY
    for all, "" for none. capacity, on_behalf: how the holder signs and for whom. id: the site's, to find its row.
    """

    role: str
    office: str = ""
    trader: str = ""
    first_day: date = date.min
    last_day: date | None = None
    capacity: Capacity = Capacity.OWN
    on_behalf: str = ""
    id: int = 0

    def holds_on(self, days: Collection[date]) -> bool:
        return all(self.first_day <= day and (self.last_day is None or day <= self.last_day) for day in days)

    def reaches(self, office: str, trader: str) -> bool:
        """A declarant's post is for a trader, every other one for an office."""
        if self.role == Role.DECLARANT:
            return self.trader in (EVERY, trader)
        return self.office in (EVERY, office)


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks. role: which of several roles to act in, "" for any. scopes: of the key that a machine came with, the
    acts that it is for; None for a person who came himself."""

    user: str
    active: bool = True
    posts: tuple[Post, ...] = ()
    role: str = ""
    scopes: frozenset[str] | None = None

    def posts_on(self, days: Collection[date]) -> list[Post]:
        """The posts that hold on all of the days: signed for oneself first, then the older."""
        held = [p for p in self.posts if p.holds_on(days) and self.role in ("", p.role)]
        return sorted(held, key=lambda post: (post.capacity is not Capacity.OWN, post.id))


@dataclass(frozen=True, slots=True)
class Thing:
    """What it is about. state: "" where it does not matter; facts: None where the caller does not know them.

    Something that belongs to nobody (a tariff, a calculation) is None instead of a Thing.
    """

    office: str
    trader: str
    state: str = ""
    facts: Facts | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """allow, with the code of the first reason (ALLOWED), the rule that decided, every reason, and the post in which
    the act is done or would have been."""

    allow: bool
    code: str
    rule: str
    reasons: tuple[Finding, ...] = ()
    post: Post | None = None


type Rights = Mapping[str, Collection[str]]
"""role → the acts that it is given; what is absent is not given."""


def decide(
    person: Person,
    act: str,
    thing: Thing | None,
    days: Sequence[date],
    rights: Rights,
    machine: Machine[Facts] = DECLARATION,
) -> Decision:
    """Whether `person` may do `act` to `thing` now, by which rule, and every reason why not.

    days: the legal day of the act, and the day on which it is really done; a post must hold on all of them.
    """
    if not person.active:
        return _no("account", Finding("ACCOUNT_NOT_ACTIVE", says={"user": person.user}))
    if person.scopes is not None and act not in person.scopes:
        return _no("scope", Finding("SCOPE_LACKS_ACT", says={"act": act}))
    held = person.posts_on(days)
    if not held:
        on = max(days).isoformat()
        return _no("posting", Finding("NO_POSTING", says={"user": person.user, "on": on}))
    may = [post for post in held if act in rights.get(post.role, ())]
    if not may:
        roles = ", ".join(sorted({post.role for post in held}))
        return _no("right", Finding("ROLE_HAS_NO_RIGHT", says={"act": act, "roles": roles}))
    near = may if thing is None else [post for post in may if post.reaches(thing.office, thing.trader)]
    if not near:
        return _no("reach", Finding("NOT_YOUR_DECLARATION", says={"user": person.user}))
    post = _fitting(near, act, thing, machine)
    if thing is None or thing.facts is None or act not in machine.acts:
        return Decision(True, ALLOWED, f"right:{post.role}:{act}", post=post)
    return _by_lifecycle(person, post, act, thing, thing.facts, machine)


def actor(person: Person, post: Post, trader: str) -> Actor:
    """The actor that the lifecycle judges and that the event records."""
    return Actor(
        id=person.user,
        roles=frozenset({post.role}),
        office="" if post.office == EVERY else post.office,
        capacity=post.capacity,
        on_behalf=post.on_behalf or (trader if post.role == Role.DECLARANT else ""),
    )


def reading(person: Person, act: str, days: Sequence[date], rights: Rights) -> tuple[Post, ...]:
    """The posts through which somebody may read: what `for_actor` turns into a condition of the query. () is nothing.

    The same rules as `decide`, up to reach, which the query asks of every row.
    """
    if not decide(person, act, None, days, rights).allow:
        return ()
    return tuple(post for post in person.posts_on(days) if act in rights.get(post.role, ()))


def _fitting(near: Sequence[Post], act: str, thing: Thing | None, machine: Machine[Facts]) -> Post:
    """Of posts that all could, the first whose role the row of the present state names."""
    state = "" if thing is None else (thing.facts.state if thing.facts else thing.state)
    step = machine.step(act, state) if state else None
    return next((post for post in near if step and post.role in step.roles), near[0])


def _by_lifecycle(
    person: Person, post: Post, act: str, thing: Thing, facts: Facts, machine: Machine[Facts]
) -> Decision:
    found = opening(machine, act, facts, actor(person, post, thing.trader))
    if found.is_open:
        return Decision(True, ALLOWED, f"right:{post.role}:{act}", post=post)
    codes = [reason.code for reason in found.reasons]
    for rule, decisive in (
        ("state", {"ACT_NOT_FROM_STATE"}),
        ("row", {"ROLE_LACKS_ACT"}),
        ("persons", PERSONS),
    ):
        first = next((code for code in codes if code in decisive), None)
        if first is not None:
            return Decision(False, first, f"{rule}:{act}:{facts.state}", found.reasons, post)
    return Decision(False, codes[0], f"facts:{act}:{facts.state}", found.reasons, post)


def _no(rule: str, reason: Finding) -> Decision:
    return Decision(False, reason.code, rule, (reason,))


def in_role(person: Person, role: str) -> Person:
    """The same person, acting in one role only."""
    return replace(person, role=role)
