"""Which tracks of a music server the slots of a session are.

A server knows the same music under other paths and with tags read by another program. Each slot
is sought by its path, then by its MusicBrainz recording, then by title, artist and length. The
next evidence is asked only where the one before finds nothing, or finds several, of which it then
chooses. What stays ambiguous is not guessed: a wrong track in a calm passage is worse than none.

It speaks to a server only through the `Server` that it is given.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

from playlist_builder.errors import ServerError
from playlist_builder.models import Session, Slot, Tags
from playlist_builder.text import UNPRINTED, folded, replaced

DURATION_TOLERANCE_S = 2.0
"""Servers round to whole seconds, and readers of the same file differ by a frame or a gap."""

TRACK_LIMIT = 200_000
"""As many tracks of a server are looked through: above any collection of one listener."""

NAME_LIMIT_BYTES = 200
"""File systems take 255 bytes, of which a push needs some for a name of its own."""

_BETWEEN_ARTISTS = re.compile(r"\s*(?:[,;/&\0]|\bfeat\.|\bft\.|\bfeaturing\b)\s*|\s+")
"""Programs join several artists each in its own way, so what joins them says nothing."""

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


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A slot that is none of the server's tracks, or could be several of them."""

    track: KnownTrack
    why: Why


@dataclass(frozen=True, slots=True)
class FolderMap:
    """The folder `here` is what the server calls `there`; neither ends in a slash."""

    here: str
    there: str


