"""One payment for many debts, and what lateness costs: the sums by hand. Each declaration owes 320.00 (32,000)."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from thongquan.engine.codes import CodeList
from thongquan.engine.ledger.journal import AccountKind
from thongquan.packs.pack import load
from thongquan.site.clearance import debts, journey, reads, settling
from thongquan.site.clearance.models import Declaration, Receipt
from thongquan.site.ledger import reads as books
from thongquan.site.ledger.models import Account, Journal
from thongquan.site.parties.models import Trader
from thongquan.site.record.models import Event

from ..country import SYSTEM, code, make_pack, original

pytestmark = pytest.mark.usefixtures("people")


@pytest.fixture
def pack():
    """The country of two taxes with Vietnam's law of paying."""
    made, vn = make_pack(), load("vn")
    values = {part.name: getattr(made, part.name) for part in fields(made)}
    country = type(made)(**{**values, "dues": vn.dues, "deadlines": {**made.deadlines, **vn.deadlines}})
    country.__dict__["tariff"] = made.tariff
    return country


@pytest.fixture(autouse=True)
def proven(people):
    """Whatever a test did, every proof still holds."""
    yield
    assert reads.verify().faults == ()


def lodged(days, pack, reference: str, on: datetime, guaranteed: bool = False) -> str:
    days.now = on
    number = journey.lodge(message=original(reference), **days.ask("ann", pack)).number
    for act in (journey.accept, journey.assess, journey.select):
        assert act(number=number, **days.ask(SYSTEM, pack)).done
    if guaranteed:
        stands = {"guaranteed_minor": 32_000, "reference": "G1"}
        assert journey.guarantee(number=number, **stands, **days.ask("rita", pack)).done
        assert journey.clear(number=number, **days.ask(SYSTEM, pack)).done
    return number


def settle(
    days, pack, minor: int, reference: str = "BT-1", *, user: str = "bank", trader: str = "TRADER-1", **more
):
    return settling.settle(
        trader=trader, paid_minor=minor, source="bank", reference=reference, treasury="T1",
        **days.ask(user, pack), **more,
    )  # fmt: skip


def at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


def owing(number: str, pack, day: date) -> debts.Owing:
    made = debts.owing(Declaration.objects.select_related("trader").get(number=number), pack, day)
    assert made is not None
    return made


def test_late_interest_is_shown_line_by_line(days, pack):
    one = lodged(days, pack, "A", at(2026, 3, 2), guaranteed=True)
    told = owing(one, pack, date(2026, 4, 21))
    # registered 2 March + 30 = 1 April; cleared on 2 March: 30 days of March and 20 of April, 32,000 × 0.0003 × 50
    assert (told.due.day, told.days_overdue) == (date(2026, 4, 1), 20)
    assert [(line.first_day, line.days, line.principal_minor) for line in told.interest.lines] == [
        (date(2026, 3, 2), 50, 32_000)
    ]
    assert told.interest_left_minor == 480
    assert not told.enforceable


@pytest.mark.parametrize(("day", "codes"), [(1, ()), (2, ("GUARANTEE_PAST_ITS_DAYS",))])
def test_a_guarantee_lets_goods_go_until_its_thirtieth_day(days, pack, day, codes):
    # registered on 2 March: 2 March + 30 days = 1 April
    one = lodged(days, pack, "A", at(2026, 3, 2))
    stands = {"guaranteed_minor": 32_000, "reference": "G1"}
    assert journey.guarantee(number=one, **stands, **days.ask("rita", pack)).done
    days.now = at(2026, 4, day)
    answer = journey.clear(number=one, **days.ask(SYSTEM, pack))
    assert tuple(reason.code for reason in answer.reasons) == codes
    assert answer.done == (not codes)
    if codes:  # what is paid needs no guarantee any more
        paid = {"paid_minor": 32_000, "source": "bank", "reference": "P", "treasury": "T1"}
        assert journey.pay(number=one, **paid, **days.ask("bank", pack)).done
        assert journey.clear(number=one, **days.ask(SYSTEM, pack)).done


