"""A database for each test, people at their posts, and, where several connections meet, a database of one's own."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, connections

# Django is not set up yet when pytest reads this file, so what needs its models is imported when it is used.


@pytest.fixture
def pack():
    from .country import make_pack

    return make_pack()


@pytest.fixture(autouse=True)
def one_check(monkeypatch) -> None:
    """Of all checks only one: code 00000000 does not exist. The checks have tests of their own."""
    from thongquan.engine.findings import Finding
    from thongquan.packs import pack as country

    def run_checks(pack, declaration, day):
        return tuple(
            Finding(
                "COMMODITY_UNKNOWN", at=f"goods_items[{number}].commodity_code", says={"code": "00000000"}
            )
            for number, item in enumerate(declaration.goods_items, 1)
            if item.commodity_code == "00000000"
        )

    monkeypatch.setattr(country, "run_checks", run_checks, raising=False)


@pytest.fixture
def people(db) -> None:
    from .country import appoint

    appoint()


@pytest.fixture
def days():
    from .country import Days

    return Days()


@pytest.fixture(scope="session")
def template(django_db_setup, django_db_blocker) -> Iterator[str]:
    """The migrated, empty database that every committed database is a copy of."""
    from django.test.utils import setup_databases, teardown_databases

    with django_db_blocker.unblock():
        # pytest-django makes it only when some test of the run asks for a transaction; tests alone with theirs do not.
        migrated = "record_event" in connection.introspection.table_names()
        connection.close()
        made = [] if migrated else setup_databases(verbosity=0, interactive=False)
        name = str(connection.settings_dict["NAME"])
        connection.close()
    yield name
    with django_db_blocker.unblock():
        teardown_databases(made, verbosity=0)


@pytest.fixture
def committed(template: str, django_db_blocker) -> Iterator[str]:
    """A database of one's own, in which things are really committed; gone afterwards. Its name."""
    with django_db_blocker.unblock(), own_copy(template) as name:
        yield name


@contextmanager
def own_copy(template: str) -> Iterator[str]:
    """Work in a fresh copy of the template, with everybody at his post, and drop it at the end.

    The record cannot be emptied (that is the point of it), so tests that commit get a database each.
    """
    from .country import appoint

    connections.close_all()
    name = _copied(template)
    settings = connections["default"].settings_dict
    before, settings["NAME"] = settings["NAME"], name
    try:
        appoint()
        yield name
    finally:
        connections.close_all()
        settings["NAME"] = before
        _dropped(name)


def _copied(template: str) -> str:
    if connection.vendor == "sqlite":
        name = f"{template}-{uuid.uuid4().hex[:8]}"
        shutil.copyfile(template, name)
        return name
    name = f"{template}_{uuid.uuid4().hex[:8]}"
    _administrate(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return name


def _dropped(name: str) -> None:
    if connection.vendor == "sqlite":
        for suffix in ("", "-journal", "-wal", "-shm"):
            if os.path.exists(name + suffix):
                os.unlink(name + suffix)
    else:
        _administrate(f'DROP DATABASE "{name}" WITH (FORCE)')


def _administrate(statement: str) -> None:
    """On PostgreSQL a database is made and dropped from another one."""
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)
