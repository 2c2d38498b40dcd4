"""Sessions that commands may change: of the demo, and of a library that is made up."""

import shutil

import pytest

from tests.support.commands import run
from tests.support.documents import SHORT
from tests.support.libraries import fill
from tests.support.once import made_once


@pytest.fixture
def made_up(tmp_path, monkeypatch):
    """What runs a command with a library of tracks that were never recorded, in its folder."""
    folder = tmp_path / "Music"
    folder.mkdir()
    library = fill(tmp_path / "l.db", count=60, artists=30, duration_s=130.0, folder=str(folder))
    for number in range(60):
        (folder / f"{number}.flac").touch()
    monkeypatch.setenv("PLAYLIST_BUILDER_LIBRARY", str(library))
    monkeypatch.chdir(tmp_path)

    def do(line, *more, code=0, **options):
        return run(*line.split(), *more, code=code, **options)

    return do


@pytest.fixture
def built(demo, own_demo, tmp_path_factory):
    """A copy of the demo's music, its library, and a session of it."""

    def make(folder):
        shutil.copy(demo / "library.db", folder / "l.db")
        run("build", "arc", *SHORT, "--library", folder / "l.db", "-o", folder / "s.json")

    once = made_once(tmp_path_factory, "built", make)
    text = (once / "s.json").read_text(encoding="utf-8")
    for before, now in ((once / "l.db", own_demo / "l.db"), (demo / "music", own_demo / "music")):
        text = text.replace(str(before), str(now))
    (own_demo / "s.json").write_text(text, encoding="utf-8")
    return own_demo
