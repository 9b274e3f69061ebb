"""Walk the table of a WCO message: elements into records, records into elements.

Reading judges every value by the table and keeps what it cannot type: an element or attribute the table does not
have, a second one where one is allowed, a value that its field cannot hold exactly. Each is a finding with its
place and comes back when the message is written, so read(write(read(x))) equals read(x).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from .. import declaration as d
from ..findings import Finding, Severity, errors
from ..money import BadNumber, decimal_text, millionths_of
from .guard import Element, plain, text_findings
from .wco_table import TIMES, Group, Kind, Leaf

MAX_FINDINGS: Final = 1_000
"""Findings of one message; the one after it says that there are more."""
MAX_KEPT: Final = 10_000
"""Elements that a reader keeps without understanding them."""

XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
"""Attributes of this namespace tell validators where a schema lies: they are not part of what is declared."""

_WCO: Final = "urn:wco:datamodel:"
_SHOWN: Final = 40
_MILLION: Final = 1_000_000


def is_home(namespace: str) -> bool:
    """Whether an element belongs to the data model: its namespace is one of the WCO's, or it has none."""
    return not namespace or namespace.startswith(_WCO)


def name_of(element: Element) -> str:
    """The name in a path: local for elements of the data model, "{namespace}local" for others."""
    if is_home(element.namespace):
        return element.name
    return f"{{{_safe(element.namespace)}}}{element.name}"


class CannotWrite(ValueError):
    """A record holds what the message has no place or no characters for. `at`: where, in the record's words."""

    def __init__(self, at: str, why: str) -> None:
        super().__init__(f"{at}: {why}")
        self.at = at


class Cut(Exception):
    """A limit was passed, reading stops: the record would not be whole."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


class Place:
    """Where the reader is, as a chain; its texts are made only when a finding needs them."""

    __slots__ = ("above", "group", "index")

    def __init__(self, group: Group, above: Place | None = None, index: int = 0) -> None:
        self.group = group
        self.above = above
        self.index = index

    def _steps(self) -> list[Place]:
        steps: list[Place] = []
        here: Place | None = self
        while here is not None:
            steps.append(here)
            here = here.above
        return steps[::-1]

    def at(self, name: str = "") -> str:
        """In the record's own words: "goods_items[2].gross_mass"."""
        names = [
            f"{step.group.field}[{step.index}]" if step.index else step.group.field
            for step in self._steps()
            if step.group.field
        ]
        return ".".join([*names, name] if name else names)

    def path(self, name: str = "") -> str:
        """In the message's words, below the root: "GoodsShipment/GovernmentAgencyGoodsItem[2]"."""
        names = [
            f"{step.group.name}[{step.index}]" if step.index else step.group.name
            for step in self._steps()[1:]
        ]
        return "/".join([*names, name] if name else names)

    def pointer(self, tag: str = "") -> str:
        """In WCO numbers: "42A/67A/68A[2]/23A:137"."""
        steps = "/".join(
            f"{step.group.class_id}[{step.index}]" if step.index else step.group.class_id
            for step in self._steps()
        )
        return f"{steps}:{tag}" if tag else steps


