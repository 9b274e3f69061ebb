"""The people of the sample office, and what an honest office does next.

The keys of all requests are made from the files and from the acts' numbers, so a second run gets the stored answers
of the first and does nothing twice.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from ..engine.declaration import Declaration
from ..engine.findings import Finding
from ..engine.formats import wco
from ..engine.lifecycle.declaration import AMOUNT_OPEN, Facts, Kind, Role, State
from ..engine.risk.channels import Channel
from ..packs import notices
from ..packs.pack import Pack
from ..site.accounts import acts as accounts
from ..site.accounts.models import EVERY
from ..site.accounts.reads import SYSTEM, By
from ..site.clearance import journey, reads
from ..site.kit import clock
from ..site.kit.act import Answer
from .stories import Story

PEOPLE: dict[Role, str] = {
    Role.DECLARANT: "khai.mau",
    Role.OFFICER: "ho-so.mau",
    Role.INSPECTOR: "kiem-tra.mau",
    Role.SUPERVISOR: "giam-sat.mau",
    Role.REVENUE: "thu-thue.mau",
    Role.LEADER: "lanh-dao.mau",
    Role.BANK: "kho-bac.mau",
    Role.AGENCY: "chuyen-nganh.mau",
}
"""The invented office: one person for each role, so that separation of duties is kept as in a real one."""

MOST_STEPS = 60
"""Acts in one life; more would mean that an act does not close what it should."""


def open_office(pack: Pack) -> Pack:
    """Give the invented people their posts; the pack that also knows other systems' numbers."""
    accounts.system()
    for role, username in PEOPLE.items():
        whose = {"trader": EVERY} if role is Role.DECLARANT else {"office": EVERY}
        accounts.post(username, role, first_day=date(2000, 1, 1), **whose)
    return replace(pack, external_references=True)


@dataclass
class Life:
    """What became of one message. legal_day: whose law a message that was written on an earlier day
    is replayed under. steps: the acts done in this run. waits: why it went no further.
    """

    story: str
    file: str
    number: str = ""
    act: str = ""
    refused: tuple[Finding, ...] = ()
    waits: tuple[Finding, ...] = ()
    replay: bool = False
    response: bytes = b""
    legal_day: date | None = None
    seconds: float = 0.0
    steps: list[str] = field(default_factory=list)

    @property
    def first(self) -> str:
        """The number of the declaration that this one repeats, "" where it repeats none."""
        repeated = (finding for finding in self.refused if finding.code == "DUPLICATE_REFERENCE")
        return next((finding.says["number"] for finding in repeated), "")


def live(story: Story, pack: Pack, base: Path) -> list[Life]:
    """Lodge a story's messages, drive its declarations to their end, and tell what became of each message.

    Follow-ups come when customs already judges the declaration that they speak of.
    """
    lodged: list[Life] = []
    for path in story.originals:
        life = _receive(story, path, pack, base, story.external_reference)
        life.legal_day = _legal_day(story, path, pack)
        lodged.append(life)
        if not life.refused:
            _prepare(life, pack)
    same = next((life.first for life in lodged if life.first), "")
    followed = [_receive(story, path, pack, base, "", same) for path in story.followups]
    for life in lodged:
        if not life.refused:
            _finish(life, pack)
    return [*lodged, *followed]


def _receive(
    story: Story, path: Path, pack: Pack, base: Path, external_reference: str, same: str = ""
) -> Life:
    """same: the declaration that was there before the story's own, which is refused as its duplicate."""
    started = time.perf_counter()
    data = path.read_bytes()
    life = Life(story.name, path.name)
    common: dict[str, Any] = {"message": data, "pack": pack, "at": clock.now()}
    name = path.relative_to(base) if path.is_relative_to(base) else Path(path.name)
    key = f"demo/{hashlib.sha256(str(name).encode() + data).hexdigest()[:32]}"
    answer = journey.receive(
        by=By(PEOPLE[Role.DECLARANT]), key=key, external_reference=external_reference, **common
    )
    # NOTHING_CHANGED, on a second run: the officer has made the change, and his request has its stored answer.
    if not {"OFFICER_AMENDS_AFTER_RED", "NOTHING_CHANGED"}.isdisjoint(answer.codes):
        answer = journey.receive(by=By(PEOPLE[Role.OFFICER]), key=f"{key}/officer", **common)
    if same and "UNKNOWN_DECLARATION" in answer.codes:
        reason = "Sửa theo thông điệp của hồ sơ trùng"
        common["change"] = common.pop("message")
        answer = journey.amend(
            number=same, by=By(PEOPLE[Role.OFFICER]), key=f"{key}/same", reason=reason, **common
        )
    life.number, life.act, life.replay = answer.number, answer.act, answer.replay
    life.refused, life.response = answer.reasons, answer.response
    life.seconds = time.perf_counter() - started
    return life


def _legal_day(story: Story, path: Path, pack: Pack) -> date | None:
    """The day that the message or its notice names; None: the day on which it is registered here."""
    declaration = wco.read_dec(path.read_bytes()).declaration
    if declaration is None:
        return None
    notice = notices.notice_of(story.answers)
    if notice is not None:
        return notices.replayed_on(pack, declaration, notice)
    return pack.legal_day(declaration.acceptance_time) if declaration.acceptance_time else None


