"""What the guards of a declaration allow and refuse, told as small stories."""

from datetime import date

import pytest

from thongquan.engine.findings import Severity
from thongquan.engine.lifecycle.declaration import (
    DECLARATION,
    Clock,
    Facts,
    Goods,
    Kind,
    Obligation,
    Role,
    State,
    cancel_mark,
    waits_for,
)
from thongquan.engine.lifecycle.machine import fold
from thongquan.engine.risk.channels import Channel

TRADER, SYSTEM, OFFICER, INSPECTOR, LEADER, REVENUE, BANK, GATE, AGENCY = (
    Role.DECLARANT,
    Role.SYSTEM,
    Role.OFFICER,
    Role.INSPECTOR,
    Role.LEADER,
    Role.REVENUE,
    Role.BANK,
    Role.SUPERVISOR,
    Role.AGENCY,
)


def test_a_green_declaration_goes_from_lodging_to_the_gate(journey):
    journey.routed("GREEN", due_minor=1_000).pay(1_000)
    journey.does("clear", SYSTEM)
    journey.does("exit", GATE)
    assert journey.facts.state is State.CLEARED
    assert journey.facts.goods is Goods.PASSED
    assert journey.facts.finished
    assert fold(DECLARATION, journey.events) == journey.facts


def test_goods_are_not_cleared_before_they_arrive(journey):
    journey.lodge(arrived=0).register().assess(0).select("GREEN")
    assert journey.refused("clear", SYSTEM) == ("NOT_ARRIVED",)
    journey.does("arrive", GATE)
    journey.does("clear", SYSTEM)


def test_a_prelodged_declaration_is_lodged_by_the_arrival_of_its_goods(journey):
    journey.does("prelodge", TRADER)
    assert journey.refused("accept", SYSTEM, legal_day="2020-06-15") == ("ACT_NOT_FROM_STATE",)
    journey.does("arrive", TRADER)
    assert (journey.facts.state, journey.facts.goods) == (State.LODGED, Goods.AT_AREA)
    assert journey.facts.version == 1


def test_every_reason_is_told_at_once(journey):
    journey.lodge(arrived=0).register(opens=["PERMIT:QD-1"]).assess(1_000).select("RED")
    journey.does("hold", LEADER, reference="TD-9", reason="seal broken")
    refusal = journey.tries("clear", OFFICER)
    assert [(reason.code, reason.at) for reason in refusal.reasons] == [
        ("NOT_ARRIVED", ""),
        ("HOLD_OPEN", "hold.TD-9"),
        ("OBLIGATION_OPEN", "obligation.DOCUMENT_CHECK"),
        ("OBLIGATION_OPEN", "obligation.INSPECTION"),
        ("DUTY_NOT_SECURED", "obligation.PAYMENT"),
        ("OBLIGATION_OPEN", "obligation.PERMIT:QD-1"),
    ]
    assert fold(DECLARATION, journey.events) == journey.facts


def test_duty_not_secured_says_what_is_missing(journey):
    # due 1,000; paid 300; guaranteed 600; missing 1,000 - 300 - 600 = 100
    journey.routed("GREEN", due_minor=1_000).pay(300)
    journey.does("guarantee", REVENUE, guaranteed_minor=600, reference="BL-1")
    refusal = journey.tries("clear", SYSTEM)
    assert refusal.codes == ("DUTY_NOT_SECURED",)
    assert refusal.reasons[0].says == {
        "unsecured_minor": "100",
        "assessed_minor": "1000",
        "demanded_minor": "0",
        "paid_minor": "300",
        "guaranteed_minor": "600",
    }
    assert Obligation(Kind.PAYMENT) in journey.facts.obligations
    journey.pay(100)
    assert Obligation(Kind.PAYMENT) in journey.facts.closed
    journey.does("clear", SYSTEM)


def test_nothing_is_cleared_before_it_is_assessed(journey):
    journey.lodge().register().select("GREEN")
    assert journey.refused("clear", SYSTEM) == ("ASSESSMENT_MISSING",)
    journey.assess(0)
    journey.does("clear", SYSTEM)


