"""Which lines claim a preference under a certificate of origin, and the declaration without that claim.

While a certificate is in doubt, or only promised, its goods owe the general rate: that is what secures the preference
until the answer, and what is paid beyond it is refunded when the proof holds (38/2018/TT-BTC; other countries alike).
"""

from __future__ import annotations

from collections.abc import Collection

from ..engine.declaration import Declaration, GoodsItem
from .pack import claiming


def lines_under(declaration: Declaration, certificate: str) -> tuple[int, ...]:
    """Positions (from 1) of the lines that claim a preference under a certificate, by its number: those that name it,
    and, where it stands in the header, those that name no document of their own kind."""
    header = {document.code for document in declaration.additional_documents if document.id == certificate}
    return tuple(
        place
        for place, item in enumerate(declaration.goods_items, 1)
        if item.preference_code and _is_under(item, certificate, header)
    )


def _is_under(item: GoodsItem, certificate: str, header: Collection[str]) -> bool:
    if any(document.id == certificate for document in item.additional_documents):
        return True
    return bool(header) and not any(document.code in header for document in item.additional_documents)


def without_preference(
    declaration: Declaration, *, certificates: Collection[str] = (), schemes: Collection[str] = ()
) -> Declaration:
    """The declaration as it is assessed while preferences are not granted: no claim on the lines under these
    certificates (numbers), nor on those that claim these schemes; "" in either means every claim. Nothing else changes,
    and what was declared stays what was declared."""
    denied = {place for certificate in certificates for place in lines_under(declaration, certificate)}
    every = "" in certificates or "" in schemes
    for place, item in enumerate(declaration.goods_items, 1):
        claim = item.preference_code
        if claim and (every or place in denied or claim in schemes):
            declaration = claiming(declaration, place, "", item.quota_order_id)
    return declaration
