"""The one door for XML, and the rules on text that all formats share.

`parse` takes untrusted bytes and gives a light tree or one finding, in bounded time and memory, whatever the
bytes are: expat without DOCTYPE, entities or instructions, limits on bytes, depth, elements, attributes and
lengths. Nothing is repaired: what was signed must be what is read, so text outside Unicode form NFC, invisible
characters and letters of two scripts in one identifier are findings, never silently changed.

Only the white space around a value (space, tab, line end: XML's own) is not part of it.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final, Protocol
from xml.parsers import expat

from ..findings import Finding, Severity

MAX_BYTES: Final = 20_000_000
"""Bytes of one message."""
MAX_DOCUMENTS: Final = 10_000
"""Documents of one file."""
MAX_DEPTH: Final = 32
"""Elements inside each other."""
MAX_ELEMENTS: Final = 600_000
MAX_ATTRIBUTES: Final = 64
"""Attributes of one element."""
MAX_ATTRIBUTE_CHARACTERS: Final = 4_096
MAX_NAME_CHARACTERS: Final = 256
"""Characters in the name of an element or attribute, its namespace included."""
MAX_TEXT_CHARACTERS: Final = 65_536
"""Characters in one element, not counting the elements in it."""
MAX_MARKUP_BYTES: Final = 262_144
"""Bytes between two '<': one tag, one comment or one stretch of text. Keeps a tag of a million attributes away."""

XML_SPACE: Final = " \t\r\n"
"""White space as XML knows it. `str.strip()` alone would take no-break spaces too."""

_SHOWN: Final = 40
_MAX_NAMES_KEPT: Final = 4_096


class Stream(Protocol):
    """Anything that gives bytes when asked for some."""

    def read(self, size: int, /) -> bytes: ...


class Element:
    """One element. name: without namespace. text: its own characters, white space around them removed.

    There may be hundreds of thousands of them, so they are kept small: `pairs` holds names and values of the
    attributes in turn, `place` line and column in one number.
    """

    __slots__ = ("children", "name", "namespace", "pairs", "place", "text")

    def __init__(self, name: str, namespace: str, line: int, column: int) -> None:
        self.name = name
        self.namespace = namespace
        self.place = line << 32 | column
        self.text = ""
        self.pairs: tuple[str, ...] = ()
        self.children: list[Element] | tuple[()] = ()

    @property
    def line(self) -> int:
        """The line where it starts, from 1."""
        return self.place >> 32

    @property
    def column(self) -> int:
        """The column where it starts, from 1."""
        return self.place & 0xFFFF_FFFF

    @property
    def attributes(self) -> Mapping[str, str]:
        """Name → value in the message's order; names in another namespace as "{namespace}name"."""
        return dict(zip(self.pairs[::2], self.pairs[1::2], strict=True))

    def __iter__(self) -> Iterator[Element]:
        return iter(self.children)

    def __repr__(self) -> str:
        return f"<{self.name} line {self.line}: {len(self.children)} children, {self.text[:_SHOWN]!r}>"


