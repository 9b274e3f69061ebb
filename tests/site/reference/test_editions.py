"""An edition is published once, whole, and never over another that speaks of the same days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from thongquan.engine.dated import Period
from thongquan.engine.findings import LegalRef
from thongquan.engine.tariff.measures import Duty, Given, Measure, Schedule, Term, ad_valorem
from thongquan.engine.tariff.nomenclature import Commodity, Nomenclature
from thongquan.engine.tariff.tariff import Edition
from thongquan.packs import pack as packs
from thongquan.site.clearance import journey
from thongquan.site.record.models import Event
from thongquan.site.record.reads import verify_log
from thongquan.site.reference import reads
from thongquan.site.reference.acts import publish
from thongquan.site.reference.models import TariffEdition

from ..country import SYSTEM, original

pytestmark = pytest.mark.usefixtures("people")

ACT = LegalRef("7/2026", "annex 1")


def row(tax: str = "EXC", commodity: str = "10101010", rate_ppm: int = 500_000, **fields) -> Measure:
    made = {
        "commodity": commodity,
        "tax": tax,
        "schedule": Schedule.IMPORT,
        "period": Period(date(2026, 1, 1), date(2026, 12, 31)),
        "law": ACT,
        "given": Given.RATE,
        "duty": ad_valorem(rate_ppm),
    }
    return Measure(**{**made, **fields})


def edition(
    *rows: Measure, first: date = date(2026, 1, 1), last: date | None = date(2026, 12, 31), **more
) -> Edition:
    return Edition(more.pop("act", "7/2026"), Period(first, last), rows or (row(),), **more)


def test_an_edition_is_kept_whole(pack):
    rich = edition(
        row(),
        row(commodity="20", given=Given.NOT_GIVEN, duty=None, text=""),
        row(commodity="21", given=Given.NO_PREFERENCE, duty=None, preference="ACFTA", text="*"),
        row(
            commodity="22",
            duty=Duty(
                (
                    Term(rate_ppm=138_000),
                    Term(specific_millionths=7_000_000, currency="EUR", unit="DTN", sign=-1),
                ),
                at_least=(Term(specific_millionths=13_000_000, currency="EUR", unit="DTN"),),
            ),
            origins=("CN", "VN"),
            verified=False,
        ),
        nomenclature=Nomenclature(
            Commodity(code, Period(date(2026, 1, 1)), {"vi": "Chè"}, 2, ("KGM",), {"vi": ("- Loại khác:",)})
            for code in ("10101010", "20", "21", "22")
        ),
    )
    assert publish(rich, country="tst", source="tariff.csv") == ()
    stored = TariffEdition.objects.get()
    assert (stored.hash, stored.measures, stored.commodities) == (rich.hash, 4, 4)
    again = reads.unpacked(stored)
    assert again.hash == rich.hash
    assert again.measures == rich.measures
    assert list(again.nomenclature) == list(rich.nomenclature)


def test_publishing_is_an_event_with_the_hash(pack):
    publish(edition(), country="tst")
    event = Event.objects.get(subject="tariff:tst")
    assert event.act == "publish_tariff"
    assert edition().hash in event.body
    assert verify_log().faults == ()


def test_the_same_edition_again_is_only_noted(pack):
    publish(edition(), country="tst")
    assert [finding.code for finding in publish(edition(), country="tst")] == ["EDITION_KNOWN"]
    assert TariffEdition.objects.count() == 1


@pytest.mark.parametrize(
    ("first", "last", "refused"),
    [
        (date(2026, 12, 31), None, True),
        (date(2027, 1, 1), None, False),
        (date(2025, 1, 1), date(2025, 12, 31), False),
        (date(2025, 1, 1), date(2026, 1, 1), True),
    ],
)
def test_two_editions_never_speak_of_one_tax_on_one_day(pack, first, last, refused):
    assert publish(edition(), country="tst") == ()
    other = edition(row(rate_ppm=1, period=Period(first, last)), first=first, last=last, act="8/2026")
    found = publish(other, country="tst")
    assert [finding.code for finding in found] == (["EDITION_OVERLAPS"] if refused else [])
    if refused:
        assert found[0].says["act"] == "7/2026"
    assert TariffEdition.objects.count() == (1 if refused else 2)


def test_the_packs_own_editions_are_not_overlapped_either():
    own = packs.load("sample").tariff.editions[0]
    spoken = own.measures[0]
    day = own.period.first_day
    again = edition(
        row(tax=spoken.tax, schedule=spoken.schedule, kind=spoken.kind, period=Period(day, day)),
        first=day,
        last=day,
    )
    found = publish(again, country="sample")
    assert [finding.code for finding in found] == ["EDITION_OVERLAPS"] * len(found)
    assert spoken.tax in found[0].says["taxes"]
    assert TariffEdition.objects.count() == 0


def test_another_tax_may_share_the_days(pack):
    assert publish(edition(), country="tst") == ()
    assert publish(edition(row(tax="ENV"), act="9/2026"), country="tst") == ()


def test_an_edition_that_contradicts_itself_is_not_published(pack):
    found = publish(edition(row(), row(rate_ppm=1)), country="tst")
    assert [finding.code for finding in found] == ["RATES_OVERLAP"]
    assert TariffEdition.objects.count() == 0


def test_what_is_published_is_what_acts_compute_with(pack, days):
    """Excise of 50 % of the value comes with an edition: 1,000 then owes 500.00 more, and VAT does not rest on it."""
    from thongquan.engine.assessment.taxes import CUSTOMS_VALUE, Tax
    from thongquan.packs.pack import Levy

    excise = Levy(Tax("EXC", (CUSTOMS_VALUE,), ACT), "import", False, False, {})
    tariff = pack.tariff
    country = replace(pack, levies=(*pack.levies, excise))
    country.__dict__["tariff"] = tariff
    number = journey.lodge(message=original(), **days.ask("ann", country)).number
    journey.accept(number=number, **days.ask(SYSTEM, country))
    assert journey.assess(number=number, **days.ask(SYSTEM, country)).says["assessed_minor"] == 32_000
    publish(edition(), country="tst")
    answer = journey.assess(number=number, **days.ask(SYSTEM, country))
    assert answer.says["by_tax"] == {"DTY": 10_000, "VAT": 22_000, "EXC": 50_000}


def test_a_country_sees_only_its_own_editions(pack):
    publish(edition(), country="tst")
    other = replace(pack, code="oth")
    assert reads.equipped(other) is other
    assert {e.act for e in reads.equipped(pack).tariff.editions} == {"1/2020", "7/2026"}


def test_a_country_without_a_pack_can_be_looked_up():
    publish(edition(), country="xx")
    assert [e.act for e in reads.tariff_of("xx").editions] == ["7/2026"]
    assert "xx" in reads.countries()


def test_a_published_edition_is_never_changed(pack):
    publish(edition(), country="tst")
    for statement in ("DELETE FROM reference_tariffedition", "UPDATE reference_tariffedition SET act = 'x'"):
        with (
            pytest.raises(IntegrityError, match="APPEND_ONLY"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_content_that_no_longer_has_its_hash_is_not_used(pack):
    publish(edition(), country="tst")
    stored = TariffEdition.objects.get()
    stored.content = reads.packed(edition(row(rate_ppm=1)))
    with pytest.raises(ValueError, match="no longer has the hash"):
        reads.unpacked(stored)
