"""Figures fixed as they were: as bytes that never change, read back and proven, and compared with a later version."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Final

import msgspec

from ..engine.dated import Period
from ..engine.indicators.indicator import Direction, Unit
from ..engine.indicators.value import Nature, SpreadOf, Value

_EXACT: Final = re.compile(r"-?\d+(/\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """Figures as they were.

    values: in the order given. edition: of the lake. as_of: the instant of its export. fact_hash: of the files of every
    table behind them. definitions: indicator → version of its definition. fact_columns: version of the fact tables.
    """

    values: tuple[Value, ...]
    edition: int
    as_of: datetime
    fact_hash: str
    definitions: Mapping[str, str]
    fact_columns: str

    def text(self) -> bytes:
        """Canonical JSON of all of it: the same figures of the same facts are the same bytes."""
        told = {
            "values": [told_of(value) for value in self.values],
            "edition": self.edition,
            "as_of": self.as_of,
            "fact_hash": self.fact_hash,
            "definitions": dict(self.definitions),
            "fact_columns": self.fact_columns,
        }
        return msgspec.json.encode(told, order="sorted")

    @property
    def digest(self) -> str:
        """SHA-256 of its text."""
        return hashlib.sha256(self.text()).hexdigest()


class Altered(ValueError):
    """A stored text is not the one that was frozen."""


def thaw(text: bytes, digest: str) -> Frozen:
    """Figures from their text. Altered where it is not the text of that digest."""
    if hashlib.sha256(text).hexdigest() != digest:
        raise Altered("the figures are not those that were frozen")
    told = msgspec.json.decode(text)
    return Frozen(
        values=tuple(value_of(one) for one in told["values"]),
        edition=told["edition"],
        as_of=datetime.fromisoformat(told["as_of"]),
        fact_hash=told["fact_hash"],
        definitions=told["definitions"],
        fact_columns=told["fact_columns"],
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that two versions tell differently. before or after None: only one of them has it. redefined: its
    definition is another one, so that facts alone do not explain the difference."""

    indicator: str
    days: Period
    split: tuple[Any, ...]
    before: Value | None
    after: Value | None
    redefined: bool


def differences(before: Frozen, after: Frozen) -> list[Difference]:
    """The figures that changed, in the order of the later version, then those that are gone."""
    old, new = _by_key(before.values), _by_key(after.values)
    return [
        Difference(
            key[0],
            key[1],
            key[2],
            old.get(key),
            new.get(key),
            before.definitions.get(key[0]) != after.definitions.get(key[0]),
        )
        for key in [*new, *(key for key in old if key not in new)]
        if old.get(key) != new.get(key)
    ]


type _Key = tuple[str, Period, tuple[Any, ...], tuple[tuple[str, str], ...]]


def _by_key(values: Sequence[Value]) -> dict[_Key, Value]:
    """A figure is told apart by what it is of, and by the authority whose target it stands against."""
    found: dict[_Key, Value] = {}
    for value in values:
        against = tuple(
            (name, value.facts[name]) for name in ("authority", "kind", "basis") if name in value.facts
        )
        key = value.indicator, value.days, value.split, against
        if key in found:
            raise ValueError(f"{value.indicator} of {value.days.first_day} is there twice")
        found[key] = value
    return found


def told_of(value: Value) -> dict[str, Any]:
    """A value as plain JSON, exact: fractions as "numerator/denominator"."""
    spread = value.spread
    return {
        "indicator": value.indicator,
        "unit": value.unit.value,
        "better": value.better.value,
        "first_day": value.days.first_day.isoformat(),
        "last_day": value.days.last_day.isoformat() if value.days.last_day else None,
        "nature": value.nature.value,
        "amount": None if value.amount is None else str(value.amount),
        "hits": None if value.hits is None else str(value.hits),
        "of": None if value.of is None else str(value.of),
        "split": list(value.split),
        "why_missing": value.why_missing,
        "facts": dict(value.facts),
        "spread": None
        if spread is None
        else {
            "count": spread.count,
            "total": str(spread.total),
            "ranked": {str(k): d for k, d in spread.ranked.items()},
        },
    }


def value_of(told: Mapping[str, Any]) -> Value:
    """The value that `told_of` told."""
    spread = told["spread"]
    return Value(
        indicator=told["indicator"],
        unit=Unit(told["unit"]),
        better=Direction(told["better"]),
        days=Period(
            date.fromisoformat(told["first_day"]),
            date.fromisoformat(told["last_day"]) if told["last_day"] else None,
        ),
        nature=Nature(told["nature"]),
        amount=_exact(told["amount"]),
        hits=None if told["hits"] is None else int(told["hits"]),
        of=None if told["of"] is None else int(told["of"]),
        split=tuple(told["split"]),
        why_missing=told["why_missing"],
        facts=told["facts"],
        spread=None
        if spread is None
        else SpreadOf(
            spread["count"], int(spread["total"]), {int(k): d for k, d in spread["ranked"].items()}
        ),
    )


def _exact(text: str | None) -> Fraction | int | None:
    if text is None:
        return None
    if _EXACT.fullmatch(text) is None:
        raise Altered(f"not an exact figure: {text[:40]!r}")
    return Fraction(text) if "/" in text else int(text)
