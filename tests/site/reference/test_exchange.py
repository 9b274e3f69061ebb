"""A missing rate of exchange holds a declaration up, is told, and lets it go on once two persons have entered it."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from thongquan.engine.dated import Period
from thongquan.engine.declaration import Amount
from thongquan.engine.findings import Finding
from thongquan.engine.lifecycle.declaration import State
from thongquan.packs import pack as packs
from thongquan.site.accounts.reads import SYSTEM, By
from thongquan.site.clearance import explained, following, journey
from thongquan.site.clearance.models import AssessmentRow, Declaration
from thongquan.site.kit import clock
from thongquan.site.record.models import Event
from thongquan.site.record.reads import verify_log
from thongquan.site.reference import exchange, reads

from ..country import original

pytestmark = pytest.mark.usefixtures("people")


def in_dollars(reference="R1"):
    declaration = original(reference)
    item = msgspec.structs.replace(
        declaration.goods_items[0], item_charge=Amount(millionths=1_000 * 10**6, currency="USD")
    )
    return msgspec.structs.replace(declaration, goods_items=(item,))


def dollars(pack, price=2_500_000, first=date(2026, 1, 1), last=date(2026, 12, 31), **more):
    return exchange.rate_of(
        pack,
        currency="USD",
        price_millionths=price,
        act="Bank, 1/2026",
        first_day=first,
        last_day=last,
        **more,
    )


def registered(pack, days, reference="R1"):
    number = journey.lodge(message=in_dollars(reference), **days.ask("ann", pack)).number
    assert journey.accept(number=number, **days.ask(SYSTEM, pack)).done
    return number


def test_a_declaration_waits_for_the_rate_and_goes_on_by_itself(pack, days):
    follower = following.Follower(pack)
    follower.look()
    number = registered(pack, days)
    follower.look()
    row = Declaration.objects.get()
    assert (row.state, row.assessed_minor) == (State.REGISTERED, None)
    assert "RATE_OF_EXCHANGE_MISSING" in {finding.code for finding in explained.pending(row, pack)}
    assert [one.number for one in following.unassessed(pack)] == [number]
    assert not following.unassessed(pack, since=row.registered_at).exists()
    # 2.5 krona a dollar: 1,000 dollars are 2,500 krona; 10 % = 250.00, 20 % of 2,750 = 550.00: 800.00 in all.
    rate = dollars(pack)
    assert exchange.enter(rate, pack=pack, by=By("rita")).done
    assert follower.look() == 0, "one person alone lets nothing go on"
    assert Declaration.objects.get().state == State.REGISTERED
    assert exchange.confirm(rate.hash, pack=pack, by=By("lena")).done
    assert follower.look() == 1
    row = Declaration.objects.get()
    assert (row.state, row.assessed_minor) == (State.SELECTED, 80_000)
    assert follower.look() == 0
    assert not following.unassessed(pack).exists()


def test_two_persons_are_needed(pack):
    rate = dollars(pack)
    name = rate.hash
    assert exchange.confirm(name, pack=pack, by=By("lena")).codes == ("FOUR_EYES_NOT_PROPOSED",)
    assert exchange.enter(rate, pack=pack, by=By("lena")).done
    assert exchange.confirm(name, pack=pack, by=By("lena")).codes == ("FOUR_EYES_SAME_PERSON",)
    assert reads.equipped(pack).exchange.rows == pack.exchange.rows
    assert exchange.confirm(name, pack=pack, by=By("leo")).done
    (row,) = reads.equipped(pack).exchange.rows
    assert (row.currency, row.own, row.foreign, row.law.act) == ("USD", 5, 2, "Bank, 1/2026")


@pytest.mark.parametrize("who", ["ann", "igor", "bank", "vet", "nobody", SYSTEM])
def test_only_those_with_the_right_enter_and_confirm(pack, who):
    rate, by = dollars(pack), who if who is SYSTEM else By(who)
    assert not exchange.enter(rate, pack=pack, by=by).done
    assert exchange.enter(rate, pack=pack, by=By("rita")).done
    assert not exchange.confirm(rate.hash, pack=pack, by=by).done
    assert exchange.confirm(rate.hash, pack=pack, by=By("olga")).codes == ("ROLE_HAS_NO_RIGHT",)
    assert reads.equipped(pack) is pack


def test_two_rates_never_serve_one_day(pack):
    rate = dollars(pack)
    exchange.enter(rate, pack=pack, by=By("rita"))
    exchange.confirm(rate.hash, pack=pack, by=By("lena"))
    other = dollars(pack, 3_000_000, date(2026, 12, 31), None)
    assert exchange.enter(other, pack=pack, by=By("rita")).codes == ("RATE_OVERLAPS",)
    later = dollars(pack, 3_000_000, date(2027, 1, 1), None)
    assert exchange.enter(later, pack=pack, by=By("rita")).done
    # Asked again, it is known and nothing is written.
    events = Event.objects.count()
    assert exchange.enter(later, pack=pack, by=By("rita")).done
    assert exchange.confirm(rate.hash, pack=pack, by=By("leo")).findings[0].code == "RATE_KNOWN"
    assert Event.objects.count() == events


def test_two_that_were_entered_side_by_side_are_not_both_confirmed(pack):
    first, second = dollars(pack), dollars(pack, 3_000_000)
    for rate in (first, second):
        assert exchange.enter(rate, pack=pack, by=By("rita")).done
    assert exchange.confirm(first.hash, pack=pack, by=By("lena")).done
    assert exchange.confirm(second.hash, pack=pack, by=By("lena")).codes == ("RATE_OVERLAPS",)


@pytest.mark.parametrize(
    ("says", "code"),
    [
        ({"price_millionths": 0}, "RATE_NOT_POSITIVE"),
        ({"units": 0}, "RATE_NOT_POSITIVE"),
        ({"currency": "KRN"}, "CURRENCY_NOT_KNOWN"),
        ({"currency": "DOLLAR"}, "CURRENCY_NOT_KNOWN"),
        ({"first_day": None}, "RATE_DAYS_MISSING"),
        ({"last_day": date(2025, 1, 1)}, "RATE_DAYS_MISSING"),
    ],
)
def test_a_rate_that_cannot_be_meant_is_refused(pack, says, code):
    given = {
        "currency": "USD",
        "price_millionths": 2_500_000,
        "act": "Bank",
        "first_day": date(2026, 1, 1),
        "last_day": date(2026, 12, 31),
    }
    found = exchange.rate_of(pack, **{**given, **says})
    assert isinstance(found, Finding)
    assert found.code == code


def test_vietnams_law_says_which_week_a_published_rate_serves():
    # Thursday 5 November 2020 serves Monday 9 to Sunday 15.
    vn = packs.load("vn")
    rate = exchange.rate_of(
        vn, currency="EUR", price_millionths=26_900 * 10**6, act="Vietcombank", published=date(2020, 11, 5)
    )
    assert (rate.first_day, rate.last_day) == (date(2020, 11, 9), date(2020, 11, 15))
    friday = exchange.rate_of(
        vn, currency="EUR", price_millionths=26_900 * 10**6, act="Vietcombank", published=date(2020, 11, 6)
    )
    assert friday.code == "RATE_DAY_SERVES_NOTHING"


def test_what_was_assessed_does_not_move_when_a_rate_or_an_edition_comes_in_the_middle_of_a_day(pack, days):
    from thongquan.site.reference.acts import publish

    from .test_editions import edition, row

    follower = following.Follower(pack)
    follower.look()
    rate = dollars(pack)
    exchange.enter(rate, pack=pack, by=By("rita"))
    exchange.confirm(rate.hash, pack=pack, by=By("lena"))
    registered(pack, days)
    follower.look()
    before = list(AssessmentRow.objects.values_list("tax", "payable_minor", "edition"))
    assert before
    days_of = Period(date(2026, 3, 2), date(2026, 12, 31))
    assert publish(edition(row(tax="ENV", period=days_of), first=days_of.first_day), country="tst") == ()
    other = exchange.rate_of(
        pack, currency="EUR", price_millionths=3 * 10**6, act="Bank", first_day=date(2026, 3, 2)
    )
    exchange.enter(other, pack=pack, by=By("rita"))
    exchange.confirm(other.hash, pack=pack, by=By("lena"))
    follower.look()
    follower.sweep()
    assert list(AssessmentRow.objects.values_list("tax", "payable_minor", "edition")) == before
    assert verify_log().faults == ()
    acts = list(Event.objects.filter(subject="rates:tst").order_by("n").values_list("act", "actor"))
    assert acts == [("enter_rate", "rita"), ("confirm_rate", "lena")] * 2


def test_the_alarm_names_what_waits(pack, days, monkeypatch):
    from thongquan.site.config import doctor, health, metrics

    number = registered(pack, days)
    for module in (doctor, health, metrics):
        monkeypatch.setattr("thongquan.site.reference.reads.site_pack", lambda: pack)
        if hasattr(module, "site_pack"):
            monkeypatch.setattr(module, "site_pack", lambda: pack)
        monkeypatch.setattr(module, "UNASSESSED_AFTER", timedelta(days=-3650), raising=False)
    (finding,) = doctor.unassessed().findings
    assert (finding.code, finding.says) == ("ASSESSMENTS_WAIT", {"count": "1", "numbers": number})
    from django.test import RequestFactory

    told = msgspec.json.decode(health.ready(RequestFactory().get("/readyz")).content)
    assert (told["ready"], told["assessments"]) == (True, "ASSESSMENTS_WAIT")
    monkeypatch.setattr(doctor, "UNASSESSED_AFTER", timedelta(days=-3650))
    figures = {name: value for name, _, value in metrics._figures()}
    assert figures["thongquan_unassessed"] == 1


def test_entered_rates_are_listed_newest_first(pack):
    for year in (2026, 2027):
        rate = dollars(pack, first=date(year, 1, 1), last=date(year, 12, 31))
        exchange.enter(rate, pack=pack, by=By("rita"))
    exchange.confirm(rate.hash, pack=pack, by=By("lena"))
    entries = exchange.entries("tst")
    assert [(one.rate.first_day.year, one.by, one.confirmed) for one in entries] == [
        (2027, "rita", True),
        (2026, "rita", False),
    ]
    assert entries[0].at <= clock.now()
    assert exchange.entries("oth") == []
