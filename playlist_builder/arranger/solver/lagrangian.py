"""A lower bound by Lagrangian relaxation: penalties that make repeats on a path unattractive.

Rules on repeats, groups and true time are taken out of the shortest-path problem and paid for by
multipliers (Held & Karp 1971). For any multipliers that are not negative, the least cost of a path
including penalties, less what a feasible session would pay at most, is a bound that no feasible
session goes below. Subgradient steps raise the bound (Polyak 1969).
"""

from dataclasses import dataclass, replace

import numpy as np

from playlist_builder.arranger.solver.graph import (
    ArcGraph,
    Groups,
    Sweep,
    cheapest_path,
    least_with_dropped,
)
from playlist_builder.arranger.solver.stopping import check_stopped
from playlist_builder.models import Bools, Floats

POLYAK_FACTOR = 1.2  # of the way to the expected optimum, along the subgradient (Polyak 1969)
PATIENCE = 4  # rounds without a better bound, after which the factor is halved
EXPECTED = 1.05  # times the bound: where the optimum is looked for while no session is known
LEAST_GAIN = 1e-4
PROOF = 1e-6  # a bound above that is above nothing
CHECKPOINTS = 8
MOST_DRIFT = 0.5  # steps: the most by which true time and steps differ, see `cost.step_at`


@dataclass(frozen=True, slots=True, eq=False)
class Multipliers:
    """What is paid on top: per use of an item, per member of a group, per step of drift.

    `drift[c]` is paid for what has drifted when checkpoint c is passed. Items that are `required`
    must be used, so their multiplier may be negative.
    """

    per_item: Floats
    per_group: Floats
    drift: Floats
    required: Bools

    def use_price(self, groups: Groups) -> Floats:
        """Return what each use of an item pays, for itself and for its groups."""
        return np.asarray(self.per_item + self.per_group[groups.member].sum(axis=1))

    def paid(self, groups: Groups) -> float:
        """Return what a feasible session pays at most for the use of its items."""
        held = (self.per_group[:-1] * groups.most[:-1]).sum()
        return float(self.per_item.sum() + held)

    @staticmethod
    def initial(groups: Groups, drift_price: float, required: Bools) -> "Multipliers":
        """Return the multipliers to begin with: nothing but a price on drift at the end."""
        drift = np.zeros(CHECKPOINTS)
        drift[-1] = drift_price
        return Multipliers(np.zeros(len(required)), np.zeros(len(groups.most)), drift, required)


@dataclass(frozen=True, slots=True, eq=False)
class CostToGo:
    """The least cost after each arc, penalties included; `bound` holds for paths of the graph.

    A feasible session pays penalties of at most `most`.
    """

    after: Floats
    penalty: Floats
    bound: float
    most: float
    multipliers: Multipliers


def penalties(graph: ArcGraph, groups: Groups, multipliers: Multipliers) -> tuple[Floats, float]:
    """Return what each arc pays, and what a feasible session pays at most."""
    return _penalties(graph, groups, multipliers, _checkpoints(graph))


def _penalties(
    graph: ArcGraph, groups: Groups, multipliers: Multipliers, marks: Floats
) -> tuple[Floats, float]:
    per_item = multipliers.use_price(groups)
    drift_price = marks @ multipliers.drift
    most = multipliers.paid(groups) + np.abs(multipliers.drift).sum() * MOST_DRIFT
    drift = graph.drift * drift_price[graph.arcs.end]
    return per_item[graph.arcs.item] + drift, float(most)


def proven_bound(graph: ArcGraph, groups: Groups, multipliers: Multipliers) -> float:
    """Return what no session goes below, whatever arcs it uses.

    Dropped arcs are taken to be of the items of their length whose multipliers are least, and to
    drift as suits them.
    """
    marks = _checkpoints(graph)
    penalty, most = _penalties(graph, groups, multipliers, marks)
    dropped = graph.dropped
    drift_price = marks @ multipliers.drift
    ends = np.arange(len(graph.arriving)) + dropped.steps[:, None]
    more = drift_price[np.minimum(ends, len(drift_price) - 1)] - dropped.drift_price
    half = len(dropped.steps) // 2  # from here on they drift by -1..0, before by 0..1
    gain = np.concatenate([np.maximum(-more[:half], 0.0), np.maximum(more[half:], 0.0)])
    gain -= dropped.dearer(multipliers.use_price(groups))[:, None]
    return least_with_dropped(graph, penalty, dropped.price[:, : len(graph.arriving)] - gain) - most


