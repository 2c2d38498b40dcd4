"""Dense tables: what every item costs at every start, one table per number of whole steps.

The price of a start is infinite where a rule bars it: where the limits of a phase keep an item out,
where an item would rise above the peak of a phase while it plays there, where a track is too loud
to open a session, where it would play through a planned silence, and where a pin could not be kept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playlist_builder.arranger.solver.cost import STEP_MS, FixedItem, Items, TimeGrid, step_at
from playlist_builder.models import Bools, Floats, Floats32, Ints

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
        index = np.arange(first, last)
        contours = items.values[items.contour_index(index, steps + 1)]
        block = _block(items, grid, index, contours.astype(kind), drift_price)
        if use_price is not None:
            for price in (block.plain, block.longer):
                np.add(price, use_price[first:last].astype(kind), out=price)
        _bar_phases(block, items, grid)
        _bar_peaks(block, contours, items.is_free[index], grid)
        _bar_opening(block, items, grid)
        _bar_joins(block, grid)
        for one in fixed:
            _bar_fixed(block, grid, one)
        yield block


def _block(
    items: Items, grid: TimeGrid, index: Ints, contours: Floating, drift_price: float
) -> Block:
    """Return the prices of items that share their number of whole steps.

    The sum of squares is multiplied out, so that all that joins items and starts is one matrix
    product; all energies are centred first, which keeps the terms small.
    """
    steps, kind = int(items.steps[index[0]]), contours.dtype.type
    starts = grid.horizon - steps + 1
    contours = contours - kind(0.5)
    target = (grid.target - 0.5).astype(kind)
    phase, prices = grid.phase[: grid.horizon + 1], items.step_price[index]
    part = (items.length_ms[index] - steps * STEP_MS) / STEP_MS
    windows = np.lib.stride_tricks.sliding_window_view(target, steps)[:starts]
    inside, last, after = contours[:, :steps], contours[:, steps:], target[steps : steps + starts]
    passed = _steps_in_phases(phase, steps, prices.shape[1])
    entered = phase[steps:, None] == np.arange(prices.shape[1])
    plain = _product(
        (-2.0 * windows, _squares(windows), np.ones(starts), passed),
        (inside, np.ones(len(index)), _squares(inside) + drift_price * part, prices),
        kind,
    )
    longer = _product(
        (-2.0 * after, after**2, np.ones(starts), entered),
        (last, np.ones(len(index)), _squares(last) - drift_price, prices),
        kind,
    )
    longer += plain
    longer[:, part == 0.0] = np.inf
    longer[-1] = np.inf  # it would end beyond the horizon
    return Block(steps, int(index[0]), plain, longer)


def _product(
    left: Sequence[NDArray[Any]], right: Sequence[NDArray[Any]], kind: type[np.floating]
) -> Floating:
    """Return the matrix product of columns put side by side, of one kind of number."""
    one, other = (np.column_stack(columns).astype(kind, copy=False) for columns in (left, right))
    with np.errstate(invalid="ignore"):  # some BLAS raise that flag now and then, of finite numbers
        return np.asarray(one @ other.T)


def _squares(rows: Floating) -> Floating:
    return np.asarray(np.einsum("ij,ij->i", rows, rows))


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


def _bar_peaks(block: Block, contours: Floats32, is_free: Bools, grid: TimeGrid) -> None:
    """Bar every place where a step of an item would lie above the peak of its phase.

    It is told from the next step above the peak, from each step of an item on, once for all starts
    that leave the same steps in the phase.
    """
    starts, count = block.plain.shape
    for phase, peak in enumerate(grid.peaks):
        begin, end = _span(grid, phase)
        first, last = max(begin - block.steps, 0), min(end, starts)
        if peak >= 1.0 or first >= last:
            continue
        above = (peak < contours.T) & ~is_free
        following = np.full((block.steps + 2, count), np.iinfo(np.int16).max, np.int16)
        np.copyto(following[:-1], np.arange(block.steps + 1, dtype=np.int16)[:, None], where=above)
        following = np.minimum.accumulate(following[::-1], axis=0)[::-1]
        since = np.arange(first, last)
        for price, steps in ((block.plain, block.steps), (block.longer, block.steps + 1)):
            low, high = (np.clip(border - since, 0, steps) for border in (begin, end))
            pairs, place = np.unique(low * (steps + 1) + high, return_inverse=True)
            low, high = np.divmod(pairs, steps + 1)
            barred = following[low] < high.astype(np.int16)[:, None]
            penalty = np.where(barred, np.float32(np.inf), np.float32(0.0))
            price[first:last] += penalty[place]


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


def _bar_joins(block: Block, grid: TimeGrid) -> None:
    """Bar every place where an item would play through all steps in which one has to end."""
    starts = np.arange(len(block.plain))
    for price, steps in ((block.plain, block.steps), (block.longer, block.steps + 1)):
        for earliest, latest in grid.joins:
            price[(starts < earliest) & (starts + steps > latest)] = np.inf


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
