"""What somebody takes home of a declaration that he may read: its signed receipt, and the proof of each event.

Both are files for `verify_log.py`, which needs nothing of ours; on the page they are saved, over HTTP they come as the
same text in a field. A receipt names numbers, hashes and times, and nothing of what was declared.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_GET

from ...engine.findings import Finding
from ..entry.shell import Visitor, not_found, page, signed_in
from ..kit.http import Problem, answered
from ..kit.http_routes import Call, Route
from ..record.models import Event
from ..record.reads import events_of
from ..record.receipts import Proof, proof_of, receipt_for
from ..reference.reads import site_pack
from . import reads
from .api import reads_unknown


class SignedReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """One signature over every event of the declaration and of its papers, as they stand now."""

    number: str
    events: int
    signed_receipt: str


class EventProof(msgspec.Struct, frozen=True, kw_only=True):
    """That event `n` is leaf `index` of the log of `size` events. proof: C2SP tlog-proof, complete in itself."""

    number: str
    n: int
    index: int
    size: int
    proof: str


def of(number: str) -> list[Event]:
    """The events that a receipt of a declaration names: its own, then those of its papers."""
    return [*events_of(number), *events_of(f"papers:{number}")]


def proven(number: str, n: str) -> Proof | Finding | None:
    """The proof of event n; None where there is no such event, EVENT_NOT_SEALED for a few seconds after the act."""
    if not (n.isascii() and n.isdigit() and len(n) < 10):
        return None
    event = Event.objects.filter(subject=number, n=int(n)).first()
    return None if event is None else proof_of(event)


# over HTTP


def _number(call: Call) -> str:
    """The number of the path as far as this reader may see it; the same 404 for a foreign one and for none."""
    days: tuple[date, ...] = (site_pack().legal_day(call.at),)
    row = reads.found(call.place["number"], call.by, days)
    if row is None or row.pack != site_pack().code:
        raise Problem(404, [reads_unknown(call.place["number"])])
    return str(row.number)


def receipt(call: Call) -> HttpResponse:
    number = _number(call)
    events = of(number)
    return answered(SignedReceipt(number=number, events=len(events), signed_receipt=receipt_for(*events)))


def proof(call: Call) -> HttpResponse:
    number, n = _number(call), call.place["n"]
    found = proven(number, n)
    if found is None:
        raise Problem(404, [Finding("EVENT_UNKNOWN", says={"number": number, "n": n[:20]})])
    if isinstance(found, Finding):
        raise Problem(409, [found])
    return answered(EventProof(number=number, n=int(n), index=found.index, size=found.size, proof=found.text))


ROUTES: Final = (
    Route(
        method="GET", path="/declarations/{number}/receipt", name="receipt", view=receipt, right="read",
        answers={200: SignedReceipt}, refusals=(404,),
    ),
    Route(
        method="GET", path="/declarations/{number}/proofs/{n}", name="proof", view=proof, right="read",
        answers={200: EventProof}, refusals=(404, 409),
    ),
)  # fmt: skip


# on the pages


@require_GET
@signed_in
def receipt_file(request: HttpRequest, who: Visitor, number: str) -> HttpResponse:
    if reads.found(number, who.by, who.days) is None:
        return not_found(request)
    return _file(receipt_for(*of(number)), f"{number}.receipt.txt")


@require_GET
@signed_in
def proof_file(request: HttpRequest, who: Visitor, number: str, n: str) -> HttpResponse:
    found = proven(number, n) if reads.found(number, who.by, who.days) else None
    if found is None:
        return not_found(request)
    if isinstance(found, Finding):
        return page(request, "problem", {"finding": found}, 409)
    return _file(found.text, f"{number}-{n}.tlog-proof")


def _file(text: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f"attachment; filename={name}", "Cache-Control": "no-store"}
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=headers)


urlpatterns = [
    path("to-khai/<str:number>/bien-nhan", receipt_file, name="receipt"),
    path("to-khai/<str:number>/bang-chung/<str:n>", proof_file, name="proof"),
]
