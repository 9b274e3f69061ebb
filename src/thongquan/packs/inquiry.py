"""Everything that the law of one day says of one code: rates, what a line of it would owe, permits, and its history.

The one answer behind the command, the page and the API. Whatever is computed goes the way of every declaration
(`pack.assess`, `rate_options`): here a declaration of one line is made of the question, and nothing else. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from ..engine.assessment.scalar import Trace
from ..engine.assessment.whole import Assessment
from ..engine.codes import Code
from ..engine.declaration import (
    AdditionalDocument,
    Amount,
    Classification,
    Declaration,
    DutyTaxFee,
    GoodsItem,
    Origin,
    Quantity,
    TradeTerms,
)
from ..engine.findings import Finding, LegalRef
from ..engine.money import MILLIONTHS
from ..engine.tariff.measures import Given, Measure, MeasureKind, Schedule
from ..engine.tariff.nomenclature import Commodity
from ..engine.tariff.tariff import Tariff, TariffView, sort_key
from .options import RateOption, rate_options
from .pack import EXPORT, IMPORT, Pack, assess, claiming

ASSUMED_VALUE: Final = 100_000_000
"""Customs value in minor units where the question gives none: rates can be ranked only on some value."""

_ADDITIONAL: Final = "GN"
"""A list of codes beside the commodity code."""
_PLAIN_TERMS: Final = {IMPORT: "CIF", EXPORT: "FOB"}
"""Terms of delivery under which the price is the customs value of either direction."""
_MANY: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks of a code. day: whose law. flow: "import" or "export".

    origin: ISO code of the country, "" where it is not known. form: of the certificate of origin that is held, as the
    pack's codes/preferences or codes/documents name it ("VJ", "CO_VJ"), "" none; the goods are then taken to come
    directly. value_minor: customs value in the pack's currency. quantity_millionths, unit: how much of the goods.
    additional_codes: maker, use or state of the goods.
    """

    code: str
    day: date
    flow: str = IMPORT
    origin: str = ""
    form: str = ""
    value_minor: int = ASSUMED_VALUE
    quantity_millionths: int | None = None
    unit: str = ""
    additional_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScheduleRate:
    """One row of the tariff for the code on the day.

    measure: as the law prints it. duty: the rate in force, a share of another one worked out; None where there is none.
    form: of the certificate that its schedule asks for. is_for_origin: whether goods of the origin asked for may ever
    take it, None where no origin was asked for. option: what the line would owe by it, None where it is no scheme
    that the line could claim.
    """

    measure: Measure
    measured: Measure | None
    form: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    is_for_origin: bool | None = None
    option: RateOption | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """Days on which one row of law stood. last_day: included, None while it stands."""

    first_day: date
    last_day: date | None
    measure: Measure


