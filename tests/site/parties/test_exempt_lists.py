"""Lists of exempt goods: registered with their document, written off to nothing, never beyond, whoever asks at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import IntegrityError, connection, connections, transaction

from thongquan.packs.exemptions import Granted
from thongquan.site.parties.exempt_lists import grant, granted, taken_by, write_off
from thongquan.site.parties.models import ExemptLine, ExemptMovement
from thongquan.site.record.reads import events_of

LINE = "100000000123/2"
FIRST = date(2020, 1, 1)


def granting(number=LINE, quantity=5_000_000, **other):
    says = {
        "trader": "5700000001",
        "number": number,
        "commodity": "84742011",
        "unit": "PCE",
        "granted_millionths": quantity,
        "first_day": FIRST,
        "last_day": None,
        "document": "12/TB-HQQN",
        "by": "operator:an",
    }
    return grant(**(says | other))


def taking(declaration, quantity, n=1, number=LINE):
    with transaction.atomic():
        return write_off(declaration=declaration, n=n, takes={number: quantity} if quantity else {})


def test_a_line_is_registered_with_its_document_in_a_chain_of_its_own(db):
    assert granting(document=" ").code == "EXEMPT_LIST_NEEDS_DOCUMENT"
    assert granting(quantity=0).code == "EXEMPT_LIST_UNFIT"
    assert granting(last_day=date(2019, 12, 31)).code == "EXEMPT_LIST_UNFIT"
    assert not ExemptLine.objects.exists()
    assert granting() is None
    row = ExemptLine.objects.get()
    assert [one.act for one in events_of(f"exempt_line:{row.pk}")] == ["grant_exempt_line"]
    assert granted("5700000001") == {LINE: Granted("84742011", "PCE", 5_000_000, 0, FIRST, None)}
    assert granted("5700000002") == {}


def test_a_line_never_changes_its_holder_or_its_goods(db):
    granting()
    assert granting(trader="5700000002").code == "EXEMPT_LIST_IS_ANOTHER"
    assert granting(commodity="84295200").code == "EXEMPT_LIST_IS_ANOTHER"
    assert granting(quantity=7_000_000) is None
    assert granted("5700000001")[LINE].granted_millionths == 7_000_000


def test_a_line_is_written_off_to_nothing_and_not_beyond(db):
    granting()
    assert taking("A", 3_000_000) == ()
    assert taking("B", 2_000_000) == ()
    (refused,) = taking("C", 1)
    assert (refused.code, refused.says["left"]) == ("EXEMPT_LIST_EXHAUSTED", "0")
    assert granted("5700000001")[LINE].left_millionths == 0
    assert granting(quantity=4_999_999).code == "EXEMPT_LIST_HOLDS_MORE"
    assert ExemptMovement.objects.count() == 2


def test_an_amendment_moves_the_difference_and_a_cancellation_gives_all_back(db):
    granting()
    taking("A", 3_000_000)
    # what A holds itself does not count against it
    assert granted("5700000001", "A")[LINE].used_millionths == 0
    assert taking("A", 4_000_000, n=2) == ()
    assert taking("A", 4_000_000, n=3) == ()
    assert taken_by("A") == {LINE: 4_000_000}
    assert taking("A", 0, n=4) == ()
    assert taken_by("A") == {}
    kept = ExemptMovement.objects.order_by("version").values_list("millionths", "used_after_millionths", "n")
    assert list(kept) == [(3_000_000, 3_000_000, 1), (1_000_000, 4_000_000, 2), (-4_000_000, 0, 4)]


def test_of_several_lines_either_all_are_moved_or_none(db):
    granting()
    granting(number="100000000123/3", quantity=1_000_000)
    with transaction.atomic():
        found = write_off(declaration="A", n=1, takes={LINE: 1_000_000, "100000000123/3": 2_000_000})
    assert [finding.code for finding in found] == ["EXEMPT_LIST_EXHAUSTED"]
    with transaction.atomic():
        found = write_off(declaration="A", n=1, takes={LINE: 1_000_000, "9/9": 1})
    assert [finding.code for finding in found] == ["EXEMPT_LIST_UNKNOWN"]
    assert not ExemptMovement.objects.exists()
    with pytest.raises(ValueError, match="takes nothing"):
        write_off(declaration="A", n=1, takes={LINE: -1})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE parties_exemptline SET used_millionths = 1",
        "UPDATE parties_exemptline SET used_millionths = 6000000, version = 2",
        "UPDATE parties_exemptline SET commodity = '01'",
        "UPDATE parties_exemptline SET granted_millionths = 2000000",
        "DELETE FROM parties_exemptline",
        "UPDATE parties_exemptmovement SET millionths = 1",
        "DELETE FROM parties_exemptmovement",
    ],
)
def test_the_database_refuses_what_no_movement_explains(db, statement):
    granting()
    taking("A", 3_000_000)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_many_declarations_at_once_never_overdraw_a_line(committed):
    """Twelve want one of five: five get one, seven are told, and the history explains the balance."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time")
    granting()

    def want(number):
        try:
            return taking(f"D{number}", 1_000_000)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as crowd:
        answers = list(crowd.map(want, range(12)))
    assert sum(answer == () for answer in answers) == 5
    assert {finding.code for answer in answers for finding in answer} == {"EXEMPT_LIST_EXHAUSTED"}
    row = ExemptLine.objects.get()
    assert (row.used_millionths, row.version) == (5_000_000, 5)
    assert sorted(ExemptMovement.objects.values_list("version", "used_after_millionths")) == [
        (number, number * 1_000_000) for number in range(1, 6)
    ]
