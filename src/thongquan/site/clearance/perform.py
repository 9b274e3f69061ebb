"""The only writer of a declaration's state: one act, or hundreds, through the same steps.

`perform` locks the declaration, rebuilds its facts from its events, reads what the actor may do now, lets the act
plan itself on those facts, asks the lifecycle, and writes what follows. `perform_many` does the same for each of many
inside one transaction. Journey functions only describe an act (`Asked`); here it happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import update_wrapper
from itertools import groupby
from typing import Any

from django.db.models import Model

from ...engine.findings import Finding, Refusal
from ...engine.formats.responses import ResponseKind
from ...engine.ledger.journal import Journal
from ...engine.lifecycle import declaration as engine
from ...engine.lifecycle.declaration import DECLARATION, Act, Facts, Goods, Kind
from ...engine.lifecycle.machine import Actor, Event, Says, Transition, attempt, fold
from ...packs.pack import Pack
from ..accounts.reads import By, actor_of, posting_for
from ..kit import clock, faults
from ..kit.act import Answer, Command, Refused, act, act_many
from ..ledger.acts import book
from ..record import models as record
from ..record.acts import KEYS, Head, append, tell
from ..record.sealing import refusal
from . import matters
from .models import Decision, Declaration, Hold, Obligation, Response
from .reads import engine_events

CLOCK_STEP = timedelta(seconds=2)
"""How far the database's clock may have stepped back since the caller read it."""

DECISIONS = frozenset(
    {Act.REJECT, Act.ACCEPT, Act.REMOVE_TO_STORAGE, Act.RELEASE, Act.CLEAR, Act.EXIT, Act.CANCEL}
)
"""Acts that are decided once, and again only after their revocation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A declaration under its lock, with all that the act may rest on.

    day: the legal day of the act itself; the law that judges the declaration is that of `facts.legal_day`.
    """

    row: Declaration
    pack: Pack
    facts: Facts
    actor: Actor
    at: datetime
    recorded_at: datetime
    day: date

    @property
    def n(self) -> int:
        """The number that the act's event will have."""
        return self.facts.events + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an act says and does beside its event; nothing of it is written unless the lifecycle lets it happen.

    rows: written before the event. journals: posted after them. messages: kind → what writes the message to the
    declarant, from the row as it will be and the message's identifier. findings, says: for the answer.
    """

    says: Says = field(default_factory=dict)
    rows: Callable[[Locked], Iterable[Model]] = lambda locked: ()
    journals: Callable[[Locked], Sequence[Journal]] = lambda locked: ()
    messages: Mapping[ResponseKind, Callable[[Told], bytes]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    answer: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a message to the declarant is written from. identifier: our reference in it."""

    locked: Locked
    after: Facts
    event: Event
    identifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An act that somebody asks for. find: locks or makes its declaration. plan: what it would do on those facts.

    body: everything that is asked, so that equal requests are equal. number: "" until it has one. recorded_at: None
    for the database's clock; a replay of history gives its own. seen: number of the last event that the person saw.
    """

    act: str
    pack: Pack
    by: By
    key: str
    at: datetime
    body: Any
    find: Callable[[], Declaration]
    plan: Callable[[Locked], Plan]
    number: str = ""
    recorded_at: datetime | None = None
    seen: int | None = None


class Doer[**P]:
    """A journey function: called, it does its act; `asked` only describes it, for `perform_many`."""

    def __init__(self, describe: Callable[P, Asked]) -> None:
        self.asked = describe
        update_wrapper(self, describe)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Answer:
        return perform(self.asked(*args, **kwargs))


def perform(asked: Asked) -> Answer:
    """Do an act, whole or not at all; a refusal says every reason and changed nothing. Busy: ask again, same key."""
    return act(_command(asked, asked.recorded_at), KEYS)


def perform_many(asked: Sequence[Asked]) -> list[Answer]:
    """Do many acts in one transaction, in their order: the same rows, events and hashes as `perform` one by one.

    An act that is refused leaves nothing and does not stop the others. No answer is known before all are stored.
    """
    numbers = sorted({one.number for one in asked if one.number})

    def lock() -> None:
        list(
            Declaration.objects.select_for_update(of=("self",)).filter(number__in=numbers).order_by("number")
        )

    return act_many([_command(one, one.recorded_at) for one in asked], KEYS, lock)


def inside(asked: Asked) -> Answer:
    """Do an act as a part of a larger command, in that command's transaction; a refusal (`Refused`) leaves it whole."""
    return _do(asked, asked.recorded_at)


