"""Each legal act as a form: exactly what it must say, filled with what is known, for the person who may do it now.

Which acts are open, and why others are not, the lifecycle says (`reads.open_acts`); what each says is the record that
machines send too (`api_acts`). An act with four eyes is first proposed; the second person sees what was proposed and
confirms exactly that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from ...engine.findings import Finding
from ...engine.lifecycle.declaration import AMOUNT_OPEN, METHODS, OUTCOMES, Act, Facts, Kind
from ...engine.lifecycle.machine import Event, Opening
from ...engine.risk.channels import Channel
from ..kit import terms
from ..kit.tags import amount, day_read, named, said
from .api_acts import ASKING
from .models import Receipt

KEYS: Final[Mapping[str, str]] = {
    Act.CLEAR: "T", Act.REQUEST: "B", Act.RAISE_CHANNEL: "L", Act.CHECK_DOCUMENTS: "H", Act.INSPECT: "I",
    Act.RELEASE: "G", Act.HOLD: "D", Act.LIFT_HOLD: "O", Act.AMEND: "S", Act.REPLY: "R", Act.PAY: "N", Act.ARRIVE: "A",
    Act.EXIT: "E",
    Act.ACCEPT: "C", Act.REMOVE_TO_STORAGE: "V", Act.GUARANTEE: "M", Act.CONFIRM_PERMIT: "P", Act.REFER: "F",
    Act.SETTLE: "Z", Act.REQUEST_CANCEL: "W", Act.CANCEL: "U", Act.LOWER_CHANNEL: "Q", Act.REJECT: "X",
    Act.CONFIRM_DISTINCT: "Y",
}  # fmt: skip
"""The letter of an act, shown on its button. j and k move in lists."""

FIRST: Final = (
    Act.CLEAR,
    Act.RELEASE,
    Act.CHECK_DOCUMENTS,
    Act.INSPECT,
    Act.PAY,
    Act.REPLY,
    Act.EXIT,
    Act.ARRIVE,
    Act.REQUEST,
)
"""What comes first among the acts that are open: what moves the goods on."""

MUTE: Final = frozenset(
    {"ACT_NOT_FROM_STATE", "ROLE_LACKS_ACT", "ROLE_HAS_NO_RIGHT", "NO_POSTING", "NOT_YOUR_DECLARATION"}
)
"""Reasons for which an act is not this person's at all, and no button is shown."""

UNTOLD: Final = frozenset({"assessment", "edition", "pack_version"})
"""Proofs of how an amount was computed, which say nothing to a person who confirms it."""

PREPARED: Final = frozenset({Act.IMPOSE_TAX})
"""Decisions of a leader that officers prepare and propose."""

type Choices = Sequence[tuple[str, str]]


@dataclass(slots=True)
class Field:
    """One thing that an act says. kind: text, long, amount, day, choice, flags, file. value: what stands in it."""

    name: str
    kind: str = "text"
    value: str = ""
    choices: Choices = ()
    needed: bool = True
    error: str = ""
    chosen: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        return said(f"says_{self.name}")


@dataclass(slots=True)
class ActForm:
    """An act that is open. does: the act that is really sent (`propose` for the first of two persons). confirms: what
    the first person proposed, in words. law: of the step."""

    act: str
    fields: list[Field]
    does: str = ""
    confirms: tuple[tuple[str, str], ...] = ()
    law: str = ""
    error: tuple[Finding, ...] = ()
    here: bool = False

    @property
    def key(self) -> str:
        return KEYS.get(self.act, "") if self.does == self.act else ""

    @property
    def is_proposal(self) -> bool:
        return self.does == Act.PROPOSE

    @property
    def first(self) -> bool:
        return self.act in FIRST[:2] and not self.is_proposal


@dataclass(slots=True)
class Acts:
    """What this person may do now, and what not yet with every reason."""

    open: list[ActForm] = field(default_factory=list)
    closed: list[tuple[str, tuple[Finding, ...]]] = field(default_factory=list)

    def form(self, act: str) -> ActForm | None:
        return next((form for form in self.open if form.act == act), None)


