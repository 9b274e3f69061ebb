"""Customs values of many lines as columns: exchange, then shares of the consignment's charges, exact as for one.

The rules are value_declaration's: each line's price is exchanged and rounded once; a charge of the consignment is
split in whole minor units by largest remainders, so that the shares add up to it. Which charges count, and with which
sign, has been decided by whoever makes the columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from ..money import INT64_MAX, Rounding, apportion
from .formulas import exchanged_minor
from .frame import BLOCK, beside

type Column = npt.NDArray[Any]

COMPARED: Final = 16
"""Lines of one consignment up to which remainders are ranked by comparing all pairs, which is faster than sorting."""


def value_frame(
    lines: pl.DataFrame,
    charges: Mapping[str, str],
    *,
    decimals: int,
    rounding: Rounding = Rounding.HALF_UP,
) -> pl.DataFrame:
    """Add `customs_value_minor`, in minor units of the pack's currency, which has `decimals` decimals.

    lines, one row per goods item, all columns Int64:
        consignment             rows of one consignment have the same number and stand together
        item_charge_millionths  the line's price in its currency; null: not declared
        item_charge_own, item_charge_foreign   the rate of exchange, as DayRates.ratio gives it; null: none known
        C_minor for each charge C of `charges`: the whole charge, signed, in minor units, repeated on each line of its
                                consignment; 0: none, null: not known
    charges: charge → the column by which it is split (millionths, not negative), "" for the line's own value.
    The value is null, pending, where something that it rests on is: a line's own price or rate, and a charge, or one
    line's weight in it, for the whole consignment.
    Row order is kept. OverflowError: a value is beyond int64; such a line goes the way of one, which has no bound.
    """
    columns, unknown = _read(lines, charges)
    value = np.empty(lines.height, dtype=np.int64)
    starts = _starts(columns["consignment"])
    for first, last in _blocks(starts, lines.height):
        rows = slice(first, last)
        own = _exchanged(
            columns["item_charge_millionths"][rows],
            columns["item_charge_own"][rows],
            columns["item_charge_foreign"][rows],
            decimals,
            rounding,
        )
        value[rows] = own
        begin = starts[np.searchsorted(starts, first) : np.searchsorted(starts, last)] - first
        for charge, by in charges.items():
            weights = columns[by][rows] if by else own
            share = shares(columns[f"{charge}_minor"][rows][begin], weights, begin)
            value[rows] = _sum(value[rows], share)
    series = pl.Series("customs_value_minor", value)
    if unknown is not None:
        known = pl.when(pl.Series(~unknown)).then(pl.col("customs_value_minor"))
        series = series.to_frame().select(known).to_series()
    return beside(lines, [series])


def _sum(one: Column, other: Column) -> Column:
    """The sum of two columns. OverflowError when one could leave int64."""
    if max(abs(int(one.min())), int(one.max())) + max(abs(int(other.min())), int(other.max())) > INT64_MAX:
        exact = one.astype(object) + other.astype(object)
        return np.array(exact.tolist(), dtype=np.int64)
    total: Column = one + other
    return total


def shares(totals: Column, weights: Column, starts: Column) -> Column:
    """Split each total over the rows of its group, in whole units that add up to it: money.apportion for all groups.

    totals: one per group. weights: one per row, not negative. starts: first row of each group, ascending from 0.
    """
    counts = np.diff(starts, append=len(weights))
    group = np.zeros(len(weights), dtype=np.int32)
    group[starts[1:]] = 1
    np.cumsum(group, out=group)
    large = _large(totals, weights, starts, counts)
    magnitude = np.where(large, 0, np.abs(totals))
    whole = np.add.reduceat(np.where(large[group], 0, weights) if large.any() else weights, starts)
    of = np.maximum(whole, 1)[group]
    product = magnitude[group] * weights
    part: Column = product // of
    left = magnitude - np.add.reduceat(part, starts)
    left[whole == 0] = 0
    _hand_out(part, product - part * of, left, starts, counts, group)
    nothing = (whole == 0) & ~large
    part[starts[nothing]] = magnitude[nothing]
    if int(totals.min()) < 0:
        part *= np.sign(totals)[group]
    for number in np.flatnonzero(large):
        rows = slice(starts[number], starts[number] + counts[number])
        part[rows] = apportion(int(totals[number]), weights[rows].tolist())
    return part


def _large(totals: Column, weights: Column, starts: Column, counts: Column) -> Column:
    """The groups whose products or sums could leave int64; they are split with Python ints."""
    heaviest = int(weights.max())
    if int(weights.min()) < 0:
        raise ValueError("weights are not negative")
    most = max(abs(int(totals.max())), abs(int(totals.min())))
    if most * heaviest <= INT64_MAX and heaviest * int(counts.max()) <= INT64_MAX:
        return np.zeros(len(totals), dtype=bool)
    heaviest_of = np.maximum.reduceat(weights, starts)
    return np.array(
        [
            abs(total) * heavy > INT64_MAX or heavy * count > INT64_MAX
            for total, heavy, count in zip(
                totals.tolist(), heaviest_of.tolist(), counts.tolist(), strict=True
            )
        ]
    )


def _hand_out(
    part: Column, remainder: Column, left: Column, starts: Column, counts: Column, group: Column
) -> None:
    """Give the units left over to the largest remainders of each group, earlier rows first among equals."""
    rank = np.zeros(len(part), dtype=np.int8)
    for apart in range(1, min(int(counts.max()), COMPARED)):
        together = group[apart:] == group[:-apart]
        earlier = together & (remainder[:-apart] >= remainder[apart:])
        rank[apart:] += earlier
        rank[:-apart] += together > earlier
    is_long = counts > COMPARED
    part += rank < np.where(is_long, 0, left).astype(np.int8)[group]
    for number in np.flatnonzero(is_long & (left > 0)):
        rows = slice(starts[number], starts[number] + counts[number])
        order = np.argsort(-remainder[rows], kind="stable")[: left[number]]
        part[starts[number] + order] += 1


def _exchanged(amounts: Column, own: Column, foreign: Column, decimals: int, rounding: Rounding) -> Column:
    """exchanged_minor on a column, in int64 on the rows where no product can leave it and in Python ints elsewhere."""
    divisor = int(foreign.max()) * 10 ** (6 - decimals)
    per = int(foreign[0]) if int(foreign.min()) == int(foreign.max()) else foreign
    size = np.abs(amounts)
    fits = None
    if int(size.max()) * int(own.max()) + divisor > INT64_MAX:
        fits = size <= (INT64_MAX - divisor) // own
    if fits is None or fits.all():
        minor: Column = exchanged_minor(amounts, own, per, decimals, rounding)
        return minor
    found = np.empty(len(amounts), dtype=np.int64)
    per = per if isinstance(per, int) else foreign[fits]
    found[fits] = exchanged_minor(amounts[fits], own[fits], per, decimals, rounding)
    large, rate, ratio = (column[~fits].astype(object) for column in (amounts, own, foreign))
    found[~fits] = np.array(exchanged_minor(large, rate, ratio, decimals, rounding).tolist(), dtype=np.int64)
    return found


def _read(lines: pl.DataFrame, charges: Mapping[str, str]) -> tuple[dict[str, Column], Column | None]:
    """The columns without nulls, and the rows whose value is unknown (None when none is)."""
    own = {"item_charge_millionths": 0, "item_charge_own": 1, "item_charge_foreign": 1}
    whole = {f"{charge}_minor": 0 for charge in charges} | {by: 0 for by in charges.values() if by}
    columns = {"consignment": lines["consignment"].cast(pl.Int64).rechunk().to_numpy()}
    rows = np.zeros(lines.height, dtype=bool)
    consignments = np.zeros(lines.height, dtype=bool)
    for name, missing in (own | whole).items():
        series = lines[name].cast(pl.Int64)
        if series.null_count():
            gaps = series.is_null().to_numpy()
            if name in own:
                rows |= gaps
            if name in whole or "" in charges.values():
                consignments |= gaps
            series = series.fill_null(missing)
        columns[name] = series.rechunk().to_numpy()
    if consignments.any():
        rows |= np.isin(columns["consignment"], columns["consignment"][consignments])
    return columns, rows if rows.any() else None


def _starts(consignment: Column) -> Column:
    """The first row of each consignment. ValueError when one stands in two places."""
    if not len(consignment):
        return np.zeros(0, dtype=np.int64)
    starts = np.concatenate(([0], np.flatnonzero(consignment[1:] != consignment[:-1]) + 1))
    numbers = consignment[starts]
    if np.any(numbers[1:] < numbers[:-1]) and len(np.unique(numbers)) != len(starts):
        raise ValueError("the lines of a consignment do not stand together")
    return starts


def _blocks(starts: Column, rows: int) -> Iterator[tuple[int, int]]:
    """Consecutive row ranges of about BLOCK rows that hold whole consignments."""
    first = 0
    while first < rows:
        after = int(np.searchsorted(starts, first + BLOCK))
        last = int(starts[after]) if after < len(starts) else rows
        yield first, last
        first = last
