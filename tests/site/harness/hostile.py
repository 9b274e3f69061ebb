"""Files and texts that are meant to break a site, for T13. The XML among them is the corpus of the XML door itself."""

from __future__ import annotations

import importlib.util
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from thongquan.engine.formats import json_lines, tables
from thongquan.engine.formats.table_rows import MAX_COLUMNS

from ..pages.conftest import HEAD, sheet

JSON, XML, CSV = "application/json", "application/xml", "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NDJSON = "application/x-ndjson"


def _of_the_xml_door() -> dict[str, tuple[bytes, str]]:
    """What the tests of the door itself throw at it. They are no package that this one could import from."""
    file = Path(__file__).parents[2] / "engine/formats/test_guard.py"
    spec = importlib.util.spec_from_file_location("hostile_xml", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(module.HOSTILE)


def good(reference: str, description: str = "Hàng mẫu") -> bytes:
    """A declaration that the sample country takes."""
    rows = f"{HEAD}\n{sheet(reference, ('61091000', '90', '1000'), description=description)}\n"
    ((_, declaration),) = tables.read_csv(io.BytesIO(rows.encode()))
    return json_lines.write_json(declaration)  # type: ignore[arg-type]


def files() -> Iterator[tuple[str, str, bytes]]:
    """Name, media type and content of each; none of them is a declaration."""
    yield from ((f"XML: {name}", XML, data) for name, (data, _) in _of_the_xml_door().items())
    yield from ((f"JSON: {name}", JSON, data) for name, data in _json())
    yield from ((f"table: {name}", CSV, data) for name, data in _tables())
    yield from ((f"workbook: {name}", XLSX, data) for name, data in _workbooks())
    yield from ((f"other: {name}", "application/octet-stream", data) for name, data in _others())


def changed(**fields: object) -> bytes:
    return json.dumps({**json.loads(good("HOSTILE")), **fields}, ensure_ascii=False).encode()


def amount(text: str) -> bytes:
    """The declaration with a figure that is written so."""
    return good("HOSTILE").replace(b'"millionths":1000000000', b'"millionths":' + text.encode(), 1)


def _json() -> Iterator[tuple[str, bytes]]:
    yield "empty", b""
    yield "200,000 lists deep", b"[" * 200_000
    yield "200,000 objects deep", b'{"a":' * 200_000
    yield "deep in a field", changed(goods_items=[]).replace(b"[]", b"[" * 100_000 + b"]" * 100_000)
    for text in ("NaN", "Infinity", "-Infinity", "-0", "-1", "1.5", "1E+5000000", "1e400", "0x10", "1_000", "01",
                 "null", "true", '"1"', str(2**63), str(2**64), str(-(2**63) - 1), "9" * 31,
                 "9" * 1_000_000):  # fmt: skip
        yield f"amount {text[:40]}", amount(text)
    yield "a count that is no number", changed(goods_item_quantity=float("1e300"))
    yield "10,001 goods", changed(goods_items=[json.loads(good("X"))["goods_items"][0]] * 10_001)
    yield "a million empty goods", changed(goods_items=[]).replace(b"[]", b"[" + b"{}," * 1_000_000 + b"{}]")
    yield (
        "a field twice",
        good("HOSTILE").replace(b'{"function_code"', b'{"type_code":"IMA","function_code"', 1),
    )
    yield "a field unknown", changed(__proto__={"admin": True})
    yield "state in the declaration", changed(state="CLEARED", assessed_minor=0)
    yield "two declarations", good("A") + good("B")
    yield "a list", b"[" + good("A") + b"]"
    yield "rubble behind", good("A") + b"\0"
    yield "UTF-16", good("A").decode().encode("utf-16")
    yield "Latin-1", b'{"functional_reference_id":"\xe9"}'
    yield "half a surrogate pair", changed().replace(b"HOSTILE", b"\\ud800")
    yield "NUL", changed(functional_reference_id="A\0B")
    yield "a line break in an identifier", changed(functional_reference_id="A\r\nX-Injected: 1")
    yield "letters that only look Latin", changed(functional_reference_id="АВС-1")
    yield "text that turns around", changed(declaration_office_id="ZZ\u202e0001")
    yield "not composed", changed(functional_reference_id="Ho\u0300a")
    yield "a very long text", changed(functional_reference_id="x" * 5_000_000)
    yield "a path for an office", changed(declaration_office_id="../../etc/passwd")
    yield "a question of SQL for an office", changed(declaration_office_id="ZZ0001' OR '1'='1")


def _tables() -> Iterator[tuple[str, bytes]]:
    head = HEAD.encode() + b"\n"
    row = sheet("A-1", ("61091000", "90", "1000")).encode()
    yield "headings unknown", b"=cmd|' /C calc'!A0,@x\n1,2\n"
    yield "no rows", head
    yield "a quote that never closes", head + b'"' + b"a,\n" * 500_000
    yield "a row that never ends", head + b"," * 3_000_000
    yield "too many columns", b"functional_reference_id" + b",#" * (MAX_COLUMNS + 1) + b"\n" + row
    yield "one wide row and many short ones", head + b"a" + b"," * 100_000 + b"\n" + b"a\n" * 20_000
    yield "nothing but lines", head + b"\n" * 9_000_000
    yield "nothing but commas and lines", head + b",,\n" * 3_000_000
    yield "nothing but short rows", head + b"a\n" * 200_000
    yield "nothing but references", head + b"".join(b"r%d\n" % n for n in range(300))
    yield "NUL", head + row.replace(b"A-1", b"A\0001")
    yield "not UTF-8", head + row + b"\xff\xfe"
    yield "UTF-32", "a,b\n".encode("utf-32")
    yield "a formula for a reference", head + row.replace(b"A-1", b"=1+1")
    yield "a figure without end", head + row.replace(b"1000,USD", b"9" * 100_000 + b",USD")
    yield "a figure with an exponent", head + row.replace(b",90,", b",1E+5000000,")


SHEET: Final = (
    '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    "{rows}</sheetData></worksheet>"
)
_PARTS: Final = {
    "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/'
    'content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
    "xl/workbook.xml": '<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="a" sheetId="1"'
    ' r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/'
    '2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


def workbook(rows: str = "", **parts: bytes | str) -> bytes:
    """A workbook of one sheet. parts: further ones, or others in place of those; "__" stands for a slash."""
    out = io.BytesIO()
    named = {name.replace("__", "/"): content for name, content in parts.items()}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in {**_PARTS, "xl/worksheets/sheet1.xml": SHEET.format(rows=rows), **named}.items():
            packed.writestr(name, content)
    return out.getvalue()


def _text(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def _workbooks() -> Iterator[tuple[str, bytes]]:
    heading = f"<row r='1'>{_text('A1', 'functional_reference_id')}</row>"
    yield "one cell at the far end", workbook(f"{heading}<row r='1048576'>{_text('XFD1048576', 'x')}</row>")
    yield "a quarter of a gigabyte of zeros", workbook(heading, xl__media__z=bytes(1 << 28))
    yield "a sheet of 200 megabytes", workbook(heading + "<row/>" * 33_000_000)
    yield "10,000 entries", workbook(heading, **{f"xl__m{n}": b"" for n in range(10_000)})
    yield (
        "a document type",
        workbook(
            heading,
            xl__sharedStrings_xml=b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><sst>&x;</sst>',
        ).replace(b"sharedStrings_xml", b"sharedStrings.xml"),
    )
    yield "a way out", workbook(heading, **{"..__..__..__etc__passwd": b"x"})
    yield "a size that lies", _lying(workbook(heading, xl__media__z=bytes(1 << 20)))
    yield "an archive in an archive", workbook(heading, xl__media__a=workbook(xl__media__z=bytes(1 << 26)))
    yield "under a password", _flagged(workbook(heading))
    yield "twice the same entry", _twice()
    yield "entries on top of each other", _overlapping()
    yield "a long text everywhere", _shared()
    yield "cut short", workbook(heading)[:-30]
    yield "rubble", b"PK\x03\x04" + b"\xff" * 100_000
    yield "a formula without a value", workbook(f"{heading}<row r='2'><c r='A2'><f>1+1</f></c></row>")


def _lying(data: bytes) -> bytes:
    """The directory says that a megabyte of zeros is ten bytes."""
    at = data.rfind(b"PK\x01\x02", 0, data.rfind(b"xl/media/z"))
    return data[: at + 24] + struct.pack("<I", 10) + data[at + 28 :]


def _flagged(data: bytes) -> bytes:
    """Each entry says that it is encrypted."""
    changed = bytearray(data)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            changed[at + offset] |= 1
            at = data.find(mark, at + 4)
    return bytes(changed)


def _twice() -> bytes:
    out = io.BytesIO(workbook())
    with zipfile.ZipFile(out, "a") as packed:
        packed.filelist.append(packed.filelist[-1])
        packed._didModify = True
    return out.getvalue()


def _overlapping() -> bytes:
    """Fifield's bomb: many entries of the directory, all of the same packed bytes."""
    data = workbook(xl__media__z=bytes(900_000))
    start, end = data.find(b"PK\x01\x02"), data.find(b"PK\x05\x06")
    directory, last = data[start:end], data.rfind(b"PK\x01\x02", 0, end)
    entry, name = data[last:end], b"xl/media/z"
    copies = b"".join(entry.replace(name, b"xl/media/%c" % (97 + n)) for n in range(24))
    whole = directory + copies
    count = 5 + 24 - 1
    closing = b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, count, count, len(whole), start, 0)
    return data[:start] + whole + closing


def _shared() -> bytes:
    """One text of a megabyte, and 100,000 cells that all show it."""
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 100_001))
    content = (
        b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>' + b"x" * 900_000
    )
    return workbook(rows, xl__sharedStrings_xml=content + b"</t></si></sst>").replace(
        b"sharedStrings_xml", b"sharedStrings.xml"
    )


