"""ASYCUDA World's Single Administrative Document (SAD XML): bytes in, a declaration and findings out.

Files of many countries and versions are met, so reading is patient: tags are known without regard to capitals, an
element or attribute that the table (`asycuda_table`) does not have is kept and told once for all its occurrences, and
none of that refuses a document. Empty is an element without content, and one with `<null/>`. Refused is what cannot
be understood and matters: a figure that is none, text that hides something, a document without items.

Rules, because the format leaves them open:

- Days are month/day/year. Two figures of a year are 1969 to 2068, as POSIX reads them (`%y`). Four figures,
  year-month-day, and points or dashes between the parts are read too. A day that fits only as day/month/year is read
  so, and shows the order of its group: the days that ASYCUDA prints are one, those that people write beside documents
  the other. A day that fits both ways is not read where its group shows both orders, or only the other group shows
  any. What is not read is kept, with a warning.
- Text keeps its line breaks, without white space around its lines and without empty ones. A code is one line: a line
  break or tab in it, with what is around it, counts as one space. A code with letters that pass for others ("Nº 7") is
  kept with a warning, its field stays empty.
- Figures are plain decimals, doubles as Java prints them ("1.25E7" is 12500000 exactly), or have marks of thousands
  and decimal commas (`figures`); one that can be read in two ways refuses the document. More than six decimals are
  never rounded: the figure is kept with a warning, its field stays empty.
- The rate of a tax is a fraction in some countries and a percentage in others, and nothing in the file says which: the
  caller does (`rate_unit`). Without it no rate is read. Amounts that fit only the other unit are told.
- The country's own currency has no code in the file, and none here. A block of money with a currency gives the amount
  in it; a block without one gives the amount in the country's own, and says nothing where that is zero. Charges of the
  whole document count; the shares of them that the items repeat are kept, and count only for a charge that the
  document as a whole does not give, so that none counts twice.
- The number of an item is its place in the document: so containers name it.
- Box 8, the consignee, is the importer too on import.

Totals against items are warnings: number of items, number of packages, and the taxes to be paid, which may differ by
two units of the currency because ASYCUDA rounds each side for itself. So are taxes whose amount is not base × rate. The
taxes of a document are what another system has computed: they stand beside what the law gives, and are never used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, Final, Literal

import msgspec

from .. import declaration as d
from ..findings import Finding, Severity, errors, in_order
from ..money import MILLIONTHS, decimal_text
from . import guard
from .asycuda_table import (
    CHARGES,
    CONTAINER,
    DECLARATION_TYPE,
    DOCUMENT,
    FLOW,
    GLOBAL_TAXES,
    ITEM,
    LICENCE,
    PACKAGES,
    PAID,
    PREVIOUS,
    SAD,
    SUPPLEMENTARY_UNIT,
    TAXATION_LINE,
    TOTAL_TAXES,
)
from .asycuda_walk import LINE_NUMBER, NO_ROW, Part, Value, Walk
from .dotted import made
from .guard import Element, shown
from .wco_walk import Cut

__all__ = ["RateUnit", "Sad", "is_sad", "read_sad", "read_sads"]

type RateUnit = Literal["percent", "fraction"]
"""In what a document gives the rates of its taxes: 20 or 0.2 for twenty per cent."""

TAX_TOLERANCE_MILLIONTHS: Final = 2 * MILLIONTHS
"""How far the total of the taxes may be from its parts, in the currency of the document."""

_DECIMALS: Final[Mapping[str, int]] = {"percent": 6, "fraction": 8}
"""The power of ten that makes millionths of a per cent of a rate."""


@dataclass(frozen=True, slots=True)
class Sad:
    """A document as read. declaration: None where it is no SAD or beyond a limit; what was read of it where an error
    refuses it, so that an answer can name its reference. lines: `at` of a finding → line and column."""

    declaration: d.Declaration | None
    findings: tuple[Finding, ...] = ()
    lines: Mapping[str, tuple[int, int]] = field(default_factory=dict, compare=False)

    @property
    def refused(self) -> bool:
        """Whether a finding rejects the document."""
        return self.declaration is None or bool(errors(self.findings))


def read_sad(data: bytes, rate_unit: RateUnit | None = None, zone: tzinfo | None = None) -> Sad:
    """Read a document, whatever the bytes are.

    rate_unit: in what the rates of its taxes are; None where the caller does not know, then they are kept unread.
    A file of several documents is refused (ASYCUDA_SEVERAL): `read_sads` reads those.
    zone: of the days that the data model has as instants (of declaration, of registration); None keeps them unread.
    Findings are in order of place: in the declaration's own words ("goods_items[2].gross_mass") where there is a
    field, else in the document's ("ASYCUDA/Item[2]/Foo"). `says` names the element and its line.
    """
    several = read_sads(data, rate_unit, zone)
    (_, first), more = next(several), next(several, None)
    return first if more is None else Sad(None, (Finding("ASYCUDA_SEVERAL"),))


def read_sads(
    data: bytes, rate_unit: RateUnit | None = None, zone: tzinfo | None = None
) -> Iterator[tuple[int, Sad]]:
    """Every document of a file with its place, from 1; 0 where it is the only one. At least one.

    A file holds one document, several that follow one another, or several in an element that only wraps them. Of each,
    as `read_sad`; what is read of one does not hang on the others.
    """
    if rate_unit is not None and rate_unit not in _DECIMALS:
        raise ValueError(f"a rate unit is one of {', '.join(_DECIMALS)}, not {rate_unit!r}")
    documents = _documents(data)
    held = next(documents)
    place = 0
    for place, following in enumerate(documents, 1):
        yield place, _read(held, rate_unit, zone)
        held = following
    yield place and place + 1, _read(held, rate_unit, zone)


def _documents(data: bytes) -> Iterator[Element | Finding]:
    """The root elements of the documents, or what is wrong in place of one."""
    for root in guard.parse_several(data, CHARSETS):
        if isinstance(root, Finding) or is_sad(root.name):
            yield root
        elif found := _wrapped(root, MAX_WRAPPERS):
            yield from found
        else:
            says = {"root": shown(root.name), "line": str(root.line)}
            yield Finding("ASYCUDA_ROOT", f"line {root.line}", says, pointer="42A")


def _wrapped(element: Element, depth: int) -> list[Element]:
    found: list[Element] = []
    for child in element.children if depth else ():
        found += [child] if is_sad(child.name) else _wrapped(child, depth - 1)
    return found


def _read(root: Element | Finding, rate_unit: RateUnit | None, zone: tzinfo | None) -> Sad:
    if isinstance(root, Finding):
        return Sad(None, (root,))
    document = _Document(root, rate_unit, zone)
    try:
        declaration = document.read()
    except Cut as cut:
        return Sad(None, in_order((cut.finding, *document.findings)), document.lines)
    return Sad(declaration, in_order(document.findings), document.lines)


def is_sad(root: str) -> bool:
    """Whether the name of a root element is this format's, in any of the spellings that exports are known by."""
    return root.casefold().replace("_", "") in _ROOTS


