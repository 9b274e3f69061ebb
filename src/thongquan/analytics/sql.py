"""An indicator's question as SQL text. One text serves DuckDB, Spark and PostgreSQL; what differs is a `Dialect`.

Everything exact: sums in a type that cannot overflow, order statistics by rank and never by interpolation, no division.
Texts in constants are quoted here; names of columns come from the fact tables only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ..engine.dated import Period
from ..engine.indicators.expression import (
    All,
    Any_,
    Col,
    Compare,
    Const,
    Expression,
    First,
    Given,
    In,
    Not,
    Present,
)
from ..engine.indicators.facts import TABLES
from ..engine.indicators.indicator import Count, Distinct, Enterprises, Part, Spread, Total, When


@dataclass(frozen=True, slots=True)
class Dialect:
    """exact: an integer column as a type whose sum does not overflow; {0} is the column."""

    name: str
    exact: str


DUCKDB: Final = Dialect("duckdb", "{0}")  # sums of BIGINT are HUGEINT
POSTGRESQL: Final = Dialect("postgresql", "{0}")  # sums of bigint are numeric
SPARK: Final = Dialect("spark", "CAST({0} AS DECIMAL(38,0))")


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for. days: the period, with an end. scope: which rows, over the same columns. split: the columns
    to split by, in order; "traders.…" joins. last: the period's last day."""

    table: str
    counted_on: str
    days: Period
    scope: Expression
    split: tuple[str, ...] = ()

    @property
    def last(self) -> date:
        if self.days.last_day is None:
            raise ValueError("a figure is of days with an end")
        return self.days.last_day

    @property
    def given(self) -> dict[str, date]:
        return {"first_day": self.days.first_day, "last_day": self.last}


def name(column: str) -> str:
    """A column of the table itself, or of the joined one."""
    own, _, joined = column.partition(".")
    return f"{own}.{joined}" if joined else f"f.{own}"


def constant(value: object) -> str:
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return str(value)
        case str():
            # Spark reads backslashes as escapes, the others do not; no code of a fact table has one.
            if "\\" in value or "\0" in value:
                raise ValueError("a constant of a condition holds a backslash")
            return "'" + value.replace("'", "''") + "'"
        case date():
            return f"DATE '{value.isoformat()}'"
        case _:
            raise TypeError(f"not a constant: {value!r}")


def condition(of: Expression, given: Mapping[str, date]) -> str:
    """An expression as text, with brackets around every part."""
    match of:
        case Col(column):
            return name(column)
        case Const(value):
            return constant(value)
        case Given(day):
            return constant(given[day])
        case Compare(operator, left, right):
            return f"({condition(left, given)} {operator} {condition(right, given)})"
        case In(inner, values):
            return f"({condition(inner, given)} IN ({', '.join(map(constant, values))}))"
        case Present(inner):
            return f"({condition(inner, given)} IS NOT NULL)"
        case Not(inner):
            return f"(NOT {condition(inner, given)})"
        case All(parts):
            return f"({' AND '.join(condition(part, given) for part in parts)})" if parts else "TRUE"
        case Any_(parts):
            return f"({' OR '.join(condition(part, given) for part in parts)})" if parts else "FALSE"
        case First(parts):
            return f"COALESCE({', '.join(condition(part, given) for part in parts)})"
        case _:
            raise TypeError(f"not an expression: {of!r}")


def within(when: When, ask: Ask) -> str:
    """The days of a part."""
    day = name(ask.counted_on)
    first, last = constant(ask.days.first_day), constant(ask.last)
    return {
        When.WITHIN: f"({day} BETWEEN {first} AND {last})",
        When.BY_END: f"({day} <= {last})",
        When.BEFORE: f"({day} < {first})",
    }[when]


def aggregate(parts: Sequence[Part], ask: Ask, dialect: Dialect, joins: bool) -> str:
    """One row a split: the split's values, then each part. Without a split exactly one row."""
    told = ", ".join([*map(name, ask.split), *(_part(part, ask, dialect) for part in parts)])
    widest = (
        within(When.WITHIN, ask) if all(p.when is When.WITHIN for p in parts) else within(When.BY_END, ask)
    )
    return f"SELECT {told}{_from(ask, joins)} WHERE {_and(widest, ask)}{_group(ask)}"


def _and(*texts: str | Ask) -> str:
    said = [condition(text.scope, text.given) if isinstance(text, Ask) else text for text in texts]
    return " AND ".join(text for text in said if text != "TRUE") or "TRUE"


def _group(ask: Ask) -> str:
    return f" GROUP BY {', '.join(map(name, ask.split))}" if ask.split else ""


def _from(ask: Ask, joins: bool) -> str:
    """The table, and beside it the traders where something of theirs is asked for."""
    joined = f" LEFT JOIN traders ON traders.trader = {_trader(ask.table)}" if joins else ""
    return f" FROM {ask.table} AS f{joined}"


def _trader(table: str) -> str:
    return "f.trader" if "trader" in TABLES[table].by_name else "f.payer"


def _part(part: Part, ask: Ask, dialect: Dialect) -> str:
    where = _and(within(part.when, ask), condition(part.among, ask.given))
    match part:
        case Count():
            return f"COUNT(*) FILTER (WHERE {where})"
        case Total(amount=amount, negated=negated):
            summed = f"SUM({dialect.exact.format(name(amount))}) FILTER (WHERE {where})"
            return f"{'-' if negated else ''}COALESCE({summed}, 0)"
        case Distinct(of=of):
            return f"COUNT(DISTINCT {name(of)}) FILTER (WHERE {where})"


