"""The law of paying: when money is due, what lateness costs, what a payment settles first, what a breach costs.

Tables, each explained where it is read: due_days, late_interest, settlement_order, payment_reliefs, penalties. A
country without one of them gives no answer of its kind, and says so by a finding; nothing is ever taken as zero. Pure:
days and facts come as arguments.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from ..engine.dated import Period, as_of
from ..engine.findings import Finding, LegalRef
from ..engine.ledger.interest import DailyRate, Instalment, Interest, instalments, interest, months_after
from ..engine.money import PPM, Rounding, minor_of, scaled, share_ppm
from .tables import Folder, Row

# when


class DueCase(enum.StrEnum):
    """Which money is meant."""

    ORDINARY = "ORDINARY"
    """Taxes of a declaration that nothing stands for."""
    GUARANTEED = "GUARANTEED"
    """Taxes of a declaration that a guarantee stands for."""
    DECIDED = "DECIDED"
    """Taxes that a decision determines."""
    FINE = "FINE"
    """A fine."""


class DueBy(enum.Enum):
    """From what the day is counted."""

    RELEASE = "release"
    """Before the goods are released or cleared: the day of it is the last."""
    REGISTRATION = "days_after_registration"
    DECISION = "days_after_decision"
    NEXT_MONTH = "day_of_next_month"
    """A day of the month after the one of registration."""


@dataclass(frozen=True, slots=True)
class DueRule:
    """One row of due_days.csv. trader_classes, taxes: whom and what it is for, empty for all. number: days, or the day
    of the month. rolls: a last day that is not worked moves to the next that is. from_release: interest runs from the
    day of release itself, though the money is not due yet."""

    case: DueCase
    trader_classes: frozenset[str]
    taxes: frozenset[str]
    by: DueBy
    number: int
    rolls: bool
    from_release: bool
    period: Period
    law: LegalRef
    verified: bool
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DueDay:
    """Until when money must be there. day: None while what it is counted from has not happened. bears_from: the first
    day that bears interest, None while that is not known. rule: None where the law of the day is not given."""

    case: DueCase
    day: date | None = None
    bears_from: date | None = None
    rule: DueRule | None = None
    enforced_from: date | None = None
    findings: tuple[Finding, ...] = ()


# how much more


class Bearer(enum.StrEnum):
    """What bears interest: the law has a rate for each."""

    TAX = "TAX"
    FINE = "FINE"


@dataclass(frozen=True, slots=True)
class InterestRule:
    """One row of late_interest.csv: a daily rate, whether the day of payment counts, how the sum is rounded."""

    bearer: Bearer
    rate: DailyRate
    payment_day_counts: bool
    rounding: Rounding

    @property
    def period(self) -> Period:
        return self.rate.period

    @property
    def law(self) -> LegalRef:
        return self.rate.law


# which first


class Sum(enum.StrEnum):
    """The three kinds of debts."""

    TAX = "TAX"
    INTEREST = "INTEREST"
    PENALTY = "PENALTY"


@dataclass(frozen=True, slots=True)
class SettlementRow:
    """One row of settlement_order.csv: the step on which the law pays a rank, 1 first. Ranks of one step are paid by
    their due days, between equal days in the order of the rows."""

    step: int
    rank: str
    period: Period
    law: LegalRef
    verified: bool


@dataclass(frozen=True, slots=True)
class SettlementOrder:
    """The order of a day. steps: ranks, those of one step together."""

    steps: tuple[tuple[str, ...], ...]
    rows: tuple[SettlementRow, ...]

    @property
    def law(self) -> LegalRef | None:
        return self.rows[0].law if self.rows else None


# later, and in parts


class ReliefKind(enum.StrEnum):
    """How a debt may be paid later."""

    INSTALMENTS = "INSTALMENTS"
    EXTENSION = "EXTENSION"


@dataclass(frozen=True, slots=True)
class PaymentRelief:
    """One row of payment_reliefs.csv. cause: why it may be granted. months: at most. bears_interest: whether interest
    runs on. needs_guarantee: whether somebody has to stand for the debt."""

    kind: ReliefKind
    cause: str
    months: int
    bears_interest: bool
    needs_guarantee: bool
    period: Period
    law: LegalRef
    verified: bool
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """A debt in instalments. parts: none where the plan is not lawful, which the findings say."""

    parts: tuple[Instalment, ...] = ()
    relief: PaymentRelief | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def total_minor(self) -> int | None:
        totals = [part.total_minor for part in self.parts]
        return None if not totals or None in totals else sum(total for total in totals if total is not None)


# breaches


class Offender(enum.StrEnum):
    INDIVIDUAL = "individual"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class PenaltyRow:
    """One row of penalties.csv: what one breach costs by one act.

    band: from 1 where the act has several ranges for one behaviour, 0 for the only one. days_late: the days of
    lateness that a band is for, None where nobody has read them. offender: None for both. least_minor, most_minor: of
    a range. least_share_ppm, most_share_ppm: of the tax that was not declared. floor_minor: a fine by share is not
    less, for each declaration. All None: the act has a row, and what it says was not read.
    """

    behaviour: str
    band: int
    offender: Offender | None
    least_minor: int | None
    most_minor: int | None
    least_share_ppm: int | None
    most_share_ppm: int | None
    floor_minor: int | None
    days_late: tuple[int, int | None] | None
    period: Period
    law: LegalRef
    verified: bool
    names: Mapping[str, str]

    @property
    def given(self) -> bool:
        return self.least_minor is not None or self.least_share_ppm is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """The facts of a breach; None where nobody has said. under_declared_minor: tax that was not declared, or evaded.
    declarations: on how many."""

    offender: Offender
    under_declared_minor: int | None = None
    days_late: int | None = None
    declarations: int = 1


@dataclass(frozen=True, slots=True)
class PenaltyRange:
    """What a row makes of the facts: a fine between two amounts, both included."""

    least_minor: int
    most_minor: int
    row: PenaltyRow


@dataclass(frozen=True, slots=True)
class Penalty:
    """The ranges that the law of the day gives, several where the facts do not say which band it is. Without a range
    the findings say why: an unknown amount is never zero."""

    behaviour: str
    ranges: tuple[PenaltyRange, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def verified(self) -> bool:
        return bool(self.ranges) and all(found.row.verified for found in self.ranges)


ENFORCEMENT: Final = "enforcement"
"""Row of deadlines.csv: how long a debt may be overdue before it is enforced."""


@dataclass(frozen=True, slots=True)
class Dues:
    """The five tables of a country."""

    due_rules: tuple[DueRule, ...] = ()
    interest_rules: tuple[InterestRule, ...] = ()
    settlement: tuple[SettlementRow, ...] = ()
    reliefs: tuple[PaymentRelief, ...] = ()
    penalties: tuple[PenaltyRow, ...] = ()

    def due_rule(self, case: DueCase, day: date, trader_class: str = "", tax: str = "") -> DueRule | None:
        """The row for a case by the law of a day; one for the trader's class, or for the tax, before one for all."""
        rows = [
            row
            for row in as_of(self.due_rules, day)
            if row.case is case
            and (not row.trader_classes or trader_class in row.trader_classes)
            and (not row.taxes or tax in row.taxes)
        ]
        rows.sort(key=lambda row: (not row.trader_classes, not row.taxes))
        return rows[0] if rows else None

    def order(self, day: date) -> SettlementOrder:
        """In which order the law of a day settles debts; no step where it is not given."""
        rows = sorted(as_of(self.settlement, day), key=lambda row: row.step)
        steps: dict[int, tuple[str, ...]] = {}
        for row in rows:
            steps[row.step] = (*steps.get(row.step, ()), row.rank)
        return SettlementOrder(tuple(steps.values()), tuple(rows))

    def interest(
        self,
        principal_minor: int,
        bears_from: date,
        until: date,
        payments: tuple[tuple[date, int], ...] = (),
        bearer: Bearer = Bearer.TAX,
    ) -> Interest:
        """The late interest on a debt that is paid on `until`, or not paid by then. bears_from: the first day that
        bears it. How the day of payment counts and how it is rounded is the law of the last day."""
        rules = [rule for rule in self.interest_rules if rule.bearer is bearer]
        last = next((rule for rule in rules if rule.period.holds(until)), None)
        return interest(
            principal_minor,
            bears_from,
            until,
            [rule.rate for rule in rules],
            payments=payments,
            payment_day_counts=last.payment_day_counts if last else False,
            rounding=last.rounding if last else Rounding.HALF_UP,
        )

    def plan(
        self,
        debt_minor: int,
        count: int,
        first_payment: date,
        bears_from: date,
        *,
        guaranteed: bool,
        on: date,
    ) -> Plan:
        """A debt in monthly instalments by the law of the day `on` on which it is granted.

        RELIEF_NOT_GIVEN where that law has none, INSTALMENTS_TOO_MANY beyond its months, RELIEF_NEEDS_GUARANTEE.
        """
        relief = self.relief(ReliefKind.INSTALMENTS, "", on)
        if relief is None:
            return Plan(findings=(_no_relief(ReliefKind.INSTALMENTS, "", on),))
        found = []
        if months_after(first_payment, count - 1) > months_after(on, relief.months):
            says = {"asked": str(count), "months": str(relief.months)}
            found.append(Finding("INSTALMENTS_TOO_MANY", "count", says, relief.law))
        if relief.needs_guarantee and not guaranteed:
            found.append(Finding("RELIEF_NEEDS_GUARANTEE", "guaranteed", {}, relief.law))
        if found:
            return Plan(relief=relief, findings=tuple(found))
        rules = [rule for rule in self.interest_rules if rule.bearer is Bearer.TAX and relief.bears_interest]
        last = next((rule for rule in rules if rule.period.holds(on)), None)
        parts = instalments(
            debt_minor,
            count,
            first_payment,
            bears_from if relief.bears_interest else months_after(first_payment, count),
            [rule.rate for rule in rules],
            payment_day_counts=last.payment_day_counts if last else False,
            rounding=last.rounding if last else Rounding.HALF_UP,
        )
        return Plan(parts, relief, tuple(f for part in parts for f in part.interest.findings))

    def relief(self, kind: ReliefKind, cause: str, on: date) -> PaymentRelief | None:
        """How a debt may be paid later, for a cause, by the law of a day."""
        return next((row for row in as_of(self.reliefs, on) if row.kind is kind and row.cause == cause), None)

    def extended(self, due_day: date, cause: str, on: date) -> date | Finding:
        """The last day to which payment may be put off for a cause. RELIEF_NOT_GIVEN."""
        relief = self.relief(ReliefKind.EXTENSION, cause, on)
        if relief is None:
            return _no_relief(ReliefKind.EXTENSION, cause, on)
        return months_after(due_day, relief.months)

    def behaviours(self, day: date) -> dict[str, Mapping[str, str]]:
        """The breaches that the law of a day knows → their names, in the order of the table."""
        return {row.behaviour: row.names for row in as_of(self.penalties, day)}

    def penalty(self, behaviour: str, breach: Breach, day: date) -> Penalty:
        """What a breach costs by the law of the day on which it was done.

        PENALTY_UNKNOWN: no act of that day has a row. PENALTY_NOT_GIVEN: it has one, and its amount was not read.
        PENALTY_FACT_MISSING: the fine depends on what was not said. PENALTY_BAND_OPEN: several bands, and the facts or
        the table do not say which.
        """
        says = {"behaviour": behaviour, "on": day.isoformat()}
        rows = [
            row
            for row in as_of(self.penalties, day)
            if row.behaviour == behaviour and row.offender in (None, breach.offender)
        ]
        if not rows:
            return Penalty(behaviour, findings=(Finding("PENALTY_UNKNOWN", "behaviour", says),))
        findings = [
            Finding("PENALTY_NOT_GIVEN", "behaviour", {**says, "act": row.law.act}, row.law)
            for row in rows
            if not row.given
        ]
        rows = [row for row in rows if row.given and _fits(row, breach.days_late)]
        shared = next((row for row in rows if row.least_share_ppm is not None), None)
        if shared is not None and breach.under_declared_minor is None:
            fact = {"behaviour": behaviour, "fact": "under_declared_minor"}
            findings.append(Finding("PENALTY_FACT_MISSING", "under_declared_minor", fact, shared.law))
            rows = [row for row in rows if row.least_share_ppm is None]
        if len({row.band for row in rows}) > 1:
            bands = {"behaviour": behaviour, "count": str(len(rows))}
            findings.append(Finding("PENALTY_BAND_OPEN", "days_late", bands, rows[0].law))
        return Penalty(behaviour, tuple(_range(row, breach) for row in rows), tuple(findings))


