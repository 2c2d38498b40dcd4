"""What the desk lets hear: the session that lies on it, the one that runs, and single tracks.

The mix of a session needs the levels of all its tracks, which are measured in the background. Until
they are there, single tracks can be heard.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import Any

from playlist_builder import Clip, Levels, MixPlan, MixSettings, Session, Track, mix_session
from playlist_builder.desk.measuring import Measuring
from playlist_builder.desk.mixes import FRAMES_PER_S, Mix, Mixes
from playlist_builder.desk.words import Words
from playlist_builder.errors import AudioError, PlaylistBuilderError, RenderError, reason_of

PEAK_DBFS = -1.0  # of a single track
MOST_TRACKS = 64


class Sound:
    """Mixes, and the levels that they are made of; safe in any thread."""

    def __init__(self, words: Words) -> None:
        self.mixes = Mixes()
        self._words = words
        self._measuring = Measuring(self._progress)
        self._tell: Callable[[Mapping[str, Any]], None] = lambda _: None
        self._version = 0
        self._session: Session | None = None
        self._mix: Mix | None = None
        self._failure: PlaylistBuilderError | None = None
        self._tracks: OrderedDict[tuple[str, str], Mix] = OrderedDict()
        self._lock = Lock()

    def start(self, tell: Callable[[Mapping[str, Any]], None]) -> None:
        """Begin to measure; `tell` is called in any thread with what `state` returns."""
        self._tell = tell
        self._measuring.start()

    def close(self) -> None:
        """Measure nothing more, and close the tracks that are open."""
        self._measuring.close()
        self.mixes.close()

    @property
    def levels(self) -> Mapping[str, Levels]:
        """The levels that are known now, by path."""
        return self._measuring.levels

    @property
    def failed(self) -> Mapping[str, AudioError | OSError]:
        """Why tracks cannot be measured, as far as that is known now, by path."""
        return self._measuring.failed

    def want(self, paths: Iterable[str]) -> None:
        """Measure these next, in their order."""
        self._measuring.want(paths)

    def publish(self, plan: MixPlan) -> Mix:
        """Let a mix be heard under its number."""
        return self.mixes.publish(plan)

    def follow(self, version: int, session: Session) -> None:
        """Take the session that lies on the desk, to measure and mix it in the background."""
        with self._lock:
            self._version, self._session = version, session
            self._mix = self._failure = None
        self.want(_paths(session))

    def state(self) -> dict[str, Any]:
        """Return how far the mix of the session is, and where it is heard, as JSON."""
        known = self.levels
        with self._lock:
            paths = _paths(self._session) if self._session is not None else []
            return {
                "version": self._version,
                "ready": sum(each in known for each in paths),
                "total": len(paths),
                "error": self._words.told(self._failure) if self._failure is not None else "",
                "mix": _view(self._mix) if self._mix is not None else None,
            }

    def track(self, track: Track) -> Mix:
        """Return a whole track as a mix, as loud as a session; it is not published."""
        with self._lock:
            key = track.identity, track.path
            if key not in self._tracks:
                self._tracks[key] = Mix.of(_alone(track))
            self._tracks.move_to_end(key)
            while len(self._tracks) > MOST_TRACKS:
                self._tracks.popitem(last=False)
            return self._tracks[key]

    def _progress(self) -> None:
        """Mix the session as soon as it can be; called by the thread that measures."""
        with self._lock:
            version, session = self._version, self._session
            is_done = self._mix is not None or self._failure is not None
        if session is not None and not is_done:
            self._try(version, session)
        self._tell(self.state())

    def _try(self, version: int, session: Session) -> None:
        levels, failed = self._measuring.levels, self._measuring.failed
        paths = _paths(session)
        mix: Mix | None = None
        failure: PlaylistBuilderError | None = None
        if broken := [each for each in paths if each in failed]:
            failure = _unreadable(broken[0], failed[broken[0]])
        elif all(each in levels for each in paths):
            try:
                mix = self.publish(mix_session(session, levels=levels))
            except PlaylistBuilderError as error:
                failure = error
        with self._lock:
            if self._version == version:
                self._mix, self._failure = mix, failure


def _unreadable(path: str, error: AudioError | OSError) -> RenderError:
    return RenderError("{path!r} cannot be played: {reason}.", path=path, reason=reason_of(error))


def _paths(session: Session) -> list[str]:
    return list(dict.fromkeys(slot.path for slot in (*session.slots, *session.tail)))


def _alone(track: Track) -> MixPlan:
    """Return the mix of one track; the last frame may be incomplete at another sample rate."""
    loudness_lufs = MixSettings().loudness_lufs
    measured = track.features
    gain_db = min(loudness_lufs - measured.loudness_lufs, PEAK_DBFS - measured.sample_peak_dbfs)
    start = round((track.from_s or 0.0) * FRAMES_PER_S)
    end = int((track.to_s or measured.duration_s) * FRAMES_PER_S) - 1
    clip = Clip(track.path, track.tags.title, start, max(1, end - start), 0, gain_db)
    return MixPlan((clip,), (), loudness_lufs, PEAK_DBFS)


def _view(mix: Mix) -> dict[str, Any]:
    clips = [
        {"place": place, "at_s": clip.at / FRAMES_PER_S, "end_s": clip.end / FRAMES_PER_S}
        for place, clip in enumerate(mix.plan.clips, start=1)
    ]
    return mix.view() | {"clips": clips}
