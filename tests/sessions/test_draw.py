"""The plan drawn by hand at a border of its phases, and what plays around it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.profiles import find as profiles
from playlist_builder.profiles.steer import drawn as along
from playlist_builder.sessions import draw

SHIPPED = [
    listing.profile for listing in profiles.available_profiles() if listing.profile is not None
]

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
