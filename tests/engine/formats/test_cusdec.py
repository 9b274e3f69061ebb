"""CUSDEC: syntax read strictly, meaning only where a qualifier says it exactly, everything else kept and told."""

import io
import re
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thongquan import words
from thongquan.engine.declaration import (
    MAX_GOODS_ITEMS,
    AdditionalDocument,
    AdditionalInformation,
    Address,
    Amount,
    Classification,
    Communication,
    CurrencyExchange,
    Declaration,
    DutyTaxFee,
    GoodsItem,
    Kept,
    Origin,
    Packaging,
    Party,
    PreviousDocument,
    Procedure,
    Quantity,
    Seal,
    TransportEquipment,
    TransportMeans,
    Ucr,
)
from thongquan.engine.findings import Finding, Severity, errors
from thongquan.engine.formats import edifact
from thongquan.engine.formats.cusdec import Cusdec, read_cusdec
from thongquan.engine.formats.edifact import RawMessage, Segment, interchange_messages
from thongquan.engine.formats.json_lines import examine, write_json
from thongquan.engine.formats.reading import FileKind, kind_of, read_file, read_stream

# An invented import; the segments and qualifiers are those of the directory.
BODY = """BGM+929+TQ-2020-7+9
CST++4071:117:ZZZ
LOC+9+USMIA::6:Miami
LOC+11+XYPOR::6
LOC+14+SHED4
LOC+18+W1::ZZZ
LOC+36+XY::5
LOC+35+US::5
LOC+96+PORT::ZZZ
DTM+137:20200328:102
DTM+178:20200401:102
GIS+N:127:ZZZ
FII+PB+12345
MEA+AAE+AAD+KGM:722.4
EQD+CN+ABCU1234567+22G1
SEL+S1
SEL+S2
EQD+CN+ABCU7654321
FTX+ACB+++See annex:second line
RFF+HWB:H-77
DTM+137:20200320:102
RFF+ABT:C-12:3
RFF+AAS:T-1
RFF+UCN:U-9
TDT+20++1++++:::+IMO77:::MV Nowhere:LR
NAD+IM+100200::ZZZ++Made Up Imports:and Sons+1 High Street:Floor 2+Portville+NO+X1 2YZ+XY
RFF+VA:555
CTA+IC+:A. Person
COM+?+1 555 0100:TE
NAD+CZ+++Viña Inventada
NAD+CB+900
NAD+SU++Supplier Ltd:7 Road:Far Away
TOD+3++CIF:::Delivered cost
LOC+1+XYPOR::6:Port of Somewhere
MOA+39:4000:USD
MOA+141:4100:USD
CUX+2:USD:4+3:XCD+2,715
UNS+D
CST+0001+22042110:108:ZZZ+100
FTX+AAA+++Red wine ?: 2018:bottles
LOC+27+CL::5+RM
MEA+AAE+G+KGM:710,4
MEA+AAE+AAL+KGM:640
MEA+AAR++LTR:480.75
NAD+CN+77
PAC+40++CT
PCI+28+ONE TO FORTY:HANDLE WITH CARE
MOA+38:3000.5
CUX+2:USD:4
MOA+40:8200.4:XCD
RFF+ABT:C-12:1
DOC+911:::Licence+L-5
DTM+137:20200101:102
TAX+1+VAT:107:ZZZ+++:::15
MOA+161:1476.07:XCD
TAX+1+IDT
MOA+161:1640.08
CST+2+84212100
LOC+27+CN
PAC+2++PX
MOA+38:999.5:USD
UNS+S
CNT+5:2
CNT+11:42
CNT+7:722.4:KGM
AUT+X1"""


def message(body: str = BODY, release: str = "96B", number: str = "1") -> str:
    lines = [f"UNH+{number}+CUSDEC:D:{release}:UN", *body.split("\n")]
    return "".join(f"{line}'\n" for line in (*lines, f"UNT+{len(lines) + 1}+{number}"))


def interchange(*messages: str, level: str = "UNOC", reference: str = "R1") -> bytes:
    encoding = "utf-8" if level == "UNOY" else "latin-1"
    text = (
        f"UNB+{level}:3+A+B+200401:0730+{reference}'\n{''.join(messages)}UNZ+{len(messages)}+{reference}'\n"
    )
    return text.encode(encoding)


WHOLE = interchange(message())


def changed(*pairs: str, level: str = "UNOC") -> bytes:
    body = BODY
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        assert old in body, old
        body = body.replace(old, new, 1)
    return interchange(message(body), level=level)


def one(data: bytes) -> Cusdec:
    (read,) = read_cusdec(data)
    return read


def declaration_of(data: bytes, **options: object) -> Declaration:
    (read,) = read_cusdec(data, **options)  # type: ignore[arg-type]
    assert read.declaration is not None, read.findings
    return read.declaration


def found(read: Cusdec) -> list[tuple[str, str]]:
    return [(each.code, each.at) for each in read.findings if each.code != "CUSDEC_KEPT"]


