"""Clients that cannot be made to lose or to double anything: each writes its key down, sends, and sends again the same
until it is answered. What they wrote down is what a harness later holds against the database."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from thongquan.engine.formats import json_lines

from ..country import original
from .counter import PREFIX
from .killable import patience

STUCK_SECONDS = 20.0
"""Longer than that nobody waits for an answer, whatever was killed meanwhile, on a machine that does nothing else."""

HOPELESS = 24
"""After so many requests without an answer the clients go home: the server does not come back any more."""

AGAIN = 0.2
"""The share of answered requests that is sent once more."""

FOLLOWED = 8
"""Of so many lodgements one is followed to its payment."""

ATTEMPT_SECONDS = 6.0


@dataclass(slots=True)
class Request:
    """One request as it was written down. answers: every one that came for it. waited: seconds to the first."""

    key: str
    act: str
    user: str
    said: dict[str, Any]
    answers: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    waited: float = 0.0
    tries: int = 0


class Fleet:
    """Some clients that share a list of lodgements. broken: answers that the server had a fault, where it should have
    been busy.

    Some lodgements are followed to their payment; every second carries no reference of the trader, so that
    nothing but its key tells it from its own repetition. file: where the clients write down what they ask and learn.
    """

    def __init__(self, port: int, lodgements: int, seed: int, file: Path, clients: int = 8) -> None:
        self.port, self.seed, self.lodgements = port, seed, lodgements
        self.requests: list[Request] = []
        self.answered = self.given_up = self.broken = 0
        self.stop = threading.Event()
        self._file = file.open("a", encoding="utf-8")
        self._lock = threading.Lock()
        self._work = iter(range(lodgements))
        self._threads = [threading.Thread(target=self._live, args=(n,)) for n in range(clients)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    @property
    def working(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def wait(self, seconds: float) -> None:
        """Until all is answered or the time is over; then the clients give up."""
        give_up = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, give_up - time.monotonic()))
        self.stop.set()
        for thread in self._threads:
            thread.join()
        self._file.close()

    def stuck(self) -> list[Request]:
        """Requests that waited too long, or were refused, or have no answer at all."""
        return [
            request
            for request in self.requests
            if not request.answers or request.refused or request.waited > patience(STUCK_SECONDS)
        ]

    # one client

    def _live(self, name: int) -> None:
        chance = random.Random(f"{self.seed}/{name}")
        line = _Line(self.port)
        while not self.stop.is_set():
            with self._lock:
                place = next(self._work, None)
            if place is None:
                break
            self._lodge(line, place, chance)
        line.close()

    def _lodge(self, line: _Line, place: int, chance: random.Random) -> None:
        key = f"{self.seed}-{place}"
        reference = f"R{key}" if place % 2 else ""
        said = {"reference": reference, "value": chance.randrange(1, 5_000)}
        lodged = self._ask(line, Request(key, "lodge", "ann", said), chance)
        with self._lock:
            self.answered += 1
        if lodged is None or place % FOLLOWED:
            return
        for act, user, more in _afterwards(key, chance):
            request = Request(f"{key}/{act}", act, user, {"number": lodged["number"], **more})
            if self._ask(line, request, chance) is None:
                return

    def _ask(self, line: _Line, request: Request, chance: random.Random) -> dict[str, Any] | None:
        self._write("ask", request, {"act": request.act, "user": request.user, "said": request.said})
        with self._lock:
            self.requests.append(request)
        began = time.monotonic()
        answer = self._until_answered(line, request, chance)
        request.waited = time.monotonic() - began
        if answer is not None and chance.random() < AGAIN:
            self._until_answered(line, request, chance)
        return answer

    def _until_answered(self, line: _Line, request: Request, chance: random.Random) -> dict[str, Any] | None:
        began = time.monotonic()
        while time.monotonic() - began < patience(STUCK_SECONDS + 5) and not self.stop.is_set():
            request.tries += 1
            status, answer = line.send(request)
            if status == 200:
                self._write("ack", request, answer)
                request.answers.append(answer)
                return answer
            if status == 409:
                request.refused.append(answer.get("code", "?"))
                return None
            self.broken += status == 500
            # Busy, gone, or cut off: nothing is known, so exactly the same once more.
            time.sleep(chance.uniform(0.01, 0.08))
        self.given_up += 1
        if self.given_up > HOPELESS:
            self.stop.set()
        return None

    def _write(self, word: str, request: Request, content: dict[str, Any]) -> None:
        with self._lock:
            self._file.write(json.dumps({word: request.key, **content}) + "\n")
            self._file.flush()


def _afterwards(key: str, chance: random.Random) -> Iterator[tuple[str, str, dict[str, Any]]]:
    yield "accept", "olga", {}
    yield "assess", "olga", {}
    paid = chance.randrange(1, 50_000)
    yield "pay", "bank", {"paid_minor": paid, "source": "bank", "reference": key, "treasury": "T"}


class _Line:
    """One connection, made anew after each fault."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open: http.client.HTTPConnection | None = None

    def send(self, request: Request) -> tuple[int, dict[str, Any]]:
        """200 and the answer, 409 and the refusal; 0, 500 and more when nothing is known."""
        if self._open is None:
            self._open = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ATTEMPT_SECONDS)
        path, body = written(request)
        headers = {
            "Authorization": f"Bearer {token_of(request.user)}",
            "Content-Type": "application/json",
            "Idempotency-Key": request.key,
        }
        try:
            self._open.request("POST", PREFIX + path, body, headers)
            response = self._open.getresponse()
            content = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError):
            self.close()
            return 0, {}
        if response.status in (200, 201):
            return 200, content
        return (409, content) if response.status < 500 else (response.status, {})

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def written(request: Request) -> tuple[str, bytes]:
    """Path and body of a request. Its key stands in the goods' description too, so that what is stored can be told
    apart without the table of keys."""
    said = request.said
    if request.act == "lodge":
        declared = original(said["reference"], value=said["value"], description=request.key)
        return "/declarations", json_lines.write_json(declared)
    number, body = said["number"], {name: value for name, value in said.items() if name != "number"}
    return f"/declarations/{number}/acts/{request.act}", json.dumps(body).encode()


def token_of(user: str) -> str:
    """The key of a user's machine, known beforehand because the databases of a harness come and go."""
    return f"tq_harness_{user}"


def acknowledged(file: Path) -> tuple[Sequence[dict[str, Any]], dict[str, list[dict[str, Any]]]]:
    """What the clients wrote down: every request, and every answer by key."""
    asked: list[dict[str, Any]] = []
    answers: dict[str, list[dict[str, Any]]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if "ask" in row:
            asked.append(row)
        else:
            answers.setdefault(row["ack"], []).append(row)
    return asked, answers