class Reader:
    """Reads one element tree by the table. Filled while reading: findings, kept, typed (how many elements went
    into fields), lines (`at` of a finding → line and column in the message). Past a limit it stops (`Cut`).

    blank: an empty element is a value not given (notices); otherwise an error, as the schema of DEC has it.
    """

    def __init__(self, *, blank: bool = False) -> None:
        self.blank = blank
        self.findings: list[Finding] = []
        self.kept: list[d.Kept] = []
        self.lines: dict[str, tuple[int, int]] = {}
        self.typed = 0
        self._numbers: Mapping[Kind, Callable[[Element, Leaf, Place], Any]] = {
            Kind.AMOUNT: self._amount,
            Kind.MEASURE: self._measure,
            Kind.COUNT: self._count,
            Kind.RATE: self._number,
        }

    # --- what was found -------------------------------------------------------------------------------------

    def find(
        self,
        element: Element,
        code: str,
        at: str,
        pointer: str,
        says: Mapping[str, str],
        severity: Severity = Severity.ERROR,
    ) -> None:
        self.add(element, Finding(code, at, says, severity=severity, pointer=pointer))

    def add(self, element: Element, finding: Finding) -> None:
        if len(self.findings) == MAX_FINDINGS:
            finding = Finding("FINDINGS_CUT", says={"limit": str(MAX_FINDINGS)}, pointer="42A")
        if len(self.findings) <= MAX_FINDINGS:
            self.findings.append(finding)
            self.lines.setdefault(finding.at, (element.line, element.column))

    def judge_characters(
        self, element: Element, text: str, at: str, pointer: str, *, identifier: bool = False
    ) -> None:
        """What is wrong with the characters of a text that is not plain."""
        for finding in text_findings(text, at, identifier=identifier, pointer=pointer):
            self.add(element, finding)

    def _wrong(self, code: str, leaf: Leaf, place: Place, element: Element, **says: str) -> None:
        facts = {"element": leaf.name, "value": element.text[:_SHOWN], **says}
        self.find(element, code, place.at(leaf.field), place.pointer(leaf.tag), facts)

    # --- what is kept ---------------------------------------------------------------------------------------

    def keep(self, element: Element, path: str) -> None:
        """Keep an element with all that is in it, each part under its own path."""
        self.keep_one(element, path)
        counts: dict[str, int] = {}
        for child in element:
            name = name_of(child)
            counts[name] = counts.get(name, 0) + 1
            self.keep(child, f"{path}/{indexed(name, counts[name])}")

    def keep_one(self, element: Element, path: str) -> None:
        """Keep an element without what is in it."""
        attributes = tuple((_safe_name(name), value) for name, value in element.attributes.items())
        self._keep(element, d.Kept(path=path, text=element.text, attributes=attributes))

    def _keep(self, element: Element, kept: d.Kept) -> None:
        if len(self.kept) == MAX_KEPT:
            raise Cut(Finding("ELEMENTS_KEPT_TOO_MANY", "", {"limit": str(MAX_KEPT)}, pointer="42A"))
        for text in (kept.path, kept.text, *(part for pair in kept.attributes for part in pair)):
            if not plain(text):
                self.judge_characters(element, text, kept.path, "42A")
        self.kept.append(kept)

    def unknown(self, element: Element, path: str, pointer: str) -> None:
        """Keep an element that the table does not have here, and say so."""
        says = {"element": name_of(element)[:_SHOWN]}
        self.find(element, "ELEMENT_UNKNOWN", path, pointer, says, Severity.NOTE)
        self.keep(element, path)

    def attributes(self, element: Element, path: str, pointer: str, known: str = "") -> None:
        """Keep the attributes of an element that is typed, but for the known one, and say so."""
        for name, value in element.attributes.items():
            if name == known or name.startswith(XSI):
                continue
            at = f"{path}@{_safe_name(name)}"
            self.find(element, "ATTRIBUTE_UNKNOWN", at, pointer, {"attribute": name[:_SHOWN]}, Severity.NOTE)
            self._keep(element, d.Kept(path=at, text=value))

    def misplaced_text(self, element: Element, path: str, pointer: str) -> None:
        """Keep characters that stand between elements, and say so."""
        says = {"element": element.name[:_SHOWN], "value": element.text[:_SHOWN]}
        self.find(element, "TEXT_MISPLACED", path, pointer, says, Severity.NOTE)
        self._keep(element, d.Kept(path=path, text=element.text))

    # --- groups ---------------------------------------------------------------------------------------------

    def read(self, element: Element, group: Group) -> Any:
        """The record of a root class; its kept elements are in `kept`, in one order whatever the message's was."""
        self.typed += 1
        record = self._record(element, group, Place(group))
        self.kept.sort(key=lambda kept: parts_of(kept.path))
        return record

    def _record(self, element: Element, group: Group, place: Place) -> Any:
        values: dict[str, Any] = {}
        self._children(element, group, place, values)
        for field, value in values.items():
            if type(value) is list:
                values[field] = tuple(value)
        assert group.record is not None
        return group.record(**values)

    def _children(self, element: Element, group: Group, place: Place, values: dict[str, Any]) -> None:
        if element.pairs:
            self.attributes(element, place.path(), place.pointer())
        if element.text:
            self.misplaced_text(element, place.path("text()"), place.pointer())
        by_name = group.by_name
        counts: dict[str, int] = {}
        for child in element.children:
            name = child.name if is_home(child.namespace) else name_of(child)
            counts[name] = count = counts.get(name, 0) + 1
            spec = by_name.get(name)
            if type(spec) is Leaf:
                if count == 1:
                    self.leaf(child, spec, place, values)
                    continue
            elif type(spec) is Group:
                if spec.many:
                    self._many(child, spec, place, values, count)
                    continue
                if count == 1:
                    self._one(child, spec, place, values)
                    continue
            if spec is None:
                self.unknown(child, place.path(indexed(name, count)), place.pointer())
            else:
                self._repeated(child, spec, count, place)
        for missing in group.required_children:
            if missing.name not in counts:
                tag, field = (missing.tag, missing.field) if type(missing) is Leaf else ("", missing.field)
                says = {"element": missing.name}
                self.find(element, "ELEMENT_MISSING", place.at(field), place.pointer(tag), says)

    def _one(self, element: Element, group: Group, place: Place, values: dict[str, Any]) -> None:
        self.typed += 1
        below = Place(group, place)
        if group.record is None:
            self._children(element, group, below, values)
        else:
            values[group.field] = self._record(element, group, below)

    def _many(self, element: Element, group: Group, place: Place, values: dict[str, Any], count: int) -> None:
        if group.most is not None and count > group.most:
            says = {"element": group.name, "limit": str(group.most)}
            raise Cut(Finding("ELEMENTS_TOO_MANY", place.at(group.field), says, pointer=place.pointer()))
        self.typed += 1
        below = Place(group, place, count)
        if group.plain is None:
            item = self._record(element, group, below)
        else:
            only: dict[str, Any] = {}
            self._children(element, group, below, only)
            item = only.get(group.plain.field, "")
        if count == 1:
            values[group.field] = [item]
        else:
            values[group.field].append(item)

    def _repeated(self, element: Element, spec: Leaf | Group, count: int, place: Place) -> None:
        path = place.path(indexed(spec.name, count))
        number = f":{spec.tag}" if isinstance(spec, Leaf) else f"/{spec.class_id}"
        says = {"element": spec.name}
        self.find(element, "ELEMENT_REPEATED", path, place.pointer() + number, says)
        self.keep(element, path)

    # --- leaves ---------------------------------------------------------------------------------------------

    def leaf(self, element: Element, leaf: Leaf, place: Place, values: dict[str, Any]) -> None:
        """Read one value into `values`; what its field cannot hold is found and kept."""
        kind = leaf.kind
        if not element.text and not element.children and self.blank and not element.pairs:
            self.typed += 1
            return
        if kind is Kind.INSTANT or kind is Kind.DAY:
            value: Any = self._time(element, leaf, place)
        elif element.children:
            self._wrong("ELEMENT_NOT_SIMPLE", leaf, place, element)
            value = None
        elif not element.text:
            self._wrong("VALUE_EMPTY", leaf, place, element)
            value = None
        elif kind is Kind.TEXT or kind is Kind.CODE:
            value = element.text
            if len(value) > leaf.most or leaf.restricted or not plain(value):
                self._judge_text(element, leaf, place)
        else:
            value = self._numbers[kind](element, leaf, place)
        if value is None:
            self.keep(element, place.path(leaf.name))
            return
        self.typed += 1
        values[leaf.field] = value
        if element.pairs:
            known = _KNOWN_ATTRIBUTES.get(kind, "")
            self.attributes(element, place.path(leaf.name), place.pointer(leaf.tag), known)

    def _judge_text(self, element: Element, leaf: Leaf, place: Place) -> None:
        text = element.text
        if len(text) > leaf.most:
            self._wrong("VALUE_TOO_LONG", leaf, place, element, form=leaf.form)
        elif leaf.restricted and not leaf.allowed.fullmatch(text):
            self._wrong("VALUE_MALFORMED", leaf, place, element, form="/".join(leaf.values) or leaf.form)
        if not plain(text):
            identifier = leaf.kind is Kind.CODE
            pointer = place.pointer(leaf.tag)
            self.judge_characters(element, text, place.at(leaf.field), pointer, identifier=identifier)

    def _number(self, element: Element, leaf: Leaf, place: Place) -> int | None:
        """A number in millionths; None, with its finding, where the text is none or has decimals beyond millionths."""
        text = element.text
        try:
            value = _decimal(text)
        except BadNumber as bad:
            self._wrong(bad.code, leaf, place, element, form=leaf.form)
            return None
        if len(text) > leaf.most or "." in text:
            self._judge_digits(value, element, leaf, place)
        return value

    def _judge_digits(self, value: int, element: Element, leaf: Leaf, place: Place) -> None:
        """As XSD counts: digits and decimals of the value, zeros at its end not counted."""
        digits, decimals = abs(value), 6
        while decimals and digits % 10 == 0:
            digits //= 10
            decimals -= 1
        if decimals > leaf.decimals:
            self._wrong("NUMBER_TOO_PRECISE", leaf, place, element, form=leaf.form)
        elif leaf.most and digits >= 10**leaf.most:
            self._wrong("NUMBER_TOO_LARGE", leaf, place, element, form=leaf.form)

    def _amount(self, element: Element, leaf: Leaf, place: Place) -> d.Amount | None:
        value = self._number(element, leaf, place)
        if value is None:
            return None
        attributes = element.attributes if element.pairs else {}
        currency = attributes.get("currencyID", "")
        if "currencyID" in attributes and not _CURRENCY.fullmatch(currency):
            self._wrong_unit("CURRENCY_MALFORMED", "currencyID", currency, leaf, place, element)
        return d.Amount(millionths=value, currency=currency)

    def _measure(self, element: Element, leaf: Leaf, place: Place) -> d.Quantity | None:
        value = self._number(element, leaf, place)
        if value is None:
            return None
        attributes = element.attributes if element.pairs else {}
        unit = attributes.get("unitCode", "")
        if "unitCode" in attributes and not (0 < len(unit) <= 5 and plain(unit)):
            self._wrong_unit("UNIT_MALFORMED", "unitCode", unit, leaf, place, element)
        return d.Quantity(millionths=value, unit=unit)

    def _wrong_unit(
        self, code: str, attribute: str, value: str, leaf: Leaf, place: Place, element: Element
    ) -> None:
        says = {"element": leaf.name, "attribute": attribute, "value": value[:_SHOWN]}
        field = f"{leaf.field}.{'currency' if attribute == 'currencyID' else 'unit'}"
        self.find(element, code, place.at(field), place.pointer(leaf.tag), says)
        if not value:
            # Not a value of the record, but part of the message: it is written again.
            self._keep(element, d.Kept(path=f"{place.path(leaf.name)}@{attribute}"))
        elif not plain(value):
            self.judge_characters(element, value, place.at(field), place.pointer(leaf.tag), identifier=True)

    def _count(self, element: Element, leaf: Leaf, place: Place) -> int | None:
        value = self._number(element, leaf, place)
        # A fraction of one has been found as NUMBER_TOO_PRECISE.
        return None if value is None or value % _MILLION else value // _MILLION

    def _time(self, element: Element, leaf: Leaf, place: Place) -> datetime | None:
        if len(element.children) != 1 or element.text or element.pairs:
            self._wrong("TIME_MALFORMED", leaf, place, element, form="DateTimeString")
            return None
        string = element.children[0]
        form = string.pairs[1] if string.pairs[:1] == ("formatCode",) else ""
        named = string.name == "DateTimeString" and is_home(string.namespace)
        if not named or string.children or len(string.pairs) > 2:
            self._wrong("TIME_MALFORMED", leaf, place, string, form="DateTimeString formatCode=304")
            return None
        moment = _moment(string.text, form)
        if moment is None:
            self._wrong("TIME_MALFORMED", leaf, place, string, form=f"formatCode={form[:_SHOWN]}")
        elif moment.tzinfo is None and leaf.kind is Kind.INSTANT:
            self._wrong("TIME_WITHOUT_ZONE", leaf, place, string)
            moment = None
        else:
            self.typed += 1
        return moment


