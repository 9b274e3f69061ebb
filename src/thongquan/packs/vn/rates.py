"""Which import duty a line may take: the choice between the schedules.

    the claim (mã biểu thuế, declared as the line's duty regime)
      B03            the ordinary rate
      B14            the rate outside the tariff quota
      an agreement   its rate, where the origin is a member, a certificate of that agreement is declared and the goods
                     came directly; where the MFN rate is lower, that one
      none, B01      the MFN rate for goods of a most-favoured origin, else the ordinary rate
      B30            goods that are not subject to import duty: only with a type of declaration that owes none

A claim whose conditions do not hold is a warning with its remedy, and the line pays as if nothing had been claimed: the
declarant may still bring what is missing. Sources: 107/2016/QH13 art. 5(3); 134/2016/NĐ-CP art. 3(2); the decree of
each agreement, art. 4.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from ...engine.codes import CodeList
from ...engine.declaration import Declaration, GoodsItem
from ...engine.findings import Finding, LegalRef, Severity, in_order
from ...engine.tariff.measures import Schedule
from ...engine.tariff.rate_text import duty_text
from ...engine.tariff.tariff import Choice, TariffView

IMPORT_DUTY: Final = "NK"
MFN: Final = "B01"
ORDINARY: Final = "B03"
OUT_OF_QUOTA: Final = "B14"
NOT_DUTIABLE: Final = "B30"
_DAYS: Final = 256
"""How many days of a list are remembered."""

DIRECT: Final = "DIRECT"
"""Document or statement: proof that the goods came directly (through bill of lading, certificate of
non-manipulation)."""

_ORDINARY_LAW: Final = LegalRef("107/2016/QH13", "đ.5 k.3")
_DUTIABLE_LAW: Final = LegalRef("107/2016/QH13", "đ.2 k.4")
_LOWER_LAW: Final = LegalRef("134/2016/NĐ-CP", "đ.3 k.2")


@dataclass(frozen=True, slots=True)
class Agreement:
    """One preferential schedule on one day (codes/preferences with an agreement in it).

    preference: its code among the tariff schedules. form: of the certificate of origin. members: countries whose
    goods may take its rates.
    """

    preference: str
    name: str
    form: str
    members: frozenset[str]
    law: LegalRef


@lru_cache(maxsize=_DAYS)
def agreements(preferences: CodeList, day: date) -> Mapping[str, Agreement]:
    """The agreements in force on a day, by the code of their schedule (codes/preferences)."""
    return MappingProxyType(
        {
            code.value: Agreement(
                code.value,
                code.facts["agreement"],
                code.facts["form"],
                frozenset(code.facts["members"].split()),
                code.law,
            )
            for code in preferences.as_of(day).values()
            if code.facts["agreement"]
        }
    )


@lru_cache(maxsize=_DAYS)
def most_favoured(partners: CodeList, day: date) -> frozenset[str]:
    """The origins that enjoy most-favoured-nation treatment on a day (codes/mfn_partners)."""
    return frozenset(
        origin for code in partners.as_of(day).values() for origin in code.facts["members"].split()
    )


@lru_cache(maxsize=_DAYS)
def proofs(documents: CodeList, day: date) -> Mapping[str, tuple[str, ...]]:
    """Which documents prove the origin for the schedule of an agreement: its code → theirs, in the list's order
    (column `proves` of codes/documents)."""
    found: dict[str, list[str]] = {}
    for document in documents.as_of(day).values():
        for preference in document.facts.get("proves", "").split():
            found.setdefault(preference, []).append(document.value)
    return MappingProxyType({preference: tuple(codes) for preference, codes in found.items()})


def conditions(
    agreement: Agreement,
    declaration: Declaration,
    item: GoodsItem,
    at: str,
    origin: str,
    proving: Collection[str],
) -> tuple[Finding, ...]:
    """What an agreement asks and the declaration does not show. proving: documents that prove an origin for it."""
    law, missing = agreement.law, []
    if origin not in agreement.members:
        says = {"agreement": agreement.name, "origin": origin or "?", "preference": agreement.preference}
        missing.append(Finding("ORIGIN_NOT_IN_AGREEMENT", f"{at}.origins", says, law, Severity.WARNING))
    if not declared(declaration, item).intersection(proving):
        says = {"agreement": agreement.name, "form": agreement.form, "preference": agreement.preference}
        place = f"{at}.additional_documents"
        missing.append(Finding("ORIGIN_PROOF_MISSING", place, says, law, Severity.WARNING))
    dispatch = dispatched_from(declaration, item)
    direct = not dispatch or dispatch in agreement.members or DIRECT in declared(declaration, item)
    if not direct:
        says = {"agreement": agreement.name, "country": dispatch}
        place = f"{at}.export_country_id"
        missing.append(Finding("TRANSPORT_NOT_DIRECT", place, says, law, Severity.WARNING))
    return tuple(missing)


def declared(declaration: Declaration, item: GoodsItem) -> frozenset[str]:
    """Codes of the documents and statements of a line and of the whole declaration."""
    documents = (*declaration.additional_documents, *item.additional_documents)
    said = (*declaration.additional_informations, *item.additional_informations)
    return frozenset((*(one.code for one in documents), *(one.statement_code for one in said)))


def dispatched_from(declaration: Declaration, item: GoodsItem) -> str:
    """The country the goods were sent from, "" where nothing says so: then nothing speaks against direct transport,
    and the check of the documents decides.

    The line's own, the consignment's, else that of the place of loading (UN/LOCODE, its first two letters).
    """
    loading = declaration.consignment.loading_location if declaration.consignment else None
    return item.export_country_id or declaration.export_country_id or (loading.id[:2] if loading else "")


@dataclass(frozen=True, slots=True)
class DutyOfLine:
    """The import duty of one line by the law of a view's day.

    origin: that decides. most_favoured: whether it enjoys MFN treatment. codes: additional codes of the line. at: its
    place, for the findings.
    """

    view: TariffView
    item: GoodsItem
    at: str
    origin: str
    most_favoured: bool
    codes: tuple[str, ...]

    def rate(self, preference: str) -> Choice:
        """The rate of one schedule, whether or not the line may take it; a quota is only in the general one."""
        quota = self.item.quota_order_id if not preference else ""
        return self.view.choose(
            self.item.commodity_code,
            Schedule.IMPORT,
            IMPORT_DUTY,
            self.origin,
            preference,
            quota,
            self.codes,
            self.at,
        )

    def unclaimed(self) -> Choice:
        """The rate without any agreement: MFN, outside the quota where none is claimed, or ordinary."""
        if not self.most_favoured:
            return self.rate(ORDINARY)
        general = self.rate("")
        quota = [finding for finding in general.findings if finding.code == "QUOTA_NOT_CLAIMED"]
        if general.measure is not None or not quota:
            return general
        says = {"quotas": quota[0].says["quotas"]}
        at = f"{self.at}.duty_tax_fees"
        note = Finding("OUT_OF_QUOTA_RATE_APPLIED", at, says, severity=Severity.NOTE)
        return _with(self.outside_quota(), note)

    def outside_quota(self) -> Choice:
        """The rate outside the tariff quota: a row of its own, or what a workbook prints as the general rate of a code
        that has a quota."""
        outside = self.rate(OUT_OF_QUOTA)
        if outside.measure is None and any(row.quota_order_id for row in outside.possible):
            general = self.view.choose(
                self.item.commodity_code,
                Schedule.IMPORT,
                IMPORT_DUTY,
                self.origin,
                additional_codes=self.codes,
                at=self.at,
            )
            return outside if general.measure is None else general
        return outside

    def claimed(self, claim: str, agreement: Agreement | None, missing: Iterable[Finding]) -> Choice:
        """The rate by the schedule that the line claims. agreement: the claim's, None where it is none of the day.
        missing: what `conditions` found."""
        if claim == ORDINARY:
            return self.rate(ORDINARY)
        if claim == OUT_OF_QUOTA:
            return self.outside_quota()
        other = self.unclaimed()
        if claim == "" or (claim == MFN and self.most_favoured):
            return other
        if claim == MFN:
            says = {"origin": self.origin or "?"}
            at = f"{self.at}.origins"
            refused = Finding("ORIGIN_NOT_MOST_FAVOURED", at, says, _ORDINARY_LAW, Severity.WARNING)
            return _with(other, refused)
        if claim == NOT_DUTIABLE:
            at = f"{self.at}.duty_tax_fees"
            return _with(other, Finding("DUTY_NOT_LIFTED", at, law=_DUTIABLE_LAW, severity=Severity.WARNING))
        if agreement is None:
            says = {"preference": claim[:20], "on": self.view.day.isoformat()}
            at = f"{self.at}.duty_tax_fees"
            return _with(other, Finding("PREFERENCE_NOT_IN_FORCE", at, says, severity=Severity.WARNING))
        missing = tuple(missing)
        return _with(other, *missing) if missing else self._preferred(agreement, other)

    def _preferred(self, agreement: Agreement, other: Choice) -> Choice:
        """The rate of an agreement whose conditions hold, or the other one: where the agreement has none for these
        goods or this origin, and where the other one is lower."""
        preferred = self.rate(agreement.preference)
        said = {finding.code for finding in preferred.findings}
        if "NO_PREFERENCE_RATE" in said:
            return _with(other, *(note for note in preferred.findings if note.code == "NO_PREFERENCE_RATE"))
        if "ORIGIN_NOT_ELIGIBLE" in said:
            return _with(other, *(replace(one, severity=Severity.WARNING) for one in preferred.findings))
        if _is_for_other_goods(other, preferred):
            says = {
                "code": self.item.commodity_code,
                "on": self.view.day.isoformat(),
                "preference": agreement.preference,
            }
            unknown = Finding("RATE_NOT_GIVEN", f"{self.at}.commodity_code", says, agreement.law)
            return Choice(None, preferred.possible, preferred.defence, (unknown,))
        if _is_lower(other, preferred):
            says = {"preference": agreement.preference, "rate": _text(preferred), "general": _text(other)}
            at = f"{self.at}.duty_tax_fees"
            return _with(other, Finding("MFN_BELOW_PREFERENCE", at, says, _LOWER_LAW, Severity.NOTE))
        return preferred


def _is_for_other_goods(general: Choice, preferred: Choice) -> bool:
    """Whether the general schedule has a rate for these very goods (used cars) and the agreement only one for the code:
    nobody may guess that it is for them too."""
    one, other = general.measure, preferred.measure
    return bool(one and other and one.additional_code and not other.additional_code)


def _is_lower(one: Choice, other: Choice) -> bool:
    """Whether one rate is lower than another; only shares of the value can be compared without the goods."""
    lower, higher = _share(one), _share(other)
    return lower is not None and higher is not None and lower < higher


def _share(choice: Choice) -> int | None:
    return choice.measure.duty.share_ppm if choice.measure and choice.measure.duty else None


def _text(choice: Choice) -> str:
    return duty_text(choice.measure.duty) if choice.measure and choice.measure.duty else ""


def _with(choice: Choice, *findings: Finding) -> Choice:
    return replace(choice, findings=in_order((*choice.findings, *findings)))
