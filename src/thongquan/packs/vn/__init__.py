"""Vietnam: the law of imports and exports as data, with what no table can say.

The tables are a reconstruction of 2019 and 2020: a row that nobody compared with its act says `verified` no, and every
amount that rests on it says so. `measures.csv` holds the rates of a curated tariff, the codes of Quảng Ninh's trade;
the whole tariff comes as an edition of its own days (`thongquan tariff import`, layout in tariff_sheet.py). rates.py
chooses between the schedules of import duty, procedures.py holds what the declaration type decides, numbering.py the
twelve digits.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from ...engine.assessment.exchange import ExchangeRate
from ...engine.declaration import AdditionalDocument, Declaration, GoodsItem
from ...engine.findings import Finding, LegalRef, Severity
from ...engine.money import MILLIONTHS
from ...engine.tariff.measures import Schedule
from ...engine.tariff.tariff import Choice, TariffView
from ..pack import Chosen, Claim, Kind, Levy, claiming
from . import exchange, rates
from .procedures import Procedures, branch_count
from .rates import DIRECT, IMPORT_DUTY, OUT_OF_QUOTA, Agreement, DutyOfLine

if TYPE_CHECKING:
    import polars as pl

    from ...engine.tariff.image import TariffImage

FEE = "LP"
"""The customs fee, which a declaration owes once, whatever it holds."""

DECLARATION_UNIT = "DECL"
"""The unit that the fee is counted in."""


class Vietnam(Procedures):
    """The tables of this folder, and the rules below."""

    once = frozenset({FEE})

    def agreement_of(self, preference: str, view: TariffView) -> Agreement | None:
        """The agreement of a tariff schedule on the view's day, None where the code is none of an agreement."""
        return rates.agreements(self.code_lists["preferences"], view.day).get(preference)

    def is_mfn(self, origin: str, view: TariffView) -> bool:
        """Whether goods of an origin enjoy most-favoured-nation treatment on the view's day."""
        return origin in rates.most_favoured(self.code_lists["mfn_partners"], view.day)

    def missing_for(
        self,
        agreement: Agreement | None,
        declaration: Declaration,
        item: GoodsItem,
        at: str,
        view: TariffView,
    ) -> tuple[Finding, ...]:
        """What an agreement asks and the declaration does not show: origin, certificate, direct transport."""
        if agreement is None:
            return ()
        origin = self.origin_of(item, agreement.preference)
        return rates.conditions(
            agreement, declaration, item, at, origin, self._proving(agreement.preference, view)
        )

    def _proving(self, preference: str, view: TariffView) -> tuple[str, ...]:
        """The documents that prove an origin for the schedule of an agreement."""
        return rates.proofs(self.code_lists["documents"], view.day).get(preference, ())

    def choice_of(
        self, declaration: Declaration, item: GoodsItem, at: str, levy: Levy, view: TariffView
    ) -> Choice:
        """The rate of a tax; of import duty the schedule that the line may take (rates.py).

        A code that the curated tariff lacks is a rate not given. For one that it has, the reason stands: an additional
        code, a quota.
        """
        if not view.knows(item.commodity_code) or levy.tax.code != IMPORT_DUTY:
            choice = view.choose(
                item.commodity_code,
                Schedule(levy.flow),
                levy.tax.code,
                item.origin_country_code,
                additional_codes=self.line_codes(declaration, item),
                at=at,
            )
            if choice.measure is None and not view.knows(item.commodity_code):
                return super().choice_of(declaration, item, at, levy, view)
            return choice
        claim = item.preference_code
        agreement = self.agreement_of(claim, view)
        origin = self.origin_of(item, claim if agreement else "")
        line = DutyOfLine(
            view, item, at, origin, self.is_mfn(origin, view), self.line_codes(declaration, item)
        )
        missing = self.missing_for(agreement, declaration, item, at, view)
        return line.claimed(claim, agreement, missing)

    def taxes_of(self, declaration: Declaration, item: GoodsItem, kind: Kind, view: TariffView) -> list[Levy]:
        """The taxes in question on a line; the fee is none of a line's."""
        levies = super().taxes_of(declaration, item, kind, view)
        return [levy for levy in levies if levy.tax.code not in self.once]

    def charges_for(
        self, declaration: Declaration, item: GoodsItem, at: str, kind: Kind, view: TariffView
    ) -> Chosen:
        """What the tables say of the line, and on the first line the fee of the declaration (274/2016/TT-BTC)."""
        chosen = super().charges_for(declaration, item, at, kind, view)
        if kind.untaxed or not kind.flow or at != "goods_items[1]":
            return chosen
        codes = self.line_codes(declaration, item)
        rows = [row for row in view.measures("", FEE) if row.additional_code in ("", *codes)]
        rows.sort(key=lambda row: row.additional_code == "")
        fee = tuple(self.charge_of(row) for row in rows[:1])
        # The fee is for each declaration of the nation's count: 10,000 lines are 200 of fifty.
        count = branch_count(len(declaration.goods_items))
        quantities = {**chosen.quantities, DECLARATION_UNIT: count * MILLIONTHS}
        return Chosen((*chosen.charges, *fee), quantities, chosen.pending, chosen.relieved, chosen.findings)

    def claims_of(self, declaration: Declaration, number: int, view: TariffView) -> tuple[Claim, ...]:
        """The schedules that the line could claim: without an agreement, in the quota, and each agreement whose member
        its origin is. What is not shown is missing, and taken as shown in the claim's declaration."""
        item = declaration.goods_items[number - 1]
        at = f"goods_items[{number}]"
        rows = list(view.measures(item.commodity_code, IMPORT_DUTY, Schedule.IMPORT))
        claims = [Claim("", claiming(declaration, number, ""))]
        quotas = sorted({row.quota_order_id for row in rows if row.quota_order_id})
        for quota in quotas:
            if quota == item.quota_order_id:
                claims.append(Claim(OUT_OF_QUOTA, claiming(declaration, number, OUT_OF_QUOTA)))
                continue
            says = {"quota": quota}
            missing = Finding("QUOTA_LICENCE_MISSING", f"{at}.duty_tax_fees", says, None, Severity.WARNING)
            claims.append(Claim("", claiming(declaration, number, "", quota), (missing,)))
        for preference in sorted({row.preference for row in rows}):
            agreement = self.agreement_of(preference, view)
            if agreement is None:
                continue
            missing_of_it = self.missing_for(agreement, declaration, item, at, view)
            if any(finding.code == "ORIGIN_NOT_IN_AGREEMENT" for finding in missing_of_it):
                continue
            made = claiming(declaration, number, preference)
            claims.append(Claim(preference, self._shown(made, number, view), missing_of_it))
        return tuple(claims)

    def published_rate(
        self, currency: str, published: date, price_millionths: int, source: LegalRef, units: int = 1
    ) -> ExchangeRate | Finding:
        """A rate that Vietcombank published on a day, for the days of registration that it serves (exchange.py)."""
        calendar = self.calendar(published)
        return exchange.published_rate(currency, published, price_millionths, source, calendar, units)

    def duties_many(
        self, image: TariffImage, lines: pl.DataFrame, levy: Levy, day: date
    ) -> pl.DataFrame | None:
        """Import duty for many lines (rates_frame.py); the export duty has no schemes."""
        if levy.tax.code != IMPORT_DUTY:
            return None
        # NumPy and Polars only for whoever assesses many.
        from .rates_frame import import_duties

        lists = self.code_lists
        return import_duties(image, lists["preferences"], lists["mfn_partners"], lines, day)

    def with_papers(self, item: GoodsItem, day: date) -> GoodsItem:
        """The line with the certificate of the agreement that it claims, and the proof of direct transport."""
        view = self.tariff.as_of(day)
        proofs = self._proving(item.preference_code, view)
        added = tuple(AdditionalDocument(type_code=code) for code in (*proofs[:1], DIRECT))
        return msgspec.structs.replace(item, additional_documents=(*item.additional_documents, *added))

    def _shown(self, declaration: Declaration, number: int, view: TariffView) -> Declaration:
        """The declaration with the papers that the claim of a line asks, added to it."""
        items = list(declaration.goods_items)
        items[number - 1] = self.with_papers(items[number - 1], view.day)
        return msgspec.structs.replace(declaration, goods_items=tuple(items))


COUNTRY = Vietnam