class _Refused(Exception):
    """The document must not be read further; carries the finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


def read_limited(stream: Stream, limit: int = MAX_BYTES) -> bytes:
    """At most `limit` + 1 bytes of a stream: one byte too many is enough for `parse` to refuse it."""
    parts: list[bytes] = []
    left = limit + 1
    while left > 0:
        part = stream.read(min(left, 1 << 16))
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def parse(data: bytes) -> Element | Finding:
    """The root element of an XML document, or the one finding for which it is refused.

    Comments are skipped, CDATA is text. Codes: XML_TOO_LARGE, XML_EMPTY, XML_ENCODING, XML_VERSION, XML_DOCTYPE,
    XML_ENTITY, XML_INSTRUCTION, XML_TOO_DEEP, XML_TOO_MANY_ELEMENTS, XML_TOO_MANY_ATTRIBUTES, XML_NAME_TOO_LONG,
    XML_TEXT_TOO_LONG, XML_NOT_WELL_FORMED. `at` is "line 52, column 7".
    """
    try:
        return _parse(_as_utf8(data))
    except _Refused as refused:
        return refused.finding


def parse_several(data: bytes, charsets: Mapping[str, str] | None = None) -> Iterator[Element | Finding]:
    """The root elements of a file in which documents of one kind follow one another, or are one only; after a finding
    there is nothing more. One tree at a time; white space before a document is passed over.

    charsets: further encodings that a document may declare, in lower case → what Python calls it. They are read into
    form NFC, because single-byte encodings write the marks of Vietnamese behind their letters. Codes: as `parse`,
    XML_TOO_MANY_DOCUMENTS.
    """
    try:
        data = _as_utf8(data, charsets or {})
    except _Refused as refused:
        yield refused.finding
        return
    whole = memoryview(data)
    start, line, name = 0, 1, ""
    for _ in range(MAX_DOCUMENTS):
        space = _SPACE.match(data, start)
        if space is not None:
            line += data.count(b"\n", start, space.end())
            start = space.end()
        builder = _Builder(line)
        end = 0
        try:
            builder.parser.Parse(whole[start:], True)
        except expat.ExpatError as error:
            root = builder.root
            following = _DOCUMENT.match(data, start + builder.parser.ErrorByteIndex)
            local = following[1].decode("utf-8", "replace").casefold() if following else ""
            if error.code not in _BEHIND_ROOT or root is None or local != root.name.casefold():
                yield _not_well_formed(error, line)
                return
            end = builder.parser.ErrorByteIndex
            line += builder.parser.ErrorLineNumber - 1
            name = root.name
        except _Refused as refused:
            yield refused.finding
            return
        finally:
            builder.let_go()
        yield next(iter(builder.document))
        if not end:
            return
        start += end
    yield Finding(
        "XML_TOO_MANY_DOCUMENTS", f"line {line}", {"root": shown(name), "limit": str(MAX_DOCUMENTS)}
    )


def _as_utf8(data: bytes, charsets: Mapping[str, str] | None = None) -> bytes:
    """The document in UTF-8 without byte-order mark, its own declaration checked against what it is."""
    if len(data) > MAX_BYTES:
        raise _Refused(Finding("XML_TOO_LARGE", says={"limit": str(MAX_BYTES)}))
    data, declared_as = _declared(data, charsets) if charsets else _transcoded(data)
    if matched := _DECLARATION.match(data):
        if matched[1] != b"1.0":
            raise _Refused(
                Finding("XML_VERSION", "line 1", {"version": matched[1].decode("ascii", "replace")})
            )
        declared = (matched[2] or b"").decode("ascii", "replace")
        if declared and declared.lower() not in declared_as:
            raise _encoding(declared)
    if not data.strip(XML_SPACE.encode()):
        raise _Refused(Finding("XML_EMPTY"))
    long = _LONG_MARKUP.search(data)
    if long or (b"<" not in data[:MAX_MARKUP_BYTES] and len(data) > MAX_MARKUP_BYTES):
        line = data.count(b"\n", 0, long.start() if long else 0) + 1
        says = {"limit": str(MAX_MARKUP_BYTES), "line": str(line), "column": "1"}
        raise _Refused(Finding("XML_TEXT_TOO_LONG", f"line {line}", says))
    return data


def _declared(data: bytes, charsets: Mapping[str, str]) -> tuple[bytes, tuple[str, ...]]:
    """As `_transcoded`, also from an encoding that the document declares and `charsets` has."""
    matched = _DECLARATION.match(data.lstrip(XML_SPACE.encode()))
    declared = (matched[2] or b"").decode("ascii", "replace").lower() if matched else ""
    if declared not in charsets:
        return _transcoded(data)
    try:
        text = data.decode(charsets[declared])
    except UnicodeDecodeError as error:
        raise _encoding(declared, error.start) from None
    return unicodedata.normalize("NFC", text).encode(), (declared,)


def _transcoded(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The bytes in UTF-8, and the names under which their encoding may be declared.

    UTF-16 needs its byte-order mark; UTF-8 may have one. Nothing else is read, so nothing is guessed.
    """
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise _encoding("UTF-32")
    for mark, encoding in _UTF16:
        if data.startswith(mark):
            try:
                return data[2:].decode(encoding).encode("utf-8"), ("utf-16", encoding)
            except UnicodeDecodeError as error:
                raise _encoding("UTF-16", error.start + 2) from None
    if b"\0" in data[:4]:
        raise _encoding("UTF-16")
    data = data.removeprefix(codecs.BOM_UTF8)
    if not data.isascii():
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _encoding("UTF-8", error.start) from None
    return data, ("utf-8",)


