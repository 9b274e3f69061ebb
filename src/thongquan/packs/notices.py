"""Our taxes beside those of an official notice: item by item, tax by tax, with the three bases side by side.

Where the rate itself was read from such a notice the comparison proves the arithmetic and nothing else; every row
says so (`note`). Differences are shown, never adjusted.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ..engine.assessment.scalar import TaxAmount
from ..engine.assessment.whole import Assessment
from ..engine.declaration import Amount, Declaration, DutyTaxFee
from ..engine.formats.responses import Response, ResponseKind
from ..engine.money import decimal_text
from ..engine.tariff.rate_text import duty_text
from .pack import OWED_TO_CUSTOMS, Pack
from .tables import Folder, Row

INDICATIVE: Final = "67"
FINAL: Final = "4"
"""Statuses of a tax notice: what would be due, and what is."""


class Outcome(enum.Enum):
    """How ours and the notice's line stand to each other; each has words ([outcome.EQUAL] …)."""

    EQUAL = "EQUAL"
    """Base and amount."""
    BASE_DIFFERS = "BASE_DIFFERS"
    """The amount is the same, the base is not."""
    AMOUNT_DIFFERS = "AMOUNT_DIFFERS"
    OPEN = "OPEN"
    """Ours is pending: a rate or a figure is missing."""
    ONLY_OURS = "ONLY_OURS"
    """The notice does not levy the tax and we do, for more than nothing."""
    ONLY_NOTICE = "ONLY_NOTICE"
    """The notice levies the tax, for more than nothing, and we do not."""


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One tax of one item. Amounts in minor units, None where there is none to show.

    declared_base: as the declarant stated it. derived_base: what the formulas used. rate: ours, in the house's
    notation; notice_rate: as printed. ours, notice: assessed less deductions, as notices print it. ours_payable: what
    customs is to be paid or secured now. note: word key about the source of our rate. Several lines of one tax on one
    item are added up.
    """

    item: int
    tax: str
    declared_base_minor: int | None
    derived_base_minor: int | None
    notice_base_minor: int | None
    rate: str
    notice_rate: str
    ours_minor: int | None
    notice_minor: int | None
    ours_payable_minor: int | None
    notice_payable_minor: int | None
    note: str
    outcome: Outcome

    @property
    def base_agrees(self) -> bool | None:
        """Whether the derived base is the notice's; None where the notice prints none, or where ours is not known."""
        if self.notice_base_minor is None or self.derived_base_minor is None:
            return None
        return self.derived_base_minor == self.notice_base_minor


def notice_of(responses: Iterable[Response], version: int = 1) -> Response | None:
    """The tax notice that speaks of a version of a declaration: the first indicative one, else the first final one.

    Where that version has none, the next that has: an arrival makes a version without changing a tax.
    """
    taxing = [
        response
        for response in responses
        if response.kind is ResponseKind.TAX and response.taxed_items and _version(response) >= version
    ]
    nearest = min(map(_version, taxing), default=version)
    found = [response for response in taxing if _version(response) == nearest]
    for status in (INDICATIVE, FINAL):
        fitting = [one for one in found if any(said.name_code == status for said in one.statuses)]
        if fitting:
            return min(fitting, key=lambda one: (one.issue_time is None, str(one.issue_time)))
    return None


def _version(response: Response) -> int:
    return int(response.version_id) if response.version_id.isascii() and response.version_id.isdigit() else 1


def replayed_on(pack: Pack, declaration: Declaration, notice: Response) -> date | None:
    """The day whose law an old declaration is replayed under: of its acceptance as declared, or of the notice if that
    is earlier. None where neither states a time."""
    times = [time for time in (declaration.acceptance_time, notice.issue_time) if time is not None]
    return min(map(pack.legal_day, times), default=None)


def compare(
    pack: Pack, declaration: Declaration, assessment: Assessment, notice: Response, day: date
) -> tuple[NoticeRow, ...]:
    """A row for every item and tax of ours or the notice's, by item and then in levying order.

    The notice's lines for securities (types that are no tax of the pack: ACS, MDC, STA …) are no taxes and left out.
    Items are matched by their own numbers.
    """
    numbers = [item.sequence_numeric or place for place, item in enumerate(declaration.goods_items, start=1)]
    ours: dict[tuple[int, str], list[TaxAmount]] = {}
    for number, line in zip(numbers, assessment.lines, strict=True):
        for amount in line.amounts:
            ours.setdefault((number, amount.tax), []).append(amount)
    codes = [tax.code for tax in pack.taxes]
    theirs: dict[tuple[int, str], list[DutyTaxFee]] = {}
    for number_or_none, fee in notice.tax_lines:
        if fee.type_code in codes:
            theirs.setdefault((number_or_none or 0, fee.type_code), []).append(fee)
    keys = sorted({*ours, *theirs}, key=lambda key: (key[0], codes.index(key[1])))
    rows = []
    for number, tax in keys:
        place = numbers.index(number) if number in numbers else None
        item = declaration.goods_items[place] if place is not None else None
        is_owed = item is None or pack.payment_of(declaration, item, tax, day).terms in OWED_TO_CUSTOMS
        declared = [fee for fee in item.duty_tax_fees if fee.type_code == tax] if item else []
        rows.append(
            _row(
                pack,
                number,
                tax,
                declared,
                ours.get((number, tax), ()),
                theirs.get((number, tax), ()),
                is_owed,
            )
        )
    return tuple(rows)


