"""Taxes as declared beside those of the law: told where they differ, and never used."""

from datetime import date

import msgspec

from thongquan.engine.declaration import (
    Amount,
    Classification,
    Declaration,
    DutyTaxFee,
    GoodsItem,
    Origin,
    Procedure,
    Quantity,
)
from thongquan.packs import pack as packs
from thongquan.packs.declared import compare_declared

DAY = date(2026, 3, 2)


def declaration(**declared: int) -> Declaration:
    """1,000 USD of T-shirts: 26,000 coins; 8 % is 2,080, and 10 % of 28,080 is 2,808."""
    fees = tuple(
        DutyTaxFee(type_code=tax, tax_assessed_amount=Amount(millionths=amount * 1_000_000))
        for tax, amount in declared.items()
    )
    return Declaration(
        function_code="9",
        functional_reference_id="S-1",
        type_code="IM4",
        goods_items=(
            GoodsItem(
                sequence_numeric=1,
                classifications=(Classification(id="61091000", identification_type_code="TSP"),),
                origins=(Origin(country_code="XB", type_code="1"),),
                procedures=(Procedure(current_code="40", previous_code="00"),),
                net_mass=Quantity(millionths=90_000_000, unit="KGM"),
                item_charge=Amount(millionths=1_000_000_000, currency="USD"),
                duty_tax_fees=fees,
            ),
        ),
    )


def told(one: Declaration) -> list[tuple[str, str, str]]:
    pack = packs.load("sample")
    assessment = packs.assess(pack, one, DAY)
    assert [amount.assessed_minor for amount in assessment.lines[0].amounts] == [2_080, 2_808]
    return [
        (each.at, each.says["declared"], each.says["computed"])
        for each in compare_declared(pack, one, assessment, DAY)
    ]


def test_a_tax_that_is_declared_otherwise_is_told_and_changes_nothing():
    assert told(declaration(DUT=2_081, VAT=2_808)) == [
        ("goods_items[1].duty_tax_fees[1].tax_assessed_amount", "2081", "2080")
    ]
    assert told(declaration(DUT=2_080, VAT=0)) == [
        ("goods_items[1].duty_tax_fees[2].tax_assessed_amount", "0", "2808")
    ]


def test_equal_amounts_taxes_that_are_not_known_and_foreign_amounts_are_not_told():
    assert told(declaration(DUT=2_080, VAT=2_808, CSC=1_300)) == []
    one = declaration(DUT=1)
    foreign = msgspec.structs.replace(
        one.goods_items[0],
        duty_tax_fees=(
            DutyTaxFee(type_code="DUT", tax_assessed_amount=Amount(millionths=1, currency="USD")),
        ),
    )
    assert told(msgspec.structs.replace(one, goods_items=(foreign,))) == []


def test_a_tax_in_two_records_counts_together():
    one = declaration(DUT=2_000)
    fee = one.goods_items[0].duty_tax_fees[0]
    rest = msgspec.structs.replace(fee, tax_assessed_amount=Amount(millionths=80_000_000))
    both = msgspec.structs.replace(one.goods_items[0], duty_tax_fees=(fee, rest))
    assert told(msgspec.structs.replace(one, goods_items=(both,))) == []
