"""Let somebody in, or not, and keep count of those who guess."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from ...engine.findings import Finding
from ...engine.lifecycle.declaration import Role
from ..accounts.models import Posting, User
from ..accounts.people import redeem
from .models import DemoLink, DemoMark, Failure, LiveSession

WINDOW: Final = timedelta(minutes=15)
TRIES_OF_ACCOUNT: Final = 5
TRIES_OF_ADDRESS: Final = 20
KEPT: Final = timedelta(days=1)
MOST_PASSWORD: Final = 1_000
"""Characters of a password that are looked at; a longer one is a way to keep the machine busy."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session may rest, and last."""

    idle: timedelta
    whole: timedelta


OFFICER: Final = Limits(timedelta(minutes=15), timedelta(hours=12))
DECLARANT: Final = Limits(timedelta(minutes=30), timedelta(hours=24))


def limits_of(officer: bool) -> Limits:
    return OFFICER if officer else DECLARANT


def sign_in(request: HttpRequest, username: str, password: str, now: datetime) -> Finding | None:
    """Start a session for an account and its password; what stands against it, None when it has started.

    SIGN_IN_REFUSED is one sentence for a wrong name, a wrong password and an account that has ended, after the same
    time. SIGN_IN_PAUSED (says seconds) after too many failures of this account or from this address.
    """
    keys = _keys(request, username)
    paused = _paused(keys, now)
    if paused:
        return paused
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None or len(password) > MOST_PASSWORD:
        make_password(password[:MOST_PASSWORD])  # as long as a true comparison takes
        known = False
    else:
        known = user.check_password(password)
    if user is None or not known:
        _failed(keys, now)
        return Finding("SIGN_IN_REFUSED")
    Failure.objects.filter(key=keys[0][0]).delete()
    start_session(request, user, now)
    return None


def set_password(request: HttpRequest, code: str, password: str, now: datetime) -> Finding | None:
    """Set a password with the one-time code that an administrator handed out; what stands against it.

    Codes cannot be guessed faster than passwords: SIGN_IN_PAUSED, from the same address.
    """
    keys = _keys(request, "")[1:]
    paused = _paused(keys, now)
    if paused:
        return paused
    done = redeem(code, password[:MOST_PASSWORD])
    if isinstance(done, Finding):
        if done.code == "PASSWORD_CODE_SPENT":
            _failed(keys, now)
        return done
    return None


def start_session(request: HttpRequest, user: User, now: datetime) -> None:
    """Begin a new session for a person; of an officer, it is the only one from now on."""
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    officer = decides(user)
    mark = secrets.token_urlsafe(32)
    request.session["mark"] = mark
    request.session["began"] = request.session["seen"] = now.timestamp()
    request.session["posts"] = posts_mark(user)
    if officer:
        LiveSession.objects.update_or_create(user=user, defaults={"mark": mark})


def decides(user: User) -> bool:
    """Whether an account has ever held a post on the side of customs."""
    return user.postings.exclude(role=Role.DECLARANT).exists()


def posts_mark(user: User) -> str:
    """What the posts of an account are, in short: another value when one is given or ended."""
    rows = Posting.objects.filter(user=user).order_by("id").values_list("id", "role", "first_day", "last_day")
    return sha256(repr(list(rows)).encode()).hexdigest()


def _keys(request: HttpRequest, username: str) -> list[tuple[str, int]]:
    address = request.META.get("REMOTE_ADDR", "")
    told = ((f"account:{username}", TRIES_OF_ACCOUNT), (f"address:{address}", TRIES_OF_ADDRESS))
    return [
        (salted_hmac("thongquan.entry", name, algorithm="sha256").hexdigest(), most) for name, most in told
    ]


def _paused(keys: list[tuple[str, int]], now: datetime) -> Finding | None:
    wait = _pause(keys, now)
    return Finding("SIGN_IN_PAUSED", says={"seconds": str(wait)}) if wait else None


def _failed(keys: list[tuple[str, int]], now: datetime) -> None:
    Failure.objects.bulk_create([Failure(key=key, at=now) for key, _ in keys])
    Failure.objects.filter(at__lt=now - KEPT).delete()


def _pause(keys: list[tuple[str, int]], now: datetime) -> int:
    """Seconds until the next try, 0 for now."""
    seconds = 0
    for key, most in keys:
        recent = Failure.objects.filter(key=key, at__gt=now - WINDOW).order_by("-at")
        # The try counts from the most-th failure back: when that one leaves the window, there is room again.
        deciding = recent.values_list("at", flat=True)[most - 1 : most].first()
        if deciding is not None:
            seconds = max(seconds, int((deciding + WINDOW - now).total_seconds()) + 1)
    return seconds


# a demonstration's own links

DEMO_FILE: Final = "DEMO"
"""The file that `demo` leaves in a data folder that it made."""


def mark_demo() -> None:
    """Say that a demonstration made this database; PermissionError where somebody has a password: people work here."""
    real = [user for user in User.objects.all() if user.has_usable_password()]
    if real:
        raise PermissionError("accounts with a password are here: this is no demonstration's database")
    if not DemoMark.objects.exists():
        DemoMark.objects.create()


def is_demo() -> bool:
    """Whether a demonstration made both the data folder and the database."""
    return (Path(settings.DATA) / DEMO_FILE).exists() and DemoMark.objects.exists()


def demo_links(base: str = "http://127.0.0.1:8000") -> dict[str, str]:
    """A fresh link for each role of the demonstration's office: role → address that signs in once.

    PermissionError in any database that `demo` did not make.
    """
    if not is_demo():
        raise PermissionError("only a database that `demo` made gives links that sign somebody in")
    links: dict[str, str] = {}
    for posting in Posting.objects.select_related("user").exclude(role=Role.SYSTEM).order_by("id"):
        if posting.role not in links and not posting.user.has_usable_password():
            token = secrets.token_urlsafe(32)
            DemoLink.objects.create(hash=sha256(token.encode()).hexdigest(), user=posting.user)
            links[posting.role] = f"{base}/vao/{token}"
    return links


def use_demo_link(request: HttpRequest, token: str, now: datetime) -> bool:
    """Sign in by a link: once, from this very machine, in a database that `demo` made; else False."""
    if not is_demo() or not from_this_machine(request):
        return False
    hashed = sha256(token.encode()).hexdigest()
    # The update is what decides, so that of two who press at once one gets in.
    if not DemoLink.objects.filter(hash=hashed, used_at__isnull=True).update(used_at=now):
        return False
    start_session(request, DemoLink.objects.select_related("user").get(hash=hashed).user, now)
    return True


def from_this_machine(request: HttpRequest) -> bool:
    """Whether a request came straight from this machine: by its address and the name asked for, with nobody between."""
    passed_on = {"HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP"} & set(request.META)
    host = request.get_host().rsplit(":", 1)[0].strip("[]")
    try:
        near = ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
        named = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
    return near and named and not passed_on
