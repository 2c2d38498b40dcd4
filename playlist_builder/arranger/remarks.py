"""What is worth knowing of a session that breaks no rule: a loud end, and tension beyond the plan.

Each step to a loud end may be small, and a distance of tension is only a price.
"""

import numpy as np

from playlist_builder.arranger.result import Order
from playlist_builder.notices import Notice, notice
from playlist_builder.track_table import TrackTable

LOUD_END_LU = 4.0  # above the median of a session, where the loudest track of it ends it
FEWEST = 3  # tracks of a session that has a median
FAR = 0.1  # beyond the planned tension: what nobody tells apart is not told


def remarks(order: Order) -> list[Notice]:
    """Return notices on an order of tracks."""
    return [*_loud_end(order), *_tension(order)]


def _loud_end(order: Order) -> list[Notice]:
    lufs = order.items.lufs
    if len(lufs) < FEWEST or lufs[-1] <= lufs[:-1].max():
        return []
    median_lufs = float(np.median(lufs))
    if lufs[-1] < median_lufs + LOUD_END_LU:
        return []
    title = order.tracks[-1].tags.title or order.tracks[-1].path
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
            title=track.tags.title or track.path,
            at_s=order.starts_s[place],
            phase=phase.name,
            least=least,
            most=most,
        )
    ]
