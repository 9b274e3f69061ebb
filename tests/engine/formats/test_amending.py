"""Amendments: what a pointer does, when it is refused, and what differs between two versions."""

import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import pytest

from thongquan.engine.declaration import (
    AdditionalDocument,
    AdditionalInformation,
    Address,
    Amendment,
    Amount,
    Classification,
    Consignment,
    Declaration,
    GoodsItem,
    Kept,
    Packaging,
    Party,
    Quantity,
    Record,
    Seal,
    TransportEquipment,
    Warehouse,
)
from thongquan.engine.findings import Finding, Severity
from thongquan.engine.formats.amending import Amended, Change, amend, diff
from thongquan.engine.formats.responses import read_res
from thongquan.engine.formats.wco import Kind, Message, pointers_of, read_dec, write_dec
from thongquan.engine.formats.wco_validation_codes import VALIDATION_CODES

usd = Amount(millionths=1_000_000_000, currency="USD")
LICENCE = AdditionalDocument(category_code="C", type_code="001", id="GP-1", lpco_exemption_code="AC")
INVOICE = AdditionalDocument(category_code="N", type_code="935", id="HD-7")
ORIGIN = AdditionalDocument(category_code="N", type_code="954", id="CO-3")

PUMP = GoodsItem(
    sequence_numeric=1,
    description="Máy bơm",
    classifications=(Classification(id="84137011", identification_type_code="TSP"),),
    net_mass=Quantity(millionths=90_000_000, unit="KGM"),
    gross_mass=Quantity(millionths=100_000_000, unit="KGM"),
    item_charge=usd,
    additional_documents=(LICENCE, INVOICE, ORIGIN),
    packagings=(Packaging(sequence_numeric=1, type_code="BX"), Packaging(sequence_numeric=2, type_code="CT")),
)
HOSE = GoodsItem(sequence_numeric=2, description="Ống", dangerous_goods_undg_ids=("1263", "1950"))
VALVE = GoodsItem(sequence_numeric=3, description="Van")

CURRENT = Declaration(
    function_code="9",
    functional_reference_id="QN-1",
    declaration_id="102030405060",
    type_code="IMA",
    goods_item_quantity=3,
    total_package_quantity=12,
    exporter=Party(name="Pumps Ltd", address=Address(city_name="Osaka", country_code="JP")),
    warehouse=Warehouse(id="20CFW01", type_code="R"),
    goods_items=(PUMP, HOSE, VALVE),
)


def amendment(*pointers: str, **content: Any) -> Declaration:
    """An amendment message: its pointers as people write them, its content as fields of the declaration."""
    return Declaration(
        function_code="13",
        functional_reference_id="QN-1-S1",
        declaration_id="102030405060",
        type_code="COR",
        amendments=tuple(
            Amendment(change_reason_code="32", pointers=pointers_of(pointer)) for pointer in pointers
        ),
        **content,
    )


def item(number: int = 1, **fields: Any) -> tuple[GoodsItem, ...]:
    return (GoodsItem(sequence_numeric=number, **fields),)


def applied(*pointers: str, current: Declaration = CURRENT, **content: Any) -> Amended:
    outcome = amend(current, amendment(*pointers, **content))
    assert isinstance(outcome, Amended), outcome
    return outcome


def refused(*pointers: str, **content: Any) -> list[str]:
    outcome = amend(CURRENT, amendment(*pointers, **content))
    assert isinstance(outcome, tuple), outcome
    return [finding.code for finding in outcome if finding.severity is Severity.ERROR]


def changes(amended: Amended) -> list[tuple[str, Any, Any]]:
    return [(change.path, change.before, change.after) for change in amended.changes]


# --- data elements -------------------------------------------------------------------------------------------


def test_a_pointer_to_a_data_element_sets_it_and_nothing_else() -> None:
    amended = applied(
        "42A/67A/68A[1]/23A/79A[1]:112", goods_items=item(item_charge=Amount(millionths=7, currency="USD"))
    )
    assert amended.changes == (
        Change(
            "goods_items[1].item_charge",
            usd,
            Amount(millionths=7, currency="USD"),
            "42A/67A/68A[1]/23A/79A:112",
        ),
    )
    assert amended.notes == ()
    assert amended.declaration == msgspec.structs.replace(
        CURRENT,
        goods_items=(
            msgspec.structs.replace(PUMP, item_charge=Amount(millionths=7, currency="USD")),
            HOSE,
            VALVE,
        ),
    )
    assert amended.declaration.function_code == "9"
    assert amended.declaration.amendments == ()


