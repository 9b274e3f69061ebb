"""T6: random lives, asked of the system and of a model that knows the law but not the code; every answer is compared.

After each step the declaration that was touched stands as the model says, to the minor unit; a refusal changed nothing.
At the end of each life everything is proven, and read once more from the events alone: who lowered a channel, who let
goods go. The same machine goes through the journey's functions and through HTTP.
"""

from __future__ import annotations

import dataclasses
import json
import os
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import Phase, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)

from thongquan.engine.access import decide as access
from thongquan.engine.formats import json_lines
from thongquan.engine.lifecycle import declaration as lifecycle
from thongquan.engine.lifecycle import effects, guards
from thongquan.engine.lifecycle.declaration import DECLARATION, Act
from thongquan.engine.risk.channels import Channel
from thongquan.site.accounts import acts as accounts
from thongquan.site.accounts.models import EVERY
from thongquan.site.accounts.reads import told_rights
from thongquan.site.clearance import journey, perform, reads
from thongquan.site.clearance.models import Declaration
from thongquan.site.kit import clock
from thongquan.site.ledger.models import Entry

from ..country import NOON, SYSTEM, By, Days, appoint, make_pack, original
from .model import LEO_UNTIL, POSTS, RUNNING, Model

pytestmark = pytest.mark.harness

VALUES = st.integers(1, 200).map(lambda fives: 5 * fives)
MONEY = st.sampled_from([1, 500, 16_000, 32_000, 100_000])
ALL = st.sampled_from(sorted(POSTS))
OFFICERS = st.sampled_from(["olga", "max", "dora", "igor", "lena"])
LEADERS = st.sampled_from(["lena", "leo", "max", "olga"])
GOODS = st.sampled_from(["10101010", "99999999"])
ORIGINS = st.sampled_from(["XX", "YY"])
FAR = st.sampled_from([0, 1, 3, 4, 5, 6, 7, 7])
CHECKERS = st.sampled_from(["max", "olga", "dora"])
HOLDS = st.sampled_from(["H1", "H2"])
MATTERS = st.sampled_from(["M1", "M2"])

DOES = {
    "lodge": journey.lodge,
    "exit": journey.exit_area,
    **{name: getattr(journey, name) for name in (
        "accept", "assess", "select", "amend", "check_documents", "inspect", "raise_channel", "lower_channel",
        "propose", "hold", "lift_hold", "pay", "guarantee", "release_guarantee", "refund", "release", "clear", "cancel",
        "revoke", "doubt_value", "record_consultation", "take_sample", "report_analysis", "settle", "impose_tax",
    )},
}  # fmt: skip


