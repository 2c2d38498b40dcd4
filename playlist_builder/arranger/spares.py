"""Spares: for every phase a few tracks of like energy, for when one is to be skipped.

A spare passes the rules that its slot had to pass: admission, the limits of the phases in which it
would play, other artists beside it. It plays nowhere else, in session, tail or as another spare,
and its energy is near that of the slot.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, islice, pairwise
from math import log

import numpy as np
from numpy.typing import NDArray

from playlist_builder.arranger import peaks, result
from playlist_builder.arranger.opening import most_lufs, opening_lufs
from playlist_builder.arranger.partial import plays_by
from playlist_builder.arranger.problem import Objective
from playlist_builder.arranger.recordings import Recordings, copies
from playlist_builder.arranger.rules import within_limits
from playlist_builder.arranger.solver.cost import step_at
from playlist_builder.models import Bools, Ints, Slot, Spare, Track
from playlist_builder.profiles.profile import Profile
from playlist_builder.tracks.artists import artists_of_each
from playlist_builder.tracks.track_table import VOCALS, TrackTable

FEW, MANY, MANY_SLOTS = 2, 3, 3  # spares of a phase, and from how many slots on there are many
LIKE, FAR = 0.07, 0.15  # distances of energy: hardly noticed; beyond which a track is no spare
PEAK = 0.25  # how far a spare may rise at some moment above all that its slot holds
LOOKED_AT = 40  # tracks of like energy and length that are weighed for each slot
LOOKED_AT_NOW = 10  # the same of a session that plays, which is changed while somebody waits
NEAR = 1500  # tracks just below and above a slot in energy, of which those are taken
LENGTHS = 2.5  # most that a spare is longer or shorter than its slot, as a ratio, and ...
LENGTH_WEIGHT = 0.03  # ... what the logarithm of that weighs against a distance of energy


@dataclass(frozen=True, slots=True, eq=False)
class _Choice:
    """A track of the pool, by its place there, for a slot, counted from 0.

    The lower score is the better one. What is like its slot and known to be free of words comes
    before all else.
    """

    place: int
    item: int
    score: tuple[bool, float]


def spares(  # noqa: PLR0913, PLR0917 - a session, and what may be held ready for it
    slots: Sequence[Slot],
    order: Sequence[Track],
    pool: result.Pool,
    objective: Objective,
    taken: Sequence[Track] = (),
    first: int = 0,
) -> list[Spare]:
    """Return the spares of a session in the order of their slots, from the `first` one on.

    `order` holds the tracks of the slots. What plays in the session, and what else is `taken`, is
    left out of the pool.
    """
    played = _without_silences(slots, order)
    choices = list(_choices(played, order, pool, objective, taken, first))
    counts = Counter(slot.phase for slot in slots)
    wanted = {phase: MANY if count >= MANY_SLOTS else FEW for phase, count in counts.items()}
    same = _same(pool.tracks, {each.item for each in choices})
    found: list[_Choice] = []
    while True:
        had = Counter(each.place for each in found)
        given = Counter(slots[each.place].phase for each in found)
        own: dict[str, list[_Choice]] = {}
        for each in choices:
            phase = slots[each.place].phase
            if given[phase] < wanted[phase]:
                own.setdefault(phase, []).append(each)
        if not own:
            break
        # all phases take turns, and who has the least choice first, or others would take it away
        phase = min(own, key=lambda each: (given[each], len(own[each])))
        best = min(own[phase], key=lambda each: (each.score[0], had[each.place], each.score))
        found.append(best)
        choices = [each for each in choices if each.item not in same[best.item]]
    found.sort(key=lambda each: (each.place, each.score))
    placed = (
        _placed(pool.tracks[each.item], each.place, played[each.place], objective) for each in found
    )
    return [_later(each, slots[each.place - 1]) for each in placed]


def _without_silences(slots: Sequence[Slot], order: Sequence[Track]) -> list[Slot]:
    """Return slots with the times at which they would play without planned silences."""
    times_s = accumulate((round(track.duration_s * 1000) for track in order), initial=0)
    return [
        replace(slot, start_s=start_ms / 1000.0, end_s=end_ms / 1000.0)
        for slot, (start_ms, end_ms) in zip(slots, pairwise(times_s), strict=True)
    ]


def _later(spare: Spare, slot: Slot) -> Spare:
    """Return a spare that begins when its slot does."""
    later_s = slot.start_s - spare.slot.start_s
    end_s = spare.slot.end_s + later_s
    return replace(spare, slot=replace(spare.slot, start_s=slot.start_s, end_s=end_s))


def _same(tracks: TrackTable, items: Iterable[int]) -> dict[int, set[int]]:
    """Return some places of tracks, each with those of its copies among them and its own."""
    each = sorted(items)
    same = {item: {item} for item in each}
    for group in copies(tracks.take(np.array(each, np.int64))):
        alike = {each[place] for place in group}
        for item in alike:
            same[item] |= alike
    return same


def _placed(track: Track, place: int, slot: Slot, objective: Objective) -> Spare:
    order = result.ordered([track], objective, round(slot.start_s * 1000), ())
    (own,) = result.slots(order)
    return Spare(replace(own, phase=slot.phase), place + 1)


def _choices(  # noqa: PLR0913, PLR0917 - as `spares`
    slots: Sequence[Slot],
    order: Sequence[Track],
    pool: result.Pool,
    objective: Objective,
    taken: Sequence[Track],
    first: int,
) -> Iterator[_Choice]:
    looked_at = LOOKED_AT_NOW if first else LOOKED_AT
    gap, tracks, energies = objective.rules.artist_gap, pool.tracks, pool.levels
    seconds, vocals = tracks.seconds, tracks.vocals
    by_energy = np.argsort(energies, kind="stable")
    ordered = energies[by_energy]
    most = most_lufs(np.array([track.features.loudness_lufs for track in order]))
    played = Recordings.of([*order, *taken])
    for place, slot in enumerate(slots[first:], start=first):
        others = plays_by([*order[:place], *order[place + 1 :]])
        barred = {name for name, plays in others.items() if plays >= objective.rules.artist_max}
        barred |= set(plays_by([*order[max(place - gap, 0) : place], *order[place + 1 :][:gap]]))
        near = _near(ordered, by_energy, slot)
        near = near[np.argsort(np.abs(energies[near] - slot.energy), kind="stable")]
        near = near[np.abs(np.log(seconds[near] / slot.duration_s)) <= log(LENGTHS)]
        near = near[_fits(tracks.take(near), slot.start_s, objective.music)]
        if not place:
            near = near[opening_lufs(tracks.take(near)) <= most]
        fitting = (
            item
            for some in np.split(near, range(looked_at, len(near), looked_at))
            for item in _fitting(some, tracks, slot, objective, played)
            if barred.isdisjoint(*artists_of_each(tracks.take(np.array([item]))))
        )
        weighed = np.fromiter(islice(fitting, looked_at), np.int64)
        levels = result.energies(tracks.take(weighed), objective)
        for item, energy in zip(weighed.tolist(), levels, strict=True):
            distance = abs(energy - slot.energy)
            if distance <= FAR:
                weight = LENGTH_WEIGHT * abs(log(seconds[item] / slot.duration_s))
                second = distance > LIKE or VOCALS[vocals[item]] == "unknown"
                yield _Choice(place, item, (second, distance + weight))


def _fitting(
    items: Ints, tracks: TrackTable, slot: Slot, objective: Objective, played: Recordings
) -> list[int]:
    """Return those of some places whose tracks stay low in a slot, and are no copies of others."""
    low = items[_stays_low(tracks.take(items), slot, objective)]
    fresh: list[int] = low[~played.among(tracks.take(low))].tolist()
    return fresh


def _stays_low(tracks: TrackTable, slot: Slot, objective: Objective) -> Bools:
    """Return which tracks stay below the peaks of phases, and not far above all of the slot."""
    most = max(slot.contour, default=slot.energy) + PEAK
    first = step_at(round(slot.start_s * 1000))
    low = peaks.highest(tracks, objective.percentiles) <= most
    return low & (peaks.excess(tracks, first, objective) <= 0.0)


def _near(ordered: NDArray[np.float32], by_energy: Ints, slot: Slot) -> Ints:
    """Return the places of the tracks whose energies, `ordered`, are nearest to that of a slot."""
    middle = int(np.searchsorted(ordered, slot.energy))
    return by_energy[max(middle - NEAR, 0) : middle + NEAR]


def _fits(tracks: TrackTable, start_s: float, profile: Profile) -> Bools:
    end_s = start_s + tracks.seconds
    fits = np.ones(len(tracks), np.bool_)
    for phase in profile.phases:
        if phase.end_s <= start_s and phase is not profile.phases[-1]:
            continue
        fits &= (phase.start_s >= end_s) | within_limits(tracks, phase)
    return fits
