"""From what was invoiced to what is taxed: the value of each line, with its share of freight, insurance and the rest.

    value of a line = item charge, exchanged and rounded once
                      ± charges declared on the line itself
                      ± its share of charges declared for the whole consignment

A charge of the consignment is exchanged and rounded once, then split in whole minor units so that the shares add up
to it exactly (money.apportion). What a charge code means, and which law says so, is the pack's: ChargeRule.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import msgspec

from ..declaration import Amount, Declaration, GoodsItem
from ..findings import Finding, LegalRef, Severity, in_order
from ..money import Rounding, apportion
from .exchange import DayRates
from .formulas import exchanged_minor
from .taxes import CUSTOMS_VALUE, STATISTICAL_VALUE, Charge, Line

ITEM_CHARGE: Final = "item_charge"
"""Code of the part that is the line's own invoice value."""

DECLARED_VALUE: Final = "customs_value"
"""Code of the part that is the value declared as such, where the line states no invoice value (low-value consignments
do not)."""

FREIGHT_CHARGE: Final = "freight_charge"
"""Charge code under which a rule speaks of the declaration's own freight field."""


class ShareBy(enum.Enum):
    """By what a charge of the whole consignment is split over the lines."""

    VALUE = "value"
    GROSS_MASS = "gross_mass"
    NET_MASS = "net_mass"
    QUANTITY = "quantity"
    VOLUME = "volume"
    """Of the packages of a line, together."""


@dataclass(frozen=True, slots=True)
class ChargeRule:
    """What a charge code means.

    sign: 1 an addition, -1 a deduction. included_from_incoterms: delivery terms whose price already holds the charge;
    an addition is then not made again, and a deduction is made only then. Empty: the terms do not matter.
    bases: names of the base amounts that it changes; a charge for the VAT base alone names that one. law: why.
    asked_from_incoterms: terms under which the value is not known without it; 0 is declared where there is none.
    expected_from_incoterms: terms under which it is usual, and its absence worth a warning.
    stands_for: what it is, where several codes are one thing shared in different ways; "" is the code itself.
    """

    code: str
    sign: int
    share_by: ShareBy
    law: LegalRef
    included_from_incoterms: frozenset[str] = frozenset()
    bases: tuple[str, ...] = (CUSTOMS_VALUE, STATISTICAL_VALUE)
    asked_from_incoterms: frozenset[str] = frozenset()
    expected_from_incoterms: frozenset[str] = frozenset()
    stands_for: str = ""

    @property
    def thing(self) -> str:
        """What it is, whichever of its codes was declared."""
        return self.stands_for or self.code

    def __post_init__(self) -> None:
        if self.sign not in (1, -1):
            raise ValueError(f"{self.code}: a charge is added or taken away")
        if not self.bases:
            raise ValueError(f"{self.code}: a charge that changes no base amount is no charge")


class ValuePart(msgspec.Struct, frozen=True, omit_defaults=True):
    """One figure in the value of a line, with everything needed to do it again by hand.

    code: ITEM_CHARGE, DECLARED_VALUE, FREIGHT_CHARGE or the declared charge code. at: where it was declared.
    minor: signed, what it adds to each of `bases`. total_minor: the whole charge, of which the line bears `weight` of
    `of_weight` by `share_by` ("" when it is the line's own). own, foreign: the rate of exchange used.
    """

    code: str
    at: str
    bases: tuple[str, ...]
    minor: int
    declared_millionths: int
    currency: str
    own: int
    foreign: int
    exchange_law: str = ""
    law: str = ""
    total_minor: int | None = None
    share_by: str = ""
    weight: int | None = None
    of_weight: int | None = None


class LineValuation(msgspec.Struct, frozen=True):
    """The base amounts of one line in minor units, and how they came about.

    bases holds what is known; pending names what is not. method_code: the declared valuation method (1 to 6).
    provisional: the price may still change; the amounts that rest on it are provisional too.
    """

    bases: Mapping[str, int]
    pending: tuple[str, ...]
    parts: tuple[ValuePart, ...]
    method_code: str
    provisional: bool
    at: str

    def line(
        self,
        charges: Sequence[Charge],
        quantities: Mapping[str, int | Fraction] | None = None,
        pending: Sequence[str] = (),
        bases: Mapping[str, int] | None = None,
    ) -> Line:
        """The line as the formulas take it: this value with the charges chosen for it.

        pending: taxes whose charge could not be chosen. bases: further base amounts of the pack's.
        """
        return Line(
            {**self.bases, **(bases or {})},
            tuple(charges),
            quantities or {},
            (*self.pending, *pending),
            self.at,
        )


