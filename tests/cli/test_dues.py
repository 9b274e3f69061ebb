"""What lateness and breaches cost, on the command line."""

import json

from .conftest import Run


def test_a_penalty_before_its_act_was_read_is_no_zero(run: Run) -> None:
    done = run(
        "penalty", "UNDER_DECLARED_FOUND", "--on", "2020-12-09", "--tax-minor", "50000000", language="vi"
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "[PENALTY_NOT_GIVEN]" in done.stderr
    assert "45/2016/NĐ-CP" in done.stderr


def test_a_penalty_is_shown_with_its_law(run: Run) -> None:
    done = run(
        "penalty", "UNDER_DECLARED_FOUND", "--on", "2020-12-10", "--tax-minor", "50000000", language="vi"
    )
    assert done.returncode == 0
    assert "10.000.000" in done.stdout  # 20 % of 50,000,000
    assert "128/2020/NĐ-CP, art. 9" in done.stdout


def test_a_penalty_is_an_object_for_machines(run: Run) -> None:
    done = run(
        "penalty", "EVASION", "--on", "2020-12-11", "--tax-minor", "100", "--offender", "individual", "--json"
    )
    told = json.loads(done.stdout)
    assert [(one["least_minor"], one["most_minor"], one["verified"]) for one in told["ranges"]] == [
        (100, 300, True)
    ]


def test_the_behaviours_of_a_day_are_listed(run: Run) -> None:
    told = json.loads(run("penalty", "--on", "2020-06-30", "--json").stdout)
    assert "EVASION" in told["behaviours"]
    assert len(told["behaviours"]) == 9


def test_an_unknown_offender_is_a_wrong_use(run: Run) -> None:
    done = run("penalty", "EVASION", "--offender", "robot")
    assert done.returncode == 2
    assert "robot" in done.stderr


def test_late_interest_is_shown_line_by_line(run: Run) -> None:
    done = run("late-interest", "500000000", "--from", "2020-03-03", "--paid", "2020-04-17", language="vi")
    assert done.returncode == 0
    assert "0,03 %" in done.stdout
    assert "6.750.000 VND" in done.stdout


def test_instalments_are_shown_with_their_interest(run: Run) -> None:
    asked = (
        "instalments",
        "120000000",
        "--count",
        "12",
        "--first-payment",
        "2020-02-10",
        "--from",
        "2020-01-11",
    )
    told = json.loads(run(*asked, "--on", "2020-02-10", "--guaranteed", "--json").stdout)
    first = told["parts"][0]
    # 10,000,000 and 30 days of 3,000
    assert (first["principal_minor"], first["interest_minor"], first["total_minor"]) == (
        10_000_000,
        90_000,
        10_090_000,
    )
    refused = run(*asked, "--on", "2020-02-10")
    assert refused.returncode == 1
    assert "[RELIEF_NEEDS_GUARANTEE]" in refused.stderr
