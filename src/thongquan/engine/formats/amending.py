"""Apply an amendment message to a declaration, and say what differs between two versions.

An amendment message (function 13, type COR) is a partial declaration with a list of pointers. Each pointer names
one class or one data element of the declaration by WCO numbers, "42A/67A/68A[1]/23A/79A:112"; the rest of the
message supplies the new content. What the samples of the profile teach:

- The pointers govern. What stands in the message for a data element to which no pointer leads changes nothing;
  if it differs from the declaration, the declarant is told (AMENDMENT_CONTENT_IGNORED), for he may believe it counts.
- A pointer with a data element (":112") sets that element; one that the message leaves empty is removed. A pointer
  that ends at a class adds it, replaces it, or, where the message does not have it, removes it.
- Classes that carry a number of their own (goods item, packaging, container, seal, itinerary) are found by it in
  declaration and message: "68A[3]" is the item whose SequenceNumeric is 3. All others are found by position, in the
  message too: to amend the fourth document, the message has four, of which the first three may be empty.
- A new part may be added whole ("68A[3]") or one element at a time ("02A[4]:D005", "02A[4]:D006", ...).
- Numbers on classes that occur once ("57A[2]") mean nothing and are passed over. A missing number is understood
  only where one part can be meant.
- Removed items leave a gap: items 1 and 3 stay 1 and 3 when 2 goes.
- The message's own identity (function, reference, MRN, type), its amendments and the texts that explain them
  (AdditionalInformation pointing to 06A) are about the message and never amend the declaration.

Where a pointer could be meant in two ways the amendment is refused (AMENDMENT_AMBIGUOUS): a class named as a whole
that would lose parts which the message does not mention, a removal in a message with content to which nobody points
(one of the two pointers may be mistaken), two parts of one number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec

from ..declaration import AdditionalInformation, Amendment, Declaration, Kept, Pointer, Record
from ..findings import Finding, Severity, errors, in_order
from .wco import pointer_text
from .wco_table import DECLARATION, GOODS_SHIPMENT, Group, Leaf
from .wco_walk import indexed, parts_of


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. path: in the declaration's own words, positions of the later version (of the earlier one for
    what is removed). before, after: a value of the records (text, int, Amount, GoodsItem, …), None for nothing.
    pointer: in WCO numbers, numbered classes by their own number."""

    path: str
    before: Any
    after: Any
    pointer: str


@dataclass(frozen=True, slots=True)
class Amended:
    """A declaration after an amendment. notes: findings that do not refuse it but that the declarant must see."""

    declaration: Declaration
    changes: tuple[Change, ...]
    notes: tuple[Finding, ...] = ()


def amend(current: Declaration, message: Declaration) -> Amended | tuple[Finding, ...]:
    """The current version as the message changes it, or every reason why it cannot.

    The caller has found the declaration that `message.declaration_id` names. Codes: AMENDMENT_POINTER_MISSING,
    _POINTER_UNKNOWN, _POINTER_INCOMPLETE, _POINTER_NUMBER_IGNORED (note), _NOTHING_THERE, _NOT_NEXT, _TOO_WIDE,
    _NOT_AMENDABLE, _AMBIGUOUS, _CONTENT_IGNORED (warning), _CHANGES_NOTHING (note); `at` is "amendments[2]".
    """
    content = msgspec.structs.replace(
        message, additional_informations=_content_of(message.additional_informations)
    )
    work = _Work(current, content)
    for number, amendment in enumerate(message.amendments, 1):
        work.prepare(number, amendment)
    if not message.amendments:
        work.find("AMENDMENT_POINTER_MISSING", "amendments", "42A/06A")
    for aim in work.aims:
        work.apply(aim)
    if not errors(work.findings):
        work.look_for_ignored_content()
    found = in_order(work.findings)
    if errors(found):
        return found
    amended = work.result()
    return Amended(amended, diff(current, amended), found)


def _content_of(informations: tuple[AdditionalInformation, ...]) -> tuple[AdditionalInformation, ...]:
    """Statements of the declaration, without those that explain an amendment."""
    return tuple(
        information
        for information in informations
        if not any(pointer.document_section_code == _AMENDMENT for pointer in information.pointers)
    )


_AMENDMENT: Final = "06A"
_FIXED: Final = frozenset({"function_code", "functional_reference_id", "declaration_id", "type_code"})


# --- the work --------------------------------------------------------------------------------------------------