@dataclass(frozen=True, slots=True)
class History:
    """The rows that followed each other in one place of the tariff, the first first."""

    tax: str
    schedule: Schedule
    preference: str
    kind: MeasureKind
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Inquiry:
    """The answer. above: the codes over it, the nearest first. rates: of preferential taxes, best known first.
    others: rows of all other taxes and annexes. assessment: of the cheapest lawful way; None where the code or the
    direction has none. traces: how each of its taxes came about, in levying order. permits: rows of codes/permits.
    is_assumed: whether the value is ASSUMED_VALUE and not asked for.
    """

    question: Question
    commodity: Commodity | None
    above: tuple[Commodity, ...]
    is_declarable: bool
    rates: tuple[ScheduleRate, ...]
    others: tuple[ScheduleRate, ...]
    options: tuple[RateOption, ...]
    assessment: Assessment | None
    traces: tuple[Trace, ...]
    permits: tuple[Code, ...]
    history: tuple[History, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def best(self) -> RateOption | None:
        """The lawful rate with the least to pay, None while no sum is known."""
        return next((option for option in self.options if option.is_lowest), None)

    @property
    def is_known(self) -> bool:
        """Whether the tariff of the day says anything of this code."""
        rows = (*self.rates, *self.others)
        return self.commodity is not None or any(row.measure.commodity for row in rows)

    @property
    def is_verified(self) -> bool:
        """Whether every amount rests on rows that somebody compared with their acts."""
        return self.assessment is None or self.assessment.is_verified


def inquire(pack: Pack, question: Question, *, history: bool = True) -> Inquiry:
    """Answer a question about a code. history: whether the earlier and later rates are looked up too."""
    view = pack.tariff.as_of(question.day)
    preferential = {levy.tax.code for levy in pack.levies if levy.preferential}
    schedule = Schedule(question.flow)
    rows = view.measures(question.code)
    is_main = [row.tax in preferential and row.schedule is schedule for row in rows]
    declaration = declaration_of(pack, question)
    options: tuple[RateOption, ...] = ()
    assessment: Assessment | None = None
    traces: tuple[Trace, ...] = ()
    findings: tuple[Finding, ...] = ()
    if declaration is not None and view.commodity(question.code) is not None:
        options = rate_options(pack, declaration, 1, question.day)
        assessment = assess(pack, _cheapest(declaration, options), question.day)
        traces = tuple(
            trace
            for trace, amount in zip(assessment.lines[0].trace(), assessment.lines[0].amounts, strict=True)
            if amount.tax not in pack.once
        )
        findings = assessment.findings
    by_scheme = {(option.preference, option.quota_order_id): option for option in options}
    main = [
        _rate(pack, view, row, question, by_scheme)
        for row, wanted in zip(rows, is_main, strict=True)
        if wanted
    ]
    others = [
        _rate(pack, view, row, question, {}) for row, wanted in zip(rows, is_main, strict=True) if not wanted
    ]
    order = {id(option): place for place, option in enumerate(options)}
    main.sort(key=lambda one: (order.get(id(one.option), _MANY), sort_key(one.measure)))
    levied = {levy.tax.code: place for place, levy in enumerate(pack.levies)}
    others.sort(key=lambda one: (levied.get(one.measure.tax, _MANY), sort_key(one.measure)))
    return Inquiry(
        question,
        view.commodity(question.code),
        view.ancestors(question.code),
        view.is_declarable(question.code),
        tuple(main),
        tuple(others),
        options,
        assessment,
        traces,
        permits_of(pack, question),
        history_of(pack.tariff, question.code) if history else (),
        findings,
    )


# the declaration of one line


def declaration_of(pack: Pack, question: Question) -> Declaration | None:
    """A declaration of one line such as the question describes; None where the pack has no plain type for it."""
    kind = _plain_type(pack, question)
    if kind is None:
        return None
    preference, document = scheme_of(pack, question.form, question.origin, question.day)
    classifications = [Classification(id=question.code, identification_type_code="TSP")]
    classifications += [
        Classification(id=code, identification_type_code=_ADDITIONAL) for code in question.additional_codes
    ]
    quantity = None
    if question.quantity_millionths is not None:
        quantity = Quantity(millionths=question.quantity_millionths, unit=question.unit)
    value = question.value_minor * MILLIONTHS // 10**pack.decimals
    item = GoodsItem(
        sequence_numeric=1,
        classifications=tuple(classifications),
        origins=(Origin(country_code=question.origin, type_code="1"),) if question.origin else (),
        tariff_quantity=quantity,
        net_mass=quantity if question.unit == "KGM" else None,
        item_charge=Amount(millionths=value, currency=pack.currency),
        duty_tax_fees=(DutyTaxFee(duty_regime_code=preference),) if preference else (),
        additional_documents=(AdditionalDocument(type_code=document),) if document else (),
    )
    return Declaration(
        function_code=kind.facts["function"],
        type_code=kind.value,
        goods_items=(item,),
        goods_item_quantity=1,
        trade_terms=TradeTerms(condition_code=_PLAIN_TERMS[question.flow]),
    )


def _plain_type(pack: Pack, question: Question) -> Code | None:
    """The first declaration type of the day that is lodged whole and owes everything."""
    types = [
        code
        for code in pack.code_lists["declaration_types"].as_of(question.day).values()
        if code.facts["asks"] == "lodge"
        and code.facts["flow"] in (question.flow, "")
        and code.facts["untaxed"] == "no"
    ]
    plain = [
        code
        for code in types
        if all(code.facts[name] == "no" for name in ("simplified", "prelodged", "supplementary"))
        and all(code.facts.get(name, "due") == "due" for name in ("duty", "vat"))
    ]
    return next(iter([*plain, *types]), None)


def scheme_of(pack: Pack, form: str, origin: str, day: date) -> tuple[str, str]:
    """The scheme that a form of certificate is for, and the document that proves it: ("B10", "CO_VJ") for "VJ".

    A form for several schemes (EUR.1 of two agreements) is for the one that the origin is a member of. ("", "") for no
    form and one that nobody knows.
    """
    preferences, documents = pack.code_lists.get("preferences"), pack.code_lists.get("documents")
    if not form or preferences is None:
        return "", ""
    asked = form.upper().removeprefix("CO_").replace(".", "")
    schemes = [
        code
        for code in preferences.as_of(day).values()
        if asked in (code.facts.get("form", "").upper().replace(".", ""), code.value.upper())
    ]
    papers = list(documents.as_of(day).values()) if documents else []
    # The form's own document proves it, before others that do.
    papers.sort(key=lambda document: document.value != f"CO_{asked}")
    proving: dict[str, str] = {}
    for document in papers:
        for preference in document.facts.get("proves", "").split():
            proving.setdefault(preference, document.value)
    if documents is not None and not schemes:
        named = documents.get(f"CO_{asked}", day)
        wanted = named.facts.get("proves", "").split() if named else []
        schemes = [code for code in preferences.as_of(day).values() if code.value in wanted]
    schemes.sort(key=lambda code: origin not in code.facts.get("members", "").split())
    return (schemes[0].value, proving.get(schemes[0].value, "")) if schemes else ("", "")


def _cheapest(declaration: Declaration, options: Iterable[RateOption]) -> Declaration:
    """The declaration with the claim that owes least of those that hold; as it is where none is known."""
    best = next((option for option in options if option.is_lowest), None)
    return claiming(declaration, 1, best.preference, best.quota_order_id) if best else declaration


# rates


def _rate(
    pack: Pack,
    view: TariffView,
    row: Measure,
    question: Question,
    options: Mapping[tuple[str, str], RateOption],
) -> ScheduleRate:
    scheme = None
    listed = pack.code_lists.get("preferences")
    if row.preference and listed is not None:
        scheme = listed.get(row.preference, question.day)
    fits = not row.additional_code or row.additional_code in question.additional_codes
    option = (
        options.get((row.preference, row.quota_order_id)) if fits and row.is_for(question.origin) else None
    )
    if option is not None and (row.law != option.law or (row.duty is not None and row.duty != option.duty)):
        option = None
    members = scheme.facts.get("members", "").split() if scheme else []
    is_for = None
    if question.origin:
        # A schedule without members (MFN, ordinary) is for the origins that the country's choice takes it for.
        is_for = row.is_for(question.origin)
        is_for = is_for and (
            question.origin in members if members else option is not None or not options or not fits
        )
    return ScheduleRate(
        row,
        _resolved(view, row, question)
        if row.given is Given.DERIVED
        else row
        if row.duty is not None
        else None,
        scheme.facts.get("form", "") if scheme else "",
        scheme.names if scheme else {},
        is_for,
        option,
    )


def _resolved(view: TariffView, row: Measure, question: Question) -> Measure | None:
    """A share of another rate, worked out."""
    origin = row.origins[0] if row.origins else question.origin
    return view.choose(
        question.code,
        row.schedule,
        row.tax,
        origin,
        row.preference,
        row.quota_order_id,
        question.additional_codes,
    ).measure


def history_of(tariff: Tariff, code: str) -> tuple[History, ...]:
    """Every place of the tariff that a code has or had a row in, with the rows that followed each other.

    The days are those on which a row of the code, or of a code above it, begins or ends. Places in which nothing ever
    changed have one run.
    """
    days: set[date] = set()
    for edition in tariff.editions:
        for length in range(len(code) + 1):
            for row in edition.rows_of(code[:length]):
                first = max(row.period.first_day, edition.period.first_day)
                ends = [end for end in (row.period.until, edition.period.until) if end is not None]
                if not ends or min(ends) > first:
                    days |= {first, *(ends and [min(ends)])}
    changes = sorted(days)
    runs: dict[tuple[object, ...], list[Run]] = {}
    for first, after in [*pairwise(changes), *((changes[-1], None) for _ in changes[:1])]:
        last = after - timedelta(days=1) if after else None
        for row in tariff.as_of(first).measures(code):
            place = (
                row.tax, row.schedule, row.preference, row.kind, row.quota_order_id, row.additional_code,
                row.origins, row.excluded_origins,
            )  # fmt: skip
            known = runs.setdefault(place, [])
            same = known and known[-1].measure == row and known[-1].last_day == first - timedelta(days=1)
            if same:
                known[-1] = Run(known[-1].first_day, last, row)
            else:
                known.append(Run(first, last, row))
    found = [
        History(several[0].measure.tax, several[0].measure.schedule, several[0].measure.preference,
                several[0].measure.kind, tuple(several))
        for several in runs.values()
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: sort_key(one.runs[0].measure)))


def permits_of(pack: Pack, question: Question) -> tuple[Code, ...]:
    """What other authorities have a word on, of goods with this code in this direction (codes/permits)."""
    listed = pack.code_lists.get("permits")
    found: dict[tuple[str, LegalRef], Code] = {}
    for code in listed or ():
        prefix = code.facts.get("prefix", "")
        if not prefix or not question.code.startswith(prefix) or not code.period.holds(question.day):
            continue
        wanted = code.facts.get("additional_code", "")
        if code.facts.get("flow", "") in ("", question.flow) and wanted in ("", *question.additional_codes):
            found.setdefault((code.names.get("vi", code.value), code.law), code)
    return tuple(found.values())


__all__ = [
    "ASSUMED_VALUE", "EXPORT", "IMPORT", "History", "Inquiry", "Question", "Run", "ScheduleRate", "declaration_of",
    "history_of", "inquire", "permits_of", "scheme_of",
]  # fmt: skip
