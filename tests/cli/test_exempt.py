"""Lists of exempt goods and earlier exemptions, from the command line."""

import json

from .conftest import Run

LINE = ("5700100001", "100000000123/2")
GIVEN = ("--commodity", "84742011", "--unit", "PCE", "--first-day", "2020-01-01", "--document", "12/TB-HQQN")


def test_a_line_of_a_list_is_registered_and_shown(run: Run) -> None:
    done = run("exempt", "grant", *LINE, *GIVEN, "--quantity", "2.5")
    assert (done.returncode, done.stderr) == (0, "")
    assert "100000000123/2" in done.stdout
    shown = json.loads(run("exempt", "list", LINE[0], "--json").stdout)
    assert (shown["granted"], shown["used"], shown["left"], shown["unit"]) == ("2.5", "0", "2.5", "PCE")
    assert "Còn lại" in run("exempt", "list", LINE[0], language="vi").stdout


def test_what_cannot_be_is_refused_with_its_reason(run: Run) -> None:
    assert run("exempt", "grant", *LINE, *GIVEN, "--quantity", "many").returncode == 2
    refused = run("exempt", "grant", *LINE, *GIVEN, "--quantity", "0")
    assert refused.returncode == 1
    assert "[EXEMPT_LIST_UNFIT]" in refused.stderr


def test_what_was_before_the_record_is_stated(run: Run) -> None:
    paper = ("--day", "2020-01-31", "--times", "3", "--document", "Sổ quà tặng")
    assert run("exempt", "before", LINE[0], "weddings", *paper).returncode == 2
    done = run("exempt", "before", LINE[0], "gifts", *paper, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["times"] == 3
