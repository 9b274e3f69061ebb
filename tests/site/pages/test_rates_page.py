"""Two persons enter a rate of exchange on the page; what is wrong is said, and what was written stays."""

from __future__ import annotations

import re

FIELDS = {
    "currency": "usd",
    "price": "1,25",
    "first_day": "01/01/2030",
    "last_day": "31/12/2030",
    "act": "Ngân hàng mẫu",
}


def entered(screen, **fields):
    return screen.post("/ty-gia/nhap", {**FIELDS, **fields})


def test_one_enters_another_confirms(screen):
    rita, lena = screen("thu"), screen("truong")
    assert entered(rita).status_code == 302
    shown = rita.see("/ty-gia")
    assert "USD 1,25 01/01/2030 – 31/12/2030 Ngân hàng mẫu thu" in shown
    assert "chờ xác nhận" in shown
    assert "Xác nhận" not in re.sub("chờ xác nhận|xác nhận;", "", shown), "not by the person who entered it"
    page = lena.get("/ty-gia").content.decode()
    (action,) = re.findall(r'action="(/ty-gia/[0-9a-f]{64}/xac-nhan)"', page)
    assert rita.post(action).status_code == 409
    assert lena.post(action).status_code == 302
    assert "✓ đã xác nhận" in lena.see("/ty-gia")


def test_what_is_wrong_is_said_and_what_was_written_stays(screen):
    rita = screen("thu")
    answer = entered(rita, price="nhiều")
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert "RATE_NOT_POSITIVE" in shown
    assert 'value="Ngân hàng mẫu"' in shown
    assert entered(rita, act=" ").status_code == 422
    assert entered(rita, first_day="").status_code == 422
    assert entered(rita, currency="<b>").status_code == 422


def test_who_may_only_read_sees_no_form(screen):
    khai = screen("khai")
    assert "/ty-gia/nhap" not in khai.get("/ty-gia").content.decode()
    assert entered(khai).status_code == 404
    assert khai.post(f"/ty-gia/{'0' * 64}/xac-nhan").status_code == 404
    assert screen("truong").post(f"/ty-gia/{'0' * 64}/xac-nhan").status_code == 409


def test_the_page_speaks_both_languages(screen):
    assert "Exchange rates" in screen("thu", "en").see("/ty-gia")
    assert 'href="/ty-gia"' in screen("khai").get("/bieu-thue").content.decode()
