"""WCO responses (RES): what customs answers to a declaration, written and read.

One table, as for declarations (`wco_table`). `write_res` writes nothing that the schema of RES would refuse;
`read_res` reads notices of other systems too, with or without namespaces, to compare their taxes with ours.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Final, cast

import msgspec

from ..declaration import Amendment, Amount, Communication, Declaration, DutyTaxFee, Kept, Pointer, Record
from ..findings import Finding, Severity, in_order
from . import guard
from .guard import Element
from .wco import pointer_of, pointer_text, pointers_of
from .wco_table import (
    DEC,
    DECLARATION,
    HEADER,
    RES,
    Group,
    Header,
    amendments,
    amount,
    code,
    communication,
    duty_tax_fees,
    flat,
    instant,
    many,
    pointers,
    sequence,
    text,
)
from .wco_validation_codes import UNNUMBERED, VALIDATION_CODES
from .wco_walk import CannotWrite, Cut, Reader, Writer, graft, is_home, serialise

__all__ = [
    "CannotWrite",
    "ContactOffice",
    "Error",
    "PaymentDue",
    "Response",
    "ResponseKind",
    "Statement",
    "Status",
    "TaxedItem",
    "errors_of",
    "finding_code",
    "read_res",
    "rejected",
    "write_res",
]


class ResponseKind(enum.Enum):
    """What a response tells, by its function code (profile DMS; 14, 15, 18 as read off single samples)."""

    ACCEPTED = "01"
    RECEIVED = "02"
    REJECTED = "03"
    CONTROL = "05"
    """The goods are to be inspected."""
    DOCUMENTS = "06"
    """Documents are to be presented."""
    RESUMED = "07"
    """Processing goes on with what an amendment or arrival changed."""
    RELEASED = "08"
    CLEARED = "09"
    INVALIDATED = "10"
    QUERY = "11"
    """Something is asked of the declarant, or about his request."""
    TAX = "13"
    FUNDS_INSUFFICIENT = "14"
    FUNDS_REMINDER = "15"
    EXITED = "16"
    EXIT_REMINDER = "18"


class Statement(Record, frozen=True, kw_only=True):
    """Additional information of a response; limit_time: until when what it says must be done."""

    statement_code: str = ""
    statement_description: str = ""
    limit_time: datetime | None = None
    statement_type_code: str = ""
    pointers: tuple[Pointer, ...] = ()


class ContactOffice(Record, frozen=True, kw_only=True):
    id: str = ""
    communications: tuple[Communication, ...] = ()


class Error(Record, frozen=True, kw_only=True):
    """One thing that is wrong, and where; see `errors_of`."""

    description: str = ""
    validation_code: str = ""
    pointers: tuple[Pointer, ...] = ()

    @property
    def pointer(self) -> str:
        """As people write it: "42A/67A/68A[1]/23A/21A[3]:145"."""
        return pointer_text(self.pointers)


class Status(Record, frozen=True, kw_only=True):
    """name_code: for taxes 67 indicative and 4 final (our reading of the samples), 39 asked for."""

    effective_time: datetime | None = None
    name_code: str = ""
    release_time: datetime | None = None
    pointers: tuple[Pointer, ...] = ()


class PaymentDue(Record, frozen=True, kw_only=True):
    """A sum of the whole declaration: what is to be paid until when, on which guarantees or accounts."""

    reference_id: str = ""
    tax_assessed_amount: Amount | None = None
    due_time: datetime | None = None
    payment_amount: Amount | None = None
    guarantee_reference_ids: tuple[str, ...] = ()


class TaxedItem(Record, frozen=True, kw_only=True):
    """The taxes of one goods item: base, rate, deduction, assessed and payable amount of each."""

    sequence_numeric: int | None = None
    duty_tax_fees: tuple[DutyTaxFee, ...] = ()


class Response(Record, frozen=True, kw_only=True):
    """An answer about one declaration (or about a message that never became one).

    functional_reference_id: the sender's own number of this answer. declaration_reference_id: the declarant's
    reference; declaration_id: the customs number; version_id: the version it is about, from 1.
    changed: what a resumed declaration has changed, named by `amendments`.
    """

    function_code: str = ""
    functional_reference_id: str = ""
    issue_time: datetime | None = None
    additional_informations: tuple[Statement, ...] = ()
    amendments: tuple[Amendment, ...] = ()
    appeal_office_id: str = ""
    bank_reference_id: str = ""
    bank_id: str = ""
    contact_offices: tuple[ContactOffice, ...] = ()
    errors: tuple[Error, ...] = ()
    statuses: tuple[Status, ...] = ()
    acceptance_time: datetime | None = None
    cancellation_time: datetime | None = None
    declaration_reference_id: str = ""
    declaration_id: str = ""
    rejection_time: datetime | None = None
    version_id: str = ""
    payments: tuple[PaymentDue, ...] = ()
    taxed_items: tuple[TaxedItem, ...] = ()
    changed: Declaration | None = None
    kept: tuple[Kept, ...] = ()
    findings: tuple[Finding, ...] = ()
    """What the reader found; never written."""

    @property
    def kind(self) -> ResponseKind | None:
        """None for a function code of another profile."""
        return _KINDS.get(self.function_code)

    @property
    def tax_lines(self) -> Iterator[tuple[int | None, DutyTaxFee]]:
        """Item number and tax, in the response's order."""
        return ((item.sequence_numeric, tax) for item in self.taxed_items for tax in item.duty_tax_fees)


