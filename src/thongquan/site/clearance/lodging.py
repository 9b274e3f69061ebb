"""Many lodgements in one transaction, for machines: the rows, events and hashes of `journey.lodge`, in few statements.

What is ordinary is written here in as many statements for hundreds as for one. Whatever is not (a key that was used, a
reference that was used, goods that were declared before, a person without the right, a message that is refused) is
passed to `journey.lodge`, which alone knows what to say of it. `tests/site/clearance/test_lodging_many.py` holds the
two ways equal row for row.

`Desk` gathers the requests that wait for one commit into the next: one wait for the disk for all of them.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache, partial
from typing import Any, Final
from xml.sax.saxutils import escape

import msgspec
from django.conf import settings
from django.db import connection, transaction

from ...engine.access.decide import Person, Post, Thing
from ...engine.access.decide import decide as decide_access
from ...engine.declaration import Declaration as Declared
from ...engine.findings import Finding, errors
from ...engine.formats import json_lines, responses
from ...engine.formats.responses import Response, ResponseKind
from ...engine.lifecycle.declaration import DECLARATION, Act, Facts, State
from ...engine.lifecycle.machine import Capacity, Machine, Transition, attempt
from ...packs.pack import Kind, Pack
from ..accounts.reads import (
    NOW,
    STANDING,
    By,
    Decision,
    actor_of,
    log_decision,
    person_of,
    rights,
    scopes_of,
)
from ..kit import faults
from ..kit.act import Answer, again_if_busy
from ..kit.canonical import canonical, sha256
from ..kit.prepared import ask
from ..kit.rows import Question, Records, Rows, together, write
from ..parties.acts import known
from ..record.acts import chained
from ..record.models import GENESIS
from . import consignments, journey, messages
from .perform import CLOCK_STEP

TOGETHER: Final = 500
"""Lodgements in one transaction: beyond it the wait for the disk is no longer what counts."""

UNPROVEN: Final = ("TOKEN_REFUSED",)
"""The codes of an answer that says no more than this: ask whose key it is, and then again."""


@dataclass(slots=True)
class Lodgement:
    """One request to lodge. read: the message. by, key: who asks, under which key. at: the legal time; None for the
    database's when it is asked. recalled: of `Caller`; such a one is lodged where the key stands and all is ordinary,
    else answered with UNPROVEN."""

    read: messages.Read
    by: By
    key: str
    at: datetime | None
    recalled: str = ""


@dataclass(slots=True)
class _Ready:
    """An ordinary lodgement with everything that needs no database. The rest is filled in under the lock."""

    place: int
    asked: Lodgement
    declaration: Declared
    kind: Kind
    act: str
    office: str
    trader: str
    day: date
    payload: bytes
    hash: str
    consignment: str
    under_document: bool
    goods_hash: str
    request_hash: str
    trader_id: int = 0
    kept: bool = False
    moved: Transition[Facts] | None = field(default=None)

    @property
    def reference(self) -> str:
        return self.declaration.functional_reference_id


def read_json(data: bytes) -> messages.Read:
    """One declaration in JSON, read once and by its own reader."""
    declaration, findings = json_lines.examine(data)
    return messages.Read(declaration, findings, data, messages.hash_of(data))


def made_ready(asked: Sequence[Lodgement], pack: Pack) -> list[_Ready]:
    """What of these needs no database, for `lodge_many`: in another thread than that which waits for it."""
    found = (_prepared(place, one, pack) for place, one in enumerate(asked))
    return [one for one in found if one is not None]


def lodge_many(asked: Sequence[Lodgement], pack: Pack, ready: Sequence[_Ready] | None = None) -> list[Answer]:
    """Lodge each, in the order given; the answers in the same order, none before what it tells is committed.

    ready: what `made_ready` made of the same. Busy as `journey.lodge`: nothing is known to have happened to those
    without an answer; ask again, same keys.
    """
    answers: list[Answer | None] = [None] * len(asked)
    ready = made_ready(asked, pack) if ready is None else ready
    for start in range(0, len(ready), TOGETHER):
        part = ready[start : start + TOGETHER]
        for done, answer in again_if_busy(partial(_written, part, pack)):
            answers[done.place] = answer
    return [
        answer if answer is not None else _singly(one, pack)
        for answer, one in zip(answers, asked, strict=True)
    ]


def _singly(one: Lodgement, pack: Pack) -> Answer:
    """The way that knows every refusal; but nobody learns of a foreign reference by asking for it."""
    if one.recalled:
        return Answer(act=str(Act.LODGE), reasons=tuple(map(Finding, UNPROVEN)))
    refused = _not_his(one, pack)
    if refused is not None:
        return refused
    assert one.at is not None
    if (
        one.read.content is None and one.read.declaration is None
    ):  # a part of a file, of which nothing could be made
        return Answer(act=str(Act.LODGE), reasons=one.read.findings)
    return journey.lodge(message=one.read, pack=pack, by=one.by, key=one.key, at=one.at)


def _not_his(one: Lodgement, pack: Pack) -> Answer | None:
    declaration = one.read.declaration
    if declaration is None:
        return None
    assert one.at is not None
    kind = pack.kind_of(declaration, pack.legal_day(one.at))
    act = kind.asks if kind and kind.asks in journey.LODGING else Act.LODGE
    person = person_of(one.by)
    thing = Thing(pack.office_of(declaration), pack.trader_of(declaration), State.UNLODGED)
    decision = decide_access(
        person, act, thing, (pack.legal_day(one.at),), rights({post.role for post in person.posts})
    )
    if not decision.allow:
        log_decision(one.by, str(act), decision)
    return None if decision.allow else Answer(act=str(act), reasons=decision.reasons)


def _prepared(place: int, one: Lodgement, pack: Pack) -> _Ready | None:
    read = one.read
    declaration = read.declaration
    if declaration is None or errors(read.findings):
        return None
    # Where the database's own time is to count, this machine's only says on which day it probably is.
    day = pack.legal_day(one.at or datetime.now(UTC))
    kind = pack.kind_of(declaration, day)
    if kind is None or kind.asks not in journey.LODGING:
        return None
    if messages.unlodgeable(declaration, kind, pack, day):
        return None
    consignment = pack.consignment_of(declaration)
    payload = messages.canonical_bytes(declaration)
    body = {"message": read.hash, "pack": pack.code, "external_reference": ""}
    return _Ready(
        place=place,
        asked=one,
        declaration=declaration,
        kind=kind,
        act=str(kind.asks),
        office=pack.office_of(declaration),
        trader=pack.trader_of(declaration),
        day=day,
        payload=payload,
        hash=read.hash if payload == read.content else messages.hash_of(payload),
        consignment="" if isinstance(consignment, Finding) else consignments.key_of(consignment),
        under_document=bool(pack.transport_document_of(declaration)),
        goods_hash=consignments.goods_hash(declaration),
        request_hash=sha256(canonical([str(kind.asks), body])),
    )


# under the lock


def _written(ready: Sequence[_Ready], pack: Pack) -> list[tuple[_Ready, Answer]]:
    """Those of the ordinary lodgements that the database finds ordinary too, written and committed."""
    if not ready:
        return []
    with transaction.atomic(durable=True):
        found = together(_questions(ready))
        ordinary = _ordinary(ready, pack, found)
        if not ordinary:
            return []
        numbers, ids = _numbers(ordinary, pack)
        return _rows(ordinary, numbers, ids, pack)


def _questions(ready: Sequence[_Ready]) -> dict[str, Question]:
    """All that must be known before anything is written, for all of them at once."""
    users = {one.asked.by.user for one in ready}
    rows = [
        (
            one.asked.by.user, one.asked.key, one.trader, one.reference or None, one.day.year,
            one.consignment if one.under_document else None, one.goods_hash, one.asked.read.hash,
        )
        for one in ready
    ]  # fmt: skip
    recalled = {one.asked.recalled for one in ready} - {""}
    return {
        "keys": Question(_KEYS[connection.vendor, settings.SANDBOX], [recalled]),
        "now": Question(f"SELECT {_NOW[connection.vendor]} AS now", ()),
        "posts": Question(
            "SELECT u.username, u.is_active, p.id, p.role, p.office, p.trader, p.first_day, p.last_day, p.capacity,"
            " p.on_behalf FROM accounts_user u LEFT JOIN accounts_posting p ON p.user_id = u.id"
            " WHERE u.username {}",
            [users],
        ),
        "rights": Question(
            "SELECT role, act FROM accounts_right WHERE act {}", [{str(act) for act in journey.LODGING}]
        ),
        "known": Question(_KNOWN, [Records("asked", ASKED_COLUMNS, rows)]),
    }


ASKED_COLUMNS: Final = (
    ("principal", "text"), ("key", "text"), ("trader", "text"), ("reference", "text"), ("year", "int2"),
    ("consignment", "text"), ("goods_hash", "text"), ("hash", "text"),
)  # fmt: skip
# Alike goods may be of a declaration that lives or not: whether that matters, the slower way says.
_KNOWN = (
    "SELECT (SELECT t.id FROM parties_trader t WHERE t.registry_id = asked.trader LIMIT 1) AS trader,"
    " (SELECT 1 FROM record_idempotencykey k WHERE k.principal = asked.principal AND k.key = asked.key LIMIT 1)"
    " AS key,"
    " (SELECT 1 FROM clearance_declaration d WHERE d.trader_id = (SELECT t.id FROM parties_trader t"
    " WHERE t.registry_id = asked.trader LIMIT 1) AND d.functional_reference = asked.reference"
    " AND d.functional_reference <> '' AND d.year = asked.year LIMIT 1) AS reference,"
    " CASE WHEN asked.consignment IS NOT NULL THEN (SELECT 1 FROM clearance_declaration d"
    " WHERE d.consignment = asked.consignment AND d.goods_hash = asked.goods_hash LIMIT 1) END AS goods,"
    " (SELECT 1 FROM record_rawmessage m WHERE m.hash = asked.hash LIMIT 1) AS kept"
    " FROM {}"
)


_KEYS = {
    (vendor, sandbox): STANDING.format(
        columns="t.hash, t.scopes, u.username",
        now=now,
        these=f"{{}} AND {'' if sandbox else 'NOT '}c.sandbox",
    )
    for vendor, now in NOW.items()
    for sandbox in (False, True)
}
_NOW = {"postgresql": "clock_timestamp()", "sqlite": "strftime('%%Y-%%m-%%dT%%H:%%M:%%f+00:00', 'now')"}


def _ordinary(
    ready: Sequence[_Ready], pack: Pack, found: Mapping[str, Sequence[Mapping[str, Any]]]
) -> list[_Ready]:
    """Leave out what somebody has to look at: `journey.lodge` does, one by one, afterwards."""
    recorded = datetime.fromisoformat(found["now"][0]["now"]).astimezone(UTC)
    persons = _persons(found["posts"])
    given: dict[str, set[str]] = {}
    for row in found["rights"]:
        given.setdefault(row["role"], set()).add(row["act"])
    traders = {
        one.trader: row["trader"] for one, row in zip(ready, found["known"], strict=True) if row["trader"]
    }
    keys = {row["hash"]: By(row["username"], scopes=scopes_of(row["scopes"])) for row in found["keys"]}
    used: set[tuple[str, str]] = set()
    references: set[tuple[str, str, int]] = set()
    goods: set[tuple[str, str]] = set()
    moves: dict[tuple[Any, ...], tuple[Decision, Transition[Facts] | None]] = {}
    legal_day = pack.legal_day(recorded)
    ordinary: list[_Ready] = []
    for one, row in zip(ready, found["known"], strict=True):
        key = (one.asked.by.user, one.asked.key)
        reference = (one.trader, one.reference, one.day.year)
        alike = (one.consignment, one.goods_hash) if one.under_document else None
        person = persons.get(one.asked.by.user)
        if one.asked.recalled and keys.get(one.asked.recalled) != one.asked.by:
            continue
        if one.asked.at is None and one.day != legal_day:
            continue
        if person is None or row["key"] or row["reference"] or row["goods"]:
            continue
        if key in used or (one.reference and reference in references) or alike in goods:
            continue
        one.kept = bool(row["kept"])
        one.moved = _moved(one, pack, person, given, recorded, moves)
        if one.moved is None:
            continue
        if one.trader not in traders:
            traders[one.trader] = known(one.trader).pk
        one.trader_id = traders[one.trader]
        used.add(key)
        references.add(reference)
        if alike:
            goods.add(alike)
        ordinary.append(one)
    return ordinary


def _persons(rows: Sequence[Mapping[str, Any]]) -> dict[str, Person]:
    posts: dict[str, list[Post]] = {}
    active: dict[str, bool] = {}
    for row in rows:
        active[row["username"]] = bool(row["is_active"])
        held = posts.setdefault(row["username"], [])
        if row["id"] is not None:
            last_day = date.fromisoformat(row["last_day"]) if row["last_day"] else None
            held.append(
                Post(
                    role=row["role"],
                    office=row["office"],
                    trader=row["trader"],
                    first_day=date.fromisoformat(row["first_day"]),
                    last_day=last_day,
                    capacity=Capacity(row["capacity"]),
                    on_behalf=row["on_behalf"],
                    id=row["id"],
                )
            )
    return {user: Person(user, active[user], tuple(held)) for user, held in posts.items()}


def _moved(
    one: _Ready,
    pack: Pack,
    person: Person,
    given: Mapping[str, set[str]],
    recorded: datetime,
    moves: dict[tuple[Any, ...], tuple[Decision, Transition[Facts] | None]],
) -> Transition[Facts] | None:
    """What the lifecycle makes of it; None where access or lifecycle has something to say. Declarations of one moment
    that differ only in what was declared are one question to it. Every request's decision is logged: one for a file,
    one for each that came by itself."""
    by, at = one.asked.by, one.asked.at or recorded
    question = (by.user, by.role, by.scopes, one.act, one.office, one.trader, at, one.kind.prelodged)
    if question in moves:
        decision, moved = moves[question]
        if one.asked.at is None:
            log_decision(by, one.act, decision)
        return moved
    known_at = at if at > recorded and at - recorded <= CLOCK_STEP else recorded
    days = tuple(sorted({one.day, pack.legal_day(known_at)}))
    asks = Person(person.user, person.active, person.posts, by.role, by.scopes)
    decision = decide_access(asks, one.act, Thing(one.office, one.trader, State.UNLODGED), days, given)
    log_decision(by, one.act, decision)
    moves[question] = decision, _transition(one, pack, decision, at, known_at)
    return moves[question][1]


def _transition(
    one: _Ready, pack: Pack, decision: Decision, at: datetime, known_at: datetime
) -> Transition[Facts] | None:
    by = one.asked.by
    if not decision.allow or decision.post is None:
        return None
    moved = attempt(
        _machine(pack),
        one.act,
        Facts(),
        actor_of(by, decision.post, one.trader),
        at=at,
        recorded_at=known_at,
        says={"arrived": int(not one.kind.prelodged), "declaration": "-", "functional_reference": "-"},
        role=by.role,
        signature=by.signature,
        service_date=one.day,
    )
    if isinstance(moved, Transition) and not moved.after.obligations and not moved.step.form:
        return moved
    return None


_machines: dict[int, tuple[Pack, Machine[Facts]]] = {}


def _machine(pack: Pack) -> Machine[Facts]:
    """The lifecycle under the country's law, made once for each pack that a process serves."""
    made = _machines.get(id(pack))
    if made is None or made[0] is not pack:
        made = _machines[id(pack)] = (pack, DECLARATION.under(pack.laws) if pack.laws else DECLARATION)
    return made[1]