class Lives(RuleBasedStateMachine):
    numbers = Bundle("numbers")

    def __init__(self) -> None:
        super().__init__()
        # As Django's own test cases do, so that the acts' transactions know that they are inside a test.
        self.outer = transaction.atomic()
        self.outer._from_testcase = True
        self.outer.__enter__()
        self.pack, self.days = make_pack(), Days()
        self.models: dict[str, Model] = {}
        self.events: dict[str, int] = {}
        self.count = 0

    def teardown(self) -> None:
        try:
            self.everything_is_proven()
            self.the_events_tell_of_no_wrong()
        finally:
            transaction.set_rollback(True)
            self.outer.__exit__(None, None, None)

    # asking

    @property
    def today(self) -> date:
        return self.pack.legal_day(self.days.now)

    def send(self, act: str, who: str, number: str, said: dict[str, Any]) -> tuple[bool, str]:
        """Ask the system. Whether it was done, and the number."""
        common = self.days.ask(SYSTEM if who == "system" else By(who), self.pack)
        where = {"number": number} if number else {}
        answer = DOES[act](**where, **said, **common)
        return answer.done, answer.number

    def ask(
        self, act: str, who: str, number: str, /, said: dict[str, Any] | None = None, **model: Any
    ) -> None:
        """Ask both, and compare. said: to the system, where the model is told less."""
        known = self.models[number]
        # The day of the act itself, which `Days.ask` moves on by a minute.
        today = self.pack.legal_day(self.days.now + timedelta(minutes=1))
        expected = known.may(act, who, today, **model)
        done, _ = self.send(act, who, number, model if said is None else said)
        assert done == expected, f"{who} {act} {model}: the system says {done}, the law {expected}; {known}"
        if done:
            known.do(act, who, today, **model)
            self.it_stands_so(number)
        else:
            # Nothing changes without an event, which the database itself holds (STATE_WITHOUT_EVENT).
            assert (
                Declaration.objects.values_list("events", flat=True).get(number=number) == self.events[number]
            )

    # lives

    @initialize(
        target=numbers,
        who=st.sampled_from(["ann", "dora"]),
        value=VALUES,
        commodity=GOODS,
        origin=ORIGINS,
        far=FAR,
        by=CHECKERS,
    )
    def begin(self, who: str, value: int, commodity: str, origin: str, far: int, by: str) -> Any:
        return self.lodged(who, value, commodity, origin, far, by)

    @rule(
        target=numbers,
        who=st.sampled_from(["ann", "ann", "dora", "olga"]),
        value=VALUES,
        commodity=GOODS,
        origin=ORIGINS,
        far=FAR,
        by=CHECKERS,
    )
    def lodge(self, who: str, value: int, commodity: str, origin: str, far: int, by: str) -> Any:
        assume(len(self.models) < 3)
        return self.lodged(who, value, commodity, origin, far, by)

    def lodged(self, who: str, value: int, commodity: str, origin: str, far: int, by: str) -> Any:
        self.count += 1
        message = original(f"R{self.count}", value=value, commodity=commodity, origin=origin)
        done, number = self.send("lodge", who, "", {"message": message})
        assert done == ("DECLARANT" in POSTS[who])
        if not done:
            return multiple()
        self.models[number] = Model(value, commodity, origin, who)
        self.it_stands_so(number)
        self.go_on(number, by, far)
        return number

    @rule(days=st.sampled_from([1, 20, 70]))
    def wait(self, days: int) -> None:
        self.days.now += timedelta(days=days)

    @rule(number=numbers, who=OFFICERS, again=st.integers(1, 3))
    def come_next(self, number: str, who: str, again: int) -> None:
        self.go_on(number, who, again)

    def go_on(self, number: str, who: str, steps: int) -> None:
        """What would come next, so that lives get anywhere; by whom, chance says."""
        for _ in range(steps):
            it = self.models[number]
            if it.state == "LODGED":
                self.ask("accept", "system", number)
            elif it.state in RUNNING and it.assessed_version != it.version:
                self.ask("assess", "system", number)
            elif it.state in RUNNING and it.selected != it.version and not it.passed:
                self.ask("select", "system", number)
            elif "DOCUMENT_CHECK" in it.open:
                self.ask("check_documents", who, number, result="CONFORMS")
            elif "INSPECTION" in it.open:
                self.ask("inspect", who, number, result="CONFORMS")
            elif it.unsecured:
                self.pay(number, "bank", it.unsecured)
            elif it.matters and (it.state == "SELECTED" or (it.state == "RELEASED" and it.revoked)):
                self.ask("release", who, number)
            elif it.state == "SELECTED" or it.revoked or (it.passed and it.state == "RELEASED"):
                self.ask("clear", who, number)
            else:
                self.ask("exit", "gate", number)

    @rule(
        number=numbers,
        who=ALL,
        act=st.sampled_from(["accept", "assess", "select", "clear", "exit", "release"]),
    )
    def plainly(self, number: str, who: str, act: str) -> None:
        self.ask(act, who, number)

    @rule(number=numbers, who=st.sampled_from(["ann", "olga", "igor"]), value=VALUES)
    def amend(self, number: str, who: str, value: int) -> None:
        it = self.models[number]
        change = original(value=value, commodity=it.commodity, origin=it.origin)
        self.ask("amend", who, number, {"change": change, "reason": "x"}, value=value)

    @rule(
        number=numbers,
        who=ALL,
        act=st.sampled_from(["check_documents", "inspect"]),
        result=st.sampled_from(["CONFORMS", "DIFFERS"]),
    )
    def check(self, number: str, who: str, act: str, result: str) -> None:
        self.ask(act, who, number, result=result)

    @rule(number=numbers, who=OFFICERS, channel=st.sampled_from(["GREEN", "YELLOW", "RED"]))
    def raise_channel(self, number: str, who: str, channel: str) -> None:
        self.ask("raise_channel", who, number, {"channel": channel, "reason": "x"}, channel=channel)

    @rule(number=numbers, first=LEADERS, second=LEADERS, channel=st.sampled_from(["GREEN", "YELLOW"]))
    def lower_channel(self, number: str, first: str, second: str, channel: str) -> None:
        said = {"channel": channel, "reason": "x"}
        proposed = {"act": "lower_channel", "content": said}
        self.ask("propose", first, number, proposed, act="lower_channel", content={"channel": channel})
        self.ask("lower_channel", second, number, said, channel=channel)

    @rule(number=numbers, who=OFFICERS, reference=HOLDS)
    def hold(self, number: str, who: str, reference: str) -> None:
        self.ask("hold", who, number, {"reference": reference, "reason": "x"}, reference=reference)

    @rule(number=numbers, who=LEADERS, reference=HOLDS)
    def lift_hold(self, number: str, who: str, reference: str) -> None:
        self.ask("lift_hold", who, number, {"reference": reference, "reason": "x"}, reference=reference)

    @rule(number=numbers, who=st.sampled_from(["bank", "rita", "ann"]), minor=MONEY)
    def pay(self, number: str, who: str, minor: int) -> None:
        self.count += 1
        said = {"paid_minor": minor, "source": "b", "reference": f"P{self.count}", "treasury": "T"}
        self.ask("pay", who, number, said, minor=minor)

    @rule(number=numbers, who=st.sampled_from(["rita", "lena"]), minor=MONEY, back=st.booleans())
    def guarantee(self, number: str, who: str, minor: int, back: bool) -> None:
        if back:
            said = {"released_minor": minor, "reference": "G"}
            self.ask("release_guarantee", who, number, said, minor=minor)
        else:
            said = {"guaranteed_minor": minor, "reference": "G"}
            self.ask("guarantee", who, number, said, minor=minor)

    @rule(
        number=numbers,
        first=st.sampled_from(["rita", "lena", "max"]),
        second=LEADERS,
        all_of_it=st.booleans(),
    )
    def refund(self, number: str, first: str, second: str, all_of_it: bool) -> None:
        minor = max(1, self.models[number].overpaid) if all_of_it else 700
        said = {"refunded_minor": minor, "decision": "D", "account": "T"}
        self.ask(
            "propose",
            first,
            number,
            {"act": "refund", "content": said},
            act="refund",
            content={"minor": minor},
        )
        self.ask("refund", second, number, said, minor=minor)

    @rule(number=numbers, who=LEADERS, act=st.sampled_from(["clear", "clear", "release"]))
    def revoke(self, number: str, who: str, act: str) -> None:
        self.ask("revoke", who, number, {"act": act, "decision": "D", "reason": "x"}, act=act)

    @rule(
        number=numbers, who=OFFICERS, act=st.sampled_from(["doubt_value", "take_sample"]), reference=MATTERS,
        minor=st.sampled_from([0, 0, 500]),
    )  # fmt: skip
    def open_amount(self, number: str, who: str, act: str, reference: str, minor: int) -> None:
        said: dict[str, Any] = {"reference": reference, "security_minor": minor}
        said |= {"reason": "x"} if act == "doubt_value" else {"sample": "s", "laboratory": "l"}
        self.ask(act, who, number, said, reference=reference, minor=minor)

    @rule(
        number=numbers, who=OFFICERS, reference=MATTERS,
        result=st.sampled_from(["ACCEPTED", "NOT_ACCEPTED", "CONFORMS", "DIFFERS"]),
    )  # fmt: skip
    def result_of_matter(self, number: str, who: str, reference: str, result: str) -> None:
        said = {"reference": reference, "outcome": result}
        if result in ("ACCEPTED", "NOT_ACCEPTED"):
            heard = {**said, "method": "2"}
            self.ask("record_consultation", who, number, heard, reference=reference, outcome=result)
        else:
            self.ask("report_analysis", who, number, reference=reference, outcome=result)

    @rule(
        number=numbers, who=st.sampled_from(["olga", "rita", "max", "ann"]), reference=MATTERS,
        kind=st.sampled_from(["VALUE_CONSULTATION", "ANALYSIS"]),
    )  # fmt: skip
    def settle(self, number: str, who: str, reference: str, kind: str) -> None:
        self.ask("settle", who, number, kind=kind, reference=reference)

    @rule(number=numbers, first=OFFICERS, second=LEADERS)
    def impose(self, number: str, first: str, second: str) -> None:
        said = {"decision": "D", "reason": "x"}
        proposed = {"act": "impose_tax", "content": said}
        self.ask("propose", first, number, proposed, act="impose_tax", content={})
        self.ask("impose_tax", second, number, said)

    @rule(number=numbers, who=st.sampled_from(["ann", "olga", "lena", "igor"]), really=st.integers(0, 3))
    def cancel(self, number: str, who: str, really: int) -> None:
        assume(not really)  # seldom: nothing much happens afterwards
        self.ask("cancel", who, number, {"reason": "x"})

    # what must hold

    def it_stands_so(self, number: str) -> None:
        it = self.models[number]
        row = Declaration.objects.get(number=number)
        self.events[number] = row.events
        stands = (row.state, row.goods == "PASSED", row.channel or 0, row.version, row.assessed_minor)
        assert stands == (it.state, it.passed, it.channel, it.version, it.due), it
        assert (row.paid_minor, row.guaranteed_minor, row.legal_day) == (it.paid, it.held, it.legal_day), it
        still = set(row.obligations.filter(closed_n__isnull=True).values_list("kind", "reference"))
        plain = {(kind, "") for kind in it.open} | ({("PAYMENT", "")} if it.unsecured else set())
        assert still == plain | set(it.matters), it
        assert set(row.holds.filter(closed_n__isnull=True).values_list("reference", flat=True)) == it.holds
        booked = dict(
            Entry.objects.filter(journal__subject=number)
            .values_list("account__kind")
            .annotate(Sum("amount_minor"))
            .order_by()
        )
        expected = {
            "DEBTOR": it.owed, "UNALLOCATED": -it.surplus, "REVENUE": -(it.due or 0), "TREASURY": it.paid,
            "GUARANTEE_HELD": it.held,
        }  # fmt: skip
        assert {kind: booked.get(kind, 0) for kind in expected} == expected, it

    def everything_is_proven(self) -> None:
        assert reads.verify().faults == ()
        assert Declaration.objects.count() == len(self.models)

    def the_events_tell_of_no_wrong(self) -> None:
        """From the events alone, without the model: the ratchet, four eyes, and who let goods go."""
        for number in self.models:
            channel, proposer, inspectors = 0, {}, set()
            for event in reads.engine_events(number):
                assert event.actor not in ("leo",) or self.pack.legal_day(event.at) <= LEO_UNTIL
                if event.text("channel") and event.act != "propose":
                    now = Channel[event.text("channel")].value
                    assert now >= channel or event.act == "lower_channel", "a channel fell by itself"
                    channel = now
                if event.act == "propose":
                    proposer[event.text("act")] = event.actor
                if event.act in ("lower_channel", "refund", "impose_tax"):
                    assert proposer.pop(event.act) != event.actor, "one person alone"
                if event.act == "amend":
                    proposer.clear()
                if event.act == "inspect":
                    inspectors.add(event.actor)
                let_go = event.act in ("clear", "release")
                assert not let_go or event.actor not in inspectors, "who inspected let it go"


