"""The grammar of printed rates: the text of a cell → duties, or the reason why it cannot be read.

One grammar for all countries; the words come from a table (`RateWords`), so a new tariff is a new table.

    cell    = "" | no-preference | for-all { ";" mark ":" for-some } | in-quota "(" out-of-quota-word ":" rate ")"
    for-all = rate [ "(-" country { "," country } ")" ] [ "(" kept-mark ")" ]
    rate    = free | number "%" share-word | duty
    duty    = sum [ at-least sum ] [ at-most sum ]
    sum     = [ "-" ] term { ( "+" | "-" ) term }
    term    = number "%" | number currency unit | currency number unit

Nothing is guessed: a text is read to its last character or it is a finding with the whole text in it. Numbers stay
integers: a rate of more than six decimals of the whole, or money that no whole number of millionths per unit (or per
hundred units) expresses, is a finding too. A ceiling takes every term behind it: in "13.8 % MAX 15 EUR/DTN - 7 EUR/DTN"
the 7 are taken from the 15, as the EU tariff's duty expressions are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ..money import MILLIONTHS, PPM, decimal_text
from .measures import FREE, Duty, Given, Share, Term
from .units import UNITS, factor

MAX_TEXT: Final = 1_000
"""Characters of a cell that are looked at; a longer one is prose."""

QUOTED: Final = 300
"""Characters of a cell that a finding quotes."""

NOT_SUBJECT: Final = "not subject"
"""How the house's own notation says that goods are not subject to a tax."""

_LARGEST_PPM: Final = 10**9
_LARGEST_MILLIONTHS: Final = 10**15
"""100,000 % and a thousand million per unit: a larger figure is a slip of the pen (and leaves int64 later)."""

_NO_WORDS: Final[Mapping[str, str]] = {}
_NO_MONEY: Final[Mapping[str, tuple[str, int]]] = {}
_NO_MARKS: Final[Mapping[str, tuple[str, ...]]] = {}


@dataclass(frozen=True, slots=True)
class RateWords:
    """The words of one country's printed rates; letter case and runs of spaces make no difference.

    decimal_marks: "." or "," or both (".,": then "1.234" is ambiguous and a finding). thousands_mark: "" for none.
    plain_is_percent: whether "5" means 5 %; only then are cells like "5/10" alternatives.
    currencies: as printed → (ISO code, millionths of its unit): {"$": ("USD", 1_000_000), "¢": ("USD", 10_000)}.
    iso_currencies: whether any three letters behind a number are a currency.
    units: what follows the money, as printed with its stroke ("/kg", "each") → unit code.
    shares: what follows "150%" → preference of the rate it is a share of. out_of_quota: the word before the rate
    outside the quota in brackets. origin_marks: a mark before a rate of its own → the countries it is for.
    kept_marks: marks in brackets that leave the rate as it is; they are reported and stay in the text.
    mojibake: whether the file is known to hold UTF-8 that was once read as Windows-1252.
    """

    decimal_marks: str = "."
    thousands_mark: str = ""
    plain_is_percent: bool = False
    free: frozenset[str] = frozenset()
    no_preference: frozenset[str] = frozenset({"*"})
    not_subject: frozenset[str] = frozenset()
    currencies: Mapping[str, tuple[str, int]] = field(default_factory=lambda: _NO_MONEY)
    iso_currencies: bool = False
    units: Mapping[str, str] = field(default_factory=lambda: _NO_WORDS)
    plus: tuple[str, ...] = ("+",)
    minus: tuple[str, ...] = ("-", "−", "–")
    at_least: tuple[str, ...] = ("min",)
    at_most: tuple[str, ...] = ("max",)
    shares: Mapping[str, str] = field(default_factory=lambda: _NO_WORDS)
    out_of_quota: frozenset[str] = frozenset()
    origin_marks: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NO_MARKS)
    kept_marks: frozenset[str] = frozenset()
    mojibake: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One of the rates that a cell gives, and for which goods. duty only for RATE and NOT_SUBJECT, derived only for
    DERIVED."""

    given: Given
    duty: Duty | None = None
    derived: Share | None = None
    origins: tuple[str, ...] = ()
    excluded_origins: tuple[str, ...] = ()
    in_quota: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What a cell says. parts: empty when nothing is given or nothing could be read. problem: code of the finding
    that says why ("" when all was read); says: its facts. notes: (code, facts) of what was repaired or kept.
    text: the cell as it was read, after repair."""

    text: str
    parts: tuple[Part, ...] = ()
    problem: str = ""
    says: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[tuple[str, Mapping[str, str]], ...] = ()


