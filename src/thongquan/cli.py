"""`thongquan`: the whole journey from the command line.

Every command prints words for people or, with --json, one object a line for machines, and exits with 0 (done),
1 (findings or a refusal), 2 (wrong use) or 3 (a fault of ours). Results go to standard output, findings and progress
to standard error. Nothing heavy is imported before a command needs it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from .commands import (
    dues,
    exempt,
    figures,
    guarantees,
    journey,
    matters,
    office,
    operations,
    permits,
    preregister,
    rates,
    register,
    tariff,
    tokens,
    what_if,
)
from .commands.arguments import DONE, FINDINGS, OUR_FAULT, AsJson, day_of, open_site, stop
from .speech import complain, emit, language, money, named, say, table, watched

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import click

    from .engine.formats.reading import Reading
    from .packs.pack import Pack

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(tariff.tariff_app, name="tariff")
app.add_typer(office.user_app, name="user")
app.add_typer(tokens.token_app, name="token")
app.add_typer(permits.permits_app, name="permits")
app.add_typer(register.register_app, name="register")
app.add_typer(rates.rates_app, name="rates")
app.add_typer(exempt.exempt_app, name="exempt")
for command in (
    preregister.preregister, office.init, operations.serve, operations.doctor, operations.migrate, operations.restore,
    operations.database_roles, journey.act, journey.acts, matters.obligations, guarantees.guarantee, operations.signer,
    operations.rotate_log_key, what_if.what_if, dues.penalty, dues.late_interest, dues.instalments,
    figures.export_facts, figures.figures,
):  # fmt: skip
    app.command(command.__name__.replace("_", "-"))(command)

Files = Annotated[list[Path], typer.Argument(exists=True, readable=True)]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
PackName = Annotated[str, typer.Option("--pack", envvar="THONGQUAN_PACK")]
Day = Annotated[str, typer.Option()]
RateUnit = Annotated[Literal["percent", "fraction"] | None, typer.Option("--rate-unit")]

SUFFIXES = (".xml", ".json", ".ndjson", ".csv", ".xlsx", ".xls", ".edi")
"""What is taken from a folder; of text files those that begin as UN/EDIFACT does."""


# arguments


def pack_of(name: str) -> Pack:
    from .packs import pack as packs
    from .packs.tables import UnusablePack

    try:
        return packs.load(name)
    except LookupError:
        raise stop("unknown_pack", pack=name, known=", ".join(packs.names())) from None
    except UnusablePack as unusable:
        complain(unusable.findings, name, as_json=False)
        raise typer.Exit(FINDINGS) from None


def files_of(paths: Iterable[Path]) -> Iterator[Path]:
    """Files as given; of a folder, every message and table in it, in the order of their names."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.is_file() and _is_message(file))
        else:
            yield path


def _is_message(file: Path) -> bool:
    suffix = file.suffix.lower()
    if suffix != ".txt":
        return suffix in SUFFIXES
    from .engine.formats.reading import FileKind, kind_of

    with file.open("rb") as stream:
        return kind_of(stream.read(4096)) is FileKind.CUSDEC


def readings(
    paths: Iterable[Path],
    pack: Pack | None = None,
    rate_unit: Literal["percent", "fraction"] | None = None,
) -> Iterator[tuple[Path, Reading]]:
    """Every declaration of every file, one at a time; tables and NDJSON of any size are never held whole.

    rate_unit: in what ASYCUDA documents give the rates of taxes; None for what the pack says.
    """
    from .engine.formats import reading
    from .packs import files

    for path in paths:
        with path.open("rb") as stream:
            if pack is not None:
                found = files.read_stream(str(path), stream, pack, rate_unit)
            else:
                found = reading.read_stream(str(path), stream, None, rate_unit)
            for one in found:
                yield path, one


# reading and computing: nothing is stored


@app.command()
def read(
    files: Files,
    pack: Annotated[str, typer.Option("--pack")] = "",
    rate_unit: RateUnit = None,
    as_json: AsJson = False,
) -> None:
    from .engine.findings import errors
    from .engine.formats import json_lines

    bad = False
    country = pack_of(pack) if pack else None
    for path, one in watched(readings(files_of(files), country, rate_unit), "reading"):
        complain(one.findings, _source(path, one), as_json)
        bad = bad or bool(errors(one.findings))
        if one.declaration is not None:
            sys.stdout.write(json_lines.write_json(one.declaration).decode() + "\n")
    raise typer.Exit(FINDINGS if bad else DONE)


