"""Facts exported and figures asked on the command line."""

import json
from datetime import UTC, datetime, timedelta

from .conftest import Run


def test_figures_before_any_export_say_what_to_run(run: Run) -> None:
    done = run("figures", "REV", "--period", "2020-H1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "thongquan export-facts" in done.stderr


def test_facts_are_exported_once_and_a_period_before_them_is_missing(run: Run) -> None:
    first = json.loads(run("export-facts", "--json").stdout)
    assert (first["edition"], first["unvalued"]) == (1, 0)
    # Run at midnight, one more day is covered.
    assert json.loads(run("export-facts", "--json").stdout)["edition"] in (None, 2)
    done = run("figures", "REV", "CH_G", "--period", "2020-H1", "--json")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [(one["indicator"], one["amount"], one["why_missing"]) for one in told] == [
        ("REV", None, "NOT_COVERED"),
        ("CH_G", None, "NOT_COVERED"),
    ]
    spoken = run("figures", "REV", "--period", "2020-H1", language="vi").stdout
    assert "dữ kiện chưa bao gồm kỳ này" in spoken


def test_a_period_and_a_figure_that_are_none_are_said_so(run: Run) -> None:
    assert "no period" in run("figures", "REV", "--period", "2020-H3").stderr
    tomorrow = (datetime.now(UTC) + timedelta(days=400)).date()
    assert run("figures", "REV", "--period", "2020", "--until", tomorrow.isoformat()).returncode == 2
    run("export-facts")
    for asked in (("NOTHING",), ("REV_EXEC",), ("REV", "--split", "channel")):
        done = run("figures", *asked, "--period", "2020-H1")
        assert (done.returncode, "cannot be had this way" in done.stderr) == (2, True), asked
