"""What happens to one declaration, in the order in which it happens. Read down.

Every function is one legal act. It takes `number` (customs' own; `lodge` makes it), the country `pack`, who asks
(`by`), the client's `key`, the legal time `at`, and answers with an `Answer`: done, or every reason why not. The same
key with the same request gives the same answer again. `recorded_at` is the database's clock unless a replay of
history says otherwise; `seen` is the number of the last event that the person saw.

    lodge(message=…, pack=…, by=By("ann"), key="…", at=clock.now())      does it
    perform_many([lodge.asked(…), lodge.asked(…)])                        does hundreds in one transaction

Each decides with one question to the engine and writes what the answer says; `perform` says in which order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Model

from ...engine.assessment.whole import Assessment
from ...engine.declaration import Declaration as Declared
from ...engine.findings import Finding, Refusal, errors, in_order
from ...engine.formats.responses import ResponseKind
from ...engine.ledger import postings
from ...engine.ledger.journal import Journal, reverse
from ...engine.lifecycle.declaration import Act, Facts, Obligation, State, cancel_mark
from ...engine.lifecycle.declaration import Kind as ObligationKind
from ...engine.lifecycle.machine import Says
from ...engine.risk.rules import select as choose
from ...packs import pack as country
from ...packs.dues import DueBy, DueCase
from ...packs.exemptions import NOTHING_EXEMPT, Exempted
from ...packs.pack import OWED_TO_CUSTOMS, Kind, Pack, Terms
from ...packs.preferences import lines_under, without_preference
from ..accounts.reads import By
from ..kit.act import Answer, Refused
from ..ledger import reads as books
from ..parties import exempt_lists, exempt_uses
from ..parties.acts import known
from ..record import models as record
from ..record.acts import keep_message
from ..reference.reads import equipped
from . import consignments, matters, messages
from .models import AssessmentRow, Declaration, DeclarationVersion, Mark, Receipt, Selection, Series
from .perform import Asked, Doer, Locked, Plan, Told, locked_row, perform, perform_many, unknown
from .reads import declared

__all__ = [
    "accept", "amend", "arrive", "assess", "cancel", "check_documents", "clear", "confirm_distinct", "confirm_permit",
    "decide", "doubt_value", "exit_area", "guarantee", "hold", "impose_tax", "inspect", "invite_consultation",
    "lift_hold", "lodge", "lower_channel", "pay", "perform", "perform_many", "propose", "raise_channel", "receive",
    "record_consultation", "refer", "refund", "refuse_cancel", "reject", "release", "release_guarantee",
    "remove_to_storage", "reply", "report_analysis", "report_origin", "request", "request_cancel", "reverse_payment",
    "revoke", "select", "settle", "take_sample", "verify_origin",
]  # fmt: skip

LODGING: Final = (Act.LODGE, Act.PRELODGE)


# lodging


@Doer
def lodge(
    *,
    message: bytes | Declared | messages.Read,
    pack: Pack,
    by: By,
    key: str,
    at: datetime,
    external_reference: str = "",
    recorded_at: datetime | None = None,
) -> Asked:
    """Lodge an original: its number, its first version, and the natural key that nobody may use again.

    message: bytes in a format that we read, a declaration, or what was read of either. external_reference: another
    system's number, only where the pack allows it (a demonstration that replays that system's messages).
    Refused for whatever the message's findings reject, DUPLICATE_REFERENCE, NOT_AN_ORIGINAL. The answer's `response`
    is then the rejection to send back. A declaration that looks like another of the same consignment is lodged and
    carries an obligation DUPLICATE until `confirm_distinct`.
    """
    read = messages.read(message, pack)
    day = pack.legal_day(at)
    kind = pack.kind_of(read.declaration, day) if read.declaration else None
    act = kind.asks if kind and kind.asks in LODGING else Act.LODGE

    def find() -> Declaration:
        if read.declaration is None or errors(read.findings):
            raise _rejected(act, read, at, errors(read.findings))
        if kind is None or kind.asks not in LODGING:
            says = {"type_code": read.declaration.type_code, "function_code": read.declaration.function_code}
            raise _rejected(act, read, at, (Finding("NOT_AN_ORIGINAL", at="type_code", says=says),))
        unfit = messages.unlodgeable(read.declaration, kind, pack, day)
        if unfit:
            raise _rejected(act, read, at, unfit)
        if external_reference and not pack.external_references:
            raise _rejected(act, read, at, (Finding("EXTERNAL_REFERENCE_NOT_ALLOWED"),))
        return _born(read, kind, pack, at, external_reference)

    def plan(locked: Locked) -> Plan:
        assert read.declaration is not None
        assert kind is not None
        version = _version(locked, read.declaration, read.content, 1)
        says: dict[str, str | int | tuple[str, ...]] = {
            "arrived": int(not kind.prelodged),
            "declaration": version.hash,
            "functional_reference": read.declaration.functional_reference_id,
        }
        duplicates = consignments.looks_like(locked.row)
        if duplicates:
            says["duplicate_of"] = tuple(duplicates)
        return Plan(
            says=says,
            rows=lambda _: (version,),
            messages={ResponseKind.RECEIVED: messages.received},
            findings=read.findings,
        )

    body = {"message": read.hash, "pack": pack.code, "external_reference": external_reference}
    return Asked(
        act=act, pack=pack, by=by, key=key, at=at, recorded_at=recorded_at, body=body, find=find, plan=plan
    )


def _born(read: messages.Read, kind: Kind, pack: Pack, at: datetime, external_reference: str) -> Declaration:
    """The row of a new declaration, with the next number of its office. Refused(DUPLICATE_REFERENCE)."""
    declaration = read.declaration
    assert declaration is not None
    year = pack.legal_day(at).year
    trader = known(pack.trader_of(declaration))
    office = pack.office_of(declaration)
    reference = declaration.functional_reference_id
    same = Declaration.objects.filter(trader=trader, functional_reference=reference, year=year)
    if reference and (first := same.values_list("number", flat=True).first()):
        raise _duplicate(read, at, reference, first)
    consignment = pack.consignment_of(declaration)
    row = Declaration(
        number=pack.number(office, year, _next(pack, *pack.series(office, year, kind)), kind),
        pack=pack.code,
        office=office,
        trader=trader,
        functional_reference=reference,
        year=year,
        external_reference=external_reference,
        flow=kind.flow,
        type_code=declaration.type_code,
        simplified=kind.simplified,
        lines=len(declaration.goods_items),
        consignment="" if isinstance(consignment, Finding) else consignments.key_of(consignment),
        under_document=bool(pack.transport_document_of(declaration)),
        goods_hash=consignments.goods_hash(declaration),
    )
    # Whoever lodges the same reference at this moment waits here, and then finds the row of the first.
    Declaration.objects.bulk_create([row], ignore_conflicts=True)
    stored = Declaration.objects.select_related("trader").filter(number=row.number).first()
    if stored is None:
        raise _duplicate(read, at, reference, same.values_list("number", flat=True)[0])
    return stored


def _next(pack: Pack, office: str, year: int) -> int:
    """The next of a series (`Pack.series`), whose row stays locked until the declaration is there."""
    Series.objects.bulk_create([Series(pack=pack.code, office=office, year=year)], ignore_conflicts=True)
    series = Series.objects.select_for_update().get(pack=pack.code, office=office, year=year)
    series.last += 1
    series.save(update_fields=["last"])
    return series.last


def _duplicate(read: messages.Read, at: datetime, reference: str, first: str) -> Refused:
    finding = Finding(
        "DUPLICATE_REFERENCE", at="functional_reference_id", says={"reference": reference, "number": first}
    )
    return _rejected(Act.LODGE, read, at, (finding,), first)


def _rejected(
    act: str, read: messages.Read, at: datetime, reasons: Sequence[Finding], number: str = ""
) -> Refused:
    return Refused(Refusal(act, in_order(reasons)), number, messages.refused(read, in_order(reasons), at))


def _version(
    locked: Locked, declaration: Declared, content: bytes | None, version: int
) -> DeclarationVersion:
    payload = messages.canonical_bytes(declaration)
    return DeclarationVersion(
        declaration=locked.row,
        version=version,
        n=locked.n,
        payload=payload.decode(),
        hash=messages.hash_of(payload),
        message_id=keep_message(content) if content is not None else None,
    )


def receive(
    *,
    message: bytes | Declared | messages.Read,
    pack: Pack,
    by: By,
    key: str,
    at: datetime,
    external_reference: str = "",
    recorded_at: datetime | None = None,
) -> Answer:
    """Do what a message asks for: an original is lodged; an amendment, a request to cancel and an arrival find the
    declaration that they name. Refused(UNKNOWN_DECLARATION) for one that nobody knows, as of whatever `lodge` refuses.

    Before registration a request to cancel is the declarant's own act; afterwards customs decides about it.
    """
    read = messages.read(message, pack)
    kind = pack.kind_of(read.declaration, pack.legal_day(at)) if read.declaration else None
    if read.declaration is None or errors(read.findings) or kind is None or kind.asks in LODGING:
        return lodge(
            message=message, pack=pack, by=by, key=key, at=at, external_reference=external_reference,
            recorded_at=recorded_at,
        )  # fmt: skip
    number = numbered(read.declaration.declaration_id, pack)
    if number is None:
        reasons = (unknown(read.declaration.declaration_id),)
        return Answer(act=kind.asks, reasons=reasons, response=messages.refused(read, reasons, at))
    common: dict[str, Any] = {
        "number": number, "pack": pack, "by": by, "key": key, "at": at, "recorded_at": recorded_at,
    }  # fmt: skip
    if kind.asks == Act.ARRIVE:
        return arrive(**common)
    if kind.asks in (Act.CANCEL, Act.REQUEST_CANCEL):
        row = Declaration.objects.get(number=number)
        # Not by the state, which the act itself changes: the same message sent again must ask for the same.
        ask = cancel if row.registered_at is None else request_cancel
        return ask(reason=messages.reason(read.declaration), **common)
    return amend(change=message, reason=messages.reason(read.declaration), **common)


def numbered(reference: str, pack: Pack) -> str | None:
    """The number of the declaration that a reference names: customs' own, or, where the pack allows it, the other
    system's; None when no declaration, or more than one, has it."""
    rows = Declaration.objects.filter(pack=pack.code, number=pack.kept_number(reference))
    if not rows and reference and pack.external_references:
        rows = Declaration.objects.filter(pack=pack.code, external_reference=reference)
    found = list(rows.values_list("number", flat=True)[:2])
    return found[0] if len(found) == 1 else None