class OverHttp(Lives):
    """The same, through the API: what machines ask and are told."""

    tokens: ClassVar[dict[str, str]] = {}
    now: ClassVar[datetime] = NOON

    def send(self, act: str, who: str, number: str, said: dict[str, Any]) -> tuple[bool, str]:
        from django.test import Client

        common = self.days.ask(By(who), self.pack)
        if act == "lodge":
            path, body = "/declarations", json_lines.write_json(said["message"])
        else:
            plain = {
                name: json.loads(json_lines.write_json(value)) if name == "change" else value
                for name, value in said.items()
            }
            path, body = f"/declarations/{number}/acts/{act}", json.dumps(plain).encode()
        OverHttp.now = common["at"]
        answer = Client().generic(
            "POST", f"/api/v1{path}", body if said else b"", secure=True, content_type="application/json",
            HTTP_AUTHORIZATION=f"Bearer {self.tokens[who]}", HTTP_IDEMPOTENCY_KEY=f"model-{common['key']}",
        )  # fmt: skip
        assert answer.status_code < 500, answer.content
        assert answer.status_code not in (400, 401, 415, 429), answer.content
        told = json.loads(answer.content)
        return answer.status_code in (200, 201), told.get("number", "")


@pytest.fixture
def posts(db) -> None:
    """Everybody at his posts: made once for all the lives of a test."""
    appoint()
    start = date(2020, 1, 1)
    accounts.post("dora", "DECLARANT", first_day=start, trader=EVERY)
    accounts.post("dora", "OFFICER", first_day=start, office=EVERY)
    for role in ("OFFICER", "INSPECTOR", "LEADER"):
        accounts.post("max", role, first_day=start, office=EVERY)
    for posting in accounts.account("leo").postings.all():
        accounts.end_posting(posting, LEO_UNTIL)


