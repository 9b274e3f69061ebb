"""The database as it is at one moment, for readers that take long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def one_moment() -> Iterator[None]:
    """Everything read inside is of one moment; whoever writes is not held up. Nothing can be written inside.

    PostgreSQL: REPEATABLE READ, READ ONLY, without the time limit of acts. SQLite: one deferred transaction, which
    under write-ahead logging reads one moment while others write. RuntimeError inside another transaction: its moment
    is already chosen.
    """
    if connection.in_atomic_block:
        raise RuntimeError("a moment is chosen outside every other transaction")
    connection.ensure_connection()
    if connection.vendor != "sqlite":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                cursor.execute("SET LOCAL statement_timeout = 0")
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            yield
        return
    # Acts begin IMMEDIATE, as writers; a reader that did so too would keep them all waiting.
    mode, connection.transaction_mode = connection.transaction_mode, "DEFERRED"
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA query_only = ON")
            yield
    finally:
        connection.transaction_mode = mode
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA query_only = OFF")
