"""What machines read and do: acts with their reasons, versions that do not pass unseen, nothing that is not theirs."""

from __future__ import annotations

import json

import msgspec
import pytest
from django.apps import apps

from thongquan.engine.declaration import Party
from thongquan.engine.formats import json_lines
from thongquan.engine.lifecycle.declaration import DECLARATION
from thongquan.site.accounts.classes import CLASSES, class_of_fact, classes
from thongquan.site.clearance import journey
from thongquan.site.clearance.api_acts import ASKING
from thongquan.site.kit import clock

from ..country import SYSTEM, original


@pytest.fixture
def number(api) -> str:
    return api("ann").lodge().json["number"]


def driven(api, pack, number: str) -> None:
    """Registered, assessed, selected: what the automatic processing does."""
    for step in (journey.accept, journey.assess, journey.select):
        answer = step(number=number, pack=pack, by=SYSTEM, key=f"{number}/{step.__name__}", at=clock.now())
        assert answer.done, answer.reasons


def test_a_whole_life_over_http(api, country):
    ann, olga, bank = api("ann"), api("olga"), api("bank")
    number = ann.lodge().json["number"]
    driven(api, country, number)
    assert ann.get(f"/declarations/{number}").json["channel"] == "GREEN"
    paid = bank.act(number, "pay", {"paid_minor": 344_00, "source": "B", "reference": "1", "treasury": "T"})
    assert paid.status == 200, paid.json
    cleared = olga.act(number, "clear", {})
    assert (cleared.status, cleared.json["state"]) == (200, "CLEARED")
    gone = api("gate").act(number, "exit", {})
    assert gone.status == 200
    assert ann.get(f"/declarations/{number}").json["goods"] == "PASSED"
    sums = ann.get(f"/declarations/{number}/assessment").json
    # 1,000 krona, after July 2026: duty 12 % is 120, VAT 20 % of 1,120 is 224
    assert [(tax["tax"], tax["payable_minor"]) for tax in sums["taxes"]] == [("DTY", 120_00), ("VAT", 224_00)]
    assert sums["taxes"][0]["trace"]


def test_an_act_that_is_closed_says_every_reason_and_changes_nothing(api, number):
    answer = api("olga").act(number, "clear", {})
    assert (answer.status, answer.code) == (409, "ACT_NOT_FROM_STATE")
    assert api("ann").get(f"/declarations/{number}").headers["ETag"] == '"1"'


def test_what_an_act_lacks_is_told_at_its_place(api, number):
    answer = api("olga").act(number, "hold", {"reference": "H"})
    assert (answer.status, answer.code, answer.json["at"]) == (422, "FIELD_MISSING", "reason")
    wrong = api("olga").act(number, "hold", {"reference": "H" * 101, "reason": "x"})
    assert (wrong.status, wrong.code, wrong.json["at"]) == (422, "FIELD_OUT_OF_BOUNDS", "reference")
    hidden = api("olga").act(number, "hold", {"reference": "H\u200b1", "reason": "x"})
    assert hidden.status == 422
    nul = api("olga").act(number, "hold", {"reference": "H", "reason": "a\u0000b"})
    assert nul.status == 422


def test_a_version_that_passed_unseen_is_refused_with_what_happened(api, number):
    olga = api("olga")
    assert olga.act(number, "accept", {}, HTTP_IF_MATCH='"1"').status == 200
    late = olga.act(number, "hold", {"reference": "H", "reason": "x"}, HTTP_IF_MATCH='"1"')
    assert (late.status, late.code) == (412, "CHANGED_MEANWHILE")
    assert [(one["n"], one["act"]) for one in late.json["changed"]] == [(2, "accept")]
    assert late.headers["ETag"] == '"2"'
    assert olga.act(number, "hold", {"reference": "H", "reason": "x"}, HTTP_IF_MATCH='"2"').status == 200
    assert olga.act(number, "hold", {}, HTTP_IF_MATCH="yes").code in ("IF_MATCH_MALFORMED", "FIELD_MISSING")


def test_an_act_is_done_once_under_its_key(api, number):
    olga = api("olga")
    first = olga.act(number, "hold", {"reference": "H", "reason": "x"}, key="hold-key-1")
    again = olga.act(number, "hold", {"reference": "H", "reason": "x"}, key="hold-key-1")
    assert again.headers["Idempotent-Replay"] == "true"
    assert first.json["receipt"] == again.json["receipt"]


