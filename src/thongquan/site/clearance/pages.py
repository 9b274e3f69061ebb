"""The pages of declarations: what waits, the list, and one declaration with exactly the acts open to its reader.

Nothing here decides: rights come from `access`, buttons from the lifecycle, and every write is an act of the journey.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
import xlsxwriter  # type: ignore[import-untyped]
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import path
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from ...engine.access.decide import Thing
from ...engine.findings import Finding
from ...engine.lifecycle.declaration import ASSESSING, Act, Kind, Role, State
from ...engine.risk.channels import Channel
from ...packs import pack as packs
from ...packs.files import OWN
from ..accounts.reads import decided
from ..entry.shell import Visitor, new_key, not_found, page, signed_in
from ..kit.act import Answer, Busy
from ..kit.tags import day_read, said
from ..ledger import reads as books
from ..papers import kinds
from ..parties.models import Trader
from . import attachments, automatic, desk, drafts, explained, journey, reads
from .act_forms import ActForm, Acts, acts_of, allowed, filled
from .api_acts import ASKING
from .debts import owing
from .dues_pages import shared_form
from .models import Declaration
from .printed import PRINTABLE
from .registers import SEES

PAGE: Final = 50
MOST_EXPORTED: Final = 50_000

TABS: Final = (
    ("", "overview", "read"),
    ("hang", "goods", "read_content"),
    ("thue", "taxes", "read_assessment"),
    ("ho-so", "papers", "read_content"),
    ("rui-ro", "risk", "read_risk"),
    ("ban-khai", "versions", "read_content"),
    ("nhat-ky", "timeline", "read_timeline"),
)
"""Parts of the page of a declaration: address, word, right."""


@require_GET
@signed_in
def home(request: HttpRequest, who: Visitor) -> HttpResponse:
    """Where each role begins."""
    if who.roles <= {Role.DECLARANT}:
        return HttpResponseRedirect("/to-khai")
    return HttpResponseRedirect("/nop-thue" if who.roles <= {Role.REVENUE, Role.BANK} else "/viec")


def seen(who: Visitor) -> QuerySet[Declaration]:
    """The declarations that somebody may read."""
    return reads.for_actor(Declaration.objects.filter(pack=who.pack.code), who.by, who.days)


# what waits

WORK_TABS: Final = ("all", "late", "RED", "YELLOW", "GREEN", "asked")


@require_GET
@signed_in
def work(request: HttpRequest, who: Visitor) -> HttpResponse:
    """The work list: what waits for somebody of the reader's roles, by channel, with the legal time left."""
    if not who.may("read"):
        return not_found(request)
    rows = desk.work(seen(who), sorted(who.roles))
    waiting = desk.described(
        rows, who.pack, who.at, with_risk=who.may("read_risk"), with_goods=who.may("read_content")
    )
    chosen = request.GET.get("luong", "all")
    tabs = [(name, sum(_in_tab(one, name) for one in waiting)) for name in WORK_TABS]
    chosen = chosen if chosen in WORK_TABS else "all"
    inside = [one for one in waiting if _in_tab(one, chosen)]
    asked = request.GET.get("tu", "0")
    first = int(asked) if asked.isdecimal() and len(asked) < 6 and int(asked) < len(inside) else 0
    shown = inside[first : first + PAGE]
    context = {
        "tabs": tabs,
        "chosen": chosen,
        "waiting": shown,
        "first": first + 1,
        "last": first + len(shown),
        "count": len(inside),
        "before": max(0, first - PAGE) if first else None,
        "after": first + PAGE if first + PAGE < len(inside) else None,
        "full": len(rows) == desk.MOST,
        "with_risk": who.may("read_risk"),
        "preview": _preview(who, shown[0].row.number) if shown else None,
    }
    return page(request, "work", context)


def _in_tab(one: desk.Waiting, tab: str) -> bool:
    if tab == "late":
        return one.time is not None and one.time.soon
    if tab == "asked":
        return Kind.REPLY in one.open
    return tab == "all" or one.row.channel_name == tab


@require_GET
@signed_in
def preview(request: HttpRequest, who: Visitor, number: str) -> HttpResponse:
    """What the work list shows beside itself of the chosen row."""
    found = _preview(who, number)
    return not_found(request) if found is None else page(request, "preview", {"preview": found})


