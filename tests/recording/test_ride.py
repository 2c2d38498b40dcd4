"""A gain that moves slowly keeps rises within a limit, and stays where nothing startles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_builder.analysis import loudness
from playlist_builder.recording.ride import CUT_DB, LIFT_DB, RATE_DB, beyond_seconds, course, ride


def power(lufs):
    return 10 ** ((np.asarray(lufs, float) - loudness.OFFSET_LUFS) / 10)


def rises(lufs):
    """How far each second lies above the mean of the ten before it, where these are no silence."""
    own = power(lufs)
    return np.array(
        [lufs[n] - loudness.lufs(own[max(0, n - 10) : n].mean()) for n in range(1, len(lufs))]
    )


def test_nothing_moves_where_nothing_startles():
    steady = -20.0 + np.sin(np.arange(200.0) / 20.0)
    assert not ride(power(steady), 6.0, opening_db=0.0, edges_s=(10, 10)).any()
    step = np.repeat([-30.0, -20.0], 60)
    assert not ride(power(step), None, opening_db=0.0, edges_s=(10, 10)).any()


@settings(max_examples=12)
@given(st.lists(st.floats(-30.0, -16.0), min_size=2, max_size=5))
def test_steps_are_brought_within_the_limit_and_the_gain_climbs_slowly(levels):
    lufs = np.repeat(levels, 70)
    gain = ride(power(lufs), 6.0, opening_db=0.0, edges_s=(15, 15))
    assert rises(lufs + gain).max() <= max(6.0, rises(lufs).min()) + 1e-6
    assert np.diff(gain).max() <= RATE_DB + 1e-6
    assert gain.min() >= -CUT_DB - 1e-6
    assert gain.max() <= LIFT_DB + 1e-6
    assert gain[:15].max() <= 1e-6
    assert gain[-15:].min() >= -1e-6


def test_a_soft_opening_climbs():
    gain = ride(power(np.full(100, -20.0)), None, opening_db=-9.0, edges_s=(12, 12))
    assert gain[:12] == pytest.approx(-9.0)
    assert gain[40:] == pytest.approx(0.0)
    assert np.diff(gain).max() == pytest.approx(RATE_DB)


def test_a_fall_stands_where_the_loud_part_enters():
    tenths = power(np.repeat([-36.0, -20.0], [304, 296]))
    gains = np.where(np.arange(60) < 30, 4.0, -5.0)
    whole = course(tenths, gains)
    assert whole[303] == pytest.approx(4.0)
    assert whole[304] == pytest.approx(-5.0)


def test_a_stroke_between_two_seconds_counts_as_much_as_one_within():
    """Half of it lies in either second; the second that begins half a second earlier has it all."""
    quiet, stroke = power([-40.0])[0], power([-10.0])[0]
    tenths = np.full(400, quiet)
    tenths[195:205] = stroke
    beyond = beyond_seconds(tenths)
    assert beyond[19] == pytest.approx(3.0, abs=0.1)
    assert beyond_seconds(np.roll(tenths, 5))[20] < 0.1  # within second 20
    assert beyond_seconds(np.full(55, quiet)).max() < 1e-9
    assert beyond_seconds(np.full(4, quiet)).shape == (0,)