def _command(asked: Asked, recorded_at: datetime | None) -> Command:
    return Command(str(asked.act), asked.by.user, asked.key, asked.body, lambda: _do(asked, recorded_at))


def _do(asked: Asked, recorded_at: datetime | None) -> Answer:
    row = asked.find()
    faults.reach("after_lock")
    recorded = recorded_at or clock.now()
    if timedelta(0) < asked.at - recorded <= CLOCK_STEP:
        recorded = asked.at
    locked = _authorised(asked, row, recorded)
    plan = asked.plan(locked)
    moved = _attempted(asked, locked, plan)
    _write_rows(locked, plan, moved)
    book(plan.journals(locked), n=moved.event.n, at=asked.at)
    stored = _record(locked, moved.event)
    messages = _messages(locked, plan, moved, stored)
    _save(row, moved.after, stored)
    tell(
        f"declaration.{asked.act}",
        row.number,
        stored.n,
        {"number": row.number, "state": moved.after.state, "messages": messages, "receipt": stored.hash},
    )
    return Answer(
        act=str(asked.act),
        number=row.number,
        state=moved.after.state,
        channel=moved.after.channel.name if moved.after.channel else "",
        version=moved.after.version,
        events=moved.after.events,
        receipt=stored.hash,
        recorded_at=stored.recorded_at,
        findings=(*plan.findings, *moved.notes),
        messages=tuple(messages),
        says=dict(plan.answer),
    )


def locked_row(number: str) -> Declaration:
    """The declaration of a number, locked until the act is done. Refused(UNKNOWN_DECLARATION)."""
    row = (
        Declaration.objects.select_for_update(of=("self",))
        .select_related("trader")
        .filter(number=number)
        .first()
    )
    if row is None:
        raise Refused(Refusal("", (unknown(number),)))
    return row


def unknown(reference: str) -> Finding:
    return Finding("UNKNOWN_DECLARATION", says={"reference": reference[:80]})


def _authorised(asked: Asked, row: Declaration, recorded: datetime) -> Locked:
    trader = row.trader.registry_id
    day = asked.pack.legal_day(asked.at)
    days = tuple(sorted({day, asked.pack.legal_day(recorded)}))
    post = posting_for(asked.by, asked.act, days, row.office, trader, row.state)
    if isinstance(post, Finding):
        raise Refused(Refusal(asked.act, (post,)), row.number if row.events else "")
    return Locked(
        row=row,
        pack=asked.pack,
        facts=fold(DECLARATION, engine_events(row.number)) if row.events else Facts(),
        actor=actor_of(asked.by, post, trader),
        at=asked.at,
        recorded_at=recorded,
        day=day,
    )


def _attempted(asked: Asked, locked: Locked, plan: Plan) -> Transition[Facts]:
    machine = DECLARATION.under(asked.pack.laws) if asked.pack.laws else DECLARATION
    step = machine.step(asked.act, locked.facts.state)
    moved = attempt(
        machine,
        asked.act,
        locked.facts,
        locked.actor,
        at=asked.at,
        recorded_at=locked.recorded_at,
        says=plan.says,
        role=asked.by.role,
        form_number=_form_number(locked, step.form) if step and step.form else "",
        signature=asked.by.signature,
        service_date=locked.day if plan.messages else None,
        seen=asked.seen,
    )
    if isinstance(moved, Refusal):
        raise Refused(moved, locked.row.number if locked.facts.events else "")
    closed = refusal() if moved.step.four_eyes else None
    if closed:
        raise Refused(Refusal(asked.act, (closed,)), locked.row.number)
    return moved


def _form_number(locked: Locked, kind: str) -> str:
    """The document's number: the pack's form, then the declaration and the event, which nothing else shares."""
    form = locked.pack.forms.get(kind)
    own = f"{locked.row.number}/{locked.n}"
    return f"{form.number} {own}" if form else own


def _write_rows(locked: Locked, plan: Plan, moved: Transition[Facts]) -> None:
    for model, extras in groupby(plan.rows(locked), key=lambda row: type(row)):
        model._default_manager.bulk_create(list(extras), batch_size=500)
    before, after, n = moved.before, moved.after, moved.event.n
    row = locked.row
    for kind, reference in [(o.kind, o.reference) for o in before.obligations if o not in after.obligations]:
        row.obligations.filter(kind=kind, reference=reference, closed_n__isnull=True).update(closed_n=n)
    _write_opened(locked, moved)
    row.holds.filter(reference__in=set(before.holds) - set(after.holds), closed_n__isnull=True).update(
        closed_n=n
    )
    Hold.objects.bulk_create(
        Hold(declaration=row, reference=hold, opened_n=n) for hold in after.holds if hold not in before.holds
    )
    _write_decision(locked, moved)
    faults.reach("after_rows")


