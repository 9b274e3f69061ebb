"""Any file of declarations, known by its content."""

import io
import time
from collections import Counter
from pathlib import Path

import pytest

from thongquan import words
from thongquan.engine.declaration import Declaration, GoodsItem
from thongquan.engine.findings import Severity, errors
from thongquan.engine.formats.json_lines import write_json
from thongquan.engine.formats.reading import FileKind, Reading, kind_of, read_file
from thongquan.engine.formats.tables import write_csv, write_xlsx

ONE = Declaration(
    functional_reference_id="TQ-1", type_code="IMA", goods_items=(GoodsItem(sequence_numeric=1),)
)
TWO = Declaration(
    functional_reference_id="TQ-2", type_code="EXA", goods_items=(GoodsItem(sequence_numeric=1),)
)
XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<Declaration xmlns="urn:wco:datamodel:WCO:DEC-DMS:2"><FunctionCode>9</FunctionCode>
<FunctionalReferenceID>TQ-1</FunctionalReferenceID><TypeCode>IMA</TypeCode></Declaration>"""


def csv_of(*declarations: Declaration) -> bytes:
    out = io.BytesIO()
    write_csv(declarations, out)
    return out.getvalue()


def xlsx_of(*declarations: Declaration) -> bytes:
    out = io.BytesIO()
    write_xlsx(declarations, out)
    return out.getvalue()


def read(data: bytes, name: str = "tờ khai") -> list[Reading]:
    readings = list(read_file(name, data))
    for reading in readings:
        for finding in reading.findings:
            for language in words.LANGUAGES:
                assert words.sentence(finding.code, finding.says, language)
                assert words.remedy(finding.code, finding.says, language)
    return readings


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (XML, FileKind.XML),
        (b"\xef\xbb\xbf\r\n" + XML, FileKind.XML),
        (XML.decode().encode("utf-16"), FileKind.XML),
        (b"  <a", FileKind.XML),
        (b'{"type_code":"IM"}', FileKind.JSON),
        (b'\xef\xbb\xbf{\n  "type_code": "IM"\n}\n', FileKind.JSON),
        (b"[1]", FileKind.JSON),
        (b'{"a":{}\n,"b":1}', FileKind.JSON),
        (b'{"type_code":"IM"}\n{"type_code":"EX"}\n', FileKind.NDJSON),
        (b'{"type_code":"IM"}\r\n\r\n{', FileKind.NDJSON),
        (csv_of(ONE), FileKind.CSV),
        ("mã;số\n".encode("utf-16"), FileKind.CSV),
        ("mâ;sô\n".encode("cp1258"), FileKind.CSV),
        (xlsx_of(ONE), FileKind.XLSX),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileKind.OLD_EXCEL),
        (b"", FileKind.EMPTY),
        (b" \r\n" * 10_000, FileKind.EMPTY),
        (b"\xef\xbb\xbf", FileKind.EMPTY),
        ("%PDF-1.7\n%âãÏÓ\n".encode("latin-1"), FileKind.UNKNOWN),
        (b"\x89PNG\r\n\x1a\n", FileKind.UNKNOWN),
        (b"\xff\xfe\x00\x00a\x00\x00\x00", FileKind.UNKNOWN),
    ],
)
def test_a_file_is_known_by_its_first_bytes(data: bytes, kind: FileKind):
    assert kind_of(data) is kind


def test_every_kind_gives_the_same_declarations():
    lines = write_json(ONE) + b"\n" + write_json(TWO) + b"\n"
    places = {
        lines: ["line 1", "line 2"],
        csv_of(ONE, TWO): ["row 2", "row 3"],
        xlsx_of(ONE, TWO): ["sheet declarations!row 2", "sheet declarations!row 3"],
    }
    for data, expected in places.items():
        readings = read(data)
        assert [reading.declaration for reading in readings] == [ONE, TWO]
        assert [reading.place for reading in readings] == expected
        assert all(reading.findings == () for reading in readings)
    assert read(write_json(ONE)) == [Reading("", ONE, ())]


def test_an_xml_message_comes_whole():
    (reading,) = read(XML)
    assert reading.message is not None
    assert reading.declaration == reading.message.declaration
    assert reading.declaration is not None
    assert reading.declaration.functional_reference_id == "TQ-1"


def test_a_refused_xml_message_gives_no_declaration():
    (reading,) = read(XML.replace(b"<FunctionCode>9</FunctionCode>", b""))
    assert reading.declaration is None
    assert errors(reading.findings)


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "FILE_EMPTY"), (b"\xd0\xcf\x11\xe0", "FILE_OLD_EXCEL"), (b"GIF89a\x01\x00", "FILE_UNKNOWN")],
)
def test_what_is_no_file_of_declarations_is_said(data: bytes, code: str):
    (reading,) = read(data, "a\x00b/" + "x" * 100)
    (finding,) = reading.findings
    assert (finding.code, reading.declaration, finding.severity) == (code, None, Severity.ERROR)
    assert finding.says["name"] == "x" * 60


def test_one_bad_declaration_does_not_stop_the_others():
    readings = read(write_json(ONE) + b"\n" + b'{"colour":1}\n' + write_json(TWO))
    assert [(reading.place, reading.declaration is not None) for reading in readings] == [
        ("line 1", True),
        ("line 2", False),
        ("line 3", True),
    ]


def test_a_hundred_thousand_lines_of_csv_are_read_in_a_few_seconds():
    rows = "".join(f"A-{n // 10},IMA,{n % 10 + 1},08051000,Cam tươi,12.5,KGM\n" for n in range(100_000))
    head = "functional_reference_id,type_code,sequence_numeric,commodity_code,description,gross_mass,gross_mass_unit\n"
    data = (head + rows).encode()
    started = time.process_time()
    count = Counter(
        len(reading.declaration.goods_items) for reading in read_file("x", data) if reading.declaration
    )
    assert count == {10: 10_000}
    assert time.process_time() - started < 10


def test_real_messages_come_through_json_and_tables(shared_data: Path):
    """Every original of the samples: canonical JSON gives it back whole; a table gives back what it carries."""
    originals = []
    for path in sorted((shared_data / "hmrc_cds" / "samples").rglob("*")):
        if not path.is_file() or path.suffix.lower() != ".xml" or b"FunctionCode" not in path.read_bytes():
            continue
        (reading,) = read_file(path.name, path.read_bytes())
        if reading.declaration is not None and reading.declaration.function_code == "9":
            originals.append(reading.declaration)
    assert len(originals) > 200
    carried = 0
    for declaration in originals:
        assert read(write_json(declaration)) == [Reading("", declaration, ())]
        out = io.BytesIO()
        left_out = write_csv((declaration,), out)
        (reading,) = read(out.getvalue())
        if not left_out:
            assert reading.declaration == declaration
            carried += 1
    assert carried / len(originals) > 0.9
