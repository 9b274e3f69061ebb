"""Vietnamese procedures: what the declaration type (loại hình) decides, and what must come with a declaration.

The type is of the declaration, not of a line: codes/declaration_types says for each which taxes are due, suspended or
do not arise, which documents it asks for, and whether it continues an earlier declaration. codes/permits says which
goods another ministry has a word on. What is missing is a warning, because papers may follow until clearance; what
makes the declaration impossible is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import msgspec

from ...engine.checks import Context, Fault, rule
from ...engine.checks import Rule as CheckRule
from ...engine.checks.places import lines
from ...engine.codes import Code, CodeList
from ...engine.declaration import Declaration, GoodsItem
from ...engine.findings import Finding, LegalRef, Severity
from ...engine.money import MILLIONTHS, decimal_text
from ...engine.risk.rules import RiskFacts
from ..pack import EXPORT, IMPORT, Kind, Liability
from . import rates
from .exemptions import Exemptions
from .numbering import NationalNumbers
from .valuation import Valued

MOST_LINES: Final = 50
"""Lines of one declaration in VNACCS (38/2015/TT-BTC art. 18); more are branches of one declaration."""
QUANTITY_DECIMALS: Final = 2
INVOICE_DECIMALS: Final = 4
UNIT_PRICE_DECIMALS: Final = 6

LIABILITY_COLUMNS: Final[Mapping[str, str]] = {
    "NK": "duty",
    "XK": "duty",
    "CBPG": "duty",
    "CTC": "duty",
    "TV": "duty",
    "TTDB": "excise",
    "BVMT": "environment",
    "GTGT": "vat",
}
"""Which column of codes/declaration_types speaks of a tax; a tax without one (the fee) is due whatever the type."""

CERTIFICATE_LATER: Final = "CO_LATER"
"""Document or statement: the certificate of origin of a claimed preference will be handed in later."""

EARLIER: Final = "TK"
"""Type of a previous document that names an earlier customs declaration."""
INVOICES: Final = frozenset({"INV", "INVS", "EINV"})
MODES_WITH_WAYBILL: Final = frozenset({"1", "2", "3", "5"})
"""Air, sea and rail; a truck at the border needs none."""

PROCEDURE_GIVEN: Final = "R036"
"""The general rule that each line names its procedure."""
TRANSIT: Final = "TRANSIT"
TRANSIT_TYPES: Final = frozenset({"OLA"})
"""Independent transport declarations of goods that only pass the country."""

_FILE: Final = LegalRef("39/2018/TT-BTC", "art. 1(5), art. 16 of 38/2015/TT-BTC")
_DECLARING: Final = LegalRef("38/2015/TT-BTC", "art. 18")
_TYPES: Final = LegalRef("38/2015/TT-BTC", "annex II")


class Procedures(Exemptions, Valued, NationalNumbers):
    """The part of the country that knows its declaration types."""

    @property
    def rules(self) -> tuple[CheckRule, ...]:
        return (*super().rules, *RULES)

    @property
    def rules_left_out(self) -> frozenset[str]:
        """A line has no procedure: the declaration type is the whole declaration's."""
        return super().rules_left_out | {PROCEDURE_GIVEN}

    def kind_of(self, declaration: Declaration, day: date) -> Kind | None:
        """As the table says. The type AEO is for both directions: whoever has an importer imports."""
        kind = super().kind_of(declaration, day)
        if kind is None or kind.flow or kind.asks not in ("lodge", "prelodge"):
            return kind
        return Kind(
            asks=kind.asks,
            flow=IMPORT if declaration.importer is not None else EXPORT,
            simplified=kind.simplified,
            prelodged=kind.prelodged,
            supplementary=kind.supplementary,
            untaxed=kind.untaxed,
        )

    def liability(self, declaration: Declaration, item: GoodsItem, tax: str, day: date) -> Liability:
        """By the declaration type and the tax: materials for processing (E21) have their import duty suspended and no
        value added tax; when their use changes, a declaration A42 owes everything by the law of its own day."""
        column = LIABILITY_COLUMNS.get(tax, "")
        said = self.fact("declaration_types", declaration.type_code, column, day) if column else ""
        return Liability(said) if said else Liability.DUE

    def line_codes(self, declaration: Declaration, item: GoodsItem) -> tuple[str, ...]:
        """The additional codes of the goods, and TRANSIT where they are in transit: the fee has a rate for it."""
        codes = super().line_codes(declaration, item)
        return (*codes, TRANSIT) if declaration.type_code in TRANSIT_TYPES else codes

    def risk_facts(
        self, declaration: Declaration, trader_class: str = "", day: date | None = None
    ) -> RiskFacts:
        """As everywhere, with the declaration type where others have a procedure on each line."""
        facts = super().risk_facts(declaration, trader_class, day)
        named = tuple(
            type(line)(line.commodity_code, line.origin, declaration.type_code, line.documents)
            for line in facts.lines
        )
        return RiskFacts(named, facts.trader_class, facts.documents)

    def opened_by(self, declaration: Declaration, day: date) -> tuple[str, ...]:
        """The goods are not cleared before the result of the specialised inspection (54/2014/QH13 art. 35 and 37): one
        obligation for each kind of paper that is not there. And one for each agreement whose certificate of origin will
        follow (38/2018/TT-BTC art. 7)."""
        return tuple(
            sorted({*self._permits_missing(declaration, day), *self._certificates_to_come(declaration, day)})
        )

    def _certificates_to_come(self, declaration: Declaration, day: date) -> Iterator[str]:
        """The schedules that lines claim while their certificate is declared to follow (CO_LATER) and is not there."""
        known = rates.agreements(self.code_lists["preferences"], day)
        proofs = rates.proofs(self.code_lists["documents"], day)
        for item in declaration.goods_items:
            said = rates.declared(declaration, item)
            claim = item.preference_code
            if claim in known and CERTIFICATE_LATER in said and not said.intersection(proofs.get(claim, ())):
                yield f"LATE_CERTIFICATE:{claim}"

    def _permits_missing(self, declaration: Declaration, day: date) -> tuple[str, ...]:
        listed, kind = self.code_lists.get("permits"), self.kind_of(declaration, day)
        if listed is None or kind is None or not self._asks_permits(declaration, day):
            return ()
        rows = permits_by_prefix(listed, day, kind.flow)
        missing = {
            row.facts["documents"]
            for item in declaration.goods_items
            for row in missing_permits(declaration, item, rows)
        }
        return tuple(f"PERMIT:{documents}" for documents in missing)

    def _asks_permits(self, declaration: Declaration, day: date) -> bool:
        return self.fact("declaration_types", declaration.type_code, "permits", day) == "yes"

    def national_count(self, declaration: Declaration) -> int:
        return branch_count(len(declaration.goods_items))

    def amended_free_until(
        self, *, selected_on: date | None, asked_on: date | None, cleared_on: date | None
    ) -> date | None:
        """Free before the channel is told; then with a reason and a sanction; within five working days where customs
        asks; within sixty days of clearance (54/2014/QH13 art. 29, 38/2015/TT-BTC art. 20 as amended). Afterwards it
        is still allowed, with its consequences."""
        if asked_on is not None:
            return self.last_day_of("amend_after_request", asked_on)
        if cleared_on is not None:
            return self.last_day_of("amend_after_clearance", cleared_on)
        return selected_on - timedelta(days=1) if selected_on is not None else None


