"""Code lists that know their days: countries, currencies, units, procedures, documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from .dated import Period, overlaps
from .findings import LegalRef


@dataclass(frozen=True, slots=True)
class Code:
    """One row of a code list. names: language → official name. facts: further columns of the list, as text."""

    value: str
    period: Period
    law: LegalRef
    names: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)


class CodeList:
    """The codes of one list over all days. A value may return after a pause; two rows never share a day."""

    def __init__(self, name: str, rows: Iterable[Code]) -> None:
        self.name = name
        self._rows: dict[str, list[Code]] = {}
        for row in rows:
            self._rows.setdefault(row.value, []).append(row)

    def __iter__(self) -> Iterator[Code]:
        for rows in self._rows.values():
            yield from rows

    def __len__(self) -> int:
        return sum(len(rows) for rows in self._rows.values())

    def get(self, value: str, on: date) -> Code | None:
        """The row of `value` in force on a day, None when the list does not know it then."""
        return next((row for row in self._rows.get(value, ()) if row.period.holds(on)), None)

    def as_of(self, on: date) -> dict[str, Code]:
        """All codes of a day, by value."""
        return {row.value: row for row in self if row.period.holds(on)}

    def overlapping(self) -> list[tuple[Code, Code]]:
        """Rows of one value that share a day: an error in the data."""
        return overlaps(self, key=lambda row: row.value)
