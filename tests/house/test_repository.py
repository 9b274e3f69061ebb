"""The repository installs on any machine: it names no package index, no place of the machine it grew on."""

import re
import subprocess
import tomllib

import pytest

# Put together here, so that this file passes its own test.
PLACES = [
    re.compile(r"(?<![\w.$}/-])/" + folder + r"(?=[/\s\"'`)]|$)", re.MULTILINE)
    for folder in ("work", "root", "tmp", "opt/wheels", "opt/pypi")
]
INDEXES = [
    re.compile(word, re.IGNORECASE)
    for word in (
        "pypi" + r"\.org",
        "python" + "hosted",
        "registry" + r"\.npmjs",
        "--(extra-)?index-" + "url",
        "--find-" + "links",
    )
]


@pytest.fixture(scope="module")
def texts(repository):
    """Every text file that is or would be committed: name → text."""
    command = ["git", "-C", str(repository), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git work tree")
    found = {}
    for name in filter(None, listed.stdout.decode().split("\0")):
        file = repository / name
        if file.is_file():
            content = file.read_bytes()
            if b"\0" not in content:
                found[name] = content.decode()
    return found


def test_no_file_names_a_place_of_one_machine(texts):
    named = [
        f"{name}: {match[0]}"
        for name, text in texts.items()
        for place in PLACES
        for match in place.finditer(text)
    ]
    assert named == []


def test_no_file_names_a_package_index(texts):
    # tools/lock.sh switches exactly these off.
    named = [
        f"{name}: {match[0]}"
        for name, text in texts.items()
        for index in INDEXES
        for match in index.finditer(text.replace("--no-emit-", ""))
    ]
    assert named == []


def test_every_dependency_is_pinned_with_a_hash(repository):
    lists = sorted((repository / "requirements").glob("*.txt"))
    assert [file.stem for file in lists] == ["build", "client", "core", "dev", "docs", "spark", "tools"]
    for file in lists:
        text = file.read_text(encoding="utf-8")
        for block in re.split(r"\n(?=\w)", text):
            assert re.match(r"[\w.-]+==[\w.]+( ;[^\\]*)? \\\n", block), (file.name, block.splitlines()[0])
            assert "--hash=sha256:" in block, (file.name, block.splitlines()[0])


def test_the_lists_hold_what_the_project_asks_for(repository):
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    asked = {
        "core": [
            *project["project"]["dependencies"],
            *project["project"]["optional-dependencies"]["postgres"],
        ],
        **project["dependency-groups"],
    }
    for name, requirements in asked.items():
        pinned = (repository / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        for requirement in requirements:
            package = re.split(r"[\[<>=; ]", requirement)[0]
            assert re.search(rf"^{re.escape(package)}==", pinned, re.MULTILINE), (
                f"{package} is not in {name}.txt"
            )


def test_the_same_package_has_the_same_version_in_every_list(repository):
    versions = {}
    # The client's list is never installed beside the others: its generator wants an older typer than ours.
    for file in set((repository / "requirements").glob("*.txt")) - {repository / "requirements/client.txt"}:
        for package, version in re.findall(
            r"^([\w.-]+)==([\w.]+)", file.read_text(encoding="utf-8"), re.MULTILINE
        ):
            versions.setdefault(package, set()).add(version)
    assert {package: found for package, found in versions.items() if len(found) > 1} == {}
