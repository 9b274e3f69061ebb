"""WCO declarations (DEC 3.6): bytes to a declaration and back.

`read_dec` never fails and never guesses: what it cannot type it keeps and says. `write_dec` gives the message in
the order of the schema, with everything kept in its place. The table is in `wco_table`, the walk in `wco_walk`.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, cast

import msgspec

from ..declaration import Declaration, Kept, Pointer
from ..findings import Finding, Severity, in_order
from . import guard
from .guard import Element
from .wco_table import DECLARATION, HEADER, Header, Leaf
from .wco_walk import (
    XSI,
    CannotWrite,
    Cut,
    Node,
    Place,
    Reader,
    Writer,
    graft,
    indexed,
    is_home,
    name_of,
    parts_of,
    serialise,
)

__all__ = [
    "ACTS",
    "CannotWrite",
    "Header",
    "Kind",
    "Message",
    "Occurrences",
    "pointer_of",
    "pointer_text",
    "pointers_of",
    "read_dec",
    "write_dec",
]


class Kind(enum.Enum):
    """What a message asks for."""

    ORIGINAL = "original"
    AMENDMENT = "amendment"
    CANCELLATION = "cancellation"
    ARRIVAL = "arrival"


ACTS: Final[Mapping[tuple[str, str], Kind]] = {
    ("9", ""): Kind.ORIGINAL,
    ("13", "COR"): Kind.AMENDMENT,
    ("13", "INV"): Kind.CANCELLATION,
    ("13", "GPR"): Kind.ARRIVAL,
}
"""Function code (UN/EDIFACT 1225) and type code → the act; "" stands for any type. 9 is an original, 13 a request
about an earlier declaration, whose type code then says what is requested (profile DMS)."""

_REQUIRED: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.ORIGINAL: (),
    Kind.AMENDMENT: ("declaration_id", "amendments"),
    Kind.CANCELLATION: ("declaration_id", "additional_informations", "amendments"),
    Kind.ARRIVAL: ("declaration_id",),
}
"""What an act needs beyond the schema of DEC: the declaration it is about, and its reasons (schema CANCEL)."""


@dataclass(frozen=True, slots=True)
class Occurrences:
    """How many elements of the declaration went into typed fields, and how many are only kept."""

    typed: int = 0
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """A message as read. declaration: None where the document is refused as a whole; findings say why.

    kind: None where the function is not known. header: the envelope's own values, None without an envelope.
    wrapper: what stands around the declaration and is not the header, by path from the root, in the message's order.
    occurrences, lines: how it was written, which does not make two messages different; lines gives line and column
    for the `at` of a finding.
    """

    kind: Kind | None
    declaration: Declaration | None
    findings: tuple[Finding, ...] = ()
    header: Header | None = None
    wrapper: tuple[Kept, ...] = ()
    occurrences: Occurrences = field(default=Occurrences(), compare=False)
    lines: Mapping[str, tuple[int, int]] = field(default_factory=dict, compare=False)

    @property
    def refused(self) -> bool:
        """Whether a finding rejects the message."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)


# --- reading -------------------------------------------------------------------------------------------------


def read_dec(data: bytes) -> Message:
    """Read a declaration message, whatever the bytes are.

    Elements are known by their local names, in a WCO namespace or in none; a wrapper around the envelope, and a
    declaration without one, are read too. Findings are in order of place; their `at` is in the declaration's own
    words ("goods_items[2].classifications[1].id"), their `pointer` in WCO numbers; both count the elements of this
    message from 1. Only white space around a value is dropped.
    """
    root = guard.parse(data)
    if isinstance(root, Finding):
        return _refusal(root)
    target = _target(root)
    if isinstance(target, Finding):
        return _refusal(target)
    outside, inside = Reader(blank=True), Reader()
    try:
        header = _surroundings(root, target, outside)
        declaration = cast(Declaration, inside.read(target.declaration, DECLARATION))
    except Cut as cut:
        findings = in_order((cut.finding, *outside.findings, *inside.findings))
        return Message(kind=None, declaration=None, findings=findings, lines=inside.lines | outside.lines)
    kind = _kind(declaration, target.declaration, inside)
    kept = tuple(inside.kept)
    return Message(
        kind=kind,
        declaration=msgspec.structs.replace(declaration, kept=kept) if kept else declaration,
        findings=in_order((*outside.findings, *inside.findings)),
        header=header,
        wrapper=tuple(outside.kept),
        occurrences=Occurrences(inside.typed, sum(not parts_of(part.path)[1] for part in kept)),
        lines=inside.lines | outside.lines,
    )


