"""Interest for late payment by the day: exact, line by line, rounded once.

Rates are parts per million a day and dated law; days are counted as the caller, who knows the law, bounds them. No rate
for a day is a finding, never free of charge.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from ..dated import Period
from ..findings import Finding, LegalRef
from ..money import PPM, Rounding, apportion, divide

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DailyRate:
    """The interest of one day on each day of a period. ppm: of the debt (0.03 % is 300)."""

    period: Period
    ppm: int
    law: LegalRef
    verified: bool = False


@dataclass(frozen=True, slots=True)
class InterestLine:
    """Days on which neither the debt nor the rate changed. Both days count. exact_ppm: the amount before rounding, in
    millionths of a minor unit: debt × days × rate."""

    first_day: date
    last_day: date
    principal_minor: int
    rate: DailyRate

    @property
    def days(self) -> int:
        return (self.last_day - self.first_day).days + 1

    @property
    def exact_ppm(self) -> int:
        return self.principal_minor * self.days * self.rate.ppm


@dataclass(frozen=True, slots=True)
class Interest:
    """What has run up on a debt. amount_minor: the lines in sum, rounded once; None while a rate is not given."""

    lines: tuple[InterestLine, ...] = ()
    amount_minor: int | None = 0
    findings: tuple[Finding, ...] = ()

    @property
    def days(self) -> int:
        return sum(line.days for line in self.lines)

    @property
    def verified(self) -> bool:
        return all(line.rate.verified for line in self.lines)


def interest(
    principal_minor: int,
    first_day: date,
    until: date,
    rates: Sequence[DailyRate],
    *,
    payments: Iterable[tuple[date, int]] = (),
    payment_day_counts: bool = False,
    rounding: Rounding = Rounding.HALF_UP,
) -> Interest:
    """The interest on a debt from `first_day` to the day before `until`.

    principal_minor: before any payment. payments: day and minor units; a payment of before first_day lowers the debt
    from the start, below zero it raises it again (an error taken back). A payment ends the interest on its amount with
    the day before it; with payment_day_counts, with its own day, and `until` counts too. A debt below zero bears none.
    INTEREST_RATE_NOT_GIVEN for days without a rate: then there is no amount.
    """
    delay = ONE_DAY if payment_day_counts else timedelta()
    end = until + delay
    lowered: dict[date, int] = {}
    for day, minor in payments:
        lowered[max(day + delay, first_day)] = lowered.get(max(day + delay, first_day), 0) + minor
    turns = {first_day, end}
    turns |= {day for day in lowered if day < end}
    for rate in rates:
        turns |= {day for day in (rate.period.first_day, rate.period.until) if day and first_day < day < end}
    lines: list[InterestLine] = []
    findings: list[Finding] = []
    left = principal_minor
    for start, stop in pairwise(sorted(turns)) if first_day < end else ():
        left -= lowered.get(start, 0)
        if left <= 0:
            continue
        rate_now = next((rate for rate in rates if rate.period.holds(start)), None)
        last = stop - ONE_DAY
        if rate_now is None:
            says = {"first_day": start.isoformat(), "last_day": last.isoformat()}
            findings.append(Finding("INTEREST_RATE_NOT_GIVEN", says=says))
        else:
            lines.append(InterestLine(start, last, left, rate_now))
    total = divide(sum(line.exact_ppm for line in lines), PPM, rounding)
    return Interest(tuple(lines), None if findings else total, tuple(findings))


@dataclass(frozen=True, slots=True)
class Instalment:
    """One part of a debt paid in parts. number: from 1. interest: on this part, up to the day before its day."""

    number: int
    due_day: date
    principal_minor: int
    interest: Interest

    @property
    def total_minor(self) -> int | None:
        amount = self.interest.amount_minor
        return None if amount is None else self.principal_minor + amount


def instalments(
    debt_minor: int,
    count: int,
    first_payment: date,
    bears_from: date,
    rates: Sequence[DailyRate],
    *,
    payment_day_counts: bool = False,
    rounding: Rounding = Rounding.HALF_UP,
) -> tuple[Instalment, ...]:
    """A plan of `count` monthly parts, in whole minor units that add up to the debt, each with the interest on it.

    first_payment: day of the first part; the others follow on the same day of each month, on its last day where the
    month has no such day. bears_from: the first day that bears interest. ValueError for less than one part or no debt.
    """
    if count < 1 or debt_minor <= 0:
        raise ValueError(f"{count} instalments of {debt_minor}")
    made = []
    for number, part in enumerate(apportion(debt_minor, [1] * count), start=1):
        day = months_after(first_payment, number - 1)
        run = interest(part, bears_from, day, rates, payment_day_counts=payment_day_counts, rounding=rounding)
        made.append(Instalment(number, day, part, run))
    return tuple(made)


def months_after(day: date, months: int) -> date:
    """The same day so many months later; the last of the month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for number in range(day.day, day.day - 4, -1):
        try:
            return date(year, month + 1, number)
        except ValueError:
            continue
    raise AssertionError("every month has a twenty-eighth day")
