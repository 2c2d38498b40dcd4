"""A track beside the others of its library: those next to it in energy, and those like it in style.

Tables of tracks go in; nothing is read here.
"""

from dataclasses import dataclass

import numpy as np

from playlist_builder.arranger.solver.cost import percentile_table, rescale
from playlist_builder.errors import LibraryError
from playlist_builder.models import Floats, Track
from playlist_builder.tracks.track_table import TrackTable


@dataclass(frozen=True, slots=True)
class EnergyRank:
    """How the energy of a track compares with that of the others in its library.

    `percentile` is its energy on the relative scale, 0..1; `calmer` of the `others` have less. The
    tracks next to it come nearest first.
    """

    percentile: float
    calmer: int
    others: int
    above: tuple[Track, ...]
    below: tuple[Track, ...]


def energy_rank(every: TrackTable, track: Track, count: int) -> EnergyRank:
    """Return how the energy of a track compares, with `count` neighbours on either side."""
    others = every.take(np.array([name != track.identity for name in every.identities], bool))
    energy, paths = others.energy, others.paths
    distance = np.abs(energy - track.energy)
    order = sorted(range(len(others)), key=lambda place: (distance[place], paths[place]))
    near = np.array(order, np.int64)
    above, below = near[energy[near] > track.energy], near[energy[near] <= track.energy]
    table = percentile_table(np.append(energy, track.energy))
    percentile = float(rescale(np.array([track.energy], np.float32), table)[0])
    return EnergyRank(
        percentile,
        int((energy < track.energy).sum()),
        len(others),
        tuple(others.take(above[:count])),
        tuple(others.take(below[:count])),
    )


def similar(every: TrackTable, track: Track) -> tuple[TrackTable, Floats]:
    """Return the other tracks of known style, the most similar first, and how much each is.

    Raises `LibraryError` where no style is known of the track, or of any other.
    """
    others = np.array([name != track.identity for name in every.identities], bool)
    own = every.style[~others]
    if not len(own) or np.isnan(own).any():
        raise LibraryError(
            "Nothing is known to be like {path!r}: it has no embedding. Scan it without"
            " --no-embedding, unless it is silence.",
            path=track.path,
        )
    cosines = every.similarity(own[0])
    (known,) = np.nonzero(others & ~np.isnan(cosines))
    if not len(known):
        raise LibraryError("No other track has an embedding. Scan without --no-embedding.")
    places = known[np.argsort(-cosines[known], kind="stable")]
    return every.take(places), cosines[places]
