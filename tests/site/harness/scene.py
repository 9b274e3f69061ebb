"""T13: an office with somebody to rob, and what must not change whatever is thrown at it.

Whoever attacks is signed in as a rival trader and as an officer of another office, and has the keys of their machines;
the victim has a declaration, a paper and a draft. Time is the processor time of the server and memory is the most that
one of its processes took beyond what it had, so that a busy machine changes neither.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.db import connection

from thongquan.site.accounts import acts as accounts
from thongquan.site.accounts.models import User
from thongquan.site.clearance import reads
from thongquan.site.clearance.models import Declaration
from thongquan.site.papers.models import Attachment, Draft

from . import hostile
from .counter import PREFIX
from .fleet import token_of
from .house import House, give_key
from .wire import Browser, Reply, exchange, request

PASSWORD = "mot cau that dai de nho"
PEOPLE = {
    "khai": ("DECLARANT", {"trader": "ZZ-DEMO-1"}),
    "khac": ("DECLARANT", {"trader": "ZZ-DEMO-9"}),
    "hoso": ("OFFICER", {"office": "ZZ0001"}),
    "xa": ("OFFICER", {"office": "ZZ0002"}),
}
"""The victim and his officer; a rival and an officer of elsewhere."""

CPU_SECONDS, MEMORY_MIB = 1.0, 256
WAIT_SECONDS = 15.0
"""No attack needs that long, unless it made somebody wait."""

PASSING = {"sessions.session", "entry.livesession", "entry.failure", "papers.draft"}
"""Tables of what passes: who is signed in, who guessed, what is not declared yet."""

REFUSED = (400, 401, 403, 404, 405, 409, 411, 412, 413, 414, 415, 422, 429, 431)
TOLD_TOO_MUCH = re.compile(r"Traceback|File \"/|django\.|psycopg|sqlite3?\.|OperationalError|root:x:0")


class Found(Exception):
    """Something went wrong, and that was to be seen."""


@dataclass
class Scene:
    """port: of the server under attack. found: everything that went wrong, in words. eager: the first is enough."""

    house: House
    found: list[str] = field(default_factory=list)
    eager: bool = False
    count: int = 0
    number: str = ""
    paper: str = ""
    draft: str = ""

    @property
    def port(self) -> int:
        return self.house.counter.port

    def wrong(self, name: str, what: object) -> None:
        self.found.append(f"{name}: {what}"[:300])
        if self.eager:
            raise Found

    # asking

    def ask(
        self, method: str, path: str, body: bytes = b"", *, user: str = "khac", media: str = hostile.JSON,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:  # fmt: skip
        """One request to the API. user: whose machine, "" nobody's."""
        self.count += 1
        said = {"Idempotency-Key": f"attack-{self.count:06}", "Content-Type": media, "Connection": "close"}
        if user:
            said["Authorization"] = f"Bearer {token_of(user)}"
        began = time.monotonic()
        sent = request(method, PREFIX + path, body, {**said, **(headers or {})})
        answered = exchange(self.port, sent)
        if time.monotonic() - began > WAIT_SECONDS:
            self.wrong(f"{method} {path[:60]}", f"answered after {time.monotonic() - began:.0f} s")
        return answered[0] if answered else Reply(0, {}, b"")

    def browser(self, user: str = "") -> Browser:
        made = Browser(self.port)
        if user:
            reply = made.sign_in(user, PASSWORD)
            assert reply.status == 302, f"{user} is not let in: {reply.status} {reply.text[:200]}"
        return made

    # what must be

    def judge(self, name: str, reply: Reply, statuses: Collection[int] = REFUSED) -> None:
        """An answer is one of those foreseen, says why, and says nothing of our insides."""
        if reply.status not in statuses:
            self.wrong(name, f"status {reply.status} {reply.text[:120]}")
        is_api = reply.headers.get("content-type", "").startswith("application/problem")
        if is_api and not re.fullmatch(r"[A-Z0-9_]{3,}", reply.code):
            self.wrong(name, f"no code: {reply.text[:120]}")
        if TOLD_TOO_MUCH.search(reply.text):
            self.wrong(name, f"tells of our insides: {TOLD_TOO_MUCH.search(reply.text)}")
        if "x-injected" in reply.headers:
            self.wrong(name, "a header was injected")
        if reply.headers.get("content-type", "").startswith("text/html") and reply.status:
            self._protected(name, reply)

    def _protected(self, name: str, reply: Reply) -> None:
        policy = reply.headers.get("content-security-policy", "")
        if "default-src 'none'" not in policy or "unsafe" in policy:
            self.wrong(name, f"the page has the policy {policy!r}")
        if reply.headers.get("x-content-type-options") != "nosniff":
            self.wrong(name, "a browser may guess what the page is")

    @contextmanager
    def without_effect(self, name: str, requests: int = 1) -> Iterator[None]:
        """Nothing is stored, changed or gone; and the server takes little for it. requests: about so many are sent."""
        before = fingerprint()
        with self.bounded(name, CPU_SECONDS * max(1.0, requests / 10)):
            yield
        after = fingerprint()
        if after != before:
            changed = {key: (before.get(key), after[key]) for key in after if before.get(key) != after[key]}
            self.wrong(name, f"had an effect: {changed}")

    @contextmanager
    def bounded(self, name: str, cpu: float = CPU_SECONDS) -> Iterator[None]:
        processes = self.house.counter.processes
        before = {process: resident(process) for process in processes}
        for process in processes:
            forget_peak(process)
        began = cpu_seconds(processes)
        yield
        spent = cpu_seconds(processes) - began
        most = max((resident(process, "VmHWM") - kept for process, kept in before.items()), default=0)
        if spent > cpu:
            self.wrong(name, f"took {spent:.1f} s of a processor")
        if most > MEMORY_MIB:
            self.wrong(name, f"took {most} MiB")
        if set(self.house.counter.processes) != set(processes):
            self.wrong(name, "a process of the server is gone")


