"""What every test may ask for: the real messages beside the repository, and how hard Hypothesis looks.

A run that names only folders of the pure layers starts no Django at all; any other run starts it once,
on a data folder of its own that is gone afterwards.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

REPOSITORY = Path(__file__).resolve().parent.parent
TESTS = REPOSITORY / "tests"

# Folders whose tests must pass without a database, a clock or users.
PURE = frozenset({"analytics", "engine", "house", "packs", "properties", "scenarios", "spec", "words"})
SETTINGS = "thongquan.site.config.settings"
DATA_FOLDER = pytest.StashKey[Path]()

# A failure prints the blob that replays it: @reproduce_failure(...). `ci` draws the same examples each
# time for the same code, so a red build can be repeated; `soak` goes on looking where nobody has looked.
settings.register_profile("quick", max_examples=25, deadline=None, print_blob=True)
settings.register_profile("ci", max_examples=100, deadline=None, print_blob=True, derandomize=True)
settings.register_profile(
    "soak",
    max_examples=5_000,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def shared_data_folder() -> Path:
    """The folder of real messages and tariffs that lies beside the repository, never inside it."""
    return Path(os.environ.get("THONGQUAN_SHARED_DATA") or REPOSITORY.parent / "shared" / "data")


def is_pure(argument: str, started_in: Path) -> bool:
    """Whether a path given to pytest lies in a folder of tests that need no Django."""
    path = (started_in / argument.split("::")[0]).resolve()
    return (
        path.is_relative_to(TESTS)
        and path.relative_to(TESTS).parts[:1] != ()
        and (path.relative_to(TESTS).parts[0] in PURE)
    )


def pytest_configure(config: pytest.Config) -> None:
    """Start Django only for a run that may reach the site, before pytest-django looks for settings."""
    if all(is_pure(argument, config.invocation_params.dir) for argument in config.args):
        return
    folder = Path(tempfile.mkdtemp(prefix="thongquan-tests-"))
    config.stash[DATA_FOLDER] = folder
    # Forced, not defaulted: a test never reaches the data of whoever runs it.
    os.environ["THONGQUAN_DATA"] = str(folder)
    os.environ["DATABASE_URL"] = os.environ.get("THONGQUAN_TEST_DATABASE_URL", "")
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    from django.conf import settings as django_settings

    # pytest-django, which configures last, sets Django up only when the settings have been read.
    assert django_settings.DATABASES


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the data folder of this run."""
    folder = config.stash.get(DATA_FOLDER, None)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder that holds pyproject.toml."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real inputs; the test is skipped, saying why, where it is absent."""
    folder = shared_data_folder()
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set THONGQUAN_SHARED_DATA to its folder")
    return folder
