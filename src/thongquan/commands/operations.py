"""`thongquan serve`, `doctor`, `migrate`, `restore`, `database-roles`: what keeps an office running."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..speech import complain, emit, named, say, told
from .arguments import DONE, FINDINGS, MISUSE, AsJson, open_site, stop

OptionalFile = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, readable=True)]


def serve(
    host: Annotated[str, typer.Option("--host")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65_535)] = 0,
    workers: Annotated[int, typer.Option("--workers", min=0, max=256)] = 0,
    threads: Annotated[int, typer.Option("--threads", min=1, max=256)] = 16,
    certificate: OptionalFile = None,
    key: OptionalFile = None,
    as_json: AsJson = False,
) -> None:
    from ..site.config import serving

    if (certificate is None) != (key is None):
        raise stop("serve_both_files")
    address = serving.Address(host, port, certificate, key)
    serving.prepare(address)
    open_site()
    refusals = serving.refusals(address)
    if refusals:
        for code in refusals:
            sys.stderr.write(say(f"serve_{code.lower()}", host=host) + "\n")
        raise typer.Exit(MISUSE)
    found = serving.free_port(host, port)
    if found is None:
        raise stop("serve_port_taken", port=port or f"{serving.PORT}–{serving.PORT + serving.PORTS - 1}")
    address = serving.Address(host, found, certificate, key)

    def said() -> None:
        emit({"url": address.url, "pid": os.getpid()}) if as_json else print(say("serving", url=address.url))
        sys.stdout.flush()

    from django.db import connections

    connections.close_all()
    raise typer.Exit(
        serving.serve(address, workers=workers or serving.default_workers(), threads=threads, said=said)
    )


def doctor(deep: Annotated[bool, typer.Option("--deep")] = False, as_json: AsJson = False) -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thongquan.site.config.settings")
    # Not `start`: what it would refuse is what is to be told here, with all the rest.
    django.setup()
    from ..site.config.doctor import examine

    good = True
    for check in examine(deep=deep):
        good = good and check.good
        findings = [told(finding) for finding in check.findings]
        if as_json:
            emit({"check": check.name, "good": check.good, "detail": check.detail, "findings": findings})
            continue
        mark = "✗" if not check.good else "!" if findings else "✓"
        print(f"{mark} {named('check', check.name)}: {check.detail}")
        for one in findings:
            print(f"    {one['sentence']} {one['remedy']} [{one['code']}]")
    if not as_json:
        print(say("doctor_good" if good else "doctor_bad"))
    raise typer.Exit(DONE if good else FINDINGS)


def migrate(as_json: AsJson = False) -> None:
    open_site(migrate=False, reach=True)
    from ..site.config.start import pending

    waiting = pending()
    open_site()
    emit({"migrated": waiting}) if as_json else print(say("migrated", count=len(waiting)))


def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)], as_json: AsJson = False
) -> None:
    open_site(migrate=False)
    from django.core.exceptions import ImproperlyConfigured

    from ..site.papers import backup as papers
    from ..site.record.restore import restore as put_back

    try:
        done = put_back(file)
    except ImproperlyConfigured as unfit:  # a copy of the other kind: a sandbox's, a real office's
        raise stop("not_started", why=str(unfit)) from None
    lost = papers.restore(file) if done.done else ()
    if done.done:
        _say_whose()
    complain((*done.findings, *lost), str(file), as_json)
    facts = {
        "file": str(file),
        "declarations": done.counts.get("clearance_declaration", 0),
        "events": done.counts.get("record_event", 0),
    }
    if as_json:
        emit({**facts, "restored": done.done})
    elif done.done:
        print(say("restored", **facts))
    raise typer.Exit(DONE if done.done and not lost else FINDINGS)


def _say_whose() -> None:
    """Write down in the data folder which office came back, where the folder does not say it."""
    from django.conf import settings

    from ..site.config import office as offices
    from ..site.config.sandbox import office_of_record

    folder, found = Path(settings.DATA), office_of_record()
    if found is not None and offices.told(folder) is None:
        offices.write(folder, found)


def database_roles(apply: Annotated[bool, typer.Option("--apply")] = False, as_json: AsJson = False) -> None:
    open_site(migrate=False, reach=True)
    from django.db import connection

    from ..site.config import roles

    if connection.vendor != "postgresql":
        raise stop("roles_postgresql")
    if not apply:
        sys.stdout.write(roles.whole_sql(connection))
        return
    from ..site.config.start import pending

    if pending():
        raise stop("roles_before_tables")
    roles.set_up(connection)
    emit({"roles": list(roles.ROLES)}) if as_json else print(say("roles_done", roles=", ".join(roles.ROLES)))


def signer(as_json: AsJson = False) -> None:
    import signal
    import threading

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thongquan.site.config.settings")
    place = os.environ.pop("THONGQUAN_SIGNER", "")
    if not place:
        raise stop("signer_where")
    django.setup()
    from ..site.record.signer import Signer
    from ..site.record.signing import signing_key_of_file

    with Signer(place) as listening:
        for ends in (signal.SIGTERM, signal.SIGINT):
            signal.signal(ends, lambda *_: threading.Thread(target=listening.shutdown).start())
        public = signing_key_of_file().public.text
        emit({"socket": place, "key": public}) if as_json else print(
            say("signing", place=place, public=public)
        )
        sys.stdout.flush()
        listening.serve_forever()


def rotate_log_key(reason: Annotated[str, typer.Option("--reason")], as_json: AsJson = False) -> None:
    # The old key and the new one both sign who follows whom: that is done where the files are.
    os.environ.pop("THONGQUAN_SIGNER", None)
    open_site()
    from ..engine.findings import Finding
    from ..site.record.sealing import rotate_key
    from .arguments import operator, refused

    made = rotate_key(by=operator(), role="OPERATOR", reason=reason)
    if isinstance(made, Finding):
        raise refused([made], as_json=as_json)
    emit({"key": made.text}) if as_json else print(say("log_key_rotated", public=made.text))
