"""Subgradient ascent raises the bound and never above a session."""

from playlist_builder.arranger.solver.lagrangian import dual_ascent, proven_bound
from playlist_builder.arranger.solver.search import beam, costs_of


def test_more_rounds_never_lower_the_bound_nor_lift_it_above_a_session(searched):
    space, graph, start = searched
    first, last = (dual_ascent(graph, space.groups, start, rounds, None) for rounds in (0, 60))
    assert first.bound <= last.bound
    (found, *_) = beam(space, graph, last, 64).sequences
    cost = costs_of(space, found[None])[0]
    assert last.bound <= cost
    assert proven_bound(graph, space.groups, last.multipliers) <= last.bound + 1e-9
