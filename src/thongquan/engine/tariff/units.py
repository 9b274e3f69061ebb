"""Units of quantity in which tariffs express duties, and exact conversion between them.

Codes are UN/ECE Recommendation 20 where it has one (KGM, LTR, NAR, MTK); the EU's four-letter codes for a unit with a
qualifier (ASVX = % vol per hectolitre, DTNZ = 100 kg per 1 % of sucrose, KGME = kg drained); the US Census codes where
only that tariff counts so (PFL proof litre, GRL gross lines); and a plain name in the end (KGM_CONTAINER).

A unit is a product of base quantities times a fraction: 1 DTN = 100 KGM, 1 ASVX = 100 LTR × ASV. Two units with the
same bases convert into each other exactly; a qualified unit (kg *drained*) has a base of its own, because nobody may
guess a drained weight from a net one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import gcd
from typing import Final

from ..findings import Finding
from ..money import MILLIONTHS


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit: numerator/denominator × the product of its base quantities (sorted codes)."""

    code: str
    bases: tuple[str, ...]
    numerator: int = 1
    denominator: int = 1


# base quantity: unit=size, where size is a whole number or a fraction of the base. A base is a unit of size 1.
_TABLE: Final = """
KGM: GRM=1/1000 MGM=1/1000000 MC=1/1000000000 HGM=1/10 DTN=100 TNE=1000 KTN=1000000 CTM=1/5000
KGM: LBR=45359237/100000000 ONZ=45359237/1600000000 APZ=311034768/10000000000 CWA=45359237/1000000
KGM: CWI=5080234544/100000000 STN=90718474/100000 LTN=10160469088/10000000
LTR: MLT=1/1000 CLT=1/100 DLT=1/10 DMQ=1 HLT=100 MTQ=1000 CMQ=1/1000 MMQ=1/1000000
LTR: GLL=3785411784/1000000000 GLI=454609/100000 BLL=158987294928/1000000000 FTQ=28316846592/1000000000
LTR: INQ=16387064/1000000000
NAR: C62=1 H87=1 EA=1 PCE=1 HEA=1 DZN=12 CEN=100 MIL=1000 GRO=144 GGR=1728 MIO=1000000
NPR: PR=1 DPR=12 MPR=1000
MTK: CMK=1/10000 DMK=1/100 MMK=1/1000000 KMK=1000000 HAR=10000 FTK=9290304/100000000 INK=64516/100000000
MTK: YDK=83612736/100000000
MTR: MMT=1/1000 CMT=1/100 DMT=1/10 HMT=100 KMT=1000 FOT=3048/10000 YRD=9144/10000 INH=254/10000
KWH: WHR=1/1000 MWH=1000 GWH=1000000 TJO=2500000/9 GV=2500/9 3B=5/18 KJO=1/3600
ASV LTR: LPA=100 PFL=50 ASVX=100
KGM SUCROSE: DTNZ=100 KGMZ=1 TNEZ=1000
DEGREE_UNDER_100 KGM: KGM_DEGREE=1 DTN_DEGREE=100
KGME: DTNE=100 TNEE=1000
KGMG: DTNG=100 TNEG=1000
KGMM: DTNM=100 TNEM=1000
KGMP: DTNP=100
KGMR: DTNR=100 TNER=1000
KGMS: DTNS=100 TNES=1000
KGMT: DTNT=100
TNEI:
TNEJ:
DTNF:
LTRA: HLTA=100
KGMA:
KGM_CONTAINER:
KGM_CONTENTS:
KGM_CLEAN:
CKG:
JWL:
GRL:
NARB:
NCL:
CCT:
GRT:
GFI:
KMA:
KNI:
KNS:
KPH:
KPO:
KPP:
KSD:
KSH:
KUR:
SET:
WTT:
BX:
ROL:
ASV:
SUCROSE:
DEGREE_UNDER_100:
BRX:
"""


