"""What is worth knowing of a session that breaks no rule: a loud end, tension, pins, and voices.

Each step to a loud end may be small, a distance of tension is only a price, and what is pinned need
not follow the plan.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from playlist_builder.arranger.result import Order, called
from playlist_builder.language.notices import Notice, notice
from playlist_builder.models import Track
from playlist_builder.tracks.track_table import TrackTable
from playlist_builder.vocals.evidence import doubt

LOUD_END_LU = 4.0  # above the median of a session, where the loudest track of it ends it
FEWEST = 3  # tracks of a session that has a median
BELOW = 0.35  # the plan, where a pinned track falls out of it as a climb above it would
FAR = 0.1  # beyond the planned tension: what nobody tells apart is not told


def remarks(order: Order) -> list[Notice]:
    """Return notices on an order of tracks."""
    return [*_loud_end(order), *_tension(order)]


def pins_below(order: Order, places: Iterable[int]) -> list[Notice]:
    """Tell of the pinned tracks, by their places in an order, that lie far below the plan."""
    found = []
    for place in places:
        first, last = order.spans[place]
        below = order.grid.target[first:last] - order.items.contour(place, last - first)
        if last > first and below.mean() > BELOW:
            found.append((round(float(below.mean()), 2), place))
    return [
        notice(
            "pin_below",
            title=called(order.tracks[place]),
            below=below,
            at_s=order.starts_s[place],
        )
        for below, place in found
    ]


def voices(tracks: Sequence[Track], played: int = 0) -> list[Notice]:
    """Tell what is known of voices: nothing unverified goes unsaid, whatever is allowed.

    What is not verified counts in all tracks, a voice in those that have not `played`.
    """
    found, left = [], tracks[played:]
    total, doubtful = len(left), [track for track in left if track.vocals == "unknown"]
    unheard = sum(track.vocals == "unknown" and track.heard is None for track in tracks)
    if unheard:
        found.append(notice("unverified", count=unheard, total=len(tracks)))
    people = [track for track in doubtful if track.heard and doubt(track.heard) == "people"]
    voices = [track for track in doubtful if track.heard and doubt(track.heard) != "people"]
    for code, some in (("may_hold_voice", voices), ("people_behind", people)):
        if some:
            titles = tuple(map(called, some))
            found.append(notice(code, count=len(titles), total=total, titles=titles))
    for kind in ("wordless", "sung", "spoken"):
        count = sum(track.vocals == kind for track in left)
        if count:
            found.append(notice(kind, count=count, total=total))
    return found


def _loud_end(order: Order) -> list[Notice]:
    lufs = order.items.lufs
    if len(lufs) < FEWEST or lufs[-1] <= lufs[:-1].max():
        return []
    median_lufs = float(np.median(lufs))
    if lufs[-1] < median_lufs + LOUD_END_LU:
        return []
    title = called(order.tracks[-1])
    values = {"lufs": round(float(lufs[-1]), 1), "median_lufs": round(median_lufs, 1)}
    return [notice("ends_loud", title=title, **values)]


def _tension(order: Order) -> list[Notice]:
    found: list[tuple[float, int]] = []
    phases = [order.phase(place) for place in range(len(order.tracks))]
    tension = TrackTable.of(order.tracks).tension.tolist()
    for place, (value, phase) in enumerate(zip(tension, phases, strict=True)):
        low, high = phase.tension or (0.0, 1.0)
        if max(low - value, value - high) > FAR:  # false where it is not known
            found.append((max(low - value, value - high), -place))
    if not found:
        return []
    place = -max(found)[1]
    track, phase = order.tracks[place], phases[place]
    least, most = phase.tension or (0.0, 1.0)
    return [
        notice(
            "tension_outside",
            count=len(found),
            value=round(tension[place], 2),
            title=called(track),
            at_s=order.starts_s[place],
            phase=phase.name,
            least=least,
            most=most,
        )
    ]
