"""Near a border of phases the limits of both hold."""

import numpy as np
import pytest

from playlist_builder.arranger.guards import guarded
from playlist_builder.profiles.profile import Phase, Profile

CALM = Phase("calm", 0.0, 600.0, 0.2, 0.3, max_startle_lu=12.0)
PEAK = Phase("peak", 600.0, 1200.0, 0.8, 0.8, wave_depth=0.1, wave_period_s=300.0, max_peak=0.95)
PLAN = Profile("plan", "Plan", "", 1200.0, (CALM, PEAK))


def test_both_limits_hold_near_a_border_and_one_elsewhere():
    found = guarded(PLAN, 25.0)
    spans = [(phase.start_s, phase.end_s) for phase in found.phases]
    assert spans == [(0.0, 600.0), (600.0, 630.0), (630.0, 1200.0)]
    assert [phase.max_startle_lu for phase in found.phases] == [12.0, 12.0, None]
    peaks = [phase.peak_limit for phase in found.phases]
    assert peaks == pytest.approx([0.6, 0.6, 0.95])
    assert found.duration_s == 1200.0


def test_phases_of_the_same_limits_stay_as_they_are():
    other = Phase("more", 1200.0, 1800.0, 0.8, 0.9, max_peak=0.95)
    calm = Phase("calm", 0.0, 600.0, 0.2, 0.3, max_peak=0.95)
    plan = Profile("plan", "Plan", "", 1800.0, (calm, PEAK, other))
    assert guarded(plan, 25.0).phases == plan.phases


def test_the_plan_is_the_same_but_for_a_shift_of_waves():
    times = np.arange(5.0, 1200.0, 10.0)
    assert np.abs(guarded(PLAN, 25.0).target(times) - PLAN.target(times)).max() < 0.07
