"""What templates may say and how: every word from the library of words, every figure and day as people here write it.

A template holds no word of its own; a test reads them all for one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django import template
from django.conf import settings
from django.utils import timezone

from ... import words as library
from ...engine.findings import Finding
from ...engine.money import MILLIONTHS
from ...packs import pack as packs
from . import terms

register = template.Library()

PAGE = "page"


def said(key: str, **facts: object) -> str:
    """A sentence of the pages in the reader's language."""
    return library.word(PAGE, key, terms.language()).format_map(facts)


def named(kind: str, identifier: str) -> str:
    """The reader's word for a state, an act, a channel …; the identifier itself where a country has its own."""
    try:
        return library.word(kind, str(identifier), terms.language())
    except KeyError:
        return str(identifier)


def grouped(digits: str) -> str:
    """Whole digits in groups of three: 1.234.567 in Vietnamese, 1,234,567 in English."""
    shown = f"{int(digits):,}"
    return shown.replace(",", ".") if terms.language() == "vi" else shown


def decimal(units: int, decimals: int, *, least: int = 0) -> str:
    """An integer of 10**-decimals as people write it; `least` decimals stay even when they are zero."""
    whole, rest = divmod(abs(units), 10**decimals)
    tail = f"{rest:0{decimals}d}"[:decimals] if decimals else ""
    while len(tail) > least and tail.endswith("0"):
        tail = tail[:-1]
    point = "," if terms.language() == "vi" else "."
    return f"{'−' if units < 0 else ''}{grouped(str(whole))}{point + tail if tail else ''}"


def amount(minor: int, decimals: int) -> str:
    """Money in minor units."""
    return decimal(minor, decimals, least=decimals)


@register.simple_tag
def say(key: str, **facts: object) -> str:
    return said(key, **facts)


@register.filter
def word(identifier: str, kind: str) -> str:
    return named(kind, identifier)


def spoken(finding: Finding) -> Finding:
    """A finding whose facts are written as people write them: days d/m/Y, money with its groups and decimals."""
    says = {name: _written(name, fact) for name, fact in finding.says.items()}
    return replace(finding, says=says)


_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def _written(name: str, fact: str) -> str:
    if _DAY.fullmatch(fact):
        year, month, of_month = fact.split("-")
        return f"{of_month}/{month}/{year}"
    if name.endswith("_minor") and fact.lstrip("-").isdecimal():
        return amount(int(fact), packs.load(settings.PACK).decimals)
    if (name, fact) == ("preference", "general"):
        return said("general")
    return fact


@register.filter
def sentence(finding: Finding) -> str:
    return terms.sentence(spoken(finding))


@register.filter
def remedy(finding: Finding) -> str:
    return terms.remedy(spoken(finding))


@register.filter
def money(minor: int | None, decimals: int) -> str:
    """Minor units of a currency with so many decimals; "…" while an amount is pending."""
    return "…" if minor is None else amount(minor, decimals)


@register.filter
def percent_ppm(ppm: int) -> str:
    """Parts per million as per cent: 300 is "0,03 %"."""
    return f"{decimal(ppm, 4)} %"


@register.filter
def whole(number: int | None) -> str:
    return "" if number is None else decimal(number, 0)


@register.filter
def figure(millionths: int | None) -> str:
    """Millionths of a unit, without zeros at the end."""
    return "" if millionths is None else decimal(millionths, len(str(MILLIONTHS)) - 1)


@register.filter
def day(value: date | None) -> str:
    """d/m/Y; of an instant, its day in the zone of the site's law."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = timezone.localtime(value).date() if value.tzinfo else value.date()
    return f"{value:%d/%m/%Y}"


def day_read(text: str) -> date | None:
    """A day as people write it (31/12/2026) or as machines do (2026-12-31); None for anything else."""
    written = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text.strip(), re.ASCII)
    try:
        if written:
            return date(int(written[3]), int(written[2]), int(written[1]))
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) else None
    except ValueError:
        return None


@register.filter
def clock(value: datetime | None) -> str:
    """d/m/Y H:M in the zone of the site's law."""
    return "" if value is None else f"{timezone.localtime(value):%d/%m/%Y %H:%M}"


@register.filter
def brief(value: datetime | None) -> str:
    """d/m H:M in the zone of the site's law, where the year is plain."""
    return "" if value is None else f"{timezone.localtime(value):%d/%m %H:%M}"


@register.filter
def spaced(number: str) -> str:
    """A customs number in groups, so that it can be read out: 107 2284 18877, 26ZZ 0001 0000 0017."""
    if number.isdecimal() and len(number) in (11, 12):
        return f"{number[:3]} {number[3:7]} {number[7:]}"
    return (
        " ".join(number[place : place + 4] for place in range(0, len(number), 4))
        if len(number) > 8
        else number
    )


@register.filter
def at(mapping: Mapping[Any, Any], key: Any) -> Any:
    """The entry of a mapping, "" where it has none."""
    return mapping.get(key, "")


MARKS = {"RED": "■", "YELLOW": "▲", "GREEN": "●"}


@register.inclusion_tag("thongquan/channel.html")
def channel_mark(name: str) -> dict[str, str]:
    """A channel as a mark and a word: never a colour alone."""
    return {"name": name or "none", "mark": MARKS.get(name, ""), "told": name}


@register.simple_tag
def time_left(time: Any) -> str:
    """Working time left of a legal time: minutes below two hours, hours below ten, else the day on which it ends."""
    if time.seconds < 2 * 3600:
        return said("left_minutes", minutes=-(-time.seconds // 60))
    if time.seconds < 10 * 3600:
        return said("left_hours", hours=decimal(time.seconds * 10 // 3600, 1))
    return said("left_until", at=clock(time.due))


@register.filter
def words(text: str) -> list[str]:
    return text.split()


@register.filter
def field(record: Any, name: str) -> Any:
    """A field of a record by its name."""
    return getattr(record, name)
