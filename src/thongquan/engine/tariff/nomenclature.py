"""The nomenclature: commodity codes with their days, their place in the hierarchy, descriptions and units."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from ..dated import Period, overlaps

_NO_LINES: Final[Mapping[str, tuple[str, ...]]] = {}


@dataclass(frozen=True, slots=True)
class Commodity:
    """One code of the nomenclature.

    names: language → description, without the dashes that show its level. level: the indentation as printed, 0 for a
    heading, None where the source shows none. units: the supplementary units that a declaration must state, as codes.
    between: language → the descriptions printed above this one that have no code of their own ("- - Of pine:"), from
    the nearest code above down; a description like "Other" means nothing without them.
    """

    code: str
    period: Period
    names: Mapping[str, str] = field(default_factory=dict)
    level: int | None = None
    units: tuple[str, ...] = ()
    between: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NO_LINES)


class Nomenclature:
    """The codes of one edition. A code lies below every other code that it starts with.

    A code may return after a pause; two rows of one code never share a day (`overlapping`).
    """

    def __init__(self, commodities: Iterable[Commodity]) -> None:
        self._rows: dict[str, list[Commodity]] = {}
        for commodity in commodities:
            self._rows.setdefault(commodity.code, []).append(commodity)
        self.codes: tuple[str, ...] = tuple(sorted(self._rows))
        """Every code that was ever in force, sorted; what lies below a code follows it without a break."""

    def __iter__(self) -> Iterator[Commodity]:
        for code in self.codes:
            yield from self._rows[code]

    def __len__(self) -> int:
        return sum(len(rows) for rows in self._rows.values())

    def get(self, code: str, on: date) -> Commodity | None:
        """The row of a code in force on a day, None when the nomenclature does not know it then."""
        return next((row for row in self._rows.get(code, ()) if row.period.holds(on)), None)

    def ancestors(self, code: str, on: date) -> tuple[Commodity, ...]:
        """The codes of that day that this one lies below, nearest first. The code itself need not be known."""
        above = (self.get(code[:length], on) for length in range(len(code) - 1, 0, -1))
        return tuple(commodity for commodity in above if commodity is not None)

    def is_declarable(self, code: str, on: date) -> bool:
        """Whether a code is known on that day and nothing finer lies below it."""
        if self.get(code, on) is None:
            return False
        return not any(self.get(below, on) for below in self.below(code))

    def below(self, code: str) -> tuple[str, ...]:
        """The codes of any day that start with this one, itself left out, sorted."""
        start, end = prefix_range(self.codes, code)
        return tuple(below for below in self.codes[start:end] if below != code)

    def path(self, code: str, on: date, language: str) -> tuple[str, ...]:
        """The descriptions from the heading down to the code, in one language; lines it lacks are left out."""
        own = self.get(code, on)
        chain = [*reversed(self.ancestors(code, on)), *([own] if own else [])]
        lines: list[str] = []
        for commodity in chain:
            lines += commodity.between.get(language, ())
            lines += [commodity.names[language]] if commodity.names.get(language) else []
        return tuple(lines)

    def overlapping(self) -> list[tuple[Commodity, Commodity]]:
        """Rows of one code that share a day: an error in the data."""
        return overlaps(self, key=lambda row: row.code)


def prefix_range(codes: tuple[str, ...], prefix: str) -> tuple[int, int]:
    """Where the codes that start with `prefix` stand in sorted codes: (start, end), end excluded."""
    return bisect_left(codes, prefix), bisect_left(codes, prefix + "\U0010ffff")
