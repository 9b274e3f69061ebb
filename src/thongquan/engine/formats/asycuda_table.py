"""The Single Administrative Document of ASYCUDA World as one table: tag ↔ field of a record ↔ kind of value.

The reader walks this table, and the tests build documents from it, so they cannot disagree. The tags are spelt as
the format spells them, mistakes included (`Suppplementary_unit_code`, `Deffered_payment_reference`); the reader takes
no notice of capitals, and `aliases` are the other spellings of the last tag that exporting programs are known for.

A `Row` is a value: `into` is the field, dotted, below the record of its scope ("consignment.goods_location.id").
Rows that fill the same text are joined in their order; of rows that fill the same figure the first one that is given
counts. A row without a field is known, and kept as it stands: what another country's system has computed (national
amounts, coefficients), the names of codes, and what the data model has no place for. A `Scope` is a part that has a
record of its own, or repeats.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from .. import declaration as d


class Kind(enum.Enum):
    """What a row holds."""

    TEXT = "text"
    """Running text, several lines allowed."""
    CODE = "code"
    """A code, number or reference: one line."""
    COUNT = "count"
    """A whole number."""
    AMOUNT = "amount"
    """Money in the country's own currency, whose code the format does not give."""
    QUANTITY = "quantity"
    FLAG = "flag"
    """true or false: 1 or 0."""
    DAY = "day"
    """The day of a document: a midnight without a zone."""
    INSTANT = "instant"
    """A day where the data model has an instant: its first instant in the reader's zone, kept where none is given."""
    INFORMATION = "information"
    """A remark: AdditionalInformation; `code` is its subject (UN/EDIFACT 4451)."""
    INFORMATION_CODE = "information code"
    """The code of a remark."""
    PREVIOUS = "previous"
    """The reference of a previous document; `code` is its category in box 40 of the form."""
    PREVIOUS_LINE = "previous line"
    """The line of the previous document before it."""
    PART = "part"
    """A part of something composed, which the reader puts together itself."""
    KEPT = "kept"
    """Known, without a field."""


@dataclass(frozen=True, slots=True)
class Row:
    """One value. path: below the scope. export_into: the field on export, where it is another one than on import.

    code: see the kinds. unit: of a quantity. follows: nothing without the row before it in the same field.
    required: said when it is missing.
    """

    path: str
    kind: Kind
    into: str = ""
    export_into: str | None = None
    aliases: tuple[str, ...] = ()
    code: str = ""
    unit: str = ""
    follows: bool = False
    required: bool = False

    def field(self, flow: str) -> str:
        """The field for a flow: "I", "E", or "" where it is not known; then a row that needs to know has none."""
        if self.export_into is None or self.export_into == self.into:
            return self.into
        return {"I": self.into, "E": self.export_into}.get(flow, "")


@dataclass(frozen=True)
class Scope:
    """A part with a record of its own. path: below the scope around it; into: that scope's list of them.

    wrappers: elements that may stand around it and mean nothing.
    """

    path: str
    rows: tuple[Row, ...]
    scopes: tuple[Scope, ...] = ()
    into: str = ""
    record: type[d.Record] | None = None
    wrappers: tuple[str, ...] = ()

    @cached_property
    def tags(self) -> Tag:
        """The tags below this one, by their names without regard to capitals."""
        root = Tag("")
        for row in self.rows:
            *above, last = row.path.split("/")
            for name in (last, *row.aliases):
                root.below("/".join((*above, name))).row = row
        for scope in self.scopes:
            for path in (scope.path, *(f"{wrapper}/{scope.path}" for wrapper in scope.wrappers)):
                root.below(path).scope = scope
        return root


class Tag:
    """One name in the tree of a scope: what it means, and the names below it."""

    __slots__ = ("children", "name", "row", "scope")

    def __init__(self, name: str) -> None:
        self.name = name
        self.children: dict[str, Tag] = {}
        self.row: Row | None = None
        self.scope: Scope | None = None

    def below(self, path: str) -> Tag:
        """The tag at a path, made where there is none."""
        tag = self
        for name in path.split("/"):
            tag = tag.children.setdefault(name.casefold(), Tag(name))
        return tag


def _rows(kind: Kind, *paths: str) -> tuple[Row, ...]:
    return tuple(Row(path, kind) for path in paths)


