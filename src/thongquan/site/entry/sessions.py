"""Every request asks whether its session still counts: its times, its posts, and whether it is the live one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from ...engine.findings import Finding
from ..kit import clock
from .acts import decides, limits_of, posts_mark
from .models import LiveSession

TOUCH: Final = timedelta(seconds=30)
"""How old the time of the last request may get before it is written again."""

LANGUAGE_COOKIE: Final = "thongquan_language"

type Next = Callable[[HttpRequest], HttpResponse]


class PageLanguage:
    """Pages are Vietnamese until their reader chooses; what a browser prefers says little about an officer.

    The API answers in the language that its request asks for.
    """

    def __init__(self, answer: Next) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/api/"):
            return self.answer(request)
        chosen = "en" if request.COOKIES.get(LANGUAGE_COOKIE) == "en" else "vi"
        translation.activate(chosen)
        request.LANGUAGE_CODE = chosen
        response = self.answer(request)
        response.headers.setdefault("Content-Language", chosen)
        return response


MOST_OF_STRANGER: Final = 64 * 1024
MOST_OF_ANYBODY: Final = 22 * 1024 * 1024
"""Bytes of a request: of somebody who is not signed in, and of anybody (an attachment with its form)."""


class BodyLimit:
    """Refuses a request by its length before anything of it is read."""

    def __init__(self, answer: Next) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        told = request.META.get("CONTENT_LENGTH") or "0"
        known = settings.SESSION_COOKIE_NAME in request.COOKIES
        if not told.isdecimal() or int(told) > (MOST_OF_ANYBODY if known else MOST_OF_STRANGER):
            from .shell import page

            response = page(request, "problem", {"finding": Finding("REQUEST_TOO_LARGE")}, 413)
            response.headers["Connection"] = "close"
            return response
        return self.answer(request)


class NoNul:
    """Refuses an address or a form with a NUL, which no text of ours has and PostgreSQL does not take. Below the check
    of forms, which has read the form by then."""

    def __init__(self, answer: Next) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        told = (values for fields in (request.GET, request.POST) for _, values in fields.lists())
        if "\0" in request.path_info or any("\0" in value for values in told for value in values):
            from .shell import bad_request

            return bad_request(request)
        return self.answer(request)


class SessionLimits:
    """Ends a session that rested too long, lasted too long, was opened anew elsewhere, or whose posts have changed."""

    def __init__(self, answer: Next) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(("/api/", "/static/")):
            return self.answer(request)
        user: Any = request.user
        if user.is_authenticated:
            now = clock.now()
            if not self._counts(request, user, now):
                logout(request)
                request.session_ended = True  # type: ignore[attr-defined]
            elif now - _instant(request.session["seen"]) > TOUCH:
                request.session["seen"] = now.timestamp()
        response = self.answer(request)
        # What stands on a page is nobody else's, not even on the same machine after signing out.
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    @staticmethod
    def _counts(request: HttpRequest, user: Any, now: datetime) -> bool:
        session = request.session
        if not {"mark", "began", "seen", "posts"} <= set(session.keys()):
            return False
        officer = decides(user)
        limits = limits_of(officer)
        if now - _instant(session["seen"]) > limits.idle or now - _instant(session["began"]) > limits.whole:
            return False
        if session["posts"] != posts_mark(user):
            return False
        return not officer or LiveSession.objects.filter(user=user, mark=session["mark"]).exists()


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class LegalZone:
    """Instants are shown in the zone of the site's law."""

    def __init__(self, answer: Next) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        from .shell import country

        with timezone.override(country().zone):
            return self.answer(request)
