"""Figures: an indicator's value, its split, the rows behind it, its trend, and freezing.

The drill-down asks with the same expression as the figure, so the rows listed are the rows counted. A period that the
edition does not cover is missing and not zero; so is a share of nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Literal

import polars as pl

from ..engine.dated import Period
from ..engine.indicators.enterprises import EnterpriseRule, kinds_of, of_counts
from ..engine.indicators.expression import EVERY, Expression, col
from ..engine.indicators.facts import TABLES
from ..engine.indicators.indicator import (
    Activity,
    Amount,
    Derived,
    Enterprises,
    Indicator,
    Part,
    Ratio,
    Spread,
    When,
    definition_version,
    parts,
    reads,
)
from ..engine.indicators.periods import span, year_before
from ..engine.indicators.time_release import Study, study
from ..engine.indicators.value import Nature, SpreadOf, Value
from .backends import Backend, Polars, Split, needs_traders
from .facts import schema
from .frozen import Frozen
from .lake import Edition
from .sql import Ask

type Scope = Mapping[str, str | int | bool | Sequence[str | int]]
"""Which rows: column → its value, or several of which any will do. {} for all."""

type Half = Literal["hits", "of"]

NOT_COVERED: Final = "NOT_COVERED"
"""The lake does not tell of all the days asked for."""
NO_RECORDS: Final = "NO_RECORDS"
"""The lake has no such facts at all."""
SHARE_OF_NOTHING: Final = "SHARE_OF_NOTHING"
"""There was nothing that it could be a share of."""
NOTHING_MEASURED: Final = "NOTHING_MEASURED"
"""No row had both instants."""


class NotMeasurable(ValueError):
    """A question that the definitions do not answer: an unknown indicator, a split that it does not have."""


class Measure:
    """Asks one edition with one catalogue.

    backend: Polars unless another is given. rule: of kept, new, returned and lost enterprises; by itself only who was
    never seen is new.
    """

    def __init__(
        self,
        edition: Edition,
        indicators: Mapping[str, Indicator],
        backend: Backend | None = None,
        rule: EnterpriseRule | None = None,
    ) -> None:
        self.edition = edition
        self.indicators = indicators
        self.backend: Backend = backend or Polars()
        self.rule = rule or EnterpriseRule()

    def value(self, code: str, days: Period, scope: Scope | None = None) -> Value:
        """One figure."""
        return self.values([code], days, scope)[code][0]

    def values(
        self, codes: Iterable[str], days: Period, scope: Scope | None = None, split: tuple[str, ...] = ()
    ) -> dict[str, list[Value]]:
        """Several figures of one period: code → its values, one a split in the split's order (nulls first). Those of
        one table are asked for together. Without a split each has exactly one; with one, a missing whole is one value
        with the split ()."""
        wanted = [self.measurable(code) for code in codes]
        found: dict[str, list[Value]] = {}
        together: dict[tuple[str, str], list[Indicator]] = {}
        for indicator in wanted:
            why = self.why_missing(indicator, days, scope or {}, split)
            if why:
                found[indicator.code] = [_missing(indicator, days, why)]
            elif isinstance(indicator.formula, Amount | Ratio):
                together.setdefault((indicator.table, indicator.counted_on), []).append(indicator)
            elif isinstance(indicator.formula, Spread):
                found[indicator.code] = self._spread(indicator, indicator.formula, days, scope, split)
        for group in together.values():
            found |= self._counted(group, days, scope, split)
        asked = [one for one in wanted if isinstance(one.formula, Enterprises) and one.code not in found]
        if asked:
            found |= self._enterprises(asked, days, scope, split)
        return {indicator.code: found[indicator.code] for indicator in wanted}

    def trend(self, code: str, months: Sequence[str], scope: Scope | None = None) -> list[tuple[str, Value]]:
        """A figure month by month, each "2020-06" (or any other code of a budget period) with its own value."""
        return [(month, self.value(code, span(month).days, scope)) for month in months]

    def same_period_before(self, code: str, days: Period, scope: Scope | None = None) -> Value:
        """The figure of the same days of the year before, by the facts of today: restated."""
        return self.value(code, year_before(days), scope)

    def drill(
        self,
        code: str,
        days: Period,
        scope: Scope | None = None,
        half: Half = "hits",
        limit: int = 0,
        offset: int = 0,
    ) -> pl.DataFrame:
        """The rows behind a figure, in the order of day and key: as many as were counted, or whose column adds up to
        the sum. half: of a share, its hits or all that it is a share of. Of an enterprise figure: one row for each
        enterprise, with its trader record. limit 0 for all."""
        indicator = self.measurable(code)
        ask = self._ask(indicator, days, scope, ())
        match indicator.formula:
            case Amount(part):
                return self.backend.rows(self.edition, part, ask, limit, offset)
            case Ratio(hits, of):
                return self.backend.rows(self.edition, hits if half == "hits" else of, ask, limit, offset)
            case Spread() as spread:
                return self.backend.spread_rows(self.edition, spread, ask, limit, offset)
            case Enterprises() as formula:
                return self._enterprises_behind(formula, ask, days, limit, offset)
            case _:
                raise NotMeasurable(f"{code} has no rows of its own: open {', '.join(self._of(code))}")

    def column_summed(self, code: str, half: Half = "hits") -> str:
        """The column of the drill-down that adds up to the figure, "" where its rows are counted."""
        found = parts(self.indicators[code].formula)
        part = found[-1 if half == "of" else 0] if found else None
        return getattr(part, "amount", "")

    def time_release(
        self, window: Period, followed_to: datetime, offices: Sequence[str] = ()
    ) -> Study | None:
        """The time-release study of a window of days; None where the edition does not tell of all of them, or was
        exported before the study closed: who was not followed to the end was not studied."""
        if not self.edition.covers("declarations", window) or self.edition.manifest.exported_at < followed_to:
            return None
        return study(
            _read("declarations", self.edition.files("declarations", window)), window, followed_to, offices
        )

    def freeze(self, values: Sequence[Value]) -> Frozen:
        """Fix figures with all that they rest on. The same facts and definitions make the same digest."""
        tables = {"traders"}
        versions = {}
        for value in values:
            indicator = self.indicators.get(value.indicator)
            if indicator is None:
                raise NotMeasurable(f"no indicator {value.indicator}")
            versions[value.indicator] = definition_version(indicator)
            tables |= self._tables(indicator)
        manifest = self.edition.manifest
        return Frozen(
            values=tuple(values),
            edition=manifest.edition,
            as_of=manifest.exported_at,
            fact_hash=self.edition.fact_hash(tables),
            definitions=dict(sorted(versions.items())),
            fact_columns=manifest.definitions,
        )

    def measurable(self, code: str) -> Indicator:
        """The definition of a figure that has facts of its own. NotMeasurable for another."""
        indicator = self.indicators.get(code)
        if indicator is None:
            raise NotMeasurable(f"no indicator {code}")
        if isinstance(indicator.formula, Derived):
            raise NotMeasurable(f"{code} is made of {', '.join(self._of(code))} by {indicator.formula.rule}")
        return indicator

    def _of(self, code: str) -> tuple[str, ...]:
        formula = self.indicators[code].formula
        return formula.of if isinstance(formula, Derived) else ()

    def _tables(self, indicator: Indicator) -> set[str]:
        formula = indicator.formula
        if isinstance(formula, Derived):
            return {
                table
                for code in formula.of
                if code in self.indicators
                for table in self._tables(self.indicators[code])
            }
        return {indicator.table}

    def _ask(self, indicator: Indicator, days: Period, scope: Scope | None, split: tuple[str, ...]) -> Ask:
        where: Expression = EVERY
        for column, wanted in (scope or {}).items():
            if column not in indicator.splits:
                raise NotMeasurable(f"{indicator.code} is not scoped by {column}")
            if isinstance(wanted, str | int):
                where &= col(column).is_(wanted)
            elif wanted:
                where &= col(column).in_(*wanted)
            else:
                raise NotMeasurable(f"{indicator.code} is scoped by no value of {column}")
        for column in split:
            if column not in indicator.splits:
                raise NotMeasurable(f"{indicator.code} is not split by {column}")
        return Ask(indicator.table, indicator.counted_on, days, where, split)

    def why_missing(self, indicator: Indicator, days: Period, scope: Scope, split: tuple[str, ...]) -> str:
        """Why the edition cannot tell a figure of these days, a code of words; "" where it can."""
        ask = self._ask(indicator, days, scope, split)
        if indicator.table not in self.edition.manifest.tables:
            return NO_RECORDS
        if needs_traders(ask, reads(indicator.formula)) and not self.edition.files("traders"):
            return NO_RECORDS
        needed = [days]
        if isinstance(indicator.formula, Enterprises) and indicator.formula.activity is not Activity.ACTIVE:
            needed.append(year_before(days))
        whens = {part.when for part in parts(indicator.formula)}
        if When.BY_END in whens or When.BEFORE in whens:
            # A stock is told from its movements: their history has to begin with the first of them.
            needed = [Period(ask.last, ask.last)]
        return "" if all(self.edition.covers(indicator.table, period) for period in needed) else NOT_COVERED

    def _counted(
        self, group: list[Indicator], days: Period, scope: Scope | None, split: tuple[str, ...]
    ) -> dict[str, list[Value]]:
        asks = [self._ask(indicator, days, scope, split) for indicator in group]
        wanted: list[Part] = []
        for indicator in group:
            wanted += [part for part in parts(indicator.formula) if part not in wanted]
        rows = self.backend.aggregate(self.edition, wanted, asks[0])
        place = {part: n for n, part in enumerate(wanted)}
        found: dict[str, list[Value]] = {}
        for indicator in group:
            formula = indicator.formula
            told = []
            for key in sorted(rows, key=split_order):
                figures = [rows[key][place[part]] for part in parts(formula)]
                told.append(counted_value(indicator, days, key, figures))
            found[indicator.code] = told
        return found

    def _spread(
        self, indicator: Indicator, spread: Spread, days: Period, scope: Scope | None, split: tuple[str, ...]
    ) -> list[Value]:
        found = self.backend.spread(self.edition, spread, self._ask(indicator, days, scope, split))
        if not found and not split:
            return [_missing(indicator, days, NOTHING_MEASURED)]
        return [spread_value(indicator, days, found[key], key) for key in sorted(found, key=split_order)]

    def _enterprises(
        self, group: list[Indicator], days: Period, scope: Scope | None, split: tuple[str, ...]
    ) -> dict[str, list[Value]]:
        found: dict[str, list[Value]] = {indicator.code: [] for indicator in group}
        before, seen_from = year_before(days), self.rule.seen_from(days)
        first = group[0]
        assert isinstance(first.formula, Enterprises)
        rows = self.backend.activities(
            self.edition, first.formula, self._ask(first, days, scope, split), before, seen_from
        )
        if not split:
            rows.setdefault((), {})
        for key in sorted(rows, key=split_order):
            counted = of_counts(rows[key])
            for indicator in group:
                formula = indicator.formula
                assert isinstance(formula, Enterprises)
                if (formula.of, formula.among) != (first.formula.of, first.formula.among):
                    raise NotMeasurable(f"{indicator.code} and {first.code} count enterprises differently")
                found[indicator.code].append(
                    Value(
                        indicator=indicator.code,
                        unit=indicator.unit,
                        better=indicator.better,
                        days=days,
                        amount=counted.of(formula.activity),
                        split=key,
                        facts={"rule_months": str(self.rule.new_after_months or "")},
                    )
                )
        return found

    def _enterprises_behind(
        self, formula: Enterprises, ask: Ask, days: Period, limit: int, offset: int
    ) -> pl.DataFrame:
        rows = self.backend.enterprises(
            self.edition, formula, ask, year_before(days), self.rule.seen_from(days)
        )
        names = [name for name, *flags in rows if formula.activity in kinds_of(*flags)]
        chosen = pl.DataFrame({"trader": names}, schema={"trader": pl.String})
        files = self.edition.files("traders")
        if files:
            known = pl.read_parquet(files, hive_partitioning=False)
            chosen = chosen.join(known, on="trader", how="left", maintain_order="left")
        return chosen.slice(offset, limit) if limit else chosen


def changed_rows(before: Edition, after: Edition, table: str, days: Period) -> pl.DataFrame:
    """What happened to a table's rows of a period between two editions: column `change` says ADDED, REMOVED, WAS or IS
    (one row that changed, twice), then the columns of the table. Only months with another file are read."""
    key = list(TABLES[table].key)
    old_files, new_files = set(before.files(table, days)), set(after.files(table, days))
    old = _read(table, sorted(old_files - new_files))
    new = _read(table, sorted(new_files - old_files))
    gone, come = _without(old, new), _without(new, old)
    told = [
        gone.join(come, on=key, how="anti").with_columns(change=pl.lit("REMOVED")),
        gone.join(come, on=key, how="semi").with_columns(change=pl.lit("WAS")),
        come.join(gone, on=key, how="semi").with_columns(change=pl.lit("IS")),
        come.join(gone, on=key, how="anti").with_columns(change=pl.lit("ADDED")),
    ]
    day = TABLES[table].day
    found = pl.concat(told)
    if day:
        found = found.filter(pl.col(day).is_between(days.first_day, days.last_day or date.max))
    order = pl.Enum(["REMOVED", "WAS", "IS", "ADDED"])
    return found.select("change", pl.exclude("change")).sort(
        [*key, pl.col("change").cast(order)], maintain_order=True
    )


def _read(table: str, files: list[Path]) -> pl.DataFrame:
    if not files:
        return pl.DataFrame(schema=schema(TABLES[table]))
    return pl.read_parquet(files, hive_partitioning=False)


def _without(rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """The rows that stand in the others in no such form, null equal to null."""
    return rows.join(others, on=rows.columns, how="anti", nulls_equal=True)


def split_order(key: Split) -> tuple[tuple[bool, str, Any], ...]:
    return tuple((part is not None, type(part).__name__, part if part is not None else 0) for part in key)


def _missing(indicator: Indicator, days: Period, why: str) -> Value:
    return Value(
        indicator=indicator.code, unit=indicator.unit, better=indicator.better, days=days, why_missing=why
    )


def counted_value(indicator: Indicator, days: Period, key: Split, figures: Sequence[int]) -> Value:
    """From the parts' integers."""
    if isinstance(indicator.formula, Ratio):
        hits, of = figures
        return Value(
            indicator=indicator.code,
            unit=indicator.unit,
            better=indicator.better,
            days=days,
            nature=Nature.ACTUAL,
            amount=Fraction(hits, of) if of else None,
            hits=hits,
            of=of,
            split=key,
            why_missing="" if of else SHARE_OF_NOTHING,
        )
    return Value(
        indicator=indicator.code,
        unit=indicator.unit,
        better=indicator.better,
        days=days,
        amount=figures[0],
        split=key,
    )


def spread_value(indicator: Indicator, days: Period, spread: SpreadOf, key: Split = ()) -> Value:
    """The figure of a spread is its mean; median and percentiles stand beside it."""
    return Value(
        indicator=indicator.code,
        unit=indicator.unit,
        better=indicator.better,
        days=days,
        amount=spread.mean,
        spread=spread,
        split=key,
        why_missing="" if spread.count else NOTHING_MEASURED,
    )
