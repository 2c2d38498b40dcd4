"""Which of very many tracks follow a plan well from some moment on, told quickly.

Contours are compared with the profile at a few points, which takes a fraction of the time of a
search: what may be placed there is chosen so, and the search then looks at that alone.
"""

import numpy as np

from playlist_builder.arranger.problem import Objective
from playlist_builder.arranger.solver.cost import rescale
from playlist_builder.models import STEP_S, Bools, Floats, Floats32
from playlist_builder.tracks.track_table import TrackTable

POINTS = 12  # at which a contour is compared with the profile
LENGTH_CLASSES = 4  # in an octave


def distances(tracks: TrackTable, objective: Objective, starts_s: Floats) -> Floats32:
    """Return how far each track is from the plan where it begins at each time, (times, tracks).

    That is a sum of squares at `POINTS` points, with the prices of the phases there.
    """
    count, profile = len(tracks), objective.music
    values, offset, steps = tracks.contours()
    shares = (np.arange(POINTS) + 0.5) / POINTS
    places = offset[:, None] + (steps[:, None] * shares).astype(np.int64)
    points = rescale(values[places], objective.percentiles)
    penalty = POINTS * objective.step_prices(tracks).astype(np.float32)
    borders_s = np.array([phase.start_s for phase in profile.phases[1:]])
    numbers = np.arange(len(profile.phases))
    distance = np.empty((len(starts_s), count), dtype=np.float32)
    classes = (np.log2(steps) * LENGTH_CLASSES).astype(np.int64)
    for length in np.unique(classes).tolist():
        own = np.flatnonzero(classes == length)
        times_s = starts_s[:, None] + shares * float(steps[own].mean()) * STEP_S
        plan = profile.target(times_s).astype(np.float32)
        squares = np.einsum("ij,ij->i", points[own], points[own])
        phase = np.searchsorted(borders_s, times_s, side="right")
        in_phases = (phase[:, :, None] == numbers).mean(axis=1, dtype=np.float32)
        distance[:, own] = squares - 2.0 * plan @ points[own].T
        distance[:, own] += np.einsum("ij,ij->i", plan, plan)[:, None]
        distance[:, own] += in_phases @ penalty[own].T
    return distance


def nearest(distance: Floats32, best: int) -> Bools:
    """Return which tracks are among so many nearest ones at any of the times of `distances`."""
    kept = np.zeros(distance.shape[1], dtype=bool)
    if best >= len(kept):
        return ~kept
    for row in distance:
        kept[np.argpartition(row, best)[:best]] = True
    return kept
