"""Run the command as its user does: a process of its own, a data folder of its own, the embedded database."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

type Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """run("read", file) → the finished process; language="en" unless asked otherwise."""

    def run(*arguments: object, language: str = "en") -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "THONGQUAN_DATA": str(tmp_path / "data"), "THONGQUAN_LANGUAGE": language}
        environment.pop("DATABASE_URL", None)
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        return subprocess.run(
            [sys.executable, "-m", "thongquan.cli", *map(str, arguments)],
            capture_output=True, text=True, env=environment, timeout=300, check=False,
        )  # fmt: skip

    return run