def _preview(who: Visitor, number: str) -> dict[str, Any] | None:
    row = reads.found(number, who.by, who.days)
    if row is None:
        return None
    thing = _thing(row)
    (one,) = desk.described(
        [row], who.pack, who.at, with_risk=False, with_goods=who.may("read_content", thing)
    )
    risk = reads.selections(number) if who.may("read_risk", thing) else []
    acts = acts_for(who, row)
    return {
        "one": one,
        "row": row,
        "reasons": desk.reasons_of(risk[-1], who.pack) if risk else [],
        "taxes": explained.explained(row, who.pack) if who.may("read_assessment", thing) else None,
        "acts": acts.open[:4],
    }


def _thing(row: Declaration) -> Thing:
    return Thing(row.office, row.trader.registry_id, row.state)


def acts_for(who: Visitor, row: Declaration) -> Acts:
    """The acts of a declaration as this person finds them now."""
    openings = reads.open_acts(row.number, by=who.by, pack=who.pack, at=who.at)
    events = reads.engine_events(row.number)
    return acts_of(openings, reads.facts_of(row.number), events, row.number, who.pack.decimals)


# the list

FILTERS: Final = ("q", "trang-thai", "luong", "co-quan", "nguoi-khai", "tu", "den")


@require_GET
@signed_in
def listing(request: HttpRequest, who: Visitor, suffix: str = "") -> HttpResponse:
    """Declarations by filters that are the address itself; `.csv`, `.xlsx` and `.json` give the same as a file."""
    if not who.may("read"):
        return not_found(request)
    chosen = _chosen(request)
    rows = asked_for(request, who)
    if suffix:
        return _as_file(suffix, rows[:MOST_EXPORTED], who)
    after = request.GET.get("sau", "")
    if after.isdecimal() and len(after) < 19:
        rows = rows.filter(pk__lt=int(after))
    shown = list(rows[: PAGE + 1])
    query = {name: value for name, value in chosen.items() if value}
    context = {
        "rows": shown[:PAGE],
        "more": urlencode({**query, "sau": shown[PAGE - 1].pk}) if len(shown) > PAGE else "",
        "chosen": {name.replace("-", "_"): value for name, value in chosen.items()},
        "query": urlencode(query),
        "states": [state for state in State if state is not State.UNLODGED],
        "channels": [channel.name for channel in Channel],
        "traders": len({row.trader_id for row in shown}) > 1 or who.is_officer,
        "own_register": who.pack.code in OWN and all(who.may(act) for act in SEES),
    }
    return page(request, "listing", context)


def asked_for(request: HttpRequest, who: Visitor) -> QuerySet[Declaration]:
    """The declarations that the filters of an address ask for and the reader may see, the newest first."""
    return _filtered(seen(who), _chosen(request), who).select_related("trader").order_by("-id")


def _chosen(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "").strip()[:80] for name in FILTERS}


def _filtered(rows: QuerySet[Declaration], chosen: dict[str, str], who: Visitor) -> QuerySet[Declaration]:
    if chosen["trang-thai"] in State.__members__:
        rows = rows.filter(state=chosen["trang-thai"])
    if chosen["luong"] in Channel.__members__:
        rows = rows.filter(channel=Channel[chosen["luong"]])
    if chosen["co-quan"]:
        rows = rows.filter(office=chosen["co-quan"])
    if chosen["nguoi-khai"]:
        rows = rows.filter(trader__registry_id=chosen["nguoi-khai"])
    zone = ZoneInfo(who.pack.zone)
    first, last = day_read(chosen["tu"]), day_read(chosen["den"])
    if first is not None:
        rows = rows.filter(lodged_at__gte=datetime.combine(first, time(), zone))
    if last is not None:
        rows = rows.filter(lodged_at__lt=datetime.combine(last + timedelta(days=1), time(), zone))
    text = chosen["q"].replace(" ", "")
    if text:
        rows = (
            rows.filter(number__istartswith=text)
            | rows.filter(functional_reference__istartswith=chosen["q"])
            | rows.filter(trader__registry_id__istartswith=chosen["q"])
        )
    return rows


COLUMNS: Final = ("number", "reference", "trader", "office", "state", "channel", "lodged_at", "legal_day", "assessed",
                  "paid", "guaranteed", "currency")  # fmt: skip


