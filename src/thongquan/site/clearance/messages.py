"""Messages in and out: what came, what an amendment changes, and what the declarant is told. Formats do the writing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ... import words
from ...engine.assessment.scalar import TaxAmount
from ...engine.assessment.whole import Assessment
from ...engine.declaration import Amount, DutyTaxFee
from ...engine.declaration import Declaration as Declared
from ...engine.findings import Finding
from ...engine.formats import amending, json_lines, reading, responses
from ...engine.formats.responses import PaymentDue, Response, ResponseKind, Statement, Status, TaxedItem
from ...engine.lifecycle.machine import Event
from ...engine.money import MILLIONTHS
from ...engine.risk.channels import Channel
from ...packs import files
from ...packs.pack import Kind, Pack
from ..kit.canonical import canonical, sha256

if TYPE_CHECKING:
    from .perform import Told

# reading


@dataclass(frozen=True, slots=True)
class Read:
    """A message as it was read. declaration: None where nothing could be made of it. content: its bytes, None when it
    was given as data. hash: of the bytes, or of the canonical form: the same message has the same."""

    declaration: Declared | None
    findings: tuple[Finding, ...]
    content: bytes | None
    hash: str


def read(message: bytes | Declared | Read, pack: Pack) -> Read:
    """A message that holds one declaration, in any format that we read, with the zone and the unit of rates that the
    pack gives. What was read already stays as it is. MESSAGE_HAS_SEVERAL for a file of many."""
    if isinstance(message, Read):
        return message
    if isinstance(message, Declared):
        return Read(message, (), None, hash_of(canonical_bytes(message)))
    readings = readings_of("", message, pack)
    first = next(readings)
    if next(readings, None) is not None:
        return Read(None, (Finding("MESSAGE_HAS_SEVERAL"),), message, hash_of(message))
    return read_alone(first, message)


def readings_of(name: str, data: bytes, pack: Pack) -> Iterator[reading.Reading]:
    """Every declaration of a file, as the pack's country writes days and rates, its traders' own layouts among them."""
    own = files.read_own(data, pack)
    if own is not None and own.history:
        # A register is not read to its end only to refuse each of its rows.
        finding = Finding("DECLARATION_HAS_NUMBER", says={"number": own.history})
        return iter((reading.Reading("", None, (finding,)),))
    if own is not None:
        return own.readings
    return files.read_common(name, data, pack)


def read_alone(only: reading.Reading, content: bytes) -> Read:
    """The one declaration of a file with the file's own bytes, which are kept as evidence of what was sent."""
    # One that is refused is there too, so that a rejection can name its reference.
    return Read(only.declaration or only.refused, only.findings, content, hash_of(content))


def read_once(one: reading.Reading, path: Path) -> Read:
    """A declaration of a file as it has been read. A file that is one message is kept byte for byte; a row of a table
    and a part of a file are known by what they declare."""
    assert one.declaration is not None
    if one.is_message:
        return read_alone(one, path.read_bytes())
    return Read(one.declaration, one.findings, None, hash_of(canonical_bytes(one.declaration)))


def canonical_bytes(declaration: Declared) -> bytes:
    """What is stored and hashed of a version."""
    return json_lines.write_json(declaration)


def canonical_text(value: Any) -> str:
    return canonical(value).decode()


hash_of = sha256


_TELLABLE = re.compile(r"[!-~]{1,35}")
LONGEST_TRADER: Final = 64


def unlodgeable(declaration: Declared, kind: Kind, pack: Pack, day: date) -> tuple[Finding, ...]:
    """Why an original cannot be given a number or be answered at all, however right it may be otherwise.

    DECLARATION_HAS_NUMBER: it is one already. OFFICE_UNKNOWN: no number can be made for its office.
    REFERENCE_UNTELLABLE: no message can name its reference. TRADER_TOO_LONG: no register has such a number.
    """
    found = []
    if declaration.declaration_id and not pack.external_references:
        says = {"number": declaration.declaration_id[:40]}
        found.append(Finding("DECLARATION_HAS_NUMBER", at="declaration_id", says=says))
    office, reference = pack.office_of(declaration), declaration.functional_reference_id
    try:
        pack.number(office, day.year, 1, kind)
    except ValueError:
        found.append(Finding("OFFICE_UNKNOWN", at="declaration_office_id", says={"office": office[:40]}))
    if reference and not _TELLABLE.fullmatch(reference):
        try:
            responses.write_res(
                Response(
                    function_code=ResponseKind.RECEIVED.value,
                    functional_reference_id="0",
                    declaration_reference_id=reference,
                )
            )
        except responses.CannotWrite:
            says = {"reference": reference[:40]}
            found.append(Finding("REFERENCE_UNTELLABLE", at="functional_reference_id", says=says))
    trader = pack.trader_of(declaration)
    if len(trader) > LONGEST_TRADER:
        found.append(Finding("TRADER_TOO_LONG", at="declarant.id", says={"trader": trader[:40]}))
    return tuple(found)


