"""Assessed taxes as flat rows, one for each tax of each goods item, in a file that a spreadsheet or a program opens."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import msgspec

from .engine.assessment.whole import Assessment
from .engine.declaration import Declaration

COLUMNS = (
    "declarant_id", "functional_reference_id", "declaration_id", "line", "commodity_code", "tax", "base_minor",
    "assessed_minor", "payable_minor", "currency", "preference", "law", "note", "verified", "edition", "pack",
    "pack_version", "day",
)  # fmt: skip
"""In the order of the file. Amounts in minor units of `currency`, empty (null) while pending."""

type Row = dict[str, Any]


def rows_of(declaration: Declaration, assessment: Assessment) -> Iterator[Row]:
    """The rows of one declaration, by line and in levying order."""
    for place, (item, line) in enumerate(zip(declaration.goods_items, assessment.lines, strict=False), 1):
        for amount in line.amounts:
            charge = amount.charge
            yield {
                "declarant_id": declaration.declarant_id,
                "functional_reference_id": declaration.functional_reference_id,
                "declaration_id": declaration.declaration_id,
                "line": place,
                "commodity_code": item.commodity_code,
                "tax": amount.tax,
                "base_minor": amount.base_minor,
                "assessed_minor": amount.assessed_minor,
                "payable_minor": amount.payable_minor,
                "currency": assessment.currency,
                "preference": charge.preference if charge else "",
                "law": str(charge.law) if charge else "",
                "note": charge.note if charge else "",
                "verified": charge.verified if charge else False,
                "edition": assessment.edition,
                "pack": assessment.pack,
                "pack_version": assessment.pack_version,
                "day": assessment.day,
            }


@contextmanager
def open_rows(out: Path) -> Iterator[Callable[[Row], None] | None]:
    """What writes rows to a new .ndjson or .csv file; None for another suffix.

    The file gets its name only when everything is written: a run that ends early leaves no half file behind.
    """
    writers = {".ndjson": _ndjson, ".csv": _csv}
    make = writers.get(out.suffix.lower())
    if make is None:
        yield None
        return
    part = out.with_name(f"{out.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as stream:
            yield make(stream)
        os.replace(part, out)
    finally:
        part.unlink(missing_ok=True)


def _ndjson(stream: IO[str]) -> Callable[[Row], None]:
    def write(row: Row) -> None:
        stream.write(msgspec.json.encode(row).decode() + "\n")

    return write


def _csv(stream: IO[str]) -> Callable[[Row], None]:
    rows = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    rows.writeheader()

    def write(row: Row) -> None:
        rows.writerow({name: _inert(value) for name, value in row.items()})

    return write


def _inert(value: Any) -> Any:
    """Text that a spreadsheet would run gets an apostrophe before it."""
    runs = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r", "\0"))
    return f"'{value}" if runs else value
