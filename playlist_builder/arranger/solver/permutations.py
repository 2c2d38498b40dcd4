"""Sessions of all the given tracks: only their order is open.

A search forward in time serves badly here, as it uses the tracks that fit first and is left with
those that do not. So this room starts from random lawful orders, improves each by small changes,
and then shakes the best and improves it again (iterated local search, Lourenco, Martin & Stutzle
2003). It refuses to leave a track out.
"""

import numpy as np

from playlist_builder.arranger.solver.graph import ArcGraph, CostToGo, related
from playlist_builder.arranger.solver.search import Arena, appraise, beam, lawful, polish
from playlist_builder.models import Ints

STARTS = 20_000  # over the square of the number of tracks: how many random orders are improved, ...
SHAKES = 100_000  # ... and how often the best is shaken
MOST_STARTS, MOST_SHAKES = 12, 60
BEAM = 32
CUTS = 3  # where an order is cut to be shaken
TRIES = 20  # random orders drawn for each that is improved, as not all are lawful


def orders(arena: Arena, web: ArcGraph, outlook: CostToGo) -> list[Ints]:
    """Return the best order found as a list of one, or none where no lawful order was found."""
    count, groups = len(arena.material.cells), arena.groups
    held = np.bincount(groups.member.ravel(), minlength=len(groups.most))
    if (held[:-1] > groups.most[:-1]).any():
        return []
    rng = np.random.default_rng(0)
    starts = beam(arena, web, outlook, BEAM)[:1]  # it alone heeds the minutes of pins
    wanted = min(STARTS // count**2 + 1, MOST_STARTS)
    for _ in range(TRIES * wanted):
        order = _random(arena, rng)
        if order is not None and _allowed(arena, order):
            starts.append(order)
        if len(starts) > wanted:
            break
    if not starts:
        return []
    finals = [polish(arena, web, start) for start in starts]
    best, cost = min(finals, key=lambda final: (final[1], tuple(final[0].tolist())))
    for _ in range(min(SHAKES // count**2 + 1, MOST_SHAKES)):
        shaken = _shaken(best, rng)
        if _allowed(arena, shaken):
            other, other_cost = polish(arena, web, shaken)
            if other_cost < cost:
                best, cost = other, other_cost
    return [best]


def _allowed(arena: Arena, order: Ints) -> bool:
    return bool(lawful(arena, order[None])[0] and np.isfinite(appraise(arena, order[None])[0]))


def _random(arena: Arena, rng: np.random.Generator) -> Ints | None:
    """Return a random order that keeps the artist gap and the places of pins, if it finds one."""
    groups, count = arena.groups, len(arena.material.cells)
    fixed = {
        demand.place - 1 if demand.place > 0 else count + demand.place: demand.piece
        for demand in arena.demands
        if demand.place
    }
    left = np.setdiff1d(np.arange(count), list(fixed.values()))
    order: list[int] = []
    for place in range(count):
        if place in fixed:
            order.append(fixed[place])
            continue
        near = np.array(order[max(place - groups.gap, 0) :], dtype=np.int64)
        barred = related(groups.kin[left][:, None], groups.kin[near][None, :]).any(axis=1)
        if barred.all():
            return None
        piece = int(rng.choice(left[~barred]))
        order.append(piece)
        left = left[left != piece]
    return np.array(order)


def _shaken(order: Ints, rng: np.random.Generator) -> Ints:
    """Return an order with two neighbouring stretches exchanged: no small change undoes that."""
    if len(order) <= CUTS:
        return rng.permutation(order)
    first, second, third = np.sort(rng.choice(np.arange(1, len(order)), CUTS, replace=False))
    return np.concatenate([order[:first], order[second:third], order[first:second], order[third:]])
