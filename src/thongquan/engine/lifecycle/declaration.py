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
    assess                assessed_minor (the whole amount to be paid or secured before goods go, not the difference;
                          what the law postpones or suspends is not part of it), law_day
    select, raise_channel, lower_channel    channel (name), reasons
    check_documents, inspect                result (CONFORMS or DIFFERS)
    request, reply, refer, confirm_permit, hold, lift_hold    reference
    pay paid_minor · guarantee guaranteed_minor · release_guarantee released_minor · refund refunded_minor, decision,
    account · reverse_payment reversed_minor
    doubt_value, take_sample                reference, security_minor (what is demanded beyond the amount assessed)
    invite_consultation   reference, hearing_day (ISO)
    record_consultation, report_analysis    reference, outcome (of OUTCOMES), method (of value, where it is rejected)
    verify_origin         reference (of the certificate), authority, reason, assessed_minor (general rate), law_day
    report_origin         reference, outcome, assessed_minor (with the preference, or for good without it), law_day
    settle                kind (of the obligation), assessed_minor, law_day; day and due_day (ISO) for the late notice
    impose_tax            decision, reason, assessed_minor, law_day; kind and reference of the matter that it ends
    revoke                act (release, clear or remove_to_storage), decision
    propose               act (one with four eyes), and everything that the act itself will say
    any row with `opens`  opens (list of KIND or KIND:reference)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from ..findings import Finding, LegalRef
from .effects import apply
from .facts import (
    AMOUNT_OPEN,
    CANCEL_MARK_DAYS,
    CHANGED,
    CHANNEL_OPENS,
    GUARDED_AFTER_RED,
    METHODS,
    OUTCOMES,
    OWNER,
    RESULTS,
    Act,
    Clock,
    Facts,
    Form,
    Goods,
    Kind,
    Mark,
    Obligation,
    Proposal,
    Role,
    State,
    cancel_mark,
    waits_for,
)
from .guards import (
    arrived,
    as_proposed,
    automatic_only_green,
    changes_the_amount,
    day_readable,
    decision_stands,
    ends_what_is_open,
    first_or_revoked,
    goods_not_passed,
    goods_removable,
    goods_still_here,
    guarantee_spare,
    has_hold,
    higher,
    hold_is_new,
    hold_stands,
    in_time,
    inspected_by_another,
    is_open,
    known_changes,
    known_channel,
    known_outcome,
    known_result,
    law_of_legal_day,
    lawful_ground,
    lower,
    method_of_value,
    no_duplicate,
    no_hold,
    not_negative,
    not_own,
    not_yet_open,
    nothing_asked,
    nothing_holds_exit,
    nothing_open,
    officer_after_red,
    only_amount_open,
    positive,
    proposed_by_another,
    ratchet,
    refund_within,
    reversal_within,
    secured,
    selection_current,
    selection_due,
    settled_in_time,
    settles_open_amount,
    some_amount_open,
    some_decision,
    some_guarantee,
    some_overpaid,
    stands_open,
    still_expected,
)
from .machine import Check, Event, Guard, Machine, Step

__all__ = [
    "AMOUNT_OPEN",
    "ASSESSING",
    "CANCEL_MARK_DAYS",
    "CHANGED",
    "CHANNEL_OPENS",
    "DECLARATION",
    "GUARDED_AFTER_RED",
    "INTERNATIONAL_LAW",
    "METHODS",
    "OUTCOMES",
    "OWNER",
    "RESULTS",
    "Act",
    "Clock",
    "Facts",
    "Form",
    "Goods",
    "Kind",
    "Mark",
    "Obligation",
    "Proposal",
    "Role",
    "State",
    "cancel_mark",
    "waits_for",
]