def acts_of(
    openings: Sequence[Opening[Facts]], facts: Facts, events: Sequence[Event], number: str, decimals: int
) -> Acts:
    """The acts of a declaration as forms, from what the lifecycle says of each."""
    found = Acts()
    may_propose = any(one.act == Act.PROPOSE and one.is_open for one in openings)
    for one in openings:
        if one.act not in ASKING or one.act in (Act.PROPOSE, Act.SELECT) or one.step is None:
            continue
        codes = {reason.code for reason in one.reasons}
        law = str(one.step.law) if one.step.law else ""
        if one.is_open:
            proposed = _proposed(one.act, events) if one.step.four_eyes else None
            fields = [] if proposed is not None else fields_of(one.act, facts, number, decimals)
            told = _told(proposed, decimals) if proposed is not None else ()
            found.open.append(ActForm(one.act, fields, one.act, told, law))
        elif may_propose and _is_for_proposing(one, facts, codes):
            found.open.append(
                ActForm(one.act, fields_of(one.act, facts, number, decimals), Act.PROPOSE, (), law)
            )
        elif not codes & MUTE:
            found.closed.append((one.act, one.reasons))
    # Where there is nothing to choose (no receipt to take back), there is nothing to do.
    found.open = [
        form for form in found.open if all(field.choices for field in form.fields if field.kind == "choice")
    ]
    found.open.sort(key=lambda form: FIRST.index(form.act) if form.act in FIRST else len(FIRST))
    return found


def _is_for_proposing(one: Opening[Facts], facts: Facts, codes: set[str]) -> bool:
    """Whether this person may be the first of two: who has the act's own role, and officers for what they prepare."""
    if one.step is None or not one.step.four_eyes or facts.proposal(one.act) is not None:
        return False
    if codes == {"FOUR_EYES_NOT_PROPOSED"}:
        return True
    return one.act in PREPARED and codes <= {"FOUR_EYES_NOT_PROPOSED", "ROLE_LACKS_ACT", "ROLE_HAS_NO_RIGHT"}


def _proposed(act: str, events: Sequence[Event]) -> dict[str, Any] | None:
    """What the first person proposed of an act that the second may now do."""
    for event in reversed(events):
        if event.act == Act.PROPOSE and event.text("act") == act:
            return {name: value for name, value in event.says.items() if name != "act"}
    return None


def _told(said_by_first: Mapping[str, Any], decimals: int) -> tuple[tuple[str, str], ...]:
    told = []
    for name, value in said_by_first.items():
        if name in UNTOLD:
            continue
        shown = amount(value, decimals) if name.endswith("_minor") and isinstance(value, int) else str(value)
        told.append((said(f"says_{name}"), named("channel", shown) if name == "channel" else shown))
    return tuple(told)


def fields_of(act: str, facts: Facts, number: str, decimals: int) -> list[Field]:
    """What an act says, with what is known filled in."""
    make = _FIELDS.get(Act(act))
    return make(facts, number, decimals) if make else []


def _reason(*_: Any) -> list[Field]:
    return [Field("reason", "long")]


def _open(kind: Kind, facts: Facts) -> Choices:
    return [
        (o.reference, o.reference or named("obligation", kind)) for o in facts.obligations if o.kind is kind
    ]


def _next_reference(prefix: str, taken: int) -> str:
    return f"{prefix}-{taken + 1}"


def _asked_before(kind: Kind, facts: Facts) -> int:
    return sum(one.kind is kind for one in (*facts.obligations, *facts.closed))


def _channels(facts: Facts, higher: bool) -> list[Field]:
    now = facts.channel or Channel.GREEN
    offered = [c for c in Channel if (c > now if higher else c < now)]
    return [
        Field("channel", "choice", choices=[(c.name, named("channel", c.name)) for c in offered]),
        *_reason(),
    ]


def _checked(facts: Facts, *_: Any) -> list[Field]:
    opens = [(kind.value, named("obligation", kind)) for kind in sorted(AMOUNT_OPEN)]
    return [
        Field("result", "choice", choices=[(r, named("result", r)) for r in ("CONFORMS", "DIFFERS")]),
        Field("note", "long", needed=False),
        Field("opens", "flags", choices=opens, needed=False),
    ]


def _accept(facts: Facts, *_: Any) -> list[Field]:
    kind = Kind.PROVISIONAL_VALUE
    return [Field("opens", "flags", choices=[(kind.value, named("obligation", kind))], needed=False)]


def _pay(facts: Facts, number: str, decimals: int) -> list[Field]:
    due = plain(facts.unsecured_minor, decimals) if facts.unsecured_minor else ""
    return [Field("paid_minor", "amount", due), Field("source"), Field("reference"), Field("treasury")]


def _reverse(facts: Facts, number: str, decimals: int) -> list[Field]:
    receipts = Receipt.objects.filter(declaration__number=number).order_by("id")
    choices = [
        (f"{r.source}:{r.reference}", f"{r.source} {r.reference}: {amount(r.amount_minor, decimals)}")
        for r in receipts
    ]
    return [Field("receipt", "choice", choices=choices), *_reason()]


def _refund(facts: Facts, number: str, decimals: int) -> list[Field]:
    over = plain(facts.overpaid_minor, decimals) if facts.overpaid_minor else ""
    return [Field("refunded_minor", "amount", over), Field("decision"), Field("account")]


