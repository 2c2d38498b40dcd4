"""Hard rules sort tracks out one by one, and know copies from likeness."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.arranger.rules import (
    Constraints,
    admit,
    artists,
    copies,
    removal,
    within_limits,
)
from playlist_builder.models import Features, Mark, Tags, Track
from playlist_builder.profiles.profile import Phase, Rules
from playlist_builder.track_table import TrackTable
from tests.support.synthetic import emotion, plain


def track(number=0, duration_s=300.0, title="", artist="", **more):
    numbers = (duration_s, 44100, 2, -20.0, 5.0, -1.0, -20.0, -20.0, 5.0, *[0.0] * 4, 100.0, 0.5)
    features = Features(*numbers, "C major", 0.5, 1.0, 1000.0, 0.3, 0.0, 0.1)
    tags = Tags(title=title, artists=(artist,) if artist else ())
    values = {"vocals": "none", "identity": f"{number:04x}", **more}
    return Track(
        path=f"/m/{number}.flac",
        tags=tags,
        features=features,
        energy=0.5,
        contour=np.full(30, 0.5, dtype=np.float32),
        **values,
    )


@pytest.mark.parametrize(
    ("changed", "request_", "reason"),
    [
        ({}, Constraints(), ""),
        ({"missing": True, "vocals": "sung"}, Constraints(), "missing"),
        ({"mark": Mark(banned=True)}, Constraints(), "banned"),
        ({}, Constraints(bans=frozenset({"/m/0.flac"})), "banned"),
        ({}, Constraints(bans=frozenset({"0000"})), "banned"),
        ({}, Constraints(avoid=frozenset({"0000"})), "avoided"),
        ({}, Constraints(exclude=lambda _: True), "excluded"),
        ({}, Constraints(include=lambda _: False), "not included"),
        ({"vocals": "sung"}, Constraints(), "sung"),
        ({"vocals": "spoken"}, Constraints(), "spoken"),
        ({"vocals": "unknown"}, Constraints(), ""),
        ({"duration_s": 119.9}, Constraints(), "too short"),
        ({"duration_s": 120.0}, Constraints(), ""),
        ({"duration_s": 900.0}, Constraints(), ""),
        ({"duration_s": 900.1}, Constraints(), "too long"),
    ],
)
def test_a_track_is_counted_under_the_first_rule_that_removes_it(changed, request_, reason):
    one = track(**changed)
    assert removal(one, Rules(), request_, 3600.0) == reason
    passed, removed = admit([one], Rules(), request_, 3600.0)
    assert passed.tolist() == ([] if reason else [0])
    assert removed == (Counter({reason: 1}) if reason else Counter())


def test_a_track_longer_than_the_session_is_too_long():
    assert removal(track(duration_s=700.0), Rules(), Constraints(), 630.0) == "too long"


def test_strict_counts_the_unverified():
    rules = Rules(vocals="strict")
    assert removal(track(vocals="unknown"), rules, Constraints(), 3600.0) == "unverified"


def test_artists_compare_without_case_and_nobody_is_left_out():
    one = replace(track(), tags=Tags(artists=("Brian ENO", "Unknown Artist", "")))
    assert artists(one) == {"brian eno"}


@pytest.mark.parametrize(
    ("limits", "within"),
    [
        ({}, [True, True, True]),
        ({"max_stroke_rate_hz": 3.0}, [True, True, False]),
        ({"max_pulse_clarity": 0.4}, [True, False, True]),
        ({"max_tension": 0.5}, [True, False, True]),
        ({"max_startle_lu": 5.0}, [True, True, True]),
        ({"max_startle_lu": 4.9}, [False, False, False]),
    ],
)
def test_a_phase_limits_what_is_known_of_a_track(limits, within):
    tracks = [
        plain(0, emotion=emotion(0.5)),
        plain(1, pulse_clarity=0.5, emotion=emotion(0.6)),
        plain(2, stroke_rate_hz=3.5),
    ]
    phase = Phase("calm", 0.0, 60.0, 0.2, 0.2, **limits)
    assert within_limits(TrackTable.of(tracks), phase).tolist() == within


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
        if i != j and abs(left - right) <= 2.0
    }
    assert together == alike