INTERNATIONAL_LAW: Final[Mapping[Act, LegalRef]] = {
    Act.PRELODGE: LegalRef("Revised Kyoto Convention, General Annex", "standard 3.25"),
    Act.RELEASE: LegalRef("WTO Agreement on Trade Facilitation", "art. 7.3"),
    Act.CLEAR: LegalRef("Revised Kyoto Convention, General Annex", "standard 3.40"),
}
"""What binds every country. A country's own law takes its place: `DECLARATION.under(laws)`."""


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
        opens={Kind.PERMIT, Kind.PROVISIONAL_VALUE, Kind.LATE_CERTIFICATE},
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
        Act.DOUBT_VALUE,
        _ROUTED,
        None,
        Role.OFFICER,
        needs=("reference", "reason"),
        checks=(not_yet_open(Kind.VALUE_CONSULTATION), not_negative("security_minor")),
        form=Form.VALUE_DOUBT_NOTICE,
        opens={Kind.VALUE_CONSULTATION, Kind.PAYMENT},
    )
    yield _row(
        Act.INVITE_CONSULTATION,
        _ROUTED,
        None,
        Role.OFFICER,
        needs=("reference", "hearing_day"),
        guards=(is_open(Kind.VALUE_CONSULTATION),),
        checks=(stands_open(Kind.VALUE_CONSULTATION), day_readable("hearing_day")),
        form=Form.CONSULTATION_INVITATION,
    )
    yield _row(
        Act.RECORD_CONSULTATION,
        _ROUTED,
        None,
        Role.OFFICER,
        needs=("reference", "outcome"),
        guards=(is_open(Kind.VALUE_CONSULTATION),),
        checks=(
            stands_open(Kind.VALUE_CONSULTATION),
            known_outcome(Kind.VALUE_CONSULTATION),
            method_of_value,
        ),
        form=Form.CONSULTATION_RECORD,
        closes={Kind.VALUE_CONSULTATION},
    )
    yield _row(
        Act.TAKE_SAMPLE,
        _ROUTED,
        None,
        (Role.INSPECTOR, Role.OFFICER),
        needs=("reference", "sample", "laboratory"),
        guards=(arrived, goods_not_passed),
        checks=(not_yet_open(Kind.ANALYSIS), not_negative("security_minor")),
        form=Form.SAMPLE_RECORD,
        opens={Kind.ANALYSIS, Kind.PAYMENT},
    )
    yield _row(
        Act.REPORT_ANALYSIS,
        _ROUTED,
        None,
        (Role.OFFICER, Role.AGENCY),
        needs=("reference", "outcome"),
        guards=(is_open(Kind.ANALYSIS),),
        checks=(stands_open(Kind.ANALYSIS), known_outcome(Kind.ANALYSIS)),
        form=Form.ANALYSIS_NOTICE,
        closes={Kind.ANALYSIS},
    )
    yield _row(
        Act.VERIFY_ORIGIN,
        _ROUTED,
        None,
        Role.OFFICER,
        needs=("reference", "authority", "reason", "assessed_minor", "law_day"),
        checks=(
            not_yet_open(Kind.ORIGIN_VERIFICATION),
            not_negative("assessed_minor"),
            law_of_legal_day,
        ),
        form=Form.ORIGIN_REQUEST,
        opens={Kind.ORIGIN_VERIFICATION, Kind.PAYMENT},
    )
    yield _row(
        Act.REPORT_ORIGIN,
        _ROUTED,
        None,
        Role.OFFICER,
        needs=("reference", "outcome", "assessed_minor", "law_day"),
        guards=(is_open(Kind.ORIGIN_VERIFICATION),),
        checks=(
            stands_open(Kind.ORIGIN_VERIFICATION),
            known_outcome(Kind.ORIGIN_VERIFICATION),
            not_negative("assessed_minor"),
            law_of_legal_day,
        ),
        form=Form.ORIGIN_CONCLUSION,
        opens={Kind.PAYMENT},
        closes={Kind.ORIGIN_VERIFICATION},
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
        checks=(
            settles_open_amount,
            not_negative("assessed_minor"),
            law_of_legal_day,
            day_readable("day", "due_day"),
            settled_in_time,
        ),
        form=Form.TAX_NOTICE,
        opens={Kind.PAYMENT},
        closes=AMOUNT_OPEN,
    )
    yield _row(
        Act.IMPOSE_TAX,
        _ROUTED,
        None,
        Role.LEADER,
        needs=("decision", "reason", "assessed_minor", "law_day"),
        checks=(
            ends_what_is_open,
            not_negative("assessed_minor"),
            law_of_legal_day,
            changes_the_amount,
        ),
        form=Form.IMPOSITION_DECISION,
        opens={Kind.PAYMENT},
        closes=AMOUNT_OPEN,
        four_eyes=True,
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


def needs_proposal(facts: Facts, event: Event) -> Iterable[Finding]:
    """PROPOSAL_NOT_NEEDED: only acts with four eyes, open from this state, are proposed."""
    act = event.text("act")
    row = DECLARATION.step(act, facts.state)
    if act and (row is None or not row.four_eyes):
        yield Finding("PROPOSAL_NOT_NEEDED", at="says.act", says={"act": act})


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

ASSESSING: Final = frozenset(step.act for step in DECLARATION.steps if "assessed_minor" in step.needs)
"""The acts that say what is due, each with a notice or decision of its own."""
