"""The arcs that are left, woven together: exact costs, and prices that make repeats unattractive.

This room computes on few arcs what the sieve could only estimate on all: least costs with every
term of a seam, and without neighbours that the rules forbid. Repeats, copies and too many tracks of
one artist are discouraged by prices (Lagrange multipliers, Held & Karp 1971): for any prices that
are not negative, the least cost including prices, less what a lawful session would pay at most,
is a bound that no lawful session goes below. It refuses to build lawful sessions itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from playlist_builder.arranger.solver.cost import STEP_MS, Pieces, Plan, seam
from playlist_builder.arranger.solver.prune import Arcs, Rest, Sieve
from playlist_builder.models import Bools, Floats, Ints

STEP = 1.2  # of the way to the expected optimum, along the subgradient (Polyak 1969)
PATIENCE = 4  # rounds without a better bound, after which steps are halved
EXPECTED = 1.05  # times the bound: where the optimum is looked for while no session is known
LEAST_STRIDE = 1e-4
CHECKPOINTS = 8
DRIFT = 0.5  # cells: the most by which true time and cells differ, see `solver.solve.cost.cell`


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Groups of pieces: row i of `member` lists the groups of piece i, padded with the last.

    At most `most[g]` pieces of group g may be used. `kin` lists the artists of each piece,
    padded with -1; `gap` other pieces must stand between two that share one.
    """

    member: Ints
    most: Ints
    kin: Ints
    gap: int


@dataclass(frozen=True, slots=True, eq=False)
class ArcGraph:
    """Arcs with exact prices; at each cell those that arrive, those that leave, and the seams.

    `seams[c]` has shape (len(arrive[c]), len(leave[c])), infinite where the rules forbid it.
    """

    arcs: Arcs
    price: Floats
    arrive: Sequence[Ints]
    leave: Sequence[Ints]
    seams: Sequence[Floats]
    ending: Floats
    drift: Floats
    rest: Rest


@dataclass(frozen=True, slots=True, eq=False)
class CostToGo:
    """The least cost after each arc, prices included; `bound` holds for sessions of the web."""

    after: Floats
    tax: Floats
    bound: float
    prices: "Prices"


def weave(sieve: Sieve, price: Floats, material: Pieces, scheme: Plan, groups: Groups) -> ArcGraph:
    """Return the sieve's arcs as a web; pieces are numbered as in `material` and `groups`."""
    arcs = sieve.arcs
    cells = np.arange(scheme.horizon + 1)
    arrive, leave = _by(arcs.end, len(cells)), _by(arcs.start, len(cells))
    seams = []
    for incoming, outgoing in zip(arrive, leave, strict=True):
        before, row = np.unique(arcs.piece[incoming], return_inverse=True)
        behind, column = np.unique(arcs.piece[outgoing], return_inverse=True)
        left, right = before[:, None], behind[None, :]
        cost = seam(material, left, right, scheme.loudness_step_lu)
        cost[left == right] = np.inf
        if groups.gap > 0 and cost.size:
            cost[related(groups.kin[left], groups.kin[right])] = np.inf
        seams.append(cost[row[:, None], column])
    drift = material.length_ms[arcs.piece] / STEP_MS - (arcs.end - arcs.start)
    return ArcGraph(arcs, price, arrive, leave, seams, scheme.ending(cells), drift, sieve.rest)


def narrow(web: ArcGraph, kept: Bools, cells: Ints) -> ArcGraph:
    """Return the web with the arcs that are kept; `cells` are the whole steps of each piece."""
    price = web.price + web.rest.toll * web.drift
    web.rest.add(web.arcs.take(~kept), price[~kept], cells[web.arcs.piece[~kept]])
    number = np.cumsum(kept) - 1
    return ArcGraph(
        web.arcs.take(kept),
        web.price[kept],
        [number[arcs[kept[arcs]]] for arcs in web.arrive],
        [number[arcs[kept[arcs]]] for arcs in web.leave],
        [
            seams[np.ix_(kept[incoming], kept[outgoing])]
            for seams, incoming, outgoing in zip(web.seams, web.arrive, web.leave, strict=True)
        ],
        web.ending,
        web.drift[kept],
        web.rest,
    )