_KINDS: Final = {kind.value: kind for kind in ResponseKind}

_CHANGED: Final = "ChangedDeclaration"
"""The second Declaration of a response, under a name of its own."""

RESPONSE: Final = Group(
    "Response",
    "07B",
    (
        code("FunctionCode", "function_code", "017", "n..2", required=True),
        code("FunctionalReferenceID", "functional_reference_id", "D026", "an..35"),
        instant("IssueDateTime", "issue_time", "D029"),
        many(
            "AdditionalInformation",
            "03A",
            "additional_informations",
            Statement,
            code("StatementCode", "statement_code", "226", "an..17"),
            text("StatementDescription", "statement_description", "225", "an..512"),
            instant("LimitDateTime", "limit_time", "264"),
            code("StatementTypeCode", "statement_type_code", "369", "an..3"),
            pointers(),
        ),
        amendments(),
        flat("AppealOffice", "07A", code("ID", "appeal_office_id", "G001", "an..17")),
        flat(
            "Bank",
            "14A",
            code("ReferenceID", "bank_reference_id", "R069", "an..17"),
            code("ID", "bank_id", "372", "an..35"),
        ),
        many(
            "ContactOffice",
            "35A",
            "contact_offices",
            ContactOffice,
            code("ID", "id", "G002", "an..17"),
            many("Communication", "25A", "communications", Communication, *communication().children),
        ),
        many(
            "Error",
            "53A",
            "errors",
            Error,
            text("Description", "description", "488", "an..512"),
            code("ValidationCode", "validation_code", "377", "an..8"),
            pointers(),
        ),
        many(
            "Status",
            "12B",
            "statuses",
            Status,
            instant("EffectiveDateTime", "effective_time", "380"),
            code("NameCode", "name_code", "379", "an..3"),
            instant("ReleaseDateTime", "release_time", "277"),
            pointers(),
        ),
        Group(
            "Declaration",
            "42A",
            (
                instant("AcceptanceDateTime", "acceptance_time", "023"),
                instant("CancellationDateTime", "cancellation_time", "373"),
                code("FunctionalReferenceID", "declaration_reference_id", "D026", "an..35"),
                code("ID", "declaration_id", "D014", "an..70"),
                instant("RejectionDateTime", "rejection_time", "374"),
                code("VersionID", "version_id", "383", "an..9"),
                many(
                    "DutyTaxFee",
                    "50A",
                    "payments",
                    PaymentDue,
                    flat(
                        "Payment",
                        "94A",
                        code("ReferenceID", "reference_id", "014", "an..35"),
                        amount("TaxAssessedAmount", "tax_assessed_amount", "120"),
                        instant("DueDateTime", "due_time", "376"),
                        amount("PaymentAmount", "payment_amount", "378"),
                        Group(
                            "ObligationGuarantee",
                            "90A",
                            (code("ReferenceID", "", "100", "an..35"),),
                            "guarantee_reference_ids",
                            many=True,
                        ),
                    ),
                ),
                flat(
                    "GoodsShipment",
                    "67A",
                    many(
                        "GovernmentAgencyGoodsItem",
                        "68A",
                        "taxed_items",
                        TaxedItem,
                        sequence(),
                        flat(
                            "Commodity",
                            "23A",
                            duty_tax_fees(
                                flat(
                                    "Payment",
                                    "94A",
                                    amount("TaxAssessedAmount", "tax_assessed_amount", "120"),
                                    amount("PaymentAmount", "payment_amount", "378"),
                                )
                            ),
                        ),
                    ),
                ),
            ),
            required=True,
        ),
        Group(
            _CHANGED,
            "42A",
            DECLARATION.children,
            "changed",
            Declaration,
            element="Declaration",
            namespace=DEC,
        ),
    ),
    record=Response,
    namespace=RES,
)


