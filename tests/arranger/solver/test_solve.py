"""The bound is proven for every track, also for those that the search never looks at."""

from itertools import pairwise

import numpy as np
import pytest

from playlist_builder.arranger.arrange import Constraints, Pin, arrange
from playlist_builder.arranger.explain import explain
from playlist_builder.arranger.solver import prune, solve
from playlist_builder.arranger.solver.cost import cell, pieces, plan, relative, seam
from playlist_builder.arranger.solver.placements import blocks
from playlist_builder.errors import ArrangeError
from playlist_builder.profiles.profile import Phase, Profile
from tests.benchmarks.arrange_exact import TOLERANCE_S, optimum, task
from tests.support.synthetic import library

PROFILE = Profile("ramp", "Ramp", "", 1800.0, (Phase("ramp", 0.0, 1800.0, 0.2, 0.7),))


@pytest.mark.parametrize("seed", range(30))
def test_the_bound_holds_when_most_places_are_dropped(seed, monkeypatch):
    """With sieves so fine that the search may fail, the bound must still not exceed the optimum."""
    monkeypatch.setattr(prune, "FEW_ARCS", 0)
    monkeypatch.setattr(prune, "FIRST_ARCS", 900)
    monkeypatch.setattr(prune, "FLOOR", 2)
    monkeypatch.setattr(solve, "ARCS_PER_CELL", 3)
    monkeypatch.setattr(solve, "KEPT_PER_CELL", 2)
    small = task(seed)
    best = optimum(small)
    try:
        session = arrange(
            small.tracks, small.profile, tolerance_s=TOLERANCE_S, constraints=small.constraints
        )
    except ArrangeError:
        return
    if not session.relaxed:
        assert session.bound <= best * (1.0 + 1e-5)


def test_prices_are_sums_of_squared_distances():
    """The matrix product gives what the definition gives, for whole steps and one more."""
    tracks = library(20, 2)
    material = pieces(tracks, None, np.zeros(20), np.arange(20))
    scheme = plan(PROFILE, 30.0, 900.0, 3.0)
    for block in blocks(material, scheme, kind=np.float64):
        for column in range(block.plain.shape[1]):
            contour = material.contour(block.first + column, block.cells + 1)
            for start in range(0, len(block.plain) - 1, 7):
                distance = contour - scheme.target[start : start + block.cells + 1]
                total = np.cumsum(distance**2)
                assert block.plain[start, column] == pytest.approx(total[-2], abs=1e-9)
                assert block.longer[start, column] == pytest.approx(total[-1], abs=1e-9)


@pytest.mark.parametrize(("time_ms", "expected"), [(0, 0), (4999, 0), (5000, 1), (15000, 2)])
def test_a_cell_is_the_nearest(time_ms, expected):
    assert cell(time_ms) == expected
    assert cell(np.array([time_ms])).tolist() == [expected]


def test_percentiles_run_straight_between_energies():
    table = relative(np.array([0.2, 0.4, 0.4, 0.8]))
    at = [0.0, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0]
    found = [table[round(value * 65535)] for value in at]
    assert found == pytest.approx([0.0, 0.125, 0.3125, 0.5, 0.6875, 0.875, 1.0], abs=1e-4)


def test_loudness_costs_nothing_up_to_the_limit_and_never_falls():
    tracks = library(2, 1)
    material = pieces(tracks, None, np.zeros(2), np.arange(2))
    material.end_lufs[:] = -20.0
    one, two = np.array([0]), np.array([1])
    prices = []
    for rise in np.arange(-10.0, 30.0, 0.5):
        material.start_lufs[:] = -20.0 + rise
        prices.append(float(seam(material, one, two, 3.0)[0]))
    assert len(set(prices[:27])) == 1
    assert all(low < high for low, high in pairwise(prices[26:]))


def test_every_slot_is_explained_and_the_runner_up_costs_what_is_said():
    """Put in by hand, the runner-up is lawful and the cost is the session's and the difference."""
    tracks = library(80, 6)
    session = arrange(tracks, PROFILE)
    reasons = explain(session, tracks, PROFILE)
    assert [reason.path for reason in reasons] == [slot.path for slot in session.slots]
    assert reasons[0].energy_step == 0.0
    for place, (reason, slot) in enumerate(zip(reasons, session.slots, strict=True)):
        first = cell(round(slot.start_s * 1000))
        times = (np.arange(first, first + len(slot.contour)) + 0.5) * 10.0
        distance = np.array(slot.contour) - PROFILE.target(times)
        assert reason.distance == pytest.approx(np.sqrt(np.mean(distance**2)))
        if reason.runner_up:
            order = [each.path for each in session.slots]
            order[place] = reason.runner_up
            pins = tuple(Pin(path, place=number) for number, path in enumerate(order, start=1))
            other = arrange(tracks, PROFILE, constraints=Constraints(pins=pins))
            assert [each.path for each in other.slots] == order
            assert other.cost == pytest.approx(session.cost + reason.runner_up_cost)
            assert other.relaxed == ()
            checked = True
    assert checked


def test_a_session_of_tracks_that_are_gone_is_an_error():
    tracks = library(80, 6)
    session = arrange(tracks, PROFILE)
    left = [track for track in tracks if track.path != session.slots[0].path]
    with pytest.raises(ArrangeError, match="not among the tracks"):
        explain(session, left, PROFILE)
