"""Missing is not zero, frozen is frozen, and what changed between two editions is named row by row."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest

from thongquan.analytics.frozen import Altered, differences, thaw
from thongquan.analytics.lake import Lake
from thongquan.analytics.measure import Measure, NotMeasurable, changed_rows
from thongquan.engine.dated import Period
from thongquan.engine.indicators.catalogue import Netted, RevenueRule, Terms, catalogue
from thongquan.engine.indicators.identities import check, check_parts
from thongquan.engine.indicators.periods import span

from .conftest import EXPORTED_AT, changes
from .test_backends import adversarial

H1 = span("2020-H1").days
CATALOGUE = catalogue()


def receipt(entry, amount, **more):
    return {
        "entry": entry,
        "account": "TREASURY",
        "budget_or_deposit": "BUDGET",
        "department": "20",
        "office": "20BB",
        "posted_day": date(2020, 6, 30),
        "amount_minor": amount,
        **more,
    }


def test_what_counts_as_revenue_is_data(publish):
    rows = [
        receipt("1", 1_000, tax="NK"),
        receipt("2", 500, tax="VAT", method="ELECTRONIC"),
        receipt("3", -100, tax="NK"),  # a refund of duty
        receipt("4", -50, tax="VAT"),  # a refund of VAT, which another fund bears
        receipt("5", -500, tax="VAT", method="ELECTRONIC", reverses="J2"),  # the second receipt was an error
        receipt("6", 900, budget_or_deposit="DEPOSIT"),
        receipt("7", 70, posted_day=date(2020, 7, 1)),
        receipt("8", -1_000, account="REVENUE", budget_or_deposit=""),
    ]
    edition = publish({"entries": rows})

    def revenue(rule):
        return Measure(edition, catalogue(Terms(rule))).value("REV", H1).amount

    assert revenue(RevenueRule()) == 1_000
    assert revenue(RevenueRule(Netted.ALL)) == 1_000 - 100 - 50
    assert revenue(RevenueRule(Netted.LISTED, refunded_taxes=("NK",))) == 900
    assert revenue(RevenueRule(taxes=("VAT",))) == 0
    figures = Measure(edition, CATALOGUE).values(["REV_GROSS", "REV_REFUNDED", "REV_NET", "EPAY"], H1)
    assert {code: found[0].amount for code, found in figures.items()} == {
        "REV_GROSS": 1_000,
        "REV_REFUNDED": 150,
        "REV_NET": 850,
        "EPAY": 0,
    }


def test_a_period_that_the_lake_does_not_cover_is_missing_and_not_zero(publish):
    edition = publish({"entries": [receipt("1", 5)]}, covers=H1)
    measure = Measure(edition, CATALOGUE)
    before = measure.same_period_before("REV", H1)
    assert (before.amount, before.missing, before.why_missing) == (None, True, "NOT_COVERED")
    assert measure.value("DECL", H1).why_missing == "NO_RECORDS"
    assert measure.value("REV", Period(date(2020, 6, 1), date(2020, 7, 1))).why_missing == "NOT_COVERED"
    assert [figure.amount for _, figure in measure.trend("REV", ["2020-05", "2020-06", "2020-07"])] == [
        0,
        5,
        None,
    ]


def test_kept_and_lost_need_the_same_period_before_and_activity_does_not(publish):
    row = {
        "number": "1",
        "trader": "1",
        "registered_at": 1,
        "legal_day": date(2020, 3, 1),
        "office": "A",
        "department": "20",
    }
    measure = Measure(publish({"declarations": [row]}, covers=H1), CATALOGUE)
    assert measure.value("ENT_ACT", H1).amount == 1
    assert measure.value("ENT_KEPT", H1).why_missing == "NOT_COVERED"


def test_debt_is_overdue_from_the_day_after_its_due_day(publish):
    def movement(name, kind, amount, due, day):
        return {
            "movement": name,
            "movement_kind": kind,
            "amount_minor": amount,
            "due_day": due,
            "day": day,
            "department": "20",
        }

    rows = [
        movement("1", "CHARGED", 100, date(2019, 12, 30), date(2019, 12, 1)),
        movement("2", "COLLECTED", -40, date(2019, 12, 30), date(2020, 2, 1)),
        movement("3", "WRITTEN_OFF", -10, date(2019, 12, 30), date(2020, 3, 1)),
        movement("4", "CHARGED", 7, date(2020, 6, 30), date(2020, 6, 1)),
        movement("5", "CHARGED", 9, date(2020, 6, 29), date(2020, 6, 1)),
    ]
    measure = Measure(publish({"debts": rows}), CATALOGUE)
    codes = [
        "DEBT",
        "DEBT_REC",
        "DEBT_OPEN",
        "DEBT_CHARGED",
        "DEBT_COLLECTED",
        "DEBT_WRITTEN_OFF",
        "DEBT_CLOSE",
    ]
    found = {code: figures[0].amount for code, figures in measure.values(codes, H1).items()}
    # Overdue on 30 June: 100 − 40 − 10 + 9; the 7 may still be paid that day. Of 100 overdue at the start 40 came in.
    assert found == {
        "DEBT": 59,
        "DEBT_REC": Fraction(40, 100),
        "DEBT_OPEN": 100,
        "DEBT_CHARGED": 16,
        "DEBT_COLLECTED": 40,
        "DEBT_WRITTEN_OFF": 10,
        "DEBT_CLOSE": 66,
    }
    assert check(found) == ()


def test_the_identities_hold_on_any_facts(publish):
    measure = Measure(publish(adversarial(3)), CATALOGUE)
    codes = [code for code, one in CATALOGUE.items() if one.table]
    found = measure.values(codes, H1)
    assert check({code: figures[0].amount for code, figures in found.items()}) == ()
    by_office = measure.values(["DECL", "TURN"], H1, {}, ("office",))
    for code, figures in by_office.items():
        assert check_parts(code, found[code][0].amount, {str(f.split): f.amount for f in figures}) == ()


def test_a_question_that_the_definitions_do_not_answer_is_refused(publish):
    measure = Measure(publish({"entries": [receipt("1", 5)]}), CATALOGUE)
    with pytest.raises(NotMeasurable, match="not split by channel"):
        measure.values(["REV"], H1, {}, ("channel",))
    with pytest.raises(NotMeasurable, match="not scoped by trader"):
        measure.value("REV", H1, {"trader": "1"})
    with pytest.raises(NotMeasurable, match="REV_EXEC is made of REV by execution"):
        measure.value("REV_EXEC", H1)
    with pytest.raises(NotMeasurable, match="no indicator NONE"):
        measure.value("NONE", H1)


def test_a_frozen_figure_is_the_same_to_the_byte_after_corrections(publish, tmp_path):
    rows = adversarial(5)
    edition = publish(rows)
    codes = ["REV", "DECL", "ENT_NEW", "CLR_MED", "CH_G"]

    def frozen(of):
        return (measure := Measure(of, CATALOGUE)).freeze(
            [figure for found in measure.values(codes, H1).values() for figure in found]
        )

    first = frozen(edition)
    for row in rows["entries"]:
        row["amount_minor"] = -row["amount_minor"]
    later = publish(rows, at=EXPORTED_AT + timedelta(days=1))
    again = frozen(Lake(tmp_path / "lake").edition(1))
    assert again.text() == first.text()
    assert thaw(first.text(), first.digest) == first
    second = frozen(later)
    assert (second.fact_hash, second.digest) != (first.fact_hash, first.digest)
    assert second.definitions == first.definitions
    (changed,) = differences(first, second)
    assert (changed.indicator, changed.before, changed.after, changed.redefined) == (
        "REV",
        first.values[0],
        second.values[0],
        False,
    )


def test_a_frozen_text_that_was_touched_is_refused(publish):
    measure = Measure(publish({"entries": [receipt("1", 5)]}), CATALOGUE)
    frozen = measure.freeze([measure.value("REV", H1)])
    with pytest.raises(Altered):
        thaw(frozen.text().replace(b'"5"', b'"6"'), frozen.digest)


def test_an_amount_that_stays_an_integer_and_a_whole_fraction_come_back_alike(publish):
    measure = Measure(publish({"entries": [receipt("1", 5, method="ELECTRONIC")]}), CATALOGUE)
    frozen = measure.freeze([measure.value("EPAY", H1), measure.same_period_before("EPAY", H1)])
    back = thaw(frozen.text(), frozen.digest)
    assert back == frozen
    assert [value.amount for value in back.values] == [1, None]


def test_a_figure_that_is_gone_and_one_that_is_defined_anew_are_told(publish):
    edition = publish({"entries": [receipt("1", 5), receipt("2", -1)]})
    gross = Measure(edition, CATALOGUE)
    net = Measure(edition, catalogue(Terms(RevenueRule(Netted.ALL))))
    before = gross.freeze([gross.value("REV", H1), gross.value("EPAY", H1)])
    found = differences(before, net.freeze([net.value("REV", H1)]))
    assert [(one.indicator, one.redefined) for one in found] == [("REV", True), ("EPAY", True)]
    assert found[1].after is None


def test_what_changed_between_two_editions_is_named_row_by_row(publish, tmp_path):
    first = publish(
        {
            "entries": [
                receipt("1", 5),
                receipt("2", 6),
                receipt("3", 7),
                receipt("old", 1, posted_day=date(2020, 1, 5)),
            ]
        }
    )
    second = publish(
        {"entries": [receipt("1", 5), receipt("2", 60), receipt("4", 8)]}, at=EXPORTED_AT + timedelta(days=1)
    )
    found = changed_rows(first, second, "entries", H1)
    assert found.select("change", "entry", "amount_minor").rows() == [
        ("WAS", "2", 6),
        ("IS", "2", 60),
        ("REMOVED", "3", 7),
        ("ADDED", "4", 8),
    ]
    grown = sum(found.filter(found["change"].is_in(["IS", "ADDED"]))["amount_minor"])
    fallen = sum(found.filter(found["change"].is_in(["WAS", "REMOVED"]))["amount_minor"])
    difference = [Measure(of, CATALOGUE).value("REV", H1).amount for of in (first, second)]
    assert grown - fallen == difference[1] - difference[0] == 55


def test_the_same_facts_make_the_same_files(tmp_path):
    rows = changes(adversarial(29))
    covers = {table: Period(date(2019, 1, 1), date(2020, 12, 31)) for table in rows}
    one = Lake(tmp_path / "one").publish(EXPORTED_AT, rows, covers)
    shuffled = {
        t: {m: f.sample(fraction=1, shuffle=True, seed=1) for m, f in months.items()}
        for t, months in rows.items()
    }
    other = Lake(tmp_path / "other").publish(EXPORTED_AT, shuffled, covers)
    assert one.manifest == other.manifest
    assert one.verify() == []


def test_a_study_is_of_a_window_that_was_followed_to_its_end(publish):
    rows = adversarial(37)
    measure = Measure(publish(rows), CATALOGUE)
    window = Period(date(2020, 3, 2), date(2020, 4, 7))
    found = measure.time_release(window, EXPORTED_AT, ["20BB", "none"])
    counted = [
        row
        for row in rows["declarations"]
        if window.holds(row["legal_day"])
        and row["office"] == "20BB"
        and row["registered_at"] is not None
        and row["cancelled_at"] is None
    ]
    assert (found.registered, found.without_sample) == (len(counted), ("none",))
    assert found.cleared + found.pending == found.registered
    assert measure.time_release(window, EXPORTED_AT + timedelta(days=1)) is None
    assert measure.time_release(Period(date(2018, 1, 1), date(2018, 1, 6)), EXPORTED_AT) is None
