"""T9: what each role of PostgreSQL may do to each table, tried and not read off.

Every attempt runs in a savepoint that is rolled back. What succeeds must be exactly what sql/rights.csv declares; on
records nothing succeeds for anybody, their owner included. A harness counts only when it catches its planted bugs.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from django.db import connection, transaction

from thongquan.site.config import roles
from thongquan.site.kit.guards import missing

from ..country import Days
from ..record.lives import lived

psycopg = pytest.importorskip("psycopg")

pytestmark = pytest.mark.skipif(
    "connection.vendor != 'postgresql'",
    reason="SQLite has no roles: whoever can write the file can change it",
)

REWRITABLE = frozenset(
    {
        "accounts_right", "auth_group", "auth_group_permissions", "auth_permission", "clearance_allowedtransition",
        "django_content_type", "django_migrations", "entry_demolink", "entry_demomark", "entry_livesession",
    }
)  # fmt: skip
"""What the owner may rewrite: Django's own tables, the two that say what the code says, sessions, and a demonstration's
links; besides these only what the application itself may delete. Every other table is a record."""

NO_RIGHT = ("42501", "42809", "0A000")


@pytest.fixture
def superuser(committed, pack, days: Days, monkeypatch, tmp_path) -> Iterator[object]:
    """A connection that may become anybody, to a database in which things have happened and the roles are set up."""
    from thongquan.site.record.sealing import anchor_once, seal_once

    monkeypatch.setenv("THONGQUAN_LOG_KEY", str(tmp_path / "key"))
    monkeypatch.setenv("THONGQUAN_LOG_ORIGIN", "customs.test/log")
    monkeypatch.setenv("THONGQUAN_ANCHORS", str(tmp_path / "anchors"))
    lived(pack, days, "R1")
    assert seal_once()
    anchor_once()
    roles.set_up(connection)
    known = connection.settings_dict
    with psycopg.connect(
        dbname=known["NAME"], user=known["USER"], password=known["PASSWORD"] or None, host=known["HOST"] or None,
        port=known["PORT"] or None,
    ) as direct:  # fmt: skip
        if not direct.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()[0]:
            pytest.skip("trying every role needs a superuser of the test's own cluster")
        yield direct
        direct.rollback()
    connection.close()


def become(direct, role: str = "") -> None:
    direct.execute("RESET SESSION AUTHORIZATION")
    if role:
        direct.execute(f"SET SESSION AUTHORIZATION {role}")


def site_becomes(role: str = "") -> None:
    """The same for the site's own connection."""
    with connection.cursor() as cursor:
        cursor.execute("RESET SESSION AUTHORIZATION")
        if role:
            cursor.execute(f"SET SESSION AUTHORIZATION {role}")


def tried(direct, statement: str) -> str:
    """done, no right, guard (a trigger or a constraint), or the state of another error. Nothing stays done."""
    direct.execute("SAVEPOINT here")
    try:
        direct.execute(statement)
    except psycopg.Error as error:
        state = error.sqlstate or "?"
        answer = "no right" if state in NO_RIGHT else "guard" if state.startswith("23") else state
    else:
        answer = "done"
    direct.execute("ROLLBACK TO SAVEPOINT here")
    return answer


def columns(direct) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    rows = direct.execute(
        "SELECT table_name, column_name FROM information_schema.columns c JOIN information_schema.tables t"
        " USING (table_schema, table_name) WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        " ORDER BY table_name, ordinal_position"
    )
    for table, column in rows.fetchall():
        found.setdefault(table, []).append(column)
    return found


def attempts(table: str, names: list[str], role: str) -> dict[str, str]:
    """What a role tries on a table: kind → statement."""
    first = names[0]
    return {
        **{f"update {name}": f'UPDATE {table} SET "{name}" = "{name}"' for name in names},
        "delete": f"DELETE FROM {table}",
        "truncate": f"TRUNCATE {table}",
        "truncate cascade": f"TRUNCATE {table} CASCADE",
        "alter": f"ALTER TABLE {table} ADD COLUMN extra integer",
        "drop": f"DROP TABLE {table} CASCADE",
        "own": f"ALTER TABLE {table} OWNER TO {role}",
        "switch triggers off": f"ALTER TABLE {table} DISABLE TRIGGER ALL",
        "add a trigger": f"CREATE TRIGGER extra BEFORE UPDATE ON {table} FOR EACH ROW"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "add a rule": f"CREATE RULE extra AS ON DELETE TO {table} DO INSTEAD NOTHING",
        "hide rows": f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        "upsert": f'INSERT INTO {table} SELECT * FROM {table} ON CONFLICT ("{first}")'
        f' DO UPDATE SET "{first}" = excluded."{first}"',
    }


