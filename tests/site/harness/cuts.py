"""T3: the network between client and server, and between server and PostgreSQL, fails in every way that it can.

A proxy stands on each line. It lets most through, and now and then cuts before or after delivery, tears a message in
two, delays it, or goes silent with the line half open. A commit that is delivered and whose answer is lost is the one
fault of which neither side can know what happened; it is made on purpose.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from .fleet import STUCK_SECONDS, Fleet
from .house import House
from .judging import Verdict, judge
from .killable import free_port, patience

FAULTS = ("before", "after", "torn", "delay", "half_open")
SILENT_SECONDS = 1.0
"""How long a half-open line stays silent before the network's own timers end it."""


class Proxy:
    """One line's proxy. share: how much of what the client's side sends is hit. cuts: what was done, by kind."""

    def __init__(self, to: int, share: float, seed: str) -> None:
        self.port, self.to, self.share = free_port(), to, share
        self.chance = random.Random(seed)
        self.cuts: Counter[str] = Counter()
        self.up = threading.Event()

    async def serve(self) -> None:
        async with await asyncio.start_server(self._line, "127.0.0.1", self.port):
            self.up.set()
            await asyncio.Event().wait()

    async def _line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there: asyncio.StreamWriter | None = None
        back: asyncio.Task[None] | None = None
        with suppress(OSError, asyncio.IncompleteReadError):
            answers, there = await asyncio.open_connection("127.0.0.1", self.to)
            back = asyncio.create_task(self._pump(answers, writer))
            while data := await reader.read(65_536):
                if not await self._passed(data, there, back):
                    break
        if back is not None:
            back.cancel()
        for end in (writer, there):
            if end is not None:
                end.transport.abort()

    async def _passed(self, data: bytes, there: asyncio.StreamWriter, back: asyncio.Task[None]) -> bool:
        """Deliver, or fail to. False: the line is gone."""
        fault = self._fault(data)
        if fault is None:
            there.write(data)
            await there.drain()
            return True
        self.cuts[fault] += 1
        if fault == "delay":
            await asyncio.sleep(self.chance.uniform(0.01, 0.15))
            there.write(data)
            return True
        if fault in ("after", "half_open", "commit_unanswered"):
            # Delivered; but nobody ever hears of it.
            back.cancel()
            there.write(data)
            await there.drain()
            await asyncio.sleep(SILENT_SECONDS if fault == "half_open" else 0.05)
        if fault == "torn":
            there.write(data[: len(data) // 2])
            await there.drain()
        return False

    def _fault(self, data: bytes) -> str | None:
        if data.startswith(b"Q") and b"COMMIT" in data and self.chance.random() < 4 * self.share:
            return self.chance.choice(("commit_unanswered", "before"))
        return self.chance.choice(FAULTS) if self.chance.random() < self.share else None

    @staticmethod
    async def _pump(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                to.write(data)
                await to.drain()
            to.transport.abort()


@contextmanager
def running(*proxies: Proxy) -> Iterator[None]:
    ended: list[Callable[[], object]] = []

    async def until_told() -> None:
        loop, told = asyncio.get_running_loop(), asyncio.Event()
        ended.append(lambda: loop.call_soon_threadsafe(told.set))
        serving = [asyncio.create_task(proxy.serve()) for proxy in proxies]
        await told.wait()
        for task in serving:
            task.cancel()

    thread = threading.Thread(target=lambda: asyncio.run(until_told()))
    thread.start()
    try:
        for proxy in proxies:
            assert proxy.up.wait(10)
        yield
    finally:
        ended[0]()
        thread.join()


def run(
    house: House, *, lodgements: int, cuts: int, seed: int, bug: str = ""
) -> tuple[Verdict, Counter[str]]:
    """Lodge over bad lines until all is answered. The shares are such that at least `cuts` faults come about."""
    file = house.place / f"notes-{seed}-{bug}"
    requests = lodgements * 2
    before = Proxy(0, min(0.4, 0.9 * cuts / requests), f"{seed}/client")
    proxies = [before]
    behind = None
    if house.cluster is not None:
        # A request is some thirty messages to the database.
        behind = Proxy(house.cluster.port, min(0.05, cuts / requests / 20), f"{seed}/database")
        proxies.append(behind)
    with running(*proxies), house.day(bug, behind.port if behind else None):
        before.to = house.counter.port
        house.counter.rise(wait=behind is None)
        began = time.monotonic()
        while not house.counter.answers() and time.monotonic() - began < patience(STUCK_SECONDS):
            time.sleep(0.05)
        fleet = Fleet(before.port, lodgements, seed, file)
        fleet.start()
        fleet.wait(patience(STUCK_SECONDS + 60 + lodgements / 10))
        done: Counter[str] = Counter()
        for proxy, line in zip(proxies, ("client", "database"), strict=False):
            done.update({f"{line} {kind}": count for kind, count in proxy.cuts.items()})
        return judge(fleet, file), done
