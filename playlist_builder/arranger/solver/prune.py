"""From every piece at every place to the few arcs that a good session can consist of.

An arc is a piece at a start cell together with the cell in which it ends. This room refuses to
build sessions. It keeps the most promising arcs, and says of all others what a session that uses
any costs at least, and what each of them costs (`Rest`), so that a proof can speak of every piece.
Two sieves, each a dynamic programme backward and forward in time that ignores repeats and groups:

1. without seams, over all pieces, as dense tables: one matrix product per length;
2. with the energy and loudness of seams. The least cost to go V, as a function of the energy e
   at which the track before ends, is a minimum of terms w (o - e)^2 + c, so V - w e^2 is concave
   and a chord between grid points lies below it; loudness is rounded to the cheaper side.

Both let each piece fill its whole steps or one cell more, as it likes, though in truth that follows
from the milliseconds before it. What a way gains by this is a drift: true length less cells
filled. Summed over a session it is at most half a cell. So a toll on drift, about what a cell
costs, takes the gain away, and half of the toll is all that is deducted from the bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from playlist_builder.arranger.solver.cost import SEAM_WEIGHT, Demand, Pieces, Plan, loudness_price
from playlist_builder.arranger.solver.placements import Block, Floating, blocks
from playlist_builder.models import Bools, Floats, Ints

Singles = NDArray[np.float32]
NEVER = 1e6  # stands for infinity where it is multiplied

FIRST_ARCS = 1_300_000  # arcs that the first sieve lets through at most
SAMPLE = 500_000  # arcs from which that number is estimated
FEW_ARCS = 100_000  # so few all pass the first sieve
FIRST_SLACK = 1.5  # times the least cost without seams
SAMPLE_PIECES = 1_000  # pieces from which the toll is estimated
ENERGIES = 33  # grid points at which V is kept
OPENINGS = 128  # bins of opening energy
FLOOR = 20  # arcs kept at every start
LOUD_STARTS, LOUD_ENDS = 12, 24  # quantiles of loudness told apart
ROUNDING = 2.0**-24  # unit of single precision


@dataclass(frozen=True, slots=True, eq=False)
class Arcs:
    """Pieces at places; arrays of one length."""

    piece: Ints
    start: Ints
    end: Ints

    def take(self, index: Ints | Bools) -> "Arcs":
        """Return the arcs at the given places."""
        return Arcs(self.piece[index], self.start[index], self.end[index])


@dataclass(frozen=True, slots=True, eq=False)
class Rest:
    """What the arcs that were not kept cost at least: `price[row, start]` to fill `steps[row]`.

    The first half of the rows holds whole steps, the second half one cell more. Prices hold
    `toll` times the drift of the arc, which is 0..1 in the first half and -1..0 in the second.
    """

    steps: Ints
    price: Floats
    toll: float

    def add(self, arcs: Arcs, price: Floating, cells: Ints) -> None:
        """Count arcs among the rest; `cells` are the whole steps of their pieces."""
        half = len(self.steps) // 2
        row = np.searchsorted(self.steps[:half], cells) + half * (arcs.end - arcs.start - cells)
        np.minimum.at(self.price, (row, arcs.start), price - _error(cells))


@dataclass(frozen=True, slots=True, eq=False)
class Sieve:
    """The arcs that are kept, and what the others cost.

    `rest` prices each of them on its own; a session that uses any of them costs at least `limit`.
    """

    arcs: Arcs
    rest: Rest
    limit: float


def sift(
    material: Pieces, scheme: Plan, demands: Sequence[Demand], pinned: Ints, wanted: int
) -> Sieve | None:
    """Return the `overrides` most promising arcs, or None if no session can exist.

    All arcs of the `pinned` pieces are kept as well.
    """
    toll = _toll(material, scheme)
    first = _first(list(blocks(material, scheme, demands, toll)), scheme, pinned, toll)
    if first is None:
        return None
    arcs, price, rest, limit = first
    seams = Seams.of(material, scheme)
    after = _least(arcs, price, seams, scheme.ending(np.arange(scheme.horizon + 1)))
    mirror = Arcs(arcs.piece, scheme.horizon - arcs.end, scheme.horizon - arcs.start)
    opening = np.full(scheme.horizon + 1, np.inf)
    opening[scheme.horizon] = 0.0
    before = _least(mirror, price, seams.mirrored(), opening)
    total = after + before - price
    cut = float(np.partition(total, wanted)[wanted]) if len(total) > wanted else np.inf
    possible = total < NEVER / 2
    kept = possible & (favoured(arcs, total, cut) | np.isin(arcs.piece, pinned))
    if not kept.any():
        return None
    dropped = ~kept
    rest.add(arcs.take(dropped), price[dropped], material.cells[arcs.piece[dropped]])
    shortest, longest = int(material.cells.min()), int(material.cells.max())
    # summed over a session, (cells + 4)^2 is at most (longest + 4) times the sum of cells + 4
    spare = float(_error(np.array(longest))) / (longest + 4)
    spare *= scheme.horizon * (1.0 + 4.0 / shortest)
    return Sieve(arcs.take(kept), rest, min(cut, limit) - spare - toll / 2.0)


def favoured(arcs: Arcs, total: NDArray[np.floating], cut: float) -> Bools:
    """Return which arcs to keep: all up to `cut`, and what a search needs beside them.

    That is the best few of every start, so that it does not starve at any, and of each piece at a
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
    place = arcs.piece * (int(arcs.start.max(initial=0)) + 1) + arcs.start
    marked = np.zeros(int(place.max(initial=0)) + 1, dtype=bool)
    marked[place[kept]] = True
    return np.take(marked, place)


