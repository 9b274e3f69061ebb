"""The short way of lodging writes what the long way writes, row for row, and leaves to it whatever is not ordinary."""

from __future__ import annotations

import threading

import msgspec
import pytest
from django.apps import apps
from django.db import connections

from thongquan.engine.formats import json_lines
from thongquan.site.accounts import acts as accounts
from thongquan.site.accounts.reads import By
from thongquan.site.clearance import journey, lodging, messages, reads
from thongquan.site.clearance.models import Declaration
from thongquan.site.kit import faults
from thongquan.site.record.models import Event, IdempotencyKey, RawMessage

from ..country import NOON, Days, make_pack, original

APPS = ("record", "parties", "ledger", "clearance")
# What the database says of time and counting; an answer repeats when it was recorded.
VOLATILE = {"recorded_at", "id"}


def rows() -> dict[str, list[dict]]:
    """Every row of every table by its natural order; a declaration is named by its number, not by its key."""
    numbers = dict(Declaration.objects.values_list("id", "number"))
    traders = dict(apps.get_model("parties", "Trader").objects.values_list("id", "registry_id"))
    found = {}
    for app in APPS:
        for model in apps.get_app_config(app).get_models():
            listed = []
            for row in model.objects.values():
                plain = {name: bytes(v) if isinstance(v, memoryview) else v for name, v in row.items()}
                plain = {name: v for name, v in plain.items() if name not in VOLATILE}
                if "declaration_id" in plain:
                    plain["declaration_id"] = numbers[plain["declaration_id"]]
                if "trader_id" in plain:
                    plain["trader_id"] = traders[plain["trader_id"]]
                if model is IdempotencyKey:
                    answer = msgspec.json.decode(plain["answer"])
                    assert answer.pop("recorded_at")
                    plain["answer"] = answer
                listed.append(plain)
            found[model._meta.label] = sorted(listed, key=repr)
    return found


def asked(declaration, key: str, user: str = "ann", at=NOON) -> lodging.Lodgement:
    data = json_lines.write_json(declaration) if not isinstance(declaration, bytes) else declaration
    return lodging.Lodgement(read=lodging.read_json(data), by=By(user), key=key, at=at)


def several() -> list[lodging.Lodgement]:
    """Two traders, an early one, one under a bill, one without a reference, odd characters, two with equal bytes."""
    early = original("R-5", type_code="IMD")
    return [
        asked(original("R-1"), "key-1"),
        asked(original("R-2", trader="TRADER-2"), "key-2"),
        asked(original("R<&>'\"3", description="Chè & <trà>"), "key-3"),
        asked(original("R-4", bill="BILL-1"), "key-4"),
        asked(early, "key-5"),
        asked(original(""), "key-6"),
        asked(original(""), "key-7"),
    ]


def one_by_one(pack) -> list:
    return [
        journey.lodge(message=one.read.content, pack=pack, by=one.by, key=one.key, at=one.at)
        for one in several()
    ]


def test_the_short_way_writes_the_same_rows_events_and_hashes(committed, template, pack):
    from ..conftest import own_copy

    answers = lodging.lodge_many(several(), pack)
    assert all(answer.done for answer in answers), answers
    short = rows()
    assert reads.verify().faults == ()
    with own_copy(template):
        expected = one_by_one(pack)
        assert rows() == short

    def said(answer):
        return msgspec.structs.replace(answer, recorded_at=None)

    assert [said(answer) for answer in answers] == [said(answer) for answer in expected]


@pytest.fixture
def short_only(monkeypatch):
    """Fail when the long way is taken."""

    def never(**_):
        raise AssertionError("the long way")

    monkeypatch.setattr(journey, "lodge", never)


def test_what_is_ordinary_takes_the_short_way(people, pack, short_only):
    assert all(answer.done for answer in lodging.lodge_many(several(), pack))


