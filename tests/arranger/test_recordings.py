"""Copies of one recording are known from its hash, its MusicBrainz id, its names and its sound."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_builder.arranger.recordings import (
    COPY_S,
    copies,
    is_repeated,
    repeated,
    spare_copies,
)
from playlist_builder.models import Tags
from playlist_builder.tracks.track_table import TrackTable
from tests.support import synthetic

ID = "b1a9c0e9-d987-4042-ae91-78d6a3267d69"


def track(number=0, duration_s=300.0, title="", artist="", **more):
    one = synthetic.plain(number, duration_s / 60.0)
    artists = (artist,) if artist else ()
    return replace(
        one,
        tags=Tags(
            title=title, artists=artists, musicbrainz_recording_id=more.get("recording_id", "")
        ),
        identity=more.get("identity", f"{number:04x}"),
    )


def test_copies_share_a_hash_or_title_artist_and_length():
    tracks = [
        track(0, 300.0, "Dawn", "A"),
        track(1, 301.9, "dawn", "a"),
        track(2, 303.5, "Dawn", "A"),
        track(3, 300.0, "Dawn", "B"),
        track(4, 300.0, "", "A"),
        track(5, 300.0, "", "A"),
        track(6, 500.0, "Other", "C", identity="0000"),
    ]
    groups = {frozenset(group) for group in copies(tracks)}
    assert groups == {frozenset({0, 6}), frozenset({0, 1}), frozenset({1, 2})}


@given(st.lists(st.integers(0, 40), min_size=2, max_size=14))
def test_two_tracks_share_a_group_exactly_if_they_are_copies(tenths):
    """A chain of likeness does not make its ends alike."""
    lengths = [300.0 + tenth / 2.0 for tenth in tenths]
    tracks = [track(i, length, "Dawn", "A") for i, length in enumerate(lengths)]
    together = {
        frozenset((i, j)) for group in copies(tracks) for i in group for j in group if i != j
    }
    alike = {
        frozenset((i, j))
        for i, left in enumerate(lengths)
        for j, right in enumerate(lengths)
        if i != j and abs(left - right) <= COPY_S
    }
    assert together == alike


@given(st.sampled_from(["leading", "trailing", "within"]), st.floats(3.5, 400.0))
def test_silence_put_into_a_copy_does_not_hide_it(where, silence_s):
    plain = track(0, 300.0, "Dawn", "A")
    longer = track(1, 300.0 + silence_s, "Dawn", "A")
    starts_s = {"leading": 0.0, "trailing": 300.0, "within": 120.0}[where]
    silence = {"longest_silence_s": silence_s, "longest_silence_start_s": starts_s}
    if where != "within":
        silence[f"{where}_silence_s"] = silence_s
    spoilt = replace(longer, features=replace(longer.features, **silence))
    assert copies([plain, spoilt]) == [[0, 1]]
    assert copies([plain, longer]) == []
    assert is_repeated(spoilt, [plain])
    assert is_repeated(plain, [spoilt])
    assert not is_repeated(longer, [plain])


def grouped(tracks):
    return {frozenset(group) for group in copies(tracks)}


def test_names_compare_by_their_words():
    tracks = [
        track(0, 300.0, "Don't - Stop", "Guns N' Roses"),
        track(1, 301.0, "Don\u2019t \u2010 Stop", "Guns N\u2019 Roses"),
        track(2, 300.0, "Caf\u00e9", "V.A."),
        track(3, 300.0, "Cafe\u0301", "Artistes divers"),
    ]
    assert grouped(tracks) == {frozenset({0, 1}), frozenset({2, 3})}


def test_an_equal_recording_id_is_one_recording_whatever_its_names():
    tracks = [
        track(0, 300.0, "Dawn", "A", recording_id=ID),
        track(1, 320.0, "Morgenrot", "B", recording_id=ID),
        track(2, recording_id="00000000-0000-0000-0000-000000000000"),
        track(3, recording_id="00000000-0000-0000-0000-000000000000"),
    ]
    assert grouped(tracks) == {frozenset({0, 1})}
    assert [is_repeated(each, tracks[:1]) for each in tracks] == [True, True, False, False]


def test_equal_sound_is_one_recording_without_tags():
    contour = np.linspace(0.1, 0.7, 20)
    formats = [synthetic.track(n, 200.0 + n / 50.0, contour, title=f"t{n}") for n in range(3)]
    other = synthetic.track(3, 200.0, contour[::-1], title="t3")
    assert grouped([*formats, other]) == {frozenset({0, 1, 2})}
    again = repeated(TrackTable.of([*formats, other]), formats[:1])
    assert again.tolist() == [True, True, True, False]


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 4)), max_size=8))
def test_what_shares_a_group_repeats_each_other(drawn):
    tracks = [
        track(n, 300.0 + length, f"T{title}" if title else "", recording_id=ID if own > 1 else "")
        for n, (title, own, length) in enumerate(drawn)
    ]
    table, together = TrackTable.of(tracks), grouped(tracks)
    for place, one in enumerate(tracks):
        again = repeated(table, [one]).tolist()
        shared = [
            other == place or any({other, place} <= group for group in together)
            for other in range(len(tracks))
        ]
        assert again == shared


def test_a_title_without_an_artist_is_one_recording_only_where_it_is_as_bright():
    """Many a theme is called menu."""

    def menu(number, centroid_hz, artist=""):
        one = track(number, 180.0 + number, "menu", artist)
        return replace(one, features=replace(one.features, spectral_centroid_hz=centroid_hz))

    dark, bright, again = menu(0, 650.0), menu(1, 1250.0), menu(2, 700.0)
    assert copies([dark, bright, again]) == [[0, 2]]
    assert not is_repeated(bright, [dark])
    assert is_repeated(again, [dark])
    named = [menu(0, 650.0, "Ada"), menu(1, 1250.0, "Ada")]
    assert copies(named) == [[0, 1]]
    assert is_repeated(named[1], named[:1])


@pytest.mark.parametrize("harm", [{"startle_lu": 20.0}, {"longest_silence_s": 60.0}])
@pytest.mark.parametrize("first", [0, 1])
def test_of_copies_the_one_that_harms_least_is_kept(harm, first):
    two = [track(number, 300.0, "Dawn", "A") for number in range(2)]
    two[first] = replace(two[first], features=replace(two[first].features, **harm))
    assert spare_copies(TrackTable.of(two), price=np.array([0.0, 1.0])) == {first}