def test_one_payment_settles_in_the_order_of_the_law(days, pack):
    one = lodged(days, pack, "A", at(2026, 3, 2), guaranteed=True)
    two = lodged(days, pack, "B", at(2026, 4, 20))
    days.now = at(2026, 4, 21)
    done = settle(days, pack, 40_000)
    assert done.done, done.reasons
    # overdue: tax 32,000 and interest 480; then current tax 40,000 - 32,480 = 7,520
    assert done.says["settled"] == [
        {"number": one, "kind": "TAX", "rank": "OVERDUE_TAX", "amount_minor": 32_000},
        {"number": one, "kind": "INTEREST", "rank": "OVERDUE_INTEREST", "amount_minor": 480},
        {"number": two, "kind": "TAX", "rank": "CURRENT_TAX", "amount_minor": 7_520},
    ]
    assert (done.says["rest_minor"], done.says["law"]) == (0, "38/2019/QH14, art. 57")
    assert books.owed(one) == {}
    assert sum(books.owed(two).values()) == 24_480
    assert books.liability(debts.subject_of_interest(one)) == {"INTEREST": 480}
    assert owing(one, pack, date(2026, 12, 31)).debts() == []
    assert Declaration.objects.get(number=one).paid_minor == 32_000


def test_what_settles_nothing_is_the_payer_s_own_and_not_lost(days, pack):
    one = lodged(days, pack, "A", at(2026, 3, 2))
    done = settle(days, pack, 40_000)
    assert done.says["rest_minor"] == 8_000
    free = Account.objects.get(kind=AccountKind.UNALLOCATED, party="TRADER-1")
    assert free.balance_minor == -8_000
    assert Account.objects.get(kind=AccountKind.TREASURY).balance_minor == 40_000
    assert books.owed(one) == {}
    again = settle(days, pack, 500, "BT-2")
    assert [finding.code for finding in again.findings] == ["NOTHING_TO_SETTLE"]
    free.refresh_from_db()
    assert free.balance_minor == -8_500


def test_a_report_counts_once_alone_or_shared(days, pack):
    one = lodged(days, pack, "A", at(2026, 3, 2))
    assert settle(days, pack, 1_000).done
    count = Event.objects.count(), Journal.objects.count(), Receipt.objects.count()
    assert settle(days, pack, 1_000).codes == ("RECEIPT_COUNTED",)
    alone = {"paid_minor": 1_000, "source": "bank", "treasury": "T1"}
    paid = journey.pay(number=one, reference="BT-1", **alone, **days.ask("bank", pack))
    assert paid.codes == ("RECEIPT_COUNTED",)
    assert journey.pay(number=one, reference="BT-9", **alone, **days.ask("bank", pack)).done
    assert settle(days, pack, 1_000, "BT-9").codes == ("RECEIPT_COUNTED",)
    assert (Event.objects.count(), Journal.objects.count(), Receipt.objects.count()) == tuple(
        one + 1 for one in count
    )


def test_the_same_key_gives_the_same_answer(days, pack):
    lodged(days, pack, "A", at(2026, 3, 2))
    asked = days.ask("bank", pack)
    said = {
        "trader": "TRADER-1",
        "paid_minor": 5_000,
        "source": "bank",
        "reference": "BT-1",
        "treasury": "T1",
    }
    first, second = settling.settle(**said, **asked), settling.settle(**said, **asked)
    assert (second.replay, second.says) == (True, first.says)
    assert Account.objects.get(kind=AccountKind.TREASURY).balance_minor == 5_000


def test_who_may_not_pay_and_nobody_known_change_nothing(days, pack):
    lodged(days, pack, "A", at(2026, 3, 2))
    before = Event.objects.count(), Journal.objects.count(), Receipt.objects.count()
    assert not settle(days, pack, 1_000, user="ann").done
    assert settle(days, pack, 1_000, trader="NOBODY").codes == ("TRADER_UNKNOWN",)
    assert settle(days, pack, 0).codes == ("AMOUNT_NOT_POSITIVE",)
    assert (Event.objects.count(), Journal.objects.count(), Receipt.objects.count()) == before
    assert not Trader.objects.filter(registry_id="NOBODY").exists()


