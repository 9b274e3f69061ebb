"""Every route of the API in one table, its document, and the page that people read of it."""

from __future__ import annotations

import html
from functools import cache
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path

from ... import __version__, words
from ..accounts import api as accounts
from ..clearance import api as clearance
from ..clearance import attachment_api, dues_api, matters_api, preregistration_api, proofs, push, register_api
from ..kit.http import DOCS, content, language_of
from ..kit.http_routes import Api, Route
from ..kit.openapi import document
from ..reference import api as reference
from ..reference import exchange_api

PREFIX = "/api/v1"
ROUTES: tuple[Route, ...] = (
    *clearance.ROUTES, *preregistration_api.ROUTES, *attachment_api.ROUTES, *proofs.ROUTES, *push.ROUTES,
    *dues_api.ROUTES, *matters_api.ROUTES, *register_api.ROUTES, *reference.ROUTES, *exchange_api.ROUTES,
    *accounts.ROUTES,
)  # fmt: skip

api = Api(PREFIX, ROUTES, authenticate=accounts.authenticate, recall=accounts.recall, rate=settings.API_RATE)


@cache
def openapi(language: words.Language) -> dict[str, Any]:
    """The document in one language."""
    return document(ROUTES, prefix=PREFIX, version=__version__, language=language)


@cache
def _printed(language: words.Language) -> bytes:
    return msgspec.json.encode(openapi(language))


def schema(request: HttpRequest) -> HttpResponse:
    """/api/openapi.json, in the reader's language (?language=vi or en decides before the browser does)."""
    language = _language(request)
    return content(_printed(language), "application/json", headers={"Content-Language": language})


def docs(request: HttpRequest) -> HttpResponse:
    """/api/docs: every route and every code on one plain page, without a script."""
    language = _language(request)
    headers = {"Content-Language": language}
    return content(_page(language).encode(), "text/html; charset=utf-8", headers=headers)


def _language(request: HttpRequest) -> words.Language:
    asked = request.GET.get("language", "")
    return language_of(asked if asked in ("vi", "en") else request.META.get("HTTP_ACCEPT_LANGUAGE", ""))


@cache
def _page(language: words.Language) -> str:
    whole = openapi(language)
    title = html.escape(whole["info"]["title"])
    lines = [
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>',
        '<meta name="viewport" content="width=device-width"></head><body>',
        f"<h1>{title}</h1><p>{html.escape(whole['info']['description'])}</p>",
        '<p><a href="/api/openapi.json">openapi.json</a></p>',
    ]
    for route in ROUTES:
        told = whole["paths"][route.path][route.method.lower()]
        paragraphs = "".join(
            f"<p>{html.escape(part)}</p>" for part in told["description"].split("\n\n") if part
        )
        lines.append(
            f'<section id="{route.name}"><h2>{html.escape(told["summary"])}</h2>'
            f"<p><code>{route.method} {PREFIX}{html.escape(route.path)}</code></p>{paragraphs}</section>"
        )
    lines.append(f"<h2>{html.escape(words.word('api', 'codes', language))}</h2><dl>")
    for code in sorted(words.all_codes()):
        said = words.entry("finding", code)
        lines.append(
            f'<dt id="{code}"><code>{code}</code></dt>'
            f"<dd>{html.escape(said[language])} {html.escape(said[f'remedy_{language}'])}</dd>"
        )
    lines.append("</dl></body></html>")
    return "".join(lines)


urlpatterns = [
    path("api/openapi.json", schema, name="openapi"),
    path(DOCS.removeprefix("/"), docs, name="api_docs"),
    *(
        path(
            f"{PREFIX.removeprefix('/')}{route.path.replace('{', '<str:').replace('}', '>')}",
            api,
            name=f"api_{route.name}",
        )
        for route in ROUTES
    ),
    re_path(r"^api/v1(?P<rest>/.*)?$", api, name="api_elsewhere"),
]
