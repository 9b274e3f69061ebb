"""T3 in CI size: lines that are cut, torn, delayed and half open; nothing acknowledged lost, nothing doubled."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.harness


@pytest.fixture(autouse=True)
def own_trust() -> None:
    """Receipts are signed by the server, whose key is that of the whole run and not of one test."""


CUTS = 150
PLANTED = ("no_idempotency", "keys_of_the_process", "another_answer")


def test_nothing_acknowledged_is_lost_or_doubled_over_bad_lines(house, seed):
    from .cuts import run

    verdict, cuts = run(house, lodgements=300, cuts=CUTS, seed=seed)
    print(verdict, dict(cuts))
    assert cuts.total() >= CUTS
    assert all(cuts[f"client {kind}"] for kind in ("before", "after", "torn", "half_open"))
    assert house.cluster is None or cuts["database commit_unanswered"]
    assert verdict.clean, verdict.examples()


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_does_not_survive_bad_lines(house, seed, bug):
    from .cuts import run

    verdict, _ = run(house, lodgements=40, cuts=30, seed=seed, bug=bug)
    print(verdict)
    assert not verdict.clean


def test_a_commit_that_is_only_believed_does_not_survive_bad_lines(house, seed):
    from .cuts import run

    if house.cluster is None:
        pytest.skip("there is no line to SQLite")
    verdict, _ = run(house, lodgements=80, cuts=150, seed=seed, bug="commit_is_believed")
    print(verdict)
    assert not verdict.clean