@Doer
def confirm_distinct(*, number: str, reason: str, **common: Any) -> Asked:
    """The declarant confirms, with a reason, that this is not the declaration it looks like."""
    return _said(Act.CONFIRM_DISTINCT, number, {"reason": reason}, **common)


@Doer
def arrive(*, number: str, **common: Any) -> Asked:
    """The goods are there."""
    return _said(Act.ARRIVE, number, {}, **common)


# registration


@Doer
def accept(
    *,
    number: str,
    pack: Pack,
    at: datetime,
    legal_day: date | None = None,
    opens: Sequence[str] = (),
    **common: Any,
) -> Asked:
    """Register the declaration when its checks find no error: from now on it is judged by the law of its legal day.

    legal_day: of the act itself, unless the law reaches back (a supplementary declaration). opens: what registration
    leaves open (PROVISIONAL_VALUE, PERMIT:reference), beside what the country's law opens by itself. Refused with every
    error of the checks; the declaration then stays lodged, and `reject` or an amendment follows.
    """
    day = legal_day or pack.legal_day(at)

    def plan(locked: Locked) -> Plan:
        findings = country.run_checks(equipped(pack), declared(locked.row), day)
        if errors(findings):
            raise Refused(Refusal(Act.ACCEPT, errors(findings)), number)
        says: dict[str, str | tuple[str, ...]] = {"legal_day": day.isoformat()}
        opened = tuple(dict.fromkeys([*opens, *equipped(pack).opened_by(declared(locked.row), day)]))
        if opened:
            says["opens"] = opened
        return Plan(
            says=says,
            messages={ResponseKind.ACCEPTED: messages.accepted},
            findings=findings,
        )

    return _asked(Act.ACCEPT, number, plan, {"legal_day": day, "opens": opens}, pack=pack, at=at, **common)


