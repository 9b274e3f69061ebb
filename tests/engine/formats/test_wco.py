"""Declarations in and out: all samples, every field, and whatever else may arrive."""

import io
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest
from lxml import etree

from thongquan.engine.declaration import (
    MAX_GOODS_ITEMS,
    Amount,
    Classification,
    Declaration,
    GoodsItem,
    Invoice,
    Kept,
    Party,
    Pointer,
    Quantity,
    Record,
)
from thongquan.engine.findings import Finding, Severity
from thongquan.engine.formats import responses, wco
from thongquan.engine.formats.wco import CannotWrite, Kind, Message, pointer_of, read_dec, write_dec

MESSAGE = """<?xml version="1.0" encoding="UTF-8"?>
<md:MetaData xmlns:md="urn:wco:datamodel:WCO:DocumentMetaData-DMS:2" xmlns="urn:wco:datamodel:WCO:DEC-DMS:2"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x x.xsd">
  <md:WCODataModelVersionCode>3.6</md:WCODataModelVersionCode>
  <md:WCOTypeName>DEC</md:WCOTypeName>
  <md:ResponsibleCountryCode>VN</md:ResponsibleCountryCode>
  <md:ResponsibleAgencyName>Hải quan</md:ResponsibleAgencyName>
  <Declaration xmlns:p1="urn:wco:datamodel:WCO:Declaration_DS:DMS:2">
    <AcceptanceDateTime><p1:DateTimeString formatCode="304">20200630153000+07</p1:DateTimeString></AcceptanceDateTime>
    <FunctionCode>9</FunctionCode>
    <FunctionalReferenceID>QN-2020-000123</FunctionalReferenceID>
    <TypeCode>IMA</TypeCode>
    <GoodsItemQuantity>2</GoodsItemQuantity>
    <InvoiceAmount currencyID="USD">1250.5</InvoiceAmount>
    <TotalGrossMassMeasure unitCode="KGM">500.25</TotalGrossMassMeasure>
    <TotalPackageQuantity>12</TotalPackageQuantity>
    <Agent><ID>0101234567</ID><FunctionCode>2</FunctionCode></Agent>
    <AuthorisationHolder><ID>0101234567</ID><CategoryCode>AEO</CategoryCode></AuthorisationHolder>
    <CurrencyExchange><RateNumeric>23150.5</RateNumeric></CurrencyExchange>
    <Declarant><Name>Công ty Thử Nghiệm</Name><ID>0101234567</ID></Declarant>
    <GoodsShipment>
      <Consignee><Name>Nhà máy Đông Triều</Name>
        <Address><CityName>Đông Triều</CityName><CountryCode>VN</CountryCode></Address></Consignee>
      <GovernmentAgencyGoodsItem>
        <SequenceNumeric>1</SequenceNumeric>
        <AdditionalDocument><CategoryCode>C</CategoryCode><ID>GP-1</ID><TypeCode>001</TypeCode></AdditionalDocument>
        <Commodity>
          <Description>Máy bơm nước
loại chìm</Description>
          <Classification><ID>84137011</ID><IdentificationTypeCode>TSP</IdentificationTypeCode></Classification>
          <GoodsMeasure><GrossMassMeasure>250.125</GrossMassMeasure></GoodsMeasure>
          <InvoiceLine><ItemChargeAmount currencyID="USD">1000</ItemChargeAmount></InvoiceLine>
        </Commodity>
        <GovernmentProcedure><CurrentCode>40</CurrentCode><PreviousCode>00</PreviousCode></GovernmentProcedure>
        <Packaging><SequenceNumeric>1</SequenceNumeric><QuantityQuantity>6</QuantityQuantity></Packaging>
      </GovernmentAgencyGoodsItem>
      <GovernmentAgencyGoodsItem>
        <SequenceNumeric>2</SequenceNumeric>
        <Commodity><Description>Phụ tùng</Description></Commodity>
      </GovernmentAgencyGoodsItem>
    </GoodsShipment>
  </Declaration>
</md:MetaData>
"""


def changed(old: str, new: str, count: int = 1) -> bytes:
    """MESSAGE with one text in place of another."""
    assert old in MESSAGE, old
    return MESSAGE.replace(old, new, count).encode()


def read(data: bytes | str) -> Declaration:
    message = read_dec(data.encode() if isinstance(data, str) else data)
    assert message.declaration is not None, message.findings
    return message.declaration


def found(message: Message) -> list[tuple[str, str, str]]:
    return [(each.code, each.at, each.pointer) for each in message.findings]


# --- reading -------------------------------------------------------------------------------------------------


