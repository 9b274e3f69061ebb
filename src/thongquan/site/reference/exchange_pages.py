"""The page of rates of exchange: what was entered and what counts, a form to enter one, a button to confirm one."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from ...engine.findings import Finding
from ..entry.shell import Visitor, new_key, not_found, page, signed_in
from ..kit.act import Answer, Busy
from ..kit.tags import day_read
from . import exchange
from .code_page import figure
from .reads import equipped

_LONGEST = 120


@require_safe
@signed_in
def rates(request: HttpRequest, who: Visitor) -> HttpResponse:
    if not who.may("read_tariff"):
        return not_found(request)
    return _shown(request, who)


@require_POST
@signed_in
def enter(request: HttpRequest, who: Visitor) -> HttpResponse:
    """Enter a rate; what cannot be read or is not lawful is said above the form, which keeps what was written."""
    if not who.may(exchange.ENTER):
        return not_found(request)
    told = request.POST
    rate = exchange.rate_of(
        who.pack,
        currency=told.get("currency", "").strip().upper()[:10],
        price_millionths=figure(told.get("price", "")) or 0,
        act=told.get("act", "").strip()[:_LONGEST],
        published=day_read(told.get("published", "")),
        first_day=day_read(told.get("first_day", "")),
        last_day=day_read(told.get("last_day", "")),
    )
    if isinstance(rate, Finding):
        return _shown(request, who, [rate], 422)
    if not rate.act:
        return _shown(request, who, [Finding("RATE_SOURCE_MISSING", "act")], 422)
    return _done(request, who, lambda key: exchange.enter(rate, pack=who.pack, by=who.by, at=who.at, key=key))


@require_POST
@signed_in
def confirm(request: HttpRequest, who: Visitor, rate: str) -> HttpResponse:
    if not who.may(exchange.CONFIRM):
        return not_found(request)
    return _done(
        request, who, lambda key: exchange.confirm(rate, pack=who.pack, by=who.by, at=who.at, key=key)
    )


def _done(request: HttpRequest, who: Visitor, does: Any) -> HttpResponse:
    key = f"page/{request.POST.get('key', '')[:80] or new_key()}"
    try:
        answer: Answer = does(key)
    except Busy:
        return _shown(request, who, [Finding("SITE_BUSY")], 503)
    if not answer.done:
        return _shown(request, who, list(answer.reasons), 409)
    return HttpResponseRedirect("/ty-gia")


def _shown(
    request: HttpRequest, who: Visitor, reasons: list[Finding] | None = None, status: int = 200
) -> HttpResponse:
    today = [row for row in equipped(who.pack).exchange.rows if row.period.holds(who.day)]
    context = {
        "entries": exchange.entries(who.pack.code),
        "today": [
            (row.currency, row.own * 10**6 // row.foreign, row.period, row.law)
            for row in sorted(today, key=lambda row: row.currency)
        ],
        "may_enter": who.may(exchange.ENTER),
        "may_confirm": who.may(exchange.CONFIRM),
        "me": who.by.user,
        "key": new_key(),
        "written": request.POST if reasons else {},
        "reasons": reasons or [],
        "day": who.day,
        "money": who.pack.currency,
        "by_publication": isinstance(who.pack, exchange.PublishesRates),
    }
    return page(request, "rates", context, status)


urlpatterns = [
    path("ty-gia", rates, name="exchange_rates"),
    path("ty-gia/nhap", enter, name="enter_rate"),
    path("ty-gia/<str:rate>/xac-nhan", confirm, name="confirm_rate"),
]
