"""Declarations over HTTP: lodge one or thousands, every act, everything that may be read, and the queue of answers.

Each view decides nothing: acts are the journey's, reads are those of the desk, and `for_actor` says what is there for
whoever asks. A foreign declaration and one that does not exist give the same 404.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from functools import cache
from typing import Annotated, Any, Final

import msgspec
from django.db import connection, connections
from django.http import HttpResponse
from msgspec import Meta

from ... import words
from ...engine.declaration import Declaration as Declared
from ...engine.findings import Finding, errors
from ...engine.formats import amending, reading
from ...engine.lifecycle.declaration import DECLARATION, Act, Facts, Kind
from ...engine.lifecycle.machine import Event as Happening
from ...engine.lifecycle.machine import Step
from ...packs.pack import Pack
from ..accounts.classes import Visible, visible
from ..accounts.reads import By
from ..kit.act import Answer
from ..kit.http import (
    JSON,
    NDJSON,
    Body,
    Changed,
    Moment,
    Problem,
    Told,
    answered,
    content,
    etag,
    given_as,
    told,
)
from ..kit.http_routes import Call, Route, Unproven
from ..record.receipts import receipt_of
from ..reference.reads import site_pack
from . import journey, lodging, messages, reads
from .api_acts import ASKING, Asking
from .models import Acknowledgement, Declaration, Response

XML, CSV, EDIFACT = "application/xml", "text/csv", "application/edifact"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MESSAGES: Final = (
    JSON, XML, "text/xml", CSV, EDIFACT, XLSX, "application/vnd.ms-excel", "application/octet-stream",
)  # fmt: skip
"""What a message may be called; what it is shows in its content."""

FILES: Final = (NDJSON, *MESSAGES)
MAX_MESSAGE, MAX_FILE = 20_000_000, 64_000_000
MAX_LODGED = 20_000
"""Declarations in one bulk request."""
PAGE, MOST = 50, 200

# What is answered.


class Done(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an act did. receipt: the hash of its event; signed_receipt: our signature that it is in the record.
    findings: what deserves notice. messages: identifiers of the responses. replay: the answer of an earlier request
    with the same key."""

    act: str
    number: str = ""
    state: str = ""
    channel: str = ""
    version: int = 0
    events: int = 0
    receipt: str = ""
    signed_receipt: str = ""
    recorded_at: Moment | None = None
    findings: tuple[Told, ...] = ()
    messages: tuple[str, ...] = ()
    says: dict[str, Any] = {}
    replay: bool = False


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The result of one declaration of a bulk. place: in the file. status: as if it had been lodged alone."""

    place: str
    status: int
    reference: str = ""
    number: str = ""
    receipt: str = ""
    replay: bool = False
    findings: tuple[Told, ...] = ()


class Bulk(msgspec.Struct, frozen=True, kw_only=True):
    """The results in the order of the file. signed_receipt: one signature over all that were lodged."""

    lodged: int
    refused: int
    items: tuple[Item, ...]
    signed_receipt: str


class ObligationView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    kind: str
    reference: str = ""


class Summary(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A declaration as it stands. Amounts in minor units of `currency`. assessed_minor: none before assessment."""

    number: str
    office: str
    trader: str
    functional_reference: str = ""
    flow: str = ""
    type_code: str = ""
    simplified: bool = False
    lines: int = 0
    state: str
    goods: str
    channel: str = ""
    version: int = 0
    events: int = 0
    legal_day: date | None = None
    lodged_at: Moment | None = None
    registered_at: Moment | None = None
    released_at: Moment | None = None
    cleared_at: Moment | None = None
    passed_at: Moment | None = None
    assessed_minor: int | None = None
    paid_minor: int = 0
    guaranteed_minor: int = 0
    currency: str = ""


class Standing(Summary, frozen=True, kw_only=True, omit_defaults=True):
    """A declaration as it stands, with what is open beside it."""

    obligations: tuple[ObligationView, ...] = ()
    holds: tuple[str, ...] = ()


