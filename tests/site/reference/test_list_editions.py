"""Editions of code lists: published once, for their own days, and used by every act."""

from __future__ import annotations

from datetime import date

import pytest

from thongquan.engine.codes import Code, CodeListEdition
from thongquan.engine.dated import Period
from thongquan.engine.findings import LegalRef
from thongquan.packs import pack as packs
from thongquan.site.reference.acts import publish_list
from thongquan.site.reference.reads import editions_of, equipped, list_editions_of

pytestmark = pytest.mark.django_db

YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))


def edition(value: str = "P-1", period: Period = YEAR, name: str = "documents") -> CodeListEdition:
    row = Code(value, period, LegalRef("1/2026/X"), {"vi": "Giấy", "en": "Paper"}, {"kind": "permit"})
    return CodeListEdition(name, "1/2026/X", period, (row,))


def test_a_published_list_takes_the_place_of_the_packs_own_on_its_days():
    sample = packs.load("sample")
    assert publish_list(edition(), country="sample") == ()
    made = equipped(sample).code_lists["documents"]
    assert sorted(made.as_of(date(2026, 1, 1))) == ["P-1"]
    assert sorted(made.as_of(date(2026, 12, 31))) == ["P-1"]
    own = sorted(sample.code_lists["documents"].as_of(date(2025, 12, 31)))
    assert sorted(made.as_of(date(2025, 12, 31))) == own
    assert sorted(made.as_of(date(2027, 1, 1))) == own
    assert equipped(sample).tariff.hash == sample.tariff.hash
    assert editions_of("sample") == []
    assert [one.hash for one in list_editions_of("sample")] == [edition().hash]


def test_the_same_list_again_is_only_noted():
    publish_list(edition(), country="sample")
    assert [finding.code for finding in publish_list(edition(), country="sample")] == ["EDITION_KNOWN"]
    assert len(list_editions_of("sample")) == 1


def test_another_that_speaks_of_the_same_days_is_refused():
    publish_list(edition(), country="sample")
    other = edition("P-2", Period(date(2026, 12, 31)))
    assert [finding.code for finding in publish_list(other, country="sample")] == ["EDITION_OVERLAPS"]
    later = edition("P-2", Period(date(2027, 1, 1)))
    assert publish_list(later, country="sample") == ()
    assert publish_list(edition(name="packages"), country="sample") == ()


def test_a_list_of_nothing_is_refused():
    nothing = CodeListEdition("documents", "1/2026/X", YEAR, ())
    assert [finding.code for finding in publish_list(nothing, country="sample")] == ["LIST_EMPTY"]
    assert list_editions_of("sample") == []
