"""Responses: each kind valid by the schema, read back as written, and the notices of another system."""

import csv
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from lxml import etree

from thongquan import words
from thongquan.engine.declaration import (
    Amendment,
    Amount,
    Communication,
    Declaration,
    DutyTaxFee,
    Pointer,
    Quantity,
)
from thongquan.engine.findings import Finding
from thongquan.engine.formats import responses
from thongquan.engine.formats.responses import (
    CannotWrite,
    ContactOffice,
    Error,
    PaymentDue,
    Response,
    ResponseKind,
    Statement,
    Status,
    TaxedItem,
    errors_of,
    finding_code,
    read_res,
    rejected,
    write_res,
)
from thongquan.engine.formats.wco import Header, Kind, read_dec
from thongquan.engine.formats.wco_validation_codes import UNNUMBERED, VALIDATION_CODES
from thongquan.engine.money import millionths_of

NOON = datetime(2020, 6, 30, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def schema(shared_data: Path) -> etree.XMLSchema:
    folder = shared_data / "hmrc_cds/schemas/wco/notification"
    both = (
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
        '<xs:import namespace="urn:wco:datamodel:WCO:DocumentMetaData-DMS:2"'
        ' schemaLocation="DocumentMetaData_2_DMS.xsd"/>'
        '<xs:import namespace="urn:wco:datamodel:WCO:RES-DMS:2" schemaLocation="WCO_RES_2_DMS.xsd"/></xs:schema>'
    )
    return etree.XMLSchema(etree.fromstring(both, base_url=str(folder / "both.xsd")))


def vnd(amount: str) -> Amount:
    return Amount(millionths=millionths_of(amount), currency="VND")


IMPORT_DUTY = DutyTaxFee(
    type_code="NK",
    duty_regime_code="B01",
    ad_valorem_tax_base=vnd("23150500"),
    tax_rate_millionths=millionths_of("8.5"),
    deduct_amount=vnd("0"),
    tax_assessed_amount=vnd("1967792"),
    payment_amount=vnd("1967792"),
)
EXCISE = DutyTaxFee(
    type_code="DB",
    specific_tax_base=Quantity(millionths=millionths_of("12.5"), unit="LTR"),
    tax_rate_millionths=millionths_of("1000"),
    tax_assessed_amount=vnd("12500"),
    payment_amount=vnd("12500"),
)

# What a response of each kind may tell beside the declaration that it is about.
TELLS: dict[ResponseKind, dict[str, Any]] = {
    ResponseKind.ACCEPTED: {"acceptance_time": NOON},
    ResponseKind.RECEIVED: {},
    ResponseKind.REJECTED: {
        "rejection_time": NOON,
        "errors": errors_of(
            [
                Finding("COMMODITY_NOT_IN_FORCE", "goods_items[2].commodity_code"),
                Finding("VALUE_TOO_LONG", "importer.name", pointer="42A/67A/74A:R037"),
            ]
        ),
    },
    ResponseKind.CONTROL: {
        "contact_offices": (
            ContactOffice(id="20CF", communications=(Communication(id="0203000000", type_code="TE"),)),
        ),
    },
    ResponseKind.DOCUMENTS: {
        "additional_informations": (
            Statement(statement_code="ACA", limit_time=NOON, statement_type_code="ACA"),
        )
    },
    ResponseKind.RESUMED: {
        "amendments": (
            Amendment(
                change_reason_code="28",
                pointers=(Pointer(document_section_code="42A", tag_id="146"),),
            ),
        ),
        "changed": Declaration(function_code="9", total_package_quantity=53, acceptance_time=NOON),
    },
    ResponseKind.RELEASED: {"statuses": (Status(release_time=NOON, name_code="GPH"),)},
    ResponseKind.CLEARED: {
        "additional_informations": (Statement(statement_code="A1", statement_type_code="AFB"),)
    },
    ResponseKind.INVALIDATED: {"cancellation_time": NOON},
    ResponseKind.QUERY: {"statuses": (Status(name_code="39"),)},
    ResponseKind.TAX: {
        "bank_reference_id": "KBNN",
        "bank_id": "7111",
        "statuses": (Status(name_code="4", effective_time=NOON),),
        "payments": (
            PaymentDue(
                reference_id="TB-1",
                tax_assessed_amount=vnd("1980292"),
                due_time=NOON,
                payment_amount=vnd("1980292"),
                guarantee_reference_ids=("BL-1", "BL-2"),
            ),
        ),
        "taxed_items": (TaxedItem(sequence_numeric=1, duty_tax_fees=(IMPORT_DUTY, EXCISE)),),
    },
    ResponseKind.FUNDS_INSUFFICIENT: {"payments": (PaymentDue(payment_amount=vnd("1980292")),)},
    ResponseKind.FUNDS_REMINDER: {"payments": (PaymentDue(payment_amount=vnd("1980292")),)},
    ResponseKind.EXITED: {"statuses": (Status(name_code="A1", effective_time=NOON),)},
    ResponseKind.EXIT_REMINDER: {
        "additional_informations": (Statement(limit_time=NOON, statement_type_code="CEX"),),
        "appeal_office_id": "20CF",
    },
}


def response(kind: ResponseKind) -> Response:
    return Response(
        function_code=kind.value,
        functional_reference_id="TQ-2020-1",
        issue_time=NOON,
        declaration_reference_id="QN-2020-000123",
        declaration_id="102030405060",
        version_id="1",
        **TELLS[kind],
    )


@pytest.mark.parametrize("kind", ResponseKind)
def test_a_response_of_each_kind_is_read_back_as_written(kind: ResponseKind) -> None:
    told = response(kind)
    again = read_res(write_res(told))
    assert again == told
    assert again.kind is kind


@pytest.mark.parametrize("kind", ResponseKind)
def test_a_response_of_each_kind_is_valid_by_the_schema(kind: ResponseKind, schema: etree.XMLSchema) -> None:
    assert schema.validate(etree.fromstring(write_res(response(kind)))), schema.error_log


def test_a_response_that_tells_everything_is_valid(schema: etree.XMLSchema) -> None:
    everything: dict[str, Any] = {}
    for tells in TELLS.values():
        everything |= tells
    told = msgspec.structs.replace(response(ResponseKind.TAX), **everything)
    header = Header(model_version="3.6", type_name="RES", country_code="VN", agency_name="Hải quan")
    written = write_res(told, header)
    assert schema.validate(etree.fromstring(written)), schema.error_log
    assert read_res(written) == told


def test_taxes_are_listed_by_line() -> None:
    lines = list(read_res(write_res(response(ResponseKind.TAX))).tax_lines)
    assert lines == [(1, IMPORT_DUTY), (1, EXCISE)]


def test_an_error_has_the_number_of_the_code_a_pointer_and_a_description() -> None:
    first, second = TELLS[ResponseKind.REJECTED]["errors"]
    assert first == Error(
        description="COMMODITY_NOT_IN_FORCE goods_items[2].commodity_code",
        validation_code=VALIDATION_CODES.get("COMMODITY_NOT_IN_FORCE", UNNUMBERED),
        pointers=(
            Pointer(document_section_code="42A"),
            Pointer(document_section_code="67A"),
            Pointer(document_section_code="68A", sequence_numeric=2),
            Pointer(document_section_code="23A"),
            Pointer(document_section_code="21A", tag_id="145"),
        ),
    )
    assert second.pointer == "42A/67A/74A:R037"
    assert finding_code(second) == "VALUE_TOO_LONG"
    assert finding_code(Error(validation_code="CDS12056")) == ""


def test_an_error_speaks_the_declarants_language_when_told_how() -> None:
    (error,) = errors_of(
        [Finding("VALUE_EMPTY", "ucr.id")], describe=lambda finding: "Thẻ ID không có giá trị."
    )
    assert error.description == "Thẻ ID không có giá trị."
    assert error.pointer == "42A/67A/35B:016"


def test_a_description_quotes_nothing_that_would_break_the_answer(schema: etree.XMLSchema) -> None:
    nasty = "e\u0302 \u202e\x00\ud800 <b>&" + "x" * 600
    (error,) = errors_of([Finding("VALUE_EMPTY")], describe=lambda finding: nasty)
    assert error.description.startswith("ê ??? <b>&x")
    assert len(error.description) == 512
    answer = Response(function_code="03", errors=(error,))
    written = write_res(answer)
    assert schema.validate(etree.fromstring(written)), schema.error_log
    assert read_res(written) == answer


@pytest.mark.parametrize(
    ("reference", "given_back"), [("QN-1", "QN-1"), ("x" * 36, ""), ("A\u0410", ""), ("a\u200bb", "")]
)
def test_a_rejection_gives_back_a_reference_only_if_it_is_fit_to_be(reference: str, given_back: str) -> None:
    message = Declaration(functional_reference_id=reference, declaration_id="102030405060")
    answer = rejected([], functional_reference_id="R", issue_time=NOON, declaration=message)
    assert answer.declaration_reference_id == given_back
    assert answer.declaration_id == "102030405060"
    assert read_res(write_res(answer)) == answer


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"functional_reference_id": "x" * 36}, "functional_reference_id"),
        ({"function_code": "A"}, "function_code"),
        ({"function_code": ""}, "function_code"),
        ({"issue_time": datetime(2020, 6, 30)}, "issue_time"),
        ({"bank_id": "\u200b"}, "bank_id"),
        (
            {"taxed_items": (TaxedItem(sequence_numeric=1, duty_tax_fees=(DutyTaxFee(type_code="TTDB"),)),)},
            "taxed_items[1].duty_tax_fees[1].type_code",
        ),
        (
            {"payments": (PaymentDue(payment_amount=Amount(millionths=1, currency="VND")),)},
            "payments[1].payment_amount",
        ),
        (
            {"payments": (PaymentDue(payment_amount=Amount(millionths=1_000_000, currency="dong")),)},
            "payments[1].payment_amount",
        ),
        ({"taxed_items": (TaxedItem(),)}, "taxed_items[1].sequence_numeric"),
        (
            {
                "taxed_items": (
                    TaxedItem(sequence_numeric=1, duty_tax_fees=(DutyTaxFee(quota_order_id="1"),)),
                )
            },
            "taxed_items[1].duty_tax_fees[1].quota_order_id",
        ),
    ],
)
def test_what_the_schema_would_refuse_is_not_written(change: dict[str, Any], at: str) -> None:
    with pytest.raises(CannotWrite) as caught:
        write_res(msgspec.structs.replace(response(ResponseKind.RECEIVED), **change))
    assert caught.value.at == at


