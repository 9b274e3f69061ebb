"""Many lines at once: which charges each takes by the law of a day, and what it owes.

One definition of the law for one line and for a million. Lines that say the same of what decides a rate share a key,
and each distinct key is answered once: from the arrays of the tariff's image where the answer is a row of them, and
by the pack's own `charges_for`, the rule of every declaration, where it is not (trade defence, floors, foreign money,
codes that the tariff lacks). The formulas then run over columns (`assess_frame`).

Columns of lines, text without nulls where nothing else is said:

    commodity_code, origin_country_code ("" unknown), preference_code (the scheme claimed, "" none),
    quota_order_id, additional_code ("" none; a line carries one at the most)
    shown                  Boolean: whether what the claimed scheme asks (certificate, direct transport) is declared
    customs_value_minor    Int64; and B_minor for every other base amount B that a tax of the country names
    quantity_millionths    Int64, null where none is declared; may be left out
    quantity_unit          its unit; may be left out

Text columns may be Categorical or Enum, which is several times as fast.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from functools import reduce
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import polars as pl

from ..engine.assessment.exchange import DayRates
from ..engine.assessment.frame import assess_frame, beside
from ..engine.assessment.scalar import LineAssessment, assess_line, part_of
from ..engine.assessment.taxes import CUSTOMS_VALUE, Charge, Line
from ..engine.declaration import Classification, Declaration, DutyTaxFee, GoodsItem, Origin, Quantity
from ..engine.findings import Finding
from ..engine.money import INT64_MAX
from ..engine.tariff.image import GIVEN, IN_NUMBERS, NOT_FOR_ORIGIN, NOT_GIVEN, NOT_IN_FORCE, TariffImage
from ..engine.tariff.measures import Given, MeasureKind, Schedule, Term
from ..engine.tariff.tariff import TariffView
from ..engine.tariff.units import convert, factor
from .pack import Chosen, Kind, Levy, Liability, Pack

type Ints = npt.NDArray[np.int64]
type Which = npt.NDArray[np.bool_]

KEY: Final = (
    "commodity_code", "origin_country_code", "preference_code", "quota_order_id", "additional_code", "shown",
)  # fmt: skip
"""What decides which rates a line takes, but for the day and the kind of declaration."""

DENSE: Final = 1 << 25
"""Keys up to this number are found in a table; beyond it by sorting."""

MOST_KEYS: Final = 200_000
"""Keys that an assessor remembers before it starts afresh: a bound on memory, not on answers."""

_PLACE: Final = "goods_items[2]"
"""Charges that a declaration owes once stand with its first line: these lines are none."""
_EPOCH: Final = date(1970, 1, 1).toordinal()
_LEVIED: Final = (GIVEN.index(Given.RATE), GIVEN.index(Given.NOT_SUBJECT))


@runtime_checkable
class ChoosesMany(Protocol):
    """A country that chooses between its schedules for many lines at once, exactly as for one."""

    def duties_many(
        self, image: TariffImage, lines: pl.DataFrame, levy: Levy, day: date
    ) -> pl.DataFrame | None:
        """Columns T_rate_ppm (null where it is no share), T_pending and T_alone (to be chosen one by one) beside the
        lines, T the code of the tax; None for a tax that is chosen as any other."""

    def with_papers(self, item: GoodsItem, day: date) -> GoodsItem:
        """The line with everything declared that its claim asks."""


@dataclass
class _Figures:
    """The columns that the formulas take, one row a key: figures with which of them are given, and for prices the
    unit that they are for (place in `units`, from 1; 0 none)."""

    rows: int
    values: dict[str, Ints] = field(default_factory=dict)
    given: dict[str, Which] = field(default_factory=dict)
    pending: dict[str, Which] = field(default_factory=dict)
    unit_of: dict[str, npt.NDArray[np.int16]] = field(default_factory=dict)
    units: list[str] = field(default_factory=list)

    def column(self, name: str) -> tuple[Ints, Which]:
        if name not in self.values:
            self.values[name] = np.zeros(self.rows, np.int64)
            self.given[name] = np.zeros(self.rows, np.bool_)
        return self.values[name], self.given[name]

    def put(self, name: str, rows: Any, figures: Any) -> None:
        values, given = self.column(name)
        values[rows], given[rows] = figures, True

    def price(self, name: str, rows: Any, figures: Any, unit: str) -> None:
        """A price, and beside it what it is for; name: T_specific…_millionths."""
        self.put(name, rows, figures)
        quantity = name.replace("_specific", "_quantity")
        if quantity not in self.unit_of:
            self.unit_of[quantity] = np.zeros(self.rows, np.int16)
        if unit not in self.units:
            self.units.append(unit)
        self.unit_of[quantity][rows] = self.units.index(unit) + 1

    def extend(self, other: _Figures) -> None:
        """Add the rows of others below these."""
        after = _Figures(self.rows + other.rows, units=list(self.units))
        after.units += [unit for unit in other.units if unit not in self.units]
        for name in {**self.values, **other.values}:
            values, given = after.column(name)
            for part, rows in ((self, slice(None, self.rows)), (other, slice(self.rows, None))):
                if name in part.values:
                    values[rows], given[rows] = part.values[name], part.given[name]
        for name in {**self.unit_of, **other.unit_of}:
            units = after.unit_of[name] = np.zeros(after.rows, np.int16)
            for part, rows in ((self, slice(None, self.rows)), (other, slice(self.rows, None))):
                if name in part.unit_of:
                    places = np.array([0, *(after.units.index(unit) + 1 for unit in part.units)], np.int16)
                    units[rows] = places[part.unit_of[name]]
        for tax in {**self.pending, **other.pending}:
            pending = after.pending[tax] = np.zeros(after.rows, np.bool_)
            for part, rows in ((self, slice(None, self.rows)), (other, slice(self.rows, None))):
                if tax in part.pending:
                    pending[rows] = part.pending[tax]
        for entry in fields(self):
            setattr(self, entry.name, getattr(after, entry.name))

    def pend(self, tax: str, rows: Any) -> None:
        if tax not in self.pending:
            self.pending[tax] = np.zeros(self.rows, np.bool_)
        self.pending[tax][rows] = True


def assess_many(
    pack: Pack, image: TariffImage, lines: pl.DataFrame, like: Declaration, day: date
) -> pl.DataFrame:
    """The lines with one column `T_minor` for each tax, what is payable of it by the law of a day: 0 not due, null
    pending. Row order is kept.

    like: the declaration that they stand in: its type decides what is due. image: of `pack.tariff`. What a declaration
    owes once is left out.
    """
    keys, which = distinct(lines)
    return _assessed(pack, lines, _charged(pack, image, keys, like, day), which, day)


@dataclass
class Assessor:
    """`assess_many` for batch after batch of one day's law and one kind of declaration: keys that it has answered
    before it only looks up."""

    pack: Pack
    image: TariffImage
    like: Declaration
    day: date
    _rows: dict[tuple[Any, ...], int] = field(default_factory=dict)
    _figures: _Figures | None = None

    def assess(self, lines: pl.DataFrame) -> pl.DataFrame:
        keys, which = distinct(lines)
        if self._figures is None or len(self._rows) + keys.height > MOST_KEYS:
            self._rows, self._figures = {}, _Figures(0)
        facts = keys.rows()
        fresh = [place for place, key in enumerate(facts) if key not in self._rows]
        if fresh:
            for place in fresh:
                self._rows[facts[place]] = len(self._rows)
            self._figures.extend(_charged(self.pack, self.image, keys[fresh], self.like, self.day))
        rows = np.array([self._rows[key] for key in facts], np.int64)
        return _assessed(self.pack, lines, self._figures, rows[which], self.day)


def _assessed(pack: Pack, lines: pl.DataFrame, figures: _Figures, which: Ints, day: date) -> pl.DataFrame:
    """The lines with their taxes. which: of each line the row of the figures that are its own."""
    taxes = [tax for tax in pack.taxes if tax.code not in pack.once]
    laid_out = _laid_out(figures, lines, which, pack.tariff.as_of(day))
    for name in _base_amounts(pack):
        amount = f"{name}_minor"
        known = (
            lines[amount] if amount in lines.columns else pl.Series(amount, [None] * lines.height, pl.Int64)
        )
        laid_out = beside(laid_out, [known])
    assessed = assess_frame(laid_out, taxes)
    return beside(lines, [assessed[f"{tax.code}_minor"] for tax in taxes])


def assess_one(pack: Pack, row: dict[str, Any], like: Declaration, day: date) -> LineAssessment:
    """The same of one line, a row of the frame as a dictionary: by the rule of every declaration and on Python ints."""
    view = pack.tariff.as_of(day)
    kind = pack.kind_of(like, day)
    item = _item(pack, row, day)
    chosen = pack.charges_for(like, item, _PLACE, kind, view) if kind else Chosen()
    amounts = {name: row.get(f"{name}_minor") for name in _base_amounts(pack)}
    known = {name: amount for name, amount in amounts.items() if amount is not None}
    line = Line(known, chosen.charges, chosen.quantities, chosen.pending)
    return assess_line(line, pack.taxes, pack.exchange.as_of(day))


def _base_amounts(pack: Pack) -> list[str]:
    """What the taxes of a country are levied on beside other taxes."""
    codes = {tax.code for tax in pack.taxes}
    return list(dict.fromkeys(name for tax in pack.taxes for name in tax.base if name not in codes))


# keys


def distinct(lines: pl.DataFrame) -> tuple[pl.DataFrame, Ints]:
    """The distinct keys of lines, and of each line which of them is its own."""
    codes, sizes, categories = [], [], []
    for name in KEY:
        numbers, named = _encoded(lines[name])
        codes.append(numbers)
        sizes.append(max(len(named), 1))
        categories.append(named)
    # The small columns first: their combinations that occur are few, and then fit a table with the codes.
    combined, combinations = _numbered(codes[1:], sizes[1:])
    whole, keys = _numbered([codes[0], combined], [sizes[0], len(combinations[0])])
    columns = {KEY[0]: categories[0].gather(pl.Series(keys[0]))}
    for name, named, numbers in zip(KEY[1:], categories[1:], combinations, strict=True):
        columns[name] = named.gather(pl.Series(numbers[keys[1]]))
    return pl.DataFrame(columns), whole


def _encoded(column: pl.Series) -> tuple[Ints, pl.Series]:
    """Numbers in place of texts, and the text of each number."""
    if column.dtype == pl.Boolean:
        return column.cast(pl.Int64).to_numpy(), pl.Series([False, True])
    if column.dtype == pl.String:
        column = column.cast(pl.Categorical)
    if isinstance(column.dtype, pl.Enum):
        return column.to_physical().cast(pl.Int64).to_numpy(), column.dtype.categories
    # The categories of a process grow with all that it meets: only those of this column are kept.
    used = column.unique()
    numbers = used.to_physical().to_numpy().astype(np.int64)
    place = np.zeros(int(numbers.max(initial=0)) + 1, np.int64)
    place[numbers] = np.arange(len(numbers))
    return place[column.to_physical().to_numpy()], used.cast(pl.String)


def _numbered(columns: Sequence[Ints], sizes: Sequence[int]) -> tuple[Ints, list[Ints]]:
    """One number for each combination that occurs, and the parts of each combination."""
    total = reduce(lambda a, b: a * b, sizes, 1)
    key = np.zeros(len(columns[0]), np.int64)
    for column, size in zip(columns, sizes, strict=True):
        key = key * size + column
    if total <= DENSE:
        met = np.zeros(total, np.bool_)
        met[key] = True
        found = np.flatnonzero(met)
        place = np.zeros(total, np.int32)
        place[found] = np.arange(len(found), dtype=np.int32)
        which = place[key].astype(np.int64)
    else:
        found, which = np.unique(key, return_inverse=True)
    parts, rest = [], found
    for size in reversed(sizes):
        rest, part = np.divmod(rest, size)
        parts.append(part)
    return which, parts[::-1]


# charges


def _charged(pack: Pack, image: TariffImage, keys: pl.DataFrame, like: Declaration, day: date) -> _Figures:
    """The figures of every tax, one row a key."""
    figures = _Figures(keys.height)
    kind = pack.kind_of(like, day)
    if kind is None or kind.untaxed or not kind.flow or not keys.height:
        return figures
    alone = _Plain(pack, image, keys, like, kind, day, figures).fill()
    rates = pack.exchange.as_of(day)
    view = pack.tariff.as_of(day)
    rows = np.flatnonzero(alone).tolist()
    for row, facts in zip(rows, keys[rows].iter_rows(named=True), strict=True):
        _put(figures, row, pack.charges_for(like, _item(pack, facts, day), _PLACE, kind, view), rates)
    return figures


@dataclass
class _Plain:
    """Keys whose answers are rows of the image."""

    pack: Pack
    image: TariffImage
    keys: pl.DataFrame
    like: Declaration
    kind: Kind
    day: date
    figures: _Figures

    def fill(self) -> Which:
        """Put their figures; which keys must be answered one by one."""
        image, keys, schedule = self.image, self.keys, Schedule(self.kind.flow)
        blank = self.like.goods_items[0] if self.like.goods_items else GoodsItem()
        self.positions = image.positions(keys["commodity_code"])
        self.origins = image.country_numbers(keys["origin_country_code"])
        self.additional = image.claim_numbers(keys["additional_code"])
        alone = self.positions < 0
        for slot in image.trade_defence_slots(schedule):
            alone |= ~np.isin(self._cells(slot), (NOT_GIVEN, NOT_FOR_ORIGIN))
        found: list[tuple[str, _Found]] = []
        for levy in self.pack.levies:
            code = levy.tax.code
            if levy.flow != self.kind.flow or code in self.pack.once:
                continue
            if self.pack.liability(self.like, blank, code, self.day) is Liability.NONE:
                continue
            answer = self._found(levy, schedule)
            alone |= answer.alone
            found.append((code, answer))
        for code, answer in found:
            for name, which, values in answer.figures(code):
                self.figures.put(name, which & ~alone, values[which & ~alone])
            for which, values, unit in answer.prices:
                self.figures.price(
                    f"{code}_specific_millionths", which & ~alone, values[which & ~alone], unit
                )
            self.figures.pend(code, answer.pending & ~alone)
        return alone

    def _cells(self, slot: int) -> npt.NDArray[np.int32]:
        days = self.day.toordinal() - _EPOCH
        return self.image.lookup(self.positions, slot, days, self.origins, None, self.additional)

    def _found(self, levy: Levy, schedule: Schedule) -> _Found:
        if levy.preferential:
            if not isinstance(self.pack, ChoosesMany):
                return _Found.one_by_one(self.keys.height)
            chosen = self.pack.duties_many(self.image, self.keys, levy, self.day)
            if chosen is not None:
                return _Found.of_frame(chosen, levy.tax.code)
        return self._by_slot(levy, schedule)

    def _by_slot(self, levy: Levy, schedule: Schedule) -> _Found:
        """A tax without schemes: the row of its one slot; of several slots the rule for one decides."""
        image, code, columns = self.image, levy.tax.code, self.image.columns
        slots = [
            number
            for number, slot in enumerate(image.slots)
            if slot.tax == code and slot.schedule is schedule and slot.kind is not MeasureKind.TRADE_DEFENCE
        ]
        general = image.slot(code, schedule)
        rows = self._cells(general)
        at = np.maximum(rows, 0)
        known = rows >= 0
        if not len(columns["given"]):
            at, known = np.zeros(0, np.int64), known & False
        is_rate = known & np.isin(columns["given"][at], _LEVIED) if known.any() else known
        is_number = is_rate & ((columns["flags"][at] & IN_NUMBERS) != 0) if known.any() else known
        money = [i for i, name in enumerate(image.currencies) if name in ("", self.pack.currency)]
        plain = is_number & np.isin(columns["currency"][at], money) if known.any() else known
        alone = (rows == NOT_IN_FORCE) | (is_rate & ~plain)
        if known.any():
            alone |= known & (columns["given"][at] == GIVEN.index(Given.DERIVED))
        for other in slots:
            if other != general:
                alone |= self._cells(other) != NOT_GIVEN
        due = rows != NOT_GIVEN if not levy.always else np.ones(len(rows), np.bool_)
        pending = due & ~is_rate & ~alone
        if not plain.any():
            return _Found(alone, pending, plain, np.zeros(len(rows), np.int64))
        specific = columns["specific_millionths"][at] * 10**self.pack.decimals
        prices = [
            (plain & (columns["unit"][at] == number), specific, unit)
            for number, unit in enumerate(image.units)
            if number and bool((plain & (columns["unit"][at] == number)).any())
        ]
        return _Found(alone, pending, plain, columns["rate_ppm"][at].astype(np.int64), prices)


@dataclass
class _Found:
    """What was found of one tax, one row a key. prices: (which keys, price, unit)."""

    alone: Which
    pending: Which
    plain: Which
    rates: Ints
    prices: list[tuple[Which, Ints, str]] = field(default_factory=list)

    @classmethod
    def one_by_one(cls, rows: int) -> _Found:
        nothing = np.zeros(rows, np.bool_)
        return cls(np.ones(rows, np.bool_), nothing, nothing, np.zeros(rows, np.int64))

    @classmethod
    def of_frame(cls, chosen: pl.DataFrame, tax: str) -> _Found:
        rates = chosen[f"{tax}_rate_ppm"]
        alone, pending = chosen[f"{tax}_alone"].to_numpy(), chosen[f"{tax}_pending"].to_numpy()
        return cls(alone, pending, rates.is_not_null().to_numpy() & ~pending, rates.fill_null(0).to_numpy())

    def figures(self, tax: str) -> Iterator[tuple[str, Which, Ints]]:
        yield f"{tax}_rate_ppm", self.plain, self.rates


def _put(figures: _Figures, row: int, chosen: Chosen, rates: DayRates) -> None:
    """What the rule for one line chose, as figures of one key. What misses a rate of exchange is pending."""
    for tax in chosen.pending:
        figures.pend(tax, row)
    seen: dict[str, int] = {}
    for charge in chosen.charges:
        seen[charge.tax] = number = seen.get(charge.tax, 0) + 1
        prefix = charge.tax if number == 1 else f"{charge.tax}_{number}"
        try:
            parts = [(stem, part_of(terms, dict.fromkeys(charge.duty.units, 1), rates), terms)
                     for stem, terms in _stems(prefix, charge)]  # fmt: skip
        except KeyError:
            figures.pend(charge.tax, row)
            continue
        for stem, part, terms in parts:
            figures.put(f"{stem}_rate_ppm", row, part.rate_ppm)
            units = [term.unit for term in terms if term.unit]
            for place, ((price, _), unit) in enumerate(zip(part.specific, units, strict=True), 1):
                tail = "" if place == 1 else f"_{place}"
                figures.price(f"{stem}_specific{tail}_millionths", row, price, unit)
            if part.per is not None:
                figures.put(f"{stem}_specific_per", row, part.per)


def _stems(prefix: str, charge: Charge) -> Iterator[tuple[str, tuple[Term, ...]]]:
    duty = charge.duty
    limits = (f"{prefix}_at_least", duty.at_least), (f"{prefix}_at_most", duty.at_most)
    for stem, terms in ((prefix, duty.base), *limits):
        if terms:
            yield stem, terms


def _item(pack: Pack, facts: dict[str, Any], day: date) -> GoodsItem:
    """The goods item that a row of lines, or of keys, stands for."""
    claim, quota = facts["preference_code"], facts["quota_order_id"]
    codes = [Classification(id=facts["commodity_code"], identification_type_code="TSP")]
    if facts["additional_code"]:
        codes.append(Classification(id=facts["additional_code"], identification_type_code="GN"))
    origin = facts["origin_country_code"]
    quantity = None
    if facts.get("quantity_millionths") is not None:
        quantity = Quantity(millionths=facts["quantity_millionths"], unit=facts["quantity_unit"])
    item = GoodsItem(
        classifications=tuple(codes),
        origins=(Origin(country_code=origin, type_code="1"),) if origin else (),
        duty_tax_fees=(DutyTaxFee(duty_regime_code=claim, quota_order_id=quota),) if claim or quota else (),
        tariff_quantity=quantity,
    )
    if facts["shown"] and claim and isinstance(pack, ChoosesMany):
        return pack.with_papers(item, day)
    return item


# lines


def _laid_out(figures: _Figures, lines: pl.DataFrame, which: Ints, view: TariffView) -> pl.DataFrame:
    """The columns of the formulas, one row a line."""
    columns = [lines[f"{CUSTOMS_VALUE}_minor"]]
    for name, values in figures.values.items():
        given = figures.given[name]
        if not given.any():
            continue
        series = pl.Series(name, values[which])
        columns.append(series if given.all() else _nulled(series, given[which]))
    for name, units in figures.unit_of.items():
        columns.append(_quantities(name, units[which], figures.units, lines, view))
    for tax, waiting in figures.pending.items():
        if waiting.any():
            columns.append(pl.Series(f"{tax}_pending", waiting[which]))
    return pl.DataFrame(columns)


def _nulled(series: pl.Series, given: Which) -> pl.Series:
    return series.to_frame().select(pl.when(pl.Series(given)).then(pl.col(series.name))).to_series()


def _quantities(
    name: str, unit_of: npt.NDArray[np.int16], units: list[str], lines: pl.DataFrame, view: TariffView
) -> pl.Series:
    """Of each line its quantity in the unit of its price, cut towards zero; null where it cannot be had."""
    values, given = np.zeros(lines.height, np.int64), np.zeros(lines.height, np.bool_)
    rows = np.flatnonzero(unit_of)
    if not len(rows) or "quantity_millionths" not in lines.columns:
        return _nulled(pl.Series(name, values), given)
    declared = _with_units(lines.select("commodity_code", "quantity_millionths", "quantity_unit")[rows], view)
    numbers, names = _encoded(declared["quantity_unit"])
    amounts = declared["quantity_millionths"]
    there = amounts.is_not_null().to_numpy()
    figures = amounts.fill_null(0).to_numpy()
    for place, wanted in enumerate(units, 1):
        for number, unit in enumerate(names.to_list()):
            some = (unit_of[rows] == place) & (numbers == number) & there
            if unit and some.any():
                converted, fits = _converted(figures[some], unit, wanted)
                values[rows[some]], given[rows[some]] = converted, fits
    return _nulled(pl.Series(name, values), given)


def _with_units(lines: pl.DataFrame, view: TariffView) -> pl.DataFrame:
    """Units as the tariff writes them; a quantity without one is in the commodity's own, as `Pack.quantities_of` has
    it."""
    units = lines["quantity_unit"].cast(pl.String).fill_null("").str.replace_all("#", "", literal=True)
    codes = lines["commodity_code"].cast(pl.String)
    silent = codes.filter(units == "").unique().to_list()
    own = {code: next(iter(commodity.units), "") for code in silent if (commodity := view.commodity(code))}
    written = codes.replace_strict({**own, "": ""}, default="", return_dtype=pl.String)
    filled = pl.select(pl.when(units == "").then(written).otherwise(units).alias("quantity_unit")).to_series()
    return lines.with_columns(filled)


def _converted(figures: Ints, unit: str, wanted: str) -> tuple[Ints, Which]:
    """Quantities in another unit, as `Pack.counted` cuts them; none where the units measure different things."""
    ratio = factor(unit, wanted)
    if ratio is not None and (not len(figures) or int(np.abs(figures).max()) * ratio[0] <= INT64_MAX):
        return figures * ratio[0] // ratio[1], np.ones(len(figures), np.bool_)
    found = [convert({unit: amount}, wanted) for amount in figures.tolist()]
    fits = np.array([not isinstance(one, Finding) for one in found], np.bool_)
    whole = [0 if isinstance(one, Finding) else one[0] // one[1] for one in found]
    if any(abs(amount) > INT64_MAX for amount in whole):
        raise OverflowError(f"a quantity in {wanted} is beyond int64")
    return np.array(whole, np.int64), fits