def fingerprint() -> dict[str, Any]:
    """How many rows every table has, and how each declaration and account stands."""
    told: dict[str, Any] = {
        model._meta.label_lower: model._base_manager.count()
        for model in apps.get_models()
        if model._meta.managed and model._meta.label_lower not in PASSING
    }
    told["declarations"] = list(Declaration.objects.order_by("id").values_list("number", "state", "events"))
    told["accounts"] = list(User.objects.order_by("id").values_list("username", "password", "is_active"))
    return told


def resident(process: int, what: str = "VmRSS") -> int:
    """Mebibytes of a process, 0 of one that is gone."""
    try:
        text = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    found = re.search(rf"{what}:\s+(\d+) kB", text)
    return int(found[1]) // 1024 if found else 0


def forget_peak(process: int) -> None:
    Path(f"/proc/{process}/clear_refs").write_text("5")


def cpu_seconds(processes: Collection[int]) -> float:
    ticks = 0
    for process in processes:
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def besieged(house: House, bug: str = "") -> Iterator[Scene]:
    """A fresh office with everybody in it, the server up."""
    house.counter.invented = False
    try:
        with house.day(bug):
            hashed = make_password(PASSWORD)
            for name, (role, where) in PEOPLE.items():
                accounts.post(name, role, first_day=date(2024, 1, 1), **where)
                give_key(name)
            User.objects.filter(username__in=PEOPLE).update(password=hashed)
            connection.close()
            house.counter.rise()
            scene = Scene(house)
            _furnish(scene)
            yield scene
            faults = reads.verify().faults
            if faults:
                scene.wrong("at the end", [fault.code for fault in faults][:5])
    finally:
        house.counter.invented = True


def _furnish(scene: Scene) -> None:
    """What the victim has."""
    victim = scene.browser("khai")
    drafted = victim.post("/khai-moi", {"how": "file"}, file=("lo.csv", _sheet("V-1")))
    sent = victim.post(drafted.headers["location"], {"does": "send"})
    assert sent.status == 302, sent.text[:2000]
    scene.number = sent.headers["location"].split("/")[2].split("?")[0]
    attached = victim.post(
        f"/to-khai/{scene.number}/ho-so/them",
        {"key": "k1", "kind": "INVOICE"},
        file=("a.pdf", b"%PDF-1.7\nx"),
    )
    assert attached.status == 302, attached.text[:2000]
    victim.post("/khai-moi", {"how": "file"}, file=("lo.csv", _sheet("V-2")))
    scene.paper, scene.draft = Attachment.objects.get().identifier, Draft.objects.get().key


def _sheet(reference: str) -> bytes:
    from ..pages.conftest import HEAD, sheet

    return f"{HEAD}\n{sheet(reference, ('61091000', '90', '1000'))}\n".encode()
