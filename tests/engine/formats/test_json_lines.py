"""JSON and NDJSON: the canonical form, and every way in which a message is refused."""

import io
import json
import time
import tracemalloc
from datetime import UTC, datetime

import pytest

from thongquan import words
from thongquan.engine.declaration import (
    AdditionalDocument,
    Amount,
    Classification,
    Declaration,
    GoodsItem,
    Invoice,
    Kept,
    Party,
    Quantity,
)
from thongquan.engine.findings import Severity
from thongquan.engine.formats.guard import MAX_BYTES, MAX_TEXT_CHARACTERS
from thongquan.engine.formats.json_lines import (
    MAX_FINDINGS,
    MAX_GROUPS,
    examine,
    examine_lines,
    read_json,
    read_ndjson,
    schema,
    write_json,
)

SIMPLE = Declaration(
    functional_reference_id="TQ-0001",
    type_code="IMA",
    acceptance_time=datetime(2020, 6, 15, 1, 30, tzinfo=UTC),
    importer=Party(id="5700100256", name="Công ty TNHH Hạ Long"),
    goods_items=(
        GoodsItem(
            sequence_numeric=1,
            classifications=(Classification(id="08051000"),),
            item_charge=Amount(millionths=12_500_000, currency="USD"),
            gross_mass=Quantity(millionths=1_000_000, unit="KGM"),
        ),
    ),
)


def refused(data: bytes | str) -> list[tuple[str, str]]:
    """Codes and places for which a message is refused."""
    findings = read_json(data.encode() if isinstance(data, str) else data)
    assert isinstance(findings, tuple)
    for finding in findings:  # each has its words
        for language in words.LANGUAGES:
            assert words.sentence(finding.code, finding.says, language)
            assert words.remedy(finding.code, finding.says, language)
    return [(finding.code, finding.at) for finding in findings]


def test_the_canonical_form_keeps_the_order_of_the_fields_and_leaves_defaults_out():
    assert write_json(SIMPLE).decode() == (
        '{"functional_reference_id":"TQ-0001","type_code":"IMA","acceptance_time":"2020-06-15T01:30:00Z",'
        '"goods_items":[{"sequence_numeric":1,"classifications":[{"id":"08051000"}],'
        '"gross_mass":{"millionths":1000000,"unit":"KGM"},'
        '"item_charge":{"millionths":12500000,"currency":"USD"}}],'
        '"importer":{"id":"5700100256","name":"Công ty TNHH Hạ Long"}}'
    )


def test_what_is_written_reads_back_equal():
    assert read_json(write_json(SIMPLE)) == SIMPLE


def test_order_white_space_explicit_defaults_and_a_byte_order_mark_do_not_change_what_is_read():
    patient = (
        '\ufeff{ "type_code" : "IMA",\n "functional_reference_id":"A", "function_code":"", "invoice":null }'
    )
    assert read_json(patient.encode()) == Declaration(functional_reference_id="A", type_code="IMA")


def test_an_unknown_field_is_named_with_its_place():
    data = '{"goods_items":[{},{},{"item_charge":{"millionths":1,"amout":2}}]}'
    assert refused(data) == [("FIELD_UNKNOWN", "goods_items[3].item_charge.amout")]


def test_several_errors_are_reported_together_by_place():
    data = """{"goods_items":[{"item_charge":{"currency":"USD"},"colour":"red"},
        {"gross_mass":{"millionths":"1"}}, 7],
        "acceptance_time":"15/06/2020","type_code":5,"importer":[]}"""
    assert refused(data) == [
        ("JSON_TIME_MALFORMED", "acceptance_time"),
        ("FIELD_UNKNOWN", "goods_items[1].colour"),
        ("FIELD_MISSING", "goods_items[1].item_charge.millionths"),
        ("FIELD_WRONG_KIND", "goods_items[2].gross_mass.millionths"),
        ("FIELD_WRONG_KIND", "goods_items[3]"),
        ("FIELD_WRONG_KIND", "importer"),
        ("FIELD_WRONG_KIND", "type_code"),
    ]


