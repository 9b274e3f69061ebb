"""`thongquan guarantee`: up to what amount a trader's guarantee stands, and by which document."""

from __future__ import annotations

from typing import Annotated

import typer

from ..speech import emit, money, say
from .arguments import AsJson, open_site, operator, refused


def guarantee(
    trader: Annotated[str, typer.Argument()],
    reference: Annotated[str, typer.Argument()],
    limit_minor: Annotated[int, typer.Option("--limit-minor")],
    document: Annotated[str, typer.Option("--document")],
    as_json: AsJson = False,
) -> None:
    open_site()
    from ..site.ledger.acts import register_guarantee
    from ..site.reference.reads import site_pack

    pack = site_pack()
    fault = register_guarantee(
        trader=trader, reference=reference, currency=pack.currency, limit_minor=limit_minor, document=document,
        by=operator(),
    )  # fmt: skip
    if fault:
        raise refused([fault], as_json=as_json)
    facts = {"trader": trader, "reference": reference, "currency": pack.currency, "limit_minor": limit_minor}
    if as_json:
        emit(facts)
    else:
        print(say("guarantee_registered", **{**facts, "limit": money(limit_minor, pack.decimals)}))