def test_a_message_is_read_into_the_words_of_the_declaration() -> None:
    message = read_dec(MESSAGE.encode())
    assert message.findings == ()
    assert message.kind is Kind.ORIGINAL
    assert not message.refused
    assert message.header == wco.Header(
        model_version="3.6", type_name="DEC", country_code="VN", agency_name="Hải quan"
    )
    declaration = message.declaration
    assert declaration is not None
    assert declaration.functional_reference_id == "QN-2020-000123"
    assert declaration.acceptance_time == datetime(2020, 6, 30, 8, 30, tzinfo=UTC)
    assert declaration.acceptance_time.utcoffset() == timedelta(hours=7)
    assert declaration.goods_item_quantity == 2
    assert declaration.invoice_amount == Amount(millionths=1_250_500_000, currency="USD")
    assert declaration.total_gross_mass == Quantity(millionths=500_250_000, unit="KGM")
    assert declaration.agent == Party(id="0101234567", function_code="2")
    assert declaration.currency_exchanges[0].rate_millionths == 23_150_500_000
    assert declaration.consignee is not None
    assert declaration.consignee.address is not None
    assert declaration.consignee.address.city_name == "Đông Triều"
    first, second = declaration.goods_items
    assert first.description == "Máy bơm nước\nloại chìm"
    assert first.classifications == (Classification(id="84137011", identification_type_code="TSP"),)
    assert first.gross_mass == Quantity(millionths=250_125_000)
    assert first.procedure_code == "4000"
    assert second == GoodsItem(sequence_numeric=2, description="Phụ tùng")
    assert declaration.kept == ()


def test_a_message_without_namespaces_and_one_without_envelope_are_read_alike() -> None:
    bare = re.sub(r'\s+xmlns(:\w+)?="[^"]*"|\s+xsi:\w+="[^"]*"|(?<=[</])(md|p1):', "", MESSAGE)
    assert read(bare) == read(MESSAGE)
    only = bare[bare.index("<Declaration>") : bare.index("</Declaration>")] + "</Declaration>"
    message = read_dec(only.encode())
    assert message.declaration == read(MESSAGE)
    assert message.header is None
    assert read_dec(write_dec(message)) == message


def test_utf16_is_read_like_utf8() -> None:
    assert read(MESSAGE.replace('encoding="UTF-8"', "").encode("utf-16")) == read(MESSAGE)


@pytest.mark.parametrize(
    ("function", "type_code", "kind"),
    [
        ("9", "IMA", Kind.ORIGINAL),
        ("9", "", Kind.ORIGINAL),
        ("13", "COR", Kind.AMENDMENT),
        ("13", "INV", Kind.CANCELLATION),
        ("13", "GPR", Kind.ARRIVAL),
        ("13", "XYZ", None),
        ("13", "", None),
        ("14", "IMA", None),
        ("1", "IMA", None),
    ],
)
def test_function_and_type_say_which_act_is_asked_for(
    function: str, type_code: str, kind: Kind | None
) -> None:
    head = f"<FunctionCode>{function}</FunctionCode><ID>20VN1</ID>"
    head += f"<TypeCode>{type_code}</TypeCode>" if type_code else ""
    rest = "<AdditionalInformation><StatementCode>1</StatementCode></AdditionalInformation>"
    rest += "<Amendment><ChangeReasonCode>1</ChangeReasonCode></Amendment>"
    message = read_dec(f"<Declaration>{head}{rest}</Declaration>".encode())
    assert message.kind is kind
    place = ("type_code", "42A:D013") if function == "13" else ("function_code", "42A:017")
    assert found(message) == ([] if kind else [("FUNCTION_UNKNOWN", *place)])


def test_a_request_names_its_declaration_and_its_reasons() -> None:
    message = read_dec(b"<Declaration><FunctionCode>13</FunctionCode><TypeCode>INV</TypeCode></Declaration>")
    assert found(message) == [
        ("ELEMENT_MISSING", "additional_informations", "42A/03A"),
        ("ELEMENT_MISSING", "amendments", "42A/06A"),
        ("ELEMENT_MISSING", "declaration_id", "42A:D014"),
    ]


@pytest.mark.parametrize(
    ("text", "millionths"),
    [
        ("12.5", 12_500_000),
        (".5", 500_000),
        ("5.", 5_000_000),
        ("+7", 7_000_000),
        ("-0.25", -250_000),
        ("007", 7_000_000),
    ],
)
def test_numbers_are_read_as_xsd_writes_them(text: str, millionths: int) -> None:
    declaration = read(changed(">1250.5<", f">{text}<"))
    assert declaration.invoice_amount == Amount(millionths=millionths, currency="USD")


def test_a_day_and_an_instant_are_two_things() -> None:
    moment = "<IssueDateTime><DateTimeString formatCode='{}'>{}</DateTimeString></IssueDateTime>"
    invoice = f"<Invoice><ID>1</ID>{moment}</Invoice>"
    anchor = "    </GoodsShipment>"
    day = read(changed(anchor, invoice.format("102", "20200531") + anchor))
    assert day.invoice == Invoice(id="1", issue_time=datetime(2020, 5, 31))
    instant = read(changed(anchor, invoice.format("304", "20200531000000Z") + anchor))
    assert instant.invoice == Invoice(id="1", issue_time=datetime(2020, 5, 31, tzinfo=UTC))
    for declaration, text in (
        (day, 'formatCode="102">20200531<'),
        (instant, 'formatCode="304">20200531000000Z<'),
    ):
        assert text in write_dec(Message(Kind.ORIGINAL, declaration)).decode()


# --- what is kept --------------------------------------------------------------------------------------------


