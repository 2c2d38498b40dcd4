"""From every item at every step to the few arcs that a good session can consist of.

An arc is an item at the step in which it starts, with the step in which it ends. The most promising
arcs are kept. For all others it is known what a session that uses any of them costs at least, and
what each of them costs (`Dropped`), so that a proof can speak of every item. Two passes, each a
dynamic programme backward and forward in time that ignores repeats and groups:

1. without transitions, over all items, as dense tables: one matrix product per length;
2. with the energy and loudness of items. The least cost to go V, as a function of the energy
   e at which the track before ends, is a minimum of terms w (o - e)^2 + c, so V - w e^2 is concave
   and a chord between grid points lies below it; loudness is rounded to the cheaper side.

Both let each item fill its whole steps or one step more, as it likes, though in truth that follows
from the milliseconds before it. What a path gains by this is a drift: true length less steps
filled. Summed over a session it is at most half a step. So a price on drift, about what a step
costs, takes the gain away, and half of the price is all that is deducted from the bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from playlist_builder.arranger.solver import cost
from playlist_builder.arranger.solver.cost import FixedItem, Items, TimeGrid
from playlist_builder.arranger.solver.placements import Block, Floating, blocks
from playlist_builder.models import Bools, Floats, Ints

Singles = NDArray[np.float32]
NEVER = 1e6  # stands for infinity where it is multiplied
FIRST_ARCS = 800_000  # arcs that the first pass lets through at most
SAMPLE = 500_000  # arcs from which that number is estimated
FEW_ARCS = 100_000  # so few are all kept by the first pass
FIRST_SLACK = 1.5  # times the least cost without transitions
SAMPLE_ITEMS = 1_000  # items from which the price of drift is estimated
ENERGIES = 33  # grid points at which V is kept
OPENINGS = 128  # bins of opening energy
FLOOR = 20  # arcs kept at every start
LOUD_STARTS, LOUD_ENDS = 12, 24  # quantiles of loudness told apart
ROUNDING, MARGIN = 2.0**-24, 8.0  # unit of single precision, and steps in its error


@dataclass(frozen=True, slots=True, eq=False)
class Arcs:
    """Items with the steps in which they start and end; arrays of one length."""

    item: Ints
    start: Ints
    end: Ints

    def take(self, index: Ints | Bools) -> "Arcs":
        """Return the arcs at some places."""
        return Arcs(self.item[index], self.start[index], self.end[index])


@dataclass(frozen=True, slots=True, eq=False)
class Dropped:
    """What the arcs that were not kept cost at least: `price[row, start]` to fill `steps[row]`.

    The first half of the rows holds whole steps, the second half one step more. Prices include
    `drift_price` times the drift of the arc: 0..1 in the first half, -1..0 in the second, and the
    `use_price` of the item; `row` says where in either half the item is.
    """

    steps: Ints
    price: Floats
    drift_price: float
    use_price: Floats
    row: Ints

    def dearer(self, use_price: Floats) -> Floats:
        """Return how much dearer each row is at least where the use of items has other prices.

        Where an item is not among those that have a price, nothing is known of it.
        """
        half = len(self.steps) // 2
        least = np.full(half, np.inf if len(use_price) == len(self.row) else 0.0)
        if len(use_price) == len(self.row):
            np.minimum.at(least, self.row, use_price - self.use_price)
        return np.tile(np.where(np.isfinite(least), least, 0.0), 2)

    def add(self, arcs: Arcs, price: Floating, steps: Ints) -> None:
        """Add arcs; `steps` are the whole steps of their items."""
        half = len(self.steps) // 2
        row = np.searchsorted(self.steps[:half], steps) + half * (arcs.end - arcs.start - steps)
        np.minimum.at(self.price, (row, arcs.start), price - _error(steps))


@dataclass(frozen=True, slots=True, eq=False)
class PrunedArcs:
    """The arcs that are kept, and what the others cost.

    `dropped` prices each of these; a session that uses any of them costs at least `limit`.
    """

    arcs: Arcs
    dropped: Dropped
    limit: float


def prune_arcs(  # noqa: PLR0913, PLR0917 - an instance as far as this needs it
    items: Items,
    grid: TimeGrid,
    fixed: Sequence[FixedItem],
    pinned: Ints,
    most: int,
    use_price: Floats | None = None,
) -> PrunedArcs | None:
    """Return the `most` promising arcs and all of `pinned` items; None if no session can exist.

    With a price on the use of each item, from an earlier search, arcs of many different ones are
    promising. All costs that are returned then include it.
    """
    drift_price = _drift_price(items, grid)
    dense = list(blocks(items, grid, fixed, drift_price, use_price))
    use = np.zeros(len(items.steps)) if use_price is None else use_price
    first = _first(dense, grid, pinned, drift_price, (use, items.steps))
    if first is None:
        return None
    arcs, price, dropped, limit = first
    limit_lu = grid.loudness_jump_lu
    after = _least(arcs, price, items, limit_lu, grid.ending(np.arange(grid.horizon + 1)))
    # time running backward: with loudness negated, a rise stays a rise
    reversed_items = replace(
        items,
        opening=items.closing,
        closing=items.opening,
        start_lufs=-items.end_lufs,
        end_lufs=-items.start_lufs,
    )
    mirror = Arcs(arcs.item, grid.horizon - arcs.end, grid.horizon - arcs.start)
    opening = np.full(grid.horizon + 1, np.inf)
    opening[grid.horizon] = 0.0
    before = _least(mirror, price, reversed_items, limit_lu, opening)
    total = after + before - price
    cut = float(np.partition(total, most)[most]) if len(total) > most else np.inf
    possible = total < NEVER / 2
    kept = possible & (promising(arcs, total, cut) | np.isin(arcs.item, pinned))
    if not kept.any():
        return None
    dropped.add(arcs.take(~kept), price[~kept], items.steps[arcs.item[~kept]])
    shortest, longest = int(items.steps.min()), int(items.steps.max())
    # summed over a session, (steps + m)^2 is at most (longest + m) times the sum of steps + m
    spare = float(_error(np.array(longest))) / (longest + MARGIN)
    spare *= grid.horizon * (1.0 + MARGIN / shortest)
    return PrunedArcs(arcs.take(kept), dropped, min(cut, limit) - spare - drift_price / 2.0)


def promising(arcs: Arcs, total: NDArray[np.floating], cut: float) -> Bools:
    """Return which arcs to keep: all up to `cut`, and what a search needs beside them.

    That is the best few of every start, so that it does not starve at any, and of each item at a
    start the other end as well, as only the true time tells which of the two is right.
    """
    kept: Bools = total <= cut
    order = np.argsort(arcs.start.astype(np.uint16), kind="stable")
    borders = np.flatnonzero(np.diff(arcs.start[order], prepend=-1, append=-1))
    for first, last in pairwise(borders.tolist()):
        here = order[first:last]
        if len(here) > FLOOR:
            here = here[np.argpartition(total[here], FLOOR)[:FLOOR]]
        kept[here] = True
    place = arcs.item * (int(arcs.start.max(initial=0)) + 1) + arcs.start
    marked = np.zeros(int(place.max(initial=0)) + 1, dtype=bool)
    marked[place[kept]] = True
    return np.take(marked, place)


def _error(steps: Ints) -> Floats:
    """Return how much a price in single precision may err (Higham 2002, section 3.1).

    It is a sum of n + p + 2 products, for n steps and p phases. With centred factors the absolute
    products sum up to n, and with the price of steps, of at most 1/2 each, to 1.5 n. So it errs by
    (n + p + 2) 1.5 n u at most, which is less than this for up to 14 phases.
    """
    return np.asarray(1.5 * ROUNDING * (steps + MARGIN) ** 2)


def _first(
    dense: Sequence[Block],
    grid: TimeGrid,
    pinned: Ints,
    drift_price: float,
    use: tuple[Floats, Ints],
) -> tuple[Arcs, Singles, Dropped, float] | None:
    """Return the arcs kept by the first pass, their prices, the others, and their least total."""
    if not dense:
        return None
    after, before = _without_transitions(grid, dense)
    if not np.isfinite(after[0]):
        return None
    tables = [
        (block, steps, price, before[: len(price)] + after[steps : steps + len(price)])
        for more in (0, 1)
        for block in dense
        for steps, price in ((block.steps + more, block.longer if more else block.plain),)
    ]
    slack = _slack([(price, others) for _, _, price, others in tables], float(after[0]))
    lengths = np.array([steps for _, steps, _, _ in tables])
    never = np.full((len(tables), grid.horizon + 2), np.inf)
    use_price, steps_of = use
    last = len(dense) - 1
    row_of = np.minimum(np.searchsorted(lengths[: len(dense)], steps_of), last)
    dropped = Dropped(lengths, never, drift_price, use_price, row_of)
    found: list[tuple[Ints, Ints, Ints, Floating]] = []
    for row, (block, steps, price, others) in enumerate(tables):
        most = np.where(np.isfinite(others), slack - others, -np.inf).astype(np.float32)
        good = price <= most[:, None]
        mine = pinned[(pinned >= block.first) & (pinned < block.first + price.shape[1])]
        good[:, mine - block.first] = price[:, mine - block.first] < np.inf
        starts, columns = np.nonzero(good)
        found.append((columns + block.first, starts, starts + steps, price[starts, columns]))
        price[starts, columns] = np.inf
        least = np.min(price, axis=1) - _error(np.array(block.steps))
        dropped.price[row, : len(price)] = np.where(np.isfinite(others), least, np.inf)
    *arcs, price = (np.concatenate(column) for column in zip(*found, strict=True))
    return Arcs(*arcs), price, dropped, slack if slack < NEVER else np.inf


def _slack(tables: Sequence[tuple[Floating, Floats]], least: float) -> float:
    """Return up to which total the first pass keeps arcs; NEVER where it keeps all."""
    count = sum(price.size for price, _ in tables)
    if count <= FEW_ARCS:
        return NEVER
    if count <= FIRST_ARCS:
        return FIRST_SLACK * least
    stride = count // SAMPLE + 1
    sample = np.concatenate(
        [
            (price[::stride] + others[::stride, None].astype(np.float32)).ravel()
            for price, others in tables
        ]
    )
    kept = len(sample) * FIRST_ARCS // count
    return min(FIRST_SLACK * least, float(np.partition(sample, kept)[kept]))


def _drift_price(items: Items, grid: TimeGrid) -> float:
    """Return a price on drift from what a step costs in a sample; any price is valid.

    What is left out or gained by drifting is the last part of a track, often a fade that fits
    worse than the rest, so twice what a step costs gives better bounds than once.
    """
    count = len(items.steps)
    dense = list(blocks(items.take(np.arange(0, count, count // SAMPLE_ITEMS + 1)), grid))
    least = float(_without_transitions(grid, dense)[0][0]) if dense else np.inf
    return 2.0 * least / grid.horizon if np.isfinite(least) else 0.0


def _without_transitions(grid: TimeGrid, dense: Sequence[Block]) -> tuple[Floats, Floats]:
    horizon = grid.horizon
    lengths = np.array([block.steps for block in dense])
    plain = np.full((len(dense), horizon + 2), np.inf)
    longer = np.full((len(dense), horizon + 2), np.inf)
    for row, block in enumerate(dense):
        plain[row, : len(block.plain)] = block.plain.min(axis=1)
        longer[row, : len(block.longer)] = block.longer.min(axis=1)
    reach = horizon + int(lengths.max(initial=0)) + 3
    after, before = np.full(reach, np.inf), np.full(reach, np.inf)
    ending = grid.ending(np.arange(horizon + 1))
    for start in range(horizon, -1, -1):
        through = np.minimum(
            plain[:, start] + after[start + lengths], longer[:, start] + after[start + lengths + 1]
        )
        after[start] = min(ending[start], through.min())
    before[0] = 0.0
    for start in range(horizon):
        if np.isfinite(before[start]):
            ends = start + lengths
            before[ends] = np.minimum(before[ends], before[start] + plain[:, start])
            before[ends + 1] = np.minimum(before[ends + 1], before[start] + longer[:, start])
    return after, before


def _least(
    arcs: Arcs, price: Singles, items: Items, loudness_jump_lu: float, ending: Floats
) -> Singles:
    """Return for each arc the least cost of it and all that follows, with the price of `ending`."""
    levels = np.linspace(0.0, 1.0, ENERGIES)
    low, kind = _classes(items.start_lufs, LOUD_STARTS)
    high, at = _classes(-items.end_lufs, LOUD_ENDS)
    bins = np.minimum((items.opening * OPENINGS).astype(np.int64), OPENINGS - 1)
    classes = (kind * OPENINGS + bins).astype(np.int16)
    edges = np.arange(OPENINGS + 1) / OPENINGS
    apart = np.maximum(np.maximum(edges[:-1] - levels[:, None], levels[:, None] - edges[1:]), 0.0)
    energy = (cost.ENERGY_JUMP_WEIGHT * apart**2).astype(np.float32)
    loud = cost.loudness_price(low[:, None] + high[None, :] - loudness_jump_lu).astype(np.float32)
    parabola = (cost.ENERGY_JUMP_WEIGHT * levels**2).astype(np.float32)[:, None]
    spot = np.clip(items.closing, 0.0, 1.0) * (ENERGIES - 1)
    below = np.minimum(spot.astype(np.int64), ENERGIES - 2)
    width = len(high)
    base = below * width + at
    weight = (spot - below).astype(np.float32)
    rise = (cost.ENERGY_JUMP_WEIGHT * items.closing**2).astype(np.float32)

    order = np.argsort(classes[arcs.item], kind="stable")
    order = order[np.argsort(arcs.start[order].astype(np.uint16), kind="stable")]
    item, end, paid = arcs.item[order], arcs.end[order], price[order]
    sorts, share, lift = classes[item], weight[item], rise[item] + paid
    steps = len(ending)
    spots = end * (ENERGIES * width) + base[item]
    borders = np.searchsorted(arcs.start[order], np.arange(steps + 1))
    table = np.empty((steps, ENERGIES * width), dtype=np.float32)
    flat = table.reshape(-1)
    result = np.empty_like(paid)
    final = np.minimum(ending, NEVER).astype(np.float32)
    for step in range(steps - 1, -1, -1):
        here = slice(borders[step], borders[step + 1])
        value = np.full((ENERGIES, width), final[step])
        if here.start < here.stop:
            left, right = flat.take(spots[here]), flat.take(spots[here] + width)
            right -= left
            right *= share[here]
            right += left
            right += lift[here]
            result[here] = right
            own = sorts[here]
            firsts = np.flatnonzero(np.diff(own, prepend=np.int16(-1)))
            best = np.full(len(low) * OPENINGS, NEVER, dtype=np.float32)
            best[own[firsts]] = np.minimum.reduceat(right, firsts)
            near = (best.reshape(len(low), 1, OPENINGS) + energy).min(axis=2)
            value = np.minimum(value, (near[:, :, None] + loud[:, None, :]).min(axis=0))
        table[step] = (value - parabola).ravel()
    back = np.empty_like(result)
    back[order] = result
    return back


def _classes(values: Floats, count: int) -> tuple[Floats, Ints]:
    """Return the least value of each class of like size, and the class of each value."""
    ordered = np.sort(values)
    low = np.unique(ordered[(np.arange(count) * len(values)) // count])
    return low, np.searchsorted(low, values, side="right") - 1