def test_an_element_that_the_message_leaves_empty_is_removed() -> None:
    amended = applied("42A/67A/43B:L112")
    assert changes(amended) == [("warehouse.type_code", "R", None)]
    assert amended.declaration.warehouse == Warehouse(id="20CFW01")


def test_a_part_that_loses_its_last_element_is_gone() -> None:
    amended = applied("42A/67A/43B:L112", "42A/67A/43B:L019")
    assert amended.declaration.warehouse is None
    assert [change.path for change in amended.changes] == ["warehouse"]


def test_an_item_is_found_by_its_own_number_wherever_it_stands_in_the_message() -> None:
    amended = applied("42A/67A/68A[3]/23A:137", goods_items=item(3, description="Van bi"))
    assert changes(amended) == [("goods_items[3].description", "Van", "Van bi")]


def test_a_document_is_found_by_position_and_the_message_holds_the_places_before_it() -> None:
    documents = (AdditionalDocument(), AdditionalDocument(id="HD-8"))
    amended = applied("42A/67A/68A[1]/02A[2]:D005", goods_items=item(additional_documents=documents))
    assert changes(amended) == [("goods_items[1].additional_documents[2].id", "HD-7", "HD-8")]


def test_several_elements_of_one_part_are_set_by_several_pointers() -> None:
    exporter = Party(name="Pumps GmbH", address=Address(city_name="Bremen", country_code="DE"))
    amended = applied("42A/57A:R031", "42A/57A/04A:241", "42A/57A/04A:242", exporter=exporter)
    assert amended.declaration.exporter == exporter
    assert len(amended.changes) == 3


def test_the_number_of_a_class_that_occurs_once_is_passed_over_with_a_note() -> None:
    amended = applied("42A/57A[2]:R031", exporter=Party(name="Pumps GmbH"))
    assert changes(amended) == [("exporter.name", "Pumps Ltd", "Pumps GmbH")]
    assert [note.code for note in amended.notes] == ["AMENDMENT_POINTER_NUMBER_IGNORED"]


def test_a_number_may_be_missing_where_one_part_can_be_meant() -> None:
    amended = applied("42A/67A/68A/23A:137", goods_items=item(2, description="Ống cao su"))
    assert changes(amended) == [("goods_items[2].description", "Ống", "Ống cao su")]
    assert refused("42A/67A/68A[1]/02A:D005") == ["AMENDMENT_POINTER_INCOMPLETE"]


def test_a_part_that_is_not_there_yet_is_made_for_its_elements() -> None:
    amended = applied("42A/67A/74A:R038", importer=Party(id="0101234567"))
    assert changes(amended) == [("importer", None, Party(id="0101234567"))]
    new = AdditionalDocument(category_code="Y", id="4")
    documents = (AdditionalDocument(), AdditionalDocument(), AdditionalDocument(), new)
    amended = applied(
        "42A/67A/68A[1]/02A[4]:D031",
        "42A/67A/68A[1]/02A[4]:D005",
        goods_items=item(additional_documents=documents),
    )
    assert changes(amended) == [("goods_items[1].additional_documents[4]", None, new)]
    seal = Seal(sequence_numeric=7, id="S-7")
    box = TransportEquipment(sequence_numeric=2, id="TCLU1234567", seals=(seal,))
    amended = applied(
        "42A/67A/28A/31B[2]:159",
        "42A/67A/28A/31B[2]/44B[7]:165",
        consignment=Consignment(transport_equipment=(box,)),
    )
    assert amended.declaration.consignment == Consignment(transport_equipment=(box,))


# --- classes ---------------------------------------------------------------------------------------------------


