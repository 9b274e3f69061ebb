"""WCO messages as one table: element ↔ field of a record ↔ kind of value ↔ WCO number, in the order of the schema.

The reader, the writer, pointers and amendments all walk this table, so they cannot disagree. It is the profile
DEC 3.6 as the DMS schemas print it (class and data element numbers are theirs, "WCOID"), with one difference:
a declaration may have as many lines as `MAX_GOODS_ITEMS` (the schema stops at 999).

A `Leaf` fills one field. A `Group` is a class: with a `record` it fills a record of its own (a tuple of them when
`many`), without one its leaves belong to the record around it (GoodsShipment, Commodity, Payment). Formats are
written as the WCO writes them: a2 two letters, n..5 up to five digits, an..35 up to 35 characters,
n..16,3 up to sixteen digits of which three after the point.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from .. import declaration as d


class Kind(enum.Enum):
    """What a leaf holds, and in what type its field keeps it."""

    TEXT = "text"
    """Running text, several lines allowed: str."""
    CODE = "code"
    """A code, number or reference: str."""
    INSTANT = "instant"
    """Date, time and zone (format 304): an aware datetime."""
    DAY = "day"
    """An instant, or only a day (format 102): an aware datetime, or a naive one at midnight."""
    AMOUNT = "amount"
    MEASURE = "measure"
    """A mass, quantity or measure with its unit: Quantity."""
    COUNT = "count"
    """A whole number: int."""
    RATE = "rate"
    """A number: int in millionths."""


@dataclass(frozen=True)
class Leaf:
    """One data element. most: characters, or digits of a number; decimals: digits after the point."""

    name: str
    field: str
    tag: str
    kind: Kind
    most: int = 0
    decimals: int = 0
    exact: bool = False
    letters: str = ""
    """"a" letters only, "n" digits only, "" anything."""
    values: tuple[str, ...] = ()
    """The only values allowed, () for any."""
    required: bool = False

    @cached_property
    def allowed(self) -> re.Pattern[str]:
        """The whole text of a valid code."""
        if self.values:
            return re.compile("|".join(map(re.escape, self.values)))
        several = f"{{{self.most}}}" if self.exact else f"{{1,{self.most}}}"
        return re.compile({"a": "[a-zA-Z]", "n": "[0-9]"}[self.letters] + several)

    @property
    def restricted(self) -> bool:
        """Whether more than the length of a code is prescribed."""
        return bool(self.letters or self.values)

    @property
    def form(self) -> str:
        """The format in WCO notation, for people."""
        if self.kind is Kind.RATE and not self.most:
            return "n"
        letters = self.letters or ("an" if self.kind in (Kind.TEXT, Kind.CODE) else "n")
        decimals = f",{self.decimals}" if self.decimals else ""
        return f"{letters}{'' if self.exact else '..'}{self.most}{decimals}"


@dataclass(frozen=True)
class Group:
    """One class. most: how many may stand beside each other, None for no limit of its own."""

    name: str
    class_id: str
    children: tuple[Leaf | Group, ...]
    field: str = ""
    record: type[d.Record] | None = None
    many: bool = False
    most: int | None = None
    required: bool = False
    element: str = ""
    """The name in the message, where it is not `name`: two children may be called alike there."""
    namespace: str = ""
    """The namespace of this element and those in it, where it is not that of the parent."""

    @cached_property
    def by_name(self) -> dict[str, Leaf | Group]:
        return {child.name: child for child in self.children}

    @cached_property
    def required_children(self) -> tuple[Leaf | Group, ...]:
        return tuple(child for child in self.children if child.required)

    @cached_property
    def numbered(self) -> bool:
        """Whether its elements carry their own number, by which pointers name them."""
        return self.many and any(leaf.name == "SequenceNumeric" and leaf.required for leaf in self.children)

    @cached_property
    def plain(self) -> Leaf | None:
        """The single leaf of a repeated class without a record: a tuple of texts."""
        only = self.children[0] if self.many and self.record is None else None
        return only if isinstance(only, Leaf) else None

    @cached_property
    def places(self) -> dict[str, tuple[tuple[Group, ...], Leaf | Group]]:
        """field of the record → the flat classes above it, and what fills it."""
        return dict(self._places(()))

    def _places(
        self, above: tuple[Group, ...]
    ) -> Iterator[tuple[str, tuple[tuple[Group, ...], Leaf | Group]]]:
        for child in self.children:
            if child.field:
                yield child.field, (above, child)
            elif isinstance(child, Group):
                yield from child._places((*above, child))

    @cached_property
    def unplaced(self) -> tuple[str, ...]:
        """Fields of the record that no element here holds: the record serves other classes too."""
        fields = self.record.__struct_fields__ if self.record else ()
        return tuple(name for name in fields if name not in self.places and name != "kept")

    @cached_property
    def order(self) -> dict[str, int]:
        """Name → place among the children."""
        return {child.name: index for index, child in enumerate(self.children)}

    def walk(self, path: str = "") -> Iterator[tuple[str, Leaf | Group]]:
        """Every element below this one with its path ("GoodsShipment/UCR/ID"), in the order of the schema."""
        for child in self.children:
            here = f"{path}/{child.name}" if path else child.name
            yield here, child
            if isinstance(child, Group):
                yield from child.walk(here)


_FORM: Final = re.compile(r"(an|a|n)(\.\.)?(\d+)(?:,(\d+))?")


def _leaf(kind: Kind, name: str, into: str, tag: str, form: str) -> Leaf:
    matched = _FORM.fullmatch(form)
    if matched is None:
        raise ValueError(f"{name}: not a format: {form!r}")
    letters = matched[1] if kind is Kind.CODE and matched[1] != "an" else ""
    return Leaf(name, into, tag, kind, int(matched[3]), int(matched[4] or 0), not matched[2], letters)


def text(name: str, into: str, tag: str, form: str) -> Leaf:
    return _leaf(Kind.TEXT, name, into, tag, form)


def code(
    name: str, into: str, tag: str, form: str, *, values: tuple[str, ...] = (), required: bool = False
) -> Leaf:
    return replace(_leaf(Kind.CODE, name, into, tag, form), values=values, required=required)


def instant(name: str, into: str, tag: str) -> Leaf:
    return Leaf(name, into, tag, Kind.INSTANT, 35)


def day(name: str, into: str, tag: str) -> Leaf:
    return Leaf(name, into, tag, Kind.DAY, 35)


def amount(name: str, into: str, tag: str) -> Leaf:
    return _leaf(Kind.AMOUNT, name, into, tag, "n..16,3")


def measure(name: str, into: str, tag: str, form: str = "n..16,6") -> Leaf:
    return _leaf(Kind.MEASURE, name, into, tag, form)


def count(name: str, into: str, tag: str, form: str = "n..5", *, required: bool = False) -> Leaf:
    return replace(_leaf(Kind.COUNT, name, into, tag, form), required=required)


def rate(name: str, into: str, tag: str, form: str = "") -> Leaf:
    """form "": the schema sets no limit, so six decimals are what our millionths hold."""
    return _leaf(Kind.RATE, name, into, tag, form) if form else Leaf(name, into, tag, Kind.RATE, 0, 6)


def flat(name: str, class_id: str, *children: Leaf | Group) -> Group:
    """A class whose leaves belong to the record around it."""
    return Group(name, class_id, children)


def one(name: str, class_id: str, into: str, record: type[d.Record], *children: Leaf | Group) -> Group:
    return Group(name, class_id, children, into, record)


def many(
    name: str,
    class_id: str,
    into: str,
    record: type[d.Record],
    *children: Leaf | Group,
    most: int | None = None,
) -> Group:
    return Group(name, class_id, children, into, record, many=True, most=most)


# --- parts that several classes share ------------------------------------------------------------------------


def sequence(*, required: bool = True) -> Leaf:
    return count("SequenceNumeric", "sequence_numeric", "006", required=required)


_ADDRESS: Final = {
    leaf.name: leaf
    for leaf in (
        code("TypeCode", "type_code", "410", "an..3"),
        text("CityName", "city_name", "241", "an..35"),
        code("CountryCode", "country_code", "242", "a2"),
        code("CountrySubDivisionCode", "country_sub_division_code", "244", "an..9"),
        text("CountrySubDivisionName", "country_sub_division_name", "243", "an..35"),
        text("Line", "line", "239", "an..70"),
        code("PostcodeID", "postcode_id", "245", "an..9"),
    )
}


def address(*, type_code: bool = False, sub_division: bool = True) -> Group:
    left_out = {"TypeCode"} if not type_code else set()
    if not sub_division:
        left_out |= {"CountrySubDivisionCode", "CountrySubDivisionName"}
    leaves = (leaf for name, leaf in _ADDRESS.items() if name not in left_out)
    return one("Address", "04A", "address", d.Address, *leaves)


def communication() -> Group:
    return one(
        "Communication",
        "25A",
        "communication",
        d.Communication,
        code("ID", "id", "240", "an..50"),
        code("TypeCode", "type_code", "253", "an..3"),
    )


def contact() -> Group:
    return flat("Contact", "34A", text("Name", "contact_name", "246", "an..70"))


def party(name: str, class_id: str, into: str, name_tag: str, id_tag: str, *more: Leaf | Group) -> Group:
    """A party by name, identifier and address; more: what follows the identifier, `address()` when not given."""
    return one(
        name,
        class_id,
        into,
        d.Party,
        text("Name", "name", name_tag, "an..70"),
        code("ID", "id", id_tag, "an..17"),
        *(more or (address(),)),
    )


def party_with_role(name: str, class_id: str, into: str, id_tag: str) -> Group:
    role = code("RoleCode", "role_code", "R005", "an..3")
    return many(name, class_id, into, d.Party, code("ID", "id", id_tag, "an..17"), role)


def pointers() -> Group:
    return many(
        "Pointer",
        "97A",
        "pointers",
        d.Pointer,
        sequence(required=False),
        code("DocumentSectionCode", "document_section_code", "375", "an..3"),
        code("TagID", "tag_id", "381", "an..4"),
    )


def additional_informations(*more: Leaf | Group) -> Group:
    return many(
        "AdditionalInformation",
        "03A",
        "additional_informations",
        d.AdditionalInformation,
        code("StatementCode", "statement_code", "226", "an..17"),
        text("StatementDescription", "statement_description", "225", "an..512"),
        code("StatementTypeCode", "statement_type_code", "369", "an..3"),
        *more,
    )


def amendments() -> Group:
    reason = code("ChangeReasonCode", "change_reason_code", "099", "an..3")
    return many("Amendment", "06A", "amendments", d.Amendment, reason, pointers())


def charge_deductions() -> Group:
    return many(
        "ChargeDeduction",
        "58B",
        "charge_deductions",
        d.ChargeDeduction,
        code("ChargesTypeCode", "charges_type_code", "371", "an..3"),
        amount("OtherChargeDeductionAmount", "amount", "181"),
    )


def destination() -> Group:
    country = code("CountryCode", "country_code", "465", "a2")
    return one(
        "Destination", "99B", "destination", d.Region, country, code("RegionID", "region_id", "477", "an..9")
    )


def export_country() -> Group:
    return flat("ExportCountry", "95B", code("ID", "export_country_id", "062", "a2"))


def transaction_nature() -> Leaf:
    return code("TransactionNatureCode", "transaction_nature_code", "103", "n..2")


def previous_documents() -> Group:
    return many(
        "PreviousDocument",
        "99A",
        "previous_documents",
        d.PreviousDocument,
        code("CategoryCode", "category_code", "D031", "an..3"),
        code("ID", "id", "D018", "an..70"),
        code("TypeCode", "type_code", "D019", "an..3"),
        count("LineNumeric", "line_numeric", "171"),
    )


def ucr() -> Group:
    own = code("TraderAssignedReferenceID", "trader_assigned_reference_id", "009", "an..35")
    return one("UCR", "35B", "ucr", d.Ucr, code("ID", "id", "016", "an..35"), own)


def freight() -> Group:
    return flat("Freight", "62A", code("PaymentMethodCode", "freight_payment_method_code", "098", "an..3"))


def transport_equipment(*more: Leaf | Group) -> Group:
    number = code("ID", "id", "159", "an..17")
    return many(
        "TransportEquipment", "31B", "transport_equipment", d.TransportEquipment, sequence(), number, *more
    )


def transport_means(name: str, class_id: str, into: str, tags: str, *before_mode: Leaf) -> Group:
    """tags: the numbers of name, id, identification type, type and mode, which differ by role."""
    name_tag, id_tag, identification_tag, type_tag, mode_tag = tags.split()
    return one(
        name,
        class_id,
        into,
        d.TransportMeans,
        text("Name", "name", name_tag, "an..35"),
        code("ID", "id", id_tag, "an..35"),
        code("IdentificationTypeCode", "identification_type_code", identification_tag, "an..17"),
        code("TypeCode", "type_code", type_tag, "an..4"),
        *before_mode,
        code("ModeCode", "mode_code", mode_tag, "n1"),
    )


def consignor(*, type_code: bool = False) -> Group:
    return party("Consignor", "30A", "consignor", "R020", "R021", address(type_code=type_code))


def buyer() -> Group:
    return party("Buyer", "16A", "buyer", "R009", "R010", address(), contact(), communication())


def seller() -> Group:
    return party("Seller", "09B", "seller", "R050", "R051", address(), contact(), communication())


def consignee() -> Group:
    return party("Consignee", "27A", "consignee", "R014", "R015")


def mutual_recognition_parties() -> Group:
    return party_with_role("AEOMutualRecognitionParty", "16C", "aeo_mutual_recognition_parties", "R143")


def domestic_duty_tax_parties() -> Group:
    return party_with_role("DomesticDutyTaxParty", "55B", "domestic_duty_tax_parties", "R119")


def office(name: str, class_id: str, into: str, tag: str) -> Group:
    return flat(name, class_id, code("ID", into, tag, "an..17"))


def duty_tax_fees(*payment: Leaf | Group) -> Group:
    """payment: what stands in Payment, which differs between declaration and notice."""
    return many(
        "DutyTaxFee",
        "50A",
        "duty_tax_fees",
        d.DutyTaxFee,
        amount("AdValoremTaxBaseAmount", "ad_valorem_tax_base", "116"),
        amount("DeductAmount", "deduct_amount", "111"),
        code("DutyRegimeCode", "duty_regime_code", "164", "an..3"),
        measure("SpecificTaxBaseQuantity", "specific_tax_base", "129"),
        rate("TaxRateNumeric", "tax_rate_millionths", "115"),
        code("TypeCode", "type_code", "113", "an..3"),
        *payment,
    )


# --- the goods item ------------------------------------------------------------------------------------------

COMMODITY: Final = flat(
    "Commodity",
    "23A",
    text("Description", "description", "137", "an..512"),
    many(
        "Classification",
        "21A",
        "classifications",
        d.Classification,
        code("ID", "id", "145", "an..18"),
        # The schema leaves this number empty; rejections of the system that uses it print 337.
        code("IdentificationTypeCode", "identification_type_code", "337", "an..3"),
    ),
    Group(
        "DangerousGoods",
        "12C",
        (code("UNDGID", "", "506", "n..4"),),
        "dangerous_goods_undg_ids",
        many=True,
    ),
    duty_tax_fees(
        code("QuotaOrderID", "quota_order_id", "401", "an..17"),
        flat(
            "Payment",
            "94A",
            code("MethodCode", "payment_method_code", "107", "a1"),
            amount("TaxAssessedAmount", "tax_assessed_amount", "120"),
            amount("PaymentAmount", "payment_amount", "378"),
        ),
    ),
    flat(
        "GoodsMeasure",
        "65A",
        measure("GrossMassMeasure", "gross_mass", "126"),
        measure("NetNetWeightMeasure", "net_mass", "128"),
        measure("TariffQuantity", "tariff_quantity", "130"),
    ),
    flat("InvoiceLine", "79A", amount("ItemChargeAmount", "item_charge", "112")),
    transport_equipment(),
)

GOODS_ITEM: Final = many(
    "GovernmentAgencyGoodsItem",
    "68A",
    "goods_items",
    d.GoodsItem,
    amount("CustomsValueAmount", "customs_value", "108"),
    sequence(),
    amount("StatisticalValueAmount", "statistical_value", "114"),
    transaction_nature(),
    many(
        "AdditionalDocument",
        "02A",
        "additional_documents",
        d.AdditionalDocument,
        code("CategoryCode", "category_code", "D031", "an..3"),
        day("EffectiveDateTime", "effective_time", "276"),
        code("ID", "id", "D005", "an..70"),
        text("Name", "name", "D028", "an..35"),
        code("TypeCode", "type_code", "D006", "an..3"),
        code("LPCOExemptionCode", "lpco_exemption_code", "360", "an..3"),
        one(
            "Submitter",
            "17B",
            "submitter",
            d.Party,
            text("Name", "name", "R058", "an..70"),
            code("RoleCode", "role_code", "R005", "an..3"),
        ),
        one(
            "WriteOff",
            "22C",
            "write_off",
            d.WriteOff,
            measure("QuantityQuantity", "quantity", "502"),
            amount("AmountAmount", "amount", "503"),
        ),
    ),
    additional_informations(),
    mutual_recognition_parties(),
    buyer(),
    COMMODITY,
    consignee(),
    consignor(),
    flat(
        "CustomsValuation",
        "41A",
        code("MethodCode", "valuation_method_code", "122", "an..3"),
        charge_deductions(),
    ),
    destination(),
    domestic_duty_tax_parties(),
    export_country(),
    many(
        "GovernmentProcedure",
        "70A",
        "procedures",
        d.Procedure,
        code("CurrentCode", "current_code", "166", "an..7"),
        code("PreviousCode", "previous_code", "161", "an..7"),
    ),
    many(
        "Origin",
        "92A",
        "origins",
        d.Origin,
        code("CountryCode", "country_code", "063", "an..4"),
        code("RegionID", "region_id", "066", "an..9"),
        code("TypeCode", "type_code", "501", "an..3"),
    ),
    many(
        "Packaging",
        "93A",
        "packagings",
        d.Packaging,
        sequence(),
        # An identifier in the schema, running text in life: marks are printed over several lines.
        text("MarksNumbersID", "marks_numbers_id", "142", "an..512"),
        measure("QuantityQuantity", "quantity", "144", "n..8"),
        code("TypeCode", "type_code", "141", "an..2"),
        text("PackingMaterialDescription", "packing_material_description", "344", "an..256"),
        measure("LengthMeasure", "length", "367", "n..15"),
        measure("WidthMeasure", "width", "368", "n..15"),
        measure("HeightMeasure", "height", "402", "n..15"),
        measure("VolumeMeasure", "volume", "395"),
    ),
    previous_documents(),
    seller(),
    ucr(),
    flat("ValuationAdjustment", "39B", code("AdditionCode", "valuation_adjustment_code", "188", "an..4")),
    most=d.MAX_GOODS_ITEMS,
)

# --- the goods shipment --------------------------------------------------------------------------------------

GOODS_SHIPMENT: Final = flat(
    "GoodsShipment",
    "67A",
    instant("ExitDateTime", "exit_time", "024"),
    transaction_nature(),
    mutual_recognition_parties(),
    buyer(),
    consignee(),
    one(
        "Consignment",
        "28A",
        "consignment",
        d.Consignment,
        code("ContainerCode", "container_code", "096", "an..3", values=("0", "1")),
        transport_means(
            "ArrivalTransportMeans", "10A", "arrival_transport_means", "T001 T002 T034 T008 T020"
        ),
        transport_means(
            "DepartureTransportMeans", "46A", "departure_transport_means", "T003 T004 T029 T009 T021"
        ),
        one(
            "GoodsLocation",
            "64A",
            "goods_location",
            d.Location,
            text("Name", "name", "L016", "an..256"),
            code("ID", "id", "L017", "an..17"),
            code("TypeCode", "type_code", "L110", "an..3"),
            address(type_code=True, sub_division=False),
        ),
        one(
            "LoadingLocation",
            "83A",
            "loading_location",
            d.Location,
            text("Name", "name", "L009", "an..256"),
            code("ID", "id", "L010", "an..17"),
        ),
        transport_equipment(
            many("Seal", "44B", "seals", d.Seal, sequence(), code("ID", "id", "165", "an..35"))
        ),
    ),
    consignor(),
    flat(
        "CustomsValuation",
        "41A",
        amount("FreightChargeAmount", "freight_charge", "117"),
        charge_deductions(),
    ),
    destination(),
    domestic_duty_tax_parties(),
    export_country(),
    GOODS_ITEM,
    party("Importer", "74A", "importer", "R037", "R038", address(), contact(), communication()),
    one(
        "Invoice",
        "78A",
        "invoice",
        d.Invoice,
        code("ID", "id", "D016", "an..70"),
        day("IssueDateTime", "issue_time", "D015"),
    ),
    party("Payer", "56B", "payer", "R120", "R121"),
    previous_documents(),
    seller(),
    party("Surety", "19B", "surety", "R054", "R055"),
    one(
        "TradeTerms",
        "22B",
        "trade_terms",
        d.TradeTerms,
        code("ConditionCode", "condition_code", "090", "a3"),
        code("CountryRelationshipCode", "country_relationship_code", "106", "an..3"),
        text("Description", "description", "089", "an..70"),
        code("LocationID", "location_id", "L002", "an..17"),
        text("LocationName", "location_name", "L001", "an..256"),
    ),
    ucr(),
    one(
        "Warehouse",
        "43B",
        "warehouse",
        d.Warehouse,
        code("ID", "id", "L019", "an..35"),
        code("TypeCode", "type_code", "L112", "an..3"),
    ),
)

# --- the declaration -----------------------------------------------------------------------------------------

DEC: Final = "urn:wco:datamodel:WCO:DEC-DMS:2"
METADATA: Final = "urn:wco:datamodel:WCO:DocumentMetaData-DMS:2"
RES: Final = "urn:wco:datamodel:WCO:RES-DMS:2"
TIMES: Final = {
    DEC: "urn:wco:datamodel:WCO:Declaration_DS:DMS:2",
    RES: "urn:wco:datamodel:WCO:Response_DS:DMS:2",
}
"""The namespace of DateTimeString in messages of a namespace."""

DECLARATION: Final = Group(
    "Declaration",
    "42A",
    (
        instant("AcceptanceDateTime", "acceptance_time", "023"),
        code("FunctionCode", "function_code", "017", "n..2", required=True),
        code("FunctionalReferenceID", "functional_reference_id", "D026", "an..35"),
        code("ID", "declaration_id", "D014", "an..70"),
        instant("IssueDateTime", "issue_time", "D011"),
        code("IssueLocationID", "issue_location_id", "D012", "an..5"),
        code("TypeCode", "type_code", "D013", "an..3"),
        count("GoodsItemQuantity", "goods_item_quantity", "228"),
        code("DeclarationOfficeID", "declaration_office_id", "065", "an..17"),
        amount("InvoiceAmount", "invoice_amount", "109"),
        count("LoadingListQuantity", "loading_list_quantity", "013"),
        measure("TotalGrossMassMeasure", "total_gross_mass", "131"),
        count("TotalPackageQuantity", "total_package_quantity", "146", "n..8"),
        code("SpecificCircumstancesCodeCode", "specific_circumstances_code", "504", "an..3"),
        one(
            "Authentication",
            "61B",
            "authentication",
            d.Authentication,
            text("Authentication", "text", "104", "an..256"),
            flat("Authenticator", "12A", text("Name", "authenticator_name", "R007", "an..70")),
        ),
        party("Submitter", "17B", "submitter", "R058", "R059"),
        many(
            "AdditionalDocument",
            "02A",
            "additional_documents",
            d.AdditionalDocument,
            code("CategoryCode", "category_code", "D031", "an..3"),
            code("ID", "id", "D005", "an..70"),
            code("TypeCode", "type_code", "D006", "an..3"),
        ),
        additional_informations(pointers()),
        party(
            "Agent",
            "05A",
            "agent",
            "R003",
            "R004",
            code("FunctionCode", "function_code", "102", "an..3"),
            address(),
        ),
        amendments(),
        many(
            "AuthorisationHolder",
            "17C",
            "authorisation_holders",
            d.AuthorisationHolder,
            code("ID", "id", "R144", "an..17"),
            code("CategoryCode", "category_code", "R145", "an..4"),
        ),
        transport_means(
            "BorderTransportMeans",
            "15A",
            "border_transport_means",
            "T005 T006 T018 T010 T022",
            code("RegistrationNationalityCode", "registration_nationality_code", "T014", "a2"),
        ),
        one(
            "Consignment",
            "28A",
            "security_consignment",
            d.SecurityConsignment,
            party("Carrier", "18A", "carrier", "R011", "R012", address(), communication()),
            many(
                "ConsignmentItem",
                "29A",
                "consignment_items",
                d.ConsignmentItem,
                sequence(),
                consignor(type_code=True),
                freight(),
                most=d.MAX_GOODS_ITEMS,
            ),
            consignor(type_code=True),
            freight(),
            many(
                "Itinerary",
                "81A",
                "itineraries",
                d.Itinerary,
                sequence(),
                code("RoutingCountryCode", "routing_country_code", "064", "a2"),
            ),
        ),
        many(
            "CurrencyExchange",
            "40A",
            "currency_exchanges",
            d.CurrencyExchange,
            code("CurrencyTypeCode", "currency_type_code", "135", "a3"),
            rate("RateNumeric", "rate_millionths", "118", "n..12,5"),
        ),
        party("Declarant", "57B", "declarant", "R124", "R123", address(), contact(), communication()),
        office("ExitOffice", "56A", "exit_office_id", "G005"),
        party("Exporter", "57A", "exporter", "R031", "R032", address(), contact(), communication()),
        GOODS_SHIPMENT,
        many(
            "ObligationGuarantee",
            "90A",
            "guarantees",
            d.Guarantee,
            amount("AmountAmount", "amount", "492"),
            code("ID", "id", "D014", "an..70"),
            code("ReferenceID", "reference_id", "100", "an..35"),
            code("SecurityDetailsCode", "security_details_code", "101", "an..3"),
            code("AccessCode", "access_code", "499", "an..4"),
            office("GuaranteeOffice", "14C", "guarantee_office_id", "G014"),
        ),
        office("PresentationOffice", "15C", "presentation_office_id", "G015"),
        office("SupervisingOffice", "97B", "supervising_office_id", "G012"),
    ),
    record=d.Declaration,
    namespace=DEC,
)


class Header(d.Record, frozen=True, kw_only=True):
    """The envelope (MetaData): which data model, which customization, by which country and agency."""

    model_version: str = ""
    type_name: str = ""
    country_code: str = ""
    agency_name: str = ""
    customization_code: str = ""
    customization_version_code: str = ""


HEADER: Final = Group(
    "MetaData",
    "",
    (
        code("WCODataModelVersionCode", "model_version", "", "an..70"),
        code("WCOTypeName", "type_name", "", "an..70"),
        code("ResponsibleCountryCode", "country_code", "", "an..70"),
        text("ResponsibleAgencyName", "agency_name", "", "an..70"),
        code("AgencyAssignedCustomizationCode", "customization_code", "", "an..70"),
        code("AgencyAssignedCustomizationVersionCode", "customization_version_code", "", "an..70"),
    ),
    field="header",
    record=Header,
    namespace=METADATA,
)
"""Its schema sets no lengths, so one for all."""
