"""Any SAD that the table allows reads back, nothing of it is lost, and no bytes break the reader."""

from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thongquan.engine.declaration import Amount, Declaration, GoodsItem, Quantity
from thongquan.engine.findings import errors
from thongquan.engine.formats.asycuda import read_sad
from thongquan.engine.formats.asycuda_table import (
    CONTAINER,
    DOCUMENT,
    ITEM,
    PACKAGES,
    PREVIOUS,
    SAD,
    SUPPLEMENTARY_UNIT,
    TAXATION_LINE,
    Kind,
    Row,
    Scope,
)
from thongquan.engine.formats.json_lines import examine, write_json
from thongquan.engine.money import decimal_text

CODES = st.text("ABCXYZ0189-/.", min_size=1, max_size=8)
LINES = st.text("ABCxyzđếÑ019 .,&<>", min_size=1, max_size=12).map(str.strip).filter(bool)
TEXTS = st.lists(LINES, min_size=1, max_size=3).map("\n".join)
MILLIONTHS = st.integers(-(10**20), 10**20)
DAYS = st.dates(datetime(1969, 1, 1).date(), datetime(2068, 12, 31).date())


def drawn(row: Row) -> st.SearchStrategy[tuple[str, Any]]:
    """What stands in the document for a row, and what the field then holds."""
    match row.kind:
        case Kind.CODE | Kind.PREVIOUS | Kind.INFORMATION_CODE:
            return CODES.map(lambda text: (text, text))
        case Kind.TEXT | Kind.INFORMATION | Kind.KEPT:
            return TEXTS.map(lambda text: (text, text))
        case Kind.COUNT | Kind.PREVIOUS_LINE:
            return st.integers(0, 99_999).map(lambda count: (str(count), count))
        case Kind.AMOUNT:
            return MILLIONTHS.map(lambda value: (decimal_text(value), Amount(millionths=value)))
        case Kind.QUANTITY:
            return MILLIONTHS.map(
                lambda value: (decimal_text(value), Quantity(millionths=value, unit=row.unit))
            )
        case Kind.FLAG:
            return st.sampled_from([("true", "1"), ("false", "0")])
        case Kind.DAY | Kind.INSTANT:
            return DAYS.map(
                lambda day: (
                    f"{day.month}/{day.day}/{day.year % 100:02d}",
                    datetime(day.year, day.month, day.day),
                )
            )
        case Kind.PART:
            return st.just(("1", "1"))


@st.composite
def scopes(draw: st.DrawFn, scope: Scope, most: int = 10) -> dict[str, tuple[str, Any]]:
    """Some rows of a scope with what stands there and what comes of it."""
    rows = draw(st.lists(st.sampled_from(scope.rows), max_size=most, unique_by=lambda row: row.path))
    return {row.path: draw(drawn(row)) for row in rows if row.kind is not Kind.PART}


def xml(values: dict[str, str], inner: str = "") -> str:
    """Elements for paths: those of one parent stand together. inner: more elements, at the end of the top."""
    below: dict[str, dict[str, str]] = {}
    own: list[str] = []
    for path, text in values.items():
        name, _, rest = path.partition("/")
        if rest:
            below.setdefault(name, {})[rest] = text
        else:
            own.append(f"<{name}>{text}</{name}>" if text else f"<{name}><null/></{name}>")
    own += [f"<{name}>{xml(rest)}</{name}>" for name, rest in below.items()]
    return "".join(own) + inner


def written(drawn_values: dict[str, tuple[str, Any]]) -> dict[str, str]:
    return {path: escape(text) for path, (text, _) in drawn_values.items()}


def field_of(record: Any, name: str) -> Any:
    for part in name.split("."):
        record = getattr(record, part) if record is not None else None
    return record


def check(
    scope: Scope, values: dict[str, tuple[str, Any]], record: Any, kept: dict[str, str], at: str
) -> None:
    """Every value is in its field, joined with others there, or kept at its place."""
    joined: dict[str, list[Any]] = {}
    for row in scope.rows:
        if row.path not in values:
            continue
        text, value = values[row.path]
        place = f"{at}/{row.path}"
        into = row.field("I")
        if row.kind in (Kind.INFORMATION, Kind.INFORMATION_CODE):
            remarks = record.additional_informations
            assert value in [each.statement_description or each.statement_code for each in remarks]
        elif row.kind is Kind.PREVIOUS:
            assert value in [each.id for each in record.previous_documents]
        elif row.kind is Kind.PREVIOUS_LINE:
            assert kept.get(place) == text or value in [
                each.line_numeric for each in record.previous_documents
            ]
        elif not into or row.kind is Kind.INSTANT or (row.follows and not joined.get(into)):
            assert kept[place] == text
        elif into.startswith("origins."):
            assert field_of(record.origins[0], into.partition(".")[2]) == value
        elif row.kind in (Kind.TEXT, Kind.CODE):
            joined.setdefault(into, []).append(value)
            end = "\n" if row.kind is Kind.TEXT else ""
            assert field_of(record, into).startswith(end.join(joined[into]))
        else:
            first = joined.setdefault(into, [value])[0]
            assert field_of(record, into) == first
            assert value == first or kept[place] == text


