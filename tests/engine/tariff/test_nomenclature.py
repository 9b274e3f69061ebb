"""Codes know their days and their place."""

from datetime import date

from thongquan.engine.dated import Period
from thongquan.engine.tariff.nomenclature import Commodity, Nomenclature, prefix_range

YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))
DAY = date(2026, 6, 1)


def goods(code, name, period=YEAR, **more):
    return Commodity(code, period, {"en": name}, **more)


TREE = Nomenclature(
    [
        goods("0101", "Live horses", level=0),
        goods("010121", "Pure-bred", level=2, between={"en": ("Horses:",)}),
        goods("01012100", "For breeding", level=3),
        goods("0102", "Live bovine animals", level=0),
        goods("01029010", "Buffaloes", Period(date(2026, 1, 1), date(2026, 5, 31))),
        goods("01029010", "Buffaloes again", Period(date(2026, 8, 1))),
    ]
)


def test_a_code_is_known_only_on_its_days():
    assert TREE.get("01029010", date(2026, 5, 31)).names == {"en": "Buffaloes"}
    assert TREE.get("01029010", date(2026, 6, 1)) is None
    assert TREE.get("01029010", date(2026, 8, 1)).names == {"en": "Buffaloes again"}
    assert TREE.get("9999", DAY) is None


def test_ancestors_come_nearest_first():
    assert [row.code for row in TREE.ancestors("01012100", DAY)] == ["010121", "0101"]
    assert [row.code for row in TREE.ancestors("0102999999", DAY)] == ["0102"]


def test_the_path_holds_the_lines_without_a_code():
    assert TREE.path("01012100", DAY, "en") == ("Live horses", "Horses:", "Pure-bred", "For breeding")
    assert TREE.path("01012100", DAY, "vi") == ()


def test_only_the_finest_code_of_the_day_is_declarable():
    assert TREE.is_declarable("01012100", DAY)
    assert not TREE.is_declarable("0101", DAY)
    assert TREE.is_declarable("0102", DAY)  # what lies below is not in force in June
    assert not TREE.is_declarable("0102", date(2026, 8, 1))
    assert not TREE.is_declarable("0103", DAY)


def test_what_lies_below_a_code_stands_together():
    assert TREE.below("0101") == ("010121", "01012100")
    assert prefix_range(TREE.codes, "0102") == (3, 5)
    assert prefix_range(TREE.codes, "") == (0, 5)


def test_two_rows_of_a_code_that_share_a_day_are_found():
    assert TREE.overlapping() == []
    twice = Nomenclature([goods("0101", "Horses"), goods("0101", "Asses", Period(date(2026, 12, 31)))])
    assert [one.code for one, _ in twice.overlapping()] == ["0101"]