def _error(cells: Ints) -> Floats:
    """Return how much a price in single precision may err (Higham 2002, section 3.1).

    A sum of n products with centred factors, each product at most 1/4, errs by at most
    n u n / 4; three such sums make a price.
    """
    return np.asarray(0.75 * ROUNDING * (cells + 4.0) ** 2)


def _first(
    parts: Sequence[Block], scheme: Plan, pinned: Ints, toll: float
) -> tuple[Arcs, Singles, Rest, float] | None:
    """Return the arcs that pass the first sieve, their prices, the rest, and its least total."""
    if not parts:
        return None
    after, before = _without_seams(scheme, parts)
    if not np.isfinite(after[0]):
        return None
    tables = [
        (part, more, price, before[: len(price)] + after[end : end + len(price)])
        for more in (0, 1)
        for part, price, end in (
            (part, part.longer if more else part.plain, part.cells + more) for part in parts
        )
    ]
    room = _room([(price, others) for _, _, price, others in tables], float(after[0]))
    steps = np.array([part.cells + more for part, more, _, _ in tables])
    rest = Rest(steps, np.full((len(tables), scheme.horizon + 2), np.inf), toll)
    found: list[tuple[Ints, Ints, Ints, Floating]] = []
    for row, (part, more, price, others) in enumerate(tables):
        most = np.where(np.isfinite(others), room - others, -np.inf).astype(np.float32)
        good = price <= most[:, None]
        mine = pinned[(pinned >= part.first) & (pinned < part.first + price.shape[1])]
        good[:, mine - part.first] = price[:, mine - part.first] < np.inf
        starts, columns = np.nonzero(good)
        found.append(
            (
                columns + part.first,
                starts,
                starts + (part.cells + more),
                price[starts, columns],
            )
        )
        price[starts, columns] = np.inf
        least = np.min(price, axis=1) - _error(np.array(part.cells))
        rest.price[row, : len(price)] = np.where(np.isfinite(others), least, np.inf)
    pieces, begins, ends, prices_ = (np.concatenate(column) for column in zip(*found, strict=True))
    return Arcs(pieces, begins, ends), prices_, rest, room if room < NEVER else np.inf


def _room(tables: Sequence[tuple[Floating, Floats]], least: float) -> float:
    """Return up to which total the first sieve lets arcs through; NEVER where all may pass."""
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


