"""Everything that stands open: until when the law gives time for it, whose clock runs, and the one list of it all.

The day until which a matter must be done is law of the day on which it opened, counted on the country's calendar (a
gate that works on a day off moves no legal time). It is stored with the obligation when it opens, so that the list is
one query over an index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet

from ...engine.findings import Finding
from ...engine.lifecycle.declaration import AMOUNT_OPEN, OWNER, Act, Clock, Kind
from ...engine.timing.calendar import due
from ...packs.dues import DueCase
from ...packs.pack import Pack
from ..record import models as record
from .models import Declaration, Obligation

DEADLINES: Final[dict[Kind, str]] = {
    Kind.DOCUMENT_CHECK: "document_check", Kind.INSPECTION: "inspection", Kind.REPLY: "reply",
    Kind.CANCELLATION: "cancellation", Kind.PROVISIONAL_VALUE: "provisional_value",
    Kind.VALUE_CONSULTATION: "consultation", Kind.ANALYSIS: "analysis",
    Kind.ORIGIN_VERIFICATION: "origin_verification", Kind.LATE_CERTIFICATE: "late_certificate",
}  # fmt: skip
"""Which of the pack's legal times runs on which obligation."""

OPEN_AMOUNT: Final = "open_amount"
"""The legal time of whatever leaves the amount open, where the law gives none of its own."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Until when: the instant (UTC) from which on it is too late, and who says so."""

    due_at: datetime
    law: str

    def last_day(self, pack: Pack) -> date:
        """The last day on which it is in time, where the pack's clocks are."""
        return last_day(self.due_at, pack)


def last_day(due_at: datetime, pack: Pack) -> date:
    return (due_at - timedelta(microseconds=1)).astimezone(ZoneInfo(pack.zone)).date()


def limit_of(kind: Kind, start: datetime, pack: Pack, *, reference: str = "") -> Limit | None:
    """Until when an obligation that began to run at an instant must be done; None where the law gives no time, or no
    calendar reaches so far. reference: an agreement may give its own time (row late_certificate_VKFTA)."""
    name = DEADLINES.get(kind)
    if name is None:
        return None
    day = pack.legal_day(start)
    deadline = pack.deadline(f"{name}_{reference}", day) if reference else None
    deadline = deadline or pack.deadline(name, day)
    if deadline is None and kind in AMOUNT_OPEN:
        deadline = pack.deadline(OPEN_AMOUNT, day)
    calendar = pack.calendar(day)
    if deadline is None or calendar is None:
        return None
    end = due(start, deadline.amount, deadline.unit, calendar, rolls=deadline.rolls)
    return None if isinstance(end, Finding) else Limit(end, str(deadline.law))


def decided_limit(registered: date, decided: datetime, pack: Pack) -> Limit | None:
    """Until when tax that a decision determines must be paid (`Pack.due_day`); None where the law does not say."""
    day = pack.due_day(case=DueCase.DECIDED, registered=registered, decided=pack.legal_day(decided))
    if day.day is None or day.rule is None:
        return None
    zone = ZoneInfo(pack.zone)
    midnight = datetime.combine(day.day + timedelta(days=1), datetime.min.time(), zone)
    return Limit(midnight.astimezone(ZoneInfo("UTC")), str(day.rule.law))


def fill(pack: Pack) -> int:
    """Give their day to open obligations that have none yet: those opened before days were stored, and those whose
    calendar did not reach so far then. How many got one. Safe at every start."""
    rows = Obligation.objects.filter(
        closed_n__isnull=True, due_at__isnull=True, kind__in=DEADLINES, declaration__pack=pack.code
    )
    filled = []
    for row in rows.select_related("declaration").iterator(chunk_size=500):
        start = _began(row)
        limit = _limit(row, start, pack) if start else None
        if limit is not None:
            row.due_at, row.due_law = limit.due_at, limit.law
            filled.append(row)
    Obligation.objects.bulk_update(filled, ["due_at", "due_law"], batch_size=200)
    return len(filled)


def _limit(row: Obligation, start: datetime, pack: Pack) -> Limit | None:
    return limit_of(Kind(row.kind), start, pack, reference=row.reference)


def _began(row: Obligation) -> datetime | None:
    """When it began to run: when it opened, a check of goods not before they are there."""
    told = record.Event.objects.filter(subject=row.declaration.number)
    opened = told.filter(n=row.opened_n).values_list("at", flat=True).first()
    if row.kind != Kind.INSPECTION or opened is None:
        return opened
    if row.declaration.goods == "EXPECTED":
        return None
    arrived = told.filter(act=Act.ARRIVE).order_by("n").values_list("at", flat=True).first()
    return max(opened, arrived) if arrived else opened


