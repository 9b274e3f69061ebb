"""A client that a generator makes of our OpenAPI file, and nothing else, lodges, follows and pays a declaration.

The generator and the client live in an environment of their own, in which nothing of ours is; the site that they meet
is the whole one, on a port of this machine.
"""

from __future__ import annotations

import json
import os
import re
import socketserver
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import pytest

HERE = Path(__file__).parent
TOOLS = HERE.parents[2] / ".tools/client/bin"


class Quiet(WSGIRequestHandler):
    def log_message(self, *_) -> None:
        pass


class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


@pytest.fixture
def address(office, country, settings, tmp_path) -> Iterator[str]:
    """The site on a free port, with the worker beside it that goes on with what the machine decides."""
    from django.core.wsgi import get_wsgi_application

    settings.DATA = tmp_path / "data"
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    site = get_wsgi_application()
    server = Server(("127.0.0.1", 0), Quiet)
    # As behind the proxy that has the certificate.
    server.set_app(lambda environ, start: site({**environ, "wsgi.url_scheme": "https"}, start))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with following(country):
            yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def following(country) -> Iterator[None]:
    from django.db import connection

    from thongquan.site.clearance.following import Follower

    stop = threading.Event()

    def follow() -> None:
        follower = Follower(country)
        while not stop.wait(0.05):
            follower.sweep()
        connection.close()

    worker = threading.Thread(target=follow, daemon=True)
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join()


@pytest.fixture
def generator() -> Path:
    """The generator; where `make test` set the machine up it is there, and in CI it must be."""
    found = TOOLS / "openapi-python-client"
    if not found.exists() and not os.environ.get("CI"):
        pytest.skip("the client generator is not set up: tools/setup.sh dev")
    return found


@pytest.fixture
def client(address, generator, tmp_path) -> Path:
    """The folder with the client, made of the document that the site serves."""
    with urllib.request.urlopen(f"{address}/api/openapi.json?language=en") as answer:
        (tmp_path / "openapi.json").write_bytes(answer.read())
    made = subprocess.run(
        [generator, "generate", "--path", "openapi.json", "--meta", "none", "--output-path", "thongquan_client"],
        cwd=tmp_path, env={"PATH": f"{TOOLS}:/usr/bin:/bin"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = re.sub(r"<[^>]*>", "…", made.stdout + made.stderr)
    assert made.returncode == 0, told
    # It knows JSON and plain bytes; that a route also takes, or gives, another kind of file it says and passes over.
    other = re.compile(r"Unsupported content[ _]type [\w.+*/-]+\)?(, response will be omitted.*)?$")
    said = [
        line for line in told.splitlines() if "Unsupported" in line or "Cannot" in line or "ERROR" in line
    ]
    assert [line for line in said if not other.search(line)] == []
    return tmp_path


def run(client: Path, programme: list[str | Path], said: str = "") -> subprocess.CompletedProcess[str]:
    """Run a programme beside the generated client, in the environment in which nothing of ours is."""
    return subprocess.run(
        [TOOLS / "python", "-P", *programme], cwd=client, env={"PYTHONPATH": str(client)}, input=said,
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_the_generated_client_lodges_follows_and_pays(client, address):
    from .machines import EVERYTHING, machine_of

    people = {"broker": "ann", "officer": "olga", "inspector": "igor", "bank": "bank", "gate": "gate"}
    keys = {who: machine_of(user, scopes=EVERYTHING).token for who, user in people.items()}
    done = run(client, [HERE / "broker.py", address], json.dumps(keys))
    assert done.returncode == 0, done.stderr[-4000:]
    assert json.loads(done.stdout) == {
        "user": "ann",
        "refused": ["TEXT_INVISIBLE_CHARACTER", "goods_items[1].description"],
        "lodged": "LODGED",
        "paper": ["hóa đơn 1.pdf", "application/pdf"],
        "channel": "RED",
        # 1,000 krona, after July 2026: duty 12 % is 120, VAT 20 % of 1,120 is 224
        "owed_minor": 344_00,
        "told": ["RECEIVED", "ACCEPTED", "TAX", "CONTROL"],
        # the documents and the goods are to be looked at first
        "early": ["DUTY_NOT_SECURED", "OBLIGATION_OPEN", "OBLIGATION_OPEN"],
        "cleared": "CLEARED",
        "stands": ["CLEARED", "PASSED", 344_00],
        "acts": [
            "lodge", "accept", "assess", "select", "check_documents", "inspect", "pay", "clear", "exit",
        ],
        "told later": ["CLEARED", "EXITED"],
        "bulk": [2, 0],
        "green": "CLEARED",
        "listed": ["C-3", "C-2", "C-1"],
    }  # fmt: skip


@pytest.mark.parametrize("language", ["vi", "en"])
def test_what_the_page_shows_works_as_it_stands(client, address, language):
    from .machines import machine_of

    page = (HERE.parents[2] / "docs" / language / "client.md").read_text(encoding="utf-8")
    shown = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    given = {"https://customs.example": address, "tqs_…": machine_of("ann").token}
    for named, real in given.items():
        assert named in shown
        shown = shown.replace(named, real)
    (client / "shown.py").write_text(shown, encoding="utf-8")
    for name in ("invoice.pdf", "hoa-don.pdf"):
        (client / name).write_bytes(b"%PDF-1.7\n")
    done = run(client, ["shown.py"])
    assert done.returncode == 0, done.stderr[-4000:]
    assert "LODGED thongquan-receipt-v1" in done.stdout
    assert done.stdout.rstrip().endswith("pdf application/pdf 9")
