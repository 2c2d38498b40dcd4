"""A session of the demo that commands may change."""

import shutil

import pytest

from tests.support.commands import run
from tests.support.documents import SHORT
from tests.support.once import made_once


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
