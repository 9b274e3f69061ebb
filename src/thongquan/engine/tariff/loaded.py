"""What came of reading a tariff file, in whatever layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..findings import Finding
from .tariff import Edition


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a file. edition: None when the file as a whole could not be read.

    findings: in the order of the file. counts: rows, codes, rate_texts (cells that say something), measures, and
    those of each kind; and of every finding its code → how often. unread: text of a cell that became no measure →
    how many cells have it.
    """

    edition: Edition | None
    findings: tuple[Finding, ...]
    counts: Mapping[str, int]
    unread: Mapping[str, int]

    @classmethod
    def refused(cls, finding: Finding) -> Loaded:
        return cls(None, (finding,), {finding.code: 1}, {})
