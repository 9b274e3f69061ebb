"""The syntax of UN/EDIFACT (ISO 9735): bytes into interchanges, messages, segments and elements.

`interchange_messages` takes untrusted bytes and never fails: what is wrong is a finding with the number of the
segment, its tag, and where one is at fault the element and component. Segments are counted in their message from its
UNH, which is 1, as UNT counts them; elements after the tag from 1; components in an element from 1.

Characters are those of the syntax identifier that UNB declares, strictly: UNOA (capitals, figures and the marks of
its table), UNOB (small letters too), UNOC (ISO 8859-1) and UNOY (ISO 10646 in UTF-8). Others are refused, and so is a
character outside the declared set. Line ends are allowed between segments only.

Bounds: bytes, segments, messages, and for one segment characters, elements and components. One pass, so time is that
of the file's size.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ..findings import Finding, Severity, errors
from .guard import MAX_BYTES, shown

MAX_SEGMENT_CHARACTERS: Final = 20_000
"""Characters of one segment: five free texts of 512 and everything around them, many times over."""
MAX_ELEMENTS: Final = 100
"""Elements of one segment."""
MAX_COMPONENTS: Final = 100
"""Components of one element."""
MAX_SEGMENTS: Final = 400_000
"""Segments of one file: forty for each of the lines that a declaration may have."""
MAX_MESSAGES: Final = 10_000
"""Messages of one file."""
MAX_FINDINGS: Final = 1_000
"""Findings of one message; the one after it says that there are more."""

_SHOWN: Final = 40
_BETWEEN: Final = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Marks:
    """The service characters of an interchange. decimal: "" where UNA declares none, then point and comma both are.
    release, repetition: "" where they are not used."""

    component: str = ":"
    element: str = "+"
    decimal: str = ""
    release: str = "?"
    repetition: str = ""
    terminator: str = "'"

    @property
    def used(self) -> str:
        """All of them but the decimal mark."""
        return self.component + self.element + self.release + self.repetition + self.terminator


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment. elements: each as its components, release characters resolved. raw: as it was written, without its
    end. number: in its message, 0 outside. repeats: holds a repetition mark."""

    tag: str
    elements: tuple[tuple[str, ...], ...]
    raw: str
    number: int = 0
    repeats: bool = False

    def get(self, element: int, component: int = 1) -> str:
        """A value by its place, "" where there is none."""
        if element > len(self.elements):
            return ""
        components = self.elements[element - 1]
        return components[component - 1] if component <= len(components) else ""

    def at(self, element: int = 0, component: int = 0) -> str:
        """A place as people write it: "segment 14, element 2, component 1"."""
        place = f"segment {self.number}" if self.number else f"segment {self.tag or '?'}"
        place += f", element {element}" if element else ""
        return place + (f", component {component}" if component else "")

    def says(self, element: int = 0, component: int = 0, **more: str) -> dict[str, str]:
        """The facts that every sentence about a place quotes."""
        facts = {"segment": str(self.number) if self.number else "-", "tag": shown(self.tag, 3) or "?"}
        return {**facts, "element": str(element), "component": str(component), **more}


@dataclass(slots=True)
class RawMessage:
    """A message from UNH to UNT. findings: what is wrong with its syntax. place: which of the file, from 1."""

    place: int
    marks: Marks
    segments: list[Segment] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        if len(self.findings) == MAX_FINDINGS:
            finding = Finding("FINDINGS_CUT", says={"limit": str(MAX_FINDINGS)})
        if len(self.findings) <= MAX_FINDINGS:
            self.findings.append(finding)


@dataclass(frozen=True, slots=True)
class _Level:
    """A syntax identifier: how bytes become characters, and which characters it does not have."""

    encoding: str
    outside: re.Pattern[str]


# ISO 9735, annex A. The marks of level A are those of telex, and eight more that telex has not.
_MARKS_OF_A: Final = re.escape(" .,-()/='+:?!\"%&*;<>")
LEVELS: Final = {
    "UNOA": _Level("latin-1", re.compile(f"[^A-Z0-9{_MARKS_OF_A}]")),
    "UNOB": _Level("latin-1", re.compile(f"[^A-Za-z0-9{_MARKS_OF_A}]")),
    "UNOC": _Level("latin-1", re.compile("[^\x20-\x7e\xa0-\xff]")),
    "UNOY": _Level("utf-8", re.compile("[\x00-\x1f\x7f-\x9f]")),
}


