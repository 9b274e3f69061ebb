"""Ten million lines in a process of their own, for the peak of its memory: `python -m bench.memory engine 10000000`.

The engine streams batches and forgets each; plain NumPy holds all columns, as such a script does.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from time import process_time

import polars as pl

from thongquan.engine.assessment.frame import assess_batches
from thongquan.engine.assessment.valuation_frame import value_frame

from . import lines
from .peers import numpy_lines

BATCH = 500_000


def main(who: str, rows: int) -> dict[str, float]:
    """CPU seconds of the assessment alone, peak resident megabytes of the whole process, and the sum of all VAT."""
    seconds = 0.0
    vat = 0
    if who == "engine":
        start = process_time()
        drawing = 0.0

        def batches() -> Iterator[pl.DataFrame]:
            nonlocal drawing
            for first in range(0, rows, BATCH):
                began = process_time()
                batch = lines.frame(lines.draw(min(BATCH, rows - first), seed=first))
                drawing += process_time() - began
                yield value_frame(batch, {"freight": ""}, decimals=0)

        for assessed in assess_batches(batches(), lines.TAXES):
            vat += assessed["vat_minor"].sum()
        seconds = process_time() - start - drawing
    else:
        columns = lines.stacked(
            lines.draw(min(BATCH, rows - first), seed=first) for first in range(0, rows, BATCH)
        )
        start = process_time()
        vat = int(numpy_lines.whole(columns, lines.LONGEST)[3].sum())
        seconds = process_time() - start
    return {"seconds": seconds, "peak_mb": peak_bytes() / (1 << 20), "vat": vat}


def peak_bytes() -> int:
    """The most memory that this process had at once. On Linux not getrusage's: that one starts with the parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))
        if found:
            return int(found[1]) << 10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
