"""What the doctor finds: every finding by its code and its place, and nothing where nothing is wrong."""

from __future__ import annotations

from datetime import timedelta

import pytest

from thongquan.site.config import doctor
from thongquan.site.kit import clock
from thongquan.site.papers import store
from thongquan.site.papers.models import Attachment
from thongquan.site.record import sealing
from thongquan.site.record.sealing import seal_once


def codes(check: doctor.Check) -> list[str]:
    return [finding.code for finding in check.findings]


def attached(content: bytes, n: int) -> str:
    hash = store.put(content)
    Attachment.objects.create(
        identifier=f"{n:032}", subject=f"26ZZ{n}", n=1, kind="INVOICE", name="a.pdf", media_type="application/pdf",
        size=len(content), hash=hash, by="ann",
    )  # fmt: skip
    return hash


def test_a_paper_that_is_gone_or_changed_is_named_by_its_declaration(db, settings, tmp_path):
    settings.DATA = tmp_path
    kept, gone, changed = (attached(content, n) for n, content in enumerate((b"one", b"two", b"three")))
    assert codes(doctor.papers()) == []
    store.path_of(gone).unlink()
    store.path_of(changed).write_bytes(b"thr33")
    found = doctor.papers()
    assert [(one.code, one.at) for one in found.findings] == [
        ("ATTACHMENT_LOST", "26ZZ1"), ("ATTACHMENT_LOST", "26ZZ2"),
    ]  # fmt: skip
    assert (found.good, found.detail) == (False, "2/3")
    assert store.get(kept) == b"one"


def test_a_sealer_that_no_longer_seals_is_told_before_its_anchors_lag(people, pack, days, settings, tmp_path):
    from thongquan.site.clearance import journey

    from ..country import original

    settings.DATA = tmp_path
    journey.lodge(message=original("A-1"), **days.ask("ann", pack))
    seal_once()
    now = clock.now()
    assert [one.code for one in sealing.health(now).findings] == []
    journey.lodge(message=original("A-2"), **days.ask("ann", pack))
    late = sealing.health(now + sealing.SEALER_LATE + timedelta(seconds=5))
    assert [one.code for one in late.findings] == ["SEALER_LATE"]
    assert late.waiting
    assert late.sealed is not None
    assert late.sealed >= sealing.SEALER_LATE


@pytest.mark.parametrize(("status", "right"), [(0x0001, True), (0x0041, False)])
def test_a_clock_that_no_service_keeps_is_told(db, monkeypatch, status, right):
    class Kernel:
        def adjtimex(self, asked) -> int:
            asked._obj.status = status
            return 0

    monkeypatch.setattr(doctor.sys, "platform", "linux")
    monkeypatch.setattr(doctor.ctypes, "CDLL", lambda *_, **__: Kernel())
    assert ("CLOCK_NOT_SYNCHRONISED" in codes(doctor.clocks())) is not right


def test_the_data_folder_and_the_switch_must_agree(settings, tmp_path):
    from thongquan.site.config import office

    settings.DATA, settings.SANDBOX = tmp_path, False
    office.write(tmp_path, office.Office("sample", "ZZ0001", sandbox=True))
    assert codes(doctor.office()) == ["OFFICE_IS_SANDBOX"]
    settings.SANDBOX = True
    assert codes(doctor.office()) == []