@Doer
def reject(*, number: str, pack: Pack, at: datetime, codes: Sequence[str] = (), **common: Any) -> Asked:
    """Refuse to register it, citing every error of the checks (and further codes of an officer)."""

    def plan(locked: Locked) -> Plan:
        findings = errors(country.run_checks(equipped(pack), declared(locked.row), pack.legal_day(at)))
        cited = tuple(dict.fromkeys([*codes, *(finding.code for finding in findings)]))

        def write(told: Told) -> bytes:
            return messages.rejected(told, findings)

        return Plan(says={"codes": cited}, messages={ResponseKind.REJECTED: write}, findings=findings)

    return _asked(Act.REJECT, number, plan, {"codes": codes}, pack=pack, at=at, **common)


def decide(*, number: str, key: str, **common: Any) -> Answer:
    """Accept, or reject with every error that the checks find."""
    answer = accept(number=number, key=f"{key}/accept", **common)
    row = Declaration.objects.filter(number=number).first()
    failed = (
        row is not None
        and answer.reasons
        and _fail(row, common["pack"], common["at"], common.get("legal_day"))
    )
    if not failed:
        return answer
    common.pop("legal_day", None)
    return reject(number=number, key=f"{key}/reject", **common)


def _fail(row: Declaration, pack: Pack, at: datetime, legal_day: date | None) -> bool:
    return bool(errors(country.run_checks(equipped(pack), declared(row), legal_day or pack.legal_day(at))))


# amendment


@Doer
def amend(
    *,
    number: str,
    change: bytes | Declared | messages.Read,
    reason: str,
    pack: Pack,
    at: datetime,
    free_until: date | None = None,
    **common: Any,
) -> Asked:
    """Change what was declared: a new version with everything before and after, never a step back.

    change: the message with the changed parts, or the whole declaration as it should be (function 9). The law of the
    original legal day goes on judging it; `assess` then posts only the difference. free_until: the last day on which
    an amendment has no consequence.
    """
    read = messages.read(change, pack)

    def plan(locked: Locked) -> Plan:
        if read.declaration is None or errors(read.findings):
            raise _rejected(Act.AMEND, read, at, errors(read.findings), number)
        before = declared(locked.row)
        changed = messages.changed(before, read.declaration)
        if isinstance(changed, tuple):
            raise _rejected(Act.AMEND, read, at, changed, number)
        if not changed.differences:
            raise _rejected(
                Act.AMEND, read, at, (Finding("NOTHING_CHANGED", says={"number": number}),), number
            )
        version = _version(locked, changed.declaration, read.content, locked.facts.version + 1)
        version.changes = changed.text
        says: dict[str, str | tuple[str, ...]] = {
            "reason": reason,
            "changed": changed.groups,
            "declaration": version.hash,
            "day": locked.day.isoformat(),
        }
        if locked.facts.legal_day:
            says["law_day"] = locked.facts.legal_day.isoformat()
        free = free_until or _free_until(locked, pack)
        if free:
            says["free_until"] = free.isoformat()
        return Plan(
            says=says,
            rows=lambda _: (version,),
            messages={ResponseKind.RESUMED: messages.amended},
            findings=read.findings,
        )

    body = {"change": read.hash, "reason": reason, "free_until": free_until}
    return _asked(Act.AMEND, number, plan, body, pack=pack, at=at, **common)


def _free_until(locked: Locked, pack: Pack) -> date | None:
    """The last day on which the law lets it be amended without consequence: counted from the events so far."""
    told = record.Event.objects.filter(subject=locked.row.number)
    days: dict[str, date] = {}
    told = told.filter(act__in=(Act.SELECT, Act.REQUEST, Act.CLEAR)).order_by("n")
    for act, at in told.values_list("act", "at"):
        # The first notice of a channel counts, and the last of the others.
        days[act] = days.get(act, pack.legal_day(at)) if act == Act.SELECT else pack.legal_day(at)
    asked = any(one.kind is ObligationKind.REPLY for one in locked.facts.obligations)
    return pack.amended_free_until(
        selected_on=days.get(Act.SELECT),
        asked_on=days.get(Act.REQUEST) if asked else None,
        cleared_on=days.get(Act.CLEAR) if locked.facts.cleared_at else None,
    )


# assessment


@Doer
def assess(*, number: str, **common: Any) -> Asked:
    """Compute every tax by the law of the legal day, keep the trace, and post what is due, or only the difference.

    Refused(ASSESSMENT_PENDING) with every finding while a rate is missing: the declaration waits, and nothing is
    assumed to be zero. While the value is provisional, so is the notice.
    """

    def plan(locked: Locked) -> Plan:
        return _sums(locked, Act.ASSESS).plan({})

    return _asked(Act.ASSESS, number, plan, {}, **common)


@dataclass(frozen=True, slots=True)
class _Sums:
    """An assessment ready to be written. due: by tax, what customs has a claim to (not what is postponed). lifted: what
    the law lifts, which is written off and counted."""

    assessment: Assessment
    due: Mapping[str, int]
    rows: Sequence[AssessmentRow]
    journals: Sequence[Journal]
    lifted: Exempted

    @property
    def assessed_minor(self) -> int:
        return sum(self.due.values())

    @property
    def says(self) -> dict[str, str | int]:
        return {
            "assessed_minor": self.assessed_minor,
            "law_day": self.assessment.day,
            "assessment": self.assessment.hash(),
            "edition": self.assessment.edition,
            "pack_version": self.assessment.pack_version,
        }

    def notice(self, told: Told) -> bytes:
        return messages.taxed(told, self.assessment)

    def plan(self, said: Says) -> Plan:
        """What an act does that assesses: it says the amount, keeps every row, posts the difference, tells it."""
        return Plan(
            says={**self.says, **said},
            rows=lambda locked: [*self.rows, *_written_off(locked, self.lifted)],
            journals=lambda _: self.journals,
            messages={ResponseKind.TAX: self.notice},
            findings=self.assessment.findings,
            answer={"assessed_minor": self.assessed_minor, "by_tax": self.due},
        )


