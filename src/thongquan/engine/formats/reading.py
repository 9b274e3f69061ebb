"""Any file of declarations: what it is shows in its content, never in its name.

One function for everybody who takes files (command line, upload, mailbox): WCO XML by `wco`, ASYCUDA XML by `asycuda`,
UN/EDIFACT by `cusdec`, JSON and NDJSON by `json_lines`, CSV and XLSX by `tables`.
"""

from __future__ import annotations

import codecs
import enum
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import BinaryIO, Final, Protocol

from ..declaration import Declaration
from ..findings import Finding
from . import asycuda, cusdec, json_lines, tables, wco


class FileKind(enum.Enum):
    """What a file is."""

    XML = "xml"
    ASYCUDA = "asycuda"
    """XML too, known by its root element."""
    CUSDEC = "cusdec"
    """An interchange of UN/EDIFACT, whatever its messages are."""
    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"
    XLSX = "xlsx"
    OLD_EXCEL = "old_excel"
    """The format before XLSX, or a workbook under a password: both are such containers."""
    EMPTY = "empty"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reading:
    """One declaration of a file, or what stands in its place.

    place: where in the file ("line 7", "row 14", "sheet Hàng!row 14", "message 2", "document 2"), "" for a file that is
    one message.
    declaration: None where a finding refuses it. findings: errors, warnings and notes; with neither an error nor a
    declaration there are only notes (a sheet that is not read). message: the whole WCO message that an XML file is.
    refused: what was read of a message that a finding refuses, so that an answer can name its reference. It is never
    lodged. is_message: whether the file is this one message, and nothing else.
    """

    place: str
    declaration: Declaration | None
    findings: tuple[Finding, ...]
    message: wco.Message | None = None
    refused: Declaration | None = None
    is_message: bool = False


def read_file(
    name: str, data: bytes, zone: tzinfo | None = None, rate_unit: asycuda.RateUnit | None = None
) -> Iterator[Reading]:
    """Every declaration of a file, in its order. At least one reading.

    name: only told in findings. zone: of instants that a file gives without one. rate_unit: in what ASYCUDA documents
    give the rates of their taxes, which differs by country; None where nobody knows, then no rate is read.
    """
    kind = kind_of(data)
    if kind is FileKind.XML:
        message = wco.read_dec(data)
        yield _of_message("", message, message)
    elif kind is FileKind.ASYCUDA:
        for place, sad in asycuda.read_sads(data, rate_unit, zone):
            yield _of_message(f"document {place}" if place else "", sad)
    elif kind is FileKind.CUSDEC:
        messages = cusdec.read_cusdec(data, zone)
        for one in messages:
            yield _of_message(f"message {one.place}" if len(messages) > 1 else "", one)
    elif kind is FileKind.JSON:
        yield Reading("", *json_lines.examine(data))
    elif kind is FileKind.NDJSON:
        for line, declaration, findings in json_lines.examine_lines(io.BytesIO(data)):
            yield Reading(f"line {line}", declaration, findings)
    elif kind is FileKind.CSV:
        yield from _of_table(tables.examine_csv(io.BytesIO(data), zone))
    elif kind is FileKind.XLSX:
        yield from _of_table(tables.examine_xlsx(data, zone))
    else:
        shown = "".join(letter if letter.isprintable() else "?" for letter in name[-60:])
        yield Reading("", None, (Finding(f"FILE_{kind.name}", says={"name": shown}),))


def read_stream(
    name: str, stream: BinaryIO, zone: tzinfo | None = None, rate_unit: asycuda.RateUnit | None = None
) -> Iterator[Reading]:
    """As `read_file`, from a seekable stream at its beginning: CSV and NDJSON of any size are never held whole.

    A single message is held whole, and refused by its own reader when it is larger than one may be.
    """
    head = stream.read(_HEAD)
    kind = kind_of(head) if len(head) == _HEAD else None
    if kind is FileKind.NDJSON:
        stream.seek(0)
        for line, declaration, findings in json_lines.examine_lines(stream):
            yield Reading(f"line {line}", declaration, findings)
    elif kind is FileKind.CSV:
        stream.seek(0)
        yield from _of_table(tables.examine_csv(stream, zone))
    else:
        yield from read_file(name, head + stream.read(_MOST), zone, rate_unit)


