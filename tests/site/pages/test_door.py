"""Who comes in, how often one may guess, how long one stays, and what every page says to a browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest


@pytest.fixture
def now(monkeypatch):
    """The database's clock, moved by hand."""
    from thongquan.site.kit import clock

    class Now:
        at = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)

    real = clock.now
    del real
    monkeypatch.setattr(clock, "now", lambda: Now.at)
    return Now


def test_a_stranger_is_asked_to_sign_in_and_then_comes_back_to_the_page(screen, made):
    stranger = screen()
    answer = stranger.get("/to-khai?luong=RED")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/dang-nhap?tiep=/to-khai%3Fluong%3DRED")
    fields = {"username": "hoso", "password": made.PASSWORD, "tiep": "/to-khai?luong=RED"}
    assert stranger.post("/dang-nhap", fields).headers["Location"] == "/to-khai?luong=RED"


@pytest.mark.parametrize(
    "elsewhere", ["https://example.org/", "//example.org", "javascript:alert(1)", "khac"]
)
def test_nobody_is_sent_to_another_site_after_signing_in(screen, made, elsewhere):
    fields = {"username": "hoso", "password": made.PASSWORD, "tiep": elsewhere}
    assert screen().post("/dang-nhap", fields).headers["Location"] == "/"


def test_a_wrong_name_and_a_wrong_password_are_one_answer(screen, made):
    wrong_name = screen().post("/dang-nhap", {"username": "khong-co", "password": "x" * 20})
    wrong_word = screen().post("/dang-nhap", {"username": "hoso", "password": "x" * 20})
    assert (wrong_name.status_code, wrong_word.status_code) == (401, 401)
    assert made.read(wrong_name) == made.read(wrong_word)


def test_five_wrong_tries_close_an_account_for_a_quarter_of_an_hour_even_for_the_right_password(
    screen, made, now
):
    for _ in range(5):
        assert screen().post("/dang-nhap", {"username": "hoso", "password": "sai"}).status_code == 401
    right = {"username": "hoso", "password": made.PASSWORD}
    answer = screen().post("/dang-nhap", right)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "901")
    assert screen().post("/dang-nhap", {"username": "kiem", "password": made.PASSWORD}).status_code == 302
    now.at += timedelta(minutes=15, seconds=1)
    assert screen().post("/dang-nhap", right).status_code == 302


def test_twenty_wrong_tries_from_one_address_close_the_address(screen, made, now):
    for number in range(20):
        screen().post("/dang-nhap", {"username": f"nguoi-{number}", "password": "sai"})
    assert screen().post("/dang-nhap", {"username": "hoso", "password": made.PASSWORD}).status_code == 429
    elsewhere = screen(REMOTE_ADDR="203.0.113.9")
    assert elsewhere.post("/dang-nhap", {"username": "hoso", "password": made.PASSWORD}).status_code == 302


def test_no_failure_keeps_a_name_or_an_address(screen):
    from thongquan.site.entry.models import Failure

    screen().post("/dang-nhap", {"username": "hoso", "password": "sai"})
    keys = list(Failure.objects.values_list("key", flat=True))
    assert len(keys) == 2
    assert all(len(key) == 64 and "hoso" not in key for key in keys)


@pytest.mark.parametrize(("user", "minutes", "stays"), [
    ("hoso", 14, True), ("hoso", 16, False), ("khai", 29, True), ("khai", 31, False),
])  # fmt: skip
def test_a_session_that_rests_too_long_ends(screen, now, user, minutes, stays):
    someone = screen(user)
    now.at += timedelta(minutes=minutes)
    assert (someone.get("/to-khai").status_code == 200) is stays


@pytest.mark.parametrize(("user", "hours"), [("hoso", 12), ("khai", 24)])
def test_a_session_ends_after_its_whole_time_however_busy_it_was(screen, now, user, hours):
    someone = screen(user)
    for _ in range(hours * 5):
        now.at += timedelta(minutes=12)
        assert someone.get("/to-khai").status_code == 200
    now.at += timedelta(minutes=1)
    assert someone.get("/to-khai").headers["Location"].endswith("&het=1")


def test_an_officer_has_one_live_session_and_a_declarant_may_have_two(screen):
    first, second = screen("hoso"), screen("hoso")
    assert first.get("/viec").status_code == 302
    assert second.get("/viec").status_code == 200
    one, other = screen("khai"), screen("khai")
    assert (one.get("/to-khai").status_code, other.get("/to-khai").status_code) == (200, 200)


def test_a_post_that_is_given_or_ended_ends_the_session(screen):
    from datetime import date

    from thongquan.site.accounts import acts as accounts
    from thongquan.site.accounts.models import Posting

    officer = screen("hoso")
    accounts.end_posting(Posting.objects.get(user__username="hoso"), date(2030, 1, 1))
    assert officer.get("/viec").status_code == 302


def test_a_closed_account_is_out_at_once(screen):
    from thongquan.site.accounts.models import User

    officer = screen("hoso")
    User.objects.filter(username="hoso").update(is_active=False)
    assert officer.get("/viec").status_code == 302


def test_signing_out_ends_the_session_and_needs_a_post(screen):
    officer = screen("hoso")
    assert officer.get("/dang-xuat").status_code == 405
    assert officer.post("/dang-xuat").headers["Location"] == "/dang-nhap"
    assert officer.get("/viec").status_code == 302


