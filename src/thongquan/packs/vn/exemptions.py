"""Exemptions and thresholds: what Vietnam lifts because a consignment is small, a gift, baggage or on a list.

A line asks for it with an additional procedure (codes/additional_procedures); the rows of codes/exemptions say what it
then gets:

    measure  value, duty (export or import), tax (all together), quantity, list
    limit    of that measure; strict: only below it, else up to and including it
    scope    whole: all or nothing, by the sum over the whole consignment; excess: what is above the limit is taxed,
             the lines in their order, because the traveller chooses (134/2016/NĐ-CP art. 6)
    counted  which fact of the past allows it only `most` times; used: what of the limit is used up already

What is not known is a finding, and the line pays: whoever asks for an exemption shows that it is his.
Sources: 107/2016/QH13 art. 16; 134/2016/NĐ-CP art. 6, 8, 9, 14, 29 to 31; 78/2010/QĐ-TTg.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from ...engine.assessment.taxes import CUSTOMS_VALUE
from ...engine.assessment.whole import Assessment
from ...engine.codes import Code
from ...engine.declaration import Declaration, GoodsItem
from ...engine.findings import Finding, LegalRef, Severity
from ...engine.money import millionths_of
from ...engine.tariff.tariff import TariffView
from ...engine.tariff.units import convert
from ..exemptions import Exempted, PersonFacts, Relief, written_off
from ..pack import Kind, Pack

EXEMPTIONS: Final = "exemptions"
LIST_DOCUMENT: Final = "EXEMPT_LIST"
"""Document that names a list of exempt goods and the line on it: "100000000123/2"."""

DUTIES: Final = ("NK", "XK")


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of codes/exemptions. limit: millionths for a quantity, đồng else."""

    code: str
    claim: str
    taxes: tuple[str, ...]
    measure: str
    unit: str
    limit: int
    strict: bool
    scope: str
    counted: str
    most: int
    used: str
    verified: bool
    law: LegalRef

    def holds(self, amount: int) -> bool:
        return amount < self.limit or (amount == self.limit and not self.strict)

    @property
    def relief(self) -> Relief:
        return Relief(self.law, verified=self.verified)


def _row(code: Code) -> _Row:
    facts = code.facts
    limit = facts["limit"]
    return _Row(
        code.value,
        facts["claims"],
        tuple(facts["taxes"].split()),
        facts["measure"],
        facts["unit"],
        millionths_of(limit) if facts["measure"] == "quantity" else int(limit or 0),
        facts["strict"] == "yes",
        facts["scope"],
        facts["counted"],
        int(facts["most"] or 0),
        facts["used"],
        facts["verified"] == "yes",
        code.law,
    )


class Exemptions(Pack):
    """The part of the country that lifts taxes by the whole declaration."""

    def exemptions_of(
        self, declaration: Declaration, kind: Kind, first: Assessment, day: date, person: PersonFacts
    ) -> Exempted | None:
        """By codes/exemptions; None where no line asks."""
        claimed = {
            code for item in declaration.goods_items for code in item.additional_procedure_codes if code
        }
        if not claimed or EXEMPTIONS not in self.code_lists or first.valuation is None:
            return None
        rows = [
            _row(code)
            for code in self.code_lists[EXEMPTIONS].as_of(day).values()
            if code.facts["claims"] in claimed and code.facts["flow"] in ("", kind.flow)
        ]
        if not rows:
            return None
        view = self.tariff.as_of(day)
        deciding = _Deciding(self, declaration, first, person, view)
        for claim in dict.fromkeys(row.claim for row in rows):
            deciding.decide(claim, [row for row in rows if row.claim == claim])
        return Exempted(tuple(deciding.reliefs), tuple(deciding.findings), deciding.takes, deciding.uses)


