"""The assessment of one declaration, as it is stored, hashed and compared with the one before an amendment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

import msgspec

from ..findings import Finding, in_order
from .exchange import DayRates
from .scalar import LineAssessment, TaxTotal, assess_lines, totals
from .taxes import Line, Tax
from .valuation import Valuation


class Assessment(msgspec.Struct, frozen=True):
    """What a declaration owes, under which law, and why.

    lines: in the declaration's order. totals: per tax in levying order, of the taxes that a line owes.
    findings: of whoever valued the goods and chose the charges, and of the formulas, in stable order.
    edition: hash of the tariff edition. pack, pack_version: whose rules. day: whose law applies.
    """

    lines: tuple[LineAssessment, ...]
    totals: tuple[TaxTotal, ...]
    findings: tuple[Finding, ...]
    valuation: Valuation | None
    day: str
    currency: str
    decimals: int
    edition: str
    pack: str
    pack_version: str

    @property
    def pending(self) -> tuple[str, ...]:
        """Taxes that cannot be computed in full yet, in levying order."""
        return tuple(total.tax for total in self.totals if total.pending)

    @property
    def is_provisional(self) -> bool:
        """Whether an amount rests on a provisional price, or is pending."""
        return bool(self.pending) or (self.valuation is not None and self.valuation.is_provisional)

    @property
    def is_verified(self) -> bool:
        """Whether every rate was checked against its act, and every rate of exchange against what was published."""
        rates = self.lines[0].rates.rates if self.lines else {}
        assumed = {currency for currency, rate in rates.items() if not rate.verified}
        if assumed:
            valued = self.valuation.lines if self.valuation else ()
            used = {part.currency for line in valued for part in line.parts}
            used.update(*(charge.duty.currencies for line in self.lines for charge in line.line.charges))
            if used & assumed:
                return False
        return all(
            amount.charge is None or amount.charge.verified for line in self.lines for amount in line.amounts
        )

    def payable_minor(self, tax: str) -> int | None:
        """What is payable of one tax: 0 when no line owes it, None while a line's amount is pending."""
        for total in self.totals:
            if total.tax == tax:
                return None if total.pending else total.payable_minor
        return 0

    def total_minor(self) -> int | None:
        """What is payable in all, None while an amount is pending."""
        return None if self.pending else sum(total.payable_minor for total in self.totals)

    def to_dict(self) -> dict[str, Any]:
        """Everything in plain values, with the trace of every amount: what is stored. Two equal assessments give equal
        dictionaries in equal order, so their JSON bytes are equal too."""
        return {
            "day": self.day,
            "currency": self.currency,
            "decimals": self.decimals,
            "edition": self.edition,
            "pack": self.pack,
            "pack_version": self.pack_version,
            "provisional": self.is_provisional,
            "verified": self.is_verified,
            "totals": [msgspec.to_builtins(total) for total in self.totals],
            "lines": [[trace.to_dict() for trace in line.trace()] for line in self.lines],
            "valuation": self.valuation.to_dict() if self.valuation else None,
            "findings": [finding_dict(finding) for finding in self.findings],
        }

    def hash(self) -> str:
        """SHA-256 over the JSON of `to_dict`, keys sorted."""
        return sha256(msgspec.json.encode(self.to_dict(), order="sorted")).hexdigest()


def finding_dict(finding: Finding) -> dict[str, Any]:
    """A finding in plain values; what is empty is left out."""
    shown: dict[str, Any] = {"code": finding.code, "severity": finding.severity.value}
    if finding.at:
        shown["at"] = finding.at
    if finding.says:
        shown["says"] = dict(sorted(finding.says.items()))
    if finding.law:
        shown["law"] = str(finding.law)
    if finding.pointer:
        shown["pointer"] = finding.pointer
    return shown


def assess_declaration(
    lines: Sequence[Line],
    taxes: Sequence[Tax],
    rates: DayRates,
    *,
    edition: str,
    pack: str,
    pack_version: str,
    valuation: Valuation | None = None,
    findings: Iterable[Finding] = (),
) -> Assessment:
    """Every tax of every line, with totals.

    lines: made by `LineValuation.line(charges, …)`, one for each goods item in its order. valuation: where their
    values come from. findings: of whoever chose the charges; the valuation's and the formulas' own are added.
    """
    if valuation is not None and len(valuation.lines) != len(lines):
        raise ValueError(f"{len(lines)} lines, but {len(valuation.lines)} were valued")
    assessed = tuple(assess_lines(lines, taxes, rates))
    found = [*(valuation.findings if valuation else ()), *findings]
    for line in assessed:
        found.extend(line.findings)
    return Assessment(
        assessed,
        totals(assessed, taxes),
        in_order(found),
        valuation,
        rates.day.isoformat(),
        rates.currency,
        rates.decimals,
        edition,
        pack,
        pack_version,
    )


class TaxDifference(msgspec.Struct, frozen=True):
    """What an amendment changes of one tax: only this is posted, on the day of its own decision.

    before, after: payable. difference: after less before; None while either is pending.
    """

    tax: str
    before_minor: int | None
    after_minor: int | None
    difference_minor: int | None


def difference(before: Assessment, after: Assessment) -> tuple[TaxDifference, ...]:
    """Per tax, in levying order of `after` and then what only `before` owed; taxes that do not change are there with 0.

    ValueError when the two are in different currencies. Both are by the law of the original day: an amendment's
    assessment is made with that day's tariff and rates (`day`, `edition` say so).
    """
    if (before.currency, before.decimals) != (after.currency, after.decimals):
        raise ValueError(f"{before.currency} and {after.currency} cannot be compared")
    codes = dict.fromkeys([*(total.tax for total in after.totals), *(total.tax for total in before.totals)])
    found = []
    for tax in codes:
        old, new = before.payable_minor(tax), after.payable_minor(tax)
        found.append(TaxDifference(tax, old, new, None if old is None or new is None else new - old))
    return tuple(found)
