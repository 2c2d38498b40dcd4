"""The arcs that are left as a graph in time, with exact costs, and least costs along its paths.

On few arcs every term of a transition is computed, which pruning could only estimate on all, and
neighbours that the rules forbid are barred. Repeats, copies and too many tracks of one artist are
still possible on a path: `lagrangian` puts penalties on them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from playlist_builder.arranger.solver.cost import STEP_MS, Items, TimeGrid
from playlist_builder.arranger.solver.prune import Arcs, Dropped, PrunedArcs
from playlist_builder.models import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Groups of items: row i of `member` lists the groups of item i, padded with the last.

    At most `most[g]` items of group g may be used. `artists` lists the artists of each item,
    padded with -1; `gap` other items must stand between two that share one.
    """

    member: Ints
    most: Ints
    artists: Ints
    gap: int


@dataclass(frozen=True, eq=False)
class ArcGraph:
    """Arcs with exact prices; for each step the arcs that end and that start there.

    `transitions[s]` has shape (len(arriving[s]), len(departing[s])), infinite where a rule forbids
    it. `ending[s]` is the price of ending the session at a step, `drift` the true length of an arc
    less the steps that it fills.
    """

    arcs: Arcs
    price: Floats
    arriving: Sequence[Ints]
    departing: Sequence[Ints]
    transitions: Sequence[Floats]
    ending: Floats
    drift: Floats
    dropped: Dropped

    @cached_property
    def borders(self) -> list[int]:
        """The steps in which an arc ends, the last first."""
        return [step for step in range(len(self.arriving) - 1, 0, -1) if len(self.arriving[step])]

    def restricted(self, kept: Bools, steps: Ints) -> "ArcGraph":
        """Return the graph with the arcs that are kept; `steps` are the whole ones of each item."""
        dropped, arcs = self.dropped, self.arcs.take(~kept)
        price = (self.price + dropped.drift_price * self.drift)[~kept]
        if len(dropped.use_price) == len(steps):
            price += dropped.use_price[arcs.item]
        dropped.add(arcs, price, steps[arcs.item])
        number = np.cumsum(kept) - 1
        ends = zip(self.transitions, self.arriving, self.departing, strict=True)
        return ArcGraph(
            self.arcs.take(kept),
            self.price[kept],
            [number[arcs[kept[arcs]]] for arcs in self.arriving],
            [number[arcs[kept[arcs]]] for arcs in self.departing],
            [costs[np.ix_(kept[incoming], kept[outgoing])] for costs, incoming, outgoing in ends],
            self.ending,
            self.drift[kept],
            self.dropped,
        )


def build_graph(
    pruned: PrunedArcs, price: Floats, items: Items, grid: TimeGrid, groups: Groups
) -> ArcGraph:
    """Return the pruned arcs as a graph; items are numbered as in `items` and `groups`."""
    arcs = pruned.arcs
    steps = np.arange(grid.horizon + 1)
    arriving, departing = _by_step(arcs.end, len(steps)), _by_step(arcs.start, len(steps))
    transitions = []
    for incoming, outgoing in zip(arriving, departing, strict=True):
        if not len(incoming) or not len(outgoing):
            transitions.append(np.zeros((len(incoming), len(outgoing))))
            continue
        before, row = _distinct(arcs.item[incoming])
        behind, column = _distinct(arcs.item[outgoing])
        left, right = before[:, None], behind[None, :]
        cost = items.transition_cost(left, right, grid.loudness_jump_lu)
        cost[left == right] = np.inf
        if groups.gap > 0:
            cost[share_artist(groups.artists[left], groups.artists[right])] = np.inf
        transitions.append(cost[row[:, None], column])
    drift = items.length_ms[arcs.item] / STEP_MS - (arcs.end - arcs.start)
    ending = grid.ending(steps)
    return ArcGraph(arcs, price, arriving, departing, transitions, ending, drift, pruned.dropped)


