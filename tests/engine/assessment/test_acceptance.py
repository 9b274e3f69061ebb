"""The formulas agree with notices, tax lines and expectations that others made; `python -m
tests.engine.assessment.acceptance` prints the figures and every exception."""

from tests.engine.assessment import acceptance

from thongquan.engine.money import Carry


def test_105_of_107_british_notices_agree_exactly_and_two_are_waived(shared_data):
    report = acceptance.hmrc(shared_data)
    assert (report.exact, report.cases) == (105, 107)
    assert {(e.case.split()[0], e.given, e.reason) for e in report.exceptions} == {
        ("TT_IM041a/Example_Notifications/02_DMSTAX.xml", "0.00", "the notice: waived to 0"),
        ("TT_IM102a/Example_Notifications/02_DMSTAX.xml", "0.00", "the notice: waived to 0"),
    }


def test_every_expectation_of_the_duty_calculator_is_met(shared_data):
    report = acceptance.uk_duty(shared_data)
    assert (report.exact, report.cases, report.exceptions) == (26, 26, [])


def test_two_expectations_need_the_exact_carry(shared_data):
    report = acceptance.uk_duty(shared_data, Carry.ROUNDED)
    assert [e.case for e in report.exceptions] == ["full-third_country", "full-suspension"]


def test_745_of_760_asycuda_tax_lines_agree_exactly_and_all_within_a_cent(shared_data):
    report = acceptance.grenada(shared_data)
    assert report.cases == 760
    assert report.exact >= 745
    assert report.notes == ["furthest from the given amount: 0.01"]
    assert [e.case for e in report.exceptions if e.reason == "not explained"] == []


def test_every_vietnamese_worked_example_agrees_to_the_dong(shared_data):
    report = acceptance.vietnam(shared_data)
    assert (report.exact, report.cases, report.exceptions) == (24, 24, [])
