"""The plan drawn by hand at a border of its phases, and what plays around it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.errors import ProfileError
from playlist_builder.profiles import find as profiles
from playlist_builder.profiles.steer import bordered
from playlist_builder.profiles.steer import drawn as along
from playlist_builder.sessions import draw

SHIPPED = [
    listing.profile for listing in profiles.available_profiles() if listing.profile is not None
]

PHASED = [profile for profile in SHIPPED if len(draw.borders(profile)) > 2]
ARC = profiles.load_profile("arc")


@pytest.mark.parametrize("profile", SHIPPED, ids=lambda profile: profile.name)
def test_thecorners_of_a_plan_are_the_plan(profile):
    """But for the second before a leap, and for what is round of a wave."""
    times_s = np.linspace(0.0, profile.duration_s, 500)
    again = along(profile, tuple(draw.corners(profile)))
    waves = max(phase.wave_depth for phase in profile.phases)
    off = np.abs(again.target(times_s) - profile.target(times_s))
    assert np.quantile(off, 0.98) <= 0.02 + 0.1 * waves


@pytest.mark.parametrize("profile", SHIPPED, ids=lambda profile: profile.name)
def test_borders_are_those_of_phases_whatever_they_are_cut_into(profile):
    names = len({phase.name for phase in profile.phases})
    known = draw.borders(profile)
    assert len(known) >= names + 1
    assert known[0][0] == 0.0
    assert known[-1][0] == profile.duration_s
    again = along(profile, tuple(draw.corners(profile)))
    assert [time_s for time_s, _ in draw.borders(again)] == [time_s for time_s, _ in known]


@given(st.integers(0, 5), st.floats(0.0, 1.0))
def test_only_what_lies_between_the_next_borders_changes(place, level):
    profile = ARC
    known = draw.borders(profile)
    curve = draw.lifted(profile, place, level)
    again = along(profile, curve)
    assert draw.borders(again)[place][1] == pytest.approx(level, abs=1e-6)
    first_s, last_s = known[max(place - 1, 0)][0], known[min(place + 1, len(known) - 1)][0]
    times_s = np.linspace(0.0, profile.duration_s, 200)
    outside = (times_s < first_s - 1.0) | (times_s > last_s + 1.0)
    plain = along(profile, tuple(draw.corners(profile)))
    assert np.allclose(again.target(times_s)[outside], plain.target(times_s)[outside])


def test_a_wave_is_drawn_along():
    profile = ARC
    assert any(phase.wave_depth for phase in profile.phases)
    flat = replace(profile, phases=tuple(replace(each, wave_depth=0.0) for each in profile.phases))
    assert len(list(draw.corners(profile))) > len(list(draw.corners(flat)))


@pytest.mark.parametrize("profile", PHASED, ids=lambda profile: profile.name)
def test_a_border_that_is_moved_takes_and_gives_time_to_its_phases_alone(profile):
    before = [time_s for time_s, _ in draw.borders(profile)]
    starts_s = before[1:-1]
    starts_s[0] = (before[0] + 3 * before[1]) / 4
    again = bordered(profile, starts_s)
    assert [time_s for time_s, _ in draw.borders(again)] == pytest.approx(
        [0.0, *starts_s, before[-1]]
    )
    back = bordered(again, before[1:-1])
    times_s = np.linspace(0.0, profile.duration_s, 200)
    assert np.allclose(back.target(times_s), profile.target(times_s), atol=1e-6)
    assert [phase.silence_s for phase in again.phases] == [p.silence_s for p in profile.phases]


def test_a_phase_keeps_a_minute_and_borders_are_as_many_as_phases():
    starts_s = [time_s for time_s, _ in draw.borders(ARC)][1:-1]
    with pytest.raises(ProfileError, match="less than a minute"):
        bordered(ARC, [starts_s[1] - 30.0, *starts_s[1:]])
    with pytest.raises(ProfileError, match="Give when each begins"):
        bordered(ARC, starts_s[1:])