@pytest.fixture
def over_http(monkeypatch, posts):
    """The site serves the invented country, at the machine's own time."""
    scopes = {act for _, act in told_rights()}
    for who in POSTS:
        machine = accounts.client(who, "model")
        OverHttp.tokens[who] = accounts.give_token(machine, scopes=scopes, now=clock.now())
    from thongquan.site.clearance import api, push
    from thongquan.site.config import api as whole
    from thongquan.site.reference import api as tariff

    made = make_pack()
    for module in (api, push, tariff):
        monkeypatch.setattr(module, "site_pack", lambda: made)
    monkeypatch.setattr(whole.api.clients, "_most", 0)
    known = whole.api._authenticate

    def at_the_machines_time(token: str) -> Any:
        return dataclasses.replace(known(token), at=OverHttp.now)

    monkeypatch.setattr(whole.api, "_authenticate", at_the_machines_time)
    monkeypatch.setattr(whole.api, "_recall", lambda token: None)
    monkeypatch.setattr(clock, "now", lambda: OverHttp.now)


SOAK = int(os.environ.get("THONGQUAN_MODEL_EXAMPLES", "0"))
SMALL = settings(max_examples=SOAK or 100, stateful_step_count=40, deadline=None)


def test_the_system_and_the_law_give_every_answer_alike(posts):
    # A turn to PostgreSQL takes twice as long; half a minute is what this may take on each.
    few = settings(SMALL, max_examples=SOAK or (50 if connection.vendor == "postgresql" else 100))
    run_state_machine_as_test(Lives, settings=few)