@app.command()
def assess(
    file: File,
    out: Annotated[Path, typer.Option("--out", "-o")],
    pack: PackName = "gb",
    on: Day = "",
    rate_unit: RateUnit = None,
    as_json: AsJson = False,
) -> None:
    from datetime import UTC, datetime

    from .engine.findings import errors
    from .packs import pack as packs
    from .packs.declared import compare_declared
    from .taxrows import open_rows, rows_of

    country = pack_of(pack)
    day = day_of(on) if on else country.legal_day(datetime.now(UTC))
    counts = dict.fromkeys(("declarations", "lines", "amounts", "pending", "unread"), 0)
    with open_rows(out) as write:
        if write is None:
            raise stop("out_suffix")
        for path, one in watched(readings([file], country, rate_unit), "assessing"):
            failed = errors(one.findings)
            if one.declaration is None or failed:
                counts["unread"] += one.declaration is None and bool(failed)
                complain(failed, _source(path, one), as_json)
            if one.declaration is None:
                continue
            assessment = packs.assess(country, one.declaration, day)
            differing = compare_declared(country, one.declaration, assessment, day)
            complain((*errors(assessment.findings), *differing), _source(path, one), as_json)
            counts["declarations"] += 1
            counts["lines"] += len(assessment.lines)
            for row in rows_of(one.declaration, assessment):
                counts["amounts"] += 1
                counts["pending"] += row["payable_minor"] is None
                write(row)
    emit(counts) if as_json else print(say("assessed", **counts))
    raise typer.Exit(FINDINGS if counts["unread"] or counts["pending"] else DONE)


def _source(path: Path, one: Reading) -> str:
    return f"{path}: {one.place}" if one.place else str(path)


# the journey


@app.command()
def demo(
    folder: Annotated[Path | None, typer.Argument(exists=True, file_okay=False)] = None,
    reset: Annotated[bool, typer.Option("--reset")] = False,
    no_serve: Annotated[bool, typer.Option("--no-serve")] = False,
    as_json: AsJson = False,
) -> None:
    import shutil

    from . import __version__

    data = _demo_folder()
    if reset and (data / DEMO_MARK).exists():
        shutil.rmtree(data)
    if data.exists() and any(data.iterdir()) and not (data / DEMO_MARK).exists():
        raise stop("demo_not_here", folder=data)
    data.mkdir(parents=True, exist_ok=True)
    (data / DEMO_MARK).touch()
    os.environ["THONGQUAN_DATA"] = str(data)
    os.environ["THONGQUAN_HTTPS"] = "off"  # only this machine is ever answered
    if not as_json:
        print(say("sample_notice", version=__version__, folder=data))
    open_site()
    from .demo import report

    code = report.run(folder, as_json=as_json)
    if not as_json and not no_serve:
        code = _demo_served() or code
    raise typer.Exit(code)


def _demo_served() -> int:
    """Serve what the demonstration made: until Ctrl-C in a terminal, else for one page."""
    from .demo import serving

    where = serving.address()
    if where is None:
        raise stop("demo_no_port")
    return serving.serve(where, stay=sys.stdout.isatty() and os.environ.get("CI") != "true")


DEMO_MARK = "DEMO"
"""A file that marks a data folder as a demonstration's own: it works in no other, and deletes no other."""


def _demo_folder() -> Path:
    named = os.environ.get("THONGQUAN_DATA")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "thongquan-demo"