def kept(declaration: Declaration) -> list[str]:
    return [each.text for each in declaration.kept]


# --- meaning ---------------------------------------------------------------------------------------------------


def test_the_head_is_read_into_the_words_of_the_declaration():
    read = one(WHOLE)
    assert found(read) == []
    assert not read.refused
    declaration = read.declaration
    assert declaration is not None
    assert (declaration.type_code, declaration.function_code) == ("IM", "9")
    assert declaration.functional_reference_id == "TQ-2020-7"
    assert declaration.declaration_office_id == "PORT"
    assert declaration.export_country_id == "US"
    assert declaration.destination is not None
    assert declaration.destination.country_code == "XY"
    assert declaration.warehouse is not None
    assert declaration.warehouse.id == "W1"
    assert declaration.total_gross_mass == Quantity(millionths=722_400_000, unit="KGM")
    assert (declaration.goods_item_quantity, declaration.total_package_quantity) == (2, 42)
    consignment = declaration.consignment
    assert consignment is not None
    assert consignment.loading_location is not None
    assert (consignment.loading_location.id, consignment.loading_location.name) == ("USMIA", "Miami")
    assert consignment.goods_location is not None
    assert consignment.goods_location.id == "SHED4"
    assert consignment.transport_equipment == (
        TransportEquipment(
            sequence_numeric=1,
            id="ABCU1234567",
            seals=(Seal(sequence_numeric=1, id="S1"), Seal(sequence_numeric=2, id="S2")),
        ),
        TransportEquipment(sequence_numeric=2, id="ABCU7654321"),
    )
    assert declaration.border_transport_means == TransportMeans(
        id="IMO77", name="MV Nowhere", registration_nationality_code="LR", mode_code="1"
    )
    assert declaration.additional_informations == (
        AdditionalInformation(statement_description="See annex\nsecond line", statement_type_code="ACB"),
    )
    assert declaration.additional_documents == (
        AdditionalDocument(type_code="703", id="H-77", effective_time=datetime(2020, 3, 20)),
        AdditionalDocument(type_code="AAS", id="T-1"),
    )
    assert declaration.previous_documents == (PreviousDocument(type_code="ABT", id="C-12", line_numeric=3),)
    assert declaration.ucr == Ucr(id="U-9")
    assert declaration.trade_terms is not None
    terms = declaration.trade_terms
    assert (terms.condition_code, terms.description) == ("CIF", "Delivered cost")
    assert (terms.location_id, terms.location_name) == ("XYPOR", "Port of Somewhere")
    assert declaration.invoice_amount == Amount(millionths=4_000_000_000, currency="USD")
    assert declaration.currency_exchanges == (
        CurrencyExchange(currency_type_code="USD", rate_millionths=2_715_000),
    )


def test_parties_come_by_their_role_with_what_belongs_to_them():
    declaration = declaration_of(WHOLE)
    assert declaration.importer == Party(
        id="100200",
        name="Made Up Imports and Sons",
        contact_name="A. Person",
        communication=Communication(id="+1 555 0100", type_code="TE"),
        address=Address(
            city_name="Portville",
            country_code="XY",
            country_sub_division_code="NO",
            line="1 High Street Floor 2",
            postcode_id="X1 2YZ",
        ),
    )
    assert declaration.exporter == Party(name="Viña Inventada")
    assert declaration.agent == Party(id="900")
    assert declaration.seller == Party(name="Supplier Ltd\n7 Road\nFar Away")
    # A number of a party is no document of the declaration.
    assert "RFF+VA:555" in kept(declaration)


def test_a_consignor_is_the_exporter_unless_the_message_names_one():
    declaration = declaration_of(changed("NAD+CB+900", "NAD+EX+42"))
    assert declaration.exporter == Party(id="42")
    assert declaration.consignor == Party(name="Viña Inventada")


def test_lines_begin_with_their_cst():
    first, second = declaration_of(WHOLE).goods_items
    assert first == GoodsItem(
        sequence_numeric=1,
        description="Red wine : 2018\nbottles",
        classifications=(Classification(id="22042110", identification_type_code="TSP"),),
        origins=(Origin(country_code="CL", region_id="RM"),),
        # Stated once for the whole declaration.
        procedures=(Procedure(current_code="40", previous_code="71"),),
        gross_mass=Quantity(millionths=710_400_000, unit="KGM"),
        net_mass=Quantity(millionths=640_000_000, unit="KGM"),
        tariff_quantity=Quantity(millionths=480_750_000, unit="LTR"),
        item_charge=Amount(millionths=3_000_500_000, currency="USD"),
        customs_value=Amount(millionths=8_200_400_000, currency="XCD"),
        duty_tax_fees=(
            DutyTaxFee(
                type_code="VAT",
                tax_rate_millionths=15_000_000,
                tax_assessed_amount=Amount(millionths=1_476_070_000, currency="XCD"),
            ),
            DutyTaxFee(type_code="IDT", tax_assessed_amount=Amount(millionths=1_640_080_000)),
        ),
        packagings=(
            Packaging(
                sequence_numeric=1,
                type_code="CT",
                quantity=Quantity(millionths=40_000_000),
                marks_numbers_id="ONE TO FORTY\nHANDLE WITH CARE",
            ),
        ),
        additional_documents=(
            AdditionalDocument(
                type_code="911", name="Licence", id="L-5", effective_time=datetime(2020, 1, 1)
            ),
        ),
        previous_documents=(PreviousDocument(type_code="ABT", id="C-12", line_numeric=1),),
        consignee=Party(id="77"),
    )
    assert (second.sequence_numeric, second.commodity_code) == (2, "84212100")
    assert second.origin_country_code == "CN"
    assert second.item_charge == Amount(millionths=999_500_000, currency="USD")


