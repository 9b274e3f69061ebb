"""What can be asked, and that a proof finds what was tampered with."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from thongquan.site.clearance import journey, reads
from thongquan.site.clearance.models import Declaration

from ..country import SYSTEM, By, original

pytestmark = pytest.mark.usefixtures("people")


@pytest.fixture
def numbers(pack, days) -> list[str]:
    made = []
    for n, commodity in enumerate(("10101010", "99999999", "10101010")):
        number = journey.lodge(message=original(f"R{n}", commodity=commodity), **days.ask("ann", pack)).number
        for act in (journey.accept, journey.assess, journey.select)[: 3 if n < 2 else 1]:
            assert act(number=number, **days.ask(SYSTEM, pack)).done
        made.append(number)
    return made


def test_a_declaration_is_found_by_its_number(numbers):
    assert reads.by_number(numbers[0]).channel_name == "GREEN"
    assert reads.by_number("NONE") is None


def test_a_listing_is_filtered_and_paged_from_the_newest(numbers):
    def found(**asked) -> list[str]:
        return [row.number for row in reads.listing(**asked)]

    assert found() == numbers[::-1]
    assert found(state="REGISTERED") == [numbers[2]]
    assert found(channel="RED") == [numbers[1]]
    assert found(trader="TRADER-1", office="TS0001") == numbers[::-1]
    assert found(trader="TRADER-2") == []
    assert found(text=numbers[0]) == [numbers[0]]
    assert found(text="R1") == [numbers[1]]
    first = reads.listing(limit=2)
    assert [row.number for row in reads.listing(after=first[-1].pk, limit=2)] == [numbers[0]]


def test_a_page_is_one_query(numbers):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert [row.trader.registry_id for row in reads.listing()] == ["TRADER-1"] * 3
    assert len(queries) == 1


def test_a_timeline_has_every_event_its_hash_and_the_time(numbers, days):
    line = reads.timeline(numbers[1], until=days.now + timedelta(hours=1))
    assert [event.act for event in line.events] == ["lodge", "accept", "assess", "select"]
    assert len(set(line.hashes)) == 4
    assert line.hashes[-1] == Declaration.objects.get(number=numbers[1]).head
    # Lodged to selected takes three minutes of customs; then documents and goods are customs' to look at.
    assert line.timing.by_stage["LODGED"] == 60
    assert line.timing.by_clock["CUSTOMS"] == line.timing.total_seconds


def test_a_version_that_there_is_not_is_not_made_up(numbers):
    with pytest.raises(LookupError):
        reads.declared(reads.by_number(numbers[0]), 7)


def test_open_acts_say_why_the_others_are_closed(numbers, pack, days):
    openings = {one.act: one for one in reads.open_acts(numbers[1], by=By("olga"), pack=pack, at=days.now)}
    assert openings["check_documents"].is_open
    assert {reason.code for reason in openings["clear"].reasons} == {"OBLIGATION_OPEN", "DUTY_NOT_SECURED"}
    assert openings["lodge"].step is None


def test_what_is_open_is_done_and_what_is_closed_is_refused(numbers, pack, days):
    """The buttons and the acts are one table: no act that is shown open lacks a right or a state."""
    for opening in reads.open_acts(numbers[0], by=By("olga"), pack=pack, at=days.now):
        if opening.act in ("hold", "clear", "assess", "check_documents", "exit"):
            said = {"hold": {"reference": "H", "reason": "x"}, "check_documents": {"result": "CONFORMS"}}
            act = {"exit": journey.exit_area}.get(opening.act) or getattr(journey, opening.act)
            answer = act(number=numbers[0], **said.get(opening.act, {}), **days.ask("olga", pack))
            assert answer.done is opening.is_open, (opening.act, answer.reasons)
            if opening.act == "hold":
                journey.lift_hold(number=numbers[0], reference="H", reason="x", **days.ask("lena", pack))


# proofs


def tamper(table: str, statement: str) -> None:
    """Change rows as somebody who owns the database would: with the guards taken away first."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
        else:
            # Deferred constraints are looked at first: a table with some left cannot be altered.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)


def codes() -> list[str]:
    return [fault.code for fault in reads.verify().faults]


FIRST_VERSION = (
    "UPDATE clearance_declarationversion SET payload = replace(payload, '1000000000', '1')"
    " WHERE id = (SELECT MIN(id) FROM clearance_declarationversion)"
)
LAST_SELECTION = "DELETE FROM record_event WHERE id = (SELECT MAX(id) FROM record_event WHERE act = 'select')"


@pytest.mark.parametrize(
    ("table", "statement", "found"),
    [
        (
            "clearance_declaration",
            "UPDATE clearance_declaration SET channel = 1 WHERE channel = 3",
            ["ROW_DIFFERS"],
        ),
        (
            "clearance_declaration",
            "UPDATE clearance_declaration SET assessed_minor = 0 WHERE channel = 3",
            ["ROW_DIFFERS", "SUBLEDGER_DIFFERS", "SUBLEDGER_DIFFERS"],
        ),
        (
            "clearance_declarationversion",
            FIRST_VERSION,
            ["VERSION_CHANGED"],
        ),
        (
            "record_event",
            LAST_SELECTION,
            ["LOG_TAIL_LOST"],
        ),
        (
            "ledger_entry",
            "DELETE FROM ledger_entry WHERE id = (SELECT MAX(id) FROM ledger_entry)",
            ["ACCOUNT_DRIFTED", "BOOK_NOT_BALANCED", "JOURNAL_NOT_WHOLE", "SUBLEDGER_DIFFERS"],
        ),
    ],
)
def test_a_proof_names_what_was_tampered_with(numbers, table, statement, found):
    assert codes() == []
    tamper(table, statement)
    assert sorted(codes()) == sorted(found)