def test_every_act_of_the_lifecycle_has_a_route():
    assert {*ASKING, "lodge", "prelodge"} == set(DECLARATION.acts)


def test_what_may_be_done_now_is_told_with_the_reasons_of_the_rest(api, number):
    told = {one["act"]: one for one in api("olga").get(f"/declarations/{number}/acts").json["acts"]}
    assert told["accept"]["open"]
    assert not told["clear"]["open"]
    assert [reason["code"] for reason in told["lift_hold"]["reasons"]] == ["ROLE_HAS_NO_RIGHT"]


# versions and differences


def test_versions_and_what_differs_between_them(api, number):
    ann = api("ann")
    changed = json.loads(json_lines.write_json(original(value=2_000)))
    amended = ann.act(number, "amend", {"change": changed, "reason": "sai"})
    assert amended.status == 200, amended.json
    assert [one["version"] for one in ann.get(f"/declarations/{number}/versions").json["versions"]] == [1, 2]
    told = ann.get(f"/declarations/{number}/differences").json
    assert [(one["path"], one["after"]) for one in told["differences"]] == [
        ("goods_items[1].item_charge.millionths", 2_000_000_000)
    ] or told["differences"][0]["path"].startswith("goods_items[1].item_charge")
    assert ann.get(f"/declarations/{number}/versions/2").json["version"] == 2
    assert ann.get(f"/declarations/{number}/versions/3").code == "VERSION_UNKNOWN"
    assert ann.get(f"/declarations/{number}/differences?earlier=1&later=9").code == "VERSION_UNKNOWN"


# lists


def test_a_list_goes_on_where_the_page_before_ended(api):
    ann = api("ann")
    numbers = [ann.lodge(original(f"R-{n}")).json["number"] for n in range(5)]
    first = ann.get("/declarations?limit=2").json
    second = ann.get(f"/declarations?limit=2&after={first['next']}").json
    third = ann.get(f"/declarations?limit=2&after={second['next']}").json
    seen = [one["number"] for page in (first, second, third) for one in page["declarations"]]
    assert seen == numbers[::-1]
    assert "next" not in third
    assert ann.get("/declarations?after=NONE").code == "CURSOR_UNKNOWN"
    assert [one["number"] for one in ann.get("/declarations?text=R-3").json["declarations"]] == [numbers[3]]
    assert ann.get("/declarations?state=CLEARED").json["declarations"] == []
    assert ann.get("/declarations?limit=0").status == 422
    assert ann.get("/declarations?limit=2&limit=3").code == "FIELD_TWICE"


# what is not theirs to know


def test_a_declarant_learns_the_channel_and_nothing_of_why(api, country, number):
    driven(api, country, number)
    ann, olga = api("ann"), api("olga")
    mine = {one["act"]: one for one in ann.get(f"/declarations/{number}/timeline").json["events"]}
    theirs = {one["act"]: one for one in olga.get(f"/declarations/{number}/timeline").json["events"]}
    assert mine["select"]["says"] == {"channel": "GREEN"}
    assert "draw_ppm" in theirs["select"]["says"]
    assert "actor" not in mine["select"]
    assert mine["lodge"]["actor"] == "ann"
    assert theirs["lodge"]["actor"] == "ann"
    assert ann.get(f"/declarations/{number}/selections").status == 404
    assert olga.get(f"/declarations/{number}/selections").json["selections"][0]["channel"] == "GREEN"


def test_a_proposal_of_the_office_is_the_offices(api, country):
    ann, lena = api("ann"), api("lena")
    number = ann.lodge(original(commodity="99999999")).json["number"]
    driven(api, country, number)
    content = {"channel": "YELLOW", "reason": "secret reason"}
    assert lena.act(number, "propose", {"act": "lower_channel", "content": content}).status == 200
    alone = lena.act(number, "lower_channel", content)
    assert (alone.status, alone.code) == (403, "FOUR_EYES_SAME_PERSON")
    assert api("leo").act(number, "lower_channel", content).status == 200
    assert "secret reason" not in ann.get(f"/declarations/{number}/timeline").content.decode()
    assert "secret reason" in lena.get(f"/declarations/{number}/timeline").content.decode()


