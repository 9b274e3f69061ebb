"""The Harmonized Tariff Schedule of the United States: as the Commission exports it, or as a table of ten-digit lines.

Read are the general rates (column 1) and, where there, column 2; not the special rates of column 1. A statistical line
prints no rate where its eight-digit line does, and takes that one; in a table of ten-digit lines alone it has none and
is RATE_NOT_GIVEN. "A proof liter is a liter at 50 % by volume" (27 CFR 27.11); "t" is the metric ton
and "bbl" the petroleum barrel of 42 gallons (HTSUS, general statistical notes and abbreviations).
"""

from __future__ import annotations

from ...engine.tariff.rate_text import RateWords
from ...engine.tariff.sheets import Layout

RATE_WORDS = RateWords(
    thousands_mark=",",
    free=frozenset({"Free"}),
    no_preference=frozenset(),
    currencies={"$": ("USD", 1_000_000), "¢": ("USD", 10_000)},
    minus=("-", "less"),
    at_least=("but not less than",),
    at_most=("but not more than",),
    units={
        "each": "NAR",
        "/article": "NAR",
        "/head": "NAR",
        "/doz.": "DZN",
        "/gross": "GRO",
        "/1000": "MIL",
        "/thousand": "MIL",
        "/1,000 pins": "MIL",
        "/pr.": "NPR",
        "/doz. pr.": "DPR",
        "/kg": "KGM",
        "/t": "TNE",
        "/liter": "LTR",
        "/bbl": "BLL",
        "/m2": "MTK",
        "/m3": "MTQ",
        "/m": "MTR",
        "/pf.liter": "PFL",
        "/pf. liter": "PFL",
        "/pf. liter on ethyl alcohol content": "PFL",
        "/jewel": "JWL",
        "/line/gross": "GRL",
        "/clean kg": "KGM_CLEAN",
        "/kg on drained weight": "KGME",
        "/kg on contents and container": "KGM_CONTAINER",
        "/kg on entire contents of container": "KGM_CONTENTS",
        "/kg of total sugars": "CKG",
        "/kg on magnesium content": "CKG",
        "/kg on molybdenum content": "CKG",
        "/kg on tungsten content": "CKG",
        "/kg for each degree under 100 degrees (and fractions of a degree in proportion)": "KGM_DEGREE",
    },
    mojibake=True,
)

LAYOUT = Layout(
    name="us-hts",
    tax="import_duty",
    code=("hts10", "HTS Number"),
    rates={"base_rate_raw": "", "General Rate of Duty": "", "Column 2 Rate of Duty": "column_2"},
    words=RATE_WORDS,
    code_lengths=(4, 6, 8, 10),
    leaf_lengths=(10,),
    descriptions={"description": "en"},
    level=("Indent",),
    # base_rate repeats the ad valorem rates as fractions; n_ch99_refs counts the references of the column before it.
    unread=("base_rate", "n_ch99_refs"),
)
