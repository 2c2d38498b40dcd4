"""What a user installs is whole: the wheel holds every file that the package reads."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROFILES = sorted(file.name for file in (ROOT / "profiles").glob("*.toml"))

LOAD_ARC = """
import playlist_builder
from playlist_builder.profiles import find as profiles

print(playlist_builder.__file__)
print(profiles.load_profile("arc").name)
print(*(f"{listing.name}.toml" for listing in profiles.available() if listing.profile))
"""

RUN_SCRIPT = """
import sys
from importlib.metadata import entry_points

(script,) = entry_points(group="console_scripts", name="playlist-builder")
sys.argv = ["playlist-builder", "--help"]
script.load()()
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def python(package_folder, cwd, *arguments):
    """Run Python where `playlist_builder` can only come from one folder; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-P", *arguments],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(package_folder)},
        check=False,
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_eleven_profiles_are_shipped():
    assert len(PROFILES) == 11


def test_the_wheel_holds_what_the_package_reads(wheel):
    """The marker of types, the weights of the energy score, what a page needs, every profile."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    expected = {
        "py.typed",
        "analysis/energy_weights.json",
        "report/templates/page.css",
        "report/templates/page.js",
        *(f"profiles/data/{name}" for name in PROFILES),
    }
    assert {f"playlist_builder/{name}" for name in expected} <= names


def test_the_wheel_holds_nothing_but_the_package(wheel):
    """Tests and caches stay out of a user's site-packages."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"playlist_builder"}
    assert not [name for name in names if "__pycache__" in name or "/tests/" in name]


def test_profiles_load_from_the_wheel(installed, tmp_path):
    """Far from the checkout, the profiles of the wheel are found and valid."""
    file, name, listed = python(installed, tmp_path, "-c", LOAD_ARC).splitlines()
    assert Path(file).is_relative_to(installed)
    assert name == "arc"
    assert sorted(listed.split()) == PROFILES


def test_profiles_load_from_the_checkout(tmp_path):
    """A clone works before it is installed, from any working folder."""
    file, name, listed = python(ROOT, tmp_path, "-c", LOAD_ARC).splitlines()
    assert Path(file).is_relative_to(ROOT)
    assert name == "arc"
    assert sorted(listed.split()) == PROFILES


@pytest.mark.parametrize(
    "arguments",
    [("-m", "playlist_builder", "--help"), ("-c", RUN_SCRIPT)],
    ids=["module", "script"],
)
def test_the_command_starts_from_the_wheel(installed, tmp_path, arguments):
    """`python -m playlist_builder` and the installed script both answer `--help`."""
    assert "Usage:" in python(installed, tmp_path, *arguments)
