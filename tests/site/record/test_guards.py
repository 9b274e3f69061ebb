"""What the database itself refuses, whoever asks: the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from thongquan.site.kit.guards import expected, missing
from thongquan.site.record.acts import KEYS, Head, append, keep_message, tell
from thongquan.site.record.models import Event, IdempotencyKey, Outbox, RawMessage

from ..country import NOON

pytestmark = pytest.mark.django_db


UPSERT = (
    "INSERT INTO record_event (id, subject, n, act, at, actor, role, office, body, prev, hash)"
    " SELECT id, subject, n, act, at, 'bob', role, office, body, prev, hash FROM record_event WHERE n = 1"
    " ON CONFLICT (id) DO UPDATE SET actor = 'bob'"
)


def event() -> Event:
    return append(
        subject="S", after=Head(), act="lodge", at=NOON, recorded_at=NOON, actor="ann", role="DECLARANT",
        office="", facts={"says": {}},
    )  # fmt: skip


def refused(statement: str) -> str:
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    return str(caught.value)


def test_every_guard_of_the_migrations_stands():
    assert len(expected()) > 50
    assert missing(connection) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record_event SET actor = 'bob'",
        "UPDATE record_event SET body = '{}'",
        "DELETE FROM record_event",
        UPSERT,
    ],
)
def test_an_event_is_never_changed_or_taken_away(statement):
    event()
    assert "APPEND_ONLY" in refused(statement)
    assert Event.objects.get().actor == "ann"


@pytest.mark.skipif("connection.vendor != 'sqlite'")
@pytest.mark.parametrize(
    "statement",
    [
        UPSERT.replace("INSERT INTO", "INSERT OR REPLACE INTO").partition(" ON CONFLICT")[0],
        UPSERT.replace("INSERT INTO", "REPLACE INTO")
        .partition(" ON CONFLICT")[0]
        .replace("SELECT id", "SELECT id + 9"),
        "UPDATE OR REPLACE record_event SET actor = 'bob'",
    ],
)
def test_sqlites_own_ways_to_replace_a_row_are_refused_too(statement):
    event()
    assert "APPEND_ONLY" in refused(statement)
    assert Event.objects.get().actor == "ann"


def test_the_models_are_refused_like_sql():
    stored = event()
    stored.actor = "bob"
    with pytest.raises(IntegrityError, match="APPEND_ONLY"), transaction.atomic():
        stored.save()
    with pytest.raises(IntegrityError, match="APPEND_ONLY"), transaction.atomic():
        Event.objects.all().delete()


def test_two_events_never_share_a_place():
    event()
    with pytest.raises(IntegrityError), transaction.atomic():
        event()


def test_a_message_is_kept_once_and_never_changed():
    first = keep_message(b"<x/>")
    assert keep_message(b"<x/>") == first
    assert RawMessage.objects.count() == 1
    assert "APPEND_ONLY" in refused("UPDATE record_rawmessage SET size = 5")
    assert "APPEND_ONLY" in refused("DELETE FROM record_rawmessage")


def test_an_answer_is_given_once():
    assert KEYS.claim("ann", "k", "0" * 64) is None
    KEYS.keep("ann", "k", b"answer")
    assert KEYS.claim("ann", "k", "0" * 64) == b"answer"
    with pytest.raises(IntegrityError, match="ANSWER_IS_FINAL"), transaction.atomic():
        KEYS.keep("ann", "k", b"another")
    assert "APPEND_ONLY" in refused("DELETE FROM record_idempotencykey")
    assert bytes(IdempotencyKey.objects.get().answer) == b"answer"


def test_news_is_only_ever_marked_as_sent():
    tell("declaration.lodge", "S", 1, {"number": "S"})
    Outbox.objects.update(sent_at=NOON)
    assert "NEWS_IS_FINAL" in refused("UPDATE record_outbox SET body = '{}'")
    assert "NEWS_IS_FINAL" in refused("UPDATE record_outbox SET sent_at = NULL")
    assert "APPEND_ONLY" in refused("DELETE FROM record_outbox")


@pytest.mark.skipif("connection.vendor != 'postgresql'")
@pytest.mark.parametrize(
    "table", ["record_event", "ledger_entry", "clearance_declaration", "record_rawmessage"]
)
def test_postgresql_refuses_truncate_too(table):
    with (
        pytest.raises(IntegrityError, match="APPEND_ONLY"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_the_replica_role_does_not_pass_the_guards_of_postgresql():
    event()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = 'replica'")
    assert "APPEND_ONLY" in refused("UPDATE record_event SET actor = 'bob'")