def test_a_wrong_kind_says_what_was_expected_and_what_came():
    findings = read_json(b'{"goods_item_quantity":"5"}')
    assert isinstance(findings, tuple)
    assert dict(findings[0].says) == {"expected": "int | null", "got": "str"}


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("1.0", "JSON_NUMBER_NOT_WHOLE"),
        ("12.5", "JSON_NUMBER_NOT_WHOLE"),
        ("1E3", "JSON_NUMBER_NOT_WHOLE"),
        ("1E+5000000", "JSON_NUMBER_NOT_WHOLE"),
        ("1E-5000000", "JSON_NUMBER_NOT_WHOLE"),
        ("NaN", "JSON_NUMBER_NOT_FINITE"),
        ("Infinity", "JSON_NUMBER_NOT_FINITE"),
        ("-Infinity", "JSON_NUMBER_NOT_FINITE"),
        ("1" * 31, "JSON_NUMBER_TOO_LARGE"),
        ("-" + "1" * 31, "JSON_NUMBER_TOO_LARGE"),
        ("9" * 5_000, "JSON_NUMBER_TOO_LARGE"),
        ("9" * 4_000_000, "JSON_NUMBER_TOO_LARGE"),
    ],
)
def test_a_number_that_is_no_whole_number_is_refused_at_once(number: str, code: str):
    started = time.process_time()
    found = refused('{"goods_items":[{"item_charge":{"millionths":' + number + "}}]}")
    assert found == [(code, "goods_items[1].item_charge.millionths")]
    assert time.process_time() - started < 1


def test_a_number_of_thirty_digits_is_kept_exactly():
    data = b'{"goods_items":[{"item_charge":{"millionths":123456789012345678901234567890}}]}'
    declaration = read_json(data)
    assert isinstance(declaration, Declaration)
    assert declaration.goods_items[0].item_charge_millionths == 123456789012345678901234567890
    assert write_json(declaration) == data


def test_a_field_given_twice_is_refused_wherever_it_stands():
    assert refused('{"type_code":"IM","type_code":"EX"}') == [("FIELD_TWICE", "type_code")]
    assert refused('{"goods_items":[{},{"description":"a","description":"a"}]}') == [
        ("FIELD_TWICE", "goods_items[2].description")
    ]


def test_a_field_given_twice_under_another_notation_is_refused():
    assert refused('{"type_code":"IM","type\\u005fcode":"EX"}') == [("FIELD_TWICE", "type_code")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Hòa".encode(), None),
        ("Ho\u0300a".encode(), "TEXT_NOT_NFC"),
        (b"a\\u0000b", "TEXT_CONTROL_CHARACTER"),
        ("a\u200bb".encode(), "TEXT_INVISIBLE_CHARACTER"),
        (b"a\x7fb", "TEXT_CONTROL_CHARACTER"),
        (b"two\\nlines", None),
    ],
)
def test_text_is_refused_unless_it_is_plain_and_composed(text: bytes, code: str | None):
    data = b'{"goods_items":[{"description":"' + text + b'"}]}'
    if code is None:
        assert isinstance(read_json(data), Declaration)
    else:
        assert refused(data) == [(code, "goods_items[1].description")]


def test_a_look_alike_letter_refuses_a_code_and_warns_in_running_text():
    cyrillic = "АВC"
    assert refused('{"type_code":"' + cyrillic + '"}') == [("TEXT_MIXED_SCRIPTS", "type_code")]
    declaration, findings = examine(('{"importer":{"name":"' + cyrillic + '"}}').encode())
    assert declaration == Declaration(importer=Party(name=cyrillic))
    assert [(f.code, f.at, f.severity) for f in findings] == [
        ("TEXT_MIXED_SCRIPTS", "importer.name", Severity.WARNING)
    ]


