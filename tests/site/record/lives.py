"""Declarations whose acts fill a record."""

from __future__ import annotations

from thongquan.site.clearance import journey
from thongquan.site.kit.act import Answer

from ..country import SYSTEM, Days, original


def lived(pack, days: Days, reference: str, **fields) -> list[Answer]:
    """Lodge, accept, assess, select, pay and clear one green declaration: six events, two of them with journals."""
    answers = [journey.lodge(message=original(reference, **fields), **days.ask("ann", pack))]
    number = answers[0].number
    answers += [journey.accept(number=number, **days.ask(SYSTEM, pack))]
    answers += [journey.assess(number=number, **days.ask(SYSTEM, pack))]
    answers += [journey.select(number=number, **days.ask(SYSTEM, pack))]
    due = {"paid_minor": 32_000, "source": "bank", "reference": f"B-{reference}", "treasury": "T1"}
    answers += [journey.pay(number=number, **due, **days.ask("bank", pack))]
    answers += [journey.clear(number=number, **days.ask(SYSTEM, pack))]
    assert [answer.codes for answer in answers] == [()] * 6
    return answers
