"""Rules that the database itself keeps, on SQLite and on PostgreSQL alike: what wrong code must not be able to do.

A guard is a migration operation that makes one row trigger. Its condition is SQL over OLD and NEW that both databases
read the same; where it holds, the statement fails with an IntegrityError that begins with the guard's code.

On PostgreSQL triggers are `ENABLE ALWAYS`, so that `session_replication_role=replica` does not pass them, and
append-only tables refuse TRUNCATE too. SQLite promises less: whoever can write the file can drop a trigger.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.migrations.operations.base import Operation, OperationCategory


class VendorSQL(Operation):
    """Statements of each database for the same thing, and how to take it away again.

    `names`: the triggers that stand afterwards; `missing` looks for them.
    """

    reduces_to_sql = True
    category = OperationCategory.SQL

    def __init__(
        self,
        sqlite: Sequence[str],
        postgresql: Sequence[str],
        undo_sqlite: Sequence[str] = (),
        undo_postgresql: Sequence[str] = (),
        names: Sequence[str] = (),
    ) -> None:
        self.sqlite, self.postgresql = tuple(sqlite), tuple(postgresql)
        self.undo_sqlite, self.undo_postgresql = tuple(undo_sqlite), tuple(undo_postgresql)
        self.names = tuple(names)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        parts = ("sqlite", "postgresql", "undo_sqlite", "undo_postgresql", "names")
        return type(self).__qualname__, [], {part: getattr(self, part) for part in parts}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Triggers are not part of the models' state."""

    def database_forwards(self, app_label: str, editor: Any, before: Any, after: Any) -> None:
        self._run(editor, self.sqlite, self.postgresql)

    def database_backwards(self, app_label: str, editor: Any, before: Any, after: Any) -> None:
        self._run(editor, self.undo_sqlite, self.undo_postgresql)

    def describe(self) -> str:
        return f"Guards: {', '.join(self.names)}" if self.names else "SQL of each database"

    @staticmethod
    def _run(editor: Any, sqlite: Sequence[str], postgresql: Sequence[str]) -> None:
        for statement in sqlite if editor.connection.vendor == "sqlite" else postgresql:
            # params=None: a percent sign in a trigger is one, not a placeholder.
            editor.execute(statement, params=None)


def guard(table: str, name: str, event: str, refuse_when: str, code: str) -> VendorSQL:
    """Refuse, with `code`, a statement on rows where `refuse_when` holds.

    event: "INSERT", "UPDATE", "UPDATE OF state" or "DELETE". name: unique in the table.
    """
    trigger, says = f"{table}_{name}", f"{code}: {table}"
    body = (
        f"IF {refuse_when} THEN"
        f" RAISE EXCEPTION '{says}' USING ERRCODE = 'integrity_constraint_violation'; END IF;"
        f" RETURN {'OLD' if event == 'DELETE' else 'NEW'};"
    )
    sqlite = (
        f"CREATE TRIGGER {trigger} BEFORE {event} ON {table} FOR EACH ROW WHEN {refuse_when}"
        f" BEGIN SELECT RAISE(ABORT, '{says}'); END"
    )
    return VendorSQL(
        sqlite=[sqlite],
        postgresql=_postgresql(table, trigger, body, f"BEFORE {event} ON {table} FOR EACH ROW"),
        undo_sqlite=[f"DROP TRIGGER {trigger}"],
        undo_postgresql=_undo_postgresql(table, trigger),
        names=[trigger],
    )


def never(table: str, *events: str, code: str) -> list[VendorSQL]:
    """Refuse these events on every row; a table that may not lose rows refuses TRUNCATE too."""
    guards = [guard(table, f"no_{event.lower()}", event, "1 = 1", code) for event in events]
    if "DELETE" in events:
        trigger = f"{table}_no_truncate"
        body = f"RAISE EXCEPTION '{code}: {table}' USING ERRCODE = 'integrity_constraint_violation';"
        when = f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT"
        made, undone = _postgresql(table, trigger, body, when), _undo_postgresql(table, trigger)
        guards.append(VendorSQL(sqlite=[], postgresql=made, undo_sqlite=[], undo_postgresql=undone, names=[]))
    return guards


def _postgresql(table: str, trigger: str, body: str, when: str) -> list[str]:
    function = (
        f"CREATE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS $guard$ BEGIN {body} END $guard$"
    )
    return [
        function,
        f"CREATE TRIGGER {trigger} {when} EXECUTE FUNCTION {trigger}()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}",
    ]


def _undo_postgresql(table: str, trigger: str) -> list[str]:
    return [f"DROP TRIGGER {trigger} ON {table}", f"DROP FUNCTION {trigger}()"]


def append_only(table: str) -> list[VendorSQL]:
    """Rows of this table are never changed and never taken away."""
    return never(table, "UPDATE", "DELETE", code="APPEND_ONLY")


def quick_compression(table: str, column: str) -> VendorSQL:
    """LZ4 for values of a column that come from now on; nothing where this PostgreSQL was built without it."""
    change = f"ALTER TABLE {table} ALTER COLUMN {column} SET COMPRESSION"
    has = "SELECT 1 FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals)"
    return VendorSQL(
        sqlite=[],
        postgresql=[f"DO $do$ BEGIN IF EXISTS ({has}) THEN {change} lz4; END IF; END $do$"],
        undo_postgresql=[f"{change} DEFAULT"],
    )


def expected() -> list[str]:
    """The triggers that the migrations of this version make, by name."""
    from django.db.migrations.loader import MigrationLoader

    migrations = MigrationLoader(None, ignore_no_migrations=True).disk_migrations.values()
    return sorted(
        name
        for migration in migrations
        for operation in migration.operations
        if isinstance(operation, VendorSQL)
        for name in operation.names
    )


def missing(connection: Any) -> list[str]:
    """The triggers that should stand in this database and do not.

    SQLite drops a table's triggers when a later migration rebuilds the table; its author then makes them again.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'A'")
        standing = {name for (name,) in cursor.fetchall()}
    return [name for name in expected() if name not in standing]


def newer(connection: Any) -> list[str]:
    """The migrations of this house that a database has seen and this version does not know: an older program must
    leave it alone, because it does not know what the newer one promised there."""
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(connection)
    ours = {label for label, _ in loader.disk_migrations}
    return sorted(
        f"{label}.{name}"
        for label, name in loader.applied_migrations
        if label in ours and (label, name) not in loader.disk_migrations
    )