KEPT = (
    MESSAGE.replace("<Agent>", '<Agent listID="7" xmlns:o="urn:other" o:mark="a&amp;b">', 1)
    .replace("<Declarant>", "<Extra a='1'>text<Inner>1</Inner><Inner>2</Inner></Extra><Declarant>", 1)
    .replace("<SequenceNumeric>2<", "<o:Commodity xmlns:o='urn:o/{x}'>x</o:Commodity><SequenceNumeric>2<", 1)
    .replace("<GoodsItemQuantity>2<", "<GoodsItemQuantity>two<", 1)
    .replace("</Agent>", "</Agent><Agent><ID>99</ID></Agent>", 1)
    .replace("<Commodity>", "<Commodity>loose words", 1)
    .encode()
)


def test_what_is_not_understood_is_kept_and_said() -> None:
    message = read_dec(KEPT)
    declaration = message.declaration
    assert declaration is not None
    line = "GoodsShipment/GovernmentAgencyGoodsItem"
    assert declaration.kept == (
        Kept(path="Agent@listID", text="7"),
        Kept(path="Agent@{urn:other}mark", text="a&b"),
        Kept(path="Agent[2]"),
        Kept(path="Agent[2]/ID", text="99"),
        Kept(path="Extra", text="text", attributes=(("a", "1"),)),
        Kept(path="Extra/Inner", text="1"),
        Kept(path="Extra/Inner[2]", text="2"),
        Kept(path="GoodsItemQuantity", text="two"),
        Kept(path=f"{line}[1]/Commodity/text()", text="loose words"),
        Kept(path=f"{line}[2]/{{urn:o/%7Bx%7D}}Commodity", text="x"),
    )
    assert found(message) == [
        ("ATTRIBUTE_UNKNOWN", "Agent@listID", "42A/05A"),
        ("ATTRIBUTE_UNKNOWN", "Agent@{urn:other}mark", "42A/05A"),
        ("ELEMENT_REPEATED", "Agent[2]", "42A/05A"),
        ("ELEMENT_UNKNOWN", "Extra", "42A"),
        ("TEXT_MISPLACED", f"{line}[1]/Commodity/text()", "42A/67A/68A[1]/23A"),
        ("ELEMENT_UNKNOWN", f"{line}[2]/{{urn:o/%7Bx%7D}}Commodity", "42A/67A/68A[2]"),
        ("NUMBER_MALFORMED", "goods_item_quantity", "42A:228"),
    ]
    severities = {finding.code: finding.severity for finding in message.findings}
    assert severities["ELEMENT_UNKNOWN"] is severities["ATTRIBUTE_UNKNOWN"] is Severity.NOTE
    assert severities["ELEMENT_REPEATED"] is severities["NUMBER_MALFORMED"] is Severity.ERROR
    assert message.occurrences.kept == 8
    assert message.lines["goods_item_quantity"] == (13, 5)


def test_what_is_kept_comes_back_when_written() -> None:
    message = read_dec(KEPT)
    written = write_dec(message)
    assert read_dec(written) == message
    text = written.decode()
    assert '<Extra a="1">text' in text
    assert "<GoodsItemQuantity>two</GoodsItemQuantity>" in text
    assert 'xmlns:a2="urn:other" a2:mark="a&amp;b"' in text


def test_kept_parts_go_with_the_part_they_stood_in_and_yield_to_a_value() -> None:
    declaration = read(KEPT)
    without = msgspec.structs.replace(declaration, goods_items=declaration.goods_items[:1], agent=None)
    without = msgspec.structs.replace(without, goods_item_quantity=1)
    again = read(write_dec(Message(Kind.ORIGINAL, without)))
    assert [kept.path for kept in again.kept] == [
        "Extra",
        "Extra/Inner",
        "Extra/Inner[2]",
        "GoodsShipment/GovernmentAgencyGoodsItem[1]/Commodity/text()",
    ]
    assert again.goods_item_quantity == 1


def test_a_wrapper_comes_back_as_it_stood() -> None:
    inner = MESSAGE.partition("?>")[2]
    wrapped = (
        '<v:request xmlns:v="urn:system" id="7"><v:common><v:client>Khách</v:client><plain/></v:common>'
        f"<v:detail>{inner}</v:detail><v:end/></v:request>"
    )
    message = read_dec(wrapped.encode())
    assert message.declaration == read(MESSAGE)
    assert [finding.code for finding in message.findings] == ["WRAPPER_KEPT"]
    assert not message.refused
    assert [(kept.path, kept.text) for kept in message.wrapper] == [
        ("{urn:system}request", ""),
        ("{urn:system}request/{urn:system}common", ""),
        ("{urn:system}request/{urn:system}common/{urn:system}client", "Khách"),
        ("{urn:system}request/{urn:system}common/plain", ""),
        ("{urn:system}request/{urn:system}detail", ""),
        ("{urn:system}request/{urn:system}detail/MetaData", ""),
        ("{urn:system}request/{urn:system}end", ""),
    ]
    assert read_dec(write_dec(message)) == message


def test_what_the_envelope_has_beside_its_values_is_kept() -> None:
    data = changed("<md:WCOTypeName>", "<md:Own x='1'>y</md:Own><md:WCOTypeName listID='3'>")
    message = read_dec(data)
    assert message.header is not None
    assert message.header.type_name == ""
    assert message.wrapper == (
        Kept(path="MetaData/Own", text="y", attributes=(("x", "1"),)),
        Kept(path="MetaData/WCOTypeName", text="DEC", attributes=(("listID", "3"),)),
    )
    assert read_dec(write_dec(message)) == message


