"""`thongquan obligations`: everything that stands open at this site, by legal day and owner."""

from __future__ import annotations

from typing import Annotated

import typer

from ..speech import emit, named, table
from ..speech import language as spoken
from .arguments import AsJson, day_of, open_site, stop


def obligations(
    kind: Annotated[str, typer.Option("--kind")] = "",
    owner: Annotated[str, typer.Option("--owner")] = "",
    office: Annotated[str, typer.Option("--office")] = "",
    due_before: Annotated[str, typer.Option("--due-before")] = "",
    overdue: Annotated[bool, typer.Option("--overdue")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=50_000)] = 200,
    as_json: AsJson = False,
) -> None:
    open_site()
    from .. import words
    from ..engine.lifecycle.declaration import Clock, Kind
    from ..site.clearance import matters
    from ..site.clearance.models import Declaration
    from ..site.kit import clock
    from ..site.reference.reads import site_pack

    if kind and kind not in Kind.__members__:
        raise stop("kind_unknown", kind=kind, known=", ".join(Kind))
    if owner and owner not in Clock.__members__:
        raise stop("owner_unknown", owner=owner, known=", ".join(Clock))
    pack, now = site_pack(), clock.now()
    until = matters.beginning(day_of(due_before), pack) if due_before else None
    rows = matters.open_matters(
        Declaration.objects.filter(pack=pack.code), kind=kind, owner=owner, office=office, due_before=until,
        overdue_at=now if overdue else None,
    )  # fmt: skip
    told = matters.told(list(rows[:limit]), pack, now, sees_duplicates=True)
    if as_json:
        for one in told:
            emit({
                "due_day": one.due_day, "overdue": one.overdue, "kind": one.kind, "reference": one.reference,
                "number": one.row.number, "office": one.row.office, "trader": one.row.trader.registry_id,
                "owner": one.owner, "opened_at": one.opened_at, "law": one.law,
            })  # fmt: skip
        return

    def heading(name: str) -> str:
        return words.word("page", f"column_{name}", spoken())

    late = words.word("page", "is_overdue", spoken())

    table(
        [
            heading(name)
            for name in ("due_day", "overdue", "matter", "number", "trader", "matter_owner", "law")
        ],
        [
            [
                f"{one.due_day:%d/%m/%Y}" if one.due_day else "",
                late if one.overdue else "",
                f"{named('obligation', one.kind)} {one.reference}".strip(),
                one.row.number,
                one.row.trader.registry_id,
                named("clock", one.owner),
                one.law,
            ]
            for one in told
        ],
    )
