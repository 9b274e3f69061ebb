"""What waits for whom, since when, and how much of the legal time is left: the reads behind the work list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from django.db.models import Exists, OuterRef, Q, QuerySet

from ...engine.lifecycle.declaration import AMOUNT_OPEN, Act, Goods, Kind, Role, State
from ...engine.risk.channels import Channel
from ...engine.timing.calendar import DayUnknownError, Unit
from ...packs.pack import Pack
from ..kit import terms
from ..kit.tags import named
from ..record import models as record
from . import matters
from .models import Declaration, Hold, Obligation, Selection

MOST: Final = 500
"""Declarations of one work list; beyond it a filter is what helps."""

SOON_SECONDS: Final = 60 * 60
"""Less working time than this is marked."""

RUNNING: Final = frozenset({Kind.DOCUMENT_CHECK, Kind.INSPECTION, Kind.REPLY, Kind.CANCELLATION})
"""Obligations whose legal time is short enough to be counted in working hours on the work list; the long ones stand in
the list of open matters."""


def open_kinds(*kinds: Kind) -> Exists:
    return Exists(
        Obligation.objects.filter(declaration=OuterRef("pk"), closed_n__isnull=True, kind__in=kinds)
    )


def _ready() -> Q:
    anything = Exists(Obligation.objects.filter(declaration=OuterRef("pk"), closed_n__isnull=True))
    return Q(state=State.SELECTED) & ~Q(anything) & ~Q(_held())


def _held() -> Exists:
    return Exists(Hold.objects.filter(declaration=OuterRef("pk"), closed_n__isnull=True))


def waits_for_role(role: str) -> Q:
    """Which declarations wait for what people of a role do."""
    early = Q(state__in=(State.LODGED, State.REGISTERED))
    conditions: dict[str, Q] = {
        Role.DECLARANT: Q(open_kinds(Kind.REPLY, Kind.PAYMENT, Kind.DUPLICATE)) | Q(state=State.PRELODGED),
        Role.OFFICER: Q(open_kinds(Kind.DOCUMENT_CHECK, Kind.CANCELLATION, *AMOUNT_OPEN)) | early | _ready(),
        Role.INSPECTOR: Q(open_kinds(Kind.INSPECTION)),
        Role.LEADER: Q(_held()) | Q(open_kinds(Kind.CANCELLATION)) | Q(channel=Channel.RED, state=State.SELECTED),
        Role.REVENUE: Q(open_kinds(Kind.PAYMENT, *AMOUNT_OPEN)),
        Role.BANK: Q(open_kinds(Kind.PAYMENT)),
        Role.AGENCY: Q(open_kinds(Kind.PERMIT)),
        Role.SUPERVISOR: Q(
            goods=Goods.EXPECTED, state__in=(State.PRELODGED, State.LODGED, State.REGISTERED, State.SELECTED)
        )
        | Q(goods=Goods.REMOVABLE)
        | Q(goods=Goods.AT_AREA, state__in=(State.RELEASED, State.CLEARED)),
    }  # fmt: skip
    return conditions.get(role, Q(pk__in=()))


def work(rows: QuerySet[Declaration], roles: Sequence[str]) -> list[Declaration]:
    """Of these declarations those that wait for somebody of these roles: red first, then the older."""
    wanted = Q(pk__in=())
    for role in roles:
        wanted |= waits_for_role(role)
    return list(rows.filter(wanted).select_related("trader").order_by("-channel", "id")[:MOST])


@dataclass(frozen=True, slots=True)
class LegalTime:
    """A legal time that runs. due: the instant (UTC) from which it is too late. seconds: working seconds left,
    0 when it is over; whole: all of them. law: who says so."""

    kind: str
    due: datetime
    seconds: int
    whole: int
    law: str

    @property
    def late(self) -> bool:
        return self.seconds <= 0

    @property
    def soon(self) -> bool:
        return self.seconds < SOON_SECONDS

    @property
    def spent(self) -> int:
        return max(0, self.whole - self.seconds)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of the work list. open: kinds of obligation that stand open. time: the legal time that ends first,
    None where the law gives none. reason: why the channel was given, "" for who may not know. held: whether a hold
    stands."""

    row: Declaration
    open: tuple[str, ...]
    time: LegalTime | None
    reason: str
    goods: str
    held: bool = False


def described(
    rows: Sequence[Declaration], pack: Pack, now: datetime, *, with_risk: bool, with_goods: bool
) -> list[Waiting]:
    """The rows with what stands open, the time left and the reason: five queries, however many rows."""
    ids = [row.pk for row in rows]
    obligations: dict[int, list[Obligation]] = {}
    for one in Obligation.objects.filter(declaration_id__in=ids, closed_n__isnull=True).order_by("kind"):
        obligations.setdefault(one.declaration_id, []).append(one)
    times = _times(rows, obligations, pack, now)
    reasons = _reasons(ids, pack) if with_risk else {}
    goods = _goods(rows) if with_goods else {}
    held = set(
        Hold.objects.filter(declaration_id__in=ids, closed_n__isnull=True).values_list(
            "declaration_id", flat=True
        )
    )
    return [
        Waiting(
            row,
            tuple(dict.fromkeys(one.kind for one in obligations.get(row.pk, ()))),
            times.get(row.pk),
            reasons.get(row.pk, ""),
            goods.get(row.pk, ""),
            row.pk in held,
        )
        for row in rows
    ]


