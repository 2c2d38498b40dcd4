"""The best session of pieces under a plan, and the proof of how good it can be at most.

This room puts the parts in order: the sieve leaves few arcs, the web finds prices and a bound, the
search finds sessions. It refuses to read tracks or to bend a rule; where it finds no session,
it says so with None. The work is counted, not timed, so equal tasks have equal results.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from playlist_builder.arranger.solver.cost import Demand, Pieces, Plan, cell, seam
from playlist_builder.arranger.solver.graph import (
    DRIFT,
    ArcGraph,
    CostToGo,
    Groups,
    backward,
    bargain,
    forward,
    narrow,
    opening_prices,
    proof,
    weave,
)
from playlist_builder.arranger.solver.permutations import orders
from playlist_builder.arranger.solver.placements import blocks
from playlist_builder.arranger.solver.prune import Sieve, favoured, sift
from playlist_builder.arranger.solver.search import Arena, appraise, beam, lawful, polish
from playlist_builder.models import Bools, Floats, Ints

ARCS_PER_CELL, MOST_ARCS = 80, 90_000  # that the sieve leaves for exact seams
KEPT_PER_CELL, MOST_KEPT = 32, 70_000  # that bargaining and search look at
ALL_ARCS = 400_000  # up to which a session of much of the music is looked for among all arcs
MUCH = 0.25  # share of the music: more than this leaves too few tracks for the last places
FEW_PIECES = 600  # whose seams are all computed beforehand
RUNNERS_UP = 60  # pieces looked at for each place
POLISHED_SLOTS = 60  # so many sessions of the beam are polished as have this many slots
BARGAINED_ARCS = 600_000  # summed over the rounds before the search, and ...
LAST_ARCS = 300_000  # ... after it, when a session is known, ...
FEWEST_ROUNDS, MOST_ROUNDS = 4, 60  # ... within these; a session of all tracks gets the most
BEAM, WIDE_BEAM = 32, 1000
PATIENT = 4  # times as wide a beam where the first finds no session
WIDE_WORK = 12_000  # leaves times pieces that a beam may look at per cell
WHIM = 0.5  # of what a track costs on average: the most that a seed adds to one
FAIR = 1e-9  # rounding of sums in double precision


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """All that the solver is asked; `groups` gives the rules among the pieces it looks at.

    Where no proof is wanted, the bound of the solution is 0.
    """

    material: Pieces
    scheme: Plan
    groups: Callable[[Ints], Groups]
    demands: tuple[Demand, ...] = ()
    use_all: bool = False
    whim: Callable[[Ints], Floats] | None = None
    is_proven: bool = True


@dataclass(frozen=True, slots=True)
class Solution:
    """Pieces in order, what they cost, and what no session of the task can go below."""

    sequence: tuple[int, ...]
    cost: float
    bound: float


def solve(task: Task) -> Solution | None:
    """Return the best session found with its bound, or None where none was found."""
    horizon, count = task.scheme.horizon, len(task.material.cells)
    pinned = np.array(sorted({demand.piece for demand in task.demands}), dtype=np.int64)
    much = task.use_all or task.scheme.asked_ms > MUCH * float(task.material.length_ms.sum())
    every = much and 2 * count * horizon <= ALL_ARCS
    kept = np.arange(count) if every else pinned
    arcs = min(ARCS_PER_CELL * horizon, MOST_ARCS)
    sieve = sift(task.material, task.scheme, task.demands, kept, arcs)
    if sieve is None:
        return None
    chosen = np.arange(count) if task.use_all else np.union1d(sieve.arcs.piece, kept)
    arena = arena_of(task, chosen)
    whole = np.isin(chosen, kept)
    limit, web = _thinned(_web(arena, sieve, chosen), whole, arena, sieve.limit)
    wanted = whole if task.use_all else np.isin(chosen, pinned)
    start = opening_prices(arena.groups, sieve.rest.toll, wanted)
    spent = np.inf if task.use_all else BARGAINED_ARCS
    outlook = bargain(web, arena.groups, start, _rounds(web, spent), None)
    if outlook is None:
        return None
    share = max(outlook.bound, 0.0) * float(np.mean(arena.material.cells)) / task.scheme.asked
    arena = replace(arena, whim=arena.whim * (WHIM * share))
    sequences = _sequences(arena, web, outlook)
    if not sequences:
        return None
    finals = [
        polish(arena, web, sequence)
        for sequence in sequences[: POLISHED_SLOTS // len(sequences[0]) + 1]
    ]
    best, cost = min(finals, key=lambda final: (final[1], tuple(final[0].tolist())))
    cost -= float(arena.whim[best].sum())
    if not task.is_proven:
        return Solution(tuple(chosen[best].tolist()), cost, 0.0)
    again = bargain(web, arena.groups, outlook.prices, _rounds(web, LAST_ARCS), cost)
    if again is not None and again.bound > outlook.bound:
        outlook = again
    bound = max(min(outlook.bound, limit), proof(web, arena.groups, outlook.prices)) - FAIR
    return Solution(tuple(chosen[best].tolist()), cost, max(min(bound, cost), 0.0))


def _rounds(web: ArcGraph, arcs: float) -> int:
    return int(np.clip(arcs / len(web.price), FEWEST_ROUNDS, MOST_ROUNDS))


def _sequences(arena: Arena, web: ArcGraph, outlook: CostToGo) -> list[Ints]:
    """Return lawful sessions to polish, the most promising first."""
    if arena.use_all:
        return orders(arena, web, outlook)
    width = int(np.clip(WIDE_WORK // len(arena.material.cells), BEAM, WIDE_BEAM))
    return beam(arena, web, outlook, width) or beam(arena, web, outlook, width * PATIENT)


def _thinned(web: ArcGraph, whole: Bools, arena: Arena, limit: float) -> tuple[float, ArcGraph]:
    """Return the web without all but the best arcs, and what a session with any other costs.

    Those pieces stay whole, with all of their arcs.
    """
    most = min(KEPT_PER_CELL * arena.scheme.horizon, MOST_KEPT)
    if len(web.price) <= most or whole.all():
        return limit, web
    tax = web.rest.toll * web.drift
    total = forward(web, tax) + backward(web, tax)
    cut = float(np.partition(total, most)[most])
    kept = favoured(web.arcs, total, cut) | whole[web.arcs.piece]
    limit = min(limit, cut - web.rest.toll * DRIFT)
    return limit, narrow(web, kept, arena.material.cells)


def _web(arena: Arena, sieve: Sieve, chosen: Ints) -> ArcGraph:
    """Return the sieve's arcs with exact prices, their pieces numbered as in the arena."""
    arcs = replace(sieve.arcs, piece=np.searchsorted(chosen, sieve.arcs.piece))
    longer = arcs.end - arcs.start - arena.material.cells[arcs.piece]
    price = arena.price[longer, arcs.start, arcs.piece]
    return weave(replace(sieve, arcs=arcs), price, arena.material, arena.scheme, arena.groups)


