"""Running median along the first axis of an array, by merging sorted lists. Pure.

Neighbouring windows share most of their values, so their sorting is shared as well: runs of one
value are merged into runs of two, of four and so on, and every comparison is one numpy call on
whole arrays.
"""

from collections.abc import Iterable
from functools import reduce

import numpy as np

from playlist_builder.models import Floats32

_Sorted = list[Floats32]  # arrays of one shape, the smallest value at every place first


def running_median(values: Floats32, width: int, stride: int = 1) -> Floats32:
    """Return the median of windows of `width` rows (odd, at least 3), `stride` rows apart.

    Shape (n, ...) becomes (ceil((n - width + 1) / stride), ...).
    """
    count = (len(values) - width) // stride + 1
    runs, size, apart = [values], 1, 1
    remainder: _Sorted = []

    def starting(row: int) -> _Sorted:
        return [run[row // apart :: stride // apart][:count] for run in runs]

    def take_remainder() -> None:
        nonlocal remainder
        if width & size:
            more = starting(width & -2 * size)
            remainder = _merge(remainder, more, range(1, len(remainder) + size + 1))

    # A window is its largest power of two, in two halves, and the remainder: 11 = (4 + 4) + 2 + 1.
    while 4 * size <= width:
        take_remainder()
        every = 1 if stride % (2 * apart) else 2  # runs between are not used by any window
        left = [run[: -(size // apart) : every] for run in runs]
        right = [run[size // apart :: every] for run in runs]
        runs = _merge(left, right, range(1, 2 * size + 1))
        size, apart = 2 * size, every * apart
    take_remainder()
    middle = width // 2 + 1
    halves = _merge(starting(0), starting(size), range(middle - len(remainder), middle + 1))
    return _merge(halves, remainder, (len(remainder) + 1,))[0]


def mirrored(values: Floats32, side: int) -> Floats32:
    """Return values with `side` more rows at both ends, mirrored, as often as it takes."""
    if len(values) < side:
        return np.pad(values, ((side, side), (0, 0)), mode="symmetric")
    return np.concatenate((values[side - 1 :: -1], values, values[: -side - 1 : -1]))


def _merge(left: _Sorted, right: _Sorted, ranks: Iterable[int]) -> _Sorted:
    """Return the values of `ranks` (counted from 1) in the union of two sorted lists.

    The value of rank k is the minimum over i of max(left[i - 1], right[k - i - 1]).
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
