"""Session slots to the keys by which a music server knows their tracks.

A server knows the same music under other paths and with tags read by another program. Each slot
is matched by its path, then by its MusicBrainz recording, then by title, artist and length. Later
evidence counts only where the earlier finds nothing, or finds several tracks, of which it then
chooses. What stays ambiguous is not guessed: a wrong track in a calm passage is worse than none.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from playlist_builder.errors import ServerError
from playlist_builder.files.path_map import PathMap, best_map, with_slashes
from playlist_builder.language.text import comparable
from playlist_builder.language.translation import Phrase
from playlist_builder.models import Session, Slot, Tags
from playlist_builder.playlists.entries import check_parts

TRACK_LIMIT = 200_000  # tracks of a server that are searched: more than one listener collects
DURATION_TOLERANCE_S = 2.0  # servers round to seconds, and readers differ by a frame or a gap

_BETWEEN_ARTISTS = frozenset({"feat", "ft", "featuring"})
"""Programs join several artists each in its own way, so the separators are ignored."""

Why = Literal["not found", "ambiguous"]


@dataclass(frozen=True, slots=True)
class KnownTrack:
    """What is known here about the track of one slot; empty text is not known."""

    path: str
    title: str
    artist: str = ""
    album: str = ""
    duration_s: float = 0.0
    recording_id: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One track of a server. `key` is what the server calls it; empty text is not known."""

    key: str
    path: str = ""
    title: str = ""
    artist: str = ""
    album: str = ""
    duration_s: float | None = None
    recording_id: str = ""


class Server(Protocol):
    """A music server that can be searched, and that keeps playlists by name.

    Every method raises `ServerError` where the server is gone, refuses, or answers nonsense.
    """

    def music_folder(self) -> str | None:
        """Return the absolute path of its music on this machine, None where it does not say."""

    def search(self, track: KnownTrack, path: str) -> Iterable[Candidate]:
        """Return tracks that may be `track`, whose path on the server may be `path`."""

    def list_all(self) -> Iterable[Candidate]:
        """Return all tracks, up to `TRACK_LIMIT`."""

    def replace(self, name: str, keys: Sequence[str]) -> int:
        """Make playlist `name` hold `keys`, or leave it as it was; return how many it holds."""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A slot that is none of the server's tracks, or could be several of them."""

    track: KnownTrack
    why: Why


@dataclass(frozen=True, slots=True)
class _Evidence:
    """A candidate matches where both functions return the same value, and it `fits`."""

    of_track: Callable[[KnownTrack], Hashable]
    of_candidate: Callable[[Candidate], Hashable]
    fits: Callable[[KnownTrack, Candidate], bool] = lambda _track, _candidate: True


def known_tracks(session: Session, known: Mapping[str, tuple[Tags, float]]) -> list[KnownTrack]:
    """Return what is known of every slot of `session`, its tail included, in order.

    `known` maps identities to what the library has: the tags and the seconds. Raises ServerError
    where tracks are trimmed.
    """
    check_parts(session.slots, Phrase("A music server"), error=ServerError)
    return [_known_track(slot, known) for slot in (*session.slots, *session.tail)]


def mapped(path: str, maps: Sequence[PathMap]) -> str:
    """Return the path by which a server knows `path`; that is `path` where no map holds it."""
    best = best_map(path, maps)
    return (best.apply(path) if best else None) or with_slashes(path)


def find_keys(
    tracks: Sequence[KnownTrack], server: Server, maps: Sequence[PathMap]
) -> list[str | Unmatched]:
    """Return for each of `tracks` its key on `server`, or why it has none.

    The server is asked for each track; only where that leaves some are all its tracks read,
    since no server's search finds every title.
    """
    found: dict[str, Candidate] = {}
    for each in dict.fromkeys(tracks):
        for candidate in server.search(each, mapped(each.path, maps)):
            found[candidate.key] = candidate
    keys = match(tracks, list(found.values()), maps)
    if all(not isinstance(key, Unmatched) or key.why == "ambiguous" for key in keys):
        return keys
    found |= {candidate.key: candidate for candidate in server.list_all()}
    return match(tracks, list(found.values()), maps)


def match(
    tracks: Sequence[KnownTrack], candidates: Sequence[Candidate], maps: Sequence[PathMap]
) -> list[str | Unmatched]:
    """Return for each of `tracks` the key of its candidate, or why it has none.

    A candidate goes to one track only; one that several tracks fit equally goes to none of them.
    The order of both lists is without effect.
    """
    keys: dict[KnownTrack, str] = {}
    pools: dict[KnownTrack, list[Candidate]] = {}  # where some evidence found several
    for evidence in _evidence(maps):
        taken = set(keys.values())
        index = defaultdict(list)
        for candidate in candidates:
            if candidate.key not in taken:
                index[evidence.of_candidate(candidate)].append(candidate)
        for each in tracks:
            value = evidence.of_track(each)
            if not value or each in keys:
                continue
            hits = [c for c in index.get(value, ()) if evidence.fits(each, c)]
            if each in pools:
                hits = [c for c in hits if c in pools[each]]
            if hits:
                pools[each] = hits
        claims = Counter(hits[0].key for each, hits in pools.items() if len(hits) == 1)
        for each, hits in pools.items():
            if len(hits) == 1 and claims[hits[0].key] == 1 and hits[0].key not in taken:
                keys[each] = hits[0].key
        pools = {each: hits for each, hits in pools.items() if each not in keys}
    return [
        keys.get(each) or Unmatched(each, "ambiguous" if each in pools else "not found")
        for each in tracks
    ]


def _evidence(maps: Sequence[PathMap]) -> tuple[_Evidence, ...]:
    return (
        _Evidence(lambda track: mapped(track.path, maps), lambda candidate: candidate.path),
        # A Mac decomposes names that a server on Linux holds composed.
        _Evidence(
            lambda track: unicodedata.normalize("NFC", mapped(track.path, maps)),
            lambda candidate: unicodedata.normalize("NFC", candidate.path),
        ),
        _Evidence(_recording_id, _recording_id),
        _Evidence(_name, _name, _lasts_as_long),
        _Evidence(_name_on_album, _name_on_album, _lasts_as_long),
    )


def _known_track(slot: Slot, known: Mapping[str, tuple[Tags, float]]) -> KnownTrack:
    tags, duration_s = known.get(slot.identity, (Tags(), slot.duration_s))
    return KnownTrack(
        path=slot.path,
        title=slot.title,
        artist=slot.artist,
        album=slot.album,
        duration_s=duration_s,
        recording_id=tags.musicbrainz_recording_id,
    )


def _recording_id(track: KnownTrack | Candidate) -> str:
    return track.recording_id.casefold()


def _name(track: KnownTrack | Candidate) -> tuple[str, str] | None:
    title, words = comparable(track.title), comparable(track.artist).split()
    artist = " ".join(word for word in words if word not in _BETWEEN_ARTISTS)
    return (title, artist) if title and artist else None


def _name_on_album(track: KnownTrack | Candidate) -> tuple[str, str, str] | None:
    name, album = _name(track), comparable(track.album)
    return (*name, album) if name and album else None


def _lasts_as_long(track: KnownTrack, candidate: Candidate) -> bool:
    if candidate.duration_s is None:
        return False
    return abs(track.duration_s - candidate.duration_s) <= DURATION_TOLERANCE_S