def test_yellow_is_cleared_after_its_document_check_and_by_a_person(journey):
    journey.routed("YELLOW")
    assert journey.refused("clear", SYSTEM) == ("AUTOMATIC_ONLY_GREEN", "OBLIGATION_OPEN")
    journey.check(result="DIFFERS")
    assert journey.refused("clear", OFFICER) == ("OBLIGATION_OPEN",)
    journey.check()
    assert journey.refused("clear", SYSTEM) == ("AUTOMATIC_ONLY_GREEN",)
    journey.does("clear", OFFICER)


def test_who_inspects_does_not_release_or_clear(journey):
    journey.routed("RED").check()
    journey.does("inspect", INSPECTOR, who="minh", result="CONFORMS", opens=["ANALYSIS:M-1"])
    assert journey.refused("release", LEADER, who="minh") == ("INSPECTOR_MAY_NOT_RELEASE",)
    journey.does("release", LEADER, who="lan")
    journey.does("settle", OFFICER, kind="ANALYSIS", reference="M-1", assessed_minor=0, law_day="2020-06-15")
    assert journey.refused("clear", OFFICER, who="minh") == ("INSPECTOR_MAY_NOT_RELEASE",)
    journey.does("clear", OFFICER, who="hoa")


def test_who_declared_does_not_act_for_the_state(journey):
    journey.does("lodge", TRADER, who="nga", arrived=1)
    assert journey.refused("accept", OFFICER, who="nga", legal_day="2020-06-15") == ("OWN_DECLARATION",)
    journey.register()
    journey.does("amend", TRADER, who="tu", reason="r", changed=["value"], law_day="2020-06-15")
    journey.assess(0).select("GREEN")
    assert journey.refused("clear", LEADER, who="tu") == ("OWN_DECLARATION",)
    journey.does("clear", LEADER, who="lan")


# Release with the amount open, and its settlement.


def test_release_is_for_an_open_amount_and_clearance_for_none(journey):
    journey.routed("YELLOW", due_minor=500).pay(500).check()
    assert journey.refused("release", OFFICER) == ("AMOUNT_NOT_OPEN",)
    journey.does("clear", OFFICER)


def test_goods_leave_released_while_the_amount_is_open_and_are_cleared_later(journey):
    journey.lodge().register(opens=["PROVISIONAL_VALUE"]).assess(1_000).select("GREEN").pay(1_000)
    assert journey.refused("clear", SYSTEM) == ("OBLIGATION_OPEN",)
    journey.does("release", OFFICER)
    journey.does("exit", GATE)
    assert (journey.facts.state, journey.facts.goods) == (State.RELEASED, Goods.PASSED)
    # the final value makes 1,150: 150 more
    settled = journey.does(
        "settle", OFFICER, kind="PROVISIONAL_VALUE", assessed_minor=1_150, law_day="2020-06-15"
    )
    assert settled.after.assessed_minor - settled.before.assessed_minor == 150
    assert journey.refused("clear", OFFICER) == ("DUTY_NOT_SECURED",)
    journey.pay(150)
    journey.does("clear", OFFICER)
    assert journey.facts.finished


def test_settling_needs_the_obligation_that_it_names(journey):
    journey.lodge().register(opens=["PROVISIONAL_VALUE"]).assess(10).select("GREEN")
    assert journey.refused("settle", OFFICER, kind="ANALYSIS", assessed_minor=1, law_day="2020-06-15") == (
        "OBLIGATION_NOT_OPEN",
    )
    assert journey.refused("settle", OFFICER, kind="PAYMENT", assessed_minor=1, law_day="2020-06-15") == (
        "OBLIGATION_NOT_OPEN",
    )


