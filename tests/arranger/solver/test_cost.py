"""The arithmetic of time, energy and transitions."""

from itertools import pairwise

import numpy as np
import pytest

from playlist_builder.arranger.solver.cost import (
    FixedItem,
    items_of,
    moving_prices,
    percentile_table,
    step_at,
    tension_prices,
)
from playlist_builder.profiles.profile import Phase
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
    items = items_of(tracks, None, np.zeros((2, 1)), np.arange(2))
    items.end_lufs[:] = -20.0
    one, two = np.array([0]), np.array([1])
    prices = []
    for rise in np.arange(-10.0, 30.0, 0.5):
        items.start_lufs[:] = -20.0 + rise
        prices.append(float(items.transition_cost(one, two, 3.0)[0]))
    assert len(set(prices[:27])) == 1
    assert all(low < high for low, high in pairwise(prices[26:]))


def test_tension_costs_the_square_of_its_distance_from_the_plan():
    phases = [Phase("a", 0.0, 9.0, 0.2, 0.2, tension=(0.2, 0.4)), Phase("b", 9.0, 18.0, 0.2, 0.2)]
    prices = tension_prices(np.array([0.0, 0.2, 0.3, 0.4, 0.6, 1.0, np.nan]), phases)
    assert prices[:, 0] == pytest.approx([0.02, 0.0, 0.0, 0.0, 0.02, 0.18, 0.0])
    assert prices[:, 1].tolist() == [0.0] * 7


def test_not_being_moving_costs_where_a_phase_asks_for_it():
    phases = [Phase("a", 0.0, 9.0, 0.2, 0.2), Phase("b", 9.0, 18.0, 0.2, 0.2, moving=True)]
    prices = moving_prices(np.array([0.0, 0.4, 1.0, 1.2, np.nan]), phases)
    assert prices[:, 0].tolist() == [0.0] * 5
    assert prices[:, 1] == pytest.approx([0.01, 0.006, 0.0, 0.0, 0.0])


def test_a_fixed_item_starts_near_a_time_and_never_before_the_session():
    item = FixedItem(item=3, steps=5, place=2)
    assert item.near(60_000, 30.0) == FixedItem(3, 5, 30_000, 90_000, 2)
    assert item.near(10_000, 30.0).earliest_ms == 0
