"""A table of routes, and the one door that every request to the API goes through.

The order at the door, so that the cheapest no comes first: the route and its method; the length; the address that
guesses keys; the key; the client's rate; the scope; the media type; the idempotency key; query and body; the view.
A key that stood a moment ago passes for a route that `proves`: whether it still stands is found by the view.
The same table prints the OpenAPI document (`openapi`), so what is written is what is asked.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from django.http import HttpRequest, HttpResponse

from ... import words
from ...engine.findings import Finding
from .act import Busy, Refused, is_away
from .http import (
    JSON,
    MAX_BODY,
    Body,
    Problem,
    body_of,
    decoded,
    key_of,
    language_of,
    media_of,
    queried,
    seen_of,
)
from .http_limits import Limit

LOG = logging.getLogger("thongquan.api")

RETRY_SECONDS = "2"
GUESSES = 30
"""Refused keys that one address may send in a minute."""


class Caller(Protocol):
    """Who a key belongs to. by: for the acts. at: the database's time. recalled: "", or what a route that `proves` has
    to find standing in its own transaction, for then nobody was asked yet whether the key stands."""

    @property
    def by(self) -> Any: ...
    @property
    def client(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def recalled(self) -> str: ...


class Unproven(Exception):
    """Of a route that `proves`: the key no longer stands as it was recalled, or this is not for its short way.

    Nothing has happened; the caller is looked up as everybody's is, and the view is asked again."""