# the list


def owned_by(clock: str) -> list[str]:
    """The kinds of obligation on somebody's clock."""
    return [kind.value for kind, owner in OWNER.items() if owner == clock]


def open_matters(
    among: QuerySet[Declaration],
    *,
    kind: str = "",
    owner: str = "",
    office: str = "",
    trader: str = "",
    overdue_at: datetime | None = None,
    due_before: datetime | None = None,
    text: str = "",
) -> QuerySet[Obligation]:
    """Everything that stands open on these declarations, what is due first first, what has no day last.

    kind: one kind. owner: CUSTOMS, TRADER or AGENCY, whose clock runs. overdue_at: only what is too late at this
    instant. due_before: only what must be done before this instant. text: the beginning of a declaration's number.
    """
    rows = Obligation.objects.filter(closed_n__isnull=True, declaration__in=among)
    if kind:
        rows = rows.filter(kind=kind)
    if owner:
        rows = rows.filter(kind__in=owned_by(owner))
    if office:
        rows = rows.filter(declaration__office=office)
    if trader:
        rows = rows.filter(declaration__trader__registry_id=trader)
    if overdue_at is not None:
        rows = rows.filter(due_at__lte=overdue_at)
    if due_before is not None:
        rows = rows.filter(due_at__lte=due_before)
    if text:
        rows = rows.filter(declaration__number__startswith=text)
    return rows.select_related("declaration", "declaration__trader").order_by(*ORDERS["due"])


ORDERS: Final = {
    "due": (F("due_at").asc(nulls_last=True), "id"),
    "declaration": ("declaration__number", "id"),
    "trader": ("declaration__trader__registry_id", F("due_at").asc(nulls_last=True), "id"),
    "kind": ("kind", F("due_at").asc(nulls_last=True), "id"),
}
"""How the list may be sorted: by legal day, which is the order of work, and by the columns that people look for."""


def beginning(day: date, pack: Pack) -> datetime:
    """The instant at which a day begins where the pack's clocks are: what is due before the day is due by it."""
    return datetime.combine(day, datetime.min.time(), ZoneInfo(pack.zone))


def closed(among: QuerySet[Declaration], pk: int) -> Obligation | None:
    """A row that was shown and has been closed since: still a place in the order."""
    return Obligation.objects.filter(pk=pk, declaration__in=among).first()


def after(rows: QuerySet[Obligation], last: Obligation) -> QuerySet[Obligation]:
    """What comes after a row in the order of the legal day: the next page, however the list has changed meanwhile."""
    undated = Q(due_at__isnull=True)
    if last.due_at is None:
        return rows.filter(undated, pk__gt=last.pk)
    return rows.filter(undated | Q(due_at__gt=last.due_at) | Q(due_at=last.due_at, pk__gt=last.pk))


@dataclass(frozen=True, slots=True)
class Matter:
    """A row of the list. reference: "" where its reader may not know it. opened_at: when it opened. due_day: the last
    day on which it is in time, None where the law gives none; due_at: the instant from which it is too late."""

    row: Declaration
    kind: str
    reference: str
    owner: Clock
    opened_at: datetime | None
    due_at: datetime | None
    due_day: date | None
    law: str
    overdue: bool


def told(rows: Sequence[Obligation], pack: Pack, now: datetime, *, sees_duplicates: bool) -> list[Matter]:
    """The rows of the list for a reader: one more query, however many rows."""
    wanted = Q(pk__in=())
    for row in rows:
        wanted |= Q(subject=row.declaration.number, n=row.opened_n)
    opened = {
        (subject, n): at
        for subject, n, at in record.Event.objects.filter(wanted).values_list("subject", "n", "at")
    }
    return [
        Matter(
            row=row.declaration,
            kind=row.kind,
            # Which other declaration it looks like is nobody's business but the office's.
            reference="" if row.kind == Kind.DUPLICATE and not sees_duplicates else row.reference,
            owner=OWNER[Kind(row.kind)],
            opened_at=opened.get((row.declaration.number, row.opened_n)),
            due_at=row.due_at,
            due_day=last_day(row.due_at, pack) if row.due_at else None,
            law=row.due_law or "",
            overdue=row.due_at is not None and row.due_at <= now,
        )
        for row in rows
    ]
