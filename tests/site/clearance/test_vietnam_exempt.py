"""A Vietnamese declaration that uses a list of exempt goods: assessed, written off, amended, cancelled."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from thongquan.engine.declaration import AdditionalDocument, Procedure, Quantity
from thongquan.site.clearance import explained, journey, reads
from thongquan.site.parties.exempt_lists import granted, taken_by
from thongquan.site.parties.exempt_uses import GIFTS, state_before, times
from thongquan.site.parties.models import ExemptMovement

from ..country import SYSTEM
from ..parties.test_exempt_lists import LINE, granting
from .test_vietnam import days, lodged, one_check, pack, shirts

__all__ = ["days", "one_check", "pack"]

pytestmark = pytest.mark.usefixtures("people")

TRADER = "5700100001"
MACHINE = "84742011"  # 2 % and 10 %


def machines(count: int = 1, reference: str = "TK-1", **fields):
    """Crushing machines for 1,000,000,000 together that claim line 2 of the list."""
    declared = shirts("A12", 1_000_000_000, MACHINE, functional_reference_id=reference, **fields)
    (goods,) = declared.goods_items
    claimed = msgspec.structs.replace(
        goods,
        procedures=(Procedure(current_code="LIST"),),
        tariff_quantity=Quantity(millionths=count * 1_000_000, unit="PCE"),
        additional_documents=(AdditionalDocument(type_code="EXEMPT_LIST", id=LINE),),
    )
    return msgspec.structs.replace(declared, goods_items=(claimed,))


def left() -> int:
    return granted(TRADER)[LINE].left_millionths // 1_000_000


def test_goods_of_a_list_pay_no_duty_and_are_written_off(pack, days):
    granting(trader=TRADER)
    number = lodged(pack, days, machines(2))
    # 10 % of (1,000,000,000 + 0), and the fee 20,000
    assert reads.by_number(number).assessed_minor == 100_020_000
    assert (left(), taken_by(number)) == (3, {LINE: 2_000_000})
    # explained again, what it has taken itself does not stand against it
    shown = explained.explained(reads.by_number(number), pack)
    assert shown is not None
    assert shown.current
    assert explained.pending(reads.by_number(number), pack) == []


def test_what_the_list_does_not_hold_pays(pack, days):
    granting(trader=TRADER)
    lodged(pack, days, machines(4))
    number = lodged(pack, days, machines(2, "TK-2"))
    # 2 % = 20,000,000; 10 % of 1,020,000,000 = 102,000,000; the fee
    assert reads.by_number(number).assessed_minor == 122_020_000
    assert (left(), taken_by(number)) == (1, {})


def test_an_amendment_writes_off_the_difference(pack, days):
    granting(trader=TRADER)
    number = lodged(pack, days, machines(5))
    changed = msgspec.structs.replace(machines(3), declaration_id=number)
    assert journey.amend(number=number, change=changed, reason="ít hơn", **days.ask("ann", pack)).done
    assert journey.assess(number=number, **days.ask(SYSTEM, pack)).done
    assert (left(), taken_by(number)) == (2, {LINE: 3_000_000})
    assert list(ExemptMovement.objects.order_by("version").values_list("millionths", flat=True)) == [
        5_000_000,
        -2_000_000,
    ]


def test_a_cancelled_declaration_gives_back_what_it_took(pack, days):
    granting(trader=TRADER)
    number = lodged(pack, days, machines(5))
    asked = journey.request_cancel(number=number, reason="không có hàng", **days.ask("ann", pack))
    assert asked.done, asked.reasons
    done = journey.cancel(number=number, reason="không có hàng", **days.ask("olga", pack))
    assert done.done, done.reasons
    assert (left(), taken_by(number)) == (5, {})


def test_a_list_of_another_trader_gives_nothing(pack, days):
    granting(trader="5700999999")
    number = lodged(pack, days, machines())
    assert reads.by_number(number).assessed_minor == 122_020_000
    assert taken_by(number) == {}


def gift(reference: str, **fields):
    """T-shirts for 2,000,000, sent as a gift: 20 % = 400,000; 10 % of 2,400,000 = 240,000."""
    declared = shirts("H11", 2_000_000, functional_reference_id=reference, **fields)
    (goods,) = declared.goods_items
    claimed = msgspec.structs.replace(goods, procedures=(Procedure(current_code="GIFT"),))
    return msgspec.structs.replace(declared, goods_items=(claimed,))


def test_the_fifth_gift_of_a_year_pays(pack, days):
    says = {"fact": GIFTS, "day": date(2020, 1, 1), "times": 2, "value_minor": 0, "document": "Sổ"}
    assert state_before(trader=TRADER, by="operator:an", **says) is None
    numbers = [lodged(pack, days, gift(f"TK-{number}")) for number in range(1, 4)]
    assessed = [reads.by_number(number).assessed_minor for number in numbers]
    # two were before: the third and the fourth pay the fee alone, the fifth 400,000 + 240,000 + 20,000
    assert assessed == [20_000, 20_000, 660_000]
    assert times(TRADER, GIFTS, date(2020, 6, 15)) == 4


def test_a_cancelled_gift_does_not_count(pack, days):
    says = {"fact": GIFTS, "day": date(2020, 1, 1), "times": 3, "value_minor": 0, "document": "Sổ"}
    assert state_before(trader=TRADER, by="operator:an", **says) is None
    first = lodged(pack, days, gift("TK-1"))
    assert journey.request_cancel(number=first, reason="gửi lại", **days.ask("ann", pack)).done
    assert journey.cancel(number=first, reason="gửi lại", **days.ask("olga", pack)).done
    second = lodged(pack, days, gift("TK-2"))
    assert reads.by_number(second).assessed_minor == 20_000


def test_gifts_that_nobody_counted_pay(pack, days):
    number = lodged(pack, days, gift("TK-1"))
    assert reads.by_number(number).assessed_minor == 660_000
