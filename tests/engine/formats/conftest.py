"""What the tests of the wire formats share: the sample messages, and a declaration in which nothing is empty."""

import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from thongquan import words
from thongquan.engine.declaration import Amount, Declaration, Quantity
from thongquan.engine.findings import Finding
from thongquan.engine.formats.wco_table import DECLARATION, Group, Kind, Leaf


def value_of(leaf: Leaf, salt: int) -> Any:
    """A valid value; another one for another salt below 9."""
    match leaf.kind:
        case Kind.CODE:
            return code_of(leaf, salt)
        case Kind.TEXT:
            return f"Tên hàng số {salt} <&> “x”"[: leaf.most].strip()
        case Kind.INSTANT | Kind.DAY:
            return datetime(2020, 6, 1 + salt, 8, 30, tzinfo=UTC)
        case Kind.AMOUNT:
            return Amount(millionths=1_250_000 + salt * 1_000_000, currency="VND")
        case Kind.MEASURE:
            part = 10 ** (6 - leaf.decimals)
            return Quantity(millionths=(1_000_000 + 7 * part) // part * part + salt * 1_000_000, unit="KGM")
        case Kind.COUNT:
            return 1 + salt
        case Kind.RATE:
            return 8_500_000 + salt * 1_000_000


def code_of(leaf: Leaf, salt: int) -> str:
    if leaf.values:
        return leaf.values[salt % len(leaf.values)]
    if leaf.letters == "a":
        return ("QNLC"[salt % 4] * leaf.most)[: leaf.most]
    if leaf.letters == "n":
        return str((1 + salt) % 10)
    return f"A{salt}"[: leaf.most] if leaf.most > 1 else str(salt % 10)


def filled(group: Group, salt: int = 0) -> Any:
    """A record with every field set and two items in every list."""
    assert group.record is not None
    values: dict[str, Any] = {}
    for field, (_, part) in group.places.items():
        if isinstance(part, Leaf):
            values[field] = value_of(part, salt)
        elif part.plain is not None:
            values[field] = tuple(value_of(part.plain, salt + n) for n in range(2))
        elif part.many:
            values[field] = tuple(filled(part, salt + n) for n in range(2))
        else:
            values[field] = filled(part, salt)
    return group.record(**values)


@pytest.fixture(scope="session")
def full_declaration() -> Declaration:
    """An original in which every element of the table is filled, built by walking it: nothing can be forgotten."""
    declaration: Declaration = filled(DECLARATION)
    return msgspec.structs.replace(declaration, function_code="9", type_code="IMA")


@pytest.fixture(scope="session")
def said() -> Callable[[Iterable[Finding]], set[str]]:
    """Say every finding and its remedy in both languages, as a screen would; the codes that were said."""

    def say(findings: Iterable[Finding]) -> set[str]:
        codes: set[str] = set()
        for finding in findings:
            for language in words.LANGUAGES:
                assert words.sentence(finding.code, finding.says, language)
                assert words.remedy(finding.code, finding.says, language)
            codes.add(finding.code)
        return codes

    return say


@pytest.fixture(scope="session")
def peak_megabytes() -> Callable[[str], float]:
    """Run a statement with `wco` and `guard` at hand in a Python of its own; the most memory that it took."""
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("the peak of a process is read from /proc/self/status, which this system has not")
    before = "from thongquan.engine.formats import guard, wco\n"
    # Not getrusage: what it gives a child starts with the memory of the process that made it.
    after = f"\nprint(open({str(status)!r}).read().partition('VmHWM:')[2].split()[0])"

    def measured(statement: str) -> float:
        run = subprocess.run(
            [sys.executable, "-c", before + statement + after], check=True, capture_output=True, text=True
        )
        return int(run.stdout) / 1024

    return measured


@pytest.fixture(scope="session")
def sample_messages(shared_data: Path) -> dict[str, bytes]:
    """Every sample document by its path below `samples`."""
    folder = shared_data / "hmrc_cds/samples"
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() == ".xml")
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}
