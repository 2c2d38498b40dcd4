"""Which tracks are one recording: copies, in whatever format, under whatever title.

Two tracks are copies of each other if any of these holds:

- they have the same identity: the same audio packets;
- they have the same MusicBrainz recording id;
- title and artists are the same in comparable form, and the lengths, with the silence at edges and
  within or without, differ by at most `COPY_S`; where no artist is known, they are as bright too;
- they sound the same (see `same_sound`), whatever their tags.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np

from playlist_builder.arranger import same_sound
from playlist_builder.arranger.rules import SILENCE_S
from playlist_builder.language.text import comparable
from playlist_builder.models import Bools, Floats, Track
from playlist_builder.tracks.artists import artists, artists_of_each
from playlist_builder.tracks.track_table import TrackTable

COPY_S = (
    3.0  # most by which the lengths of copies of one title differ: shorter rests are no silence
)
BRIGHT = 0.3  # of a logarithm, most by which the centroids of copies by nobody known differ
HARM_LU = 3.0  # of a startling rise: of copies, one that startles less by so much is kept


def copies(tracks: Sequence[Track]) -> list[list[int]]:
    """Return groups of places, each holding copies of one recording.

    Two tracks share a group exactly if they are copies of each other; what sounds the same as a
    third sounds the same.
    """
    table = TrackTable.of(tracks)
    groups = _alike(table.identities)
    ids = table.recording_ids
    groups.extend(group for group in _alike(ids) if _is_given(ids[group[0]]))
    titles, lengths = list(map(comparable, table.titles)), _lengths(table).T.tolist()
    brightness = _brightness(table).tolist()
    for same in _alike(titles):
        if not titles[same[0]]:
            continue
        near = sorted({place for group in _close(same, lengths) for place in group})
        names = artists_of_each(table.take(np.array(near, np.int64)))
        for group in _alike(names):
            close = _close([near[place] for place in group], lengths)
            if not names[group[0]]:
                close = [alike for each in close for alike in _close(each, [brightness])]
            groups.extend(close)
    groups.extend(_connected(same_sound.pairs(table, table).tolist()))
    return groups


def spare_copies(
    tracks: TrackTable, kept: AbstractSet[int] = frozenset(), price: Floats | None = None
) -> set[int]:
    """Return the places of tracks whose recording another track has: a session plays it once.

    Those at the places `kept` stay, whatever others there are, and of others the one that harms
    least, by a long silence or a startling rise, and then the cheapest.
    """
    spare: set[int] = set()
    ranks = tracks.rank
    is_silent = tracks.measured("longest_silence_s") > SILENCE_S
    startles = np.round(tracks.measured("startle_lu") / HARM_LU)
    price = np.zeros(len(tracks)) if price is None else price
    for group in copies(tracks):
        left = [place for place in group if place not in spare]
        left.sort(
            key=lambda place: (
                place not in kept,
                is_silent[place],
                startles[place],
                price[place],
                ranks[place],
            )
        )
        spare.update(left[1:])
    return spare - kept


@dataclass(frozen=True, slots=True, eq=False)
class Recordings:
    """Tracks by what tells their recordings; see `repeated`.

    `lengths` holds those of the tracks of a title and its artists, with their brightness.
    """

    identities: frozenset[str]
    ids: frozenset[str]
    sounds: same_sound.Sounds
    every_length: Floats
    lengths: Mapping[tuple[str, frozenset[str]], Sequence[tuple[Floats, float]]]

    @staticmethod
    def of(tracks: Sequence[Track]) -> "Recordings":
        """Return the recordings of tracks."""
        known = TrackTable.of(tracks)
        every_length, brights = _lengths(known), _brightness(known).tolist()
        lengths: dict[tuple[str, frozenset[str]], list[tuple[Floats, float]]] = {}
        for track, length, brightness in zip(known, every_length, brights, strict=True):
            lengths.setdefault(_name(track), []).append((length, brightness))
        identities = frozenset(known.identities)
        ids = frozenset(filter(_is_given, known.recording_ids))
        return Recordings(identities, ids, same_sound.sounds(known), every_length, lengths)

    def among(self, table: TrackTable) -> Bools:
        """Return for each track of a table whether it is one of these, or a copy of one."""
        found = _among(table.identities, self.identities)
        found |= _among(table.recording_ids, self.ids)
        found[same_sound.agreeing(same_sound.sounds(table), self.sounds)[:, 0]] = True
        own, bright = _lengths(table), _brightness(table)
        wanted = {title for title, _ in self.lengths if title}
        near = np.flatnonzero(~found & _is_near(own, self.every_length) & bool(wanted))
        titles = table.take(near).titles
        for place, title in zip(near.tolist(), titles, strict=True):
            if comparable(title) in wanted:
                name = _name(table[place])
                found[place] = any(
                    (np.abs(own[place] - length) <= COPY_S).any()
                    and (name[1] or abs(bright[place] - brightness) <= COPY_S)
                    for length, brightness in self.lengths.get(name, ())
                )
        return found


def repeated(table: TrackTable, tracks: Sequence[Track]) -> Bools:
    """Return for each track of a table whether it is one of these, or a copy of one."""
    return Recordings.of(tracks).among(table)


def is_repeated(track: Track, tracks: Sequence[Track]) -> bool:
    """Whether a track is one of these, or a copy of one."""
    return bool(repeated(TrackTable.of([track]), tracks)[0])


def _is_given(recording_id: str) -> bool:
    """Whether an id is one; that of zeros stands for none."""
    return bool(recording_id.strip("0-"))


def _name(track: Track) -> tuple[str, frozenset[str]]:
    return comparable(track.tags.title), artists(track)


def _among(values: Sequence[str], wanted: frozenset[str]) -> Bools:
    return np.fromiter((value in wanted for value in values), np.bool_, len(values))


def _lengths(table: TrackTable) -> Floats:
    """Return the length of each track, with its silence and without, shape (n, 2)."""
    return np.column_stack([table.seconds, table.sounding_s])


def _brightness(table: TrackTable) -> Floats:
    """Return the logarithm of the centroid of each track, of which `BRIGHT` counts as `COPY_S`."""
    centroid_hz = np.maximum(table.measured("spectral_centroid_hz"), 1.0)
    return np.asarray(np.log(centroid_hz) * (COPY_S / BRIGHT))


def _is_near(lengths: Floats, others: Floats) -> Bools:
    """Return for each of `_lengths` whether one of others is as long, within `COPY_S`."""
    near = np.zeros(len(lengths), np.bool_)
    for seconds, ordered in zip(lengths.T, np.sort(others, axis=0).T, strict=True):
        first = np.searchsorted(ordered, seconds - COPY_S)
        near |= first < np.searchsorted(ordered, seconds + COPY_S, "right")
    return near


def _alike(values: Sequence[Hashable]) -> list[list[int]]:
    """Return the groups of places at which a value is the same, where there are several."""
    groups = {value: list[int]() for value, count in Counter(values).items() if count > 1}
    if groups:
        for place, value in enumerate(values):
            if value in groups:
                groups[value].append(place)
    return list(groups.values())


def _close(group: list[int], lengths: Sequence[Sequence[float]]) -> list[list[int]]:
    """Return every largest set of a group that are as long by one of `_lengths`, once."""
    sets = (sorted(each) for seconds in lengths for each in _as_long(group, seconds))
    return list(map(list, dict.fromkeys(map(tuple, sets))))


def _as_long(group: list[int], seconds: Sequence[float]) -> Iterable[list[int]]:
    """Return every largest set of a group whose lengths lie within `COPY_S` of each other."""
    ordered = sorted(group, key=seconds.__getitem__)
    reached = 0
    for first, place in enumerate(ordered):
        last = first
        limit = seconds[place] + COPY_S
        while last < len(ordered) and seconds[ordered[last]] <= limit:
            last += 1
        if last - first > 1 and last > reached:
            yield ordered[first:last]
            reached = last


def _connected(pairs: Iterable[Sequence[int]]) -> list[list[int]]:
    """Return the groups of places that pairs of them join, in their order."""
    group_of: dict[int, list[int]] = {}
    for first, second in pairs:
        left, right = group_of.setdefault(first, [first]), group_of.setdefault(second, [second])
        if left is not right:
            left.extend(right)
            group_of.update(dict.fromkeys(right, left))
    groups = {id(group): sorted(group) for group in group_of.values()}
    return [group for group in groups.values() if len(group) > 1]