def _sums(
    locked: Locked,
    act: str,
    *,
    settled: Callable[[Obligation], bool] = lambda one: False,
    doubted: str = "",
    refuted: str = "",
) -> _Sums:
    """Assess the current version.

    settled: which open matters this very act closes. doubted, refuted: the certificate of origin that this act puts in
    doubt, or finds to give no preference. Goods whose certificate is in doubt, refuted or still to come owe the general
    rate. Refused(CERTIFICATE_NOT_CLAIMED) for a doubted certificate under which nothing is claimed.
    """
    pack, facts, row = equipped(locked.pack), locked.facts, locked.row
    if facts.legal_day is None:
        raise Refused(Refusal(act, (Finding("NOT_REGISTERED"),)), row.number)
    declaration = declared(row)
    still_open = [one for one in facts.obligations if not settled(one)]
    lines = range(1, len(declaration.goods_items) + 1)
    provisional = lines if any(one.kind is ObligationKind.PROVISIONAL_VALUE for one in still_open) else ()
    if doubted and not lines_under(declaration, doubted):
        unclaimed = Finding("CERTIFICATE_NOT_CLAIMED", at="says.reference", says={"reference": doubted[:40]})
        raise Refused(Refusal(act, (unclaimed,)), row.number)
    certificates = {*facts.refuted, *(name for name in (doubted, refuted) if name)}
    certificates |= {one.reference for one in still_open if one.kind is ObligationKind.ORIGIN_VERIFICATION}
    schemes = {one.reference for one in still_open if one.kind is ObligationKind.LATE_CERTIFICATE}
    declaration = without_preference(declaration, certificates=certificates, schemes=schemes)
    person = exempt_lists.known_of(declaration, facts.legal_day, row.number, locking=True)
    assessment, lifted = country.assess_and_exempt(
        pack, declaration, facts.legal_day, provisional=provisional, person=person
    )
    if assessment.pending:
        pending = Finding("ASSESSMENT_PENDING", says={"taxes": ", ".join(assessment.pending)})
        raise Refused(Refusal(act, in_order([pending, *errors(assessment.findings)])), row.number)
    rows = _assessment_rows(locked, declaration, assessment)
    due: dict[str, int] = {}
    for one in rows:
        if Terms(one.terms) in OWED_TO_CUSTOMS:
            due[one.tax] = due.get(one.tax, 0) + one.payable_minor
    return _Sums(assessment, due, rows, _liability_journals(locked, due), lifted)


def _written_off(locked: Locked, lifted: Exempted) -> list[Model]:
    """Let the declaration hold this much of lists of exempt goods, and count as one exemption more of its person. No
    row of the act's own; what is refused here was granted under a lock that this transaction holds, so it is a fault
    and no answer."""
    number, day = locked.row.number, locked.facts.legal_day
    if not lifted.takes and not lifted.uses and locked.facts.assessed_minor is None:
        return []  # most declarations: there is nothing to write, and nothing was
    if day is not None:
        holder = exempt_lists.holder_of(declared(locked.row))
        exempt_uses.count(trader=holder, declaration=number, n=locked.n, day=day, uses=lifted.uses)
    refused = exempt_lists.write_off(declaration=number, n=locked.n, takes=lifted.takes)
    if refused:
        raise RuntimeError(f"{locked.row.number}: {[finding.code for finding in refused]}")
    return []


def _assessment_rows(locked: Locked, declaration: Declared, assessment: Assessment) -> list[AssessmentRow]:
    """One row for each amount of each line; several of one tax on a line are its parts, from 1."""
    legal_day = locked.facts.legal_day
    assert legal_day is not None
    rows = []
    for place, (item, line) in enumerate(zip(declaration.goods_items, assessment.lines, strict=True), 1):
        parts: dict[str, int] = {}
        for amount, trace in zip(line.amounts, line.trace(), strict=True):
            payment = locked.pack.payment_of(declaration, item, amount.tax, legal_day)
            parts[amount.tax] = parts.get(amount.tax, 0) + 1
            rows.append(
                AssessmentRow(
                    declaration=locked.row,
                    n=locked.n,
                    version=locked.facts.version,
                    line=place,
                    part=parts[amount.tax],
                    tax=amount.tax,
                    base_minor=amount.base_minor or 0,
                    assessed_minor=amount.assessed_minor or 0,
                    payable_minor=amount.payable_minor or 0,
                    method=payment.method,
                    terms=payment.terms.value,
                    law=str(amount.charge.law) if amount.charge else "",
                    trace=messages.canonical_text(trace.to_dict()),
                    pack_version=assessment.pack_version,
                    edition=assessment.edition,
                )
            )
    return rows


def _liability_journals(locked: Locked, due: Mapping[str, int]) -> list[Journal]:
    """What is newly due against what was posted before, and what money already here then settles."""
    number = locked.row.number
    before = books.liability(number)
    head = _heads(locked)
    if books.was_assessed(number):
        first = postings.difference_postings(head(), before, due)
    else:
        first = postings.assess_postings(head(), due)
    owed = books.owed(number)
    for tax in {*before, *due}:
        owed[tax] = owed.get(tax, 0) + due.get(tax, 0) - before.get(tax, 0)
    return [*([first] if first else []), *_settling(head, owed, books.free_money(number))]


def _heads(locked: Locked) -> Callable[[], postings.Head]:
    """Heads for the journals of one act, each with its own reference, counting on the day of the act."""
    count = 0

    def head() -> postings.Head:
        nonlocal count
        count += 1
        return postings.Head(
            reference=f"{locked.row.number}/{locked.n}/{count}",
            payer=locked.row.trader.registry_id,
            currency=locked.pack.currency,
            effective_day=locked.day,
            subject=locked.row.number,
        )

    return head


def _settling(head: Callable[[], postings.Head], owed: Mapping[str, int], free_minor: int) -> list[Journal]:
    """Put in order what an act left: a tax paid beyond its amount becomes free money, and free money pays what is owed.

    owed: by tax, below zero where too much was paid. The taxes are settled in the order of their codes.
    """
    journals: list[Journal] = []
    over = {tax: -minor for tax, minor in owed.items() if minor < 0}
    surplus = postings.surplus_postings(head(), over) if over else None
    if surplus is not None:
        journals.append(surplus)
        free_minor += sum(over.values())
    settles = _shared(free_minor, owed)
    if settles:
        journals.append(postings.allocation_postings(head(), settles))
    return journals


def _shared(money_minor: int, owed: Mapping[str, int]) -> dict[str, int]:
    """How an amount of money settles what is owed, tax by tax in the order of their codes, until it is used up."""
    settles: dict[str, int] = {}
    for tax in sorted(owed):
        part = min(money_minor, owed[tax])
        if part > 0:
            settles[tax] = part
            money_minor -= part
    return settles