def test_an_item_is_added_at_its_number() -> None:
    current = msgspec.structs.replace(CURRENT, goods_items=(PUMP, VALVE))
    amended = applied("42A/67A/68A[2]", current=current, goods_items=(HOSE,))
    assert amended.declaration.goods_items == (PUMP, HOSE, VALVE)
    assert amended.changes == (Change("goods_items[2]", None, HOSE, "42A/67A/68A[2]"),)


def test_an_item_is_removed_and_the_others_keep_their_numbers() -> None:
    amended = applied("42A/67A/68A[2]", "42A:228", goods_item_quantity=2)
    assert amended.declaration.goods_items == (PUMP, VALVE)
    assert changes(amended) == [("goods_item_quantity", 3, 2), ("goods_items[2]", HOSE, None)]


def test_documents_are_removed_by_the_positions_they_had() -> None:
    amended = applied("42A/67A/68A[1]/02A[1]", "42A/67A/68A[1]/02A[2]")
    assert amended.declaration.goods_items[0].additional_documents == (ORIGIN,)
    assert changes(amended) == [
        ("goods_items[1].additional_documents[1]", LICENCE, None),
        ("goods_items[1].additional_documents[2]", INVOICE, None),
    ]


def test_a_class_is_replaced_when_the_message_mentions_all_that_it_had() -> None:
    new = msgspec.structs.replace(LICENCE, id="GP-2", name="Giấy phép")
    amended = applied("42A/67A/68A[1]/02A[1]", goods_items=item(additional_documents=(new,)))
    assert amended.declaration.goods_items[0].additional_documents == (new, INVOICE, ORIGIN)


def test_a_class_that_would_lose_what_the_message_does_not_mention_is_refused() -> None:
    new = AdditionalDocument(category_code="C", type_code="001", id="GP-2")
    assert refused("42A/67A/68A[1]/02A[1]", goods_items=item(additional_documents=(new,))) == [
        "AMENDMENT_AMBIGUOUS"
    ]
    assert refused("42A/67A/68A[1]", goods_items=item(description="Máy bơm")) == ["AMENDMENT_AMBIGUOUS"]
    measure = {"net_mass": Quantity(millionths=1, unit="KGM")}
    assert refused("42A/67A/68A[1]/23A/65A", goods_items=item(**measure)) == ["AMENDMENT_AMBIGUOUS"]


def test_a_class_without_a_record_of_its_own_is_replaced_and_removed_as_a_whole() -> None:
    masses = {
        "net_mass": Quantity(millionths=1, unit="KGM"),
        "gross_mass": Quantity(millionths=2, unit="KGM"),
    }
    amended = applied("42A/67A/68A[1]/23A/65A", goods_items=item(**masses))
    assert [change.path for change in amended.changes] == [
        "goods_items[1].gross_mass",
        "goods_items[1].net_mass",
    ]
    amended = applied("42A/67A/68A[1]/23A/65A")
    assert amended.declaration.goods_items[0].gross_mass is None
    assert amended.declaration.goods_items[0].net_mass is None
    assert amended.declaration.goods_items[0].item_charge == usd


def test_plain_texts_are_amended_by_position() -> None:
    amended = applied(
        "42A/67A/68A[2]/23A/12C[2]:506", goods_items=item(2, dangerous_goods_undg_ids=("", "1993"))
    )
    assert changes(amended) == [("goods_items[2].dangerous_goods_undg_ids[2]", "1950", "1993")]
    amended = applied("42A/67A/68A[2]/23A/12C[1]")
    assert amended.declaration.goods_items[1].dangerous_goods_undg_ids == ("1950",)
    amended = applied(
        "42A/67A/68A[2]/23A/12C[3]", goods_items=item(2, dangerous_goods_undg_ids=("", "", "1993"))
    )
    assert amended.declaration.goods_items[1].dangerous_goods_undg_ids == ("1263", "1950", "1993")