def _numbers(ordinary: Sequence[_Ready], pack: Pack) -> tuple[list[str], list[int]]:
    """The next numbers of each series (mostly of an office and year), in the order of the lodgements and without a
    gap, and the keys of the rows. From here on whoever else lodges in these series waits for this commit, so it comes
    last."""
    wanted: dict[tuple[str, int], int] = {}
    for one in ordinary:
        series = pack.series(one.office, one.day.year, one.kind)
        wanted[series] = wanted.get(series, 0) + 1
    following: dict[tuple[str, int], int] = {}
    ids: list[int] = []
    for series, count in sorted(wanted.items()):
        place = [pack.code, *series]
        last, keys = _taken(count, place) or _taken(count, place, begin=True) or (0, [])
        following[series] = last - count
        ids += keys
    if not ids:
        # Writers are one after another on SQLite (IMMEDIATE), so the next keys are ours.
        with connection.cursor() as cursor:
            cursor.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM clearance_declaration")
            first = cursor.fetchone()[0]
        ids = [*range(first, first + len(ordinary))]
    faults.reach("after_lock")
    numbers = []
    for one in ordinary:
        series = pack.series(one.office, one.day.year, one.kind)
        following[series] += 1
        numbers.append(pack.number(one.office, one.day.year, following[series], one.kind))
    return numbers, ids