def test_something_else_is_not_a_response() -> None:
    for data, code in ((b"<Declaration/>", "DOCUMENT_NOT_A_RESPONSE"), (b"", "XML_EMPTY")):
        answer = read_res(data)
        assert answer.kind is None
        assert [finding.code for finding in answer.findings] == [code]


def test_the_first_of_several_responses_is_read_and_the_others_are_mentioned() -> None:
    one = "<Response><FunctionCode>0{}</FunctionCode><Declaration/></Response>"
    answer = read_res(f"<MetaData>{one.format(1)}{one.format(9)}</MetaData>".encode())
    assert answer.kind is ResponseKind.ACCEPTED
    assert [finding.code for finding in answer.findings] == ["RESPONSE_REPEATED"]


def test_a_flood_of_unknown_elements_gives_no_response() -> None:
    data = f"<Response><FunctionCode>01</FunctionCode>{'<X/>' * 10_001}</Response>"
    answer = read_res(data.encode())
    assert answer.kind is None
    assert answer.findings[0].code == "ELEMENTS_KEPT_TOO_MANY"


def test_every_finding_can_be_said(said: Callable[[Iterable[Finding]], set[str]]) -> None:
    one = "<Response><FunctionCode>01</FunctionCode><Declaration/></Response>"
    answers = [read_res(b"<Declaration/>"), read_res(f"<MetaData>{one}{one}</MetaData>".encode())]
    codes = said(finding for answer in answers for finding in answer.findings)
    assert codes == {"DOCUMENT_NOT_A_RESPONSE", "RESPONSE_REPEATED"}