# --- what is refused, and what is told ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pointer", "code"),
    [
        ("42A/67A/68A[1]/23A:999", "AMENDMENT_POINTER_UNKNOWN"),
        ("42A/67A/99Z", "AMENDMENT_POINTER_UNKNOWN"),
        ("67A/68A[1]", "AMENDMENT_POINTER_UNKNOWN"),
        ("42A:228/67A", "AMENDMENT_POINTER_UNKNOWN"),
        ("42A", "AMENDMENT_TOO_WIDE"),
        ("42A/67A", "AMENDMENT_TOO_WIDE"),
        ("42A:D026", "AMENDMENT_NOT_AMENDABLE"),
        ("42A:D014", "AMENDMENT_NOT_AMENDABLE"),
        ("42A:D013", "AMENDMENT_NOT_AMENDABLE"),
        ("42A:017", "AMENDMENT_NOT_AMENDABLE"),
        ("42A/06A[1]:099", "AMENDMENT_NOT_AMENDABLE"),
        ("42A/67A/68A[9]", "AMENDMENT_NOTHING_THERE"),
        ("42A/67A/68A[9]/23A:137", "AMENDMENT_NOTHING_THERE"),
        ("42A/67A/68A[1]/02A[4]", "AMENDMENT_NOTHING_THERE"),
        ("42A/67A/74A:R038", "AMENDMENT_NOTHING_THERE"),
        ("42A/67A/74A", "AMENDMENT_NOTHING_THERE"),
        ("42A/67A/22B", "AMENDMENT_NOTHING_THERE"),
        ("42A/67A/41A", "AMENDMENT_NOTHING_THERE"),
        ("42A:109", "AMENDMENT_NOTHING_THERE"),
        ("42A/67A/68A[1]:006", "AMENDMENT_NOT_AMENDABLE"),
    ],
)
def test_a_pointer_that_leads_nowhere_is_refused(pointer: str, code: str) -> None:
    outcome = amend(CURRENT, amendment(pointer))
    assert isinstance(outcome, tuple)
    (finding,) = outcome
    assert (finding.code, finding.at, finding.pointer) == (code, "amendments[1]", pointer)
    assert finding.says["pointer"] == pointer


def test_an_amendment_without_pointers_is_refused() -> None:
    assert refused() == ["AMENDMENT_POINTER_MISSING"]
    outcome = amend(
        CURRENT, msgspec.structs.replace(amendment(), amendments=(Amendment(change_reason_code="32"),))
    )
    assert isinstance(outcome, tuple)
    assert [finding.code for finding in outcome] == ["AMENDMENT_POINTER_MISSING"]


def test_a_place_in_a_list_cannot_be_left_empty() -> None:
    documents = (*[AdditionalDocument()] * 4, AdditionalDocument(id="X"))
    assert refused("42A/67A/68A[1]/02A[5]:D005", goods_items=item(additional_documents=documents)) == [
        "AMENDMENT_NOT_NEXT"
    ]


def test_a_removal_beside_content_that_nobody_points_to_is_refused() -> None:
    # The declarant may have mistaken the item: he writes about line 1 and points to line 2.
    assert refused("42A/67A/68A[2]/23A:137", goods_items=item(1, description="Máy bơm nước")) == [
        "AMENDMENT_AMBIGUOUS"
    ]
    # He points to the second document and gives it in the first place.
    documents = (AdditionalDocument(id="HD-8"),)
    assert refused("42A/67A/68A[1]/02A[2]:D005", goods_items=item(additional_documents=documents)) == [
        "AMENDMENT_AMBIGUOUS"
    ]


def test_two_items_of_one_number_cannot_be_told_apart() -> None:
    twins = msgspec.structs.replace(
        CURRENT, goods_items=(PUMP, msgspec.structs.replace(HOSE, sequence_numeric=1))
    )
    outcome = amend(twins, amendment("42A/67A/68A[1]/23A:137", goods_items=item(description="x")))
    assert isinstance(outcome, tuple)
    assert [finding.code for finding in outcome] == ["AMENDMENT_AMBIGUOUS"]


def test_content_without_a_pointer_is_not_applied_but_told() -> None:
    content = item(
        net_mass=Quantity(millionths=1, unit="KGM"), description="Máy nén", gross_mass=PUMP.gross_mass
    )
    amended = applied("42A/67A/68A[1]/23A/65A:128", goods_items=content)
    assert [change.path for change in amended.changes] == ["goods_items[1].net_mass"]
    assert amended.declaration.goods_items[0].description == "Máy bơm"
    (note,) = amended.notes
    assert (note.code, note.severity) == ("AMENDMENT_CONTENT_IGNORED", Severity.WARNING)
    assert (note.at, note.pointer) == ("goods_items[1].description", "42A/67A/68A[1]/23A:137")


