"""WCO messages at random: what is written is read back, and no bytes are too strange to be answered."""

import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from thongquan.engine.declaration import Amendment, Amount, Declaration, Quantity
from thongquan.engine.findings import Severity
from thongquan.engine.formats import amending, guard, responses, wco
from thongquan.engine.formats.responses import RESPONSE, Response
from thongquan.engine.formats.wco_table import DECLARATION, HEADER, Group, Kind, Leaf
from thongquan.engine.formats.wco_walk import CannotWrite

# --- declarations drawn from the table ---------------------------------------------------------------------------

LETTERS = st.characters(
    codec="utf-8",
    categories=("L", "N", "P", "S", "Zs"),
    exclude_characters="\u2800\ufffd\u3164\uffa0\u115f\u1160",
)


def honest(text: str, *, identifier: bool) -> bool:
    return text == text.strip(guard.XML_SPACE) != "" and not guard.text_findings(
        text, "", identifier=identifier
    )


def texts(most: int, *, identifier: bool) -> st.SearchStrategy[str]:
    letters = st.sampled_from("AZaz09-/ .") if identifier else LETTERS
    return (
        st.text(letters, min_size=1, max_size=min(most, 12))
        .map(lambda text: unicodedata.normalize("NFC", text)[:most])
        .filter(lambda text: honest(text, identifier=identifier))
    )


def codes(leaf: Leaf) -> st.SearchStrategy[str]:
    if leaf.values:
        return st.sampled_from(leaf.values)
    if leaf.letters:
        letters = st.sampled_from("ABYZabyz" if leaf.letters == "a" else "0123456789")
        return st.text(letters, min_size=leaf.most if leaf.exact else 1, max_size=leaf.most)
    return texts(leaf.most, identifier=True)


def millionths(leaf: Leaf) -> st.SearchStrategy[int]:
    step = 10 ** (6 - leaf.decimals)
    most = 10**leaf.most // 10**leaf.decimals * 10**6 if leaf.most else 10**20
    return st.integers(-most // step + 1, most // step - 1).map(lambda value: value * step)


OFFSETS = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))
DAYS = st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30))


def values(leaf: Leaf) -> st.SearchStrategy[Any]:
    match leaf.kind:
        case Kind.TEXT:
            return texts(leaf.most, identifier=False)
        case Kind.CODE:
            return codes(leaf)
        case Kind.INSTANT:
            return st.builds(lambda day, zone: day.replace(microsecond=0, tzinfo=zone), DAYS, OFFSETS)
        case Kind.DAY:
            midnight = DAYS.map(lambda day: day.replace(hour=0, minute=0, second=0, microsecond=0))
            return st.one_of(midnight, DAYS.map(lambda day: day.replace(microsecond=0, tzinfo=UTC)))
        case Kind.AMOUNT:
            currencies = st.sampled_from(["", "VND", "USD"])
            return st.builds(
                lambda value, currency: Amount(millionths=value, currency=currency),
                millionths(leaf),
                currencies,
            )
        case Kind.MEASURE:
            units = st.sampled_from(["", "KGM", "KGM#G"])
            return st.builds(
                lambda value, unit: Quantity(millionths=value, unit=unit), millionths(leaf), units
            )
        case Kind.COUNT:
            return st.integers(0, 10**leaf.most - 1)
        case Kind.RATE:
            return millionths(leaf)