class Unread(Exception):
    """Why a text is not a rate: code of a finding and its facts."""

    def __init__(self, code: str, **says: str) -> None:
        super().__init__(code)
        self.code = code
        self.says = says


_SPACES = re.compile(r"\s+")
_STROKE = re.compile(r"\s*/\s*")
_NUMBER = r"[0-9]{1,15}(?:[.,][0-9]{1,15}){0,6}"
_EXCLUDED = re.compile(r"\s*\(\s*-\s*([a-z]{2}(?:\s*,\s*[a-z]{2})*)\s*\)")
_MARK = re.compile(r"\s*\(\s*([^()]{1,20}?)\s*\)$")
_MARKED = re.compile(r"\s*([^\s:;]{1,20})\s*:\s*(.*)")
_RATE_OR_NONE = r"(?:[0-9][0-9.,]*|\*)(?:\s*\([^()]*\))?"
_ALTERNATIVES = re.compile(rf"{_RATE_OR_NONE}(?:/{_RATE_OR_NONE})+")
_BARE_MARK = re.compile(r"[^\W\d_]{1,3}|\([^()]{1,20}\)|[^\w\s]{1,3}")
_WORDS = re.compile(r"[^\W\d_]{3,}")
_FOREIGN = re.compile("[\u0080-\uffff]+")


def collapsed(text: str) -> str:
    """Runs of spaces of any kind (also non-breaking) as one space, none at the ends."""
    return _SPACES.sub(" ", text).strip()


def repaired(text: str) -> str:
    """UTF-8 that was once read as Windows-1252, made whole again ("Â¢" → "¢", "MatÃ©" → "Maté").

    Only runs of foreign characters that are valid UTF-8 in that reading are changed; everything else stays.
    """
    return _FOREIGN.sub(_rerun, text)


def _rerun(found: re.Match[str]) -> str:
    run = found[0]
    octets = bytearray()
    for character in run:
        if ord(character) < 256:
            octets.append(ord(character))
            continue
        try:
            octets += character.encode("cp1252")
        except UnicodeEncodeError:
            return run
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return run


