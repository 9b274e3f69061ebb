"""What each legal act says over HTTP: one record an act, its journey function, and an example.

Machines and pages call the same functions; a body holds only what a caller may say. The legal time is the moment of
the request, but for what is learnt of late: money, arrival and the gate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any, Final

from msgspec import Meta

from ...engine.declaration import Declaration as Declared
from ...engine.lifecycle.declaration import Act
from ..kit.act import Answer
from ..kit.http import Body
from . import journey

Text = Annotated[str, Meta(min_length=1, max_length=500, description="Words for people.")]
Note = Annotated[str, Meta(max_length=500, description="Words for people.")]
Reference = Annotated[str, Meta(min_length=1, max_length=100, description="Names one thing for ever.")]
Source = Annotated[str, Meta(min_length=1, max_length=60, description="Who reports the money.")]
Code = Annotated[str, Meta(min_length=1, max_length=80)]
Minor = Annotated[int, Meta(ge=1, le=10**15, description="Minor units of the country's currency.")]
Kept = Annotated[
    str, Meta(pattern="^(|BUDGET|DEPOSIT)$", description="Account of the budget (the usual), or of deposits.")
]
Security = Annotated[int, Meta(ge=0, le=10**15, description="Minor units of the country's currency.")]
Result = Annotated[str, Meta(pattern="^(CONFORMS|DIFFERS)$")]
Channel = Annotated[str, Meta(pattern="^(GREEN|YELLOW|RED)$")]
Opens = Annotated[
    tuple[Annotated[str, Meta(min_length=1, max_length=140, description="KIND or KIND:reference")], ...],
    Meta(max_length=20),
]
Codes = Annotated[tuple[Code, ...], Meta(max_length=50)]
When = (
    Annotated[datetime, Meta(tz=True, description="When it happened, if that was before the request.")] | None
)
Content = Annotated[
    dict[
        Annotated[str, Meta(min_length=1, max_length=40)],
        Annotated[int, Meta(ge=0, le=10**15)]
        | Annotated[str, Meta(max_length=500)]
        | Annotated[tuple[Annotated[str, Meta(max_length=140)], ...], Meta(max_length=20)],
    ],
    Meta(max_length=20),
]


class Plainly(Body, frozen=True):
    """The act says nothing more."""


class Happened(Body, frozen=True):
    """Something that may be learnt of late."""

    at: When = None


class Reasoned(Body, frozen=True):
    reason: Text


class Accepting(Body, frozen=True):
    """legal_day: only where the law reaches back. opens: what registration leaves open."""

    legal_day: date | None = None
    opens: Opens = ()


class Rejecting(Body, frozen=True):
    """codes: of an officer, beside those that the checks give."""

    codes: Codes = ()


class Amending(Body, frozen=True):
    """change: the message with the changed parts, or with function 9 the whole declaration as it should be."""

    change: Declared
    reason: Text
    free_until: date | None = None


class Rerouting(Body, frozen=True):
    channel: Channel
    reason: Text


class Checking(Body, frozen=True):
    """opens: what the check leaves open."""

    result: Result
    note: Note = ""
    opens: Opens = ()


class Requesting(Body, frozen=True):
    reference: Reference
    wanted: Text


class Replying(Body, frozen=True):
    reference: Reference
    text: Note = ""


class Referring(Body, frozen=True):
    reference: Reference
    agency: Code


class Confirming(Body, frozen=True):
    reference: Reference


class Doubting(Body, frozen=True):
    """reason: what the doubt rests on. security_minor: to be secured beyond the amount assessed."""

    reference: Reference
    reason: Text
    security_minor: Security = 0


class Inviting(Body, frozen=True):
    reference: Reference
    hearing_day: date


class Hearing(Body, frozen=True):
    """method: of value, 2 to 6, by which customs determines it where the declared one is not accepted."""

    reference: Reference
    outcome: Annotated[str, Meta(pattern="^(ACCEPTED|NOT_ACCEPTED|ABSENT)$")]
    method: Annotated[str, Meta(pattern="^[1-6]?$")] = ""
    note: Note = ""


class Sampling(Body, frozen=True):
    """sample: what was taken, of which line, how it is sealed."""

    reference: Reference
    sample: Text
    laboratory: Code
    security_minor: Security = 0


class Analysed(Body, frozen=True):
    reference: Reference
    outcome: Result
    note: Note = ""


class Verifying(Body, frozen=True):
    """reference: number of the certificate of origin as it was declared."""

    reference: Reference
    authority: Text
    reason: Text


class Verified(Body, frozen=True):
    reference: Reference
    outcome: Annotated[str, Meta(pattern="^(CONFIRMED|REFUTED|NO_ANSWER)$")]
    note: Note = ""


class Holding(Body, frozen=True):
    reference: Reference
    reason: Text


class Paying(Body, frozen=True):
    """source, reference: whose report it is, and his own name for it, which counts once for ever. chapter, account,
    recognised_on: where and when the State's books have the money, as far as the report says."""

    paid_minor: Minor
    source: Source
    reference: Reference
    treasury: Code
    chapter: Annotated[str, Meta(max_length=16)] = ""
    account: Kept = ""
    recognised_on: date | None = None
    at: When = None


