"""Many goods items as columns: the same formulas, exact, in int64 where that is proved and in Python ints elsewhere.

Rows are computed in blocks that stay in a core's cache. For each block the formulas first run on intervals
(bounds.py): if no row can leave 64 bits the block is computed in int64, else only the rows within limits that are
proved are, and the others are computed by the same functions as columns of Python ints. No row is ever estimated.

Columns of a frame of lines (Int64; T stands for the code of a tax, B for the name of a base amount):

    B_minor                   a base amount, minor units; null: it is not known (pending)
    T_rate_ppm                share of the tax base; null: no such charge on the row
    T_specific_millionths     price of one unit of quantity, in millionths of the MINOR unit, times T_specific_per
    T_quantity_millionths     the quantity that the price is for; null where the price is not: pending
    T_specific_per            what the price is divided by: the denominator of a rate of exchange; null or absent: 1
    T_at_least_…, T_at_most_… floor and ceiling, each with rate_ppm, specific_millionths, quantity_millionths and
                              specific_per of its own; null: the law sets none on the row
    T_deduct_minor, T_credit_minor   as Charge has them; null or absent: 0
    T_pending                 Boolean: the tax is due, but its charge is not known

A second price in the same sum, for another unit, stands in T_specific_2_millionths with T_quantity_2_millionths, and
so on. A second charge of the same tax on a row, levied side by side, stands in T_2_rate_ppm, … . Only the columns that
somebody needs have to be there; a tax without any is levied on no row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from ..money import INT64_MAX, MILLIONTHS, Carry, half_up
from .bounds import BeyondBounds, Interval, Natural
from .exchange import DayRates
from .formulas import (
    Part,
    Parts,
    assessed_minor,
    carried_millionths,
    exact_millionths,
    owed_minor,
    payable_minor,
)
from .scalar import part_of
from .taxes import Charge, Line, Tax, check_order

type Column = npt.NDArray[Any]
type Ends = tuple[int, int]
"""Smallest and largest figure of a column."""

BLOCK: Final = 16 * 1024
"""Rows computed at once: some ten columns of 128 KB each, which a core's second-level cache holds."""

RATE_LIMIT: Final = 1 << 24
"""Where a block has rows that need Python ints: the largest rate (1,678 %) of the rows that do not."""


def assess_frame(lines: pl.DataFrame, taxes: Sequence[Tax], *, detail: bool = False) -> pl.DataFrame:
    """Add one `T_minor` column per tax, what is payable, in the order the pack's law levies them.

    lines: one row per goods item; columns as this module's docstring says. Row order is kept.
    T_minor: 0 where the tax is not due, null where it is pending: its charge, a quantity or a base amount is unknown,
    or a tax in its base is pending. detail adds T_base_minor and T_assessed_minor before it.
    Amounts are exact and equal to assess_line's. A column is Int64, or Int128 if one of its amounts needs it.
    ValueError: a base amount that a tax names has no column, or a column is of another type.
    """
    check_order(taxes)
    plan = _Plan(lines, taxes)
    results = _Results(plan, lines.height, detail)
    proofs = _Proofs(plan)
    for start in range(0, lines.height, BLOCK):
        block = {name: column[start : start + BLOCK] for name, column in plan.columns.items()}
        _assess_block(plan, proofs, block, start, min(BLOCK, lines.height - start), results)
    return beside(lines, results.series())


def beside(lines: pl.DataFrame, columns: Sequence[pl.Series]) -> pl.DataFrame:
    """The frame with columns added, or replaced where it has them; the short way spares small frames a query."""
    if set(lines.columns).isdisjoint(column.name for column in columns):
        return lines.hstack(list(columns))
    return lines.with_columns(columns)


def assess_batches(
    batches: Iterable[pl.DataFrame], taxes: Sequence[Tax], *, detail: bool = False
) -> Iterator[pl.DataFrame]:
    """assess_frame over a stream: one batch in memory at a time, whatever the size of the whole.

    The shape that Arrow streams ask for: `assess_batches(map(pl.from_arrow, batches), taxes)`.
    """
    for batch in batches:
        yield assess_frame(batch, taxes, detail=detail)


