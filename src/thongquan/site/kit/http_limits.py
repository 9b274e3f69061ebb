"""How often somebody may ask: a bucket of requests that fills as time goes by, for each client and each address.

Counted in this process alone, so several processes let through several times as much: it keeps a machine that runs
wild, or somebody who guesses keys, from the others; it is no accounting.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from math import ceil

KEPT = 10_000
"""Buckets that are remembered; the one that was asked longest ago is forgotten first."""


class Limit:
    """`most` requests at once, and as many again each minute; 0 for no limit."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_of(self, who: str, cost: int = 1) -> int:
        """0 when the request may go on, else the whole seconds after which it may."""
        if not self._most:
            return 0
        now = self._clock()
        with self._lock:
            left, asked = self._left.pop(who, (float(self._most), now))
            left = min(self._most, left + (now - asked) * self._most / 60)
            allowed = left >= cost
            self._left[who] = (left - cost if allowed else left, now)
            while len(self._left) > KEPT:
                self._left.popitem(last=False)
        return 0 if allowed else ceil((cost - left) * 60 / self._most)
