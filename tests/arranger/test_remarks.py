"""A loud end and tension beyond the plan break no rule, and are told."""

from dataclasses import replace

import pytest

from playlist_builder.arranger import result
from playlist_builder.arranger.problem import Objective
from playlist_builder.arranger.remarks import pins_below, remarks, voices
from playlist_builder.arranger.rules import Constraints
from tests.support.synthetic import emotion, flat, plain


def told(tracks, **limits):
    profile = flat(5.0 * len(tracks), **limits)
    return [
        str(each)
        for each in remarks(result.ordered(tracks, Objective(profile, Constraints(), None)))
    ]


@pytest.mark.parametrize(
    ("loudness", "is_told"),
    [((-20, -18, -16, -14), False), ((-20, -18, -16, -13), True), ((-20, -12, -13), False)],
)
def test_a_session_that_ends_far_louder_than_it_mostly_is_is_told(loudness, is_told):
    """Though it rises by no more than is allowed from one track to the next."""
    tracks = [
        plain(n, start_lufs=lufs, end_lufs=lufs, title=f"T{n}") for n, lufs in enumerate(loudness)
    ]
    assert (
        told(tracks)
        == ["'T3' ends the session, though its -13.0 LUFS are the loudest of it (median -17.0)"][
            :is_told
        ]
    )


def test_tension_far_beyond_the_plan_of_a_phase_is_told():
    tense = [0.2, 0.44, 0.55, 0.46]
    tracks = [plain(n, emotion=emotion(each), title=f"T{n}") for n, each in enumerate(tense)]
    assert told(tracks) == []
    (line,) = told(tracks, tension=(0.1, 0.35))
    assert line == (
        "2 tracks lie outside the tension that their phases plan, worst 0.55 in 'T2' at 10:00"
        " (only), plan 0.1 to 0.35"
    )
    unknown = [replace(each, emotion=None) for each in tracks]
    assert told(unknown, tension=(0.1, 0.35)) == []


def test_a_pin_far_below_the_plan_is_told():
    tracks = [plain(n, 5, energy, title=f"T{n}") for n, energy in enumerate((0.5, 0.1, 0.2))]
    order = result.ordered(tracks, Objective(flat(15.0), Constraints(), None))
    (told,) = pins_below(order, [0, 1, 2])
    assert str(told) == "pin: 'T1' at 5:00 lies 0.40 below the plan"
    assert pins_below(order, []) == []


def test_what_is_not_verified_counts_in_the_whole_session():
    """Of what has played nothing else is told of voices."""
    tracks = [replace(plain(n), vocals="unknown", heard=None) for n in range(3)]
    tracks[0] = replace(tracks[0], vocals="sung")
    (told,) = voices(tracks, played=2)
    assert str(told).startswith("2 of 3 tracks are not verified")
