"""Proves a country: that its tables agree with each other, with the acts they cite, and with the worked cases.

`check` never stops at the first fault. An ERROR means that the pack would answer wrongly or not at all; a WARNING is
for a person to judge (a code that pauses, a tax that no case proves); a NOTE tells what an amount rests on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from .. import words
from ..engine.assessment.taxes import CUSTOMS_VALUE, STATISTICAL_VALUE
from ..engine.assessment.valuation import FREIGHT_CHARGE
from ..engine.assessment.whole import Assessment
from ..engine.dated import Dated, Period, day_of, gaps, overlaps
from ..engine.declaration import Declaration
from ..engine.findings import Finding, LegalRef, Severity, errors, in_order
from ..engine.lifecycle.declaration import Act as Step
from ..engine.lifecycle.declaration import Form as LifecycleForm
from ..engine.money import BadNumber, decimal_text, minor_of
from ..engine.tariff.measures import Given, Measure, MeasureKind, Schedule
from .dues import RANKS, Dues
from .exemptions import NOTHING_KNOWN, PersonFacts
from .pack import CHARGES, ActKind, Pack, assess, due_by_terms, load
from .tables import LANGUAGES, UnusablePack


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the tariff holds of one tax.

    codes: declarable codes that a row is for, by itself or from above. schemes: general rate, preferences, quotas,
    makers: everything that a code may have a row of its own for. verified, unverified: rows. days: the days that rows
    speak of, first to last of each unbroken run.
    """

    tax: str
    codes: int
    schemes: int
    verified: int
    unverified: int
    days: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, by table and place, and what was looked at: name of a count → number.

    coverage: by tax in levying order. certainty: table → rows that were compared with their act, and rows that were
    not; tables that do not say are not in it.
    """

    pack: str
    version: str
    findings: tuple[Finding, ...]
    counts: Mapping[str, int]
    coverage: tuple[Coverage, ...] = ()
    certainty: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether no finding is an error."""
        return not errors(self.findings)


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One sum of a worked case. item: position of the line, from 1. payable: in units of the currency ("12.50"),
    None where the amount must stay open. by_hand: how somebody computed it."""

    item: int
    tax: str
    payable: str | None
    by_hand: str


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A worked declaration. expected: every amount, in levying order. findings: codes that must be given. terms: what
    is payable under the terms that the case speaks of. person: what the past says of whoever the goods are for."""

    title: dict[str, str]
    day: str
    declaration: Declaration
    expected: tuple[Expected, ...]
    findings: tuple[str, ...] = ()
    terms: dict[str, str] = {}
    person: PersonFacts = NOTHING_KNOWN


def check_named(name: str) -> Report:
    """The report on a pack by its name; what cannot even be read is reported too. LookupError for no such pack."""
    try:
        return check(load(name))
    except UnusablePack as unusable:
        return Report(name, "", unusable.findings, {})


def check(pack: Pack) -> Report:
    """The report on a pack: every fault of its tables, its words, its numbers and its cases."""
    try:
        measures = tuple(row for edition in pack.tariff.editions for row in edition.measures)
    except UnusablePack as unusable:
        return Report(pack.code, pack.version, unusable.findings, {})
    cases, unreadable = read_cases(pack.folder / "cases")
    found = [
        *unreadable,
        *_acts(pack, measures),
        *_days(pack, measures),
        *_always_given(pack, measures),
        *_bases(pack),
        *_levied(pack, measures),
        *_references(pack, measures),
        *_steps(pack),
        *_names(pack),
        *_sources(pack, measures),
        *_numbers(pack),
        *_proven(pack, cases),
    ]
    counts = {
        "acts": len(pack.acts),
        "taxes": len(pack.levies),
        "code_lists": len(pack.code_lists),
        "codes": sum(map(len, pack.code_lists.values())),
        "commodities": sum(len(edition.nomenclature) for edition in pack.tariff.editions),
        "measures": len(measures),
        "exchange_rates": len(pack.exchange.rows),
        "channel_rules": len(pack.channel_rules),
        "cases": len(cases),
    }
    return Report(
        pack.code, pack.version, in_order(found), counts, tuple(_coverage(pack, measures)), pack.certainty
    )


# coverage