_SPACE: Final = re.compile(rb"[ \t\r\n]+")
_DOCUMENT: Final = re.compile(
    rb"(?:<\?xml\s[^<>?]{0,200}+\?>|\s++|<!--(?:[^-]|-[^-]){0,4000}+-->){0,20}+<(?:[\w.-]{1,99}:)?([\w.-]{1,99})[\s/>]"
)
_BEHIND_ROOT: Final = frozenset(
    expat.errors.codes[message]
    for message in (expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT, expat.errors.XML_ERROR_MISPLACED_XML_PI)
)
"""What expat finds where a second document begins behind the first."""
_UTF16: Final = ((codecs.BOM_UTF16_LE, "utf-16le"), (codecs.BOM_UTF16_BE, "utf-16be"))
_DECLARATION: Final = re.compile(
    rb"""<\?xml\s+version\s*=\s*["']([^"'<>]{0,40})["'](?:\s+encoding\s*=\s*["']([^"'<>]{0,40})["'])?"""
)
# Starts at a '<' only, so that each byte is looked at once.
_LONG_MARKUP: Final = re.compile(rb"<[^<]{%d}" % MAX_MARKUP_BYTES)


def _encoding(encoding: str, offset: int = 0) -> _Refused:
    return _Refused(Finding("XML_ENCODING", "line 1", {"encoding": encoding, "offset": str(offset)}))


def _parse(data: bytes) -> Element:
    """Build the tree; every refusal leaves through _Refused, at once and whole."""
    builder = _Builder()
    try:
        builder.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise _Refused(_not_well_formed(error)) from None
    finally:
        builder.let_go()
    return next(iter(builder.document))


def _not_well_formed(error: expat.ExpatError, first_line: int = 1) -> Finding:
    code = "XML_ENTITY" if error.code in _ENTITY_ERRORS else "XML_NOT_WELL_FORMED"
    reason = expat.errors.messages.get(error.code, str(error.code))
    return _placed(code, error.lineno + first_line - 1, error.offset + 1, reason=reason)