def reason(message: Declared) -> str:
    """Why a declarant amends or cancels: his own words, else the reason code of the message."""
    for information in message.additional_informations:
        if information.statement_description:
            return information.statement_description
    return next((change.change_reason_code for change in message.amendments if change.change_reason_code), "")


# changing


@dataclass(frozen=True, slots=True)
class Changed:
    """A declaration after an amendment. differences: one for each element. groups: what the lifecycle calls them."""

    declaration: Declared
    differences: tuple[amending.Change, ...]
    groups: tuple[str, ...]
    notes: tuple[Finding, ...]

    @property
    def text(self) -> str:
        """The differences as they are stored: path, before and after, in the message's order."""
        return canonical_text(
            [
                {"path": c.path, "pointer": c.pointer, "before": _plain(c.before), "after": _plain(c.after)}
                for c in self.differences
            ]
        )


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)


def changed(before: Declared, message: Declared) -> Changed | tuple[Finding, ...]:
    """The declaration as an amendment makes it, or every reason why it cannot.

    A message of function 9 is the whole declaration as it should be; any other names its changes by pointers. The
    number, the reference and the type of a declaration are not amended: they are what it is known by.
    """
    if message.function_code == "9":
        kept = msgspec.structs.replace(
            message,
            functional_reference_id=before.functional_reference_id,
            declaration_id=before.declaration_id,
            type_code=before.type_code,
        )
        differences = amending.diff(before, kept)
        return Changed(kept, differences, groups_of(differences), ())
    amended = amending.amend(before, message)
    if isinstance(amended, tuple):
        return amended
    return Changed(amended.declaration, amended.changes, groups_of(amended.changes), amended.notes)


_GROUPS: Final[Mapping[str, str]] = {
    # of the declaration
    "invoice_amount": "value", "freight_charge": "value", "charge_deductions": "value", "trade_terms": "value",
    "currency_exchanges": "value", "invoice": "value",
    "declarant": "parties", "agent": "parties", "exporter": "parties", "importer": "parties", "buyer": "parties",
    "seller": "parties", "consignee": "parties", "consignor": "parties", "payer": "payment", "surety": "payment",
    "guarantees": "payment", "authorisation_holders": "documents", "additional_documents": "documents",
    "previous_documents": "documents", "border_transport_means": "transport", "consignment": "transport",
    "security_consignment": "transport", "exit_office_id": "transport", "exit_time": "transport",
    "warehouse": "transport", "export_country_id": "origin", "total_gross_mass": "goods",
    "total_package_quantity": "goods", "goods_item_quantity": "goods", "domestic_duty_tax_parties": "parties",
    "aeo_mutual_recognition_parties": "parties", "ucr": "documents", "destination": "transport",
    # of a goods item
    "item_charge": "value", "customs_value": "value", "statistical_value": "value", "valuation_method_code": "value",
    "valuation_adjustment_code": "value", "origins": "origin", "duty_tax_fees": "payment", "procedures": "goods",
    "additional_informations": "other", "transport_equipment": "transport",
}  # fmt: skip
"""Which group of the lifecycle's CHANGED a field belongs to. Of a goods item, a field that is not named here is
"goods"; of the declaration, "other"."""

_PREFERENCE_FIELDS: Final = frozenset({"duty_regime_code", "quota_order_id"})


def groups_of(differences: Sequence[amending.Change]) -> tuple[str, ...]:
    """The groups that differences touch, sorted. A whole line added or taken away touches goods, value and origin."""
    groups: set[str] = set()
    for difference in differences:
        groups |= _groups(re.sub(r"\[\d+\]", "", difference.path).split("."))
    return tuple(sorted(groups))


def _groups(fields: Sequence[str]) -> set[str]:
    if fields[0] != "goods_items":
        return {_GROUPS.get(fields[0], "other")}
    if len(fields) == 1:
        return {"goods", "value", "origin"}
    if _PREFERENCE_FIELDS & set(fields):
        return {"origin"}
    return {_GROUPS.get(fields[1], "goods")}


# telling

type Writer = Callable[[Told], bytes]

FINAL, INDICATIVE = "4", "67"
"""Status of a tax notice: the amount stands, or may still change."""


def _written(told: Told, kind: ResponseKind, **says: Any) -> bytes:
    row = told.locked.row
    response = Response(
        function_code=kind.value,
        functional_reference_id=told.identifier,
        issue_time=_second(told.event.at),
        declaration_reference_id=row.functional_reference,
        declaration_id=row.number,
        version_id=str(told.after.version),
        **says,
    )
    return responses.write_res(response)


def _second(at: datetime) -> datetime:
    """The whole second that an instant lies in: the format has no smaller part."""
    return at.replace(microsecond=0)


def received(told: Told) -> bytes:
    """It has come, and has its number."""
    return _written(told, ResponseKind.RECEIVED)


def accepted(told: Told) -> bytes:
    """It is registered."""
    return _written(told, ResponseKind.ACCEPTED, acceptance_time=_second(told.event.at))


