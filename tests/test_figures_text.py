"""How figures are written in a review: the vectors of the reports of 2020 and 2021."""

from datetime import date
from fractions import Fraction

import pytest

from thongquan import figures_text as text
from thongquan.engine.indicators.periods import span, term

BILLION = 1_000_000_000


@pytest.mark.parametrize(
    ("share", "decimals", "written"),
    [
        (Fraction(6_718, 9_500), 0, "71%"),
        (Fraction(6_718, 9_500), 1, "70,7%"),
        (Fraction(6_718, 11_000), 0, "61%"),
        (Fraction(6_718, 11_000), 1, "61,1%"),
        (Fraction(3_327, 12_000), 1, "27,7%"),
        (Fraction(3_327, 12_600), 1, "26,4%"),
        (Fraction(905, 4_232), 0, "21%"),
        (Fraction(1_423, 1_599), 0, "89%"),
        (Fraction(1_423, 6_245), 1, "22,8%"),
        (Fraction(10_726, 56_454), 0, "19%"),
        (Fraction(10_726, 56_454), 1, "19,0%"),
        (Fraction(6_718 * 10 - 56_218, 56_218), 0, "19%"),  # the greatest that 5,621.8 may have been
        (Fraction(50, 198), 2, "25,25%"),
        (Fraction(-1_866, 38_214), 2, "−4,88%"),
        (Fraction(126, 100), 0, "126%"),
        (Fraction(705, 1_000), 0, "71%"),  # half up, and not to the even neighbour
        (Fraction(1, 1), 0, "100%"),
        (Fraction(0), 0, "0%"),
    ],
)
def test_shares_round_half_up_with_a_decimal_comma(share, decimals, written):
    assert text.percent(share, "vi", decimals) == written


@pytest.mark.parametrize(
    ("share", "written"),
    [
        (Fraction(9_996, 10_000), "99,96%"),
        (Fraction(9_950, 10_000), "99,5%"),
        (Fraction(999_999_999_999, 10**12), "gần 100%"),
        (Fraction(10_004, 10_000), "100,04%"),
        (Fraction(3, 1_000), "0,3%"),
        (Fraction(1, 10**12), "gần 0%"),
    ],
)
def test_almost_all_never_prints_as_all_nor_almost_nothing_as_nothing(share, written):
    assert text.percent(share, "vi") == written


def test_amounts_of_the_budget():
    assert text.billions(6_718 * BILLION, "vi") == "6.718 tỷ đồng"
    assert text.billions(6_718 * BILLION, "en") == "VND 6,718 billion"
    assert text.billions(Fraction(4_282 * BILLION, 6), "vi", 1) == "713,7 tỷ đồng"
    assert text.billions(Fraction(6_718 * BILLION, 6), "vi", 1) == "1.119,7 tỷ đồng"
    assert text.figure(Fraction(6_718), "vi") == "6.718"
    assert text.figure(26_863, "vi") == "26.863"
    assert text.figure(-905, "vi") == "−905"
    assert text.billion_dollars(411_000_000_000, "vi") == "4,11 tỷ USD"
    assert text.million_dollars(143_000_000_000, "vi") == "1.430 triệu USD"


def test_missing_is_not_zero():
    said = {
        text.billions(None, "vi"),
        text.percent(None, "vi"),
        text.figure(None, "vi"),
        text.duration(None, "vi"),
    }
    assert said == {"chưa có số liệu"}
    assert text.billions(0, "vi") == "0 tỷ đồng"


@pytest.mark.parametrize(
    ("day", "long", "short"),
    [
        (date(2020, 7, 7), "ngày 07 tháng 7 năm 2020", "07/7/2020"),
        (date(2020, 1, 5), "ngày 05 tháng 01 năm 2020", "05/01/2020"),
        (date(2020, 2, 28), "ngày 28 tháng 02 năm 2020", "28/02/2020"),
        (date(2020, 3, 1), "ngày 01 tháng 3 năm 2020", "01/3/2020"),
        (date(2020, 12, 29), "ngày 29 tháng 12 năm 2020", "29/12/2020"),
    ],
)
def test_dates_take_a_zero_below_the_tenth_day_and_in_january_and_february(day, long, short):
    assert (text.long_date(day, "vi"), text.short_date(day, "vi")) == (long, short)


def test_days_of_a_congress():
    assert text.days_between(date(2020, 7, 15), date(2020, 7, 16)) == "15-16/7/2020"
    assert text.days_between(date(2020, 10, 19), date(2020, 11, 23)) == "19/10/2020-23/11/2020"


def test_times():
    mean = 36_348_000_000
    assert text.duration(mean, "vi") == "10 giờ 5 phút 48 giây"
    assert text.short_duration(mean, "vi") == "10h05'48\""
    assert text.short_duration(-1_866_000_000, "vi") == "−31'06\""
    assert text.duration(8_962_000_000, "vi") == "2 giờ 29 phút 22 giây"
    assert text.duration(Fraction(1, 3), "vi") == "0 giây"
    assert text.duration(100 * 3_600_000_000, "en") == "100 h"


