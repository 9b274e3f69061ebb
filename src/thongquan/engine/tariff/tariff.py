"""Editions of tariff law, the view of one day, and the general rule by which a rate is chosen.

A tariff is the sum of its editions (the duty decree, a trade-defence decision, a value-added-tax law), each with its
own days. `Tariff.as_of(day)` gives the view that everything later asks; there is no other "now".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Final, NamedTuple

from ..dated import Period, overlaps
from ..findings import Finding, LegalRef, Severity, in_order
from ..money import PPM
from .measures import Duty, Given, Measure, MeasureKind, Schedule, Term
from .nomenclature import Commodity, Nomenclature
from .rate_text import duty_text

GENERAL: Final = "general"
"""How findings and the house's own table call the rate without a preference."""

_EMPTY: Final = Nomenclature(())
_MOST_VIEWS: Final = 64
_MOST_KEPT: Final = 50_000
"""How many days a tariff, and codes a view, remember before they start afresh: a bound on memory, not on answers."""


@dataclass(frozen=True)
class Edition:
    """The rows that came together under one act, for the days of `period`.

    A row speaks for a day only if the edition does too. The order of rows means nothing.
    """

    act: str
    period: Period
    measures: tuple[Measure, ...]
    nomenclature: Nomenclature = field(default=_EMPTY)

    @property
    def name(self) -> str:
        """The act and the first day: what an assessment names, together with the hash."""
        return f"{self.act} ({self.period.first_day.isoformat()})"

    @cached_property
    def hash(self) -> str:
        """SHA-256 over act, days and every row in canonical form; the same whatever the order of rows.

        Takes in all that the rows say of law, not how a rate was printed ("5", "5 %").
        """
        digest = hashlib.sha256("\x1f".join((self.act, *_days(self.period))).encode())
        for rows in (_measure_rows(self.measures), map(_commodity_row, self.nomenclature)):
            digest.update(b"\x1d")
            digest.update("\x1e".join(sorted(rows)).encode())
        return digest.hexdigest()

    @cached_property
    def by_code(self) -> dict[str, list[Measure]]:
        """The measures that are written for each code, in the order of the edition."""
        rows: dict[str, list[Measure]] = {}
        for measure in self.measures:
            rows.setdefault(measure.commodity, []).append(measure)
        return rows

    def rows_of(self, code: str) -> list[Measure]:
        """The measures that are written for a code, in an order that does not depend on the edition's."""
        rows = self._sorted.get(code)
        if rows is None:
            rows = sorted(self.by_code.get(code, ()), key=sort_key)
            if rows:
                self._sorted[code] = rows
        return rows

    @cached_property
    def _sorted(self) -> dict[str, list[Measure]]:
        """What `rows_of` has sorted so far, for codes that have rows."""
        return {}

    def problems(self) -> tuple[Finding, ...]:
        """What makes the edition's own data doubtful: rows that contradict each other on a day
        (RATES_OVERLAP), rows outside its days (MEASURE_OUTSIDE_EDITION), rows for codes that its nomenclature does
        not know (COMMODITY_UNKNOWN), codes described twice for a day (COMMODITY_OVERLAP)."""
        law = LegalRef(self.act)
        found: list[Finding] = []
        for one, other in overlaps(self.measures, key=_identity):
            if (one.given, one.duty, one.derived) != (other.given, other.duty, other.derived):
                says = {"code": one.commodity, "tax": one.tax, "preference": one.preference or GENERAL}
                found.append(Finding("RATES_OVERLAP", says={**says, "on": _shared_day(one, other)}, law=law))
        for measure in self.measures:
            if not measure.period.within(self.period):
                says = {"code": measure.commodity, "first_day": measure.period.first_day.isoformat()}
                found.append(Finding("MEASURE_OUTSIDE_EDITION", says=says, law=measure.law))
        if len(self.nomenclature):
            known = set(self.nomenclature.codes)
            for code in self.by_code:
                if code and code not in known and not self.nomenclature.below(code):
                    found.append(Finding("COMMODITY_UNKNOWN", says={"code": code}, law=law))
        for row, _ in self.nomenclature.overlapping():
            found.append(Finding("COMMODITY_OVERLAP", says={"code": row.code}, law=law))
        return in_order(found)


