"""Rules on the declaration as a whole: who declares, what kind, when, and how many lines. R001 to R025."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from ..declaration import MAX_GOODS_ITEMS, Declaration, Party
from ..findings import Severity
from ..money import decimal_text
from . import sources
from .places import lines, parties
from .rule import Context, Data, Fault, Rule, rule

EXPORT: Final = ("export",)
IMPORT: Final = ("import",)


@rule("R001", code="REFERENCE_NOT_GIVEN", law=sources.REFERENCE)
def reference(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """The declarant's own reference is given: with the declarant it names the declaration for ever."""
    if not declaration.functional_reference_id:
        yield "functional_reference_id", {}


@rule("R002", code="TYPE_NOT_GIVEN", law=sources.TYPE)
def type_code(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """The kind of declaration is given."""
    if not declaration.type_code:
        yield "type_code", {}


@rule("R003", code="DECLARANT_NOT_GIVEN", law=sources.ACCURACY)
def declarant(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """The declarant is named: somebody answers for the particulars."""
    if not _named(declaration.declarant):
        yield "declarant", {}


@rule("R004", code="IMPORTER_NOT_GIVEN", law=sources.CONTENTS, flows=IMPORT, data=Data.FULL)
def importer(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """The importer is named."""
    if not _named(declaration.importer):
        yield "importer", {}


@rule(
    "R005",
    code="EXPORTER_NOT_GIVEN",
    law=sources.CONTENTS,
    severity=Severity.WARNING,
    flows=EXPORT,
    data=Data.FULL,
)
def exporter(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """The exporter, or the consignor of each line, is named.

    A warning: a declarant who exports himself is taken for the exporter in some countries.
    """
    if _named(declaration.exporter) or _named(declaration.consignor):
        return
    if not declaration.goods_items or not all(_named(item.consignor) for item in declaration.goods_items):
        yield "exporter", {}


@rule("R006", code="PARTY_NOT_IDENTIFIED", law=sources.PARTIES)
def identified(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """A party is identified by a number, or by name and address.

    An agent of whom only the kind of representation is told is the declarant himself.
    """
    for at, party in parties(declaration):
        if at == "agent" and party.function_code and not party.name:
            continue
        address = party.address
        located = (
            address is not None and bool(address.line or address.city_name) and bool(address.country_code)
        )
        if not party.id and not (party.name and located):
            yield at, {}


@rule("R007", code="AGENT_FUNCTION_NOT_GIVEN", law=sources.PARTIES)
def agent(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """An agent says whether he acts directly (2) or indirectly (3): it decides who owes the duty."""
    if declaration.agent is not None and declaration.agent.function_code not in ("2", "3"):
        yield "agent.function_code", {"value": declaration.agent.function_code[:40]}


@rule("R008", code="DATE_AFTER_LEGAL_DAY", law=sources.ACCURACY)
def dates(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """Neither the declaration nor the invoice is dated after the legal day."""
    invoice = declaration.invoice
    for at, moment in (
        ("issue_time", declaration.issue_time),
        ("invoice.issue_time", invoice.issue_time if invoice is not None else None),
    ):
        # The day as it is written, in its own zone: an invoice of the 15th is of the 15th everywhere.
        if moment is not None and moment.date() > context.on:
            yield at, {"date": moment.date().isoformat(), "on": context.on.isoformat()}


@rule("R009", code="SIMPLIFIED_VALUE_ABOVE_LIMIT", law=sources.SMALL_VALUES, data=Data.REDUCED)
def simplified_limit(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """A simplified declaration stays within the value that the law of the day sets for it."""
    limit = context.simplified_limit
    value = _value_in(declaration, limit.currency) if limit is not None else None
    if limit is not None and value is not None and value > limit.millionths:
        yield (
            "invoice_amount",
            {
                "value": decimal_text(value),
                "limit": decimal_text(limit.millionths),
                "currency": limit.currency,
                "on": context.on.isoformat(),
            },
        )


@rule(
    "R010",
    code="SIMPLIFIED_VALUE_NOT_COMPARED",
    law=sources.SMALL_VALUES,
    severity=Severity.NOTE,
    data=Data.REDUCED,
)
def simplified_currency(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """It is said when the value of a simplified declaration cannot be compared with the limit."""
    limit = context.simplified_limit
    if limit is not None and _value_in(declaration, limit.currency) is None:
        yield "invoice_amount", {"limit": decimal_text(limit.millionths), "currency": limit.currency}


@rule("R020", code="GOODS_ITEMS_NONE", law=sources.CONTENTS)
def some_lines(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """A declaration has at least one line."""
    if not declaration.goods_items:
        yield "goods_items", {}


@rule("R021", code="GOODS_ITEMS_TOO_MANY", law=sources.ITEM_COUNT)
def not_too_many_lines(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """A declaration has at most 10,000 lines; a country may allow fewer."""
    count = len(declaration.goods_items)
    if count > MAX_GOODS_ITEMS:
        yield "goods_items", {"count": str(count), "limit": str(MAX_GOODS_ITEMS)}


@rule("R022", code="GOODS_ITEM_QUANTITY_DIFFERS", law=sources.ITEM_COUNT)
def line_count(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """The number of lines that is declared is the number of lines."""
    declared = declaration.goods_item_quantity
    count = len(declaration.goods_items)
    if declared is not None and declared != count:
        yield "goods_item_quantity", {"declared": str(declared), "count": str(count)}


@rule("R023", code="SEQUENCE_NUMBER_NOT_GIVEN", law=sources.SEQUENCE)
def numbered(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """Each line has its number."""
    for at, item in lines(declaration):
        if item.sequence_numeric is None:
            yield f"{at}.sequence_numeric", {}


@rule("R024", code="SEQUENCE_NUMBER_TWICE", law=sources.SEQUENCE)
def numbered_once(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """No two lines have the same number."""
    times = Counter(item.sequence_numeric for item in declaration.goods_items)
    seen: set[int] = set()
    for at, item in lines(declaration):
        number = item.sequence_numeric
        if number is not None and times[number] > 1:
            if number in seen:
                yield f"{at}.sequence_numeric", {"number": str(number)}
            seen.add(number)


@rule("R025", code="SEQUENCE_NUMBERS_BROKEN", law=sources.SEQUENCE)
def numbered_throughout(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """The numbers of the lines run from 1 without a gap, so that a lost line is noticed."""
    given = {item.sequence_numeric for item in declaration.goods_items}
    numbers = {number for number in given if number is not None}
    # Numbers that are missing or given twice are found by the rules before.
    if len(numbers) == len(declaration.goods_items) and numbers != set(range(1, len(numbers) + 1)):
        missing = min(set(range(1, len(numbers) + 1)) - numbers)
        yield "goods_items", {"missing": str(missing)}


def _named(party: Party | None) -> bool:
    return party is not None and bool(party.id or party.name)


def _value_in(declaration: Declaration, currency: str) -> int | None:
    """The declared value in one currency, millionths: the invoice total, else the sum of the lines; None where some
    of it is in another currency or not given."""
    total = declaration.invoice_amount
    if total is not None:
        return total.millionths if total.currency == currency else None
    charges = [item.item_charge for item in declaration.goods_items]
    if not charges or any(charge is None or charge.currency != currency for charge in charges):
        return None
    return sum(charge.millionths for charge in charges if charge is not None)


RULES: Final[tuple[Rule, ...]] = (
    reference,
    type_code,
    declarant,
    importer,
    exporter,
    identified,
    agent,
    dates,
    simplified_limit,
    simplified_currency,
    some_lines,
    not_too_many_lines,
    line_count,
    numbered,
    numbered_once,
    numbered_throughout,
)
