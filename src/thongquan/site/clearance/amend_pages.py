"""The page on which a declaration is amended: its current version as a form, what would change, and the act itself.

What is written is kept as a draft of its writer until it is sent or thrown away. A draft belongs to the version that it
was made from; when another has come meanwhile the form is filled again, because nobody has checked the two together.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from ...engine.findings import Finding
from ...engine.lifecycle.declaration import Act
from ..entry.shell import Visitor, new_key, not_found, page, signed_in
from ..kit import clock
from ..kit.act import Answer, Busy
from ..kit.canonical import sha256
from ..kit.tags import named, spaced
from ..papers import acts as papers
from . import amend, automatic, drafts, explained, journey, reads
from .act_forms import ActForm
from .drafts import Draft
from .lodge_pages import code_lists
from .models import Declaration
from .pages import acts_for

MOST_REASON: Final = 500


def _open(request: HttpRequest, who: Visitor, number: str) -> tuple[Declaration, ActForm] | HttpResponse:
    """The declaration and the act's form, where this person may amend it now; else why not, as its page says it."""
    row = reads.found(number, who.by, who.days)
    if row is None:
        return not_found(request)
    form = acts_for(who, row).form(Act.AMEND)
    if form is None or not who.may("read_content"):
        # The page of the declaration says of every act why it is not open.
        return HttpResponseRedirect(f"/to-khai/{number}#lam")
    return row, form


def _key(request: HttpRequest, number: str) -> str:
    """One draft for a person and a declaration: who comes back finds what he wrote."""
    return sha256(f"amend/{request.user.pk}/{number}".encode())[:32]


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: HttpRequest, who: Visitor, number: str) -> HttpResponse:
    """The current version as a form. POST keeps what was written, then checks or sends it, adds or takes a line."""
    found = _open(request, who, number)
    if isinstance(found, HttpResponse):
        return found
    row, form = found
    stored = papers.draft_of(request.user.pk, _key(request, number))
    draft = drafts.restored(stored.content) if stored is not None else None
    stale = (draft is not None and draft.version != row.version) or (
        request.method == "POST" and request.POST.get("version") != str(row.version)
    )
    if draft is None or stale:
        draft = amend.draft_of(reads.declared(row), row.number, row.version)
    context: dict[str, Any] = {"stale": stale, "file_fields": form.fields}
    if request.method == "GET" or stale:
        changed_at = stored.changed_at if stored is not None and not stale else None
        shown = changed_at is not None
        return _form(request, who, row, draft, {**context, "shown": shown, "changed_at": changed_at})
    draft = _kept(request, row, draft)
    context |= {"shown": True, "changed_at": clock.now()}
    does = request.POST.get("does", "check")
    name, _, place = does.partition(".")
    if name in ("add", "take") and place.isdecimal() and int(place) < len(draft.rows):
        draft = (drafts.with_line if name == "add" else drafts.without_line)(draft, int(place))
        _save(request, row, draft)
        return HttpResponseRedirect(f"/to-khai/{number}/sua#dong-{place}")
    if does == "send":
        return _send(request, who, row, draft, context)
    return _form(request, who, row, draft, context)


@require_POST
@signed_in
def keep(request: HttpRequest, who: Visitor, number: str) -> HttpResponse:
    """Keep what has been written so far, while it is being written."""
    found = _open(request, who, number)
    if isinstance(found, HttpResponse):
        return found
    row, _ = found
    stored = papers.draft_of(request.user.pk, _key(request, number))
    draft = drafts.restored(stored.content) if stored is not None else None
    if request.POST.get("version") != str(row.version):
        return not_found(request)
    if draft is None or draft.version != row.version:
        draft = amend.draft_of(reads.declared(row), row.number, row.version)
    _kept(request, row, draft)
    return page(request, "kept", {"at": clock.now()})


@require_POST
@signed_in
def drop(request: HttpRequest, who: Visitor, number: str) -> HttpResponse:
    """Throw away what was written; the declaration stays as it is."""
    papers.drop_draft(request.user.pk, _key(request, number))
    return HttpResponseRedirect(f"/to-khai/{number}")


def _kept(request: HttpRequest, row: Declaration, draft: Draft) -> Draft:
    changed = drafts.mended(draft, request.POST.dict())
    reason = request.POST.get("reason", "").strip()[:MOST_REASON]
    changed = msgspec.structs.replace(changed, reason=reason)
    if changed != draft:
        _save(request, row, changed)
    return changed


def _save(request: HttpRequest, row: Declaration, draft: Draft) -> None:
    title = f"{named('act', Act.AMEND)} {spaced(row.number)}"
    papers.save_draft(
        request.user.pk, _key(request, row.number), row.pack, title, drafts.stored(draft), clock.now()
    )


def _form(
    request: HttpRequest,
    who: Visitor,
    row: Declaration,
    draft: Draft,
    context: dict[str, Any],
    amendment: amend.Amendment | None = None,
    status: int = 200,
) -> HttpResponse:
    if amendment is None:
        amendment = _examined(who, row, draft)
    changed = amendment.changed
    told = {
        "row": row,
        "draft": draft,
        "form": amend.form_of(draft, amendment.checked),
        "amendment": amendment,
        "changes": explained.changes(msgspec.json.decode(changed.text)) if changed else [],
        "wrong": amendment.checked.errors,
        "reason": draft.reason,
        "lists": code_lists(who),
        "key": new_key(),
        "seen": row.events,
    }
    return page(request, "amend", {**told, **context}, status)


def _examined(who: Visitor, row: Declaration, draft: Draft) -> amend.Amendment:
    return amend.examine(draft, reads.declared(row), row.assessed_minor, who.pack, row.legal_day or who.day)


def _send(
    request: HttpRequest, who: Visitor, row: Declaration, draft: Draft, context: dict[str, Any]
) -> HttpResponse:
    """Amend, when nothing is wrong and a reason is given; else say what is missing, and nothing has changed."""
    amendment = _examined(who, row, draft)
    context["reason_missing"] = not draft.reason
    wrong = amendment.checked.errors or amendment.refused or amendment.declaration is None
    if wrong or amendment.changed is None or not draft.reason:
        return _form(request, who, row, draft, context, amendment, 422)
    seen = request.POST.get("seen", "")
    try:
        answer = journey.amend(
            number=row.number,
            change=amendment.declaration,
            reason=draft.reason,
            pack=who.pack,
            by=who.by,
            key=f"page/{request.POST.get('key', '')[:80] or new_key()}",
            at=who.at,
            seen=int(seen) if seen.isdecimal() and len(seen) < 9 else None,
        )
    except Busy:
        answer = Answer(act=Act.AMEND, reasons=(Finding("SITE_BUSY"),))
    if not answer.done:
        fresh = reads.found(row.number, who.by, who.days) or row
        return _form(request, who, fresh, draft, {**context, "answer": answer}, amendment, 422)
    papers.drop_draft(request.user.pk, _key(request, row.number))
    automatic.proceed(row.number, who.pack)
    return HttpResponseRedirect(f"/to-khai/{row.number}/ban-khai?xong=amend#xong")


urlpatterns = [
    path("to-khai/<str:number>/sua", edit, name="amend"),
    path("to-khai/<str:number>/sua/luu", keep, name="keep_amendment"),
    path("to-khai/<str:number>/sua/bo", drop, name="drop_amendment"),
]
