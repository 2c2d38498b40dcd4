"""The queue of an MPD while a session plays from it."""

from collections.abc import Mapping, Sequence
from typing import Any

from playlist_builder.files.path_map import PathMap
from playlist_builder.models import Session, Tags
from playlist_builder.servers import checks
from playlist_builder.servers.match import find_keys, known_tracks
from playlist_builder.servers.mpd import Mpd
from playlist_builder.servers.player import Playing, State

_STATES: Mapping[str, State] = {"play": "play", "pause": "pause"}


class MpdQueue(Mpd):
    """An MPD as a `Player`. Every method raises `ServerError`."""

    @classmethod
    def of(cls, server: Mpd) -> "MpdQueue":
        """Return the same MPD, on the same connection."""
        return cls(server._where, server._client)  # noqa: SLF001 - its own kind

    def keys(
        self, session: Session, known: Mapping[str, tuple[Tags, float]], maps: Sequence[PathMap]
    ) -> Mapping[str, str | None]:
        """Return for the path of each track its key in the player, None where it has none."""
        tracks = known_tracks(session, known)
        folder = None if maps else self.music_folder()
        found = find_keys(tracks, self, maps if folder is None else [PathMap(folder, "")])
        return {
            track.path: key if isinstance(key, str) else None
            for track, key in zip(tracks, found, strict=True)
        }

    def held(self) -> list[str]:
        """Return the keys in the queue."""
        return [str(row.get("file")) for row in self._queue()]

    def playing(self) -> Playing:
        """Return where it is."""
        with self._as_server_errors():
            status = self._client.status()
            state = _STATES.get(status.get("state", ""), "stop")
            song = str(status.get("song", ""))
            elapsed_s = checks.finite_seconds(status.get("elapsed")) or 0.0
        return Playing(state, int(song) if song.isdecimal() else None, elapsed_s)

    def fill(self, keys: Sequence[str], crossfade_s: int) -> None:
        """Make the queue hold these keys, to be heard with a crossfade and by ReplayGain."""
        self.enqueue(keys, crossfade_s, "track")

    def jump(self, place: int, from_s: float) -> None:
        """Play a track of the queue from a second of it on."""
        self._tell("seek" if from_s else "play", place, *([f"{from_s:.3f}"] if from_s else []))

    def pause(self, *, is_paused: bool) -> None:
        """Halt the track that plays, or let it go on."""
        self._tell("pause", int(is_paused))

    def stop(self) -> None:
        """Play nothing."""
        self._tell("stop")

    def end_after_this(self, *, ends: bool) -> None:
        """Say whether it stops when the track that plays is over."""
        self._tell("single", int(ends))

    def _tell(self, *command: Any) -> None:  # noqa: ANN401 - as python-mpd2 takes it
        self._run_together([command])
