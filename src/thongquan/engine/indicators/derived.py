"""The derived indicators: figures made of other figures and of the site's records, each with what it rests on.

Each function takes computed `Value`s and gives a `Value`, exact or missing; the nature of what it rests on stays.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from .comparison import Before, Comparison, compare
from .indicator import Direction, Unit
from .ranks import Place
from .targets import ScenarioPath, Target, needed, progress
from .time_release import reduction
from .value import Nature, Value


def execution(revenue: Value, target: Target) -> Value:
    """REV_EXEC: what part of one authority's target was reached."""
    amount = None
    if revenue.amount is not None and target.value:
        amount = Fraction(revenue.amount) / target.value
    return _of(
        "REV_EXEC",
        Unit.SHARE,
        Direction.HIGHER,
        revenue,
        amount,
        "TARGET_IS_ZERO",
        hits=_whole(revenue.amount),
        of=target.value,
        facts={"authority": target.authority, "kind": target.kind.value, "decision": target.decision},
    )


def year_on_year(now: Value, before: Value, basis: Before, code: str = "REV_YOY") -> tuple[Value, Comparison]:
    """REV_YOY and its like: the change as a share of the same period before. The value of then is frozen or restated,
    as the caller looked it up."""
    found = compare(now.amount, before.amount, basis)
    value = _of(
        code,
        Unit.SHARE,
        Direction.HIGHER,
        now,
        found.share,
        before.why_missing or "NOTHING_BEFORE",
        facts={"basis": basis.value},
    )
    return value, found


def scenario(revenue: Value, as_of: date, path: ScenarioPath) -> Value:
    """REV_SCN: what was collected as a share of what the scenario expected by then."""
    found = progress(_whole(revenue.amount), as_of, path)
    return _of(
        "REV_SCN",
        Unit.SHARE,
        Direction.HIGHER,
        revenue,
        found.share,
        "NO_SCENARIO",
        facts={"authority": path.authority, "decision": path.decision},
    )


def place(revenue: Value, found: Place | None) -> Value:
    """REV_RANK: a place among the peers of a stored table; hits is the place, of how many there are."""
    if found is None:
        return _of("REV_RANK", Unit.PLACE, Direction.LOWER, revenue, None, "NO_TABLE_OF_PEERS")
    return _of(
        "REV_RANK",
        Unit.PLACE,
        Direction.LOWER,
        revenue,
        found.place,
        "",
        hits=found.place,
        of=found.of,
        facts={
            "basis": found.basis.value,
            "as_of": found.as_of.isoformat(),
            "source": found.source,
            "assumed": "yes" if found.assumed else "no",
        },
    )


def need(revenue: Value, target: Target, as_of: date) -> Value:
    """REV_NEED: what must come in each month that is left; 0 once the target is reached."""
    amount = None
    collected = _whole(revenue.amount)
    if collected is not None:
        amount = needed(target.value, collected, as_of).a_month
    return _of(
        "REV_NEED",
        Unit.MONEY_MINOR_A_MONTH,
        Direction.NEITHER,
        revenue,
        amount,
        "NO_MONTH_LEFT",
        facts={"authority": target.authority, "decision": target.decision, "target": str(target.value)},
    )


def shorter(now: Value, before: Value) -> Value:
    """REL_DELTA: by which share of its mean the time fell; negative where it grew."""
    found = reduction(now.amount, before.amount)
    return _of(
        "REL_DELTA",
        Unit.SHARE,
        Direction.HIGHER,
        now,
        found.share if found else None,
        before.why_missing or "NOTHING_BEFORE",
        facts={"fell_by_microseconds": str(found.fell_by) if found else ""},
    )


def kept_rate(kept: Value, active_before: Value) -> Value:
    """ENT_KEPT_RATE: how many of those active before are active still."""
    hits, of = _whole(kept.amount), _whole(active_before.amount)
    amount = Fraction(hits, of) if hits is not None and of else None
    return _of(
        "ENT_KEPT_RATE", Unit.SHARE, Direction.HIGHER, kept, amount, "SHARE_OF_NOTHING", hits=hits, of=of
    )


def estimated(value: Value, expected: int, basis: str) -> Value:
    """A figure told before its period was over: an estimate (ước thực hiện), with who made it and how."""
    return Value(
        indicator=value.indicator,
        unit=value.unit,
        better=value.better,
        days=value.days,
        nature=Nature.ESTIMATED,
        amount=expected,
        split=value.split,
        facts={**value.facts, "basis": basis},
    )


def _whole(amount: Fraction | int | None) -> int | None:
    if amount is None or isinstance(amount, int):
        return amount
    return amount.numerator if amount.denominator == 1 else None


def _of(
    code: str,
    unit: Unit,
    better: Direction,
    base: Value,
    amount: Fraction | int | None,
    why_missing: str,
    *,
    hits: int | None = None,
    of: int | None = None,
    facts: dict[str, str] | None = None,
) -> Value:
    return Value(
        indicator=code,
        unit=unit,
        better=better,
        days=base.days,
        nature=base.nature,
        amount=amount,
        hits=hits,
        of=of,
        split=base.split,
        why_missing="" if amount is not None else base.why_missing or why_missing,
        facts=facts or {},
    )
