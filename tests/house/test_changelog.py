"""A change says what it changes in both languages, and a law fragment says which days it touches."""

import datetime
import importlib.util
import sys

import pytest


@pytest.fixture(scope="module")
def changelog(repository):
    spec = importlib.util.spec_from_file_location("changelog", repository / "tools/changelog.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["changelog"] = module
    spec.loader.exec_module(module)
    return module


def test_the_fragments_of_the_house_follow_their_form(changelog, repository):
    changelog.fragments(repository / "changelog.d")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("no-kind.md", "vi: a\nen: b\n"),
        ("vat-rate.added.md", "vi: chỉ tiếng Việt\n"),
        ("vat-rate.law.md", "vi: a\nen: b\n"),
        ("vat-rate.law.md", "vi: a\nen: b\nImpacted days: soon\n"),
        ("vat-rate.fixed.md", "vi: a\nen: b\nImpacted days: from 01/07/2025\n"),
    ],
)
def test_a_fragment_out_of_form_is_named(changelog, tmp_path, name, text):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(changelog.MalformedFragment, match=name.split(".")[0]):
        changelog.fragments(tmp_path)


def test_a_release_stands_above_the_one_before_and_takes_the_fragments(changelog, tmp_path):
    folder = tmp_path / "changelog.d"
    folder.mkdir()
    (tmp_path / "CHANGELOG.md").write_text("# Changes\n\nIntro.\n", encoding="utf-8")
    (folder / "vat-rate.law.md").write_text(
        "vi: Một\nen: One\nImpacted days: from 01/07/2025\n", encoding="utf-8"
    )
    changelog.release(tmp_path, "0.1.0", datetime.date(2026, 3, 31))
    (folder / "site-list.added.md").write_text("vi: Hai\nen: Two\n", encoding="utf-8")
    changelog.release(tmp_path, "0.2.0", datetime.date(2026, 6, 30))

    assert list(folder.iterdir()) == []
    assert (tmp_path / "CHANGELOG.md").read_text(encoding="utf-8") == (
        "# Changes\n\nIntro.\n\n"
        "## 0.2.0 (30/06/2026)\n\n### Mới · Added\n\n- **site**: Hai<br>Two\n\n"
        "## 0.1.0 (31/03/2026)\n\n### Pháp luật · Law\n\n"
        "- **vat**: Một<br>One *Impacted days: from 01/07/2025.*\n"
    )


def test_an_empty_release_is_refused(changelog, tmp_path):
    (tmp_path / "changelog.d").mkdir()
    (tmp_path / "CHANGELOG.md").write_text("# Changes\n", encoding="utf-8")
    with pytest.raises(changelog.MalformedFragment, match="empty"):
        changelog.release(tmp_path, "0.1.0", datetime.date(2026, 3, 31))
    assert (tmp_path / "CHANGELOG.md").read_text(encoding="utf-8") == "# Changes\n"