# selection


@Doer
def select(*, number: str, pack: Pack, **common: Any) -> Asked:
    """Give the channel: criteria of the legal day, and the random share drawn once for the consignment.

    The reasons are kept and not told to the declarant. A later version may raise the channel, never lower it.
    """

    def plan(locked: Locked) -> Plan:
        row, facts = locked.row, locked.facts
        if facts.legal_day is None:
            raise Refused(Refusal(Act.SELECT, (Finding("NOT_REGISTERED"),)), number)
        declaration = declared(row)
        # The goods as first declared: amending them draws nothing new.
        consignment = pack.consignment_of(declared(row, 1))
        if isinstance(consignment, Finding):
            consignment = f"number:{number}"
        drawn = consignments.drawn(consignment, locked.day, number)
        chosen = choose(
            pack.risk_facts(declaration, row.trader.trader_class, facts.legal_day),
            pack.rules_of(facts.legal_day),
            pack.random_share_ppm,
            drawn.u_ppm,
            former=consignments.former_channel(row, locked.day),
        )
        reasons = [
            {"code": r.code, "channel": r.channel.name, "rule": r.rule, "weight": r.weight, "at": r.at}
            for r in chosen.reasons
        ]
        kept = Selection(
            declaration=row,
            n=locked.n,
            act=Act.SELECT,
            version=facts.version,
            channel=chosen.channel,
            reasons=messages.canonical_text(reasons),
            draw_day=drawn.day,
            draw_ppm=chosen.u_ppm,
            share_ppm=chosen.share_ppm,
            rules=chosen.rules_hash,
        )
        says: Says = {
            "channel": chosen.channel.name,
            "reasons": tuple(dict.fromkeys(reason.code for reason in chosen.reasons)),
            "rules": chosen.rules_hash,
            "draw_day": drawn.day.isoformat(),
            "draw_ppm": chosen.u_ppm,
            "share_ppm": chosen.share_ppm,
            "commitment": drawn.commitment,
        }
        return Plan(says=says, rows=lambda _: (kept,), messages=messages.of_channel(chosen.channel))

    return _asked(Act.SELECT, number, plan, {}, pack=pack, **common)


@Doer
def raise_channel(*, number: str, channel: str, reason: str, **common: Any) -> Asked:
    """An officer or leader wants to look closer, and says why."""
    return _rerouted(Act.RAISE_CHANNEL, number, channel, reason, **common)


@Doer
def lower_channel(*, number: str, channel: str, reason: str, **common: Any) -> Asked:
    """A leader lowers the channel that another person proposed to lower (`propose`), with the same reason."""
    return _rerouted(Act.LOWER_CHANNEL, number, channel, reason, **common)


def _rerouted(act: Act, number: str, channel: str, reason: str, **common: Any) -> Asked:
    said = {"channel": channel, "reason": reason}

    def plan(locked: Locked) -> Plan:
        known_channel = messages.channel_named(channel)
        if known_channel is None:
            return Plan(says=said)  # the lifecycle refuses it, with all its other reasons
        reasons = messages.canonical_text([{"code": act.value.upper(), "reason": reason}])
        row = Selection(
            declaration=locked.row,
            n=locked.n,
            act=act,
            version=locked.facts.version,
            channel=known_channel,
            reasons=reasons,
        )
        return Plan(says=said, rows=lambda _: (row,), messages=messages.of_channel(known_channel))

    return _asked(act, number, plan, said, **common)


# checks


@Doer
def check_documents(
    *, number: str, result: str, note: str = "", opens: Sequence[str] = (), **common: Any
) -> Asked:
    """The result of checking the documents: CONFORMS or DIFFERS, and what it leaves open."""
    return _said(Act.CHECK_DOCUMENTS, number, _result(result, note, opens), **common)


@Doer
def inspect(*, number: str, result: str, note: str = "", opens: Sequence[str] = (), **common: Any) -> Asked:
    """The result of inspecting the goods, on the inspection sheet."""
    return _said(Act.INSPECT, number, _result(result, note, opens), **common)


def _result(result: str, note: str, opens: Sequence[str]) -> dict[str, str | tuple[str, ...]]:
    said: dict[str, str | tuple[str, ...]] = {"result": result}
    if note:
        said["note"] = note
    if opens:
        said["opens"] = tuple(opens)
    return said


@Doer
def request(*, number: str, reference: str, wanted: str, **common: Any) -> Asked:
    """Ask the declarant for documents or information; his clock runs until the reply."""
    return _said(
        Act.REQUEST, number, {"reference": reference, "wanted": wanted}, ResponseKind.QUERY, **common
    )


@Doer
def reply(*, number: str, reference: str, text: str = "", **common: Any) -> Asked:
    """The declarant answers a request."""
    return _said(Act.REPLY, number, {"reference": reference, **({"text": text} if text else {})}, **common)


@Doer
def refer(*, number: str, reference: str, agency: str, **common: Any) -> Asked:
    """Another authority has to permit or inspect; its clock runs."""
    return _said(Act.REFER, number, {"reference": reference, "agency": agency}, **common)


@Doer
def confirm_permit(*, number: str, reference: str, **common: Any) -> Asked:
    """The other authority's permit or result is there."""
    return _said(Act.CONFIRM_PERMIT, number, {"reference": reference}, **common)


@Doer
def hold(*, number: str, reference: str, reason: str, **common: Any) -> Asked:
    """Stop everything that would let the goods go."""
    return _said(Act.HOLD, number, {"reference": reference, "reason": reason}, **common)


@Doer
def lift_hold(*, number: str, reference: str, reason: str, **common: Any) -> Asked:
    """Let it go on."""
    return _said(Act.LIFT_HOLD, number, {"reference": reference, "reason": reason}, **common)


# what leaves the amount open


@Doer
def doubt_value(*, number: str, reference: str, reason: str, security_minor: int = 0, **common: Any) -> Asked:
    """Doubt the declared value (by a reference price, or what an officer found) and call for a consultation.

    security_minor: what must be secured beyond the amount assessed so that the goods may be released meanwhile.
    """
    return _said(Act.DOUBT_VALUE, number, _doubt(reference, security_minor, reason=reason), _NOTICE, **common)