_HEAD: Final = 1 << 20
_MOST: Final = 1 << 28
"""Bytes of one message beyond its head; every reader refuses less."""


def kind_of(data: bytes) -> FileKind:
    """What a file is, by its first bytes; of XML, its root element, or the elements in which that only wraps documents;
    of JSON, whether a second object begins on a line of its own."""
    if data.startswith(b"PK\x03\x04"):
        return FileKind.XLSX
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return FileKind.OLD_EXCEL
    start = _start(data)
    if not start:
        return FileKind.EMPTY
    if start[0] == "<":
        names = _opened(start) or _opened(_start(data, len(data)))
        return FileKind.ASYCUDA if any(map(asycuda.is_sad, names)) else FileKind.XML
    if _EDIFACT.match(start):
        return FileKind.CUSDEC
    if start[0] in "{[":
        first, _, rest = data.lstrip(_SPACE).partition(b"\n")
        several = first.rstrip().endswith(b"}") and rest.lstrip(_SPACE).startswith(b"{")
        return FileKind.NDJSON if several else FileKind.JSON
    return FileKind.UNKNOWN if _CONTROL.search(start) or start.startswith("%PDF") else FileKind.CSV


_SPACE: Final = b" \t\r\n"
_LOOKED_AT: Final = 4096
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_EDIFACT: Final = re.compile(r"UNA[^\w\s].{5}\s*UNB|UNB[^\w\s,;]UN", re.ASCII | re.DOTALL)
_ELEMENT: Final = re.compile(r"\s*<(?:[\w.-]+:)?([\w.-]+)(?=[\s/>])")
_BEFORE_ELEMENT: Final = re.compile(r"\s*<(\?|!--)")


def _start(data: bytes, most: int = _LOOKED_AT) -> str:
    """The first characters after a byte-order mark and white space, each byte of another encoding as U+FFFD."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data[:most].decode("utf-16", "replace").lstrip()
    start = data[:most].removeprefix(codecs.BOM_UTF8).lstrip(_SPACE)
    if not start:
        start = data.removeprefix(codecs.BOM_UTF8).lstrip(_SPACE)[:most]
    return start.decode("utf-8", "replace")


def _opened(text: str) -> tuple[str, ...]:
    """The local names of an XML document's root element and of those that begin in it before any ends or says
    anything; none where the text does not reach the root."""
    names: list[str] = []
    position = 0
    while len(names) <= asycuda.MAX_WRAPPERS:
        while before := _BEFORE_ELEMENT.match(text, position):
            end = "?>" if before[1] == "?" else "-->"
            position = text.find(end, before.end()) + len(end)
            if position < len(end):
                return tuple(names)
        matched = _ELEMENT.match(text, position)
        if matched is None:
            break
        names.append(matched[1])
        position = text.find(">", matched.end()) + 1
        if not position or text[position - 2] == "/":
            break
    return tuple(names)


class _Message(Protocol):
    """What the readers of messages give."""

    @property
    def declaration(self) -> Declaration | None: ...
    @property
    def findings(self) -> tuple[Finding, ...]: ...
    @property
    def refused(self) -> bool: ...


def _of_message(place: str, one: _Message, message: wco.Message | None = None) -> Reading:
    if one.refused:
        return Reading(place, None, one.findings, message, one.declaration, not place)
    return Reading(place, one.declaration, one.findings, message, None, not place)


def _of_table(examined: Iterator[tables.Examined]) -> Iterator[Reading]:
    for _, place, declaration, findings in examined:
        yield Reading(place, declaration, findings)
