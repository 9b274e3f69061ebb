"""`thongquan init` and `thongquan user …`: an office from nothing, and the people in it."""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..speech import emit, language, named, say, table
from .arguments import AsJson, day_of, open_site, operator, refused, stop

if TYPE_CHECKING:
    from ..site.accounts.models import User

user_app = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument()]
PasswordFrom = Annotated[bool, typer.Option("--password-stdin")]


# opening an office


def init(
    pack: Annotated[str, typer.Option("--pack")],
    leader: Annotated[str, typer.Option("--leader")] = "",
    leader_name: Annotated[str, typer.Option("--leader-name")] = "",
    office: Annotated[str, typer.Option("--office")] = "",
    sandbox: Annotated[bool, typer.Option("--sandbox")] = False,
    password_stdin: PasswordFrom = False,
    as_json: AsJson = False,
) -> None:
    from ..packs import pack as packs
    from ..site.config import office as offices

    folder = offices.data_folder()
    if not _empty(folder):
        raise stop("init_not_empty", folder=folder)
    if pack not in packs.names():
        raise stop("unknown_pack", pack=pack, known=", ".join(packs.names()))
    country = packs.load(pack)
    _known_office(country, office)
    leader = leader or _asked("ask_leader")
    if not leader:
        raise stop("init_leader")
    password = _password(password_stdin)
    made = folder.exists()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ["THONGQUAN_PACK"] = pack
    sandbox = sandbox or os.environ.get("THONGQUAN_SANDBOX") == "on"
    os.environ["THONGQUAN_SANDBOX"] = "on" if sandbox else "off"
    open_site(migrate=False)
    try:
        _refuse_used_database()
        if password:
            _checked(password)
    except typer.Exit:
        _take_back(folder, made)
        raise
    facts = _opened(folder, offices.Office(pack, office, sandbox), leader, leader_name, password)
    if as_json:
        emit(facts)
        return
    print(say("init_done", folder=folder, pack=pack, office=office or "–", leader=leader))
    if sandbox:
        print(say("init_sandbox"))
    _tell_code(facts)
    print(say("init_next"))


def _empty(folder: Path) -> bool:
    """Django's key alone may be there: whoever asked for `doctor` first has already made it."""
    return not folder.exists() or {file.name for file in folder.iterdir()} <= {"secret_key"}


def _take_back(folder: Path, made: bool) -> None:
    """Leave a folder that was refused as empty as it was found."""
    import shutil

    if not made:
        shutil.rmtree(folder, ignore_errors=True)


def _known_office(country: Any, code: str) -> None:
    """An office that the pack's own list names, where it has one."""
    known = country.code_lists.get("offices")
    if code and known is not None and code not in {one.value for one in known}:
        raise stop("init_office", office=code, pack=country.code)


def _asked(key: str) -> str:
    return str(typer.prompt(say(key))).strip() if sys.stdin.isatty() else ""


def _password(from_input: bool) -> str:
    """From standard input, or from the person who sits there; "" to hand out a one-time code instead."""
    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        return ""
    given = typer.prompt(say("ask_password"), default="", hide_input=True, show_default=False)
    if given and typer.prompt(say("ask_password_again"), hide_input=True) != given:
        raise stop("passwords_differ")
    return str(given)


def _refuse_used_database() -> None:
    """A PostgreSQL database that holds an office already is not another's beginning."""
    from django.db import connection

    if connection.vendor != "sqlite" and connection.introspection.table_names():
        raise stop("init_database", database=connection.settings_dict["NAME"])


def _checked(password: str) -> None:
    from django.utils.translation import override

    from ..site.accounts.people import password_fault

    with override(language()):
        fault = password_fault(password)
    if fault:
        raise refused([fault])


def _opened(folder: Path, office: Any, leader: str, full_name: str, password: str) -> dict[str, Any]:
    """Everything that an office begins with; each step may be seen in the record."""
    from django.db import transaction

    from ..site.accounts import people
    from ..site.clearance import consignments
    from ..site.config import metrics, sandbox
    from ..site.config import office as offices
    from ..site.record.signing import signing_key

    open_site()
    keys = folder / "keys"
    consignments.make_keys()
    public = signing_key().public.text
    metrics.token()
    by = operator()
    with transaction.atomic():
        sandbox.write_down(office, by=by)
    user = _good(people.open_account(leader, by=by, full_name=full_name))
    first = people.Post("LEADER", _today(), office=office.code or people.EVERY)
    _good(people.appoint(user, first, by=by))
    if password:
        _redeemed(people.code_for(user, by=by), password)
    offices.write(folder, office)
    facts = {
        "folder": str(folder),
        "pack": office.pack,
        "office": office.code,
        "sandbox": office.sandbox,
        "leader": user.username,
        "log_key": public,
        "keys": sorted(str(file) for file in keys.iterdir()),
    }
    return facts if password else {**facts, **_code(user)}


def _today() -> date:
    """Today in the country whose law holds, by the database's clock."""
    from django.conf import settings

    from ..packs import pack as packs
    from ..site.kit import clock

    return packs.load(settings.PACK).legal_day(clock.now())


def _good(answer: Any) -> Any:
    """What was made, or the end with the reason why not."""
    from ..engine.findings import Finding

    if isinstance(answer, Finding):
        raise refused([answer])
    return answer


def _redeemed(code: str, password: str) -> User:
    from django.utils.translation import override

    from ..site.accounts.people import redeem

    with override(language()):
        done: User = _good(redeem(code, password))
    return done