def test_a_guarantee_for_an_open_amount_is_kept_until_it_is_settled_and_paid(journey):
    journey.lodge().register(opens=["PROVISIONAL_VALUE"]).assess(1_000).select("GREEN")
    journey.does("guarantee", REVENUE, guaranteed_minor=1_200, reference="BL-1")
    journey.does("release", OFFICER)
    assert journey.refused("release_guarantee", REVENUE, released_minor=1_300, reference="BL-1") == (
        "GUARANTEE_EXCEEDED",
    )
    assert journey.refused("release_guarantee", REVENUE, released_minor=1, reference="BL-1") == (
        "GUARANTEE_STILL_NEEDED",
    )
    journey.does("settle", REVENUE, kind="PROVISIONAL_VALUE", assessed_minor=1_100, law_day="2020-06-15")
    # 1,100 due, nothing paid, 1,200 held: 100 may go, 101 may not
    assert journey.refused("release_guarantee", REVENUE, released_minor=101, reference="BL-1") == (
        "GUARANTEE_STILL_NEEDED",
    )
    journey.does("release_guarantee", REVENUE, released_minor=100, reference="BL-1")
    journey.pay(1_100)
    journey.does("release_guarantee", REVENUE, released_minor=1_100, reference="BL-1")
    assert journey.facts.guaranteed_minor == 0


# Removal to storage under supervision.


def test_removal_to_storage_is_neither_release_nor_clearance(journey):
    journey.routed("RED", due_minor=700)
    assert journey.refused("exit", GATE) == ("GROUND_MISSING",)
    journey.does("remove_to_storage", OFFICER, place="own warehouse", reason="plant quarantine")
    assert journey.facts.goods is Goods.REMOVABLE
    assert journey.refused("remove_to_storage", OFFICER, place="x", reason="r") == ("REMOVAL_DECIDED",)
    journey.does("exit", GATE)
    assert (journey.facts.state, journey.facts.goods) == (State.SELECTED, Goods.STORED)
    assert not journey.facts.finished
    journey.pay(700).check().inspect()
    journey.does("clear", OFFICER)
    assert journey.refused("exit", GATE) == ("GOODS_PASSED",)
    assert journey.facts.finished


def test_a_hold_stops_removal_and_the_way_to_storage(journey):
    journey.routed("RED")
    journey.does("remove_to_storage", OFFICER, place="w", reason="r")
    journey.does("hold", OFFICER, reference="TD-1", reason="r")
    assert journey.refused("exit", GATE) == ("HOLD_OPEN",)
    journey.does("lift_hold", LEADER, reference="TD-1", reason="r")
    journey.does("exit", GATE)


# Amendments.


def test_an_amendment_makes_a_version_and_never_rewinds_the_state(journey):
    journey.routed("GREEN", due_minor=100).pay(100)
    journey.does("clear", SYSTEM)
    moved = journey.does("amend", TRADER, reason="price", changed=["value"], law_day="2020-06-15")
    assert moved.after.state is State.CLEARED
    assert moved.event.version == moved.after.version == 2
    journey.assess(130)
    assert journey.facts.unsecured_minor == 30
    # the goods are still there: they do not leave before the difference is paid and the version selected again
    assert journey.refused("exit", GATE) == ("SELECTION_OUT_OF_DATE", "DUTY_NOT_SECURED")
    journey.pay(30).select("GREEN")
    journey.does("exit", GATE)


def test_an_amended_declaration_is_assessed_again_before_anything_leaves(journey):
    journey.routed("GREEN", due_minor=100).pay(100).amend("value").select("GREEN")
    assert journey.refused("clear", SYSTEM) == ("ASSESSMENT_OUT_OF_DATE",)
    journey.assess(100)
    journey.does("clear", SYSTEM)


def test_an_amendment_is_judged_by_the_law_of_the_legal_day(journey):
    journey.routed("GREEN")
    assert journey.facts.legal_day == date(2020, 6, 15)
    says = {"reason": "r", "changed": ["value"]}
    assert journey.refused("amend", TRADER, law_day="2020-07-10", **says) == ("LAW_DAY_DIFFERS",)
    journey.amend("value")
    assert journey.refused("assess", SYSTEM, assessed_minor=1, law_day="2020-07-10") == ("LAW_DAY_DIFFERS",)
    journey.assess(1)