def test_ten_thousand_unknown_elements_are_kept_and_one_more_is_refused() -> None:
    message = read_dec(changed("<Declarant>", "<X/>" * 10_000 + "<Declarant>"))
    assert message.declaration is not None
    assert len(message.declaration.kept) == 10_000
    # A thousand are named, then it is said that there are more.
    assert Counter(finding.code for finding in message.findings) == {
        "ELEMENT_UNKNOWN": 1_000,
        "FINDINGS_CUT": 1,
    }
    message = read_dec(changed("<Declarant>", "<X/>" * 10_001 + "<Declarant>"))
    assert message.declaration is None
    assert message.findings[0].code == "ELEMENTS_KEPT_TOO_MANY"


# --- writing -------------------------------------------------------------------------------------------------


def test_every_element_is_written_and_read_back(full_declaration: Declaration) -> None:
    message = Message(Kind.ORIGINAL, full_declaration, header=wco.Header(type_name="DEC"))
    again = read_dec(write_dec(message))
    assert again == message
    # 459 paths, a second item in each list with what is in it, DateTimeString in each time.
    assert again.occurrences.typed == 839
    assert again.occurrences.kept == 0


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every value below a record with its path."""
    if isinstance(value, Record):
        for field in value.__struct_fields__:
            yield from leaves(getattr(value, field), (*path, field))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    elif value not in (None, ""):
        yield path, value


def replaced(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    if not path:
        return new
    first, *rest = path
    if isinstance(first, int):
        return (*value[:first], replaced(value[first], tuple(rest), new), *value[first + 1 :])
    return msgspec.structs.replace(value, **{first: replaced(getattr(value, first), tuple(rest), new)})


def other(value: Any) -> Any:
    match value:
        case str():
            return ("B" if value[0] != "B" else "C") + value[1:]
        case int():
            return value + 1
        case datetime():
            return value + timedelta(days=1)
    raise AssertionError(value)


def check_that_each_value_is_written(message: Message, paths: Counter[tuple[str, ...]], limit: int) -> None:
    """Change one value after the other; each change is written, and read back as it was made."""
    before = write_dec(message)
    for path, value in leaves(message.declaration):
        if "kept" in path:
            continue
        kind = tuple(step for step in path if isinstance(step, str))
        paths[kind] += 1
        if paths[kind] > limit:
            continue
        declaration = replaced(message.declaration, path, other(value))
        after = write_dec(msgspec_message(message, declaration))
        assert after != before, path
        assert read(after) == declaration, path


def msgspec_message(message: Message, declaration: Declaration) -> Message:
    return Message(message.kind, declaration, message.findings, message.header, message.wrapper)


def test_changing_any_value_of_a_full_declaration_changes_what_is_written(
    full_declaration: Declaration,
) -> None:
    paths: Counter[tuple[str, ...]] = Counter()
    check_that_each_value_is_written(Message(Kind.ORIGINAL, full_declaration), paths, 1)
    assert len(paths) > 300


def test_a_value_without_a_place_in_the_message_is_not_dropped_silently() -> None:
    declaration = read(MESSAGE)
    with pytest.raises(CannotWrite) as caught:
        write_dec(Message(Kind.ORIGINAL, msgspec.structs.replace(declaration, importer=Party(role_code="X"))))
    assert caught.value.at == "importer.role_code"


@pytest.mark.parametrize(
    "change",
    [
        {"type_code": "A\x00"},
        {"invoice_amount": Amount(millionths=1, currency="\x0b")},
        {"acceptance_time": datetime(2020, 6, 30)},
        {"acceptance_time": datetime(1999, 6, 30, tzinfo=UTC)},
        {"acceptance_time": datetime(2020, 6, 30, 0, 0, 0, 1, tzinfo=UTC)},
        {"invoice": Invoice(issue_time=datetime(2020, 6, 30, 12))},
    ],
)
def test_what_the_message_cannot_hold_is_not_written(change: dict[str, Any]) -> None:
    with pytest.raises(CannotWrite):
        write_dec(Message(Kind.ORIGINAL, msgspec.structs.replace(read(MESSAGE), **change)))


def test_a_message_without_declaration_is_not_written() -> None:
    with pytest.raises(CannotWrite):
        write_dec(read_dec(b""))


def test_an_offset_of_half_an_hour_is_written_as_universal_time() -> None:
    india = datetime(2020, 6, 30, 5, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    written = write_dec(Message(Kind.ORIGINAL, Declaration(function_code="9", acceptance_time=india)))
    assert b"20200630000000Z" in written
    assert read(written).acceptance_time == india


def test_markup_in_a_value_is_written_as_text() -> None:
    nasty = "]]><script>&amp;\"'\r\nx"
    declaration = Declaration(
        function_code="9", goods_items=(GoodsItem(sequence_numeric=1, description=nasty),)
    )
    assert read(write_dec(Message(Kind.ORIGINAL, declaration))).goods_items[0].description == nasty


# --- the samples ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def read_samples(sample_messages: dict[str, bytes]) -> dict[str, Message]:
    return {name: read_dec(data) for name, data in sample_messages.items()}


@pytest.fixture(scope="module")
def declarations(read_samples: dict[str, Message]) -> dict[str, Message]:
    return {name: message for name, message in read_samples.items() if message.declaration is not None}


def local(element: etree._Element) -> str:
    return etree.QName(element).localname


def declaration_elements(data: bytes) -> int:
    """Elements of the declaration in a message, counted by another parser."""
    root = etree.parse(io.BytesIO(data)).getroot()
    (declaration,) = (each for each in root.iter("{*}Declaration"))
    return sum(1 for each in declaration.iter("{*}*"))


def test_all_231_sample_declarations_are_read_without_an_error(declarations: dict[str, Message]) -> None:
    assert len(declarations) == 231
    assert Counter(bool(message.wrapper) for message in declarations.values()) == {False: 221, True: 10}
    assert Counter(message.kind for message in declarations.values()) == {
        Kind.ORIGINAL: 210,
        Kind.AMENDMENT: 16,
        Kind.CANCELLATION: 2,
        Kind.ARRIVAL: 3,
    }
    errors = {name: found(message) for name, message in declarations.items() if message.refused}
    assert errors == {}


def test_at_least_98_of_100_element_occurrences_are_typed(
    declarations: dict[str, Message], sample_messages: dict[str, bytes]
) -> None:
    typed = sum(message.occurrences.typed for message in declarations.values())
    every = sum(declaration_elements(sample_messages[name]) for name in declarations)
    kept = Counter(
        re.sub(r"\[\d+\]", "", part.path)
        for message in declarations.values()
        if message.declaration
        for part in message.declaration.kept
    )
    print(
        f"typed {typed} of {every} element occurrences ({typed / every:.2%}); only kept: {dict(kept) or 'none'}"
    )
    assert typed + sum(message.occurrences.kept for message in declarations.values()) == every
    assert typed / every >= 0.98


def test_each_sample_is_the_same_after_writing_and_reading(declarations: dict[str, Message]) -> None:
    for name, message in declarations.items():
        assert read_dec(write_dec(message)) == message, name


def test_changing_any_value_of_a_sample_changes_what_is_written(declarations: dict[str, Message]) -> None:
    paths: Counter[tuple[str, ...]] = Counter()
    for message in declarations.values():
        check_that_each_value_is_written(message, paths, 3)
    print(f"{len(paths)} kinds of fields reached, {sum(paths.values())} values")
    assert len(paths) > 100


def test_other_messages_are_refused_by_name(read_samples: dict[str, Message]) -> None:
    refused = {name: message for name, message in read_samples.items() if message.declaration is None}
    assert len(read_samples) == 577
    assert len(refused) == 346
    assert {message.findings[0].code for message in refused.values()} == {
        "DOCUMENT_NOT_A_DECLARATION",
        "DECLARATION_REPEATED",
        "XML_NOT_WELL_FORMED",
    }


def test_the_two_broken_samples_are_refused_with_code_pointer_and_line(
    read_samples: dict[str, Message],
) -> None:
    (comment,) = read_samples["TT_EX022a/TT_EX022a_Declaration1_(Step1).xml"].findings
    assert (comment.code, comment.pointer, comment.at) == ("XML_NOT_WELL_FORMED", "42A", "line 52, column 8")
    (names,) = read_samples["TT_IM222a/Step1_TT_IM222a.xml"].findings
    assert (names.code, names.pointer, names.says["root"]) == (
        "DOCUMENT_NOT_A_DECLARATION",
        "42A",
        "mdMetaData",
    )


@pytest.fixture(scope="module")
def dec_schema(shared_data: Path) -> etree.XMLSchema:
    folder = shared_data / "hmrc_cds/schemas/customs"
    return etree.XMLSchema(etree.parse(str(folder / "wrapper_submit.xsd")))


def test_what_is_written_is_valid_wherever_the_sample_was(
    declarations: dict[str, Message], sample_messages: dict[str, bytes], dec_schema: etree.XMLSchema
) -> None:
    valid = 0
    for name, message in declarations.items():
        if not message.wrapper and dec_schema.validate(etree.fromstring(sample_messages[name])):
            valid += 1
            assert dec_schema.validate(etree.fromstring(write_dec(message))), (name, dec_schema.error_log)
    assert valid > 200


def test_a_full_declaration_is_valid_by_the_schema(
    full_declaration: Declaration, dec_schema: etree.XMLSchema
) -> None:
    written = write_dec(Message(Kind.ORIGINAL, full_declaration, header=wco.Header(type_name="DEC")))
    assert dec_schema.validate(etree.fromstring(written)), dec_schema.error_log


# --- refusals --------------------------------------------------------------------------------------------------

ITEM = "42A/67A/68A[1]"
MUTATIONS: dict[str, tuple[bytes, str, str]] = {
    # the document
    "cut in the middle": (MESSAGE.encode()[:1500], "XML_NOT_WELL_FORMED", "42A"),
    "a tag not closed": (changed("</Agent>", ""), "XML_NOT_WELL_FORMED", "42A"),
    "two dashes in a comment": (changed("<Agent>", "<!-- a -- b --><Agent>"), "XML_NOT_WELL_FORMED", "42A"),
    "a bare ampersand": (changed("Phụ tùng", "Phụ & tùng"), "XML_NOT_WELL_FORMED", "42A"),
    "an unknown entity": (changed("Phụ tùng", "Phụ&nbsp;tùng"), "XML_ENTITY", "42A"),
    "a DOCTYPE": (changed("<md:MetaData", "<!DOCTYPE x><md:MetaData"), "XML_DOCTYPE", "42A"),
    "another root": (
        MESSAGE.replace("md:MetaData", "Bundle").replace("Declaration", "Statement").encode(),
        "DOCUMENT_NOT_A_DECLARATION",
        "42A",
    ),
    "a foreign namespace": (
        MESSAGE.replace("urn:wco:datamodel:WCO:DEC-DMS:2", "urn:elsewhere").encode(),
        "DOCUMENT_NOT_A_DECLARATION",
        "42A",
    ),
    "two declarations": (
        changed("</Declaration>", "</Declaration><Declaration/>"),
        "DECLARATION_REPEATED",
        "42A",
    ),
    # elements
    "no function": (changed("<FunctionCode>9</FunctionCode>", ""), "ELEMENT_MISSING", "42A:017"),
    "a function of no meaning": (
        changed("<FunctionCode>9<", "<FunctionCode>7<"),
        "FUNCTION_UNKNOWN",
        "42A:017",
    ),
    "two references": (
        changed("<TypeCode>IMA", "<FunctionalReferenceID>2</FunctionalReferenceID><TypeCode>IMA"),
        "ELEMENT_REPEATED",
        "42A:D026",
    ),
    "two consignees": (changed("<Consignee>", "<Consignee/><Consignee>"), "ELEMENT_REPEATED", "42A/67A/27A"),
    "a line without number": (
        changed("<SequenceNumeric>1</SequenceNumeric>\n        <Add", "<Add"),
        "ELEMENT_MISSING",
        f"{ITEM}:006",
    ),
    "a package without number": (
        changed("<Packaging><SequenceNumeric>1</SequenceNumeric>", "<Packaging>"),
        "ELEMENT_MISSING",
        f"{ITEM}/93A[1]:006",
    ),
    "a value with elements in it": (
        changed(">Phụ tùng<", "><b>Phụ tùng</b><"),
        "ELEMENT_NOT_SIMPLE",
        "42A/67A/68A[2]/23A:137",
    ),
    # texts and codes
    "an empty reference": (changed(">QN-2020-000123<", "> <"), "VALUE_EMPTY", "42A:D026"),
    "36 characters of reference": (
        changed(">QN-2020-000123<", f">{'x' * 36}<"),
        "VALUE_TOO_LONG",
        "42A:D026",
    ),
    "513 characters of description": (
        changed(">Phụ tùng<", f">{'ư' * 513}<"),
        "VALUE_TOO_LONG",
        "42A/67A/68A[2]/23A:137",
    ),
    "a country of three letters": (
        changed(">VN</CountryCode>", ">VNM</CountryCode>"),
        "VALUE_TOO_LONG",
        "42A/67A/27A/04A:242",
    ),
    "a country of digits": (
        changed(">VN</CountryCode>", ">84</CountryCode>"),
        "VALUE_MALFORMED",
        "42A/67A/27A/04A:242",
    ),
    "a look-alike in the tax number": (
        changed("<Name>Công ty Thử Nghiệm</Name><ID>0101234567<", "<ID>0\u041e1234567X<"),
        "TEXT_MIXED_SCRIPTS",
        "42A/57B:R123",
    ),
    "a name of combining letters": (
        changed("Công ty", "Co\u0302ng ty"),
        "TEXT_NOT_NFC",
        "42A/57B:R124",
    ),
    "a zero-width space in the code": (
        changed(">84137011<", ">8413\u200b7011<"),
        "TEXT_INVISIBLE_CHARACTER",
        f"{ITEM}/23A/21A[1]:145",
    ),
    "a line break in the code": (
        changed(">84137011<", ">8413\n7011<"),
        "TEXT_CONTROL_CHARACTER",
        f"{ITEM}/23A/21A[1]:145",
    ),
    # numbers and times
    "a number in words": (changed(">250.125<", ">heavy<"), "NUMBER_MALFORMED", f"{ITEM}/23A/65A:126"),
    "not a number": (changed(">250.125<", ">NaN<"), "NUMBER_MALFORMED", f"{ITEM}/23A/65A:126"),
    "an exponent": (changed(">250.125<", ">1E+5000000<"), "NUMBER_MALFORMED", f"{ITEM}/23A/65A:126"),
    "a decimal comma": (changed(">1250.5<", ">1250,5<"), "NUMBER_MALFORMED", "42A:109"),
    "other digits": (changed(">1250.5<", ">١٢٥٠<"), "NUMBER_MALFORMED", "42A:109"),
    "seven decimals of a kilogram": (
        changed(">250.125<", ">250.1234567<"),
        "NUMBER_TOO_PRECISE",
        f"{ITEM}/23A/65A:126",
    ),
    "four decimals of money": (changed(">1250.5<", ">1250.1234<"), "NUMBER_TOO_PRECISE", "42A:109"),
    "half a line": (changed(">2</GoodsItem", ">2.5</GoodsItem"), "NUMBER_TOO_PRECISE", "42A:228"),
    "seventeen digits of money": (changed(">1250.5<", f">{'9' * 17}<"), "NUMBER_TOO_LARGE", "42A:109"),
    "six digits of lines": (changed(">2</GoodsItem", ">100000</GoodsItem"), "NUMBER_TOO_LARGE", "42A:228"),
    "a currency in small letters": (changed('"USD">1250', '"usd">1250'), "CURRENCY_MALFORMED", "42A:109"),
    "an empty currency": (changed('"USD">1250', '"">1250'), "CURRENCY_MALFORMED", "42A:109"),
    "a unit of six characters": (changed('unitCode="KGM"', 'unitCode="KGMKGM"'), "UNIT_MALFORMED", "42A:131"),
    "the 31st of June": (changed("20200630", "20200631"), "TIME_MALFORMED", "42A:023"),
    "a time without zone": (changed("153000+07", "153000"), "TIME_MALFORMED", "42A:023"),
    "a time of another format": (
        changed('formatCode="304"', 'formatCode="203"'),
        "TIME_MALFORMED",
        "42A:023",
    ),
    "a time in ISO 8601": (changed("20200630153000+07", "2020-06-30T15:30:00Z"), "TIME_MALFORMED", "42A:023"),
    "a day where an instant is needed": (
        changed('formatCode="304">20200630153000+07', 'formatCode="102">20200630'),
        "TIME_WITHOUT_ZONE",
        "42A:023",
    ),
}


@pytest.fixture(scope="module")
def res_schema(shared_data: Path) -> etree.XMLSchema:
    folder = shared_data / "hmrc_cds/schemas/wco/notification"
    both = (
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
        '<xs:import namespace="urn:wco:datamodel:WCO:DocumentMetaData-DMS:2"'
        ' schemaLocation="DocumentMetaData_2_DMS.xsd"/>'
        '<xs:import namespace="urn:wco:datamodel:WCO:RES-DMS:2" schemaLocation="WCO_RES_2_DMS.xsd"/></xs:schema>'
    )
    return etree.XMLSchema(etree.fromstring(both, base_url=str(folder / "both.xsd")))


def test_the_unchanged_message_is_not_refused() -> None:
    assert len(MUTATIONS) >= 30
    assert not read_dec(MESSAGE.encode()).refused


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_is_refused_with_code_and_pointer(name: str) -> None:
    data, code, pointer = MUTATIONS[name]
    message = read_dec(data)
    assert message.refused
    assert (code, pointer) in [
        (each.code, each.pointer) for each in message.findings if each.severity is Severity.ERROR
    ]
    if message.declaration is not None:
        assert read_dec(write_dec(message)) == message


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_refusal_is_answered_in_a_valid_response(name: str, res_schema: etree.XMLSchema) -> None:
    data, code, pointer = MUTATIONS[name]
    message = read_dec(data)
    answer = responses.rejected(
        [finding for finding in message.findings if finding.severity is Severity.ERROR],
        functional_reference_id="R-1",
        issue_time=datetime(2020, 6, 30, tzinfo=UTC),
        declaration=message.declaration,
    )
    written = responses.write_res(answer)
    assert res_schema.validate(etree.fromstring(written)), res_schema.error_log
    again = responses.read_res(written)
    assert again == answer
    assert again.kind is responses.ResponseKind.REJECTED
    assert (code, pointer) in [(responses.finding_code(error), error.pointer) for error in again.errors]


# --- size and time ---------------------------------------------------------------------------------------------


def many_lines(lines: int) -> bytes:
    start = MESSAGE.index("<GovernmentAgencyGoodsItem>")
    end = MESSAGE.index("</GoodsShipment>")
    item = re.sub(r">\s+<", "><", MESSAGE[start : MESSAGE.index("</GovernmentAgencyGoodsItem>")])
    item += "</GovernmentAgencyGoodsItem>\n"
    body = "".join(item.replace("Numeric>1<", f"Numeric>{number}<", 1) for number in range(1, lines + 1))
    return (MESSAGE[:start] + body + MESSAGE[end:]).encode()


def test_10_000_lines_are_read_within_seconds() -> None:
    data = many_lines(MAX_GOODS_ITEMS)
    started = time.process_time()
    message = read_dec(data)
    seconds = time.process_time() - started
    print(
        f"10,000 lines, {len(data):,} bytes, {message.occurrences.typed:,} elements read in {seconds:.2f} s"
    )
    assert message.declaration is not None
    assert len(message.declaration.goods_items) == 10_000
    assert message.declaration.goods_items[-1].sequence_numeric == 10_000
    assert not message.refused
    assert seconds < 10


def test_10_001_lines_are_refused() -> None:
    message = read_dec(many_lines(MAX_GOODS_ITEMS + 1))
    assert message.declaration is None
    assert found(message) == [("ELEMENTS_TOO_MANY", "goods_items", "42A/67A")]
    assert dict(message.findings[0].says) == {"element": "GovernmentAgencyGoodsItem", "limit": "10000"}


FLOODS = {
    "unknown elements": '"<Foo/>" * 590_000',
    "repeated elements": '"<Agent/>" * 590_000',
    "unknown attributes": """ "<AuthorisationHolder x='1'/>" * 590_000""",
    "combining letters": '"<FunctionCode>e\\u0301</FunctionCode>" * 500_000',
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_of_faults_stays_within_memory_and_answers_with_few_findings(
    name: str, peak_megabytes: Callable[[str], float]
) -> None:
    statement = f"""
