"""Whatever happened to a declaration, and whoever did it, the machine goes on until a person comes next."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connections

from thongquan.engine.lifecycle.declaration import State
from thongquan.site.clearance import automatic, following, journey
from thongquan.site.clearance.following import Follower, promise_tomorrow
from thongquan.site.clearance.models import Declaration, DrawCommitment
from thongquan.site.kit import clock
from thongquan.site.kit.act import Busy

from ..country import original

# Assessed by the law of today, 12 % and then 20 %: 120 + 224 = 344 krona.
PAID = {"paid_minor": 34_400, "source": "bank", "reference": "B1", "treasury": "T1"}


@pytest.fixture
def follower(pack, people) -> Follower:
    made = Follower(pack)
    made.look()
    return made


def state() -> str:
    return Declaration.objects.get().state


def test_it_goes_on_after_each_act_until_a_person_comes_next(follower, pack, days):
    number = journey.lodge(message=original(), **days.ask("ann", pack)).number
    assert follower.look() == 1
    assert state() == State.SELECTED
    assert follower.look() == 0
    journey.pay(number=number, **PAID, **days.ask("bank", pack))
    assert follower.look() == 1
    assert state() == State.CLEARED
    assert follower.look() == 0


def test_what_waits_since_before_it_started_is_swept_up(pack, people, days):
    journey.lodge(message=original(), **days.ask("ann", pack))
    late = Follower(pack)
    assert late.look() == 0
    assert late.sweep() == 1
    assert state() == State.SELECTED


def test_an_event_that_shows_late_is_still_seen(follower, pack, days):
    follower.look()
    journey.lodge(message=original("R1"), **days.ask("ann", pack))
    moment, newest = follower._reached[-1]
    follower._reached[-1] = (moment, newest + 1_000)  # ids above it were seen already
    assert follower.look() == 1


def test_one_that_fails_holds_up_no_other(follower, pack, days, monkeypatch, caplog):
    first = journey.lodge(message=original("R1"), **days.ask("ann", pack)).number
    second = journey.lodge(message=original("R2"), **days.ask("ann", pack)).number
    proceed = automatic.proceed

    def broken(number, pack):
        if number == first:
            raise ValueError("Chè xanh 1000")
        return proceed(number, pack)

    monkeypatch.setattr(automatic, "proceed", broken)
    assert follower.look() == 1
    assert Declaration.objects.get(number=second).state == State.SELECTED
    assert [record.reference for record in caplog.records if record.levelname == "ERROR"] == [first]
    assert follower.look() == 0


def test_a_busy_database_is_asked_again(follower, pack, days, monkeypatch):
    journey.lodge(message=original(), **days.ask("ann", pack))
    proceed = automatic.proceed
    monkeypatch.setattr(automatic, "proceed", lambda *_: (_ for _ in ()).throw(Busy()))
    assert follower.look() == 0
    monkeypatch.setattr(automatic, "proceed", proceed)
    assert follower.look() == 1


def test_tomorrow_s_draws_are_bound_the_evening_before(db, pack):
    today = pack.legal_day(clock.now())
    promise_tomorrow(pack)
    promise_tomorrow(pack)
    days = list(DrawCommitment.objects.order_by("day").values_list("day", flat=True))
    assert days == [today, today + timedelta(days=1)]


def test_the_process_stops_when_told(committed, pack, days, monkeypatch):
    monkeypatch.setattr(following, "site_pack", lambda: pack)
    monkeypatch.setattr(following, "LOOK_SECONDS", 0.01)
    journey.lodge(message=original(), **days.ask("ann", pack))
    stop = threading.Event()

    def work() -> None:
        following.run_follower(stop)
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    for _ in range(500):
        if state() == State.SELECTED:
            break
        stop.wait(0.02)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert state() == State.SELECTED