def test_before_registration_there_is_no_legal_day_to_amend_by(journey):
    journey.lodge()
    journey.does("amend", TRADER, reason="r", changed=["goods"])
    assert (journey.facts.version, journey.facts.legal_day) == (2, None)


def test_a_later_selection_may_raise_the_channel_but_never_lower_it(journey):
    journey.routed("YELLOW").amend("value")
    assert journey.refused("select", SYSTEM, channel="GREEN") == ("CHANNEL_RATCHET",)
    journey.select("RED")
    assert journey.facts.channel is Channel.RED
    assert [o.kind for o in journey.facts.obligations] == [Kind.DOCUMENT_CHECK, Kind.INSPECTION]


def test_nobody_selects_the_same_version_twice(journey):
    journey.routed("GREEN")
    assert journey.refused("select", SYSTEM, channel="RED") == ("SELECTION_CURRENT",)


def test_documents_checked_before_an_amendment_are_checked_again_after_it(journey):
    journey.routed("YELLOW").check().amend("value").assess(0).select("YELLOW")
    assert journey.refused("clear", OFFICER) == ("OBLIGATION_OPEN",)
    journey.check()
    journey.does("clear", OFFICER)


def test_goods_inspected_once_are_not_inspected_again_for_an_amendment(journey):
    journey.routed("RED").check().inspect().amend("documents").assess(0).select("RED")
    assert [o.kind for o in journey.facts.obligations] == [Kind.DOCUMENT_CHECK]


@pytest.mark.parametrize("group", ["goods", "value", "origin"])
def test_after_red_the_declarant_changes_goods_value_and_origin_only_through_an_officer(journey, group):
    journey.routed("RED")
    says = {"reason": "r", "law_day": "2020-06-15"}
    assert journey.refused("amend", TRADER, changed=[group, "parties"], **says) == (
        "OFFICER_AMENDS_AFTER_RED",
    )
    journey.does("amend", TRADER, changed=["parties"], **says)
    journey.does("amend", OFFICER, changed=[group], **says)
    assert journey.facts.version == 3


def test_after_yellow_the_declarant_may_change_the_value(journey):
    journey.routed("YELLOW").amend("value", "goods", "origin")
    assert journey.facts.version == 2


def test_a_late_amendment_is_taken_with_a_warning(journey):
    journey.routed("GREEN")
    journey.does("clear", SYSTEM)
    says = {"reason": "r", "changed": ["value"], "law_day": "2020-06-15", "free_until": "2020-08-14"}
    assert journey.does("amend", TRADER, day="2020-08-14", **says).notes == ()
    late = journey.does("amend", TRADER, day="2020-08-15", **says)
    assert [(note.code, note.severity) for note in late.notes] == [("AMENDED_LATE", Severity.WARNING)]


def test_an_amendment_names_groups_that_exist(journey):
    journey.lodge()
    assert journey.refused("amend", TRADER, reason="r", changed=["value", "weather"]) == ("CHANGE_UNKNOWN",)


# The channel, changed by persons.


def test_an_officer_raises_the_channel_alone(journey):
    journey.routed("GREEN")
    assert journey.refused("raise_channel", OFFICER, channel="GREEN", reason="r") == ("CHANNEL_NOT_HIGHER",)
    assert journey.refused("raise_channel", OFFICER, channel="BLUE", reason="r") == ("CHANNEL_UNKNOWN",)
    journey.does("raise_channel", OFFICER, channel="RED", reason="tip")
    assert [o.kind for o in journey.facts.obligations] == [Kind.DOCUMENT_CHECK, Kind.INSPECTION]


def test_lowering_a_channel_takes_two_persons_and_the_same_content(journey):
    journey.routed("RED")
    content = {"channel": "YELLOW", "reason": "inspected at the previous office"}
    assert journey.refused("lower_channel", LEADER, who="lan", **content) == ("FOUR_EYES_NOT_PROPOSED",)
    journey.does("propose", LEADER, who="lan", act="lower_channel", **content)
    assert journey.refused("lower_channel", LEADER, who="lan", **content) == ("FOUR_EYES_SAME_PERSON",)
    assert journey.refused("lower_channel", LEADER, who="hai", channel="GREEN", reason=content["reason"]) == (
        "FOUR_EYES_CONTENT_DIFFERS",
    )
    journey.does("lower_channel", LEADER, who="hai", **content)
    assert journey.facts.channel is Channel.YELLOW
    assert [o.kind for o in journey.facts.obligations] == [Kind.DOCUMENT_CHECK]
    # the proposal is used up, and the old row stays in the record
    assert journey.facts.proposals == ()
    assert [event.act for event in journey.events][-3:] == ["select", "propose", "lower_channel"]


