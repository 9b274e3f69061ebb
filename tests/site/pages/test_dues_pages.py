"""What is owed, and one payment for many debts, on pages."""

from __future__ import annotations

from thongquan.site.kit.tags import spaced


def test_a_declaration_s_due_day_stands_beside_what_is_owed(screen, made):
    made.lodge(screen("khai"), "A-1", "09011100")
    assert "Nộp trước khi thông quan" in screen("khai").see("/nop-thue")


def test_one_payment_settles_many_debts_and_shows_in_which_order(screen, made):
    # 4,030 and 4,030 are owed, 9,000 come: 940 are over
    one, two = (made.lodge(screen("khai"), name, "09011100") for name in ("A-1", "A-2"))
    fields = {
        "trader": "ZZ-DEMO-1",
        "paid_minor": "9.000",
        "source": "KB",
        "reference": "BC-7",
        "treasury": "KB-1",
    }
    assert "Nộp cho nhiều khoản nợ" not in screen("khai").see("/nop-thue")
    revenue = screen("thu")
    assert "Nộp cho nhiều khoản nợ" in revenue.see("/nop-thue")
    done = revenue.post("/nop-thue/nhieu-khoan", fields)
    shown = made.read(done)
    assert done.status_code == 200
    for text in (spaced(one), spaced(two), "Thuế phát sinh", "1/2023/L, art. 34", "người nộp: 940 XTS"):
        assert text in shown
    again = revenue.post("/nop-thue/nhieu-khoan", fields)
    assert again.status_code == 422
    assert "RECEIPT_COUNTED" in made.read(again)


def test_who_may_not_pay_and_what_is_not_said_change_nothing(screen, made):
    made.lodge(screen("khai"), "A-1", "09011100")
    fields = {
        "trader": "ZZ-DEMO-1",
        "paid_minor": "1.000",
        "source": "KB",
        "reference": "BC-7",
        "treasury": "KB-1",
    }
    revenue = screen("thu")
    empty = revenue.post("/nop-thue/nhieu-khoan", {**fields, "trader": ""})
    assert empty.status_code == 422
    unknown = revenue.post("/nop-thue/nhieu-khoan", {**fields, "trader": "NOBODY"})
    assert "TRADER_UNKNOWN" in made.read(unknown)
    assert screen("khai").post("/nop-thue/nhieu-khoan", fields).status_code == 404
