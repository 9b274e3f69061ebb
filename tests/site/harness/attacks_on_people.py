"""T13: what is done to people: their sessions, forms, names and things, and what they read and take away."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from html.parser import HTMLParser
from urllib.parse import quote

from django.contrib.sessions.models import Session

from thongquan.site.config.api import ROUTES
from thongquan.site.papers.models import Draft

from . import hostile
from .attacks import attack
from .scene import PASSWORD, REFUSED, Scene, cpu_seconds
from .wire import Browser, Reply

# people


@attack
def ways_elsewhere(scene: Scene) -> None:
    """Nobody is led to another site, whatever an address or a form says."""
    signed_in = scene.browser("khai")
    for target in hostile.ELSEWHERE:
        for door, more in (
            ("/dang-nhap", {"username": "khai", "password": PASSWORD}),
            ("/ngon-ngu", {"language": "en"}),
        ):
            browser = scene.browser()
            token = browser.token()
            reply = browser.post(f"{door}?tiep={quote(target)}", {**more, "tiep": target}, token=token)
            _stays(scene, f"{door} to {target!r}", reply)
        _stays(scene, f"coming in to {target!r}", signed_in.get(f"/dang-nhap?tiep={quote(target)}"))


@attack
def hosts_of_others(scene: Scene) -> None:
    """No host but ours is answered, and none is believed."""
    for name, headers, host in (
        ("Host", {}, "evil.test"), ("Host with a port", {}, "evil.test:80"),
        ("Host with us in it", {}, "127.0.0.1.evil.test"),
        ("Host with an at", {}, "127.0.0.1@evil.test"),
        ("X-Forwarded-Host", {"X-Forwarded-Host": "evil.test"}, "127.0.0.1"),
        ("Forwarded", {"Forwarded": "host=evil.test"}, "127.0.0.1"), ("X-Host", {"X-Original-URL": "/x"}, "127.0.0.1"),
    ):  # fmt: skip
        reply = scene.browser().get("/dang-nhap", headers, host)
        scene.judge(name, reply, (400,) if host != "127.0.0.1" else (200,))
        if "evil.test" in reply.text + str(reply.headers):
            scene.wrong(name, "another host is believed")


def _stays(scene: Scene, name: str, reply: Reply) -> None:
    scene.judge(name, reply, (200, 302, 400))
    where = reply.headers.get("location", "/")
    if not re.fullmatch(r"/(?![/\\])[^\s\\]*", where):
        scene.wrong(name, f"leads to {where!r}")


@attack
def forms_of_others(scene: Scene) -> None:
    """A form that another site sends with the victim's browser does nothing."""
    victim = scene.browser("khai")
    acts = ("/khai-moi", "/dang-xuat", f"/to-khai/{scene.number}/lam/request_cancel", f"/khai-moi/{scene.draft}/bo",
            f"/to-khai/{scene.number}/ho-so/them", "/ngon-ngu", "/dang-nhap")  # fmt: skip
    with scene.without_effect("forged forms", 50):
        for path in acts:
            for name, token, headers in (
                ("no token", "", {}), ("another's token", "a" * 32, {}), ("a long token", "a" * 64, {}),
                ("from elsewhere", None, {"Origin": "https://evil.test"}), ("from nowhere", None, {"Origin": "null"}),
            ):  # fmt: skip
                reply = victim.post(path, {"how": "blank", "reason": "x"}, token=token, headers=headers)
                scene.judge(f"{path} {name}", reply, (403,))
            scene.judge(f"{path} read", victim.get(path), (200, 302, 404, 405))
    if not Draft.objects.filter(key=scene.draft).exists() or victim.get("/to-khai").status != 200:
        scene.wrong("forged forms", "had an effect")


@attack
def sessions_of_others(scene: Scene) -> None:
    """A session that somebody prepared, stole after its end, or made up is nobody's."""
    prepared = "a" * 32
    victim = scene.browser()
    victim.cookies["session"] = prepared
    victim.sign_in("khai", PASSWORD)
    if victim.cookies.get("session") == prepared:
        scene.wrong("fixation", "the session that was prepared is signed in")
    stranger = scene.browser()
    stranger.get("/dang-nhap")
    before = dict(stranger.cookies)
    stranger.sign_in("khai", PASSWORD)
    _nobody(scene, "the session before signing in", before)
    _nobody(scene, "a prepared session", {"session": prepared})
    ended = dict(victim.cookies)
    victim.post("/dang-xuat")
    _nobody(scene, "a session that was ended", ended)
    for name, value in (
        ("SQL", "' OR 1=1 --"),
        ("long", "x" * 3_000),
        ("a path", "../../x"),
        ("empty", '""'),
    ):
        _nobody(scene, f"a session that is {name}", {"session": value})
    cut = dict(scene.browser("khai").cookies)
    _nobody(scene, "a cut session", {"session": cut["session"][:-1]})
    if Session.objects.filter(session_key=prepared).exists():
        scene.wrong("fixation", "a session is kept under a name that a stranger chose")


