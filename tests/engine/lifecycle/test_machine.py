"""What the machine itself holds, whatever the table: times, persons, versions, the record."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from thongquan.engine.findings import Refusal
from thongquan.engine.lifecycle.declaration import DECLARATION, Facts, Obligation, Role
from thongquan.engine.lifecycle.machine import Actor, Capacity, Machine, attempt, fold, follow

AT = datetime(2020, 6, 15, 3, 0, tzinfo=UTC)
NGA = Actor("nga", frozenset({Role.DECLARANT}))


def lodged():
    return attempt(DECLARATION, "lodge", Facts(), NGA, at=AT, says={"arrived": 1})


def test_an_event_has_every_field_even_where_it_is_empty():
    event = lodged().event
    assert (event.form_number, event.signature, event.service_date, event.on_behalf, event.office) == (
        "",
        None,
        None,
        "",
        "",
    )
    assert (event.n, event.act, event.actor, event.role, event.version) == (1, "lodge", "nga", "DECLARANT", 1)
    assert (event.at, event.recorded_at, event.capacity) == (AT, AT, Capacity.OWN)


def test_an_event_keeps_the_person_the_capacity_the_form_and_the_evidence():
    deputy = Actor("lan", frozenset({Role.LEADER, Role.OFFICER}), "20BB", Capacity.DEPUTY, "Chi cục trưởng")
    moved = attempt(
        DECLARATION,
        "accept",
        lodged().after,
        deputy,
        at=AT + timedelta(minutes=1),
        recorded_at=AT + timedelta(hours=5),
        says={"legal_day": "2020-06-15"},
        form_number="15/TB-HQ",
        signature={"certificate": "C1"},
        service_date=date(2020, 6, 16),
    )
    event = moved.event
    assert (event.actor, event.office, event.capacity, event.on_behalf) == (
        "lan",
        "20BB",
        Capacity.DEPUTY,
        "Chi cục trưởng",
    )
    assert (event.role, event.form_number, event.service_date) == ("OFFICER", "15/TB-HQ", date(2020, 6, 16))
    assert event.recorded_at - event.at == timedelta(hours=4, minutes=59)
    assert event.signature == {"certificate": "C1"}


def test_who_signs_for_another_says_for_whom():
    officer = Actor("minh", frozenset({Role.OFFICER}), capacity=Capacity.BY_ORDER)
    moved = attempt(DECLARATION, "accept", lodged().after, officer, at=AT, says={"legal_day": "2020-06-15"})
    assert moved.codes == ("ON_BEHALF_MISSING",)


def test_the_role_of_an_act_is_the_first_of_the_row_or_the_one_asked_for():
    both = Actor("minh", frozenset({Role.SYSTEM, Role.OFFICER}))
    says = {"legal_day": "2020-06-15"}
    assert attempt(DECLARATION, "accept", lodged().after, both, at=AT, says=says).event.role == "SYSTEM"
    chosen = attempt(DECLARATION, "accept", lodged().after, both, at=AT, says=says, role="OFFICER")
    assert chosen.event.role == "OFFICER"
    not_his = attempt(DECLARATION, "accept", lodged().after, both, at=AT, says=says, role="LEADER")
    assert not_his.codes == ("ROLE_LACKS_ACT",)


def test_who_saw_an_older_state_is_told():
    moved = attempt(
        DECLARATION, "amend", lodged().after, NGA, at=AT, says={"reason": "r", "changed": "goods"}, seen=0
    )
    assert [(r.code, r.says) for r in moved.reasons] == [("CHANGED_MEANWHILE", {"seen": "0", "last": "1"})]
    assert not isinstance(
        attempt(
            DECLARATION, "amend", lodged().after, NGA, at=AT, says={"reason": "r", "changed": "goods"}, seen=1
        ),
        Refusal,
    )


def test_nothing_is_recorded_before_it_happens():
    moved = attempt(DECLARATION, "lodge", Facts(), NGA, at=AT, recorded_at=AT - timedelta(microseconds=1))
    assert moved.codes == ("ACT_IN_FUTURE",)


def test_a_decision_does_not_precede_the_state_it_stands_on_but_a_late_notice_may():
    officer = Actor("minh", frozenset({Role.OFFICER}))
    early = AT - timedelta(seconds=1)
    says = {"legal_day": "2020-06-15"}
    moved = attempt(DECLARATION, "accept", lodged().after, officer, at=early, recorded_at=AT, says=says)
    assert moved.codes == ("ACT_BEFORE_STATE",)
    registered = attempt(DECLARATION, "accept", lodged().after, officer, at=AT, says=says).after
    bank = Actor("kbnn", frozenset({Role.BANK}))
    paid = attempt(
        DECLARATION,
        "pay",
        registered,
        bank,
        at=early,
        recorded_at=AT,
        says={"paid_minor": 1, "reference": "x"},
    )
    assert paid.after.paid_minor == 1


def test_instants_without_a_zone_unknown_acts_and_odd_facts_are_our_own_faults():
    with pytest.raises(ValueError, match="zone"):
        attempt(DECLARATION, "lodge", Facts(), NGA, at=datetime(2020, 6, 15))
    with pytest.raises(LookupError):
        attempt(DECLARATION, "lodgee", Facts(), NGA, at=AT)
    for odd in (1.5, True, None, [1], {"a": "b"}):
        with pytest.raises(TypeError):
            attempt(DECLARATION, "lodge", Facts(), NGA, at=AT, says={"arrived": odd})


def test_a_refusal_lists_every_reason_in_a_stable_order_and_changes_nothing():
    facts = lodged().after
    stranger = Actor("x", frozenset(), capacity=Capacity.DEPUTY)
    tried = [attempt(DECLARATION, "accept", facts, stranger, at=AT, seen=7) for _ in range(2)]
    assert tried[0] == tried[1]
    assert tried[0].codes == ("CHANGED_MEANWHILE", "ON_BEHALF_MISSING", "ROLE_LACKS_ACT", "ACT_LACKS")
    assert facts == lodged().after


def test_the_record_is_folded_to_the_same_facts_and_a_broken_one_is_not():
    first = lodged()
    second = attempt(
        DECLARATION, "amend", first.after, NGA, at=AT, says={"reason": "r", "changed": ["goods"]}
    )
    events = [first.event, second.event]
    assert fold(DECLARATION, events) == second.after
    assert fold(DECLARATION, []) == DECLARATION.start == Facts()
    for broken in (
        events[1:],  # the first is gone
        [events[0], events[0]],  # the first twice
        [events[0], replace(events[1], n=3)],  # a gap
        [events[0], replace(events[1], version=1)],  # a version miscounted
        [events[0], replace(events[1], act="clear", version=1)],  # an act that is not possible there
    ):
        with pytest.raises(ValueError):
            fold(DECLARATION, broken)
    assert follow(DECLARATION, first.after, second.event) == second.after


def test_lists_and_texts_are_read_back_as_they_were_said():
    moved = attempt(
        DECLARATION,
        "lodge",
        Facts(),
        NGA,
        at=AT,
        says={"duplicate_of": ["A", "B"], "note": "x", "arrived": 1},
    )
    event = moved.event
    assert event.texts("duplicate_of") == ("A", "B")
    assert (event.texts("note"), event.texts("arrived"), event.texts("nothing")) == (("x",), (), ())
    assert (event.text("note"), event.text("arrived"), event.text("nothing")) == ("x", "", "")
    assert (event.number("arrived"), event.number("note"), event.number("nothing")) == (1, None, None)
    assert [str(o) for o in moved.after.obligations] == ["DUPLICATE:A", "DUPLICATE:B"]


def test_two_rows_of_an_act_never_share_a_state():
    row = DECLARATION.steps[0]
    with pytest.raises(ValueError, match="two rows"):
        Machine("double", Facts(), (row, row), DECLARATION.apply)


def test_an_obligation_is_read_from_its_own_text():
    for text in ("PERMIT", "PERMIT:A:B"):
        assert str(Obligation.of(text)) == text
    with pytest.raises(ValueError):
        Obligation.of("SOMETHING")
