"""Rates of exchange over HTTP: what was entered, enter one, and let another person's count."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final

import msgspec
from django.http import HttpResponse
from msgspec import Meta

from ...engine.findings import Finding
from ..kit.act import Answer
from ..kit.http import Body, Problem, answered
from ..kit.http_routes import Call, Route
from . import exchange
from .reads import site_pack

STATUSES: Final = {
    "FOUR_EYES_NOT_PROPOSED": 404, "ACCOUNT_NOT_ACTIVE": 403, "NO_POSTING": 403, "ROLE_HAS_NO_RIGHT": 403,
}  # fmt: skip
"""What a refusal is answered with where it is no conflict."""


class RateBody(Body, frozen=True):
    """A rate as a bank published it. price_millionths: of the country's currency for `units` of the other.

    published: the day of publication, where the country's law says which days it serves; else first_day and last_day.
    """

    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    price_millionths: Annotated[int, Meta(ge=1, le=10**15)]
    act: Annotated[str, Meta(min_length=1, max_length=120)]
    units: Annotated[int, Meta(ge=1, le=10**6)] = 1
    published: date | None = None
    first_day: date | None = None
    last_day: date | None = None


class RateView(msgspec.Struct, frozen=True, kw_only=True):
    """A rate that was entered. rate: its key. confirmed: whether it counts. last_day: included."""

    rate: str
    currency: str
    units: int
    price_millionths: int
    first_day: date
    last_day: date | None
    act: str
    entered_by: str
    entered_at: datetime
    confirmed: bool


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    rates: tuple[RateView, ...]


def rates(call: Call) -> HttpResponse:
    found = tuple(map(_view, exchange.entries(site_pack().code)))
    return answered(Rates(rates=found), language=call.language)


def _view(one: exchange.Entry) -> RateView:
    return RateView(
        rate=one.hash,
        currency=one.rate.currency,
        units=one.rate.units,
        price_millionths=one.rate.price_millionths,
        first_day=one.rate.first_day,
        last_day=one.rate.last_day,
        act=one.rate.act,
        entered_by=one.by,
        entered_at=one.at,
        confirmed=one.confirmed,
    )


def enter(call: Call) -> HttpResponse:
    body: RateBody = call.body
    says: dict[str, Any] = {name: getattr(body, name) for name in body.__struct_fields__}
    pack = site_pack()
    rate = exchange.rate_of(pack, **says)
    if isinstance(rate, Finding):
        raise Problem(422, [rate])
    answer = exchange.enter(rate, pack=pack, by=call.by, at=call.at, key=f"api/{call.key}")
    return _told(call, answer, 201)


def confirm(call: Call) -> HttpResponse:
    name = call.place["rate"]
    answer = exchange.confirm(name, pack=site_pack(), by=call.by, at=call.at, key=f"api/{call.key}")
    return _told(call, answer, 200)


def _told(call: Call, answer: Answer, status: int) -> HttpResponse:
    if not answer.done:
        raise Problem(STATUSES.get(answer.codes[0], 409), list(answer.reasons))
    name = answer.says["rate"]
    (one,) = [entry for entry in exchange.entries(site_pack().code) if entry.hash == name]
    return answered(_view(one), status=status, language=call.language)


ROUTES: Final = (
    Route(
        method="GET", path="/exchange-rates", name="exchange_rates", view=rates, right="read_tariff",
        answers={200: Rates},
    ),
    Route(
        method="POST", path="/exchange-rates", name="enter_rate", view=enter, right="enter_rate", writes=True,
        body=RateBody, answers={201: RateView}, refusals=(409, 422),
        example={
            "currency": "USD", "price_millionths": 23_300_000_000, "act": "Vietcombank", "published": "2020-11-05",
        },
    ),
    Route(
        method="POST", path="/exchange-rates/{rate}/confirmation", name="confirm_rate", view=confirm,
        right="confirm_rate", writes=True, answers={200: RateView}, refusals=(404, 409),
    ),
)  # fmt: skip
