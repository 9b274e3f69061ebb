"""How long a declaration took, at which stage and on whose clock: a fold over its events, no second stopwatch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..lifecycle.declaration import (
    DECLARATION,
    Act,
    Clock,
    Facts,
    Obligation,
    State,
    waits_for,
)
from ..lifecycle.machine import Event, follow
from .calendar import WorkingCalendar, whole_second


@dataclass(frozen=True, slots=True)
class Interval:
    """Time that passed at one stage on one clock; whole seconds, end excluded."""

    stage: State
    clock: Clock
    start: datetime
    end: datetime

    @property
    def seconds(self) -> int:
        return (self.end - self.start) // timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Wait:
    """How long an obligation stood open; closed_at None while it does. Opened again, it is another Wait."""

    obligation: Obligation
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Timing:
    """The time of one declaration, in whole seconds.

    intervals: without gap or overlap, from lodging until nothing more was expected for the first time. by_stage and
    by_clock each add up to total. release_seconds: arrival of the goods (registration, when they were there before)
    to the first decision that let them go, release or clearance. clearance_seconds: registration to the first
    clearance. Both None until then: they are two measures, and goods may be released long before they are cleared.
    """

    intervals: tuple[Interval, ...]
    by_stage: Mapping[State, int]
    by_clock: Mapping[Clock, int]
    total_seconds: int
    release_seconds: int | None
    clearance_seconds: int | None


def clocks(events: Iterable[Event], until: datetime | None = None) -> Timing:
    """Measure a declaration by its events, in their order.

    until: a life still running is measured up to this instant; None measures up to its last event. An event whose
    legal time lies before an earlier one's (a payment learnt of late) counts at the earlier one's time, so that no
    second is counted twice.
    """
    facts, now = DECLARATION.start, None
    clock: Clock | None = None
    intervals: list[Interval] = []
    arrived_at = registered_at = let_go_at = cleared_at = None
    over = False
    for event in events:
        at = whole_second(event.at) if now is None else max(now, whole_second(event.at))
        if now is not None and clock is not None:
            _append(intervals, Interval(facts.state, clock, now, at))
        before, facts = facts, follow(DECLARATION, facts, event)
        now = at
        over = over or facts.finished
        clock = None if over else _clock(before, facts, event)
        if event.act == Act.ARRIVE:
            arrived_at = arrived_at or at
        if event.act == Act.ACCEPT:
            registered_at = registered_at or at
        if event.act in (Act.RELEASE, Act.CLEAR):
            let_go_at = let_go_at or at
        if event.act == Act.CLEAR:
            cleared_at = cleared_at or at
    if until is not None and now is not None and clock is not None:
        _append(intervals, Interval(facts.state, clock, now, max(now, whole_second(until))))
    return Timing(
        intervals=tuple(intervals),
        by_stage={stage: sum(i.seconds for i in intervals if i.stage is stage) for stage in State},
        by_clock={clock: sum(i.seconds for i in intervals if i.clock is clock) for clock in Clock},
        total_seconds=sum(interval.seconds for interval in intervals),
        release_seconds=_between(arrived_at or registered_at, let_go_at),
        clearance_seconds=_between(registered_at, cleared_at),
    )


def working_by_clock(timing: Timing, calendar: WorkingCalendar) -> dict[Clock, int]:
    """Working seconds on each clock by an office's calendar; DayUnknownError where it does not reach."""
    worked = dict.fromkeys(Clock, 0)
    for interval in timing.intervals:
        worked[interval.clock] += calendar.working_seconds(interval.start, interval.end)
    return worked


def waits(events: Iterable[Event]) -> tuple[Wait, ...]:
    """Every time that an obligation stood open, in the order of opening: legal times run on these."""
    facts = DECLARATION.start
    opened: dict[Obligation, datetime] = {}
    found: list[Wait] = []
    now: datetime | None = None
    for event in events:
        at = whole_second(event.at)
        now = at if now is None else max(now, at)
        before, facts = facts, follow(DECLARATION, facts, event)
        for obligation in facts.obligations:
            if obligation not in before.obligations:
                opened[obligation] = now
        for obligation in before.obligations:
            if obligation not in facts.obligations:
                found.append(Wait(obligation, opened.pop(obligation), now))
    found += [Wait(obligation, since, None) for obligation, since in opened.items()]
    return tuple(sorted(found, key=lambda wait: (wait.opened_at, wait.obligation)))


def _clock(before: Facts, after: Facts, event: Event) -> Clock | None:
    step = DECLARATION.step(event.act, before.state)
    named = step.hands_clock_to if step is not None else None
    return Clock(named) if named is not None else waits_for(after)


def _append(intervals: list[Interval], interval: Interval) -> None:
    if interval.start == interval.end:
        return
    last = intervals[-1] if intervals else None
    if last is not None and (last.stage, last.clock) == (interval.stage, interval.clock):
        intervals[-1] = Interval(last.stage, last.clock, last.start, interval.end)
    else:
        intervals.append(interval)


def _between(start: datetime | None, end: datetime | None) -> int | None:
    if start is None or end is None:
        return None
    return (end - start) // timedelta(seconds=1)
