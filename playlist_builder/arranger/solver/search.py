"""Beam search and local search: feasible sessions of low cost, without a proof.

The beam search follows the graph forward in time, guided by the cost-to-go of `lagrangian`; local
search improves what it finds by small changes. Every rule is kept exactly, in true milliseconds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from playlist_builder.arranger.solver.cost import FixedItem, Items, TimeGrid, step_at
from playlist_builder.arranger.solver.graph import ArcGraph, Groups, share_artist
from playlist_builder.arranger.solver.lagrangian import CostToGo
from playlist_builder.arranger.solver.stopping import check_stopped
from playlist_builder.models import Bools, Floats, Ints

BRANCHES = 4  # continuations kept per unfinished session of a full beam
FINISHED = 12  # sessions that the beam returns at most
REACH = 20  # slots over which tracks change places
WIDE_POOL = 300  # items up to which every replacement is tried at every place
GAIN = 1e-9  # a change that gains less is not worth making


@dataclass(frozen=True, slots=True, eq=False)
class SearchSpace:
    """The items that the search looks at.

    `price[longer, start, item]` is exact. `noise` is a price per item that makes one seed differ
    from another; no reported cost includes it. `transitions[left, right]` is given where items are
    few.
    """

    items: Items
    grid: TimeGrid
    groups: Groups
    fixed: tuple[FixedItem, ...]
    use_all: bool
    price: Floats
    noise: Floats
    transitions: Floats | None = None

    def take(self, chosen: Ints) -> "SearchSpace":
        """Return the space of some items, numbered from 0; every pinned one is among them."""
        groups = self.groups
        return replace(
            self,
            items=self.items.take(chosen),
            groups=replace(groups, member=groups.member[chosen], artists=groups.artists[chosen]),
            fixed=tuple(
                replace(each, item=int(np.searchsorted(chosen, each.item))) for each in self.fixed
            ),
            price=self.price[:, :, chosen],
            noise=self.noise[chosen],
            transitions=None,
        )

    def transition_cost(self, left: Ints, right: Ints) -> Floats:
        """Return the price of passing from items `left` to items `right`."""
        if self.transitions is None:
            return self.items.transition_cost(left, right, self.grid.loudness_jump_lu)
        return self.transitions[left, right]

    def allows(self, sequence: Ints) -> bool:
        """Return whether a sequence of items is a session that keeps every rule."""
        return bool(np.isfinite(self.costs(sequence[None])[0]))

    def costs(self, sequences: Ints) -> Floats:
        """Return the cost of each row of items, infinite where any rule is broken."""
        return np.where(feasible(self, sequences), costs_of(self, sequences), np.inf)


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """Unfinished sessions, one per row.

    `path` lists the items so far, padded with -1, and `depth` counts them; `arc` is the last.
    `cost` and `total` (with the cost-to-go) include penalties; `key` stands for the set of items
    used and `placed` counts the pins among them.
    """

    path: Ints
    depth: Ints
    arc: Ints
    cost: Floats
    time_ms: Ints
    total: Floats
    key: Ints
    placed: Ints

    def take(self, index: Ints | slice) -> "Nodes":
        """Return the nodes of the given rows."""
        return Nodes(*[getattr(self, name)[index] for name in self.__slots__])

    @staticmethod
    def join(several: Sequence["Nodes"]) -> "Nodes":
        """Return several as one."""
        columns = ([getattr(each, name) for each in several] for name in Nodes.__slots__)
        return Nodes(*map(np.concatenate, columns))


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Feasible sessions, the cheapest first.

    Where the search `is_complete`, no other session of the graph costs less than what was asked.
    """

    sequences: Sequence[Ints]
    is_complete: bool


