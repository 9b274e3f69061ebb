"""Rules on each line: what the goods are, where they are from, under which procedure, how much. R030 to R049."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..declaration import Declaration, GoodsItem
from ..findings import Finding, Severity
from ..money import MILLIONTHS, decimal_text
from . import sources
from .header import EXPORT, IMPORT
from .places import amounts, charges, lines, measures
from .rule import Context, Data, Fault, Rule, rule
from .units import mass_micrograms

MAX_QUANTITY: Final = 10**12
"""Units of any measure on one line: a line of a million million kilograms is a slip of the pen. In millionths it
still fits 64 bits."""

MAX_AMOUNT: Final = 10**15
"""Currency units of one value: the bound up to which the assessment is proven."""


@rule("R030", code="DESCRIPTION_NOT_GIVEN", law=sources.DESCRIPTION, data=Data.FULL)
def description(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """The goods are described in words."""
    for at, item in lines(declaration):
        if not item.description.strip():
            yield f"{at}.description", {}


@rule("R031", code="COMMODITY_CODE_NOT_GIVEN", law=sources.NOMENCLATURE, data=Data.FULL)
def commodity_code(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """Each line has a commodity code."""
    for at, item in lines(declaration):
        if not item.commodity_code:
            yield f"{at}.commodity_code", {}


_COMMODITY: Final = re.compile(r"\d{6}(?:\d\d){0,3}", re.ASCII)


@rule("R032", code="COMMODITY_CODE_MALFORMED", law=sources.NOMENCLATURE)
def commodity_form(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """A commodity code has six digits and up to three national pairs, without points and spaces.

    An odd number of digits is the mark of a zero that a spreadsheet took away.
    """
    for at, item in lines(declaration):
        code = item.commodity_code
        if code and not _COMMODITY.fullmatch(code):
            yield f"{at}.commodity_code", {"code": code[:40]}


@rule("R033", code="COMMODITY_NOT_IN_FORCE", law=sources.NOMENCLATURE)
def commodity_in_force(declaration: Declaration, context: Context) -> Iterator[Fault | Finding]:
    """The commodity code is in the nomenclature of the legal day."""
    known: dict[str, bool] = {}
    for at, item in lines(declaration):
        code = item.commodity_code
        if not code or not _COMMODITY.fullmatch(code):
            continue
        if context.tariff is None:
            says = {"on": context.on.isoformat()}
            yield Finding("TARIFF_NOT_CONSULTED", says=says, law=sources.NOMENCLATURE, severity=Severity.NOTE)
            return
        if code not in known:
            known[code] = context.tariff.knows(code)
        if not known[code]:
            yield f"{at}.commodity_code", {"code": code, "on": context.on.isoformat()}


@rule("R034", code="ORIGIN_NOT_GIVEN", law=sources.CONTENTS, flows=IMPORT, data=Data.FULL)
def origin(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """Each imported line names its country of origin, preferential or not."""
    for at, item in lines(declaration):
        if not item.origin_country_code:
            yield f"{at}.origins", {}


PROOF: Final = "proof_of_origin"
"""Column of the list of documents: "yes" for those that prove a preferential origin."""


@rule("R035", code="PREFERENCE_WITHOUT_PROOF", law=sources.ORIGIN_PROOF, flows=IMPORT)
def preference_proof(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """A preferential origin is backed by a document, on the line or for the whole declaration.

    Where the list of documents says which ones prove an origin, it must be one of those, else any.
    """
    listed = context.lists.get("documents")
    proofs: frozenset[str] = frozenset()
    if listed is not None:
        known = listed.as_of(context.on).items()
        proofs = frozenset(value for value, code in known if code.facts.get(PROOF) == "yes")

    def proves(codes: tuple[str, ...]) -> bool:
        return any(not proofs or code in proofs for code in codes)

    if proves(tuple(document.code for document in declaration.additional_documents)):
        return
    for at, item in lines(declaration):
        country = item.preferential_origin_country_code
        if country and not proves(item.document_codes):
            yield f"{at}.additional_documents", {"country": country[:40]}


@rule("R036", code="PROCEDURE_NOT_GIVEN", law=sources.PROCEDURES, data=Data.FULL)
def procedure(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """Each line says under which procedure the goods are declared."""
    for at, item in lines(declaration):
        if not item.procedures:
            yield f"{at}.procedures", {}


PREVIOUS_DOCUMENT: Final = "previous_document"
"""Column of the list of procedures: "yes" for those that need a previous document."""


@rule("R037", code="PREVIOUS_DOCUMENT_NOT_GIVEN", law=sources.PREVIOUS)
def previous_document(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """Goods that were under another procedure before, or whose procedure asks for it, name the previous document.

    A list of procedures that knows the column decides by it, for the requested procedure as for the previous one.
    """
    if declaration.previous_documents:
        return
    for at, item in lines(declaration):
        if item.previous_documents:
            continue
        for code in _asked_for_previous(item, context):
            yield f"{at}.previous_documents", {"procedure": code[:40]}


def _asked_for_previous(item: GoodsItem, context: Context) -> Iterator[str]:
    """The line's procedure, where its list says that a previous document is needed."""
    for procedure in item.procedures:
        if procedure.previous_code and "yes" in (
            context.fact("procedures", procedure.current_code, PREVIOUS_DOCUMENT),
            context.fact("procedures", procedure.previous_code, PREVIOUS_DOCUMENT),
        ):
            yield procedure.current_code + procedure.previous_code
            return