def test_what_the_declaration_states_for_its_lines_is_kept_where_no_line_takes_it():
    both = changed("LOC+35+US::5", "LOC+35+US::5\nLOC+27+DE", "LOC+27+CN", "FTX+AAA+++Filters")
    first, second = declaration_of(both).goods_items
    # The first line has an origin of its own, the second takes the one of all.
    assert (first.origin_country_code, second.origin_country_code) == ("CL", "DE")
    assert "LOC+27+DE" not in kept(declaration_of(both))
    own = changed("LOC+35+US::5", "LOC+35+US::5\nLOC+27+DE")
    assert [item.origin_country_code for item in declaration_of(own).goods_items] == ["CL", "CN"]
    assert "LOC+27+DE" in kept(declaration_of(own))
    assert "LOC+27" in {each.says.get("kind") for each in one(own).findings}


def test_what_has_no_field_is_kept_whole_and_told_with_its_number():
    read = one(WHOLE)
    assert read.declaration is not None
    told = {each.says["kind"]: each.says["segments"] for each in read.findings if each.code == "CUSDEC_KEPT"}
    assert told == {
        "LOC+11": "5",
        "DTM+137": "11",
        "DTM+178": "12",
        "GIS+N": "13",
        "FII+PB": "14",
        "EQD+CN": "16",
        "RFF+VA": "28",
        "TOD+3": "34",
        "MOA+141": "37",
        "CUX+2": "38",
        "CST": "40",
        "AUT+X1": "67",
    }
    assert {each.severity for each in read.findings} == {Severity.NOTE}
    texts = {each.path: each.text for each in read.declaration.kept}
    assert texts["CUSDEC/segment[13]"] == "GIS+N:127:ZZZ"
    # A code list and its agency have no field, which is nothing to tell.
    assert texts["CUSDEC/segment[8]"] == "LOC+36+XY::5"


def test_times_of_the_declaration_are_read_in_the_zone_of_the_caller():
    assert declaration_of(WHOLE, zone=UTC).issue_time == datetime(2020, 3, 28, tzinfo=UTC)
    assert declaration_of(WHOLE).issue_time is None
    data = changed("DTM+137:20200328:102", "DTM+137:202003281530:203")
    assert declaration_of(data, zone=UTC).issue_time == datetime(2020, 3, 28, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["20200230", "2020328", "28032020", "2020-3-28", "", "99999999", "２０２００３２８"]
)
def test_a_date_that_is_none_is_kept_with_a_warning(text: str):
    for old, number in (("DTM+137:20200328", 11), ("DTM+178:20200401", 12), ("DTM+137:20200320", 22)):
        data = changed(old, f"{old[:8]}{text}", level="UNOY")
        read = one(data)
        assert found(read) == [("CUSDEC_DATE_MALFORMED", f"segment {number}, element 1, component 2")]
        assert not read.refused
        assert read.declaration is not None
        assert f"{old[:8]}{text}:102" in kept(read.declaration)


@pytest.mark.parametrize(
    ("text", "millionths"), [("12", 12_000_000), ("1,5", 1_500_000), ("1.5", 1_500_000), ("-,25", -250_000)]
)
def test_a_figure_has_point_or_comma(text: str, millionths: int):
    assert declaration_of(changed("MOA+38:999.5", f"MOA+38:{text}")).goods_items[1].item_charge == Amount(
        millionths=millionths, currency="USD"
    )


@pytest.mark.parametrize(
    "text", ["1,234.5", "1.234.5", "1 234", "+5", "5.", "-", "1E5", "NaN", "9" * 25, "x"]
)
def test_a_figure_that_is_none_refuses_the_message_with_its_place(text: str):
    text = text.replace("+", "?+")
    read = one(changed("MOA+38:999.5", f"MOA+38:{text}"))
    (finding,) = errors(read.findings)
    assert (finding.code, finding.at) == ("CUSDEC_NUMBER_MALFORMED", "segment 62, element 1, component 2")
    assert finding.pointer == "42A/67A/68A[2]/23A/79A:112"
    assert finding.says["tag"] == "MOA"
    assert read.refused
    assert read.declaration is not None
    assert read.declaration.functional_reference_id == "TQ-2020-7"