class Server(Protocol):
    """A music server that can be searched, and that keeps an order of its tracks under a name.

    Every method raises `ServerError` where the server is gone, refuses, or answers nonsense.
    """

    def search(self, wanted: KnownTrack, path: str) -> Iterable[Candidate]:
        """Give tracks that may be `overrides`, whose path on the server may be `path`."""

    def list_all(self) -> Iterable[Candidate]:
        """Give all tracks, up to `TRACK_LIMIT`."""

    def replace(self, name: str, keys: Sequence[str]) -> int:
        """Make `name` hold `keys`, or leave it as it was; give how many were read back."""


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What speaks for a candidate: equal to what is sought, where that is known, and fitting."""

    sought: Callable[[KnownTrack], Hashable]
    told: Callable[[Candidate], Hashable]
    fits: Callable[[KnownTrack, Candidate], bool] = lambda _wanted, _candidate: True


@contextmanager
def ending_in(sentence: str) -> Iterator[None]:
    """Add to a `ServerError` what has become of the playlist, since the user wonders."""
    try:
        yield
    except ServerError as error:
        raise ServerError(f"{error} {sentence}") from error


def playlist_name(name: str) -> str:
    """Give `name` as a server keeps it; raises `ServerError` where it cannot name a playlist.

    A line break would be a command of its own to MPD, which also makes the name that of a file.
    """
    name = name.strip()
    unfit = replaced(name, UNPRINTED, "") != name
    if not name or unfit or "/" in name or len(name.encode()) > NAME_LIMIT_BYTES:
        raise ServerError(
            f"{name[:40]!r} cannot name a playlist on a server. Give --name one short line"
            " without slashes."
        )
    return name


def known_tracks(session: Session, known: Mapping[str, tuple[Tags, float]]) -> list[KnownTrack]:
    """Give what is sought for every slot of `session`, its tail included, in order.

    `known` holds, by identity, what the library has: the tags and the seconds.
    """
    return [_wanted(slot, known) for slot in (*session.slots, *session.tail)]


def folder_map(text: str) -> FolderMap:
    """Read `FROM=TO`; raises `ServerError` where FROM is missing or not absolute."""
    here, equals, there = text.partition("=")
    here = _slashed(here)
    if not equals or not re.match("/|[A-Za-z]:/", here):
        raise ServerError(
            f"'{text}' maps no folder. Give FROM=TO, such as /home/me/Music=/music; TO is empty"
            " where the server tells paths relative to its music folder."
        )
    return FolderMap(here.rstrip("/"), there.rstrip("/") if there != "/" else there)


def mapped(path: str, maps: Sequence[FolderMap]) -> str:
    """Give the path by which a server knows `path`: by the longest map that holds it, if any."""
    slashed = _slashed(path)
    fitting = [each for each in maps if slashed.startswith(f"{each.here}/")]
    if not fitting:
        return slashed
    best = max(fitting, key=lambda each: len(each.here))
    inside = slashed[len(best.here) + 1 :]
    if not best.there:  # the music folder itself
        return inside
    return f"{best.there.rstrip('/')}/{inside}"


def find_keys(
    sought: Sequence[KnownTrack], server: Server, maps: Sequence[FolderMap]
) -> list[str | Unmatched]:
    """Give for each of `sought` its key on `server`, or why it has none.

    The server is asked for each track; only where that leaves some are all its tracks read,
    since no server's search finds every title.
    """
    found: dict[str, Candidate] = {}
    for each in dict.fromkeys(sought):
        found |= {
            candidate.key: candidate for candidate in server.search(each, mapped(each.path, maps))
        }
    keys = match(sought, list(found.values()), maps)
    if all(not isinstance(key, Unmatched) or key.why == "ambiguous" for key in keys):
        return keys
    found |= {candidate.key: candidate for candidate in server.list_all()}
    return match(sought, list(found.values()), maps)


def match(
    sought: Sequence[KnownTrack], candidates: Sequence[Candidate], maps: Sequence[FolderMap]
) -> list[str | Unmatched]:
    """Give for each of `sought` the key of its candidate, or why it has none.

    A candidate goes to one track only; one that several tracks fit equally goes to none of them.
    The order of both lists is without effect.
    """
    keys: dict[KnownTrack, str] = {}
    pools: dict[KnownTrack, list[Candidate]] = {}  # of those for which some evidence found several
    for evidence in _evidence(maps):
        taken = set(keys.values())
        index = defaultdict(list)
        for candidate in candidates:
            if candidate.key not in taken:
                index[evidence.told(candidate)].append(candidate)
        for each in sought:
            key = evidence.sought(each)
            if not key or each in keys:
                continue
            hits = [c for c in index.get(key, ()) if evidence.fits(each, c)]
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
        for each in sought
    ]


def _evidence(maps: Sequence[FolderMap]) -> tuple[_Evidence, ...]:
    """Give all kinds of evidence, the strongest first."""
    return (
        _Evidence(lambda each: mapped(each.path, maps), lambda each: each.path),
        # A Mac decomposes names that a server on Linux holds composed.
        _Evidence(
            lambda each: unicodedata.normalize("NFC", mapped(each.path, maps)),
            lambda each: unicodedata.normalize("NFC", each.path),
        ),
        _Evidence(
            lambda each: each.recording_id.casefold(), lambda each: each.recording_id.casefold()
        ),
        _Evidence(_name, _name, _lasts_as_long),
        _Evidence(_name_on_album, _name_on_album, _lasts_as_long),
    )


def _wanted(slot: Slot, known: Mapping[str, tuple[Tags, float]]) -> KnownTrack:
    tags, duration_s = known.get(slot.identity, (Tags(), slot.duration_s))
    return KnownTrack(
        path=slot.path,
        title=slot.title,
        artist=slot.artist,
        album=slot.album,
        duration_s=duration_s,
        recording_id=tags.musicbrainz_recording_id,
    )


def _slashed(path: str) -> str:
    """Give a path of Windows with the slashes that servers use; any other as it is."""
    return path.replace("\\", "/") if re.match(r"[A-Za-z]:[\\/]|\\\\", path) else path


def _name(track: KnownTrack | Candidate) -> tuple[str, str] | None:
    title = _folded(track.title)
    artist = " ".join(_BETWEEN_ARTISTS.sub(" ", _folded(track.artist)).split())
    return (title, artist) if title and artist else None


def _name_on_album(track: KnownTrack | Candidate) -> tuple[str, str, str] | None:
    name, album = _name(track), _folded(track.album)
    return (*name, album) if name and album else None


def _folded(text: str) -> str:
    """Give text without what differs between programs: case, width and spaces."""
    return " ".join(unicodedata.normalize("NFKC", folded(text)).split())


def _lasts_as_long(sought: KnownTrack, candidate: Candidate) -> bool:
    if candidate.duration_s is None:
        return False
    return abs(sought.duration_s - candidate.duration_s) <= DURATION_TOLERANCE_S
