"""A player that plays nothing: a queue, and how far it is by a clock that is given."""

from contextlib import contextmanager
from time import monotonic

from playlist_builder.errors import ServerError
from playlist_builder.servers.player import Playing


class FakePlayer:
    """Plays the files of its queue, each of the same length; `calls` are what it was told to do.

    What is among `unknown` it does not know; while it `is_away` it does not answer.
    """

    def __init__(self, lasts_s, clock=monotonic):
        self.lasts_s, self.calls, self.unknown, self.is_away = lasts_s, [], set(), False
        self._clock, self._read_at = clock, clock()
        self._queue, self._place, self._elapsed_s, self._state = [], None, 0.0, "stop"
        self._ends = False

    @contextmanager
    def connected(self):
        """Lend itself, as a connection does."""
        self._check()
        yield self

    def keys(self, session, known, maps):  # noqa: ARG002 - of the protocol
        paths = [slot.path for slot in (*session.slots, *session.tail)]
        return {path: None if path in self.unknown else f"key of {path}" for path in paths}

    def held(self):
        self._go_on()
        return list(self._queue)

    def playing(self):
        self._go_on()
        return Playing(self._state, self._place, self._elapsed_s)

    def fill(self, keys, crossfade_s):  # noqa: ARG002 - of the protocol
        self._told("fill")
        self._queue, self._state, self._place = list(keys), "stop", None

    def follow(self, current, keys, *, skip=False):  # noqa: ARG002 - of the protocol
        self._told("follow")
        assert self._queue[self._place or 0] == current
        self._queue[(self._place or 0) + 1 :] = keys
        return len(keys)

    def jump(self, place, from_s):
        self._told("jump")
        self._place, self._elapsed_s, self._state = place, from_s, "play"

    def pause(self, *, is_paused):
        self._told("pause" if is_paused else "resume")
        self._state = "pause" if is_paused else "play"

    def stop(self):
        self._told("stop")
        self._state = "stop"

    def end_after_this(self, *, ends):
        self._told("end after this" if ends else "go on after this")
        self._ends = ends

    def _told(self, what):
        self._go_on()
        self.calls.append(what)

    def _check(self):
        if self.is_away:
            raise ServerError("It does not answer.")

    def _go_on(self):
        self._check()
        now = self._clock()
        passed_s, self._read_at = now - self._read_at, now
        if self._state != "play":
            return
        self._elapsed_s += passed_s
        while self._elapsed_s >= self.lasts_s and self._state == "play":
            self._elapsed_s -= self.lasts_s
            if self._ends or self._place + 1 >= len(self._queue):
                self._state, self._elapsed_s = "stop", 0.0
            else:
                self._place += 1
