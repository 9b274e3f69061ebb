"""Declarations as the register that the country's traders keep: what was declared last, and the taxes as assessed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import batched
from typing import Final

import msgspec
from django.db.models import F, Sum
from django.db.models.query import QuerySet

from ...engine.declaration import Declaration as Declared
from ...engine.findings import Finding
from ...packs.files import OWN, Registered
from ...packs.pack import Pack
from ..accounts.reads import By
from . import reads
from .models import AssessmentRow, Declaration, DeclarationVersion

MOST_LINES: Final = 20_000
"""Lines of a register that somebody waits for; more are several registers, or are made by command."""
TOGETHER: Final = 200
"""Declarations that are read at once."""

SEES: Final = ("read_content", "read_assessment")
"""The rights that somebody needs for each declaration of a register."""


def readable(rows: QuerySet[Declaration], by: By, days: Sequence[date]) -> QuerySet[Declaration]:
    """Of these declarations those whose content and taxes somebody may read."""
    for act in SEES:
        rows = reads.for_actor(rows, by, days, act)
    return rows


def written(rows: QuerySet[Declaration], pack: Pack, suffix: str, most: int = MOST_LINES) -> bytes | Finding:
    """The register of these declarations, the oldest first.

    suffix: one that the country's own register has. REGISTER_TOO_LONG where there are more than `most` lines.
    """
    lines = rows.aggregate(lines=Sum("lines"))["lines"] or 0
    if lines > most:
        return Finding("REGISTER_TOO_LONG", says={"lines": str(lines), "most": str(most)})
    content, _ = OWN[pack.code].register[suffix](_registered(rows.order_by("id"), pack), pack)
    return content


def _registered(rows: QuerySet[Declaration], pack: Pack) -> Iterator[Registered]:
    for part in batched(rows.iterator(TOGETHER), TOGETHER):
        payloads = dict(
            DeclarationVersion.objects.filter(
                declaration__in=part, version=F("declaration__version")
            ).values_list("declaration_id", "payload")
        )
        taxes = _taxes([row.pk for row in part], pack)
        for row in part:
            number = pack.printed_number(row.number, max(row.version - 1, 0))
            declaration = msgspec.json.decode(payloads[row.pk], type=Declared)
            yield Registered(declaration, number, row.registered_at, *taxes.get(row.pk, ((), ())))


def _taxes(keys: Sequence[int], pack: Pack) -> dict[int, tuple[list[int | None], list[int | None]]]:
    """Of each declaration, by its last assessment: the taxes of each line without the fee, and its customs value,
    which is the base of the tax that is levied first."""
    found: dict[int, tuple[int, dict[int, int], dict[int, int]]] = {}
    first = {tax.code for tax in pack.taxes if len(tax.base) == 1}
    rows = AssessmentRow.objects.filter(declaration__in=keys).order_by("declaration_id", "-n", "line", "id")
    for key, n, line, tax, base, payable in rows.values_list(
        "declaration_id", "n", "line", "tax", "base_minor", "payable_minor"
    ):
        last, taxes, values = found.setdefault(key, (n, {}, {}))
        if n != last or tax in pack.once:
            continue
        taxes[line] = taxes.get(line, 0) + payable
        if tax in first:
            values.setdefault(line, base)
    return {
        key: (
            [taxes.get(line) for line in range(1, max(taxes, default=0) + 1)],
            [values.get(line) for line in range(1, max(values, default=0) + 1)],
        )
        for key, (_, taxes, values) in found.items()
    }
