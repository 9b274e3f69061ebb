"""JSON, one declaration, and NDJSON, one declaration a line: the canonical form that is hashed and stored.

The canonical form is UTF-8 without a mark, fields in the order of `declaration.py`, defaults left out, no white
space: equal declarations give equal bytes. Reading is more patient than writing (any order, white space, explicit
defaults, a byte order mark) and stricter than JSON itself: an unknown, missing, repeated or wrongly typed field, a
number with a point, exponent or NaN, an instant without a zone (only a document's day is a midnight without one),
text that is not plain NFC text, all are findings with their place ("goods_items[3].item_charge.millionths", counting
from 1). Nothing is rounded or converted.

Bounds, so that no input costs more than its size: MAX_BYTES, MAX_GROUPS, MAX_TEXT_CHARACTERS, MAX_DIGITS,
MAX_FINDINGS. The depth is bounded by the records themselves, because what they do not know is not entered.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, time
from functools import cache
from itertools import islice
from types import NoneType
from typing import Any, BinaryIO, Final, get_args, get_origin

import msgspec

from ..declaration import MAX_GOODS_ITEMS, Declaration, GoodsItem, Record
from ..findings import Finding, errors, in_order
from .guard import MAX_BYTES, MAX_TEXT_CHARACTERS, plain, text_findings

MAX_GROUPS: Final = 400_000
"""Objects and lists in one declaration: 40 a line for 10,000 lines. An empty object of two bytes becomes a record
of 300, so bytes alone do not bound memory."""

MAX_DIGITS: Final = 30
"""Digits of a number: 24 before the point and 6 after, as `money.scaled` reads them."""

MAX_FINDINGS: Final = 100
"""Findings that one declaration is answered with; the rest is cut, and that is said."""

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

_DECODER: Final = msgspec.json.Decoder(Declaration)
_ENCODER: Final = msgspec.json.Encoder()

# What digits stand where, whichever they are: looked for in C, where an expression would try every place.
_DIGITS_AS_ZEROS: Final = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER: Final = b"0" * (MAX_DIGITS + 1)
_TIME_OF_DAY: Final = b"00:00:00"
_ZONELESS_TIME = re.compile(r'[Tt ]\d\d:\d\d:\d\d[\d.]*"')

# Anything but printable ASCII without escapes and the composed letters of Western Europe and Vietnam: of those,
# `text_findings` has nothing to say, however they are put together.
_UNCOMMON = re.compile(r"[^ -\[\]-~À-ÖØ-öø-ÿĂăĐđĨĩŨũƠơƯưẠ-ỹ]")


def write_json(declaration: Declaration) -> bytes:
    """The canonical bytes of a declaration: what is hashed, stored and compared."""
    return _ENCODER.encode(declaration)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the form, with what the records' docstrings say."""
    return msgspec.json.schema(Declaration)


def read_json(data: bytes) -> Declaration | tuple[Finding, ...]:
    """One declaration, or everything found wrong with it (at most MAX_FINDINGS, by place).

    What only deserves a warning does not refuse a declaration; `examine` gives it too.
    """
    declaration, findings = examine(data)
    return findings if declaration is None else declaration


def read_ndjson(stream: BinaryIO) -> Iterator[tuple[int, Declaration | tuple[Finding, ...]]]:
    """Each line's number and its declaration or findings; empty lines are passed over. As `examine_lines`."""
    for number, declaration, findings in examine_lines(stream):
        yield number, findings if declaration is None else declaration


def examine_lines(stream: BinaryIO) -> Iterator[tuple[int, Declaration | None, tuple[Finding, ...]]]:
    """Each line's number and what `examine` says of it; empty lines are passed over.

    Holds one line at a time. A line beyond MAX_BYTES is a finding and is skipped, not stored. Places are inside the
    declaration; only malformed JSON names its line again.
    """
    number = 0
    while line := stream.readline(MAX_BYTES + 2):
        number += 1
        if len(line) > MAX_BYTES and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = stream.readline(MAX_BYTES)
            yield number, None, (_too_large(),)
        elif line.removeprefix(BYTE_ORDER_MARK).strip():
            yield number, *examine(line.rstrip(b"\r\n"), number)


def examine(data: bytes, first_line: int = 1) -> tuple[Declaration | None, tuple[Finding, ...]]:
    """The declaration, None where an error refuses it, and all findings, warnings too. first_line: of `data`, for
    the place of malformed JSON."""
    data = data.removeprefix(BYTE_ORDER_MARK)
    if len(data) > MAX_BYTES:
        return None, (_too_large(),)
    crowded = crowd(data)
    if crowded is not None:
        return None, (crowded,)
    try:
        text = data.decode()
    except UnicodeDecodeError as fault:
        return None, (Finding("JSON_ENCODING", says={"byte": str(fault.start + 1)}),)
    try:
        declaration = _DECODER.decode(text)
    except msgspec.DecodeError as fault:  # ValidationError is one
        return None, _faults(text, first_line) or (translated(fault, ""),)
    shape = data.translate(_DIGITS_AS_ZEROS)
    if _LONG_NUMBER in shape or _ENCODER.encode(declaration) != data:
        # Only bytes that differ from the canonical ones can hold a field twice.
        findings = _faults(text, first_line, only_notation=True)
        if findings:
            return None, findings
    findings = ()
    if _may_hide_something(text, shape):
        findings = _limited(_leaf_findings(declaration, ""))
    if len(declaration.goods_items) > MAX_GOODS_ITEMS:
        findings = (*findings, too_many_items(len(declaration.goods_items)))
    return None if errors(findings) else declaration, findings


