"""Everything that stands open, over HTTP: one list by legal day, of what its reader may read."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

import msgspec
from django.http import HttpResponse
from msgspec import Meta

from ...engine.findings import Finding
from ...engine.lifecycle.declaration import Clock, Kind
from ..accounts.classes import visible
from ..kit.http import Body, Moment, Problem, answered
from ..kit.http_routes import Call, Route
from ..reference.reads import site_pack
from . import matters, reads
from .models import Declaration

PAGE, MOST = 50, 200

Number = Annotated[str, Meta(max_length=40)]


class Open(Body, frozen=True):
    """due_before: only what must be done before this day. overdue: only what is late. after: the cursor that the page
    before gave. text: how a declaration's number begins."""

    kind: Annotated[str, Meta(pattern="^(|" + "|".join(Kind) + ")$")] = ""
    owner: Annotated[str, Meta(pattern="^(|" + "|".join(Clock) + ")$")] = ""
    office: Annotated[str, Meta(max_length=32)] = ""
    trader: Annotated[str, Meta(max_length=64)] = ""
    due_before: date | None = None
    overdue: bool = False
    text: Annotated[str, Meta(max_length=40)] = ""
    after: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    limit: Annotated[int, Meta(ge=1, le=MOST)] = PAGE


class MatterView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that stands open. owner: whose clock runs. due_day: the last day on which it is in time, none where the
    law gives no time; due_at: the instant from which it is too late. law: who says so."""

    number: str
    office: str
    trader: str
    kind: str
    reference: str = ""
    owner: str
    opened_at: Moment | None = None
    due_day: date | None = None
    due_at: Moment | None = None
    overdue: bool = False
    law: str = ""


class Matters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """By legal day, what has none last. next: the cursor of the page after this one, none at the end."""

    obligations: tuple[MatterView, ...]
    next: int | None = None


def listing(call: Call) -> HttpResponse:
    pack, query = site_pack(), call.query
    days = (pack.legal_day(call.at),)
    mine = reads.for_actor(Declaration.objects.filter(pack=pack.code), call.by, days)
    rows = matters.open_matters(
        mine, kind=query.kind, owner=query.owner, office=query.office, trader=query.trader, text=query.text,
        overdue_at=call.at if query.overdue else None,
        due_before=matters.beginning(query.due_before, pack) if query.due_before else None,
    )  # fmt: skip
    if query.after:
        last = matters.open_matters(mine).filter(pk=query.after).first() or matters.closed(mine, query.after)
        if last is None:
            raise Problem(422, [Finding("CURSOR_UNKNOWN", at="after")])
        rows = matters.after(rows, last)
    found = list(rows[: query.limit + 1])
    shown = found[: query.limit]
    told = matters.told(shown, pack, call.at, sees_duplicates=visible(call.by, days).risk)
    view = Matters(
        obligations=tuple(
            MatterView(
                number=one.row.number,
                office=one.row.office,
                trader=one.row.trader.registry_id,
                kind=one.kind,
                reference=one.reference,
                owner=one.owner,
                opened_at=one.opened_at,
                due_day=one.due_day,
                due_at=one.due_at,
                overdue=one.overdue,
                law=one.law,
            )
            for one in told
        ),
        next=shown[-1].pk if len(found) > query.limit else None,
    )
    return answered(view)


ROUTES: Final = (
    Route(
        method="GET", path="/obligations", name="obligations", view=listing, right="read", query=Open,
        answers={200: Matters},
    ),
)  # fmt: skip
