"""The value of a profile: what it plans for each moment, and its variants."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.errors import ProfileError
from playlist_builder.language.translation import catalogue
from playlist_builder.profiles.find import available_profiles
from playlist_builder.profiles.profile import MAX_MINUTES, Phase, Profile

SHIPPED = [listing.profile for listing in available_profiles() if listing.profile]


def profile(*phases):
    return Profile("mine", "Mine", "", phases[-1].end_s, phases)


THREE = profile(
    Phase("in", 0.0, 600.0, 0.2, 0.2, fixed=True),
    Phase("up", 600.0, 1800.0, 0.2, 0.8),
    Phase("waves", 1800.0, 3600.0, 0.6, 0.6, wave_depth=0.1, wave_period_s=900.0),
)


@pytest.mark.parametrize(
    ("time_s", "energy"),
    [
        (0.0, 0.2),
        (599.0, 0.2),
        (600.0, 0.2),
        (900.0, 0.35),
        (1200.0, 0.5),
        (1799.999, 0.8),
        (1800.0, 0.6),
        (2025.0, 0.7),
        (2250.0, 0.6),
        (2475.0, 0.5),
        (3600.0, 0.6),
        (-5.0, 0.2),
        (9999.0, 0.6),
    ],
)
def test_target_follows_levels_ramps_and_waves(time_s, energy):
    assert THREE.target(time_s) == pytest.approx(energy, abs=1e-6)


def test_target_has_the_shape_of_its_times():
    assert THREE.target(3.0).shape == ()
    assert THREE.target([]).shape == (0,)
    assert THREE.target(np.zeros((2, 3))).shape == (2, 3)
    assert THREE.target([0, 600]).dtype == np.float64


@pytest.mark.parametrize(
    ("time_s", "name"),
    [(-1.0, "in"), (0.0, "in"), (599.9, "in"), (600.0, "up"), (3600.0, "waves"), (1e6, "waves")],
)
def test_a_border_belongs_to_the_later_phase(time_s, name):
    assert THREE.phase_at(time_s).name == name


def test_scaling_keeps_fixed_phases_and_stretches_the_others_with_their_waves():
    scaled = THREE.scaled(6600.0)
    assert [(phase.start_s, phase.end_s) for phase in scaled.phases] == [
        (0.0, 600.0),
        (600.0, 3000.0),
        (3000.0, 6600.0),
    ]
    assert scaled.phases[2].wave_period_s == 1800.0
    assert scaled.duration_s == 6600.0
    assert scaled.target([300.0, 1800.0, 3450.0]) == pytest.approx([0.2, 0.5, 0.7])


def test_scaling_to_the_same_duration_changes_nothing():
    assert THREE.scaled(3600.0) is THREE


@pytest.mark.parametrize(
    ("duration_s", "message"),
    [
        (
            600.0,
            "10 minutes are too short for the phases of 'mine'. Ask for at least 11.",
        ),
        (
            540.0,
            "9 minutes are too short for the phases of 'mine'. Ask for at least 11.",
        ),
        (0.0, "A session cannot last 0 minutes. Ask for more than 0 and at most 10080."),
        (-60.0, "A session cannot last -1 minutes. Ask for more than 0 and at most 10080."),
        (math.nan, "A session cannot last nan minutes. Ask for more than 0 and at most 10080."),
        (math.inf, "A session cannot last inf minutes. Ask for more than 0 and at most 10080."),
    ],
)
def test_a_duration_that_the_phases_cannot_fill_is_an_error(duration_s, message):
    with pytest.raises(ProfileError) as error:
        THREE.scaled(duration_s)
    assert str(error.value) == message


def test_the_duration_that_an_error_asks_for_is_long_enough():
    assert THREE.scaled(11 * 60.0).phases[1].duration_s == pytest.approx(24.0)


def test_a_profile_of_fixed_phases_has_one_duration():
    fixed = profile(Phase("only", 0.0, 600.0, 0.2, 0.2, fixed=True))
    assert fixed.scaled(600.0) == fixed
    with pytest.raises(ProfileError) as error:
        fixed.scaled(700.0)
    assert str(error.value) == (
        "Every phase of 'mine' is fixed, so it lasts 10 minutes."
        " Ask for that duration, or let a phase of the profile vary."
    )


def test_a_level_replaces_the_ramp_and_the_waves_of_its_phase_alone():
    changed = THREE.with_level(0.5, "waves")
    assert changed.phases[:2] == THREE.phases[:2]
    assert set(changed.target(np.linspace(1800.0, 3600.0, 50))) == {0.5}


def test_a_level_without_a_phase_holds_throughout():
    assert set(THREE.with_level(0.4).target(np.linspace(0.0, 3600.0, 50))) == {0.4}


def test_a_level_keeps_the_limits_of_its_phase():
    limits = {"max_startle_lu": 12.0, "max_stroke_rate_hz": 2.0, "tension": (0.0, 0.3)}
    calm = profile(Phase("calm", 0.0, 60.0, 0.1, 0.2, basis="why", **limits))
    for changed in (calm.with_level(1.0), calm.scaled(120.0)):
        assert {key: getattr(changed.phases[0], key) for key in limits} == limits
    assert calm.with_level(1.0).phases[0].basis == "why"


@pytest.mark.parametrize(
    ("level", "phase", "message"),
    [
        (0.5, "wave", "No phase 'wave' in profile 'mine'. Available: in, up, waves."),
        (0.5, "", "No phase '' in profile 'mine'. Available: in, up, waves."),
        (1.1, None, "A level of 1.1 is not possible. Choose one from 0 to 1."),
        (-0.1, "up", "A level of -0.1 is not possible. Choose one from 0 to 1."),
        (math.nan, None, "A level of nan is not possible. Choose one from 0 to 1."),
    ],
)
def test_a_level_that_cannot_be_set_is_an_error(level, phase, message):
    with pytest.raises(ProfileError) as error:
        THREE.with_level(level, phase)
    assert str(error.value) == message


@given(
    st.sampled_from([*SHIPPED, THREE]),
    st.floats(20 * 60.0, MAX_MINUTES * 60.0),
    st.lists(st.floats(-0.5, 1.5), min_size=1),
)
def test_phases_tile_every_duration_and_the_target_stays_within_0_and_1(whole, duration_s, at):
    scaled = whole.scaled(duration_s)
    ends = [phase.end_s for phase in scaled.phases]
    assert [phase.start_s for phase in scaled.phases] == [0.0, *ends[:-1]]
    assert all(phase.duration_s >= 1.0 for phase in scaled.phases)
    assert ends[-1] == scaled.duration_s == duration_s
    target = scaled.target(np.array(at) * duration_s)
    assert np.all((target >= 0.0) & (target <= 1.0))


@given(st.sampled_from(SHIPPED), st.floats(1.0, 10.0), st.floats(0.0, 1.0))
def test_a_scaled_profile_plans_the_same_energy_at_the_same_share(whole, factor, share):
    """Away from borders, where rounding decides to which phase a moment belongs."""
    moment = share * whole.duration_s
    if min(abs(moment - phase.start_s) for phase in whole.phases) < 1e-3:
        return
    scaled = whole.scaled(whole.duration_s * factor)
    assert scaled.target(moment * factor) == pytest.approx(whole.target(moment), abs=1e-6)


ARC = Profile(
    "arc",
    "Arc",
    "",
    1800.0,
    (
        Phase("rise", 0.0, 600.0, 0.2, 0.6),
        Phase("peak", 600.0, 1200.0, 0.7, 0.7, 0.1, 300.0),
        Phase("descent", 1200.0, 1500.0, 0.6, 0.2, fixed=True),
        Phase("return", 1500.0, 1800.0, 0.1, 0.1),
    ),
)


def spans(profile):
    return [(phase.name, phase.start_s, phase.end_s) for phase in profile.phases]


def test_a_stretched_phase_moves_what_follows_and_nothing_before():
    longer = ARC.stretched("peak", 300.0)
    assert spans(longer)[1:3] == [("peak", 600.0, 1500.0), ("descent", 1500.0, 1800.0)]
    assert longer.duration_s == 2100.0
    assert longer.target(599.0) == ARC.target(599.0)
    assert longer.target(1600.0) == ARC.target(1300.0)
    assert longer.stretched("peak", -300.0) == ARC


def test_a_phase_stretched_from_a_moment_keeps_the_curve_up_to_then():
    longer = ARC.stretched("rise", 300.0, 300.0)
    assert spans(longer)[:2] == [("rise", 0.0, 300.0), ("rise", 300.0, 900.0)]
    times = [0.0, 120.0, 299.0]
    assert longer.target(times) == pytest.approx(ARC.target(times))
    assert longer.target(899.99) == pytest.approx(0.6, abs=1e-3)
    again = longer.stretched("rise", 60.0, 400.0)
    assert again.duration_s == 2160.0


def test_a_jump_keeps_the_end_and_shares_the_time_that_is_left():
    early = ARC.jumped("descent", 700.0)
    assert early.duration_s == 1800.0
    assert spans(early) == [
        ("rise", 0.0, 600.0),
        ("peak", 600.0, 700.0),
        ("descent", 700.0, 1000.0),
        ("return", 1000.0, 1800.0),
    ]
    assert ARC.jumped("peak", 300.0).phases[0].level_end == pytest.approx(0.4)


@given(st.floats(1.0, 1199.0), st.sampled_from(["peak", "descent", "return"]))
def test_a_jump_never_leaps_up(at_s, phase):
    """Whatever is calm now goes on from there; what falls does not rise first."""
    if next(each.start_s for each in ARC.phases if each.name == phase) <= at_s:
        return
    now = ARC.phase_at(at_s)
    early = ARC.jumped(phase, at_s)
    share = (at_s - now.start_s) / now.duration_s
    level = now.level_start + share * (now.level_end - now.level_start)
    first = early.phase_at(at_s + 1e-6)
    assert first.name == phase
    assert first.level_start <= level + 1e-9
    assert early.duration_s == pytest.approx(ARC.duration_s)
    for before, after in pairwise(each for each in early.phases if each.end_s > at_s):
        assert after.level_start <= before.level_end + 1e-9


def test_a_time_of_the_plan_moves_with_a_jump():
    early = ARC.jumped("descent", 700.0)
    for name in ("descent", "return"):
        old = next(each for each in ARC.phases if each.name == name)
        new = next(each for each in early.phases if each.name == name)
        middle_s = (old.start_s + old.end_s) / 2.0
        time_s = ARC.time_after_jump("descent", 700.0, middle_s)
        assert time_s == pytest.approx((new.start_s + new.end_s) / 2.0)
    assert ARC.time_after_jump("descent", 700.0, 800.0) is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda: ARC.stretched("peek", 60.0), "No phase 'peek' in profile 'arc'. Available: rise,"),
        (lambda: ARC.stretched("peak", -600.0), "lasts 10 minutes.* No phase can: shorten several"),
        (lambda: ARC.stretched("descent", -500.0), "These can: rise, peak[.]"),
        (lambda: ARC.stretched("peak", 1e9), "at most"),
        (lambda: ARC.jumped("peak", 700.0), "has begun"),
        (lambda: ARC.jumped("return", 1800.0), "has begun"),
    ],
)
def test_a_change_that_no_profile_can_take_is_refused(change, says):
    with pytest.raises(ProfileError, match=says):
        change()


def test_spans_of_a_profile_follow_each_other_as_often_as_they_are_named():
    twice = THREE.repeated([(0.0, 1200.0), (0.0, 1200.0), (1200.0, 3600.0)])
    assert twice.duration_s == 4800.0
    assert [phase.name for phase in twice.phases] == ["in", "up", "in", "up", "up", "waves"]
    times = np.arange(5.0, 1200.0, 10.0)
    assert twice.target(times) == pytest.approx(THREE.target(times))
    assert twice.target(times + 1200.0) == pytest.approx(THREE.target(times))
    later = np.arange(1205.0, 3600.0, 10.0)
    assert twice.target(later + 1200.0) == pytest.approx(THREE.target(later))


def test_a_phase_answers_to_its_name_in_any_language(arc):
    assert arc.named("下降").name == arc.named("DESC").name == "descent"
    with pytest.raises(ProfileError, match=r"'x' in .* calm, rise, emotional peak,") as told:
        arc.named("x")
    assert "静穏, 上昇, 感情の頂点" in told.value.in_language(catalogue("ja"))


@pytest.fixture
def arc():
    return next(each for each in SHIPPED if each.name == "arc")
