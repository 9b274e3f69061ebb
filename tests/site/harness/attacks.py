"""T13: what is thrown at the running site: files, requests and questions. `attacks_on_people` has the rest.

Every attack is a function that takes the scene; what goes wrong it tells there.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote

from thongquan.site.config.api import PREFIX
from thongquan.site.papers.models import Draft

from . import hostile
from .fleet import token_of
from .killable import patience
from .scene import REFUSED, Scene
from .wire import Reply, exchange, line, replies, request

type Attack = Callable[[Scene], None]

ATTACKS: list[Attack] = []


def attack(one: Attack) -> Attack:
    ATTACKS.append(one)
    return one


# files


@attack
def messages_to_the_api(scene: Scene) -> None:
    for name, media, data in hostile.files():
        if media == hostile.XML:
            _refused(scene, name, "/declarations", data, media)


@attack
def json_to_the_api(scene: Scene) -> None:
    for name, media, data in hostile.files():
        if media == hostile.JSON:
            _refused(scene, name, "/declarations", data, media)
            _refused(scene, f"sum {name}", "/calculations", b'{"declaration":' + data + b"}", media)


@attack
def tables_to_the_api(scene: Scene) -> None:
    for name, media, data in hostile.files():
        if media not in (hostile.JSON, hostile.XML):
            _refused(scene, f"bulk {name}", "/declarations/bulk", data, media)


def _refused(scene: Scene, name: str, path: str, data: bytes, media: str) -> None:
    """A busy machine only ever adds to the time: the least of three tells what it takes."""
    for left in (2, 1, 0):
        kept = list(scene.found)
        with scene.without_effect(name):
            reply = scene.ask("POST", path, data, media=media)
        if path == "/declarations/bulk" and reply.status == 200:
            told = json.loads(reply.body)
            if told["lodged"] or not all(item["findings"] for item in told["items"]):
                scene.wrong(name, f"{told['lodged']} lodged")
        elif path != "/calculations" or reply.status != 200:
            scene.judge(name, reply)
            if reply.status and not reply.code:
                scene.wrong(name, f"no code: {reply.text[:100]}")
        if scene.found == kept or not left:
            return
        if len(scene.found) == len(kept) + 1 and " s of a processor" in scene.found[-1]:
            scene.found[:] = kept
            continue
        return


@attack
def files_to_the_pages(scene: Scene) -> None:
    """Tables, workbooks and rubble as somebody uploads them: told what is wrong, or a draft with what is wrong."""
    rival = scene.browser("khac")
    for name, media, data in hostile.files():
        if media == hostile.JSON or (media == hostile.XML and len(data) > 1_000_000):
            continue
        for left in (2, 1, 0):
            kept = list(scene.found)
            with scene.without_effect(f"page {name}"):
                reply = rival.post("/khai-moi", {"how": "file"}, file=("a.csv", data))
            scene.judge(f"page {name}", reply, (302, 413, 422))
            late = scene.found[len(kept) :]
            if not left or not late or not all(" s of a processor" in one for one in late):
                break
            scene.found[:] = kept
        Draft.objects.exclude(key=scene.draft).delete()


@attack
def papers_that_are_none(scene: Scene) -> None:
    """A page, a program or an archive that calls itself a paper."""
    victim = scene.browser("khai")
    for name, content in (
        ("page.pdf", b"<!doctype html><script>alert(1)</script>"), ("a.svg", b"<svg onload='alert(1)'/>"),
        ("a.png", b"\x89PNG\r\n\x1a\n"), ("a.exe", b"MZ\x90\0"), ("a.zip", hostile.workbook(xl__vbaProject_bin=b"x")
         .replace(b"vbaProject_bin", b"vbaProject.bin")), ("a.xlsx", hostile.workbook(**{"..__..__x": b""})),
        ("nothing.pdf", b""), ("big.pdf", b"%PDF-" + bytes(21 * 2**20)),
    ):  # fmt: skip
        with scene.without_effect(f"paper {name}"):
            target = f"/to-khai/{scene.number}/ho-so/them"
            reply = victim.post(target, {"key": "k9", "kind": "INVOICE"}, file=(name, content))
        scene.judge(f"paper {name}", reply, (413, 422))
    for name in ("../../../etc/passwd", "a\\..\\b.pdf", "a%00.pdf", 'x"; filename="y.html'):
        target = f"/to-khai/{scene.number}/ho-so/them"
        victim.post(target, {"key": name, "kind": "OTHER"}, file=(name, b"%PDF-1.7\n" + name.encode()))
        reply = victim.get(f"/to-khai/{scene.number}/ho-so")
        scene.judge(f"name {name}", reply, (200,))
        if "etc/passwd" in reply.text or "\\.." in reply.text:
            scene.wrong(f"name {name}", "a path is shown as a name")
    got = victim.get(f"/to-khai/{scene.number}/ho-so/{scene.paper}")
    if "sandbox" not in got.headers.get("content-security-policy", "") or "attachment" not in got.headers.get(
        "content-disposition", ""
    ):
        scene.wrong("paper", "is handed out as a page of ours")


# requests


def _raw(scene: Scene) -> Iterator[tuple[str, bytes]]:
    """Requests that are none, or two where one is meant. The one inside would lodge a declaration."""
    body = hostile.good("SMUGGLED")
    inner = request(
        "POST", f"{PREFIX}/declarations", body,
        {"Authorization": f"Bearer {token_of('khai')}", "Idempotency-Key": "smuggled-1", "Content-Type": hostile.JSON},
    )  # fmt: skip
    start = f"POST {PREFIX}/declarations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n".encode()
    start += f"Authorization: Bearer {token_of('khac')}\r\nIdempotency-Key: outer-0001\r\n".encode()
    chunked = b"0\r\n\r\n"
    both = b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n" % (len(chunked) + len(inner))
    yield "a length and chunks", start + both + chunked + inner
    yield (
        "chunks and a length",
        start + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + inner,
    )
    yield "two lengths", start + b"Content-Length: 2\r\nContent-Length: %d\r\n\r\n{}" % len(inner) + inner
    yield "a list of lengths", start + b"Content-Length: 2, 3\r\n\r\n{}" + inner
    yield "a negative length", start + b"Content-Length: -1\r\n\r\n" + inner
    yield "a length with a sign", start + b"Content-Length: +2\r\n\r\n{}" + inner
    yield "a length in hexadecimal", start + b"Content-Length: 0x2\r\n\r\n{}" + inner
    yield "a length beyond 64 bits", start + b"Content-Length: 18446744073709551618\r\n\r\n{}" + inner
    yield (
        "an encoding that is none",
        start + b"Transfer-Encoding: xchunked\r\nContent-Length: 2\r\n\r\n{}" + inner,
    )
    yield (
        "an encoding twice",
        start + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n" + inner,
    )
    yield "a space before the colon", start + b"Content-Length : 2\r\n\r\n{}" + inner
    yield (
        "a folded header",
        start + b"X: a\r\n Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}" + inner,
    )
    yield "a chunk of no size", start + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n" + inner
    yield "a chunk without end", start + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}"
    yield (
        "a chunk with a long remark",
        start + b"Transfer-Encoding: chunked\r\n\r\n2;" + b"x" * 200_000 + b"\r\n{}",
    )
    yield "a NUL in a header", start + b"X: a\0b\r\nContent-Length: 2\r\n\r\n{}" + inner
    yield "half a line end", start.replace(b"\r\n", b"\n") + b"Content-Length: 2\n\n{}"
    yield "a header of a megabyte", start + b"X: " + b"a" * 1_000_000 + b"\r\n\r\n"
    yield "10,000 headers", start + b"".join(b"X%d: 1\r\n" % n for n in range(10_000)) + b"\r\n"
    yield "a target of 100 KB", b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    yield "no version", b"GET /viec\r\n\r\n"
    yield "an unknown version", b"GET /viec HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n"
    yield "no host", b"GET /viec HTTP/1.1\r\n\r\n"
    yield "rubble", bytes(range(256)) * 64
    yield "TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)
    yield "HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(100)
    for method in ("TRACE", "CONNECT", "OPTIONS", "PUT", "DELETE", "PATCH", "LODGE", "get"):
        for target in ("/viec", f"{PREFIX}/declarations"):
            yield f"{method} {target}", request(method, target)


@attack
def requests_that_are_none(scene: Scene) -> None:
    for name, sent in _raw(scene):
        with scene.without_effect(name):
            answered = exchange(scene.port, sent, patience=0.3)
        for one in answered:
            scene.judge(
                name,
                one,
                (*REFUSED, 302, 501, 505, 200)
                if name.endswith(("/viec", "/declarations"))
                else (*REFUSED, 501, 505),
            )
        # A second answer means that what was inside a body was taken for a request.
        if len(answered) > 1 and not (name.startswith(("a chunk", "half")) and answered[-1].status >= 400):
            scene.wrong(name, f"{[one.status for one in answered]} to one request")


@attack
def bodies_that_are_too_long(scene: Scene) -> None:
    """Refused by their length, before much of them is read; one that says no length is not read at all."""
    rival = scene.browser("khac")
    cookie = "; ".join(f"{name}={value}" for name, value in rival.cookies.items())
    said = {"Authorization": f"Bearer {token_of('khac')}", "Idempotency-Key": "too-long-1", "Cookie": cookie}
    for path, media in (
        (f"{PREFIX}/declarations", hostile.JSON), (f"{PREFIX}/declarations/bulk", hostile.NDJSON),
        (f"{PREFIX}/declarations/{scene.number}/acts/cancel", hostile.JSON),
        ("/khai-moi", "multipart/form-data; boundary=x"),
        ("/dang-nhap", "application/x-www-form-urlencoded"),
    ):  # fmt: skip
        for size in (100_000_000, 10**15):
            head = request("POST", path, b"", {**said, "Content-Type": media, "Content-Length": str(size)})
            with scene.without_effect(f"{path} of {size} bytes"), line(scene.port) as opened:
                opened.sendall(head + b"x" * 1_000)
                answer = next(replies(opened, 1.0, patience(4.0)), None)
            # A server that wants to read on first is answered by nobody.
            if answer is None or answer.status != 413:
                scene.wrong(path, f"{answer and answer.status} to {size} bytes")
                return
    unmeasured = request("POST", f"{PREFIX}/declarations", b"", {**said, "Content-Type": hostile.JSON})
    unmeasured = unmeasured.replace(b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n")
    with scene.without_effect("chunks"):
        answered = exchange(scene.port, unmeasured + b"2\r\n{}\r\n0\r\n\r\n")
    scene.judge("chunks", answered[0] if answered else Reply(0, {}, b""), (411, 413))


@attack
def lines_that_are_slow(scene: Scene) -> None:
    """Whoever sends the head of a request byte by byte keeps nobody else waiting.

    A body that comes slowly holds one of the server's threads: against that a proxy stands before it, which hands on
    whole requests.
    """
    head = request("POST", f"{PREFIX}/declarations", b"", {
        "Authorization": f"Bearer {token_of('khac')}", "Idempotency-Key": "slow-00001", "Content-Type": hostile.JSON,
        "Content-Length": "5000",
    })  # fmt: skip
    opened: list[socket.socket] = []
    try:
        with scene.without_effect("slow lines", 60):
            for number in range(60):
                one = socket.create_connection(("127.0.0.1", scene.port), timeout=60)
                one.sendall(head[: min(10 + 4 * number, len(head) - 8)])
                opened.append(one)
            time.sleep(0.5)
            for user, path in (("khai", "/me"), ("khai", f"/declarations/{scene.number}")):
                began = time.monotonic()
                scene.judge(f"beside slow lines {path}", scene.ask("GET", path, user=user), (200,))
                if time.monotonic() - began > 10:
                    scene.wrong("slow lines", "others waited")
    finally:
        for one in opened:
            one.close()
    # A body that breaks off is no declaration.
    with scene.without_effect("half a body"):
        whole = hostile.good("HALF")
        sent = request("POST", f"{PREFIX}/declarations", whole[:-20], {
            "Authorization": f"Bearer {token_of('khai')}", "Idempotency-Key": "half-00001",
            "Content-Type": hostile.JSON, "Content-Length": str(len(whole)),
        })  # fmt: skip
        for reply in exchange(scene.port, sent, close=True):
            scene.judge("half a body", reply)


# questions


@attack
def questions_with_hooks(scene: Scene) -> None:
    """SQL, paths and line breaks in every place that a request has: an answer of ours, and nothing of others'."""
    rival = scene.browser("khac")
    texts = (*hostile.SQL, "{{7*7}}", "<xq7>", "a\r\nX-Injected: 1", "\0", "😀", "x" * 3_000)
    with scene.without_effect("questions", 500):
        for text in texts:
            asked = quote(text, safe="")
            for path in (
                f"/to-khai?q={asked}", f"/to-khai?nguoi-khai={asked}", f"/to-khai?co-quan={asked}&tu={asked}",
                f"/to-khai?sau={asked}", f"/to-khai.csv?q={asked}", f"/to-khai.json?trang-thai={asked}",
                f"/nop-thue?q={asked}", f"/bieu-thue?q={asked}&ngay={asked}", f"/to-khai/{asked}", f"/khai-moi/{asked}",
                f"/bieu-thue/{asked}", f"/viec?luong={asked}", f"/dang-nhap?tiep={asked}", f"/vao/{asked}",
            ):  # fmt: skip
                _asked(scene, f"GET {path[:60]}", rival.get(path), (200, 302, 400, 404, 414))
            for path in (
                f"/declarations?text={asked}", f"/declarations?trader={asked}&after={asked}",
                f"/declarations?{asked}=1",
                f"/declarations/{asked}", f"/declarations/{asked}/timeline", f"/tariff/{asked}", f"/responses/{asked}",
                f"/tariff/61091000?day={asked}",
            ):  # fmt: skip
                _asked(scene, f"GET {path[:60]}", scene.ask("GET", path), (200, *REFUSED))
        for text in hostile.PATHS:
            for start in (
                "/to-khai/",
                "/static/",
                "/static/../",
                "/khai-moi/mau/",
                "/",
                f"/to-khai/{scene.number}/in/",
            ):
                _asked(
                    scene, f"{start}{text[:40]}", rival.get(f"{start}{text}"), (200, 302, 400, 404, 405, 414)
                )
            _asked(scene, f"api {text[:40]}", scene.ask("GET", f"/declarations/{text}"), REFUSED)
        for header in (
            "Accept-Language",
            "If-Match",
            "Idempotency-Key",
            "X-Forwarded-For",
            "User-Agent",
            "Referer",
        ):
            for text in (
                "' OR 1=1 --",
                "a" * 5_000,
                "*;q=" + "9" * 3_000,
                "\xff\xfe",
                ",".join(["vi;q=0.1"] * 500),
            ):
                name = f"{header}: {text[:20]!r}"
                _asked(
                    scene, name, scene.ask("GET", "/declarations", headers={header: text}), (200, *REFUSED)
                )


