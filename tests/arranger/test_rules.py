"""Hard rules sort tracks out one by one, and know copies from likeness."""

from collections import Counter

import numpy as np
import pytest

from playlist_builder.arranger.rules import (
    Constraints,
    admit,
    removal,
    within_limits,
)
from playlist_builder.models import Features, Mark, Tags, Track
from playlist_builder.profiles.profile import Phase, Rules
from playlist_builder.tracks.track_table import TrackTable
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