@dataclass(frozen=True, slots=True)
class _PartColumns:
    """Where the figures of one sum of terms stand; None for what has no column. binds: name of a 0/1 column that
    says on which rows the law sets this floor or ceiling, "" for a base."""

    rate: str | None
    specific: tuple[tuple[str, str], ...]
    per: str | None
    binds: str = ""


@dataclass(frozen=True, slots=True)
class _Slot:
    """The columns of one charge of one tax. given: names of the columns that show that a row has the charge."""

    base: _PartColumns
    at_least: _PartColumns | None
    at_most: _PartColumns | None
    deduct: str | None
    credit: str | None


@dataclass(frozen=True, slots=True)
class _Level:
    """One tax with its charges; whole, finer: what its base takes, in minor units and exactly."""

    tax: Tax
    slots: tuple[_Slot, ...]
    whole: tuple[str, ...]
    finer: tuple[str, ...]


class _Plan:
    """Which columns the frame has, read once: figures as int64 without nulls, and which rows are pending."""

    def __init__(self, lines: pl.DataFrame, taxes: Sequence[Tax]) -> None:
        self.lines = lines
        self.names = frozenset(lines.columns)
        self.columns: dict[str, Column] = {}
        self.pending: dict[str, Column] = {}  # tax or base amount → rows
        self.base_pending: dict[str, Column] = {}  # tax → rows
        self.divisors: set[str] = set()  # columns that divide: 1 or more on every row
        self.levels: list[_Level] = []
        exact: set[str] = set()
        levied: set[str] = set()
        codes = {tax.code for tax in taxes}
        for tax in taxes:
            slots = tuple(self._slots(tax, codes))
            if slots:
                for name in tax.base:
                    if name not in codes:
                        self._base_amount(name, tax)
                whole = tuple(n for n in tax.base if n not in exact and (n in levied or n not in codes))
                finer = tuple(n for n in tax.base if n in exact)
                self.levels.append(_Level(tax, slots, whole, finer))
                levied.add(tax.code)
                if tax.carry is Carry.EXACT:
                    exact.add(tax.code)
            self._pending(tax, slots)
        self.taxes = tuple(taxes)

    def _slots(self, tax: Tax, codes: set[str]) -> Iterator[_Slot]:
        for number in count(1):
            prefix = tax.code if number == 1 else f"{tax.code}_{number}"
            slot = self._slot(prefix) if number == 1 or prefix not in codes else None
            if slot is None:
                return
            yield slot

    def _slot(self, prefix: str) -> _Slot | None:
        base = self._part(prefix, "")
        if base is None:
            return None
        return _Slot(
            base,
            self._part(prefix, "at_least"),
            self._part(prefix, "at_most"),
            self._figures(f"{prefix}_deduct_minor"),
            self._figures(f"{prefix}_credit_minor"),
        )

    def _part(self, prefix: str, of: str) -> _PartColumns | None:
        stem = f"{prefix}_{of}" if of else prefix
        rate = self._figures(f"{stem}_rate_ppm")
        specific = []
        for number in count(1):
            tail = "" if number == 1 else f"_{number}"
            price = self._figures(f"{stem}_specific{tail}_millionths")
            if price is None:
                break
            quantity = self._figures(f"{stem}_quantity{tail}_millionths")
            if quantity is None:
                raise ValueError(f"{price} has no {stem}_quantity{tail}_millionths beside it")
            specific.append((price, quantity))
        if rate is None and not specific:
            return None
        per = self._figures(f"{stem}_specific_per", 1)
        if per is not None:
            if int(self.columns[per].min(initial=1)) < 1:
                raise ValueError(f"{per} divides: it is 1 or more")
            self.divisors.add(per)
        binds = ""
        if of:
            binds = f"{stem} binds"
            self.columns[binds] = self._given(rate, specific)
        return _PartColumns(rate, tuple(specific), per, binds)

    def _given(self, rate: str | None, specific: Sequence[tuple[str, str]]) -> Column:
        """1 on the rows where one of the columns says something."""
        names = [*([rate] if rate else []), *(price for price, _ in specific)]
        shown = np.zeros(self.lines.height, dtype=bool)
        for name in names:
            series = self.lines[name]
            if not series.null_count():
                shown[:] = True
                break
            shown |= series.is_not_null().to_numpy()
        return shown.astype(np.int64)

    def _figures(self, name: str, missing: int = 0) -> str | None:
        """Read a column, nulls as `missing`; None when the frame has none of that name."""
        if name in self.columns:
            return name
        if name not in self.names:
            return None
        series = self.lines[name]
        if not series.dtype.is_integer():
            raise ValueError(f"{name} is {series.dtype}, not Int64")
        series = series.cast(pl.Int64)
        if series.null_count():
            series = series.fill_null(missing)
        self.columns[name] = series.rechunk().to_numpy()
        return name

    def _base_amount(self, name: str, tax: Tax) -> None:
        if self._figures(f"{name}_minor") is None:
            raise ValueError(f"{tax.code} is levied on {name}, but there is no column {name}_minor")
        series = self.lines[f"{name}_minor"]
        if series.null_count():
            self.pending[name] = series.is_null().to_numpy()

    def _pending(self, tax: Tax, slots: Sequence[_Slot]) -> None:
        """The rows on which a tax is due and cannot be computed."""
        rows: list[Column] = []
        flags = f"{tax.code}_pending"
        if flags in self.names:
            rows.append(self.lines[flags].fill_null(value=False).to_numpy())
        waiting = [self.pending[name] for name in tax.base if name in self.pending]
        if waiting:
            self.base_pending[tax.code] = np.logical_or.reduce(waiting)
        for slot in slots:
            parts = [part for part in (slot.base, slot.at_least, slot.at_most) if part]
            if waiting:
                given = self._given(slot.base.rate, slot.base.specific).astype(bool)
                rows.append(given & self.base_pending[tax.code])
            for price, quantity in (pair for part in parts for pair in part.specific):
                if self.lines[quantity].null_count():
                    rows.append((self.lines[price].is_not_null() & self.lines[quantity].is_null()).to_numpy())
        rows = [mask for mask in rows if mask.any()]
        if rows:
            self.pending[tax.code] = np.logical_or.reduce(rows)


