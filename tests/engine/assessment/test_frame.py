"""Columns of lines: what goes in, what comes out, and what pends."""

import numpy as np
import polars as pl
import pytest

from thongquan.engine.assessment import frame as frames
from thongquan.engine.assessment.frame import assess_batches, assess_frame, frame_of
from thongquan.engine.assessment.scalar import assess_lines
from thongquan.engine.assessment.taxes import CUSTOMS_VALUE, Line, Tax
from thongquan.engine.money import Carry, Rounding
from thongquan.engine.tariff.measures import Duty, Term, ad_valorem


def columns(**given):
    """A frame of Int64 columns; those named …_pending are Boolean."""
    return pl.DataFrame(
        {
            name: pl.Series(values, dtype=pl.Boolean if name.endswith("_pending") else pl.Int64)
            for name, values in given.items()
        }
    )


def test_taxes_follow_each_other_on_every_row(taxes):
    lines = columns(
        customs_value_minor=[1_000_000, 15],
        duty_rate_ppm=[100_000, 100_000],
        excise_rate_ppm=[500_000, 0],
        vat_rate_ppm=[80_000, 100_000],
    )
    assessed = assess_frame(lines, taxes)
    # 100,000; 550,000; 132,000, and 1.5 → 2; 0; 1.7 → 2
    assert assessed.columns == [*lines.columns, "duty_minor", "excise_minor", "vat_minor"]
    assert assessed.select("duty_minor", "excise_minor", "vat_minor").rows() == [
        (100_000, 550_000, 132_000),
        (2, 0, 2),
    ]
    assert set(assessed.dtypes) == {pl.Int64}


def test_detail_adds_base_and_assessed_amount(taxes):
    lines = columns(
        customs_value_minor=[1_000], duty_rate_ppm=[100_000], duty_deduct_minor=[40], vat_rate_ppm=[100_000]
    )
    row = assess_frame(lines, taxes, detail=True).row(0, named=True)
    assert (row["duty_base_minor"], row["duty_assessed_minor"], row["duty_minor"]) == (1_000, 100, 60)
    assert (row["vat_base_minor"], row["vat_assessed_minor"], row["vat_minor"]) == (1_060, 106, 106)


def test_a_row_without_a_charge_owes_nothing_and_a_tax_without_columns_is_levied_on_no_row(taxes):
    lines = columns(
        customs_value_minor=[1_000, 1_000], duty_rate_ppm=[None, 100_000], vat_rate_ppm=[100_000, None]
    )
    assessed = assess_frame(lines, taxes)
    assert assessed.select("duty_minor", "excise_minor", "vat_minor").rows() == [(0, 0, 100), (100, 0, 0)]


def test_what_is_pending_is_null_with_all_that_rests_on_it_and_never_zero(taxes):
    lines = columns(
        customs_value_minor=[1_000, 1_000, None],
        duty_rate_ppm=[None, 100_000, None],
        duty_pending=[True, None, False],
        vat_rate_ppm=[100_000, 100_000, 100_000],
    )
    assessed = assess_frame(lines, taxes)
    assert assessed["duty_minor"].to_list() == [None, 100, 0]
    assert assessed["vat_minor"].to_list() == [None, 110, None]


def test_a_tax_can_pend_although_no_row_has_a_rate_for_it(taxes):
    lines = columns(
        customs_value_minor=[1_000, 1_000], excise_pending=[True, False], vat_rate_ppm=[100_000] * 2
    )
    assessed = assess_frame(lines, taxes)
    assert assessed["excise_minor"].to_list() == [None, 0]
    assert assessed["vat_minor"].to_list() == [None, 100]


def test_a_price_without_a_quantity_pends(taxes):
    lines = columns(
        customs_value_minor=[0, 0, 0],
        duty_specific_millionths=[4_000_000_000, None, 4_000_000_000],
        duty_quantity_millionths=[1_500_000, None, None],
    )
    assert assess_frame(lines, taxes)["duty_minor"].to_list() == [6_000, 0, None]


def test_a_price_is_divided_by_the_denominator_of_its_rate_of_exchange(taxes):
    # 10 minor units per 3, one unit each: 3.33 → 3; without a denominator 10
    lines = columns(
        customs_value_minor=[0, 0],
        duty_specific_millionths=[10_000_000, 10_000_000],
        duty_quantity_millionths=[1_000_000, 1_000_000],
        duty_specific_per=[3, None],
    )
    assert assess_frame(lines, taxes)["duty_minor"].to_list() == [3, 10]