def _fits(row: PenaltyRow, days_late: int | None) -> bool:
    if row.days_late is None or days_late is None:
        return True
    least, most = row.days_late
    return least <= days_late and (most is None or days_late <= most)


def _range(row: PenaltyRow, breach: Breach) -> PenaltyRange:
    if row.least_share_ppm is None or breach.under_declared_minor is None:
        least, most = row.least_minor or 0, row.most_minor or 0
        return PenaltyRange(least, most, row)
    floor = (row.floor_minor or 0) * breach.declarations
    amount = breach.under_declared_minor
    least = max(floor, share_ppm(amount, row.least_share_ppm))
    return PenaltyRange(least, max(floor, share_ppm(amount, row.most_share_ppm or row.least_share_ppm)), row)


def _no_relief(kind: ReliefKind, cause: str, on: date) -> Finding:
    return Finding("RELIEF_NOT_GIVEN", "cause", {"kind": kind, "cause": cause, "on": on.isoformat()})


# reading


def read_dues(source: Folder, decimals: int) -> Dues:
    """The five tables of a folder; what cannot be read is a finding of the folder. decimals: of the currency."""
    return Dues(
        tuple(source.rows("due_days", "case trader_classes taxes by number rolls from_release", _due_rule)),
        tuple(source.rows("late_interest", "bearer percent_a_day payment_day_counts rounding", _interest)),
        tuple(source.rows("settlement_order", "step rank", _settlement)),
        tuple(source.rows("payment_reliefs", "kind cause months bears_interest needs_guarantee", _relief)),
        tuple(
            source.rows(
                "penalties",
                "behaviour band offender least most least_percent most_percent floor days_from days_to",
                lambda row: _penalty(row, decimals),
            )
        ),
    )