type Get = Callable[[str], Any]

type Outcome = list[tuple[Any, int, Any, Any]]
"""Per levied tax: base, its unit, assessed, payable."""


def _levy(plan: _Plan, get: Get, ends: Mapping[str, Ends], never_negative: bool) -> Outcome:
    """The whole chain on one block, whatever its columns are: of int64, of Python ints, or intervals.

    get: a column by name. ends: its smallest and largest figure, which decide only what need not be computed (a price
    of 0 on every row). never_negative: no figure and no result on the way is below zero.
    """
    carried: dict[str, Any] = {}
    sums: dict[tuple[str, ...], Any] = {}
    outcome: Outcome = []
    for level in plan.levels:
        tax = level.tax
        is_exact = tax.carry is Carry.EXACT
        base, unit = _base(level, get, carried, sums)
        totals: tuple[Any, ...] = ()
        for slot in level.slots:
            exact = exact_millionths(base, unit, _parts(slot, get, ends))
            assessed = assessed_minor(exact, tax.rounding, tax.step_minor, never_negative=never_negative)
            owed = payable = assessed
            if slot.deduct or not never_negative:
                deduct = get(slot.deduct) if slot.deduct else 0
                owed = payable = owed_minor(assessed, deduct)
                exact = carried_millionths(exact, deduct) if is_exact else exact
            if slot.credit:
                payable = payable_minor(owed, get(slot.credit))
            amounts = (assessed, payable, exact if is_exact else owed)
            totals = tuple(a + b for a, b in zip(totals, amounts, strict=True)) if totals else amounts
        outcome.append((base, unit, totals[0], totals[1]))
        carried[tax.code] = totals[2]
    return outcome