@rule(
    "R038",
    code="EXPORT_COUNTRY_NOT_GIVEN",
    law=sources.CONTENTS,
    severity=Severity.WARNING,
    flows=IMPORT,
    data=Data.FULL,
)
def export_country(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """An import names the country from which the goods were sent, for all or for each line.

    A warning: goods out of a warehouse or free zone were sent from nowhere abroad.
    """
    if declaration.export_country_id:
        return
    for at, item in lines(declaration):
        if not item.export_country_id:
            yield f"{at}.export_country_id", {}


@rule("R039", code="DESTINATION_NOT_GIVEN", law=sources.CONTENTS, flows=EXPORT, data=Data.FULL)
def destination(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """An export names the country to which the goods go, for all or for each line."""
    if declaration.destination is not None and declaration.destination.country_code:
        return
    for at, item in lines(declaration):
        if item.destination is None or not item.destination.country_code:
            yield f"{at}.destination.country_code", {}


@rule("R040", code="QUANTITY_NEGATIVE", law=sources.MEASURES)
def not_negative(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """No mass, quantity or number of packages is below zero."""
    for at, item in lines(declaration):
        for name, quantity in measures(item):
            if quantity.millionths < 0:
                yield f"{at}.{name}", {"value": decimal_text(quantity.millionths)}
        for number, packaging in enumerate(item.packagings, 1):
            if packaging.quantity is not None and packaging.quantity.millionths < 0:
                at_packages = f"{at}.packagings[{number}].quantity"
                yield at_packages, {"value": decimal_text(packaging.quantity.millionths)}


ZERO_ALLOWED: Final = "zero_allowed"
"""Column of the list of units: "yes" for those in which nothing can be declared."""


@rule("R041", code="QUANTITY_ZERO", law=sources.MEASURES)
def not_zero(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """No mass or quantity is zero, unless its unit allows that. (Packages may be: they are counted on another line.)"""
    for at, item in lines(declaration):
        for name, quantity in measures(item):
            if quantity.millionths == 0 and context.fact("units", quantity.unit, ZERO_ALLOWED) != "yes":
                yield f"{at}.{name}", {"unit": quantity.unit[:40]}


@rule("R042", code="QUANTITY_TOO_LARGE", law=sources.MEASURES)
def not_too_large(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """No mass or quantity of a line is beyond a million million units."""
    limit = str(MAX_QUANTITY)
    for at, item in lines(declaration):
        for name, quantity in measures(item):
            if quantity.millionths > MAX_QUANTITY * MILLIONTHS:
                yield f"{at}.{name}", {"value": decimal_text(quantity.millionths), "limit": limit}
        for number, packaging in enumerate(item.packagings, 1):
            if packaging.quantity is not None and packaging.quantity.millionths > MAX_QUANTITY * MILLIONTHS:
                value = decimal_text(packaging.quantity.millionths)
                yield f"{at}.packagings[{number}].quantity", {"value": value, "limit": limit}


@rule("R043", code="DECLARED_AMOUNT_NEGATIVE", law=sources.VALUATION)
def amount_not_negative(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """No declared value or charge is below zero: a deduction is told by its code, not by a minus."""
    for at, amount in amounts(declaration):
        if amount.millionths < 0:
            yield at, {"value": decimal_text(amount.millionths)}


@rule("R044", code="DECLARED_AMOUNT_TOO_LARGE", law=sources.VALUATION)
def amount_not_too_large(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """No declared value or charge is beyond a thousand million million currency units."""
    for at, amount in amounts(declaration):
        if amount.millionths > MAX_AMOUNT * MILLIONTHS:
            yield at, {"value": decimal_text(amount.millionths), "limit": str(MAX_AMOUNT)}


@rule("R045", code="ITEM_CHARGE_ZERO", law=sources.VALUATION, severity=Severity.WARNING)
def item_charge_not_zero(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """A line with the value zero is looked at: goods without payment have a customs value all the same."""
    for at, item in lines(declaration):
        if item.item_charge_millionths == 0:
            yield f"{at}.item_charge", {}


@rule("R046", code="GROSS_MASS_BELOW_NET", law=sources.MEASURES)
def gross_and_net(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """The gross mass of a line is not below its net mass."""
    for at, item in lines(declaration):
        gross, net = mass_micrograms(item.gross_mass), mass_micrograms(item.net_mass)
        if gross is not None and net is not None and gross < net and item.gross_mass and item.net_mass:
            says = {
                "gross": decimal_text(item.gross_mass.millionths),
                "net": decimal_text(item.net_mass.millionths),
            }
            yield f"{at}.gross_mass", says


@rule(
    "R047",
    code="ITEM_CHARGE_MISSING",
    law=sources.VALUATION,
    severity=Severity.WARNING,
    flows=IMPORT,
    data=Data.FULL,
)
def item_charge(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """Each imported line has its invoice value, unless it declares its customs value.

    A warning: goods that enter a warehouse may be valued when they leave it. A tax that needs the value stays open.
    """
    for at, item in lines(declaration):
        if item.item_charge is None and item.customs_value is None:
            yield f"{at}.item_charge", {}


@rule("R048", code="CURRENCY_MISSING", law=sources.CURRENCIES)
def amount_currency(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """Each declared value and charge names its currency."""
    for at, amount in amounts(declaration):
        if not amount.currency:
            yield f"{at}.currency", {}


@rule("R049", code="CHARGE_INCOMPLETE", law=sources.CHARGES)
def charge_complete(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """An addition or deduction has a code and an amount."""
    for at, charge in charges(declaration):
        if not charge.charges_type_code:
            yield f"{at}.charges_type_code", {}
        if charge.amount is None:
            yield f"{at}.amount", {}


RULES: Final[tuple[Rule, ...]] = (
    description,
    commodity_code,
    commodity_form,
    commodity_in_force,
    origin,
    preference_proof,
    procedure,
    previous_document,
    export_country,
    destination,
    not_negative,
    not_zero,
    not_too_large,
    amount_not_negative,
    amount_not_too_large,
    item_charge_not_zero,
    gross_and_net,
    item_charge,
    amount_currency,
    charge_complete,
)
