"""Code lists that know their days: countries, currencies, units, procedures, documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from hashlib import sha256

import msgspec

from .dated import Period, gaps, overlaps
from .findings import LegalRef


@dataclass(frozen=True, slots=True)
class Code:
    """One row of a code list. names: language → official name. facts: further columns of the list, as text."""

    value: str
    period: Period
    law: LegalRef
    names: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CodeListEdition:
    """What one act says of a whole list for some days. rows: all of the list on those days, none on others."""

    name: str
    act: str
    period: Period
    rows: tuple[Code, ...]

    @cached_property
    def hash(self) -> str:
        """SHA-256 over all that it says, keys sorted; the order of the rows counts."""
        told = msgspec.json.encode((self.name, self.act, self.period, self.rows), order="sorted")
        return sha256(told).hexdigest()


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

    def with_edition(self, edition: CodeListEdition) -> CodeList:
        """The list in which an edition takes the place of every other row on its days."""
        kept = [replace(row, period=part) for row in self for part in gaps([edition.period], row.period)]
        return CodeList(self.name, [*kept, *edition.rows])

    def overlapping(self) -> list[tuple[Code, Code]]:
        """Rows of one value that share a day: an error in the data."""
        return overlaps(self, key=lambda row: row.value)