class Valuation(msgspec.Struct, frozen=True):
    """The value of a declaration. totals: per base amount the sum over the lines, None while a line is pending."""

    lines: tuple[LineValuation, ...]
    totals: Mapping[str, int | None]
    findings: tuple[Finding, ...]
    incoterm: str
    currency: str

    @property
    def is_provisional(self) -> bool:
        return any(line.provisional for line in self.lines)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for storing: the lines with their parts, and the totals. Findings are stored by themselves."""
        return {
            "currency": self.currency,
            "incoterm": self.incoterm,
            "totals": dict(sorted(self.totals.items())),
            "lines": [
                {
                    "bases": dict(sorted(line.bases.items())),
                    "pending": list(line.pending),
                    "method_code": line.method_code,
                    "provisional": line.provisional,
                    "parts": [msgspec.to_builtins(part) for part in line.parts],
                }
                for line in self.lines
            ],
        }


def value_declaration(
    declaration: Declaration,
    rules: Mapping[str, ChargeRule],
    rates: DayRates,
    *,
    rounding: Rounding = Rounding.HALF_UP,
    provisional: Collection[int] = (),
) -> Valuation:
    """The base amounts of every line of a declaration, in minor units of the pack's currency.

    rules: charge code → what it means. rates: of the day whose rate the law takes. rounding: of each exchanged
    amount. provisional: positions, from 1, of lines whose price is provisional.
    Every base amount that a rule names is there for every line, 0 where nothing was declared for it.
    Findings, each of which pends what rests on it: ITEM_CHARGE_MISSING, CURRENCY_MISSING, CHARGE_AMOUNT_MISSING,
    RATE_OF_EXCHANGE_MISSING, CHARGE_CODE_UNKNOWN, CHARGE_NOT_DECLARED, SHARE_WEIGHT_MISSING, SHARE_UNITS_DIFFER,
    VALUE_NEGATIVE. Warnings: CHARGE_INCLUDED_IN_PRICE and DEDUCTION_NOT_IN_PRICE (declared, and by the delivery terms
    without effect), CHARGE_EXPECTED (usual under the delivery terms, and not declared), DELIVERY_TERMS_MISSING.
    """
    return _Valuing(declaration, rules, rates, rounding).result(frozenset(provisional))


class _Money(msgspec.Struct, frozen=True):
    """A declared amount, exchanged."""

    declared: Amount
    currency: str
    minor: int
    own: int
    foreign: int
    law: str


class _Valuing:
    """One valuation under way: the sums, what pends, and the findings so far."""

    def __init__(
        self, declaration: Declaration, rules: Mapping[str, ChargeRule], rates: DayRates, rounding: Rounding
    ) -> None:
        self.declaration = declaration
        self.rules = rules
        self.rates = rates
        self.rounding = rounding
        self.items = declaration.goods_items
        self.findings: list[Finding] = []
        self.names = tuple(
            dict.fromkeys(
                (CUSTOMS_VALUE, STATISTICAL_VALUE, *(b for rule in rules.values() for b in rule.bases))
            )
        )
        self.sums = [dict.fromkeys(self.names, 0) for _ in self.items]
        self.parts: list[list[ValuePart]] = [[] for _ in self.items]
        self.pending: list[set[str]] = [set() for _ in self.items]
        self.values: list[int | None] = [None for _ in self.items]

    def result(self, provisional: frozenset[int]) -> Valuation:
        for index, item in enumerate(self.items):
            self._own_value(index, item)
        for index, item in enumerate(self.items):
            for number, charge in enumerate(item.charge_deductions, 1):
                at = f"goods_items[{index + 1}].charge_deductions[{number}]"
                self._charge(charge.charges_type_code, charge.amount, at, index)
        if self.declaration.freight_charge is not None:
            self._charge(FREIGHT_CHARGE, self.declaration.freight_charge, "freight_charge")
        for number, charge in enumerate(self.declaration.charge_deductions, 1):
            self._charge(charge.charges_type_code, charge.amount, f"charge_deductions[{number}]")
        self._ask()
        self._refuse_negative()
        lines = tuple(
            LineValuation(
                {
                    name: amount
                    for name, amount in self.sums[index].items()
                    if name not in self.pending[index]
                },
                tuple(name for name in self.names if name in self.pending[index]),
                tuple(self.parts[index]),
                item.valuation_method_code,
                index + 1 in provisional,
                f"goods_items[{index + 1}]",
            )
            for index, item in enumerate(self.items)
        )
        totals = {
            name: None
            if any(name in line.pending for line in lines)
            else sum(line.bases[name] for line in lines)
            for name in self.names
        }
        return Valuation(
            lines, totals, in_order(self.findings), self.declaration.incoterm, self.rates.currency
        )

    def _find(self, code: str, at: str, severity: Severity = Severity.ERROR, **says: str) -> None:
        self.findings.append(Finding(code, at=at, says=says, severity=severity))

    def _pend(self, bases: Sequence[str], index: int | None) -> None:
        """These amounts are unknown on one line, or on all."""
        for waiting in self.pending if index is None else (self.pending[index],):
            waiting.update(bases)

    def _exchange(self, amount: Amount, at: str, currency: str = "") -> _Money | None:
        """The amount in minor units; `currency` is what an amount without one is in. None after a finding."""
        currency = amount.currency or currency
        if not currency:
            self._find("CURRENCY_MISSING", at)
            return None
        ratio = self.rates.ratio(currency)
        if ratio is None:
            self._find("RATE_OF_EXCHANGE_MISSING", at, currency=currency, on=self.rates.day.isoformat())
            return None
        own, foreign = ratio
        minor = exchanged_minor(amount.millionths, own, foreign, self.rates.decimals, self.rounding)
        rate = self.rates.rates.get(currency) if currency != self.rates.currency else None
        return _Money(amount, currency, int(minor), own, foreign, str(rate.law) if rate else "")

    def _own_value(self, index: int, item: GoodsItem) -> None:
        """What the line itself is worth: its invoice value, or the value declared where there is no invoice."""
        at = f"goods_items[{index + 1}].item_charge"
        code, amount = ITEM_CHARGE, item.item_charge
        if amount is None and item.customs_value is not None:
            at = f"goods_items[{index + 1}].customs_value"
            code, amount = DECLARED_VALUE, item.customs_value
        bases = (CUSTOMS_VALUE, STATISTICAL_VALUE)
        if amount is None:
            self._find("ITEM_CHARGE_MISSING", at)
            self._pend(bases, index)
            return
        invoice = self.declaration.invoice_amount
        money = self._exchange(amount, at, invoice.currency if invoice else "")
        if money is None:
            self._pend(bases, index)
            return
        self.values[index] = money.minor
        self._add(index, code, at, bases, money.minor, money)

    def _charge(self, code: str, amount: Amount | None, at: str, index: int | None = None) -> None:
        """One declared charge: of a line, or (index None) of the consignment."""
        rule = self.rules.get(code)
        if rule is None:
            self._find("CHARGE_CODE_UNKNOWN", at, charge=code)
            self._pend(self.names, index)
            return
        if not self._is_due(rule, at):
            return
        if amount is None:
            self._find("CHARGE_AMOUNT_MISSING", at, charge=code)
            money = None
        else:
            money = self._exchange(amount, at)
        if money is None:
            self._pend(rule.bases, index)
        elif index is not None:
            self._add(index, code, at, rule.bases, rule.sign * money.minor, money, rule)
        else:
            self._share(rule, at, money)

    def _ask(self) -> None:
        """Charges without which the delivery terms leave the value unknown, and those that are usual under them.

        A line that declares its customs value as such has them in it.
        """
        incoterm = self.declaration.incoterm
        declared = {charge.charges_type_code for charge in self.declaration.charge_deductions}
        if self.declaration.freight_charge is not None:
            declared.add(FREIGHT_CHARGE)
        asked: dict[str, ChargeRule] = {}
        for rule in self.rules.values():
            if incoterm in rule.asked_from_incoterms or incoterm in rule.expected_from_incoterms:
                asked.setdefault(rule.thing, rule)
        for thing, rule in asked.items():
            codes = {one.code for one in self.rules.values() if one.thing == thing}
            waiting = [
                index
                for index, item in enumerate(self.items)
                if item.item_charge is not None
                and not codes.intersection(one.charges_type_code for one in item.charge_deductions)
            ]
            if declared & codes or not waiting:
                continue
            says = {"charge": rule.code, "incoterm": incoterm}
            if incoterm in rule.expected_from_incoterms:
                at, code = "charge_deductions", "CHARGE_EXPECTED"
                self.findings.append(Finding(code, at, says, rule.law, Severity.WARNING))
                continue
            whole = len(waiting) == len(self.items)
            places = (
                ["charge_deductions"]
                if whole
                else [f"goods_items[{index + 1}].charge_deductions" for index in waiting]
            )
            self.findings += [Finding("CHARGE_NOT_DECLARED", at, says, rule.law) for at in places]
            for index in waiting:
                self._pend(rule.bases, index)

    def _is_due(self, rule: ChargeRule, at: str) -> bool:
        """Whether the delivery terms leave the charge to be added, or hold it so that it can be deducted."""
        if not rule.included_from_incoterms:
            return True
        incoterm = self.declaration.incoterm
        if not incoterm:
            self._find(
                "DELIVERY_TERMS_MISSING", "trade_terms.condition_code", Severity.WARNING, charge=rule.code
            )
        is_included = incoterm in rule.included_from_incoterms
        if is_included == (rule.sign < 0):
            return True
        code = "CHARGE_INCLUDED_IN_PRICE" if is_included else "DEDUCTION_NOT_IN_PRICE"
        self.findings.append(
            Finding(code, at, {"charge": rule.code, "incoterm": incoterm}, rule.law, Severity.WARNING)
        )
        return False

    def _share(self, rule: ChargeRule, at: str, money: _Money) -> None:
        """Split a charge of the consignment over the lines; the shares add up to it exactly."""
        weights: list[int] = []
        units = {unit for item in self.items for unit in _units(rule.share_by, item)}
        if len(units) > 1:
            listed = ", ".join(sorted(unit or "?" for unit in units))
            self._find("SHARE_UNITS_DIFFER", at, charge=rule.code, units=listed)
            self._pend(rule.bases, None)
            return
        for index in range(len(self.items)):
            weight = self._weight(rule.share_by, index)
            if weight is None or weight < 0:
                place = f"goods_items[{index + 1}].{_WEIGHT_FIELD[rule.share_by]}"
                self._find("SHARE_WEIGHT_MISSING", place, charge=rule.code)
            else:
                weights.append(weight)
        if len(weights) < len(self.items) or not weights:
            self._pend(rule.bases, None)
            return
        for index, share in enumerate(apportion(rule.sign * money.minor, weights)):
            of = (weights[index], sum(weights))
            self._add(index, rule.code, at, rule.bases, share, money, rule, of)

    def _weight(self, share_by: ShareBy, index: int) -> int | None:
        item = self.items[index]
        if share_by is ShareBy.VALUE:
            return self.values[index]
        if share_by is ShareBy.VOLUME:
            volumes = [package.volume for package in item.packagings]
            known = [volume.millionths for volume in volumes if volume is not None]
            return sum(known) if known and len(known) == len(volumes) else None
        quantity = {
            ShareBy.GROSS_MASS: item.gross_mass,
            ShareBy.NET_MASS: item.net_mass,
            ShareBy.QUANTITY: item.tariff_quantity,
        }[share_by]
        return quantity.millionths if quantity else None

    def _add(
        self,
        index: int,
        code: str,
        at: str,
        bases: tuple[str, ...],
        minor: int,
        money: _Money,
        rule: ChargeRule | None = None,
        of: tuple[int, int] | None = None,
    ) -> None:
        for name in bases:
            self.sums[index][name] += minor
        part = ValuePart(
            code,
            at,
            bases,
            minor,
            money.declared.millionths,
            money.currency,
            money.own,
            money.foreign,
            money.law,
            str(rule.law) if rule else "",
        )
        if rule and of:
            part = msgspec.structs.replace(
                part, total_minor=money.minor, share_by=rule.share_by.value, weight=of[0], of_weight=of[1]
            )
        self.parts[index].append(part)

    def _refuse_negative(self) -> None:
        """A value below zero is an error in the declaration, not a refund."""
        for index, sums in enumerate(self.sums):
            if sums[CUSTOMS_VALUE] < 0 and CUSTOMS_VALUE not in self.pending[index]:
                self._find("VALUE_NEGATIVE", f"goods_items[{index + 1}]", amount=str(sums[CUSTOMS_VALUE]))
                self._pend((CUSTOMS_VALUE, STATISTICAL_VALUE), index)


def _units(share_by: ShareBy, item: GoodsItem) -> tuple[str, ...]:
    """The units in which a line states what a charge is shared by; figures in two units cannot be added."""
    if share_by is ShareBy.VOLUME:
        return tuple(package.volume.unit for package in item.packagings if package.volume is not None)
    quantity = {
        ShareBy.VALUE: None,
        ShareBy.GROSS_MASS: item.gross_mass,
        ShareBy.NET_MASS: item.net_mass,
        ShareBy.QUANTITY: item.tariff_quantity,
    }[share_by]
    return () if quantity is None else (quantity.unit,)


_WEIGHT_FIELD = {
    ShareBy.VALUE: "item_charge",
    ShareBy.GROSS_MASS: "gross_mass",
    ShareBy.NET_MASS: "net_mass",
    ShareBy.QUANTITY: "tariff_quantity",
    ShareBy.VOLUME: "packagings",
}
