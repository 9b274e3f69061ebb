"""The tariff as a page: found by code or by words without their marks, as of a day, every rate with its law."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_GET

from ...engine.dated import as_of
from ...engine.tariff.measures import Given, Measure
from ...engine.tariff.rate_text import duty_text
from ...engine.tariff.tariff import TariffView
from ...packs import pack as packs
from ...packs.dues import PenaltyRow
from ..entry.shell import Visitor, not_found, page, signed_in
from ..kit import terms
from ..kit.tags import amount, day_read, grouped, percent_ppm, said
from .code_page import computed
from .reads import countries, tariff_of

MOST: Final = 100


def folded(text: str) -> str:
    """Small letters without marks, đ as d: "Cá hồi đông lạnh" and "ca hoi dong lanh" are the same."""
    decomposed = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())


_BETWEEN: Final = str.maketrans(dict.fromkeys(",;:.()[]/\"'-–", " "))


def _worded(text: str) -> str:
    """Folded, every word between two spaces, so that a word is told from a part of one."""
    return f" {' '.join(folded(text).translate(_BETWEEN).split())} "


@dataclass(frozen=True, slots=True)
class Entry:
    """A code of the nomenclature as the search knows it. own: its own words, folded; text: with those above it."""

    code: str
    name: str
    own: str
    text: str
    declarable: bool


@lru_cache(maxsize=8)
def _index(country: str, hash: str, day: date, language: str) -> tuple[Entry, ...]:
    """Every code of a day with its words; made once for a tariff, which its hash names."""
    view = tariff_of(country).as_of(day)
    codes = sorted({code for edition in view.editions for code in edition.nomenclature.codes})
    entries = []
    for place, code in enumerate(codes):
        found = view.commodity(code)
        if found is None:
            continue
        name = _name(found.names, language)
        above = [_name(one.names, language) for one in view.ancestors(code)]
        between = [line for lines in (found.between.get(language, ()),) for line in lines]
        following = codes[place + 1] if place + 1 < len(codes) else ""
        entries.append(
            Entry(
                code,
                name,
                _worded(name),
                _worded(" ".join((name, *between, *above))),
                not following.startswith(code),
            )
        )
    return tuple(entries)


def _name(names: object, language: str) -> str:
    known = dict(names) if names else {}  # type: ignore[call-overload]
    return known.get(language) or next(iter(known.values()), "")


def _land(country: str, language: str) -> str:
    """The name of a country, its code where it has a tariff and no pack yet."""
    return packs.load(country).names.get(language, country) if country in packs.names() else country


def search(country: str, text: str, day: date, language: str) -> list[Entry]:
    """Codes that begin with the digits, or that have every word or its beginning; the nearest first."""
    tariff = tariff_of(country)
    entries = _index(country, tariff.hash, day, language)
    digits = text.replace(".", "").replace(" ", "")
    if digits.isdecimal():
        return [entry for entry in entries if entry.code.startswith(digits)][:MOST]
    words = _worded(text).split()
    found = (
        [entry for entry in entries if all(f" {word}" in entry.text for word in words)]
        if words
        else list(entries)
    )
    if words:
        found.sort(key=lambda e: (_distance(e, words), e.code))
    return found[:MOST]


def _distance(entry: Entry, words: Sequence[str]) -> int:
    """0 where the code's own name has every word whole, then whole among those above it, then as beginnings."""
    for place, text in enumerate((entry.own, entry.text)):
        if all(f" {word} " in text for word in words):
            return place
    return 2 if all(f" {word}" in entry.own for word in words) else 3


def first_level(country: str, day: date, language: str) -> list[Entry]:
    """Where somebody begins who searches for nothing yet: the codes that stand under no other."""
    found: list[Entry] = []
    for entry in _index(country, tariff_of(country).hash, day, language):
        if not found or not entry.code.startswith(found[-1].code):
            found.append(entry)
    return found[:MOST]


@dataclass(frozen=True, slots=True)
class Rate:
    """One row of the tariff as it is shown. rate: in words where it is no rate. name: of the tax, "" for one
    that the country does not levy."""

    measure: Measure
    rate: str
    origins: str
    name: str = ""

    @property
    def last_day(self) -> date | None:
        return self.measure.period.last_day


def rates_of(view: TariffView, code: str, names: Mapping[str, str] | None = None) -> list[Rate]:
    """Every row in force for a code, the general rates first. names: of taxes by their codes."""
    rows = sorted(
        view.measures(code),
        key=lambda m: (m.schedule.value != "import", m.tax, m.preference != "", m.preference, m.kind.value),
    )
    return [Rate(row, shown_rate(row), _origins(row), (names or {}).get(row.tax, "")) for row in rows]


