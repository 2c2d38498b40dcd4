"""Which tracks sound the same: one recording in several formats, whatever its tags say.

What is measured of a recording hardly depends on how it is stored. Two tracks are taken for one
where their lengths, all of `ALIKE`, and the shapes of their energy contours agree. Level does not
count: a copy may be louder, and the user may have corrected its energy. Where a contour does not
move, as of noise or a single held tone, little tells one recording from another, and nothing is
taken for a copy; nor is what is shorter than two steps, or in another key.

`tests/evaluation/same_sound.py` measures how far lossy copies of real music differ, and how far
different pieces do. MP3 at 128 kbit/s and Opus at 64 kbit/s use up at most half of each tolerance.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from playlist_builder.models import STEP_S, Bools, Floats, Ints
from playlist_builder.tracks.track_table import TrackTable

LENGTH_S = 1.5  # padding of encoders, and silence that was cut from an end
EDGE_LU, RANGE_LU = 1.5, 0.5  # loudness of start and end against the whole, and its range
CENTROID = 0.15  # of a logarithm: 15 %
ESTIMATES = "tension", "moving"
SURE = 0.2  # confidence from which on a key tells pieces apart, as of a third of real tracks
ALIKE = {  # most by which other measurements differ
    "startle_lu": 0.75,
    "onset_rate_hz": 0.3,
    "percussiveness": 0.04,
    "pulse_clarity": 0.08,
    "tension": 0.2,
    "moving": 0.2,
}
SHAPE = 0.07  # root of the mean square by which contours differ beside their level
POINTS = 24  # of a contour that are compared
STILL = 0.003  # standard deviation up to which a contour does not move
AXES, SAMPLE = 3, 2000  # of the grid in which tracks are sought, and tracks that decide on them
BLOCK = 2_000_000  # pairs that are compared at once
FEW_PAIRS = 20_000  # so few are all compared, which is sooner done than a grid
STRIDES = np.array([1 << 40, 1 << 20, 1])  # between the numbers of cells, which end far before
FAR = 1 << 18  # cells from the middle of the grid to its edges


@dataclass(frozen=True, slots=True, eq=False)
class Sounds:
    """What is compared of the n tracks that have a shape, from their `place` in the table.

    `values` has shape (n, k), in units of their tolerances; NaN is not known, and agrees with all.
    `shape` has shape (n, POINTS).
    """

    place: Ints
    values: Floats
    shape: Floats

    def take(self, places: Ints | Bools) -> "Sounds":
        """Return those at some places, in that order."""
        return Sounds(self.place[places], self.values[places], self.shape[places])


def pairs(table: TrackTable, others: TrackTable) -> Ints:
    """Return the places of tracks of two tables that sound the same, shape (n, 2).

    Where both are the same table, each pair of different places comes once.
    """
    left = sounds(table)
    return agreeing(left, left if others is table else sounds(others))


def agreeing(left: Sounds, right: Sounds) -> Ints:
    """Return the places of tracks that sound the same; see `pairs`."""
    if right is not left and len(left.place) * len(right.place) <= FEW_PAIRS:
        one, other = np.indices((len(left.place), len(right.place))).reshape(2, -1)
        return _agreeing(left, right, one, other)
    axes = _axes(left.values[:: len(left.values) // SAMPLE + 1])
    found = [np.zeros((0, 2), np.int64), *_alike(left, right, axes, is_one=right is left)]
    return np.concatenate(found)


def sounds(table: TrackTable) -> Sounds:
    """Return what is compared of those tracks of a table whose contour moves."""
    loudness, seconds = table.measured("loudness_lufs"), table.sounding_s
    lead_s, _, trail_s, _ = table.silences
    is_whole = table.seconds == seconds
    measured = {name: table.measured(name) for name in ALIKE if name not in ESTIMATES}
    measured["onset_rate_hz"] *= table.seconds / np.maximum(seconds, STEP_S)
    measured["startle_lu"] = _where(is_whole, measured["startle_lu"])
    measured |= {"tension": table.tension, "moving": table.moving}
    start = _where(lead_s == 0.0, table.measured("start_loudness_lufs") - loudness)
    end = _where(trail_s == 0.0, table.measured("end_loudness_lufs") - loudness)
    shape = _shapes(table)
    third = POINTS // 3
    is_sure = (table.measured("key") >= 0.0) & (table.measured("key_confidence") >= SURE)
    columns = [
        seconds / LENGTH_S,
        _where(is_sure, 2.0 * table.measured("key")),  # another key is more than one unit away
        start / EDGE_LU,
        end / EDGE_LU,
        _where(is_whole, table.measured("loudness_range_lu")) / RANGE_LU,
        np.log(np.maximum(table.measured("spectral_centroid_hz"), 1.0)) / CENTROID,
        # By so much do the means of two thirds move at most where all moves by SHAPE.
        (shape[:, -third:].mean(axis=1) - shape[:, :third].mean(axis=1)) / (SHAPE * 6.0**0.5),
        *(measured[name] / tolerance for name, tolerance in ALIKE.items()),
    ]
    every = Sounds(np.arange(len(table)), np.column_stack(columns), shape)
    return every.take(shape.std(axis=1) > STILL)


def _shapes(table: TrackTable) -> Floats:
    """Return contours at `POINTS` moments of music without their level, shape (n, POINTS)."""
    values, begins, count = table.contours()
    moments = (np.arange(POINTS) + 0.5) / POINTS * table.sounding_s[:, None]
    lead_s, inner_s, _, begins_s = (each[:, None] for each in table.silences)
    moments += lead_s
    moments += np.where(moments > begins_s, inner_s, 0.0)
    moments = np.clip(moments / STEP_S - 0.5, 0.0, (count - 1)[:, None])
    before = moments.astype(np.int64)
    after = np.minimum(before + 1, (count - 1)[:, None])
    at = values[begins[:, None] + before].astype(np.float64)
    at += (values[begins[:, None] + after] - at) * (moments - before)
    return np.asarray(at - at.mean(axis=1, keepdims=True))


def _where(known: Bools, values: Floats) -> Floats:
    return np.where(known, values, np.nan)


def _axes(values: Floats) -> list[int]:
    """Return the columns that together leave the fewest tracks in a cell."""
    known = np.flatnonzero(np.isfinite(values).all(axis=0)).tolist()
    cells, axes = np.zeros(len(values), np.int64), list[int]()
    for _ in range(AXES):
        finer = {
            axis: np.unique(cells * (2 * FAR) + _cells(values[:, axis]), return_inverse=True)[1]
            for axis in known
            if axis not in axes
        }
        axes.append(min(finer, key=lambda axis: (np.bincount(finer[axis]) ** 2).sum()))
        cells = finer[axes[-1]]
    return axes


def _cells(values: Floats) -> Ints:
    return np.clip(np.floor(values), -FAR, FAR).astype(np.int64)


def _alike(left: Sounds, right: Sounds, axes: list[int], *, is_one: bool) -> Iterator[Ints]:
    """Yield pairs of places all of whose values and shapes agree, shape (n, 2).

    What agrees lies in one cell of the grid, or in two that touch.
    """
    cell = _cells(left.values[:, axes]) @ STRIDES
    theirs = _cells(right.values[:, axes]) @ STRIDES
    order, others = np.argsort(cell, kind="stable"), np.argsort(theirs, kind="stable")
    left, right, cell, theirs = left.take(order), right.take(others), cell[order], theirs[others]
    touching = np.array(list(product((-1, 0, 1), repeat=AXES))) @ STRIDES
    for step in touching[touching >= 0] if is_one else touching:
        first = np.searchsorted(theirs, cell + step)
        if is_one and step == 0:
            first = np.arange(1, len(cell) + 1)
        count = np.searchsorted(theirs, cell + step, "right") - first
        ends = np.cumsum(count)
        blocks = np.searchsorted(ends, np.arange(0, ends[-1] if len(ends) else 0, BLOCK))
        for start, end in pairwise([*blocks.tolist(), len(cell)]):
            one = np.repeat(np.arange(start, end), count[start:end])
            before = ends[start:end] - count[start:end]
            within = np.arange(len(one)) + before[:1].sum() - before.repeat(count[start:end])
            yield _agreeing(left, right, one, first[one] + within)


def _agreeing(left: Sounds, right: Sounds, one: Ints, other: Ints) -> Ints:
    for column in range(left.values.shape[1]):
        apart = np.abs(left.values[one, column] - right.values[other, column])
        kept = ~(apart > 1.0)
        one, other = one[kept], other[kept]
    apart = np.sqrt(((left.shape[one] - right.shape[other]) ** 2).mean(axis=1))
    one, other = one[apart <= SHAPE], other[apart <= SHAPE]
    return np.column_stack([left.place[one], right.place[other]])
