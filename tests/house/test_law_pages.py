"""The pages that explain the taxes: every figure in their examples is what the engine makes of the command above it."""

import re
import shlex
from datetime import date
from pathlib import Path

import pytest

from thongquan.packs.inquiry import EXPORT, IMPORT, Question, inquire
from thongquan.packs.pack import load

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.glob("*/law/*.md"))
EXAMPLE = re.compile(r"```sh\n(thongquan tariff show [^\n]+)\n```\n\n((?:\|[^\n]*\n)+)")
TAXES = {"NK", "CBPG", "CTC", "TV", "TTDB", "BVMT", "GTGT", "XK", "LP"}


def options(command: str) -> dict[str, str]:
    words = shlex.split(command)[3:]
    found = {"code": words.pop(0)}
    while words:
        name = words.pop(0).removeprefix("--")
        found[name] = "yes" if name == "export" else words.pop(0)
    return found


def asked(command: str) -> Question:
    says = options(command)
    count, _, unit = says.get("quantity", "").partition("/")
    return Question(
        says["code"],
        date.fromisoformat(says["on"]),
        EXPORT if "export" in says else IMPORT,
        says.get("origin", ""),
        says.get("form", ""),
        int(says["value"]),
        int(count) * 10**6 if count else None,
        unit,
        (says["additional-code"],) if "additional-code" in says else (),
    )


def grouped(minor: int, language: str) -> str:
    shown = f"{minor:,}"
    return shown.replace(",", ".") if language == "vi" else shown


def table(command: str, language: str) -> list[list[str]]:
    """The rows that stand in the page: tax, base, payable, and their sum."""
    answer = inquire(load("vn"), asked(command))
    rows = [
        [amount.tax, grouped(amount.base_minor or 0, language), grouped(amount.payable_minor, language)]
        for amount in answer.assessment.lines[0].amounts
    ]
    total = sum(amount.payable_minor for amount in answer.assessment.lines[0].amounts)
    return [
        *rows,
        ["**" + {"vi": "Cộng", "en": "Total"}[language] + "**", "", f"**{grouped(total, language)}**"],
    ]


def printed(text: str) -> list[list[str]]:
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.strip().splitlines()[2:]]
    return [cells[:3] for cells in lines]


@pytest.mark.parametrize("page", PAGES)
def test_the_figures_of_a_law_page_are_what_the_engine_computes(page):
    text = (DOCS / page).read_text(encoding="utf-8")
    examples = EXAMPLE.findall(text)
    assert examples, f"{page} has no example"
    for command, shown in examples:
        assert printed(shown) == table(command, page[:2]), (page, command)


def test_every_tax_of_the_country_has_its_page_in_both_languages():
    for language in ("vi", "en"):
        told = "".join(
            (DOCS / page).read_text(encoding="utf-8") for page in PAGES if page.startswith(language)
        )
        assert set(re.findall(r"\((NK|CBPG|CTC|TV|TTDB|BVMT|GTGT|XK|LP)\)", told)) == TAXES
    assert [page[3:] for page in PAGES if page.startswith("vi")] == [
        page[3:] for page in PAGES if page.startswith("en")
    ]
