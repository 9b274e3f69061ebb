"""The register that the country's traders keep, over HTTP."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from msgspec import Meta

from ...engine.findings import Finding
from ...packs.files import OWN
from ..kit.http import Body, Problem, content
from ..kit.http_routes import Call, Route
from ..reference.reads import site_pack
from . import registers
from .api import CSV, XLSX, _days
from .models import Declaration


class RegisterOf(Body, frozen=True):
    """first_day, last_day: of lodging, both included. form: what is answered."""

    first_day: date | None = None
    last_day: date | None = None
    trader: Annotated[str, Meta(max_length=64)] = ""
    form: Literal["xlsx", "csv"] = "xlsx"


def register(call: Call) -> HttpResponse:
    """The declarations whose content and taxes the caller may read. 404 where the country has no register."""
    pack, query = site_pack(), call.query
    if pack.code not in OWN:
        raise Problem(404, [Finding("NO_REGISTER", says={"pack": pack.code})])
    rows = Declaration.objects.filter(pack=pack.code)
    if query.trader:
        rows = rows.filter(trader__registry_id=query.trader)
    zone = ZoneInfo(pack.zone)
    if query.first_day is not None:
        rows = rows.filter(lodged_at__gte=datetime.combine(query.first_day, time(), zone))
    if query.last_day is not None:
        rows = rows.filter(lodged_at__lt=datetime.combine(query.last_day + timedelta(days=1), time(), zone))
    made = registers.written(registers.readable(rows, call.by, _days(call, pack)), pack, query.form)
    if isinstance(made, Finding):
        raise Problem(422, [made])
    return content(made, XLSX if query.form == "xlsx" else CSV, 200)


ROUTES: Final = (
    Route(
        method="GET", path="/register", name="take_register", view=register, right="read_content", query=RegisterOf,
        answers={200: XLSX}, refusals=(404, 422),
    ),
)  # fmt: skip
