"""A key and anchors of the test's own: receipts are signed with it, and the sealer of nobody else is met."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_trust(tmp_path_factory, monkeypatch) -> Path:
    folder = tmp_path_factory.mktemp("trust")
    monkeypatch.setenv("THONGQUAN_LOG_KEY", str(folder / "key"))
    monkeypatch.setenv("THONGQUAN_LOG_ORIGIN", "customs.test/log")
    monkeypatch.setenv("THONGQUAN_ANCHORS", str(folder / "anchors"))
    return folder
