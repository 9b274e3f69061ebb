"""An office from nothing by the command line: opened, peopled, served, looked at, copied and put back."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Run

PASSWORD = "chín con trâu trắng qua sông"

PATIENCE = 300
"""Seconds after which something that should have happened has not, however busy the machine is."""


def waited(happened: Callable[[], bool]) -> None:
    """Return when it has happened; whoever calls says what should have."""
    end = time.monotonic() + PATIENCE
    while not happened() and time.monotonic() < end:
        time.sleep(0.1)


def opened(run: Run) -> dict:
    done = run("init", "--pack", "sample", "--office", "ZZ0001", "--leader", "lan.le", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def run_with(
    tmp_path: Path, text: str, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """A command that reads its standard input."""
    given = {
        **os.environ,
        "THONGQUAN_DATA": str(tmp_path / "data"),
        "THONGQUAN_LANGUAGE": "en",
        **environment,
    }
    for name in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE"):
        given.pop(name, None)
    return subprocess.run(
        [sys.executable, "-m", "thongquan.cli", *arguments],
        input=text, capture_output=True, text=True, env=given, timeout=120, check=False,
    )  # fmt: skip


def test_an_office_opens_in_an_empty_folder_and_never_in_another(run: Run, tmp_path: Path) -> None:
    facts = opened(run)
    assert (facts["pack"], facts["office"], facts["leader"]) == ("sample", "ZZ0001", "lan.le")
    keys = tmp_path / "data" / "keys"
    assert sorted(file.name for file in keys.iterdir()) == ["custodian-a", "custodian-b", "log-signing"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in keys.iterdir()} == {0o600}
    before = {file: file.read_bytes() for file in keys.iterdir()}
    again = run("init", "--pack", "sample", "--leader", "other")
    assert again.returncode == 2
    assert "THONGQUAN_DATA" in again.stderr
    assert {file: file.read_bytes() for file in keys.iterdir()} == before


def test_wrong_uses_leave_no_folder_behind(run: Run, tmp_path: Path) -> None:
    assert run("init", "--pack", "nowhere", "--leader", "lan").returncode == 2
    assert run("init", "--pack", "sample", "--office", "XX9999", "--leader", "lan").returncode == 2
    assert run("init", "--pack", "sample").returncode == 2
    weak = run_with(tmp_path, "short\n", "init", "--pack", "sample", "--leader", "lan.le", "--password-stdin")
    assert weak.returncode == 1
    assert "PASSWORD_UNFIT" in weak.stderr
    assert not (tmp_path / "data").exists()


def test_people_come_get_posts_and_go_and_the_record_says_who_did_it(run: Run, tmp_path: Path) -> None:
    opened(run)
    added = json.loads(run("user", "add", "an.vu", "--full-name", "Vũ An", "--json").stdout)
    assert added["user"] == "an.vu"
    assert run("user", "add", "an.vu").returncode == 1
    assert run("user", "add", "аn.vu").returncode == 1  # a Cyrillic а
    posted = run("user", "posting", "an.vu", "OFFICER", "--office", "ZZ0001", "--first-day", "2026-01-01")
    assert posted.returncode == 0, posted.stderr
    for wrong, code in (
        (("officer", "--office", "ZZ0001"), "POSTING_EXISTS"),
        (("KING", "--office", "ZZ0001"), "POSTING_UNKNOWN_ROLE"),
        (("SYSTEM", "--office", "*"), "POSTING_UNKNOWN_ROLE"),
        (("INSPECTOR",), "POSTING_NEEDS_OFFICE"),
        (("DECLARANT",), "POSTING_NEEDS_TRADER"),
        (("LEADER", "--office", "ZZ0001", "--capacity", "DEPUTY"), "POSTING_NEEDS_PRINCIPAL"),
        (
            ("LEADER", "--office", "*", "--first-day", "2026-02-02", "--last-day", "2026-02-01"),
            "POSTING_DAYS",
        ),
    ):
        refused = run("user", "posting", "an.vu", *wrong)
        assert (refused.returncode, code in refused.stderr) == (1, True), (wrong, refused.stderr)
    assert run("user", "end-posting", "an.vu", "OFFICER", "--last-day", "2026-12-31").returncode == 0
    assert "POSTING_NONE" in run("user", "end-posting", "an.vu", "OFFICER", "--last-day", "2027-01-01").stderr
    assert run("user", "close", "an.vu").returncode == 0
    rows = [json.loads(line) for line in run("user", "list", "--json").stdout.splitlines()]
    an = next(row for row in rows if row["user"] == "an.vu")
    assert (an["role"], an["last_day"], an["active"]) == ("OFFICER", "2026-12-31", False)
    proven = run("verify-log", "--json")
    assert json.loads(proven.stdout)["faults"] == 0
    exported = tmp_path / "log"
    assert run("export-log", exported).returncode == 0
    events = [json.loads(line) for line in (exported / "events.ndjson").read_text().splitlines()]
    told = [
        (one["act"], one["role"])
        for one in events
        if json.loads(one["body"])["says"].get("username") == "an.vu"
    ]
    assert told == [
        ("open_account", "OPERATOR"), ("give_password_code", "OPERATOR"), ("give_post", "OPERATOR"),
        ("end_post", "OPERATOR"), ("close_account", "OPERATOR"),
    ]  # fmt: skip
    assert all(one["actor"].startswith("operator:") for one in events)
    assert PASSWORD not in (exported / "events.ndjson").read_text()


def test_a_code_sets_a_password_once(run: Run, tmp_path: Path) -> None:
    opened(run)
    first = json.loads(run("user", "password", "lan.le", "--json").stdout)["code"]
    setting = ("user", "password", "lan.le", "--password-stdin", "--code")
    assert "PASSWORD_UNFIT" in run_with(tmp_path, "ngắn\n", *setting, first).stderr
    assert run_with(tmp_path, PASSWORD + "\n", *setting, first).returncode == 0
    spent = run_with(tmp_path, PASSWORD + "!\n", *setting, first)
    assert (spent.returncode, "PASSWORD_CODE_SPENT" in spent.stderr) == (1, True)
    assert run("user", "add", "an.vu").returncode == 0
    other = json.loads(run("user", "password", "lan.le", "--json").stdout)["code"]
    stolen = run_with(
        tmp_path, PASSWORD + "\n", "user", "password", "an.vu", "--password-stdin", "--code", other
    )
    assert (stolen.returncode, "PASSWORD_CODE_SPENT" in stolen.stderr) == (1, True)


def test_doctor_says_what_is_wrong_and_its_exit_code_is_honest(run: Run, tmp_path: Path) -> None:
    opened(run)
    good = run("doctor", "--deep", "--json")
    checks = {row["check"]: row for row in map(json.loads, good.stdout.splitlines())}
    assert (good.returncode, all(row["good"] for row in checks.values())) == (0, True)
    assert {"office", "data_files", "disk", "database", "migrations", "guards", "log_of_trust", "backups",
            "whole_record"} <= set(checks)  # fmt: skip
    assert [one["code"] for one in checks["backups"]["findings"]] == ["BACKUP_NONE"]
    assert all(one["remedy"] for row in checks.values() for one in row["findings"])

    (tmp_path / "data" / "keys" / "custodian-a").chmod(0o640)
    (tmp_path / "data" / "keys" / "custodian-b").unlink()
    bad = run("doctor", "--json")
    files = next(row for row in map(json.loads, bad.stdout.splitlines()) if row["check"] == "data_files")
    assert bad.returncode == 1
    assert {one["code"] for one in files["findings"]} == {"FILE_OPEN_TO_OTHERS", "KEY_MISSING"}


def test_doctor_names_an_unsafe_setting_instead_of_ending_on_it(run: Run, tmp_path: Path) -> None:
    opened(run)
    environment = {**os.environ, "THONGQUAN_DATA": str(tmp_path / "data"),
                   "DATABASE_URL": "sqlite:///thongquan.sqlite3?journal_mode=DELETE&synchronous=NORMAL"}  # fmt: skip
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run(
        [sys.executable, "-m", "thongquan.cli", "doctor", "--json"],
        capture_output=True, text=True, env=environment, timeout=120, check=False,
    )  # fmt: skip
    database = next(row for row in map(json.loads, done.stdout.splitlines()) if row["check"] == "database")
    assert done.returncode == 1
    assert "SQLITE_NOT_DURABLE" in {one["code"] for one in database["findings"]}
    serve = subprocess.run(
        [sys.executable, "-m", "thongquan.cli", "serve"],
        capture_output=True, text=True, env=environment, timeout=120, check=False,
    )  # fmt: skip
    assert (serve.returncode, "SQLITE_NOT_DURABLE" in serve.stderr) == (2, True)


def test_a_copy_is_put_back_elsewhere_and_never_over_anything(run: Run, tmp_path: Path) -> None:
    opened(run)
    copy = tmp_path / "copy.sqlite3"
    assert run("backup", copy).returncode == 0
    over = run("restore", copy)
    assert (over.returncode, "RESTORE_OVER_DATABASE" in over.stderr) == (1, True)
    elsewhere = tmp_path / "elsewhere"
    given = {"THONGQUAN_DATA": str(elsewhere)}
    back = run_with(tmp_path, "", "restore", str(copy), "--json", **given)
    assert back.returncode == 0, back.stderr
    assert json.loads(back.stdout)["restored"] is True
    assert json.loads(back.stdout)["events"] == 4  # the office, the leader's account, post and password code
    assert "RESTORE_NEEDS_KEYS" in back.stderr
    assert (elsewhere / "office.toml").read_text() == (tmp_path / "data" / "office.toml").read_text()
    assert stat.S_IMODE((elsewhere / "thongquan.sqlite3").stat().st_mode) == 0o600
    (tmp_path / "words.txt").write_text("not a copy")
    wrong = run_with(
        tmp_path, "", "restore", str(tmp_path / "words.txt"), THONGQUAN_DATA=str(tmp_path / "third")
    )
    assert (wrong.returncode, "RESTORE_WRONG_KIND" in wrong.stderr) == (1, True)


def test_the_database_s_roles_are_postgresql_s(run: Run) -> None:
    opened(run)
    assert run("database-roles").returncode == 2


def test_a_key_of_a_machine_is_shown_once_and_ends_when_it_is_told_to(run: Run, tmp_path: Path) -> None:
    opened(run)
    assert run("user", "add", "mai.khai").returncode == 0
    given = json.loads(
        run(
            "token",
            "give",
            "mai.khai",
            "desk",
            "--scope",
            "lodge",
            "--scope",
            "read",
            "--days",
            "30",
            "--json",
        ).stdout
    )
    assert given["token"].startswith("tq_")
    assert (given["scopes"], given["days"]) == (["lodge", "read"], 30)
    (row,) = map(json.loads, run("token", "list", "--json").stdout.splitlines())
    assert (row["user"], row["client"], row["scopes"], row["revoked_at"]) == (
        "mai.khai",
        "desk",
        "lodge read",
        None,
    )
    for wrong, code in (
        (("give", "mai.khai", "desk", "--scope", "fly"), "TOKEN_SCOPE_UNKNOWN"),
        (("give", "mai.khai", "a desk", "--scope", "read"), "CLIENT_NAME_UNFIT"),
        (("give", "nobody", "desk", "--scope", "read"), "USER_UNKNOWN"),
        (("revoke", "mai.khai", "other"), "CLIENT_UNKNOWN"),
    ):
        refused = run("token", *wrong)
        assert (refused.returncode, code in refused.stderr) == (1, True), (wrong, refused.stderr)
    assert json.loads(run("token", "revoke", "mai.khai", "desk", "--json").stdout)["ended"] == 1
    (row,) = map(json.loads, run("token", "list", "--json").stdout.splitlines())
    assert row["revoked_at"] is not None
    exported = tmp_path / "log"
    assert run("export-log", exported).returncode == 0
    kept = (exported / "events.ndjson").read_text()
    acts = [json.loads(line)["act"] for line in kept.splitlines()]
    assert (acts.count("give_key"), acts.count("end_keys")) == (1, 1)
    assert given["token"] not in kept


def test_a_sandbox_and_a_real_office_never_share_their_data(run: Run, tmp_path: Path) -> None:
    opened(run)
    mixed = run_with(tmp_path, "", "user", "list", THONGQUAN_SANDBOX="on")
    assert (mixed.returncode, "OFFICE_IS_REAL" in mixed.stderr) == (2, True)
    trial = str(tmp_path / "trial")
    done = run_with(
        tmp_path,
        "",
        "init",
        "--pack",
        "sample",
        "--leader",
        "lan.le",
        "--sandbox",
        "--json",
        THONGQUAN_DATA=trial,
    )
    assert json.loads(done.stdout)["sandbox"] is True, done.stderr
    assert run_with(tmp_path, "", "user", "list", THONGQUAN_DATA=trial).returncode == 0
    for command in ("serve", "migrate"):
        mixed = run_with(tmp_path, "", command, THONGQUAN_DATA=trial, THONGQUAN_SANDBOX="off")
        assert (mixed.returncode, "OFFICE_IS_SANDBOX" in mixed.stderr) == (2, True)
    looked = run_with(tmp_path, "", "doctor", "--json", THONGQUAN_DATA=trial, THONGQUAN_SANDBOX="off")
    found = {one["code"] for row in map(json.loads, looked.stdout.splitlines()) for one in row["findings"]}
    assert (looked.returncode, "OFFICE_IS_SANDBOX" in found) == (1, True)
    key = run_with(
        tmp_path, "", "token", "give", "lan.le", "desk", "--scope", "read", "--json", THONGQUAN_DATA=trial
    )
    assert json.loads(key.stdout)["token"].startswith("tqs_")
    copy = tmp_path / "trial.sqlite3"
    assert run_with(tmp_path, "", "backup", str(copy), THONGQUAN_DATA=trial).returncode == 0
    real = tmp_path / "real"
    put = run_with(tmp_path, "", "restore", str(copy), THONGQUAN_DATA=str(real), THONGQUAN_PACK="sample")
    assert (put.returncode, "OFFICE_IS_SANDBOX" in put.stderr) == (2, True)
    assert not (real / "thongquan.sqlite3").exists()


def test_a_database_that_does_not_answer_is_no_fault_of_the_program(run: Run, tmp_path: Path) -> None:
    away = subprocess.run(
        [sys.executable, "-m", "thongquan.cli", "user", "list"],
        env={**os.environ, "DATABASE_URL": "postgres://nobody:secret@127.0.0.1:1/none",
             "THONGQUAN_DATA": str(tmp_path / "data")},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (away.returncode, "DATABASE_AWAY" in away.stderr, "secret" in away.stderr) == (1, True, False)


# the server


class Server:
    """`thongquan serve` as a person starts it, on a free port."""

    def __init__(self, data: Path, *arguments: str, **environment: str) -> None:
        given = {**os.environ, "THONGQUAN_DATA": str(data), **environment}
        for name in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE"):
            given.pop(name, None)
        self.log = data.parent / "serve.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "thongquan.cli", "serve", "--json", *arguments],
                stdout=subprocess.PIPE, stderr=log, text=True, env=given, start_new_session=True,
            )  # fmt: skip

    def __enter__(self) -> Server:
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(self.log.read_text())
        self.url = json.loads(line)["url"]
        return self

    def __exit__(self, *error: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        asked = urllib.request.Request(self.url + path, headers=headers)
        try:
            with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()


def test_the_server_answers_seals_and_stops_gently(run: Run, tmp_path: Path) -> None:
    opened(run)
    with Server(tmp_path / "data") as server:
        assert server.get("healthz") == (200, "ok\n")
        status, body = server.get("readyz")
        assert (status, json.loads(body)["ready"]) == (200, True)
        token = (tmp_path / "data" / "metrics_token").read_text().strip()
        assert server.get("metrics")[0] == 404
        assert server.get("metrics", Authorization="Bearer wrong")[0] == 404
        status, figures = server.get("metrics", Authorization=f"Bearer {token}")
        assert (status, "thongquan_database_up 1.0" in figures) == (200, True)
        checkpoint = tmp_path / "data" / "anchors" / "checkpoints" / "4.txt"
        # Waited for, not timed: on a machine that is shared, a process that should run may not for long.
        waited(lambda: checkpoint.is_file() or server.process.poll() is not None)
        assert sorted(file.name for file in checkpoint.parent.glob("*.txt")) == ["4.txt"]
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE) == 0
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert lines == [] or {line["level"] for line in lines} <= {"info", "warning"}
    # How soon it answers is measured by the bench, on a machine that does nothing else.


def test_a_second_server_takes_the_next_port_and_a_taken_one_is_refused(run: Run, tmp_path: Path) -> None:
    opened(run)
    with Server(tmp_path / "data") as first:
        port = int(first.url.rstrip("/").rpartition(":")[2])
        taken = run("serve", "--port", port)
        assert (taken.returncode, str(port) in taken.stderr) == (2, True)
        with Server(tmp_path / "data") as second:
            assert second.url != first.url
            assert second.get("healthz")[0] == 200


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux's kernel tells a process that its parent is gone"
)
def test_when_the_process_above_is_killed_nothing_is_left(run: Run, tmp_path: Path) -> None:
    opened(run)
    with Server(tmp_path / "data") as server:
        group = server.process.pid
        server.process.kill()
        server.process.wait(10)
        waited(lambda: not _left(group))
        assert _left(group) == []


def _left(group: int) -> list[str]:
    """Who of a process group is still there, beside the one that led it."""
    return [
        entry.name
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and _group(entry) == group and int(entry.name) != group
    ]


def _group(process: Path) -> int:
    """The process group of a process that is not only waiting to be buried; 0 for one that has gone."""
    try:
        state, _, group = (process / "stat").read_text().rpartition(")")[2].split()[:3]
    except OSError:
        return 0
    return 0 if state == "Z" else int(group)


def test_an_unsafe_start_is_refused(run: Run, tmp_path: Path) -> None:
    nobody = run("serve")
    assert (nobody.returncode, "init" in nobody.stderr) == (2, True)


@pytest.mark.parametrize(
    ("host", "environment", "says"),
    [
        ("0.0.0.0", {}, "--certificate"),
        ("0.0.0.0", {"THONGQUAN_HTTPS": "off"}, "THONGQUAN_HTTPS"),
        ("0.0.0.0", {"THONGQUAN_DEBUG": "on", "THONGQUAN_PROXY": "on"}, "THONGQUAN_DEBUG"),
    ],
)
def test_beyond_this_machine_only_an_encrypted_site_without_developers_pages(
    run: Run, tmp_path: Path, host: str, environment: dict[str, str], says: str
) -> None:
    opened(run)
    refused = run_with(tmp_path, "", "serve", "--host", host, **environment)
    assert (refused.returncode, says in refused.stderr) == (2, True), refused.stderr


def test_every_command_of_an_office_is_explained_in_both_languages(run: Run) -> None:
    for language in ("vi", "en"):
        text = run("user", "--help", language=language).stdout
        assert {"add", "posting", "end-posting", "password", "list"} <= set(text.split())
