"""What customs would fill in of a declaration that nobody has registered yet: every field that the law computes.

In Vietnam this is what the system answers to a pre-registration (IDA, EDA): value of each line in the country's money,
rate and tax, the rate of exchange, totals, days, and what is still missing. Registering (IDC, EDC) is an act of its
own and computes all of it again by the law of its own day.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import msgspec

from ..engine.assessment.scalar import LineAssessment, TaxTotal
from ..engine.assessment.taxes import CUSTOMS_VALUE
from ..engine.declaration import Declaration, GoodsItem
from ..engine.findings import Finding, errors, in_order
from ..engine.money import MILLIONTHS, half_up
from . import pack as country
from .pack import Pack

FROM_REGISTRATION: Final = ("draft_valid", "registered_valid", "guarantee")
"""Legal times that run from the day asked for, where the pack's law has them."""

MISSING: Final = frozenset(
    {
        "ORIGIN_PROOF_MISSING",
        "PERMIT_MISSING",
        "PREVIOUS_DECLARATION_MISSING",
        "QUOTA_LICENCE_MISSING",
        "TRANSPORT_DOCUMENT_MISSING",
        "TYPE_DOCUMENT_MISSING",
    }
)
"""Findings that name a paper which is not there."""


class RateUsed(msgspec.Struct, frozen=True, kw_only=True):
    """A rate of exchange of the day. millionths: of the country's currency for one unit, None where no rate is known.
    law: who published it."""

    currency: str
    millionths: int | None
    law: str = ""


class ComputedTax(msgspec.Struct, frozen=True, kw_only=True):
    """One tax of a line. trace: how it came about (`engine.assessment.scalar.Trace`). terms: when it is to be paid."""

    tax: str
    base_minor: int | None
    payable_minor: int | None
    terms: str
    preference: str
    verified: bool
    trace: dict[str, Any]


class ComputedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One goods item. unit_price_millionths: of the invoice currency, None without value or quantity.
    customs_value_minor: None while it is not known."""

    item: int
    commodity_code: str
    unit_price_millionths: int | None
    currency: str
    customs_value_minor: int | None
    payable_minor: int | None
    taxes: tuple[ComputedTax, ...]


class LastDay(msgspec.Struct, frozen=True, kw_only=True):
    """The last day of a legal time that runs from the day asked for."""

    name: str
    last_day: date
    law: str


class Computed(msgspec.Struct, frozen=True, kw_only=True):
    """A declaration as customs would see it on a day.

    ready: whether nothing would reject it. national_count: how many declarations the nation counts it as. totals: by
    tax, in levying order. payable_minor: of all of them, None while one is pending. due_now_minor: what is to be paid
    or secured before the goods go. missing: papers that are not there. stay_until: of goods that may stay for a time
    only. verified: whether every rate was compared with its act. findings: all of them, errors too.
    """

    on: date
    type_code: str
    flow: str
    ready: bool
    national_count: int
    currency: str
    decimals: int
    rates: tuple[RateUsed, ...]
    lines: tuple[ComputedLine, ...]
    totals: tuple[TaxTotal, ...]
    payable_minor: int | None
    due_now_minor: int | None
    pending: tuple[str, ...]
    days: tuple[LastDay, ...]
    stay_until: date | None
    missing: tuple[Finding, ...]
    findings: tuple[Finding, ...]
    edition: str
    pack_version: str
    verified: bool


def computed_fields(pack: Pack, declaration: Declaration, day: date) -> Computed:
    """Every field that the law of a day computes. Nothing is stored, and nothing follows from it.

    The sums are those of `assess`, the findings those of `run_checks` and of the sums: what is refused at registration
    is refused here, and for the same reason. Cost: that of one check and one assessment.
    """
    findings = country.run_checks(pack, declaration, day)
    assessment = country.assess(pack, declaration, day)
    told = in_order([*findings, *assessment.findings])
    kind = pack.kind_of(declaration, day)
    terms = country.due_by_terms(pack, declaration, assessment, day)
    owed = [amount for term, amount in terms.items() if term in country.OWED_TO_CUSTOMS]
    pairs = zip(declaration.goods_items, assessment.lines, strict=True)
    return Computed(
        on=day,
        type_code=declaration.type_code,
        flow=kind.flow if kind is not None else "",
        ready=not errors(findings),
        national_count=pack.national_count(declaration),
        currency=pack.currency,
        decimals=pack.decimals,
        rates=_rates(pack, declaration, day),
        lines=tuple(_line(pack, declaration, number, *pair, day) for number, pair in enumerate(pairs, 1)),
        totals=assessment.totals,
        payable_minor=assessment.total_minor(),
        due_now_minor=None if None in owed else sum(amount for amount in owed if amount is not None),
        pending=assessment.pending,
        days=_days(pack, day),
        stay_until=_stay(pack, declaration, day),
        missing=tuple(finding for finding in told if finding.code in MISSING),
        findings=told,
        edition=assessment.edition,
        pack_version=pack.version,
        verified=assessment.is_verified,
    )


def _line(
    pack: Pack,
    declaration: Declaration,
    number: int,
    item: GoodsItem,
    assessed: LineAssessment,
    day: date,
) -> ComputedLine:
    taxes = tuple(
        ComputedTax(
            tax=amount.tax,
            base_minor=amount.base_minor,
            payable_minor=amount.payable_minor,
            terms=pack.payment_of(declaration, item, amount.tax, day).terms.value,
            preference=amount.charge.preference if amount.charge is not None else "",
            verified=amount.charge is None or amount.charge.verified,
            trace=trace.to_dict(),
        )
        for amount, trace in zip(assessed.amounts, assessed.trace(), strict=True)
    )
    return ComputedLine(
        item=number,
        commodity_code=item.commodity_code,
        unit_price_millionths=unit_price_millionths(item),
        currency=item.item_charge.currency if item.item_charge is not None else "",
        customs_value_minor=assessed.line.bases.get(CUSTOMS_VALUE),
        payable_minor=assessed.total_minor(),
        taxes=taxes,
    )


def unit_price_millionths(item: GoodsItem) -> int | None:
    """Invoice value over quantity, to six decimals, half up; None where one of them is not declared or is zero."""
    value, quantity = item.item_charge, item.tariff_quantity
    if value is None or quantity is None or quantity.millionths <= 0:
        return None
    return int(half_up(value.millionths * MILLIONTHS, quantity.millionths))


def _rates(pack: Pack, declaration: Declaration, day: date) -> tuple[RateUsed, ...]:
    amounts = [
        declaration.invoice_amount,
        declaration.freight_charge,
        *(charge.amount for charge in declaration.charge_deductions),
        *(item.item_charge for item in declaration.goods_items),
    ]
    named = dict.fromkeys(
        amount.currency
        for amount in amounts
        if amount is not None and amount.currency not in ("", pack.currency)
    )
    known = pack.exchange.as_of(day)
    found = []
    for currency in named:
        rate = known.rates.get(currency)
        millionths = int(half_up(rate.own * MILLIONTHS, rate.foreign)) if rate is not None else None
        found.append(RateUsed(currency=currency, millionths=millionths, law=str(rate.law) if rate else ""))
    return tuple(found)


def _days(pack: Pack, day: date) -> tuple[LastDay, ...]:
    found = []
    for name in FROM_REGISTRATION:
        deadline, last = pack.deadline(name, day), pack.last_day_of(name, day)
        if deadline is not None and last is not None:
            found.append(LastDay(name=name, last_day=last, law=str(deadline.law)))
    return tuple(found)


def _stay(pack: Pack, declaration: Declaration, day: date) -> date | None:
    """Counted from registration, as a declarant plans; the law may let it be prolonged."""
    text = pack.fact("declaration_types", declaration.type_code, "stay_days", day)
    return day + timedelta(days=int(text)) if text.isdecimal() else None
