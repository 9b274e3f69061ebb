"""The life of a declaration as a table: one row per legal act, obligations and holds beside a short spine.

Spine: UNLODGED → PRELODGED → LODGED → REGISTERED → SELECTED → RELEASED → CLEARED, ending early in REJECTED or
CANCELLED. It never goes back. Where the goods are is a second, shorter line beside it (`Goods`), because four legal
acts that people mix up are never one state: removal to storage under supervision, release, clearance, and passing the
supervision area. Whatever may happen in any order (documents, inspection, permits, replies, payment, an amount still
open) is an obligation beside the spine; a hold stops everything that would let goods go.

What each act says (`Event.says`), beside `reason`, `reference` and free facts of the site:

    lodge, prelodge       arrived (1: the goods are there), duplicate_of (number of the declaration it looks like)
    accept                legal_day (ISO): the day whose law judges it for good
    reject                codes
    amend                 changed (groups of CHANGED), reason, law_day; day and free_until (ISO) for the late notice
    assess                assessed_minor (the whole amount due, not the difference), law_day
    select, raise_channel, lower_channel    channel (name), reasons
    check_documents, inspect                result (CONFORMS or DIFFERS)
    request, reply, refer, confirm_permit, hold, lift_hold    reference
    pay paid_minor · guarantee guaranteed_minor · release_guarantee released_minor · refund refunded_minor, decision,
    account · reverse_payment reversed_minor
    settle                kind (of the obligation), assessed_minor, law_day
    revoke                act (release, clear or remove_to_storage), decision
    propose               act (one with four eyes), and everything that the act itself will say
    any row with `opens`  opens (list of KIND or KIND:reference)
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from ..dated import Period
from ..findings import Finding, LegalRef, Severity
from ..risk.channels import Channel
from .machine import Check, Event, Guard, Machine, Say, Step


class State(enum.StrEnum):
    """The spine."""

    UNLODGED = "UNLODGED"
    """Nothing has happened yet."""
    PRELODGED = "PRELODGED"
    """Declared before the goods are there."""
    LODGED = "LODGED"
    REJECTED = "REJECTED"
    REGISTERED = "REGISTERED"
    """Accepted: it has its legal day."""
    SELECTED = "SELECTED"
    """It has its channel."""
    RELEASED = "RELEASED"
    """The goods may be used although the amount is still open; the tax is secured."""
    CLEARED = "CLEARED"
    """Everything is done."""
    CANCELLED = "CANCELLED"


class Goods(enum.StrEnum):
    """Where the goods are, as far as customs supervision is concerned."""

    EXPECTED = "EXPECTED"
    AT_AREA = "AT_AREA"
    """In the supervision area, or presented to customs."""
    REMOVABLE = "REMOVABLE"
    """They may be taken to storage under supervision, and are still in the area."""
    STORED = "STORED"
    """In storage under supervision: they have passed the area, but may not be used before release or clearance."""
    PASSED = "PASSED"
    """They have passed the supervision area, released or cleared."""


class Act(enum.StrEnum):
    """The legal acts, in the order of the journey."""

    PRELODGE = "prelodge"
    LODGE = "lodge"
    ARRIVE = "arrive"
    CONFIRM_DISTINCT = "confirm_distinct"
    REJECT = "reject"
    ACCEPT = "accept"
    AMEND = "amend"
    ASSESS = "assess"
    SELECT = "select"
    RAISE_CHANNEL = "raise_channel"
    LOWER_CHANNEL = "lower_channel"
    CHECK_DOCUMENTS = "check_documents"
    INSPECT = "inspect"
    REQUEST = "request"
    REPLY = "reply"
    REFER = "refer"
    CONFIRM_PERMIT = "confirm_permit"
    HOLD = "hold"
    LIFT_HOLD = "lift_hold"
    PAY = "pay"
    GUARANTEE = "guarantee"
    RELEASE_GUARANTEE = "release_guarantee"
    REVERSE_PAYMENT = "reverse_payment"
    REFUND = "refund"
    REMOVE_TO_STORAGE = "remove_to_storage"
    RELEASE = "release"
    SETTLE = "settle"
    CLEAR = "clear"
    EXIT = "exit"
    REQUEST_CANCEL = "request_cancel"
    REFUSE_CANCEL = "refuse_cancel"
    CANCEL = "cancel"
    REVOKE = "revoke"
    PROPOSE = "propose"


class Role(enum.StrEnum):
    """In what role an act is done. Which posting gives which roles is data of the site."""

    DECLARANT = "DECLARANT"
    """The declarant or the customs agent who declares for him."""
    SYSTEM = "SYSTEM"
    """The automatic processing that the law lets decide."""
    OFFICER = "OFFICER"
    """Checks documents, requests, decides."""
    INSPECTOR = "INSPECTOR"
    """Inspects the goods."""
    SUPERVISOR = "SUPERVISOR"
    """Supervises the area and its gate."""
    REVENUE = "REVENUE"
    """Keeps the accounts of taxes."""
    LEADER = "LEADER"
    """Head of the office or deputy."""
    BANK = "BANK"
    """The Treasury, or a bank that reports money."""
    AGENCY = "AGENCY"
    """Another authority whose permit or inspection the goods need."""


class Clock(enum.StrEnum):
    """Whose time runs."""

    CUSTOMS = "CUSTOMS"
    TRADER = "TRADER"
    AGENCY = "AGENCY"


class Kind(enum.StrEnum):
    """What may stand open beside the spine."""

    DUPLICATE = "DUPLICATE"
    """It looks like another declaration of the same consignment: the declarant confirms that it is not."""
    DOCUMENT_CHECK = "DOCUMENT_CHECK"
    INSPECTION = "INSPECTION"
    REPLY = "REPLY"
    PERMIT = "PERMIT"
    """A permit, or the result of another authority's inspection."""
    PAYMENT = "PAYMENT"
    """Follows from the amounts alone: due and neither paid nor guaranteed."""
    PROVISIONAL_VALUE = "PROVISIONAL_VALUE"
    VALUE_CONSULTATION = "VALUE_CONSULTATION"
    ANALYSIS = "ANALYSIS"
    ORIGIN_VERIFICATION = "ORIGIN_VERIFICATION"
    CANCELLATION = "CANCELLATION"
    """The declarant has asked to cancel and customs has not decided."""


