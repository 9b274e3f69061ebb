"""Open the site for work outside a web server: the command line, a test, a nightly job."""

from __future__ import annotations

import os
from pathlib import Path

import django
from django.core.checks import ERROR, Tags, run_checks
from django.core.exceptions import ImproperlyConfigured


def start(*, migrate: bool = False) -> None:
    """Set Django up, refuse unsafe settings, and bring the tables up to date when asked. Safe to call twice.

    ImproperlyConfigured says every reason. Migrating also writes the lifecycle table for the database, and asks for
    every guard of the tables by name: SQLite drops a table's triggers when a later migration rebuilds it.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thongquan.site.config.settings")
    django.setup()
    refuse_unsafe_start()
    if migrate:
        from django.db import connection

        from ..kit.guards import missing

        if connection.vendor == "sqlite":
            # The journal takes the file's own mode, so nobody else ever reads either.
            Path(connection.settings_dict["NAME"]).touch(mode=0o600)
        _up_to_date()
        lost = missing(connection)
        if lost:
            raise ImproperlyConfigured(f"GUARDS_MISSING: {', '.join(lost)}")
        _of_one_kind()
        _days_given()


def _up_to_date() -> None:
    """Migrate, as the owner of the tables where PostgreSQL's roles are set up; nothing is asked for when all stands.

    ImproperlyConfigured(MIGRATIONS_PENDING) for a login that may not: an application that could change tables could
    change their guards too. DATABASE_NEWER for a database that a newer version has changed.
    """
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.exceptions import MigrationSchemaMissing

    from ...engine.lifecycle.declaration import DECLARATION
    from ..accounts.acts import system
    from ..clearance.models import AllowedTransition
    from ..kit.guards import newer
    from .roles import are_set_up, as_owner, grant, may_own

    unknown = newer(connection)
    if unknown:
        raise ImproperlyConfigured(f"DATABASE_NEWER: {', '.join(unknown)}")
    waiting = pending()
    if waiting or not AllowedTransition.objects.says(DECLARATION.steps):
        if are_set_up(connection) and not may_own(connection):
            raise ImproperlyConfigured(f"MIGRATIONS_PENDING: {', '.join(waiting) or 'lifecycle'}")
        with as_owner(connection):
            try:
                call_command("migrate", interactive=False, verbosity=0)
            except MigrationSchemaMissing:  # an empty database, and a login that may make no table in it
                raise ImproperlyConfigured(f"MIGRATIONS_PENDING: {', '.join(waiting[:8])}") from None
            AllowedTransition.objects.write(DECLARATION.steps)
            if are_set_up(connection):
                grant(connection)
    system()


def _days_given() -> None:
    """Give their legal day to open matters that were stored without one, or whose calendar now reaches so far."""
    from ..clearance import matters
    from ..reference.reads import site_pack

    matters.fill(site_pack())


def _of_one_kind() -> None:
    """Refuse to work as a sandbox on a real office's data, or the other way round."""
    from ..kit.terms import remedy, sentence
    from .sandbox import faults

    found = faults()
    if found:
        raise ImproperlyConfigured(" ".join(f"{one.code}: {sentence(one)} {remedy(one)}" for one in found))


def pending() -> list[str]:
    """The migrations of this version that this database has not seen, in their order: "record.0003_log_of_trust"."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def refuse_unsafe_start() -> None:
    faults = [fault for fault in run_checks(tags=[Tags.security]) if fault.level >= ERROR]
    if faults:
        raise ImproperlyConfigured(" ".join(str(fault) for fault in faults))