def text(path: str, into: str) -> Row:
    return Row(path, Kind.TEXT, into)


def code(
    path: str,
    into: str,
    export_into: str | None = None,
    *,
    aliases: tuple[str, ...] = (),
    follows: bool = False,
    required: bool = False,
) -> Row:
    return Row(path, Kind.CODE, into, export_into, aliases, follows=follows, required=required)


def kilograms(path: str, into: str) -> Row:
    """Boxes 35 and 38 of the form are in kilograms."""
    return Row(path, Kind.QUANTITY, into, unit="KGM")


MONEY_PARTS: Final = (
    "Amount_national_currency",
    "Amount_foreign_currency",
    "Currency_code",
    "Currency_name",
    "Currency_rate",
)
"""What a block of money is made of: the amount in the country's own currency, the same in its own, and the rate."""


def money(block: str) -> tuple[Row, ...]:
    return _rows(Kind.PART, *(f"{block}/{part}" for part in MONEY_PARTS))


CHARGES: Final = {
    "external_freight": "EFR",
    "internal_freight": "IFR",
    "insurance": "INS",
    "other_cost": "OTC",
    "deduction": "DED",
}
"""Block of the valuation → charge code. The codes are this format's: what they mean in a country is its pack's.

External freight of the whole consignment is the data model's own field, `freight_charge`; its code stands for it on
lines only.
"""

# --- an item ---------------------------------------------------------------------------------------------------

DOCUMENT: Final = Scope(
    "Attached_documents",
    (
        code("Attached_document_code", "type_code"),
        text("Attached_document_name", "name"),
        code("Attached_document_reference", "id"),
        Row("Attached_document_date", Kind.DAY, "effective_time"),
        *_rows(Kind.KEPT, "Attached_document_from_rule"),
    ),
    into="additional_documents",
    record=d.AdditionalDocument,
)

PACKAGES: Final = Scope(
    "Packages",
    (
        Row("Number_of_packages", Kind.QUANTITY, "quantity"),
        code("Kind_of_packages_code", "type_code"),
        # Two boxes on the screen, one mark on the goods.
        text("Marks1_of_packages", "marks_numbers_id"),
        text("Marks2_of_packages", "marks_numbers_id"),
        *_rows(Kind.KEPT, "Kind_of_packages_name"),
    ),
    into="packagings",
    record=d.Packaging,
)

PREVIOUS: Final = Scope(
    "Previous_doc",
    (
        # Box 40: X a summary declaration, Z another previous document.
        Row("Summary_declaration", Kind.PREVIOUS, code="X"),
        Row("Summary_declaration_sl", Kind.PREVIOUS_LINE),
        Row("Previous_document_reference", Kind.PREVIOUS, code="Z"),
        *_rows(Kind.KEPT, "Previous_warehouse_code"),
    ),
)

SUPPLEMENTARY_UNIT: Final = Scope(
    "Tarification/Supplementary_unit",
    (
        Row("Suppplementary_unit_code", Kind.PART, aliases=("Supplementary_unit_code",)),
        Row("Suppplementary_unit_quantity", Kind.PART, aliases=("Supplementary_unit_quantity",)),
        Row("Suppplementary_unit_name", Kind.KEPT, aliases=("Supplementary_unit_name",)),
        *_rows(Kind.KEPT, "Supplementary_unit_rank"),
    ),
)

TAXATION_LINE: Final = Scope(
    "Taxation/Taxation_line",
    (
        code("Duty_tax_code", "type_code"),
        Row("Duty_tax_Base", Kind.AMOUNT, "ad_valorem_tax_base"),
        Row("Duty_tax_rate", Kind.PART),
        Row("Duty_tax_amount", Kind.AMOUNT, "tax_assessed_amount"),
        code("Duty_tax_MP", "payment_method_code"),
        *_rows(Kind.KEPT, "Duty_tax_Type_of_calculation"),
    ),
    into="duty_tax_fees",
    record=d.DutyTaxFee,
)

LICENCE: Final = ("Licence_number", "Amount_deducted_from_licence", "Quantity_deducted_from_licence")