WIDER = {
    "become owner": "SET ROLE tq_owner",
    "replay as a replica": "SET session_replication_role = 'replica'",
    "make a table": "CREATE TABLE public.extra (n integer)",
    "make a function": "CREATE FUNCTION public.extra() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "change a guard": "CREATE OR REPLACE FUNCTION record_event_no_update() RETURNS trigger LANGUAGE plpgsql"
    " AS 'BEGIN RETURN NEW; END'",
    "drop a guard": "DROP TRIGGER record_event_no_update ON record_event",
    "run a program": "COPY (SELECT 1) TO PROGRAM 'true'",
    "read a file": "SELECT pg_read_file('postgresql.conf')",
    "change settings": "ALTER SYSTEM SET fsync = off",
    "make a role": "CREATE ROLE extra",
    "load an extension": "CREATE EXTENSION dblink",
    "read passwords": "SELECT rolpassword FROM pg_authid",
}


def declared(role: str, table: str) -> set[str]:
    """What rights.csv lets a role do beyond reading and adding."""
    row = next((row for row in roles.rights() if row.table == table), None)
    if role != roles.APP or row is None:
        return set()
    return {f"update {name}" for name in row.update} | ({"delete"} if row.delete else set())


def breaches(direct) -> list[str]:
    """Everything that succeeds and is not declared, and what is declared and fails; empty when all is right."""
    found = []
    tables = columns(direct)
    for role in (roles.APP, roles.SEAL, roles.REPORT, roles.BREAK_GLASS):
        become(direct, role)
        found += [f"{role} may {kind}" for kind, text in WIDER.items() if tried(direct, text) == "done"]
        for table, names in tables.items():
            answers = {kind: tried(direct, text) for kind, text in attempts(table, names, role).items()}
            # A guard speaks only to those who have the right; so what it refuses was let through by the rights.
            passed = {kind for kind, answer in answers.items() if answer in ("done", "guard")}
            wanted = declared(role, table)
            found += [f"{role} may {kind} {table}" for kind in sorted(passed - wanted)]
            found += [f"{role} may not {kind} {table}" for kind in sorted(wanted - passed)]
        found += _seen(direct, role, tables)
    become(direct)
    return found + _owner(direct, tables) + _cascades(direct)


def _seen(direct, role: str, tables: dict[str, list[str]]) -> list[str]:
    """Who may read what, and that no view lets anybody write."""
    readable = {table for table in tables if tried(direct, f"SELECT count(*) FROM public.{table}") == "done"}
    wanted = {
        roles.APP: {row.table for row in roles.rights()},
        roles.SEAL: {row.table for row in roles.rights() if row.seal},
    }.get(role, set())
    found = [f"{role} may read {table}" for table in sorted(readable - wanted)]
    found += [f"{role} may not read {table}" for table in sorted((wanted & set(tables)) - readable)]
    views = direct.execute(
        "SELECT schemaname, viewname FROM pg_views WHERE schemaname IN ('report', 'break_glass')"
    ).fetchall()
    for schema, view in views:
        mine = {"report": roles.REPORT, "break_glass": roles.BREAK_GLASS}[schema] == role
        reads = tried(direct, f"SELECT count(*) FROM {schema}.{view}") == "done"
        if reads != mine:
            found.append(f"{role} {'may' if reads else 'may not'} read {schema}.{view}")
        if tried(direct, f"DELETE FROM {schema}.{view}") == "done":
            found.append(f"{role} may delete {schema}.{view}")
    return found


def _owner(direct, tables: dict[str, list[str]]) -> list[str]:
    """Nobody signs in as the owner; whoever becomes it still meets the guards of the records."""
    become(direct, roles.OWNER)
    found = []
    for row in roles.rights():
        if row.delete or row.table in REWRITABLE or row.table not in tables:
            continue
        tries = {"delete": f"DELETE FROM {row.table}", "truncate": f"TRUNCATE {row.table} CASCADE"}
        if not row.update:
            first = tables[row.table][0]
            tries["update"] = f'UPDATE {row.table} SET "{first}" = "{first}"'
        filled = direct.execute(f"SELECT EXISTS (SELECT FROM {row.table})").fetchone()[0]
        for kind, statement in tries.items():
            # A guard of rows has nothing to say about a table that has none.
            if tried(direct, statement) == "done" and (filled or kind == "truncate"):
                found.append(f"the owner may {kind} {row.table}")
    if tried(direct, WIDER["replay as a replica"]) == "done":
        found.append("the owner may replay as a replica")
    become(direct)
    weak = direct.execute(
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'A' ORDER BY tgname"
    ).fetchall()
    return found + [f"trigger {name} can be passed by" for (name,) in weak]


def _cascades(direct) -> list[str]:
    """No foreign key takes away or changes a row because another went: such a change asks nobody's right."""
    rows = direct.execute(
        "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint"
        " WHERE contype = 'f' AND (confdeltype IN ('c', 'n', 'd') OR confupdtype IN ('c', 'n', 'd'))"
    ).fetchall()
    return [f"rows of {child} go with those of {parent}" for child, parent in rows]


def test_nothing_succeeds_beyond_the_declared_table(superuser):
    found = breaches(superuser)
    assert found == [], found


