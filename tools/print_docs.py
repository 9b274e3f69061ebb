"""Print docs/reference/ from the code: what the program knows, no page repeats by hand.

`python tools/print_docs.py` writes the pages, `--check` says which of them are stale and exits with 1.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path

from thongquan import words
from thongquan.analytics.sql import condition
from thongquan.engine.checks import RULES
from thongquan.engine.declaration import DECLARATION_COLUMNS, GOODS_ITEM_COLUMNS
from thongquan.engine.formats import columns
from thongquan.engine.indicators.catalogue import Terms, catalogue
from thongquan.engine.indicators.expression import Expression
from thongquan.engine.indicators.facts import TABLES, Table
from thongquan.engine.indicators.identities import IDENTITIES
from thongquan.engine.indicators.indicator import (
    Amount,
    Count,
    Derived,
    Distinct,
    Enterprises,
    Indicator,
    Part,
    Ratio,
    Spread,
    Total,
    When,
    definition_version,
)
from thongquan.engine.lifecycle.declaration import DECLARATION
from thongquan.engine.lifecycle.facts import Facts, State
from thongquan.engine.lifecycle.machine import Step

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
CODE = re.compile(r"[A-Z]+(?:_[A-Z]+)+")
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
    by_act: dict[str, list[Step[Facts]]] = {}
    for step in DECLARATION.steps:
        by_act.setdefault(str(step.act), []).append(step)
    return "\n\n".join(
        [
            "# Trạng thái và hành vi · States and acts",
            table(["state", "tên · name"], ([f"`{state}`", both("state", state)] for state in State)),
            "## Đường đi · The spine",
            "Hành vi đưa tờ khai từ trạng thái này sang trạng thái kia. · The acts between two states.",
            spine(),
            "## Hành vi · Acts",
            (
                "Mỗi mục là một hành vi pháp lý; mã từ chối có ở [trang mã phát hiện](findings.md). · "
                "Each is a legal act of its own; the codes of refusal are [on their page](findings.md)."
            ),
            *(one_act(act, steps) for act, steps in by_act.items()),
            "## Nghĩa vụ · Obligations",
            "Chạy bên cạnh đường đi, theo thứ tự nào cũng được. · They run beside the spine, in any order.",
            table(
                ["obligation", "tên · name"],
                ([f"`{kind}`", both("obligation", kind)] for kind in words.identifiers("obligation")),
            ),
        ]
    )


def spine() -> str:
    """Which acts move a declaration between which two states."""
    moves: dict[tuple[str, str], list[str]] = {}
    for step in DECLARATION.steps:
        for source in step.sources if step.target else ():
            moves.setdefault((source, str(step.target)), []).append(f"`{step.act}`")
    order = [str(state) for state in State]
    return table(
        ["từ · from", "đến · to", "hành vi · acts"],
        (
            [f"`{source}`", f"`{target}`", ", ".join(dict.fromkeys(acts))]
            for (source, target), acts in sorted(
                moves.items(), key=lambda move: [order.index(state) for state in move[0]]
            )
        ),
    )


def one_act(act: str, steps: list[Step[Facts]]) -> str:
    """An act: its names, and a list for each row that the table has of it."""
    shown = [f"### {both('act', act)} {{#{act}}}", f"`{act}`"]
    for place, step in enumerate(steps, 1):
        if len(steps) > 1:
            shown.append(f"*{place}/{len(steps)}*")
        lines = {
            "từ · from": in_order_of_states(step.sources),
            "đến · to": f"`{step.target}`" if step.target else "không đổi · unchanged",
            "ai · who": "; ".join(both("role", role) for role in step.roles),
            "phải nêu · must say": ", ".join(f"`{name}`" for name in step.needs),
            "mở · may open": "; ".join(both("obligation", kind) for kind in sorted(step.opens)),
            "đóng · closes": "; ".join(both("obligation", kind) for kind in sorted(step.closes)),
            "mẫu · form": both("form", step.form) if step.form else "",
            "hai người · four eyes": "một người đề xuất, một người quyết định · one proposes, another decides"
            if step.four_eyes
            else "",
            "từ chối · refused with": ", ".join(f"`{code}`" for code in refusals(step)),
            "căn cứ · law": str(step.law or ""),
        }
        shown.append("\n".join(f"- **{name}**: {value}" for name, value in lines.items() if value))
    return "\n\n".join(shown)


def in_order_of_states(sources: Iterable[str]) -> str:
    """States in the order of a declaration's life."""
    return ", ".join(f"`{state}`" for state in State if state in sources)


def refusals(step: Step[Facts]) -> list[str]:
    """The codes that the step's guards and checks refuse with: they open their docstrings with them."""
    codes: set[str] = set()
    for rule in (*step.guards, *step.checks):
        # A guard made for one kind of obligation or act carries no docstring; the function that made it does.
        maker = getattr(sys.modules[rule.__module__], rule.__qualname__.split(".")[0])
        codes |= set(CODE.findall(inspect.getdoc(maker) or ""))
    return sorted(codes & words.all_codes())


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