class Slot(NamedTuple):
    """What a rate is for, besides the code: of the rows of one slot a line takes one, rows of different slots may be
    due side by side. act: only of trade defence, where each act levies its own duty."""

    tax: str
    schedule: Schedule
    preference: str = ""
    kind: MeasureKind = MeasureKind.DUTY
    act: str = ""


def slot_of(measure: Measure) -> Slot:
    act = measure.law.act if measure.kind is MeasureKind.TRADE_DEFENCE else ""
    return Slot(measure.tax, measure.schedule, measure.preference, measure.kind, act)


@dataclass(frozen=True, slots=True)
class Choice:
    """The rate that the general rule finds for one line and one tax.

    measure: the row to levy, with a duty in it; None when `findings` say why none can be levied. possible: every row
    with a rate that goods of this origin could claim, with whatever papers. defence: trade-defence rows due beside it.
    findings: ERROR where something is missing, NOTE where the claim was met by another row.
    """

    measure: Measure | None
    possible: tuple[Measure, ...]
    defence: tuple[Measure, ...]
    findings: tuple[Finding, ...]


class Tariff:
    """All editions. Two editions may share days: each speaks of its own taxes."""

    def __init__(self, editions: Iterable[Edition]) -> None:
        self.editions: tuple[Edition, ...] = tuple(
            sorted(editions, key=lambda e: (e.period.first_day, e.act, e.hash))
        )
        self._views: dict[date, TariffView] = {}

    @cached_property
    def hash(self) -> str:
        """SHA-256 over the hashes of the editions."""
        return hashlib.sha256(
            " ".join(sorted(edition.hash for edition in self.editions)).encode()
        ).hexdigest()

    def as_of(self, day: date) -> TariffView:
        """The law of one day. Views of the same day are one object: they remember what they were asked."""
        view = self._views.get(day)
        if view is None:
            view = TariffView(day, tuple(edition for edition in self.editions if edition.period.holds(day)))
            if len(self._views) >= _MOST_VIEWS:
                self._views.clear()
            self._views[day] = view
        return view


