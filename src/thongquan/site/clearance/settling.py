"""One payment for many debts: shared as the law of its day orders, whole or not at all; nothing of it is ever lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from ...engine.findings import Finding, Refusal, Severity, in_order
from ...engine.ledger import postings
from ...engine.ledger.allocation import allocate
from ...engine.ledger.journal import Journal
from ...engine.lifecycle.declaration import Act
from ...packs.dues import Sum
from ...packs.pack import Pack
from ..accounts.reads import By, posting_for
from ..kit import clock
from ..kit.act import Answer, Command, Refused, act
from ..ledger.acts import book
from ..parties.models import Trader
from ..record import models as record
from ..record.acts import KEYS, append, last
from ..record.sealing import refusal
from . import journey
from .debts import INTEREST, Owing, owed_by, subject_of_interest
from .models import Receipt
from .perform import inside

SETTLE = "settle_payment"


def settle(
    *,
    trader: str,
    paid_minor: int,
    source: str,
    reference: str,
    treasury: str,
    pack: Pack,
    by: By,
    key: str,
    at: datetime,
    recorded_at: datetime | None = None,
    chapter: str = "",
    account: str = "",
    recognised_on: date | None = None,
) -> Answer:
    """A payer's money has come, for whatever he owes. It settles his debts in the order of the law of that day
    (`pack.dues.order`): tax by `journey.pay` of each declaration, interest in the books; what is over is his own,
    unallocated. source, reference: whose report, and his own name for it, which counts once for ever.

    Refused: TRADER_UNKNOWN, RECEIPT_COUNTED, SETTLEMENT_ORDER_NOT_GIVEN, AMOUNT_NOT_POSITIVE, what `allocate` and the
    payment of a declaration refuse; then nothing happened. Interest whose rate is not given is not settled, and said.
    answer.says: settled [{number, kind, rank, amount_minor}], rest_minor, law.
    """
    booked: dict[str, Any] = {"chapter": chapter, "account": account, "recognised_on": recognised_on}
    asked = {
        "trader": trader, "paid_minor": paid_minor, "source": source, "reference": reference, "treasury": treasury,
        **{name: str(value) for name, value in booked.items() if value},
    }  # fmt: skip

    def work() -> Answer:
        recorded = recorded_at or clock.now()
        # Not the key: whoever lodges or pays for this trader at the same moment refers to it and must not wait.
        payer = Trader.objects.select_for_update(no_key=True).filter(registry_id=trader).first()
        if payer is None:
            raise _no(Finding("TRADER_UNKNOWN", "trader", {"trader": trader[:80]}))
        if paid_minor <= 0:
            raise _no(Finding("AMOUNT_NOT_POSITIVE", "paid_minor", {"amount": str(paid_minor)}))
        counted = Receipt.objects.filter(source=source, reference=reference).first()
        if counted is not None:
            says = {"source": source, "reference": reference, "number": counted.owner}
            raise _no(Finding("RECEIPT_COUNTED", "reference", says))
        day = pack.legal_day(at)
        owed = owed_by(payer, pack, day, lock=True)
        office = owed[0].row.office if owed else pack.numbering.default_office
        days = tuple(sorted({day, pack.legal_day(recorded)}))
        post = posting_for(by, Act.PAY, days, office, trader)
        if isinstance(post, Finding):
            raise _no(post)
        waits = refusal()
        if waits:
            raise _no(waits)
        shares = _shared(paid_minor, owed, pack, day)
        rest = paid_minor - sum(share["amount_minor"] for share in shares)
        subject = f"payer:{payer.pk}"
        before = last(subject)
        whole = Receipt.objects.create(
            source=source, reference=reference, trader=payer, n=before.n + 1, amount_minor=paid_minor,
            treasury=treasury, office=office, account=account or Receipt.Kept.BUDGET, chapter=chapter,
            recognised_on=recognised_on,
        )  # fmt: skip
        facts = {
            "source": source,
            "receipt": reference,
            **journey.booked_as(
                pack, day, {}, office=office, **{name: str(value) for name, value in booked.items() if value}
            ),
        }
        chain = _Chain(payer, pack, by, at, recorded, office, facts, treasury, str(post.role))
        for place, share in enumerate(shares, start=1):
            if share["kind"] == Sum.TAX:
                inside(
                    journey.pay.asked(
                        number=share["number"], paid_minor=share["amount_minor"], source=source,
                        reference=f"{reference}#{place}", treasury=treasury, part_of=whole, pack=pack, by=by,
                        key=f"{key}#{place}", at=at, recorded_at=recorded, **booked,
                    )
                )  # fmt: skip
            else:
                chain.interest(share["number"], share["amount_minor"])
        order = pack.dues.order(day)
        says = {"settled": shares, "rest_minor": rest, "law": str(order.law or "")}
        event = chain.rest(subject, rest, {**asked, **says})
        findings = [finding for one in owed for finding in one.interest.findings]
        if not shares:
            said = {"trader": trader}
            findings.append(Finding("NOTHING_TO_SETTLE", says=said, severity=Severity.NOTE))
        return Answer(
            act=SETTLE, events=event.n, receipt=event.hash, recorded_at=event.recorded_at,
            findings=in_order(findings), says=says,
        )  # fmt: skip

    return act(Command(SETTLE, by.user, key, asked, work), KEYS)


def _shared(paid_minor: int, owed: Sequence[Owing], pack: Pack, day: date) -> list[dict[str, Any]]:
    """What each debt gets, in the order of settling."""
    debts = {debt.id: debt for one in owed for debt in one.debts()}
    if not debts:
        return []
    order = pack.dues.order(day)
    if not order.steps:
        raise _no(Finding("SETTLEMENT_ORDER_NOT_GIVEN", says={"on": day.isoformat()}))
    done = allocate(paid_minor, debts.values(), order.steps)
    if isinstance(done, Refusal):
        raise Refused(done)
    shares = []
    for name, minor in done.settled.items():
        number, _, kind = name.rpartition("/")
        shares.append({"number": number, "kind": kind, "rank": debts[name].rank, "amount_minor": minor})
    return shares


class _Chain:
    """The events and journals that stand beside the declarations: interest of each, and the payer's own money."""

    def __init__(
        self,
        payer: Trader,
        pack: Pack,
        by: By,
        at: datetime,
        recorded: datetime,
        office: str,
        facts: Mapping[str, str],
        treasury: str,
        role: str,
    ) -> None:
        self.payer, self.pack, self.by, self.at, self.recorded = payer, pack, by, at, recorded
        self.office, self.facts, self.treasury, self.role = office, facts, treasury, role

    def interest(self, number: str, minor: int) -> None:
        """Late interest falls due when it is settled: liability and payment in one act of its own chain."""
        subject = subject_of_interest(number)
        n = last(subject).n + 1
        amounts = {INTEREST: minor}
        due = postings.assess_postings(self._head(subject, n, 1), amounts)
        paid = postings.payment_postings(self._head(subject, n, 2), minor, self.treasury, amounts)
        self._written(subject, [*([due] if due else []), paid], {"declaration": number, "paid_minor": minor})

    def rest(self, subject: str, minor: int, says: Mapping[str, Any]) -> record.Event:
        """The report itself, and what of the money settles nothing yet."""
        n = last(subject).n + 1
        kept = (
            [postings.payment_postings(self._head(subject, n, 1), minor, self.treasury, {})] if minor else []
        )
        return self._written(subject, kept, says)

    def _head(self, subject: str, n: int, place: int) -> postings.Head:
        return postings.Head(
            reference=f"{subject}/{n}/{place}",
            payer=self.payer.registry_id,
            currency=self.pack.currency,
            effective_day=self.pack.legal_day(self.at),
            subject=subject,
            facts=self.facts,
        )

    def _written(self, subject: str, journals: list[Journal], says: Mapping[str, Any]) -> record.Event:
        after = last(subject)
        book(journals, n=after.n + 1, at=self.at)
        return append(
            subject=subject,
            after=after,
            act=SETTLE,
            at=self.at,
            recorded_at=self.recorded,
            actor=self.by.user,
            role=self.role,
            office=self.office,
            facts={"says": dict(says)},
        )


def _no(reason: Finding) -> Refused:
    return Refused(Refusal(SETTLE, (reason,)))
