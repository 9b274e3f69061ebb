"""Whatever is declared: JSON gives it back whole, tables what they carry, and the checks answer alike."""

import csv
import io
from datetime import UTC, date, datetime, timedelta, timezone
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st

from thongquan.engine.checks import Context, run
from thongquan.engine.declaration import Declaration, Record
from thongquan.engine.findings import errors
from thongquan.engine.formats import columns
from thongquan.engine.formats.columns import Kind, Slot
from thongquan.engine.formats.json_lines import (
    examine,
    is_identifier,
    may_be_day,
    read_json,
    read_ndjson,
    write_json,
)
from thongquan.engine.formats.reading import read_file
from thongquan.engine.formats.tables import examine_csv, examine_xlsx, write_csv, write_xlsx
from thongquan.engine.money import decimal_text

# What people type in identifiers and in running text. Formulas, quotes, delimiters and Vietnamese are among them.
IDENTIFIERS = st.text("ABCxyz019-./=+@'\",; ", min_size=1, max_size=12)
TEXTS = st.text("ABCxyz019-./=+@'\",;:&<>_ \n\tàếữđĐơƯ%#", min_size=1, max_size=30)
WHOLE = st.integers(-(10**29), 10**29)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=7)), timezone(-timedelta(hours=3, minutes=30))])
INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=ZONES)
DAYS = st.dates(date(1970, 1, 1), date(2100, 1, 1)).map(lambda day: datetime(day.year, day.month, day.day))


def values(kind: Any, at: str) -> st.SearchStrategy[Any]:
    """Any value of a declared type; at: the field's name, below "invoice." for that one's."""
    if get_origin(kind) is tuple:
        inner, *rest = get_args(kind)
        if rest != [Ellipsis]:
            return st.tuples(TEXTS, TEXTS)
        return st.lists(values(inner, at), max_size=2).map(tuple)
    choices = [choice for choice in get_args(kind) if choice is not NoneType]
    if choices:
        return values(choices[0], at)
    if kind is str:
        return IDENTIFIERS if is_identifier(at.rpartition(".")[2]) else TEXTS
    if kind is int:
        return WHOLE
    if kind is datetime:
        return INSTANTS | DAYS if may_be_day(at) else INSTANTS
    return records(kind)


_MADE: dict[type[Record], st.SearchStrategy[Any]] = {}


def records(record: type[Record]) -> st.SearchStrategy[Any]:
    """Any record of a type, most of its fields left out."""
    if record not in _MADE:
        hints = get_type_hints(record)
        required = {name for name in ("millionths", "path") if name in hints}
        above = f"{record.__name__.lower()}."

        def build() -> st.SearchStrategy[Any]:
            fields = {
                name: values(kind, above + name if above == "invoice." else name)
                for name, kind in hints.items()
            }
            needed = {name: fields.pop(name) for name in required}
            some = (
                st.lists(st.sampled_from(sorted(fields)), max_size=6, unique=True) if fields else st.just([])
            )
            return some.flatmap(
                lambda names: st.fixed_dictionaries(needed | {name: fields[name] for name in names})
            ).map(lambda given: record(**given))

        _MADE[record] = st.deferred(build)
    return _MADE[record]


DECLARATIONS = records(Declaration)


@given(DECLARATIONS)
def test_json_gives_back_what_was_written(declaration: Declaration):
    data = write_json(declaration)
    read, findings = examine(data)
    assert not errors(findings)
    assert read == declaration
    assert write_json(read) == data


@given(st.lists(DECLARATIONS, max_size=4))
def test_lines_give_back_what_was_written(declarations: list[Declaration]):
    stream = io.BytesIO(b"".join(write_json(declaration) + b"\n" for declaration in declarations))
    assert [read for _, read in read_ndjson(stream)] == declarations


WRITERS: tuple[tuple[Any, Any], ...] = (
    (write_csv, examine_csv),
    (write_xlsx, lambda out: examine_xlsx(out.getvalue())),
)


