"""Criteria as rows, and the selection that they and the random share make.

No rule's name or weight is ever shown to a declarant; officers see the reasons, internal control all of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..dated import Period
from ..findings import LegalRef
from ..money import PPM
from .channels import Channel

RANDOM_SHARE = "RANDOM_SHARE"
"""Reason of what the draw alone selects."""
SCORE = "SCORE"
"""Reason of what no single criterion selects, but their weights together."""
FORMER_CHANNEL = "FORMER_CHANNEL"
"""Reason of what an earlier selection of the same consignment had reached: a channel is never lowered."""


@dataclass(frozen=True, slots=True)
class RiskLine:
    """What criteria ask of one goods item. documents: codes, in any order."""

    commodity_code: str = ""
    origin: str = ""
    procedure: str = ""
    documents: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RiskFacts:
    """What criteria ask of a declaration; header documents count for every line. trader_class: one class, or several
    with blanks between them where a country rates a trader by more than one scheme."""

    lines: tuple[RiskLine, ...]
    trader_class: str = ""
    documents: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One criterion: all that it names must hold on one line; what it leaves empty asks nothing.

    id: unique in the set. commodity_prefix: first digits of the code. document: present on the line or the header.
    trader_class: of the declaration. channel: at least this one. reason: a code with words. weight: what it adds
    to the score, once however many lines it meets; rules that only weigh name GREEN. period, law: its days and who
    set it (`dated.as_of` chooses the rules of a day).
    """

    id: str
    channel: Channel
    reason: str
    period: Period
    law: LegalRef
    commodity_prefix: str = ""
    origin: str = ""
    procedure: str = ""
    document: str = ""
    trader_class: str = ""
    weight: int = 0

    def meets(self, line: RiskLine, facts: RiskFacts) -> bool:
        return (
            line.commodity_code.startswith(self.commodity_prefix)
            and self.origin in ("", line.origin)
            and self.procedure in ("", line.procedure)
            and (not self.trader_class or self.trader_class in facts.trader_class.split())
            and (not self.document or self.document in line.documents or self.document in facts.documents)
        )


@dataclass(frozen=True, slots=True, order=True)
class Threshold:
    """From this score on, at least this channel."""

    score: int
    channel: Channel


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a channel. rule: id of the criterion, "" for the draw, the score and a former channel. at: the first line."""

    code: str
    channel: Channel
    rule: str = ""
    weight: int = 0
    at: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """The result, with all that recomputes it. reasons: every one, the strictest channel first, then by rule.

    u_ppm: the draw of the consignment, 0 ≤ u < 1,000,000. share_ppm: it is selected when u < share.
    rules_hash: SHA-256 over the rules and thresholds that were asked.
    """

    channel: Channel
    reasons: tuple[Reason, ...]
    score: int
    rules_hash: str
    u_ppm: int
    share_ppm: int


def select(
    facts: RiskFacts,
    rules: Sequence[Rule],
    share_ppm: int,
    u_ppm: int,
    *,
    thresholds: Sequence[Threshold] = (),
    random_channel: Channel = Channel.RED,
    former: Channel | None = None,
) -> Selection:
    """The channel of a declaration: the strictest that any reason asks for, green when none does.

    rules: those of the legal day. former: the channel that the same consignment already had (an earlier version, or
    a cancelled red declaration whose mark stands). ValueError for a share or a draw outside its range, and for two
    rules of one id: the selection could not be explained.
    """
    if not 0 <= share_ppm <= PPM or not 0 <= u_ppm < PPM:
        raise ValueError(f"share {share_ppm} and draw {u_ppm} are parts per million")
    if len({rule.id for rule in rules}) != len(rules):
        raise ValueError("two rules have one id")
    reasons = [reason for rule in rules if (reason := _reason(rule, facts)) is not None]
    score = sum(reason.weight for reason in reasons)
    reached = [threshold.channel for threshold in thresholds if score >= threshold.score]
    if reached and max(reached) > Channel.GREEN:
        reasons.append(Reason(SCORE, max(reached), weight=score))
    if u_ppm < share_ppm:
        reasons.append(Reason(RANDOM_SHARE, random_channel))
    if former is not None and former > Channel.GREEN:
        reasons.append(Reason(FORMER_CHANNEL, former))
    return Selection(
        channel=max((reason.channel for reason in reasons), default=Channel.GREEN),
        reasons=tuple(sorted(reasons, key=lambda reason: (-reason.channel, reason.code, reason.rule))),
        score=score,
        rules_hash=rules_hash(rules, thresholds),
        u_ppm=u_ppm,
        share_ppm=share_ppm,
    )


def rules_hash(rules: Iterable[Rule], thresholds: Iterable[Threshold] = ()) -> str:
    """SHA-256 (hexadecimal) of rules and thresholds, whatever their order."""
    rows: list[list[str | int]] = sorted(
        [
            rule.id,
            rule.channel.name,
            rule.reason,
            rule.period.first_day.isoformat(),
            rule.period.last_day.isoformat() if rule.period.last_day else "",
            str(rule.law),
            rule.commodity_prefix,
            rule.origin,
            rule.procedure,
            rule.document,
            rule.trader_class,
            rule.weight,
        ]
        for rule in rules
    )
    steps = [[threshold.score, threshold.channel.name] for threshold in sorted(thresholds)]
    text = json.dumps([rows, steps], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _reason(rule: Rule, facts: RiskFacts) -> Reason | None:
    for number, line in enumerate(facts.lines, start=1):
        if rule.meets(line, facts):
            return Reason(rule.reason, rule.channel, rule.id, rule.weight, f"goods_items[{number}]")
    return None
