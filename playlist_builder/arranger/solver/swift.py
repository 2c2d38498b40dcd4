"""A short stretch of music filled within the time of a press: a beam over few items, no proof.

Nodes are sessions of one more track each; they are compared by their cost and the least that the
rest of the time can cost if joins were free. Every rule is kept exactly, and work is counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from playlist_builder.arranger.solver.cost import END_WEIGHT, step_at
from playlist_builder.arranger.solver.graph import share_artist
from playlist_builder.arranger.solver.search import SearchSpace
from playlist_builder.arranger.solver.stopping import check_stopped
from playlist_builder.models import Bools, Floats, Ints

WIDTH = 64  # nodes that go on, unless told otherwise
BRANCHES = 10  # ways in which each of them goes on
FINISHED = 6  # of all nodes of one number of tracks that end on time, the cheapest ones


@dataclass(frozen=True, slots=True, eq=False)
class _Nodes:
    """Unfinished sessions, a row each: their items, cost and length; which items may follow."""

    path: Ints
    cost: Floats
    time_ms: Ints
    open: Bools


def swift(space: SearchSpace, width: int = WIDTH) -> Ints | None:
    """Return a good session of a space whose transitions are given, or None where none is found.

    So many nodes go on, of each number of tracks.
    Of fixed items only those at the start and the end are understood.
    """
    fixed = sorted(space.fixed, key=lambda each: each.place)
    if space.transitions is None or any(not each.place for each in fixed):
        return None
    opening = np.array([each.item for each in fixed if each.place > 0], np.int64)
    closing = np.array([each.item for each in fixed if each.place < 0], np.int64)
    items, grid = space.items, space.grid
    goal_ms = grid.asked_ms - int(items.length_ms[closing].sum())
    free = np.ones(len(items.steps), np.bool_)
    free[opening] = free[closing] = False
    to_come = _least_to_come(space, np.flatnonzero(free), goal_ms)
    related = share_artist(space.groups.artists[:, None], space.groups.artists[None])
    nodes = _Nodes(
        opening[None],
        np.zeros(1),
        np.array([int(items.length_ms[opening].sum())]),
        free[None],
    )
    best, least = None, np.inf
    while len(nodes.cost):
        check_stopped()
        cost, end_ms = _extended(space, nodes, related)
        off_ms = np.abs(end_ms - goal_ms)
        done = np.where(off_ms <= grid.tolerance_ms, cost, np.inf)
        done += END_WEIGHT * np.abs(step_at(end_ms) - step_at(goal_ms))
        if len(closing):
            done += space.transitions[:, closing[0]]
        for row, item in _cheapest(done, FINISHED):
            sequence = np.concatenate([nodes.path[row], [item], closing])
            own = float(space.costs(sequence[None])[0])
            if own < least:
                best, least = sequence, own
        ends = np.minimum(step_at(end_ms), len(to_come) - 1)
        nodes = _going_on(space, nodes, cost, end_ms, cost + to_come[ends], least, width)
    return best


def _least_to_come(space: SearchSpace, free: Ints, goal_ms: int) -> Floats:
    """Return for each step the least that items cost from there to the end, with no joins."""
    items, grid = space.items, space.grid
    first, last = (
        step_at(max(goal_ms + off_ms, 0)) for off_ms in (-grid.tolerance_ms, grid.tolerance_ms)
    )
    least = np.full(max(grid.horizon, last) + 2, np.inf)
    least[first : last + 1] = 0.0
    steps = items.steps[free]
    for start in range(min(last, grid.horizon), -1, -1):
        for longer in (0, 1):
            ends = np.minimum(start + steps + longer, len(least) - 1)
            through = (space.price[longer, start, free] + least[ends]).min(initial=np.inf)
            least[start] = min(least[start], through)
    return least


def _extended(space: SearchSpace, nodes: _Nodes, related: Bools) -> tuple[Floats, Ints]:
    """Return what each node costs with each item more, and when it ends; shape (nodes, items)."""
    items, grid, groups = space.items, space.grid, space.groups
    starts = np.minimum(step_at(nodes.time_ms), grid.horizon)[:, None]
    end_ms = nodes.time_ms[:, None] + items.length_ms
    longer = np.clip(step_at(end_ms) - starts - items.steps, 0, 1)
    every = np.arange(len(items.steps))
    cost = nodes.cost[:, None] + space.price[longer, starts, every] + space.noise
    may = nodes.open.copy()
    if nodes.path.shape[1]:
        cost = cost + space.transition_cost(nodes.path[:, -1:], every)
    for back in range(1, min(groups.gap, nodes.path.shape[1]) + 1):
        may &= ~related[nodes.path[:, -back]]
    return np.where(may, cost, np.inf), end_ms


def _going_on(  # noqa: PLR0913, PLR0917 - what `_extended` has found
    space: SearchSpace,
    nodes: _Nodes,
    cost: Floats,
    end_ms: Ints,
    total: Floats,
    least: float,
    width: int,
) -> _Nodes:
    """Return the most promising nodes with one item more."""
    branches = min(BRANCHES, total.shape[1])
    columns = np.argpartition(total, branches - 1, axis=1)[:, :branches]
    promised = np.take_along_axis(total, columns, axis=1).ravel()
    rows = np.repeat(np.arange(len(total)), branches)
    order = np.argsort(promised, kind="stable")
    order = order[promised[order] < least][:width]
    rows, added = rows[order], columns.ravel()[order]
    path = np.concatenate([nodes.path[rows], added[:, None]], axis=1)
    left = nodes.open[rows]
    left[np.arange(len(rows)), added] = False
    groups = space.groups
    for row in range(len(rows)):
        held = np.bincount(groups.member[path[row]].ravel(), minlength=len(groups.most))
        full = held >= groups.most
        full[-1] = False  # stands for no group
        if full.any():
            left[row] &= ~full[groups.member].any(axis=1)
    return _Nodes(path, cost[rows, added], end_ms[rows, added], left)


def _cheapest(cost: Floats, count: int) -> Sequence[tuple[int, int]]:
    """Return rows and columns of the least finite values, the least first."""
    flat = cost.ravel()
    some = np.argpartition(flat, min(count, len(flat) - 1))[:count]
    some = some[np.isfinite(flat[some])]
    some = some[np.argsort(flat[some], kind="stable")]
    return [(int(each) // cost.shape[1], int(each) % cost.shape[1]) for each in some]