def test_una_says_which_decimal_mark_there_is():
    body = BODY.replace(",", ".")
    data = b"UNA:+.? '" + interchange(message(body))
    assert found(one(data)) == []
    read = one(b"UNA:+.? '" + WHOLE)
    assert [each.code for each in errors(read.findings)] == ["CUSDEC_NUMBER_MALFORMED"] * 2


def test_more_than_six_decimals_are_kept_and_never_rounded():
    read = one(changed("MOA+38:999.5", "MOA+38:999.1234567"))
    assert found(read) == [("CUSDEC_NUMBER_TOO_PRECISE", "segment 62, element 1, component 2")]
    assert read.declaration is not None
    assert read.declaration.goods_items[1].item_charge is None
    assert "MOA+38:999.1234567:USD" in kept(read.declaration)


def test_a_second_value_for_a_field_is_kept_and_told():
    read = one(changed("LOC+35+US::5", "LOC+35+US\nLOC+35+CA\nLOC+35+US"))
    assert read.declaration is not None
    assert read.declaration.export_country_id == "US"
    assert "LOC+35+CA" in kept(read.declaration)
    assert "LOC+35+US" not in kept(read.declaration)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("BGM+929", "BGM+105", "CUSDEC_BGM_UNKNOWN"),
        ("CNT+11:42", "CNT+11:43", "CUSDEC_CONTROL_DIFFERS"),
        ("CNT+7:722.4", "CNT+7:722", "CUSDEC_CONTROL_DIFFERS"),
    ],
)
def test_what_only_deserves_a_warning_refuses_nothing(old: str, new: str, code: str):
    read = one(changed(old, new))
    assert [each[0] for each in found(read)] == [code]
    assert not read.refused


@pytest.mark.parametrize("count", ["CNT+5:3", "CNT+2:1"])
def test_a_wrong_number_of_lines_refuses_the_message(count: str):
    read = one(changed("CNT+5:2", count))
    assert found(read) == [("CUSDEC_CONTROL_DIFFERS", "segment 64, element 1, component 2")]
    assert read.refused


def test_a_count_is_whole():
    assert one(changed("CNT+11:42", "CNT+11:42.5")).refused


def test_another_release_is_read_with_a_warning_and_another_message_is_none():
    (read,) = read_cusdec(interchange(message(release="12B")))
    assert found(read) == [("CUSDEC_RELEASE_UNKNOWN", "segment 1, element 2, component 3")]
    assert read.declaration == declaration_of(WHOLE)
    read = one(WHOLE.replace(b"CUSDEC:D", b"CUSRES:D"))
    assert found(read) == [("CUSDEC_OTHER_MESSAGE", "segment 1, element 2, component 1")]


def test_more_lines_than_a_declaration_may_have_are_refused():
    body = "BGM+929+1+9\nUNS+D" + "\nCST+1+84212100" * (MAX_GOODS_ITEMS + 1) + "\nUNS+S"
    read = one(interchange(message(body)))
    assert [each.code for each in errors(read.findings)] == ["GOODS_ITEMS_TOO_MANY"]


def test_segments_out_of_place_break_nothing():
    odd = "SEL+1 CTA+IC+:x COM+1:TE PCI+28+x CUX+2:EUR:9 UNS+X MOA LOC RFF TAX NAD UNS+S CST+1+84212100 NAD+CN+1"
    body = odd.replace(" ", "\n")
    read = one(interchange(message(body)))
    assert read.declaration is not None
    assert read.declaration == Declaration(kept=read.declaration.kept)
    assert len(read.declaration.kept) == 8


# --- syntax ----------------------------------------------------------------------------------------------------


def segments(data: bytes) -> list[Segment]:
    (raw,) = interchange_messages(data)
    return raw.segments


def codes(data: bytes) -> list[str]:
    return [each.code for raw in interchange_messages(data) for each in raw.findings]


def test_the_release_character_makes_marks_data():
    data = interchange("UNH+1+X'FTX+AAA?+?:?'??+a'UNT+3+1'")
    assert segments(data)[1].elements == (("AAA+:'?",), ("a",))
    assert segments(data)[1].raw == "FTX+AAA?+?:?'??+a"
    assert codes(data) == []


def test_una_gives_other_marks_and_may_leave_out_the_release():
    text = "UNA|^, ~\nUNB^UNOB|3^A^B^200401|0730^R1~UNH^1^X~FTX^A?b|c~UNT^3^1~UNZ^1^R1~"
    data = text.replace("~", " ~", 1).encode()
    assert segments(data)[1].elements == (("A?b", "c"),)
    assert codes(data) == []