def _coverage(pack: Pack, measures: Iterable[Measure]) -> Iterator[Coverage]:
    """By tax what its rows are for; only a row that says something counts, be it that there is no preference."""
    known = sorted({commodity.code for edition in pack.tariff.editions for commodity in edition.nomenclature})
    codes = [code for code, after in zip(known, [*known[1:], ""], strict=True) if not after.startswith(code)]
    for levy in pack.levies:
        rows = [row for row in measures if row.tax == levy.tax.code]
        said = [row for row in rows if row.given is not Given.NOT_GIVEN]
        written = {row.commodity for row in said}
        held = sum(any(code[:length] in written for length in range(len(code) + 1)) for code in codes)
        yield Coverage(
            levy.tax.code,
            held,
            len({(row.kind, row.preference, row.quota_order_id, row.additional_code) for row in said}),
            sum(row.verified for row in rows),
            sum(not row.verified for row in rows),
            _runs([row.period for row in said]),
        )


def _runs(periods: Iterable[Period]) -> tuple[Period, ...]:
    """The days of all periods, joined where they touch."""
    runs: list[Period] = []
    for period in sorted(set(periods), key=lambda period: period.first_day):
        last = runs[-1] if runs else None
        until = last.until if last else None
        if last is None or (until is not None and period.first_day > until):
            runs.append(period)
        elif until is not None and (period.until is None or period.until > until):
            runs[-1] = Period(last.first_day, period.last_day)
    return tuple(runs)


# acts and days


def _rows(pack: Pack, measures: Iterable[Measure]) -> Iterator[tuple[str, LegalRef, Period]]:
    """Every dated row of the pack: table and key, source, days."""
    for name, listed in pack.code_lists.items():
        for code in listed:
            yield f"codes/{name} {code.value}", code.law, code.period
    for row in measures:
        yield f"measures {row.commodity or '*'} {row.tax}", row.law, row.period
    for edition in pack.tariff.editions:
        for commodity in edition.nomenclature:
            yield f"commodities {commodity.code}", LegalRef(edition.act), commodity.period
    for rate in pack.exchange.rows:
        yield f"exchange_rates {rate.currency}", rate.law, rate.period
    for rule in pack.channel_rules:
        yield f"channels {rule.id}", rule.law, rule.period
    for quota in pack.quotas:
        yield f"quotas {quota.order_id}", quota.law, quota.period
    yield from _rows_of_dues(pack.dues)


def _rows_of_dues(dues: Dues) -> Iterator[tuple[str, LegalRef, Period]]:
    for due in dues.due_rules:
        yield f"due_days {due.case}", due.law, due.period
    for late in dues.interest_rules:
        yield f"late_interest {late.bearer}", late.law, late.period
    for step in dues.settlement:
        yield f"settlement_order {step.rank}", step.law, step.period
    for relief in dues.reliefs:
        yield f"payment_reliefs {relief.kind} {relief.cause}", relief.law, relief.period
    for penalty in dues.penalties:
        yield f"penalties {penalty.behaviour}", penalty.law, penalty.period


def _acts(pack: Pack, measures: Iterable[Measure]) -> Iterator[Finding]:
    """Rows of an act that acts.csv does not have, and rows that speak of days their act does not."""
    undated = [(f"taxes {levy.tax.code}", levy.tax.law) for levy in pack.levies]
    undated += [(f"forms {step}", form.law) for step, form in pack.forms.items()]
    undated += [(f"laws {step}", law) for step, law in pack.laws.items()]
    undated += [(f"deadlines {name}", row.law) for name, rows in pack.deadlines.items() for row in rows]
    for at, law in undated:
        if law.act not in pack.acts:
            yield Finding("PACK_ACT_UNKNOWN", at, {"act": law.act})
    for at, law, period in _rows(pack, measures):
        act = pack.acts.get(law.act)
        if act is None:
            yield Finding("PACK_ACT_UNKNOWN", at, {"act": law.act})
        elif not period.within(act.life):
            says = {"act": law.act, "days": _text(period), "life": _text(act.life)}
            yield Finding("PACK_OUTSIDE_ACT", at, says, law)
    for act in pack.acts.values():
        if act.issued > act.in_force:
            says = {"issued": act.issued.isoformat(), "in_force": act.in_force.isoformat()}
            yield Finding("PACK_ACT_DAYS", f"acts {act.number}", says)


