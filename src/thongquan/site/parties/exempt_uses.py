"""How often a person was exempt, where the law gives it only so many times: gifts of a year, trips of a month.

Counted are the declarations of this record. Of a period that began before the record did nothing is known until an
officer says what was before (`state_before`): an exemption too many is money of the State.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from typing import Final

from django.db import transaction
from django.db.models import QuerySet, Sum

from ...engine.findings import Finding
from ..record.acts import append_by_operator
from ..record.models import Event
from ..record.sealing import refusal
from .acts import known
from .models import ExemptUse, Trader

GIFTS: Final = "gifts_in_year"
TRIPS: Final = "trips_in_month"
LARGEST_MINOR: Final = 10**15


def first_of(fact: str, day: date) -> date:
    """The first day of the period in which a day counts."""
    return day.replace(month=1, day=1) if fact == GIFTS else day.replace(day=1)


def locked(registry_id: str) -> None:
    """Hold a person until the transaction ends: two declarations of one person are counted one after the other."""
    known(registry_id)
    Trader.objects.select_for_update(no_key=True).get(registry_id=registry_id)


def times(registry_id: str, fact: str, day: date, without: str = "") -> int | None:
    """How often in the period of a day, None where that is not known. without: a declaration that does not count."""
    rows = _of(registry_id, fact).filter(day__gte=first_of(fact, day), day__lte=_last_of(fact, day))
    if not _reaches(rows, first_of(fact, day)):
        return None
    return _others(rows, without).aggregate(sum=Sum("times"))["sum"] or 0


def value_of_day(registry_id: str, fact: str, day: date, without: str = "") -> int | None:
    """The value that was exempt on a day, None where that is not known."""
    rows = _of(registry_id, fact).filter(day=day)
    if not _reaches(rows, day):
        return None
    return _others(rows, without).aggregate(sum=Sum("value_minor"))["sum"] or 0


def count(*, trader: str, declaration: str, n: int, day: date, uses: Mapping[str, int]) -> None:
    """Let a declaration count for exactly `uses` (fact → value, once each) from its event `n` on; {} for nothing.

    Inside the caller's transaction, which holds the person (`locked`).
    """
    before = {
        (row["trader__registry_id"], row["fact"], row["day"]): (row["sum_times"], row["sum_value"])
        for row in ExemptUse.objects.filter(declaration=declaration)
        .values("trader__registry_id", "fact", "day")
        .annotate(sum_times=Sum("times"), sum_value=Sum("value_minor"))
    }
    now = {(trader, fact, day): (1, value) for fact, value in uses.items()}
    for key in sorted({*before, *now}):
        held, wanted = before.get(key, (0, 0)), now.get(key, (0, 0))
        if held != wanted:
            ExemptUse.objects.create(
                trader=known(key[0]),
                fact=key[1],
                day=key[2],
                declaration=declaration,
                n=n,
                times=wanted[0] - held[0],
                value_minor=wanted[1] - held[1],
            )


@transaction.atomic
def state_before(
    *, trader: str, fact: str, day: date, times: int, value_minor: int, document: str, by: str
) -> Finding | None:
    """Say what was exempt before this record began, in the period of a day; from then on its count is known.

    EXEMPT_USE_UNFIT: no such fact, or a figure below nothing. EXEMPT_USE_NEEDS_DOCUMENT. ANCHOR_LAG: what cannot be
    made provable outside waits (`record.sealing`).
    """
    if fact not in (GIFTS, TRIPS) or times < 0 or not 0 <= value_minor <= LARGEST_MINOR or times > 366:
        return Finding("EXEMPT_USE_UNFIT")
    if not document.strip():
        return Finding("EXEMPT_USE_NEEDS_DOCUMENT")
    waits = refusal()
    if waits:
        return waits
    locked(trader)
    row = ExemptUse.objects.create(
        trader=known(trader),
        fact=fact,
        day=day,
        times=times,
        value_minor=value_minor,
        document=document.strip()[:200],
    )
    append_by_operator(
        f"exempt_use:{row.pk}", "state_exempt_uses", by,
        {
            "trader": trader, "fact": fact, "day": day.isoformat(), "times": times, "value_minor": value_minor,
            "document": row.document,
        },
    )  # fmt: skip
    return None


def _of(registry_id: str, fact: str) -> QuerySet[ExemptUse]:
    return ExemptUse.objects.filter(trader__registry_id=registry_id, fact=fact)


def _others(rows: QuerySet[ExemptUse], without: str) -> QuerySet[ExemptUse]:
    return rows.exclude(declaration=without) if without else rows


def _last_of(fact: str, day: date) -> date:
    if fact == GIFTS:
        return day.replace(month=12, day=31)
    return day.replace(day=monthrange(day.year, day.month)[1])


def _reaches(rows: QuerySet[ExemptUse], first: date) -> bool:
    """Whether the past of a period is known: the record reaches back to its first day, or an officer said it."""
    if rows.filter(declaration="").exists():
        return True
    began = Event.objects.order_by("id").values_list("at", flat=True).first()
    return began is not None and began.date() < first