def _by(cells: Ints, count: int) -> list[Ints]:
    """Return for each cell the places in `cells` that hold it."""
    order = np.argsort(cells, kind="stable")
    borders = np.searchsorted(cells[order], np.arange(count + 1)).tolist()
    return [order[first:last] for first, last in pairwise(borders)]


def related(left: Ints, right: Ints) -> Bools:
    """Return whether pieces share an artist; the last axis lists artists, padded with -1."""
    shared = np.zeros(np.broadcast_shapes(left.shape[:-1], right.shape[:-1]), dtype=bool)
    for column in range(left.shape[-1]):
        for other in range(right.shape[-1]):
            one = left[..., column]
            shared |= (one == right[..., other]) & (one >= 0)
    return shared


def backward(web: ArcGraph, tax: Floats) -> Floats:
    """Return the least cost after each arc, with `tax` added to the price of each."""
    after = np.full(len(web.price), np.inf)
    cost = web.price + tax
    for number in range(len(web.arrive) - 1, 0, -1):
        incoming, outgoing = web.arrive[number], web.leave[number]
        if len(incoming):
            onward = cost[outgoing] + after[outgoing]
            after[incoming] = (web.seams[number] + onward).min(axis=1, initial=web.ending[number])
    return after


def forward(web: ArcGraph, tax: Floats) -> Floats:
    """Return the least cost up to the end of each arc, with `tax` added to the price of each."""
    until = web.price + tax
    for number in range(1, len(web.arrive)):
        incoming, outgoing = web.arrive[number], web.leave[number]
        if len(outgoing):
            before = web.seams[number] + until[incoming, None]
            until[outgoing] += before.min(axis=0, initial=np.inf)
    return until


def loosely(web: ArcGraph, tax: Floats, rest: Floats) -> float:
    """Return the least cost of a way that may also use arcs outside the web.

    `rest` has the shape of `solver.solve.graph.rest.price`. Before and after such an arc no seam is paid.
    """
    last = len(web.arrive) - 1
    after = np.full(len(web.price), np.inf)
    free = np.full(last + 2 + int(web.rest.steps.max()), np.inf)
    cost = web.price + tax
    for number in range(last, -1, -1):
        incoming, outgoing = web.arrive[number], web.leave[number]
        onward = cost[outgoing] + after[outgoing]
        least = (rest[:, number] + free[number + web.rest.steps]).min()
        if number:
            least = min(least, web.ending[number])
        free[number] = onward.min(initial=least)
        if len(incoming):
            after[incoming] = (web.seams[number] + onward).min(axis=1, initial=least)
    return float(free[0])


