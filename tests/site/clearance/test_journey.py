"""One declaration through every act, with its sums by hand: value 1,000.00, duty 100.00, VAT 220.00, due 320.00."""

from __future__ import annotations

import pytest

from thongquan.site.clearance import journey, reads
from thongquan.site.clearance.models import Declaration

from ..country import SYSTEM, Days, original

pytestmark = pytest.mark.usefixtures("people")


def registered(pack, days: Days, **fields) -> str:
    """A declaration lodged, accepted and assessed; its number."""
    answer = journey.lodge(message=original(**fields), **days.ask("ann", pack))
    assert answer.done, answer.reasons
    for act in (journey.accept, journey.assess):
        answer = act(number=answer.number, **days.ask(SYSTEM, pack))
        assert answer.done, answer.reasons
    return answer.number


def test_a_green_declaration_from_lodging_to_exit(pack, days):
    number = registered(pack, days)
    answer = journey.select(number=number, **days.ask(SYSTEM, pack))
    assert (answer.channel, answer.state) == ("GREEN", "SELECTED")
    refused = journey.clear(number=number, **days.ask(SYSTEM, pack))
    assert refused.codes == ("DUTY_NOT_SECURED",)
    paid = journey.pay(
        number=number,
        paid_minor=32_000,
        source="bank",
        reference="R1",
        treasury="T1",
        **days.ask("bank", pack),
    )
    assert paid.done, paid.reasons
    assert journey.clear(number=number, **days.ask(SYSTEM, pack)).state == "CLEARED"
    assert journey.exit_area(number=number, **days.ask("gate", pack)).done
    row = Declaration.objects.get(number=number)
    assert (row.state, row.goods, row.assessed_minor, row.paid_minor) == ("CLEARED", "PASSED", 32_000, 32_000)
    assert [event.act for event in reads.engine_events(number)] == [
        "lodge", "accept", "assess", "select", "pay", "clear", "exit",
    ]  # fmt: skip
    assert reads.verify().faults == ()
