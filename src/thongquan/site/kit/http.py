"""What the API says and how: JSON, problem details (RFC 9457), languages, versions, keys, sizes.

A problem names its code, and lists every finding with its place and remedy in the reader's language. Nothing here
knows a declaration.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from django.http import HttpRequest, HttpResponse

from ... import words
from ...engine.findings import Finding
from ...engine.formats.guard import plain, text_findings
from ...engine.formats.json_lines import crowd, is_identifier, translated

JSON, PROBLEM, NDJSON = "application/json", "application/problem+json", "application/x-ndjson"
OCTETS = "application/octet-stream"
DOCS = "/api/docs"
MAX_BODY = 64 * 1024
"""Bytes of a request that is not a message."""
MAX_TEXT = 2_000
KEY = re.compile(r"[!-~]{8,180}")
"""An idempotency key: printable ASCII without spaces; room is left for the places of a bulk."""
_VERSION = re.compile(r'"(\d{1,9})"')
_QUALITY = re.compile(r"\s*([A-Za-z]{1,8})[A-Za-z0-9-]*\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?))?\s*")

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone: without the mark msgspec would not tell the readers of the schema that it is a date-time."""


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a request says, or its query: an unknown field is an error."""


class Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A finding for the reader. at: the place in the request, counting from 1. message, remedy: in his language.
    says: the facts in it. law: why. pointer: the place in a WCO message."""

    code: str
    severity: str
    message: str
    remedy: str
    at: str = ""
    pointer: str = ""
    law: str = ""
    says: dict[str, str] = {}


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """One act that was done since the version that the request was based on."""

    n: int
    act: str
    at: str


class ProblemDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457. code: of the first finding; findings: all of them. changed: of a 412, what happened meanwhile.
    response: of a refused message, the answer in the message's own format to send back (XML)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    remedy: str
    at: str = ""
    findings: tuple[Told, ...] = ()
    changed: tuple[Changed, ...] = ()
    response: str = ""


class Problem(Exception):
    """A request that is answered with problem details."""

    def __init__(
        self,
        status: int,
        findings: Sequence[Finding],
        *,
        headers: Mapping[str, str] | None = None,
        changed: Sequence[Changed] = (),
        response: bytes = b"",
    ) -> None:
        super().__init__(f"{status} {', '.join(finding.code for finding in findings)}")
        self.status, self.findings, self.headers = status, tuple(findings), dict(headers or {})
        self.changed, self.response = tuple(changed), response

    def answer(self, language: words.Language) -> HttpResponse:
        told_all = tuple(told(finding, language) for finding in self.findings)
        first = told_all[0]
        details = ProblemDetails(
            type=f"{DOCS}#{first.code}",
            title=words.word("status", str(self.status), language),
            status=self.status,
            detail=first.message,
            code=first.code,
            remedy=first.remedy,
            at=first.at,
            findings=told_all,
            changed=self.changed,
            response=self.response.decode() if self.response else "",
        )
        return answered(details, self.status, self.headers, language, media=PROBLEM)


def told(finding: Finding, language: words.Language) -> Told:
    return Told(
        code=finding.code,
        severity=finding.severity.value,
        message=words.sentence(finding.code, finding.says, language),
        remedy=words.remedy(finding.code, finding.says, language),
        at=finding.at,
        pointer=finding.pointer,
        law=str(finding.law) if finding.law else "",
        says=dict(finding.says),
    )


def answered(
    value: Any,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    language: words.Language | None = None,
    *,
    media: str = JSON,
) -> HttpResponse:
    """An answer in JSON, which no cache keeps and no browser takes for something else."""
    response = HttpResponse(msgspec.json.encode(value), content_type=media, status=status)
    return _finished(response, headers, language)


