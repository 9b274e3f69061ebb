"""`thongquan what-if` and `thongquan tariff show`, as people and machines use them."""

from __future__ import annotations

import json
from pathlib import Path

from .conftest import Run

CHANGED = "commodity,tax,rate\n08081000,NK,15 %\n"


def test_a_changed_rate_is_told_by_tax_and_chapter(run: Run, tmp_path: Path):
    from tests.packs.test_what_if import lines

    file, changed = tmp_path / "lines.parquet", tmp_path / "changed.csv"
    lines().write_parquet(file)
    changed.write_text(CHANGED, encoding="utf-8")
    asked = ("what-if", file, "--edition", changed, "--first-day", "2020-03-01", "--last-day", "2020-08-31")
    done = run(*asked, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["lines"], told["difference_minor"]) == (5, 120_000)
    (fruit,) = [row for row in told["rows"] if (row["tax"], row["chapter"]) == ("NK", "08")]
    assert (fruit["before_minor"], fruit["after_minor"], fruit["difference_minor"]) == (
        360_000,
        480_000,
        120_000,
    )
    shown = run(*asked)
    assert "120,000" in shown.stdout
    assert "08" in shown.stdout


def test_what_cannot_be_meant_is_a_wrong_use(run: Run, tmp_path: Path):
    changed, bad = tmp_path / "changed.csv", tmp_path / "lines.parquet"
    changed.write_text(CHANGED, encoding="utf-8")
    import polars as pl

    pl.DataFrame({"day": [1]}).write_parquet(bad)
    done = run("what-if", bad, "--edition", changed)
    assert done.returncode == 2
    assert "customs_value_minor" in done.stderr


def test_a_code_is_told_with_what_a_better_rate_lacks(run: Run):
    asked = ("tariff", "show", "0808.10.00", "--on", "2020-06-15", "--origin", "cn", "--pack", "vn")
    done = run(*asked, "--value", "500000000", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    rates = {row["preference"]: row for row in told["rates"]}
    assert (rates[""]["lowest"], rates[""]["total_minor"]) == (True, 50_000_000)
    assert (rates["B05"]["saving_minor"], rates["B05"]["missing"][0]["code"]) == (
        50_000_000,
        "ORIGIN_PROOF_MISSING",
    )
    assert told["payable_minor"] == 50_000_000
    assert [row["documents"] for row in told["permits"]] == ["PHYTO"]
    assert {run_["rate"] for one in told["history"] if not one["preference"] for run_ in one["runs"]} >= {
        "10 %",
        "8 %",
    }
    shown = run(*asked, language="vi").stdout
    assert "giảm 10.000.000 nếu có: C/O mẫu E" in shown
    assert "chưa kiểm chứng" in shown
    with_form = run(*asked, "--form", "E", "--json")
    assert json.loads(with_form.stdout)["payable_minor"] == 0


def test_a_form_of_no_schedule_is_said(run: Run):
    done = run("tariff", "show", "08081000", "--on", "2020-06-15", "--form", "ZZ", "--pack", "vn")
    assert "ZZ" in done.stderr
    assert (
        run("tariff", "show", "08081000", "--on", "2020-06-15", "--value", "x", "--pack", "vn").returncode
        == 2
    )