def _base(
    level: _Level, get: Get, carried: Mapping[str, Any], sums: dict[tuple[str, ...], Any]
) -> tuple[Any, int]:
    """The tax base and its unit; 0 when it rests on taxes that the frame does not levy. sums: those made before."""
    names = level.whole
    if names and names[:-1] in sums:
        base = sums[names[:-1]] + _part_of_base(names[-1], get, carried)
    else:
        base = _part_of_base(names[0], get, carried) if names else 0
        for name in names[1:]:
            base = base + _part_of_base(name, get, carried)
    sums[names] = base
    if not level.finer:
        return base, 1
    base = base * MILLIONTHS
    for name in level.finer:
        base = base + carried[name]
    return base, MILLIONTHS


def _part_of_base(name: str, get: Get, carried: Mapping[str, Any]) -> Any:
    return carried[name] if name in carried else get(f"{name}_minor")


def _parts(slot: _Slot, get: Get, ends: Mapping[str, Ends]) -> Parts:
    base = _part(slot.base, get, ends)
    if slot.at_least is None and slot.at_most is None:
        return Parts(base)
    return Parts(base, _limit(slot.at_least, get, ends), _limit(slot.at_most, get, ends))


def _part(columns: _PartColumns, get: Get, ends: Mapping[str, Ends]) -> Part:
    rate = get(columns.rate) if columns.rate else 0
    if not columns.specific:
        return Part(rate)
    specific = [(get(price), get(quantity)) for price, quantity in columns.specific if ends[price] != (0, 0)]
    per = get(columns.per) if columns.per and specific and ends[columns.per] != (1, 1) else None
    return Part(rate, specific, per)


def _limit(columns: _PartColumns | None, get: Get, ends: Mapping[str, Ends]) -> Part | None:
    """A floor or ceiling; None when no row of the block has one."""
    if columns is None or ends[columns.binds] == (0, 0):
        return None
    binds = None if ends[columns.binds] == (1, 1) else get(columns.binds)
    return _part(columns, get, ends)._replace(binds=binds)


class _Proofs:
    """What has been proved, by the sizes of the figures: blocks of like size need one proof between them."""

    def __init__(self, plan: _Plan) -> None:
        self.plan = plan
        self.known: dict[tuple[Ends, ...], type[Interval] | None] = {}

    def of(self, ends: Mapping[str, Ends]) -> type[Interval] | None:
        """Natural: nothing below zero and nothing beyond int64 happens on the way. Interval: nothing beyond int64.
        None: not proved."""
        key = tuple(ends.values())
        if key not in self.known:
            self.known[key] = next((kind for kind in (Natural, Interval) if self._holds(kind, ends)), None)
        return self.known[key]

    def _holds(self, kind: type[Interval], ends: Mapping[str, Ends]) -> bool:
        try:
            intervals = {name: kind(*pair) for name, pair in ends.items()}
            _levy(self.plan, intervals.__getitem__, ends, kind is Natural)
        except BeyondBounds:
            return False
        return True

    def largest(self, ends: Mapping[str, Ends]) -> dict[str, Ends] | None:
        """The widest limits that are proved safe for the money and quantities of a block; None when none are."""
        low, high = 0, 62
        found: dict[str, Ends] | None = None
        while low <= high:
            middle = (low + high) // 2
            tried = {name: _within(name, pair, 1 << middle) for name, pair in ends.items()}
            if self.of(tried) is None:
                high = middle - 1
            else:
                found, low = tried, middle + 1
        return found


def _within(name: str, ends: Ends, limit: int) -> Ends:
    if name.endswith(("_rate_ppm", "_specific_per")):
        limit = RATE_LIMIT
    return max(ends[0], -limit), min(ends[1], limit)