def _days(pack: Pack, measures: Iterable[Measure]) -> Iterator[Finding]:
    """Rows of one key that share a day (an error), and rows of one key with days between them (a warning)."""
    for name, listed in pack.code_lists.items():
        yield from _overlapping_and_apart(listed, f"codes/{name}", lambda code: code.value)
    for edition in pack.tariff.editions:
        yield from _overlapping_and_apart(edition.nomenclature, "commodities", lambda row: row.code)
    yield from _overlapping_and_apart(measures, "measures", _rate_key)
    yield from _overlapping_and_apart(pack.exchange.rows, "exchange_rates", lambda rate: rate.currency)
    yield from _overlapping_and_apart(pack.channel_rules, "channels", lambda rule: rule.id)
    yield from _overlapping_and_apart(pack.quotas, "quotas", lambda quota: quota.order_id)
    dues = pack.dues
    yield from _overlapping_and_apart(
        dues.due_rules,
        "due_days",
        lambda row: f"{row.case} {' '.join(sorted(row.trader_classes))} {' '.join(sorted(row.taxes))}",
    )
    yield from _overlapping_and_apart(dues.interest_rules, "late_interest", lambda row: row.bearer)
    yield from _overlapping_and_apart(dues.settlement, "settlement_order", lambda row: row.rank)
    yield from _overlapping_and_apart(dues.reliefs, "payment_reliefs", lambda row: f"{row.kind} {row.cause}")
    yield from _overlapping_and_apart(
        dues.penalties, "penalties", lambda row: f"{row.behaviour} {row.band} {row.offender}"
    )
    for first in {row.period.first_day for row in dues.settlement}:
        placed = {rank for step in dues.order(first).steps for rank in step}
        for rank in sorted(RANKS - placed):
            yield Finding("PACK_RANK_UNPLACED", "settlement_order", {"rank": rank, "on": first.isoformat()})


def _rate_key(row: Measure) -> str:
    """What one rate is for, as text: rows of one key must not share a day."""
    parts = (
        row.commodity or "*",
        row.tax,
        row.schedule.value,
        row.kind.value,
        row.preference,
        " ".join(row.origins),
        " ".join(row.excluded_origins),
        row.quota_order_id,
        row.additional_code,
        row.law.act if row.kind is MeasureKind.TRADE_DEFENCE else "",
    )
    return " ".join(part for part in parts if part)


def _overlapping_and_apart[Row: Dated](
    rows: Iterable[Row], table: str, key: Callable[[Row], str]
) -> Iterator[Finding]:
    rows = tuple(rows)
    for one, other in overlaps(rows, key):
        says = {"first": _text(one.period), "second": _text(other.period)}
        yield Finding("PACK_OVERLAP", f"{table} {key(one)}", says)
    groups: dict[str, list[Period]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row.period)
    for name, periods in groups.items():
        if len(periods) > 1:
            last = (
                None
                if any(p.last_day is None for p in periods)
                else max(p.last_day for p in periods if p.last_day)
            )
            for gap in gaps(periods, Period(min(p.first_day for p in periods), last)):
                yield Finding("PACK_GAP", f"{table} {name}", {"days": _text(gap)}, severity=Severity.WARNING)


def _always_given(pack: Pack, measures: Iterable[Measure]) -> Iterator[Finding]:
    """Commodities whose general rate of a tax that every line owes has days without any row, not even an empty one."""
    if not pack.complete:
        return
    codes = [commodity for edition in pack.tariff.editions for commodity in edition.nomenclature]
    known = {commodity.code for commodity in codes}
    parents = {code[:length] for code in known for length in range(1, len(code))}
    general: dict[tuple[str, str], list[Period]] = {}
    for row in measures:
        if not row.preference and row.kind is MeasureKind.DUTY and not row.origins:
            general.setdefault((row.tax, row.commodity), []).append(row.period)
    for levy in pack.levies:
        for commodity in codes if levy.always else ():
            code = commodity.code
            if code in parents:
                continue
            above = [general.get((levy.tax.code, code[:length]), []) for length in range(len(code) + 1)]
            for gap in gaps([period for periods in above for period in periods], commodity.period):
                yield Finding("PACK_GAP", f"measures {code} {levy.tax.code}", {"days": _text(gap)})


