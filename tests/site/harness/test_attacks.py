"""T13: the attack corpus against the running API and pages: a code for each, no effect, bounded time and memory."""

from __future__ import annotations

import pytest

from . import attacks
from . import attacks_on_people as people
from .scene import Found, besieged

pytestmark = pytest.mark.harness


@pytest.fixture(autouse=True)
def own_trust() -> None:
    """Receipts are signed by the server, whose key is that of the whole run and not of one test."""


@pytest.mark.parametrize("attack", attacks.ATTACKS, ids=lambda attack: attack.__name__)
def test_an_attack_is_answered_with_a_code_and_has_no_effect(house, attack):
    with besieged(house) as scene:
        attack(scene)
    assert scene.found == []


HOLES = {
    "pages_without_escape": people.texts_on_pages,
    "any_host": people.hosts_of_others,
    "forms_from_anywhere": people.forms_of_others,
    "onward_to_anywhere": people.ways_elsewhere,
    "sessions_stay_as_they_were": people.sessions_of_others,
    "everybody_sees_everything": people.things_of_others,
    "bodies_without_an_end": attacks.bodies_that_are_too_long,
    "xml_without_bounds": attacks.messages_to_the_api,
    "formulas_in_files": people.formulas_in_files,
    "strangers_are_quickly_refused": people.names_that_are_none,
    "questions_glued_together": attacks.questions_with_hooks,
    "faults_told_to_everybody": attacks.questions_with_hooks,
}


@pytest.mark.parametrize("hole", HOLES)
def test_a_planted_hole_is_found(house, hole):
    with besieged(house, hole) as scene:
        scene.eager = True
        with pytest.raises(Found):
            HOLES[hole](scene)
        scene.eager = False
    print(scene.found[:3])
    assert scene.found
