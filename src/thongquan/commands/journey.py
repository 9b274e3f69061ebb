"""`thongquan act` and `thongquan acts`: any act of the journey, by whoever may do it, from the command line."""

from __future__ import annotations

import hashlib
import sys
from typing import Annotated

import typer

from ..speech import complain, emit, named, say, table
from .arguments import DONE, FINDINGS, AsJson, open_site, stop

Number = Annotated[str, typer.Argument()]
User = Annotated[str, typer.Option("--user")]
Role = Annotated[str, typer.Option("--role")]


def act(
    number: Number,
    name: Annotated[str, typer.Argument()],
    user: User,
    says: Annotated[str, typer.Option("--says")] = "{}",
    role: Role = "",
    key: Annotated[str, typer.Option("--key")] = "",
    as_json: AsJson = False,
) -> None:
    open_site()
    import msgspec

    from ..engine.lifecycle.declaration import Act
    from ..site.accounts.reads import By
    from ..site.clearance.api_acts import ASKING
    from ..site.kit import clock
    from ..site.reference.reads import site_pack

    known = {str(one): one for one in ASKING}
    if name not in known:
        raise stop("unknown_act", act=name, known=", ".join(sorted(known)))
    asking = ASKING[Act(known[name])]
    try:
        body = msgspec.json.decode(says.encode(), type=asking.body)
    except msgspec.DecodeError as unfit:
        example = msgspec.json.encode(asking.example).decode()
        raise stop("act_says", act=name, why=unfit, example=example) from None
    told = {field: getattr(body, field) for field in body.__struct_fields__}
    at = told.pop("at", None) or clock.now()
    given = {field: value for field, value in told.items() if value != () and value is not None}
    # The same words about the same declaration are the same request, until it has changed.
    number, row_events = _kept(number)
    made = hashlib.sha256(f"{number}\0{row_events}\0{name}\0{says}\0{user}".encode()).hexdigest()
    answer = asking.does(
        number=number, pack=site_pack(), by=By(user, role), key=key or f"cli/{made}", at=at, **given
    )
    complain((*answer.findings, *answer.reasons), number, as_json)
    if as_json:
        emit({"number": answer.number, "act": answer.act, "state": answer.state, "channel": answer.channel,
              "done": answer.done, "replay": answer.replay, "codes": answer.codes})  # fmt: skip
    elif answer.done:
        print(say("lodged_again" if answer.replay else "lodged", number=answer.number,
                  act=named("act", answer.act), state=named("state", answer.state)))  # fmt: skip
    raise typer.Exit(DONE if answer.done else FINDINGS)


def _kept(number: str) -> tuple[str, int]:
    """The number as it is kept, of one as papers print it, and how many events the declaration has."""
    from ..site.clearance import reads

    row = reads.by_number(number)
    if row is None:
        sys.stderr.write(say("no_declaration", number=number) + "\n")
        raise typer.Exit(FINDINGS)
    return row.number, row.events


def acts(number: Number, user: User, role: Role = "", as_json: AsJson = False) -> None:
    open_site()
    from ..site.accounts.reads import By
    from ..site.clearance import reads
    from ..site.kit import clock
    from ..site.reference.reads import site_pack

    number, _ = _kept(number)
    openings = reads.open_acts(number, by=By(user, role), pack=site_pack(), at=clock.now())
    if as_json:
        for one in openings:
            emit({"act": str(one.act), "open": one.is_open, "codes": [reason.code for reason in one.reasons]})
        return
    table(
        [say("act"), "", say("closed_because")],
        [[f"{named('act', str(one.act))} ({one.act})", "✓" if one.is_open else "",
          ", ".join(dict.fromkeys(reason.code for reason in one.reasons))] for one in openings],
    )  # fmt: skip