def test_an_amendment_ends_a_proposal(journey):
    journey.routed("RED")
    journey.does("propose", LEADER, who="lan", act="lower_channel", channel="YELLOW", reason="r")
    journey.amend("parties")
    assert journey.refused("lower_channel", LEADER, who="hai", channel="YELLOW", reason="r") == (
        "FOUR_EYES_NOT_PROPOSED",
    )


def test_only_acts_of_four_eyes_are_proposed(journey):
    journey.routed("RED")
    assert journey.refused("propose", OFFICER, act="clear") == ("PROPOSAL_NOT_NEEDED",)
    assert journey.refused("propose", OFFICER, act="no such act") == ("PROPOSAL_NOT_NEEDED",)


def test_an_inspection_that_was_lowered_away_comes_back_with_the_next_red(journey):
    journey.routed("RED")
    journey.does("propose", LEADER, who="lan", act="lower_channel", channel="GREEN", reason="r")
    journey.does("lower_channel", LEADER, who="hai", channel="GREEN", reason="r")
    assert journey.facts.obligations == ()
    journey.amend("value").select("RED")
    assert [o.kind for o in journey.facts.obligations] == [Kind.DOCUMENT_CHECK, Kind.INSPECTION]


# Requests, permits, duplicates.


def test_each_request_is_answered_by_its_own_reply(journey):
    journey.routed("YELLOW")
    journey.does("request", OFFICER, reference="YC-1", wanted="contract")
    journey.does("request", OFFICER, reference="YC-2", wanted="catalogue")
    assert journey.refused("request", OFFICER, reference="YC-1", wanted="x") == ("REFERENCE_USED",)
    assert journey.refused("reply", TRADER, reference="YC-3") == ("OBLIGATION_NOT_OPEN",)
    journey.does("reply", TRADER, reference="YC-2")
    journey.check()
    assert journey.refused("clear", OFFICER) == ("OBLIGATION_OPEN",)
    journey.does("reply", TRADER, reference="YC-1")
    assert journey.refused("request", OFFICER, reference="YC-1", wanted="x") == ("REFERENCE_USED",)
    journey.does("clear", OFFICER)


def test_a_permit_of_another_agency_is_confirmed_not_claimed(journey):
    journey.routed("YELLOW").check(opens=["PERMIT:KD-1"])
    assert journey.refused("confirm_permit", TRADER, reference="KD-1") == ("ROLE_LACKS_ACT",)
    assert journey.refused("clear", OFFICER) == ("OBLIGATION_OPEN",)
    journey.does("confirm_permit", AGENCY, reference="KD-1")
    journey.does("clear", OFFICER)


def test_an_act_opens_only_what_its_row_names(journey):
    journey.lodge()
    says = {"legal_day": "2020-06-15"}
    assert journey.refused("accept", SYSTEM, opens=["INSPECTION"], **says) == ("OBLIGATION_NOT_OF_ACT",)
    assert journey.refused("accept", SYSTEM, opens=["NONSENSE:1"], **says) == ("OBLIGATION_NOT_OF_ACT",)
    journey.register(opens=["PERMIT:A", "PERMIT:B", "PROVISIONAL_VALUE"])
    assert [str(o) for o in journey.facts.obligations] == ["PERMIT:A", "PERMIT:B", "PROVISIONAL_VALUE"]


