"""The tariff in force: the pack's own editions and the published ones together."""

from __future__ import annotations

import zlib
from dataclasses import fields, replace
from datetime import date
from functools import cache
from typing import Final

import msgspec
from django.conf import settings

from ...engine.codes import CodeList, CodeListEdition
from ...engine.dated import Period
from ...engine.tariff.measures import Measure
from ...engine.tariff.nomenclature import Commodity, Nomenclature
from ...engine.tariff.tariff import Edition, Tariff
from ...packs import pack as packs
from ...packs.pack import Kind, Pack
from .models import TariffEdition


class Stored(msgspec.Struct, frozen=True):
    """An edition as it is kept: everything that its hash takes in, and how each rate was printed."""

    act: str
    first_day: date
    last_day: date | None
    measures: tuple[Measure, ...]
    commodities: tuple[Commodity, ...]


def packed(edition: Edition) -> bytes:
    """The content of an edition, compressed; the same edition gives the same bytes."""
    stored = Stored(
        edition.act,
        edition.period.first_day,
        edition.period.last_day,
        edition.measures,
        tuple(edition.nomenclature),
    )
    return zlib.compress(msgspec.json.encode(stored))


def unpacked(row: TariffEdition) -> Edition:
    """The edition of a row. ValueError when its content no longer has the hash that it was published under."""
    stored = msgspec.json.decode(zlib.decompress(bytes(row.content)), type=Stored)
    nomenclature = Nomenclature(stored.commodities)
    edition = Edition(stored.act, Period(stored.first_day, stored.last_day), stored.measures, nomenclature)
    if edition.hash != row.hash:
        raise ValueError(f"edition {row.name} no longer has the hash {row.hash}")
    return edition


def packed_list(edition: CodeListEdition) -> bytes:
    """As `packed`, of an edition of a code list."""
    return zlib.compress(msgspec.json.encode(edition))


def unpacked_list(row: TariffEdition) -> CodeListEdition:
    """As `unpacked`, of an edition of a code list."""
    edition = msgspec.json.decode(zlib.decompress(bytes(row.content)), type=CodeListEdition)
    if edition.hash != row.hash:
        raise ValueError(f"edition {row.name} no longer has the hash {row.hash}")
    return edition


OF_A_LIST: Final = "codes/"
"""How `spoken_of` of an edition of a code list begins."""

# Editions never change, so what a process has unpacked stays right: hash → edition, and what it made of several.
_editions: dict[str, Edition | CodeListEdition] = {}
_equipped: dict[tuple[str, str, tuple[str, ...]], Pack] = {}


def editions_of(code: str) -> list[Edition]:
    """The published editions of a country's tariff, by their first days."""
    return [one for one in _published(code) if isinstance(one, Edition)]


def list_editions_of(code: str) -> list[CodeListEdition]:
    """The published editions of a country's code lists, by their first days."""
    return [one for one in _published(code) if isinstance(one, CodeListEdition)]


def _published(code: str) -> list[Edition | CodeListEdition]:
    """One query, whatever is asked; each edition is read from the database once a process."""
    rows = TariffEdition.objects.filter(pack=code).order_by("first_day", "id")
    hashes = list(rows.values_list("hash", flat=True))
    unknown = [one for one in hashes if one not in _editions]
    for row in rows.filter(hash__in=unknown):
        _editions[row.hash] = (unpacked_list if row.spoken_of.startswith(OF_A_LIST) else unpacked)(row)
    return [_editions[one] for one in hashes]


def equipped(pack: Pack) -> Pack:
    """The country with the editions that were published for it: what every act computes with."""
    published = _published(pack.code)
    if not published:
        return pack
    key = pack.code, pack.version, tuple(edition.hash for edition in published)
    if key not in _equipped:
        lists = dict(pack.code_lists)
        for one in published:
            if isinstance(one, CodeListEdition):
                lists[one.name] = lists.get(one.name, CodeList(one.name, ())).with_edition(one)
        made = replace(pack, code_lists=lists)
        # Where the pack keeps what it has read of its own folder.
        rates = [one for one in published if isinstance(one, Edition)]
        made.__dict__["tariff"] = Tariff([*pack.tariff.editions, *rates]) if rates else pack.tariff
        _equipped.clear()
        _equipped[key] = made
    return _equipped[key]


def site_pack() -> Pack:
    """The country whose law this site applies; of a sandbox, with numbers that no real declaration can have."""
    return _site_pack(settings.PACK, settings.SANDBOX)


def pack_of_kind(sandbox: bool) -> Pack:
    """The country of this site as a sandbox or a real installation sees it."""
    return _site_pack(settings.PACK, sandbox)


@cache
def _site_pack(name: str, sandbox: bool) -> Pack:
    pack = packs.load(name)
    if not sandbox:
        return pack

    class Trial(type(pack)):  # type: ignore[misc]
        """The same country, to try things in, with numbers that no real declaration can have."""

        def number(self, office: str, year: int, sequence: int, kind: Kind | None = None) -> str:
            return self.trial_number(super().number(office, year, sequence, kind))

        def is_number(self, text: str) -> bool:
            real = self.real_number(text)
            return bool(real) and super().is_number(real)

    return Trial(**{part.name: getattr(pack, part.name) for part in fields(pack)})


def own_editions(country: str) -> tuple[Edition, ...]:
    """The editions that a country's pack brings; none where the country has no pack."""
    return packs.load(country).tariff.editions if country in packs.names() else ()


def tariff_of(country: str) -> Tariff:
    """The whole tariff of a country: as every assessment sees it, and also where no pack assesses yet."""
    if country in packs.names():
        return equipped(packs.load(country)).tariff
    return Tariff(editions_of(country))


def countries() -> list[str]:
    """Codes of the countries whose tariff can be looked up, sorted."""
    return sorted({*packs.names(), *TariffEdition.objects.values_list("pack", flat=True).distinct()})
