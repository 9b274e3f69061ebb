"""Declaring by form or by file: everything that is wrong is named at its field, and mended there or in the sheet.

A file is not lodged when it comes: it becomes a draft, is checked as registration would check it, and is sent by a
second press. What was sent is one act for each declaration, under a key made of the draft and the reference, so that
sending twice lodges once.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ...engine.access.decide import EVERY
from ...engine.findings import Finding
from ...engine.formats import columns as column_list
from ...engine.formats import tables
from ...engine.lifecycle.declaration import Role
from ...packs.computed import computed_fields
from ...packs.files import OWN
from ..entry.shell import Visitor, not_found, page, signed_in
from ..kit import clock, terms
from ..kit.act import Answer, Busy
from ..kit.tags import said
from ..papers import acts as papers
from ..papers.models import Draft as StoredDraft
from ..reference.reads import equipped
from . import automatic, drafts, explained, journey
from .drafts import Checked, Draft

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN_DECLARATIONS: Final = 10
"""Declarations of one draft that are shown as forms; of more, those with errors first."""


def _may(who: Visitor) -> bool:
    return who.may("lodge") or who.may("prelodge")


@require_http_methods(["GET", "POST"])
@signed_in
def begin(request: HttpRequest, who: Visitor) -> HttpResponse:
    """Choose: a file, a blank form, or a draft that waits."""
    if not _may(who):
        return not_found(request)
    owner = request.user.pk
    if request.method == "GET":
        return page(request, "begin", _begins(owner, who))
    sent = request.FILES.get("file")
    made: Draft | tuple[Finding, ...]
    if request.POST.get("how") == "blank":
        made = drafts.blank(who.pack, _trader(who))
    elif sent is None or not sent.size:
        made = (Finding("UPLOAD_EMPTY"),)
    elif sent.size > drafts.MOST_BYTES:
        made = (Finding("UPLOAD_TOO_LARGE", says={"most": str(drafts.MOST_BYTES // 1_000_000)}),)
    else:
        made = drafts.of_file(sent.name or "", sent.read(), who.pack)
    if not isinstance(made, Draft):
        context = {**_begins(owner, who), "findings": made, "file": sent.name if sent else ""}
        return page(request, "begin", context, 422)
    stored = papers.save_draft(owner, "", who.pack.code, made.title, drafts.stored(made), clock.now())
    return HttpResponseRedirect(f"/khai-moi/{stored.key}")


def _begins(owner: int, who: Visitor) -> dict[str, Any]:
    """What there is to begin with. own: whether the country's traders have a sheet of their own."""
    return {
        "drafts": papers.drafts_of(owner),
        "most": drafts.MOST_BYTES // 1_000_000,
        "own": who.pack.code in OWN,
    }


def _trader(who: Visitor) -> str:
    """Whom a declarant declares for, where that is one trader."""
    traders = {post.trader for post in who.posts if post.role == Role.DECLARANT and post.trader != EVERY}
    return traders.pop() if len(traders) == 1 else ""


@dataclass(frozen=True, slots=True)
class Lodged:
    """What became of one declaration of a draft."""

    reference: str
    answer: Answer


def _draft(request: HttpRequest, key: str) -> tuple[StoredDraft, Draft] | None:
    stored = papers.draft_of(request.user.pk, key)
    return (stored, drafts.restored(stored.content)) if stored is not None else None


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: HttpRequest, who: Visitor, key: str) -> HttpResponse:
    """The draft as forms. POST keeps what was written, then checks or sends it, adds or takes a line."""
    found = _draft(request, key) if _may(who) else None
    if found is None:
        return not_found(request)
    stored, draft = found
    if draft.amends:
        # What changes a declaration is sent as its amendment, never as a new one.
        return HttpResponseRedirect(f"/to-khai/{draft.amends}/sua")
    if request.method == "GET":
        # Somebody who has written nothing yet is not told that everything is missing.
        return _form(request, who, stored, draft, show=not draft.blank or "kiem" in request.GET)
    draft = _kept(request, stored, draft)
    does = request.POST.get("does", "check")
    if does.startswith(("add.", "take.", "drop.")):
        name, _, place = does.partition(".")
        if name == "drop":
            draft = drafts.without_column(draft, place)
        elif place.isdecimal() and int(place) < len(draft.rows):
            draft = (drafts.with_line if name == "add" else drafts.without_line)(draft, int(place))
        _save(request, stored, draft)
        return HttpResponseRedirect(f"/khai-moi/{key}?kiem=1#dong-{place}")
    if does == "send":
        return _send(request, who, stored, draft)
    return _form(request, who, stored, draft, show=True, status=200)


