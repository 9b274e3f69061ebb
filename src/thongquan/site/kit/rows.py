"""Ask and write in few turns, past the ORM: for those few places where its cost counts.

A turn to the database costs more than the row that it writes, so several questions are one, and so are the rows of
several tables. Tables, columns and statements are ours, never a request's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from itertools import islice
from string import ascii_lowercase
from typing import Any

import msgspec
from django.db import connection

FEW = 40
"""Up to so many rows in all one statement with all of them is quicker on PostgreSQL than COPY into each table."""


@dataclass(frozen=True, slots=True)
class Question:
    """Rows by name of column. text: SELECT with a {} for each list of `lists`, which a column must be in."""

    text: str
    lists: Sequence[Iterable[Any]]


def together(questions: Mapping[str, Question]) -> dict[str, list[dict[str, Any]]]:
    """The rows of every question, in one turn on PostgreSQL. Days and instants come as text, on every database."""
    asked = {name: [list(one) for one in question.lists] for name, question in questions.items()}
    if connection.vendor == "postgresql":
        parts = [
            f"(SELECT json_agg(q) FROM ({question.text.format(*['= ANY(%s)'] * len(question.lists))}) q)"  # noqa: S608
            for question in questions.values()
        ]
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(parts)}", [one for lists in asked.values() for one in lists])
            row = cursor.fetchone()
        return {name: found or [] for name, found in zip(questions, row, strict=True)}
    found = {}
    for name, question in questions.items():
        places = [f"IN ({', '.join(['%s'] * len(one))})" for one in asked[name]]
        with connection.cursor() as cursor:
            cursor.execute(question.text.format(*places), [value for one in asked[name] for value in one])
            columns = [column[0] for column in cursor.description]
            found[name] = [dict(zip(columns, map(_text, row), strict=True)) for row in cursor.fetchall()]
    return found


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one table. columns: name and PostgreSQL type; what is not named gets the database's own default."""

    table: str
    columns: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[Any]]

    @property
    def names(self) -> str:
        return ", ".join(name for name, _ in self.columns)


def write(tables: Sequence[Rows], *then: tuple[str, Sequence[Any]]) -> None:
    """Insert the rows of tables, one table after the other, then run further statements with their values."""
    filled = [one for one in tables if one.rows]
    if connection.vendor == "postgresql" and sum(len(one.rows) for one in filled) <= FEW * len(tables):
        _in_one_turn(filled, then)
        return
    with connection.cursor() as cursor:
        for one in filled:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {one.table} ({one.names}) FROM STDIN (FORMAT BINARY)") as copy:
                    copy.set_types([kind for _, kind in one.columns])
                    for row in one.rows:
                        copy.write_row(row)
            else:
                places = ", ".join(["%s"] * len(one.columns))
                statement = f"INSERT INTO {one.table} ({one.names}) VALUES ({places})"  # noqa: S608
                cursor.executemany(statement, [[adapted(value) for value in row] for row in one.rows])
        for statement, values in then:
            cursor.execute(statement, [adapted(value) for value in values])


def _in_one_turn(filled: Sequence[Rows], then: Sequence[tuple[str, Sequence[Any]]]) -> None:
    """One statement whose text is always the same for the same tables, with one JSON value a table: the driver then
    neither parses it anew nor quotes a hundred values one by one."""
    statements = [_insert_json(one.table, tuple(one.columns)) for one in filled]
    values: list[Any] = [_json_rows(one) for one in filled]
    for statement, further in then:
        statements.append(statement)
        values += further
    with connection.cursor() as cursor:
        cursor.execute("; ".join(statements), values)


def _letters(count: int) -> Iterable[str]:
    return islice((first + second for first in ("", *ascii_lowercase) for second in ascii_lowercase), count)


@cache
def _insert_json(table: str, columns: tuple[tuple[str, str], ...]) -> str:
    """Bytes travel as base64. The fields have short names, because they are written with every row."""
    named = list(zip(_letters(len(columns)), columns, strict=True))
    chosen = ", ".join(f"decode(r.{n}, 'base64')" if kind == "bytea" else f"r.{n}" for n, (_, kind) in named)
    typed = ", ".join(f"{n} {'text' if kind == 'bytea' else kind}" for n, (_, kind) in named)
    names = ", ".join(name for name, _ in columns)
    return f"INSERT INTO {table} ({names}) SELECT {chosen} FROM json_to_recordset(%s) AS r({typed})"  # noqa: S608


def _json_rows(one: Rows) -> str:
    letters = list(_letters(len(one.columns)))
    return msgspec.json.encode([dict(zip(letters, row, strict=True)) for row in one.rows]).decode()


def adapted(value: Any) -> Any:
    """An instant as this database keeps it."""
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
