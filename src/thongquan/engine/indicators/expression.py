"""Conditions and values over the columns of a fact table, written once and read by every engine.

An expression is data: it prints, compares, hashes into the version of a definition, is answered here for one row (the
oracle), and is translated by `thongquan.analytics` for many. The language is small on purpose, so that all engines
agree on it: columns, constants, comparison, and/or/not, membership, presence, the first value present. There is no
arithmetic: where 64 bits could overflow, engines differ.

Null follows SQL: a comparison with an unknown is unknown, and only what is true counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final

type Scalar = int | str | bool | date

_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": eq,
    "<>": ne,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
}


class Expression:
    """What can be asked of one row."""

    __slots__ = ()

    def is_(self, other: Scalar | Expression) -> Compare:
        return Compare("=", self, _operand(other))

    def is_not(self, other: Scalar | Expression) -> Compare:
        return Compare("<>", self, _operand(other))

    def __lt__(self, other: Scalar | Expression) -> Compare:
        return Compare("<", self, _operand(other))

    def __le__(self, other: Scalar | Expression) -> Compare:
        return Compare("<=", self, _operand(other))

    def __gt__(self, other: Scalar | Expression) -> Compare:
        return Compare(">", self, _operand(other))

    def __ge__(self, other: Scalar | Expression) -> Compare:
        return Compare(">=", self, _operand(other))

    def in_(self, *values: int | str) -> In:
        """Whether it is one of `values`, of which there is at least one."""
        return In(self, values)

    @property
    def present(self) -> Present:
        return Present(self)

    def __and__(self, other: Expression) -> All:
        return All((*_parts(self, All), *_parts(other, All)))

    def __or__(self, other: Expression) -> Any_:
        return Any_((*_parts(self, Any_), *_parts(other, Any_)))

    def __invert__(self) -> Not:
        return Not(self)


@dataclass(frozen=True, slots=True)
class Col(Expression):
    """A column of the table, or, as "traders.compliance", of the table joined on its key."""

    name: str


@dataclass(frozen=True, slots=True)
class Const(Expression):
    value: Scalar


@dataclass(frozen=True, slots=True)
class Given(Expression):
    """A day that comes with the question: "first_day" or "last_day" of the period asked for."""

    name: str


@dataclass(frozen=True, slots=True)
class Compare(Expression):
    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class In(Expression):
    of: Expression
    values: tuple[int | str, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("membership of nothing")


@dataclass(frozen=True, slots=True)
class Present(Expression):
    of: Expression


@dataclass(frozen=True, slots=True)
class All(Expression):
    """Every part; of no part, true."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Any_(Expression):  # noqa: N801 (Any is typing's)
    """At least one part."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not(Expression):
    of: Expression


@dataclass(frozen=True, slots=True)
class First(Expression):
    """The first of several columns that is present."""

    parts: tuple[Expression, ...]


EVERY: Final = All(())
"""Every row."""


def col(name: str) -> Col:
    return Col(name)


def _operand(value: Scalar | Expression) -> Expression:
    return value if isinstance(value, Expression) else Const(value)


def _parts(of: Expression, kind: type[All] | type[Any_]) -> tuple[Expression, ...]:
    return of.parts if isinstance(of, kind) else (of,)


def columns(of: Expression) -> frozenset[str]:
    """The columns that it reads."""
    if isinstance(of, Col):
        return frozenset((of.name,))
    return frozenset[str]().union(*(columns(part) for part in children(of)))


def children(of: Expression) -> tuple[Expression, ...]:
    match of:
        case Compare(_, left, right):
            return (left, right)
        case In(inner, _) | Present(inner) | Not(inner):
            return (inner,)
        case All(parts) | Any_(parts) | First(parts):
            return parts
        case _:
            return ()


def value(of: Expression, row: Mapping[str, Any], given: Mapping[str, date]) -> Any:
    """What it is for one row: the oracle that every engine is held against. None is unknown."""
    match of:
        case Col(name):
            return row[name]
        case Const(constant):
            return constant
        case Given(name):
            return given[name]
        case Compare(operator, left, right):
            a, b = value(left, row, given), value(right, row, given)
            return None if a is None or b is None else _COMPARE[operator](a, b)
        case In(inner, values):
            found = value(inner, row, given)
            return None if found is None else found in values
        case Present(inner):
            return value(inner, row, given) is not None
        case Not(inner):
            found = value(inner, row, given)
            return None if found is None else not found
        case All(parts):
            return _kleene([value(part, row, given) for part in parts], decides=False)
        case Any_(parts):
            return _kleene([value(part, row, given) for part in parts], decides=True)
        case First(parts):
            return next((v for part in parts if (v := value(part, row, given)) is not None), None)
        case _:
            raise TypeError(f"not an expression: {of!r}")


def _kleene(found: list[Any], decides: bool) -> bool | None:
    if any(v is decides for v in found):
        return decides
    return None if None in found else not decides