def _refusal(finding: Finding) -> Message:
    """A document refused as a whole: the pointer names the declaration, `at` the line."""
    return Message(kind=None, declaration=None, findings=(replace(finding, pointer="42A"),))


@dataclass(frozen=True, slots=True)
class _Target:
    """The declaration in a document, and the envelope directly around it."""

    declaration: Element
    envelope: Element | None

    @property
    def outer(self) -> Element:
        return self.envelope or self.declaration


def _target(root: Element) -> _Target | Finding:
    """The one declaration of a document, wherever it lies in a wrapper; an answer (Response) holds none."""
    outer = list(_outermost(root))
    found = [
        _Target(element, None if element is around else around)
        for around in outer
        for element in (around.children if around.name == HEADER.name else (around,))
        if element.name == DECLARATION.name and is_home(element.namespace)
    ]
    if len(found) == 1 and len(outer) == 1:
        return found[0]
    says = {
        "root": root.name,
        "namespace": root.namespace,
        "line": str(root.line),
        "column": str(root.column),
    }
    code = "DECLARATION_REPEATED" if len(found) > 1 else "DOCUMENT_NOT_A_DECLARATION"
    return Finding(code, f"line {root.line}, column {root.column}", says)


def _outermost(element: Element) -> Iterator[Element]:
    """Envelopes and declarations that lie in no other."""
    if is_home(element.namespace) and element.name in (HEADER.name, DECLARATION.name, "Response"):
        yield element
    else:
        for child in element:
            yield from _outermost(child)


def _surroundings(root: Element, target: _Target, reader: Reader) -> Header | None:
    """Read the envelope's values; everything else outside the declaration goes into `reader.kept`, in order.

    The place of envelope and declaration in a wrapper is a kept element without content.
    """

    values: dict[str, str] = {}

    def walk(element: Element, path: str) -> None:
        if element is target.envelope:
            reader.attributes(element, path, "")
            if element.text:
                reader.misplaced_text(element, f"{path}/text()", "")
        counts: dict[str, int] = {}
        for child in element:
            name = name_of(child)
            counts[name] = count = counts.get(name, 0) + 1
            below = f"{path}/{indexed(name, count)}"
            if element is target.envelope:
                if child is not target.declaration and not _header_value(child, name, count, values, reader):
                    reader.unknown(child, below, "")
            else:
                around(child, below)

    def around(element: Element, path: str) -> None:
        if element is target.outer:
            reader.keep_one(Element(element.name, "", element.line, element.column), path)
        else:
            reader.keep_one(element, path)
        if element is not target.declaration:
            walk(element, path)

    if target.outer is root:
        if target.envelope is not None:
            walk(root, root.name)
    else:
        reader.find(root, "WRAPPER_KEPT", name_of(root), "", {"element": root.name}, Severity.NOTE)
        around(root, name_of(root))
    return Header(**values) if target.envelope is not None else None


def _header_value(element: Element, name: str, count: int, values: dict[str, str], reader: Reader) -> bool:
    """Read one value of the envelope; whether it was one. An attribute on it makes it something to keep."""
    leaf = HEADER.by_name.get(name)
    attributes = any(not name.startswith(XSI) for name in element.pairs[::2])
    if not isinstance(leaf, Leaf) or count > 1 or element.children or attributes:
        return False
    reader.leaf(element, leaf, Place(HEADER), values)
    return True


def _kind(declaration: Declaration, element: Element, reader: Reader) -> Kind | None:
    function, type_code = declaration.function_code, declaration.type_code
    kind = ACTS.get((function, "")) or ACTS.get((function, type_code))
    if kind is None and function:
        known = any(of == function for of, _ in ACTS)
        name, value = ("type_code", type_code) if known else ("function_code", function)
        says = {"function": function, "value": value}
        reader.find(element, "FUNCTION_UNKNOWN", name, pointer_of(name), says)
    for name in _REQUIRED[kind] if kind else ():
        if not getattr(declaration, name):
            says = {"element": DECLARATION.places[name][1].name}
            reader.find(element, "ELEMENT_MISSING", name, pointer_of(name), says)
    return kind


# --- writing -------------------------------------------------------------------------------------------------


