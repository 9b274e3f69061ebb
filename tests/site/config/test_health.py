"""Health, figures and logs: what machines are told, and that nobody is told what was declared."""

from __future__ import annotations

import json
import logging
import re

import pytest
from django.db import OperationalError, connection
from django.test import Client

from thongquan.site.config import health, metrics
from thongquan.site.config.logs import JsonLines

from ..country import original


@pytest.fixture
def client(db, settings, monkeypatch) -> Client:
    settings.ALLOWED_HOSTS = ["customs.test"]
    settings.SECURE_SSL_REDIRECT = True
    monkeypatch.setattr(health, "_right_until", 0.0)
    return Client()


def test_a_process_that_answers_is_alive_whatever_host_it_is_asked_as(client):
    answer = client.get("/healthz", headers={"host": "10.0.0.7"})
    assert (answer.status_code, answer.content, answer["Cache-Control"]) == (200, b"ok\n", "no-store")
    assert client.post("/healthz").status_code == 405
    assert client.get("/", headers={"host": "10.0.0.7"}).status_code == 400


def test_it_is_ready_with_its_database_tables_and_guards(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        200, {"ready": True, "database": "ok", "tables": "ok", "guards": "ok", "log": "ok", "assessments": "ok"},
    )  # fmt: skip


def test_it_is_not_ready_without_a_guard_and_says_so(client, monkeypatch):
    monkeypatch.setattr(health, "missing", lambda _: ["record_event_no_update"])
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["guards"]) == (503, "GUARDS_MISSING")


def test_it_is_not_ready_before_its_tables_are_of_this_version(client, monkeypatch):
    monkeypatch.setattr(health, "pending", lambda: ["record.0099_later"])
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["tables"]) == (503, "MIGRATIONS_PENDING")


def test_it_is_not_ready_without_a_database_and_tells_nothing_of_it(client, monkeypatch):
    def away(*_):
        raise OperationalError("could not connect to server db-1.internal as thongquan")

    monkeypatch.setattr(health, "pending", away)
    monkeypatch.setattr(connection, "close", lambda: None)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "database": "DATABASE_AWAY"})


def test_a_log_that_lags_is_told_and_stops_no_work(client, people, pack, days):
    from thongquan.site.clearance import journey

    journey.lodge(message=original(), **days.ask("ann", pack))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["log"]) == (200, "LOG_NOT_STARTED")


# figures


@pytest.fixture
def token(settings, tmp_path) -> str:
    settings.DATA = tmp_path
    return metrics.token()


def test_figures_are_for_who_brings_the_token(client, token):
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404
    assert client.get("/metrics", headers={"authorization": f"Basic {token}"}).status_code == 404
    page = client.get("/metrics", headers={"authorization": f"Bearer {token}"})
    assert page.status_code == 200
    names = {
        "thongquan_database_up",
        "thongquan_log_size",
        "thongquan_anchor_lag_seconds",
        "thongquan_news_unsent",
    }
    assert names <= set(re.findall(r"^(\w+)", page.content.decode(), re.MULTILINE))


def test_labels_name_routes_and_never_what_was_asked_for(client, token):
    client.get("/to-khai/26TS0000000001X?ten=Nguyễn", secure=True, headers={"host": "customs.test"})
    client.get("/khong-co/0100109106", secure=True, headers={"host": "customs.test"})
    client.generic("BREW0100109106", "/khong-co", secure=True, headers={"host": "customs.test"})
    page = client.get("/metrics", headers={"authorization": f"Bearer {token}"}).content.decode()
    assert "thongquan_requests_total" in page
    assert "26TS0000000001X" not in page
    assert "0100109106" not in page
    assert "Nguy" not in page


def test_figures_say_that_the_database_is_away_and_no_more(client, token, monkeypatch):
    def away():
        raise OperationalError("db-1.internal")

    monkeypatch.setattr(metrics, "_figures", away)
    page = client.get("/metrics", headers={"authorization": f"Bearer {token}"}).content.decode()
    assert "thongquan_database_up 0.0" in page
    assert "db-1" not in page


# logs


def line(record: logging.LogRecord) -> dict:
    return json.loads(JsonLines().format(record))


def record(message: str, *args: object, name: str = "thongquan.test", **more: object) -> logging.LogRecord:
    made = logging.LogRecord(name, logging.ERROR, __file__, 1, message, args, None)
    made.__dict__.update(more)
    return made


def test_a_line_is_one_object_with_only_the_facts_that_are_named():
    said = line(record("%s done", "26TS1", reference="26TS1", payload="Chè xanh"))
    assert (said["says"], said["reference"], said["level"]) == ("26TS1 done", "26TS1", "error")
    assert "payload" not in said


def test_a_fault_says_its_type_and_places_and_not_its_words():
    try:
        try:
            raise ValueError("Failing row contains (1, Nguyễn Văn An, 1000000)")
        except ValueError as error:
            raise RuntimeError("Chè xanh") from error
    except RuntimeError as error:
        said = line(record("stopped", exc_info=(type(error), error, error.__traceback__)))
    assert (said["error"], said["because_of"]) == ("RuntimeError", ["ValueError"])
    assert said["places"][0].rpartition(":")[0].endswith("test_health.py")
    assert not re.search("Nguy|Ch|1000000", json.dumps(said, ensure_ascii=False).replace("\\", ""))


def test_django_s_own_words_are_kept_without_what_they_quote():
    said = line(record("Invalid HTTP_HOST header: %r", "nguyen-van-an.example", name="django.security"))
    assert said["says"] == "Invalid HTTP_HOST header: %r"


def test_every_request_has_a_name_that_its_answer_carries(client):
    given = {"host": "customs.test", "x-request-id": "proxy-7f3a2b91"}
    assert client.get("/dang-nhap", secure=True, headers=given)["X-Request-ID"] == "proxy-7f3a2b91"
    forged = {"host": "customs.test", "x-request-id": "a\nb"}
    made = client.get("/dang-nhap", secure=True, headers=forged)["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{16}", made)


def test_the_log_of_a_whole_journey_has_nothing_of_what_was_declared(db, people, pack, days, caplog):
    """Every line of every logger, at its most talkative, as it would be written."""
    from ..record.lives import lived

    written: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(JsonLines().format(record))

    kept, root = Kept(), logging.getLogger()
    before = root.level
    root.addHandler(kept)
    root.setLevel(logging.DEBUG)
    logging.getLogger("thongquan").setLevel(logging.DEBUG)
    try:
        lived(
            pack, days, "HD-ref-77", trader="TRADER-SECRET", description="Chè xanh Thái Nguyên", value=1_000
        )
        client = Client()
        client.get("/dang-nhap?ten=TRADER-SECRET", headers={"host": "localhost"})
        client.post(
            "/dang-nhap", {"username": "TRADER-SECRET", "password": "Chè xanh"}, headers={"host": "localhost"}
        )
    finally:
        root.removeHandler(kept)
        root.setLevel(before)
        logging.getLogger("thongquan").setLevel(logging.NOTSET)
    text = "\n".join(written)
    assert len(written) > 5
    assert '"act": "lodge"' in text
    for secret in ("Chè", "Thái Nguyên", "TRADER-SECRET", "HD-ref-77", "32000", "320", "10101010"):
        assert secret not in text, secret
