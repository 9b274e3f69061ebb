"""Numbered rules on a declaration: one rule, one function, one source.

`run(declaration, context)` gives all findings of the general rules in a stable order; a country passes
`(*RULES, *its own)`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ..declaration import Declaration
from ..findings import Finding
from . import codes, goods, header, sums, transport
from .rule import Commodities, Context, Data, Fault, Rule, Values, listed, rule
from .rule import run as _run

__all__ = [
    "RULES",
    "Commodities",
    "Context",
    "Data",
    "Fault",
    "Rule",
    "Values",
    "listed",
    "rule",
    "run",
]

RULES: Final[tuple[Rule, ...]] = (
    *header.RULES,
    *goods.RULES,
    *sums.RULES,
    *codes.RULES,
    *transport.RULES,
)
"""The general rules, by number."""


def run(declaration: Declaration, context: Context, rules: Iterable[Rule] = RULES) -> tuple[Finding, ...]:
    """All findings on a whole declaration (not on an amendment or other follow-up), by place, then code.

    The same declaration, context and rules give the same findings. Cost: one pass over the lines for each rule.
    """
    return _run(declaration, context, rules)
