"""Publish an edition of the tariff: once, whole, and never over another that speaks of the same days."""

from __future__ import annotations

from datetime import datetime

from ...engine.codes import CodeListEdition
from ...engine.dated import Period
from ...engine.findings import Finding, Refusal, Severity, errors, in_order
from ...engine.tariff.measures import Measure
from ...engine.tariff.tariff import Edition
from ..accounts.reads import SYSTEM, By
from ..kit import clock
from ..kit.act import Answer, Command, Refused, act
from ..record.acts import KEYS, append, last
from ..record.sealing import refusal
from .models import TariffEdition
from .reads import OF_A_LIST, own_editions, packed, packed_list

ACT = "publish_tariff"
"""Also of a code list: both are editions of the country's law, in one chain."""


def publish(
    edition: Edition,
    *,
    country: str,
    by: By = SYSTEM,
    at: datetime | None = None,
    source: str = "",
) -> tuple[Finding, ...]:
    """Publish an edition for a country; what was found, with an error in it when it was not published.

    country: code of a pack, or of a country that has no pack yet: its tariff can be looked up, and assesses nothing.

    EDITION_OVERLAPS: another edition gives rates of the same tax, annex and kind for a day of this one. Errors of the
    edition's own data refuse it too, and so does a log of trust that has not reached its anchors for hours
    (ANCHOR_LAG). The same edition again is only noted (EDITION_KNOWN). source: the file, for the
    record. at: the legal time; the database's when None.
    """
    moment = at or clock.now()

    def work() -> Answer:
        notes = _judged(edition, country)
        if TariffEdition.objects.filter(pack=country, hash=edition.hash).exists():
            known = Finding("EDITION_KNOWN", says={"name": edition.name}, severity=Severity.NOTE)
            return Answer(act=ACT, findings=in_order([*notes, known]))
        closed = refusal()
        if closed:
            raise Refused(Refusal(ACT, (closed,)))
        _store(edition, country, by, moment, source)
        return Answer(act=ACT, findings=notes)

    # The hash says what is published, so publishing it again is the same request.
    command = Command(ACT, by.user, f"{ACT}/{country}/{edition.hash}", edition.hash, work)
    answer = act(command, KEYS)
    if answer.replay:
        known = Finding("EDITION_KNOWN", says={"name": edition.name}, severity=Severity.NOTE)
        return in_order([*answer.findings, known])
    return (*answer.reasons, *answer.findings)


def publish_list(
    edition: CodeListEdition,
    *,
    country: str,
    by: By = SYSTEM,
    at: datetime | None = None,
    source: str = "",
) -> tuple[Finding, ...]:
    """Publish an edition of a code list as `publish` does one of the tariff: on its days it is the whole list.

    EDITION_OVERLAPS: another edition of the list speaks of a day of this one. LIST_EMPTY: it has no row.
    """
    moment = at or clock.now()

    def work() -> Answer:
        if not edition.rows:
            raise Refused(Refusal(ACT, (Finding("LIST_EMPTY", says={"list": edition.name}),)))
        if TariffEdition.objects.filter(pack=country, hash=edition.hash).exists():
            return Answer(act=ACT, findings=(_known(_list_name(edition)),))
        found = _list_overlaps(edition, country)
        if found:
            raise Refused(Refusal(ACT, in_order(found)))
        closed = refusal()
        if closed:
            raise Refused(Refusal(ACT, (closed,)))
        row = TariffEdition(
            pack=country,
            name=_list_name(edition),
            act=edition.act,
            first_day=edition.period.first_day,
            last_day=edition.period.last_day,
            hash=edition.hash,
            spoken_of=f"{OF_A_LIST}{edition.name}",
            content=packed_list(edition),
            measures=len(edition.rows),
            commodities=0,
            source=source,
        )
        _keep(row, by, moment)
        return Answer(act=ACT)

    command = Command(ACT, by.user, f"{ACT}/{country}/{edition.hash}", edition.hash, work)
    answer = act(command, KEYS)
    known = (_known(_list_name(edition)),) if answer.replay else ()
    return in_order([*answer.reasons, *answer.findings, *known])


