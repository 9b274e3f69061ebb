"""`python -m bench.http_lodgement`: lodging over HTTP on PostgreSQL, beside pgbench that inserts the same bytes.

DATABASE_URL names a server, as a user who may make a database; the run makes one of its own and drops it. It needs
granian and pgbench. In one run, in turns: pgbench at 16 connections, the server at 16 and at 64 connections, then
10,000 parcels in one request. Each answer comes after its commit, with the key, the event, the raw message, the
response and the news written, the decision about access and the request logged to a file. The processes that answer
are those of `thongquan serve`; what runs beside them (sealer, follower, news) is not started, so that only lodging is
measured. The client, the server and PostgreSQL share this machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit, urlunsplit

from . import clock

SECONDS = 6
ROUNDS = 3
CONNECTIONS = 16
PARCELS = 10_000
WORKERS, THREADS = 2, 16

FLOOR_AIM, P99_AIM_MS, BULK_AIM_SECONDS = 0.25, 50.0, 2.0

TABLES = (
    "clearance_declaration",
    "record_rawmessage",
    "clearance_declarationversion",
    "record_event",
    "clearance_response",
    "record_outbox",
    "record_idempotencykey",
)


def declaration(reference: str, lines: int = 5) -> dict:
    """About 3.4 kB: header, parties, and five lines with origin, procedure, masses, packages and documents."""
    item = {
        "description": "Chè xanh chưa ủ men, đóng gói sẵn trong bao bì kín, 500 g mỗi gói, loại đặc biệt",
        "classifications": [{"id": "09021010", "identification_type_code": "TSP"}],
        "origins": [{"country_code": "CN", "type_code": "1"}],
        "procedures": [{"current_code": "40", "previous_code": "00"}],
        "gross_mass": {"millionths": 10_500_000, "unit": "KGM"},
        "net_mass": {"millionths": 9_250_000, "unit": "KGM"},
        "item_charge": {"millionths": 1_234_560_000, "currency": "USD"},
        "packagings": [
            {"type_code": "CT", "quantity": {"millionths": 12_000_000}, "marks_numbers_id": "AB 1/12"}
        ],
        "additional_documents": [{"category_code": "N", "type_code": "935", "id": "INV-2026-000123"}],
    }
    return {
        "function_code": "9",
        "functional_reference_id": reference,
        "type_code": "IMA",
        "declarant": {"id": "0100109106", "name": "Công ty TNHH Ví Dụ"},
        "importer": {"id": "0100109106", "name": "Công ty TNHH Ví Dụ"},
        "exporter": {"name": "Example Tea Co.", "address": {"city_name": "Kunming", "country_code": "CN"}},
        "goods_item_quantity": lines,
        "goods_items": [{"sequence_numeric": number, **item} for number in range(1, lines + 1)],
    }


def written(reference: str, lines: int = 5) -> bytes:
    """In the canonical form, as a careful client sends it."""
    from thongquan.engine.formats import json_lines

    read = json_lines.read_json(json.dumps(declaration(reference, lines)).encode())
    if isinstance(read, tuple):
        raise SystemExit(f"the bench's own declaration is refused: {read}")
    return json_lines.write_json(read)


# a database and a server of one's own


@contextlib.contextmanager
def own_database(url: str) -> Iterator[str]:
    import psycopg

    name = f"thongquan_bench_{uuid.uuid4().hex[:8]}"
    parts = urlsplit(url)
    admin = urlunsplit(parts._replace(path="/postgres"))
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(parts._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def prepared() -> str:
    """Tables, a declarant with a key: its text."""
    from thongquan.site.config.start import start

    start(migrate=True)
    from datetime import date

    from thongquan.site.accounts import acts as accounts
    from thongquan.site.kit import clock as database_clock

    accounts.post("bench", "DECLARANT", first_day=date(2020, 1, 1), trader="0100109106")
    client = accounts.client("bench", "bench")
    return accounts.give_token(client, scopes=["lodge", "prelodge"], now=database_clock.now())


@contextlib.contextmanager
def server(environment: dict[str, str]) -> Iterator[int]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [sys.executable, "-m", "bench.http_lodgement", "serve", str(port)]
    with Path(environment["THONGQUAN_DATA"], "server.log").open("wb") as log:
        running = subprocess.Popen(command, env=environment, start_new_session=True, stderr=log)
    started = time.perf_counter()
    try:
        while time.perf_counter() - started < 30:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as probe:
                probe.sendall(b"GET /api/v1/me HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                if probe.recv(16):
                    break
            time.sleep(0.05)
        else:
            raise SystemExit("the server does not answer")
        print(f"  first answer of a cold server {time.perf_counter() - started:>8.2f} s")
        yield port
    finally:
        os.killpg(running.pid, signal.SIGTERM)
        running.wait(30)


def serve(port: int) -> None:
    """Answer as `thongquan serve` does, with nothing beside it."""
    from thongquan.site.config import serving

    address = serving.Address("127.0.0.1", port)
    serving.prepare(address)
    with tempfile.TemporaryDirectory() as figures:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = figures
        answering = serving.answering(address, workers=WORKERS, threads=THREADS)
        answering.serve(target_loader=serving.load, wrap_loader=True)


# clients


def request(token: str, path: str, body: bytes, key: str, media: str = "application/json") -> bytes:
    head = (
        f"POST /api/v1{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: {media}\r\nIdempotency-Key: {key}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """Status and body of one answer that says its length."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            raise SystemExit("the server closed the connection")
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
    )
    while len(body) < length:
        body += connection.recv(1 << 20)
    return int(head.split(b" ", 2)[1]), body


