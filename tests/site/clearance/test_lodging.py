"""What is lodged once, what is refused, and what a follow-up finds."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from thongquan.engine.declaration import AdditionalInformation, Amendment, Declaration, Pointer
from thongquan.engine.formats import json_lines, wco
from thongquan.engine.formats.responses import ResponseKind, finding_code, read_res
from thongquan.site.clearance import journey, models, reads
from thongquan.site.record.models import Event, IdempotencyKey, Outbox, RawMessage

from ..country import SYSTEM, original

pytestmark = pytest.mark.usefixtures("people")


def xml(declaration: Declaration) -> bytes:
    return wco.write_dec(wco.Message(wco.Kind.ORIGINAL, declaration))


def stored() -> dict[str, int]:
    kinds = (
        models.Declaration,
        models.DeclarationVersion,
        models.Series,
        Event,
        IdempotencyKey,
        Outbox,
        RawMessage,
    )
    return {kind.__name__: kind.objects.count() for kind in kinds}


def lodged(pack, days, **fields) -> str:
    answer = journey.lodge(message=original(**fields), **days.ask("ann", pack))
    assert answer.done, answer.reasons
    return answer.number


def test_numbers_of_an_office_and_year_have_no_gap_and_a_check_character(pack, days):
    numbers = [lodged(pack, days, reference=f"R{n}") for n in range(3)]
    assert [number[8:-1] for number in numbers] == ["000001", "000002", "000003"]
    assert all(pack.is_number(number) for number in numbers)


def test_a_refused_lodgement_uses_no_number(pack, days):
    lodged(pack, days)
    assert journey.lodge(message=original(), **days.ask("ann", pack)).codes == ("DUPLICATE_REFERENCE",)
    assert lodged(pack, days, reference="LRN-2")[8:-1] == "000002"


def test_the_same_traders_reference_is_refused_naming_the_first(pack, days):
    first = lodged(pack, days)
    before = stored()
    answer = journey.lodge(message=original(value=2_000), **days.ask("ann", pack))
    assert answer.codes == ("DUPLICATE_REFERENCE",)
    assert answer.reasons[0].says == {"reference": "LRN-1", "number": first}
    told = read_res(answer.response)
    assert told.kind is ResponseKind.REJECTED
    assert told.declaration_reference_id == "LRN-1"
    assert stored() == before


def test_the_same_reference_is_free_for_another_trader_and_another_year(pack, days):
    lodged(pack, days)
    lodged(pack, days, trader="TRADER-2")
    days.now = days.now.replace(year=2027)
    lodged(pack, days)
    assert models.Declaration.objects.count() == 3


def test_declarations_without_a_reference_do_not_meet(pack, days):
    lodged(pack, days, reference="")
    lodged(pack, days, reference="", value=2_000)


def test_a_message_is_kept_byte_for_byte(pack, days):
    data = xml(original())
    answer = journey.lodge(message=data, **days.ask("ann", pack))
    assert answer.done, answer.reasons
    version = models.DeclarationVersion.objects.get()
    assert bytes(version.message.content) == data
    row = reads.by_number(answer.number)
    assert reads.declared(row) == original()
    assert version.payload.encode() == json_lines.write_json(original())


def test_json_and_xml_of_one_declaration_are_the_same_version(pack, days):
    journey.lodge(message=xml(original()), **days.ask("ann", pack))
    journey.lodge(message=json_lines.write_json(original(trader="TRADER-2")), **days.ask("ann", pack))
    first, second = models.DeclarationVersion.objects.order_by("pk")
    assert (
        msgspec.json.decode(first.payload)["goods_items"]
        == msgspec.json.decode(second.payload)["goods_items"]
    )


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"<a",
        b"{",
        b"\x00\x01",
        b"<x/>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
        b'{"no_such_field":1}',
    ],
)
def test_what_cannot_be_read_is_rejected_and_nothing_is_stored(pack, days, message):
    before = stored()
    answer = journey.receive(message=message, **days.ask("ann", pack))
    assert answer.reasons
    assert stored() == before
    told = read_res(answer.response)
    assert told.kind is ResponseKind.REJECTED
    assert told.errors


def test_a_file_of_several_declarations_is_not_one_message(pack, days):
    line = json_lines.write_json(original())
    answer = journey.lodge(message=line + b"\n" + line, **days.ask("ann", pack))
    assert answer.codes == ("MESSAGE_HAS_SEVERAL",)


def test_a_type_that_the_country_does_not_know_is_no_original(pack, days):
    answer = journey.lodge(message=original(type_code="XXX"), **days.ask("ann", pack))
    assert answer.codes == ("NOT_AN_ORIGINAL",)
    assert finding_code(read_res(answer.response).errors[0]) in ("NOT_AN_ORIGINAL", "")


# possible duplicates


def test_the_same_goods_under_the_same_bill_are_held_until_the_declarant_confirms(pack, days):
    first = lodged(pack, days, bill="BL-1")
    second = lodged(pack, days, reference="LRN-2", bill="BL-1")
    row = models.Declaration.objects.get(number=second)
    assert list(row.obligations.values_list("kind", "reference")) == [("DUPLICATE", first)]
    assert journey.accept(number=second, **days.ask(SYSTEM, pack)).codes == ("POSSIBLE_DUPLICATE",)
    lacks = journey.confirm_distinct(number=second, reason="", **days.ask("ann", pack))
    assert lacks.codes == ("ACT_LACKS",)
    assert journey.confirm_distinct(number=second, reason="two trucks", **days.ask("ann", pack)).done
    assert journey.accept(number=second, **days.ask(SYSTEM, pack)).done


@pytest.mark.parametrize("fields", [{"bill": "BL-2"}, {"bill": ""}, {"bill": "BL-1", "value": 2_000}])
def test_another_bill_other_goods_or_no_bill_is_no_duplicate(pack, days, fields):
    lodged(pack, days, bill="BL-1")
    second = lodged(pack, days, reference="LRN-2", **fields)
    assert models.Declaration.objects.get(number=second).obligations.count() == 0


def test_a_cancelled_declaration_is_nobodys_double(pack, days):
    first = lodged(pack, days, bill="BL-1")
    assert journey.cancel(number=first, reason="x", **days.ask("ann", pack)).done
    second = lodged(pack, days, reference="LRN-2", bill="BL-1")
    assert models.Declaration.objects.get(number=second).obligations.count() == 0


# follow-ups


def follow_up(type_code: str, number: str, **fields) -> Declaration:
    pointers = (
        Pointer(document_section_code="42A"),
        Pointer(document_section_code="06A", sequence_numeric=1),
    )
    return Declaration(
        function_code="13",
        functional_reference_id="F-1",
        declaration_id=number,
        type_code=type_code,
        additional_informations=(
            AdditionalInformation(
                statement_description="Sai số lượng", statement_type_code="AES", pointers=pointers
            ),
        ),
        amendments=(Amendment(change_reason_code="1"),),
        **fields,
    )


def test_an_arrival_finds_its_declaration(pack, days):
    number = lodged(pack, days, type_code="IMD")
    assert models.Declaration.objects.get(number=number).state == "PRELODGED"
    answer = journey.receive(message=follow_up("GPR", number), **days.ask("ann", pack))
    assert (answer.done, answer.act, answer.state, answer.number) == (True, "arrive", "LODGED", number)


def test_a_cancellation_before_registration_is_the_declarants_own(pack, days):
    number = lodged(pack, days)
    answer = journey.receive(message=follow_up("INV", number), **days.ask("ann", pack))
    assert (answer.act, answer.state) == ("cancel", "CANCELLED")
    assert reads.engine_events(number)[-1].text("reason") == "Sai số lượng"


def test_a_cancellation_sent_again_gets_the_answer_of_the_first_time(pack, days):
    number = lodged(pack, days)
    asked = days.ask("ann", pack)
    first = journey.receive(message=follow_up("INV", number), **asked)
    again = journey.receive(message=follow_up("INV", number), **asked)
    assert (again.replay, again.codes) == (True, ())
    assert (again.act, again.number, again.receipt) == (first.act, number, first.receipt)


def test_a_cancellation_after_registration_is_a_request(pack, days):
    number = lodged(pack, days)
    journey.accept(number=number, **days.ask(SYSTEM, pack))
    answer = journey.receive(message=follow_up("INV", number), **days.ask("ann", pack))
    assert (answer.act, answer.state) == ("request_cancel", "REGISTERED")


@pytest.mark.parametrize("type_code", ["GPR", "INV", "COR"])
@pytest.mark.parametrize("reference", ["26TS00010000016", "19GBABFZJ4ZB2PPAR2", ""])
def test_a_follow_up_to_a_declaration_that_nobody_knows_is_refused(pack, days, type_code, reference):
    before = stored()
    answer = journey.receive(message=follow_up(type_code, reference), **days.ask("ann", pack))
    assert answer.codes == ("UNKNOWN_DECLARATION",)
    assert read_res(answer.response).kind is ResponseKind.REJECTED
    assert stored() == before


def test_an_external_reference_finds_its_declaration_only_where_the_pack_allows_it(pack, days):
    refused = journey.lodge(message=original(), external_reference="19GB1", **days.ask("ann", pack))
    assert refused.codes == ("EXTERNAL_REFERENCE_NOT_ALLOWED",)
    tariff = pack.tariff
    replay = replace(pack, external_references=True)
    replay.__dict__["tariff"] = tariff
    number = journey.lodge(
        message=original(type_code="IMD"), external_reference="19GB1", **days.ask("ann", replay)
    ).number
    message = follow_up("GPR", "19GB1")
    assert journey.receive(message=message, **days.ask("ann", pack)).codes == ("UNKNOWN_DECLARATION",)
    answer = journey.receive(message=message, **days.ask("ann", replay))
    assert (answer.number, answer.state) == (number, "LODGED")


def test_an_external_reference_of_two_declarations_names_neither(pack, days):
    tariff = pack.tariff
    replay = replace(pack, external_references=True)
    replay.__dict__["tariff"] = tariff
    for reference in ("A", "B"):
        journey.lodge(message=original(reference), external_reference="19GB1", **days.ask("ann", replay))
    answer = journey.receive(message=follow_up("GPR", "19GB1"), **days.ask("ann", replay))
    assert answer.codes == ("UNKNOWN_DECLARATION",)
