"""Every state × act against a table written by hand: what is possible from where, and where it leads."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from thongquan import words
from thongquan.engine.findings import LegalRef, Refusal
from thongquan.engine.lifecycle import declaration
from thongquan.engine.lifecycle.declaration import (
    AMOUNT_OPEN,
    DECLARATION,
    OWNER,
    Act,
    Clock,
    Facts,
    Form,
    Goods,
    Kind,
    Obligation,
    Proposal,
    Role,
    State,
)
from thongquan.engine.lifecycle.machine import Actor, Capacity, Transition, attempt, legal_day, open_to
from thongquan.engine.risk.channels import Channel

AT = datetime(2020, 6, 15, 3, 0, tzinfo=UTC)

# Columns: UNlodged, PRelodged, LOdged, REjected, RG registered, SElected, RL released, CL cleared, CA cancelled.
# "·" not possible, "=" possible and the state stays, else the state that it leads to.
EXPECTED = """
act                UN PR LO RE RG SE RL CL CA
prelodge           PR ·  ·  ·  ·  ·  ·  ·  ·
lodge              LO ·  ·  ·  ·  ·  ·  ·  ·
arrive             ·  LO =  ·  =  =  ·  ·  ·
confirm_distinct   ·  =  =  ·  ·  ·  ·  ·  ·
reject             ·  RE RE ·  ·  ·  ·  ·  ·
accept             ·  ·  RG ·  ·  ·  ·  ·  ·
amend              ·  =  =  ·  =  =  =  =  ·
assess             ·  ·  ·  ·  =  =  =  =  ·
select             ·  ·  ·  ·  SE =  =  =  ·
raise_channel      ·  ·  ·  ·  ·  =  ·  ·  ·
lower_channel      ·  ·  ·  ·  ·  =  ·  ·  ·
check_documents    ·  ·  ·  ·  ·  =  =  =  ·
inspect            ·  ·  ·  ·  ·  =  =  =  ·
request            ·  ·  =  ·  =  =  =  =  ·
reply              ·  ·  =  ·  =  =  =  =  ·
refer              ·  ·  ·  ·  =  =  =  =  ·
confirm_permit     ·  ·  ·  ·  =  =  =  =  ·
doubt_value        ·  ·  ·  ·  ·  =  =  =  ·
invite_consultation ·  ·  ·  ·  ·  =  =  =  ·
record_consultation ·  ·  ·  ·  ·  =  =  =  ·
take_sample        ·  ·  ·  ·  ·  =  =  =  ·
report_analysis    ·  ·  ·  ·  ·  =  =  =  ·
verify_origin      ·  ·  ·  ·  ·  =  =  =  ·
report_origin      ·  ·  ·  ·  ·  =  =  =  ·
hold               ·  ·  =  ·  =  =  =  =  ·
lift_hold          ·  ·  =  ·  =  =  =  =  ·
pay                ·  ·  ·  ·  =  =  =  =  =
guarantee          ·  ·  ·  ·  =  =  =  =  ·
release_guarantee  ·  ·  ·  ·  =  =  =  =  =
reverse_payment    ·  ·  ·  ·  =  =  =  =  =
refund             ·  ·  ·  ·  =  =  =  =  =
remove_to_storage  ·  ·  ·  ·  ·  =  ·  ·  ·
release            ·  ·  ·  ·  ·  RL RL ·  ·
settle             ·  ·  ·  ·  ·  =  =  =  ·
impose_tax         ·  ·  ·  ·  ·  =  =  =  ·
clear              ·  ·  ·  ·  ·  CL CL CL ·
exit               ·  ·  ·  ·  ·  =  =  =  ·
request_cancel     ·  ·  ·  ·  =  =  =  =  ·
refuse_cancel      ·  ·  ·  ·  =  =  =  =  ·
cancel             ·  CA CA ·  CA CA CA CA ·
revoke             ·  ·  ·  ·  ·  =  =  =  ·
propose            ·  ·  ·  ·  =  =  =  =  =
"""

SHORT = {
    "UN": State.UNLODGED,
    "PR": State.PRELODGED,
    "LO": State.LODGED,
    "RE": State.REJECTED,
    "RG": State.REGISTERED,
    "SE": State.SELECTED,
    "RL": State.RELEASED,
    "CL": State.CLEARED,
    "CA": State.CANCELLED,
}


def expected() -> dict[tuple[str, State], State | None]:
    """(act, state) → state afterwards; a pair that is not possible is absent."""
    lines = [line.split() for line in EXPECTED.strip().splitlines()]
    pairs: dict[tuple[str, State], State | None] = {}
    for act, *cells in lines[1:]:
        assert len(cells) == 9, act
        for short, cell in zip(lines[0][1:], cells, strict=True):
            if cell != "·":
                pairs[act, SHORT[short]] = SHORT[short] if cell == "=" else SHORT[cell]
    return pairs


def ready(act: str, state: State) -> tuple[Facts, dict[str, object]]:
    """Facts in which nothing but the state could stand against the act, and what the act says."""
    running = state not in (State.UNLODGED, State.PRELODGED, State.LODGED)
    base: dict[str, object] = {
        "state": state,
        "goods": Goods.EXPECTED if state in (State.UNLODGED, State.PRELODGED) else Goods.AT_AREA,
        "version": 0 if state is State.UNLODGED else 1,
        "selected_version": 1,
        "assessed_version": 1,
        "assessed_minor": 100 if running else None,
        "paid_minor": 100 if running else 0,
        "channel": Channel.YELLOW if running else None,
        "legal_day": date(2020, 6, 15) if running else None,
    }
    law = {"law_day": "2020-06-15"}
    reference = {"reference": "R1"}
    cases: dict[str, tuple[dict[str, object], dict[str, object]]] = {
        "arrive": ({"goods": Goods.EXPECTED}, {}),
        "confirm_distinct": ({"obligations": (Obligation(Kind.DUPLICATE, "X"),)}, {"reason": "another lot"}),
        "reject": ({}, {"codes": ["COMMODITY_NOT_IN_FORCE"]}),
        "accept": ({}, {"legal_day": "2020-06-15"}),
        "amend": ({}, {"reason": "r", "changed": ["value"], **(law if running else {})}),
        "assess": ({}, {"assessed_minor": 100, **law}),
        "select": ({"selected_version": 0}, {"channel": "YELLOW"}),
        "raise_channel": ({}, {"channel": "RED", "reason": "r"}),
        "lower_channel": (
            {"proposals": (Proposal("lower_channel", "other", (("channel", "'GREEN'"), ("reason", "'r'"))),)},
            {"channel": "GREEN", "reason": "r"},
        ),
        "check_documents": ({"obligations": (Obligation(Kind.DOCUMENT_CHECK),)}, {"result": "CONFORMS"}),
        "inspect": ({"obligations": (Obligation(Kind.INSPECTION),)}, {"result": "CONFORMS"}),
        "request": ({}, {**reference, "wanted": "contract"}),
        "reply": ({"obligations": (Obligation(Kind.REPLY, "R1"),)}, reference),
        "refer": ({}, {**reference, "agency": "quarantine"}),
        "confirm_permit": ({"obligations": (Obligation(Kind.PERMIT, "R1"),)}, reference),
        "doubt_value": ({}, {**reference, "reason": "below the reference price"}),
        "invite_consultation": (
            {"obligations": (Obligation(Kind.VALUE_CONSULTATION, "R1"),)},
            {**reference, "hearing_day": "2020-06-22"},
        ),
        "record_consultation": (
            {"obligations": (Obligation(Kind.VALUE_CONSULTATION, "R1"),)},
            {**reference, "outcome": "NOT_ACCEPTED", "method": "3"},
        ),
        "take_sample": ({}, {**reference, "sample": "line 1, 2 kg", "laboratory": "L"}),
        "report_analysis": (
            {"obligations": (Obligation(Kind.ANALYSIS, "R1"),)},
            {**reference, "outcome": "DIFFERS"},
        ),
        "verify_origin": ({}, {**reference, "authority": "A", "reason": "r", "assessed_minor": 150, **law}),
        "report_origin": (
            {"obligations": (Obligation(Kind.ORIGIN_VERIFICATION, "R1"),)},
            {**reference, "outcome": "CONFIRMED", "assessed_minor": 100, **law},
        ),
        "hold": ({}, {**reference, "reason": "r"}),
        "lift_hold": ({"holds": ("R1",)}, {**reference, "reason": "r"}),
        "pay": ({}, {"paid_minor": 1, **reference}),
        "guarantee": ({}, {"guaranteed_minor": 1, **reference}),
        "release_guarantee": ({"guaranteed_minor": 100}, {"released_minor": 100, **reference}),
        "reverse_payment": (
            {
                "proposals": (
                    Proposal(
                        "reverse_payment",
                        "other",
                        (("reason", "'r'"), ("reference", "'R1'"), ("reversed_minor", "100")),
                    ),
                )
            },
            {"reversed_minor": 100, "reason": "r", **reference},
        ),
        "refund": (
            {
                "paid_minor": 150,
                "proposals": (
                    Proposal(
                        "refund", "other", (("account", "'A'"), ("decision", "'D'"), ("refunded_minor", "50"))
                    ),
                ),
            },
            {"refunded_minor": 50, "decision": "D", "account": "A"},
        ),
        "remove_to_storage": ({}, {"place": "own warehouse", "reason": "quarantine"}),
        "release": (
            {
                "obligations": (Obligation(Kind.ANALYSIS),),
                "revoked": frozenset({"release"}) if state is State.RELEASED else frozenset(),
            },
            {},
        ),
        "settle": (
            {"obligations": (Obligation(Kind.ANALYSIS),)},
            {"kind": "ANALYSIS", "assessed_minor": 90, **law},
        ),
        "impose_tax": (
            {
                "proposals": (
                    Proposal(
                        "impose_tax",
                        "other",
                        (
                            ("assessed_minor", "150"),
                            ("decision", "'D'"),
                            ("law_day", "'2020-06-15'"),
                            ("reason", "'r'"),
                        ),
                    ),
                )
            },
            {"decision": "D", "reason": "r", "assessed_minor": 150, **law},
        ),
        "clear": ({"revoked": frozenset({"clear"}) if state is State.CLEARED else frozenset()}, {}),
        "exit": ({"goods": Goods.REMOVABLE if state is State.SELECTED else Goods.AT_AREA}, {}),
        "request_cancel": ({}, {"reason": "r"}),
        "refuse_cancel": ({"obligations": (Obligation(Kind.CANCELLATION),)}, {"reason": "r"}),
        "cancel": ({}, {"reason": "r"}),
        "revoke": (
            {"goods": Goods.REMOVABLE},
            {"act": "remove_to_storage", "decision": "D1", "reason": "r"},
        ),
        "propose": ({}, {"act": "refund"}),
    }
    overrides, says = cases.get(act, ({}, {}))
    return Facts(**{**base, **overrides}), says


@pytest.mark.parametrize("act", [act.value for act in Act])
@pytest.mark.parametrize("state", list(State))
def test_every_act_from_every_state_is_as_the_table_by_hand_says(act, state):
    facts, says = ready(act, state)
    row = DECLARATION.step(act, state)
    roles = row.roles if row else tuple(Role)
    for role in roles:
        moved = attempt(DECLARATION, act, facts, Actor("somebody", frozenset({role})), at=AT, says=says)
        if (act, state) not in expected():
            assert isinstance(moved, Refusal)
            assert moved.codes == ("ACT_NOT_FROM_STATE",)
        elif act == "clear" and role is Role.SYSTEM:
            assert moved.codes == ("AUTOMATIC_ONLY_GREEN",)  # the facts above are yellow
        else:
            assert isinstance(moved, Transition), moved
            assert moved.after.state is expected()[act, state]
            assert moved.event.n == facts.events + 1
            assert moved.before is facts


def test_the_table_by_hand_names_every_act_and_state():
    assert {act for act, _ in expected()} == set(DECLARATION.acts) == {act.value for act in Act}
    assert set(SHORT.values()) == set(State) == {State(state) for state in DECLARATION.states}


def test_no_row_leads_back_along_the_spine():
    rank = {state: place for place, state in enumerate(SHORT.values())}
    rank[State.REJECTED] = rank[State.CANCELLED] = 99
    for step in DECLARATION.steps:
        for source in step.sources:
            assert step.target is None or rank[State(step.target)] >= rank[State(source)], step.act


def test_roles_that_a_row_does_not_name_are_refused():
    for (act, state), _ in expected().items():
        facts, says = ready(act, state)
        row = DECLARATION.step(act, state)
        for role in set(Role) - set(row.roles):
            moved = attempt(DECLARATION, act, facts, Actor("somebody", frozenset({role})), at=AT, says=says)
            assert isinstance(moved, Refusal), (act, state, role)
            assert "ROLE_LACKS_ACT" in moved.codes


def test_what_an_act_needs_to_say_is_missed_by_name():
    for (act, state), _ in expected().items():
        facts, says = ready(act, state)
        row = DECLARATION.step(act, state)
        for name in row.needs:
            left = {key: value for key, value in says.items() if key != name}
            moved = attempt(DECLARATION, act, facts, Actor("s", frozenset({row.roles[0]})), at=AT, says=left)
            assert isinstance(moved, Refusal), (act, name)
            assert "ACT_LACKS" in moved.codes
            assert {"act": act, "name": name} in [reason.says for reason in moved.reasons]


def test_acts_of_four_eyes_are_exactly_those_that_give_something_away_or_impose_a_tax():
    assert {step.act for step in DECLARATION.steps if step.four_eyes} == {
        "impose_tax",
        "lower_channel",
        "refund",
        "reverse_payment",
    }


def test_the_four_acts_that_are_never_one_state_are_four_rows_with_four_forms():
    forms = {
        act: DECLARATION.step(act, State.SELECTED).form
        for act in ("remove_to_storage", "release", "clear", "exit")
    }
    assert forms == {
        "remove_to_storage": Form.STORAGE_DECISION,
        "release": Form.RELEASE_DECISION,
        "clear": Form.CLEARANCE_DECISION,
        "exit": Form.EXIT_CONFIRMATION,
    }


def test_every_word_of_the_table_has_its_words():
    for kind, identifiers in {
        "state": State,
        "goods": Goods,
        "act": Act,
        "role": Role,
        "clock": Clock,
        "obligation": Kind,
        "form": Form,
        "capacity": Capacity,
        "result": declaration.RESULTS,
        "outcome": frozenset().union(*declaration.OUTCOMES.values()),
        "value_method": declaration.METHODS - {"1"},
        "changed": declaration.CHANGED,
    }.items():
        assert set(words.identifiers(kind)) >= {str(identifier) for identifier in identifiers}, kind
    assert {str(kind) for kind in Kind} == set(words.identifiers("obligation"))


def test_every_obligation_has_an_owner():
    assert set(OWNER) == set(Kind)
    assert set(Kind) > AMOUNT_OPEN


def test_a_country_puts_its_law_beside_the_acts():
    law = LegalRef("12/2020/ND-CP", "art. 3")
    ours = DECLARATION.under({"clear": law})
    assert ours.step("clear", State.SELECTED).law == law
    assert DECLARATION.step("clear", State.SELECTED).law != law
    refused = attempt(ours, "clear", Facts(state=State.SELECTED), Actor("x", frozenset()), at=AT)
    assert next(r for r in refused.reasons if r.code == "ROLE_LACKS_ACT").law == law
    with pytest.raises(LookupError):
        DECLARATION.under({"clera": law})


def test_buttons_name_the_reasons_of_what_is_closed():
    facts, _ = ready("clear", State.SELECTED)
    leader = Actor("lan", frozenset({Role.LEADER, Role.INSPECTOR}))
    openings = {opening.act: opening for opening in open_to(DECLARATION, facts, leader)}
    assert list(openings) == list(DECLARATION.acts)
    assert openings["clear"].is_open
    assert [reason.code for reason in openings["inspect"].reasons] == ["OBLIGATION_NOT_OPEN"]
    assert {reason.code for reason in openings["reply"].reasons} == {"OBLIGATION_NOT_OPEN", "ROLE_LACKS_ACT"}
    assert openings["lodge"].step is None
    assert [reason.code for reason in openings["lodge"].reasons] == ["ACT_NOT_FROM_STATE"]


def test_the_legal_day_turns_at_midnight_of_the_pack_zone():
    hanoi = timezone(timedelta(hours=7))
    midnight = datetime(2020, 6, 15, 17, 0, tzinfo=UTC)  # 00:00 of 16 June, UTC+7
    microsecond = timedelta(microseconds=1)
    assert legal_day(midnight - microsecond, hanoi) == date(2020, 6, 15)
    assert legal_day(midnight, hanoi) == date(2020, 6, 16)
    assert legal_day(midnight + microsecond, hanoi) == date(2020, 6, 16)
    with pytest.raises(ValueError):
        legal_day(datetime(2020, 6, 15), hanoi)
