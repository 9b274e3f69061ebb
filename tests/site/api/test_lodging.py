"""Lodging over HTTP: in every format, once, with every finding at its place."""

from __future__ import annotations

import io
import json

import pytest

from thongquan.engine.formats import json_lines, tables, wco
from thongquan.site.accounts import acts as accounts
from thongquan.site.clearance.models import Declaration

from ..country import original
from .machines import START


def test_a_declaration_in_json_gets_its_number_version_and_receipt(api):
    answer = api("ann").lodge()
    assert answer.status == 201
    told = answer.json
    assert told["state"] == "LODGED"
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Location"] == f"/api/v1/declarations/{told['number']}"
    assert told["signed_receipt"].startswith("thongquan-receipt-v1\n")
    assert told["number"] in told["signed_receipt"]
    assert Declaration.objects.get().number == told["number"]


def test_the_same_in_xml(api):
    written = wco.write_dec(wco.Message(wco.Kind.ORIGINAL, original()))
    answer = api("ann").post("/declarations", written, media="application/xml")
    assert answer.status == 201
    assert answer.json["state"] == "LODGED"


def table(kind: str, *declarations) -> bytes:
    write = {"csv": tables.write_csv, "xlsx": tables.write_xlsx}[kind]
    out = io.BytesIO()
    write(declarations, out)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_same_in_a_table(api, kind):
    answer = api("ann").post("/declarations", table(kind, original()), media="application/octet-stream")
    assert answer.status == 201, answer.json


def test_the_same_key_gets_the_same_answer_and_is_told_so(api):
    ann = api("ann")
    first = ann.lodge(key="my-key-1")
    again = ann.lodge(key="my-key-1")
    assert again.status == 201
    assert again.headers["Idempotent-Replay"] == "true"
    assert {**again.json, "replay": False} == {**first.json, "replay": False}
    assert Declaration.objects.count() == 1


def test_another_body_under_the_same_key_is_refused(api):
    ann = api("ann")
    ann.lodge(key="my-key-1")
    other = ann.lodge(original(value=2_000), key="my-key-1")
    assert (other.status, other.code) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_a_write_without_a_key_or_with_a_bad_one_is_refused(api):
    assert (api("ann").lodge(key=None).status, api("ann").lodge(key=None).code) == (
        400,
        "IDEMPOTENCY_KEY_MISSING",
    )
    assert api("ann").lodge(key="short").code == "IDEMPOTENCY_KEY_MALFORMED"
    assert api("ann").lodge(key="with a space").code == "IDEMPOTENCY_KEY_MALFORMED"
    assert api("ann").lodge(key='"quoted-key"').status == 201


def test_every_finding_is_listed_with_place_and_remedy_in_the_readers_language(api):
    body = json.loads(json_lines.write_json(original()))
    body["wrong"], body["goods_items"][0]["gross_mass"] = 1, {"unit": "KGM"}
    for language, word in (("en", "Content"), ("vi", "Nội dung")):
        ann = api("ann")
        ann.language = f"{language};q=0.9, fr"
        answer = ann.post("/declarations", body)
        assert answer.status == 422
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Content-Language"] == language
        told = answer.json
        assert [(f["code"], f["at"]) for f in told["findings"]] == [
            ("FIELD_MISSING", "goods_items[1].gross_mass.millionths"),
            ("FIELD_UNKNOWN", "wrong"),
        ]
        assert all(f["remedy"] and f["message"] for f in told["findings"])
        assert told["title"].startswith("The content" if language == "en" else word)
        assert "<FunctionCode>3</FunctionCode>" in told["response"] or "Response" in told["response"]


def test_a_used_reference_is_a_conflict_that_names_the_first(api):
    ann = api("ann")
    first = ann.lodge().json["number"]
    answer = ann.lodge(original(value=5))
    assert (answer.status, answer.code) == (409, "DUPLICATE_REFERENCE")
    assert first in answer.json["detail"]


def test_whoever_may_not_declare_for_the_trader_learns_nothing(api):
    api("ann").lodge()
    accounts.post("own", "DECLARANT", first_day=START, trader="TRADER-9")
    answer = api("own").lodge()
    assert (answer.status, answer.code) == (403, "NOT_YOUR_DECLARATION")
    assert "26TS" not in answer.content.decode()


@pytest.mark.parametrize(
    ("change", "code", "at"),
    [
        ({"functional_reference_id": "R" * 60}, "REFERENCE_UNTELLABLE", "functional_reference_id"),
        ({"declaration_office_id": "NOWHERE-ELSE"}, "OFFICE_UNKNOWN", "declaration_office_id"),
        ({"declarant": {"id": "T" * 65}}, "TRADER_TOO_LONG", "declarant.id"),
        ({"type_code": "XXX"}, "NOT_AN_ORIGINAL", "type_code"),
    ],
)
def test_what_no_number_can_be_given_to_is_refused_at_its_place(api, change, code, at):
    body = {**json.loads(json_lines.write_json(original())), **change}
    answer = api("ann").post("/declarations", body)
    assert answer.status == 422, answer.json
    assert (answer.code, answer.json["at"]) == (code, at)


def test_what_is_too_large_unmeasured_or_of_another_kind_is_refused_before_it_is_read(api, country):
    ann = api("ann")
    assert ann.post("/declarations", b"{}", media="text/html").status == 415
    assert ann.post("/declarations", b"{}", CONTENT_LENGTH="20000001").status == 413
    assert ann.post("/declarations", b"", CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked").status in (
        411,
        415,
    )
    assert ann.post("/declarations", b"[1", media="application/json").status == 422