def _may_hide_something(text: str, shape: bytes) -> bool:
    """Whether a well-formed declaration may hold a text or time that is to be looked at. Most hold none."""
    if _UNCOMMON.search(text) or (_TIME_OF_DAY in shape and _ZONELESS_TIME.search(text)):
        return True
    return len(text) > MAX_TEXT_CHARACTERS and max(map(len, text.split('"'))) > MAX_TEXT_CHARACTERS


# What msgspec cannot see: fields given twice, numbers that are none. A second look with a reader that can.


class _Unreadable:
    """Stands in a decoded tree for a number that no field may hold; code: its finding."""

    def __init__(self, code: str) -> None:
        self.code = code


_NOT_FINITE = _Unreadable("JSON_NUMBER_NOT_FINITE")
_WITH_POINT = _Unreadable("JSON_NUMBER_NOT_WHOLE")
_TOO_LONG = _Unreadable("JSON_NUMBER_TOO_LARGE")


class _Object(dict[str, Any]):
    """A decoded object that remembers which of its fields were given more than once."""

    repeated: tuple[str, ...] = ()


class _Tree:
    """One decoding with the standard library's reader; remembers whether anything odd was met on the way."""

    def __init__(self, text: str) -> None:
        self.odd = False
        self.root = json.loads(
            text,
            object_pairs_hook=self._object,
            parse_constant=lambda _: self._noted(_NOT_FINITE),
            parse_float=lambda _: self._noted(_WITH_POINT),
            parse_int=self._integer,
        )

    def _noted(self, stand_in: _Unreadable) -> _Unreadable:
        self.odd = True
        return stand_in

    def _integer(self, digits: str) -> int | _Unreadable:
        return int(digits) if len(digits.lstrip("-")) <= MAX_DIGITS else self._noted(_TOO_LONG)

    def _object(self, pairs: list[tuple[str, Any]]) -> _Object:
        result = _Object(pairs)
        if len(result) < len(pairs):
            self.odd = True
            times = Counter(name for name, _ in pairs)
            result.repeated = tuple(name for name, count in times.items() if count > 1)
        return result


def _faults(text: str, first_line: int, *, only_notation: bool = False) -> tuple[Finding, ...]:
    """Everything wrong with a text, by place. only_notation: msgspec has accepted the values already."""
    try:
        tree = _Tree(text)
    except RecursionError:
        return (Finding("JSON_TOO_DEEP"),)
    except json.JSONDecodeError as fault:
        place = f"line {first_line + fault.lineno - 1}, column {fault.colno}"
        return (Finding("JSON_MALFORMED", place),)
    if only_notation and not tree.odd:
        return ()
    return _limited(_value_faults(tree.root, Declaration, ""))


def _value_faults(value: Any, kind: Any, at: str) -> Iterator[Finding]:
    """The faults of a decoded value that should be of type `kind`; msgspec is the judge of every leaf."""
    record, element = _shape(kind)
    if isinstance(value, _Unreadable):
        yield Finding(value.code, at)
    elif record is not None and isinstance(value, _Object):
        yield from _object_faults(value, record, at)
    elif element is not None and isinstance(value, list):
        if element is GoodsItem and len(value) > MAX_GOODS_ITEMS:
            yield too_many_items(len(value))
            value = value[:MAX_GOODS_ITEMS]
        for number, inner in enumerate(value, 1):
            yield from _value_faults(inner, element, f"{at}[{number}]")
    else:
        try:
            leaf = msgspec.convert(value, kind)
        except msgspec.ValidationError as fault:
            yield translated(fault, at)
        else:
            yield from _below_findings(leaf, at)


def _object_faults(value: _Object, record: type[Record], at: str) -> Iterator[Finding]:
    fields = _fields(record)
    for name in value.repeated:
        yield Finding("FIELD_TWICE", _below(at, name), {"field": _shown(name)})
    for name, inner in value.items():
        if name in fields:
            yield from _value_faults(inner, fields[name].type, _below(at, name))
        else:
            yield Finding("FIELD_UNKNOWN", _below(at, name), {"field": _shown(name)})
    for name, field in fields.items():
        if field.required and name not in value:
            yield Finding("FIELD_MISSING", _below(at, name), {"field": name})


def _leaf_findings(record: Record, at: str) -> Iterator[Finding]:
    """What is wrong with the texts and times of a record that is otherwise well formed."""
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if value:
            yield from _below_findings(value, _below(at, name))


