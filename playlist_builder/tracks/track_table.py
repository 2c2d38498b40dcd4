"""Many tracks at once: columns of numbers, and a `Track` only where one is asked for.

Most tracks of a large library are compared by their numbers only. So a table holds these numbers as
arrays and makes a `Track` when it is taken out; it can be used as any sequence of tracks.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from operator import attrgetter
from typing import Any, get_args, overload

import numpy as np
from numpy.typing import NDArray

from playlist_builder.models import (
    KEYS,
    STYLE_SIZE,
    Bools,
    Features,
    Floats,
    Floats32,
    Ints,
    Track,
    Vocals,
)

SCALARS = tuple(field.name for field in fields(Features))  # as in a row of `Columns.scalars`
LEAST_SILENCE_S = 1.0  # shorter ones are rests between notes
VOCALS: tuple[Vocals, ...] = get_args(Vocals)

_KEY = SCALARS.index("key")
_NUMBER_OF_KEY = {key: number for number, key in enumerate(KEYS)}
_NO_EMOTION = (np.nan,) * 3
_WHOLE = tuple(SCALARS.index(name) for name in ("sample_rate_hz", "channels"))


def numbers_of(features: Features) -> Floats:
    """Return features as numbers in the order of `SCALARS`: a key by its place in KEYS, or -1."""
    return np.array(
        [
            _NUMBER_OF_KEY.get(value, -1) if name == "key" else value
            for name in SCALARS
            for value in (getattr(features, name),)
        ],
        dtype=np.float64,
    )


def features_of(numbers: Sequence[float]) -> Features:
    """Return the features that `numbers_of` made numbers of."""
    values: list[Any] = list(numbers)
    for place in _WHOLE:
        values[place] = int(values[place])
    values[_KEY] = KEYS[int(numbers[_KEY])] if numbers[_KEY] >= 0 else ""
    return Features(*values)


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """What is weighed of n tracks: each column holds n values, in the order of the tracks.

    `scalars` has shape (n, len(SCALARS)). `values` holds all contours, that of a track from
    `offset` on with `count` values, at least one. `vocals` are places in VOCALS. `recording_id`
    returns that of MusicBrainz of one track by its place, empty where it has none. `rank` puts the
    tracks in the order of their identities, and of their paths where these are equal. `style`
    returns those of tracks by their places, shape (n, STYLE_SIZE), or is None where nobody asked
    for it; it, `tension`, its spread and `moving` are NaN where a track has no embedding. `tags`
    returns tags of one track by its place and their names.
    """

    paths: Sequence[str]
    identities: Sequence[str]
    titles: Sequence[str]
    recording_id: Callable[[int], str]
    energy: Floats
    scalars: Floats
    values: NDArray[np.float32]
    offset: Ints
    count: Ints
    vocals: NDArray[np.int8]
    banned: Bools
    missing: Bools
    rank: Ints
    tension: Floats
    tension_spread: Floats
    moving: Floats
    style: Callable[[Ints], Floats32] | None
    tags: Callable[[int, Sequence[str]], Sequence[Any]]


class TrackTable(Sequence[Track]):
    """A sequence of tracks with their columns; each track is made once, when it is taken out."""

    def __init__(
        self,
        columns: Columns,
        make: Callable[[int], Track],
        places: Ints | None = None,
        made: dict[int, Track] | None = None,
    ) -> None:
        """Hold the tracks at some places of `columns`, or all; `make` makes one by its place."""
        self._columns = columns
        self._make = make
        self._places = np.arange(len(columns.paths)) if places is None else places
        self._made: dict[int, Track] = {} if made is None else made

    @staticmethod
    def of(tracks: Sequence[Track]) -> "TrackTable":
        """Return tracks as a table."""
        return tracks if isinstance(tracks, TrackTable) else _table_of(tracks)

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> Track: ...

    @overload
    def __getitem__(self, place: slice) -> "TrackTable": ...

    def __getitem__(self, place: int | slice) -> "Track | TrackTable":
        if isinstance(place, slice):
            return self.take(np.arange(len(self))[place])
        own = int(self._places[place])
        track = self._made.get(own)
        if track is None:
            track = self._made[own] = self._make(own)
        return track

    def __iter__(self) -> Iterator[Track]:
        return map(self.__getitem__, range(len(self)))

    def take(self, places: Ints | Bools) -> "TrackTable":
        """Return the tracks at some places, in that order, or those for which a mask holds."""
        return TrackTable(self._columns, self._make, self._places[places], self._made)

    @property
    def paths(self) -> list[str]:
        """The path of each track."""
        return self._listed(self._columns.paths)

    @property
    def identities(self) -> list[str]:
        """The identity of each track."""
        return self._listed(self._columns.identities)

    @property
    def titles(self) -> list[str]:
        """The title of each track, as its tags have it."""
        return self._listed(self._columns.titles)

    @property
    def recording_ids(self) -> list[str]:
        """The MusicBrainz recording id of each track, empty where it has none."""
        return list(map(self._columns.recording_id, self._places.tolist()))

    @property
    def energy(self) -> Floats:
        """The energy of each track."""
        return self._columns.energy[self._places]

    @property
    def vocals(self) -> NDArray[np.int8]:
        """What is known of voices in each track, as places in VOCALS."""
        return self._columns.vocals[self._places]

    @property
    def banned(self) -> Bools:
        """Whether each track is banned by its mark."""
        return self._columns.banned[self._places]

    @property
    def missing(self) -> Bools:
        """Whether the files of each track have vanished."""
        return self._columns.missing[self._places]

    @property
    def rank(self) -> Ints:
        """Numbers in the order of the identities, and of the paths where these are equal."""
        return self._columns.rank[self._places]

    @property
    def tension(self) -> Floats:
        """The tension of each track, NaN where it is not known."""
        return self._columns.tension[self._places]

    @property
    def tension_spread(self) -> Floats:
        """The standard error of the tension of each track, NaN where it is not known."""
        return self._columns.tension_spread[self._places]

    @property
    def moving(self) -> Floats:
        """How moving each track is, NaN where it is not known."""
        return self._columns.moving[self._places]

    @property
    def style(self) -> NDArray[np.float32]:
        """The style of each track, shape (n, STYLE_SIZE), NaN where it is not known."""
        style = self._columns.style
        if style is None:
            return np.full((len(self), STYLE_SIZE), np.nan, np.float32)
        return style(self._places)

    @property
    def seconds(self) -> Floats:
        """The length of each track."""
        return self.measured("duration_s")

    @property
    def silences(self) -> tuple[Floats, Floats, Floats, Floats]:
        """The silence that begins, lies longest within, and ends each track, and where the second.

        All in seconds; what is shorter than `LEAST_SILENCE_S` counts as 0 s.
        """
        lead_s, longest_s, begins_s, trail_s = map(
            self.measured,
            (
                "leading_silence_s",
                "longest_silence_s",
                "longest_silence_start_s",
                "trailing_silence_s",
            ),
        )
        is_within = (begins_s >= lead_s) & (begins_s + longest_s <= self.seconds - trail_s)
        lasts_s = (lead_s, np.where(is_within, longest_s, 0.0), trail_s)
        lead_s, inner_s, trail_s = (np.where(s < LEAST_SILENCE_S, 0.0, s) for s in lasts_s)
        return lead_s, inner_s, trail_s, begins_s

    @property
    def sounding_s(self) -> Floats:
        """The length of each track without its silences."""
        lead_s, inner_s, trail_s, _ = self.silences
        return np.asarray(self.seconds - lead_s - inner_s - trail_s)

    def measured(self, name: str) -> Floats:
        """Return one of SCALARS for each track; a key by its place in KEYS, or -1."""
        return np.asarray(self._columns.scalars[self._places, SCALARS.index(name)])

    def tags(self, *names: str) -> Iterable[Sequence[Any]]:
        """Return the tags of these names of each track, without making any track."""
        tags = self._columns.tags
        return (tags(place, names) for place in self._places.tolist())

    def similarity(self, style: Floats32) -> Floats:
        """Return the cosine of the style of each track with another one, NaN where not known."""
        own = self.style.astype(np.float64)
        lengths = np.linalg.norm(own, axis=1) * np.linalg.norm(style)
        return np.asarray(own @ style / np.maximum(lengths, np.finfo(np.float64).tiny))

    def contours(self) -> tuple[NDArray[np.float32], Ints, Ints]:
        """Return all contours one after the other, where each begins, and how long each is."""
        offset, count = self._columns.offset[self._places], self._columns.count[self._places]
        begins = np.cumsum(count) - count
        steps = np.repeat(offset - begins, count) + np.arange(int(count.sum()))
        return self._columns.values[steps], begins, count

    def by_identity(self) -> "Mapping[str, Track]":
        """Return the tracks by their identities."""
        return _Catalogue(self)

    def _listed(self, column: Sequence[str]) -> list[str]:
        return list(map(column.__getitem__, self._places.tolist()))


class _Catalogue(Mapping[str, Track]):
    def __init__(self, table: TrackTable) -> None:
        self._shelf = table

    @cached_property
    def _place(self) -> dict[str, int]:  # made when it is first asked for anything
        return {identity: place for place, identity in enumerate(self._shelf.identities)}

    def __getitem__(self, identity: str) -> Track:
        return self._shelf[self._place[identity]]

    def __contains__(self, identity: object) -> bool:
        return identity in self._place

    def __iter__(self) -> Iterator[str]:
        return iter(self._place)

    def __len__(self) -> int:
        return len(self._place)


def _table_of(tracks: Sequence[Track]) -> TrackTable:
    tracks, size = list(tracks), len(tracks)
    features = [track.features for track in tracks]
    scalars = np.empty((size, len(SCALARS)))
    for column, name in enumerate(SCALARS):
        values: Any = map(attrgetter(name), features)
        if column == _KEY:
            values = (_NUMBER_OF_KEY.get(key, -1) for key in values)
        scalars[:, column] = np.fromiter(values, np.float64, size)
    contours = [
        track.contour if len(track.contour) else np.array([track.energy]) for track in tracks
    ]
    count = np.fromiter(map(len, contours), np.int64, size)
    joined = np.concatenate(contours) if contours else np.zeros(0)
    paths = [track.path for track in tracks]
    identities = [track.identity for track in tracks]
    rank = np.empty(size, np.int64)
    rank[sorted(range(size), key=lambda place: (identities[place], paths[place]))] = range(size)
    emotions = [
        (track.emotion.tension, track.emotion.tension_spread, track.emotion.moving)
        if track.emotion
        else _NO_EMOTION
        for track in tracks
    ]
    styles = np.full((size, STYLE_SIZE), np.nan, np.float32)
    for place, track in enumerate(tracks):
        if track.style is not None:
            styles[place] = track.style
    tension, spread, moving = np.array(emotions, np.float64).reshape(size, 3).T
    columns = Columns(
        paths=paths,
        identities=identities,
        titles=[track.tags.title for track in tracks],
        recording_id=lambda place: tracks[place].tags.musicbrainz_recording_id,
        energy=np.fromiter((track.energy for track in tracks), np.float64, size),
        scalars=scalars,
        values=joined.astype(np.float32, copy=False),
        offset=np.cumsum(count) - count,
        count=count,
        vocals=np.fromiter((VOCALS.index(track.vocals) for track in tracks), np.int8, size),
        banned=np.fromiter((track.mark.banned for track in tracks), np.bool_, size),
        missing=np.fromiter((track.missing for track in tracks), np.bool_, size),
        rank=rank,
        tension=tension,
        tension_spread=spread,
        moving=moving,
        style=styles.__getitem__,
        tags=lambda place, names: [getattr(tracks[place].tags, name) for name in names],
    )
    return TrackTable(columns, tracks.__getitem__)
