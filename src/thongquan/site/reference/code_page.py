"""What a code's page computes: which rates apply to somebody's goods, what they owe, permits, and how rates changed.

The answer is `packs.inquiry`'s, the same as the command's; here it is only put into words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.http import QueryDict

from ...engine.assessment.scalar import Trace
from ...engine.findings import Finding, errors
from ...engine.money import MILLIONTHS, millionths_of
from ...packs import inquiry
from ...packs import pack as packs
from ...packs.inquiry import Inquiry, Question, ScheduleRate
from ...packs.pack import EXPORT, IMPORT, Pack
from ..kit import terms
from ..kit.tags import amount, decimal, named, said, sentence
from .reads import equipped

MOST_DIGITS: Final = 24
_LONGEST: Final = 12


@dataclass(frozen=True, slots=True)
class Option:
    """One rate of the import or export duty. note: whether it may be taken, and what a better one asks."""

    name: str
    form: str
    rate: str
    total: str
    note: str
    best: bool
    law: str
    verified: bool


@dataclass(frozen=True, slots=True)
class TaxLine:
    """One tax of the line: what it is levied on, at which rate, and the law of the rate."""

    name: str
    base: str
    rate: str
    amount: str
    law: str
    verified: bool


def computed(country: str, code: str, day: date, asked: QueryDict, shown_rate: Any) -> dict[str, Any]:
    """What the page of a code needs beside its rows; {} where no pack assesses the country.

    shown_rate: how the page writes the rate of a row.
    """
    if country not in packs.names():
        return {}
    pack = equipped(packs.load(country))
    question = _question(pack, code, day, asked)
    answer = inquiry.inquire(pack, question)
    language = terms.language()
    total = answer.best.total_minor if answer.best else _sum(answer)
    return {
        "asked": question,
        "asked_value": amount(question.value_minor, pack.decimals),
        "asked_quantity": decimal(question.quantity_millionths, 6) if question.quantity_millionths else "",
        "asked_unit": question.unit or next(iter(answer.commodity.units if answer.commodity else ()), ""),
        "money": pack.currency,
        "is_export": question.flow == EXPORT,
        "assumed": "trigia" not in asked,
        "forms": _forms(pack, day),
        "origins": _listed(pack, "countries", day),
        "options": [_option(pack, one, shown_rate) for one in answer.rates],
        "lines": [_line(pack, one) for one in answer.traces],
        "total": "…" if total is None else amount(total, pack.decimals),
        "open": [one for one in errors(answer.findings) if not one.at.startswith("charge_deductions")],
        "permits": [
            {
                "name": one.names.get(language, one.value),
                "ministry": one.facts.get("ministry", ""),
                "documents": one.facts.get("documents", "").replace("/", " / "),
                "law": str(one.law),
                "verified": one.facts.get("verified", "yes") == "yes",
            }
            for one in answer.permits
        ],
        "history": [
            (one.tax, one.preference, run.first_day, run.last_day, shown_rate(run.measure), run.measure)
            for one in answer.history
            if len({(run.measure.given, run.measure.duty) for run in one.runs}) > 1
            for run in one.runs
        ],
    }


def _question(pack: Pack, code: str, day: date, asked: QueryDict) -> Question:
    """The question of an address; what cannot be read is as if it were not asked."""
    value = figure(asked.get("trigia", ""))
    quantity = figure(asked.get("luong", ""))
    unit = asked.get("donvi", "").strip().upper()[:_LONGEST]
    commodity = pack.tariff.as_of(day).commodity(code)
    if quantity is not None and not unit and commodity is not None:
        unit = next(iter(commodity.units), "")
    return Question(
        code,
        day,
        EXPORT if asked.get("chieu") == "xuat" else IMPORT,
        asked.get("xuatxu", "").strip().upper()[:2],
        asked.get("mau", "").strip()[:_LONGEST],
        inquiry.ASSUMED_VALUE if value is None else value * 10**pack.decimals // MILLIONTHS,
        quantity,
        unit,
        tuple(part[:40] for part in asked.get("bosung", "").upper().split()[:4]),
    )


def figure(text: str) -> int | None:
    """Millionths of a figure as the reader's language writes it; None for what is none, is below zero or too long."""
    kept = "".join(text.split())
    group, point = (".", ",") if terms.language() == "vi" else (",", ".")
    kept = kept.replace(group, "").replace(point, ".")
    if not kept or len(kept) > MOST_DIGITS:
        return None
    try:
        found = millionths_of(kept)
    except ValueError:
        return None
    return found if found >= 0 else None


