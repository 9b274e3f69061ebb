"""The columns of a table of declarations: one list, read by the reader, the writer and the documentation.

`columns.csv` is that list. Each row: name (the field of `declaration.py` where it has one; `{n}` and `{m}` stand for
a place in a list, from 1), at (where the value stands in a Declaration), vi and en (headings that people use),
template (I, E, S: shown in the blank form for import, export, simplified declarations).

A name of a list without prefix belongs to the line, `header_` to the declaration; a single field without prefix
belongs to the declaration, `item_` to the line. A heading is known by its name or by its Vietnamese or English
label, whatever its case, diacritics and punctuation: "Mã số hàng hóa", "ma so hang hoa", "commodity_code".
"""

from __future__ import annotations

import csv
import difflib
import enum
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from importlib.resources import files
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from ..declaration import Declaration, GoodsItem, Record
from .json_lines import may_be_day

type Headings = Literal["name", "vi", "en"]
"""Which of a column's headings a written table shows."""

type Form = Literal["import", "export", "simplified"]

TEMPLATE_PLACES: Final = 2
"""How many places of each list a blank form offers."""

_TEMPLATE_PLACES: Final[tuple[tuple[tuple[int, ...], ...], ...]] = (
    ((),),
    tuple((n,) for n in range(1, TEMPLATE_PLACES + 1)),
    ((1, 1),),
)
"""By the number of lists that a column is inside of."""

MAX_HEADING_CHARACTERS: Final = 120


class Kind(enum.Enum):
    """What the cells of a column hold."""

    TEXT = "text"
    FIGURE = "figure"
    """A plain decimal number with at most six decimals."""
    COUNT = "count"
    """A whole number."""
    INSTANT = "instant"
    """A time with its zone, ISO 8601."""
    DAY = "day"
    """A day, kept as a midnight without zone, or an instant."""
    TEXTS = "texts"
    """Several codes, one space between."""
    SHORT = "short"
    """A short way to write a list of records (a procedure in one cell)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step from a record to what it holds. place: for a list, "n", "m" or a fixed number; None for one value."""

    field: str
    place: str | int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One row of the list; there is one object of each. steps: from the Declaration, or from the GoodsItem where
    `of_line`."""

    order: int
    name: str
    at: str
    labels: dict[str, str]
    template: str
    of_line: bool
    steps: tuple[Step, ...]
    kind: Kind

    @property
    def field(self) -> str:
        """The record's own field."""
        return self.steps[-1].field

    @property
    def is_list(self) -> bool:
        """Whether the column stands once for each place of a list."""
        return "{n}" in self.name


@dataclass(frozen=True, slots=True)
class Slot:
    """A column with its places filled in: what one heading of a file means. places: of {n} and {m}."""

    column: Column
    places: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        return self._filled(self.column.name)

    def heading(self, headings: Headings) -> str:
        return self.name if headings == "name" else self._filled(self.column.labels[headings])

    @property
    def path(self) -> tuple[tuple[str, int], ...]:
        """Fields and their places in lists (from 1, 0 for one value), from the declaration or the line."""
        filled = dict(zip("nm", self.places, strict=False))
        return tuple(
            (step.field, filled[step.place] if isinstance(step.place, str) else step.place or 0)
            for step in self.column.steps
        )

    def _filled(self, text: str) -> str:
        return text.format(**{place: str(value) for place, value in zip("nm", self.places, strict=False)})


@cache
def columns() -> tuple[Column, ...]:
    """All columns in the order of the list."""
    text = (files(__package__) / "columns.csv").read_text(encoding="utf-8")
    return tuple(_column(order, row) for order, row in enumerate(csv.DictReader(text.splitlines())))


@lru_cache(maxsize=4096)
def slot_of(heading: str) -> Slot | None:
    """What a heading means, None when no column is called so."""
    if len(heading) > MAX_HEADING_CHARACTERS:
        return None
    key, places = _key(heading)
    column = _by_key().get(key)
    if column is None or any(not 1 <= place <= 99 for place in places):
        return None
    return Slot(column, places)


def nearest(heading: str) -> str:
    """The name of the column whose heading looks most like this one, "" when none does."""
    key, places = _key(heading[:MAX_HEADING_CHARACTERS])
    found = difflib.get_close_matches(key, _by_key(), n=1, cutoff=0.7)
    if not found:
        return ""
    column = _by_key()[found[0]]
    return Slot(column, (*places, 1, 1)[: column.name.count("{")]).name


def slot_at(of_line: bool, path: tuple[tuple[str, int], ...]) -> Slot | None:
    """The column that holds the value at a path; a column made for that very place before a numbered one."""
    fields = tuple(field for field, _ in path)
    places = tuple(place for _, place in path if place)
    for column in _by_fields().get((of_line, fields), ()):
        fixed = tuple(step.place for step in column.steps if step.place is not None)
        if all(isinstance(want, str) or want == got for want, got in zip(fixed, places, strict=True)):
            free = tuple(got for want, got in zip(fixed, places, strict=True) if isinstance(want, str))
            return Slot(column, free)
    return None