class _Deciding:
    """The exemptions of one declaration under way."""

    def __init__(
        self,
        pack: Pack,
        declaration: Declaration,
        first: Assessment,
        person: PersonFacts,
        view: TariffView,
    ) -> None:
        self.pack = pack
        self.items = declaration.goods_items
        self.documents = declaration.additional_documents
        self.first = first
        self.person = person
        self.view = view
        self.reliefs: list[dict[str, Relief]] = [{} for _ in self.items]
        self.findings: list[Finding] = []
        self.takes: dict[str, int] = {}
        self.uses: dict[str, int] = {}

    def decide(self, claim: str, rows: Sequence[_Row]) -> None:
        lines = [index for index, item in enumerate(self.items) if claim in item.additional_procedure_codes]
        if rows[0].measure == "list":
            self._of_list(rows[0], lines)
        elif rows[0].scope == "excess":
            self._up_to(rows[0], lines)
        else:
            self._whole(rows, lines)

    # all or nothing

    def _whole(self, rows: Sequence[_Row], lines: Sequence[int]) -> None:
        """Every row of a claim whose measure of the whole consignment holds."""
        open_rows, held = [], []
        for row in rows:
            amount = self._measured(row.measure)
            if amount is None:
                open_rows.append(row)
            elif row.holds(amount):
                held.append(row)
        if held:
            allowed = self._is_allowed(held[0])
            for row in held if allowed else ():
                self._grant(row, dict.fromkeys(lines, row.relief))
            return
        if open_rows:
            self._say("EXEMPTION_UNDECIDED", open_rows[0], claim=rows[0].claim)
            return
        row = rows[0]
        amount = self._measured(row.measure)
        self._say("EXEMPTION_LIMIT_EXCEEDED", row, claim=row.claim, amount=str(amount), limit=str(row.limit))

    def _measured(self, measure: str) -> int | None:
        """The value, duty or taxes of the whole consignment, None while they are not known."""
        if measure == "value":
            return self.first.valuation.totals[CUSTOMS_VALUE] if self.first.valuation else None
        taxes: tuple[str, ...] = DUTIES
        if measure == "tax":
            taxes = tuple(tax.code for tax in self.pack.taxes if tax.code not in self.pack.once)
        amounts = [self.first.payable_minor(tax) for tax in taxes]
        return None if None in amounts else sum(amount for amount in amounts if amount is not None)

    def _is_allowed(self, row: _Row) -> bool:
        """Whether the past leaves one more time."""
        if not row.counted:
            return True
        before = getattr(self.person, row.counted)
        if before is None:
            self._say("PERSON_FACTS_UNKNOWN", row, claim=row.claim, fact=row.counted)
            return False
        if before >= row.most:
            self._say("EXEMPTION_TIMES_USED", row, claim=row.claim, most=str(row.most))
            return False
        return True

    # what is above the limit is taxed

    def _up_to(self, row: _Row, lines: Sequence[int]) -> None:
        """The lines in their order, as far as the limit reaches; of the one that crosses it, the share below."""
        if not self._is_allowed(row):
            return
        left = row.limit
        if row.used:
            used = getattr(self.person, f"{row.used}_minor")
            if used is None:
                self._say("PERSON_FACTS_UNKNOWN", row, claim=row.claim, fact=row.used)
                return
            left = max(left - used, 0)
        granted: dict[int, Relief] = {}
        above = 0
        for index in lines:
            amount = self._of_line(row, index)
            if amount is None:
                self._say("EXEMPTION_UNDECIDED", row, claim=row.claim)
                break
            free = min(amount, left)
            left -= free
            above += amount - free
            if free or not amount:
                share = Fraction(free, amount) if amount else Fraction(1)
                granted[index] = Relief(row.law, share, row.verified)
        self._grant(row, granted)
        if above:
            shown = above if row.measure == "value" else Fraction(above, 10**6)
            self._say(
                "EXEMPTION_EXCESS_TAXED",
                row,
                claim=row.claim,
                above=str(float(shown)) if isinstance(shown, Fraction) else str(shown),
                unit=row.unit or self.pack.currency,
            )

    def _of_line(self, row: _Row, index: int) -> int | None:
        """The value or quantity of one line, None while it is not known."""
        if row.measure == "value":
            valuation = self.first.valuation
            return valuation.lines[index].bases.get(CUSTOMS_VALUE) if valuation else None
        return self._quantity(self.items[index], row.unit)

    def _value(self, index: int) -> int:
        """The value of a line of which something was granted, so that it is known."""
        valuation = self.first.valuation
        return valuation.lines[index].bases.get(CUSTOMS_VALUE, 0) if valuation else 0

    def _quantity(self, item: GoodsItem, unit: str) -> int | None:
        """Millionths of a unit, rounded up: what is not certainly within the limit is above it."""
        found = convert(self.pack.quantities_of(item, self.view), unit)
        return None if isinstance(found, Finding) else -(-found[0] // found[1])

    # the list of exempt goods

    def _of_list(self, row: _Row, lines: Iterable[int]) -> None:
        """Each line by the line of the list that it names, while its balance lasts."""
        if self.person.lists is None:
            self._say("PERSON_FACTS_UNKNOWN", row, claim=row.claim, fact="lists")
            return
        lists = dict(self.person.lists)
        granted: dict[int, Relief] = {}
        for index in lines:
            item = self.items[index]
            at = f"goods_items[{index + 1}].additional_documents"
            number = next(
                (
                    document.id
                    for document in (*item.additional_documents, *self.documents)
                    if document.code == LIST_DOCUMENT and document.id
                ),
                "",
            )
            entry = lists.get(number)
            if entry is None:
                self._say("EXEMPT_LIST_UNKNOWN", row, at, line=number or "?")
                continue
            quantity = self._quantity(item, entry.unit)
            if quantity is None:
                self._say("EXEMPTION_UNDECIDED", row, at, claim=row.claim)
            elif not item.commodity_code.startswith(entry.commodity):
                says = {"line": number, "code": item.commodity_code, "granted": entry.commodity}
                self._say("EXEMPT_LIST_OTHER_GOODS", row, at, **says)
            elif self.view.day < entry.first_day or (entry.last_day and self.view.day > entry.last_day):
                self._say("EXEMPT_LIST_NOT_IN_FORCE", row, at, line=number, on=self.view.day.isoformat())
            else:
                after = written_off(entry, quantity, number)
                if isinstance(after, Finding):
                    self._say(after.code, row, at, **after.says)
                else:
                    lists[number] = after
                    self.takes[number] = self.takes.get(number, 0) + quantity
                    granted[index] = row.relief
        self._grant(row, granted)

    # what was decided

    def _grant(self, row: _Row, granted: Mapping[int, Relief]) -> None:
        for index, relief in granted.items():
            for tax in row.taxes:
                self.reliefs[index].setdefault(tax, relief)
        if granted and row.counted:
            self.uses[row.counted] = sum(
                int(self._value(index) * relief.share) for index, relief in granted.items()
            )
        if granted:
            says = {"exemption": row.code, "taxes": ", ".join(row.taxes)}
            self.findings.append(Finding("EXEMPTION_APPLIED", "", says, row.law, Severity.NOTE))

    def _say(self, code: str, row: _Row, at: str = "", /, **says: str) -> None:
        self.findings.append(Finding(code, at, says, row.law, Severity.WARNING))
