"""Pre-registration over HTTP: every field that the law computes (IDA, EDA), kept as a draft, and registering it (IDC).

Nothing follows from a draft. It is its owner's alone, its days are the pack's legal time `draft_valid`, and every look
at it computes anew by the law of that day. Registering is lodging: the same checks, the same refusals. A draft that
was registered stays until its days are over, so that the same request again has the same answer.
"""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from typing import Any, Final

import msgspec
from django.http import HttpResponse

from ...engine.assessment.scalar import TaxTotal
from ...engine.declaration import Declaration as Declared
from ...engine.findings import Finding, errors
from ...packs import files
from ...packs.computed import Computed, ComputedLine, LastDay, RateUsed, computed_fields
from ...packs.pack import Pack
from ..accounts.models import User
from ..kit.http import Problem, Told, answered, told
from ..kit.http_routes import Call, Route
from ..papers import acts as papers
from ..papers.models import Draft as StoredDraft
from ..reference.reads import equipped, site_pack
from . import drafts, journey, messages
from .api import MAX_MESSAGE, MESSAGES, Done, _answered

WITHOUT_ROWS: Final = drafts.MOST_ROWS
"""Lines of a message beyond which a draft is no form any more: it is kept as it came."""


class Preregistration(msgspec.Struct, frozen=True, kw_only=True):
    """A declaration as customs would see it today; the fields of `packs.computed.Computed`, findings in words.

    key: names the draft. valid_until: the last day on which it can be registered, none where the law sets none.
    """

    key: str
    valid_until: date | None
    on: date
    type_code: str
    flow: str
    ready: bool
    national_count: int
    currency: str
    decimals: int
    rates: tuple[RateUsed, ...]
    lines: tuple[ComputedLine, ...]
    totals: tuple[TaxTotal, ...]
    payable_minor: int | None
    due_now_minor: int | None
    pending: tuple[str, ...]
    days: tuple[LastDay, ...]
    stay_until: date | None
    missing: tuple[Told, ...]
    findings: tuple[Told, ...]
    edition: str
    pack_version: str
    verified: bool


def preregister(call: Call) -> HttpResponse:
    """Keep a message as a draft and tell everything that the law computes of it. The same request again changes it
    to the same."""
    pack = site_pack()
    declaration = _only(messages.readings_of("", call.body, pack))
    owner = _owner(call)
    key = sha256(f"{owner}\0{call.key}".encode()).hexdigest()[:32]
    draft = _draft(call.body, declaration, pack)
    stored = papers.save_draft(owner, key, pack.code, draft.title, drafts.stored(draft), call.at)
    location = {"Location": f"/api/v1/preregistrations/{stored.key}"}
    return answered(_view(call, stored, declaration, pack), 201, location, call.language)


def show(call: Call) -> HttpResponse:
    """The draft as the law of today sees it."""
    pack = site_pack()
    stored = _found(call)
    return answered(_view(call, stored, _declared(stored, pack), pack), language=call.language)


def register(call: Call) -> HttpResponse:
    """Register what was pre-registered. 422 DRAFT_EXPIRED when its days are over; everything else as when lodging."""
    pack = site_pack()
    stored = _found(call)
    last = drafts.valid_until(stored.changed_at, pack)
    if last is not None and pack.legal_day(call.at) > last:
        raise Problem(422, [Finding("DRAFT_EXPIRED", says={"last_day": last.isoformat()})])
    declaration = _declared(stored, pack)
    draft = drafts.restored(stored.content)
    message: bytes | Declared = draft.content if draft.untouched else declaration
    key = f"draft/{stored.key}/{declaration.functional_reference_id}"
    answer = journey.lodge(message=message, pack=pack, by=call.by, key=key, at=call.at)
    return _answered(call, answer, created=True)


def _only(readings: Any) -> Declared:
    """The one declaration of a message. 422 with everything that could not be read, and for none or several."""
    found = list(readings)
    failed = [finding for one in found for finding in errors(one.findings)]
    declarations = [one.declaration for one in found if one.declaration is not None]
    if failed:
        raise Problem(422, failed)
    if len(declarations) != 1:
        raise Problem(422, [Finding("ONE_DECLARATION_WANTED", says={"count": str(len(declarations))})])
    declaration: Declared = declarations[0]
    return declaration


def _draft(content: bytes, declaration: Declared, pack: Pack) -> drafts.Draft:
    """A table where it fits one, and the message itself beside it."""
    if len(declaration.goods_items) > WITHOUT_ROWS:
        return drafts.Draft(columns=[], rows=[], content=content)
    draft = drafts.of_declarations([declaration], "")
    if not files.is_house_table(content, pack):
        draft.content = content
        draft.as_read = [list(row) for row in draft.rows]
    return draft


def _declared(stored: StoredDraft, pack: Pack) -> Declared:
    """The declaration of a draft: its message while nobody changed it, else its rows. 422 where they cannot be read."""
    draft = drafts.restored(stored.content)
    if draft.untouched:
        return _only(messages.readings_of("", draft.content, pack))
    checked = drafts.check(draft, pack, pack.legal_day(stored.changed_at))
    found = [one.declaration for one in checked if one.declaration is not None]
    if len(found) != 1:
        wrong = [finding for one in checked for cell in one.cells.values() for finding in errors(cell)]
        raise Problem(422, wrong or [Finding("ONE_DECLARATION_WANTED", says={"count": str(len(found))})])
    return found[0]


def _found(call: Call) -> StoredDraft:
    stored = papers.draft_of(_owner(call), call.place["key"])
    if stored is None:
        raise Problem(404, [Finding("DRAFT_UNKNOWN", says={"key": call.place["key"][:40]})])
    return stored


def _owner(call: Call) -> int:
    return int(User.objects.values_list("pk", flat=True).get(username=call.by.user))


def _view(call: Call, stored: StoredDraft, declaration: Declared, pack: Pack) -> Preregistration:
    computed = computed_fields(equipped(pack), declaration, pack.legal_day(call.at))
    fields: dict[str, Any] = {name: getattr(computed, name) for name in Computed.__struct_fields__}
    fields["missing"] = tuple(told(finding, call.language) for finding in computed.missing)
    fields["findings"] = tuple(told(finding, call.language) for finding in computed.findings)
    return Preregistration(key=stored.key, valid_until=drafts.valid_until(stored.changed_at, pack), **fields)


_EXAMPLE: Final = {"type_code": "IMA", "function_code": "9", "goods_items": []}

ROUTES: Final = (
    Route(
        method="POST", path="/preregistrations", name="preregister", view=preregister, right="lodge", writes=True,
        raw=MESSAGES, limit=MAX_MESSAGE, answers={201: Preregistration}, refusals=(413, 422), example=_EXAMPLE,
    ),
    Route(
        method="GET", path="/preregistrations/{key}", name="preregistration", view=show, right="lodge",
        answers={200: Preregistration}, refusals=(404, 422),
    ),
    Route(
        method="POST", path="/preregistrations/{key}/registration", name="register", view=register, right="lodge",
        writes=True, answers={201: Done}, refusals=(404, 409, 422),
    ),
)  # fmt: skip
