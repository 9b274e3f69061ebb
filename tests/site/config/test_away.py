"""A database that is away for a moment: whoever asks is told to come back, on pages and by the API."""

from __future__ import annotations

import pytest
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection
from django.test import Client

from thongquan.site.kit import prepared
from thongquan.site.kit.act import is_away

pytestmark = pytest.mark.django_db


def asked(path: str, fault: Exception, **headers: str):
    """What a site answers whose every question to the database ends in a fault."""

    def fails(*_, **__):
        raise fault

    client = Client(raise_request_exception=False)
    client.cookies["__Host-session"] = "a" * 32
    with pytest.MonkeyPatch.context() as planted:
        planted.setattr(connection, "cursor", fails)
        planted.setattr(prepared, "_run", fails)
        return client.get(path, secure=True, HTTP_AUTHORIZATION="Bearer tq_x", **headers)


def gone() -> Exception:
    return OperationalError("database is locked" if connection.vendor == "sqlite" else "server is gone")


def test_a_page_says_that_the_system_is_busy():
    answer = asked("/viec", gone())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert "Hệ thống đang bận." in answer.content.decode()


def test_the_api_says_so_even_before_it_knows_who_asks():
    answer = asked("/api/v1/me", gone(), HTTP_ACCEPT_LANGUAGE="en")
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()["code"]) == (503, "2", "BUSY")


@pytest.mark.parametrize("fault", [IntegrityError("NOT NULL"), RuntimeError("x")])
def test_what_was_wrong_with_the_question_is_a_fault_of_ours(fault):
    assert asked("/viec", fault).status_code == 500
    assert asked("/api/v1/me", fault).status_code == 500


def test_a_database_is_away_when_it_was_the_trouble_itself():
    assert is_away(InterfaceError("closed"))
    assert is_away(gone())
    assert not any(map(is_away, (None, IntegrityError("x"), RuntimeError("x"))))
    assert not is_away(DataError("a NUL"))