class ReversingPayment(Body, frozen=True):
    """reference: "source:reference" of the receipt."""

    reversed_minor: Minor
    reference: Annotated[str, Meta(min_length=1, max_length=170)]
    reason: Text


class Refunding(Body, frozen=True):
    refunded_minor: Minor
    decision: Reference
    account: Code


class Guaranteeing(Body, frozen=True):
    guaranteed_minor: Minor
    reference: Reference


class ReleasingGuarantee(Body, frozen=True):
    released_minor: Minor
    reference: Reference


class Removing(Body, frozen=True):
    place: Text
    reason: Text


class Settling(Body, frozen=True):
    """kind: of the obligation that left the amount open."""

    kind: Code
    reference: Annotated[str, Meta(max_length=100)] = ""


class Imposing(Body, frozen=True):
    """The amount is computed from the amended declaration. kind, reference: the open matter that the decision ends."""

    decision: Reference
    reason: Text
    kind: Annotated[str, Meta(max_length=80)] = ""
    reference: Annotated[str, Meta(max_length=100)] = ""


class Revoking(Body, frozen=True):
    act: Code
    decision: Reference
    reason: Text
    opens: Opens = ()


class Proposing(Body, frozen=True):
    """content: everything that the act itself will say; the second person decides exactly this."""

    act: Code
    content: Content


@dataclass(frozen=True, slots=True)
class Asking:
    """One act over HTTP: the function that does it, what it is told, and an example of that."""

    does: Callable[..., Answer]
    body: type[Body]
    example: Mapping[str, Any] = field(default_factory=dict)


_PAID = {"paid_minor": 320_00, "source": "TREASURY", "reference": "BT-2026-0001", "treasury": "KB-01"}

