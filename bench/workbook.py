"""A whole tariff workbook: loaded, and a million random lines over all its codes and origins assessed in one call.

    python -m bench.workbook Tariff.xlsx            the million, every one held against the rule for one line
    python -m bench.workbook Tariff.xlsx 50000      fewer

Half of the run is the rule for one line, a million times: it takes minutes.
"""

from __future__ import annotations

import random
import sys
from datetime import date
from pathlib import Path
from time import perf_counter, process_time

import polars as pl

from thongquan.engine.declaration import Declaration
from thongquan.engine.tariff.image import build
from thongquan.engine.tariff.sheets import load_sheet
from thongquan.engine.tariff.tariff import Tariff
from thongquan.packs import layouts
from thongquan.packs.many import assess_many, assess_one
from thongquan.packs.pack import Pack, load
from thongquan.packs.what_if import with_tariff

ACT = "Bench"
DAY = date(2026, 1, 1)
LOAD_SECONDS = 10


def draw(pack: Pack, codes: list[str], rows: int) -> pl.DataFrame:
    """Random codes, countries, claims, papers, quantities and values."""
    dice = random.Random(2026)
    countries = sorted({code.value for code in pack.code_lists["countries"]})
    claims = ["", "", *sorted(pack.code_lists["preferences"].as_of(DAY))]
    return pl.DataFrame(
        {
            "commodity_code": dice.choices(codes, k=rows),
            "origin_country_code": dice.choices(countries, k=rows),
            "preference_code": dice.choices(claims, k=rows),
            "quota_order_id": dice.choices(["", "", "", "TRQ-0407", "TRQ-1701"], k=rows),
            "additional_code": [""] * rows,
            "shown": dice.choices([True, True, False], k=rows),
            "customs_value_minor": [dice.randrange(10**11) for _ in range(rows)],
            "quantity_millionths": [dice.randrange(10**12) for _ in range(rows)],
            "quantity_unit": dice.choices(["KGM", "TNE", "PCE", "LTR"], k=rows),
        }
    )


def main(file: Path, rows: int) -> int:
    start, wall = process_time(), perf_counter()
    layout = layouts.layout_for(file)
    loaded = load_sheet(file, layout, ACT, DAY)  # type: ignore[arg-type]
    assert loaded.edition is not None
    seconds = process_time() - start
    verdict = "reached" if seconds < LOAD_SECONDS else "MISSED"
    codes = [code for code in loaded.edition.nomenclature.codes if len(code) == 8]
    print(
        f"{len(codes):,} codes, {len(loaded.edition.measures):,} rows loaded in {seconds:.1f} CPU-s "
        f"({perf_counter() - wall:.1f} s by the clock), aim < {LOAD_SECONDS}: {verdict}"
    )
    pack = load("vn")
    pack = with_tariff(pack, Tariff([*pack.tariff.editions, loaded.edition]))
    image = build(pack.tariff)
    lines = draw(pack, codes, rows)
    like = Declaration(function_code="9", type_code="A11")
    start = process_time()
    many = assess_many(pack, image, lines, like, DAY)
    print(f"{rows:,} lines in one call: {process_time() - start:.2f} CPU-s")
    taxes = [tax.code for tax in pack.taxes if tax.code not in pack.once]
    start, differing, known = process_time(), 0, 0
    for row in many.iter_rows(named=True):
        one = assess_one(pack, row, like, DAY)
        for tax in taxes:
            amount = one.payable_minor(tax)
            known += amount is not None
            differing += row[f"{tax}_minor"] != amount
    print(f"one by one: {process_time() - start:.0f} CPU-s, {known:,} amounts known, {differing} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000))
