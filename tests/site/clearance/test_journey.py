"""One declaration through every act, with its sums by hand: value 1,000.00, duty 100.00, VAT 220.00, due 320.00."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from thongquan.engine.formats.responses import ResponseKind, read_res
from thongquan.site.clearance import journey, reads
from thongquan.site.clearance.models import AssessmentRow, Declaration, Mark, Response, Selection
from thongquan.site.ledger import reads as books
from thongquan.site.record.models import Event, Outbox

from ..country import SYSTEM, Days, original

pytestmark = pytest.mark.usefixtures("people")


class Walk:
    """Acts of a declaration by those whose post it is; each must be done, else the reasons are shown."""

    def __init__(self, pack, days: Days, **fields) -> None:
        self.pack, self.days = pack, days
        self.number = self.done(journey.lodge(message=original(**fields), **days.ask("ann", pack))).number

    @staticmethod
    def done(answer):
        assert answer.done, answer.reasons
        return answer

    def may(self, act, user, /, **said):
        return self.done(self.asks(act, user, **said))

    def asks(self, act, user, /, **said):
        return act(number=self.number, **said, **self.days.ask(user, self.pack))

    def registered(self) -> Walk:
        self.may(journey.accept, SYSTEM)
        self.may(journey.assess, SYSTEM)
        return self

    def selected(self) -> Walk:
        self.registered().may(journey.select, SYSTEM)
        return self

    def paid(self, minor: int = 32_000, reference: str = "R1") -> Walk:
        self.may(journey.pay, "bank", paid_minor=minor, source="bank", reference=reference, treasury="T1")
        return self

    @property
    def row(self) -> Declaration:
        return Declaration.objects.get(number=self.number)

    @property
    def acts(self) -> list[str]:
        return [event.act for event in reads.engine_events(self.number)]


@pytest.fixture
def walk(pack, days):
    return lambda **fields: Walk(pack, days, **fields)


@pytest.fixture(autouse=True)
def proven(people):
    """Whatever a test did, every proof still holds."""
    yield
    assert reads.verify().faults == ()


def test_a_green_declaration_from_lodging_to_exit(walk):
    one = walk().selected()
    assert (one.row.channel_name, one.row.state) == ("GREEN", "SELECTED")
    assert one.asks(journey.clear, SYSTEM).codes == ("DUTY_NOT_SECURED",)
    one.paid()
    assert one.may(journey.clear, SYSTEM).state == "CLEARED"
    one.may(journey.exit_area, "gate")
    row = one.row
    assert (row.state, row.goods, row.assessed_minor, row.paid_minor) == ("CLEARED", "PASSED", 32_000, 32_000)
    assert one.acts == ["lodge", "accept", "assess", "select", "pay", "clear", "exit"]


def test_every_act_leaves_its_event_its_news_and_its_message(walk):
    one = walk().selected().paid()
    one.may(journey.clear, SYSTEM)
    acts = ["lodge", "accept", "assess", "select", "pay", "clear"]
    assert list(Outbox.objects.order_by("n").values_list("topic", flat=True)) == [
        f"declaration.{a}" for a in acts
    ]
    kinds = list(Response.objects.order_by("n").values_list("kind", flat=True))
    assert kinds == ["RECEIVED", "ACCEPTED", "TAX", "CLEARED"]
    for stored in Response.objects.all():
        told = read_res(bytes(stored.content))
        assert told.kind is ResponseKind[stored.kind]
        assert (told.declaration_id, told.declaration_reference_id) == (one.number, "LRN-1")
        assert told.functional_reference_id == stored.identifier


def test_the_tax_notice_says_base_rate_and_amount_of_every_tax(walk):
    walk().registered()
    told = read_res(bytes(Response.objects.get(kind="TAX").content))
    lines = [
        (
            item,
            t.type_code,
            t.ad_valorem_tax_base.millionths,
            t.tax_rate_millionths,
            t.payment_amount.millionths,
        )
        for item, t in told.tax_lines
    ]
    assert lines == [
        (1, "DTY", 1_000_000_000, 10_000_000, 100_000_000),  # 10 % of 1,000 is 100
        (1, "VAT", 1_100_000_000, 20_000_000, 220_000_000),  # 20 % of 1,100 is 220
    ]
    assert told.payments[0].payment_amount.millionths == 320_000_000
    assert told.statuses[0].name_code == "4"  # final


def test_an_assessment_keeps_the_trace_of_every_amount(walk):
    one = walk().registered()
    taxes = reads.assessment(one.number)
    assert [(t.tax, t.base_minor, t.assessed_minor, t.payable_minor, t.terms) for t in taxes] == [
        ("DTY", 100_000, 10_000, 10_000, "now"),
        ("VAT", 110_000, 22_000, 22_000, "now"),
    ]
    assert taxes[0].law == "1/2020, art. 1"
    assert taxes[0].trace["rate_law"] == "1/2020, art. 1"
    assert taxes[0].pack_version == "0" * 64
    assert taxes[0].edition
    assert books.owed(one.number) == {"DTY": 10_000, "VAT": 22_000}


def test_what_is_deferred_is_owed_and_what_is_postponed_is_not(walk):
    assert walk(reference="A", method="E").registered().row.assessed_minor == 32_000
    assert walk(reference="B", method="G").registered().row.assessed_minor == 0
    assert [row.terms for row in AssessmentRow.objects.filter(declaration__functional_reference="B")] == [
        "postponed", "postponed",
    ]  # fmt: skip


def test_a_red_declaration_needs_documents_and_goods_checked(walk):
    one = walk(commodity="99999999").selected().paid()
    assert one.row.channel_name == "RED"
    assert Response.objects.filter(kind="CONTROL").count() == 1
    refused = one.asks(journey.clear, "olga")
    assert refused.codes == ("OBLIGATION_OPEN", "OBLIGATION_OPEN")
    one.may(journey.check_documents, "olga", result="CONFORMS")
    one.may(journey.inspect, "igor", result="CONFORMS", note="seal 4711")
    assert one.may(journey.clear, "olga").state == "CLEARED"
    kinds = list(one.row.obligations.order_by("kind").values_list("kind", "opened_n", "closed_n"))
    assert kinds == [("DOCUMENT_CHECK", 4, 6), ("INSPECTION", 4, 7), ("PAYMENT", 3, 5)]


def test_who_inspected_does_not_clear(walk):
    from thongquan.site.accounts import acts as accounts

    one = walk(commodity="99999999").selected().paid()
    accounts.post("igor", "OFFICER", first_day=date(2020, 1, 1), office="*")
    one.may(journey.check_documents, "olga", result="CONFORMS")
    one.may(journey.inspect, "igor", result="CONFORMS")
    assert one.asks(journey.clear, "igor").codes == ("INSPECTOR_MAY_NOT_RELEASE",)


def test_the_system_clears_only_green(walk):
    one = walk(origin="YY").selected().paid()
    assert one.row.channel_name == "YELLOW"
    one.may(journey.check_documents, "olga", result="CONFORMS")
    assert one.asks(journey.clear, SYSTEM).codes == ("AUTOMATIC_ONLY_GREEN",)
    one.may(journey.clear, "olga")


def test_a_hold_stops_everything_until_it_is_lifted(walk):
    one = walk().selected().paid()
    one.may(journey.hold, "olga", reference="H1", reason="tip")
    assert one.asks(journey.clear, SYSTEM).codes == ("HOLD_OPEN",)
    one.may(journey.lift_hold, "lena", reference="H1", reason="unfounded")
    one.may(journey.clear, SYSTEM)
    assert list(one.row.holds.values_list("reference", "opened_n", "closed_n")) == [("H1", 6, 7)]


def test_a_request_waits_for_the_reply_on_the_declarants_clock(walk):
    one = walk().selected()
    one.may(journey.request, "olga", reference="Q1", wanted="Hợp đồng mua bán")
    one.days.now += timedelta(hours=2)
    one.may(journey.reply, "ann", reference="Q1", text="attached")
    told = read_res(bytes(Response.objects.get(kind="QUERY").content))
    assert told.additional_informations[0].statement_description == "Hợp đồng mua bán"
    spent = reads.timeline(one.number).timing.by_clock
    # A minute in which the trader owed the payment, then two hours and a minute until his reply.
    assert spent["TRADER"] == 60 + 2 * 3600 + 60
    assert set(one.asks(journey.reply, "ann", reference="Q1").codes) == {"OBLIGATION_NOT_OPEN"}


def test_another_authority_confirms_its_permit(walk):
    one = walk().selected().paid()
    one.may(journey.refer, "olga", reference="P1", agency="plant health")
    assert "OBLIGATION_OPEN" in one.asks(journey.clear, SYSTEM).codes
    one.may(journey.confirm_permit, "vet", reference="P1")
    one.may(journey.clear, SYSTEM)


def test_removal_to_storage_release_clearance_and_exit_are_four_acts(walk):
    one = walk(origin="YY").selected()
    one.may(journey.remove_to_storage, "olga", place="Kho 1", reason="yard full")
    one.may(journey.exit_area, "gate")
    assert one.row.goods == "STORED"
    one.may(journey.check_documents, "olga", result="CONFORMS", opens=["ANALYSIS:LAB1"])
    assert one.asks(journey.release, "olga").codes == ("DUTY_NOT_SECURED",)
    one.may(journey.guarantee, "rita", guaranteed_minor=32_000, reference="G1")
    assert one.may(journey.release, "olga").state == "RELEASED"
    assert "OBLIGATION_OPEN" in one.asks(journey.clear, "olga").codes
    one.paid()
    one.may(journey.settle, "olga", kind="ANALYSIS", reference="LAB1")
    assert one.may(journey.clear, "olga").state == "CLEARED"
    assert sorted(one.row.decisions.values_list("act", flat=True)) == [
        "accept", "clear", "exit_to_storage", "release", "remove_to_storage",
    ]  # fmt: skip
    one.may(journey.release_guarantee, "rita", released_minor=32_000, reference="G1")
    assert one.row.guaranteed_minor == 0


def test_a_provisional_value_is_released_settled_and_cleared(walk):
    one = walk()
    one.may(journey.accept, SYSTEM, opens=["PROVISIONAL_VALUE"])
    one.may(journey.assess, SYSTEM)
    notice = read_res(bytes(Response.objects.get(kind="TAX").content))
    assert notice.statuses[0].name_code == "67"  # indicative: the price may still change
    one.may(journey.select, SYSTEM)
    one.paid()
    assert one.asks(journey.clear, SYSTEM).codes == ("OBLIGATION_OPEN",)
    one.may(journey.release, "olga")
    one.may(journey.amend, "ann", change=original(value=1_100), reason="final invoice")
    one.may(journey.select, SYSTEM)
    # 1,100: duty 110.00, VAT 20 % of 1,210 = 242.00, together 352.00, of which 320.00 are paid.
    settled = one.may(journey.settle, "rita", kind="PROVISIONAL_VALUE")
    assert settled.says["assessed_minor"] == 35_200
    notice = read_res(bytes(Response.objects.filter(kind="TAX").order_by("n").last().content))
    assert notice.statuses[0].name_code == "4"
    assert one.asks(journey.clear, "olga").codes == ("DUTY_NOT_SECURED",)
    one.paid(3_200, "R2")
    one.may(journey.clear, "olga")


def test_a_guarantee_is_not_overdrawn(walk):
    from thongquan.engine.ledger.journal import Account, AccountKind
    from thongquan.site.ledger.acts import limit

    held = Account(AccountKind.GUARANTEE_HELD, "KRN", party="TRADER-1", reference="G1")
    limit(held, floor_minor=0, ceiling_minor=40_000)
    walk(reference="A").selected().may(journey.guarantee, "rita", guaranteed_minor=32_000, reference="G1")
    second = walk(reference="B").selected()
    refused = second.asks(journey.guarantee, "rita", guaranteed_minor=8_001, reference="G1")
    assert [(r.code, r.says["left_minor"]) for r in refused.reasons] == [("GUARANTEE_OVERDRAWN", "8000")]
    second.may(journey.guarantee, "rita", guaranteed_minor=8_000, reference="G1")
    refused = second.asks(journey.release_guarantee, "rita", released_minor=8_001, reference="G1")
    assert refused.codes == ("GUARANTEE_NOT_HELD",)


def test_money_that_comes_before_the_assessment_settles_it(walk):
    one = walk()
    one.may(journey.accept, SYSTEM)
    one.paid(20_000)
    assert books.free_money(one.number) == 20_000
    one.may(journey.assess, SYSTEM)
    # 320.00 are due; the 200.00 settle duty 100.00 and 100.00 of VAT.
    assert (books.owed(one.number), books.free_money(one.number)) == ({"VAT": 12_000}, 0)
    assert [journal.kind for journal in books.journals_of(one.number)] == [
        "PAYMENT",
        "ASSESSMENT",
        "ALLOCATION",
    ]


def test_a_bank_reports_the_same_money_once(walk):
    first, second = walk(reference="A").selected().paid(), walk(reference="B").selected()
    refused = second.asks(
        journey.pay, "bank", paid_minor=32_000, source="bank", reference="R1", treasury="T1"
    )
    assert refused.codes == ("RECEIPT_COUNTED",)
    assert refused.reasons[0].says["number"] == first.number
    assert second.row.paid_minor == 0


def test_what_was_paid_too_much_is_refunded_by_two_persons(walk):
    one = walk().selected().paid(40_000)
    assert books.free_money(one.number) == 8_000
    content = {"refunded_minor": 8_000, "decision": "QD-1", "account": "T1"}
    assert one.asks(journey.refund, "lena", **content).codes == ("FOUR_EYES_NOT_PROPOSED",)
    one.may(journey.propose, "rita", act="refund", content=content)
    less = {**content, "refunded_minor": 7_999}
    assert one.asks(journey.refund, "lena", **less).codes == ("FOUR_EYES_CONTENT_DIFFERS",)
    one.may(journey.refund, "lena", **content)
    assert (books.free_money(one.number), one.row.paid_minor) == (0, 32_000)


def test_a_receipt_booked_in_error_is_taken_back_whole(walk):
    one = walk().selected().paid(40_000)
    unknown = one.asks(journey.reverse_payment, "lena", reversed_minor=1, reference="bank:R9", reason="x")
    assert unknown.codes == ("RECEIPT_UNKNOWN",)
    part = one.asks(journey.reverse_payment, "lena", reversed_minor=1, reference="bank:R1", reason="x")
    assert part.codes == ("RECEIPT_DIFFERS",)
    content = {"reversed_minor": 40_000, "reference": "bank:R1", "reason": "another declaration's money"}
    one.may(journey.propose, "rita", act="reverse_payment", content=content)
    one.may(journey.reverse_payment, "lena", **content)
    assert books.owed(one.number) == {"DTY": 10_000, "VAT": 22_000}
    assert (books.free_money(one.number), one.row.paid_minor) == (0, 0)


def test_cancelling_leaves_nothing_due_and_the_money_to_the_payer(walk):
    one = walk().selected().paid()
    assert one.asks(journey.cancel, "ann", reason="sold abroad").codes == ("ROLE_LACKS_ACT",)
    one.may(journey.request_cancel, "ann", reason="sold abroad")
    one.may(journey.cancel, "olga", reason="on request")
    row = one.row
    assert (row.state, row.assessed_minor, row.paid_minor) == ("CANCELLED", 0, 32_000)
    assert books.owed(one.number) == {}
    assert books.free_money(one.number) == 32_000
    assert Mark.objects.count() == 0
    assert read_res(bytes(Response.objects.get(kind="INVALIDATED").content)).cancellation_time is not None


def test_cancelling_can_be_refused(walk):
    one = walk().selected()
    one.may(journey.request_cancel, "ann", reason="sold abroad")
    assert "OBLIGATION_OPEN" in one.paid().asks(journey.clear, SYSTEM).codes
    one.may(journey.refuse_cancel, "olga", reason="goods under inspection")
    one.may(journey.clear, SYSTEM)


def test_a_cancelled_red_declaration_marks_its_consignment(walk):
    first = walk(commodity="99999999", bill="BL-1").selected()
    first.may(journey.cancel, "olga", reason="x")
    mark = Mark.objects.get()
    assert (mark.last_day - mark.first_day).days == 90
    # The same bill under a green code: the mark keeps it red.
    second = walk(reference="LRN-2", bill="BL-1").selected()
    assert second.row.channel_name == "RED"
    assert "FORMER_CHANNEL" in Selection.objects.get(declaration=second.row).reasons
    # Another bill is green.
    assert walk(reference="LRN-3", bill="BL-2").selected().row.channel_name == "GREEN"


def test_a_mark_ends_with_its_last_day(walk, pack):
    first = walk(commodity="99999999", bill="BL-1").selected()
    first.may(journey.cancel, "olga", reason="x")
    first.days.now += timedelta(days=91)
    assert walk(reference="LRN-2", bill="BL-1").selected().row.channel_name == "GREEN"


def test_a_channel_is_raised_by_one_and_lowered_by_two(walk):
    one = walk().selected()
    one.may(journey.raise_channel, "olga", channel="RED", reason="odd weight")
    assert one.asks(journey.raise_channel, "olga", channel="YELLOW", reason="x").codes == (
        "CHANNEL_NOT_HIGHER",
    )
    content = {"channel": "YELLOW", "reason": "scale repaired"}
    assert "FOUR_EYES_NOT_PROPOSED" in one.asks(journey.lower_channel, "lena", **content).codes
    one.may(journey.propose, "lena", act="lower_channel", content=content)
    assert "FOUR_EYES_SAME_PERSON" in one.asks(journey.lower_channel, "lena", **content).codes
    one.may(journey.lower_channel, "leo", **content)
    assert [s.channel for s in reads.selections(one.number)] == [1, 3, 2]
    assert one.asks(journey.raise_channel, "olga", channel="PINK", reason="x").codes == ("CHANNEL_UNKNOWN",)


def test_a_decision_is_taken_back_by_a_decision(walk):
    one = walk().selected().paid()
    one.may(journey.clear, SYSTEM)
    assert one.asks(journey.clear, SYSTEM).codes == ("ALREADY_DECIDED",)
    one.may(journey.revoke, "lena", act="clear", decision="QD-2", reason="tip", opens=["INSPECTION"])
    assert "DECISION_REVOKED" in one.asks(journey.exit_area, "gate").codes
    one.may(journey.inspect, "igor", result="CONFORMS")
    one.may(journey.clear, "olga")
    standing = one.row.decisions.filter(act="clear").order_by("n").values_list("n", "revoked_n")
    assert list(standing) == [
        (6, 7),
        (9, None),
    ]  # lodge 1, accept, assess, select, pay, clear 6, revoke, inspect


def test_an_act_carries_actor_capacity_form_signature_and_service(walk, pack):
    from thongquan.site.accounts.models import Posting, User
    from thongquan.site.accounts.reads import By

    Posting.objects.create(
        user=User.objects.get(username="leo"), role="OFFICER", office="*", first_day=date(2020, 1, 1),
        capacity="DEPUTY", on_behalf="Chi cục trưởng", authority="QD-9",
    )  # fmt: skip
    one = walk().selected().paid()
    asked = one.days.ask(By("leo", "OFFICER", {"certificate": "abc"}), pack)
    assert journey.clear(number=one.number, **asked).done
    event = reads.engine_events(one.number)[-1]
    assert (event.actor, event.role, event.capacity, event.on_behalf) == (
        "leo", "OFFICER", "DEPUTY", "Chi cục trưởng",
    )  # fmt: skip
    assert event.signature == {"certificate": "abc"}
    assert event.form_number == f"{one.number}/{event.n}"
    assert event.service_date == date(2026, 3, 2)


def test_the_fields_of_an_act_are_there_even_while_they_are_empty(walk):
    one = walk()
    body = Event.objects.get(subject=one.number, n=1).body
    for field in ('"capacity":"OWN"', '"signature":null', '"form_number":""', '"service_date":"2026-03-02"'):
        assert field in body


def test_a_declaration_is_assessed_only_after_registration(walk):
    one = walk()
    assert one.asks(journey.assess, SYSTEM).codes == ("NOT_REGISTERED",)
    assert one.asks(journey.select, SYSTEM).codes == ("NOT_REGISTERED",)


def test_a_missing_rate_waits_and_is_never_zero(walk):
    one = walk(commodity="88888888")
    one.may(journey.accept, SYSTEM)
    refused = one.asks(journey.assess, SYSTEM)
    assert refused.codes[0] == "ASSESSMENT_PENDING"
    assert (one.row.assessed_minor, AssessmentRow.objects.count()) == (None, 0)
    one.may(journey.select, SYSTEM)
    assert "ASSESSMENT_MISSING" in one.asks(journey.clear, SYSTEM).codes


def test_checks_that_fail_reject_with_every_code(walk, pack, days):
    one = walk(commodity="00000000")
    refused = one.asks(journey.accept, SYSTEM)
    assert (refused.codes, one.row.state) == (("COMMODITY_UNKNOWN",), "LODGED")
    answer = journey.decide(number=one.number, **days.ask(SYSTEM, pack))
    assert (answer.act, answer.state) == ("reject", "REJECTED")
    told = read_res(bytes(Response.objects.get(kind="REJECTED").content))
    assert told.kind is ResponseKind.REJECTED
    assert told.errors[0].pointer


def test_the_legal_day_is_the_day_in_the_countrys_zone(walk, days):
    from datetime import UTC, datetime

    days.now = datetime(2026, 6, 30, 16, 50, tzinfo=UTC)  # 23:50 on 30 June in Vietnam
    early = walk(reference="A").registered()
    days.now = datetime(2026, 6, 30, 16, 59, tzinfo=UTC)
    late = walk(reference="B").registered()  # accepted at 17:01 UTC: 00:01 on 1 July
    assert (early.row.legal_day, early.row.assessed_minor) == (date(2026, 6, 30), 32_000)
    # From 1 July duty is 12 %: 120.00, VAT 20 % of 1,120 = 224.00, together 344.00.
    assert (late.row.legal_day, late.row.assessed_minor) == (date(2026, 7, 1), 34_400)