def _toll(material: Pieces, scheme: Plan) -> float:
    """Return a toll on drift from what a cell costs in a sample; any toll is valid.

    What is left out or gained by drifting is the last part of a track, often a fade that fits
    worse than the rest, so twice what a cell costs gives better bounds than once.
    """
    count = len(material.cells)
    parts = list(blocks(material.take(np.arange(0, count, count // SAMPLE_PIECES + 1)), scheme))
    least = float(_without_seams(scheme, parts)[0][0]) if parts else np.inf
    return 2.0 * least / scheme.horizon if np.isfinite(least) else 0.0


def _without_seams(scheme: Plan, parts: Sequence[Block]) -> tuple[Floats, Floats]:
    """Return the least costs from each cell on and up to each cell."""
    horizon = scheme.horizon
    lengths = np.array([part.cells for part in parts])
    plain = np.full((len(parts), horizon + 2), np.inf)
    longer = np.full((len(parts), horizon + 2), np.inf)
    for row, part in enumerate(parts):
        plain[row, : len(part.plain)] = part.plain.min(axis=1)
        longer[row, : len(part.longer)] = part.longer.min(axis=1)
    reach = horizon + int(lengths.max(initial=0)) + 3
    after, before = np.full(reach, np.inf), np.full(reach, np.inf)
    ending = scheme.ending(np.arange(horizon + 1))
    for start in range(horizon, -1, -1):
        through = np.minimum(
            plain[:, start] + after[start + lengths],
            longer[:, start] + after[start + lengths + 1],
        )
        after[start] = min(ending[start], through.min())
    before[0] = 0.0
    for start in range(horizon):
        if np.isfinite(before[start]):
            ends = start + lengths
            before[ends] = np.minimum(before[ends], before[start] + plain[:, start])
            before[ends + 1] = np.minimum(before[ends + 1], before[start] + longer[:, start])
    return after, before


@dataclass(frozen=True, slots=True, eq=False)
class Seams:
    """What matters of pieces at their seams: the track before ends, this one opens."""

    opening: Floats
    closing: Floats
    start_lufs: Floats
    end_lufs: Floats
    step_lu: float

    @staticmethod
    def of(material: Pieces, scheme: Plan) -> "Seams":
        """Return the seams of pieces under a plan."""
        return Seams(
            material.opening,
            material.closing,
            material.start_lufs,
            material.end_lufs,
            scheme.loudness_step_lu,
        )

    def mirrored(self) -> "Seams":
        """Return the seams of time running backward: negated, a rise stays a rise."""
        return Seams(self.closing, self.opening, -self.end_lufs, -self.start_lufs, self.step_lu)


def _least(arcs: Arcs, price: Singles, seams: Seams, ending: Floats) -> Singles:
    """Return for each arc the least cost of it and all that follows, with the second sieve's seams.

    `ending` is the price of ending at each cell.
    """
    grid = np.linspace(0.0, 1.0, ENERGIES)
    low, kind = _classes(seams.start_lufs, LOUD_STARTS)
    high, at = _classes(-seams.end_lufs, LOUD_ENDS)
    bins = np.minimum((seams.opening * OPENINGS).astype(np.int64), OPENINGS - 1)
    classes = (kind * OPENINGS + bins).astype(np.int16)
    edges = np.arange(OPENINGS + 1) / OPENINGS
    apart = np.maximum(np.maximum(edges[:-1] - grid[:, None], grid[:, None] - edges[1:]), 0.0)
    energy = (SEAM_WEIGHT * apart**2).astype(np.float32)
    loud = loudness_price(low[:, None] + high[None, :] - seams.step_lu).astype(np.float32)
    parabola = (SEAM_WEIGHT * grid**2).astype(np.float32)[:, None]
    spot = np.clip(seams.closing, 0.0, 1.0) * (ENERGIES - 1)
    below = np.minimum(spot.astype(np.int64), ENERGIES - 2)
    width = len(high)
    base = below * width + at
    weight = (spot - below).astype(np.float32)
    rise = (SEAM_WEIGHT * seams.closing**2).astype(np.float32)

    order = np.argsort(classes[arcs.piece], kind="stable")
    order = order[np.argsort(arcs.start[order].astype(np.uint16), kind="stable")]
    piece, end, cost = arcs.piece[order], arcs.end[order], price[order]
    sorts, share, lift = classes[piece], weight[piece], rise[piece] + cost
    cells = len(ending)
    spots = end * (ENERGIES * width) + base[piece]
    borders = np.searchsorted(arcs.start[order], np.arange(cells + 1))
    table = np.empty((cells, ENERGIES * width), dtype=np.float32)
    flat = table.reshape(-1)
    result = np.empty_like(cost)
    final = np.minimum(ending, NEVER).astype(np.float32)
    for cell_ in range(cells - 1, -1, -1):
        here = slice(borders[cell_], borders[cell_ + 1])
        value = np.full((ENERGIES, width), final[cell_])
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
        table[cell_] = (value - parabola).ravel()
    back = np.empty_like(result)
    back[order] = result
    return back


def _classes(values: Floats, count: int) -> tuple[Floats, Ints]:
    """Return the least value of each class of like size, and the class of each value."""
    ordered = np.sort(values)
    low = np.unique(ordered[(np.arange(count) * len(values)) // count])
    return low, np.searchsorted(low, values, side="right") - 1
