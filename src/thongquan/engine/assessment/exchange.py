"""Rates of exchange that know their days, as exact ratios of integers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from math import gcd

from ..dated import Period, as_of, overlaps
from ..findings import LegalRef
from ..money import MILLIONTHS


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """`foreign` units of `currency` are worth `own` units of the pack's currency, exactly.

    Authorities print it either way round, and for 1, 100 or 1,000 units: `per_unit` and `inverse` read both.
    period: the days it is for. law: who published it, and where. verified: whether somebody compared it with what was
    published.
    """

    currency: str
    period: Period
    own: int
    foreign: int
    law: LegalRef
    verified: bool = True

    def __post_init__(self) -> None:
        if self.own <= 0 or self.foreign <= 0:
            raise ValueError(f"{self.currency}: a rate of exchange is positive")

    @classmethod
    def per_unit(
        cls, currency: str, period: Period, own_millionths: int, law: LegalRef, units: int = 1
    ) -> ExchangeRate:
        """As most banks print it: `units` of the currency cost `own_millionths` of the pack's (23,300 đồng)."""
        return cls(currency, period, *_reduced(own_millionths, units * MILLIONTHS), law)

    @classmethod
    def inverse(cls, currency: str, period: Period, foreign_millionths: int, law: LegalRef) -> ExchangeRate:
        """As the British customs print it: one unit of the pack's currency buys `foreign_millionths` (1.1663 euro)."""
        return cls(currency, period, *_reduced(MILLIONTHS, foreign_millionths), law)


def _reduced(own: int, foreign: int) -> tuple[int, int]:
    common = gcd(own, foreign) or 1
    return own // common, foreign // common


@dataclass(frozen=True, slots=True)
class DayRates:
    """The rates of one day. currency: the pack's own, with `decimals`; rates: foreign currency → its rate."""

    day: date
    currency: str
    decimals: int
    rates: Mapping[str, ExchangeRate]

    def ratio(self, currency: str) -> tuple[int, int] | None:
        """(own, foreign) of a currency, (1, 1) for the pack's own, None when the day knows no rate."""
        if currency == self.currency:
            return 1, 1
        rate = self.rates.get(currency)
        return (rate.own, rate.foreign) if rate else None


class ExchangeRates:
    """All published rates of exchange into one currency. Two rows of a currency never share a day."""

    def __init__(self, currency: str, decimals: int, rows: Iterable[ExchangeRate] = ()) -> None:
        self.currency = currency
        self.decimals = decimals
        self.rows = tuple(rows)

    def as_of(self, day: date) -> DayRates:
        return DayRates(
            day, self.currency, self.decimals, {row.currency: row for row in as_of(self.rows, day)}
        )

    def overlapping(self) -> list[tuple[ExchangeRate, ExchangeRate]]:
        """Rows of one currency that share a day: an error in the data."""
        return overlaps(self.rows, key=lambda row: row.currency)
