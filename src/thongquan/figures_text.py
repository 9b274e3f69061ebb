"""How figures of a review are written: amounts, shares, dates, durations and ordinals, in Vietnamese and English.

Every figure comes in exact and is rounded once, here, halves away from zero. Two things are never rounded away: a
share that is not the whole never prints as 100 %, and something never prints as 0. Missing prints as missing.
The forms are those of the service's own reports and of Decree 30/2020/ND-CP: decimal comma, dot between thousands, no
space before %.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Final, cast

from .engine.indicators.periods import Calendar
from .engine.indicators.value import Nature
from .engine.money import decimal_text, half_up

if TYPE_CHECKING:
    from .engine.indicators.claims import Claim
    from .engine.indicators.periods import Span
    from .words import Language

BILLION: Final = 1_000_000_000
MILLION: Final = 1_000_000

_MISSING: Final = {"vi": "chưa có số liệu", "en": "not reported"}
_ORDINALS_VI: Final = ("nhất", "hai", "ba", "tư", "năm", "sáu", "bảy", "tám", "chín", "mười")
_MONTHS_EN: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def rounded(value: Fraction | int, decimals: int) -> int:
    """An exact figure in units of 10^-decimals, halves away from zero."""
    exact = Fraction(value) * 10**decimals
    return int(half_up(exact.numerator, exact.denominator))


def figure(value: Fraction | int | None, language: Language, decimals: int = 0) -> str:
    """A plain figure: 6718 → "6.718", 713.67 with one decimal → "713,7"."""
    if value is None:
        return _MISSING[language]
    return _written(rounded(value, decimals), decimals, language)


def _written(scaled: int, decimals: int, language: Language) -> str:
    text = decimal_text(scaled, decimals, at_least=decimals)
    sign, digits = ("−", text[1:]) if text.startswith("-") else ("", text)
    whole, _, rest = digits.partition(".")
    grouped = f"{int(whole):,}" + (f".{rest}" if rest else "")
    return sign + (grouped.translate(str.maketrans(",.", ".,")) if language == "vi" else grouped)


def percent(share: Fraction | int | None, language: Language, decimals: int = 0) -> str:
    """A share as a percentage: 0.707158 → "71%" or "70,7%".

    What is not all of it takes as many decimals as it needs not to print as 100 % (or as 0 %): 0.9996 → "99,96%". A
    share so near that eight decimals do not tell it says so: "gần 100%".
    """
    if share is None:
        return _MISSING[language]
    exact = Fraction(share) * 100
    for places in range(decimals, 9):
        scaled = rounded(exact, places)
        if _honest(exact, scaled, 10**places):
            return _written(scaled, places, language) + "%"
    near = "100%" if exact > 50 else "0%"
    return f"gần {near}" if language == "vi" else f"nearly {near}"


def _honest(exact: Fraction, scaled: int, one: int) -> bool:
    return (scaled == 0) == (exact == 0) and (scaled == 100 * one) == (exact == 100)


def billions(minor: Fraction | int | None, language: Language, decimals: int = 0, unit: int = BILLION) -> str:
    """An amount of đồng in billions: "6.718 tỷ đồng". unit: minor units in a billion."""
    if minor is None:
        return _MISSING[language]
    written = figure(Fraction(minor) / unit, language, decimals)
    return f"{written} tỷ đồng" if language == "vi" else f"VND {written} billion"


def million_dollars(cents: Fraction | int | None, language: Language, decimals: int = 0) -> str:
    """An amount of US cents in millions of dollars: "4.110 triệu USD"."""
    if cents is None:
        return _MISSING[language]
    written = figure(Fraction(cents) / (100 * MILLION), language, decimals)
    return f"{written} triệu USD" if language == "vi" else f"USD {written} million"


def billion_dollars(cents: Fraction | int | None, language: Language, decimals: int = 2) -> str:
    """An amount of US cents in billions of dollars: "4,11 tỷ USD"."""
    if cents is None:
        return _MISSING[language]
    written = figure(Fraction(cents) / (100 * BILLION), language, decimals)
    return f"{written} tỷ USD" if language == "vi" else f"USD {written} billion"


def long_date(day: date, language: Language) -> str:
    """ "ngày 07 tháng 7 năm 2020": days below 10, and the months January and February, take a leading zero
    (Decree 30/2020/ND-CP, annex I), so that nobody adds a digit."""
    if language == "en":
        return f"{day.day} {_MONTHS_EN[day.month - 1]} {day.year}"
    return f"ngày {day.day:02d} tháng {_month(day)} năm {day.year}"


def short_date(day: date, language: Language) -> str:
    """ "07/7/2020" by the same rule."""
    return f"{day.day:02d}/{_month(day)}/{day.year}" if language == "vi" else day.isoformat()


def days_between(first: date, last: date) -> str:
    """ "15-16/7/2020": days of one month, and otherwise both dates in full."""
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day:02d}-{last.day:02d}/{_month(last)}/{last.year}"
    return f"{short_date(first, 'vi')}-{short_date(last, 'vi')}"


def _month(day: date) -> str:
    return f"{day.month:02d}" if day.month <= 2 else str(day.month)


def duration(microseconds: Fraction | int | None, language: Language) -> str:
    """ "10 giờ 5 phút 48 giây", to the whole second; hours are not made into days; a part that is 0 is left out, except
    that nothing at all is "0 giây"."""
    if microseconds is None:
        return _MISSING[language]
    sign, hours, minutes, seconds = _clock(microseconds)
    names = ("giờ", "phút", "giây") if language == "vi" else ("h", "min", "s")
    told = [f"{n} {name}" for n, name in zip((hours, minutes, seconds), names, strict=True) if n]
    return sign + (" ".join(told) or f"0 {names[2]}")


def short_duration(microseconds: Fraction | int | None, language: Language) -> str:
    """ "10h05'48\""; below an hour "31'06\""."""
    if microseconds is None:
        return _MISSING[language]
    sign, hours, minutes, seconds = _clock(microseconds)
    return f"{sign}{hours}h{minutes:02d}'{seconds:02d}\"" if hours else f"{sign}{minutes:02d}'{seconds:02d}\""


def _clock(microseconds: Fraction | int) -> tuple[str, int, int, int]:
    whole = rounded(Fraction(microseconds) / MILLION, 0)
    minutes, seconds = divmod(abs(whole), 60)
    hours, minutes = divmod(minutes, 60)
    return "−" if whole < 0 else "", hours, minutes, seconds


def ordinal(number: int, language: Language) -> str:
    """In words, as of conferences and years in a row: "thứ hai", "thứ tư", "thứ 11" from eleven on."""
    if language == "en":
        ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        return f"{number}{ending}"
    return f"thứ {_ORDINALS_VI[number - 1]}" if 1 <= number <= len(_ORDINALS_VI) else f"thứ {number}"


def place(number: int, language: Language) -> str:
    """Of a place in a table: "thứ 7"."""
    return f"thứ {number}" if language == "vi" else ordinal(number, "en")


def roman(number: int) -> str:
    """Of congresses and terms: 13 → "XIII". From 1 to 3999."""
    if not 1 <= number <= 3999:
        raise ValueError(f"{number} has no Roman figure")
    values = (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1)
    signs = ("M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I")
    written = ""
    for worth, sign in zip(values, signs, strict=True):
        count, number = divmod(number, worth)
        written += sign * count
    return written


def said(
    claim: Claim, language: Language, *, decimals: int = 0, money_decimals: int = 0, **names: str
) -> str:
    """A claim as a phrase of the review: "tăng 19% so với cùng kỳ", "đứng thứ 7 trên 35 đơn vị, …".

    decimals: of its shares; money_decimals: of its amounts, which are minor units of đồng. names: the reader's word
    for an authority, or for the code of an indicator. An estimate and a plan say that they are.
    """
    from . import words

    def known(fact: str) -> str:
        return names.get(fact, fact)

    written: dict[str, str] = {}
    for name, fact in claim.says.items():
        if name in ("share", "over"):
            written[name] = percent(cast("Fraction | int | None", fact), language, decimals)
        elif name in (
            "target",
            "remaining",
            "a_month",
            "so_far",
            "expected",
            "actual",
            "now",
            "before",
            "difference",
        ):
            written[name] = billions(cast("Fraction | int | None", fact), language, money_decimals)
        elif name == "basis" and claim.code.startswith("PLACE"):
            written[name] = words.word("rank_basis", str(fact), language)
        elif name == "place":
            written[name] = place(cast("int", fact), language)
        elif name == "years":
            written[name] = ordinal(cast("int", fact), language)
        elif isinstance(fact, tuple):
            written[name] = ", ".join(map(known, fact))
        elif isinstance(fact, int):
            written[name] = figure(fact, language)
        else:
            written[name] = known(str(fact))
    phrase = words.word("claim", claim.code, language).format_map(written)
    if claim.nature is Nature.ESTIMATED:
        return f"{words.word('nature', claim.nature, language)} {phrase}"
    return phrase


def period(of: Span, language: Language) -> str:
    """A period as a review names it: "6 tháng đầu năm 2020", "quý II năm 2020", "nhiệm kỳ 2020-2025"."""
    year, _, rest = of.code.partition("-")
    vi = language == "vi"
    if of.calendar is Calendar.TERM:
        return f"nhiệm kỳ {of.code}" if vi else f"term {of.code}"
    if not rest:
        return f"năm {year}" if vi else year
    if rest.startswith("H"):
        if vi:
            return f"6 tháng {'đầu' if rest == 'H1' else 'cuối'} năm {year}"
        return f"{'first' if rest == 'H1' else 'second'} half of {year}"
    if rest == "9M":
        return f"9 tháng đầu năm {year}" if vi else f"first nine months of {year}"
    if rest.startswith("Q"):
        number = int(rest[1])
        return f"quý {roman(number)} năm {year}" if vi else f"{ordinal(number, 'en')} quarter of {year}"
    return f"tháng {int(rest)} năm {year}" if vi else f"{_MONTHS_EN[int(rest) - 1]} {year}"
