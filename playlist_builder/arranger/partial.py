"""A gap in a session filled again, while the tracks around it stay.

The solver is given the gap alone: its span of the profile, the end of what plays before as short
fixed items, and the first tracks behind it in their places. So the work grows with the gap, not
with the session.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from playlist_builder.arranger import opening, relax
from playlist_builder.arranger.nearest import distances, nearest
from playlist_builder.arranger.problem import (
    Objective,
    Problem,
    Relaxation,
    Window,
    instance_of,
)
from playlist_builder.arranger.rules import Pin
from playlist_builder.arranger.solver.cost import STEP_MS, FixedItem
from playlist_builder.arranger.solver.solve import search_space
from playlist_builder.arranger.solver.swift import WIDTH, swift
from playlist_builder.models import STEP_S, Track
from playlist_builder.tracks.artists import artists
from playlist_builder.tracks.track_table import TrackTable

QUICK_MS = 40_000  # between moments for which ...
WIDER = 4 * WIDTH  # nodes of a quick search where rules give way
QUICK_PEAKS = (0.3, 0.4, 0.5, 0.6)  # beyond those of `relax`, before peaks are free
QUICK_BEST, QUICK_MOST = 20, 320  # ... so many tracks are looked at, and at most together


@dataclass(frozen=True, slots=True, eq=False)
class Gap:
    """What surrounds a gap: tracks in the order in which they play.

    `pins` are tracks that must be in the gap, with places and minutes of the whole session, and
    `used` counts what plays elsewhere by its artist.
    """

    before: Sequence[Track]
    after: Sequence[Track] = ()
    pins: Sequence[tuple[Pin, Track]] = ()
    used: Counter[str] | None = None


def filled(
    gap: Gap, candidates: Sequence[Track], objective: Objective, allowed: Sequence[Relaxation] = ()
) -> list[Track]:
    """Return the tracks that fill a gap best; raises ArrangeError where none do.

    No candidate may play elsewhere in the session.
    """
    part = _part(gap, candidates, objective)
    _, _, found, _ = opening.solved(part.problem, allowed)
    return part.tracks(found.sequence)


def filled_quickly(
    gap: Gap,
    candidates: TrackTable,
    objective: Objective,
    today: Sequence[Track] = (),
    *,
    lifts: bool = False,
) -> list[Track] | None:
    """Return tracks that fill a gap well, in a tenth of the time of `filled`.

    Those that play there `today` are looked at, if they are among the candidates. No rule gives
    way, unless it `lifts` them in the order of `relax`, where nothing else fits. None where no such
    tracks are found, where the gap opens the session, and where a track is pinned within it.
    """
    if not gap.before or gap.pins:
        return None
    starts_s = np.arange(length_ms(gap.before), _end_ms(gap, objective), QUICK_MS) / 1000.0
    if not len(starts_s):
        return None
    distance, best = distances(candidates, objective, starts_s), QUICK_BEST
    kept = nearest(distance, best)
    while kept.sum() > QUICK_MOST and best > 1:
        best //= 2
        kept = nearest(distance, best)
    known = {track.identity for track in today}
    kept |= np.array([identity in known for identity in candidates.identities], np.bool_)
    part = _part(gap, candidates.take(kept), objective)
    found = _swiftly(part, Relaxation())
    return _swiftly_lifted(part) if found is None and lifts else found


def _swiftly(part: "_Part", relaxation: Relaxation, width: int = WIDTH) -> list[Track] | None:
    instance = instance_of(part.problem, relaxation)
    sequence = swift(search_space(instance, np.arange(len(part.problem.tracks))), width)
    return None if sequence is None else part.tracks(sequence.tolist())


def _swiftly_lifted(part: "_Part") -> list[Track] | None:
    """Return tracks for which as little gives way as a quick search can tell, or None."""
    objective = part.problem.objective
    allowed = relax.relaxations(
        pinned=False,
        duration_s=objective.profile.duration_s,
        tolerance_s=objective.tolerance_s,
        rests=bool(objective.inner_rests),
    )[1:]
    found: list[Track] | None = None
    low, high = 0, len(allowed)
    while low < high:  # the last one is tried first: mostly it tells at once that nothing helps
        middle = (low + high) // 2 if found else high - 1
        tried = _swiftly(part, allowed[middle], WIDER)
        if tried is None and not found:
            return None
        found, low, high = (found, middle + 1, high) if tried is None else (tried, low, middle)
    if found and high < len(allowed) and np.isinf(allowed[high].peak):
        gentler = (replace(allowed[high], peak=beyond) for beyond in QUICK_PEAKS)
        found = next(filter(None, (_swiftly(part, each, WIDER) for each in gentler)), found)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """The problem of a gap, and how many items are fixed at its start and end."""

    problem: Problem
    lead_in: int
    lead_out: int

    def tracks(self, sequence: Sequence[int]) -> list[Track]:
        """Return the tracks of a sequence of items without the fixed ones."""
        order = [self.problem.tracks[number] for number in sequence]
        return order[self.lead_in : len(order) - self.lead_out]


def _end_ms(gap: Gap, objective: Objective) -> int:
    """Return when the gap ends."""
    return round(objective.music.duration_s * 1000) - length_ms(gap.after)


def _part(gap: Gap, candidates: Sequence[Track], objective: Objective) -> _Part:
    apart = max(objective.rules.artist_gap, 1)
    start_ms = length_ms(gap.before)
    lead_in = _lead_in(gap.before[-apart:], start_ms)
    lead_out = list(gap.after[:apart])
    first_ms = start_ms - length_ms(lead_in)
    last_ms = _end_ms(gap, objective) + length_ms(lead_out)
    table = TrackTable.of([*candidates, *(track for _, track in gap.pins), *lead_in, *lead_out])
    items = objective.items(table, table.rank)
    table = table.take(items.order)
    numbers = {id(track): number for number, track in enumerate(table)}

    def fixed(track: Track, place: int) -> FixedItem:
        number = numbers[id(track)]
        return FixedItem(number, int(items.steps[number]), place=place)

    ends = [fixed(track, place) for place, track in enumerate(lead_in, start=1)]
    if len(lead_out) == 1:
        ends.append(fixed(lead_out[0], -1))
    else:
        for place, track in enumerate(lead_out):
            begins_ms = last_ms - first_ms - length_ms(lead_out[place:])
            last = fixed(track, place - len(lead_out))
            ends.append(last.near(begins_ms, objective.tolerance_s))
    pins = tuple(
        (_within(pin, gap, len(lead_in), len(lead_out)), numbers[id(track)])
        for pin, track in gap.pins
    )
    free_ms = start_ms, _end_ms(gap, objective)
    window = Window((first_ms, last_ms), free_ms, tuple(ends), gap.used or Counter())
    problem = Problem(table, items, objective, pins, window=window)
    return _Part(problem, len(lead_in), len(lead_out))


def length_ms(tracks: Sequence[Track]) -> int:
    """Return how long tracks play one after the other."""
    return sum(round(track.duration_s * 1000) for track in tracks)


def plays_by(tracks: Sequence[Track]) -> Counter[str]:
    """Count tracks by artist."""
    return Counter(name for track in tracks for name in artists(track))


def _lead_in(tracks: Sequence[Track], start_ms: int) -> list[Track]:
    """Return the ends of tracks up to a time, so long that steps fall where the session's do."""
    return [
        _end(track, STEP_S + (start_ms % STEP_MS) / 1000.0 * (place == len(tracks)))
        for place, track in enumerate(tracks, start=1)
    ]


def _end(track: Track, seconds: float) -> Track:
    """Return the end of a track; its transition to what follows is that of the track."""
    steps = int(np.clip(track.duration_s // STEP_S, 1, max(len(track.contour), 1)))
    last = track.contour[steps - 1] if len(track.contour) else track.energy
    features = replace(track.features, duration_s=seconds)
    return replace(track, features=features, contour=np.full(2, last, dtype=np.float32))


def _within(pin: Pin, gap: Gap, lead_in: int, lead_out: int) -> Pin:
    place = pin.place
    if place is not None and place > 0:
        place += lead_in - len(gap.before)
        place = place if place > lead_in else None
    elif place is not None:
        place += len(gap.after) - lead_out
        place = place if place < -lead_out else None
    return replace(pin, place=place)
