"""Taxes that the law lifts by looking at the whole declaration: its value, its duty, who it is for and how often.

A relief of one line by its procedure is known before any sum is done (Pack.reliefs_of). These are known only after the
first sum: whether a consignment is below a threshold depends on what it would owe. The country decides
(Pack.exemptions_of); here stand the words for its decision, and the sum that carries it out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

import msgspec

from ..engine.assessment.exchange import DayRates
from ..engine.assessment.scalar import LineAssessment, assess_line
from ..engine.assessment.taxes import CUSTOMS_VALUE, Line, Tax
from ..engine.findings import Finding, LegalRef
from ..engine.money import decimal_text


@dataclass(frozen=True, slots=True)
class Granted:
    """One line of a list of goods that may come in free of duty, and how much of it is used.

    commodity: the code that it is for, or its beginning. unit: of both quantities, in millionths. used: by all
    declarations before this one.
    """

    commodity: str
    unit: str
    granted_millionths: int
    used_millionths: int = 0
    first_day: date = date.min
    last_day: date | None = None

    @property
    def left_millionths(self) -> int:
        return self.granted_millionths - self.used_millionths


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What the past says of the person or firm a declaration is for, this declaration not counted. None: not known.

    gifts_in_year: consignments of gifts that were exempt in the calendar year. trips_in_month: exempt trips of a
    border resident in the calendar month. border_value_today_minor: exempt value of the same day. lists: number and
    line of a list of exempt goods ("100000000123/2") → what is granted and used.
    """

    gifts_in_year: int | None = None
    trips_in_month: int | None = None
    border_value_today_minor: int | None = None
    lists: Mapping[str, Granted] | None = None


NOTHING_KNOWN = PersonFacts()


@dataclass(frozen=True, slots=True)
class Relief:
    """One tax of one line lifted: wholly, or on a share of the goods. verified: as the row's."""

    law: LegalRef
    share: Fraction = Fraction(1)
    verified: bool = True


@dataclass(frozen=True, slots=True)
class Exempted:
    """What a country lifts of a declaration. lines: for each goods item in order, tax → its relief. takes: line of a
    list of exempt goods → how much of it the declaration uses, in millionths of its unit. uses: field of PersonFacts
    that counts (gifts_in_year, trips_in_month) → the value that was exempt once more, in minor units."""

    lines: tuple[Mapping[str, Relief], ...]
    findings: tuple[Finding, ...] = ()
    takes: Mapping[str, int] = field(default_factory=dict)
    uses: Mapping[str, int] = field(default_factory=dict)


NOTHING_EXEMPT = Exempted(())


def exempt(line: Line, taxes: Sequence[Tax], rates: DayRates, reliefs: Mapping[str, Relief]) -> Line:
    """The line with each lifted tax taken off, in levying order, so that later bases hold only what is really owed
    (for Vietnam 108/2015/NĐ-CP art. 4(2)).

    Where only a share of the goods is exempt, what remains is the tax on the rest of them by itself: its value is the
    whole less the exempt part, cut to whole minor units, and its quantities are in the same proportion.
    """
    rests = {
        share: assess_line(_rest(line, share), taxes, rates)
        for share in {relief.share for relief in reliefs.values()}
        if share < 1
    }
    for tax in taxes:
        relief = reliefs.get(tax.code)
        if relief is None:
            continue
        now = assess_line(line, taxes, rates)
        left = _payable(rests[relief.share], tax.code) if relief.share < 1 else None
        line = _lifted(line, now, tax.code, left, relief.verified)
    return line


def _rest(line: Line, share: Fraction) -> Line:
    """The part of the goods that is not exempt."""
    value = line.bases.get(CUSTOMS_VALUE, 0)
    bases = {**line.bases, CUSTOMS_VALUE: value - int(value * share)}
    if CUSTOMS_VALUE in line.pending:
        bases.pop(CUSTOMS_VALUE)
    quantities = {unit: Fraction(amount) * (1 - share) for unit, amount in line.quantities.items()}
    return msgspec.structs.replace(line, bases=bases, quantities=quantities)


def _payable(assessed: LineAssessment, tax: str) -> list[int | None]:
    return [one.payable_minor for one in assessed.amounts if one.tax == tax and one.charge is not None]


def _lifted(
    line: Line, now: LineAssessment, tax: str, left: Sequence[int | None] | None, verified: bool
) -> Line:
    """The line with the charges of one tax lowered to what is left of each, None for nothing."""
    amounts = [one for one in now.amounts if one.tax == tax and one.charge is not None]
    deduct: dict[int, int] = {}
    for place, amount in enumerate(amounts):
        rest = 0 if left is None else left[place]
        if amount.assessed_minor is not None and rest is not None:
            deduct[id(amount.charge)] = max(amount.assessed_minor - rest, 0)
    charges = tuple(
        msgspec.structs.replace(
            charge,
            deduct_minor=max(charge.deduct_minor, deduct[id(charge)]),
            verified=charge.verified and verified,
        )
        if id(charge) in deduct
        else charge
        for charge in line.charges
    )
    return msgspec.structs.replace(line, charges=charges)


def written_off(granted: Granted, millionths: int, line: str) -> Granted | Finding:
    """The line of a list after a declaration took a quantity off it; a negative one gives back what was cancelled.

    line: its number, for the finding. EXEMPT_LIST_EXHAUSTED where more is taken than is left, EXEMPT_LIST_RETURNED
    where more comes back than was taken: the balance is never below nothing and never above what was granted.
    """
    used = granted.used_millionths + millionths
    if used > granted.granted_millionths:
        says = {
            "line": line,
            "asked": decimal_text(millionths),
            "left": decimal_text(granted.left_millionths),
            "unit": granted.unit,
        }
        return Finding("EXEMPT_LIST_EXHAUSTED", says=says)
    if used < 0:
        says = {
            "line": line,
            "returned": decimal_text(-millionths),
            "used": decimal_text(granted.used_millionths),
            "unit": granted.unit,
        }
        return Finding("EXEMPT_LIST_RETURNED", says=says)
    return replace(granted, used_millionths=used)
