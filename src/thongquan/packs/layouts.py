"""Every tariff layout that is known, and which of them a file has."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ..engine.findings import Finding
from ..engine.tariff.rate_list import RATE_LIST, RateList
from ..engine.tariff.sheets import Layout
from ..engine.tariff.tables import HEADING_ROWS, Table, find_headings, read_tables
from .us import tariff_sheet as us
from .vn import tariff_sheet as vn

LAYOUTS: Final[tuple[Layout | RateList, ...]] = (RATE_LIST, us.LAYOUT, vn.LAYOUT)


def layout_for(source: Path | bytes | list[Table]) -> Layout | RateList | Finding:
    """The layout of a file, or of its tables; of two whose headings it has, the one that asks for more of them.

    Findings: TARIFF_LAYOUT_UNKNOWN, with the first row that says something, when none fits; TARIFF_FILE_… and XLSX_…
    when the file cannot be read.
    """
    tables = source if isinstance(source, list) else read_tables(source)
    if isinstance(tables, Finding):
        return tables
    fitting = [layout for layout in LAYOUTS if find_headings(tables, layout.required) is not None]
    if fitting:
        return max(fitting, key=lambda layout: len(layout.required))
    tops = (table.headings(row) for table in tables for row in range(min(len(table.rows), HEADING_ROWS)))
    shown = next(filter(None, map(_shown, tops)), "")
    known = ", ".join(layout.name for layout in LAYOUTS)
    return Finding("TARIFF_LAYOUT_UNKNOWN", says={"headings": shown, "known": known})


def named(name: str) -> Layout | RateList | None:
    """A layout by its name, None when there is none of that name."""
    return next((layout for layout in LAYOUTS if layout.name == name), None)


def country_of(layout: Layout | RateList) -> str:
    """The country whose sheets have the layout, by its name ("vn-workbook"); "" for our own, which serves any."""
    return "" if isinstance(layout, RateList) else layout.name.partition("-")[0]


def _shown(headings: list[str]) -> str:
    return ", ".join(filter(None, headings))[:200]