# branches


@dataclass(frozen=True, slots=True)
class Branch:
    """One declaration of VNACCS. number: from 1, of `count`. first_line: position in the whole, from 1."""

    number: int
    count: int
    first_line: int
    declaration: Declaration


def branch_count(line_count: int) -> int:
    """How many declarations the nation counts: 10,000 lines are 200. A declaration without a line is one."""
    return max(1, -(-line_count // MOST_LINES))


def branches_of(declaration: Declaration) -> tuple[Branch, ...]:
    """A declaration as VNACCS takes it: at most fifty lines each, numbered anew, the header the same in all.

    Totals of the header stay those of the whole consignment: freight and insurance are shared over all branches.
    """
    items = declaration.goods_items
    count = branch_count(len(items))
    made = []
    for number in range(count):
        start = number * MOST_LINES
        part = tuple(
            msgspec.structs.replace(item, sequence_numeric=place)
            for place, item in enumerate(items[start : start + MOST_LINES], 1)
        )
        whole = msgspec.structs.replace(declaration, goods_items=part, goods_item_quantity=len(part))
        made.append(Branch(number + 1, count, start + 1, whole))
    return tuple(made)


# rules


def declared_codes(declaration: Declaration, item: GoodsItem | None = None) -> frozenset[str]:
    """Codes of the documents of the header, and of a line."""
    found = (*declaration.additional_documents, *(item.additional_documents if item is not None else ()))
    return frozenset(document.code for document in found)


def _declared_anywhere(declaration: Declaration) -> frozenset[str]:
    return frozenset().union(
        declared_codes(declaration), *(declared_codes(declaration, item) for item in declaration.goods_items)
    )


def _type(declaration: Declaration, context: Context, fact: str) -> str:
    return context.fact("declaration_types", declaration.type_code, fact)


@rule("VN01", code="DECLARATION_TYPE_RESERVED", law=_TYPES)
def reserved(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """A reserve code is not declared."""
    if _type(declaration, context, "reserve") == "yes":
        yield "type_code", {"code": declaration.type_code, "on": context.on.isoformat()}


@rule("VN02", code="TYPE_DOCUMENT_MISSING", law=_FILE, severity=Severity.WARNING)
def documents_of_type(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """The documents that the declaration type asks for are named; alternatives stand with a slash between them."""
    there = _declared_anywhere(declaration)
    if declaration.invoice is not None and declaration.invoice.id:
        there |= {"INV"}
    for asked in _type(declaration, context, "documents").split():
        if not there & set(asked.split("/")):
            says = {"code": declaration.type_code, "documents": asked.replace("/", " / ")}
            yield "additional_documents", says


@rule("VN03", code="TRANSPORT_DOCUMENT_MISSING", law=_FILE, severity=Severity.WARNING, flows=(IMPORT,))
def waybill(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """Imports by air, sea and rail name their transport document; trucks at the border have none."""
    means = declaration.border_transport_means
    mode = means.mode_code if means is not None else ""
    if mode not in MODES_WITH_WAYBILL:
        return
    named = {
        document.type_code
        for document in (
            *declaration.previous_documents,
            *(one for item in declaration.goods_items for one in item.previous_documents),
        )
        if document.id
    } - {EARLIER}
    listed = context.lists.get("documents")
    kinds = transport_kinds(listed) if listed is not None else frozenset()
    if not named and not kinds & _declared_anywhere(declaration):
        yield "previous_documents", {"mode": mode}


@lru_cache(maxsize=8)
def transport_kinds(documents: CodeList) -> frozenset[str]:
    """The codes of documents that goods travel under."""
    return frozenset(code.value for code in documents if code.facts.get("kind") == "transport")


@rule("VN04", code="PREVIOUS_DECLARATION_MISSING", law=_DECLARING)
def earlier_declaration(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """A type that continues or ends an earlier one names that declaration, for all lines or on each of them."""
    if _type(declaration, context, "previous") != "yes" or _names_earlier(declaration.previous_documents):
        return
    for at, item in lines(declaration):
        if not _names_earlier(item.previous_documents):
            yield f"{at}.previous_documents", {"code": declaration.type_code}


def _names_earlier(documents: Iterable[object]) -> bool:
    return any(getattr(one, "type_code", "") == EARLIER and getattr(one, "id", "") for one in documents)


@rule("VN05", code="PERMIT_MISSING", law=LegalRef("54/2014/QH13", "art. 35"), severity=Severity.WARNING)
def permits(declaration: Declaration, context: Context) -> Iterator[Finding]:
    """Goods on which another ministry has a word come with its document; each finding names that ministry's act."""
    listed = context.lists.get("permits")
    if listed is None or _type(declaration, context, "permits") != "yes":
        return
    rows = permits_by_prefix(listed, context.on, context.flow)
    for at, item in lines(declaration):
        for row in missing_permits(declaration, item, rows):
            says = {
                "commodity": item.commodity_code,
                "name_vi": row.names.get("vi", row.value),
                "name_en": row.names.get("en", row.value),
                "ministry": row.facts.get("ministry", ""),
                "documents": row.facts.get("documents", "").replace("/", " / "),
            }
            yield Finding("PERMIT_MISSING", f"{at}.additional_documents", says, row.law, Severity.WARNING)


def missing_permits(
    declaration: Declaration, item: GoodsItem, rows: Mapping[str, list[Code]]
) -> Iterator[Code]:
    """Of the permits of a day those that a line's goods need and that are named neither there nor on the header."""
    there: frozenset[str] | None = None
    for row in permits_for(item, rows):
        there = declared_codes(declaration, item) if there is None else there
        documents = row.facts.get("documents", "")
        if documents and not there & set(documents.split("/")):
            yield row


@lru_cache(maxsize=64)
def permits_by_prefix(listed: CodeList, day: date, flow: str) -> dict[str, list[Code]]:
    """The permits of a day and direction by the beginning of the commodity code that they are for. Made once for each
    list, day and direction: an edition has tens of thousands of rows."""
    found: dict[str, list[Code]] = {}
    for code in listed:
        if code.period.holds(day) and code.facts.get("flow", "") in ("", flow):
            found.setdefault(code.facts.get("prefix", ""), []).append(code)
    return found


def permits_for(item: GoodsItem, rows: Mapping[str, list[Code]]) -> Iterator[Code]:
    """Of those, the ones that a line's goods need: by its code, and its additional codes where a row asks for one."""
    commodity = item.commodity_code
    for length in range(2, len(commodity) + 1):
        for row in rows.get(commodity[:length], ()):
            wanted = row.facts.get("additional_code", "")
            if not wanted or wanted in item.additional_codes:
                yield row


@rule("VN06", code="QUANTITY_TOO_PRECISE", law=_DECLARING, severity=Severity.WARNING)
def quantities(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """Quantities have at most two decimals; VNACCS holds no more."""
    step = MILLIONTHS // 10**QUANTITY_DECIMALS
    for at, item in lines(declaration):
        if item.tariff_quantity is not None and item.tariff_quantity.millionths % step:
            says = {
                "value": decimal_text(item.tariff_quantity.millionths),
                "decimals": str(QUANTITY_DECIMALS),
            }
            yield f"{at}.tariff_quantity", says


@rule("VN07", code="INVOICE_VALUE_TOO_PRECISE", law=_DECLARING, severity=Severity.WARNING)
def invoice_values(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """Invoice values have at most four decimals. The unit price follows from value and quantity, with six."""
    step = MILLIONTHS // 10**INVOICE_DECIMALS
    for at, item in lines(declaration):
        if item.item_charge is not None and item.item_charge.millionths % step:
            says = {"value": decimal_text(item.item_charge.millionths), "decimals": str(INVOICE_DECIMALS)}
            yield f"{at}.item_charge", says
    if declaration.invoice_amount is not None and declaration.invoice_amount.millionths % step:
        says = {
            "value": decimal_text(declaration.invoice_amount.millionths),
            "decimals": str(INVOICE_DECIMALS),
        }
        yield "invoice_amount", says


@rule("VN08", code="SEVERAL_INVOICES", law=_DECLARING)
def one_invoice(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """A declaration is for one invoice."""
    named = [declaration.invoice.id] if declaration.invoice is not None and declaration.invoice.id else []
    documents = [*declaration.additional_documents]
    for item in declaration.goods_items:
        documents += item.additional_documents
    named += [document.id for document in documents if document.code in INVOICES and document.id]
    invoices = list(dict.fromkeys(named))
    if len(invoices) > 1:
        shown = ", ".join(number[:40] for number in invoices[:3]) + ("…" if len(invoices) > 3 else "")
        yield "invoice", {"count": str(len(invoices)), "invoices": shown}


@rule("VN09", code="NATIONAL_BRANCHES", law=_DECLARING, severity=Severity.NOTE)
def branches(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """It is said how many declarations of VNACCS more than fifty lines are."""
    count = len(declaration.goods_items)
    if count > MOST_LINES:
        says = {"lines": str(count), "count": str(branch_count(count)), "most": str(MOST_LINES)}
        yield "goods_items", says


RULES: Final[tuple[CheckRule, ...]] = (
    reserved,
    documents_of_type,
    waybill,
    earlier_declaration,
    permits,
    quantities,
    invoice_values,
    one_invoice,
    branches,
)