def _safe(namespace: str) -> str:
    """A namespace that can stand in a path; braces are not allowed in it, so they are written as URIs write them."""
    return namespace.replace("{", "%7B").replace("}", "%7D")


def _safe_name(name: str) -> str:
    """An attribute's "{namespace}name", the namespace made safe."""
    if not name.startswith("{"):
        return name
    namespace, _, local = name[1:].rpartition("}")
    return f"{{{_safe(namespace)}}}{local}"


_KNOWN_ATTRIBUTES: Final[Mapping[Kind, str]] = {Kind.AMOUNT: "currencyID", Kind.MEASURE: "unitCode"}
_CURRENCY: Final = re.compile("[A-Z]{3}")
_BARE_POINT: Final = re.compile(r"([+-]?)(\d*)\.(\d*)", re.ASCII)


def _decimal(text: str) -> int:
    """Millionths of an XSD decimal, which may also be written ".5" and "5."."""
    try:
        return millionths_of(text)
    except BadNumber as bad:
        matched = _BARE_POINT.fullmatch(text) if bad.code == "NUMBER_MALFORMED" and len(text) > 1 else None
        if matched is None or not (matched[2] or matched[3]):
            raise
        return millionths_of(f"{matched[1]}{matched[2] or '0'}.{matched[3] or '0'}")


