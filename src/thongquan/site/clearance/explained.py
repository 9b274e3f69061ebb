"""The taxes of a declaration in the words of a person who asks why: rate, base, law and source, line by line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ...engine.assessment.whole import Assessment
from ...engine.findings import Finding, errors
from ...engine.lifecycle.declaration import State
from ...engine.money import MILLIONTHS
from ...packs import pack as country
from ...packs.pack import OWED_TO_CUSTOMS, Pack, Terms
from ..kit import terms
from ..kit.tags import amount, decimal, named, said
from ..parties.exempt_lists import known_of
from ..reference.reads import equipped
from .models import Declaration
from .reads import AssessedTax, assessment, declared, facts_of


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the explanation: what was done, to which amount it led, by which law, and what is to be known."""

    text: str
    minor: int | None
    law: str = ""
    notes: tuple[str, ...] = ()
    name: str = ""


@dataclass(slots=True)
class ExplainedLine:
    """A goods item: how its value came about, then its taxes in levying order. owed: to customs before release."""

    line: int
    commodity: str
    description: str
    value: list[Step] = field(default_factory=list)
    taxes: list[Step] = field(default_factory=list)
    payable_minor: int = 0


@dataclass(frozen=True, slots=True)
class Explained:
    """totals: tax, its name, amount, owed. edition, pack_version: what computed it. current: whether the same law and
    rates stand here today, so that the value could be explained too."""

    lines: tuple[ExplainedLine, ...]
    totals: tuple[tuple[str, str, int], ...]
    total_minor: int
    edition: str
    pack_version: str
    current: bool


def explained(row: Declaration, pack: Pack) -> Explained | None:
    """The assessment that stands, None before the first."""
    taxes = assessment(row.number)
    if not taxes or row.legal_day is None:
        return None
    # The version that was assessed is the current one, or the last before an amendment that waits for its assessment.
    declaration = declared(row)
    now = equipped(pack)
    again = country.assess(
        now, declaration, row.legal_day, person=known_of(declaration, row.legal_day, row.number)
    )
    current = (taxes[0].edition, taxes[0].pack_version) == (again.edition, again.pack_version)
    lines: dict[int, ExplainedLine] = {}
    for place, item in enumerate(declaration.goods_items, 1):
        lines[place] = ExplainedLine(place, item.commodity_code, item.description)
        if current:
            lines[place].value = _value(again, place, pack)
    totals: dict[str, int] = {}
    for tax in taxes:
        line = lines.setdefault(tax.line, ExplainedLine(tax.line, "", ""))
        line.taxes.append(_tax(tax, pack))
        if Terms(tax.terms) in OWED_TO_CUSTOMS:
            line.payable_minor += tax.payable_minor
            totals[tax.tax] = totals.get(tax.tax, 0) + tax.payable_minor
    names = tax_names(pack)
    return Explained(
        tuple(lines.values()),
        tuple((code, names.get(code, code), totals[code]) for code in sorted(totals, key=levied(pack))),
        sum(totals.values()),
        taxes[0].edition,
        taxes[0].pack_version,
        current,
    )


def pending(row: Declaration, pack: Pack) -> list[Finding]:
    """Why a registered declaration has no assessment of its current version: each rate or fact that is missing, once.
    Nothing for one that has it."""
    facts = facts_of(row.number)
    judged = facts.state in (State.REGISTERED, State.SELECTED, State.RELEASED)
    if row.legal_day is None or not judged or facts.assessed_version >= facts.version:
        return []
    declaration = declared(row)
    person = known_of(declaration, row.legal_day, row.number)
    assessed = country.assess(equipped(pack), declaration, row.legal_day, person=person)
    once = {(finding.code, finding.at): finding for finding in errors(assessed.findings)}
    return list(once.values()) if assessed.pending else []


def levied(pack: Pack) -> Callable[[str], int]:
    """The place of a tax in levying order."""
    order = {levy.tax.code: place for place, levy in enumerate(pack.levies)}
    return lambda code: order.get(code, len(order))


def tax_names(pack: Pack) -> dict[str, str]:
    """Code → official name in the reader's language."""
    language = terms.language()
    return {levy.tax.code: levy.names.get(language) or levy.tax.code for levy in pack.levies}


def _value(assessed: Assessment, place: int, pack: Pack) -> list[Step]:
    if assessed.valuation is None:
        return []
    shown = assessed.valuation.to_dict()["lines"][place - 1]
    steps = []
    for part in shown["parts"]:
        says = _says_of_part(part, pack)
        name = _charge_name(part["code"], pack)
        name = name[:1].upper() + name[1:]
        text = said("value_exchanged" if part.get("exchange_law") else "value_plain", name=name, **says)
        notes = []
        if part.get("share_by"):
            notes.append(
                said(
                    "value_shared",
                    by=named("share_by", part["share_by"]),
                    total=amount(part["total_minor"], pack.decimals),
                )
            )
        law = part.get("law", "")
        if part.get("exchange_law"):
            notes.append(said("exchange_source", law=part["exchange_law"]))
        steps.append(Step(text, part["minor"], law, tuple(notes), name))
    total = shown["bases"].get("customs_value")
    if total is not None:
        name = named("term", "customs_value").capitalize()
        steps.append(Step(name, total, name=name))
    return steps