class Form(enum.StrEnum):
    """The numbered documents that acts issue; a pack gives their official numbers and titles."""

    REGISTRATION_NOTICE = "REGISTRATION_NOTICE"
    REJECTION_NOTICE = "REJECTION_NOTICE"
    TAX_NOTICE = "TAX_NOTICE"
    CHANNEL_NOTICE = "CHANNEL_NOTICE"
    DOCUMENT_CHECK_RESULT = "DOCUMENT_CHECK_RESULT"
    INSPECTION_SHEET = "INSPECTION_SHEET"
    REQUEST_NOTICE = "REQUEST_NOTICE"
    HOLD_DECISION = "HOLD_DECISION"
    LIFT_DECISION = "LIFT_DECISION"
    RECEIPT = "RECEIPT"
    REFUND_DECISION = "REFUND_DECISION"
    STORAGE_DECISION = "STORAGE_DECISION"
    RELEASE_DECISION = "RELEASE_DECISION"
    CLEARANCE_DECISION = "CLEARANCE_DECISION"
    EXIT_CONFIRMATION = "EXIT_CONFIRMATION"
    CANCELLATION_DECISION = "CANCELLATION_DECISION"
    REVOCATION_DECISION = "REVOCATION_DECISION"


CHANGED: Final = frozenset(
    {"goods", "value", "origin", "parties", "transport", "documents", "payment", "other"}
)
"""What an amendment may touch."""

GUARDED_AFTER_RED: Final = frozenset({"goods", "value", "origin"})
"""What only an officer may change once the declarant has seen the red channel."""

AMOUNT_OPEN: Final = frozenset(
    {Kind.PROVISIONAL_VALUE, Kind.VALUE_CONSULTATION, Kind.ANALYSIS, Kind.ORIGIN_VERIFICATION}
)
"""Obligations that leave the amount open: goods may be released with them, not cleared."""

OWNER: Final[Mapping[Kind, Clock]] = {
    Kind.DUPLICATE: Clock.TRADER,
    Kind.DOCUMENT_CHECK: Clock.CUSTOMS,
    Kind.INSPECTION: Clock.CUSTOMS,
    Kind.REPLY: Clock.TRADER,
    Kind.PERMIT: Clock.AGENCY,
    Kind.PAYMENT: Clock.TRADER,
    Kind.PROVISIONAL_VALUE: Clock.TRADER,
    Kind.VALUE_CONSULTATION: Clock.CUSTOMS,
    Kind.ANALYSIS: Clock.CUSTOMS,
    Kind.ORIGIN_VERIFICATION: Clock.CUSTOMS,
    Kind.CANCELLATION: Clock.CUSTOMS,
}
"""Who must act so that an obligation closes."""

CHANNEL_OPENS: Final[Mapping[Channel, frozenset[Kind]]] = {
    Channel.GREEN: frozenset(),
    Channel.YELLOW: frozenset({Kind.DOCUMENT_CHECK}),
    Channel.RED: frozenset({Kind.DOCUMENT_CHECK, Kind.INSPECTION}),
}

CANCEL_MARK_DAYS: Final = 90
"""How long a consignment whose red declaration was cancelled stays marked: relodging must not buy a new draw."""

