"""Everything that stands open, by machine: of what its reader may read, by legal day, page by page."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from thongquan.engine.dated import Period
from thongquan.engine.timing.calendar import Unit, WorkingCalendar
from thongquan.packs.pack import Deadline
from thongquan.site.clearance import journey
from thongquan.site.clearance.models import Obligation
from thongquan.site.kit import clock

from ..country import LAW, SYSTEM


@pytest.fixture
def timed(country):
    """The invented country gives thirty days for an analysis, every day of the week the same."""
    country.deadlines["analysis"] = (Deadline(30, Unit.DAY, LAW),)
    zone = ZoneInfo(country.zone)
    always = Period(date(2020, 1, 1))
    country.__dict__["calendars"] = (WorkingCalendar("every day", zone, always, (((480, 1020),),) * 7, {}),)
    return country


@pytest.fixture
def number(api, timed) -> str:
    """One declaration with three samples away and its tax unpaid."""
    number = api("ann").lodge().json["number"]
    for step in (journey.accept, journey.assess, journey.select):
        done = step(number=number, pack=timed, by=SYSTEM, key=f"{number}/{step.__name__}", at=clock.now())
        assert done.done, done.reasons
    for place in range(3):
        sample = {"reference": f"PT-{place}", "sample": "2 kg", "laboratory": "KD"}
        assert api("igor").act(number, "take_sample", sample).status == 200
    return number


def test_what_stands_open_is_listed_by_legal_day(api, number, timed):
    told = api("ann").get("/obligations").json["obligations"]
    assert [(one["kind"], one.get("reference", ""), one["owner"]) for one in told] == [
        ("ANALYSIS", "PT-0", "CUSTOMS"),
        ("ANALYSIS", "PT-1", "CUSTOMS"),
        ("ANALYSIS", "PT-2", "CUSTOMS"),
        ("PAYMENT", "", "TRADER"),
    ]
    first = told[0]
    today = timed.legal_day(clock.now())
    assert first["due_day"] == (today + timedelta(days=30)).isoformat()
    assert first["law"] == "1/2020, art. 1"
    assert first["number"] == number
    assert "due_day" not in told[3]
    assert not any(one.get("overdue") for one in told)


def test_filters_narrow_the_list(api, number, timed):
    ann = api("ann")

    def kinds(query: str) -> list[str]:
        return [one["kind"] for one in ann.get(f"/obligations?{query}").json["obligations"]]

    today = timed.legal_day(clock.now())
    assert kinds("owner=TRADER") == ["PAYMENT"]
    assert kinds("kind=ANALYSIS") == ["ANALYSIS"] * 3
    assert kinds(f"due_before={today + timedelta(days=30)}") == []
    assert kinds(f"due_before={today + timedelta(days=31)}") == ["ANALYSIS"] * 3
    assert kinds("overdue=true") == []
    assert kinds(f"text={number}") == ["ANALYSIS", "ANALYSIS", "ANALYSIS", "PAYMENT"]
    assert kinds("office=XX") == []
    assert ann.get("/obligations?kind=NONE").status == 422


def test_what_is_late_is_marked(api, number):
    late = Obligation.objects.get(reference="PT-1")
    Obligation.objects.filter(pk=late.pk).update(due_at=clock.now() - timedelta(days=1))
    told = api("olga").get("/obligations?overdue=true").json["obligations"]
    assert [(one["reference"], one["overdue"]) for one in told] == [("PT-1", True)]


def test_pages_are_told_by_a_cursor_that_outlives_what_it_stood_on(api, number):
    olga = api("olga")
    first = olga.get("/obligations?limit=2").json
    assert [one["reference"] for one in first["obligations"]] == ["PT-0", "PT-1"]
    done = {"reference": "PT-1", "outcome": "CONFORMS"}
    assert olga.act(number, "report_analysis", done).status == 200
    rest = olga.get(f"/obligations?limit=2&after={first['next']}").json
    assert [one["kind"] for one in rest["obligations"]] == ["ANALYSIS", "PAYMENT"]
    assert "next" not in rest
    assert olga.get("/obligations?after=999999").code == "CURSOR_UNKNOWN"


def test_what_is_foreign_is_not_there(api, number):
    from thongquan.site.accounts import acts as accounts

    accounts.post("eve", "DECLARANT", first_day=date(2020, 1, 1), trader="OTHER")
    accounts.post("far", "OFFICER", first_day=date(2020, 1, 1), office="TS0009")
    mine = Obligation.objects.order_by("id").first()
    for user in ("eve", "far"):
        assert api(user).get("/obligations").json == {"obligations": []}
        assert api(user).get(f"/obligations?after={mine.pk}").code == "CURSOR_UNKNOWN"


def test_every_act_of_these_matters_goes_by_machine(api, number):
    olga, lena = api("olga"), api("lena")
    doubt = {"reference": "TV-1", "reason": "x", "security_minor": 50_00}
    assert olga.act(number, "doubt_value", doubt).status == 200
    assert (
        olga.act(number, "invite_consultation", {"reference": "TV-1", "hearing_day": "2026-12-01"}).status
        == 200
    )
    heard = {"reference": "TV-1", "outcome": "NOT_ACCEPTED"}
    assert olga.act(number, "record_consultation", heard).code == "VALUE_METHOD_MISSING"
    assert olga.act(number, "record_consultation", {**heard, "method": "2"}).status == 200
    decision = {"decision": "QD-1", "reason": "x", "kind": "VALUE_CONSULTATION"}
    proposal = {"act": "impose_tax", "content": decision}
    assert olga.act(number, "propose", proposal).status == 200
    # The value was not amended, so the tax is the same: there is nothing to impose.
    assert lena.act(number, "impose_tax", decision).code == "IMPOSES_NOTHING"
