"""Ours beside a notice's, with every way in which they can differ."""

from datetime import UTC, date, datetime

import pytest

from thongquan import words
from thongquan.engine.declaration import (
    Amount,
    Classification,
    Declaration,
    DutyTaxFee,
    GoodsItem,
    Origin,
    Procedure,
)
from thongquan.engine.formats.responses import Response, Status, TaxedItem
from thongquan.packs.notices import NoticeRow, Outcome, compare, notice_of, replayed_on, tally
from thongquan.packs.pack import RATE_FROM_NOTICE, assess, load

GB = load("gb")
DAY = date(2026, 6, 1)


def money(text: str) -> Amount:
    pounds, _, pence = text.partition(".")
    return Amount(millionths=(int(pounds) * 100 + int(pence or 0)) * 10_000, currency="GBP")


def shavers(number: int = 7, code: str = "8510900000", **fields: object) -> GoodsItem:
    """Parts of shavers for 100.00: A00 2 % = 2.00, B00 20 % of 102.00 = 20.40."""
    given: dict[str, object] = {
        "sequence_numeric": number,
        "classifications": (Classification(id=code, identification_type_code="TSP"),),
        "origins": (Origin(country_code="US", type_code="1"),),
        "procedures": (Procedure(current_code="40", previous_code="00"),),
        "item_charge": money("100"),
        "duty_tax_fees": (
            DutyTaxFee(type_code="A00", duty_regime_code="100", ad_valorem_tax_base=money("99")),
        ),
    }
    return GoodsItem(**(given | fields))


def fee(tax: str, assessed: str, base: str = "", payable: str = "", rate: int | None = None) -> DutyTaxFee:
    return DutyTaxFee(
        type_code=tax,
        ad_valorem_tax_base=money(base) if base else None,
        tax_rate_millionths=rate,
        tax_assessed_amount=money(assessed),
        payment_amount=money(payable or assessed),
    )


def notice(
    *fees: DutyTaxFee, item: int = 7, status: str = "67", version: str = "1", hour: int = 1
) -> Response:
    return Response(
        function_code="13",
        issue_time=datetime(2026, 6, 1, hour, tzinfo=UTC),
        statuses=(Status(name_code=status),),
        version_id=version,
        taxed_items=(TaxedItem(sequence_numeric=item, duty_tax_fees=fees),),
    )


def rows(answer: Response, *items: GoodsItem) -> tuple[NoticeRow, ...]:
    asked = Declaration(function_code="9", type_code="IMA", goods_items=items or (shavers(),))
    return compare(GB, asked, assess(GB, asked, DAY), answer, DAY)


def test_an_equal_line_shows_the_three_bases_and_where_the_rate_is_from():
    duty, vat = rows(
        notice(fee("A00", "2", "100", rate=2_000_000), fee("B00", "20.40", "102", rate=20_000_000))
    )
    assert duty == NoticeRow(
        item=7,
        tax="A00",
        declared_base_minor=9_900,
        derived_base_minor=10_000,
        notice_base_minor=10_000,
        rate="2 %",
        notice_rate="2 %",
        ours_minor=200,
        notice_minor=200,
        ours_payable_minor=200,
        notice_payable_minor=200,
        note=RATE_FROM_NOTICE,
        outcome=Outcome.EQUAL,
    )
    assert (vat.outcome, vat.note, vat.base_agrees) == (Outcome.EQUAL, "", True)


@pytest.mark.parametrize(
    ("fees", "outcomes"),
    [
        ((fee("A00", "2", "101"), fee("B00", "20.40", "102")), [Outcome.BASE_DIFFERS, Outcome.EQUAL]),
        ((fee("A00", "2.01", "100"), fee("B00", "20.40")), [Outcome.AMOUNT_DIFFERS, Outcome.EQUAL]),
        ((fee("A00", "2"),), [Outcome.EQUAL, Outcome.ONLY_OURS]),
        (
            (fee("A00", "2"), fee("B00", "20.40"), fee("B05", "0.40")),
            [Outcome.EQUAL, Outcome.EQUAL, Outcome.ONLY_NOTICE],
        ),
        # a line of nothing that only one side prints is no difference
        (
            (fee("A00", "2"), fee("B00", "20.40"), fee("B05", "0")),
            [Outcome.EQUAL, Outcome.EQUAL, Outcome.EQUAL],
        ),
        # two lines of one tax are one sum
        ((fee("A00", "1.50"), fee("A00", "0.50"), fee("B00", "20.40")), [Outcome.EQUAL, Outcome.EQUAL]),
        # securities are no taxes
        ((fee("A00", "2"), fee("B00", "20.40"), fee("ACS", "120")), [Outcome.EQUAL, Outcome.EQUAL]),
    ],
)
def test_every_way_to_differ_has_its_name(fees: tuple[DutyTaxFee, ...], outcomes: list[Outcome]):
    assert [row.outcome for row in rows(notice(*fees))] == outcomes


