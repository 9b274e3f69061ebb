"""Write many rows of one table at once, past the ORM: for those few places where its cost counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

type Columns = Sequence[tuple[str, str]]
"""Name and PostgreSQL type of each column. What is not named gets the database's own default."""

FEW = 3
"""Up to so many rows one INSERT is quicker on PostgreSQL than a COPY, which takes two turns of its own."""


def insert(table: str, columns: Columns, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows in their order. table and columns are names of ours, never of a request."""
    if not rows:
        return
    names = ", ".join(name for name, _ in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and len(rows) > FEW:
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types([kind for _, kind in columns])
                for row in rows:
                    copy.write_row(row)
            return
        places = ", ".join(["%s"] * len(columns))
        adapted = [[_adapted(value) for value in row] for row in rows]
        if connection.vendor == "postgresql":
            whole = ", ".join([f"({places})"] * len(rows))
            cursor.execute(
                f"INSERT INTO {table} ({names}) VALUES {whole}",  # noqa: S608
                [value for row in adapted for value in row],
            )
            return
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", adapted)  # noqa: S608


def matching(question: str, values: Iterable[Any], *before: Any) -> list[tuple[Any, ...]]:
    """The rows of a question about some values; {} in it is where they stand, after `before`. None without a value."""
    asked = list(values)
    if not asked:
        return []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(question.format("= ANY(%s)"), [*before, asked])
        else:
            cursor.execute(question.format(f"IN ({', '.join(['%s'] * len(asked))})"), [*before, *asked])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _adapted(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
