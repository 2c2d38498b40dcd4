"""What every music server offers, and what its modules share: tracks, names, targets, refusals.

Another kind of server implements `Server` and gets a line in `connect.SERVERS`.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

from playlist_builder.errors import ServerError
from playlist_builder.text import UNPRINTED, replaced

TRACK_LIMIT = 200_000  # tracks of a server that are searched: more than one listener collects
NAME_LIMIT_BYTES = 200  # file systems take 255, and a push needs some for temporary names


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


@contextmanager
def ending_in(sentence: str) -> Iterator[None]:
    """Add `sentence`, which says what has become of the playlist, to a `ServerError`."""
    try:
        yield
    except ServerError as error:
        raise ServerError(f"{error} {sentence}") from error


def playlist_name(name: str) -> str:
    """Return `name` as a server keeps it; raises `ServerError` where it cannot name a playlist.

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


def split_target(target: str, example: str, password_variable: str) -> SplitResult:
    """Return the parts of a target; raises `ServerError` where it is no address or has a password.

    `example` is a sentence that says what to give instead.
    """
    try:
        parts = urlsplit(target)
        password, _ = parts.password, (parts.hostname, parts.port)  # each may raise
    except ValueError as error:
        raise ServerError(f"The target is no address: {error}. {example}") from error
    if password is not None:
        raise ServerError(
            "A password on the command line is read by others on this machine. Leave it out of"
            f" the target and set {password_variable}, or wait for the prompt."
        )
    return parts


def finite_seconds(value: object) -> float | None:
    """Return a length in seconds as a server writes it, None where it is no finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (OverflowError, ValueError):
        return None
    return seconds if math.isfinite(seconds) else None
