"""Let an edition of the tariff count only when it leaves nobody's goods without a rate.

Before an edition is published, the goods of the last declarations are looked up in it: a line for which it gives no
rate of a tax that it speaks of would wait for ever. While there is one, the edition is refused, and the declarations
are named. Nothing that was assessed moves: an assessment names the edition that it rests on, and only an amendment
computes anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Final

import msgspec

from ...engine.declaration import Declaration as Declared
from ...engine.declaration import GoodsItem
from ...engine.findings import Finding, errors, in_order
from ...engine.lifecycle.declaration import State
from ...engine.tariff.tariff import Edition, Tariff
from ...packs.pack import Kind, Pack
from ..accounts.reads import SYSTEM, By
from ..reference.acts import publish
from ..reference.reads import equipped, pack_of_kind
from .models import Declaration, DeclarationVersion

LAST: Final = 10_000
"""Declarations that an edition must be able to assess."""
NAMED: Final = 20
"""Of those that it cannot, so many are named; all are counted."""

_LIVE: Final = (State.REGISTERED, State.SELECTED, State.RELEASED, State.CLEARED)
_CHUNK: Final = 500


def activate(
    edition: Edition,
    *,
    country: str,
    by: By = SYSTEM,
    at: datetime | None = None,
    source: str = "",
    ended: Collection[str] = (),
    pack: Pack | None = None,
) -> tuple[Finding, ...]:
    """Publish an edition for a country (`reference.acts.publish`) unless one of the last declarations cannot be
    assessed with it: EDITION_LEAVES_OPEN names them.

    ended: codes that the act really ends; goods of theirs are not asked about. They are kept with the event's source.
    pack: the country's; None for the site's own, where that is the country.
    """
    found = unassessable(edition, country, ended, pack)
    if found:
        return found
    said = f"{source} (−{' '.join(sorted(ended))})"[:300] if ended else source
    return publish(edition, country=country, by=by, at=at, source=said)


def unassessable(
    edition: Edition, country: str, ended: Collection[str] = (), own: Pack | None = None
) -> tuple[Finding, ...]:
    """EDITION_LEAVES_OPEN, where there are declarations that the edition cannot assess: how many, and the first."""
    numbers: list[str] = []
    codes: dict[str, None] = {}
    pack = _with(edition, own or pack_of_kind(sandbox=False), country)
    if pack is None:
        return ()
    taxes = frozenset(row.tax for row in edition.measures)
    known: dict[object, frozenset[str]] = {}
    for number, declaration, legal_day in _last(country):
        day = legal_day if edition.period.holds(legal_day) else edition.period.first_day
        kind = pack.kind_of(declaration, day)
        if kind is None or kind.untaxed or not kind.flow:
            continue
        missing = [
            item.commodity_code
            for item in declaration.goods_items
            if item.commodity_code not in ended and _open(pack, declaration, item, kind, day, taxes, known)
        ]
        if missing:
            numbers.append(number)
            codes.update(dict.fromkeys(missing))
    if not numbers:
        return ()
    shown = list(codes)
    says = {
        "name": edition.name,
        "count": str(len(numbers)),
        "numbers": _listed(numbers),
        "codes": _listed(shown),
    }
    return in_order([Finding("EDITION_LEAVES_OPEN", says=says)])


def _with(edition: Edition, own: Pack, country: str) -> Pack | None:
    """The country as it would be with the edition; None for one that assesses nothing here."""
    if own.code != country:
        return None
    pack = equipped(own)
    if any(known.hash == edition.hash for known in pack.tariff.editions):
        return None
    made = replace(pack)
    made.__dict__["tariff"] = Tariff([*pack.tariff.editions, edition])
    return made


def _open(
    pack: Pack,
    declaration: Declared,
    item: GoodsItem,
    kind: Kind,
    day: date,
    taxes: frozenset[str],
    known: dict[object, frozenset[str]],
) -> frozenset[str]:
    """Taxes that the edition speaks of and has no rate of for a line; equal lines are asked once."""
    key = (
        item.commodity_code, item.origins, item.additional_codes, item.duty_tax_fees, item.procedures,
        item.additional_documents, declaration.type_code, declaration.additional_documents,
        declaration.export_country_id, item.export_country_id, day,
    )  # fmt: skip
    if key not in known:
        view = pack.tariff.as_of(day)
        chosen = pack.charges_for(declaration, item, "goods_items[2]", kind, view)
        known[key] = frozenset(chosen.pending) & taxes if errors(chosen.findings) else frozenset()
    return known[key]


def _last(country: str) -> Iterator[tuple[str, Declared, date]]:
    """The last registered declarations, the newest first, each in its current version with its legal day."""
    rows = Declaration.objects.filter(pack=country, legal_day__isnull=False, state__in=_LIVE).order_by("-pk")
    heads = list(rows.values_list("pk", "number", "version", "legal_day")[:LAST])
    for first in range(0, len(heads), _CHUNK):
        part = heads[first : first + _CHUNK]
        versions = DeclarationVersion.objects.filter(declaration_id__in=[pk for pk, *_ in part])
        payloads = {
            (pk, version): payload
            for pk, version, payload in versions.values_list("declaration_id", "version", "payload")
        }
        for pk, number, version, legal_day in part:
            yield number, msgspec.json.decode(payloads[pk, version], type=Declared), legal_day


def _listed(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")