def _list_name(edition: CodeListEdition) -> str:
    return f"{edition.name} {edition.act} {edition.period.first_day.isoformat()}"


def _known(name: str) -> Finding:
    return Finding("EDITION_KNOWN", says={"name": name}, severity=Severity.NOTE)


def _list_overlaps(edition: CodeListEdition, country: str) -> list[Finding]:
    rows = TariffEdition.objects.filter(pack=country, spoken_of=f"{OF_A_LIST}{edition.name}").defer("content")
    return [
        _overlap(row.act, period, edition.name)
        for row in rows
        if (period := Period(row.first_day, row.last_day)).overlaps(edition.period)
    ]


def _overlap(other: str, period: Period, of: str) -> Finding:
    says = {
        "act": other,
        "first_day": period.first_day.isoformat(),
        "last_day": period.last_day.isoformat() if period.last_day else "…",
        "taxes": of,
    }
    return Finding("EDITION_OVERLAPS", says=says)


def _judged(edition: Edition, country: str) -> tuple[Finding, ...]:
    """What is to be noted of an edition. Refused when it contradicts itself, or another."""
    problems = edition.problems()
    found = [*errors(problems), *_overlaps(edition, country)]
    if found:
        raise Refused(Refusal(ACT, in_order(found)))
    return problems


def _overlaps(edition: Edition, country: str) -> list[Finding]:
    mine = _spoken_of(edition)
    found = []
    # The acts of a pack stand for years beyond the days that its rows speak of.
    own = [
        (
            one.hash,
            one.act,
            one.period,
            {_place(row) for row in one.measures if _speaks(row, one, edition.period)},
        )
        for one in own_editions(country)
    ]
    published = [
        (row.hash, row.act, Period(row.first_day, row.last_day), set(row.spoken_of.split()))
        for row in TariffEdition.objects.filter(pack=country).defer("content")
    ]
    for other_hash, other_act, period, theirs in [*own, *published]:
        if other_hash != edition.hash and period.overlaps(edition.period) and mine & theirs:
            taxes = ", ".join(sorted({name.split("/")[0] for name in mine & theirs}))
            found.append(_overlap(other_act, period, taxes))
    return found


def _spoken_of(edition: Edition) -> set[str]:
    """What an edition gives rates of: tax, annex and kind."""
    return {_place(row) for row in edition.measures}


def _place(row: Measure) -> str:
    return f"{row.tax}/{row.schedule.value}/{row.kind.value}"


def _speaks(row: Measure, edition: Edition, days: Period) -> bool:
    """Whether a row of an edition speaks of one of some days."""
    return edition.period.overlaps(days) and row.period.overlaps(days)


def _store(edition: Edition, code: str, by: By, at: datetime, source: str) -> None:
    row = TariffEdition(
        pack=code,
        name=edition.name,
        act=edition.act,
        first_day=edition.period.first_day,
        last_day=edition.period.last_day,
        hash=edition.hash,
        spoken_of=" ".join(sorted(_spoken_of(edition))),
        content=packed(edition),
        measures=len(edition.measures),
        commodities=len(edition.nomenclature),
        source=source,
    )
    _keep(row, by, at)


def _keep(row: TariffEdition, by: By, at: datetime) -> None:
    row.save(force_insert=True)
    subject = f"tariff:{row.pack}"
    # Two who publish at once meet at this place of the chain: the second begins anew and sees the first.
    append(
        subject=subject,
        after=last(subject),
        act=ACT,
        at=at,
        recorded_at=clock.now(),
        actor=by.user,
        role=by.role,
        office="",
        facts={"says": {"edition": row.hash, "name": row.name, "source": row.source}},
    )
