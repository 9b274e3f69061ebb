"""A key and anchors of the test's own: receipts are signed with it, and the sealer of nobody else is met."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Losing the power, filling the disk and restoring under load need the machine for themselves as kills do."""
    for item in items:
        if item.path.is_relative_to(HERE) and item.path.name != "test_rights_matrix.py":
            item.add_marker(pytest.mark.harness)


@pytest.fixture(autouse=True)
def own_trust(tmp_path_factory, monkeypatch) -> Path:
    folder = tmp_path_factory.mktemp("trust")
    monkeypatch.setenv("THONGQUAN_LOG_KEY", str(folder / "key"))
    monkeypatch.setenv("THONGQUAN_LOG_ORIGIN", "customs.test/log")
    monkeypatch.setenv("THONGQUAN_ANCHORS", str(folder / "anchors"))
    return folder


@pytest.fixture(scope="package")
def house(django_db_setup, django_db_blocker) -> Iterator:
    """Where the server is killed and its lines are cut: its cluster, template and server are made once for all."""
    from .house import own_house
    from .killable import Impossible

    with django_db_blocker.unblock():
        try:
            with own_house() as made:
                yield made
        except Impossible as why:
            pytest.skip(str(why))


@pytest.fixture
def seed() -> int:
    """Another one each time, and printed: `pytest` shows it where a test fails, with -s always."""
    chosen = random.randrange(2**32)
    print(f"seed {chosen}")
    return chosen
