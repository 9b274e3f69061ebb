"""Load the workbook of specialised procedures by command."""

from __future__ import annotations

import json
from pathlib import Path

from .conftest import Run

HEADINGS = "Level,HSCode,Description_VN,Description_EN,Specialised procedures\n"


def test_the_workbook_is_loaded_once_for_its_own_days(run: Run, shared_data: Path):
    file = shared_data / "vn/tariff/Specialised_procedures.xlsx"
    asked = ("permits", "import", file, "--act", "Bảng 2026", "--first-day", "2026-01-01", "--json")
    first = run(*asked)
    assert first.returncode == 0, first.stderr
    told = json.loads(first.stdout)
    assert told["stored"]
    assert told["codes"] > 7_900
    again = run(*asked)
    assert again.returncode == 0
    assert "EDITION_KNOWN" in again.stderr
    other = run("permits", "import", file, "--act", "Bảng khác", "--first-day", "2026-06-01")
    assert other.returncode == 1
    assert "EDITION_OVERLAPS" in other.stderr


def test_a_dry_run_stores_nothing(run: Run, tmp_path: Path):
    file = tmp_path / "p.csv"
    file.write_text(
        HEADINGS + "1,08081000,Táo,Apples,Kiểm dịch thực vật (01/2024/TT-BNNPTNT M9)\n", encoding="utf-8"
    )
    done = run("permits", "import", file, "--act", "A", "--first-day", "2026-01-01", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "1 requirements of 1 codes" in done.stdout
    assert not (tmp_path / "data").exists()


def test_another_table_is_refused_with_a_remedy(run: Run, tmp_path: Path):
    file = tmp_path / "p.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    done = run("permits", "import", file, "--act", "A", "--first-day", "2026-01-01", "--dry-run")
    assert done.returncode == 1
    assert "Specialised procedures" in done.stderr