def _row(
    pack: Pack,
    item: int,
    tax: str,
    declared: Sequence[DutyTaxFee],
    ours: Sequence[TaxAmount],
    theirs: Sequence[DutyTaxFee],
    is_owed: bool,
) -> NoticeRow:
    def minor(amount: Amount | None) -> int | None:
        return None if amount is None else amount.millionths * 10**pack.decimals // 1_000_000

    owed = _sum(
        None if amount.assessed_minor is None else amount.assessed_minor - (amount.deduct_minor or 0)
        for amount in ours
    )
    payable = _sum(amount.payable_minor for amount in ours)
    noticed = _sum(minor(fee.tax_assessed_amount) for fee in theirs)
    derived_base = next((amount.base_minor for amount in ours if amount.base is not None), None)
    notice_base = next((minor(fee.ad_valorem_tax_base) for fee in theirs if fee.ad_valorem_tax_base), None)
    charges = [amount.charge for amount in ours if amount.charge is not None]
    return NoticeRow(
        item=item,
        tax=tax,
        declared_base_minor=next(
            (minor(fee.ad_valorem_tax_base) for fee in declared if fee.ad_valorem_tax_base), None
        ),
        derived_base_minor=derived_base,
        notice_base_minor=notice_base,
        rate=", ".join(duty_text(charge.duty) for charge in charges),
        notice_rate=", ".join(
            f"{decimal_text(fee.tax_rate_millionths)} %"
            for fee in theirs
            if fee.tax_rate_millionths is not None
        ),
        ours_minor=owed,
        notice_minor=noticed,
        ours_payable_minor=payable if is_owed or payable is None else 0,
        notice_payable_minor=_sum(minor(fee.payment_amount) for fee in theirs),
        note=next((charge.note for charge in charges if charge.note), ""),
        outcome=_outcome(bool(ours), bool(theirs), owed, noticed, derived_base, notice_base),
    )


def _outcome(
    has_ours: bool,
    has_notice: bool,
    ours: int | None,
    notice: int | None,
    base: int | None,
    notice_base: int | None,
) -> Outcome:
    if has_ours and ours is None:
        return Outcome.OPEN
    if (ours or 0) != (notice or 0):
        return Outcome.AMOUNT_DIFFERS if has_ours and has_notice else _one_sided(has_ours)
    if base is not None and notice_base is not None and base != notice_base:
        return Outcome.BASE_DIFFERS
    return Outcome.EQUAL


def _one_sided(has_ours: bool) -> Outcome:
    return Outcome.ONLY_OURS if has_ours else Outcome.ONLY_NOTICE


def _sum(amounts: Iterable[int | None]) -> int | None:
    """The sum, None when there is nothing to add or a part of it is not known."""
    known = list(amounts)
    return None if not known or None in known else sum(amount for amount in known if amount is not None)


def explanations(pack: Pack) -> dict[tuple[str, int, int, str], Explained]:
    """What is known about differences from published notices (notice_differences.csv): name of the notice's folder,
    version, item and tax → the expected outcome and why. Shown beside a difference; no sum asks it."""
    source = Folder(pack.folder)
    rows = source.keyed("notice_differences", "notice version item tax outcome", _explained)
    source.close()
    return rows


@dataclass(frozen=True, slots=True)
class Explained:
    """Why a line of a notice differs. names: language → the reason."""

    outcome: Outcome
    names: Mapping[str, str]


def _explained(row: Row) -> tuple[tuple[str, int, int, str], Explained]:
    key = row.asked("notice"), row.whole("version"), row.whole("item"), row.asked("tax")
    return key, Explained(row.read("outcome", Outcome), row.names)


@dataclass(frozen=True, slots=True)
class Tally:
    """Figures of many comparisons: declarations, how many agree in every amount, in every base, and rows likewise."""

    declarations: int
    declarations_equal: int
    declarations_base_equal: int
    rows: int
    rows_equal: int
    rows_with_base: int
    rows_base_equal: int
    rows_from_notice: int


def tally(comparisons: Mapping[str, Collection[NoticeRow]]) -> Tally:
    """Counts over comparisons by declaration. One without rows (a notice that levies nothing) is not counted, and a
    row without a base in the notice has none to agree."""
    compared = [rows for rows in comparisons.values() if rows]
    rows = [row for each in compared for row in each]
    with_base = [row for row in rows if row.base_agrees is not None]
    return Tally(
        declarations=len(compared),
        declarations_equal=sum(all(_same(row) for row in each) for each in compared),
        declarations_base_equal=sum(all(row.base_agrees is not False for row in each) for each in compared),
        rows=len(rows),
        rows_equal=sum(map(_same, rows)),
        rows_with_base=len(with_base),
        rows_base_equal=sum(bool(row.base_agrees) for row in with_base),
        rows_from_notice=sum(bool(row.note) for row in rows),
    )


def _same(row: NoticeRow) -> bool:
    return row.outcome in (Outcome.EQUAL, Outcome.BASE_DIFFERS)
