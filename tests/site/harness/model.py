"""A second telling of the law of a declaration's life, written from the rules and not from the code: who may do what
when, what it changes, what is then owed. T6 asks the system and this model the same and compares every answer.

People, with the posts that make separation of duties interesting: max may check, inspect and lead; dora declares and is
an officer too; leo leads until his post ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

POSTS: dict[str, frozenset[str]] = {
    "ann": frozenset({"DECLARANT"}),
    "dora": frozenset({"DECLARANT", "OFFICER"}),
    "olga": frozenset({"OFFICER"}),
    "igor": frozenset({"INSPECTOR"}),
    "max": frozenset({"OFFICER", "INSPECTOR", "LEADER"}),
    "lena": frozenset({"LEADER"}),
    "leo": frozenset({"LEADER"}),
    "rita": frozenset({"REVENUE"}),
    "bank": frozenset({"BANK"}),
    "gate": frozenset({"SUPERVISOR"}),
    "system": frozenset({"SYSTEM"}),
}
LEO_UNTIL = date(2026, 4, 30)
NEW_LAW = date(2026, 7, 1)
"""From this day the duty is 12 % and not 10 %; what was registered before is judged by the old law for good."""

GREEN, YELLOW, RED = 1, 2, 3
CHANNELS = {"GREEN": GREEN, "YELLOW": YELLOW, "RED": RED}
DEMANDS = {
    GREEN: frozenset(),
    YELLOW: frozenset({"DOCUMENT_CHECK"}),
    RED: frozenset({"DOCUMENT_CHECK", "INSPECTION"}),
}

RUNNING = ("REGISTERED", "SELECTED", "RELEASED", "CLEARED")
ROUTED = ("SELECTED", "RELEASED", "CLEARED")
MONEY = (*RUNNING, "CANCELLED")

WHO: dict[str, frozenset[str]] = {
    "lodge": frozenset({"DECLARANT"}),
    "accept": frozenset({"SYSTEM", "OFFICER"}),
    "assess": frozenset({"SYSTEM", "OFFICER"}),
    "select": frozenset({"SYSTEM"}),
    "amend": frozenset({"DECLARANT", "OFFICER"}),
    "check_documents": frozenset({"OFFICER"}),
    "inspect": frozenset({"INSPECTOR"}),
    "raise_channel": frozenset({"OFFICER", "LEADER"}),
    "lower_channel": frozenset({"LEADER"}),
    "propose": frozenset({"OFFICER", "REVENUE", "LEADER"}),
    "doubt_value": frozenset({"OFFICER"}),
    "record_consultation": frozenset({"OFFICER"}),
    "take_sample": frozenset({"INSPECTOR", "OFFICER"}),
    "report_analysis": frozenset({"OFFICER", "AGENCY"}),
    "settle": frozenset({"OFFICER", "REVENUE"}),
    "impose_tax": frozenset({"LEADER"}),
    "hold": frozenset({"OFFICER", "LEADER"}),
    "lift_hold": frozenset({"LEADER"}),
    "pay": frozenset({"BANK", "REVENUE", "SYSTEM"}),
    "guarantee": frozenset({"BANK", "REVENUE", "SYSTEM"}),
    "release_guarantee": frozenset({"REVENUE", "SYSTEM"}),
    "refund": frozenset({"LEADER"}),
    "release": frozenset({"OFFICER", "LEADER"}),
    "clear": frozenset({"SYSTEM", "OFFICER", "LEADER"}),
    "exit": frozenset({"SUPERVISOR", "SYSTEM"}),
    "cancel": frozenset({"DECLARANT", "OFFICER", "SYSTEM", "LEADER"}),
    "revoke": frozenset({"LEADER"}),
}


@dataclass
class Model:
    """One declaration as the law sees it. value: krona. Every amount else is in hundredths."""

    value: int
    commodity: str
    origin: str
    declarant: str
    state: str = "LODGED"
    passed: bool = False
    channel: int = 0
    version: int = 1
    selected: int = 0
    assessed_version: int = 0
    legal_day: date | None = None
    due: int | None = None
    paid: int = 0
    held: int = 0
    open: set[str] = field(default_factory=set)
    matters: dict[tuple[str, str], int] = field(default_factory=dict)
    """What leaves the amount open → the security demanded for it beyond the amount due."""
    named: set[tuple[str, str]] = field(default_factory=set)
    """Every name that such a matter ever had: none is used twice."""
    inspected: bool = False
    inspectors: set[str] = field(default_factory=set)
    holds: set[str] = field(default_factory=set)
    proposals: dict[str, tuple[str, dict]] = field(default_factory=dict)
    revoked: bool = False

    # what follows from it

    @property
    def owed(self) -> int:
        return max(0, (self.due or 0) - self.paid)

    @property
    def surplus(self) -> int:
        """What the books owe the payer."""
        return max(0, self.paid - (self.due or 0))

    @property
    def further(self) -> int:
        return sum(self.matters.values())

    @property
    def overpaid(self) -> int:
        """What may be given back: not what secures an open matter."""
        return max(0, self.paid - (self.due or 0) - self.further)

    @property
    def unsecured(self) -> int:
        return 0 if self.due is None else max(0, self.due + self.further - self.paid - self.held)

    @property
    def secured(self) -> bool:
        known = self.due is not None and self.assessed_version == self.version
        return known and not self.unsecured

    @property
    def judged(self) -> int:
        """The channel that the goods as declared deserve."""
        return RED if self.commodity.startswith("99") else YELLOW if self.origin == "YY" else GREEN

    @property
    def taxes(self) -> int:
        """Duty on the value, VAT of 20 % on value and duty. 100 at 10 %: 10 + 22 = 32; at 12 %: 12 + 22.40 = 34.40."""
        assert self.legal_day is not None
        percent = 10 if self.legal_day < NEW_LAW else 12
        duty = self.value * percent  # hundredths: value × 100 × percent / 100
        return duty + (self.value * 100 + duty) // 5

    @property
    def free_to_go(self) -> bool:
        """As far as everything but an open amount goes."""
        current = self.passed or self.selected == self.version
        return not self.holds and not self.open and self.secured and current

    # who may

    def may(self, act: str, who: str, today: date, /, **said) -> bool:
        """Whether the law lets somebody do an act now."""
        roles = POSTS[who] & WHO[act]
        if not roles or (who == "leo" and today > LEO_UNTIL):
            return False
        if act == "cancel":
            allowed = {"DECLARANT", "OFFICER", "SYSTEM"} if self.state == "LODGED" else {"OFFICER", "LEADER"}
            roles = roles & allowed
        if act == "amend" and self.state == "LODGED":
            roles = roles & {"DECLARANT"}
        if not roles:
            return False
        if who == self.declarant and "DECLARANT" not in roles:
            return False  # nobody judges his own declaration
        return bool(getattr(self, f"_{act}")(who, **said))

    def _accept(self, who: str) -> bool:
        return self.state == "LODGED"

    def _assess(self, who: str) -> bool:
        return self.state in RUNNING

    def _select(self, who: str) -> bool:
        if self.state == "REGISTERED":
            return True
        return self.state in ROUTED and self.selected != self.version and not self.passed

    def _amend(self, who: str, value: int) -> bool:
        if value == self.value or self.state not in ("LODGED", *RUNNING):
            return False
        # Once red is shown, the value changes only through an officer.
        return self.channel != RED or "OFFICER" in POSTS[who]

    def _check_documents(self, who: str, result: str) -> bool:
        return self.state in ROUTED and "DOCUMENT_CHECK" in self.open

    def _inspect(self, who: str, result: str) -> bool:
        return self.state in ROUTED and "INSPECTION" in self.open

    def _raise_channel(self, who: str, channel: str) -> bool:
        return self.state == "SELECTED" and not self.passed and CHANNELS[channel] > self.channel

    def _lower_channel(self, who: str, channel: str) -> bool:
        lower = self.state == "SELECTED" and CHANNELS[channel] < self.channel
        return lower and self._another(who, "lower_channel", {"channel": channel})

    def _propose(self, who: str, act: str, content: dict) -> bool:
        where = {"lower_channel": ("SELECTED",), "impose_tax": ROUTED}
        return self.state in where.get(act, MONEY)

    def _another(self, who: str, act: str, content: dict) -> bool:
        """Four eyes: a first person proposed exactly this, and he is another one."""
        by, proposed = self.proposals.get(act, ("", {}))
        return bool(by) and by != who and proposed == content

    def _hold(self, who: str, reference: str) -> bool:
        return self.state in ("LODGED", *RUNNING) and not self.passed and reference not in self.holds

    def _lift_hold(self, who: str, reference: str) -> bool:
        return self.state in ("LODGED", *RUNNING) and reference in self.holds

    def _pay(self, who: str, minor: int) -> bool:
        return self.state in MONEY

    def _guarantee(self, who: str, minor: int) -> bool:
        return self.state in RUNNING

    def _release_guarantee(self, who: str, minor: int) -> bool:
        if self.state not in MONEY or not 0 < minor <= self.held:
            return False
        if self.state == "RELEASED" and self.matters:
            return False  # what secures an open amount secures what it may still become
        needed = max(0, (self.due or 0) + self.further - self.paid)
        return self.state not in ("RELEASED", "CLEARED") or self.held - minor >= needed

    def _refund(self, who: str, minor: int) -> bool:
        within = self.state in MONEY and 0 < minor <= self.overpaid
        return within and self._another(who, "refund", {"minor": minor})

    def _release(self, who: str) -> bool:
        again = self.state == "RELEASED" and not self.revoked
        if self.state not in ("SELECTED", "RELEASED") or again or who in self.inspectors:
            return False
        return bool(self.matters) and self.free_to_go  # with nothing to determine goods are cleared

    def _doubt_value(self, who: str, reference: str, minor: int) -> bool:
        return self.state in ROUTED and ("VALUE_CONSULTATION", reference) not in self.named

    def _record_consultation(self, who: str, reference: str, outcome: str) -> bool:
        return self.state in ROUTED and ("VALUE_CONSULTATION", reference) in self.matters

    def _take_sample(self, who: str, reference: str, minor: int) -> bool:
        return self.state in ROUTED and not self.passed and ("ANALYSIS", reference) not in self.named

    def _report_analysis(self, who: str, reference: str, outcome: str) -> bool:
        return self.state in ROUTED and ("ANALYSIS", reference) in self.matters

    def _settle(self, who: str, kind: str, reference: str) -> bool:
        return self.state in ROUTED and (kind, reference) in self.matters

    def _impose_tax(self, who: str) -> bool:
        if self.state not in ROUTED or not self._another(who, "impose_tax", {}):
            return False
        return self.taxes != self.due

    def _clear(self, who: str) -> bool:
        again = self.state == "CLEARED" and not self.revoked
        if self.state not in ROUTED or again or who in self.inspectors or not self.free_to_go or self.matters:
            return False
        return who != "system" or self.channel == GREEN

    def _exit(self, who: str) -> bool:
        if self.state not in ("RELEASED", "CLEARED") or self.passed or self.revoked or not self.free_to_go:
            return False
        return self.state == "RELEASED" or not self.matters

    def _cancel(self, who: str) -> bool:
        return self.state in ("LODGED", *RUNNING) and not self.holds and not self.passed

    def _revoke(self, who: str, act: str) -> bool:
        decided = {"release": "RELEASED", "clear": "CLEARED"}[act]
        return self.state == decided and not self.revoked and not self.passed

    # what it changes

    def do(self, act: str, who: str, today: date, /, **said) -> None:
        getattr(self, f"do_{act}")(who, today, **said)

    def do_accept(self, who: str, today: date) -> None:
        self.state, self.legal_day = "REGISTERED", today

    def do_assess(self, who: str, today: date) -> None:
        self.due, self.assessed_version = self.taxes, self.version

    def do_select(self, who: str, today: date) -> None:
        if self.state == "REGISTERED":
            self.state = "SELECTED"
        self.channel = max(self.channel, self.judged)
        self.selected = self.version
        # Goods inspected once need no second inspection for an amendment; documents are others each time.
        self.open |= DEMANDS[self.channel] - ({"INSPECTION"} if self.inspected else set())

    def do_amend(self, who: str, today: date, value: int) -> None:
        self.value, self.version, self.proposals = value, self.version + 1, {}

    def do_check_documents(self, who: str, today: date, result: str) -> None:
        if result == "CONFORMS":
            self.open.discard("DOCUMENT_CHECK")

    def do_inspect(self, who: str, today: date, result: str) -> None:
        self.inspectors.add(who)
        if result == "CONFORMS":
            self.open.discard("INSPECTION")
            self.inspected = True

    def do_raise_channel(self, who: str, today: date, channel: str) -> None:
        new = DEMANDS[CHANNELS[channel]] - DEMANDS[self.channel]
        self.open |= new
        self.inspected = self.inspected and "INSPECTION" not in new
        self.channel = CHANNELS[channel]

    def do_lower_channel(self, who: str, today: date, channel: str) -> None:
        self.open -= DEMANDS[self.channel] - DEMANDS[CHANNELS[channel]]
        self.channel = CHANNELS[channel]
        self.proposals.pop("lower_channel")

    def do_propose(self, who: str, today: date, act: str, content: dict) -> None:
        self.proposals[act] = (who, content)

    def do_hold(self, who: str, today: date, reference: str) -> None:
        self.holds.add(reference)

    def do_lift_hold(self, who: str, today: date, reference: str) -> None:
        self.holds.discard(reference)

    def do_pay(self, who: str, today: date, minor: int) -> None:
        self.paid += minor

    def do_guarantee(self, who: str, today: date, minor: int) -> None:
        self.held += minor

    def do_release_guarantee(self, who: str, today: date, minor: int) -> None:
        self.held -= minor

    def do_refund(self, who: str, today: date, minor: int) -> None:
        self.paid -= minor
        self.proposals.pop("refund")

    def do_doubt_value(self, who: str, today: date, reference: str, minor: int) -> None:
        self._opens("VALUE_CONSULTATION", reference, minor)

    def do_take_sample(self, who: str, today: date, reference: str, minor: int) -> None:
        self._opens("ANALYSIS", reference, minor)

    def _opens(self, kind: str, reference: str, minor: int) -> None:
        self.matters[kind, reference] = minor
        self.named.add((kind, reference))

    def do_record_consultation(self, who: str, today: date, reference: str, outcome: str) -> None:
        if outcome == "ACCEPTED":
            self.matters.pop(("VALUE_CONSULTATION", reference))

    def do_report_analysis(self, who: str, today: date, reference: str, outcome: str) -> None:
        if outcome == "CONFORMS":
            self.matters.pop(("ANALYSIS", reference))

    def do_settle(self, who: str, today: date, kind: str, reference: str) -> None:
        self.matters.pop((kind, reference))
        self.do_assess(who, today)

    def do_impose_tax(self, who: str, today: date) -> None:
        self.proposals.pop("impose_tax")
        self.do_assess(who, today)

    def do_release(self, who: str, today: date) -> None:
        self.state, self.revoked = "RELEASED", False

    def do_clear(self, who: str, today: date) -> None:
        self.state, self.revoked = "CLEARED", False

    def do_exit(self, who: str, today: date) -> None:
        self.passed = True

    def do_cancel(self, who: str, today: date) -> None:
        self.state, self.open, self.proposals, self.matters = "CANCELLED", set(), {}, {}
        self.due = None if self.due is None else 0
        self.assessed_version = self.version

    def do_revoke(self, who: str, today: date, act: str) -> None:
        self.revoked = True
