"""An amendment as a form: the current version as a table, and what was changed in it put upon the whole declaration.

A table cannot show everything that a message holds. So what stands in the form is never declared by itself: the form
as it was given and the form as it came back are compared, and only what differs between them is changed in the
current version. What no form shows stays as it was declared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import msgspec

from ...engine.declaration import Declaration as Declared
from ...engine.declaration import Kept, Record
from ...engine.findings import Finding
from ...packs import pack as country
from ...packs.pack import OWED_TO_CUSTOMS, Pack
from ..parties.exempt_lists import known_of
from ..reference.reads import equipped
from . import drafts, messages
from .drafts import Checked, Draft, Form

UNAMENDED: Final = ("functional_reference_id", "type_code", "declaration_id")
"""What a declaration is known by; it is not amended, and the form does not show it."""


def draft_of(declaration: Declared, number: str, version: int) -> Draft:
    """The current version as a form; places are its lines, from 1."""
    made = drafts.of_declarations([declaration], "")
    keep = [place for place, name in enumerate(made.columns) if name not in drafts.FILLED]
    rows = [[row[place] for place in keep] for row in made.rows]
    return Draft(
        [made.columns[place] for place in keep],
        rows,
        [str(line) for line in range(1, len(rows) + 1)],
        blank=True,
        as_read=[list(row) for row in rows],
        amends=number,
        version=version,
    )


@dataclass(frozen=True, slots=True)
class Amendment:
    """What a form would change. checked: its cells with what is wrong of them. declaration: the whole declaration as it
    would be, None while a cell cannot be read. changed: its differences from the current version, None while there are
    none. effect_minor: what it would change of the taxes, None while an amount is pending."""

    checked: Checked
    declaration: Declared | None
    changed: messages.Changed | None
    effect_minor: int | None
    refused: tuple[Finding, ...] = ()


def examine(draft: Draft, current: Declared, assessed_minor: int | None, pack: Pack, day: date) -> Amendment:
    """Read and check an amendment by the law of `day`, the declaration's legal day."""
    given = _as_given(draft, pack)

    def whole(read: Declared) -> Declared:
        return amended(current, given, read, _origins(draft))

    (checked,) = drafts.check(draft, pack, day, whole=whole)
    if checked.declaration is None:
        return Amendment(checked, None, None, None)
    declaration = msgspec.structs.replace(whole(checked.declaration), function_code="9")
    changed = messages.changed(current, declaration)
    if isinstance(changed, tuple):
        return Amendment(checked, None, None, None, changed)
    if not changed.differences:
        return Amendment(checked, declaration, None, 0)
    effect = None if assessed_minor is None else _owed(declaration, draft.amends, pack, day)
    return Amendment(
        checked, declaration, changed, None if effect is None else effect - (assessed_minor or 0)
    )


def _as_given(draft: Draft, pack: Pack) -> Declared:
    """The form as it was given, read as it is read when it comes back."""
    columns = draft.columns[: len(draft.as_read[0])]
    given = Draft(columns, [list(row) for row in draft.as_read], draft.places, blank=True)
    (checked,) = drafts.read(given, pack)
    if checked.declaration is None:
        raise LookupError(f"{draft.amends} cannot be shown as a form")
    return checked.declaration


def _origins(draft: Draft) -> list[int]:
    """Which line of the current version each row is, 0 for a new one."""
    return [int(place or 0) for place in draft.places]


def _owed(declaration: Declared, number: str, pack: Pack, day: date) -> int | None:
    """What would be owed to customs, None while an amount is pending."""
    equipment = equipped(pack)
    assessment = country.assess(equipment, declaration, day, person=known_of(declaration, day, number))
    if assessment.pending:
        return None
    return sum(
        amount.payable_minor or 0
        for item, line in zip(declaration.goods_items, assessment.lines, strict=True)
        for amount in line.amounts
        if pack.payment_of(declaration, item, amount.tax, day).terms in OWED_TO_CUSTOMS
    )


# what was changed, put upon what stands


