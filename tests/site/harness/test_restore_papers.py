"""T17, attachments: every paper acknowledged before a copy was begun is whole where the copy is put back."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.db import connections

from thongquan.site.accounts.reads import By
from thongquan.site.clearance import attachments, journey
from thongquan.site.kit import clock
from thongquan.site.papers import backup as papers
from thongquan.site.papers import store
from thongquan.site.papers.models import Attachment
from thongquan.site.record.backup import back_up
from thongquan.site.record.restore import restore

from ..country import Days, original
from .test_restore import elsewhere, needs_tools

MOST = 40


class Sender:
    """Attaches one paper after the other to a declaration, and remembers which were acknowledged."""

    def __init__(self, number: str, pack) -> None:
        self.number, self.pack = number, pack
        self.acknowledged: list[bytes] = []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._send)

    def attach(self, n: int) -> None:
        content = b"%PDF-1.7\n" + str(n).encode() * 2_000
        answer = attachments.attach(
            number=self.number, kind="INVOICE", name=f"{n}.pdf", content=content, by=By("ann"), key=f"paper-{n}",
            at=clock.now(), pack=self.pack,
        )  # fmt: skip
        if answer.done:
            self.acknowledged.append(content)

    def _send(self) -> None:
        for n in range(MOST):
            if self.stop.is_set():
                break
            self.attach(n)
        connections.close_all()

    def reach(self, count: int) -> None:
        while len(self.acknowledged) < count and self.thread.is_alive():
            self.stop.wait(0.02)


@pytest.fixture
def sender(committed, pack, settings, tmp_path) -> Sender:
    needs_tools()
    settings.DATA = tmp_path / "data"
    lodged = journey.lodge(message=original("A-1"), **Days().ask("ann", pack, "a-1"))
    return Sender(lodged.number, pack)


def lost(sender: Sender, known: int, copy: Path, settings, tmp_path: Path) -> list[str]:
    """What of the acknowledged papers is not whole after a copy was put back on another machine."""
    with elsewhere(tmp_path):
        settings.DATA = tmp_path / "other"
        assert restore(copy).done
        found = [finding.code for finding in papers.restore(copy)]
        there = set(Attachment.objects.values_list("hash", flat=True))
        named = [store.sha256(content).hexdigest() for content in sender.acknowledged[:known]]
        found += ["ROW_LOST" for hash in named if hash not in there]
        return found + ["CONTENT_LOST" for hash in store.damaged(iter(there))]


def test_every_paper_acknowledged_before_the_copy_is_whole_elsewhere(sender, settings, tmp_path):
    sender.thread.start()
    sender.reach(3)
    known = len(sender.acknowledged)
    copy = back_up(tmp_path / "copy")
    assert papers.back_up(copy.file) == ()
    sender.stop.set()
    sender.thread.join()
    assert copy.faults == ()
    assert known >= 3
    assert lost(sender, known, copy.file, settings, tmp_path) == []


def test_planted_papers_copied_before_the_database_are_missed(sender, settings, tmp_path):
    sender.attach(0)
    papers.back_up(tmp_path / "copy")  # too early: the next one is acknowledged before the database is copied
    sender.attach(1)
    copy = back_up(tmp_path / "copy")
    assert "CONTENT_LOST" in lost(sender, 2, copy.file, settings, tmp_path)


def test_planted_a_paper_that_is_changed_in_the_copy_is_told(sender, settings, tmp_path):
    sender.attach(0)
    copy = back_up(tmp_path / "copy")
    assert papers.back_up(copy.file) == ()
    (content,) = [file for file in papers.folder_of(copy.file).rglob("*") if file.is_file()]
    content.write_bytes(content.read_bytes()[:-1] + b"x")
    assert "ATTACHMENT_LOST" in lost(sender, 1, copy.file, settings, tmp_path)


def test_planted_no_papers_at_all_are_told(sender, settings, tmp_path):
    sender.attach(0)
    copy = back_up(tmp_path / "copy")
    assert "ATTACHMENT_LOST" in lost(sender, 1, copy.file, settings, tmp_path)
