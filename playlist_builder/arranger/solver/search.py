"""The search: lawful sessions, found forward through the web and finished by small changes.

This room keeps every rule exactly, in true milliseconds, and knows costs only as numbers. It
refuses to prove anything; the outlook that guides it comes from `solver.solve.graph`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from playlist_builder.arranger.solver.cost import Demand, Pieces, Plan, cell, seam
from playlist_builder.arranger.solver.graph import ArcGraph, CostToGo, Groups, related
from playlist_builder.models import Bools, Floats, Ints

BRANCHES = 4  # continuations kept per unfinished session of a full beam
FINISHED = 12  # sessions that the beam returns at most
REACH = 20  # slots over which tracks change places
WIDE_POOL = 300  # pieces up to which every replacement is tried at every place
GAIN = 1e-9  # a change that gains less is not worth making


@dataclass(frozen=True, slots=True, eq=False)
class Arena:
    """The pieces that the search looks at.

    `price[longer, start, piece]` is exact; `whim` is a price per piece that makes one seed differ
    from another and that no reported cost holds; `seams` holds all of them where pieces are few.
    """

    material: Pieces
    scheme: Plan
    groups: Groups
    demands: tuple[Demand, ...]
    use_all: bool
    price: Floats
    whim: Floats
    seams: Floats | None = None

    def seam(self, left: Ints, right: Ints) -> Floats:
        """Return the price of passing from pieces `left` to pieces `right`."""
        if self.seams is None:
            return seam(self.material, left, right, self.scheme.loudness_step_lu)
        return self.seams[left, right]


@dataclass(frozen=True, slots=True, eq=False)
class Leaves:
    """Unfinished sessions, one per row.

    `path` lists the pieces so far, padded with -1, and `depth` counts them; `arc` is the last.
    `cost` and `total` (with what the outlook promises) include taxes; `key` stands for the set of
    pieces used and `placed` counts the pins among them.
    """

    path: Ints
    depth: Ints
    arc: Ints
    cost: Floats
    time_ms: Ints
    total: Floats
    key: Ints
    placed: Ints

    def take(self, index: Ints | slice) -> "Leaves":
        """Return the leaves at the given places."""
        return Leaves(*[getattr(self, name)[index] for name in self.__slots__])

    @staticmethod
    def join(parts: Sequence["Leaves"]) -> "Leaves":
        """Return several as one."""
        if len(parts) == 1:
            return parts[0]
        return Leaves(
            *[np.concatenate([getattr(part, name) for part in parts]) for name in Leaves.__slots__]
        )


def beam(arena: Arena, web: ArcGraph, outlook: CostToGo, width: int) -> list[Ints]:
    """Return lawful sessions, the cheapest first; at most `width` unfinished ones stay per cell."""
    horizon, material = arena.scheme.horizon, arena.material
    keys = np.random.default_rng(0).integers(
        1, 2**40, (1 + max(arena.groups.gap, 1), len(material.cells))
    )
    pinned = np.zeros(len(material.cells), dtype=np.int64)
    pinned[[demand.piece for demand in arena.demands]] = 1
    slots = horizon // int(material.cells.min()) + 1
    zero = np.zeros(1, dtype=np.int64)
    root = Leaves(
        np.full((1, slots), -1),
        zero,
        zero - 1,
        np.zeros(1),
        zero,
        np.zeros(1),
        zero,
        zero,
    )
    waiting: list[list[Leaves]] = [[] for _ in range(horizon + 1)]
    waiting[0].append(root)
    done: set[tuple[float, tuple[int, ...]]] = set()
    earliest = int(np.flatnonzero(np.isfinite(web.ending))[0])
    for number in range(horizon + 1):
        if not waiting[number]:
            continue
        leaves = _best(Leaves.join(waiting[number]), width, keys[1:])
        waiting[number] = []
        if number >= earliest:
            done.update(_finished(arena, leaves))
        total, cost = _extended(arena, web, outlook, number, leaves)
        rows, columns = np.nonzero(np.isfinite(total))
        promised = total[rows, columns]
        order = np.argsort(promised, kind="stable")[: BRANCHES * width]
        order = order[np.argsort(web.arcs.end[web.leave[number][columns[order]]], kind="stable")]
        rows, columns = rows[order], columns[order]
        arcs = web.leave[number][columns]
        pieces = web.arcs.piece[arcs]
        path, depth = leaves.path[rows], leaves.depth[rows]
        path[np.arange(len(path)), depth] = pieces
        children = Leaves(
            path,
            depth + 1,
            arcs,
            cost[rows, columns],
            leaves.time_ms[rows] + material.length_ms[pieces],
            promised[order],
            leaves.key[rows] + keys[0][pieces],
            leaves.placed[rows] + pinned[pieces],
        )
        ends = web.arcs.end[arcs]
        borders = [*np.flatnonzero(np.diff(ends, prepend=-1)).tolist(), len(ends)]
        for first, last in pairwise(borders):
            waiting[int(ends[first])].append(children.take(slice(first, last)))
    return [np.array(sequence) for _, sequence in sorted(done)[:FINISHED]]


def _best(leaves: Leaves, width: int, keys: Ints) -> Leaves:
    """Return the most promising leaves, one per set of pieces and last pieces.

    All that may come after depends on these alone; row i of `keys` stands for the piece i before
    the last. Leaves with more pins and leaves with fewer get like shares, so that neither die out.
    """
    order = np.argsort(leaves.total, kind="stable")
    key = leaves.key.copy()
    for back, own in enumerate(keys):
        place = leaves.depth - 1 - back
        last = leaves.path[np.arange(len(key)), np.maximum(place, 0)]
        key += np.where(place >= 0, own[last], 0)
    _, first = np.unique(key[order], return_index=True)
    order = order[np.sort(first)]
    placed = leaves.placed[order]
    if placed.min() < placed.max():
        rank = np.empty(len(order), dtype=np.int64)
        for count in np.unique(placed).tolist():
            here = np.flatnonzero(placed == count)
            rank[here] = np.arange(len(here))
        order = order[np.argsort(rank, kind="stable")]
    return leaves.take(order[:width])


def _extended(
    arena: Arena, web: ArcGraph, outlook: CostToGo, number: int, leaves: Leaves
) -> tuple[Floats, Floats]:
    """Return promised totals and costs, shape (leaves, arcs that leave), inf where unlawful."""
    material = arena.material
    arcs = web.leave[number]
    pieces = web.arcs.piece[arcs]
    cost = leaves.cost[:, None] + (web.price + outlook.tax)[arcs] + arena.whim[pieces]
    if number:
        cost = cost + web.seams[number][np.searchsorted(web.arrive[number], leaves.arc)]
    total = cost + outlook.after[arcs]
    ends = cell(leaves.time_ms[:, None] + material.length_ms[pieces])
    total[ends != web.arcs.end[arcs]] = np.inf
    paths, depth = leaves.path[:, : int(leaves.depth.max())], leaves.depth
    total[_blocked(arena, paths, depth, pieces)] = np.inf
    for demand in arena.demands:
        own = pieces == demand.piece
        late = leaves.time_ms > demand.latest_ms
        total[np.ix_(late | (leaves.time_ms < demand.earliest_ms), own)] = np.inf
        total[late & ~(paths == demand.piece).any(axis=1)] = np.inf
        if demand.place > 0:
            total[np.ix_(depth + 1 == demand.place, ~own)] = np.inf
            total[np.ix_(depth + 1 != demand.place, own)] = np.inf
    return total, cost


def _blocked(arena: Arena, paths: Ints, depth: Ints, pieces: Ints) -> Bools:
    """Return which pieces may not follow which paths, by the rules on repeats and groups."""
    groups, rows = arena.groups, np.arange(len(paths))
    used = np.zeros((len(paths), len(arena.material.cells) + 1), dtype=bool)
    used[rows[:, None], paths] = True
    blocked = used[:, pieces]
    full = _counts(groups, paths)[:, :-1] >= groups.most[:-1]
    full = np.concatenate([full, np.zeros((len(paths), 1), dtype=bool)], axis=1)
    for column in range(groups.member.shape[1]):
        blocked |= full[:, groups.member[pieces, column]]
    for back in range(2, min(groups.gap, paths.shape[1]) + 1):  # neighbours are barred in the web
        before = paths[rows, np.maximum(depth - back, 0)]
        related_ = related(groups.kin[before][:, None], groups.kin[pieces][None, :])
        blocked |= related_ & (depth >= back)[:, None]
    return blocked


def _counts(groups: Groups, sequences: Ints) -> Ints:
    """Return how many pieces of each group each row holds; -1 stands for no piece."""
    count, size = len(sequences), len(groups.most)
    held = np.where(sequences[:, :, None] >= 0, groups.member[sequences], size - 1)
    spots = held + np.arange(count)[:, None, None] * size
    return np.bincount(spots.ravel(), minlength=count * size).reshape(count, size)


def _finished(arena: Arena, leaves: Leaves) -> list[tuple[float, tuple[int, ...]]]:
    """Return those leaves that are lawful sessions, each with its cost."""
    scheme = arena.scheme
    near = np.abs(leaves.time_ms - scheme.asked_ms) <= scheme.tolerance_ms
    near &= leaves.depth > 0
    found: list[tuple[float, tuple[int, ...]]] = []
    for slots in np.unique(leaves.depth[near]).tolist():
        sequences = leaves.path[near & (leaves.depth == slots), :slots]
        sequences = sequences[lawful(arena, sequences)]
        costs = appraise(arena, sequences)
        found.extend(
            (cost, tuple(sequence))
            for cost, sequence in zip(costs.tolist(), sequences.tolist(), strict=True)
            if np.isfinite(cost)
        )
    return found


def appraise(arena: Arena, sequences: Ints, below: float = np.inf) -> Floats:
    """Return the cost of each row of pieces, infinite where time or a phase forbids it.

    Rows that cannot cost less than `below` are infinite as well: seams cost the most work, and
    no seam costs less than nothing.
    """
    material, scheme = arena.material, arena.scheme
    ends_ms = np.cumsum(material.length_ms[sequences], axis=1)
    begins_ms = ends_ms - material.length_ms[sequences]
    ends = cell(ends_ms)
    begins = np.minimum(np.concatenate([ends[:, :1] * 0, ends[:, :-1]], axis=1), scheme.horizon)
    longer = np.clip(ends - begins - material.cells[sequences], 0, 1)
    cost: Floats = arena.price[longer, begins, sequences].sum(axis=1)
    cost += scheme.ending(ends[:, -1]) + arena.whim[sequences].sum(axis=1)
    cost[np.abs(ends_ms[:, -1] - scheme.asked_ms) > scheme.tolerance_ms] = np.inf
    for demand in arena.demands:
        wrong = (begins_ms < demand.earliest_ms) | (begins_ms > demand.latest_ms)
        cost[((sequences == demand.piece) & wrong).any(axis=1)] = np.inf
    cost[cost >= below] = np.inf
    rows = np.flatnonzero(np.isfinite(cost))
    left, right = sequences[rows, :-1], sequences[rows, 1:]
    cost[rows] += arena.seam(left, right).sum(axis=1)
    return cost


def lawful(arena: Arena, sequences: Ints) -> Bools:
    """Return which rows of pieces keep the rules on repeats, groups, gaps and pins."""
    groups, slots = arena.groups, sequences.shape[1]
    ordered = np.sort(sequences, axis=1)
    good: Bools = (ordered[:, 1:] != ordered[:, :-1]).all(axis=1)
    good &= (_counts(groups, sequences)[:, :-1] <= groups.most[:-1]).all(axis=1)
    kin = groups.kin[sequences]
    for back in range(1, min(groups.gap, slots - 1) + 1):
        good &= ~related(kin[:, back:], kin[:, :-back]).any(axis=1)
    for demand in arena.demands:
        at = sequences == demand.piece
        good &= at.any(axis=1)
        if abs(demand.place) > slots:
            good[:] = False
        elif demand.place:
            good &= at[:, demand.place - (demand.place > 0)]
    if arena.use_all and slots < len(arena.material.cells):
        good[:] = False
    return good


def polish(arena: Arena, web: ArcGraph, sequence: Ints) -> tuple[Ints, float]:
    """Return the session that small changes lead to, and its cost."""
    cost = float(appraise(arena, sequence[None])[0])
    improved = True
    while improved:
        improved = False
        for neighbours in _neighbours(arena, web, sequence):
            costs = appraise(arena, neighbours, cost)
            better = np.flatnonzero(costs < cost - GAIN)
            better = better[np.argsort(costs[better], kind="stable")][:200]
            better = better[lawful(arena, neighbours[better])]
            if len(better):
                sequence, cost = neighbours[better[0]], float(costs[better[0]])
                improved = True
    return sequence, cost


def _neighbours(arena: Arena, web: ArcGraph, sequence: Ints) -> Iterator[Ints]:
    """Yield the sessions one small change away: replace, exchange, reverse, move."""
    slots = len(sequence)
    if not arena.use_all:
        yield _replaced(arena, web, sequence)
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


def _replaced(arena: Arena, web: ArcGraph, sequence: Ints) -> Ints:
    """Return the sessions with one piece replaced: by any of a small pool, else by likely ones."""
    slots, pool = len(sequence), len(arena.material.cells)
    if pool <= WIDE_POOL:
        tried = [np.arange(pool)] * slots
    else:
        ends = np.cumsum(arena.material.length_ms[sequence])
        starts = cell(ends - arena.material.length_ms[sequence]).tolist()
        tried = [np.unique(web.arcs.piece[web.leave[start]]) for start in starts]
    places = np.repeat(np.arange(slots), [len(each) for each in tried])
    replaced = np.tile(sequence, (len(places), 1))
    replaced[np.arange(len(places)), places] = np.concatenate(tried)
    return replaced
