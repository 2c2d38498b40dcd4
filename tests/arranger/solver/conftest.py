"""A small search space with the graph of its arcs."""

import numpy as np
import pytest

from playlist_builder.arranger.problem import Relaxation, build_problem, instance_of
from playlist_builder.arranger.rules import Constraints
from playlist_builder.arranger.solver import prune, solve
from playlist_builder.arranger.solver.lagrangian import Multipliers
from playlist_builder.profiles.profile import Phase, Profile
from tests.support.synthetic import library

PROFILE = Profile("ramp", "Ramp", "", 1200.0, (Phase("ramp", 0.0, 1200.0, 0.2, 0.7),))


@pytest.fixture(params=range(5))
def searched(request):
    """Return a search space, the graph of its arcs, and multipliers to begin with."""
    tracks = library(30, request.param, artists=8)
    problem = build_problem(tracks, PROFILE, Constraints())
    instance = instance_of(problem, Relaxation())
    none = np.zeros(0, np.int64)
    pruned = prune.prune_arcs(instance.items, instance.grid, (), none, 2000)
    chosen = np.unique(pruned.arcs.item)
    space = solve.search_space(instance, chosen)
    required = np.zeros(len(chosen), np.bool_)
    start = Multipliers.initial(space.groups, pruned.dropped.drift_price, required)
    return space, solve._graph(space, pruned, chosen), start  # noqa: SLF001
