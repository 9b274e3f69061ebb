"""Quantities convert exactly or not at all."""

import pytest

from thongquan import words
from thongquan.engine.findings import Finding
from thongquan.engine.tariff.units import UNITS, convert, factor

ONE = 1_000_000  # millionths


def test_a_unit_that_is_declared_is_taken_as_declared():
    assert convert({"KGM": 12_345_678}, "KGM") == (12_345_678, 1)


def test_kilograms_become_hundreds_of_kilograms():
    # 10,000 kg are 100 x 100 kg
    assert convert({"KGM": 10_000 * ONE}, "DTN") == (100 * ONE, 1)


def test_a_conversion_that_is_not_whole_stays_a_fraction():
    # 1 g is 1/1000 kg; a millionth of a gram is a thousandth of a millionth of a kilogram
    assert convert({"GRM": 1}, "KGM") == (1, 1000)
    # 12 items are a dozen; 1 item is a twelfth of one
    assert convert({"NAR": 1 * ONE}, "DZN") == (ONE // 4, 3)  # 1,000,000 / 12 in lowest terms


@pytest.mark.parametrize(
    ("declared", "unit", "expected"),
    [
        ({"TNE": 2 * ONE}, "KGM", (2_000 * ONE, 1)),
        ({"LTR": 4_500 * ONE}, "HLT", (45 * ONE, 1)),
        ({"MTQ": 3 * ONE}, "LTR", (3_000 * ONE, 1)),
        ({"PR": 7 * ONE}, "NPR", (7 * ONE, 1)),
        ({"DPR": 2 * ONE}, "PR", (24 * ONE, 1)),
        ({"GRO": ONE}, "NAR", (144 * ONE, 1)),
        ({"MTK": ONE}, "CMK", (10_000 * ONE, 1)),
        ({"CTM": 5_000 * ONE}, "KGM", (ONE, 1)),
        ({"LBR": 100_000_000 * ONE}, "KGM", (45_359_237 * ONE, 1)),
        ({"BLL": ONE}, "GLL", (42 * ONE, 1)),
        ({"MWH": ONE}, "GV", (3_600_000, 1)),  # 1 MWh = 3.6 GJ
    ],
)
def test_units_of_one_measure_convert_exactly(declared, unit, expected):
    assert convert(declared, unit) == expected


def test_alcohol_by_volume_is_the_strength_times_the_hectolitres():
    # 40 % x 45 hl = 1,800: the published case, 1,800 x 0.50 = 900.00
    assert convert({"ASV": 40 * ONE, "LTR": 4_500 * ONE}, "ASVX") == (1_800 * ONE, 1)
    # 3.49 % x 10 hl = 34.9 litres of pure alcohol
    assert convert({"ASV": 3_490_000, "HLT": 10 * ONE}, "LPA") == (34_900_000, 1)
    # a proof litre is half pure alcohol
    assert convert({"LPA": 34_900_000}, "PFL") == (69_800_000, 1)


def test_sucrose_is_counted_per_cent_times_hundred_kilograms():
    # 16,320 kg at 80 %: 163.2 x 80 = 13,056; x 0.30 = 3,916.80
    assert convert({"KGM": 16_320 * ONE, "SUCROSE": 80 * ONE}, "DTNZ") == (13_056 * ONE, 1)


def test_a_missing_quantity_is_a_finding_that_says_what_would_do():
    found = convert({"NAR": ONE}, "ASVX")
    assert isinstance(found, Finding)
    assert found.code == "QUANTITY_MISSING"
    assert found.says == {"unit": "ASVX", "instead": "ASVX, LPA, PFL, ASV × LTR"}


def test_a_drained_weight_is_never_guessed_from_a_net_one():
    found = convert({"KGM": 10 * ONE}, "KGME")
    assert isinstance(found, Finding)
    assert found.code == "QUANTITY_MISSING"


def test_declared_quantities_that_contradict_each_other_are_a_finding():
    found = convert({"GRM": 900 * ONE, "TNE": 1_000}, "KGM")  # 0.9 kg and 1 kg
    assert isinstance(found, Finding)
    assert found.code == "QUANTITIES_DISAGREE"
    assert convert({"GRM": 1_000 * ONE, "TNE": 1_000}, "KGM") == (ONE, 1)


def test_an_unknown_unit_counts_only_as_declared():
    assert convert({"XYZ": 5}, "XYZ") == (5, 1)
    found = convert({"KGM": 5}, "XYZ")
    assert isinstance(found, Finding)
    assert found.code == "TARIFF_UNIT_UNKNOWN"


def test_factor_is_exact_both_ways_and_none_between_different_measures():
    assert factor("DTN", "KGM") == (100, 1)
    assert factor("KGM", "DTN") == (1, 100)
    assert factor("KGM", "LTR") is None
    assert factor("KGM", "nothing") is None
    for one in UNITS.values():
        for other in UNITS.values():
            there, back = factor(one.code, other.code), factor(other.code, one.code)
            assert (there is None) == (back is None)
            if there and back:
                assert (there[0] * back[0], there[1] * back[1]) == (there[1] * back[1], there[0] * back[0])


def test_every_unit_has_a_name_in_both_languages():
    assert set(UNITS) <= set(words.identifiers("unit"))