@given(DECLARATIONS, IDENTIFIERS, st.sampled_from(["name", "vi", "en"]))
def test_tables_give_back_what_they_do_not_say_is_left_out(
    declaration: Declaration, reference: str, headings: Any
):
    declaration = msgspec.structs.replace(declaration, functional_reference_id=reference)
    for write, examined in WRITERS:
        out = io.BytesIO()
        left_out = write((declaration,), out, headings=headings)
        if any(finding.at == "functional_reference_id" for finding in left_out):
            continue
        (reading,) = examined(out)
        assert not errors(reading.findings), reading.findings
        assert left_out or reading.declaration == declaration


CELLS = {
    Kind.TEXT: IDENTIFIERS.map(str.strip).filter(bool),
    Kind.TEXTS: st.lists(st.sampled_from(["1203", "1863"]), min_size=1, max_size=3).map(" ".join),
    Kind.FIGURE: WHOLE.map(decimal_text),
    Kind.COUNT: st.integers(-(10**20), 10**20).map(str),
    Kind.INSTANT: INSTANTS.map(datetime.isoformat),
    Kind.DAY: DAYS.map(lambda day: day.date().isoformat()) | INSTANTS.map(datetime.isoformat),
}
PLAIN = {column.at: column for column in columns.columns() if column.kind is not Kind.SHORT}


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """A table as somebody may write it: any columns, one declaration of a few rows."""
    drawn = draw(st.lists(st.sampled_from(list(PLAIN.values())), min_size=1, max_size=12, unique=True))
    figures = [PLAIN.get(f"{column.at.rpartition('.')[0]}.millionths") for column in drawn]
    chosen = list(dict.fromkeys([*drawn, *(column for column in figures if column is not None)]))
    place = draw(st.tuples(st.integers(1, 3), st.integers(1, 2)))
    slots = {Slot(column, place[: column.name.count("{")]).path: column for column in chosen}
    named = {columns.slot_at(column.of_line, path): column for path, column in slots.items()}
    named.pop(columns.slot_of("functional_reference_id"), None)
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["functional_reference_id", *(slot.name for slot in named if slot is not None)])
    first = {column: draw(CELLS[column.kind]) for column in chosen if not column.of_line}
    for _ in range(draw(st.integers(1, 3))):
        cells = (
            first[column] if column in first else draw(st.just("") | CELLS[column.kind])
            for column in named.values()
        )
        rows.writerow(["A", *cells])
    return out.getvalue().encode()


@given(tables())
def test_what_a_table_says_it_says_again(data: bytes):
    for examined in examine_csv(io.BytesIO(data)):
        assume(examined.declaration is not None)  # a unit without its figure, a row without a line
        for write, again in WRITERS:
            out = io.BytesIO()
            assert write((examined.declaration,), out) == ()
            assert [reading.declaration for reading in again(out)] == [examined.declaration]


@given(st.binary(max_size=300))
def test_no_bytes_break_a_reader(data: bytes):
    for prefix in (b"", b"{", b"<", b"functional_reference_id,gross_mass\n", b"PK\x03\x04"):
        for reading in read_file("x", prefix + data):
            assert reading.declaration is None or not errors(reading.findings)


@given(st.text(max_size=60))
def test_no_cell_breaks_a_reader(text: str):
    quoted = '"' + text.replace('"', '""') + '"'
    for column in ("gross_mass", "sequence_numeric", "acceptance_time", "commodity_code", "procedure_code"):
        data = f"functional_reference_id,{column}\nA,{quoted}\n".encode("utf-8", "surrogatepass")
        for examined in examine_csv(io.BytesIO(data)):
            assert examined.declaration is not None or examined.findings


@given(DECLARATIONS, st.sampled_from(["import", "export", ""]), st.booleans())
def test_checks_answer_alike_and_never_fail(declaration: Declaration, flow: str, simplified: bool):
    context = Context(on=date(2020, 6, 15), flow=flow, simplified=simplified)
    again = read_json(write_json(declaration))
    assert isinstance(again, Declaration)
    assert run(declaration, context) == run(again, context)
