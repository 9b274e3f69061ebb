"""`thongquan what-if`: what a changed tariff would have brought on lines or declarations that one has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..speech import complain, emit, money, say, table
from .arguments import DONE, FINDINGS, AsJson, day_of, stop

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from ..engine.declaration import Declaration
    from ..engine.tariff.tariff import Edition
    from ..packs.pack import Pack
    from ..packs.what_if import Difference, Replayed

ACT = "what-if"
"""The act under which changed rates stand that are nobody's law yet."""


def what_if(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, readable=True)],
    edition: Annotated[Path, typer.Option("--edition", exists=True, dir_okay=False, readable=True)],
    pack: Annotated[str, typer.Option("--pack", envvar="THONGQUAN_PACK")] = "vn",
    on: Annotated[str, typer.Option()] = "",
    first_day: Annotated[str, typer.Option()] = "",
    last_day: Annotated[str, typer.Option()] = "",
    as_json: AsJson = False,
) -> None:
    from ..packs import pack as packs
    from ..packs import what_if as law

    try:
        country = packs.load(pack)
    except LookupError:
        raise stop("unknown_pack", pack=pack, known=", ".join(packs.names())) from None
    first = day_of(first_day or on or "0001-01-01")
    changed = _edition(edition, first, day_of(last_day) if last_day else None, as_json)
    other = law.with_tariff(country, law.overlaid(country.tariff, changed))
    columns = [file for file in files if file.suffix.lower() == ".parquet"]
    told = [file for file in files if file not in columns]
    if columns and told:
        raise stop("what_if_mixed")
    if columns:
        sums = [_of_lines(one, columns) for one in (country, other)]
    else:
        dated = list(_declarations(told, country, day_of(on) if on else None, as_json))
        sums = [law.replay_declarations(one, dated) for one in (country, other)]
    before, after = sums
    rows = law.differences(country, before, after)
    (_emit if as_json else _print)(country, before, after, rows)
    raise typer.Exit(DONE)


def _edition(file: Path, first: date, last: date | None, as_json: bool) -> Edition:
    from ..engine.findings import Finding
    from ..engine.tariff.sheets import load_sheet
    from ..engine.tariff.tables import read_tables
    from ..packs import layouts

    tables = read_tables(file)
    layout = tables if isinstance(tables, Finding) else layouts.layout_for(tables)
    if isinstance(layout, Finding) or isinstance(tables, Finding):
        complain([layout] if isinstance(layout, Finding) else [], str(file), as_json)
        raise typer.Exit(FINDINGS)
    loaded = load_sheet(tables, layout, ACT, first, last)
    complain(loaded.findings, str(file), as_json)
    if loaded.edition is None:
        raise typer.Exit(FINDINGS)
    return loaded.edition


def _of_lines(country: Pack, files: Iterable[Path]) -> Replayed:
    from ..packs.what_if import COLUMNS, Law, read_lines

    try:
        return Law(country).replay(batch for file in files for batch in read_lines(file))
    except ValueError:
        raise stop("what_if_columns", columns=", ".join(COLUMNS)) from None


def _declarations(
    files: Iterable[Path], country: Pack, on: date | None, as_json: bool
) -> Iterator[tuple[Declaration, date]]:
    """Declarations with the day of their law: the day asked for, else the one on which they were accepted."""
    from zoneinfo import ZoneInfo

    from ..engine.findings import errors
    from ..engine.formats.reading import read_stream

    zone = ZoneInfo(country.zone)
    for file in files:
        with file.open("rb") as stream:
            for one in read_stream(str(file), stream, zone, country.rate_unit or None):
                complain(errors(one.findings), str(file), as_json)
                if one.declaration is None:
                    continue
                accepted = one.declaration.acceptance_time
                day = on or (accepted.date() if accepted is not None else None)
                if day is None:
                    raise stop("what_if_day", file=file)
                yield one.declaration, day


def _emit(country: Pack, before: Replayed, after: Replayed, rows: Iterable[Difference]) -> None:
    emit({
        "pack": country.code, "pack_version": country.version, "currency": country.currency, "lines": before.lines,
        "before_minor": before.total_minor, "after_minor": after.total_minor,
        "difference_minor": after.total_minor - before.total_minor,
        "rows": [
            {"tax": one.tax, "chapter": one.chapter, "before_minor": one.before_minor, "after_minor": one.after_minor,
             "difference_minor": one.difference_minor, "pending_before": one.pending_before,
             "pending_after": one.pending_after}
            for one in rows
        ],
    })  # fmt: skip


def _print(country: Pack, before: Replayed, after: Replayed, rows: Iterable[Difference]) -> None:
    """What differs, by tax and chapter; then every tax, and all of them."""
    rows = list(rows)

    def figures(one: int, other: int) -> list[str]:
        return [money(minor, country.decimals) for minor in (one, other, other - one)]

    shown: list[list[str]] = [
        [one.tax, one.chapter, *figures(one.before_minor, one.after_minor), _pending(one)]
        for one in rows
        if one.difference_minor or one.pending_before != one.pending_after
    ]
    for tax in dict.fromkeys(one.tax for one in rows):
        shown.append([tax, say("all_chapters"), *figures(before.of_tax(tax), after.of_tax(tax)), ""])
    shown.append([say("all_taxes"), "", *figures(before.total_minor, after.total_minor), ""])
    print(say("what_if_of", lines=before.lines, currency=country.currency))
    keys = ("tax", "chapter", "before", "after", "difference", "pending")
    table([say(key) for key in keys], shown, right=(2, 3, 4))


def _pending(one: Difference) -> str:
    counts: list[Any] = [one.pending_before, one.pending_after]
    return " → ".join(map(str, counts)) if any(counts) else ""