class TariffView:
    """The tariff as it stands on one day. Every answer about a rate starts here."""

    def __init__(self, day: date, editions: tuple[Edition, ...]) -> None:
        self.day = day
        self.editions = editions
        # Every question begins with the code, and few editions have a nomenclature beside their rates.
        self._nomenclatures = [edition.nomenclature for edition in editions if len(edition.nomenclature)]
        self._every: dict[str, tuple[Measure, ...]] = {}

    def knows(self, code: str) -> bool:
        """Whether a nomenclature of the day has the code."""
        return self.commodity(code) is not None

    def commodity(self, code: str) -> Commodity | None:
        """The code's row on the day, from the first edition that has one."""
        rows = (nomenclature.get(code, self.day) for nomenclature in self._nomenclatures)
        return next((row for row in rows if row is not None), None)

    def is_declarable(self, code: str) -> bool:
        """Whether the code is known and nothing finer lies below it on the day."""
        return any(edition.nomenclature.is_declarable(code, self.day) for edition in self.editions)

    def ancestors(self, code: str) -> tuple[Commodity, ...]:
        """The codes above, nearest first, each from the first edition that has it."""
        above = (self.commodity(code[:length]) for length in range(len(code) - 1, 0, -1))
        return tuple(commodity for commodity in above if commodity is not None)

    def measures(
        self, code: str, tax: str | None = None, schedule: Schedule | None = None
    ) -> tuple[Measure, ...]:
        """The rows in force for a code, its own and those it inherits, nearest first; None: of every tax, schedule.

        A code takes, for each tax, schedule and preference, the rates of the nearest code above that has any (the
        empty code stands for the whole nomenclature). Quotas, suspensions and trade-defence rows inherit each on
        their own: a duty written for the code does not lift an anti-dumping duty written for its heading.
        """
        rows = self._every.get(code)
        if rows is None:
            rows = self._inherited(code)
            if len(self._every) >= _MOST_KEPT:
                self._every.clear()
            self._every[code] = rows
        if tax is None and schedule is None:
            return rows
        return tuple(
            row
            for row in rows
            if (tax is None or row.tax == tax) and (schedule is None or row.schedule is schedule)
        )

    def _inherited(self, code: str) -> tuple[Measure, ...]:
        found: list[Measure] = []
        nearer: set[tuple[object, ...]] = set()
        for length in range(len(code), -1, -1):
            here: set[tuple[object, ...]] = set()
            for edition in self.editions:
                for row in edition.rows_of(code[:length]):
                    if row.period.holds(self.day) and (key := _inherited_by(row)) not in nearer:
                        here.add(key)
                        found.append(row)
            nearer |= here
        return tuple(found)

    def given(self, code: str, schedule: Schedule, tax: str, preference: str = "") -> Given:
        """What the tariff says under one preference: a rate, a share, no preference, or nothing."""
        said = {
            row.given
            for row in self.measures(code, tax, schedule)
            if row.preference == preference and row.kind is not MeasureKind.TRADE_DEFENCE
        }
        order = (Given.RATE, Given.DERIVED, Given.NOT_SUBJECT, Given.NO_PREFERENCE)
        return next((given for given in order if given in said), Given.NOT_GIVEN)

    def candidates(
        self,
        code: str,
        schedule: Schedule,
        tax: str,
        origin: str = "",
        preference: str = "",
        quota_order_id: str = "",
        additional_codes: tuple[str, ...] = (),
    ) -> tuple[Measure, ...]:
        """The rows whose conditions the line meets as declared, the one that the general rule prefers first.

        Conditions: the origin; the preference claimed, or none; the quota claimed, or none; an additional code that
        the line carries, or none. Trade-defence rows are not among them.
        """
        rows = [
            row
            for row in self.measures(code, tax, schedule)
            if row.kind is not MeasureKind.TRADE_DEFENCE
            and row.preference in ("", preference)
            and row.quota_order_id in ("", quota_order_id)
            and (not row.additional_code or row.additional_code in additional_codes)
            and row.is_for(origin)
        ]
        return tuple(
            sorted(
                rows,
                key=lambda row: (
                    row.preference != preference,
                    bool(quota_order_id) and row.quota_order_id != quota_order_id,
                    row.kind is not MeasureKind.SUSPENSION,
                    *(not special for special in specificity(row)),
                ),
            )
        )

    def choose(
        self,
        code: str,
        schedule: Schedule,
        tax: str,
        origin: str = "",
        preference: str = "",
        quota_order_id: str = "",
        additional_codes: tuple[str, ...] = (),
        at: str = "",
    ) -> Choice:
        """The general rule: the rate that the line claims, if its conditions hold; else what is missing.

        A preference that the tariff denies for the code (`*`) falls back on the general rate, with a note. A rate
        that is not given is the finding RATE_NOT_GIVEN and never zero. A suspension goes before the duty of the same
        preference; a quota counts only when it is claimed. `at` is the line, for the findings.

        Findings: COMMODITY_NOT_IN_FORCE, RATE_NOT_GIVEN, ORIGIN_NOT_ELIGIBLE, ADDITIONAL_CODE_MISSING,
        QUOTA_NOT_FOR_COMMODITY, QUOTA_NOT_CLAIMED, RATES_DISAGREE, RATE_BASE_MISSING, RATE_SHARE_NOT_EXACT;
        notes: NO_PREFERENCE_RATE.
        """
        facts = {"code": code, "on": self.day.isoformat()}
        place = f"{at}.commodity_code" if at else ""
        if not self.knows(code):
            return Choice(None, (), (), (Finding("COMMODITY_NOT_IN_FORCE", place, facts),))
        every = self.measures(code, None, schedule)
        rows = [row for row in every if row.tax == tax and row.kind is not MeasureKind.TRADE_DEFENCE]
        picker = _Picker(rows, code, self.day, origin, quota_order_id, additional_codes, place)
        measure = picker.pick(preference)
        defence, missing = _defence(every, origin, additional_codes, facts, place)
        possible = [
            row for row in map(picker.resolved, rows) if isinstance(row, Measure) and row.is_for(origin)
        ]
        return Choice(
            measure,
            tuple(sorted(possible, key=lambda row: row.preference)),
            defence,
            in_order((*picker.findings, *missing)),
        )


