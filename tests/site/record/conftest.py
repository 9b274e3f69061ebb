"""A log of trust of one's own for each test: its key and its anchors."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_trust(tmp_path_factory, monkeypatch) -> Path:
    """The folder that holds the key and the anchors of this test's log: `key`, `anchors`."""
    folder = tmp_path_factory.mktemp("trust")
    use_trust(monkeypatch, folder)
    return folder


def use_trust(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("THONGQUAN_LOG_KEY", str(folder / "key"))
    monkeypatch.setenv("THONGQUAN_LOG_ORIGIN", "customs.test/log")
    monkeypatch.setenv("THONGQUAN_ANCHORS", str(folder / "anchors"))