def test_a_value_that_is_there_already_is_a_note() -> None:
    amended = applied("42A:146", "42A:228", total_package_quantity=12, goods_item_quantity=4)
    assert changes(amended) == [("goods_item_quantity", 3, 4)]
    assert [(note.code, note.at) for note in amended.notes] == [
        ("AMENDMENT_CHANGES_NOTHING", "amendments[1]")
    ]


def test_the_text_that_explains_an_amendment_is_not_content() -> None:
    why = AdditionalInformation(
        statement_description="Sai số kiện", statement_type_code="AES", pointers=pointers_of("42A/06A[1]")
    )
    remark = AdditionalInformation(statement_code="X1")
    amended = applied(
        "42A:146", "42A/03A[1]:226", total_package_quantity=13, additional_informations=(why, remark)
    )
    assert amended.declaration.additional_informations == (remark,)
    assert amended.notes == ()


def test_every_reason_is_given_at_once() -> None:
    assert refused("42A:D014", "42A/67A/68A[9]", "42A/99Z") == [
        "AMENDMENT_NOT_AMENDABLE",
        "AMENDMENT_NOTHING_THERE",
        "AMENDMENT_POINTER_UNKNOWN",
    ]


def test_every_finding_can_be_said(said: Callable[[Iterable[Finding]], set[str]]) -> None:
    documents = (*[AdditionalDocument()] * 4, AdditionalDocument(id="X"))
    outcomes = [
        amend(CURRENT, amendment("42A/99Z", "42A:D014", "42A", "42A/67A/22B", "42A/67A/68A[1]/02A:D005")),
        amend(CURRENT, amendment("42A/67A/68A[1]", goods_items=item(description="x"))),
        amend(
            CURRENT, amendment("42A/67A/68A[1]/02A[5]:D005", goods_items=item(additional_documents=documents))
        ),
        amend(CURRENT, amendment()),
        applied(
            "42A/57A[2]:R031", "42A:146", exporter=Party(name="Y", id="1"), total_package_quantity=12
        ).notes,
    ]
    codes = said(finding for outcome in outcomes if isinstance(outcome, tuple) for finding in outcome)
    assert codes == {code for code in VALIDATION_CODES if code.startswith("AMENDMENT_")}


def test_kept_elements_move_with_their_item() -> None:
    path = "GoodsShipment/GovernmentAgencyGoodsItem"
    current = msgspec.structs.replace(
        CURRENT,
        kept=(
            Kept(path="Foo"),
            Kept(path=f"{path}[1]/AdditionalDocument[3]/ID@schemeID", text="a"),
            Kept(path=f"{path}[2]/Foo"),
            Kept(path=f"{path}[3]/Foo"),
        ),
    )
    amended = applied("42A/67A/68A[2]", "42A/67A/68A[1]/02A[1]", current=current)
    assert [kept.path for kept in amended.declaration.kept] == [
        "Foo",
        f"{path}[1]/AdditionalDocument[2]/ID@schemeID",
        f"{path}[2]/Foo",
    ]
    amended = applied("42A:146", current=current, total_package_quantity=13)
    assert amended.declaration.kept == current.kept


def test_thousands_of_pointers_are_applied_in_seconds() -> None:
    numbers = range(1, 10_001)
    current = msgspec.structs.replace(
        CURRENT, goods_items=tuple(GoodsItem(sequence_numeric=n, description="a") for n in numbers)
    )
    content = tuple(GoodsItem(sequence_numeric=n, description="b") for n in numbers[::2])
    pointers = [f"42A/67A/68A[{n}]/23A:137" for n in numbers[::2]]
    started = time.process_time()
    amended = applied(*pointers, current=current, goods_items=content)
    assert time.process_time() - started < 5
    assert len(amended.changes) == 5_000


# --- differences ---------------------------------------------------------------------------------------------


def test_equal_declarations_do_not_differ() -> None:
    assert diff(CURRENT, CURRENT) == ()


