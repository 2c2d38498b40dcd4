"""Rules among tracks as groups of which only so many may play: of an artist, of a recording.

Tracks and limits go in, `Groups` for the solver come out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from playlist_builder.arranger.recordings import copies
from playlist_builder.arranger.solver.graph import Groups
from playlist_builder.models import Ints
from playlist_builder.tracks.artists import artists_of_each
from playlist_builder.tracks.track_table import TrackTable


@dataclass(frozen=True, slots=True)
class ArtistLimits:
    """At most `most` tracks of an artist, of which `used` play elsewhere, and the `gap` of rules.

    Tracks of the identities `exempt` do not count.
    """

    most: int
    gap: int
    used: Mapping[str, int]
    exempt: frozenset[str] = frozenset()


def groups_of(
    tracks: TrackTable, artists: ArtistLimits, at_most: Sequence[tuple[frozenset[str], int]]
) -> Groups:
    """Return a group per artist, per set of copies, and per set of identities in `at_most`."""
    identities = tracks.identities
    names: dict[str, int] = {}
    own = [
        [names.setdefault(name, len(names)) for name in sorted(each)]
        for each in artists_of_each(tracks)
    ]
    limited: list[tuple[list[int], int]] = [
        ([], max(artists.most - artists.used.get(name, 0), 0)) for name in names
    ]
    for place, numbers in enumerate(own):
        for number in () if identities[place] in artists.exempt else numbers:
            limited[number][0].append(place)
    limited.extend((group, 1) for group in copies(tracks))
    for some, limit in at_most:
        limited.append(([n for n, identity in enumerate(identities) if identity in some], limit))
    member: list[list[int]] = [[] for _ in own]
    most: list[int] = []
    for group, limit in limited:
        if len(group) > limit:  # else the rule cannot be broken, and need not be counted
            for place in group:
                member[place].append(len(most))
            most.append(limit)
    most.append(len(tracks) + 1)
    return Groups(_padded(member, len(most) - 1), np.array(most), _padded(own, -1), artists.gap)


def _padded(rows: Sequence[Sequence[int]], filler: int) -> Ints:
    result = np.full((len(rows), max((len(row) for row in rows), default=0) or 1), filler)
    for number, row in enumerate(rows):
        result[number, : len(row)] = row
    return result
