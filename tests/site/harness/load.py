"""People who lodge all the time, each with keys of his own, and remember what was acknowledged to them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connections

from thongquan.site.clearance import journey
from thongquan.site.kit.act import Busy
from thongquan.site.record.receipts import receipt_of

from ..country import SYSTEM, Days, original


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What one client was told. key: of the lodgement. receipt: the signed note that came with it."""

    key: str
    number: str
    head: str
    receipt: str


@dataclass
class Load:
    """acknowledged: in the order in which the clients got to know. refused: what was refused for the time being."""

    acknowledged: list[Acknowledged] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def reach(self, count: int, seconds: float = 60) -> None:
        """Wait until so much is acknowledged."""
        end = time.monotonic() + seconds
        while len(self.acknowledged) < count:
            assert time.monotonic() < end, f"only {len(self.acknowledged)} acknowledged in {seconds} s"
            time.sleep(0.02)

    def lodge_forever(self, pack, name: str, limit: int = 10_000) -> None:
        """Lodge, register, assess: an act with a journal, so that the books move too."""
        days = Days()
        try:
            for n in range(limit):
                if self.stop.is_set():
                    return
                self._one(pack, days, f"{name}-{n}")
        finally:
            connections.close_all()

    def _one(self, pack, days: Days, key: str) -> None:
        while not self.stop.is_set():
            try:
                answer = journey.lodge(message=original(key), **days.ask("ann", pack, key))
                assert answer.done, answer.codes
                journey.accept(number=answer.number, **days.ask(SYSTEM, pack, f"{key}/accept"))
                last = journey.assess(number=answer.number, **days.ask(SYSTEM, pack, f"{key}/assess"))
            except Busy as busy:
                self.refused.append(str(busy))
                self.stop.wait(0.02)
                continue
            # The number is the clients' once this line is done: what comes later is not in any promise yet.
            self.acknowledged.append(Acknowledged(key, answer.number, last.receipt, receipt_of(answer, last)))
            return


@contextmanager
def under_load(pack, clients: int = 3) -> Iterator[Load]:
    """Clients that lodge until the block ends."""
    load = Load()
    threads = [
        threading.Thread(target=load.lodge_forever, args=(pack, f"C{client}")) for client in range(clients)
    ]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.stop.set()
        for thread in threads:
            thread.join(60)
