"""The lake: editions that never change, months written only when they did, and rows that are proven facts."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import polars as pl
import pytest

from thongquan.analytics.facts import BadFacts, proven, schema
from thongquan.analytics.lake import Change, Lake, NoFacts, heads_digest
from thongquan.engine.dated import Period
from thongquan.engine.indicators.facts import DECLARATIONS, ENTRIES, LATEST_INSTANT

from .conftest import EXPORTED_AT, changes, filled

YEAR = Period(date(2020, 1, 1), date(2020, 12, 31))


def entry(name, day, amount=1):
    return {"entry": name, "posted_day": day, "amount_minor": amount}


def frame(*rows):
    return pl.DataFrame([filled("entries", row) for row in rows], schema=schema(ENTRIES))


def test_only_the_months_given_are_written_and_the_others_stay(tmp_path):
    lake = Lake(tmp_path)
    rows = changes({"entries": [entry("1", date(2020, 1, 5)), entry("2", date(2020, 2, 5))]})
    first = lake.publish(EXPORTED_AT, rows, {"entries": YEAR})
    second = lake.publish(
        EXPORTED_AT + timedelta(days=1), {"entries": {"2020-02": frame(entry("2", date(2020, 2, 5), 9))}}, {}
    )
    january = first.manifest.tables["entries"].parts["2020-01"]
    assert second.manifest.tables["entries"].parts["2020-01"] == january
    assert (
        second.manifest.tables["entries"].parts["2020-02"].sha256
        != first.manifest.tables["entries"].parts["2020-02"].sha256
    )
    assert january.file.startswith("entries/month=2020-01/part-")
    assert lake.editions() == [1, 2]
    assert first.verify() == second.verify() == []


def test_an_old_edition_is_read_until_it_is_tidied_away(tmp_path):
    lake = Lake(tmp_path)
    lake.publish(
        EXPORTED_AT, {"entries": {"2020-01": frame(entry("1", date(2020, 1, 5)))}}, {"entries": YEAR}
    )
    lake.publish(EXPORTED_AT, {"entries": {"2020-01": frame(entry("1", date(2020, 1, 5), 2))}}, {})
    lake.publish(EXPORTED_AT, {"entries": {"2020-01": frame(entry("1", date(2020, 1, 5), 3))}}, {})
    gone = lake.tidy(keep=[1])
    assert [name for name in gone if name.startswith("editions")] == ["editions/000002.json"]
    assert len(gone) == 2
    assert lake.edition(1).verify() == lake.edition().verify() == []
    with pytest.raises(NoFacts):
        lake.edition(2)


def test_a_file_that_was_touched_is_named(tmp_path):
    edition = Lake(tmp_path).publish(
        EXPORTED_AT, {"entries": {"2020-01": frame(entry("1", date(2020, 1, 5)))}}, {"entries": YEAR}
    )
    (file,) = edition.files("entries")
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    assert edition.verify() == [file.relative_to(tmp_path).as_posix()]


def test_a_month_that_lost_its_rows_is_covered_and_empty(tmp_path):
    lake = Lake(tmp_path)
    lake.publish(
        EXPORTED_AT, {"entries": {"2020-01": frame(entry("1", date(2020, 1, 5)))}}, {"entries": YEAR}
    )
    edition = lake.publish(EXPORTED_AT, {"entries": {"2020-01": frame()}}, {})
    assert edition.files("entries") == []
    assert edition.covers("entries", YEAR)
    assert not edition.covers("lines", YEAR)
    assert not edition.covers("entries", Period(date(2020, 1, 1)))


@pytest.mark.parametrize(
    ("month", "day", "covers", "said"),
    [
        ("2020-02", date(2020, 1, 5), YEAR, "holds rows of"),
        ("2020-1", date(2020, 1, 5), YEAR, "has no month"),
        ("", date(2020, 1, 5), YEAR, "has no month"),
        ("2020-01", date(2020, 1, 5), None, "say which days"),
        ("2020-01", date(2020, 1, 5), Period(date(2020, 2, 1), date(2020, 2, 29)), "holds other months"),
    ],
)
def test_rows_out_of_their_place_are_refused_and_no_edition_is_made(tmp_path, month, day, covers, said):
    lake = Lake(tmp_path)
    with pytest.raises(ValueError, match=said):
        lake.publish(
            EXPORTED_AT, {"entries": {month: frame(entry("1", day))}}, {"entries": covers} if covers else {}
        )
    assert lake.editions() == []


def test_an_export_without_a_zone_is_refused(tmp_path):
    with pytest.raises(ValueError, match="zone"):
        Lake(tmp_path).publish(datetime(2020, 7, 1), {}, {})


def test_heads_say_whether_a_month_changed_whatever_their_order(tmp_path):
    pairs = [("1", "a"), ("2", "b")]
    assert heads_digest(pairs) == heads_digest(reversed(pairs))
    assert heads_digest(pairs) != heads_digest([("1", "a"), ("2", "c")])
    assert heads_digest([("1", "2 3")]) != heads_digest([("1 2", "3")])
    rows = Change(frame(entry("1", date(2020, 1, 5))), heads_digest(pairs))
    edition = Lake(tmp_path).publish(EXPORTED_AT, {"entries": {"2020-01": rows}}, {"entries": YEAR})
    assert edition.manifest.tables["entries"].parts["2020-01"].heads == heads_digest(pairs)


def declaration(**said):
    return pl.DataFrame([filled("declarations", {"number": "1", **said})], schema=schema(DECLARATIONS))


@pytest.mark.parametrize(
    ("rows", "code", "at"),
    [
        (declaration().drop("head"), "FACT_COLUMN_ABSENT", "declarations.head"),
        (declaration().cast({"lines": pl.Int32}), "FACT_COLUMN_TYPE", "declarations.lines"),
        (declaration().with_columns(office=pl.lit(None, pl.String)), "FACT_MISSING", "declarations.office"),
        (declaration(lines=-1), "FACT_OUT_OF_BOUNDS", "declarations.lines"),
        (declaration(cleared_at=LATEST_INSTANT + 1), "FACT_OUT_OF_BOUNDS", "declarations.cleared_at"),
        (pl.concat([declaration(), declaration()]), "FACT_REPEATED", "declarations"),
    ],
)
def test_rows_that_are_no_facts_are_named(rows, code, at):
    with pytest.raises(BadFacts) as caught:
        proven(DECLARATIONS, rows)
    assert [(found.code, found.at) for found in caught.value.findings] == [(code, at)]
