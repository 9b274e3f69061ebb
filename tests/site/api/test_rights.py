"""Who may do what: every role, act, state, office and relation between persons, against a table written by hand.

`rights.csv` is not printed from the lifecycle: somebody wrote it, and a difference is for people to settle.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path

import pytest

from thongquan.engine.access.decide import PERSONS, Person, Post, Thing, decide
from thongquan.engine.lifecycle.declaration import DECLARATION, Facts, Proposal, Role, State
from thongquan.engine.risk.channels import Channel
from thongquan.site.accounts.reads import told_rights

DAY = date(2026, 3, 2)
SINCE = datetime(2026, 3, 1, tzinfo=UTC)
RELATIONS = ("none", "declared", "inspected", "proposed", "another_proposed")
"""What the person has had to do with the declaration before."""

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


def expected(role: str, act: str, state: str, near: bool, relation: str) -> bool:
    """Whether the hand-written table lets this person try the act (the facts of the goods aside)."""
    row = next((row for row in ROWS if row.act == act and (state in row.states or "*" in row.states)), None)
    if row is None or role not in row.roles or not near:
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


def asked(role: str, act: str, state: str, near: bool, relation: str) -> frozenset[str]:
    """The reasons of our decision that lie in rights and persons; a red channel, so that a machine is stopped too."""
    post = Post(role, office="TS1" if near else "TS2", trader="T-1" if near else "T-2")
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
    rights: dict[str, set[str]] = {}
    for given, what in told_rights():
        rights.setdefault(given, set()).add(what)
    decision = decide(
        Person("somebody", posts=(post,)), act, Thing("TS1", "T-1", state, facts), (DAY,), rights
    )
    return frozenset(reason.code for reason in decision.reasons) & OURS


def test_every_cell_is_as_the_hand_written_table_says():
    cells = Counter()
    differing = []
    acts = (*DECLARATION.acts, *BESIDE)
    for role, act, state, near, relation in product(Role, acts, State, (True, False), RELATIONS):
        wanted = expected(role.value, act, state.value, near, relation)
        reasons = asked(role.value, act, state.value, near, relation)
        cells[wanted] += 1
        if wanted == bool(reasons):
            differing.append((role.value, act, state.value, near, relation, sorted(reasons)))
    assert differing == []
    # 9 roles × (34 acts + 7 beside) × 9 states × 2 offices × 5 relations
    assert cells.total() == 33_210
    assert cells[True] > 0


def test_the_table_knows_every_act_and_no_other():
    assert {row.act for row in ROWS} == {*DECLARATION.acts, *BESIDE}


def test_whatever_a_route_about_a_declaration_needs_is_in_the_table():
    from thongquan.site.config.api import ROUTES

    needed = {route.right for route in ROUTES if "{number}" in route.path}
    assert needed <= {row.act for row in ROWS}, needed


@pytest.mark.parametrize("wrong", ["role", "near", "declared", "reads"])
def test_the_matrix_notices_a_right_too_many(wrong):
    # a table that forgot one thing must differ from ours somewhere
    allowed = {"role": ("BANK", "hold", "SELECTED", True, "none"),
               "near": ("OFFICER", "hold", "SELECTED", False, "none"),
               "declared": ("OFFICER", "hold", "SELECTED", True, "declared"),
               "reads": ("BANK", "read_content", "SELECTED", True, "none")}[wrong]  # fmt: skip
    assert asked(*allowed)
    assert not expected(*allowed)
