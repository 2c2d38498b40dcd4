"""What each track is worth to a menu, and a bound on the sum of its blocks, which share no track.

Lagrangian relaxation of "no track twice": each use of a track has a price, which rises where blocks
ask for it more than once (subgradients with the steps of Polyak). It looks at the plan and at the
limits of phases alone: joins, loudness, artists and what else a session costs are free.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from playlist_builder.arranger.blocks import Kitchen
from playlist_builder.arranger.problem import Relaxation, instance_of
from playlist_builder.arranger.solver.cost import step_at
from playlist_builder.arranger.solver.solve import search_space
from playlist_builder.models import Floats, Ints

ROUNDS = 200
AIM, HALT = 1.1, 8  # times the best bound that steps aim at; rounds without a better one
SHORTER = 0.6  # times the length of steps after that


@dataclass(frozen=True, slots=True, eq=False)
class Placements:
    """All placements of tracks in a part, in the order of their ends.

    The music of the part ends in one of the steps from `earliest` to `latest`. `track`, `start`,
    `end` and `price` have one value each; those that end in step e lie between `borders[e]` and
    `borders[e + 1]`.
    """

    earliest: int
    latest: int
    track: Ints
    start: Ints
    end: Ints
    price: Floats
    borders: Ints

    @staticmethod
    def of(price: Floats, steps: Ints, ends: tuple[int, int], names: Ints) -> "Placements":
        """Return the placements with finite prices; `price[longer, start, item]`.

        `steps` are the whole ones of each item, and `names` the numbers of their tracks; `ends` are
        the first and the last step in which the music may end.
        """
        longer, start, item = np.nonzero(np.isfinite(price))
        end = start + steps[item] + longer
        inside = np.flatnonzero((end <= ends[1]) & (end > start))
        inside = inside[np.argsort(end[inside], kind="stable")]
        longer, start, item, end = longer[inside], start[inside], item[inside], end[inside]
        borders = np.searchsorted(end, np.arange(ends[1] + 2))
        return Placements(*ends, names[item], start, end, price[longer, start, item], borders)

    def cheapest(self, worth: Floats) -> tuple[float, list[int]]:
        """Return the least that a block costs with the worth of its tracks, and its tracks."""
        price = self.price + worth[self.track]
        least = np.full(self.latest + 1, np.inf)
        least[0] = 0.0
        last = np.full(self.latest + 1, -1)
        for end, (first, behind) in enumerate(pairwise(self.borders.tolist())):
            if first < behind:
                costs = least[self.start[first:behind]] + price[first:behind]
                own = int(costs.argmin())
                least[end], last[end] = costs[own], first + own
        step, tracks = self.earliest + int(least[self.earliest :].argmin()), list[int]()
        while step and np.isfinite(least[step]):
            tracks.append(int(self.track[last[step]]))
            step = int(self.start[last[step]])
        return float(least[self.earliest :].min()), tracks


def placements(kitchen: Kitchen, number: int) -> Placements:
    """Return what tracks of the pool cost in a part, by its number from 0."""
    problem = kitchen.problem(number)
    own = {name: place for place, name in enumerate(kitchen.pool.identities)}
    of_pool = np.array([own.get(name, -1) for name in problem.tracks.identities])
    chosen = np.flatnonzero(of_pool >= 0)
    space = search_space(instance_of(problem, Relaxation()), chosen)
    first = int(kitchen.beside(number)[0] is not None)
    off = step_at(round(kitchen.objective.tolerance_s * 1000))
    length = step_at(round(kitchen.parts[number].duration_s * 1000))
    price = space.price[:, first : first + length]
    return Placements.of(
        price, space.items.steps, (max(length - off, 1), length + off), of_pool[chosen]
    )


def prices(
    parts: Sequence[Placements], count: int, tracks: int, rounds: int = ROUNDS
) -> tuple[Floats, float]:
    """Return what each of so many tracks is worth, (n,), and what `count` blocks of each part cost.

    These cost at least that, without repeats; it is -inf where a part cannot be filled.
    """
    worth = best = np.zeros(tracks)
    least, stride, idle = -np.inf, 1.0, 0
    for _ in range(rounds):
        value, excess = -float(worth.sum()), -np.ones(tracks)
        for part in parts:
            cost, used = part.cheapest(worth)
            value += count * cost
            np.add.at(excess, used, count)
        if not np.isfinite(value):
            break
        idle += 1
        if value > least:
            best, least, idle = worth, value, 0
        excess[(worth <= 0.0) & (excess < 0.0)] = 0.0
        size = float((excess**2).sum())
        if not size:
            break
        if idle == HALT:
            worth, stride, idle = best, stride * SHORTER, 0
            continue
        worth = np.maximum(worth + stride * (AIM * least - value) / size * excess, 0.0)
    return best, float(least)
