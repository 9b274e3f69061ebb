"""Rates of exchange that the office enters: one person enters what a bank published, another confirms it.

A rate counts from the confirmation on, for the days that it serves; nothing that was assessed moves. Both acts are
events of one chain, so what was entered, by whom and when it began to count is in the log of trust. An entered rate is
never changed: two rates of a currency never serve the same day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Protocol, runtime_checkable

import msgspec

from ...engine.assessment.exchange import ExchangeRate
from ...engine.dated import Period
from ...engine.findings import Finding, LegalRef, Refusal, Severity, in_order
from ...engine.money import decimal_text
from ...packs.pack import Pack
from ..accounts.reads import SYSTEM, By, decided
from ..kit import clock
from ..kit.act import Answer, Command, Refused, act
from ..record.acts import KEYS, append, last
from ..record.models import Event
from ..record.sealing import refusal
from .models import TariffEdition
from .reads import OF_EXCHANGE, EnteredRate, equipped, packed_rate

ENTER: Final = "enter_rate"
CONFIRM: Final = "confirm_rate"
MOST: Final = 200
"""Entered rates that a list shows."""


@runtime_checkable
class PublishesRates(Protocol):
    """A country whose law says which published day serves which days of registration."""

    def published_rate(
        self, currency: str, published: date, price_millionths: int, source: LegalRef, units: int = 1
    ) -> ExchangeRate | Finding: ...


def subject_of(country: str) -> str:
    """The chain of a country's entered rates."""
    return f"rates:{country}"


def rate_of(
    pack: Pack,
    *,
    currency: str,
    price_millionths: int,
    act: str,
    at: str = "",
    units: int = 1,
    published: date | None = None,
    first_day: date | None = None,
    last_day: date | None = None,
) -> EnteredRate | Finding:
    """A rate with the days that it serves: those that the country's law gives to the day on which it was published, or
    the days that are named where the law is silent.

    price_millionths: of the country's currency for `units` of the other. act: who published it. RATE_NOT_POSITIVE,
    RATE_DAYS_MISSING, CURRENCY_NOT_KNOWN, and what the country says of the day.
    """
    listed = pack.code_lists.get("currencies")
    on = published or first_day
    if on is None or (
        published is None and last_day is not None and first_day is not None and last_day < first_day
    ):
        return Finding("RATE_DAYS_MISSING", "first_day", {"currency": currency[:10]})
    says = {"currency": currency[:10], "on": on.isoformat()}
    if (
        currency == pack.currency
        or len(currency) != 3
        or (listed is not None and not listed.get(currency, on))
    ):
        return Finding("CURRENCY_NOT_KNOWN", "currency", {"value": currency[:10], "on": on.isoformat()})
    if price_millionths <= 0 or units <= 0:
        return Finding("RATE_NOT_POSITIVE", "price", says)
    period = Period(first_day, last_day) if first_day is not None else None
    if published is not None and isinstance(pack, PublishesRates):
        served = pack.published_rate(currency, published, price_millionths, LegalRef(act, at), units)
        if isinstance(served, Finding):
            return served
        period = served.period
    if period is None:
        return Finding("RATE_DAYS_MISSING", "first_day", says)
    return EnteredRate(
        currency=currency,
        units=units,
        price_millionths=price_millionths,
        first_day=period.first_day,
        last_day=period.last_day,
        act=act,
        at=at or (published.isoformat() if published else ""),
    )


def enter(rate: EnteredRate, *, pack: Pack, by: By, at: datetime | None = None, key: str = "") -> Answer:
    """Enter a rate that another person then confirms. RATE_OVERLAPS: a rate of the currency serves one of its days."""
    moment = at or clock.now()
    name = rate.hash

    def work() -> Answer:
        post = _may(pack, by, ENTER, moment)
        _refuse_unfit(rate, pack, ENTER)
        if name in _entered(pack.code):
            return _answer(ENTER, name, Finding("RATE_KNOWN", says=_says(rate), severity=Severity.NOTE))
        _record(ENTER, rate, name, pack, by, post, moment)
        return _answer(ENTER, name)

    return act(Command(ENTER, by.user, key or f"{ENTER}/{pack.code}/{name}", name, work), KEYS)


