"""Templates hold no word of their own, no style, no script and no address of another host."""

from __future__ import annotations

import re

import pytest

from thongquan import words

NAMES = ("Thông Quan", "PDF", "SHA-256", "Enter", "Ctrl")
"""What is the same in every language."""


def templates(repository):
    return sorted((repository / "src/thongquan/site/templates").rglob("*.html"))


def texts(source: str) -> list[str]:
    """What a template itself would show: outside tags and Django's marks, and in attributes that are read."""
    plain = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|&\w+;", " ", source, flags=re.S)
    shown = re.findall(r'(?:aria-label|placeholder|title|alt|data-label)="([^"]*)"', plain)
    shown += re.sub(r"<[^>]*>", "\n", plain).split("\n")
    for name in NAMES:
        shown = [text.replace(name, " ") for text in shown]
    # One letter alone is the key of a button.
    return [text.strip() for text in shown if re.search(r"[^\W\d_]{2}", text)]


def test_no_template_holds_a_word_of_its_own(repository):
    assert [
        (file.name, texts(file.read_text("utf-8")))
        for file in templates(repository)
        if texts(file.read_text("utf-8"))
    ] == []


def test_every_word_that_a_template_asks_for_is_there_and_takes_no_fact_that_it_is_not_given(repository):
    lacking = []
    for file in templates(repository):
        for key, given in re.findall(r'{% say ["\']([\w-]+)["\']([^%]*)%}', file.read_text("utf-8")):
            if key not in words.identifiers("page"):
                lacking.append(f"{file.name}: {key}")
                continue
            wanted = set(
                re.findall(r"\{(\w+)\}", words.word("page", key, "vi") + words.word("page", key, "en"))
            )
            lacking += [f"{file.name}: {key} needs {one}" for one in wanted if f"{one}=" not in given]
    assert lacking == []


@pytest.mark.parametrize(
    "mark", ["style=", "<style", "onclick=", "onload=", "|safe", "javascript:", "http://", "https://"]
)
def test_no_template_goes_around_the_policy(repository, mark):
    assert [file.name for file in templates(repository) if mark in file.read_text("utf-8")] == []


def test_scripts_and_looks_ask_no_other_host(repository):
    static = repository / "src/thongquan/site/static"
    for file in [*static.rglob("*.css"), *static.rglob("*.js")]:
        assert not re.search(r"url\([\"']?https?:|fetch\(|import\(", file.read_text("utf-8")), file.name


def test_every_post_form_carries_its_token(repository):
    for file in templates(repository):
        for form in re.findall(r'<form[^>]*method="post".*?</form>', file.read_text("utf-8"), re.S):
            assert "{% csrf_token %}" in form, file.name
