"""`thongquan exempt`: lists of exempt goods with their balance, and what was exempt before the record began."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..speech import emit, say, table
from .arguments import AsJson, day_of, open_site, operator, refused, stop

if TYPE_CHECKING:
    from datetime import date

exempt_app = typer.Typer(no_args_is_help=True)

Document = Annotated[str, typer.Option("--document")]
FACTS = {"gifts": "gifts_in_year", "trips": "trips_in_month"}


@exempt_app.callback()
def exempt() -> None:
    """Its help is said in the reader's language."""


@exempt_app.command()
def grant(
    trader: Annotated[str, typer.Argument()],
    line: Annotated[str, typer.Argument()],
    commodity: Annotated[str, typer.Option("--commodity")],
    quantity: Annotated[str, typer.Option("--quantity")],
    unit: Annotated[str, typer.Option("--unit")],
    first_day: Annotated[str, typer.Option("--first-day")],
    document: Document,
    last_day: Annotated[str, typer.Option("--last-day")] = "",
    as_json: AsJson = False,
) -> None:
    from ..engine.money import BadNumber, millionths_of

    try:
        millionths = millionths_of(quantity)
    except BadNumber:
        raise stop("bad_quantity", text=quantity) from None
    days: tuple[date, date | None] = (day_of(first_day), day_of(last_day) if last_day else None)
    open_site()
    from ..site.parties import exempt_lists

    fault = exempt_lists.grant(
        trader=trader, number=line, commodity=commodity, unit=unit, granted_millionths=millionths, first_day=days[0],
        last_day=days[1], document=document, by=operator(),
    )  # fmt: skip
    if fault:
        raise refused([fault], as_json=as_json)
    facts = {"trader": trader, "line": line, "quantity": quantity, "unit": unit}
    if as_json:
        emit(facts)
    else:
        print(say("exempt_granted", **facts))


@exempt_app.command("list")
def list_(trader: Annotated[str, typer.Argument()], as_json: AsJson = False) -> None:
    open_site()
    from ..engine.money import decimal_text
    from ..site.parties.exempt_lists import granted

    rows = [
        [line, one.commodity, *(decimal_text(number) for number in figures), one.unit]
        for line, one in sorted(granted(trader).items())
        for figures in [(one.granted_millionths, one.used_millionths, one.left_millionths)]
    ]
    columns = ["line", "commodity", "granted", "used", "left", "unit"]
    if as_json:
        for row in rows:
            emit(dict(zip(columns, row, strict=True)))
    elif rows:
        heads = ["line", "commodity", "quantity", "used", "left", "unit"]
        table([say(f"exempt_{head}") for head in heads], rows, right=(2, 3, 4))
    else:
        print(say("exempt_none", trader=trader))


@exempt_app.command()
def before(
    trader: Annotated[str, typer.Argument()],
    fact: Annotated[str, typer.Argument()],
    day: Annotated[str, typer.Option("--day")],
    times: Annotated[int, typer.Option("--times", min=0)],
    document: Document,
    value_minor: Annotated[int, typer.Option("--value-minor", min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    if fact not in FACTS:
        raise stop("exempt_fact_unknown", text=fact, known=", ".join(FACTS))
    counted = day_of(day)
    open_site()
    from ..site.parties.exempt_uses import state_before

    fault = state_before(
        trader=trader, fact=FACTS[fact], day=counted, times=times, value_minor=value_minor, document=document,
        by=operator(),
    )  # fmt: skip
    if fault:
        raise refused([fault], as_json=as_json)
    facts = {"trader": trader, "fact": fact, "day": day, "times": times}
    if as_json:
        emit(facts)
    else:
        print(say("exempt_stated", **facts))
