"""The sources that the general rules cite."""

from __future__ import annotations

from typing import Final

from ..findings import LegalRef

_KYOTO: Final = "Revised Kyoto Convention"
_DATA_MODEL: Final = "WCO Data Model 3.6"

CONTENTS: Final = LegalRef(_KYOTO, "General Annex, Standard 3.12")
"""A declaration holds what duties, statistics and the application of customs law need."""
ACCURACY: Final = LegalRef(_KYOTO, "General Annex, Standard 3.8")
"""The declarant answers for the accuracy of the particulars."""
DOCUMENTS: Final = LegalRef(_KYOTO, "General Annex, Standard 3.16")
"""The documents that support a declaration."""
SMALL_VALUES: Final = LegalRef(_KYOTO, "General Annex, Standard 4.13")
"""National law sets the value below which less is asked."""
SECURITY: Final = LegalRef(_KYOTO, "General Annex, Chapter 5")
ORIGIN_PROOF: Final = LegalRef(_KYOTO, "Specific Annex K, Chapter 2")
"""Documentary evidence of origin, asked where preferential duties depend on it."""
NOMENCLATURE: Final = LegalRef("Harmonized System Convention", "art. 3(1)")
"""Headings and subheadings without addition or change; national subdivisions below six digits."""
VALUATION: Final = LegalRef("WTO Valuation Agreement", "art. 1 and 8")
"""The price paid or payable, with its additions and deductions."""
PARTIES: Final = LegalRef(_DATA_MODEL, "parties: identification, or name and address")
REFERENCE: Final = LegalRef(_DATA_MODEL, "42A/D026")
TYPE: Final = LegalRef(_DATA_MODEL, "42A/D013")
ITEM_COUNT: Final = LegalRef(_DATA_MODEL, "42A/228")
OFFICES: Final = LegalRef(_DATA_MODEL, "42A/065")
PACKAGES: Final = LegalRef(_DATA_MODEL, "42A/146")
TOTAL_MASS: Final = LegalRef(_DATA_MODEL, "42A/131")
SEQUENCE: Final = LegalRef(_DATA_MODEL, "68A/006")
DESCRIPTION: Final = LegalRef(_DATA_MODEL, "23A/137")
MEASURES: Final = LegalRef(_DATA_MODEL, "65A: 126, 128, 130")
INVOICE: Final = LegalRef(_DATA_MODEL, "42A/109 and 79A/112")
CHARGES: Final = LegalRef(_DATA_MODEL, "58B: 371, 181")
PROCEDURES: Final = LegalRef(_DATA_MODEL, "70A: 166, 161")
PREVIOUS: Final = LegalRef(_DATA_MODEL, "99A")
TRANSPORT_UNITS: Final = LegalRef(_DATA_MODEL, "31B")
COUNTRIES: Final = LegalRef("ISO 3166-1")
CURRENCIES: Final = LegalRef("ISO 4217")
CONTAINERS: Final = LegalRef("ISO 6346")
UNITS: Final = LegalRef("UN/ECE Recommendation 20")
PACKAGE_TYPES: Final = LegalRef("UN/ECE Recommendation 21")
TRANSPORT_MODES: Final = LegalRef("UN/ECE Recommendation 19")
INCOTERMS: Final = LegalRef("ICC Incoterms 2020")
