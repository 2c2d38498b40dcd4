"""The works of a list among the tracks of a library: which of them the user has.

Evidence is taken in this order: the file that the list names, the MusicBrainz recording, the ISRC,
then title and artist with a length that agrees. A track is taken once. What stays ambiguous is not
guessed, as a wrong track in a calm passage is worse than a like one that is told.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from playlist_builder.models import Track
from playlist_builder.playlists.entry import Entry
from playlist_builder.playlists.listed import ListedWork
from playlist_builder.playlists.read import candidate_paths
from playlist_builder.sessions.work_names import (
    TitleNames,
    are_versions,
    artist_names,
    names_of,
    share_artist,
)
from playlist_builder.tracks.track_table import TrackTable

NEAR_S, NEAR_SHARE = 5.0, 0.03  # by which lengths of one recording differ: silence at its ends
CLOSE_S = 3.0  # where a name alone may mean another work
_PEOPLE = "artists", "album_artists", "performers"
By = Literal["file", "recording", "isrc", "name"]


@dataclass(frozen=True, slots=True)
class Match:
    """The user's own track of a work of a list: number from 1, and how it was recognised."""

    number: int
    work: ListedWork
    track: Track
    by: By


@dataclass(frozen=True, slots=True)
class Found:
    """Places of tracks by the places of works, and how each was recognised.

    `alike` holds for works that are not found the tracks of that name, none of which is sure;
    `repeated` the places of works that stand in the list before.
    """

    tracks: Mapping[int, tuple[int, By]]
    alike: Mapping[int, Sequence[int]]
    repeated: frozenset[int]


def find(works: Sequence[ListedWork], table: TrackTable, folder: str) -> Found:
    """Return which tracks of a table are the works of a list that lies in a folder (whole path)."""
    taken = _Taken()
    for number, places in _by_file(works, table, folder):
        taken.take(number, places, "file")
    ids = {"recording": table.recording_ids, "isrc": _isrcs(works, table)}
    for by, of_work in _IDS.items():
        index = _index(ids[by])
        for number in taken.left(works):
            taken.take(number, index.get(of_work(works[number]), ()), by)
    names, alike = _Names(table), dict[int, Sequence[int]]()
    for number in taken.left(works):
        sure, alike[number] = names.places(works[number])
        taken.take(number, sure, "name")
    return Found(taken.tracks, alike, frozenset(taken.repeated))


class _Taken:
    """The tracks that works have taken, each once; a work whose tracks are taken is repeated."""

    def __init__(self) -> None:
        self.tracks: dict[int, tuple[int, By]] = {}
        self.repeated: set[int] = set()
        self._places: set[int] = set()

    def left(self, works: Sequence[ListedWork]) -> list[int]:
        """Return the places of the works that are not found yet."""
        return [n for n in range(len(works)) if n not in self.tracks and n not in self.repeated]

    def take(self, number: int, places: Sequence[int], by: By) -> None:
        """Let a work take the first of these tracks that is free."""
        place = next((place for place in places if place not in self._places), None)
        if place is not None:
            self.tracks[number] = place, by
            self._places.add(place)
        elif places:
            self.repeated.add(number)


_IDS: Mapping[By, Callable[[ListedWork], str]] = {
    "recording": lambda work: work.work.recording_id.strip("0-") and work.work.recording_id,
    "isrc": lambda work: work.work.isrc,
}


def _by_file(
    works: Sequence[ListedWork], table: TrackTable, folder: str
) -> Iterable[tuple[int, Sequence[int]]]:
    named = [(number, Entry(work.location)) for number, work in enumerate(works) if work.location]
    at = {path: place for place, path in enumerate(table.paths)} if named else {}
    for number, entry in named:
        paths = candidate_paths(entry, folder)
        place = next((at[path] for path in paths if path in at), None)
        if place is not None:
            yield number, [place]


def _isrcs(works: Sequence[ListedWork], table: TrackTable) -> Sequence[str]:
    if not any(work.work.isrc for work in works):
        return ()
    return [isrc for (isrc,) in table.tags("isrc")]


def _index(values: Iterable[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = defaultdict(list)
    for place, value in enumerate(values):
        if value:
            places[value].append(place)
    return places


class _Names:
    """The tracks of a table by the names of their titles."""

    def __init__(self, table: TrackTable) -> None:
        self._table = table
        self._titles = [names_of(title) for title in table.titles]
        self._seconds = table.seconds
        self._by: dict[int, frozenset[frozenset[str]]] = {}  # artists, as many share a title
        self._sure, self._may = (defaultdict[str, list[int]](list) for _ in range(2))
        for place, names in enumerate(self._titles):
            for name in names.sure:
                self._sure[name].append(place)
            for name in names.may:
                self._may[name].append(place)

    def places(self, work: ListedWork) -> tuple[list[int], list[int]]:
        """Return the tracks that are a work, the likeliest first; or else those that may be."""
        wanted = names_of(work.title)
        artists = artist_names(work.artist)
        found = []
        for place, is_sure in self._named(wanted).items():
            if are_versions(wanted.version, self._titles[place].version):
                continue
            shared = share_artist(artists, self._artists(place))
            if shared is not False:
                found.append((place, is_sure and bool(shared)))
        if work.duration_s is None:
            sure = [place for place, is_sure in found if is_sure]
            return (sure, []) if self._are_one(sure) else ([], [place for place, _ in found])
        apart = [(self._apart_s(place, work.duration_s), place, sure) for place, sure in found]
        near_s = max(NEAR_S, NEAR_SHARE * work.duration_s)
        sure = [
            place
            for away_s, place, is_sure in sorted(apart)
            if away_s <= (near_s if is_sure else CLOSE_S)
        ]
        return sure, [] if sure else [place for _, place, is_sure in sorted(apart) if is_sure]

    def _named(self, wanted: TitleNames) -> dict[int, bool]:
        """Return the tracks of one of these names, and whether that is sure."""
        found: dict[int, bool] = {}
        for name in sorted(wanted.sure):
            found |= dict.fromkeys(self._sure.get(name, ()), True)
        for name in sorted(wanted.sure | wanted.may):
            for place in (*self._may.get(name, ()), *self._sure.get(name, ())):
                found.setdefault(place, False)
        return found

    def _artists(self, place: int) -> frozenset[frozenset[str]]:
        if place not in self._by:
            tags = self._table.take(np.array([place])).tags(*_PEOPLE)
            artists, of_album, performers = next(iter(tags))
            names = (name.partition(" (")[0] for name in performers)
            self._by[place] = artist_names(*artists, *of_album, *names)
        return self._by[place]

    def _apart_s(self, place: int, duration_s: float) -> float:
        return abs(float(self._seconds[place]) - duration_s)

    def _are_one(self, places: Sequence[int]) -> bool:
        """Whether tracks of one name are copies of each other, by their lengths."""
        if not places:
            return False
        lengths = self._seconds[list(places)]
        return float(np.ptp(lengths)) <= max(NEAR_S, NEAR_SHARE * float(lengths.max()))