def test_items_are_compared_by_number_and_documents_by_position() -> None:
    after = msgspec.structs.replace(
        CURRENT,
        goods_items=(
            msgspec.structs.replace(
                PUMP, additional_documents=(INVOICE, ORIGIN), packagings=PUMP.packagings[1:]
            ),
            msgspec.structs.replace(VALVE, description="Van bi"),
            GoodsItem(sequence_numeric=4),
        ),
    )
    assert [(change.path, change.pointer) for change in diff(CURRENT, after)] == [
        ("goods_items[1].additional_documents[1]", "42A/67A/68A[1]/02A[1]"),
        ("goods_items[1].packagings[1]", "42A/67A/68A[1]/93A[1]"),
        ("goods_items[2].description", "42A/67A/68A[3]/23A:137"),
        ("goods_items[3]", "42A/67A/68A[4]"),
        ("goods_items[2]", "42A/67A/68A[2]"),
    ]


def test_another_order_of_numbered_items_is_a_difference_too() -> None:
    after = msgspec.structs.replace(CURRENT, goods_items=(HOSE, PUMP, VALVE))
    assert diff(CURRENT, after) == (Change("goods_items", (1, 2, 3), (2, 1, 3), "42A/67A/68A"),)


def test_items_without_numbers_or_with_one_twice_are_compared_by_position() -> None:
    twins = msgspec.structs.replace(CURRENT, goods_items=(PUMP, PUMP))
    after = msgspec.structs.replace(
        CURRENT, goods_items=(PUMP, msgspec.structs.replace(PUMP, description="x"))
    )
    assert [change.path for change in diff(twins, after)] == ["goods_items[2].description"]


def test_what_a_message_has_no_element_for_and_what_was_kept_differ_visibly() -> None:
    after = msgspec.structs.replace(
        CURRENT,
        exporter=msgspec.structs.replace(CURRENT.exporter, role_code="X"),
        kept=(Kept(path="Foo", text="1"),),
    )
    assert [(change.path, change.before, change.after) for change in diff(CURRENT, after)] == [
        ("exporter.role_code", None, "X"),
        ("Foo", None, Kept(path="Foo", text="1")),
    ]


def test_any_difference_of_a_full_declaration_is_found_where_it_is(full_declaration: Declaration) -> None:
    def leaves(value: Any, path: str = "") -> Any:
        for field in value.__struct_fields__:
            here = f"{path}.{field}".lstrip(".")
            part = getattr(value, field)
            if isinstance(part, Record) and not isinstance(part, Amount | Quantity):
                yield from leaves(part, here)
            elif isinstance(part, tuple) and part and isinstance(part[0], Record):
                yield from leaves(part[0], f"{here}[1]")
            elif part not in ("", None, ()) and field != "sequence_numeric":
                yield here

    def without(value: Any, steps: list[str]) -> Any:
        name, _, index = steps[0].rstrip("]").partition("[")
        part = getattr(value, name)
        if len(steps) == 1:
            nothing = () if isinstance(part, tuple) else getattr(type(value)(), name, None)
            return msgspec.structs.replace(value, **{name: nothing})
        inner = without(part[0] if index else part, steps[1:])
        return msgspec.structs.replace(value, **{name: (inner, *part[1:]) if index else inner})

    for path in leaves(full_declaration):
        after = without(full_declaration, path.split("."))
        found = {
            change.path.removesuffix("[1]").removesuffix("[2]") for change in diff(full_declaration, after)
        }
        assert found == {path}, path


# --- the samples ---------------------------------------------------------------------------------------------

