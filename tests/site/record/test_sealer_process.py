"""The sealer as a process beside others, on a database in which things are really committed."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connections

from thongquan.site.record import anchors, sealing
from thongquan.site.record.models import Checkpoint, Event, Sealed
from thongquan.site.record.sealing import health, seal_once

from .lives import lived


@pytest.mark.skipif("connections['default'].vendor != 'postgresql'")
def test_two_sealers_at_once_seal_each_event_once(committed, pack, days):
    for n in range(4):
        lived(pack, days, f"R{n}")
    gate = threading.Barrier(4)

    def work() -> None:
        gate.wait()
        for _ in range(8):
            seal_once(limit=3)
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while seal_once():
        pass
    assert list(Sealed.objects.order_by("sequence").values_list("sequence", flat=True)) == list(range(24))
    assert set(Sealed.objects.values_list("event_id", flat=True)) == set(
        Event.objects.values_list("pk", flat=True)
    )


def test_the_process_seals_anchors_and_stops_when_told(committed, pack, days, own_trust):
    lived(pack, days, "R1")
    stop, ended = threading.Event(), []

    def work() -> None:
        ended.append(sealing.run_sealer(stop, every=0.01, anchor_every=0))
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    for _ in range(500):
        if (own_trust / "anchors" / "checkpoints" / "6.txt").exists():
            break
        stop.wait(0.02)
    stop.set()
    thread.join(10)
    assert ended == [None]
    assert (Checkpoint.objects.get().size, health().lag) == (6, timedelta())


def test_the_process_ends_with_its_reason_when_a_person_must_look(committed, pack, days, own_trust):
    lived(pack, days, "R1")
    anchors.Folder(own_trust / "anchors").put(99, "a larger log")
    found = sealing.run_sealer(threading.Event(), every=0.01)
    assert found.code == "LOG_BEHIND_ANCHOR"
    assert not Checkpoint.objects.exists()