def _taken(count: int, place: list[Any], *, begin: bool = False) -> tuple[int, list[int]] | None:
    """The last number of a series after `count` more, on PostgreSQL with keys for as many rows; None where it has not
    begun."""
    if connection.vendor == "postgresql":
        if begin:
            ask(_BEGIN_SERIES, place)
        for last, keys in ask(_TAKE_WITH_KEYS, [count, *place, count]):
            return int(last or 0), msgspec.json.decode(keys or b"[]")
        return None
    with connection.cursor() as cursor:
        if begin:
            cursor.execute(_BEGIN_SERIES, place)
        cursor.execute(_TAKE, [count, *place])
        row = cursor.fetchone()
    return (row[0], []) if row else None


_TAKE = "UPDATE clearance_series SET last = last + %s WHERE pack = %s AND office = %s AND year = %s RETURNING last"
_TAKE_WITH_KEYS = (
    f"{_TAKE}, (SELECT json_agg(nextval(pg_get_serial_sequence('clearance_declaration', 'id')))"  # noqa: S608
    " FROM generate_series(1, %s))"
)
_BEGIN_SERIES = (
    "INSERT INTO clearance_series (pack, office, year, last) VALUES (%s, %s, %s, 0)"
    " ON CONFLICT (pack, office, year) DO NOTHING"
)


