"""A music player daemon (MPD): its tracks, its stored playlists and its queue.

MPD cannot replace a stored playlist in one step, so the new one is written under a temporary name,
read back, and only then takes the place of the old one, by renames within one list of commands.
Should the daemon die between the two, the next push finds both whole and puts the old one back
before it goes on.

Text that MPD takes for a line break is never sent, since it would be a command of its own.
"""

import math
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Literal

import mpd

from playlist_builder.errors import SYSTEM_REASONS, ServerError, system_reason
from playlist_builder.language.text import LINE_LIMIT, one_line
from playlist_builder.language.translation import Phrase
from playlist_builder.servers import checks
from playlist_builder.servers.match import TRACK_LIMIT, Candidate, KnownTrack
from playlist_builder.servers.mpd_address import MpdAddress

TIMEOUT_S = 30.0  # for an answer; a search in 200,000 tracks takes seconds on a Raspberry Pi
ENDING_S = 1.0  # a track this close to its end may have ended before the queue is changed
PAGE = 2000  # tracks asked for at once: well below the 8 MB that MPD buffers for a client
ReplayGain = Literal["off", "track", "album"]

_ALL = ("modified-since", "1970-01-01T00:00:00Z")
_NEW, _OLD = " (new, by playlist-builder)", " (old, by playlist-builder)"
_NEEDED = frozenset(
    ("find", "playlistadd", "listplaylist", "listplaylists", "rename", "rm", "addid", "delete")
)
_IN_ORDER = (("repeat", 0), ("random", 0), ("single", 0), ("consume", 0))
_ARGUMENT = mpd.FailureResponseCode.ARG
_PASSWORD = mpd.FailureResponseCode.PASSWORD


@contextmanager
def opened(where: MpdAddress) -> "Iterator[Mpd]":
    """Yield the MPD at `where`, connected; raises `ServerError` where none answers."""
    client = _Client()
    client.timeout = TIMEOUT_S
    try:
        client.connect(where.host, where.port)
    except (mpd.MPDError, OSError, ValueError) as error:
        raise ServerError(
            "No MPD answers at {where}: {error}. Is it running, and is this its address?",
            where=where,
            error=_reason(error),
        ) from error
    try:
        yield Mpd(where, client)
    finally:
        client.disconnect()


class _Client(mpd.MPDClient):  # type: ignore[misc]  # not typed
    """A client that closes its connection though something could not be sent."""

    def disconnect(self) -> None:
        """Close the connection, once or more; what was not sent is lost."""
        with suppress(OSError):  # it flushes what it could not send
            super().disconnect()
        self._reset()

    def _connect_unix(self, path: str) -> socket.socket:
        if not hasattr(socket, "AF_UNIX"):
            raise mpd.ConnectionError("This system has no local sockets.")
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            opened.settimeout(self.timeout)
            opened.connect(path)
        except OSError:
            opened.close()
            raise
        return opened

    def _reset(self) -> None:
        connection = getattr(self, "_sock", None)
        super()._reset()
        if connection is not None:
            connection.close()


