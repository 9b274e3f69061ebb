"""What an event changes: one function per act, (facts, event) → facts afterwards.

They trust the event: whether it was allowed is the business of the guards, and was decided when it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from .facts import (
    CHANNEL_OPENS,
    GUARDED_AFTER_RED,
    Act,
    Facts,
    Goods,
    Kind,
    Obligation,
    Proposal,
    Role,
    State,
    channel_said,
    content_of,
    day_said,
    settles,
)
from .machine import Event, Step


def _lodged(facts: Facts, event: Event) -> Facts:
    looks_like = [Obligation(Kind.DUPLICATE, other) for other in event.texts("duplicate_of")]
    return replace(
        _opened(facts, looks_like),
        goods=Goods.AT_AREA if event.number("arrived") == 1 else facts.goods,
        lodged_at=facts.lodged_at or event.at,
        party=facts.party | {event.actor},
    )


def _arrived(facts: Facts, event: Event) -> Facts:
    return replace(facts, goods=Goods.AT_AREA if facts.goods is Goods.EXPECTED else facts.goods)


def _distinct(facts: Facts, event: Event) -> Facts:
    return _closed(
        facts, [obligation for obligation in facts.obligations if obligation.kind is Kind.DUPLICATE]
    )


def _accepted(facts: Facts, event: Event) -> Facts:
    return replace(facts, legal_day=day_said(event, "legal_day"), registered_at=event.at)


def _amended(facts: Facts, event: Event) -> Facts:
    party = facts.party | {event.actor} if event.role == Role.DECLARANT else facts.party
    by_customs = event.role == Role.OFFICER and facts.channel is not None
    determined = by_customs and bool(GUARDED_AFTER_RED & set(event.texts("changed")))
    # What a first person proposed about the old version is not what a second would decide about the new one.
    return replace(
        facts,
        party=party,
        proposals=(),
        determined_version=facts.version if determined else facts.determined_version,
    )


def _assessed(facts: Facts, event: Event) -> Facts:
    return replace(facts, assessed_minor=event.number("assessed_minor"), assessed_version=facts.version)


def _selected(facts: Facts, event: Event) -> Facts:
    channel = channel_said(event)
    if channel is None:
        raise ValueError(f"event {event.n} selects no channel")
    demands = set(CHANNEL_OPENS[channel])
    if any(obligation.kind is Kind.INSPECTION for obligation in facts.closed):
        # Goods inspected once need no second inspection for an amendment; documents are another set each time.
        demands.discard(Kind.INSPECTION)
    facts = _opened(facts, [Obligation(kind) for kind in demands])
    return replace(facts, channel=channel, selected_version=facts.version)


def _rerouted(facts: Facts, event: Event) -> Facts:
    """A person changed the channel: what the new one does not demand falls away, what it demands anew opens."""
    channel = channel_said(event)
    if channel is None or facts.channel is None:
        raise ValueError(f"event {event.n} changes no channel")
    before, after = CHANNEL_OPENS[facts.channel], CHANNEL_OPENS[channel]
    gone = [obligation for obligation in facts.obligations if obligation.kind in before - after]
    facts = replace(facts, obligations=tuple(o for o in facts.obligations if o not in gone))
    return replace(_opened(facts, [Obligation(kind) for kind in after - before]), channel=channel)


def _documents_checked(facts: Facts, event: Event) -> Facts:
    return _closed(facts, [Obligation(Kind.DOCUMENT_CHECK)]) if event.text("result") == "CONFORMS" else facts


def _inspected(facts: Facts, event: Event) -> Facts:
    facts = replace(facts, inspectors=facts.inspectors | {event.actor})
    return _closed(facts, [Obligation(Kind.INSPECTION)]) if event.text("result") == "CONFORMS" else facts


def _opens(kind: Kind) -> Callable[[Facts, Event], Facts]:
    return lambda facts, event: _opened(facts, [Obligation(kind, event.text("reference"))])


def _closes(kind: Kind) -> Callable[[Facts, Event], Facts]:
    return lambda facts, event: _closed(facts, [Obligation(kind, event.text("reference"))])


def _doubted(kind: Kind) -> Callable[[Facts, Event], Facts]:
    """A matter opens that leaves the amount open, with the security that customs demands beyond what is assessed."""

    def effect(facts: Facts, event: Event) -> Facts:
        matter = Obligation(kind, event.text("reference"))
        demanded = tuple(one for one in facts.demanded if one[0] != matter)
        if minor := event.number("security_minor"):
            demanded = tuple(sorted((*demanded, (matter, minor))))
        return replace(_opened(facts, [matter]), demanded=demanded)

    return effect


def _reported(kind: Kind, ending: str) -> Callable[[Facts, Event], Facts]:
    """A result is there: one outcome ends the matter, any other leaves it to be settled."""

    def effect(facts: Facts, event: Event) -> Facts:
        if event.text("outcome") != ending:
            return facts
        return _closed(facts, [Obligation(kind, event.text("reference"))])

    return effect


def _origin_doubted(facts: Facts, event: Event) -> Facts:
    return _assessed(_opened(facts, [Obligation(Kind.ORIGIN_VERIFICATION, event.text("reference"))]), event)


def _origin_answered(facts: Facts, event: Event) -> Facts:
    """Whatever the answer, it ends the matter: with the preference, or for good without it."""
    reference = event.text("reference")
    facts = _closed(facts, [Obligation(Kind.ORIGIN_VERIFICATION, reference)])
    confirmed = event.text("outcome") == "CONFIRMED"
    refuted = facts.refuted - {reference} if confirmed else facts.refuted | {reference}
    return _assessed(replace(facts, refuted=refuted), event)


def _held(facts: Facts, event: Event) -> Facts:
    return replace(facts, holds=tuple(sorted({*facts.holds, event.text("reference")})))


def _lifted(facts: Facts, event: Event) -> Facts:
    return replace(facts, holds=tuple(hold for hold in facts.holds if hold != event.text("reference")))


def _paid(facts: Facts, event: Event) -> Facts:
    return replace(facts, paid_minor=facts.paid_minor + (event.number("paid_minor") or 0))


def _guaranteed(facts: Facts, event: Event) -> Facts:
    return replace(facts, guaranteed_minor=facts.guaranteed_minor + (event.number("guaranteed_minor") or 0))


def _guarantee_released(facts: Facts, event: Event) -> Facts:
    return replace(facts, guaranteed_minor=facts.guaranteed_minor - (event.number("released_minor") or 0))


def _payment_reversed(facts: Facts, event: Event) -> Facts:
    return replace(facts, paid_minor=facts.paid_minor - (event.number("reversed_minor") or 0))


def _refunded(facts: Facts, event: Event) -> Facts:
    return replace(facts, paid_minor=facts.paid_minor - (event.number("refunded_minor") or 0))


def _removable(facts: Facts, event: Event) -> Facts:
    return replace(facts, goods=Goods.REMOVABLE)


def _released(facts: Facts, event: Event) -> Facts:
    return replace(facts, released_at=event.at, revoked=facts.revoked - {Act.RELEASE})


def _settled(facts: Facts, event: Event) -> Facts:
    done = [obligation for obligation in facts.obligations if settles(event, obligation)]
    return _assessed(_closed(facts, done), event)


def _cleared(facts: Facts, event: Event) -> Facts:
    return replace(facts, cleared_at=event.at, revoked=facts.revoked - {Act.CLEAR, Act.RELEASE})


def _passed(facts: Facts, event: Event) -> Facts:
    to_storage = facts.state is State.SELECTED
    return replace(facts, goods=Goods.STORED if to_storage else Goods.PASSED, passed_at=event.at)


def _cancelled(facts: Facts, event: Event) -> Facts:
    due = None if facts.assessed_minor is None else 0
    return replace(
        _closed(facts, facts.obligations),
        cancelled_channel=facts.channel,
        assessed_minor=due,
        assessed_version=facts.version,
        proposals=(),
    )


def _revoked(facts: Facts, event: Event) -> Facts:
    act = event.text("act")
    if act == Act.REMOVE_TO_STORAGE:
        return replace(facts, goods=Goods.AT_AREA)
    return replace(facts, revoked=facts.revoked | {act})


def _proposed(facts: Facts, event: Event) -> Facts:
    act = event.text("act")
    content = content_of({name: value for name, value in event.says.items() if name != "act"})
    others = tuple(proposal for proposal in facts.proposals if proposal.act != act)
    return replace(facts, proposals=tuple(sorted((*others, Proposal(act, event.actor, content)))))


_EFFECTS: Final[Mapping[str, Callable[[Facts, Event], Facts]]] = {
    Act.PRELODGE: _lodged,
    Act.LODGE: _lodged,
    Act.ARRIVE: _arrived,
    Act.CONFIRM_DISTINCT: _distinct,
    Act.ACCEPT: _accepted,
    Act.AMEND: _amended,
    Act.ASSESS: _assessed,
    Act.SELECT: _selected,
    Act.RAISE_CHANNEL: _rerouted,
    Act.LOWER_CHANNEL: _rerouted,
    Act.CHECK_DOCUMENTS: _documents_checked,
    Act.INSPECT: _inspected,
    Act.REQUEST: _opens(Kind.REPLY),
    Act.REPLY: _closes(Kind.REPLY),
    Act.REFER: _opens(Kind.PERMIT),
    Act.CONFIRM_PERMIT: _closes(Kind.PERMIT),
    Act.DOUBT_VALUE: _doubted(Kind.VALUE_CONSULTATION),
    Act.RECORD_CONSULTATION: _reported(Kind.VALUE_CONSULTATION, "ACCEPTED"),
    Act.TAKE_SAMPLE: _doubted(Kind.ANALYSIS),
    Act.REPORT_ANALYSIS: _reported(Kind.ANALYSIS, "CONFORMS"),
    Act.VERIFY_ORIGIN: _origin_doubted,
    Act.REPORT_ORIGIN: _origin_answered,
    Act.HOLD: _held,
    Act.LIFT_HOLD: _lifted,
    Act.PAY: _paid,
    Act.GUARANTEE: _guaranteed,
    Act.RELEASE_GUARANTEE: _guarantee_released,
    Act.REVERSE_PAYMENT: _payment_reversed,
    Act.REFUND: _refunded,
    Act.REMOVE_TO_STORAGE: _removable,
    Act.RELEASE: _released,
    Act.SETTLE: _settled,
    Act.IMPOSE_TAX: _settled,
    Act.CLEAR: _cleared,
    Act.EXIT: _passed,
    Act.REQUEST_CANCEL: lambda facts, event: _opened(facts, [Obligation(Kind.CANCELLATION)]),
    Act.REFUSE_CANCEL: lambda facts, event: _closed(facts, [Obligation(Kind.CANCELLATION)]),
    Act.CANCEL: _cancelled,
    Act.REVOKE: _revoked,
    Act.PROPOSE: _proposed,
}
"""Acts that change nothing but the state (reject) or nothing at all (an invitation) have no row."""


def apply(facts: Facts, event: Event, step: Step[Facts]) -> Facts:
    """The facts after an event, whoever wrote it and whatever the guards would say today."""
    if event.version != facts.version:
        facts = replace(facts, version=event.version)
    effect = _EFFECTS.get(event.act)
    if effect is not None:
        facts = effect(facts, event)
    facts = _payment_told(_opened(facts, [Obligation.of(text) for text in event.texts("opens")]))
    moves = step.target not in (None, facts.state)
    return replace(
        facts,
        events=event.n,
        state=State(step.target) if step.target is not None else facts.state,
        state_since=event.at if moves else facts.state_since,
        proposals=tuple(p for p in facts.proposals if p.act != event.act)
        if step.four_eyes
        else facts.proposals,
    )


def _payment_told(facts: Facts) -> Facts:
    """The obligation to pay follows from the amounts; nobody opens or closes it by hand."""
    payment = Obligation(Kind.PAYMENT)
    if facts.unsecured_minor:
        return _opened(facts, [payment])
    return _closed(facts, [payment])


def _opened(facts: Facts, obligations: Iterable[Obligation]) -> Facts:
    wanted = set(obligations)
    if not wanted:
        return facts
    return replace(
        facts,
        obligations=tuple(sorted({*facts.obligations, *wanted})),
        closed=tuple(obligation for obligation in facts.closed if obligation not in wanted),
    )


def _closed(facts: Facts, obligations: Iterable[Obligation]) -> Facts:
    done = set(obligations) & set(facts.obligations)
    if not done:
        return facts
    return replace(
        facts,
        obligations=tuple(obligation for obligation in facts.obligations if obligation not in done),
        closed=tuple(sorted({*facts.closed, *done})),
    )