def _values(row: Declaration, who: Visitor) -> list[str]:
    decimals = who.pack.decimals
    local = (
        row.lodged_at.astimezone(ZoneInfo(who.pack.zone)).isoformat(timespec="seconds")
        if row.lodged_at
        else ""
    )
    sums = [_plain(minor, decimals) for minor in (row.assessed_minor, row.paid_minor, row.guaranteed_minor)]
    return [
        row.number, row.functional_reference, row.trader.registry_id, row.office, row.state, row.channel_name, local,
        row.legal_day.isoformat() if row.legal_day else "", *sums, who.pack.currency,
    ]  # fmt: skip


def _plain(minor: int | None, decimals: int) -> str:
    """A figure for machines: plain, with a point."""
    if minor is None:
        return ""
    whole, rest = divmod(minor, 10**decimals)
    return f"{whole}.{rest:0{decimals}d}" if decimals else str(whole)


def inert(text: str) -> str:
    """A text that no spreadsheet runs as a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r", "\0") else text


def _as_file(suffix: str, rows: QuerySet[Declaration], who: Visitor) -> HttpResponse | StreamingHttpResponse:
    name = f"to-khai-{who.day.isoformat()}.{suffix}"
    if suffix == "csv":
        made: HttpResponse | StreamingHttpResponse = StreamingHttpResponse(
            _csv(rows.iterator(500), who), content_type="text/csv; charset=utf-8"
        )
    elif suffix == "json":
        told = [dict(zip(COLUMNS, _values(row, who), strict=True)) for row in rows.iterator(500)]
        made = HttpResponse(msgspec.json.encode(told), content_type="application/json")
    else:
        out = io.BytesIO()
        book = xlsxwriter.Workbook(
            out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        sheet = book.add_worksheet(said("declarations")[:31])
        for at, values in enumerate([_headings(), *(_values(row, who) for row in rows.iterator(500))]):
            for place, value in enumerate(values):
                sheet.write_string(at, place, value)
        sheet.freeze_panes(1, 0)
        book.close()
        made = HttpResponse(
            out.getvalue(), content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        )
    return _download(made, name)


def _headings() -> list[str]:
    return [said(f"column_{name}") for name in COLUMNS]


def _csv(rows: Iterable[Declaration], who: Visitor) -> Iterator[str]:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    out.write("\ufeff")
    writer.writerow(_headings())
    for row in rows:
        writer.writerow(inert(value) for value in _values(row, who))
        yield out.getvalue()
        out.seek(0)
        out.truncate()
    yield out.getvalue()


def _download(response: Any, name: str) -> Any:
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


# one declaration


@require_GET
@signed_in
def declaration(request: HttpRequest, who: Visitor, number: str, part: str = "") -> HttpResponse:
    row = reads.found(number, who.by, who.days)
    if row is None:
        return not_found(request)
    return _declaration(request, who, row, part)


def _declaration(
    request: HttpRequest,
    who: Visitor,
    row: Declaration,
    part: str,
    acts: Acts | None = None,
    answer: Answer | None = None,
    status: int = 200,
) -> HttpResponse:
    """One part of the page of a declaration, with the acts beside it."""
    thing = _thing(row)
    tabs = [(slug, word) for slug, word, right in TABS if who.may(right, thing)]
    if part not in [slug for slug, _ in tabs]:
        return not_found(request)
    right = next(right for slug, _, right in TABS if slug == part)
    # Who looked at what stands in the log of access, with the number and nothing of the content.
    decided(who.by, right, thing, who.days, person=who.person, reference=row.number)
    facts = reads.facts_of(row.number)
    context: dict[str, Any] = {
        "row": row,
        "printed_number": who.pack.printed_number(row.number, max(0, row.version - 1)),
        "facts": facts,
        "tabs": tabs,
        "part": part,
        "key": new_key(),
        "seen": facts.events,
        "acts": acts or acts_for(who, row),
        "answer": answer,
        "done": request.GET.get("xong", ""),
        "may_attach": who.may(attachments.ATTACH, thing),
        "prints": [
            kind for kind in PRINTABLE if who.may("read_content", thing) and PRINTABLE[kind].is_there(row)
        ],
        "papers": attachments.count(row.number),
        "waiting": desk.described([row], who.pack, who.at, with_risk=False, with_goods=False)[0],
    }
    context |= _PARTS[part](who, row, thing)
    return page(request, "declaration", context, status)


def _overview(who: Visitor, row: Declaration, thing: Thing) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if who.may("read_assessment", thing):
        told["taxes"] = explained.explained(row, who.pack)
        told["owed"] = _owed(row, who)
        told["pending"] = explained.pending(row, who.pack)
    if who.may("read_timeline", thing):
        told["timeline"] = reads.timeline(row.number, who.at)
    if who.may("read_content", thing):
        told["declared"] = reads.declared(row)
        versions = reads.versions(row.number)
        if len(versions) > 1:
            told["last_amendment"] = _version(row, versions, -1, who)
    return told


def _owed(row: Declaration, who: Visitor) -> list[tuple[str, str, int]]:
    """What is still owed, by tax in levying order."""
    names = explained.tax_names(who.pack)
    owed = books.owed(row.number)
    order = sorted(owed, key=explained.levied(who.pack))
    return [(tax, names.get(tax, tax), owed[tax]) for tax in order if owed[tax] > 0]


def _goods(who: Visitor, row: Declaration, thing: Thing) -> dict[str, Any]:
    return {"declared": reads.declared(row), "personal": _personal(who, thing)}


def _personal(who: Visitor, thing: Thing) -> bool:
    """Whether names and addresses are shown: to who may read them, and to the declarant, who wrote them."""
    return who.may("read_personal", thing) or Role.DECLARANT in who.roles


def _taxes(who: Visitor, row: Declaration, thing: Thing) -> dict[str, Any]:
    return {
        "taxes": explained.explained(row, who.pack),
        "owing": owing(row, who.pack, who.day),
        "owed": _owed(row, who),
        "pending": explained.pending(row, who.pack),
    }


def _papers(who: Visitor, row: Declaration, thing: Thing) -> dict[str, Any]:
    return {
        "declared": reads.declared(row),
        "attachments": attachments.of(row.number),
        "purposes": kinds.KINDS,
        "responses": list(row.responses.order_by("id").defer("content"))
        if who.may("read_responses", thing)
        else [],
    }


def _risk(who: Visitor, row: Declaration, thing: Thing) -> dict[str, Any]:
    selections = reads.selections(row.number)
    return {
        "selections": [(one, Channel(one.channel).name, desk.reasons_of(one, who.pack)) for one in selections]
    }


def _versions(who: Visitor, row: Declaration, thing: Thing) -> dict[str, Any]:
    versions = reads.versions(row.number)
    return {"versions": [_version(row, versions, place, who) for place in reversed(range(len(versions)))]}


def _version(row: Declaration, versions: list[reads.Version], place: int, who: Visitor) -> dict[str, Any]:
    """A version with its differences and what they changed of the taxes, None while nobody has assessed it."""
    one = versions[place]
    events = reads.engine_events(row.number)
    event = next(event for event in events if event.n == one.n)
    before, after = _assessed_at(events, one.version - 1), _assessed_at(events, one.version)
    return {
        "version": one.version,
        "at": event.at,
        "by": event.actor,
        "reason": event.text("reason"),
        "changes": explained.changes(one.changes),
        "effect": None if before is None or after is None else after - before,
        "waits": one.version > 1 and after is None,
        "lines": len(one.declaration.goods_items),
    }


def _assessed_at(events: Iterable[Any], version: int) -> int | None:
    """The amount of the last assessment of a version."""
    found: int | None = None
    for event in events:
        if event.version == version and event.act in ASSESSING:
            found = event.number("assessed_minor")
    return found


def _timeline(who: Visitor, row: Declaration, thing: Thing) -> dict[str, Any]:
    timeline = reads.timeline(row.number, who.at)
    return {
        "timeline": timeline,
        "events": list(zip(timeline.events, timeline.hashes, strict=True)),
        "clocks": [(name, seconds // 60) for name, seconds in timeline.timing.by_clock.items() if seconds],
        "with_risk": who.may("read_risk", thing),
    }


_PARTS: Final = {
    "": _overview, "hang": _goods, "thue": _taxes, "ho-so": _papers, "rui-ro": _risk, "ban-khai": _versions,
    "nhat-ky": _timeline,
}  # fmt: skip


# acts


@require_POST
@signed_in
def do(request: HttpRequest, who: Visitor, number: str, act: str) -> HttpResponse:
    """Do an act with what its form said; a refusal says every reason on the page, and nothing has changed."""
    row = reads.found(number, who.by, who.days)
    if row is None or act not in ASKING:
        return not_found(request)
    acts = acts_for(who, row)
    form = acts.form(act)
    if form is None:
        reasons = dict(acts.closed).get(act) or (
            Finding("ACT_NOT_FROM_STATE", says={"act": act, "state": row.state}),
        )
        return _declaration(request, who, row, "", acts, Answer(act=act, reasons=reasons), 409)
    form.here = True
    says = _says(form, request, who, row)
    if says is None:
        return _declaration(request, who, row, "", acts, None, 422)
    try:
        answer = _done(form, says, request, who, number)
    except Busy:
        busy = Answer(act=act, reasons=(Finding("SITE_BUSY"),))
        return _declaration(request, who, row, "", acts, busy, 503)
    if not answer.done:
        fresh = reads.found(number, who.by, who.days) or row
        renewed = acts_for(who, fresh)
        return _declaration(
            request, who, fresh, "", renewed, answer, 409 if "CHANGED_MEANWHILE" in answer.codes else 422
        )
    automatic.proceed(number, who.pack)
    return HttpResponseRedirect(f"/to-khai/{number}?xong={form.does}#xong")


def _says(form: ActForm, request: HttpRequest, who: Visitor, row: Declaration) -> dict[str, Any] | None:
    """What the form says: of a second person, exactly what the first proposed."""
    if form.confirms:
        proposed = next(
            event
            for event in reversed(reads.engine_events(row.number))
            if event.act == Act.PROPOSE and event.text("act") == form.act
        )
        # What is computed the second person's act computes again, and the lifecycle compares.
        asked = ASKING[Act(form.act)].body.__struct_fields__
        return {name: value for name, value in proposed.says.items() if name in asked}
    says = filled(form, request.POST, who.pack.decimals)
    if says is not None and form.act == Act.AMEND:
        return _amendment(form, says, request, who, row)
    if says is not None and not allowed(form.act, says):
        form.error = (Finding("ACT_SAYS_TOO_MUCH"),)
        return None
    return says


def _amendment(
    form: ActForm, says: dict[str, Any], request: HttpRequest, who: Visitor, row: Declaration
) -> dict[str, Any] | None:
    """The change as a message, or as a table that holds the whole declaration as it should be."""
    sent = request.FILES.get("change")
    if sent is None or not sent.size:
        form.fields[0].error = said("field_empty")
        return None
    if sent.size > drafts.MOST_BYTES:
        form.error = (Finding("UPLOAD_TOO_LARGE", says={"most": str(drafts.MOST_BYTES // 1_000_000)}),)
        return None
    content: Any = sent.read()
    read = drafts.of_file(sent.name or "", content, who.pack)
    if isinstance(read, drafts.Draft) and not read.content:
        checked = drafts.check(read, who.pack, row.legal_day or who.day)
        if len(checked) != 1 or checked[0].declaration is None:
            found = [f for one in checked for fs in one.cells.values() for f in fs] + [
                f for one in checked for f in one.whole
            ]
            form.error = tuple(found[:20]) or (Finding("MESSAGE_HAS_SEVERAL"),)
            return None
        content = checked[0].declaration
    return {"change": content, "reason": says["reason"]}


def _done(form: ActForm, says: dict[str, Any], request: HttpRequest, who: Visitor, number: str) -> Answer:
    seen_n = request.POST.get("seen", "")
    common: dict[str, Any] = {
        "number": number,
        "pack": packs.load(who.pack.code),
        "by": who.by,
        "key": f"page/{request.POST.get('key', '')[:80] or new_key()}",
        "at": who.at,
        "seen": int(seen_n) if seen_n.isdecimal() and len(seen_n) < 9 else None,
    }
    if form.is_proposal:
        return journey.propose(act=form.act, content=says, **common)
    return ASKING[Act(form.act)].does(**says, **common)


# papers


@require_POST
@signed_in
def attach(request: HttpRequest, who: Visitor, number: str) -> HttpResponse:
    row = reads.found(number, who.by, who.days)
    if row is None:
        return not_found(request)
    sent = request.FILES.get("file")
    if sent is None:
        answer = Answer(act=attachments.ATTACH, reasons=(Finding("ATTACHMENT_EMPTY"),))
    elif (sent.size or 0) > kinds.MOST_BYTES:
        large = Finding("ATTACHMENT_TOO_LARGE", says={"most": str(kinds.MOST_BYTES // 2**20)})
        answer = Answer(act=attachments.ATTACH, reasons=(large,))
    else:
        answer = attachments.attach(
            number=number,
            kind=request.POST.get("kind", ""),
            name=sent.name or "",
            content=sent.read(),
            by=who.by,
            key=f"page/{request.POST.get('key', '')[:80] or new_key()}",
            at=who.at,
            pack=who.pack,
        )
    if answer.done:
        return HttpResponseRedirect(f"/to-khai/{number}/ho-so?xong=attach")
    return _declaration(request, who, row, "ho-so", None, answer, 422)


@require_GET
@signed_in
def attachment(request: HttpRequest, who: Visitor, number: str, identifier: str) -> HttpResponse:
    """The content of a paper, to be saved and never shown as a page of this site."""
    found = attachments.fetch(number, identifier, who.by, who.days)
    if found is None:
        return not_found(request)
    row, content = found
    response = HttpResponse(content, content_type=row.media_type)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return _download(response, f"{row.identifier}{kinds.ENDINGS[row.media_type]}")


@require_GET
@signed_in
def response(request: HttpRequest, who: Visitor, number: str, identifier: str) -> HttpResponse:
    """A message to the declarant as it was sent."""
    row = reads.found(number, who.by, who.days, "read_responses")
    found = row.responses.filter(identifier=identifier).first() if row else None
    if found is None:
        return not_found(request)
    return _download(
        HttpResponse(bytes(found.content), content_type="application/xml"), f"{found.identifier}.xml"
    )


@require_GET
@signed_in
def printed(request: HttpRequest, who: Visitor, number: str, kind: str) -> HttpResponse:
    """A numbered form as PDF."""
    row = reads.found(number, who.by, who.days, "read_content")
    form = PRINTABLE.get(kind)
    if row is None or form is None or not form.is_there(row):
        return not_found(request)
    made = form.make(row, who.pack, _personal(who, _thing(row)))
    if isinstance(made, Finding):
        return page(request, "problem", {"finding": made}, 501)
    return _download(HttpResponse(made, content_type="application/pdf"), f"{number}-{kind}.pdf")


# payment


@require_GET
@signed_in
def payment(request: HttpRequest, who: Visitor) -> HttpResponse:
    """What is due, by declaration and tax, with the guarantees that stand for it."""
    roles = {Role.DECLARANT, Role.REVENUE, Role.BANK, Role.LEADER}
    if not roles & who.roles:
        return not_found(request)
    text = request.GET.get("q", "").replace(" ", "")[:80]
    rows = seen(who).filter(assessed_minor__isnull=False)
    found = rows.filter(number__istartswith=text) if text else rows.filter(desk.open_kinds(Kind.PAYMENT))
    due = []
    for row in found.select_related("trader").order_by("id")[:PAGE]:
        left = reads.facts_of(row.number).unsecured_minor  # with the security demanded for what stands open
        acts = acts_for(who, row) if who.may(Act.PAY) or who.may(Act.GUARANTEE) else Acts()
        forms = [form for form in acts.open if form.act in (Act.PAY, Act.GUARANTEE)]
        due.append(
            {
                "row": row,
                "left": left,
                "owed": _owed(row, who),
                "owing": owing(row, who.pack, who.day),
                "forms": forms,
                "key": new_key(),
                "seen": row.events,
            }
        )
    traders = {one["row"].trader_id for one in due}
    guarantees = [
        (trader, books.guarantees_of(trader.registry_id)) for trader in Trader.objects.filter(pk__in=traders)
    ]
    context = {
        "due": due,
        "q": text,
        "total": sum(one["left"] for one in due),
        "guarantees": [(trader, several) for trader, several in guarantees if several],
        "shared": shared_form() if who.may(Act.PAY) else None,
        "shared_key": new_key(),
    }
    return page(request, "payment", context)


urlpatterns = [
    path("", home, name="home"),
    path("viec", work, name="work"),
    path("viec/<str:number>", preview, name="preview"),
    path("to-khai", listing, name="listing"),
    path("to-khai.csv", listing, {"suffix": "csv"}),
    path("to-khai.xlsx", listing, {"suffix": "xlsx"}),
    path("to-khai.json", listing, {"suffix": "json"}),
    path("to-khai/<str:number>", declaration, name="declaration"),
    path("to-khai/<str:number>/lam/<str:act>", do, name="do"),
    path("to-khai/<str:number>/ho-so/them", attach, name="attach"),
    path("to-khai/<str:number>/ho-so/<str:identifier>", attachment, name="attachment"),
    path("to-khai/<str:number>/thong-diep/<str:identifier>", response, name="response"),
    path("to-khai/<str:number>/in/<str:kind>", printed, name="printed"),
    path("to-khai/<str:number>/<str:part>", declaration, name="declaration_part"),
    path("nop-thue", payment, name="payment"),
]
