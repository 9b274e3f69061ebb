"""Rules on totals: what is declared for all against what the lines say. R050 to R059."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..declaration import Declaration
from ..findings import Finding, Severity
from ..money import MILLIONTHS, decimal_text
from . import sources
from .places import lines
from .rule import Context, Fault, Rule, rule
from .units import MICROGRAMS, mass_micrograms


@rule("R050", code="TOTAL_GROSS_MASS_DIFFERS", law=sources.TOTAL_MASS, severity=Severity.WARNING)
def gross_mass(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """The total gross mass is the sum of the lines' gross masses, where each line has one."""
    total = mass_micrograms(declaration.total_gross_mass)
    masses = [mass_micrograms(item.gross_mass) for item in declaration.goods_items]
    if total is None or not masses or None in masses:
        return
    added = sum(mass for mass in masses if mass is not None)
    if added != total:
        # Shown in kilograms: nanograms are beyond six decimals of them.
        kilograms = MICROGRAMS["KGM"]
        declared, summed = decimal_text(total // kilograms), decimal_text(added // kilograms)
        yield "total_gross_mass", {"declared": declared, "sum": summed}


@rule("R051", code="MASS_UNIT_NOT_A_MASS", law=sources.UNITS, severity=Severity.WARNING)
def mass_units(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """A mass is declared in a unit of mass; others can be neither compared nor added."""
    masses = [("total_gross_mass", declaration.total_gross_mass)]
    for at, item in lines(declaration):
        masses += [(f"{at}.gross_mass", item.gross_mass), (f"{at}.net_mass", item.net_mass)]
    for at, mass in masses:
        if mass is not None and mass_micrograms(mass) is None:
            yield f"{at}.unit", {"unit": mass.unit[:40]}


@rule("R052", code="TOTAL_PACKAGES_DIFFER", law=sources.PACKAGES, severity=Severity.WARNING)
def packages(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """The total number of packages is the sum of the lines' packages, where each packaging is counted."""
    total = declaration.total_package_quantity
    counts = [packaging.quantity for item in declaration.goods_items for packaging in item.packagings]
    if total is None or not counts or None in counts:
        return
    added = sum(count.millionths for count in counts if count is not None)
    if added != total * MILLIONTHS:
        yield "total_package_quantity", {"declared": str(total), "sum": decimal_text(added)}


@rule("R053", code="ITEM_CURRENCY_DIFFERS", law=sources.INVOICE, severity=Severity.WARNING)
def one_currency(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """The lines are invoiced in the currency of the invoice total."""
    total = declaration.invoice_amount
    if total is None or not total.currency:
        return
    for at, item in lines(declaration):
        currency = item.item_charge_currency
        if currency and currency != total.currency:
            yield f"{at}.item_charge.currency", {"currency": currency[:40], "total": total.currency[:40]}


@rule("R054", code="INVOICE_TOTAL_DIFFERS", law=sources.INVOICE, severity=Severity.WARNING)
def invoice_total(declaration: Declaration, context: Context) -> Iterator[Fault | Finding]:
    """The invoice total is the sum of the lines' values, within one minor unit of the currency.

    Charges that an invoice shows apart make a difference, so it does not reject.
    """
    total = declaration.invoice_amount
    charges = [item.item_charge for item in declaration.goods_items]
    if total is None or not charges or any(c is None or c.currency != total.currency for c in charges):
        return
    added = sum(charge.millionths for charge in charges if charge is not None)
    if added == total.millionths:
        return
    decimals = context.decimals.get(total.currency)
    if decimals is None:
        says = {"currency": total.currency[:40]}
        yield Finding("CURRENCY_DECIMALS_UNKNOWN", "invoice_amount", says, sources.CURRENCIES, Severity.NOTE)
        return
    minor_unit = 10 ** (6 - decimals)
    if abs(added - total.millionths) > minor_unit:
        yield (
            "invoice_amount",
            {
                "declared": decimal_text(total.millionths, at_least=decimals),
                "sum": decimal_text(added, at_least=decimals),
                "currency": total.currency,
            },
        )


RULES: Final[tuple[Rule, ...]] = (gross_mass, mass_units, packages, one_currency, invoice_total)
