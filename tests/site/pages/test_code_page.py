"""The page of a code computes: which rates apply, the lowest, what is missing, every tax with its base, and history."""

from __future__ import annotations

import pytest

APPLES = "/bieu-thue/08081000?nuoc=vn&ngay=2020-06-15"


def test_the_lowest_rate_is_marked_and_a_better_one_says_what_it_lacks(screen):
    # MFN 10 % of 500,000,000 = 50,000,000; form E 0 %.
    shown = screen("khai").see(f"{APPLES}&xuatxu=CN&trigia=500.000.000")
    assert "10 % 50.000.000 ✓ thấp nhất được áp dụng" in shown
    assert "0 % 0 giảm 50.000.000 nếu có: C/O mẫu E" in shown
    assert "15 % (150 % của mức thông thường)" in shown
    assert "Thuế nhập khẩu NK 500.000.000 10 % 50.000.000 125/2017/NĐ-CP" in shown
    assert "thuế suất chưa được đối chiếu với văn bản" in shown
    assert "Kiểm dịch thực vật · Bộ Nông nghiệp và Phát triển nông thôn · PHYTO" in shown


def test_with_the_certificate_nothing_is_owed(screen):
    shown = screen("khai").see(f"{APPLES}&xuatxu=CN&mau=E&trigia=500000000")
    assert "0 % 0 ✓ thấp nhất được áp dụng" in shown


def test_every_tax_stands_with_its_base(screen):
    # 70 % of 372,800,000; 40 % of value and duty; 10 % of all three.
    shown = screen("hoso").see("/bieu-thue/87032361?nuoc=vn&ngay=2020-06-15&xuatxu=JP&trigia=372.800.000")
    assert "372.800.000 + 260.960.000 = 633.760.000 40 % 253.504.000" in shown
    assert "372.800.000 + 260.960.000 + 253.504.000 = 887.264.000 10 % 88.726.400" in shown
    assert "603.190.400 VND" in shown


def test_the_history_tells_when_a_rate_changed(screen):
    shown = screen("khai").see(APPLES)
    assert "01/01/2019 – 09/07/2020 10 % 125/2017/NĐ-CP" in shown
    assert "10/07/2020 – 31/12/2020 8 % 57/2020/NĐ-CP" in shown


def test_exports_are_calculated_by_their_own_annex(screen):
    shown = screen("khai").see("/bieu-thue/27011100?nuoc=vn&ngay=2020-06-15&chieu=xuat&trigia=100000000")
    assert "100.000.000 10 % 10.000.000" in shown


def test_what_is_open_is_said_and_no_amount_is_made_of_it(screen):
    shown = screen("khai").see("/bieu-thue/87032361?nuoc=vn&ngay=2020-06-15&xuatxu=JP&bosung=USED")
    assert "DUTY_QUANTITY_MISSING" in shown
    assert "… VND" in shown


def test_figures_and_words_are_the_readers(screen):
    shown = screen("khai", "en").see(f"{APPLES}&xuatxu=CN&trigia=500,000,000")
    assert "50,000,000 less with: certificate of form E" in shown


@pytest.mark.parametrize(
    "query",
    [
        "xuatxu=<b>",
        "mau=%22%3E",
        "trigia=nhieu",
        "trigia=-5",
        "luong=1e9",
        "donvi=ZZZ&luong=5",
        "bosung=A+B+C+D+E+F",
        "chieu=x",
    ],
)
def test_a_question_that_cannot_be_meant_is_answered_calmly(screen, query):
    answer = screen("khai").get(f"{APPLES}&{query}")
    assert answer.status_code == 200
    assert b"<b>" not in answer.content


def test_a_country_of_no_code_keeps_its_page(screen):
    assert "chưa có" in screen("khai").see("/bieu-thue/97012100?ngay=2025-03-01")