def is_infeasible(graph: ArcGraph, groups: Groups, multipliers: Multipliers, rounds: int) -> bool:
    """Return whether ascent proves that no session keeps the rules, whatever arcs it uses.

    Where every arc and transition that is allowed costs nothing, a session costs nothing: a bound
    above that is a proof.
    """
    dropped = graph.dropped
    idle = replace(
        graph,
        price=np.zeros(len(graph.price)),
        transitions=[_idle(costs) for costs in graph.transitions],
        ending=_idle(graph.ending),
        dropped=replace(
            dropped,
            price=_idle(dropped.price),
            drift_price=0.0,
            use_price=np.zeros_like(dropped.use_price),
        ),
    )
    nothing = replace(
        multipliers,
        per_item=np.zeros_like(multipliers.per_item),
        per_group=np.zeros_like(multipliers.per_group),
        drift=np.zeros_like(multipliers.drift),
    )
    found = dual_ascent(idle, groups, nothing, rounds, 1.0)
    if found is None:
        return not np.isfinite(dropped.price).any()
    return found.bound > PROOF and proven_bound(idle, groups, found.multipliers) > PROOF


def _idle(costs: Floats) -> Floats:
    return np.where(np.isfinite(costs), 0.0, np.inf)


def dual_ascent(
    graph: ArcGraph, groups: Groups, multipliers: Multipliers, rounds: int, goal: float | None
) -> CostToGo | None:
    """Return the best bound that `rounds` of subgradient ascent lead to.

    `goal` is the cost of the best session known. Returns None if no path leads through.
    """
    marks, sweep = _checkpoints(graph), Sweep.of(graph)
    best: CostToGo | None = None
    factor, stale = POLYAK_FACTOR, 0
    for _ in range(rounds + 1):
        check_stopped()
        penalty, most = _penalties(graph, groups, multipliers, marks)
        after = sweep.backward(penalty)
        start = graph.departing[0]
        bound = float((graph.price + penalty + after)[start].min(initial=np.inf)) - most
        if not np.isfinite(bound):
            break
        if best is None or bound > best.bound:
            best, stale = CostToGo(after, penalty, bound, most, multipliers), 0
        else:
            stale += 1
            if stale >= PATIENCE:
                factor, stale = factor / 2.0, 0
        path = cheapest_path(graph, penalty, after)
        used = graph.arcs.item[path]
        slope = np.bincount(used, minlength=len(multipliers.per_item)) - 1.0
        slope[(multipliers.per_item <= 0.0) & (slope < 0.0) & ~multipliers.required] = 0.0
        held = np.bincount(groups.member[used].ravel(), minlength=len(groups.most)) - groups.most
        held[-1] = 0.0
        held[(multipliers.per_group <= 0.0) & (held < 0.0)] = 0.0
        drift = graph.drift[path] @ marks[graph.arcs.end[path]]
        over = np.where(
            multipliers.drift == 0.0,
            np.sign(drift) * np.maximum(np.abs(drift) - MOST_DRIFT, 0.0),
            drift - np.sign(multipliers.drift) * MOST_DRIFT,
        )
        steepness = float((slope**2).sum() + (held**2).sum() + (over**2).sum())
        if steepness == 0.0:
            break
        aim = goal if goal is not None else best.bound * EXPECTED
        length = factor * max(aim - bound, LEAST_GAIN) / steepness
        per_item = multipliers.per_item + length * slope
        multipliers = Multipliers(
            np.where(multipliers.required, per_item, np.maximum(per_item, 0.0)),
            np.maximum(multipliers.per_group + length * held, 0.0),
            multipliers.drift + length * over,
            multipliers.required,
        )
    return best


def _checkpoints(graph: ArcGraph) -> Floats:
    """Return which steps of a graph lie before which checkpoint, as 0 and 1."""
    last = len(graph.arriving) - 1
    borders = np.linspace(0, last, CHECKPOINTS + 1)[1:]
    return np.asarray(np.arange(last + 1)[:, None] <= borders, np.float64)