@require_POST
@signed_in
def keep(request: HttpRequest, who: Visitor, key: str) -> HttpResponse:
    """Keep what has been written so far, while it is being written."""
    found = _draft(request, key) if _may(who) else None
    if found is None or found[1].amends:
        return not_found(request)
    _kept(request, *found)
    return page(request, "kept", {"at": clock.now()})


def _kept(request: HttpRequest, stored: StoredDraft, draft: Draft) -> Draft:
    changed = drafts.mended(draft, request.POST.dict())
    if changed != draft:
        _save(request, stored, changed)
    return changed


def _save(request: HttpRequest, stored: StoredDraft, draft: Draft) -> None:
    papers.save_draft(
        request.user.pk, stored.key, stored.pack, draft.title, drafts.stored(draft), clock.now()
    )


def _form(
    request: HttpRequest,
    who: Visitor,
    stored: StoredDraft,
    draft: Draft,
    *,
    show: bool,
    lodged: list[Lodged] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The draft with its findings; `show` whether they are told."""
    checked = drafts.check(draft, who.pack, who.day) if draft.rows else []
    wrong = [one for one in checked if one.errors]
    if not show:
        for one in checked:
            one.cells.clear()
            one.whole.clear()
    shown = (wrong or checked)[:SHOWN_DECLARATIONS]
    unknown = [name for name in draft.columns if column_list.slot_of(name) is None]
    context: dict[str, Any] = {
        "key": stored.key,
        "draft": draft,
        "forms": [drafts.form_of(draft, one) for one in shown],
        "count": len(checked),
        "good": len(checked) - len(wrong),
        "wrong": len(wrong),
        "shown": show,
        "unknown": unknown,
        "nearest": {name: column_list.nearest(name) for name in unknown},
        "lists": code_lists(who),
        "lodged": lodged or [],
        "changed_at": stored.changed_at,
        "valid_until": drafts.valid_until(stored.changed_at, who.pack),
        **(_computed(checked[0], who) if show and len(checked) == 1 and not wrong else {}),
    }
    return page(request, "draft", context, status)


def _computed(one: Checked, who: Visitor) -> dict[str, Any]:
    """What the law computes of a declaration without an error, for its page; {} where it cannot be read."""
    if one.declaration is None:
        return {}
    computed = computed_fields(equipped(who.pack), one.declaration, who.day)
    names = explained.tax_names(who.pack)
    taxes = [
        (names.get(total.tax, total.tax), None if total.pending else total.payable_minor)
        for total in computed.totals
    ]
    return {"computed": computed, "computed_taxes": taxes}


def code_lists(who: Visitor) -> dict[str, list[tuple[str, str]]]:
    """The code lists that help in fields, in the reader's language, of today."""
    language = terms.language()
    lists = {}
    for name in dict.fromkeys(of for _, of in drafts.CODE_LISTS):
        listed = who.pack.code_lists.get(name)
        if listed is not None:
            codes = listed.as_of(who.day)
            lists[name] = sorted((code.value, code.names.get(language, "")) for code in codes.values())
    return lists


def _send(request: HttpRequest, who: Visitor, stored: StoredDraft, draft: Draft) -> HttpResponse:
    """Lodge what is right; what is wrong stays in the draft."""
    last = drafts.valid_until(stored.changed_at, who.pack)
    if last is not None and who.day > last:
        expired = Answer(
            act="lodge", reasons=(Finding("DRAFT_EXPIRED", says={"last_day": last.isoformat()}),)
        )
        return _form(request, who, stored, draft, show=True, lodged=[Lodged("", expired)], status=422)
    checked = drafts.check(draft, who.pack, who.day)
    good = [one for one in checked if not one.errors and one.declaration is not None]
    if not good:
        return _form(request, who, stored, draft, show=True, status=422)
    lodged: list[Lodged] = []
    done: list[Checked] = []
    try:
        for one in good:
            answer = journey.lodge(
                message=drafts.declared(draft, one),
                pack=who.pack,
                by=who.by,
                key=f"draft/{stored.key}/{one.reference}",
                at=who.at,
            )
            lodged.append(Lodged(one.reference, answer))
            if answer.done:
                done.append(one)
                automatic.proceed(answer.number, who.pack)
    except Busy:
        lodged.append(Lodged("", Answer(act="lodge", reasons=(Finding("SITE_BUSY"),))))
    left = drafts.without(draft, done)
    if left.rows and done:
        _save(request, stored, left)
    elif not left.rows:
        papers.drop_draft(request.user.pk, stored.key)
        if len(lodged) == 1:
            return HttpResponseRedirect(f"/to-khai/{lodged[0].answer.number}?xong=lodge#xong")
        return page(request, "lodged", {"lodged": lodged})
    return _form(request, who, stored, left, show=True, lodged=lodged, status=200 if done else 422)


@require_POST
@signed_in
def drop(request: HttpRequest, who: Visitor, key: str) -> HttpResponse:
    """Throw a draft away."""
    papers.drop_draft(request.user.pk, key)
    return HttpResponseRedirect("/khai-moi")


@require_GET
@signed_in
def sheet(request: HttpRequest, who: Visitor, key: str) -> HttpResponse:
    """The rows that are wrong, as a sheet with what is wrong in a column of its own; mended, it is uploaded again."""
    found = _draft(request, key) if _may(who) else None
    if found is None:
        return not_found(request)
    _, draft = found
    content = drafts.sheet_with_errors(draft, drafts.check(draft, who.pack, who.day))
    response = HttpResponse(content, content_type=XLSX)
    response.headers["Content-Disposition"] = "attachment; filename=loi.xlsx"
    return response


@require_GET
@signed_in
def template(request: HttpRequest, who: Visitor, form: str) -> HttpResponse:
    """A blank sheet for import, export or simplified declarations, or the one that the country's traders fill (own)."""
    own = OWN.get(who.pack.code) if form == "own" else None
    if not _may(who) or (own is None and form not in ("import", "export", "simplified")):
        return not_found(request)
    out = io.BytesIO()
    if own is not None:
        out.write(own.blank(who.pack, who.day))
        return _sheet(out, form)
    slots = column_list.template(form)  # type: ignore[arg-type]
    tables.write_xlsx([], out, headings=terms.language(), form=slots, sheet=said("declarations")[:31])
    return _sheet(out, form)


def _sheet(out: io.BytesIO, form: str) -> HttpResponse:
    response = HttpResponse(out.getvalue(), content_type=XLSX)
    response.headers["Content-Disposition"] = f"attachment; filename=mau-{form}.xlsx"
    return response


urlpatterns = [
    path("khai-moi", begin, name="begin"),
    path("khai-moi/mau/<str:form>.xlsx", template, name="template"),
    path("khai-moi/<str:key>", edit, name="draft"),
    path("khai-moi/<str:key>/luu", keep, name="keep_draft"),
    path("khai-moi/<str:key>/bo", drop, name="drop_draft"),
    path("khai-moi/<str:key>/loi.xlsx", sheet, name="sheet"),
]
