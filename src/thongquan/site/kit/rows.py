"""Ask and write in few turns, past the ORM: for those few places where its cost counts.

A turn to the database costs more than the row that it writes, so several questions are one, and so are the rows of
several tables. On PostgreSQL the text of each statement is always the same, and it keeps them prepared (`prepared`).
Tables, columns and statements are ours, never a request's.
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

from .prepared import Column, Value, ask

FEW = 40
"""Up to so many rows in all one statement with all of them is quicker on PostgreSQL than COPY into each table."""

type Columns = tuple[tuple[str, str], ...]
"""Names and PostgreSQL types."""


@dataclass(frozen=True, slots=True)
class Records:
    """Rows that a question is asked about, to stand in its FROM under `name`."""

    name: str
    columns: Columns
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Question:
    """Rows by name of column. text: SELECT with a {} for each of `lists`: values that a column must be in, or records.

    For a record PostgreSQL looks into a table only by a sub-select of one row ("… LIMIT 1"): a join could be planned
    as a walk through the whole table.
    """

    text: str
    lists: Sequence[Iterable[Any] | Records]


def together(questions: Mapping[str, Question]) -> dict[str, list[dict[str, Any]]]:
    """The rows of every question, in one turn on PostgreSQL. Days and instants come as text, on every database."""
    if connection.vendor == "postgresql":
        (row,) = ask(
            _all_of(tuple((question.text, *map(_place, question.lists)) for question in questions.values())),
            [_given(one) for question in questions.values() for one in question.lists],
        )
        return {
            name: msgspec.json.decode(found) if found else []
            for name, found in zip(questions, row, strict=True)
        }
    found = {}
    for name, question in questions.items():
        parts, values = [], []
        for one in question.lists:
            given = [_json(one).decode()] if isinstance(one, Records) else [*one]
            parts.append(
                _from_json(one) if isinstance(one, Records) else f"IN ({', '.join(['%s'] * len(given))})"
            )
            values += given
        with connection.cursor() as cursor:
            cursor.execute(question.text.format(*parts), values)
            columns = [column[0] for column in cursor.description]
            found[name] = [dict(zip(columns, map(_text, row), strict=True)) for row in cursor.fetchall()]
    return found


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


@cache
def _all_of(questions: tuple[tuple[str, ...], ...]) -> str:
    parts = [f"(SELECT json_agg(q) FROM ({text.format(*places)}) q)" for text, *places in questions]  # noqa: S608
    return f"SELECT {', '.join(parts)}"


def _place(one: Iterable[Any] | Records) -> str:
    return _record_set(one.name, one.columns) if isinstance(one, Records) else "= ANY(%s::text[])"


def _given(one: Iterable[Any] | Records) -> Value:
    return _json(one) if isinstance(one, Records) else Column("text", [text.encode() for text in one])


@cache
def _record_set(name: str, columns: Columns) -> str:
    typed = ", ".join(f"{column} {kind}" for column, kind in columns)
    return f"json_to_recordset(%s::json) AS {name}({typed})"


def _from_json(records: Records) -> str:
    chosen = ", ".join(f"json_extract(value, '$.{column}') AS {column}" for column, _ in records.columns)
    return f"(SELECT {chosen} FROM json_each(%s)) AS {records.name}"  # noqa: S608


def _json(records: Records) -> bytes:
    names = [column for column, _ in records.columns]
    return msgspec.json.encode([dict(zip(names, row, strict=True)) for row in records.rows])


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one table. What is not named gets the database's own default. large: texts that are many and long."""

    table: str
    columns: Columns
    rows: Sequence[Sequence[Any]]
    large: tuple[str, ...] = ()

    @property
    def names(self) -> str:
        return ", ".join(name for name, _ in self.columns)


def write(tables: Sequence[Rows]) -> None:
    """Insert the rows of tables, of which no trigger looks at another: few of them are one statement on PostgreSQL."""
    filled = [one for one in tables if one.rows]
    if connection.vendor == "postgresql" and sum(len(one.rows) for one in filled) <= FEW * len(tables):
        _in_one_turn(filled)
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


def _in_one_turn(filled: Sequence[Rows]) -> None:
    """One statement for the same tables, whatever their rows: what is short travels as one JSON value a table, bytes
    and what is large as one array a column, which nobody has to write as JSON and read again."""
    values: list[Value] = []
    for one in filled:
        apart = _apart(one.columns, one.large)
        letters = list(_letters(len(one.columns)))
        short = [(letter, place) for place, letter in enumerate(letters) if place not in apart]
        values.append(msgspec.json.encode([{n: row[place] for n, place in short} for row in one.rows]))
        for place in apart:
            kind = one.columns[place][1]
            column = [row[place] for row in one.rows]
            values.append(Column(kind, [text.encode() for text in column] if kind == "text" else column))
    ask(_inserts(tuple((one.table, one.columns, one.large) for one in filled)), values)


def _letters(count: int) -> Iterable[str]:
    return islice((first + second for first in ("", *ascii_lowercase) for second in ascii_lowercase), count)


@cache
def _apart(columns: Columns, large: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(place for place, (name, kind) in enumerate(columns) if kind == "bytea" or name in large)


@cache
def _inserts(tables: tuple[tuple[str, Columns, tuple[str, ...]], ...]) -> str:
    parts = ", ".join(f"t{number} AS ({_insert(*table)})" for number, table in enumerate(tables))
    return f"WITH {parts} SELECT 1"


def _insert(table: str, columns: Columns, large: tuple[str, ...]) -> str:
    """The fields have short names, because they are written with every row."""
    apart = _apart(columns, large)
    named = list(zip(_letters(len(columns)), columns, strict=True))
    typed = ", ".join(f"{n} {kind}" for place, (n, (_, kind)) in enumerate(named) if place not in apart)
    arrays = "".join(f", unnest(%s::{columns[place][1]}[])" for place in apart)
    given = [n for place, (n, _) in enumerate(named) if place not in apart] + [
        named[place][0] for place in apart
    ]
    source = f"ROWS FROM (json_to_recordset(%s::json) AS ({typed}){arrays}) AS r({', '.join(given)})"
    chosen = ", ".join(f"r.{n}" for n, _ in named)
    names = ", ".join(name for name, _ in columns)
    return f"INSERT INTO {table} ({names}) SELECT {chosen} FROM {source}"  # noqa: S608


def adapted(value: Any) -> Any:
    """An instant as this database keeps it."""
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
