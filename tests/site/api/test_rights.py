"""Who may do what: every role, act, state, office and relation between persons, against a table written by hand.

`rights.csv` is not printed from the lifecycle: somebody wrote it, and a difference is for people to settle.
"""

from __future__ import annotations

import csv
import dataclasses
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from thongquan.engine.access.decide import PERSONS, Person, Post, Thing, decide
from thongquan.engine.lifecycle import guards
from thongquan.engine.lifecycle.declaration import DECLARATION, Facts, Proposal, Role, State
from thongquan.engine.lifecycle.machine import Machine
from thongquan.engine.risk.channels import Channel
from thongquan.site.accounts.reads import told_rights

DAY = date(2026, 3, 2)
SINCE = datetime(2026, 3, 1, tzinfo=UTC)
RELATIONS = ("none", "declared", "inspected", "proposed", "another_proposed")
"""What the person has had to do with the declaration before."""
PLACES = {"near": ("TS1", "T-1"), "far": ("TS2", "T-2"), "nowhere": ("", "")}
"""The office and the trader that the post is for; the declaration is of the first."""

BESIDE = ("attach", "read", "read_content", "read_assessment", "read_timeline", "read_responses", "read_risk")
"""What may be done with a declaration in any state ("*") and changes none, so that the lifecycle does not know it."""

OURS = (
    frozenset({"ROLE_HAS_NO_RIGHT", "NOT_YOUR_DECLARATION", "ACT_NOT_FROM_STATE", "ROLE_LACKS_ACT"}) | PERSONS
)


@dataclass(frozen=True)
class Row:
    act: str
    states: frozenset[str]
    roles: frozenset[str]
    two_persons: bool
    not_inspector: bool
    machine_only_green: bool


def written_by_hand() -> list[Row]:
    with (Path(__file__).parent / "rights.csv").open(encoding="utf-8", newline="") as file:
        return [
            Row(
                row["act"],
                frozenset(row["states"].split()),
                frozenset(row["roles"].split()),
                row["two_persons"] == "yes",
                row["not_inspector"] == "yes",
                row["machine_only_green"] == "yes",
            )
            for row in csv.DictReader(file)
        ]


ROWS = written_by_hand()


@cache
def by_role(rights: frozenset[tuple[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for role, act in rights:
        found.setdefault(role, set()).add(act)
    return found


def expected(role: str, act: str, state: str, where: str, relation: str) -> bool:
    """Whether the hand-written table lets this person try the act (the facts of the goods aside)."""
    row = next((row for row in ROWS if row.act == act and (state in row.states or "*" in row.states)), None)
    if row is None or role not in row.roles or where != "near":
        return False
    if act in BESIDE:
        return True
    if row.roles != {"DECLARANT"} and role != "DECLARANT" and relation == "declared":
        return False
    if row.two_persons and relation != "another_proposed":
        return False
    return not (row.not_inspector and relation == "inspected") and not (
        row.machine_only_green and role == "SYSTEM"
    )


def asked(
    role: str, act: str, state: str, where: str, relation: str, machine: Machine[Facts], rights=None
) -> frozenset[str]:
    """The reasons of our decision that lie in rights and persons; a red channel, so that a machine is stopped too."""
    office, trader = PLACES[where]
    post = Post(role, office=office, trader=trader)
    proposals = {
        "proposed": (Proposal(act, "somebody", ()),),
        "another_proposed": (Proposal(act, "another", ()),),
    }.get(relation, ())
    facts = Facts(
        state=State(state),
        channel=Channel.RED,
        state_since=SINCE,
        version=1,
        events=3,
        party=frozenset({"somebody"} if relation == "declared" else ()),
        inspectors=frozenset({"somebody"} if relation == "inspected" else ()),
        proposals=proposals,
    )
    who = Person("somebody", posts=(post,))
    given = by_role(frozenset(told_rights() if rights is None else rights))
    decision = decide(who, act, Thing("TS1", "T-1", state, facts), (DAY,), given, machine)
    return frozenset(reason.code for reason in decision.reasons) & OURS


def differences(machine: Machine[Facts] = DECLARATION, **more) -> tuple[Counter[bool], list[tuple]]:
    """How many cells allow and refuse by hand, and those of which our decision differs."""
    cells: Counter[bool] = Counter()
    differing = []
    for role, act, state, where, relation in product(Role, DECLARATION.acts, State, PLACES, RELATIONS):
        wanted = expected(role.value, act, state.value, where, relation)
        reasons = asked(role.value, act, state.value, where, relation, machine, **more)
        cells[wanted] += 1
        if wanted == bool(reasons):
            differing.append((role.value, act, state.value, where, relation, sorted(reasons)))
    return cells, differing


def test_every_cell_is_as_the_hand_written_table_says():
    cells, differing = differences()
    assert differing == []
    # 9 roles × the acts × 9 states × 3 places × 5 relations
    assert cells.total() == 9 * len(DECLARATION.acts) * 9 * 3 * 5
    assert cells.total() > 36_000
    assert cells[True] > 0


def test_the_table_knows_every_act_and_no_other():
    assert {row.act for row in ROWS} == {*DECLARATION.acts, *BESIDE}


def test_whatever_a_route_about_a_declaration_needs_is_in_the_table():
    from thongquan.site.config.api import ROUTES

    needed = {route.right for route in ROUTES if "{number}" in route.path}
    assert needed <= {row.act for row in ROWS}, needed


# Planted bugs.


def without(name: str) -> Machine[Facts]:
    """The table of the lifecycle without one of its guards."""

    def kept(guards: tuple) -> tuple:
        return tuple(one for one in guards if one.__qualname__.split(".")[0] != name)

    return dataclasses.replace(
        DECLARATION,
        steps=tuple(dataclasses.replace(s, guards=kept(s.guards)) for s in DECLARATION.steps),
    )


@pytest.mark.parametrize("guard", ["not_own", "proposed_by_another", "inspected_by_another"])
def test_a_guard_that_is_missing_is_seen(guard):
    assert getattr(guards, guard)
    assert differences(without(guard))[1]


def test_a_post_that_reaches_every_office_is_seen(monkeypatch):
    monkeypatch.setattr(Post, "reaches", lambda *_: True)
    assert differences()[1]


def test_a_role_that_does_one_act_too_many_is_seen():
    steps = tuple(
        dataclasses.replace(step, roles=(*step.roles, Role.BANK)) if step.act == "hold" else step
        for step in DECLARATION.steps
    )
    machine = dataclasses.replace(DECLARATION, steps=steps)
    assert differences(machine, rights={*told_rights(), ("BANK", "hold")})[1]


def test_a_right_that_is_missing_is_seen():
    assert differences(rights=told_rights() - {("OFFICER", "hold")})[1]
