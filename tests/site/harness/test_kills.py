"""T1 in CI size: 1,000 lodgements, 25 kills, nothing acknowledged lost, nothing doubled, nothing off."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.harness


@pytest.fixture(autouse=True)
def own_trust() -> None:
    """Receipts are signed by the server, whose key is that of the whole run and not of one test."""


PLANTED = ("no_idempotency", "keys_of_the_process", "commit_in_the_middle", "answer_before_commit")


def test_nothing_acknowledged_is_lost_or_doubled_when_server_and_database_are_killed(house, seed):
    from .kills import run

    verdict = run(house, lodgements=1_000, kills=25, seed=seed)
    print(verdict)
    assert verdict.requests > 1_000
    assert verdict.tries > verdict.requests
    assert verdict.clean, verdict.examples()


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_does_not_survive_the_kills(house, seed, bug):
    from .kills import run

    verdict = run(house, lodgements=100, kills=6, seed=seed, bug=bug)
    print(verdict)
    assert not verdict.clean
