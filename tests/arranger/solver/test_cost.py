"""The arithmetic of time, energy and transitions."""

from itertools import pairwise

import numpy as np
import pytest

from playlist_builder.arranger.solver.cost import (
    FixedItem,
    items_of,
    percentile_table,
    step_at,
)
from tests.support.synthetic import library


@pytest.mark.parametrize(("time_ms", "expected"), [(0, 0), (4999, 0), (5000, 1), (15000, 2)])
def test_a_step_is_the_nearest(time_ms, expected):
    assert step_at(time_ms) == expected
    assert step_at(np.array([time_ms])).tolist() == [expected]


def test_percentiles_run_straight_between_energies():
    table = percentile_table(np.array([0.2, 0.4, 0.4, 0.8]))
    at = [0.0, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0]
    found = [table[round(value * 65535)] for value in at]
    assert found == pytest.approx([0.0, 0.125, 0.3125, 0.5, 0.6875, 0.875, 1.0], abs=1e-4)


def test_loudness_costs_nothing_up_to_the_limit_and_never_falls():
    tracks = library(2, 1)
    items = items_of(tracks, None, np.zeros(2), np.arange(2))
    items.end_lufs[:] = -20.0
    one, two = np.array([0]), np.array([1])
    prices = []
    for rise in np.arange(-10.0, 30.0, 0.5):
        items.start_lufs[:] = -20.0 + rise
        prices.append(float(items.transition_cost(one, two, 3.0)[0]))
    assert len(set(prices[:27])) == 1
    assert all(low < high for low, high in pairwise(prices[26:]))


def test_a_fixed_item_starts_near_a_time_and_never_before_the_session():
    item = FixedItem(item=3, steps=5, place=2)
    assert item.near(60_000, 30.0) == FixedItem(3, 5, 30_000, 90_000, 2)
    assert item.near(10_000, 30.0).earliest_ms == 0
