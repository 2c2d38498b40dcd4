"""Medians of windows that slide along an array, by merging sorted lists. Pure.

Neighbouring windows share most of their values, so their sorting is shared as well: runs of one
value are merged into runs of two, of four and so on, and every comparison is one call of numpy
on whole arrays. It refuses to know what the values are.
"""

from collections.abc import Iterable
from functools import reduce

import numpy as np
from numpy.typing import NDArray

_Sorted = list[NDArray[np.float32]]
"""Arrays of one shape, from the smallest to the largest value at every place."""


def running_median(values: NDArray[np.float32], width: int, step: int = 1) -> NDArray[np.float32]:
    """Return the median of each `width` rows in succession, an odd number from 3 on.

    Windows start `step` rows apart: (n, ...) becomes (ceil((n - width + 1) / step), ...).
    """
    count = (len(values) - width) // step + 1
    runs, size, apart = [values], 1, 1
    rest: _Sorted = []

    def starting(row: int) -> _Sorted:
        """Return the runs that begin so many rows into each window."""
        return [run[row // apart :: step // apart][:count] for run in runs]

    def take_rest() -> None:
        nonlocal rest
        if width & size:
            more = starting(width & -2 * size)
            rest = _merge(rest, more, range(1, len(rest) + size + 1))

    # A window is its largest power of two, in two halves, and the rest: 11 = (4 + 4) + 2 + 1.
    while 4 * size <= width:
        take_rest()
        every = 1 if step % (2 * apart) else 2  # other windows have no use for those between
        left = [run[: -(size // apart) : every] for run in runs]
        right = [run[size // apart :: every] for run in runs]
        runs = _merge(left, right, range(1, 2 * size + 1))
        size, apart = 2 * size, every * apart
    take_rest()
    middle = width // 2 + 1
    halves = _merge(starting(0), starting(size), range(middle - len(rest), middle + 1))
    return _merge(halves, rest, (len(rest) + 1,))[0]


def _merge(left: _Sorted, right: _Sorted, ranks: Iterable[int]) -> _Sorted:
    """Return the values of these ranks, from 1 on, among two sorted lists together.

    Rank k is the least that the larger end can be of i values of one and k - i of the other.
    """
    return [
        reduce(
            np.minimum,
            (
                np.maximum(left[i - 1], right[rank - i - 1])
                if 0 < i < rank
                else left[rank - 1]
                if i
                else right[rank - 1]
                for i in range(max(0, rank - len(right)), min(rank, len(left)) + 1)
            ),
        )
        for rank in ranks
    ]
