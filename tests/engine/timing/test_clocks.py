"""How long a declaration took: by stage, by clock, to release and to clearance."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from thongquan.engine.dated import Period
from thongquan.engine.findings import Refusal
from thongquan.engine.lifecycle.declaration import DECLARATION, Clock, Facts, Kind, Obligation, State
from thongquan.engine.lifecycle.machine import Actor, attempt
from thongquan.engine.timing.calendar import WorkingCalendar
from thongquan.engine.timing.clocks import Interval, Wait, clocks, waits, working_by_clock

START = datetime(2020, 6, 15, 1, 0, tzinfo=UTC)  # 8:00 of a Monday in Hà Nội
LAW = {"law_day": "2020-06-15"}


def minute(number):
    return START + timedelta(minutes=number)


def life(*rows):
    """Events from rows of (minute, act, role, what it says)."""
    facts, events = Facts(), []
    for at, act, role, says in rows:
        now = at if isinstance(at, datetime) else minute(at)
        moved = attempt(
            DECLARATION,
            act,
            facts,
            Actor(role, frozenset({role})),
            at=now,
            recorded_at=minute(10**6),
            says=says,
        )
        assert not isinstance(moved, Refusal), moved
        facts = moved.after
        events.append(moved.event)
    return events


RED = (
    (0, "lodge", "DECLARANT", {"arrived": 0}),
    (10, "accept", "SYSTEM", {"legal_day": "2020-06-15"}),
    (11, "assess", "SYSTEM", {"assessed_minor": 100, **LAW}),
    (12, "select", "SYSTEM", {"channel": "RED"}),
    (30, "check_documents", "OFFICER", {"result": "CONFORMS"}),  # customs had 30 minutes
    (50, "arrive", "SUPERVISOR", {}),  # the trader 20
    (60, "request", "OFFICER", {"reference": "YC-1", "wanted": "keys"}),  # customs 10
    (75, "reply", "DECLARANT", {"reference": "YC-1"}),  # the trader 15
    (
        95,
        "inspect",
        "INSPECTOR",
        {"result": "CONFORMS", "opens": ["PERMIT:KD-1", "ANALYSIS:M-1"]},
    ),  # customs 20
    (155, "confirm_permit", "AGENCY", {"reference": "KD-1"}),  # the agency 60
    (160, "pay", "BANK", {"paid_minor": 100, "reference": "GNT-1"}),  # the trader 5
    (165, "release", "OFFICER", {}),  # customs 5
    (180, "exit", "SUPERVISOR", {}),  # the trader 15
    (1_180, "settle", "OFFICER", {"kind": "ANALYSIS", "assessed_minor": 100, **LAW}),  # customs 1,000
    (1_200, "clear", "LEADER", {}),  # customs 20
)


def test_time_by_clock_by_stage_to_release_and_to_clearance():
    timing = clocks(life(*RED))
    # customs 30 + 10 + 20 + 5 + 1,000 + 20 = 1,085; trader 20 + 15 + 5 + 15 = 55; agency 60; together 1,200
    assert timing.by_clock == {Clock.CUSTOMS: 1_085 * 60, Clock.TRADER: 55 * 60, Clock.AGENCY: 60 * 60}
    assert timing.total_seconds == 1_200 * 60
    # lodged 0–10, registered 10–12, selected 12–165, released 165–1,200
    assert {stage: seconds for stage, seconds in timing.by_stage.items() if seconds} == {
        State.LODGED: 10 * 60,
        State.REGISTERED: 2 * 60,
        State.SELECTED: 153 * 60,
        State.RELEASED: 1_035 * 60,
    }
    # the goods came at 50 and were released at 165; registered at 10 and cleared at 1,200
    assert timing.release_seconds == 115 * 60
    assert timing.clearance_seconds == 1_190 * 60


def test_neighbouring_intervals_of_one_stage_and_clock_are_one():
    timing = clocks(life(*RED[:5]))
    assert timing.intervals == (
        Interval(State.LODGED, Clock.CUSTOMS, minute(0), minute(10)),
        Interval(State.REGISTERED, Clock.CUSTOMS, minute(10), minute(12)),
        Interval(State.SELECTED, Clock.CUSTOMS, minute(12), minute(30)),
    )


def test_a_running_life_is_measured_up_to_an_instant():
    events = life(*RED[:5])
    timing = clocks(events, until=minute(33))
    assert timing.by_clock[Clock.TRADER] == 3 * 60  # the goods are to come
    assert (timing.release_seconds, timing.clearance_seconds) == (None, None)
    assert clocks(events, until=minute(5)) == clocks(events)
    assert clocks([], until=minute(5)).total_seconds == 0


def test_a_finished_life_takes_no_more_time():
    rows = (
        *RED[:1],
        (5, "cancel", "DECLARANT", {"reason": "r"}),
    )
    assert clocks(life(*rows), until=minute(10_000)).total_seconds == 5 * 60
    green = (
        (0, "lodge", "DECLARANT", {"arrived": 1}),
        (1, "accept", "SYSTEM", {"legal_day": "2020-06-15"}),
        (2, "assess", "SYSTEM", {"assessed_minor": 0, **LAW}),
        (3, "select", "SYSTEM", {"channel": "GREEN"}),
        (4, "clear", "SYSTEM", {}),
        (9, "exit", "SUPERVISOR", {}),
        # half a year later the trader corrects it: the clearance is not longer for it
        (260_000, "amend", "DECLARANT", {"reason": "r", "changed": ["value"], **LAW}),
        (260_001, "assess", "SYSTEM", {"assessed_minor": 7, **LAW}),
    )
    timing = clocks(life(*green), until=minute(300_000))
    assert timing.total_seconds == 9 * 60
    # the goods were there at registration, so both measures start with it
    assert (timing.release_seconds, timing.clearance_seconds) == (3 * 60, 3 * 60)


def test_prelodged_time_is_the_traders_and_release_counts_from_arrival():
    rows = (
        (0, "prelodge", "DECLARANT", {}),
        (600, "arrive", "DECLARANT", {}),
        (601, "accept", "SYSTEM", {"legal_day": "2020-06-15"}),
        (602, "assess", "SYSTEM", {"assessed_minor": 0, **LAW}),
        (603, "select", "SYSTEM", {"channel": "GREEN"}),
        (604, "clear", "SYSTEM", {}),
    )
    timing = clocks(life(*rows))
    assert timing.by_clock == {Clock.TRADER: 600 * 60, Clock.CUSTOMS: 4 * 60, Clock.AGENCY: 0}
    assert timing.by_stage[State.PRELODGED] == 600 * 60
    assert (timing.release_seconds, timing.clearance_seconds) == (4 * 60, 3 * 60)


def test_fractions_of_seconds_are_dropped_at_the_instants_so_that_parts_add_up():
    rows = [(at, act, role, says) for at, act, role, says in RED]
    shifted = [
        (minute(at) + timedelta(microseconds=999_999 - 1_000 * place), act, role, says)
        for place, (at, act, role, says) in enumerate(rows)
    ]
    assert clocks(life(*shifted)) == clocks(life(*RED))


def test_a_payment_learnt_of_late_takes_no_second_twice():
    rows = [*RED[:10], (100, "pay", "BANK", {"paid_minor": 100, "reference": "GNT-1"}), *RED[11:]]
    timing = clocks(life(*rows))
    # it counts at 155, when it was learnt: customs has 155–165 instead of the trader 5 and customs 5
    assert timing.by_clock[Clock.TRADER] == 50 * 60
    assert timing.total_seconds == 1_200 * 60


def test_working_time_on_each_clock():
    office = ((480, 720), (810, 1050))
    calendar = WorkingCalendar(
        "20BB",
        timezone(timedelta(hours=7)),
        Period(date(2020, 1, 1), date(2020, 12, 31)),
        (office,) * 5 + ((), ()),
        {},
    )
    # 8:00 + 165 min = 10:45; goods leave at 11:00; customs settles on the clock from 11:00 to 4:00 of the next day
    worked = working_by_clock(clocks(life(*RED)), calendar)
    assert worked[Clock.TRADER] == 55 * 60
    assert worked[Clock.AGENCY] == 60 * 60
    # customs before release 65 minutes; then 11:00–12:00 and 13:30–17:30
    assert worked[Clock.CUSTOMS] == (65 + 60 + 240) * 60


def test_each_obligation_has_its_own_waiting_time():
    found = {str(wait.obligation): (wait.opened_at, wait.closed_at) for wait in waits(life(*RED))}
    assert found == {
        "PAYMENT": (minute(11), minute(160)),
        "DOCUMENT_CHECK": (minute(12), minute(30)),
        "INSPECTION": (minute(12), minute(95)),
        "REPLY:YC-1": (minute(60), minute(75)),
        "PERMIT:KD-1": (minute(95), minute(155)),
        "ANALYSIS:M-1": (minute(95), minute(1_180)),
    }
    assert waits(life(*RED[:4]))[-1] == Wait(Obligation(Kind.INSPECTION), minute(12), None)


def test_an_instant_without_a_zone_is_not_measured():
    with pytest.raises(ValueError):
        clocks(life(*RED[:2]), until=datetime(2020, 6, 15))
