"""`thongquan rates`: enter a rate of exchange, confirm what another person entered, and see what counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..speech import complain, emit, say, table
from .arguments import DONE, FINDINGS, AsJson, day_of, open_site, stop

if TYPE_CHECKING:
    from datetime import date

    from ..site.kit.act import Answer

rates_app = typer.Typer(no_args_is_help=True)

User = Annotated[str, typer.Option("--user")]
Role = Annotated[str, typer.Option("--role")]


@rates_app.callback()
def rates() -> None:
    """Rates of exchange."""


@rates_app.command()
def enter(
    currency: str,
    price: str,
    user: User,
    act: Annotated[str, typer.Option("--act")],
    published: Annotated[str, typer.Option()] = "",
    first_day: Annotated[str, typer.Option()] = "",
    last_day: Annotated[str, typer.Option()] = "",
    units: Annotated[int, typer.Option("--units")] = 1,
    role: Role = "",
    as_json: AsJson = False,
) -> None:
    open_site()
    from ..engine.findings import Finding
    from ..engine.money import millionths_of
    from ..site.accounts.reads import By
    from ..site.reference import exchange
    from ..site.reference.reads import site_pack

    try:
        millionths = millionths_of(price)
    except ValueError:
        raise stop("bad_number", text=price) from None
    pack = site_pack()
    rate = exchange.rate_of(
        pack,
        currency=currency.upper(),
        price_millionths=millionths,
        act=act,
        units=units,
        published=_day(published),
        first_day=_day(first_day),
        last_day=_day(last_day),
    )
    if isinstance(rate, Finding):
        complain([rate], "", as_json)
        raise typer.Exit(FINDINGS)
    _told(exchange.enter(rate, pack=pack, by=By(user, role)), "rate_entered", as_json)


@rates_app.command()
def confirm(rate: str, user: User, role: Role = "", as_json: AsJson = False) -> None:
    open_site()
    from ..site.accounts.reads import By
    from ..site.clearance.following import Follower
    from ..site.reference import exchange
    from ..site.reference.reads import site_pack

    pack = site_pack()
    known = [entry.hash for entry in exchange.entries(pack.code) if entry.hash.startswith(rate)]
    answer = exchange.confirm(known[0] if len(known) == 1 else rate, pack=pack, by=By(user, role))
    if answer.done:
        # The worker beside the server would see it in a second; where none runs, nothing shall wait for one.
        Follower(pack).unblock()
    _told(answer, "rate_confirmed", as_json)


@rates_app.command("list")
def list_(as_json: AsJson = False) -> None:
    open_site()
    from ..site.reference import exchange
    from ..site.reference.reads import site_pack

    entries = exchange.entries(site_pack().code)
    if as_json:
        for one in entries:
            emit({
                "rate": one.hash, "currency": one.rate.currency, "units": one.rate.units, "price": one.price,
                "first_day": one.rate.first_day, "last_day": one.rate.last_day, "act": one.rate.act, "by": one.by,
                "confirmed": one.confirmed,
            })  # fmt: skip
        return
    keys = ("rate_key", "currency", "price", "days", "law", "who", "counts")
    rows = [
        [
            one.hash[:12],
            f"{one.rate.units} {one.rate.currency}",
            one.price,
            f"{one.rate.first_day:%d/%m/%Y} – {f'{one.rate.last_day:%d/%m/%Y}' if one.rate.last_day else '…'}",
            one.rate.act,
            one.by,
            say("rate_counts") if one.confirmed else say("awaits_confirmation"),
        ]
        for one in entries
    ]
    table([say(key) for key in keys], rows, right=(2,))


def _day(text: str) -> date | None:
    return day_of(text) if text else None


def _told(answer: Answer, key: str, as_json: bool) -> None:
    complain((*answer.findings, *answer.reasons), "", as_json)
    if as_json:
        emit(
            {
                "act": answer.act,
                "done": answer.done,
                "rate": answer.says.get("rate", ""),
                "codes": answer.codes,
            }
        )
    elif answer.done:
        print(say(key, rate=answer.says["rate"][:12]))
    raise typer.Exit(DONE if answer.done else FINDINGS)