def test_a_receipt_says_where_the_state_s_books_have_the_money(days, pack):
    one = lodged(days, pack, "A", at(2026, 3, 2))
    assert settle(days, pack, 40_000, chapter="754", account="BUDGET", recognised_on=date(2026, 3, 3)).done
    whole = Receipt.objects.get(reference="BT-1")
    part = Receipt.objects.get(part_of=whole)
    assert (whole.declaration, whole.trader.registry_id, whole.amount_minor) == (None, "TRADER-1", 40_000)
    assert (part.declaration.number, part.reference, part.amount_minor) == (one, "BT-1#1", 32_000)
    for receipt in (whole, part):
        kept = receipt.chapter, receipt.treasury, receipt.office, receipt.account, receipt.recognised_on
        assert kept == ("754", "T1", "TS0001", "BUDGET", date(2026, 3, 3))
    facts = json.loads(Journal.objects.get(subject=one, kind="PAYMENT").facts)
    assert facts == {"chapter": "754", "account": "BUDGET", "recognised_on": "2026-03-03", "office": "TS0001"}


def test_the_sub_items_of_the_taxes_go_with_the_money(days, pack):
    taxes = CodeList("taxes", [code("DTY", sub_item="1902"), code("VAT", sub_item="1702")])
    listed = replace(pack, code_lists={**pack.code_lists, "taxes": taxes})
    listed.__dict__["tariff"] = pack.tariff
    one = lodged(days, listed, "A", at(2026, 3, 2))
    assert settle(days, listed, 32_000).done
    kept = Receipt.objects.get(declaration__number=one).sub_items
    assert json.loads(kept) == {"DTY": "1902", "VAT": "1702"}
    assert json.loads(Journal.objects.get(subject=one, kind="PAYMENT").facts)["sub_items"] == kept


def test_a_share_booked_in_error_is_taken_back_and_owed_again(days, pack):
    one = lodged(days, pack, "A", at(2026, 3, 2))
    assert settle(days, pack, 40_000).done
    wrong = {"reversed_minor": 32_000, "reference": "bank:BT-1#1", "reason": "x"}
    assert journey.propose(number=one, act="reverse_payment", content=wrong, **days.ask("rita", pack)).done
    assert journey.reverse_payment(number=one, **wrong, **days.ask("lena", pack)).done
    assert sum(books.owed(one).values()) == 32_000
    assert owing(one, pack, date(2026, 3, 3)).left_minor == 32_000


def test_a_receipt_stays_as_it_is(days, pack):
    lodged(days, pack, "A", at(2026, 3, 2))
    assert settle(days, pack, 1_000).done
    for statement in ("UPDATE clearance_receipt SET amount_minor = 1", "DELETE FROM clearance_receipt"):
        with (
            pytest.raises(IntegrityError, match="APPEND_ONLY"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_a_debt_more_than_ninety_days_overdue_is_marked_and_nothing_stops_by_itself(days, pack):
    one = lodged(days, pack, "A", at(2026, 3, 2), guaranteed=True)
    # due on 1 April; 30 June is the ninetieth day after it, 1 July is more
    assert owing(one, pack, date(2026, 6, 30)).findings == ()
    told = owing(one, pack, date(2026, 7, 1))
    assert [(f.code, f.says["days"]) for f in told.findings] == [("DEBT_ENFORCEABLE", "91")]
    assert told.proposes == ("hold",)
    assert not Declaration.objects.get(number=one).holds.exists()
    days.now = at(2026, 7, 1)
    assert settle(days, pack, 1_000).says["settled"][0]["rank"] == "ENFORCED_TAX"


def test_a_part_paid_stops_the_interest_on_it(days, pack):
    one = lodged(days, pack, "A", at(2026, 3, 2), guaranteed=True)
    days.now = at(2026, 3, 12)
    assert journey.pay(
        number=one, paid_minor=12_000, source="bank", reference="P", treasury="T1", **days.ask("bank", pack)
    ).done
    # 10 days on 32,000 and 10 on 20,000: 96 + 60
    told = owing(one, pack, date(2026, 3, 22))
    assert [(line.days, line.principal_minor) for line in told.interest.lines] == [(10, 32_000), (10, 20_000)]
    assert told.interest_left_minor == 156


def test_without_an_order_of_settling_money_for_debts_is_refused(days):
    plain = make_pack()
    lodged(days, plain, "A", at(2026, 3, 2))
    assert settle(days, plain, 1_000).codes == ("SETTLEMENT_ORDER_NOT_GIVEN",)
