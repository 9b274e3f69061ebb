"""What Vietnam asks of a customs value beside its sum: the method's own papers, and prices below a reference.

The sum itself is data: codes/charges says for each delivery term what the price lacks up to the first import gate,
codes/export_charges what it holds beyond the export gate. Nothing here changes an amount. A price below a reference is
a reason to look and to ask (tham vấn), never a value of its own: the transaction value stands until customs has shown
that it cannot (39/2015/TT-BTC art. 5 and 6, as amended by 60/2019/TT-BTC).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Final

from ...engine.assessment.taxes import CUSTOMS_VALUE
from ...engine.assessment.valuation import Valuation, value_declaration
from ...engine.codes import Code, CodeList
from ...engine.declaration import Declaration, GoodsItem
from ...engine.findings import Finding, LegalRef, Severity
from ...engine.money import MILLIONTHS, decimal_text, half_up, millionths_of
from ...engine.risk.rules import RiskFacts
from ...engine.tariff.tariff import TariffView
from ...engine.tariff.units import convert
from ..pack import Kind, Pack

PRICE_LOW: Final = "PRICE_LOW"
"""What the criteria see on a line whose price is below a reference, as if it were a document."""

EARLIER: Final = "TK"
_METHODS: Final = LegalRef("39/2015/TT-BTC", "đ.8-12")


@lru_cache(maxsize=64)
def reference_prices(listed: CodeList, day: date) -> dict[str, tuple[Code, ...]]:
    """The reference prices of a day by commodity code, in the list's order."""
    found: dict[str, tuple[Code, ...]] = {}
    for code in listed.as_of(day).values():
        commodity = code.facts["commodity"]
        found[commodity] = (*found.get(commodity, ()), code)
    return found


class Valued(Pack):
    """The part of the country that judges a value."""

    def value_findings(
        self, declaration: Declaration, kind: Kind, valuation: Valuation, view: TariffView
    ) -> tuple[Finding, ...]:
        return (
            *super().value_findings(declaration, kind, valuation, view),
            *self._methods(declaration, view),
            *(finding for _, finding in self._low_prices(declaration, kind, valuation, view)),
        )

    def risk_facts(
        self, declaration: Declaration, trader_class: str = "", day: date | None = None
    ) -> RiskFacts:
        """As everywhere; a line whose price is below a reference of the day shows PRICE_LOW."""
        facts = super().risk_facts(declaration, trader_class, day)
        kind = self.kind_of(declaration, day) if day is not None else None
        listed = self.code_lists.get("reference_prices")
        if day is None or listed is None or kind is None or not kind.flow:
            return facts
        prices = reference_prices(listed, day)
        if not any(item.commodity_code in prices for item in declaration.goods_items):
            return facts
        rates = self.exchange.as_of(day)
        valuation = value_declaration(
            declaration, self.charge_rules(day, kind.flow), rates, rounding=self.rounding
        )
        view = self.tariff.as_of(day)
        low = {index for index, _ in self._low_prices(declaration, kind, valuation, view)}
        lines = tuple(
            type(line)(line.commodity_code, line.origin, line.procedure, line.documents | {PRICE_LOW})
            if index in low
            else line
            for index, line in enumerate(facts.lines)
        )
        return RiskFacts(lines, facts.trader_class, facts.documents)

    def _methods(self, declaration: Declaration, view: TariffView) -> Iterator[Finding]:
        """The papers that a declared method of valuation stands on (codes/valuation_methods)."""
        there = {document.code for document in declaration.additional_documents}
        earlier = {document.type_code for document in declaration.previous_documents}
        for number, item in enumerate(declaration.goods_items, 1):
            if not item.valuation_method_code:
                continue
            asked = self.fact("valuation_methods", item.valuation_method_code, "asks", view.day).split()
            named = there | {document.code for document in item.additional_documents}
            named |= (earlier | {document.type_code for document in item.previous_documents}) & {EARLIER}
            missing = [document for document in asked if document not in named]
            if missing:
                says = {"method": item.valuation_method_code, "documents": ", ".join(missing)}
                at = f"goods_items[{number}].valuation_method_code"
                yield Finding("VALUATION_BASIS_MISSING", at, says, _METHODS, Severity.WARNING)

    def _low_prices(
        self, declaration: Declaration, kind: Kind, valuation: Valuation, view: TariffView
    ) -> Iterator[tuple[int, Finding]]:
        """Lines (position, from 0) whose customs value by the unit is below the reference of their goods and origin."""
        listed = self.code_lists.get("reference_prices")
        if listed is None:
            return
        prices = reference_prices(listed, view.day)
        for index, item in enumerate(declaration.goods_items):
            value = valuation.lines[index].bases.get(CUSTOMS_VALUE)
            for price in prices.get(item.commodity_code, ()) if value is not None else ():
                is_for = price.facts["origin"] in ("", item.origin_country_code)
                if is_for and price.facts["flow"] == kind.flow and value is not None:
                    finding = self._compared(item, index, value, price, view)
                    if finding is not None:
                        yield index, finding

    def _compared(
        self, item: GoodsItem, index: int, value: int, price: Code, view: TariffView
    ) -> Finding | None:
        """A warning where the value is below the price times the quantity; None where it is not, or where the line
        has no quantity in the price's unit or the day no rate of exchange: then nothing can be said."""
        quantity = convert(self.quantities_of(item, view), price.facts["unit"])
        ratio = self.exchange.as_of(view.day).ratio(price.facts["currency"])
        if isinstance(quantity, Finding) or ratio is None:
            return None
        counted, of = quantity
        own, foreign = ratio
        each = millionths_of(price.facts["price"])
        # value / (counted / of / 10^6) < each / 10^6 × own / foreign × 10^decimals, without a division
        scale = 10**self.decimals
        if value * of * foreign * MILLIONTHS**2 >= each * own * counted * scale:
            return None
        expected = int(half_up(each * own * counted * scale, of * foreign * MILLIONTHS**2))
        says = {
            "price": f"{price.facts['price']} {price.facts['currency']}/{price.facts['unit']}",
            "value": decimal_text(value * 10 ** (6 - self.decimals)),
            "expected": decimal_text(expected * 10 ** (6 - self.decimals)),
        }
        at = f"goods_items[{index + 1}].item_charge"
        return Finding("PRICE_BELOW_REFERENCE", at, says, price.law, Severity.WARNING)
