"""Tables of prices hold what the definition of the cost gives."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from playlist_builder.arranger.solver.cost import items_of, time_grid
from playlist_builder.arranger.solver.placements import blocks
from playlist_builder.arranger.solver.prune import _error
from playlist_builder.profiles.profile import Phase, Profile
from tests.support.synthetic import library

HIGH = Phase("any", 0.0, 1.0, 0.5, 0.5)

PROFILE = Profile("ramp", "Ramp", "", 1800.0, (Phase("ramp", 0.0, 1800.0, 0.2, 0.7),))


def test_prices_are_sums_of_squared_distances():
    """The matrix product gives what the definition gives, for whole steps and one more."""
    tracks = library(20, 2)
    items = items_of(tracks, None, np.zeros((20, 1)), np.arange(20))
    grid = time_grid(PROFILE, 30.0, 900.0, 3.0)
    for block in blocks(items, grid, kind=np.float64):
        for column in range(block.plain.shape[1]):
            contour = items.contour(block.first + column, block.steps + 1)
            for start in range(0, len(block.plain) - 1, 7):
                distance = contour - grid.target[start : start + block.steps + 1]
                total = np.cumsum(distance**2)
                assert block.plain[start, column] == pytest.approx(total[-2], abs=1e-9)
                assert block.longer[start, column] == pytest.approx(total[-1], abs=1e-9)


def test_every_step_pays_the_price_of_its_phase():
    first = replace(PROFILE.phases[0], end_s=400.0, level_end=0.3, max_peak=1.0)
    second = replace(first, name="second", start_s=400.0, end_s=900.0)
    third = replace(first, name="third", start_s=900.0, end_s=1800.0)
    tracks = library(20, 2)
    prices = np.random.default_rng(1).random((20, 3))
    items = items_of(tracks, None, prices, np.arange(20))
    free = replace(items, step_price=np.zeros((20, 3)))
    grid = time_grid(replace(PROFILE, phases=(first, second, third)), 30.0, 900.0, 3.0)
    tables = zip(
        blocks(items, grid, kind=np.float64), blocks(free, grid, kind=np.float64), strict=True
    )
    for priced, plain in tables:
        for column in range(priced.plain.shape[1]):
            own = items.step_price[priced.first + column, grid.phase]
            for start in range(0, len(plain.plain) - 1, 7):
                total = np.cumsum(own[start : start + priced.steps + 1])
                assert priced.plain[start, column] - plain.plain[start, column] == pytest.approx(
                    total[-2], abs=1e-9
                )
                assert priced.longer[start, column] - plain.longer[start, column] == pytest.approx(
                    total[-1], abs=1e-9
                )


@pytest.mark.parametrize("phases", [1, 6, 14])
def test_single_precision_errs_by_less_than_the_bound_allows_for(phases):
    """With the highest price of every step, and however many phases there are."""
    borders = np.linspace(0.0, 1800.0, phases + 1).tolist()
    parts = [replace(PROFILE.phases[0], start_s=a, end_s=b) for a, b in pairwise(borders)]
    items = items_of(library(20, 2), None, np.full((20, phases), 0.5), np.arange(20))
    grid = time_grid(replace(PROFILE, phases=tuple(parts)), 30.0, 900.0, 3.0)
    tables = zip(blocks(items, grid), blocks(items, grid, kind=np.float64), strict=True)
    for single, double in tables:
        error = _error(np.array(single.steps))
        assert np.isinf(single.longer[-1]).all()
        assert np.abs(single.plain - double.plain).max() <= error
        assert np.abs(single.longer[:-1] - double.longer[:-1]).max() <= error


@pytest.mark.parametrize("borders", [(0.0, 300.0), (400.0, 480.0), (900.0, 1800.0)])
def test_a_start_is_barred_where_a_step_in_a_phase_lies_above_its_peak(borders):
    """A phase may be shorter than a track; what is free from limits may rise."""
    times = sorted({0.0, *borders, 1800.0})
    phases = tuple(
        replace(HIGH, name=str(a), start_s=a, end_s=b, max_peak=0.6 if a == borders[0] else None)
        for a, b in pairwise(times)
    )
    tracks = library(20, 2)
    items = items_of(tracks, None, np.zeros((20, len(phases))), np.arange(20))
    items = items.unlimited(np.array([3, 4]))
    grid = time_grid(replace(PROFILE, phases=phases), 30.0, 900.0, 3.0)
    low = grid.peaks[grid.phase] < 1.0
    for block in blocks(items, grid, kind=np.float64):
        for column, start in np.ndindex(block.plain.shape[::-1]):
            for price, steps in ((block.plain, block.steps), (block.longer, block.steps + 1)):
                contour = items.contour(block.first + column, steps)
                above = (contour > np.float32(0.6)) & low[start : start + steps]
                barred = above.any() and not items.is_free[block.first + column]
                if start < len(price) - 1 and items.length_ms[block.first + column] % 10_000:
                    assert np.isinf(price[start, column]) == barred
