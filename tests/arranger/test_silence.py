"""Tracks with a long silence are left out while there are others, and told where there are not."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.rules import SILENCE_S, Constraints
from tests.support.synthetic import arc, flat, library, paths, plain


def within(track, start_s, seconds):
    silence = {"longest_silence_start_s": start_s, "longest_silence_s": seconds}
    return replace(track, features=replace(track.features, **silence))


def codes(session):
    return [told.code for told in session.relaxed]


@settings(max_examples=3)
@given(st.integers(0, 99), st.floats(15.1, 500.0), st.floats(0.0, 100.0))
def test_no_session_holds_a_long_silence_while_there_is_other_music(seed, seconds, start_s):
    """In slots, tail and spares, whatever the length and place of the silence."""
    tracks = library(24, seed, artists=24)
    spoilt = {track.path for track in tracks[::3]}
    tracks = [within(t, start_s, seconds) if t.path in spoilt else t for t in tracks]
    session = arrange(tracks, arc(artist_max=24, artist_gap=0, tail_min_s=0.0))
    used = (*session.slots, *session.tail, *(spare.slot for spare in session.spares))
    assert spoilt.isdisjoint(slot.path for slot in used)
    assert "silence" not in codes(session)


def test_the_limit_is_the_longest_that_is_taken_for_a_rest():
    tracks = [plain(0, silence_s=(60.0, SILENCE_S + 0.1)), plain(1, silence_s=(60.0, SILENCE_S))]
    session = arrange(tracks, flat(5))
    assert paths(session) == [tracks[1].path]


def test_where_only_silence_is_left_it_is_told_with_its_minute():
    track = plain(2, silence_s=(125.0, 90.0))
    (told,) = arrange([track], flat(5)).relaxed
    assert str(told) == (
        "silence: 1 track beyond the limit of their phase, worst 'Title 2' with 90 s from 2:05 on"
        " in only (limit 15)"
    )


def test_as_little_silence_as_there_need_be():
    tracks = [plain(n, silence_s=(10.0, seconds)) for n, seconds in enumerate((20, 25, 50, 200))]
    session = arrange(tracks, flat(10))
    assert set(paths(session)) == {tracks[0].path, tracks[1].path}
    assert codes(session) == ["silence"]


def test_a_shorter_session_is_better_than_silence_where_it_is_allowed():
    tracks = [plain(0), plain(1), plain(2, silence_s=(125.0, 90.0))]
    session = arrange(tracks, flat(15), constraints=Constraints(allow_short=True))
    assert set(paths(session)) == {tracks[0].path, tracks[1].path}
    assert session.relaxed == ()
    assert "1 track long silences" in str(session.warnings[0])


def test_a_phase_may_allow_more_or_less():
    tracks = [plain(0, silence_s=(9.0, 40.0)), plain(1, silence_s=(9.0, 10.0))]
    assert arrange(tracks, flat(10, max_silence_s=40.0)).relaxed == ()
    assert codes(arrange(tracks, flat(5, max_silence_s=9.0))) == ["silence"]


def edged(number, leading_s, trailing_s):
    own = plain(number)
    edges = {"leading_silence_s": leading_s, "trailing_silence_s": trailing_s}
    return replace(own, features=replace(own.features, **edges))


@pytest.mark.parametrize("edges", [(0.0, 14.0), (14.0, 0.0)])
def test_silent_edges_do_not_meet(edges):
    """Two that end and two that begin with silence, which the order keeps apart."""
    tracks = [edged(0, *edges), edged(1, *edges), edged(2, *edges[::-1]), edged(3, *edges[::-1])]
    session = arrange(tracks, flat(20))
    played = [next(t for t in tracks if t.path == path).features for path in paths(session)]
    for left, right in pairwise(played):
        assert left.trailing_silence_s + right.leading_silence_s <= SILENCE_S
    assert "silences" not in [told.code for told in session.warnings]


def test_silent_edges_that_must_meet_are_told():
    session = arrange([edged(0, 9.0, 9.0), edged(1, 9.0, 9.0)], flat(10))
    (told,) = [told for told in session.warnings if told.code == "silences"]
    assert str(told) == (
        "1 transition with more than 15 s of silence, 18 s at"
        f" '{session.slots[1].title}' at 5:00 (only)"
    )
