"""Lists of goods that come in free of duty: what is granted, and the balance that declarations write off.

The balance is kept as a ledger is: every movement is a row that never changes, the line's sum moves only by what its
movements explain, and the database itself refuses to go below nothing or above what was granted. Writing off stands
inside the transaction of the act that needs it (134/2016/NĐ-CP art. 30 and 31).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from django.db import transaction
from django.db.models import Sum

from ...engine.declaration import Declaration
from ...engine.findings import Finding
from ...packs.exemptions import NOTHING_KNOWN, Granted, PersonFacts, written_off
from ..record.acts import append_by_operator
from ..record.sealing import refusal
from . import exempt_uses as uses
from .acts import known
from .models import ExemptLine, ExemptMovement

LARGEST_MILLIONTHS = 10**17
"""A hundred thousand million units: a figure beyond it is a slip of the pen."""


@transaction.atomic
def grant(
    *,
    trader: str,
    number: str,
    commodity: str,
    unit: str,
    granted_millionths: int,
    first_day: date,
    last_day: date | None,
    document: str,
    by: str,
) -> Finding | None:
    """Register one line of a list, by the document that notifies it; an event in the line's own chain.

    The same number again changes the quantity and the last day of the line, never whose it is or what it is for.
    EXEMPT_LIST_UNFIT: a quantity that is none, days in the wrong order. EXEMPT_LIST_NEEDS_DOCUMENT.
    EXEMPT_LIST_IS_ANOTHER: the number is a line of another trader, code or unit. EXEMPT_LIST_HOLDS_MORE: more is used
    already. ANCHOR_LAG: what cannot be made provable outside waits (`record.sealing`).
    """
    says = {"line": number}
    if not 0 < granted_millionths <= LARGEST_MILLIONTHS or (last_day is not None and last_day < first_day):
        return Finding("EXEMPT_LIST_UNFIT", says=says)
    if not document.strip():
        return Finding("EXEMPT_LIST_NEEDS_DOCUMENT", says=says)
    waits = refusal()
    if waits:
        return waits
    holder = known(trader)
    fresh = ExemptLine(
        number=number,
        trader=holder,
        commodity=commodity,
        unit=unit,
        granted_millionths=granted_millionths,
        first_day=first_day,
        last_day=last_day,
        document=document.strip()[:200],
    )
    ExemptLine.objects.bulk_create([fresh], ignore_conflicts=True)
    row = ExemptLine.objects.select_for_update().get(number=number)
    if (row.trader_id, row.commodity, row.unit) != (holder.pk, commodity, unit):
        return Finding("EXEMPT_LIST_IS_ANOTHER", says=says)
    if row.used_millionths > granted_millionths:
        return Finding("EXEMPT_LIST_HOLDS_MORE", says=says)
    ExemptLine.objects.filter(pk=row.pk).update(
        granted_millionths=granted_millionths, last_day=last_day, document=fresh.document
    )
    append_by_operator(
        f"exempt_line:{row.pk}", "grant_exempt_line", by,
        {
            "trader": trader, "number": number, "commodity": commodity, "unit": unit,
            "granted_millionths": granted_millionths, "first_day": first_day.isoformat(),
            "last_day": last_day.isoformat() if last_day else "", "document": fresh.document,
        },
    )  # fmt: skip
    return None


def known_of(declaration: Declaration, day: date, number: str = "", *, locking: bool = False) -> PersonFacts:
    """What the office knows of whoever the goods are for, of that which an exemption asks: how often he was exempt
    before, and his lists of exempt goods.

    day: the legal day. number: the declaration's own, so that what it has taken itself counts as left. locking: hold
    person and lines until the transaction ends, for an act that writes off and counts. Asks the database only where a
    line asks for an exemption.
    """
    if not any(code for item in declaration.goods_items for code in item.additional_procedure_codes):
        return NOTHING_KNOWN
    holder = holder_of(declaration)
    if locking:
        uses.locked(holder)
    return PersonFacts(
        uses.times(holder, uses.GIFTS, day, number),
        uses.times(holder, uses.TRIPS, day, number),
        uses.value_of_day(holder, uses.TRIPS, day, number),
        granted(holder, number, locking=locking),
    )


def holder_of(declaration: Declaration) -> str:
    """Whose exemptions a declaration uses."""
    return declaration.importer_id or declaration.exporter_id or declaration.declarant_id


def granted(trader: str, declaration: str = "", *, locking: bool = False) -> dict[str, Granted]:
    """The lines of a trader as the country's law asks for them (PersonFacts.lists), by number.

    declaration: customs number of the one that is assessed; what it has taken itself does not count as used.
    """
    rows = ExemptLine.objects.filter(trader__registry_id=trader).order_by("id")
    rows = rows.select_for_update() if locking else rows
    rows = list(rows)
    own = taken_by(declaration) if declaration else {}
    return {
        row.number: replace(_granted(row), used_millionths=row.used_millionths - own.get(row.number, 0))
        for row in rows
    }


def taken_by(declaration: str) -> dict[str, int]:
    """What a declaration holds of each line now, in millionths."""
    sums = (
        ExemptMovement.objects.filter(declaration=declaration)
        .values("line__number")
        .annotate(taken=Sum("millionths"))
    )
    return {row["line__number"]: row["taken"] for row in sums if row["taken"]}


def write_off(*, declaration: str, n: int, takes: Mapping[str, int]) -> tuple[Finding, ...]:
    """Let a declaration hold exactly `takes` (line → millionths) from its event `n` on: the difference to what it held
    before is written off, and given back where it holds less; {} gives everything back.

    Inside the caller's transaction. The lines are locked in one order; where one of them cannot, none is moved and the
    findings say why (EXEMPT_LIST_UNKNOWN, EXEMPT_LIST_EXHAUSTED). ValueError for a negative quantity.
    """
    if any(quantity < 0 for quantity in takes.values()):
        raise ValueError("a declaration takes, or takes nothing")
    named = {*takes, *taken_by(declaration)}
    rows = {
        row.number: row
        for row in ExemptLine.objects.select_for_update().filter(number__in=named).order_by("id")
    }
    before = taken_by(declaration)  # again: the lines are locked now
    findings = [Finding("EXEMPT_LIST_UNKNOWN", says={"line": number}) for number in sorted(named - set(rows))]
    moved: list[tuple[ExemptLine, int, int]] = []
    for number, row in rows.items():
        difference = takes.get(number, 0) - before.get(number, 0)
        if not difference:
            continue
        after = written_off(_granted(row), difference, number)
        if isinstance(after, Finding):
            findings.append(after)
        else:
            moved.append((row, difference, after.used_millionths))
    if findings:
        return tuple(findings)
    for row, difference, used in moved:
        ExemptMovement.objects.create(
            line=row,
            declaration=declaration,
            n=n,
            millionths=difference,
            version=row.version + 1,
            used_after_millionths=used,
        )
        ExemptLine.objects.filter(pk=row.pk).update(used_millionths=used, version=row.version + 1)
    return ()


def _granted(row: ExemptLine) -> Granted:
    return Granted(
        row.commodity, row.unit, row.granted_millionths, row.used_millionths, row.first_day, row.last_day
    )