def test_a_possible_duplicate_is_not_registered_until_the_declarant_says_why(journey):
    journey.lodge(duplicate_of=["101234567890"])
    assert journey.facts.possible_duplicate
    refusal = journey.tries("accept", SYSTEM, legal_day="2020-06-15")
    assert [(r.code, r.says) for r in refusal.reasons] == [("POSSIBLE_DUPLICATE", {"other": "101234567890"})]
    assert journey.refused("confirm_distinct", TRADER) == ("ACT_LACKS",)
    journey.does("confirm_distinct", TRADER, reason="second half of the lot")
    journey.register()
    assert not journey.facts.possible_duplicate


def test_a_registration_needs_a_readable_legal_day(journey):
    journey.lodge()
    assert journey.refused("accept", SYSTEM, legal_day="15/06/2020") == ("DAY_UNREADABLE",)


# Holds.


def test_holds_stop_release_clearance_exit_and_cancellation(journey):
    journey.routed("GREEN")
    journey.does("hold", OFFICER, reference="TD-1", reason="r")
    assert journey.refused("hold", OFFICER, reference="TD-1", reason="r") == ("REFERENCE_USED",)
    assert journey.refused("clear", SYSTEM) == ("HOLD_OPEN",)
    assert journey.refused("cancel", OFFICER, reason="r") == ("HOLD_OPEN",)
    assert journey.refused("lift_hold", LEADER, reference="TD-2", reason="r") == ("HOLD_UNKNOWN",)
    journey.does("lift_hold", LEADER, reference="TD-1", reason="r")
    assert journey.refused("lift_hold", LEADER, reference="TD-1", reason="r") == ("HOLD_UNKNOWN",)
    journey.does("clear", SYSTEM)
    journey.does("hold", OFFICER, reference="TD-2", reason="r")
    assert journey.refused("exit", GATE) == ("HOLD_OPEN",)


# Revocation: a decision that was notified is not undone.


def test_a_revoked_clearance_stands_in_the_record_and_stops_the_gate(journey):
    journey.routed("GREEN")
    assert journey.refused("revoke", LEADER, act="clear", decision="QD-5", reason="r") == (
        "NOTHING_TO_REVOKE",
    )
    journey.does("clear", SYSTEM)
    assert journey.refused("clear", SYSTEM) == ("ALREADY_DECIDED",)
    assert journey.refused("revoke", LEADER, act="release", decision="QD-5", reason="r") == (
        "NOTHING_TO_REVOKE",
    )
    journey.does("revoke", LEADER, act="clear", decision="QD-5", reason="false invoice", opens=["INSPECTION"])
    assert journey.facts.state is State.CLEARED
    assert journey.refused("exit", GATE) == ("DECISION_REVOKED", "OBLIGATION_OPEN")
    journey.inspect()
    assert journey.refused("exit", GATE) == ("DECISION_REVOKED",)
    journey.does("clear", OFFICER)
    journey.does("exit", GATE)
    assert [event.act for event in journey.events][-5:] == ["clear", "revoke", "inspect", "clear", "exit"]


def test_nothing_is_revoked_once_the_goods_have_passed(journey):
    journey.routed("GREEN")
    journey.does("clear", SYSTEM)
    journey.does("exit", GATE)
    assert journey.refused("revoke", LEADER, act="clear", decision="QD-5", reason="r") == ("GOODS_PASSED",)
    assert journey.refused("hold", LEADER, reference="x", reason="r") == ("GOODS_PASSED",)


def test_a_removal_is_revoked_while_the_goods_are_still_there(journey):
    journey.routed("RED")
    journey.does("remove_to_storage", OFFICER, place="w", reason="r")
    journey.does("revoke", LEADER, act="remove_to_storage", decision="QD-6", reason="r")
    assert journey.facts.goods is Goods.AT_AREA
    assert journey.refused("exit", GATE) == ("GROUND_MISSING",)


# Cancellation.


