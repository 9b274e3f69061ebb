"""The OpenAPI 3.1 document, printed from the table of routes and the records that the routes decode and answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from ... import words
from ...engine.findings import Finding
from .http import JSON, MAX_BODY, NDJSON, OCTETS, PROBLEM, Problem, ProblemDetails
from .http_routes import Nothing, Route

TEMPLATE = "#/components/schemas/{name}"
EVERYWHERE = (400, 401, 403, 413, 415, 422, 429, 500, 503)
"""What any route may answer beside its own."""
BYTES: Mapping[str, Any] = {"type": "string", "format": "binary"}
"""Content that is no JSON. Without a type a generated client takes the JSON record for the only thing it may send."""
CHOICE = re.compile(r"\^\(([A-Z_|]+)\)\$")
"""A pattern that is a choice of words."""

EXAMPLES: Mapping[int, Finding] = {
    400: Finding("IDEMPOTENCY_KEY_MISSING"),
    401: Finding("TOKEN_MISSING"),
    403: Finding("SCOPE_LACKS_ACT", says={"act": "lodge"}),
    404: Finding("NO_SUCH_PLACE"),
    405: Finding("METHOD_NOT_ALLOWED", says={"allowed": "GET, POST"}),
    411: Finding("LENGTH_REQUIRED"),
    412: Finding("CHANGED_MEANWHILE", says={"seen": "1", "last": "2"}),
    413: Finding("BODY_TOO_LARGE", says={"limit": str(MAX_BODY)}),
    415: Finding("MEDIA_TYPE_UNSUPPORTED", says={"allowed": JSON}),
    422: Finding("FIELD_MISSING", at="goods_items[2].description", says={"field": "description"}),
    429: Finding("RATE_EXCEEDED", says={"seconds": "3"}),
    500: Finding("FAULT_OF_OURS"),
    503: Finding("BUSY"),
}
"""What a problem looks like, by status."""


def document(
    routes: Sequence[Route], *, prefix: str, version: str, language: words.Language
) -> dict[str, Any]:
    """The whole document. Equal routes give equal documents."""
    kinds = _kinds(routes)
    _, components = msgspec.json.schema_components(kinds, ref_template=TEMPLATE)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, language)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": words.word("api", "title", language),
            "version": version,
            "description": words.word("api", "about", language),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": prefix}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": {name: _described(schema) for name, schema in sorted(components.items())},
            "responses": {
                str(status): _problem(status, language)
                for status in sorted({*EVERYWHERE, 404, 405, 409, 411, 412})
            },
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": words.word("api", "token", language),
                }
            },
        },
    }


def _kinds(routes: Iterable[Route]) -> list[type[Any]]:
    kinds: dict[type[Any], None] = {ProblemDetails: None}
    for route in routes:
        for kind in (route.body, *route.answers.values()):
            if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
                kinds[kind] = None
    return list(kinds)


def _operation(route: Route, language: words.Language) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "operationId": route.name,
        "tags": [_tag(route.path)],
        "summary": route.summary(language),
        "description": _description(route, language),
        "parameters": [*_places(route), *_queries(route), *_headers(route, language)],
        "responses": _responses(route, language),
    }
    body = _request(route)
    if body:
        parts["requestBody"] = body
    if route.right:
        parts["security"] = [{"token": []}]
        parts["x-right"] = route.right
    return parts


def _tag(path: str) -> str:
    """The part of the API that a path belongs to, under which a generated client keeps its function: what it is about,
    or of one thing, the acts and attachments that hang from it."""
    about = [part for part in path.split("/") if part and not part.startswith("{")]
    return about[1] if about[1:] and about[1] in ("acts", "attachments") else about[0]


def _description(route: Route, language: words.Language) -> str:
    told = [route.about(language)] if route.about else []
    if route.right:
        told.append(f"{words.word('api', 'right', language)}: `{route.right}`.")
    return "\n\n".join(told)


def _places(route: Route) -> list[dict[str, Any]]:
    schema = {"type": "string", "pattern": "^[A-Za-z0-9._:~-]{1,80}$"}
    return [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]


def _queries(route: Route) -> list[dict[str, Any]]:
    if route.query is Nothing:
        return []
    (_,), components = msgspec.json.schema_components([route.query], ref_template=TEMPLATE)
    record = components[route.query.__name__]
    properties: Mapping[str, Any] = record["properties"]
    needed = record.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": _described(one)}
        for name, one in properties.items()
    ]


def _headers(route: Route, language: words.Language) -> list[dict[str, Any]]:
    found = []
    if route.writes:
        schema = {"type": "string", "pattern": "^[!-~]{8,180}$"}
        found.append(_header("Idempotency-Key", schema, language, "idempotency_key", required=True))
    if route.versioned:
        schema = {"type": "string", "pattern": '^("[0-9]{1,9}"|\\*)$'}
        found.append(_header("If-Match", schema, language, "if_match"))
    return found


def _header(
    name: str, schema: Mapping[str, Any], language: words.Language, word: str, *, required: bool = False
) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "schema": schema,
        "description": words.word("api", word, language),
    }


def _told(taken: Sequence[str]) -> list[str]:
    """The media types of a message that the document tells. A generated client has one kind of body for one function:
    our record where one thing is sent, a file where many are; what else is taken is for those who write by hand."""
    untold = JSON if NDJSON in taken else OCTETS if JSON in taken else ""
    return [media for media in taken if media != untold]


def _request(route: Route) -> dict[str, Any] | None:
    if route.raw:
        content: dict[str, Any] = {}
        for media in _told(route.raw):
            content[media] = (
                {"schema": {"$ref": TEMPLATE.format(name="Declaration")}}
                if media == JSON
                else {"schema": BYTES}
            )
        if route.example is not None and JSON in content:
            content[JSON]["example"] = route.example
        for media, sample in route.samples.items():
            content[media]["example"] = sample
        return {"required": True, "content": content}
    if route.body is None:
        return None
    one: dict[str, Any] = {"schema": {"$ref": TEMPLATE.format(name=route.body.__name__)}}
    if route.example is not None:
        one["example"] = route.example
    fields = msgspec.structs.fields(route.body)
    return {"required": any(field.required for field in fields), "content": {JSON: one}}


def _responses(route: Route, language: words.Language) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, kind in route.answers.items():
        content = (
            {media: {"schema": dict(BYTES)} for media in (kind, OCTETS)}  # `http.given_as`
            if isinstance(kind, str)
            else {JSON: {"schema": {"$ref": TEMPLATE.format(name=kind.__name__)}}}
        )
        one: dict[str, Any] = {"description": HTTPStatus(status).phrase, "content": content}
        headers = _answer_headers(route, status, language)
        if headers:
            one["headers"] = headers
        found[str(status)] = one
    for status in sorted({*EVERYWHERE, *route.refusals}):
        found[str(status)] = {"$ref": f"#/components/responses/{status}"}
    return found


def _answer_headers(route: Route, status: int, language: words.Language) -> dict[str, Any]:
    text = {"type": "string"}
    found: dict[str, Any] = {}
    if route.writes:
        found["Idempotent-Replay"] = {"schema": text, "description": words.word("api", "replay", language)}
    if route.versioned:
        found["ETag"] = {"schema": text, "description": words.word("api", "etag", language)}
    if status == 201 and route.writes:
        found["Location"] = {"schema": text}
    return found


def _problem(status: int, language: words.Language) -> dict[str, Any]:
    told: dict[str, Any] = {"schema": {"$ref": TEMPLATE.format(name="ProblemDetails")}}
    if status in EXAMPLES:
        told["example"] = msgspec.json.decode(Problem(status, [EXAMPLES[status]]).answer(language).content)
    one: dict[str, Any] = {
        "description": words.word("status", str(status), language),
        "content": {PROBLEM: told},
    }
    if status in (429, 503):
        one["headers"] = {"Retry-After": {"schema": {"type": "string"}}}
    return one


def _described(schema: Any) -> Any:
    """A schema in the words that generators know best: without the titles that msgspec makes of our class names, an
    array of a fixed length by the one schema of its items, and a choice of words, which we ask by a pattern, by name.

    Where "" is a choice it says nothing, and so does who leaves the field out: that is what is told.
    """
    if isinstance(schema, dict):
        kept = {
            name: _described(part)
            for name, part in schema.items()
            if name != "title" or not isinstance(part, str)
        }
        places = kept.get("prefixItems")
        if isinstance(places, list) and all(place == places[0] for place in places):
            del kept["prefixItems"]
            kept["items"] = places[0]
        choice = CHOICE.fullmatch(str(kept.get("pattern", "")))
        if choice:
            del kept["pattern"]
            kept["enum"] = [word for word in choice[1].split("|") if word]
            if kept.get("default") == "":
                del kept["default"]
        return kept
    if isinstance(schema, list):
        return [_described(part) for part in schema]
    return schema
