"""An album in one file is left out by its length, and a session says what it is."""

from dataclasses import replace

import pytest

from playlist_builder.arranger import sheets
from playlist_builder.arranger.problem import build_problem
from playlist_builder.arranger.rules import Constraints
from playlist_builder.errors import ArrangeError
from playlist_builder.profiles.find import load_profile
from tests.support.synthetic import plain


def album(number, minutes=60.0, cue_tracks=12):
    track = plain(number, minutes)
    return replace(track, tags=replace(track.tags, title=f"Album {number}", cue_tracks=cue_tracks))


def test_albums_are_long_files_with_several_tracks():
    tracks = [album(1), album(2, minutes=5.0), album(3, cue_tracks=1), plain(4, 60.0), album(5)]
    assert [track.tags.title for track in sheets.albums(tracks)] == ["Album 1", "Album 5"]
    assert sheets.album_notices(tracks[1:4]) == []


def test_a_session_says_what_is_left_out_and_what_to_do():
    tracks = [plain(number, 10.0) for number in range(1, 9)]
    profile = load_profile("steady")
    settings = {"duration_s": 1800.0, "seed": 0, "scale": "absolute", "tolerance_s": 300.0}
    asked = {"profile": profile, "constraints": Constraints(**settings)}
    assert build_problem(tracks, **asked).notes == ()
    (told,) = build_problem([*tracks, album(9)], **asked).notes
    assert str(told) == (
        "1 file that is too long holds an album by its CUE sheet: 'Album 9' (12 tracks);"
        " split it into its tracks and scan again"
    )
    with pytest.raises(ArrangeError, match=r"too long.*'Album 9' \(12 tracks\); split it"):
        build_problem([album(9)], **asked)
