"""Whether the music that may play at a time is enough for it: a count, and so a cheap proof.

A session plays without a break, and each item once. So whatever phases are looked at together, what
each item can play in them at most must add up to as much as they last. Rules among neighbours are
left out of it.
"""

from itertools import combinations

import numpy as np

from playlist_builder.arranger.solver.cost import STEP_MS
from playlist_builder.arranger.solver.graph import Groups
from playlist_builder.arranger.solver.search import SearchSpace
from playlist_builder.models import Bools, Ints

HALF_STEP_MS = STEP_MS // 2  # by which a start is rounded at most
SCARCE = 6  # phases with the least music for their length, whose sets are all counted


def is_short(space: SearchSpace) -> bool:
    """Return whether it is proven that no session exists, as the music cannot fill some phases.

    The space must hold all items of the instance.
    """
    items = space.items
    item, longer, starts = np.nonzero(np.isfinite(space.price).transpose(2, 0, 1))
    if not len(item):
        return True
    begins_ms, ends_ms = _phases_ms(space)
    length_ms, early_ms = items.length_ms[item, None], starts[:, None] * STEP_MS - HALF_STEP_MS
    late_ms = early_ms + STEP_MS + length_ms
    inside = np.minimum(np.minimum(late_ms, ends_ms) - np.maximum(early_ms, begins_ms), length_ms)
    # What plays in none of the steps of a phase plays in its time for half a step at its borders.
    last_ms = (starts + items.steps[item] + longer)[:, None] * STEP_MS
    inside[(early_ms + HALF_STEP_MS >= ends_ms) | (last_ms <= begins_ms)] = 0
    # Most starts of an item leave as much of it in every phase as the start before.
    new = np.append(True, item[1:] != item[:-1]) | np.append(
        True, (inside[1:] != inside[:-1]).any(axis=1)
    )
    inside, length_ms = inside[new], length_ms[new, 0]
    own, first = np.unique(item[new], return_index=True)
    needed_ms = ends_ms - begins_ms - HALF_STEP_MS * (1 + (begins_ms > 0))

    def has_too_little(phases: Ints) -> bool:
        within = np.minimum(inside[:, phases].sum(axis=1), length_ms)
        most_ms = np.maximum.reduceat(within, first)
        return _played(own, most_ms, space.groups) < int(needed_ms[phases].sum())

    each = np.maximum.reduceat(inside, first, axis=0).sum(axis=0) / np.maximum(needed_ms, 1)
    scarce = np.argsort(each, kind="stable")[:SCARCE]
    sets = (some for count in range(1, len(scarce) + 1) for some in combinations(scarce, count))
    return has_too_little(np.arange(len(needed_ms))) or any(
        has_too_little(np.array(some)) for some in sets
    )


def _phases_ms(space: SearchSpace) -> tuple[Ints, Ints]:
    """Return where phases begin and end, up to the time at which a session ends at the earliest."""
    grid = space.grid
    last_ms = max(grid.asked_ms - grid.tolerance_ms, 1)
    borders_ms = (np.flatnonzero(np.diff(grid.phase[: grid.horizon + 1])) + 1) * STEP_MS
    borders_ms = borders_ms[borders_ms < last_ms]
    return np.append(0, borders_ms), np.append(borders_ms, last_ms)


def _played(item: Ints, most_ms: Ints, groups: Groups) -> int:
    """Return how much is played at most if of each group only so many items may be used.

    An item counts in that one of its groups of which the fewest may be used.
    """
    fewest = np.argmin(groups.most[groups.member[item]], axis=1)
    group = groups.member[item, fewest]
    order = np.lexsort((-most_ms, group))
    group = group[order]
    rank = np.arange(len(order)) - np.searchsorted(group, group)
    allowed: Bools = rank < groups.most[group]
    return int(most_ms[order][allowed].sum())
