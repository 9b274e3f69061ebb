"""Go on with every declaration that something happened to, whoever did it: a page, a machine, the command line.

`automatic` says what the machine decides. This says when: a worker beside the server looks once a second at what was
recorded since, and once an hour at everything that waits, so that nothing stays behind a fault, a tariff that came
late or a restart. Each evening it also publishes what binds tomorrow's draws.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import Error as DatabaseError
from django.db import connection
from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from ...engine.lifecycle.declaration import State
from ...packs.pack import Pack
from ..kit import clock
from ..kit.act import Busy
from ..record.models import Event
from ..reference.reads import site_pack
from . import automatic, consignments
from .models import AssessmentRow, Declaration

LOG = logging.getLogger("thongquan.following")

LOOK_SECONDS, SWEEP_SECONDS = 1.0, 3600.0

HINDSIGHT_SECONDS = 120.0
"""Ids are given at the insert and seen at the commit: an event may show this much later than ids above its own."""

MOST = 20_000
"""Declarations that a worker remembers to be done with; a forgotten one is looked at once more, and nothing follows."""

OF_LAW = ("rates:", "tariff:")
"""How the subjects of events begin by which the law's figures change: entered rates, published editions."""

WAITING = (State.LODGED, State.REGISTERED, State.SELECTED, State.RELEASED)


class Follower:
    """What one worker remembers between its looks."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.done: dict[str, int] = {}
        """number → how many events it had when the machine had nothing more to do."""
        self._reached: deque[tuple[float, int]] = deque()

    def look(self) -> int:
        """Go on with what has new events; how many moved."""
        newest = Event.objects.aggregate(top=Max("pk"))["top"] or 0
        now = time.monotonic()
        while len(self._reached) > 1 and self._reached[1][0] < now - HINDSIGHT_SECONDS:
            self._reached.popleft()
        above = self._reached[0][1] if self._reached else newest
        self._reached.append((now, newest))
        subjects = dict(Event.objects.filter(pk__gt=above).values_list("subject").annotate(n=Max("n")))
        law = {subject: n for subject, n in subjects.items() if subject.startswith(OF_LAW)}
        fresh = [subject for subject, n in law.items() if self.done.get(subject, 0) < n]
        moved = self._go_on(
            number for number, n in subjects.items() if number not in law and self._is_new(number, n)
        )
        if fresh:
            # What waited for a rate may go on now: that is said by no event of its own.
            moved += self.unblock()
            self.done.update((subject, law[subject]) for subject in fresh)
        return moved

    def _is_new(self, number: str, n: int) -> bool:
        return self.done.get(number, 0) < n

    def unblock(self) -> int:
        """Go on with every declaration that has no assessment yet; how many moved."""
        numbers = unassessed(self.pack).order_by("pk").values_list("number", flat=True)
        return self._go_on(list(numbers))

    def sweep(self) -> int:
        """Go on with everything that waits, whatever happened to it; how many moved."""
        waiting = Declaration.objects.filter(pack=self.pack.code, state__in=WAITING, version__gt=0)
        return self._go_on(waiting.order_by("pk").values_list("number", flat=True).iterator(chunk_size=500))

    def _go_on(self, numbers: Iterable[str]) -> int:
        moved = 0
        for number in numbers:
            try:
                moved += self._one(number)
            except Busy:
                continue  # its events are looked at again in a second
            except DatabaseError:
                raise
            except Exception:
                # One declaration that fails by a fault of ours must not hold up all the others.
                LOG.exception("the machine could not go on", extra={"reference": number})
                self.done[number] = 1_000_000
        return moved

    def _one(self, number: str) -> bool:
        row = Declaration.objects.filter(number=number, pack=self.pack.code, state__in=WAITING).first()
        if row is None:
            return False
        answers = automatic.proceed(number, self.pack)
        if len(self.done) >= MOST:
            self.done.clear()
        self.done[number] = row.events + sum(answer.done for answer in answers)
        return any(answer.done for answer in answers)


def unassessed(pack: Pack, *, since: datetime | None = None) -> QuerySet[Declaration]:
    """Registered declarations whose current version has no assessment: a rate, or a fact, is missing.

    since: only those that were registered before this instant; a moment after registering everybody has none.
    """
    rows = AssessmentRow.objects.filter(declaration=OuterRef("pk"))
    never = Q(state=State.REGISTERED, assessed_minor__isnull=True)
    amended = Q(state__in=(State.SELECTED, State.RELEASED)) & Exists(rows)
    amended &= ~Exists(rows.filter(version=OuterRef("version")))
    found = Declaration.objects.filter(never | amended, pack=pack.code)
    return found.filter(registered_at__lt=since) if since is not None else found


def run_follower(stop: threading.Event) -> None:
    """Look and sweep until told to stop. A database that is away for a while is tried again."""
    follower = Follower(site_pack())
    swept = -SWEEP_SECONDS
    while not stop.is_set():
        try:
            now = time.monotonic()
            if now - swept >= SWEEP_SECONDS:
                follower.done.clear()
                promise_tomorrow(follower.pack)
                follower.sweep()
                swept = now
            follower.look()
        except DatabaseError as error:
            LOG.warning("the database is away: %s", type(error).__name__)
            connection.close()
        stop.wait(LOOK_SECONDS)


def promise_tomorrow(pack: Pack) -> None:
    """Publish today's and tomorrow's commitments, each once: before a day begins, nobody can choose its secret."""
    today = pack.legal_day(clock.now())
    for day in (today, today + timedelta(days=1)):
        consignments.commit(day)