@pytest.mark.parametrize(
    "una",
    [
        "UNA",
        "UNA:+.?",
        "UNA::.? '",
        "UNA:+x? '",
        "UNAa+.? '",
        "UNA:+.? \n",
        "UNA +.? '",
        "UNA:+.'*'",
        "UNA,+,? '",
    ],
)
def test_a_service_string_that_is_none_is_refused(una: str):
    assert codes(una.encode() + WHOLE)[0] in ("EDIFACT_UNA", "EDIFACT_WITHOUT_UNB")


def test_repetitions_are_kept_with_a_warning():
    data = b"UNA:+.?*'" + interchange(
        message(BODY.replace(",", ".").replace("LOC+14+SHED4", "LOC+14+A*B?*C"))
    )
    read = one(data)
    assert found(read) == [("CUSDEC_REPETITION", "segment 6")]
    assert read.declaration is not None
    assert "LOC+14+A*B?*C" in kept(read.declaration)
    # Without such a mark in UNA, the character is any other.
    assert segments(interchange("UNH+1+X'LOC+A*B'UNT+3+1'"))[1].elements == (("A*B",),)


@pytest.mark.parametrize(
    ("level", "text", "sound"),
    [
        ("UNOA", 'ABC 019 .,-()/=!"%&*;<>', True),
        ("UNOA", "abc", False),
        ("UNOA", "É", False),
        ("UNOA", "A_B", False),
        ("UNOB", 'Abc 019 .,-()/=!"%&*;<>', True),
        ("UNOB", "A@B", False),
        ("UNOB", "é", False),
        ("UNOC", "Viña @ §", True),
        ("UNOC", "A\nB", False),
        ("UNOC", "A\x85B", False),
        ("UNOC", "A\tB", False),
        ("UNOY", "Đông Triều", True),
        ("UNOY", "A\x00B", False),
    ],
)
def test_characters_are_those_of_the_declared_level(level: str, text: str, sound: bool):
    data = interchange(f"UNH+1+X'FTX+AAA++:{text}'UNT+3+1'", level=level)
    (raw,) = interchange_messages(data)
    if sound:
        assert raw.findings == []
        assert raw.segments[1].get(3, 2) == text
    else:
        (finding,) = raw.findings
        assert finding.code == "EDIFACT_CHARACTER"
        assert finding.at == "segment 2, element 3, component 2"
        assert finding.says["level"] == level
        assert finding.severity is Severity.ERROR


def test_the_level_is_known_and_its_bytes_are_right():
    assert codes(interchange(message(), level="UNOD")) == ["EDIFACT_SYNTAX_UNKNOWN"]
    assert codes(interchange(message()).replace(b"UNOC", b"UNOY")) == ["EDIFACT_ENCODING"]
    assert codes(interchange(message()) + interchange(message(), level="UNOB")) == ["EDIFACT_SYNTAX_UNKNOWN"]


def test_text_that_hides_something_is_refused():
    read = one(changed("Viña", "Vi\u200bna", level="UNOY"))
    assert [each.code for each in errors(read.findings)] == ["TEXT_INVISIBLE_CHARACTER"]
    read = one(changed("NAD+CB+900", "NAD+CB+ХYZ", level="UNOY"))
    assert [each.code for each in errors(read.findings)] == ["TEXT_MIXED_SCRIPTS"]


def test_several_messages_are_several_declarations():
    second = message(BODY.replace("TQ-2020-7", "TQ-2020-8"), number="2")
    data = interchange(message(), second)
    reads = read_cusdec(data)
    assert [
        (each.place, each.declaration.functional_reference_id if each.declaration else "") for each in reads
    ] == [
        (1, "TQ-2020-7"),
        (2, "TQ-2020-8"),
    ]
    assert [found(each) for each in reads] == [[], []]
    assert [each.place for each in read_cusdec(data + data)] == [1, 2, 3, 4]


def test_groups_are_counted_where_there_are_any():
    text = message()
    group = f"UNG+CUSDEC+A+B+200401:0730+G1+UN+D:96B'{text}UNE+1+G1'"
    assert [found(each) for each in read_cusdec(interchange(group))] == [[]]
    assert codes(interchange(group.replace("UNE+1", "UNE+2"))) == ["EDIFACT_COUNT_DIFFERS"]
    assert codes(interchange(group.replace("UNE+1+G1", "UNE+1+G2"))) == ["EDIFACT_REFERENCE_DIFFERS"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"UNT+68+1", b"UNT+67+1", ["EDIFACT_COUNT_DIFFERS"]),
        (b"UNT+68+1", b"UNT+x+1", ["EDIFACT_COUNT_DIFFERS"]),
        (b"UNT+68+1", b"UNT+68+2", ["EDIFACT_REFERENCE_DIFFERS"]),
        (b"UNT+68+1'\n", b"", ["EDIFACT_UNT_MISSING"]),
        (b"UNZ+1+R1", b"UNZ+2+R1", ["EDIFACT_COUNT_DIFFERS"]),
        (b"UNZ+1+R1", b"UNZ+1+R2", ["EDIFACT_REFERENCE_DIFFERS"]),
        (b"UNZ+1+R1'", b"UNZ+1+R1'X+1'", ["EDIFACT_SEGMENT_MISPLACED"]),
        (b"UNZ+1+R1'", b"UNZ+1+R1", ["EDIFACT_UNTERMINATED", "EDIFACT_UNZ_MISSING"]),
        (b"FII+PB", b"F I+PB", ["EDIFACT_TAG"]),
        (b"UNH+1+", b"XXX+1'UNH+1+", ["EDIFACT_SEGMENT_MISPLACED"]),
    ],
)
def test_counts_references_and_places_of_service_segments_are_checked(
    old: bytes, new: bytes, expected: list[str]
):
    assert old in WHOLE
    data = WHOLE.replace(old, new, 1)
    assert codes(data) == expected
    assert one(data).refused


