"""T5: what may happen once happens once, and what has a limit keeps it, however many ask at the same moment."""

from __future__ import annotations

import dataclasses
import itertools
import random
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connections

from thongquan.engine.ledger.journal import Account, AccountKind
from thongquan.engine.lifecycle.declaration import DECLARATION, Act
from thongquan.site.clearance import journey, perform, reads
from thongquan.site.clearance.models import Declaration, Receipt
from thongquan.site.ledger import acts as ledger
from thongquan.site.ledger import models as books
from thongquan.site.ledger.acts import limit
from thongquan.site.record.acts import KeyTable
from thongquan.site.record.models import Event

from ..country import SYSTEM, Days, make_pack, original

pytestmark = pytest.mark.harness

THREADS = 16


def together(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run all in threads of their own that are let go at one moment. An exception is a result too."""
    gate = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(place: int) -> None:
        gate.wait()
        try:
            results[place] = works[place]()
        except Exception as error:
            results[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def done(answers: Sequence[Any]) -> int:
    return sum(1 for answer in answers if not isinstance(answer, Exception) and answer.done)


class Office:
    """The invented country with a clock that all threads share."""

    def __init__(self) -> None:
        self.pack, self.days = make_pack(), Days()
        self._lock = threading.Lock()

    def ask(self, act: Any, user: Any, /, key: str = "", **said: Any) -> Any:
        with self._lock:
            common = self.days.ask(user, self.pack, key)
        return act(**said, **common)

    def selected(self, *references: str, **more: Any) -> list[str]:
        """Declarations on their way, made together: four commits, however many."""
        asked = [
            self.asked(journey.lodge, "ann", message=original(reference, **more)) for reference in references
        ]
        numbers = [answer.number for answer in journey.perform_many(asked)]
        for act in (journey.accept, journey.assess, journey.select):
            answers = journey.perform_many([self.asked(act, SYSTEM, number=number) for number in numbers])
            assert done(answers) == len(numbers)
        return numbers

    def asked(self, act: Any, user: Any, /, **said: Any) -> Any:
        return act.asked(**said, **self.days.ask(user, self.pack))


# What many want at once. Each answers with how often it was had, and how often it may be.


def one_key(office: Office) -> tuple[int, int]:
    """32 twins of one request."""
    message = original("")  # with a reference of the trader a second one would be refused all the same
    common = office.days.ask("ann", office.pack, "one-key")
    answers = together([lambda: journey.lodge(message=message, **common)] * 32)
    assert len({answer.number for answer in answers}) == len({answer.receipt for answer in answers}) == 1
    return Declaration.objects.count(), 1


def one_guarantee(office: Office) -> tuple[int, int]:
    """A guarantee of 7 holds, asked for by 16 declarations."""
    numbers = office.selected(*[f"G{n}" for n in range(THREADS)])
    held = Account(AccountKind.GUARANTEE_HELD, "KRN", party="TRADER-1", reference="BL-1")
    limit(held, floor_minor=0, ceiling_minor=7 * 32_000)
    answers = together(
        [
            lambda number=number: office.ask(
                journey.guarantee, "rita", number=number, guaranteed_minor=32_000, reference="BL-1"
            )
            for number in numbers
        ]
    )
    assert books.Account.objects.get(code=held.code).balance_minor == 32_000 * done(answers)
    return done(answers), 7


def one_bank_reference(office: Office) -> tuple[int, int]:
    """One transfer, reported for four declarations by 16 messages."""
    numbers = office.selected(*[f"B{n}" for n in range(4)])
    answers = together(
        [
            lambda number=number: office.ask(
                journey.pay, "bank", number=number, paid_minor=500, source="bank", reference="R", treasury="T"
            )
            for number in numbers * (THREADS // 4)
        ]
    )
    entries = books.Entry.objects.filter(
        account__code=Account(AccountKind.TREASURY, "KRN", reference="T").code
    )
    assert sum(entries.values_list("amount_minor", flat=True)) == 500 * done(answers)
    return done(answers), 1


def one_release(office: Office) -> tuple[int, int]:
    """16 officers clear one paid declaration."""
    (number,) = office.selected("ONE")
    office.ask(journey.pay, "bank", number=number, paid_minor=32_000, source="b", reference="P", treasury="T")
    answers = together([lambda: office.ask(journey.clear, "olga", number=number)] * THREADS)
    assert Event.objects.filter(subject=number, act="clear").count() == done(answers)
    return done(answers), 1


def one_refund(office: Office) -> tuple[int, int]:
    """What was paid too much is given back once, though 16 ask for all of it."""
    (number,) = office.selected("REFUND")
    office.ask(journey.pay, "bank", number=number, paid_minor=40_000, source="b", reference="P", treasury="T")
    content = {"refunded_minor": 8_000, "decision": "D", "account": "T"}
    assert office.ask(journey.propose, "rita", number=number, act="refund", content=content).done
    answers = together([lambda: office.ask(journey.refund, "lena", number=number, **content)] * THREADS)
    return done(answers), 1


def one_exit(office: Office) -> tuple[int, int]:
    """Goods pass the gate once."""
    (number,) = office.selected("GATE")
    office.ask(journey.pay, "bank", number=number, paid_minor=32_000, source="b", reference="P", treasury="T")
    assert office.ask(journey.clear, SYSTEM, number=number).done
    answers = together([lambda: office.ask(journey.exit_area, "gate", number=number)] * THREADS)
    return done(answers), 1


WANTED = (one_key, one_guarantee, one_bank_reference, one_release, one_refund, one_exit)


@pytest.mark.parametrize("wanted", WANTED)
def test_exactly_the_allowed_number_is_had(committed, wanted):
    had, allowed = wanted(Office())
    assert had == allowed
    assert reads.verify().faults == ()


# Pairs of acts by two officers on one declaration.

PAIRED: dict[str, tuple[str, Callable[[Office, str, str, str], Any]]] = {
    "check_documents": (
        "olga",
        lambda o, user, number, key: o.ask(
            journey.check_documents, user, key, number=number, result="CONFORMS"
        ),
    ),
    "inspect": (
        "igor",
        lambda o, user, number, key: o.ask(journey.inspect, user, key, number=number, result="CONFORMS"),
    ),
    "hold": (
        "lena",
        lambda o, user, number, key: o.ask(journey.hold, user, key, number=number, reference="H", reason="x"),
    ),
    "clear": ("leo", lambda o, user, number, key: o.ask(journey.clear, user, key, number=number)),
    "cancel": (
        "olga",
        lambda o, user, number, key: o.ask(journey.cancel, user, key, number=number, reason="x"),
    ),
    "pay": (
        "bank",
        lambda o, user, number, key: o.ask(
            journey.pay, user, key, number=number, paid_minor=32_000, source="b", reference=key, treasury="T"
        ),
    ),
    "amend": (
        "olga",
        lambda o, user, number, key: o.ask(
            journey.amend,
            user,
            key,
            number=number,
            change=original(key, value=2_000, origin="YY"),
            reason="x",
        ),
    ),
    "raise_channel": (
        "lena",
        lambda o, user, number, key: o.ask(
            journey.raise_channel, user, key, number=number, channel="RED", reason="x"
        ),
    ),
    "refer": (
        "olga",
        lambda o, user, number, key: o.ask(
            journey.refer, user, key, number=number, reference="V", agency="VET"
        ),
    ),
}


def outcome(first: Any, second: Any, number: str) -> tuple[Any, ...]:
    """What two acts came to, without who came first; the same whoever asked, in the same order of acts."""
    told = tuple(
        (answer.done, answer.codes) if not isinstance(answer, Exception) else repr(answer)
        for answer in (first, second)
    )
    facts = reads.facts_of(number)
    state = (facts.state, facts.channel, facts.version, facts.holds, facts.paid_minor, facts.assessed_minor)
    return told, state, tuple(map(str, facts.obligations))


def pairs(count: int, seed: int) -> list[tuple[str, str]]:
    every = list(itertools.combinations_with_replacement(sorted(PAIRED), 2))
    return random.Random(seed).sample(every, min(count, len(every)))


def decided(office: Office, count: int, seed: int) -> Counter[str]:
    """Let pairs of acts meet; how many came to something that neither order of them would have come to."""
    found: Counter[str] = Counter()
    chosen = pairs(count, seed)
    numbers = iter(office.selected(*[f"D{n}" for n in range(3 * len(chosen))], origin="YY"))
    for place, (one, other) in enumerate(chosen):
        (user, act), (user2, act2) = PAIRED[one], PAIRED[other]
        meeting, forth, back = next(numbers), next(numbers), next(numbers)
        keys = f"{place}-{one}-1", f"{place}-{other}-2"
        expected = {
            outcome(act(office, user, forth, keys[0] + "f"), act2(office, user2, forth, keys[1] + "f"), forth)
        }
        second = act2(office, user2, back, keys[1] + "b")
        expected.add(outcome(act(office, user, back, keys[0] + "b"), second, back))
        answers = together(
            [
                lambda m=meeting, k=keys, a=act, u=user: a(office, u, m, k[0]),
                lambda m=meeting, k=keys, a=act2, u=user2: a(office, u, m, k[1]),
            ]
        )
        met = outcome(answers[0], answers[1], meeting)
        found["wrong" if met not in expected else "right"] += 1
        if met not in expected:
            print(f"{one} and {other}: {met}\nexpected one of {expected}")
    return found


def test_two_officers_at_once_come_to_what_one_after_the_other_would(committed):
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    assert decided(Office(), 40, seed) == {"right": 40}
    assert reads.verify().faults == ()


# Planted bugs.


def unwatched_limit(monkeypatch) -> None:
    """No account keeps a limit."""
    monkeypatch.setattr(journey.books, "guarantee_left", lambda *_: 10**17)
    original_limit = ledger.limit

    def beyond(account: Account, *, floor_minor: int, ceiling_minor: int) -> None:
        original_limit(account, floor_minor=floor_minor, ceiling_minor=10**17)

    monkeypatch.setattr(f"{__name__}.limit", beyond)


def keys_looked_up_and_written_later(monkeypatch) -> None:
    """The key is looked up first and written last: whoever comes in between finds nothing."""
    answers: dict[tuple[str, str], bytes] = {}

    def claim(self: KeyTable, principal: str, key: str, request_hash: str) -> bytes | None:
        return answers.get((principal, key))

    def keep(self: KeyTable, principal: str, key: str, answer: bytes) -> None:
        threading.Timer(0.05, answers.update, [{(principal, key): answer}]).start()

    monkeypatch.setattr(KeyTable, "claim", claim)
    monkeypatch.setattr(KeyTable, "keep", keep)


def any_reference_of_a_bank(monkeypatch) -> None:
    """A bank's reference does not count once."""

    class Like(type):
        def __getattr__(cls, name: str) -> Any:
            return getattr(Receipt, name)

    class Loose(metaclass=Like):
        def __new__(cls, *, reference: str, **said: Any) -> Receipt:  # type: ignore[misc]
            return Receipt(reference=f"{reference}-{uuid.uuid4().hex}", **said)

    monkeypatch.setattr(journey, "Receipt", Loose)


def without_guards(act: Act) -> Callable[[Any], None]:
    """An act does not look whether it was done before."""

    def plant(monkeypatch) -> None:
        steps = tuple(
            dataclasses.replace(step, guards=(), sources=step.sources) if step.act == act else step
            for step in DECLARATION.steps
        )
        monkeypatch.setattr(perform, "DECLARATION", dataclasses.replace(DECLARATION, steps=steps))
        monkeypatch.setattr(perform, "DECISIONS", frozenset())

    plant.__name__ = f"{act}_without_guards"
    return plant


BUGS = [
    (one_guarantee, unwatched_limit),
    (one_key, keys_looked_up_and_written_later),
    (one_bank_reference, any_reference_of_a_bank),
    (one_release, without_guards(Act.CLEAR)),
    (one_exit, without_guards(Act.EXIT)),
]


@pytest.mark.parametrize(("wanted", "plant"), BUGS)
def test_a_planted_bug_is_caught(committed, monkeypatch, wanted, plant):
    plant(monkeypatch)
    try:
        had, allowed = wanted(Office())
    except AssertionError:
        return
    assert had > allowed