_INSTANT: Final = re.compile(r"(20\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:Z|([+-]\d\d))", re.ASCII)
_DAY: Final = re.compile(r"(20\d\d)(\d\d)(\d\d)", re.ASCII)


def _moment(text: str, form: str) -> datetime | None:
    """Format 304 as an aware time with its own offset, 102 as a naive midnight; None for anything else."""
    try:
        if form == "304" and (matched := _INSTANT.fullmatch(text)):
            *parts, hours = matched.groups()
            zone = timezone(timedelta(hours=int(hours))) if hours and int(hours) else UTC
            year, month, day, hour, minute, second = map(int, parts)
            return datetime(year, month, day, hour, minute, second, tzinfo=zone)
        if form == "102" and (matched := _DAY.fullmatch(text)):
            return datetime(*map(int, matched.groups()))  # type: ignore[arg-type]  # noqa: DTZ001  (a day has no zone)
    except ValueError:
        return None
    return None


# --- paths of kept elements ----------------------------------------------------------------------------------

_STEP: Final = re.compile(r"((?:\{[^}]*\})?[^/\[\]@{}]+)(?:\[(\d+)\])?/?")

type Steps = list[tuple[str, int]]


def indexed(name: str, count: int) -> str:
    """A step of a path: the first of its name without a number."""
    return name if count == 1 else f"{name}[{count}]"


