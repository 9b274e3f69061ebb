"""Places inside a command where tests plant a crash, a delay or a kill.

`reach("after_journal")` costs one comparison in life. A harness passes a function to `planted`, which is called with
the name of every point reached and may sleep, raise, or end the process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

POINTS = (
    "after_key",
    "after_lock",
    "after_rows",
    "after_journal",
    "after_event",
    "after_outbox",
    "after_answer",
)
"""In the order of a command; each command reaches those that it has a step for."""

_planted: Callable[[str], None] | None = None


def reach(point: str) -> None:
    if _planted is not None:
        _planted(point)


@contextmanager
def planted(fault: Callable[[str], None]) -> Iterator[None]:
    """Call `fault` at every point until the block ends. One at a time, for the whole process."""
    global _planted
    before, _planted = _planted, fault
    try:
        yield
    finally:
        _planted = before
