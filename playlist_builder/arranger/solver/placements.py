"""Dense tables: what every piece costs at every start, one table per number of whole steps.

This room refuses to choose. It computes the placement part of the cost, with the places that rules
bar made infinite: those where a phase keeps a piece out, and those that leave a pin no room.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from playlist_builder.arranger.solver.cost import STEP_MS, Demand, Pieces, Plan, cell, forbidden
from playlist_builder.models import Ints

Floating = NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """All pieces of `cells` whole steps from `first` on: prices, shape (starts, pieces).

    `plain` is the price of filling just these steps, `longer` of filling one more.
    """

    cells: int
    first: int
    plain: Floating
    longer: Floating


def blocks(
    material: Pieces,
    scheme: Plan,
    demands: Sequence[Demand] = (),
    toll: float = 0.0,
    kind: type[np.floating] = np.float32,
) -> Iterator[Block]:
    """Yield the prices of all pieces that fit, by their number of whole steps.

    `toll` is paid per cell by which the true length exceeds the cells filled.
    """
    lengths, firsts = np.unique(material.cells, return_index=True)
    for cells, (first, last) in zip(
        lengths.tolist(), pairwise([*firsts.tolist(), len(material.cells)]), strict=True
    ):
        if cells > scheme.horizon:
            return
        block = _block(material, scheme, np.arange(first, last), toll, kind)
        _bar_phases(block, material, scheme)
        for demand in demands:
            _bar_demand(block, scheme, demand)
        yield block


def _block(
    material: Pieces, scheme: Plan, index: Ints, toll: float, kind: type[np.floating]
) -> Block:
    """Return the prices of pieces that share their number of whole steps.

    The sum of squares is multiplied out, so that the part that joins pieces and starts is a
    matrix product; all energies are centred first, which keeps the terms small.
    """
    cells = int(material.cells[index[0]])
    starts = scheme.horizon - cells + 1
    contour = material.values[material.steps(index, cells + 1)].astype(kind) - kind(0.5)
    target = (scheme.target - 0.5).astype(kind)
    levy = material.levy[index].astype(kind)
    part = ((material.length_ms[index] - cells * STEP_MS) / STEP_MS).astype(kind)
    windows = np.lib.stride_tricks.sliding_window_view(target, cells)[:starts]
    inside = contour[:, :cells]
    plain = (windows * kind(-2.0)) @ inside.T
    plain += np.einsum("ij,ij->i", windows, windows)[:, None]
    plain += np.einsum("ij,ij->i", inside, inside) + levy * kind(cells) + kind(toll) * part
    longer = target[cells : cells + starts, None] - contour[:, cells]
    longer *= longer
    longer += levy - kind(toll)
    longer += plain
    longer[:, part == 0.0] = np.inf
    longer[-1] = np.inf  # it would end beyond the horizon
    return Block(cells, int(index[0]), plain, longer)


def _bar_phases(block: Block, material: Pieces, scheme: Plan) -> None:
    """Bar every place where a piece would play in a phase whose limits keep it out."""
    starts, count = block.plain.shape
    barred = forbidden(material, scheme, np.arange(block.first, block.first + count))
    for phase in np.flatnonzero(barred.any(axis=0)).tolist():
        within = np.flatnonzero(scheme.phase[: scheme.horizon + 1] == phase)
        if len(within) == 0:
            continue
        begin, end = int(within[0]), int(within[-1]) + 1
        penalty = np.where(barred[:, phase], np.float32(np.inf), np.float32(0.0))
        for price, cells in (
            (block.plain, block.cells),
            (block.longer, block.cells + 1),
        ):
            price[max(begin - cells + 1, 0) : min(end, starts)] += penalty


def _bar_demand(block: Block, scheme: Plan, demand: Demand) -> None:
    """Bar every place from which a pin could not be kept."""
    starts = np.arange(len(block.plain))
    own = np.arange(block.first, block.first + block.plain.shape[1]) == demand.piece
    earliest = cell(demand.earliest_ms)
    latest = cell(min(demand.latest_ms, scheme.asked_ms + scheme.tolerance_ms))
    for price, ends in (
        (block.plain, starts + block.cells),
        (block.longer, starts + block.cells + 1),
    ):
        wrong = (starts < earliest) | (starts > latest)
        # a piece that plays through the whole window leaves the pinned one no start in it
        through = (starts < earliest) & (ends > latest)
        if demand.place == 1:
            wrong |= starts > 0
            through |= starts == 0
        elif demand.place > 1:
            wrong |= starts == 0
        elif demand.place == -1:
            wrong |= ends < cell(max(scheme.asked_ms - scheme.tolerance_ms, 0))
            through |= ends > scheme.horizon - demand.cells
        price[np.ix_(wrong, own)] = np.inf
        price[np.ix_(through, ~own)] = np.inf
