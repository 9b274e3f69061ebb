"""T1: the server and its database are killed again and again while clients lodge, and nothing acknowledged is lost.

A seed repeats the plan of kills and requests; when exactly a kill falls the machine decides.
"""

from __future__ import annotations

import random
import time

from .fleet import STUCK_SECONDS, Fleet
from .house import House
from .judging import Verdict, judge
from .killable import patience

EACH_DATABASE_KILL = 8
"""Of so many kills one is of the database server, where there is one."""


def run(house: House, *, lodgements: int, kills: int, seed: int, bug: str = "") -> Verdict:
    """Lodge and kill. The kills are spread evenly over the lodgements, each a random moment after its turn."""
    chance = random.Random(seed)
    file = house.place / f"notes-{seed}-{bug}"
    with house.day(bug):
        house.counter.rise()
        fleet = Fleet(house.counter.port, lodgements, seed, file)
        fleet.start()
        for number in range(1, kills + 1):
            while fleet.working and fleet.answered < number * lodgements / (kills + 1):
                if bug and _stands_still(fleet):
                    break
                time.sleep(0.005)
            time.sleep(chance.uniform(0.0, 0.05))
            _kill(house, number)
        # With a bug, who has no answer by now gets none.
        fleet.wait(4.0 if bug else patience(STUCK_SECONDS + 60 + lodgements / 20))
        return judge(fleet, file)


def _stands_still(fleet: Fleet) -> bool:
    """Whether a planted bug has stopped every client: then there is nothing more to wait for."""
    before = fleet.answered
    time.sleep(0.4)
    return fleet.answered == before


def _kill(house: House, number: int) -> None:
    database = house.cluster is not None and number % EACH_DATABASE_KILL == 0
    # Of the database's kills every second leaves the server alive: it must find its way back by itself.
    server = not database or number % (2 * EACH_DATABASE_KILL) == 0
    if database:
        assert house.cluster
        if number % (3 * EACH_DATABASE_KILL):
            house.cluster.die()
        else:
            house.cluster.stop_at_once()
    if server:
        house.counter.die()
    if database:
        house.cluster.rise()
    if server:
        house.counter.rise(wait=False)
