"""Payments for one debt and for many, at the same moment: each counts once, and nothing is lost or made."""

from __future__ import annotations

import threading
from dataclasses import fields
from datetime import UTC, datetime

import pytest
from django.db import connections

from thongquan import verify_log
from thongquan.engine.ledger.journal import AccountKind
from thongquan.packs.pack import load
from thongquan.site.clearance import journey, reads, settling
from thongquan.site.clearance.models import Receipt
from thongquan.site.kit.act import Busy
from thongquan.site.ledger.models import Account
from thongquan.site.record.exporting import export_log
from thongquan.site.record.sealing import anchor_once, seal_once
from thongquan.site.record.signing import signing_key

from ..country import SYSTEM, Days, appoint, make_pack, original

SHARED, ALONE = 5, 5


@pytest.fixture
def pack():
    made = make_pack()
    values = {part.name: getattr(made, part.name) for part in fields(made)}
    country = type(made)(**{**values, "dues": load("vn").dues})
    country.__dict__["tariff"] = made.tariff
    return country


def test_money_that_comes_at_one_moment_is_shared_once(committed, pack):
    appoint()
    days = Days()
    numbers = []
    for reference in ("A", "B"):
        number = journey.lodge(message=original(reference), **days.ask("ann", pack)).number
        for act in (journey.accept, journey.assess):
            assert act(number=number, **days.ask(SYSTEM, pack)).done
        numbers.append(number)
    # 5 × 7,000 for whatever is owed and 5 × 3,000 for the first alone; 64,000 are due
    said = {"source": "bank", "treasury": "T1"}
    asked = [days.ask("bank", pack) for _ in range(SHARED + ALONE)]

    def brought(place: int):
        if place < SHARED:
            shared = {"trader": "TRADER-1", "paid_minor": 7_000, "reference": f"S{place}"}
            return settling.settle(**shared, **said, **asked[place])
        alone = {"number": numbers[0], "paid_minor": 3_000, "reference": f"P{place}"}
        return journey.pay(**alone, **said, **asked[place])

    done: list[int] = []
    gate = threading.Barrier(SHARED + ALONE)

    def run(place: int) -> None:
        gate.wait()
        try:
            while True:
                try:
                    answer = brought(place)
                except Busy:
                    continue  # the same key again
                break
            if answer.done:
                done.append(7_000 if place < SHARED else 3_000)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(SHARED + ALONE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [3_000] * ALONE + [7_000] * SHARED
    assert Account.objects.get(kind=AccountKind.TREASURY).balance_minor == 50_000
    # What came for the first alone after it was settled is the payer's own.
    kinds = [AccountKind.DEBTOR, AccountKind.UNALLOCATED]
    assert sum(Account.objects.filter(kind__in=kinds).values_list("balance_minor", flat=True)) == 14_000
    assert Receipt.objects.filter(part_of=None).count() == SHARED + ALONE
    assert reads.verify().faults == ()


def test_outsiders_can_verify_what_a_shared_payment_left(committed, pack, tmp_path, monkeypatch):
    monkeypatch.setenv("THONGQUAN_LOG_KEY", str(tmp_path / "key"))
    monkeypatch.setenv("THONGQUAN_LOG_ORIGIN", "customs.test/log")
    monkeypatch.setenv("THONGQUAN_ANCHORS", str(tmp_path / "anchors"))
    appoint()
    days = Days()
    number = journey.lodge(message=original("A"), **days.ask("ann", pack)).number
    for act in (journey.accept, journey.assess, journey.select):
        assert act(number=number, **days.ask(SYSTEM, pack)).done
    held = {"guaranteed_minor": 32_000, "reference": "G1"}
    assert journey.guarantee(number=number, **held, **days.ask("rita", pack)).done
    assert journey.clear(number=number, **days.ask(SYSTEM, pack)).done
    days.now = datetime(2026, 4, 21, 12, tzinfo=UTC)
    brought = {"paid_minor": 32_500, "source": "bank", "reference": "S", "treasury": "T1"}
    # tax 32,000, interest 480 (50 days of 9.60), and 20 that settle nothing
    done = settling.settle(trader="TRADER-1", **brought, **days.ask("bank", pack))
    assert done.says["rest_minor"] == 20
    seal_once()
    anchor_once()
    assert export_log(tmp_path / "log").faults == ()
    keys = [verify_log.Key.of(signing_key().public.text)]
    report = verify_log.verify(tmp_path / "log", keys, tmp_path / "anchors")
    assert report.faults == []
    # assessed, held, tax, interest due and paid, the rest
    assert report.counts["journals"] == 6