def test_floors_and_ceilings_bind_where_they_are_given(taxes):
    lines = columns(
        customs_value_minor=[1_000, 1_000, 1_000, 1_000],
        duty_rate_ppm=[100_000] * 4,
        duty_at_least_specific_millionths=[150_000_000, None, 150_000_000, None],
        duty_at_least_quantity_millionths=[1_000_000, None, 1_000_000, None],
        duty_at_most_rate_ppm=[None, 50_000, 120_000, None],
    )
    # floor 150; ceiling 50; floor 150 under a ceiling of 120; plain 100
    assert assess_frame(lines, taxes)["duty_minor"].to_list() == [150, 50, 120, 100]


def test_two_charges_of_one_tax_stand_side_by_side(taxes):
    lines = columns(
        customs_value_minor=[126_089, 126_089],
        duty_rate_ppm=[250_000, 250_000],
        duty_2_rate_ppm=[250_000, None],
        vat_rate_ppm=[1_000_000, 1_000_000],
    )
    # 31,522.25 each, rounded each
    assessed = assess_frame(lines, taxes)
    assert assessed["duty_minor"].to_list() == [63_044, 31_522]
    assert assessed["vat_minor"].to_list() == [189_133, 157_611]


def test_a_tax_may_rest_only_on_taxes_that_no_row_owes(law):
    taxes = (Tax("duty", (CUSTOMS_VALUE,), law), Tax("vat_on_duty", ("duty",), law))
    lines = columns(customs_value_minor=[5, 5], vat_on_duty_rate_ppm=[200_000, 200_000])
    assert assess_frame(lines, taxes, detail=True)["vat_on_duty_minor"].to_list() == [0, 0]


@pytest.mark.parametrize("carry", Carry)
def test_amounts_beyond_int64_come_as_int128_and_the_others_stay(law, carry):
    taxes = (Tax("duty", (CUSTOMS_VALUE,), law, carry=carry), Tax("vat", (CUSTOMS_VALUE, "duty"), law))
    lines = columns(
        customs_value_minor=[2**63 - 1, 100],
        duty_rate_ppm=[1_500_000, 100_000],
        vat_rate_ppm=[10_000, 10_000],
    )
    assessed = assess_frame(lines, taxes)
    # 1.5 × (2^63 - 1) = 13,835,058,055,282,163,710.5; VAT 1 % of (2^63 - 1) × 2.5 = 230,584,300,921,369,395.175
    assert assessed["duty_minor"].to_list() == [13_835_058_055_282_163_711, 10]
    assert assessed["vat_minor"].to_list() == [230_584_300_921_369_395, 1]
    assert (assessed["duty_minor"].dtype, assessed["vat_minor"].dtype) == (pl.Int128, pl.Int64)


def test_a_negative_base_owes_nothing_and_carries_nothing(law):
    taxes = (Tax("vat", (CUSTOMS_VALUE, "adjustment"), law), Tax("more", ("vat",), law))
    lines = columns(
        customs_value_minor=[100, 100],
        adjustment_minor=[-250, 50],
        vat_rate_ppm=[100_000] * 2,
        more_rate_ppm=[1_000_000] * 2,
    )
    assessed = assess_frame(lines, taxes, detail=True)
    assert assessed["vat_assessed_minor"].to_list() == [-15, 15]
    assert assessed["vat_minor"].to_list() == [0, 15]
    assert assessed["more_minor"].to_list() == [0, 15]