def parts_of(path: str) -> tuple[Steps, str]:
    """The steps of a path, each with its number from 1, and the attribute it names ("" for an element)."""
    steps: Steps = []
    position = 0
    while match := _STEP.match(path, position):
        steps.append((match[1], int(match[2] or 1)))
        position = match.end()
    return steps, path[position + 1 :]


# --- writing -------------------------------------------------------------------------------------------------


class Node:
    """One element to be written. group: its class in the table, None for others."""

    __slots__ = ("attributes", "by_name", "children", "group", "name", "namespace", "text")

    def __init__(self, name: str, namespace: str, text: str = "", group: Group | None = None) -> None:
        self.name = name
        self.namespace = namespace
        self.text = text
        self.group = group
        self.attributes: dict[str, str] = {}
        self.children: list[Node] = []
        self.by_name: dict[str, list[Node]] | None = None

    @classmethod
    def of(cls, kept: d.Kept, name: str, parent: Node) -> Node:
        """The node of a kept element below `parent`: in its own namespace, or in the data model's."""
        inherited = parent.namespace if is_home(parent.namespace) else ""
        if name == "DateTimeString":
            inherited = TIMES.get(inherited, inherited)
        node = cls(name, _namespace(name) or inherited, kept.text)
        node.attributes.update(kept.attributes)
        return node

    def add(self, child: Node, before: int | None = None) -> Node:
        """Put a child before the one of that index, at the end without one."""
        self.children.insert(len(self.children) if before is None else before, child)
        if self.by_name is not None:
            self.by_name.setdefault(child.name, []).append(child)
        return child

    def named(self, name: str) -> list[Node]:
        """The children of a name, in their order."""
        if self.by_name is None:
            self.by_name = {}
            for child in self.children:
                self.by_name.setdefault(child.name, []).append(child)
        return self.by_name.get(name, [])


