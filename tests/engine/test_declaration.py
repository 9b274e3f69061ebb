"""The declaration: what was declared, and the same names as columns."""

from datetime import UTC, datetime

import msgspec
import pytest

from thongquan.engine.declaration import (
    DECLARATION_COLUMNS,
    GOODS_ITEM_COLUMNS,
    AdditionalDocument,
    Amount,
    Classification,
    Declaration,
    DutyTaxFee,
    GoodsItem,
    Origin,
    Party,
    Procedure,
    Quantity,
    TradeTerms,
    goods_frame,
)


def listed(*pairs):
    return tuple(Classification(id=code, identification_type_code=kind) for code, kind in pairs)


def test_a_commodity_code_is_its_parts_in_the_order_of_the_lists_not_of_the_message():
    item = GoodsItem(
        classifications=listed(("10", "TRC"), ("72021180", "TSP"), ("C490", "TRA"), ("VATZ", "GN"))
    )
    assert item.commodity_code == "7202118010"
    assert item.additional_codes == ("C490", "VATZ")


def test_a_code_without_a_list_counts_where_no_list_is_named():
    assert GoodsItem(classifications=listed(("01012100", ""))).commodity_code == "01012100"
    assert GoodsItem(classifications=listed(("C490", "TRA"))).commodity_code == ""
    assert GoodsItem().commodity_code == ""


def test_origins_are_told_apart_by_their_type():
    both = GoodsItem(
        origins=(Origin(country_code="KR", type_code="2"), Origin(country_code="CN", type_code="1"))
    )
    assert (both.origin_country_code, both.preferential_origin_country_code) == ("CN", "KR")
    preferential = GoodsItem(origins=(Origin(country_code="KR", type_code="2"),))
    assert (preferential.origin_country_code, preferential.preferential_origin_country_code) == ("KR", "KR")
    assert (GoodsItem().origin_country_code, GoodsItem().preferential_origin_country_code) == ("", "")


def test_the_procedure_is_the_one_with_a_previous_procedure():
    item = GoodsItem(
        procedures=(
            Procedure(current_code="000"),
            Procedure(current_code="40", previous_code="71"),
            Procedure(current_code="1CD"),
        )
    )
    assert item.procedure_code == "4071"
    assert item.additional_procedure_codes == ("000", "1CD")
    assert GoodsItem().procedure_code == ""


def test_preference_and_quota_come_from_the_first_tax_line_that_names_one():
    item = GoodsItem(
        duty_tax_fees=(
            DutyTaxFee(type_code="B00"),
            DutyTaxFee(duty_regime_code="300", quota_order_id="054003"),
            DutyTaxFee(duty_regime_code="100"),
        )
    )
    assert (item.preference_code, item.quota_order_id) == ("300", "054003")


def test_a_document_code_is_category_and_type():
    item = GoodsItem(additional_documents=(AdditionalDocument(category_code="C", type_code="501"),))
    assert item.document_codes == ("C501",)


def test_an_absent_figure_is_none_and_an_absent_text_empty():
    item = GoodsItem()
    assert (item.gross_mass_millionths, item.item_charge_millionths, item.tariff_quantity_unit) == (
        None,
        None,
        "",
    )
    declaration = Declaration()
    assert (declaration.declarant_id, declaration.incoterm, declaration.goods_items) == ("", "", ())


def test_a_declaration_cannot_be_changed():
    with pytest.raises(AttributeError):
        Declaration().type_code = "IMA"


def test_a_decoder_fills_it_and_refuses_what_it_does_not_know():
    declaration = Declaration(
        type_code="IMA",
        goods_items=(GoodsItem(item_charge=Amount(millionths=5, currency="USD"), sequence_numeric=1),),
    )
    assert msgspec.json.decode(msgspec.json.encode(declaration), type=Declaration) == declaration
    assert msgspec.json.encode(Declaration()) == b"{}"
    for text in (
        b'{"colour":"red"}',
        b'{"goods_items":[{"item_charge":{"millionths":1.5}}]}',
        b'{"type_code":7}',
    ):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(text, type=Declaration)


def test_columns_have_the_names_and_values_of_the_records():
    one = Declaration(
        functional_reference_id="REF1",
        acceptance_time=datetime(2020, 6, 1, 8, 30, tzinfo=UTC),
        declarant=Party(id="GB1"),
        trade_terms=TradeTerms(condition_code="CIF"),
        goods_items=(
            GoodsItem(
                sequence_numeric=1,
                net_mass=Quantity(millionths=1_500_000, unit="KGM"),
                item_charge=Amount(millionths=7, currency="EUR"),
            ),
            GoodsItem(sequence_numeric=2),
        ),
    )
    two = Declaration(functional_reference_id="REF2", goods_items=(GoodsItem(description="Áo sơ mi"),))
    frame = goods_frame([one, two])
    assert frame.schema == DECLARATION_COLUMNS | GOODS_ITEM_COLUMNS
    assert frame["functional_reference_id"].to_list() == ["REF1", "REF1", "REF2"]
    assert frame["net_mass_millionths"].to_list() == [1_500_000, None, None]
    assert frame["item_charge_currency"].to_list() == ["EUR", "", ""]
    assert frame["incoterm"].to_list() == ["CIF", "CIF", ""]
    assert frame["description"].to_list() == ["", "", "Áo sơ mi"]
    for row, item in zip(frame.iter_rows(named=True), [*one.goods_items, *two.goods_items], strict=True):
        assert {name: row[name] for name in GOODS_ITEM_COLUMNS} == {
            name: getattr(item, name) for name in GOODS_ITEM_COLUMNS
        }


def test_no_declarations_make_an_empty_frame_with_all_columns():
    empty = goods_frame([Declaration()])
    assert empty.height == 0
    assert empty.schema == DECLARATION_COLUMNS | GOODS_ITEM_COLUMNS


def test_a_figure_beyond_int64_does_not_enter_a_frame():
    huge = Declaration(goods_items=(GoodsItem(item_charge=Amount(millionths=2**63)),))
    with pytest.raises(OverflowError, match="item_charge_millionths"):
        goods_frame([huge])
