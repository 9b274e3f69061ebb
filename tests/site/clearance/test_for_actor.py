"""Whoever asks sees what is his to see; what is foreign is to him what does not exist, found by the same query."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from thongquan.site.accounts import acts as accounts
from thongquan.site.clearance import journey, reads
from thongquan.site.clearance.models import Declaration

from ..country import By, original

pytestmark = pytest.mark.usefixtures("people")

DAY = (date(2026, 3, 2),)
START = date(2020, 1, 1)


@pytest.fixture
def numbers(pack, days) -> list[str]:
    return [
        journey.lodge(message=original(f"L-{n}", trader=f"TRADER-{n}"), **days.ask("ann", pack)).number
        for n in (1, 2)
    ]


def seen(user: str, act: str = "read", days=DAY) -> list[str]:
    return list(
        reads.for_actor(Declaration.objects.order_by("id"), By(user), days, act).values_list(
            "number", flat=True
        )
    )


def test_a_declarant_sees_the_declarations_of_his_trader(numbers):
    accounts.post("own", "DECLARANT", first_day=START, trader="TRADER-2")
    assert seen("own") == numbers[1:]
    assert seen("ann") == numbers


def test_an_officer_sees_those_of_his_office(numbers):
    accounts.post("near", "OFFICER", first_day=START, office="TS0001")
    accounts.post("far", "OFFICER", first_day=START, office="TS0002")
    accounts.post("none", "OFFICER", first_day=START)
    assert (seen("near"), seen("far"), seen("none")) == (numbers, [], [])


def test_risk_reasons_are_for_those_who_have_the_right(numbers):
    assert seen("olga", "read_risk") == numbers
    for user in ("ann", "bank", "rita", "gate", "vet"):
        assert seen(user, "read_risk") == []


def test_an_ended_post_and_a_foreign_key_see_nothing(numbers):
    accounts.post("old", "OFFICER", first_day=START, office="*", last_day=date(2026, 3, 1))
    assert seen("old") == []
    assert seen("nobody") == []
    scoped = By("olga", scopes=frozenset({"hold"}))
    assert not reads.for_actor(Declaration.objects.all(), scoped, DAY).exists()


def test_foreign_and_missing_are_the_same_answer_by_the_same_queries(numbers):
    accounts.post("far", "OFFICER", first_day=START, office="TS0002")

    def asked(number: str) -> list[str]:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert reads.found(number, By("far"), DAY) is None
        return [query["sql"].replace(number, "…") for query in queries]

    assert asked(numbers[0]) == asked("26TS0001999999X")