def _rows(
    ordinary: Sequence[_Ready],
    numbers: Sequence[str],
    ids: Sequence[int],
    pack: Pack,
) -> list[tuple[_Ready, Answer]]:
    declarations, versions, events, outbox, told, keys = [], [], [], [], [], []
    kept: dict[str, tuple[Any, ...]] = {}
    answers: list[tuple[_Ready, Answer]] = []
    for one, number, key in zip(ordinary, numbers, ids, strict=True):
        moved = one.moved
        assert moved is not None
        event, after = moved.event, moved.after
        row_hash, body = _event(one, number, moved, pack)
        identifier = f"{row_hash[:24]}00"
        declarations.append(_declaration(key, one, number, pack, after, row_hash))
        content = one.asked.read.content
        if content is not None and not one.kept:
            kept.setdefault(one.asked.read.hash, (one.asked.read.hash, content, len(content)))
        message = one.asked.read.hash if content is not None else None
        versions.append((key, 1, 1, one.payload.decode(), one.hash, message, "[]"))
        events.append(
            (number, 1, one.act, event.at, event.recorded_at, event.actor, event.role, event.office, body.decode(),
             GENESIS, row_hash)
        )  # fmt: skip
        told.append(
            (identifier, key, 1, ResponseKind.RECEIVED.name, _received(one, number, identifier, event.at))
        )
        news = {"number": number, "state": after.state, "messages": [identifier], "receipt": row_hash}
        outbox.append((f"declaration.{one.act}", number, 1, canonical(news).decode()))
        answer = Answer(
            act=one.act,
            number=number,
            state=after.state,
            version=after.version,
            events=after.events,
            receipt=row_hash,
            recorded_at=event.recorded_at,
            findings=(*one.asked.read.findings, *moved.notes),
            messages=(identifier,),
        )
        keys.append((one.asked.by.user, one.asked.key, one.request_hash, msgspec.json.encode(answer)))
        answers.append((one, answer))
    write(
        [
            Rows("record_event", EVENT_COLUMNS, events),
            Rows("record_rawmessage", RAW_COLUMNS, list(kept.values())),
            Rows("record_outbox", OUTBOX_COLUMNS, outbox),
            Rows("record_idempotencykey", KEY_COLUMNS, keys),
        ]
    )
    # A declaration is born in a state only after its event.
    write(
        [
            Rows("clearance_declaration", DECLARATION_COLUMNS, declarations),
            Rows("clearance_declarationversion", VERSION_COLUMNS, versions, ("payload",)),
            Rows("clearance_response", RESPONSE_COLUMNS, told),
        ]
    )
    for point in ("after_rows", "after_event", "after_outbox", "after_answer"):
        faults.reach(point)
    return answers