def test_a_count_of_the_interchange_speaks_about_all_its_messages():
    data = interchange(message(), message(number="2")).replace(b"UNZ+2", b"UNZ+3")
    assert [found(each) for each in read_cusdec(data)] == [
        [("EDIFACT_COUNT_DIFFERS", "segment UNZ, element 1")]
    ] * 2


def test_an_interchange_without_its_end_is_a_warning():
    read = one(WHOLE.replace(b"UNZ+1+R1'", b""))
    assert found(read) == [("EDIFACT_UNZ_MISSING", "segment UNZ")]
    assert not read.refused


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "EDIFACT_WITHOUT_UNB"),
        (b"UNH+1+X'", "EDIFACT_WITHOUT_UNB"),
        (b"UNB+UNOC:3+A+B+200401:0730+R1'UNZ+0+R1'", "EDIFACT_WITHOUT_MESSAGE"),
        (b"UNB+UNOC:3+A", "EDIFACT_UNTERMINATED"),
        (b"UNB", "EDIFACT_SYNTAX_UNKNOWN"),
        (b"UNB+UNOC" + b"+" * 200 + b"'", "EDIFACT_SEGMENT_TOO_LONG"),
        (b"UNB+UNOC" + b":" * 200 + b"'", "EDIFACT_SEGMENT_TOO_LONG"),
        (b"UNB+UNOC:" + b"x" * 30_000 + b"'", "EDIFACT_SEGMENT_TOO_LONG"),
        (b"UNB+UNOC:" + b"?x" * 30_000 + b"'", "EDIFACT_SEGMENT_TOO_LONG"),
        (b" " * 20_000_001, "EDIFACT_TOO_LARGE"),
    ],
)
def test_what_is_no_interchange_is_one_message_with_its_finding(data: bytes, code: str):
    (read,) = read_cusdec(data)
    assert code in [each.code for each in read.findings]
    assert read.refused


def test_numbers_of_segments_messages_and_findings_are_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(edifact, "MAX_SEGMENTS", 50)
    assert "EDIFACT_TOO_MANY_SEGMENTS" in codes(WHOLE)
    monkeypatch.setattr(edifact, "MAX_SEGMENTS", 1_000)
    monkeypatch.setattr(edifact, "MAX_MESSAGES", 1)
    assert "EDIFACT_TOO_MANY_MESSAGES" in codes(interchange(message(), message(number="2")))
    data = interchange(message("\n".join(["MOA+39:x"] * 900)), level="UNOA")
    assert len(codes(data)) == 900
    monkeypatch.setattr(edifact, "MAX_FINDINGS", 100)
    assert codes(data)[100:] == ["FINDINGS_CUT"]


def test_ten_thousand_lines_are_read_in_seconds():
    line = BODY[BODY.index("CST+0001") : BODY.index("CST+2")]
    head, tail = BODY[: BODY.index("CST+0001")], "UNS+S\nCNT+5:10000"
    data = interchange(message(head + line * 10_000 + tail))
    started = time.process_time()
    read = one(data)
    assert read.declaration is not None
    assert len(read.declaration.goods_items) == 10_000
    assert not read.refused
    assert time.process_time() - started < 30


@pytest.mark.parametrize("bad", [b"?" * 5_000_000, b"'" * 300_000, b"+" * 5_000_000, b"?'" * 2_000_000])
def test_hostile_text_costs_no_more_than_its_size(bad: bytes):
    started = time.process_time()
    assert read_cusdec(b"UNB+UNOC:3+A+B+200401:0730+R1'UNH+1+CUSDEC:D:96B:UN'" + bad)[0].refused
    assert time.process_time() - started < 15


# --- the samples -----------------------------------------------------------------------------------------------


