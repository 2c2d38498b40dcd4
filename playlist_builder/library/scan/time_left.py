"""How long a scan still takes, from the CPU seconds that each minute of music has cost so far.

How much music is in files that were not opened yet follows from their size: what a second of music
takes in files of the same kind here, and before any was read what it usually takes.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Mapping

# Bytes per second of music: PCM of 44.1 kHz in stereo, compressed without loss, and at 192 kbit/s.
PCM, LOSSLESS, LOSSY = 176_400, 100_000, 24_000
USUAL = dict.fromkeys((".wav", ".aiff", ".aif", ".au", ".w64"), PCM)
USUAL |= dict.fromkeys((".flac", ".ape", ".wv", ".tta", ".alac"), LOSSLESS)


class TimeLeft:
    """The files of a scan as they come to their end; `sizes` are bytes by path."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self._left: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()
        self._music_s: defaultdict[str, float] = defaultdict(float)
        self._cpu_s = self._done_s = 0.0
        for path, size in sizes.items():
            self._left[_suffix(path)] += size

    def end(self, path: str, size: int, cpu_s: float, music_s: float) -> None:
        """Take in what a file has cost, and how long its music lasts; 0 where that is not known."""
        suffix = _suffix(path)
        self._left[suffix] -= size
        if music_s:
            self._bytes[suffix] += size
            self._music_s[suffix] += music_s
        self._cpu_s += cpu_s
        self._done_s += music_s or self._music_of(suffix, size)

    def seconds(self, jobs: int) -> float | None:
        """Return the seconds that so many jobs still take, None before any music was read."""
        if not self._cpu_s or not self._done_s:
            return None
        left_s = sum(self._music_of(suffix, size) for suffix, size in self._left.items())
        return left_s * self._cpu_s / self._done_s / jobs

    def _music_of(self, suffix: str, size: int) -> float:
        seen = self._bytes[suffix]
        per_second = seen / self._music_s[suffix] if seen else USUAL.get(suffix, LOSSY)
        return size / per_second


def _suffix(path: str) -> str:
    return os.path.splitext(path)[1].lower()
