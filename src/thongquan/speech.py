"""How the command line speaks: sentences in the reader's language for people, one object a line for machines."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .engine.findings import Finding
    from .words import Language


def language() -> Language:
    """The reader's language: --language, THONGQUAN_LANGUAGE, an English locale; else Vietnamese."""
    for name in ("THONGQUAN_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        asked = os.environ.get(name, "")[:2].lower()
        if asked in ("vi", "en"):
            return "vi" if asked == "vi" else "en"
    return "vi"


def say(key: str, **facts: object) -> str:
    """A sentence of the command line in the reader's language."""
    from . import words

    return words.word("cli", key, language()).format_map(facts)


def named(kind: str, identifier: str) -> str:
    """The reader's word for a state, an act, a channel: `identifier` itself where a country has its own."""
    from . import words

    try:
        return words.word(kind, identifier, language())
    except KeyError:
        return identifier


def told(finding: Finding) -> dict[str, Any]:
    """A finding for a machine that shows it to a person: code, place, sentence, remedy, facts."""
    from . import words

    spoken = language()
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "at": finding.at,
        "pointer": finding.pointer,
        "sentence": words.sentence(finding.code, finding.says, spoken),
        "remedy": words.remedy(finding.code, finding.says, spoken),
        "law": str(finding.law) if finding.law else "",
        "says": dict(finding.says),
    }


def emit(record: Mapping[str, Any]) -> None:
    """One object a line on standard output."""
    import msgspec

    sys.stdout.write(msgspec.json.encode(record).decode() + "\n")


def complain(findings: Iterable[Finding], source: str, as_json: bool) -> None:
    """Findings to standard error: place, sentence, remedy, code."""
    import msgspec

    for finding in findings:
        spoken = told(finding)
        if as_json:
            sys.stderr.write(msgspec.json.encode({"file": source, **spoken}).decode() + "\n")
            continue
        place = ": ".join(part for part in (source, spoken["at"]) if part)
        place = f"{place}: " if place else ""
        sys.stderr.write(f"{place}{spoken['sentence']} {spoken['remedy']} [{spoken['code']}]\n")


def watched[Thing](things: Iterable[Thing], key: str, total: int | None = None) -> Iterator[Thing]:
    """The same things, with a bar on standard error while a person watches."""
    if not sys.stderr.isatty():
        yield from things
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(things, description=say(key), total=total, console=Console(stderr=True), transient=True)


def table(headings: list[str], rows: Iterable[list[str]], right: tuple[int, ...] = ()) -> None:
    """A table for people; columns in `right` hold figures."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=SIMPLE_HEAD, pad_edge=False)
    for place, heading in enumerate(headings):
        drawn.add_column(heading, justify="right" if place in right else "left", no_wrap=place in right)
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    (Console() if sys.stdout.isatty() else Console(width=200, no_color=True)).print(drawn)


def money(minor: int | None, decimals: int) -> str:
    """An amount as the reader writes it: 1.234.567,89 in Vietnamese, 1,234,567.89 in English; "…" while pending."""
    if minor is None:
        return "…"
    whole, rest = divmod(abs(minor), 10**decimals)
    grouped = f"{whole:,}" + (f".{rest:0{decimals}d}" if decimals else "")
    if language() == "vi":
        grouped = grouped.translate(str.maketrans(",.", ".,"))
    return f"-{grouped}" if minor < 0 else grouped
