"""JSPF as a playlist: its entries are found, and repaired, as those of any other."""

import json

import pytest

from playlist_builder.playlists.read import kind_of, parse
from playlist_builder.playlists.rewrite import replace_paths

TRACKS = [
    {"title": "A", "creator": "B", "location": ["https://x.example/a", "old/a%20b.mp3"]},
    {"title": "C"},
    {"location": "file:///m/c.mp3", "duration": 3000},
]
DATA = json.dumps({"playlist": {"title": "t", "track": TRACKS, "more": {"x": 1}}}).encode()


@pytest.mark.parametrize("name", ["a.jspf", "a.json"])
def test_entries_are_the_tracks_that_name_a_file(name):
    assert kind_of(DATA, name) == "jspf"
    first, second = parse(DATA, name)
    assert (first.location, first.title, first.is_uri) == ("old/a%20b.mp3", "B - A", True)
    assert (second.location, second.duration_s) == ("file:///m/c.mp3", 3.0)


def test_a_session_file_is_still_one():
    assert kind_of(b'{\n  "version": 1, "playlist": {}}', "a.json") == "session"


def test_a_new_place_is_written_as_the_old_one_was_and_all_else_stays():
    after, refused = replace_paths(DATA, "a.jspf", {0: "/m/new/x y.mp3", 1: "/m/d e.mp3"}, "/m")
    assert not refused
    playlist = json.loads(after)["playlist"]
    assert playlist["track"][0]["location"] == ["new/x%20y.mp3"]
    assert playlist["track"][2]["location"] == ["file:///m/d%20e.mp3"]
    assert playlist["track"][1] == TRACKS[1]
    assert playlist["more"] == {"x": 1}
