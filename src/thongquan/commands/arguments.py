"""What commands share: exit codes, the common options, and wrong uses said on standard error."""

from __future__ import annotations

import sys
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from ..speech import complain, language, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..engine.findings import Finding

DONE, FINDINGS, MISUSE, OUR_FAULT = 0, 1, 2, 3

AsJson = Annotated[bool, typer.Option("--json")]


def stop(key: str, **facts: object) -> typer.Exit:
    """A wrong use, said on standard error."""
    sys.stderr.write(say(key, **facts) + "\n")
    return typer.Exit(MISUSE)


def refused(findings: Iterable[Finding], source: str = "", as_json: bool = False) -> typer.Exit:
    """What was found, said on standard error."""
    complain(findings, source, as_json)
    return typer.Exit(FINDINGS)


def day_of(text: str) -> date:
    from ..engine import dated

    try:
        return dated.day_of(text)
    except ValueError:
        raise stop("bad_day", text=text) from None


def open_site(*, migrate: bool = True, reach: bool = False) -> None:
    """The database, brought up to date where this login may; reach: only connected to.

    What is logged then is only what needs attention, unless THONGQUAN_LOG_LEVEL asks for more: a command tells its
    user in its own words what it did.
    """
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thongquan.site.config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.db import OperationalError, connection
    from django.utils.translation import activate

    from ..engine.findings import Finding
    from ..site.config.start import start

    # What the site says of itself while it starts, and of a password, is said in this reader's language too.
    django.setup()
    activate(language())
    try:
        start(migrate=migrate)
        if reach:
            connection.ensure_connection()
    except OperationalError as away:
        # Its own words may hold the address and the login.
        raise refused([Finding("DATABASE_AWAY", says={"said": type(away).__name__})]) from None
    except ImproperlyConfigured as unfit:
        # The reasons begin with their codes, so the sentence is ours.
        raise stop("not_started", why=str(unfit)) from None


def operator() -> str:
    """Whose hands these are, as the record names them: the account on the machine, marked as such."""
    import getpass
    import os

    try:
        name = os.environ.get("SUDO_USER") or getpass.getuser()
    except (OSError, KeyError):
        name = str(os.getuid())
    return f"operator:{name}"[:150]
