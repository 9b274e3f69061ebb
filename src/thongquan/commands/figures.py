"""`thongquan export-facts` and `thongquan figures`: bring the lake up to date, and ask it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ..speech import emit, language, named, say, table
from .arguments import DONE, FINDINGS, AsJson, day_of, open_site, stop

if TYPE_CHECKING:
    import polars as pl

    from ..analytics.measure import Measure
    from ..engine.dated import Period
    from ..engine.indicators.value import Value

ROWS_SHOWN: Final = 1_000
"""Rows of a drill-down on a terminal; machines get all."""


def export_facts(as_json: AsJson = False) -> None:
    open_site()
    from ..site.dashboards.export import export

    done = export()
    months = sum(map(len, done.months.values()))
    if as_json:
        emit({"edition": done.edition, "exported_at": done.at, "folder": str(done.folder),
              "months": {name: list(held) for name, held in done.months.items()},
              "unvalued": done.unvalued})  # fmt: skip
        return
    key = "facts_unchanged" if done.edition is None else "facts_exported"
    print(say(key, edition=done.edition, months=months, folder=done.folder))
    if done.unvalued:
        print(say("facts_unvalued", count=done.unvalued))


def figures(
    codes: Annotated[list[str], typer.Argument()],
    period: Annotated[str, typer.Option("--period")],
    until: Annotated[str, typer.Option("--until")] = "",
    office: Annotated[str, typer.Option("--office")] = "",
    split: Annotated[str, typer.Option("--split")] = "",
    drill: Annotated[bool, typer.Option("--drill")] = False,
    as_json: AsJson = False,
) -> None:
    from ..analytics.lake import Lake, NoFacts
    from ..analytics.measure import Measure
    from ..engine.indicators.catalogue import catalogue

    days = _days(period, until)
    open_site(migrate=False)
    from ..site.dashboards.export import lake_folder

    try:
        edition = Lake(lake_folder()).edition()
    except NoFacts:
        raise stop("no_facts") from None
    measure = Measure(edition, catalogue())
    scope = {"office": office} if office else {}
    found = {
        code: _measured(measure, code, days, scope, split, drill, as_json) for code in dict.fromkeys(codes)
    }
    if as_json:
        for code, (values, rows) in found.items():
            for value in values:
                emit(_told(value))
            for row in rows.iter_rows(named=True) if rows is not None else ():
                emit({"row_of": code, **row})
    else:
        told = {"first_day": f"{days.first_day:%d/%m/%Y}", "last_day": f"{days.last_day:%d/%m/%Y}"}
        at = f"{edition.manifest.exported_at:%d/%m/%Y %H:%M}Z"
        print(say("figures_as_of", **told, edition=edition.manifest.edition, at=at))
        _shown(found)
    missing = any(value.missing for values, _ in found.values() for value in values)
    raise typer.Exit(FINDINGS if missing else DONE)


def _days(period: str, until: str) -> Period:
    """A period of the budget's calendar, cut after a day of it where one is said."""
    from ..engine.dated import Period
    from ..engine.indicators.periods import span

    try:
        days = span(period).days
    except ValueError:
        raise stop("bad_period", text=period) from None
    if not until:
        return days
    last = day_of(until)
    if days.last_day is None or not days.first_day <= last <= days.last_day:
        raise stop("bad_period", text=f"{period} – {until}")
    return Period(days.first_day, last)


def _measured(
    measure: Measure, code: str, days: Period, scope: dict[str, str], split: str, drill: bool, whole: bool
) -> tuple[list[Value], pl.DataFrame | None]:
    """A figure's values and, where asked and had, the rows behind it: all of them where they are wanted whole."""
    from ..analytics.measure import NotMeasurable

    try:
        values = measure.values([code], days, scope, (split,) if split else ())[code]
        if not drill or any(value.missing for value in values):
            return values, None
        return values, measure.drill(code, days, scope, limit=0 if whole else ROWS_SHOWN)
    except NotMeasurable:
        raise stop("figure_not_asked_so", code=code) from None


def _shown(found: dict[str, tuple[list[Value], pl.DataFrame | None]]) -> None:
    table(
        [say("figure"), say("figure_split"), say("figure_value"), say("figure_made_of")],
        [
            [f"{named('indicator', code)} ({code})", ", ".join(map(str, value.split)), _written(value),
             "" if value.hits is None else f"{value.hits} / {value.of}"]
            for code, (values, _) in found.items()
            for value in values
        ],
        right=(2, 3),
    )  # fmt: skip
    for code, (_, rows) in found.items():
        if rows is not None:
            print(code)
            table(
                rows.columns,
                [["" if cell is None else str(cell) for cell in row] for row in rows.iter_rows()],
            )


def _written(value: Value) -> str:
    """In the figure's own unit, to the last digit; a share as a percentage."""
    from ..engine.indicators.indicator import Unit
    from ..figures_text import figure, percent

    if value.amount is None:
        return named("why_missing", value.why_missing)
    return (
        percent(value.amount, language(), 2) if value.unit is Unit.SHARE else figure(value.amount, language())
    )


def _told(value: Value) -> dict[str, Any]:
    """amount: whole, or "hits/of" of an exact fraction; null while missing."""
    amount = value.amount
    return {
        "indicator": value.indicator,
        "unit": value.unit.value,
        "first_day": value.days.first_day,
        "last_day": value.days.last_day,
        "split": list(value.split),
        "amount": amount if amount is None or isinstance(amount, int) else str(amount),
        "hits": value.hits,
        "of": value.of,
        "why_missing": value.why_missing,
    }