class Page(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The newest first. next: the cursor of the page after this one, "" at the end."""

    declarations: tuple[Summary, ...]
    next: str = ""


class VersionView(msgspec.Struct, frozen=True, kw_only=True):
    """One version. n: the event that brought it. hash: SHA-256 of its canonical form."""

    version: int
    n: int
    hash: str
    declaration: Declared


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    versions: tuple[VersionView, ...]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One element that differs. path: in our own terms; pointer: in a WCO message. before, after: none where absent."""

    path: str
    pointer: str
    before: Any
    after: Any


class Differences(msgspec.Struct, frozen=True, kw_only=True):
    earlier: int
    later: int
    differences: tuple[Difference, ...]


class TaxView(msgspec.Struct, frozen=True, kw_only=True):
    """One tax of one line. trace: every step of the sum, enough to do it again by hand."""

    line: int
    tax: str
    base_minor: int
    assessed_minor: int
    payable_minor: int
    method: str
    terms: str
    law: str
    trace: dict[str, Any]


class AssessmentView(msgspec.Struct, frozen=True, kw_only=True):
    """edition: hash of the tariff edition; pack_version: whose rules. () and "" before the first assessment."""

    currency: str
    edition: str
    pack_version: str
    taxes: tuple[TaxView, ...]


class EventView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One legal act. actor: empty where the reader may not know the person. says: as far as the reader may know it."""

    n: int
    act: str
    at: Moment
    recorded_at: Moment
    role: str
    hash: str
    version: int
    actor: str = ""
    office: str = ""
    capacity: str = ""
    on_behalf: str = ""
    form_number: str = ""
    service_date: date | None = None
    says: dict[str, Any] = {}


class TimelineView(msgspec.Struct, frozen=True, kw_only=True):
    events: tuple[EventView, ...]


class ActView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One act: open to this person now when there are no reasons."""

    act: str
    open: bool
    law: str = ""
    needs: tuple[str, ...] = ()
    reasons: tuple[Told, ...] = ()


class Acts(msgspec.Struct, frozen=True, kw_only=True):
    events: int
    acts: tuple[ActView, ...]


class SelectionView(msgspec.Struct, frozen=True, kw_only=True):
    """A channel and everything that led to it: for officers and internal control."""

    n: int
    act: str
    version: int
    channel: str
    reasons: Any
    draw_day: date | None
    draw_ppm: int | None
    share_ppm: int | None
    rules: str


class Selections(msgspec.Struct, frozen=True, kw_only=True):
    selections: tuple[SelectionView, ...]


class ResponseView(msgspec.Struct, frozen=True, kw_only=True):
    """A message to the declarant. content: the WCO response as it is sent."""

    identifier: str
    number: str
    n: int
    kind: str
    content: str


class Responses(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for this client, the oldest first. more: whether more waits behind these."""

    responses: tuple[ResponseView, ...]
    more: bool = False


class Acknowledged(msgspec.Struct, frozen=True, kw_only=True):
    acknowledged: int


# What is asked.

Number = Annotated[str, Meta(max_length=40)]
Limit = Annotated[int, Meta(ge=1, le=MOST)]


class Listing(Body, frozen=True):
    """after: the cursor that the page before gave. text: how a number or reference begins."""

    state: Annotated[str, Meta(pattern="^(|" + "|".join(DECLARATION.states) + ")$")] = ""
    channel: Annotated[str, Meta(pattern="^(|GREEN|YELLOW|RED)$")] = ""
    office: Annotated[str, Meta(max_length=32)] = ""
    trader: Annotated[str, Meta(max_length=64)] = ""
    text: Annotated[str, Meta(max_length=40)] = ""
    after: Number = ""
    limit: Limit = PAGE


class Between(Body, frozen=True):
    """Two versions; 0: the last, and the one before it."""

    earlier: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    later: Annotated[int, Meta(ge=0, le=1_000_000)] = 0


class Waiting(Body, frozen=True):
    limit: Limit = PAGE


class Acknowledging(Body, frozen=True):
    identifiers: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=64)], ...], Meta(min_length=1, max_length=MOST)
    ]


# Finding what may be seen.


def _days(call: Call, pack: Pack) -> tuple[date, ...]:
    return (pack.legal_day(call.at),)


def _found(call: Call, right: str = "read") -> Declaration:
    """The declaration of the path as far as this reader may see it; the same 404 for a foreign one and for none."""
    number = call.place["number"]
    row = reads.found(number, call.by, _days(call, site_pack()), right)
    if row is None or row.pack != site_pack().code:
        raise Problem(404, [reads_unknown(number)])
    return row


def reads_unknown(number: str) -> Finding:
    return Finding("UNKNOWN_DECLARATION", says={"reference": number[:80]})


def _sees(call: Call) -> Visible:
    """Which classes of facts this reader sees of what he may read at all."""
    return visible(call.by, _days(call, site_pack()))


# Lodging.

_desk = lodging.Desk()


def lodge(call: Call) -> HttpResponse:
    """One original, in any format that we read."""
    pack = site_pack()
    read = _read(call.body, pack)
    recalled = call.caller.recalled
    at = None if recalled else call.at
    one = lodging.Lodgement(read=read, by=call.by, key=call.key, at=at, recalled=recalled)
    answer = _desk.lodge(one, pack)
    if answer.codes == lodging.UNPROVEN:
        raise Unproven
    return _answered(call, answer, created=True)


def _read(data: bytes, pack: Pack) -> messages.Read:
    if data[:1] == b"{" and reading.kind_of(data) is reading.FileKind.JSON:
        return lodging.read_json(data)
    return messages.read(data, pack)


def receive(call: Call) -> HttpResponse:
    """Whatever a message asks for: an original, an amendment, a request to cancel, an arrival."""
    pack = site_pack()
    read = messages.read(call.body, pack)
    named = read.declaration.declaration_id if read.declaration else ""
    number = journey.numbered(named, pack) if named else None
    if number is not None and reads.found(number, call.by, _days(call, pack)) is None:
        raise Problem(404, [reads_unknown(named)])
    if number is None:
        kind = pack.kind_of(read.declaration, pack.legal_day(call.at)) if read.declaration else None
        if kind is None or kind.asks in journey.LODGING:
            one = lodging.Lodgement(read=read, by=call.by, key=call.key, at=call.at)
            return _answered(call, _desk.lodge(one, pack), created=True)
    answer = journey.receive(message=read, pack=pack, by=call.by, key=call.key, at=call.at)
    return _answered(call, answer)


def lodge_many(call: Call) -> HttpResponse:
    """Every declaration of a file, each for itself. What a broken line was, the others' results do not feel."""
    pack = site_pack()
    results: list[tuple[str, str, Answer]] = []
    writers = ThreadPoolExecutor(1) if connection.vendor == "postgresql" else None
    try:
        pending: list[tuple[list[tuple[str, lodging.Lodgement]], Future[list[Answer]] | list[Answer]]] = []
        for part in _parts(call, pack):
            lodgements = [one for _, one in part]
            # While the database writes one part, the next is read and judged.
            if writers:
                ready = lodging.made_ready(lodgements, pack)
                pending.append((part, writers.submit(lodging.lodge_many, lodgements, pack, ready)))
            else:
                pending.append((part, lodging.lodge_many(lodgements, pack)))
        for part, outcome in pending:
            answers = outcome.result() if isinstance(outcome, Future) else outcome
            results += [
                (place, _reference(one), answer) for (place, one), answer in zip(part, answers, strict=True)
            ]
    finally:
        if writers:
            writers.submit(connections.close_all)
            writers.shutdown()
    items = tuple(_item(call, *result) for result in results)
    done = [answer for _, _, answer in results if answer.done]
    bulk = Bulk(
        lodged=len(done), refused=len(items) - len(done), items=items, signed_receipt=receipt_of(*done)
    )
    return answered(bulk)


def _parts(call: Call, pack: Pack) -> Iterator[list[tuple[str, lodging.Lodgement]]]:
    part: list[tuple[str, lodging.Lodgement]] = []
    for count, (place, read) in enumerate(_readings(call, pack), 1):
        if count == MAX_LODGED + 1:
            # Those before it are lodged and must be told of; this one stands for all that are not.
            many = Finding("TOO_MANY_DECLARATIONS", at=place, says={"limit": str(MAX_LODGED)})
            read = messages.Read(None, (many,), None, read.hash)
        elif count > MAX_LODGED + 1:
            break
        key = f"{call.key}/{count}"
        part.append((place, lodging.Lodgement(read=read, by=call.by, key=key, at=call.at)))
        if len(part) == lodging.TOGETHER:
            yield part
            part = []
    if part:
        yield part


def _readings(call: Call, pack: Pack) -> Iterator[tuple[str, messages.Read]]:
    data = call.body
    if call.media == NDJSON:
        for number, line in enumerate(io.BytesIO(data), 1):
            line = line.strip()
            if line:
                yield f"line {number}", lodging.read_json(line)
        return
    whole = messages.hash_of(data)
    for one in messages.readings_of("", data, pack):
        declaration = one.declaration
        if declaration is None and not errors(one.findings):
            continue  # a note on what is not read: nobody lodged it
        if declaration is None:
            # A row that is refused is known by the file and its place in it.
            named = messages.hash_of(f"{whole} {one.place}".encode())
            yield one.place, messages.Read(one.refused, one.findings, None, named)
        else:
            named = messages.hash_of(messages.canonical_bytes(declaration))
            yield one.place, messages.Read(declaration, one.findings, None, named)


def _reference(one: lodging.Lodgement) -> str:
    return one.read.declaration.functional_reference_id if one.read.declaration else ""


def _item(call: Call, place: str, reference: str, answer: Answer) -> Item:
    return Item(
        place=place or "1",
        status=(200 if answer.replay else 201) if answer.done else _status(answer),
        reference=reference[:80],
        number=answer.number,
        receipt=answer.receipt,
        replay=answer.replay,
        findings=tuple(told(f, call.language) for f in (answer.reasons or answer.findings)),
    )


# Answers and refusals.

NO_RIGHT: Final = frozenset(
    {
        "ACCOUNT_NOT_ACTIVE", "AUTOMATIC_ONLY_GREEN", "FOUR_EYES_SAME_PERSON", "INSPECTOR_MAY_NOT_RELEASE",
        "NOT_YOUR_DECLARATION", "NO_POSTING", "OFFICER_AMENDS_AFTER_RED", "OWN_DECLARATION", "ROLE_HAS_NO_RIGHT",
        "ROLE_LACKS_ACT", "SCOPE_LACKS_ACT",
    }
)  # fmt: skip
CONFLICT: Final = frozenset({"DUPLICATE_REFERENCE", "RECEIPT_COUNTED", "REFERENCE_USED"})


def _status(answer: Answer) -> int:
    """404 nothing there, 403 no right, 412 changed meanwhile, 422 what was said is wrong, 409 not as things stand."""
    codes = set(answer.codes)
    if "UNKNOWN_DECLARATION" in codes:
        return 404
    if codes & NO_RIGHT:
        return 403
    if "CHANGED_MEANWHILE" in codes:
        return 412
    if codes & CONFLICT:
        return 409
    lodged = answer.act in (*journey.LODGING, Act.AMEND, "receive")
    said = any(reason.at.startswith("says.") or reason.code == "ACT_LACKS" for reason in answer.reasons)
    if "IDEMPOTENCY_KEY_REUSED" in codes or lodged or said:
        return 422 if "ACT_NOT_FROM_STATE" not in codes else 409
    return 409


def _answered(call: Call, answer: Answer, *, created: bool = False) -> HttpResponse:
    if not answer.done:
        raise _refused(call, answer)
    done = Done(
        act=answer.act,
        number=answer.number,
        state=answer.state,
        channel=answer.channel,
        version=answer.version,
        events=answer.events,
        receipt=answer.receipt,
        signed_receipt=receipt_of(answer),
        recorded_at=answer.recorded_at,
        findings=tuple(told(finding, call.language) for finding in answer.findings),
        messages=answer.messages,
        says=answer.says,
        replay=answer.replay,
    )
    headers = {"ETag": etag(answer.events)}
    if answer.replay:
        headers["Idempotent-Replay"] = "true"
    if created:
        headers["Location"] = f"/api/v1/declarations/{answer.number}"
    return answered(done, 201 if created else 200, headers, call.language)


def _refused(call: Call, answer: Answer) -> Problem:
    status = _status(answer)
    reasons = answer.reasons
    changed: list[Changed] = []
    headers = {}
    if status == 412:
        number = call.place["number"]
        events = reads.engine_events(number)
        changed = [
            Changed(n=event.n, act=event.act, at=event.at.isoformat())
            for event in events
            if event.n > (call.seen or 0)
        ]
        headers["ETag"] = etag(len(events))
    return Problem(status, reasons, headers=headers, changed=changed, response=answer.response)


# Acts.


def act(asking: Asking, name: Act) -> Callable[[Call], HttpResponse]:
    def view(call: Call) -> HttpResponse:
        row = _found(call)
        body = call.body
        said = {field: getattr(body, field) for field in body.__struct_fields__}
        at = said.pop("at", None) or call.at
        given = {field: value for field, value in said.items() if value != () and value is not None}
        answer = asking.does(
            number=row.number, pack=site_pack(), by=call.by, key=call.key, at=at, seen=call.seen, **given
        )
        return _answered(call, answer)

    return view


def acts(call: Call) -> HttpResponse:
    """Every act with the reasons why it is closed to whoever asks."""
    row = _found(call)
    pack = site_pack()
    openings = reads.open_acts(row.number, by=call.by, pack=pack, at=call.at)
    listed = tuple(
        ActView(
            act=str(one.act),
            open=one.is_open,
            law=str(one.step.law) if one.step and one.step.law else "",
            needs=one.step.needs if one.step else (),
            reasons=tuple(told(reason, call.language) for reason in _tellable(one.reasons)),
        )
        for one in openings
    )
    return answered(
        Acts(events=row.events, acts=listed), headers={"ETag": etag(row.events)}, language=call.language
    )


def _tellable(reasons: Sequence[Finding]) -> Sequence[Finding]:
    """Reasons without the names of other people's declarations: which one it looks like, an officer tells."""
    return [
        Finding(r.code, r.at.partition(":")[0], {**r.says, "other": "…"}, r.law, r.severity)
        if r.code == "POSSIBLE_DUPLICATE"
        else r
        for r in reasons
    ]


# Reading.


def _summary(row: Declaration, currency: str) -> dict[str, Any]:
    facts = {name: getattr(row, name) for name in _COPIED}
    return {
        **facts,
        "trader": row.trader.registry_id,
        "channel": row.channel_name,
        "currency": currency,
    }


_COPIED: Final = tuple(
    name for name in Summary.__struct_fields__ if name not in ("trader", "channel", "currency")
)


def show(call: Call) -> HttpResponse:
    row = _found(call)
    sees = _sees(call)
    obligations = tuple(
        ObligationView(
            kind=one.kind, reference="" if one.kind == Kind.DUPLICATE and not sees.risk else one.reference
        )
        for one in row.obligations.filter(closed_n__isnull=True).order_by("id")
    )
    holds = tuple(row.holds.filter(closed_n__isnull=True).order_by("id").values_list("reference", flat=True))
    standing = Standing(**_summary(row, site_pack().currency), obligations=obligations, holds=holds)
    return answered(standing, headers={"ETag": etag(row.events)})


def listing(call: Call) -> HttpResponse:
    pack, query = site_pack(), call.query
    mine = reads.for_actor(Declaration.objects.filter(pack=pack.code), call.by, _days(call, pack))
    last = None
    if query.after:
        last = mine.filter(number=query.after).values_list("pk", flat=True).first()
        if last is None:
            raise Problem(422, [Finding("CURSOR_UNKNOWN", at="after")])
    rows = reads.listing(
        rows=mine, state=query.state, channel=query.channel, office=query.office, trader=query.trader,
        text=query.text, after=last, limit=query.limit + 1,
    )  # fmt: skip
    shown = rows[: query.limit]
    more = shown[-1].number if len(rows) > query.limit else ""
    return answered(Page(declarations=tuple(Summary(**_summary(r, pack.currency)) for r in shown), next=more))


def versions(call: Call) -> HttpResponse:
    row = _found(call, "read_content")
    found = tuple(
        VersionView(version=one.version, n=one.n, hash=one.hash, declaration=one.declaration)
        for one in reads.versions(row.number)
    )
    return answered(Versions(versions=found), headers={"ETag": etag(row.events)})


def version(call: Call) -> HttpResponse:
    row = _found(call, "read_content")
    wanted = call.place["version"]
    found = [one for one in reads.versions(row.number) if str(one.version) == wanted]
    if not found:
        raise Problem(404, [Finding("VERSION_UNKNOWN", says={"version": wanted[:9]})])
    one = found[0]
    view = VersionView(version=one.version, n=one.n, hash=one.hash, declaration=one.declaration)
    return answered(view, headers={"ETag": etag(row.events)})


def differences(call: Call) -> HttpResponse:
    row = _found(call, "read_content")
    later = call.query.later or row.version
    earlier = call.query.earlier or max(1, later - 1)
    try:
        before, after = reads.declared(row, earlier), reads.declared(row, later)
    except LookupError:
        raise Problem(404, [Finding("VERSION_UNKNOWN", says={"version": f"{earlier}, {later}"})]) from None
    found = tuple(
        Difference(
            path=one.path,
            pointer=one.pointer,
            before=msgspec.to_builtins(one.before),
            after=msgspec.to_builtins(one.after),
        )
        for one in amending.diff(before, after)
    )
    return answered(Differences(earlier=earlier, later=later, differences=found))


def assessment(call: Call) -> HttpResponse:
    row = _found(call, "read_assessment")
    taxes = reads.assessment(row.number)
    view = AssessmentView(
        currency=site_pack().currency,
        edition=taxes[0].edition if taxes else "",
        pack_version=taxes[0].pack_version if taxes else "",
        taxes=tuple(
            TaxView(**{name: getattr(one, name) for name in TaxView.__struct_fields__}) for one in taxes
        ),
    )
    return answered(view, headers={"ETag": etag(row.events)})


def timeline(call: Call) -> HttpResponse:
    row = _found(call, "read_timeline")
    found = reads.timeline(row.number)
    sees = _sees(call)
    shown = tuple(
        _event(event, hashed, call.by, sees) for event, hashed in zip(found.events, found.hashes, strict=True)
    )
    return answered(TimelineView(events=shown), headers={"ETag": etag(row.events)})


def _event(event: Happening, hashed: str, by: By, sees: Visible) -> EventView:
    """An event as far as this reader may know it: not the persons of the office, and nothing of how risk is judged."""
    named = sees.personal or event.actor == by.user
    return EventView(
        n=event.n,
        act=event.act,
        at=event.at,
        recorded_at=event.recorded_at,
        role=event.role,
        hash=hashed,
        version=event.version,
        actor=event.actor if named else "",
        office=event.office,
        capacity=event.capacity,
        on_behalf=event.on_behalf if named else "",
        form_number=event.form_number,
        service_date=event.service_date,
        says=sees.said(event.act, event.says),
    )


def selections(call: Call) -> HttpResponse:
    row = _found(call, "read_risk")
    found = tuple(
        SelectionView(
            n=one.n,
            act=one.act,
            version=one.version,
            channel=Declaration(channel=one.channel).channel_name,
            reasons=msgspec.json.decode(one.reasons),
            draw_day=one.draw_day,
            draw_ppm=one.draw_ppm,
            share_ppm=one.share_ppm,
            rules=one.rules,
        )
        for one in reads.selections(row.number)
    )
    return answered(Selections(selections=found))


# The queue of answers.


def _responses(call: Call) -> Any:
    pack = site_pack()
    mine = reads.for_actor(
        Declaration.objects.filter(pack=pack.code), call.by, _days(call, pack), "read_responses"
    )
    return Response.objects.filter(declaration__in=mine).select_related("declaration")


def _view(row: Response) -> ResponseView:
    return ResponseView(
        identifier=row.identifier,
        number=row.declaration.number,
        n=row.n,
        kind=row.kind,
        content=bytes(row.content).decode(),
    )


def queue(call: Call) -> HttpResponse:
    rows = _responses(call).exclude(acknowledgements__client=call.caller.client).order_by("id")
    found = list(rows[: call.query.limit + 1])
    shown = tuple(_view(row) for row in found[: call.query.limit])
    return answered(Responses(responses=shown, more=len(found) > len(shown)))


def responses_of(call: Call) -> HttpResponse:
    row = _found(call, "read_responses")
    found = row.responses.select_related("declaration").order_by("n", "id")
    return answered(Responses(responses=tuple(_view(one) for one in found)))


def response(call: Call) -> HttpResponse:
    row = _responses(call).filter(identifier=call.place["identifier"]).first()
    if row is None:
        raise Problem(404, [Finding("RESPONSE_UNKNOWN")])
    return content(bytes(row.content), given_as(call.request, XML))


def acknowledge(call: Call) -> HttpResponse:
    """Take responses out of this client's queue. Those that are not there for it are passed over, told or not."""
    rows = _responses(call).filter(identifier__in=call.body.identifiers)
    keys = list(rows.values_list("pk", flat=True))
    Acknowledgement.objects.bulk_create(
        [Acknowledgement(client_id=call.caller.client, response_id=key) for key in keys],
        ignore_conflicts=True,
    )
    return answered(Acknowledged(acknowledged=len(keys)))


# The table.


@cache
def _law(step_act: str) -> str:
    pack = site_pack()
    return str(pack.laws.get(step_act, ""))


def _steps(name: Act) -> list[Step[Facts]]:
    return [step for step in DECLARATION.steps if step.act == name]


def about(name: Act) -> Callable[[words.Language], str]:
    """What the lifecycle table says of an act: its law, from which states, by whom, and why it may be refused."""

    def text(language: words.Language) -> str:
        lines = []
        law = _law(name) or next((str(step.law) for step in _steps(name) if step.law), "")
        if law:
            lines.append(f"{words.word('api', 'law', language)}: {law}.")
        for step in _steps(name):
            sources = ", ".join(words.word("state", state, language) for state in sorted(step.sources))
            roles = ", ".join(words.word("role", role, language) for role in step.roles)
            target = f" → {words.word('state', step.target, language)}" if step.target else ""
            lines.append(f"{sources}{target}; {words.word('api', 'by', language)}: {roles}.")
            if step.four_eyes:
                lines.append(words.word("api", "four_eyes", language))
        codes = refusals(name)
        if codes:
            lines.append(f"{words.word('api', 'refusals', language)}: {', '.join(codes)}.")
        return "\n\n".join(lines)

    return text


def refusals(name: Act) -> list[str]:
    """The codes that the guards and checks of an act name first in their docstrings."""
    codes: dict[str, None] = {}
    for step in _steps(name):
        for rule in (*step.guards, *step.checks):
            told = _told_by(rule).partition(":")[0].replace(",", " ").replace(".", " ")
            codes |= dict.fromkeys(word for word in told.split() if word in words.all_codes())
    return list(codes)


def _told_by(rule: Callable[..., Any]) -> str:
    """The docstring of a guard, or of the function that made it: `proposed_by_another.<locals>.guard`."""
    maker = rule.__qualname__.partition(".")[0]
    return rule.__doc__ or getattr(sys.modules[rule.__module__], maker).__doc__ or ""


def _act_routes() -> Iterator[Route]:
    for name, asking in ASKING.items():
        yield Route(
            method="POST",
            path=f"/declarations/{{number}}/acts/{name}",
            name=str(name),
            word="act",
            view=act(asking, name),
            right=str(name),
            writes=True,
            versioned=True,
            body=asking.body,
            limit=MAX_MESSAGE if name is Act.AMEND else 64 * 1024,
            answers={200: Done},
            refusals=(404, 409, 412, 422),
            about=about(name),
            example=dict(asking.example),
        )


_EXAMPLE: Final = {
    "function_code": "9",
    "functional_reference_id": "HD-2026-001",
    "type_code": "IMA",
    "declarant": {"id": "0100109106"},
    "importer": {"id": "0100109106"},
    "goods_items": [
        {
            "sequence_numeric": 1,
            "description": "Chè xanh",
            "classifications": [{"id": "09021010", "identification_type_code": "TSP"}],
            "item_charge": {"millionths": 1_000_000_000, "currency": "USD"},
        }
    ],
}

_SAMPLES: Final = {
    XML: """<ASYCUDA><Property><Sad_flow>I</Sad_flow></Property>
<Identification><Office_segment><Customs_clearance_office_code>ZZ0001</Customs_clearance_office_code></Office_segment>
<Type><Type_of_declaration>IM</Type_of_declaration><Declaration_gen_procedure_code>4</Declaration_gen_procedure_code>
</Type></Identification><Declarant><Declarant_code>0100109106</Declarant_code><Reference><Number>HD-2026-001</Number>
</Reference></Declarant><Item><Tarification><HScode><Commodity_code>09021010</Commodity_code></HScode>
<Item_price>1000</Item_price></Tarification></Item></ASYCUDA>
""",
    CSV: "functional_reference_id,type_code,declarant_id,commodity_code,description,item_charge,item_charge_currency\n"
    "HD-2026-001,IMA,0100109106,09021010,Chè xanh,1000,USD\n",
    EDIFACT: "UNB+UNOC:3+0100109106+CUSTOMS+260301:0800+1'\nUNH+1+CUSDEC:D:96B:UN'\nBGM+929+HD-2026-001+9'\n"
    "NAD+DT+0100109106'\nUNS+D'\nCST+1+09021010'\nMOA+38:1000:USD'\nUNS+S'\nUNT+8+1'\nUNZ+1+1'\n",
}
"""One example of each kind of message that is text; what each may hold is told on the page on reading files."""

ROUTES: Final = (
    Route(
        method="POST", path="/declarations", name="lodge", word="act", view=lodge, right="lodge", writes=True,
        proves=True, raw=MESSAGES, limit=MAX_MESSAGE, answers={201: Done}, refusals=(409, 413, 422),
        about=about(Act.LODGE), example=_EXAMPLE, samples=_SAMPLES,
    ),
    Route(
        method="POST", path="/declarations/bulk", name="lodge_many", view=lodge_many, right="lodge", writes=True,
        raw=FILES, limit=MAX_FILE, answers={200: Bulk}, refusals=(413,), example=_EXAMPLE, samples=_SAMPLES,
    ),
    Route(
        method="POST", path="/messages", name="receive", view=receive, right="lodge", writes=True, raw=MESSAGES,
        limit=MAX_MESSAGE, answers={200: Done, 201: Done}, refusals=(404, 409, 413, 422), example=_EXAMPLE,
        samples=_SAMPLES,
    ),
    Route(
        method="GET", path="/declarations", name="list", view=listing, right="read", query=Listing,
        answers={200: Page},
    ),
    Route(
        method="GET", path="/declarations/{number}", name="show", view=show, right="read", answers={200: Standing},
        refusals=(404,),
    ),
    Route(
        method="GET", path="/declarations/{number}/versions", name="versions", view=versions, right="read_content",
        answers={200: Versions}, refusals=(404,),
    ),
    Route(
        method="GET", path="/declarations/{number}/versions/{version}", name="version", view=version,
        right="read_content", answers={200: VersionView}, refusals=(404,),
    ),
    Route(
        method="GET", path="/declarations/{number}/differences", name="differences", view=differences,
        right="read_content", query=Between, answers={200: Differences}, refusals=(404,),
    ),
    Route(
        method="GET", path="/declarations/{number}/assessment", name="assessment", view=assessment,
        right="read_assessment", answers={200: AssessmentView}, refusals=(404,),
    ),
    Route(
        method="GET", path="/declarations/{number}/timeline", name="timeline", view=timeline,
        right="read_timeline", answers={200: TimelineView}, refusals=(404,),
    ),
    Route(
        method="GET", path="/declarations/{number}/acts", name="acts", view=acts, right="read", answers={200: Acts},
        refusals=(404,),
    ),
    Route(
        method="GET", path="/declarations/{number}/selections", name="selections", view=selections,
        right="read_risk", answers={200: Selections}, refusals=(404,),
    ),
    Route(
        method="GET", path="/declarations/{number}/responses", name="responses_of", view=responses_of,
        right="read_responses", answers={200: Responses}, refusals=(404,),
    ),
    Route(
        method="GET", path="/responses", name="responses", view=queue, right="read_responses", query=Waiting,
        answers={200: Responses},
    ),
    Route(
        method="GET", path="/responses/{identifier}", name="response", view=response, right="read_responses",
        answers={200: XML}, refusals=(404,),
    ),
    Route(
        method="POST", path="/responses/acknowledgements", name="acknowledge", view=acknowledge,
        right="read_responses", body=Acknowledging, answers={200: Acknowledged},
        example={"identifiers": ["3f0c…00"]},
    ),
    *_act_routes(),
)  # fmt: skip
