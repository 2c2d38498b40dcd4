"""What all tests share: steady hypothesis runs, golden texts, and options that renew or require.

`--regenerate` writes the golden texts again. `--no-skips=own` fails every skipped test that needs
no player, server, browser or cluster, `--no-skips=all` every skipped test.
"""

import os
import shutil
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from hypothesis import settings

from playlist_builder.files.system import ONE_THREAD
from tests.support.commands import run
from tests.support.libraries import move_music
from tests.support.once import made_once

EXTERNAL = "player", "server", "browser", "cluster"
GOLDEN = Path(__file__).parent / "golden"

# A deadline measures the machine, and a database would make a run depend on the one before.
os.environ.update(ONE_THREAD)  # as the commands do, before numpy is loaded
os.environ["LANGUAGE"] = "en"  # whatever that of the developer is

settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate", action="store_true", help="write the golden texts again")
    parser.addoption("--no-skips", choices=("own", "all"), help="which tests may not be skipped")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest file, so that no process waits for it in the end."""
    items.sort(key=lambda item: item.path.name != "test_readme.py")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Return the report of a test, failed if it was skipped and may not be."""
    report = yield
    barred = item.config.getoption("--no-skips")
    is_external = any(item.get_closest_marker(part) for part in EXTERNAL)
    if report.skipped and (barred == "all" or (barred == "own" and not is_external)):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} must not be skipped: {report.longrepr[2]}"
    return report


@pytest.fixture(scope="session", autouse=True)
def own_data(tmp_path_factory: pytest.TempPathFactory) -> Generator[None]:
    """Keep what tests store for their user out of the data of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Hold a text against the file of that name in `golden/`; `--regenerate` writes the file."""

    def check(name: str, text: str) -> None:
        file = GOLDEN / name
        if request.config.getoption("--regenerate"):
            file.write_text(text, encoding="utf-8", newline="\n")
        assert text.encode() == file.read_bytes()

    return check


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the demo, which is made once for all tests and must not be changed.

    Beside it stands `printed.txt`, what the command printed.
    """
    return made_once(tmp_path_factory, "demo", make_demo) / "playlist-builder-demo"


def make_demo(folder: Path) -> None:
    (folder / "printed.txt").write_text(run("demo", cwd=folder).stdout, encoding="utf-8")


@pytest.fixture(scope="module")
def demo_library(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Return the option for a copy of the demo's library."""
    return "--library", shutil.copy(demo / "library.db", tmp_path_factory.mktemp("library"))


@pytest.fixture
def own_demo(demo: Path, tmp_path: Path) -> Path:
    """Return a folder of a test's own with the demo: `music` and `l.db`, a copy.

    Tracks may be moved and removed, but not written: the files are those of all tests.
    """
    shutil.copytree(demo / "music", tmp_path / "music", copy_function=os.link)
    shutil.copy(demo / "library.db", tmp_path / "l.db")
    move_music(tmp_path / "l.db", demo / "music", tmp_path / "music")
    return tmp_path