def test_every_code_of_the_formats_has_a_number_of_its_own(repository: Path) -> None:
    numbers = list(VALIDATION_CODES.values())
    assert len(set(numbers)) == len(numbers)
    assert UNNUMBERED not in numbers
    assert all(re.fullmatch(r"TQ\d{5}", number) for number in numbers)
    written = tomllib.loads((repository / "src/thongquan/words/formats.toml").read_text(encoding="utf-8"))
    assert set(written["finding"]) <= set(VALIDATION_CODES)


# --- the notices of the samples --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def notices(sample_messages: dict[str, bytes]) -> dict[str, Response]:
    read = {name: read_res(data) for name, data in sample_messages.items()}
    return {name: answer for name, answer in read.items() if answer.function_code}


def test_all_318_notices_are_read(notices: dict[str, Response]) -> None:
    assert Counter(answer.kind for answer in notices.values()) == {
        ResponseKind.ACCEPTED: 68,
        ResponseKind.RECEIVED: 23,
        ResponseKind.REJECTED: 4,
        ResponseKind.CONTROL: 2,
        ResponseKind.DOCUMENTS: 3,
        ResponseKind.RESUMED: 12,
        ResponseKind.RELEASED: 4,
        ResponseKind.CLEARED: 66,
        ResponseKind.INVALIDATED: 2,
        ResponseKind.QUERY: 9,
        ResponseKind.TAX: 117,
        ResponseKind.FUNDS_INSUFFICIENT: 2,
        ResponseKind.FUNDS_REMINDER: 1,
        ResponseKind.EXITED: 4,
        ResponseKind.EXIT_REMINDER: 1,
    }
    # Five times are not of the format they claim, or claim none.
    faults = Counter(finding.code for answer in notices.values() for finding in answer.findings)
    assert faults == {"TIME_MALFORMED": 5}


