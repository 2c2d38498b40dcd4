"""The bound on blocks that share no track is what the best of them cost."""

import numpy as np
import pytest

from tests.benchmarks.menu_floor import Placements, bound


def part(*prices):
    """A part of one step, which each of these tracks fills at its price."""
    price, names = np.array(prices)[None, None], np.arange(len(prices))
    return Placements.of(price, np.ones(len(prices), np.int64), (1, 1), names)


@pytest.mark.parametrize(("count", "expected"), [(1, 1.0), (2, 3.0), (3, 6.0)])
def test_each_track_serves_one_block(count, expected):
    assert bound([part(1.0, 2.0, 3.0, 9.0)], count, 4, 200) == pytest.approx(expected, abs=0.05)


def test_parts_share_no_track_either():
    found = bound([part(1.0, 5.0), part(0.0, 9.0)], 1, 2, 200)
    assert found == pytest.approx(5.0, abs=0.05)


def test_a_part_that_nothing_fills_has_no_bound():
    assert bound([part(np.inf)], 1, 1, 10) == -np.inf
