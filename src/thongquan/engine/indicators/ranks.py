"""Places in a table of peers, and how many years in a row. A place is computed from a stored table, or not told."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from .indicator import Direction


class Basis(enum.StrEnum):
    """What the peers are ranked by: the same half-year puts a department elsewhere by amount and by execution."""

    AMOUNT = "AMOUNT"
    EXECUTION = "EXECUTION"
    """Share of the assigned plan that was reached."""
    SCORE = "SCORE"


@dataclass(frozen=True, slots=True)
class Peer:
    """value: exact. assumed: the figure is invented, and what is said of it says so."""

    unit: str
    value: Fraction | int
    assumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerTable:
    """The peers of one indicator as they stood. plan: the authority whose plan execution is measured by."""

    indicator: str
    basis: Basis
    as_of: date
    source: str
    rows: tuple[Peer, ...]
    plan: str = ""
    better: Direction = Direction.HIGHER

    def __post_init__(self) -> None:
        names = [row.unit for row in self.rows]
        if len(set(names)) != len(names):
            raise ValueError(f"a peer stands twice in the table of {self.source}")
        if not self.source:
            raise ValueError("a table of peers names its source")
        if self.better not in (Direction.HIGHER, Direction.LOWER):
            raise ValueError("peers are ranked upwards or downwards")


@dataclass(frozen=True, slots=True)
class Place:
    """place of how many; shared_with: the others on the same place. assumed: any figure of the table is invented."""

    unit: str
    place: int
    of: int
    value: Fraction | int
    shared_with: tuple[str, ...]
    basis: Basis
    as_of: date
    source: str
    assumed: bool


def rank(table: PeerTable) -> list[Place]:
    """Competition ranking: equal values share a place, and the next one is that many further down (1, 2, 2, 4)."""
    sign = -1 if table.better is Direction.HIGHER else 1
    ordered = sorted(table.rows, key=lambda row: (sign * row.value, row.unit))
    assumed = any(row.assumed for row in ordered)
    places = []
    place = 0
    for position, row in enumerate(ordered, 1):
        if position == 1 or row.value != ordered[position - 2].value:
            place = position
        same = tuple(other.unit for other in ordered if other.value == row.value and other is not row)
        places.append(
            Place(
                row.unit,
                place,
                len(ordered),
                row.value,
                same,
                table.basis,
                table.as_of,
                table.source,
                assumed,
            )
        )
    return places


def place_of(unit: str, table: PeerTable | None) -> Place | None:
    """The place of one; None without a table, or without a row in it: then nothing may be said."""
    if table is None:
        return None
    return next((place for place in rank(table) if place.unit == unit), None)


@dataclass(frozen=True, slots=True)
class IndexResult:
    """One edition of an index (DDCI, PAR, CDCI). Scores of editions by different methods are not compared; places are.
    group: the group that the place is in, never empty: a place without its group says nothing."""

    index: str
    edition: int
    group: str
    place: int
    of: int
    announced_on: date


def streak(
    results: Iterable[IndexResult], index: str, group: str, place: int = 1, as_of: date | None = None
) -> int:
    """How many editions in a row, up to the newest announced by `as_of`, ended on `place` or better. A year without
    an edition in the table breaks the row."""
    known = {
        result.edition: result
        for result in results
        if (result.index, result.group) == (index, group) and (as_of is None or result.announced_on <= as_of)
    }
    count = 0
    edition = max(known, default=0)
    while edition in known and known[edition].place <= place:
        count += 1
        edition -= 1
    return count


def streak_of(flags: Mapping[int, bool]) -> int:
    """The same for any yes and no by year: how many years in a row up to the newest held."""
    count = 0
    year = max(flags, default=0)
    while flags.get(year, False):
        count += 1
        year -= 1
    return count


def movement(before: Sequence[Place], now: Sequence[Place], unit: str) -> int | None:
    """How many places a unit went up since the table before (negative: down); None where it stands in one only."""
    was = next((place.place for place in before if place.unit == unit), None)
    stands = next((place.place for place in now if place.unit == unit), None)
    return None if was is None or stands is None else was - stands
