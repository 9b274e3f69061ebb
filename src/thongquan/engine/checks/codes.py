"""Rules on codes: each is in its list on the legal day. R060 to R079."""

from __future__ import annotations

from typing import Final

from ..declaration import Declaration
from . import sources
from .places import amounts, charges, documents, lines, means, parties
from .rule import Rule, Values, listed


@listed("R060", code="COUNTRY_NOT_KNOWN", code_list="countries", law=sources.COUNTRIES)
def countries(declaration: Declaration) -> Values:
    """Countries are those of the day."""
    yield "export_country_id", declaration.export_country_id
    if declaration.destination is not None:
        yield "destination.country_code", declaration.destination.country_code
    for at, party in parties(declaration):
        if party.address is not None:
            yield f"{at}.address.country_code", party.address.country_code
    for at, one in means(declaration):
        yield f"{at}.registration_nationality_code", one.registration_nationality_code
    for at, item in lines(declaration):
        yield f"{at}.export_country_id", item.export_country_id
        if item.destination is not None:
            yield f"{at}.destination.country_code", item.destination.country_code
        for number, origin in enumerate(item.origins, 1):
            yield f"{at}.origins[{number}].country_code", origin.country_code


@listed("R061", code="CURRENCY_NOT_KNOWN", code_list="currencies", law=sources.CURRENCIES)
def currencies(declaration: Declaration) -> Values:
    """Currencies are those of the day."""
    for at, amount in amounts(declaration):
        yield f"{at}.currency", amount.currency
    for number, exchange in enumerate(declaration.currency_exchanges, 1):
        yield f"currency_exchanges[{number}].currency_type_code", exchange.currency_type_code
    for number, guarantee in enumerate(declaration.guarantees, 1):
        if guarantee.amount is not None:
            yield f"guarantees[{number}].amount.currency", guarantee.amount.currency


@listed("R062", code="UNIT_NOT_KNOWN", code_list="units", law=sources.UNITS)
def units(declaration: Declaration) -> Values:
    """Units of quantities are those of the day; units of masses are judged as such (R051)."""
    for at, item in lines(declaration):
        if item.tariff_quantity is not None:
            yield f"{at}.tariff_quantity.unit", item.tariff_quantity.unit


@listed("R063", code="PROCEDURE_NOT_KNOWN", code_list="procedures", law=sources.PROCEDURES)
def procedures(declaration: Declaration) -> Values:
    """The procedure asked for is one of the day."""
    for at, item in lines(declaration):
        for number, procedure in enumerate(item.procedures, 1):
            if procedure.previous_code:
                yield f"{at}.procedures[{number}].current_code", procedure.current_code


@listed(
    "R064",
    code="ADDITIONAL_PROCEDURE_NOT_KNOWN",
    code_list="additional_procedures",
    law=sources.PROCEDURES,
)
def additional_procedures(declaration: Declaration) -> Values:
    """Additional procedures are those of the day."""
    for at, item in lines(declaration):
        for number, procedure in enumerate(item.procedures, 1):
            if not procedure.previous_code:
                yield f"{at}.procedures[{number}].current_code", procedure.current_code


@listed("R065", code="DOCUMENT_CODE_NOT_KNOWN", code_list="documents", law=sources.DOCUMENTS)
def document_codes(declaration: Declaration) -> Values:
    """Documents are of the kinds of the day."""
    for at, document in documents(declaration):
        yield f"{at}.type_code", document.code


@listed("R066", code="OFFICE_NOT_KNOWN", code_list="offices", law=sources.OFFICES)
def offices(declaration: Declaration) -> Values:
    """Customs offices are those of the day."""
    for field in ("declaration_office_id", "presentation_office_id", "supervising_office_id"):
        yield field, getattr(declaration, field)
    yield "exit_office_id", declaration.exit_office_id
    for number, guarantee in enumerate(declaration.guarantees, 1):
        yield f"guarantees[{number}].guarantee_office_id", guarantee.guarantee_office_id


@listed("R067", code="INCOTERM_NOT_KNOWN", code_list="incoterms", law=sources.INCOTERMS)
def incoterm(declaration: Declaration) -> Values:
    """The delivery term is one of the day."""
    yield "trade_terms.condition_code", declaration.incoterm


@listed("R068", code="PACKAGE_TYPE_NOT_KNOWN", code_list="packages", law=sources.PACKAGE_TYPES)
def package_types(declaration: Declaration) -> Values:
    """Kinds of packages are those of the day."""
    for at, item in lines(declaration):
        for number, packaging in enumerate(item.packagings, 1):
            yield f"{at}.packagings[{number}].type_code", packaging.type_code


@listed("R069", code="TRANSPORT_MODE_NOT_KNOWN", code_list="transport_modes", law=sources.TRANSPORT_MODES)
def transport_modes(declaration: Declaration) -> Values:
    """Modes of transport are those of the day."""
    for at, one in means(declaration):
        yield f"{at}.mode_code", one.mode_code


@listed("R070", code="CHARGE_TYPE_NOT_KNOWN", code_list="charges", law=sources.CHARGES)
def charge_types(declaration: Declaration) -> Values:
    """Additions and deductions are of the kinds of the day."""
    for at, charge in charges(declaration):
        yield f"{at}.charges_type_code", charge.charges_type_code


@listed("R071", code="PREFERENCE_NOT_KNOWN", code_list="preferences", law=sources.ORIGIN_PROOF)
def preferences(declaration: Declaration) -> Values:
    """Claimed preferences are those of the day."""
    for at, item in lines(declaration):
        for number, tax in enumerate(item.duty_tax_fees, 1):
            yield f"{at}.duty_tax_fees[{number}].duty_regime_code", tax.duty_regime_code


RULES: Final[tuple[Rule, ...]] = (
    countries,
    currencies,
    units,
    procedures,
    additional_procedures,
    document_codes,
    offices,
    incoterm,
    package_types,
    transport_modes,
    charge_types,
    preferences,
)