def test_the_samples_are_read(shared_data: Path):
    folder = shared_data / "edifact"
    read = one((folder / "cusdec_d96b_es_minimal.edi").read_bytes())
    assert found(read) == [("CUSDEC_WITHOUT_LINES", "segment 1")]
    assert not read.refused
    assert read.declaration == Declaration(
        function_code="9",
        functional_reference_id="ESDCL2026000789",
        type_code="IM",
        invoice_amount=Amount(millionths=15_000_000_000, currency="EUR"),
        total_gross_mass=Quantity(millionths=450_000_000, unit="KGM"),
        exporter=Party(id="ACME ALGECIRAS SL"),
        consignee=Party(id="TANGER MED LOGISTICS"),
        kept=(
            Kept(path="CUSDEC/segment[3]", text="NAD+CZ+ACME ALGECIRAS SL::92"),
            Kept(path="CUSDEC/segment[4]", text="NAD+CN+TANGER MED LOGISTICS::92"),
        ),
    )
    read = one((folder / "cusdec_d99b_export_au.edi").read_bytes())
    # This file ends without UNZ.
    assert found(read) == [("EDIFACT_UNZ_MISSING", "segment UNZ")]
    declaration = read.declaration
    assert declaration is not None
    assert declaration.type_code == "EX"
    assert declaration.functional_reference_id == "200401270001"
    assert declaration.total_package_quantity == 25
    assert declaration.consignee == Party(name="DHL", address=Address(city_name="MELBOURNE"))
    assert declaration.border_transport_means == TransportMeans(type_code="11")
    (item,) = declaration.goods_items
    assert item == GoodsItem(
        sequence_numeric=1,
        description="GOODS DESCRIPTION",
        classifications=(Classification(id="03026200", identification_type_code="TSP"),),
        origins=(Origin(country_code="US", region_id="YY-FO"),),
        additional_documents=(AdditionalDocument(type_code="EP", id="PIF9999999"),),
    )
    assert "MOA+39::AUD" in kept(declaration)


# --- as a file -------------------------------------------------------------------------------------------------


def test_an_interchange_is_known_by_its_first_characters():
    assert kind_of(WHOLE) is FileKind.CUSDEC
    assert kind_of(b"\r\n" + WHOLE) is FileKind.CUSDEC
    assert kind_of(b"UNA:+.? '\r\n" + WHOLE) is FileKind.CUSDEC
    assert kind_of(b"UNA:+.? '" + WHOLE) is FileKind.CUSDEC
    assert kind_of(b"UNB;UNO;x\n") is FileKind.CSV
    assert kind_of(b"UNBEKANNT,a\n") is FileKind.CSV


def test_a_file_gives_a_reading_for_each_message():
    (reading,) = read_file("x", WHOLE, UTC)
    assert (reading.place, reading.declaration) == ("", declaration_of(WHOLE, zone=UTC))
    data = interchange(message(), message(number="2").replace("CNT+5:2", "CNT+5:3"))
    first, second = read_stream("x", io.BytesIO(data))
    assert (first.place, second.place) == ("message 1", "message 2")
    assert first.declaration is not None
    assert second.declaration is None


def test_the_canonical_form_of_a_message_is_read_back_whole():
    declaration = declaration_of(WHOLE, zone=UTC)
    again, findings = examine(write_json(declaration))
    assert again == declaration
    assert findings == ()


def test_every_finding_can_be_said(
    said: Callable[[Iterable[Finding]], set[str]], monkeypatch: pytest.MonkeyPatch
):
    files = [
        WHOLE.replace(b"UNT+68+1", b"UNT+1+2").replace(b"UNZ+1+R1'", b"Q'"),
        WHOLE.replace(b"UNT+68+1'\n", b"").replace(b"FII", b"fii").replace(b"999.5", b"1.1234567"),
        WHOLE.replace(b"929", b"1").replace(b":96B", b":12B").replace(b"CNT+5:2", b"CNT+5:x"),
        WHOLE.replace(b"CUSDEC", b"CUSRES"),
        WHOLE.replace(b"CNT+5:2", b"CNT+5:3").replace(b"20200328", b"20200399"),
        b"UNA:+.?*'" + interchange(message("BGM+929*1")),
        b"UNA",
        b"x",
        b" " * 20_000_001,
        b"UNB+UNOC:3+A+B+C+R'UNZ+0+R'",
        b"UNB+UNOC+" + b"x" * 30_000 + b"'",
        WHOLE[:-3],
        WHOLE.replace(b"UNOC", b"UNOQ"),
        WHOLE.replace(b"UNOC", b"UNOY"),
        WHOLE.replace(b"UNOC", b"UNOA"),
    ]
    told = said(each for data in files for read in read_cusdec(data) for each in read.findings)
    for limit in ("MAX_SEGMENTS", "MAX_MESSAGES"):
        monkeypatch.setattr(edifact, limit, 1)
        told |= said(each for read in read_cusdec(WHOLE + WHOLE) for each in read.findings)
        monkeypatch.setattr(edifact, limit, 1_000)
    assert {code for code in words.all_codes() if code.startswith(("EDIFACT_", "CUSDEC_"))} <= told


# --- properties ------------------------------------------------------------------------------------------------

VALUES = st.text("ABC 019 .,-()/=':+?!", max_size=8)
ELEMENTS = st.lists(st.lists(VALUES, min_size=1, max_size=4), max_size=5)
TAGS = st.sampled_from(["BGM", "CST", "LOC", "DTM", "MEA", "FTX", "RFF", "NAD", "MOA", "TAX", "UNS", "QQQ"])