def _asked(scene: Scene, name: str, reply: Reply, statuses: tuple[int, ...]) -> None:
    scene.judge(name, reply, statuses)
    if scene.number in reply.text and scene.number not in name:
        scene.wrong(name, "shows the victim's declaration")
    if "<xq7" in reply.text and reply.headers.get("content-type", "").startswith("text/html"):
        scene.wrong(name, "what was asked stands in the page as it is")


@attack
def keys_that_are_none(scene: Scene) -> None:
    """Guessed, borrowed and misplaced keys open nothing. Few of each, as guessing itself is slowed down."""
    good = token_of("khai")
    for name, headers, query in (
        ("none", {}, ""), ("SQL", {"Authorization": "Bearer ' OR '1'='1"}, ""),
        ("empty", {"Authorization": "Bearer "}, ""),
        ("Basic", {"Authorization": "Basic a2hhaTp4"}, ""),
        ("in the question", {}, f"?token={good}&access_token={good}"),
        ("long", {"Authorization": "Bearer " + "x" * 20_000}, ""),
        ("cut", {"Authorization": f"Bearer {good[:-1]}"}, ""),
        ("in a cookie", {"Cookie": f"token={good}; session={good}"}, ""),
        ("a session", {"Cookie": f"session={scene.browser('khai').cookies['session']}"}, ""),
    ):  # fmt: skip
        with scene.without_effect(f"key {name}"):
            reply = scene.ask("GET", f"/declarations{query}", user="", headers=headers)
            scene.judge(f"key {name}", reply, (401, 431))
            reply = scene.ask("POST", "/declarations", hostile.good("KEY"), user="", headers=headers)
            scene.judge(f"key {name}", reply, (401, 431))