class RateReader:
    """Reads the cells of one tariff. Holds the compiled words and what it has read already: texts repeat."""

    def __init__(self, words: RateWords) -> None:
        self.words = words
        self._read: dict[str, Reading] = {}
        self._free = {collapsed(word).casefold() for word in words.free}
        self._none = {collapsed(word).casefold() for word in words.no_preference}
        self._outside = {collapsed(word).casefold() for word in words.not_subject}
        self._currencies = {symbol.casefold(): money for symbol, money in words.currencies.items()}
        self._units = {_joined(printed).casefold(): code for printed, code in words.units.items()}
        self._shares = {collapsed(word).casefold(): preference for word, preference in words.shares.items()}
        self._marks = {mark.casefold(): countries for mark, countries in words.origin_marks.items()}
        self._kept = {mark.casefold() for mark in words.kept_marks}
        self._signs = {
            **dict.fromkeys((word.casefold() for word in words.plus), "+"),
            **dict.fromkeys((word.casefold() for word in words.minus), "-"),
            **dict.fromkeys((word.casefold() for word in words.at_least), "min"),
            **dict.fromkeys((word.casefold() for word in words.at_most), "max"),
        }
        self._term = self._compiled_term()
        self._sign = re.compile(rf" ?({_any_of(self._signs)}) ?")
        self._share = re.compile(rf"({_NUMBER}) ?% ?({_any_of(self._shares)})") if self._shares else None
        outside = _any_of(word.casefold() for word in words.out_of_quota)
        self._quota = re.compile(rf"([^()]+)\( ?(?:{outside}) ?: ?([^()]+)\)") if outside else None

    def _compiled_term(self) -> re.Pattern[str]:
        symbols = [re.escape(symbol) for symbol in sorted(self._currencies, key=len, reverse=True)]
        behind = [*symbols, *(["[a-z]{3}"] if self.words.iso_currencies else [])]
        money = [rf"(?P<before>{'|'.join(symbols)}) ?(?P<after_it>{_NUMBER})"] if symbols else []
        money += [rf"(?P<number>{_NUMBER}) ?(?P<behind>{'|'.join(behind)})"] if behind else []
        unit = rf"(?: ?(?P<unit>{_any_of(self._units)})(?!\w))?"
        priced = rf"|(?:{'|'.join(money)}){unit}" if money else ""
        return re.compile(rf"(?P<percent>{_NUMBER}) ?%{priced}")

    def read(self, text: str) -> Reading:
        """What a cell says; the same text always gives the same answer."""
        known = self._read.get(text)
        if known is None:
            known = self._read[text] = self._reading(text)
        return known

    def _reading(self, text: str) -> Reading:
        notes: list[tuple[str, Mapping[str, str]]] = []
        whole = collapsed(text)
        if self.words.mojibake:
            mended = repaired(whole)
            if mended != whole:
                notes.append(("TARIFF_TEXT_REPAIRED", {"was": whole[:QUOTED], "read": mended[:QUOTED]}))
                whole = mended
        try:
            if len(whole) > MAX_TEXT:
                raise Unread("RATE_IN_WORDS")
            parts = self._cell(_joined(whole).casefold(), notes)
        except Unread as why:
            return Reading(whole, (), why.code, {"text": whole[:QUOTED], **why.says}, tuple(notes))
        return Reading(whole, parts, notes=tuple(notes))

    def _cell(self, text: str, notes: list[tuple[str, Mapping[str, str]]]) -> tuple[Part, ...]:
        if text == "":
            return ()
        if self.words.plain_is_percent and any(_ALTERNATIVES.fullmatch(s) for s in _unmarked(text)):
            raise Unread("RATE_ALTERNATIVES")
        first, *rest = text.split(";")
        if not rest:
            return self._for_all(first.strip(), notes)
        some: list[Part] = []
        for piece in rest:
            marked = _MARKED.fullmatch(piece)
            if marked is None or marked[1] not in self._marks:
                raise _unread(text)
            some += self._given(marked[2].strip(), origins=self._marks[marked[1]])
        apart = tuple(country for part in some for country in part.origins)
        if len(set(apart)) < len(apart):
            raise Unread("RATE_UNREADABLE")
        return (*self._given(first.strip(), excluded=apart), *some)

    def _for_all(self, text: str, notes: list[tuple[str, Mapping[str, str]]]) -> tuple[Part, ...]:
        quota = self._quota.fullmatch(text) if self._quota else None
        if quota is not None:
            (inside,), (outside,) = self._given(quota[1].strip()), self._given(quota[2].strip())
            return Part(inside.given, inside.duty, inside.derived, in_quota=True), outside
        while (mark := _MARK.search(text)) is not None and mark[1] in self._kept:
            notes.append(("RATE_MARK_KEPT", {"mark": mark[1].upper(), "text": text[:QUOTED]}))
            text = text[: mark.start()].strip()
        excluded = _EXCLUDED.search(text)
        if excluded is None:
            return self._given(text)
        if excluded.end() != len(text):
            raise _unread(text)
        countries = tuple(country.strip().upper() for country in excluded[1].split(","))
        if len(set(countries)) < len(countries):
            raise Unread("RATE_UNREADABLE")
        return self._given(text[: excluded.start()].strip(), excluded=tuple(sorted(countries)))

    def _given(self, text: str, origins: tuple[str, ...] = (), excluded: tuple[str, ...] = ()) -> tuple[Part]:
        if text in self._none:
            return (Part(Given.NO_PREFERENCE, None, None, origins, excluded),)
        if text in self._outside:
            return (Part(Given.NOT_SUBJECT, FREE, None, origins, excluded),)
        if text in self._free:
            return (Part(Given.RATE, FREE, None, origins, excluded),)
        share = self._share.fullmatch(text) if self._share else None
        if share is not None:
            derived = Share(self._percent(share[1]), self._shares[share[2]])
            return (Part(Given.DERIVED, None, derived, origins, excluded),)
        if self.words.plain_is_percent and re.fullmatch(_NUMBER, text):
            text += "%"
        return (Part(Given.RATE, self.duty(text), None, origins, excluded),)

    def duty(self, text: str) -> Duty:
        """A duty expression, already joined and in lower case. Unread when it is none."""
        sections: dict[str, list[Term]] = {"base": []}
        section = "base"
        sign, at = self._leading(text, 0)
        while True:
            found = self._term.match(text, at)
            if found is None:
                raise _unread(text)
            sections[section].append(self._one(found, sign, text))
            at = found.end()
            if at == len(text):
                break
            joint = self._sign.match(text, at)
            if joint is None:
                raise _unread(text)
            at, meaning = joint.end(), self._signs[joint[1]]
            sign = -1 if meaning == "-" else 1
            if meaning in ("min", "max"):
                if meaning in sections:
                    raise Unread("RATE_UNREADABLE")
                section = meaning
                sections[section] = []
                sign, at = self._leading(text, at)
        return Duty(tuple(sections["base"]), tuple(sections.get("min", ())), tuple(sections.get("max", ())))

    def _leading(self, text: str, at: int) -> tuple[int, int]:
        """The sign that a sum starts with, and where it goes on."""
        sign = self._sign.match(text, at)
        return (-1, sign.end()) if sign is not None and self._signs[sign[1]] == "-" else (1, at)

    def _one(self, found: re.Match[str], sign: int, text: str) -> Term:
        groups = found.groupdict()
        if groups["percent"] is not None:
            return Term(rate_ppm=self._percent(groups["percent"]), sign=sign)
        symbol = groups.get("before") or groups["behind"]
        amount = groups.get("after_it") or groups["number"]
        printed = groups["unit"]
        if printed is None:
            unknown = text[found.end() :].strip()
            raise (
                _unread(text)
                if not unknown.startswith("/")
                else Unread("TARIFF_UNIT_UNKNOWN", unit=unknown[:60])
            )
        unit = self._units[printed]
        currency, size = self._currencies.get(symbol) or (symbol.upper(), MILLIONTHS)
        try:
            return Term(
                specific_millionths=self._scaled(amount, size), currency=currency, unit=unit, sign=sign
            )
        except Unread as why:
            hundred = _HUNDREDFOLD.get(unit)
            if why.code != "RATE_TOO_PRECISE" or hundred is None:
                raise
            scaled = self._scaled(amount, size * 100)
            return Term(specific_millionths=scaled, currency=currency, unit=hundred, sign=sign)

    def _percent(self, number: str) -> int:
        return self._scaled(number, PPM // 100, _LARGEST_PPM)

    def _scaled(self, number: str, size: int, most: int = _LARGEST_MILLIONTHS) -> int:
        """A printed number × size as an integer. Unread when it is not whole, or could be read in two ways."""
        plain = number
        if self.words.thousands_mark and self.words.thousands_mark in number:
            whole, mark, decimals = number.partition(self.words.decimal_marks)
            first, *groups = whole.split(self.words.thousands_mark)
            if len(first) > 3 or any(len(group) != 3 for group in groups):
                raise Unread("RATE_UNREADABLE")
            plain = first + "".join(groups) + mark + decimals
        digits, *fraction = re.split(r"[.,]", plain)
        if len(fraction) > 1 or any(m not in self.words.decimal_marks for m in plain if not m.isdigit()):
            raise Unread("RATE_UNREADABLE")
        decimals = fraction[0] if fraction else ""
        if len(self.words.decimal_marks) > 1 and len(decimals) == 3 and not digits.startswith("0"):
            raise Unread("RATE_NUMBER_AMBIGUOUS", number=number)
        scaled, rest = divmod(int(digits + decimals) * size, int(10 ** len(decimals)))
        if rest:
            raise Unread("RATE_TOO_PRECISE")
        if scaled > most:
            raise Unread("RATE_UNREADABLE")
        return scaled


_HUNDREDFOLD: Final = {
    small: large
    for small, unit in UNITS.items()
    for large, other in UNITS.items()
    if unit.bases == other.bases
    and factor(large, small) == (100, 1)
    and large in ("DTN", "HLT", "CEN", "DTN_DEGREE")
}


def _joined(text: str) -> str:
    return _STROKE.sub("/", collapsed(text))


def _any_of(words: Iterable[str]) -> str:
    """A pattern of alternatives, longest first ("/kg drained" before "/kg"); a word ends where its letters end."""
    ends = ((word, r"(?!\w)" if word[-1:].isalpha() else "") for word in words)
    return "|".join(re.escape(word) + end for word, end in sorted(ends, key=lambda pair: -len(pair[0])))


def _unmarked(text: str) -> list[str]:
    """The rates of a cell without their marks: "0/1,8; m: 0/2,7" → ["0/1,8", "0/2,7"]."""
    return [piece.rpartition(":")[2].strip() for piece in text.split(";")]


def _unread(text: str) -> Unread:
    """The kind of text that is not a rate: prose, a bare mark, or something else."""
    if len(_WORDS.findall(text)) >= 3:
        return Unread("RATE_IN_WORDS")
    marks = re.findall(r"\(([^()-][^()]{0,19})\)$", text)
    if _BARE_MARK.fullmatch(text) or marks:
        return Unread("RATE_MARK_UNKNOWN", mark=(marks or [text])[0].strip().upper())
    return Unread("RATE_UNREADABLE")


# The house's own notation: ISO 4217 currencies, unit codes of the unit table, and the EU tariff's spellings of them.

_EU_SPELLINGS: Final = {
    "/kg": "KGM",
    "/100 kg": "DTN",
    "/t": "TNE",
    "/l": "LTR",
    "/hl": "HLT",
    "/m2": "MTK",
    "/m3": "MTQ",
    "/p/st": "NAR",
    "/100 p/st": "CEN",
    "/1000 p/st": "MIL",
    "/% vol/hl": "ASVX",
    "/% vol hl": "ASVX",
    "/l alc. 100%": "LPA",
    "/100 kg/net/% sacchar.": "DTNZ",
    "/100 kg/net eda": "DTNE",
    "/100 kg/net mas": "DTNM",
    "/100 kg/br": "DTNG",
    "/pa": "NPR",
    "/MWh": "MWH",
    "/TJ": "TJO",
}

PLAIN_WORDS: Final = RateWords(
    plain_is_percent=True,
    free=frozenset({"free"}),
    not_subject=frozenset({NOT_SUBJECT}),
    iso_currencies=True,
    units={**{f"/{code}": code for code in UNITS}, **_EU_SPELLINGS},
)

_PLAIN: Final = RateReader(PLAIN_WORDS)

_WRITTEN_UNIT: Final = re.compile(r"/([A-Z0-9_]+)")


def parse_duty(text: str) -> Duty:
    """A duty in the house's notation: "13.8 % MIN 13 EUR/DTN MAX 15 EUR/DTN". Unread when it is none."""
    return _PLAIN.duty(_joined(text).casefold())


def parse_written(texts: Sequence[str]) -> tuple[Duty, ...]:
    """Duties as `duty_text` wrote them, a country's own units among them: those a text names, by their codes."""
    listed = [_joined(text).casefold() for text in texts]
    own = {f"/{code}": code for text in texts for code in _WRITTEN_UNIT.findall(text)}
    reader = RateReader(replace(PLAIN_WORDS, units={**PLAIN_WORDS.units, **own}))
    return tuple(reader.duty(text) for text in listed)


def duty_text(duty: Duty) -> str:
    """A duty in the house's notation; `parse_duty` gives the same duty back. One text for one duty."""
    text = _sum_text(duty.base)
    if duty.at_least:
        text += f" MIN {_sum_text(duty.at_least)}"
    if duty.at_most:
        text += f" MAX {_sum_text(duty.at_most)}"
    return text


def _sum_text(terms: tuple[Term, ...]) -> str:
    text = ""
    for number, term in enumerate(terms):
        sign = ("- " if term.sign < 0 else "") if number == 0 else (" - " if term.sign < 0 else " + ")
        text += sign + term_text(term)
    return text


def term_text(term: Term) -> str:
    """One term without its sign: "6.5 %", "15 EUR/DTN"."""
    if term.unit:
        return f"{decimal_text(term.specific_millionths)} {term.currency}/{term.unit}"
    return f"{decimal_text(term.rate_ppm, 4)} %"