class _Picker:
    """One run of the general rule over the rows of one code, tax and schedule."""

    def __init__(
        self,
        rows: list[Measure],
        code: str,
        day: date,
        origin: str,
        quota_order_id: str,
        additional_codes: tuple[str, ...],
        place: str,
    ) -> None:
        self.rows = rows
        self.code = code
        self.day = day
        self.origin = origin
        self.quota_order_id = quota_order_id
        self.additional_codes = additional_codes
        self.place = place
        self.findings: list[Finding] = []

    def pick(self, preference: str) -> Measure | None:
        """The row for a preference, with its duty; None with a finding."""
        found = self._row(preference)
        if isinstance(found, Measure) and found.given is Given.NO_PREFERENCE and preference:
            self.findings.append(
                replace(self._missing("NO_PREFERENCE_RATE", preference=preference), severity=Severity.NOTE)
            )
            found = self._row("")
        if isinstance(found, Measure):
            found = self.resolved(found) or self._missing("RATE_NOT_GIVEN", preference=preference or GENERAL)
        if isinstance(found, Finding):
            self.findings.append(found)
            return None
        return found

    def resolved(self, row: Measure) -> Measure | Finding | None:
        """A row with its duty, computed where the law gives a share of another rate; None where it gives no rate.

        A share of a rate that nobody verified is not verified either.
        """
        if row.duty is not None:
            return row
        if row.derived is None:
            return None
        base = self._row(row.derived.preference)
        if not isinstance(base, Measure) or base.duty is None:
            return self._missing(
                "RATE_BASE_MISSING",
                preference=row.preference or GENERAL,
                of=row.derived.preference or GENERAL,
            )
        duty = share_of(base.duty, row.derived.ppm)
        if duty is None:
            return self._missing("RATE_SHARE_NOT_EXACT", rate=duty_text(base.duty))
        verified = row.verified and base.verified
        return replace(row, given=Given.RATE, duty=duty, derived=None, verified=verified)

    def _row(self, preference: str) -> Measure | Finding:
        """The row whose conditions hold, narrowed one condition after another, so that a finding names the first
        that does not."""
        rows = [row for row in self.rows if row.preference == preference]
        if not rows:
            return self._missing("RATE_NOT_GIVEN", preference=preference or GENERAL)
        rows = [row for row in rows if row.is_for(self.origin)]
        if not rows:
            return self._missing("ORIGIN_NOT_ELIGIBLE", preference=preference or GENERAL, origin=self.origin)
        asked = sorted({row.additional_code for row in rows if row.additional_code})
        rows = [
            row for row in rows if not row.additional_code or row.additional_code in self.additional_codes
        ]
        if not rows:
            return self._missing("ADDITIONAL_CODE_MISSING", codes=", ".join(asked))
        quotas = sorted({row.quota_order_id for row in rows if row.quota_order_id})
        rows = [row for row in rows if row.quota_order_id == self.quota_order_id]
        if not rows and self.quota_order_id:
            return self._missing(
                "QUOTA_NOT_FOR_COMMODITY", quota=self.quota_order_id, quotas=", ".join(quotas)
            )
        if not rows:
            return self._missing("QUOTA_NOT_CLAIMED", quotas=", ".join(quotas))
        rows = [row for row in rows if row.kind is MeasureKind.SUSPENSION] or rows
        best = max(map(specificity, rows))
        rows = [row for row in rows if specificity(row) == best]
        if len(rows) > 1 and len({(row.given, row.duty, row.derived) for row in rows}) > 1:
            rates = ", ".join(duty_text(row.duty) if row.duty else row.given.value for row in rows)
            return self._missing("RATES_DISAGREE", rates=rates)
        return rows[0]

    def _missing(self, code: str, **says: str) -> Finding:
        return Finding(code, self.place, {"code": self.code, "on": self.day.isoformat(), **says})


def _defence(
    rows: Iterable[Measure],
    origin: str,
    additional_codes: tuple[str, ...],
    facts: dict[str, str],
    place: str,
) -> tuple[tuple[Measure, ...], list[Finding]]:
    """The trade-defence rows due: of each act one, the maker's own before the rate for all other makers.

    An act that has only makers' rates, none of which the line's codes name, is a finding: the maker is not known.
    """
    acts: dict[Slot, list[Measure]] = {}
    for row in rows:
        if row.kind is MeasureKind.TRADE_DEFENCE and row.is_for(origin):
            acts.setdefault(slot_of(row), []).append(row)
    due: list[Measure] = []
    findings: list[Finding] = []
    for of_act in acts.values():
        named = [row for row in of_act if row.additional_code in additional_codes and row.additional_code]
        fitting = named or [row for row in of_act if not row.additional_code]
        if not fitting:
            asked = ", ".join(sorted({row.additional_code for row in of_act}))
            findings.append(
                Finding("ADDITIONAL_CODE_MISSING", place, {**facts, "codes": asked}, of_act[0].law)
            )
            continue
        best = max(map(specificity, fitting))
        fitting = [row for row in fitting if specificity(row) == best]
        if len({(row.given, row.duty) for row in fitting}) > 1:
            rates = ", ".join(duty_text(row.duty) if row.duty else row.given.value for row in fitting)
            findings.append(Finding("RATES_DISAGREE", place, {**facts, "rates": rates}, of_act[0].law))
        elif fitting[0].duty is None:
            findings.append(Finding("RATE_NOT_GIVEN", place, {**facts, "preference": GENERAL}, of_act[0].law))
        else:
            due.append(fitting[0])
    return tuple(sorted(due, key=sort_key)), findings