def amended(current: Declared, given: Declared, sent: Declared, origins: Sequence[int]) -> Declared:
    """The current version with what differs between the form as given and as sent.

    origins: of each line of `sent`, its line in `current` and `given` from 1, 0 for a new one. Lines keep their numbers
    while none was taken away or put between; else they are counted again, as a message counts them.
    """
    items = []
    for origin, item in zip(origins, sent.goods_items, strict=True):
        if not origin:
            items.append(item)
            continue
        before, now = given.goods_items[origin - 1], current.goods_items[origin - 1]
        same = msgspec.structs.replace(item, sequence_numeric=before.sequence_numeric)
        items.append(_merged(now, before, same))
    in_place = list(origins[: len(current.goods_items)]) == list(range(1, len(current.goods_items) + 1))
    if not in_place:
        items = [
            msgspec.structs.replace(item, sequence_numeric=number) for number, item in enumerate(items, 1)
        ]
    else:
        highest = max((item.sequence_numeric or 0 for item in current.goods_items), default=0)
        known = len(current.goods_items)
        items[known:] = [
            msgspec.structs.replace(item, sequence_numeric=highest + more)
            for more, item in enumerate(items[known:], 1)
        ]
    header = msgspec.structs.replace(
        sent, goods_items=given.goods_items, **{name: getattr(given, name) for name in UNAMENDED}
    )
    merged: Declared = _merged(current, given, header)
    kept = current.kept if in_place else _moved(current.kept, origins)
    return msgspec.structs.replace(merged, goods_items=tuple(items), kept=kept)


def _merged(current: Any, given: Any, sent: Any) -> Any:
    """What stands, where the form is as it was given; else what was sent, part by part."""
    if given == sent:
        return current
    if isinstance(current, Record) and type(current) is type(given) is type(sent):
        return msgspec.structs.replace(
            current,
            **{
                name: _merged(getattr(current, name), getattr(given, name), getattr(sent, name))
                for name in current.__struct_fields__
                if getattr(given, name) != getattr(sent, name)
            },
        )
    if isinstance(current, tuple) and isinstance(given, tuple) and isinstance(sent, tuple):
        return _merged_parts(current, given, sent)
    return sent


def _merged_parts(current: tuple[Any, ...], given: tuple[Any, ...], sent: tuple[Any, ...]) -> tuple[Any, ...]:
    """Parts by their places; the parts that no form shows follow those that it shows."""
    if len(current) < len(given):
        return sent
    hidden = current[len(given) :]
    if len(sent) < len(given):
        left = _places_of(given, sent)
        if left is not None:
            return (*(current[place] for place in left), *hidden)
    both = min(len(given), len(sent))
    merged = (_merged(current[place], given[place], sent[place]) for place in range(both))
    return (*merged, *hidden, *sent[both:])


def _places_of(given: Sequence[Any], left: Sequence[Any]) -> list[int] | None:
    """Where the parts that are left stood; None where one of them was changed as well."""
    places: list[int] = []
    for part in left:
        found = next((p for p in range(len(given)) if p not in places and given[p] == part), None)
        if found is None:
            return None
        places.append(found)
    return places


_ITEM: Final = re.compile(r"(GovernmentAgencyGoodsItem)(?:\[(\d+)\])?")


def _moved(kept: Sequence[Kept], origins: Sequence[int]) -> tuple[Kept, ...]:
    """What the reader did not understand, at the new place of its line; of a line that is gone, nothing."""
    now: Mapping[int, int] = {origin: place for place, origin in enumerate(origins, 1) if origin}
    moved = []
    for part in kept:
        matched = _ITEM.search(part.path)
        if matched is None:
            moved.append(part)
        elif (line := int(matched[2] or 1)) in now:
            path = f"{part.path[: matched.start()]}{matched[1]}[{now[line]}]{part.path[matched.end() :]}"
            moved.append(msgspec.structs.replace(part, path=path))
    return tuple(moved)


def form_of(draft: Draft, checked: Checked) -> Form:
    """The form without what is not amended."""
    form = drafts.form_of(draft, checked)
    return replace(form, header=tuple(cell for cell in form.header if cell.column not in UNAMENDED))
