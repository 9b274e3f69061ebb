"""Walks a table of legal acts: is a step open, why not, and what is true after it.

The machine knows no act by name. A table (`declaration.py` is one) lists its steps; `attempt` answers with a
Transition, whose event is ready to be stored, or with a Refusal that gives every reason; `fold` rebuilds the facts
from stored events through the same `apply`, so that there is one truth. Nothing here changes anything.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from typing import Protocol, Self

from ..findings import Finding, LegalRef, Refusal, Severity, in_order

type Say = str | int | Sequence[str]
type Says = Mapping[str, Say]
"""The facts of an act by name: text, whole numbers (`_minor`: minor units), or lists of text."""


class Capacity(enum.StrEnum):
    """In what capacity a person signs. For all but OWN the event names on whose behalf."""

    OWN = "OWN"
    """For the post held."""
    DEPUTY = "DEPUTY"
    """KT.: a deputy signs for the head."""
    BY_ORDER = "BY_ORDER"
    """TL.: a head of unit signs by order of the head."""
    BY_AUTHORITY = "BY_AUTHORITY"
    """TUQ.: by written authority of the head."""
    ACTING = "ACTING"
    """Q.: acting head."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, with all that was true of the person or system at that moment.

    roles: what the posting of the day allows; a role that is absent means no.
    on_behalf: whom a capacity other than OWN stands for, or the trader that an agent declares for.
    """

    id: str
    roles: frozenset[str]
    office: str = ""
    capacity: Capacity = Capacity.OWN
    on_behalf: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One legal act that has happened: append-only, never changed. All fields are there, even while empty.

    n: 1, 2, 3 … within the subject, without a gap. at: the legal time, recorded_at: when the system learnt of it
    (both aware; equal unless captured afterwards). role: the role of the actor that the act was done in.
    form_number: the number of the document that the act issued. signature: evidence as it came (signed bytes,
    certificate chain, revocation proof, trusted time), opaque here. service_date: the day on which the addressee was
    served. says: the facts of the act. version: the version of the declaration after the act.
    """

    n: int
    act: str
    at: datetime
    recorded_at: datetime
    actor: str
    role: str
    capacity: Capacity = Capacity.OWN
    on_behalf: str = ""
    office: str = ""
    form_number: str = ""
    signature: Mapping[str, str] | None = None
    service_date: date | None = None
    says: Says = field(default_factory=dict)
    version: int = 1

    def text(self, name: str) -> str:
        """A text fact, "" where the act does not say it."""
        value = self.says.get(name, "")
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int | None:
        """A whole number, None where the act does not say it."""
        value = self.says.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts, empty where the act does not say it; a single text is a list of one."""
        value = self.says.get(name, ())
        if isinstance(value, str):
            return (value,) if value else ()
        return tuple(value) if not isinstance(value, int) else ()


class Subject(Protocol):
    """What the machine itself must know of a subject's facts.

    events: how many there are, which is the number of the last. version: of the declaration, 0 before the first.
    state_since: the legal time at which the state began, None before the first.
    """

    @property
    def state(self) -> str: ...
    @property
    def events(self) -> int: ...
    @property
    def version(self) -> int: ...
    @property
    def state_since(self) -> datetime | None: ...


type Guard[F] = Callable[[F, str, str], Iterable[Finding]]
"""(facts, who, role) → findings. It depends on no more than these, so it opens and closes buttons too."""
type Check[F] = Callable[[F, Event], Iterable[Finding]]
"""(facts, event) → findings about what the act says; it runs when the act is tried. Silent on what is not said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step[F]:
    """One row of a table: a legal act from these states.

    target: the state afterwards, None where the act stands beside the spine. roles: any of them may do it, the first
    that the actor has is the one recorded. needs: the facts that the act must say. hands_clock_to: whose clock runs
    afterwards; None: whoever the open matters wait for. form: the kind of numbered form that the act issues, "" for
    none. opens, closes: the kinds of obligation that it may open and close. four_eyes: a first person proposes, a
    second does it. revises: it changes the declaration and so makes a new version. law: the country's, see `under`.
    """

    act: str
    sources: frozenset[str]
    target: str | None
    roles: tuple[str, ...]
    needs: tuple[str, ...] = ()
    guards: tuple[Guard[F], ...] = ()
    checks: tuple[Check[F], ...] = ()
    hands_clock_to: str | None = None
    form: str = ""
    opens: frozenset[str] = frozenset()
    closes: frozenset[str] = frozenset()
    four_eyes: bool = False
    revises: bool = False
    law: LegalRef | None = None


