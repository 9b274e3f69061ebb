"""What breaches cost, on a page: by the law of a day, and never zero where nobody read the act."""

from __future__ import annotations


def test_fines_of_a_day_are_shown_with_their_law(screen):
    shown = screen("khai").see("/xu-phat?nuoc=vn&ngay=2020-12-10")
    assert "128/2020/NĐ-CP, art. 9" in shown
    assert "20 % số thuế khai thiếu, không thấp hơn 2.000.000 mỗi tờ khai" in shown
    assert "100 % – 300 % số thuế khai thiếu, trốn" in shown
    assert "khung 4" in shown


def test_what_was_not_read_is_said_and_is_no_zero(screen):
    shown = screen("khai").see("/xu-phat?nuoc=vn&ngay=2020-12-09")
    assert "chưa đọc" in shown
    assert "45/2016/NĐ-CP" in shown
    english = screen("khai", "en").see("/xu-phat?nuoc=vn&ngay=2020-12-10")
    assert "20 % of the tax not declared, at least 2,000,000 for each declaration" in english


def test_a_country_without_fines_says_so(screen):
    assert "không có mức phạt nào" in screen("khai").see("/xu-phat?nuoc=gb")
