"""What is wrong with a declaration (findings), why a step is not open (refusals), and the law behind both.

The engine gives codes, places and facts. Sentences, in the reader's language and with the remedy, live in
`thongquan.words`; the code is their key.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


class Severity(enum.Enum):
    """What a finding does. ERROR rejects the declaration, WARNING lets it pass and is shown, NOTE only informs."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, order=True)
class LegalRef:
    """The source of a rule: an act (its official number) and the place in it ("art. 12(1)")."""

    act: str
    at: str = ""

    def __str__(self) -> str:
        return f"{self.act}, {self.at}" if self.at else self.act


_INDEX = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with, or noteworthy about, a declaration or a file.

    code: UPPER_SNAKE, key of the sentence. at: the place in the reader's own terms, "goods_items[2].commodity_code"
    (lists count from 1 as people and messages do), "sheet Hàng!C14", "line 7". says: the facts that the sentence
    quotes, all as text. law: why. pointer: the place in a WCO message ("42A/67A/68A[1]/23A:145") where one is known.
    """

    code: str
    at: str = ""
    says: Mapping[str, str] = field(default_factory=dict)
    law: LegalRef | None = None
    severity: Severity = Severity.ERROR
    pointer: str = ""

    def sort_key(self) -> tuple[str, str, str]:
        """By place (numbers in it by size), then code, then facts: two runs answer alike."""
        place = _INDEX.sub(lambda digits: digits[0].zfill(9), self.at)
        return place, self.code, repr(sorted(self.says.items()))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A step that is not open: every reason, in stable order. Nothing has changed.

    act: the step asked for. reasons: at least one finding.
    """

    act: str
    reasons: tuple[Finding, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(reason.code for reason in self.reasons)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings by place, then code, without repetitions."""
    unique: dict[tuple[str, str, str], Finding] = {}
    for finding in findings:
        unique.setdefault(finding.sort_key(), finding)
    return tuple(unique[key] for key in sorted(unique))


def errors(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Only the findings that reject."""
    return tuple(finding for finding in findings if finding.severity is Severity.ERROR)
