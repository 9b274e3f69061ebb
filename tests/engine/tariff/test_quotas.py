"""Quotas are shared by law, never by the order of processing."""

import itertools
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from thongquan.engine.dated import Period
from thongquan.engine.findings import LegalRef
from thongquan.engine.tariff.quotas import Allotment, Quota, QuotaRequest, allot

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def quota(volume, allotment=Allotment.LEGAL_INSTANT):
    return Quota(
        "TRQ-1701", Period(date(2026, 1, 1), date(2026, 12, 31)), volume, "TNE", allotment, LegalRef("1/2026")
    )


def ask(reference, quantity, minutes=0):
    return QuotaRequest(reference, NOON + timedelta(minutes=minutes), quantity)


def test_the_earlier_instant_is_served_first_whatever_the_order():
    requests = [ask("C", 50, 20), ask("A", 60, 0), ask("B", 30, 10)]
    for order in itertools.permutations(requests):
        result = allot(quota(100), order)
        assert result.granted_millionths == {"A": 60, "B": 30, "C": 10}
        assert result.balance_millionths == 0


def test_requests_of_one_instant_share_what_is_left():
    # 10 left for 30 + 60: 3.33 and 6.67; the unit that is left over falls to the larger remainder
    result = allot(quota(100), [ask("B", 30, 5), ask("A", 90), ask("C", 60, 5)])
    assert result.granted_millionths == {"A": 90, "B": 3, "C": 7}
    assert result.balance_millionths == 0


def test_an_instant_is_the_same_in_every_zone():
    there = NOON.astimezone(timezone(timedelta(hours=7)))
    result = allot(quota(10), [QuotaRequest("B", there, 10), QuotaRequest("A", NOON, 10)])
    assert result.granted_millionths == {"A": 5, "B": 5}


def test_pro_rata_shares_among_all_of_the_period():
    # 100 for 50 + 100 + 150 = 300: a third each
    requests = [ask("A", 50), ask("B", 100, 10), ask("C", 150, 20)]
    for order in itertools.permutations(requests):
        result = allot(quota(100, Allotment.PRO_RATA), order)
        assert result.granted_millionths == {"A": 17, "B": 33, "C": 50}
        assert result.balance_millionths == 0


def test_nobody_gets_more_than_asked_and_the_rest_stays():
    result = allot(quota(100, Allotment.PRO_RATA), [ask("A", 30), ask("B", 20)])
    assert result.granted_millionths == {"A": 30, "B": 20}
    assert result.balance_millionths == 50
    assert allot(quota(100), []).balance_millionths == 100


def test_what_a_cancelled_request_held_goes_to_the_next_in_law():
    first, second, third = ask("A", 80), ask("B", 40, 1), ask("C", 40, 2)
    assert allot(quota(100), [first, second, third]).granted_millionths == {"A": 80, "B": 20, "C": 0}
    assert allot(quota(100), [third, second]).granted_millionths == {"B": 40, "C": 40}


def test_requests_that_cannot_be_told_apart_are_refused():
    for bad in (
        [ask("A", 1), ask("A", 2, 1)],
        [ask("A", -1)],
        [QuotaRequest("A", datetime(2026, 3, 2), 1)],
    ):
        with pytest.raises(ValueError):
            allot(quota(100), bad)