@app.command()
def lodge(
    files: Files,
    user: Annotated[str, typer.Option("--user")],
    pack: PackName = "gb",
    rate_unit: RateUnit = None,
    as_json: AsJson = False,
) -> None:
    import hashlib

    open_site()
    from .site.accounts.reads import By
    from .site.clearance import journey, messages
    from .site.kit import clock

    country = pack_of(pack)
    refused = False
    for path, one in watched(readings(files_of(files), country, rate_unit), "working"):
        source = _source(path, one)
        if one.declaration is None:
            complain(one.findings, source, as_json)
            refused = True
            continue
        message = messages.read_once(one, path)
        # From file and place: sending the same file again gets the stored answer, never a second declaration.
        key = hashlib.sha256(f"{path.resolve()}\0{one.place}".encode()).hexdigest()
        answer = journey.receive(message=message, pack=country, by=By(user), key=f"cli/{key}", at=clock.now())
        complain((*answer.findings, *answer.reasons), source, as_json)
        refused = refused or not answer.done
        if as_json:
            emit({"file": source, "number": answer.number, "act": answer.act, "state": answer.state,
                  "done": answer.done, "replay": answer.replay, "codes": answer.codes})  # fmt: skip
        elif answer.done:
            key = "lodged_again" if answer.replay else "lodged"
            print(
                say(
                    key,
                    number=answer.number,
                    act=named("act", answer.act),
                    state=named("state", answer.state),
                )
            )
    raise typer.Exit(FINDINGS if refused else DONE)


@app.command()
def show(number: str, as_json: AsJson = False) -> None:
    from zoneinfo import ZoneInfo

    open_site()
    from .site.clearance import reads

    row = reads.by_number(number)
    if row is None:
        sys.stderr.write(say("no_declaration", number=number) + "\n")
        raise typer.Exit(FINDINGS)
    country = pack_of(row.pack)
    decimals, zone = country.decimals, ZoneInfo(country.zone)
    line = reads.timeline(number)
    taxes = reads.assessment(number)
    if as_json:
        emit({
            "number": row.number, "state": row.state, "channel": row.channel_name, "version": row.version,
            "trader": row.trader.registry_id, "functional_reference": row.functional_reference,
            "legal_day": row.legal_day, "assessed_minor": row.assessed_minor, "paid_minor": row.paid_minor,
            "events": [{"n": e.n, "act": e.act, "at": e.at, "actor": e.actor, "role": e.role,
                        "form_number": e.form_number, "says": dict(e.says), "hash": h}
                       for e, h in zip(line.events, line.hashes, strict=True)],
            "taxes": taxes,
        })  # fmt: skip
        return
    print(f"{row.number}  {named('state', row.state)}  {named('channel', row.channel_name)}")
    table(
        [say("when"), say("act"), say("who"), say("form")],
        [
            [
                f"{e.at.astimezone(zone):%d/%m/%Y %H:%M:%S}",
                named("act", e.act),
                f"{named('role', e.role)} {e.actor}",
                e.form_number,
            ]
            for e in line.events
        ],
    )
    table(
        [say("item"), say("tax"), say("base"), say("rate"), say("amount"), say("law")],
        [
            [str(t.line), t.tax, money(t.base_minor, decimals), _rate(t.trace), money(t.payable_minor, decimals), t.law]
            for t in taxes
        ],
        right=(2, 4),
    )  # fmt: skip
    seconds = {clock.lower(): f"{spent}" for clock, spent in line.timing.by_clock.items()}
    print(
        say("seconds_by_clock", **{name: seconds.get(name, "0") for name in ("customs", "trader", "agency")})
    )


def _rate(trace: Mapping[str, Any]) -> str:
    """The terms of the rate as a person reads them, branch by branch, and where the rate itself comes from."""
    from .engine.money import decimal_text

    branches: dict[str, str] = {}
    for term in trace.get("terms", ()):
        if "rate_ppm" in term:
            figure = f"{decimal_text(term['rate_ppm'], 4)} %"
        else:
            figure = f"{decimal_text(term['specific_millionths'])} {term['currency']}/{term['unit']}"
        before = branches.get(term["branch"])
        sign = "−" if term["sign"] < 0 else "+"
        branches[term["branch"]] = f"{before} {sign} {figure}" if before else figure.removeprefix("+")
    said = " ".join(
        figure if branch == "base" else f"{branch.replace('_', ' ')} {figure}"
        for branch, figure in branches.items()
    )
    note = trace.get("note")
    return f"{said} ({named('note', note)})" if note else said


# proofs


