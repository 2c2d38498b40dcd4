"""The state of a file as a scan sees it from outside: size and time, the lyrics beside it included.

A path goes in, a `Stat` comes out. No file is opened here, and nothing imported that opens one:
where nothing has changed, a scan needs neither a decoder nor a reader of tags.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from playlist_builder.audio.header import Header
from playlist_builder.models import Embedding, File, Measurement, Skipped, Stat, VoiceDetection

UNREADABLE_STAT = Stat(-1, -1)  # of a file that the system did not let us read; it may tomorrow
MAX_INTEGER = 2**63 - 1  # the largest of SQLite; a sparse file can be as large
_MAX_NS = 2**62  # a time in the year 2116. SQLite counts to twice that, some file systems beyond
_new = tuple.__new__  # what `Stat` itself calls, in a fraction of the time


@dataclass(frozen=True, slots=True)
class FileResult:
    """What came of one file: its stat before reading, what the path is, and what was found.

    `cpu_s` is what that cost, `music_s` how long the music lasts; 0 where they are not known.
    """

    stat: Stat
    found: File | Skipped
    measured: Measurement | None = None
    heard: VoiceDetection | None = None
    embedding: Embedding | None = None
    header: Header | None = None
    cpu_s: float = 0.0
    music_s: float = 0.0


def stat(path: str) -> Stat:
    """Return size and time of the file that a path leads to, and of the lyrics beside it."""
    return with_lyrics(path, Path(path).stat())


def stat_of(size: int, mtime_ns: int) -> Stat:
    """Return what is kept of a file's size and time, however far the clock was off."""
    if -_MAX_NS < mtime_ns < _MAX_NS:
        return _new(Stat, (size, mtime_ns))
    return Stat(size, _MAX_NS if mtime_ns > 0 else -_MAX_NS)


def with_lyrics(path: str, status: os.stat_result) -> Stat:
    """Return a stat that changes when the lyrics beside a file come, go or change."""
    size, mtime_ns = status.st_size, status.st_mtime_ns
    for lyrics in lyrics_paths(path):
        with suppress(OSError):
            of_lyrics = Path(lyrics).stat()
            size = min(size + of_lyrics.st_size, MAX_INTEGER)
            return stat_of(size, max(mtime_ns, of_lyrics.st_mtime_ns))
    return stat_of(size, mtime_ns)


def lyrics_paths(path: str) -> tuple[str, ...]:
    """Return where players look for the lyrics of a file."""
    stem = os.path.splitext(path)[0]
    return f"{stem}.lrc", f"{stem}.LRC"
