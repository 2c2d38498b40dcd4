"""Dense tables: what every item costs at every start, one table per number of whole steps.

The price of a start is infinite where a rule bars it: where the limits of a phase keep an item out,
where an item would rise above the peak of a phase while it plays there, where a track is too loud
to open a session, and where a pin could not be kept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from playlist_builder.arranger.solver.cost import STEP_MS, FixedItem, Items, TimeGrid, step_at
from playlist_builder.models import Floats, Ints

Floating = NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """All items of `steps` whole steps from `first` on: prices, shape (starts, items).

    `plain` is the price of filling just these steps, `longer` of filling one more.
    """

    steps: int
    first: int
    plain: Floating
    longer: Floating


def blocks(  # noqa: PLR0913, PLR0917 - what a block costs
    items: Items,
    grid: TimeGrid,
    fixed: Sequence[FixedItem] = (),
    drift_price: float = 0.0,
    use_price: Floats | None = None,
    kind: type[np.floating] = np.float32,
) -> Iterator[Block]:
    """Yield the prices of all items that fit, by their number of whole steps.

    `drift_price` is paid per step by which the true length exceeds the steps filled, `use_price` by
    each item wherever it plays.
    """
    lengths, firsts = np.unique(items.steps, return_index=True)
    ranges = pairwise([*firsts.tolist(), len(items.steps)])
    for steps, (first, last) in zip(lengths.tolist(), ranges, strict=True):
        if steps > grid.horizon:
            return
        block = _block(items, grid, np.arange(first, last), drift_price, kind)
        if use_price is not None:
            for price in (block.plain, block.longer):
                np.add(price, use_price[first:last].astype(kind), out=price)
        _bar_phases(block, items, grid)
        _bar_peaks(block, items, grid)
        _bar_opening(block, items, grid)
        for one in fixed:
            _bar_fixed(block, grid, one)
        yield block


def _block(
    items: Items, grid: TimeGrid, index: Ints, drift_price: float, kind: type[np.floating]
) -> Block:
    """Return the prices of items that share their number of whole steps.

    The sum of squares is multiplied out, so that the part that joins items and starts is a
    matrix product; all energies are centred first, which keeps the terms small.
    """
    steps = int(items.steps[index[0]])
    starts = grid.horizon - steps + 1
    contour = items.values[items.contour_index(index, steps + 1)].astype(kind) - kind(0.5)
    target = (grid.target - 0.5).astype(kind)
    step_price = np.ascontiguousarray(items.step_price[index].T)
    phase = grid.phase[: grid.horizon + 1]
    part = ((items.length_ms[index] - steps * STEP_MS) / STEP_MS).astype(kind)
    windows = np.lib.stride_tricks.sliding_window_view(target, steps)[:starts]
    inside = contour[:, :steps]
    plain = (windows * kind(-2.0)) @ inside.T
    plain += np.einsum("ij,ij->i", windows, windows)[:, None]
    squares = np.einsum("ij,ij->i", inside, inside)
    plain += (_steps_in_phases(phase, steps, len(step_price)) @ step_price).astype(kind)
    plain += squares + kind(drift_price) * part
    longer = target[steps : steps + starts, None] - contour[:, steps]
    longer *= longer
    longer += step_price.astype(kind)[phase[steps:]]
    longer += plain - kind(drift_price)
    longer[:, part == 0.0] = np.inf
    longer[-1] = np.inf  # it would end beyond the horizon
    return Block(steps, int(index[0]), plain, longer)


def _steps_in_phases(phase: Ints, steps: int, phases: int) -> Floats:
    """Return how many of `steps` steps from each start on lie in each phase."""
    until = np.zeros((len(phase) + 1, phases))
    np.cumsum(phase[:, None] == np.arange(phases), axis=0, out=until[1:])
    return until[steps:-1] - until[: -steps - 1]


def _bar_phases(block: Block, items: Items, grid: TimeGrid) -> None:
    """Bar every place where an item would play in a phase whose limits keep it out."""
    starts, count = block.plain.shape
    barred = grid.forbids(items, np.arange(block.first, block.first + count))
    for phase in np.flatnonzero(barred.any(axis=0)).tolist():
        begin, end = _span(grid, phase)
        penalty = np.where(barred[:, phase], np.float32(np.inf), np.float32(0.0))
        for price, steps in ((block.plain, block.steps), (block.longer, block.steps + 1)):
            price[max(begin - steps + 1, 0) : min(end, starts)] += penalty


def _bar_peaks(block: Block, items: Items, grid: TimeGrid) -> None:
    """Bar every place where a step of an item would lie above the peak of its phase.

    Counted are the steps above the peak up to each step of an item; the difference between two
    counts tells whether any lies between.
    """
    starts, count = block.plain.shape
    index = np.arange(block.first, block.first + count)
    places = items.contour_index(index, block.steps + 1).T
    for phase, peak in enumerate(grid.peaks):
        begin, end = _span(grid, phase)
        first, last = max(begin - block.steps, 0), min(end, starts)
        if peak >= 1.0 or first >= last:
            continue
        above = np.zeros((block.steps + 2, count), np.int16)
        np.cumsum(items.values[places] > peak, axis=0, dtype=np.int16, out=above[1:])
        above[:, items.is_free[index]] = 0
        risky = np.flatnonzero(above[-1])
        above = above[:, risky]
        since = np.arange(first, last)
        for price, steps in ((block.plain, block.steps), (block.longer, block.steps + 1)):
            low, high = (np.clip(border - since, 0, steps) for border in (begin, end))
            barred = np.zeros((last - first, count), np.bool_)
            barred[:, risky] = above[high] != above[low]
            np.copyto(price[first:last], np.inf, where=barred)


def _span(grid: TimeGrid, phase: int) -> tuple[int, int]:
    """Return the steps, up to the horizon, from which and up to which a phase lasts."""
    within = np.flatnonzero(grid.phase[: grid.horizon + 1] == phase)
    return (int(within[0]), int(within[-1]) + 1) if len(within) else (0, 0)


def _bar_opening(block: Block, items: Items, grid: TimeGrid) -> None:
    """Bar the start of the session to items that are too loud for it."""
    own = slice(block.first, block.first + block.plain.shape[1])
    loud = items.opening_lufs[own] > grid.opening_lufs
    for price in (block.plain, block.longer):
        price[0, loud] = np.inf


def _bar_fixed(block: Block, grid: TimeGrid, fixed: FixedItem) -> None:
    starts = np.arange(len(block.plain))
    own = np.arange(block.first, block.first + block.plain.shape[1]) == fixed.item
    earliest = step_at(fixed.earliest_ms)
    latest = step_at(min(fixed.latest_ms, grid.asked_ms + grid.tolerance_ms))
    for price, ends in (
        (block.plain, starts + block.steps),
        (block.longer, starts + block.steps + 1),
    ):
        wrong = (starts < earliest) | (starts > latest)
        # no other item may play from before the pinned one can have ended to where it cannot start
        through = (starts < earliest + fixed.steps) & (starts <= latest) & (ends > latest)
        if fixed.place == 1:
            wrong |= starts > 0
            through |= starts == 0
        elif fixed.place > 1:
            wrong |= starts == 0
        elif fixed.place == -1:
            wrong |= ends < step_at(max(grid.asked_ms - grid.tolerance_ms, 0))
            through |= ends > grid.horizon - fixed.steps
        price[np.ix_(wrong, own)] = np.inf
        price[np.ix_(through, ~own)] = np.inf
