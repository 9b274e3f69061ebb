"""The server's own decisions: where it listens, when it refuses, and what keeps running beside it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from thongquan.site.config import background, office, serving
from thongquan.site.config.serving import Address, free_port, prepare, refusals


def test_a_taken_port_is_not_shared(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port("127.0.0.1", port) is None
        monkeypatch.setattr(serving, "PORT", port)
        monkeypatch.setattr(serving, "PORTS", 1)
        assert free_port("127.0.0.1") is None
    assert free_port("127.0.0.1", port) == port


def test_an_address_says_how_it_is_reached():
    assert Address("127.0.0.1", 8000).url == "http://127.0.0.1:8000/"
    assert Address("::1", 8443, Path("c"), Path("k")).url == "https://[::1]:8443/"


@pytest.mark.parametrize(
    ("host", "environment", "https"),
    [
        ("127.0.0.1", {}, "off"),
        ("127.0.0.1", {"THONGQUAN_PROXY": "on"}, None),
        ("127.0.0.1", {"THONGQUAN_HOSTS": "customs.example"}, None),
        ("127.0.0.1", {"THONGQUAN_HTTPS": "on"}, "on"),
        ("0.0.0.0", {}, None),
    ],
)
def test_plain_http_is_only_for_this_machine_alone(monkeypatch, host, environment, https):
    for name in ("THONGQUAN_HTTPS", "THONGQUAN_HOSTS", "THONGQUAN_PROXY", "THONGQUAN_LOG_LEVEL"):
        monkeypatch.setenv(name, environment.get(name, ""))
        if name not in environment:
            monkeypatch.delenv(name)
    prepare(Address(host, 8000))
    assert os.environ.get("THONGQUAN_HTTPS") == https


def test_every_reason_of_a_refusal_is_named(settings, tmp_path, monkeypatch):
    monkeypatch.delenv("THONGQUAN_PACK", raising=False)
    settings.DATA, settings.DEBUG, settings.HTTPS, settings.BEHIND_PROXY = tmp_path, True, False, False
    assert refusals(Address("0.0.0.0", 1)) == ["OFFICE_NOT_SET_UP", "DEBUG_ON", "HTTPS_OFF"]
    settings.DEBUG, settings.HTTPS = False, True
    office.write(tmp_path, office.Office("sample", "ZZ0001"))
    assert refusals(Address("0.0.0.0", 1)) == ["HTTPS_NOWHERE"]
    settings.BEHIND_PROXY = True
    assert refusals(Address("0.0.0.0", 1)) == []


def test_an_office_is_written_down_once(tmp_path):
    office.write(tmp_path, office.Office("sample", "ZZ0001"))
    assert office.told(tmp_path) == office.Office("sample", "ZZ0001")
    with pytest.raises(FileExistsError):
        office.write(tmp_path, office.Office("gb"))
    (tmp_path / office.FILE).write_text("office = 1\n")
    with pytest.raises(ValueError, match="names no pack"):
        office.told(tmp_path)


def test_what_ends_is_started_again_and_stopped_in_the_end(monkeypatch):
    started = []

    def popen(command, **_):
        started.append(time.monotonic())
        wait = "pass" if len(started) < 3 else "import sys; sys.stdin.read()"
        return real([sys.executable, "-c", wait], stdin=subprocess.PIPE)

    real = subprocess.Popen
    monkeypatch.setattr(serving.subprocess, "Popen", popen)
    monkeypatch.setattr(serving, "PAUSES", (0.01, 0.02))
    opened, stop = threading.Event(), threading.Event()
    keeper = threading.Thread(target=serving._keep, args=("sealer", opened, stop))
    keeper.start()
    time.sleep(0.3)
    assert started == []
    opened.set()
    for _ in range(200):
        if len(started) == 3:
            break
        time.sleep(0.05)
    stop.set()
    keeper.join(10)
    assert len(started) == 3
    assert not keeper.is_alive()


def test_everything_beside_the_server_can_be_run_by_its_name():
    assert set(serving.BACKGROUND) == set(background.WORK)


def test_an_older_program_leaves_a_newer_database_alone(db):
    from django.core.exceptions import ImproperlyConfigured
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    from thongquan.site.config.doctor import migrations
    from thongquan.site.config.start import start

    MigrationRecorder(connection).record_applied("record", "0099_later")
    with pytest.raises(ImproperlyConfigured, match="DATABASE_NEWER: record"):
        start(migrate=True)
    assert [finding.code for finding in migrations().findings] == ["DATABASE_NEWER"]
