"""`thongquan register`: the register that a country's traders keep, written from what is stored, and held against the
law."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..speech import complain, emit, say
from .arguments import DONE, FINDINGS, AsJson, day_of, open_site, stop

register_app = typer.Typer(no_args_is_help=True)

MOST_LINES = 1_000_000
"""Lines of a register made by command: a sheet holds no more."""


@register_app.callback()
def register() -> None:
    """The register of declarations."""


@register_app.command("export")
def export(
    out: Annotated[Path, typer.Argument(dir_okay=False)],
    trader: Annotated[str, typer.Option("--trader")] = "",
    first_day: Annotated[str, typer.Option("--first-day")] = "",
    last_day: Annotated[str, typer.Option("--last-day")] = "",
    as_json: AsJson = False,
) -> None:
    open_site()
    from datetime import datetime, time, timedelta
    from zoneinfo import ZoneInfo

    from ..packs.files import OWN
    from ..site.clearance import registers
    from ..site.clearance.models import Declaration
    from ..site.reference.reads import site_pack

    pack = site_pack()
    suffix = out.suffix.lower().removeprefix(".")
    if pack.code not in OWN or suffix not in OWN[pack.code].register:
        raise stop(
            "register_suffix", known=", ".join(f".{one}" for own in OWN.values() for one in own.register)
        )
    rows, zone = Declaration.objects.filter(pack=pack.code), ZoneInfo(pack.zone)
    if trader:
        rows = rows.filter(trader__registry_id=trader)
    if first_day:
        rows = rows.filter(lodged_at__gte=datetime.combine(day_of(first_day), time(), zone))
    if last_day:
        until = datetime.combine(day_of(last_day) + timedelta(days=1), time(), zone)
        rows = rows.filter(lodged_at__lt=until)
    made = registers.written(rows, pack, suffix, MOST_LINES)
    if not isinstance(made, bytes):
        complain([made], str(out), as_json)
        raise typer.Exit(FINDINGS)
    out.write_bytes(made)
    count = rows.count()
    emit({"file": str(out), "declarations": count}) if as_json else print(
        say("register_written", file=out, declarations=count)
    )


@register_app.command("compare")
def compare(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    pack: Annotated[str, typer.Option("--pack", envvar="THONGQUAN_PACK")] = "vn",
    as_json: AsJson = False,
) -> None:
    from ..engine.findings import errors
    from ..packs import pack as packs
    from ..packs.files import OWN, read_stream

    if pack not in OWN:
        raise stop("unknown_pack", pack=pack, known=", ".join(OWN))
    country = packs.load(pack)
    counts = dict.fromkeys(("declarations", "differing", "pending", "unread"), 0)
    with file.open("rb") as stream:
        for one in read_stream(str(file), stream, country):
            source = f"{file}: {one.place}" if one.place else str(file)
            declaration = one.declaration
            if declaration is None or declaration.acceptance_time is None:
                complain(errors(one.findings), source, as_json)
                counts["unread"] += 1
                continue
            day = country.legal_day(declaration.acceptance_time)
            assessment = packs.assess(country, declaration, day)
            differing = OWN[pack].differences(declaration, assessment, country)
            complain(differing, f"{source}: {declaration.declaration_id}", as_json)
            counts["declarations"] += 1
            counts["differing"] += bool(differing)
            counts["pending"] += any(line.pending for line in assessment.lines)
    emit(counts) if as_json else print(say("register_compared", **counts))
    raise typer.Exit(FINDINGS if counts["differing"] or counts["unread"] else DONE)
