"""Numbers of a country that counts for the whole nation and never begins again: one by one, many together, at once."""

from __future__ import annotations

import threading
from dataclasses import fields, replace

import msgspec
import pytest
from django.db import connection, connections

from thongquan.engine.declaration import Amount, Declaration
from thongquan.engine.formats import json_lines
from thongquan.packs.pack import Pack
from thongquan.packs.vn.numbering import NationalNumbers
from thongquan.site.accounts.reads import By
from thongquan.site.clearance import journey, lodging, models, reads

from ..country import NOON, appoint, make_pack, original

OFFICES = ("20BB", "02CI", "20CF")
NEXT_YEAR = NOON.replace(year=NOON.year + 1)


@pytest.fixture
def nation(monkeypatch) -> Pack:
    """The invented country with Vietnamese numbers; the site serves it."""
    pack = make_pack()
    made = NationalNumbers(**{part.name: getattr(pack, part.name) for part in fields(pack)})
    made = replace(made, numbering=replace(pack.numbering, default_office="20BB"))
    monkeypatch.setattr(reads, "site_pack", lambda: made)
    return made


def at_office(reference: str, office: str) -> Declaration:
    return msgspec.structs.replace(original(reference), declaration_office_id=office)


def lodgement(reference: str, office: str, at=NOON) -> lodging.Lodgement:
    data = json_lines.write_json(at_office(reference, office))
    return lodging.Lodgement(read=lodging.read_json(data), by=By("ann"), key=f"key-{reference}", at=at)


def test_offices_and_years_share_one_series(nation, people, days):
    numbers = [
        journey.lodge(message=at_office(f"R-{n}", office), **days.ask("ann", nation)).number
        for n, office in enumerate(OFFICES, 1)
    ]
    days.now = NEXT_YEAR
    numbers.append(journey.lodge(message=at_office("R-4", "20BB"), **days.ask("ann", nation)).number)
    assert numbers == ["100000000010", "100000000020", "100000000030", "100000000040"]


def test_many_together_go_on_where_one_by_one_stopped(nation, people, days):
    journey.lodge(message=at_office("R-0", "20BB"), **days.ask("ann", nation))
    answers = lodging.lodge_many([lodgement(f"R-{n}", OFFICES[n % 3]) for n in range(1, 5)], nation)
    assert [answer.number for answer in answers] == [
        "100000000020", "100000000030", "100000000040", "100000000050",
    ]  # fmt: skip
    assert list(models.Series.objects.values_list("office", "year", "last")) == [("import", 0, 5)]


def test_a_lodgement_that_fails_leaves_no_gap(nation, people, days):
    refused = journey.lodge(message=at_office("R-1", "Móng Cái"), **days.ask("ann", nation))
    assert refused.codes == ("OFFICE_UNKNOWN",)
    assert journey.lodge(message=at_office("R-2", "20BB"), **days.ask("ann", nation)).number == "100000000010"


def test_a_declaration_is_found_by_the_number_of_any_of_its_papers(nation, people, days):
    number = journey.lodge(message=at_office("R-1", "20BB"), **days.ask("ann", nation)).number
    for digit in range(10):
        row = reads.by_number(f"{number[:-1]}{digit}")
        assert row is not None
        assert row.number == number
    assert journey.numbered(f"{number[:-1]}3", nation) == number
    assert reads.by_number("100000000020") is None


def test_an_amendment_that_names_the_printed_number_finds_its_declaration(nation, people, days):
    number = journey.lodge(message=at_office("R-1", "20BB"), **days.ask("ann", nation)).number
    change = msgspec.structs.replace(
        at_office("R-1", "20BB"),
        function_code="13",
        type_code="COR",
        declaration_id=f"{number[:-1]}1",
        invoice_amount=Amount(millionths=1_000_000_000, currency="KRN"),
    )
    assert journey.receive(message=change, **days.ask("ann", nation)).number == number


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="one writer at a time, so nobody waits")
def test_lodgements_at_once_at_several_offices_never_share_a_number(committed, nation):
    appoint()
    numbers: list[str] = []

    def lodge(worker: int) -> None:
        try:
            for n in range(5):
                answers = lodging.lodge_many([lodgement(f"W{worker}-{n}", OFFICES[worker % 3])], nation)
                numbers.extend(answer.number for answer in answers)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=lodge, args=(worker,)) for worker in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(numbers) == [f"1{n:010d}0" for n in range(1, 21)]
    assert connection.vendor == "postgresql"
