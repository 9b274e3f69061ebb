"""The tariff in force: the pack's own editions and the published ones together."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import fields, replace
from datetime import date
from functools import cache
from typing import Final

import msgspec
from django.conf import settings

from ...engine.assessment.exchange import ExchangeRate, ExchangeRates
from ...engine.codes import CodeList, CodeListEdition
from ...engine.dated import Period
from ...engine.findings import LegalRef
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


class EnteredRate(msgspec.Struct, frozen=True):
    """A rate of exchange that the office entered. price_millionths: of the country's currency for `units` of the other.
    first_day, last_day: of registration, both included. act, at: who published it, and where."""

    currency: str
    units: int
    price_millionths: int
    first_day: date
    act: str
    last_day: date | None = None
    at: str = ""

    @property
    def hash(self) -> str:
        """SHA-256 over its canonical JSON: what is entered and what is confirmed is one and the same."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()

    @property
    def rate(self) -> ExchangeRate:
        period = Period(self.first_day, self.last_day)
        law = LegalRef(self.act, self.at)
        return ExchangeRate.per_unit(self.currency, period, self.price_millionths, law, self.units)


def packed_rate(rate: EnteredRate) -> bytes:
    """As `packed`, of a rate of exchange."""
    return zlib.compress(msgspec.json.encode(rate, order="sorted"))


def unpacked_rate(row: TariffEdition) -> EnteredRate:
    """As `unpacked`, of a rate of exchange."""
    rate = msgspec.json.decode(zlib.decompress(bytes(row.content)), type=EnteredRate)
    if rate.hash != row.hash:
        raise ValueError(f"rate {row.name} no longer has the hash {row.hash}")
    return rate


OF_A_LIST: Final = "codes/"
"""How `spoken_of` of an edition of a code list begins."""

OF_EXCHANGE: Final = "exchange/"
"""How `spoken_of` of an entered rate of exchange begins; the currency follows."""

# Editions never change, so what a process has unpacked stays right: hash → edition, and what it made of several.
_editions: dict[str, Edition | CodeListEdition | EnteredRate] = {}
_tariffs: dict[tuple[str, ...], Tariff] = {}
_equipped: dict[tuple[str, str, tuple[str, ...]], Pack] = {}


def editions_of(code: str) -> list[Edition]:
    """The published editions of a country's tariff, by their first days."""
    return [one for one in _published(code) if isinstance(one, Edition)]


def list_editions_of(code: str) -> list[CodeListEdition]:
    """The published editions of a country's code lists, by their first days."""
    return [one for one in _published(code) if isinstance(one, CodeListEdition)]


def _published(code: str) -> list[Edition | CodeListEdition | EnteredRate]:
    """One query, whatever is asked; each edition is read from the database once a process."""
    rows = TariffEdition.objects.filter(pack=code).order_by("first_day", "id")
    hashes = list(rows.values_list("hash", flat=True))
    unknown = [one for one in hashes if one not in _editions]
    for row in rows.filter(hash__in=unknown):
        _editions[row.hash] = _read(row)
    return [_editions[one] for one in hashes]


def _read(row: TariffEdition) -> Edition | CodeListEdition | EnteredRate:
    if row.spoken_of.startswith(OF_EXCHANGE):
        return unpacked_rate(row)
    return unpacked_list(row) if row.spoken_of.startswith(OF_A_LIST) else unpacked(row)


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
        entered = [one.rate for one in published if isinstance(one, EnteredRate)]
        own = pack.exchange
        exchange = ExchangeRates(own.currency, own.decimals, [*own.rows, *entered]) if entered else own
        made = replace(pack, code_lists=lists, exchange=exchange)
        # Where the pack keeps what it has read of its own folder.
        rates = [one for one in published if isinstance(one, Edition)]
        made.__dict__["tariff"] = _tariff(pack, rates)
        _equipped.clear()
        _equipped[key] = made
    return _equipped[key]


def _tariff(pack: Pack, rates: list[Edition]) -> Tariff:
    """The same object while the same editions are published: it remembers what it was asked, and a rate of exchange
    that came changes none of that."""
    if not rates:
        return pack.tariff
    key = pack.code, pack.version, *(edition.hash for edition in rates)
    if key not in _tariffs:
        _tariffs.clear()
        _tariffs[key] = Tariff([*pack.tariff.editions, *rates])
    return _tariffs[key]


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
