"""What is levied, in which order, on which base; and what is chosen for one line. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..findings import LegalRef
from ..money import Carry, Rounding
from ..tariff.measures import Duty

CUSTOMS_VALUE = "customs_value"
"""Name of the base amount that every tax order starts from."""


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


@dataclass(frozen=True, slots=True)
class Charge:
    """The duty that was chosen for one tax on one line, and why. A tax without a charge is not due on the line;
    an unknown rate is a finding of whoever chooses, and never a charge of zero.

    deduct_minor: what the law takes off the assessed amount (relief, tax paid before); payable is not negative.
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


@dataclass(frozen=True, slots=True)
class Line:
    """What the formulas need of one goods item.

    bases: name → minor units (CUSTOMS_VALUE always). quantities: unit code → millionths, in the units that the
    charges' duties name (already converted). charges: several for one tax are levied side by side on the same base,
    each rounded by itself (two safeguard duties on one line).
    """

    bases: Mapping[str, int]
    charges: tuple[Charge, ...]
    quantities: Mapping[str, int] = field(default_factory=dict)
