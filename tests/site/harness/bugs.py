"""Bugs that a harness must catch, planted into a server that it forks. They live beside the tests and take hold at the
borders of the product (its HTTP, its database connection, its fault points), which no rewriting inside moves; nothing
of the product reads their names."""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

BUGS: dict[str, Callable[[], None]] = {}
"""Bugs of a whole server, by name."""


def bug(planting: Callable[[], None]) -> Callable[[], None]:
    BUGS[planting.__name__] = planting
    return planting


def plant(name: str) -> None:
    """Plant a bug into this process, for its whole life. KeyError for one that there is not."""
    BUGS[name]()


@bug
def no_idempotency() -> None:
    """Each try is a new request."""
    _keys_become(lambda key: uuid.uuid4().hex)


@bug
def keys_of_the_process() -> None:
    """Each process knows only the keys that it has seen itself."""
    _keys_become(lambda key: f"{key}.{os.getpid()}")


def _keys_become(other: Callable[[str], str]) -> None:
    def with_another_key(application: Any) -> Any:
        def answering(environment: dict[str, Any], start: Any) -> Iterable[bytes]:
            if "HTTP_IDEMPOTENCY_KEY" in environment:
                environment["HTTP_IDEMPOTENCY_KEY"] = other(environment["HTTP_IDEMPOTENCY_KEY"])
            return application(environment, start)

        return answering

    _wrap(with_another_key)


@bug
def another_answer() -> None:
    """A request that comes again is not answered as it was, but from how things seem to stand now."""

    def telling_otherwise(application: Any) -> Any:
        def answering(environment: dict[str, Any], start: Any) -> Iterable[bytes]:
            told: list[Any] = []
            whole = b"".join(application(environment, lambda *head: told.extend(head)))
            status, headers = told[:2]
            if any(name == "Idempotent-Replay" for name, _ in headers):
                answer = json.loads(whole)
                whole = json.dumps({**answer, "events": answer["events"] + 1}).encode()
                headers = [pair for pair in headers if pair[0] != "Content-Length"]
            start(status, headers)
            return [whole]

        return answering

    _wrap(telling_otherwise)


def _wrap(wrapper: Callable[[Any], Any]) -> None:
    from . import desk

    desk.application = wrapper(desk.application)


@bug
def commit_in_the_middle() -> None:
    """What an act writes is committed in two parts."""
    from django.db import connection

    from thongquan.site.kit import faults

    before = faults.reach

    def reach(point: str) -> None:
        before(point)
        if point == "after_rows":
            with connection.cursor() as cursor:
                cursor.execute("COMMIT")
                if connection.vendor == "sqlite":
                    cursor.execute("BEGIN IMMEDIATE")
            time.sleep(0.05)

    faults.reach = reach


@bug
def answer_before_commit() -> None:
    """The answer goes out a moment before the commit."""
    from django.db.backends.base.base import BaseDatabaseWrapper as Base

    set_autocommit, cursor = Base.set_autocommit, Base.cursor

    def later(self: Any) -> None:
        self.run_on_commit = []
        self._not_yet = True

    def ended(self: Any, autocommit: bool, *more: Any, **said: Any) -> None:
        if not (autocommit and getattr(self, "_not_yet", False)):
            set_autocommit(self, autocommit, *more, **said)
            return
        self._not_yet = False
        self.inc_thread_sharing()

        def work() -> None:
            time.sleep(0.05)
            with suppress(Exception), self.wrap_database_errors:
                self._commit()
                self._set_autocommit(True)

        self._committing = threading.Thread(target=work)
        self._committing.start()
        self.autocommit = True

    def waiting(self: Any) -> Any:
        thread = getattr(self, "_committing", None)
        if thread is not None and thread is not threading.current_thread():
            thread.join()
            self._committing = None
        return cursor(self)

    def not_yet(self: Any) -> None:
        thread = getattr(self, "_committing", None)
        if thread is None or not thread.is_alive():
            close_old(self)

    close_old = Base.close_if_unusable_or_obsolete
    Base.commit, Base.set_autocommit, Base.cursor = later, ended, waiting
    Base.close_if_unusable_or_obsolete = not_yet


@bug
def commit_is_believed() -> None:
    """When the answer to a commit does not come, the commit is taken for done."""
    from django.db import Error
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.postgresql.base import DatabaseWrapper

    commit, set_autocommit = BaseDatabaseWrapper._commit, DatabaseWrapper._set_autocommit

    def believing(self: BaseDatabaseWrapper) -> None:
        with suppress(Error):
            commit(self)

    def quietly(self: DatabaseWrapper, autocommit: bool) -> None:
        with suppress(Error):
            set_autocommit(self, autocommit)

    BaseDatabaseWrapper._commit, DatabaseWrapper._set_autocommit = believing, quietly
