"""Runs the demonstration and prints what became of every message, in words or as JSON."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db.models import Count

from .. import speech
from ..engine.findings import Finding
from ..engine.lifecycle.declaration import State
from ..packs import notices
from ..packs import pack as packs
from ..packs.notices import Explained, NoticeRow, Outcome
from ..packs.pack import Pack
from ..site.clearance import reads
from ..site.clearance.models import Declaration
from ..site.reference.reads import equipped
from . import office
from .office import Life
from .stories import Story, stories

PACK = "gb"
"""The country whose messages the samples are."""

ENDS = (State.CLEARED, State.REJECTED, State.CANCELLED)


def examples() -> Path:
    """The samples that come with the product."""
    return Path(packs.__file__).parent / PACK / "examples"


def run(folder: Path | None, *, as_json: bool) -> int:
    """Work through a folder; the exit code of the command: 0 when books and record hold, whatever was refused."""
    started = time.perf_counter()
    base = folder or examples()
    pack = office.open_office(packs.load(PACK))
    lives: list[Life] = []
    compared: dict[str, Compared] = {}
    told = list(stories(base))
    for story in speech.watched(told, "working", total=len(told)):
        for life in office.live(story, pack, base):
            lives.append(life)
            beside = _compare(story, life, pack)
            if beside is not None and beside.rows:
                compared[life.number] = beside
            if as_json:
                speech.emit(_record(life, beside))
    if not as_json:
        _print_lives(lives, compared, pack)
        _print_notices(compared, pack)
    return _print_totals(lives, compared, time.perf_counter() - started, as_json)


@dataclass(frozen=True, slots=True)
class Compared:
    """A declaration beside its notice. why: item and tax → what is known about a difference."""

    rows: tuple[NoticeRow, ...]
    why: Mapping[tuple[int, str], Explained]

    @property
    def same(self) -> bool:
        return all(row.outcome in (Outcome.EQUAL, Outcome.BASE_DIFFERS) for row in self.rows)


def _compare(story: Story, life: Life, pack: Pack) -> Compared | None:
    """The taxes of the declaration as it now stands beside the notice about that version."""
    row = reads.by_number(life.number) if life.number and not life.refused else None
    notice = notices.notice_of(story.answers, row.version) if row is not None and row.legal_day else None
    if row is None or row.legal_day is None or notice is None:
        return None
    country = equipped(pack)
    declaration = reads.declared(row)
    assessment = packs.assess(country, declaration, row.legal_day)
    rows = notices.compare(country, declaration, assessment, notice, row.legal_day)
    known = notices.explanations(country)
    return Compared(
        rows,
        {
            (item, tax): why
            for (name, version, item, tax), why in known.items()
            if (name, version) == (story.name, row.version)
        },
    )


def _verdict(compared: Compared | None) -> str:
    return speech.say("equal" if compared.same else "differs") if compared and compared.rows else ""


def _record(life: Life, beside: Compared | None) -> dict[str, object]:
    row = reads.by_number(life.number) if life.number else None
    return {
        "story": life.story,
        "file": life.file,
        "number": life.number,
        "act": life.act,
        "refused": [finding.code for finding in life.refused],
        "waits": [finding.code for finding in life.waits],
        "replay": life.replay,
        "channel": row.channel_name if row else "",
        "taxes_minor": row.assessed_minor if row else None,
        "state": row.state if row else "",
        "version": row.version if row else 0,
        "seconds": round(life.seconds, 3),
        "notice": [
            {
                **{name: getattr(one, name) for name in NoticeRow.__dataclass_fields__},
                "outcome": one.outcome.value,
            }
            for one in (beside.rows if beside else ())
        ],
    }


def _print_lives(lives: Iterable[Life], compared: dict[str, Compared], pack: Pack) -> None:
    def line(life: Life) -> list[str]:
        row = reads.by_number(life.number) if life.number else None
        if life.refused:
            said = _short(life.refused)
            return [
                life.number,
                life.story,
                life.file,
                "",
                "",
                "",
                f"{speech.say('refused')}: {said}",
                _seconds(life),
            ]
        assert row is not None
        state = speech.named("state", row.state)
        if life.waits:
            state += f". {speech.say('waits')}: {_short(life.waits)}"
        return [
            row.number,
            life.story,
            speech.named("act", life.act),
            speech.named("channel", row.channel_name) if row.channel_name else "",
            speech.money(row.assessed_minor, pack.decimals),
            _verdict(compared.get(row.number)) if not life.act.startswith("amend") else "",
            state,
            _seconds(life),
        ]

    headings = [
        speech.say("number"), speech.say("story"), speech.say("act"), speech.say("channel"),
        speech.say("taxes", currency=pack.currency), speech.say("notice"), speech.say("state"), speech.say("time"),
    ]  # fmt: skip
    speech.table(headings, map(line, lives), right=(4, 7))


def _short(findings: Sequence[Finding]) -> str:
    """Each code once with its first place and how often; a duplicate names the declaration that came first.

    That the assessment is pending is not told where the findings say what it waits for.
    """
    told = []
    causes = [finding for finding in findings if finding.code != "ASSESSMENT_PENDING"] or findings
    for code in dict.fromkeys(finding.code for finding in causes):
        same = [finding for finding in causes if finding.code == code]
        first = same[0].says.get("number", "") if code == "DUPLICATE_REFERENCE" else ""
        where = speech.say("duplicate", number=first) if first else same[0].pointer or same[0].at
        told.append(f"{code} {where}".strip() + (f" ×{len(same)}" if len(same) > 1 else ""))
    return "; ".join(told)


def _seconds(life: Life) -> str:
    return f"{life.seconds:.2f}"


def _print_notices(compared: dict[str, Compared], pack: Pack) -> None:
    """Every line of every comparison: declared, derived and printed base side by side."""
    if not compared:
        return
    keys = (
        "number",
        "item",
        "tax",
        "base_declared",
        "base_derived",
        "base_notice",
        "rate",
        "amount",
        "amount_notice",
    )
    headings = [*map(speech.say, keys), speech.say("verdict")]
    speech.table(
        headings,
        (
            [
                number,
                str(one.item),
                one.tax,
                _money(one.declared_base_minor, pack),
                _money(one.derived_base_minor, pack),
                _money(one.notice_base_minor, pack),
                one.rate or one.notice_rate,
                _money(one.ours_minor, pack),
                _money(one.notice_minor, pack),
                _outcome(one, beside.why.get((one.item, one.tax))),
            ]
            for number, beside in compared.items()
            for one in beside.rows
        ),
        right=(3, 4, 5, 7, 8),
    )
    for note in dict.fromkeys(one.note for beside in compared.values() for one in beside.rows if one.note):
        sys.stdout.write(speech.say("by_notice", note=speech.named("note", note)) + "\n\n")


def _outcome(row: NoticeRow, why: Explained | None) -> str:
    """Equal or not; a star where the rate itself is from a notice; why it differs, where that is known."""
    said = speech.named("outcome", row.outcome.value) + (" *" if row.note else "")
    return f"{said}: {why.names[speech.language()]}" if why else said


def _money(minor: int | None, pack: Pack) -> str:
    return "–" if minor is None else speech.money(minor, pack.decimals)


def _doubled() -> int:
    """References that more than one declaration of a trader and year has: the natural key lets none."""
    keys = Declaration.objects.exclude(functional_reference="").values(
        "trader", "functional_reference", "year"
    )
    return keys.annotate(count=Count("id")).filter(count__gt=1).count()


def _print_totals(lives: Sequence[Life], compared: dict[str, Compared], seconds: float, as_json: bool) -> int:
    numbers = sorted({life.number for life in lives if life.number and not life.refused})
    states = Counter(row.state for row in map(reads.by_number, numbers) if row is not None)
    verified = reads.verify()
    equal = sum(beside.same for beside in compared.values())
    refused = sum(bool(life.refused) for life in lives)
    totals = {
        "messages": len(lives),
        "done": len(lives) - refused,
        "refused": refused,
        "declarations": len(numbers),
        "ended": sum(states[end] for end in ENDS),
        "waiting": len(numbers) - sum(states[end] for end in ENDS),
        "compared": len(compared),
        "equal": equal,
        "differing": len(compared) - equal,
        "events": verified.log.events,
        "journals": verified.books.journals,
        "sum_minor": sum(verified.books.totals_minor.values()),
        "faults": len(verified.faults),
        "doubled": _doubled(),
        "seconds": f"{seconds:.1f}",
    }
    speech.complain(verified.faults, "", as_json)
    if as_json:
        speech.emit(totals)
    else:
        for key in ("demo_totals", "demo_notices", "demo_books"):
            sys.stdout.write(speech.say(key, **totals) + "\n")
    return 1 if verified.faults or totals["doubled"] else 0
