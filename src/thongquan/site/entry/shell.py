"""The frame of every page: who is there, what they may do, where they may go, and in which language."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string

from ...engine.access.decide import EVERY, Person, Post, Rights, Thing, decide
from ...engine.findings import Finding
from ...engine.lifecycle.declaration import Role
from ...packs import pack as packs
from ...packs.pack import Pack
from ..accounts.reads import By, person_of, rights
from ..kit import clock, terms
from ..kit.act import is_away

RETRY_SECONDS: Final = "2"

type View = Callable[..., HttpResponse]


def country() -> Pack:
    """Whose law this site applies."""
    return packs.load(settings.PACK)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is there at this request: the person with every post, what those posts are given, and the moment.

    at: the database's time. day: the legal day of it.
    """

    by: By
    person: Person
    rights: Rights
    pack: Pack
    at: datetime
    full_name: str = ""

    @property
    def day(self) -> date:
        return self.pack.legal_day(self.at)

    @property
    def days(self) -> tuple[date, ...]:
        return (self.day,)

    @property
    def posts(self) -> list[Post]:
        """The posts held today."""
        return self.person.posts_on(self.days)

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(post.role for post in self.posts)

    @property
    def is_officer(self) -> bool:
        return bool(self.roles - {Role.DECLARANT})

    def may(self, act: str, thing: Thing | None = None) -> bool:
        """Whether this person may do or see something now; of the lifecycle's acts, with the facts that `thing` has."""
        return decide(self.person, act, thing, self.days, self.rights).allow


def visitor(request: HttpRequest) -> Visitor | None:
    """The visitor of a request that is signed in, read once a request."""
    known: Visitor | None = getattr(request, "visitor", None)
    user: Any = request.user
    if known is None and user.is_authenticated:
        by = By(user.username)
        person = person_of(by)
        given = rights({post.role for post in person.posts})
        known = Visitor(by, person, given, country(), clock.now(), user.full_name)
        request.visitor = known  # type: ignore[attr-defined]
    return known


def signed_in(view: View) -> View:
    """A page for people who are signed in; others are asked to, and then come back to it."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        who = visitor(request)
        if who is None:
            ended = "&het=1" if getattr(request, "session_ended", False) else ""
            back = quote(request.get_full_path() if request.method == "GET" else "/")
            return HttpResponseRedirect(f"/dang-nhap?tiep={back}{ended}")
        return view(request, who, *args, **kwargs)

    return guarded


def new_key() -> str:
    """The key that a form carries from the moment it is shown: sent twice, it is done once."""
    return secrets.token_urlsafe(18)


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation. word: of the pages. right: what it needs, "" nothing."""

    word: str
    path: str
    right: str = ""
    roles: frozenset[str] = frozenset()


PLACES: Final = (
    Place("work", "/viec", "read"),
    Place("declarations", "/to-khai", "read"),
    Place("matters", "/viec-con-treo", "read"),
    Place("new_declaration", "/khai-moi", "lodge"),
    Place("payment", "/nop-thue", "read", frozenset({Role.DECLARANT, Role.REVENUE, Role.BANK, Role.LEADER})),
    Place("tariff", "/bieu-thue", "read_tariff"),
    Place("penalties", "/xu-phat", "read_tariff"),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """What every template finds: a context processor. Pages without a session have the frame of a stranger."""
    who = visitor(request) if hasattr(request, "user") else None
    language = terms.language()
    context: dict[str, Any] = {
        "language": language,
        "other_language": "en" if language == "vi" else "vi",
        "sandbox": settings.SANDBOX,
        "who": who,
        "here": request.path,
        "full_path": request.get_full_path(),
        "asked_by_htmx": request.headers.get("HX-Request") == "true",
    }
    if who is not None:
        context["places"] = [
            (place, request.path == place.path or request.path.startswith(f"{place.path}/"))
            for place in PLACES
            if (not place.right or who.may(place.right)) and (not place.roles or place.roles & who.roles)
        ]
        context["office"] = office_of(who)
        context["land"] = who.pack.names.get(language, who.pack.code)
        context["decimals"] = who.pack.decimals
        context["currency"] = who.pack.currency
    return context


def office_of(who: Visitor) -> str:
    """The name of the office, or of the roles where a post is for every office."""
    listed = who.pack.code_lists.get("offices")
    for post in who.posts:
        if post.office and post.office != EVERY:
            code = listed.get(post.office, who.day) if listed else None
            return code.names.get(terms.language(), post.office) if code else post.office
    return ""


def page(
    request: HttpRequest, template: str, context: Mapping[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    return render(request, f"thongquan/{template}.html", dict(context or {}), status=status)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """One answer for what is not there and for what is somebody else's."""
    return page(request, "problem", {"finding": Finding("PAGE_NOT_FOUND")}, 404)


def forbidden(request: HttpRequest, reason: str = "", exception: Exception | None = None) -> HttpResponse:
    """A form whose token does not fit the session: sent from elsewhere, or kept open too long."""
    return page(request, "problem", {"finding": Finding("FORM_NOT_OURS")}, 403)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return page(request, "problem", {"finding": Finding("REQUEST_UNREADABLE")}, 400)


def broken(request: HttpRequest) -> HttpResponse:
    """A fault of ours, said without what was being worked on; or that the database is away for a moment.

    Without the frame: what failed may be the very database that the frame asks.
    """
    away = is_away(sys.exception())
    content = render_to_string("thongquan/fault.html", {"away": away, "language": terms.language()})
    response = HttpResponse(content, status=503 if away else 500)
    if away:
        response.headers["Retry-After"] = RETRY_SECONDS
    return response
