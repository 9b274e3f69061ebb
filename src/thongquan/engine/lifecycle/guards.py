"""Why an act is not open: one function per reason.

Guards ask only about the facts and the person, so they also open and close buttons: (facts, who, role) → findings.
Checks ask about what the act says: (facts, event) → findings; they are silent on what it does not say, because the
row's `needs` tells that. The codes have their sentences in `words/lifecycle.toml`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..findings import Finding, Severity
from ..risk.channels import Channel
from .facts import (
    AMOUNT_OPEN,
    CHANGED,
    GUARDED_AFTER_RED,
    METHODS,
    OUTCOMES,
    RESULTS,
    Act,
    Facts,
    Goods,
    Kind,
    Obligation,
    Role,
    State,
    channel_said,
    content_of,
    day_said,
    settles,
)
from .machine import Event


def arrived(facts: Facts, who: str, role: str) -> Iterable[Finding]:
    """NOT_ARRIVED: the goods are not there yet."""
    if not facts.arrived:
        yield Finding("NOT_ARRIVED")


def no_hold(facts: Facts, who: str, role: str) -> Iterable[Finding]:
    """HOLD_OPEN, one for each hold."""
    for reference in facts.holds:
        yield Finding("HOLD_OPEN", at=f"hold.{reference}", says={"reference": reference})


def nothing_open(facts: Facts, who: str, role: str) -> Iterable[Finding]:
    """OBLIGATION_OPEN for each obligation but payment, which DUTY_NOT_SECURED tells with its amount."""
    return _open_but(facts, frozenset({Kind.PAYMENT}))


def only_amount_open(facts: Facts, who: str, role: str) -> Iterable[Finding]:
    """OBLIGATION_OPEN for each obligation that does not merely leave the amount open."""
    return _open_but(facts, AMOUNT_OPEN | {Kind.PAYMENT})


def some_amount_open(facts: Facts, who: str, role: str) -> Iterable[Finding]:
    """AMOUNT_NOT_OPEN: with nothing to determine the goods are cleared, not released."""
    if not facts.amount_open:
        yield Finding("AMOUNT_NOT_OPEN")


def secured(facts: Facts, who: str, role: str) -> Iterable[Finding]:
    """ASSESSMENT_MISSING, ASSESSMENT_OUT_OF_DATE, DUTY_NOT_SECURED: what is due is known, and paid or guaranteed."""
    if facts.assessed_minor is None:
        yield Finding("ASSESSMENT_MISSING")
    elif facts.assessed_version < facts.version:
        yield Finding(
            "ASSESSMENT_OUT_OF_DATE",
            says={"assessed_version": str(facts.assessed_version), "version": str(facts.version)},
        )
    if facts.unsecured_minor:
        yield Finding(
            "DUTY_NOT_SECURED",
            at="obligation.PAYMENT",
            says={
                "unsecured_minor": str(facts.unsecured_minor),
                "assessed_minor": str(facts.assessed_minor),
                "demanded_minor": str(facts.demanded_minor),
                "paid_minor": str(facts.paid_minor),
                "guaranteed_minor": str(facts.guaranteed_minor),
            },
        )


def selection_current(facts: Facts, who: str, role: str) -> Iterable[Finding]:
    """SELECTION_OUT_OF_DATE: an amended declaration is selected again while its goods can still be inspected."""
    if not facts.selection_is_current:
        yield Finding(
            "SELECTION_OUT_OF_DATE",
            says={"selected_version": str(facts.selected_version), "version": str(facts.version)},
        )


def inspected_by_another(facts: Facts, who: str, role: str) -> Iterable[Finding]:
    """INSPECTOR_MAY_NOT_RELEASE: who inspected the goods does not let them go."""
    if who in facts.inspectors:
        yield Finding("INSPECTOR_MAY_NOT_RELEASE", says={"actor": who})


def automatic_only_green(facts: Facts, who: str, role: str) -> Iterable[Finding]:
    """AUTOMATIC_ONLY_GREEN: other channels are cleared by a person."""
    if role == Role.SYSTEM and facts.channel is not None and facts.channel is not Channel.GREEN:
        yield Finding("AUTOMATIC_ONLY_GREEN", says={"channel": facts.channel.name})


def not_own(facts: Facts, who: str, role: str) -> Iterable[Finding]:
    """OWN_DECLARATION: who declared does not act on it for the State."""
    if role not in ("", Role.DECLARANT) and who in facts.party:
        yield Finding("OWN_DECLARATION", says={"actor": who})


def goods_still_here(facts: Facts, who: str, role: str) -> Iterable[Finding]:
    """GOODS_PASSED: the goods have left the supervision area."""
    if facts.goods in (Goods.PASSED, Goods.STORED):
        yield Finding("GOODS_PASSED", says={"goods": facts.goods})


def goods_not_passed(facts: Facts, who: str, role: str) -> Iterable[Finding]:
    """GOODS_PASSED: the goods are out of supervision (goods in storage are still under it)."""
    if facts.goods is Goods.PASSED:
        yield Finding("GOODS_PASSED", says={"goods": facts.goods})


def goods_removable(facts: Facts, who: str, role: str) -> Iterable[Finding]:
    """REMOVAL_DECIDED: removal to storage has been decided already."""
    if facts.goods is Goods.REMOVABLE:
        yield Finding("REMOVAL_DECIDED")


def lawful_ground(facts: Facts, who: str, role: str) -> Iterable[Finding]:
    """GROUND_MISSING, DECISION_REVOKED: goods pass the area only by a decision that stands."""
    if facts.state is State.SELECTED and facts.goods is not Goods.REMOVABLE:
        yield Finding("GROUND_MISSING")
    decision = {State.RELEASED: Act.RELEASE, State.CLEARED: Act.CLEAR}.get(facts.state)
    if decision in facts.revoked:
        yield Finding("DECISION_REVOKED", says={"act": decision})


def nothing_holds_exit(facts: Facts, who: str, role: str) -> Iterable[Finding]:
    """HOLD_OPEN, ASSESSMENT_MISSING, ASSESSMENT_OUT_OF_DATE, DUTY_NOT_SECURED, SELECTION_OUT_OF_DATE, OBLIGATION_OPEN:
    what `release` or `clear` looked at is looked at again; goods on their way to storage need no payment."""
    yield from no_hold(facts, who, role)
    if facts.state is State.SELECTED:
        return
    yield from secured(facts, who, role)
    yield from selection_current(facts, who, role)
    yield from (only_amount_open if facts.state is State.RELEASED else nothing_open)(facts, who, role)


def no_duplicate(facts: Facts, who: str, role: str) -> Iterable[Finding]:
    """POSSIBLE_DUPLICATE, one for each declaration that this one looks like."""
    for obligation in facts.obligations:
        if obligation.kind is Kind.DUPLICATE:
            yield Finding(
                "POSSIBLE_DUPLICATE", at=f"obligation.{obligation}", says={"other": obligation.reference}
            )


def is_open(kind: Kind) -> Callable[[Facts, str, str], Iterable[Finding]]:
    """OBLIGATION_NOT_OPEN: there is nothing of this kind to do."""

    def guard(facts: Facts, who: str, role: str) -> Iterable[Finding]:
        if all(obligation.kind is not kind for obligation in facts.obligations):
            yield Finding("OBLIGATION_NOT_OPEN", at=f"obligation.{kind}", says={"obligation": kind})

    return guard


def nothing_asked(facts: Facts, who: str, role: str) -> Iterable[Finding]:
    """CANCELLATION_ASKED: a request to cancel is open already."""
    if any(obligation.kind is Kind.CANCELLATION for obligation in facts.obligations):
        yield Finding("CANCELLATION_ASKED")


def has_hold(facts: Facts, who: str, role: str) -> Iterable[Finding]:
    """HOLD_UNKNOWN: no hold stands."""
    if not facts.holds:
        yield Finding("HOLD_UNKNOWN", says={"reference": ""})


def some_decision(facts: Facts, who: str, role: str) -> Iterable[Finding]:
    """NOTHING_TO_REVOKE: no decision stands."""
    if not facts.standing:
        yield Finding("NOTHING_TO_REVOKE", says={"act": ""})


def first_or_revoked(act: Act) -> Callable[[Facts, str, str], Iterable[Finding]]:
    """ALREADY_DECIDED: a decision is taken once; anew only after its revocation."""

    def guard(facts: Facts, who: str, role: str) -> Iterable[Finding]:
        taken = {Act.RELEASE: State.RELEASED, Act.CLEAR: State.CLEARED}[act]
        if facts.state is taken and act not in facts.revoked:
            yield Finding("ALREADY_DECIDED", says={"act": act})

    return guard


def proposed_by_another(act: Act) -> Callable[[Facts, str, str], Iterable[Finding]]:
    """FOUR_EYES_NOT_PROPOSED, FOUR_EYES_SAME_PERSON: a first person has proposed, a second decides."""

    def guard(facts: Facts, who: str, role: str) -> Iterable[Finding]:
        proposal = facts.proposal(act)
        if proposal is None:
            yield Finding("FOUR_EYES_NOT_PROPOSED", says={"act": act})
        elif proposal.by == who:
            yield Finding("FOUR_EYES_SAME_PERSON", says={"act": act, "actor": who})

    return guard


def still_expected(facts: Facts, who: str, role: str) -> Iterable[Finding]:
    """ALREADY_ARRIVED."""
    if facts.arrived:
        yield Finding("ALREADY_ARRIVED")


def some_guarantee(facts: Facts, who: str, role: str) -> Iterable[Finding]:
    """NO_GUARANTEE: none is held."""
    if not facts.guaranteed_minor:
        yield Finding("NO_GUARANTEE")


def some_overpaid(facts: Facts, who: str, role: str) -> Iterable[Finding]:
    """NOTHING_OVERPAID: no more was paid than is due."""
    if not facts.overpaid_minor:
        yield Finding("NOTHING_OVERPAID")


def selection_due(facts: Facts, who: str, role: str) -> Iterable[Finding]:
    """SELECTION_CURRENT: each version is selected once, so that nobody asks again until the answer pleases."""
    if facts.selected_version == facts.version:
        yield Finding("SELECTION_CURRENT", says={"version": str(facts.version)})


# Checks.


def as_proposed(facts: Facts, event: Event) -> Iterable[Finding]:
    """FOUR_EYES_CONTENT_DIFFERS: the second person decides exactly what the first proposed."""
    proposal = facts.proposal(event.act)
    if proposal is not None and proposal.content != content_of(event.says):
        yield Finding("FOUR_EYES_CONTENT_DIFFERS", says={"act": event.act})


def known_channel(facts: Facts, event: Event) -> Iterable[Finding]:
    """CHANNEL_UNKNOWN."""
    if event.text("channel") and channel_said(event) is None:
        yield Finding("CHANNEL_UNKNOWN", at="says.channel", says={"channel": event.text("channel")[:40]})


def ratchet(facts: Facts, event: Event) -> Iterable[Finding]:
    """CHANNEL_RATCHET: a later selection may raise the channel, never lower it."""
    channel = channel_said(event)
    if channel is not None and facts.channel is not None and channel < facts.channel:
        yield Finding("CHANNEL_RATCHET", says={"channel": channel.name, "former": facts.channel.name})


def higher(facts: Facts, event: Event) -> Iterable[Finding]:
    """CHANNEL_NOT_HIGHER."""
    channel = channel_said(event)
    if channel is not None and facts.channel is not None and channel <= facts.channel:
        yield Finding("CHANNEL_NOT_HIGHER", says={"channel": channel.name, "former": facts.channel.name})


def lower(facts: Facts, event: Event) -> Iterable[Finding]:
    """CHANNEL_NOT_LOWER."""
    channel = channel_said(event)
    if channel is not None and facts.channel is not None and channel >= facts.channel:
        yield Finding("CHANNEL_NOT_LOWER", says={"channel": channel.name, "former": facts.channel.name})


def day_readable(*names: str) -> Callable[[Facts, Event], Iterable[Finding]]:
    """DAY_UNREADABLE: days are ISO text, and never guessed."""

    def check(facts: Facts, event: Event) -> Iterable[Finding]:
        for name in names:
            if name in event.says and day_said(event, name) is None:
                yield Finding("DAY_UNREADABLE", at=f"says.{name}", says={"text": str(event.says[name])[:40]})

    return check


def law_of_legal_day(facts: Facts, event: Event) -> Iterable[Finding]:
    """LAW_DAY_DIFFERS: a registered declaration is judged by the law of its legal day, whenever it is amended."""
    if facts.legal_day is None:
        return
    if event.text("law_day") != facts.legal_day.isoformat():
        yield Finding(
            "LAW_DAY_DIFFERS",
            at="says.law_day",
            says={"law_day": event.text("law_day"), "legal_day": facts.legal_day.isoformat()},
        )


def known_changes(facts: Facts, event: Event) -> Iterable[Finding]:
    """CHANGE_UNKNOWN: an amendment names groups of CHANGED."""
    for group in event.texts("changed"):
        if group not in CHANGED:
            yield Finding("CHANGE_UNKNOWN", at="says.changed", says={"group": group[:40]})


def officer_after_red(facts: Facts, event: Event) -> Iterable[Finding]:
    """OFFICER_AMENDS_AFTER_RED: once red is shown, goods, value and origin change only through an officer."""
    touched = sorted(GUARDED_AFTER_RED & set(event.texts("changed")))
    if facts.channel is Channel.RED and event.role == Role.DECLARANT and touched:
        yield Finding("OFFICER_AMENDS_AFTER_RED", at="says.changed", says={"changed": ", ".join(touched)})


def in_time(facts: Facts, event: Event) -> Iterable[Finding]:
    """AMENDED_LATE, a warning: lateness has consequences (a sanction), it does not forbid to put things right."""
    day, last_free = day_said(event, "day"), day_said(event, "free_until")
    if day is not None and last_free is not None and day > last_free:
        yield Finding(
            "AMENDED_LATE",
            says={"day": day.isoformat(), "free_until": last_free.isoformat()},
            severity=Severity.WARNING,
        )


def positive(name: str) -> Callable[[Facts, Event], Iterable[Finding]]:
    """AMOUNT_NOT_POSITIVE: money that moves is a whole number above zero."""

    def check(facts: Facts, event: Event) -> Iterable[Finding]:
        amount = event.number(name)
        if name in event.says and (amount is None or amount <= 0):
            yield Finding(
                "AMOUNT_NOT_POSITIVE", at=f"says.{name}", says={"amount": str(event.says[name])[:40]}
            )

    return check


def not_negative(name: str) -> Callable[[Facts, Event], Iterable[Finding]]:
    """AMOUNT_NEGATIVE: what is due is a whole number, zero or more."""

    def check(facts: Facts, event: Event) -> Iterable[Finding]:
        amount = event.number(name)
        if name in event.says and (amount is None or amount < 0):
            yield Finding("AMOUNT_NEGATIVE", at=f"says.{name}", says={"amount": str(event.says[name])[:40]})

    return check


def known_result(facts: Facts, event: Event) -> Iterable[Finding]:
    """RESULT_UNKNOWN: a check says CONFORMS or DIFFERS."""
    if event.text("result") and event.text("result") not in RESULTS:
        yield Finding("RESULT_UNKNOWN", at="says.result", says={"result": event.text("result")[:40]})


def stands_open(kind: Kind) -> Callable[[Facts, Event], Iterable[Finding]]:
    """OBLIGATION_NOT_OPEN: the reference names one that stands open."""

    def check(facts: Facts, event: Event) -> Iterable[Finding]:
        wanted = Obligation(kind, event.text("reference"))
        if wanted.reference and wanted not in facts.obligations:
            yield Finding("OBLIGATION_NOT_OPEN", at=f"obligation.{wanted}", says={"obligation": kind})

    return check


def not_yet_open(kind: Kind) -> Callable[[Facts, Event], Iterable[Finding]]:
    """REFERENCE_USED: a reference names one thing only, for ever."""

    def check(facts: Facts, event: Event) -> Iterable[Finding]:
        wanted = Obligation(kind, event.text("reference"))
        if wanted.reference and wanted in (*facts.obligations, *facts.closed):
            yield Finding("REFERENCE_USED", at="says.reference", says={"reference": wanted.reference[:40]})

    return check


def hold_is_new(facts: Facts, event: Event) -> Iterable[Finding]:
    """REFERENCE_USED: the hold stands already."""
    if event.text("reference") in facts.holds:
        yield Finding("REFERENCE_USED", at="says.reference", says={"reference": event.text("reference")[:40]})


def hold_stands(facts: Facts, event: Event) -> Iterable[Finding]:
    """HOLD_UNKNOWN: only a hold that stands is lifted."""
    reference = event.text("reference")
    if reference and facts.holds and reference not in facts.holds:
        yield Finding("HOLD_UNKNOWN", at="says.reference", says={"reference": reference[:40]})


def settles_open_amount(facts: Facts, event: Event) -> Iterable[Finding]:
    """OBLIGATION_NOT_OPEN: only an obligation that leaves the amount open, and stands open, is settled."""
    kind = event.text("kind")
    if not kind:
        return
    if not any(settles(event, obligation) for obligation in facts.obligations):
        yield Finding("OBLIGATION_NOT_OPEN", at="says.kind", says={"obligation": kind[:40]})


def known_outcome(kind: Kind) -> Callable[[Facts, Event], Iterable[Finding]]:
    """OUTCOME_UNKNOWN: a matter comes out in one of the ways of OUTCOMES."""

    def check(facts: Facts, event: Event) -> Iterable[Finding]:
        outcome = event.text("outcome")
        if outcome and outcome not in OUTCOMES[kind]:
            says = {"outcome": outcome[:40], "obligation": kind}
            yield Finding("OUTCOME_UNKNOWN", at="says.outcome", says=says)

    return check


def method_of_value(facts: Facts, event: Event) -> Iterable[Finding]:
    """VALUE_METHOD_MISSING: who does not accept a declared value says by which method it will be determined."""
    rejected = event.text("outcome") in ("NOT_ACCEPTED", "ABSENT")
    if rejected and event.text("method") not in METHODS - {"1"}:
        yield Finding("VALUE_METHOD_MISSING", at="says.method", says={"method": event.text("method")[:9]})


def settled_in_time(facts: Facts, event: Event) -> Iterable[Finding]:
    """SETTLED_LATE, a warning: what was to be settled by a day is still settled after it, with its consequences."""
    day, last = day_said(event, "day"), day_said(event, "due_day")
    if day is not None and last is not None and day > last:
        yield Finding(
            "SETTLED_LATE",
            says={"day": day.isoformat(), "due_day": last.isoformat()},
            severity=Severity.WARNING,
        )


def ends_what_is_open(facts: Facts, event: Event) -> Iterable[Finding]:
    """OBLIGATION_NOT_OPEN: a decision that names the open matter which it ends names one that stands open."""
    if "kind" in event.says:
        yield from settles_open_amount(facts, event)


def changes_the_amount(facts: Facts, event: Event) -> Iterable[Finding]:
    """IMPOSES_NOTHING: tax is imposed where it differs from what was assessed; equal amounts need no decision."""
    if facts.assessed_minor is not None and event.number("assessed_minor") == facts.assessed_minor:
        says = {"assessed_minor": str(facts.assessed_minor)}
        yield Finding("IMPOSES_NOTHING", at="says.assessed_minor", says=says)


def refund_within(facts: Facts, event: Event) -> Iterable[Finding]:
    """REFUND_EXCEEDS_OVERPAYMENT: no more is given back than was paid beyond the amount due."""
    amount = event.number("refunded_minor") or 0
    if amount > facts.overpaid_minor:
        yield Finding(
            "REFUND_EXCEEDS_OVERPAYMENT",
            at="says.refunded_minor",
            says={"refunded_minor": str(amount), "overpaid_minor": str(facts.overpaid_minor)},
        )


def reversal_within(facts: Facts, event: Event) -> Iterable[Finding]:
    """REVERSAL_EXCEEDS_PAYMENT: only what was booked as received can turn out not to be."""
    amount = event.number("reversed_minor") or 0
    if amount > facts.paid_minor:
        yield Finding(
            "REVERSAL_EXCEEDS_PAYMENT",
            at="says.reversed_minor",
            says={"reversed_minor": str(amount), "paid_minor": str(facts.paid_minor)},
        )


def guarantee_spare(facts: Facts, event: Event) -> Iterable[Finding]:
    """GUARANTEE_EXCEEDED, GUARANTEE_STILL_NEEDED: once goods may go, a guarantee is given back only when paid for."""
    amount = event.number("released_minor") or 0
    says = {"released_minor": str(amount), "guaranteed_minor": str(facts.guaranteed_minor)}
    if amount > facts.guaranteed_minor:
        yield Finding("GUARANTEE_EXCEEDED", at="says.released_minor", says=says)
        return
    needed = max(0, facts.secured_minor - facts.paid_minor)
    left = facts.guaranteed_minor - amount
    if facts.state in (State.RELEASED, State.CLEARED) and left < needed and amount > 0:
        yield Finding(
            "GUARANTEE_STILL_NEEDED", at="says.released_minor", says={**says, "needed_minor": str(needed)}
        )
    if facts.state is State.RELEASED and facts.amount_open and amount > 0:
        # What secures an open amount secures what it may still become.
        yield Finding(
            "GUARANTEE_STILL_NEEDED", at="says.released_minor", says={**says, "needed_minor": str(needed)}
        )


def decision_stands(facts: Facts, event: Event) -> Iterable[Finding]:
    """NOTHING_TO_REVOKE: only a decision that was taken and still stands is revoked."""
    act = event.text("act")
    if act and facts.standing and act not in facts.standing:
        yield Finding("NOTHING_TO_REVOKE", at="says.act", says={"act": act[:40]})


def _open_but(facts: Facts, harmless: frozenset[Kind]) -> Iterable[Finding]:
    for obligation in facts.obligations:
        if obligation.kind not in harmless:
            yield Finding(
                "OBLIGATION_OPEN",
                at=f"obligation.{obligation}",
                says={"obligation": obligation.kind, "reference": obligation.reference},
            )
