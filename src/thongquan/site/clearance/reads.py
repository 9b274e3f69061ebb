"""What can be asked of declarations: one, many, its time, its versions, its sums, and what may be done next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec
from django.db.models import Q, QuerySet

from ...engine.access.decide import EVERY, READ, Post, Thing, decide, reading
from ...engine.declaration import Declaration as Declared
from ...engine.findings import Finding, in_order
from ...engine.ledger.journal import AccountKind
from ...engine.lifecycle.declaration import DECLARATION, Facts, Role
from ...engine.lifecycle.machine import Capacity, Event, Opening, fold
from ...engine.risk.channels import Channel
from ...engine.timing.clocks import Timing, clocks
from ...packs.pack import Pack
from ..accounts.reads import By, person_of, rights
from ..kit.canonical import sha256
from ..ledger.reads import Proofs, proofs
from ..record import models as record
from ..record.reads import LogReport, events_of, verify_log
from ..reference.reads import site_pack
from .models import AssessmentRow, Declaration, DeclarationVersion, Selection

PAGE = 50


# one declaration


def by_number(number: str) -> Declaration | None:
    """The declaration of a number, as it is kept or as its papers print it."""
    return Declaration.objects.select_related("trader").filter(number=site_pack().kept_number(number)).first()


def declared(row: Declaration, version: int | None = None) -> Declared:
    """What was declared: the current version, or an earlier one. LookupError for one that there is not."""
    versions = row.versions.order_by("-version")
    found = (
        (versions.filter(version=version) if version else versions).values_list("payload", flat=True).first()
    )
    if found is None:
        raise LookupError(f"{row.number} has no version {version}")
    return msgspec.json.decode(found, type=Declared)


def facts_of(number: str) -> Facts:
    """What is true of a declaration, from its events alone."""
    return fold(DECLARATION, engine_events(number))


def engine_events(number: str) -> list[Event]:
    """The events of a declaration as the engine knows them, in their order."""
    return [engine_event(stored) for stored in events_of(number)]


def engine_event(stored: record.Event) -> Event:
    body = msgspec.json.decode(stored.body)
    served = body["service_date"]
    return Event(
        n=stored.n,
        act=stored.act,
        at=stored.at,
        recorded_at=stored.recorded_at,
        actor=stored.actor,
        role=stored.role,
        capacity=Capacity(body["capacity"]),
        on_behalf=body["on_behalf"],
        office=stored.office,
        form_number=body["form_number"],
        signature=body["signature"],
        service_date=date.fromisoformat(served) if served else None,
        says={
            name: tuple(value) if isinstance(value, list) else value for name, value in body["says"].items()
        },
        version=body["version"],
    )


@dataclass(frozen=True, slots=True)
class Timeline:
    """A declaration's events in their order, with the hash of each, and the time that they took."""

    events: Sequence[Event]
    hashes: Sequence[str]
    timing: Timing


def timeline(number: str, until: datetime | None = None) -> Timeline:
    """What happened and how long it took, at each stage and on each clock; a running life up to `until`."""
    stored = events_of(number)
    events = [engine_event(event) for event in stored]
    return Timeline(events, [event.hash for event in stored], clocks(events, until))


@dataclass(frozen=True, slots=True)
class Version:
    """One version. changes: of an amendment, what was before and after at each path; n: the event that brought it."""

    version: int
    n: int
    hash: str
    declaration: Declared
    changes: Sequence[Mapping[str, Any]]