class _Draft:
    """A record being changed: fields are thawed when first touched. origin: its position before, 0 for a new one."""

    __slots__ = ("origin", "record", "touched", "values")

    def __init__(self, record: Record, origin: int = 0) -> None:
        self.record = record
        self.origin = origin
        self.touched = False
        self.values: dict[str, Any] = {}

    def get(self, field: str) -> Any:
        """The value of a field: a plain value, a record or _Draft, a tuple or list of them."""
        return self.values[field] if field in self.values else getattr(self.record, field)

    def set(self, field: str, value: Any) -> None:
        self.touched = True
        self.values[field] = value

    def part(self, field: str) -> _Draft | None:
        """The draft of a single part, None where there is none."""
        value = self.get(field)
        if isinstance(value, Record):
            value = self.values[field] = _Draft(value, 1)
        return cast("_Draft | None", value)

    def items(self, field: str) -> list[Any]:
        """The items of a list as they stood, None where one is removed, new ones at the end or by number."""
        value = self.get(field)
        if isinstance(value, tuple):
            value = self.values[field] = [
                _Draft(item, place) if isinstance(item, Record) else item
                for place, item in enumerate(value, 1)
            ]
        return cast("list[Any]", value)

    def frozen(self) -> Any:
        if not self.values:
            return self.record
        return msgspec.structs.replace(
            self.record, **{field: _frozen(value) for field, value in self.values.items()}
        )


def _frozen(value: Any) -> Any:
    """A thawed value as the record keeps it; parts that lost their last value are gone."""
    if isinstance(value, _Draft):
        record = value.frozen()
        return None if value.touched and record == type(record)() else record
    if isinstance(value, list):
        return tuple(item for item in map(_frozen, value) if item is not None)
    return value


@dataclass(frozen=True, slots=True)
class _Step:
    """One class on the way of a pointer. number: as given, None without one."""

    group: Group
    number: int | None


@dataclass(frozen=True, slots=True)
class _Aim:
    """Where a pointer leads: the classes below the declaration, and the data element at the end, if any."""

    amendment: int
    text: str
    steps: tuple[_Step, ...]
    leaf: Leaf | None


class _Places:
    """Which item a number means. Lists are indexed once, as long as they do not grow."""

    def __init__(self) -> None:
        # Each list is held beside its index, so that its id() is not given to another one.
        self._indexed: dict[int, tuple[Sequence[Any], int, dict[int | None, list[int]]]] = {}

    def all(self, group: Group, items: Sequence[Any], number: int | None) -> list[int]:
        """The indexes of the items that a pointer's number means; of those by position at most one, even if removed."""
        if not group.numbered:
            return [number - 1] if number and 0 < number <= len(items) else []
        _, length, indexes = self._indexed.get(id(items), (items, -1, {}))
        if length != len(items):
            indexes = {}
            for index, item in enumerate(items):
                indexes.setdefault(_number(item), []).append(index)
            self._indexed[id(items)] = items, len(items), indexes
        return indexes.get(number, [])

    def first(self, group: Group, items: Sequence[Any], number: int | None) -> int | None:
        return next(iter(self.all(group, items, number)), None)

    def item(self, group: Group, items: Sequence[Any], number: int | None) -> Any:
        index = self.first(group, items, number)
        return None if index is None else items[index]