class Writer:
    """Builds nodes from records. strict: a value that the table would refuse when read is not written either.

    Messages that are passed on are not strict: they go out as they came in.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self.strict = strict

    def node(self, record: Any, group: Group, namespace: str = "", at: str = "") -> Node:
        """The element of a record, in the order of the table. CannotWrite where the table lacks a place for it."""
        node = Node(group.name, group.namespace or namespace, group=group)
        for field in group.unplaced:
            if getattr(record, field):
                raise CannotWrite(_below(at, field), f"{group.name} has no element for it")
        self._fill(node, record, group, at)
        return node

    def _fill(self, node: Node, record: Any, group: Group, at: str) -> None:
        for child in group.children:
            if type(child) is Leaf:
                value = getattr(record, child.field)
                if value is not None and value != "":
                    node.children.append(self._leaf(value, child, node.namespace, _below(at, child.field)))
                elif child.required and self.strict:
                    raise CannotWrite(_below(at, child.field), f"{group.name} needs {child.name}")
            elif type(child) is Group:
                self._group(node, record, child, at)

    def _group(self, node: Node, record: Any, group: Group, at: str) -> None:
        namespace = group.namespace or node.namespace
        if not group.field:
            flat = Node(group.name, namespace, group=group)
            self._fill(flat, record, group, at)
            if flat.children or group.required:
                node.children.append(flat)
            return
        value = getattr(record, group.field)
        if value is None:
            return
        here = _below(at, group.field)
        if not group.many:
            node.children.append(self.node(value, group, namespace, here))
            return
        for count, item in enumerate(value, 1):
            if group.plain is None:
                node.children.append(self.node(item, group, namespace, f"{here}[{count}]"))
            else:
                child = Node(group.name, namespace, group=group)
                if item:
                    child.children.append(self._leaf(item, group.plain, namespace, f"{here}[{count}]"))
                node.children.append(child)

    def _leaf(self, value: Any, leaf: Leaf, namespace: str, at: str) -> Node:
        node = Node(leaf.name, namespace)
        match leaf.kind:
            case Kind.TEXT | Kind.CODE:
                node.text = value
            case Kind.COUNT:
                node.text = str(value)
            case Kind.RATE:
                node.text = decimal_text(value)
            case Kind.AMOUNT:
                node.text = decimal_text(value.millionths)
                if value.currency:
                    node.attributes["currencyID"] = value.currency
            case Kind.MEASURE:
                node.text = decimal_text(value.millionths)
                if value.unit:
                    node.attributes["unitCode"] = value.unit
            case Kind.INSTANT | Kind.DAY:
                string = Node("DateTimeString", TIMES.get(namespace, namespace))
                string.text, string.attributes["formatCode"] = _time_text(value, leaf.kind, at)
                node.children.append(string)
        if any(map(_NOT_XML.search, (node.text, *node.attributes.values()))):
            raise CannotWrite(at, "XML has no place for one of its characters")
        if self.strict:
            self._judge(node, leaf, at)
        return node

    def _judge(self, node: Node, leaf: Leaf, at: str) -> None:
        """Read the value back as a reader would: whatever he would find, is not written."""
        element = Element(leaf.name, node.namespace, 0, 0)
        element.text, element.pairs = node.text, _pairs(node)
        for part in node.children:
            string = Element(part.name, part.namespace, 0, 0)
            string.text, string.pairs = part.text, _pairs(part)
            element.children = [string]
        reader = Reader()
        reader.leaf(element, leaf, Place(_ANY), {})
        for finding in errors(reader.findings):
            raise CannotWrite(at, finding.code)


_ANY: Final = Group("", "", ())


def _pairs(node: Node) -> tuple[str, ...]:
    return tuple(text for pair in node.attributes.items() for text in pair)


def _below(at: str, field: str) -> str:
    return f"{at}.{field}" if at else field


def _time_text(moment: datetime, kind: Kind, at: str) -> tuple[str, str]:
    """Text and format code. A day (naive midnight) is 102, an instant 304 with its whole-hour offset, else UTC."""
    if not 2000 <= moment.year <= 2099:
        raise CannotWrite(at, "the message holds years from 2000 to 2099")
    offset = moment.utcoffset()
    if offset is None:
        if kind is Kind.INSTANT or moment.time() != datetime.min.time():
            raise CannotWrite(at, "an instant needs its zone")
        return f"{moment:%Y%m%d}", "102"
    if moment.microsecond:
        raise CannotWrite(at, "the message holds whole seconds")
    hours, rest = divmod(offset, timedelta(hours=1))
    if rest:
        moment, hours = moment.astimezone(UTC), 0
    return f"{moment:%Y%m%d%H%M%S}{f'{hours:+03d}' if hours else 'Z'}", "304"


def graft(root: Node, kept: Iterable[d.Kept]) -> None:
    """Put kept elements back below `root`. What stood in a part that is gone goes with it."""
    for part in sorted(kept, key=lambda each: parts_of(each.path)):
        steps, attribute = parts_of(part.path)
        if attribute:
            target = _at(root, steps)
            if target is not None:
                target.attributes.setdefault(attribute, part.text)
        elif steps:
            parent = _at(root, steps[:-1])
            if parent is not None:
                _graft_one(parent, part, *steps[-1])


def _graft_one(parent: Node, part: d.Kept, name: str, count: int) -> None:
    if name == "text()":
        parent.text = part.text
        return
    before = len(parent.named(name))
    spec = parent.group.by_name.get(name) if parent.group else None
    if count == 2 and not before and isinstance(spec, Group) and not spec.field:
        # The first one had nothing in it, so it has not been written.
        _add_in_order(parent, Node(name, spec.namespace or parent.namespace, group=spec))
        before = 1
    if before == count - 1:
        _add_in_order(parent, Node.of(part, name, parent))


def _add_in_order(parent: Node, child: Node) -> Node:
    """Add an element where the table has it, after its likes; at the end if the table does not know it."""
    order = parent.group.order if parent.group else {}
    own = order.get(child.name, len(order))
    before = len(parent.children)
    while before and order.get(parent.children[before - 1].name, len(order)) > own:
        before -= 1
    return parent.add(child, before)


def _namespace(name: str) -> str:
    return name[1:].partition("}")[0] if name.startswith("{") else ""


def _at(node: Node, steps: Steps) -> Node | None:
    """The element at a path. A class that has no record of its own is made where it stood only for what is kept."""
    for name, count in steps:
        found = node.named(name)
        if len(found) >= count:
            node = found[count - 1]
            continue
        spec = node.group.by_name.get(name) if node.group else None
        if not isinstance(spec, Group) or spec.field or count > 1:
            return None
        node = _add_in_order(node, Node(name, spec.namespace or node.namespace, group=spec))
    return node


def serialise(root: Node) -> bytes:
    """The document in UTF-8, two spaces a level. Each change of namespace is declared where it happens."""
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n']
    _serialise(root, "", "\n", parts)
    parts.append("\n")
    return "".join(parts).encode("utf-8")


def _serialise(node: Node, outer: str, indent: str, parts: list[str]) -> None:
    name = (node.group.element if node.group else "") or node.name.rpartition("}")[2]
    opening = name
    if node.namespace != outer:
        opening += f' xmlns="{_quoted(node.namespace)}"'
    for number, (key, value) in enumerate(node.attributes.items(), 1):
        namespace = _namespace(key)
        if namespace == _XML:
            opening += f' xml:{key.rpartition("}")[2]}="{_quoted(value)}"'
        elif namespace:
            opening += f' xmlns:a{number}="{_quoted(namespace)}" a{number}:{key.rpartition("}")[2]}="{_quoted(value)}"'
        else:
            opening += f' {key}="{_quoted(value)}"'
    text = _escaped(node.text)
    if not node.children:
        parts.append(f"<{opening}>{text}</{name}>" if text else f"<{opening}/>")
        return
    parts.append(f"<{opening}>{text}")
    deeper = indent + "  "
    for child in node.children:
        parts.append(deeper)
        _serialise(child, node.namespace, deeper, parts)
    parts.append(f"{indent}</{name}>")


_XML: Final = "http://www.w3.org/XML/1998/namespace"
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TO_ESCAPE: Final = re.compile("[&<>\r]")
_TO_QUOTE: Final = re.compile('[&<>"\r\n\t]')
_ESCAPES: Final = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "\r": "&#13;",
    "\n": "&#10;",
    "\t": "&#9;",
}


def _escaped(text: str) -> str:
    return _TO_ESCAPE.sub(lambda match: _ESCAPES[match[0]], text)


def _quoted(text: str) -> str:
    return _TO_QUOTE.sub(lambda match: _ESCAPES[match[0]], text)