def _units() -> Iterator[Unit]:
    seen: set[str] = set()
    for line in _TABLE.strip().splitlines():
        named, _, sized = line.partition(":")
        bases = tuple(named.split())
        if len(bases) == 1 and bases[0] not in seen:
            seen.add(bases[0])
            yield Unit(bases[0], bases)
        for word in sized.split():
            code, _, size = word.partition("=")
            numerator, _, denominator = size.partition("/")
            top, bottom = int(numerator), int(denominator or 1)
            shared = gcd(top, bottom)
            yield Unit(code, bases, top // shared, bottom // shared)


UNITS: Final[Mapping[str, Unit]] = {unit.code: unit for unit in _units()}
"""Every unit the engine can convert, by code. A pack may use others: they count only as declared."""


def factor(source: str, target: str) -> tuple[int, int] | None:
    """How many `target` one `source` is, as a fraction in lowest terms; None when they do not measure the same."""
    if source == target:
        return 1, 1
    one, other = UNITS.get(source), UNITS.get(target)
    if one is None or other is None or one.bases != other.bases:
        return None
    return _reduced(one.numerator * other.denominator, one.denominator * other.numerator)


def convert(quantities: Mapping[str, int], unit: str) -> tuple[int, int] | Finding:
    """A line's quantity in `unit`, from whatever units it declares.

    quantities: unit code → millionths, as declared. Returns (numerator, denominator) in lowest terms: numerator /
    denominator millionths of `unit`, exactly; the denominator is positive. The unit itself is taken before any other;
    a product (% vol × hl) is made of its parts (ASV and LTR) when it is not declared as such.

    Findings: TARIFF_UNIT_UNKNOWN, QUANTITY_MISSING (says the units that would do), QUANTITIES_DISAGREE when two
    declared units would give different results: choosing one would be guessing.
    """
    if unit in quantities:
        return quantities[unit], 1
    wanted = UNITS.get(unit)
    if wanted is None:
        return Finding("TARIFF_UNIT_UNKNOWN", says={"unit": unit})
    whole = _declared(quantities, wanted.bases)
    if isinstance(whole, Finding):
        return whole
    if whole is None and len(wanted.bases) > 1:
        whole = _product(quantities, wanted)
        if isinstance(whole, Finding):
            return whole
    if whole is None:
        return Finding("QUANTITY_MISSING", says={"unit": unit, "instead": _instead(wanted)})
    return _reduced(whole[0] * wanted.denominator, whole[1] * wanted.numerator)


def _declared(quantities: Mapping[str, int], bases: tuple[str, ...]) -> tuple[int, int] | Finding | None:
    """The declared amount of a product of bases, in millionths of that product; None when nothing declares it."""
    found: dict[tuple[int, int], str] = {}
    for code in sorted(quantities):
        unit = UNITS.get(code)
        if unit is not None and unit.bases == bases:
            found.setdefault(_reduced(quantities[code] * unit.numerator, unit.denominator), code)
    if len(found) > 1:
        return Finding("QUANTITIES_DISAGREE", says={"units": ", ".join(sorted(found.values()))})
    return next(iter(found), None)


def _product(quantities: Mapping[str, int], wanted: Unit) -> tuple[int, int] | Finding:
    numerator, denominator = MILLIONTHS, 1
    for base in wanted.bases:
        part = _declared(quantities, (base,))
        if isinstance(part, Finding):
            return part
        if part is None:
            return Finding("QUANTITY_MISSING", says={"unit": wanted.code, "instead": _instead(wanted)})
        numerator, denominator = numerator * part[0], denominator * part[1] * MILLIONTHS
    return numerator, denominator


def _instead(wanted: Unit) -> str:
    """The units that would answer the question: of the same measure, or the parts of a product."""
    same = [code for code, unit in UNITS.items() if unit.bases == wanted.bases and code != wanted.code]
    parts = [" × ".join(wanted.bases)] if len(wanted.bases) > 1 else []
    return ", ".join([wanted.code, *same[:4], *parts])


def _reduced(numerator: int, denominator: int) -> tuple[int, int]:
    shared = gcd(numerator, denominator)
    return numerator // shared, denominator // shared