DECLARATION_COLUMNS: Final = (
    ("id", "int8"), ("number", "text"), ("pack", "text"), ("office", "text"), ("trader_id", "int8"),
    ("functional_reference", "text"), ("year", "int2"), ("external_reference", "text"), ("flow", "text"),
    ("type_code", "text"), ("simplified", "bool"), ("lines", "int4"), ("consignment", "text"),
    ("under_document", "bool"), ("goods_hash", "text"), ("state", "text"), ("goods", "text"), ("version", "int4"),
    ("events", "int4"), ("head", "text"), ("lodged_at", "timestamptz"), ("paid_minor", "int8"),
    ("guaranteed_minor", "int8"),
)  # fmt: skip
RAW_COLUMNS: Final = (("hash", "text"), ("content", "bytea"), ("size", "int4"))
VERSION_COLUMNS: Final = (
    ("declaration_id", "int8"), ("version", "int4"), ("n", "int4"), ("payload", "text"), ("hash", "text"),
    ("message_id", "text"), ("changes", "text"),
)  # fmt: skip
EVENT_COLUMNS: Final = (
    ("subject", "text"), ("n", "int4"), ("act", "text"), ("at", "timestamptz"), ("recorded_at", "timestamptz"),
    ("actor", "text"), ("role", "text"), ("office", "text"), ("body", "text"), ("prev", "text"), ("hash", "text"),
)  # fmt: skip
RESPONSE_COLUMNS: Final = (
    ("identifier", "text"), ("declaration_id", "int8"), ("n", "int4"), ("kind", "text"), ("content", "bytea"),
)  # fmt: skip
OUTBOX_COLUMNS: Final = (("topic", "text"), ("subject", "text"), ("n", "int4"), ("body", "text"))
KEY_COLUMNS: Final = (("principal", "text"), ("key", "text"), ("request_hash", "text"), ("answer", "bytea"))