class _Builder:
    """What expat calls: three calls for each element, so each does little.

    names: expat's "namespace local" → (local, namespace), split once for each of the names of a message.
    pending: text since the last tag. before: lines of the file above the document.
    """

    def __init__(self, first_line: int = 1) -> None:
        self.before = first_line - 1
        # The encoding is given, so expat does not look at the declaration again.
        self.parser = parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        parser.buffer_text = True
        parser.ordered_attributes = True
        self.document = Element("", "", 1, 1)
        self.open = [self.document]
        self.names: dict[str, tuple[str, str]] = {}
        self.pending: list[str] = []
        self.elements = 0
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.pending.append
        parser.StartDoctypeDeclHandler = lambda *_: self.never("XML_DOCTYPE")
        parser.EntityDeclHandler = lambda *_: self.never("XML_ENTITY")
        parser.SkippedEntityHandler = lambda *_: self.never("XML_ENTITY")
        parser.ProcessingInstructionHandler = lambda *_: self.never("XML_INSTRUCTION")

    @property
    def root(self) -> Element | None:
        """The root element once it has ended."""
        return next(iter(self.document), None) if len(self.open) == 1 else None

    def let_go(self) -> None:
        """Cut the cycle of parser and handlers, which would keep the tree alive until the next collection."""
        del self.parser

    def refuse(self, code: str, limit: int | None = None) -> _Refused:
        says = {} if limit is None else {"limit": str(limit)}
        return _Refused(
            _placed(
                code,
                self.before + self.parser.CurrentLineNumber,
                self.parser.CurrentColumnNumber + 1,
                **says,
            )
        )

    def never(self, code: str) -> None:
        raise self.refuse(code)

    def start(self, name: str, attributes: list[str]) -> None:
        self.elements += 1
        opened = self.open
        if self.elements > MAX_ELEMENTS:
            raise self.refuse("XML_TOO_MANY_ELEMENTS", MAX_ELEMENTS)
        if len(opened) > MAX_DEPTH:
            raise self.refuse("XML_TOO_DEEP", MAX_DEPTH)
        parent = opened[-1]
        if self.pending:
            self.flush(parent)
        parser = self.parser
        local, namespace = self.names.get(name) or self.split(name)
        line = self.before + parser.CurrentLineNumber
        element = Element(local, namespace, line, parser.CurrentColumnNumber + 1)
        if attributes:
            element.pairs = self.pairs(attributes)
        if parent.children:
            parent.children.append(element)
        else:
            parent.children = [element]
        opened.append(element)

    def end(self, _: str) -> None:
        element = self.open.pop()
        if self.pending:
            self.flush(element)
        if element.text:
            element.text = element.text.strip(XML_SPACE)

    def flush(self, element: Element) -> None:
        """Give the text since the last tag to the element that it stands in; indents between elements to none."""
        pending = self.pending
        text = pending[0] if len(pending) == 1 else "".join(pending)
        pending.clear()
        if element.text or text.strip(XML_SPACE):
            if len(element.text) + len(text) > MAX_TEXT_CHARACTERS:
                raise self.refuse("XML_TEXT_TOO_LONG", MAX_TEXT_CHARACTERS)
            element.text += text

    def pairs(self, pairs: list[str]) -> tuple[str, ...]:
        if len(pairs) > 2 * MAX_ATTRIBUTES:
            raise self.refuse("XML_TOO_MANY_ATTRIBUTES", MAX_ATTRIBUTES)
        for index, name in enumerate(pairs[::2]):
            if len(pairs[2 * index + 1]) > MAX_ATTRIBUTE_CHARACTERS:
                raise self.refuse("XML_TEXT_TOO_LONG", MAX_ATTRIBUTE_CHARACTERS)
            local, namespace = self.names.get(name) or self.split(name)
            pairs[2 * index] = f"{{{namespace}}}{local}" if namespace else local
        return tuple(pairs)

    def split(self, name: str) -> tuple[str, str]:
        if len(name) > MAX_NAME_CHARACTERS:
            raise self.refuse("XML_NAME_TOO_LONG", MAX_NAME_CHARACTERS)
        namespace, _, local = name.rpartition(" ")
        if len(self.names) < _MAX_NAMES_KEPT:
            self.names[name] = (local, namespace)
        return local, namespace


_ENTITY_ERRORS: Final = frozenset(
    expat.errors.codes[message]
    for message in (expat.errors.XML_ERROR_UNDEFINED_ENTITY, expat.errors.XML_ERROR_RECURSIVE_ENTITY_REF)
)


def _placed(code: str, line: int, column: int, **says: str) -> Finding:
    return Finding(code, f"line {line}, column {column}", {**says, "line": str(line), "column": str(column)})


def plain(text: str) -> bool:
    """Whether a text is printable ASCII, so that `text_findings` has nothing to say: a quick test for long files."""
    return text.isascii() and text.isprintable()


def shown(text: str, longest: int = _SHOWN) -> str:
    """A text from outside made fit to be quoted in an answer: NFC, "?" for what is unusable or invisible, cut."""
    text = unicodedata.normalize("NFC", text)
    return _INVISIBLE.sub("?", _CONTROL_BUT_LINES.sub("?", text))[:longest]