def _due_rule(row: Row) -> DueRule:
    by = row.read("by", DueBy)
    return DueRule(
        row.read("case", DueCase),
        frozenset(row.words("trader_classes")),
        frozenset(row.words("taxes")),
        by,
        row.whole("number"),
        row.yes("rolls"),
        row.yes("from_release"),
        row.period,
        row.law,
        row.yes("verified"),
        row.names,
    )


def _interest(row: Row) -> InterestRule:
    # 0.03 % is 300 parts in a million: four decimals of a percentage are parts per million.
    ppm = row.read("percent_a_day", lambda text: scaled(text, 4))
    rate = DailyRate(row.period, ppm, row.law, row.yes("verified"))
    counts = row.yes("payment_day_counts")
    return InterestRule(row.read("bearer", Bearer), rate, counts, row.read("rounding", Rounding))


_STANDINGS: Final = ("ENFORCED", "OVERDUE", "CURRENT")
RANKS: Final = frozenset(f"{standing}_{sum}" for standing in _STANDINGS for sum in Sum)
"""Every class of debt that an order must place."""


def _settlement(row: Row) -> SettlementRow:
    rank = row.one_of("rank", {name: name for name in RANKS})
    return SettlementRow(row.whole("step"), rank, row.period, row.law, row.yes("verified"))


