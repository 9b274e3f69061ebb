"""One plain decimal of whatever a country prints, or the reason why it is none."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thongquan.engine.formats.figures import decimal_mark_shown, plain_decimal
from thongquan.engine.money import BadNumber, decimal_text, millionths_of

MILLIONTHS = st.integers(-(10**15), 10**15)


def printed(value: int, decimal: str, thousands: str) -> str:
    """A value as a country prints it, with two decimals at least."""
    sign = "-" if value < 0 else ""
    whole, _, fraction = decimal_text(abs(value)).partition(".")
    return f"{sign}{int(whole):,}".replace(",", thousands) + decimal + fraction.ljust(2, "0")


@given(
    MILLIONTHS, st.sampled_from([(".", ","), (",", "."), (".", " "), (",", "\u00a0"), (".", "'"), (",", "")])
)
def test_a_figure_of_a_file_that_shows_its_marks_is_read_exactly(value: int, marks: tuple[str, str]):
    text = printed(value, *marks)
    assert millionths_of(plain_decimal(text, {marks[0]})) == value


@given(MILLIONTHS, st.sampled_from([(".", ","), (",", ".")]))
def test_a_figure_never_shows_the_wrong_mark(value: int, marks: tuple[str, str]):
    assert decimal_mark_shown(printed(value, *marks)) <= {marks[0]}


@given(MILLIONTHS)
def test_a_plain_decimal_is_read_as_it_is_without_other_figures(value: int):
    assert millionths_of(plain_decimal(decimal_text(value))) == value


@given(st.text("0123456789.,' -+eE\u00a0", max_size=30), st.sampled_from([set(), {"."}, {","}, {".", ","}]))
def test_any_text_is_a_figure_or_refused(text: str, marks: set[str]):
    with contextlib.suppress(BadNumber):
        assert isinstance(millionths_of(plain_decimal(text, marks)), int)


@pytest.mark.parametrize("text", ["1,234", "-999,000"])
def test_a_comma_before_three_figures_alone_is_not_guessed(text: str):
    with pytest.raises(BadNumber, match="NUMBER_AMBIGUOUS"):
        plain_decimal(text)