def _declaration(
    key: int, one: _Ready, number: str, pack: Pack, after: Facts, row_hash: str
) -> tuple[Any, ...]:
    return (
        key, number, pack.code, one.office, one.trader_id, one.reference, one.day.year, "", one.kind.flow,
        one.declaration.type_code, one.kind.simplified, len(one.declaration.goods_items), one.consignment,
        one.under_document, one.goods_hash, after.state.value, after.goods.value, after.version, after.events,
        row_hash, after.lodged_at, 0, 0,
    )  # fmt: skip


def _event(one: _Ready, number: str, moved: Transition[Facts], pack: Pack) -> tuple[str, bytes]:
    """Hash and body of the event, as `record.acts.append` writes them."""
    event = moved.event
    body = canonical(
        {
            "pack": pack.code,
            "capacity": event.capacity,
            "on_behalf": event.on_behalf,
            "form_number": event.form_number,
            "signature": dict(event.signature) if event.signature is not None else None,
            "service_date": event.service_date,
            "says": {**event.says, "declaration": one.hash, "functional_reference": one.reference},
            "version": event.version,
            "subject": number,
            "n": 1,
            "act": one.act,
            "at": event.at,
            "actor": event.actor,
            "role": event.role,
            "office": event.office,
        }
    )
    return chained(GENESIS, body), body


# the message that says it has come


_PLAIN: Final = re.compile(r"[!-~]{1,35}")
"""References that the format takes as they are; any other is judged by its writer."""