# Amendment → the declaration of its folder → what it changes, as its own comments say.
SAMPLES = {
    "TT_Add_Item_Scenario_v1/Step2_Amendment.xml": (
        "TT_Add_Item_Scenario_v1/Step1_Declaration.xml",
        ["goods_item_quantity", "goods_items[3]", "total_package_quantity"],
    ),
    "TT_EX009a/Step5_TT_EX009a_Amendment.xml": (
        "TT_EX009a/TT_EX009a.xml",
        ["goods_items[1].additional_documents[1].lpco_exemption_code"],
    ),
    "TT_IM002b/TT_IM002b_Amendment.xml": ("TT_IM002b/TT_IM002a.xml", ["goods_items[1].item_charge"]),
    "TT_IM002c/TT_IM002c_Complex_Multi_Amendment.xml": (
        "TT_IM002c/TT_IM002a.xml",
        [
            "exporter.address.city_name",
            "exporter.address.line",
            "exporter.address.postcode_id",
            "exporter.name",
            "goods_items[1].packagings[1].quantity",
            "total_package_quantity",
        ],
    ),
    "TT_IM003a/TT_IM003a_Amendment_(Step_3).xml": ("TT_IM003a/TT_IM003a.xml", ["goods_items[1].net_mass"]),
    "TT_IM003b/TT_IM003b_Amendment_(Step_3).xml": (
        "TT_IM003b/TT_IM003a.xml",
        ["goods_items[1].gross_mass", "goods_items[1].net_mass"],
    ),
    "TT_IM005b/TT_IM005b_Amendment.xml": ("TT_IM005b/TT_IM005b.xml", ["goods_items[1].net_mass"]),
    "TT_IM008b/TT_IM008b_Amendment.xml": (
        "TT_IM008b/TT_IM008b.xml",
        ["goods_items[1].additional_documents[1].lpco_exemption_code"],
    ),
    "TT_IM011a/TT_IM011a_Amendment.xml": ("TT_IM011a/TT_IM011a.xml", ["goods_items[1].net_mass"]),
    "TT_IM016a/TT_IM016a_Amendment.xml": (
        "TT_IM016a/TT_IM016a.xml",
        [
            "goods_items[1].additional_documents[4]",
            "goods_items[1].additional_documents[5]",
            "goods_items[1].additional_informations[1]",
            "goods_items[1].duty_tax_fees[1].payment_amount",
            "goods_items[1].duty_tax_fees[1].specific_tax_base",
            "goods_items[1].duty_tax_fees[1].tax_assessed_amount",
            "goods_items[1].duty_tax_fees[2].payment_amount",
            "goods_items[1].duty_tax_fees[2].payment_method_code",
            "goods_items[1].duty_tax_fees[2].specific_tax_base",
            "goods_items[1].duty_tax_fees[2].tax_assessed_amount",
            "goods_items[1].duty_tax_fees[2].type_code",
            "goods_items[1].duty_tax_fees[3]",
            "goods_items[1].duty_tax_fees[4]",
        ],
    ),
    "TT_IM017a/TT_IM017a_Amendment.xml": (
        "TT_IM017a/Step1_TT_IM017a.xml",
        ["goods_item_quantity", "goods_items[2]", "invoice_amount", "total_package_quantity"],
    ),
    "TT_IM033b/TT_IM033b_Amendment.xml": ("TT_IM033b/TT_IM033b.xml", ["goods_items[1].item_charge"]),
    "TT_IM061b/TT_IM061b_Amendment.xml": (
        "TT_IM061b/TT_IM061a.xml",
        [f"goods_items[1].additional_informations[{n}].statement_description" for n in (1, 2, 3)],
    ),
    "TT_IM068a/Step2_TT_IM68a_Amendment.xml": (
        "TT_IM068a/TT_IM068a.xml",
        ["freight_charge", "goods_items[1].customs_value"],
    ),
    "TT_IM082a/TT_IM002b_Amendment.xml": ("TT_IM082a/TT_IM002a.xml", ["goods_items[1].item_charge"]),
    "TT_IM082a/TT_IM002c_Complex_Multi_Amendment.xml": (
        "TT_IM082a/TT_IM002a.xml",
        [
            "exporter.address.city_name",
            "exporter.address.line",
            "exporter.address.postcode_id",
            "exporter.name",
            "goods_items[1].packagings[1].quantity",
            "total_package_quantity",
        ],
    ),
}


def declaration_of(data: bytes) -> Declaration:
    declaration = read_dec(data).declaration
    assert declaration is not None
    return declaration


