"""PostgreSQL's roles: who may do what to which table, said in sql/rights.csv and given after every migration.

    table    every table of the site; one that has no row here may be used by nobody but its owner
    insert   yes: the site adds rows
    update   the columns that the site changes, one space between; "" for a record, which nobody changes
    delete   yes: the site takes rows away (sessions, and nothing that was ever said)
    seal     read or write: what the sealer reads, and what it adds
    report   the columns that statistics may see, "*" for all; "" for none

SQLite has no roles: whoever can write the file can change it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ...engine.findings import Finding, Severity, in_order

OWNER, APP, SEAL, REPORT, BREAK_GLASS = ROLES = (
    "tq_owner", "tq_app", "tq_seal", "tq_report", "tq_break_glass",
)  # fmt: skip

HIDDEN = frozenset({"accounts_user", "accounts_token", "django_session"})
"""What not even an emergency reads: with a session or the hash of a key one could act as somebody else."""


@dataclass(frozen=True, slots=True)
class Rights:
    """One table. update, report: columns."""

    table: str
    insert: bool
    update: tuple[str, ...]
    delete: bool
    seal: str
    report: tuple[str, ...]


@cache
def rights() -> tuple[Rights, ...]:
    text = files(__package__).joinpath("sql/rights.csv").read_text(encoding="utf-8")
    return tuple(
        Rights(
            row["table"], row["insert"] == "yes", tuple(row["update"].split()), row["delete"] == "yes", row["seal"],
            tuple(row["report"].split()),
        )
        for row in csv.DictReader(text.splitlines())
    )  # fmt: skip


def _file(name: str) -> str:
    return files(__package__).joinpath(f"sql/{name}").read_text(encoding="utf-8")


def set_up_sql() -> str:
    """Makes the roles and gives them what stands; for the owner of the database, as often as one likes."""
    return _file("roles.sql")


def grants_sql(tables: Sequence[str]) -> str:
    """Gives every role its rights to these tables; for tq_owner, after each migration."""
    known = {row.table: row for row in rights()}
    statements = [_file("grants.sql")]
    for table in sorted(tables):
        statements += _grants(known[table]) if table in known else []
        if table not in HIDDEN:
            name = f'break_glass."{table}"'
            statements += [
                _view(name, f'SELECT * FROM public."{table}" WHERE break_glass.is_open()'),  # noqa: S608
                _shown(name),
            ]
    return "\n".join(statements) + "\n"


def _grants(row: Rights) -> list[str]:
    name = f'public."{row.table}"'
    # The site may read its tables whole; what a person sees of them is decided above, act by act.
    given = [
        f"GRANT SELECT{', INSERT' if row.insert else ''}{', DELETE' if row.delete else ''} ON {name} TO {APP};"
    ]
    if row.update:
        given.append(f"GRANT UPDATE ({_columns(row.update)}) ON {name} TO {APP};")
    if row.seal:
        given.append(f"GRANT SELECT{', INSERT' if row.seal == 'write' else ''} ON {name} TO {SEAL};")
    if row.report:
        shown = "*" if row.report == ("*",) else _columns(row.report)
        view = f'report."{row.table}"'
        given += [_view(view, f"SELECT {shown} FROM {name}"), _shown(view, REPORT)]  # noqa: S608
    return given


def _view(name: str, query: str) -> str:
    """A barrier: no function of the reader's sees a row that the view does not show."""
    return f"CREATE VIEW {name} WITH (security_barrier) AS {query};"


def _shown(name: str, role: str = BREAK_GLASS) -> str:
    return f"GRANT SELECT ON {name} TO {role};"


def _columns(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def whole_sql(connection: Any) -> str:
    """Everything that `set_up` runs, to be read, kept, or run by somebody else."""
    return f"BEGIN;\n{set_up_sql()}\nSET LOCAL ROLE {OWNER};\n{grants_sql(_tables(connection))}COMMIT;\n"


def set_up(connection: Any) -> None:
    """Make the roles, hand the tables to their owner and give every right, at once or not at all."""
    from django.db import transaction

    with transaction.atomic(using=connection.alias):
        _run(connection, set_up_sql())
        with as_owner(connection):
            grant(connection)


def grant(connection: Any) -> None:
    """Give every role its rights anew; the caller is the owner."""
    _run(connection, grants_sql(_tables(connection)))


def _run(connection: Any, statements: str) -> None:
    with connection.cursor() as cursor:
        # Without parameters several statements may stand together, and a percent sign is one.
        cursor.execute(statements, None)


def _tables(connection: Any) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return sorted(name for (name,) in cursor.fetchall())


def are_set_up(connection: Any) -> bool:
    """Whether this database's tables belong to tq_owner; never on SQLite."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public' AND tableowner = %s)", [OWNER]
        )
        return bool(cursor.fetchone()[0])


def may_own(connection: Any) -> bool:
    """Whether this login may become the owner."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_has_role(current_user, %s, 'MEMBER')", [OWNER])
        return bool(cursor.fetchone()[0])


@contextmanager
def as_owner(connection: Any) -> Iterator[None]:
    """Be tq_owner inside the block where the roles are set up, else what one is."""
    if not are_set_up(connection) and not _waiting_for_tables(connection):
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {OWNER}")
    try:
        yield
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("RESET ROLE")


def _waiting_for_tables(connection: Any) -> bool:
    """An empty database whose roles were made first: the first migration makes its tables as their owner."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        # By the role's number: asked by a name that does not exist, the database fails instead of saying no.
        cursor.execute(
            "SELECT has_schema_privilege(r.oid, 'public', 'CREATE') AND pg_has_role(current_user, r.oid, 'MEMBER')"
            " AND NOT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public')"
            " FROM pg_roles r WHERE rolname = %s",
            [OWNER],
        )
        row = cursor.fetchone()
    return bool(row and row[0])


def role_faults(connection: Any) -> tuple[Finding, ...]:
    """What this login may do that it should not, and what the roles lack."""
    if not are_set_up(connection):
        return (Finding("DATABASE_ROLES_MISSING", severity=Severity.WARNING),)
    faults = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, rolsuper OR rolbypassrls OR pg_has_role(current_user, %s, 'MEMBER')"
            " FROM pg_roles WHERE rolname = current_user",
            [OWNER],
        )
        user, owns = cursor.fetchone()
    if owns:
        says = {"user": str(user)}
        faults.append(Finding("DATABASE_LOGIN_OWNS", says=says, severity=Severity.WARNING))
    known = {row.table for row in rights()}
    faults += [
        Finding("DATABASE_RIGHTS_UNSAID", at=table, says={"table": table})
        for table in _tables(connection)
        if table not in known
    ]
    return in_order(faults)