def test_so_they_do_over_http(over_http):
    few = settings(SMALL, max_examples=SOAK or 12)
    run_state_machine_as_test(OverHttp, settings=few)


# Planted bugs.


def _without(monkeypatch, *names: str, act: Act | None = None) -> None:
    """Take guards and checks away from the rows of the table, by the names of their functions."""

    def kept(those: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(one for one in those if one.__qualname__.split(".")[0] not in names)

    steps = tuple(
        dataclasses.replace(step, guards=kept(step.guards), checks=kept(step.checks))
        if act in (None, step.act)
        else step
        for step in DECLARATION.steps
    )
    monkeypatch.setattr(perform, "DECLARATION", dataclasses.replace(DECLARATION, steps=steps))


def amending_makes_green(monkeypatch) -> None:
    amended = effects._EFFECTS[Act.AMEND]

    def green(facts, event):
        after = amended(facts, event)
        return dataclasses.replace(after, channel=Channel.GREEN) if facts.channel else after

    monkeypatch.setitem(effects._EFFECTS, Act.AMEND, green)


def one_person_is_enough(monkeypatch) -> None:
    assert guards.proposed_by_another
    _without(monkeypatch, "proposed_by_another")


def who_inspected_clears(monkeypatch) -> None:
    _without(monkeypatch, "inspected_by_another")


def own_declarations(monkeypatch) -> None:
    assert lifecycle.Role
    _without(monkeypatch, "not_own")


def posts_never_end(monkeypatch) -> None:
    monkeypatch.setattr(access.Post, "holds_on", lambda post, days: True)


def law_of_today(monkeypatch) -> None:
    whole = journey.country.assess
    monkeypatch.setattr(
        journey.country,
        "assess",
        lambda pack, declared, day, **m: whole(pack, declared, date(2026, 8, 1), **m),
    )


def demanded_security_is_forgotten(monkeypatch) -> None:
    doubted = effects._EFFECTS[Act.DOUBT_VALUE]
    for act in (Act.DOUBT_VALUE, Act.TAKE_SAMPLE):
        does = effects._EFFECTS[act]
        monkeypatch.setitem(
            effects._EFFECTS,
            act,
            lambda facts, event, does=does: dataclasses.replace(does(facts, event), demanded=()),
        )
    assert effects._EFFECTS[Act.DOUBT_VALUE] is not doubted


BUGS = [
    demanded_security_is_forgotten,
    amending_makes_green, one_person_is_enough, who_inspected_clears, own_declarations, posts_never_end, law_of_today,
]  # fmt: skip


@pytest.mark.parametrize("plant", BUGS)
def test_a_planted_bug_is_caught(monkeypatch, posts, plant):
    plant(monkeypatch)
    found = settings(SMALL, max_examples=300, phases=[Phase.generate], print_blob=False)
    with pytest.raises(Exception) as caught:
        run_state_machine_as_test(Lives, settings=found)
    print(repr(caught.value)[:300])