class _Work:
    """One amendment being applied. findings: why not, and notes. removals: pointers that took something away."""

    def __init__(self, current: Declaration, content: Declaration) -> None:
        self.current = current
        self.content = content
        self.draft = _Draft(current)
        self.places = _Places()
        self.findings: list[Finding] = []
        self.aims: list[_Aim] = []
        self.removals: list[_Aim] = []

    def find(self, code: str, at: str, pointer: str, severity: Severity = Severity.ERROR) -> None:
        self.findings.append(Finding(code, at, {"pointer": pointer}, severity=severity, pointer=pointer))

    def wrong(self, code: str, aim: _Aim, severity: Severity = Severity.ERROR) -> None:
        self.find(code, f"amendments[{aim.amendment}]", aim.text, severity)

    # --- understanding pointers -------------------------------------------------------------------------------

    def prepare(self, number: int, amendment: Amendment) -> None:
        """Understand one pointer, before any is applied."""
        at, text = f"amendments[{number}]", pointer_text(amendment.pointers)
        if not amendment.pointers:
            self.find("AMENDMENT_POINTER_MISSING", at, "42A/06A")
            return
        aim = _aim(number, text, amendment.pointers)
        if aim is None:
            self.find("AMENDMENT_POINTER_UNKNOWN", at, text)
        elif _not_amendable(aim):
            self.wrong("AMENDMENT_NOT_AMENDABLE", aim)
        elif aim.leaf is None and (not aim.steps or aim.steps[-1].group is GOODS_SHIPMENT):
            self.wrong("AMENDMENT_TOO_WIDE", aim)
        elif (steps := self.numbered(aim)) is not None:
            self.aims.append(_Aim(number, text, steps, aim.leaf))

    def numbered(self, aim: _Aim) -> tuple[_Step, ...] | None:
        """The steps with every number that is needed; None, with its finding, where several parts can be meant."""
        steps: list[_Step] = []
        source: Any = self.content
        target: Any = self.current
        for step in aim.steps:
            group, number = step.group, step.number
            if group.many:
                here, there = _listed(source, group), _listed(target, group)
                if number is None:
                    number = _only_number(group, here or there)
                if number is None:
                    self.wrong("AMENDMENT_POINTER_INCOMPLETE", aim)
                    return None
                if any(len(self.places.all(group, items, number)) > 1 for items in (here, there)):
                    self.wrong("AMENDMENT_AMBIGUOUS", aim)
                    return None
                source, target = (self.places.item(group, items, number) for items in (here, there))
            elif group.field:
                source, target = _part(source, group), _part(target, group)
            if not group.many and number not in (None, 1):
                self.wrong("AMENDMENT_POINTER_NUMBER_IGNORED", aim, Severity.NOTE)
            steps.append(_Step(group, number))
        return tuple(steps)

    # --- applying -------------------------------------------------------------------------------------------

    def apply(self, aim: _Aim) -> None:
        """Walk to the place, in declaration and message at once, and change it."""
        draft, source = self.draft, cast(Any, self.content)
        for index, step in enumerate(aim.steps):
            group = step.group
            below = self.said(source, group, step.number)
            whole = aim.leaf is None or group.plain is not None
            if whole and index == len(aim.steps) - 1:
                self.apply_class(draft, group, step.number, below, aim)
                return
            if group.field:
                found = self.reach(draft, group, step.number, below is not None, aim)
                if found is None:
                    return
                draft = found
            source = below
        if aim.leaf is not None:
            self.apply_leaf(draft, aim.leaf, source, aim)

    def said(self, source: Any, group: Group, number: int | None) -> Any:
        """What the message has for a class; None where it has nothing or an empty part that only holds its place."""
        if not group.field:
            return source
        part = self.places.item(group, _listed(source, group), number) if group.many else _part(source, group)
        return None if _holds_its_place(part, group) else part

    def apply_leaf(self, draft: _Draft, leaf: Leaf, source: Any, aim: _Aim) -> None:
        before = draft.get(leaf.field)
        after = getattr(source, leaf.field) if source is not None else _nothing(draft.record, leaf.field)
        own_number = leaf.field == "sequence_numeric" and bool(aim.steps) and aim.steps[-1].group.numbered
        if own_number and before != after:
            self.wrong("AMENDMENT_NOT_AMENDABLE", aim)
        elif _absent(before) and _absent(after):
            self.wrong("AMENDMENT_NOTHING_THERE", aim)
        elif before == after:
            self.wrong("AMENDMENT_CHANGES_NOTHING", aim, Severity.NOTE)
        else:
            if _absent(after):
                self.removals.append(aim)
            draft.set(leaf.field, after)

    def apply_class(self, draft: _Draft, group: Group, number: int | None, source: Any, aim: _Aim) -> None:
        """Add, replace or remove a class as a whole."""
        if not group.field:
            self.apply_flat(draft, group, source, aim)
            return
        if not group.many:
            self.replace_whole(
                draft.part(group.field), source, lambda after: draft.set(group.field, after), aim
            )
            return
        items = draft.items(group.field)
        index = self.places.first(group, items, number)
        if index is not None:

            def put(after: Any) -> None:
                draft.touched = True
                items[index] = after

            self.replace_whole(items[index], source, put, aim)
        elif source is None:
            self.wrong("AMENDMENT_NOTHING_THERE", aim)
        else:
            self.insert(draft, group, items, number or 0, _thawed(source), aim)

    def apply_flat(self, draft: _Draft, group: Group, source: Any, aim: _Aim) -> None:
        """Replace all fields that a class without a record of its own fills, or clear them."""
        nothing = {field: _nothing(draft.record, field) for field in group.places}
        after = {field: getattr(source, field) for field in nothing} if source is not None else nothing
        before = {field: _frozen(draft.get(field)) for field in nothing}
        if before == after:
            code, severity = "AMENDMENT_NOTHING_THERE", Severity.ERROR
            if after != nothing:
                code, severity = "AMENDMENT_CHANGES_NOTHING", Severity.NOTE
            self.wrong(code, aim, severity)
            return
        if after == nothing:
            self.removals.append(aim)
        elif any(_leaves_out(before[field], after[field]) for field in nothing):
            self.wrong("AMENDMENT_AMBIGUOUS", aim)
            return
        for field, value in after.items():
            draft.set(field, value)

    def replace_whole(self, before: Any, source: Any, put: Callable[[Any], None], aim: _Aim) -> None:
        old = _frozen(before)
        if old is None and source is None:
            self.wrong("AMENDMENT_NOTHING_THERE", aim)
        elif old == source:
            self.wrong("AMENDMENT_CHANGES_NOTHING", aim, Severity.NOTE)
        elif source is None:
            self.removals.append(aim)
            put(None)
        elif old is not None and _leaves_out(old, source):
            self.wrong("AMENDMENT_AMBIGUOUS", aim)
        else:
            put(_thawed(source, before.origin if isinstance(before, _Draft) else 0))

    def reach(self, draft: _Draft, group: Group, number: int | None, given: bool, aim: _Aim) -> _Draft | None:
        """The part on the way to a data element; made new where the message has it and the declaration has not."""
        part: _Draft | None = None
        if not group.many:
            part = draft.part(group.field)
            if part is None and given:
                part = _new(group)
                draft.set(group.field, part)
        else:
            items = draft.items(group.field)
            index = self.places.first(group, items, number)
            if index is not None:
                part = items[index]
            elif given:
                part = _new(group, number)
                if not self.insert(draft, group, items, number or 0, part, aim):
                    return None
        if part is None:
            self.wrong("AMENDMENT_NOTHING_THERE", aim)
        return part

    def insert(
        self, draft: _Draft, group: Group, items: list[Any], number: int, item: Any, aim: _Aim
    ) -> bool:
        """Add an item at its number, or at the end if that is its position."""
        if group.numbered:
            later = (index for index, other in enumerate(items) if (_number(other) or 0) > number)
            items.insert(next(later, len(items)), item)
        elif number == len(items) + 1:
            items.append(item)
        else:
            self.wrong("AMENDMENT_NOT_NEXT", aim)
            return False
        draft.touched = True
        return True

    # --- what came of it ------------------------------------------------------------------------------------

    def look_for_ignored_content(self) -> None:
        """Content without a pointer warns; beside a removal it makes the removal doubtful."""
        ignored = [
            (at, pointer)
            for at, pointer in self.ignored(DECLARATION, self.content, self.draft, "", DECLARATION.class_id)
            if at not in _FIXED
        ]
        for at, pointer in ignored:
            self.find("AMENDMENT_CONTENT_IGNORED", at, pointer, Severity.WARNING)
        if ignored:
            for aim in self.removals:
                self.wrong("AMENDMENT_AMBIGUOUS", aim)

    def ignored(
        self, group: Group, content: Any, draft: _Draft, at: str, pointer: str
    ) -> Iterator[tuple[str, str]]:
        """Places where the message says something that the declaration, as amended, does not."""
        for field, (above, spec) in group.places.items():
            said = getattr(content, field)
            if _absent(said) or field == "amendments":
                continue
            here = f"{at}.{field}" if at else field
            there = "/".join([pointer, *(flat.class_id for flat in above)])
            if isinstance(spec, Leaf):
                if said != draft.get(field):
                    yield here, f"{there}:{spec.tag}"
            elif spec.many:
                items = draft.items(field)
                for place, item in enumerate(said, 1):
                    number = _number(item) if spec.numbered else place
                    stands = self.places.item(spec, items, number)
                    if not _holds_its_place(item, spec):
                        below = f"{there}/{spec.class_id}[{number}]"
                        yield from self.ignored_part(spec, item, stands, f"{here}[{place}]", below)
            else:
                yield from self.ignored_part(spec, said, draft.part(field), here, f"{there}/{spec.class_id}")

    def ignored_part(
        self, group: Group, said: Any, stands: Any, at: str, pointer: str
    ) -> Iterator[tuple[str, str]]:
        if isinstance(stands, _Draft):
            yield from self.ignored(group, said, stands, at, pointer)
        elif said != stands:
            yield at, pointer

    def result(self) -> Declaration:
        amended = cast(Declaration, self.draft.frozen())
        if not amended.kept:
            return amended
        moves = _Moves(self.draft)
        kept = (moved for part in amended.kept if (moved := moves.moved(part)) is not None)
        return msgspec.structs.replace(
            amended, kept=tuple(sorted(kept, key=lambda part: parts_of(part.path)))
        )


