"""Least costs along the paths of a graph agree whichever way they are computed."""

from itertools import pairwise

import numpy as np
import pytest

from playlist_builder.arranger.solver.graph import (
    Sweep,
    backward,
    cheapest_path,
    forward,
    share_artist,
)


def path_cost(graph, path):
    """Return what a path costs, added up arc by arc."""
    total = graph.price[path].sum() + graph.ending[graph.arcs.end[path[-1]]]
    for before, after in pairwise(path):
        step = graph.arcs.end[before]
        row = graph.arriving[step].tolist().index(before)
        column = graph.departing[step].tolist().index(after)
        total += graph.transitions[step][row, column]
    return total


def test_the_cheapest_path_costs_what_is_computed_backward_and_forward(searched):
    _, graph, _ = searched
    free = np.zeros(len(graph.price))
    after, until = backward(graph, free), forward(graph, free)
    least = (graph.price + after)[graph.departing[0]].min()
    assert path_cost(graph, cheapest_path(graph, free, after)) == pytest.approx(least)
    assert (until + graph.ending[graph.arcs.end]).min() == pytest.approx(least)
    assert (until + after).min() == pytest.approx(least)


def test_many_steps_at_once_cost_what_they_do_one_after_the_other(searched):
    space, graph, _ = searched
    prices = np.random.default_rng(0).random(len(graph.price))
    few = graph.restricted(prices < 0.2, space.items.steps)
    for some, penalty in ((graph, prices), (few, prices[prices < 0.2])):
        sweep = Sweep.of(some)
        assert len(sweep.batches) < len(some.borders)
        assert sweep.backward(penalty).tolist() == backward(some, penalty).tolist()


def test_a_graph_of_all_arcs_is_the_same_and_one_of_fewer_is_no_cheaper(searched):
    space, graph, _ = searched
    free = np.zeros(len(graph.price))
    least = (graph.price + backward(graph, free))[graph.departing[0]].min()
    every = graph.restricted(np.ones(len(free), np.bool_), space.items.steps)
    assert (every.price + backward(every, free))[every.departing[0]].min() == least
    path = cheapest_path(graph, free, backward(graph, free))
    kept = np.ones(len(free), np.bool_)
    kept[path[0]] = False
    fewer = graph.restricted(kept, space.items.steps)
    assert (fewer.price + backward(fewer, free[1:]))[fewer.departing[0]].min() >= least


def test_padding_is_no_artist():
    left, right = np.array([[0, -1], [2, 3]]), np.array([[1, -1], [3, -1]])
    assert share_artist(left, right).tolist() == [False, True]
    assert share_artist(left[:, None], right[None]).tolist() == [[False, False], [False, True]]
