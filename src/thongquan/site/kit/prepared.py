"""Statements that PostgreSQL keeps prepared, run through the driver's lowest layer (libpq).

For the few statements that run with every lodgement: planning each anew, and taking it through two cursors, cost more
than running it. Inside a transaction they belong to it, and begin it like any other; outside of one they only read, and
are asked again on a new connection when the old one turns out to be gone, so no question whether it lives goes ahead.

`?prepare=off` in DATABASE_URL for a pool that hands each transaction to another session and cannot keep what one
prepared: the statements are then planned each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from struct import pack
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

type Value = str | int | bytes | Column | None
"""bytes are a text in UTF-8 (JSON, mostly)."""

OIDS = {"bytea": 17, "text": 25}

_names: WeakKeyDictionary[Any, dict[str, bytes]] = WeakKeyDictionary()
"""Of each session, what it has prepared: statement → name. Only the thread of the connection asks for its own."""


@dataclass(frozen=True, slots=True)
class Column:
    """Many values as one array of PostgreSQL. kind: bytea or text, in UTF-8."""

    kind: str
    values: Sequence[bytes]

    @property
    def binary(self) -> bytes:
        parts = [pack("!iiIii", 1, 0, OIDS[self.kind], len(self.values), 1)]
        for value in self.values:
            parts += (pack("!i", len(value)), value)
        return b"".join(parts)


def ask(statement: str, values: Sequence[Value]) -> list[list[bytes | None]]:
    """The rows that a statement gives, each value as PostgreSQL writes it. statement: with %s for each value."""
    database = connections[DEFAULT_DB_ALIAS]
    try:
        return _run(database, statement, values)
    except OperationalError:
        if database.in_atomic_block or database.is_usable():
            raise
        database.close()
        return _run(database, statement, values)


def _run(database: Any, statement: str, values: Sequence[Value]) -> list[list[bytes | None]]:
    from psycopg import pq

    if database.connection is None:
        database.ensure_connection()
    session = database.connection
    formats = [int(isinstance(value, Column)) for value in values]
    written = [_written(value) for value in values]
    with database.wrap_database_errors, session.lock:
        line = session.pgconn
        if database.in_atomic_block and line.transaction_status == pq.TransactionStatus.IDLE:
            _checked(line, line.exec_(b"BEGIN"))
        if database.settings_dict.get("PREPARE", True):
            result = line.exec_prepared(_name(session, statement), written, formats)
        else:
            result = line.exec_params(_numbered(statement), written, None, formats)
        _checked(line, result)
    database.health_check_done = True
    columns, value_of = range(result.nfields), result.get_value
    return [[value_of(row, column) for column in columns] for row in range(result.ntuples)]


def _written(value: Value) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    return value.binary if isinstance(value, Column) else str(value).encode()


def _name(session: Any, statement: str) -> bytes:
    names = _names.setdefault(session, {})
    name = names.get(statement)
    if name is None:
        name = b"thongquan_%d" % len(names)
        _checked(session.pgconn, session.pgconn.prepare(name, _numbered(statement)))
        names[statement] = name
    return name


@cache
def _numbered(statement: str) -> bytes:
    first, *rest = statement.split("%s")
    return "".join([first, *(f"${number}{part}" for number, part in enumerate(rest, 1))]).encode()


def _checked(line: Any, result: Any) -> None:
    from psycopg import errors, pq

    if result.status in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK):
        return
    if line.status == pq.ConnStatus.BAD:
        raise errors.OperationalError(line.get_error_message())
    raise errors.error_from_result(result)