ITEM: Final = Scope(
    "Item",
    (
        *_rows(Kind.KEPT, "IncoTerms/Code", "IncoTerms/Place", "Tarification/Tarification_data"),
        # Box 33: the commodity code and its national end are one number; the subdivisions after them are others.
        Row("Tarification/HScode/Commodity_code", Kind.PART, required=True),
        *_rows(
            Kind.PART,
            "Tarification/HScode/Precision_1",
            "Tarification/HScode/Precision_2",
            "Tarification/HScode/Precision_3",
            "Tarification/HScode/Precision_4",
            "Tarification/Preference_code",
            "Tarification/Extended_customs_procedure",
            "Tarification/National_customs_procedure",
            "Tarification/Quota_code",
            "Tarification/Item_price",
        ),
        Row("Tarification/Quota/QuotaCode", Kind.PART, aliases=("Quota_code",)),
        code("Tarification/Valuation_method_code", "valuation_method_code"),
        *_rows(
            Kind.KEPT,
            "Tarification/Quota/QuotaId",
            "Tarification/Quota/QuotaItem/ItmNbr",
            "Tarification/Value_item",
            "Tarification/Attached_doc_item",
        ),
        Row("Tarification/A.I._code", Kind.INFORMATION_CODE, "additional_informations"),
        code("Goods_description/Country_of_origin_code", "origins.country_code"),
        code("Goods_description/Country_of_origin_region", "origins.region_id"),
        *_rows(
            Kind.PART, "Goods_description/Commercial_Description", "Goods_description/Description_of_goods"
        ),
        *_rows(Kind.PART, *LICENCE, *(f"Licence_number/{name}" for name in LICENCE)),
        # Box 44.
        Row("Free_text_1", Kind.INFORMATION, "additional_informations"),
        Row("Free_text_2", Kind.INFORMATION, "additional_informations"),
        *_rows(
            Kind.KEPT,
            "Taxation/Item_taxes_amount",
            "Taxation/Item_taxes_guaranted_amount",
            "Taxation/Item_taxes_mode_of_payment",
            "Taxation/Counter_of_normal_mode_of_payment",
            "Taxation/Displayed_item_taxes_amount",
        ),
        kilograms("Valuation_item/Weight_itm/Gross_weight_itm", "gross_mass"),
        kilograms("Valuation_item/Weight_itm/Net_weight_itm", "net_mass"),
        Row("Valuation_item/Total_CIF_itm", Kind.AMOUNT, "customs_value"),
        Row("Valuation_item/Statistical_value", Kind.AMOUNT, "statistical_value"),
        Row("Valuation_item/Rate_of_adjustement", Kind.KEPT, aliases=("Rate_of_adjustment",)),
        *_rows(
            Kind.KEPT,
            "Valuation_item/Total_cost_itm",
            "Valuation_item/Alpha_coeficient_of_apportionment",
            "Valuation_item/Market_valuer/Rate",
            "Valuation_item/Market_valuer/Currency_code",
            "Valuation_item/Market_valuer/Currency_amount",
            "Valuation_item/Market_valuer/Basis_description",
            "Valuation_item/Market_valuer/Basis_amount",
        ),
        *money("Valuation_item/Item_Invoice"),
        *(row for name in CHARGES for row in money(f"Valuation_item/item_{name}")),
    ),
    (DOCUMENT, PACKAGES, PREVIOUS, SUPPLEMENTARY_UNIT, TAXATION_LINE),
    into="goods_items",
    record=d.GoodsItem,
    wrappers=("Items",),
)

# --- the document ----------------------------------------------------------------------------------------------

CONTAINER: Final = Scope(
    "Container",
    (
        Row("Item_Number", Kind.PART),
        Row("Container_identity", Kind.PART),
        *_rows(
            Kind.KEPT,
            "Container_type",
            "Empty_full_indicator",
            "Gross_weight",
            "Goods_description",
            "Packages_type",
            "Packages_number",
            "Packages_weight",
        ),
    ),
    wrappers=("Containers",),
)


def _arrival(field: str) -> tuple[str, str]:
    """The means on arrival of an import, at departure of an export (box 18 of either)."""
    return f"consignment.arrival_transport_means.{field}", f"consignment.departure_transport_means.{field}"


PAID: Final = "1"
"""Duty_tax_MP of a tax that is paid; 0 is suspended (a declaration of general procedure 7, for one)."""