def _others() -> Iterator[tuple[str, bytes]]:
    yield "nothing", b""
    yield "a program", b"\x7fELF" + bytes(4_096)
    yield "a page", b"<!doctype html><script>alert(1)</script>"
    yield "old Excel", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100_000)
    yield "PDF", b"%PDF-1.7\n" + b"0" * 100_000
    yield "gzip", zlib.compress(bytes(1 << 24), 9, 31)
    yield (
        "EDIFACT without an end",
        b"UNB+UNOA:1+A+B+260302:1200+1'UNH+1+CUSDEC:D:96B:UN'" + b"RFF+ABE:1'" * 60_000,
    )
    yield (
        "one segment of EDIFACT",
        b"UNB+UNOA:1+A+B+260302:1200+1'UNH+1+CUSDEC:D:96B:UN'FTX+" + b"+:?" * 2_000_000,
    )


SQL: Final = (
    "' OR '1'='1", "'; DROP TABLE record_event; --", '" OR 1=1 --', "1) UNION SELECT password FROM accounts_user --",
    "%' ESCAPE '", "\\", "x' || pg_sleep(20) || '", "1;SELECT pg_sleep(20)", "$$", "%", "_",
)  # fmt: skip
PATHS: Final = (
    "../../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "..%5c..%5cetc", "%00",
    "a%00b", "....//....//etc/passwd", "%c0%ae%c0%ae/etc/passwd", "%252e%252e%252fetc", "file:%2f%2f%2fetc%2fpasswd",
    "con", "~", "%0d%0aX-Injected:%201", "%E5%98%8A%E5%98%8DX-Injected:%201", "%ff%fe", "{{7*7}}",
    "%7B%7B7*7%7D%7D", "$(id)",
    "%u002e", "a" * 4_000,
)  # fmt: skip
ELSEWHERE: Final = (
    "https://evil.test/", "//evil.test/", "///evil.test", "/\\evil.test", "\\\\evil.test", "/%09/evil.test",
    "https:evil", "javascript:alert(1)", "data:text/html,x", "http://127.0.0.1@evil.test/", "https://evil.test\\@127.0.0.1/",
    "/\t/evil.test", "\t//evil.test", "//evil.test%2f..", "http:///evil.test", "/x\r\nX-Injected: 1", "evil.test",
)  # fmt: skip


