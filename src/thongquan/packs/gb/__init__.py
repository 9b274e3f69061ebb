"""The United Kingdom: the territory decides which tariff a line meets, and what else no table can say.

Great Britain levies its own duty (A00). Goods that enter Northern Ireland and may move on into the European Union pay
the Union's duties (A50 and beside it) and the value added tax on those (B05). Sources: HMRC example messages, named in
the tables and at each rule below.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from ...engine.declaration import Declaration, GoodsItem
from ...engine.tariff.tariff import TariffView
from ..pack import Kind, Levy, Pack, Payment, Terms

UNION_DUTIES: Final = frozenset({"A50", "A70", "A80", "A90"})
"""Levied only on what is at risk of moving on into the European Union."""

VALUE_ADDED: Final = frozenset({"B00", "B05"})


class UnitedKingdom(Pack):
    """The tables of this folder, and the rules below."""

    def taxes_of(self, declaration: Declaration, item: GoodsItem, kind: Kind, view: TariffView) -> list[Levy]:
        """Duty by territory, excise where the line names it, value added tax always.

        A line at risk pays the Union's duty where the tariff has one for it, else the United Kingdom's: the higher of
        the two is due, and where both are equal the notice prints A00 (TT_IM039b, TT_IM098a).
        """
        if kind.flow != "import":
            return []
        listed = {measure.tax for measure in view.measures(item.commodity_code)}
        asked = {"B00", *excise_types(item)}
        if self.is_at_risk(declaration, item):
            asked |= {"A50" if "A50" in listed or "A00" not in listed else "A00"}
            asked |= {"A70"} & listed if "A50" in asked else set()
            asked |= {"B05"} if "A50" in asked else set()
        elif "NIDOM" not in statements(declaration, item):
            asked.add("A00")
        if "COMNE" in statements(declaration, item):
            asked -= set(excise_types(item))
        return [levy for levy in self.levies if levy.tax.code in asked]

    def is_at_risk(self, declaration: Declaration, item: GoodsItem) -> bool:
        """Whether goods enter Northern Ireland and may move on.

        Not at risk: declared so (NIREM) by a trader with the authorisation that document 1UKI names (TT_IM190a;
        without it the notice of TT_IM227a levies A50), or a United Kingdom quota claimed (NIQUO, TT_IM044a).
        """
        stated = statements(declaration, item)
        if not stated & {"NIIMP", "NIDOM"}:
            return False
        proven = "NIREM" in stated and "1UKI" in document_codes(declaration, item)
        return not proven and "NIQUO" not in stated

    def defends(self, declaration: Declaration, item: GoodsItem, tax: str) -> bool:
        """The Union's trade defence is for what is at risk, the United Kingdom's for the rest."""
        return (tax in UNION_DUTIES) == self.is_at_risk(declaration, item)

    def preference_of(self, item: GoodsItem, levy: Levy, day: date) -> str:
        """For the Union's duties the Union's preference (EUPRF, TT_IM060a) goes before the one declared."""
        union = next(
            (
                said.statement_description
                for said in item.additional_informations
                if said.statement_code == "EUPRF"
            ),
            "",
        )
        if levy.tax.code in UNION_DUTIES and union:
            return "" if self.fact("preferences", union, "general", day) == "yes" else union
        return super().preference_of(item, levy, day)

    def line_codes(self, declaration: Declaration, item: GoodsItem) -> tuple[str, ...]:
        """Additional codes and statements: a rate may rest on either (VATZ, NIDOM)."""
        return (*item.additional_codes, *sorted(statements(declaration, item)))

    def quantities_of(self, item: GoodsItem, view: TariffView) -> dict[str, int]:
        """As declared, but: the strength of an easement (EAS) stands in for the real one (TT_IM129a: 2,000 l at
        12.5 % are 250 l of alcohol, not the 260 declared), and tobacco not stated apart is the net mass (TT_IM110a).
        """
        declared = super().quantities_of(item, view)
        easement = declared.pop("EAS", None)
        if easement is not None:
            declared["ASV"] = easement
            declared.pop("LPA", None)
        if "KGM" in declared:
            declared.setdefault("KTC", declared["KGM"])
        return declared

    def payment_of(self, declaration: Declaration, item: GoodsItem, tax: str, day: date) -> Payment:
        """Value added tax of a registered importer (FR1) without a method of its own goes on his return (TT_IM200a)."""
        payment = super().payment_of(declaration, item, tax, day)
        own = any(fee.type_code == tax and fee.payment_method_code for fee in item.duty_tax_fees)
        registered = any(
            party.role_code == "FR1"
            for party in (*declaration.domestic_duty_tax_parties, *item.domestic_duty_tax_parties)
        )
        if tax in VALUE_ADDED and registered and not own and payment.terms is not Terms.SUSPENDED:
            return Payment("", Terms.POSTPONED)
        return payment


COUNTRY = UnitedKingdom


def statements(declaration: Declaration, item: GoodsItem) -> frozenset[str]:
    """Codes of the additional information of a line and of the whole declaration."""
    said = (*declaration.additional_informations, *item.additional_informations)
    return frozenset(information.statement_code for information in said if information.statement_code)


def document_codes(declaration: Declaration, item: GoodsItem) -> frozenset[str]:
    """Codes of the documents of a line and of the whole declaration."""
    return frozenset(
        document.code for document in (*declaration.additional_documents, *item.additional_documents)
    )


def excise_types(item: GoodsItem) -> Iterator[str]:
    """Excise duties that a line names, by an additional code (X333) or a tax of its own (333)."""
    for code in item.additional_codes:
        if code[:1] == "X" and code[1:].isdigit():
            yield code[1:]
    for fee in item.duty_tax_fees:
        if fee.type_code.isdigit():
            yield fee.type_code
