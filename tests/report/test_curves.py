"""The lines of a chart: smooth, whole where music plays, and broken elsewhere."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from playlist_builder.report import curves
from tests.report.test_summary import session, slot


def hour(levels):
    """An hour of tracks of ten minutes, each at a level."""
    return session(
        *(
            slot(600 * place, 600 * place + 600, contour=(level,) * 60)
            for place, level in enumerate(levels)
        ),
        target_s=3600.0,
    )


@given(st.lists(st.floats(0.0, 1.0), min_size=6, max_size=6))
def test_a_smooth_line_stays_within_its_levels_and_spans_the_music(levels):
    (run,) = curves.energy(hour(levels))
    assert (run.times_s[0], run.times_s[-1]) == (0.0, 3600.0)
    assert np.all(np.diff(run.times_s) > 0.0)
    assert min(levels) - 1e-9 <= run.values.min() <= run.values.max() <= max(levels) + 1e-9
    steps = np.abs(np.diff(run.values))
    assert steps.max() < 0.2


def test_a_level_is_reached_far_from_its_joins():
    (run,) = curves.energy(hour([0.1, 0.1, 0.8, 0.8, 0.1, 0.1]))
    assert np.interp([300.0, 1800.0, 3300.0], run.times_s, run.values).round(3).tolist() == [
        0.1,
        0.8,
        0.1,
    ]
    time_s, level = curves.highest(hour([0.1, 0.1, 0.8, 0.7, 0.1, 0.1]))
    assert 1200.0 < time_s < 1800.0
    assert round(level, 2) == 0.8


def test_lines_break_in_silence_and_where_tension_is_not_known():
    slots = [slot(0, 60, tension=0.5), slot(60, 120), slot(150, 210, tension=0.1)]
    whole = session(*slots)
    assert [(run.times_s[0], run.times_s[-1]) for run in curves.energy(whole)] == [
        (0.0, 120.0),
        (150.0, 210.0),
    ]
    assert [float(run.values.mean().round(3)) for run in curves.tension(whole)] == [0.5, 0.1]
    assert curves.tension(session(slot(0, 60))) == []


def test_a_week_has_no_more_points_than_can_be_drawn():
    week_s = 7 * 24 * 3600.0
    (run,) = curves.energy(session(slot(0, week_s), target_s=week_s))
    assert len(run.times_s) <= curves.MOST_POINTS + 2
