"""Code lists that know their days."""

from datetime import date

import pytest

from thongquan.engine.codes import Code, CodeList
from thongquan.engine.dated import Period
from thongquan.engine.findings import LegalRef

ACT = LegalRef("Invented list", "1")


def row(value, first, last=None, **facts):
    return Code(value, Period(first, last), ACT, {"en": value}, facts)


@pytest.fixture
def currencies():
    """The old dong until 2 May 1978, the new one from the next day; a code that returned after a pause."""
    return CodeList(
        "currencies",
        [
            row("VND", date(1978, 5, 3), decimals="0"),
            row("VNC", date(1975, 9, 22), date(1978, 5, 2)),
            row("XXA", date(2000, 1, 1), date(2000, 12, 31)),
            row("XXA", date(2002, 1, 1)),
        ],
    )


def test_a_code_is_known_on_its_days_only(currencies):
    assert currencies.get("VNC", date(1978, 5, 2)).value == "VNC"
    assert currencies.get("VNC", date(1978, 5, 3)) is None
    assert currencies.get("VND", date(1978, 5, 2)) is None
    assert currencies.get("VND", date(1978, 5, 3)).facts == {"decimals": "0"}
    assert currencies.get("???", date(2020, 1, 1)) is None


def test_a_code_may_return_after_a_pause(currencies):
    assert currencies.get("XXA", date(2000, 12, 31)) is not None
    assert currencies.get("XXA", date(2001, 6, 1)) is None
    assert currencies.get("XXA", date(2002, 1, 1)) is not None


def test_a_day_has_its_codes(currencies):
    assert sorted(currencies.as_of(date(2001, 6, 1))) == ["VND"]
    assert sorted(currencies.as_of(date(2003, 1, 1))) == ["VND", "XXA"]
    assert len(currencies) == len(list(currencies)) == 4


def test_two_rows_of_one_code_on_one_day_are_an_error_in_the_data():
    doubled = CodeList(
        "doubled", [row("A", date(2000, 1, 1)), row("A", date(2001, 1, 1)), row("B", date(2000, 1, 1))]
    )
    assert [(one.value, other.period.first_day) for one, other in doubled.overlapping()] == [
        ("A", date(2001, 1, 1))
    ]