@app.command("pack-check")
def pack_check(name: str, as_json: AsJson = False) -> None:
    from .commands import coverage
    from .engine.findings import errors
    from .packs import check
    from .packs import pack as packs

    if name not in packs.names():
        raise stop("unknown_pack", pack=name, known=", ".join(packs.names()))
    report = check.check_named(name)
    complain(report.findings, name, as_json)
    bad = errors(report.findings)
    if as_json:
        emit({"pack": name, "errors": len(bad), "counts": dict(report.counts), **coverage.facts(report)})
        raise typer.Exit(FINDINGS if bad else DONE)
    coverage.show(report)
    if bad:
        print(say("pack_bad", pack=name, errors=len(bad)))
    else:
        print(say("pack_good", pack=name, counts=", ".join(f"{k} {v}" for k, v in report.counts.items())))
    raise typer.Exit(FINDINGS if bad else DONE)


@app.command("verify-log")
def verify_log(as_json: AsJson = False) -> None:
    open_site()
    from .site.clearance.reads import verify

    verified = verify()
    complain(verified.faults, "", as_json)
    facts = {
        "events": verified.log.events,
        "subjects": len(verified.log.heads),
        "faults": len(verified.faults),
    }
    limit = named("note", "CHAIN_ALONE")
    if as_json:
        emit({**facts, "limit": limit})
    else:
        print(say("log_bad" if verified.faults else "log_good", **facts))
        print(limit)
    raise typer.Exit(FINDINGS if verified.faults else DONE)


@app.command("export-log")
def export_log(folder: Path, as_json: AsJson = False) -> None:
    open_site()
    from .site.record.exporting import export_log as write

    done = write(folder)
    complain(done.faults, str(folder), as_json)
    if not done.faults:
        facts = {"folder": str(done.folder), **done.counts}
        emit(facts) if as_json else print(say("log_exported", **facts))
    raise typer.Exit(FINDINGS if done.faults else DONE)


@app.command()
def backup(out: Annotated[Path | None, typer.Argument()] = None, as_json: AsJson = False) -> None:
    open_site()
    from .site.papers import backup as papers
    from .site.record.backup import back_up

    done = back_up(out)
    lost = papers.back_up(done.file) if not done.faults else ()
    complain((*done.faults, *lost), str(done.file), as_json)
    facts = {"file": str(done.file), "declarations": done.declarations, "events": done.events}
    good = not done.faults and not lost
    if as_json:
        emit({**facts, "verified": good})
    elif good:
        print(say("backed_up", **facts))
    raise typer.Exit(DONE if good else FINDINGS)


# starting


@app.callback()
def options(spoken: Annotated[str, typer.Option("--language")] = "") -> None:
    """The option is read before anything else, by `_language_asked`; here it is only known."""


def _language_asked(arguments: list[str]) -> None:
    """Help is made before options are parsed, so the language is looked for first."""
    for place, argument in enumerate(arguments):
        if argument.startswith("--language"):
            _, _, value = argument.partition("=")
            os.environ["THONGQUAN_LANGUAGE"] = value or "".join(arguments[place + 1 : place + 2])


def _office_asked() -> None:
    """The office of the data folder says whose law its commands apply, where nobody says otherwise."""
    from .site.config.office import data_folder, told

    office = told(data_folder())
    if office is not None:
        os.environ.setdefault("THONGQUAN_PACK", office.pack)


def _worded(command: click.Command, key: str) -> None:
    """Give a command, its options and its sub-commands their help in the reader's language."""
    from . import words

    def worded(one: str) -> str | None:
        return words.word("cli", one, language()) if one in words.identifiers("cli") else None

    command.help = worded(key)
    for option in command.params:
        name = {"as_json": "json", "spoken": "language"}.get(option.name or "", option.name)
        if hasattr(option, "help"):
            option.help = worded(f"{key}_{name}") or worded(f"help_{name}")
    for name, inner in getattr(command, "commands", {}).items():
        _worded(inner, f"{key}_{name}".replace("-", "_"))


def main() -> None:
    """The entry point. A fault of ours is said as one, without what was being worked on."""
    _language_asked(sys.argv[1:])
    _office_asked()
    command = typer.main.get_command(app)
    _worded(command, "help")
    try:
        command(prog_name="thongquan")
    except Exception as fault:
        import traceback

        if os.environ.get("THONGQUAN_DEBUG") == "on":
            traceback.print_exc()
        last = traceback.extract_tb(fault.__traceback__)[-1]
        where = f"{type(fault).__name__}, {Path(last.filename).name}:{last.lineno}"
        sys.stderr.write(say("our_fault", error=where) + "\n")
        sys.exit(OUR_FAULT)


if __name__ == "__main__":
    main()
