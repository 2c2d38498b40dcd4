"""The mixes that pages may hear, under their numbers, and what reads them.

A number is a hash of the mix, so that nothing ever changes under one, and a mix has the same number
after a restart. Readers keep their tracks open for what is asked for next.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np

from playlist_builder import MixPlan, MixReader

RATE_HZ = 48_000
SAMPLE_BYTES = 8  # of both channels, as float32
FRAMES_PER_S = 50  # of a plan
MOST_MIXES = 64
MOST_READERS = 4
_NUMBER_BYTES = 8


@dataclass(frozen=True, slots=True)
class Mix:
    """A mix under its number."""

    number: str
    plan: MixPlan

    @classmethod
    def of(cls, plan: MixPlan) -> "Mix":
        """Return a plan with its number."""
        digest = hashlib.blake2b(digest_size=_NUMBER_BYTES)
        for clip in plan.clips:
            frames = clip.first, clip.length, clip.at, clip.fade_in, clip.fade_out
            digest.update(repr((clip.path, float(clip.gain_db), *map(int, frames))).encode())
            if clip.course is not None:
                digest.update(np.asarray(clip.course, np.float64).tobytes())
        return cls(digest.hexdigest(), plan)

    @property
    def url(self) -> str:
        """Where it is heard, from the page."""
        return f"sound/mix/{self.number}"

    @property
    def length_s(self) -> float:
        """Its length in seconds."""
        return self.plan.frames / FRAMES_PER_S

    def view(self) -> dict[str, Any]:
        """Return what a page plays it by, as JSON."""
        return {"number": self.number, "url": self.url, "length_s": self.length_s}


class Reading:
    """A reader of a mix, and the sample that it reads next; safe in any thread."""

    def __init__(self, mix: Mix) -> None:
        self.number = mix.number
        self.next = -1
        self._reader = MixReader(mix.plan, RATE_HZ)
        self._lock = Lock()

    def read(self, first: int, count: int) -> bytes:
        """Return samples as they are sent; raises RenderError as `MixReader` does."""
        with self._lock:
            samples = self._reader.read(first, count)
        self.next = first + samples.shape[1]
        return np.ascontiguousarray(samples.T, "<f4").tobytes()

    def close(self) -> None:
        """Close the tracks, when what is read now was read."""
        with self._lock:
            self._reader.close()


class Mixes:
    """What can be heard; safe in any thread."""

    def __init__(self) -> None:
        self._mixes: OrderedDict[str, Mix] = OrderedDict()
        self._idle: list[Reading] = []
        self._lock = Lock()

    def publish(self, plan: MixPlan) -> Mix:
        """Let a mix be heard, and return it; the oldest of `MOST_MIXES` goes."""
        mix = Mix.of(plan)
        with self._lock:
            self._mixes[mix.number] = mix
            self._mixes.move_to_end(mix.number)
            while len(self._mixes) > MOST_MIXES:
                self._mixes.popitem(last=False)
        return mix

    def mix(self, number: str) -> Mix | None:
        """Return the mix of a number, or None."""
        with self._lock:
            if number in self._mixes:
                self._mixes.move_to_end(number)
            return self._mixes.get(number)

    @contextmanager
    def reading(self, mix: Mix, first: int) -> Iterator[Reading]:
        """Lend what reads a mix from a sample on; one that comes from there, if there is one."""
        with self._lock:
            fitting = [
                each for each in self._idle if (each.number, each.next) == (mix.number, first)
            ]
            if fitting:
                self._idle.remove(fitting[0])
        reading = fitting[0] if fitting else Reading(mix)
        try:
            yield reading
        except BaseException:
            reading.close()
            raise
        with self._lock:
            self._idle.append(reading)
            gone = [self._idle.pop(0) for _ in self._idle[MOST_READERS:]]
        for each in gone:
            each.close()

    def close(self) -> None:
        """Close the tracks that are open."""
        with self._lock:
            idle, self._idle = self._idle, []
        for each in idle:
            each.close()
