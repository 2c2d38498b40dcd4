"""What the desk itself writes into the record of a run: numbered, and kept until it is written.

Where it cannot be written, as to a full disk, it is tried again, and kept beside the library until
then (see `aside`).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playlist_builder import (
    Ended,
    LibraryBusyError,
    LibraryError,
    RecordedEvent,
    Records,
    Run,
    Unknown,
)
from playlist_builder.desk import aside
from playlist_builder.desk.score import Score
from playlist_builder.desk.score_document import document

SOURCE = "server"
SCORE = "score"  # the kind of the events that hold what is to sound
IDENTITIES = "identities"  # of the tracks in it, by path

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """Return the time of day, with its offset."""
    return datetime.now(UTC).astimezone()


def check_is_there(library: str) -> None:
    """Raise LibraryError where a library file has gone: what is written to it then is lost."""
    if not Path(library).exists():
        raise LibraryError("The library {path} is gone: is its drive mounted?", path=library)


class Log:
    """The record of a run, written by the desk."""

    def __init__(
        self,
        records: Records,
        run: Run,
        library: str,
        now: Clock = wall_clock,
        steady_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take a run whose record is open, of a library file; numbers go on behind those there.

        `now` is the time of day, which may be set back; `steady_s` is never.
        """
        self._records = records
        self.run, self.now, self.steady_s = run, now, steady_s
        self._number = records.last(run.id, source=SOURCE)
        self._waiting: list[RecordedEvent] = []
        self._library = library
        self._is_aside = self.is_over = False
        self.failure: LibraryError | None = None  # of the last try; none where it has only to wait

    def begin(self) -> None:
        """Say beside the library that the run plays."""
        aside.keep(self._library, self.run.id, self._waiting)

    def take(self, events: Sequence[RecordedEvent]) -> None:
        """Write what an earlier desk could not write."""
        self._waiting = [each for each in events if each.number > self._number]
        if self._waiting:
            self._number, self._is_aside = self._waiting[-1].number, True
        self.is_over = any(isinstance(each.what, Ended) for each in events)
        self.flush()

    @property
    def waits(self) -> bool:
        """Whether something is not written yet."""
        return bool(self._waiting)

    def note(self, what: Any, session_s: float, *, ago_s: float = 0.0) -> int:  # noqa: ANN401 - one of the kinds of events
        """Write what happened, or began so many seconds ago, and return its number."""
        self._number += 1
        at = (self.now() - timedelta(seconds=ago_s)).isoformat(timespec="milliseconds")
        self._waiting.append(RecordedEvent(self._number, at, round(session_s, 3), what, SOURCE))
        self.is_over |= isinstance(what, Ended)
        self.flush()
        return self._number

    def keep(self, score: Score, identities: Mapping[str, str], from_s: float) -> None:
        """Write what sounds from a moment on, so that a run goes on from it after a crash."""
        values = document(score) | {IDENTITIES: dict(identities)}
        self.note(Unknown(SCORE, values), from_s)

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            try:
                check_is_there(self._library)
                self._records.append(self.run.id, self._waiting, source=SOURCE)
            except LibraryError as error:
                self.failure = None if isinstance(error, LibraryBusyError) else error
                self._is_aside = True
                if self._has_aside():
                    aside.keep(self._library, self.run.id, self._waiting)
                return
            self.failure = None
            self._waiting.clear()
        if self.is_over and self._has_aside():
            aside.remove(self._library)
        elif self._is_aside and self._has_aside():
            aside.keep(self._library, self.run.id)
        self._is_aside = False

    def _has_aside(self) -> bool:
        """Whether what stands beside the library is of no other run, as one that began since."""
        known = aside.read(self._library)
        return known is None or known.run == self.run.id

    def check(self) -> None:
        """Write what waits, and look whether the library is there."""
        try:
            check_is_there(self._library)
        except LibraryError as error:
            self.failure = error
        else:
            self.failure = self.failure if self._waiting else None
            self.flush()

    def append(self, events: Sequence[RecordedEvent], source: str) -> int:
        """Write the events of a page, and return the number of the last one that is kept."""
        self.flush()
        check_is_there(self._library)
        if not events:
            return self._records.last(self.run.id, source=source)
        return self._records.append(self.run.id, events, source=source)
