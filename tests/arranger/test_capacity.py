"""How many sessions a library holds without repeats is told beforehand, with what is missing."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_builder.arranger.capacity import capacity
from playlist_builder.arranger.rules import Constraints
from playlist_builder.arranger.series import series
from playlist_builder.profiles.profile import Phase, Profile, Rules
from tests.support.synthetic import library, plain, track

EVERYTHING = Constraints()
RULES = Rules(tail_share=0.0, tail_min_s=0.0)


def profile(*levels, rules=RULES, **limits):
    """Twenty minutes of each level."""
    phases = tuple(
        Phase(f"phase {n}", n * 1200.0, (n + 1) * 1200.0, level, level, **limits)
        for n, level in enumerate(levels)
    )
    return Profile("plan", "Plan", "", phases[-1].end_s, phases, rules)


def music(**minutes_at):
    """Tracks of five minutes; `at_20=60` is an hour of energy 0.2."""
    levels = [int(at[3:]) / 100 for at, minutes in minutes_at.items() for _ in range(minutes // 5)]
    return [plain(number, level=level) for number, level in enumerate(levels)]


def told(tracks, plan, constraints=EVERYTHING, scale="absolute"):
    return capacity(tracks, plan, replace(constraints, scale=scale))


HOLDS = "without repeats and within its rules, with their tails; for one more it lacks"


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        ({"at_10": 60, "at_50": 90, "at_90": 80}, "that is calm (energy up to 0.15)"),
        ({"at_10": 90, "at_50": 90, "at_90": 60}, "for the peak (energy from 0.9 on)"),
        ({"at_10": 90, "at_50": 60, "at_90": 90}, "of energy 0.5 to 0.55"),
    ],
)
def test_the_scarcest_music_decides_and_is_named(minutes, text):
    found = told(music(**minutes), profile(0.12, 0.52, 0.92))
    assert found.sessions == pytest.approx(3.0)
    assert str(found.notice) == (
        f"the library holds about 3 sessions of this kind {HOLDS} 20 min of music {text}"
    )


def test_music_of_any_energy_may_be_what_is_missing():
    found = told(music(at_50=50), profile(0.5))
    assert (found.count, found.missing_s) == (2, 600.0)
    assert str(found.notice).endswith("it lacks 10 min of music")


def test_where_several_ranges_lack_all_of_their_music_the_widest_is_named():
    found = told([], profile(0.1, 0.3, 0.5))
    assert (found.sessions, found.missing_s) == (0.0, 3600.0)


def test_half_a_session_is_none_and_nothing_at_all_is_no_error():
    assert told(music(at_50=10), profile(0.5)).count == 0
    assert told([], profile(0.5)).count == 0
    assert told([plain(0, vocals="sung")], profile(0.5), scale="relative").count == 0


def test_a_track_near_the_plan_counts_and_one_far_from_it_does_not():
    assert told(music(at_60=40), profile(0.52)).count == 2
    assert told(music(at_80=40), profile(0.52)).count == 0


def test_a_tail_asks_for_calm_music_as_well():
    plan = profile(0.8, rules=Rules(tail_share=0.0, tail_min_s=600.0))
    found = told(music(at_80=100, at_15=20), plan)
    assert found.count == 2
    assert "10 min of music that is calm" in str(found.notice)


def test_limits_of_a_phase_bind_its_own_music_alone():
    """Startling music is no use to the calm phase, though there is plenty of it."""
    calm = profile(0.2, max_startle_lu=12.0).phases[0]
    plan = profile(0.2, 0.5)
    plan = replace(plan, phases=(calm, plan.phases[1]))
    wild = [plain(n, level=0.2, startle_lu=20.0) for n in range(100, 130)]
    found = told([*music(at_20=40, at_50=100), *wild], plan)
    assert found.count == 2
    assert "is calm" in str(found.notice)


def test_music_that_climbs_above_its_phase_is_no_use_to_it():
    rng = np.random.default_rng(1)
    tracks = [track(n, 270.0 + 10.0 * n, rng.uniform(0.15, 0.25, 28 + n)) for n in range(8)]
    for each in tracks[:4]:
        each.contour[10] = 0.5
    assert told(tracks, profile(0.2, max_peak=0.6)).count == 2
    assert told(tracks, profile(0.2, max_peak=0.4)).count == 1


def test_copies_count_once_and_what_may_not_play_not_at_all():
    tracks = music(at_50=80)
    copies = [replace(each, path=f"{each.path}.mp3") for each in tracks]
    assert told([*tracks, *copies], profile(0.5)).count == 4
    avoid = Constraints(avoid=frozenset(each.identity for each in tracks[:4]))
    assert told(tracks, profile(0.5), avoid).count == 3


@settings(max_examples=10)
@given(
    levels=st.lists(st.integers(5, 95), min_size=1, max_size=8),
    plan=st.lists(st.integers(5, 95), min_size=1, max_size=3),
    extra=st.integers(5, 95),
)
def test_more_music_never_holds_fewer_sessions(levels, plan, extra):
    asked = profile(*(level / 100 for level in plan))
    tracks = [plain(n, level=level / 100) for n, level in enumerate([*levels, extra])]
    assert told(tracks, asked).sessions >= told(tracks[:-1], asked).sessions - 1e-9


def test_series_finds_hardly_more_than_was_told():
    """At most one more; `tests.benchmarks.series_capacity` tells of more libraries."""
    tracks = library(12, 1)
    plan = replace(profile(0.2, 0.6), rules=Rules(tail_share=0.0, tail_min_s=200.0)).scaled(900.0)
    count = told(tracks, plan, scale="relative").count
    assert count >= 1
    sessions = series(tracks, plan, count + 2)
    played = [slot.identity for each in sessions for slot in (*each.slots, *each.tail)]
    repeats = len(played) - len(set(played))
    codes = {warning.code for each in sessions for warning in each.warnings}
    assert repeats or codes & {"short_tail", "no_calm_tail"}
