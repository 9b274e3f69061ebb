"""Vietnam's law of paying: the cases that a lawyer reads (cases/paying) come out of the engine to the đồng."""

import json
from datetime import date
from pathlib import Path

import pytest

from thongquan.engine.ledger.allocation import Allocation, Debt, allocate
from thongquan.packs import check
from thongquan.packs.dues import Bearer, Breach, DueCase, DueDay, Offender, ReliefKind, Sum, rank_of
from thongquan.packs.pack import load

VN = load("vn")
FOLDER = Path(VN.folder) / "cases" / "paying"


def cases(name: str) -> list:
    read = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return [pytest.param(case, id=case["title"]["en"]) for case in read]


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def codes(made) -> list[str]:
    return [finding.code for finding in made.findings]


def test_each_case_speaks_both_languages_and_shows_its_arithmetic():
    count = 0
    for file in sorted(FOLDER.glob("*.json")):
        for case in json.loads(file.read_text(encoding="utf-8")):
            assert case["title"]["vi"], file.name
            assert case["title"]["en"], file.name
            assert case["by_hand"], file.name
            count += 1
    assert count >= 40


@pytest.mark.parametrize("case", cases("due-days"))
def test_a_due_day_is_the_law_s(case):
    due = VN.due_day(
        registered=day(case["registered"]),
        released=day(case.get("released")),
        case=DueCase(case.get("case", "ORDINARY")),
        trader_class=case.get("trader_class", ""),
        decided=day(case.get("decided")),
    )
    assert (due.day, due.bears_from) == (day(case["due"]), day(case["bears_from"]))
    assert due.rule is not None


@pytest.mark.parametrize("case", cases("late-interest"))
def test_late_interest_is_the_law_s(case):
    run = VN.dues.interest(
        case["debt"],
        day(case["bears_from"]),
        day(case["paid"]),
        tuple((day(on), minor) for on, minor in case.get("payments", ())),
        Bearer(case.get("bearer", "TAX")),
    )
    assert (run.days, run.amount_minor, run.verified) == (
        case["days"],
        case["amount"],
        case["verified"] or not run.lines,
    )
    assert codes(run) == case.get("findings", [])
    assert len(run.lines) == case.get("lines", len(run.lines))


@pytest.mark.parametrize("case", cases("settlement"))
def test_a_payment_settles_in_the_order_of_its_day(case):
    debts = [Debt(name, rank, "NK", day(due), minor) for name, rank, due, minor in case["debts"]]
    done = allocate(case["paid"], debts, VN.dues.order(day(case["on"])).steps)
    assert isinstance(done, Allocation)
    assert [list(pair) for pair in done.settled.items()] == case["settled"]
    assert done.left_minor == case["left"]
    assert sum(done.settled.values()) + done.left_minor == case["paid"]


@pytest.mark.parametrize("case", cases("penalties"))
def test_a_fine_is_the_law_s(case):
    breach = Breach(
        offender=Offender(case["offender"]),
        under_declared_minor=case.get("under_declared"),
        declarations=case.get("declarations", 1),
    )
    made = VN.dues.penalty(case["behaviour"], breach, day(case["on"]))
    assert [[one.least_minor, one.most_minor] for one in made.ranges] == case["ranges"]
    assert codes(made) == case.get("findings", [])
    assert made.verified == case.get("verified", False)
    if "act" in case:
        assert made.findings[0].says["act"] == case["act"]


@pytest.mark.parametrize("case", cases("instalments"))
def test_instalments_are_the_law_s(case):
    plan = VN.dues.plan(
        case["debt"],
        case["count"],
        day(case["first_payment"]),
        day(case["bears_from"]),
        guaranteed=case["guaranteed"],
        on=day(case["on"]),
    )
    assert codes(plan) == case.get("findings", [])
    shown = [
        [part.due_day.isoformat(), part.principal_minor, part.interest.amount_minor] for part in plan.parts
    ]
    assert shown[: len(case["parts"])] == case["parts"]
    if plan.parts:
        assert plan.parts[-1].due_day == day(case["last_day"])
        assert sum(part.principal_minor for part in plan.parts) == case["debt"]
        assert len(plan.parts) == case["count"]


