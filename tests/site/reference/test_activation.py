"""An edition counts only when none of the last declarations would be left without a rate."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from thongquan.engine.dated import Period
from thongquan.engine.findings import LegalRef
from thongquan.engine.tariff.measures import Given, Measure, Schedule, ad_valorem
from thongquan.engine.tariff.nomenclature import Commodity, Nomenclature
from thongquan.engine.tariff.tariff import Edition, Tariff
from thongquan.site.accounts.reads import SYSTEM
from thongquan.site.clearance import activation, journey
from thongquan.site.clearance.activation import activate, unassessable
from thongquan.site.record.models import Event
from thongquan.site.reference.models import TariffEdition

from ..country import original

pytestmark = pytest.mark.usefixtures("people")

FROM = date(2027, 1, 1)


def ended_pack(pack):
    """The country whose own tariff ends with 2026: only a new edition speaks of 2027."""
    made = replace(pack)
    editions = [
        replace(one, period=Period(one.period.first_day, date(2026, 12, 31))) for one in pack.tariff.editions
    ]
    made.__dict__["tariff"] = Tariff(editions)
    return made


def edition(*codes, rate_ppm=100_000):
    """Duty and VAT for some codes from 2027 on."""
    law = LegalRef("9/2026", "annex")
    rows = [
        Measure(code, tax, Schedule.IMPORT, Period(FROM), law, Given.RATE, ad_valorem(rate_ppm))
        for code in codes
        for tax in ("DTY", "VAT")
    ]
    nomenclature = Nomenclature(Commodity(code, Period(FROM)) for code in codes)
    return Edition("9/2026", Period(FROM), tuple(rows), nomenclature)


def registered(pack, days, reference, commodity):
    number = journey.lodge(message=original(reference, commodity=commodity), **days.ask("ann", pack)).number
    assert journey.accept(number=number, **days.ask(SYSTEM, pack)).done
    return number


@pytest.fixture
def codes(pack):
    found = sorted(
        {row.code for one in pack.tariff.editions for row in one.nomenclature if len(row.code) == 8}
    )
    assert len(found) > 1
    return found[:2]


def test_an_edition_that_leaves_goods_without_a_rate_is_refused_and_names_them(pack, days, codes):
    country = ended_pack(pack)
    known, missing = codes
    registered(country, days, "R1", known)
    number = registered(country, days, "R2", missing)
    (finding,) = activate(edition(known), country="tst", pack=country)
    assert finding.code == "EDITION_LEAVES_OPEN"
    assert (finding.says["count"], finding.says["numbers"], finding.says["codes"]) == ("1", number, missing)
    assert not TariffEdition.objects.exists()
    assert not Event.objects.filter(subject="tariff:tst").exists()


def test_one_that_has_a_rate_for_all_is_an_act_with_its_event(pack, days, codes):
    country = ended_pack(pack)
    registered(country, days, "R1", codes[0])
    assert activate(edition(*codes), country="tst", pack=country, source="t.csv") == ()
    assert TariffEdition.objects.get().act == "9/2026"
    assert Event.objects.get(subject="tariff:tst").act == "publish_tariff"


def test_codes_that_the_act_ends_are_named_and_kept(pack, days, codes):
    country = ended_pack(pack)
    known, gone = codes
    registered(country, days, "R1", gone)
    assert activate(edition(known), country="tst", pack=country, ended=[gone], source="t.csv") == ()
    assert gone in TariffEdition.objects.get().source


def test_only_the_last_ones_count_and_few_are_named(pack, days, codes, monkeypatch):
    country = ended_pack(pack)
    known, missing = codes
    numbers = [registered(country, days, f"R{n}", missing) for n in range(4)]
    monkeypatch.setattr(activation, "NAMED", 2)
    (finding,) = unassessable(edition(known), "tst", own=country)
    assert finding.says["count"] == "4"
    assert finding.says["numbers"] == f"{numbers[3]}, {numbers[2]} …"
    for n in range(3):
        registered(country, days, f"S{n}", known)
    monkeypatch.setattr(activation, "LAST", 3)
    assert unassessable(edition(known), "tst", own=country) == ()


def test_a_tax_that_the_edition_does_not_speak_of_is_not_its_matter(pack, days, codes):
    country = ended_pack(pack)
    registered(country, days, "R1", codes[1])
    row = Measure(
        codes[0], "EXC", Schedule.IMPORT, Period(FROM), LegalRef("9/2026"), Given.RATE, ad_valorem(1)
    )
    assert unassessable(Edition("9/2026", Period(FROM), (row,)), "tst", own=country) == ()


def test_a_country_that_assesses_nothing_here_is_not_asked(pack, days, codes):
    registered(pack, days, "R1", codes[0])
    assert unassessable(edition("11111111"), "xx", own=pack) == ()
