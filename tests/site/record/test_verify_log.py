"""The chain names what was changed in the middle, and says what it cannot show."""

from __future__ import annotations

import hashlib

import pytest
from django.db import connection

from thongquan import words
from thongquan.site.record.acts import Head, append, chained, keep_message
from thongquan.site.record.models import GENESIS, Event
from thongquan.site.record.reads import verify_log

from ..country import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain() -> list[Event]:
    """Three events of A, one of B."""
    events: list[Event] = []
    for subject, count in (("A", 3), ("B", 1)):
        head = Head()
        for number in range(count):
            stored = append(
                subject=subject, after=head, act="lodge", at=NOON, recorded_at=NOON, actor=f"ann{number}",
                role="DECLARANT", office="X", facts={"says": {"text": "Hòa"}},
            )  # fmt: skip
            head = Head(stored.n, stored.hash)
            events.append(stored)
    return events


def tamper(*statements: str) -> None:
    """Change rows as somebody who owns the database would: with the guards taken away first."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'record_event'"
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
        else:
            cursor.execute("ALTER TABLE record_event DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)


def codes() -> list[tuple[str, str]]:
    return [(fault.code, fault.at) for fault in verify_log().faults]


def test_a_whole_chain_has_no_faults(chain):
    keep_message(b"x")
    report = verify_log()
    assert (report.events, report.subjects, report.messages, report.faults) == (4, 2, 1, ())
    assert report.heads["A"] == Head(3, chain[2].hash)


def test_a_hash_can_be_computed_with_nothing_but_sha256(chain):
    first = chain[0]
    assert first.prev == GENESIS
    assert first.hash == hashlib.sha256(("0" * 64 + "\n" + first.body).encode()).hexdigest()
    assert chained(first.prev, first.body.encode()) == first.hash


def test_a_changed_body_is_named(chain):
    tamper("UPDATE record_event SET body = replace(body, 'ann1', 'bob1') WHERE subject = 'A' AND n = 2")
    assert codes() == [("LOG_COLUMNS_DIFFER", "A[2]"), ("LOG_HASH_WRONG", "A[2]")]


def test_a_changed_column_is_named(chain):
    tamper("UPDATE record_event SET actor = 'bob' WHERE subject = 'A' AND n = 2")
    assert codes() == [("LOG_COLUMNS_DIFFER", "A[2]")]


def test_a_lost_event_is_named(chain):
    tamper("DELETE FROM record_event WHERE subject = 'A' AND n = 2")
    assert codes() == [("LOG_CHAIN_BROKEN", "A[3]"), ("LOG_GAP", "A[3]")]


def test_an_unreadable_body_is_a_fault_and_not_a_crash(chain):
    tamper("UPDATE record_event SET body = '{' WHERE subject = 'B'")
    assert ("LOG_HASH_WRONG", "B[1]") in codes()


def test_a_consistent_rewrite_is_not_shown_and_the_report_says_so(chain):
    """This is the honest limit: who recomputes every hash after his change leaves no trace in the chain itself."""
    body = chain[2].body.replace("ann2", "bob2")
    tamper(
        f"UPDATE record_event SET actor = 'bob2', body = '{body}', hash = '{chained(chain[1].hash, body.encode())}'"
        " WHERE subject = 'A' AND n = 3"
    )
    report = verify_log()
    assert report.faults == ()
    assert report.limit == "CHAIN_ALONE"
    for language in words.LANGUAGES:
        assert words.word("note", report.limit, language)
    # What does show it is a head that somebody kept outside: the receipt of that event.
    assert report.heads["A"].hash != chain[2].hash