def rejected(told: Told, reasons: Sequence[Finding]) -> bytes:
    """It is not registered, for these reasons."""
    errors = responses.errors_of(reasons, _sentence)
    return _written(told, ResponseKind.REJECTED, errors=errors, rejection_time=_second(told.event.at))


def amended(told: Told) -> bytes:
    """It goes on with what the amendment changed."""
    return _written(told, ResponseKind.RESUMED)


def invalidated(told: Told) -> bytes:
    return _written(told, ResponseKind.INVALIDATED, cancellation_time=_second(told.event.at))


def asked(told: Told) -> bytes:
    """What customs wants to see or know."""
    wanted = Statement(
        statement_code=told.event.text("reference")[:17],
        statement_description=_wanted(told.event)[:512],
    )
    return _written(told, ResponseKind.QUERY, additional_informations=(wanted,))


def _wanted(event: Event) -> str:
    """What an act says that asks the declarant something or answers him, in his own words or by its codes."""
    if event.text("wanted"):
        return event.text("wanted")
    told = (
        event.text(name) for name in ("reason", "hearing_day", "outcome", "method", "sample", "laboratory")
    )
    return "; ".join(text for text in (event.act, *told) if text)


def plain(kind: ResponseKind) -> Writer:
    """A message that says no more than its kind."""
    return lambda told: _written(told, kind)


WRITERS: Final[Mapping[ResponseKind, Writer]] = {
    ResponseKind.QUERY: asked,
    ResponseKind.RELEASED: plain(ResponseKind.RELEASED),
    ResponseKind.CLEARED: plain(ResponseKind.CLEARED),
    ResponseKind.EXITED: plain(ResponseKind.EXITED),
}


def of_channel(channel: Channel) -> dict[ResponseKind, Writer]:
    """What a channel asks of the declarant; green asks nothing, and no message tells why it was given."""
    kinds = {Channel.YELLOW: ResponseKind.DOCUMENTS, Channel.RED: ResponseKind.CONTROL}
    return {kinds[channel]: plain(kinds[channel])} if channel in kinds else {}


def taxed(told: Told, assessment: Assessment) -> bytes:
    """The tax notice: every tax of every line with its base, rate, assessed and payable amount, and the whole sum."""
    pack = told.locked.pack
    status = INDICATIVE if assessment.is_provisional or told.after.amount_open else FINAL
    items = []
    for number, line in enumerate(assessment.lines, 1):
        fees = tuple(_fee(amount, told) for amount in line.amounts)
        if fees:
            items.append(TaxedItem(sequence_numeric=number, duty_tax_fees=fees))
    due = PaymentDue(
        tax_assessed_amount=money(sum(total.assessed_minor for total in assessment.totals), pack),
        payment_amount=money(told.after.assessed_minor or 0, pack),
    )
    return _written(
        told,
        ResponseKind.TAX,
        statuses=(Status(effective_time=_second(told.event.at), name_code=status),),
        payments=(due,),
        taxed_items=tuple(items),
    )


def _fee(amount: TaxAmount, told: Told) -> DutyTaxFee:
    pack = told.locked.pack
    return DutyTaxFee(
        # The format gives a tax three characters; a pack whose own codes are longer lists what to send for them.
        type_code=pack.fact("taxes", amount.tax, "message_code", told.locked.day) or amount.tax,
        ad_valorem_tax_base=money(amount.base_minor or 0, pack),
        tax_rate_millionths=_printed_rate(amount),
        deduct_amount=money(amount.deduct_minor, pack) if amount.deduct_minor else None,
        tax_assessed_amount=money(amount.assessed_minor or 0, pack),
        payment_amount=money(amount.payable_minor or 0, pack),
    )


def _printed_rate(amount: TaxAmount) -> int | None:
    """The rate as notices print it: per cent, or money per unit; None for a duty of several terms."""
    if amount.charge is None:
        return None
    duty = amount.charge.duty
    if len(duty.base) != 1 or duty.at_least or duty.at_most:
        return None
    term = duty.base[0]
    return term.specific_millionths if term.unit else term.rate_ppm * 100


def money(minor: int, pack: Pack) -> Amount:
    """Minor units of the pack's currency as a declared amount."""
    return Amount(millionths=minor * (MILLIONTHS // 10**pack.decimals), currency=pack.currency)


def refused(read: Read, reasons: Sequence[Finding], at: datetime) -> bytes:
    """The rejection of a message that never became a declaration; the same message gets the same reference."""
    response = responses.rejected(
        reasons,
        functional_reference_id=read.hash[:32],
        issue_time=_second(at),
        declaration=read.declaration,
        describe=_sentence,
    )
    return responses.write_res(response)


def _sentence(finding: Finding) -> str:
    """What a rejection says is in Vietnamese; the number of the error is for every language."""
    return words.sentence(finding.code, finding.says, "vi")


def channel_named(name: str) -> Channel | None:
    return Channel.__members__.get(name)
