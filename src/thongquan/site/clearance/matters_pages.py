"""The page of everything that stands open: by legal day and owner, for officers of their office, for traders their own.

The filters are the address itself; `.csv` gives the same as a file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from ...engine.lifecycle.declaration import Clock, Kind
from ..entry.shell import Visitor, not_found, page, signed_in
from ..kit.tags import day_read, named, said
from . import matters
from .matters import ORDERS, Matter
from .models import Obligation
from .pages import inert, seen

PAGE: Final = 50
MOST_EXPORTED: Final = 50_000
SOON_DAYS: Final = 7
"""What is due within so many days is marked as near."""

FILTERS: Final = ("loai", "chu", "han", "den", "co-quan", "nguoi-khai", "q", "xep")
DUE_TABS: Final = ("all", "overdue", "soon", "undated")
COLUMNS: Final = ("due_day", "matter", "matter_reference", "number", "trader", "office", "matter_owner", "opened_at",
                  "overdue", "law")  # fmt: skip


@require_GET
@signed_in
def listing(request: HttpRequest, who: Visitor, suffix: str = "") -> HttpResponse:
    """What stands open of the declarations that its reader may read."""
    if not who.may("read"):
        return not_found(request)
    chosen = {name: request.GET.get(name, "").strip()[:80] for name in FILTERS}
    every = _filtered(chosen, who)
    rows = _of_tab(every, chosen["han"], who)
    order = chosen["xep"] if chosen["xep"] in ORDERS else "due"
    rows = rows.order_by(*ORDERS[order])
    if suffix:
        return _as_file(rows[:MOST_EXPORTED], who)
    asked = request.GET.get("tu", "0")
    count = rows.count()
    first = int(asked) if asked.isdecimal() and len(asked) < 9 and int(asked) < count else 0
    query = {name: value for name, value in chosen.items() if value}
    told = _told(rows[first : first + PAGE], who)
    context = {
        "matters": told,
        "soon_at": who.at + timedelta(days=SOON_DAYS),
        "tabs": [(name, _of_tab(every, name, who).count()) for name in DUE_TABS],
        "tab": chosen["han"] if chosen["han"] in DUE_TABS else "all",
        "tab_query": urlencode({name: value for name, value in query.items() if name != "han"}),
        "sort_query": urlencode({name: value for name, value in query.items() if name != "xep"}),
        "order": order,
        "chosen": {name.replace("-", "_"): value for name, value in chosen.items()},
        "query": urlencode(query),
        "kinds": list(Kind),
        "clocks": list(Clock),
        "count": count,
        "first": first + 1,
        "last": first + len(told),
        "before": urlencode({**query, "tu": max(0, first - PAGE)}) if first else "",
        "after": urlencode({**query, "tu": first + PAGE}) if first + PAGE < count else "",
    }
    return page(request, "matters", context)


def _filtered(chosen: dict[str, str], who: Visitor) -> QuerySet[Obligation]:
    until = day_read(chosen["den"])
    return matters.open_matters(
        seen(who),
        kind=chosen["loai"] if chosen["loai"] in Kind.__members__ else "",
        owner=chosen["chu"] if chosen["chu"] in Clock.__members__ else "",
        office=chosen["co-quan"],
        trader=chosen["nguoi-khai"],
        text=chosen["q"].replace(" ", ""),
        due_before=matters.beginning(until + timedelta(days=1), who.pack) if until else None,
    )


def _of_tab(rows: QuerySet[Obligation], tab: str, who: Visitor) -> QuerySet[Obligation]:
    if tab == "overdue":
        return rows.filter(due_at__lte=who.at)
    if tab == "soon":
        return rows.filter(due_at__gt=who.at, due_at__lte=who.at + timedelta(days=SOON_DAYS))
    return rows.filter(due_at__isnull=True) if tab == "undated" else rows


def _told(rows: QuerySet[Obligation], who: Visitor) -> list[Matter]:
    return matters.told(list(rows), who.pack, who.at, sees_duplicates=who.may("read_risk"))


def _as_file(rows: QuerySet[Obligation], who: Visitor) -> StreamingHttpResponse:
    response = StreamingHttpResponse(_csv(_told(rows, who), who), content_type="text/csv; charset=utf-8")
    name = f"viec-con-treo-{who.day.isoformat()}.csv"
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _csv(told: list[Matter], who: Visitor) -> Iterator[str]:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    out.write("\ufeff")
    writer.writerow([said(f"column_{name}") for name in COLUMNS])
    for one in told:
        writer.writerow(inert(value) for value in _values(one, who))
        yield out.getvalue()
        out.seek(0)
        out.truncate()
    yield out.getvalue()


def _values(one: Matter, who: Visitor) -> list[Any]:
    zone = ZoneInfo(who.pack.zone)
    opened = one.opened_at.astimezone(zone).isoformat(timespec="seconds") if one.opened_at else ""
    return [
        one.due_day.isoformat() if one.due_day else "", named("obligation", one.kind), one.reference, one.row.number,
        one.row.trader.registry_id, one.row.office, named("clock", one.owner), opened,
        said("is_overdue") if one.overdue else "", one.law,
    ]  # fmt: skip


urlpatterns = [
    path("viec-con-treo", listing, name="matters"),
    path("viec-con-treo.csv", listing, {"suffix": "csv"}),
]