def versions(number: str) -> list[Version]:
    """Every version of a declaration, the first first."""
    rows = DeclarationVersion.objects.filter(declaration__number=number).order_by("version")
    return [
        Version(
            row.version,
            row.n,
            row.hash,
            msgspec.json.decode(row.payload, type=Declared),
            msgspec.json.decode(row.changes),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class AssessedTax:
    """One tax of one line, with everything needed to compute it again by hand (`trace`)."""

    line: int
    tax: str
    base_minor: int
    assessed_minor: int
    payable_minor: int
    method: str
    terms: str
    law: str
    trace: Mapping[str, Any]
    edition: str
    pack_version: str


def assessment(number: str, n: int | None = None) -> list[AssessedTax]:
    """The current assessment of a declaration, or that of event `n`: by line, in levying order."""
    rows = AssessmentRow.objects.filter(declaration__number=number)
    if n is None:
        n = rows.order_by("-n").values_list("n", flat=True).first()
    return [
        AssessedTax(
            row.line,
            row.tax,
            row.base_minor,
            row.assessed_minor,
            row.payable_minor,
            row.method,
            row.terms,
            row.law,
            msgspec.json.decode(row.trace),
            row.edition,
            row.pack_version,
        )
        for row in rows.filter(n=n).order_by("line", "id")
    ]


def selections(number: str) -> list[Selection]:
    """Every selection with its reasons, the first first. For officers and internal control, never for declarants."""
    return list(Selection.objects.filter(declaration__number=number).order_by("n"))


def open_acts(number: str, *, by: By, pack: Pack, at: datetime) -> list[Opening[Facts]]:
    """Every act of the table with the reasons why it is closed to this person now; none: it is open."""
    row = by_number(number)
    if row is None:
        return []
    facts = facts_of(number)
    person = person_of(by)
    given = rights({post.role for post in person.posts})
    machine = DECLARATION.under(pack.laws) if pack.laws else DECLARATION
    thing = Thing(row.office, row.trader.registry_id, facts.state, facts)
    days = (pack.legal_day(at),)
    return [
        Opening(act, machine.step(act, facts.state), decide(person, act, thing, days, given, machine).reasons)
        for act in machine.acts
    ]


# who may see it


def for_actor(
    rows: QuerySet[Declaration], by: By, days: Sequence[date], act: str = READ
) -> QuerySet[Declaration]:
    """Of these declarations those that somebody may read (`act`: one of the `read…` rights).

    What is foreign is left out by the same query that finds what is there, so both answers take the same time.
    """
    person = person_of(by)
    return within(rows, reading(person, act, days, rights({post.role for post in person.posts})))


def within(rows: QuerySet[Declaration], posts: Sequence[Post]) -> QuerySet[Declaration]:
    """Of these declarations those that these posts are for; without a post none."""
    reach = Q(pk__in=())
    for post in posts:
        is_declarant = post.role == Role.DECLARANT
        mine = post.trader if is_declarant else post.office
        if mine == EVERY:
            return rows
        if mine:
            reach |= Q(trader__registry_id=mine) if is_declarant else Q(office=mine)
    return rows.filter(reach)


def found(number: str, by: By, days: Sequence[date], act: str = READ) -> Declaration | None:
    """The declaration of a number as far as somebody may read it; None for a foreign one as for none at all."""
    rows = Declaration.objects.select_related("trader").filter(number=site_pack().kept_number(number))
    return for_actor(rows, by, days, act).first()


# many


def listing(
    *,
    state: str = "",
    channel: str = "",
    office: str = "",
    trader: str = "",
    text: str = "",
    after: int | None = None,
    limit: int = PAGE,
    rows: QuerySet[Declaration] | None = None,
) -> list[Declaration]:
    """Declarations, the newest first, by any of these; text: the beginning of a number or of the trader's reference.

    after: the id of the last row of the page before. Each page is one query, whatever the page. rows: those that the
    reader may see (`for_actor`); None for all.
    """
    among = Declaration.objects.all() if rows is None else rows
    rows = among.select_related("trader").order_by("-id")
    if state:
        rows = rows.filter(state=state)
    if channel:
        rows = rows.filter(channel=Channel[channel])
    if office:
        rows = rows.filter(office=office)
    if trader:
        rows = rows.filter(trader__registry_id=trader)
    if text:
        kept = site_pack().kept_number(text)
        rows = rows.filter(number__startswith=kept) | rows.filter(functional_reference__startswith=text)
    if after is not None:
        rows = rows.filter(pk__lt=after)
    return list(rows[:limit])


# proofs


@dataclass(frozen=True, slots=True)
class Verified:
    """What the record, the declarations and the books prove together. faults: everything that does not fit."""

    log: LogReport
    books: Proofs
    faults: tuple[Finding, ...]


def verify() -> Verified:
    """Recompute everything that can be recomputed: chains, each declaration's row from its events, its version from
    its hash, and the books, with each declaration's own sums against the accounts."""
    log = verify_log()
    faults: list[Finding] = [*log.faults]
    expected: dict[str, dict[AccountKind, int]] = {}
    for row in Declaration.objects.order_by("pk").iterator(chunk_size=500):
        head = log.heads.get(row.number)
        if head is None or (head.n, head.hash) != (row.events, row.head):
            faults.append(Finding("LOG_TAIL_LOST", at=row.number, says={"number": row.number}))
            continue
        faults += _row_faults(row)
        expected[row.number] = _expected(row)
    books = proofs(expected)
    return Verified(log, books, in_order([*faults, *books.faults]))


def _row_faults(row: Declaration) -> list[Finding]:
    try:
        events = engine_events(row.number)
        facts = fold(DECLARATION, events)
    except (ValueError, KeyError, msgspec.DecodeError):
        return [Finding("EVENTS_DO_NOT_FOLD", at=row.number, says={"number": row.number})]
    faults = []
    differing = [
        name
        for name in (
            "state",
            "goods",
            "channel",
            "version",
            "assessed_minor",
            "paid_minor",
            "guaranteed_minor",
        )
        if getattr(row, name) != getattr(facts, name)
    ]
    if differing:
        faults.append(Finding("ROW_DIFFERS", at=row.number, says={"columns": ", ".join(differing)}))
    said = {event.version: event.text("declaration") for event in events if event.text("declaration")}
    for version in row.versions.order_by("version"):
        if not version.hash == sha256(version.payload.encode()) == said.get(version.version):
            faults.append(Finding("VERSION_CHANGED", at=row.number, says={"version": str(version.version)}))
    return faults


def _expected(row: Declaration) -> dict[AccountKind, int]:
    """What a declaration's own figures say must stand in the accounts."""
    due, paid = row.assessed_minor or 0, row.paid_minor
    return {
        AccountKind.REVENUE: -due,
        AccountKind.DEBTOR: max(0, due - paid),
        AccountKind.UNALLOCATED: -max(0, paid - due),
        AccountKind.TREASURY: paid,
        AccountKind.GUARANTEE_HELD: row.guaranteed_minor,
    }
