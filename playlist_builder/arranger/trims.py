"""Tracks of which an end may be left out: parts that play in place of the whole.

A part begins or ends with a quiet moment: a whole step of the contour that is no more energetic
than those beside it, and less than one. What is measured of a part is that of the whole but for its
length, its contours and what lies at its ends: the loudness there is that of the whole until
someone measures it, and rises, strokes and silences are those of the whole, which has no fewer.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from playlist_builder.language.notices import Notice, notice
from playlist_builder.models import STEP_S, Features, Floats, Ints, Slot, Track
from playlist_builder.profiles.profile import Rules
from playlist_builder.tracks.track_table import TrackTable

Cut = tuple[str, str, float]  # of a recording, by its identity, at one of its ends, at a time

CUT_WEIGHT = 0.01  # of one cut: a step at a distance of 0.1, which one at least must gain
# Less than half a step, by which a cut may be moved later, so that the contour of its part stays;
# even then no more is left out than may be.
MOST_SHIFT_S = 4.5
MOMENTS = 2  # at either end of a track, the quietest ones: each multiplies what is searched


def parts(track: Track, trim_s: float, rules: Rules) -> list[Track]:
    """Return the parts that may play in place of a track, with up to `trim_s` left out at an end.

    None is shorter than the rules let a track be.
    """
    quiet, ends_s, most_s = _quiet(track), track.duration_s, trim_s - MOST_SHIFT_S
    late = quiet[quiet * STEP_S <= most_s]
    early = quiet[ends_s - (quiet + 1) * STEP_S <= most_s]
    starts_s = [None, *(step * STEP_S for step in _quietest(track, late))]
    stops_s = [None, *((step + 1) * STEP_S for step in _quietest(track, early))]
    least_s = max(rules.track_min_s, STEP_S) + 2.0 * MOST_SHIFT_S
    return [
        part(track, from_s, to_s)
        for from_s, to_s in product(starts_s, stops_s)
        if (from_s, to_s) != (None, None)
        and (ends_s if to_s is None else to_s) - (from_s or 0.0) >= least_s
    ]


def with_parts(
    tracks: TrackTable, left_out: Container[int], trim_s: float, rules: Rules
) -> TrackTable:
    """Return tracks and then the parts of them, but for those at the places `left_out`."""
    found = [
        each
        for place, track in enumerate(tracks)
        if place not in left_out
        for each in parts(track, trim_s, rules)
    ]
    return TrackTable.of([*tracks, *found]) if found else tracks


def part(track: Track, from_s: float | None, to_s: float | None) -> Track:
    """Return the part of a track from one time to another; None is the start or end of it."""
    start_s, stop_s = from_s or 0.0, track.duration_s if to_s is None else to_s
    first = round(start_s / STEP_S)
    last = len(track.contour) if to_s is None else max(round(stop_s / STEP_S), first + 1)
    emotion = track.emotion
    if emotion is not None:
        emotion = replace(emotion, tension_contour=emotion.tension_contour[first:last])
    return replace(
        track,
        features=_within(track.features, from_s, to_s),
        contour=track.contour[first:last],
        emotion=emotion,
        from_s=from_s,
        to_s=to_s,
    )


def part_of_slot(track: Track, slot: Slot) -> Track:
    """Return the part of a track that a slot plays, with the loudness at its ends as kept there."""
    if not is_part(slot):
        return track
    found = part(track, slot.from_s, slot.to_s)
    start_lufs, end_lufs = slot.start_loudness_lufs, slot.end_loudness_lufs
    if start_lufs is None or end_lufs is None:
        return found
    edges = replace(found.features, start_loudness_lufs=start_lufs, end_loudness_lufs=end_lufs)
    return replace(found, features=edges)


def as_played(tracks: Iterable[Track], slots: Iterable[Slot]) -> list[Track]:
    """Return tracks, and of those of which slots play a part that part."""
    played = {slot.identity: slot for slot in slots}
    return [
        part_of_slot(track, played[track.identity]) if track.identity in played else track
        for track in tracks
    ]


def step_prices(tracks: TrackTable) -> Floats:
    """Return the price per step of the cuts of each track, shape (n, 1)."""
    cuts = np.array([len(cuts_of(each)) for each in tracks], np.float64)
    price: Floats = CUT_WEIGHT * cuts / np.maximum(tracks.seconds / STEP_S, 1.0)
    return price[:, None]


def is_part(played: Track | Slot) -> bool:
    """Whether not all of a track plays."""
    return played.from_s is not None or played.to_s is not None


def cuts_of(track: Track) -> frozenset[Cut]:
    """Return the cuts of a part of a recording."""
    cuts = {"from": track.from_s, "to": track.to_s}
    return frozenset((track.identity, end, at) for end, at in cuts.items() if at is not None)


def span_s(slot: Slot) -> tuple[float, float]:
    """Return from when to when of a track a slot plays."""
    from_s = slot.from_s or 0.0
    return from_s, from_s + slot.duration_s


def notices(tracks: Sequence[Track]) -> list[Notice]:
    """Return a notice on tracks that play in part, if any do: few players play them so."""
    count = sum(map(is_part, tracks))
    return [notice("trimmed", count=count, total=len(tracks))] if count else []


def _within(whole: Features, from_s: float | None, to_s: float | None) -> Features:
    """Return the features of a part."""
    start_s, stop_s = from_s or 0.0, whole.duration_s if to_s is None else to_s
    silent_s = whole.longest_silence_start_s
    sounds_s = silent_s + whole.longest_silence_s
    found = replace(
        whole,
        duration_s=stop_s - start_s,
        longest_silence_s=min(whole.longest_silence_s, stop_s - start_s),
        longest_silence_start_s=min(max(silent_s - start_s, 0.0), stop_s - start_s),
    )
    if from_s is not None:
        lead_s = sounds_s - start_s if silent_s <= start_s < sounds_s else 0.0
        found = replace(found, start_loudness_lufs=whole.loudness_lufs, leading_silence_s=lead_s)
    if to_s is not None:
        trail_s = stop_s - silent_s if silent_s < stop_s <= sounds_s else 0.0
        found = replace(found, end_loudness_lufs=whole.loudness_lufs, trailing_silence_s=trail_s)
    return found


def _quiet(track: Track) -> Ints:
    """Return the whole steps, but the first and the last, that are quiet moments.

    What is no softer than both steps beside it goes on as it was.
    """
    contour = track.contour[: int(track.duration_s // STEP_S)]
    least, most = np.sort([contour[:-2], contour[2:]], axis=0)
    return 1 + np.flatnonzero((contour[1:-1] <= least) & (contour[1:-1] < most))


def _quietest(track: Track, steps: Ints) -> list[int]:
    """Return up to `MOMENTS` of some steps, those of the least energy, in their order."""
    ranked = steps[np.argsort(track.contour[steps], kind="stable")]
    found: list[int] = np.sort(ranked[:MOMENTS]).tolist()
    return found
