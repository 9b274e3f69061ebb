"""The words of a declaration's life, and what is true of a declaration at a moment.

`Facts` is all that guards, buttons and clocks look at. Nobody edits it: it is folded from events (`effects.py`).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from ..dated import Period
from ..risk.channels import Channel
from .machine import Event, Says


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
    DOUBT_VALUE = "doubt_value"
    INVITE_CONSULTATION = "invite_consultation"
    RECORD_CONSULTATION = "record_consultation"
    TAKE_SAMPLE = "take_sample"
    REPORT_ANALYSIS = "report_analysis"
    VERIFY_ORIGIN = "verify_origin"
    REPORT_ORIGIN = "report_origin"
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
    IMPOSE_TAX = "impose_tax"
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
    """reference: number of the certificate in doubt. Until the answer its goods owe the general rate."""
    LATE_CERTIFICATE = "LATE_CERTIFICATE"
    """A certificate of origin will follow. reference: the scheme claimed. Until then its goods owe the general rate."""
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
    VALUE_DOUBT_NOTICE = "VALUE_DOUBT_NOTICE"
    CONSULTATION_INVITATION = "CONSULTATION_INVITATION"
    CONSULTATION_RECORD = "CONSULTATION_RECORD"
    SAMPLE_RECORD = "SAMPLE_RECORD"
    ANALYSIS_NOTICE = "ANALYSIS_NOTICE"
    ORIGIN_REQUEST = "ORIGIN_REQUEST"
    ORIGIN_CONCLUSION = "ORIGIN_CONCLUSION"
    IMPOSITION_DECISION = "IMPOSITION_DECISION"
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
    {
        Kind.PROVISIONAL_VALUE,
        Kind.VALUE_CONSULTATION,
        Kind.ANALYSIS,
        Kind.ORIGIN_VERIFICATION,
        Kind.LATE_CERTIFICATE,
    }
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
    Kind.LATE_CERTIFICATE: Clock.TRADER,
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

RESULTS: Final = frozenset({"CONFORMS", "DIFFERS"})

OUTCOMES: Final[Mapping[Kind, frozenset[str]]] = {
    Kind.VALUE_CONSULTATION: frozenset({"ACCEPTED", "NOT_ACCEPTED", "ABSENT"}),
    Kind.ANALYSIS: frozenset({"CONFORMS", "DIFFERS"}),
    Kind.ORIGIN_VERIFICATION: frozenset({"CONFIRMED", "REFUTED", "NO_ANSWER"}),
}
"""How a matter that left the amount open may come out; the trader who stays away from a hearing is ABSENT."""

METHODS: Final = frozenset({"1", "2", "3", "4", "5", "6"})
"""The methods of customs value, in their order (WTO Agreement on Customs Valuation, art. 1 to 7)."""


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
    cancelled_channel: the channel that a cancelled declaration had. demanded: security beyond the amount assessed, by
    the open matter for which customs demanded it; it falls away with the matter. refuted: certificates of origin that
    gave no preference in the end. determined_version: the last version in which customs itself changed goods, value or
    origin after the channel was given: what follows from it a person assesses, settles or imposes.
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
    demanded: tuple[tuple[Obligation, int], ...] = ()
    refuted: frozenset[str] = frozenset()
    determined_version: int = 0

    @property
    def arrived(self) -> bool:
        return self.goods is not Goods.EXPECTED

    @property
    def possible_duplicate(self) -> bool:
        return any(obligation.kind is Kind.DUPLICATE for obligation in self.obligations)

    @property
    def unsecured_minor(self) -> int:
        """What is due or demanded as security and neither paid nor guaranteed; 0 while nothing is assessed."""
        return max(0, self.secured_minor - self.paid_minor - self.guaranteed_minor)

    @property
    def demanded_minor(self) -> int:
        """The security demanded beyond the amount assessed, for matters that stand open."""
        return sum(minor for obligation, minor in self.demanded if obligation in self.obligations)

    @property
    def secured_minor(self) -> int:
        """What must be paid or guaranteed before goods go: the amount due, and what is demanded beyond it; 0 while
        nothing is assessed."""
        return 0 if self.assessed_minor is None else self.assessed_minor + self.demanded_minor

    @property
    def overpaid_minor(self) -> int:
        """What was paid beyond the amount due and what is demanded as security."""
        return max(0, self.paid_minor - (self.assessed_minor or 0) - self.demanded_minor)

    @property
    def amount_open(self) -> bool:
        return any(obligation.kind in AMOUNT_OPEN for obligation in self.obligations)

    @property
    def selection_is_current(self) -> bool:
        """Whether the present version is selected; goods that have passed need no selection any more."""
        return self.goods is Goods.PASSED or self.selected_version == self.version

    @property
    def standing(self) -> frozenset[str]:
        """The decisions that stand and may be revoked."""
        standing: set[str] = set()
        if self.state is State.RELEASED:
            standing.add(Act.RELEASE)
        if self.state is State.CLEARED:
            standing.add(Act.CLEAR)
        if self.goods is Goods.REMOVABLE:
            standing.add(Act.REMOVE_TO_STORAGE)
        return frozenset(standing - self.revoked)

    def proposal(self, act: str) -> Proposal | None:
        """What a first person has proposed of an act with four eyes, None while nobody has."""
        return next((proposal for proposal in self.proposals if proposal.act == act), None)

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
    if open_kinds & {Kind.DOCUMENT_CHECK, Kind.INSPECTION, Kind.CANCELLATION}:
        return Clock.CUSTOMS
    if not facts.selection_is_current:
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


# What events say, read once for guards and effects alike.


def channel_said(event: Event) -> Channel | None:
    """The channel that an event names, None where it names none that exists."""
    return Channel.__members__.get(event.text("channel"))


def day_said(event: Event, name: str) -> date | None:
    """An ISO day that an event says, None where it says none or no day."""
    try:
        return date.fromisoformat(event.text(name)) if len(event.text(name)) == 10 else None
    except ValueError:
        return None


def content_of(says: Says) -> tuple[tuple[str, str], ...]:
    """What an act says, comparable: lists and tuples of the same texts are the same."""
    plain = {name: value if isinstance(value, str | int) else list(value) for name, value in says.items()}
    return tuple(sorted((name, repr(value)) for name, value in plain.items()))


def settles(event: Event, obligation: Obligation) -> bool:
    """Whether a settlement is about an obligation: of its kind, and of its reference where it names one."""
    return (
        obligation.kind in AMOUNT_OPEN
        and obligation.kind == event.text("kind")
        and event.text("reference") in ("", obligation.reference)
    )
