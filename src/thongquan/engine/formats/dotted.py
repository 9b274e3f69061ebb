"""Records from fields by dotted name, for readers whose tables name a field by its place in the declaration."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import NoneType
from typing import Any, get_args, get_type_hints

from ..declaration import Record


def made[R: Record](record: type[R], fields: Mapping[str, Any]) -> R:
    """A record of its fields: "consignment.goods_location.id" makes the records on the way. None, "" and an empty
    list are absent, lists become tuples."""
    own: dict[str, Any] = {}
    inner: dict[str, dict[str, Any]] = {}
    for name, value in fields.items():
        if value is None or value == "" or value == []:
            continue
        first, _, rest = name.partition(".")
        if rest:
            inner.setdefault(first, {})[rest] = value
        else:
            own[first] = tuple(value) if isinstance(value, list) else value
    for name, below in inner.items():
        own[name] = made(_record_of(record, name), below)
    return record(**own)


@cache
def _record_of(record: type[Record], name: str) -> type[Record]:
    """The record that a field holds."""
    kinds = get_args(get_type_hints(record)[name])
    found: type[Record] = next(kind for kind in kinds if kind is not NoneType)
    return found