def _settle(facts: Facts, *_: Any) -> list[Field]:
    choices = [
        (str(o), f"{named('obligation', o.kind)} {o.reference}".strip())
        for o in facts.obligations
        if o.kind in AMOUNT_OPEN
    ]
    return [Field("obligation", "choice", choices=choices)]


def _security() -> Field:
    return Field("security_minor", "amount", needed=False)


def _doubt(facts: Facts, *_: Any) -> list[Field]:
    own = _next_reference("TV", _asked_before(Kind.VALUE_CONSULTATION, facts))
    return [Field("reference", value=own), *_reason(), _security()]


def _sample(facts: Facts, *_: Any) -> list[Field]:
    own = _next_reference("PT", _asked_before(Kind.ANALYSIS, facts))
    return [Field("reference", value=own), Field("sample", "long"), Field("laboratory"), _security()]


def _which(kind: Kind, facts: Facts) -> Field:
    """Of which open matter; only those that have a reference of their own come to a result of their own."""
    return Field("reference", "choice", choices=[(r, name) for r, name in _open(kind, facts) if r])


def _outcome(kind: Kind) -> Field:
    return Field(
        "outcome", "choice", choices=[(one, named("outcome", one)) for one in sorted(OUTCOMES[kind])]
    )


def _invite(facts: Facts, *_: Any) -> list[Field]:
    return [_which(Kind.VALUE_CONSULTATION, facts), Field("hearing_day", "day")]


def _hearing(facts: Facts, *_: Any) -> list[Field]:
    methods = [("", said("no_matter")), *((m, named("value_method", m)) for m in sorted(METHODS - {"1"}))]
    return [
        _which(Kind.VALUE_CONSULTATION, facts),
        _outcome(Kind.VALUE_CONSULTATION),
        Field("method", "choice", choices=methods, needed=False),
        Field("note", "long", needed=False),
    ]


def _result_of(kind: Kind) -> Any:
    return lambda facts, *_: [_which(kind, facts), _outcome(kind), Field("note", "long", needed=False)]


def _impose(facts: Facts, *_: Any) -> list[Field]:
    none = ("", said("no_matter"))
    matters = [
        (str(o), f"{named('obligation', o.kind)} {o.reference}".strip())
        for o in facts.obligations
        if o.kind in AMOUNT_OPEN
    ]
    return [Field("decision"), *_reason(), Field("matter", "choice", choices=[none, *matters], needed=False)]


def _revoke(facts: Facts, *_: Any) -> list[Field]:
    choices = [(act, named("act", act)) for act in sorted(facts.standing)]
    return [Field("act", "choice", choices=choices), Field("decision"), *_reason()]


def _guarantee(name: str) -> Any:
    def fields(facts: Facts, number: str, decimals: int) -> list[Field]:
        due = facts.unsecured_minor if name == "guaranteed_minor" else facts.guaranteed_minor
        return [Field(name, "amount", plain(due, decimals) if due else ""), Field("reference")]

    return fields


_FIELDS: Final[Mapping[Act, Any]] = {
    Act.CONFIRM_DISTINCT: _reason,
    Act.ACCEPT: _accept,
    Act.REJECT: lambda *_: [Field("codes", needed=False)],
    Act.AMEND: lambda *_: [Field("change", "file"), Field("reason", "long")],
    Act.RAISE_CHANNEL: lambda facts, *_: _channels(facts, higher=True),
    Act.LOWER_CHANNEL: lambda facts, *_: _channels(facts, higher=False),
    Act.CHECK_DOCUMENTS: _checked,
    Act.INSPECT: _checked,
    Act.REQUEST: lambda facts, *_: [
        Field("reference", value=_next_reference("YC", _asked_before(Kind.REPLY, facts))),
        Field("wanted", "long"),
    ],
    Act.REPLY: lambda facts, *_: [
        Field("reference", "choice", choices=_open(Kind.REPLY, facts)),
        Field("text", "long", needed=False),
    ],
    Act.REFER: lambda facts, *_: [
        Field("reference", value=_next_reference("CN", _asked_before(Kind.PERMIT, facts))),
        Field("agency"),
    ],
    Act.CONFIRM_PERMIT: lambda facts, *_: [Field("reference", "choice", choices=_open(Kind.PERMIT, facts))],
    Act.DOUBT_VALUE: _doubt,
    Act.INVITE_CONSULTATION: _invite,
    Act.RECORD_CONSULTATION: _hearing,
    Act.TAKE_SAMPLE: _sample,
    Act.REPORT_ANALYSIS: _result_of(Kind.ANALYSIS),
    Act.VERIFY_ORIGIN: lambda *_: [Field("reference"), Field("authority"), *_reason()],
    Act.REPORT_ORIGIN: _result_of(Kind.ORIGIN_VERIFICATION),
    Act.HOLD: lambda facts, *_: [Field("reference", value=_next_reference("TD", facts.events)), *_reason()],
    Act.LIFT_HOLD: lambda facts, *_: [
        Field("reference", "choice", choices=[(hold, hold) for hold in facts.holds]),
        *_reason(),
    ],
    Act.PAY: _pay,
    Act.GUARANTEE: _guarantee("guaranteed_minor"),
    Act.RELEASE_GUARANTEE: _guarantee("released_minor"),
    Act.REVERSE_PAYMENT: _reverse,
    Act.REFUND: _refund,
    Act.REMOVE_TO_STORAGE: lambda *_: [Field("place"), *_reason()],
    Act.SETTLE: _settle,
    Act.IMPOSE_TAX: _impose,
    Act.REQUEST_CANCEL: _reason,
    Act.REFUSE_CANCEL: _reason,
    Act.CANCEL: _reason,
    Act.REVOKE: _revoke,
}  # fmt: skip
"""Acts without a row say nothing more than that they are done."""


