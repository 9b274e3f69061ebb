"""Rules on containers and guarantees. R080 to R089."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..declaration import Declaration
from ..findings import Severity
from . import sources
from .places import containers
from .rule import Context, Fault, Rule, rule

_CONTAINER: Final = re.compile(r"[A-Z]{3}[UJZ]\d{7}", re.ASCII)

# ISO 6346: digits count as themselves, letters from 10 upwards without the multiples of 11.
_LETTERS: Final = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (n for n in range(10, 39) if n % 11), strict=True))


def check_digit(number: str) -> int:
    """The ISO 6346 check digit of a container number's first ten characters: "CSQU305438" → 3."""
    values = (_LETTERS.get(character, 0) or int(character) for character in number[:10])
    return sum(value << place for place, value in enumerate(values)) % 11 % 10


@rule("R080", code="CONTAINER_NUMBER_WRONG", law=sources.CONTAINERS, severity=Severity.WARNING)
def container_numbers(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """A container number has its form and check digit; swap bodies and other units may carry other numbers."""
    for at, unit in containers(declaration):
        number = unit.id
        if number and not (_CONTAINER.fullmatch(number) and check_digit(number) == int(number[10])):
            yield f"{at}.id", {"number": number[:40]}


@rule("R081", code="CONTAINER_NUMBER_TWICE", law=sources.TRANSPORT_UNITS)
def containers_once(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """A container stands once in the list of the consignment; a line may name several, each once."""
    seen: set[tuple[str, str]] = set()
    for at, unit in containers(declaration):
        key = (at.rpartition("[")[0], unit.id)
        if unit.id and key in seen:
            yield f"{at}.id", {"number": unit.id[:40]}
        seen.add(key)


IN_CONTAINERS: Final = "1"
"""Container code of goods that are in containers."""


@rule("R082", code="CONTAINERS_NOT_LISTED", law=sources.TRANSPORT_UNITS, severity=Severity.WARNING)
def containers_listed(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """Goods that are said to be in containers name at least one."""
    consignment = declaration.consignment
    in_containers = consignment is not None and consignment.container_code == IN_CONTAINERS
    if in_containers and not any(unit.id for _, unit in containers(declaration)):
        yield "consignment.transport_equipment", {}


@rule("R083", code="GUARANTEE_INCOMPLETE", law=sources.SECURITY)
def guarantees(declaration: Declaration, context: Context) -> Iterator[Fault]:
    """A guarantee has a number or reference, or at least its kind; an amount of it is above zero and has a currency."""
    for number, guarantee in enumerate(declaration.guarantees, 1):
        at = f"guarantees[{number}]"
        if not (guarantee.id or guarantee.reference_id or guarantee.security_details_code):
            yield f"{at}.reference_id", {}
        if guarantee.amount is not None and guarantee.amount.millionths <= 0:
            yield f"{at}.amount", {}
        if guarantee.amount is not None and not guarantee.amount.currency:
            yield f"{at}.amount.currency", {}


RULES: Final[tuple[Rule, ...]] = (container_numbers, containers_once, containers_listed, guarantees)