def test_a_declarant_cancels_alone_only_before_registration(journey):
    journey.lodge()
    assert journey.tries("cancel", TRADER, reason="r").after.state is State.CANCELLED
    journey.register()
    assert journey.refused("cancel", TRADER, reason="r") == ("ROLE_LACKS_ACT",)
    journey.does("request_cancel", TRADER, reason="not shipped")
    assert journey.refused("request_cancel", TRADER, reason="r") == ("CANCELLATION_ASKED",)
    journey.assess(0).select("GREEN")
    assert journey.refused("clear", SYSTEM) == ("OBLIGATION_OPEN",)
    journey.does("refuse_cancel", OFFICER, reason="goods are there")
    journey.does("clear", SYSTEM)


def test_cancelling_makes_what_was_paid_refundable_by_two_persons(journey):
    journey.routed("GREEN", due_minor=400).pay(400)
    journey.does("guarantee", REVENUE, guaranteed_minor=50, reference="BL-1")
    journey.does("cancel", OFFICER, reason="goods returned")
    assert (journey.facts.assessed_minor, journey.facts.overpaid_minor) == (0, 400)
    assert journey.facts.obligations == ()
    content = {"refunded_minor": 400, "decision": "QD-7", "account": "KB-1"}
    journey.does("propose", REVENUE, who="ha", act="refund", **content)
    journey.does("refund", LEADER, who="lan", **content)
    journey.does("release_guarantee", REVENUE, released_minor=50, reference="BL-1")
    assert (journey.facts.paid_minor, journey.facts.guaranteed_minor) == (0, 0)
    assert journey.facts.finished


def test_a_cancelled_red_declaration_leaves_a_mark_of_ninety_days(journey):
    journey.routed("RED")
    journey.does("cancel", OFFICER, reason="r")
    mark = cancel_mark(journey.facts, date(2020, 6, 15))
    assert mark.channel is Channel.RED
    assert mark.period.holds(date(2020, 6, 15))
    assert mark.period.last_day == date(
        2020, 9, 13
    )  # 15 days of June left, 31 of July, 31 of August, 13 of September
    assert not mark.period.holds(date(2020, 9, 14))


def test_other_cancelled_declarations_leave_no_mark(journey):
    journey.routed("YELLOW")
    assert cancel_mark(journey.facts, date(2020, 6, 15)) is None
    journey.does("cancel", OFFICER, reason="r")
    assert cancel_mark(journey.facts, date(2020, 6, 15)) is None


def test_what_has_passed_is_not_cancelled(journey):
    journey.routed("GREEN")
    journey.does("clear", SYSTEM)
    journey.does("exit", GATE)
    assert journey.refused("cancel", OFFICER, reason="r") == ("GOODS_PASSED",)
    assert journey.refused("request_cancel", TRADER, reason="r") == ("GOODS_PASSED",)
    assert journey.refused("exit", GATE) == ("GOODS_PASSED",)


# Money.


def test_only_what_was_overpaid_is_refunded(journey):
    # due 100, paid 160: 60 too much
    journey.routed("GREEN", due_minor=100).pay(160)
    content = {"refunded_minor": 61, "decision": "QD-8", "account": "KB-1"}
    journey.does("propose", REVENUE, who="ha", act="refund", **content)
    assert journey.refused("refund", LEADER, **content) == ("REFUND_EXCEEDS_OVERPAYMENT",)
    content["refunded_minor"] = 60
    journey.does("propose", REVENUE, who="ha", act="refund", **content)
    journey.does("refund", LEADER, **content)
    assert journey.facts.paid_minor == 100
    assert "NOTHING_OVERPAID" in journey.refused("refund", LEADER, **content)


def test_a_refund_does_not_count_as_paid_when_the_liability_rises_again(journey):
    journey.routed("GREEN", due_minor=100).pay(100).amend("value").assess(60)
    content = {"refunded_minor": 40, "decision": "QD-9", "account": "KB-1"}
    journey.does("propose", REVENUE, who="ha", act="refund", **content)
    journey.does("refund", LEADER, **content)
    journey.amend("value").assess(100)
    assert journey.facts.unsecured_minor == 40


