"""One goods declaration in the words of the WCO Data Model, and the same names as columns for many.

A record here says what was declared, not what is true: nothing is computed, defaulted or corrected on the way in.
Absent text is "", an absent figure, day or group None, an absent list (). Amounts keep their currency, quantities
their unit, both in millionths. Lists keep the order of the message; `sequence_numeric` is the declarant's own
numbering. A time carries its zone; where a document is dated with a day only, midnight without a zone stands for
it (`effective_time` of a document, `issue_time` of an invoice). The structure of the goods shipment (class 67A) is
written flat in the declaration, because a customs declaration has one.

The records are msgspec Structs: frozen dataclasses that a wire decoder can fill and check directly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
import polars as pl

from .money import INT64_MAX

MAX_GOODS_ITEMS: Final = 10_000
"""Lines in one declaration. Pack rules may ask for fewer on the messages of their own systems."""


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A part of a declaration: immutable, compared by value, unknown fields refused."""


class Amount(Record, frozen=True, kw_only=True):
    """Money as declared: millionths of the currency unit, ISO 4217 code ("" where the message gives none)."""

    millionths: int
    currency: str = ""


class Quantity(Record, frozen=True, kw_only=True):
    """A measure as declared: millionths of its unit, UN/ECE Rec. 20 code or the national one ("" where none)."""

    millionths: int
    unit: str = ""


class Kept(Record, frozen=True, kw_only=True):
    """An element that the reader does not understand, kept as it stood.

    path: below the declaration, places counted from 1 ("GoodsShipment/GovernmentAgencyGoodsItem[2]/Foo").
    text: its characters. attributes: name and value pairs in the message's order.
    """

    path: str
    text: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


class Address(Record, frozen=True, kw_only=True):
    type_code: str = ""
    city_name: str = ""
    country_code: str = ""
    country_sub_division_code: str = ""
    country_sub_division_name: str = ""
    line: str = ""
    postcode_id: str = ""


class Communication(Record, frozen=True, kw_only=True):
    id: str = ""
    type_code: str = ""


class Party(Record, frozen=True, kw_only=True):
    """A party by identifier, or by name and address. function_code: of an agent, 2 direct, 3 indirect.
    role_code: of a party whose role the message states (domestic duty tax party, submitter of a document)."""

    id: str = ""
    name: str = ""
    role_code: str = ""
    function_code: str = ""
    address: Address | None = None
    contact_name: str = ""
    communication: Communication | None = None


class Pointer(Record, frozen=True, kw_only=True):
    """One step of a place in a message: class (42A), its number among its likes, data element (145)."""

    sequence_numeric: int | None = None
    document_section_code: str = ""
    tag_id: str = ""


class AdditionalInformation(Record, frozen=True, kw_only=True):
    statement_code: str = ""
    statement_description: str = ""
    statement_type_code: str = ""
    pointers: tuple[Pointer, ...] = ()


class Amendment(Record, frozen=True, kw_only=True):
    change_reason_code: str = ""
    pointers: tuple[Pointer, ...] = ()


class AuthorisationHolder(Record, frozen=True, kw_only=True):
    id: str = ""
    category_code: str = ""


class WriteOff(Record, frozen=True, kw_only=True):
    quantity: Quantity | None = None
    amount: Amount | None = None


class AdditionalDocument(Record, frozen=True, kw_only=True):
    """A licence, certificate or other document; category and type together are the document code."""

    category_code: str = ""
    type_code: str = ""
    id: str = ""
    name: str = ""
    effective_time: datetime | None = None
    lpco_exemption_code: str = ""
    submitter: Party | None = None
    write_off: WriteOff | None = None

    @property
    def code(self) -> str:
        return self.category_code + self.type_code


class PreviousDocument(Record, frozen=True, kw_only=True):
    category_code: str = ""
    type_code: str = ""
    id: str = ""
    line_numeric: int | None = None


class TransportMeans(Record, frozen=True, kw_only=True):
    id: str = ""
    name: str = ""
    identification_type_code: str = ""
    type_code: str = ""
    registration_nationality_code: str = ""
    mode_code: str = ""


class Seal(Record, frozen=True, kw_only=True):
    sequence_numeric: int | None = None
    id: str = ""


class TransportEquipment(Record, frozen=True, kw_only=True):
    """A container or other unit; `id` is its number."""

    sequence_numeric: int | None = None
    id: str = ""
    seals: tuple[Seal, ...] = ()


class Location(Record, frozen=True, kw_only=True):
    id: str = ""
    name: str = ""
    type_code: str = ""
    address: Address | None = None