def test_all_sample_amendments_are_listed_here(sample_messages: dict[str, bytes]) -> None:
    kinds = {name: read_dec(data).kind for name, data in sample_messages.items()}
    assert {name for name, kind in kinds.items() if kind is Kind.AMENDMENT} == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_amendment_changes_what_it_says_and_nothing_else(
    name: str, sample_messages: dict[str, bytes]
) -> None:
    original, paths = SAMPLES[name]
    current, message = declaration_of(sample_messages[original]), declaration_of(sample_messages[name])
    outcome = amend(current, message)
    assert isinstance(outcome, Amended), outcome
    assert sorted(change.path for change in outcome.changes) == paths
    assert diff(current, outcome.declaration) == outcome.changes
    # The amended declaration is a message of its own that can be sent and read again.
    assert declaration_of(write_dec(Message(Kind.ORIGINAL, outcome.declaration))) == outcome.declaration
    # Doing it again changes nothing: additions and values are there, removals have nothing to remove.
    again = amend(outcome.declaration, message)
    if isinstance(again, Amended):
        assert again.changes == ()
    else:
        assert {finding.code for finding in again if finding.severity is Severity.ERROR} == {
            "AMENDMENT_NOTHING_THERE"
        }


def test_content_of_the_samples_without_a_pointer_is_told(sample_messages: dict[str, bytes]) -> None:
    told: dict[str, list[str]] = {}
    for name, (original, _) in SAMPLES.items():
        outcome = amend(declaration_of(sample_messages[original]), declaration_of(sample_messages[name]))
        assert isinstance(outcome, Amended)
        ignored = [note.at for note in outcome.notes if note.code == "AMENDMENT_CONTENT_IGNORED"]
        if ignored:
            told[name.partition("/")[0]] = ignored
    # TT_IM016a repeats a document with another date, TT_IM008b another licence number than the one declared.
    assert told == {
        "TT_IM008b": ["goods_items[1].additional_documents[1].id"],
        "TT_IM016a": ["goods_items[1].additional_documents[2].id"],
    }


def test_removing_line_two_leaves_lines_one_and_three_as_the_answer_shows(
    sample_messages: dict[str, bytes],
) -> None:
    original, _ = SAMPLES["TT_IM017a/TT_IM017a_Amendment.xml"]
    outcome = amend(
        declaration_of(sample_messages[original]),
        declaration_of(sample_messages["TT_IM017a/TT_IM017a_Amendment.xml"]),
    )
    assert isinstance(outcome, Amended)
    assert [item.sequence_numeric for item in outcome.declaration.goods_items] == [1, 3]


# Answers "07" of the other system: it names by pointers and content what an amendment has changed.
ANSWERS = {
    "TT_IM008b/Example_Notifications/05_DMSRES.xml": ["TT_IM008b/TT_IM008b_Amendment.xml"],
    "TT_IM016a/Example_Notifications/08_DMSRES.xml": ["TT_IM016a/TT_IM016a_Amendment.xml"],
    "TT_IM017a/Example_Notifications/09._DMSRES.xml": ["TT_IM017a/TT_IM017a_Amendment.xml"],
    "TT_IM033b/Example_Notifications/07._DMSRES.xml": ["TT_IM033b/TT_IM033b_Amendment.xml"],
    "TT_IM068a/Example_Notifications/06_DMSRES.xml": ["TT_IM068a/Step2_TT_IM68a_Amendment.xml"],
    "TT_IM082a/Example_Notifications/10_DMSRES.xml": [
        "TT_IM082a/TT_IM002b_Amendment.xml",
        "TT_IM082a/TT_IM002c_Complex_Multi_Amendment.xml",
    ],
}


@pytest.mark.parametrize("name", ANSWERS)
def test_the_other_system_changed_the_same_declaration_in_the_same_way(
    name: str, sample_messages: dict[str, bytes]
) -> None:
    amendments = ANSWERS[name]
    original = ours = declaration_of(sample_messages[SAMPLES[amendments[0]][0]])
    for each in amendments:
        outcome = amend(ours, declaration_of(sample_messages[each]))
        assert isinstance(outcome, Amended)
        ours = outcome.declaration
    answer = read_res(sample_messages[name])
    assert answer.changed is not None
    theirs = amend(original, msgspec.structs.replace(answer.changed, amendments=answer.amendments))
    assert isinstance(theirs, Amended)
    assert theirs.declaration == ours
