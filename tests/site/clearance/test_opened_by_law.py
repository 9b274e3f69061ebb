"""What the country's law leaves open at registration keeps the goods from being cleared until it is closed."""

from __future__ import annotations

from dataclasses import fields

import pytest

from thongquan.packs.pack import Pack
from thongquan.site.clearance import journey, reads

from ..country import SYSTEM, make_pack, original

pytestmark = pytest.mark.usefixtures("people")


class Quarantine(Pack):
    """Every declaration waits for one paper of another authority."""

    def opened_by(self, declaration, day):
        return ("PERMIT:PHYTO",)


@pytest.fixture
def pack() -> Pack:
    made = make_pack()
    waiting = Quarantine(**{part.name: getattr(made, part.name) for part in fields(made)})
    # Where a pack keeps what it has read of its tariff.
    waiting.__dict__["tariff"] = made.tariff
    return waiting


def test_a_missing_permit_is_open_from_registration_and_closed_by_its_confirmation(pack, days):
    number = journey.lodge(message=original(), **days.ask("ann", pack)).number
    for act in (journey.accept, journey.assess, journey.select):
        assert act(number=number, **days.ask(SYSTEM, pack)).done
    money = {"paid_minor": 32_000, "source": "b", "reference": number, "treasury": "T"}
    assert journey.pay(number=number, **money, **days.ask("bank", pack)).done
    assert "PERMIT:PHYTO" in {str(one) for one in reads.facts_of(number).obligations}
    assert journey.clear(number=number, **days.ask(SYSTEM, pack)).codes == ("OBLIGATION_OPEN",)
    confirmed = journey.confirm_permit(number=number, reference="PHYTO", **days.ask("vet", pack))
    assert confirmed.done
    assert journey.clear(number=number, **days.ask(SYSTEM, pack)).done


def test_what_an_officer_opens_beside_it_is_open_too_and_each_once(pack, days):
    number = journey.lodge(message=original(), **days.ask("ann", pack)).number
    opens = ("PERMIT:PHYTO", "PROVISIONAL_VALUE")
    assert journey.accept(number=number, opens=opens, **days.ask(SYSTEM, pack)).done
    assert sorted(str(one) for one in reads.facts_of(number).obligations) == [
        "PERMIT:PHYTO",
        "PROVISIONAL_VALUE",
    ]
