"""An amendment: a new version, the law of the original day, and only the difference in the books."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from thongquan.engine.declaration import (
    AdditionalInformation,
    Amendment,
    Amount,
    Declaration,
    GoodsItem,
    Pointer,
)
from thongquan.engine.ledger.journal import JournalKind
from thongquan.site.clearance import journey, reads
from thongquan.site.clearance.models import Draw, Selection
from thongquan.site.ledger import reads as books

from ..country import SYSTEM, make_pack, original

pytestmark = pytest.mark.usefixtures("people")


@pytest.fixture(autouse=True)
def proven(people):
    yield
    assert reads.verify().faults == ()


def selected(pack, days, paid: int = 0, **fields) -> str:
    number = journey.lodge(message=original(**fields), **days.ask("ann", pack)).number
    for act in (journey.accept, journey.assess, journey.select):
        assert act(number=number, **days.ask(SYSTEM, pack)).done
    if paid:
        money = {"paid_minor": paid, "source": "b", "reference": number, "treasury": "T"}
        assert journey.pay(number=number, **money, **days.ask("bank", pack)).done
    return number


def amended(number, pack, days, user="ann", **fields):
    return journey.amend(
        number=number, change=original(**fields), reason="sai trị giá", **days.ask(user, pack)
    )


def test_a_higher_value_posts_only_the_difference(pack, days):
    number = selected(pack, days, paid=32_000)
    answer = amended(number, pack, days, value=1_500)
    assert (answer.done, answer.version, answer.state) == (True, 2, "SELECTED")
    assert journey.clear(number=number, **days.ask(SYSTEM, pack)).codes == (
        "ASSESSMENT_OUT_OF_DATE", "SELECTION_OUT_OF_DATE",
    )  # fmt: skip
    # 1,500: duty 150.00, VAT 20 % of 1,650 = 330.00, together 480.00; 320.00 were due before.
    answer = journey.assess(number=number, **days.ask(SYSTEM, pack))
    assert answer.says == {"assessed_minor": 48_000, "by_tax": {"DTY": 15_000, "VAT": 33_000}}
    last = books.journals_of(number)[-1]
    assert last.kind is JournalKind.DIFFERENCE
    assert {e.account.code: e.amount_minor for e in last.entries} == {
        "DEBTOR/KRN/TRADER-1/DTY/": 5_000, "REVENUE/KRN//DTY/": -5_000,
        "DEBTOR/KRN/TRADER-1/VAT/": 11_000, "REVENUE/KRN//VAT/": -11_000,
    }  # fmt: skip
    assert books.owed(number) == {"DTY": 5_000, "VAT": 11_000}


def test_a_lower_value_after_payment_leaves_free_money(pack, days):
    number = selected(pack, days, paid=32_000)
    amended(number, pack, days, value=500)
    # 500: duty 50.00, VAT 20 % of 550 = 110.00, together 160.00; 160.00 of what was paid are free.
    answer = journey.assess(number=number, **days.ask(SYSTEM, pack))
    assert answer.says["assessed_minor"] == 16_000
    assert (books.owed(number), books.free_money(number)) == ({}, 16_000)
    kinds = [journal.kind for journal in books.journals_of(number)]
    assert kinds == [
        JournalKind.ASSESSMENT,
        JournalKind.PAYMENT,
        JournalKind.DIFFERENCE,
        JournalKind.ALLOCATION,
    ]


def test_free_money_settles_what_becomes_due_again(pack, days):
    number = selected(pack, days, paid=32_000)
    for value in (500, 1_000):
        amended(number, pack, days, value=value)
        assert journey.assess(number=number, **days.ask(SYSTEM, pack)).done
    assert (books.owed(number), books.free_money(number)) == ({}, 0)


def test_an_assessment_that_changes_nothing_posts_nothing(pack, days):
    number = selected(pack, days)
    amended(number, pack, days, description="Chè đen")
    journals = len(books.journals_of(number))
    assert journey.assess(number=number, **days.ask(SYSTEM, pack)).done
    assert len(books.journals_of(number)) == journals


def test_the_law_of_the_original_day_goes_on_judging(pack, days):
    number = selected(pack, days)
    days.now = days.now.replace(month=8)  # duty is 12 % since July
    amended(number, pack, days, value=2_000)
    answer = journey.assess(number=number, **days.ask(SYSTEM, pack))
    # Still 10 %: duty 200.00, VAT 20 % of 2,200 = 440.00.
    assert answer.says["assessed_minor"] == 64_000
    journal = books.journals_of(number)[-1]
    assert journal.effective_day == date(2026, 8, 2)  # posted on the day of its own decision


def test_a_version_keeps_everything_before_and_after(pack, days):
    number = selected(pack, days)
    amended(number, pack, days, value=1_500)
    first, second = reads.versions(number)
    assert (first.changes, first.declaration) == ([], original())
    assert second.declaration == original(value=1_500)
    assert [(c["path"], c["before"], c["after"]) for c in second.changes] == [
        (
            "goods_items[1].item_charge",
            {"millionths": 1_000_000_000, "currency": "KRN"},
            {"millionths": 1_500_000_000, "currency": "KRN"},
        )
    ]
    assert reads.engine_events(number)[-1].texts("changed") == ("value",)


@pytest.mark.parametrize(
    ("fields", "groups"),
    [
        ({"value": 5}, ("value",)),
        ({"origin": "ZZ"}, ("origin",)),
        ({"commodity": "99999999"}, ("goods",)),
        ({"bill": "BL-1"}, ("documents",)),
        ({"method": "E"}, ("payment",)),
        ({"trader": "TRADER-2"}, ("parties",)),
        ({"description": "Chè đen", "value": 5}, ("goods", "value")),
    ],
)
def test_an_amendment_says_what_kind_of_thing_it_touches(pack, days, fields, groups):
    number = selected(pack, days)
    assert amended(number, pack, days, **fields).done
    assert reads.engine_events(number)[-1].texts("changed") == groups


def test_an_amendment_that_changes_nothing_is_refused(pack, days):
    number = selected(pack, days)
    assert amended(number, pack, days).codes == ("NOTHING_CHANGED",)


def test_an_amendment_never_changes_what_the_declaration_is_known_by(pack, days):
    number = selected(pack, days)
    change = original("OTHER", value=5, type_code="IMD")
    assert journey.amend(number=number, change=change, reason="x", **days.ask("ann", pack)).done
    now = reads.versions(number)[-1].declaration
    assert (now.functional_reference_id, now.type_code) == ("LRN-1", "IMA")


def test_an_amendment_by_pointers_changes_what_they_point_to(pack, days):
    number = selected(pack, days)
    steps = ("42A", "67A", ("68A", 1), "23A", ("79A", None))
    pointers = tuple(
        Pointer(document_section_code=s) if isinstance(s, str) else
        Pointer(document_section_code=s[0], sequence_numeric=s[1])
        for s in steps
    )  # fmt: skip
    pointers = (*pointers[:-1], msgspec.structs.replace(pointers[-1], tag_id="112"))
    explains = (
        Pointer(document_section_code="42A"),
        Pointer(document_section_code="06A", sequence_numeric=1),
    )
    message = Declaration(
        function_code="13",
        declaration_id=number,
        type_code="COR",
        functional_reference_id="F-1",
        additional_informations=(AdditionalInformation(statement_description="sai giá", pointers=explains),),
        amendments=(Amendment(change_reason_code="32", pointers=pointers),),
        goods_items=(
            GoodsItem(sequence_numeric=1, item_charge=Amount(millionths=7_000_000, currency="KRN")),
        ),
    )
    answer = journey.receive(message=message, **days.ask("ann", pack))
    assert answer.done, answer.reasons
    assert reads.versions(number)[-1].declaration == original(value=7)


def test_after_red_only_an_officer_changes_goods_value_and_origin(pack, days):
    number = selected(pack, days, commodity="99999999")
    red = {"commodity": "99999999"}
    assert amended(number, pack, days, value=5, **red).codes == ("OFFICER_AMENDS_AFTER_RED",)
    assert amended(number, pack, days, user="olga", value=5, **red).done
    assert amended(number, pack, days, bill="BL-1", value=5, **red).done


def test_an_amendment_never_lowers_the_channel(pack, days):
    number = selected(pack, days, commodity="99999999")
    assert amended(number, pack, days, user="olga").done  # now under a code that is green
    answer = journey.select(number=number, **days.ask(SYSTEM, pack))
    assert answer.channel == "RED"
    assert [s.channel for s in reads.selections(number)] == [3, 3]


def test_an_amendment_draws_nothing_new(days):
    pack = make_pack(random_share_ppm=500_000)
    number = selected(pack, days)
    for value in (1_001, 1_002, 1_003):
        assert amended(number, pack, days, user="olga", value=value).done
        assert journey.select(number=number, **days.ask(SYSTEM, pack)).done
    assert Draw.objects.count() == 1
    drawn = set(Selection.objects.values_list("draw_ppm", flat=True))
    assert len(drawn) == 1


def test_a_late_amendment_is_noticed_and_not_forbidden(pack, days):
    number = selected(pack, days)
    change = original(value=5)
    answer = journey.amend(
        number=number, change=change, reason="x", free_until=date(2026, 3, 1), **days.ask("ann", pack)
    )
    assert answer.done
    assert [finding.code for finding in answer.findings] == ["AMENDED_LATE"]


def test_an_unreadable_change_is_rejected(pack, days):
    number = selected(pack, days)
    answer = journey.amend(number=number, change=b"<a", reason="x", **days.ask("ann", pack))
    assert answer.reasons
    assert answer.response


def test_a_pack_without_the_right_day_is_no_reason_to_guess(pack, days):
    """What an amendment costs is known only by assessing it: until then nothing is cleared."""
    number = selected(pack, days, paid=32_000)
    amended(number, pack, days, commodity="88888888")
    assert journey.assess(number=number, **days.ask(SYSTEM, pack)).codes[0] == "ASSESSMENT_PENDING"
    assert "ASSESSMENT_OUT_OF_DATE" in journey.clear(number=number, **days.ask(SYSTEM, pack)).codes