def test_the_published_examples_of_late_interest_come_out(shared_data):
    other = json.loads((shared_data / "vn/worked_examples.json").read_text(encoding="utf-8"))["other"]
    results = {row["case"].split(":")[0]: row["result"] for row in other if "interest" in row["case"]}
    assert len(results) == 1 or sorted(results.values()) == [4_050_000, 6_750_000]
    wanted = sorted(row["result"] for row in other if "late" in row["case"])
    # 45 days on 500,000,000; and 27: released on day 3 after registration on 2 March, paid on day 30
    late = VN.dues.interest(500_000_000, date(2020, 3, 3), date(2020, 4, 17))
    due = VN.due_day(registered=date(2020, 3, 2), released=date(2020, 3, 5), case=DueCase.GUARANTEED)
    guaranteed = VN.dues.interest(500_000_000, due.bears_from, date(2020, 4, 1))
    assert due.day == date(2020, 4, 1)
    assert [guaranteed.amount_minor, late.amount_minor] == wanted


def test_a_debt_is_enforced_after_more_than_ninety_days():
    due = VN.due_day(registered=date(2020, 3, 2), released=date(2020, 3, 2))
    # 2 March + 90 = 31 May: overdue 90 days; on 1 June it is more than 90
    assert due.enforced_from == date(2020, 6, 1)
    days = (date(2020, 3, 2), date(2020, 3, 3), date(2020, 5, 31), date(2020, 6, 1))
    assert [rank_of(Sum.TAX, due, on) for on in days] == [
        "CURRENT_TAX", "OVERDUE_TAX", "OVERDUE_TAX", "ENFORCED_TAX",
    ]  # fmt: skip
    assert rank_of(Sum.INTEREST, DueDay(DueCase.ORDINARY), date(2020, 6, 1)) == "CURRENT_INTEREST"


def test_payment_is_put_off_for_a_cause_that_the_law_knows():
    assert VN.dues.extended(date(2020, 3, 31), "DISASTER", date(2020, 3, 1)) == date(2022, 3, 31)
    assert VN.dues.extended(date(2020, 8, 31), "RELOCATION", date(2020, 8, 1)) == date(2021, 8, 31)
    assert VN.dues.relief(ReliefKind.EXTENSION, "DISASTER", date(2020, 6, 30)).law.act == "78/2006/QH11"
    assert VN.dues.relief(ReliefKind.EXTENSION, "DISASTER", date(2020, 7, 1)).law.act == "38/2019/QH14"
    refused = VN.dues.extended(date(2020, 8, 31), "HOLIDAY", date(2020, 8, 1))
    assert refused.code == "RELIEF_NOT_GIVEN"


def test_a_band_by_days_of_lateness_is_chosen_where_the_table_has_them():
    from dataclasses import replace

    rows = [row for row in VN.dues.penalties if row.behaviour == "LATE_FILING" and row.band in (1, 2)]
    bands = {1: (1, 30), 2: (31, None)}
    dues = replace(VN.dues, penalties=tuple(replace(row, days_late=bands[row.band]) for row in rows))
    for late, least in ((30, 500_000), (31, 1_000_000)):
        made = dues.penalty(
            "LATE_FILING", Breach(offender=Offender.ORGANISATION, days_late=late), date(2020, 12, 10)
        )
        assert [one.least_minor for one in made.ranges] == [least]
        assert made.findings == ()


def test_the_term_of_a_guarantee_is_one_and_the_same_in_both_tables():
    assert VN.deadline("guarantee", date(2020, 6, 1)).amount == 30
    assert VN.dues.due_rule(DueCase.GUARANTEED, date(2020, 6, 1)).number == 30


def test_the_tables_are_sound():
    tables = ("due_days", "late_interest", "settlement_order", "payment_reliefs", "penalties", "deadlines")
    assert [f for f in check.check(VN).findings if f.at.startswith(tables)] == []


def test_a_country_without_the_tables_gives_no_answer():
    britain = load("gb")
    due = britain.due_day(registered=date(2026, 3, 2))
    assert (due.day, codes(due)) == (None, ["DUE_DAY_NOT_GIVEN"])
    run = britain.dues.interest(1_000, date(2026, 3, 2), date(2026, 3, 4))
    assert (run.amount_minor, codes(run)) == (None, ["INTEREST_RATE_NOT_GIVEN"])
    assert britain.dues.order(date(2026, 3, 2)).steps == ()
