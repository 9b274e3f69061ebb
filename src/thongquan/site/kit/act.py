"""The shape of every command: one transaction, one key, one stored answer, and nothing foreign called inside.

    (1) claim the key; a twin waits here and then gets the stored answer
    (2) lock what the command is about        (3) authorise on the locked state
    (4) rows                                  (5) lock accounts in the order of their ids, post the journal
    (6) append the event                      (7) outbox
    (8) store the answer, commit, answer

`act` does 1, 8 and the transaction; the work passed to it does the rest in that order. A refusal rolls everything
back, the key too: nothing happened, so the same key may ask again. What the outside learns is learnt after the
commit. When the answer to a commit is lost, the caller asks again with the same key.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import msgspec
from django.db import Error as DatabaseError
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction

from ...engine.findings import Finding, Refusal
from . import faults
from .canonical import canonical, sha256

TRIES = 3


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a command answers, and what its key answers ever after.

    act: what was done or asked for. number: the declaration's. state, channel, version: after the act. events: how
    many acts the declaration has now. receipt: the hash of the act's event, "" where nothing was recorded.
    recorded_at: the event's; `record.receipts.receipt_of` signs a receipt from these without asking the database.
    findings: what deserves notice. reasons: why it was refused, () when it was done. messages: identifiers of the
    responses written (`clearance.Response`). response: of a refusal only, the message to send back, not stored.
    says: further facts by name. replay: this is the stored answer of an earlier request with the same key.
    """

    act: str
    number: str = ""
    state: str = ""
    channel: str = ""
    version: int = 0
    events: int = 0
    receipt: str = ""
    recorded_at: datetime | None = None
    findings: tuple[Finding, ...] = ()
    reasons: tuple[Finding, ...] = ()
    messages: tuple[str, ...] = ()
    response: bytes = b""
    says: dict[str, Any] = {}
    replay: bool = False

    @property
    def done(self) -> bool:
        return not self.reasons

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the reasons, for those who only ask why."""
        return tuple(reason.code for reason in self.reasons)


class Refused(Exception):
    """Leaves the transaction with every reason; `act` turns it into an answer."""

    def __init__(self, refusal: Refusal, number: str = "", response: bytes = b"") -> None:
        super().__init__(f"{refusal.act}: {', '.join(refusal.codes)}")
        self.refusal, self.number, self.response = refusal, number, response


class Busy(Exception):
    """The database was busy or went away each time; nothing is known to have happened. Ask again, same key."""


class Full(Busy):
    """The database's disk is full: nothing was written, reading goes on, and writing does as soon as there is room."""


class Keys(Protocol):
    """Where answers are kept by key (`record.acts.KEYS`)."""

    def claim(self, principal: str, key: str, request_hash: str) -> bytes | None:
        """None when the key is new, else the stored answer. Refused(IDEMPOTENCY_KEY_REUSED) for another request."""

    def keep(self, principal: str, key: str, answer: bytes) -> None:
        """Store the answer of a claimed key."""


@dataclass(frozen=True, slots=True)
class Command:
    """A request that may be sent twice. principal: whose key it is. request: all that is asked, as plain values;
    equal requests have equal canonical bytes. work: does steps 2 to 7 and gives the answer."""

    name: str
    principal: str
    key: str
    request: Any
    work: Callable[[], Answer]


def act(command: Command, keys: Keys) -> Answer:
    """Do a command once, whole or not at all; Busy after three tries against deadlocks, locks or lost connections."""
    return again_if_busy(lambda: _in_one_transaction(command, keys))


def act_many(
    commands: Sequence[Command], keys: Keys, lock: Callable[[], None] = lambda: None
) -> list[Answer]:
    """Do hundreds of commands in one transaction: one wait for the disk instead of hundreds.

    Each runs at its own savepoint, so that one that is refused leaves no trace and spoils none. The answers are in
    the order of the commands, and none is known before all are committed. lock: takes every lock that is known
    beforehand, in one order, so that two batches do not wait for each other.
    """

    def whole() -> list[Answer]:
        with transaction.atomic(durable=True):
            lock()
            return [_at_savepoint(command, keys) for command in commands]

    return again_if_busy(whole)


def _in_one_transaction(command: Command, keys: Keys) -> Answer:
    try:
        with transaction.atomic(durable=True):
            return _keyed(command, keys)
    except Refused as refused:
        return _refusal(command, refused)


def _at_savepoint(command: Command, keys: Keys) -> Answer:
    try:
        with transaction.atomic():
            return _keyed(command, keys)
    except Refused as refused:
        return _refusal(command, refused)


def _keyed(command: Command, keys: Keys) -> Answer:
    stored = keys.claim(command.principal, command.key, sha256(canonical([command.name, command.request])))
    if stored is not None:
        return msgspec.structs.replace(msgspec.json.decode(stored, type=Answer), replay=True)
    faults.reach("after_key")
    answer = command.work()
    keys.keep(command.principal, command.key, msgspec.json.encode(answer))
    faults.reach("after_answer")
    return answer


def _refusal(command: Command, refused: Refused) -> Answer:
    return Answer(
        act=command.name,
        number=refused.number,
        reasons=refused.refusal.reasons,
        response=refused.response,
    )


def again_if_busy[Result](run: Callable[[], Result]) -> Result:
    """Run, and run whole again when the database could not let it through; inside a caller's transaction only once.

    A constraint that failed is tried again too: two who were first at the same moment meet there, and the second
    then sees the row of the first and is refused with a reason. One that fails each time is a fault of ours.
    """
    for left in reversed(range(TRIES)):
        try:
            return run()
        except (OperationalError, InterfaceError, IntegrityError) as error:
            if connection.in_atomic_block:
                raise
            if _is_full(error):
                raise Full(str(error)) from error
            if not _is_passing(error):
                raise
            if not left:
                if isinstance(error, IntegrityError):
                    raise
                raise Busy(str(error)) from error
        if not connection.is_usable():
            connection.close()
        # Two that collided must not collide again; which waits longer is nobody's secret.
        time.sleep(random.uniform(0.01, 0.1))  # noqa: S311
    raise AssertionError("unreachable")


def is_away(error: BaseException | None) -> bool:
    """Whether the database was the trouble and not what was asked of it: it answers again by itself."""
    return isinstance(error, OperationalError | InterfaceError) and _is_passing(error)


def _is_full(error: DatabaseError) -> bool:
    """No room for what was to be written; trying again at once would not make any. SQLite that cannot even make its
    journal says that it cannot open a file, or that reading or writing one failed."""
    if connection.vendor == "sqlite":
        known = getattr(error.__cause__, "sqlite_errorname", "")
        return known in ("SQLITE_FULL", "SQLITE_CANTOPEN") or known.startswith("SQLITE_IOERR_WRITE")
    return getattr(error.__cause__, "sqlstate", None) in ("53100", "53000")


def _is_passing(error: DatabaseError) -> bool:
    """Serialisation failure, deadlock, lock not available, a connection that went away; SQLite's locked database."""
    if isinstance(error, IntegrityError | InterfaceError):
        return True
    if connection.vendor == "sqlite":
        return "locked" in str(error) or "busy" in str(error)
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or state in ("40001", "40P01", "55P03") or state.startswith(("08", "57P"))
