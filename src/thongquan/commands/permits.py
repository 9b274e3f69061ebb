"""`thongquan permits import`: which goods need a permit or inspection of another authority, as an edition of days."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..speech import complain, emit, say, told
from .arguments import DONE, FINDINGS, AsJson, day_of, open_site

permits_app = typer.Typer(no_args_is_help=True)

VIETNAM = "vn"
"""Whose workbook it is; no other country has one yet."""


@permits_app.callback()
def permits() -> None:
    """The list of permits of other authorities."""


@permits_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    act: Annotated[str, typer.Option("--act")],
    first_day: Annotated[str, typer.Option("--first-day")],
    last_day: Annotated[str, typer.Option("--last-day")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run")] = False,
    as_json: AsJson = False,
) -> None:
    from ..engine.findings import Finding, errors
    from ..engine.tariff.tables import read_tables
    from ..packs import pack as packs
    from ..packs.vn.permits import read_permits

    first, last = day_of(first_day), day_of(last_day) if last_day else None
    tables = read_tables(file)
    if isinstance(tables, Finding):
        complain([tables], str(file), as_json)
        raise typer.Exit(FINDINGS)
    phrases = packs.load(VIETNAM).code_lists["permit_phrases"]
    read = read_permits(tables, phrases, act, first, last)
    if read.edition is None:
        complain(read.findings, str(file), as_json)
        raise typer.Exit(FINDINGS)
    refused = False
    if not dry_run:
        open_site()
        from ..site.reference.acts import publish_list

        published = publish_list(read.edition, country=VIETNAM, source=file.name)
        complain(published, str(file), as_json)
        refused = bool(errors(published))
    codes = len({row.facts["prefix"] for row in read.edition.rows})
    if as_json:
        emit({
            "country": VIETNAM, "rows": len(read.edition.rows), "codes": codes, "hash": read.edition.hash,
            "stored": not (dry_run or refused), "unknown": dict(read.unknown),
            "findings": [told(one) for one in read.findings],
        })  # fmt: skip
    else:
        complain(read.findings, str(file), as_json)
        print(say("permits_read", rows=len(read.edition.rows), codes=codes, hash=read.edition.hash[:16]))
        for phrase, count in read.unknown.items():
            print(f"    {count} × {phrase!r}")
    raise typer.Exit(FINDINGS if refused else DONE)
