"""Sessions of all the given tracks: only their order is open.

A search forward in time serves badly here, as it uses the tracks that fit first and is left with
those that do not. So random feasible orders are improved by small changes, then the best one is
perturbed and improved again (iterated local search, Lourenco, Martin & Stutzle 2003).
"""

import numpy as np

from playlist_builder.arranger.solver.graph import ArcGraph, share_artist
from playlist_builder.arranger.solver.lagrangian import CostToGo
from playlist_builder.arranger.solver.repair import WARM, annealed
from playlist_builder.arranger.solver.search import SearchSpace, beam, best_near, local_search
from playlist_builder.models import Ints

STARTS = 20_000  # over the square of the number of tracks: how many random orders are improved, ...
PERTURBATIONS = 100_000  # ... and how often the best is perturbed
MOST_STARTS, MOST_PERTURBATIONS = 12, 60
BEAM = 32
REPAIRS_PER_SLOT = 100  # rounds of annealing at the end
CUTS = 3  # where an order is cut to be perturbed
TRIES = 20  # random orders drawn for each that is improved, as not all are feasible


def best_order(space: SearchSpace, graph: ArcGraph, cost_to_go: CostToGo) -> list[Ints]:
    """Return the best order found as a list of one, or none where no feasible order was found."""
    count, groups = len(space.items.steps), space.groups
    held = np.bincount(groups.member.ravel(), minlength=len(groups.most))
    if (held[:-1] > groups.most[:-1]).any():
        return []
    rng = np.random.default_rng(0)
    found = beam(space, graph, cost_to_go, BEAM)  # it alone heeds the minutes of pins
    starts = list(found.sequences[:1])
    wanted = min(STARTS // count**2 + 1, MOST_STARTS)
    for _ in range(TRIES * wanted):
        order = _random(space, rng)
        if order is not None and space.allows(order):
            starts.append(order)
        if len(starts) > wanted:
            break
    if not starts:
        return []
    best, cost = best_near(space, graph, starts)
    for _ in range(min(PERTURBATIONS // count**2 + 1, MOST_PERTURBATIONS)):
        perturbed = _perturbed(best, rng)
        if space.allows(perturbed):
            other, other_cost = local_search(space, graph, perturbed)
            if other_cost < cost:
                best, cost = other, other_cost
    again, cost = annealed(space, best, REPAIRS_PER_SLOT * count, WARM)
    return [again if np.isfinite(cost) else best]


def _random(space: SearchSpace, rng: np.random.Generator) -> Ints | None:
    """Return a random order that keeps the artist gap and the places of pins, if it finds one."""
    groups, count = space.groups, len(space.items.steps)
    pinned = {
        fixed.place - 1 if fixed.place > 0 else count + fixed.place: fixed.item
        for fixed in space.fixed
        if fixed.place
    }
    left = np.setdiff1d(np.arange(count), list(pinned.values()))
    order: list[int] = []
    for place in range(count):
        if place in pinned:
            order.append(pinned[place])
            continue
        near = np.array(order[max(place - groups.gap, 0) :], dtype=np.int64)
        related = share_artist(groups.artists[left][:, None], groups.artists[near][None, :])
        barred = related.any(axis=1)
        if barred.all():
            return None
        item = int(rng.choice(left[~barred]))
        order.append(item)
        left = left[left != item]
    return np.array(order)


def _perturbed(order: Ints, rng: np.random.Generator) -> Ints:
    """Return an order with two neighbouring stretches exchanged: no small change undoes that."""
    if len(order) <= CUTS:
        return rng.permutation(order)
    first, second, third = np.sort(rng.choice(np.arange(1, len(order)), CUTS, replace=False))
    return np.concatenate([order[:first], order[second:third], order[first:second], order[third:]])