def test_every_table_has_its_row_and_every_row_its_table(superuser):
    said = {row.table for row in roles.rights()}
    assert set(columns(superuser)) - said == set(), "say in site/config/sql/rights.csv who may do what to it"
    assert said - set(columns(superuser)) == set()
    assert missing(connection) == []


def test_a_report_shows_nothing_personal(superuser):
    rows = superuser.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'report'"
    ).fetchall()
    shown = {column for (column,) in rows}
    personal = {
        "actor", "answer", "body", "content", "facts", "full_name", "functional_reference", "goods_hash", "on_behalf",
        "party", "password", "payload", "registry_id", "trace", "trader_id", "user_id", "username",
    }  # fmt: skip
    assert shown & personal == set()
    assert {"number", "state", "payable_minor", "amount_minor"} <= shown


PLANTED = {
    "a grant too many": ("GRANT UPDATE (body) ON record_event TO tq_app", "update body record_event"),
    "a right to delete": ("GRANT DELETE ON ledger_entry TO tq_app", "delete ledger_entry"),
    "a missing trigger": ("DROP TRIGGER record_event_no_delete ON record_event", "owner may delete record_event"),
    "a trigger that a replica passes by": (
        "ALTER TABLE ledger_entry ENABLE TRIGGER ledger_entry_no_update", "ledger_entry_no_update can be passed by",
    ),
    "a cascade": (
        "ALTER TABLE record_sealed ADD FOREIGN KEY (event_id) REFERENCES record_event (id) ON DELETE CASCADE",
        "rows of record_sealed go with",
    ),
    "an application that may own": ("GRANT tq_owner TO tq_app", "tq_app may become owner"),
    "a report that reads a table": (
        "GRANT USAGE ON SCHEMA public TO tq_report; GRANT SELECT ON accounts_user TO tq_report",
        "tq_report may read accounts_user",
    ),
    "a right taken away": ("REVOKE UPDATE (sealed) ON ledger_journal FROM tq_app", "may not update sealed"),
}  # fmt: skip


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_caught(superuser, bug):
    statement, named = PLANTED[bug]
    superuser.execute(statement)
    assert [breach for breach in breaches(superuser) if named in breach]


# The site itself, with these rights


def test_the_whole_journey_is_done_with_the_application_s_rights(superuser, pack, days):
    from thongquan.site.accounts import people

    site_becomes(roles.APP)
    lived(pack, days, "R2")
    user = people.open_account("an.vu", by="operator:test")
    assert people.appoint(user, people.Post("OFFICER", date(2026, 1, 1), office="*"), by="operator:test").pk
    assert people.redeem(people.code_for(user, by="operator:test"), "chín con trâu trắng qua sông") == user
    assert people.end_posts(user, "OFFICER", date(2026, 12, 31), by="operator:test") == 1


def test_the_sealer_seals_with_its_own_rights_and_the_application_cannot(superuser, pack, days):
    from thongquan.site.record.sealing import anchor_once, seal_once

    lived(pack, days, "R3")
    site_becomes(roles.APP)
    with pytest.raises(Exception, match="permission denied"), transaction.atomic():
        seal_once()
    site_becomes(roles.SEAL)
    assert seal_once().size == 12
    assert anchor_once() == []


def test_an_emergency_reads_only_after_it_has_said_why(superuser):
    from thongquan.site.record.reads import verify_log

    become(superuser, roles.BREAK_GLASS)
    count = "SELECT count(*) FROM break_glass.clearance_declaration"
    assert superuser.execute(count).fetchone() == (0,)
    assert tried(superuser, "SELECT break_glass.open('because')") != "done"
    superuser.execute("SELECT break_glass.open('Trang hỏng, cần xem hồ sơ \"R1\" để giải phóng hàng')")
    superuser.execute("SELECT break_glass.open('Xem tiếp, cùng lý do như lần trước')")
    assert superuser.execute(count).fetchone() == (1,)
    assert [hidden for hidden in roles.HIDDEN if tried(superuser, f"SELECT * FROM {hidden}") == "done"] == []
    superuser.commit()
    log = verify_log()
    assert (log.faults, log.heads["break-glass"].n) == ((), 2)


def test_a_login_of_the_application_may_not_migrate_and_the_owner_s_may(superuser):
    from django.core.exceptions import ImproperlyConfigured

    from thongquan.site.clearance.models import AllowedTransition
    from thongquan.site.config.start import start

    with roles.as_owner(connection):
        AllowedTransition.objects.filter(act="lodge").delete()
    site_becomes(roles.APP)
    with pytest.raises(ImproperlyConfigured, match="MIGRATIONS_PENDING"):
        start(migrate=True)
    site_becomes()
    start(migrate=True)
    assert AllowedTransition.objects.filter(act="lodge").exists()
    assert [fault.code for fault in roles.role_faults(connection)] == ["DATABASE_LOGIN_OWNS"]
    site_becomes(roles.APP)
    assert roles.role_faults(connection) == ()
    start(migrate=True)
