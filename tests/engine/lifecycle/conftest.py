"""A declaration that tests lead from act to act; every act that should be open must be."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from thongquan.engine.findings import Refusal
from thongquan.engine.lifecycle.declaration import DECLARATION, Facts, Role
from thongquan.engine.lifecycle.machine import Actor, Event, Transition, attempt

START = datetime(2020, 6, 15, 1, 0, tzinfo=UTC)
LEGAL_DAY = "2020-06-15"


@dataclass
class Journey:
    """Acts follow each other by a minute. Each role is another person unless `who` says otherwise."""

    facts: Facts = field(default_factory=Facts)
    events: list[Event] = field(default_factory=list)
    now: datetime = START

    def tries(self, act, role, /, who="", at=None, **says):
        return attempt(
            DECLARATION,
            act,
            self.facts,
            Actor(who or role.lower(), frozenset({role})),
            at=at or self.now,
            says=says,
        )

    def does(self, act, role, /, who="", **says):
        moved = self.tries(act, role, who=who, **says)
        assert isinstance(moved, Transition), moved
        self.facts = moved.after
        self.events.append(moved.event)
        self.now += timedelta(minutes=1)
        return moved

    def refused(self, act, role, /, who="", **says):
        """The codes of a refusal."""
        moved = self.tries(act, role, who=who, **says)
        assert isinstance(moved, Refusal), moved.event
        return moved.codes

    def lodge(self, arrived=1, **says):
        self.does("lodge", Role.DECLARANT, arrived=arrived, **says)
        return self

    def register(self, **says):
        self.does("accept", Role.SYSTEM, legal_day=LEGAL_DAY, **says)
        return self

    def assess(self, minor):
        self.does("assess", Role.SYSTEM, assessed_minor=minor, law_day=LEGAL_DAY)
        return self

    def select(self, channel):
        self.does("select", Role.SYSTEM, channel=channel)
        return self

    def pay(self, minor, reference="GNT-1"):
        self.does("pay", Role.BANK, paid_minor=minor, reference=reference)
        return self

    def check(self, result="CONFORMS", **says):
        self.does("check_documents", Role.OFFICER, result=result, **says)
        return self

    def inspect(self, result="CONFORMS", **says):
        self.does("inspect", Role.INSPECTOR, result=result, **says)
        return self

    def amend(self, *changed, role=Role.DECLARANT, **says):
        self.does("amend", role, reason="wrong invoice", changed=changed, law_day=LEGAL_DAY, **says)
        return self

    def routed(self, channel, due_minor=0):
        """Lodged with the goods there, registered, assessed and selected."""
        return self.lodge().register().assess(due_minor).select(channel)


@pytest.fixture
def journey():
    return Journey()
