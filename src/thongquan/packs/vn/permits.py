"""The traders' workbook of specialised procedures (thủ tục chuyên ngành): which codes need another authority's word.

One sheet; a row for each code of the nomenclature, and in one cell everything that was found for it: requirements with
semicolons between them, each with its act in brackets, "Kiểm dịch thực vật (01/2024/TT-BNNPTNT M9)". A star behind one
says "only some of these goods". The workbook names no document, so the phrases of codes/permit_phrases say which one
stands for a requirement, and which requirements ask for no paper; for a phrase that nobody listed any permit will do,
and it is noted. Nothing of it was compared with the acts: every row says so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from ...engine.codes import Code, CodeList, CodeListEdition
from ...engine.dated import Period
from ...engine.findings import Finding, LegalRef, Severity
from ...engine.tariff.rate_text import collapsed
from ...engine.tariff.tables import HEADING_ROWS, Table, cell_text

LIST: Final = "permits"
CODE_HEADINGS: Final = frozenset({"hscode", "hs code", "mã hs", "mã hàng"})
TEXT_HEADINGS: Final = frozenset({"specialised procedures", "specialized procedures", "thủ tục chuyên ngành"})
SOME_GOODS: Final = "*"

MINISTRIES: Final[Mapping[str, str]] = {
    "BNNPTNT": "Bộ Nông nghiệp và Phát triển nông thôn",
    "BCT": "Bộ Công Thương",
    "BYT": "Bộ Y tế",
    "BGTVT": "Bộ Giao thông vận tải",
    "BKHCN": "Bộ Khoa học và Công nghệ",
    "BTTTT": "Bộ Thông tin và Truyền thông",
    "BLĐTBXH": "Bộ Lao động - Thương binh và Xã hội",
    "BQP": "Bộ Quốc phòng",
    "BXD": "Bộ Xây dựng",
    "BCA": "Bộ Công an",
    "BTC": "Bộ Tài chính",
    "NHNN": "Ngân hàng Nhà nước",
    "TTG": "Thủ tướng Chính phủ",
    "CP": "Chính phủ",
}
"""Who issued an act, by the end of its number ("01/2024/TT-BNNPTNT")."""

_CODE: Final = re.compile(r"\d{4}(?:\d\d){0,3}", re.ASCII)
_ISSUER: Final = re.compile(r"[-.]([A-ZĐ]{2,8}|TTg)\b")


@dataclass(frozen=True, slots=True)
class ReadPermits:
    """edition: None where nothing could be read. unknown: phrases that are not listed → how many codes have them."""

    edition: CodeListEdition | None
    findings: tuple[Finding, ...] = ()
    unknown: Mapping[str, int] = field(default_factory=dict)


def read_permits(
    tables: Iterable[Table], phrases: CodeList, act: str, first_day: date, last_day: date | None = None
) -> ReadPermits:
    """The edition of the list `permits` that a workbook makes for some days, under the act that the caller names.

    phrases: the list codes/permit_phrases. PERMIT_SHEET_UNKNOWN where no sheet has the headings of code and text;
    PERMIT_CODE_UNREADABLE for a text whose code is none. ValueError for days that end before they begin.
    """
    period = Period(first_day, last_day)
    found = _heading_of(tables)
    if found is None:
        return ReadPermits(None, (Finding("PERMIT_SHEET_UNKNOWN"),))
    table, top, code_column, text_column = found
    known = {code.value.casefold(): code for code in phrases if code.period.holds(first_day)}
    rows: list[Code] = []
    findings: list[Finding] = []
    unknown: Counter[str] = Counter()
    told: dict[str, list[str]] = {}
    for place in range(top + 1, len(table.rows)):
        cells = table.rows[place]
        text = collapsed(cell_text(cells[text_column])) if len(cells) > text_column else ""
        if not text:
            continue
        code = collapsed(cell_text(cells[code_column])).replace(".", "")
        if not _CODE.fullmatch(code):
            findings.append(
                Finding("PERMIT_CODE_UNREADABLE", table.place(place, code_column), {"code": code[:40]})
            )
            continue
        had = told.setdefault(code, [])
        for requirement in requirements(text):
            if requirement in had:
                continue  # the sheet has some codes, and some requirements, twice
            had.append(requirement)
            row = _row(f"{code}/{len(had)}", code, requirement, known, act, period)
            if row.facts["listed"] == "no":
                unknown[requirement] += 1
            rows.append(row)
    if unknown:
        says = {"count": str(len(unknown))}
        findings.append(Finding("PERMIT_PHRASES_UNKNOWN", says=says, severity=Severity.NOTE))
    if not rows:
        return ReadPermits(None, (*findings, Finding("LIST_EMPTY", says={"list": LIST})))
    return ReadPermits(CodeListEdition(LIST, act, period, tuple(rows)), tuple(findings), dict(unknown))


def requirements(text: str) -> list[str]:
    """The requirements of a cell: between semicolons outside brackets, and where one begins right behind another's
    bracket. The star that stands for "some goods" stays with its requirement."""
    parts: list[str] = []
    depth, start = 0, 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        depth = max(depth, 0)
        if character == ";" and not depth:
            parts.append(text[start:place])
            start = place + 1
        elif character == ")" and not depth:
            end = place + 1 + text[place + 1 :].startswith(SOME_GOODS)
            if end < len(text) and text[end].isalpha():
                parts.append(text[start:end])
                start = end
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]


def _row(
    value: str, code: str, requirement: str, known: Mapping[str, Code], act: str, period: Period
) -> Code:
    phrase = _phrase(requirement, known)
    facts = {
        "prefix": code,
        "flow": phrase.facts["flow"] if phrase is not None else "",
        "ministry": _ministry(requirement),
        "documents": phrase.facts["documents"] if phrase is not None else "PERMIT",
        "additional_code": "",
        "some_goods": "yes" if requirement.endswith(SOME_GOODS) else "no",
        "listed": "yes" if phrase is not None else "no",
        "verified": "no",
    }
    name = requirement.rstrip(SOME_GOODS).rstrip()
    return Code(value, period, LegalRef(act, name), {"vi": name, "en": name}, facts)


def _phrase(requirement: str, known: Mapping[str, Code]) -> Code | None:
    """The longest listed phrase that the requirement begins with, letter case aside."""
    text = requirement.casefold()
    found = [phrase for phrase in known if text.startswith(phrase)]
    return known[max(found, key=len)] if found else None


def _ministry(requirement: str) -> str:
    """Who issued the first act in its brackets, "" where the brackets do not say it."""
    for named in _ISSUER.findall(requirement):
        if named.upper() in MINISTRIES:
            return MINISTRIES[named.upper()]
    return ""


def _heading_of(tables: Iterable[Table]) -> tuple[Table, int, int, int] | None:
    """The first sheet with both headings: its table, their row, and the columns of code and text."""
    for table in tables:
        for top in range(min(HEADING_ROWS, len(table.rows))):
            headings = [heading.casefold() for heading in table.headings(top)]
            codes = [place for place, heading in enumerate(headings) if heading in CODE_HEADINGS]
            texts = [place for place, heading in enumerate(headings) if heading in TEXT_HEADINGS]
            if codes and texts:
                return table, top, codes[0], texts[0]
    return None
