"""The examples of the page on paying are what the command says, in both languages."""

import re
import shlex
from pathlib import Path

import pytest

from .conftest import Run

EXAMPLE = re.compile(r"```sh\nthongquan ([^\n]+)\n```\n\n```text\n(.*?)\n```", re.DOTALL)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_examples_come_out_as_printed(run: Run, repository: Path, language: str) -> None:
    page = (repository / "docs" / language / "paying.md").read_text(encoding="utf-8")
    found = EXAMPLE.findall(page)
    assert len(found) == 5
    for command, printed in found:
        done = run(*shlex.split(command), language=language)
        assert done.returncode == 0, (command, done.stderr)
        place = 0
        for line in printed.splitlines():
            assert line in done.stdout[place:], (command, line)
            # The lines stand in the order of the page, though two of them may stand in one line of a table.
            place = done.stdout.index(line, place)