def beam(
    space: SearchSpace,
    graph: ArcGraph,
    cost_to_go: CostToGo,
    width: int,
    below: float = np.inf,
) -> Found:
    """Return sessions that cost less than `below`; at most `width` nodes stay per step."""
    below += cost_to_go.most
    is_complete = True
    horizon, items = space.grid.horizon, space.items
    keys = np.random.default_rng(0).integers(
        1, 2**40, (1 + max(space.groups.gap, 1), len(items.steps))
    )
    pinned = np.zeros(len(items.steps), dtype=np.int64)
    pinned[[fixed.item for fixed in space.fixed]] = 1
    # The last place is known from the last item; of others, how many items follow.
    late = [fixed.item for fixed in space.fixed if fixed.place < -1]
    slots = _most_slots(space)
    zero = np.zeros(1, dtype=np.int64)
    free = np.zeros(1)
    root = Nodes(np.full((1, slots), -1), zero, zero - 1, free, zero, free, zero, zero)
    waiting: list[list[Nodes]] = [[root], *([] for _ in range(horizon))]
    done: set[tuple[float, tuple[int, ...]]] = set()
    earliest = int(np.flatnonzero(np.isfinite(graph.ending))[0])
    for step in range(horizon + 1):
        if not waiting[step]:
            continue
        check_stopped()
        nodes = _best(Nodes.join(waiting[step]), keys[1:], late)
        waiting[step] = []
        is_complete &= len(nodes.depth) <= width
        nodes = nodes.take(slice(width))
        if step >= earliest:
            done.update(_finished(space, nodes))
        total, cost = _extended(space, graph, cost_to_go, step, nodes)
        rows, columns = np.nonzero(total < below)
        is_complete &= len(rows) <= BRANCHES * width
        promised = total[rows, columns]
        order = np.argsort(promised, kind="stable")
        placed = nodes.placed[rows] + pinned[graph.arcs.item[graph.departing[step][columns]]]
        order = _shared_out(order, placed[order])[: BRANCHES * width]
        ends = graph.arcs.end[graph.departing[step][columns[order]]]
        order = order[np.argsort(ends, kind="stable")]
        rows, columns = rows[order], columns[order]
        arcs = graph.departing[step][columns]
        added = graph.arcs.item[arcs]
        path, depth = nodes.path[rows], nodes.depth[rows]
        path[np.arange(len(path)), depth] = added
        children = Nodes(
            path,
            depth + 1,
            arcs,
            cost[rows, columns],
            nodes.time_ms[rows] + items.length_ms[added],
            promised[order],
            nodes.key[rows] + keys[0][added],
            placed[order],
        )
        ends = graph.arcs.end[arcs]
        borders = [*np.flatnonzero(np.diff(ends, prepend=-1)).tolist(), len(ends)]
        for first, last in pairwise(borders):
            waiting[int(ends[first])].append(children.take(slice(first, last)))
    return Found([np.array(each) for _, each in sorted(done)[:FINISHED]], is_complete)


def _most_slots(space: SearchSpace) -> int:
    """Return how many slots a session has at most: each item but the pinned ones may be short."""
    free = np.delete(space.items.steps, [fixed.item for fixed in space.fixed])
    most = len(space.fixed) + space.grid.horizon // max(int(free.min(initial=1 << 40)), 1) + 1
    return min(most, len(space.items.steps))


def _best(nodes: Nodes, keys: Ints, late: Sequence[int]) -> Nodes:
    """Return the nodes, the most promising first, one per set of items and last items.

    All that may come after depends on these alone, and on how many items have followed those that
    are `late`; row i of `keys` stands for the item i before the last. Nodes with more pins and
    nodes with fewer get like shares, so that neither die out.
    """
    order = np.argsort(nodes.total, kind="stable")
    key = nodes.key.copy()
    for back, own in enumerate(keys):
        place = nodes.depth - 1 - back
        last = nodes.path[np.arange(len(key)), np.maximum(place, 0)]
        key += np.where(place >= 0, own[last], 0)
    for item in late:
        key += _behind(nodes.path, nodes.depth, item) * (keys[0][item] | 1)
    _, first = np.unique(key[order], return_index=True)
    order = order[np.sort(first)]
    return nodes.take(_shared_out(order, nodes.placed[order]))


def _behind(paths: Ints, depth: Ints, item: int) -> Ints:
    """Return how many items follow one in each path, 0 where it is not in it."""
    behind = depth[:, None] - 1 - np.arange(paths.shape[1])
    return np.asarray(np.where(paths == item, behind, 0).sum(axis=1))


def _shared_out(order: Ints, placed: Ints) -> Ints:
    """Return an order in which nodes of each number of placed pins take turns."""
    if not len(placed) or placed.min() == placed.max():
        return order
    rank = np.empty(len(order), dtype=np.int64)
    for count in np.unique(placed).tolist():
        here = np.flatnonzero(placed == count)
        rank[here] = np.arange(len(here))
    return order[np.argsort(rank, kind="stable")]


