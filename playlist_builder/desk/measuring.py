"""The levels of tracks, measured one by one in a thread of low priority."""

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Condition, Thread, get_native_id

from playlist_builder import Levels, measure_levels
from playlist_builder.errors import AudioError

LOW_PRIORITY = 10  # as of the command `nice`


class Measuring:
    """The levels of the tracks that were wanted, by path; safe in any thread."""

    def __init__(self, told: Callable[[], None]) -> None:
        """Call `told` in the thread of the measuring when tracks are wanted or were measured."""
        self._told = told
        self._levels: dict[str, Levels] = {}
        self._failed: dict[str, AudioError | OSError] = {}
        self._wanted: list[str] = []
        self._is_asked = False
        self._ends = False
        self._changed = Condition()

    def start(self) -> None:
        """Begin."""
        Thread(target=self._work, name="desk-levels", daemon=True).start()

    def close(self) -> None:
        """Measure no further track."""
        with self._changed:
            self._ends = True
            self._changed.notify()

    def want(self, paths: Iterable[str]) -> None:
        """Measure these next, in their order; what could not be measured is tried again."""
        asked = list(paths)
        with self._changed:
            for each in asked:
                self._failed.pop(each, None)
            new = dict.fromkeys([*asked, *self._wanted])
            self._wanted = [each for each in new if each not in self._levels]
            self._is_asked = True
            self._changed.notify()

    @property
    def levels(self) -> dict[str, Levels]:
        """What is known, as it is now."""
        with self._changed:
            return dict(self._levels)

    @property
    def failed(self) -> dict[str, AudioError | OSError]:
        """Why tracks cannot be measured, as it is now."""
        with self._changed:
            return dict(self._failed)

    def _work(self) -> None:
        if sys.platform == "linux":  # where a thread has a priority of its own
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, get_native_id(), LOW_PRIORITY)
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ends or self._is_asked or self._wanted)
                if self._ends:
                    return
                is_asked, self._is_asked = self._is_asked, False
                path = self._wanted[0] if self._wanted and not is_asked else None
            if path is not None:
                self._measure(path)
            self._told()

    def _measure(self, path: str) -> None:
        try:
            levels, failure = measure_levels(path), None
        except (AudioError, OSError) as error:
            levels, failure = None, error
        with self._changed:
            if levels is not None:
                self._levels[path] = levels
            elif failure is not None:
                self._failed[path] = failure
            self._wanted = [each for each in self._wanted if each != path]