def write_dec(message: Message) -> bytes:
    """The message as UTF-8 XML in the order of the schema, with its envelope and all that was kept.

    CannotWrite where the declaration holds what this message has no element, no characters or no years for.
    """
    if message.declaration is None:
        raise CannotWrite("declaration", "there is none")
    writer = Writer()
    node = writer.node(message.declaration, DECLARATION)
    graft(node, message.declaration.kept)
    if message.header is not None:
        envelope = writer.node(message.header, HEADER)
        envelope.add(node)
        node = envelope
    return serialise(_wrapped(node, message.wrapper))


def _wrapped(inner: Node, wrapper: tuple[Kept, ...]) -> Node:
    """Rebuild what stood around `inner`, part by part in its order."""
    top = Node("", "")
    placed = False
    for part in wrapper:
        steps, attribute = parts_of(part.path)
        if not top.children and steps[0][0] == inner.name:
            top.add(inner)
            placed = True
        node = top
        for name, count in steps if attribute else steps[:-1]:
            node = node.named(name)[count - 1]
        last = steps[-1][0]
        if attribute:
            node.attributes[attribute] = part.text
        elif last == "text()":
            node.text = part.text
        elif last == inner.name and not placed:
            node.add(inner)
            placed = True
        else:
            node.add(Node.of(part, last, node))
    return top.children[0] if top.children else inner


# --- pointers ------------------------------------------------------------------------------------------------

_STEP: Final = re.compile(r"(\w+)(?:\[(\d+)\])?")

_READ_OFF: Final[Mapping[str, str]] = {
    "commodity_code": "classifications.id",
    "additional_codes": "classifications.id",
    "origin_country_code": "origins.country_code",
    "preferential_origin_country_code": "origins.country_code",
    "procedure_code": "procedures.current_code",
    "additional_procedure_codes": "procedures.current_code",
    "preference_code": "duty_tax_fees.duty_regime_code",
    "document_codes": "additional_documents.type_code",
    "gross_mass_millionths": "gross_mass",
    "net_mass_millionths": "net_mass",
    "tariff_quantity_millionths": "tariff_quantity",
    "tariff_quantity_unit": "tariff_quantity",
    "item_charge_millionths": "item_charge",
    "item_charge_currency": "item_charge",
    "declarant_id": "declarant.id",
    "importer_id": "importer.id",
    "exporter_id": "exporter.id",
    "incoterm": "trade_terms.condition_code",
}
"""What a declaration or line reads off its parts → the part. (`quota_order_id` of a line likewise, see below.)"""


def pointer_of(at: str) -> str:
    """The pointer of a place in a declaration's own words: "goods_items[2].gross_mass" → "42A/67A/68A[2]/23A/65A:126".

    Derived names ("goods_items[1].commodity_code") point to what they are read off. A place that no element holds
    gives the pointer of the nearest class around it, so that there is always one: "42A" for anything.
    """
    group, pointer = DECLARATION, DECLARATION.class_id
    steps = list(_STEP.finditer(at))[::-1]
    while steps:
        step = steps.pop()
        name = step[1]
        if name not in group.places:
            part = "duty_tax_fees.quota_order_id" if name == "quota_order_id" else _READ_OFF.get(name)
            if part is None:
                break
            steps += list(_STEP.finditer(part))[::-1]
            continue
        above, spec = group.places[name]
        pointer = "/".join([pointer, *(flat.class_id for flat in above)])
        if isinstance(spec, Leaf):
            return f"{pointer}:{spec.tag}"
        number = f"[{step[2]}]" if step[2] and spec.many else ""
        pointer = f"{pointer}/{spec.class_id}{number}"
        group = spec
    return pointer


_POINTER_STEP: Final = re.compile(r"(\w{1,3})(?:\[(\d{1,9})\])?(?::(\w{1,4}))?")


def pointers_of(text: str) -> tuple[Pointer, ...]:
    """The steps of a written pointer; () for a text that is none. A number beyond five digits has no place in one."""
    matches = [_POINTER_STEP.fullmatch(step) for step in text.split("/")]
    if not text or not all(matches):
        return ()
    return tuple(
        Pointer(
            document_section_code=match[1],
            sequence_numeric=int(match[2]) if match[2] and len(match[2]) <= 5 else None,
            tag_id=match[3] or "",
        )
        for match in matches
        if match
    )


def pointer_text(pointers: tuple[Pointer, ...]) -> str:
    """A pointer as people write it: "42A/67A/68A[1]/23A/21A[3]:145"."""
    return "/".join(
        step.document_section_code
        + (f"[{step.sequence_numeric}]" if step.sequence_numeric is not None else "")
        + (f":{step.tag_id}" if step.tag_id else "")
        for step in pointers
    )
