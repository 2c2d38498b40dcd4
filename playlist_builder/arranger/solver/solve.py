"""The best session of items on a time grid, and a bound on how good any session can be.

Pruning leaves few arcs, the Lagrangian relaxation gives a bound and guides the search, the search
finds sessions. In goes an `Instance`, out comes a `Solution`, or None where none was found. Work is
counted, not timed, so equal instances have equal solutions.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from playlist_builder.arranger.solver import lagrangian
from playlist_builder.arranger.solver.cost import FixedItem, Items, TimeGrid, step_at
from playlist_builder.arranger.solver.graph import ArcGraph, Groups, backward, build_graph, forward
from playlist_builder.arranger.solver.permutations import best_order
from playlist_builder.arranger.solver.placements import blocks
from playlist_builder.arranger.solver.prune import PrunedArcs, promising, prune_arcs
from playlist_builder.arranger.solver.search import SearchSpace, beam, best_near
from playlist_builder.models import Bools, Floats, Ints

ARCS_PER_STEP, MOST_ARCS = 80, 90_000  # that pruning leaves for exact transitions
KEPT_PER_STEP, MOST_KEPT = 32, 70_000  # that dual ascent and search look at
ALL_ARCS = 400_000  # up to which a session of much of the music is looked for among all arcs
MUCH = 0.25  # share of the music: more than this leaves too few tracks for the last places
FEW_ITEMS = 600  # whose transitions are all computed beforehand
RUNNERS_UP = 60  # items looked at for each place
LOCAL_SEARCH_SLOTS = 60  # of all sessions of the beam that are improved, together
ASCENT_ARCS = 600_000  # summed over the rounds before the search, and ...
FINAL_ASCENT_ARCS = 300_000  # ... after it, when a session is known, ...
FEWEST_ROUNDS, MOST_ROUNDS = 4, 60  # ... within these; a session of all tracks gets the most
BEAM, WIDE_BEAM = 32, 1000
PATIENT = 4  # times as wide a beam where the first finds no session
WIDE_WORK = 12_000  # nodes times items that a beam may look at per step
NOISE = 0.5  # of what a track costs on average: the most that a seed adds to one
ROUNDING = 1e-9  # of sums in double precision


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """All that the solver is asked; `groups` gives the rules among the items it looks at.

    `noise` gives 0..1 for each item, which breaks ties differently for every seed. Where
    `is_proven` is not set, the bound of the solution is 0.
    """

    items: Items
    grid: TimeGrid
    groups: Callable[[Ints], Groups]
    fixed: tuple[FixedItem, ...] = ()
    use_all: bool = False
    noise: Callable[[Ints], Floats] | None = None
    is_proven: bool = True


@dataclass(frozen=True, slots=True)
class Solution:
    """Items in order, what they cost, and what no session of the instance can go below."""

    sequence: tuple[int, ...]
    cost: float
    bound: float


def solve(instance: Instance) -> Solution | None:
    """Return the best session found with its bound, or None where none was found."""
    items, grid, use_all = instance.items, instance.grid, instance.use_all
    horizon, count = grid.horizon, len(items.steps)
    pinned = np.array(sorted({fixed.item for fixed in instance.fixed}), dtype=np.int64)
    much = use_all or grid.asked_ms > MUCH * float(items.length_ms.sum())
    kept = np.arange(count) if much and 2 * count * horizon <= ALL_ARCS else pinned
    most = min(ARCS_PER_STEP * horizon, MOST_ARCS)
    pruned = prune_arcs(items, grid, instance.fixed, kept, most)
    if pruned is None:
        return None
    chosen = np.arange(count) if use_all else np.union1d(pruned.arcs.item, kept)
    space = search_space(instance, chosen)
    whole = np.isin(chosen, kept)
    limit, graph = _thinned(_graph(space, pruned, chosen), whole, space, pruned.limit)
    required = whole if use_all else np.isin(chosen, pinned)
    start = lagrangian.Multipliers.initial(space.groups, pruned.dropped.drift_price, required)
    rounds = _rounds(graph, np.inf if use_all else ASCENT_ARCS)
    cost_to_go = lagrangian.dual_ascent(graph, space.groups, start, rounds, None)
    if cost_to_go is None:
        return None
    share = max(cost_to_go.bound, 0.0) * float(np.mean(space.items.steps)) / grid.asked_steps
    space = replace(space, noise=space.noise * (NOISE * share))
    sequences = _sequences(space, graph, cost_to_go)
    if not sequences:
        return None
    sequences = sequences[: LOCAL_SEARCH_SLOTS // len(sequences[0]) + 1]
    best, cost = best_near(space, graph, sequences)
    cost -= float(space.noise[best].sum())
    sequence = tuple(chosen[best].tolist())
    if not instance.is_proven:
        return Solution(sequence, cost, 0.0)
    rounds = _rounds(graph, FINAL_ASCENT_ARCS)
    again = lagrangian.dual_ascent(graph, space.groups, cost_to_go.multipliers, rounds, cost)
    if again is not None and again.bound > cost_to_go.bound:
        cost_to_go = again
    proven = lagrangian.proven_bound(graph, space.groups, cost_to_go.multipliers)
    bound = max(min(cost_to_go.bound, limit), proven) - ROUNDING
    return Solution(sequence, cost, max(min(bound, cost), 0.0))


def _rounds(graph: ArcGraph, arcs: float) -> int:
    return int(np.clip(arcs / len(graph.price), FEWEST_ROUNDS, MOST_ROUNDS))


def _sequences(space: SearchSpace, graph: ArcGraph, cost_to_go: lagrangian.CostToGo) -> list[Ints]:
    if space.use_all:
        return best_order(space, graph, cost_to_go)
    width = int(np.clip(WIDE_WORK // len(space.items.steps), BEAM, WIDE_BEAM))
    found = beam(space, graph, cost_to_go, width)
    return found or beam(space, graph, cost_to_go, width * PATIENT)


def _thinned(
    graph: ArcGraph, whole: Bools, space: SearchSpace, limit: float
) -> tuple[float, ArcGraph]:
    """Return what a session with other arcs costs, and the graph of the best and `whole` items."""
    most = min(KEPT_PER_STEP * space.grid.horizon, MOST_KEPT)
    if len(graph.price) <= most or whole.all():
        return limit, graph
    drift_price = graph.dropped.drift_price
    penalty = drift_price * graph.drift
    total = forward(graph, penalty) + backward(graph, penalty)
    cut = float(np.partition(total, most)[most])
    kept = promising(graph.arcs, total, cut) | whole[graph.arcs.item]
    limit = min(limit, cut - drift_price * lagrangian.MOST_DRIFT)
    return limit, graph.restricted(kept, space.items.steps)


def _graph(space: SearchSpace, pruned: PrunedArcs, chosen: Ints) -> ArcGraph:
    """Return the pruned arcs with exact prices, their items numbered as in the search space."""
    arcs = replace(pruned.arcs, item=np.searchsorted(chosen, pruned.arcs.item))
    longer = arcs.end - arcs.start - space.items.steps[arcs.item]
    price = space.price[longer, arcs.start, arcs.item]
    return build_graph(replace(pruned, arcs=arcs), price, space.items, space.grid, space.groups)


def search_space(instance: Instance, chosen: Ints) -> SearchSpace:
    """Return the chosen items of an instance with exact prices and the rules among them."""
    grid, items = instance.grid, instance.items.take(chosen)
    price = np.full((2, grid.horizon + 1, len(chosen)), np.inf)
    for block in blocks(items, grid, kind=np.float64):
        starts, count = block.plain.shape
        price[0, :starts, block.first : block.first + count] = block.plain
        price[1, :starts, block.first : block.first + count] = block.longer
    fixed = tuple(
        replace(fixed, item=int(np.searchsorted(chosen, fixed.item))) for fixed in instance.fixed
    )
    noise = np.zeros(len(chosen)) if instance.noise is None else instance.noise(chosen)
    transitions = None
    if len(chosen) <= FEW_ITEMS:
        every = np.arange(len(chosen))
        transitions = items.transition_cost(every[:, None], every, grid.loudness_jump_lu)
    groups = instance.groups(chosen)
    return SearchSpace(items, grid, groups, fixed, instance.use_all, price, noise, transitions)


def allows(instance: Instance, sequence: Ints) -> bool:
    """Return whether a sequence of items is a session that the instance allows."""
    chosen, own = np.unique(sequence, return_inverse=True)
    return search_space(instance, chosen).allows(own)


def runners_up(instance: Instance, sequence: Ints) -> list[tuple[int, float] | None]:
    """Return for each place the item that would replace it best, and the session's cost then.

    None stands where no other item may. Looked at are the items of like length that fit the place
    best, as only they leave the rest of the session where it is.
    """
    lengths_ms = instance.items.length_ms[sequence]
    starts = step_at(np.concatenate([[0], np.cumsum(lengths_ms)[:-1]]))
    places = zip(sequence.tolist(), starts.tolist(), strict=True)
    likely = [_fitting(instance, item, start) for item, start in places]
    chosen = np.unique(np.concatenate([sequence, *likely]))
    space = replace(search_space(instance, chosen), noise=np.zeros(len(chosen)))
    own = np.searchsorted(chosen, sequence)
    result: list[tuple[int, float] | None] = []
    for place, others in enumerate(likely):
        tried = np.tile(own, (len(others), 1))
        tried[:, place] = np.searchsorted(chosen, others)
        costs = space.costs(tried)
        best = int(costs.argmin()) if len(others) else -1
        found = best >= 0 and np.isfinite(costs[best])
        result.append((int(others[best]), float(costs[best])) if found else None)
    return result


def _fitting(instance: Instance, item: int, start: int) -> Ints:
    """Return the items of like length that fit best where an item stands, without itself."""
    items, grid = instance.items, instance.grid
    apart = np.abs(items.length_ms - items.length_ms[item])
    like = np.flatnonzero(apart <= 2 * grid.tolerance_ms)
    like = like[like != item]
    steps = int(items.steps[item])
    contour = items.values[items.contour_index(like, steps)]
    distance = ((contour - grid.target[start : start + steps]) ** 2).mean(axis=1)
    price = items.step_price[like][:, grid.phase[start : start + steps]].mean(axis=1)
    order = np.argsort(distance + price, kind="stable")
    return np.asarray(like[order[:RUNNERS_UP]])