class Consignment(Record, frozen=True, kw_only=True):
    """The transport of the goods shipment (class 28A)."""

    container_code: str = ""
    arrival_transport_means: TransportMeans | None = None
    departure_transport_means: TransportMeans | None = None
    goods_location: Location | None = None
    loading_location: Location | None = None
    transport_equipment: tuple[TransportEquipment, ...] = ()


class ConsignmentItem(Record, frozen=True, kw_only=True):
    sequence_numeric: int | None = None
    consignor: Party | None = None
    freight_payment_method_code: str = ""


class Itinerary(Record, frozen=True, kw_only=True):
    sequence_numeric: int | None = None
    routing_country_code: str = ""


class SecurityConsignment(Record, frozen=True, kw_only=True):
    """The safety and security part of an export declaration: carrier, consignor, route."""

    carrier: Party | None = None
    consignment_items: tuple[ConsignmentItem, ...] = ()
    consignor: Party | None = None
    freight_payment_method_code: str = ""
    itineraries: tuple[Itinerary, ...] = ()


class CurrencyExchange(Record, frozen=True, kw_only=True):
    """An agreed rate: millionths of the declaration's own currency per unit, or as the pack reads it."""

    currency_type_code: str = ""
    rate_millionths: int | None = None


class ChargeDeduction(Record, frozen=True, kw_only=True):
    """An addition to, or deduction from, the invoice value. What a code means, and how it is shared over the
    lines, is the pack's."""

    charges_type_code: str = ""
    amount: Amount | None = None


class Guarantee(Record, frozen=True, kw_only=True):
    """An obligation guarantee (class 90A)."""

    id: str = ""
    reference_id: str = ""
    security_details_code: str = ""
    access_code: str = ""
    amount: Amount | None = None
    guarantee_office_id: str = ""


class TradeTerms(Record, frozen=True, kw_only=True):
    """The Incoterm (condition_code) and its place."""

    condition_code: str = ""
    country_relationship_code: str = ""
    description: str = ""
    location_id: str = ""
    location_name: str = ""


class Ucr(Record, frozen=True, kw_only=True):
    """Unique consignment reference."""

    id: str = ""
    trader_assigned_reference_id: str = ""


class Warehouse(Record, frozen=True, kw_only=True):
    id: str = ""
    type_code: str = ""


class Region(Record, frozen=True, kw_only=True):
    """A country with, where asked, the region in it (destination)."""

    country_code: str = ""
    region_id: str = ""


class Origin(Record, frozen=True, kw_only=True):
    """type_code: 1 non-preferential, 2 preferential origin."""

    country_code: str = ""
    region_id: str = ""
    type_code: str = ""


class Authentication(Record, frozen=True, kw_only=True):
    text: str = ""
    authenticator_name: str = ""


class Invoice(Record, frozen=True, kw_only=True):
    id: str = ""
    issue_time: datetime | None = None


class Classification(Record, frozen=True, kw_only=True):
    """A code for the goods and the list it is from (UN/EDIFACT 7143: TSP national tariff, TRC integrated tariff,
    TRA and GN additional codes)."""

    id: str = ""
    identification_type_code: str = ""


COMMODITY_LISTS: Final = ("TSP", "TRC")
"""Classifications that make up the commodity code, in this order; the others are additional codes."""


class DutyTaxFee(Record, frozen=True, kw_only=True):
    """A tax as declared on a line: what the declarant claims (preference, quota) or has computed."""

    type_code: str = ""
    duty_regime_code: str = ""
    quota_order_id: str = ""
    ad_valorem_tax_base: Amount | None = None
    specific_tax_base: Quantity | None = None
    tax_rate_millionths: int | None = None
    """TaxRateNumeric as printed: per cent, or money per unit for a specific tax, in millionths of that number."""
    deduct_amount: Amount | None = None
    payment_method_code: str = ""
    tax_assessed_amount: Amount | None = None
    payment_amount: Amount | None = None


class Packaging(Record, frozen=True, kw_only=True):
    sequence_numeric: int | None = None
    type_code: str = ""
    quantity: Quantity | None = None
    marks_numbers_id: str = ""
    packing_material_description: str = ""
    length: Quantity | None = None
    width: Quantity | None = None
    height: Quantity | None = None
    volume: Quantity | None = None


class Procedure(Record, frozen=True, kw_only=True):
    """A government procedure: with previous_code the procedure itself (40 00), else an additional one (000)."""

    current_code: str = ""
    previous_code: str = ""


