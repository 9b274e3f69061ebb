"""The units of the pages on operations and on the log of trust are units that systemd takes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

PROGRAM = "/opt/thongquan/bin/thongquan"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not on this machine")
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_unit_of_the_pages_is_one(repository: Path, tmp_path: Path, language: str) -> None:
    text = "".join(
        (repository / "docs" / language / page).read_text(encoding="utf-8")
        for page in ("operations.md", "log-of-trust.md")
    )
    units = [unit for unit in re.findall(r"```ini\n(.*?)```", text, re.DOTALL) if unit.startswith("[Unit]")]
    assert len(units) == 4
    files = []
    for unit in units:
        name = "thongquan-signer" if "thongquan signer" in unit else "thongquan"
        name = "thongquan-backup" if "thongquan backup" in unit or "[Timer]" in unit else name
        file = tmp_path / f"{name}.{'timer' if '[Timer]' in unit else 'service'}"
        # What is installed there is not installed here; the rest is judged as it stands.
        file.write_text(
            unit.replace(PROGRAM, "/bin/true")
            .replace("network-online.target postgresql.service", "")
            .replace("network-online.target", ""),
            encoding="utf-8",
        )
        files.append(file)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    said = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "thongquan" in line]
    assert (done.returncode, said) == (0, []), done.stderr