@st.composite
def parts(draw: st.DrawFn, scope: Scope) -> list[dict[str, tuple[str, Any]]]:
    return draw(st.lists(scopes(scope, most=4).filter(bool), max_size=3))


@given(st.data())
def test_any_document_of_the_table_reads_back(data: st.DataObject):
    head = data.draw(scopes(SAD, most=25))
    items = data.draw(
        st.lists(st.tuples(scopes(ITEM), parts(DOCUMENT), parts(PACKAGES)), min_size=1, max_size=3)
    )
    body = ""
    for own, documents, packages in items:
        inner = "".join(f"<Attached_documents>{xml(written(one))}</Attached_documents>" for one in documents)
        inner += "".join(f"<Packages>{xml(written(one))}</Packages>" for one in packages)
        body += f"<Item>{xml(written(own), inner)}</Item>"
    head["Property/Sad_flow"] = ("I", "I")
    document = f"<ASYCUDA>{xml(written(head), body)}</ASYCUDA>"
    sad = read_sad(document.encode(), "percent")
    assert sad.declaration is not None, sad.findings
    assert not errors(sad.findings)
    kept = {each.path: each.text for each in sad.declaration.kept}
    check(SAD, head, sad.declaration, kept, "ASYCUDA")
    assert len(sad.declaration.goods_items) == len(items)
    for number, (own, documents, packages) in enumerate(items, 1):
        item = sad.declaration.goods_items[number - 1]
        at = f"ASYCUDA/Item{f'[{number}]' if number > 1 else ''}"
        assert item.sequence_numeric == number
        check(ITEM, own, item, kept, at)
        said = [one for one in documents if not set(one) <= {"Attached_document_from_rule"}]
        assert len(item.additional_documents) == len(said)
        for one, record in zip(said, item.additional_documents, strict=True):
            dated = {path: value for path, value in one.items() if path != "Attached_document_from_rule"}
            check(DOCUMENT, dated, record, kept, "")
        counted = [one for one in packages if not set(one) <= {"Kind_of_packages_name"}]
        for one, packaging in zip(counted, item.packagings, strict=True):
            check(
                PACKAGES, {p: v for p, v in one.items() if p != "Kind_of_packages_name"}, packaging, kept, ""
            )


TABLES = {
    "": SAD,
    "Container": CONTAINER,
    "Item": ITEM,
    "Item/Attached_documents": DOCUMENT,
    "Item/Packages": PACKAGES,
    "Item/Previous_doc": PREVIOUS,
    "Item/Tarification/Supplementary_unit": SUPPLEMENTARY_UNIT,
    "Item/Taxation/Taxation_line": TAXATION_LINE,
}
ROWS = [(place, row) for place, scope in TABLES.items() for row in scope.rows]
ALLOWED = {"Property/Sad_flow": "I"}


@pytest.mark.parametrize(("place", "row"), ROWS, ids=[f"{place}/{row.path}" for place, row in ROWS])
def test_no_row_of_the_table_loses_its_value(place: str, row: Row):
    """Alone in a document, every value of every tag is somewhere in what is stored, under each of its spellings."""
    *above, last = row.path.split("/")
    for name in (last, *row.aliases):
        path = "/".join(part for part in (place, *above, name) if part)
        for text in ("4711.25", "4711", "true", "12/31/21", "MARK"):
            inner = "" if place.startswith("Item") else "<Item/>"
            sad = read_sad(f"<ASYCUDA>{xml({path: text}, inner)}</ASYCUDA>".encode(), "percent")
            if sad.refused:
                assert row.kind not in (Kind.TEXT, Kind.CODE, Kind.KEPT, Kind.INFORMATION)
                continue
            stored = write_json(sad.declaration).decode() if sad.declaration else ""
            # Millionths, a flag, a day, and a procedure in its two halves.
            halves = f'"{text[:2]}","previous_code":"{text[2:]}"'
            forms = (text, "4711250000", "4711000000", '"1"', "2021-12-31", halves)
            assert any(form in stored for form in forms), (path, text)


def forms_of(text: str) -> tuple[str, ...]:
    """How a figure of four digits may stand in what is stored: text, millionths, the two halves of a procedure."""
    return f'"{text}"', f":{text}000000", f'"{text[:2]}","previous_code":"{text[2:]}"'