def _text(period: Period) -> str:
    return f"{period.first_day.isoformat()} – {period.last_day.isoformat() if period.last_day else '…'}"


# taxes and what rows refer to


def _bases(pack: Pack) -> Iterator[Finding]:
    """Bases that nothing fills, charges that change nothing, a charge without a rule."""
    taxes = {levy.tax.code: levy for levy in pack.levies}
    charges = {
        code.value: code.facts.get("bases", "").split()
        for name in CHARGES
        for code in pack.code_lists.get(name, ())
    }
    filled = {
        CUSTOMS_VALUE,
        STATISTICAL_VALUE,
        *taxes,
        *(base for bases in charges.values() for base in bases),
    }
    asked = {STATISTICAL_VALUE, *(base for levy in pack.levies for base in levy.tax.base)}
    for levy in pack.levies:
        for base in levy.tax.base:
            if base not in filled:
                yield Finding("PACK_BASE_UNKNOWN", f"taxes {levy.tax.code}", {"base": base})
    for charge, bases in charges.items():
        for base in bases:
            if base not in asked:
                yield Finding("PACK_BASE_UNKNOWN", f"codes/charges {charge}", {"base": base})
    if FREIGHT_CHARGE not in charges:
        yield Finding("PACK_CHARGE_MISSING", "codes/charges", {"charge": FREIGHT_CHARGE})


def _levied(pack: Pack, measures: Iterable[Measure]) -> Iterator[Finding]:
    """Rates and reliefs of a tax that is not levied, or not in that direction."""
    taxes = {levy.tax.code: levy for levy in pack.levies}
    for row in measures:
        at = f"measures {row.commodity or '*'} {row.tax}"
        if row.tax not in taxes:
            yield Finding("PACK_CODE_UNKNOWN", at, {"list": "taxes", "value": row.tax})
        elif row.schedule is not Schedule(taxes[row.tax].flow):
            yield Finding(
                "PACK_CODE_UNKNOWN", at, {"list": "taxes", "value": f"{row.tax} {row.schedule.value}"}
            )
    for code in pack.code_lists.get("additional_procedures", ()):
        for tax in code.facts.get("relieves", "").split():
            if tax not in taxes:
                at = f"codes/additional_procedures {code.value}"
                yield Finding("PACK_CODE_UNKNOWN", at, {"list": "taxes", "value": tax})


def _references(pack: Pack, measures: Iterable[Measure]) -> Iterator[Finding]:
    """Codes that a row names and its list does not have; a list that the pack does not keep is not asked."""
    values = {name: {code.value for code in listed} for name, listed in pack.code_lists.items()}
    values["commodities"] = {
        commodity.code[:length]
        for edition in pack.tariff.editions
        for commodity in edition.nomenclature
        for length in range(len(commodity.code) + 1)
    }
    if pack.exchange.rows:
        values["exchange_rates"] = {pack.currency, *(rate.currency for rate in pack.exchange.rows)}
    if pack.quotas:
        values["quotas"] = {quota.order_id for quota in pack.quotas}
    asked = [
        *_named_by_measures(measures),
        *_named_by_channels(pack),
        *(
            (f"codes/charges {code.value}", "incoterms", term)
            for code in pack.code_lists.get("charges", ())
            for term in code.facts.get("included_in", "").split()
        ),
        ("pack.toml", "offices", pack.numbering.default_office),
        ("pack.toml", "currencies", pack.currency),
    ]
    for at, name, value in asked:
        if value and name in values and value not in values[name]:
            yield Finding("PACK_CODE_UNKNOWN", at, {"list": name, "value": value})


def _named_by_measures(measures: Iterable[Measure]) -> Iterator[tuple[str, str, str]]:
    for row in measures:
        at = f"measures {row.commodity or '*'} {row.tax}"
        yield at, "commodities", row.commodity
        yield at, "preferences", row.preference
        yield at, "quotas", row.quota_order_id
        for country in (*row.origins, *row.excluded_origins):
            yield at, "countries", country
        duty = row.duty
        for term in (*duty.base, *duty.at_least, *duty.at_most) if duty else ():
            yield at, "exchange_rates", term.currency