def test_the_long_way_answers_for_whatever_is_not_ordinary(people, pack):
    journey.lodge(message=original("OLD", bill="B-1"), pack=pack, by=By("ann"), key="key-old", at=NOON)
    accounts.post("own", "DECLARANT", first_day=NOON.date(), trader="TRADER-9")
    answers = lodging.lodge_many(
        [
            asked(original("NEW"), "key-new"),
            asked(original("NEW"), "key-again"),  # the reference of the one before
            asked(original("NEW", value=5), "key-new"),  # the key of the first, for something else
            asked(original("B", bill="B-1"), "key-bill"),  # the goods of OLD
            asked(original("F"), "key-foreign", user="own"),  # not his trader
            asked(b'{"function_code":"9","oops":1}', "key-field"),
            asked(original("LAST"), "key-last"),
        ],
        pack,
    )
    assert [answer.codes for answer in answers] == [
        (),
        ("DUPLICATE_REFERENCE",),
        ("IDEMPOTENCY_KEY_REUSED",),
        (),
        ("NOT_YOUR_DECLARATION",),
        ("FIELD_UNKNOWN",),
        (),
    ]
    numbers = [answer.number for answer in answers if answer.done]
    # NEW and LAST were written together, the doubtful one after them; none left a gap.
    assert sorted(number[8:-1] for number in numbers) == ["000002", "000003", "000004"]
    assert reads.facts_of(answers[3].number).possible_duplicate


def test_a_foreign_reference_is_not_told_to_who_may_not_declare_for_the_trader(people, pack):
    journey.lodge(message=original("R-1"), pack=pack, by=By("ann"), key="key-1", at=NOON)
    accounts.post("own", "DECLARANT", first_day=NOON.date(), trader="TRADER-9")
    (answer,) = lodging.lodge_many([asked(original("R-1"), "key-2", user="own")], pack)
    assert answer.codes == ("NOT_YOUR_DECLARATION",)
    assert answer.number == ""


def test_the_same_again_is_replayed(people, pack):
    first = lodging.lodge_many([asked(original(), "key-1")], pack)[0]
    again = lodging.lodge_many([asked(original(), "key-1")], pack)[0]
    assert again == msgspec.structs.replace(first, replay=True)
    assert Declaration.objects.count() == 1


class Crash(Exception):
    pass


@pytest.mark.parametrize("point", ["after_lock", "after_rows", "after_event", "after_outbox", "after_answer"])
def test_a_crash_at_any_point_leaves_nothing_and_the_same_keys_succeed(people, pack, point):
    def crash(at: str) -> None:
        if at == point:
            raise Crash

    before = rows()
    with faults.planted(crash), pytest.raises(Crash):
        lodging.lodge_many(several(), pack)
    assert rows() == before
    assert all(answer.done for answer in lodging.lodge_many(several(), pack))


def test_requests_that_meet_at_the_desk_are_each_done_once(committed, pack):
    desk, answers = lodging.Desk(), {}

    def lodge(number: int) -> None:
        try:
            mine = asked(original(f"R-{number}"), f"key-{number}")
            answers[number] = desk.lodge(mine, pack)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=lodge, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert all(answer.done for answer in answers.values())
    assert len({answer.number for answer in answers.values()}) == len(answers) == 24
    assert Event.objects.count() == RawMessage.objects.count() == 24
    assert reads.verify().faults == ()


def test_twins_under_one_key_become_one_declaration(committed, pack):
    desk, answers = lodging.Desk(), []

    def lodge() -> None:
        try:
            answers.append(desk.lodge(asked(original(), "key-1"), pack))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=lodge) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert {answer.number for answer in answers} == {Declaration.objects.get().number}
    assert sorted(answer.replay for answer in answers) == [False] + [True] * 11


def test_a_batch_that_falls_through_is_tried_one_by_one():
    calls = []

    def lodge(batch, pack):
        calls.append(len(batch))
        if len(batch) > 1:
            raise Crash
        return [batch[0].key]

    desk = lodging.Desk(lodge)
    one, other = (lodging.Lodgement(read=None, by=By("ann"), key=key, at=NOON) for key in "ab")
    waiting = lodging._Waiting(other)
    desk._waiting.append(waiting)
    assert desk.lodge(one, None) == "a"
    assert calls == [2, 1]
    assert waiting.told.is_set()
    assert waiting.answer is None


