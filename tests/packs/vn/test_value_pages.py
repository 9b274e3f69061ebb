"""What the pages on value and exemptions print is what the engine computes."""

import re
from datetime import date
from pathlib import Path

import pytest

from thongquan.packs.check import read_cases
from thongquan.packs.pack import assess, load
from thongquan.packs.vn.exchange import rate_day

VN = load("vn")
DOCS = Path(__file__).parents[3] / "docs"
LANGUAGES = ("vi", "en")


def rows(language):
    text = (DOCS / language / "vietnam-value.md").read_text("utf-8")
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_example_of_the_page_is_a_case_with_those_amounts(language):
    cases, unreadable = read_cases(VN.folder / "cases")
    assert unreadable == []
    taxes: list[str] = []
    shown = 0
    for cells in rows(language):
        if cells[-1].isupper():
            taxes = [cell for cell in cells[2:] if cell.isupper()]
        name = re.fullmatch(r"`([\w-]+)`", cells[0])
        if name is None:
            continue
        case = cases[f"{name[1]}.json"]
        assessed = assess(VN, case.declaration, date.fromisoformat(case.day), person=case.person)
        printed = [int(re.sub(r"\D", "", cell)) for cell in cells[2:]]
        assert printed == [assessed.payable_minor(tax) for tax in taxes], name[1]
        shown += 1
    assert shown == 21


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_day_of_the_page_takes_the_rate_that_it_says(language):
    days = [cells for cells in rows(language) if re.fullmatch(r"\d{4}-\d\d-\d\d", cells[0])]
    assert len(days) == 5
    for registered, taken, _ in days:
        day = date.fromisoformat(registered)
        calendar = VN.calendar(day)
        assert calendar is not None
        assert rate_day(day, calendar) == date.fromisoformat(taken)