def records(group: Group, **fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Records of a group with any of its fields, its required ones always."""
    record = group.record
    assert record is not None
    required: dict[str, st.SearchStrategy[Any]] = {}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for field, (_, part) in group.places.items():
        if isinstance(part, Leaf):
            into = required if part.required else optional
            into[field] = values(part)
        elif part.plain is not None:
            optional[field] = st.lists(values(part.plain), max_size=2).map(tuple)
        elif part.many:
            optional[field] = st.lists(st.deferred(lambda part=part: records(part)), max_size=2).map(tuple)
        else:
            optional[field] = st.deferred(lambda part=part: records(part))
    required |= fixed
    optional = {field: strategy for field, strategy in optional.items() if field not in fixed}
    return st.fixed_dictionaries(required, optional=optional).map(lambda fields: record(**fields))


originals = records(DECLARATION, function_code=st.just("9"))
headers = records(HEADER)


@given(originals, st.none() | headers)
def test_any_declaration_is_read_back_as_written(declaration: Declaration, header: wco.Header | None) -> None:
    message = wco.Message(wco.Kind.ORIGINAL, declaration, header=header)
    again = wco.read_dec(wco.write_dec(message))
    assert [finding for finding in again.findings if finding.severity is Severity.ERROR] == []
    assert again.declaration == declaration
    assert again.header == header
    assert again.occurrences.kept == 0


@given(records(RESPONSE, changed=st.none() | originals))
def test_any_response_is_read_back_as_written(response: Response) -> None:
    assert responses.read_res(responses.write_res(response)) == response


@pytest.fixture(scope="session")
def schemas(shared_data: Path) -> dict[str, etree.XMLSchema]:
    folder = shared_data / "hmrc_cds/schemas"
    notification = (
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
        '<xs:import namespace="urn:wco:datamodel:WCO:DocumentMetaData-DMS:2"'
        ' schemaLocation="DocumentMetaData_2_DMS.xsd"/>'
        '<xs:import namespace="urn:wco:datamodel:WCO:RES-DMS:2" schemaLocation="WCO_RES_2_DMS.xsd"/></xs:schema>'
    )
    return {
        "DEC": etree.XMLSchema(etree.parse(str(folder / "customs/wrapper_submit.xsd"))),
        "RES": etree.XMLSchema(
            etree.fromstring(notification, base_url=str(folder / "wco/notification/both.xsd"))
        ),
    }


@given(declaration=originals)
def test_any_declaration_is_written_valid(
    declaration: Declaration, schemas: dict[str, etree.XMLSchema]
) -> None:
    message = wco.Message(wco.Kind.ORIGINAL, declaration, header=wco.Header(type_name="DEC"))
    assert schemas["DEC"].validate(etree.fromstring(wco.write_dec(message))), schemas["DEC"].error_log


@given(response=records(RESPONSE, changed=st.none() | originals))
def test_any_response_is_written_valid(response: Response, schemas: dict[str, etree.XMLSchema]) -> None:
    assert schemas["RES"].validate(etree.fromstring(responses.write_res(response))), schemas["RES"].error_log


# --- documents drawn from names, right and wrong -----------------------------------------------------------------

NAMES = [
    *{path.rpartition("/")[2] for path, _ in DECLARATION.walk()},
    *["DateTimeString", "Foo", "Bar", "MetaData", "Declaration", "Response"] * 8,
]
NAMESPACES = st.sampled_from(["", "", "", "urn:wco:datamodel:WCO:DEC-DMS:2", "urn:o", "urn:{x}@/y"])
TEXTS = st.one_of(
    st.just(""),
    st.sampled_from(
        ["1", "12.5", "x", "20200630153000+07", "20200630", " y ", "9", "13", "GB", "1E5", "a\nb"]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=5).filter(
        lambda text: "\ufffe" not in text and "\uffff" not in text
    ),
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["currencyID", "unitCode", "formatCode", "listID", "p:own"]),
    st.sampled_from(["", "VND", "KGM", "304", "102", "ü<&\"'"]),
    max_size=2,
)


def element(name: str, namespace: str, attributes: dict[str, str], text: str, children: list[str]) -> str:
    given = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f'<{name} xmlns="{namespace}" xmlns:p="urn:p"{given}>{escape(text)}{"".join(children)}</{name}>'


names = st.sampled_from(NAMES)
elements = st.recursive(
    st.builds(element, names, NAMESPACES, ATTRIBUTES, TEXTS, st.just([])),
    lambda below: st.builds(element, names, NAMESPACES, ATTRIBUTES, TEXTS, st.lists(below, max_size=4)),
    max_leaves=12,
)
home = st.sampled_from(["", "urn:wco:datamodel:WCO:DEC-DMS:2"])
strange_declarations = st.builds(
    element, st.just("Declaration"), home, ATTRIBUTES, TEXTS, st.lists(elements, max_size=6)
)
strange_documents = st.one_of(
    strange_declarations,
    st.builds(
        lambda name, namespace, attributes, text, before, inner, after: element(
            name, namespace, attributes, text, [*before, inner, *after]
        ),
        st.sampled_from(["MetaData", "wrapper", "Bundle"]),
        NAMESPACES,
        ATTRIBUTES,
        TEXTS,
        st.lists(elements, max_size=2),
        strange_declarations,
        st.lists(elements, max_size=2),
    ),
)


@given(strange_documents)
def test_whatever_is_read_is_the_same_after_writing_and_reading(document: str) -> None:
    message = wco.read_dec(document.encode())
    if message.declaration is not None:
        assert wco.read_dec(wco.write_dec(message)) == message


@given(strange_documents)
def test_nothing_in_a_declaration_is_lost(document: str) -> None:
    """Each element is typed or kept; empty classes that only group others hold nothing."""
    message = wco.read_dec(document.encode())
    if message.declaration is None:
        return
    root = guard.parse(document.encode())
    assert isinstance(root, guard.Element)

    def declarations(node: guard.Element) -> list[guard.Element]:
        inside = [found for child in node for found in declarations(child)]
        return [node, *inside] if node.name == "Declaration" and node.namespace != "urn:o" else inside

    def size(node: guard.Element) -> int:
        return 1 + sum(map(size, node))

    counted = message.occurrences.typed + message.occurrences.kept
    # text() between elements is kept as a part of its own.
    loose = sum(kept.path.endswith("text()") for kept in message.declaration.kept)
    assert counted - loose in {size(node) for node in declarations(root)}


@given(strange_documents)
def test_a_strange_document_is_answered_by_a_rejection_that_can_be_written(document: str) -> None:
    message = wco.read_dec(document.encode())
    answer = responses.rejected(
        message.findings,
        functional_reference_id="R-1",
        issue_time=datetime(2020, 6, 30, tzinfo=UTC),
        declaration=message.declaration,
    )
    assert responses.read_res(responses.write_res(answer)) == answer


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    assert wco.read_dec(data).declaration is None
    assert responses.read_res(data).kind is None


BASE = wco.write_dec(
    wco.Message(
        wco.Kind.ORIGINAL,
        Declaration(
            function_code="9", functional_reference_id="QN-1", invoice_amount=Amount(millionths=1_000_000)
        ),
        header=wco.Header(type_name="DEC"),
    )
)


@given(st.lists(st.tuples(st.integers(0, len(BASE) - 1), st.integers(0, 255)), min_size=1, max_size=5))
def test_damaged_bytes_never_raise_and_what_is_read_comes_back(damage: list[tuple[int, int]]) -> None:
    data = bytearray(BASE)
    for place, byte in damage:
        data[place] = byte
    message = wco.read_dec(bytes(data))
    if message.declaration is not None:
        assert wco.read_dec(wco.write_dec(message)) == message


# --- versions --------------------------------------------------------------------------------------------------------


@given(originals, originals)
def test_versions_differ_exactly_where_they_are_not_equal(one: Declaration, other: Declaration) -> None:
    assert amending.diff(one, one) == ()
    assert bool(amending.diff(one, other)) == (one != other)


POINTERS = st.lists(
    st.sampled_from(
        [
            "42A:146", "42A:228", "42A/57A:R031", "42A/57A/04A:241", "42A/67A/68A[1]", "42A/67A/68A[2]/23A:137",
            "42A/67A/68A[1]/02A[1]", "42A/67A/68A[1]/02A[2]:D005", "42A/67A/68A[1]/23A/65A", "42A/67A/41A",
            "42A/67A/28A/31B[1]/44B[1]:165", "42A/67A/68A/23A/50A:113", "42A/28A", "42A/02A[1]", "42A/67A/68A[1]/23A",
        ]
    ),
    min_size=1,
    max_size=4,
)  # fmt: skip


@given(originals, originals, POINTERS)
def test_an_amendment_is_refused_or_does_what_it_says(
    current: Declaration, content: Declaration, pointers: list[str]
) -> None:
    message = msgspec.structs.replace(
        content, amendments=tuple(Amendment(pointers=wco.pointers_of(pointer)) for pointer in pointers)
    )
    outcome = amending.amend(current, message)
    if isinstance(outcome, tuple):
        assert any(finding.severity is Severity.ERROR for finding in outcome)
        return
    assert outcome.changes == amending.diff(current, outcome.declaration)
    assert outcome.declaration.function_code == current.function_code
    assert outcome.declaration.functional_reference_id == current.functional_reference_id
    # What changed lies below what a pointer names.
    named = [wco.pointer_text(wco.pointers_of(pointer)).partition(":")[0] for pointer in pointers]
    for change in outcome.changes:
        place = change.pointer.partition(":")[0]
        assert any(below(place, name) or below(name, place) for name in named), (change, named)


def below(place: str, name: str) -> bool:
    """Whether a place lies in a class, numbers not given understood as any."""
    steps, others = (text.split("/") for text in (place, name))
    return len(steps) >= len(others) and all(
        one == other or one.partition("[")[0] == other.partition("[")[0]
        for one, other in zip(steps, others, strict=False)
    )


@given(originals)
def test_a_declaration_with_kept_parts_can_be_written_however_it_was_cut(declaration: Declaration) -> None:
    document = wco.write_dec(wco.Message(wco.Kind.ORIGINAL, declaration)).replace(
        b"<ID>", b"<Foo a='1'/><ID b='2'>"
    )
    message = wco.read_dec(document)
    assert message.declaration is not None
    shorter = msgspec.structs.replace(
        declaration, kept=message.declaration.kept, goods_items=(), importer=None
    )
    try:
        again = wco.read_dec(wco.write_dec(wco.Message(wco.Kind.ORIGINAL, shorter)))
    except CannotWrite:
        return
    assert again.declaration is not None
    assert msgspec.structs.replace(again.declaration, kept=()) == msgspec.structs.replace(shorter, kept=())
    assert set(again.declaration.kept) <= set(message.declaration.kept)
