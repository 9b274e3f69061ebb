"""Twelve digits: direction, ten that count, and the amendments."""

import pytest

from thongquan.packs.pack import Kind, load

VN = load("vn")
IMPORT, EXPORT = Kind("lodge", "import"), Kind("lodge", "export")


def test_imports_begin_with_1_and_exports_with_3_and_both_end_with_0_when_registered():
    assert VN.number("20BB", 2020, 1, IMPORT) == "100000000010"
    assert VN.number("20BB", 2020, 327_456_123, EXPORT) == "303274561230"


def test_one_series_counts_for_the_whole_country_and_never_begins_again():
    assert VN.series("20BB", 2020, IMPORT) == VN.series("02CI", 2021, IMPORT) == ("import", 0)
    assert VN.series("20BB", 2020, EXPORT) == ("export", 0)


def test_any_amendment_digit_is_a_number_of_the_same_declaration():
    assert all(VN.is_number(f"10327456123{digit}") for digit in range(10))
    assert {VN.kept_number(f"10327456123{digit}") for digit in range(10)} == {"103274561230"}


def test_papers_show_the_amendment_digit_of_their_version():
    assert VN.printed_number("103274561230", 0) == "103274561230"
    assert VN.printed_number("103274561230", 2) == "103274561232"
    assert VN.printed_number("103274561230", 9) == "103274561239"
    assert VN.printed_number("103274561230", 12) == "103274561239"


@pytest.mark.parametrize(
    "text", ["", "10327456123", "1032745612300", "203274561230", "10327456123A", "100000000000"]
)
def test_other_texts_are_no_numbers(text: str):
    assert not VN.is_number(text)


def test_a_reference_that_is_no_number_is_kept_as_it_is():
    assert VN.kept_number("HD-2020-17") == "HD-2020-17"


@pytest.mark.parametrize("office", ["", "X", "20B", "Móng Cái", "20BBB"])
def test_an_office_that_cannot_be_one_gets_no_number(office: str):
    with pytest.raises(ValueError, match="no customs number"):
        VN.number(office, 2020, 1, IMPORT)


def test_the_series_ends_after_ten_digits():
    assert VN.number("20BB", 2020, 9_999_999_999, IMPORT) == "199999999990"
    with pytest.raises(ValueError, match="no customs number"):
        VN.number("20BB", 2020, 10_000_000_000, IMPORT)


@pytest.mark.parametrize(
    ("real", "trial"), [("103274561230", "703274561230"), ("303274561231", "903274561231")]
)
def test_a_sandbox_gives_numbers_that_no_real_declaration_has(real: str, trial: str):
    assert VN.trial_number(real) == trial
    assert not VN.is_number(trial)
    assert VN.real_number(trial) == real
    assert VN.real_number(real) == ""
