"""CUE sheets are counted by the tracks that lie in one file."""

from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.tags.cue_sheet import MOST_TRACKS, count_tracks

SHEET = """\ufeffPERFORMER "Ann"
FILE "Quiet Album.wav" WAVE
  TRACK 01 AUDIO
    TITLE "TRACK 05 AUDIO"
    INDEX 01 00:00:00
  TRACK 02 AUDIO
  track 03 audio
  TRACK 04 MODE1/2352
FILE "Other.flac" WAVE
  TRACK 05 AUDIO
FILE bare.flac WAVE
  TRACK 06 AUDIO
"""


def test_tracks_are_those_of_audio():
    assert count_tracks(SHEET) == 5


def test_tracks_of_one_file_are_known_by_its_name_without_the_suffix():
    names = ["Quiet Album.flac", "quiet album.FLAC", "Other.flac", "bare.flac", "Third.flac"]
    assert [count_tracks(SHEET, name) for name in names] == [3, 3, 1, 1, 0]
    assert count_tracks('FILE "D:\\rips\\a.ape" WAVE\nTRACK 1 AUDIO', "a.ape") == 1


def test_a_sheet_with_a_track_in_each_file_makes_none_an_album():
    lines = [f'FILE "{n}.flac" WAVE\n TRACK {n:02} AUDIO\n' for n in range(1, 13)]
    assert count_tracks("".join(lines), "7.flac") == 1


@given(st.text(max_size=200), st.none() | st.text(max_size=20))
def test_any_text_is_survived(text, name):
    assert 0 <= count_tracks(text, name) <= MOST_TRACKS