class GoodsItem(Record, frozen=True, kw_only=True):
    """One line (class 68A)."""

    sequence_numeric: int | None = None
    description: str = ""
    classifications: tuple[Classification, ...] = ()
    dangerous_goods_undg_ids: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    gross_mass: Quantity | None = None
    net_mass: Quantity | None = None
    tariff_quantity: Quantity | None = None
    item_charge: Amount | None = None
    """The line's invoice value."""
    customs_value: Amount | None = None
    statistical_value: Amount | None = None
    valuation_method_code: str = ""
    valuation_adjustment_code: str = ""
    charge_deductions: tuple[ChargeDeduction, ...] = ()
    duty_tax_fees: tuple[DutyTaxFee, ...] = ()
    packagings: tuple[Packaging, ...] = ()
    additional_documents: tuple[AdditionalDocument, ...] = ()
    additional_informations: tuple[AdditionalInformation, ...] = ()
    previous_documents: tuple[PreviousDocument, ...] = ()
    transport_equipment: tuple[TransportEquipment, ...] = ()
    transaction_nature_code: str = ""
    export_country_id: str = ""
    destination: Region | None = None
    ucr: Ucr | None = None
    consignee: Party | None = None
    consignor: Party | None = None
    buyer: Party | None = None
    seller: Party | None = None
    domestic_duty_tax_parties: tuple[Party, ...] = ()
    aeo_mutual_recognition_parties: tuple[Party, ...] = ()

    @property
    def commodity_code(self) -> str:
        """The nomenclature code: the classifications of COMMODITY_LISTS joined; one without a list counts too."""
        joined = "".join(
            classification.id
            for kind in COMMODITY_LISTS
            for classification in self.classifications
            if classification.identification_type_code == kind
        )
        if joined:
            return joined
        return next((c.id for c in self.classifications if not c.identification_type_code), "")

    @property
    def additional_codes(self) -> tuple[str, ...]:
        """Codes beside the commodity code (trade defence, national), in the message's order."""
        known = (*COMMODITY_LISTS, "")
        return tuple(c.id for c in self.classifications if c.identification_type_code not in known)

    @property
    def origin_country_code(self) -> str:
        """Non-preferential origin where given (type 1 or none), else the first."""
        plain = next((o.country_code for o in self.origins if o.type_code in ("1", "")), "")
        return plain or (self.origins[0].country_code if self.origins else "")

    @property
    def preferential_origin_country_code(self) -> str:
        return next((o.country_code for o in self.origins if o.type_code == "2"), "")

    @property
    def procedure_code(self) -> str:
        """Requested and previous procedure together ("4000"); "" where the line has none."""
        return next((p.current_code + p.previous_code for p in self.procedures if p.previous_code), "")

    @property
    def additional_procedure_codes(self) -> tuple[str, ...]:
        return tuple(p.current_code for p in self.procedures if not p.previous_code)

    @property
    def preference_code(self) -> str:
        """The duty regime claimed on the line: the first tax line that names one."""
        return next((tax.duty_regime_code for tax in self.duty_tax_fees if tax.duty_regime_code), "")

    @property
    def quota_order_id(self) -> str:
        return next((tax.quota_order_id for tax in self.duty_tax_fees if tax.quota_order_id), "")

    @property
    def document_codes(self) -> tuple[str, ...]:
        return tuple(document.code for document in self.additional_documents)

    @property
    def gross_mass_millionths(self) -> int | None:
        return self.gross_mass.millionths if self.gross_mass else None

    @property
    def net_mass_millionths(self) -> int | None:
        return self.net_mass.millionths if self.net_mass else None

    @property
    def tariff_quantity_millionths(self) -> int | None:
        return self.tariff_quantity.millionths if self.tariff_quantity else None

    @property
    def tariff_quantity_unit(self) -> str:
        return self.tariff_quantity.unit if self.tariff_quantity else ""

    @property
    def item_charge_millionths(self) -> int | None:
        return self.item_charge.millionths if self.item_charge else None

    @property
    def item_charge_currency(self) -> str:
        return self.item_charge.currency if self.item_charge else ""


