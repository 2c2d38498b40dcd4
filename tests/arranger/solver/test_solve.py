"""The bound is proven for every track, also for those that the search never looks at."""

from dataclasses import replace

import pytest

from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.solver import prune, solve
from playlist_builder.errors import ArrangeError
from tests.benchmarks.arrange_exact import TOLERANCE_S, optimum, task
from tests.support.synthetic import arc, library


@pytest.fixture
def few_arcs(monkeypatch):
    """Have nearly all places pruned; whoever asks for this changes more of it."""
    monkeypatch.setattr(prune, "FEW_ARCS", 0)
    monkeypatch.setattr(prune, "FIRST_ARCS", 900)
    monkeypatch.setattr(prune, "FLOOR", 2)
    return monkeypatch


def assert_bound_holds(seed):
    small = task(seed)
    best = optimum(small)
    try:
        session = arrange(
            small.tracks,
            small.profile,
            constraints=replace(small.constraints, tolerance_s=TOLERANCE_S),
        )
    except ArrangeError:
        return
    if not session.relaxed:
        assert session.bound <= best * (1.0 + 1e-5)


@pytest.mark.parametrize("seed", range(16))
def test_the_bound_holds_when_most_places_are_dropped(seed, few_arcs):
    """With so much pruned that the search may fail, the bound must still not exceed the optimum."""
    few_arcs.setattr(solve, "ARCS_PER_STEP", 3)
    few_arcs.setattr(solve, "KEPT_PER_STEP", 2)
    assert_bound_holds(seed)


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4, 6])
def test_the_bound_holds_when_the_use_of_items_has_a_price(seed, few_arcs):
    """Pruned again as a long session is, a small one must not cost less than its bound."""
    few_arcs.setattr(solve, "ARCS_PER_STEP", 6)
    few_arcs.setattr(solve, "KEPT_PER_STEP", 4)
    few_arcs.setattr(solve, "ALL_ARCS", 0)
    few_arcs.setattr(solve, "MANY_SLOTS", 1)
    assert_bound_holds(seed)


def test_a_small_library_is_solved_to_its_proven_optimum():
    session = arrange(library(20, 0, artists=6), arc(30.0))
    assert session.bound == pytest.approx(session.cost, rel=1e-4)
