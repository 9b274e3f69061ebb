"""The register that the country's traders keep, of the declarations of the list, by the same filters."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_GET

from ...packs.files import OWN
from ..entry.shell import Visitor, not_found, page, signed_in
from . import registers
from .pages import asked_for

MEDIA: Final = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


@require_GET
@signed_in
def register(request: HttpRequest, who: Visitor, suffix: str) -> HttpResponse:
    """The declarations whose content and taxes the reader may see, as the country's register."""
    if who.pack.code not in OWN or not all(who.may(act) for act in registers.SEES):
        return not_found(request)
    rows = registers.readable(asked_for(request, who), who.by, who.days)
    content = registers.written(rows, who.pack, suffix)
    if not isinstance(content, bytes):
        return page(request, "register", {"findings": [content]}, 422)
    made = HttpResponse(content, content_type=MEDIA[suffix])
    made.headers["Content-Disposition"] = f"attachment; filename=bcct-{who.day.isoformat()}.{suffix}"
    made.headers["X-Content-Type-Options"] = "nosniff"
    return made


urlpatterns = [
    path("bcct.xlsx", register, {"suffix": "xlsx"}, name="register_xlsx"),
    path("bcct.csv", register, {"suffix": "csv"}, name="register_csv"),
]
