"""Papers of a declaration over HTTP: attach one as it is, list them, have one back as a file.

The body is the file itself, and what it is shows in its content: whatever media type the sender names, the one that
was found is kept and given back. Nothing of a file is ever shown as a page of this site.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal
from urllib.parse import quote

import msgspec
from django.http import HttpResponse
from msgspec import Meta

from ...engine.findings import Finding
from ..kit.http import OCTETS, Body, Moment, Problem, answered, content, given_as
from ..kit.http_routes import Call, Route
from ..papers import kinds
from ..papers.models import Attachment
from ..record.receipts import receipt_of
from ..reference.reads import site_pack
from . import attachments, reads
from .api import NO_RIGHT, reads_unknown
from .models import Declaration


class AttachmentView(msgspec.Struct, frozen=True, kw_only=True):
    """A paper or photograph. name: as its sender calls it. media_type: found in its content. hash: SHA-256 of it.
    size: bytes."""

    identifier: str
    kind: str
    name: str
    media_type: str
    size: int
    hash: str
    recorded_at: Moment


class Attachments(msgspec.Struct, frozen=True, kw_only=True):
    """The first first."""

    attachments: tuple[AttachmentView, ...]


class Attached(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The paper as it is kept. receipt: the hash of its event, with our signature in signed_receipt; "" where the same
    content was there for the same purpose already. replay: the answer of an earlier request with the same key."""

    attachment: AttachmentView
    receipt: str = ""
    signed_receipt: str = ""
    replay: bool = False


class Attaching(Body, frozen=True):
    """kind: what the paper is for. name: what its sender calls the file."""

    kind: Literal[kinds.KINDS]  # type: ignore[valid-type]
    name: Annotated[str, Meta(min_length=1, max_length=200)]


def _days(call: Call) -> tuple[date, ...]:
    return (site_pack().legal_day(call.at),)


def _found(call: Call, right: str = "read") -> Declaration:
    """The declaration of the path as far as this reader may see it; the same 404 for a foreign one and for none."""
    number = call.place["number"]
    row = reads.found(number, call.by, _days(call), right)
    if row is None or row.pack != site_pack().code:
        raise Problem(404, [reads_unknown(number)])
    return row


def _view(row: Attachment) -> AttachmentView:
    return AttachmentView(**{name: getattr(row, name) for name in AttachmentView.__struct_fields__})


def attach(call: Call) -> HttpResponse:
    row = _found(call)
    answer = attachments.attach(
        number=row.number, kind=call.query.kind, name=call.query.name, content=call.body, by=call.by,
        key=call.key, at=call.at, pack=site_pack(),
    )  # fmt: skip
    if not answer.done:
        raise Problem(_status(answer.codes), answer.reasons)
    identifier = answer.says["identifier"]
    told = Attached(
        attachment=_view(Attachment.objects.get(identifier=identifier)),
        receipt=answer.receipt,
        signed_receipt=receipt_of(answer),
        replay=answer.replay,
    )
    headers = {"Location": f"/api/v1/declarations/{row.number}/attachments/{identifier}"}
    if answer.replay:
        headers["Idempotent-Replay"] = "true"
    return answered(told, 201, headers, call.language)


def _status(codes: tuple[str, ...]) -> int:
    """404 nothing there, 403 no right, 409 no more room, 422 the file is not taken."""
    if "UNKNOWN_DECLARATION" in codes:
        return 404
    if NO_RIGHT & set(codes):
        return 403
    return 409 if "ATTACHMENTS_TOO_MANY" in codes else 422


def listing(call: Call) -> HttpResponse:
    row = _found(call, attachments.READ)
    return answered(Attachments(attachments=tuple(_view(one) for one in attachments.of(row.number))))


def fetch(call: Call) -> HttpResponse:
    """The file under its own name, to be saved: a browser that is led here opens nothing and runs nothing of it."""
    row = _found(call, attachments.READ)
    found = attachments.fetch(row.number, call.place["identifier"], call.by, _days(call))
    if found is None:
        raise Problem(404, [Finding("ATTACHMENT_UNKNOWN")])
    attachment, data = found
    plain = f"{attachment.identifier}{kinds.ENDINGS[attachment.media_type]}"
    own = quote(kinds.file_name(attachment.name, attachment.media_type), safe="")
    return content(
        data,
        given_as(call.request, attachment.media_type),
        headers={
            "Content-Disposition": f"attachment; filename={plain}; filename*=UTF-8''{own}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )


ROUTES: Final = (
    Route(
        method="POST", path="/declarations/{number}/attachments", name="attach", word="act", view=attach,
        right=attachments.ATTACH, writes=True, query=Attaching, raw=(OCTETS, *kinds.ENDINGS), limit=kinds.MOST_BYTES,
        answers={201: Attached}, refusals=(404, 409, 413, 422),
    ),
    Route(
        method="GET", path="/declarations/{number}/attachments", name="attachments", view=listing,
        right=attachments.READ, answers={200: Attachments}, refusals=(404,),
    ),
    Route(
        method="GET", path="/declarations/{number}/attachments/{identifier}", name="attachment", view=fetch,
        right=attachments.READ, answers={200: "*/*"}, refusals=(404,),
    ),
)  # fmt: skip