def durations(spread: Spread, ask: Ask, joins: bool) -> str:
    """The rows of a spread: the split's values as s0, s1, …, then the duration."""
    start, end = condition(spread.start, ask.given), condition(spread.end, ask.given)
    split = "".join(f"{name(column)} AS s{n}, " for n, column in enumerate(ask.split))
    where = _and(
        within(When.WITHIN, ask),
        ask,
        condition(spread.among, ask.given),
        f"{start} IS NOT NULL",
        f"{end} IS NOT NULL",
    )
    return f"SELECT {split}GREATEST({end} - {start}, 0) AS d{_from(ask, joins)} WHERE {where}"


def spread_sums(spread: Spread, ask: Ask, dialect: Dialect, joins: bool) -> str:
    """One row a split that has a duration: its values, how many, their sum."""
    keys = "".join(f"s{n}, " for n in range(len(ask.split)))
    group = f" GROUP BY {keys.rstrip(', ')}" if ask.split else " HAVING COUNT(*) > 0"
    return (
        f"SELECT {keys}COUNT(*) AS n, SUM({dialect.exact.format('d')}) AS t "
        f"FROM ({durations(spread, ask, joins)}) AS x{group}"
    )


def spread_ranks(spread: Spread, ask: Ask, ranks: Sequence[int], joins: bool) -> str:
    """For each split the durations that stand at these ranks: its values, the rank, the duration."""
    keys = "".join(f"s{n}, " for n in range(len(ask.split)))
    over = f"PARTITION BY {keys.rstrip(', ')} ORDER BY d" if ask.split else "ORDER BY d"
    return (
        f"SELECT {keys}k, d FROM (SELECT {keys}d, ROW_NUMBER() OVER ({over}) AS k "
        f"FROM ({durations(spread, ask, joins)}) AS x) AS y WHERE k IN ({', '.join(map(str, ranks))})"
    )


def activities(
    formula: Enterprises, ask: Ask, before: Period, seen_from: date, joins: bool, known_first_days: bool
) -> str:
    """One row for each split and combination of (active now, active before, seen): values, three flags, how many."""
    rows = _enterprises(formula, ask, before, seen_from, joins, known_first_days)
    keys = "".join(f"s{n}, " for n in range(len(ask.split)))
    return (
        f"SELECT {keys}now, before, seen, COUNT(*) AS n FROM ({rows}) AS z "
        f"WHERE now OR before GROUP BY {keys}now, before, seen"
    )


def enterprises(
    formula: Enterprises, ask: Ask, before: Period, seen_from: date, joins: bool, known_first_days: bool
) -> str:
    """One row for each enterprise that was active now or before: itself and its three flags, in order."""
    rows = _enterprises(formula, ask, before, seen_from, joins, known_first_days)
    return f"SELECT enterprise, now, before, seen FROM ({rows}) AS z WHERE now OR before ORDER BY enterprise"


def _enterprises(
    formula: Enterprises, ask: Ask, before: Period, seen_from: date, joins: bool, known_first_days: bool
) -> str:
    day = name(ask.counted_on)
    first = constant(ask.days.first_day)
    horizon = constant(max(seen_from, date(1, 1, 1)))
    split = "".join(f"{name(column)} AS s{n}, " for n, column in enumerate(ask.split))
    keys = "".join(f"s{n}, " for n in range(len(ask.split)))
    then = f"{day} BETWEEN {constant(before.first_day)} AND {constant(before.last_day)}"
    where = _and(within(When.BY_END, ask), ask, condition(formula.among, ask.given))
    rows = (
        f"SELECT {split}{name(formula.of)} AS enterprise, {within(When.WITHIN, ask)} AS n, ({then}) AS b, "
        f"({day} >= {horizon} AND {day} < {first}) AS s{_from(ask, joins)} WHERE {where}"
    )
    each = (
        f"SELECT {keys}enterprise, BOOL_OR(n) AS now, BOOL_OR(b) AS before, BOOL_OR(s) AS seen_here "
        f"FROM ({rows}) AS x GROUP BY {keys}enterprise"
    )
    if not known_first_days:
        return f"SELECT {keys}enterprise, now, before, seen_here AS seen FROM ({each}) AS y"
    known = f"COALESCE(t.first_day >= {horizon} AND t.first_day < {first}, FALSE)"
    return (
        f"SELECT {keys}y.enterprise, now, before, (seen_here OR {known}) AS seen "
        f"FROM ({each}) AS y LEFT JOIN traders AS t ON t.trader = y.enterprise"
    )


def rows_behind(table: str, where: str, ask: Ask, joins: bool, limit: int, offset: int) -> str:
    """Whole rows of the fact table that meet a condition, in the order of day and key."""
    order = ", ".join(f"f.{column}" for column in (ask.counted_on, *TABLES[table].key))
    told = ", ".join(f"f.{column.name}" for column in TABLES[table].columns)
    page = f" LIMIT {limit} OFFSET {offset}" if limit else ""
    return f"SELECT {told}{_from(ask, joins)} WHERE {_and(where, ask)} ORDER BY {order}{page}"


def part_condition(part: Part, ask: Ask) -> str:
    """Which rows a part counts."""
    return _and(within(part.when, ask), condition(part.among, ask.given))
