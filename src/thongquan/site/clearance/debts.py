"""What a declaration still owes on a day: the tax, until when, and what its lateness has cost, line by line.

Interest is never stored: it follows from the liability, the days of the payments and the law, and what was paid of it
is in the books under the subject `interest:<number>`. A decision that changes the liability changes the interest with
it, from the same day on, as the law wants.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ...engine.findings import Finding, Severity
from ...engine.ledger.allocation import Debt
from ...engine.lifecycle.declaration import Act
from ...packs.dues import DueCase, DueDay, Interest, Sum, rank_of
from ...packs.pack import Pack
from ..ledger import reads as books
from ..parties.models import Trader
from .models import Declaration

INTEREST: Final = "INTEREST"
"""The tax code under which the books keep late interest."""


def subject_of_interest(number: str) -> str:
    return f"interest:{number}"


@dataclass(frozen=True, slots=True)
class Owing:
    """The debts of one declaration on a day. left: tax → minor units still owed, above zero. interest: run up to the
    day before; interest_paid_minor: of it. guaranteed: whether a guarantee stands or stood for it."""

    row: Declaration
    day: date
    due: DueDay
    left: dict[str, int]
    interest: Interest
    interest_paid_minor: int
    guaranteed: bool

    @property
    def left_minor(self) -> int:
        return sum(self.left.values())

    @property
    def interest_left_minor(self) -> int | None:
        """None while a rate is not given."""
        amount = self.interest.amount_minor
        return None if amount is None else max(0, amount - self.interest_paid_minor)

    @property
    def days_overdue(self) -> int:
        return max(0, (self.day - self.due.day).days) if self.due.day and self.left else 0

    @property
    def enforceable(self) -> bool:
        """Whether the tax is to be enforced. A mark for people: nothing stops by itself."""
        return bool(self.left) and rank_of(Sum.TAX, self.due, self.day) == f"ENFORCED_{Sum.TAX}"

    @property
    def proposes(self) -> tuple[str, ...]:
        """Acts that an officer should think of: a hold, while the tax is to be enforced and nothing holds the goods."""
        return (Act.HOLD,) if self.enforceable and not self.row.passed_at and not self.held else ()

    @property
    def held(self) -> bool:
        return self.row.holds.filter(closed_n__isnull=True).exists()

    @property
    def findings(self) -> tuple[Finding, ...]:
        found = [*self.due.findings, *self.interest.findings]
        if self.enforceable and self.due.day and self.due.enforced_from:
            says = {
                "days": str(self.days_overdue),
                "due_day": self.due.day.isoformat(),
                "enforced_from": self.due.enforced_from.isoformat(),
            }
            law = self.due.rule.law if self.due.rule else None
            found.append(Finding("DEBT_ENFORCEABLE", self.row.number, says, law, Severity.WARNING))
        return tuple(found)

    def debts(self) -> list[Debt]:
        """The tax and the interest as the order of settling knows them; unknown interest is none of it."""
        due = self.due.day or self.day
        made = []
        if self.left_minor:
            rank = rank_of(Sum.TAX, self.due, self.day)
            made.append(Debt(f"{self.row.number}/{Sum.TAX}", rank, Sum.TAX, due, self.left_minor))
        if self.interest_left_minor:
            rank = rank_of(Sum.INTEREST, self.due, self.day)
            made.append(
                Debt(f"{self.row.number}/{Sum.INTEREST}", rank, INTEREST, due, self.interest_left_minor)
            )
        return made


def owing(row: Declaration, pack: Pack, day: date) -> Owing | None:
    """What a declaration owes on a day, as the books stand now; None before it was registered and assessed."""
    if row.registered_at is None or row.assessed_minor is None:
        return None
    let_go = min((at for at in (row.released_at, row.cleared_at) if at), default=None)
    guaranteed = row.guaranteed_minor > 0 or books.was_guaranteed(row.number)
    due = pack.due_day(
        registered=pack.legal_day(row.registered_at),
        released=pack.legal_day(let_go) if let_go else None,
        case=DueCase.GUARANTEED if guaranteed else DueCase.ORDINARY,
        trader_class=row.trader.trader_class,
    )
    liable = sum(books.liability(row.number).values())
    run = Interest()
    if due.bears_from and liable > 0:
        run = pack.dues.interest(liable, due.bears_from, day, tuple(books.payments(row.number)))
    left = {tax: minor for tax, minor in books.owed(row.number).items() if minor > 0}
    paid = sum(books.liability(subject_of_interest(row.number)).values())
    return Owing(row, day, due, left, run, paid, guaranteed)


def owed_by(trader: Trader, pack: Pack, day: date, *, lock: bool = False) -> Sequence[Owing]:
    """Every declaration of a payer that owes tax or interest on a day, by its number. lock: until the act is done."""
    rows = Declaration.objects.filter(trader=trader, pack=pack.code, assessed_minor__isnull=False)
    if lock:
        rows = rows.select_for_update(of=("self",))
    found = [owing(row, pack, day) for row in rows.select_related("trader").order_by("number")]
    return [one for one in found if one is not None and one.debts()]
