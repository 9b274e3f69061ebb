"""The time-release study: how long goods took, at which stage, and on whose account.

As the WCO's guide has it: every declaration registered on the days of a window, all of them and not a sample, is
followed until it is cleared or until the day that the study closes. What is still open then is counted and told, never
left out in silence.

A declaration's instants are put in order of time; the time between two neighbours belongs to the stage that the later
one ends, and with it to the body whose move it was. So the stages of one declaration add up to its whole, to the
microsecond, whichever of paying and inspecting came first.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from ..dated import Period
from .facts import microseconds
from .value import SpreadOf, spread_of

type Ints = npt.NDArray[np.int64]


class Body(enum.StrEnum):
    """On whose account time passes."""

    TRADER = "TRADER"
    CUSTOMS = "CUSTOMS"
    BANK = "BANK"
    """Trader and bank or Treasury together: paying."""
    PORT = "PORT"
    """Port, warehouse, carrier: moving the goods."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage that the instant in `ends_with` (a column of the declarations) ends."""

    code: str
    ends_with: str
    body: Body


STAGES: Final = (
    Stage("ARRIVAL", "arrived_at", Body.PORT),
    Stage("REGISTRATION", "registered_at", Body.TRADER),
    Stage("SELECTION", "selected_at", Body.CUSTOMS),
    Stage("DOCUMENT_CHECK", "documents_checked_at", Body.CUSTOMS),
    Stage("INSPECTION", "inspected_at", Body.CUSTOMS),
    Stage("PAYMENT", "paid_at", Body.BANK),
    Stage("RELEASE", "released_at", Body.CUSTOMS),
    Stage("CLEARANCE", "cleared_at", Body.CUSTOMS),
    Stage("PASSING", "passed_at", Body.PORT),
)
"""The first instant of a declaration ends no stage: it is where its time begins, at the arrival of the goods or, of a
declaration lodged ahead, at the registration. What ends at one instant stands in this order."""


@dataclass(frozen=True, slots=True)
class Study:
    """What a study found.

    window: days of registration. followed_to: the last instant that counts. registered: declarations of the window that
    were not cancelled. cleared: those cleared by then; pending: the others. release: from arrival (registration where
    the arrival is not known) to release. clearance: from registration to clearance. by_stage, by_body: the time of the
    cleared ones; a stage that a declaration did not pass through adds nothing to it, and one without time adds 0.
    without_sample: offices asked for that registered nothing in the window.
    """

    window: Period
    followed_to: datetime
    registered: int
    cleared: int
    pending: int
    release: SpreadOf
    clearance: SpreadOf
    by_stage: dict[str, SpreadOf]
    by_body: dict[str, SpreadOf]
    without_sample: tuple[str, ...]


def study(
    declarations: pl.DataFrame, window: Period, followed_to: datetime, offices: Sequence[str] = ()
) -> Study:
    """Study the declarations of a window.

    declarations: columns as in `facts.DECLARATIONS`; rows outside the window and cancelled ones are left out here.
    offices: only these; () for all.
    """
    last_day = window.last_day
    if last_day is None:
        raise ValueError("a window of study has an end")
    chosen = declarations.filter(
        pl.col("legal_day").is_between(window.first_day, last_day)
        & pl.col("registered_at").is_not_null()
        & pl.col("cancelled_at").is_null()
    )
    if offices:
        chosen = chosen.filter(pl.col("office").is_in(list(offices)))
    until = microseconds(followed_to.astimezone(UTC))
    cleared = chosen.filter(pl.col("cleared_at") <= until)
    released = chosen.filter(pl.col("released_at") <= until)
    started = released["arrived_at"].fill_null(released["registered_at"])
    by_stage, by_body = _by_stage(cleared, until)
    here = set(chosen["office"].unique())
    return Study(
        window=window,
        followed_to=followed_to,
        registered=chosen.height,
        cleared=cleared.height,
        pending=chosen.height - cleared.height,
        release=_spread(started, released["released_at"]),
        clearance=_spread(cleared["registered_at"], cleared["cleared_at"]),
        by_stage=by_stage,
        by_body=by_body,
        without_sample=tuple(sorted(set(offices) - here)),
    )


def _spread(start: pl.Series, end: pl.Series) -> SpreadOf:
    return spread_of(np.maximum(end.to_numpy() - start.to_numpy(), 0).tolist())


def _by_stage(cleared: pl.DataFrame, until: int) -> tuple[dict[str, SpreadOf], dict[str, SpreadOf]]:
    """Sort each row's instants, take the differences, hand each to the stage that its later end names."""
    if cleared.is_empty():
        nothing = spread_of(())
        return {stage.code: nothing for stage in STAGES}, {str(body): nothing for body in Body}
    names = [stage.ends_with for stage in STAGES]
    never = np.iinfo(np.int64).max
    at: Ints = np.column_stack([cleared[name].fill_null(never).to_numpy() for name in names])
    at[at > until] = never
    order = np.argsort(at, axis=1, kind="stable")
    ordered = np.take_along_axis(at, order, axis=1)
    known = ordered[:, 1:] < never
    passed = np.where(known, ordered[:, 1:] - np.where(known, ordered[:, :-1], 0), 0)
    ends = order[:, 1:]
    by_stage: dict[str, SpreadOf] = {}
    whole: dict[str, Ints] = {str(body): np.zeros(len(at), dtype=np.int64) for body in Body}
    touched: dict[str, npt.NDArray[np.bool_]] = {str(body): np.zeros(len(at), dtype=bool) for body in Body}
    for column, stage in enumerate(STAGES):
        mine = known & (ends == column)
        rows = mine.any(axis=1)
        spent = np.where(mine, passed, 0).sum(axis=1)
        by_stage[stage.code] = spread_of(spent[rows].tolist())
        whole[stage.body] += spent
        touched[stage.body] |= rows
    by_body = {body: spread_of(whole[body][touched[body]].tolist()) for body in whole}
    return by_stage, by_body


@dataclass(frozen=True, slots=True)
class Reduction:
    """How much shorter a mean time became: microseconds by which it fell (negative: grew), and that as a share of the
    time before."""

    fell_by: Fraction
    share: Fraction


def reduction(now: Fraction | int | None, before: Fraction | int | None) -> Reduction | None:
    """None where one of the two was not measured, or the time before was 0."""
    if now is None or not before:
        return None
    fell = Fraction(before) - Fraction(now)
    return Reduction(fell, fell / Fraction(before))
