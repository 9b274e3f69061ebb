"""Both languages have the same pages, each in the contents, and none asks another host for anything."""

import re


def pages(folder):
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*.md")}


def test_each_page_stands_in_both_languages(repository):
    assert pages(repository / "docs/vi") == pages(repository / "docs/en")


def test_both_languages_of_a_page_have_the_same_parts(repository):
    for name in sorted(pages(repository / "docs/vi")):
        parts = [
            [
                len(marks)
                for marks in re.findall(
                    r"^(#+) ", (repository / "docs" / language / name).read_text("utf-8"), re.M
                )
            ]
            for language in ("vi", "en")
        ]
        assert parts[0] == parts[1], name


def test_each_page_has_its_place_in_the_contents(repository):
    contents = re.findall(r"([\w/-]+\.md)$", (repository / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    assert sorted(contents) == sorted(pages(repository / "docs"))


def test_the_pages_take_no_font_and_no_script_from_elsewhere(repository):
    settings = (repository / "mkdocs.yml").read_text("utf-8")
    assert "  font: false" in settings
    assert "http" not in settings
