"""One payment for many debts, on a page: what was brought, and which debts it settled in which order."""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_POST

from ...engine.findings import Finding
from ...engine.lifecycle.declaration import Act
from ..entry.shell import Visitor, new_key, not_found, page, signed_in
from ..kit.act import Busy
from . import automatic, settling
from .act_forms import ActForm, Field, filled
from .dues_api import SettlingBody


def shared_form() -> ActForm:
    """What a payment for many debts says."""
    fields = [
        Field("trader"), Field("paid_minor", "amount"), Field("source"), Field("reference"), Field("treasury"),
        Field("chapter", needed=False),
    ]  # fmt: skip
    return ActForm(settling.SETTLE, fields)


@require_POST
@signed_in
def settle(request: HttpRequest, who: Visitor) -> HttpResponse:
    """Share a payer's money over what he owes; a refusal says every reason, and nothing has changed."""
    if not who.may(Act.PAY):
        return not_found(request)
    form = shared_form()
    says = filled(form, request.POST, who.pack.decimals)
    if says is None:
        return _shown(request, form, {}, 422)
    try:
        msgspec.convert(says, SettlingBody)
    except msgspec.ValidationError:
        return _shown(request, form, {"reasons": (Finding("ACT_SAYS_TOO_MUCH"),)}, 422)
    try:
        answer = settling.settle(
            **says,
            pack=who.pack,
            by=who.by,
            key=f"page/{request.POST.get('key', '')[:80] or new_key()}",
            at=who.at,
        )
    except Busy:
        return _shown(request, form, {"reasons": (Finding("SITE_BUSY"),)}, 503)
    if not answer.done:
        return _shown(request, form, {"reasons": answer.reasons}, 422)
    for number in {share["number"] for share in answer.says["settled"]}:
        automatic.proceed(number, who.pack)
    return _shown(request, form, {"answer": answer, "settled": answer.says["settled"], "says": says}, 200)


def _shown(request: HttpRequest, form: ActForm, more: dict[str, Any], status: int) -> HttpResponse:
    return page(request, "settled", {"form": form, "key": new_key(), **more}, status)


urlpatterns = [path("nop-thue/nhieu-khoan", settle, name="settle_payment")]