def _write_opened(locked: Locked, moved: Transition[Facts]) -> None:
    """What opened, each with the day until which the law gives time. A check of goods runs from when they are there,
    and an imposed tax from its decision, although the obligation may have stood open before."""
    before, after, event, row = moved.before, moved.after, moved.event, locked.row
    opened = [one for one in after.obligations if one not in before.obligations]
    rows = []
    for one in opened:
        waits = one.kind is Kind.INSPECTION and not after.arrived
        limit = None if waits else _limit(locked, event, one)
        rows.append(
            Obligation(
                declaration=row,
                kind=one.kind,
                reference=one.reference,
                opened_n=event.n,
                due_at=limit.due_at if limit else None,
                due_law=limit.law if limit else None,
            )
        )
    Obligation.objects.bulk_create(rows)
    if after.arrived and not before.arrived:
        inspection = engine.Obligation(Kind.INSPECTION)
        _runs_from_now(locked, Kind.INSPECTION, _limit(locked, event, inspection))
    if event.act == Act.IMPOSE_TAX and after.legal_day is not None:
        _runs_from_now(locked, Kind.PAYMENT, matters.decided_limit(after.legal_day, event.at, locked.pack))


def _limit(locked: Locked, event: Event, one: engine.Obligation) -> matters.Limit | None:
    return matters.limit_of(one.kind, event.at, locked.pack, reference=one.reference)


def _runs_from_now(locked: Locked, kind: Kind, limit: matters.Limit | None) -> None:
    if limit is not None:
        locked.row.obligations.filter(kind=kind, closed_n__isnull=True).update(
            due_at=limit.due_at, due_law=limit.law
        )


def _write_decision(locked: Locked, moved: Transition[Facts]) -> None:
    event = moved.event
    if event.act == Act.REVOKE:
        locked.row.decisions.filter(act=event.text("act"), revoked_n__isnull=True).update(revoked_n=event.n)
    if event.act in DECISIONS:
        # Goods leave the area once for storage and once for good.
        stored = event.act == Act.EXIT and moved.after.goods is Goods.STORED
        Decision.objects.create(
            declaration=locked.row,
            act=f"{event.act}_to_storage" if stored else event.act,
            n=event.n,
            form_number=event.form_number,
        )


def _record(locked: Locked, event: Event) -> record.Event:
    row = locked.row
    return append(
        subject=row.number,
        after=Head(row.events, row.head),
        act=event.act,
        at=event.at,
        recorded_at=event.recorded_at,
        actor=event.actor,
        role=event.role,
        office=event.office,
        facts={
            "pack": row.pack,
            "capacity": event.capacity,
            "on_behalf": event.on_behalf,
            "form_number": event.form_number,
            "signature": dict(event.signature) if event.signature is not None else None,
            "service_date": event.service_date,
            "says": dict(event.says),
            "version": event.version,
        },
    )


def _messages(locked: Locked, plan: Plan, moved: Transition[Facts], stored: record.Event) -> list[str]:
    written: list[str] = []
    for kind, write in plan.messages.items():
        # From the event's hash: the same act gives the same reference, and no two acts share one.
        identifier = f"{stored.hash[:24]}{len(written):02d}"
        content = write(Told(locked=locked, after=moved.after, event=moved.event, identifier=identifier))
        Response.objects.create(
            identifier=identifier, declaration=locked.row, n=stored.n, kind=kind.name, content=content
        )
        written.append(identifier)
    return written


SAVED = (
    "state", "goods", "channel", "version", "events", "head", "legal_day", "lodged_at", "registered_at", "released_at",
    "cleared_at", "passed_at", "assessed_minor", "paid_minor", "guaranteed_minor",
)  # fmt: skip
"""Columns of a declaration that follow its events."""


def _save(row: Declaration, facts: Facts, stored: record.Event) -> None:
    row.state, row.goods = facts.state, facts.goods
    row.channel = facts.channel
    row.version, row.events, row.head = facts.version, stored.n, stored.hash
    row.legal_day = facts.legal_day
    row.lodged_at, row.registered_at = facts.lodged_at, facts.registered_at
    row.released_at, row.cleared_at, row.passed_at = facts.released_at, facts.cleared_at, facts.passed_at
    row.assessed_minor, row.paid_minor = facts.assessed_minor, facts.paid_minor
    row.guaranteed_minor = facts.guaranteed_minor
    row.save(update_fields=SAVED)