def confirm(name: str, *, pack: Pack, by: By, at: datetime | None = None, key: str = "") -> Answer:
    """Let an entered rate count. FOUR_EYES_NOT_PROPOSED: nobody entered it; FOUR_EYES_SAME_PERSON: the same person did;
    RATE_OVERLAPS: meanwhile another serves one of its days."""
    moment = at or clock.now()

    def work() -> Answer:
        post = _may(pack, by, CONFIRM, moment)
        known = _entered(pack.code).get(name)
        if known is None:
            raise Refused(Refusal(CONFIRM, (Finding("FOUR_EYES_NOT_PROPOSED", says={"act": CONFIRM}),)))
        rate, who = known
        if TariffEdition.objects.filter(pack=pack.code, hash=name).exists():
            return _answer(CONFIRM, name, Finding("RATE_KNOWN", says=_says(rate), severity=Severity.NOTE))
        if who == by.user:
            says = {"act": CONFIRM, "actor": who}
            raise Refused(Refusal(CONFIRM, (Finding("FOUR_EYES_SAME_PERSON", says=says),)))
        _refuse_unfit(rate, pack, CONFIRM)
        TariffEdition(
            pack=pack.code,
            name=f"{rate.currency} {rate.first_day.isoformat()}",
            act=rate.act,
            first_day=rate.first_day,
            last_day=rate.last_day,
            hash=name,
            spoken_of=f"{OF_EXCHANGE}{rate.currency}",
            content=packed_rate(rate),
            measures=1,
            commodities=0,
            source=rate.at,
        ).save(force_insert=True)
        _record(CONFIRM, rate, name, pack, by, post, moment)
        return _answer(CONFIRM, name)

    return act(Command(CONFIRM, by.user, key or f"{CONFIRM}/{pack.code}/{name}", name, work), KEYS)


def _answer(name: str, hash: str, *findings: Finding) -> Answer:
    return Answer(act=name, receipt="", findings=findings, says={"rate": hash})


def _may(pack: Pack, by: By, name: str, moment: datetime) -> tuple[str, str]:
    """Role and office in which somebody may do it. Refused with the first reason."""
    if by == SYSTEM:
        says = {"act": name, "roles": by.role}
        raise Refused(Refusal(name, (Finding("ROLE_HAS_NO_RIGHT", says=says),)))
    decision = decided(by, name, None, (pack.legal_day(moment),))
    if not decision.allow:
        raise Refused(Refusal(name, in_order(decision.reasons)))
    return (decision.post.role, decision.post.office) if decision.post else (by.role, "")


def _refuse_unfit(rate: EnteredRate, pack: Pack, name: str) -> None:
    period = Period(rate.first_day, rate.last_day)
    # Its own earlier confirmation is told as known before this is asked.
    for other in equipped(pack).exchange.rows:
        if other.currency == rate.currency and other.period.overlaps(period):
            last_day = other.period.last_day
            says = {
                **_says(rate),
                "first_day": other.period.first_day.isoformat(),
                "last_day": last_day.isoformat() if last_day else "…",
            }
            raise Refused(Refusal(name, (Finding("RATE_OVERLAPS", says=says, law=other.law),)))
    closed = refusal()
    if closed:
        raise Refused(Refusal(name, (closed,)))


def _says(rate: EnteredRate) -> dict[str, str]:
    return {"currency": rate.currency, "on": rate.first_day.isoformat()}


def _record(
    name: str, rate: EnteredRate, hash: str, pack: Pack, by: By, post: tuple[str, str], moment: datetime
) -> None:
    subject = subject_of(pack.code)
    role, office = post
    # Two who act at once meet at this place of the chain: the second begins anew and sees what the first did.
    append(
        subject=subject,
        after=last(subject),
        act=name,
        at=moment,
        recorded_at=clock.now(),
        actor=by.user,
        role=role,
        office="" if office == "*" else office,
        facts={"says": {"rate": hash, **_facts(rate)}},
    )


def _facts(rate: EnteredRate) -> dict[str, Any]:
    facts: Mapping[str, Any] = msgspec.to_builtins(rate)
    return {name: value for name, value in facts.items() if value is not None}


# reads


@dataclass(frozen=True, slots=True)
class Entry:
    """A rate that somebody entered. confirmed: whether it counts. price: as people write it."""

    hash: str
    rate: EnteredRate
    by: str
    at: datetime
    confirmed: bool

    @property
    def price(self) -> str:
        return decimal_text(self.rate.price_millionths)


def entries(country: str) -> list[Entry]:
    """What was entered, the newest first, at most MOST."""
    counts = set(_confirmed(country))
    events = Event.objects.filter(subject=subject_of(country), act=ENTER).order_by("-n")[:MOST]
    found = []
    for event in events:
        name, rate = _told(event)
        found.append(Entry(name, rate, event.actor, event.at, name in counts))
    return found


def _confirmed(country: str) -> list[str]:
    rows = TariffEdition.objects.filter(pack=country, spoken_of__startswith=OF_EXCHANGE)
    return list(rows.values_list("hash", flat=True))


def _entered(country: str) -> dict[str, tuple[EnteredRate, str]]:
    """Hash → the rate, and who entered it."""
    events = Event.objects.filter(subject=subject_of(country), act=ENTER).order_by("n")
    return {name: (rate, event.actor) for event in events for name, rate in (_told(event),)}


def _told(event: Event) -> tuple[str, EnteredRate]:
    says = msgspec.json.decode(event.body)["says"]
    return says.pop("rate"), msgspec.convert(says, EnteredRate)
