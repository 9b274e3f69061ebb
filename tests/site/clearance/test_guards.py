"""What the database refuses for a declaration even when the code is wrong."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from thongquan.engine.lifecycle.declaration import DECLARATION
from thongquan.site.clearance import journey
from thongquan.site.clearance.models import AllowedTransition, Decision, Declaration, Obligation, Selection
from thongquan.site.record.acts import Head, append
from thongquan.site.record.models import GENESIS

from ..country import NOON, SYSTEM, original

pytestmark = pytest.mark.usefixtures("people")


@pytest.fixture
def row(pack, days) -> Declaration:
    """Assessed and selected red: two obligations and 320.00 are open."""
    number = journey.lodge(message=original(commodity="99999999"), **days.ask("ann", pack)).number
    for act in (journey.accept, journey.assess, journey.select):
        assert act(number=number, **days.ask(SYSTEM, pack)).done
    return Declaration.objects.get(number=number)


def refused(statement: str, *values: object) -> str:
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
    return str(caught.value)


def next_event(row: Declaration, act: str) -> Head:
    """An event that the site's own code would never have let through."""
    stored = append(
        subject=row.number, after=Head(row.events, row.head), act=act, at=NOON, recorded_at=NOON, actor="x",
        role="x", office="", facts={},
    )  # fmt: skip
    return Head(stored.n, stored.hash)


@pytest.mark.parametrize(
    "change",
    [
        "state = 'REGISTERED'",
        "channel = 1",
        "assessed_minor = 0",
        "paid_minor = 32000",
        "guaranteed_minor = 32000",
        "version = 2",
        "legal_day = '2020-01-01'",
        "goods = 'PASSED'",
        "events = 99",
        "events = events + 1",
    ],
)
def test_nothing_that_events_say_changes_without_an_event(row, change):
    said = refused(f"UPDATE clearance_declaration SET {change}")
    assert "STATE_WITHOUT_EVENT" in said or "TRANSITION_NOT_ALLOWED" in said


@pytest.mark.parametrize("column", ["number", "functional_reference", "year", "pack", "external_reference"])
def test_a_declaration_stays_what_it_is_known_by(row, column):
    value = 1999 if column == "year" else "OTHER"
    assert "DECLARATION_IS_THE_SAME" in refused(f"UPDATE clearance_declaration SET {column} = %s", value)


def test_a_declaration_is_never_taken_away(row):
    assert "APPEND_ONLY" in refused("DELETE FROM clearance_declaration")


def test_an_event_of_an_act_that_does_not_lead_there_opens_no_state(row):
    head = next_event(row, "pay")
    assert "TRANSITION_NOT_ALLOWED" in refused(
        "UPDATE clearance_declaration SET state = 'REGISTERED', events = %s, head = %s", head.n, head.hash
    )


def test_even_the_right_event_does_not_clear_what_is_not_secured(row):
    head = next_event(row, "clear")
    assert "NOT_SECURED" in refused(
        "UPDATE clearance_declaration SET state = 'CLEARED', events = %s, head = %s", head.n, head.hash
    )


def test_paid_but_not_inspected_is_not_cleared_either(row, pack, days):
    journey.pay(
        number=row.number,
        paid_minor=32_000,
        source="b",
        reference="1",
        treasury="T",
        **days.ask("bank", pack),
    )
    row.refresh_from_db()
    head = next_event(row, "clear")
    assert "NOT_SECURED" in refused(
        "UPDATE clearance_declaration SET state = 'CLEARED', events = %s, head = %s", head.n, head.hash
    )


