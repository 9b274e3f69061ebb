"""Figures as people and programs of many countries print them: one plain decimal, or the reason why it is none.

A point or a comma may be the decimal mark, the other one, a space or an apostrophe the mark of thousands. What a figure
shows by itself counts ("1.234,50", "12,5", "1,234,567"). "1,234" and "1.234" show nothing by themselves: the other
figures of the file say what their mark is, and where those do not, or contradict each other, a comma is refused. A
point alone is a decimal point unless the file writes decimal commas only.
"""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Final

from ..money import BadNumber

_SPACED: Final = re.compile(r"[+-]?\d{1,3}(?:[ \u00a0\u2009\u202f'’]\d{3})+(?:[.,]\d*)?", re.ASCII)
_SPACES: Final = re.compile(r"[ \u00a0\u2009\u202f'’]")
_ZERO: Final = re.compile(r"[+-]?(?:0+(?:[.,]0*)?|[.,]0+)", re.ASCII)
_DOUBLE: Final = re.compile(r"([+-]?)(\d{1,17})\.(\d{1,17})[eE]([+-]?\d{1,2})", re.ASCII)
_BARE_POINT: Final = re.compile(r"([+-]?)(\d*)\.(\d*)", re.ASCII)
_UNDECIDED: Final = re.compile(r"[+-]?[1-9]\d{0,2}([.,])\d{3}", re.ASCII)
"""A mark that may be of thousands or of decimals."""

_GROUPED: Final = {
    ".": re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?", re.ASCII),
    ",": re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+(?:,\d*)?", re.ASCII),
}
"""Decimal mark → a figure with the other mark as that of thousands."""
_DECIMAL: Final = {
    ".": re.compile(r"[+-]?(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d{1,2})?", re.ASCII),
    ",": re.compile(r"[+-]?(?:\d+,\d*|,\d+)", re.ASCII),
}
_OTHER: Final = {".": ",", ",": "."}


def decimal_mark_shown(text: str) -> set[str]:
    """The decimal mark that a figure can only have; nothing where it has none or leaves that open."""
    text = _unspaced(text)
    if _UNDECIDED.fullmatch(text) or _ZERO.fullmatch(text):
        return set()
    return {mark for mark in ".," if _DECIMAL[mark].fullmatch(text) or _GROUPED[mark].fullmatch(text)}


def plain_decimal(text: str, marks: Set[str] = frozenset()) -> str:
    """A figure as a plain decimal with a point; what is no figure comes back as it is, for `money.scaled` to refuse.

    marks: the decimal marks that the other figures of the file show. What Java prints of a double ("1.25E7") is moved
    by its exponent, ".5" and "5." are filled. BadNumber(NUMBER_AMBIGUOUS) where nothing says what a mark is.
    """
    text = _unspaced(text)
    if _ZERO.fullmatch(text):
        return _filled(text.replace(",", "."))
    if matched := _UNDECIDED.fullmatch(text):
        mark = matched[1]
        if len(marks) == 1:
            (decimal,) = marks
            return text.replace(mark, "." if mark == decimal else "")
        if mark == "," or marks:
            raise BadNumber("NUMBER_AMBIGUOUS", text)
        return text
    for mark, other in _OTHER.items():
        if _GROUPED[mark].fullmatch(text):
            return _filled(text.replace(other, "").replace(mark, "."))
    return _filled(text.replace(",", ".") if _DECIMAL[","].fullmatch(text) else text)


def _unspaced(text: str) -> str:
    text = text.strip(" \t\r\n\u00a0\u2009\u202f")
    return _SPACES.sub("", text) if _SPACED.fullmatch(text) else text


def _filled(text: str) -> str:
    """No exponent makes more than a hundred figures of it."""
    if matched := _DOUBLE.fullmatch(text):
        sign, whole, fraction, exponent = matched[1], matched[2], matched[3], int(matched[4])
        digits = whole + fraction
        point = len(whole) + exponent
        digits, point = "0" * max(-point, 0) + digits, max(point, 0)
        digits = digits.ljust(point, "0")
        return f"{sign}{digits[:point].lstrip('0') or '0'}.{digits[point:].rstrip('0') or '0'}"
    if (matched := _BARE_POINT.fullmatch(text)) and (matched[2] or matched[3]):
        return f"{matched[1]}{matched[2] or '0'}.{matched[3].rstrip('0') or '0'}"
    return text
