"""What a country must supply, and the one way in which its parts are put together.

A country is a folder beside this file: `pack.toml` and tables under `data/`, worked cases under `cases/`, and a small
module whose `COUNTRY` is a subclass of `Pack` that overrides only what no table can say. Everything here is pure: day,
declaration and tariff come as arguments. A pack imports the engine and no other pack.

The tables, each explained where it is read: acts, taxes, codes/*, measures and commodities (the tariff), charges,
exchange_rates, channels, forms, laws, deadlines, quotas; the five of dues.py. Only acts, taxes and
codes/declaration_types must be there.
"""

from __future__ import annotations

import enum
import importlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cache, cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Final, Literal, Self
from zoneinfo import ZoneInfo

import msgspec

from ..engine.assessment.exchange import DayRates, ExchangeRate, ExchangeRates
from ..engine.assessment.scalar import LineAssessment
from ..engine.assessment.taxes import Charge, Line, Tax, check_order
from ..engine.assessment.valuation import ChargeRule, ShareBy, Valuation, value_declaration
from ..engine.assessment.whole import Assessment, assess_declaration
from ..engine.checks import RULES, Context, run
from ..engine.checks import Rule as CheckRule
from ..engine.codes import Code, CodeList
from ..engine.dated import Period, as_of, day_of
from ..engine.declaration import Amount, Declaration, DutyTaxFee, GoodsItem
from ..engine.findings import Finding, LegalRef, Severity, in_order
from ..engine.ledger.interest import months_after
from ..engine.money import Carry, Rounding, millionths_of
from ..engine.risk.channels import Channel
from ..engine.risk.draw import consignment_id
from ..engine.risk.rules import RiskFacts, RiskLine, Rule
from ..engine.tariff.measures import Given, Measure, MeasureKind, Schedule
from ..engine.tariff.nomenclature import Commodity, Nomenclature
from ..engine.tariff.quotas import Allotment, Quota
from ..engine.tariff.rate_text import PLAIN_WORDS, RateReader
from ..engine.tariff.tariff import GENERAL, Choice, Edition, Tariff, TariffView
from ..engine.tariff.units import convert
from ..engine.timing.calendar import DayUnknownError, Hours, Unit, WorkingCalendar
from .dues import ENFORCEMENT, DueBy, DueCase, DueDay, Dues, read_dues
from .exemptions import NOTHING_EXEMPT, NOTHING_KNOWN, Exempted, PersonFacts, exempt
from .tables import LANGUAGES, SETTINGS, SOURCE, VERIFIED, Folder, Row

IMPORT: Final = "import"
EXPORT: Final = "export"
RATE_FROM_NOTICE: Final = "RATE_FROM_NOTICE"
"""Note of a charge whose rate was read from an official tax notice: it proves the arithmetic and nothing else."""

NOT_SUBJECT: Final = "NOT_SUBJECT"
"""Note of a charge of nothing: the law says that the goods are not subject to the tax."""

CHARGES: Final = ("charges", "export_charges")
"""Code lists of charges: of imports, and of both directions where a country has only that one; of exports."""

LOW_VALUE: Final = "low_value"
"""Row of codes/limits: the highest value of goods declared with the reduced data set."""


# what the tables hold


