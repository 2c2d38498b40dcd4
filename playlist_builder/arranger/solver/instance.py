"""What the solver is asked, and what it answers."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from playlist_builder.arranger.solver.cost import FixedItem, Items, TimeGrid
from playlist_builder.arranger.solver.graph import Groups
from playlist_builder.models import Floats, Ints


def no_copies(_: Ints) -> Ints:
    """Return no places."""
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """All that the solver is asked; `groups` gives the rules among the items it looks at.

    `noise` gives 0..1 for each item, which breaks ties differently for every seed. Where
    `is_proven` is not set, the bound of the solution is 0. `spare` gives those of some items that
    are copies of others of them: the rules keep these apart too, but they need not be looked at.
    """

    items: Items
    grid: TimeGrid
    groups: Callable[[Ints], Groups]
    fixed: tuple[FixedItem, ...] = ()
    use_all: bool = False
    spare: Callable[[Ints], Ints] = no_copies
    noise: Callable[[Ints], Floats] | None = None
    is_proven: bool = True

    def of(self, chosen: Ints) -> "Instance":
        """Return the instance of some items, numbered from 0; every pinned one is among them."""
        groups, noise = self.groups, self.noise
        return replace(
            self,
            items=self.items.take(chosen),
            fixed=tuple(
                replace(each, item=int(np.searchsorted(chosen, each.item))) for each in self.fixed
            ),
            groups=lambda some: groups(chosen[some]),
            noise=noise and (lambda some: noise(chosen[some])),
            spare=no_copies,
        )


@dataclass(frozen=True, slots=True)
class Solution:
    """Items in order, what they cost, and what no session of the instance can go below."""

    sequence: tuple[int, ...]
    cost: float
    bound: float


@dataclass(frozen=True, slots=True)
class Failure:
    """No session was found; whether that proves that there is none.

    Of a long session that was searched for, `near` is one that breaks few rules.
    """

    is_proven: bool
    near: tuple[int, ...] = ()
