"""Cuts lie where the music rests, just before it begins again, and never within a phrase."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.analysis import loudness
from playlist_builder.arranger.trims import part
from playlist_builder.audio import encode
from playlist_builder.sessions import cuts
from tests.support.synthetic import track

RATE_HZ = 8000


def power(*spans):
    """K-weighted power that is so loud, in LUFS, for so many seconds."""
    lufs = np.concatenate([np.full(round(10 * seconds), level) for level, seconds in spans])
    return 10.0 ** ((lufs - loudness.OFFSET_LUFS) / 10.0)


PHRASES = power((-20.0, 38.0), (-40.0, 1.5), (-20.0, 40.0))  # the rest is from 38 to 39.5 s


def test_a_part_begins_at_the_end_of_a_rest_and_ends_at_its_beginning():
    assert cuts.quietest_s(PHRASES, 40.0, is_last=True) == pytest.approx(39.3)
    assert cuts.quietest_s(PHRASES, 40.0, is_last=False) == pytest.approx(38.2)


def test_nothing_is_cut_where_the_music_goes_on():
    beat = power(*[(-18.0, 0.1), (-22.0, 0.2)] * 300)
    assert cuts.quietest_s(beat, 40.0, is_last=True) is None
    assert cuts.quietest_s(beat, 40.0, is_last=False) is None


def test_a_held_sound_may_be_cut_anywhere():
    held = power((-20.0, 60.0))
    assert cuts.quietest_s(held, 40.0, is_last=True) == pytest.approx(44.3)
    assert cuts.quietest_s(held, 40.0, is_last=False) == pytest.approx(35.7)


@given(
    st.lists(st.floats(-69.0, -3.0), min_size=60, max_size=300),
    st.floats(0.0, 30.0),
    st.booleans(),
)
def test_a_cut_moves_by_less_than_half_a_step_and_stays_in_the_track(levels, cut_s, is_last):
    seconds = len(levels) / 10.0
    cut_s = min(cut_s, seconds)
    found = cuts.quietest_s(power(*[(each, 0.1) for each in levels]), cut_s, is_last=is_last)
    if found is not None:
        assert abs(found - cut_s) <= cuts.NEAR_S + 1e-9
        assert 0.0 <= found <= seconds


@pytest.fixture
def music(tmp_path):
    """A minute of noise that pauses from 18 to 19 and from 41 to 42 s."""
    rng = np.random.default_rng(1)
    samples = 0.1 * rng.standard_normal((1, 60 * RATE_HZ)).astype(np.float32)
    for start_s in (18, 41):
        samples[:, start_s * RATE_HZ : (start_s + 1) * RATE_HZ] *= 0.01
    path = tmp_path / "a.flac"
    encode.write_flac(str(path), samples, RATE_HZ, {})
    return path


def whole(path):
    return replace(track(1, 60.0, np.full(6, 0.5)), path=str(path))


def test_the_cuts_of_a_part_are_settled_in_its_file(music):
    before = part(whole(music), 20.0, 40.0)
    after = cuts.settled(before)
    assert after.from_s == pytest.approx(18.8, abs=0.2)
    assert after.to_s == pytest.approx(41.2, abs=0.2)
    assert after.duration_s == pytest.approx(after.to_s - after.from_s)
    features = after.features
    assert features.start_loudness_lufs == pytest.approx(features.end_loudness_lufs, abs=0.5)
    assert features.start_loudness_lufs != before.features.start_loudness_lufs
    assert after.contour is before.contour
    late = cuts.settled(part(whole(music), 20.0, None))
    assert (late.from_s, late.to_s) == (after.from_s, None)


def test_a_cut_near_the_end_of_a_file_stays_within_it(music):
    after = cuts.settled(part(whole(music), None, 58.0))
    assert after is None or after.to_s <= 60.0


def test_a_part_stays_where_its_file_cannot_be_read(music, tmp_path):
    before = part(whole(tmp_path / "gone.flac"), 20.0, None)
    assert cuts.settled(before) is before
    late = replace(
        part(whole(music), 20.0, None), from_s=200.0
    )  # the file has become shorter since
    assert cuts.settled(late) is late
    (tmp_path / "text.flac").write_text("no music", encoding="utf-8")
    before = part(whole(tmp_path / "text.flac"), 20.0, 40.0)
    assert cuts.settled(before) is before