class Mpd:
    """An MPD that is connected. Every method raises `ServerError`."""

    def __init__(self, where: MpdAddress, client: Any) -> None:  # noqa: ANN401 - not typed
        self._where = where
        self._client = client

    def is_locked(self) -> bool:
        """Whether a password is needed for what a push does."""
        with self._as_server_errors():
            return not _NEEDED.issubset(self._client.commands())

    def check_private(self) -> None:
        """Raise `ServerError` where a password would be read on the way: MPD has no encryption."""
        if not self._where.is_private:
            raise ServerError(
                "MPD at {where} needs a password, and anyone on the way there can read it. Use"
                " --insecure if you trust every machine between, or an SSH tunnel to localhost.",
                where=self._where,
            )

    def unlock(self, password: str) -> None:
        """Log in; raises `ServerError` where the password does not allow a push."""
        if not _is_argument(password):
            raise ServerError("The password holds a line break, which MPD cannot take.")
        with self._as_server_errors(secret=password):
            self._client.password(password)
        if self.is_locked():
            raise ServerError(
                "The password for MPD at {where} does not allow to change playlists. Use one"
                " that has the permissions read, add and control.",
                where=self._where,
            )

    def music_folder(self) -> str | None:
        """Return the absolute path of its music, which MPD tells on a local socket only."""
        if self._where.port is not None:
            return None
        with self._as_server_errors():
            folder = self._client.config()
        if isinstance(folder, Mapping):  # since MPD 0.24
            folder = folder.get("music_directory")
        return folder if isinstance(folder, str) and folder.startswith("/") else None

    def search(self, track: KnownTrack, path: str) -> Iterable[Candidate]:
        """Return tracks with this path, recording or title."""
        queries = (
            ("file", path),
            ("musicbrainz_trackid", track.recording_id),  # so called, but a recording
            ("title", track.title),
        )
        for field, value in queries:
            if value and _is_argument(value):
                yield from self._find(field, value)

    def list_all(self) -> Iterable[Candidate]:
        """Return all tracks, up to `TRACK_LIMIT`."""
        for start in range(0, TRACK_LIMIT, PAGE):
            page = self._find(*_ALL, "window", f"{start}:{start + PAGE}")
            yield from page
            if len(page) < PAGE:
                return

    def replace(self, name: str, keys: Sequence[str]) -> int:
        """Make the stored playlist `name` hold `keys`, or leave it as it was."""
        name = checks.playlist_name(name)
        new, old = name + _NEW, name + _OLD
        with checks.ending_in(Phrase("The playlist '{name}' is as it was.", name=name)):
            exists = self._clear_leftovers(name, new, old)
            try:
                self._run_together([("playlistadd", new, key) for key in keys])
                self._check(new, keys)
            except ServerError:
                self._try(("rm", new))
                raise
        swap = [("rename", name, old)] if exists else []
        try:
            self._run_together([*swap, ("rename", new, name)])
            self._check(name, keys)
        except ServerError as error:
            if exists and self._try(("listplaylist", old)):
                self._try(("rm", name))
                self._try(("rename", old, name))
            raise ServerError(
                "{error} The playlist '{name}' may be the old one or the new one, but it is"
                " whole; push again.",
                error=error,
                name=name,
            ) from error
        if exists:
            tidied = Phrase(
                "The playlist '{name}' is the new one; push again to tidy up.", name=name
            )
            with checks.ending_in(tidied):
                self._run_together([("rm", old)])
        return len(keys)

    def enqueue(
        self, keys: Sequence[str], crossfade_s: int | None, replay_gain: ReplayGain | None
    ) -> int:
        """Make the queue hold `keys` in their order, or leave it as it was; return the count.

        What would play it otherwise than once and in its order is turned off (`_IN_ORDER`).
        """
        settings: list[tuple[Any, ...]] = []
        if crossfade_s is not None:
            settings.append(("crossfade", crossfade_s))
        if replay_gain is not None:
            settings.append(("replay_gain_mode", replay_gain))
        return self._replace_queue(self._queue(), 0, keys, settings)

    def follow(self, current: str, keys: Sequence[str], *, skip: bool = False) -> int:
        """Make the queue go on with `keys` behind the track that plays; return their count.

        That track must be `current`; it plays on, or is passed over now with `skip`. What comes
        before it stays. The queue is left as it was if anything fails.
        """
        before = self._queue()
        with self._as_server_errors():
            status = self._client.status()
            song = _text(status.get("song"))
            lasts_s = checks.finite_seconds(status.get("duration"))
            elapsed_s = checks.finite_seconds(status.get("elapsed"))
        place = int(song) if song.isdecimal() else len(before)
        playing = before[place].get("file") if place < len(before) else None
        if playing != current:
            if not playing:
                raise ServerError(
                    "MPD at {where} plays nothing, not {current!r} as the session says for this"
                    " time. The queue is as it was.",
                    where=self._where,
                    current=current,
                )
            raise ServerError(
                "MPD at {where} plays {playing!r}, not {current!r} as the session says for this"
                " time. The queue is as it was.",
                where=self._where,
                playing=playing,
                current=current,
            )
        if not skip and (lasts_s or math.inf) - (elapsed_s or 0.0) < ENDING_S:
            raise ServerError(
                "The track is just ending. Replan the next one. The queue is as it was."
            )
        return self._replace_queue(before, place + 1, keys, [("next",)] if skip else [])

    def _replace_queue(
        self,
        before: Sequence[Mapping[str, Any]],
        kept: int,
        keys: Sequence[str],
        commands: Sequence[tuple[Any, ...]],
    ) -> int:
        """Replace all behind the first `kept` tracks, or leave the queue as it was."""
        added: list[tuple[Any, ...]] = [("addid", key) for key in keys]
        deleted = [("delete", (kept, len(before)))] if kept < len(before) else []
        try:
            self._run_together([*added, *deleted, *_IN_ORDER, *commands])
        except ServerError as error:
            if self._restore_queue(before):
                raise ServerError("{error} The queue is as it was.", error=error) from error
            raise ServerError(
                "{error} The queue is the old one or the new one.", error=error
            ) from error
        after = [row.get("file") for row in self._queue()]
        self._compare(Phrase("the queue"), after[len(after) - len(keys) :] if kept else after, keys)
        return len(keys)

    def _clear_leftovers(self, name: str, new: str, old: str) -> bool:
        """Remove what an interrupted push left; return whether `name` exists."""
        with self._as_server_errors():
            names = {row.get("playlist") for row in self._client.listplaylists()}
        if new in names:
            self._run_together([("rm", new)])
        if old in names:
            self._run_together([("rm", old)] if name in names else [("rename", old, name)])
        return name in names or old in names

    def _restore_queue(self, before: Sequence[Mapping[str, Any]]) -> bool:
        """Remove what was added to the queue; return whether it is known to be as before.

        A list of commands stops at the one that fails, so what came before it stands at the end.
        """
        try:
            now = self._queue()
            if now[: len(before)] != before:
                return False
            if len(now) > len(before):
                self._run_together([("delete", (len(before),))])
        except ServerError:
            return False
        return True

    def _queue(self) -> list[Mapping[str, Any]]:
        with self._as_server_errors():
            return list(self._client.playlistid())

    def _find(self, *query: str) -> list[Candidate]:
        with self._as_server_errors():
            try:
                rows = self._client.find(*query)
            except mpd.CommandError as error:
                if error.errno is _ARGUMENT:  # a path or tag that this MPD cannot know
                    return []
                raise
            return [_candidate(row) for row in rows if isinstance(row.get("file"), str)]

    def _check(self, name: str, keys: Sequence[str]) -> None:
        with self._as_server_errors():
            held = self._client.listplaylist(name)
        self._compare(Phrase("'{title}'", title=name), held, keys)

    def _compare(self, what: str, held: Sequence[str | None], keys: Sequence[str]) -> None:
        if list(held) == list(keys):
            return
        missing = [key for key in keys if key not in held]
        if missing and missing[0].startswith(("#", " ", "\t")):
            raise ServerError(
                "A stored playlist of MPD cannot hold '{missing}': it takes a path that begins"
                " so for something else. Rename the file, or push with --queue.",
                missing=missing[0],
            )
        if not missing:
            raise ServerError(
                "MPD at {where} reads back {count} of {total} tracks from {what}. Push again.",
                where=self._where,
                count=len(held),
                total=len(keys),
                what=what,
            )
        raise ServerError(
            "MPD at {where} reads back {count} of {total} tracks from {what}, without '{missing}'."
            " Push again.",
            where=self._where,
            count=len(held),
            total=len(keys),
            what=what,
            missing=missing[0],
        )

    def _run_together(self, commands: Sequence[tuple[Any, ...]]) -> None:
        """Run commands without another client in between, up to one that fails."""
        with self._as_server_errors():
            self._client.command_list_ok_begin()
            for command, *arguments in commands:
                getattr(self._client, command)(*arguments)
            self._client.command_list_end()

    def _try(self, command: tuple[Any, ...]) -> list[Any]:
        """Return the answer to a command that cleans up after a failure, empty if it fails too."""
        try:
            with self._as_server_errors():
                return list(getattr(self._client, command[0])(*command[1:]) or ())
        except ServerError:
            return []

    @contextmanager
    def _as_server_errors(self, secret: str = "") -> Iterator[None]:
        try:
            yield
        except mpd.CommandError as error:
            if error.errno is _PASSWORD:
                raise ServerError(
                    "MPD at {where} does not take this password.", where=self._where
                ) from error
            raise ServerError(
                "MPD at {where} refused: {error}.", where=self._where, error=_reason(error, secret)
            ) from error
        except (mpd.ConnectionError, OSError) as error:
            raise ServerError(
                "The connection to MPD at {where} broke: {error}.",
                where=self._where,
                error=_reason(error, secret),
            ) from error
        except (mpd.MPDError, ValueError, AttributeError, TypeError, KeyError) as error:
            # The last ones are what python-mpd2 raises for malformed answers.
            raise ServerError(
                "What answers at {where} does not speak as MPD does.", where=self._where
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
        duration_s=checks.finite_seconds(row.get("duration") or row.get("time")),
        recording_id=_text(row.get("musicbrainz_trackid")),
    )


def _text(value: object) -> str:
    """Return a tag as one text; where a file has it several times, MPD gives a list."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else ""


def _reason(error: Exception, secret: str = "") -> str:
    if isinstance(error, TimeoutError):
        return Phrase("no answer within {limit_s:g} s", limit_s=TIMEOUT_S)
    if isinstance(error, OSError) and error.errno in SYSTEM_REASONS:
        return system_reason(error)
    words = getattr(error, "msg", None) or getattr(error, "strerror", None) or str(error)
    return one_line(checks.without_secret(str(words), secret))[:LINE_LIMIT]
