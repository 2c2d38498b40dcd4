"""A part of a session looked for anew, while what stands around it stays.

The solver is given the part alone: its span of the profile, the end of what plays before as short
pieces without a choice, and the first tracks behind it in their places. So a hole costs as much
as it is long. This room refuses to decide which part that is.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from playlist_builder.arranger.problem import Objective, Problem, Relaxation, Window, leaves
from playlist_builder.arranger.relax import solved
from playlist_builder.arranger.rules import Pin, artists
from playlist_builder.arranger.solver.cost import STEP_MS, Demand, pieces
from playlist_builder.models import STEP_S, Track
from playlist_builder.track_table import TrackTable


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What surrounds a part that is looked for: tracks in the order in which they play.

    `pins` are tracks that must be in the part, with places and minutes of the whole session, and
    `used` counts what plays elsewhere by its artist.
    """

    before: Sequence[Track]
    after: Sequence[Track] = ()
    pins: Sequence[tuple[Pin, Track]] = ()
    used: Counter[str] | None = None


def filled(
    part: Part, candidates: Sequence[Track], terms: Objective, allowed: Sequence[Relaxation] = ()
) -> list[Track]:
    """Return the tracks that fill a part best; raises ArrangeError where none do.

    No candidate may play elsewhere in the session.
    """
    ask, gap = terms.ask, max(terms.rules.artist_gap, 1)
    start_ms = length_ms(part.before)
    heads = _heads(part.before[-gap:], start_ms)
    feet = list(part.after[:gap])
    first_ms = start_ms - length_ms(heads)
    last_ms = round(terms.profile.duration_s * 1000) - length_ms(part.after[gap:])
    tracks = [*candidates, *(track for _, track in part.pins), *heads, *feet]
    shelf = TrackTable.of(tracks)
    material = pieces(shelf, terms.table, terms.levy(shelf), shelf.rank)
    shelf = shelf.take(material.order)
    tracks = list(shelf)
    piece = {id(track): place for place, track in enumerate(tracks)}

    def held(track: Track, place: int, *, begins_ms: int | None = None) -> Demand:
        number = piece[id(track)]
        demand = Demand(number, int(material.cells[number]), place=place)
        if begins_ms is None:
            return demand
        slack_ms = round(ask.tolerance_s * 1000)
        return replace(
            demand,
            earliest_ms=max(begins_ms - slack_ms, 0),
            latest_ms=begins_ms + slack_ms,
        )

    demands = [held(track, place) for place, track in enumerate(heads, start=1)]
    if len(feet) == 1:
        demands.append(held(feet[0], -1))
    else:
        demands += [
            held(
                track,
                place - len(feet),
                begins_ms=last_ms - first_ms - length_ms(feet[place:]),
            )
            for place, track in enumerate(feet)
        ]
    frame = Window((first_ms, last_ms), tuple(demands), part.used or Counter())
    pins = tuple(
        (_within(pin, part, len(heads), len(feet), first_ms), piece[id(track)])
        for pin, track in part.pins
    )
    stage = Problem(
        shelf, material, terms.profile, terms.rules, ask, pins, 1.0, (), terms.table, frame
    )
    _, found, _ = solved(stage, allowed or leaves(pinned=bool(pins)))
    order = [tracks[number] for number in found.sequence]
    return order[len(heads) : len(order) - len(feet)]


def length_ms(tracks: Sequence[Track]) -> int:
    """Return how long tracks play one after the other."""
    return sum(round(track.duration_s * 1000) for track in tracks)


def plays_by(tracks: Sequence[Track]) -> Counter[str]:
    """Count tracks by artist."""
    return Counter(name for track in tracks for name in artists(track))


def _heads(tracks: Sequence[Track], start_ms: int) -> list[Track]:
    """Return the last seconds of tracks that end at a time, together a number of whole steps.

    That is, the cells of the part fall where those of the session do.
    """
    return [
        _end(track, STEP_S + (start_ms % STEP_MS) / 1000.0 * (place == len(tracks)))
        for place, track in enumerate(tracks, start=1)
    ]


def _end(track: Track, seconds: float) -> Track:
    """Return the end of a track; its seam to what follows is that of the track."""
    steps = int(np.clip(track.duration_s // STEP_S, 1, max(len(track.contour), 1)))
    last = track.contour[steps - 1] if len(track.contour) else track.energy
    features = replace(track.features, duration_s=seconds)
    return replace(track, features=features, contour=np.full(2, last, dtype=np.float32))


def _within(pin: Pin, part: Part, heads: int, feet: int, first_ms: int) -> Pin:
    """Return a pin with its place and minute as they are counted within the part."""
    place = pin.place
    if place is not None:
        place = place - len(part.before) + heads if place > 0 else place + len(part.after) - feet
        inside = place > heads if pin.place and pin.place > 0 else place < -feet
        place = place if inside else None
    minute = pin.minute if pin.minute is None else pin.minute - first_ms / 60_000.0
    return replace(pin, place=place, minute=minute)
