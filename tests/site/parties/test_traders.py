"""A trader is known by his number; his name comes from the register and never from a form."""

from __future__ import annotations

import pytest

from thongquan.site.clearance import journey
from thongquan.site.parties.acts import known, register
from thongquan.site.parties.models import Trader

from ..country import original

pytestmark = pytest.mark.usefixtures("people")


def test_the_first_declaration_makes_a_trader_known_by_number_only(pack, days):
    journey.lodge(message=original(), **days.ask("ann", pack))
    trader = Trader.objects.get()
    assert (trader.registry_id, trader.name, trader.trader_class) == ("TRADER-1", "", "")


def test_the_register_gives_name_and_class():
    first = known("T")
    assert register("T", name="Công ty Chè Shan", trader_class="A").pk == first.pk
    assert Trader.objects.values_list("name", "trader_class").get() == ("Công ty Chè Shan", "A")
    assert known("T").name == "Công ty Chè Shan"
