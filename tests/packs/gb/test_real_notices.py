"""Every published declaration of which a tax notice is known, taxed by us and held against the notice.

Nothing is tuned: a difference stands in `notice_differences.csv` with its reason, and only what stands there
may differ.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from thongquan.engine.declaration import Declaration
from thongquan.engine.findings import errors
from thongquan.engine.formats.amending import Amended, amend
from thongquan.engine.formats.responses import Response, ResponseKind, read_res
from thongquan.engine.formats.wco import Kind, read_dec
from thongquan.packs.notices import (
    NoticeRow,
    Outcome,
    Tally,
    compare,
    explanations,
    notice_of,
    replayed_on,
    tally,
)
from thongquan.packs.pack import assess, load, run_checks

GB = load("gb")


@dataclass
class Scenario:
    """One folder: its original (the first with goods), the amendments in the order of their names, the responses."""

    name: str
    originals: list[Declaration] = field(default_factory=list)
    amendments: list[Declaration] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)

    def versions(self) -> Iterator[tuple[int, Declaration]]:
        """Each version of the declaration that the messages make, from 1."""
        current = next(one for one in self.originals if one.goods_items)
        yield 1, current
        for number, message in enumerate(self.amendments, start=2):
            amended = amend(current, message)
            assert isinstance(amended, Amended), (self.name, amended)
            current = amended.declaration
            yield number, current


@pytest.fixture(scope="module")
def scenarios(shared_data: Path) -> list[Scenario]:
    found = []
    for folder in sorted((shared_data / "hmrc_cds/samples").iterdir()):
        scenario = Scenario(folder.name)
        for file in sorted(folder.rglob("*")):
            if file.suffix.lower() != ".xml":
                continue
            data = file.read_bytes()
            response = read_res(data)
            if response.kind is not None:
                scenario.responses.append(response)
                continue
            message = read_dec(data)
            if message.declaration is not None and message.kind is Kind.ORIGINAL:
                scenario.originals.append(message.declaration)
            elif message.declaration is not None and message.kind is Kind.AMENDMENT:
                scenario.amendments.append(message.declaration)
        found.append(scenario)
    return found


@pytest.fixture(scope="module")
def compared(scenarios: list[Scenario]) -> dict[tuple[str, int], tuple[NoticeRow, ...]]:
    """Scenario and version → the comparison, wherever both a declaration and a notice of it are there."""
    found: dict[tuple[str, int], tuple[NoticeRow, ...]] = {}
    for scenario in scenarios:
        first = notice_of(scenario.responses)
        if first is None or not any(one.goods_items for one in scenario.originals):
            continue
        day: date | None = None
        for version, declaration in scenario.versions():
            notice = notice_of(scenario.responses, version)
            day = day or replayed_on(GB, declaration, first)
            if notice is not None:
                assert day is not None
                found[scenario.name, version] = compare(
                    GB, declaration, assess(GB, declaration, day), notice, day
                )
    return found


def test_the_figures_are_those_that_the_documentation_states(
    compared: dict[tuple[str, int], tuple[NoticeRow, ...]],
):
    originals = {name: rows for (name, version), rows in compared.items() if version == 1}
    assert tally(originals) == Tally(
        declarations=53,
        declarations_equal=49,
        declarations_base_equal=50,
        rows=151,
        rows_equal=142,
        rows_with_base=122,
        rows_base_equal=119,
        rows_from_notice=99,
    )
    amended = {f"{name} {version}": rows for (name, version), rows in compared.items() if version > 1}
    assert tally(amended) == Tally(
        declarations=6,
        declarations_equal=5,
        declarations_base_equal=6,
        rows=14,
        rows_equal=12,
        rows_with_base=12,
        rows_base_equal=12,
        rows_from_notice=7,
    )


def test_every_difference_is_explained_and_every_explanation_is_needed(
    compared: dict[tuple[str, int], tuple[NoticeRow, ...]],
):
    differing = {
        (name, version, row.item, row.tax): row.outcome
        for (name, version), rows in compared.items()
        for row in rows
        if row.outcome is not Outcome.EQUAL
    }
    assert differing == {key: explained.outcome for key, explained in explanations(GB).items()}


def test_every_explanation_is_in_both_languages():
    assert all(set(explained.names) == {"vi", "en"} for explained in explanations(GB).values())


def test_what_is_payable_now_is_what_the_notice_asks_for(
    compared: dict[tuple[str, int], tuple[NoticeRow, ...]],
):
    differing = [
        (name, row.item, row.tax, row.ours_payable_minor, row.notice_payable_minor)
        for (name, _), rows in compared.items()
        for row in rows
        if row.outcome in (Outcome.EQUAL, Outcome.BASE_DIFFERS)
        and (row.ours_payable_minor or 0) != (row.notice_payable_minor or 0)
    ]
    assert differing == []


def test_notices_without_a_comparison_are_the_three_that_cannot_have_one(
    scenarios: list[Scenario], compared: dict[tuple[str, int], tuple[NoticeRow, ...]]
):
    taxed = {one.name for one in scenarios if any(r.kind is ResponseKind.TAX for r in one.responses)}
    assert len(taxed) == 56
    # a notice without a declaration, and a declaration that is not readable
    assert taxed - {name for name, _ in compared} == {"Example_DMS_notifications", "TT_IM222a"}
    # a notice that levies nothing, on a clearance request
    assert [name for (name, _), rows in compared.items() if not rows] == ["TT_IM183a"]


def test_the_checks_refuse_no_published_declaration(scenarios: list[Scenario]):
    refused = {
        scenario.name: errors(run_checks(GB, declaration, date(2026, 6, 1)))
        for scenario in scenarios
        for declaration in scenario.originals
    }
    assert {name: found for name, found in refused.items() if found} == {}


def test_a_declaration_without_a_known_rate_is_never_taxed_at_nothing(scenarios: list[Scenario]):
    day = date(2026, 6, 1)
    open_ = known = untaxed = 0
    for scenario in scenarios:
        for declaration in scenario.originals:
            assessment = assess(GB, declaration, day)
            amounts = [amount for line in assessment.lines for amount in line.amounts]
            if assessment.pending:
                open_ += 1
                assert assessment.total_minor() is None
                assert errors(assessment.findings)
            elif amounts:
                known += 1
            else:
                untaxed += 1
            # no amount of nothing without a rate of nothing behind it
            for amount in amounts:
                if amount.assessed_minor == 0:
                    assert amount.charge is not None
    print(f"{open_} stay open, {known} are taxed, {untaxed} owe nothing by their kind or procedure")
    assert open_ + known + untaxed == 210
