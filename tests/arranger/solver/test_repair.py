"""Annealing finds sessions from nothing, never loses one, and keeps every rule."""

from dataclasses import replace

import numpy as np
import pytest

from playlist_builder.arranger.problem import Relaxation, build_problem, instance_of
from playlist_builder.arranger.rules import Constraints, Pin
from playlist_builder.arranger.solver.repair import annealed
from playlist_builder.arranger.solver.solve import search_space
from tests.support.synthetic import arc, library

TRACKS = library(40, 3, artists=9)


def space_of(constraints=Constraints()):  # noqa: B008 - frozen
    """Return the search space of all tracks."""
    profile = arc(40.0)
    free = replace(profile, phases=tuple(replace(each, max_peak=1.0) for each in profile.phases))
    problem = build_problem(TRACKS, free, None, 0, "relative", 30.0, constraints)
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
