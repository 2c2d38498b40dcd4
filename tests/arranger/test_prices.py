"""What tracks are worth to blocks that share none, and the bound on what these cost."""

import numpy as np
import pytest

from playlist_builder.arranger.prices import Placements, prices


def part(*costs):
    """A part of one step, which each of these tracks fills at its price."""
    price, names = np.array(costs)[None, None], np.arange(len(costs))
    return Placements.of(price, np.ones(len(costs), np.int64), (1, 1), names)


@pytest.mark.parametrize(("count", "expected"), [(1, 1.0), (2, 3.0), (3, 6.0)])
def test_each_track_serves_one_block(count, expected):
    assert prices([part(1.0, 2.0, 3.0, 9.0)], count, 4, 200)[1] == pytest.approx(expected, abs=0.05)


def test_parts_share_no_track_either():
    found = prices([part(1.0, 5.0), part(0.0, 9.0)], 1, 2, 200)[1]
    assert found == pytest.approx(5.0, abs=0.05)


def test_a_part_that_nothing_fills_has_no_bound():
    assert prices([part(np.inf)], 1, 1, 10)[1] == -np.inf


def test_the_better_of_two_tracks_that_both_serve_is_worth_as_much_more():
    worth, _ = prices([part(1.0, 2.0, 3.0, 9.0)], 2, 4)
    assert worth[0] - worth[1] == pytest.approx(1.0, abs=0.1)
    assert worth[2:] == pytest.approx([0.0, 0.0], abs=0.1)