@Doer
def invite_consultation(*, number: str, reference: str, hearing_day: date, **common: Any) -> Asked:
    """Invite the declarant to be heard on his value on a day."""
    said = {"reference": reference, "hearing_day": hearing_day.isoformat()}
    return _said(Act.INVITE_CONSULTATION, number, said, _NOTICE, **common)


@Doer
def record_consultation(
    *, number: str, reference: str, outcome: str, method: str = "", note: str = "", **common: Any
) -> Asked:
    """The record of the hearing: the value is ACCEPTED, and the matter ends; or NOT_ACCEPTED (ABSENT: nobody came), and
    customs determines it by a method, to be settled on an amendment or imposed."""
    said = {"reference": reference, "outcome": outcome, "method": method, "note": note}
    return _said(Act.RECORD_CONSULTATION, number, _given(said), _NOTICE, **common)


@Doer
def take_sample(
    *, number: str, reference: str, sample: str, laboratory: str, security_minor: int = 0, **common: Any
) -> Asked:
    """Take a sample and send it to be analysed and classified; the goods may be released meanwhile."""
    said = _doubt(reference, security_minor, sample=sample, laboratory=laboratory)
    return _said(Act.TAKE_SAMPLE, number, said, _NOTICE, **common)


@Doer
def report_analysis(*, number: str, reference: str, outcome: str, note: str = "", **common: Any) -> Asked:
    """The laboratory's result: CONFORMS ends the matter; DIFFERS leaves it to be settled on an amendment or imposed."""
    said = {"reference": reference, "outcome": outcome, "note": note}
    return _said(Act.REPORT_ANALYSIS, number, _given(said), _NOTICE, **common)


@Doer
def verify_origin(*, number: str, reference: str, authority: str, reason: str, **common: Any) -> Asked:
    """Ask whoever issued a certificate of origin (reference: its number) whether it holds. Its goods owe the general
    rate from now on: the difference is posted on this day, and must be paid or secured before they go."""
    said = {"reference": reference, "authority": authority, "reason": reason}

    def plan(locked: Locked) -> Plan:
        return _sums(locked, Act.VERIFY_ORIGIN, doubted=reference).plan(said)

    return _asked(Act.VERIFY_ORIGIN, number, plan, said, **common)


@Doer
def report_origin(*, number: str, reference: str, outcome: str, note: str = "", **common: Any) -> Asked:
    """The end of a verification: CONFIRMED grants the preference, and what was paid beyond it can be refunded by a
    decision; REFUTED and NO_ANSWER (the time is over) leave the general rate for good."""
    said = _given({"reference": reference, "outcome": outcome, "note": note})

    def plan(locked: Locked) -> Plan:
        doubt = Obligation(ObligationKind.ORIGIN_VERIFICATION, reference)
        sums = _sums(
            locked,
            Act.REPORT_ORIGIN,
            settled=lambda one: one == doubt,
            refuted="" if outcome == "CONFIRMED" else reference,
        )
        return sums.plan(said)

    return _asked(Act.REPORT_ORIGIN, number, plan, said, **common)


_NOTICE: Final = ResponseKind.QUERY


def _doubt(reference: str, security_minor: int, **said: str) -> dict[str, str | int]:
    security = {"security_minor": security_minor} if security_minor else {}
    return {"reference": reference, **said, **security}


def _given(said: Mapping[str, str]) -> dict[str, str]:
    """What was really said, without what was left empty."""
    return {name: value for name, value in said.items() if value}


# money


@Doer
def pay(
    *,
    number: str,
    paid_minor: int,
    source: str,
    reference: str,
    treasury: str,
    chapter: str = "",
    account: str = "",
    recognised_on: date | None = None,
    part_of: Receipt | None = None,
    **common: Any,
) -> Asked:
    """Money has come. source, reference: whose report, and his own name for it, which counts once for ever.

    It settles the taxes of this declaration; what is over is the payer's own, and can be refunded. chapter, account
    (BUDGET, DEPOSIT), recognised_on: where and when the State's books have it, as far as the report says. part_of: the
    receipt of the whole, where the money is for several debts (`settling.settle`).
    Refused(RECEIPT_COUNTED) for a report that was counted before.
    """
    said: dict[str, str | int] = {
        "paid_minor": paid_minor,
        "reference": reference,
        "source": source,
        "treasury": treasury,
    }
    booked = {
        "chapter": chapter,
        "account": account,
        "recognised_on": recognised_on.isoformat() if recognised_on else "",
    }
    said.update({name: value for name, value in booked.items() if value})

    def plan(locked: Locked) -> Plan:
        counted = (
            Receipt.objects.filter(source=source, reference=reference)
            .select_related("declaration", "trader")
            .first()
        )
        if counted is not None:
            says = {"source": source, "reference": reference, "number": counted.owner}
            raise Refused(Refusal(Act.PAY, (Finding("RECEIPT_COUNTED", at="reference", says=says),)), number)
        if paid_minor <= 0:
            return Plan(says=said)  # the lifecycle refuses it
        settles = _shared(paid_minor, books.owed(number))
        told = booked_as(locked.pack, locked.day, settles, office=locked.row.office, **booked)
        row = Receipt(
            source=source,
            reference=reference,
            declaration=locked.row,
            trader=locked.row.trader,
            part_of=part_of,
            n=locked.n,
            amount_minor=paid_minor,
            treasury=treasury,
            office=locked.row.office,
            account=account or Receipt.Kept.BUDGET,
            chapter=chapter,
            sub_items=told.get("sub_items", "{}"),
            recognised_on=recognised_on,
        )

        def journals(_: Locked) -> list[Journal]:
            head = replace(_heads(locked)(), facts=told)
            return [postings.payment_postings(head, paid_minor, treasury, settles)]

        return Plan(says=said, rows=lambda _: (row,), journals=journals)

    return _asked(Act.PAY, number, plan, said, **common)


def booked_as(pack: Pack, day: date, settles: Mapping[str, int], **facts: str) -> dict[str, str]:
    """The facts of a posting of money: the sub-items of the taxes that it settles, and what else is known of it."""
    items = {tax: pack.fact("taxes", tax, "sub_item", day) for tax in sorted(settles)}
    items = {tax: item for tax, item in items.items() if item}
    told = {name: value for name, value in facts.items() if value}
    return {**told, **({"sub_items": messages.canonical_text(items)} if items else {})}


