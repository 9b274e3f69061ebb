"""Statements that PostgreSQL keeps prepared: in a transaction, outside of one, and when the connection went away."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from thongquan.site.kit.prepared import Column, ask

pytestmark = [
    pytest.mark.usefixtures("committed"),
    pytest.mark.skipif(
        "connection.vendor != 'postgresql'", reason="only PostgreSQL keeps statements prepared"
    ),
]

BEGUN = (
    "INSERT INTO clearance_series (pack, office, year, last) VALUES (%s, %s, 2026, 1)"
    " ON CONFLICT (pack, office, year) DO NOTHING"
)


def begun() -> int:
    (row,) = ask("SELECT count(*) FROM clearance_series WHERE pack = %s", ["tst"])
    return int(row[0] or 0)


def end_session() -> None:
    with connection.cursor() as cursor, pytest.raises(OperationalError):
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def test_values_travel_as_text_and_as_arrays():
    (row,) = ask(
        "SELECT %s::int + 1, %s::text, array_length(%s::bytea[], 1), (%s::text[])[2], cardinality(%s::text[])",
        [
            41,
            "Chè",
            Column("bytea", [b"\x00a", b""]),
            Column("text", [b"a", "ư".encode()]),
            Column("text", []),
        ],
    )
    assert row == [b"42", "Chè".encode(), b"2", "ư".encode(), b"0"]
    assert ask("SELECT %s::text", [None]) == [[None]]


def test_a_statement_belongs_to_the_transaction_that_it_begins():
    with transaction.atomic():
        ask(BEGUN, ["tst", "A"])
        transaction.set_rollback(True)
    assert begun() == 0
    with transaction.atomic():
        ask(BEGUN, ["tst", "A"])
    connection.close()
    assert begun() == 1


def test_a_question_is_asked_again_where_the_connection_was_gone():
    assert begun() == 0
    end_session()
    assert begun() == 0


def test_nothing_is_asked_again_inside_a_transaction():
    def cut() -> None:
        with transaction.atomic():
            ask(BEGUN, ["tst", "A"])
            end_session()
            ask(BEGUN, ["tst", "B"])

    with pytest.raises(OperationalError):
        cut()
    assert begun() == 0


def test_a_fault_has_its_kind_and_its_code():
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        ask("INSERT INTO clearance_series (pack, office, year, last) VALUES (%s, NULL, 2026, 1)", ["tst"])
    assert caught.value.__cause__.sqlstate == "23502"
    with transaction.atomic():
        ask(BEGUN, ["tst", "A"])
    assert begun() == 1


def test_a_pool_that_keeps_nothing_prepared_is_served_too(monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "PREPARE", False)
    assert begun() == 0
    (row,) = ask("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", ["%cardinality%"])
    assert row == [b"0"]