def _code(user: User) -> dict[str, Any]:
    """A one-time code, and the page that takes it. The code stands in no address: addresses are logged."""
    from django.urls import reverse

    from ..site.accounts.people import code_for

    code = code_for(user, by=operator())
    return {"user": user.username, "code": code, "path": reverse("password")}


def _tell_code(facts: dict[str, Any]) -> None:
    if "code" not in facts:
        return
    print(say("password_code", user=facts["user"], code=facts["code"]))
    print(say("password_path", path=facts["path"]))


# people


@user_app.command("add")
def add(
    name: Name,
    full_name: Annotated[str, typer.Option("--full-name")] = "",
    password_stdin: PasswordFrom = False,
    as_json: AsJson = False,
) -> None:
    open_site()
    from ..site.accounts import people

    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else ""
    if password:
        _checked(password)
    user = _good(people.open_account(name, by=operator(), full_name=full_name))
    if password:
        _redeemed(people.code_for(user, by=operator()), password)
    facts: dict[str, Any] = {"user": user.username} if password else _code(user)
    if as_json:
        emit(facts)
        return
    print(say("user_added", user=user.username))
    _tell_code(facts)


@user_app.command("posting")
def posting(
    name: Name,
    role: Annotated[str, typer.Argument()],
    office: Annotated[str, typer.Option("--office")] = "",
    trader: Annotated[str, typer.Option("--trader")] = "",
    first_day: Annotated[str, typer.Option("--first-day")] = "",
    last_day: Annotated[str, typer.Option("--last-day")] = "",
    capacity: Annotated[str, typer.Option("--capacity")] = "",
    on_behalf: Annotated[str, typer.Option("--on-behalf")] = "",
    authority: Annotated[str, typer.Option("--authority")] = "",
    as_json: AsJson = False,
) -> None:
    open_site()
    from django.conf import settings

    from ..engine.lifecycle.machine import Capacity
    from ..packs import pack as packs
    from ..site.accounts import people

    if office and office != people.EVERY:
        _known_office(packs.load(settings.PACK), office)
    post = people.Post(
        role.upper(),
        day_of(first_day) if first_day else _today(),
        day_of(last_day) if last_day else None,
        office=office,
        trader=trader,
        capacity=capacity.upper() or Capacity.OWN.value,
        on_behalf=on_behalf,
        authority=authority,
    )
    given = _good(people.appoint(_known(name), post, by=operator()))
    facts = {"user": name, "posting": given.pk, "role": post.role, "first_day": post.first_day,
             "last_day": post.last_day}  # fmt: skip
    emit(facts) if as_json else print(say("user_posted", **{**facts, "role": named("role", post.role)}))


@user_app.command("end-posting")
def end_posting(
    name: Name,
    role: Annotated[str, typer.Argument()],
    last_day: Annotated[str, typer.Option("--last-day")] = "",
    as_json: AsJson = False,
) -> None:
    open_site()
    from ..site.accounts import people

    day = day_of(last_day) if last_day else _today()
    count = _good(people.end_posts(_known(name), role.upper(), day, by=operator()))
    facts = {"user": name, "role": role.upper(), "ended": count, "last_day": day}
    emit(facts) if as_json else print(say("user_unposted", **facts))


@user_app.command("password")
def password(
    name: Name,
    code: Annotated[str, typer.Option("--code")] = "",
    password_stdin: PasswordFrom = False,
    as_json: AsJson = False,
) -> None:
    open_site()
    from ..site.accounts import people

    user = _known(name)
    if not code:
        facts = _code(user)
        emit(facts) if as_json else _tell_code(facts)
        return
    given = _password(password_stdin)
    if not given:
        raise stop("password_needed")
    if people.user_of(code) != user:
        from ..engine.findings import Finding

        raise refused([Finding("PASSWORD_CODE_SPENT")], as_json=as_json)
    _redeemed(code, given)
    emit({"user": user.username}) if as_json else print(say("password_set", user=user.username))


@user_app.command("close")
def close(name: Name, as_json: AsJson = False) -> None:
    _switch(name, False, as_json)


@user_app.command("reopen")
def reopen(name: Name, as_json: AsJson = False) -> None:
    _switch(name, True, as_json)


def _switch(name: str, active: bool, as_json: bool) -> None:
    open_site()
    from ..site.accounts import people

    user = _known(name)
    people.set_active(user, active, by=operator())
    facts = {"user": user.username, "active": active}
    emit(facts) if as_json else print(say("user_open" if active else "user_closed", user=user.username))


@user_app.command("list")
def listing(as_json: AsJson = False) -> None:
    open_site()
    from ..site.accounts.models import User

    rows = [
        {
            "user": user.username, "full_name": user.full_name, "active": user.is_active,
            "password": user.has_usable_password(), "role": post.role if post else "",
            "office": post.office if post else "", "trader": post.trader if post else "",
            "first_day": post.first_day if post else None, "last_day": post.last_day if post else None,
        }
        for user in User.objects.prefetch_related("postings").order_by("username")
        for post in (list(user.postings.all()) or [None])
    ]  # fmt: skip
    if as_json:
        for row in rows:
            emit(row)
        return
    keys = ("user", "full_name", "role", "office", "trader", "first_day", "last_day", "active")
    table([say(f"user_{key}") for key in keys], [[_shown(row[key]) for key in keys] for row in rows])


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "✓" if value else "–"
    if isinstance(value, date):
        return "…" if value == date.min else f"{value:%d/%m/%Y}"
    return "" if value is None else str(value)


def _known(name: str) -> User:
    from ..engine.findings import Finding
    from ..site.accounts.people import find

    user = find(name)
    if user is None:
        raise refused([Finding("USER_UNKNOWN", says={"username": name})])
    return user