message = wco.read_dec(f"<Declaration><FunctionCode>9</FunctionCode>{{{FLOODS[name]}}}</Declaration>".encode())
assert message.refused and message.declaration is None and len(message.findings) <= 1_002
assert any(finding.code == "ELEMENTS_KEPT_TOO_MANY" for finding in message.findings)
"""
    assert peak_megabytes(statement) < 256


# --- pointers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "pointer"),
    [
        ("function_code", "42A:017"),
        ("goods_items[2].gross_mass", "42A/67A/68A[2]/23A/65A:126"),
        ("goods_items[1].classifications[3].id", "42A/67A/68A[1]/23A/21A[3]:145"),
        ("goods_items[2].commodity_code", "42A/67A/68A[2]/23A/21A:145"),
        ("goods_items[2].procedure_code", "42A/67A/68A[2]/70A:166"),
        ("goods_items[2].quota_order_id", "42A/67A/68A[2]/23A/50A:401"),
        ("goods_items[2].item_charge.currency", "42A/67A/68A[2]/23A/79A:112"),
        ("goods_items[1].dangerous_goods_undg_ids[2]", "42A/67A/68A[1]/23A/12C[2]"),
        ("goods_items[1].something_else", "42A/67A/68A[1]"),
        ("goods_items", "42A/67A/68A"),
        ("importer.id", "42A/67A/74A:R038"),
        ("importer_id", "42A/67A/74A:R038"),
        ("incoterm", "42A/67A/22B:090"),
        ("exit_office_id", "42A/56A:G005"),
        ("security_consignment.itineraries[1].routing_country_code", "42A/28A/81A[1]:064"),
        ("consignment.transport_equipment[1].seals[2].id", "42A/67A/28A/31B[1]/44B[2]:165"),
        ("line 52, column 7", "42A"),
        ("", "42A"),
    ],
)
def test_a_place_in_the_declarations_words_has_its_pointer(at: str, pointer: str) -> None:
    assert pointer_of(at) == pointer


def test_a_derived_name_of_a_line_or_declaration_always_has_a_pointer() -> None:
    derived = {name for name in dir(GoodsItem) if isinstance(getattr(GoodsItem, name, None), property)}
    assert {name for name in derived if pointer_of(f"goods_items[1].{name}") == "42A/67A/68A[1]"} == set()
    derived = {name for name in dir(Declaration) if isinstance(getattr(Declaration, name, None), property)}
    assert {name for name in derived if pointer_of(name) == "42A"} == set()


def test_a_pointer_is_written_and_read() -> None:
    text = "42A/67A/68A[1]/23A/21A[3]:145"
    steps = wco.pointers_of(text)
    assert steps[2] == Pointer(sequence_numeric=1, document_section_code="68A")
    assert steps[4] == Pointer(sequence_numeric=3, document_section_code="21A", tag_id="145")
    assert wco.pointer_text(steps) == text
    assert wco.pointers_of("not a pointer") == wco.pointers_of("") == ()
    assert wco.pointers_of("42A/21A[123456]")[1].sequence_numeric is None


def test_the_rejections_of_the_samples_are_pointers_of_the_table(shared_data: Path) -> None:
    rows = (shared_data / "hmrc_cds/rejections.csv").read_text(encoding="utf-8").splitlines()[1:]
    for row in rows:
        text = row.rpartition(",")[2]
        assert wco.pointer_text(wco.pointers_of(text)) == text
    assert (
        pointer_of("goods_items[1].classifications[3].identification_type_code")
        == "42A/67A/68A[1]/23A/21A[3]:337"
    )
    assert pointer_of("authorisation_holders.id") == "42A/17C:R144"


def test_findings_are_in_order_of_place() -> None:
    broken = many_lines(12).replace(b">250.125<", b">x<")
    places = [finding.at for finding in read_dec(broken).findings]
    assert places == [f"goods_items[{number}].gross_mass" for number in range(1, 13)]


def test_a_finding_says_element_value_and_format() -> None:
    (finding,) = read_dec(changed(">250.125<", ">heavy<")).findings
    assert isinstance(finding, Finding)
    assert dict(finding.says) == {"element": "GrossMassMeasure", "value": "heavy", "form": "n..16,6"}


def test_every_finding_can_be_said(said: Callable[[Iterable[Finding]], set[str]]) -> None:
    messages = [read_dec(data) for data, _, _ in MUTATIONS.values()]
    messages += [read_dec(KEPT), read_dec(b"<w><Declaration/></w>"), read_dec(many_lines(10_001))]
    messages.append(read_dec(changed("<Declarant>", "<X/>" * 10_001 + "<Declarant>")))
    codes = said(finding for message in messages for finding in message.findings)
    assert {"ELEMENT_UNKNOWN", "WRAPPER_KEPT", "ELEMENTS_TOO_MANY", "FINDINGS_CUT", "TEXT_MISPLACED"} <= codes
