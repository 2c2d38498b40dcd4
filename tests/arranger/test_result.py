"""A finished order is read against the rules, and every rule that it breaks is named."""

from dataclasses import replace

import numpy as np
import pytest

from playlist_builder.arranger import broken, result
from playlist_builder.arranger.problem import Objective
from playlist_builder.arranger.remarks import voices
from playlist_builder.arranger.rules import Constraints, Pin
from playlist_builder.models import Emotion, VoiceDetection, VoiceSpan
from playlist_builder.profiles import steer
from playlist_builder.profiles.profile import Phase, Profile, Rules
from tests.support.synthetic import emotion, plain

RULES = Rules(artist_max=1, artist_gap=1)
PROFILE = Profile(
    "two",
    "Two",
    "",
    600.0,
    (
        Phase(
            "calm",
            0.0,
            300.0,
            0.2,
            0.2,
            max_startle_lu=8.0,
            max_tension=0.5,
            max_pulse_clarity=0.35,
            max_stroke_rate_hz=2.0,
        ),
        Phase("peak", 300.0, 600.0, 0.8, 0.8),
    ),
    RULES,
)
OBJECTIVE = Objective(PROFILE, Constraints(), None)
GOOD = [plain(0, 5, 0.2, artist="Ada"), plain(1, 5, 0.8, artist="Bo")]


def given_up(tracks, *pins, start_ms=0):
    order = result.ordered(tracks, OBJECTIVE, start_ms)
    return [str(each) for each in broken.given_up(order, RULES, 30.0, pins)]


def warned(tracks, reach=1.0):
    order = result.ordered(tracks, OBJECTIVE)
    return [str(each) for each in result.warnings(order, RULES, reach, scaled=True)]


def test_an_order_that_keeps_all_rules_gives_nothing_up():
    assert given_up(GOOD) == []
    assert warned(GOOD) == []


def test_an_order_on_the_plan_costs_less_and_becomes_its_session():
    order = result.ordered(GOOD, OBJECTIVE)
    assert order.cost < result.ordered(GOOD[::-1], OBJECTIVE).cost
    session = result.session(order, "absolute", 3, 6.0, 3.0)
    assert [(slot.start_s, slot.end_s) for slot in session.slots] == [(0.0, 300.0), (300.0, 600.0)]
    assert [slot.phase for slot in session.slots] == ["calm", "peak"]
    assert session.rms_error == pytest.approx(0.0, abs=1e-6)
    assert (session.cost, session.bound, session.seed) == (0.1, 0.05, 3)


def test_a_slot_tells_the_tension_of_its_track_where_it_is_known():
    feeling = Emotion(0.31, 0.08, np.full(30, 0.31, np.float32), 0.6)
    order = result.ordered([plain(0, 5, 0.2, emotion=feeling), GOOD[1]], OBJECTIVE)
    assert [slot.tension for slot in result.slots(order)] == [0.31, None]


@pytest.mark.parametrize(
    ("tracks", "said"),
    [
        ([GOOD[0], plain(1, 5, 0.8, artist="Ada")], ["artist_max", "artist_gap"]),
        ([plain(0, 5, 0.2, startle_lu=9.5), GOOD[1]], ["startle"]),
        ([GOOD[0], plain(1, 5, 0.8, startle_lu=9.5, stroke_rate_hz=9.0)], []),
        (
            [
                plain(0, 5, 0.2, stroke_rate_hz=3.0, pulse_clarity=0.6, emotion=emotion(0.7)),
                plain(1, 7, 0.8),
            ],
            ["tension", "pulse", "duration", "strokes"],
        ),
        ([GOOD[0], plain(1, 7, 0.8)], ["duration"]),
        ([GOOD[0]], ["duration"]),
    ],
    ids=["artists", "startle", "startle where it may", "guards", "longer", "shorter"],
)
def test_every_rule_that_gave_way_is_one_line(tracks, said):
    assert [line.split(":")[0] for line in given_up(tracks)] == said


