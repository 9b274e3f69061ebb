"""Random lives of several declarations, against a model of their money: nothing leaves unsecured, every proof holds."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from thongquan.site.clearance import journey, perform, reads
from thongquan.site.clearance.models import Declaration
from thongquan.site.ledger import reads as books

from ..country import SYSTEM, Days, appoint, make_pack, original

VALUES = st.integers(1, 5_000)
MONEY = st.integers(1, 200_000)


def due_minor(value: int) -> int:
    """10 % duty, then 20 % of value and duty: 0.32 of the value, in hundredths."""
    return value * 32


class Lives(RuleBasedStateMachine):
    numbers = Bundle("numbers")

    def __init__(self) -> None:
        super().__init__()
        # As Django's own test cases do, so that the acts' transactions know that they are inside a test.
        self.outer = transaction.atomic()
        self.outer._from_testcase = True
        self.outer.__enter__()
        appoint()
        self.pack, self.days = make_pack(), Days()
        self.value: dict[str, int] = {}
        self.due: dict[str, int] = {}
        self.paid: dict[str, int] = {}
        self.held: dict[str, int] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)

    def ask(self, act, number: str, user, /, **said):
        before = (Declaration.objects.filter(number=number).values().get(), books.journals_of(number))
        answer = act(number=number, **said, **self.days.ask(user, self.pack))
        if not answer.done:
            after = (Declaration.objects.filter(number=number).values().get(), books.journals_of(number))
            assert after == before, "a refusal changed something"
        return answer

    @rule(
        target=numbers,
        value=VALUES,
        commodity=st.sampled_from(["10101010", "99999999"]),
        origin=st.sampled_from(["XX", "YY"]),
    )
    def lodge(self, value: int, commodity: str, origin: str):
        ask = self.days.ask("ann", self.pack)
        message = original(f"R{self.days.count}", value=value, commodity=commodity, origin=origin)
        number = journey.lodge(message=message, **ask).number
        self.value[number], self.paid[number], self.held[number] = value, 0, 0
        for act in (journey.accept, journey.assess, journey.select):
            assert act(number=number, **self.days.ask(SYSTEM, self.pack)).done
        self.due[number] = due_minor(value)
        return multiple(number)

    @rule(number=numbers, value=VALUES, user=st.sampled_from(["ann", "olga"]))
    def amend(self, number: str, value: int, user: str) -> None:
        now = reads.declared(reads.by_number(number))
        item = now.goods_items[0]
        change = original(value=value, commodity=item.commodity_code, origin=item.origin_country_code)
        if self.ask(journey.amend, number, user, change=change, reason="x").done:
            self.value[number] = value

    @rule(number=numbers)
    def assess(self, number: str) -> None:
        if self.ask(journey.assess, number, SYSTEM).done:
            self.due[number] = due_minor(self.value[number])

    @rule(number=numbers)
    def select(self, number: str) -> None:
        before = Declaration.objects.get(number=number).channel
        self.ask(journey.select, number, SYSTEM)
        assert Declaration.objects.get(number=number).channel >= before

    @rule(number=numbers, minor=MONEY)
    def pay(self, number: str, minor: int) -> None:
        said = {"paid_minor": minor, "source": "b", "reference": f"P{self.days.count}", "treasury": "T"}
        if self.ask(journey.pay, number, "bank", **said).done:
            self.paid[number] += minor

    @rule(number=numbers)
    def pay_the_rest(self, number: str) -> None:
        rest = self.due[number] - self.paid[number]
        if rest > 0:
            self.pay(number, rest)

    @rule(number=numbers, minor=MONEY)
    def guarantee(self, number: str, minor: int) -> None:
        if self.ask(journey.guarantee, number, "rita", guaranteed_minor=minor, reference="G").done:
            self.held[number] += minor

    @rule(number=numbers, minor=MONEY)
    def release_guarantee(self, number: str, minor: int) -> None:
        if self.ask(journey.release_guarantee, number, "rita", released_minor=minor, reference="G").done:
            self.held[number] -= minor

    @rule(number=numbers, minor=MONEY)
    def refund(self, number: str, minor: int) -> None:
        content = {"refunded_minor": minor, "decision": "D", "account": "T"}
        self.ask(journey.propose, number, "rita", act="refund", content=content)
        if self.ask(journey.refund, number, "lena", **content).done:
            self.paid[number] -= minor

    @rule(number=numbers, result=st.sampled_from(["CONFORMS", "DIFFERS"]), opens=st.booleans())
    def check(self, number: str, result: str, opens: bool) -> None:
        left = ["ANALYSIS:L"] if opens else []
        self.ask(journey.check_documents, number, "olga", result=result, opens=left)
        self.ask(journey.inspect, number, "igor", result=result)

    @rule(number=numbers)
    def settle(self, number: str) -> None:
        if self.ask(journey.settle, number, "olga", kind="ANALYSIS", reference="L").done:
            self.due[number] = due_minor(self.value[number])

    @rule(number=numbers)
    def hold(self, number: str) -> None:
        self.ask(journey.hold, number, "olga", reference=f"H{self.days.count}", reason="x")

    @rule(number=numbers)
    def lift_all(self, number: str) -> None:
        for hold in reads.facts_of(number).holds:
            self.ask(journey.lift_hold, number, "lena", reference=hold, reason="x")

    @rule(number=numbers, act=st.sampled_from([journey.release, journey.clear, journey.exit_area]))
    def let_go(self, number: str, act) -> None:
        self.ask(act, number, "gate" if act is journey.exit_area else "olga")

    @rule(number=numbers)
    def revoke(self, number: str) -> None:
        self.ask(journey.revoke, number, "lena", act="clear", decision="D", reason="x")

    @rule(number=numbers)
    def cancel(self, number: str) -> None:
        if self.ask(journey.cancel, number, "olga", reason="x").done:
            self.due[number] = 0

    @invariant()
    def everything_is_proven(self) -> None:
        assert reads.verify().faults == ()

    @invariant()
    def the_money_is_the_models(self) -> None:
        for row in Declaration.objects.all():
            due, paid = self.due[row.number], self.paid[row.number]
            assert (row.assessed_minor, row.paid_minor, row.guaranteed_minor) == (
                due,
                paid,
                self.held[row.number],
            )
            assert sum(books.owed(row.number).values()) == max(0, due - paid)
            assert all(minor > 0 for minor in books.owed(row.number).values())
            assert books.free_money(row.number) == max(0, paid - due)

    @invariant()
    def nothing_is_let_go_before_its_time(self) -> None:
        for row in Declaration.objects.filter(state="CLEARED"):
            cleared = row.decisions.filter(act="clear").order_by("-n").first()
            assert cleared is not None
            assert (
                row.channel == 1
                or row.obligations.filter(kind="DOCUMENT_CHECK", closed_n__lt=cleared.n).exists()
            )


SMALL = settings(max_examples=12, stateful_step_count=25, deadline=None)


@pytest.mark.django_db
def test_random_lives_keep_every_promise():
    # one life costs as much as eight ordinary examples; `make soak` looks fifty times longer
    many = settings(SMALL, max_examples=max(SMALL.max_examples, settings().max_examples // 8))
    run_state_machine_as_test(Lives, settings=many)


def _nothing_settled(monkeypatch) -> None:
    monkeypatch.setattr(journey, "_settling", lambda head, owed, free_minor: [])


def _whole_amount_again(monkeypatch) -> None:
    whole = journey.postings.assess_postings
    monkeypatch.setattr(
        journey.postings, "difference_postings", lambda head, before, after: whole(head, after)
    )


def _only_one_journal(monkeypatch) -> None:
    book = perform.book
    monkeypatch.setattr(perform, "book", lambda journals, **said: book(list(journals)[:1], **said))


@pytest.mark.django_db
@pytest.mark.parametrize("plant", [_nothing_settled, _whole_amount_again, _only_one_journal])
def test_a_planted_fault_does_not_survive_the_random_lives(monkeypatch, plant):
    plant(monkeypatch)
    found = settings(SMALL, phases=[Phase.generate], print_blob=False)
    with pytest.raises((AssertionError, ValueError)):
        run_state_machine_as_test(Lives, settings=found)