@Doer
def reverse_payment(*, number: str, reversed_minor: int, reference: str, reason: str, **common: Any) -> Asked:
    """A receipt was booked in error: its journal is taken back whole. reference: "source:reference" of the receipt.

    Four eyes: `propose` it first. Refused(RECEIPT_UNKNOWN, RECEIPT_DIFFERS).
    """
    said: dict[str, str | int] = {"reversed_minor": reversed_minor, "reference": reference, "reason": reason}

    def plan(locked: Locked) -> Plan:
        source, _, own = reference.partition(":")
        receipt = Receipt.objects.filter(declaration=locked.row, source=source, reference=own).first()
        says = {"reference": reference}
        if receipt is None:
            raise Refused(Refusal(Act.REVERSE_PAYMENT, (Finding("RECEIPT_UNKNOWN", says=says),)), number)
        if receipt.amount_minor != reversed_minor:
            says = {**says, "amount_minor": str(receipt.amount_minor)}
            raise Refused(Refusal(Act.REVERSE_PAYMENT, (Finding("RECEIPT_DIFFERS", says=says),)), number)

        def journals(_: Locked) -> list[Journal]:
            head = _heads(locked)
            wrong = books.journal_of(f"{number}/{receipt.n}/1")
            assert wrong is not None
            back = reverse(wrong, reference=head().reference, effective_day=locked.day, reason=reason)
            owed, free = books.owed(number), books.free_money(number)
            for entry in back.entries:
                if entry.account.kind == "DEBTOR":
                    owed[entry.account.tax] = owed.get(entry.account.tax, 0) + entry.amount_minor
                if entry.account.kind == "UNALLOCATED":
                    free -= entry.amount_minor
            return [back, *_settling(head, owed, free)]

        return Plan(says=said, journals=journals)

    return _asked(Act.REVERSE_PAYMENT, number, plan, said, **common)


@Doer
def refund(*, number: str, refunded_minor: int, decision: str, account: str, **common: Any) -> Asked:
    """Give back what was paid beyond the amount due, by a decision, out of an account. Four eyes: `propose` first."""
    said: dict[str, str | int] = {"refunded_minor": refunded_minor, "decision": decision, "account": account}

    def journals(locked: Locked) -> list[Journal]:
        head = _heads(locked)
        return [
            postings.refund_decision_postings(head(), refunded_minor, decision),
            postings.refund_payment_postings(head(), refunded_minor, decision, account),
        ]

    def plan(locked: Locked) -> Plan:
        return Plan(says=said, journals=journals)

    return _asked(Act.REFUND, number, plan, said, **common)


@Doer
def guarantee(*, number: str, guaranteed_minor: int, reference: str, **common: Any) -> Asked:
    """A guarantee (reference) stands for what is due. Refused(GUARANTEE_OVERDRAWN) beyond its limit."""
    said: dict[str, str | int] = {"guaranteed_minor": guaranteed_minor, "reference": reference}

    def plan(locked: Locked) -> Plan:
        left = books.guarantee_left(locked.row.trader.registry_id, reference, locked.pack.currency)
        if guaranteed_minor > left:
            says = {"reference": reference, "left_minor": str(left), "asked_minor": str(guaranteed_minor)}
            raise Refused(Refusal(Act.GUARANTEE, (Finding("GUARANTEE_OVERDRAWN", says=says),)), number)
        if guaranteed_minor <= 0:
            return Plan(says=said)  # the lifecycle refuses it
        return Plan(
            says=said,
            journals=lambda _: [
                postings.guarantee_hold_postings(_heads(locked)(), reference, guaranteed_minor)
            ],
        )

    return _asked(Act.GUARANTEE, number, plan, said, **common)


@Doer
def release_guarantee(*, number: str, released_minor: int, reference: str, **common: Any) -> Asked:
    """A guarantee, or a part of it, is free again. Refused(GUARANTEE_NOT_HELD) for more than it holds here."""
    said: dict[str, str | int] = {"released_minor": released_minor, "reference": reference}

    def plan(locked: Locked) -> Plan:
        held = books.guarantee_held(number, reference)
        if released_minor > held:
            says = {"reference": reference, "held_minor": str(held)}
            raise Refused(Refusal(Act.RELEASE_GUARANTEE, (Finding("GUARANTEE_NOT_HELD", says=says),)), number)
        if released_minor <= 0:
            return Plan(says=said)  # the lifecycle refuses it
        return Plan(
            says=said,
            journals=lambda _: [
                postings.guarantee_release_postings(_heads(locked)(), reference, released_minor)
            ],
        )

    return _asked(Act.RELEASE_GUARANTEE, number, plan, said, **common)


# letting the goods go


@Doer
def remove_to_storage(*, number: str, place: str, reason: str, **common: Any) -> Asked:
    """The goods may wait for the result in storage under supervision; they may not be used."""
    return _said(Act.REMOVE_TO_STORAGE, number, {"place": place, "reason": reason}, **common)


@Doer
def release(*, number: str, **common: Any) -> Asked:
    """The goods may be used while the amount is still open; what is due so far is secured."""
    return _let_go(Act.RELEASE, number, ResponseKind.RELEASED, **common)


@Doer
def settle(*, number: str, kind: str, reference: str = "", **common: Any) -> Asked:
    """What left the amount open is settled: the amended declaration is assessed again, the difference is posted."""
    said = {"kind": kind, **({"reference": reference} if reference else {})}

    def plan(locked: Locked) -> Plan:
        sums = _sums(locked, Act.SETTLE, settled=_of_matter(kind, reference))
        return sums.plan({**said, **_days(locked, kind, reference)})

    return _asked(Act.SETTLE, number, plan, said, **common)


def _of_matter(kind: str, reference: str) -> Callable[[Obligation], bool]:
    """Whether an open matter is meant: of the kind, and of the reference where one is named."""
    return lambda one: bool(kind) and one.kind == kind and reference in ("", one.reference)


def _days(locked: Locked, kind: str, reference: str) -> dict[str, str]:
    """The day of the act, and the last one on which what it settles was in time, where the law gives one."""
    row = locked.row.obligations.filter(kind=kind, closed_n__isnull=True, due_at__isnull=False)
    due = (row.filter(reference=reference) if reference else row).order_by("due_at").first()
    if due is None or due.due_at is None:
        return {"day": locked.day.isoformat()}
    last = matters.last_day(due.due_at, locked.pack)
    return {"day": locked.day.isoformat(), "due_day": last.isoformat()}


