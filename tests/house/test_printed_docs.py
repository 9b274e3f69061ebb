"""Pages printed from the code say what the code says."""

import subprocess
import sys
from pathlib import Path


def test_no_printed_page_is_stale(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "tools/print_docs.py", "--check"],
        cwd=repository, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, ""), "run `make docs` and commit docs/reference"


def test_every_page_that_a_page_or_the_front_door_names_is_there(repository: Path) -> None:
    import re

    missing = []
    for page in [
        repository / "README.md",
        repository / "CONTRIBUTING.md",
        *(repository / "docs").rglob("*.md"),
    ]:
        for target in re.findall(r"\]\(([^)#:]+\.md)", page.read_text(encoding="utf-8")):
            if not (page.parent / target).is_file():
                missing.append(f"{page.relative_to(repository)}: {target}")
    assert missing == []
