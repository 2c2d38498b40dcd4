"""The time that a scan still takes follows from what music has cost so far."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.library.scan.time_left import LOSSY, PCM, TimeLeft


def test_nothing_is_known_before_the_first_music():
    assert TimeLeft({"/a.mp3": 100}).seconds(1) is None


@given(st.integers(1, 8), st.floats(0.01, 5.0))
def test_a_minute_of_music_costs_the_same_whatever_its_format(jobs, cost):
    """Ten large files are done, thirty small ones of another kind are left, as long each."""
    minute = {".wav": 60 * PCM, ".mp3": 60 * LOSSY}
    large, small = [f"/{n}.wav" for n in range(10)], [f"/{n}.MP3" for n in range(30)]
    left = TimeLeft({path: minute[path[-4:].lower()] for path in (*large, *small)})
    for path in large:
        left.end(path, minute[".wav"], cost, 60.0)
    assert left.seconds(jobs) == pytest.approx(30 * cost / jobs)


def test_how_many_bytes_hold_a_second_is_learned():
    left = TimeLeft({"/a.ogg": 1000, "/b.ogg": 500})
    left.end("/a.ogg", 1000, 2.0, 100.0)
    assert left.seconds(1) == pytest.approx(1.0)
    left.end("/b.ogg", 500, 0.0, 0.0)  # only its tags were read
    assert left.seconds(1) == 0.0