@Doer
def impose_tax(
    *, number: str, decision: str, reason: str, kind: str = "", reference: str = "", **common: Any
) -> Asked:
    """A leader imposes the tax that follows from what customs determined: the amended declaration is assessed by the
    law of its legal day, and the difference is owed from the day of the decision. Four eyes: `propose` it first.

    kind, reference: the open matter that it ends, if any.
    """
    said = _given({"decision": decision, "reason": reason, "kind": kind, "reference": reference})

    def plan(locked: Locked) -> Plan:
        return _sums(locked, Act.IMPOSE_TAX, settled=_of_matter(kind, reference)).plan(said)

    return _asked(Act.IMPOSE_TAX, number, plan, said, **common)


@Doer
def clear(*, number: str, **common: Any) -> Asked:
    """Everything is done: formalities end."""
    return _let_go(Act.CLEAR, number, ResponseKind.CLEARED, **common)


@Doer
def exit_area(*, number: str, **common: Any) -> Asked:
    """The goods pass the supervision area, on their way to storage or for good."""
    return _said(Act.EXIT, number, {}, ResponseKind.EXITED, **common)


# cancelling and taking back


@Doer
def request_cancel(*, number: str, reason: str, **common: Any) -> Asked:
    """The declarant asks to cancel a registered declaration; customs decides."""
    return _said(Act.REQUEST_CANCEL, number, {"reason": reason}, **common)


@Doer
def refuse_cancel(*, number: str, reason: str, **common: Any) -> Asked:
    """Customs does not cancel it."""
    return _said(Act.REFUSE_CANCEL, number, {"reason": reason}, **common)


@Doer
def cancel(*, number: str, reason: str, **common: Any) -> Asked:
    """The declaration is void. Nothing is due any more; what was paid is the payer's; a red one marks its goods."""
    said = {"reason": reason}

    def plan(locked: Locked) -> Plan:
        return Plan(
            says=said,
            rows=lambda locked: [*_marks(locked), *_written_off(locked, NOTHING_EXEMPT)],
            journals=lambda _: (
                _liability_journals(locked, {}) if locked.facts.assessed_minor is not None else []
            ),
            messages={ResponseKind.INVALIDATED: messages.invalidated},
        )

    return _asked(Act.CANCEL, number, plan, said, **common)


def _marks(locked: Locked) -> list[Mark]:
    """The mark that cancelling leaves on the consignment, so that lodging again does not buy another draw."""
    row = locked.row
    cancelled = Facts(state=State.CANCELLED, cancelled_channel=locked.facts.channel)
    mark = cancel_mark(cancelled, locked.day)
    if mark is None or not row.consignment or mark.period.last_day is None:
        return []
    return [
        Mark(
            consignment=row.consignment,
            channel=mark.channel,
            first_day=mark.period.first_day,
            last_day=mark.period.last_day,
            number=row.number,
        )
    ]


@Doer
def revoke(
    *, number: str, act: str, decision: str, reason: str, opens: Sequence[str] = (), **common: Any
) -> Asked:
    """Take a notified decision back, by a decision of its own."""
    said: dict[str, str | tuple[str, ...]] = {"act": act, "decision": decision, "reason": reason}
    if opens:
        said["opens"] = tuple(opens)
    return _said(Act.REVOKE, number, said, **common)


@Doer
def propose(*, number: str, act: str, content: Says, **common: Any) -> Asked:
    """The first of two persons proposes an act with everything that it will say; the second does exactly this."""
    said = {**content, "act": act}

    def plan(locked: Locked) -> Plan:
        if act != Act.IMPOSE_TAX:
            return Plan(says=said)
        # The amount is computed, by whoever proposes and again by whoever decides: nobody types it.
        kind, reference = (str(content.get(name, "")) for name in ("kind", "reference"))
        sums = _sums(locked, act, settled=_of_matter(kind, reference))
        answer = {"assessed_minor": sums.assessed_minor, "by_tax": sums.due}
        return Plan(says={**sums.says, **said}, findings=sums.assessment.findings, answer=answer)

    return _asked(Act.PROPOSE, number, plan, said, **common)


# what all acts share


def _said(act: Act, number: str, said: Says, kind: ResponseKind | None = None, **common: Any) -> Asked:
    """An act that only says something, and perhaps tells the declarant."""

    def plan(locked: Locked) -> Plan:
        return Plan(says=said, messages={kind: messages.WRITERS[kind]} if kind else {})

    return _asked(act, number, plan, said, **common)


def _let_go(act: Act, number: str, kind: ResponseKind, **common: Any) -> Asked:
    """Goods go on what was paid or is guaranteed. Refused(GUARANTEE_PAST_ITS_DAYS) after the last day for which the law
    lets a guarantee stand for a tax that is not paid; a country that counts no such days has none."""

    def plan(locked: Locked) -> Plan:
        row, facts, pack = locked.row, locked.facts, locked.pack
        unpaid = (facts.assessed_minor or 0) > facts.paid_minor
        if unpaid and facts.guaranteed_minor and facts.legal_day is not None:
            due = pack.due_day(
                registered=facts.legal_day,
                case=DueCase.GUARANTEED,
                trader_class=row.trader.trader_class,
            )
            rule, last = due.rule, due.day
            if rule and rule.by is DueBy.REGISTRATION and last and locked.day > last:
                says = {"last_day": last.isoformat(), "on": locked.day.isoformat()}
                past = Finding("GUARANTEE_PAST_ITS_DAYS", says=says, law=rule.law)
                raise Refused(Refusal(act, (past,)), number)
        return Plan(says={}, messages={kind: messages.WRITERS[kind]})

    return _asked(act, number, plan, {}, **common)


def _asked(
    act: Act,
    number: str,
    plan: Callable[[Locked], Plan],
    body: Mapping[str, Any],
    *,
    pack: Pack,
    by: By,
    key: str,
    at: datetime,
    recorded_at: datetime | None = None,
    seen: int | None = None,
) -> Asked:
    return Asked(
        act=act,
        number=number,
        pack=pack,
        by=by,
        key=key,
        at=at,
        recorded_at=recorded_at,
        seen=seen,
        body={"number": number, **body},
        find=lambda: locked_row(number),
        plan=plan,
    )