_ROOTS: Final = frozenset({"asycuda", "sad", "asycudasad", "sadasycuda", "asycudaworld"})

MAX_WRAPPERS: Final = 3
"""Elements around the documents of a file."""

CHARSETS: Final[Mapping[str, str]] = {
    **{f"windows-{page}": f"cp{page}" for page in range(1250, 1259)},
    **{f"cp{page}": f"cp{page}" for page in range(1250, 1259)},
    **{f"iso-8859-{part}": f"iso8859-{part}" for part in (1, 2, 5, 7, 9, 15)},
    "latin1": "iso8859-1",
    "us-ascii": "ascii",
    "ascii": "ascii",
}
"""Encodings that a document may declare beside UTF-8 and UTF-16: those of the desktops that write it."""


_HS_CODE: Final[Mapping[str, str]] = {
    "Commodity_code": "TSP",
    "Precision_1": "TRC",
    "Precision_2": "TRA",
    "Precision_3": "TRA",
    "Precision_4": "GN",
}
"""Subdivision of box 33 → list of the classification: the first two are the commodity code together."""

_PREFERENCE: Final = "Tarification/Preference_code"
_QUOTAS: Final = ("Tarification/Quota_code", "Tarification/Quota/QuotaCode")
_PROCEDURE: Final = re.compile(r"\w{4}", re.ASCII)
_NO_CURRENCY: Final = "no foreign currency"
_ZERO: Final = re.compile(r"[+-]?(?:0+(?:[.,]0*)?|[.,]0+)(?:[eE]0)?", re.ASCII)