def _ends(column: Column) -> Ends:
    """Smallest and largest figure, widened to powers of two so that like blocks share a proof.

    As unsigned numbers negative ones are the largest of all, so one pass mostly answers both questions.
    """
    high = int(column.view(np.uint64).max())
    if high <= INT64_MAX:
        if high > 1:
            return 0, min(1 << high.bit_length(), INT64_MAX)
        return (int(column.min()), 1) if high else (0, 0)
    low, high = int(column.min()), int(column.max())
    return -(1 << (-low).bit_length()), min(1 << max(high, 1).bit_length(), INT64_MAX)


def _assess_block(
    plan: _Plan, proofs: _Proofs, block: Mapping[str, Column], start: int, height: int, results: _Results
) -> None:
    ends = {name: _ends(column) for name, column in block.items()}
    for name in plan.divisors:
        ends[name] = (1, ends[name][1])
    kind = proofs.of(ends)
    if kind is not None:
        results.put(_levy_int64(plan, block, ends, kind), start, None, height)
        return
    limits = proofs.largest(ends)
    kind = proofs.of(limits) if limits else None
    inside = np.full(height, kind is not None)
    for name, (low, high) in (limits or {}).items():
        inside &= (block[name] >= low) & (block[name] <= high)
    if limits and kind and inside.any():
        within = {name: column[inside] for name, column in block.items()}
        results.put(_levy_int64(plan, within, limits, kind), start, np.flatnonzero(inside), height)
    if not inside.all():
        beyond = {name: column[~inside].astype(object) for name, column in block.items()}
        outcome = _levy(plan, beyond.__getitem__, ends, never_negative=False)
        results.put(outcome, start, np.flatnonzero(~inside), height)


def _levy_int64(
    plan: _Plan, block: Mapping[str, Column], ends: Mapping[str, Ends], kind: type[Interval]
) -> Outcome:
    """A block that is proved: unsigned where nothing is ever negative."""
    if kind is not Natural:
        return _levy(plan, block.__getitem__, ends, never_negative=False)
    natural = {name: column.view(np.uint64) for name, column in block.items()}
    return _levy(plan, natural.__getitem__, ends, never_negative=True)


class _Results:
    """The columns being filled: int64, and beside them the few amounts that need more."""

    def __init__(self, plan: _Plan, rows: int, detail: bool) -> None:
        self.plan = plan
        self.rows = rows
        self.detail = detail
        self.kinds = ("base_minor", "assessed_minor", "minor") if detail else ("minor",)
        names = [f"{level.tax.code}_{kind}" for level in plan.levels for kind in self.kinds]
        self.columns = dict(zip(names, np.empty((len(names), rows), dtype=np.int64), strict=True))
        self.beyond: dict[str, dict[int, int]] = {}

    def put(self, outcome: Outcome, start: int, rows: Column | None, height: int) -> None:
        """Store a block of `height` amounts at `start`, or at those of its rows."""
        columns = iter(self.columns)
        for base, unit, assessed, payable in outcome:
            if self.detail:
                shown = base if unit == 1 else half_up(_signed(base), unit)
                self._put(next(columns), shown, start, rows, height)
                self._put(next(columns), assessed, start, rows, height)
            self._put(next(columns), payable, start, rows, height)

    def _put(self, name: str, amounts: Any, start: int, rows: Column | None, height: int) -> None:
        column = self.columns[name]
        if rows is None:
            column[start : start + height] = _signed(amounts)
        elif isinstance(amounts, int) or amounts.dtype != object:
            column[start + rows] = _signed(amounts)
        else:
            for row, amount in zip((start + rows).tolist(), amounts.tolist(), strict=True):
                if -INT64_MAX <= amount <= INT64_MAX:
                    column[row] = amount
                else:
                    self.beyond.setdefault(name, {})[row] = amount

    def series(self) -> list[pl.Series]:
        """The finished columns in levying order; pending rows null, a tax that the frame does not know 0."""
        found = []
        for tax in self.plan.taxes:
            for kind in self.kinds:
                name = f"{tax.code}_{kind}"
                series = self._series(name)
                pending = (self.plan.base_pending if kind == "base_minor" else self.plan.pending).get(
                    tax.code
                )
                if pending is not None:
                    known = pl.when(pl.Series(~pending)).then(pl.col(name))
                    series = series.to_frame().select(known).to_series()
                found.append(series)
        return found

    def _series(self, name: str) -> pl.Series:
        column = self.columns.get(name)
        if column is None:
            return pl.Series(name, np.zeros(self.rows, dtype=np.int64))
        if name not in self.beyond:
            return pl.Series(name, column)
        amounts = column.tolist()
        for row, amount in self.beyond[name].items():
            amounts[row] = amount
        return pl.Series(name, amounts, dtype=pl.Int128)


