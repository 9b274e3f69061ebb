"""What is owed, and one payment for many debts, on pages."""

from __future__ import annotations


def test_a_declaration_s_due_day_stands_beside_what_is_owed(screen, made):
    made.lodge(screen("khai"), "A-1", "09011100")
    # The sample country gives no due day: the page says what is owed, and guesses nothing.
    assert "Nộp trước khi thông quan" in screen("khai").see("/nop-thue")


def test_one_payment_for_many_debts_needs_who_may_pay_and_a_law_that_orders(screen, made):
    made.lodge(screen("khai"), "A-1", "09011100")
    fields = {
        "trader": "ZZ-DEMO-1",
        "paid_minor": "1.000",
        "source": "KB",
        "reference": "BC-7",
        "treasury": "KB-1",
    }
    assert "Nộp cho nhiều khoản nợ" not in screen("khai").see("/nop-thue")
    revenue = screen("thu")
    assert "Nộp cho nhiều khoản nợ" in revenue.see("/nop-thue")
    refused = revenue.post("/nop-thue/nhieu-khoan", fields)
    assert refused.status_code == 422
    assert "SETTLEMENT_ORDER_NOT_GIVEN" in made.read(refused)
    empty = revenue.post("/nop-thue/nhieu-khoan", {**fields, "trader": ""})
    assert empty.status_code == 422
    unknown = revenue.post("/nop-thue/nhieu-khoan", {**fields, "trader": "NOBODY"})
    assert "TRADER_UNKNOWN" in made.read(unknown)
    assert screen("khai").post("/nop-thue/nhieu-khoan", fields).status_code == 404