def test_ordinals():
    assert text.ordinal(2, "vi") == "thứ hai"
    assert text.ordinal(4, "vi") == "thứ tư"
    assert text.ordinal(3, "vi") == "thứ ba"
    assert text.place(7, "vi") == "thứ 7"
    assert [text.ordinal(n, "en") for n in (1, 2, 3, 11, 22)] == ["1st", "2nd", "3rd", "11th", "22nd"]
    assert [text.roman(n) for n in (11, 13, 15, 4)] == ["XI", "XIII", "XV", "IV"]


@pytest.mark.parametrize(
    ("code", "vi", "en"),
    [
        ("2020-H1", "6 tháng đầu năm 2020", "first half of 2020"),
        ("2020-H2", "6 tháng cuối năm 2020", "second half of 2020"),
        ("2020-Q2", "quý II năm 2020", "2nd quarter of 2020"),
        ("2020-9M", "9 tháng đầu năm 2020", "first nine months of 2020"),
        ("2020-05", "tháng 5 năm 2020", "May 2020"),
        ("2020", "năm 2020", "2020"),
    ],
)
def test_periods_have_their_names(code, vi, en):
    assert (text.period(span(code), "vi"), text.period(span(code), "en")) == (vi, en)


def test_a_term_has_its_name():
    assert text.period(term("2020-2025", date(2020, 7, 16)), "vi") == "nhiệm kỳ 2020-2025"


def test_claims_are_said_with_their_figures():
    from thongquan.engine.indicators import claims
    from thongquan.engine.indicators.comparison import Before, compare
    from thongquan.engine.indicators.indicator import Direction
    from thongquan.engine.indicators.ranks import Basis, Place
    from thongquan.engine.indicators.targets import Needed, Target, TargetKind
    from thongquan.engine.indicators.value import Nature

    grown = compare(67_180, 56_454, Before.FROZEN)
    assert text.said(claims.changed(grown), "vi") == "tăng 19% so với cùng kỳ"
    assert text.said(claims.changed(grown, Nature.ESTIMATED), "vi") == "ước thực hiện tăng 19% so với cùng kỳ"
    target = Target(
        indicator="REV",
        year=2020,
        authority="MOF",
        kind=TargetKind.ASSIGNED,
        place="20",
        value=9_500 * BILLION,
        decision="1",
        decided_on=date(2019, 12, 1),
        first_day=date(2020, 1, 1),
    )
    claim = claims.executed(6_718 * BILLION, target, Direction.HIGHER)
    assert text.said(claim, "vi", MOF="Bộ Tài chính") == "đạt 71% chỉ tiêu Bộ Tài chính giao (9.500 tỷ đồng)"
    left = claims.still_to_do(
        Needed(4_282 * BILLION, Fraction(4_282 * BILLION, 6), Fraction(6_718 * BILLION, 6))
    )
    assert (
        text.said(left, "vi", money_decimals=1)
        == "còn phải thu 4.282,0 tỷ đồng, bình quân 713,7 tỷ đồng mỗi tháng"
    )
    seventh = Place("20", 7, 35, 1, (), Basis.EXECUTION, date(2020, 6, 30), "table", True)
    assert text.said(claims.placed(seventh), "vi") == (
        "đứng thứ 7 trên 35 đơn vị, theo tỷ lệ thực hiện chỉ tiêu giao (bảng so sánh giả định)"
    )
    assert text.said(claims.in_a_row(3), "vi") == "năm thứ ba liên tiếp dẫn đầu"
    assert text.said(claims.complete(9_996, 10_000), "vi") == "đạt 99,96% (9.996/10.000), chưa đạt"


def test_every_code_of_the_figures_has_its_words():
    from thongquan import words
    from thongquan.engine.indicators import catalogue, identities, time_release
    from thongquan.engine.indicators.indicator import Direction, Unit

    found = catalogue.catalogue(catalogue.Terms(authorised=("A",)))
    for code, indicator in found.items():
        for kind in ("indicator", "indicator_why"):
            assert words.entry(kind, code)["vi"]
        card = indicator.card
        assert words.word("indicator_owner", card.owner, "vi")
        assert words.word("indicator_law", card.law, "vi")
        assert words.word("indicator_checked_by", card.checked_by, "vi")
        assert words.word("indicator_next_review", card.next_review, "vi")
    assert set(words.identifiers("indicator")) == set(found)
    for kind, codes in (
        ("indicator_unit", list(Unit)),
        ("direction", list(Direction)),
        ("identity", [one.code for one in identities.IDENTITIES]),
        ("trs_stage", [stage.code for stage in time_release.STAGES]),
        ("trs_body", list(time_release.Body)),
    ):
        assert {str(code) for code in codes} == set(words.identifiers(kind))