def lodge(port: int, token: str, connections: int, seconds: float) -> tuple[float, list[float]]:
    """Requests a second, and the milliseconds of each. The bodies are written before the time begins."""
    run, template = uuid.uuid4().hex[:8], written("REFERENCE")
    taken: list[list[float]] = [[] for _ in range(connections)]
    begin, end = threading.Barrier(connections + 1), [0.0]

    def one(number: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            begin.wait()
            count = 0
            while time.perf_counter() < end[0]:
                name = f"{run}-{number}-{count}"
                count += 1
                body = template.replace(b"REFERENCE", name.encode())
                start = time.perf_counter()
                connection.sendall(request(token, "/declarations", body, f"key-{name}"))
                status, said = answer(connection)
                taken[number].append((time.perf_counter() - start) * 1000)
                if status != 201:
                    raise SystemExit(f"{status}: {said[:300]!r}")

    threads = [threading.Thread(target=one, args=(number,), daemon=True) for number in range(connections)]
    end[0] = time.perf_counter() + 3600
    for thread in threads:
        thread.start()
    begin.wait()
    start = time.perf_counter()
    end[0] = start + seconds
    for thread in threads:
        thread.join(seconds + 60)
    return sum(map(len, taken)) / (time.perf_counter() - start), sorted(one for part in taken for one in part)


def bulk(port: int, token: str) -> float:
    """Seconds from the first byte sent to the last result read."""
    run = uuid.uuid4().hex[:8]
    template = written("REFERENCE", lines=1)
    lines = [template.replace(b"REFERENCE", f"{run}-{number}".encode()) for number in range(PARCELS)]
    body = b"\n".join(lines)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        start = time.perf_counter()
        connection.sendall(request(token, "/declarations/bulk", body, f"key-{run}", "application/x-ndjson"))
        status, said = answer(connection)
        taken = time.perf_counter() - start
    told = json.loads(said)
    if status != 200 or told["lodged"] != PARCELS:
        raise SystemExit(f"{status}: {said[:300]!r}")
    return taken


# the floor


def floor_tables(url: str) -> str:
    """Copies of the seven tables with their keys and indexes and without triggers, and the script that fills them."""
    import psycopg

    from thongquan.site.clearance.models import Declaration
    from thongquan.site.record.models import Event, IdempotencyKey

    row = Declaration.objects.order_by("-pk").first()
    assert row is not None
    version = row.versions.get()
    event = Event.objects.get(subject=row.number, n=1)
    response = row.responses.get()
    answer_size = len(bytes(IdempotencyKey.objects.order_by("-pk").values_list("answer", flat=True)[0]))
    raw = len(version.payload.encode())
    with psycopg.connect(url, autocommit=True) as connection:
        for table in TABLES:
            connection.execute(f"CREATE TABLE floor_{table} (LIKE {table} INCLUDING ALL)")

    def text(size: int) -> str:
        return f"repeat('x', {size})"

    def bytes_of(size: int) -> str:
        return f"convert_to(repeat('x', {size}), 'UTF8')"

    unique = "lpad((:u)::text, 64, '0')"
    statements = [
        "\\set u random(1, 9000000000000000000)",
        "BEGIN;",
        (
            "INSERT INTO floor_clearance_declaration (number, pack, office, trader_id, functional_reference, year,"
            " external_reference, flow, type_code, simplified, lines, consignment, under_document, goods_hash, state,"
            " goods, version, events, head, lodged_at, paid_minor, guaranteed_minor) VALUES ((:u)::text, 'sample',"
            f" 'XS0001', 1, (:u)::text, 2026, '', 'import', 'IMA', false, 5, {unique}, false, {unique}, 'LODGED',"
            f" 'AT_AREA', 1, 1, {unique}, now(), 0, 0);"
        ),
        f"INSERT INTO floor_record_rawmessage (hash, content, size) VALUES ({unique}, {bytes_of(raw)}, {raw});",
        (
            "INSERT INTO floor_clearance_declarationversion (declaration_id, version, n, payload, hash, message_id,"
            f" changes) VALUES (:u, 1, 1, {text(raw)}, {unique}, {unique}, '[]');"
        ),
        (
            "INSERT INTO floor_record_event (subject, n, act, at, recorded_at, actor, role, office, body, prev, hash)"
            f" VALUES ((:u)::text, 1, 'lodge', now(), now(), 'bench', 'DECLARANT', '', {text(len(event.body))},"
            f" {text(64)}, {unique});"
        ),
        (
            "INSERT INTO floor_clearance_response (identifier, declaration_id, n, kind, content) VALUES"
            f" ((:u)::text, :u, 1, 'RECEIVED', {bytes_of(len(bytes(response.content)))});"
        ),
        (
            "INSERT INTO floor_record_outbox (topic, subject, n, body) VALUES ('declaration.lodge', (:u)::text, 1,"
            f" {text(180)});"
        ),
        (
            "INSERT INTO floor_record_idempotencykey (principal, key, request_hash, answer) VALUES ('bench',"
            f" (:u)::text, {unique}, {bytes_of(answer_size)});"
        ),
        "COMMIT;",
    ]
    return "\n".join(statements) + "\n"


def pgbench(url: str, script: str, connections: int, seconds: int) -> tuple[float, float]:
    """Transactions a second, and the mean milliseconds of one."""
    parts = urlsplit(url)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = [
            "pgbench", "-n", "-M", "prepared", "-c", str(connections), "-j", "2", "-T", str(seconds), "-f", file.name,
            "-h", parts.hostname or "", "-p", str(parts.port or 5432), "-U", parts.username or "",
            parts.path.lstrip("/"),
        ]  # fmt: skip
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = dict(line.partition(" = ")[::2] for line in told.splitlines() if " = " in line)
    return float(found["tps"].split()[0]), float(found["latency average"].split()[0])


def main() -> int:
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres") or not shutil.which("pgbench"):
        print("http: set DATABASE_URL to a PostgreSQL server, with pgbench in PATH", file=sys.stderr)
        return 2
    print(clock.weather())
    print(f"lodging over HTTP, {len(written('REFERENCE')):,} bytes and five lines each, PostgreSQL, durable")
    with tempfile.TemporaryDirectory() as data, own_database(url) as own:
        settings = {
            "DATABASE_URL": own,
            "THONGQUAN_DATA": data,
            "THONGQUAN_PACK": "sample",
            "THONGQUAN_API_RATE": "0",
            "THONGQUAN_HTTPS": "off",
            "DJANGO_SETTINGS_MODULE": "thongquan.site.config.settings",
        }
        os.environ.update(settings)
        token = prepared()
        try:
            with server({**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}) as port:
                return measured(own, port, token)
        finally:
            from django.db import connections

            connections.close_all()


def measured(url: str, port: int, token: str) -> int:
    lodge(port, token, CONNECTIONS, 2)
    script = floor_tables(url)
    pgbench(url, script, CONNECTIONS, 2)
    floors, speeds, tails, wide = [], [], [], []
    for _ in range(ROUNDS):
        floors.append(pgbench(url, script, CONNECTIONS, SECONDS)[0])
        speed, taken = lodge(port, token, CONNECTIONS, SECONDS)
        speeds.append(speed)
        tails.append((taken[len(taken) // 2], taken[int(len(taken) * 0.99)]))
        wide.append(lodge(port, token, 64, SECONDS)[0])
    bulks = [bulk(port, token) for _ in range(ROUNDS)]
    floor, speed = median(floors), median(speeds)
    p50, p99 = median(one for one, _ in tails), median(one for _, one in tails)
    print(f"  pgbench, the same rows in one transaction, 16 connections {floor:>8,.0f} a second")
    print(f"  HTTP, 16 connections {speed:>8,.0f} a second, p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    print(f"  HTTP, 64 connections {median(wide):>8,.0f} a second")
    said("HTTP ÷ pgbench", speed / floor, FLOOR_AIM, at_least=True)
    said("p99, ms", p99, P99_AIM_MS)
    said(f"bulk of {PARCELS:,}, s", median(bulks), BULK_AIM_SECONDS)
    verify()
    return 0


def said(what: str, reached: float, aim: float, *, at_least: bool = False) -> None:
    good = reached >= aim if at_least else reached <= aim
    print(
        f"  {what:<22}{reached:>8.2f}   aim {'≥' if at_least else '≤'} {aim:g}: {'reached' if good else 'MISSED'}"
    )


def verify() -> None:
    """What was measured must also be right: every chain, row, version and account."""
    from thongquan.site.clearance import reads

    proved = reads.verify()
    if proved.faults:
        raise SystemExit(f"{len(proved.faults)} faults, the first {proved.faults[0]}")
    print(f"  every one of {proved.log.events:,} events, its row and its version verified")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(int(sys.argv[2]))
    else:
        sys.exit(main())
