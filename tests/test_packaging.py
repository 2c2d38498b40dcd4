"""What a user installs is whole: the wheel holds every file that the package reads."""

import os
import subprocess
import sys
import tarfile
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
print(*(f"{listing.name}.toml" for listing in profiles.available_profiles() if listing.profile))
"""

MAKE_PAGE = """
from playlist_builder.report.language import ENGLISH
from playlist_builder.models import Session
from playlist_builder.report.html import page

print(page(Session("arc", "relative", 60.0, 0.0, 0.1, 0.05, 0.1, []), ENGLISH, folder="/"))
"""

RUN_SCRIPT = """
import sys
from importlib.metadata import entry_points

(script,) = entry_points(group="console_scripts", name="playlist-builder")
sys.argv = ["playlist-builder", "--help"]
script.load()()
"""


TEMPLATES = {"macros.html", "page.css", "page.html", "page.js", "picture.css"}


CATALOGUE = "report/locale/ja/LC_MESSAGES/playlist_builder"


def built(target, folder):
    build = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (archive,) = folder.iterdir()
    return archive


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return built("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)  # noqa: S202 - a zip, and our own
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
    """Marker of types, weights of the energy score, templates, texts of reports, every profile."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    expected = {
        "py.typed",
        "analysis/energy_weights.json",
        *(f"report/templates/{name}" for name in TEMPLATES),
        *(f"{CATALOGUE}.{suffix}" for suffix in ("po", "mo")),
        *(f"profiles/data/{name}" for name in PROFILES),
    }
    assert {f"playlist_builder/{name}" for name in expected} <= names


def test_the_source_archive_holds_what_the_wheel_is_built_from(tmp_path):
    with tarfile.open(built("sdist", tmp_path)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"profiles/{name}" for name in PROFILES} <= names
    assert {f"playlist_builder/report/templates/{name}" for name in TEMPLATES} <= names


def test_a_page_is_made_from_the_wheel(installed, tmp_path):
    """Templates are found where the package is installed."""
    assert python(installed, tmp_path, "-c", MAKE_PAGE).startswith("<!doctype html>")


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