def frame_of(lines: Sequence[Line], taxes: Sequence[Tax], rates: DayRates) -> pl.DataFrame:
    """Lines as columns, one row each in their order: what assess_frame takes.

    A charge that misses a quantity or a rate of exchange is `T_pending`, as is what the line says is pending.
    OverflowError: a figure is beyond int64; such a line goes the way of one, which has no bound.
    """
    columns: dict[str, list[Any]] = {}

    def put(name: str, row: int, value: int | None) -> None:
        if value is not None and not -INT64_MAX <= value <= INT64_MAX:
            raise OverflowError(f"{name} of row {row} is beyond int64")
        columns.setdefault(name, [None] * len(lines))[row] = value

    codes = {tax.code for tax in taxes}
    names = dict.fromkeys(name for tax in taxes for name in tax.base if name not in codes)
    for row, line in enumerate(lines):
        for name in names:
            put(f"{name}_minor", row, None if name in line.pending else line.bases.get(name))
        seen: dict[str, int] = {}
        for code in line.pending:
            if code in codes:
                put(f"{code}_pending", row, True)
        for charge in line.charges:
            seen[charge.tax] = seen.get(charge.tax, 0) + 1
            number = seen[charge.tax]
            prefix = charge.tax if number == 1 else f"{charge.tax}_{number}"
            if number > 1 and prefix in codes:
                raise ValueError(f"the column names of {prefix} would mean two things")
            try:
                figures = dict(_figures_of(prefix, charge, line, rates))
            except KeyError:
                put(f"{charge.tax}_pending", row, True)
                continue
            for name, value in figures.items():
                put(name, row, value)
    return pl.DataFrame(
        {
            name: pl.Series(name, values, dtype=pl.Boolean if name.endswith("_pending") else pl.Int64)
            for name, values in columns.items()
        }
    )


def _figures_of(prefix: str, charge: Charge, line: Line, rates: DayRates) -> Iterator[tuple[str, int]]:
    """The columns of one charge on one row. KeyError: a quantity or a rate of exchange is missing."""
    duty = charge.duty
    for stem, terms in (
        (prefix, duty.base),
        (f"{prefix}_at_least", duty.at_least),
        (f"{prefix}_at_most", duty.at_most),
    ):
        if not terms:
            continue
        part = part_of(terms, line.quantities, rates)
        yield f"{stem}_rate_ppm", part.rate_ppm
        for number, (price, quantity) in enumerate(part.specific, 1):
            tail = "" if number == 1 else f"_{number}"
            yield f"{stem}_specific{tail}_millionths", price
            yield f"{stem}_quantity{tail}_millionths", quantity
        if part.per is not None:
            yield f"{stem}_specific_per", part.per
    if charge.deduct_minor:
        yield f"{prefix}_deduct_minor", charge.deduct_minor
    if charge.credit_minor:
        yield f"{prefix}_credit_minor", charge.credit_minor


def _signed(amounts: Any) -> Any:
    """Amounts as int64. NumPy makes float64 of signed and unsigned together: that must never pass unseen."""
    if isinstance(amounts, int) or amounts.dtype in (np.int64, object):
        return amounts
    if amounts.dtype != np.uint64:
        raise TypeError(f"amounts became {amounts.dtype}")
    return amounts.view(np.int64)
