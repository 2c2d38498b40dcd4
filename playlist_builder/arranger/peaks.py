"""How high tracks rise at any moment, beside the peaks that the phases of a profile allow.

Tables of tracks go in, arrays come out, on the scale of the session; no track is made. Every step
of a contour counts, a last part of one as well.
"""

import numpy as np

from playlist_builder.arranger.problem import Objective
from playlist_builder.arranger.solver.cost import peaks_of, rescale
from playlist_builder.models import STEP_S, Floats, Floats32, Ints
from playlist_builder.profiles.profile import Profile
from playlist_builder.tracks.track_table import TrackTable


def highest(tracks: TrackTable, percentiles: Floats | None) -> Floats32:
    """Return the highest step of each track; `percentiles` leads to the scale of the session."""
    if not tracks:
        return np.zeros(0, np.float32)
    values, begins, _ = _steps(tracks, percentiles)
    return np.asarray(np.maximum.reduceat(values, begins))


def opening_peaks(tracks: TrackTable, for_s: float) -> Floats32:
    """Return the highest step of each track among those that begin within its first seconds."""
    if not tracks:
        return np.zeros(0, np.float32)
    values, begins, places = _steps(tracks, None)
    return np.asarray(np.maximum.reduceat(np.where(places * STEP_S < for_s, values, 0.0), begins))


def excess(tracks: TrackTable, first: int, objective: Objective) -> Floats32:
    """Return how far each track would rise above the peaks of phases if it began with a step.

    That is below 0 where it stays below them.
    """
    if not tracks:
        return np.zeros(0, np.float32)
    values, begins, places = _steps(tracks, objective.percentiles)
    limits = _limits(objective.music, first, int(places.max()) + 1)
    return np.asarray(np.maximum.reduceat(values - limits[places], begins))


def _steps(tracks: TrackTable, percentiles: Floats | None) -> tuple[Floats32, Ints, Ints]:
    """Return all steps, where those of each track begin, and the place of each in its track."""
    values, begins, count = tracks.contours()
    return rescale(values, percentiles), begins, np.arange(len(values)) - np.repeat(begins, count)


def _limits(profile: Profile, first: int, count: int) -> Floats32:
    """Return the most energy of each of `count` steps from one on."""
    middles = (first + np.arange(count) + 0.5) * STEP_S
    borders = [phase.start_s for phase in profile.phases[1:]]
    return peaks_of(profile.phases)[np.searchsorted(borders, middles, side="right")]