def test_text_in_what_was_kept_is_looked_at_too():
    data = '{"kept":[{"path":"Foo","attributes":[["a","b\\u0007"]]}]}'
    assert refused(data) == [("TEXT_CONTROL_CHARACTER", "kept[1].attributes[1][2]")]


def test_a_text_longer_than_a_message_may_carry_is_refused():
    longest = "x" * MAX_TEXT_CHARACTERS
    assert isinstance(
        read_json(('{"goods_items":[{"description":"' + longest + '"}]}').encode()), Declaration
    )
    assert refused('{"goods_items":[{"description":"' + longest + 'y"}]}') == [
        ("TEXT_TOO_LONG", "goods_items[1].description")
    ]


def test_raw_control_characters_and_broken_json_name_line_and_column():
    assert refused('{"type_code":"a\x01"}') == [("JSON_MALFORMED", "line 1, column 16")]
    assert refused('{"type_code":\n "a",}') == [("JSON_MALFORMED", "line 2, column 5")]
    assert refused("") == [("JSON_MALFORMED", "line 1, column 1")]
    assert refused('{"goods_item_quantity":007}') == [("JSON_MALFORMED", "line 1, column 25")]


def test_half_a_surrogate_pair_is_refused():
    assert refused('{"importer":{"name":"\\ud800"}}') == [("TEXT_CONTROL_CHARACTER", "importer.name")]


@pytest.mark.parametrize(
    "data", [b'{"type_code":"\xff"}', '{"type_code":"Hòa"}'.encode("utf-16"), b"\xc0\x80"]
)
def test_bytes_that_are_not_utf8_are_refused(data: bytes):
    assert [code for code, _ in refused(data)] == ["JSON_ENCODING"]


def test_something_else_than_an_object_is_refused():
    assert refused("[]") == [("FIELD_WRONG_KIND", "")]
    assert refused("null") == [("FIELD_WRONG_KIND", "")]
    assert refused('{"type_code":{"a":NaN}}') == [("FIELD_WRONG_KIND", "type_code")]


def test_times_need_a_zone():
    assert refused('{"acceptance_time":"2020-06-15T08:30:00"}') == [
        ("JSON_TIME_WITHOUT_ZONE", "acceptance_time")
    ]
    assert refused('{"acceptance_time":"2020-06-15"}') == [("JSON_TIME_MALFORMED", "acceptance_time")]
    assert refused('{"acceptance_time":1592181000}') == [("FIELD_WRONG_KIND", "acceptance_time")]
    declaration = read_json(b'{"acceptance_time":"2020-06-15T08:30:00+07:00"}')
    assert isinstance(declaration, Declaration)
    assert declaration.acceptance_time == datetime(2020, 6, 15, 1, 30, tzinfo=UTC)
    assert write_json(declaration) == b'{"acceptance_time":"2020-06-15T08:30:00+07:00"}'


def test_a_document_may_be_dated_with_a_day_only():
    day = datetime(2020, 6, 15)
    dated = Declaration(
        invoice=Invoice(id="7", issue_time=day),
        goods_items=(GoodsItem(additional_documents=(AdditionalDocument(effective_time=day),)),),
    )
    assert read_json(write_json(dated)) == dated
    assert refused('{"invoice":{"issue_time":"2020-06-15T08:30:00"}}') == [
        ("JSON_TIME_WITHOUT_ZONE", "invoice.issue_time")
    ]
    assert refused('{"issue_time":"2020-06-15T00:00:00"}') == [("JSON_TIME_WITHOUT_ZONE", "issue_time")]


def bounded(data: bytes) -> list[str]:
    """The codes for which hostile bytes are refused, shown to cost under a second and 256 MB."""
    started = time.process_time()
    found = [code for code, _ in refused(data)]
    assert time.process_time() - started < 1
    tracemalloc.start()
    refused(data)
    assert tracemalloc.get_traced_memory()[1] < 256_000_000
    tracemalloc.stop()
    return found


