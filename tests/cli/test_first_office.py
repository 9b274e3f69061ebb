"""The page "from an empty machine to the first release", run as its reader runs it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

BLOCK = re.compile(r"<!-- run: (\w+) -->\n```sh\n(.*?)```", re.DOTALL)
PROGRAM = f'#!/bin/sh\nexec "{sys.executable}" -m thongquan.cli "$@"\n'


class Reader:
    """One shell for all blocks of a page: what one sets, the next knows."""

    def __init__(self, repository: Path, language: str, folder: Path) -> None:
        page = (repository / "docs" / language / "first-office.md").read_text(encoding="utf-8")
        self.blocks = dict(BLOCK.findall(page))
        self.folder, self.language = folder, language
        programs = folder / "programs"
        programs.mkdir()
        (programs / "thongquan").write_text(PROGRAM)
        (programs / "thongquan").chmod(0o755)
        self.environment = {**os.environ, "HOME": str(folder), "PATH": f"{programs}:{os.environ['PATH']}",
                            "THONGQUAN_LANGUAGE": language}  # fmt: skip
        for name in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE", "THONGQUAN_DATA", "THONGQUAN_PACK"):
            self.environment.pop(name, None)
        self.said = ""

    def does(self, name: str) -> str:
        """Run a block; what it said. Its shell remembers its variables in a file."""
        kept = self.folder / "variables"
        script = (
            f"set -eu\n[ ! -f {kept} ] || . {kept}\n{self.blocks[name]}\n"
            f"{{ echo \"export THONGQUAN_DATA='$THONGQUAN_DATA'\"; echo \"NUMBER='${{NUMBER:-}}'\"; }} > {kept}\n"
        )
        done = subprocess.run(
            ["sh", "-c", script], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=300,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
        return done.stdout

    def standing(self) -> dict:
        """The declaration as it stands now."""
        kept = (self.folder / "variables").read_text()
        number = re.search(r"NUMBER='(.+)'", kept)[1]
        shown = subprocess.run(
            [sys.executable, "-m", "thongquan.cli", "show", number, "--json"], capture_output=True, text=True,
            env={**self.environment, "THONGQUAN_DATA": str(self.folder / "customs-office")}, timeout=120, check=False,
        )  # fmt: skip
        return json.loads(shown.stdout)

    def until(self, state: str) -> dict:
        for _ in range(120):
            standing = self.standing()
            if standing["state"] == state:
                return standing
            time.sleep(0.5)
        raise AssertionError(f"it is {standing['state']} and not {state}")


@pytest.fixture(params=["vi", "en"])
def reader(request, repository: Path, tmp_path: Path) -> Iterator[Reader]:
    made = Reader(repository, request.param, tmp_path)
    yield made
    process = getattr(made, "server", None)
    if process is not None:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def test_the_page_leads_from_nothing_to_the_gate(reader: Reader) -> None:
    assert "ZZ0001" in reader.does("office")
    reader.does("password")
    assert "hung.hoso" in reader.does("people")
    serve = reader.blocks["serve"]
    assert "thongquan serve" in serve
    reader.server = subprocess.Popen(
        ["sh", "-c", serve.replace("thongquan serve", "exec thongquan serve --json")], cwd=reader.folder,
        env=reader.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert json.loads(reader.server.stdout.readline())["url"].startswith("http://127.0.0.1:")
    reader.does("lodge")
    selected = reader.until("SELECTED")
    assert selected["assessed_minor"] == 4_030
    assert selected["channel"] in ("YELLOW", "RED")
    reader.does("show")
    assert "tq_" in reader.does("machine")
    reader.does("yellow")
    if selected["channel"] == "RED":
        reader.does("red")
    reader.does("release")
    cleared = reader.until("CLEARED")
    assert cleared["paid_minor"] == 4_030
    assert [event["act"] for event in cleared["events"]][-2:] == ["clear", "exit"]
    reader.does("prove")
    assert list((reader.folder / "customs-office" / "backups").glob("thongquan-*.sqlite3"))


def test_the_page_shows_every_step_in_both_languages(repository: Path) -> None:
    steps = [
        [name for name, _ in BLOCK.findall((repository / "docs" / one / "first-office.md").read_text())]
        for one in ("vi", "en")
    ]
    assert steps[0] == steps[1]
    assert set(steps[0]) == {
        "office",
        "password",
        "people",
        "serve",
        "lodge",
        "show",
        "machine",
        "yellow",
        "red",
        "release",
        "prove",
    }