def _aim(amendment: int, text: str, pointers: tuple[Pointer, ...]) -> _Aim | None:
    """What a pointer means by the table; None where it has no such class or data element."""
    first, *others = pointers
    if first.document_section_code != DECLARATION.class_id or any(
        pointer.tag_id for pointer in pointers[:-1]
    ):
        return None
    group, steps = DECLARATION, []
    for pointer in others:
        below = (child for child in group.children if isinstance(child, Group))
        found = next((child for child in below if child.class_id == pointer.document_section_code), None)
        if found is None:
            return None
        group = found
        steps.append(_Step(group, pointer.sequence_numeric))
    tag = pointers[-1].tag_id
    leaf = next((child for child in group.children if isinstance(child, Leaf) and child.tag == tag), None)
    return None if tag and leaf is None else _Aim(amendment, text, tuple(steps), leaf if tag else None)


def _not_amendable(aim: _Aim) -> bool:
    """Whether a pointer leads to what describes the message itself."""
    if not aim.steps:
        return aim.leaf is not None and aim.leaf.field in _FIXED
    return aim.steps[0].group.class_id == _AMENDMENT


def _part(record: Any, group: Group) -> Any:
    return getattr(record, group.field) if record is not None and group.field else None


def _listed(record: Any, group: Group) -> tuple[Any, ...]:
    return getattr(record, group.field) if record is not None else ()


