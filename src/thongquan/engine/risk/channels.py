"""The three channels, in the order of how much customs looks at."""

from __future__ import annotations

import enum


class Channel(enum.IntEnum):
    """The result of a selection (the act is to select). Higher means more control, so `max` is the stricter.

    Stored and shown by name; the figures are the ones that VNACCS prints.
    """

    GREEN = 1
    """Cleared on the declaration itself."""
    YELLOW = 2
    """The documents are checked."""
    RED = 3
    """The documents are checked and the goods are inspected."""
