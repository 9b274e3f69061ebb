"""Every code that the program can give has its words, in both languages, with a remedy each."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from thongquan import words

CODE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")


def calls(repository: Path) -> Iterator[tuple[str, ast.Call]]:
    """Give every `Finding(...)` in the program, with the place it is written at."""
    for file in sorted((repository / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                if name == "Finding":
                    yield f"{file.relative_to(repository)}:{node.lineno}", node


def code_of(call: ast.Call) -> ast.expr | None:
    return call.args[0] if call.args else next((k.value for k in call.keywords if k.arg == "code"), None)


def codes_given(repository: Path) -> dict[str, str]:
    """Give each code written in the program and one place that gives it."""
    given: dict[str, str] = {}
    for place, call in calls(repository):
        for node in ast.walk(code_of(call) or call):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                given.setdefault(node.value, place)
    return given


def test_every_code_has_both_languages_and_both_remedies(repository):
    lacking = []
    for code, place in codes_given(repository).items():
        if code not in words.all_codes():
            lacking.append(f"{code} ({place}): no words")
    for code in words.all_codes():
        written = words.entry("finding", code)
        lacking += [
            f"{code}: no {part}" for part in ("vi", "en", "remedy_vi", "remedy_en") if not written.get(part)
        ]
    assert sorted(lacking) == []


def test_every_other_word_has_both_languages():
    lacking = [
        f"[{kind}.{identifier}] has no {language}"
        for kind in words.kinds()
        for identifier in words.identifiers(kind)
        for language in words.LANGUAGES
        if not words.entry(kind, identifier).get(language)
    ]
    assert lacking == []


def test_a_sentence_takes_no_fact_that_the_program_does_not_give(repository):
    silent = []
    for place, call in calls(repository):
        code = code_of(call)
        says = next((k.value for k in call.keywords if k.arg == "says"), None)
        if len(call.args) > 2:
            says = call.args[2]
        if not (isinstance(code, ast.Constant) and code.value in words.all_codes()):
            continue
        if says is None:
            given: set[str] = set()
        elif isinstance(says, ast.Dict) and all(isinstance(key, ast.Constant) for key in says.keys):
            given = {str(key.value) for key in says.keys if isinstance(key, ast.Constant)}
        else:
            continue  # built at run time: the tests of its subject see it said
        wanted = words.placeholders(code.value)
        if not wanted <= given:
            silent.append(f"{place}: {code.value} is not given {', '.join(sorted(wanted - given))}")
    assert silent == []


def test_no_file_of_words_repeats_another(repository):
    package = repository / "src/thongquan"
    seen: dict[tuple[str, str], str] = {}
    twice = []
    for file in [package / "glossary.toml", *sorted((package / "words").glob("*.toml"))]:
        for kind, entries in tomllib.loads(file.read_text(encoding="utf-8")).items():
            for identifier in entries:
                if (kind, identifier) in seen:
                    twice.append(f"[{kind}.{identifier}] in {seen[kind, identifier]} and {file.name}")
                seen[kind, identifier] = file.name
    assert twice == []


def test_vietnamese_is_written_in_composed_letters(repository):
    import unicodedata

    package = repository / "src/thongquan"
    for file in [package / "glossary.toml", *sorted((package / "words").glob("*.toml"))]:
        text = file.read_text(encoding="utf-8")
        assert unicodedata.is_normalized("NFC", text), file.name


def test_a_code_without_words_is_named():
    with pytest.raises(KeyError, match="NO_SUCH_CODE"):
        words.sentence("NO_SUCH_CODE", {}, "vi")


def test_a_term_without_words_is_named():
    with pytest.raises(KeyError, match="no_such_term"):
        words.term("no_such_term", "en")