def _named_by_channels(pack: Pack) -> Iterator[tuple[str, str, str]]:
    for rule in pack.channel_rules:
        at = f"channels {rule.id}"
        yield at, "commodities", rule.commodity_prefix
        yield at, "countries", rule.origin
        yield at, "procedures", rule.procedure[:2]
        yield at, "documents", rule.document
        yield at, "trader_classes", rule.trader_class
        if rule.reason not in words.identifiers("reason"):
            yield at, "channel_reasons", rule.reason


def _steps(pack: Pack) -> Iterator[Finding]:
    """Acts and forms that tables name and the lifecycle does not know."""
    for form in pack.forms:
        if form not in set(LifecycleForm):
            yield Finding("PACK_CODE_UNKNOWN", f"forms {form}", {"list": "lifecycle", "value": form})
    asked = [(f"laws {step}", step) for step in pack.laws]
    asked += [
        (f"codes/declaration_types {code.value}", code.facts["asks"])
        for code in pack.code_lists["declaration_types"]
    ]
    for at, step in asked:
        if step not in set(Step):
            yield Finding("PACK_CODE_UNKNOWN", at, {"list": "lifecycle", "value": step})


def _names(pack: Pack) -> Iterator[Finding]:
    """Things that people read and that lack a name in a language."""
    named: list[tuple[str, Mapping[str, str]]] = [("pack.toml", pack.names)]
    named += [(f"acts {act.number}", act.names) for act in pack.acts.values()]
    named += [(f"taxes {levy.tax.code}", levy.names) for levy in pack.levies]
    named += [(f"forms {step}", form.names) for step, form in pack.forms.items()]
    dues = pack.dues
    named += [(f"due_days {row.case}", row.names) for row in dues.due_rules]
    named += [(f"payment_reliefs {row.kind} {row.cause}", row.names) for row in dues.reliefs]
    named += [(f"penalties {row.behaviour}", row.names) for row in dues.penalties]
    for name, listed in pack.code_lists.items():
        named += [(f"codes/{name} {code.value}", code.names) for code in listed]
        if name not in words.identifiers("code_list"):
            named.append((f"codes/{name}", {}))
    for at, names in named:
        for language in LANGUAGES:
            if not names.get(language):
                yield Finding("PACK_WORD_MISSING", at, {"language": language})


_SHOWN: Final = 5
"""Codes that a note on many rows names."""


def _sources(pack: Pack, measures: Iterable[Measure]) -> Iterator[Finding]:
    """What an amount may rest on without a law that somebody read: unverified rows by tax and act, notices in sum."""
    from_notice: Counter[str] = Counter()
    unverified: dict[tuple[str, str], list[Measure]] = {}
    for row in measures:
        if not row.verified:
            unverified.setdefault((row.tax, row.law.act), []).append(row)
        act = pack.acts.get(row.law.act)
        if act is not None and act.kind is ActKind.NOTICE:
            from_notice[act.number] += 1
    for (tax, number), rows in unverified.items():
        codes = list(dict.fromkeys(row.commodity or "*" for row in rows))
        if len(rows) == 1:
            at, says = f"measures {codes[0]} {tax}", {"rate": rows[0].text}
            yield Finding("PACK_RATE_UNVERIFIED", at, says, rows[0].law, Severity.NOTE)
        else:
            shown = ", ".join(codes[:_SHOWN]) + (" …" if len(codes) > _SHOWN else "")
            says = {"count": str(len(rows)), "act": number, "codes": shown}
            yield Finding("PACK_RATES_UNVERIFIED", f"measures {tax}", says, LegalRef(number), Severity.NOTE)
    for number, count in from_notice.items():
        says = {"count": str(count), "act": number}
        yield Finding("PACK_RATES_FROM_NOTICE", "measures", says, severity=Severity.NOTE)


# numbers

_TRIED: Final = (1, 2, 19, 4_711, 99_999)


def _numbers(pack: Pack) -> Iterator[Finding]:
    """Numbers that a slip of the pen turns into another valid one: a wrong character, two that changed places. Of a
    country whose numbers have no check character only that they are its own."""
    for sequence in _TRIED:
        number = pack.number(pack.numbering.default_office, 2026, sequence)
        slips = {
            number[:place] + wrong + number[place + 1 :]
            for place in range(len(number))
            for wrong in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        }
        slips |= {
            number[:place] + number[place + 1] + number[place] + number[place + 2 :]
            for place in range(len(number) - 1)
        }
        checked = slips - {number} if pack.numbers_checked else set()
        missed = sorted(slip for slip in checked if pack.is_number(slip))
        if missed or not pack.is_number(number):
            yield Finding(
                "PACK_NUMBER_WEAK", "pack.toml", {"number": number, "slip": (missed or [number])[0]}
            )