# texts with a hook


def hooked(declared: dict, hook: str) -> list[tuple[tuple[str | int, ...], dict]]:
    """One declaration for each text that it has or could have, with a hook there: the place and the declaration."""
    found = []
    for number, place in enumerate(_texts()):
        made = json.loads(json.dumps(declared))
        made["functional_reference_id"] = f"HOOK-{number}"
        _set(made, place, hook)
        found.append((place, made))
    return found


def with_hooks(declared: dict, places: list[tuple[str | int, ...]], hook: str) -> dict:
    made = json.loads(json.dumps(declared))
    for place in places:
        _set(made, place, hook)
    return made


def lines(fields: list[tuple[tuple[str | int, ...], dict]]) -> bytes:
    return b"\n".join(json.dumps(made).encode() for _, made in fields)


def _texts() -> Iterator[tuple[str | int, ...]]:
    """The places of all texts of a declaration, the first of each list."""
    schema = json_lines.schema()
    definitions = schema["$defs"]

    def walk(of: dict, at: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
        for one in of.get("anyOf", [of]):
            if "$ref" in one:
                yield from walk(definitions[one["$ref"].rpartition("/")[2]], at)
            elif one.get("type") == "object":
                for name, inner in one.get("properties", {}).items():
                    yield from walk(inner, (*at, name))
            elif one.get("type") == "array" and isinstance(one.get("items"), dict):
                yield from walk(one["items"], (*at, 0))
            elif one.get("type") == "string" and "format" not in one:
                yield at

    for place in walk(schema, ()):
        name = str(next(part for part in reversed(place) if isinstance(part, str)))
        # Codes are looked up and take no hook; the reference is what tells these declarations apart.
        if len(place) <= 5 and not name.endswith("_code") and name != "functional_reference_id":
            yield place


def _set(made: dict, place: tuple[str | int, ...], text: str) -> None:
    here: Any = made
    for name, following in zip(place, (*place[1:], None), strict=True):
        if following is None and isinstance(name, int):
            here.append(text)
        elif following is None:
            here[name] = text
        elif isinstance(name, int):
            if len(here) <= name:
                here.append({})
            here = here[name]
        else:
            here = here.setdefault(name, [] if isinstance(following, int) else {})