def _nobody(scene: Scene, name: str, cookies: dict[str, str]) -> None:
    browser = Browser(scene.port)
    browser.cookies.update(cookies)
    reply = browser.get("/to-khai")
    scene.judge(name, reply, (302, 400))
    if not reply.headers.get("location", "/dang-nhap").startswith("/dang-nhap"):
        scene.wrong(name, f"leads to {reply.headers.get('location')}")


@attack
def things_of_others(scene: Scene) -> None:
    """Whoever knows a number has no more than whoever made one up: the same answer, on every page and route."""
    number, other = scene.number, "26ZZ0001999999X"
    parts = ("", "/hang", "/thue", "/ho-so", "/rui-ro", "/ban-khai", "/nhat-ky", f"/ho-so/{scene.paper}", "/in/to-khai",
             "/in/thong-bao-thue", "/thong-diep/1")  # fmt: skip
    rivals = {name: scene.browser(name) for name in ("khac", "xa")}
    with scene.without_effect("others' things", 300):
        for name, browser in rivals.items():
            for part in parts:
                foreign, missing = (browser.get(f"/to-khai/{one}{part}") for one in (number, other))
                _alike(scene, f"{name} /to-khai{part}", foreign, missing, number, other)
            _alike(
                scene,
                f"{name} /viec",
                browser.get(f"/viec/{number}"),
                browser.get(f"/viec/{other}"),
                number,
                other,
            )
            for act in ("cancel", "request_cancel", "accept", "amend", "hold", "check_documents"):
                foreign, missing = (
                    browser.post(f"/to-khai/{one}/lam/{act}", {"reason": "x"}) for one in (number, other)
                )
                _alike(scene, f"{name} does {act}", foreign, missing, number, other)
            for path in (f"/khai-moi/{scene.draft}", f"/khai-moi/{scene.draft}/loi.xlsx"):
                scene.judge(f"{name} {path}", browser.get(path), (404,))
            for way in ("luu", "bo"):
                browser.post(f"/khai-moi/{scene.draft}/{way}", {"r0c0": "x"})
            for path in ("/to-khai", "/viec", "/to-khai.json", "/to-khai.csv", "/nop-thue"):
                if number in browser.get(path).text:
                    scene.wrong(f"{name} {path}", "shows the victim's declaration")
        for route in ROUTES:
            if "{number}" in route.path:
                path = route.path.replace("{identifier}", scene.paper).replace("{version}", "1")
                body = (
                    json.dumps(dict(route.example)).encode()
                    if route.example and route.method == "POST"
                    else b""
                )
                media = route.raw[0] if route.raw else hostile.JSON
                for name in rivals:
                    foreign, missing = (
                        scene.ask(route.method, path.replace("{number}", one), body, user=name, media=media)
                        for one in (number, other)
                    )
                    _alike(scene, f"{name} {route.name}", foreign, missing, number, other)
    if not Draft.objects.filter(key=scene.draft).exists():
        scene.wrong("a draft", "was thrown away by a stranger")


def _alike(scene: Scene, name: str, foreign: Reply, missing: Reply, number: str, other: str) -> None:
    scene.judge(name, foreign, REFUSED)
    hidden = [_plain(reply, one) for reply, one in ((foreign, number), (missing, other))]
    if (foreign.status, hidden[0]) != (missing.status, hidden[1]):
        scene.wrong(name, f"{foreign.status} for what is foreign, {missing.status} for what is not there")


def _plain(reply: Reply, number: str) -> str:
    text = reply.text.replace(number, "N")
    return re.sub(r'(?:nonce|value)="[^"]*"|nonce-[\w=+/-]*', "", text)


@attack
def names_that_are_none(scene: Scene) -> None:
    """Who guesses names learns nothing: one sentence, and the same work for each. Some tries, then a pause."""
    spent: dict[str, list[float]] = {"khai": [], "khong-co": []}
    told: dict[str, set[str]] = {"khai": set(), "khong-co": set()}
    browser = scene.browser()
    browser.token()
    processes = scene.house.counter.processes
    for _ in range(4):
        for name in spent:
            began = cpu_seconds(processes)
            reply = browser.sign_in(name, "a wrong password")
            spent[name].append(cpu_seconds(processes) - began)
            scene.judge(f"signing in as {name}", reply, (401,))
            told[name].add(_plain(reply, name))
    known, unknown = min(spent["khai"]), min(spent["khong-co"])
    # Argon2id takes some hundredths of a second; without it there is next to nothing.
    if not 0.4 < (unknown + 0.01) / (known + 0.01) < 2.5:
        scene.wrong("names", f"{known:.2f} s for a name that is there, {unknown:.2f} s for one that is not")
    if len(told["khai"] | told["khong-co"]) != 1:
        scene.wrong("names", "other words for a name that is there")
    for name in ("khai", "khong-co"):
        browser.sign_in(name, "a wrong password")
        scene.judge(f"the sixth try for {name}", browser.sign_in(name, "a wrong password"), (429,))
    forged = {"X-Forwarded-For": "203.0.113.7"}
    browser.post("/dang-nhap", {"username": "khai", "password": PASSWORD}, headers=forged)
    if browser.get("/to-khai").status == 200:
        scene.wrong("names", "a header lets somebody guess on")