def _prepare(life: Life, pack: Pack) -> None:
    """Register, assess and select, so that a follow-up meets a declaration that customs already judges."""
    _drive(life, pack, lambda facts: facts.state in (State.LODGED, State.REGISTERED))


def _finish(life: Life, pack: Pack) -> None:
    _drive(life, pack, lambda facts: not facts.finished)


def _drive(life: Life, pack: Pack, goes_on: Callable[[Facts], bool]) -> None:
    started = time.perf_counter()
    life.waits = ()
    for _ in range(MOST_STEPS):
        facts = reads.facts_of(life.number)
        if not goes_on(facts):
            break
        row = reads.by_number(life.number)
        assert row is not None
        does = next_act(facts, reads.declared(row), life.legal_day)
        if does is None:
            break
        answer = does(life.number, pack, f"demo/{life.number}/{facts.events + 1}")
        if not answer.done:
            life.waits = answer.reasons
            break
        life.steps.append(answer.act)
    life.seconds += time.perf_counter() - started


# what an honest office does next

type Does = Callable[[str, Pack, str], Answer]


def _act(role: Role, do: Callable[..., Answer], **says: Any) -> Does:
    by = SYSTEM if role is Role.SYSTEM else By(PEOPLE[role])

    def does(number: str, pack: Pack, key: str) -> Answer:
        return do(number=number, pack=pack, by=by, key=key, at=clock.now(), **says)

    return does


def next_act(facts: Facts, declaration: Declaration, legal_day: date | None = None) -> Does | None:
    """The act that the facts ask for and the person who does it; None when nothing more is to be done here."""
    opened = {obligation.kind: obligation.reference for obligation in facts.obligations}
    once = {closed.kind for closed in facts.closed}
    if facts.state is State.PRELODGED:
        return _act(Role.SUPERVISOR, journey.arrive)
    if Kind.DUPLICATE in opened:
        return _act(Role.DECLARANT, journey.confirm_distinct, reason="Lô hàng khác, cùng vận đơn")
    if facts.state is State.LODGED:
        return _act(Role.SYSTEM, journey.decide, legal_day=legal_day)
    if Kind.CANCELLATION in opened:
        return _act(Role.LEADER, journey.cancel, reason="Chấp nhận đề nghị hủy của người khai")
    if facts.assessed_version < facts.version:
        return _act(Role.SYSTEM, journey.assess)
    judged = facts.state in (State.REGISTERED, State.SELECTED, State.RELEASED)
    if judged and (facts.state is State.REGISTERED or facts.selected_version < facts.version):
        return _act(Role.SYSTEM, journey.select)
    return _checks(facts, opened, once) or _money(facts, opened, declaration) or _leaving(facts)


def _checks(facts: Facts, opened: dict[Kind, str], once: set[Kind]) -> Does | None:
    """Yellow asks the declarant something first; red lets the goods wait in storage until they are inspected."""
    if facts.holds:
        return _act(Role.LEADER, journey.lift_hold, reference=facts.holds[0], reason="Đã xác minh")
    if Kind.REPLY in opened:
        return _act(Role.DECLARANT, journey.reply, reference=opened[Kind.REPLY], text="Đã bổ sung")
    if Kind.DOCUMENT_CHECK in opened:
        if facts.channel is Channel.YELLOW and Kind.REPLY not in once:
            return _act(
                Role.OFFICER, journey.request, reference="YC-1", wanted="Hợp đồng và chứng từ thanh toán"
            )
        return _act(Role.OFFICER, journey.check_documents, result="CONFORMS")
    if Kind.INSPECTION in opened:
        if not facts.arrived:
            return _act(Role.SUPERVISOR, journey.arrive)
        return _act(Role.INSPECTOR, journey.inspect, result="CONFORMS")
    if Kind.PERMIT in opened:
        return _act(Role.AGENCY, journey.confirm_permit, reference=opened[Kind.PERMIT])
    return None


def _money(facts: Facts, opened: dict[Kind, str], declaration: Declaration) -> Does | None:
    if facts.unsecured_minor:
        return _act(
            Role.BANK,
            journey.pay,
            paid_minor=facts.unsecured_minor,
            source="kho-bac.mau",
            reference=f"{declaration.declarant_id}/{declaration.functional_reference_id}/{facts.events + 1}",
            treasury="KB-MAU",
        )
    open_amount = next((kind for kind in opened if kind in AMOUNT_OPEN), None)
    if open_amount is not None:
        if facts.state is State.SELECTED:
            return _act(Role.OFFICER, journey.release)
        return _act(Role.REVENUE, journey.settle, kind=open_amount.value, reference=opened[open_amount])
    return None


def _leaving(facts: Facts) -> Does | None:
    if not facts.arrived:
        return _act(Role.SUPERVISOR, journey.arrive)
    if facts.state in (State.SELECTED, State.RELEASED):
        automatic = facts.channel is Channel.GREEN
        return _act(Role.SYSTEM if automatic else Role.OFFICER, journey.clear)
    return _act(Role.SUPERVISOR, journey.exit_area)
