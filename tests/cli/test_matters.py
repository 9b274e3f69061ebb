"""Everything that stands open, on the command line."""

from .conftest import Run


def test_what_stands_open_is_listed_for_people_and_machines(run: Run) -> None:
    opened = run("init", "--pack", "sample", "--office", "ZZ0001", "--leader", "lan.le", "--json")
    assert opened.returncode == 0, opened.stderr
    empty = run("obligations", "--json")
    assert (empty.returncode, empty.stdout) == (0, "")
    shown = run("obligations", "--owner", "CUSTOMS", language="vi")
    assert shown.returncode == 0
    assert "Thời hạn" in shown.stdout


def test_a_kind_or_owner_that_does_not_exist_is_refused_with_those_that_do(run: Run) -> None:
    run("init", "--pack", "sample", "--office", "ZZ0001", "--leader", "lan.le", "--json")
    kind = run("obligations", "--kind", "SAMPLE", language="vi")
    assert kind.returncode == 2
    assert "ORIGIN_VERIFICATION" in kind.stderr
    owner = run("obligations", "--owner", "NOBODY", language="en")
    assert owner.returncode == 2
    assert "CUSTOMS, TRADER, AGENCY" in owner.stderr
    assert run("obligations", "--due-before", "31/12").returncode == 2