def _extended(
    space: SearchSpace, graph: ArcGraph, cost_to_go: CostToGo, step: int, nodes: Nodes
) -> tuple[Floats, Floats]:
    """Return totals (infinite where a rule is broken) and costs, shape (nodes, departing arcs)."""
    arcs = graph.departing[step]
    added = graph.arcs.item[arcs]
    cost = nodes.cost[:, None] + (graph.price + cost_to_go.penalty)[arcs] + space.noise[added]
    if step:
        cost = cost + graph.transitions[step][np.searchsorted(graph.arriving[step], nodes.arc)]
    total = cost + cost_to_go.after[arcs]
    ends = step_at(nodes.time_ms[:, None] + space.items.length_ms[added])
    total[ends != graph.arcs.end[arcs]] = np.inf
    paths, depth = nodes.path[:, : int(nodes.depth.max())], nodes.depth
    total[_blocked(space, paths, depth, added)] = np.inf
    for fixed in space.fixed:
        own = added == fixed.item
        late = nodes.time_ms > fixed.latest_ms
        total[np.ix_(late | (nodes.time_ms < fixed.earliest_ms), own)] = np.inf
        total[late & ~(paths == fixed.item).any(axis=1)] = np.inf
        if fixed.place > 0:
            total[np.ix_(depth + 1 == fixed.place, ~own)] = np.inf
            total[np.ix_(depth + 1 != fixed.place, own)] = np.inf
        elif fixed.place < 0:
            own_last = _behind(paths, depth, fixed.item) + 1 >= -fixed.place
            total[own_last & (paths == fixed.item).any(axis=1)] = np.inf
    return total, cost


def _blocked(space: SearchSpace, paths: Ints, depth: Ints, added: Ints) -> Bools:
    groups, rows = space.groups, np.arange(len(paths))
    used = np.zeros((len(paths), len(space.items.steps) + 1), dtype=bool)
    used[rows[:, None], paths] = True
    blocked = used[:, added]
    full = _counts(groups, paths)[:, :-1] >= groups.most[:-1]
    full = np.concatenate([full, np.zeros((len(paths), 1), dtype=bool)], axis=1)
    for column in range(groups.member.shape[1]):
        blocked |= full[:, groups.member[added, column]]
    for back in range(2, min(groups.gap, paths.shape[1]) + 1):  # neighbours are barred in the graph
        before = paths[rows, np.maximum(depth - back, 0)]
        related = share_artist(groups.artists[before][:, None], groups.artists[added][None, :])
        blocked |= related & (depth >= back)[:, None]
    return blocked


def _counts(groups: Groups, sequences: Ints) -> Ints:
    """Return how many items of each group each row holds; -1 stands for no item."""
    count, size = len(sequences), len(groups.most)
    held = np.where(sequences[:, :, None] >= 0, groups.member[sequences], size - 1)
    spots = held + np.arange(count)[:, None, None] * size
    return np.bincount(spots.ravel(), minlength=count * size).reshape(count, size)


def _finished(space: SearchSpace, nodes: Nodes) -> list[tuple[float, tuple[int, ...]]]:
    off_ms = np.abs(nodes.time_ms - space.grid.asked_ms)
    near = (off_ms <= space.grid.tolerance_ms) & (nodes.depth > 0)
    found: list[tuple[float, tuple[int, ...]]] = []
    for slots in np.unique(nodes.depth[near]).tolist():
        sequences = nodes.path[near & (nodes.depth == slots), :slots]
        sequences = sequences[feasible(space, sequences)]
        costs = costs_of(space, sequences)
        priced = zip(costs.tolist(), map(tuple, sequences.tolist()), strict=True)
        found += [pair for pair in priced if np.isfinite(pair[0])]
    return found


def costs_of(space: SearchSpace, sequences: Ints, below: float = np.inf) -> Floats:
    """Return the cost of each row of items, infinite where time or a phase forbids it.

    Rows that cannot cost less than `below` are infinite as well: transitions take the most work,
    and none has a negative cost.
    """
    items, grid = space.items, space.grid
    ends_ms = np.cumsum(items.length_ms[sequences], axis=1)
    begins_ms = ends_ms - items.length_ms[sequences]
    ends = step_at(ends_ms)
    begins = np.minimum(np.concatenate([ends[:, :1] * 0, ends[:, :-1]], axis=1), grid.horizon)
    longer = np.clip(ends - begins - items.steps[sequences], 0, 1)
    cost: Floats = space.price[longer, begins, sequences].sum(axis=1)
    cost += grid.ending(ends[:, -1]) + space.noise[sequences].sum(axis=1)
    cost[np.abs(ends_ms[:, -1] - grid.asked_ms) > grid.tolerance_ms] = np.inf
    for fixed in space.fixed:
        wrong = (begins_ms < fixed.earliest_ms) | (begins_ms > fixed.latest_ms)
        cost[((sequences == fixed.item) & wrong).any(axis=1)] = np.inf
    cost[cost >= below] = np.inf
    rows = np.flatnonzero(np.isfinite(cost))
    left, right = sequences[rows, :-1], sequences[rows, 1:]
    cost[rows] += space.transition_cost(left, right).sum(axis=1)
    return cost