# --- errors --------------------------------------------------------------------------------------------------


def errors_of(
    findings: Iterable[Finding], describe: Callable[[Finding], str] | None = None
) -> tuple[Error, ...]:
    """Findings as errors of a response: the number of the code, the pointer, a description.

    describe: the sentence in the declarant's language; by default the code and the place themselves. A finding
    without a pointer gets that of its place, or of the declaration.
    """
    return tuple(
        Error(
            description=guard.shown(
                describe(finding) if describe else f"{finding.code} {finding.at}", 512
            ).strip(),
            validation_code=VALIDATION_CODES.get(finding.code, UNNUMBERED),
            pointers=pointers_of(finding.pointer) or pointers_of(pointer_of(finding.at)),
        )
        for finding in findings
    )


def finding_code(error: Error) -> str:
    """The code of the finding behind an error of ours; "" for a number that is not ours."""
    return _FINDING_CODES.get(error.validation_code, "")


_FINDING_CODES: Final = {number: finding for finding, number in VALIDATION_CODES.items()}


def rejected(
    findings: Iterable[Finding],
    *,
    functional_reference_id: str,
    issue_time: datetime,
    declaration: Declaration | None = None,
    describe: Callable[[Finding], str] | None = None,
) -> Response:
    """The rejection of a message, whether or not it could be read as a declaration.

    References of the declarant are given back only as far as they are fit to be: a reference of a hundred
    characters may be why the message is rejected.
    """
    reference, number = (
        (declaration.functional_reference_id, declaration.declaration_id) if declaration else ("", "")
    )
    return Response(
        function_code=ResponseKind.REJECTED.value,
        functional_reference_id=functional_reference_id,
        issue_time=issue_time,
        errors=errors_of(findings, describe),
        declaration_reference_id=_given_back(reference, 35),
        declaration_id=_given_back(number, 70),
        rejection_time=issue_time,
    )


def _given_back(value: str, longest: int) -> str:
    return "" if guard.text_findings(value, "", identifier=True, longest=longest) else value


# --- writing and reading -------------------------------------------------------------------------------------

_HEADER: Final = Header(model_version="3.6", type_name="RES")


def write_res(response: Response, header: Header = _HEADER) -> bytes:
    """A response as UTF-8 XML, valid by the schema of RES; CannotWrite for a value the schema would refuse."""
    response = msgspec.structs.replace(response, findings=())
    writer = Writer(strict=True)
    node = writer.node(response, RESPONSE)
    graft(node, response.kept)
    envelope = writer.node(header, HEADER)
    envelope.add(node)
    return serialise(envelope)


def read_res(data: bytes) -> Response:
    """The first response of a document. What is wrong with it is in `findings`, what is not known in `kept`.

    A document without one gives a response without function code, and the finding that says why.
    """
    root = guard.parse(data)
    if isinstance(root, Finding):
        return Response(findings=(root,))
    responses = list(_responses(root))
    if not responses:
        says = {
            "root": root.name,
            "namespace": root.namespace,
            "line": str(root.line),
            "column": str(root.column),
        }
        return Response(findings=(Finding("DOCUMENT_NOT_A_RESPONSE", f"line {root.line}", says),))
    element = responses[0]
    _name_declarations(element)
    reader = Reader(blank=True)
    if len(responses) > 1:
        says = {"count": str(len(responses))}
        reader.find(element, "RESPONSE_REPEATED", "", "07B", says, Severity.WARNING)
    try:
        response = cast(Response, reader.read(element, RESPONSE))
    except Cut as cut:
        return Response(findings=in_order((cut.finding, *reader.findings)))
    return msgspec.structs.replace(response, kept=tuple(reader.kept), findings=in_order(reader.findings))


def _responses(element: Element) -> Iterator[Element]:
    if element.name == RESPONSE.name and is_home(element.namespace):
        yield element
    else:
        for child in element:
            yield from _responses(child)


def _name_declarations(response: Element) -> None:
    """Tell the declaration that is answered from the one that holds what has changed: namespace, else order."""
    seen = False
    for child in response:
        if child.name == DECLARATION.name and is_home(child.namespace):
            if seen or child.namespace == DEC:
                child.name = _CHANGED
            seen = True