def text_findings(
    text: str, at: str, *, identifier: bool = False, longest: int | None = None, pointer: str = ""
) -> tuple[Finding, ...]:
    """What is wrong with a text from outside, whatever the format; nothing for an honest one.

    identifier: the text is a code, number or reference, where a look-alike deceives: line breaks, letters of two
    scripts (Latin and Cyrillic "ABC") and compatibility forms ("１２") are errors there. In running text line breaks
    are allowed, and a word of two scripts is a warning. longest: characters allowed.
    Codes: TEXT_TOO_LONG, TEXT_CONTROL_CHARACTER, TEXT_INVISIBLE_CHARACTER, TEXT_NOT_NFC, TEXT_MIXED_SCRIPTS,
    TEXT_LOOK_ALIKE. `says` names the character ("U+200B") and its position from 1.
    """
    found: list[Finding] = []

    def add(code: str, says: dict[str, str], severity: Severity = Severity.ERROR) -> None:
        found.append(Finding(code, at, says, severity=severity, pointer=pointer))

    if longest is not None and len(text) > longest:
        add("TEXT_TOO_LONG", {"longest": str(longest), "length": str(len(text))})
    if plain(text):
        return tuple(found)
    if matched := (_CONTROL if identifier else _CONTROL_BUT_LINES).search(text):
        add("TEXT_CONTROL_CHARACTER", _character(text, matched.start()))
    if matched := _INVISIBLE.search(text):
        add("TEXT_INVISIBLE_CHARACTER", _character(text, matched.start()))
    if not unicodedata.is_normalized("NFC", text):
        add("TEXT_NOT_NFC", _character(text, _first_changed(text)))
    word = text if identifier else next(filter(_mixed, _WORD.findall(text)), "")
    if _mixed(word):
        severity = Severity.ERROR if identifier else Severity.WARNING
        add("TEXT_MIXED_SCRIPTS", {"text": word[:_SHOWN]}, severity)
    elif identifier and unicodedata.normalize("NFKC", text) != unicodedata.normalize("NFC", text):
        add("TEXT_LOOK_ALIKE", {"text": text[:_SHOWN]})
    return tuple(found)


def _first_changed(text: str) -> int:
    """The first place at which form NFC differs."""
    normal = unicodedata.normalize("NFC", text)
    pairs = enumerate(zip(text, normal, strict=False))
    return next((index for index, (old, new) in pairs if old != new), min(len(text), len(normal)) - 1)


def _character(text: str, index: int) -> dict[str, str]:
    character = text[index]
    name = unicodedata.name(character, "")
    return {"character": f"U+{ord(character):04X}", "name": name, "position": str(index + 1)}


# Control characters, private use, non-characters and the mark of a broken decoding. Line ends and tabs apart.
_UNUSABLE: Final = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\uf8ff\ufdd0-\ufdef\ufffd-\uffff" + "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0xF0000, 0x10000)
)
_CONTROL_BUT_LINES: Final = re.compile(f"[{_UNUSABLE}\U000f0000-\U0010ffff]")
_CONTROL: Final = re.compile(f"[{_UNUSABLE}\t\n\r\U000f0000-\U0010ffff]")

# What takes no room or turns the reading direction: soft hyphen, joiners, fillers, zero-width spaces, bidirectional
# marks, line and paragraph separators, variation selectors, byte-order mark, tags.
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

_WORD: Final = re.compile(r"[^\W\d_]{2,}")

# Letters that print like Latin ones. Others of these scripts (Ω in "kΩ", α in "TNFα") deceive nobody.
_LATIN_LOOK_ALIKES: Final = re.compile(
    "[ΑΒΕΖΗΙΚΜΝΟΡΤΥΧικνορυϲϳ"  # Greek
    "АВЕЅІЈКМНОРСТУХЬЁЇаеорсухіјѕёїԀԁԚԛԜԝҮүҺһӀӏ"  # Cyrillic
    "ԱՍՏՕօհոռսցզ"  # Armenian
    "Ꭰ-Ᏼ"  # Cherokee
    "Ⲁ-ⲱ"  # Coptic
    "ꓐ-ꓽ]"  # Lisu
)
_LATIN: Final = re.compile("[A-Za-zªºÀ-ÖØ-öø-ʯᴀ-ᴥᴬ-ᶿḀ-ỿⱠ-Ɀ]")


def _mixed(word: str) -> bool:
    """Whether Latin letters stand beside letters of another script that print like Latin ones."""
    return bool(_LATIN_LOOK_ALIKES.search(word) and _LATIN.search(word))
