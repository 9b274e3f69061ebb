"""Assemble CHANGELOG.md from the fragments in changelog.d/.

A change brings one file, `changelog.d/<subject>-<what>.<kind>.md`; CONTRIBUTING.md shows its form. At a release,
`python tools/changelog.py 0.2.0 2026-03-31` puts all of them under a new heading and removes the files.
`python tools/changelog.py` alone only looks at their form.
"""

import datetime
import re
import sys
from dataclasses import dataclass
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent

# In the order of the printed changelog. `law` first: it is what an office must know.
KINDS = {
    "law": "Pháp luật · Law",
    "added": "Mới · Added",
    "changed": "Đổi · Changed",
    "fixed": "Sửa lỗi · Fixed",
    "security": "An toàn · Security",
}
NAME = re.compile(rf"(?P<subject>[a-z0-9]+)-[a-z0-9-]+\.(?P<kind>{'|'.join(KINDS)})\.md")
FORM = re.compile(r"vi: (?P<vi>\S.*)\nen: (?P<en>\S.*)\n(Impacted days: (?P<days>\S.*)\n)?")
DAYS = re.compile(r"from (\d\d/\d\d/\d{4})( to (\d\d/\d\d/\d{4}))?")


class MalformedFragment(Exception):
    """A fragment that does not follow its form; the message names the file and what is wrong."""


@dataclass(frozen=True)
class Fragment:
    """One change in both languages. days: the legal days a law fragment touches, "" for the others."""

    subject: str
    kind: str
    vi: str
    en: str
    days: str


def read(file: Path) -> Fragment:
    """Read one fragment, or say what is wrong with it."""
    name = NAME.fullmatch(file.name)
    if name is None:
        raise MalformedFragment(f"{file.name}: the name is <subject>-<what>.<{'|'.join(KINDS)}>.md")
    form = FORM.fullmatch(file.read_text(encoding="utf-8"))
    if form is None:
        raise MalformedFragment(
            f"{file.name}: a line 'vi: …', a line 'en: …', and for law 'Impacted days: …'"
        )
    days = form["days"] or ""
    if (name["kind"] == "law") != bool(days) or (days and DAYS.fullmatch(days) is None):
        raise MalformedFragment(
            f"{file.name}: law, and only law, says 'Impacted days: from 01/07/2025 to 31/12/2026'"
        )
    return Fragment(name["subject"], name["kind"], form["vi"], form["en"], days)


def fragments(folder: Path) -> list[Fragment]:
    """Read all fragments of a folder, by subject and file name."""
    return [read(file) for file in sorted(folder.glob("*.md"))]


def section(version: str, day: datetime.date, found: list[Fragment]) -> str:
    """Print one release."""
    lines = [f"## {version} ({day:%d/%m/%Y})", ""]
    for kind, heading in KINDS.items():
        of_kind = [fragment for fragment in found if fragment.kind == kind]
        if of_kind:
            lines += [f"### {heading}", ""]
            for fragment in of_kind:
                days = f" *Impacted days: {fragment.days}.*" if fragment.days else ""
                lines += [f"- **{fragment.subject}**: {fragment.vi}<br>{fragment.en}{days}"]
            lines += [""]
    return "\n".join(lines)


def release(house: Path, version: str, day: datetime.date) -> None:
    """Write the release on top of CHANGELOG.md and remove its fragments."""
    folder, changelog = house / "changelog.d", house / "CHANGELOG.md"
    found = fragments(folder)
    if not found:
        raise MalformedFragment("changelog.d/ is empty: nothing to release")
    title, _, rest = changelog.read_text(encoding="utf-8").partition("\n## ")
    older = f"\n## {rest}" if rest else ""
    changelog.write_text(f"{title.rstrip()}\n\n{section(version, day, found)}{older}", encoding="utf-8")
    for file in folder.glob("*.md"):
        file.unlink()


def main(arguments: list[str]) -> int:
    """Release, or only look; 0 when every fragment follows the form."""
    try:
        if arguments:
            version, day = arguments
            release(HOUSE, version, datetime.date.fromisoformat(day))
        else:
            print(f"changelog.d/: {len(fragments(HOUSE / 'changelog.d'))} fragments")
    except (MalformedFragment, ValueError) as wrong:
        print(f"changelog: {wrong}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
