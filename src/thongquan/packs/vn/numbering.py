"""Numbers of customs declarations: twelve digits of one series for the whole country.

The first digit tells import (1) from export (3), ten digits count, and the last one counts the amendments: 0 as
registered, up to 9 (38/2015/TT-BTC, annex II; the first digit is read off printed declarations and not verified). A
declaration is kept under its number as registered; its papers show the digit of the version that they print. The
number has no check digit, so a slip of the pen is not seen from it alone.
"""

from __future__ import annotations

import re
from typing import Final

from ..pack import EXPORT, IMPORT, Kind, Pack

FIRST_DIGITS: Final = {IMPORT: "1", EXPORT: "3"}
TRIAL_DIGITS: Final = {"1": "7", "3": "9"}
"""What a sandbox writes first: no real declaration begins so."""
SEQUENCE_WIDTH: Final = 10
MOST_AMENDMENTS: Final = 9
"""What one digit can count; from then on it stays at nine, and the versions go on being counted here."""
NEVER_AGAIN: Final = 0
"""Year of a series that does not begin again."""

_NUMBER: Final = re.compile(r"[13]\d{11}", re.ASCII)
_PRINTED: Final = re.compile(r"[1379]\d{11}", re.ASCII)
_OFFICE: Final = re.compile(r"\d\d[0-9A-Z]{2}(?:[0-9A-Z]{2})?", re.ASCII)
"""An office of four characters, with its team (two more) where one is named."""


class NationalNumbers(Pack):
    """The part of the country that numbers declarations."""

    def series(self, office: str, year: int, kind: Kind | None) -> tuple[str, int]:
        """One series for the imports of the country and one for its exports, which never begin again."""
        return (EXPORT if kind is not None and kind.flow == EXPORT else IMPORT), NEVER_AGAIN

    def number(self, office: str, year: int, sequence: int, kind: Kind | None = None) -> str:
        """The number as registered: its last digit is 0. ValueError for an office that cannot be one, and for a
        sequence of more than ten digits."""
        if not _OFFICE.fullmatch(office) or not 0 < sequence < 10**SEQUENCE_WIDTH:
            raise ValueError(f"no customs number for office {office!r}, {sequence}")
        flow = EXPORT if kind is not None and kind.flow == EXPORT else IMPORT
        return f"{FIRST_DIGITS[flow]}{sequence:0{SEQUENCE_WIDTH}d}0"

    def is_number(self, text: str) -> bool:
        """Whether a text has the form of a number, whatever its amendment digit."""
        return _NUMBER.fullmatch(text) is not None and int(text[1:-1]) > 0

    def kept_number(self, text: str) -> str:
        """The number as registered, of one with any amendment digit."""
        return f"{text[:-1]}0" if _PRINTED.fullmatch(text) else text

    def printed_number(self, number: str, amendments: int) -> str:
        return f"{number[:-1]}{min(amendments, MOST_AMENDMENTS)}"

    @property
    def numbers_checked(self) -> bool:
        return False

    def trial_number(self, number: str) -> str:
        return TRIAL_DIGITS[number[0]] + number[1:]

    def real_number(self, trial: str) -> str:
        firsts = {other: first for first, other in TRIAL_DIGITS.items()}
        return firsts[trial[0]] + trial[1:] if trial[:1] in firsts else ""