def arena_of(task: Task, chosen: Ints) -> Arena:
    """Return the chosen pieces of a task with exact prices and the rules among them."""
    scheme, material = task.scheme, task.material.take(chosen)
    price = np.full((2, scheme.horizon + 1, len(chosen)), np.inf)
    for block in blocks(material, scheme, kind=np.float64):
        starts, count = block.plain.shape
        price[0, :starts, block.first : block.first + count] = block.plain
        price[1, :starts, block.first : block.first + count] = block.longer
    demands = tuple(
        replace(demand, piece=int(np.searchsorted(chosen, demand.piece))) for demand in task.demands
    )
    whim = np.zeros(len(chosen)) if task.whim is None else task.whim(chosen)
    seams = None
    if len(chosen) <= FEW_PIECES:
        every = np.arange(len(chosen))
        seams = seam(material, every[:, None], every, scheme.loudness_step_lu)
    return Arena(material, scheme, task.groups(chosen), demands, task.use_all, price, whim, seams)


def allows(task: Task, sequence: Ints) -> bool:
    """Return whether a sequence of pieces is a session that the task allows."""
    chosen, own = np.unique(sequence, return_inverse=True)
    arena = arena_of(task, chosen)
    return bool(lawful(arena, own[None])[0] and np.isfinite(appraise(arena, own[None])[0]))


def runners_up(task: Task, sequence: Ints) -> list[tuple[int, float] | None]:
    """Return for each place the piece that would replace it best, and what the session costs then.

    None stands where no other piece may. Looked at are the pieces of like length that fit the place
    best, as only they leave the rest of the session where it is.
    """
    material = task.material
    starts = np.concatenate([[0], np.cumsum(material.length_ms[sequence])[:-1]])
    likely = [
        _fitting(task, int(piece), cell(int(start)))
        for piece, start in zip(sequence, starts, strict=True)
    ]
    chosen = np.unique(np.concatenate([sequence, *likely]))
    arena = replace(arena_of(task, chosen), whim=np.zeros(len(chosen)))
    own = np.searchsorted(chosen, sequence)
    result: list[tuple[int, float] | None] = []
    for place, others in enumerate(likely):
        tried = np.tile(own, (len(others), 1))
        tried[:, place] = np.searchsorted(chosen, others)
        costs = np.where(lawful(arena, tried), appraise(arena, tried), np.inf)
        best = int(costs.argmin()) if len(others) else -1
        found = best >= 0 and np.isfinite(costs[best])
        result.append((int(others[best]), float(costs[best])) if found else None)
    return result


def _fitting(task: Task, piece: int, start: int) -> Ints:
    """Return the pieces of like length that fit best where a piece stands, without itself."""
    material, scheme = task.material, task.scheme
    apart = np.abs(material.length_ms - material.length_ms[piece])
    like = np.flatnonzero(apart <= 2 * scheme.tolerance_ms)
    like = like[like != piece]
    cells = int(material.cells[piece])
    contour = material.values[material.steps(like, cells)]
    distance = ((contour - scheme.target[start : start + cells]) ** 2).mean(axis=1)
    order = np.argsort(distance + material.levy[like], kind="stable")
    nearest: Ints = like[order[:RUNNERS_UP]]
    return nearest
