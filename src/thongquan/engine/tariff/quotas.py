"""Who gets what of a tariff quota: by legal instant, or pro rata. Never by the order in which a machine worked.

The allotment is a function of the requests in force and nothing else: computed again tomorrow, in another order, on
another machine, it is the same. A request that is cancelled is simply not among them any more, and what it held goes
to the next in law.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ..dated import Period
from ..findings import LegalRef
from ..money import apportion


class Allotment(enum.Enum):
    """How a quota's law shares it out."""

    LEGAL_INSTANT = "legal_instant"
    """First come, first served by the instant at which the declaration was accepted; equals share pro rata."""
    PRO_RATA = "pro_rata"
    """All requests of the period share in proportion to what they ask."""


@dataclass(frozen=True, slots=True)
class Quota:
    """One quota for one period. volume_millionths: what may enter, in millionths of `unit`."""

    order_id: str
    period: Period
    volume_millionths: int
    unit: str
    allotment: Allotment
    law: LegalRef


@dataclass(frozen=True, slots=True)
class QuotaRequest:
    """A claim on a quota. reference: declaration and line, unique. instant: of acceptance (aware). quantity: in
    millionths of the quota's unit, not negative."""

    reference: str
    instant: datetime
    quantity_millionths: int


@dataclass(frozen=True, slots=True)
class Allotted:
    """granted_millionths: reference → what each request gets, at most what it asks. balance_millionths: the rest."""

    granted_millionths: dict[str, int]
    balance_millionths: int


def allot(quota: Quota, requests: Iterable[QuotaRequest]) -> Allotted:
    """Share a quota's volume over the requests in force, in any order.

    Requests that stand at the same place in law and together ask more than is left share it in proportion, to the
    millionth, the parts adding up to what is left; ties of a remainder fall by reference. ValueError for a reference
    that occurs twice, a negative quantity or an instant without a zone.
    """
    asked = sorted(requests, key=lambda request: (request.instant, request.reference))
    if len({request.reference for request in asked}) != len(asked):
        raise ValueError(f"quota {quota.order_id}: a request occurs twice")
    for request in asked:
        if request.quantity_millionths < 0 or request.instant.tzinfo is None:
            raise ValueError(
                f"quota {quota.order_id}: {request.reference} asks for less than nothing, or at no instant"
            )
    left = quota.volume_millionths
    granted: dict[str, int] = {}
    for group in _groups(asked, quota.allotment):
        quantities = [request.quantity_millionths for request in group]
        parts = quantities if sum(quantities) <= left else apportion(left, quantities)
        for request, part in zip(group, parts, strict=True):
            granted[request.reference] = part
        left -= sum(parts)
    return Allotted(granted, left)


def _groups(asked: list[QuotaRequest], allotment: Allotment) -> list[list[QuotaRequest]]:
    """Requests that stand at the same place in law, in the order of law."""
    if allotment is Allotment.PRO_RATA:
        return [sorted(asked, key=lambda request: request.reference)] if asked else []
    groups: list[list[QuotaRequest]] = []
    for request in asked:
        if groups and groups[-1][0].instant == request.instant:
            groups[-1].append(request)
        else:
            groups.append([request])
    return groups