def _distinct(items: Ints) -> tuple[Ints, Ints]:
    """Return what `np.unique` does with the inverse, which it finds several times slower."""
    order = items.argsort(kind="stable")
    ordered = items[order]
    first = np.ones(len(items), np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    inverse = np.empty_like(order)
    inverse[order] = first.cumsum() - 1
    return ordered[first], inverse


def _by_step(steps: Ints, count: int) -> list[Ints]:
    """Return for each of `count` steps the places in `steps` that hold it."""
    order = np.argsort(steps, kind="stable")
    borders = np.searchsorted(steps[order], np.arange(count + 1)).tolist()
    return [order[first:last] for first, last in pairwise(borders)]


def share_artist(left: Ints, right: Ints) -> Bools:
    """Return whether items share an artist; the last axis lists artists, padded with -1."""
    shared = np.zeros(np.broadcast_shapes(left.shape[:-1], right.shape[:-1]), dtype=bool)
    for column in range(left.shape[-1]):
        for other in range(right.shape[-1]):
            one = left[..., column]
            shared |= (one == right[..., other]) & (one >= 0)
    return shared


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """A graph prepared for least costs that are asked for again and again.

    No arc joins two steps of a batch, so all of them are done at once: each batch holds the arcs
    that arrive and depart, shapes (steps, most arriving) and (steps, most departing), transitions
    of shape (steps, most departing, most arriving), and prices of ending of shape (steps, 1).
    Absent arcs have the number of arcs as theirs.
    """

    price: Floats
    batches: Sequence[tuple[Ints, Ints, Floats, Floats]]

    @staticmethod
    def of(graph: ArcGraph) -> "Sweep":
        """Return a graph so prepared."""
        batches: list[list[int]] = []
        for step in graph.borders:
            ends = graph.arcs.end[graph.departing[step]]
            if batches and ends.min(initial=len(graph.arriving)) > batches[-1][0]:
                batches[-1].append(step)
            else:
                batches.append([step])
        return Sweep(graph.price, [_batch(graph, steps) for steps in batches])

    def backward(self, penalty: Floats) -> Floats:
        """Return what `backward` does for the graph."""
        after = np.full(len(self.price) + 1, np.inf)
        total = np.append(self.price + penalty, np.inf)
        for incoming, outgoing, transitions, ending in self.batches:
            best = (transitions + total[outgoing][:, :, None]).min(axis=1, initial=np.inf)
            np.minimum(best, ending, out=best)
            after[incoming] = best
            total[incoming] += best
        return after[:-1]


def _batch(graph: ArcGraph, steps: Sequence[int]) -> tuple[Ints, Ints, Floats, Floats]:
    none = len(graph.price)
    incoming, outgoing = (
        np.full((len(steps), max(len(by_step[step]) for step in steps)), none)
        for by_step in (graph.arriving, graph.departing)
    )
    transitions = np.full((len(steps), outgoing.shape[1], incoming.shape[1]), np.inf)
    for row, step in enumerate(steps):
        own = graph.transitions[step].T
        incoming[row, : own.shape[1]] = graph.arriving[step]
        outgoing[row, : own.shape[0]] = graph.departing[step]
        transitions[row, : own.shape[0], : own.shape[1]] = own
    return incoming, outgoing, transitions, graph.ending[list(steps), None]


def backward(graph: ArcGraph, penalty: Floats) -> Floats:
    """Return the least cost after each arc, with `penalty` added to the price of each."""
    after = np.full(len(graph.price), np.inf)
    total = graph.price + penalty  # of those with a step behind them: with all that follows
    least = np.minimum.reduce
    for step in graph.borders:
        incoming = graph.arriving[step]
        onward = graph.transitions[step] + total[graph.departing[step]]
        best = least(onward, axis=1, initial=graph.ending[step])
        after[incoming] = best
        total[incoming] += best
    return after


def forward(graph: ArcGraph, penalty: Floats) -> Floats:
    """Return the least cost up to the end of each arc, with `penalty` added to each price."""
    until = graph.price + penalty
    for step in range(1, len(graph.arriving)):
        incoming, outgoing = graph.arriving[step], graph.departing[step]
        if len(outgoing):
            before = graph.transitions[step] + until[incoming, None]
            until[outgoing] += before.min(axis=0, initial=np.inf)
    return until


def least_with_dropped(graph: ArcGraph, penalty: Floats, dropped: Floats) -> float:
    """Return the least cost of a path that may also use arcs that were dropped.

    `dropped` has the shape of `graph.dropped.price`. Transitions next to such an arc are free.
    """
    last = len(graph.arriving) - 1
    after = np.full(len(graph.price), np.inf)
    free = np.full(last + 2 + int(graph.dropped.steps.max()), np.inf)
    cost = graph.price + penalty
    for step in range(last, -1, -1):
        incoming, outgoing = graph.arriving[step], graph.departing[step]
        onward = cost[outgoing] + after[outgoing]
        least = (dropped[:, step] + free[step + graph.dropped.steps]).min()
        if step:
            least = min(least, graph.ending[step])
        free[step] = onward.min(initial=least)
        if len(incoming):
            after[incoming] = (graph.transitions[step] + onward).min(axis=1, initial=least)
    return float(free[0])


def cheapest_path(graph: ArcGraph, penalty: Floats, after: Floats) -> Ints:
    """Return the arcs of the cheapest path through the graph; it may repeat items."""
    cost = graph.price + penalty
    path: list[int] = []
    step, outgoing = 0, graph.departing[0]
    onward = cost[outgoing] + after[outgoing]
    while onward.min(initial=np.inf) < (graph.ending[step] if path else np.inf):
        path.append(int(outgoing[onward.argmin()]))
        step = int(graph.arcs.end[path[-1]])
        outgoing = graph.departing[step]
        row = np.searchsorted(graph.arriving[step], path[-1])
        onward = cost[outgoing] + after[outgoing] + graph.transitions[step][row]
    return np.array(path, dtype=np.int64)
