"""What `pack-check` prints of a country beside its faults: how much there is, and how much of it somebody verified."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..speech import say, table

if TYPE_CHECKING:
    from ..engine.dated import Period
    from ..packs.check import Report


def facts(report: Report) -> dict[str, Any]:
    """Coverage by tax and rows by table, in plain values."""
    return {
        "coverage": [
            {
                "tax": one.tax,
                "codes": one.codes,
                "schemes": one.schemes,
                "verified": one.verified,
                "unverified": one.unverified,
                "days": [[run.first_day, run.last_day] for run in one.days],
            }
            for one in report.coverage
        ],
        "rows": {name: {"verified": yes, "unverified": no} for name, (yes, no) in report.certainty.items()},
    }


def show(report: Report) -> None:
    """The same as tables for people."""
    figures = (1, 2, 3, 4)
    heads = ("tax", "codes_covered", "schemes", "rows_verified", "rows_unverified", "days_covered")
    rows = [
        [
            one.tax,
            *map(str, (one.codes, one.schemes, one.verified, one.unverified)),
            ", ".join(map(_run, one.days)),
        ]
        for one in report.coverage
    ]
    if rows:
        table(list(map(say, heads)), rows, right=figures)
    if report.certainty:
        tables = [[name, str(yes), str(no)] for name, (yes, no) in report.certainty.items()]
        table(list(map(say, ("pack_table", "rows_verified", "rows_unverified"))), tables, right=(1, 2))


def _run(days: Period) -> str:
    last = f"{days.last_day:%d/%m/%Y}" if days.last_day else "…"
    return f"{days.first_day:%d/%m/%Y} – {last}"