# cases


def read_cases(folder: Path) -> tuple[dict[str, Case], list[Finding]]:
    """The worked cases of a folder by file name, and a finding for each file that is none."""
    cases: dict[str, Case] = {}
    findings: list[Finding] = []
    for file in sorted(folder.glob("*.json")):
        try:
            cases[file.name] = msgspec.json.decode(file.read_bytes(), type=Case)
        except msgspec.DecodeError as error:
            findings.append(Finding("PACK_CASE_UNREADABLE", f"cases/{file.name}", {"why": str(error)[:200]}))
    return cases, findings


def _proven(pack: Pack, cases: Mapping[str, Case]) -> Iterator[Finding]:
    """Cases that come out otherwise, and taxes that no case proves."""
    if not cases:
        yield Finding("PACK_CASE_MISSING", "cases")
    for name, case in cases.items():
        try:
            yield from _recomputed(pack, f"cases/{name}", case)
        except (ValueError, BadNumber) as error:
            yield Finding("PACK_CASE_UNREADABLE", f"cases/{name}", {"why": str(error)[:200]})
    proven = {sum_.tax for case in cases.values() for sum_ in case.expected if sum_.payable is not None}
    for levy in pack.levies:
        if levy.tax.code not in proven:
            says = {"tax": levy.tax.code}
            yield Finding("PACK_TAX_UNPROVEN", f"taxes {levy.tax.code}", says, severity=Severity.WARNING)


def _recomputed(pack: Pack, at: str, case: Case) -> Iterator[Finding]:
    day = day_of(case.day)
    assessment = assess(pack, case.declaration, day, person=case.person)
    expected = [(sum_.item, sum_.tax, _minor(pack, sum_.payable)) for sum_ in case.expected]
    computed = _amounts(assessment)
    for key in dict.fromkeys([*_keys(expected), *_keys(computed)]):
        wanted, got = _of(expected, key), _of(computed, key)
        if wanted != got:
            item, tax = key
            says = {
                "item": str(item),
                "tax": tax,
                "expected": _said(pack, wanted),
                "computed": _said(pack, got),
            }
            yield Finding("PACK_CASE_DIFFERS", at, says)
    given = {finding.code for finding in assessment.findings}
    surprising = set(case.findings) ^ (given - _TOLD_BY_SUMS)
    if surprising:
        yield Finding("PACK_CASE_FINDINGS", at, {"codes": ", ".join(sorted(surprising))})
    terms = {key.value: value for key, value in due_by_terms(pack, case.declaration, assessment, day).items()}
    for name, text in case.terms.items():
        if terms.get(name) != _minor(pack, text):
            says = {"item": "", "tax": name, "expected": text, "computed": _said(pack, [terms.get(name)])}
            yield Finding("PACK_CASE_DIFFERS", at, says)


_TOLD_BY_SUMS: Final = frozenset({"CHARGE_INCLUDED_IN_PRICE", "DEDUCTION_NOT_IN_PRICE"})
"""Warnings whose effect the sums show; a case need not name them."""

type _Sums = list[tuple[int, str, int | None]]


def _amounts(assessment: Assessment) -> _Sums:
    return [
        (number, amount.tax, amount.payable_minor)
        for number, line in enumerate(assessment.lines, start=1)
        for amount in line.amounts
    ]


def _keys(sums: _Sums) -> list[tuple[int, str]]:
    return [(item, tax) for item, tax, _ in sums]


def _of(sums: _Sums, key: tuple[int, str]) -> list[int | None]:
    return [amount for item, tax, amount in sums if (item, tax) == key]


def _minor(pack: Pack, text: str | None) -> int | None:
    return None if text is None else minor_of(text, pack.decimals)


def _said(pack: Pack, amounts: list[int | None]) -> str:
    said = [
        "?" if amount is None else decimal_text(amount, pack.decimals, pack.decimals) for amount in amounts
    ]
    return " + ".join(said) or "–"
