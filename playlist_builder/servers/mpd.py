"""A music player daemon (MPD): its tracks, its stored playlists and its queue.

The only room that imports python-mpd2. MPD cannot replace a stored playlist in one step, so the
new one is written under a name of its own, read back, and only then takes the place of the old
one, by renames within one list of commands. Should the daemon die between the two, the next push
finds both whole and puts the old one back before it goes on.

Text that MPD takes for a line break never reaches it, since it would be a command of its own.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import mpd

from playlist_builder.errors import ServerError
from playlist_builder.servers.match import (
    TRACK_LIMIT,
    Candidate,
    KnownTrack,
    ending_in,
    playlist_name,
)
from playlist_builder.text import LINE_LIMIT, one_line

PORT = 6600
TIMEOUT_S = 30.0
"""For one answer; a search through 200,000 tracks takes some seconds on a Raspberry Pi."""

ENDING_S = 1.0
"""So shortly before its end a track may have ended before the queue is changed."""

PAGE = 2000
"""Tracks asked for at once: well below the 8 MB that MPD buffers for a client by default."""

ReplayGain = Literal["off", "track", "album"]

_EVERY = ("modified-since", "1970-01-01T00:00:00Z")
_NEW, _OLD = " (new, by playlist-builder)", " (old, by playlist-builder)"
_NEEDED = frozenset(
    ("find", "playlistadd", "listplaylist", "listplaylists", "rename", "rm", "addid", "delete")
)
_ARGUMENT = mpd.FailureResponseCode.ARG
_PASSWORD = mpd.FailureResponseCode.PASSWORD


@dataclass(frozen=True, slots=True)
class MpdAddress:
    """Where an MPD listens: a host and port, or the path of a socket with port None."""

    host: str
    port: int | None

    def __str__(self) -> str:
        if self.port is None:
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(target: str) -> MpdAddress:
    """Read `mpd://host[:port]` or `mpd:///path`; raises `ServerError` where it is neither."""
    try:
        parts = urlsplit(target)
        host, port, secret = parts.hostname, parts.port, parts.password
    except ValueError as error:
        raise ServerError(f"The target is no address: {error}. Give mpd://host:port.") from error
    if secret is not None:
        raise ServerError(
            "A password on the command line is read by others on this machine. Leave it out of"
            " the target and set MPD_PASSWORD, or wait for the prompt."
        )
    if parts.username is not None:
        raise ServerError("MPD knows no users. Give mpd://host:port.")
    path = unquote(parts.path)
    if parts.query or parts.fragment or (host and path.strip("/")) or not (host or path.strip("/")):
        raise ServerError("The target is no MPD. Give mpd://host:port, or mpd:///path of a socket.")
    return MpdAddress(host, port or PORT) if host else MpdAddress(path, None)


@contextmanager
def opened(where: MpdAddress) -> "Iterator[Mpd]":
    """Connect to the MPD at `where`; raises `ServerError` where none answers."""
    client = mpd.MPDClient()
    client.timeout = TIMEOUT_S
    try:
        client.connect(where.host, where.port)
    except (mpd.MPDError, OSError, ValueError) as error:
        raise ServerError(
            f"No MPD answers at {where}: {_reason(error)}. Is it running, and is this its address?"
        ) from error
    try:
        yield Mpd(where, client)
    finally:
        with suppress(OSError):  # it flushes what it could not send
            client.disconnect()


class Mpd:
    """An MPD that is connected. Every method raises `ServerError`."""

    def __init__(self, where: MpdAddress, client: Any) -> None:  # noqa: ANN401 - not typed
        self._where = where
        self._client = client

    def is_locked(self) -> bool:
        """Whether a password is needed for what a push does."""
        with self._plainly():
            return not _NEEDED.issubset(self._client.commands())

    def unlock(self, password: str) -> None:
        """Give the password."""
        if not _is_argument(password):
            raise ServerError("The password holds a line break, which MPD cannot take.")
        with self._plainly():
            self._client.password(password)
        if self.is_locked():
            raise ServerError(
                f"The password for MPD at {self._where} does not allow to change playlists. Use"
                " one that has the permissions read, add and control."
            )

    def music_folder(self) -> str | None:
        """Return the absolute path of its music, which MPD tells on a local socket only."""
        if self._where.port is not None:
            return None
        with self._plainly():
            told = self._client.config()
        if isinstance(told, Mapping):  # since MPD 0.24
            told = told.get("music_directory")
        return told if isinstance(told, str) and told.startswith("/") else None

    def search(self, wanted: KnownTrack, path: str) -> Iterable[Candidate]:
        """Give tracks with this path, recording or title."""
        sought = (
            ("file", path),
            ("musicbrainz_trackid", wanted.recording_id),  # so called, but a recording
            ("title", wanted.title),
        )
        for field, value in sought:
            if value and _is_argument(value):
                yield from self._found(field, value)

    def list_all(self) -> Iterable[Candidate]:
        """Give all tracks, up to `TRACK_LIMIT`."""
        for start in range(0, TRACK_LIMIT, PAGE):
            page = self._found(*_EVERY, "window", f"{start}:{start + PAGE}")
            yield from page
            if len(page) < PAGE:
                return

    def replace(self, name: str, keys: Sequence[str]) -> int:
        """Make the stored playlist `name` hold `keys`, or leave it as it was."""
        name = playlist_name(name)
        new, old = name + _NEW, name + _OLD
        with ending_in(f"The playlist '{name}' is as it was."):
            exists = self._tidied(name, new, old)
            try:
                self._at_once([("playlistadd", new, key) for key in keys])
                self._check(new, keys)
            except ServerError:
                self._tried(("rm", new))
                raise
        swap = [("rename", name, old)] if exists else []
        try:
            self._at_once([*swap, ("rename", new, name)])
            self._check(name, keys)
        except ServerError as error:
            if exists and self._tried(("listplaylist", old)):
                self._tried(("rm", name))
                self._tried(("rename", old, name))
            raise ServerError(
                f"{error} The playlist '{name}' may be the old one or the new one, but it is"
                " whole; push again."
            ) from error
        if exists:
            with ending_in(f"The playlist '{name}' is the new one; push again to tidy up."):
                self._at_once([("rm", old)])
        return len(keys)

    def enqueue(
        self, keys: Sequence[str], crossfade_s: int | None, replay_gain: ReplayGain | None
    ) -> int:
        """Make the queue hold `keys` in their order, or leave it as it was; return the count.

        Random order and stopping after each track are turned off: a session is an order.
        """
        before = self._queue()
        commands: list[tuple[Any, ...]] = [("addid", key) for key in keys]
        if before:
            commands.append(("delete", (0, len(before))))
        commands += [("random", 0), ("single", 0)]
        if crossfade_s is not None:
            commands.append(("crossfade", crossfade_s))
        if replay_gain is not None:
            commands.append(("replay_gain_mode", replay_gain))
        try:
            self._at_once(commands)
        except ServerError as error:
            kept = "as it was" if self._took_back(before) else "the old one or the new one"
            raise ServerError(f"{error} The queue is {kept}.") from error
        self._compare("the queue", [row.get("file") for row in self._queue()], keys)
        return len(keys)

    def follow(self, current: str, keys: Sequence[str], *, skip: bool = False) -> int:
        """Make the queue go on with `keys` behind the track that plays; return their count.

        That track must be `current`; it plays on, or is passed over now with `skip`. What comes
        before it stays. The queue is left as it was if anything fails.
        """
        before = self._queue()
        with self._plainly():
            status = self._client.status()
            song = _text(status.get("song"))
            lasts_s, elapsed_s = _seconds(status.get("duration")), _seconds(status.get("elapsed"))
        place = int(song) if song.isdecimal() else len(before)
        playing = before[place].get("file") if place < len(before) else None
        if playing != current:
            told = f"plays {playing!r}" if playing else "plays nothing"
            raise ServerError(
                f"MPD at {self._where} {told}, not {current!r} as the session says for this time."
                " The queue is as it was."
            )
        if not skip and (lasts_s or math.inf) - (elapsed_s or 0.0) < ENDING_S:
            raise ServerError(
                "The track is just ending. Replan the next one. The queue is as it was."
            )
        commands: list[tuple[Any, ...]] = [("addid", key) for key in keys]
        if place + 1 < len(before):
            commands.append(("delete", (place + 1, len(before))))
        commands += [("random", 0), ("single", 0), *([("next",)] if skip else [])]
        try:
            self._at_once(commands)
        except ServerError as error:
            kept = "as it was" if self._took_back(before) else "the old one or the new one"
            raise ServerError(f"{error} The queue is {kept}.") from error
        now = [row.get("file") for row in self._queue()]
        self._compare("the queue", now[len(now) - len(keys) :], keys)
        return len(keys)

    def _tidied(self, name: str, new: str, old: str) -> bool:
        """Clear away what a push that was cut off left; tell whether `name` exists."""
        with self._plainly():
            names = {row.get("playlist") for row in self._client.listplaylists()}
        if new in names:
            self._at_once([("rm", new)])
        if old in names:
            self._at_once([("rm", old)] if name in names else [("rename", old, name)])
        return name in names or old in names

    def _took_back(self, before: Sequence[Mapping[str, Any]]) -> bool:
        """Take what was added out of the queue again; tell whether it is known to be as before.

        A list of commands stops at the one that fails, so what came before it stands at the end.
        """
        try:
            now = self._queue()
            if now[: len(before)] != before:
                return False
            if len(now) > len(before):
                self._at_once([("delete", (len(before),))])
        except ServerError:
            return False
        return True

    def _queue(self) -> list[Mapping[str, Any]]:
        with self._plainly():
            return list(self._client.playlistid())

    def _found(self, *query: str) -> list[Candidate]:
        with self._plainly():
            try:
                rows = self._client.find(*query)
            except mpd.CommandError as error:
                if error.errno is _ARGUMENT:  # a path or tag that this MPD cannot know
                    return []
                raise
            return [_candidate(row) for row in rows if isinstance(row.get("file"), str)]

    def _check(self, name: str, keys: Sequence[str]) -> None:
        with self._plainly():
            held = self._client.listplaylist(name)
        self._compare(f"'{name}'", held, keys)

    def _compare(self, what: str, held: Sequence[str | None], keys: Sequence[str]) -> None:
        """Refuse what MPD reads back if it is not what was sent."""
        if list(held) == list(keys):
            return
        lost = [key for key in keys if key not in held]
        if lost and lost[0].startswith(("#", " ", "\t")):
            raise ServerError(
                f"A stored playlist of MPD cannot hold '{lost[0]}': it takes a path that begins"
                " so for something else. Rename the file, or push with --queue."
            )
        which = f", without '{lost[0]}'" if lost else ""
        raise ServerError(
            f"MPD at {self._where} reads back {len(held)} of {len(keys)} tracks from"
            f" {what}{which}. Push again."
        )

    def _at_once(self, commands: Sequence[tuple[Any, ...]]) -> None:
        """Have commands carried out without another client in between, up to one that fails."""
        with self._plainly():
            self._client.command_list_ok_begin()
            for command, *arguments in commands:
                getattr(self._client, command)(*arguments)
            self._client.command_list_end()

    def _tried(self, command: tuple[Any, ...]) -> list[Any]:
        """Do what makes good after a failure, if the connection still stands."""
        try:
            with self._plainly():
                return list(getattr(self._client, command[0])(*command[1:]) or ())
        except ServerError:
            return []

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        """Turn what goes wrong into one line."""
        try:
            yield
        except mpd.CommandError as error:
            if error.errno is _PASSWORD:
                raise ServerError(f"MPD at {self._where} does not take this password.") from error
            raise ServerError(f"MPD at {self._where} refused: {_reason(error)}.") from error
        except (mpd.ConnectionError, OSError) as error:
            raise ServerError(
                f"The connection to MPD at {self._where} broke: {_reason(error)}."
            ) from error
        except (mpd.MPDError, ValueError, AttributeError, TypeError, KeyError) as error:
            # The last ones are how python-mpd2 meets answers that are none.
            raise ServerError(
                f"What answers at {self._where} does not speak as MPD does."
            ) from error


def _is_argument(text: str) -> bool:
    """Whether text can be part of a command: no line break, no null, and all of it Unicode."""
    return not any(char in "\n\r\0" or "\ud800" <= char <= "\udfff" for char in text)


def _candidate(row: Mapping[str, Any]) -> Candidate:
    return Candidate(
        key=row["file"],
        path=row["file"],
        title=_text(row.get("title")),
        artist=_text(row.get("artist")),
        album=_text(row.get("album")),
        duration_s=_seconds(row.get("duration") or row.get("time")),
        recording_id=_text(row.get("musicbrainz_trackid")),
    )


def _text(value: object) -> str:
    """Give a tag as one text; where a file says it several times, MPD gives a list."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else ""


def _seconds(value: object) -> float | None:
    try:
        seconds = float(_text(value))
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None


def _reason(error: Exception) -> str:
    """Give what an error says, as one short line."""
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT_S:g} s"
    words = getattr(error, "msg", None) or getattr(error, "strerror", None) or str(error)
    return one_line(str(words))[:LINE_LIMIT]
