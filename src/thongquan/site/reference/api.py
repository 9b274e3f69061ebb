"""The tariff over HTTP: look a code up as of a day, and compute what a declaration would owe without lodging it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

import msgspec
from django.http import HttpResponse
from msgspec import Meta

from ...engine.dated import as_of
from ...engine.declaration import MAX_GOODS_ITEMS, Declaration
from ...engine.findings import Finding, in_order
from ...engine.formats.json_lines import too_many_items
from ...engine.tariff.measures import Measure
from ...packs import pack as country
from ..kit.http import Body, Problem, Told, answered, told
from ..kit.http_routes import Call, Route
from .reads import equipped, site_pack

MAX_MESSAGE = 20_000_000
FIRST_YEAR, LAST_YEAR = 1990, 2100


class MeasureView(msgspec.Struct, frozen=True, kw_only=True):
    """One row of tariff law. printed: as the law prints it. given: RATE, DERIVED, NO_PREFERENCE or NOT_GIVEN.
    last_day: included. verified: whether somebody checked the row against the act."""

    commodity: str
    tax: str
    schedule: str
    kind: str
    given: str
    printed: str
    preference: str
    origins: tuple[str, ...]
    excluded_origins: tuple[str, ...]
    quota_order_id: str
    additional_code: str
    first_day: date
    last_day: date | None
    law: str
    verified: bool


class CommodityView(msgspec.Struct, frozen=True, kw_only=True):
    """A code on a day. names: language → description. above: the codes over it, the nearest last."""

    code: str
    on: date
    names: dict[str, str]
    units: tuple[str, ...]
    declarable: bool
    above: tuple[str, ...]
    measures: tuple[MeasureView, ...]
    edition: str


class Calculation(msgspec.Struct, frozen=True, kw_only=True):
    """What a declaration would owe by the law of a day, in minor units. payable_minor: none while a tax is pending.
    lines: for each goods item, how each of its taxes came about. findings: of the checks and of the sums."""

    on: date
    currency: str
    decimals: int
    payable_minor: int | None
    pending: tuple[str, ...]
    totals: tuple[dict[str, Any], ...]
    lines: tuple[tuple[dict[str, Any], ...], ...]
    findings: tuple[Told, ...]
    edition: str
    pack_version: str
    verified: bool


class AsOf(Body, frozen=True):
    """day: whose law; today where it is left out. origin: only rows that are for goods of this country."""

    day: date | None = None
    origin: Annotated[str, Meta(pattern="^(|[A-Z]{2})$")] = ""


class Calculating(Body, frozen=True):
    declaration: Declaration
    day: date | None = None


def _day(call: Call, asked: date | None) -> date:
    day = asked or site_pack().legal_day(call.at)
    if not FIRST_YEAR <= day.year < LAST_YEAR:
        raise Problem(422, [Finding("DAY_OUT_OF_REACH", at="day", says={"day": day.isoformat()})])
    return day


def commodity(call: Call) -> HttpResponse:
    code, day = call.place["code"], _day(call, call.query.day)
    view = equipped(site_pack()).tariff.as_of(day)
    found = view.commodity(code)
    if found is None:
        says = {"code": code, "on": day.isoformat()}
        raise Problem(404, [Finding("COMMODITY_NOT_IN_FORCE", says=says)])
    rows = [row for row in view.measures(code) if not call.query.origin or row.is_for(call.query.origin)]
    return answered(
        CommodityView(
            code=code,
            on=day,
            names=dict(found.names),
            units=found.units,
            declarable=view.is_declarable(code),
            above=tuple(one.code for one in view.ancestors(code)),
            measures=tuple(_measure(row) for row in rows),
            edition=equipped(site_pack()).tariff.hash,
        ),
        language=call.language,
    )


def _measure(row: Measure) -> MeasureView:
    return MeasureView(
        commodity=row.commodity,
        tax=row.tax,
        schedule=row.schedule.value,
        kind=row.kind.value,
        given=row.given.name,
        printed=row.text,
        preference=row.preference,
        origins=row.origins,
        excluded_origins=row.excluded_origins,
        quota_order_id=row.quota_order_id,
        additional_code=row.additional_code,
        first_day=row.period.first_day,
        last_day=row.period.last_day,
        law=str(row.law),
        verified=row.verified,
    )


def calculate(call: Call) -> HttpResponse:
    day = _day(call, call.body.day)
    pack = equipped(site_pack())
    lines = len(call.body.declaration.goods_items)
    if lines > MAX_GOODS_ITEMS:
        raise Problem(422, [too_many_items(lines)])
    findings = country.run_checks(pack, call.body.declaration, day)
    assessed = country.assess(pack, call.body.declaration, day)
    told_all = in_order([*findings, *assessed.findings])
    return answered(
        Calculation(
            on=day,
            currency=assessed.currency,
            decimals=assessed.decimals,
            payable_minor=assessed.total_minor(),
            pending=assessed.pending,
            totals=tuple(msgspec.to_builtins(total) for total in assessed.totals),
            lines=tuple(tuple(trace.to_dict() for trace in line.trace()) for line in assessed.lines),
            findings=tuple(told(finding, call.language) for finding in told_all),
            edition=assessed.edition,
            pack_version=assessed.pack_version,
            verified=assessed.is_verified,
        ),
        language=call.language,
    )


class PenaltyView(msgspec.Struct, frozen=True, kw_only=True):
    """What one breach costs by one act. offender: "" for anybody. least_minor, most_minor: of a range; least_share_ppm,
    most_share_ppm: of the tax not declared; floor_minor: for each declaration. All none: the act has a row, and what it
    says was not read. last_day: included."""

    behaviour: str
    names: dict[str, str]
    band: int
    offender: str
    least_minor: int | None
    most_minor: int | None
    least_share_ppm: int | None
    most_share_ppm: int | None
    floor_minor: int | None
    given: bool
    first_day: date
    last_day: date | None
    law: str
    verified: bool


class Penalties(msgspec.Struct, frozen=True, kw_only=True):
    on: date
    currency: str
    decimals: int
    penalties: tuple[PenaltyView, ...]


class DayAsked(Body, frozen=True):
    """day: of the breach; today where it is left out."""

    day: date | None = None


def penalties(call: Call) -> HttpResponse:
    pack, day = site_pack(), _day(call, call.query.day)
    rows = tuple(
        PenaltyView(
            behaviour=row.behaviour,
            names=dict(row.names),
            band=row.band,
            offender=row.offender.value if row.offender else "",
            least_minor=row.least_minor,
            most_minor=row.most_minor,
            least_share_ppm=row.least_share_ppm,
            most_share_ppm=row.most_share_ppm,
            floor_minor=row.floor_minor,
            given=row.given,
            first_day=row.period.first_day,
            last_day=row.period.last_day,
            law=str(row.law),
            verified=row.verified,
        )
        for row in as_of(pack.dues.penalties, day)
    )
    told_all = Penalties(on=day, currency=pack.currency, decimals=pack.decimals, penalties=rows)
    return answered(told_all, language=call.language)


ROUTES: Final = (
    Route(
        method="GET", path="/tariff/{code}", name="commodity", view=commodity, right="read_tariff", query=AsOf,
        answers={200: CommodityView}, refusals=(404,),
    ),
    Route(
        method="GET", path="/penalties", name="penalties", view=penalties, right="read_tariff", query=DayAsked,
        answers={200: Penalties}, refusals=(422,),
    ),
    Route(
        method="POST", path="/calculations", name="calculate", view=calculate, right="calculate", body=Calculating,
        limit=MAX_MESSAGE, answers={200: Calculation},
        example={"declaration": {"type_code": "IMA", "function_code": "9", "goods_items": []}},
    ),
)  # fmt: skip