# thousands


def ndjson(*declarations) -> bytes:
    return b"\n".join(json_lines.write_json(one) for one in declarations)


def test_each_of_a_bulk_has_its_own_result_in_the_order_of_the_file(office):
    ann = office("ann")
    lines = [original("R-1"), original("R-2"), original("R-1", value=7), original("R-3")]
    body = ndjson(*lines) + b'\n{"oops": 1}\nnot json\n'
    answer = ann.post("/declarations/bulk", body, media="application/x-ndjson", key="bulk-key-1")
    assert answer.status == 200
    told = answer.json
    assert (told["lodged"], told["refused"]) == (3, 3)
    assert [(item["place"], item["status"]) for item in told["items"]] == [
        ("line 1", 201), ("line 2", 201), ("line 3", 409), ("line 4", 201), ("line 5", 422), ("line 6", 422),
    ]  # fmt: skip
    assert told["items"][2]["findings"][0]["code"] == "DUPLICATE_REFERENCE"
    assert told["signed_receipt"].count("26TS0001") == 3
    again = ann.post("/declarations/bulk", body, media="application/x-ndjson", key="bulk-key-1").json
    assert [item.get("replay", False) for item in again["items"]] == [True, True, False, True, False, False]
    assert Declaration.objects.count() == 3


def test_a_table_of_many_is_a_bulk_too(office):
    written = table("csv", original("R-1"), original("R-2", trader="TRADER-2"))
    answer = office("ann").post("/declarations/bulk", written, media="text/csv")
    assert [item["status"] for item in answer.json["items"]] == [201, 201], answer.json


def test_a_file_of_which_nothing_can_be_made_is_one_refused_item(api):
    for data in (b'{"oops": 1}', b"<a/>", b"\x00\x01", b"PK\x03\x04broken", b""):
        answer = api("ann").post("/declarations/bulk", data, media="application/octet-stream")
        if data:
            assert (answer.status, answer.json["lodged"], answer.json["refused"]) == (200, 0, 1), data
            assert answer.json["items"][0]["status"] == 422


def test_a_bulk_of_too_many_tells_what_was_lodged_and_where_it_stopped(office, monkeypatch):
    from thongquan.site.clearance import api

    monkeypatch.setattr(api, "MAX_LODGED", 2)
    body = b"\n".join(json_lines.write_json(original(f"M{n}")) for n in range(5))
    told = office("ann").post("/declarations/bulk", body, media="application/x-ndjson").json
    assert (told["lodged"], told["refused"]) == (2, 1)
    assert [item["place"] for item in told["items"]] == ["line 1", "line 2", "line 3"]
    assert [finding["code"] for finding in told["items"][2]["findings"]] == ["TOO_MANY_DECLARATIONS"]
    assert Declaration.objects.count() == 2


def test_a_bulk_of_hundreds_is_written_in_parts(office):
    body = ndjson(*(original(f"R-{n}") for n in range(1_201)))
    told = office("ann").post("/declarations/bulk", body, media="application/x-ndjson").json
    assert told["lodged"] == 1_201
    assert len({item["number"] for item in told["items"]}) == Declaration.objects.count() == 1_201


# follow-ups by message


def test_a_message_does_what_it_asks_for(api):
    ann = api("ann")
    number = ann.lodge().json["number"]
    olga = api("olga")
    assert olga.act(number, "accept", {}).status == 200
    change = {"function_code": "13", "type_code": "INV", "declaration_id": number,
              "functional_reference_id": "F-1"}  # fmt: skip
    answer = ann.post("/messages", change)
    assert (answer.status, answer.json.get("act")) in ((200, "request_cancel"), (422, None)), answer.json
    foreign = {**change, "declaration_id": "26TS0001999999X"}
    assert ann.post("/messages", foreign).code == "UNKNOWN_DECLARATION"


@pytest.mark.parametrize("ended", ["key", "account"])
def test_a_key_or_account_that_ends_between_two_lodgements_lodges_no_second(api, ended):
    from thongquan.site.accounts.models import Client, User
    from thongquan.site.kit import clock

    ann = api("ann")
    assert ann.lodge(original("R-1")).status == ann.lodge(original("R-2")).status == 201
    if ended == "key":
        accounts.revoke_tokens(Client.objects.get(user__username="ann"), clock.now())
    else:
        User.objects.filter(username="ann").update(is_active=False)
    answer = ann.lodge(original("R-3"))
    assert (answer.status, answer.code) == (401, "TOKEN_REFUSED")
    assert answer.headers["WWW-Authenticate"]
    assert set(Declaration.objects.values_list("functional_reference", flat=True)) == {"R-1", "R-2"}


def test_a_lodgement_is_refused_alike_whether_its_key_was_just_used_or_not(api):
    ann = api("ann")
    first = ann.post("/declarations", b'{"oops": 1}')
    assert first.status == 422
    assert ann.lodge(original("R-1")).status == 201
    again = ann.post("/declarations", b'{"oops": 1}')
    assert (again.status, again.json) == (first.status, first.json)
    twice = ann.lodge(original("R-1"))
    assert (twice.status, twice.code) == (409, "DUPLICATE_REFERENCE")