TOTAL_TAXES: Final = "Financial/Amounts/Totals_taxes"
GLOBAL_TAXES: Final = "Financial/Amounts/Global_taxes"
FLOW: Final = "Property/Sad_flow"
DECLARATION_TYPE: Final = "Identification/Type/Type_of_declaration"

SAD: Final = Scope(
    "ASYCUDA",
    (
        Row(FLOW, Kind.PART),
        Row(
            "Property/Nbers/Number_of_loading_lists",
            Kind.COUNT,
            "loading_list_quantity",
            aliases=("Number_of_loading_list",),
        ),
        Row("Property/Nbers/Total_number_of_items", Kind.COUNT, "goods_item_quantity"),
        Row("Property/Nbers/Total_number_of_packages", Kind.COUNT, "total_package_quantity"),
        Row("Identification/Total_number_of_packages", Kind.COUNT, "total_package_quantity"),
        Row("Property/Date_of_declaration", Kind.INSTANT, "issue_time"),
        *_rows(
            Kind.KEPT,
            "Property/Forms/Number_of_the_form",
            "Property/Forms/Total_number_of_forms",
            "Property/Place_of_declaration",
            "Property/Selected_page",
        ),
        code(
            "Identification/Office_segment/Customs_clearance_office_code",
            "declaration_office_id",
            required=True,
        ),
        # Box 1: IM or EX, then the general procedure 4, 5, 7, 9.
        code(DECLARATION_TYPE, "type_code", required=True),
        code("Identification/Type/Declaration_gen_procedure_code", "type_code", follows=True),
        # The number that customs has given: its letter and its figures.
        code("Identification/Registration/Serial_number", "declaration_id"),
        code("Identification/Registration/Number", "declaration_id"),
        Row("Identification/Registration/Date", Kind.INSTANT, "acceptance_time"),
        Row("Identification/Manifest_reference_number", Kind.PREVIOUS, "previous_documents", code="785"),
        *_rows(
            Kind.KEPT,
            "Identification/Office_segment/Customs_Clearance_office_name",
            "Identification/Type/Type_of_transit_document",
            "Identification/UCR",
            *(
                f"Identification/{part}/{name}"
                for part in ("Assessment", "receipt", "reciept")
                for name in ("Serial_number", "Number", "Date")
            ),
        ),
        code("Traders/Exporter/Exporter_code", "exporter.id"),
        text("Traders/Exporter/Exporter_name", "exporter.name"),
        code("Traders/Consignee/Consignee_code", "consignee.id"),
        text("Traders/Consignee/Consignee_name", "consignee.name"),
        code("Traders/Financial/Financial_code", "payer.id"),
        text("Traders/Financial/Financial_name", "payer.name"),
        code("Declarant/Declarant_code", "declarant.id"),
        text("Declarant/Declarant_name", "declarant.name"),
        text("Declarant/Declarant_representative", "declarant.contact_name"),
        code("Declarant/Reference/Number", "functional_reference_id"),
        code("General_information/Country/Export/Export_country_code", "export_country_id"),
        code("General_information/Country/Destination/Destination_country_code", "destination.country_code"),
        code("General_information/Country/Destination/Destination_country_region", "destination.region_id"),
        Row(
            "General_information/Additional_information",
            Kind.INFORMATION,
            "additional_informations",
            code="ACB",
        ),
        Row(
            "General_information/Comments_free_text", Kind.INFORMATION, "additional_informations", code="AAI"
        ),
        *_rows(
            Kind.KEPT,
            "Declarant/Reference/Year",
            "General_information/Country/Country_first_destination",
            "General_information/Country/Trading_country",
            "General_information/Country/Export/Export_country_name",
            "General_information/Country/Export/Export_country_region",
            "General_information/Country/Destination/Destination_country_name",
            "General_information/Country/Country_of_origin_name",
            "General_information/Value_details",
            "General_information/CAP",
        ),
        code("Transport/Means_of_transport/Departure_arrival_information/Identity", *_arrival("id")),
        code("Transport/Means_of_transport/Inland_mode_of_transport", *_arrival("mode_code")),
        code("Transport/Means_of_transport/Border_information/Identity", "border_transport_means.id"),
        code(
            "Transport/Means_of_transport/Border_information/Nationality",
            "border_transport_means.registration_nationality_code",
        ),
        code("Transport/Means_of_transport/Border_information/Mode", "border_transport_means.mode_code"),
        Row("Transport/Container_flag", Kind.FLAG, "consignment.container_code"),
        code("Transport/Delivery_terms/Code", "trade_terms.condition_code"),
        text("Transport/Delivery_terms/Place", "trade_terms.location_name"),
        code("Transport/Delivery_terms/Situation", "trade_terms.country_relationship_code"),
        # Box 29 is the office of entry on import, for which the data model has no field.
        code("Transport/Border_office/Code", "", "exit_office_id"),
        code("Transport/Place_of_loading/Code", "consignment.loading_location.id"),
        text("Transport/Place_of_loading/Name", "consignment.loading_location.name"),
        code("Transport/Location_of_goods", "consignment.goods_location.id"),
        *_rows(
            Kind.KEPT,
            # The data model has a nationality at the border only, and a place of loading by its code.
            "Transport/Means_of_transport/Departure_arrival_information/Nationality",
            "Transport/Place_of_loading/Country",
            "Transport/Border_office/Name",
        ),
        code("Financial/Financial_transaction/code1", "transaction_nature_code", aliases=("Code_1",)),
        code(
            "Financial/Financial_transaction/code2",
            "transaction_nature_code",
            aliases=("Code_2",),
            follows=True,
        ),
        Row("Financial/Mode_of_payment", Kind.INFORMATION, "additional_informations", code="PMT"),
        *_rows(
            Kind.PART, "Financial/Guarantee/Name", "Financial/Guarantee/Amount", TOTAL_TAXES, GLOBAL_TAXES
        ),
        *_rows(
            Kind.KEPT,
            "Financial/Bank/Code",
            "Financial/Bank/Name",
            "Financial/Bank/Branch",
            "Financial/Bank/Reference",
            "Financial/Terms/Code",
            "Financial/Terms/Description",
            "Financial/Total_invoice",
            "Financial/Deffered_payment_reference",
            "Financial/Amounts/Total_manual_taxes",
            "Financial/Guarantee/Date",
            "Financial/Guarantee/Excluded_country/Code",
            "Financial/Guarantee/Excluded_country/Name",
        ),
        code("Warehouse/Identification", "warehouse.id"),
        *_rows(
            Kind.KEPT,
            "Warehouse/Delay",
            "Transit/Principal/Code",
            "Transit/Principal/Name",
            "Transit/Principal/Representative",
            "Transit/Signature/Place",
            "Transit/Signature/Date",
            "Transit/Destination/Office",
            "Transit/Destination/Country",
            "Transit/Seals/Number",
            "Transit/Seals/Identity",
            "Transit/Result_of_control",
            "Transit/Time_limit",
            "Transit/Officer_name",
        ),
        kilograms("Valuation/Total/Total_weight", "total_gross_mass"),
        kilograms("Valuation/Weight/Gross_weight", "total_gross_mass"),
        *money("Valuation/Gs_Invoice"),
        *(row for name in CHARGES for row in money(f"Valuation/Gs_{name}")),
        *_rows(
            Kind.KEPT,
            "Valuation/Calculation_working_mode",
            "Valuation/Total_cost",
            "Valuation/Total_CIF",
            "Valuation/Total/Total_invoice",
            "Export_release/Date_of_exit",
            "Export_release/Time_of_exit",
            "Export_release/Actual_office_of_exit_code",
            "Export_release/Actual_office_of_exit_name",
            "Export_release/Exit_reference",
            "Export_release/Comments",
            "Assessment_notice/Registration_year",
            "Assessment_notice/Assessment_year",
            "Assessment_notice/Item_tax_total",
            "Assessment_notice/Total_item_taxes",
            "Assessment_notice/Items_taxes",
            "Assessment_notice/Global_taxes",
            "Assessment_notice/Statement_number",
            "Assessment_notice/Statement_date",
            "Assessment_notice/Statement_serial",
            "Assessment_notice/Item_tax/Tax_code",
            "Assessment_notice/Item_tax/Tax_amount",
            "Assessment_notice/Item_tax/Tax_MP",
            "Global_taxes/Global_tax_item",
            "Global_taxes/Global_tax_item/Tax_code",
            "Global_taxes/Global_tax_item/Tax_amount",
            "Global_taxes/Global_tax_item/Tax_MP",
        ),
    ),
    (CONTAINER, ITEM),
    record=d.Declaration,
)