def _relief(row: Row) -> PaymentRelief:
    return PaymentRelief(
        row.read("kind", ReliefKind),
        row.text("cause"),
        row.whole("months"),
        row.yes("bears_interest"),
        row.yes("needs_guarantee"),
        row.period,
        row.law,
        row.yes("verified"),
        row.names,
    )


def _penalty(row: Row, decimals: int) -> PenaltyRow:
    def amount(column: str) -> int | None:
        return row.read(column, lambda text: minor_of(text, decimals)) if row.text(column) else None

    def share(column: str) -> int | None:
        return row.read(column, lambda text: scaled(text, 4)) if row.text(column) else None

    days = (row.whole("days_from"), row.whole("days_to") if row.text("days_to") else None)
    made = PenaltyRow(
        row.asked("behaviour"),
        row.whole("band"),
        row.one_of("offender", {"": None, **{one.value: one for one in Offender}}),
        amount("least"),
        amount("most"),
        share("least_percent"),
        share("most_percent"),
        amount("floor"),
        days if row.text("days_from") else None,
        row.period,
        row.law,
        row.yes("verified"),
        row.names,
    )
    if (made.least_minor is None) != (made.most_minor is None) or (made.least_minor or 0) > (
        made.most_minor or 0
    ):
        raise ValueError(f"a range from {made.least_minor} to {made.most_minor}")
    if (
        made.least_share_ppm is not None
        and not made.least_share_ppm <= (made.most_share_ppm or 0) <= 100 * PPM
    ):
        raise ValueError(f"a share from {made.least_share_ppm} to {made.most_share_ppm}")
    return made


def rank_of(kind: Sum, due: DueDay, day: date) -> str:
    """The class of a debt on a day, as settlement_order.csv names it: not due yet, overdue, or to be enforced."""
    if due.day is None or day <= due.day:
        return f"CURRENT_{kind}"
    enforced = due.enforced_from is not None and day >= due.enforced_from
    return f"ENFORCED_{kind}" if enforced else f"OVERDUE_{kind}"


__all__ = [
    "ENFORCEMENT", "RANKS", "Bearer", "Breach", "DueBy", "DueCase", "DueDay", "DueRule", "Dues", "Interest",
    "InterestRule", "Offender", "PaymentRelief", "Penalty", "PenaltyRange", "PenaltyRow", "Plan", "ReliefKind",
    "SettlementOrder", "SettlementRow", "Sum", "rank_of", "read_dues",
]  # fmt: skip