def test_what_another_declaration_is_called_is_not_told_to_a_stranger(api):
    ann = api("ann")
    first = ann.lodge(original("R-1", bill="B-1")).json["number"]
    # an agent declares the same goods of the same importer for himself
    other = msgspec.structs.replace(original("R-2", bill="B-1"), declarant=Party(id="TRADER-2"))
    second = ann.lodge(other).json["number"]
    from thongquan.site.accounts import acts as accounts

    from .machines import START

    accounts.post("two", "DECLARANT", first_day=START, trader="TRADER-2")
    two = api("two")
    for path in ("", "/acts", "/timeline"):
        told = two.get(f"/declarations/{second}{path}").content.decode()
        assert first not in told, path
    assert first in api("olga").get(f"/declarations/{second}").content.decode()


def test_every_stored_field_and_every_fact_of_an_act_has_its_class():
    fields = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if model.__module__.startswith("thongquan")
        for field in model._meta.concrete_fields
    }
    known = {name for name in classes() if not name.startswith("says.")}
    assert known == fields, (sorted(fields - known), sorted(known - fields))
    assert set(classes().values()) <= set(CLASSES)
    needed = {(step.act, name) for step in DECLARATION.steps for name in step.needs}
    unknown = {n for a, n in needed if f"says.*.{n}" not in classes() and f"says.{a}.{n}" not in classes()}
    assert unknown == set()
    assert class_of_fact("lodge", "something new") == "risk-secret"


# the queue


def test_each_client_takes_its_responses_once(api, number):
    ann = api("ann")
    waiting = ann.get("/responses").json["responses"]
    assert [(one["number"], one["kind"]) for one in waiting] == [(number, "RECEIVED")]
    identifier = waiting[0]["identifier"]
    assert ann.get(f"/responses/{identifier}").headers["Content-Type"] == "application/xml"
    taken = ann.ask("POST", "/responses/acknowledgements", {"identifiers": [identifier, "none"]}, key=None)
    assert taken.json == {"acknowledged": 1}
    assert ann.get("/responses").json["responses"] == []
    assert ann.get(f"/declarations/{number}/responses").json["responses"] != []
    assert api("olga").get("/responses").json["responses"] != []  # another client has its own queue


# tariff


def test_a_code_is_looked_up_as_of_a_day(api):
    ann = api("ann")
    before = ann.get("/tariff/10101010?day=2026-06-30").json
    after = ann.get("/tariff/10101010?day=2026-07-01").json
    assert [row["last_day"] for row in before["measures"] if row["tax"] == "DTY"] == ["2026-06-30"]
    assert [row["first_day"] for row in after["measures"] if row["tax"] == "DTY"] == ["2026-07-01"]
    assert ann.get("/tariff/55555555").code == "COMMODITY_NOT_IN_FORCE"
    assert ann.get("/tariff/10101010?day=0001-01-01").code == "DAY_OUT_OF_REACH"


def test_a_calculation_stores_nothing(api):
    from thongquan.site.clearance.models import Declaration

    declared = json.loads(json_lines.write_json(original()))
    told = api("ann").post("/calculations", {"declaration": declared, "day": "2026-03-02"}).json
    assert told["payable_minor"] == 320_00
    later = api("ann").post("/calculations", {"declaration": declared, "day": "2026-07-01"}).json
    assert later["payable_minor"] == 120_00 + 224_00  # 12 % of 1,000; 20 % of 1,120
    assert not Declaration.objects.exists()


# faults


def test_a_busy_database_says_when_to_ask_again(api, number, monkeypatch):
    from thongquan.site.kit.act import Busy

    def busy(**_):
        raise Busy("locked")

    from thongquan.site.clearance import reads

    monkeypatch.setattr(reads, "found", lambda *a, **k: busy())
    answer = api("ann").get(f"/declarations/{number}")
    assert (answer.status, answer.code) == (503, "BUSY")
    assert answer.headers["Retry-After"] == "2"


def test_a_fault_of_ours_tells_nothing_of_itself(api, number, monkeypatch):
    from thongquan.site.clearance import reads

    def broken(*_, **__):
        raise RuntimeError("inside")

    monkeypatch.setattr(reads, "found", broken)
    answer = api("ann").get(f"/declarations/{number}")
    assert (answer.status, answer.code) == (500, "FAULT_OF_OURS")
    assert "inside" not in answer.content.decode()
