"""Machines with keys, as the tests of the API send them: everything a client does is one call of `Machine`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from types import ModuleType
from typing import Any
from uuid import uuid4

from django.test import Client as Browser

from thongquan.engine.formats import json_lines
from thongquan.site.accounts import acts as accounts
from thongquan.site.accounts.reads import told_rights
from thongquan.site.kit import clock

from ..country import original

EVERYTHING = sorted({act for _, act in told_rights()})
START = date(2020, 1, 1)


@dataclass
class Answer:
    status: int
    headers: Any
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def code(self) -> str:
        return self.json["code"]


@dataclass
class Machine:
    """One client. Each write gets a key of its own unless one is given."""

    token: str
    language: str = "en"
    name: str = field(default_factory=lambda: uuid4().hex)
    keys: Any = field(default_factory=lambda: count(1))

    def ask(
        self, method: str, path: str, body: Any = None, *, media="application/json", key="", **headers
    ) -> Answer:
        data = body if isinstance(body, bytes) else (json.dumps(body).encode() if body is not None else b"")
        sent = {"HTTP_ACCEPT_LANGUAGE": self.language, **headers}
        if self.token:
            sent["HTTP_AUTHORIZATION"] = f"Bearer {self.token}"
        if key is not None:
            sent["HTTP_IDEMPOTENCY_KEY"] = key or f"{self.name}-{next(self.keys)}"
        sent["CONTENT_TYPE"] = media
        answer = Browser().generic(method, f"/api/v1{path}", data, secure=True, **sent)
        return Answer(answer.status_code, answer.headers, answer.content)

    def get(self, path: str, **more) -> Answer:
        return self.ask("GET", path, key=None, **more)

    def post(self, path: str, body: Any = None, **more) -> Answer:
        return self.ask("POST", path, body, **more)

    def lodge(self, declaration=None, **more) -> Answer:
        return self.post("/declarations", json_lines.write_json(declaration or original()), **more)

    def act(self, number: str, act: str, body: Any = None, **more) -> Answer:
        return self.post(f"/declarations/{number}/acts/{act}", body, **more)


def machine_of(user: str, scopes=EVERYTHING, **client) -> Machine:
    made = accounts.client(user, f"machine of {user}", **client)
    return Machine(accounts.give_token(made, scopes=scopes, now=clock.now()))


def served_by() -> tuple[ModuleType, ...]:
    """The modules that ask which country the site serves."""
    from thongquan.site.clearance import (
        api,
        attachment_api,
        matters_api,
        preregistration_api,
        proofs,
        push,
        register_api,
    )
    from thongquan.site.reference import api as tariff

    return api, attachment_api, matters_api, preregistration_api, proofs, push, register_api, tariff