def template(form: Form) -> tuple[Slot, ...]:
    """The columns of the blank form for one kind of declaration, TEMPLATE_PLACES places of each list."""
    letter = form[0].upper()
    slots: list[Slot] = []
    for column in columns():
        if letter in column.template:
            slots += [Slot(column, places) for places in _TEMPLATE_PLACES[column.name.count("{")]]
    return in_order(slots)


def in_order(slots: list[Slot]) -> tuple[Slot, ...]:
    """Slots as a table shows them: in the order of the list, but all columns of a list's first place before the
    second."""
    return tuple(sorted(slots, key=lambda slot: (_group_order(slot.column), slot.places, slot.column.order)))


def _group_order(column: Column) -> int:
    """The order of the first column of the same list, so that a place's columns stay together."""
    if not column.is_list:
        return column.order
    return _first_of_list()[column.of_line, column.name.partition("{n}")[0]]


@cache
def _first_of_list() -> dict[tuple[bool, str], int]:
    first: dict[tuple[bool, str], int] = {}
    for column in columns():
        if column.is_list:
            first.setdefault((column.of_line, column.name.partition("{n}")[0]), column.order)
    return first


@cache
def _by_key() -> dict[str, Column]:
    """Matching key → column, for names and labels. Two columns under one key are a fault in the list."""
    found: dict[str, Column] = {}
    for column in columns():
        for heading in (column.name, *column.labels.values()):
            key, _ = _key(heading.replace("{n}", "1").replace("{m}", "1"))
            if found.setdefault(key, column) is not column:
                raise ValueError(f"columns.csv: {heading!r} is also a heading of {found[key].name!r}")
    return found


@cache
def _by_fields() -> dict[tuple[bool, tuple[str, ...]], tuple[Column, ...]]:
    found: dict[tuple[bool, tuple[str, ...]], list[Column]] = {}
    for column in columns():
        if column.kind is not Kind.SHORT:
            key = (column.of_line, tuple(step.field for step in column.steps))
            found.setdefault(key, []).append(column)
    return {key: tuple(sorted(group, key=lambda column: column.is_list)) for key, group in found.items()}


def _key(heading: str) -> tuple[str, tuple[int, ...]]:
    """A heading without case, diacritics, punctuation and numbers, and the numbers apart."""
    decomposed = unicodedata.normalize("NFD", heading.casefold().replace("đ", "d"))
    words = _WORD.findall("".join(letter for letter in decomposed if not unicodedata.combining(letter)))
    numbers = tuple(int(word) for word in words if word.isdigit() and len(word) <= 2)
    return " ".join("#" if word.isdigit() and len(word) <= 2 else word for word in words), numbers


_WORD: Final = re.compile(r"[a-z]+|[0-9]+|[^\W_]+")
_STEP: Final = re.compile(r"(\w+)(?:\[\{?(n|m|\d+)\}?\])?")


def _column(order: int, row: dict[str, str]) -> Column:
    of_line = row["at"].startswith("goods_items[].")
    steps = tuple(_steps(row["at"].removeprefix("goods_items[].")))
    return Column(
        order=order,
        name=row["name"],
        at=row["at"],
        labels={"vi": row["vi"], "en": row["en"]},
        template=row["template"],
        of_line=of_line,
        steps=steps,
        kind=_kind(GoodsItem if of_line else Declaration, steps, row["at"]),
    )


def _steps(at: str) -> Iterator[Step]:
    for part in at.split("."):
        matched = _STEP.fullmatch(part)
        if matched is None:
            raise ValueError(f"columns.csv: {at!r} is no place")
        place = matched[2]
        yield Step(matched[1], int(place) if place and place.isdigit() else place)


def _kind(record: type[Record], steps: tuple[Step, ...], at: str) -> Kind:
    """What the record type at the end of the path makes of a cell. KeyError for a field that is not there."""
    for step in steps[:-1]:
        record = element(field_types(record)[step.field])
    declared = field_types(record)[steps[-1].field]
    held = element(declared)
    if held is str:
        return Kind.TEXTS if get_origin(declared) is tuple else Kind.TEXT
    if held is int:
        return Kind.FIGURE if steps[-1].field.endswith("millionths") else Kind.COUNT
    if held is datetime:
        return Kind.DAY if may_be_day(at) else Kind.INSTANT
    return Kind.SHORT


@cache
def field_types(record: type[Record]) -> dict[str, Any]:
    """Field → declared type of a record."""
    return get_type_hints(record)


def element(kind: Any) -> Any:
    """What a declared type holds: without None, and of a list its element."""
    choices = [choice for choice in get_args(kind) if choice is not NoneType and choice is not Ellipsis]
    return choices[0] if choices else kind
