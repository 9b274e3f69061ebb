"""What-if: a year of lines assessed, and assessed again under a changed tariff.

    python -m bench.replay 6000000              both passes, each in a process of its own
    python -m bench.replay 6000000 changed F    one pass over the file F: seconds and peak as JSON

The changed tariff lowers the duty on cars by a fifth of their value and frees apples; who knows a country's codes reads
in the table what each chapter loses. Seconds are the processor's: reading the file, looking rates up, the taxes and
their sums.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import process_time
from typing import Any, Final

from thongquan.engine.dated import Period
from thongquan.engine.findings import LegalRef
from thongquan.engine.tariff.measures import Given, Measure, Schedule, ad_valorem
from thongquan.engine.tariff.tariff import Edition
from thongquan.packs.pack import Pack, load
from thongquan.packs.what_if import Law, Replayed, differences, overlaid, read_lines, with_tariff

from . import year
from .memory import peak_bytes

YEAR_LINES: Final = 60_000_000
"""Lines of the nation's year, and the processor seconds that their replay may take."""
AIM_SECONDS: Final = 20
CHANGED: Final = (("8703", 500_000), ("0808", 0))


def law(which: str) -> Pack:
    """The country's law, or the same with other import duties in 2020."""
    pack = load("vn")
    if which == "first":
        return pack
    days = Period(year.FIRST_DAY)
    rows = tuple(
        Measure(code, "NK", Schedule.IMPORT, days, LegalRef("what-if"), Given.RATE, ad_valorem(rate))
        for code, rate in CHANGED
    )
    return with_tariff(pack, overlaid(pack.tariff, Edition("what-if", days, rows)))


def one_pass(which: str, file: Path) -> dict[str, Any]:
    ready = Law(law(which))
    start = process_time()
    assert ready.image.codes
    image = process_time() - start
    start = process_time()
    done = ready.replay(read_lines(file))
    return {
        "seconds": process_time() - start,
        "image_seconds": image,
        "peak_mb": peak_bytes() / (1 << 20),
        "lines": done.lines,
        "minor": [[*place, minor] for place, minor in done.minor.items()],
        "pending": [[*place, count] for place, count in done.pending.items()],
    }


def replayed(answer: dict[str, Any]) -> Replayed:
    minor = {(tax, chapter): value for tax, chapter, value in answer["minor"]}
    pending = {(tax, chapter): value for tax, chapter, value in answer["pending"]}
    return Replayed(answer["lines"], minor, pending)


def main(rows: int) -> None:
    """Both passes, the difference in revenue by tax and chapter, and the ratio of their times."""
    print(
        f"{rows:,} lines of a year over the Vietnamese codes, assessed and assessed again under a changed tariff"
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lines.parquet"
        year.write(load("vn"), file, rows)
        found = {}
        for which in ("first", "changed"):
            command = [sys.executable, "-m", "bench.replay", str(rows), which, str(file)]
            answer = subprocess.run(command, check=True, capture_output=True, text=True)
            found[which] = json.loads(answer.stdout)
            seconds = found[which]["seconds"]
            print(
                f"  {which:<8}{seconds:>8.2f} CPU-s{rows / seconds / 1e6:>8.2f} M lines per CPU-second, "
                f"image {found[which]['image_seconds']:.2f} s, peak {found[which]['peak_mb']:,.0f} MB"
            )
    first, changed = found["first"], found["changed"]
    for one in differences(load("vn"), replayed(first), replayed(changed)):
        if one.difference_minor:
            shown = f"{one.before_minor:>22,}{one.after_minor:>22,}{one.difference_minor:>22,}"
            print(f"  {one.tax:<5} chapter {one.chapter}{shown}")
    print(f"  replay ÷ first  {changed['seconds'] / first['seconds']:>9.2f} ×")
    whole = changed["seconds"] * YEAR_LINES / rows
    verdict = "reached" if whole <= AIM_SECONDS else "MISSED"
    print(f"  60 M lines      {whole:>9.1f} CPU-s  aim ≤ {AIM_SECONDS}: {verdict}")
    peak = max(first["peak_mb"], changed["peak_mb"])
    print(f"  peak memory     {peak:>9,.0f} MB  aim ≤ 1,024: {'reached' if peak <= 1_024 else 'MISSED'}")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        print(json.dumps(one_pass(sys.argv[2], Path(sys.argv[3]))))
    else:
        main(int(sys.argv[1]))