def content(
    data: bytes, media: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """An answer that is not JSON."""
    return _finished(HttpResponse(data, content_type=media, status=status), headers, None)


def given_as(request: HttpRequest, media: str) -> str:
    """The media type under which a file is given: its own, or plain bytes for a client that knows nothing else."""
    return OCTETS if request.META.get("HTTP_ACCEPT", "").strip() == OCTETS else media


def _finished(
    response: HttpResponse, headers: Mapping[str, str] | None, language: words.Language | None
) -> HttpResponse:
    response["Content-Length"] = str(len(response.content))
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    if language is not None:
        response["Content-Language"] = language
        response["Vary"] = "Accept-Language"
    for name, value in (headers or {}).items():
        response[name] = value
    return response


# What a request brings.


def language_of(header: str) -> words.Language:
    """The better liked of our languages by Accept-Language; Vietnamese where neither is named."""
    best, liked = "vi", 0.0
    for part in header[:400].split(","):
        found = _QUALITY.fullmatch(part)
        quality = float(found[2] or 1) if found else 0.0
        if found and found[1].lower() in ("vi", "en") and quality > liked:
            best, liked = found[1].lower(), quality
    return "en" if best == "en" else "vi"


def body_of(request: HttpRequest, limit: int) -> bytes:
    """The body; refused before a byte of it is read when it says no length or one beyond the limit."""
    stated = request.META.get("CONTENT_LENGTH") or ""
    if not stated.isdigit():
        if request.META.get("HTTP_TRANSFER_ENCODING"):
            raise Problem(411, [Finding("LENGTH_REQUIRED")])
        return b""
    if len(stated) > 12 or int(stated) > limit:
        raise Problem(413, [Finding("BODY_TOO_LARGE", says={"limit": str(limit)})])
    read: bytes = request.read(int(stated))
    if len(read) < int(stated):
        raise Problem(400, [Finding("BODY_CUT_SHORT")])
    return read


def media_of(request: HttpRequest) -> str:
    return (request.META.get("CONTENT_TYPE") or "").partition(";")[0].strip().lower()


def key_of(request: HttpRequest) -> str:
    """The Idempotency-Key, with or without the quotes of the draft standard."""
    given: str = request.META.get("HTTP_IDEMPOTENCY_KEY", "")
    if len(given) > 1 and given[0] == given[-1] == '"':
        given = given[1:-1]
    if not given:
        raise Problem(400, [Finding("IDEMPOTENCY_KEY_MISSING")])
    if not KEY.fullmatch(given):
        raise Problem(400, [Finding("IDEMPOTENCY_KEY_MALFORMED")])
    return given


def seen_of(request: HttpRequest) -> int | None:
    """The version that If-Match names: the number of the last event that was seen; None where it does not matter."""
    given = request.META.get("HTTP_IF_MATCH", "").strip()
    if given in ("", "*"):
        return None
    found = _VERSION.fullmatch(given)
    if found is None:
        raise Problem(400, [Finding("IF_MATCH_MALFORMED")])
    return int(found[1])


def etag(events: int) -> str:
    return f'"{events}"'


def decoded[T](data: bytes, kind: type[T]) -> T:
    """A JSON body as one of our records. Problem 422 for what does not fit, 400 for what is no JSON."""
    crowded = crowd(data)
    if crowded is not None:
        raise Problem(422, [crowded])
    try:
        value = msgspec.json.decode(data or b"{}", type=kind)
    except msgspec.ValidationError as fault:
        raise Problem(422, [_fault(fault)]) from fault
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise Problem(400, [Finding("JSON_MALFORMED")]) from fault
    except RecursionError as fault:
        raise Problem(400, [Finding("JSON_TOO_DEEP")]) from fault
    _refuse_text(value)
    return value


def queried[T](request: HttpRequest, kind: type[T]) -> T:
    """The query as one of our records: an unknown name, one given twice or a wrong value is an error (422)."""
    given: dict[str, str] = {}
    for name, values in request.GET.lists():
        if len(values) > 1:
            raise Problem(422, [Finding("FIELD_TWICE", name[:40], says={"field": name[:40]})])
        given[name] = values[0]
    try:
        value = msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as fault:
        raise Problem(422, [_fault(fault)]) from fault
    _refuse_text(value)
    return value


def _fault(fault: msgspec.ValidationError) -> Finding:
    found = translated(fault, "")
    if found.code != "JSON_MALFORMED":
        return found
    # A bound of the schema, which msgspec tells in its own words: "Expected `str` of length <= 40".
    return Finding("FIELD_OUT_OF_BOUNDS", found.at, says={"bound": str(fault).partition(" - at ")[0][:120]})


def _refuse_text(value: Any) -> None:
    findings = list(_text_findings(msgspec.to_builtins(value), ""))
    if findings:
        raise Problem(422, findings)


def _text_findings(value: Any, at: str) -> Iterable[Finding]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if not plain(str(name)):
                yield Finding("FIELD_UNKNOWN", at, says={"field": "?"})
            yield from _text_findings(inner, f"{at}.{name}" if at else str(name))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value, 1):
            yield from _text_findings(inner, f"{at}[{number}]")
    elif isinstance(value, str) and not plain(value):
        identifier = is_identifier(at.rpartition(".")[2])
        yield from text_findings(value, at, identifier=identifier, longest=MAX_TEXT)