def test_a_pin_that_starts_at_another_time_is_named():
    pin = Pin(GOOD[1].path, minute=3.0)
    assert given_up(GOOD, (pin, 1)) == ["pin: 'Title 1' starts at 5:00, not at 3:00"]
    asked = given_up(GOOD, (Pin(GOOD[1].path, phase="calm"), 1))
    assert asked == ["pin: 'Title 1' plays in peak, not in calm"]
    assert given_up(GOOD, (Pin(GOOD[1].path, minute=5.4), 1)) == []


def test_a_rise_of_loudness_and_a_climb_are_told():
    loud = [GOOD[0], plain(1, 5, 0.8, artist="Bo", start_lufs=-10.0, title="Dawn")]
    (told,) = warned(loud)
    assert told.startswith("1 loudness step beyond 3 LU; the worst rises 10.0 LU into 'Dawn'")
    assert told.endswith(" at 5:00 (peak)")
    high = [plain(0, 5, 0.7, artist="Ada", title="Noon"), GOOD[1]]
    (told,) = warned(high)
    assert told.startswith(
        "1 track rises more than 0.35 above the plan; the worst by 0.50 in 'Noon'"
    )
    assert told.endswith(" 'Noon' at 0:00 (calm)")


@pytest.mark.parametrize(
    ("lengths", "since", "empty"),
    [((5, 5), 0, ""), ((10,), 0, "calm"), ((5.5, 4.5), 1, ""), ((2, 4), 0, "peak")],
)
def test_a_phase_without_a_track_is_told(lengths, since, empty):
    """Of what is still to play; the track of a phase is the one whose middle lies in it."""
    tracks = [plain(number, minutes, 0.5) for number, minutes in enumerate(lengths)]
    order = result.ordered(tracks, OBJECTIVE).since(since)
    told = result.warnings(order, RULES, 1.0, scaled=True)
    texts = [str(each) for each in told if each.code == "empty_phases"]
    assert [text.split(";")[0] for text in texts] == [f"without a track: {empty}"][: bool(empty)]


def test_a_phase_that_was_steered_is_one_though_it_stands_in_parts():
    parted = replace(OBJECTIVE, profile=steer.shifted(OBJECTIVE.profile, 0.1, 360.0))
    assert len(parted.profile.phases) > len(OBJECTIVE.profile.phases)
    order = result.ordered([plain(0, 5, 0.5), plain(1, 5, 0.5)], parted)
    told = result.warnings(order, RULES, 1.0, scaled=True)
    assert [each for each in told if each.code == "empty_phases"] == []


def test_a_library_that_does_not_reach_the_peak_is_told():
    (told,) = warned(GOOD, reach=0.5)
    assert told.startswith("the most energetic track of this library reaches 0.50; the peak asks")
    assert told.endswith(" for 0.80: scaled to your library")


def test_what_is_known_of_voices_is_told():
    def told(*tracks):
        return [str(each) for each in voices(tracks)]

    unheard = replace(GOOD[0], vocals="unknown")
    doubtful = replace(GOOD[1], vocals="unknown", heard=VoiceDetection("unknown", 0.0))
    first, second = told(unheard, doubtful)
    assert first.startswith("1 of 2 tracks is not verified to be free of words")
    assert second.startswith("1 of 2 tracks may hold a voice: 'Title 1'")
    people = VoiceDetection("unknown", 0.4, (VoiceSpan(0.0, 90.0, "people", 0.9),))
    (behind,) = told(GOOD[0], replace(doubtful, heard=people))
    assert behind.startswith("1 of 2 tracks has people in the background: 'Title 1'")
    assert told(replace(GOOD[0], vocals="wordless"), GOOD[1]) == [
        "1 of 2 tracks holds a wordless voice"
    ]
    assert told(*GOOD) == []
