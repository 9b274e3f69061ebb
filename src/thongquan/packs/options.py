"""Every rate that a line may take or could take, with what the whole line would owe, and what each better one lacks.

The sums are made by the one way there is, `pack.assess`, on the declaration with another claim: an import duty moves
the excise and the value added tax with it. Pure, for every country; what a scheme asks is the country's
(Pack.claims_of).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from ..engine.assessment.scalar import LineAssessment, TaxAmount
from ..engine.dated import Period
from ..engine.declaration import Declaration
from ..engine.findings import Finding, LegalRef
from ..engine.tariff.measures import Duty
from .pack import Pack, assess


@dataclass(frozen=True, slots=True)
class RateOption:
    """One rate for the preferential tax of a line.

    preference: the scheme, "" for the general rate. quota_order_id: the quota whose rate it is, "" outside.
    duty: its rate, None where it is not known. law: its source.
    amounts: tax → payable in minor units, every tax of the line in levying order, None while one is pending; what a
    declaration owes once is left out. total_minor: their sum, None while one is pending.
    missing: what the declaration does not show; empty: it may take the rate. is_claimed: whether this is what the line
    pays as it is declared. is_lowest: of those that it may take, the one with the least to pay.
    saving_minor: how much less than the lowest that it may take, for one that it may not take yet; else 0.
    verified: whether every rate on the line was compared with its act. reached_back: the days that the rate's act
    speaks of though it was not yet in force, where the day asked for is one of them.
    """

    preference: str
    quota_order_id: str
    tax: str
    duty: Duty | None
    law: LegalRef | None
    amounts: Mapping[str, int | None]
    total_minor: int | None
    missing: tuple[Finding, ...] = ()
    is_claimed: bool = False
    is_lowest: bool = False
    saving_minor: int = 0
    verified: bool = True
    reached_back: Period | None = None

    @property
    def is_lawful(self) -> bool:
        """Whether the declaration shows everything that the rate asks."""
        return not self.missing


@dataclass(frozen=True, slots=True)
class LateLaw:
    """An act whose rates apply to days on which it was not yet in force: who declared then may be owed a refund.

    days: from the first that its rows speak of to the last before it came into force. taxes, commodities: what those
    rows are for, each once, sorted; a code stands for all below it.
    """

    act: str
    days: Period
    taxes: tuple[str, ...]
    commodities: tuple[str, ...]


def late_laws(pack: Pack) -> tuple[LateLaw, ...]:
    """The acts that reach back with a rate of the tariff, by their first day."""
    found = []
    for edition in pack.tariff.editions:
        act = pack.acts.get(edition.act)
        if act is None or act.reached_back is None:
            continue
        rows = [row for row in edition.measures if row.period.first_day < act.in_force]
        if rows:
            first = max(min(row.period.first_day for row in rows), act.applies_from)
            found.append(
                LateLaw(
                    act.number,
                    Period(first, act.reached_back.last_day),
                    tuple(sorted({row.tax for row in rows})),
                    tuple(sorted({row.commodity for row in rows})),
                )
            )
    return tuple(sorted(found, key=lambda late: (late.days.first_day, late.act)))


def rate_options(pack: Pack, declaration: Declaration, number: int, day: date) -> tuple[RateOption, ...]:
    """The rates of one line (its position, from 1) by the law of a day: the least to pay first, unknown sums last.

    () where the line owes no tax that schemes are for. A scheme that the tariff refuses for the goods (`*`), or that
    is dearer than the general rate and gives way to it, is no rate of its own and not among them.
    IndexError for a line that is not there.
    """
    if not 1 <= number <= len(declaration.goods_items):
        raise IndexError(f"no line {number}")
    kind = pack.kind_of(declaration, day)
    taxes = {levy.tax.code for levy in pack.levies if levy.preferential and kind and levy.flow == kind.flow}
    now = _preferential(assess(pack, declaration, day).lines[number - 1], taxes)
    if now is None:
        return ()
    found: dict[tuple[str, str], RateOption] = {}
    for claim in pack.claims_of(declaration, number, pack.tariff.as_of(day)):
        line = assess(pack, claim.declaration, day).lines[number - 1]
        amount = _preferential(line, taxes)
        if amount is None or (
            claim.preference and amount.charge and amount.charge.preference != claim.preference
        ):
            continue
        option = _option(pack, line, amount, claim.preference, claim.missing, day)
        is_claimed = option.is_lawful and amount.charge is not None and amount.charge == now.charge
        found.setdefault((option.preference, option.quota_order_id), replace(option, is_claimed=is_claimed))
    return _ranked(found.values())


def _ranked(options: Iterable[RateOption]) -> tuple[RateOption, ...]:
    ordered = sorted(options, key=_rank)
    lowest = next((option for option in ordered if option.is_lawful and option.total_minor is not None), None)
    least = lowest.total_minor if lowest else None
    marked = []
    for option in ordered:
        saving = 0
        if not option.is_lawful and option.total_minor is not None and least is not None:
            saving = max(least - option.total_minor, 0)
        marked.append(replace(option, is_lowest=option is lowest, saving_minor=saving))
    return tuple(marked)


def _rank(option: RateOption) -> tuple[bool, int, bool, str, str]:
    total = option.total_minor
    return total is None, total or 0, not option.is_lawful, option.preference, option.quota_order_id


def _preferential(line: LineAssessment, taxes: Collection[str]) -> TaxAmount | None:
    """The amount that schemes are for, None where the line owes none."""
    return next((amount for amount in line.amounts if amount.tax in taxes), None)


def _option(
    pack: Pack,
    line: LineAssessment,
    amount: TaxAmount,
    preference: str,
    missing: tuple[Finding, ...],
    day: date,
) -> RateOption:
    charge = amount.charge
    own = [one for one in line.amounts if one.tax not in pack.once]
    amounts = {one.tax: line.payable_minor(one.tax) for one in own}
    known = [sum_ for sum_ in amounts.values() if sum_ is not None]
    act = pack.acts.get(charge.law.act) if charge else None
    days = act.reached_back if act else None
    return RateOption(
        charge.preference if charge else preference,
        charge.quota_order_id if charge else "",
        amount.tax,
        charge.duty if charge else None,
        charge.law if charge else None,
        amounts,
        sum(known) if len(known) == len(amounts) else None,
        missing,
        verified=all(one.charge is None or one.charge.verified for one in own),
        reached_back=days if days and days.holds(day) else None,
    )
