"""The sessions of a series share no track, or as few as they must, and are about equally good."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.rules import Constraints
from playlist_builder.arranger.series import series
from playlist_builder.errors import ArrangeError
from playlist_builder.profiles.profile import Phase, Profile, Rules
from tests.support.synthetic import library, plain


def profile(minutes=20.0, **rules):
    end_s = minutes * 60.0
    phases = (
        Phase("calm", 0.0, 0.4 * end_s, 0.2, 0.4),
        Phase("peak", 0.4 * end_s, 0.7 * end_s, 0.6, 0.8),
        Phase("return", 0.7 * end_s, end_s, 0.5, 0.2),
    )
    return Profile("arc", "Arc", "", end_s, phases, Rules(**{"tail_min_s": 240.0, **rules}))


def played(sessions):
    return [slot.identity for each in sessions for slot in (*each.slots, *each.tail)]


def errors(sessions):
    return [session.rms_error for session in sessions]


def in_turn(tracks, count, **more):
    """Return the sessions that each take the best of what the earlier ones left."""
    sessions = []
    for _ in range(count):
        constraints = Constraints(avoid=frozenset(played(sessions)), **more)
        sessions.append(arrange(tracks, profile(), constraints))
    return sessions


@settings(max_examples=2)
@given(seed=st.integers(1, 50), count=st.integers(2, 3))
def test_no_track_twice_and_every_session_within_its_rules(seed, count):
    sessions = series(
        library(50, seed), profile(12.0), count, constraints=Constraints(tolerance_s=60.0)
    )
    assert len(sessions) == count
    assert max(Counter(played(sessions)).values()) == 1
    for session in sessions:
        assert abs(session.duration_s - 720.0) <= 60.0
        assert not session.relaxed


def test_sessions_are_more_alike_than_those_made_in_turn():
    """And that is not bought by a worse one."""
    tracks = library(80, 3)
    dealt, naive = errors(series(tracks, profile(), 3)), errors(in_turn(tracks, 3))
    assert max(dealt) <= 1.05 * max(naive)
    assert max(dealt) / min(dealt) <= 1.3
    assert max(dealt) / min(dealt) < max(naive) / min(naive)


def test_the_order_of_the_tracks_is_irrelevant_and_the_seed_is_not():
    tracks = library(60, 5)
    first = series(tracks, profile(9.0), 2)
    assert series(tracks[::-1], profile(9.0), 2) == first
    other = series(tracks, profile(9.0), 2, constraints=Constraints(seed=7))
    assert played(other) != played(first)


def test_a_library_that_is_too_small_is_shared_as_little_as_it_can_be():
    """Two sessions of four tracks out of seven: one is played twice, and both say so."""
    tracks = [plain(number, artist=f"A{number}", level=0.4) for number in range(7)]
    sessions = series(tracks, profile(tail_share=0.0, tail_min_s=0.0), 2)
    counts = Counter(played(sessions))
    assert sorted(counts.values()) == [1] * 6 + [2]
    again = next(slot for slot in sessions[0].slots if counts[slot.identity] == 2)
    for session in sessions:
        line = f"1 track is in other sessions of this course as well: '{again.title}'"
        assert line in map(str, session.warnings)


def test_what_must_be_shared_is_what_was_used_least():
    """Three sessions of four tracks out of six: each track is played twice."""
    tracks = [plain(number, artist=f"A{number}", level=0.4) for number in range(6)]
    sessions = series(tracks, profile(tail_share=0.0, tail_min_s=0.0), 3)
    assert set(Counter(played(sessions)).values()) == {2}


def test_a_tail_is_shared_before_a_session_is():
    """Of nine tracks two sessions take eight; there is one left for a tail, and both are free."""
    tracks = [plain(number, artist=f"A{number}", level=0.2) for number in range(9)]
    flat = replace(profile(), phases=(Phase("calm", 0.0, 1200.0, 0.2, 0.2),))
    sessions = series(tracks, flat, 2)
    counts = Counter(slot.identity for session in sessions for slot in session.slots)
    assert set(counts.values()) == {1}


def test_copies_of_one_recording_are_one_track():
    """Whoever was played the one was played the other, whichever file it came from."""
    tracks = library(40, 6)
    copies = [
        replace(each, path=f"{each.path}.mp3", identity=f"c{each.identity}") for each in tracks
    ]
    sessions = series([*tracks, *copies], profile(12.0), 2)
    played_before = [identity.removeprefix("c") for identity in played(sessions)]
    assert max(Counter(played_before).values()) == 1


def test_no_rule_gives_way_for_the_course():
    """Rather than a startling track in a calm phase, a gentle one is played twice."""
    gentle = [plain(n, artist=f"A{n}", level=0.4, startle_lu=4.0) for n in range(6)]
    wild = [plain(n, artist=f"A{n}", level=0.4, startle_lu=20.0) for n in range(6, 20)]
    calm = replace(
        profile(tail_share=0.0, tail_min_s=0.0),
        phases=(Phase("calm", 0.0, 1200.0, 0.4, 0.4, max_startle_lu=12.0),),
    )
    sessions = series([*gentle, *wild], calm, 2)
    assert [session.relaxed for session in sessions] == [(), ()]
    assert sum(count > 1 for count in Counter(played(sessions)).values()) == 2


def test_what_was_heard_before_is_in_no_session():
    tracks = library(50, 7)
    before = frozenset(each.identity for each in tracks[::4])
    sessions = series(tracks, profile(12.0), 2, constraints=Constraints(avoid=before))
    assert before.isdisjoint(played(sessions))


def test_a_library_without_a_single_session_is_refused_as_ever():
    with pytest.raises(ArrangeError, match="20 min asked; 5 min pass"):
        series([plain(0)], profile(), 2)