class _Document(Walk):
    """One document on its way into a declaration. rates: currency → rate in millionths, as first met; rate_places: its
    place among them."""

    def __init__(self, root: Element, rate_unit: RateUnit | None, zone: tzinfo | None) -> None:
        super().__init__(root, zone)
        self.rate_unit = rate_unit
        self.unread_rates = 0
        self.rates: dict[str, int] = {}
        self.rate_places: dict[str, int] = {}

    def read(self) -> d.Declaration:
        document = self.walk(SAD)
        items = [part for part in document.parts if part.scope is ITEM]
        if len(items) > d.MAX_GOODS_ITEMS:
            says = {"count": str(len(items)), "limit": str(d.MAX_GOODS_ITEMS)}
            raise Cut(Finding("GOODS_ITEMS_TOO_MANY", "goods_items", says, pointer="42A/67A/68A"))
        if not items:
            self.find("ASYCUDA_WITHOUT_ITEMS", self.root, "goods_items", Severity.ERROR)
        for number, item in enumerate(items, 1):
            item.at = f"goods_items[{number}]"
        declaration = self._declaration(document, items)
        self._totals(document, declaration)
        self.keep_the_rest(document)
        self.tell_what_was_kept()
        if self.unread_rates:
            count = str(self.unread_rates)
            self.find("ASYCUDA_RATE_UNIT_NOT_GIVEN", self.root, "goods_items", count=count)
        return msgspec.structs.replace(declaration, kept=self.kept)

    # --- the document as a whole ---------------------------------------------------------------------------------

    def _declaration(self, document: Part, items: list[Part]) -> d.Declaration:
        self.flow = self._flow(document)
        fields = self.fields(document)
        # A SAD is itself a declaration, never a message about one.
        fields["function_code"] = "9"
        invoice = self._money(document, "Valuation/Gs_Invoice", "invoice_amount")
        fields["invoice_amount"] = invoice
        charged = self._charges(document, fields)
        fields["guarantees"] = self._guarantees(document)
        currency = invoice.currency if invoice else ""
        goods = [self._goods_item(item, number, currency, charged) for number, item in enumerate(items, 1)]
        fields["goods_items"] = self._with_containers(document, goods, fields)
        if self.flow == "I":
            for name in ("id", "name"):
                fields[f"importer.{name}"] = fields.get(f"consignee.{name}")
        fields["currency_exchanges"] = [
            d.CurrencyExchange(currency_type_code=code, rate_millionths=rate)
            for code, rate in self.rates.items()
        ]
        return made(d.Declaration, fields)

    def _flow(self, document: Part) -> str:
        """Import (I) or export (E), as the document says or as its type is; "" where they contradict or are silent."""
        said, typed = document.values.get(FLOW), document.values.get(DECLARATION_TYPE)
        by_type = {"IM": "I", "EX": "E"}.get(typed.text, "") if typed else ""
        if said is None:
            return by_type
        if said.text not in ("I", "E"):
            self.warn("ASYCUDA_VALUE_UNKNOWN", said, allowed="I, E")
            return by_type
        if by_type and by_type != said.text:
            self.warn("ASYCUDA_FLOW_CONTRADICTS", said, declared=typed.text if typed else "")
            return ""
        # It has no field of its own: where the type says the same, nothing is lost.
        said.taken = by_type == said.text
        return said.text

    def _charges(self, document: Part, fields: dict[str, Any]) -> set[str]:
        """Fill the charges of the whole document; which of them it gives."""
        charged: set[str] = set()
        charges: list[d.ChargeDeduction] = []
        for name, code in CHARGES.items():
            freight = name == "external_freight"
            at = "freight_charge" if freight else f"charge_deductions[{len(charges) + 1}].amount"
            amount = self._money(document, f"Valuation/Gs_{name}", at)
            if amount is None:
                continue
            charged.add(name)
            if freight:
                fields["freight_charge"] = amount
            else:
                charges.append(d.ChargeDeduction(charges_type_code=code, amount=amount))
        fields["charge_deductions"] = charges
        return charged

    def _guarantees(self, document: Part) -> list[d.Guarantee]:
        value = document.values.get("Financial/Guarantee/Amount")
        if value is None:
            return []
        number = self.number(value, "guarantees[1].amount")
        # A document without a guarantee has a zero here.
        value.taken = number is not None
        if not number:
            return []
        reference = self.take(document, "Financial/Guarantee/Name", "guarantees[1].reference_id")
        return [d.Guarantee(reference_id=reference or "", amount=d.Amount(millionths=number))]

    def _with_containers(
        self, document: Part, items: list[d.GoodsItem], fields: dict[str, Any]
    ) -> list[d.GoodsItem]:
        """Fill the containers of the consignment; the items, each with those that name it."""
        equipment: list[d.TransportEquipment] = []
        known: dict[str, d.TransportEquipment] = {}
        of_items: dict[int, list[d.TransportEquipment]] = {}
        for part in document.of(CONTAINER):
            part.at = f"consignment.transport_equipment[{len(equipment) + 1}]"
            identity = self.take(part, "Container_identity", "id") or ""
            # One container with goods of several items is named with each of them.
            unit = known.get(identity)
            if unit is None:
                unit = d.TransportEquipment(sequence_numeric=len(equipment) + 1, id=identity)
                equipment.append(unit)
                if identity:
                    known[identity] = unit
            item = part.values.get("Item_Number")
            if item is None:
                continue
            if LINE_NUMBER.fullmatch(item.text) and 0 < int(item.text) <= len(items):
                item.taken = True
                of_items.setdefault(int(item.text), []).append(unit)
            else:
                self.warn("ASYCUDA_CONTAINER_ITEM", item, part.at, items=str(len(items)))
        if equipment:
            fields["consignment.transport_equipment"] = equipment
        return [
            msgspec.structs.replace(item, transport_equipment=tuple(of_items[number]))
            if number in of_items
            else item
            for number, item in enumerate(items, 1)
        ]

    # --- an item -------------------------------------------------------------------------------------------------

    def _goods_item(self, item: Part, number: int, currency: str, charged: set[str]) -> d.GoodsItem:
        fields = self.fields(item)
        fields["sequence_numeric"] = number
        fields["classifications"] = self._classifications(item)
        fields["description"] = self._description(item)
        fields["procedures"] = self._procedures(item)
        fields["item_charge"] = self._item_charge(item, currency)
        fields["charge_deductions"] = self._item_charges(item, charged)
        fields["tariff_quantity"] = self._tariff_quantity(item)
        fields["packagings"] = [
            made(d.Packaging, {**packaging, "sequence_numeric": place})
            for place, packaging in enumerate(self._records(item, PACKAGES), 1)
        ]
        fields["previous_documents"] = [
            document
            for part in self._placed(item, PREVIOUS, "previous_documents")
            for document in self.fields(part).get("previous_documents", ())
        ]
        documents = [made(d.AdditionalDocument, one) for one in self._records(item, DOCUMENT)]
        fields["additional_documents"] = [*documents, *self._licence(item, len(documents) + 1)]
        claims = self._claims(item)
        taxes = self._records(item, TAXATION_LINE, before=len(claims))
        fields["duty_tax_fees"] = [*claims, *(made(d.DutyTaxFee, tax) for tax in taxes)]
        origin = {name: fields.pop(f"origins.{name}", "") for name in ("country_code", "region_id")}
        fields["origins"] = [d.Origin(**origin)] if any(origin.values()) else ()
        return made(d.GoodsItem, fields)

    def _placed(self, item: Part, scope: Any, into: str, before: int = 0) -> Iterator[Part]:
        """The parts of one kind, each with its place in the list of their records. before: records before them."""
        for number, part in enumerate(item.of(scope), before + 1):
            part.at = item.place(f"{into}[{number}]")
            yield part

    def _records(self, item: Part, scope: Any, before: int = 0) -> Iterator[dict[str, Any]]:
        """The fields of each part of one kind."""
        for part in self._placed(item, scope, scope.into, before):
            fields = self.fields(part)
            if scope is TAXATION_LINE:
                fields["tax_rate_millionths"] = self._rate(part)
            yield fields

    def _rate(self, part: Part) -> int | None:
        value = part.values.get("Duty_tax_rate")
        if value is None:
            return None
        if self.rate_unit is None:
            self.unread_rates += 1
            return None
        rate = self.number(value, part.place("tax_rate_millionths"), _DECIMALS[self.rate_unit])
        value.taken = rate is not None
        return rate

    def _classifications(self, item: Part) -> list[d.Classification]:
        found: list[d.Classification] = []
        for name, kind in _HS_CODE.items():
            code = self.take(item, f"Tarification/HScode/{name}", f"classifications[{len(found) + 1}].id")
            if code:
                found.append(d.Classification(id=code, identification_type_code=kind))
        return found

    def _description(self, item: Part) -> str:
        """The declarant's own words, else those of the tariff; what the tariff says beside them is kept."""
        for name in ("Commercial_Description", "Description_of_goods"):
            words: str | None = self.take(item, f"Goods_description/{name}", "description", self.text)
            if words:
                return words
        return ""

    def _procedures(self, item: Part) -> list[d.Procedure]:
        found: list[d.Procedure] = []
        extended = item.values.get("Tarification/Extended_customs_procedure")
        if extended is not None:
            extended.taken = bool(_PROCEDURE.fullmatch(extended.text))
            if extended.taken:
                found.append(d.Procedure(current_code=extended.text[:2], previous_code=extended.text[2:]))
            else:
                self.warn("ASYCUDA_VALUE_UNKNOWN", extended, item.place("procedures[1]"), allowed="4000")
        at = f"procedures[{len(found) + 1}].current_code"
        national = self.take(item, "Tarification/National_customs_procedure", at)
        if national:
            found.append(d.Procedure(current_code=national))
        return found

    def _claims(self, item: Part) -> list[d.DutyTaxFee]:
        """Preference and quota: the format claims them for the item, not for one of its taxes."""
        preference = self.take(item, _PREFERENCE, "duty_tax_fees[1].duty_regime_code")
        quotas = [value for path in _QUOTAS if (value := item.values.get(path))]
        order = (
            self.code(NO_ROW, quotas[0], item.place("duty_tax_fees[1].quota_order_id")) if quotas else None
        )
        for quota in quotas if order else ():
            # The same number in both places is one number; another one is kept.
            quota.taken = quota.text == quotas[0].text
        if not preference and not order:
            return []
        return [d.DutyTaxFee(duty_regime_code=preference or "", quota_order_id=order or "")]

    def _licence(self, item: Part, number: int) -> list[d.AdditionalDocument]:
        """The licence with what is written off from it, as a document among the others. number: its place there.

        Some files put an element of the licence's name around its three values. UN/EDIFACT 1001: 911 is a licence of
        import, 811 one of export.
        """
        prefix = "" if LICENCE[0] in item.values else f"{LICENCE[0]}/"
        at = f"additional_documents[{number}]"
        reference = self.take(item, prefix + LICENCE[0], f"{at}.id")
        if not reference:
            return []
        amount, quantity = (
            self.take(item, prefix + name, f"{at}.write_off.{into}", self.millionths)
            for name, into in zip(LICENCE[1:], ("amount", "quantity"), strict=True)
        )
        write_off = None
        if amount is not None or quantity is not None:
            write_off = d.WriteOff(
                amount=None if amount is None else d.Amount(millionths=amount),
                quantity=None if quantity is None else d.Quantity(millionths=quantity),
            )
        type_code = {"I": "911", "E": "811"}.get(self.flow, "")
        return [d.AdditionalDocument(type_code=type_code, id=reference, write_off=write_off)]

    def _tariff_quantity(self, item: Part) -> d.Quantity | None:
        """The first supplementary unit that has a quantity; further ones are kept."""
        for unit in item.of(SUPPLEMENTARY_UNIT):
            unit.at = item.place("tariff_quantity")
            if "Suppplementary_unit_quantity" not in unit.values:
                continue
            number = self.take(unit, "Suppplementary_unit_quantity", "", self.millionths)
            if number is None:
                return None
            code = self.take(unit, "Suppplementary_unit_code", "unit")
            return d.Quantity(millionths=number, unit=code or "")
        return None

    # --- money ---------------------------------------------------------------------------------------------------

    def _item_charge(self, item: Part, currency: str) -> d.Amount | None:
        """Box 42, in the currency of the item's invoice, else of the document's; without it the item's invoice."""
        block = "Valuation_item/Item_Invoice"
        price = item.values.get("Tarification/Item_price")
        if price is None:
            return self._money(item, block, "item_charge")
        self._money(item, block, "", takes=False)
        number = self.number(price, item.place("item_charge"))
        if number is None:
            return None
        price.taken = True
        own = self.take(item, f"{block}/Currency_code", "item_charge.currency")
        foreign = item.values.get(f"{block}/Amount_foreign_currency")
        if foreign is not None and own:
            # The same once more; a share that differs from the price is kept.
            again = self.number(foreign, foreign.step.path, severity=Severity.WARNING)
            foreign.taken = again == number
        return d.Amount(millionths=number, currency=own or currency)

    def _item_charges(self, item: Part, charged: set[str]) -> list[d.ChargeDeduction]:
        """The item's own charges, of the kinds that the document as a whole does not give (charged: those it does)."""
        found: list[d.ChargeDeduction] = []
        for name, code in CHARGES.items():
            at = f"charge_deductions[{len(found) + 1}].amount"
            amount = self._money(item, f"Valuation_item/item_{name}", at, takes=name not in charged)
            if amount is not None:
                found.append(d.ChargeDeduction(charges_type_code=code, amount=amount))
        return found

    def _money(self, part: Part, block: str, at: str, *, takes: bool = True) -> d.Amount | None:
        """The amount of a block of money; its rate goes to `rates`. takes: whether a field gets the amount: if none
        does, only the rate is read and the rest kept."""
        values = part.values
        foreign, national = (values.get(f"{block}/Amount_{of}_currency") for of in ("foreign", "national"))
        code, rate = values.get(f"{block}/Currency_code"), values.get(f"{block}/Currency_rate")
        amounts = [value for value in (foreign, national) if value is not None]
        if code is None and all(_ZERO.fullmatch(value.text) for value in amounts):
            # Zeros without a currency are how ASYCUDA prints nothing.
            name = values.get(f"{block}/Currency_name")
            nameless = name is not None and (amounts or name.text.casefold() == _NO_CURRENCY)
            for value in (*amounts, name if nameless else None, rate if _is_zero(rate) else None):
                if value is not None:
                    value.taken = True
            return None
        currency: str | None = ""
        chosen = foreign if national is None or _is_zero(national) else national
        if code is not None:
            currency = self.code(NO_ROW, code, part.place(f"{at}.currency") if takes else code.step.path)
            # An amount in a currency that cannot be told is no amount.
            chosen = foreign if currency else None
            if currency and rate is not None and not _is_zero(rate):
                self._exchange(rate, currency)
        if chosen is None or not takes:
            return None
        number = self.number(chosen, part.place(at))
        if number is None:
            return None
        if code is not None:
            code.taken = True
        for value in amounts:
            value.taken = value is chosen or (code is None and (value.text == chosen.text or _is_zero(value)))
        return d.Amount(millionths=number, currency=currency or "")

    def _exchange(self, rate: Value, currency: str) -> None:
        """Remember the rate of a currency, once; a second rate of it is kept and told."""
        known = self.rates.get(currency)
        place = self.rate_places.get(currency, len(self.rates) + 1)
        at = f"currency_exchanges[{place}].rate_millionths"
        number = self.number(rate, at)
        if number is None:
            return
        if known is not None and known != number:
            self.warn("ASYCUDA_VALUES_DIFFER", rate, at, other=decimal_text(known))
            return
        self.rates[currency] = number
        self.rate_places[currency] = place
        rate.taken = True

    # --- totals --------------------------------------------------------------------------------------------------

    def _totals(self, document: Part, declaration: d.Declaration) -> None:
        items = declaration.goods_items
        declared = declaration.goods_item_quantity
        if declared is not None and declared != len(items):
            place = "goods_item_quantity"
            self._differs(
                document, "ASYCUDA_ITEMS_DIFFER", place, declared * MILLIONTHS, len(items) * MILLIONTHS
            )
        quantities = [one.quantity for item in items for one in item.packagings if one.quantity is not None]
        counted = sum(quantity.millionths for quantity in quantities)
        total = declaration.total_package_quantity
        if total is not None and quantities and counted != total * MILLIONTHS:
            place = "total_package_quantity"
            self._differs(document, "ASYCUDA_PACKAGES_DIFFER", place, total * MILLIONTHS, counted)
        self._total_taxes(document, items)
        self._tax_lines(items)

    def _differs(self, document: Part, code: str, at: str, declared: int, counted: int) -> None:
        """Tell that a total is not what its parts add up to, both in millionths."""
        paths = (row.path for row in SAD.rows if at in (row.into, row.path))
        value = next(value for path in paths if (value := document.values.get(path)))
        says = {"declared": decimal_text(declared), "counted": decimal_text(counted)}
        self.warn(code, value, "" if at == TOTAL_TAXES else at, **says)

    def _total_taxes(self, document: Part, items: tuple[d.GoodsItem, ...]) -> None:
        """The total is the taxes of the items that are paid, and those of the document as a whole."""
        totals = [document.values.get(path) for path in (TOTAL_TAXES, GLOBAL_TAXES)]
        total, of_document = (
            None if value is None else self.number(value, value.step.path, severity=Severity.WARNING)
            for value in totals
        )
        if total is None:
            return
        taxes = [tax for item in items for tax in item.duty_tax_fees if tax.payment_method_code == PAID]
        added = (of_document or 0) + sum(
            tax.tax_assessed_amount.millionths for tax in taxes if tax.tax_assessed_amount is not None
        )
        if abs(added - total) > TAX_TOLERANCE_MILLIONTHS:
            self._differs(document, "ASYCUDA_TAXES_DIFFER", TOTAL_TAXES, total, added)

    def _tax_lines(self, items: tuple[d.GoodsItem, ...]) -> None:
        """Warn when amounts of taxes fit the other unit of rates and none fits the one that the caller gave; else of
        each amount that its base and rate do not make."""
        if self.rate_unit is None:
            return
        times, per = (100, 1) if self.rate_unit == "percent" else (1, 100)
        doubtful, agree = 0, False
        # Tax → places with what is declared and what its base and rate make.
        differing: dict[str, list[tuple[str, int, int]]] = {}
        taxes = (
            (f"goods_items[{line}].duty_tax_fees[{number}]", tax)
            for line, item in enumerate(items, 1)
            for number, tax in enumerate(item.duty_tax_fees, 1)
        )
        for at, tax in taxes:
            base, rate, amount = tax.ad_valorem_tax_base, tax.tax_rate_millionths, tax.tax_assessed_amount
            if base is None or rate is None or amount is None:
                continue
            as_given = _fits(base.millionths * rate, amount.millionths)
            if as_given != _fits(base.millionths * rate * times, amount.millionths, per):
                agree = agree or as_given
                doubtful += not as_given
            if not as_given:
                computed = base.millionths * rate // 10**8
                differing.setdefault(tax.type_code, []).append((at, amount.millionths, computed))
        if agree or not doubtful:
            for code, places in differing.items():
                at, declared, computed = places[0]
                self.find(
                    "ASYCUDA_TAX_LINE_DIFFERS",
                    self.root,
                    f"{at}.tax_assessed_amount",
                    tax=shown(code),
                    declared=decimal_text(declared),
                    computed=decimal_text(computed),
                    count=str(len(places)),
                )
        else:
            self.find(
                "ASYCUDA_RATE_UNIT_DOUBTFUL",
                self.root,
                "goods_items",
                count=str(doubtful),
                rate_unit=self.rate_unit,
            )


def _is_zero(value: Value | None) -> bool:
    return value is not None and bool(_ZERO.fullmatch(value.text))


def _fits(due: int, amount: int, per: int = 1) -> bool:
    """Whether base × rate / per is the amount within one unit of the currency. due: millionths × millionths of a per
    cent; amount: millionths."""
    return abs(due - amount * 10**8 * per) <= MILLIONTHS * 10**8 * per
