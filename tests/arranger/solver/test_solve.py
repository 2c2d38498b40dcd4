"""The bound is proven for every track, also for those that the search never looks at."""

from dataclasses import replace

import pytest

from playlist_builder.arranger.arrange import arrange
from playlist_builder.arranger.problem import Relaxation, build_problem, instance_of
from playlist_builder.arranger.rules import Constraints
from playlist_builder.arranger.solver import lagrangian, prune, repair, solve
from playlist_builder.errors import ArrangeError
from tests.benchmarks.arrange_exact import TOLERANCE_S, optimum, task
from tests.support.synthetic import arc, library, plain


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


@pytest.fixture
def long_ones(monkeypatch):
    """Have every session count as long, and annealed for a short while."""
    monkeypatch.setattr(solve, "MANY_SLOTS", 1)
    monkeypatch.setattr(solve, "REPRICED", 0)
    monkeypatch.setattr(repair, "ROUNDS_PER_SLOT", 1)
    monkeypatch.setattr(repair, "FEWEST_ANNEALED", 100)
    return monkeypatch


def instance_for(tracks, minutes, **rules):
    problem = build_problem(tracks, arc(minutes, **rules), Constraints())
    return instance_of(problem, Relaxation())


def test_a_long_session_is_continued_near_a_start_that_breaks_rules(long_ones):
    """What need not be the best is not prepared again for each set of rules."""
    instance = instance_for(library(16, 1, artists=9), 20.0)
    best = solve.solve(instance)
    long_ones.setattr(solve, "_prepared", None)
    twice = (best.sequence[0], *best.sequence[:-1])
    found = solve.solve(instance, is_best=False, start=twice)
    assert solve.keeps(instance, found.sequence)
    again = solve.solve(instance, is_best=False, start=best.sequence)
    assert again.cost <= best.cost * 1.001
    assert again.bound == 0.0


def test_a_long_session_that_is_not_found_leaves_what_comes_near_to_one(long_ones):
    long_ones.setattr(solve, "BEAM", 1)
    long_ones.setattr(solve, "is_short", lambda _: False)
    long_ones.setattr(lagrangian, "is_infeasible", lambda *_: False)
    tracks = [plain(n, 5, 0.5, artist="Ada") for n in range(12)]
    instance = instance_for(tracks, 40.0, artist_max=3, artist_gap=0)
    failure = solve.solve(instance)
    assert not failure.is_proven
    assert sum(instance.items.length_ms[list(failure.near)]) == 40 * 60_000
    assert len(set(failure.near)) == len(failure.near)
