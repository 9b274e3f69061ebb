"""Every address there is: closed to who brings no key, blind to what is foreign, strict about what it does not know.

The addresses come from Django's own resolver, so a new one without a row in `PLACES` fails.
"""

from __future__ import annotations

import re

import pytest
from django.urls import get_resolver

from thongquan.site.accounts import acts as accounts
from thongquan.site.accounts.models import Token
from thongquan.site.clearance.api_acts import ASKING
from thongquan.site.config.api import ROUTES
from thongquan.site.kit import clock

from .machines import EVERYTHING, START, Machine

OPEN = {"openapi", "api_docs"}
"""What anybody may read: the document and its page."""

PLACES = {
    "lodge": "of nobody", "lodge_many": "of nobody", "receive": "of nobody", "list": "filtered", "show": "of one",
    "versions": "of one", "version": "of one", "differences": "of one", "assessment": "of one",
    "timeline": "of one", "acts": "of one", "selections": "of one", "responses_of": "of one",
    "responses": "filtered", "response": "of one", "acknowledge": "filtered", "webhooks": "filtered",
    "subscribe": "of nobody", "unsubscribe": "of one", "commodity": "of nobody", "calculate": "of nobody",
    "exchange_rates": "of nobody", "enter_rate": "of nobody", "confirm_rate": "of nobody",
    "me": "of nobody", "attach": "of one", "attachments": "of one", "attachment": "of one",
    "preregister": "of nobody", "preregistration": "of one", "register": "of one",
    "receipt": "of one", "proof": "of one", "dues": "of one", "settle_payment": "of one", "penalties": "of nobody",
    "obligations": "filtered", "take_register": "filtered",
    **{str(act): "of one" for act in ASKING},
}  # fmt: skip
"""What each route is about: one thing, which may be foreign; a list, which leaves out what is; or nobody's."""

RAW = {
    "lodge": b"{}",
    "receive": b"{}",
    "preregister": b"{}",
    "lodge_many": b'{"oops":1}\n{"oops":1}',
    "attach": b"%PDF-1.7\n",
}
ASKS = {"attach": "?kind=INVOICE&name=a.pdf"}
"""What a route cannot do without in its question."""


def address(route, number: str) -> str:
    place = re.sub(
        r"\{(\w+)\}", lambda m: number if m[1] in ("number", "identifier", "key") else "1", route.path
    )
    return place + ASKS.get(route.name, "")


def body(route):
    if not route.raw and route.body is None:
        return None
    return RAW.get(route.name, dict(route.example) if route.example else {})


def media(route) -> str:
    return route.raw[0] if route.raw else "application/json"


@pytest.fixture
def number(api) -> str:
    return api("ann").lodge().json["number"]


def test_every_route_has_its_row_and_every_address_its_route():
    assert {route.name for route in ROUTES} == set(PLACES)
    names = {
        pattern.name
        for pattern in get_resolver().url_patterns
        if str(pattern.pattern).startswith(("api", "^api"))
    }
    assert names == {f"api_{name}" for name in PLACES} | OPEN | {"api_elsewhere"}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_without_a_key_nothing_is_told(route, country, db):
    answer = Machine("").ask(route.method, address(route, "26TS0001000001X"), body(route), media=media(route))
    assert (answer.status, answer.code) == (401, "TOKEN_MISSING")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    wrong = Machine("tq_guess").ask(
        route.method, address(route, "26TS0001000001X"), body(route), media=media(route)
    )
    assert (wrong.status, wrong.code) == (401, "TOKEN_REFUSED")


@pytest.mark.parametrize(
    "route", [r for r in ROUTES if PLACES[r.name] == "of one"], ids=lambda route: route.name
)
def test_what_is_foreign_is_answered_as_what_does_not_exist(route, api, number):
    role = "DECLARANT" if not route.right or route.right in ("read_responses", "subscribe") else ""
    accounts.post("far", role or "OFFICER", first_day=START, office="TS0002", trader="TRADER-9")
    for more in ("LEADER", "REVENUE", "INSPECTOR", "SUPERVISOR", "BANK", "AGENCY", "DECLARANT"):
        accounts.post("far", more, first_day=START, office="TS0002", trader="TRADER-9")
    far = api("far")
    foreign = far.ask(route.method, address(route, number), body(route), media=media(route))
    missing = far.ask(route.method, address(route, "26TS0001999999X"), body(route), media=media(route))
    assert foreign.status == missing.status == 404, foreign.json
    assert foreign.content.replace(number.encode(), b"N") == missing.content.replace(b"26TS0001999999X", b"N")