ASKING: Final[Mapping[Act, Asking]] = {
    Act.ARRIVE: Asking(journey.arrive, Happened),
    Act.CONFIRM_DISTINCT: Asking(journey.confirm_distinct, Reasoned, {"reason": "Hai lô hàng khác nhau"}),
    Act.REJECT: Asking(journey.reject, Rejecting, {"codes": ["COMMODITY_UNKNOWN"]}),
    Act.ACCEPT: Asking(journey.accept, Accepting),
    Act.AMEND: Asking(
        journey.amend,
        Amending,
        {
            "reason": "Sai khối lượng",
            "change": {"function_code": "9", "goods_items": [{"sequence_numeric": 1}]},
        },
    ),
    Act.ASSESS: Asking(journey.assess, Plainly),
    Act.SELECT: Asking(journey.select, Plainly),
    Act.RAISE_CHANNEL: Asking(journey.raise_channel, Rerouting, {"channel": "RED", "reason": "Tin báo"}),
    Act.LOWER_CHANNEL: Asking(
        journey.lower_channel, Rerouting, {"channel": "YELLOW", "reason": "Đã đối chiếu"}
    ),
    Act.CHECK_DOCUMENTS: Asking(journey.check_documents, Checking, {"result": "CONFORMS"}),
    Act.INSPECT: Asking(journey.inspect, Checking, {"result": "DIFFERS", "note": "Thiếu 2 kiện"}),
    Act.REQUEST: Asking(journey.request, Requesting, {"reference": "YC-1", "wanted": "Hóa đơn gốc"}),
    Act.REPLY: Asking(journey.reply, Replying, {"reference": "YC-1", "text": "Đã nộp"}),
    Act.REFER: Asking(journey.refer, Referring, {"reference": "KD-1", "agency": "VET"}),
    Act.CONFIRM_PERMIT: Asking(journey.confirm_permit, Confirming, {"reference": "KD-1"}),
    Act.DOUBT_VALUE: Asking(
        journey.doubt_value,
        Doubting,
        {"reference": "TV-1", "reason": "Thấp hơn giá tham chiếu", "security_minor": 50_00},
    ),
    Act.INVITE_CONSULTATION: Asking(
        journey.invite_consultation, Inviting, {"reference": "TV-1", "hearing_day": "2026-03-16"}
    ),
    Act.RECORD_CONSULTATION: Asking(
        journey.record_consultation, Hearing, {"reference": "TV-1", "outcome": "NOT_ACCEPTED", "method": "3"}
    ),
    Act.TAKE_SAMPLE: Asking(
        journey.take_sample,
        Sampling,
        {"reference": "PT-1", "sample": "Dòng 1, 2 kg, niêm phong 0012", "laboratory": "KD-3"},
    ),
    Act.REPORT_ANALYSIS: Asking(
        journey.report_analysis,
        Analysed,
        {"reference": "PT-1", "outcome": "DIFFERS", "note": "Mã 2106.90.99"},
    ),
    Act.VERIFY_ORIGIN: Asking(
        journey.verify_origin,
        Verifying,
        {"reference": "E20-0012345", "authority": "Hải quan Nam Ninh", "reason": "Nghi chữ ký"},
    ),
    Act.REPORT_ORIGIN: Asking(
        journey.report_origin, Verified, {"reference": "E20-0012345", "outcome": "CONFIRMED"}
    ),
    Act.HOLD: Asking(journey.hold, Holding, {"reference": "TD-1", "reason": "Nghi hàng giả"}),
    Act.LIFT_HOLD: Asking(journey.lift_hold, Holding, {"reference": "TD-1", "reason": "Đã xác minh"}),
    Act.PAY: Asking(journey.pay, Paying, _PAID),
    Act.GUARANTEE: Asking(journey.guarantee, Guaranteeing, {"guaranteed_minor": 320_00, "reference": "BL-1"}),
    Act.RELEASE_GUARANTEE: Asking(
        journey.release_guarantee, ReleasingGuarantee, {"released_minor": 320_00, "reference": "BL-1"}
    ),
    Act.REVERSE_PAYMENT: Asking(
        journey.reverse_payment,
        ReversingPayment,
        {"reversed_minor": 320_00, "reference": "TREASURY:BT-2026-0001", "reason": "Ghi nhầm"},
    ),
    Act.REFUND: Asking(
        journey.refund, Refunding, {"refunded_minor": 100_00, "decision": "QD-1", "account": "KB-01"}
    ),
    Act.REMOVE_TO_STORAGE: Asking(
        journey.remove_to_storage, Removing, {"place": "Kho 3", "reason": "Chờ kết quả giám định"}
    ),
    Act.RELEASE: Asking(journey.release, Plainly),
    Act.SETTLE: Asking(journey.settle, Settling, {"kind": "PROVISIONAL_VALUE"}),
    Act.IMPOSE_TAX: Asking(
        journey.impose_tax,
        Imposing,
        {"decision": "QD-3", "reason": "Bác bỏ trị giá", "kind": "VALUE_CONSULTATION"},
    ),
    Act.CLEAR: Asking(journey.clear, Plainly),
    Act.EXIT: Asking(journey.exit_area, Happened),
    Act.REQUEST_CANCEL: Asking(journey.request_cancel, Reasoned, {"reason": "Không nhập nữa"}),
    Act.REFUSE_CANCEL: Asking(journey.refuse_cancel, Reasoned, {"reason": "Hàng đã kiểm tra"}),
    Act.CANCEL: Asking(journey.cancel, Reasoned, {"reason": "Khai nhầm"}),
    Act.REVOKE: Asking(
        journey.revoke, Revoking, {"act": "clear", "decision": "QD-2", "reason": "Phát hiện sai phạm"}
    ),
    Act.PROPOSE: Asking(
        journey.propose,
        Proposing,
        {"act": "lower_channel", "content": {"channel": "YELLOW", "reason": "Đã đối chiếu"}},
    ),
}
"""Every act of the lifecycle but lodging, which is a message."""