@given(st.data())
def test_nothing_of_what_is_composed_is_lost(data: st.DataObject):
    """Money, licence, quota, box 33 and the rest, with any of their parts: each value is found again."""
    numbers = iter(range(1001, 9999))

    def some(scope: Scope) -> dict[str, str]:
        rows = data.draw(st.lists(st.sampled_from(scope.rows), max_size=30, unique_by=lambda row: row.path))
        return {row.path: str(next(numbers)) for row in rows if row.kind is Kind.PART}

    head, container, own = some(SAD), some(CONTAINER), some(ITEM)
    units = [some(SUPPLEMENTARY_UNIT) for _ in range(data.draw(st.integers(0, 3)))]
    taxes = [some(TAXATION_LINE) for _ in range(data.draw(st.integers(0, 3)))]
    inner = "".join(
        f"<Tarification><Supplementary_unit>{xml(unit)}</Supplementary_unit></Tarification>" for unit in units
    )
    inner += "".join(f"<Taxation><Taxation_line>{xml(one)}</Taxation_line></Taxation>" for one in taxes)
    body = f"<Container>{xml(container)}</Container><Item>{xml(own, inner)}</Item>"
    sad = read_sad(
        f"<ASYCUDA>{xml(head, body)}</ASYCUDA>".encode(), data.draw(st.sampled_from(["percent", None]))
    )
    assert sad.declaration is not None
    assert not errors(sad.findings)
    stored = write_json(sad.declaration).decode()
    for values in (head, container, own, *units, *taxes):
        for path, text in values.items():
            assert any(form in stored for form in forms_of(text)), (path, text)


def test_the_table_knows_no_tag_twice():
    for scope in TABLES.values():
        paths = [
            "/".join((*row.path.split("/")[:-1], name)).casefold()
            for row in scope.rows
            for name in (row.path.split("/")[-1], *row.aliases)
        ]
        assert len(set(paths)) == len(paths)


def test_every_field_that_the_table_names_is_one():
    for place, record in (("", Declaration), ("Item", GoodsItem)):
        for row in TABLES[place].rows:
            for into in {row.into, row.export_into or ""} - {""}:
                assert into.partition(".")[0] in record.__struct_fields__, row.path


SAMPLE = (
    b"<ASYCUDA><Property><Sad_flow>I</Sad_flow></Property><Item><Packages><Number_of_packages>2</Number_of_packages>"
    b"</Packages><Tarification><HScode><Commodity_code>22042100</Commodity_code></HScode><Item_price>1.5</Item_price>"
    b"</Tarification><Taxation><Taxation_line><Duty_tax_code>VAT</Duty_tax_code><Duty_tax_Base>10</Duty_tax_Base>"
    b"<Duty_tax_rate>15</Duty_tax_rate><Duty_tax_amount>1.5</Duty_tax_amount><Duty_tax_MP>1</Duty_tax_MP>"
    b"</Taxation_line></Taxation></Item></ASYCUDA>"
)


@given(st.integers(0, len(SAMPLE)), st.integers(0, 30), st.binary(max_size=8))
def test_no_change_of_a_document_breaks_the_reader(at: int, length: int, put: bytes):
    sad = read_sad(SAMPLE[:at] + put + SAMPLE[at + length :], "fraction")
    assert sad.declaration is not None or errors(sad.findings)
    if not sad.refused:
        assert sad.declaration is not None
        again, findings = examine(write_json(sad.declaration))
        assert again == sad.declaration
        assert not errors(findings)


@given(st.text(max_size=40), st.sampled_from([row for _, row in ROWS if row.into]))
def test_no_text_breaks_a_row(text: str, row: Row):
    body = xml(
        {row.path: escape("".join(each for each in text if each >= " " and each not in "\ufffe\uffff"))}
    )
    for document in (f"<ASYCUDA>{body}<Item/></ASYCUDA>", f"<ASYCUDA><Item>{body}</Item></ASYCUDA>"):
        sad = read_sad(document.encode("utf-8", "replace"), "percent")
        if not sad.refused:
            assert sad.declaration is not None
            again, findings = examine(write_json(sad.declaration))
            assert again == sad.declaration
            assert not errors(findings)


@given(st.integers(-(10**15), 10**15), st.integers(0, 6))
def test_doubles_and_plain_decimals_say_the_same(value: int, exponent: int):
    plain_text = decimal_text(value)
    sign, digits = ("-", plain_text[1:]) if value < 0 else ("", plain_text)
    whole, _, fraction = digits.partition(".")
    shifted = f"{sign}{whole}.{fraction or '0'}E0"
    amounts = []
    for text in (plain_text, shifted, f"{plain_text}{'' if '.' in plain_text else '.'}{'0' * exponent}"):
        body = f"<Item><Valuation_item><Total_CIF_itm>{text}</Total_CIF_itm></Valuation_item></Item>"
        sad = read_sad(f"<ASYCUDA>{body}</ASYCUDA>".encode())
        assert sad.declaration is not None
        amounts.append(sad.declaration.goods_items[0].customs_value)
    assert amounts == [Amount(millionths=value)] * 3
