"""What everything is built with: one way to write facts down, one clock, a command's shape."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection
from django.utils import translation

from thongquan.engine.findings import Finding
from thongquan.site.kit import clock, faults, terms
from thongquan.site.kit.act import Answer, Command, act
from thongquan.site.kit.canonical import canonical, sha256
from thongquan.site.kit.guards import guard
from thongquan.site.record.acts import KEYS
from thongquan.site.record.models import IdempotencyKey


def test_equal_facts_have_equal_bytes():
    one = {"b": [1, "Hòa"], "a": {"y": None, "x": date(2026, 3, 2)}}
    other = {"a": {"x": date(2026, 3, 2), "y": None}, "b": (1, "Hòa")}
    assert canonical(one) == canonical(other)
    assert canonical(one) == '{"a":{"x":"2026-03-02","y":null},"b":[1,"Hòa"]}'.encode()
    assert sha256(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("value", [1.5, {"a": [0.1]}, [{"b": float("nan")}]])
def test_a_record_holds_no_floats(value):
    with pytest.raises(TypeError):
        canonical(value)


@pytest.mark.django_db
def test_the_clock_is_the_databases():
    told = clock.now()
    assert told.tzinfo is UTC
    assert abs(told - datetime.now(UTC)) < timedelta(seconds=5)


def test_words_follow_the_readers_language():
    finding = Finding("UNKNOWN_DECLARATION", says={"reference": "X1"})
    with translation.override("en"):
        assert terms.sentence(finding) == "No declaration has the number X1."
    with translation.override("vi"):
        assert terms.sentence(finding) == "Không có tờ khai nào mang số X1."
        assert terms.remedy(finding)


def test_points_cost_nothing_until_somebody_plants_a_fault():
    faults.reach("after_key")
    reached = []
    with faults.planted(reached.append):
        faults.reach("after_key")
    faults.reach("after_key")
    assert reached == ["after_key"]


@pytest.mark.django_db
def test_a_stored_answer_comes_back_whole():
    finding = Finding("AMENDED_LATE", "x[1]", {"day": "1"}, pointer="42A")
    answer = Answer(
        act="pay", number="N", events=3, receipt="r", findings=(finding,), says={"due": {"VAT": 5}}
    )
    command = Command("pay", "ann", "k", {"minor": 5}, lambda: answer)
    assert act(command, KEYS) == answer
    again = act(command, KEYS)
    assert (again.replay, again.findings, again.says, again.number) == (
        True,
        (finding,),
        {"due": {"VAT": 5}},
        "N",
    )


def test_a_command_does_not_hide_inside_another_transaction(committed):
    from django.db import transaction

    command = Command("pay", "ann", "k", {}, lambda: Answer(act="pay"))
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        act(command, KEYS)
    assert IdempotencyKey.objects.count() == 0


def test_a_constraint_that_fails_each_time_is_a_fault_of_ours(committed):
    tried = []

    def work() -> Answer:
        tried.append(1)
        raise IntegrityError("no")

    with pytest.raises(IntegrityError):
        act(Command("pay", "ann", "k", {}, work), KEYS)
    assert len(tried) == 3


def test_any_other_fault_rises_at_once(committed):
    tried = []

    def work() -> Answer:
        tried.append(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act(Command("pay", "ann", "k", {}, work), KEYS)
    assert len(tried) == 1


@pytest.mark.django_db
def test_a_guard_can_be_taken_back_by_its_migration():
    made = guard("parties_trader", "try_out", "DELETE", "OLD.name = 'x'", "TRY_OUT")

    class Editor:
        """What a guard needs of Django's schema editor, which on SQLite does not work inside a test's transaction."""

        def __init__(self) -> None:
            self.connection = connection

        def execute(self, statement: str, params: object) -> None:
            with connection.cursor() as cursor:
                cursor.execute(statement)

    for _ in range(2):
        made.database_forwards("parties", Editor(), None, None)
        made.database_backwards("parties", Editor(), None, None)
    assert made.describe() == "Guards: parties_trader_try_out"
