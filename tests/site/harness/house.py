"""Where a harness happens: a database that may be harmed, a fresh copy for each run, and the server before it."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from django.db import connection, connections

from thongquan.site.accounts import acts as accounts
from thongquan.site.accounts.models import Token
from thongquan.site.accounts.reads import told_rights
from thongquan.site.kit import clock

from ..country import PEOPLE, appoint
from .counter import Counter, own_counter
from .fleet import token_of
from .killable import Killable, own_cluster

NAME = "harness"


class House:
    """cluster: PostgreSQL of one's own, None on SQLite. counter: the server; not up until somebody lets it rise."""

    def __init__(self, place: Path, template: str, cluster: Killable | None, counter: Counter) -> None:
        self.place, self.cluster, self.counter = place, cluster, counter
        self._template = template

    @contextmanager
    def day(self, bug: str = "", port: int | None = None) -> Iterator[None]:
        """A fresh database for server and judge, everybody at his post; the server with a bug, or behind a port."""
        with moved(self.where):
            name = self._copied()
            connections.close_all()
            connections["default"].settings_dict["NAME"] = name
            try:
                self.counter.database = {**self.where, "NAME": name, **({"PORT": str(port)} if port else {})}
                self.counter.bug = bug
                yield
            finally:
                self.counter.die()
                self._dropped(name)

    @property
    def where(self) -> Mapping[str, Any]:
        return elsewhere(self.cluster) if self.cluster else {}

    def _copied(self) -> str:
        if self.cluster is None:
            name = str(self.place / f"{uuid.uuid4().hex}.sqlite3")
            shutil.copyfile(self._template, name)
            return name
        name = f"{NAME}_{uuid.uuid4().hex[:8]}"
        _administrate(f'CREATE DATABASE "{name}" TEMPLATE "{self._template}"')
        return name

    def _dropped(self, name: str) -> None:
        if self.cluster is None:
            for file in self.place.glob(f"{Path(name).name}*"):
                file.unlink()
        else:
            _administrate(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def moved(where: Mapping[str, Any]) -> Iterator[None]:
    """Inside the block this process is connected to another place; afterwards to that where it was."""
    connections.close_all()
    before = dict(connections["default"].settings_dict)
    connections["default"].settings_dict.update(where)
    try:
        yield
    finally:
        connections.close_all()
        connections["default"].settings_dict.update(before)


def elsewhere(cluster: Killable) -> dict[str, Any]:
    """What leads Django to a cluster of one's own."""
    return {"HOST": "127.0.0.1", "PORT": str(cluster.port), "USER": "postgres", "PASSWORD": ""}


def _administrate(statement: str) -> None:
    connections.close_all()
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)


def give_key(user: str) -> None:
    """Give a user's machine the key that the fleet knows."""
    scopes = " ".join(sorted({act for _, act in told_rights()}))
    Token.objects.create(
        client=accounts.client(user, "harness"),
        hash=accounts.hash_of(token_of(user)),
        scopes=scopes,
        expires_at=clock.now() + accounts.TOKEN_LIFE,
    )


@contextmanager
def own_house() -> Iterator[House]:
    """A house on the kind of database that this process is set to, migrated, with its server process ready.

    Impossible (`killable`) where PostgreSQL is wanted and cannot be had.
    """
    from django.core.management import call_command

    with ExitStack() as stack:
        place = Path(tempfile.mkdtemp(prefix="thongquan-harness-"))
        stack.callback(shutil.rmtree, place, ignore_errors=True)
        cluster = stack.enter_context(own_cluster()) if connection.vendor == "postgresql" else None
        template = f"{NAME}_template" if cluster else str(place / "template.sqlite3")
        with moved(elsewhere(cluster) if cluster else {}):
            if cluster:
                _administrate(f'CREATE DATABASE "{template}"')
            connections["default"].settings_dict["NAME"] = template
            call_command("migrate", interactive=False, verbosity=0)
            appoint()
            for user in PEOPLE:
                give_key(user)
        counter = stack.enter_context(own_counter())
        yield House(place, template, cluster, counter)
