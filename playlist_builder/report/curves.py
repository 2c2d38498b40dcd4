"""The lines of a chart as numbers: energy as it plays, smooth and raw, and tension.

A line breaks where nothing plays.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from playlist_builder.models import STEP_S, Floats, Session, Slot
from playlist_builder.report import summary

SMOOTHEST_SHARE = 0.01  # of the session: the standard deviation of the bell that smooths a line
LEAST_SMOOTHING_S = 15.0
PASSES = 3
MOST_POINTS = 4000.0  # of the line of a session
GAP_S = 0.5  # slots further apart than this do not touch

_Track = tuple[Slot, Sequence[float]]  # with its levels


@dataclass(frozen=True, slots=True)
class Run:
    """Values at times in seconds while music plays without a gap; arrays of shape (n,)."""

    times_s: Floats
    values: Floats


def energy(session: Session) -> list[Run]:
    """Return the energy as it plays, smooth enough for the length of the session."""
    return _smooth(session, [slot.contour or (slot.energy,) for slot in summary.whole(session)])


def tension(session: Session) -> list[Run]:
    """Return the tension of the tracks as lines, without those of which it is not known."""
    slots = summary.whole(session)
    if all(slot.tension is None for slot in slots):
        return []
    return _smooth(session, [(math.nan if s.tension is None else s.tension,) for s in slots])


def highest(session: Session) -> tuple[float, float] | None:
    """Return when the smooth line is at its highest, and how high; None where nothing plays."""
    best = max(energy(session), key=lambda run: run.values.max(), default=None)
    if best is None:
        return None
    place = int(best.values.argmax())
    return float(best.times_s[place]), float(best.values[place])


def _smooth(session: Session, levels: Sequence[Sequence[float]]) -> list[Run]:
    """Return the levels of each track, one per `STEP_S`, as smooth lines where they are known."""
    length_s = summary.length_s(session)
    step_s = max(STEP_S, length_s / MOST_POINTS)
    reach = max(1, round(max(LEAST_SMOOTHING_S, SMOOTHEST_SHARE * length_s) / step_s))
    return [
        _smoothed(part, reach)
        for tracks in _touching(zip(summary.whole(session), levels, strict=True))
        for part in _known(_raw(tracks, step_s))
    ]


def _raw(tracks: Sequence[_Track], step_s: float) -> Run:
    """Return the level of each `step_s` of music without a gap, and of its two ends."""
    start_s, end_s = tracks[0][0].start_s, max(slot.end_s for slot, _ in tracks)
    count = int((end_s - start_s) / step_s)
    middles_s = start_s + (np.arange(count) + 0.5) * step_s
    times_s = np.concatenate([[start_s], middles_s, [end_s]])
    starts_s = np.array([slot.start_s for slot, _ in tracks])
    places = np.clip(np.searchsorted(starts_s, times_s, side="right") - 1, 0, None)
    steps = np.maximum((times_s - starts_s[places]) / STEP_S, 0.0).astype(int)
    lengths = np.array([len(levels) for _, levels in tracks])
    flat = np.concatenate([levels for _, levels in tracks])
    firsts = np.cumsum(lengths) - lengths
    return Run(times_s, flat[firsts[places] + np.minimum(steps, lengths[places] - 1)])


def _touching(tracks: Iterable[_Track]) -> Iterator[list[_Track]]:
    """Yield tracks that follow each other without a gap."""
    run: list[_Track] = []
    for track in sorted(tracks, key=lambda each: (each[0].start_s, each[0].end_s)):
        if run and track[0].start_s > run[-1][0].end_s + GAP_S:
            yield run
            run = []
        run.append(track)
    if run:
        yield run


def _known(run: Run) -> Iterator[Run]:
    """Yield the parts of a run whose values are known."""
    is_known = np.concatenate([[False], ~np.isnan(run.values), [False]])
    borders = np.flatnonzero(is_known[1:] != is_known[:-1])
    for first, last in borders.reshape(-1, 2).tolist():
        yield Run(run.times_s[first:last], run.values[first:last])


def _smoothed(run: Run, reach: int) -> Run:
    """Return a run convolved with about a bell of that standard deviation, in points.

    That is a box, `PASSES` times; at the ends the box is cut.
    """
    own = max(1, round(reach * math.sqrt(3.0 / PASSES)))
    places = np.arange(len(run.values))
    first, last = np.maximum(places - own, 0), np.minimum(places + own + 1, len(places))
    values = run.values
    for _ in range(PASSES):
        sums = np.concatenate([[0.0], np.cumsum(values)])
        values = (sums[last] - sums[first]) / (last - first)
    return Run(run.times_s, values)
