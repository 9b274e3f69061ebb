"""Compute every field of a declaration by command, before anybody registers it."""

from __future__ import annotations

import json
from pathlib import Path

from thongquan.engine.formats import json_lines
from thongquan.packs.check import read_cases
from thongquan.packs.pack import load

from .conftest import Run


def processing(folder: Path) -> Path:
    """The worked case of materials for processing (E21) as a file."""
    cases, _ = read_cases(load("vn").folder / "cases")
    file = folder / "e21.json"
    file.write_bytes(json_lines.write_json(cases["procedures-003-e21.json"].declaration))
    return file


def test_suspended_duty_is_shown_and_not_asked_for(run: Run, tmp_path: Path):
    done = run("preregister", processing(tmp_path), "--pack", "vn", "--on", "2020-06-15", "--json")
    told = json.loads(done.stdout.splitlines()[-1])
    # 20 % of 10,000,000 is suspended; the fee of 20,000 is due
    assert (told["payable_minor"], told["due_now_minor"]) == (2_020_000, 20_000)
    assert [tax["terms"] for tax in told["lines"][0]["taxes"]] == ["suspended", "now"]
    assert not (tmp_path / "data").exists()


def test_people_read_it_as_a_table_with_its_days(run: Run, tmp_path: Path):
    done = run("preregister", processing(tmp_path), "--pack", "vn", "--on", "2020-06-15")
    assert "computed by the law of 2020-06-15" in done.stdout
    assert "2,020,000" in done.stdout
    assert "2020-06-22" in done.stdout
    vietnamese = run("preregister", processing(tmp_path), "--pack", "vn", "--on", "2020-06-15", language="vi")
    assert "2.020.000" in vietnamese.stdout
    assert "Thuế nhập khẩu" in vietnamese.stdout