def shown_rate(row: Measure) -> str:
    """A rate as it is read: "12,5 %" in Vietnamese; for what is no rate, what it is."""
    if row.duty is not None and row.given is not Given.NOT_SUBJECT:
        text = duty_text(row.duty)
        return text.replace(".", ",") if terms.language() == "vi" else text
    if row.derived is not None:
        return said(
            "rate_share",
            percent=grouped(str(row.derived.ppm // 10_000)),
            of=row.derived.preference or said("general"),
        )
    return said(f"rate_{row.given.value}")


def _origins(row: Measure) -> str:
    return " ".join((*row.origins, *(f"−{origin}" for origin in row.excluded_origins)))


@require_GET
@signed_in
def tariff(request: HttpRequest, who: Visitor) -> HttpResponse:
    if not who.may("read_tariff"):
        return not_found(request)
    country, day = _asked(request, who)
    text = request.GET.get("q", "").strip()[:200]
    language = terms.language()
    found = search(country, text, day, language) if text else first_level(country, day, language)
    context = {
        "q": text,
        "found": found,
        "day": day,
        "country": country,
        "countries": [(one, _land(one, language)) for one in countries()],
        "most": MOST,
    }
    return page(request, "tariff", context)


@require_GET
@signed_in
def commodity(request: HttpRequest, who: Visitor, code: str) -> HttpResponse:
    """One code on one day: its place, every rate with its law, and the codes below it."""
    if not who.may("read_tariff"):
        return not_found(request)
    country, day = _asked(request, who)
    view = tariff_of(country).as_of(day)
    found = view.commodity(code)
    language = terms.language()
    levies = packs.load(country).levies if country in packs.names() else ()
    names = {levy.tax.code: levy.names.get(language, "") for levy in levies}
    rates = rates_of(view, code, names)
    if found is None and not any(rate.measure.commodity for rate in rates):
        return page(
            request, "commodity", {"code": code, "day": day, "country": country, "missing": True}, 404
        )
    below: Sequence[Entry] = [
        entry
        for entry in _index(country, tariff_of(country).hash, day, language)
        if entry.code.startswith(code) and entry.code != code
    ][:MOST]
    context = {
        "code": code,
        "name": _name(found.names, language) if found else "",
        "units": found.units if found else (),
        "above": [(one.code, _name(one.names, language)) for one in reversed(view.ancestors(code))],
        "below": below,
        "rates": rates,
        "day": day,
        "country": country,
        "declarable": view.is_declarable(code),
        "editions": list(view.editions),
        **computed(country, code, day, request.GET, shown_rate),
    }
    return page(request, "commodity", context)


@require_GET
@signed_in
def penalties(request: HttpRequest, who: Visitor) -> HttpResponse:
    """Every breach that the law of a day knows, and what it costs; what was not read says so."""
    if not who.may("read_tariff"):
        return not_found(request)
    asked, day = request.GET.get("nuoc", who.pack.code), day_read(request.GET.get("ngay", "")) or who.day
    pack = packs.load(asked) if asked in packs.names() else who.pack
    language = terms.language()
    rows = [
        (row, _name(row.names, language), _fine(row, pack.decimals))
        for row in as_of(pack.dues.penalties, day)
    ]
    land = pack.names.get(language, pack.code)
    context = {"rows": rows, "day": day, "country": pack.code, "land": land, "money_of": pack.currency}
    return page(request, "penalties", context)


def _fine(row: PenaltyRow, decimals: int) -> str:
    """A fine as it is read; "" where it was not read in its act."""
    if row.least_share_ppm is not None:
        least, most = percent_ppm(row.least_share_ppm), percent_ppm(row.most_share_ppm or row.least_share_ppm)
        text = said("fine_share_one" if least == most else "fine_share", least=least, most=most)
        floor = row.floor_minor
        return f"{text}, {said('fine_floor', floor=amount(floor, decimals))}" if floor else text
    if row.least_minor is None or row.most_minor is None:
        return ""
    return f"{amount(row.least_minor, decimals)} – {amount(row.most_minor, decimals)}"


def _asked(request: HttpRequest, who: Visitor) -> tuple[str, date]:
    """The country and the day of the address, else the site's own and today."""
    country = request.GET.get("nuoc", who.pack.code)
    known = countries()
    day = day_read(request.GET.get("ngay", "")) or who.day
    return (country if country in known else who.pack.code), day


urlpatterns = [
    path("bieu-thue", tariff, name="tariff"),
    path("bieu-thue/<str:code>", commodity, name="commodity"),
    path("xu-phat", penalties, name="penalties"),
]
