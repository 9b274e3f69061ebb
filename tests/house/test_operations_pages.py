"""The pages about running an office: their units, container and commands are what they say they are."""

import configparser
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer

PAGES = ("operations", "first-office")
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def blocks(repository: Path, page: str, language: str, kind: str) -> list[str]:
    text = (repository / "docs" / language / f"{page}.md").read_text(encoding="utf-8")
    return [block for name, block in BLOCK.findall(text) if name == kind]


def commands() -> dict[tuple[str, ...], set[str]]:
    """Every command of the program, with its options."""
    from thongquan.cli import app

    found: dict[tuple[str, ...], set[str]] = {}

    def walk(command, path: tuple[str, ...]) -> None:
        inner = getattr(command, "commands", {})
        for name, one in inner.items():
            walk(one, (*path, name))
        if not inner:
            found[path] = {option for one in command.params for option in one.opts if option.startswith("-")}

    walk(typer.main.get_command(app), ())
    return found


def calls(text: str) -> list[list[str]]:
    """The calls of `thongquan` in a script, each as its words."""
    found = []
    for line in text.splitlines():
        for call in re.findall(r"(?:^|[|(]\s*|\$\(|/bin/)thongquan (.*)", line):
            words = shlex.split(call.split(" | ")[0].rstrip(")"), comments=True)
            found.append(words)
    return found


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_a_page_names_exists_with_its_options(repository, page, language):
    known = commands()
    named = [
        call
        for kind in ("sh", "ini")
        for block in blocks(repository, page, language, kind)
        for call in calls(block.replace("ExecStart=", ""))
    ]
    assert named
    for words in named:
        path = tuple(words[:2]) if tuple(words[:2]) in known else tuple(words[:1])
        assert path in known, words
        for word in words:
            if word.startswith("--"):
                assert word.partition("=")[0] in known[path], words


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_show_the_same_scripts(repository, page):
    def bare(text: str) -> str:
        # People's titles and the name of the goods are in the reader's language.
        return re.sub(r'"(description|Mai|Hùng|Dũng|Nga|Sơn)[^"]*"(: "[^"]*")?', "", text)

    for kind in ("sh", "sql", "ini", "dockerfile"):
        vi, en = (blocks(repository, page, language, kind) for language in ("vi", "en"))
        assert [bare(block) for block in vi] == [bare(block) for block in en]


def units(repository: Path) -> list[configparser.ConfigParser]:
    found = []
    for block in blocks(repository, "operations", "en", "ini"):
        if not block.startswith("[Unit]"):
            continue
        # A unit may say a thing several times; the parser keeps the last, which is enough here.
        unit = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
        unit.optionxform = str
        unit.read_string(block)
        found.append(unit)
    return found


def test_the_units_parse_and_run_as_nobody_special(repository):
    service, backup, timer = units(repository)
    assert service["Service"]["User"] == backup["Service"]["User"] == "thongquan"
    assert service["Service"]["ExecStart"].split()[1:3] == ["serve", "--host"]
    assert backup["Service"]["Type"] == "oneshot"
    assert timer["Timer"]["OnCalendar"]
    # The server lets its processes finish for 20 seconds and a bit; systemd must not be quicker.
    from thongquan.site.config.serving import STOP_SECONDS

    assert int(service["Service"]["TimeoutStopSec"]) > 2 * STOP_SECONDS
    assert service["Service"]["KillMode"] == "mixed"
    assert service["Service"]["UMask"] == "0077"
    assert service["Service"]["ReadWritePaths"] == "/var/lib/thongquan"


def test_the_container_file_parses_and_runs_as_nobody_special(repository):
    (text,) = blocks(repository, "operations", "en", "dockerfile")
    lines = re.sub(r"\\\n", " ", text).strip().splitlines()
    instructions = [line.split(None, 1) for line in lines]
    known = {
        "FROM",
        "RUN",
        "USER",
        "ENV",
        "VOLUME",
        "EXPOSE",
        "HEALTHCHECK",
        "STOPSIGNAL",
        "ENTRYPOINT",
        "CMD",
    }
    assert {name for name, _ in instructions} <= known
    said = dict(instructions)
    assert instructions[0][0] == "FROM"
    assert said["USER"] == "thongquan"
    assert said["STOPSIGNAL"] == "SIGTERM"
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = project["project"]["requires-python"].removeprefix(">=")
    version = re.search(r"python:([\d.]+)", said["FROM"])[1]
    assert tuple(map(int, version.split("."))) >= tuple(map(int, wanted.split(".")))
    assert "postgres" in project["project"]["optional-dependencies"]
    entry, command = (tomllib.loads(f"words = {said[name]}")["words"] for name in ("ENTRYPOINT", "CMD"))
    assert entry == ["thongquan"]
    assert tuple(command[:1]) in commands()


def test_every_variable_that_the_page_names_is_read_by_the_program(repository):
    text = (repository / "docs/en/operations.md").read_text(encoding="utf-8")
    source = "\n".join(file.read_text(encoding="utf-8") for file in (repository / "src").rglob("*.py"))
    named = set(re.findall(r"`(THONGQUAN_\w+|DATABASE_URL)`", text))
    assert len(named) >= 10
    assert {name for name in named if f'"{name}"' not in source} == set()


def test_every_figure_and_role_that_the_page_names_is_the_program_s(repository):
    text = (repository / "docs/en/operations.md").read_text(encoding="utf-8")
    source = (repository / "src/thongquan/site/config/metrics.py").read_text(encoding="utf-8")
    for figure in set(re.findall(r"`(thongquan_\w+)`", text)):
        assert f'"{figure}"' in source, figure
    roles = (repository / "src/thongquan/site/config/sql/roles.sql").read_text(encoding="utf-8")
    for role in set(re.findall(r"`(tq_\w+)`", text)):
        assert f"'{role}'" in roles, role