def _forms(pack: Pack, day: date) -> list[tuple[str, str]]:
    """The forms of certificates that a schedule of the day asks for, with the agreement's name."""
    listed = pack.code_lists.get("preferences")
    found: dict[str, list[str]] = {}
    for code in listed.as_of(day).values() if listed else ():
        if code.facts.get("form"):
            found.setdefault(code.facts["form"], []).append(code.facts.get("agreement") or code.value)
    return [(form, ", ".join(dict.fromkeys(names))) for form, names in sorted(found.items())]


def _listed(pack: Pack, name: str, day: date) -> list[tuple[str, str]]:
    listed = pack.code_lists.get(name)
    language = terms.language()
    codes = listed.as_of(day).values() if listed else ()
    return [(code.value, code.names.get(language, code.value)) for code in codes]


def _option(pack: Pack, one: ScheduleRate, shown_rate: Any) -> Option:
    row, option = one.measure, one.option
    name = one.names.get(terms.language(), "")
    parts = [f"{row.preference} {name}".strip() or said("general"), row.quota_order_id, row.additional_code]
    rate = shown_rate(row)
    if row.derived is not None and one.measured is not None:
        rate = f"{shown_rate(one.measured)} ({rate})"
    return Option(
        " · ".join(part for part in parts if part),
        one.form,
        rate,
        ""
        if option is None
        else "…"
        if option.total_minor is None
        else amount(option.total_minor, pack.decimals),
        _note(pack, one),
        option is not None and option.is_lowest,
        str(row.law),
        row.verified,
    )


def _note(pack: Pack, one: ScheduleRate) -> str:
    option = one.option
    if option is None:
        if one.is_for_origin is False:
            return said("rate_not_for_origin")
        return said("rate_for_code", code=one.measure.additional_code) if one.measure.additional_code else ""
    if option.is_lowest:
        return said("rate_lowest")
    if option.is_lawful:
        return said("rate_lawful")
    missing = ", ".join(_missing(finding) for finding in option.missing)
    if option.saving_minor:
        return said("rate_saves", saving=amount(option.saving_minor, pack.decimals), missing=missing)
    return said("rate_lacks", missing=missing)


def _missing(finding: Finding) -> str:
    keys: Mapping[str, str] = {
        "ORIGIN_PROOF_MISSING": "lacks_proof",
        "TRANSPORT_NOT_DIRECT": "lacks_direct",
        "QUOTA_LICENCE_MISSING": "lacks_quota",
    }
    key = keys.get(finding.code)
    return said(key, **finding.says) if key else sentence(finding)


def _line(pack: Pack, one: Trace) -> TaxLine:
    names = {levy.tax.code: levy.names.get(terms.language(), "") for levy in pack.levies}
    base = "" if one.base_millionths is None else amount(one.base_millionths // MILLIONTHS, pack.decimals)
    parts = [part for part in one.base if part.millionths]
    if len(parts) > 1:
        base = (
            f"{' + '.join(amount(part.millionths // MILLIONTHS, pack.decimals) for part in parts)} = {base}"
        )
    return TaxLine(
        f"{names.get(one.tax, '')} {one.tax}".strip(),
        base,
        _rate(one),
        "…" if one.payable_minor is None else amount(one.payable_minor, pack.decimals),
        one.rate_law or one.tax_law,
        one.verified,
    )


def _rate(one: Trace) -> str:
    """The terms that made the amount: "70 %", "1.000 VND/lít × 20.000"."""
    if one.note == "NOT_SUBJECT":
        return said("rate_not_subject")
    shown = []
    for term in one.terms:
        if term.branch != one.branch:
            continue
        sign = "− " if term.sign < 0 else "+ " if shown else ""
        if term.rate_ppm is not None:
            shown.append(f"{sign}{decimal(term.rate_ppm, 4)} %")
            continue
        price = decimal(term.specific_millionths or 0, 6)
        count = decimal((term.quantity_millionths or 0) // term.quantity_per, 6)
        shown.append(f"{sign}{price} {term.currency}/{named('unit', term.unit)} × {count}")
    return " ".join(shown)


def _sum(answer: Inquiry) -> int | None:
    amounts = [one.payable_minor for one in answer.traces]
    return None if not amounts or None in amounts else sum(one for one in amounts if one is not None)
