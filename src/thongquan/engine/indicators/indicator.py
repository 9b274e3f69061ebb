"""An indicator: what is counted, of what, by which day, in which unit, and which way is better. Declared once.

A formula is data over `expression`, so the dashboard, the review, the drill-down and every engine read the same one,
and `definition_version` names it: a figure says which wording of its definition it was computed by.
"""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass

from .expression import EVERY, Expression, columns
from .facts import TABLES, Kind


class Unit(enum.StrEnum):
    """What a value is measured in. Values are integers or exact fractions of it until they are printed."""

    MONEY_MINOR = "MONEY_MINOR"
    """Minor units of the currency of the books."""
    MONEY_MINOR_A_MONTH = "MONEY_MINOR_A_MONTH"
    USD_CENTS = "USD_CENTS"
    DECLARATIONS = "DECLARATIONS"
    ENTERPRISES = "ENTERPRISES"
    REFUNDS = "REFUNDS"
    SHARE = "SHARE"
    """A fraction; 1 is 100 %."""
    MICROSECONDS = "MICROSECONDS"
    PLACE = "PLACE"
    """A place in a table of peers, with how many there are."""


class Direction(enum.StrEnum):
    """Which way is better."""

    HIGHER = "HIGHER"
    LOWER = "LOWER"
    WHOLE = "WHOLE"
    """Met at exactly 100 %."""
    NONE_AT_ALL = "NONE_AT_ALL"
    """Met at a reported zero."""
    NEITHER = "NEITHER"
    """Informs; it is not judged."""


class When(enum.StrEnum):
    """Which rows of the table count, by the indicator's `counted_on`."""

    WITHIN = "WITHIN"
    """The days of the period."""
    BY_END = "BY_END"
    """All days up to the period's last: a stock as of its end."""
    BEFORE = "BEFORE"
    """All days before the period's first: a stock as of its opening."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows of `among`."""

    among: Expression = EVERY
    when: When = When.WITHIN


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of a column of whole numbers over the rows of `among`; a row without the figure adds nothing.

    negated: the sum with the other sign (collected money stands at minus in debts).
    """

    amount: str
    among: Expression = EVERY
    when: When = When.WITHIN
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Distinct:
    """How many different values of a column of text occur in the rows of `among`."""

    of: str
    among: Expression = EVERY
    when: When = When.WITHIN


type Part = Count | Total | Distinct


@dataclass(frozen=True, slots=True)
class Amount:
    """The figure is one part."""

    part: Part


@dataclass(frozen=True, slots=True)
class Ratio:
    """hits ÷ of, an exact fraction; missing while `of` is 0."""

    hits: Part
    of: Part


@dataclass(frozen=True, slots=True)
class Spread:
    """Durations from `start` to `end` (instants) over the rows of `among` where both are known: mean and order
    statistics. A row whose end lies before its start lasted 0: goods released before they arrived waited for nobody."""

    start: Expression
    end: Expression
    among: Expression = EVERY


class Activity(enum.StrEnum):
    """What became of an enterprise, between the same period before and now; `enterprises.py` has the rule."""

    ACTIVE = "ACTIVE"
    ACTIVE_BEFORE = "ACTIVE_BEFORE"
    NEW = "NEW"
    KEPT = "KEPT"
    RETURNED = "RETURNED"
    LOST = "LOST"


@dataclass(frozen=True, slots=True)
class Enterprises:
    """How many enterprises (column `of`) were so, by rows of `among`."""

    activity: Activity
    of: str
    among: Expression = EVERY


@dataclass(frozen=True, slots=True)
class Derived:
    """Computed from other figures and from records of the site: `rule` names the function, `of` the figures."""

    rule: str
    of: tuple[str, ...]


type Formula = Amount | Ratio | Spread | Enterprises | Derived


@dataclass(frozen=True, slots=True)
class Card:
    """Why it matters, who answers for it and by which law: keys of words ([indicator_why.…] and so on).

    owner: who answers for the value. law: the source. checked_by: who proves it. next_review: how often the
    definition itself is looked at again.
    """

    owner: str
    law: str
    checked_by: str
    next_review: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One indicator.

    code: UPPER_SNAKE, key of its words. table: the fact table of its formula, "" of a derived one. counted_on: the
    column of days that says which period a row belongs to. splits: the columns that it may be split and scoped by.
    """

    code: str
    unit: Unit
    better: Direction
    formula: Formula
    card: Card
    table: str = ""
    counted_on: str = ""
    splits: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.formula, Derived):
            if self.table or self.counted_on or self.splits:
                raise ValueError(f"{self.code} is derived and reads no table of its own")
            return
        table = TABLES[self.table]
        day = table.by_name[self.counted_on]
        if day.kind is not Kind.DAY or day.optional:
            raise ValueError(
                f"{self.code} is counted on {self.counted_on}, which is no day that every row has"
            )
        for name in {*reads(self.formula), *self.splits}:
            own, _, joined = name.partition(".")
            if joined:
                TABLES[own].by_name[joined]
            else:
                table.by_name[own]


def parts(formula: Formula) -> tuple[Part, ...]:
    """The sums, counts and distinct counts of a formula, in its order; of a spread none."""
    match formula:
        case Amount(part):
            return (part,)
        case Ratio(hits, of):
            return (hits, of)
        case _:
            return ()


def reads(formula: Formula) -> frozenset[str]:
    """The columns that a formula reads, without `counted_on`."""
    match formula:
        case Spread(start, end, among):
            return columns(start) | columns(end) | columns(among)
        case Enterprises(_, of, among):
            return columns(among) | {of}
        case Derived():
            return frozenset()
        case _:
            return frozenset[str]().union(*(_part_reads(part) for part in parts(formula)))


def _part_reads(part: Part) -> frozenset[str]:
    match part:
        case Total(amount=name):
            return columns(part.among) | {name}
        case Distinct(of=name):
            return columns(part.among) | {name}
        case _:
            return columns(part.among)


def definition_version(indicator: Indicator) -> str:
    """Names this wording of the definition: 16 hexadecimal digits. The card does not enter, the count does not hang on
    it; formula, table, day and unit do."""
    told = repr(
        (indicator.code, indicator.unit.value, indicator.table, indicator.counted_on, indicator.formula)
    )
    return hashlib.sha256(told.encode()).hexdigest()[:16]