def test_days_do_not_mix(people, pack):
    days = Days()
    late = days.now.replace(hour=17)  # the next day in Hanoi
    answers = lodging.lodge_many(
        [asked(original("A"), "key-a"), asked(original("B"), "key-b", at=late)], pack
    )
    events = [Event.objects.get(subject=answer.number) for answer in answers]
    assert [msgspec.json.decode(event.body)["service_date"] for event in events] == [
        "2026-03-02",
        "2026-03-03",
    ]


def test_a_read_of_json_is_that_of_the_journey():
    data = json_lines.write_json(original())
    assert lodging.read_json(data) == messages.read(data, make_pack())


# a key that stood a moment ago


def recalled(name: str, key: str) -> lodging.Lodgement:
    from thongquan.site.kit import clock

    made = accounts.client("ann", name)
    token = accounts.give_token(made, scopes=["lodge"], now=clock.now())
    data = json_lines.write_json(original(name))
    by = By("ann", scopes=frozenset({"lodge"}))
    return lodging.Lodgement(
        read=lodging.read_json(data), by=by, key=key, at=None, recalled=accounts.hash_of(token)
    )


def test_a_recalled_key_that_stands_lodges_at_the_databases_time_and_each_decision_is_logged(
    people, pack, caplog
):
    caplog.set_level("INFO", "thongquan.access")
    answers = lodging.lodge_many([recalled("R-1", "key-1"), recalled("R-2", "key-2")], pack)
    assert all(answer.done for answer in answers)
    for answer in answers:
        event = Event.objects.get(subject=answer.number)
        assert event.at == event.recorded_at == answer.recorded_at
    decided = [record for record in caplog.records if record.name == "thongquan.access"]
    assert [(record.user, record.act, record.allow) for record in decided] == [("ann", "lodge", True)] * 2


def test_a_recalled_key_that_stands_no_more_or_is_for_something_else_lodges_nothing(people, pack):
    import dataclasses

    ended, other, unknown = recalled("R-1", "key-1"), recalled("R-2", "key-2"), recalled("R-3", "key-3")
    accounts.revoke_tokens(apps.get_model("accounts", "Client").objects.get(name="R-1"), NOON)
    wider = dataclasses.replace(other, by=By("ann", scopes=frozenset({"lodge", "read"})))
    nobodys = dataclasses.replace(unknown, recalled="0" * 64)
    answers = lodging.lodge_many([ended, wider, nobodys], pack)
    assert [answer.codes for answer in answers] == [lodging.UNPROVEN] * 3
    assert not Declaration.objects.exists()


def test_what_is_not_ordinary_is_not_looked_at_before_the_key_was(people, pack):
    first = recalled("R-1", "key-1")
    assert lodging.lodge_many([first], pack)[0].done
    assert lodging.lodge_many([first], pack)[0].codes == lodging.UNPROVEN


# gathering


class Gathered:
    def __init__(self):
        self.sizes = []

    def __call__(self, batch, pack):
        self.sizes.append(len(batch))
        return [one.key for one in batch]


def waiting(key: str) -> lodging.Lodgement:
    return lodging.Lodgement(read=None, by=By("ann"), key=key, at=NOON)


def test_a_batch_waits_for_those_who_were_there_at_the_last_until_all_are_back():
    lodge = Gathered()
    desk = lodging.Desk(lodge, gathering=60.0)
    desk._waiting.append(lodging._Waiting(waiting("other")))
    assert desk.lodge(waiting("one"), None) == "one"
    threads = [threading.Thread(target=desk.lodge, args=(waiting(key), None)) for key in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(50)
    assert lodge.sizes == [2, 2]


def test_who_is_alone_waits_for_nobody_and_who_does_not_come_back_is_not_waited_for_long():
    import time

    lodge = Gathered()
    desk = lodging.Desk(lodge, gathering=60.0)
    started = time.monotonic()
    assert [desk.lodge(waiting(key), None) for key in "abc"] == ["a", "b", "c"]
    assert time.monotonic() - started < 30
    desk = lodging.Desk(lodge, gathering=0.01)
    desk._waiting.append(lodging._Waiting(waiting("other")))
    assert [desk.lodge(waiting(key), None) for key in "de"] == ["d", "e"]
    assert lodge.sizes == [1, 1, 1, 2, 1]
