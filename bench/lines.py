"""Invented lines, the same in every run: consignments with prices, currencies, freight and the rates of three taxes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from thongquan.engine.assessment.taxes import CUSTOMS_VALUE, Tax
from thongquan.engine.findings import LegalRef

LAW = LegalRef("Invented tax law", "art. 1")

TAXES: Final = (
    Tax("duty", (CUSTOMS_VALUE,), LAW),
    Tax("excise", (CUSTOMS_VALUE, "duty"), LAW),
    Tax("vat", (CUSTOMS_VALUE, "duty", "excise"), LAW),
)
"""Import duty on the value, excise on value and duty, VAT on all three; half up to the đồng."""

LONGEST: Final = 9
"""Lines of the longest consignment; five on average."""

RATES_OF_EXCHANGE: Final = (23_300, 25_412, 3_302, 215, 1)
"""Đồng a unit: dollar, euro, yuan, yen, đồng."""

type Ints = npt.NDArray[np.int64]


def draw(rows: int, seed: int = 2020) -> dict[str, Ints]:
    """The columns of `rows` lines.

    consignment: rows of one stand together. price: millionths of the currency. exchange: đồng a unit. freight: of the
    whole consignment, đồng, on each of its lines. duty, excise, vat: parts per million.
    """
    random = np.random.default_rng(seed)
    lengths = random.integers(1, LONGEST + 1, rows)
    consignment = np.repeat(np.arange(rows), lengths)[:rows]
    currency = random.integers(0, len(RATES_OF_EXCHANGE), rows)[consignment]
    exchange = np.array(RATES_OF_EXCHANGE)[currency]
    # Prices from a dollar to a hundred thousand, as likely in each decade; freight a few per cent of them.
    price = np.exp(random.uniform(np.log(10**6), np.log(10**11), rows)).astype(np.int64) * 23_300 // exchange
    freight = np.exp(random.uniform(np.log(10**4), np.log(10**8), rows)).astype(np.int64)[consignment]
    return {
        "consignment": consignment,
        "price": price,
        "exchange": exchange,
        "freight": freight,
        "duty": random.integers(0, 400, rows) * 1_000,
        "excise": random.choice([0, 0, 0, 0, 100_000, 350_000, 650_000], rows),
        "vat": random.choice([50_000, 80_000, 100_000], rows),
    }


def frame(columns: dict[str, Ints]) -> pl.DataFrame:
    """The same as the engine takes it."""
    named: dict[str, Any] = {
        "consignment": columns["consignment"],
        "item_charge_millionths": columns["price"],
        "item_charge_own": columns["exchange"],
        "item_charge_foreign": np.ones_like(columns["exchange"]),
        "freight_minor": columns["freight"],
        "duty_rate_ppm": columns["duty"],
        "excise_rate_ppm": columns["excise"],
        "vat_rate_ppm": columns["vat"],
    }
    return pl.DataFrame(named)


def stacked(batches: Iterable[dict[str, Ints]]) -> dict[str, Ints]:
    """Batches as one; consignments of different batches stay different."""
    columns: dict[str, list[Ints]] = {}
    after = 0
    for batch in batches:
        batch["consignment"] = batch["consignment"] + after
        after = int(batch["consignment"][-1]) + 1
        for name, column in batch.items():
            columns.setdefault(name, []).append(column)
    return {name: np.concatenate(parts) for name, parts in columns.items()}