class _Template:
    """The response of a lodgement, written once by the format's own writer and then only filled in."""

    def __init__(self) -> None:
        marks = ("MARK-IDENTIFIER", "20010203040506Z", "MARK-REFERENCE", "MARK-NUMBER")
        text = _response(marks[0], marks[2], marks[3], datetime.fromisoformat("2001-02-03T04:05:06Z"))
        self._parts = []
        rest = text.decode()
        for mark in marks:
            before, _, rest = rest.partition(mark)
            self._parts.append(before)
        self._parts.append(rest)

    def filled(self, *values: str) -> bytes:
        """The values in the order of the message: identifier, time, reference, number."""
        first, *others = self._parts
        return "".join([first, *(v + part for v, part in zip(values, others, strict=True))]).encode()


_template = cache(_Template)


def _received(one: _Ready, number: str, identifier: str, at: datetime) -> bytes:
    """As `messages.received` writes it."""
    if not _PLAIN.fullmatch(one.reference):
        return _response(identifier, one.reference, number, at)
    moment = at.astimezone(UTC).strftime("%Y%m%d%H%M%SZ")
    return _template().filled(identifier, moment, escape(one.reference), number)


def _response(identifier: str, reference: str, number: str, at: datetime) -> bytes:
    return responses.write_res(
        Response(
            function_code=ResponseKind.RECEIVED.value,
            functional_reference_id=identifier,
            issue_time=at.replace(microsecond=0),
            declaration_reference_id=reference,
            declaration_id=number,
            version_id="1",
        )
    )


# one wait for the disk for many requests


GATHERING: Final = 0.005
"""Seconds that a batch may wait, after the one before it, for those who were there a moment ago."""


class _Waiting:
    def __init__(self, asked: Lodgement) -> None:
        self.asked = asked
        self.told = threading.Event()
        self.answer: Answer | None = None
        self.leads = False


class Desk:
    """Where requests of one country meet. While one batch is being committed, those that come wait and are the next;
    the first of them writes it for all. Who sends one declaration after the other, as machines do, is back a moment
    after his answer: a batch waits that moment, and no longer than until all are back who were there at the last.
    Alone, a request waits for nobody."""

    def __init__(
        self,
        lodge: Callable[[Sequence[Lodgement], Pack], list[Answer]] = lodge_many,
        gathering: float = GATHERING,
    ) -> None:
        self._lodge, self._gathering = lodge, gathering
        self._lock = threading.Lock()
        self._come = threading.Condition(self._lock)
        self._waiting: list[_Waiting] = []
        self._busy = False
        self._crowd, self._until = 0, 0.0

    def lodge(self, asked: Lodgement, pack: Pack) -> Answer:
        mine = _Waiting(asked)
        with self._lock:
            if self._busy:
                self._waiting.append(mine)
                if len(self._waiting) + 1 >= self._crowd:
                    self._come.notify()
            else:
                self._busy = mine.leads = True
        if not mine.leads:
            mine.told.wait()
        if mine.leads:
            self._lead(mine, pack)
        if mine.answer is None:
            # The batch fell through, for a reason that may lie in one of the others.
            return self._lodge([asked], pack)[0]
        return mine.answer

    def _lead(self, mine: _Waiting, pack: Pack) -> None:
        with self._lock:
            self._come.wait_for(
                lambda: len(self._waiting) + 1 >= self._crowd, max(0.0, self._until - time.monotonic())
            )
            batch = [mine, *self._waiting[: TOGETHER - 1]]
            self._waiting = self._waiting[TOGETHER - 1 :]
        try:
            answers = self._lodge([one.asked for one in batch], pack)
            for one, answer in zip(batch, answers, strict=True):
                one.answer = answer
        except Exception:
            if len(batch) == 1:
                raise
        finally:
            self._pass_on(batch, mine)

    def _pass_on(self, batch: Sequence[_Waiting], mine: _Waiting) -> None:
        with self._lock:
            self._crowd = min(len(batch) + len(self._waiting), TOGETHER)
            self._until = time.monotonic() + self._gathering
            following = self._waiting.pop(0) if self._waiting else None
            self._busy = following is not None
        if following is not None:
            following.leads = True
            following.told.set()
        for one in batch:
            if one is not mine:
                one.told.set()
