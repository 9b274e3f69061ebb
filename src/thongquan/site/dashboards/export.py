"""The record → the lake: fact rows of `engine.indicators.facts`, by month, only the months that changed.

What changed is seen from heads alone: the hash of a declaration's last event, the number of its last assessment, the
ids of a month's journals. A month in which something is not known yet (a value without its rate of exchange) carries
no digest, so it is read again each time until it is known. One month of one table is in memory at a time.

What the record does not hold is not made up. A refund is exported as money of the Treasury in `entries`; its legal time
is not recorded, and the due day of a debt moves with later acts, so there are no tables of refunds and debts: their
figures are missing instead of zero.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from django.conf import settings
from django.db.models import F, Min, OuterRef, Q, QuerySet, Subquery

from ...analytics import facts
from ...analytics.lake import Change, Lake, NoFacts, definitions, heads_digest
from ...engine.assessment.exchange import DayRates
from ...engine.assessment.taxes import CUSTOMS_VALUE
from ...engine.assessment.valuation import value_declaration
from ...engine.dated import Period
from ...engine.declaration import Declaration as Declared
from ...engine.indicators.facts import TABLES, microseconds
from ...engine.indicators.periods import month_end
from ...engine.ledger.journal import Account, AccountKind, JournalKind
from ...engine.lifecycle.declaration import Act, Role
from ...engine.money import half_up
from ...packs.pack import Pack
from ..clearance.models import AssessmentRow, Declaration, DeclarationVersion
from ..kit import clock
from ..ledger.models import Entry, Journal
from ..parties.models import Trader
from ..record.models import Event
from ..reference.reads import equipped, site_pack
from .snapshot import one_moment

BATCH: Final = 500
DIFFERS: Final = "DIFFERS"
RECOGNISED: Final = '"recognised_on":"'
"""How the canonical facts of a journal begin to say on which day the Treasury recognises its money."""

type Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export did. edition: None where nothing had changed. months: table → months written again. unvalued:
    declarations of those months whose value is not known in full."""

    edition: int | None
    at: datetime
    folder: Path
    months: Mapping[str, tuple[str, ...]]
    unvalued: int = 0


@dataclass
class _Months(Mapping[str, Change]):
    """The months of a table to be written; each is read when it is asked for, and not kept."""

    heads: dict[str, str]
    read: Callable[[str], Change]

    def __getitem__(self, month: str) -> Change:
        return self.read(month)

    def __iter__(self) -> Iterator[str]:
        return iter(self.heads)

    def __len__(self) -> int:
        return len(self.heads)


def lake_folder() -> Path:
    """Where this office's facts lie."""
    return Path(settings.DATA) / "lake"


def export(folder: Path | None = None) -> Exported:
    """Bring the lake up to what the record says now, and tell what was written. Only one process exports at a time."""
    lake = Lake(folder or lake_folder())
    pack = equipped(site_pack())
    with one_moment():
        at = clock.now()
        reader = _Reader(pack)
        found: dict[str, dict[str, str]] = {
            "declarations": reader.declaration_heads(),
            "amounts": reader.amount_heads(),
            "entries": reader.entry_heads(),
            "traders": {"": reader.trader_head()},
        }
        found["lines"] = found["declarations"]
        try:
            before = lake.edition().manifest.tables
        except NoFacts:
            before = {}
        changes: dict[str, Mapping[str, Change]] = {}
        for table, heads in found.items():
            held = (
                {month: part.heads for month, part in before[table].parts.items()} if table in before else {}
            )
            # Two tables are read from the same declarations and share their heads.
            changed = {month: head for month, head in heads.items() if held.get(month) != head}
            changed |= {month: "" for month in held if month not in heads}
            if changed:
                changes[table] = _Months(changed, reader.of(table, heads))
        days = _days(
            [month for heads in found.values() for month in heads if month], reader, pack.legal_day(at)
        )
        covers = dict.fromkeys(found, days)
        if not changes and all(
            table in before
            and (before[table].first_day, before[table].last_day) == (days.first_day, days.last_day)
            for table in found
        ):
            return Exported(None, at, lake.root, {})
        edition = lake.publish(at, changes, covers)
        written = {table: tuple(sorted(months)) for table, months in changes.items()}
        return Exported(edition.manifest.edition, at, lake.root, written, len(reader.unvalued))


