"""Print docs/reference/ from the code: what the program knows, no page repeats by hand.

`python tools/print_docs.py` writes the pages, `--check` says which of them are stale and exits with 1.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from thongquan import words
from thongquan.engine.checks import RULES
from thongquan.engine.declaration import DECLARATION_COLUMNS, GOODS_ITEM_COLUMNS
from thongquan.engine.formats import columns
from thongquan.engine.lifecycle.declaration import DECLARATION, Step
from thongquan.engine.lifecycle.facts import State

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
PRINTED = "<!-- Printed by tools/print_docs.py. Change the code or the words, not this page. -->"


def table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; a cell keeps on one line and its bars are no borders."""

    def line(cells: Iterable[str]) -> str:
        shown = (" ".join(cell.split()).replace("|", "\\|") for cell in cells)
        return f"| {' | '.join(shown)} |"

    heads = list(headings)
    return "\n".join([line(heads), line("---" for _ in heads), *map(line, rows)])


def both(kind: str, identifier: str) -> str:
    """A word in Vietnamese and English."""
    return f"{words.word(kind, identifier, 'vi')} · {words.word(kind, identifier, 'en')}"


def lifecycle() -> str:
    """States and acts of a declaration, from the table that the machine walks."""

    def guards(step: Step) -> str:
        return ", ".join(getattr(guard, "__name__", "").strip("_").replace("_", " ") for guard in step.guards)

    rows = (
        [
            f"`{step.act}`",
            both("act", step.act),
            ", ".join(sorted(step.sources)),
            step.target or "–",
            ", ".join(words.word("role", role, "vi") for role in step.roles),
            ", ".join(step.needs),
            guards(step),
            ", ".join(sorted(step.opens)),
            ", ".join(sorted(step.closes)),
            f"{step.form}{' (2)' if step.four_eyes else ''}",
            str(step.law or ""),
        ]
        for step in DECLARATION.steps
    )
    headings = ["act", "tên · name", "từ · from", "đến · to", "ai · who", "nêu · says", "điều kiện · guards",
                "mở · opens", "đóng · closes", "mẫu · form (2 = hai người · four eyes)", "luật · law"]  # fmt: skip
    obligations = ([f"`{kind}`", both("obligation", kind)] for kind in words.identifiers("obligation"))
    return "\n\n".join(
        [
            "# Trạng thái và hành vi · States and acts",
            table(["state", "tên · name"], ([f"`{state}`", both("state", state)] for state in State)),
            (
                "Mỗi dòng là một hành vi pháp lý. «–»: trạng thái không đổi. · Each row is a legal act of its own; "
                "«–» leaves the state as it is."
            ),
            table(headings, rows),
            "## Nghĩa vụ · Obligations",
            table(["obligation", "tên · name"], obligations),
        ]
    )


def findings() -> str:
    """Every code that a person may meet, with sentence and remedy."""
    rows = []
    for code in sorted(words.all_codes()):
        entry = words.entry("finding", code)
        rows.append(
            [f"`{code}`", f"{entry['vi']} {entry['remedy_vi']}", f"{entry['en']} {entry['remedy_en']}"]
        )
    rules = (
        [rule.number, f"`{rule.code}`", rule.severity.value, rule.data.value, rule.title, str(rule.law)]
        for rule in RULES
    )
    return "\n\n".join(
        [
            "# Mã phát hiện · Finding codes",
            table(["code", "tiếng Việt", "English"], rows),
            "## Quy tắc kiểm tra · Numbered rules",
            table(["rule", "code", "severity", "data", "rule says", "source"], rules),
        ]
    )


def data_columns() -> str:
    """Columns of tables that traders fill in, and of frames that programs compute on."""
    frame = [*DECLARATION_COLUMNS.items(), *GOODS_ITEM_COLUMNS.items()]
    return "\n\n".join(
        [
            "# Cột dữ liệu · Columns",
            "## Bảng CSV, XLSX · Tables",
            "`{n}`, `{m}`: thứ tự, từ 1 · the place in a list, from 1.",
            table(
                ["column", "tiếng Việt", "English", "declaration"],
                (
                    [f"`{one.name}`", one.labels["vi"], one.labels["en"], f"`{one.at}`"]
                    for one in columns.columns()
                ),
            ),
            "## Khung dữ liệu · Frames (`goods_frame`)",
            table(["column", "type"], ([f"`{name}`", str(kind)] for name, kind in frame)),
        ]
    )


def glossary() -> str:
    """The words of the field."""
    rows = []
    for identifier in words.identifiers("term"):
        entry = words.entry("term", identifier)
        rows.append(
            [f"`{identifier}`", entry["vi"], entry["en"], entry.get("wco", ""), entry.get("source", "")]
        )
    return "\n\n".join(
        [
            "# Thuật ngữ · Glossary",
            table(["identifier", "tiếng Việt", "English", "WCO", "nguồn · source"], rows),
        ]
    )


PAGES: dict[str, Callable[[], str]] = {
    "lifecycle.md": lifecycle,
    "findings.md": findings,
    "columns.md": data_columns,
    "glossary.md": glossary,
}


def stale() -> list[str]:
    """The pages that do not say what the code says."""
    return [name for name, page in PAGES.items() if _read(REFERENCE / name) != _whole(page())]


def _whole(page: str) -> str:
    return f"{PRINTED}\n\n{page}\n"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def main() -> int:
    old = stale()
    if "--check" in sys.argv:
        print("\n".join(f"stale: docs/reference/{name}" for name in old))
        return 1 if old else 0
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name in old:
        (REFERENCE / name).write_text(_whole(PAGES[name]()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
