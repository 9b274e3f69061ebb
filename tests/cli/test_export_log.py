"""The log handed out by one command and proven by another program."""

import json
import subprocess
import sys
from pathlib import Path

from .conftest import Run


def test_the_log_is_exported_and_the_outsiders_program_reads_it(
    run: Run, tmp_path: Path, repository: Path
) -> None:
    done = run("export-log", tmp_path / "out", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["folder"], told["events"], told["checkpoints"]) == (str(tmp_path / "out"), 0, 0)
    again = run("export-log", tmp_path / "out")
    assert again.returncode == 1
    assert "exists already" in again.stderr
    # An empty log has named no key yet; any key will do to read it.
    key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    verifier = repository / "src/thongquan/verify_log.py"
    verified = subprocess.run(
        [sys.executable, "-I", "-S", str(verifier), str(tmp_path / "out"), "--key", key, "--language", "en"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (verified.returncode, verified.stderr) == (0, "")
    assert "PASSED" in verified.stdout