def _number(item: Any) -> int | None:
    if isinstance(item, _Draft):
        return cast("int | None", item.get("sequence_numeric"))
    return getattr(item, "sequence_numeric", None)


def _only_number(group: Group, items: tuple[Any, ...]) -> int | None:
    if len(items) != 1:
        return None
    return _number(items[0]) if group.numbered else 1


def _new(group: Group, number: int | None = None) -> _Draft:
    assert group.record is not None
    draft = _Draft(group.record())
    if group.numbered:
        draft.set("sequence_numeric", number)
    draft.touched = True
    return draft


def _thawed(value: Any, origin: int = 0) -> Any:
    return _Draft(value, origin) if isinstance(value, Record) else value


def _nothing(record: Record, field: str) -> Any:
    """The value of a field in which nothing is declared."""
    return getattr(type(record)(), field)


def _absent(value: Any) -> bool:
    return value is None or value == "" or value == ()


def _holds_its_place(part: Any, group: Group) -> bool:
    """Whether a part of a message is absent or empty, so that only its position counts."""
    return _absent(part) or (not group.numbered and isinstance(part, Record) and part == type(part)())


def _leaves_out(before: Any, after: Any) -> bool:
    """Whether anything that was declared is not mentioned any more."""
    if _absent(before):
        return False
    if _absent(after):
        return True
    if isinstance(before, tuple):
        return len(after) < len(before) or any(map(_leaves_out, before, after))
    if isinstance(before, Record) and type(before).__name__ not in _VALUES:
        return any(
            _leaves_out(getattr(before, field), getattr(after, field)) for field in before.__struct_fields__
        )
    return False


_VALUES: Final = frozenset({"Amount", "Quantity"})
"""Records that are one value with its unit."""


class _Moves:
    """Where the parts of a draft went, for elements that were kept in them."""

    def __init__(self, draft: _Draft) -> None:
        self.draft = draft
        self._lists: dict[int, dict[int, tuple[int, Any]]] = {}

    def moved(self, kept: Kept) -> Kept | None:
        """A kept element at its new place; None where the part in which it stood is gone."""
        steps, attribute = parts_of(kept.path)
        group: Group | Leaf | None = DECLARATION
        here: Any = self.draft
        names: list[str] = []
        for name, count in steps:
            group = group.by_name.get(name) if isinstance(group, Group) else None
            if isinstance(group, Group) and group.field and isinstance(here, _Draft):
                here = here.get(group.field)
                if isinstance(here, list):
                    count, here = self._places(here).get(count, (0, None))
                if here is None:
                    return None
            listed = isinstance(group, Group) and group.many
            names.append(f"{name}[{count}]" if listed else indexed(name, count))
        path = "/".join(names) + (f"@{attribute}" if attribute else "")
        return msgspec.structs.replace(kept, path=path)

    def _places(self, items: list[Any]) -> dict[int, tuple[int, Any]]:
        """Position before → position now and the item."""
        places = self._lists.get(id(items))
        if places is None:
            left = [(index, item) for index, item in enumerate(items, 1) if _frozen(item) is not None]
            places = self._lists[id(items)] = {
                item.origin if isinstance(item, _Draft) else index: (now, item)
                for now, (index, item) in enumerate(left, 1)
            }
        return places


