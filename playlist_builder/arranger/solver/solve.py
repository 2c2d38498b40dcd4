"""The best session of items on a time grid, and a bound on how good any session can be.

Pruning leaves few arcs, the Lagrangian relaxation gives a bound and guides the search, the search
finds sessions. In goes an `Instance`, out comes a `Solution`, or None where none was found. Work is
counted, not timed, so equal instances have equal solutions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from playlist_builder.arranger.solver import lagrangian
from playlist_builder.arranger.solver.coverage import is_short
from playlist_builder.arranger.solver.graph import ArcGraph, backward, build_graph, forward
from playlist_builder.arranger.solver.instance import Failure, Instance, Solution
from playlist_builder.arranger.solver.permutations import best_order
from playlist_builder.arranger.solver.placements import blocks
from playlist_builder.arranger.solver.prune import PrunedArcs, promising, prune_arcs
from playlist_builder.arranger.solver.repair import FEW_ITEMS, HOT, repaired
from playlist_builder.arranger.solver.search import Found, SearchSpace, beam, best_near
from playlist_builder.arranger.solver.stopping import check_stopped
from playlist_builder.models import Bools, Ints

ARCS_PER_STEP, MOST_ARCS = 80, 90_000  # that pruning leaves for exact transitions
KEPT_PER_STEP, MOST_KEPT = 32, 70_000  # that dual ascent and search look at
ALL_ARCS = 400_000  # up to which a session of much of the music is looked for among all arcs
MANY_ITEMS = 2_000  # from which on copies are looked for among those that pruning leaves, ...
FEW_COPIES = 0.1  # ... and left out before it only where they are a larger share of these
MUCH = 0.25  # share of the music: more than this leaves too few tracks for the last places
LOCAL_SEARCH_SLOTS = 60  # of all sessions of the beam that are improved, together
ASCENT_ARCS = 600_000  # summed over the rounds before the search, and ...
FINAL_ASCENT_ARCS = 300_000  # ... after it, when a session is known, ...
FEWEST_ROUNDS, MOST_ROUNDS = 4, 60  # ... within these; a session of all tracks gets the most
BEAM, WIDE_BEAM = 32, 1000
MANY_SLOTS = 25  # from which on a beam and small changes leave much to gain
CONTINUED = 0.25  # of that work, near a session that breaks few rules
REPRICED = 2  # times that a long session is pruned again with a price on the use of each item, ...
LONG_ROUNDS, LONG_STEPS = 30, 2_500  # ... rounds of ascent, fewer beyond so many steps, ...
HOPED = 1.2  # ... and times the bound that these aim at
NEAR = 0.98  # of the cost: a bound above that is not worth more work
IDLE_ROUNDS = 20  # of ascent to prove that there is no session
WIDE_WORK = 12_000  # nodes times items that a beam may look at per step
NOISE = 0.5  # of what a track costs on average: the most that a seed adds to one
ROUNDING = 1e-9  # of sums in double precision
SINGLE = 3e-5  # of costs, as contours are kept in single precision


def keeps(instance: Instance, sequence: Sequence[int]) -> bool:
    """Return whether a sequence of items is a session of an instance; every pin is among them."""
    chosen, order = np.unique(np.array(sequence), return_inverse=True)
    return search_space(instance, chosen).allows(order)


def solve(
    instance: Instance, *, is_best: bool = True, is_last: bool = False, start: Sequence[int] = ()
) -> Solution | Failure:
    """Return the best session found with its bound, or whether it is proven that there is none.

    Where it need not be the best, the first session found is returned, with a bound of 0, and a
    short session is searched for with less patience, unless this is the last attempt. A long one is
    looked for near a `start` alone, which may break rules, unless this is the last attempt.
    """
    check_stopped()
    is_last |= is_best
    every = np.arange(len(instance.items.steps))
    pruned = _pruned(instance) if len(every) > MANY_ITEMS else None
    if pruned is not None:
        left = np.unique(pruned.arcs.item)
        pruned = pruned if len(instance.spare(left)) <= FEW_COPIES * len(left) else None
    entering = np.setdiff1d(every, instance.spare(every)) if pruned is None else every
    if len(entering) < len(every):
        instance, pruned = instance.of(entering), None
    known = np.searchsorted(entering, start) if np.isin(start, entering).all() else every[:0]
    found: Solution | Failure | None = None
    if 0 < len(known) <= len(entering) <= FEW_ITEMS and _is_long(instance) and not is_best:
        found = _continued(instance, known)
    if found is None or (is_last and isinstance(found, Failure)):
        found = _solve(instance, pruned, known, is_best=is_best, is_last=is_last)
    if isinstance(found, Failure):
        return replace(found, near=_named(found.near, entering))
    return replace(found, sequence=_named(found.sequence, entering))


def _named(sequence: Sequence[int], entering: Ints) -> tuple[int, ...]:
    return tuple(entering[list(sequence)].tolist())


def _is_long(instance: Instance) -> bool:
    """Return whether a session has so many slots that a beam leaves much to gain."""
    return instance.grid.asked_ms >= MANY_SLOTS * float(np.median(instance.items.length_ms))


def _continued(instance: Instance, start: Ints) -> Solution | Failure:
    """Return any session that a shorter annealing of another one leads to."""
    space = search_space(instance, np.arange(len(instance.items.steps)))
    if _takes_much(instance) and is_short(space):
        return Failure(is_proven=True)
    sequence, cost = repaired(space, start, share=CONTINUED)
    if np.isfinite(cost):
        return Solution(tuple(sequence.tolist()), cost, 0.0)
    return Failure(is_proven=False, near=tuple(sequence.tolist()))


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """An instance ready to be searched: `chosen` are the items of the space and of the graph.

    A session with other arcs than those of the graph costs at least `limit`. `cost_to_go` is None
    where no path leads through the graph.
    """

    instance: Instance
    chosen: Ints
    space: SearchSpace
    graph: ArcGraph
    limit: float
    cost_to_go: lagrangian.CostToGo | None

    @property
    def is_long(self) -> bool:
        """Whether a session has so many slots that a beam leaves much to gain."""
        return _is_long(self.instance)

    @property
    def holds_all(self) -> bool:
        """Whether the graph holds every arc that a session may use."""
        return bool(np.isinf(self.limit))


def _solve(
    instance: Instance, pruned: PrunedArcs | None, known: Ints, *, is_best: bool, is_last: bool
) -> Solution | Failure:
    task = _prepared(instance, pruned)
    if task is None:
        return Failure(is_proven=True)
    if task.cost_to_go is None:
        if task.holds_all:
            return Failure(is_proven=True)
        return _any(task, *repaired(task.space, None))
    first = _first(task, task.cost_to_go, known, is_best=is_best, is_last=is_last)
    if isinstance(first, Failure):
        return first
    if not is_best:
        return _solution(task, *first, 0.0)
    return _finished(task, task.cost_to_go, *first)


def _any(task: _Task, sequence: Ints, cost: float) -> Solution | Failure:
    """Return what annealing found as a solution, or as what came near to one."""
    if np.isfinite(cost):
        return _solution(task, sequence, cost, 0.0)
    return Failure(is_proven=False, near=tuple(task.chosen[sequence].tolist()))


def _pruned(instance: Instance) -> PrunedArcs | None:
    """Return the arcs that are left of an instance, or None where it can have no session."""
    most = min(ARCS_PER_STEP * instance.grid.horizon, MOST_ARCS)
    return prune_arcs(instance.items, instance.grid, instance.fixed, _kept(instance), most)


def _kept(instance: Instance) -> Ints:
    """Return the items of which no arc is pruned: the pinned ones, or all of a small library."""
    count = len(instance.items.steps)
    if _takes_much(instance) and 2 * count * instance.grid.horizon <= ALL_ARCS:
        return np.arange(count)
    return _pinned(instance)


def _pinned(instance: Instance) -> Ints:
    return np.array(sorted({fixed.item for fixed in instance.fixed}), np.int64)


def _takes_much(instance: Instance) -> bool:
    all_ms = float(instance.items.length_ms.sum())
    return instance.use_all or instance.grid.asked_ms > MUCH * all_ms


def _prepared(instance: Instance, pruned: PrunedArcs | None) -> _Task | None:
    """Return what is to be searched, or None where it is plain that there is no session."""
    items, grid, use_all = instance.items, instance.grid, instance.use_all
    count, kept = len(items.steps), _kept(instance)
    every = use_all or count <= FEW_ITEMS
    space = search_space(instance, np.arange(count)) if every else None
    if space is not None and _takes_much(instance) and is_short(space):
        return None
    pruned = pruned or _pruned(instance)
    if pruned is None:
        return None
    chosen = np.arange(count) if every else np.union1d(pruned.arcs.item, kept)
    space = space or search_space(instance, chosen)
    whole = np.isin(chosen, kept)
    limit, graph = _thinned(_graph(space, pruned, chosen), whole, space, pruned.limit)
    required = whole if use_all else np.isin(chosen, _pinned(instance))
    start = lagrangian.Multipliers.initial(space.groups, pruned.dropped.drift_price, required)
    rounds = _rounds(graph, np.inf if use_all else ASCENT_ARCS)
    cost_to_go = lagrangian.dual_ascent(graph, space.groups, start, rounds, None)
    if cost_to_go is not None:
        share = max(cost_to_go.bound, 0.0) * float(np.mean(space.items.steps)) / grid.asked_steps
        space = replace(space, noise=space.noise * (NOISE * share))
    task = _Task(instance, chosen, space, graph, limit, cost_to_go)
    return _repriced(task) if task.is_long else task


def _repriced(task: _Task) -> _Task:
    """Return a task pruned again at what the use of each item turned out to be worth.

    So arcs of many different items are left, and what all others cost is better known.
    """
    instance, space = task.instance, task.space
    count = len(instance.items.steps)
    if space.use_all or len(task.chosen) < count:
        return task
    pinned = _pinned(instance)
    most = min(ARCS_PER_STEP * instance.grid.horizon, MOST_ARCS)
    for _ in range(REPRICED):
        if task.cost_to_go is None:
            break
        start, goal = task.cost_to_go.multipliers, HOPED * task.cost_to_go.bound
        use_price = start.use_price(space.groups)
        pruned = prune_arcs(instance.items, instance.grid, instance.fixed, pinned, most, use_price)
        if pruned is None:
            break
        limit = pruned.limit - start.paid(space.groups)
        whole = np.isin(task.chosen, pinned)
        arcs = _graph(space, pruned, task.chosen)
        limit, graph = _thinned(arcs, whole, space, limit, task.cost_to_go)
        found = lagrangian.dual_ascent(graph, space.groups, start, _long_rounds(graph), goal)
        task = replace(task, graph=graph, limit=limit, cost_to_go=found)
    return task


def _first(
    task: _Task, cost_to_go: lagrangian.CostToGo, known: Ints, *, is_best: bool, is_last: bool
) -> tuple[Ints, float] | Failure:
    """Return a good session: by a narrow beam or a wide one, or one `known`, or else by annealing.

    A short session is annealed at the last attempt alone, and never a short window, which is
    widened where it holds nothing: both are sooner done. What need not be the best is any.
    """
    space, graph = task.space, task.graph
    if space.use_all:
        orders = best_order(space, graph, cost_to_go)
        return best_near(space, graph, orders) if orders else Failure(is_proven=False)
    is_window = not task.instance.is_proven
    is_wide = is_window and is_best
    found = beam(space, graph, cost_to_go, _width(space) if is_wide else BEAM)
    if not (found.sequences or found.is_complete or task.is_long or is_wide):
        found = beam(space, graph, cost_to_go, _width(space))
    if found.sequences and not is_best:
        return found.sequences[0], float(space.costs(found.sequences[0][None])[0])
    best = _improved(space, graph, found)
    own = np.searchsorted(task.chosen, known)
    if best is None and len(own) and np.isin(known, task.chosen).all() and space.allows(own):
        best = best_near(space, graph, [own])
    if best is None:
        is_proven = (found.is_complete and task.holds_all) or lagrangian.is_infeasible(
            graph, space.groups, cost_to_go.multipliers, IDLE_ROUNDS
        )
        if is_proven or ((is_window or not is_last) and not task.is_long):
            return Failure(is_proven=is_proven)
        sequence, cost = repaired(space, None)
        if not np.isfinite(cost):
            near = task.chosen[sequence].tolist() if task.is_long else ()
            return Failure(is_proven=False, near=tuple(near))
        best = best_near(space, graph, [sequence])
    elif task.is_long and len(space.items.steps) <= FEW_ITEMS:
        best = min(repaired(space, best[0]), best, key=_by_cost)
    return best


def _finished(task: _Task, cost_to_go: lagrangian.CostToGo, best: Ints, cost: float) -> Solution:
    """Return the solution that a session leads to, with its bound."""
    space, graph, limit = task.space, task.graph, task.limit
    if not task.instance.is_proven:
        return _solution(task, best, cost, 0.0)
    rounds = _long_rounds(graph) if task.is_long else _rounds(graph, FINAL_ASCENT_ARCS)
    goal = cost - float(space.noise[best].sum())
    again = lagrangian.dual_ascent(graph, space.groups, cost_to_go.multipliers, rounds, goal)
    if again is not None and again.bound > cost_to_go.bound:
        cost_to_go = again
    proven = lagrangian.proven_bound(graph, space.groups, cost_to_go.multipliers)
    bound = max(min(cost_to_go.bound, limit), proven) - ROUNDING
    width = _width(space)
    if task.is_long or width == BEAM:
        return _solution(task, best, cost, bound)
    found = beam(space, graph, cost_to_go, width, cost)
    best, cost = _improved(space, graph, found) or (best, cost)
    if found.is_complete and not space.noise.any():
        bound = max(bound, min(limit, cost) * (1.0 - SINGLE))
    elif not found.is_complete and not space.use_all:
        others = (repaired(space, start, HOT) for start in (best, None))
        best, cost = min([(best, cost), *others], key=_by_cost)
        if bound < NEAR * cost:
            bound = max(bound, _repriced_bound(task, cost_to_go))
    return _solution(task, best, cost, bound)


def _repriced_bound(task: _Task, cost_to_go: lagrangian.CostToGo) -> float:
    """Return a bound from arcs that are pruned at other prices, 0 where there is none."""
    again = _repriced(replace(task, cost_to_go=cost_to_go))
    if again.cost_to_go is None or again.graph is task.graph:
        return 0.0
    groups, found = task.space.groups, again.cost_to_go
    proven = lagrangian.proven_bound(again.graph, groups, found.multipliers)
    return max(min(found.bound, again.limit), proven) - ROUNDING


def _solution(task: _Task, sequence: Ints, cost: float, bound: float) -> Solution:
    cost -= float(task.space.noise[sequence].sum())
    return Solution(tuple(task.chosen[sequence].tolist()), cost, max(min(bound, cost), 0.0))


def _by_cost(found: tuple[Ints, float]) -> tuple[float, tuple[int, ...]]:
    return found[1], tuple(found[0].tolist())


def _rounds(graph: ArcGraph, arcs: float) -> int:
    return int(np.clip(arcs / len(graph.price), FEWEST_ROUNDS, MOST_ROUNDS))


def _long_rounds(graph: ArcGraph) -> int:
    """Return how often a long session is swept: each round takes as long as it has steps."""
    return LONG_ROUNDS * LONG_STEPS // max(len(graph.arriving), LONG_STEPS)


def _width(space: SearchSpace) -> int:
    return int(np.clip(WIDE_WORK // len(space.items.steps), BEAM, WIDE_BEAM))


def _improved(space: SearchSpace, graph: ArcGraph, found: Found) -> tuple[Ints, float] | None:
    """Return the best session that small changes of the first ones found lead to, if any."""
    if not found.sequences:
        return None
    several = LOCAL_SEARCH_SLOTS // len(found.sequences[0]) + 1
    return best_near(space, graph, found.sequences[:several])


def _thinned(
    graph: ArcGraph,
    whole: Bools,
    space: SearchSpace,
    limit: float,
    cost_to_go: lagrangian.CostToGo | None = None,
) -> tuple[float, ArcGraph]:
    """Return what a session with other arcs costs, and the graph of the best and `whole` items."""
    most = min(KEPT_PER_STEP * space.grid.horizon, MOST_KEPT)
    if len(graph.price) <= most or whole.all():
        return limit, graph
    drift_price = graph.dropped.drift_price
    penalty, paid = drift_price * graph.drift, drift_price * lagrangian.MOST_DRIFT
    if cost_to_go is not None:
        penalty, paid = lagrangian.penalties(graph, space.groups, cost_to_go.multipliers)
    total = forward(graph, penalty) + backward(graph, penalty)
    cut = float(np.partition(total, most)[most])
    kept = promising(graph.arcs, total, cut) | whole[graph.arcs.item]
    limit = min(limit, cut - paid)
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