def api() -> str:
    """Every route of the HTTP API. Django is started on an empty folder; no database is opened."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thongquan.site.config.settings")
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("THONGQUAN_DATA", folder)
        import_module("django").setup()
        from thongquan.site.config.api import PREFIX, ROUTES
    rows = (
        [
            f"`{route.method} {PREFIX}{route.path}`",
            both(route.word, route.name),
            f"`{route.right}`" if route.right else "",
        ]
        for route in ROUTES
    )
    return "\n\n".join(
        [
            "# API",
            "`/api/openapi.json`, `/api/docs`",
            table(["đường · route", "để làm gì · what for", "quyền · right"], rows),
        ]
    )


def indicators() -> str:
    """Every indicator with its card and formula, and the fact tables that the formulas read."""
    found = catalogue(Terms(authorised=("…",)))
    return "\n\n".join(
        [
            "# Chỉ số · Indicators",
            "Mỗi chỉ số khai báo một lần: bảng điều hành, báo cáo và các dòng phía sau đọc cùng một công thức.",
            "Each is declared once: dashboard, review and the rows behind a figure read the same formula.",
            *(one_indicator(indicator) for indicator in found.values()),
            "## Đẳng thức · Identities",
            table(
                ["identity", "tên · name"],
                ([f"`{one.code}`", both("identity", one.code)] for one in IDENTITIES),
            ),
            "## Bảng dữ kiện · Fact tables",
            "Tệp Parquet theo tháng của ngày in đậm · Parquet by the month of the day in bold. * khóa · key.",
            *(one_table(facts) for facts in TABLES.values()),
        ]
    )


def one_indicator(indicator: Indicator) -> str:
    """A card."""
    card = indicator.card
    lines = {
        "vì sao · why": both("indicator_why", indicator.code),
        "công thức · formula": f"`{formula_text(indicator)}`",
        "đếm theo ngày · counted on": f"`{indicator.table}.{indicator.counted_on}`"
        if indicator.table
        else "",
        "tách theo · split by": ", ".join(f"`{column}`" for column in indicator.splits),
        "đơn vị · unit": both("indicator_unit", indicator.unit),
        "chiều · direction": both("direction", indicator.better),
        "phụ trách · owner": both("indicator_owner", card.owner),
        "kiểm chứng · proven by": both("indicator_checked_by", card.checked_by),
        "xem lại · reviewed": both("indicator_next_review", card.next_review),
        "căn cứ · law": both("indicator_law", card.law),
        "phiên bản định nghĩa · version": f"`{definition_version(indicator)}`",
    }
    told = "\n".join(f"- **{name}**: {value}" for name, value in lines.items() if value)
    return f"### {both('indicator', indicator.code)} {{#{indicator.code}}}\n\n`{indicator.code}`\n\n{told}"


def formula_text(indicator: Indicator) -> str:
    """A formula as people who know a little SQL read it."""
    match indicator.formula:
        case Amount(part):
            return part_text(part)
        case Ratio(hits, of):
            return f"{part_text(hits)} ÷ {part_text(of)}"
        case Spread(start, end, among):
            return f"max(0, {plain(end)} − {plain(start)}){where(among)}"
        case Enterprises(activity, of, among):
            return f"{activity} {of}{where(among)}"
        case Derived(rule, of):
            return f"{rule}({', '.join(of)})"


def part_text(part: Part) -> str:
    match part:
        case Count():
            told = "count"
        case Distinct(of=of):
            told = f"distinct({of})"
        case Total(amount=amount, negated=negated):
            told = f"{'−' if negated else ''}sum({amount})"
    when = {When.BY_END: " by the end of the period", When.BEFORE: " before the period"}.get(part.when, "")
    return f"{told}{where(part.among)}{when}"


def where(among: Expression) -> str:
    told = plain(among)
    return "" if told == "TRUE" else f" where {told}"


def plain(of: Expression) -> str:
    """An expression without the brackets around all of it and without the table's name."""
    day = date(9999, 12, 31)
    told = condition(of, {"first_day": day, "last_day": day - timedelta(days=1)}).replace("f.", "")
    told = told.replace("DATE '9999-12-31'", "first_day").replace("DATE '9999-12-30'", "last_day")
    told = re.sub(r"\(NOT \((\w+) IS NOT NULL\)\)", r"(\1 IS NULL)", told)
    return told.removeprefix("(").removesuffix(")") if told.startswith("(") else told


def one_table(facts: Table) -> str:
    rows = (
        [
            f"**`{one.name}`**" if one.name == facts.day else f"`{one.name}`{'*' * (one.name in facts.key)}",
            f"{one.kind}{' ?' * one.optional}",
            one.unit,
            one.meaning,
        ]
        for one in facts.columns
    )
    return f"### `{facts.name}`\n\n" + table(["column", "type", "unit", "meaning"], rows)


PAGES: dict[str, Callable[[], str]] = {
    "lifecycle.md": lifecycle,
    "findings.md": findings,
    "columns.md": data_columns,
    "glossary.md": glossary,
    "api.md": api,
    "indicators.md": indicators,
}


def stale() -> list[str]:
    """The pages that do not say what the code says."""
    return [name for name, page in PAGES.items() if _read(REFERENCE / name) != _whole(page())]


def _whole(page: str) -> str:
    return f"{PRINTED}\n\n{page}\n"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def main() -> int:
    """Write the stale pages, or with --check only name them; 1 when there is something to write."""
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
