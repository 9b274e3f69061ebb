"""Kept, new, returned and lost enterprises, by a rule that is stated.

An enterprise is active in a period if it registered at least one declaration in it that was not cancelled. Of those
active now: *kept* were active in the same period of the year before; *new* were not, and had not been seen by the
rule's horizon; *returned* are the others. *Lost* were active then and are not now. So kept + new + returned = active
now, and kept + lost = active before, always.

"Seen" is a declaration of the lake on any day before the period (in the same scope: an office counts its own), or
the first day that the register of traders knows for it, of whatever office. A net growth is not a number of new ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from ..dated import Period
from .indicator import Activity
from .periods import month_end


@dataclass(frozen=True, slots=True)
class EnterpriseRule:
    """new_after_months: who was not seen for so many months before the period's first day counts as new again; None:
    only who was never seen is new."""

    new_after_months: int | None = None

    def seen_from(self, days: Period) -> date:
        """The first day whose declarations say that an enterprise had been here."""
        if self.new_after_months is None:
            return date.min
        months = days.first_day.year * 12 + days.first_day.month - 1 - self.new_after_months
        year, month = divmod(months, 12)
        return date(year, month + 1, min(days.first_day.day, month_end(year, month + 1).day))


@dataclass(frozen=True, slots=True)
class Activities:
    """How many enterprises were so. See the module for what each means."""

    active: int
    active_before: int
    new: int
    kept: int
    returned: int
    lost: int

    def of(self, activity: Activity) -> int:
        return {
            Activity.ACTIVE: self.active,
            Activity.ACTIVE_BEFORE: self.active_before,
            Activity.NEW: self.new,
            Activity.KEPT: self.kept,
            Activity.RETURNED: self.returned,
            Activity.LOST: self.lost,
        }[activity]


def of_counts(counts: Mapping[tuple[bool, bool, bool], int]) -> Activities:
    """From how many enterprises are (active now, active before, seen): the form in which engines answer."""
    total = dict.fromkeys(Activity, 0)
    for (now, before, seen), count in counts.items():
        for activity in kinds_of(now, before, seen):
            total[activity] += count
    return Activities(
        active=total[Activity.ACTIVE],
        active_before=total[Activity.ACTIVE_BEFORE],
        new=total[Activity.NEW],
        kept=total[Activity.KEPT],
        returned=total[Activity.RETURNED],
        lost=total[Activity.LOST],
    )


def kinds_of(now: bool, before: bool, seen: bool) -> tuple[Activity, ...]:
    """Every heading that one enterprise counts under."""
    found: list[Activity] = []
    if now:
        found.append(Activity.ACTIVE)
        found.append(Activity.KEPT if before else Activity.RETURNED if seen else Activity.NEW)
    if before:
        found.append(Activity.ACTIVE_BEFORE)
        if not now:
            found.append(Activity.LOST)
    return tuple(found)


def classify(
    activity: Iterable[tuple[str, date]],
    first_days: Mapping[str, date | None],
    now: Period,
    before: Period,
    rule: EnterpriseRule,
) -> dict[str, tuple[Activity, ...]]:
    """Every enterprise that was active now or before, and what it counts as: the rule itself, and the oracle.

    activity: (enterprise, day) of each declaration that counts. first_days: of the register.
    """
    active_now: set[str] = set()
    active_before: set[str] = set()
    seen: set[str] = set()
    horizon = rule.seen_from(now)
    for enterprise, day in activity:
        if now.holds(day):
            active_now.add(enterprise)
        if before.holds(day):
            active_before.add(enterprise)
        if horizon <= day < now.first_day:
            seen.add(enterprise)
    for enterprise, first_day in first_days.items():
        if first_day is not None and horizon <= first_day < now.first_day:
            seen.add(enterprise)
    return {
        enterprise: kinds_of(enterprise in active_now, enterprise in active_before, enterprise in seen)
        for enterprise in sorted(active_now | active_before)
    }