# what was sent


def filled(form: ActForm, sent: Mapping[str, Any], decimals: int) -> dict[str, Any] | None:
    """What a sent form says to the act; None with `error` on the fields that are not filled as they must be.

    sent: a request's fields; `getlist` of a name where several may be chosen.
    """
    says: dict[str, Any] = {}
    for one in form.fields:
        if one.kind == "file":
            continue
        if one.kind == "flags":
            one.chosen = frozenset(sent.getlist(one.name))  # type: ignore[attr-defined]
            known = {value for value, _ in one.choices}
            if one.chosen:
                says[one.name] = tuple(sorted(one.chosen & known))
            continue
        one.value = str(sent.get(one.name, "")).strip()
        if one.needed and not one.value and one.kind != "choice":
            one.error = said("field_empty")
        elif one.kind == "choice" and one.value not in {value for value, _ in one.choices}:
            one.error = said("field_not_chosen")
        elif one.kind in ("amount", "day") and (one.value or one.needed):
            read = minor_of(one.value, decimals) if one.kind == "amount" else day_read(one.value)
            if read is None:
                one.error = said(f"field_not_{one.kind}", example=amount(123456789, decimals))
            else:
                says[one.name] = read
        elif one.value or one.kind == "choice":
            says[one.name] = one.value
    if any(one.error for one in form.fields):
        return None
    return _said(form.act, says)


def _said(act: str, says: dict[str, Any]) -> dict[str, Any]:
    """The fields as the act takes them."""
    if act == Act.REJECT:
        return {"codes": tuple(says.get("codes", "").upper().replace(",", " ").split())}
    if act == Act.SETTLE:
        kind, _, reference = says["obligation"].partition(":")
        return {"kind": kind, **({"reference": reference} if reference else {})}
    if act == Act.IMPOSE_TAX:
        kind, _, reference = says.pop("matter", "").partition(":")
        return {**says, **{name: v for name, v in (("kind", kind), ("reference", reference)) if v}}
    if act == Act.RECORD_CONSULTATION and not says["method"]:
        del says["method"]
    if act == Act.REVERSE_PAYMENT:
        source, _, own = says["receipt"].partition(":")
        receipt = Receipt.objects.get(source=source, reference=own)
        return {
            "reversed_minor": receipt.amount_minor,
            "reference": says["receipt"],
            "reason": says["reason"],
        }
    return says


def allowed(act: str, says: Mapping[str, Any]) -> bool:
    """Whether what a form says fits the record that machines send for the act: lengths, bounds and patterns."""
    if act == Act.AMEND:
        return 0 < len(says.get("reason", "")) <= 500
    try:
        msgspec.convert(dict(says), ASKING[Act(act)].body)
    except msgspec.ValidationError:
        return False
    return True


def plain(minor: int, decimals: int) -> str:
    """An amount as it stands in a field."""
    return amount(minor, decimals)


def minor_of(text: str, decimals: int) -> int | None:
    """An amount as people write it in the language of the page: groups of three, or none; None for anything else."""
    group, point = (".", ",") if terms.language() == "vi" else (",", ".")
    text = text.replace("\u00a0", "").replace(" ", "")
    whole = rf"\d{{1,3}}(?:{re.escape(group)}\d{{3}})+|\d+"
    tail = rf"(?:{re.escape(point)}(\d{{1,{decimals}}}))?" if decimals else "()"
    matched = re.fullmatch(rf"({whole}){tail}", text, re.ASCII)
    if matched is None or len(text) > 30:
        return None
    return int(matched[1].replace(group, "")) * 10**decimals + int(
        (matched[2] or "").ljust(decimals, "0") or "0"
    )
