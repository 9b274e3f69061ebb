"""Masses in one measure, so that kilograms and tonnes can be compared exactly."""

from __future__ import annotations

from typing import Final

from ..declaration import Quantity

MICROGRAMS: Final = {"MGM": 10**3, "GRM": 10**6, "KGM": 10**9, "TNE": 10**12}
"""UN/ECE Recommendation 20 code of a mass → micrograms of one unit."""


def mass_micrograms(mass: Quantity | None) -> int | None:
    """A mass in millionths of a microgram; None where there is none or its unit is not a known mass.

    A mass without a unit is in kilograms: the WCO Data Model declares masses in kilograms unless it says otherwise.
    """
    if mass is None:
        return None
    factor = MICROGRAMS.get(mass.unit or "KGM")
    return None if factor is None else mass.millionths * factor
