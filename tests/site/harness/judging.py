"""What must be true at the end of a harness, whatever was killed or cut: the clients' notes against the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from django.db import connection

from thongquan.engine.ledger.journal import Account, AccountKind
from thongquan.site.clearance import reads
from thongquan.site.clearance.models import Declaration, DeclarationVersion, Receipt, Series
from thongquan.site.ledger import models as ledger
from thongquan.site.record import models as record
from thongquan.site.record.receipts import Line, receipt
from thongquan.site.record.signing import signing_key

from .fleet import Fleet, acknowledged

SAME = ("number", "events", "receipt", "signed_receipt", "recorded_at")


@dataclass(slots=True)
class Verdict:
    """lost: acknowledged, and not stored so. doubled: one request, several effects. off: what does not fit, with
    đồng (minor units) that are missing or too many. stuck: requests without an answer in time. broken: answers that
    the server has a fault of its own, where it should have said that it is busy. All 0, or a fault."""

    seed: int
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    off: list[str] = field(default_factory=list)
    off_minor: int = 0
    stuck: list[str] = field(default_factory=list)
    broken: int = 0
    requests: int = 0
    tries: int = 0
    longest: float = 0.0

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.off or self.off_minor or self.stuck or self.broken)

    def __str__(self) -> str:
        return (
            f"lost {len(self.lost)}, doubled {len(self.doubled)}, off {len(self.off)} ({self.off_minor} minor),"
            f" stuck {len(self.stuck)}, broken {self.broken}; {self.requests} requests, {self.tries} tries,"
            f" longest wait {self.longest:.1f} s, seed {self.seed}"
        )

    def examples(self) -> str:
        kinds = {"lost": self.lost, "doubled": self.doubled, "off": self.off, "stuck": self.stuck}
        return "\n".join(f"{kind}: {'; '.join(found[:5])}" for kind, found in kinds.items() if found)


def judge(fleet: Fleet, file: Path) -> Verdict:
    """Compare the notes of the clients with the database that this process is connected to, and prove the database."""
    verdict = Verdict(fleet.seed)
    verdict.requests, verdict.broken = len(fleet.requests), fleet.broken
    verdict.tries = sum(request.tries for request in fleet.requests)
    verdict.longest = max((request.waited for request in fleet.requests), default=0.0)
    verdict.stuck = [f"{r.key}: {r.refused or 'no answer'} after {r.waited:.1f} s" for r in fleet.stuck()]
    asked, answers = acknowledged(file)
    # A request without an answer may have been done or not; one with an answer was done, once, and so.
    _lost(verdict, answers)
    _doubled(verdict)
    _answers(verdict, answers)
    _money(verdict, asked, answers)
    verdict.off += _unproven()
    return verdict


def _lost(verdict: Verdict, answers: dict[str, list[dict]]) -> None:
    stored = {(e.subject, e.n, e.hash) for e in record.Event.objects.only("subject", "n", "hash").iterator()}
    numbers = set(Declaration.objects.values_list("number", flat=True))
    for key, told in answers.items():
        for one in told:
            if (one["number"], one["events"], one["receipt"]) not in stored or one["number"] not in numbers:
                verdict.lost.append(f"{key}: {one['number']}[{one['events']}]")


def _doubled(verdict: Verdict) -> None:
    first = DeclarationVersion.objects.filter(version=1).values_list("payload", flat=True)
    keys = Counter(msgspec.json.decode(payload)["goods_items"][0]["description"] for payload in first)
    verdict.doubled += [f"{key}: {count} declarations" for key, count in keys.items() if count > 1]
    for act in ("accept", "assess", "pay"):
        subjects = Counter(record.Event.objects.filter(act=act).values_list("subject", flat=True))
        verdict.doubled += [f"{subject}: {act} × {n}" for subject, n in subjects.items() if n > 1]


def _answers(verdict: Verdict, answers: dict[str, list[dict]]) -> None:
    at = {(e.subject, e.n): e.recorded_at for e in record.Event.objects.only("subject", "n", "recorded_at")}
    public = signing_key().public
    for key, told in answers.items():
        if len({tuple(one[name] for name in SAME) for one in told}) > 1:
            verdict.off.append(f"{key}: {len(told)} answers that differ")
        one = told[0]
        recorded_at = at.get((one["number"], one["events"]))
        if recorded_at is None:
            continue  # lost, and counted so
        expected = receipt([Line(one["number"], one["events"], one["receipt"], recorded_at)])
        if one["signed_receipt"] != expected or not public.signed(one["signed_receipt"]):
            verdict.off.append(f"{key}: the receipt does not verify")


def _money(verdict: Verdict, asked: list[dict], answers: dict[str, list[dict]]) -> None:
    """Every đồng that was acknowledged is in the Treasury; no đồng that nobody sent is."""
    sent = {row["ask"]: row["said"]["paid_minor"] for row in asked if row["act"] == "pay"}
    booked: Counter[str] = Counter()
    for reference, amount in Receipt.objects.values_list("reference", "amount_minor"):
        booked[f"{reference}/pay"] += amount
    for key, minor in sent.items():
        if key in answers or booked[key]:
            verdict.off_minor += abs(booked[key] - minor)
    account = Account(AccountKind.TREASURY, "KRN", reference="T").code
    entries = ledger.Entry.objects.filter(account__code=account).values_list("amount_minor", flat=True)
    verdict.off_minor += abs(sum(entries) - sum(booked.values()))


def _unproven() -> Iterator[str]:
    """What the database itself gives away: its chains and books, numbers with a gap, acts without news or answer."""
    yield from (f"{fault.code} {fault.at}" for fault in reads.verify().faults)
    for row in Declaration.objects.filter(events=0):
        yield f"{row.number}: a declaration without an event"
    for series in Series.objects.all():
        count = Declaration.objects.filter(office=series.office, year=series.year).count()
        if series.last != count:
            yield f"{series.office}/{series.year}: {series.last} numbers given, {count} declarations"
    events = set(record.Event.objects.values_list("subject", "n"))
    news = set(record.Outbox.objects.values_list("subject", "n"))
    yield from (
        f"{subject}[{n}]: an act without news, or news without an act" for subject, n in events ^ news
    )
    unanswered = record.IdempotencyKey.objects.filter(answer=b"").count()
    if unanswered:
        yield f"{unanswered} keys without an answer"
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA integrity_check")
            found = cursor.fetchone()[0]
            if found != "ok":
                yield f"SQLite: {found}"
