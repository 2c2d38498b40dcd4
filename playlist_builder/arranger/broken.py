"""Which rules a finished order of tracks breaks, one notice each.

It is checked by arithmetic of its own, so that every rule that gave way is listed even if the
search had a fault.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from playlist_builder.arranger.problem import LEAST_TOLERANCE_S
from playlist_builder.arranger.result import Order, called, silences_of
from playlist_builder.arranger.rules import PHASE_LIMITS, PhaseLimit, Pin, phase_of
from playlist_builder.arranger.solver.cost import STEP_MS
from playlist_builder.language.notices import Notice, notice
from playlist_builder.profiles.profile import Phase, Rules
from playlist_builder.tracks.artists import artists
from playlist_builder.tracks.track_table import TrackTable

GUARDS = 3  # of PHASE_LIMITS, the last of them: given up after pins and duration
ROUNDING_S = 0.0005  # times are kept in whole milliseconds


def given_up(
    order: Order,
    rules: Rules,
    tolerance_s: float,
    pins: Sequence[tuple[Pin, int]],
    *,
    played: int = 0,
) -> list[Notice]:
    """Return one notice per rule that the order breaks; a pin comes with its place from 0.

    What concerns only the tracks that have `played` is left out.
    """
    rest = order.since(played)
    return [
        *_crowded(order, rules.artist_max, played),
        *_near(order, rules.artist_gap, played),
        *beyond_limits(rest, PHASE_LIMITS[:-GUARDS]),
        *_moved(order, tolerance_s, [pin for pin in pins if pin[1] >= played]),
        *_shifted(order, tolerance_s, rest.start_ms),
        *_late(order, tolerance_s),
        *beyond_peaks(rest),
        *beyond_limits(rest, PHASE_LIMITS[-GUARDS:]),
    ]


def _crowded(order: Order, most: int, played: int) -> list[Notice]:
    counts = Counter(name for track in order.tracks for name in sorted(artists(track)))
    left = {name for track in order.tracks[played:] for name in artists(track)}
    crowd = [(name, count) for name, count in counts.most_common() if count > most and name in left]
    return [notice("artist_max", most=most, artists=tuple(crowd[:3]))] if crowd else []


def _near(order: Order, gap: int, played: int) -> list[Notice]:
    names = [artists(track) for track in order.tracks]
    times = sum(
        bool(names[left] & names[right])
        for left in range(len(names))
        for right in range(max(left + 1, played), min(left + gap + 1, len(names)))
    )
    return [notice("artist_gap", count=times, gap=gap)] if times else []


def beyond_limits(order: Order, limits: Sequence[PhaseLimit]) -> list[Notice]:
    """Return one notice per limit beyond which a track plays in a phase."""
    table = TrackTable.of(order.tracks)
    return [told for limit in limits for told in _beyond(order, limit, limit.of(table).tolist())]


def _beyond(order: Order, limit: PhaseLimit, values: Sequence[float]) -> list[Notice]:
    found: list[tuple[float, int, Phase, float]] = []
    for place, (value, (first, last)) in enumerate(zip(values, order.spans, strict=True)):
        for number in np.unique(order.grid.phase[first:last]).tolist():
            phase = order.profile.phases[number]
            most = limit.most(phase)
            if value > most:
                found.append((value - most, place, phase, most))
    if not found:
        return []
    excess, place, phase, most = max(found, key=lambda each: each[0])
    count, track = len({each[1] for each in found}), order.tracks[place]
    where: dict[str, str | float] = {"title": called(track), "phase": phase.name}
    if limit.starts:
        where["at_s"] = order.starts_s[place] + getattr(track.features, limit.starts)
    value = float(f"{excess + most:.4g}")
    return [notice(limit.code, count=count, value=value, limit=most, **where)]


def beyond_peaks(order: Order) -> list[Notice]:
    """Return a notice where a moment of a track lies above the peak of its phase, if any does."""
    found = []
    for place, (first, _) in enumerate(order.spans):
        above = order.above_peaks(place)
        if above.max(initial=0.0) > 0.0:
            found.append((float(above.max()), -place, first + int(above.argmax())))
    if not found:
        return []
    excess, place, step = max(found)
    phase = order.profile.phases[order.grid.phase[step]]
    at_s = order.time_s(max(step * STEP_MS, order.starts_ms[-place]))
    values = {"count": len(found), "value": excess + phase.peak_limit, "limit": phase.peak_limit}
    title = called(order.tracks[-place])
    return [notice("peak", **values, title=title, at_s=at_s, phase=phase.name)]


def _late(order: Order, tolerance_s: float) -> list[Notice]:
    off_s = order.ends_ms[-1] / 1000.0 - order.profile.duration_s
    if abs(off_s) <= tolerance_s + ROUNDING_S:
        return []
    code = "duration_longer" if off_s > 0.0 else "duration_shorter"
    return [notice(code, off_s=round(abs(off_s)), tolerance_s=round(tolerance_s))]


def _moved(order: Order, tolerance_s: float, pins: Sequence[tuple[Pin, int]]) -> list[Notice]:
    moved = []
    for pin, place in pins:
        asked, phase = phase_of(pin, order.profile), order.phase(place).name
        if asked is not None and phase != asked.name:
            title = called(order.tracks[place])
            moved.append(notice("pin_phase", title=title, phase=phase, asked=asked.name))
        if pin.minute is not None:
            start_s = order.starts_s[place]
            if abs(start_s - pin.minute * 60.0) > tolerance_s + ROUNDING_S:
                title, asked_s = called(order.tracks[place]), pin.minute * 60.0
                moved.append(notice("pin_moved", title=title, at_s=start_s, asked_s=asked_s))
    return moved


def _shifted(order: Order, tolerance_s: float, since_ms: int) -> list[Notice]:
    """Tell of the planned silences, from a time on, that come too early or too late."""
    most_s = max(tolerance_s, LEAST_TOLERANCE_S) + ROUNDING_S
    found = []
    for rest, silence in zip(order.rests, silences_of(order), strict=True):
        off_s = (rest.at_ms - rest.asked_ms) / 1000.0
        if rest.at_ms >= since_ms and abs(off_s) > most_s:
            at_s, asked_s = silence.start_s, silence.start_s - off_s
            found.append(notice("silence_moved", phase=rest.phase, at_s=at_s, asked_s=asked_s))
    return found