INTERNATIONAL_LAW: Final[Mapping[Act, LegalRef]] = {
    Act.PRELODGE: LegalRef("Revised Kyoto Convention, General Annex", "standard 3.25"),
    Act.RELEASE: LegalRef("WTO Agreement on Trade Facilitation", "art. 7.3"),
    Act.CLEAR: LegalRef("Revised Kyoto Convention, General Annex", "standard 3.40"),
}
"""What binds every country. A country's own law takes its place: `DECLARATION.under(laws)`."""

RESULTS: Final = frozenset({"CONFORMS", "DIFFERS"})


@dataclass(frozen=True, slots=True, order=True)
class Obligation:
    """Something that stands open, or stood open. reference: which one, where there may be several of a kind."""

    kind: Kind
    reference: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.reference}" if self.reference else str(self.kind)

    @classmethod
    def of(cls, text: str) -> Obligation:
        """From "KIND" or "KIND:reference". ValueError for a kind that does not exist."""
        kind, _, reference = text.partition(":")
        return cls(Kind(kind), reference)


@dataclass(frozen=True, slots=True, order=True)
class Proposal:
    """An act with four eyes that a first person has proposed; a second may do exactly this."""

    act: str
    by: str
    content: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """What a cancelled declaration leaves on its consignment: later selections do not go below this channel."""

    channel: Channel
    period: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that guards, buttons and clocks need to know of a declaration; rebuilt by `fold`, never edited.

    channel: None before selection. selected_version, assessed_version: the version that the last selection and
    assessment judged. obligations: open ones, sorted; closed: those that stood open and no longer do, sorted.
    holds: references of the holds that stand. assessed_minor: the whole amount due, None before an assessment.
    paid_minor: received less refunded and reversed. guaranteed_minor: guarantees held. version: 0 before lodging.
    events: number of the last event. legal_day: whose law judges it, from registration on, for good.
    inspectors: who inspected the goods. party: who acted as declarant. revoked: decisions that no longer stand.
    cancelled_channel: the channel that a cancelled declaration had.
    """

    state: State = State.UNLODGED
    goods: Goods = Goods.EXPECTED
    channel: Channel | None = None
    selected_version: int = 0
    obligations: tuple[Obligation, ...] = ()
    closed: tuple[Obligation, ...] = ()
    holds: tuple[str, ...] = ()
    assessed_minor: int | None = None
    assessed_version: int = 0
    paid_minor: int = 0
    guaranteed_minor: int = 0
    version: int = 0
    events: int = 0
    state_since: datetime | None = None
    lodged_at: datetime | None = None
    registered_at: datetime | None = None
    released_at: datetime | None = None
    cleared_at: datetime | None = None
    passed_at: datetime | None = None
    legal_day: date | None = None
    inspectors: frozenset[str] = frozenset()
    party: frozenset[str] = frozenset()
    proposals: tuple[Proposal, ...] = ()
    revoked: frozenset[str] = frozenset()
    cancelled_channel: Channel | None = None

    @property
    def arrived(self) -> bool:
        return self.goods is not Goods.EXPECTED

    @property
    def possible_duplicate(self) -> bool:
        return any(obligation.kind is Kind.DUPLICATE for obligation in self.obligations)

    @property
    def unsecured_minor(self) -> int:
        """What is due and neither paid nor guaranteed; 0 while nothing is assessed."""
        return max(0, (self.assessed_minor or 0) - self.paid_minor - self.guaranteed_minor)

    @property
    def overpaid_minor(self) -> int:
        """What was paid beyond the amount due."""
        return max(0, self.paid_minor - (self.assessed_minor or 0))

    @property
    def amount_open(self) -> bool:
        return any(obligation.kind in AMOUNT_OPEN for obligation in self.obligations)

    @property
    def finished(self) -> bool:
        """Whether nothing more is expected: rejected, cancelled, or cleared with the goods gone."""
        if self.state in (State.REJECTED, State.CANCELLED):
            return True
        gone = self.goods in (Goods.PASSED, Goods.STORED)
        return self.state is State.CLEARED and gone and not self.obligations and not self.holds


def waits_for(facts: Facts) -> Clock | None:
    """Who must act next, None when nothing more is expected.

    A question to the trader stops the others; then come holds, other authorities, what customs has to do, and last
    the trader's payment: a trader who has not paid costs no time while customs still checks.
    """
    if facts.finished:
        return None
    open_kinds = {obligation.kind for obligation in facts.obligations}
    if facts.state in (State.UNLODGED, State.PRELODGED) or open_kinds & {Kind.REPLY, Kind.DUPLICATE}:
        return Clock.TRADER
    if facts.holds:
        return Clock.CUSTOMS
    if Kind.PERMIT in open_kinds:
        return Clock.AGENCY
    if facts.state in (State.LODGED, State.REGISTERED) or facts.assessed_version < facts.version:
        return Clock.CUSTOMS
    if Kind.INSPECTION in open_kinds and not facts.arrived and Kind.DOCUMENT_CHECK not in open_kinds:
        return Clock.TRADER
    if open_kinds & {Kind.DOCUMENT_CHECK, Kind.INSPECTION, Kind.CANCELLATION} or not _selection_current(
        facts
    ):
        return Clock.CUSTOMS
    if Kind.PAYMENT in open_kinds or not facts.arrived:
        return Clock.TRADER
    if facts.state is State.SELECTED or facts.revoked:
        return Clock.CUSTOMS
    if facts.goods in (Goods.AT_AREA, Goods.REMOVABLE):
        return Clock.TRADER
    owners = {OWNER[kind] for kind in open_kinds}
    return Clock.TRADER if owners == {Clock.TRADER} else Clock.CUSTOMS


def cancel_mark(facts: Facts, cancelled_on: date, days: int = CANCEL_MARK_DAYS) -> Mark | None:
    """The mark that a cancelled declaration leaves on its consignment, None unless its channel was red.

    The days count from the day after the cancellation; the last one is included.
    """
    if facts.state is not State.CANCELLED or facts.cancelled_channel is not Channel.RED:
        return None
    return Mark(Channel.RED, Period(cancelled_on, cancelled_on + timedelta(days=days)))


# Guards: (facts, who, role) → findings.


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
                "paid_minor": str(facts.paid_minor),
                "guaranteed_minor": str(facts.guaranteed_minor),
            },
        )


def selection_current(facts: Facts, who: str, role: str) -> Iterable[Finding]:
    """SELECTION_OUT_OF_DATE: an amended declaration is selected again while its goods can still be inspected."""
    if not _selection_current(facts):
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
    """What `release` or `clear` looked at is looked at again; goods on their way to storage need no payment."""
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
    if not _standing(facts):
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
        proposal = _proposal(facts, act)
        if proposal is None:
            yield Finding("FOUR_EYES_NOT_PROPOSED", says={"act": act})
        elif proposal.by == who:
            yield Finding("FOUR_EYES_SAME_PERSON", says={"act": act, "actor": who})

    return guard


# Checks: (facts, event) → findings. Silent on what the event does not say; `needs` tells that.


def as_proposed(facts: Facts, event: Event) -> Iterable[Finding]:
    """FOUR_EYES_CONTENT_DIFFERS: the second person decides exactly what the first proposed."""
    proposal = _proposal(facts, event.act)
    if proposal is not None and proposal.content != _content(event.says):
        yield Finding("FOUR_EYES_CONTENT_DIFFERS", says={"act": event.act})


def needs_proposal(facts: Facts, event: Event) -> Iterable[Finding]:
    """PROPOSAL_NOT_NEEDED: only acts with four eyes, open from this state, are proposed."""
    act = event.text("act")
    row = DECLARATION.step(act, facts.state)
    if act and (row is None or not row.four_eyes):
        yield Finding("PROPOSAL_NOT_NEEDED", at="says.act", says={"act": act})


def known_channel(facts: Facts, event: Event) -> Iterable[Finding]:
    """CHANNEL_UNKNOWN."""
    if event.text("channel") and _channel(event) is None:
        yield Finding("CHANNEL_UNKNOWN", at="says.channel", says={"channel": event.text("channel")[:40]})


def ratchet(facts: Facts, event: Event) -> Iterable[Finding]:
    """CHANNEL_RATCHET: a later selection may raise the channel, never lower it."""
    channel = _channel(event)
    if channel is not None and facts.channel is not None and channel < facts.channel:
        yield Finding("CHANNEL_RATCHET", says={"channel": channel.name, "former": facts.channel.name})


def higher(facts: Facts, event: Event) -> Iterable[Finding]:
    """CHANNEL_NOT_HIGHER."""
    channel = _channel(event)
    if channel is not None and facts.channel is not None and channel <= facts.channel:
        yield Finding("CHANNEL_NOT_HIGHER", says={"channel": channel.name, "former": facts.channel.name})


def lower(facts: Facts, event: Event) -> Iterable[Finding]:
    """CHANNEL_NOT_LOWER."""
    channel = _channel(event)
    if channel is not None and facts.channel is not None and channel >= facts.channel:
        yield Finding("CHANNEL_NOT_LOWER", says={"channel": channel.name, "former": facts.channel.name})


def day_readable(*names: str) -> Callable[[Facts, Event], Iterable[Finding]]:
    """DAY_UNREADABLE: days are ISO text, and never guessed."""

    def check(facts: Facts, event: Event) -> Iterable[Finding]:
        for name in names:
            if name in event.says and _day(event, name) is None:
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
    day, last_free = _day(event, "day"), _day(event, "free_until")
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


def opens_only_its_own(facts: Facts, event: Event) -> Iterable[Finding]:
    """OBLIGATION_NOT_OF_ACT: an act opens only the kinds of its row."""
    row = DECLARATION.step(event.act, facts.state)
    for text in event.texts("opens"):
        try:
            allowed = row is not None and Obligation.of(text).kind in row.opens
        except ValueError:
            allowed = False
        if not allowed:
            yield Finding(
                "OBLIGATION_NOT_OF_ACT", at="says.opens", says={"act": event.act, "obligation": text[:40]}
            )


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
    if not any(_settled_by(event, obligation) for obligation in facts.obligations):
        yield Finding("OBLIGATION_NOT_OPEN", at="says.kind", says={"obligation": kind[:40]})


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
    needed = max(0, (facts.assessed_minor or 0) - facts.paid_minor)
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
    if act and _standing(facts) and act not in _standing(facts):
        yield Finding("NOTHING_TO_REVOKE", at="says.act", says={"act": act[:40]})


# What an event changes. Each takes the facts and the event and gives the facts afterwards.


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
    return replace(facts, legal_day=_day(event, "legal_day"), registered_at=event.at)


def _amended(facts: Facts, event: Event) -> Facts:
    party = facts.party | {event.actor} if event.role == Role.DECLARANT else facts.party
    # What a first person proposed about the old version is not what a second would decide about the new one.
    return replace(facts, party=party, proposals=())


def _assessed(facts: Facts, event: Event) -> Facts:
    return replace(facts, assessed_minor=event.number("assessed_minor"), assessed_version=facts.version)


def _selected(facts: Facts, event: Event) -> Facts:
    channel = _channel(event)
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
    channel = _channel(event)
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
    done = [obligation for obligation in facts.obligations if _settled_by(event, obligation)]
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
    content = _content({name: value for name, value in event.says.items() if name != "act"})
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
    Act.CLEAR: _cleared,
    Act.EXIT: _passed,
    Act.REQUEST_CANCEL: lambda facts, event: _opened(facts, [Obligation(Kind.CANCELLATION)]),
    Act.REFUSE_CANCEL: lambda facts, event: _closed(facts, [Obligation(Kind.CANCELLATION)]),
    Act.CANCEL: _cancelled,
    Act.REVOKE: _revoked,
    Act.PROPOSE: _proposed,
}
"""Acts that change nothing but the state (reject) have no row."""


def apply(facts: Facts, event: Event, step: Step[Facts]) -> Facts:
    """The facts after an event, whoever wrote it and whatever the guards would say today."""
    facts = replace(facts, version=event.version)
    effect = _EFFECTS.get(event.act)
    if effect is not None:
        facts = effect(facts, event)
    facts = _opened(facts, [Obligation.of(text) for text in event.texts("opens")])
    if step.four_eyes:
        facts = replace(facts, proposals=tuple(p for p in facts.proposals if p.act != event.act))
    if step.target is not None and step.target != facts.state:
        facts = replace(facts, state=State(step.target), state_since=event.at)
    return _payment_told(replace(facts, events=event.n))


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


def _open_but(facts: Facts, harmless: frozenset[Kind]) -> Iterable[Finding]:
    for obligation in facts.obligations:
        if obligation.kind not in harmless:
            yield Finding(
                "OBLIGATION_OPEN",
                at=f"obligation.{obligation}",
                says={"obligation": obligation.kind, "reference": obligation.reference},
            )


def _selection_current(facts: Facts) -> bool:
    return facts.goods is Goods.PASSED or facts.selected_version == facts.version


def _standing(facts: Facts) -> frozenset[str]:
    """The decisions that stand and may be revoked."""
    standing: set[str] = set()
    if facts.state is State.RELEASED:
        standing.add(Act.RELEASE)
    if facts.state is State.CLEARED:
        standing.add(Act.CLEAR)
    if facts.goods is Goods.REMOVABLE:
        standing.add(Act.REMOVE_TO_STORAGE)
    return frozenset(standing - facts.revoked)


def _proposal(facts: Facts, act: str) -> Proposal | None:
    return next((proposal for proposal in facts.proposals if proposal.act == act), None)


def _content(says: Mapping[str, Say]) -> tuple[tuple[str, str], ...]:
    """What an act says, comparable: lists and tuples of the same texts are the same."""
    plain = {name: value if isinstance(value, str | int) else list(value) for name, value in says.items()}
    return tuple(sorted((name, repr(value)) for name, value in plain.items()))


def _settled_by(event: Event, obligation: Obligation) -> bool:
    reference = event.text("reference")
    return (
        obligation.kind in AMOUNT_OPEN
        and obligation.kind == event.text("kind")
        and reference in ("", obligation.reference)
    )


def _channel(event: Event) -> Channel | None:
    return Channel.__members__.get(event.text("channel"))


def _day(event: Event, name: str) -> date | None:
    try:
        return date.fromisoformat(event.text(name)) if len(event.text(name)) == 10 else None
    except ValueError:
        return None


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


_CHECKABLE: Final = frozenset({Kind.PERMIT, *AMOUNT_OPEN})
"""What the checks of documents and goods may find to be open."""

_BEFORE: Final = frozenset({State.PRELODGED, State.LODGED})
_RUNNING: Final = frozenset({State.REGISTERED, State.SELECTED, State.RELEASED, State.CLEARED})
_ROUTED: Final = frozenset({State.SELECTED, State.RELEASED, State.CLEARED})
_MONEY: Final = _RUNNING | {State.CANCELLED}


def _rows() -> Iterable[Step[Facts]]:
    """The table, in the order of the journey."""
    yield _row(
        Act.PRELODGE,
        State.UNLODGED,
        State.PRELODGED,
        Role.DECLARANT,
        hands_clock_to=Clock.TRADER,
        revises=True,
    )
    yield _row(Act.LODGE, State.UNLODGED, State.LODGED, Role.DECLARANT, revises=True)
    yield _row(Act.ARRIVE, State.PRELODGED, State.LODGED, (Role.DECLARANT, Role.SUPERVISOR, Role.SYSTEM))
    yield _row(
        Act.ARRIVE,
        {State.LODGED, State.REGISTERED, State.SELECTED},
        None,
        (Role.DECLARANT, Role.SUPERVISOR, Role.SYSTEM),
        guards=(still_expected,),
    )
    yield _row(
        Act.CONFIRM_DISTINCT,
        _BEFORE,
        None,
        Role.DECLARANT,
        needs=("reason",),
        guards=(is_open(Kind.DUPLICATE),),
        closes={Kind.DUPLICATE},
    )
    yield _row(
        Act.REJECT,
        _BEFORE,
        State.REJECTED,
        (Role.SYSTEM, Role.OFFICER),
        needs=("codes",),
        form=Form.REJECTION_NOTICE,
    )
    yield _row(
        Act.ACCEPT,
        State.LODGED,
        State.REGISTERED,
        (Role.SYSTEM, Role.OFFICER),
        needs=("legal_day",),
        guards=(no_duplicate,),
        checks=(day_readable("legal_day"),),
        form=Form.REGISTRATION_NOTICE,
        opens={Kind.PERMIT, Kind.PROVISIONAL_VALUE},
    )
    yield _row(
        Act.AMEND,
        _BEFORE,
        None,
        Role.DECLARANT,
        needs=("reason", "changed"),
        checks=(known_changes,),
        revises=True,
    )
    yield _row(
        Act.AMEND,
        _RUNNING,
        None,
        (Role.DECLARANT, Role.OFFICER),
        needs=("reason", "changed", "law_day"),
        checks=(
            known_changes,
            law_of_legal_day,
            officer_after_red,
            day_readable("day", "free_until"),
            in_time,
        ),
        revises=True,
    )
    yield _row(
        Act.ASSESS,
        _RUNNING,
        None,
        (Role.SYSTEM, Role.OFFICER),
        needs=("assessed_minor", "law_day"),
        checks=(not_negative("assessed_minor"), law_of_legal_day),
        form=Form.TAX_NOTICE,
        opens={Kind.PAYMENT},
    )
    yield _row(
        Act.SELECT,
        State.REGISTERED,
        State.SELECTED,
        Role.SYSTEM,
        needs=("channel",),
        checks=(known_channel, ratchet),
        form=Form.CHANNEL_NOTICE,
        opens={Kind.DOCUMENT_CHECK, Kind.INSPECTION, Kind.PERMIT},
    )
    yield _row(
        Act.SELECT,
        _ROUTED,
        None,
        Role.SYSTEM,
        needs=("channel",),
        guards=(selection_due, goods_not_passed),
        checks=(known_channel, ratchet),
        form=Form.CHANNEL_NOTICE,
        opens={Kind.DOCUMENT_CHECK, Kind.INSPECTION, Kind.PERMIT},
    )
    yield _row(
        Act.RAISE_CHANNEL,
        State.SELECTED,
        None,
        (Role.OFFICER, Role.LEADER),
        needs=("channel", "reason"),
        guards=(goods_not_passed,),
        checks=(known_channel, higher),
        form=Form.CHANNEL_NOTICE,
        opens={Kind.DOCUMENT_CHECK, Kind.INSPECTION},
    )
    yield _row(
        Act.LOWER_CHANNEL,
        State.SELECTED,
        None,
        Role.LEADER,
        needs=("channel", "reason"),
        checks=(known_channel, lower),
        form=Form.CHANNEL_NOTICE,
        closes={Kind.DOCUMENT_CHECK, Kind.INSPECTION},
        four_eyes=True,
    )
    yield _row(
        Act.CHECK_DOCUMENTS,
        _ROUTED,
        None,
        Role.OFFICER,
        needs=("result",),
        guards=(is_open(Kind.DOCUMENT_CHECK),),
        checks=(known_result,),
        form=Form.DOCUMENT_CHECK_RESULT,
        opens=_CHECKABLE,
        closes={Kind.DOCUMENT_CHECK},
    )
    yield _row(
        Act.INSPECT,
        _ROUTED,
        None,
        Role.INSPECTOR,
        needs=("result",),
        guards=(arrived, is_open(Kind.INSPECTION)),
        checks=(known_result,),
        form=Form.INSPECTION_SHEET,
        opens=_CHECKABLE,
        closes={Kind.INSPECTION},
    )
    yield _row(
        Act.REQUEST,
        _RUNNING | {State.LODGED},
        None,
        Role.OFFICER,
        needs=("reference", "wanted"),
        checks=(not_yet_open(Kind.REPLY),),
        hands_clock_to=Clock.TRADER,
        form=Form.REQUEST_NOTICE,
        opens={Kind.REPLY},
    )
    yield _row(
        Act.REPLY,
        _RUNNING | {State.LODGED},
        None,
        Role.DECLARANT,
        needs=("reference",),
        guards=(is_open(Kind.REPLY),),
        checks=(stands_open(Kind.REPLY),),
        closes={Kind.REPLY},
    )
    yield _row(
        Act.REFER,
        _RUNNING,
        None,
        (Role.OFFICER, Role.SYSTEM),
        needs=("reference", "agency"),
        guards=(goods_not_passed,),
        checks=(not_yet_open(Kind.PERMIT),),
        opens={Kind.PERMIT},
    )
    yield _row(
        Act.CONFIRM_PERMIT,
        _RUNNING,
        None,
        (Role.AGENCY, Role.OFFICER),
        needs=("reference",),
        guards=(is_open(Kind.PERMIT),),
        checks=(stands_open(Kind.PERMIT),),
        closes={Kind.PERMIT},
    )
    yield _row(
        Act.HOLD,
        _RUNNING | {State.LODGED},
        None,
        (Role.OFFICER, Role.LEADER),
        needs=("reference", "reason"),
        guards=(goods_not_passed,),
        checks=(hold_is_new,),
        form=Form.HOLD_DECISION,
    )
    yield _row(
        Act.LIFT_HOLD,
        _RUNNING | {State.LODGED},
        None,
        Role.LEADER,
        needs=("reference", "reason"),
        guards=(has_hold,),
        checks=(hold_stands,),
        form=Form.LIFT_DECISION,
    )
    yield _row(
        Act.PAY,
        _MONEY,
        None,
        (Role.BANK, Role.REVENUE, Role.SYSTEM),
        needs=("paid_minor", "reference"),
        checks=(positive("paid_minor"),),
        form=Form.RECEIPT,
        closes={Kind.PAYMENT},
    )
    yield _row(
        Act.GUARANTEE,
        _RUNNING,
        None,
        (Role.REVENUE, Role.BANK, Role.SYSTEM),
        needs=("guaranteed_minor", "reference"),
        checks=(positive("guaranteed_minor"),),
        closes={Kind.PAYMENT},
    )
    yield _row(
        Act.RELEASE_GUARANTEE,
        _MONEY,
        None,
        (Role.REVENUE, Role.SYSTEM),
        needs=("released_minor", "reference"),
        guards=(some_guarantee,),
        checks=(positive("released_minor"), guarantee_spare),
    )
    yield _row(
        Act.REVERSE_PAYMENT,
        _MONEY,
        None,
        (Role.REVENUE, Role.LEADER),
        needs=("reversed_minor", "reference", "reason"),
        checks=(positive("reversed_minor"), reversal_within),
        opens={Kind.PAYMENT},
        four_eyes=True,
    )
    yield _row(
        Act.REFUND,
        _MONEY,
        None,
        Role.LEADER,
        needs=("refunded_minor", "decision", "account"),
        guards=(some_overpaid,),
        checks=(positive("refunded_minor"), refund_within),
        form=Form.REFUND_DECISION,
        four_eyes=True,
    )
    yield _row(
        Act.REMOVE_TO_STORAGE,
        State.SELECTED,
        None,
        (Role.OFFICER, Role.LEADER),
        needs=("place", "reason"),
        guards=(arrived, no_hold, goods_still_here, goods_removable),
        form=Form.STORAGE_DECISION,
    )
    yield _row(
        Act.RELEASE,
        {State.SELECTED, State.RELEASED},
        State.RELEASED,
        (Role.OFFICER, Role.LEADER),
        guards=(
            first_or_revoked(Act.RELEASE),
            arrived,
            no_hold,
            some_amount_open,
            only_amount_open,
            secured,
            selection_current,
            inspected_by_another,
        ),
        form=Form.RELEASE_DECISION,
    )
    yield _row(
        Act.SETTLE,
        _ROUTED,
        None,
        (Role.OFFICER, Role.REVENUE),
        needs=("kind", "assessed_minor", "law_day"),
        guards=(some_amount_open,),
        checks=(settles_open_amount, not_negative("assessed_minor"), law_of_legal_day),
        form=Form.TAX_NOTICE,
        opens={Kind.PAYMENT},
        closes=AMOUNT_OPEN,
    )
    yield _row(
        Act.CLEAR,
        _ROUTED,
        State.CLEARED,
        (Role.SYSTEM, Role.OFFICER, Role.LEADER),
        guards=(
            first_or_revoked(Act.CLEAR),
            arrived,
            no_hold,
            nothing_open,
            secured,
            selection_current,
            inspected_by_another,
            automatic_only_green,
        ),
        form=Form.CLEARANCE_DECISION,
    )
    yield _row(
        Act.EXIT,
        _ROUTED,
        None,
        (Role.SUPERVISOR, Role.SYSTEM),
        guards=(arrived, goods_still_here, lawful_ground, nothing_holds_exit),
        form=Form.EXIT_CONFIRMATION,
    )
    yield _row(
        Act.REQUEST_CANCEL,
        _RUNNING,
        None,
        Role.DECLARANT,
        needs=("reason",),
        guards=(goods_still_here, nothing_asked),
        opens={Kind.CANCELLATION},
    )
    yield _row(
        Act.REFUSE_CANCEL,
        _RUNNING,
        None,
        (Role.OFFICER, Role.LEADER),
        needs=("reason",),
        guards=(is_open(Kind.CANCELLATION),),
        closes={Kind.CANCELLATION},
    )
    yield _row(
        Act.CANCEL,
        _BEFORE,
        State.CANCELLED,
        (Role.DECLARANT, Role.OFFICER, Role.SYSTEM),
        needs=("reason",),
        guards=(no_hold,),
        form=Form.CANCELLATION_DECISION,
    )
    yield _row(
        Act.CANCEL,
        _RUNNING,
        State.CANCELLED,
        (Role.OFFICER, Role.LEADER),
        needs=("reason",),
        guards=(no_hold, goods_still_here),
        form=Form.CANCELLATION_DECISION,
    )
    yield _row(
        Act.REVOKE,
        _ROUTED,
        None,
        Role.LEADER,
        needs=("act", "decision", "reason"),
        guards=(some_decision, goods_still_here),
        checks=(decision_stands,),
        form=Form.REVOCATION_DECISION,
        opens={Kind.DOCUMENT_CHECK, Kind.INSPECTION, *_CHECKABLE},
    )
    yield _row(
        Act.PROPOSE,
        _MONEY,
        None,
        (Role.OFFICER, Role.REVENUE, Role.LEADER),
        needs=("act",),
        checks=(needs_proposal,),
    )


def _row(
    act: Act,
    sources: State | Iterable[State],
    target: State | None,
    roles: Role | tuple[Role, ...],
    *,
    needs: tuple[str, ...] = (),
    guards: tuple[Guard[Facts], ...] = (),
    checks: tuple[Check[Facts], ...] = (),
    hands_clock_to: Clock | None = None,
    form: Form | None = None,
    opens: Iterable[Kind] = (),
    closes: Iterable[Kind] = (),
    four_eyes: bool = False,
    revises: bool = False,
) -> Step[Facts]:
    """One row, with what every row of its kind has: nobody judges his own declaration, four eyes mean two persons."""
    may = (roles,) if isinstance(roles, Role) else roles
    if set(may) != {Role.DECLARANT}:
        guards = (*guards, not_own)
    if four_eyes:
        guards, checks = (*guards, proposed_by_another(act)), (*checks, as_proposed)
    return Step(
        act=act,
        sources=frozenset({sources} if isinstance(sources, State) else sources),
        target=target,
        roles=may,
        needs=needs,
        guards=guards,
        checks=(*checks, opens_only_its_own),
        hands_clock_to=hands_clock_to,
        form=form or "",
        opens=frozenset(opens),
        closes=frozenset(closes),
        four_eyes=four_eyes,
        revises=revises,
        law=INTERNATIONAL_LAW.get(act),
    )


DECLARATION: Final[Machine[Facts]] = Machine("declaration", Facts(), tuple(_rows()), apply)
"""The life of a declaration. A country's own law comes with `DECLARATION.under(laws)`."""
