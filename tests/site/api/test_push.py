"""News go where they were asked for: signed, once where all is well, again where it is not, and never inwards."""

from __future__ import annotations

import hmac
import json
from datetime import timedelta
from hashlib import sha256

import pytest

from thongquan.site.accounts import acts as accounts
from thongquan.site.clearance import push
from thongquan.site.clearance.models import Delivery, Subscription
from thongquan.site.kit import clock

from ..country import original
from .machines import START

URL = "https://hooks.example/customs"


@pytest.fixture(autouse=True)
def names(monkeypatch):
    """The name leads to a public address; nobody is really asked."""
    known = {
        "hooks.example": ["93.184.215.14"],
        "inner.example": ["10.0.0.7"],
        "both.example": ["93.184.215.14", "127.0.0.1"],
        "mapped.example": ["::ffff:169.254.169.254"],
        "link.example": ["fe80::1%eth0"],
    }

    def found(host, port, **_):
        if host not in known:
            raise OSError
        return [(0, 0, 0, "", (address, port)) for address in known[host]]

    monkeypatch.setattr(push.socket, "getaddrinfo", found)


class Receiver:
    def __init__(self, *statuses: int) -> None:
        self.statuses, self.got = list(statuses), []

    def __call__(self, url, body, headers):
        self.got.append((url, body, headers))
        return self.statuses.pop(0) if self.statuses else 200


def subscribed(machine, url: str = URL) -> dict:
    answer = machine.ask("POST", "/webhooks", {"url": url}, key=None)
    assert answer.status == 201, answer.json
    return answer.json


def test_news_arrives_signed_and_once(api):
    ann = api("ann")
    secret = subscribed(ann)["secret"]
    number = ann.lodge().json["number"]
    receiver = Receiver()
    assert push.push_once(receiver) == push.Pushed(1, 1, 0, 0, 0)
    assert push.push_once(receiver) == push.Pushed(0, 0, 0, 0, 0)
    ((url, body, headers),) = receiver.got
    told = json.loads(body)
    assert (url, told["subject"], told["topic"], told["n"]) == (URL, number, "declaration.lodge", 1)
    moment, signature = (part.partition("=")[2] for part in headers["Thongquan-Signature"].split(","))
    assert hmac.new(secret.encode(), f"{moment}.".encode() + body, sha256).hexdigest() == signature


def test_nobody_is_told_of_what_he_may_not_read(api):
    accounts.post("own", "DECLARANT", first_day=START, trader="TRADER-9")
    subscribed(api("own"))
    api("ann").lodge()
    receiver = Receiver()
    assert push.push_once(receiver).delivered == 0
    assert receiver.got == []


def test_a_receiver_that_fails_is_asked_again_later_and_given_up_at_last(api):
    ann = api("ann")
    subscribed(ann)
    ann.lodge()
    receiver = Receiver(500, 0, 302)
    assert push.push_once(receiver).failed == 1
    assert push.push_once(receiver) == push.Pushed(0, 0, 0, 0, 1)  # not due yet
    row = Delivery.objects.get()
    assert (row.tries, row.status) == (1, 500)
    for tries in range(2, len(push.PAUSES) + 2):
        Delivery.objects.update(due_at=clock.now() - timedelta(seconds=1))
        done = push.push_once(Receiver(503))
        assert done.failed + done.given_up == 1, tries
    row.refresh_from_db()
    assert (row.tries, row.done_at is not None) == (len(push.PAUSES) + 1, True)


def test_two_workers_do_not_send_the_same(api):
    ann = api("ann")
    subscribed(ann)
    ann.lodge()
    push._fan_out()
    assert len(push._taken()) == 1
    assert push._taken() == []


@pytest.mark.parametrize(
    "url",
    [
        "https://inner.example/x", "https://both.example/x", "https://mapped.example/x", "https://link.example/",
        "https://nowhere.example/", "https://user:pass@hooks.example/", "https://hooks.example:0/",
        "https://hooks.example/#part", "https://hooks.example:99999/",
    ],
)  # fmt: skip
def test_an_address_that_leads_inwards_is_not_welcome(api, url):
    answer = api("ann").ask("POST", "/webhooks", {"url": url}, key=None)
    assert (answer.status, answer.code) == (422, "WEBHOOK_UNWELCOME")
    assert not Subscription.objects.exists()


def test_a_name_that_later_leads_inwards_is_not_followed(api, monkeypatch):
    ann = api("ann")
    subscribed(ann)
    ann.lodge()
    monkeypatch.setattr(push.socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("127.0.0.1", 443))])
    connected = []
    monkeypatch.setattr(push.socket, "create_connection", lambda *a, **k: connected.append(a))
    assert push.push_once().failed == 1
    assert connected == []


def test_an_ended_subscription_is_told_nothing_more(api):
    ann = api("ann")
    made = subscribed(ann)
    assert "secret" not in ann.get("/webhooks").json["subscriptions"][0]
    assert subscribed(ann)["id"] == made["id"]
    assert ann.ask("DELETE", f"/webhooks/{made['id']}", key=None).status == 200
    assert ann.ask("DELETE", f"/webhooks/{made['id']}", key=None).code == "SUBSCRIPTION_UNKNOWN"
    ann.lodge(original("R-2"))
    assert push.push_once(Receiver()).delivered == 0


def test_an_officer_does_not_subscribe(api):
    answer = api("olga").ask("POST", "/webhooks", {"url": URL}, key=None)
    assert (answer.status, answer.code) == (403, "ROLE_HAS_NO_RIGHT")


def test_the_worker_sends_and_stops_when_told(monkeypatch):
    import threading

    stop, sent = threading.Event(), []

    def once():
        sent.append(1)
        if len(sent) == 3:
            stop.set()
        return push.Pushed(len(sent) % 2, 0, 0, 0, 0)

    monkeypatch.setattr(push, "IDLE_SECONDS", 0)
    monkeypatch.setattr(push, "push_once", once)
    push.run(stop)
    assert len(sent) == 3
