"""A sandbox and a real office never work on each other's database."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from thongquan.site.accounts import acts as accounts
from thongquan.site.config import sandbox
from thongquan.site.config.apps import refuse_unsafe_connection
from thongquan.site.config.office import Office
from thongquan.site.printing.typeset import Form, pdf


@pytest.mark.parametrize(("opened_as", "runs_as", "code"), [
    (True, False, "OFFICE_IS_SANDBOX"), (False, True, "OFFICE_IS_REAL"),
])  # fmt: skip
def test_a_connection_to_the_other_kind_is_refused(db, settings, monkeypatch, opened_as, runs_as, code):
    sandbox.write_down(Office("sample", "ZZ0001", opened_as), by="operator:root")
    settings.SANDBOX = opened_as
    assert sandbox.connection_fault(connection) is None
    settings.SANDBOX = runs_as
    assert sandbox.connection_fault(connection).code == code
    monkeypatch.setattr(connection, "close", lambda: None)
    with pytest.raises(ImproperlyConfigured, match=code) as refused:
        refuse_unsafe_connection(connection)
    assert [one.code for one in refused.value.findings] == [code]


def test_a_database_without_its_first_event_is_known_by_its_machines(db, settings, tmp_path):
    settings.DATA = tmp_path
    assert sandbox.faults() == ()
    accounts.client("ann", "desk", sandbox=True)
    assert [one.code for one in sandbox.faults()] == ["OFFICE_IS_SANDBOX"]
    settings.SANDBOX = True
    assert sandbox.faults() == ()


def test_a_database_without_its_first_event_is_known_by_its_numbers(db, settings, tmp_path, monkeypatch):
    settings.DATA, settings.PACK = tmp_path, "gb"
    newest = {"number": "26GB0000600000001U"}
    monkeypatch.setattr(sandbox, "newest_number", lambda: newest["number"])
    assert sandbox.faults() == ()
    newest["number"] = "26ZZ0000600000001R"
    assert [one.code for one in sandbox.faults()] == ["OFFICE_IS_SANDBOX"]
    settings.SANDBOX = True
    assert sandbox.faults() == ()


def test_every_printed_form_of_a_sandbox_says_so(settings):
    from datetime import date

    pytest.importorskip("typst")
    form = Form(language="vi", office="o", country="c", title="Tờ khai", issued=date(2026, 1, 1))
    settings.SANDBOX = False
    real = pdf(form)
    settings.SANDBOX = True
    trial = pdf(form)
    assert isinstance(real, bytes)
    assert len(trial) > len(real) + 1_000  # the words, across the page and at its foot, with their letters
