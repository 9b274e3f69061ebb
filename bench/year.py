"""An invented year of import lines over the Vietnamese codes, the same in every run, as a file of columns.

Codes, origins and claims are as uneven as trade is: some codes of every chapter make most of the lines, and most of
them come from a few countries under the agreement that is theirs.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from thongquan.packs.pack import Pack

FIRST_DAY: Final = date(2020, 1, 1)
DAYS: Final = 366
TRADE: Final = (
    ("CN", "", 20), ("CN", "B05", 30), ("KR", "B06", 8), ("JP", "", 5), ("JP", "B09", 5), ("TH", "B04", 8),
    ("US", "", 5), ("DE", "", 3), ("AU", "B07", 3), ("IN", "B08", 2), ("MY", "B04", 4), ("ID", "B04", 3),
    ("TW", "", 3), ("ET", "", 1),
)  # fmt: skip
"""(origin, scheme claimed, weight)."""
BATCH: Final = 500_000


def codes_of(pack: Pack, day: date = FIRST_DAY) -> list[str]:
    view = pack.tariff.as_of(day)
    codes = {row.code for edition in pack.tariff.editions for row in edition.nomenclature}
    return sorted(code for code in codes if view.is_declarable(code))


def draw(pack: Pack, rows: int, seed: int = 2020) -> pl.DataFrame:
    """`rows` lines; texts as categories, which a file keeps as numbers."""
    random = np.random.default_rng(seed)
    codes = codes_of(pack)
    weight = 1 / np.arange(1, len(codes) + 1)
    code = random.permutation(len(codes))[random.choice(len(codes), rows, p=weight / weight.sum())]
    shares = np.array([share for _, _, share in TRADE])
    trade = random.choice(len(TRADE), rows, p=shares / shares.sum())
    view = pack.tariff.as_of(FIRST_DAY)
    units = [next(iter(commodity.units), "") if (commodity := view.commodity(one)) else "" for one in codes]
    value = np.exp(random.uniform(np.log(10**5), np.log(10**10), rows)).astype(np.int64)

    def named(texts: list[str], places: np.ndarray) -> pl.Series:  # type: ignore[type-arg]
        return pl.Series(texts, dtype=pl.Categorical).gather(pl.Series(places))

    return pl.DataFrame(
        {
            "day": pl.Series(random.integers(0, DAYS, rows), dtype=pl.Int32)
            + (FIRST_DAY - date(1970, 1, 1)).days,
            "type_code": named(["A11", "E31", "A12"], random.choice(3, rows, p=[0.7, 0.2, 0.1])),
            "commodity_code": named(codes, code),
            "origin_country_code": named([one for one, _, _ in TRADE], trade),
            "preference_code": named([one for _, one, _ in TRADE], trade),
            "quota_order_id": named([""], np.zeros(rows, np.int64)),
            "additional_code": named([""], np.zeros(rows, np.int64)),
            "shown": random.random(rows) < 0.95,
            "customs_value_minor": value,
            "quantity_millionths": value * 50,
            "quantity_unit": named(units, code),
        }
    ).with_columns(pl.col("day").cast(pl.Date))


def write(pack: Pack, file: Path, rows: int) -> None:
    """A Parquet file of so many lines, made batch by batch."""
    parts = [draw(pack, min(BATCH, rows - first), seed=first) for first in range(0, rows, BATCH)]
    pl.concat(parts, how="vertical_relaxed").write_parquet(file, row_group_size=BATCH)