def trace(web: ArcGraph, tax: Floats, after: Floats) -> Ints:
    """Return the arcs of the cheapest way through the web; it may repeat pieces."""
    cost = web.price + tax
    way: list[int] = []
    number, outgoing = 0, web.leave[0]
    onward = cost[outgoing] + after[outgoing]
    while onward.min(initial=np.inf) < (web.ending[number] if way else np.inf):
        way.append(int(outgoing[onward.argmin()]))
        number = int(web.arcs.end[way[-1]])
        outgoing = web.leave[number]
        row = np.searchsorted(web.arrive[number], way[-1])
        onward = cost[outgoing] + after[outgoing] + web.seams[number][row]
    return np.array(way, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """What is paid on top: per use of a piece, per member of a group, per cell of drift.

    `drift[c]` is paid for what has drifted when checkpoint c is passed. Pieces that are `overrides`
    must be used, so their price may fall below nothing.
    """

    single: Floats
    shared: Floats
    drift: Floats
    wanted: Bools


def taxes(web: ArcGraph, groups: Groups, prices: Prices) -> tuple[Floats, float]:
    """Return what each arc pays at these prices, and what a lawful session pays at most."""
    levy = prices.single + prices.shared[groups.member].sum(axis=1)
    toll = checkpoints(len(web.arrive) - 1) @ prices.drift
    most = (
        prices.single.sum()
        + (prices.shared[:-1] * groups.most[:-1]).sum()
        + np.abs(prices.drift).sum() * DRIFT
    )
    return levy[web.arcs.piece] + web.drift * toll[web.arcs.end], float(most)


def proof(web: ArcGraph, groups: Groups, prices: Prices) -> float:
    """Return what no session goes below, whatever arcs it uses.

    Arcs outside the web are taken to be of pieces without a price, and to drift as suits them.
    """
    tax, most = taxes(web, groups, prices)
    toll = checkpoints(len(web.arrive) - 1) @ prices.drift
    ends = np.arange(len(web.arrive)) + web.rest.steps[:, None]
    more = toll[np.minimum(ends, len(toll) - 1)] - web.rest.toll
    half = len(web.rest.steps) // 2  # from here on they drift by -1..0, before by 0..1
    gain = np.concatenate([np.maximum(-more[:half], 0.0), np.maximum(more[half:], 0.0)])
    return loosely(web, tax, web.rest.price[:, : len(web.arrive)] - gain) - most


def bargain(
    web: ArcGraph, groups: Groups, prices: Prices, rounds: int, goal: float | None
) -> CostToGo | None:
    """Return the best bound that `rounds` of raising and lowering prices lead to.

    `goal` is the cost of the best session known. Returns None if no way leads through.
    """
    count, wanted = len(prices.single), prices.wanted
    marks = checkpoints(len(web.arrive) - 1)
    best: CostToGo | None = None
    step, stale = STEP, 0
    for _ in range(rounds + 1):
        tax, most = taxes(web, groups, prices)
        after = backward(web, tax)
        start = web.leave[0]
        bound = float((web.price + tax + after)[start].min(initial=np.inf)) - most
        if not np.isfinite(bound):
            break
        if best is None or bound > best.bound:
            best, stale = CostToGo(after, tax, bound, prices), 0
        else:
            stale += 1
            if stale >= PATIENCE:
                step, stale = step / 2.0, 0
        way = trace(web, tax, after)
        pieces = web.arcs.piece[way]
        slope = np.bincount(pieces, minlength=count) - 1.0
        slope[(prices.single <= 0.0) & (slope < 0.0) & ~wanted] = 0.0
        held = np.bincount(groups.member[pieces].ravel(), minlength=len(groups.most)) - groups.most
        held[-1] = 0.0
        held[(prices.shared <= 0.0) & (held < 0.0)] = 0.0
        drift = web.drift[way] @ marks[web.arcs.end[way]]
        over = np.where(
            prices.drift == 0.0,
            np.sign(drift) * np.maximum(np.abs(drift) - DRIFT, 0.0),
            drift - np.sign(prices.drift) * DRIFT,
        )
        steepness = float((slope**2).sum() + (held**2).sum() + (over**2).sum())
        if steepness == 0.0:
            break
        aim = goal if goal is not None else best.bound * EXPECTED
        stride = step * max(aim - bound, LEAST_STRIDE) / steepness
        single = prices.single + stride * slope
        prices = Prices(
            np.where(wanted, single, np.maximum(single, 0.0)),
            np.maximum(prices.shared + stride * held, 0.0),
            prices.drift + stride * over,
            wanted,
        )
    return best


def checkpoints(last: int) -> Floats:
    """Return which cells, 0 to `last`, lie before which checkpoint, as 0 and 1."""
    borders = np.linspace(0, last, CHECKPOINTS + 1)[1:]
    marks: Floats = (np.arange(last + 1)[:, None] <= borders).astype(np.float64)
    return marks


def opening_prices(groups: Groups, toll: float, wanted: Bools) -> Prices:
    """Return the prices to begin with: nothing but a toll on drift at the end."""
    drift = np.zeros(CHECKPOINTS)
    drift[-1] = toll
    return Prices(np.zeros(len(wanted)), np.zeros(len(groups.most)), drift, wanted)