class _Refused(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


def interchange_messages(data: bytes) -> tuple[RawMessage, ...]:
    """Every message of a file, in its order; at least one, without segments where the file holds none.

    A fault of an interchange as a whole (its count or reference) is a finding of each of its messages, because none
    can be relied on to be all there is. An interchange that ends without UNZ is a warning of its last message: some
    systems send single messages so.
    """
    if len(data) > MAX_BYTES:
        return (_nothing(Finding("EDIFACT_TOO_LARGE", says={"limit": str(MAX_BYTES)})),)
    try:
        text, marks, level = _decoded(data)
    except _Refused as refused:
        return (_nothing(refused.finding),)
    reading = _Interchange(marks, level)
    try:
        for segment in _segments(text, marks):
            reading.take(segment)
    except _Refused as refused:
        reading.fault(refused.finding)
    reading.end()
    for finding in reading.loose if reading.messages else ():
        reading.messages[0].add(finding)
    return tuple(reading.messages) or (_nothing(*reading.loose),)


def _nothing(*findings: Finding) -> RawMessage:
    """What stands for a file without a message: at least one error says why."""
    why = () if errors(findings) else (Finding("EDIFACT_WITHOUT_MESSAGE"),)
    return RawMessage(1, Marks(), findings=[*findings, *why])


# --- bytes into characters -------------------------------------------------------------------------------------


def _decoded(data: bytes) -> tuple[str, Marks, str]:
    """The text from UNB on, its service characters and its syntax identifier."""
    data = data.removeprefix(codecs.BOM_UTF8).lstrip(_BETWEEN.encode())
    marks = Marks()
    if data.startswith(b"UNA"):
        marks = _una(data[3:9])
        data = data[9:].lstrip(_BETWEEN.encode())
    if not data.startswith(b"UNB"):
        raise _Refused(Finding("EDIFACT_WITHOUT_UNB", says={"start": shown(data[:12].decode("latin-1"))}))
    declared = data[4:8].decode("latin-1")
    level = LEVELS.get(declared)
    if level is None:
        says = {"declared": shown(declared), "known": ", ".join(LEVELS)}
        raise _Refused(Finding("EDIFACT_SYNTAX_UNKNOWN", "segment UNB, element 1, component 1", says))
    try:
        return data.decode(level.encoding), marks, declared
    except UnicodeDecodeError as error:
        says = {"byte": str(error.start + 1), "declared": declared}
        raise _Refused(Finding("EDIFACT_ENCODING", says=says)) from None


def _una(six: bytes) -> Marks:
    """The service string advice: component, element, decimal mark, release, reserved (repetition), terminator."""
    letters = six.decode("latin-1")
    component, element, decimal, release, repetition, terminator = tuple(letters.ljust(6, "\0"))
    used = [mark for mark in (component, element, release, repetition, terminator) if mark != " "]
    sound = (
        len(set(used)) == len(used)
        and all(mark.isascii() and mark.isprintable() and not mark.isalnum() for mark in used)
        and " " not in (component, element, terminator)
        and decimal in ".,"
        and decimal not in used
    )
    if not sound:
        raise _Refused(Finding("EDIFACT_UNA", says={"una": shown(letters)}))
    return Marks(component, element, decimal, release.strip(), repetition.strip(), terminator)


# --- characters into segments ----------------------------------------------------------------------------------


def _segments(text: str, marks: Marks) -> Iterator[Segment]:
    """Every segment, unnumbered. Refused: one that does not end, or is beyond a limit; nothing after it is read."""
    special = re.compile(f"[{re.escape(marks.used)}]")
    elements: list[tuple[str, ...]] = []
    components: list[str] = []
    pieces: list[str] = []
    repeats = False
    # begin: of the segment; start: of the text that no piece holds yet; position: where to look on.
    begin = start = position = 0
    while matched := special.search(text, position):
        here, mark = matched.start(), matched[0]
        sizes = (here - begin, len(elements), len(components))
        if any(size > most for size, most in zip(sizes, _MOST, strict=True)):
            says = {"tag": shown(text[begin : begin + 3], 3), "limit": str(MAX_SEGMENT_CHARACTERS)}
            raise _Refused(Finding("EDIFACT_SEGMENT_TOO_LONG", says=says))
        pieces.append(text[start:here])
        start = position = here + 1
        if mark == marks.release:
            position = here + 2
            continue
        if mark == marks.repetition:
            repeats, start = True, here
            continue
        components.append("".join(pieces))
        pieces.clear()
        if mark != marks.component:
            elements.append(tuple(components))
            components.clear()
        if mark == marks.terminator:
            (tag, *_), *rest = elements
            yield Segment(tag, tuple(rest), text[begin:here], repeats=repeats)
            elements.clear()
            repeats = False
            begin = start = position = _after_blank(text, here + 1)
    if text[begin:].strip(_BETWEEN):
        says = {"tag": shown(text[begin : begin + 3], 3), "terminator": marks.terminator}
        raise _Refused(Finding("EDIFACT_UNTERMINATED", says=says))


_MOST: Final = (MAX_SEGMENT_CHARACTERS, MAX_ELEMENTS, MAX_COMPONENTS)
_BLANK: Final = re.compile(f"[{_BETWEEN}]*")


def _after_blank(text: str, position: int) -> int:
    """The position after line ends and spaces."""
    matched = _BLANK.match(text, position)
    return matched.end() if matched else position


# --- segments into messages ------------------------------------------------------------------------------------


class _Interchange:
    """Follows the service segments of a file: UNB (UNG (UNH … UNT)* UNE)* UNZ, and again.

    loose: findings before any message.
    """

    def __init__(self, marks: Marks, level: str) -> None:
        self.marks = marks
        self.level = level
        self.messages: list[RawMessage] = []
        self.loose: list[Finding] = []
        self.open: RawMessage | None = None
        self.unb: Segment | None = None
        self.ung: Segment | None = None
        self.segments = 0
        self.first = 0
        self.first_of_group = 0
        self.groups = 0

    def take(self, segment: Segment) -> None:
        """Take the next segment."""
        self.segments += 1
        if self.segments > MAX_SEGMENTS:
            raise _Refused(Finding("EDIFACT_TOO_MANY_SEGMENTS", says={"limit": str(MAX_SEGMENTS)}))
        if self.open is not None and segment.tag not in ("UNH", "UNB", "UNZ", "UNG", "UNE"):
            self._inside(self.open, segment)
            return
        if self.open is not None:
            self._cut_short()
        if segment.tag == "UNH":
            self._unh(segment)
        elif segment.tag == "UNB":
            self._unb(segment)
        elif segment.tag == "UNZ":
            self._unz(segment)
        elif segment.tag == "UNG":
            self.ung, self.first_of_group = segment, len(self.messages)
            self.groups += 1
        elif segment.tag == "UNE" and self.ung is not None:
            count = len(self.messages) - self.first_of_group
            self._compare(segment, self.ung.get(5), count, self.first_of_group)
            self.ung = None
        else:
            self.fault(Finding("EDIFACT_SEGMENT_MISPLACED", segment.at(), segment.says()))
        if segment.tag != "UNH":
            self._characters(segment, self.messages[-1] if self.messages else None)

    def end(self) -> None:
        """The file ends."""
        if self.open is not None:
            self._cut_short()
        if self.unb is not None:
            at = "segment UNZ"
            self.fault(Finding("EDIFACT_UNZ_MISSING", at, severity=Severity.WARNING))

    def fault(self, finding: Finding) -> None:
        """A finding about the message that is read, else about the last one."""
        into = self.open or (self.messages[-1] if self.messages else None)
        self._of_all([into] if into else [], finding)

    def _unb(self, segment: Segment) -> None:
        if self.unb is not None:
            at = "segment UNZ"
            self.fault(Finding("EDIFACT_UNZ_MISSING", at, severity=Severity.WARNING))
        self.unb, self.ung, self.groups, self.first = segment, None, 0, len(self.messages)
        declared = segment.get(1)
        if declared != self.level:
            says = {"declared": shown(declared), "known": self.level}
            self.fault(Finding("EDIFACT_SYNTAX_UNKNOWN", segment.at(1, 1), says))

    def _unh(self, segment: Segment) -> None:
        if len(self.messages) == MAX_MESSAGES:
            raise _Refused(Finding("EDIFACT_TOO_MANY_MESSAGES", says={"limit": str(MAX_MESSAGES)}))
        self.open = RawMessage(len(self.messages) + 1, self.marks)
        self.messages.append(self.open)
        if self.unb is None:
            self.fault(Finding("EDIFACT_SEGMENT_MISPLACED", segment.at(), segment.says()))
        self._inside(self.open, segment)

    def _inside(self, message: RawMessage, segment: Segment) -> None:
        number = len(message.segments) + 1
        numbered = Segment(segment.tag, segment.elements, segment.raw, number, segment.repeats)
        message.segments.append(numbered)
        self._characters(numbered, message)
        if not _TAG.fullmatch(numbered.tag):
            message.add(Finding("EDIFACT_TAG", numbered.at(), numbered.says()))
        if numbered.tag != "UNT":
            return
        counted, declared = str(number), numbered.get(1)
        if not _same_count(declared, number):
            says = numbered.says(1, declared=shown(declared, _SHOWN), counted=counted)
            message.add(Finding("EDIFACT_COUNT_DIFFERS", numbered.at(1), says))
        self._reference(numbered, message.segments[0].get(1), [message])
        self.open = None

    def _cut_short(self) -> None:
        self.fault(Finding("EDIFACT_UNT_MISSING", "segment UNT"))
        self.open = None

    def _unz(self, segment: Segment) -> None:
        if self.unb is None:
            self.fault(Finding("EDIFACT_SEGMENT_MISPLACED", segment.at(), segment.says()))
            return
        # Where there are groups, they are what is counted.
        count = self.groups or len(self.messages) - self.first
        self._compare(segment, self.unb.get(5), count, self.first)
        self.unb = None

    def _compare(self, segment: Segment, reference: str, count: int, first: int) -> None:
        """Compare count and reference of a closing segment; what differs is told of every message before it."""
        messages = self.messages[first:]
        declared = segment.get(1)
        if not _same_count(declared, count):
            says = segment.says(1, declared=shown(declared, _SHOWN), counted=str(count))
            self._of_all(messages, Finding("EDIFACT_COUNT_DIFFERS", segment.at(1), says))
        self._reference(segment, reference, messages)

    def _reference(self, segment: Segment, opened: str, messages: list[RawMessage]) -> None:
        closed = segment.get(2)
        if closed != opened:
            says = segment.says(2, opened=shown(opened, _SHOWN), closed=shown(closed, _SHOWN))
            self._of_all(messages, Finding("EDIFACT_REFERENCE_DIFFERS", segment.at(2), says))

    def _of_all(self, messages: list[RawMessage], finding: Finding) -> None:
        if not messages and len(self.loose) < MAX_FINDINGS:
            self.loose.append(finding)
        for message in messages:
            message.add(finding)

    def _characters(self, segment: Segment, message: RawMessage | None) -> None:
        """Tell the first character that the syntax identifier does not have, and where it is."""
        outside = LEVELS[self.level].outside
        # Service characters may be any, also such that the level has not.
        if all(matched[0] in self.marks.used for matched in outside.finditer(segment.raw)):
            return
        places = [
            (segment.tag, 0, 0),
            *(
                (text, element, component)
                for element, components in enumerate(segment.elements, 1)
                for component, text in enumerate(components, 1)
            ),
        ]
        for text, element, component in places:
            if found := outside.search(text):
                character = f"U+{ord(found[0]):04X}"
                says = segment.says(element, component, character=character, level=self.level)
                self._of_all(
                    [message] if message else [],
                    Finding("EDIFACT_CHARACTER", segment.at(element, component), says),
                )
                return


_TAG: Final = re.compile("[A-Z][A-Z0-9]{2}")
_COUNT: Final = re.compile(r"\d{1,6}", re.ASCII)


def _same_count(declared: str, counted: int) -> bool:
    return bool(_COUNT.fullmatch(declared)) and int(declared) == counted