def feasible(space: SearchSpace, sequences: Ints) -> Bools:
    """Return which rows of items keep the rules on repeats, groups, gaps and pins."""
    groups, slots = space.groups, sequences.shape[1]
    ordered = np.sort(sequences, axis=1)
    good: Bools = (ordered[:, 1:] != ordered[:, :-1]).all(axis=1)
    good &= (_counts(groups, sequences)[:, :-1] <= groups.most[:-1]).all(axis=1)
    artists = groups.artists[sequences]
    for back in range(1, min(groups.gap, slots - 1) + 1):
        good &= ~share_artist(artists[:, back:], artists[:, :-back]).any(axis=1)
    for fixed in space.fixed:
        at = sequences == fixed.item
        good &= at.any(axis=1)
        if abs(fixed.place) > slots:
            good[:] = False
        elif fixed.place:
            good &= at[:, fixed.place - (fixed.place > 0)]
    if space.use_all and slots < len(space.items.steps):
        good[:] = False
    return good


def best_near(space: SearchSpace, graph: ArcGraph, starts: Sequence[Ints]) -> tuple[Ints, float]:
    """Return the best session that small changes of some lead to, and its cost."""
    finals = [local_search(space, graph, start) for start in starts]
    return min(finals, key=lambda final: (final[1], tuple(final[0].tolist())))


def local_search(space: SearchSpace, graph: ArcGraph, sequence: Ints) -> tuple[Ints, float]:
    """Return the session that small changes lead to, and its cost."""
    cost = float(costs_of(space, sequence[None])[0])
    improved = True
    while improved:
        check_stopped()
        improved = False
        for neighbours in _neighbours(space, graph, sequence):
            costs = costs_of(space, neighbours, cost)
            better = np.flatnonzero(costs < cost - GAIN)
            better = better[np.argsort(costs[better], kind="stable")][:200]
            better = better[feasible(space, neighbours[better])]
            if len(better):
                sequence, cost = neighbours[better[0]], float(costs[better[0]])
                improved = True
    return sequence, cost


def _neighbours(space: SearchSpace, graph: ArcGraph, sequence: Ints) -> Iterator[Ints]:
    """Yield the sessions one small change away: replace, exchange, reverse, move."""
    slots = len(sequence)
    if not space.use_all:
        yield _replaced(space, graph, sequence)
    if slots == 1:
        return
    first, second = np.triu_indices(slots, 1)
    near = second - first <= REACH
    first, second = first[near], second[near]
    at = np.arange(slots)
    within = (at >= first[:, None]) & (at <= second[:, None])
    swapped = np.tile(at, (len(first), 1))
    rows = np.arange(len(first))
    swapped[rows, first], swapped[rows, second] = second, first
    yield sequence[swapped]
    yield sequence[np.where(within, first[:, None] + second[:, None] - at, at)]
    onward = np.where(at == second[:, None], first[:, None], at + 1)  # first moves behind second
    back = np.where(at == first[:, None], second[:, None], at - 1)  # second moves before first
    yield sequence[np.concatenate([np.where(within, onward, at), np.where(within, back, at)])]


def _replaced(space: SearchSpace, graph: ArcGraph, sequence: Ints) -> Ints:
    """Return the sessions with one item replaced: by any of a small pool, else by likely ones."""
    slots, pool = len(sequence), len(space.items.steps)
    if pool <= WIDE_POOL:
        tried = [np.arange(pool)] * slots
    else:
        ends = np.cumsum(space.items.length_ms[sequence])
        starts = step_at(ends - space.items.length_ms[sequence]).tolist()
        tried = [np.unique(graph.arcs.item[graph.departing[start]]) for start in starts]
    places = np.repeat(np.arange(slots), [len(each) for each in tried])
    replaced = np.tile(sequence, (len(places), 1))
    replaced[np.arange(len(places)), places] = np.concatenate(tried)
    return replaced