def share_of(duty: Duty, ppm: int) -> Duty | None:
    """`ppm` of a duty, term by term; None when a term would not be a whole number (nothing is rounded here)."""
    parts: list[tuple[Term, ...]] = []
    for terms in (duty.base, duty.at_least, duty.at_most):
        scaled: list[Term] = []
        for term in terms:
            rate, rest = divmod(term.rate_ppm * ppm, PPM)
            money, left = divmod(term.specific_millionths * ppm, PPM)
            if rest or left:
                return None
            scaled.append(replace(term, rate_ppm=rate, specific_millionths=money))
        parts.append(tuple(scaled))
    return Duty(*parts)


def specificity(row: Measure) -> tuple[bool, bool]:
    """What makes one row more special than another of the same slot: a code of its own, then origins of its own."""
    return bool(row.additional_code), bool(row.origins)


def sort_key(row: Measure) -> tuple[str, ...]:
    """An order of rows that does not depend on where they stood: two runs answer alike."""
    return (
        row.tax,
        row.schedule.value,
        row.preference,
        row.kind.value,
        row.law.act,
        row.law.at,
        row.quota_order_id,
        row.additional_code,
        " ".join(row.origins),
        " ".join(row.excluded_origins),
        row.period.first_day.isoformat(),
        row.given.value,
        duty_text(row.duty) if row.duty else "",
    )


def _inherited_by(row: Measure) -> tuple[object, ...]:
    """Rows nearer to the code hide rows farther away that have the same key."""
    if row.kind is MeasureKind.DUTY:
        return row.tax, row.schedule, row.preference, row.additional_code
    return (
        row.tax, row.schedule, row.preference, row.kind, row.law.act, row.quota_order_id, row.additional_code,
    )  # fmt: skip


def _identity(row: Measure) -> tuple[object, ...]:
    """Everything that tells two rates of one code apart but their days and figures."""
    return (
        row.commodity, slot_of(row), row.origins, row.excluded_origins, row.quota_order_id, row.additional_code,
    )  # fmt: skip


def _shared_day(one: Measure, other: Measure) -> str:
    return max(one.period.first_day, other.period.first_day).isoformat()


def _days(period: Period) -> tuple[str, str]:
    return period.first_day.isoformat(), period.last_day.isoformat() if period.last_day else ""


def _measure_rows(rows: Iterable[Measure]) -> Iterator[str]:
    """The canonical text of each row. Rows share few periods and duties, so each is written once."""
    texts: dict[Period | Duty, str] = {}
    for row in rows:
        days = texts.get(row.period)
        if days is None:
            days = texts[row.period] = "\x1f".join(_days(row.period))
        rate = f"{row.derived.ppm}:{row.derived.preference}" if row.derived else ""
        if row.duty is not None:
            rate = texts.get(row.duty) or texts.setdefault(row.duty, duty_text(row.duty))
        yield (
            f"{row.commodity}\x1f{row.tax}\x1f{row.schedule.value}\x1f{row.kind.value}\x1f{row.preference}\x1f"
            f"{days}\x1f{row.law.act}\x1f{row.law.at}\x1f{row.given.value}\x1f{rate}\x1f"
            f"{' '.join(sorted(row.origins))}\x1f{' '.join(sorted(row.excluded_origins))}\x1f"
            f"{row.quota_order_id}\x1f{row.additional_code}\x1f{'' if row.verified else 'unverified'}"
        )


def _commodity_row(row: Commodity) -> str:
    named = (f"{language}={name}" for language, name in sorted(row.names.items()))
    between = (f"{language}={chr(0x1C).join(lines)}" for language, lines in sorted(row.between.items()))
    level = "" if row.level is None else str(row.level)
    return "\x1f".join((row.code, *_days(row.period), level, " ".join(row.units), *named, "", *between))
