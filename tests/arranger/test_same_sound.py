"""The same music is known by its sound in another format, and other music never is."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_builder.arranger import same_sound
from playlist_builder.models import STEP_S, Tags
from playlist_builder.tracks.track_table import TrackTable
from tests.support.synthetic import emotion, felt, library, plain, track

TRACKS = felt(library(60, 7), 7)
TABLE = TrackTable.of(TRACKS)


def stored(one, seed, *, gain_lu=0.0, longer_s=0.0, **measured):
    """Return a track as it measures in another format, without tags."""
    rng = np.random.default_rng(seed)
    contour = np.clip(one.contour + rng.normal(0.0, 0.01, len(one.contour)), 0.0, 1.0)
    features = one.features
    changed = {
        "duration_s": one.duration_s + longer_s,
        "loudness_lufs": features.loudness_lufs + gain_lu,
        "start_loudness_lufs": features.start_loudness_lufs + gain_lu,
        "end_loudness_lufs": features.end_loudness_lufs + gain_lu,
        "spectral_centroid_hz": features.spectral_centroid_hz * 0.98,
        "startle_lu": features.startle_lu + 0.1,
        "sample_rate_hz": 48000,
        "tempo_bpm": features.tempo_bpm * 2.0,
        **measured,
    }
    return replace(
        one,
        path=f"/copies/{seed}.opus",
        identity=f"copy{seed}",
        tags=Tags(title=str(seed)),
        features=replace(features, **changed),
        contour=contour.astype(np.float32),
        energy=float(contour.mean()),
    )


def pairs(tracks):
    table = TrackTable.of(tracks)
    return {frozenset(pair) for pair in same_sound.pairs(table, table).tolist()}


def test_tracks_of_a_library_are_told_apart():
    assert pairs(TRACKS) == set()


@settings(max_examples=12)
@given(st.integers(0, 59), st.floats(-12.0, 12.0), st.floats(-1.0, 1.0))
def test_a_copy_is_known_whatever_its_level_tags_and_padding(place, gain_lu, longer_s):
    copy = stored(TRACKS[place], place, gain_lu=gain_lu, longer_s=longer_s)
    assert pairs([*TRACKS, copy]) == {frozenset((place, 60))}
    found = same_sound.pairs(TABLE, TrackTable.of([copy]))
    assert found.tolist() == [[place, 0]]


@settings(max_examples=8)
@given(st.integers(0, 59), st.floats(0.0, 1.0), st.integers(2, 20))
def test_silence_at_an_edge_or_within_does_not_hide_a_copy(place, share, steps):
    copy, silence_s = stored(TRACKS[place], place), steps * STEP_S
    at = round(share * (len(copy.contour) - 1))
    begins_s = copy.duration_s if share == 1.0 else at * STEP_S
    where = {0.0: "leading_silence_s", copy.duration_s: "trailing_silence_s"}.get(begins_s)
    spoilt = {
        "duration_s": copy.duration_s + silence_s,
        "longest_silence_s": silence_s,
        "longest_silence_start_s": begins_s,
        "onset_rate_hz": copy.features.onset_rate_hz
        * copy.duration_s
        / (copy.duration_s + silence_s),
        "startle_lu": 25.0,
        "start_loudness_lufs": copy.features.start_loudness_lufs - 20.0 * (begins_s == 0.0),
        "end_loudness_lufs": copy.features.end_loudness_lufs - 20.0 * (share == 1.0),
    } | ({where: silence_s} if where else {})
    end = len(copy.contour) if share == 1.0 else at
    longer = np.insert(copy.contour, end, np.zeros(steps, np.float32))
    other = replace(copy, features=replace(copy.features, **spoilt), contour=longer)
    assert pairs([*TRACKS, other]) == {frozenset((place, 60))}


def test_what_is_not_known_of_an_embedding_agrees():
    one = replace(TRACKS[0], emotion=emotion(0.2))
    assert pairs([one, replace(stored(one, 0), emotion=None)])
    assert not pairs([one, replace(stored(one, 0), emotion=emotion(0.6))])


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("duration_s", 1.6),
        ("loudness_range_lu", 0.6),
        ("start_loudness_lufs", 1.6),
        ("end_loudness_lufs", -1.6),
        ("spectral_centroid_hz", 900.0),
        ("startle_lu", 0.8),
        ("onset_rate_hz", 0.4),
        ("percussiveness", 0.05),
        ("pulse_clarity", -0.1),
    ],
)
def test_one_measurement_that_differs_tells_two_pieces_apart(name, by):
    one = TRACKS[0]
    other = stored(one, 0, **{name: getattr(one.features, name) + by})
    assert not pairs([one, other])


def test_another_course_is_another_piece_and_another_level_is_not():
    rising = track(0, 200.0, np.linspace(0.2, 0.8, 20))
    falling = track(1, 200.0, np.linspace(0.8, 0.2, 20))
    louder = track(2, 200.0, np.linspace(0.35, 0.95, 20))
    assert pairs([rising, falling, louder]) == {frozenset((0, 2))}


def test_nothing_is_said_of_what_does_not_move():
    """Noise, a held tone, and what is too short to have a course."""
    short = [track(number, 8.0, np.array([0.4])) for number in range(2)]
    assert pairs([plain(0), plain(1), *short]) == set()


def test_blocks_of_pairs_change_nothing(monkeypatch):
    tracks = [*TRACKS[:9], *(stored(each, n) for n, each in enumerate(TRACKS[:9]))]
    whole = pairs(tracks)
    assert len(whole) == 9
    monkeypatch.setattr(same_sound, "BLOCK", 2)
    assert pairs(tracks) == whole


def test_an_empty_table_has_no_pairs():
    empty = TrackTable.of([])
    assert same_sound.pairs(empty, empty).shape == (0, 2)
    assert same_sound.pairs(TABLE, empty).shape == (0, 2)
