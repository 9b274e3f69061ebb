"""A sandbox and a real office never share anything: which of the two a database is stands in its record, as the first
event of the chain "office", and every connection is held against it.

A broker tries things in an installation of its own: its numbers are no real declaration's, its keys are taken nowhere
else, its pages and printed forms say what they are. What would mix the two is a wrong setting or a copy put back into
the wrong place, so both are refused where they would begin: when a connection is opened.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError

from ...engine.findings import Finding, in_order
from ..kit import clock
from ..record.acts import append, last
from ..record.models import Event
from .office import Office, told

SUBJECT = "office"
"""The chain that tells what an installation is."""


def write_down(office: Office, *, by: str) -> None:
    """Say in the record what this database is for; the caller is opening it, inside a transaction."""
    now = clock.now()
    append(
        subject=SUBJECT,
        after=last(SUBJECT),
        act="open_office",
        at=now,
        recorded_at=now,
        actor=by,
        role="OPERATOR",
        office=office.code,
        facts={"says": {"pack": office.pack, "office": office.code, "sandbox": office.sandbox}},
    )


def office_of_record() -> Office | None:
    """The office that this database was opened as; None for one that `thongquan init` did not open."""
    body = Event.objects.filter(subject=SUBJECT, n=1).values_list("body", flat=True).first()
    if body is None:
        return None
    says = json.loads(body)["says"]
    return Office(says["pack"], says["office"], says["sandbox"])


def connection_fault(connection: Any) -> Finding | None:
    """Why a connection must not be used: its database was opened as the other kind. One look-up by an index."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT body FROM record_event WHERE subject = %s AND n = 1", [SUBJECT])
            row = cursor.fetchone()
    except DatabaseError:  # no table yet, or a login that may not read it and so can mix nothing
        return None
    if row is None:
        return None
    return _fault(json.loads(row[0])["says"]["sandbox"])


def faults() -> tuple[Finding, ...]:
    """What else says that this is the other kind: the data folder, and for a database without an office's first event
    its clients and numbers."""
    from ..accounts.models import Client
    from ..reference.reads import pack_of_kind

    found = []
    office = told(Path(settings.DATA))
    if office is not None:
        found.append(_fault(office.sandbox))
    if Client.objects.filter(sandbox=not settings.SANDBOX).exists():
        found.append(_fault(not settings.SANDBOX))
    newest = newest_number()
    mine, other = (pack_of_kind(kind) for kind in (settings.SANDBOX, not settings.SANDBOX))
    if newest and other.is_number(newest) and not mine.is_number(newest):
        found.append(_fault(not settings.SANDBOX))
    return in_order({one.code: one for one in found if one is not None}.values())


def newest_number() -> str | None:
    """The number of the newest declaration, None without one."""
    from ..clearance.models import Declaration

    number: str | None = Declaration.objects.order_by("-id").values_list("number", flat=True).first()
    return number


def _fault(is_sandbox: bool) -> Finding | None:
    if is_sandbox == settings.SANDBOX:
        return None
    return Finding("OFFICE_IS_SANDBOX" if is_sandbox else "OFFICE_IS_REAL")
