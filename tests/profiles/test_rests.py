"""Planned silences: what a profile says of them, and the clock of the music."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_builder.errors import ProfileError
from playlist_builder.profiles import rests, steer
from playlist_builder.profiles.parse import parse
from playlist_builder.profiles.profile import Phase
from playlist_builder.profiles.rests import Rest, rests_of
from playlist_builder.profiles.toml import to_toml

PLAN = """
title = "Two"
minutes = 40
[[phases]]
name = "in"
minutes = [0, 20]
level = [0.1, 0.5]
wave = { depth = 0.05, minutes = 3 }
silence = "2m"
[[phases]]
name = "out"
minutes = [20, 40]
level = 0.2
"""


def plan(silence='"2m"'):
    return parse(PLAN.replace('"2m"', silence).encode(), name="two")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ('"2m"', 120.0),
        ('"90s"', 90.0),
        ('"1m30s"', 90.0),
        ('"0:02:00"', 120.0),
        ('"0s"', 0.0),
        ('" 1.5m "', 90.0),
        ('"19m59s"', 1199.0),
    ],
)
def test_a_phase_ends_with_a_silence_of_a_length_as_everywhere(text, seconds):
    assert [phase.silence_s for phase in plan(text).phases] == [seconds, 0.0]


@pytest.mark.parametrize(
    "text", ["2", "true", '""', '"2"', '"-2m"', '"two minutes"', '["2m"]', '"2:00"', '"nan"']
)
def test_what_is_no_length_is_refused(text):
    with pytest.raises(ProfileError, match=r"silence \(in\): expected a length such as") as error:
        plan(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ['"20m"', '"19m59.5s"', '"1:00:00"', f'"{"9" * 400}m"'])
def test_a_silence_leaves_time_for_the_music_of_its_phase(text):
    with pytest.raises(ProfileError, match="expected less than the 20 minutes that the phase"):
        plan(text)


def test_a_profile_as_text_keeps_its_silences():
    assert parse(to_toml(plan()).encode(), name="two") == plan()
    assert "silence" not in to_toml(plan('"0s"'))


def test_the_curve_is_that_of_the_music_and_stands_still_in_the_silence():
    own, times = plan(), np.arange(0.0, 2400.0, 10.0)
    played = [rests.music_ms(rests_of(own), round(1000 * time)) / 1000.0 for time in times]
    silent = (times >= 1080.0) & (times < 1200.0)
    assert np.allclose(own.target(times)[~silent], own.music.target(played)[~silent])
    assert np.ptp(own.target(times[silent])) == 0.0
    assert own.music.duration_s == 2280.0
    assert plan('"0s"').music.duration_s == 2400.0


@settings(max_examples=30)
@given(st.floats(6.0, 600.0), st.floats(0.0, 110.0))
def test_a_scaled_profile_keeps_its_silences_and_scales_its_music(minutes, silence_s):
    own = plan(f'"{silence_s:.3f}s"')
    scaled = own.scaled(60.0 * minutes)
    assert scaled.phases[0].silence_s == own.phases[0].silence_s
    shares = [
        each.phases[0].music_s / (each.duration_s - each.phases[0].silence_s)
        for each in (own, scaled)
    ]
    assert shares[0] == pytest.approx(shares[1])
    assert scaled.duration_s == 60.0 * minutes


def test_too_short_a_session_for_the_music_beside_its_silences_is_refused():
    with pytest.raises(ProfileError, match="too short for the phases"):
        plan().scaled(121.0)


def test_a_phase_that_is_stretched_keeps_its_silence_behind_its_music():
    own = plan()
    longer = own.stretched("in", 300.0)
    assert rests_of(longer) == (Rest(1_380_000, 120_000, "in", 1_380_000),)
    later = own.stretched("in", 300.0, 600.0)
    assert rests_of(later) == rests_of(longer)
    assert later.target(590.0) == own.target(590.0)
    with pytest.raises(ProfileError, match="The music of phase 'in' lasts 18 minutes"):
        own.stretched("in", -1080.0)


@pytest.mark.parametrize("at_s", [1080.0, 1130.0, 1199.9, 1200.0])
def test_a_change_during_a_silence_counts_from_its_end(at_s):
    assert plan().stretched("out", 60.0, at_s).phases[0] == plan().phases[0]
    whole = replace(plan(), phases=(*plan().phases, Phase("end", 2400.0, 3000.0, 0.1, 0.1)))
    whole = replace(whole, duration_s=3000.0)
    jumped = whole.jumped("end", at_s)
    assert jumped.phases[0] == plan().phases[0]
    assert [(each.name, each.start_s) for each in jumped.phases[1:]] == [("end", 1200.0)]


def test_a_jump_before_a_silence_leaves_it_out():
    jumped = plan().jumped("out", 600.0)
    assert rests_of(jumped) == ()
    assert jumped.duration_s == 2400.0


TIMES = st.lists(st.integers(1, 100), min_size=1, max_size=5, unique=True).map(sorted)


@given(TIMES, st.integers(0, 120), st.integers(1, 50))
def test_the_clock_of_the_music_leads_to_the_session_and_back(at_ms, played_ms, length_ms):
    own = [Rest(each, length_ms, "in", each) for each in at_ms]
    start_ms, end_ms = rests.start_ms(own, played_ms), rests.end_ms(own, played_ms)
    assert rests.music_ms(own, start_ms) == rests.music_ms(own, end_ms) == played_ms
    assert start_ms - end_ms == length_ms * (played_ms in at_ms)


def test_silences_come_at_the_nearest_joins_and_the_last_one_at_the_end():
    own = (Rest(100, 5, "in", 100), Rest(300, 7, "out", 300))
    first, last = rests.placed(own, [60, 130, 290], 300)
    assert (first.at_ms, first.asked_ms) == (130, 100)
    assert (last.at_ms, last.asked_ms) == (290, 290)


def test_a_profile_gets_back_the_silences_of_its_music():
    own = plan()
    assert rests.with_rests(own.music, rests_of(own)) == own


@pytest.mark.parametrize("off_s", [-0.4, -0.01, 0.0, 0.01, 0.4])
def test_two_silences_at_one_moment_are_one_that_is_longer(off_s):
    once = steer.rested(plan(), 120.0, 600.0)
    twice = steer.rested(once, 120.0, 600.0 + off_s)
    assert [phase.silence_s for phase in twice.phases] == [240.0, 120.0, 0.0]
    assert twice.phases[0].music_s == 600.0
    assert twice.scaled(twice.duration_s + 1e-4).duration_s == twice.duration_s + 1e-4


def test_what_follows_at_the_beginning_of_a_silence_comes_in_its_place():
    rescued = steer.followed(steer.rested(plan(), 120.0, 600.0), 599.99, plan())
    assert rescued.phases[0].end_s == 600.0
    assert rescued.phases[0].silence_s == 0.0


def test_a_phase_that_was_cut_short_keeps_its_length_where_the_plan_does():
    jumped = plan('"0s"').jumped("out", 0.3)
    assert jumped.phases[0].end_s == 0.3
    assert jumped.scaled(jumped.duration_s - 1e-4).duration_s == jumped.duration_s - 1e-4
    with pytest.raises(ProfileError, match="too short"):
        jumped.scaled(jumped.duration_s / 2.0)