def _times(
    rows: Sequence[Declaration], obligations: Mapping[int, Sequence[Obligation]], pack: Pack, now: datetime
) -> dict[int, LegalTime]:
    """Of each declaration the legal time that ends first. A check of goods runs from when they are there."""
    wanted = Q(pk__in=())
    numbers = {row.pk: row.number for row in rows}
    for pk, several in obligations.items():
        for one in several:
            if Kind(one.kind) in RUNNING and one.due_at is not None:
                wanted |= Q(subject=numbers[pk], n=one.opened_n)
                if one.kind == Kind.INSPECTION:
                    wanted |= Q(subject=numbers[pk], act=Act.ARRIVE)
    started: dict[tuple[str, int], datetime] = {}
    arrived: dict[str, datetime] = {}
    for event in record.Event.objects.filter(wanted).only("subject", "n", "act", "at"):
        started[event.subject, event.n] = event.at
        if event.act == Act.ARRIVE:
            arrived[event.subject] = event.at
    found: dict[int, LegalTime] = {}
    for pk, several in obligations.items():
        for one in several:
            start = started.get((numbers[pk], one.opened_n))
            if Kind(one.kind) not in RUNNING or start is None or one.due_at is None:
                continue
            if one.kind == Kind.INSPECTION:
                start = max(start, arrived.get(numbers[pk], start))
            time = legal_time(one, start, pack, now)
            if time is not None and (pk not in found or time.due < found[pk].due):
                found[pk] = time
    return found


def legal_time(one: Obligation, start: datetime, pack: Pack, now: datetime) -> LegalTime | None:
    """How much of the time that the law gives is left; None where it gives none, or no calendar reaches so far."""
    day = pack.legal_day(start)
    deadline = pack.deadline(matters.DEADLINES[Kind(one.kind)], day)
    calendar = pack.calendar(day)
    if one.due_at is None or deadline is None or calendar is None:
        return None
    try:
        worked = deadline.unit in (Unit.WORKING_HOUR, Unit.WORKING_DAY)
        count = calendar.working_seconds if worked else lambda a, b: int(max(0, (b - a).total_seconds()))
        left, whole = count(now, one.due_at), count(start, one.due_at)
        return LegalTime(one.kind, one.due_at, left, whole, one.due_law or "")
    except DayUnknownError:
        return None


def _reasons(ids: Sequence[int], pack: Pack) -> dict[int, str]:
    """The weightiest reason of the last selection of each."""
    found: dict[int, str] = {}
    for one in Selection.objects.filter(declaration_id__in=ids).order_by("n"):
        told = reasons_of(one, pack)
        found[one.declaration_id] = told[0][0] if told else ""
    return found


def reasons_of(selection: Selection, pack: Pack) -> list[tuple[str, str, int]]:
    """The reasons of a selection: in words, the rule, its weight; what asks for more control first."""
    listed = pack.code_lists.get("channel_reasons")
    names = {code.value: code.names.get(terms.language(), code.value) for code in listed or ()}
    reasons = msgspec.json.decode(selection.reasons)
    # What asks for more control first, and chance after what a criterion says.
    reasons.sort(key=lambda r: (-_weight(r.get("channel", "")), r["code"] == "RANDOM_SHARE"))
    return [
        (
            r.get("reason") or names.get(r["code"]) or named("reason", r["code"]),
            r.get("rule", ""),
            r.get("weight", 0),
        )
        for r in reasons
    ]


def _weight(channel: str) -> int:
    return int(Channel[channel]) if channel in Channel.__members__ else 0


def _goods(rows: Sequence[Declaration]) -> dict[int, str]:
    """The first goods item of each, in a few words."""
    from .models import DeclarationVersion

    latest = {(row.pk, row.version) for row in rows}
    found: dict[int, str] = {}
    versions = DeclarationVersion.objects.filter(
        declaration_id__in=[row.pk for row in rows], version__in={v for _, v in latest}
    )
    for pk, version, payload in versions.values_list("declaration_id", "version", "payload"):
        if (pk, version) in latest:
            items = msgspec.json.decode(payload, type=_Goods).goods_items
            if items:
                code = next((c.id for c in items[0].classifications), "")
                found[pk] = f"{code} {items[0].description}".strip()
    return found


class _Code(msgspec.Struct):
    id: str = ""


class _Item(msgspec.Struct):
    description: str = ""
    classifications: tuple[_Code, ...] = ()


class _Goods(msgspec.Struct):
    """Only what the list shows; a declaration of ten thousand lines is decoded no further."""

    goods_items: tuple[_Item, ...] = ()
