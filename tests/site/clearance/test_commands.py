"""The same key, a crash at any point, two at once, and hundreds together: one effect, one answer."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.apps import apps
from django.db import OperationalError, connection, connections

from thongquan.site.clearance import journey, reads
from thongquan.site.clearance.models import Declaration
from thongquan.site.kit import faults
from thongquan.site.kit.act import Busy
from thongquan.site.record.models import Event

from ..country import NOON, SYSTEM, Days, original

APPS = ("record", "accounts", "parties", "ledger", "clearance")
VOLATILE = {"recorded_at", "password"}


def everything() -> dict[str, list[dict]]:
    """Every row of every table, without what the database itself says of time and counting."""
    found = {}
    for app in APPS:
        for model in apps.get_app_config(app).get_models():
            rows = model.objects.order_by("pk").values()
            found[model._meta.label] = [
                {
                    name: bytes(v) if isinstance(v, memoryview) else v
                    for name, v in row.items()
                    if name not in VOLATILE
                }
                for row in rows
            ]
    return found


# one key


def test_the_same_request_again_gets_the_stored_answer(people, pack, days):
    ask = days.ask("ann", pack)
    first = journey.lodge(message=original(), **ask)
    after = everything()
    again = journey.lodge(message=original(), **{**ask, "at": ask["at"].replace(hour=23)})
    assert (first.replay, again.replay) == (False, True)
    assert again.number == first.number
    assert again.receipt == first.receipt
    assert again.messages == first.messages
    assert everything() == after


def test_the_same_key_for_another_request_is_refused(people, pack, days):
    ask = days.ask("ann", pack)
    journey.lodge(message=original(), **ask)
    after = everything()
    other = journey.lodge(message=original(value=2_000), **ask)
    assert other.codes == ("IDEMPOTENCY_KEY_REUSED",)
    assert everything() == after


def test_a_key_belongs_to_its_principal(people, pack, days):
    from thongquan.site.accounts import acts as accounts

    accounts.post("bea", "DECLARANT", first_day=NOON.date(), trader="TRADER-1")
    journey.lodge(message=original(), **days.ask("ann", pack, "k"))
    assert journey.lodge(message=original("LRN-2"), **days.ask("bea", pack, "k")).done


def test_a_refused_request_may_ask_again_with_its_key(people, pack, days):
    number = journey.lodge(message=original(), **days.ask("ann", pack)).number
    ask = days.ask(SYSTEM, pack)
    assert journey.assess(number=number, **ask).codes == ("NOT_REGISTERED",)
    assert journey.accept(number=number, **days.ask(SYSTEM, pack)).done
    assert journey.assess(number=number, **{**ask, "at": days.now, "recorded_at": days.now}).done


def test_a_screen_that_is_out_of_date_changes_nothing(people, pack, days):
    number = journey.lodge(message=original(), **days.ask("ann", pack)).number
    journey.accept(number=number, seen=1, **days.ask(SYSTEM, pack))
    late = journey.hold(number=number, reference="H", reason="x", seen=1, **days.ask("olga", pack))
    assert late.codes == ("CHANGED_MEANWHILE",)


# crashes


class Crash(Exception):
    pass


STEPS: dict[str, Callable] = {
    "lodge": lambda number, days, pack: journey.lodge(
        message=original("NEW"), **days.ask("ann", pack, "once")
    ),
    "assess": lambda number, days, pack: journey.assess(number=number, **days.ask(SYSTEM, pack, "once")),
    "cancel": lambda number, days, pack: journey.cancel(
        number=number, reason="x", **days.ask("olga", pack, "once")
    ),
}


@pytest.mark.parametrize("act", STEPS)
@pytest.mark.parametrize("point", faults.POINTS)
def test_a_crash_at_any_point_leaves_nothing_and_the_same_key_succeeds(people, pack, days, act, point):
    number = journey.lodge(message=original(), **days.ask("ann", pack)).number
    journey.accept(number=number, **days.ask(SYSTEM, pack))
    if act == "cancel":
        journey.assess(number=number, **days.ask(SYSTEM, pack))
    before = everything()
    reached = []

    def crash(at: str) -> None:
        reached.append(at)
        if at == point:
            raise Crash

    with faults.planted(crash):
        if point == "after_journal" and act == "lodge":
            assert STEPS[act](number, days, pack).done  # nothing to post
            return
        with pytest.raises(Crash):
            STEPS[act](number, days, pack)
    assert reached[-1] == point
    assert everything() == before
    assert STEPS[act](number, days, pack).done
    assert reads.verify().faults == ()


# two at once


def together(*works: Callable[[], object]) -> list[object]:
    """Run each in its own thread and connection, started together; results in order, exceptions as values."""
    gate = threading.Barrier(len(works))
    results: list[object] = [None] * len(works)

    def run(place: int, work: Callable[[], object]) -> None:
        gate.wait()
        try:
            results[place] = work()
        except Exception as error:
            results[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_one_key_from_many_at_once_is_one_declaration(committed, pack):
    ask = Days().ask("ann", pack)
    answers = together(*[lambda: journey.lodge(message=original(), **ask)] * 8)
    assert all(answer.done for answer in answers), answers
    assert len({answer.number for answer in answers}) == 1
    assert sorted(answer.replay for answer in answers) == [False] + [True] * 7
    assert (Declaration.objects.count(), Event.objects.count()) == (1, 1)


def test_one_reference_under_many_keys_at_once_is_one_declaration(committed, pack):
    asks = [Days().ask("ann", pack, f"k{n}") for n in range(6)]
    answers = together(*[lambda ask=ask: journey.lodge(message=original(), **ask) for ask in asks])
    done = [answer for answer in answers if answer.done]
    assert len(done) == 1, answers
    for answer in answers:
        if not answer.done:
            assert answer.codes == ("DUPLICATE_REFERENCE",)
            assert answer.reasons[0].says["number"] == done[0].number
    # No number was lost on those that were refused.
    after = journey.lodge(message=original("NEXT"), **Days().ask("ann", pack, "next"))
    assert after.number[8:-1] == "000002"


def test_two_officers_on_one_declaration_decide_once(committed, pack):
    days = Days()
    number = journey.lodge(message=original(origin="YY"), **days.ask("ann", pack)).number
    for act in (journey.accept, journey.assess, journey.select):
        assert act(number=number, **days.ask(SYSTEM, pack)).done
    asks = [days.ask("olga", pack, f"o{n}") for n in range(4)]
    answers = together(
        *[lambda ask=ask: journey.check_documents(number=number, result="CONFORMS", **ask) for ask in asks]
    )
    assert sorted(answer.done for answer in answers) == [False, False, False, True]
    assert {answer.codes for answer in answers if not answer.done} == {("OBLIGATION_NOT_OPEN",)}


def test_a_guarantee_under_contention_holds_exactly_its_limit(committed, pack):
    from thongquan.engine.ledger.journal import Account, AccountKind
    from thongquan.site.ledger.acts import limit

    days = Days()
    numbers = []
    for n in range(6):
        numbers.append(journey.lodge(message=original(f"R{n}"), **days.ask("ann", pack)).number)
        for act in (journey.accept, journey.assess):
            act(number=numbers[-1], **days.ask(SYSTEM, pack))
    held = Account(AccountKind.GUARANTEE_HELD, "KRN", party="TRADER-1", reference="G1")
    limit(held, floor_minor=0, ceiling_minor=4 * 32_000)
    asks = [days.ask("rita", pack, f"g{n}") for n in range(6)]
    answers = together(
        *[
            lambda number=number, ask=ask: journey.guarantee(
                number=number, guaranteed_minor=32_000, reference="G1", **ask
            )
            for number, ask in zip(numbers, asks, strict=True)
        ]
    )
    done = [answer for answer in answers if not isinstance(answer, Exception) and answer.done]
    assert len(done) == 4, answers
    assert reads.verify().faults == ()


def test_one_receipt_reported_twice_at_once_counts_once(committed, pack):
    days = Days()
    numbers = []
    for n in range(2):
        numbers.append(journey.lodge(message=original(f"R{n}"), **days.ask("ann", pack)).number)
        journey.accept(number=numbers[-1], **days.ask(SYSTEM, pack))
    asks = [days.ask("bank", pack, f"p{n}") for n in range(2)]
    answers = together(
        *[
            lambda number=number, ask=ask: journey.pay(
                number=number, paid_minor=500, source="bank", reference="R", treasury="T", **ask
            )
            for number, ask in zip(numbers, asks, strict=True)
        ]
    )
    assert sorted(answer.done for answer in answers) == [False, True], answers
    assert [answer.codes for answer in answers if not answer.done] == [("RECEIPT_COUNTED",)]


# busy


def test_a_busy_database_is_asked_three_times_and_then_said_to_be_busy(committed, pack):
    tried = []

    def busy(point: str) -> None:
        if point == "after_key":
            tried.append(point)
            error = OperationalError("database is locked")
            if connection.vendor == "postgresql":
                error.__cause__ = type("Deadlock", (Exception,), {"sqlstate": "40P01"})()
            raise error

    with faults.planted(busy), pytest.raises(Busy):
        journey.lodge(message=original(), **Days().ask("ann", pack))
    assert len(tried) == 3
    assert Declaration.objects.count() == 0


def test_what_passes_at_the_second_try_is_done(committed, pack):
    tried = []

    def once(point: str) -> None:
        if point == "after_event" and not tried:
            tried.append(point)
            error = OperationalError("database is locked")
            error.__cause__ = type("Deadlock", (Exception,), {"sqlstate": "40P01"})()
            raise error

    with faults.planted(once):
        assert journey.lodge(message=original(), **Days().ask("ann", pack)).done
    assert (Declaration.objects.count(), Event.objects.count()) == (1, 1)


# hundreds together


def script(pack, days: Days) -> list[list]:
    """Rounds of acts on several declarations, some of which are refused."""
    rounds = [[journey.lodge.asked(message=original(f"R{n}"), **days.ask("ann", pack)) for n in range(4)]]
    rounds[0].append(
        journey.lodge.asked(message=original("R1", value=7), **days.ask("ann", pack))
    )  # duplicate
    numbers = ["26TS0001000001", "26TS0001000002", "26TS0001000003", "26TS0001000004"]
    from thongquan.packs.pack import check_character

    numbers = [number + check_character(number) for number in numbers]
    for act in (journey.accept, journey.assess, journey.select):
        rounds.append([act.asked(number=number, **days.ask(SYSTEM, pack)) for number in [*numbers, "NOBODY"]])
    rounds.append(
        [
            journey.pay.asked(
                number=number, paid_minor=30_000 + 1_000 * n, source="b", reference=f"P{n}", treasury="T",
                **days.ask("bank", pack),
            )
            for n, number in enumerate(numbers)
        ]
    )  # fmt: skip
    rounds.append([journey.clear.asked(number=number, **days.ask(SYSTEM, pack)) for number in numbers])
    return rounds


def test_many_together_are_row_for_row_what_they_are_one_by_one(committed, template, pack, django_db_blocker):
    from ..conftest import own_copy

    one_by_one = [[journey.perform(asked) for asked in asked_round] for asked_round in script(pack, Days())]
    rows = everything()
    assert any(not answer.done for answers in one_by_one for answer in answers)
    with own_copy(template):
        many = [journey.perform_many(asked_round) for asked_round in script(pack, Days())]
        assert many == one_by_one
        assert everything() == rows
        assert reads.verify().faults == ()


def test_a_fault_of_ours_in_a_batch_leaves_nothing_of_it(committed, pack):
    asked = [
        journey.lodge.asked(message=original(f"R{n}"), **Days().ask("ann", pack, f"k{n}")) for n in range(3)
    ]
    before = everything()
    seen = []

    def crash(point: str) -> None:
        seen.append(point)
        if seen.count("after_event") == 3:
            raise Crash

    with faults.planted(crash), pytest.raises(Crash):
        journey.perform_many(asked)
    assert everything() == before
    assert [answer.done for answer in journey.perform_many(asked)] == [True] * 3
