"""The tariff as a page: found without marks, on any day, with every rate's law."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("text", ["Cà phê", "ca phe", "CA PHE CHUA RANG", "0901", "0901.11"])
def test_a_code_is_found_by_its_digits_and_by_words_with_or_without_marks(screen, text):
    assert "09011100" in screen("khai").see(f"/bieu-thue?q={text}")


def test_d_with_a_stroke_is_d():
    from thongquan.site.reference.pages import folded

    assert folded("Cá hồi Đông lạnh, đường") == "ca hoi dong lanh, duong"


def test_every_rate_of_a_day_stands_with_its_law_and_its_days(screen):
    shown = screen("khai").see("/bieu-thue/61091000?ngay=2025-02-28")
    assert "DUT nhập khẩu thông thường 12 % — 01/01/2024 – 28/02/2025 2/2023/L, annex 1" in shown
    assert "FTXA 4 % XA 01/01/2024 – … 6/2024/T, annex 2" in shown
    assert "VAT nhập khẩu thông thường 10 % — 01/01/2024 – … 3/2023/L, art. 10 cho mọi hàng hóa" in shown
    after = screen("khai").see("/bieu-thue/61091000?ngay=2025-03-01")
    assert "8 % — 01/03/2025 – … 5/2025/D, art. 1" in after
    assert "12 % — " not in after, "it stands in the history only"
    assert "01/01/2024 – 28/02/2025 12 % 2/2023/L, annex 1" in after


def test_no_preference_and_no_rate_are_two_things_and_neither_is_zero(screen):
    assert "FTXA không ưu đãi (*)" in screen("khai").see("/bieu-thue/85171300?ngay=2025-03-01")
    assert "thông thường chưa có" in screen("khai").see("/bieu-thue/97012100?ngay=2025-03-01")


def test_figures_are_written_as_the_language_writes_them(screen):
    assert "2,5 %" in screen("khai").see("/bieu-thue/09011100?ngay=2025-03-01")
    assert "2.5 %" in screen("khai", "en").see("/bieu-thue/09011100?ngay=2025-03-01")


def test_a_code_of_no_day_is_told_as_that(screen):
    assert "Mã 09011100 không có hiệu lực ngày 01/01/2020" in screen("khai").see(
        "/bieu-thue/09011100?ngay=2020-01-01", 404
    )
    screen("khai").see("/bieu-thue/..%2f..%2fetc", 404)


@pytest.mark.parametrize("query", ["ngay=khong", "nuoc=xx", "q=" + "a" * 500, "q=<script>"])
def test_a_question_that_cannot_be_meant_is_answered_calmly(screen, query):
    screen("khai").see(f"/bieu-thue?{query}")


def test_who_searches_for_nothing_begins_at_the_top(screen):
    from datetime import date

    from thongquan.site.reference import pages

    shown = screen("hoso").see("/bieu-thue?ngay=2026-01-05")
    top = pages.first_level("sample", date(2026, 1, 5), "vi")
    assert top
    assert all(not b.code.startswith(a.code) for a in top for b in top if a is not b)
    assert all(entry.code in shown for entry in top)