def test_what_is_open_with_us_is_neither_equal_nor_wrong():
    duty, vat = rows(notice(fee("A00", "2"), fee("B00", "20.40")), shavers(code="3926909790"))
    assert (duty.outcome, vat.outcome) == (Outcome.OPEN, Outcome.OPEN)
    assert (duty.ours_minor, duty.base_agrees) == (None, None)


def test_items_are_matched_by_their_own_numbers():
    compared = rows(notice(fee("A00", "2"), fee("B00", "20.40"), item=8), shavers(7), shavers(8))
    assert [(row.item, row.tax, row.outcome) for row in compared] == [
        (7, "A00", Outcome.ONLY_OURS),
        (7, "B00", Outcome.ONLY_OURS),
        (8, "A00", Outcome.EQUAL),
        (8, "B00", Outcome.EQUAL),
    ]


def test_what_is_suspended_is_not_payable_though_assessed():
    goods = shavers(procedures=(Procedure(current_code="51", previous_code="00"),))
    duty, _ = rows(notice(fee("A00", "2", payable="0"), fee("B00", "20.40", payable="0")), goods)
    assert (duty.ours_minor, duty.ours_payable_minor, duty.notice_payable_minor) == (200, 0, 0)


def test_the_notice_of_a_version_is_the_first_indicative_one():
    late, early, final = notice(hour=3), notice(hour=2), notice(status="4", hour=1)
    given = [replace_items(one, str(number)) for number, one in enumerate((late, early, final), start=1)]
    assert notice_of(given) is given[1]
    assert notice_of([given[2]]) is given[2]
    assert notice_of([]) is None


def replace_items(response: Response, mark: str) -> Response:
    return Response(
        function_code="13",
        functional_reference_id=mark,
        issue_time=response.issue_time,
        statuses=response.statuses,
        version_id=response.version_id,
        taxed_items=(TaxedItem(sequence_numeric=1, duty_tax_fees=(fee("A00", "1"),)),),
    )


def test_a_version_without_a_notice_takes_the_next_one_s():
    later = notice(fee("A00", "2"), version="3")
    assert notice_of([later], 1) is later
    assert notice_of([later], 4) is None


def test_other_responses_and_notices_of_nothing_are_no_notices():
    assert notice_of([Response(function_code="01"), Response(function_code="13", version_id="1")]) is None


def test_a_declaration_is_replayed_on_the_day_it_was_accepted_if_that_is_earlier():
    answer = notice(fee("A00", "2"))
    earlier = Declaration(acceptance_time=datetime(2026, 5, 1, 23, 30, tzinfo=UTC))
    later = Declaration(acceptance_time=datetime(2026, 7, 1, tzinfo=UTC))
    assert replayed_on(GB, earlier, answer) == date(2026, 5, 2)  # summer time
    assert replayed_on(GB, later, answer) == date(2026, 6, 1)
    assert replayed_on(GB, Declaration(), Response()) is None


def test_the_tally_counts_declarations_rows_and_bases():
    equal = rows(notice(fee("A00", "2", "100"), fee("B00", "20.40", "102")))
    other = rows(notice(fee("A00", "2", "101"), fee("B00", "20.41")))
    counted = tally({"one": equal, "two": other, "nothing": ()})
    assert (counted.declarations, counted.declarations_equal, counted.declarations_base_equal) == (2, 1, 1)
    assert (counted.rows, counted.rows_equal, counted.rows_with_base, counted.rows_base_equal) == (4, 3, 3, 2)
    assert counted.rows_from_notice == 2


def test_every_outcome_and_note_has_its_words():
    for language in words.LANGUAGES:
        assert all(words.word("outcome", outcome.value, language) for outcome in Outcome)
    assert words.word("note", RATE_FROM_NOTICE, "en") == "rate from notice: arithmetic check only"
    assert words.word("note", RATE_FROM_NOTICE, "vi") == "mức thuế lấy từ thông báo: chỉ kiểm tra phép tính"
