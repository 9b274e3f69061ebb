"""Who somebody is at a moment: read inside the transaction of each act, so that an ended post ends the right."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from ...engine.findings import Finding
from ...engine.lifecycle.declaration import Role
from ...engine.lifecycle.machine import Actor, Capacity
from .models import EVERY, Posting, Right, User


@dataclass(frozen=True, slots=True)
class By:
    """Who asks for an act, as far as the caller knows; what they may do is read under the lock.

    user: the username. role: which of several roles to act in, "" for the first that may. signature: evidence as it
    came (signed bytes, certificate chain, revocation proof, trusted time), kept with the event.
    """

    user: str
    role: str = ""
    signature: Mapping[str, str] | None = None


SYSTEM = By("system", Role.SYSTEM)
"""The automatic processing that the law lets decide."""


def posting_for(by: By, act: str, days: tuple[date, ...], office: str, trader: str) -> Posting | Finding:
    """The post in which somebody may do an act for a declaration of an office and a trader, or why there is none.

    days: it must hold on all of them: the legal day of the act, and the day on which it is really done.
    Of several posts the one signed for oneself comes first, then the older.
    """
    held = posts(by, days)
    return (
        held
        if isinstance(held, Finding)
        else choose(held, rights({post.role for post in held}), by, act, office, trader)
    )


def posts(by: By, days: tuple[date, ...]) -> list[Posting] | Finding:
    """The posts that somebody holds on all of these days; ACCOUNT_NOT_ACTIVE or NO_POSTING where there is none."""
    user = User.objects.filter(username=by.user).first()
    if user is None or not user.is_active:
        return Finding("ACCOUNT_NOT_ACTIVE", says={"user": by.user})
    held = Posting.objects.filter(user=user)
    if by.role:
        held = held.filter(role=by.role)
    for day in days:
        held = held.filter(Q(first_day__lte=day), Q(last_day__isnull=True) | Q(last_day__gte=day))
    found = sorted(held, key=lambda post: (post.capacity != Capacity.OWN, post.pk))
    return found or Finding("NO_POSTING", says={"user": by.user, "on": max(days).isoformat()})


def rights(roles: Collection[str]) -> dict[str, set[str]]:
    """What these roles are given: role → acts."""
    given: dict[str, set[str]] = {role: set() for role in roles}
    for role, act in Right.objects.filter(role__in=roles).values_list("role", "act"):
        given[role].add(act)
    return given


def choose(
    held: Sequence[Posting], given: Mapping[str, set[str]], by: By, act: str, office: str, trader: str
) -> Posting | Finding:
    """The first post that may do an act for this office and trader, or why none may."""
    may = [post for post in held if act in given[post.role]]
    if not may:
        roles = ", ".join(sorted({post.role for post in held}))
        return Finding("ROLE_HAS_NO_RIGHT", says={"act": act, "roles": roles})
    near = [post for post in may if _reaches(post, office, trader)]
    return near[0] if near else Finding("NOT_YOUR_DECLARATION", says={"user": by.user})


def _reaches(post: Posting, office: str, trader: str) -> bool:
    if post.role == Role.DECLARANT:
        return post.trader in (EVERY, trader)
    return post.office in (EVERY, office)


def actor_of(by: By, post: Posting, trader: str) -> Actor:
    """The actor that the lifecycle judges and that the event records."""
    return Actor(
        id=by.user,
        roles=frozenset({post.role}),
        office="" if post.office == EVERY else post.office,
        capacity=Capacity(post.capacity),
        on_behalf=post.on_behalf or (trader if post.role == Role.DECLARANT else ""),
    )
