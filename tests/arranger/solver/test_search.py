"""The search finds sessions that keep every rule, and local search only improves them."""

from playlist_builder.arranger.solver.lagrangian import dual_ascent
from playlist_builder.arranger.solver.search import beam, costs_of, local_search


def test_all_that_is_found_keeps_the_rules_the_cheapest_first(searched):
    space, graph, start = searched
    found = beam(space, graph, dual_ascent(graph, space.groups, start, 20, None), 32).sequences
    assert found
    assert all(space.allows(sequence) for sequence in found)
    costs = [costs_of(space, sequence[None])[0] for sequence in found]
    assert costs == sorted(costs)
    better, cost = local_search(space, graph, found[-1])
    assert space.allows(better)
    assert cost <= costs[-1]


def test_a_track_twice_is_not_allowed(searched):
    space, graph, start = searched
    sequence = beam(space, graph, dual_ascent(graph, space.groups, start, 20, None), 32).sequences[
        0
    ]
    sequence[1] = sequence[0]
    assert not space.allows(sequence)
