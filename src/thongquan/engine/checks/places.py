"""The parts of a declaration that rules walk over, each with its place in the declarant's own terms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, cast

from ..declaration import (
    AdditionalDocument,
    Amount,
    ChargeDeduction,
    Declaration,
    GoodsItem,
    Party,
    PreviousDocument,
    Quantity,
    TransportEquipment,
    TransportMeans,
)

_PARTIES: Final = (
    "declarant",
    "agent",
    "submitter",
    "importer",
    "exporter",
    "consignee",
    "consignor",
    "buyer",
    "seller",
    "payer",
    "surety",
)
_ITEM_PARTIES: Final = ("consignee", "consignor", "buyer", "seller")
_MEASURES: Final = ("gross_mass", "net_mass", "tariff_quantity")
_AMOUNTS: Final = ("item_charge", "customs_value", "statistical_value")


def lines(declaration: Declaration) -> Iterator[tuple[str, GoodsItem]]:
    """Every line."""
    for number, item in enumerate(declaration.goods_items, 1):
        yield f"goods_items[{number}]", item


def parties(declaration: Declaration) -> Iterator[tuple[str, Party]]:
    """Every party of the declaration and of its lines."""
    for name in _PARTIES:
        party = getattr(declaration, name)
        if party is not None:
            yield name, party
    for at, item in lines(declaration):
        for name in _ITEM_PARTIES:
            party = getattr(item, name)
            if party is not None:
                yield f"{at}.{name}", party


def measures(item: GoodsItem) -> Iterator[tuple[str, Quantity]]:
    """The masses and the quantity of a line."""
    for name in _MEASURES:
        quantity = getattr(item, name)
        if quantity is not None:
            yield name, quantity


def amounts(declaration: Declaration) -> Iterator[tuple[str, Amount]]:
    """Every value and charge, of the declaration and of its lines; guarantees and declared taxes are not among them."""
    for name in ("invoice_amount", "freight_charge"):
        amount = getattr(declaration, name)
        if amount is not None:
            yield name, amount
    for at, item in lines(declaration):
        for name in _AMOUNTS:
            amount = getattr(item, name)
            if amount is not None:
                yield f"{at}.{name}", amount
    for at, charge in charges(declaration):
        if charge.amount is not None:
            yield f"{at}.amount", charge.amount


def charges(declaration: Declaration) -> Iterator[tuple[str, ChargeDeduction]]:
    """Every addition and deduction."""
    yield from _numbered("charge_deductions", declaration.charge_deductions)
    for at, item in lines(declaration):
        yield from _numbered(f"{at}.charge_deductions", item.charge_deductions)


def documents(declaration: Declaration) -> Iterator[tuple[str, AdditionalDocument]]:
    """Every additional document."""
    yield from _numbered("additional_documents", declaration.additional_documents)
    for at, item in lines(declaration):
        yield from _numbered(f"{at}.additional_documents", item.additional_documents)


def previous_documents(declaration: Declaration) -> Iterator[tuple[str, PreviousDocument]]:
    """Every previous document."""
    yield from _numbered("previous_documents", declaration.previous_documents)
    for at, item in lines(declaration):
        yield from _numbered(f"{at}.previous_documents", item.previous_documents)


def containers(declaration: Declaration) -> Iterator[tuple[str, TransportEquipment]]:
    """Every container and other transport unit."""
    if declaration.consignment is not None:
        equipment = declaration.consignment.transport_equipment
        yield from _numbered("consignment.transport_equipment", equipment)
    for at, item in lines(declaration):
        yield from _numbered(f"{at}.transport_equipment", item.transport_equipment)


def means(declaration: Declaration) -> Iterator[tuple[str, TransportMeans]]:
    """Every means of transport."""
    consignment = declaration.consignment
    found = {
        "border_transport_means": declaration.border_transport_means,
        "consignment.arrival_transport_means": consignment and consignment.arrival_transport_means,
        "consignment.departure_transport_means": consignment and consignment.departure_transport_means,
    }
    yield from ((at, cast(TransportMeans, one)) for at, one in found.items() if one is not None)


def _numbered[Part](at: str, parts: tuple[Part, ...]) -> Iterator[tuple[str, Part]]:
    return ((f"{at}[{number}]", part) for number, part in enumerate(parts, 1))