def test_each_notice_is_the_same_after_writing_and_reading(notices: dict[str, Response]) -> None:
    for name, answer in notices.items():
        assert read_res(write_res(answer)) == answer, name


def test_notices_are_written_valid_but_for_five_times_that_were_kept(
    notices: dict[str, Response], schema: etree.XMLSchema
) -> None:
    invalid = [
        name for name, answer in notices.items() if not schema.validate(etree.fromstring(write_res(answer)))
    ]
    assert len(invalid) == 5
    assert all(notices[name].kept for name in invalid)


def test_the_tax_lines_are_those_extracted_by_others(notices: dict[str, Response], shared_data: Path) -> None:
    def millionths(text: str) -> int | None:
        return millionths_of(text) if text else None

    def of(amount: Amount | Quantity | None) -> int | None:
        return amount.millionths if amount else None

    with (shared_data / "hmrc_cds/tax_lines.csv").open(encoding="utf-8") as file:
        expected = Counter(
            (
                row["file"],
                int(row["item"]),
                row["tax"],
                row["regime"],
                *(
                    millionths(row[n])
                    for n in ("base_amt", "base_qty", "rate", "deduct", "assessed", "payable")
                ),
            )
            for row in csv.DictReader(file)
        )
    found = Counter(
        (
            name,
            item,
            tax.type_code,
            tax.duty_regime_code,
            of(tax.ad_valorem_tax_base),
            of(tax.specific_tax_base),
            tax.tax_rate_millionths,
            of(tax.deduct_amount),
            of(tax.tax_assessed_amount),
            of(tax.payment_amount),
        )
        for name, answer in notices.items()
        for item, tax in answer.tax_lines
    )
    assert sum(expected.values()) == 332
    assert found == expected


def test_the_rejections_are_those_extracted_by_others(
    notices: dict[str, Response], shared_data: Path
) -> None:
    with (shared_data / "hmrc_cds/rejections.csv").open(encoding="utf-8") as file:
        expected = Counter(
            (
                row["file"].removeprefix("samples/"),
                row["response_function_code"],
                row["validation_code"],
                row["pointer"],
            )
            for row in csv.DictReader(file)
        )
    found = Counter(
        (name, answer.function_code, error.validation_code, error.pointer)
        for name, answer in notices.items()
        for error in answer.errors
    )
    assert found == expected


def test_a_resumed_declaration_tells_what_has_changed(notices: dict[str, Response]) -> None:
    answer = notices["Example_DMS_notifications/07_DMSRES.xml"]
    assert answer.changed is not None
    assert answer.changed.consignment is not None
    assert answer.changed.consignment.goods_location is not None
    assert answer.changed.consignment.goods_location.name == "LHRLHRLHR"
    assert answer.declaration_id == "19GBCKKCQSXV2FGVA8"


def test_a_rejection_of_an_unreadable_document_is_valid(schema: etree.XMLSchema) -> None:
    message = read_dec(b"<Declaration>")
    answer = rejected(message.findings, functional_reference_id="R-1", issue_time=NOON)
    written = write_res(answer)
    assert schema.validate(etree.fromstring(written)), schema.error_log
    (error,) = responses.read_res(written).errors
    assert (finding_code(error), error.pointer) == ("XML_NOT_WELL_FORMED", "42A")


def test_every_kind_of_message_and_response_has_its_words() -> None:
    assert words.identifiers("message") == tuple(sorted(kind.name for kind in Kind))
    assert words.identifiers("response") == tuple(sorted(kind.name for kind in ResponseKind))
