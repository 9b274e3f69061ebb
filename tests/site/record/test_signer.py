"""The key in a process of its own: signs receipts and the next checkpoint, and no second history."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from thongquan.site.record.receipts import Line, receipt
from thongquan.site.record.sealing import checkpoint_text
from thongquan.site.record.signer import RemoteKey, Signer, SignerAway
from thongquan.site.record.signing import signing_key, signing_key_of_file

ROOT, OTHER = bytes(32), bytes([1]) * 32


@pytest.fixture
def remote(tmp_path, monkeypatch) -> Iterator[RemoteKey]:
    monkeypatch.setenv("THONGQUAN_LOG_KEY", str(tmp_path / "key"))
    place = str(tmp_path / "s")
    with Signer(place) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        monkeypatch.setenv("THONGQUAN_SIGNER", place)
        yield signing_key()
        listening.shutdown()


def checkpoint(key: RemoteKey, size: int, root: bytes = ROOT) -> str:
    return key.note(checkpoint_text(key.public.name, size, root))


def test_what_it_signs_is_what_the_key_itself_would_sign(remote):
    line = Line("26ZZ1", 1, "0" * 64, datetime(2026, 3, 2, tzinfo=UTC))
    signed = receipt([line])
    assert isinstance(remote, RemoteKey)
    assert remote.public == signing_key_of_file().public
    assert remote.public.signed(signed)
    text = signed[: signed.rindex("\n\n") + 1]
    assert signed == signing_key_of_file().note(text)
    assert remote.public.signed(checkpoint(remote, 3))


def test_no_smaller_checkpoint_and_no_other_of_the_same_size_is_signed_even_after_a_restart(
    remote, tmp_path, monkeypatch
):
    assert checkpoint(remote, 5) == checkpoint(remote, 5)
    for size, root in ((4, ROOT), (5, OTHER)):
        with pytest.raises(PermissionError):
            checkpoint(remote, size, root)
    again = str(tmp_path / "t")
    with Signer(again) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        with pytest.raises(PermissionError):
            checkpoint(RemoteKey(again), 5, OTHER)
        assert RemoteKey(again).public.signed(checkpoint(RemoteKey(again), 6, OTHER))
        listening.shutdown()


@pytest.mark.parametrize("text", [
    "anything\n", "thongquan-receipt-v1\nanother/log\n1 x y z\n", "thongquan-key-rotation-v1\na\n0\nb\nc\n",
])  # fmt: skip
def test_nothing_else_is_signed(remote, text):
    with pytest.raises(PermissionError):
        remote.note(text)


def test_without_a_signer_nothing_is_acknowledged(monkeypatch, tmp_path):
    monkeypatch.setenv("THONGQUAN_SIGNER", str(tmp_path / "nobody"))
    with pytest.raises(SignerAway):
        signing_key()


def test_a_sealer_waits_for_its_signer_and_goes_on(people, pack, days, monkeypatch, tmp_path):
    from thongquan.site.clearance import journey
    from thongquan.site.record import sealing
    from thongquan.site.record.models import Checkpoint

    from ..country import original

    monkeypatch.setenv("THONGQUAN_LOG_KEY", str(tmp_path / "key"))
    monkeypatch.setenv("THONGQUAN_ANCHORS", str(tmp_path / "anchors"))
    monkeypatch.setenv("THONGQUAN_SIGNER", str(tmp_path / "s"))
    assert journey.lodge(message=original("A-1"), **days.ask("ann", pack)).done

    class Stop(threading.Event):
        """Starts the signer when the sealer has waited once, and ends it all when it has waited twice."""

        rounds = 0
        listening = None

        def wait(self, timeout: float | None = None) -> bool:
            self.rounds += 1
            if self.rounds == 1:
                assert not Checkpoint.objects.exists()
                self.listening = Signer(str(tmp_path / "s"))
                threading.Thread(target=self.listening.serve_forever, daemon=True).start()
            elif self.rounds == 2:
                self.set()
            return self.is_set()

    stop = Stop()
    assert sealing.run_sealer(stop, every=0.01) is None
    stop.listening.shutdown()
    stop.listening.server_close()
    assert Checkpoint.objects.count() == 1