def _below_findings(value: Any, at: str) -> Iterator[Finding]:
    if isinstance(value, Record):
        yield from _leaf_findings(value, at)
    elif isinstance(value, tuple):
        for number, inner in enumerate(value, 1):
            yield from _below_findings(inner, f"{at}[{number}]")
    elif isinstance(value, str):
        if not plain(value) or len(value) > MAX_TEXT_CHARACTERS:
            identifier = is_identifier(at.rpartition(".")[2])
            yield from text_findings(value, at, identifier=identifier, longest=MAX_TEXT_CHARACTERS)
    elif isinstance(value, datetime) and value.tzinfo is None and not (may_be_day(at) and _is_day(value)):
        yield Finding("JSON_TIME_WITHOUT_ZONE", at, {"value": value.isoformat()})


def _is_day(moment: datetime) -> bool:
    """Whether a time without a zone is a day: midnight stands for it."""
    return moment.time() == time.min


def may_be_day(at: str) -> bool:
    """Whether a place holds a day or an instant, where others hold only instants: what documents are dated with."""
    return at.endswith("effective_time") or at == "invoice.issue_time"


def is_identifier(field: str) -> bool:
    """Whether a field of the records holds a code, number or reference, where a look-alike letter deceives.

    Shipping marks carry ID in their name and are running text.
    """
    name = field.partition("[")[0]
    return name in ("id", "currency", "unit") or (
        name.endswith(("_id", "_ids", "_code")) and name != "marks_numbers_id"
    )


# msgspec's words into codes.

_MESSAGES: Final = (
    (re.compile(r"Expected `(?P<expected>[^`]+)`, got `(?P<got>[^`]+)`"), "FIELD_WRONG_KIND"),
    (re.compile(r"Expected `(?P<expected>array)` of length \d+"), "FIELD_WRONG_KIND"),
    (re.compile(r"Object missing required field `(?P<field>[^`]+)`"), "FIELD_MISSING"),
    (re.compile(r"Object contains unknown field `(?P<field>.*)`"), "FIELD_UNKNOWN"),
    (re.compile(r"Invalid RFC3339"), "JSON_TIME_MALFORMED"),
    (re.compile(r"(?:Integer value|Number) out of range"), "JSON_NUMBER_TOO_LARGE"),
)
_MESSAGE_PLACE = re.compile(r" - at `\$(?P<place>[^`]*)`$")
_MESSAGE_INDEX = re.compile(r"\[(\d+)\]")


def translated(fault: msgspec.DecodeError, at: str) -> Finding:
    """msgspec's message as a finding: its place counts from 0, ours from 1."""
    message = str(fault)
    place = _MESSAGE_PLACE.search(message)
    if place is not None:
        inner = _MESSAGE_INDEX.sub(lambda index: f"[{int(index[1]) + 1}]", place["place"])
        at = (at + inner).lstrip(".")
    for pattern, code in _MESSAGES:
        found = pattern.match(message)
        if found is not None:
            says = {name: _shown(text) for name, text in found.groupdict().items()}
            if "got" not in says and code == "FIELD_WRONG_KIND":
                says["got"] = "array"
            return Finding(code, _below(at, says["field"]) if "field" in says else at, says)
    return Finding("JSON_MALFORMED", at)


# Types of the records.


@cache
def _fields(record: type[Record]) -> dict[str, msgspec.structs.FieldInfo]:
    return {field.name: field for field in msgspec.structs.fields(record)}


@cache
def _shape(kind: Any) -> tuple[type[Record] | None, Any]:
    """The record that a type allows, and the element type of a list that it allows; None where none."""
    choices = [choice for choice in get_args(kind) if choice is not NoneType]
    if get_origin(kind) is tuple:
        return None, choices[0] if choices[-1] is Ellipsis else None
    for choice in choices or [kind]:
        if isinstance(choice, type) and issubclass(choice, Record):
            return choice, None
    return None, None


# Places and common findings.


def _below(at: str, name: str) -> str:
    return f"{at}.{_shown(name)}" if at else _shown(name)


def _shown(text: str) -> str:
    """At most 40 characters of a foreign text, fit for a place or a sentence."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:40])


def _limited(findings: Iterator[Finding]) -> tuple[Finding, ...]:
    first = list(islice(findings, MAX_FINDINGS + 1))
    if len(first) <= MAX_FINDINGS:
        return in_order(first)
    return (*in_order(first[:MAX_FINDINGS]), Finding("FINDINGS_CUT", says={"limit": str(MAX_FINDINGS)}))


def _too_large() -> Finding:
    return Finding("JSON_TOO_LARGE", says={"limit": str(MAX_BYTES)})


def crowd(data: bytes) -> Finding | None:
    """JSON_TOO_MANY_GROUPS for bytes that would take much more memory as records than they are; told before they are
    read, for every JSON that may hold a declaration."""
    if data.count(b"{") + data.count(b"[") <= MAX_GROUPS:
        return None
    return Finding("JSON_TOO_MANY_GROUPS", says={"limit": str(MAX_GROUPS)})


def too_many_items(count: int) -> Finding:
    """For a declaration of more than MAX_GOODS_ITEMS lines."""
    return Finding(
        "GOODS_ITEMS_TOO_MANY", "goods_items", {"count": str(count), "limit": str(MAX_GOODS_ITEMS)}
    )
