"""A browser of the system, headless, and an office to work in. Where there is no Chromium the tests are skipped."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def office(tmp_path_factory) -> Iterator[str]:
    """The address of a small office that runs in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, str(HERE / "office.py"), str(tmp_path_factory.mktemp("office"))],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Debian's Chromium with a profile of its own; the driver brings none."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core, which looks for what a person who does not see or point could not use."""
    return (HERE / "vendor/axe.min.js").read_text(encoding="utf-8")
