"""What is levied, in which order, on which base; and what is chosen for one line. Values only.

Charge and Line are msgspec Structs because a lodgement makes a dozen of them: a frozen dataclass costs ten times as
much to make. They hold values only and so no cycle (gc=False).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import msgspec

from ..findings import LegalRef
from ..money import Carry, Rounding
from ..tariff.measures import Duty

CUSTOMS_VALUE: Final = "customs_value"
"""Name of the base amount that every tax order starts from."""

STATISTICAL_VALUE: Final = "statistical_value"
"""Name of the base amount for the trade statistics; no tax is levied on it unless a pack says so."""


@dataclass(frozen=True, slots=True)
class Tax:
    """One tax of a country, in levying order in its pack.

    base: names whose amounts are summed to the tax base: CUSTOMS_VALUE, other base amounts of a line
    ("vat_adjustment"), and codes of taxes levied before. rounding: to the minor unit, or to `step_minor` of them.
    carry: what later bases take of this tax. law: the article that sets the base.
    """

    code: str
    base: tuple[str, ...]
    law: LegalRef
    rounding: Rounding = Rounding.HALF_UP
    carry: Carry = Carry.ROUNDED
    step_minor: int = 1


class Charge(msgspec.Struct, frozen=True, gc=False):
    """The duty that was chosen for one tax on one line, and why. A tax without a charge is not due on the line;
    an unknown rate is a finding of whoever chooses, and never a charge of zero.

    deduct_minor: what the law takes off the assessed amount before it is owed (exemption, reduction, small producer's
    relief): later bases take the amount after it. credit_minor: what was paid before and is set off (excise paid at
    import): the tax is still owed, so later bases take the amount before it. Neither makes the payable amount
    negative: an assessment refunds nothing, a refund is an act of its own.
    note: a word key about the source ("RATE_FROM_NOTICE"), shown with the amount. verified: as the measure's.
    """

    tax: str
    duty: Duty
    law: LegalRef
    deduct_minor: int = 0
    preference: str = ""
    quota_order_id: str = ""
    note: str = ""
    verified: bool = True
    credit_minor: int = 0


class Line(msgspec.Struct, frozen=True, gc=False):
    """What the formulas need of one goods item.

    bases: name → minor units (CUSTOMS_VALUE always). quantities: unit code → millionths, in the units that the
    charges' duties name (already converted; a Fraction where the conversion leaves no whole number).
    charges: several for one tax are levied side by side on the same base, each rounded by itself (two safeguard
    duties on one line).
    pending: names, of taxes that are due but whose charge could not be chosen, and of base amounts that could not be
    computed; whoever makes the line holds the finding. What rests on one is pending too, never zero.
    at: the line's place, "goods_items[2]", which starts the place of every finding.
    """

    bases: Mapping[str, int]
    charges: tuple[Charge, ...]
    quantities: Mapping[str, int | Fraction] = {}
    pending: tuple[str, ...] = ()
    at: str = ""


def check_order(taxes: Sequence[Tax]) -> None:
    """ValueError when no levying order is possible as written: a code twice, a tax on itself or on a later one."""
    codes = [tax.code for tax in taxes]
    for position, tax in enumerate(taxes):
        if tax.code in codes[:position]:
            raise ValueError(f"{tax.code} is levied twice")
        if not tax.base:
            raise ValueError(f"{tax.code} has no base")
        late = set(tax.base) & set(codes[position:])
        if late:
            raise ValueError(
                f"{tax.code} is levied on {', '.join(sorted(late))}, which is not levied before it"
            )
        if tax.step_minor < 1:
            raise ValueError(f"{tax.code} is rounded to {tax.step_minor} minor units")