def escaped(text: str) -> str:
    return "".join(f"?{each}" if each in "':+?" else each for each in text)


def segment_text(tag: str, elements: list[list[str]]) -> str:
    return "+".join((tag, *(":".join(map(escaped, components)) for components in elements)))


@given(st.lists(st.tuples(TAGS, ELEMENTS), max_size=8))
def test_any_segments_come_back_as_they_were_written(parts: list[tuple[str, list[list[str]]]]):
    body = "\n".join(segment_text(tag, elements) for tag, elements in parts)
    data = interchange(message(body) if parts else message("BGM"), level="UNOA")
    (raw,) = interchange_messages(data)
    assert raw.findings == []
    if parts:
        assert [(each.tag, [list(c) for c in each.elements]) for each in raw.segments[1:-1]] == list(parts)


QUALIFIERS = {
    "BGM": ["929", "830", "X"],
    "CST": ["1", ""],
    "COM": ["1"],
    "CTA": ["IC"],
    "CUX": ["2"],
    "DOC": ["911"],
    "DTM": ["137", "129"],
    "EQD": ["CN", "TE"],
    "FTX": ["AAA", "ACB"],
    "GIS": ["N"],
    "LOC": ["1", "9", "11", "14", "18", "27", "28", "35", "36", "42", "96"],
    "MEA": ["AAE", "AAR", "WT"],
    "MOA": ["38", "39", "40", "63", "161"],
    "NAD": ["AG", "BY", "CB", "CN", "CZ", "DT", "EX", "IM", "MS", "NI", "PR", "SE", "SU"],
    "PAC": ["4"],
    "PCI": ["28"],
    "RFF": ["ABT", "AAS", "HS", "HWB", "UCN"],
    "SEL": ["S"],
    "TAX": ["1", "2"],
    "TDT": ["20", "10"],
    "TOD": ["3"],
    "UNS": ["D", "S"],
}
QUALIFIED = st.sampled_from([(tag, each) for tag, qualifiers in QUALIFIERS.items() for each in qualifiers])
SHAPES = st.lists(st.lists(st.booleans(), min_size=1, max_size=5), max_size=9)


@given(st.lists(st.tuples(QUALIFIED, SHAPES), max_size=15))
def test_no_value_of_any_segment_is_lost(parts: list[tuple[tuple[str, str], list[list[bool]]]]):
    """Every value is one of a kind: each is found again in what is stored, in a field or kept."""
    lines, values = ["BGM+929+1+9"], []
    for (tag, qualifier), shape in parts:
        elements = [[qualifier]]
        for components in shape:
            new = [f"V{len(values) + number}" if filled else "" for number, filled in enumerate(components)]
            values += [value for value in new if value] + [""] * new.count("")
            elements.append(new)
        if tag in ("RFF", "MOA", "DTM", "COM", "CUX", "CTA") and len(elements) > 1:
            elements[:2] = [elements[0] + elements[1]]
        lines.append(segment_text(tag, elements))
    (read,) = read_cusdec(interchange(message("\n".join(lines)), level="UNOA"))
    assert read.declaration is not None
    stored = write_json(read.declaration).decode()
    found_again = set(re.findall(r"V\d+", stored))
    assert {value for value in values if value} <= found_again


@given(st.lists(st.tuples(TAGS, ELEMENTS), max_size=12), st.booleans())
def test_any_message_comes_back_in_its_canonical_form(parts: list[tuple[str, list[list[str]]]], lines: bool):
    body = "BGM+929+1+9\n" + ("UNS+D\n" if lines else "")
    body += "\n".join(segment_text(tag, elements) for tag, elements in parts)
    (read,) = read_cusdec(interchange(message(body.rstrip("\n")), level="UNOA"))
    assert read.declaration is not None
    stored = write_json(read.declaration)
    again, findings = examine(stored)
    if not read.refused:
        assert again == read.declaration
        assert not errors(findings)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data: bytes):
    for prefix in (b"", b"UNA", b"UNB+UNOC:3+A+B+C+R'", b"UNB+UNOY:3+A+B+C+R'UNH+1+CUSDEC:D:96B:UN'"):
        for read in read_cusdec(prefix + data):
            assert read.declaration is not None or errors(read.findings)


@given(st.integers(0, len(WHOLE)), st.integers(0, 40), st.binary(max_size=6))
def test_no_change_of_a_message_breaks_the_reader(at: int, length: int, put: bytes):
    for read in read_cusdec(WHOLE[:at] + put + WHOLE[at + length :]):
        if not read.refused:
            assert read.declaration is not None
            again, findings = examine(write_json(read.declaration))
            assert again == read.declaration
            assert not errors(findings)


def test_a_raw_message_is_empty_where_there_is_none():
    (raw,) = interchange_messages(b"")
    assert isinstance(raw, RawMessage)
    assert raw.segments == []