# --- differences -------------------------------------------------------------------------------------------------


def diff(before: Declaration, after: Declaration) -> tuple[Change, ...]:
    """What differs, one change for each data element, or for a part that only one of them has.

    In the order of the message. Numbered parts are compared by number, others by position, what is equal at both
    ends of a list apart. Empty exactly where the two are equal.
    """
    changes = list(_diff(DECLARATION, before, after, "", DECLARATION.class_id))
    old, new = ({part.path: part for part in version.kept} for version in (before, after))
    for path in dict.fromkeys((*old, *new)):
        if old.get(path) != new.get(path):
            changes.append(Change(path, old.get(path), new.get(path), DECLARATION.class_id))
    return tuple(changes)


def _diff(group: Group, before: Any, after: Any, at: str, pointer: str) -> Iterator[Change]:
    for field, (above, spec) in group.places.items():
        old, new = getattr(before, field), getattr(after, field)
        if old == new:
            continue
        here = f"{at}.{field}" if at else field
        there = "/".join([pointer, *(flat.class_id for flat in above)])
        if isinstance(spec, Leaf):
            yield Change(here, _or_none(old), _or_none(new), f"{there}:{spec.tag}")
        elif spec.many:
            yield from _diff_items(spec, old, new, here, f"{there}/{spec.class_id}")
        elif old is None or new is None:
            yield Change(here, old, new, f"{there}/{spec.class_id}")
        else:
            yield from _diff(spec, old, new, here, f"{there}/{spec.class_id}")
    for field in group.unplaced:
        old, new = getattr(before, field), getattr(after, field)
        if old != new:
            yield Change(f"{at}.{field}", _or_none(old), _or_none(new), pointer)


def _diff_items(
    group: Group, old: tuple[Any, ...], new: tuple[Any, ...], at: str, pointer: str
) -> Iterator[Change]:
    if group.numbered:
        old_numbers, new_numbers = ([_number(item) for item in items] for items in (old, new))
        if all(len({*numbers} - {None}) == len(numbers) for numbers in (old_numbers, new_numbers)):
            yield from _diff_numbered(group, dict(zip(old_numbers, old, strict=True)), new, at, pointer)
            common = [number for number in old_numbers if number in new_numbers]
            if common != (order := [number for number in new_numbers if number in old_numbers]):
                yield Change(at, tuple(common), tuple(order), pointer)
            return
    start = _shared(old, new)
    end = _shared(old[start:][::-1], new[start:][::-1])
    for place in range(start, max(len(old), len(new)) - end):
        was = old[place] if place < len(old) - end else None
        now = new[place] if place < len(new) - end else None
        yield from _diff_item(group, was, now, f"{at}[{place + 1}]", f"{pointer}[{place + 1}]")


def _diff_numbered(
    group: Group, old: dict[int | None, Any], new: tuple[Any, ...], at: str, pointer: str
) -> Iterator[Change]:
    places = {number: place for place, number in enumerate(old, 1)}
    for place, now in enumerate(new, 1):
        was = old.pop(_number(now), None)
        if was != now:
            yield from _diff_item(group, was, now, f"{at}[{place}]", f"{pointer}[{_number(now)}]")
    for number, was in old.items():
        yield Change(f"{at}[{places[number]}]", was, None, f"{pointer}[{number}]")


def _diff_item(group: Group, was: Any, now: Any, at: str, pointer: str) -> Iterator[Change]:
    if was is None or now is None or group.record is None:
        yield Change(at, was, now, pointer)
    else:
        yield from _diff(group, was, now, at, pointer)


def _shared(old: tuple[Any, ...], new: tuple[Any, ...]) -> int:
    """How many items two lists share at their start."""
    count = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        count += 1
    return count


def _or_none(value: Any) -> Any:
    return None if _absent(value) else value