# what is stored and shown


HOOK = "<xq7 xq7on='1'>\"'{{7*7}}"


class _Hooked(HTMLParser):
    """Whether a text has become markup."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if "xq7" in tag or any("xq7" in name for name, _ in attrs):
            self.found.append(f"<{tag} {attrs}>"[:100])
        for name, value in attrs:
            if name in ("href", "src", "action") and (value or "").strip().lower().startswith("javascript:"):
                self.found.append(f"{name}={value}"[:100])


@attack
def texts_on_pages(scene: Scene) -> None:
    """A declaration with a hook in every text that may have one: shown as text, on every page and in every file."""
    declared = json.loads(hostile.good("HOOKS"))
    fields = hostile.hooked(declared, HOOK)
    drafted = scene.ask(
        "POST", "/declarations/bulk", hostile.lines(fields), user="khai", media=hostile.NDJSON
    )
    items = json.loads(drafted.body)["items"]
    taken = [name for (name, _), item in zip(fields, items, strict=True) if item.get("number")]
    whole = hostile.with_hooks(declared, taken, HOOK)
    reply = scene.ask("POST", "/declarations", json.dumps(whole).encode(), user="khai")
    if reply.status != 201:
        scene.wrong("hooks", f"{reply.status} {reply.text[:200]}")
        return
    number = json.loads(reply.body)["number"]
    shown = 0
    for user in ("khai", "hoso"):
        browser = scene.browser(user)
        for language in ("vi", "en"):
            browser.post("/ngon-ngu", {"language": language})
            for path in ("", "/hang", "/thue", "/ho-so", "/rui-ro", "/ban-khai", "/nhat-ky"):
                shown += _shown(scene, f"{user} {path}", browser.get(f"/to-khai/{number}{path}"))
            for path in (f"/viec/{number}", "/viec", "/to-khai", f"/to-khai?q={quote(HOOK)}",
                         f"/bieu-thue?q={quote(HOOK)}",
                         f"/to-khai?nguoi-khai={quote(HOOK)}&co-quan={quote(HOOK)}", "/nop-thue",
                         f"/dang-nhap?tiep={quote('/' + HOOK)}", f"/{quote(HOOK)}"):  # fmt: skip
                shown += _shown(scene, f"{user} {path}", browser.get(path))
    victim = scene.browser("khai")
    table = (
        f"functional_reference_id,description,{HOOK.replace(',', '')}\n".encode()
        + f"H,{HOOK},{HOOK}\n".encode()
    )
    drafted = victim.post("/khai-moi", {"how": "file"}, file=(f"{HOOK[:12]}.csv", table))
    where = drafted.headers.get("location", "/khai-moi")
    for path in (where, "/khai-moi"):
        shown += _shown(scene, path, victim.get(path))
    shown += _shown(scene, "refused", scene.browser().post("/dang-nhap", {"username": HOOK, "password": "x"}))
    if len(taken) < 5 or shown < 20:
        scene.wrong(
            "hooks", f"only {len(taken)} fields took one, only {shown} were shown: this attack is blunt"
        )
    if victim.get(f"/to-khai/{number}/in/to-khai").status not in (200, 501):
        scene.wrong("hooks", "the form cannot be printed any more")


def _shown(scene: Scene, name: str, reply: Reply) -> int:
    scene.judge(name, reply, (200, 302, 400, 401, 404))
    looked = _Hooked()
    looked.feed(reply.text)
    if looked.found:
        scene.wrong(name, f"a text became markup: {looked.found[0]}")
    return reply.text.count("&lt;xq7")


@attack
def formulas_in_files(scene: Scene) -> None:
    """What a spreadsheet would run is text in every file of ours."""
    for number, text in enumerate(("=1+1", "+1+1", "-1+1", "@SUM(1)", "=cmd|' /C calc'!A0")):
        scene.ask("POST", "/declarations", hostile.good(text, description=text), user="khai")
        victim = scene.browser("khai")
        rows = f"functional_reference_id,description\n{text.replace(',', '')}{number},{text}\n".encode()
        drafted = victim.post("/khai-moi", {"how": "file"}, file=("a.csv", rows))
        if "location" in drafted.headers:
            _no_formulas(scene, "loi.xlsx", victim.get(f"{drafted.headers['location']}/loi.xlsx").body)
    victim = scene.browser("khai")
    cells = [cell for row in csv.reader(io.StringIO(victim.get("/to-khai.csv").text)) for cell in row]
    active = [cell for cell in cells if cell[:1] in tuple("=+-@\t\r")]
    if active or not any(cell.startswith("'=") for cell in cells):
        scene.wrong("to-khai.csv", f"a formula: {active[:3]}" if active else "no formula came that far")
    _no_formulas(scene, "to-khai.xlsx", victim.get("/to-khai.xlsx").body)


def _no_formulas(scene: Scene, name: str, data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        for entry in packed.namelist():
            if entry.startswith("xl/worksheets/") and re.search(rb"<f[\s>]", packed.read(entry)):
                scene.wrong(name, f"a formula in {entry}")