class Declaration(Record, frozen=True, kw_only=True):
    """A declaration, or a message about one (amendment, cancellation, arrival), as declared.

    function_code: 9 an original, 13 a change to the declaration `declaration_id`. type_code: the pack's kinds.
    """

    function_code: str = ""
    functional_reference_id: str = ""
    """The declarant's own reference, unique for him: half of the natural key of an original."""
    declaration_id: str = ""
    """The customs number (MRN); empty on an original."""
    type_code: str = ""
    acceptance_time: datetime | None = None
    issue_time: datetime | None = None
    issue_location_id: str = ""
    goods_item_quantity: int | None = None
    declaration_office_id: str = ""
    invoice_amount: Amount | None = None
    loading_list_quantity: int | None = None
    total_gross_mass: Quantity | None = None
    total_package_quantity: int | None = None
    specific_circumstances_code: str = ""
    authentication: Authentication | None = None
    submitter: Party | None = None
    additional_documents: tuple[AdditionalDocument, ...] = ()
    additional_informations: tuple[AdditionalInformation, ...] = ()
    agent: Party | None = None
    amendments: tuple[Amendment, ...] = ()
    authorisation_holders: tuple[AuthorisationHolder, ...] = ()
    border_transport_means: TransportMeans | None = None
    security_consignment: SecurityConsignment | None = None
    currency_exchanges: tuple[CurrencyExchange, ...] = ()
    declarant: Party | None = None
    exit_office_id: str = ""
    exporter: Party | None = None
    guarantees: tuple[Guarantee, ...] = ()
    presentation_office_id: str = ""
    supervising_office_id: str = ""
    # the goods shipment
    exit_time: datetime | None = None
    transaction_nature_code: str = ""
    aeo_mutual_recognition_parties: tuple[Party, ...] = ()
    buyer: Party | None = None
    consignee: Party | None = None
    consignor: Party | None = None
    consignment: Consignment | None = None
    freight_charge: Amount | None = None
    charge_deductions: tuple[ChargeDeduction, ...] = ()
    destination: Region | None = None
    domestic_duty_tax_parties: tuple[Party, ...] = ()
    export_country_id: str = ""
    goods_items: tuple[GoodsItem, ...] = ()
    importer: Party | None = None
    invoice: Invoice | None = None
    payer: Party | None = None
    previous_documents: tuple[PreviousDocument, ...] = ()
    seller: Party | None = None
    surety: Party | None = None
    trade_terms: TradeTerms | None = None
    ucr: Ucr | None = None
    warehouse: Warehouse | None = None
    kept: tuple[Kept, ...] = ()
    """What the reader did not understand: shown, written back, never used."""

    @property
    def declarant_id(self) -> str:
        return self.declarant.id if self.declarant else ""

    @property
    def importer_id(self) -> str:
        return self.importer.id if self.importer else ""

    @property
    def exporter_id(self) -> str:
        return self.exporter.id if self.exporter else ""

    @property
    def incoterm(self) -> str:
        return self.trade_terms.condition_code if self.trade_terms else ""


DECLARATION_COLUMNS: Final[dict[str, Any]] = {
    "functional_reference_id": pl.String,
    "declaration_id": pl.String,
    "type_code": pl.String,
    "acceptance_time": pl.Datetime("us", "UTC"),
    "declarant_id": pl.String,
    "importer_id": pl.String,
    "exporter_id": pl.String,
    "declaration_office_id": pl.String,
    "export_country_id": pl.String,
    "incoterm": pl.String,
}
"""Columns of a goods frame that repeat the declaration's own value on each of its lines: name → Polars type."""

GOODS_ITEM_COLUMNS: Final[dict[str, Any]] = {
    "sequence_numeric": pl.Int64,
    "commodity_code": pl.String,
    "description": pl.String,
    "origin_country_code": pl.String,
    "preferential_origin_country_code": pl.String,
    "procedure_code": pl.String,
    "preference_code": pl.String,
    "quota_order_id": pl.String,
    "gross_mass_millionths": pl.Int64,
    "net_mass_millionths": pl.Int64,
    "tariff_quantity_millionths": pl.Int64,
    "tariff_quantity_unit": pl.String,
    "item_charge_millionths": pl.Int64,
    "item_charge_currency": pl.String,
}
"""Columns of a goods frame that are the line's own: name → Polars type; the names are GoodsItem's."""


def goods_frame(declarations: Iterable[Declaration]) -> pl.DataFrame:
    """One row per goods item of all declarations, in their order; absent text is "", an absent figure null.

    Columns: DECLARATION_COLUMNS, then GOODS_ITEM_COLUMNS. A figure beyond int64 raises OverflowError: such a
    declaration goes the way of one, which has no bound.
    """
    pairs = [(declaration, item) for declaration in declarations for item in declaration.goods_items]
    columns: dict[str, pl.Series] = {}
    for name, kind in DECLARATION_COLUMNS.items():
        columns[name] = _series(name, kind, [getattr(declaration, name) for declaration, _ in pairs])
    for name, kind in GOODS_ITEM_COLUMNS.items():
        columns[name] = _series(name, kind, [getattr(item, name) for _, item in pairs])
    return pl.DataFrame(columns)


def _series(name: str, kind: Any, values: Sequence[Any]) -> pl.Series:
    if kind == pl.Int64 and any(
        value is not None and not -INT64_MAX <= value <= INT64_MAX for value in values
    ):
        raise OverflowError(f"{name} is beyond int64")
    return pl.Series(name, values, dtype=kind, strict=True)