class ActKind(enum.Enum):
    """What stands behind a row: a law, a list that a law adopts, or the notice of a sum and no more."""

    LAW = "law"
    LIST = "list"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Act:
    """One source that rows may cite (acts.csv).

    number: as the gazette prints it. issued: when signed. in_force: when it takes effect. applies_from: the first day
    that its rows may speak of, which a late act sets before in_force. last_day: included, None while it stands.
    """

    number: str
    kind: ActKind
    names: Mapping[str, str]
    issued: date
    in_force: date
    applies_from: date
    last_day: date | None = None

    @property
    def life(self) -> Period:
        """The days that a row of this act may cover."""
        return Period(self.applies_from, self.last_day)

    @property
    def reached_back(self) -> Period | None:
        """The days that the act speaks of though it was not in force on them: whoever declared on one of them may have
        paid by the law before. None where it does not reach back."""
        if self.applies_from >= self.in_force:
            return None
        return Period(self.applies_from, self.in_force - timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Levy:
    """One tax of the country (taxes.csv), in levying order.

    flow: "import" or "export". always: whether every line of that flow owes it, so that a missing rate is a finding;
    else it is due where the tariff has a row. preferential: whether preferences and quotas are for it.
    names: language → its official name.
    """

    tax: Tax
    flow: str
    always: bool
    preferential: bool
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a message is, read from its codes by the table codes/declaration_types.

    asks: the lifecycle act it asks for (lodge, prelodge, amend, request_cancel, arrive). flow: "import" or "export",
    "" where the message does not say (a follow-up takes its declaration's). simplified: a reduced data set, which may
    lack values. low_value: the reduced data set of goods below a value limit. prelodged: before the goods are there.
    supplementary: completes a simplified declaration or an entry in records. untaxed: no tax is assessed on it.
    """

    asks: str
    flow: str = ""
    simplified: bool = False
    low_value: bool = False
    prelodged: bool = False
    supplementary: bool = False
    untaxed: bool = False


class Liability(enum.Enum):
    """What a procedure does to the taxes of a line (codes/procedures)."""

    DUE = "due"
    SUSPENDED = "suspended"
    """The taxes are computed, and not due while the procedure lasts."""
    NONE = "none"
    """No tax arises."""


class Terms(enum.Enum):
    """When the money of a tax line is due, by the method of payment that was declared for it."""

    NOW = "now"
    """Before the goods are cleared."""
    DEFERRED = "deferred"
    """On a deferment account: cleared against the account's own security."""
    SECURED = "secured"
    """Covered by a guarantee while the liability is open."""
    POSTPONED = "postponed"
    """Accounted for on the trader's own tax return: nothing is paid to customs."""
    SUSPENDED = "suspended"
    """Not due while the procedure lasts."""


OWED_TO_CUSTOMS: Final = frozenset({Terms.NOW, Terms.DEFERRED, Terms.SECURED})
"""Terms under which customs has a claim to be paid or secured before release."""


@dataclass(frozen=True, slots=True)
class Payment:
    """How one tax of one line is paid: the declared code, "" where none was declared, and its terms."""

    method: str
    terms: Terms


@dataclass(frozen=True, slots=True)
class Form:
    """The numbered form of a legal act. names: language → its title."""

    number: str
    names: Mapping[str, str]
    law: LegalRef


@dataclass(frozen=True, slots=True)
class Deadline:
    """A time that the law gives; `engine.timing.calendar.due` counts it.

    rolls: a last day that is not worked moves to the next one that is. period: the days on which the row is law.
    """

    amount: int
    unit: Unit
    law: LegalRef
    rolls: bool = False
    period: Period = field(default_factory=lambda: Period(date.min))


@dataclass(frozen=True, slots=True)
class Chosen:
    """What one line owes before any sum is done.

    charges: with their duties. quantities: in the units that the duties name. pending: taxes that are due, but whose
    rate is not known. relieved: taxes that the procedure takes off again, with their law.
    """

    charges: tuple[Charge, ...] = ()
    quantities: Mapping[str, int] = field(default_factory=dict)
    pending: tuple[str, ...] = ()
    relieved: Mapping[str, LegalRef] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """One scheme that a line could claim for its preferential taxes.

    preference: its code, "" for the general rate. declaration: the whole declaration as if it were claimed and
    everything shown that the scheme asks. missing: what the real declaration does not show; empty: it may claim it.
    """

    preference: str
    declaration: Declaration
    missing: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Numbering:
    """How customs numbers are written: year (two digits), prefix, office, sequence, check character.

    office_width: characters of the office's code without the prefix. sequence_width: digits. default_office: where a
    declaration names none.
    """

    prefix: str
    office_width: int
    sequence_width: int
    default_office: str


@dataclass(frozen=True, kw_only=True)
class Pack:
    """One country. Fields are its data, methods its decisions; all of them pure.

    version: SHA-256 over its data files; every assessment names it. names: language → name of the country.
    decimals: of `currency`. zone: IANA name of the zone that turns an instant into a legal day. rounding: of amounts
    exchanged for the customs value. forms: kind of form (lifecycle.Form) → the country's. laws: lifecycle act → its
    legal source. transport_documents: types of previous documents that identify a consignment. complete: whether the
    nomenclature has every code; where it has not, a code it lacks is a rate not given, and no error of the declarant.
    partial_lists: code lists that do not have every code either. rate_unit: in what the country's ASYCUDA documents
    give the rates of taxes, "percent" or "fraction"; "" where nobody has said, then a rate is read only when the
    reader of a file says it.
    deadlines: name → its rows, one a day; `deadline` asks for that of a day. office_calendars: office → editions of its
    own hours (office_hours.csv), before those of the country. dues: what the law says of paying late and of
    fines. certainty: table → rows that somebody read in the law's own text, and rows that nobody has (the column
    `verified`).
    external_references: whether a follow-up may name a declaration by another system's number; only a demonstration
    that replays that system's messages turns it on.
    """

    once: ClassVar[frozenset[str]] = frozenset()
    """Taxes that a declaration owes once, whatever it holds; they stand with its first line."""

    folder: Path
    code: str
    version: str
    names: Mapping[str, str]
    currency: str
    decimals: int
    zone: str
    levies: tuple[Levy, ...]
    acts: Mapping[str, Act]
    code_lists: Mapping[str, CodeList]
    exchange: ExchangeRates
    numbering: Numbering
    rounding: Rounding = Rounding.HALF_UP
    channel_rules: tuple[Rule, ...] = ()
    random_share_ppm: int = 0
    forms: Mapping[str, Form] = field(default_factory=dict)
    laws: Mapping[str, LegalRef] = field(default_factory=dict)
    deadlines: Mapping[str, tuple[Deadline, ...]] = field(default_factory=dict)
    quotas: tuple[Quota, ...] = ()
    calendars: tuple[WorkingCalendar, ...] = ()
    office_calendars: Mapping[str, tuple[WorkingCalendar, ...]] = field(default_factory=dict)
    dues: Dues = field(default_factory=Dues)
    certainty: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    transport_documents: tuple[str, ...] = ()
    complete: bool = True
    partial_lists: frozenset[str] = frozenset()
    rate_unit: Literal["percent", "fraction", ""] = ""
    external_references: bool = False

    @property
    def rules(self) -> tuple[CheckRule, ...]:
        """The country's own rules on declarations, beside the general ones."""
        return ()

    @property
    def rules_left_out(self) -> frozenset[str]:
        """Numbers of general rules that are no law here, because the country's declarations have no such field."""
        return frozenset()

    # days and kinds

    @property
    def taxes(self) -> tuple[Tax, ...]:
        """In levying order."""
        return tuple(levy.tax for levy in self.levies)

    @cached_property
    def tariff(self) -> Tariff:
        """Read when it is first asked for. UnusablePack where a row cannot be read."""
        return read_tariff(self.folder, self.acts, self.code_lists)

    def legal_day(self, instant: datetime) -> date:
        """The day of the law at an instant (aware; ValueError for a naive one, which has no day)."""
        if instant.tzinfo is None:
            raise ValueError("an instant without a zone has no legal day")
        return instant.astimezone(ZoneInfo(self.zone)).date()

    def calendar(self, day: date, office: str = "") -> WorkingCalendar | None:
        """The working hours decreed for a day: the office's own, else the country's; None where there are none."""
        editions = (*self.office_calendars.get(office, ()), *self.calendars)
        return next((calendar for calendar in editions if calendar.period.holds(day)), None)

    def deadline(self, name: str, day: date) -> Deadline | None:
        """The legal time of a name by the law of a day, None where that day's law gives none."""
        return next((row for row in self.deadlines.get(name, ()) if row.period.holds(day)), None)

    def fact(self, code_list: str, value: str, fact: str, day: date) -> str:
        """A further column of a code list, "" where the code or the column is not known on that day."""
        listed = self.code_lists.get(code_list)
        code = listed.get(value, day) if listed is not None else None
        return code.facts.get(fact, "") if code is not None else ""

    def kind_of(self, declaration: Declaration, day: date) -> Kind | None:
        """What the message is, None when the table does not know its codes on that day."""
        code = self.code_lists["declaration_types"].get(declaration.type_code, day)
        if code is None or code.facts["function"] != declaration.function_code:
            return None
        flow = code.facts["flow"]
        procedures = [item.procedure_code[:2] for item in declaration.goods_items if item.procedure_code]
        if not flow and code.facts["asks"] in ("lodge", "prelodge") and procedures:
            flow = self.fact("procedures", procedures[0], "flow", day)
        reduced = any(
            self.fact("additional_procedures", added, "reduced", day) == "yes"
            for item in declaration.goods_items
            for added in item.additional_procedure_codes
        )
        return Kind(
            asks=code.facts["asks"],
            flow=flow,
            simplified=reduced or code.facts["simplified"] == "yes",
            low_value=reduced,
            prelodged=code.facts["prelodged"] == "yes",
            supplementary=code.facts["supplementary"] == "yes",
            untaxed=code.facts["untaxed"] == "yes",
        )

    # numbers and references

    def trader_of(self, declaration: Declaration) -> str:
        """Whose reference the functional reference is: with it, the natural key of an original."""
        return declaration.declarant_id

    def office_of(self, declaration: Declaration) -> str:
        """The office that a declaration names, the most particular first, else the pack's default."""
        named = (
            declaration.declaration_office_id,
            declaration.presentation_office_id,
            declaration.supervising_office_id,
            declaration.exit_office_id,
        )
        return next((office for office in named if office), self.numbering.default_office)

    def series(self, office: str, year: int, kind: Kind | None) -> tuple[str, int]:
        """Within what numbers run without a gap: a name and a year. Of an office and its year here; a country that
        counts for the whole nation, or does not begin again each year, says so (year 0: never again)."""
        return office, year

    def kept_number(self, text: str) -> str:
        """The number under which a declaration is kept, of one as papers print it: the same, where a number says
        nothing but which declaration it is."""
        return text

    def printed_number(self, number: str, amendments: int) -> str:
        """The number as papers of the declaration show it after so many amendments."""
        return number

    @property
    def numbers_checked(self) -> bool:
        """Whether a slip of the pen in a number can be seen from the number alone."""
        return True

    def trial_number(self, number: str) -> str:
        """What a sandbox gives in place of a real number: one that no real declaration can have. Where a real number
        says whose it is, these say Z."""
        letters = len(self.numbering.prefix)
        body = f"{number[:2]}{'Z' * letters}{number[2 + letters : -1]}"
        return body + check_character(body)

    def real_number(self, trial: str) -> str:
        """The real number that a sandbox's stands for, "" for a text that is none of a sandbox's."""
        letters = len(self.numbering.prefix)
        if trial[2 : 2 + letters] != "Z" * letters or not set(trial) <= set(_ALPHABET) or not trial:
            return ""
        body = f"{trial[:2]}{self.numbering.prefix}{trial[2 + letters : -1]}"
        return body + check_character(body) if check_character(trial[:-1]) == trial[-1] else ""

    def number(self, office: str, year: int, sequence: int, kind: Kind | None = None) -> str:
        """The customs number of the sequence-th declaration of an office and year, its check character last.

        kind is there for countries whose numbers tell import from export. ValueError when a part does not fit.
        """
        rule = self.numbering
        place = office.removeprefix(rule.prefix).rjust(rule.office_width, "0")
        body = f"{year % 100:02d}{rule.prefix}{place}{sequence:0{rule.sequence_width}d}"
        fits = len(place) == rule.office_width and 0 < sequence < 10**rule.sequence_width
        if not fits or not set(body) <= set(_ALPHABET):
            raise ValueError(f"no customs number for office {office!r}, {year}, {sequence}")
        return body + check_character(body)

    def is_number(self, text: str) -> bool:
        """Whether a text has the form and the check character of this pack's customs numbers."""
        rule = self.numbering
        length = 2 + len(rule.prefix) + rule.office_width + rule.sequence_width + 1
        if len(text) != length or not set(text) <= set(_ALPHABET) or not text[:2].isdigit():
            return False
        return text[2:].startswith(rule.prefix) and check_character(text[:-1]) == text[-1]

    def opened_by(self, declaration: Declaration, day: date) -> tuple[str, ...]:
        """What registration leaves open by the law of a day, beside what an officer opens: "PERMIT:reference" for goods
        that another authority has a word on and whose paper is not there. Sorted, each once."""
        return ()

    def national_count(self, declaration: Declaration) -> int:
        """How many declarations the nation counts this one as: more than one where its own system holds fewer lines."""
        return 1

    def transport_document_of(self, declaration: Declaration) -> str:
        """The reference of the transport document that the goods travel under, "" where none is declared."""
        documents = [*declaration.previous_documents]
        for item in declaration.goods_items:
            documents += item.previous_documents
        found = (d.id for kind in self.transport_documents for d in documents if d.type_code == kind and d.id)
        return next(found, "")

    def consignment_of(self, declaration: Declaration) -> str | Finding:
        """What a draw is bound to: transport document and consignee; without one, a hash of the goods lines."""
        consignee = declaration.consignee.id if declaration.consignee else ""
        goods = msgspec.json.encode(declaration.goods_items)
        return consignment_id(
            self.transport_document_of(declaration),
            consignee or declaration.importer_id or declaration.exporter_id,
            otherwise=sha256(goods).hexdigest() if declaration.goods_items else "",
        )

    # selection

    def rules_of(self, day: date) -> list[Rule]:
        """The criteria in force on a day."""
        return as_of(self.channel_rules, day)

    def risk_facts(
        self, declaration: Declaration, trader_class: str = "", day: date | None = None
    ) -> RiskFacts:
        """What the criteria ask of a declaration. day: the legal day, for what only the day's tables can say."""
        return RiskFacts(
            tuple(
                RiskLine(
                    item.commodity_code,
                    item.origin_country_code,
                    item.procedure_code,
                    frozenset(item.document_codes),
                )
                for item in declaration.goods_items
            ),
            trader_class,
            frozenset(document.code for document in declaration.additional_documents),
        )

    # value and taxes

    @cached_property
    def _charges(self) -> Mapping[str, tuple[tuple[Period, ChargeRule], ...]]:
        return {
            name: tuple((code.period, charge_rule(code)) for code in self.code_lists[name])
            for name in CHARGES
            if name in self.code_lists
        }

    def charge_rules(self, day: date, flow: str = IMPORT) -> dict[str, ChargeRule]:
        """What each charge code means on a day (codes/charges); of an export by codes/export_charges where the country
        has that list, because what is added on the way in is taken off on the way out."""
        name = CHARGES[1] if flow == EXPORT and CHARGES[1] in self._charges else CHARGES[0]
        return {rule.code: rule for period, rule in self._charges.get(name, ()) if period.holds(day)}

    def value_findings(
        self, declaration: Declaration, kind: Kind, valuation: Valuation, view: TariffView
    ) -> tuple[Finding, ...]:
        """What the country has to say of a value that is computed: a price below a reference, a method without its
        basis. Nothing here changes an amount."""
        return ()

    def exemptions_of(
        self, declaration: Declaration, kind: Kind, first: Assessment, day: date, person: PersonFacts
    ) -> Exempted | None:
        """What the law lifts because of the whole declaration: its value or duty as first assessed, and the person's
        past. None where there is nothing to look at."""
        return None

    def liability_of(self, item: GoodsItem, day: date) -> Liability:
        """What the line's procedure does to its taxes; a line without one, or with one that is not known, owes them."""
        found = self.fact("procedures", item.procedure_code[:2], "liability", day)
        return Liability(found) if found else Liability.DUE

    def liability(self, declaration: Declaration, item: GoodsItem, tax: str, day: date) -> Liability:
        """What happens to one tax of a line. The same for all of them here, by the line's procedure; a country in
        which the kind of declaration decides, and not for all taxes alike, says so."""
        return self.liability_of(item, day)

    def preference_of(self, item: GoodsItem, levy: Levy, day: date) -> str:
        """The scheme claimed for a tax of a line, "" for the general rate."""
        claimed = item.preference_code if levy.preferential else ""
        return "" if self.fact("preferences", claimed, "general", day) == "yes" else claimed

    def origin_of(self, item: GoodsItem, preference: str) -> str:
        """The origin that decides the rate: the preferential one where a preference is claimed and it is declared."""
        preferential = item.preferential_origin_country_code if preference else ""
        return preferential or item.origin_country_code

    def taxes_of(self, declaration: Declaration, item: GoodsItem, kind: Kind, view: TariffView) -> list[Levy]:
        """The taxes in question on a line: those of its flow that are always due or that the tariff has a row for."""
        schedule = Schedule(kind.flow)
        listed = {
            row.tax
            for row in view.measures(item.commodity_code, None, schedule)
            if row.kind is not MeasureKind.TRADE_DEFENCE
        }
        return [
            levy
            for levy in self.levies
            if levy.flow == kind.flow and (levy.always or levy.tax.code in listed)
        ]

    def quantities_of(self, item: GoodsItem, view: TariffView) -> dict[str, int]:
        """What a line declares to be counted by: unit code → millionths, as declared.

        Net mass is KGM where the message gives no unit; the tariff quantity takes the commodity's supplementary unit
        there. A unit's qualifier may be written with or without "#" (KGM#G, KGMG).
        """
        declared: dict[str, int] = {}
        if item.net_mass is not None:
            declared[unit_code(item.net_mass.unit) or "KGM"] = item.net_mass.millionths
        if item.gross_mass is not None:
            unit = unit_code(item.gross_mass.unit)
            declared.setdefault("KGMG" if unit in ("", "KGM") else unit, item.gross_mass.millionths)
        if item.tariff_quantity is not None:
            commodity = view.commodity(item.commodity_code)
            units = (unit_code(item.tariff_quantity.unit), *(commodity.units if commodity else ()))
            unit = next((unit for unit in units if unit), "")
            if unit:
                declared.setdefault(unit, item.tariff_quantity.millionths)
        for tax in item.duty_tax_fees:
            base = tax.specific_tax_base
            if base is not None and base.unit and base.unit != self.currency:
                declared[unit_code(base.unit)] = base.millionths
        return declared

    def charges_for(
        self, declaration: Declaration, item: GoodsItem, at: str, kind: Kind, view: TariffView
    ) -> Chosen:
        """The duties due on a line by the law of the view's day. `at` is the line's place, for the findings.

        A tax that is due and has no rate is pending and a finding, never zero.
        """
        free = {
            levy.tax.code
            for levy in self.levies
            if self.liability(declaration, item, levy.tax.code, view.day) is Liability.NONE
        }
        if kind.untaxed or not kind.flow or len(free) == len(self.levies):
            return Chosen()
        charges: list[Charge] = []
        pending: list[str] = []
        findings: list[Finding] = []
        defence: tuple[Measure, ...] = ()
        for levy in self.taxes_of(declaration, item, kind, view):
            if levy.tax.code in free:
                continue
            choice = self.choice_of(declaration, item, at, levy, view)
            defence = choice.defence
            findings += choice.findings
            if choice.measure is None:
                pending.append(levy.tax.code)
            else:
                charges.append(self.charge_of(choice.measure))
        defence = tuple(
            row for row in defence if row.tax not in free and self.defends(declaration, item, row.tax)
        )
        charges += [self.charge_of(row) for row in defence]
        undefended = self._undefended(declaration, item, kind, view, defence)
        pending += [tax for tax in undefended if tax not in free]
        quantities, wrong = self.counted(charges, self.quantities_of(item, view), at)
        return Chosen(
            tuple(charges),
            quantities,
            tuple(dict.fromkeys(pending)),
            self.reliefs_of(item, view.day),
            in_order([*findings, *wrong]),
        )

    def _undefended(
        self,
        declaration: Declaration,
        item: GoodsItem,
        kind: Kind,
        view: TariffView,
        due: tuple[Measure, ...],
    ) -> list[str]:
        """Trade-defence taxes of acts that are for these goods and this origin and of which no row fits: the tariff's
        general rule has said why, and the tax stays open."""
        acts = {
            (row.tax, row.law.act)
            for row in view.measures(item.commodity_code, None, Schedule(kind.flow))
            if row.kind is MeasureKind.TRADE_DEFENCE
            and row.is_for(item.origin_country_code)
            and self.defends(declaration, item, row.tax)
        }
        return sorted({tax for tax, act in acts - {(row.tax, row.law.act) for row in due}})

    def defends(self, declaration: Declaration, item: GoodsItem, tax: str) -> bool:
        """Whether trade-defence rows of a tax are levied on a line; the tariff has said that they fit its goods."""
        return True

    def choice_of(
        self, declaration: Declaration, item: GoodsItem, at: str, levy: Levy, view: TariffView
    ) -> Choice:
        """The rate of one tax on a line by the tariff's general rule."""
        code = item.commodity_code
        preference = self.preference_of(item, levy, view.day)
        choice = view.choose(
            code,
            Schedule(levy.flow),
            levy.tax.code,
            self.origin_of(item, preference),
            preference,
            item.quota_order_id if levy.preferential else "",
            self.line_codes(declaration, item),
            at,
        )
        if self.complete or choice.measure is not None:
            return choice
        # Why a rate is missing a tariff with gaps cannot say: the code, quota or origin may stand in the part it lacks.
        says = {"code": code, "on": view.day.isoformat(), "preference": preference or GENERAL}
        missing = Finding("RATE_NOT_GIVEN", f"{at}.commodity_code", says, levy.tax.law)
        return replace(choice, findings=(missing,))

    def claims_of(self, declaration: Declaration, number: int, view: TariffView) -> tuple[Claim, ...]:
        """The schemes that a line (its position, from 1) could claim by its origin, the general rate first.

        The base asks nothing but that the tariff has a rate for the origin; a country whose schemes ask for papers
        says what is missing.
        """
        item = declaration.goods_items[number - 1]
        taxes = {levy.tax.code for levy in self.levies if levy.preferential}
        rows = [row for row in view.measures(item.commodity_code) if row.tax in taxes and row.preference]
        schemes = {row.preference for row in rows if row.is_for(self.origin_of(item, row.preference))}
        return tuple(
            Claim(scheme, claiming(declaration, number, scheme)) for scheme in ("", *sorted(schemes))
        )

    def charge_of(self, measure: Measure) -> Charge:
        """The charge that levies a row of the tariff; a rate known only from a notice says so, and so does a row by
        which the goods are not subject to the tax: its amount is 0, with its law."""
        if measure.duty is None:
            raise ValueError(f"{measure.commodity} {measure.tax}: a row without a duty cannot be levied")
        act = self.acts.get(measure.law.act)
        from_notice = act is not None and act.kind is ActKind.NOTICE
        return Charge(
            measure.tax,
            measure.duty,
            measure.law,
            preference=measure.preference,
            quota_order_id=measure.quota_order_id,
            note=NOT_SUBJECT
            if measure.given is Given.NOT_SUBJECT
            else RATE_FROM_NOTICE
            if from_notice
            else "",
            verified=measure.verified,
        )

    def counted(
        self, charges: Iterable[Charge], declared: Mapping[str, int], at: str
    ) -> tuple[dict[str, int], list[Finding]]:
        """The declared quantities in the units that the charges name; what is missing the assessment reports.

        A conversion that is no whole number of millionths is cut towards zero: less than a millionth of a unit.
        """
        quantities: dict[str, int] = {}
        findings: list[Finding] = []
        for unit in dict.fromkeys(unit for charge in charges for unit in charge.duty.units):
            found = convert(declared, unit)
            if isinstance(found, Finding):
                if found.code != "QUANTITY_MISSING":
                    findings.append(replace(found, at=at))
            else:
                quantities[unit] = found[0] // found[1]
        return quantities, findings

    def line_codes(self, declaration: Declaration, item: GoodsItem) -> tuple[str, ...]:
        """The codes that a rate may ask of a line: the additional codes of the goods."""
        return item.additional_codes

    def reliefs_of(self, item: GoodsItem, day: date) -> dict[str, LegalRef]:
        """Taxes that the line's additional procedures take off, each with its source (codes/additional_procedures)."""
        listed = self.code_lists.get("additional_procedures")
        codes = [listed.get(added, day) for added in item.additional_procedure_codes] if listed else []
        found: dict[str, LegalRef] = {}
        for code in codes:
            if code is not None:
                found.update(dict.fromkeys(code.facts.get("relieves", "").split(), code.law))
        return found

    # payment

    def payment_of(self, declaration: Declaration, item: GoodsItem, tax: str, day: date) -> Payment:
        """How a tax of a line is paid: the method declared for that tax, else for the line, by codes/payment_methods.

        A method that the table does not know, and none at all, are paid before clearance.
        """
        fees = [fee for fee in item.duty_tax_fees if fee.payment_method_code]
        fees.sort(key=lambda fee: (fee.type_code != tax, fee.type_code != ""))
        own = [fee for fee in fees if fee.type_code in (tax, "")]
        method = own[0].payment_method_code if own else ""
        if self.liability(declaration, item, tax, day) is Liability.SUSPENDED:
            return Payment(method, Terms.SUSPENDED)
        terms = self.fact("payment_methods", method, "terms", day)
        return Payment(method, Terms(terms) if terms else Terms.NOW)

    def due_day(
        self,
        *,
        registered: date,
        released: date | None = None,
        case: DueCase = DueCase.ORDINARY,
        trader_class: str = "",
        tax: str = "",
        decided: date | None = None,
    ) -> DueDay:
        """Until when the money of a declaration must be there, and from when lateness costs interest (due_days.csv).

        registered, released, decided: the days on which it was registered, its goods let go, a decision served; the law
        is that of the registration, of a decision that of its day. DUE_DAY_NOT_GIVEN where that law has no row.
        """
        day = decided or registered
        rule = self.dues.due_rule(case, day, trader_class, tax)
        if rule is None:
            says = {"case": case, "on": day.isoformat()}
            return DueDay(case, findings=(Finding("DUE_DAY_NOT_GIVEN", "due_day", says),))
        match rule.by:
            case DueBy.RELEASE:
                due = released
            case DueBy.NEXT_MONTH:
                following = months_after(registered.replace(day=1), 1)
                due = following.replace(day=rule.number)
            case DueBy.REGISTRATION:
                due = registered + timedelta(days=rule.number)
            case DueBy.DECISION:
                due = decided + timedelta(days=rule.number) if decided else None
        if due is not None and rule.rolls:
            due = self._worked(due)
        if due is None:
            return DueDay(case, rule=rule)
        limit = self.deadline(ENFORCEMENT, due)
        enforced = due + timedelta(days=limit.amount + 1) if limit and limit.unit is Unit.DAY else None
        bears = released if rule.from_release and released else due + timedelta(days=1)
        return DueDay(case, due, min(bears, due + timedelta(days=1)), rule, enforced)

    def _worked(self, day: date) -> date:
        """The day itself, or the next one that is worked; the day itself where no calendar tells."""
        calendar = self.calendar(day)
        try:
            return calendar.next_working_day(day) if calendar else day
        except DayUnknownError:
            return day

    # times

    def amended_free_until(
        self, *, selected_on: date | None, asked_on: date | None, cleared_on: date | None
    ) -> date | None:
        """The last day on which an amendment has no consequence; None while there is no such day. After it an
        amendment is still lawful, and a sanction may follow.

        selected_on: when the channel was told. asked_on: when customs asked for it, None while nothing is asked.
        cleared_on: when the goods were cleared. Here: the time amend_after_clearance, in calendar days.
        """
        return self.last_day_of("amend_after_clearance", cleared_on) if cleared_on else None

    def last_day_of(self, name: str, start: date) -> date | None:
        """The last day of a legal time in days that runs from a day, which itself does not count; None where the law
        of that day gives none, counts it in hours, or no calendar reaches so far. The days off are the country's: a
        gate that is open on them moves no legal time."""
        found, calendar = self.deadline(name, start), self.calendar(start)
        if found is None or found.unit not in (Unit.DAY, Unit.WORKING_DAY):
            return None
        try:
            if found.unit is Unit.WORKING_DAY:
                return calendar.after_working_days(start, found.amount) if calendar else None
            last = start + timedelta(days=found.amount)
            return last if not found.rolls else calendar.next_working_day(last) if calendar else None
        except DayUnknownError:
            return None

    # reading

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The pack of a folder. UnusablePack with every cell that could not be read."""
        return cls(**read_fields(folder))


# composition


def assess(
    pack: Pack,
    declaration: Declaration,
    day: date,
    *,
    provisional: Collection[int] = (),
    person: PersonFacts = NOTHING_KNOWN,
) -> Assessment:
    """What a declaration owes by the law of a day: value, charges, taxes, reliefs, findings. There is no other way.

    provisional: positions, from 1, of lines whose price may still change. person: what the past says of whoever the
    goods are for; an exemption that asks for what is not known is not given, and a finding. A message that no tax is
    assessed on, or whose type the pack does not know (TYPE_CODE_UNKNOWN), owes nothing and has no value. A line of a
    simplified declaration that states no value is left to its supplementary declaration (note ASSESSED_LATER).
    """
    return assess_and_exempt(pack, declaration, day, provisional=provisional, person=person)[0]


def assess_and_exempt(
    pack: Pack,
    declaration: Declaration,
    day: date,
    *,
    provisional: Collection[int] = (),
    person: PersonFacts = NOTHING_KNOWN,
) -> tuple[Assessment, Exempted]:
    """As `assess`, and what was lifted because of the whole declaration: who keeps the balance of a list of exempt
    goods writes off what it takes."""
    rates = pack.exchange.as_of(day)
    view = pack.tariff.as_of(day)
    kind = pack.kind_of(declaration, day)
    places = [f"goods_items[{number}]" for number in range(1, len(declaration.goods_items) + 1)]
    findings: list[Finding] = []
    lines: list[Line]
    if kind is None or kind.untaxed or not kind.flow:
        if kind is None:
            findings.append(_unknown_type(declaration, day))
        lines = [Line({}, (), at=at) for at in places]
        return _assessed(pack, lines, None, rates, view, findings), NOTHING_EXEMPT
    valuation = value_declaration(
        declaration, pack.charge_rules(day, kind.flow), rates, rounding=pack.rounding, provisional=provisional
    )
    lines = []
    relieved: list[Mapping[str, LegalRef]] = []
    quiet: set[str] = set()
    for item, valued, at in zip(declaration.goods_items, valuation.lines, places, strict=True):
        chosen = pack.charges_for(declaration, item, at, kind, view)
        if _is_left_open(item, kind):
            quiet.add(at)
            findings.append(Finding("ASSESSED_LATER", at, severity=Severity.NOTE))
            lines.append(Line({}, (), at=at))
        else:
            quiet |= set() if chosen.charges or chosen.pending else {at}
            findings += chosen.findings
            lines.append(valued.line(chosen.charges, chosen.quantities, chosen.pending))
        relieved.append(chosen.relieved)
    # Where no tax rests on a line's value, what is wrong with the value matters to no amount; the checks speak of it.
    heard = [f for f in valuation.findings if f.at.split(".")[0] not in quiet and len(quiet) < len(places)]
    valuation = msgspec.structs.replace(valuation, findings=tuple(heard))
    findings += _unverified_rates(valuation, lines, rates)
    findings += pack.value_findings(declaration, kind, valuation, view)
    first = _assessed(pack, lines, valuation, rates, view, findings)
    if any(relieved):
        lines = [_relieve(*each) for each in zip(lines, first.lines, relieved, strict=True)]
        first = _assessed(pack, lines, valuation, rates, view, findings)
    lifted = pack.exemptions_of(declaration, kind, first, day, person)
    if lifted is None:
        return first, NOTHING_EXEMPT
    lines = [
        exempt(line, pack.taxes, rates, reliefs) if reliefs else line
        for line, reliefs in zip(lines, lifted.lines, strict=True)
    ]
    return _assessed(pack, lines, valuation, rates, view, [*findings, *lifted.findings]), lifted


def _unverified_rates(valuation: Valuation, lines: Iterable[Line], rates: DayRates) -> list[Finding]:
    """A note for each currency whose rate nobody compared with what was published."""
    if all(rate.verified for rate in rates.rates.values()):
        return []
    used = {part.currency for line in valuation.lines for part in line.parts}
    used.update(*(charge.duty.currencies for line in lines for charge in line.charges))
    unverified = [rates.rates[currency] for currency in sorted(used & set(rates.rates))]
    return [
        Finding(
            "RATE_OF_EXCHANGE_UNVERIFIED", "", {"currency": rate.currency}, rate.law, severity=Severity.NOTE
        )
        for rate in unverified
        if not rate.verified
    ]


def _assessed(
    pack: Pack,
    lines: Sequence[Line],
    valuation: Valuation | None,
    rates: DayRates,
    view: TariffView,
    findings: Iterable[Finding],
) -> Assessment:
    return assess_declaration(
        lines,
        pack.taxes,
        rates,
        edition=pack.tariff.hash,
        pack=pack.code,
        pack_version=pack.version,
        valuation=valuation,
        findings=findings,
    )


def _is_left_open(item: GoodsItem, kind: Kind) -> bool:
    return kind.simplified and item.item_charge is None and item.customs_value is None


def _relieve(line: Line, assessed: LineAssessment, relieved: Mapping[str, LegalRef]) -> Line:
    """The line with each relieved tax taken off in full; the rate stays, so that the relief can be seen and revoked."""
    if not relieved:
        return line
    amounts = {id(amount.charge): amount.assessed_minor or 0 for amount in assessed.amounts if amount.charge}
    charges = tuple(
        msgspec.structs.replace(charge, deduct_minor=max(amounts[id(charge)], 0))
        if charge.tax in relieved
        else charge
        for charge in line.charges
    )
    return msgspec.structs.replace(line, charges=charges)


def claiming(declaration: Declaration, number: int, preference: str, quota_order_id: str = "") -> Declaration:
    """The declaration with another claim on one line (its position, from 1): the scheme, "" for none, and the quota."""
    item = declaration.goods_items[number - 1]
    fees = [
        msgspec.structs.replace(fee, duty_regime_code="", quota_order_id="") for fee in item.duty_tax_fees
    ]
    own = DutyTaxFee(duty_regime_code=preference, quota_order_id=quota_order_id)
    fees = [own, *fees] if preference or quota_order_id else fees
    items = list(declaration.goods_items)
    items[number - 1] = msgspec.structs.replace(item, duty_tax_fees=tuple(fees))
    return msgspec.structs.replace(declaration, goods_items=tuple(items))


def due_by_terms(
    pack: Pack, declaration: Declaration, assessment: Assessment, day: date
) -> dict[Terms, int | None]:
    """What is payable under each of the terms that occur, in minor units; None while an amount is pending."""
    sums: dict[Terms, int | None] = {}
    for item, line in zip(declaration.goods_items, assessment.lines, strict=True):
        for amount in line.amounts:
            terms = pack.payment_of(declaration, item, amount.tax, day).terms
            before = sums.get(terms, 0)
            payable = amount.payable_minor
            sums[terms] = None if before is None or payable is None else before + payable
    return sums


def check_context(pack: Pack, declaration: Declaration, day: date) -> Context:
    """The world in which the rules see a declaration on a day.

    Messages on which no tax is assessed need not be complete either. A nomenclature that lacks codes is not consulted,
    which the rules say.
    """
    kind = pack.kind_of(declaration, day) or Kind("")
    amount = pack.fact("limits", LOW_VALUE, "amount", day) if kind.low_value else ""
    currencies = pack.code_lists.get("currencies")
    return Context(
        on=day,
        flow=kind.flow,
        simplified=kind.simplified or kind.untaxed,
        tariff=pack.tariff.as_of(day) if pack.complete else None,
        lists=pack.code_lists,
        partial=pack.partial_lists,
        decimals=_decimals(currencies, day) if currencies else {},
        simplified_limit=Amount(
            millionths=millionths_of(amount), currency=pack.fact("limits", LOW_VALUE, "currency", day)
        )
        if amount
        else None,
    )


@lru_cache(maxsize=64)
def _decimals(currencies: CodeList, day: date) -> Mapping[str, int]:
    """Decimals of the minor unit of each currency of a day; read once for all declarations of the day."""
    return MappingProxyType(
        {code.value: int(code.facts["decimals"]) for code in currencies.as_of(day).values()}
    )


def run_checks(pack: Pack, declaration: Declaration, day: date) -> tuple[Finding, ...]:
    """Everything the general rules and the pack's own find, by place, then code; an unknown type is an error."""
    left_out = pack.rules_left_out
    rules = [rule for rule in RULES if rule.number not in left_out]
    found = run(declaration, check_context(pack, declaration, day), (*rules, *pack.rules))
    if pack.kind_of(declaration, day) is None:
        found = in_order([*found, _unknown_type(declaration, day)])
    return found


def _unknown_type(declaration: Declaration, day: date) -> Finding:
    says = {"code": declaration.type_code, "function": declaration.function_code, "on": day.isoformat()}
    return Finding("TYPE_CODE_UNKNOWN", "type_code", says)


# numbers

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def check_character(text: str) -> str:
    """The check character of a text of digits and capital letters: ISO/IEC 7064, MOD 37,36.

    It finds every wrong character and every two neighbours that changed places.
    """
    product = 36
    for character in text:
        total = (product + _ALPHABET.index(character)) % 36 or 36
        product = total * 2 % 37
    return _ALPHABET[(37 - product) % 36]


def unit_code(printed: str) -> str:
    """A unit's code as the unit table has it: the qualifier's "#" left out."""
    return printed.replace("#", "")


# reading the folder


def read_fields(folder: Path) -> dict[str, Any]:
    """Everything but the tariff, by the names of Pack's fields."""
    source = Folder(folder)
    settings = _settings(source)
    acts = source.keyed("acts", "act kind issued in_force applies_from last_day", _act, needed=True)
    lists = {name: _code_list(source, name) for name in source.tables("codes")}
    if "declaration_types" not in lists:
        says = {"file": "codes/declaration_types.csv"}
        source.findings.append(Finding("PACK_FILE_MISSING", "codes/declaration_types.csv", says))
    levies = tuple(
        source.rows("taxes", "code base flow always preferential rounding carry step", _levy, needed=True)
    )
    try:
        check_order([levy.tax for levy in levies])
    except ValueError as error:
        says = {"column": "base", "value": str(error)}
        source.findings.append(Finding("PACK_CELL_UNREADABLE", "taxes.csv", says))
    rates = source.rows("exchange_rates", "currency units price quoted", _exchange_rate)
    fields = {
        "folder": folder,
        "version": source.version(),
        "acts": acts,
        "code_lists": lists,
        "levies": levies,
        "exchange": ExchangeRates(settings.get("currency", ""), settings.get("decimals", 0), rates),
        "channel_rules": tuple(
            source.rows(
                "channels",
                "id channel reason commodity_prefix origin procedure document trader_class weight",
                _channel_rule,
            )
        ),
        "forms": source.keyed("forms", "form number", _form),
        "laws": source.keyed("laws", "step", lambda row: (row.asked("step"), row.law)),
        "deadlines": _deadlines(source),
        "quotas": tuple(source.rows("quotas", "order_id volume unit allotment", _quota)),
        "calendars": _calendars(source, str(settings.get("zone", "UTC"))).get("", ()),
        "office_calendars": _calendars(source, str(settings.get("zone", "UTC")), "office_hours"),
        "dues": read_dues(source, settings.get("decimals", 0)),
        "certainty": source.certainty,
        **settings,
    }
    source.close()
    return fields


def _deadlines(source: Folder) -> dict[str, tuple[Deadline, ...]]:
    """The rows of deadlines.csv by name. PACK_ROW_TWICE for two rows of one name that share a day."""
    found: dict[str, tuple[Deadline, ...]] = {}
    for place, name, deadline in source.rows(
        "deadlines", "name amount unit", lambda row: (row.place, *_deadline(row)), optional="rolls"
    ):
        if any(deadline.period.overlaps(other.period) for other in found.get(name, ())):
            says = {"file": "deadlines.csv", "key": name}
            source.findings.append(Finding("PACK_ROW_TWICE", place, says))
        else:
            found[name] = (*found.get(name, ()), deadline)
    return found


def _calendars(source: Folder, zone: str, table: str = "hours") -> dict[str, tuple[WorkingCalendar, ...]]:
    """The editions of hours.csv by office, "" for all: rows of mon … sun give the week, rows of a day ("2026-09-02")
    what differs. In office_hours.csv, which names the offices, a day that is not written is the office's ordinary one.
    """
    columns = "edition day hours" if table == "hours" else "office edition day hours"
    editions: dict[tuple[str, str, Period], dict[str, Hours]] = {}
    for office, edition, period, day, hours in source.rows(table, columns, _hours):
        editions.setdefault((office, edition, period), {})[day] = hours
    made: dict[str, tuple[WorkingCalendar, ...]] = {}
    for (office, edition, period), days in editions.items():
        week = tuple(days.get(name, ()) for name in _WEEKDAYS)
        exceptions = {day_of(day): hours for day, hours in days.items() if day not in _WEEKDAYS}
        calendar = WorkingCalendar(edition, ZoneInfo(zone), period, week, exceptions)
        made[office] = (*made.get(office, ()), calendar)
    return made


def read_tariff(folder: Path, acts: Mapping[str, Act], code_lists: Mapping[str, CodeList]) -> Tariff:
    """The editions of measures.csv and commodities.csv, one for each act that their rows cite.

    An act that acts.csv does not know makes an edition of all days; `pack-check` reports it.
    """
    source = Folder(folder)
    extra = code_lists.get("units", ())
    words = replace(
        PLAIN_WORDS,
        units={**PLAIN_WORDS.units, **{f"/{code.value}": code.value for code in extra}},
        shares={"of the general rate": ""},
    )
    reader = RateReader(words)
    measures = source.rows(
        "measures",
        "commodity tax schedule duty kind preference origins excluded_origins quota additional_code verified",
        lambda row: _measure(row, reader),
    )
    commodities = source.rows("commodities", "code units", _commodity)
    source.close()
    rows: dict[str, list[Measure]] = {}
    for measure in measures:
        rows.setdefault(measure.law.act, []).append(measure)
    codes: dict[str, list[Commodity]] = {}
    for act, commodity in commodities:
        codes.setdefault(act, []).append(commodity)
    return Tariff(
        Edition(
            act,
            acts[act].life if act in acts else Period(date.min),
            tuple(rows.get(act, ())),
            Nomenclature(codes.get(act, ())),
        )
        for act in dict.fromkeys([*rows, *codes])
    )


def charge_rule(code: Code) -> ChargeRule:
    """What a row of codes/charges means. ValueError for a fact that it cannot mean."""
    facts = code.facts
    return ChargeRule(
        code.value,
        {"+": 1, "-": -1}.get(facts.get("sign", ""), 0),
        ShareBy(facts.get("share_by", "")),
        code.law,
        frozenset(facts.get("included_in", "").split()),
        tuple(facts.get("bases", "").split()),
        frozenset(facts.get("asked_in", "").split()),
        frozenset(facts.get("expected_in", "").split()),
        facts.get("stands_for", ""),
    )


def _settings(source: Folder) -> dict[str, Any]:
    """pack.toml as fields of Pack; a value of the wrong kind is a finding."""
    given = source.settings()
    number = given.get("number", {})
    try:
        settings = {
            "code": str(given["code"]),
            "names": {str(language): str(name) for language, name in given["names"].items()},
            "currency": str(given["currency"]),
            "decimals": int(given["decimals"]),
            "zone": ZoneInfo(given["zone"]).key,
            "rounding": Rounding(given["rounding"]),
            "random_share_ppm": int(given["random_share_ppm"]),
            "complete": bool(given["complete"]),
            "partial_lists": frozenset(given.get("partial_lists", ())),
            "transport_documents": tuple(given.get("transport_documents", ())),
            "rate_unit": _RATE_UNIT(given.get("rate_unit", "")),
            "numbering": Numbering(
                str(number["prefix"]),
                int(number["office_width"]),
                int(number["sequence_width"]),
                str(number["default_office"]),
            ),
        }
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        if given:
            says = {"column": SETTINGS, "value": repr(error)[:80]}
            source.findings.append(Finding("PACK_CELL_UNREADABLE", SETTINGS, says))
        return {}
    return settings


def _code_list(source: Folder, name: str) -> CodeList:
    def code(row: Row) -> Code:
        facts = {column: cell for column, cell in row.cells.items() if column not in _NOT_FACTS}
        made = Code(row.asked("value"), row.period, row.law, row.names, facts)
        for column, reader in _FACTS.get(name, {}).items():
            row.read(column, reader)
        if name in CHARGES:
            charge_rule(made)
        return made

    return CodeList(
        name, source.rows(f"codes/{name}", " ".join(("value", *_FACTS.get(name, ()))), code, more=True)
    )


def _one_of(*texts: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in texts:
            raise ValueError(text)
        return text

    return read


_YES_NO = _one_of("yes", "no")
_RATE_UNIT = _one_of("percent", "fraction", "")

_NOT_FACTS: Final = frozenset({"value", *SOURCE, *LANGUAGES})

_FACTS: Final[Mapping[str, Mapping[str, Callable[[str], object]]]] = {
    "declaration_types": {
        "function": str,
        "asks": str,
        "flow": _one_of(IMPORT, EXPORT, ""),
        "simplified": _YES_NO,
        "prelodged": _YES_NO,
        "supplementary": _YES_NO,
        "untaxed": _YES_NO,
    },
    "procedures": {"liability": Liability, "flow": _one_of(IMPORT, EXPORT, "")},
    "additional_procedures": {"relieves": str, "reduced": _YES_NO},
    "payment_methods": {"terms": Terms},
    "preferences": {"general": _YES_NO},
    "currencies": {"decimals": int},
    "limits": {"amount": millionths_of, "currency": str},
    **{
        name: {"sign": _one_of("+", "-"), "share_by": ShareBy, "included_in": str, "bases": str}
        for name in CHARGES
    },
}
"""Columns that a code list must have because the pack decides by them, and how each is read."""


def _act(row: Row) -> tuple[str, Act]:
    return row.asked("act"), Act(
        row.asked("act"),
        row.read("kind", ActKind),
        row.names,
        row.day("issued"),
        row.day("in_force"),
        row.day("applies_from"),
        row.day("last_day") if row.text("last_day") else None,
    )


def _levy(row: Row) -> Levy:
    tax = Tax(
        row.asked("code"),
        row.words("base"),
        row.law,
        row.read("rounding", Rounding),
        row.read("carry", Carry),
        row.whole("step", 1),
    )
    flow = row.one_of("flow", {IMPORT: IMPORT, EXPORT: EXPORT})
    return Levy(tax, flow, row.yes("always"), row.yes("preferential"), row.names)


def _exchange_rate(row: Row) -> ExchangeRate:
    price = row.read("price", millionths_of)
    verified = VERIFIED not in row.cells or row.yes(VERIFIED)
    if row.one_of("quoted", {"per_unit": False, "inverse": True}):
        rate = ExchangeRate.inverse(row.asked("currency"), row.period, price, row.law)
    else:
        rate = ExchangeRate.per_unit(row.asked("currency"), row.period, price, row.law, row.whole("units", 1))
    return rate if verified else replace(rate, verified=False)


def _channel_rule(row: Row) -> Rule:
    return Rule(
        id=row.asked("id"),
        channel=row.one_of("channel", Channel.__members__),
        reason=row.asked("reason"),
        period=row.period,
        law=row.law,
        commodity_prefix=row.text("commodity_prefix"),
        origin=row.text("origin"),
        procedure=row.text("procedure"),
        document=row.text("document"),
        trader_class=row.text("trader_class"),
        weight=row.whole("weight"),
    )


def _form(row: Row) -> tuple[str, Form]:
    return row.asked("form"), Form(row.asked("number"), row.names, row.law)


def _deadline(row: Row) -> tuple[str, Deadline]:
    period = row.period if row.text("first_day") else Period(date.min)
    unit = row.read("unit", Unit)
    return row.asked("name"), Deadline(row.whole("amount"), unit, row.law, row.yes("rolls"), period)


def _quota(row: Row) -> Quota:
    return Quota(
        row.asked("order_id"),
        row.period,
        row.read("volume", millionths_of),
        row.asked("unit"),
        row.read("allotment", Allotment),
        row.law,
    )


_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _hours(row: Row) -> tuple[str, str, Period, str, Hours]:
    """One day of a calendar. hours: "08:00-12:00 13:00-17:00", empty where it is not worked."""
    day = row.asked("day")
    if day not in _WEEKDAYS:
        row.day("day")
    return row.text("office"), row.asked("edition"), row.period, day, row.read("hours", _spans)


def _spans(text: str) -> Hours:
    spans = []
    for span in text.split():
        opens, _, closes = span.partition("-")
        spans.append((_minutes(opens), _minutes(closes)))
    return tuple(spans)


def _minutes(text: str) -> int:
    moment = time.fromisoformat(text)
    return moment.hour * 60 + moment.minute


def _commodity(row: Row) -> tuple[str, Commodity]:
    return row.law.act, Commodity(row.asked("code"), row.period, row.names, units=row.words("units"))


def _measure(row: Row, reader: RateReader) -> Measure:
    """One row of measures.csv. duty: "12 %", "3.5 EUR/DTN", "150 % of the general rate", "not subject", "*" for no
    preference, empty for a rate not given."""
    text = row.text("duty")
    reading = reader.read(text)
    if reading.problem or len(reading.parts) > 1:
        raise ValueError(f"duty {text!r}: {reading.problem or 'more than one rate'}")
    part = reading.parts[0] if reading.parts else None
    return Measure(
        row.text("commodity"),
        row.asked("tax"),
        row.read("schedule", Schedule),
        row.period,
        row.law,
        part.given if part else Given.NOT_GIVEN,
        part.duty if part else None,
        row.read("kind", MeasureKind) if row.text("kind") else MeasureKind.DUTY,
        row.text("preference"),
        row.words("origins"),
        row.words("excluded_origins"),
        row.text("quota"),
        row.text("additional_code"),
        text,
        row.yes("verified"),
        part.derived if part else None,
    )


def names() -> list[str]:
    """The packs that are installed: folders beside this file with a pack.toml, sorted."""
    return sorted(folder.name for folder in Path(__file__).parent.iterdir() if (folder / SETTINGS).is_file())


@cache
def load(name: str) -> Pack:
    """The pack of a name, read once. LookupError, with the names there are, for any other text: no path is ever made
    of it. UnusablePack where its data cannot be read."""
    if name not in names():
        raise LookupError(f"no pack {name!r}; there are {', '.join(names())}")
    country: type[Pack] = importlib.import_module(f"{__package__}.{name}").COUNTRY
    return country.read(Path(__file__).parent / name)