def _days(months: Iterable[str], reader: _Reader, today: date) -> Period:
    """What the record tells of: from the first day of anything in it to today, or to what counts later still."""
    first = min((day for day in reader.first_days if day), default=today)
    last = today
    for month in months:
        year, number = int(month[:4]), int(month[5:])
        first = min(first, month_end(year, number))
        if date(year, number, 1) > today:
            last = max(last, month_end(year, number))
    return Period(min(first, today), last)


@dataclass
class _Reader:
    pack: Pack
    first_days: list[date | None] = field(default_factory=list)
    unvalued: set[str] = field(default_factory=set)
    _rates: dict[date, DayRates] = field(default_factory=dict)

    # heads

    def declaration_heads(self) -> dict[str, str]:
        rows = self._registered().order_by("legal_day", "number").values_list("legal_day", "number", "head")
        self.first_days.append(self._registered().aggregate(first=Min("legal_day"))["first"])
        return {
            month: _digest((number, head) for _, number, head in group)
            for month, group in itertools.groupby(
                rows.iterator(chunk_size=BATCH), key=lambda row: _month(row[0])
            )
        }

    def amount_heads(self) -> dict[str, str]:
        found: dict[str, list[tuple[str, str]]] = {}
        for number, n, at in (
            self._assessed().values_list("number", "last_n", "last_at").iterator(chunk_size=BATCH)
        ):
            found.setdefault(_month(self.pack.legal_day(at)), []).append((number, str(n)))
        return {month: _digest(pairs) for month, pairs in sorted(found.items())}

    def entry_heads(self) -> dict[str, str]:
        found: dict[str, list[tuple[str, str]]] = {}
        rows = Journal.objects.filter(sealed=True).order_by("pk").values_list("pk", "day", "facts")
        self.first_days.append(None)
        for pk, day, told in rows.iterator(chunk_size=BATCH):
            counted = _recognised(told, day)
            self.first_days[-1] = min(self.first_days[-1] or counted, counted)
            found.setdefault(_month(counted), []).append((str(pk), ""))
        return {month: _digest(pairs) for month, pairs in sorted(found.items())}

    def trader_head(self) -> str:
        firsts = dict(self._registered().values_list("trader").annotate(first=Min("legal_day")))
        rows = Trader.objects.order_by("pk").values_list("pk", "registry_id", "name", "trader_class")
        return _digest(
            (registry, f"{name}\n{compliance}\n{firsts.get(pk)}")
            for pk, registry, name, compliance in rows.iterator(chunk_size=BATCH)
        )

    # rows

    def of(self, table: str, heads: Mapping[str, str]) -> Callable[[str], Change]:
        read: Callable[[str], Iterable[dict[str, Any]]] = {
            "declarations": self.declarations,
            "lines": self.lines,
            "amounts": self.amounts,
            "entries": self.entries,
            "traders": lambda _: self.traders(),
        }[table]

        def change(month: str) -> Change:
            if month not in heads:
                return Change(facts.frame(TABLES[table], []))
            rows = list(read(month))
            known = all(row[name] is not None for row in rows for name in _VALUES if name in row)
            return Change(facts.frame(TABLES[table], rows), heads[month] if known else "")

        return change

    def declarations(self, month: str) -> Iterator[dict[str, Any]]:
        for batch, payloads, events in self._batches(month):
            paid = self._paid([row.number for row in batch])
            for row in batch:
                declared = payloads[row.pk]
                lines = self._valued(row, declared)
                happened = events.get(row.number, [])
                let_go = [at for at in (row.released_at, row.cleared_at) if at]
                result = _last_result(happened)
                value, dollars = _sum(v for v, _ in lines), _sum(d for _, d in lines)
                if value is None or dollars is None:
                    self.unvalued.add(row.number)
                greatest = max(
                    range(len(lines)), key=lambda place: (lines[place][0] or 0, -place), default=None
                )
                items = declared.goods_items
                yield {
                    **self._shared(row),
                    "type_code": row.type_code,
                    "trader": row.trader.registry_id,
                    "origin_main": items[greatest].origin_country_code if greatest is not None else "",
                    "registered_at": _us(row.registered_at),
                    "arrived_at": _us(_first(happened, Act.ARRIVE)),
                    "selected_at": _us(_first(happened, Act.SELECT)),
                    "channel": row.channel,
                    "documents_checked_at": _us(_last(happened, Act.CHECK_DOCUMENTS)),
                    "inspected_at": _us(_last(happened, Act.INSPECT)),
                    "inspection_found": None if result is None else result == DIFFERS,
                    "paid_at": _us(paid.get(row.number)),
                    "released_at": _us(min(let_go, default=None)),
                    "cleared_at": _us(row.cleared_at),
                    "passed_at": _us(row.passed_at),
                    "cancelled_at": _us(_first(happened, Act.CANCEL)),
                    "value_vnd_minor": value,
                    "value_usd_cents": dollars,
                    "lines": len(items),
                    "national_count": self.pack.national_count(declared),
                    # This record takes declarations in no other way.
                    "electronic": True,
                    "simplified": row.simplified,
                    "state": row.state,
                    "version": row.version,
                    "head": row.head,
                }

    def lines(self, month: str) -> Iterator[dict[str, Any]]:
        for batch, payloads, _ in self._batches(month, with_events=False):
            for row in batch:
                declared = payloads[row.pk]
                valued = self._valued(row, declared)
                for place, (item, (value, dollars)) in enumerate(
                    zip(declared.goods_items, valued, strict=True), 1
                ):
                    hs = "".join(filter(str.isdigit, item.commodity_code))
                    mass = item.net_mass
                    yield {
                        **self._shared(row),
                        "item": place,
                        "hs": hs,
                        "chapter": hs[:2],
                        "origin": item.origin_country_code,
                        "preference": item.preference_code,
                        "value_vnd_minor": value,
                        "value_usd_cents": dollars,
                        "net_mass_millionths": mass.millionths if mass and mass.unit in ("KGM", "") else None,
                    }

    def amounts(self, month: str) -> Iterator[dict[str, Any]]:
        """Parts of one tax on one line are one amount."""
        wanted = [
            (pk, n, row)
            for pk, n, at, row in (
                (one.pk, one.last_n, one.last_at, one) for one in self._assessed().iterator(chunk_size=BATCH)
            )
            if _month(self.pack.legal_day(at)) == month
        ]
        for batch in itertools.batched(wanted, BATCH):
            current = {pk: (n, row) for pk, n, row in batch}
            found: dict[tuple[int, int, str], dict[str, Any]] = {}
            for one in AssessmentRow.objects.filter(declaration_id__in=current).order_by("pk"):
                n, row = current[one.declaration_id]
                if one.n != n:
                    continue
                key = one.declaration_id, one.line, one.tax
                amount = found.setdefault(
                    key,
                    {
                        "number": row.number,
                        "item": one.line,
                        "tax": one.tax,
                        "office": row.office,
                        "department": self._department(row.office, row.legal_day),
                        "assessed_minor": 0,
                        "payable_minor": 0,
                        "day": self.pack.legal_day(row.last_at),
                    },
                )
                amount["assessed_minor"] += one.assessed_minor
                amount["payable_minor"] += one.payable_minor
            yield from found.values()

    def entries(self, month: str) -> Iterator[dict[str, Any]]:
        first = date(int(month[:4]), int(month[5:]), 1)
        within = Q(day__gte=first, day__lte=month_end(first.year, first.month))
        rows = Journal.objects.filter(within | Q(facts__contains=f"{RECOGNISED}{month}"), sealed=True)
        rows = rows.order_by("pk").select_related("reverses").prefetch_related("entries__account")
        for batch in itertools.batched(rows.iterator(chunk_size=BATCH), BATCH):
            chosen = [row for row in batch if _month(_recognised(row.facts, row.day)) == month]
            subjects = {row.subject.removeprefix("interest:") for row in chosen}
            offices = dict(Declaration.objects.filter(number__in=subjects).values_list("number", "office"))
            moments = {(one.subject, one.n) for row in chosen for one in (row, row.reverses) if one}
            told = Event.objects.filter(subject__in={subject for subject, _ in moments})
            roles = {(subject, n): role for subject, n, role in told.values_list("subject", "n", "role")}
            for row in chosen:
                yield from self._entries_of(row, offices, roles)

    def traders(self) -> Iterator[dict[str, Any]]:
        firsts = dict(self._registered().values_list("trader").annotate(first=Min("legal_day")))
        for row in Trader.objects.order_by("pk").iterator(chunk_size=BATCH):
            yield {
                "trader": row.registry_id,
                "name": row.name,
                # The register says no seat, and what came before this record is not in it.
                "province_inside": None,
                "compliance": row.trader_class,
                "first_day": firsts.get(row.pk),
            }

    # parts

    def _registered(self) -> QuerySet[Declaration]:
        return Declaration.objects.filter(pack=self.pack.code, legal_day__isnull=False, version__gt=0)

    def _assessed(self) -> QuerySet[Declaration]:
        """With `last_n` and `last_at` of the event whose assessment stands."""
        event = Event.objects.filter(subject=OuterRef("number"), n=OuterRef("last_n"))
        latest = AssessmentRow.objects.filter(declaration=OuterRef("pk")).order_by("-n").values("n")[:1]
        rows = self._registered().annotate(last_n=Subquery(latest)).filter(last_n__isnull=False)
        return rows.annotate(last_at=Subquery(event.values("at")[:1])).order_by("pk")

    def _batches(
        self, month: str, with_events: bool = True
    ) -> Iterator[tuple[list[Declaration], dict[int, Declared], dict[str, list[tuple[str, datetime, str]]]]]:
        first = date(int(month[:4]), int(month[5:]), 1)
        rows = self._registered().filter(
            legal_day__gte=first, legal_day__lte=month_end(first.year, first.month)
        )
        for batch in itertools.batched(
            rows.select_related("trader").order_by("legal_day", "number").iterator(chunk_size=BATCH), BATCH
        ):
            texts = DeclarationVersion.objects.filter(
                declaration__in=batch, version=F("declaration__version")
            )
            payloads = {
                pk: msgspec.json.decode(text, type=Declared)
                for pk, text in texts.values_list("declaration", "payload")
            }
            events: dict[str, list[tuple[str, datetime, str]]] = {}
            if with_events:
                asked = Event.objects.filter(subject__in=[row.number for row in batch], act__in=_TOLD)
                for subject, act, at, body in asked.order_by("subject", "n").values_list(
                    "subject", "act", "at", "body"
                ):
                    events.setdefault(subject, []).append((act, at, body))
            yield list(batch), payloads, events

    def _shared(self, row: Declaration) -> dict[str, Any]:
        assert row.legal_day is not None
        return {
            "number": row.number,
            "legal_day": row.legal_day,
            "office": row.office,
            "department": self._department(row.office, row.legal_day),
            "flow": row.flow.upper(),
        }

    def _department(self, office: str, day: date | None) -> str:
        """Of an office by its day; until March 2025 Vietnam's list calls the department a branch's."""
        if not office or day is None:
            return ""
        return self.pack.fact("offices", office, "department", day) or self.pack.fact(
            "offices", office, "branch", day
        )

    def _valued(self, row: Declaration, declared: Declared) -> list[tuple[int | None, int | None]]:
        """Each line's customs value in the books' currency and in US cents; None where it cannot be told."""
        assert row.legal_day is not None
        day = row.legal_day
        kind = self.pack.kind_of(declared, day)
        if kind is None or not kind.flow:
            return [(None, None)] * len(declared.goods_items)
        rates = self._rates.get(day)
        if rates is None:
            rates = self._rates[day] = self.pack.exchange.as_of(day)
        rules = self.pack.charge_rules(day, kind.flow)
        valuation = value_declaration(declared, rules, rates, rounding=self.pack.rounding)
        dollar = rates.ratio("USD")
        found: list[tuple[int | None, int | None]] = []
        for line in valuation.lines:
            value = line.bases.get(CUSTOMS_VALUE)
            cents = None
            if value is not None and dollar is not None:
                own, foreign = dollar
                cents = half_up(value * 100 * foreign, own * 10**rates.decimals)
            found.append((value, cents))
        return found

    def _paid(self, numbers: list[str]) -> dict[str, datetime]:
        """When first, after something fell due, all of it was paid or a guarantee stood for it."""
        kinds = (AccountKind.DEBTOR, AccountKind.GUARANTEE_HELD)
        rows = Entry.objects.filter(
            journal__sealed=True, journal__subject__in=numbers, account__kind__in=kinds
        )
        rows = rows.order_by("journal__subject", "journal__n", "journal_id")
        paid: dict[str, datetime] = {}
        asked = rows.values_list(
            "journal__subject", "journal__n", "journal__at", "account__kind", "amount_minor"
        )
        for subject, acts in itertools.groupby(asked, key=lambda row: row[0]):
            left, due = 0, False
            for _, act in itertools.groupby(acts, key=lambda row: row[1]):
                moments = []
                for _, _, at, kind, minor in act:
                    moments.append(at)
                    left += minor if kind == AccountKind.DEBTOR else -minor
                    due = due or kind == AccountKind.DEBTOR
                if due and left <= 0:
                    paid[subject] = moments[-1]
                    break
        return paid

    def _entries_of(
        self, row: Journal, offices: Mapping[str, str], roles: Mapping[tuple[str, int], str]
    ) -> Iterator[dict[str, Any]]:
        source = row.reverses or row  # what is taken back stood where the journal that it reverses put it
        told = msgspec.json.decode(source.facts)
        items = msgspec.json.decode(told.get("sub_items") or "{}")
        number = row.subject.removeprefix("interest:")
        office = told.get("office") or offices.get(number, "")
        lines = sorted(row.entries.all(), key=lambda one: one.pk)
        payer = next((one.account.party for one in lines if one.account.party), "")
        day = _recognised(row.facts, row.day)
        for one in lines:
            account = Account.of(one.account.code)
            money = account.kind is AccountKind.TREASURY
            shares = _settled(one, lines) if money else {account.tax: one.amount_minor}
            for tax, minor in shares.items():
                yield {
                    "entry": f"{one.pk}/{tax}" if money else str(one.pk),
                    "journal": row.reference,
                    "subject": number,
                    "account": account.kind.value,
                    "tax": tax,
                    "payer": account.party or payer,
                    "office": office,
                    "department": self._department(office, day),
                    "chapter": told.get("chapter", ""),
                    "sub_item": items.get(tax, ""),
                    "treasury": account.reference if money else "",
                    "budget_or_deposit": _kept(source.kind, told) if money else "",
                    "method": _method(source, roles) if money else "",
                    "posted_day": day,
                    "recorded_at": _us(row.recorded_at),
                    "amount_minor": minor,
                    "reverses": row.reverses.reference if row.reverses else "",
                }


