"""Annealing finds sessions from nothing, never loses one, and keeps every rule."""

from dataclasses import replace

import numpy as np
import pytest

from playlist_builder.arranger.problem import Relaxation, build_problem, instance_of
from playlist_builder.arranger.rules import Constraints, Pin
from playlist_builder.arranger.solver.repair import _Board, annealed
from playlist_builder.arranger.solver.solve import search_space
from tests.support.synthetic import arc, library

TRACKS = library(40, 3, artists=9)


def space_of(constraints=Constraints(), tracks=TRACKS, minutes=40.0):  # noqa: B008 - frozen
    """Return the search space of all tracks."""
    profile = arc(minutes)
    free = replace(profile, phases=tuple(replace(each, max_peak=1.0) for each in profile.phases))
    problem = build_problem(tracks, free, constraints)
    instance = instance_of(problem, Relaxation())
    return problem, search_space(instance, np.arange(len(instance.items.steps)))


def test_a_session_from_nothing_keeps_the_rules_and_more_work_is_never_worse():
    _, space = space_of()
    sequence, cost = annealed(space, None, 400)
    assert space.allows(sequence)
    assert cost == pytest.approx(float(space.costs(sequence[None])[0]))
    again, other = annealed(space, sequence, 200, 0.01)
    assert space.allows(again)
    assert other <= cost
    same, _ = annealed(space, None, 400)
    assert same.tolist() == sequence.tolist()


def test_pins_are_kept_at_their_places_and_minutes():
    pins = (
        Pin(TRACKS[0].path, place=1),
        Pin(TRACKS[1].path, place=-1),
        Pin(TRACKS[2].path, minute=20.0),
        Pin(TRACKS[3].path),
    )
    problem, space = space_of(Constraints(pins=pins))
    sequence, _ = annealed(space, None, 800)
    items = [item for _, item in problem.pins]
    assert sequence[0] == items[0]
    assert sequence[-1] == items[1]
    assert set(items) <= set(sequence.tolist())
    assert space.allows(sequence)


def test_where_nearly_all_is_pinned_there_is_little_to_change():
    tracks = TRACKS[:3]
    pins = Constraints(pins=(Pin(tracks[0].path), Pin(tracks[2].path)))
    _, space = space_of(pins, tracks, sum(each.duration_s for each in tracks) / 60.0)
    sequence, _ = annealed(space, None, 60)
    assert sorted(sequence.tolist()) == [0, 1, 2]


@pytest.mark.parametrize("gap", [0, 1, 3])
def test_what_a_change_costs_is_the_difference_of_what_sessions_cost(gap):
    """Where no rule is broken, the price of each part is that of the whole."""
    _, space = space_of()
    space = replace(space, groups=replace(space.groups, gap=gap))
    start, _ = annealed(space, None, 400)
    board = _Board.of(space)
    state = board.state(start)
    unused = np.setdiff1d(np.arange(40), start)[:, None]
    for place in range(len(start)):
        costs = board.costs(state, place, place + 1, unused)
        costs += board.crowded(state, place, place + 1, unused)
        own = board.own_cost(state, place, place + 1)
        own += board.crowded(state, place, place + 1, start[None, place : place + 1])[0]
        whole = np.tile(start, (len(unused), 1))
        whole[:, place] = unused[:, 0]
        exact = space.costs(whole) - space.costs(start[None])
        allowed = np.isfinite(exact)
        assert costs[allowed] - own == pytest.approx(exact[allowed], abs=1e-9)
        assert (costs[~allowed] - own > 1.0).all()
