"""Pre-registering over HTTP, and registering what was pre-registered."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from thongquan.engine.access.decide import EVERY
from thongquan.engine.dated import Period
from thongquan.engine.findings import LegalRef
from thongquan.engine.formats import json_lines, wco
from thongquan.engine.lifecycle.declaration import Role
from thongquan.engine.timing.calendar import Unit
from thongquan.packs.pack import Deadline
from thongquan.site.accounts import acts as accounts
from thongquan.site.clearance.models import Declaration
from thongquan.site.kit import clock
from thongquan.site.papers.models import Draft

from ..country import original
from .machines import served_by


def message(**fields) -> bytes:
    return json_lines.write_json(original(**fields))


@pytest.fixture
def seven_days(country, monkeypatch):
    """The invented country with seven days for a draft."""
    week = Deadline(7, Unit.DAY, LegalRef("T/1"), False, Period(date.min))
    made = replace(country, deadlines={"draft_valid": (week,)})
    for module in served_by():
        monkeypatch.setattr(module, "site_pack", lambda: made)
    return made


def test_every_computed_field_comes_back_and_nothing_is_lodged(api):
    answer = api("ann").post("/preregistrations", message(), media="application/json")
    assert answer.status == 201
    told = answer.json
    assert answer.headers["Location"] == f"/api/v1/preregistrations/{told['key']}"
    # 1,000 krona: 12 % = 120; 20 % of 1,120 = 224
    assert told["payable_minor"] == told["due_now_minor"] == 344_00
    assert [tax["payable_minor"] for tax in told["lines"][0]["taxes"]] == [120_00, 224_00]
    assert told["lines"][0]["customs_value_minor"] == 1_000_00
    assert (told["ready"], told["national_count"]) == (True, 1)
    assert not Declaration.objects.exists()
    assert Draft.objects.get().key == told["key"]


def test_the_same_request_again_keeps_one_draft(api):
    ann = api("ann")
    first = ann.post("/preregistrations", message(), media="application/json", key="preregistration-1").json
    again = ann.post("/preregistrations", message(), media="application/json", key="preregistration-1").json
    assert again["key"] == first["key"]
    assert Draft.objects.count() == 1


def test_what_was_pre_registered_is_registered_once_and_as_it_came(api):
    ann = api("ann")
    sent = wco.write_dec(wco.Message(wco.Kind.ORIGINAL, original()))
    key = ann.post("/preregistrations", sent, media="application/xml").json["key"]
    answer = ann.post(f"/preregistrations/{key}/registration")
    again = ann.post(f"/preregistrations/{key}/registration")
    assert (answer.status, answer.json["state"]) == (201, "LODGED")
    assert again.json["number"] == answer.json["number"]
    assert again.json["replay"]
    row = Declaration.objects.get()
    assert bytes(row.versions.get().message.content) == sent


def test_a_draft_is_its_owners_alone(api):
    key = api("ann").post("/preregistrations", message(), media="application/json").json["key"]
    accounts.post("other", Role.DECLARANT, first_day=date(2020, 1, 1), office=EVERY, trader=EVERY)
    assert api("other").get(f"/preregistrations/{key}").code == "DRAFT_UNKNOWN"
    assert api("other").post(f"/preregistrations/{key}/registration").code == "DRAFT_UNKNOWN"
    assert not Declaration.objects.exists()


def test_a_draft_that_is_looked_at_again_is_computed_again(api):
    ann = api("ann")
    key = ann.post("/preregistrations", message(), media="application/json").json["key"]
    assert ann.get(f"/preregistrations/{key}").json["payable_minor"] == 344_00


def test_a_draft_lives_as_long_as_the_law_says(api, seven_days):
    ann = api("ann")
    told = ann.post("/preregistrations", message(), media="application/json").json
    today = seven_days.legal_day(clock.now())
    assert told["valid_until"] == (today + timedelta(days=7)).isoformat()
    Draft.objects.update(changed_at=clock.now() - timedelta(days=7))
    assert ann.get(f"/preregistrations/{told['key']}").json["valid_until"] == today.isoformat()
    Draft.objects.update(changed_at=clock.now() - timedelta(days=8))
    late = ann.post(f"/preregistrations/{told['key']}/registration")
    assert (late.status, late.code) == (422, "DRAFT_EXPIRED")
    assert not Declaration.objects.exists()
    Draft.objects.update(changed_at=clock.now() - timedelta(days=7))
    assert ann.post(f"/preregistrations/{told['key']}/registration").status == 201


def test_what_cannot_be_read_is_named_and_not_kept(api):
    answer = api("ann").post("/preregistrations", b'{"goods_items": 3}', media="application/json")
    assert answer.status == 422
    assert not Draft.objects.exists()


def test_an_unknown_draft_is_not_there(api):
    assert api("ann").get("/preregistrations/nothing").code == "DRAFT_UNKNOWN"
