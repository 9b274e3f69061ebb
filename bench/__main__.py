"""`python -m bench`: every figure as a ratio to what was measured beside it in the same run. FULL=1: ten million lines.
`python -m bench http` measures lodging over HTTP alone; FULL=1 does too where DATABASE_URL names PostgreSQL.
`python -m bench indicators [ROWS]` asks a leader's questions of so many declarations (`bench.indicators`).

The whole run is void (exit 1) unless plain NumPy does 4 million lines per CPU-second and Decimal 0.1 million: then the
machine, or a rival, was not what it should be. An aim that is missed is printed as missed. The last part replays a
year of lines under a changed tariff (`bench.replay`); `python -m bench.workbook FILE` proves a whole workbook.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal

import numpy as np
import polars as pl

from thongquan.engine.assessment.exchange import ExchangeRates
from thongquan.engine.assessment.frame import assess_frame
from thongquan.engine.assessment.scalar import assess_lines
from thongquan.engine.assessment.taxes import CUSTOMS_VALUE, Charge, Line
from thongquan.engine.assessment.valuation_frame import value_frame
from thongquan.engine.tariff.measures import ad_valorem

from . import clock, http_lodgement, indicators, lines, online, replay
from .peers import decimal_lines, numpy_lines

MILLION = 1_000_000
DECIMAL_LINES = 200_000
"""Decimal takes the first lines of the same million: its time grows with their number, and nobody wants to wait."""

NUMPY_AT_LEAST = 4.0
DECIMAL_AT_LEAST = 0.1


def main() -> int:
    if "http" in sys.argv[1:]:
        return http_lodgement.main()
    if "indicators" in sys.argv[1:]:
        return indicators.main([argument for argument in sys.argv[1:] if argument.isdigit()])
    print(clock.weather())
    columns = lines.draw(MILLION)
    is_void = million_lines(columns)
    few_lines(columns, 1)
    few_lines(columns, 50)
    five_online()
    replay.main(2 * MILLION)
    if os.environ.get("FULL"):
        ten_million()
        if os.environ.get("DATABASE_URL", "").startswith("postgres"):
            http_lodgement.main()
    if is_void:
        print("\nVOID: a rival was slower than it must be; no ratio above counts")
    return 1 if is_void else 0


def as_decimals(columns: dict[str, lines.Ints], rows: int) -> list[decimal_lines.Line]:
    names = ("consignment", "price", "exchange", "freight", "duty", "excise", "vat")
    millionths = {"price", "duty", "excise", "vat"}
    rowwise = zip(*(columns[name][:rows].tolist() for name in names), strict=True)
    found = []
    for row in rowwise:
        figures = [
            Decimal(figure).scaleb(-6) if name in millionths else Decimal(figure)
            for name, figure in zip(names[1:], row[1:], strict=True)
        ]
        found.append((row[0], *figures))
    # The last consignment may be cut off; what is left of it is still the same for nobody.
    last = found[-1][0]
    return [line for line in found if line[0] != last]


def engine(frame: pl.DataFrame) -> pl.DataFrame:
    return assess_frame(value_frame(frame, {"freight": ""}, decimals=0), lines.TAXES)


def refuse_unequal(
    columns: dict[str, lines.Ints], frame: pl.DataFrame, decimals: list[decimal_lines.Line]
) -> None:
    """All three must agree to the đồng before any of them is timed."""
    ours = engine(frame).select("customs_value_minor", "duty_minor", "excise_minor", "vat_minor")
    by_hand = numpy_lines.whole(columns, lines.LONGEST)
    for name, other in zip(ours.columns, by_hand, strict=True):
        if not np.array_equal(ours[name].to_numpy(), other):
            raise SystemExit(f"NumPy and the engine disagree on {name}")
    for row, other in zip(ours.iter_rows(), decimal_lines.whole(decimals), strict=False):
        if row != tuple(map(int, other)):
            raise SystemExit(f"Decimal and the engine disagree: {other} and {row}")
    print(f"equal to the đồng: NumPy on {frame.height:,} lines, Decimal on {len(decimals):,}\n")


def million_lines(columns: dict[str, lines.Ints]) -> bool:
    """A batch against both; whether the run is void."""
    frame = lines.frame(columns)
    decimals = as_decimals(columns, DECIMAL_LINES)
    refuse_unequal(columns, frame, decimals)
    rates = (columns["duty"], columns["excise"], columns["vat"])
    valued = value_frame(frame, {"freight": ""}, decimals=0)
    value = valued["customs_value_minor"].to_numpy()
    given = [(line[4], line[5], line[6]) for line in decimals]
    values = [Decimal(figure) for figure in value[: len(decimals)].tolist()]

    def decimal_taxes() -> list[tuple[Decimal, ...]]:
        return [decimal_lines.taxes(v, *three) for v, three in zip(values, given, strict=True)]

    is_void = False
    for title, run in (
        (
            "1,000,000 lines: exchange, freight shares, three taxes",
            {
                "engine": lambda: engine(frame),
                "numpy": lambda: numpy_lines.whole(columns, lines.LONGEST),
                "decimal": lambda: list(decimal_lines.whole(decimals)),
            },
        ),
        (
            "1,000,000 lines: three taxes on given values",
            {
                "engine": lambda: assess_frame(valued, lines.TAXES),
                "numpy": lambda: numpy_lines.taxes(value, *rates),
                "decimal": decimal_taxes,
            },
        ),
    ):
        seconds = clock.rounds(run, 12)
        speed = {
            name: (len(decimals) if name == "decimal" else MILLION) / taken / 1e6
            for name, taken in seconds.items()
        }
        print(title)
        for name, lines_a_second in speed.items():
            print(f"  {name:<8}{lines_a_second:>9.2f} M lines per CPU-second")
        aim("batch ÷ NumPy", speed["engine"] / speed["numpy"], 0.85)
        aim("batch ÷ Decimal", speed["engine"] / speed["decimal"], 40)
        is_void |= speed["numpy"] < NUMPY_AT_LEAST or speed["decimal"] < DECIMAL_AT_LEAST
    return is_void


def aim(what: str, reached: float, at_least: float) -> None:
    verdict = "reached" if reached >= at_least else "MISSED"
    print(f"  {what:<16}{reached:>9.2f} ×   aim ≥ {at_least:g}: {verdict}")


def few_lines(columns: dict[str, lines.Ints], rows: int) -> None:
    """What one declaration costs: taxes on given values, the trace ready to be made."""
    rates = ExchangeRates("VND", 0).as_of(online.DAY)
    value = columns["price"][:rows] * columns["exchange"][:rows] // MILLION
    shares = [columns[tax.code][:rows] for tax in lines.TAXES]
    charged = [
        Line(
            {CUSTOMS_VALUE: int(value[row])},
            tuple(
                Charge(tax.code, ad_valorem(int(share[row])), online.LAW)
                for tax, share in zip(lines.TAXES, shares, strict=True)
            ),
        )
        for row in range(rows)
    ]
    frame = pl.DataFrame(
        {"customs_value_minor": value}
        | {f"{tax.code}_rate_ppm": share for tax, share in zip(lines.TAXES, shares, strict=True)}
    )
    by_decimal = [
        (Decimal(int(value[row])), *(Decimal(int(share[row])).scaleb(-6) for share in shares))
        for row in range(rows)
    ]
    contenders: dict[str, Callable[[], object]] = {
        "engine, lines": lambda: assess_lines(charged, lines.TAXES, rates),
        "engine, frame": lambda: assess_frame(frame, lines.TAXES),
        "numpy": lambda: numpy_lines.taxes(value, *shares),
        "decimal": lambda: [decimal_lines.taxes(*line) for line in by_decimal],
    }
    seconds = clock.each(contenders, 9, 2_000 // rows + 20)
    print(f"{rows} line{'s' if rows > 1 else ''}: three taxes on given values")
    for name, taken in seconds.items():
        ratio = seconds["engine, lines"] / taken
        print(f"  {name:<14}{taken * 1e6:>9.1f} µs   engine by lines takes {ratio:.2f} × of it")


def five_online() -> None:
    once = online.five_lines()
    taken = clock.each({"five": once}, 15, 1_000)["five"] * 1e6
    verdict = "reached" if taken <= 25 else "MISSED"
    print(f"5 lines online, rates looked up among {online.CODES:,} codes, trace ready to be made")
    print(f"  engine        {taken:>9.1f} µs   aim ≤ 25: {verdict}")


def ten_million() -> None:
    """In processes of their own, so that each has its own peak of memory."""
    rows = 10 * MILLION
    print(f"{rows:,} lines: exchange, freight shares, three taxes, each in a process of its own")
    found = {}
    for who in ("engine", "numpy"):
        command = [sys.executable, "-m", "bench.memory", who, str(rows)]
        answer = subprocess.run(command, check=True, capture_output=True, text=True)
        found[who] = json.loads(answer.stdout)
        speed = rows / found[who]["seconds"] / 1e6
        print(f"  {who:<8}{speed:>9.2f} M lines per CPU-second, peak {found[who]['peak_mb']:,.0f} MB")
    if found["engine"]["vat"] != found["numpy"]["vat"]:
        raise SystemExit("the sums of VAT differ")
    aim("batch ÷ NumPy", found["numpy"]["seconds"] / found["engine"]["seconds"], 0.85)
    peak = found["engine"]["peak_mb"]
    print(f"  peak memory     {peak:>9,.0f} MB  aim ≤ 1,024: {'reached' if peak <= 1_024 else 'MISSED'}")


if __name__ == "__main__":
    sys.exit(main())