@pytest.mark.parametrize("height", [0, 1, 7, 8, 9, 20])
def test_blocks_end_anywhere_and_rows_keep_their_order(monkeypatch, taxes, height):
    monkeypatch.setattr(frames, "BLOCK", 8)
    value = (
        np.arange(height) * 10**12 * (1 + np.arange(height) % 3 * 10**5)
    )  # some rows beyond int64 products
    lines = columns(
        customs_value_minor=value, duty_rate_ppm=[15_000] * height, vat_rate_ppm=[100_000] * height
    )
    expected = [(v * 15_000 + 500_000) // 1_000_000 for v in value.tolist()]
    assert assess_frame(lines, taxes)["duty_minor"].to_list() == expected


def test_a_stream_is_assessed_batch_by_batch_and_only_when_asked(taxes):
    read = []

    def batches():
        for number in range(3):
            read.append(number)
            yield columns(customs_value_minor=[number * 10], duty_rate_ppm=[100_000])

    stream = assess_batches(batches(), taxes)
    assert read == []
    assert next(stream)["duty_minor"].to_list() == [0]
    assert read == [0]
    assert [batch["duty_minor"].item() for batch in stream] == [1, 2]


def test_narrower_integers_are_taken_and_other_types_refused(taxes):
    narrow = pl.DataFrame({"customs_value_minor": [1_000], "duty_rate_ppm": [100_000]}).cast(
        {"duty_rate_ppm": pl.Int32}
    )
    assert assess_frame(narrow, taxes)["duty_minor"].to_list() == [100]
    with pytest.raises(ValueError, match="duty_rate_ppm is Float64"):
        assess_frame(narrow.cast({"duty_rate_ppm": pl.Float64}), taxes)


def test_columns_that_cannot_be_meant_are_refused(taxes, law):
    with pytest.raises(ValueError, match="no column customs_value_minor"):
        assess_frame(columns(duty_rate_ppm=[1]), taxes)
    with pytest.raises(ValueError, match="duty_quantity_millionths"):
        assess_frame(columns(customs_value_minor=[1], duty_specific_millionths=[1]), taxes)
    with pytest.raises(ValueError, match="1 or more"):
        assess_frame(
            columns(
                customs_value_minor=[1],
                duty_specific_millionths=[1],
                duty_quantity_millionths=[1],
                duty_specific_per=[0],
            ),
            taxes,
        )
    with pytest.raises(ValueError, match="levied twice"):
        assess_frame(columns(customs_value_minor=[1]), [taxes[0], taxes[0]])


def test_lines_become_columns_that_give_the_same_amounts(law, pence, charge):
    taxes = (
        Tax("duty", (CUSTOMS_VALUE,), law, Rounding.TRUNCATE, Carry.EXACT),
        Tax("vat", (CUSTOMS_VALUE, "adjustment", "duty"), law),
    )
    compound = Duty(
        (Term(rate_ppm=138_000),),
        (Term(specific_millionths=13_000_000, currency="EUR", unit="DTN"),),
        (
            Term(specific_millionths=15_000_000, currency="EUR", unit="DTN"),
            Term(specific_millionths=700_000, currency="GBP", unit="NMB", sign=-1),
        ),
    )
    vat = charge("vat", ad_valorem(200_000))
    lines = [
        Line(
            {CUSTOMS_VALUE: 120_000, "adjustment": 33},
            (charge("duty", compound, deduct_minor=5), vat),
            {"DTN": 3_333_333, "NMB": 7_000_000},
        ),
        Line({CUSTOMS_VALUE: 5, "adjustment": 0}, (charge("duty", ad_valorem(10_000)), vat)),
        Line({CUSTOMS_VALUE: 5, "adjustment": 0}, (charge("duty", compound), vat), {"DTN": 1}),
        Line({CUSTOMS_VALUE: 5}, (vat,), pending=("adjustment",)),
        Line(
            {CUSTOMS_VALUE: 5, "adjustment": 9},
            (charge("vat", ad_valorem(50_000), credit_minor=1),),
            pending=(),
        ),
    ]
    assessed = assess_frame(frame_of(lines, taxes, pence), taxes)
    for tax in taxes:
        expected = [line.payable_minor(tax.code) for line in assess_lines(lines, taxes, pence)]
        assert assessed[f"{tax.code}_minor"].to_list() == expected
    assert assessed["vat_minor"].to_list()[2:4] == [None, None]


def test_a_line_with_a_figure_beyond_int64_goes_the_way_of_one(taxes, dong, charge):
    with pytest.raises(OverflowError, match="customs_value_minor of row 0"):
        frame_of([Line({CUSTOMS_VALUE: 2**63}, ())], taxes, dong)


def test_column_names_that_would_mean_two_things_are_refused(law, dong, charge):
    taxes = (Tax("d", (CUSTOMS_VALUE,), law), Tax("d_2", (CUSTOMS_VALUE,), law))
    twice = Line({CUSTOMS_VALUE: 100}, (charge("d", ad_valorem(10_000)), charge("d", ad_valorem(20_000))))
    with pytest.raises(ValueError, match="d_2 would mean two things"):
        frame_of([twice], taxes, dong)
    lines = columns(customs_value_minor=[100], d_rate_ppm=[10_000], d_2_rate_ppm=[20_000])
    assessed = assess_frame(lines, taxes)
    assert assessed.select("d_minor", "d_2_minor").rows() == [(1, 2)]
