"""Which debts a payment settles first. The order is dated law, so it comes as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ..findings import Finding, Refusal, in_order


@dataclass(frozen=True, slots=True)
class Debt:
    """Something owed. rank: its class in the words of the law in force ("ENFORCED_TAX", "OVERDUE_INTEREST"…).

    id: unique, and the last word between equals. amount_minor: above zero.
    """

    id: str
    rank: str
    tax: str
    due_day: date
    amount_minor: int

    def __post_init__(self) -> None:
        if self.amount_minor <= 0:
            raise ValueError(f"debt {self.id!r} of {self.amount_minor}")


@dataclass(frozen=True, slots=True)
class Allocation:
    """What a payment settles: debt id → minor units, in the order of settling; by_tax for the posting; the rest."""

    settled: Mapping[str, int]
    by_tax: Mapping[str, int]
    left_minor: int


type Order = Sequence[str | Sequence[str]]
"""Ranks as the law lists them; ranks that it puts on one step stand together, and then the earlier due day goes first,
between equal days the rank that is named first."""


def allocate(payment_minor: int, debts: Iterable[Debt], order: Order) -> Allocation | Refusal:
    """Share a payment over debts: by rank as `order` lists them, the earliest due first, then by id.

    The sequence in which the debts are given does not matter. A rank that the order does not know refuses the whole
    (DEBT_RANK_UNKNOWN for each): guessing its place would take money from a debt that the law puts first.
    ValueError for a payment of zero or less.
    """
    if payment_minor <= 0:
        raise ValueError(f"a payment of {payment_minor}")
    place: dict[str, tuple[int, int]] = {}
    for step, ranks in enumerate(order):
        for within, rank in enumerate((ranks,) if isinstance(ranks, str) else ranks):
            place[rank] = step, within
    listed = list(debts)
    unknown = [
        Finding("DEBT_RANK_UNKNOWN", at=f"debt.{debt.id}", says={"debt": debt.id, "rank": debt.rank})
        for debt in listed
        if debt.rank not in place
    ]
    if unknown:
        return Refusal("allocate", in_order(unknown))
    left = payment_minor
    settled: dict[str, int] = {}
    by_tax: dict[str, int] = {}
    for debt in sorted(listed, key=lambda debt: _turn(place[debt.rank], debt)):
        part = min(left, debt.amount_minor)
        if part:
            settled[debt.id] = part
            by_tax[debt.tax] = by_tax.get(debt.tax, 0) + part
            left -= part
    return Allocation(settled, by_tax, left)


def _turn(place: tuple[int, int], debt: Debt) -> tuple[int, date, int, str]:
    step, within = place
    return step, debt.due_day, within, debt.id