class Nothing(Body, frozen=True):
    """No field at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that may go on. place: what its path names. key: "" for a read. seen: of If-Match."""

    caller: Any
    language: words.Language
    place: Mapping[str, str]
    query: Any
    body: Any
    media: str
    key: str
    seen: int | None
    request: HttpRequest

    @property
    def by(self) -> Any:
        return self.caller.by

    @property
    def at(self) -> datetime:
        moment: datetime = self.caller.at
        return moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One address with one method. path: "/declarations/{number}". right: the act that key and person need; "" for
    none beyond a key. writes: needs an idempotency key. versioned: heeds If-Match. body: a record, None for none;
    raw: media types of a body that is a message instead. limit: bytes. answers: status → record, media type or None.
    proves: the view finds out in its own transaction whether a recalled key stands, or raises `Unproven`.
    refusals: statuses beside those that every route has. summary: the word of kind `word` in the reader's language.
    about: a longer text. example: of the request. samples: media type → an example of a message in it. law, sources,
    codes: for the OpenAPI text.
    """

    method: str
    path: str
    name: str
    view: Callable[[Call], HttpResponse]
    right: str = ""
    writes: bool = False
    versioned: bool = False
    proves: bool = False
    body: type[Any] | None = None
    raw: Sequence[str] = ()
    limit: int = MAX_BODY
    query: type[Any] = Nothing
    answers: Mapping[int, Any] = field(default_factory=dict)
    refusals: Sequence[int] = ()
    word: str = "route"
    about: Callable[[words.Language], str] | None = None
    example: Any = None
    samples: Mapping[str, str] = field(default_factory=dict)

    def summary(self, language: words.Language) -> str:
        return words.word(self.word, self.name, language)


class Api:
    """The routes below one prefix, as a Django view."""

    csrf_exempt = True  # keys come in a header, which no other site's form can send

    def __init__(
        self,
        prefix: str,
        routes: Sequence[Route],
        *,
        authenticate: Callable[[str], Caller | Finding | None],
        recall: Callable[[str], Caller | None] = lambda token: None,
        rate: int,
    ) -> None:
        self.prefix, self.routes = prefix, tuple(routes)
        self._authenticate, self._recall = authenticate, recall
        self.clients, self.guesses = Limit(rate), Limit(GUESSES)
        self._plain: dict[str, dict[str, Route]] = {}
        self._named: list[tuple[re.Pattern[str], dict[str, Route]]] = []
        for path in dict.fromkeys(route.path for route in routes):
            methods = {route.method: route for route in routes if route.path == path}
            if "{" in path:
                # Identifiers of ours and of standards: nothing that a path could be built of.
                pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[A-Za-z0-9._:~-]{1,80})", path)
                self._named.append((re.compile(pattern), methods))
            else:
                self._plain[path] = methods

    def __call__(self, request: HttpRequest, **_: str) -> HttpResponse:
        language = language_of(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))
        try:
            return self._answer(request, language)
        except Problem as problem:
            return problem.answer(language)
        except (
            Refused
        ) as refused:  # outside of an act nothing maps it: the place is not there for this person
            return Problem(404, refused.refusal.reasons).answer(language)
        except Busy:
            return _busy(language)
        except Exception as fault:
            # Outside of an act too, as when somebody's key is looked up, the database may be away for a moment.
            if is_away(fault):
                return _busy(language)
            # The reference leads to the log; what was asked is not written there.
            LOG.exception("%s %s", request.method, request.path)
            return Problem(500, [Finding("FAULT_OF_OURS")]).answer(language)

    def found(self, path: str) -> tuple[dict[str, Route], dict[str, str]] | None:
        """The routes of a path by method, and what it names."""
        methods = self._plain.get(path)
        if methods is not None:
            return methods, {}
        for pattern, named in self._named:
            match = pattern.fullmatch(path)
            if match is not None:
                return named, match.groupdict()
        return None

    def _answer(self, request: HttpRequest, language: words.Language) -> HttpResponse:
        found = self.found(request.path_info.removeprefix(self.prefix))
        asked = found[0].get(request.method or "") if found else None
        caller = self._known(request, recalled=asked is not None and asked.proves)
        wait = self.clients.wait_of(str(caller.client))
        if wait:
            raise _too_often(wait)
        if found is None:
            raise Problem(404, [Finding("NO_SUCH_PLACE")])
        methods, place = found
        route = methods.get(request.method or "")
        if route is None:
            allowed = ", ".join(sorted(methods))
            says = {"allowed": allowed}
            raise Problem(405, [Finding("METHOD_NOT_ALLOWED", says=says)], headers={"Allow": allowed})
        request.route = self.prefix + route.path  # type: ignore[attr-defined]
        _scoped(caller, route)
        media = media_of(request)
        call = Call(
            caller=caller,
            language=language,
            place=place,
            query=queried(request, route.query),
            body=_body(request, route, media),
            media=media,
            key=key_of(request) if route.writes else "",
            seen=seen_of(request) if route.versioned else None,
            request=request,
        )
        try:
            return route.view(call)
        except Unproven:
            caller = self._known(request)
            _scoped(caller, route)
            return route.view(replace(call, caller=caller))

    def _known(self, request: HttpRequest, *, recalled: bool = False) -> Caller:
        address = request.META.get("REMOTE_ADDR", "")
        kind, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        refused = {"WWW-Authenticate": 'Bearer realm="thongquan"'}
        if kind.lower() != "bearer" or not token:
            raise Problem(401, [Finding("TOKEN_MISSING")], headers=refused)
        caller = (self._recall(token.strip()) if recalled else None) or self._authenticate(token.strip())
        if caller is None:
            wait = self.guesses.wait_of(address)
            if wait:
                raise _too_often(wait)
            raise Problem(401, [Finding("TOKEN_REFUSED")], headers=refused)
        if isinstance(caller, Finding):
            raise Problem(403, [caller])
        return caller


def _scoped(caller: Caller, route: Route) -> None:
    scopes = caller.by.scopes
    if route.right and scopes is not None and route.right not in scopes:
        raise Problem(403, [Finding("SCOPE_LACKS_ACT", says={"act": route.right})])


def _busy(language: words.Language) -> HttpResponse:
    return Problem(503, [Finding("BUSY")], headers={"Retry-After": RETRY_SECONDS}).answer(language)


def _too_often(wait: int) -> Problem:
    says = {"seconds": str(wait)}
    return Problem(429, [Finding("RATE_EXCEEDED", says=says)], headers={"Retry-After": str(wait)})


def _body(request: HttpRequest, route: Route, media: str) -> Any:
    if route.raw:
        if media not in route.raw:
            raise _unsupported(route.raw)
        return body_of(request, route.limit)
    if route.body is None:
        if body_of(request, 0):
            raise Problem(413, [Finding("BODY_TOO_LARGE", says={"limit": "0"})])
        return None
    data = body_of(request, route.limit)
    if data and media != JSON:
        raise _unsupported([JSON])
    return decoded(data, route.body)


def _unsupported(allowed: Sequence[str]) -> Problem:
    listed = ", ".join(allowed)
    return Problem(
        415, [Finding("MEDIA_TYPE_UNSUPPORTED", says={"allowed": listed})], headers={"Accept": listed}
    )
