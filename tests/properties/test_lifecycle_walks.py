"""Random lives of declarations: whatever people try, nothing leaves that should not.

The book below is kept apart from the product: it reads the events only, with its own small rules, and says what must
never be seen. That it can see is shown by machines with a planted fault, each of which it must catch.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thongquan.engine.findings import Refusal
from thongquan.engine.lifecycle import guards as rules
from thongquan.engine.lifecycle.declaration import DECLARATION, Facts, Role, waits_for
from thongquan.engine.lifecycle.machine import Actor, Event, Machine, attempt, fold, follow, open_to
from thongquan.engine.risk.channels import Channel
from thongquan.engine.timing.clocks import clocks, waits

START = datetime(2020, 6, 15, 1, 0, tzinfo=UTC)
SPINE = ["UNLODGED", "PRELODGED", "LODGED", "REGISTERED", "SELECTED", "RELEASED", "CLEARED"]
ENDS = {"REJECTED", "CANCELLED"}
PEOPLE = {
    # a small office: people with several roles, so that one person could do too much if the table let them
    "nga": {Role.DECLARANT},
    "he-thong": {Role.SYSTEM},
    "minh": {Role.OFFICER, Role.INSPECTOR, Role.LEADER},
    "hoa": {Role.OFFICER, Role.INSPECTOR, Role.REVENUE},
    "lan": {Role.LEADER, Role.REVENUE, Role.OFFICER},
    "kho-bac": {Role.BANK},
    "cong": {Role.SUPERVISOR},
    "kiem-dich": {Role.AGENCY},
    "hai-mang": {Role.DECLARANT, Role.OFFICER, Role.LEADER},
}
OPENS = [
    "PERMIT:P1",
    "PROVISIONAL_VALUE",
    "ANALYSIS:M1",
    "ORIGIN_VERIFICATION",
    "VALUE_CONSULTATION",
    "LATE_CERTIFICATE:S",
    "INSPECTION",
]


@dataclass
class Book:
    """What must never be seen, kept from the events alone."""

    due: int | None = None
    paid: int = 0
    guaranteed: int = 0
    holds: set[str] = field(default_factory=set)
    replies: set[str] = field(default_factory=set)
    permits: set[str] = field(default_factory=set)
    open_amounts: set[tuple[str, str]] = field(default_factory=set)
    demanded: dict[tuple[str, str], int] = field(default_factory=dict)
    cancel_asked: bool = False
    documents: bool = False
    inspection: bool = False
    inspected: bool = False
    inspectors: set[str] = field(default_factory=set)
    declarants: set[str] = field(default_factory=set)
    arrived: bool = False
    removable: bool = False
    passed: str = ""
    channel: int = 0
    version: int = 0
    assessed: int = 0
    selected: int = 0
    released: bool = False
    cleared: bool = False
    proposals: dict[str, tuple[str, dict[str, object]]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def further(self) -> int:
        """Security demanded for what stands open, beyond the amount due."""
        return sum(minor for matter, minor in self.demanded.items() if matter in self.open_amounts)

    def never(self, condition: bool, what: str, event: Event) -> None:
        if condition:
            self.wrong.append(f"{event.n} {event.act}: {what}")

    def leaves(self, event: Event, *, amount_may_be_open: bool) -> None:
        """What is true of all goods that may go."""
        unsecured = self.due is None or self.due + self.further > self.paid + self.guaranteed
        self.never(unsecured, "unsecured", event)
        self.never(self.assessed != self.version, "not assessed as amended", event)
        self.never(self.selected != self.version and not self.passed, "not selected as amended", event)
        self.never(bool(self.holds), "held", event)
        waiting = self.replies or self.permits or self.documents or self.inspection or self.cancel_asked
        self.never(bool(waiting), "something open", event)
        self.never(bool(self.open_amounts) and not amount_may_be_open, "amount open", event)
        self.never(not self.arrived, "not arrived", event)

    def reads(self, event: Event) -> None:
        """Take one event down: what every act means, then what this one means (the method of its name)."""
        self.never(event.role != "DECLARANT" and event.actor in self.declarants, "his own declaration", event)
        for text in event.texts("opens"):
            kind, _, reference = text.partition(":")
            if kind == "PERMIT":
                self.permits.add(reference)
            elif kind in ("INSPECTION", "DOCUMENT_CHECK"):
                self.inspection = self.inspection or kind == "INSPECTION"
                self.documents = self.documents or kind == "DOCUMENT_CHECK"
            else:
                self.open_amounts.add((kind, reference))
        if event.act in ("lower_channel", "refund", "reverse_payment", "impose_tax"):
            first, content = self.proposals.pop(event.act, ("", {}))
            self.never(first in ("", event.actor), "one person alone", event)
            self.never(content != dict(event.says), "not what was proposed", event)
        getattr(self, event.act, lambda event: None)(event)
        self.never(self.paid < 0, "paid below zero", event)

    def lodge(self, event: Event) -> None:
        self.version += 1
        self.declarants.add(event.actor)
        self.arrived = event.number("arrived") == 1

    prelodge = lodge

    def arrive(self, event: Event) -> None:
        self.arrived = True

    def amend(self, event: Event) -> None:
        self.version += 1
        self.proposals.clear()
        if event.role == "DECLARANT":
            self.declarants.add(event.actor)
            touched = set(event.texts("changed")) & {"goods", "value", "origin"}
            self.never(self.channel == 3 and bool(touched), "declarant amends after red", event)

    def assess(self, event: Event) -> None:
        self.due, self.assessed = event.number("assessed_minor"), self.version

    def settle(self, event: Event) -> None:
        self.assess(event)
        kind, reference = event.text("kind"), event.text("reference")
        self.open_amounts = {
            matter for matter in self.open_amounts if matter[0] != kind or reference not in ("", matter[1])
        }

    impose_tax = settle

    def doubt_value(self, event: Event) -> None:
        self._doubt("VALUE_CONSULTATION", event)

    def take_sample(self, event: Event) -> None:
        self.never(not self.arrived or self.passed == "free", "sampled what is not there", event)
        self._doubt("ANALYSIS", event)

    def _doubt(self, kind: str, event: Event) -> None:
        matter = kind, event.text("reference")
        self.open_amounts.add(matter)
        self.demanded[matter] = event.number("security_minor") or 0

    def record_consultation(self, event: Event) -> None:
        if event.text("outcome") == "ACCEPTED":
            self.open_amounts.discard(("VALUE_CONSULTATION", event.text("reference")))

    def report_analysis(self, event: Event) -> None:
        if event.text("outcome") == "CONFORMS":
            self.open_amounts.discard(("ANALYSIS", event.text("reference")))

    def verify_origin(self, event: Event) -> None:
        self.assess(event)
        self.open_amounts.add(("ORIGIN_VERIFICATION", event.text("reference")))

    def report_origin(self, event: Event) -> None:
        self.assess(event)
        self.open_amounts.discard(("ORIGIN_VERIFICATION", event.text("reference")))

    def select(self, event: Event) -> None:
        channel = self._channel(event)
        self.never(channel < self.channel, "channel lowered", event)
        self.selected = self.version
        self.documents = self.documents or channel >= 2
        self.inspection = self.inspection or (channel == 3 and not self.inspected)
        self.channel = channel

    def raise_channel(self, event: Event) -> None:
        channel = self._channel(event)
        self.never(channel < self.channel, "channel lowered", event)
        self.documents = self.documents or channel >= 2 > self.channel
        self.inspection = self.inspection or channel == 3
        self.channel = channel

    def lower_channel(self, event: Event) -> None:
        channel = self._channel(event)
        self.documents = self.documents and channel >= 2
        self.inspection = False
        self.channel = channel

    def check_documents(self, event: Event) -> None:
        self.documents = self.documents and event.text("result") != "CONFORMS"

    def inspect(self, event: Event) -> None:
        self.never(not self.arrived, "inspected before arrival", event)
        self.inspectors.add(event.actor)
        if event.text("result") == "CONFORMS":
            self.inspection, self.inspected = False, True

    def request(self, event: Event) -> None:
        self.replies.add(event.text("reference"))

    def reply(self, event: Event) -> None:
        self.replies.discard(event.text("reference"))

    def refer(self, event: Event) -> None:
        self.permits.add(event.text("reference"))

    def confirm_permit(self, event: Event) -> None:
        self.permits.discard(event.text("reference"))

    def hold(self, event: Event) -> None:
        self.holds.add(event.text("reference"))

    def lift_hold(self, event: Event) -> None:
        self.holds.discard(event.text("reference"))

    def pay(self, event: Event) -> None:
        self.paid += event.number("paid_minor") or 0

    def reverse_payment(self, event: Event) -> None:
        self.paid -= event.number("reversed_minor") or 0

    def refund(self, event: Event) -> None:
        self.paid -= event.number("refunded_minor") or 0
        self.never(self.paid < (self.due or 0) + self.further, "refunded what is due", event)

    def guarantee(self, event: Event) -> None:
        self.guaranteed += event.number("guaranteed_minor") or 0

    def release_guarantee(self, event: Event) -> None:
        self.guaranteed -= event.number("released_minor") or 0
        self.never(self.guaranteed < 0, "guarantee below zero", event)
        going = self.released or self.cleared
        self.never(
            going and (self.due or 0) + self.further > self.paid + self.guaranteed,
            "guarantee given back too early",
            event,
        )

    def remove_to_storage(self, event: Event) -> None:
        self.never(bool(self.holds) or not self.arrived, "removed while held or away", event)
        self.removable = True

    def release(self, event: Event) -> None:
        self.never(event.actor in self.inspectors, "released by the inspector", event)
        self.leaves(event, amount_may_be_open=True)
        self.released = True

    def clear(self, event: Event) -> None:
        self.never(event.actor in self.inspectors, "cleared by the inspector", event)
        self.never(event.role == "SYSTEM" and self.channel > 1, "cleared by nobody", event)
        self.leaves(event, amount_may_be_open=False)
        self.cleared = True

    def exit(self, event: Event) -> None:
        self.never(bool(self.passed), "passed twice", event)
        if self.released or self.cleared:
            self.leaves(event, amount_may_be_open=self.released and not self.cleared)
            self.passed = "free"
        else:
            self.never(not self.removable or bool(self.holds), "left without a ground", event)
            self.passed = "stored"

    def request_cancel(self, event: Event) -> None:
        self.cancel_asked = True

    def refuse_cancel(self, event: Event) -> None:
        self.cancel_asked = False

    def cancel(self, event: Event) -> None:
        self.never(bool(self.passed) or bool(self.holds), "cancelled what is gone or held", event)
        self.due = 0
        self.open_amounts.clear()

    def revoke(self, event: Event) -> None:
        self.never(bool(self.passed), "revoked what is gone", event)
        if event.text("act") == "remove_to_storage":
            self.removable = False
        else:
            # a revoked clearance is no ground, and the release that it had taken the place of is none either
            self.cleared = self.released = False

    def propose(self, event: Event) -> None:
        content = {name: value for name, value in event.says.items() if name != "act"}
        self.proposals[event.text("act")] = event.actor, content

    def _channel(self, event: Event) -> int:
        return {"GREEN": 1, "YELLOW": 2, "RED": 3}[event.text("channel")]


def law_day(pick: random.Random) -> str:
    return pick.choice(["2020-06-15"] * 9 + ["2020-07-01"])


def reference(facts: Facts, pick: random.Random, act: str) -> dict[str, object]:
    """A reference: of what stands open, where the act is about one, else of a few that come round again."""
    standing = [o.reference for o in facts.obligations if o.reference] if act in ABOUT_SOMETHING else []
    standing += facts.holds if act == "lift_hold" else []
    chosen = pick.choice(standing) if standing else f"R{pick.randrange(9)}"
    return {"reference": chosen, "reason": "r", "wanted": "w", "agency": "a"}


ABOUT_SOMETHING = {
    "reply", "confirm_permit", "invite_consultation", "record_consultation", "report_analysis", "report_origin",
}  # fmt: skip


def opened(pick: random.Random) -> list[str]:
    return pick.sample(OPENS, pick.choice([0, 0, 0, 0, 1, 2]))


def proposed(facts: Facts, pick: random.Random) -> dict[str, object]:
    act = pick.choice(["lower_channel", "refund", "reverse_payment", "impose_tax"])
    return {"act": act, **says_of(act, facts, pick)}


DUE = [0, 100, 150, 700]
AMOUNT_KINDS = [
    "PROVISIONAL_VALUE",
    "ANALYSIS",
    "ORIGIN_VERIFICATION",
    "VALUE_CONSULTATION",
    "LATE_CERTIFICATE",
]
SAYS: dict[str, Callable[[Facts, random.Random], dict[str, object]]] = {
    "prelodge": lambda facts, pick: {},
    "lodge": lambda facts, pick: {"arrived": pick.choice([0, 1])},
    "reject": lambda facts, pick: {"codes": ["X"]},
    "accept": lambda facts, pick: {
        "legal_day": "2020-06-15",
        "opens": [o for o in opened(pick) if o in ("PERMIT:P1", "PROVISIONAL_VALUE", "LATE_CERTIFICATE:S")],
    },
    "doubt_value": lambda facts, pick: {
        **reference(facts, pick, "doubt_value"),
        "security_minor": pick.choice([0, 0, 60]),
    },
    "take_sample": lambda facts, pick: {
        **reference(facts, pick, "take_sample"),
        "sample": "s",
        "laboratory": "l",
        "security_minor": pick.choice([0, 60]),
    },
    "invite_consultation": lambda facts, pick: {
        **reference(facts, pick, "invite_consultation"),
        "hearing_day": pick.choice(["2020-06-22", "22/6"]),
    },
    "record_consultation": lambda facts, pick: {
        **reference(facts, pick, "record_consultation"),
        "outcome": pick.choice(["ACCEPTED", "NOT_ACCEPTED", "CONFORMS"]),
        "method": pick.choice(["2", "6", "1"]),
    },
    "report_analysis": lambda facts, pick: {
        **reference(facts, pick, "report_analysis"),
        "outcome": pick.choice(["CONFORMS", "DIFFERS"]),
    },
    "verify_origin": lambda facts, pick: {
        **reference(facts, pick, "verify_origin"),
        "authority": "a",
        "assessed_minor": pick.choice(DUE),
        "law_day": law_day(pick),
    },
    "report_origin": lambda facts, pick: {
        **reference(facts, pick, "report_origin"),
        "outcome": pick.choice(["CONFIRMED", "REFUTED", "NO_ANSWER"]),
        "assessed_minor": pick.choice(DUE),
        "law_day": law_day(pick),
    },
    "impose_tax": lambda facts, pick: {
        "decision": "D",
        "reason": "r",
        "assessed_minor": pick.choice([100, 700]),
        "law_day": "2020-06-15",
    },
    "amend": lambda facts, pick: {
        "reason": "r",
        "changed": (pick.choice(["goods", "value", "parties"]),),
        "law_day": law_day(pick),
    },
    "assess": lambda facts, pick: {"assessed_minor": pick.choice(DUE), "law_day": law_day(pick)},
    "settle": lambda facts, pick: {
        "kind": pick.choice([o.kind for o in facts.obligations if o.kind in AMOUNT_KINDS] or AMOUNT_KINDS),
        "assessed_minor": pick.choice(DUE),
        "law_day": law_day(pick),
    },
    "select": lambda facts, pick: {"channel": pick.choice(["GREEN", "GREEN", "YELLOW", "RED"])},
    "raise_channel": lambda facts, pick: {"channel": pick.choice(["GREEN", "YELLOW", "RED"]), "reason": "r"},
    "lower_channel": lambda facts, pick: {"channel": pick.choice(["GREEN", "YELLOW"]), "reason": "r"},
    "check_documents": lambda facts, pick: {"result": pick.choice(["CONFORMS", "CONFORMS", "DIFFERS"])},
    "inspect": lambda facts, pick: {
        "result": pick.choice(["CONFORMS", "CONFORMS", "DIFFERS"]),
        "opens": [o for o in opened(pick) if o != "INSPECTION"],
    },
    "pay": lambda facts, pick: {
        "paid_minor": pick.choice([facts.unsecured_minor] * 3 + [50]),
        "reference": "R",
    },
    "guarantee": lambda facts, pick: {
        "guaranteed_minor": pick.choice([facts.unsecured_minor] * 2 + [50]),
        "reference": "R",
    },
    "release_guarantee": lambda facts, pick: {
        "released_minor": pick.choice([facts.guaranteed_minor, 50, 100]),
        "reference": "R",
    },
    "refund": lambda facts, pick: {
        "refunded_minor": pick.choice([facts.overpaid_minor, facts.overpaid_minor, 50]),
        "decision": "D",
        "account": "A",
    },
    "reverse_payment": lambda facts, pick: {
        "reversed_minor": pick.choice([50, 100]),
        "reference": "R",
        "reason": "r",
    },
    "remove_to_storage": lambda facts, pick: {"place": "w", "reason": "r"},
    "revoke": lambda facts, pick: {
        "act": pick.choice(["release", "clear", "remove_to_storage"]),
        "decision": "D",
        "reason": "r",
        "opens": opened(pick),
    },
    "propose": proposed,
}


def says_of(act: str, facts: Facts, pick: random.Random) -> dict[str, object]:
    """Something that an act could say: mostly sensible, sometimes not."""
    return SAYS[act](facts, pick) if act in SAYS else reference(facts, pick, act)


RARE = {
    "remove_to_storage",
    "reject",
    "cancel",
    "request_cancel",
    "hold",
    "amend",
    "refer",
    "request",
    "revoke",
    "reverse_payment",
    "prelodge",
    "doubt_value",
    "take_sample",
    "verify_origin",
}


def walk(machine: Machine[Facts], pick: random.Random, steps: int) -> tuple[Facts, list[Event], Book]:
    """One life: at each step somebody tries something; refusals change nothing."""
    facts, events, book, now = machine.start, [], Book(), START
    for _ in range(steps):
        likely = [act for act in machine.acts if machine.step(act, facts.state) is not None]
        if not likely:
            break
        act = pick.choice([act for act in likely if act not in RARE or pick.random() < 0.1] or likely)
        may = [who for who in sorted(PEOPLE) if PEOPLE[who] & set(machine.step(act, facts.state).roles)]
        who = pick.choice(may if pick.random() < 0.8 else sorted(PEOPLE))
        moved = attempt(
            machine, act, facts, Actor(who, frozenset(PEOPLE[who])), at=now, says=says_of(act, facts, pick)
        )
        if isinstance(moved, Refusal):
            assert moved.reasons
            assert moved.act == act
            continue
        assert moved.before is facts
        book.reads(moved.event)
        before, facts = facts, moved.after
        events.append(moved.event)
        if facts.state in SPINE and before.state in SPINE:
            assert SPINE.index(facts.state) >= SPINE.index(before.state), "the spine rewinds"
        assert before.state not in ENDS or facts.state is before.state
        assert facts.paid_minor == book.paid
        assert facts.guaranteed_minor == book.guaranteed
        assert facts.version == book.version
        now += timedelta(seconds=pick.choice([0, 1, 59, 3_600]))
    return facts, events, book


@given(st.randoms(use_true_random=False), st.integers(1, 80))
def test_nothing_leaves_that_should_not_and_the_spine_never_rewinds(pick, steps):
    facts, events, book = walk(DECLARATION, pick, steps)
    assert book.wrong == []
    assert fold(DECLARATION, events) == facts


@given(st.randoms(use_true_random=False), st.integers(1, 60))
def test_every_second_of_a_life_is_on_one_clock_and_at_one_stage(pick, steps):
    _, events, _ = walk(DECLARATION, pick, steps)
    until = START + timedelta(days=2)
    timing = clocks(events, until)
    assert sum(timing.by_clock.values()) == sum(timing.by_stage.values()) == timing.total_seconds
    for before, after in pairwise(timing.intervals):
        assert before.end == after.start
        assert (before.stage, before.clock) != (after.stage, after.clock)
    if events and timing.intervals:
        assert timing.intervals[0].start >= START
        assert timing.total_seconds <= (max(until, events[-1].at) - START).total_seconds()
    for wait in waits(events):
        assert wait.closed_at is None or wait.closed_at >= wait.opened_at


@given(st.randoms(use_true_random=False), st.integers(1, 40))
def test_a_closed_button_is_always_refused(pick, steps):
    facts, _, _ = walk(DECLARATION, pick, steps)
    for who, roles in PEOPLE.items():
        actor = Actor(who, frozenset(roles))
        for opening in open_to(DECLARATION, facts, actor):
            moved = attempt(
                DECLARATION,
                opening.act,
                facts,
                actor,
                at=START + timedelta(days=9),
                says=says_of(opening.act, facts, pick),
            )
            if not opening.is_open:
                assert isinstance(moved, Refusal)
                assert {r.code for r in opening.reasons} <= set(moved.codes)


@given(st.randoms(use_true_random=False), st.integers(1, 60))
def test_the_clock_that_a_row_names_is_the_clock_of_who_must_act(pick, steps):
    _, events, _ = walk(DECLARATION, pick, steps)
    facts = DECLARATION.start
    for event in events:
        row = DECLARATION.step(event.act, facts.state)
        facts = follow(DECLARATION, facts, event)
        assert row.hands_clock_to in (None, waits_for(facts))


def lives(machine: Machine[Facts], count: int, seed: int = 1) -> list[tuple[Facts, list[Event], Book]]:
    return [walk(machine, random.Random(seed * 1_000_003 + number), 120) for number in range(count)]


def test_the_walks_reach_the_far_ends():
    ends = lives(DECLARATION, 1_000)
    acts = {event.act for _, events, _ in ends for event in events}
    assert acts == set(DECLARATION.acts) - {"confirm_distinct"}, (
        "duplicates are told at lodging, see test_declaration"
    )
    assert sum(facts.goods == "PASSED" for facts, _, _ in ends) > 40
    assert sum(facts.goods == "STORED" for facts, _, _ in ends) > 20
    assert sum(facts.state == "RELEASED" and facts.goods == "PASSED" for facts, _, _ in ends) > 5
    assert all(book.wrong == [] for _, _, book in ends)


def without(act: str, *removed: object) -> Machine[Facts]:
    """The machine with a planted fault: these guards and checks are missing from an act ("" for every act)."""
    steps = tuple(
        replace(
            step,
            guards=tuple(guard for guard in step.guards if guard not in removed),
            checks=tuple(check for check in step.checks if check not in removed),
        )
        if act in ("", step.act)
        else step
        for step in DECLARATION.steps
    )
    assert steps != DECLARATION.steps, "nothing was removed"
    return Machine("planted", Facts(), steps, DECLARATION.apply)


def four_eyes_off(act: str) -> Machine[Facts]:
    row = next(step for step in DECLARATION.steps if step.act == act)
    return without(act, row.guards[-1], rules.as_proposed)


def selects_green_again(facts: Facts, event: Event, step: object) -> Facts:
    """A planted fault in what an event does: an amendment resets the channel to green."""
    after = DECLARATION.apply(facts, event, step)  # type: ignore[arg-type]
    if event.act == "amend" and after.channel is not None:
        return replace(after, channel=Channel.GREEN, selected_version=after.version, obligations=())
    return after


def demands_nothing(facts: Facts, event: Event, step: object) -> Facts:
    """A planted fault: the security that customs demanded for an open matter is forgotten."""
    return replace(DECLARATION.apply(facts, event, step), demanded=())  # type: ignore[arg-type]


PLANTED = {
    "clear without security": lambda: without("clear", rules.secured),
    "exit does not look again": lambda: without("exit", rules.nothing_holds_exit),
    "exit without a ground": lambda: without("exit", rules.lawful_ground),
    "exit twice": lambda: without("exit", rules.goods_still_here),
    "clear with a hold": lambda: without("clear", rules.no_hold),
    "clear with something open": lambda: without("clear", rules.nothing_open),
    "release with something open": lambda: without("release", rules.only_amount_open),
    "clear before arrival": lambda: without("clear", rules.arrived),
    "clear by the inspector": lambda: without("clear", rules.inspected_by_another),
    "clear by nobody": lambda: without("clear", rules.automatic_only_green),
    "clear as selected before": lambda: without("clear", rules.selection_current),
    "his own declaration": lambda: without("", rules.not_own),
    "a ratchet that slips": lambda: without("select", rules.ratchet),
    "declarant amends after red": lambda: without("amend", rules.officer_after_red),
    "lowered by one": lambda: four_eyes_off("lower_channel"),
    "refunded by one": lambda: four_eyes_off("refund"),
    "imposed by one": lambda: four_eyes_off("impose_tax"),
    "sampled when it is gone": lambda: without("take_sample", rules.goods_not_passed),
    "refund of what is due": lambda: without("refund", rules.some_overpaid, rules.refund_within),
    "second person decides otherwise": lambda: without("lower_channel", rules.as_proposed),
    "cancelled while held": lambda: without("cancel", rules.no_hold),
    "guarantee given back too early": lambda: without("release_guarantee", rules.guarantee_spare),
    "removed while held": lambda: without("remove_to_storage", rules.no_hold),
    "security forgotten": lambda: Machine("planted", Facts(), DECLARATION.steps, demands_nothing),
    "amend resets the channel": lambda: Machine("planted", Facts(), DECLARATION.steps, selects_green_again),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_the_book_catches_every_planted_fault(fault):
    machine = PLANTED[fault]()
    for number in range(4_000):
        try:
            _, _, book = walk(machine, random.Random(number), 120)
        except AssertionError:
            return
        if book.wrong:
            return
    pytest.fail(f"{fault}: not caught")
