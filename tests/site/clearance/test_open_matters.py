"""Matters that leave the amount open, in Vietnam: who may open and end them, what secures them, until when, and the
money that moves. Shirts of 10,000,000 đồng, general duty 20 %, under the ASEAN–China agreement (B05) 0 %, VAT 10 %."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from thongquan.engine.dated import Period
from thongquan.engine.declaration import AdditionalDocument, AdditionalInformation, DutyTaxFee
from thongquan.engine.timing.calendar import Unit, WorkingCalendar
from thongquan.packs.pack import Deadline, Pack, load
from thongquan.site.clearance import automatic, journey, matters, reads
from thongquan.site.clearance.models import Declaration, Obligation, Response
from thongquan.site.kit.act import Answer
from thongquan.site.ledger import reads as books

from ..country import LAW, SYSTEM, Days, make_pack, original
from .test_vietnam import MORNING, shirts

pytestmark = pytest.mark.usefixtures("people")

GENERAL = 3_220_000
"""20 % of 10,000,000 = 2,000,000; VAT 10 % of 12,000,000 = 1,200,000; the fee 20,000."""
PREFERRED = 1_020_000
"""0 %; VAT 10 % of 10,000,000 = 1,000,000; the fee 20,000."""
CERTIFICATE = "E20-0012345"


@pytest.fixture
def pack(monkeypatch) -> Pack:
    country = replace(load("vn"), random_share_ppm=0)
    monkeypatch.setattr(reads, "site_pack", lambda: country)
    return country


@pytest.fixture
def days() -> Days:
    return Days(MORNING)


def preferred(
    *documents: AdditionalDocument, said: tuple[AdditionalInformation, ...] = (), value: int = 10_000_000
):
    """The shirts under form E: with its certificate, or with the word that it follows."""
    made = shirts(value=value)
    goods = msgspec.structs.replace(
        made.goods_items[0],
        duty_tax_fees=(DutyTaxFee(type_code="NK", duty_regime_code="B05"),),
        additional_documents=documents,
        additional_informations=said,
    )
    return msgspec.structs.replace(made, goods_items=(goods,))


def form_e() -> AdditionalDocument:
    return AdditionalDocument(type_code="CO_E", id=CERTIFICATE)


class Life:
    """One declaration, and the acts of those whose post it is."""

    def __init__(self, pack: Pack, days: Days, declaration) -> None:
        self.pack, self.days = pack, days
        self.number = self.done(journey.lodge(message=declaration, **days.ask("ann", pack))).number
        for act in (journey.accept, journey.assess, journey.select):
            self.may(act, SYSTEM)

    @staticmethod
    def done(answer: Answer) -> Answer:
        assert answer.done, answer.reasons
        return answer

    def asks(self, act, user, /, **said) -> Answer:
        return act(number=self.number, **said, **self.days.ask(user, self.pack))

    def may(self, act, user, /, **said) -> Answer:
        return self.done(self.asks(act, user, **said))

    def paid(self, minor: int, reference: str = "1") -> None:
        money = {"paid_minor": minor, "source": "kb", "reference": reference, "treasury": "KB-01"}
        self.may(journey.pay, "bank", **money)

    @property
    def row(self) -> Declaration:
        return Declaration.objects.get(number=self.number)

    def open(self, kind: str) -> Obligation:
        return self.row.obligations.get(kind=kind, closed_n__isnull=True)

    @property
    def kinds(self) -> list[str]:
        return sorted(str(one) for one in reads.facts_of(self.number).obligations)


@pytest.fixture
def life(pack, days):
    return lambda declaration=None: Life(pack, days, declaration or shirts())


# value


def test_a_doubted_value_is_secured_heard_and_accepted(life, pack):
    one = life()
    one.paid(GENERAL)
    doubt = {"reference": "TV-1", "reason": "Thấp hơn giá tham chiếu", "security_minor": 900_000}
    one.may(journey.doubt_value, "olga", **doubt)
    assert one.kinds == ["PAYMENT", "VALUE_CONSULTATION:TV-1"]
    # The whole 3,220,000 is paid; the further 900,000 are neither paid nor guaranteed.
    refused = one.asks(journey.release, "olga")
    assert refused.codes == ("DUTY_NOT_SECURED",)
    assert refused.reasons[0].says["unsecured_minor"] == "900000"
    assert refused.reasons[0].says["demanded_minor"] == "900000"
    one.may(journey.guarantee, "rita", guaranteed_minor=900_000, reference="BL-1")
    assert one.may(journey.release, "olga").state == "RELEASED"
    one.may(journey.exit_area, "gate")
    # Thirty days from Monday 15 June 2020 end with Wednesday 15 July.
    assert matters.last_day(one.open("VALUE_CONSULTATION").due_at, pack) == date(2020, 7, 15)
    assert "38/2015" in one.open("VALUE_CONSULTATION").due_law
    assert one.asks(journey.release_guarantee, "rita", released_minor=900_000, reference="BL-1").codes == (
        "GUARANTEE_STILL_NEEDED",
    )  # fmt: skip
    one.may(journey.invite_consultation, "olga", reference="TV-1", hearing_day=date(2020, 6, 22))
    one.may(journey.record_consultation, "olga", reference="TV-1", outcome="ACCEPTED")
    assert one.kinds == []
    assert one.may(journey.clear, "olga").state == "CLEARED"
    one.may(journey.release_guarantee, "rita", released_minor=900_000, reference="BL-1")
    assert one.row.assessed_minor == GENERAL


def test_each_act_of_a_consultation_has_its_number_and_is_served(life):
    one = life()
    one.may(journey.doubt_value, "olga", reference="TV-1", reason="Thấp hơn giá tham chiếu")
    one.may(journey.invite_consultation, "olga", reference="TV-1", hearing_day=date(2020, 6, 22))
    one.may(journey.record_consultation, "olga", reference="TV-1", outcome="ABSENT", method="6")
    *_, doubt, invitation, record = reads.engine_events(one.number)
    assert doubt.form_number == f"TQ-15 {one.number}/{doubt.n}"
    assert record.form_number == f"04/BBTV/TXNK {one.number}/{record.n}"
    assert [event.service_date for event in (doubt, invitation, record)] == [date(2020, 6, 15)] * 3
    told = [bytes(row.content).decode() for row in Response.objects.filter(kind="QUERY").order_by("n")]
    assert "Thấp hơn giá tham chiếu" in told[0]
    assert "2020-06-22" in told[1]
    assert str(one.pack.laws["doubt_value"]) == "39/2018/TT-BTC, art. 1(14), art. 25 of 38/2015/TT-BTC"


def test_who_rejects_a_value_says_by_which_method_it_is_determined(life):
    one = life()
    one.may(journey.doubt_value, "olga", reference="TV-1", reason="x")
    rejected = {"reference": "TV-1", "outcome": "NOT_ACCEPTED"}
    assert one.asks(journey.record_consultation, "olga", **rejected).codes == ("VALUE_METHOD_MISSING",)
    assert one.asks(journey.record_consultation, "olga", **rejected, method="1").codes == (
        "VALUE_METHOD_MISSING",
    )
    one.may(journey.record_consultation, "olga", **rejected, method="3")
    assert one.kinds == ["PAYMENT", "VALUE_CONSULTATION:TV-1"]


def test_a_rejected_value_is_imposed_by_two_persons_on_its_own_day(life, pack, days):
    one = life()
    one.paid(GENERAL)
    one.may(journey.doubt_value, "olga", reference="TV-1", reason="Thấp hơn giá tham chiếu")
    one.may(journey.record_consultation, "olga", reference="TV-1", outcome="NOT_ACCEPTED", method="3")
    change = msgspec.structs.replace(shirts(value=15_000_000), declaration_id=one.number)
    one.may(journey.amend, "olga", change=change, reason="Trị giá theo phương pháp 3")
    one.may(journey.select, SYSTEM)
    decision = {
        "decision": "QĐ-88", "reason": "Bác bỏ trị giá khai báo", "kind": "VALUE_CONSULTATION", "reference": "TV-1",
    }  # fmt: skip
    days.now = datetime(2020, 8, 3, 2, 0, tzinfo=UTC)
    assert one.asks(journey.impose_tax, "lena", **decision).codes == ("FOUR_EYES_NOT_PROPOSED",)
    # 20 % of 15,000,000 = 3,000,000; VAT 10 % of 18,000,000 = 1,800,000; 20,000: 4,820,000. By the law of 15 June,
    # although it is August: the decision has its own day, the tax the law of the registration.
    proposed = one.may(journey.propose, "olga", act="impose_tax", content=decision)
    assert proposed.says["assessed_minor"] == 4_820_000
    assert one.asks(journey.impose_tax, "olga", **decision).codes[0] in (
        "ROLE_LACKS_ACT",
        "ROLE_HAS_NO_RIGHT",
    )
    other = {**decision, "decision": "QĐ-89"}
    assert one.asks(journey.impose_tax, "lena", **other).codes == ("FOUR_EYES_CONTENT_DIFFERS",)
    imposed = one.may(journey.impose_tax, "lena", **decision)
    assert imposed.says["assessed_minor"] == 4_820_000
    event = reads.engine_events(one.number)[-1]
    assert event.form_number == f"07/QĐAĐT/TXNK {one.number}/{event.n}"
    assert event.text("law_day") == "2020-06-15"
    assert one.kinds == ["PAYMENT"]
    difference = [
        journal for journal in books.journals_of(one.number) if journal.effective_day == date(2020, 8, 3)
    ]
    assert len(difference) == 1
    # 4,820,000 - 3,220,000 = 1,600,000 more, by tax: 1,000,000 of duty and 600,000 of VAT.
    assert books.owed(one.number) == {"NK": 1_000_000, "GTGT": 600_000}
    # Ten days from Monday 3 August 2020: Thursday 13 August.
    assert matters.last_day(one.open("PAYMENT").due_at, pack) == date(2020, 8, 13)


def test_the_machine_assesses_what_is_declared_and_not_what_customs_determined(life):
    one = life()
    mine = msgspec.structs.replace(shirts(value=11_000_000), declaration_id=one.number)
    one.may(journey.amend, "ann", change=mine, reason="x")
    assert automatic.next_step(reads.facts_of(one.number)) is journey.assess
    one.may(journey.assess, SYSTEM)
    theirs = msgspec.structs.replace(shirts(value=15_000_000), declaration_id=one.number)
    one.may(journey.amend, "olga", change=theirs, reason="Trị giá theo phương pháp 3")
    assert automatic.next_step(reads.facts_of(one.number)) is journey.select
    one.may(journey.select, SYSTEM)
    assert automatic.next_step(reads.facts_of(one.number)) is None
    one.may(journey.assess, "olga")
    # The declarant's own later amendment is the machine's again.
    later = msgspec.structs.replace(shirts(value=16_000_000), declaration_id=one.number)
    one.may(journey.amend, "ann", change=later, reason="x")
    assert automatic.next_step(reads.facts_of(one.number)) is journey.assess


def test_nothing_is_imposed_where_the_tax_stays_the_same(life):
    one = life()
    decision = {"decision": "QĐ-1", "reason": "x"}
    one.may(journey.propose, "olga", act="impose_tax", content=decision)
    assert one.asks(journey.impose_tax, "lena", **decision).codes == ("IMPOSES_NOTHING",)
    assert one.row.assessed_minor == GENERAL


def test_a_proposal_to_impose_falls_away_with_an_amendment(life):
    one = life()
    change = msgspec.structs.replace(shirts(value=15_000_000), declaration_id=one.number)
    one.may(journey.amend, "olga", change=change, reason="x")
    decision = {"decision": "QĐ-1", "reason": "x"}
    one.may(journey.propose, "olga", act="impose_tax", content=decision)
    further = msgspec.structs.replace(shirts(value=16_000_000), declaration_id=one.number)
    one.may(journey.amend, "olga", change=further, reason="y")
    assert one.asks(journey.impose_tax, "lena", **decision).codes == ("FOUR_EYES_NOT_PROPOSED",)


def test_a_final_value_after_its_day_still_counts_and_is_noticed(pack, days):
    number = journey.lodge(message=shirts(), **days.ask("ann", pack)).number
    opened = {"opens": ["PROVISIONAL_VALUE"]}
    assert journey.accept(number=number, **opened, **days.ask(SYSTEM, pack)).done
    for act in (journey.assess, journey.select):
        assert act(number=number, **days.ask(SYSTEM, pack)).done
    due = Obligation.objects.get(kind="PROVISIONAL_VALUE").due_at
    # Ninety days from 15 June 2020 end on Sunday 13 September; the law moves it to Monday.
    assert matters.last_day(due, pack) == date(2020, 9, 14)
    days.now = datetime(2020, 9, 15, 2, 0, tzinfo=UTC)
    settled = journey.settle(number=number, kind="PROVISIONAL_VALUE", **days.ask("rita", pack))
    assert settled.done
    (late,) = [finding for finding in settled.findings if finding.code == "SETTLED_LATE"]
    assert late.says == {"day": "2020-09-15", "due_day": "2020-09-14"}


# analysis


def test_a_sample_is_analysed_while_the_goods_are_released(life):
    one = life()
    one.paid(GENERAL)
    sample = {"reference": "PT-1", "sample": "Dòng 1, 2 kg", "laboratory": "KĐHQ-6"}
    one.may(journey.take_sample, "igor", **sample)
    assert one.asks(journey.take_sample, "igor", **sample).codes == ("REFERENCE_USED",)
    assert one.asks(journey.clear, "olga").codes == ("OBLIGATION_OPEN",)
    assert one.may(journey.release, "olga").state == "RELEASED"
    one.may(journey.exit_area, "gate")
    again = one.asks(journey.take_sample, "igor", reference="PT-2", sample="x", laboratory="y")
    assert again.codes == ("GOODS_PASSED",)
    one.may(journey.report_analysis, "vet", reference="PT-1", outcome="DIFFERS", note="Không phải bông")
    assert one.kinds == ["ANALYSIS:PT-1"]
    one.may(journey.settle, "olga", kind="ANALYSIS", reference="PT-1")
    assert one.may(journey.clear, "olga").state == "CLEARED"


def test_an_analysis_that_agrees_ends_the_matter(life):
    one = life()
    one.may(journey.take_sample, "olga", reference="PT-1", sample="x", laboratory="y")
    one.may(journey.report_analysis, "olga", reference="PT-1", outcome="CONFORMS")
    assert one.kinds == ["PAYMENT"]


# origin


def test_a_doubted_certificate_is_paid_at_the_general_rate_and_refunded_when_it_holds(life, pack):
    one = life(preferred(form_e()))
    assert one.row.assessed_minor == PREFERRED
    one.paid(PREFERRED)
    doubt = {"authority": "Hải quan Nam Ninh", "reason": "Nghi chữ ký"}
    assert one.asks(journey.verify_origin, "olga", reference="E20-9", **doubt).codes == (
        "CERTIFICATE_NOT_CLAIMED",
    )
    asked = one.may(journey.verify_origin, "olga", reference=CERTIFICATE, **doubt)
    assert asked.says["assessed_minor"] == GENERAL
    assert books.owed(one.number) == {"NK": 2_000_000, "GTGT": 200_000}
    assert one.asks(journey.release, "olga").codes == ("DUTY_NOT_SECURED",)
    one.paid(GENERAL - PREFERRED, "2")
    assert one.may(journey.release, "olga").state == "RELEASED"
    # 150 days from 15 June 2020: Thursday 12 November.
    assert matters.last_day(one.open("ORIGIN_VERIFICATION").due_at, pack) == date(2020, 11, 12)
    assert one.may(journey.assess, SYSTEM).says["assessed_minor"] == GENERAL
    # An answer that confirms: the preference, and 2,200,000 that can be given back by a decision.
    answered = one.may(journey.report_origin, "olga", reference=CERTIFICATE, outcome="CONFIRMED")
    assert answered.says["assessed_minor"] == PREFERRED
    assert reads.facts_of(one.number).overpaid_minor == 2_200_000
    refund = {"refunded_minor": 2_200_000, "decision": "QĐHT-1", "account": "KB-01"}
    one.may(journey.propose, "rita", act="refund", content=refund)
    one.may(journey.refund, "lena", **refund)
    assert one.may(journey.clear, "olga").state == "CLEARED"
    assert one.row.paid_minor == PREFERRED
    assert reads.verify().faults == ()


@pytest.mark.parametrize("outcome", ["REFUTED", "NO_ANSWER"])
def test_a_certificate_that_does_not_hold_gives_no_preference_ever_after(life, outcome):
    one = life(preferred(form_e()))
    one.may(journey.verify_origin, "olga", reference=CERTIFICATE, authority="a", reason="r")
    one.may(journey.report_origin, "olga", reference=CERTIFICATE, outcome=outcome)
    assert one.kinds == ["PAYMENT"]
    assert one.row.assessed_minor == GENERAL
    assert one.may(journey.assess, SYSTEM).says["assessed_minor"] == GENERAL
    again = one.asks(journey.verify_origin, "olga", reference=CERTIFICATE, authority="a", reason="r")
    assert again.codes == ("REFERENCE_USED",)


def test_a_certificate_that_follows_is_paid_at_the_general_rate_until_it_is_there(life, pack):
    later = AdditionalInformation(statement_code="CO_LATER")
    one = life(preferred(said=(later,)))
    assert one.kinds == ["LATE_CERTIFICATE:B05", "PAYMENT"]
    assert one.row.assessed_minor == GENERAL
    one.paid(GENERAL)
    one.may(journey.release, "olga")
    assert matters.last_day(one.open("LATE_CERTIFICATE").due_at, pack) == date(2020, 7, 15)
    change = msgspec.structs.replace(preferred(form_e()), declaration_id=one.number)
    one.may(journey.amend, "ann", change=change, reason="Nộp bổ sung C/O")
    one.may(journey.select, SYSTEM)
    settled = one.may(journey.settle, "olga", kind="LATE_CERTIFICATE", reference="B05")
    assert settled.says["assessed_minor"] == PREFERRED
    assert reads.facts_of(one.number).overpaid_minor == 2_200_000
    assert one.may(journey.clear, "olga").state == "CLEARED"


def test_an_agreement_may_give_its_own_time(pack):
    start = datetime(2020, 6, 15, 2, 0, tzinfo=UTC)
    limit = matters.limit_of(matters.Kind.LATE_CERTIFICATE, start, pack, reference="VKFTA")
    assert limit is not None
    assert limit.last_day(pack) == date(2021, 6, 15)


# the list


def test_the_list_is_by_legal_day_and_by_whose_clock_runs(life, pack):
    one = life()
    one.may(journey.take_sample, "igor", reference="PT-1", sample="x", laboratory="y")
    one.may(journey.doubt_value, "olga", reference="TV-1", reason="x")
    every = matters.open_matters(Declaration.objects.all())
    # Analysis: 8 working days from 15 June: 25 June. Consultation: 15 July. Payment before release: no day.
    assert [(row.kind, row.due_at and matters.last_day(row.due_at, pack)) for row in every] == [
        ("ANALYSIS", date(2020, 6, 25)),
        ("VALUE_CONSULTATION", date(2020, 7, 15)),
        ("PAYMENT", None),
    ]
    assert [row.kind for row in matters.open_matters(Declaration.objects.all(), owner="TRADER")] == [
        "PAYMENT"
    ]
    assert [row.kind for row in matters.open_matters(Declaration.objects.all(), kind="ANALYSIS")] == [
        "ANALYSIS"
    ]
    before = matters.beginning(date(2020, 6, 26), pack)
    assert [r.kind for r in matters.open_matters(Declaration.objects.all(), due_before=before)] == [
        "ANALYSIS"
    ]
    before = matters.beginning(date(2020, 6, 25), pack)
    assert not matters.open_matters(Declaration.objects.all(), due_before=before).exists()
    # The last instant of the day is in time, the first of the next is late.
    late = matters.beginning(date(2020, 6, 26), pack)
    told = {row.kind: row.overdue for row in matters.told(list(every), pack, late, sees_duplicates=True)}
    assert told == {"ANALYSIS": True, "VALUE_CONSULTATION": False, "PAYMENT": False}
    just_before = late - datetime.resolution
    told = {
        row.kind: row.overdue for row in matters.told(list(every), pack, just_before, sees_duplicates=True)
    }
    assert not any(told.values())


def test_the_list_is_one_query_over_an_index_and_one_for_its_page(life, django_assert_num_queries, pack):
    one = life()
    one.may(journey.take_sample, "igor", reference="PT-1", sample="x", laboratory="y")
    with django_assert_num_queries(2):
        matters.told(
            list(matters.open_matters(Declaration.objects.all())[:50]), pack, MORNING, sees_duplicates=True
        )


def test_pages_follow_each_other_whatever_is_closed_between(life):
    one = life()
    for number in range(3):
        one.may(journey.take_sample, "igor", reference=f"PT-{number}", sample="x", laboratory="y")
    rows = matters.open_matters(Declaration.objects.all())
    first = rows[0]
    one.may(journey.report_analysis, "olga", reference="PT-0", outcome="CONFORMS")
    rest = [row.reference for row in matters.after(rows, first)]
    assert rest == ["PT-1", "PT-2", ""]
    last = rows.get(kind="PAYMENT")
    assert not matters.after(rows, last).exists()


def test_what_was_stored_without_its_day_gets_it_at_the_next_start(pack, days):
    number = journey.lodge(message=shirts(code="08061000"), **days.ask("ann", pack)).number
    row = Declaration.objects.get(number=number)
    obligation = Obligation(declaration=row, kind="INSPECTION", opened_n=1)
    obligation.save()
    assert matters.fill(pack) == 1
    obligation.refresh_from_db()
    # Eight working hours from 09:01 on Monday: three until noon, four until 17:00, one on Tuesday: 09:01.
    assert obligation.due_at == datetime(2020, 6, 16, 2, 1, tzinfo=UTC)
    assert matters.fill(pack) == 0


def test_a_check_of_goods_runs_from_when_they_are_there(days):
    country = make_pack()
    country.deadlines["inspection"] = (Deadline(2, Unit.DAY, LAW),)
    every_day = (((480, 1020),),) * 7
    calendar = WorkingCalendar("every day", ZoneInfo(country.zone), Period(date(2020, 1, 1)), every_day, {})
    country.__dict__["calendars"] = (calendar,)
    red = original(type_code="IMD", commodity="99999999")
    number = journey.lodge(message=red, **days.ask("ann", country)).number
    row = Declaration.objects.get(number=number)
    row.obligations.create(kind="INSPECTION", opened_n=1)  # as a channel before arrival opens it
    assert matters.fill(country) == 0
    days.now = datetime(2020, 6, 18, 2, 0, tzinfo=UTC)
    assert journey.arrive(number=number, **days.ask("gate", country)).done
    # Two days from Thursday 18 June 2020, when the goods were there, and not from the 15th.
    assert matters.last_day(row.obligations.get(kind="INSPECTION").due_at, country) == date(2020, 6, 20)
