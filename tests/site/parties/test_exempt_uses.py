"""How often a person was exempt: counted by this record, unknown before it began, stated by an officer."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from thongquan.site.parties.exempt_uses import (
    GIFTS,
    TRIPS,
    count,
    first_of,
    state_before,
    times,
    value_of_day,
)
from thongquan.site.parties.models import ExemptUse
from thongquan.site.record.reads import events_of

DAY = date(2020, 6, 15)
PERSON = "5700100001"


def stated(fact=GIFTS, day=DAY, number=0, value=0, **other):
    says = {"trader": PERSON, "fact": fact, "day": day, "times": number, "value_minor": value}
    return state_before(**(says | {"document": "Sổ quà tặng 2020", "by": "operator:an"} | other))


def counted(declaration, uses, n=1, day=DAY):
    with transaction.atomic():
        count(trader=PERSON, declaration=declaration, n=n, day=day, uses=uses)


def test_what_was_before_the_record_is_not_known(db):
    assert times(PERSON, GIFTS, DAY) is None
    assert value_of_day(PERSON, TRIPS, DAY) is None


def test_what_an_officer_states_is_known_and_in_a_chain(db):
    assert stated(document="").code == "EXEMPT_USE_NEEDS_DOCUMENT"
    assert stated(number=-1).code == "EXEMPT_USE_UNFIT"
    assert stated(fact="weddings").code == "EXEMPT_USE_UNFIT"
    assert stated(number=3, day=date(2020, 1, 31)) is None
    assert times(PERSON, GIFTS, DAY) == 3
    assert times(PERSON, GIFTS, date(2021, 1, 1)) is None
    assert times("another", GIFTS, DAY) is None
    row = ExemptUse.objects.get()
    assert [one.act for one in events_of(f"exempt_use:{row.pk}")] == ["state_exempt_uses"]


def test_declarations_count_once_each_and_not_against_themselves(db):
    stated()
    counted("A", {GIFTS: 2_000_000})
    counted("B", {GIFTS: 1_000_000})
    assert times(PERSON, GIFTS, DAY) == 2
    assert times(PERSON, GIFTS, DAY, "A") == 1
    counted("A", {GIFTS: 2_000_000}, n=2)  # assessed again: nothing moves
    assert ExemptUse.objects.filter(declaration="A").count() == 1
    counted("A", {}, n=3)  # cancelled
    assert times(PERSON, GIFTS, DAY) == 1
    assert list(ExemptUse.objects.filter(declaration="A").order_by("id").values_list("times", flat=True)) == [
        1,
        -1,
    ]


def test_trips_are_of_the_month_and_values_of_the_day(db):
    stated(TRIPS, date(2020, 6, 1))
    stated(TRIPS, date(2020, 2, 1))
    counted("A", {TRIPS: 1_500_000})
    counted("B", {TRIPS: 700_000}, day=date(2020, 6, 30))
    counted("C", {TRIPS: 700_000}, day=date(2020, 2, 29))
    assert times(PERSON, TRIPS, DAY) == 2
    assert times(PERSON, TRIPS, date(2020, 2, 1)) == 1
    assert first_of(TRIPS, DAY) == date(2020, 6, 1)
    assert times(PERSON, TRIPS, date(2020, 5, 31)) is None


def test_the_value_of_a_day_is_of_that_day(db):
    stated(TRIPS, DAY)
    counted("A", {TRIPS: 1_500_000})
    assert value_of_day(PERSON, TRIPS, DAY) == 1_500_000
    assert value_of_day(PERSON, TRIPS, DAY, "A") == 0
    assert value_of_day(PERSON, TRIPS, date(2020, 6, 16)) is None


@pytest.mark.parametrize(
    "statement", ["UPDATE parties_exemptuse SET times = 0", "DELETE FROM parties_exemptuse"]
)
def test_what_was_counted_never_changes(db, statement):
    counted("A", {GIFTS: 1})
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
