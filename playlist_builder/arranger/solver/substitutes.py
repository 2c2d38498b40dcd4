"""What else could stand at each place of a finished session, and what it would cost then."""

from dataclasses import replace

import numpy as np

from playlist_builder.arranger.solver.cost import step_at
from playlist_builder.arranger.solver.instance import Instance
from playlist_builder.arranger.solver.solve import search_space
from playlist_builder.models import Ints

RUNNERS_UP = 60  # items looked at for each place


def allows(instance: Instance, sequence: Ints) -> bool:
    """Return whether a sequence of items is a session that the instance allows."""
    chosen, own = np.unique(sequence, return_inverse=True)
    return search_space(instance, chosen).allows(own)


def runners_up(instance: Instance, sequence: Ints) -> list[tuple[int, float] | None]:
    """Return for each place the item that would replace it best, and the session's cost then.

    None stands where no other item may. Looked at are the items of like length that fit the place
    best, as only they leave the rest of the session where it is.
    """
    lengths_ms = instance.items.length_ms[sequence]
    starts = step_at(np.concatenate([[0], np.cumsum(lengths_ms)[:-1]]))
    places = zip(sequence.tolist(), starts.tolist(), strict=True)
    likely = [_fitting(instance, item, start) for item, start in places]
    chosen = np.unique(np.concatenate([sequence, *likely]))
    space = replace(search_space(instance, chosen), noise=np.zeros(len(chosen)))
    own = np.searchsorted(chosen, sequence)
    result: list[tuple[int, float] | None] = []
    for place, others in enumerate(likely):
        tried = np.tile(own, (len(others), 1))
        tried[:, place] = np.searchsorted(chosen, others)
        costs = space.costs(tried)
        best = int(costs.argmin()) if len(others) else -1
        found = best >= 0 and np.isfinite(costs[best])
        result.append((int(others[best]), float(costs[best])) if found else None)
    return result


def _fitting(instance: Instance, item: int, start: int) -> Ints:
    """Return the items of like length that fit best where an item stands, without itself."""
    items, grid = instance.items, instance.grid
    apart = np.abs(items.length_ms - items.length_ms[item])
    like = np.flatnonzero(apart <= 2 * grid.tolerance_ms)
    like = like[like != item]
    steps = int(items.steps[item])
    contour = items.values[items.contour_index(like, steps)]
    distance = ((contour - grid.target[start : start + steps]) ** 2).mean(axis=1)
    price = items.step_price[like][:, grid.phase[start : start + steps]].mean(axis=1)
    order = np.argsort(distance + price, kind="stable")
    return np.asarray(like[order[:RUNNERS_UP]])