def _says_of_part(part: Mapping[str, Any], pack: Pack) -> dict[str, str]:
    own, foreign = part.get("own", 1), part.get("foreign", 1)
    rate = Fraction(own, foreign)
    # A rate that is no short decimal is shown as the fraction that it is.
    scaled = rate * MILLIONTHS
    shown = decimal(int(scaled), 6) if scaled.denominator == 1 else f"{own}/{foreign}"
    return {
        "amount": decimal(part.get("declared_millionths", 0), 6),
        "currency": part.get("currency") or pack.currency,
        "rate": shown,
    }


def _charge_name(code: str, pack: Pack) -> str:
    listed = pack.code_lists.get("charges")
    for charge in listed or ():
        if charge.value == code:
            return charge.names.get(terms.language(), code)
    return named("term", code)


def _tax(tax: AssessedTax, pack: Pack) -> Step:
    trace = tax.trace
    notes = []
    if trace.get("preference"):
        listed = pack.code_lists.get("preferences")
        name = next(
            (c.names.get(terms.language(), c.value) for c in listed or () if c.value == trace["preference"]),
            "",
        )
        notes.append(said("by_preference", preference=f"{trace['preference']} {name}".strip()))
    if trace.get("quota_order_id"):
        notes.append(said("by_quota", quota=trace["quota_order_id"]))
    for name in ("deduct_minor", "credit_minor"):
        if trace.get(name):
            notes.append(said(f"tax_{name}", amount=amount(trace[name], pack.decimals)))
    if trace.get("note"):
        notes.append(named("note", trace["note"]))
    if trace.get("verified") is False:
        notes.append(said("rate_unverified"))
    if Terms(tax.terms) not in OWED_TO_CUSTOMS:
        notes.append(said("not_owed_now", terms=named("terms", tax.terms)))
    name = tax_names(pack).get(tax.tax, tax.tax)
    return Step(f"{name}: {_formula(trace, pack)}", tax.payable_minor, tax.law, tuple(notes), name)


def _formula(trace: Mapping[str, Any], pack: Pack) -> str:
    """ "10 % × (100.000 + 5.000)"; a duty of several terms names each, and the floor or ceiling that decided."""
    branch = trace.get("branch", "base")
    terms_of = [term for term in trace.get("terms", ()) if term["branch"] == branch]
    base = _base(trace, pack)
    text = ""
    for place, term in enumerate(terms_of):
        sign = "− " if term["sign"] < 0 else "+ " if place else ""
        text += f"{' ' if place else ''}{sign}{_term(term, base, pack)}"
    if not terms_of:
        return said("tax_pending")
    return said(f"branch_{branch}", formula=text) if branch != "base" else text


def _base(trace: Mapping[str, Any], pack: Pack) -> str:
    parts = [part for part in trace.get("base", ()) if part["millionths"]]
    shown = [decimal(part["millionths"], 6 + pack.decimals) for part in parts]
    if len(shown) > 1:
        return f"({' + '.join(shown)})"
    return shown[0] if shown else "0"


def _term(term: Mapping[str, Any], base: str, pack: Pack) -> str:
    if not term.get("unit"):
        return f"{decimal(term.get('rate_ppm', 0), 4)} % × {base}"
    quantity = Fraction(term["quantity_millionths"], term.get("quantity_per", 1))
    unit = named("unit", term["unit"])
    rate = f"{decimal(term['specific_millionths'], 6)} {term['currency']}/{unit}"
    shown = f"{rate} × {decimal(int(quantity), 6)} {unit}"
    if term["currency"] != pack.currency:
        shown += f" × {decimal(int(Fraction(term['own'], term['foreign']) * MILLIONTHS), 6)}"
    return shown


# versions


@dataclass(frozen=True, slots=True)
class ChangedField:
    """One difference between two versions, in words."""

    label: str
    before: str
    after: str


def changes(differences: Sequence[Mapping[str, Any]]) -> list[ChangedField]:
    """What an amendment changed, each element with the name that forms give it."""
    return [
        ChangedField(label_of(change["path"]), _shown(change.get("before")), _shown(change.get("after")))
        for change in differences
    ]


def label_of(path: str) -> str:
    """The name of a field as forms give it, with its line; the path itself for what no form shows."""
    from .drafts import slot_for

    matched = re.fullmatch(r"goods_items\[(\d+)\](?:\.(.*))?", path)
    rest = (matched[2] or "") if matched else path
    slot = slot_for(matched is not None, rest)
    name = slot.heading(terms.language()) if slot else rest or said("whole_line")
    return said("line_field", line=matched[1], field=name) if matched else name


def _shown(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "—"
    if isinstance(value, Mapping):
        if "millionths" in value:
            unit = value.get("unit") or value.get("currency") or ""
            return f"{decimal(value['millionths'], 6)} {unit}".strip()
        return ", ".join(_shown(part) for part in value.values() if part not in (None, "", [], {}))
    if isinstance(value, list | tuple):
        return "; ".join(_shown(part) for part in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return decimal(value, 0)
    return str(value)