_TOLD: Final = (Act.ARRIVE, Act.SELECT, Act.CHECK_DOCUMENTS, Act.INSPECT, Act.CANCEL)
_VALUES: Final = ("value_vnd_minor", "value_usd_cents")


def _settled(money: Entry, lines: Iterable[Entry]) -> dict[str, int]:
    """Money of the Treasury by the tax that it settled when it came, "" for what settled none. Adds up to the entry."""
    against = [one for one in lines if one.pk != money.pk]
    if sum(one.amount_minor for one in against) != -money.amount_minor or any(
        one.account.kind == AccountKind.TREASURY for one in against
    ):
        return {"": money.amount_minor}
    shares: dict[str, int] = {}
    for one in against:
        tax = one.account.tax if one.account.kind == AccountKind.DEBTOR else ""
        shares[tax] = shares.get(tax, 0) - one.amount_minor
    return shares


def _kept(kind: str, told: Mapping[str, str]) -> str:
    """BUDGET or DEPOSIT; the account that a refund names is the one that paid it."""
    if kind == JournalKind.DEPOSIT:
        return "DEPOSIT"
    return told.get("account") or "BUDGET" if kind == JournalKind.PAYMENT else "BUDGET"


def _method(source: Journal, roles: Mapping[tuple[str, int], str]) -> str:
    """A bank's own report is a payment over its network; an officer enters what was paid at the counter."""
    if source.kind not in (JournalKind.PAYMENT, JournalKind.DEPOSIT):
        return ""
    role = roles.get((source.subject, source.n), "")
    return "ELECTRONIC" if role == Role.BANK else "COUNTER" if role else ""


def _digest(heads: Iterable[tuple[str, str]]) -> str:
    """With the columns' own version: a lake of other columns is written again."""
    return heads_digest([*heads, ("", definitions())])


def _recognised(told: str, day: date) -> date:
    """The day on which the Treasury recognises the money of a journal, else its own."""
    if RECOGNISED not in told:
        return day
    return date.fromisoformat(msgspec.json.decode(told)["recognised_on"])


def _month(day: date) -> str:
    return day.strftime("%Y-%m")


def _us(at: datetime | None) -> int | None:
    return microseconds(at) if at else None


def _sum(values: Iterable[int | None]) -> int | None:
    total = 0
    for value in values:
        if value is None:
            return None
        total += value
    return total


def _first(events: Iterable[tuple[str, datetime, str]], act: Act) -> datetime | None:
    return next((at for one, at, _ in events if one == act), None)


def _last(events: Iterable[tuple[str, datetime, str]], act: Act) -> datetime | None:
    return max((at for one, at, _ in events if one == act), default=None)


def _last_result(events: list[tuple[str, datetime, str]]) -> str | None:
    body = next((body for act, _, body in reversed(events) if act == Act.INSPECT), None)
    return None if body is None else str(msgspec.json.decode(body)["says"].get("result", ""))