def test_a_password_is_set_once_with_a_code_and_codes_cannot_be_guessed(screen, made, now):
    from thongquan.site.accounts import people
    from thongquan.site.accounts.models import User

    code = people.code_for(User.objects.get(username="hoso"), by="root")
    short = screen().post("/mat-khau", {"code": code, "password": "ngan"})
    assert short.status_code == 422
    new = "mot cau khac cung that dai"
    assert (
        screen().post("/mat-khau", {"code": code, "password": new}).headers["Location"] == "/dang-nhap?moi=1"
    )
    assert screen().post("/dang-nhap", {"username": "hoso", "password": new}).status_code == 302
    assert screen().post("/mat-khau", {"code": code, "password": new}).status_code == 422
    for _ in range(20):
        screen().post("/mat-khau", {"code": "1-sai", "password": new})
    assert screen().post("/mat-khau", {"code": "1-sai", "password": new}).status_code == 429


def test_pages_are_vietnamese_until_the_reader_chooses(screen):
    officer = screen("hoso")
    assert "Việc của tôi" in officer.see("/viec")
    answer = officer.get("/viec", **{"accept-language": "en"})
    assert answer.headers["Content-Language"] == "vi"
    officer.post("/ngon-ngu", {"language": "en", "tiep": "/viec"})
    assert "My work" in officer.see("/viec")


def test_every_page_says_what_a_browser_may_do(screen):
    headers = screen("hoso").get("/viec").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "'nonce-" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"


def test_a_form_of_another_site_is_refused_in_words(screen, made):
    strict = made.browser(enforce_csrf_checks=True)
    answer = strict.post("/dang-nhap", {"username": "hoso", "password": made.PASSWORD})
    assert answer.status_code == 403
    assert "không thuộc phiên làm việc" in made.read(answer)


def test_a_request_that_is_too_long_is_refused_before_it_is_read(screen, made):
    stranger = screen()
    long = {"username": "x" * 70_000, "password": "y"}
    assert stranger.post("/dang-nhap", long).status_code == 413
    assert "lớn hơn mức" in made.read(stranger.post("/dang-nhap", long))


@pytest.mark.parametrize("path", ["/to-khai?q=a%00b", "/to-khai/%00", "/bieu-thue?q=%00"])
def test_a_nul_is_in_no_text_of_ours(screen, path):
    assert screen("hoso").get(path).status_code == 400
    assert screen().post("/dang-nhap", {"username": "ho\0so", "password": "x"}).status_code == 400


def test_who_looked_at_what_stands_in_the_log_of_access(screen, made, caplog):
    import logging

    number = made.lodge(screen("khai"), "A-1")
    officer = screen("hoso")
    with caplog.at_level(logging.INFO, "thongquan.access"):
        officer.see(f"/to-khai/{number}/hang")
    told = [one for one in caplog.records if getattr(one, "act", "") == "read_content"]
    assert [(one.user, one.reference, one.allow) for one in told] == [("hoso", number, True)]


def test_a_production_site_passes_djangos_own_check(monkeypatch):
    import os
    import subprocess
    import sys
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "WARNING"],
            env={"PATH": os.environ["PATH"], "THONGQUAN_DATA": folder, "THONGQUAN_HOSTS": "hq.example.vn",
                 "DJANGO_SETTINGS_MODULE": "thongquan.site.config.settings"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert (done.returncode, "no issues (0 silenced)" in done.stdout + done.stderr) == (0, True), done.stderr


# links of a demonstration


@pytest.fixture
def demo(committed, site, settings, tmp_path) -> Path:
    """A database that `demo` made: people without passwords, a mark in the folder and one in the database."""
    from thongquan.site.accounts import acts as accounts
    from thongquan.site.entry.acts import DEMO_FILE, mark_demo

    settings.DATA = tmp_path
    (tmp_path / DEMO_FILE).touch()
    for name, role in (("khai.mau", "DECLARANT"), ("ho-so.mau", "OFFICER")):
        accounts.post(name, role, first_day=datetime(2024, 1, 1, tzinfo=UTC).date(), office="*", trader="*")
    mark_demo()
    return tmp_path


@pytest.fixture
def near(made):
    """A browser on this very machine, unless it is told otherwise."""
    return lambda **environment: made.browser(
        **{"SERVER_NAME": "127.0.0.1", "REMOTE_ADDR": "127.0.0.1", **environment}
    )


def way(link: str) -> str:
    return "/" + link.split("/", 3)[3]


def test_a_link_of_the_demonstration_signs_its_role_in_once(demo, near):
    from thongquan.site.entry.acts import demo_links

    links = demo_links("http://127.0.0.1:8000")
    assert set(links) >= {"DECLARANT", "OFFICER"}
    client = near()
    assert client.get(way(links["OFFICER"])).headers["Location"] == "/"
    assert client.get("/viec").status_code == 200
    assert near().get(way(links["OFFICER"])).status_code == 404


@pytest.mark.parametrize("environment", [
    {"REMOTE_ADDR": "203.0.113.9"},
    {"SERVER_NAME": "hq.example.vn"},
    {"HTTP_X_FORWARDED_FOR": "203.0.113.9"},
])  # fmt: skip
def test_a_link_is_not_there_for_whoever_does_not_sit_at_this_machine(demo, near, settings, environment):
    from thongquan.site.entry.acts import demo_links

    settings.ALLOWED_HOSTS = ["*"]
    link = demo_links()["OFFICER"]
    assert near(**environment).get(way(link)).status_code == 404
    assert near().get(way(link)).status_code == 302


def test_a_real_database_gives_no_links_and_takes_none(demo, near):
    from thongquan.site.entry.acts import DEMO_FILE, demo_links

    link = demo_links()["OFFICER"]
    (demo / DEMO_FILE).unlink()
    assert near().get(way(link)).status_code == 404
    with pytest.raises(PermissionError):
        demo_links()


def test_a_database_in_which_somebody_has_a_password_is_never_marked_as_a_demonstrations(people):
    from thongquan.site.entry.acts import mark_demo

    with pytest.raises(PermissionError):
        mark_demo()
