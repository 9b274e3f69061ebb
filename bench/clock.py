"""Processor time, measured so that rivals meet the same weather: one after the other, several rounds, medians."""

from __future__ import annotations

import gc
import os
import platform
from collections.abc import Callable, Mapping
from importlib.metadata import version
from itertools import cycle, islice, permutations
from statistics import median
from time import process_time


def rounds(contenders: Mapping[str, Callable[[], object]], times: int) -> dict[str, float]:
    """Median processor seconds (user and system, so that memory that is asked for counts) of each contender.

    In each round everybody runs once. The order changes with every round, because who follows Decimal finds cold
    caches; the first round only warms up. What was loaded before is taken out of the garbage collector's sight, as a
    server does after it has started.
    """
    gc.collect()
    gc.freeze()
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    orders = islice(cycle(permutations(contenders)), times + 1)
    for number, order in enumerate(orders):
        for name in order:
            start = process_time()
            answer = contenders[name]()
            seconds = process_time() - start
            del answer
            if number:
                taken[name].append(seconds)
    gc.unfreeze()
    return {name: median(seconds) for name, seconds in taken.items()}


def each(contenders: Mapping[str, Callable[[], object]], times: int, calls: int) -> dict[str, float]:
    """Median processor seconds of one call of something short, over `times` rounds of `calls` calls."""

    def repeat(run: Callable[[], object]) -> Callable[[], object]:
        def repeated() -> None:
            for _ in range(calls):
                run()

        return repeated

    measured = rounds({name: repeat(run) for name, run in contenders.items()}, times)
    return {name: seconds / calls for name, seconds in measured.items()}


def weather() -> str:
    """What the figures below depend on."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"Python {platform.python_version()}, NumPy {version('numpy')}, Polars {version('polars')}, "
        f"{os.cpu_count()} cores of {platform.machine()}{load}"
    )
