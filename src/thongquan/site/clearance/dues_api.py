"""What is owed and what lateness costs, over HTTP; and one payment for many debts."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

import msgspec
from django.http import HttpResponse
from msgspec import Meta

from ...engine.findings import Finding
from ..kit.http import Body, Moment, Problem, Told, answered, told
from ..kit.http_routes import Call, Route
from ..reference.reads import site_pack
from . import settling
from .api import _found, _status
from .api_acts import Code, Kept, Minor, Reference, Source, When
from .debts import owing


class TaxLeft(msgspec.Struct, frozen=True, kw_only=True):
    tax: str
    left_minor: int


class InterestLineView(msgspec.Struct, frozen=True, kw_only=True):
    """Days, both included, on which neither the debt nor the rate changed. rate_ppm: of the debt, a day."""

    first_day: date
    last_day: date
    days: int
    principal_minor: int
    rate_ppm: int
    law: str
    verified: bool


class DuesView(msgspec.Struct, frozen=True, kw_only=True):
    """What a declaration owes on a day. due_day: none while what it is counted from has not happened. case: whether a
    guarantee stands for it. law, verified: of the due day. interest_minor: run up to the day before, none while a rate
    is not given; interest_left_minor: of it not paid. enforceable: overdue for so long that the law enforces it.
    proposes: acts for an officer to decide about; none happens by itself."""

    number: str
    on: date
    currency: str
    case: str
    due_day: date | None
    law: str
    verified: bool
    left_minor: int
    taxes: tuple[TaxLeft, ...]
    interest_minor: int | None
    interest_left_minor: int | None
    interest_verified: bool
    interest: tuple[InterestLineView, ...]
    days_overdue: int
    enforceable: bool
    proposes: tuple[str, ...]
    findings: tuple[Told, ...]


class OnDay(Body, frozen=True):
    """day: today where it is left out."""

    day: date | None = None


class SettlingBody(Body, frozen=True):
    """A payer's money for whatever he owes. source, reference: whose report it is, and his own name for it, which
    counts once for ever. chapter, account, recognised_on: where and when the State's books have it."""

    trader: Code
    paid_minor: Minor
    source: Source
    reference: Reference
    treasury: Code
    chapter: Annotated[str, Meta(max_length=16)] = ""
    account: Kept = ""
    recognised_on: date | None = None
    at: When = None


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What one debt got. kind: TAX or INTEREST. rank: its class in the order of settling."""

    number: str
    kind: str
    rank: str
    amount_minor: int


class SettledView(msgspec.Struct, frozen=True, kw_only=True):
    """How a payment was shared, in the order of settling, and by which law. rest_minor: the payer's own, unallocated.
    receipt: the hash of its event."""

    settled: tuple[Share, ...]
    rest_minor: int
    law: str
    receipt: str
    recorded_at: Moment | None
    findings: tuple[Told, ...]
    replay: bool


def dues(call: Call) -> HttpResponse:
    row = _found(call, "read_assessment")
    pack = site_pack()
    made = owing(row, pack, call.query.day or pack.legal_day(call.at))
    if made is None:
        raise Problem(404, [Finding("NOTHING_ASSESSED_YET", says={"number": row.number})])
    rule = made.due.rule
    view = DuesView(
        number=row.number,
        on=made.day,
        currency=pack.currency,
        case=made.due.case,
        due_day=made.due.day,
        law=str(rule.law) if rule else "",
        verified=bool(rule and rule.verified),
        left_minor=made.left_minor,
        taxes=tuple(TaxLeft(tax=tax, left_minor=minor) for tax, minor in made.left.items()),
        interest_minor=made.interest.amount_minor,
        interest_left_minor=made.interest_left_minor,
        interest_verified=made.interest.verified,
        interest=tuple(
            InterestLineView(
                first_day=line.first_day,
                last_day=line.last_day,
                days=line.days,
                principal_minor=line.principal_minor,
                rate_ppm=line.rate.ppm,
                law=str(line.rate.law),
                verified=line.rate.verified,
            )
            for line in made.interest.lines
        ),
        days_overdue=made.days_overdue,
        enforceable=made.enforceable,
        proposes=tuple(str(act) for act in made.proposes),
        findings=tuple(told(finding, call.language) for finding in made.findings),
    )
    return answered(view, language=call.language)


def settle(call: Call) -> HttpResponse:
    said: dict[str, Any] = {name: getattr(call.body, name) for name in SettlingBody.__struct_fields__}
    at = said.pop("at") or call.at
    answer = settling.settle(**said, pack=site_pack(), by=call.by, key=call.key, at=at)
    if not answer.done:
        status = _status(answer)
        if status == 403 or "TRADER_UNKNOWN" in answer.codes:
            # Whose money he may not take he does not learn to exist.
            unknown = Finding("TRADER_UNKNOWN", "trader", {"trader": call.body.trader})
            raise Problem(404, [unknown])
        raise Problem(status, answer.reasons)
    view = SettledView(
        settled=tuple(msgspec.convert(answer.says["settled"], tuple[Share, ...])),
        rest_minor=answer.says["rest_minor"],
        law=answer.says["law"],
        receipt=answer.receipt,
        recorded_at=answer.recorded_at,
        findings=tuple(told(finding, call.language) for finding in answer.findings),
        replay=answer.replay,
    )
    headers = {"Idempotent-Replay": "true"} if answer.replay else {}
    return answered(view, 201, headers, call.language)


ROUTES: Final = (
    Route(
        method="GET", path="/declarations/{number}/dues", name="dues", view=dues, right="read_assessment", query=OnDay,
        answers={200: DuesView}, refusals=(404,),
    ),
    Route(
        method="POST", path="/payments", name="settle_payment", view=settle, right="pay", writes=True,
        body=SettlingBody, answers={201: SettledView}, refusals=(404, 409, 422),
        example={
            "trader": "0100000001", "paid_minor": 6_750_000, "source": "TREASURY", "reference": "BT-2026-0002",
            "treasury": "KB-01",
        },
    ),
)  # fmt: skip