def test_every_pair_of_states_that_the_table_does_not_name_is_refused(row):
    allowed = set(AllowedTransition.objects.values_list("source", "target", "act"))
    states = DECLARATION.states
    refusals = 0
    for act in DECLARATION.acts:
        head = None
        for target in states:
            if target == row.state or (row.state, target, act) in allowed:
                continue
            with transaction.atomic():
                head = next_event(row, act)
                said = refused(
                    "UPDATE clearance_declaration SET state = %s, events = %s, head = %s",
                    target,
                    head.n,
                    head.hash,
                )
                assert "TRANSITION_NOT_ALLOWED" in said or "NOT_SECURED" in said, (act, target)
                refusals += 1
                transaction.set_rollback(True)
    assert refusals > 200


def test_the_table_in_the_database_is_the_lifecycles():
    wanted = {
        (str(s), str(step.target or s), str(step.act)) for step in DECLARATION.steps for s in step.sources
    }
    assert set(AllowedTransition.objects.values_list("source", "target", "act")) == wanted


def test_a_declaration_is_not_born_in_a_later_state(row):
    with pytest.raises(IntegrityError, match="STATE_WITHOUT_EVENT"), transaction.atomic():
        Declaration.objects.create(number="X", pack="tst", trader=row.trader, year=2026, state="CLEARED")


def first_event(act: str, n: int = 1) -> str:
    stored = append(
        subject="X", after=Head(n - 1, GENESIS), act=act, at=NOON, recorded_at=NOON, actor="ann", role="x", office="",
        facts={},
    )  # fmt: skip
    return stored.hash


def born(row: Declaration, **facts: object) -> Declaration:
    return Declaration.objects.create(
        number="X", pack="tst", trader=row.trader, year=2026, version=1, **facts
    )


@pytest.mark.parametrize(
    ("n", "act", "state", "head"),
    [
        pytest.param(1, "clear", "CLEARED", None, id="by an act that lodges nothing"),
        pytest.param(1, "lodge", "CLEARED", None, id="further than its event"),
        pytest.param(1, "lodge", "LODGED", "0" * 64, id="by another event"),
        pytest.param(2, "lodge", "LODGED", None, id="by a later event"),
    ],
)
def test_a_declaration_is_not_born_otherwise_than_its_event_says(row, n, act, state, head):
    told = first_event(act, n)
    with pytest.raises(IntegrityError, match="STATE_WITHOUT_EVENT"), transaction.atomic():
        born(row, state=state, events=n, head=head or told)


def test_a_declaration_is_born_as_its_event_says(row):
    made = born(row, state="LODGED", events=1, head=first_event("lodge"))
    assert Declaration.objects.get(number="X") == made


def test_the_selection_is_a_ratchet(row):
    with pytest.raises(IntegrityError, match="CHANNEL_RATCHET"), transaction.atomic():
        Selection.objects.create(declaration=row, n=9, act="select", version=1, channel=1)
    Selection.objects.create(declaration=row, n=9, act="lower_channel", version=1, channel=1)


@pytest.mark.parametrize("act", ["accept", "clear", "release"])
def test_a_decision_stands_once(row, act):
    Decision.objects.get_or_create(declaration=row, act=act, defaults={"n": 8})
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.create(declaration=row, act=act, n=9)


def test_what_is_closed_stays_closed(row):
    Obligation.objects.filter(kind="PAYMENT").update(closed_n=5)
    assert "OBLIGATION_IS_FINAL" in refused(
        "UPDATE clearance_obligation SET closed_n = NULL WHERE kind = 'PAYMENT'"
    )
    assert "OBLIGATION_IS_FINAL" in refused(
        "UPDATE clearance_obligation SET kind = 'X' WHERE kind = 'INSPECTION'"
    )
    assert "APPEND_ONLY" in refused("DELETE FROM clearance_obligation")


@pytest.mark.parametrize(
    "table",
    ["declarationversion", "assessmentrow", "selection", "response", "draw", "drawcommitment"],
)
def test_what_was_written_of_an_act_is_never_changed(row, table):
    assert "APPEND_ONLY" in refused(f"DELETE FROM clearance_{table}")
    assert "APPEND_ONLY" in refused(f"UPDATE clearance_{table} SET id = id + 1000")
