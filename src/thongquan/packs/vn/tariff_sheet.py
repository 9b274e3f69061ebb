"""The Vietnamese tariff as traders pass it around: one workbook of all schedules, Vietnamese and English.

The marks, as the decrees' own tables explain them: `*` goods without preference; "(-ID, MY)" countries whose goods do
not enjoy the rate; "(GIC)" the rate also covers goods of the Gaeseong Industrial Complex (119/2022/NĐ-CP, the column
"GIC"); "M:" the rate for Mexico, which has its own column in the CPTPP tariff; "(NHN: 85)" the rate outside the tariff
quota (ngoài hạn ngạch). "Q" in the VN-EAEU column names a quota without a rate: a finding. The general rate here is
the MFN rate, outside the quota where none is claimed; the ordinary rate and each agreement are preferences of their
own, under the codes of codes/preferences.csv (B03, B05), which a declaration claims.
"""

from __future__ import annotations

from ...engine.tariff.rate_text import RateWords
from ...engine.tariff.sheets import Layout
from .rates import IMPORT_DUTY, ORDINARY

RATE_WORDS = RateWords(
    decimal_marks=".,",
    plain_is_percent=True,
    shares={"thuế MFN": "", "thuế suất MFN": ""},
    out_of_quota=frozenset({"NHN"}),
    origin_marks={"M": ("MX",)},
    kept_marks=frozenset({"GIC"}),
)

LAYOUT = Layout(
    name="vn-workbook",
    tax=IMPORT_DUTY,
    code=("HSCode", "HS Code", "Mã hàng"),
    rates={
        "MFN rate": "",
        "Standard import duty rate": ORDINARY,
        "Import duty rate per {preference}": "",
    },
    words=RATE_WORDS,
    code_lengths=(4, 6, 8),
    leaf_lengths=(8,),
    descriptions={"Description_VN": "vi", "Description_EN": "en"},
    level=("Level",),
    preference_names={
        "ATIGA": "B04",
        "ACFTA": "B05",
        "AKFTA": "B06",
        "AANZFTA": "B07",
        "AIFTA": "B08",
        "AJCEP": "B09",
        "VJEPA": "B10",
        "VCFTA": "B13",
        **{f"RCEPT {group}": f"RCEP-{group}" for group in "ABCDEF"},
    },
    quota_order_id="TRQ-{heading}",
)