@pytest.mark.parametrize("route", [r for r in ROUTES if r.right], ids=lambda route: route.name)
def test_a_key_without_the_scope_is_refused(route, api, number):
    others = [scope for scope in EVERYTHING if scope != route.right]
    machine = api("olga", scopes=others)
    answer = machine.ask(route.method, address(route, number), body(route), media=media(route))
    assert (answer.status, answer.code) == (403, "SCOPE_LACKS_ACT")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_an_unknown_field_is_an_error_and_so_is_an_unknown_question(route, api, number):
    machine = api("olga")
    place = address(route, number)
    asked = machine.ask(
        route.method, f"{place}{'&' if '?' in place else '?'}oops=1", body(route), media=media(route)
    )
    assert (asked.status, asked.code, asked.json["at"]) == (422, "FIELD_UNKNOWN", "oops")
    if route.body is not None:
        wrong = machine.ask(route.method, address(route, number), {**(route.example or {}), "oops": 1})
        assert (wrong.status, wrong.code, wrong.json["at"]) == (422, "FIELD_UNKNOWN", "oops")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_another_method_is_answered_with_those_there_are(route, api, number):
    answer = api("olga").ask("PATCH", address(route, number))
    assert answer.status == 405
    assert route.method in answer.headers["Allow"]


def test_an_address_that_is_none_is_told_to_nobody_without_a_key(api, country, db):
    assert Machine("").get("/nowhere").status == 401
    assert api("ann").get("/nowhere").code == "NO_SUCH_PLACE"
    assert api("ann").get("/declarations/..%2f..").status == 404


# keys


def test_a_revoked_key_an_ended_post_and_a_closed_account_end_at_the_next_request(api, number):
    from thongquan.site.accounts.models import Client, Posting, User

    olga = api("olga")
    assert olga.get(f"/declarations/{number}").status == 200
    accounts.end_posting(Posting.objects.get(user__username="olga"), START)
    assert olga.get(f"/declarations/{number}").status == 404
    ann = api("ann")
    assert ann.get(f"/declarations/{number}").status == 200
    accounts.revoke_tokens(Client.objects.get(user__username="ann"), clock.now())
    assert ann.get(f"/declarations/{number}").code == "TOKEN_REFUSED"
    rita = api("rita")
    User.objects.filter(username="rita").update(is_active=False)
    assert rita.get("/me").code == "TOKEN_REFUSED"


def test_a_key_ends_by_itself_and_is_kept_as_a_hash_alone(api):
    from datetime import timedelta

    made = accounts.client("ann", "short")
    text = accounts.give_token(
        made, scopes=["read"], now=clock.now() - timedelta(hours=2), life=timedelta(hours=1)
    )
    assert Machine(text).get("/me").code == "TOKEN_REFUSED"
    row = Token.objects.get(client=made)
    assert text not in (row.hash, row.scopes)
    assert accounts.hash_of(text) == row.hash
    for scopes, life in (([], timedelta(1)), (["fly"], timedelta(1)), (["read"], timedelta(999))):
        with pytest.raises(ValueError, match="no key"):
            accounts.give_token(made, scopes=scopes, now=clock.now(), life=life)


def test_a_sandbox_and_a_real_installation_do_not_take_each_others_keys(api, settings):
    trial, real = api("ann", sandbox=True), api("olga")
    assert trial.token.startswith("tqs_")
    assert trial.get("/me").code == "TOKEN_IS_SANDBOX"
    settings.SANDBOX = True
    assert trial.get("/me").status == 200
    assert real.get("/me").code == "TOKEN_IS_REAL"


def test_a_sandbox_gives_numbers_that_no_real_declaration_has():
    from thongquan.site.reference.reads import _site_pack

    real, trial = _site_pack("gb", False), _site_pack("gb", True)
    numbers = [pack.number("GB000060", 2026, 1) for pack in (real, trial)]
    assert numbers[0][2:4] == "GB"
    assert numbers[1][2:4] == "ZZ"
    assert (real.is_number(numbers[0]), real.is_number(numbers[1])) == (True, False)
    assert (trial.is_number(numbers[0]), trial.is_number(numbers[1])) == (False, True)


def test_who_am_i(api):
    told = api("ann", scopes=["lodge", "read", "hold"]).get("/me").json
    assert told["user"] == "ann"
    assert told["scopes"] == ["hold", "lodge", "read"]
    assert told["acts"] == ["lodge", "read"]


def test_a_client_that_runs_wild_waits(api, monkeypatch):
    from thongquan.site.config.api import api as door
    from thongquan.site.kit.http_limits import Limit

    now = [0.0]
    monkeypatch.setattr(door, "clients", Limit(2, lambda: now[0]))
    ann = api("ann")
    assert [ann.get("/me").status for _ in range(3)] == [200, 200, 429]
    assert ann.get("/me").headers["Retry-After"] == "30"
    now[0] = 31.0
    assert ann.get("/me").status == 200


def test_who_guesses_keys_waits(api, monkeypatch):
    from thongquan.site.config.api import api as door
    from thongquan.site.kit.http_limits import Limit

    monkeypatch.setattr(door, "guesses", Limit(3, lambda: 0.0))
    assert [Machine(f"tq_{n}").get("/me").status for n in range(4)] == [401, 401, 401, 429]
