"""What is owed, and one payment for many debts, over HTTP. Duty 12 % of 1,000.00, VAT 20 % of 1,120.00: 344.00."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, timedelta

import pytest

from thongquan.packs.pack import load
from thongquan.site.accounts import acts as accounts
from thongquan.site.clearance import dues_api

from .machines import START


@pytest.fixture
def paying(country, monkeypatch):
    """The country of two taxes with Vietnam's law of paying."""
    vn = load("vn")
    values = {part.name: getattr(country, part.name) for part in fields(country)}
    made = type(country)(**{**values, "dues": vn.dues, "deadlines": {**country.deadlines, **vn.deadlines}})
    made.__dict__["tariff"] = country.tariff
    monkeypatch.setattr(dues_api, "site_pack", lambda: made)
    return made


@pytest.fixture
def number(api) -> str:
    number = api("ann").lodge().json["number"]
    for act in ("accept", "assess"):
        done = api("system").post(f"/declarations/{number}/acts/{act}", {})
        assert done.status == 200, done.json
    return number


SHARED = {"trader": "TRADER-1", "paid_minor": 40_000, "source": "bank", "reference": "BT-1", "treasury": "T1"}


def test_before_release_nothing_is_late_and_the_law_is_named(api, paying, number):
    told = api("ann").get(f"/declarations/{number}/dues").json
    assert (told["due_day"], told["left_minor"], told["interest_minor"]) == (None, 34_400, 0)
    assert (told["law"], told["verified"], told["case"]) == ("107/2016/QH13, art. 9(1)", True, "ORDINARY")
    assert sorted((one["tax"], one["left_minor"]) for one in told["taxes"]) == [
        ("DTY", 12_000),
        ("VAT", 22_400),
    ]


def test_nothing_is_owed_before_an_assessment(api, paying):
    number = api("ann").lodge().json["number"]
    answer = api("ann").get(f"/declarations/{number}/dues")
    assert (answer.status, answer.code) == (404, "NOTHING_ASSESSED_YET")


def test_one_payment_is_shared_and_the_rest_is_told(api, paying, number):
    done = api("bank").post("/payments", SHARED)
    assert done.status == 201, done.json
    assert done.json["settled"] == [
        {"number": number, "kind": "TAX", "rank": "CURRENT_TAX", "amount_minor": 34_400}
    ]
    assert (done.json["rest_minor"], done.json["law"]) == (5_600, "38/2019/QH14, art. 57")
    again = api("bank").post("/payments", SHARED)
    assert (again.status, again.code) == (409, "RECEIPT_COUNTED")


def test_who_may_not_take_a_payer_s_money_does_not_learn_that_he_exists(api, paying, number):
    accounts.post("far", "REVENUE", first_day=START, office="TS0002")
    foreign = api("far").post("/payments", SHARED)
    missing = api("far").post("/payments", {**SHARED, "trader": "TRADER-7"})
    assert (foreign.status, foreign.code) == (missing.status, missing.code) == (404, "TRADER_UNKNOWN")


def test_a_day_may_be_asked(api, paying, number):
    day = date.today() + timedelta(days=400)
    assert api("ann").get(f"/declarations/{number}/dues?day={day}").json["on"] == day.isoformat()