def test_depth_is_bounded():
    assert bounded(b"[" * (MAX_GROUPS - 1)) == ["JSON_TOO_DEEP"]
    assert bounded(b'{"goods_items":' * (MAX_GROUPS - 1)) == ["JSON_TOO_DEEP"]
    assert bounded(b'{"type_code":' + b"[" * 500 + b"]" * 500 + b"}") == ["FIELD_WRONG_KIND"]


def test_a_small_message_of_very_many_empty_objects_is_refused_before_it_is_built():
    assert bounded(b'{"goods_items":[' + b"{}," * 6_000_000 + b"{}]}") == ["JSON_TOO_MANY_GROUPS"]


def test_the_largest_number_of_empty_objects_stays_within_memory():
    assert bounded(b'{"goods_items":[' + b"{}," * (MAX_GROUPS - 3) + b"{}]}") == ["GOODS_ITEMS_TOO_MANY"]


def test_a_message_beyond_the_byte_limit_is_refused():
    assert bounded(b" " * (MAX_BYTES + 1)) == ["JSON_TOO_LARGE"]


def test_ten_thousand_lines_are_read_and_one_more_is_refused():
    full = Declaration(goods_items=tuple(GoodsItem(sequence_numeric=n) for n in range(1, 10_001)))
    assert read_json(write_json(full)) == full
    more = Declaration(goods_items=(*full.goods_items, GoodsItem()))
    assert refused(write_json(more)) == [("GOODS_ITEMS_TOO_MANY", "goods_items")]


def test_findings_are_cut_at_a_hundred_and_that_is_said():
    found = refused('{"goods_items":[' + ",".join(['{"colour":1}'] * 5_000) + "]}")
    assert len(found) == MAX_FINDINGS + 1
    assert found[-1] == ("FINDINGS_CUT", "")


def test_a_hostile_field_name_is_shown_short_and_printable():
    assert refused(json.dumps({"a\x00" + "b" * 100: 1})) == [("FIELD_UNKNOWN", "a?" + "b" * 38)]


def test_lines_are_read_one_by_one_and_a_bad_one_does_not_stop_the_rest():
    stream = io.BytesIO(write_json(SIMPLE) + b"\r\n\n" + b'{"type_code":}\n' + b'{"type_code":"IM"}')
    assert list(read_ndjson(stream))[0::2] == [(1, SIMPLE), (4, Declaration(type_code="IM"))]
    stream.seek(0)
    number, findings = list(read_ndjson(stream))[1]
    assert isinstance(findings, tuple)
    assert (number, findings[0].code, findings[0].at) == (3, "JSON_MALFORMED", "line 3, column 14")


def test_a_line_without_end_is_skipped_in_bounded_memory():
    stream = io.BytesIO(b"x" * (3 * MAX_BYTES) + b"\n" + write_json(SIMPLE) + b"\n" + b"y" * (MAX_BYTES + 1))
    read = [
        (number, declaration, [f.code for f in findings])
        for number, declaration, findings in examine_lines(stream)
    ]
    assert read == [(1, None, ["JSON_TOO_LARGE"]), (2, SIMPLE, []), (3, None, ["JSON_TOO_LARGE"])]


def test_the_schema_describes_every_record_and_forbids_other_fields():
    described = schema()
    assert described["$ref"] == "#/$defs/Declaration"
    assert described["$defs"]["Amount"] == {
        "title": "Amount",
        "description": "Money as declared: millionths of the currency unit, ISO 4217 code"
        ' ("" where the message gives none).',
        "type": "object",
        "properties": {"millionths": {"type": "integer"}, "currency": {"type": "string", "default": ""}},
        "required": ["millionths"],
        "additionalProperties": False,
    }


def test_a_follow_up_message_and_what_was_kept_survive():
    message = Declaration(
        function_code="13",
        additional_documents=(AdditionalDocument(category_code="1", type_code="DAN", id="7"),),
        kept=(Kept(path="GoodsShipment/Foo", text="x", attributes=(("a", "b"),)),),
    )
    assert read_json(write_json(message)) == message
