"""Holes that T13 must find, planted like the bugs into a server that it forks."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from .bugs import bug


@bug
def pages_without_escape() -> None:
    """Pages show what was declared as it is."""
    from django.template import engines

    engines["django"].engine.autoescape = False


@bug
def any_host() -> None:
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["*"]


@bug
def forms_from_anywhere() -> None:
    """Nobody asks whether a form came from one of our pages."""
    from django.middleware.csrf import CsrfViewMiddleware

    CsrfViewMiddleware._check_token = lambda *_: None
    CsrfViewMiddleware._origin_verified = lambda *_: True


@bug
def onward_to_anywhere() -> None:
    from thongquan.site.entry import pages

    pages.onward = lambda request, asked: asked


@bug
def sessions_stay_as_they_were() -> None:
    """Who signs in goes on with the session that he came with, even one that somebody made up for him."""
    from django.contrib.sessions.backends.db import SessionStore

    load = SessionStore.load

    def believing(self: Any) -> Any:
        key = self.session_key
        found = load(self)
        if self.session_key is None:
            self._session_key = key
        return found

    SessionStore.load = believing
    SessionStore.cycle_key = lambda self: None
    SessionStore.flush = lambda self: None


@bug
def everybody_sees_everything() -> None:
    """A declaration is there for whoever knows its number."""
    from thongquan.site.clearance import reads
    from thongquan.site.clearance.models import Declaration

    reads.found = lambda number, *_, **__: Declaration.objects.filter(number=number).first()


@bug
def bodies_without_an_end() -> None:
    """The whole of a request is read before anybody looks how long it is."""
    from thongquan.site.kit import http_routes

    http_routes.body_of = lambda request, limit: request.read()


@bug
def xml_without_bounds() -> None:
    """Any parser will do."""
    from xml.etree import ElementTree

    from thongquan.engine.formats import guard

    parse = guard.parse

    def first_anyhow(data: bytes) -> Any:
        with suppress(ElementTree.ParseError):
            ElementTree.fromstring(data)
        return parse(data)

    guard.parse = first_anyhow


@bug
def formulas_in_files() -> None:
    from thongquan.site.clearance import pages

    pages.inert = lambda text: text


@bug
def strangers_are_quickly_refused() -> None:
    """For a name that is not there no password is hashed."""
    from thongquan.site.entry import acts

    acts.make_password = lambda password: ""


@bug
def questions_glued_together() -> None:
    """The search for a declaration is glued into SQL."""
    from thongquan.site.clearance import pages

    whole = pages._filtered

    def glued(rows: Any, chosen: dict[str, str], who: Any) -> Any:
        if not chosen["q"]:
            return whole(rows, chosen, who)
        return rows.extra(where=[f"number LIKE '{chosen['q']}%%'"])

    pages._filtered = glued


@bug
def faults_told_to_everybody() -> None:
    from django.conf import settings

    settings.DEBUG = True