@dataclass(frozen=True, slots=True)
class Transition[F]:
    """A step that was open: the event to store, the facts before and after it, and what deserves notice.

    notes: warnings and notes of the guards; they do not stop the act.
    """

    step: Step[F]
    event: Event
    before: F
    after: F
    notes: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Opening[F]:
    """One act as a button: open when there are no reasons.

    step: the row of the present state, None where no row starts there (then the only reason is ACT_NOT_FROM_STATE
    and no button is shown).
    """

    act: str
    step: Step[F] | None
    reasons: tuple[Finding, ...]

    @property
    def is_open(self) -> bool:
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Machine[F: Subject]:
    """A table of steps with what it starts from and how an event changes the facts.

    apply: (facts, event, its row) → facts after it, the one place where facts change; it trusts its event.
    An act may have several rows, with no state in common.
    """

    name: str
    start: F
    steps: tuple[Step[F], ...]
    apply: Callable[[F, Event, Step[F]], F]
    _rows: Mapping[tuple[str, str], Step[F]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rows: dict[tuple[str, str], Step[F]] = {}
        for step in self.steps:
            for source in step.sources:
                if (step.act, source) in rows:
                    raise ValueError(f"{self.name}: two rows for {step.act} from {source}")
                rows[step.act, source] = step
        object.__setattr__(self, "_rows", rows)

    @property
    def acts(self) -> tuple[str, ...]:
        """Every act once, in the order of the table."""
        return tuple(dict.fromkeys(step.act for step in self.steps))

    @property
    def states(self) -> tuple[str, ...]:
        """Every state that a row names, sorted."""
        named = {source for step in self.steps for source in step.sources}
        return tuple(sorted(named | {step.target for step in self.steps if step.target is not None}))

    def step(self, act: str, state: str) -> Step[F] | None:
        """The row of an act from a state, None where there is none."""
        return self._rows.get((act, state))

    def under(self, laws: Mapping[str, LegalRef]) -> Self:
        """The same table under a country's law: act → legal reference. LookupError for an act that is not here."""
        unknown = sorted(set(laws) - set(self.acts))
        if unknown:
            raise LookupError(f"{self.name} has no act {', '.join(unknown)}")
        return replace(
            self, steps=tuple(replace(step, law=laws.get(step.act, step.law)) for step in self.steps)
        )


def attempt[F: Subject](
    machine: Machine[F],
    act: str,
    facts: F,
    actor: Actor,
    *,
    at: datetime,
    recorded_at: datetime | None = None,
    says: Says | None = None,
    role: str = "",
    form_number: str = "",
    signature: Mapping[str, str] | None = None,
    service_date: date | None = None,
    seen: int | None = None,
) -> Transition[F] | Refusal:
    """Try an act on the facts as they are: the transition with its event, or every reason why not.

    recorded_at: when not the legal time itself. role: which of the actor's roles it is done in, "" for the first that
    the row allows. seen: the number of the last event that the person saw; another one by now is a reason.
    LookupError for an act that the table does not have; ValueError for an instant without a zone; TypeError for facts
    that are neither text, whole number nor list of text.
    """
    if act not in machine.acts:
        raise LookupError(f"{machine.name} has no act {act!r}")
    recorded = recorded_at or at
    if at.tzinfo is None or recorded.tzinfo is None:
        raise ValueError("an act happens at an instant with a zone")
    said = _plain(says or {})
    step = machine.step(act, facts.state)
    if step is None:
        return Refusal(act, (_not_from(act, facts.state),))
    acting, reasons = _role(step, actor, role)
    reasons += _reasons_of_time(step, facts, at, recorded)
    if seen is not None and seen != facts.events:
        reasons.append(Finding("CHANGED_MEANWHILE", says={"seen": str(seen), "last": str(facts.events)}))
    reasons += [
        Finding("ACT_LACKS", at=f"says.{name}", says={"act": act, "name": name})
        for name in step.needs
        if said.get(name) in (None, "", (), [])
    ]
    event = Event(
        n=facts.events + 1,
        act=act,
        at=at,
        recorded_at=recorded,
        actor=actor.id,
        role=acting,
        capacity=actor.capacity,
        on_behalf=actor.on_behalf,
        office=actor.office,
        form_number=form_number,
        signature=signature,
        service_date=service_date,
        says=said,
        version=facts.version + step.revises,
    )
    for guard in step.guards:
        reasons += guard(facts, actor.id, acting)
    for check in step.checks:
        reasons += check(facts, event)
    found = in_order(reasons)
    if any(finding.severity is Severity.ERROR for finding in found):
        return Refusal(act, tuple(finding for finding in found if finding.severity is Severity.ERROR))
    return Transition(step, event, facts, machine.apply(facts, event, step), found)


def open_to[F: Subject](machine: Machine[F], facts: F, actor: Actor) -> tuple[Opening[F], ...]:
    """Every act of the table, in its order, with the reasons why it is closed to this person now (none: open).

    What an act will say is not known yet, so a button that is open may still be refused when pressed.
    """
    return tuple(opening(machine, act, facts, actor) for act in machine.acts)


def fold[F: Subject](machine: Machine[F], events: Iterable[Event]) -> F:
    """The facts that stored events leave behind, in their order; the same `apply` as in `attempt`.

    ValueError where the events have a gap, miscount the versions or name an act that no row opens in that state:
    such a record was not written by this table.
    """
    facts = machine.start
    for event in events:
        facts = follow(machine, facts, event)
    return facts


def follow[F: Subject](machine: Machine[F], facts: F, event: Event) -> F:
    """The facts after one more stored event; errors as `fold`."""
    step = machine.step(event.act, facts.state)
    if event.n != facts.events + 1 or step is None or event.version != facts.version + step.revises:
        raise ValueError(
            f"{machine.name}: event {event.n} ({event.act}) cannot follow {facts.events} in {facts.state}"
        )
    return machine.apply(facts, event, step)


def legal_day(instant: datetime, zone: tzinfo) -> date:
    """The day of the law at an instant: the calendar day in the pack's zone. ValueError without a zone."""
    if instant.tzinfo is None:
        raise ValueError("an instant without a zone has no legal day")
    return instant.astimezone(zone).date()


def opening[F: Subject](machine: Machine[F], act: str, facts: F, actor: Actor) -> Opening[F]:
    """One act of the table as `open_to` gives it."""
    step = machine.step(act, facts.state)
    if step is None:
        return Opening(act, None, (_not_from(act, facts.state),))
    role, reasons = _role(step, actor, "")
    for guard in step.guards:
        reasons += guard(facts, actor.id, role)
    closed = tuple(finding for finding in in_order(reasons) if finding.severity is Severity.ERROR)
    return Opening(act, step, closed)


def _not_from(act: str, state: str) -> Finding:
    return Finding("ACT_NOT_FROM_STATE", says={"act": act, "state": state})


def _role[F](step: Step[F], actor: Actor, wanted: str) -> tuple[str, list[Finding]]:
    """The role of this act, "" where the actor has none that may do it, and what is wrong with the person."""
    reasons: list[Finding] = []
    may = [role for role in step.roles if role in actor.roles and wanted in ("", role)]
    if not may:
        reasons.append(
            Finding("ROLE_LACKS_ACT", says={"act": step.act, "roles": ", ".join(step.roles)}, law=step.law)
        )
    if actor.capacity is not Capacity.OWN and not actor.on_behalf:
        reasons.append(Finding("ON_BEHALF_MISSING", says={"capacity": actor.capacity}))
    return (may[0] if may else ""), reasons


def _reasons_of_time[F: Subject](step: Step[F], facts: F, at: datetime, recorded: datetime) -> list[Finding]:
    reasons: list[Finding] = []
    if at > recorded:
        reasons.append(
            Finding("ACT_IN_FUTURE", says={"at": at.isoformat(), "recorded_at": recorded.isoformat()})
        )
    if step.target is not None and facts.state_since is not None and at < facts.state_since:
        # Payments and gate events may be learnt of late; a decision never precedes the one it stands on.
        reasons.append(
            Finding("ACT_BEFORE_STATE", says={"at": at.isoformat(), "since": facts.state_since.isoformat()})
        )
    return reasons


def _plain(says: Says) -> Says:
    plain: dict[str, Say] = {}
    for name, value in says.items():
        if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
            plain[name] = value
        elif isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
            plain[name] = tuple(value)
        else:
            raise TypeError(f"an act says text, whole numbers or lists of text, not {name}={value!r:.40}")
    return plain
