"""The command that opens the desk: what it refuses, in one line, before it serves anything."""

import pytest

from tests.support.commands import run


@pytest.fixture
def library(tmp_path):
    return "--library", tmp_path / "l.db"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--map", "/a=/b"), "--map needs --player."),
        (("--insecure",), "--insecure needs --player."),
    ],
)
def test_what_is_for_a_player_needs_one(library, arguments, told):
    assert told in run("desk", "--no-browser", *library, *arguments, code=2).stderr


@pytest.mark.parametrize(
    "target", ["mpd://127.0.0.1:1", "mpd:///no/socket", "http://127.0.0.1:1", "mpd://", "there"]
)
def test_a_player_that_is_none_or_does_not_answer_is_one_line(library, target):
    done = run("desk", "--no-browser", *library, "--player", target, code=1)
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