def test_a_payment_booked_in_error_is_reversed_by_two_persons_and_opens_the_debt_again(journey):
    journey.routed("GREEN", due_minor=100).pay(100)
    journey.does("clear", SYSTEM)
    content = {"reversed_minor": 100, "reference": "GNT-1", "reason": "returned by the bank"}
    assert journey.refused("reverse_payment", REVENUE, who="ha", **content) == ("FOUR_EYES_NOT_PROPOSED",)
    journey.does("propose", REVENUE, who="ha", act="reverse_payment", **content)
    journey.does("reverse_payment", REVENUE, who="vy", **content)
    assert journey.facts.state is State.CLEARED
    assert journey.refused("exit", GATE) == ("DUTY_NOT_SECURED",)
    content["reversed_minor"] = 1
    journey.does("propose", REVENUE, who="ha", act="reverse_payment", **content)
    assert journey.refused("reverse_payment", REVENUE, who="vy", **content) == ("REVERSAL_EXCEEDS_PAYMENT",)


@pytest.mark.parametrize("amount", [0, -5, "100", ["1"]])
def test_money_that_moves_is_a_whole_number_above_zero(journey, amount):
    journey.routed("GREEN", due_minor=100)
    assert journey.refused("pay", BANK, paid_minor=amount, reference="x") == ("AMOUNT_NOT_POSITIVE",)


@pytest.mark.parametrize("amount", [-1, "0"])
def test_what_is_due_is_never_negative(journey, amount):
    journey.lodge().register()
    assert journey.refused("assess", SYSTEM, assessed_minor=amount, law_day="2020-06-15") == (
        "AMOUNT_NEGATIVE",
    )


def test_a_check_says_conforms_or_differs(journey):
    journey.routed("RED")
    assert journey.refused("check_documents", OFFICER, result="FINE") == ("RESULT_UNKNOWN",)
    assert journey.refused("inspect", INSPECTOR, result="OK") == ("RESULT_UNKNOWN",)


def test_a_rejected_declaration_is_at_its_end(journey):
    journey.lodge()
    journey.does("reject", SYSTEM, codes=["COMMODITY_NOT_IN_FORCE"])
    assert journey.facts.finished
    assert journey.refused("amend", TRADER, reason="r", changed=["goods"]) == ("ACT_NOT_FROM_STATE",)


# Whose turn it is.


def test_the_clock_follows_who_must_act(journey):
    seen = []

    def note():
        seen.append(waits_for(journey.facts))

    assert waits_for(Facts()) is Clock.TRADER
    journey.lodge(arrived=0)
    note()  # customs registers
    journey.register().assess(100)
    note()  # customs selects
    journey.select("RED")
    note()  # customs checks the documents
    journey.check()
    note()  # the goods are to come
    journey.does("arrive", GATE)
    note()  # customs inspects
    journey.does("request", OFFICER, reference="YC-1", wanted="keys")
    note()  # the trader answers
    journey.does("reply", TRADER, reference="YC-1")
    note()
    journey.inspect(opens=["PERMIT:KD-1"])
    note()  # another agency
    journey.does("confirm_permit", AGENCY, reference="KD-1")
    note()  # the trader pays
    journey.pay(100)
    note()  # customs clears
    journey.does("clear", OFFICER)
    note()  # the trader takes the goods
    journey.does("exit", GATE)
    note()
    c, t, a = Clock.CUSTOMS, Clock.TRADER, Clock.AGENCY
    assert seen == [c, c, c, t, c, t, c, a, t, c, t, None]


def test_an_open_amount_keeps_the_clock_of_who_must_settle_it(journey):
    journey.lodge().register(opens=["PROVISIONAL_VALUE"]).assess(0).select("GREEN")
    journey.does("release", OFFICER)
    journey.does("exit", GATE)
    assert waits_for(journey.facts) is Clock.TRADER  # who owes the final price
    analysed = Facts(
        state=State.RELEASED,
        goods=Goods.PASSED,
        version=1,
        assessed_version=1,
        obligations=(Obligation(Kind.ANALYSIS),),
    )
    assert waits_for(analysed) is Clock.CUSTOMS
    held = Facts(state=State.SELECTED, goods=Goods.AT_AREA, version=1, holds=("TD-1",))
    assert waits_for(held) is Clock.CUSTOMS
